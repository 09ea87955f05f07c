//! Events out of our own JSON: a source whose first byte is `{` holds an object a line, as `--format json` writes them.
//!
//! Of an object only the lines of its records count: what they say is read again, so columns that somebody has changed forge
//! nothing. Each object is one event as it was found, and is given out at once: nothing is put together a second time.
//!
//! A line is no event if it is no JSON, is of another version than 1, lacks the line of a record, or has one that is none, or one of another event.

use super::lines::{LONGEST_LINE, Lines, Source};
use crate::event::{EVENT_BYTES, Event};
use crate::record::Record;
use crate::text::json_reader::Reader;
use crate::text::{hex, number};
use std::io;

/// The longest line that is kept. No event has as many bytes: where all of its own are controls, and one of each value no text, they stand
/// in `raw` and in `fields` as six for a control and as two digits, which are 16 for each; and no column has more than a few lines.
const LONGEST: usize = 20 * EVENT_BYTES;

/// Reads objects.
#[derive(Default)]
pub(super) struct Objects {
    line: Vec<u8>,
    raw: Vec<u8>,
    digits: Vec<u8>,
    is_too_long: bool,
    /// Where the line begins of which a part was read; reading may fail in between, as a pipe is silent.
    begun: Option<u64>,
}

/// What a line holds.
pub(super) enum Object {
    Event(Event),
    /// Nothing that can be read. Where it begins, and its bytes up to a bound.
    Unread(u64),
}

impl Objects {
    /// What the next line that is not empty holds; `None` at the end.
    pub(super) fn next(&mut self, lines: &mut Lines, source: &mut dyn Source) -> io::Result<Option<Object>> {
        loop {
            let mut is_whole = false;
            let at = self.begun.unwrap_or_else(|| {
                self.line.clear();
                self.is_too_long = false;
                lines.position()
            });
            self.begun = Some(at);
            while !is_whole {
                let Some((part, ends)) = lines.next_part(source)? else { break };
                self.is_too_long |= self.line.len() + part.len() > LONGEST;
                if !self.is_too_long {
                    self.line.extend_from_slice(part);
                }
                is_whole = ends;
            }
            self.begun = None;
            if !self.line.trim_ascii().is_empty() || self.is_too_long {
                return Ok(Some(self.event().map_or(Object::Unread(at), Object::Event)));
            }
            if !is_whole {
                return Ok(None);
            }
        }
    }

    /// The line that was read last, or the beginning of one that is too long.
    pub(super) fn text(&self) -> &[u8] {
        self.line.get(..LONGEST_LINE).unwrap_or(&self.line)
    }

    fn event(&mut self) -> Option<Event> {
        let Objects { line, raw, digits, is_too_long, .. } = self;
        let (mut event, mut reader) = (Event::default(), Reader::new(line).filter(|_| !*is_too_long)?);
        event.set_verbatim();
        reader.object(&mut |name, value| match name {
            b"v" => (value.written()? == b"1").then_some(()),
            b"records" => value.array(&mut |record| {
                raw.clear();
                let mut exact = None;
                record.object(&mut |name, value| match name {
                    b"raw" => {
                        raw.clear();
                        value.string(raw)
                    }
                    b"raw_hex" => {
                        digits.clear();
                        value.string(digits)?;
                        let mut bytes = Vec::new();
                        let is_hex = hex::decode(digits, &mut bytes) == digits.len() && digits.len() % 2 == 0;
                        exact = Some(bytes).filter(|_| is_hex);
                        exact.as_ref().map(|_| ())
                    }
                    b"n" => {
                        let before = number::parse_exact(value.written()?)?.checked_sub(1);
                        event.set_part(event.part().or(before));
                        Some(())
                    }
                    _ => value.skip(),
                })?;
                add(&mut event, exact.as_deref().unwrap_or(raw))
            }),
            _ => value.skip(),
        })?;
        (reader.is_at_end() && !event.is_empty()).then_some(event)
    }
}

/// Adds a line to its event, if it is one record and the event's.
fn add(event: &mut Event, line: &[u8]) -> Option<()> {
    let record =
        Record::parse(line).filter(|_| line.len() <= LONGEST_LINE && memchr::memchr2(b'\n', 0, line).is_none())?;
    let is_first = event.is_empty();
    let belongs = event.id() == record.id && event.node() == record.node && event.size() <= EVENT_BYTES;
    (is_first || belongs).then(|| event.push(&record))
}
