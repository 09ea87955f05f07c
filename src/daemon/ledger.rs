//! The ledger of loss: what was lost on the way to the log, why, and around which events.
//!
//! Every cause has one gap that is open or not, and a total for the state report. A gap becomes one DAEMON_ERR record,
//! `op=lost-events`, as soon as records can be written again; what is lost meanwhile widens the gap. So memory is fixed,
//! and nothing that is lost goes unsaid.

use crate::sys::clock::Moment;
use crate::text::number;

/// Where and why records get lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The kernel's backlog was full, or the kernel had no memory.
    KernelBacklog,
    /// The kernel has a rate limit, and its counter of losses went up.
    KernelRateLimit,
    /// The daemon's socket had no room.
    SocketOverrun,
    /// A message was longer than any may be.
    Oversize,
    /// Writing was suspended.
    Suspended,
    /// The disk was full.
    DiskFull,
    /// A write failed, the log went away with what was in it, or a reader of standard output took nothing for a second.
    DiskError,
    /// The daemon degraded, and the record's event carried no priority key.
    Degraded,
    /// The system or the daemon went down while the record was written.
    Torn,
}

/// All causes with their names, in the order of the state report.
pub const CAUSES: [(Cause, &str); 9] = [
    (Cause::KernelBacklog, "kernel-backlog"),
    (Cause::KernelRateLimit, "kernel-rate-limit"),
    (Cause::SocketOverrun, "socket-overrun"),
    (Cause::Oversize, "oversize"),
    (Cause::Suspended, "logging-suspended"),
    (Cause::DiskFull, "disk-full"),
    (Cause::DiskError, "disk-error"),
    (Cause::Degraded, "degraded"),
    (Cause::Torn, "torn-record"),
];

/// What was lost for one cause since it was last written down.
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
    gaps: [Option<Gap>; CAUSES.len()],
    totals: [u64; CAUSES.len()],
}

impl Ledger {
    /// Notes a loss. Serials of 0 are unknown.
    pub fn lose(&mut self, cause: Cause, count: Option<u64>, serials: (u64, u64), now: Moment) {
        let place = cause as usize;
        self.totals[place] = self.totals[place].saturating_add(count.unwrap_or(1));
        let gap = self.gaps[place].get_or_insert(Gap { count: Some(0), serials, times: (now, now) });
        gap.count = gap.count.zip(count).map(|(a, b)| a.saturating_add(b));
        gap.times.1 = now;
        if serials.1 != 0 {
            gap.serials.1 = serials.1;
        }
        if gap.serials.0 == 0 {
            gap.serials.0 = serials.0;
        }
    }

    /// Whether anything waits to be written down.
    pub fn is_open(&self) -> bool {
        self.gaps.iter().any(Option::is_some)
    }

    /// Takes the next open gap out, but not that of `except`.
    pub fn take(&mut self, except: Option<Cause>) -> Option<(Cause, Gap)> {
        let (cause, _) = CAUSES.into_iter().find(|(c, _)| Some(*c) != except && self.gaps[*c as usize].is_some())?;
        self.gaps[cause as usize].take().map(|gap| (cause, gap))
    }

    /// Puts a gap back that could not be written down.
    pub fn put_back(&mut self, cause: Cause, gap: Gap) {
        match &mut self.gaps[cause as usize] {
            Some(newer) => {
                newer.count = newer.count.zip(gap.count).map(|(a, b)| a.saturating_add(b));
                newer.serials.0 = gap.serials.0;
                newer.times.0 = gap.times.0;
            }
            place => *place = Some(gap),
        }
    }

    /// All that was lost for a cause since the start.
    pub fn total(&self, cause: Cause) -> u64 {
        self.totals[cause as usize]
    }
}

/// The name of a cause.
pub fn name(cause: Cause) -> &'static str {
    CAUSES[cause as usize].1
}

/// Appends what a DAEMON_ERR record says of a gap.
pub fn push(out: &mut Vec<u8>, cause: Cause, gap: &Gap) {
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

    fn text(ledger: &mut Ledger) -> String {
        let (cause, gap) = ledger.take(None).unwrap();
        let mut out = Vec::new();
        push(&mut out, cause, &gap);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_cause_stands_at_its_own_place() {
        for (place, (cause, _)) in CAUSES.into_iter().enumerate() {
            assert_eq!(cause as usize, place);
        }
    }

    #[test]
    fn losses_of_one_cause_are_one_gap() {
        let mut ledger = Ledger::default();
        ledger.lose(Cause::DiskFull, Some(3), (10, 12), at(1));
        ledger.lose(Cause::DiskFull, Some(2), (13, 14), at(9));
        assert_eq!(text(&mut ledger), "op=lost-events cause=disk-full count=5 first=10 last=14 begin=1.005 end=9.005");
        assert!(!ledger.is_open());
        assert_eq!(ledger.total(Cause::DiskFull), 5);
    }

    #[test]
    fn what_nobody_counted_is_said_to_be_so() {
        let mut ledger = Ledger::default();
        ledger.lose(Cause::SocketOverrun, None, (0, 0), at(1));
        ledger.lose(Cause::SocketOverrun, Some(1), (0, 0), at(2));
        assert_eq!(
            text(&mut ledger),
            "op=lost-events cause=socket-overrun count=? first=? last=? begin=1.005 end=2.005"
        );
    }

    #[test]
    fn a_gap_put_back_is_widened_by_what_came_after() {
        let mut ledger = Ledger::default();
        ledger.lose(Cause::DiskFull, Some(1), (1, 1), at(1));
        let (cause, gap) = ledger.take(None).unwrap();
        ledger.lose(Cause::DiskFull, Some(2), (5, 6), at(5));
        ledger.put_back(cause, gap);
        assert_eq!(text(&mut ledger), "op=lost-events cause=disk-full count=3 first=1 last=6 begin=1.005 end=5.005");
    }
}
