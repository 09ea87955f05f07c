//! Passing over what is out of the wanted seconds, without a look at its lines.
//!
//! The event id of a record stands behind a parenthesis, so where no parenthesis is followed by a wanted second there is no record
//! of the range. All seconds of a range that ends begin with the same digits, and where these are nowhere no parenthesis need be
//! looked for. Nothing else is asked about such lines, but for what [`super::unread`] says of those next to the range.

use super::lines::SEARCH_LINE;
use crate::record::{EventId, Line, Record};
use crate::text::number;
use memchr::memmem::Finder;
use memchr::{memchr, memrchr};
use std::ops::RangeInclusive;

/// Finds the event ids of a range.
pub(super) struct Stamps {
    seconds: RangeInclusive<u64>,
    /// What all seconds begin with, if that is rare.
    digits: Option<Finder<'static>>,
    /// A second out of the range as it is written, with the point behind it: most often it is that of the next record too.
    out: [u8; 11],
}

/// The digits that all seconds of the range begin with, if they are so many that only times have them.
fn common_digits(seconds: &RangeInclusive<u64>) -> Option<Vec<u8>> {
    let (mut first, mut last) = (Vec::new(), Vec::new());
    number::push(&mut first, *seconds.start());
    number::push(&mut last, *seconds.end());
    let is_as_long = first.len() == last.len();
    let common = first.iter().zip(&last).take_while(|(a, b)| a == b).count();
    first.truncate(common);
    Some(first).filter(|_| is_as_long && common >= 4)
}

impl Stamps {
    pub(super) fn new(seconds: RangeInclusive<u64>) -> Stamps {
        let digits = common_digits(&seconds).map(|digits| Finder::new(&digits).into_owned());
        Stamps { seconds, digits, out: [0; 11] }
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

    /// Where the first event id of the range begins.
    fn find(&mut self, text: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            at += self.next(text.get(at..)?)?;
            let id = text.get(at..)?;
            if id.first_chunk() != Some(&self.out) && self.is_wanted(id) {
                return Some(at);
            }
        }
    }

    /// What follows the first parenthesis, if it can be an event id of the range.
    #[inline(always)]
    fn next(&self, text: &[u8]) -> Option<usize> {
        let Some(digits) = &self.digits else { return Some(memchr(b'(', text)? + 1) };
        digits.find_iter(text).find_map(|at| {
            // A number may begin with zeros.
            let begin = text.get(..at)?.iter().rposition(|byte| *byte != b'0')? + 1;
            (text.get(begin - 1) == Some(&b'(')).then_some(begin)
        })
    }

    /// Whether `text` begins with an event id of the range.
    fn is_wanted(&mut self, text: &[u8]) -> bool {
        let Some((id, _)) = EventId::parse_prefix(text) else { return false };
        let is_wanted = self.seconds.contains(&id.sec);
        if let Some(second) = text.first_chunk().filter(|second: &&[u8; 11]| !is_wanted && second[10] == b'.') {
            self.out = *second;
        }
        is_wanted
    }
}
