//! What auditd can be told by a signal (auditd(8), SIGNALS). Numbers differ between machines: `sys::signals` has them.

/// A signal that auditd acts upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM: stop.
    Stop,
    /// SIGHUP: read the configuration again.
    Reload,
    /// SIGUSR1: start a new log.
    Rotate,
    /// SIGUSR2: write again.
    Resume,
    /// SIGCONT: write the state report.
    State,
}

impl Signal {
    /// The signal of this name, with or without case: the system's (`USR1`) or what it is for (`rotate`).
    pub fn named(name: &[u8]) -> Option<Signal> {
        const NAMES: [(&str, &str, Signal); 5] = [
            ("TERM", "stop", Signal::Stop),
            ("HUP", "reload", Signal::Reload),
            ("USR1", "rotate", Signal::Rotate),
            ("USR2", "resume", Signal::Resume),
            ("CONT", "state", Signal::State),
        ];
        let is = |word: &str| word.as_bytes().eq_ignore_ascii_case(name);
        NAMES.iter().find(|row| is(row.0) || is(row.1)).map(|row| row.2)
    }
}
