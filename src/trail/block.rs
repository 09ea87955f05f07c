//! A block of a file: the lines that begin in some half a megabyte of it, cut, and with type and event id of each record.
//! Blocks are loaded by the threads of a [`super::pool::Pool`], so that a search only has to decide what becomes of their records.
//!
//! Where something is needed that can be looked for without knowing types, the block is only outlined at first: of most lines it is enough
//! to see that they are records of the same event as the one before. Its records are looked at one by one ([`Loader::expand`]) when one of
//! them has what is needed, or is to be read for another reason.
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
    /// More bytes than were read, which are kept so that they need not be cleared again.
    buffer: Vec<u8>,
    /// How many bytes of it are the block's text.
    used: usize,
    /// Where in the text the first line begins, if one does.
    begin: Option<usize>,
    /// The records are known one by one.
    is_expanded: bool,
    /// It was outlined first.
    is_outlined: bool,
    /// There is a record in the range.
    pub(super) has_records: bool,
    /// A record has the serial that is needed.
    has_serial: bool,
    /// No byte of the text could end a record before its line.
    is_plain: bool,
    /// Where each record's line is in the text, and what it is.
    lines: Vec<(Range<u32>, Front)>,
    /// The records that have what is needed, in order.
    pub(super) hits: Vec<usize>,
    /// Where some records begin in the text, and the newest second of those before them in the block.
    steps: Vec<(usize, u64)>,
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
        block.begin = block.read(&file, span);
        let Some(begin) = block.begin else { return block };
        self.headers.forget();
        block.is_expanded = self.query.need.as_ref().is_none_or(|need| matches!(need, Need::Types(_)));
        block.is_outlined = !block.is_expanded;
        block.used = self.walk(&mut block, Some(&file), span.end, begin);
        self.find(&mut block);
        block
    }

    /// Looks at the records one by one, if that was not done yet.
    pub(super) fn expand(&mut self, block: &mut Block) {
        if let Some(begin) = block.begin.filter(|_| !std::mem::replace(&mut block.is_expanded, true)) {
            self.walk(block, None, u64::MAX, begin);
        }
    }

    /// Finds the records that have what is needed.
    fn find(&mut self, block: &mut Block) {
        let Some(need) = &self.query.need else { return };
        let mut places = Vec::new();
        need.places(block.text(), &mut |place| places.push(place));
        if places.is_empty() && !block.has_serial {
            return;
        }
        self.expand(block);
        let (lines, hits) = (&block.lines, &mut block.hits);
        for place in places {
            let at = lines.partition_point(|(line, _)| line.start as usize <= place).wrapping_sub(1);
            let found = lines.get(at).filter(|(line, front)| place < line.end as usize && Need::accepts(front.kind));
            hits.extend(found.map(|_| at));
        }
        hits.sort_unstable();
        hits.dedup();
    }

    /// Cuts lines from `at` on, up to those that begin at the place `end` of the file, and gives back where the next line begins. Without
    /// a file the text is all there is.
    fn walk(&mut self, block: &mut Block, file: Option<&InputFile>, end: u64, mut at: usize) -> usize {
        let (mut in_line, mut at_end) = (false, file.is_none());
        loop {
            if block.at + at as u64 >= end && !in_line {
                return at;
            }
            let nul = nul_bytes(block.text().get(at..).unwrap_or_default());
            in_line |= nul > 0;
            at += nul;
            match cut(block.text().get(at..).unwrap_or_default(), SEARCH_LINE, at_end) {
                Some((len, newline)) => {
                    match block.is_expanded {
                        true => self.line(block, at..at + len),
                        false => self.outline(block, at..at + len),
                    }
                    at += len + newline;
                    in_line = newline == 0;
                }
                None if block.at + at as u64 > end.saturating_add(BEYOND as u64) => {
                    block.rest = Some(block.at + at as u64);
                    return at;
                }
                None => match file {
                    Some(file) if !at_end && !block.failed => {
                        // Where reading fails only whole lines are taken.
                        at_end = block.read_on(file, MORE) == 0 && !block.failed;
                    }
                    _ => return at,
                },
            }
        }
    }

    /// Takes note of a line, of which most often no more is to be seen than that it belongs to the event of the one before.
    #[inline(always)]
    fn outline(&mut self, block: &mut Block, place: Range<usize>) {
        if block.is_plain && self.headers.continues(block.slice(&place)) {
            return;
        }
        if let Some(front) = self.note(block, &place) {
            block.has_serial |= matches!(self.query.need, Some(Need::Serial(serial)) if serial == front.id.serial);
        }
    }

    /// What a line is, if it is a record in the range; takes note of what is known of the block by it.
    #[inline(always)]
    fn note(&mut self, block: &mut Block, place: &Range<usize>) -> Option<Front> {
        if place.is_empty() {
            return None;
        }
        let front = self.front(block, place);
        let Some(front) = front else {
            block.unread.push(place.start as u32..place.end as u32);
            return None;
        };
        let sec = front.id.sec;
        let in_range = self.query.seconds.contains(&sec);
        if block.first.is_none_or(|first| first.sec == 0) && (!in_range || !self.query.has_start) {
            block.first = Some(front.id);
        }
        if !in_range {
            return None;
        }
        block.has_records = true;
        if block.steps.last().is_none_or(|(last, _)| place.start as u64 >= *last as u64 + self.query.step) {
            block.steps.push((place.start, block.newest));
        }
        block.newest = block.newest.max(sec);
        Some(front)
    }

    #[inline(always)]
    fn front(&mut self, block: &Block, place: &Range<usize>) -> Option<Front> {
        let line = block.line(place);
        self.headers.front_of(line).or_else(|| Record::scan(line).ok().map(|record| Front::of(&record)))
    }

    /// Keeps a line, if it is a record in the range.
    #[inline(always)]
    fn line(&mut self, block: &mut Block, place: Range<usize>) {
        let Some(front) = self.kept(block, &place) else { return };
        let has_it = match &self.query.need {
            Some(Need::Types(types)) => types.contains(&front.kind),
            Some(Need::Serial(serial)) => front.id.serial == *serial,
            _ => false,
        };
        if has_it {
            block.hits.push(block.lines.len());
        }
        block.lines.push((place.start as u32..place.end as u32, front));
    }

    /// The record of a line in the range. What is known of the block by it is noted, unless an outline has done that.
    #[inline(always)]
    fn kept(&mut self, block: &mut Block, place: &Range<usize>) -> Option<Front> {
        if block.is_outlined {
            return self.front(block, place).filter(|front| self.query.seconds.contains(&front.id.sec));
        }
        self.note(block, place)
    }
}

impl Block {
    fn clear(&mut self, span: Span) {
        // The byte before is read too, to see whether a line begins at the start.
        self.at = if span.is_line { span.start } else { span.start.saturating_sub(1) };
        self.lines.clear();
        self.hits.clear();
        self.steps.clear();
        self.unread.clear();
        (self.used, self.begin, self.rest) = (0, None, None);
        (self.newest, self.first) = (0, None);
        (self.is_expanded, self.is_outlined, self.has_records, self.has_serial) = (false, false, false, false);
        (self.is_plain, self.failed) = (true, false);
    }

    /// Reads the bytes of the span, and a line more. Gives back where in the text the first line begins.
    fn read(&mut self, file: &InputFile, span: Span) -> Option<usize> {
        let len = (span.end - self.at) as usize;
        let mut read = 1;
        while self.used < len + MORE && read > 0 {
            read = self.read_on(file, len + MORE - self.used);
        }
        if span.is_line || span.start == 0 {
            return Some(0);
        }
        let text = self.text();
        memchr(b'\n', text.get(..len.saturating_sub(1)).unwrap_or(text)).map(|newline| newline + 1)
    }

    /// Reads on; 0 at the end, or where reading fails.
    fn read_on(&mut self, file: &InputFile, len: usize) -> usize {
        let had = self.used;
        if self.buffer.is_empty() {
            // Zeros that come from the system need not be written.
            self.buffer = vec![0; len + 2 * MORE];
        } else if self.buffer.len() < had + len {
            self.buffer.resize(had + len, 0);
        }
        let place = self.buffer.get_mut(had..had + len).unwrap_or_default();
        let read = file.read_at(place, self.at + had as u64).unwrap_or_else(|_| {
            self.failed = true;
            0
        });
        self.used += read;
        // What a piece is known by must not change while it is looked at.
        self.is_plain = self.is_plain && self.is_plain_from(had);
        read
    }

    /// The bytes that were read.
    #[inline(always)]
    fn text(&self) -> &[u8] {
        self.buffer.get(..self.used).unwrap_or_default()
    }

    #[inline(always)]
    fn slice(&self, place: &Range<usize>) -> &[u8] {
        self.text().get(place.clone()).unwrap_or_default()
    }

    fn is_plain_from(&self, at: usize) -> bool {
        memchr2(ENRICHED, 0, self.text().get(at..).unwrap_or_default()).is_none()
    }

    #[inline(always)]
    fn line(&self, place: &Range<usize>) -> Line<'_> {
        let text = self.slice(place);
        if self.is_plain { Line { text, end: text.len() } } else { Line::new(text) }
    }

    /// Where some records begin in the file, and the newest second of those before them in the block.
    pub(super) fn steps(&self) -> impl Iterator<Item = (u64, u64)> {
        self.steps.iter().map(|(place, newest)| (self.at + *place as u64, *newest))
    }

    /// The first record at or after the first step after a place in the file; the number of records if there is none.
    pub(super) fn next_step(&self, place: u64) -> usize {
        let at = self.steps.partition_point(|(step, _)| self.at + *step as u64 <= place);
        self.steps.get(at).map_or(self.len(), |(step, _)| self.index(self.at + *step as u64))
    }

    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Where a record begins in the file; of one after the last, where the next block begins.
    pub(super) fn place(&self, index: usize) -> u64 {
        self.at + self.lines.get(index).map_or(self.used as u64, |(line, _)| u64::from(line.start))
    }

    /// The first record at or after a place in the file.
    pub(super) fn index(&self, place: u64) -> usize {
        self.lines.partition_point(|(line, _)| self.at + u64::from(line.start) < place)
    }

    /// The event of a record.
    pub(super) fn id(&self, index: usize) -> EventId {
        self.lines.get(index).map(|(_, front)| front.id).unwrap_or_default()
    }

    /// A record.
    #[inline(always)]
    pub(super) fn record(&self, index: usize) -> Option<Record<'_>> {
        let (line, front) = self.lines.get(index)?;
        Some(front.record(self.line(&(line.start as usize..line.end as usize))))
    }

    /// The lines that are no records: where each begins in the file, and its text.
    pub(super) fn unread(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let text = |place: &Range<u32>| self.slice(&(place.start as usize..place.end as usize));
        self.unread.iter().map(move |place| (self.at + u64::from(place.start), text(place)))
    }
}
