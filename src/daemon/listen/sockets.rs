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

/// See the module.
pub(in crate::daemon) struct Sockets {
    epoll: Option<Epoll>,
    /// The port, and the socket that listens there.
    port: Option<(u64, OwnedFd)>,
    /// Sorted by id.
    all: Vec<(PeerId, OwnedFd)>,
    /// How many peers there ever were. 0 stands for the port.
    known: u64,
    ready: Ready,
}

impl Default for Sockets {
    fn default() -> Sockets {
        Sockets { epoll: Epoll::new().ok(), port: None, all: Vec::new(), known: 0, ready: Ready::new() }
    }
}

impl Sockets {
    /// What is readable when one of them is ready.
    pub(in crate::daemon) fn descriptor(&self) -> Option<&OwnedFd> {
        self.epoll.as_ref().map(Epoll::descriptor)
    }

    /// Looks which are ready: some of them, each a time at most. False for none.
    pub(in crate::daemon) fn look(&mut self) -> bool {
        let is_used = self.port.is_some() || !self.all.is_empty();
        self.epoll.as_ref().filter(|_| is_used).is_some_and(|epoll| epoll.look(&mut self.ready))
    }

    /// The next event of those that [`Sockets::look`] has found. What was read lies in `piece`.
    pub(in crate::daemon) fn next_event<'a>(&mut self, piece: &'a mut [u8; PIECE]) -> Option<PeerEvent<'a>> {
        while let Some((token, is_writable)) = self.ready.pop() {
            let id = PeerId(token);
            if token == 0 {
                if let Some(event) = self.accept() {
                    return Some(event);
                }
            } else if let Some(socket) = self.socket(id) {
                if is_writable {
                    return Some(PeerEvent::Writable(id));
                }
                match sockets::receive(socket, piece) {
                    Ok(0) => return Some(PeerEvent::Ended(id, 0)),
                    Ok(count) => return Some(PeerEvent::Received(id, piece.get(..count)?)),
                    Err(error) if errno::of(&error) == errno::EAGAIN => {}
                    Err(error) => return Some(PeerEvent::Ended(id, errno::of(&error))),
                }
            }
        }
        None
    }

    fn accept(&mut self) -> Option<PeerEvent<'static>> {
        let (_, port) = self.port.as_ref()?;
        let (socket, address) = match listen::accept(port) {
            Ok(accepted) => accepted?,
            Err(error) => return Some(PeerEvent::NotAccepted(errno::of(&error))),
        };
        self.known += 1;
        let id = PeerId(self.known);
        if let Err(error) = self.epoll.as_ref()?.add(&socket, id.0, Interest::Read) {
            return Some(PeerEvent::NotAccepted(errno::of(&error)));
        }
        self.all.push((id, socket));
        Some(PeerEvent::Connected(id, address))
    }

    fn socket(&self, id: PeerId) -> Option<&OwnedFd> {
        let at = self.all.binary_search_by_key(&id, |one| one.0).ok()?;
        self.all.get(at).map(|one| &one.1)
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
            PeerOrder::Unlisten => self.port = None,
            PeerOrder::Accept(accepts) => {
                if let (Some(epoll), Some((_, port))) = (&self.epoll, &self.port) {
                    epoll.set(port, 0, if accepts { Interest::Read } else { Interest::Nothing });
                }
            }
            PeerOrder::Seed(id) => return Some(PeerEvent::Seeded(id, secured::draw(self.socket(id)?)?)),
            PeerOrder::Send(id) => return self.send(id, listener.pending(id)),
            PeerOrder::Close { id, last } => {
                if let Ok(at) = self.all.binary_search_by_key(&id, |one| one.0) {
                    let (_, socket) = self.all.remove(at);
                    if !last.is_empty() {
                        let _ = sockets::send(&socket, &last);
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
    fn send(&self, id: PeerId, bytes: &[u8]) -> Option<PeerEvent<'static>> {
        let (socket, epoll) = (self.socket(id)?, self.epoll.as_ref()?);
        let mut count = 0;
        while let Some(rest) = bytes.get(count..).filter(|rest| !rest.is_empty()) {
            match sockets::send(socket, rest) {
                Ok(sent) => count += sent,
                Err(error) if errno::of(&error) == errno::EAGAIN => break,
                Err(error) => return Some(PeerEvent::Ended(id, errno::of(&error))),
            }
        }
        epoll.set(socket, id.0, if count < bytes.len() { Interest::Write } else { Interest::Read });
        Some(PeerEvent::Sent(id, count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    #[test]
    fn a_peer_is_never_taken_for_the_port_however_many_there_were() {
        let mut sockets = Sockets { known: u64::from(u32::MAX), ..Sockets::default() };
        sockets.listen(&Config::default()).unwrap();
        let port =
            TcpListener::from(sockets.port.as_ref().unwrap().1.try_clone().unwrap()).local_addr().unwrap().port();
        let _clients: Vec<_> = (0..2).map(|_| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap()).collect();
        let mut ids = Vec::new();
        while ids.len() < 2 {
            sockets.look();
            while let Some(event) = sockets.next_event(&mut [0; PIECE]) {
                match event {
                    PeerEvent::Connected(PeerId(id), _) => ids.push(id),
                    other => panic!("{other:?}"),
                }
            }
        }
        assert_eq!(ids, [1 << 32, (1 << 32) + 1]);
    }
}
