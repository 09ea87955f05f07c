//! Which parts of a log file must be read for a search.
//!
//! The first second is sought ([`super::seek`]), and behind it two threads side by side find the lines of the range
//! (`sift`) or, with a [`Probe`], those without which no event can be found. Around each of these the log is gone through:
//! back to where it is older, and on until it is newer by the end-of-event timeout. There the records of events that have
//! such a line are read, and of the others is told whose they are, as they complete and hold back events. Small files are
//! read whole, and the ends of others too.
//!
//! A range changes nothing: its lines are all the reader takes, be they chosen (`sift`), read because most are wanted
//! (`UNCHOSEN`) or read ahead ([`Piece::Long`]). With a probe nothing found changes as long as
//! - every event that is found has a marked line of its own ([`Probe::of`]);
//! - no record of it stands before its first marked line with `STEP` bytes in a row between them that are all older in
//!   seconds, or more than `FURTHEST` bytes between them;
//! - of an event that goes on in the next file, what stands in the file without marked lines is in the last `STEP` bytes of
//!   the one or the first of the other;
//! - fewer bytes wait at once than the assembler holds ([`crate::event::WAITING_BYTES`]). With more it gives events out early
//!   and in pieces. Noted events carry no bytes, so that here it keeps whole what it would cut when all is read.
//!
//! What can be missed so: a record far before the first marked line of its event, in a log that is older between the two or
//! was rotated there. Records that come when the log is newer by the timeout are an event by themselves, however it is read.

use super::reader::{Part, Source};
use super::seek;
use super::sift::Sieve;
use super::sketch::{Hit, Run, Scratch, Sketch};
use crate::query::probe::Probe;
use crate::record::{EventId, RecordType};
use crate::sys::input::InputFile;
use std::collections::VecDeque;
use std::io;
use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::Builder;

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
    /// Files and parts shorter than this are read whole.
    pub whole_below: u64,
    /// In files of this length and more the first second is sought ([`seek::SOUGHT_FROM`]).
    pub sought_from: u64,
}

/// A piece of a log, in the order of the file.
pub enum Piece<'f> {
    /// To be read.
    Lines(&'f mut dyn Source),
    /// To be read too, and so long that it pays to do it with [`super::ahead`].
    Long(Part<'f>),
    /// Records of an event that is not wanted: type of the first one, and the event. They have no node.
    Other(RecordType, EventId),
    /// What is left out here is so long that everything before it is complete.
    Gap,
}

/// Takes a piece.
pub type Visit<'v> = &'v mut dyn FnMut(Piece<'_>) -> ControlFlow<()>;

/// Below this length there is nothing to gain by leaving parts out.
pub const WHOLE_BELOW: u64 = 4 << 20;

/// How much is read without a choice where most lines are wanted.
const UNCHOSEN: u64 = 16 << 20;

/// How much one thread looks at before it asks for more.
const STRETCH: u64 = 512 << 10;

/// How much both look at before they meet.
const ROUND: u64 = 8 * STRETCH;

/// How far back an event's beginning is looked for at most: what is known of the log reaches back so far.
const FURTHEST: u64 = ROUND;

/// So many bytes in a row must be older for an event to begin behind them. So much is read around a marked line, and of the
/// ends of a file: events go on in the next one.
const STEP: u64 = 16 << 10;

impl Scout<'_> {
    /// Calls `visit` with what must be read of `file`, in order. Of records outside of the range it gets some.
    pub fn each_piece(&self, file: &InputFile, visit: Visit<'_>) -> io::Result<()> {
        let len = file.len();
        let parts = match self.start.filter(|_| len >= self.sought_from) {
            Some(start) => seek::parts(file, len, start)?,
            None => std::iter::once(0..len).collect(),
        };
        for part in parts {
            // A file that grows is read to its end, wherever that is by then.
            let end = if part.end == len { u64::MAX } else { part.end };
            if self.part(file, part, end, visit)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Visits what matters of `part`, which is read on to `end` when nothing is left out there.
    fn part(&self, file: &InputFile, part: Range<u64>, end: u64, visit: Visit<'_>) -> io::Result<ControlFlow<()>> {
        let mut at = part.start;
        if part.end - at >= self.whole_below.max(1) {
            if let Some(probe) = self.probe {
                return Survey::new(file, probe, self.timeout, part).run(end, visit);
            }
            // Behind a start that was sought most is wanted if there is no end.
            let was_sought = file.len() >= self.sought_from;
            let sifts = self.end.is_some() || (self.start.is_some() && !was_sought);
            if sifts && self.sift(file, &mut at, part.end, visit)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        let mut part = Part { file, at, end };
        let is_long = part.len() >= self.whole_below;
        Ok(visit(if is_long { Piece::Long(part) } else { Piece::Lines(&mut part) }))
    }

    /// Visits the lines of the range from `at` on, which is moved to what remains to be read before `end`.
    fn sift(&self, file: &InputFile, at: &mut u64, end: u64, visit: Visit<'_>) -> io::Result<ControlFlow<()>> {
        let sieve = Sieve { file, seconds: self.start.unwrap_or(0)..=self.end.unwrap_or(u64::MAX) };
        while let Some((lines, rest)) = sieve.next(*at, end)? {
            let is_dense = 2 * lines.len() as u64 > rest - *at;
            *at = rest;
            if visit(Piece::Lines(&mut lines.as_slice())).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            // Where most lines are wanted it costs more to choose than to read them all.
            let next = if is_dense { sieve.line_start(rest + UNCHOSEN, end)? } else { None };
            if let Some(next) = next {
                *at = next;
                if visit(Piece::Lines(&mut Part { file, at: rest, end: next })).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// One file being looked over.
struct Survey<'s> {
    file: &'s InputFile,
    probe: &'s Probe,
    timeout: u64,
    range: Range<u64>,
    /// From here on everything is read.
    tail: u64,
    scratch: Scratch,
    /// What must be gone through, in order and apart from each other.
    needs: VecDeque<Range<u64>>,
    /// The events that have a marked line near by, in order.
    wanted: Vec<EventId>,
    /// The place in `wanted` where the last one that was asked for is, or would be.
    place: usize,
    /// The newest second since the last gap, and the one at which all wanted events are complete.
    newest: u64,
    complete: u64,
    /// How far the log has been gone through, and from where on its lines are yet to be read.
    told: u64,
    unread: u64,
}

impl<'s> Survey<'s> {
    fn new(file: &'s InputFile, probe: &'s Probe, timeout: u64, range: Range<u64>) -> Survey<'s> {
        let start = range.start;
        Survey {
            file,
            probe,
            timeout,
            tail: range.end.saturating_sub(STEP),
            range,
            scratch: Scratch::default(),
            needs: std::iter::once(start..start + STEP).collect(),
            wanted: Vec::new(),
            place: 0,
            newest: 0,
            complete: 0,
            told: start,
            unread: start,
        }
    }

    /// Goes through everything, and reads on up to `end`.
    fn run(mut self, end: u64, visit: Visit<'_>) -> io::Result<ControlFlow<()>> {
        let mut other_scratch = Scratch::default();
        let (mut due, mut next) = (Vec::new(), Vec::new());
        let mut from = self.range.start;
        while from < self.range.end || !next.is_empty() {
            let (fresh, told) = self.round(&mut other_scratch, from, &mut due, visit)?;
            if told.is_break() {
                return Ok(told);
            }
            from += ROUND;
            let past = std::mem::replace(&mut due, std::mem::replace(&mut next, fresh));
            self.want(&past, &mut due, &mut next)?;
        }
        let told = self.tell(&mut due, visit)?;
        if told.is_break() {
            return Ok(told);
        }
        Ok(visit(Piece::Lines(&mut Part { file: self.file, at: self.unread, end })))
    }

    /// Makes the sketches of the round that begins at `from`, and meanwhile tells of the one before the last.
    fn round(
        &mut self,
        other_scratch: &mut Scratch,
        from: u64,
        due: &mut [Sketch],
        visit: Visit<'_>,
    ) -> io::Result<(Vec<Sketch>, ControlFlow<()>)> {
        let (file, probe) = (self.file, self.probe);
        let (next, end) = (AtomicU64::new(from), (from + ROUND).min(self.range.end));
        let sketches = |scratch: &mut Scratch| -> io::Result<Vec<Sketch>> {
            let starts = std::iter::from_fn(|| Some(next.fetch_add(STRETCH, Ordering::Relaxed)));
            let ranges = starts.take_while(|start| *start < end).map(|start| start..end.min(start + STRETCH));
            ranges.map(|range| scratch.sketch(file, range, probe)).collect()
        };
        std::thread::scope(|threads| {
            let other = Builder::new().spawn_scoped(threads, || sketches(other_scratch));
            let told = self.tell(due, visit)?;
            let mut all = sketches(&mut self.scratch)?;
            if let Ok(other) = other {
                all.extend(other.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))?);
            }
            all.sort_unstable_by_key(|sketch| sketch.range.start);
            Ok((all, told))
        })
    }

    /// Finds out what the hits of `new` need, which follows `old` and `past`, and which events are wanted in all three.
    fn want(&mut self, past: &[Sketch], old: &mut [Sketch], new: &mut [Sketch]) -> io::Result<()> {
        let mut before: Option<Hit> = None;
        for at in 0..new.len() {
            for hit in new.get(at).map(|sketch| sketch.hits.clone()).unwrap_or_default() {
                let begin = match before {
                    // Behind what is older than the hit before, only newer lines than that matter to this one.
                    Some(near) if hit.line < near.line + STEP && near.stamp.sec <= hit.stamp.sec => near.line,
                    _ => self.beginning(old, new.get_mut(..=at).unwrap_or_default(), hit)?,
                };
                before = Some(hit);
                self.need(begin..hit.line + STEP);
            }
        }
        let sketches = past.iter().chain(old.iter()).chain(new.iter());
        self.wanted.clear();
        self.wanted.extend(sketches.flat_map(|sketch| sketch.wanted.iter().copied()));
        self.wanted.sort_unstable();
        self.wanted.dedup();
        self.place = 0;
        Ok(())
    }

    /// Where reading must begin for the event of `hit`: behind it, going back, all of a step is older.
    fn beginning(&mut self, old: &mut [Sketch], new: &mut [Sketch], hit: Hit) -> io::Result<u64> {
        let (mut edge, mut begin) = (hit.line, hit.line);
        for sketch in old.iter_mut().chain(new).rev() {
            let runs = sketch.runs(self.file, &mut self.scratch)?;
            let before = runs.partition_point(|run| run.at < hit.line);
            for run in runs.iter().take(before).rev() {
                begin = run.at;
                if run.stamp.sec >= hit.stamp.sec {
                    edge = begin;
                } else if begin + STEP <= edge {
                    return Ok(begin);
                }
                if begin + FURTHEST <= hit.line {
                    return Ok(begin);
                }
            }
        }
        Ok(begin)
    }

    fn need(&mut self, mut bytes: Range<u64>) {
        while let Some(last) = self.needs.back().filter(|last| bytes.start <= last.end) {
            bytes = bytes.start.min(last.start)..bytes.end.max(last.end);
            self.needs.pop_back();
        }
        self.needs.push_back(bytes);
    }

    /// Goes through what is needed of a round.
    fn tell(&mut self, round: &mut [Sketch], visit: Visit<'_>) -> io::Result<ControlFlow<()>> {
        for sketch in round {
            if self.needs(&sketch.range) {
                let runs = sketch.runs(self.file, &mut self.scratch)?;
                if runs.iter().try_for_each(|run| self.go_through(run, visit)).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Whether some of these bytes must be gone through, behind which nothing has been.
    fn needs(&mut self, bytes: &Range<u64>) -> bool {
        while self.needs.front().is_some_and(|need| need.end <= bytes.start) {
            self.needs.pop_front();
        }
        let is_needed = self.needs.front().is_some_and(|need| need.start < bytes.end);
        is_needed || self.newest < self.complete || bytes.end > self.tail
    }

    fn go_through(&mut self, run: &Run, visit: Visit<'_>) -> ControlFlow<()> {
        if !self.needs(&(run.at..run.end())) {
            return ControlFlow::Continue(());
        }
        if run.at != self.told {
            self.read_up_to(self.told, visit)?;
            visit(Piece::Gap)?;
            (self.newest, self.complete, self.unread) = (0, 0, run.at);
        }
        self.told = run.end();
        self.newest = self.newest.max(run.stamp.sec);
        if self.is_wanted(run.stamp) {
            self.complete = self.complete.max(run.stamp.sec + self.timeout);
        } else if run.is_plain && (self.range.start + STEP..self.tail).contains(&run.at) {
            self.read_up_to(run.at, visit)?;
            self.unread = run.end();
            visit(Piece::Other(run.kind, run.stamp))?;
        }
        ControlFlow::Continue(())
    }

    /// Lets be read what was gone through before `end` and is not told otherwise.
    fn read_up_to(&mut self, end: u64, visit: Visit<'_>) -> ControlFlow<()> {
        let at = std::mem::replace(&mut self.unread, end);
        if at < end { visit(Piece::Lines(&mut Part { file: self.file, at, end })) } else { ControlFlow::Continue(()) }
    }

    /// Whether the event has a marked line. Most often the answer is near the last one.
    fn is_wanted(&mut self, stamp: EventId) -> bool {
        let is_place = |place: usize| {
            let (before, from) = self.wanted.split_at_checked(place).unwrap_or_default();
            place <= self.wanted.len()
                && before.last().is_none_or(|before| *before < stamp)
                && from.first().is_none_or(|here| stamp <= *here)
        };
        self.place = match self.place {
            place if is_place(place) => place,
            place if is_place(place + 1) => place + 1,
            _ => self.wanted.partition_point(|other| *other < stamp),
        };
        self.wanted.get(self.place) == Some(&stamp)
    }
}

#[cfg(test)]
mod tests;
