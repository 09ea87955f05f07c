//! Sockets, written to without waiting: pairs and listeners of Unix stream sockets (socketpair(2), unix(7)), datagrams (udp(7)),
//! connections (tcp(7)).

use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType, sockopt};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, UdpSocket};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

pub use std::net::{IpAddr, SocketAddr};

/// Clients that may wait to be accepted.
const BACKLOG: i32 = 1;

/// Two connected stream sockets. Neither is inherited by programs that are started.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(rustix::net::socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?)
}

/// Writes what can be written at once, and returns how much that was. The error is EAGAIN when nothing can be now, and EPIPE
/// when nobody will read it; no signal comes.
pub fn send(socket: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    Ok(rustix::io::retry_on_intr(|| rustix::net::send(&socket, bytes, flags))?)
}

/// Listens at a path of the file system, without ever waiting. A socket that nobody listens at any more is replaced; anything
/// else in its place is an error.
pub fn listen(path: &Path, mode: u32) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = || rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None);
    let (listener, address) = (socket()?, SocketAddrUnix::new(path)?);
    let mut bound = rustix::net::bind(&listener, &address);
    let is_socket = || std::fs::symlink_metadata(path).is_ok_and(|facts| facts.file_type().is_socket());
    let has_no_listener = || io::Result::Ok(rustix::net::connect(socket()?, &address) == Err(Errno::CONNREFUSED));
    if bound == Err(Errno::ADDRINUSE) && is_socket() && has_no_listener()? {
        std::fs::remove_file(path)?;
        bound = rustix::net::bind(&listener, &address);
    }
    bound?;
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode))
        .and_then(|()| Ok(rustix::net::listen(&listener, BACKLOG)?))
        .inspect_err(|_| drop(std::fs::remove_file(path)))?;
    Ok(listener)
}

/// The next client of a listener, if one waits. It is written to by [`send`].
pub fn accept(listener: &OwnedFd) -> Option<OwnedFd> {
    rustix::net::accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK).ok()
}

/// Begins to connect, from `local_port` unless that is 0. The socket can be written to when that is over, and [`connected`] knows how it
/// went.
pub fn connect(address: SocketAddr, local_port: u16) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
    sockopt::set_socket_keepalive(&socket, true)?;
    sockopt::set_tcp_nodelay(&socket, true)?;
    if local_port > 0 {
        sockopt::set_socket_reuseaddr(&socket, true)?;
        rustix::net::bind(&socket, &SocketAddr::new(any(address.ip()), local_port))?;
    }
    match rustix::net::connect(&socket, &address) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(socket),
        Err(error) => Err(error.into()),
    }
}

/// How a connection that was begun has ended: it stands, or why not.
pub fn connected(socket: &OwnedFd) -> io::Result<()> {
    Ok(sockopt::socket_error(socket)??)
}

/// Our address of a connection, and the other's.
#[cfg(feature = "tls")]
pub fn ends(socket: &OwnedFd) -> io::Result<(SocketAddr, SocketAddr)> {
    let address = |any: rustix::net::SocketAddrAny| SocketAddr::try_from(any).map_err(io::Error::from);
    Ok((
        address(rustix::net::getsockname(socket)?)?,
        address(rustix::net::getpeername(socket)?.ok_or(Errno::NOTCONN)?)?,
    ))
}

/// Ends a pair: the other side reads what it was sent, and then the end.
pub fn end(socket: &OwnedFd) {
    let _ = rustix::net::shutdown(socket, rustix::net::Shutdown::Both);
}

/// Whether the other side of a pair has gone without having read everything. KERNEL: unix_release_sock since 2.6 leaves ECONNRESET
/// then, once.
pub fn was_left_unread(socket: &OwnedFd) -> bool {
    sockopt::socket_error(socket) == Ok(Err(Errno::CONNRESET))
}

/// Reads what has come; 0 when the other side has closed. The error is EAGAIN when nothing has.
pub fn receive(socket: &OwnedFd, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| rustix::io::read(socket, &mut *buffer))?)
}

/// Ends a connection by a reset, so that its local port can be used again at once.
pub fn abort(socket: OwnedFd) {
    let _ = sockopt::set_socket_linger(&socket, Some(Duration::ZERO));
}

/// The address that stands for all of this machine, of the family of `other`.
fn any(other: IpAddr) -> IpAddr {
    if other.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() }
}

/// A socket that sends datagrams to one address.
pub struct Datagrams(UdpSocket);

impl Datagrams {
    /// To this port of a host.
    pub fn to(host: IpAddr, port: u16) -> io::Result<Datagrams> {
        let socket = UdpSocket::bind((any(host), 0))?;
        socket.set_nonblocking(true)?;
        socket.connect((host, port))?;
        Ok(Datagrams(socket))
    }

    /// Sends one, if that can be done at once. Whether anybody gets it is not for a datagram to know.
    pub fn send(&self, bytes: &[u8]) {
        let _ = self.0.send(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::errno;

    #[test]
    fn a_full_socket_and_one_without_a_reader_are_told_apart() {
        let (ours, theirs) = pair().unwrap();
        assert_eq!(send(&ours, b"abc").unwrap(), 3);
        let full = loop {
            if let Err(error) = send(&ours, &[0; 4096]) {
                break error;
            }
        };
        assert_eq!(errno::of(&full), errno::EAGAIN);
        drop(theirs);
        assert_eq!(errno::of(&send(&ours, b"abc").unwrap_err()), errno::EPIPE);
    }

    #[test]
    fn it_can_be_known_whether_the_other_side_has_left_something_unread() {
        for (ends_first, reads) in [(false, true), (false, false), (true, true), (true, false)] {
            let (ours, theirs) = pair().unwrap();
            send(&ours, b"abc").unwrap();
            if ends_first {
                end(&ours);
            }
            if reads {
                assert_eq!(receive(&theirs, &mut [0; 8]).unwrap(), 3);
            }
            assert!(!was_left_unread(&ours), "it may yet read it");
            drop(theirs);
            assert_eq!(was_left_unread(&ours), !reads);
        }
    }

    #[test]
    fn a_listener_takes_the_place_of_one_that_is_gone_and_of_nothing_else() {
        let path = crate::testing::path("listen");
        let first = listen(&path, 0o620).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o620);
        assert_eq!(listen(&path, 0o600).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(first);
        let listener = listen(&path, 0o600).unwrap();
        assert!(accept(&listener).is_none());
        let client = std::os::unix::net::UnixStream::connect(&path).unwrap();
        assert_eq!(send(accept(&listener).unwrap(), b"abc").unwrap(), 3);
        drop(client);
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "a file").unwrap();
        assert_eq!(listen(&path, 0o600).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        std::fs::remove_file(&path).unwrap();
    }
}
