//! A TCP port that others connect to (tcp(7), ipv6(7)), never waited for.

use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrAny, SocketFlags, SocketType, sockopt};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// Listens on a port of all addresses: with one socket for both families, or for IPv4 alone where there is no IPv6.
/// `queue` connections may wait to be accepted.
pub fn open(port: u16, queue: i32) -> io::Result<OwnedFd> {
    let socket = bound(port)?;
    rustix::net::listen(&socket, queue)?;
    Ok(socket)
}

/// Whether somebody listens on a port already. Nobody can connect because of this question.
pub fn is_taken(port: u16) -> bool {
    matches!(bound(port), Err(Errno::ADDRINUSE))
}

/// A socket that has the port, and does not listen yet.
fn bound(port: u16) -> Result<OwnedFd, Errno> {
    let any: [(AddressFamily, SocketAddr); 2] = [
        (AddressFamily::INET6, (Ipv6Addr::UNSPECIFIED, port).into()),
        (AddressFamily::INET, (Ipv4Addr::UNSPECIFIED, port).into()),
    ];
    let mut result = Err(Errno::AFNOSUPPORT);
    for (family, address) in any {
        result = bind(family, address);
        // KERNEL: with ipv6.disable=1 there are such sockets, and no address.
        if !matches!(result, Err(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL)) {
            break;
        }
    }
    result
}

fn bind(family: AddressFamily, address: SocketAddr) -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
    // Connections of a daemon that has ended do not keep the next one from the port.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if family == AddressFamily::INET6 {
        sockopt::set_ipv6_v6only(&socket, false)?;
    }
    rustix::net::bind(&socket, &SocketAddrAny::from(address))?;
    Ok(socket)
}

/// Changes how many connections may wait.
pub fn set_queue(listener: &OwnedFd, queue: i32) -> io::Result<()> {
    Ok(rustix::net::listen(listener, queue)?)
}

/// The next connection, and where it comes from; `None` when none waits. A peer that goes away without a word is noticed by the
/// kernel, and what is sent goes out at once.
pub fn accept(listener: &OwnedFd) -> io::Result<Option<(OwnedFd, SocketAddr)>> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let (socket, address) = match rustix::net::acceptfrom_with(listener, flags) {
        Ok(accepted) => accepted,
        // Another look finds the next one.
        Err(Errno::AGAIN | Errno::CONNABORTED | Errno::INTR) => return Ok(None),
        Err(errno) => return Err(errno.into()),
    };
    let address = address.and_then(|address| SocketAddr::try_from(address).ok());
    let _ = sockopt::set_socket_keepalive(&socket, true);
    let _ = sockopt::set_tcp_nodelay(&socket, true);
    Ok(address.map(|address| (socket, address)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::errno;
    use crate::sys::sockets::receive;
    use std::io::Write;
    use std::net::TcpStream;
    use std::os::fd::AsFd;

    #[test]
    fn both_families_reach_one_port_and_nothing_is_waited_for() {
        let listener = open(0, 5).unwrap();
        let port = SocketAddr::try_from(rustix::net::getsockname(&listener).unwrap()).unwrap().port();
        assert!(accept(&listener).unwrap().is_none());
        let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        let (socket, address) = accept(&listener).unwrap().unwrap();
        assert_eq!(
            (address.ip().to_canonical(), address.port()),
            (Ipv4Addr::LOCALHOST.into(), client.local_addr().unwrap().port())
        );
        let mut buffer = [0; 8];
        assert_eq!(errno::of(&receive(&socket, &mut buffer).unwrap_err()), errno::EAGAIN);
        client.write_all(b"abc").unwrap();
        assert!(crate::sys::poll::can_read(socket.as_fd(), std::time::Duration::from_secs(10)));
        assert_eq!(receive(&socket, &mut buffer).unwrap(), 3);
        drop(client);
        assert!(crate::sys::poll::can_read(socket.as_fd(), std::time::Duration::from_secs(10)));
        assert_eq!(receive(&socket, &mut buffer).unwrap(), 0);
        set_queue(&listener, 9).unwrap();
        assert!(open(port, 5).is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse) && is_taken(port));
        drop(listener);
        assert!(!is_taken(port));
    }
}
