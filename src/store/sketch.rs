//! A stretch of a log in outline, as [`super::scout`] looks at it: where the marked lines are, and around them whose records
//! follow each other. That is enough to know when events begin and end; what they say is read of the wanted ones alone.
//!
//! Sketches are made by two threads side by side.

use super::reader::SEARCH_LINE;
use super::seek::{self, fill};
use crate::query::probe::Probe;
use crate::record::{EventId, Headers, Line, Record, RecordType};
use crate::sys::input::InputFile;
use memchr::memchr;
use std::io;
use std::ops::Range;

/// A marked line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    /// Where it begins.
    pub(super) line: u64,
    pub(super) stamp: EventId,
}

/// Lines in a row that belong to the same event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) at: u64,
    len: u32,
    /// The type of the first one.
    pub(super) kind: RecordType,
    /// Second 0 when no line of it is a record.
    pub(super) stamp: EventId,
    /// Type and stamp say all there is to know of it, as long as its event is not wanted.
    pub(super) is_plain: bool,
    /// More records of the same event would join it.
    is_open: bool,
}

impl Run {
    pub(super) fn end(&self) -> u64 {
        self.at + u64::from(self.len)
    }
}

/// What is known of the lines that begin in a stretch of the file.
pub(super) struct Sketch {
    pub(super) range: Range<u64>,
    /// In order.
    pub(super) hits: Vec<Hit>,
    /// The events of all hits, also of those for which there is no room.
    pub(super) wanted: Vec<EventId>,
    runs: Option<Vec<Run>>,
}

/// With shorter runs than this on the average, which no real log has, a stretch is one run that must be read.
const SHORTEST_RUN: usize = 64;

/// What is needed for making sketches one after another.
#[derive(Default)]
pub(super) struct Scratch {
    buffer: Vec<u8>,
    headers: Headers,
}

impl Scratch {
    /// Looks for marked lines, and where there are some at the runs.
    pub(super) fn sketch(&mut self, file: &InputFile, range: Range<u64>, probe: &Probe) -> io::Result<Sketch> {
        let (text, lines, at) = load(file, &range, &mut self.buffer)?;
        let mut hits = Vec::new();
        probe.scan(text, lines.start, &mut |start| {
            let line = text.get(start..).unwrap_or_default();
            if start < lines.end {
                let known = self.headers.front(line).map(|front| (front.kind, front.stamp));
                let known = known.or_else(|| seek::record(line).map(|record| (record.kind, record.stamp)));
                let known = known.filter(|(kind, _)| probe.accepts(*kind));
                hits.extend(known.map(|(_, stamp)| Hit { line: at + start as u64, stamp }));
            }
        });
        hits.sort_unstable();
        hits.dedup();
        let wanted = hits.iter().map(|hit| hit.stamp).collect();
        let mut sketch = Sketch { range, hits, wanted, runs: None };
        if !sketch.hits.is_empty() {
            sketch.runs = Some(runs(text, lines, at, &mut self.headers));
        }
        sketch.bound();
        Ok(sketch)
    }
}

impl Sketch {
    /// The runs, which are looked up now if that was not done before.
    pub(super) fn runs(&mut self, file: &InputFile, scratch: &mut Scratch) -> io::Result<&[Run]> {
        if self.runs.is_none() {
            let (text, lines, at) = load(file, &self.range, &mut scratch.buffer)?;
            self.runs = Some(runs(text, lines, at, &mut scratch.headers));
            self.bound();
        }
        Ok(self.runs.as_deref().unwrap_or_default())
    }

    /// Keeps the memory and the time within bounds: of too many hits two, which need as much to be read as all do, from
    /// where the oldest event may begin up to where the newest one is complete.
    fn bound(&mut self) {
        let room = (self.range.end - self.range.start) as usize / SHORTEST_RUN + 16;
        let Some(runs) = self.runs.as_mut() else { return };
        if runs.len() > room || self.hits.len() > room {
            let newest = self.wanted.iter().max().copied();
            let stamp = newest.or(runs.iter().map(|run| run.stamp).max()).unwrap_or_default();
            let at = runs.first().map_or(self.range.start, |run| run.at);
            let len = runs.last().map_or(0, |run| (run.end() - at) as u32);
            *runs = vec![Run { at, len, kind: RecordType::UNRECOGNISED, stamp, is_plain: false, is_open: false }];
            let first =
                self.hits.first().zip(self.wanted.iter().min()).map(|(hit, oldest)| Hit { stamp: *oldest, ..*hit });
            let last = self.hits.last().map(|hit| Hit { stamp, ..*hit });
            self.hits = first.into_iter().chain(last).collect();
        }
        runs.shrink_to_fit();
        self.hits.shrink_to_fit();
    }
}

/// Reads `range` and what its last line needs more. Gives back the text, between which bytes of it lines begin, and where
/// in the file it begins.
fn load<'b>(
    file: &InputFile,
    range: &Range<u64>,
    buffer: &'b mut Vec<u8>,
) -> io::Result<(&'b [u8], Range<usize>, u64)> {
    // A line begins with the file or behind a newline.
    let lead = usize::from(range.start > 0);
    let len = (range.end - range.start) as usize + lead;
    let at = range.start - lead as u64;
    let text = fill(file, at, len + SEARCH_LINE, buffer)?;
    let first = if lead == 0 { 0 } else { memchr(b'\n', text).map_or(len, |newline| newline + 1) };
    Ok((text, first.min(len)..len.min(text.len()), at))
}

/// The runs of the lines that begin in `lines` of the text, which stands at `at` in the file.
fn runs(text: &[u8], lines: Range<usize>, at: u64, headers: &mut Headers) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    if lines.start > SEARCH_LINE + 1 {
        // The rest of a line that is so long that it could not be followed from where it begins.
        add_unread(&mut runs, at + 1, text.get(1..lines.start).unwrap_or_default());
    }
    let mut start = lines.start;
    while start < lines.end {
        let rest = text.get(start..).unwrap_or_default();
        let open = runs.last_mut().filter(|run| run.is_open);
        let known = if open.is_some() { headers.continues(rest) } else { None };
        let newline = memchr(b'\n', rest.get(known.unwrap_or(0)..).unwrap_or_default());
        let len = newline.map_or(lines.end - start, |newline| known.unwrap_or(0) + newline + 1);
        match open {
            Some(run) if known.is_some() && len <= SEARCH_LINE => run.len += len as u32,
            _ => add(&mut runs, at + start as u64, rest.get(..len).unwrap_or(rest), headers),
        }
        start += len;
    }
    runs
}

/// Adds a line that begins a run.
fn add(runs: &mut Vec<Run>, at: u64, line: &[u8], headers: &mut Headers) {
    match headers.front(line).filter(|_| line.len() <= SEARCH_LINE) {
        Some(front) => {
            let (kind, stamp, is_open) = (front.kind, front.stamp, !front.kind.ends_event());
            runs.push(Run { at, len: line.len() as u32, kind, stamp, is_plain: true, is_open });
        }
        None => add_unread(runs, at, line),
    }
}

/// Adds a line of which more must be known than its front.
#[cold]
fn add_unread(runs: &mut Vec<Run>, at: u64, line: &[u8]) {
    let len = line.len() as u32;
    let record = Record::scan(Line::new(line.get(..SEARCH_LINE).unwrap_or(line))).ok();
    match runs.last_mut().filter(|run| !run.is_plain && record.is_none_or(|record| record.stamp == run.stamp)) {
        Some(run) => run.len += len,
        None => {
            let (kind, stamp) = record.map_or((RecordType::UNRECOGNISED, EventId::default()), |r| (r.kind, r.stamp));
            runs.push(Run { at, len, kind, stamp, is_plain: false, is_open: false });
        }
    }
}
