//! Where the daemon's own messages go: the system log, or the terminal of a foreground daemon.

use crate::config::Level;
use crate::sys::syslog::Syslog;

/// See the module.
pub(super) enum Logger {
    /// The system log.
    Syslog(Syslog),
    /// What the applet gave for a foreground daemon.
    Console(Box<dyn FnMut(&str)>),
}

impl Logger {
    pub(super) fn log(&mut self, level: Level, text: &str) {
        match self {
            // Whoever looks for mistakes runs the daemon in the foreground.
            Logger::Syslog(_) if level == Level::Debug => {}
            Logger::Syslog(log) => log.send(level as u32 + 1, text),
            Logger::Console(print) => print(text),
        }
    }
}
