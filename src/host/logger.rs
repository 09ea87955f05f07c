//! Where the own messages of the daemon and of its plugins go: the system log, and the terminal while there is one.

use crate::config::Level;
use crate::sys::syslog::Syslog;

/// Takes one sentence for the terminal.
pub type Print = Box<dyn FnMut(&str)>;

/// See the module.
pub struct Logger {
    /// None for a daemon in the foreground.
    syslog: Option<Syslog>,
    /// What the applet gave: standard error. None once the daemon has left its terminal.
    print: Option<Print>,
}

impl Logger {
    /// Everything goes to the terminal.
    pub fn console(print: Print) -> Logger {
        Logger { syslog: None, print: Some(print) }
    }

    /// Everything goes to the system log, and what is wrong also to the terminal until that is left.
    pub fn syslog(syslog: Syslog, print: Print) -> Logger {
        Logger { syslog: Some(syslog), print: Some(print) }
    }

    /// Logs a sentence.
    pub fn log(&mut self, level: Level, text: &str) {
        self.log_silently(level, text);
        let is_console = self.syslog.is_none();
        if let Some(print) = self.print.as_mut().filter(|_| is_console || level <= Level::Warning) {
            print(text);
        }
    }

    /// Logs what the terminal gets by another way.
    pub fn log_silently(&mut self, level: Level, text: &str) {
        // Whoever looks for mistakes runs the daemon in the foreground.
        if let Some(syslog) = self.syslog.as_mut().filter(|_| level < Level::Debug) {
            syslog.send(level as u32 + 1, text);
        }
    }

    /// The terminal is left, unless the daemon stays in the foreground.
    pub fn leave_terminal(&mut self) {
        if self.syslog.is_some() {
            self.print = None;
        }
    }
}
