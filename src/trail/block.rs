//! A block of a file: the lines that begin in some half a megabyte of it, cut, and with type and event id of each record.
//! Blocks are loaded by the threads of a [`super::pool::Pool`], so that a search only has to decide what becomes of their records.
//!
//! A block leaves out what can never be asked for: lines that are no records (they are reported), and records out of the
//! time range. It finds the records that have what is needed ([`Need`]), and says how new those before them are.
//!
//! Lines are cut as [`super::lines`] does it. They belong to the block in which they begin, that is in which the newline before them
//! is not the last byte. The pieces of a line that is too long belong to the line; where they are too many, the block stops
//! ([`Block::rest`]), and is to be gone on with there.

use super::lines::{SEARCH_LINE, cut, nul_bytes};
use crate::query::literals::Need;
use crate::record::{ENRICHED, EventId, Front, Headers, Line, Record};
use crate::sys::input::InputFile;
use memchr::{memchr, memchr2};
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

/// What is asked for, as far as a block can answer it.
pub(super) struct Query {
    /// The wanted seconds.
    pub(super) seconds: RangeInclusive<u64>,
    /// What one record of each wanted event has.
    pub(super) need: Option<Need>,
    /// Whether a time to begin with was given. COMPAT: it decides which record reports call the first one.
    pub(super) has_start: bool,
    /// How many bytes apart the places are at which a block says how new the records before are.
    pub(super) step: u64,
}

/// Where a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u64,
    pub(super) end: u64,
    /// A line begins at `start`, or a piece of one; else the first is looked for.
    pub(super) is_line: bool,
}

/// A block of a file. The default is empty, and is kept for its memory.
#[derive(Default)]
pub(super) struct Block {
    /// The place of the text in the file.
    at: u64,
    text: Vec<u8>,
    /// No byte of the text could end a record before its line.
    is_plain: bool,
    /// Where each record's line is in the text, and what it is.
    lines: Vec<(Range<u32>, Front)>,
    /// The records that have what is needed, in order.
    pub(super) hits: Vec<usize>,
    /// Some records, and the newest second of those before them in the block.
    pub(super) steps: Vec<(usize, u64)>,
    /// The newest second of all.
    pub(super) newest: u64,
    /// The first record that a report names as such.
    pub(super) first: Option<EventId>,
    /// Where the lines that are no records are in the text.
    unread: Vec<Range<u32>>,
    /// The block stopped here, within a long line.
    pub(super) rest: Option<u64>,
    /// The file could not be read any further.
    pub(super) failed: bool,
}

/// How far a block may go beyond its end.
const BEYOND: usize = 256 << 10;

/// How much is read at a time beyond the end.
const MORE: usize = SEARCH_LINE + 1;

/// What loads blocks: one for each thread.
pub(super) struct Loader<'q> {
    query: &'q Query,
    headers: Headers,
}

/// A block to be loaded, with the memory for it.
pub(super) struct Job {
    pub(super) file: Arc<InputFile>,
    pub(super) span: Span,
    pub(super) block: Block,
}

impl<'q> Loader<'q> {
    pub(super) fn new(query: &'q Query) -> Loader<'q> {
        Loader { query, headers: Headers::default() }
    }

    /// Loads a block.
    pub(super) fn load(&mut self, job: Job) -> Block {
        let Job { file, span, mut block } = job;
        block.clear(span);
        let Some(mut at) = block.begin(&file, span) else { return block };
        let (mut in_line, mut at_end) = (false, false);
        loop {
            if block.at + at as u64 >= span.end && !in_line {
                break;
            }
            let nul = nul_bytes(block.text.get(at..).unwrap_or_default());
            in_line |= nul > 0;
            at += nul;
            match cut(block.text.get(at..).unwrap_or_default(), SEARCH_LINE, at_end) {
                Some((len, newline)) => {
                    self.line(&mut block, at..at + len);
                    at += len + newline;
                    in_line = newline == 0;
                }
                None if at_end => break,
                None if block.at + at as u64 > span.end + BEYOND as u64 => {
                    block.rest = Some(block.at + at as u64);
                    break;
                }
                // Where reading fails only whole lines are taken.
                None if block.failed => break,
                None => at_end = block.read_on(&file, MORE) == 0 && !block.failed,
            }
        }
        block.close(at, self.query);
        block
    }

    #[inline(always)]
    fn line(&mut self, block: &mut Block, place: Range<usize>) {
        if place.is_empty() {
            return;
        }
        let line = block.line(&place);
        let front = match self.headers.front_of(line) {
            Some(front) => front,
            None => match Record::scan(line) {
                Ok(record) => Front::of(&record),
                Err(_) => return block.unread.push(place.start as u32..place.end as u32),
            },
        };
        let sec = front.stamp.sec;
        let in_range = self.query.seconds.contains(&sec);
        if block.first.is_none_or(|first| first.sec == 0) && (!in_range || !self.query.has_start) {
            block.first = Some(front.stamp);
        }
        if !in_range {
            return;
        }
        if let Some(need) = &self.query.need {
            let has_it = match need {
                Need::Types(types) => types.contains(&front.kind),
                Need::Serial(serial) => front.stamp.serial == *serial,
                _ => false,
            };
            if has_it {
                block.hits.push(block.lines.len());
            }
            block.step(place.start, self.query.step);
            block.newest = block.newest.max(sec);
        }
        block.lines.push((place.start as u32..place.end as u32, front));
    }
}

impl Block {
    fn clear(&mut self, span: Span) {
        // The byte before is read too, to see whether a line begins at the start.
        self.at = if span.is_line { span.start } else { span.start.saturating_sub(1) };
        self.text.clear();
        self.lines.clear();
        self.hits.clear();
        self.steps.clear();
        self.unread.clear();
        (self.newest, self.first, self.rest, self.failed) = (0, None, None, false);
        self.is_plain = false;
    }

    /// Reads the bytes of the span, and a line more. Gives back where in the text the first line begins.
    fn begin(&mut self, file: &InputFile, span: Span) -> Option<usize> {
        let len = (span.end - self.at) as usize;
        let mut read = 1;
        while self.text.len() < len + MORE && read > 0 {
            read = self.read_on(file, len + MORE - self.text.len());
        }
        if span.is_line || span.start == 0 {
            return Some(0);
        }
        memchr(b'\n', self.text.get(..len.saturating_sub(1)).unwrap_or(&self.text)).map(|newline| newline + 1)
    }

    /// Reads on; 0 at the end, or where reading fails.
    fn read_on(&mut self, file: &InputFile, len: usize) -> usize {
        let had = self.text.len();
        self.text.resize(had + len, 0);
        let place = self.text.get_mut(had..).unwrap_or_default();
        let read = file.read_at(place, self.at + had as u64).unwrap_or_else(|_| {
            self.failed = true;
            0
        });
        self.text.truncate(had + read);
        // What a piece is known by must not change while it is looked at.
        self.is_plain = (had == 0 || self.is_plain) && self.is_plain_from(had);
        read
    }

    fn is_plain_from(&self, at: usize) -> bool {
        memchr2(ENRICHED, 0, self.text.get(at..).unwrap_or_default()).is_none()
    }

    #[inline(always)]
    fn line(&self, place: &Range<usize>) -> Line<'_> {
        let text = self.text.get(place.clone()).unwrap_or_default();
        if self.is_plain { Line { text, end: text.len() } } else { Line::new(text) }
    }

    /// Notes how new the records so far are, if the last note is far enough.
    #[inline(always)]
    fn step(&mut self, place: usize, step: u64) {
        let last = self.steps.last().and_then(|(line, _)| self.lines.get(*line)).map(|(line, _)| line.start);
        if last.is_none_or(|last| place as u64 >= u64::from(last) + step) {
            self.steps.push((self.lines.len(), self.newest));
        }
    }

    /// The text ends at `end`, where the next line begins.
    fn close(&mut self, end: usize, query: &Query) {
        self.text.truncate(end);
        let Some(need) = &query.need else { return };
        let (lines, hits) = (&self.lines, &mut self.hits);
        need.places(&self.text, &mut |place| {
            let at = lines.partition_point(|(line, _)| line.start as usize <= place).wrapping_sub(1);
            let found = lines.get(at).filter(|(line, front)| place < line.end as usize && Need::accepts(front.kind));
            hits.extend(found.map(|_| at));
        });
        hits.sort_unstable();
        hits.dedup();
    }

    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Where a record begins in the file; of one behind the last, where the next block begins.
    pub(super) fn place(&self, index: usize) -> u64 {
        self.at + self.lines.get(index).map_or(self.text.len() as u64, |(line, _)| u64::from(line.start))
    }

    /// The first record at or after a place in the file.
    pub(super) fn index(&self, place: u64) -> usize {
        self.lines.partition_point(|(line, _)| self.at + u64::from(line.start) < place)
    }

    /// The event of a record.
    pub(super) fn id(&self, index: usize) -> EventId {
        self.lines.get(index).map(|(_, front)| front.stamp).unwrap_or_default()
    }

    /// A record.
    #[inline(always)]
    pub(super) fn record(&self, index: usize) -> Option<Record<'_>> {
        let (line, front) = self.lines.get(index)?;
        Some(front.record(self.line(&(line.start as usize..line.end as usize))))
    }

    /// The lines that are no records: where each begins in the file, and its text.
    pub(super) fn unread(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let text = |place: &Range<u32>| self.text.get(place.start as usize..place.end as usize).unwrap_or_default();
        self.unread.iter().map(move |place| (self.at + u64::from(place.start), text(place)))
    }
}
