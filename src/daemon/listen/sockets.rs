//! Carries out the listener's orders: the port, and the sockets of the peers.
//!
//! They are waited for by an epoll(7) of their own, which is one descriptor for the loop: peers that are silent cost it nothing,
//! however many there are, and those that are ready take turns.

use super::{Listener, PeerEvent, PeerId, PeerOrder, secured};
use crate::config::auditd::Config;
use crate::sys::epoll::{Epoll, Ready};
use crate::sys::poll::Interest;
use crate::sys::{errno, error_reason, listen, sockets};
use std::os::fd::OwnedFd;

/// Bytes that are read from a peer at a time.
pub(in crate::daemon) const PIECE: usize = 16 << 10;
/// Events of peers that are taken before the loop looks at others.
pub(in crate::daemon) const EVENTS_A_TURN: usize = 16;

/// See the module.
pub(in crate::daemon) struct Sockets {
    epoll: Option<Epoll>,
    /// The port, and the socket that listens there.
    port: Option<(u64, OwnedFd)>,
    /// Connections are to wait.
    is_paused: bool,
    /// Sorted by id.
    all: Vec<Socket>,
    /// How many peers there ever were. 0 stands for the port.
    known: u64,
    ready: Ready,
}

/// One peer's.
struct Socket {
    id: PeerId,
    fd: OwnedFd,
    /// It does not take its answers, and is not read from before it does.
    is_blocked: bool,
}

impl Default for Sockets {
    fn default() -> Sockets {
        Sockets {
            epoll: Epoll::new().ok(),
            port: None,
            is_paused: false,
            all: Vec::new(),
            known: 0,
            ready: Ready::new(),
        }
    }
}

impl Sockets {
    /// What is readable when one of them is ready.
    pub(in crate::daemon) fn descriptor(&self) -> Option<&OwnedFd> {
        self.epoll.as_ref().map(Epoll::descriptor)
    }

    /// Looks which are ready: some of them. False for none.
    pub(in crate::daemon) fn look(&mut self) -> bool {
        let is_used = self.port.is_some() || !self.all.is_empty();
        self.epoll.as_ref().filter(|_| is_used).is_some_and(|epoll| epoll.look(&mut self.ready))
    }

    /// The next event of those that [`Sockets::look`] has found. What was read lies in `piece`. Who was read from has another turn: a
    /// sender that waits for each answer has sent the next record by then, and needs no look of its own.
    pub(in crate::daemon) fn next_event<'a>(&mut self, piece: &'a mut [u8; PIECE]) -> Option<PeerEvent<'a>> {
        while let Some((token, is_writable)) = self.ready.pop() {
            let id = PeerId(token);
            if token == 0 {
                if let Some(event) = self.accept() {
                    return Some(event);
                }
            } else if let Some(socket) = find(&mut self.all, id) {
                if is_writable {
                    return Some(PeerEvent::Writable(id));
                }
                if socket.is_blocked {
                    continue;
                }
                match sockets::receive(&socket.fd, piece) {
                    Ok(0) => return Some(PeerEvent::Ended(id, 0)),
                    Ok(count) => {
                        self.ready.again(token);
                        return Some(PeerEvent::Received(id, piece.get(..count)?));
                    }
                    Err(error) if errno::of(&error) == errno::EAGAIN => {}
                    Err(error) => return Some(PeerEvent::Ended(id, errno::of(&error))),
                }
            }
        }
        None
    }

    fn accept(&mut self) -> Option<PeerEvent<'static>> {
        let (_, port) = self.port.as_ref().filter(|_| !self.is_paused)?;
        let (socket, address) = match listen::accept(port) {
            Ok(accepted) => accepted?,
            Err(error) => return Some(PeerEvent::NotAccepted(errno::of(&error))),
        };
        self.known += 1;
        let id = PeerId(self.known);
        if let Err(error) = self.epoll.as_ref()?.add(&socket, id.0, Interest::Read) {
            return Some(PeerEvent::NotAccepted(errno::of(&error)));
        }
        self.all.push(Socket { id, fd: socket, is_blocked: false });
        // The next one may wait already.
        self.ready.again(0);
        Some(PeerEvent::Connected(id, address))
    }

    /// Carries one order out; its answer, if it has one.
    pub(in crate::daemon) fn perform(
        &mut self,
        order: PeerOrder,
        config: &Config,
        listener: &Listener,
    ) -> Option<PeerEvent<'static>> {
        match order {
            PeerOrder::Listen => return Some(PeerEvent::Listening(self.listen(config))),
            PeerOrder::Unlisten => (self.port, self.is_paused) = (None, false),
            PeerOrder::Accept(accepts) => {
                self.is_paused = !accepts;
                if let (Some(epoll), Some((_, port))) = (&self.epoll, &self.port) {
                    epoll.set(port, 0, if accepts { Interest::Read } else { Interest::Nothing });
                }
            }
            PeerOrder::Seed(id) => return Some(PeerEvent::Seeded(id, secured::draw(&find(&mut self.all, id)?.fd)?)),
            PeerOrder::Send(id) => return self.send(id, listener.pending(id)),
            PeerOrder::Close { id, last } => {
                if let Ok(at) = self.all.binary_search_by_key(&id, |one| one.id) {
                    let socket = self.all.remove(at);
                    if !last.is_empty() {
                        let _ = sockets::send(&socket.fd, &last);
                    }
                }
                return Some(PeerEvent::Closed(id));
            }
        }
        None
    }

    /// Opens the port, or gives the one that is open its new queue. Where it cannot be opened, none is: the next reload tries again.
    fn listen(&mut self, config: &Config) -> Result<(), String> {
        let (port, queue) = (config.tcp_listen_port, config.tcp_listen_queue);
        let failed = |error: std::io::Error| format!("Cannot listen on TCP port {port} ({})", error_reason(&error));
        if let Some((_, socket)) = self.port.as_ref().filter(|open| open.0 == port) {
            return listen::set_queue(socket, queue as i32).map_err(failed);
        }
        self.port = None;
        let socket = listen::open(port as u16, queue as i32).map_err(failed)?;
        match &self.epoll {
            Some(epoll) => epoll.add(&socket, 0, Interest::Read).map_err(failed)?,
            None => return Err(format!("Cannot listen on TCP port {port} (no epoll)")),
        }
        self.port = Some((port, socket));
        Ok(())
    }

    /// Sends what can be at once. A peer that does not take all of it is not read from before it does.
    fn send(&mut self, id: PeerId, bytes: &[u8]) -> Option<PeerEvent<'static>> {
        let (socket, epoll) = (find(&mut self.all, id)?, self.epoll.as_ref()?);
        let mut count = 0;
        while let Some(rest) = bytes.get(count..).filter(|rest| !rest.is_empty()) {
            match sockets::send(&socket.fd, rest) {
                Ok(sent) => count += sent,
                Err(error) if errno::of(&error) == errno::EAGAIN => break,
                Err(error) => return Some(PeerEvent::Ended(id, errno::of(&error))),
            }
        }
        let is_blocked = count < bytes.len();
        if std::mem::replace(&mut socket.is_blocked, is_blocked) != is_blocked {
            let interest = if is_blocked { Interest::Write } else { Interest::Read };
            epoll.set(&socket.fd, id.0, interest);
        }
        Some(PeerEvent::Sent(id, count))
    }
}

fn find(all: &mut [Socket], id: PeerId) -> Option<&mut Socket> {
    let at = all.binary_search_by_key(&id, |one| one.id).ok()?;
    all.get_mut(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{Ipv4Addr, TcpListener, TcpStream};
    use std::os::fd::AsFd;

    /// So many clients that have connected, in their order, and their ids.
    fn connect(sockets: &mut Sockets, count: usize) -> (Vec<TcpStream>, Vec<u64>) {
        sockets.listen(&Config::default()).unwrap();
        let port =
            TcpListener::from(sockets.port.as_ref().unwrap().1.try_clone().unwrap()).local_addr().unwrap().port();
        let clients = (0..count).map(|_| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap()).collect();
        let mut ids = Vec::new();
        while ids.len() < count {
            sockets.look();
            while let Some(event) = sockets.next_event(&mut [0; PIECE]) {
                match event {
                    PeerEvent::Connected(PeerId(id), _) => ids.push(id),
                    other => panic!("{other:?}"),
                }
            }
        }
        (clients, ids)
    }

    /// Who has sent something of those that were found, one event.
    fn read(sockets: &mut Sockets) -> Option<u64> {
        match sockets.next_event(&mut [0; PIECE])? {
            PeerEvent::Received(PeerId(id), _) => Some(id),
            other => panic!("{other:?}"),
        }
    }

    fn can_read(socket: &Socket) -> bool {
        crate::sys::poll::can_read(socket.fd.as_fd(), std::time::Duration::from_secs(10))
    }

    #[test]
    fn a_peer_is_never_taken_for_the_port_however_many_there_were() {
        let mut sockets = Sockets { known: u64::from(u32::MAX), ..Sockets::default() };
        assert_eq!(connect(&mut sockets, 2).1, [1 << 32, (1 << 32) + 1]);
    }

    #[test]
    fn those_that_wait_are_accepted_without_another_look_until_they_are_to_wait() {
        let mut sockets = Sockets::default();
        let (_first, _) = connect(&mut sockets, 1);
        let port =
            TcpListener::from(sockets.port.as_ref().unwrap().1.try_clone().unwrap()).local_addr().unwrap().port();
        let _clients: Vec<_> = (0..3).map(|_| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap()).collect();
        let order = |sockets: &mut Sockets, accepts| {
            assert!(sockets.perform(PeerOrder::Accept(accepts), &Config::default(), &Listener::default()).is_none());
        };
        while !sockets.look() {}
        for _ in 0..2 {
            assert!(matches!(sockets.next_event(&mut [0; PIECE]), Some(PeerEvent::Connected(..))));
        }
        order(&mut sockets, false);
        assert!(sockets.next_event(&mut [0; PIECE]).is_none() && !sockets.look(), "one waits");
        order(&mut sockets, true);
        assert!(sockets.look());
        assert!(matches!(sockets.next_event(&mut [0; PIECE]), Some(PeerEvent::Connected(..))));
    }

    #[test]
    fn who_was_read_from_is_read_again_after_the_others_and_without_another_look() {
        let mut sockets = Sockets::default();
        let (mut clients, ids) = connect(&mut sockets, 2);
        for (client, socket) in clients.iter_mut().zip(&sockets.all) {
            client.write_all(b"1").unwrap();
            assert!(can_read(socket));
        }
        sockets.look();
        let first = read(&mut sockets).unwrap();
        let (of_first, second) = if first == ids[0] { (0, ids[1]) } else { (1, ids[0]) };
        clients[of_first].write_all(b"2").unwrap();
        assert!(can_read(&sockets.all[of_first]));
        assert_eq!([read(&mut sockets), read(&mut sockets), read(&mut sockets)], [Some(second), Some(first), None]);
    }

    #[test]
    fn who_does_not_take_its_answers_is_not_read_from() {
        let mut sockets = Sockets::default();
        let (mut clients, ids) = connect(&mut sockets, 1);
        clients[0].write_all(b"1").unwrap();
        while !sockets.look() {}
        assert_eq!(read(&mut sockets), Some(ids[0]));
        // More than the kernel takes.
        sockets.send(PeerId(ids[0]), &vec![0; 64 << 20]);
        clients[0].write_all(b"2").unwrap();
        assert!(can_read(&sockets.all[0]));
        assert_eq!(read(&mut sockets), None);
    }
}
