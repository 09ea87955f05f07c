//! What every part of the daemon is given with an input: the configuration, the time, the ledger, the records of the batch at
//! hand, and the queue that takes its effects.

use super::ledger::{Cause, Ledger, Sink};
use super::record::Records;
use super::{Effect, Identity};
use crate::config::Level;
use crate::config::auditd::Config;
use crate::record::EventId;
use crate::sys::clock::Moment;
use std::collections::VecDeque;

/// Capacity set aside for effects; one input causes about ten.
const EFFECTS: usize = 32;
/// `audit(SECONDS.MILLIS:SERIAL)` is no longer than this.
const HEAD: usize = 48;

/// See the module.
pub(super) struct Context {
    pub(super) config: Config,
    pub(super) identity: Identity,
    /// The time of the input at hand.
    pub(super) now: Moment,
    /// Seconds of a clock that never steps, for intervals.
    pub(super) monotonic: i64,
    pub(super) ledger: Ledger,
    pub(super) records: Records,
    /// How the last record of the kernel began, up to `)`: the records of one event begin alike.
    last_head: heapless::Vec<u8, HEAD>,
    /// The event of the kernel's last record.
    last_event: Option<EventId>,
    /// Performed and emptied before the next input, so what one input causes bounds it; none is dropped.
    effects: VecDeque<Effect>,
}

impl Context {
    pub(super) fn new(config: Config, identity: Identity, records: Records, now: Moment, monotonic: i64) -> Context {
        Context {
            config,
            identity,
            now,
            monotonic,
            ledger: Ledger::default(),
            records,
            last_head: heapless::Vec::new(),
            last_event: None,
            effects: VecDeque::with_capacity(EFFECTS),
        }
    }

    /// Asks for an effect, after those that were asked for before.
    pub(super) fn emit(&mut self, effect: Effect) {
        self.effects.push_back(effect);
    }

    /// Asks for a line in the system log.
    pub(super) fn log(&mut self, level: Level, text: impl Into<String>) {
        self.emit(Effect::Log(level, text.into()));
    }

    pub(super) fn next_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Adds a record of the daemon's own to the batch: `audit(NOW:SERIAL): BODY`.
    pub(super) fn own_record(&mut self, record_type: u16, body: &[u8]) {
        self.records.push_own(self.config.log_format, self.now, record_type, body);
    }

    /// Takes note of a record of the kernel; its event, when that is another one than that of the record before.
    pub(super) fn saw(&mut self, text: &[u8]) -> Option<EventId> {
        if !self.last_head.is_empty() && text.starts_with(&self.last_head) {
            return None;
        }
        let head = text.get(..HEAD).unwrap_or(text);
        let end = memchr::memchr(b')', head)?;
        let event = EventId::parse(head.get(..end)?.strip_prefix(b"audit(")?)?;
        self.last_head.clear();
        let _ = self.last_head.extend_from_slice(head.get(..=end)?);
        self.last_event = Some(event);
        self.records.set_serial(event.serial);
        Some(event)
    }

    /// The event of the kernel's last record.
    pub(super) fn last_event(&self) -> Option<EventId> {
        self.last_event
    }

    /// Its serial; 0 when there was none.
    pub(super) fn serial(&self) -> u64 {
        self.last_event.map_or(0, |event| event.serial)
    }

    /// Notes a loss at the kernel's last record.
    pub(super) fn lose(&mut self, cause: Cause, sink: Sink, count: Option<u64>) {
        let serial = self.serial();
        self.ledger.lose((cause, sink), count, (serial, serial), self.now);
    }

    /// Whether the log is a file, which can be rotated and has a file system.
    pub(super) fn writes_file(&self) -> bool {
        self.config.write_logs && !self.writes_stream()
    }

    /// Whether lines go to standard output.
    pub(super) fn writes_stream(&self) -> bool {
        self.identity.foreground || self.config.log_file == "-"
    }

    /// Whether this daemon is the one the kernel answers.
    pub(super) fn asks_kernel(&self) -> bool {
        self.config.local_events && !self.identity.observes
    }
}
