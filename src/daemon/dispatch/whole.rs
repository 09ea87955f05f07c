//! Records gathered into events, for a plugin that wants whole ones.
//!
//! An event is complete when its EOE record has come, or at once when it is of a type that stands alone. Others are complete
//! after the end-of-event timeout. No event waits for another: a reader that needs them in order has their ids.

use crate::record::{EventId, RecordType};
use std::collections::VecDeque;

/// More events than these do not wait, the oldest is handed out as it is; nor more bytes, the one that grew is.
const MOST_EVENTS: usize = 256;
const MOST_BYTES: usize = 1 << 20;

/// An event.
pub(super) struct Gathered {
    id: EventId,
    /// When its last record came, on the monotonic clock.
    fed: i64,
    lines: Vec<u8>,
    /// Type of each record, and where its line ends.
    records: Vec<(u32, usize)>,
}

impl Gathered {
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn serial(&self) -> u64 {
        self.id.serial
    }

    /// Types and lines of its records.
    pub(super) fn records(&self) -> impl Iterator<Item = (u32, &[u8])> {
        let starts = std::iter::once(0).chain(self.records.iter().map(|(_, end)| *end));
        starts
            .zip(&self.records)
            .filter_map(|(start, (record_type, end))| Some((*record_type, self.lines.get(start..*end)?)))
    }
}

/// The events whose records are still coming, oldest first.
pub(super) struct Gatherer {
    waiting: VecDeque<Gathered>,
    bytes: usize,
    timeout: i64,
}

impl Gatherer {
    /// `timeout` is in seconds.
    pub(super) fn new(timeout: u64) -> Gatherer {
        Gatherer { waiting: VecDeque::new(), bytes: 0, timeout: timeout.min(i64::MAX as u64 / 2) as i64 }
    }

    /// Takes a record, and returns the event that is complete or too much with it.
    pub(super) fn push(&mut self, id: EventId, record_type: RecordType, line: &[u8], now: i64) -> Option<Gathered> {
        let at = self.waiting.iter().rposition(|event| event.id == id);
        let at = at.unwrap_or_else(|| {
            self.waiting.push_back(Gathered { id, fed: now, lines: Vec::new(), records: Vec::new() });
            self.waiting.len() - 1
        });
        let event = self.waiting.get_mut(at)?;
        event.fed = now;
        event.lines.extend_from_slice(line);
        event.records.push((record_type.0, event.lines.len()));
        self.bytes += line.len();
        let is_alone = event.len() == 1 && record_type.ends_event();
        if is_alone || record_type == RecordType::EOE {
            return self.take(at);
        }
        if self.bytes > MOST_BYTES {
            return self.take(at);
        }
        (self.waiting.len() > MOST_EVENTS).then(|| self.take(0)).flatten()
    }

    fn take(&mut self, at: usize) -> Option<Gathered> {
        let event = self.waiting.remove(at)?;
        self.bytes -= event.lines.len();
        Some(event)
    }

    /// The next event of which no record has come for so long that it is complete.
    pub(super) fn overdue(&mut self, now: i64) -> Option<Gathered> {
        let at = self.waiting.iter().position(|event| event.fed + self.timeout < now)?;
        self.take(at)
    }

    /// When [`Gatherer::overdue`] has something.
    pub(super) fn due(&self) -> Option<i64> {
        self.waiting.iter().map(|event| event.fed + self.timeout + 1).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(gatherer: &mut Gatherer, serial: u64, record_type: u32, line: &str, now: i64) -> Option<String> {
        let id = EventId { sec: 1, milli: 0, serial };
        gatherer.push(id, RecordType(record_type), line.as_bytes(), now).map(|event| text(&event))
    }

    fn text(event: &Gathered) -> String {
        event.records().map(|(kind, line)| format!("{kind}{} ", String::from_utf8_lossy(line))).collect()
    }

    #[test]
    fn an_event_is_complete_with_its_end_whatever_came_between() {
        let mut gatherer = Gatherer::new(2);
        assert_eq!(push(&mut gatherer, 1, 1300, "a", 0), None);
        assert_eq!(push(&mut gatherer, 2, 1300, "b", 0), None);
        assert_eq!(push(&mut gatherer, 1, 1327, "c", 0), None, "the end is yet to come");
        assert_eq!(push(&mut gatherer, 2, 1320, "d", 0), Some("1300b 1320d ".to_string()));
        assert_eq!(push(&mut gatherer, 1, 1320, "e", 0), Some("1300a 1327c 1320e ".to_string()));
        assert_eq!(gatherer.due(), None);
    }

    #[test]
    fn one_that_stands_alone_waits_for_nothing_and_one_without_an_end_for_the_timeout() {
        let mut gatherer = Gatherer::new(2);
        assert_eq!(push(&mut gatherer, 1, 1305, "a", 10), None);
        assert_eq!(push(&mut gatherer, 2, 1112, "b", 10), Some("1112b ".to_string()));
        assert_eq!(gatherer.due(), Some(13));
        assert!(gatherer.overdue(12).is_none());
        assert_eq!(gatherer.overdue(13).map(|event| text(&event)), Some("1305a ".to_string()));
        assert_eq!((gatherer.due(), gatherer.bytes), (None, 0));
    }

    #[test]
    fn memory_is_bounded_by_events_and_by_bytes() {
        let mut gatherer = Gatherer::new(2);
        let handed_out = (0..1000).filter(|serial| push(&mut gatherer, *serial, 1300, "a", 0).is_some()).count();
        assert_eq!((handed_out, gatherer.waiting.len()), (1000 - MOST_EVENTS, MOST_EVENTS));
        let long = "x".repeat(8000);
        for serial in 0..1000 {
            push(&mut gatherer, 5000 + serial % 3, 1309, &long, 0);
            assert!(gatherer.bytes <= MOST_BYTES);
        }
    }
}
