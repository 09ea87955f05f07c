//! audisp-statsd(8): counts of events, and measures of the kernel and the daemon, to a statsd server.
//!
//! A datagram an interval, or more where one would have 512 bytes, a line a metric: `NAME:NUMBER|g` for a measure and `NAME:NUMBER|c` for what
//! was counted since the last one. Intervals go by the clock, however many events there are.

use super::frame::Frame;
use super::gather::Gatherer;
use super::run::Consumer;
use crate::abi::Status;
use crate::config::Level;
use crate::config::statsd::Statsd;
use crate::event::{Event, TIMEOUT};
use crate::host::logger::Logger;
use crate::host::names::{self, Host};
use crate::host::paths::Paths;
use crate::interpret::Interpreter;
use crate::normalize::{self, Words, pieces};
use crate::record::{Record, RecordType};
use crate::sys::netlink::AuditSocket;
use crate::sys::sockets::Datagrams;
use crate::sys::{files, host};
use crate::text::{Escape, number};

/// More of the state report is not read.
const LONGEST_STATE: u64 = 64 << 10;

/// A datagram that any network takes whole.
const LONGEST: usize = 512;

/// Where a number comes from. What was counted is sent as `c`, a measure as `g`.
enum Source {
    /// The kernel's answer (`auditctl -s`).
    Lost,
    Backlog,
    /// The line of the state report that begins so.
    Report(&'static str),
    Counted(Count),
}

/// What is counted.
#[derive(Clone, Copy)]
enum Count {
    All,
    Failed,
    Avc,
    Fanotify,
    Logins,
    LoginsFailed,
    Anomalies,
    Responses,
}

/// How many of them there are.
const COUNTS: usize = Count::Responses as usize + 1;

/// The lines of a datagram.
const METRICS: [(&str, Source); 16] = [
    ("kernel.lost", Source::Lost),
    ("kernel.backlog", Source::Backlog),
    ("auditd.free_space", Source::Report("Logging partition free space")),
    ("auditd.plugin_current_depth", Source::Report("current plugin queue depth")),
    ("auditd.plugin_max_depth", Source::Report("max plugin queue depth used")),
    // COMPAT: of these the reports of glibc's memory have a line, and ours has none.
    ("auditd.total_memory", Source::Report("glibc arena (total memory) is")),
    ("auditd.memory_in_use", Source::Report("glibc uordblks (in use memory) is")),
    ("auditd.memory_free", Source::Report("glibc fordblks (total free space) is")),
    ("events.total_count", Source::Counted(Count::All)),
    ("events.total_failed", Source::Counted(Count::Failed)),
    ("events.avc_count", Source::Counted(Count::Avc)),
    ("events.fanotify_count", Source::Counted(Count::Fanotify)),
    ("events.logins_success", Source::Counted(Count::Logins)),
    ("events.logins_failed", Source::Counted(Count::LoginsFailed)),
    ("events.anomaly_count", Source::Counted(Count::Anomalies)),
    ("events.response_count", Source::Counted(Count::Responses)),
];

/// What an event of this type counts as, beside one of all: `has_succeeded` where the event says so.
fn counted(record_type: RecordType, has_succeeded: Option<bool>) -> Option<Count> {
    Some(match (record_type, has_succeeded) {
        (RecordType::USER_LOGIN, Some(true)) => Count::Logins,
        (RecordType::USER_LOGIN, Some(false)) => Count::LoginsFailed,
        (RecordType::FANOTIFY, _) => Count::Fanotify,
        (RecordType::AVC, _) => Count::Avc,
        // The ranges of linux/audit.h and libaudit: what the kernel or a program finds anomalous, and what was done about it.
        (RecordType(1700..=1799 | 2100..=2199), _) => Count::Anomalies,
        (RecordType(2200..=2299), _) => Count::Responses,
        _ => return None,
    })
}

/// The text of a datagram: `kernel` is the kernel's answer if there was one, `report` the daemon's state report.
fn datagram(kernel: Option<&Status>, report: &[u8], counts: &[u64; COUNTS]) -> Vec<u8> {
    let mut text = Vec::new();
    for (name, source) in &METRICS {
        let (value, unit) = match source {
            Source::Lost => (kernel.map_or(0, |status| status.lost.into()), b"|g\n"),
            Source::Backlog => (kernel.map_or(0, |status| status.backlog.into()), b"|g\n"),
            Source::Report(label) => (measure(report, label), b"|g\n"),
            Source::Counted(count) => (counts.get(*count as usize).copied().unwrap_or(0), b"|c\n"),
        };
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        number::push(&mut text, value);
        text.extend_from_slice(unit);
    }
    text
}

/// Cuts the text into datagrams, at the ends of lines.
fn datagrams(mut text: &[u8], send: &mut dyn FnMut(&[u8])) {
    while let Some(front) = text.get(..text.len().min(LONGEST - 1)).filter(|front| !front.is_empty()) {
        let end = memchr::memrchr(b'\n', front).map_or(front.len(), |at| at + 1);
        let (part, rest) = text.split_at(end);
        send(part);
        text = rest;
    }
}

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
    counts: [u64; COUNTS],
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
            gatherer: Gatherer::new(TIMEOUT),
            socket,
            kernel,
            interval: config.interval as i64,
            due: None,
            counts: [0; COUNTS],
        })
    }

    fn count(&mut self, event: &Event) {
        let has_succeeded = self.has_succeeded(event);
        self.counts[Count::All as usize] += 1;
        self.counts[Count::Failed as usize] += u64::from(has_succeeded == Some(false));
        if let Some(count) = counted(event.record_type(), has_succeeded) {
            self.counts[count as usize] += 1;
        }
    }

    /// Whether it worked, where the event says that.
    fn has_succeeded(&mut self, event: &Event) -> Option<bool> {
        let piece = pieces(event).next()?;
        let mut words = Words::new(&piece, &mut self.interpreter);
        let result = normalize::normalize(&piece, &mut words, false).ok()?.result?;
        Some(normalize::success(result, &mut words, &mut Vec::new()))
    }

    fn send(&mut self) {
        let status = self.kernel.status().ok();
        let report = files::read_up_to(&Paths::of_system().state_file(), LONGEST_STATE).unwrap_or_default();
        let text = datagram(status.as_ref(), &report, &std::mem::take(&mut self.counts));
        datagrams(&text, &mut |part| self.socket.send(part));
    }
}

fn connect(config: &Statsd) -> Option<Datagrams> {
    let address = config.address.parse().ok().or_else(|| host::address(&config.address).ok()?.parse().ok())?;
    Datagrams::to(address, config.port as u16).ok()
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

    fn heard(&mut self, now: i64) {
        while let Some(event) = self.gatherer.overdue(now) {
            self.count(&event);
        }
    }

    fn tick(&mut self, now: i64) -> Option<i64> {
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
        let labels = METRICS.iter().filter_map(|(_, source)| match source {
            Source::Report(label) => Some(measure(state, label)),
            _ => None,
        });
        assert_eq!(labels.collect::<Vec<_>>(), [71, 0, 12, 420, 0, 0]);
    }

    #[test]
    fn a_datagram_has_a_line_a_metric_each_of_its_type() {
        let kernel = Status { lost: 3, backlog: 4, ..Status::default() };
        let text = datagram(Some(&kernel), b"current plugin queue depth = 5\n", &[8, 7, 6, 5, 4, 3, 2, 1]);
        let expected = "kernel.lost:3|g kernel.backlog:4|g auditd.free_space:0|g auditd.plugin_current_depth:5|g \
            auditd.plugin_max_depth:0|g auditd.total_memory:0|g auditd.memory_in_use:0|g auditd.memory_free:0|g \
            events.total_count:8|c events.total_failed:7|c events.avc_count:6|c events.fanotify_count:5|c \
            events.logins_success:4|c events.logins_failed:3|c events.anomaly_count:2|c events.response_count:1|c ";
        assert_eq!(String::from_utf8_lossy(&text).replace('\n', " "), expected);
    }

    #[test]
    fn a_text_too_long_for_a_datagram_goes_in_several_of_whole_lines() {
        let text = datagram(None, b"", &[u64::MAX; COUNTS]);
        assert!(text.len() >= LONGEST);
        let (mut sent, mut most) = (Vec::new(), 0);
        datagrams(&text, &mut |part| {
            assert!(part.len() < LONGEST && part.ends_with(b"\n"));
            (sent, most) = ([&sent[..], part].concat(), most + 1);
        });
        assert_eq!((sent, most), (text, 2));
    }

    #[test]
    fn an_event_counts_by_the_type_of_its_first_record() {
        let name = |record_type, result| counted(RecordType(record_type), result).map(|count| count as usize);
        assert_eq!((name(1112, Some(true)), name(1112, Some(false)), name(1112, None)), (Some(4), Some(5), None));
        assert_eq!((name(1400, None), name(1331, None)), (Some(2), Some(3)));
        assert_eq!(
            [1700, 2199, 2200, 2299, 2300].map(|number| name(number, None)),
            [Some(6), Some(6), Some(7), Some(7), None]
        );
    }
}
