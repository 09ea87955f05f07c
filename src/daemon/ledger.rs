//! The ledger of loss: what was lost on the way to a sink, why, and around which events.
//!
//! Every loss, which is a cause and a sink, has one gap that is open or not, and a total for the state report. A gap becomes
//! one DAEMON_ERR record, `op=lost-events`, as soon as records can be written again; what is lost meanwhile widens the gap.
//! So memory is bounded by the number of sinks, and no loss goes unrecorded.

use crate::sys::clock::Moment;
use crate::text::number;

macro_rules! causes {
    ($($(#[$about:meta])* $cause:ident = $name:literal,)*) => {
        /// Why records get lost.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Cause { $($(#[$about])* $cause,)* }

        /// All causes with their names, in the order of the state report.
        pub const CAUSES: &[(Cause, &str)] = &[$((Cause::$cause, $name),)*];
    };
}

causes! {
    /// The kernel's backlog was full, or the kernel had no memory.
    KernelBacklog = "kernel-backlog",
    /// The kernel has a rate limit, and its counter of losses went up.
    KernelRateLimit = "kernel-rate-limit",
    /// The daemon's socket had no room.
    SocketOverrun = "socket-overrun",
    /// A message was longer than any may be.
    Oversize = "oversize",
    /// Writing was suspended.
    Suspended = "logging-suspended",
    /// The disk was full.
    DiskFull = "disk-full",
    /// A write failed, the log went away with what was in it, or a reader of standard output took nothing for a second.
    DiskError = "disk-error",
    /// The daemon degraded, and the record's event carried no priority key.
    Degraded = "degraded",
    /// The system or the daemon went down while the record was written.
    Torn = "torn-record",
    /// The daemon before was killed, or went down with the system, while records were on their way.
    Killed = "daemon-killed",
    /// The early daemon, of the initramfs, had kept as much as it may.
    EarlyQueue = "early-queue",
    /// A plugin did not keep up, and its queue was full.
    PluginQueue = "plugin-queue",
    /// A plugin was given up or taken away with records in its queue.
    PluginEnded = "plugin-ended",
    /// A plugin died, or was ended, and did not read all that it had been sent.
    PluginUnread = "plugin-unread",
}

/// Where records did not get to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sink {
    /// None of the sinks: they were lost before.
    All,
    /// The log.
    Log,
    /// A plugin.
    Plugin(SinkName),
}

impl Sink {
    /// Appends the word that names it; before any sink there is none.
    pub(super) fn push(self, out: &mut Vec<u8>) {
        match self {
            Sink::All => {}
            Sink::Log => out.extend_from_slice(b" sink=log"),
            Sink::Plugin(name) => {
                out.extend_from_slice(b" sink=plugin:");
                out.extend(name.bytes());
            }
        }
    }
}

/// Bytes of a sink's name that are kept.
const NAME: usize = 30;

/// The name of a sink of which there are several. It has no byte that could end a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SinkName([u8; NAME]);

impl SinkName {
    /// The beginning of this name, with a hyphen in the place of everything but letters, digits, `.`, `_` and `-`.
    pub fn new(name: &str) -> SinkName {
        let mut kept = [0; NAME];
        for (to, byte) in kept.iter_mut().zip(name.bytes()) {
            *to = if byte.is_ascii_alphanumeric() || b"._-".contains(&byte) { byte } else { b'-' };
        }
        SinkName(kept)
    }

    fn bytes(&self) -> impl Iterator<Item = u8> {
        self.0.iter().copied().take_while(|byte| *byte != 0)
    }
}

/// What a gap is kept for.
pub type Loss = (Cause, Sink);

/// What was lost of one kind since it was last written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gap {
    /// Records lost; `None` when nobody counted them.
    pub count: Option<u64>,
    /// First and last serial at the gap's edges, 0 when unknown.
    pub serials: (u64, u64),
    /// When it began and ended.
    pub times: (Moment, Moment),
}

/// Open gaps and totals.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Sorted by loss.
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    loss: Loss,
    gap: Option<Gap>,
    total: u64,
}

impl Ledger {
    fn entry(&mut self, loss: Loss) -> &mut Entry {
        let at = match self.entries.binary_search_by_key(&loss, |entry| entry.loss) {
            Ok(at) => at,
            Err(at) => {
                self.entries.insert(at, Entry { loss, gap: None, total: 0 });
                at
            }
        };
        // It was found or inserted there just now.
        &mut self.entries[at]
    }

    /// Notes a loss. Serials of 0 are unknown.
    pub fn lose(&mut self, loss: Loss, count: Option<u64>, serials: (u64, u64), now: Moment) {
        let entry = self.entry(loss);
        entry.total = entry.total.saturating_add(count.unwrap_or(1));
        let gap = entry.gap.get_or_insert(Gap { count: Some(0), serials, times: (now, now) });
        gap.count = gap.count.zip(count).map(|(a, b)| a.saturating_add(b));
        gap.times.1 = now;
        if serials.1 != 0 {
            gap.serials.1 = serials.1;
        }
        if gap.serials.0 == 0 {
            gap.serials.0 = serials.0;
        }
    }

    /// Whether a gap waits to be written down.
    pub fn is_open(&self) -> bool {
        self.entries.iter().any(|entry| entry.gap.is_some())
    }

    /// Takes the next open gap out, but not that of `except`.
    pub fn take(&mut self, except: Option<Loss>) -> Option<(Loss, Gap)> {
        self.entries
            .iter_mut()
            .filter(|entry| Some(entry.loss) != except)
            .find_map(|entry| Some((entry.loss, entry.gap.take()?)))
    }

    /// Puts a gap back that could not be written down.
    pub fn put_back(&mut self, loss: Loss, gap: Gap) {
        match &mut self.entry(loss).gap {
            Some(newer) => {
                newer.count = newer.count.zip(gap.count).map(|(a, b)| a.saturating_add(b));
                newer.serials.0 = gap.serials.0;
                newer.times.0 = gap.times.0;
            }
            place => *place = Some(gap),
        }
    }

    /// Everything that was lost for a cause since the start.
    pub fn total(&self, cause: Cause) -> u64 {
        self.entries.iter().filter(|entry| entry.loss.0 == cause).map(|entry| entry.total).sum()
    }
}

/// The name of a cause.
pub fn name(cause: Cause) -> &'static str {
    CAUSES.iter().find(|row| row.0 == cause).map_or("", |row| row.1)
}

/// Appends what a DAEMON_ERR record says of a gap.
pub fn push(out: &mut Vec<u8>, (cause, sink): Loss, gap: &Gap) {
    out.extend_from_slice(b"op=lost-events cause=");
    out.extend_from_slice(name(cause).as_bytes());
    out.extend_from_slice(b" count=");
    match gap.count {
        Some(count) => number::push(out, count),
        None => out.push(b'?'),
    }
    for (label, serial) in [(" first=", gap.serials.0), (" last=", gap.serials.1)] {
        out.extend_from_slice(label.as_bytes());
        match serial {
            0 => out.push(b'?'),
            serial => number::push(out, serial),
        }
    }
    for (label, time) in [(" begin=", gap.times.0), (" end=", gap.times.1)] {
        out.extend_from_slice(label.as_bytes());
        push_time(out, time);
    }
    sink.push(out);
}

/// Appends `SECONDS.MILLIS`.
pub(super) fn push_time(out: &mut Vec<u8>, time: Moment) {
    number::push_signed(out, time.seconds);
    out.push(b'.');
    number::push_wide(out, u64::from(time.nanos / 1_000_000), 3);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment { seconds, nanos: 5_000_000 }
    }

    const FULL: Loss = (Cause::DiskFull, Sink::Log);

    fn text(ledger: &mut Ledger) -> String {
        let (loss, gap) = ledger.take(None).unwrap();
        let mut out = Vec::new();
        push(&mut out, loss, &gap);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_cause_stands_in_the_man_page() {
        let page = include_str!("../../docs/man/auditd.8");
        for (cause, row) in CAUSES {
            assert_eq!(name(*cause), *row);
            assert!(page.contains(&format!("\n.It Cm {row}\n")), "auditd.8 does not explain {row}");
        }
    }

    #[test]
    fn losses_of_one_kind_are_one_gap() {
        let mut ledger = Ledger::default();
        ledger.lose(FULL, Some(3), (10, 12), at(1));
        ledger.lose(FULL, Some(2), (13, 14), at(9));
        assert_eq!(
            text(&mut ledger),
            "op=lost-events cause=disk-full count=5 first=10 last=14 begin=1.005 end=9.005 sink=log"
        );
        assert!(!ledger.is_open());
        assert_eq!(ledger.total(Cause::DiskFull), 5);
    }

    #[test]
    fn each_sink_has_a_gap_of_its_own() {
        let mut ledger = Ledger::default();
        ledger.lose((Cause::DiskFull, Sink::All), Some(3), (1, 2), at(1));
        ledger.lose(FULL, Some(2), (3, 4), at(1));
        assert_eq!(ledger.total(Cause::DiskFull), 5);
        let (_, gap) = ledger.take(Some((Cause::DiskFull, Sink::All))).unwrap();
        assert_eq!((gap.count, gap.serials), (Some(2), (3, 4)));
        assert!(ledger.is_open());
    }

    #[test]
    fn what_nobody_counted_is_said_to_be_so() {
        let mut ledger = Ledger::default();
        ledger.lose((Cause::SocketOverrun, Sink::All), None, (0, 0), at(1));
        ledger.lose((Cause::SocketOverrun, Sink::All), Some(1), (0, 0), at(2));
        assert_eq!(
            text(&mut ledger),
            "op=lost-events cause=socket-overrun count=? first=? last=? begin=1.005 end=2.005"
        );
    }

    #[test]
    fn a_gap_put_back_is_widened_by_what_came_after() {
        let mut ledger = Ledger::default();
        ledger.lose(FULL, Some(1), (1, 1), at(1));
        let (loss, gap) = ledger.take(None).unwrap();
        ledger.lose(FULL, Some(2), (5, 6), at(5));
        ledger.put_back(loss, gap);
        assert_eq!(
            text(&mut ledger),
            "op=lost-events cause=disk-full count=3 first=1 last=6 begin=1.005 end=5.005 sink=log"
        );
    }
}
