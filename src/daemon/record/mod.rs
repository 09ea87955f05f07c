//! From the kernel's message to a record that any sink can take: formatted once, enriched once, before a sink decides.
//!
//! `format` makes the line, `daemon::enrich` adds the names, `batch` holds the lines, `deferred` keeps the
//! few records that wait for newly read names.

pub(super) mod batch;
pub(super) mod deferred;
pub mod format;

use super::enrich::Enricher;
use super::ledger::push_time;
use crate::abi::kind;
use crate::config::auditd::LogFormat;
use crate::sys::clock::Moment;
use crate::sys::users::Users;
use crate::text::number;
use batch::{Origin, RecordBatch};
use format::PrefixCache;

/// Longest text of a record of the daemon's own. COMPAT: the reference's buffer.
const LONGEST_OWN: usize = 495;

/// The formatter and the batch it fills.
pub(super) struct Records {
    prefixes: PrefixCache,
    enricher: Enricher,
    batch: RecordBatch,
    /// Serial of the event of the kernel that the next records belong to, or follow.
    serial: u64,
    /// Serial of the next record of the daemon's own.
    own_serial: u32,
}

impl Records {
    pub(super) fn new(enricher: Enricher, now: Moment) -> Records {
        Records {
            prefixes: PrefixCache::default(),
            enricher,
            batch: RecordBatch::default(),
            serial: 0,
            own_serial: now.nanos / 1000 % 10_000,
        }
    }

    /// Sets what `node=` says; nothing for an empty name.
    pub(super) fn set_node(&mut self, name: &str) {
        self.prefixes.set_node(name);
    }

    /// An event of the kernel begins, of which the next records are.
    pub(super) fn set_serial(&mut self, serial: u64) {
        self.serial = serial;
    }

    /// Uses these names of users and groups from now on.
    pub(super) fn set_users(&mut self, users: Users) {
        self.enricher.set_users(users);
    }

    /// Whether the last enriched record has an id that nobody knows.
    pub(super) fn has_unknown_id(&self) -> bool {
        self.enricher.has_unknown_id()
    }

    /// The records since the last [`RecordBatch::clear`].
    pub(super) fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    /// Forgets the batch, which all sinks have taken.
    pub(super) fn clear(&mut self) {
        self.batch.clear();
    }

    /// Formats a record of the kernel, whose text begins with `audit(`.
    pub(super) fn push(&mut self, format: LogFormat, record_type: u16, text: &[u8]) {
        self.format(format, record_type, text, Origin::Kernel);
    }

    /// Adds a record of another machine. `write` is given how lines of this machine begin, `node=NAME ` or nothing, and returns what
    /// [`RecordBatch::push`] asks for.
    #[cfg_attr(not(feature = "listener"), expect(dead_code))]
    pub(super) fn push_peer(&mut self, record_type: u16, write: impl FnOnce(&mut Vec<u8>, &[u8]) -> (usize, usize)) {
        let Records { prefixes, batch, serial, .. } = self;
        batch.push(record_type, Origin::Peer, *serial, |out| write(out, prefixes.node()));
    }

    /// How lines of this machine begin: `node=NAME `, or nothing.
    pub(super) fn node(&self) -> &[u8] {
        self.prefixes.node()
    }

    /// Formats a record of the daemon's own: `audit(NOW:SERIAL): BODY`.
    pub(super) fn push_own(&mut self, format: LogFormat, now: Moment, record_type: u16, body: &[u8]) {
        let mut text = Vec::with_capacity(LONGEST_OWN);
        text.extend_from_slice(b"audit(");
        push_time(&mut text, now);
        text.push(b':');
        number::push(&mut text, u64::from(self.own_serial));
        text.extend_from_slice(b"): ");
        text.extend_from_slice(body);
        text.truncate(LONGEST_OWN);
        self.own_serial = self.own_serial.wrapping_add(1);
        self.format(format, record_type, &text, Origin::Own);
    }

    fn format(&mut self, format: LogFormat, record_type: u16, text: &[u8], origin: Origin) {
        let Records { prefixes, enricher, batch, serial, .. } = self;
        batch.push(record_type, origin, *serial, |out| {
            let start = out.len();
            let text_start = prefixes.push_line(out, record_type, text);
            let raw_end = out.len();
            // An end-of-event record has no field that could be enriched.
            if format == LogFormat::Enriched && record_type != kind::EOE {
                enricher.enrich(out, start, text_start, record_type);
            }
            (text_start - start, raw_end - start)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn records() -> Records {
        Records::new(Enricher::new(Users::open(Path::new("/nonexistent")), "x86_64"), Moment::default())
    }

    #[test]
    fn a_record_is_formatted_once_for_every_sink_the_end_of_an_event_too() {
        let mut records = records();
        records.push(LogFormat::Enriched, 1300, b"audit(1.000:2): uid=0");
        records.push(LogFormat::Enriched, kind::EOE, b"audit(1.000:2): ");
        let batch = records.batch();
        let syscall = batch.get(0).unwrap();
        assert_eq!(syscall.line(), b"type=SYSCALL msg=audit(1.000:2): uid=0\x1dUID=\"root\"\n");
        assert_eq!(syscall.raw(), b"type=SYSCALL msg=audit(1.000:2): uid=0");
        assert_eq!(syscall.text(), b"audit(1.000:2): uid=0");
        assert!(!syscall.is_eoe() && !syscall.is_own());
        let end = batch.get(1).unwrap();
        assert!(end.is_eoe());
        assert_eq!(end.line(), b"type=EOE msg=audit(1.000:2):\n");
        assert!(batch.get(2).is_none());
    }

    #[test]
    fn a_sink_keeps_its_position_when_the_batch_is_forgotten() {
        let mut records = records();
        records.push(LogFormat::Raw, 1300, b"a");
        records.clear();
        records.push_own(LogFormat::Raw, Moment::default(), 1200, b"op=start");
        assert!(records.batch().get(0).is_none());
        let own = records.batch().get(1).unwrap();
        assert!(own.is_own());
        assert_eq!(own.line(), b"type=DAEMON_START msg=audit(0.000:0): op=start\n");
        records.clear();
        assert!(records.batch().get(1).is_none());
    }
}
