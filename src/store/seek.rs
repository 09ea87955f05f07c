//! Which bytes of a log file can hold the records of a time range.
//!
//! Found by bisection over the seconds of records, in a file whose samples are in order of time.

use super::reader::SEARCH_LINE;
use crate::record::Record;
use crate::sys::input::InputFile;
use memchr::{memchr, memchr_iter};
use std::io;
use std::ops::Range;

/// How many seconds a log may go back without being out of order.
const DISORDER: u64 = 60;

/// The bytes of the first `len` of `file` between which the records of the seconds from `start` to `end` lie.
pub fn time_range(file: &InputFile, len: u64, start: Option<u64>, end: Option<u64>) -> io::Result<Range<u64>> {
    if (start.is_none() && end.is_none()) || !is_ordered(file, len)? {
        return Ok(0..len);
    }
    let first = match start {
        Some(sec) => bisect(file, len, sec.saturating_sub(DISORDER))?.start,
        None => 0,
    };
    let last = match end {
        Some(sec) => bisect(file, len, sec.saturating_add(DISORDER + 1))?.end,
        None => len,
    };
    Ok(first..last.max(first))
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
pub(super) fn line_ends(block: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let mut start = 0;
    memchr_iter(b'\n', block).map(move |newline| (std::mem::replace(&mut start, newline + 1), newline + 1))
}

/// The record that `text` begins with.
pub(super) fn record(text: &[u8]) -> Option<Record<'_>> {
    let line = text.get(..SEARCH_LINE).unwrap_or(text);
    Record::parse(crate::text::up_to(line, b'\n'))
}

/// The second of the record that `text` begins with.
pub(super) fn second(text: &[u8]) -> Option<u64> {
    record(text).map(|record| record.stamp.sec)
}

/// The second of the first record at or behind `at`, and where its line begins. It is looked for up to `until` at least:
/// a crash can leave megabytes of NUL bytes between two records.
fn first_second(file: &InputFile, mut at: u64, until: u64, buffer: &mut Vec<u8>) -> io::Result<Option<(u64, u64)>> {
    const LEN: usize = 4 * SEARCH_LINE;
    loop {
        let lead = u64::from(at > 0);
        let block = fill(file, at - lead, LEN, buffer)?;
        let skipped = if lead == 0 { 0 } else { memchr(b'\n', block).map_or(block.len(), |newline| newline + 1) };
        let rest = block.get(skipped..).unwrap_or_default();
        let mut records = line_ends(rest).filter_map(|(from, to)| Some((second(rest.get(from..to)?)?, from)));
        if let Some((sec, from)) = records.next() {
            return Ok(Some((sec, at - lead + (skipped + from) as u64)));
        }
        // The next block begins with the line that this one cuts.
        at += (LEN - SEARCH_LINE) as u64;
        if block.len() < LEN || at >= until {
            return Ok(None);
        }
    }
}

/// Whether time goes forward in the file, as far as samples tell. A log of several machines has several clocks.
fn is_ordered(file: &InputFile, len: u64) -> io::Result<bool> {
    const SAMPLES: u64 = 32;
    let mut buffer = Vec::new();
    if fill(file, 0, 1, &mut buffer)?.first() == Some(&b'n') {
        return Ok(false);
    }
    let mut newest = 0;
    for sample in 0..SAMPLES {
        if let Some((sec, _)) = first_second(file, len / SAMPLES * sample, 0, &mut buffer)? {
            if sec + DISORDER / 2 < newest {
                return Ok(false);
            }
            newest = newest.max(sec);
        }
    }
    Ok(true)
}

/// Two starts of lines: before the first all lines are older than `sec`, from the second on none is.
fn bisect(file: &InputFile, len: u64, sec: u64) -> io::Result<Range<u64>> {
    let (mut low, mut high, mut end) = (0, len, len);
    let mut buffer = Vec::new();
    while high - low > SEARCH_LINE as u64 {
        let middle = low + (high - low) / 2;
        match first_second(file, middle, high, &mut buffer)? {
            Some((found, line)) if found >= sec => (high, end) = (middle, line.min(end)),
            Some((_, line)) if line < high => low = line,
            _ => high = middle,
        }
    }
    Ok(low..end)
}

#[cfg(test)]
mod tests;
