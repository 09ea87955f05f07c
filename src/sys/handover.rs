//! Descriptors handed from one process to another: a listener without a file (unix(7), abstract names, SOCK_SEQPACKET), messages
//! that carry descriptors (SCM_RIGHTS), and the memory file that may be one of them (memfd_create(2)).

use rustix::cmsg_space;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::MemfdFlags;
use rustix::io::{FdFlags, IoSlice, IoSliceMut};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketAddrUnix, SocketFlags, SocketType, sockopt,
};
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;

/// Clients that may wait to be accepted.
const BACKLOG: i32 = 8;
/// Descriptors that one message carries.
const CARRIED: usize = 2;

fn socket() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    Ok(rustix::net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?)
}

/// Listens under an abstract name, without ever waiting.
pub fn listen(name: &[u8]) -> io::Result<OwnedFd> {
    let socket = socket()?;
    rustix::net::bind(&socket, &SocketAddrUnix::new_abstract_name(name)?)?;
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(socket)
}

/// Connects to who listens under an abstract name.
pub fn connect(name: &[u8]) -> io::Result<OwnedFd> {
    let socket = socket()?;
    rustix::net::connect(&socket, &SocketAddrUnix::new_abstract_name(name)?)?;
    Ok(socket)
}

/// The process that connected, or that listens (SO_PEERCRED): its pid, which the kernel vouches for.
pub fn peer(socket: &OwnedFd) -> Option<i32> {
    sockopt::socket_peercred(socket).ok().map(|peer| peer.pid.as_raw_nonzero().get())
}

/// Sends one message with these descriptors.
pub fn send(socket: &OwnedFd, message: &[u8], carried: [BorrowedFd<'_>; CARRIED]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(CARRIED))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&carried));
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    rustix::net::sendmsg(socket, &[IoSlice::new(message)], &mut control, flags)?;
    Ok(())
}

/// Receives one message, without waiting: how long it is, and the descriptors that came with it.
pub fn receive(socket: &OwnedFd, message: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(CARRIED))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let received = rustix::net::recvmsg(socket, &mut [IoSliceMut::new(message)], &mut control, flags)?;
    let mut carried = Vec::with_capacity(CARRIED);
    for part in control.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = part {
            carried.extend(descriptors);
        }
    }
    Ok((received.bytes, carried))
}

/// A file in memory, which is gone when the last descriptor of it is closed. KERNEL: 3.17.
pub fn memory_file(name: &str) -> io::Result<File> {
    Ok(rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC)?.into())
}

/// The program that is executed next has this descriptor too.
pub fn keep_on_exec(descriptor: impl AsFd) -> io::Result<()> {
    Ok(rustix::io::fcntl_setfd(descriptor, FdFlags::empty())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::FileExt;

    #[test]
    fn a_message_and_its_descriptors_arrive_together() {
        let name = format!("auditbox-test-{}", std::process::id());
        let listener = listen(name.as_bytes()).unwrap();
        assert!(listen(name.as_bytes()).is_err(), "a name has one listener");
        let client = connect(name.as_bytes()).unwrap();
        assert_eq!(peer(&client), Some(std::process::id() as i32));
        let server = crate::sys::sockets::accept(&listener).unwrap();
        assert_eq!(peer(&server), Some(std::process::id() as i32));
        assert!(receive(&client, &mut [0; 8]).is_err(), "nothing is waited for");
        let mut memory = memory_file("test").unwrap();
        memory.write_all(b"kept").unwrap();
        send(&server, b"here", [memory.as_fd(), listener.as_fd()]).unwrap();
        drop(memory);
        let mut message = [0; 8];
        let (length, carried) = receive(&client, &mut message).unwrap();
        assert_eq!((&message[..length], carried.len()), (&b"here"[..], 2));
        let mut text = [0; 4];
        File::from(carried.into_iter().next().unwrap()).read_exact_at(&mut text, 0).unwrap();
        assert_eq!(&text, b"kept");
        drop(server);
        assert_eq!(receive(&client, &mut message).unwrap().0, 0, "the end");
        assert!(connect(b"auditbox-test-nobody").is_err());
    }
}
