//! What is known of closed logs: which seconds they hold, and whether their records are in order. A search for a time range
//! passes over the logs that hold none of it, and finds its place in those that are in order.
//!
//! [`record`] is called when a log has been rotated away: it reads the log once and writes a row of the table, a text file in a
//! state directory. A row is believed only for the very file it was made of: device, inode, size, time of change and the bytes of both
//! edges must be the same, and the row and its owner must be sound. A log without such a row is read; nothing else depends on
//! the table.
//!
//! Log lines that cannot be read are reported by every search, so a log that has some gets a row that is of no use.

use super::lines::{Lines, SEARCH_LINE, Segment};
use crate::record::{EventId, Headers, Record};
use crate::sys::files;
use crate::sys::input::{Facts, InputFile};
use crate::text::{self, number};
use memchr::memchr;
use std::io;
use std::ops::{Range, RangeInclusive};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Where the daemon keeps the table.
pub const STATE_DIR: &str = "/var/lib/auditbox";

/// The table's name in its directory.
const NAME: &str = "closed-logs";

/// The first word of each row, which changes with its form.
const FORM: &str = "v2";

/// Rows that are kept: there are never more logs.
const ROWS: usize = 1024;

/// No table is longer, in bytes.
const LONGEST: u64 = 1 << 20;

/// Bytes that are checked at each end of a log.
const EDGE: usize = 4 << 10;

/// What is known of one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    /// The file it was made of.
    facts: Facts,
    /// Checksum of these bytes.
    checksum: u64,
    /// The oldest and the newest second of its records.
    oldest: u64,
    newest: u64,
    /// No record is older than one before it.
    is_ordered: bool,
    /// All lines are records.
    is_whole: bool,
    /// The first record with a time, or else the last one.
    first: EventId,
}

/// The rows of a table.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Row>,
    owner: u32,
}

/// What of a log can be in a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// The bytes that must be read; they begin with a line.
    pub(super) bytes: Range<u64>,
    /// The first record of the log.
    pub(super) first: EventId,
}

/// Reads a closed log, and remembers in the table of `state_dir` which seconds it holds. The directory must be there.
///
/// An error changes nothing: the log is then read by every search.
pub fn record(log: &Path, state_dir: &Path) -> io::Result<()> {
    let file = InputFile::open(log)?;
    let row = Row::of(&file)?;
    let path = state_dir.join(NAME);
    let mut rows = read_rows(&path).unwrap_or_default();
    rows.retain(|other| (other.facts.device, other.facts.inode) != (row.facts.device, row.facts.inode));
    rows.push(row);
    let excess = rows.len().saturating_sub(ROWS);
    let text: String = rows.iter().skip(excess).map(Row::print).collect();
    files::replace(&path, text.as_bytes(), 0o644)
}

impl Table {
    /// Reads the table of a state directory. One that is not there, or that others than its owner may write, is empty.
    pub(super) fn read(state_dir: &Path) -> Table {
        let path = state_dir.join(NAME);
        let sound = files::symlink_metadata(&path).ok().filter(|facts| facts.is_file() && facts.mode() & 0o022 == 0);
        let Some(facts) = sound else { return Table::default() };
        Table { rows: read_rows(&path).unwrap_or_default(), owner: facts.uid() }
    }

    /// What is known of a log, as far as it is for sure.
    pub(super) fn known(&self, file: &InputFile, seconds: &RangeInclusive<u64>) -> Option<Known> {
        let facts = file.facts().ok()?;
        let row = self.rows.iter().find(|row| row.facts == facts && row.is_whole && row.oldest <= row.newest)?;
        let is_trusted = self.owner == 0 || self.owner == facts.owner;
        if !is_trusted || checksum(file, facts.size).ok()? != row.checksum {
            return None;
        }
        let bytes = if row.newest < *seconds.start() || row.oldest > *seconds.end() {
            facts.size..facts.size
        } else if row.is_ordered {
            let end = match seconds.end().checked_add(1) {
                // With a record after the range: a report may name it as the first out of range.
                Some(after) => (seek(file, facts.size, after)? + 2 * SEARCH_LINE as u64).min(facts.size),
                None => facts.size,
            };
            seek(file, facts.size, *seconds.start())?..end
        } else {
            0..facts.size
        };
        Some(Known { bytes, first: row.first })
    }
}

/// The first line of a log in order whose record is of `second` or later, or its end. `None` when the log is not what it was.
fn seek(file: &InputFile, size: u64, second: u64) -> Option<u64> {
    // All lines that begin before `low` are older, and one that begins at or after `high` is not.
    let (mut low, mut high) = (0, size);
    let mut buffer = vec![0; 2 * SEARCH_LINE];
    while low < high {
        let middle = low + (high - low) / 2;
        let read = file.read_at(&mut buffer, middle.saturating_sub(1)).ok()?;
        let text = buffer.get(..read)?;
        let skipped = if middle == 0 { 0 } else { memchr(b'\n', text).map_or(read, |newline| newline + 1) };
        let line = middle.saturating_sub(1) + skipped as u64;
        if line >= high {
            // The last line before `high` begins before the middle; go through what is left.
            return linear(file, low, second);
        }
        let record = Record::parse(text::up_to(text.get(skipped..)?, b'\n'))?;
        if record.id.sec < second {
            low = line + 1;
        } else if line == 0 {
            return Some(0);
        } else {
            high = middle;
        }
    }
    linear(file, low, second)
}

/// The same, going through the lines that begin at `low` and after.
fn linear(file: &InputFile, low: u64, second: u64) -> Option<u64> {
    let mut lines = Lines::new(SEARCH_LINE);
    let mut part = Segment { file, at: low.saturating_sub(1), end: u64::MAX };
    if low > 0 {
        lines.next(&mut part).ok()?;
    }
    loop {
        let at = low.saturating_sub(1) + lines.position();
        let Some(line) = lines.next(&mut part).ok()? else { return Some(at) };
        if Record::scan(line).ok().is_none_or(|record| record.id.sec >= second) {
            return Some(at);
        }
    }
}

impl Row {
    fn of(file: &InputFile) -> io::Result<Row> {
        let facts = file.facts()?;
        let mut row = Row {
            facts,
            checksum: checksum(file, facts.size)?,
            oldest: u64::MAX,
            newest: 0,
            is_ordered: true,
            is_whole: true,
            first: EventId::default(),
        };
        let (mut lines, mut headers) = (Lines::new(SEARCH_LINE), Headers::default());
        let mut part = Segment { file, at: 0, end: facts.size };
        while let Some(line) = lines.next(&mut part)? {
            let Ok(record) = headers.scan(line) else {
                row.is_whole &= line.text.is_empty();
                continue;
            };
            let sec = record.id.sec;
            // A line that is cut into several could not be sought.
            row.is_ordered &= sec >= row.newest && line.text.len() < SEARCH_LINE;
            (row.oldest, row.newest) = (row.oldest.min(sec), row.newest.max(sec));
            if row.first.sec == 0 {
                row.first = record.id;
            }
        }
        Ok(row)
    }

    fn print(&self) -> String {
        let Facts { device, inode, size, changed, owner } = self.facts;
        let EventId { sec, milli, serial } = self.first;
        let flags = u8::from(self.is_ordered) | u8::from(self.is_whole) << 1;
        let Row { checksum, oldest, newest, .. } = self;
        let row = format!(
            "{FORM} {device} {inode} {size} {changed} {owner} {checksum} {oldest} {newest} {flags} {sec} {milli} {serial}"
        );
        format!("{row} {}\n", fold(START, row.as_bytes()))
    }

    /// Reads a row; `None` for one that is not as it was written.
    fn parse(line: &[u8]) -> Option<Row> {
        let space = memchr::memrchr(b' ', line)?;
        let (row, own) = line.split_at(space);
        if number::parse_exact(own.get(1..)?)? != fold(START, row) {
            return None;
        }
        let mut words = text::words(row);
        if words.next()? != FORM.as_bytes() {
            return None;
        }
        let mut next = || number::parse_exact(words.next()?);
        let facts = Facts {
            device: next()?,
            inode: next()?,
            size: next()?,
            changed: next()?,
            owner: u32::try_from(next()?).ok()?,
        };
        let (checksum, oldest, newest, flags) = (next()?, next()?, next()?, next()?);
        let first = EventId { sec: next()?, milli: u16::try_from(next()?).ok()?, serial: next()? };
        let (is_ordered, is_whole) = (flags & 1 != 0, flags & 2 != 0);
        Some(Row { facts, checksum, oldest, newest, is_ordered, is_whole, first })
    }
}

fn read_rows(path: &Path) -> io::Result<Vec<Row>> {
    let text = files::read_up_to(path, LONGEST)?;
    Ok(text.split(|&byte| byte == b'\n').filter_map(Row::parse).collect())
}

/// Of the first and the last bytes of a file.
fn checksum(file: &InputFile, size: u64) -> io::Result<u64> {
    let mut sum = START;
    let mut edge = [0; EDGE];
    for at in [0, size.saturating_sub(EDGE as u64)] {
        let read = file.read_at(&mut edge, at)?;
        sum = fold(sum, edge.get(..read).unwrap_or_default());
    }
    Ok(sum)
}

const START: u64 = 0xcbf2_9ce4_8422_2325;

/// The hash of Fowler, Noll and Vo (FNV-1a, 64 bits): it finds what came about by chance, which is all that is asked of it.
fn fold(sum: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(sum, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
