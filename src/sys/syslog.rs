//! The system log (syslog(3), RFC 3164 lines to /dev/log), written to without ever waiting.

use super::clock;
use std::os::unix::net::UnixDatagram;

/// Facility LOG_DAEMON.
const DAEMON: u32 = 3 << 3;

/// A connection to the system log; made again when it breaks, silent while there is no log.
pub struct Syslog {
    tag: String,
    socket: Option<UnixDatagram>,
}

impl Syslog {
    /// Connects under a tag such as `auditd[123]`.
    pub fn open(tag: String) -> Syslog {
        Syslog { tag, socket: connect() }
    }

    /// Sends one message with a severity of 0 (emergency) to 7 (debug). What cannot be sent at once is dropped.
    pub fn send(&mut self, severity: u32, text: &str) {
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let time = clock::local(clock::now().seconds);
        let month = MONTHS.get(usize::from(time.month).wrapping_sub(1)).unwrap_or(&"Jan");
        let line = format!(
            "<{}>{month} {:2} {:02}:{:02}:{:02} {}: {text}",
            DAEMON | severity,
            time.day,
            time.hour,
            time.minute,
            time.second,
            self.tag
        );
        let sent = self.socket.as_ref().map(|s| s.send(line.as_bytes()));
        let is_busy = |e: &std::io::Error| e.kind() == std::io::ErrorKind::WouldBlock;
        if sent.is_none_or(|r| r.is_err_and(|e| !is_busy(&e))) {
            // The log daemon may have been started (again) since.
            self.socket = connect();
            let _ = self.socket.as_ref().map(|s| s.send(line.as_bytes()));
        }
    }
}

fn connect() -> Option<UnixDatagram> {
    let socket = UnixDatagram::unbound().ok()?;
    socket.set_nonblocking(true).ok()?;
    socket.connect("/dev/log").ok()?;
    Some(socket)
}
