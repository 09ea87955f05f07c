//! The audit netlink socket (netlink(7), protocol NETLINK_AUDIT).
//!
//! Two ways of use. [`AuditSocket::request`] and [`AuditSocket::query`] talk to the kernel and wait for the answer: auditctl
//! and friends. The daemon never waits: it [`AuditSocket::send`]s, and takes what comes with [`AuditSocket::receive`], up to
//! [`BATCH`] messages a call into memory that is set aside once.
//!
//! What does not come from the kernel (a sender port other than 0), is cut, or answers an older request is ignored.

use crate::abi::{self, HEADER_SIZE, Header, MAX_PAYLOAD, kind};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::netlink::{AUDIT, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recvfrom, sendto, socket_with};
use std::fmt;
use std::time::{Duration, Instant};

/// How long the kernel may take for the next message of an answer: 40 waits of a tenth of a second in auditctl. The kernel works
/// on a request while it is being sent, so that the acknowledgement is there when sendto(2) returns; only lists come later.
const ANSWER_WAIT: Duration = Duration::from_secs(4);
/// Room for one message of the largest size, header included.
const SLOT: usize = HEADER_SIZE + MAX_PAYLOAD + 6;
/// Bytes of a message that is not long.
const SHORT: usize = 1024;
/// Messages one [`AuditSocket::receive`] takes at most.
pub const BATCH: usize = 32;
/// NETLINK_NO_ENOBUFS of linux/netlink.h.
const NO_ENOBUFS: i32 = 5;
/// NETLINK_ADD_MEMBERSHIP and NETLINK_DROP_MEMBERSHIP of linux/netlink.h.
#[cfg(feature = "early")]
const MEMBERSHIP: [i32; 2] = [1, 2];
/// AUDIT_NLGRP_READLOG as a bit mask of groups. KERNEL: 3.16.
const READLOG_GROUP: u32 = 1;

/// Why a conversation with the kernel failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetlinkError {
    /// The socket could not be made; the error number says why (EPROTONOSUPPORT: a kernel without audit).
    Open(i32),
    /// The request could not be handed over (ECONNREFUSED: not from this user namespace).
    Send(i32),
    /// Nothing could be received.
    Receive(i32),
    /// The kernel refused the request with this error number.
    Refused(i32),
    /// The kernel said nothing in time.
    Timeout,
}

impl NetlinkError {
    /// Its error number; 0 for a timeout.
    pub fn errno(&self) -> i32 {
        match *self {
            NetlinkError::Open(n) | NetlinkError::Send(n) | NetlinkError::Receive(n) | NetlinkError::Refused(n) => n,
            NetlinkError::Timeout => 0,
        }
    }
}

impl fmt::Display for NetlinkError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            NetlinkError::Open(_) => "cannot open the audit netlink socket",
            NetlinkError::Send(_) => "cannot send to the audit subsystem",
            NetlinkError::Receive(_) => "cannot receive from the audit subsystem",
            NetlinkError::Refused(_) => "the audit subsystem refused the request",
            NetlinkError::Timeout => return out.write_str("the audit subsystem did not answer in time"),
        };
        write!(out, "{what} ({})", super::error_text(self.errno()))
    }
}

/// A connection to the kernel's audit subsystem.
pub struct AuditSocket {
    fd: OwnedFd,
    sequence: u32,
    /// How long a part of an answer is waited for.
    patience: Duration,
}

impl AuditSocket {
    /// Opens the socket: raw, closed on exec, never blocking.
    pub fn open() -> Result<AuditSocket, NetlinkError> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let fd = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, Some(AUDIT))
            .map_err(|e| NetlinkError::Open(e.raw_os_error()))?;
        Ok(AuditSocket { fd, sequence: 0, patience: ANSWER_WAIT })
    }

    /// Opens the socket as a reader of the multicast group, which gets a copy of every event and owns nothing.
    /// Needs CAP_AUDIT_READ.
    pub fn observe() -> Result<AuditSocket, NetlinkError> {
        let socket = AuditSocket::open()?;
        bind(&socket.fd, &SocketAddrNetlink::new(0, READLOG_GROUP))
            .map_err(|e| NetlinkError::Open(e.raw_os_error()))?;
        Ok(socket)
    }

    /// Takes over a socket that another process has opened.
    #[cfg(feature = "early")]
    pub fn inherited(fd: OwnedFd) -> AuditSocket {
        AuditSocket { fd, sequence: 0, patience: ANSWER_WAIT }
    }

    /// Begins to take the multicast copy of every event too (needs CAP_AUDIT_READ), or ends that.
    #[cfg(feature = "early")]
    pub fn take_copies(&self, begins: bool) -> Result<(), NetlinkError> {
        let [add, end] = MEMBERSHIP;
        self.set_option(libc::SOL_NETLINK, if begins { add } else { end }, READLOG_GROUP as i32)
    }

    /// Asks the kernel not to mark the socket as overrun. What is sent to one receiver stays in the kernel's queue until
    /// there is room, so an overrun mark would only slow the draining; losses are in the kernel's own counter.
    pub fn ignore_overruns(&self) -> Result<(), NetlinkError> {
        self.set_option(libc::SOL_NETLINK, NO_ENOBUFS, 1)
    }

    fn set_option(&self, level: i32, name: i32, value: i32) -> Result<(), NetlinkError> {
        let size = size_of::<i32>() as libc::socklen_t;
        // SAFETY: the pointer is to a live i32 and the size is its own; the kernel only reads it.
        let status = unsafe { libc::setsockopt(self.fd.as_raw_fd(), level, name, (&raw const value).cast(), size) };
        if status == 0 { Ok(()) } else { Err(NetlinkError::Open(last_errno())) }
    }

    /// Hands one request over without waiting, and says its sequence number.
    pub fn send(&mut self, kind: u16, payload: &[u8]) -> Result<u32, NetlinkError> {
        self.sequence = if self.sequence >= i32::MAX as u32 { 1 } else { self.sequence + 1 };
        let bytes = abi::encode_request(kind, self.sequence, payload);
        loop {
            match sendto(&self.fd, &bytes, SendFlags::empty(), &SocketAddrNetlink::new(0, 0)) {
                Ok(_) => return Ok(self.sequence),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait(PollFlags::OUT, self.patience)?,
                Err(e) => return Err(NetlinkError::Send(e.raw_os_error())),
            }
        }
    }

    /// Sends a request and waits for its acknowledgement, whose value is returned: 0, or for the resetting of a counter
    /// its old value.
    pub fn request(&mut self, kind: u16, payload: &[u8]) -> Result<u32, NetlinkError> {
        let mut exchange = Exchange { answer: Answer::None, ..Exchange::new(self.send(kind, payload)?) };
        self.converse(&mut exchange, &mut |_, _| {})?;
        Ok(exchange.acknowledged.unwrap_or(0))
    }

    /// Sends a request and gives every message of the answer to `each` as (type, payload), until the answer is complete.
    /// The acknowledgement may come before, between or after.
    pub fn query(&mut self, kind: u16, payload: &[u8], each: &mut dyn FnMut(u16, &[u8])) -> Result<(), NetlinkError> {
        let answer = if kind == kind::LIST_RULES { Answer::List } else { Answer::One };
        let mut exchange = Exchange { answer, ..Exchange::new(self.send(kind, payload)?) };
        self.converse(&mut exchange, each)
    }

    /// Asks for the status of the audit subsystem.
    pub fn status(&mut self) -> Result<abi::Status, NetlinkError> {
        let mut status = None;
        self.query(kind::GET, &[], &mut |_, payload| status = abi::Status::decode(payload))?;
        status.ok_or(NetlinkError::Timeout)
    }

    /// Takes messages until the answer is complete. What is no part of it does not prolong the wait.
    fn converse(&self, exchange: &mut Exchange, each: &mut dyn FnMut(u16, &[u8])) -> Result<(), NetlinkError> {
        let mut buffer = vec![0; SLOT];
        let mut deadline = Instant::now() + self.patience;
        while !exchange.is_complete() {
            match self.wait(PollFlags::IN, deadline.saturating_duration_since(Instant::now())) {
                // An answer in full without its acknowledgement is an answer.
                Err(NetlinkError::Timeout) if exchange.ended => return Ok(()),
                other => other?,
            }
            let is_part = match recvfrom(&self.fd, &mut buffer[..], RecvFlags::TRUNC) {
                // The end of a connection, which netlink has not.
                Ok((_, 0, _)) => return Err(NetlinkError::Receive(Errno::CONNRESET.raw_os_error())),
                Ok((_, length, Some(sender))) if length <= SLOT => {
                    let sender = SocketAddrNetlink::try_from(sender).map_or(u32::MAX, |s| s.pid());
                    exchange.take(&buffer[..length], sender, each)?
                }
                Ok(_) | Err(Errno::INTR | Errno::AGAIN | Errno::NOBUFS) => false,
                Err(e) => return Err(NetlinkError::Receive(e.raw_os_error())),
            };
            let now = Instant::now();
            match is_part {
                true => deadline = now + self.patience,
                false if now >= deadline => return Err(NetlinkError::Timeout),
                false => {}
            }
        }
        Ok(())
    }

    fn wait(&self, what: PollFlags, limit: Duration) -> Result<(), NetlinkError> {
        let limit = Timespec { tv_sec: limit.as_secs() as i64, tv_nsec: limit.subsec_nanos() as _ };
        loop {
            match poll(&mut [PollFd::new(&self.fd, what)], Some(&limit)) {
                Ok(0) => return Err(NetlinkError::Timeout),
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(e) => return Err(NetlinkError::Receive(e.raw_os_error())),
            }
        }
    }

    /// Takes all messages that are there, up to [`BATCH`], into `batch`, without waiting. `Ok(0)` when there is none.
    /// ENOBUFS means that the kernel had no room on this socket and dropped copies.
    pub fn receive(&self, batch: &mut Batch) -> Result<usize, NetlinkError> {
        // SAFETY: all-zero bytes are valid for these plain structures.
        let (mut names, mut vectors, mut headers): (
            [libc::sockaddr_nl; BATCH],
            [[libc::iovec; 2]; BATCH],
            [libc::mmsghdr; BATCH],
        ) = unsafe { std::mem::zeroed() };
        let places = batch.short.chunks_exact_mut(SHORT).zip(batch.long.chunks_exact_mut(SLOT));
        for (((name, vectors), header), (short, long)) in
            names.iter_mut().zip(&mut vectors).zip(&mut headers).zip(places)
        {
            let rest = &mut long[SHORT..];
            *vectors = [
                libc::iovec { iov_base: short.as_mut_ptr().cast(), iov_len: SHORT },
                libc::iovec { iov_base: rest.as_mut_ptr().cast(), iov_len: rest.len() },
            ];
            header.msg_hdr.msg_name = (&raw mut *name).cast();
            header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_nl>() as _;
            header.msg_hdr.msg_iov = vectors.as_mut_ptr();
            header.msg_hdr.msg_iovlen = 2;
        }
        let flags = libc::MSG_DONTWAIT | libc::MSG_WAITFORONE;
        // SAFETY: every header points to its own name, vectors and places, which outlive the call and are not touched
        // meanwhile.
        let count = unsafe {
            libc::recvmmsg(self.fd.as_raw_fd(), headers.as_mut_ptr(), BATCH as _, flags as _, std::ptr::null_mut())
        };
        batch.count = 0;
        if count < 0 {
            return match last_errno() {
                libc::EAGAIN | libc::EINTR => Ok(0),
                errno => Err(NetlinkError::Receive(errno)),
            };
        }
        batch.count = count as usize;
        for ((meta, header), name) in batch.metas.iter_mut().zip(&headers).zip(&names).take(batch.count) {
            let is_whole = header.msg_hdr.msg_flags & libc::MSG_TRUNC == 0;
            *meta = Meta {
                length: header.msg_len as usize,
                is_ours: is_whole && name.nl_pid == 0,
                is_whole,
                is_copy: name.nl_groups != 0,
            };
        }
        batch.join();
        Ok(batch.count)
    }
}

impl AsFd for AuditSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn last_errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// Memory for one [`AuditSocket::receive`], set aside once. Hardly any record is long: the beginnings of all messages lie
/// close together, and pages for long ones are used when there are such.
pub struct Batch {
    /// The first [`SHORT`] bytes of each message.
    short: Vec<u8>,
    /// What follows them, with as much free before it.
    long: Vec<u8>,
    metas: [Meta; BATCH],
    count: usize,
}

#[derive(Clone, Copy)]
struct Meta {
    length: usize,
    is_ours: bool,
    is_whole: bool,
    is_copy: bool,
}

/// One message of a [`Batch`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Message type.
    pub kind: u16,
    /// Number of the request it answers; 0 for events.
    pub sequence: u32,
    /// Whether it is the copy that goes to every reader of the multicast group.
    pub is_copy: bool,
    /// What follows the header.
    pub payload: &'a [u8],
}

impl Default for Batch {
    fn default() -> Batch {
        Batch {
            short: vec![0; BATCH * SHORT],
            long: vec![0; BATCH * SLOT],
            metas: [Meta { length: 0, is_ours: false, is_whole: true, is_copy: false }; BATCH],
            count: 0,
        }
    }
}

impl Batch {
    /// Puts the beginnings of long messages before the rest of them.
    fn join(&mut self) {
        let places = self.short.chunks_exact(SHORT).zip(self.long.chunks_exact_mut(SLOT));
        for ((short, long), _) in places.zip(&self.metas).take(self.count).filter(|(_, meta)| meta.length > SHORT) {
            long[..SHORT].copy_from_slice(short);
        }
    }

    /// Takes messages that were kept, each with its header and as long as that says: up to [`BATCH`] of them, as if the kernel had just
    /// sent them. How many bytes they were; 0 when `bytes` does not begin with a whole one.
    #[cfg(feature = "early")]
    pub fn load(&mut self, bytes: &[u8]) -> usize {
        let (mut rest, mut count) = (bytes, 0);
        let places = self.short.chunks_exact_mut(SHORT).zip(self.long.chunks_exact_mut(SLOT));
        for ((short, long), meta) in places.zip(&mut self.metas) {
            let Some(length) = abi::u32_at(rest, 0).map(|length| length as usize) else { break };
            let place = if length > SHORT { long } else { short };
            let (Some(place), Some((datagram, others))) = (place.get_mut(..length), rest.split_at_checked(length))
            else {
                break;
            };
            if length < HEADER_SIZE {
                break;
            }
            place.copy_from_slice(datagram);
            *meta = Meta { length, is_ours: true, is_whole: true, is_copy: false };
            (rest, count) = (others, count + 1);
        }
        self.count = count;
        bytes.len() - rest.len()
    }

    /// The kernel's messages of the last receive, oldest first.
    pub fn messages(&self) -> impl Iterator<Item = Message<'_>> {
        let places = self.short.chunks_exact(SHORT).zip(self.long.chunks_exact(SLOT));
        places.zip(&self.metas).take(self.count).filter(|(_, meta)| meta.is_ours).filter_map(|((short, long), meta)| {
            let place = if meta.length > SHORT { long } else { short };
            let datagram = place.get(..meta.length)?;
            let header = Header::decode(datagram)?;
            let payload = abi::payload(&header, datagram);
            Some(Message { kind: header.kind, sequence: header.sequence, is_copy: meta.is_copy, payload })
        })
    }

    /// How many messages of the last receive were longer than any audit message may be, and so were cut.
    pub fn oversize(&self) -> usize {
        self.metas.iter().take(self.count).filter(|meta| !meta.is_whole).count()
    }
}

/// What ends the answer to a request, apart from its acknowledgement.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    None,
    One,
    List,
}

/// One request and what was heard of it so far.
struct Exchange {
    sequence: u32,
    answer: Answer,
    acknowledged: Option<u32>,
    ended: bool,
}

impl Exchange {
    fn new(sequence: u32) -> Exchange {
        Exchange { sequence, answer: Answer::None, acknowledged: None, ended: false }
    }

    fn is_complete(&self) -> bool {
        self.acknowledged.is_some() && (self.ended || self.answer == Answer::None)
    }

    /// Takes one datagram in: gives its payload to `each` when it is part of the answer, fails when the kernel refuses. Whether it
    /// is from the kernel and about this request.
    fn take(&mut self, datagram: &[u8], sender: u32, each: &mut dyn FnMut(u16, &[u8])) -> Result<bool, NetlinkError> {
        let Some(header) = Header::decode(datagram) else { return Ok(false) };
        if sender != 0 || header.sequence != self.sequence {
            return Ok(false);
        }
        let payload = abi::payload(&header, datagram);
        match header.kind {
            kind::ERROR => match abi::u32_at(payload, 0).map(|word| word as i32) {
                Some(errno) if errno < 0 => return Err(NetlinkError::Refused(errno.wrapping_neg())),
                Some(value) => self.acknowledged = Some(value as u32),
                None => {}
            },
            kind::DONE => self.ended = true,
            kind::NOOP => {}
            other => {
                self.ended |= self.answer == Answer::One;
                each(other, payload);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(kind: u16, sequence: u32, payload: &[u8]) -> Vec<u8> {
        let length = (HEADER_SIZE + payload.len()) as u32;
        let mut bytes = Header { length, kind, flags: 0, sequence, port: 0 }.encode().to_vec();
        bytes.extend_from_slice(payload);
        bytes
    }

    /// Feeds datagrams to an exchange numbered 5 and returns the data it gave out and whether it is complete.
    fn hear(answer: Answer, heard: &[(u32, Vec<u8>)]) -> Result<(Vec<u16>, bool, Option<u32>), NetlinkError> {
        let mut exchange = Exchange { answer, ..Exchange::new(5) };
        let mut kinds = Vec::new();
        for (sender, bytes) in heard {
            exchange.take(bytes, *sender, &mut |kind, _| kinds.push(kind))?;
        }
        Ok((kinds, exchange.is_complete(), exchange.acknowledged))
    }

    fn ack(value: i32) -> Vec<u8> {
        datagram(kind::ERROR, 5, &value.to_ne_bytes())
    }

    #[test]
    fn messages_of_every_length_come_whole_and_longer_ones_are_counted() {
        use rustix::net::{SendFlags, send, socketpair};
        let (fd, kernel) = socketpair(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::NONBLOCK, None).unwrap();
        let socket = AuditSocket { fd, sequence: 0, patience: ANSWER_WAIT };
        let sent: Vec<Vec<u8>> = [0, 300, SHORT - HEADER_SIZE, SHORT - HEADER_SIZE + 1, 5000, MAX_PAYLOAD, 7]
            .iter()
            .map(|length| (0..*length).map(|n| n as u8).collect())
            .collect();
        let mut batch = Batch::default();
        for _ in 0..2 {
            for payload in &sent {
                send(&kernel, &datagram(1300, 0, payload), SendFlags::empty()).unwrap();
            }
            send(&kernel, &datagram(1300, 0, &[0; MAX_PAYLOAD + 100]), SendFlags::empty()).unwrap();
            assert_eq!(socket.receive(&mut batch), Ok(8));
            assert!(batch.messages().map(|message| message.payload).eq(sent.iter().map(|payload| &payload[..])));
            assert_eq!(batch.oversize(), 1);
        }
        assert_eq!(socket.receive(&mut batch), Ok(0));
        assert_eq!(batch.messages().count(), 0);
    }

    #[test]
    fn no_answer_and_a_closed_end_are_errors_and_no_wait_without_end() {
        use rustix::net::{SendFlags, send, socketpair};
        let converse = |say: &dyn Fn(&OwnedFd)| {
            let (fd, kernel) =
                socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::NONBLOCK, None).unwrap();
            say(&kernel);
            let socket = AuditSocket { fd, sequence: 5, patience: Duration::ZERO };
            let heard = socket.converse(&mut Exchange::new(5), &mut |_, _| {});
            drop(kernel);
            (heard, socket.converse(&mut Exchange::new(5), &mut |_, _| {}))
        };
        let closed = Err(NetlinkError::Receive(Errno::CONNRESET.raw_os_error()));
        assert_eq!(converse(&|_| ()), (Err(NetlinkError::Timeout), closed));
        // What others send is no answer, and the wait for one is over.
        let others = |kernel: &OwnedFd| {
            send(kernel, &datagram(1300, 0, b"noise"), SendFlags::empty()).unwrap();
        };
        assert_eq!(converse(&others), (Err(NetlinkError::Timeout), closed));
    }

    #[test]
    fn acknowledgement_and_reply_come_in_either_order() {
        let reply = datagram(kind::GET, 5, &[0; 44]);
        assert_eq!(hear(Answer::One, &[(0, ack(0)), (0, reply.clone())]), Ok((vec![kind::GET], true, Some(0))));
        assert_eq!(hear(Answer::One, &[(0, reply), (0, ack(0))]), Ok((vec![kind::GET], true, Some(0))));
    }

    #[test]
    fn a_list_ends_with_done() {
        let rule = datagram(kind::LIST_RULES, 5, &[0; 1040]);
        let heard = [(0, rule.clone()), (0, ack(0)), (0, rule)];
        assert_eq!(hear(Answer::List, &heard).unwrap(), (vec![kind::LIST_RULES; 2], false, Some(0)));
        assert!(hear(Answer::List, &[(0, ack(0)), (0, datagram(kind::DONE, 5, &[]))]).unwrap().1);
    }

    #[test]
    fn the_value_of_a_reset_counter_comes_back_and_an_error_is_an_error() {
        assert_eq!(hear(Answer::None, &[(0, ack(17))]), Ok((vec![], true, Some(17))));
        assert_eq!(hear(Answer::None, &[(0, ack(-17))]), Err(NetlinkError::Refused(17)));
    }

    #[test]
    fn foreign_senders_older_answers_and_stumps_are_ignored() {
        let heard = [
            (4711, ack(-1)),
            (0, datagram(kind::ERROR, 4, &(-1i32).to_ne_bytes())),
            (0, vec![0; 3]),
            (0, datagram(2, 5, &[])),
        ];
        assert_eq!(hear(Answer::None, &heard), Ok((vec![], false, None)));
    }
}
