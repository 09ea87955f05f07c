//! Which bytes of a large log file must be read for the events since a second.
//!
//! Time in a log is not in order. Clocks are set; several machines write into one log; and a system call is written when it
//! ends, with the time at which it began, so that events come late, by hours if it waited so long. But they do not come
//! early. So the file is looked at from its start on, at places no more than [`REACH`] bytes apart, and passed over while it is
//! older than wanted; from the first look on that says otherwise all is read. Of what is passed over, the bytes between two
//! looks are read where a look is behind the newest so far, where serials fall (the machine was started anew, maybe with a
//! wrong clock), and where no record was found. A file in which two machines were seen is read whole.
//!
//! What can be missed so: an event whose time is wanted, while the log is more than [`DISORDER`] seconds older at a place
//! less than [`REACH`] bytes before it and at one less than [`REACH`] bytes behind it, with no restart between them.
//!
//! KERNEL: a system call's time is taken by `__audit_syscall_entry`, its records are written by `audit_log_exit`.

use super::reader::SEARCH_LINE;
use crate::record::{Record, RecordType};
use crate::sys::input::InputFile;
use memchr::{memchr, memchr_iter};
use std::collections::VecDeque;
use std::io;
use std::ops::Range;

/// The shortest file that is sought, in bytes. A shorter one takes a few milliseconds to be read.
pub const SOUGHT_FROM: u64 = 32 << 20;

/// No two looks that found a record are further apart, in bytes.
pub const REACH: u64 = STEP + WINDOW as u64;

/// The distance of two looks.
const STEP: u64 = 108 << 10;

/// The bytes in which a look finds a record, or there is none: room for two of the longest lines.
const WINDOW: usize = 20 << 10;

/// The bytes in which it mostly does.
const GLANCE: usize = 1 << 10;

/// How many seconds a log may go back without being out of order.
pub const DISORDER: u64 = 60;

/// How many looks before the first that is new enough reading begins. In a log that is silent for hours the clock may have
/// been put back between two looks; the time from which it was is reached again soon after.
const BEFORE: usize = 4;

/// What the log says at one place.
struct Look {
    /// The start of a record's line.
    at: u64,
    /// When the record was made.
    sec: u64,
    /// By which machine.
    node: Option<Vec<u8>>,
    /// The kernel's number of it. The daemon numbers its own records as it likes.
    serial: Option<u64>,
}

/// The parts of the first `len` bytes of `file` that must be read for events of second `start` and later, in order.
pub fn parts(file: &InputFile, len: u64, start: u64) -> io::Result<Vec<Range<u64>>> {
    let (mut course, mut buffer) = (Course::default(), Vec::new());
    for place in (0..len).step_by(STEP as usize) {
        match look(file, place, &mut buffer)? {
            None => course.in_doubt = true,
            Some(look) if course.is_joined_by(&look) => return Ok(std::iter::once(0..len).collect()),
            Some(look) if look.sec.saturating_add(DISORDER) >= start => break,
            Some(look) => course.pass(look),
        }
    }
    Ok(course.with_rest(len))
}

/// The log as far as it was passed.
#[derive(Default)]
struct Course {
    /// What of it must be read.
    parts: Vec<Range<u64>>,
    last: Option<Look>,
    newest: u64,
    /// Whether what follows the last look must be read.
    in_doubt: bool,
    /// The places of the last [`BEFORE`] looks.
    recent: VecDeque<u64>,
}

impl Course {
    /// Whether this look saw another machine than those before.
    fn is_joined_by(&self, look: &Look) -> bool {
        self.last.as_ref().is_some_and(|last| last.node != look.node)
    }

    fn pass(&mut self, mut look: Look) {
        let (from, serial) = self.last.as_ref().map_or((0, None), |last| (last.at, last.serial));
        let is_behind = look.sec.saturating_add(DISORDER) < self.newest;
        let restarted = look.serial.zip(serial).is_some_and(|(serial, before)| serial < before);
        if self.in_doubt || is_behind || restarted {
            self.read(from..look.at);
        }
        self.in_doubt = is_behind;
        self.newest = self.newest.max(look.sec);
        if self.recent.len() == BEFORE {
            self.recent.pop_front();
        }
        self.recent.push_back(look.at);
        look.serial = look.serial.or(serial);
        self.last = Some(look);
    }

    fn with_rest(mut self, len: u64) -> Vec<Range<u64>> {
        let from = self.recent.front().copied().unwrap_or(0);
        self.read(from..len);
        self.parts
    }

    fn read(&mut self, mut part: Range<u64>) {
        while let Some(before) = self.parts.last().filter(|before| before.end >= part.start) {
            part.start = part.start.min(before.start);
            self.parts.pop();
        }
        self.parts.push(part);
    }
}

/// The first record that begins behind `place`, or at the start of the file.
fn look(file: &InputFile, place: u64, buffer: &mut Vec<u8>) -> io::Result<Option<Look>> {
    for len in [GLANCE, WINDOW] {
        let block = fill(file, place, len, buffer)?;
        let skipped = if place == 0 { Some(0) } else { memchr(b'\n', block).map(|newline| newline + 1) };
        let Some((skipped, rest)) = skipped.and_then(|at| Some((at, block.get(at..)?))) else { continue };
        let first = line_ends(rest).find_map(|(from, to)| Some((from, rest.get(from..to).and_then(record)?)));
        if let Some((from, record)) = first {
            return Ok(Some(Look {
                at: place + (skipped + from) as u64,
                sec: record.stamp.sec,
                node: record.node.map(<[u8]>::to_vec),
                serial: Some(record.stamp.serial).filter(|_| !is_daemons(record.kind)),
            }));
        }
    }
    Ok(None)
}

/// Whether the audit daemon itself wrote the record.
fn is_daemons(kind: RecordType) -> bool {
    (1200..1300).contains(&kind.0)
}

/// Up to `len` bytes of `file` from `at` on; fewer only where it ends.
pub(super) fn fill<'b>(file: &InputFile, at: u64, len: usize, buffer: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
    if buffer.len() < len {
        buffer.resize(len, 0);
    }
    let mut filled = 0;
    while let Some(room) = buffer.get_mut(filled..len).filter(|room| !room.is_empty()) {
        match file.read_at(room, at + filled as u64)? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(buffer.get(..filled).unwrap_or_default())
}

/// Start and end (behind its newline) of every whole line.
fn line_ends(block: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let mut start = 0;
    memchr_iter(b'\n', block).map(move |newline| (std::mem::replace(&mut start, newline + 1), newline + 1))
}

/// The record that `text` begins with.
pub(super) fn record(text: &[u8]) -> Option<Record<'_>> {
    let line = text.get(..SEARCH_LINE).unwrap_or(text);
    Record::parse(crate::text::up_to(line, b'\n'))
}

#[cfg(test)]
mod tests;
