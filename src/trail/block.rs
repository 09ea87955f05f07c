//! A block of a file: the lines that begin in some half a megabyte of it, as runs of records that belong to the same event.
//! Blocks are loaded by the threads of a [`super::pool::Pool`], so that a search only has to decide what becomes of their runs.
//!
//! Of each line no more is looked at than where it ends, its type and its event id, which most often is, byte for byte, that of
//! the line before. Its fields are read when it is taken out ([`Block::lines`]).
//!
//! A block leaves out what can never be asked for: lines that are no records ([`Block::marks`]), and records out of the time range,
//! most of which are passed over ([`Stamps`]). It finds the runs that have what is needed ([`Need`]), and says how new the
//! records before them are.
//!
//! Where a text that is needed is nowhere in a block, the block is skimmed: it has no runs, and of most lines no more is looked
//! at than that they are records of the second of the line before.
//!
//! Lines are cut as [`super::lines`] does it; NUL bytes become newlines as they are read. Lines belong to the block in which they
//! begin, that is in which the newline before them is not the last byte. The pieces of a line that is too long belong to the
//! line; where they are too many, the block stops ([`Block::rest`]), and is to be gone on with there.

use super::lines::{SEARCH_LINE, cut};
use super::stamps::Stamps;
use crate::query::literals::Need;
use crate::record::{ENRICHED, EventId, Front, Headers, Line, Record, RecordType};
use crate::sys::input::InputFile;
use crate::text;
use memchr::{memchr, memrchr};
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u64,
    pub(super) end: u64,
    /// A line begins at `start`, or a piece of one; else the first is looked for.
    pub(super) is_line: bool,
}

/// Records of one event that follow one another, with nothing between them.
pub(super) struct Run {
    /// Where they are in the text, without the newline of the last.
    start: u32,
    end: u32,
    /// The type of the first.
    pub(super) record_type: RecordType,
    /// Their event.
    pub(super) id: EventId,
    /// There is but one.
    pub(super) is_single: bool,
    /// It names the machine it came from; such a record is a run of its own.
    pub(super) has_node: bool,
    /// How the line begins, of one that is single and written as kernels do.
    front: Option<Front>,
}

/// A line that is no record, or all records up to the next mark.
pub(super) enum Mark<Line> {
    Unread(Line),
    Records { in_range: bool },
}

/// A block of a file. The default is empty, and is kept for its memory.
#[derive(Default)]
pub(super) struct Block {
    /// Where it is.
    pub(super) span: Span,
    /// Nothing that is needed is in it, and it has no runs.
    pub(super) is_skimmed: bool,
    /// The place of the text in the file.
    at: u64,
    /// More bytes than were read, which are kept so that they need not be cleared again.
    buffer: Vec<u8>,
    /// How many bytes of it are the block's text.
    used: usize,
    /// No byte of the text could end a record before its line.
    is_plain: bool,
    /// There is a record in the range.
    pub(super) has_records: bool,
    runs: Vec<Run>,
    /// The next line belongs to the last run, or is out of the range as the one before, if it has this id.
    open: Option<EventId>,
    /// The line before is in the last run.
    is_kept: bool,
    /// The runs that have what is needed, in order.
    pub(super) hits: Vec<usize>,
    /// Where some runs begin in the text, and the newest second of those before them in the block.
    steps: Vec<(usize, u64)>,
    /// The newest second of all.
    pub(super) newest: u64,
    /// The first record that a report names as such.
    pub(super) first: Option<EventId>,
    /// The last record, if no line that is none came after it, is in the range.
    in_range: Option<bool>,
    /// Where the lines that are no records are in the text, and which records stand between them.
    marks: Vec<Mark<Range<u32>>>,
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
    stamps: Stamps,
    /// Where all records are wanted each is a run of its own, so that it needs no second look.
    has_runs: bool,
    /// Where in the text stands what is needed.
    places: Vec<usize>,
}

/// A block to be loaded, with the memory for it.
pub(super) struct Job {
    pub(super) file: Arc<InputFile>,
    pub(super) span: Span,
    /// Its runs are wanted whatever is in it.
    pub(super) is_whole: bool,
    pub(super) block: Block,
}

impl<'q> Loader<'q> {
    pub(super) fn new(query: &'q Query) -> Loader<'q> {
        let stamps = Stamps::new(query.seconds.clone());
        Loader { query, headers: Headers::default(), stamps, has_runs: query.need.is_some(), places: Vec::new() }
    }

    /// Loads a block.
    pub(super) fn load(&mut self, job: Job) -> Block {
        let Job { file, span, is_whole, mut block } = job;
        block.clear(span);
        let Some(begin) = block.read(&file, span) else { return block };
        let read = block.used;
        self.seek(&block);
        let is_sought = self.query.need.as_ref().is_some_and(Need::has_places);
        block.is_skimmed = is_sought && !is_whole && self.places.is_empty();
        self.headers.forget();
        let end = self.walk(&mut block, &file, span, begin);
        if block.used > read {
            // The last line is a long one.
            self.seek(&block);
            if block.is_skimmed && !self.places.is_empty() {
                return self.load(Job { file, span, is_whole: true, block });
            }
        }
        block.used = end;
        block.is_plain = !self.has_runs && !block.runs.is_empty() && memchr(ENRICHED, block.text()).is_none();
        self.find(&mut block);
        block
    }

    /// Finds the places of what is needed.
    fn seek(&mut self, block: &Block) {
        self.places.clear();
        if let Some(need) = &self.query.need {
            need.places(block.text(), &mut |place| self.places.push(place));
        }
    }

    /// Finds the runs that have what is needed.
    fn find(&mut self, block: &mut Block) {
        let (mut hits, places) = (std::mem::take(&mut block.hits), std::mem::take(&mut self.places));
        for &place in &places {
            let at = block.runs.partition_point(|run| run.start as usize <= place).wrapping_sub(1);
            let is_new = hits.last() != Some(&at) && block.runs.get(at).is_some_and(|run| place < run.end as usize);
            if is_new && self.accepts(block, at, place) {
                hits.push(at);
            }
        }
        hits.sort_unstable();
        hits.dedup();
        (block.hits, self.places) = (hits, places);
    }

    /// Whether fields are read of the record that stands at this place of the text.
    fn accepts(&mut self, block: &Block, run: usize, place: usize) -> bool {
        let Some(run) = block.runs.get(run) else { return false };
        let before = block.slice(&(run.start as usize..place));
        let start = memrchr(b'\n', before).map_or(run.start as usize, |newline| run.start as usize + newline + 1);
        let line = text::up_to(block.slice(&(start..run.end as usize)), b'\n');
        // A piece of a line that is too long is no record by itself.
        self.headers.scan(Line::new(line)).ok().is_none_or(|record| Need::accepts(record.record_type))
    }

    /// Cuts lines from `at` on, up to those that begin at the end of the span, and gives back where the next line begins. A span
    /// without a byte is the rest of a line.
    fn walk(&mut self, block: &mut Block, file: &InputFile, span: Span, mut at: usize) -> usize {
        let (end, mut in_line, mut at_end) = (span.end, span.start == span.end, false);
        loop {
            if block.at + at as u64 >= end && !in_line {
                return at;
            }
            let empty = text::leading(block.text().get(at..).unwrap_or_default(), b'\n');
            if empty > 0 {
                (in_line, block.open) = (false, None);
                at += empty;
                continue;
            }
            match cut(block.text().get(at..).unwrap_or_default(), SEARCH_LINE, at_end) {
                Some((len, newline)) => {
                    self.line(block, at, len);
                    at += len + newline;
                    in_line = newline == 0;
                    if in_line {
                        block.open = None;
                    } else {
                        at += self.pass(block, at, end);
                    }
                }
                None if block.at + at as u64 > end.saturating_add(BEYOND as u64) => {
                    block.rest = Some(block.at + at as u64);
                    return at;
                }
                None if at_end || block.failed => return at,
                // Where reading fails only whole lines are taken.
                None => at_end = block.read_on(file, MORE) == 0 && !block.failed,
            }
        }
    }

    /// Takes the lines that follow and are as the line before: out of the range, records of its event, or, if it is in no run, of
    /// its second. Gives back how many bytes they have.
    fn pass(&mut self, block: &mut Block, at: usize, end: u64) -> usize {
        let rest = block.text().get(at..).unwrap_or_default();
        let end = end.saturating_sub(block.at + at as u64) as usize;
        // Which record is the first one with a time is asked for each.
        if block.in_range == Some(false) && block.first.is_some_and(|first| first.sec > 0) {
            let len = self.stamps.pass(rest.get(..end).unwrap_or(rest));
            if len > 0 {
                block.open = None;
            }
            return len;
        }
        if block.open.is_none_or(|id| id != self.headers.last()) {
            return 0;
        }
        if !block.is_kept {
            return self.headers.same_second(rest, end, SEARCH_LINE);
        }
        if !self.has_runs {
            return 0;
        }
        let has_type = |record_type| self.query.need.as_ref().is_some_and(|need| need.has_type(record_type));
        let len = self.headers.continuing(rest, end, SEARCH_LINE, |record_type| !has_type(record_type));
        if let Some(run) = block.runs.last_mut().filter(|_| len > 0) {
            (run.end, run.is_single) = ((at + len - 1) as u32, false);
        }
        len
    }

    /// Takes a line into a run, if it is a record in the range.
    #[inline(always)]
    fn line(&mut self, block: &mut Block, mut start: usize, len: usize) {
        let end = start + len;
        let text = block.buffer.get(start..end).unwrap_or_default();
        let front = self.headers.front(text);
        let (record_type, id, has_node) = match &front {
            Some(front) => (front.record_type, front.id, false),
            None => {
                let found = Record::find(Line::new(text));
                let found = found.map(|(torn, record)| (torn, (record.record_type, record.id, record.node.is_some())));
                let torn = found.map_or(len, |(torn, _)| torn);
                block.pass_over(start, torn);
                start += torn;
                let Some((_, facts)) = found else { return };
                facts
            }
        };
        let end = end as u32;
        if block.open != Some(id) || !self.has_runs {
            let in_range = self.query.seconds.contains(&id.sec);
            let is_first = !in_range || !self.query.has_start;
            if block.first.is_none_or(|first| first.sec == 0) && is_first {
                block.first = Some(id);
            }
            if block.in_range != Some(in_range) {
                block.in_range = Some(in_range);
                block.marks.push(Mark::Records { in_range });
            }
            if in_range {
                block.open_run(start, id, self.query.step);
            }
            block.is_kept = in_range && !block.is_skimmed;
            if block.is_kept {
                block.runs.push(Run { start: start as u32, end, record_type, id, is_single: true, has_node, front });
            }
            block.open = Some(id).filter(|_| !has_node);
        } else if let Some(run) = block.runs.last_mut().filter(|_| block.is_kept) {
            (run.end, run.is_single) = (end, false);
        }
        let is_hit = match &self.query.need {
            Some(Need::Serial(serial)) => id.serial == *serial,
            Some(need) => need.has_type(record_type),
            None => false,
        };
        if is_hit && block.is_kept {
            block.hits.push(block.runs.len() - 1);
        }
    }
}

impl Block {
    fn clear(&mut self, span: Span) {
        (self.span, self.is_skimmed) = (span, false);
        // The byte before is read too, to see whether a line begins at the start.
        self.at = if span.is_line { span.start } else { span.start.saturating_sub(1) };
        self.runs.clear();
        self.hits.clear();
        self.steps.clear();
        self.marks.clear();
        (self.used, self.rest, self.open, self.is_kept, self.is_plain) = (0, None, None, false, false);
        (self.newest, self.first, self.in_range, self.has_records, self.failed) = (0, None, None, false, false);
    }

    /// Passes over a line that is no record, or the part of one that is none.
    #[cold]
    fn pass_over(&mut self, start: usize, len: usize) {
        self.open = None;
        if len > 0 {
            self.marks.push(Mark::Unread(start as u32..(start + len) as u32));
            self.in_range = None;
        }
    }

    /// Takes note of what is known by a run that begins.
    fn open_run(&mut self, start: usize, id: EventId, step: u64) {
        self.has_records = true;
        if self.steps.last().is_none_or(|(last, _)| start as u64 >= *last as u64 + step) {
            self.steps.push((start, self.newest));
        }
        self.newest = self.newest.max(id.sec);
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
        let new = place.get_mut(..read).unwrap_or_default();
        if let Some(from) = memchr(0, new).and_then(|first| new.get_mut(first..)) {
            from.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b'\n');
        }
        self.used += read;
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

    /// Where some records begin in the file, and the newest second of those before them in the block.
    pub(super) fn steps(&self) -> impl Iterator<Item = (u64, u64)> {
        self.steps.iter().map(|(place, newest)| (self.at + *place as u64, *newest))
    }

    /// The first run at or after the first step after a place in the file; the number of runs if there is none.
    pub(super) fn next_step(&self, place: u64) -> usize {
        let at = self.steps.partition_point(|(step, _)| self.at + *step as u64 <= place);
        self.steps.get(at).map_or(self.len(), |(step, _)| self.index(self.at + *step as u64))
    }

    /// How many runs there are.
    pub(super) fn len(&self) -> usize {
        self.runs.len()
    }

    /// A run.
    pub(super) fn run(&self, index: usize) -> Option<&Run> {
        self.runs.get(index)
    }

    /// Where a run begins in the file; of one after the last, where the next block begins.
    pub(super) fn place(&self, index: usize) -> u64 {
        self.at + self.runs.get(index).map_or(self.used as u64, |run| u64::from(run.start))
    }

    /// The first run at or after a place in the file.
    pub(super) fn index(&self, place: u64) -> usize {
        self.runs.partition_point(|run| self.at + u64::from(run.start) < place)
    }

    /// The event of a run.
    pub(super) fn id(&self, index: usize) -> EventId {
        self.runs.get(index).map(|run| run.id).unwrap_or_default()
    }

    /// The record of a run, if there is but one, and it is written as kernels do.
    #[inline(always)]
    pub(super) fn record(&self, run: &Run) -> Option<Record<'_>> {
        let front = run.front.as_ref().filter(|_| run.is_single)?;
        let text = self.slice(&(run.start as usize..run.end as usize));
        Some(front.record(if self.is_plain { Line { text, end: text.len() } } else { Line::new(text) }))
    }

    /// The lines of a run.
    pub(super) fn lines(&self, run: &Run) -> RunLines<'_> {
        RunLines::new(self.slice(&(run.start as usize..run.end as usize)))
    }

    /// The lines that are no records, where each begins in the file and its text, and the records between them.
    pub(super) fn marks(&self) -> impl Iterator<Item = Mark<(u64, &[u8])>> {
        self.marks.iter().map(|mark| match mark {
            Mark::Records { in_range } => Mark::Records { in_range: *in_range },
            Mark::Unread(place) => {
                let text = self.slice(&(place.start as usize..place.end as usize));
                Mark::Unread((self.at + u64::from(place.start), text))
            }
        })
    }
}

impl Run {
    /// How many bytes its lines have, with the newlines between them.
    pub(super) fn len(&self) -> u32 {
        self.end - self.start
    }
}

/// Lines that follow one another, and are records of the same event.
pub(super) struct RunLines<'b> {
    rest: &'b [u8],
    /// No byte could end a record before its line.
    is_plain: bool,
}

impl<'b> RunLines<'b> {
    pub(super) fn new(text: &'b [u8]) -> RunLines<'b> {
        RunLines { rest: text, is_plain: memchr(ENRICHED, text).is_none() }
    }
}

impl<'b> Iterator for RunLines<'b> {
    type Item = Line<'b>;

    #[inline(always)]
    fn next(&mut self) -> Option<Line<'b>> {
        let (len, newline) = cut(self.rest, SEARCH_LINE, true)?;
        let (text, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest.get(newline..).unwrap_or_default();
        Some(if self.is_plain { Line { text, end: text.len() } } else { Line::new(text) })
    }
}
