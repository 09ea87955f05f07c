//! Records that tell of a new user or group wait a moment until names are read anew, so that they name whom they tell of.
//! Everything else goes on meanwhile.

use super::Action;
use super::step::{Log, Step};
use crate::config::auditd::LogFormat;
use crate::record::RecordType;

/// Records that may wait.
const MOST: usize = 8;
/// Seconds after which they are written with the names there are.
const LONGEST: i64 = 2;

/// Those that wait.
#[derive(Debug, Default)]
pub(super) struct Held {
    records: heapless::Vec<(u16, Vec<u8>), MOST>,
    /// Second of the steady clock until which the last one waits.
    until: i64,
}

impl Held {
    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

impl Step {
    /// Holds a record back, if it is to wait and can.
    pub(super) fn hold(&mut self, message: u16, text: &[u8]) -> bool {
        let is_new = matches!(RecordType(u32::from(message)), RecordType::ADD_USER | RecordType::ADD_GROUP);
        let can =
            self.config.log_format == LogFormat::Enriched && self.log == Log::Open && !self.held.records.is_full();
        if is_new && can {
            self.held.until = self.steady + LONGEST;
            // There is a place: it was asked for just now.
            let _ = self.held.records.push((message, text.to_vec()));
        }
        is_new && can
    }

    /// Takes the held records in with the names there are now.
    pub(super) fn release(&mut self) {
        for (message, text) in std::mem::take(&mut self.held.records) {
            self.take_in(message, &text);
        }
        if !self.lines.is_empty() {
            self.act(Action::Write);
        }
    }

    /// Nobody waits for ever.
    pub(super) fn release_in_time(&mut self) {
        if !self.held.is_empty() && self.steady >= self.held.until {
            self.release();
        }
    }
}
