//! The degraded log: while space is short, only events with one of the priority keys are kept.

use crate::daemon::record::batch::BatchRecord;
use crate::record;

/// Events remembered as ones to keep; the records of one event come close together.
const REMEMBERED: usize = 32;
/// How long, in seconds, what a degraded log sheds is gathered into one record of the ledger.
const REPORT_INTERVAL: i64 = 60;

/// Whether the log degrades, and which events it keeps then.
#[derive(Debug, Default)]
pub(super) struct Shedding {
    /// When the ledger last reported what is shed; none while everything is kept.
    reported: Option<i64>,
    wanted: heapless::HistoryBuf<u64, REMEMBERED>,
}

impl Shedding {
    pub(super) fn is_active(&self) -> bool {
        self.reported.is_some()
    }

    pub(super) fn begin(&mut self, monotonic: i64) {
        self.reported = Some(monotonic);
    }

    /// Keeps everything again; false when it did so already.
    pub(super) fn end(&mut self) -> bool {
        self.reported.take().is_some()
    }

    /// Whether the ledger is to report what is shed now; if so, not again before the interval has passed.
    pub(super) fn reports(&mut self, monotonic: i64) -> bool {
        match &mut self.reported {
            Some(reported) if monotonic < *reported + REPORT_INTERVAL => false,
            Some(reported) => {
                *reported = monotonic;
                true
            }
            None => true,
        }
    }

    /// Whether a record is kept: every one of the daemon's, and those of events with one of `keys`. The SYSCALL record,
    /// which carries the keys, comes first.
    pub(super) fn keeps(&mut self, keys: &[String], serial: u64, record: &BatchRecord<'_>) -> bool {
        if !self.is_active() || record.is_own() || self.wanted.contains(&serial) {
            return true;
        }
        let keeps = record::has_key(record.text(), keys);
        if keeps {
            self.wanted.write(serial);
        }
        keeps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::daemon::record::batch::{Origin, RecordBatch};

    fn keeps(shedding: &mut Shedding, is_own: bool, serial: u64, text: &str) -> bool {
        let mut batch = RecordBatch::default();
        batch.append(if is_own { Origin::Own } else { Origin::Kernel }, text);
        shedding.keeps(&["exec".to_string()], serial, &batch.get(0).unwrap())
    }

    fn active() -> Shedding {
        Shedding { reported: Some(0), ..Shedding::default() }
    }

    #[test]
    fn the_records_of_an_event_follow_its_system_call() {
        let mut shedding = active();
        assert!(keeps(&mut shedding, false, 7, "audit(1.0:7): arch=c000003e key=\"exec\""));
        assert!(keeps(&mut shedding, false, 7, "audit(1.0:7): item=0"));
        assert!(!keeps(&mut shedding, false, 8, "audit(1.0:8): key=\"other\""));
        assert!(!keeps(&mut shedding, false, 8, "audit(1.0:8): item=0"));
        assert!(!keeps(&mut shedding, false, 9, "audit(1.0:9): pid=1"));
        assert!(keeps(&mut shedding, true, 3, "audit(1.0:3): op=terminate"));
    }

    #[test]
    fn one_of_several_keys_is_enough() {
        let mut shedding = active();
        // "a", 0x01, "exec" in hexadecimal
        assert!(keeps(&mut shedding, false, 7, "audit(1.0:7): key=610165786563"));
        assert!(!keeps(&mut shedding, false, 8, "audit(1.0:8): key=(null)"));
        assert!(!keeps(&mut shedding, false, 9, "audit(1.0:9): pid=1 msg='op=x key=\"exec\"'"), "a program says so");
    }

    #[test]
    fn what_is_shed_is_reported_once_a_minute_and_at_once_in_the_end() {
        let mut shedding = Shedding::default();
        assert!(keeps(&mut shedding, false, 7, "audit(1.0:7): key=\"other\""), "all is kept");
        shedding.begin(100);
        assert_eq!([159, 160, 161, 220].map(|second| shedding.reports(second)), [false, true, false, true]);
        assert!(shedding.end() && !shedding.end());
        assert!(shedding.reports(221));
    }
}
