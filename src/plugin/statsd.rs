//! audisp-statsd(8): counts of events, and measures of the kernel and the daemon, to a statsd server.
//!
//! One datagram an interval, of less than 512 bytes, a line a metric: `NAME:NUMBER|g` for a measure and `NAME:NUMBER|c` for what
//! was counted since the last one. Intervals go by the clock, however many events there are.

use super::frame::Frame;
use super::gather::Gatherer;
use super::run::Consumer;
use crate::config::Level;
use crate::config::statsd::Statsd;
use crate::event::Event;
use crate::host::logger::Logger;
use crate::host::names::{self, Host};
use crate::interpret::Interpreter;
use crate::normalize::{self, Words, pieces};
use crate::record::Record;
use crate::sys::netlink::AuditSocket;
use crate::sys::sockets::Datagrams;
use crate::sys::{files, host};
use crate::text::{Escape, number};
use std::path::Path;

/// The daemon's state report.
const STATE: &str = "/run/audit/auditd.state";

/// More of it is not read.
const LONGEST_STATE: u64 = 64 << 10;

/// A datagram that any network takes whole.
const LONGEST: usize = 512;

/// Seconds after which an event without an end is complete.
const EVENT_TIMEOUT: u64 = 2;

/// Measures that the state report has, and how their line begins.
const MEASURES: [(&str, &str); 6] = [
    ("free_space", "Logging partition free space"),
    ("plugin_current_depth", "current plugin queue depth"),
    ("plugin_max_depth", "max plugin queue depth used"),
    ("total_memory", "glibc arena (total memory) is"),
    ("memory_in_use", "glibc uordblks (in use memory) is"),
    ("memory_free", "glibc fordblks (total free space) is"),
];

/// What is counted.
const COUNTS: [&str; 8] = [
    "total_count",
    "total_failed",
    "avc_count",
    "fanotify_count",
    "logins_success",
    "logins_failed",
    "anomaly_count",
    "response_count",
];
const TOTAL: usize = 0;
const FAILED: usize = 1;
const AVC: usize = 2;
const FANOTIFY: usize = 3;
const LOGINS: usize = 4;
const LOGINS_FAILED: usize = 5;
const ANOMALIES: usize = 6;
const RESPONSES: usize = 7;

/// The plugin.
pub struct ToStatsd<'h> {
    logger: Logger,
    interpreter: Interpreter<'h>,
    gatherer: Gatherer,
    socket: Datagrams,
    kernel: AuditSocket,
    interval: i64,
    /// When the next datagram is sent.
    due: Option<i64>,
    counts: [u64; COUNTS.len()],
}

impl<'h> ToStatsd<'h> {
    /// Finds the server, and the kernel. `None` when one of them cannot be reached; the reason was logged.
    pub fn new(config: &Statsd, host: &'h Host, mut logger: Logger) -> Option<ToStatsd<'h>> {
        let Some(socket) = connect(config) else {
            logger.log(Level::Error, &["error looking up statsd service ", &config.address].concat());
            return None;
        };
        let Ok(kernel) = AuditSocket::open() else {
            logger.log(Level::Error, "unable to open audit socket");
            return None;
        };
        Some(ToStatsd {
            logger,
            interpreter: Interpreter::new(host, names::machine(), Escape::Raw),
            gatherer: Gatherer::new(EVENT_TIMEOUT),
            socket,
            kernel,
            interval: config.interval as i64,
            due: None,
            counts: [0; COUNTS.len()],
        })
    }

    fn count(&mut self, event: &Event) {
        self.counts[TOTAL] += 1;
        let has_succeeded = self.has_succeeded(event);
        self.counts[FAILED] += u64::from(has_succeeded == Some(false));
        let counted = match event.record_type().0 {
            // USER_LOGIN
            1112 if has_succeeded == Some(true) => LOGINS,
            1112 if has_succeeded == Some(false) => LOGINS_FAILED,
            1331 => FANOTIFY,
            1400 => AVC,
            1700..=1799 | 2100..=2199 => ANOMALIES,
            2200..=2299 => RESPONSES,
            _ => return,
        };
        self.counts[counted] += 1;
    }

    /// Whether it worked, where the event says that.
    fn has_succeeded(&mut self, event: &Event) -> Option<bool> {
        let piece = pieces(event).next()?;
        let mut words = Words::new(&piece, &mut self.interpreter);
        let result = normalize::normalize(&piece, &mut words, false).ok()?.result?;
        Some(normalize::success(result, &mut words, &mut Vec::new()))
    }

    fn send(&mut self) {
        let mut text = Vec::new();
        let status = self.kernel.status().ok();
        push(&mut text, "kernel.", "lost", status.as_ref().map_or(0, |status| status.lost.into()), b"|g\n");
        push(&mut text, "kernel.", "backlog", status.as_ref().map_or(0, |status| status.backlog.into()), b"|g\n");
        let state = files::read_up_to(Path::new(STATE), LONGEST_STATE).unwrap_or_default();
        for (name, label) in MEASURES {
            push(&mut text, "auditd.", name, measure(&state, label), b"|g\n");
        }
        for (name, count) in COUNTS.iter().zip(std::mem::take(&mut self.counts)) {
            push(&mut text, "events.", name, count, b"|c\n");
        }
        if text.len() < LONGEST {
            self.socket.send(&text);
        }
    }
}

fn connect(config: &Statsd) -> Option<Datagrams> {
    let address = config.address.parse().ok().or_else(|| host::address(&config.address).ok()?.parse().ok())?;
    Datagrams::to(address, config.port as u16).ok()
}

fn push(out: &mut Vec<u8>, group: &str, name: &str, value: u64, unit: &[u8]) {
    out.extend_from_slice(group.as_bytes());
    out.extend_from_slice(name.as_bytes());
    out.push(b':');
    number::push(out, value);
    out.extend_from_slice(unit);
}

/// The number of the report's line that begins so; 0 when there is none.
fn measure(state: &[u8], label: &str) -> u64 {
    let line = state.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(label.as_bytes()));
    let digits = line.map(|rest| rest.trim_ascii_start().get(1..).unwrap_or_default().trim_ascii_start());
    digits.and_then(|digits| number::parse_prefix(digits, 10)).unwrap_or(0)
}

impl Consumer for ToStatsd<'_> {
    fn log(&mut self, level: Level, text: &str) {
        self.logger.log(level, text);
    }

    fn record(&mut self, frame: &Frame<'_>, now: i64) {
        let mut line = Vec::new();
        frame.push_line(&mut line);
        line.pop();
        let event = Record::parse(&line).and_then(|record| self.gatherer.push(&record, now));
        event.iter().for_each(|event| self.count(event));
    }

    fn tick(&mut self, now: i64) -> Option<i64> {
        while let Some(event) = self.gatherer.overdue(now) {
            self.count(&event);
        }
        let due = *self.due.get_or_insert(now + self.interval);
        if due <= now {
            self.send();
            self.due = Some(now + self.interval);
        }
        self.gatherer.due().into_iter().chain(self.due).min()
    }

    fn end_of_input(&mut self) {
        while let Some(event) = self.gatherer.rest() {
            self.count(&event);
        }
        self.send();
        self.logger.log(Level::Info, "audisp-statsd is exiting");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_found_in_the_state_report() {
        let state = b"Logging partition free space = 71 MiB\nmax plugin queue depth used = 12\nglibc arena (total memory) is: 420 KiB, was: 1 KiB\n";
        let numbers = MEASURES.map(|(_, label)| measure(state, label));
        assert_eq!(numbers, [71, 0, 12, 420, 0, 0]);
    }
}
