//! Connected pairs of Unix sockets, written to without waiting (socketpair(2), send(2)).

use rustix::fd::{AsFd, OwnedFd};
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType};
use std::io;

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
}
