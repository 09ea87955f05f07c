//! Which parts of a log file must be read for a search.
//!
//! A time range is sought ([`super::seek`]), and a [`Probe`] finds the lines without which no event can be found, two
//! threads side by side. Around each such line all is read that can belong to its event: back to where the log is older, and on
//! until it is newer by the end-of-event timeout. What is left out cannot change what is found, as long as records stand
//! no further from their event than that; small files are read whole.

use super::reader::{Part, SEARCH_LINE};
use super::seek::{self, fill, line_ends, record, second};
use crate::query::probe::Probe;
use crate::sys::input::InputFile;
use memchr::memchr;
use std::io;
use std::ops::{ControlFlow, Range};

/// What is known about the events that are looked for.
#[derive(Clone, Copy)]
pub struct Scout<'q> {
    /// The mark they bear.
    pub probe: Option<&'q Probe>,
    /// Their first and last second.
    pub start: Option<u64>,
    /// See `start`.
    pub end: Option<u64>,
    /// The end-of-event timeout in seconds.
    pub timeout: u64,
    /// Files shorter than this are read whole.
    pub whole_below: u64,
}

/// Below this length there is nothing to gain by leaving parts out.
pub const WHOLE_BELOW: u64 = 4 << 20;

/// How much one thread scans before the two meet.
const REGION: u64 = 4 << 20;

/// How much of it at a time.
const BLOCK: usize = 128 << 10;

/// The step by which a part grows, and what of the ends of a file is always read: events go on in the next file.
const STEP: u64 = 16 << 10;

/// How far back an event's beginning is looked for at most.
const FURTHEST: u64 = 4 << 20;

/// A line that bears the mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    line: u64,
    sec: u64,
}

/// A part that is growing.
struct Window {
    start: u64,
    end: u64,
    /// The newest second in it.
    newest: u64,
}

/// Reads a part; `true` when something was left out before it.
pub type Visit<'v> = &'v mut dyn FnMut(Part<'_>, bool) -> ControlFlow<()>;

impl Scout<'_> {
    /// Calls `visit` with the parts of `file` that must be read, in order.
    pub fn each_part(&self, file: &InputFile, visit: Visit<'_>) -> io::Result<()> {
        let len = file.len();
        let range = if len < self.whole_below { 0..len } else { seek::time_range(file, len, self.start, self.end)? };
        let probe = self.probe.filter(|_| range.end - range.start >= self.whole_below.max(1));
        let Some(probe) = probe else {
            // A file that grows is read to its end, wherever that is by then.
            let end = if range.end == len { u64::MAX } else { range.end };
            let _ = visit(Part { file, at: range.start, end }, false);
            return Ok(());
        };
        Survey { scout: self, file, range, buffer: Vec::new() }.run(probe, visit)
    }
}

/// One file being looked over.
struct Survey<'s> {
    scout: &'s Scout<'s>,
    file: &'s InputFile,
    range: Range<u64>,
    buffer: Vec<u8>,
}

impl Survey<'_> {
    fn run(mut self, probe: &Probe, visit: Visit<'_>) -> io::Result<()> {
        let mut window = Window { start: self.range.start, end: self.range.start, newest: 0 };
        self.grow(&mut window, self.range.start + STEP, 0)?;
        let mut gap = false;
        let mut from = self.range.start;
        while from < self.range.end {
            for hit in self.hits(probe, from)? {
                if let Some(new) = self.take(&mut window, hit)? {
                    let done = std::mem::replace(&mut window, new);
                    let part = Part { file: self.file, at: done.start, end: done.end };
                    if visit(part, std::mem::replace(&mut gap, true)).is_break() {
                        return Ok(());
                    }
                }
            }
            from += 2 * REGION;
        }
        self.last_parts(window, gap, visit)
    }

    /// The last window, and the end of the file.
    fn last_parts(&mut self, mut window: Window, gap: bool, visit: Visit<'_>) -> io::Result<()> {
        let tail = self.line_start(self.range.end.saturating_sub(STEP))?;
        if tail <= window.end {
            window.end = u64::MAX;
        }
        let part = Part { file: self.file, at: window.start, end: window.end };
        if visit(part, gap).is_continue() && window.end < tail {
            let _ = visit(Part { file: self.file, at: tail, end: u64::MAX }, true);
        }
        Ok(())
    }

    /// Widens `window` so that it holds the hit's event, or gives back a new one behind a gap.
    fn take(&mut self, window: &mut Window, hit: Hit) -> io::Result<Option<Window>> {
        let complete = hit.sec.saturating_add(self.scout.timeout);
        if hit.line < window.end {
            self.grow(window, hit.line + STEP, complete)?;
            return Ok(None);
        }
        let start = self.beginning(hit, window.end)?;
        if start <= window.end {
            self.grow(window, hit.line + STEP, complete)?;
            return Ok(None);
        }
        let mut new = Window { start, end: start, newest: 0 };
        self.grow(&mut new, hit.line + STEP, complete)?;
        Ok(Some(new))
    }

    /// Moves the window's end on, line by line, to `least` bytes and to a line of second `complete` or later.
    fn grow(&mut self, window: &mut Window, least: u64, complete: u64) -> io::Result<()> {
        while window.end < self.range.end && (window.end < least || window.newest < complete) {
            let end = window.end;
            let block = self.block(end, STEP)?;
            let mut newest = window.newest;
            let mut used = 0;
            for (start, after) in line_ends(block) {
                used = after;
                newest = newest.max(second(block.get(start..after).unwrap_or_default()).unwrap_or(0));
                if end + after as u64 >= least && newest >= complete {
                    break;
                }
            }
            if used == 0 {
                // No line ends here: what remains is its last one, or one that is longer than any record.
                used = block.len().max(1);
            }
            window.end = (end + used as u64).min(self.range.end);
            window.newest = newest;
        }
        Ok(())
    }

    /// Where reading must begin for the event of `hit`: at a line before which the log is older, not before `floor`.
    fn beginning(&mut self, hit: Hit, floor: u64) -> io::Result<u64> {
        let furthest = hit.line.saturating_sub(FURTHEST).max(floor);
        let mut at = hit.line;
        while at > furthest {
            let piece = at;
            at = at.saturating_sub(STEP).max(furthest);
            let start = self.line_start(at)?;
            let block = self.block(start, piece.saturating_sub(start))?;
            let is_older = |(from, to)| second(block.get(from..to).unwrap_or_default()).is_none_or(|sec| sec < hit.sec);
            let mut lines = line_ends(block).take_while(|(_, after)| *after < STEP as usize / 4).peekable();
            if at > furthest && lines.peek().is_some() && lines.all(is_older) {
                return Ok(start);
            }
        }
        // Where no line begins for long there is no earlier record of the event.
        if furthest == floor { Ok(floor) } else { Ok(self.line_start(furthest)?.min(hit.line)) }
    }

    /// The first start of a line at or behind `at`.
    fn line_start(&mut self, at: u64) -> io::Result<u64> {
        if at <= self.range.start {
            return Ok(self.range.start);
        }
        let end = self.range.end;
        let block = self.block(at - 1, STEP)?;
        Ok(memchr(b'\n', block).map_or(end, |len| at + len as u64))
    }

    /// Bytes of the file from `at` on, as many as there are.
    fn block(&mut self, at: u64, len: u64) -> io::Result<&[u8]> {
        let len = usize::try_from(len.min(self.range.end.saturating_sub(at))).unwrap_or(0);
        fill(self.file, at, len, &mut self.buffer)
    }

    /// The hits of two regions, in order.
    fn hits(&self, probe: &Probe, from: u64) -> io::Result<Vec<Hit>> {
        let region = |start: u64| start.min(self.range.end)..start.saturating_add(REGION).min(self.range.end);
        let (first, second) = std::thread::scope(|threads| {
            let other = threads.spawn(|| region_hits(self.file, probe, region(from + REGION)));
            (region_hits(self.file, probe, region(from)), other.join())
        });
        let mut hits = first?;
        hits.extend(second.unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))?);
        Ok(hits)
    }
}

/// The marked lines that begin in `region`.
fn region_hits(file: &InputFile, probe: &Probe, region: Range<u64>) -> io::Result<Vec<Hit>> {
    let (mut hits, mut buffer, mut at) = (Vec::new(), Vec::new(), region.start);
    while at < region.end {
        // A line begins with its block or behind a newline; its end may lie in the next block.
        let len = BLOCK.min(usize::try_from(region.end - at).unwrap_or(BLOCK));
        let lead = u64::from(at > 0);
        let block = fill(file, at - lead, len + lead as usize + SEARCH_LINE, &mut buffer)?;
        let first = if lead == 0 { 0 } else { memchr(b'\n', block).map_or(block.len(), |newline| newline + 1) };
        let before = hits.len();
        probe.scan(block, first, &mut |start| {
            let line = block.get(start..).unwrap_or_default();
            if start < len + lead as usize {
                let record = record(line).filter(|record| probe.accepts(record.kind));
                hits.extend(record.map(|record| Hit { line: at - lead + start as u64, sec: record.stamp.sec }));
            }
        });
        if let Some(new) = hits.get_mut(before..) {
            new.sort_unstable();
        }
        at += len as u64;
    }
    hits.dedup();
    Ok(hits)
}

#[cfg(test)]
mod tests;
