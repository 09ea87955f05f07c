//! Losses before the daemon: the kernel's own count of lost records, and the serials that are missing in what came.
//!
//! The kernel is asked for its count while records flow. When it went up, the neighbours of the lost records may still be
//! queued, so the loss goes into the ledger once a record that is younger than the answer has come, or none comes any more.
//! Its first and last serial are the first and the last that are missing in the stream. Serials come nearly in order: one
//! that was missing and comes late is taken out again. After a daemon that was killed the stream begins at the log's last
//! serial, so that what died with it is a gap like any other.

use super::Effect;
use super::context::Context;
use super::ledger::{Cause, Sink};
use super::report::{Line, Value};
use crate::abi::Status;
use crate::log::file::LogEnd;
use crate::record::EventId;
use crate::sys::clock::Moment;

/// How often, in seconds, the kernel is asked while records flow.
const INTERVAL: i64 = 5;
/// Seconds without a record after which none is queued.
const SILENCE: i64 = 2;
/// Seconds after which a loss is written down although it goes on.
const LONGEST_LOSS: i64 = 15;
/// The kernel's times are older than the clock by a tick of it at most: 10 ms at 100 Hz.
const TICK_MILLIS: i64 = 10;
/// Runs of missing serials that are told apart.
const RUNS: usize = 16;

/// See the module.
#[derive(Debug)]
pub(super) struct KernelLosses {
    /// The kernel's count, as far as it is in the ledger.
    counted: u32,
    missing: Missing,
    /// A loss whose neighbours may still be queued.
    waiting: Option<Waiting>,
    /// The log of a daemon that was killed ends with this serial, and its kernel still runs or does not.
    killed: Option<(u64, bool)>,
    /// Serial of the last record, the time, and the rate limit, at the kernel's last answer.
    serial: u64,
    time: Moment,
    rate_limit: u32,
    /// When the kernel was asked last, and a record came last, on the monotonic clock.
    asked: i64,
    seen: i64,
}

/// A loss that the kernel has counted.
#[derive(Debug)]
struct Waiting {
    cause: Cause,
    count: u64,
    /// Last serial, and the time, before it was known to have begun.
    before: (u64, Moment),
    /// When the kernel said so first, on the monotonic clock, and last, in milliseconds since 1970.
    begun: i64,
    counted_at: i64,
}

impl KernelLosses {
    pub(super) fn new(ctx: &Context) -> KernelLosses {
        KernelLosses {
            counted: 0,
            missing: Missing::default(),
            waiting: None,
            killed: None,
            serial: 0,
            time: ctx.now,
            rate_limit: 0,
            asked: ctx.monotonic,
            seen: ctx.monotonic,
        }
    }

    /// Takes over the count that an earlier daemon wrote down.
    pub(super) fn set_counted(&mut self, lost: u32) {
        self.counted = lost;
    }

    /// Goes on where the log of an earlier daemon ends.
    pub(super) fn continue_from(&mut self, ctx: &Context, end: &LogEnd) {
        let same_kernel = end.seconds >= ctx.identity.booted;
        if same_kernel {
            self.missing.begin(end.serial);
            self.serial = end.serial;
        }
        if !end.is_clean {
            self.killed = Some((end.serial, same_kernel));
        }
    }

    /// What an early daemon had kept died with it, if the log's end does not say that more did.
    #[cfg(feature = "early")]
    pub(super) fn early_daemon_died(&mut self) {
        self.killed.get_or_insert((0, true));
    }

    /// An early daemon has handed over what the kernel sent it. A daemon of this boot whose log has no record of the kernel's was killed
    /// before it was given any.
    #[cfg(feature = "early")]
    pub(super) fn handed_over(&mut self) {
        self.killed.take_if(|killed| *killed == (0, true));
    }

    /// An event of the kernel came.
    pub(super) fn saw(&mut self, ctx: &mut Context, event: EventId) {
        self.seen = ctx.monotonic;
        if let Some((last, same_kernel)) = self.killed.take() {
            let first = if last == 0 { 0 } else { last + 1 };
            if !same_kernel {
                // Power was lost, or the system crashed: what was on its way went with it.
                ctx.ledger.lose((Cause::Killed, Sink::All), None, (first, 0), ctx.now);
            } else if event.serial > first {
                ctx.ledger.lose((Cause::Killed, Sink::All), None, (first, event.serial - 1), ctx.now);
            }
        }
        self.missing.saw(event.serial);
    }

    /// Asks the kernel for its count.
    pub(super) fn ask(&mut self, ctx: &mut Context) {
        if ctx.asks_kernel() {
            self.asked = ctx.monotonic;
            ctx.emit(Effect::AskKernel);
        }
    }

    /// Asks when it is time, and diagnostics a loss in the ledger when its neighbours have come.
    pub(super) fn tick(&mut self, ctx: &mut Context) {
        if ctx.monotonic >= self.asked + INTERVAL {
            self.ask(ctx);
        }
        let Some(loss) = self.waiting.take_if(|loss| {
            let is_younger = |event: EventId| event.sec as i64 * 1000 + i64::from(event.milli) > loss.counted_at;
            ctx.last_event().is_some_and(is_younger)
                || ctx.monotonic >= self.seen + SILENCE && ctx.monotonic > loss.begun
                || ctx.monotonic >= loss.begun + LONGEST_LOSS
        }) else {
            return;
        };
        let (serial, begin) = loss.before;
        let (first, last) = self.missing.take().unwrap_or((serial, ctx.serial()));
        ctx.ledger.lose((loss.cause, Sink::All), Some(loss.count), (first, last), begin);
        ctx.ledger.lose((loss.cause, Sink::All), Some(0), (0, 0), ctx.now);
        (self.serial, self.time) = (ctx.serial(), ctx.now);
    }

    /// When [`KernelLosses::tick`] is to be called, on the monotonic clock.
    pub(super) fn due(&self, ctx: &Context) -> Option<i64> {
        let asks = ctx.asks_kernel() && ctx.serial() != self.serial;
        super::earlier(asks.then_some(self.asked + INTERVAL), self.waiting.as_ref().map(|_| self.seen + SILENCE))
    }

    /// The kernel's count came.
    pub(super) fn answered(&mut self, ctx: &mut Context, status: &Status) {
        let before = std::mem::replace(&mut self.counted, status.lost);
        // A smaller count began anew: auditctl --reset-lost.
        let lost = status.lost.checked_sub(before).unwrap_or(status.lost);
        if lost != 0 || status.lost < before {
            ctx.emit(Effect::SaveKernelLost(status.lost));
        }
        let is_limited = status.rate_limit > 0 || self.rate_limit > 0;
        if lost > 0 {
            let cause = if is_limited { Cause::KernelRateLimit } else { Cause::KernelBacklog };
            let counted_at = ctx.now.seconds * 1000 + i64::from(ctx.now.nanos / 1_000_000) + TICK_MILLIS;
            let before = (self.serial, self.time);
            let loss =
                self.waiting.get_or_insert(Waiting { cause, count: 0, before, begun: ctx.monotonic, counted_at });
            loss.count += u64::from(lost);
            loss.counted_at = counted_at;
        } else if self.waiting.is_none() {
            // What is missing until now was not lost: it has yet to come, or there never was a record of it.
            self.missing.forget();
        }
        self.rate_limit = status.rate_limit;
        self.serial = ctx.serial();
        self.time = ctx.now;
    }

    /// The report's line.
    pub(super) fn report(&self, lines: &mut Vec<Line>) {
        lines.push(Line::metric("kernel lost counter", Value::Number(u64::from(self.counted), ""), "kernel_lost"));
    }
}

/// The serials that are missing in what came.
#[derive(Debug, Default)]
struct Missing {
    /// The largest serial that came; 0 for none.
    largest: u64,
    /// Runs of missing ones, first and last, in their order.
    runs: heapless::Vec<(u64, u64), RUNS>,
}

impl Missing {
    /// Nothing after `serial` has come yet.
    fn begin(&mut self, serial: u64) {
        self.largest = serial;
    }

    fn saw(&mut self, serial: u64) {
        if serial <= self.largest {
            return self.came_late(serial);
        }
        if self.largest != 0 && serial > self.largest + 1 {
            let run = (self.largest + 1, serial - 1);
            if self.runs.push(run).is_err() {
                // The edges are what counts; runs in between become one.
                if let Some(last) = self.runs.last_mut() {
                    last.1 = run.1;
                }
            }
        }
        self.largest = serial;
    }

    /// Takes a serial out of the run it was missing in.
    fn came_late(&mut self, serial: u64) {
        let Some(at) = self.runs.iter().position(|(first, last)| (*first..=*last).contains(&serial)) else { return };
        let (first, last) = self.runs[at];
        if first == last {
            self.runs.remove(at);
        } else if serial == first {
            self.runs[at].0 += 1;
        } else if serial == last {
            self.runs[at].1 -= 1;
        } else if !self.runs.is_full() {
            self.runs[at].1 = serial - 1;
            // There is a place: it was asked for just now.
            let _ = self.runs.insert(at + 1, (serial + 1, last));
        }
    }

    /// The first and the last that are missing; none is from now on.
    fn take(&mut self) -> Option<(u64, u64)> {
        let edges = self.runs.first().zip(self.runs.last()).map(|(first, last)| (first.0, last.1));
        self.forget();
        edges
    }

    fn forget(&mut self) {
        self.runs.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(serials: &[u64]) -> Option<(u64, u64)> {
        let mut missing = Missing::default();
        serials.iter().for_each(|serial| missing.saw(*serial));
        missing.take()
    }

    #[test]
    fn what_is_missing_is_between_what_came() {
        assert_eq!(edges(&[5, 6, 7]), None);
        assert_eq!(edges(&[5, 9]), Some((6, 8)));
        assert_eq!(edges(&[5, 9, 10, 13]), Some((6, 12)));
    }

    #[test]
    fn what_comes_late_is_not_missing() {
        assert_eq!(edges(&[5, 7, 6]), None);
        assert_eq!(edges(&[5, 9, 6]), Some((7, 8)));
        assert_eq!(edges(&[5, 9, 8]), Some((6, 7)));
        assert_eq!(edges(&[5, 9, 7, 6]), Some((8, 8)));
        assert_eq!(edges(&[5, 9, 3]), Some((6, 8)));
    }

    #[test]
    fn the_edges_are_right_however_many_runs_there_are() {
        let every_other: Vec<u64> = (1..200).map(|n| n * 2).collect();
        assert_eq!(edges(&every_other), Some((3, 397)));
    }
}
