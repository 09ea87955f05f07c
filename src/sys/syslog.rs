//! The system log (syslog(3), RFC 3164 lines to /dev/log), written to without ever waiting.

use super::clock;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixDatagram;

/// Facilities of syslog(3), as they are added to a severity.
pub const LOG_USER: u32 = 1 << 3;
/// See [`LOG_USER`].
pub const LOG_DAEMON: u32 = 3 << 3;

/// A connection to the system log; made again when it breaks, silent while there is no log.
pub struct Syslog {
    tag: String,
    facility: u32,
    socket: Option<UnixDatagram>,
}

impl Syslog {
    /// Connects under a tag such as `auditd[123]`, for messages of one facility.
    pub fn open(tag: String, facility: u32) -> Syslog {
        Syslog { tag, facility, socket: connect() }
    }

    /// Sends one message with a severity of 0 (emergency) to 7 (debug). What cannot be sent at once is dropped.
    pub fn send(&mut self, severity: u32, text: &str) {
        let _ = self.try_send(severity, text.as_bytes());
    }

    /// Sends one message, and says whether it was taken: EAGAIN when the log is behind, which is worth trying again.
    pub fn try_send(&mut self, severity: u32, text: &[u8]) -> io::Result<()> {
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let time = clock::local(clock::now().seconds);
        let month = MONTHS.get(usize::from(time.month).wrapping_sub(1)).unwrap_or(&"Jan");
        let front = format!(
            "<{}>{month} {:2} {:02}:{:02}:{:02} {}: ",
            self.facility | severity,
            time.day,
            time.hour,
            time.minute,
            time.second,
            self.tag
        );
        let message = [front.as_bytes(), text].concat();
        match self.socket.as_ref().map(|socket| socket.send(&message)) {
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) if error.kind() == io::ErrorKind::WouldBlock => Err(error),
            _ => {
                // The log daemon may have been started (again) since.
                self.socket = connect();
                let socket = self.socket.as_ref().ok_or(io::ErrorKind::NotConnected)?;
                socket.send(&message).map(drop)
            }
        }
    }

    /// What becomes writable when a log that was behind can take a message again; `None` while there is no log.
    pub fn socket(&self) -> Option<BorrowedFd<'_>> {
        self.socket.as_ref().map(AsFd::as_fd)
    }
}

fn connect() -> Option<UnixDatagram> {
    let socket = UnixDatagram::unbound().ok()?;
    socket.set_nonblocking(true).ok()?;
    socket.connect("/dev/log").ok()?;
    Some(socket)
}
