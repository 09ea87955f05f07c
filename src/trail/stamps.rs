//! Passing over what is out of the wanted seconds, without a look at its lines.
//!
//! The event id of a record stands behind a parenthesis, so where no parenthesis is followed by a wanted second there is no record
//! of the range. Nothing else is asked about such lines, but for what [`super::unread`] says of those next to the range.

use super::lines::SEARCH_LINE;
use crate::record::{EventId, Line, Record};
use crate::sys::blocks::find_unusual;
use memchr::memrchr;
use std::ops::RangeInclusive;

/// Finds the event ids of a range.
pub(super) struct Stamps {
    seconds: RangeInclusive<u64>,
    /// A second out of the range as it is written, between parenthesis and point: most often it is that of the next record too.
    out: [u8; 12],
}

impl Stamps {
    pub(super) fn new(seconds: RangeInclusive<u64>) -> Stamps {
        Stamps { seconds, out: *b"(..........." }
    }

    /// How many bytes of `text`, which begins with a line, may be passed over behind a record that is out of the range. The next
    /// line is a record or comes before the first that may be in the range.
    pub(super) fn pass(&mut self, text: &[u8]) -> usize {
        let before = text.get(..self.find(text).unwrap_or(text.len())).unwrap_or_default();
        let mut end = memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        // Lines that are no records may be next to the range. A line that is too long to be one is not looked at here.
        while let Some(lines) = before.get(..end.saturating_sub(1)).filter(|_| end > 0) {
            let start = memrchr(b'\n', lines).map_or(0, |newline| newline + 1);
            let line = lines.get(start..).unwrap_or_default();
            end = start;
            if line.len() < SEARCH_LINE && Record::find(Line::new(line)).is_some() {
                break;
            }
        }
        end
    }

    /// Where the parenthesis before the first event id of the range stands.
    fn find(&mut self, text: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            at += find_unusual(text.get(at..)?, &self.out)?;
            if self.is_wanted(text.get(at..)?) {
                return Some(at);
            }
            at += 1;
        }
    }

    /// Whether `text` begins with a parenthesis and an event id of the range.
    fn is_wanted(&mut self, text: &[u8]) -> bool {
        let Some((id, _)) = text.get(1..).and_then(EventId::parse_prefix) else { return false };
        let is_wanted = self.seconds.contains(&id.sec);
        if let Some(second) = text.first_chunk().filter(|second: &&[u8; 12]| !is_wanted && second[11] == b'.') {
            self.out = *second;
        }
        is_wanted
    }
}
