//! Compressed logs, read through the system's own decompressor, and lines that syslog or the journal put something in front of.

use super::lines::{Lines, SEARCH_LINE, Segment, Source};
use crate::record::{Line, Record};
use crate::sys::child::Filter;
use crate::sys::input::{self, InputFile};
use std::path::Path;
use std::{fmt, io};

/// The decompressors by the bytes that their files begin with, and what the names of these end with. With `-dc` each of them,
/// busybox's too, writes to standard output what it reads unpacked.
const PROGRAMS: [(&[u8], &str, &str); 7] = [
    (b"\x1F\x8B\x08", "gzip", "gz"),
    (b"\x1F\x9D", "gzip", "Z"),
    (b"BZh", "bzip2", "bz2"),
    (b"\xFD7zXZ\0", "xz", "xz"),
    (b"\x5D\0\0", "xz", "lzma"),
    (b"\x28\xB5\x2F\xFD", "zstd", "zst"),
    (b"\x04\x22\x4D\x18", "lz4", "lz4"),
];

/// Where programs are looked for, whatever the caller's PATH is.
const PLACES: [&str; 5] = ["/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/", "/usr/local/bin/"];

/// The program that a file has to be read through, if it is compressed. Of one that begins neither as such files nor as logs do, be
/// it cut to nothing or overwritten, its name says that it was. Of a pipe the first bytes are waited for.
pub fn program(file: &InputFile, path: &Path) -> Option<&'static str> {
    const LOGS: [&[u8]; 3] = [b"type=", b"node=", b"{"];
    let front = front::<6>(file);
    let begun = PROGRAMS.iter().find(|(beginning, ..)| front.starts_with(beginning));
    let has_name = file.is_regular() && !LOGS.iter().any(|beginning| front.starts_with(beginning));
    begun.or_else(|| by_name(path).filter(|_| has_name)).map(|(_, program, _)| *program)
}

/// Whether its name says that a file is compressed.
pub fn is_named(path: &Path) -> bool {
    by_name(path).is_some()
}

fn by_name(path: &Path) -> Option<&'static (&'static [u8], &'static str, &'static str)> {
    let suffix = path.extension()?;
    PROGRAMS.iter().find(|(.., ending)| suffix == *ending)
}

/// The path of a program, if this system has it.
pub fn find(program: &str) -> Option<String> {
    PLACES.iter().map(|place| format!("{place}{program}")).find(|path| input::is_readable(Path::new(path)))
}

/// The same as [`program`]; an error when this system does not have it.
pub fn available(file: &InputFile, path: &Path) -> io::Result<Option<&'static str>> {
    match program(file, path) {
        Some(program) if find(program).is_none() => Err(io::Error::other(Lacking(program))),
        program => Ok(program),
    }
}

/// The name of the decompressor that a compressed file needs and this system does not have.
#[derive(Debug)]
struct Lacking(&'static str);

impl fmt::Display for Lacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is compressed, and there is no {}", self.0)
    }
}

impl std::error::Error for Lacking {}

fn front<const N: usize>(file: &InputFile) -> Vec<u8> {
    let mut front = vec![0; N];
    let read = if file.is_regular() { file.read_at(&mut front, 0) } else { file.peek(&mut front) };
    front.truncate(read.unwrap_or(0));
    front
}

/// What a decompressor makes of a file.
pub(super) struct Unpacked {
    filter: Filter,
    is_torn: bool,
}

impl Unpacked {
    pub(super) fn start(file: &InputFile, program: &str) -> io::Result<Unpacked> {
        let path = find(program).ok_or(io::ErrorKind::NotFound)?;
        Ok(Unpacked { filter: Filter::start(&[&path, "-dc"], file)?, is_torn: false })
    }

    /// The file was not whole, or no file of its kind.
    pub(super) fn is_torn(&self) -> bool {
        self.is_torn
    }
}

impl Source for Unpacked {
    /// An error at the end when the file is not whole, or no file of its kind.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.filter.read(buffer).inspect_err(|_| self.is_torn = true)
    }
}

/// Whether records that are appended to this file can be told: it is no pipe, not compressed and no JSON.
pub fn is_plain(path: &Path) -> bool {
    let file = if input::is_pipe(path) { None } else { InputFile::open(path).ok() };
    file.is_some_and(|file| program(&file, path).is_none() && !is_json(&file))
}

/// Whether a file holds events in JSON.
pub(super) fn is_json(file: &InputFile) -> bool {
    file.is_regular() && front::<1>(file) == b"{"
}

/// Whether the first line of a file, which is not compressed, that has a record has something in front of it.
pub(super) fn is_prefixed(file: &InputFile) -> bool {
    // Events in JSON hold what programs sent.
    if !file.is_regular() || is_json(file) {
        return false;
    }
    let (mut lines, mut source, mut record) =
        (Lines::new(SEARCH_LINE), Segment { file, at: 0, end: u64::MAX }, Vec::new());
    while let Ok(Some(line)) = lines.next(&mut source) {
        if Record::scan(line).is_ok() {
            return false;
        }
        if strip(line.text, &mut record) {
            return true;
        }
    }
    false
}

/// What the first record of a file says of all: whether something may stand in front of them.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Prefix {
    /// There was no record yet.
    #[default]
    Unknown,
    Possible,
    Absent,
}

impl Prefix {
    /// A record was read that has something in front of it, or has not.
    pub(super) fn learn(&mut self, is_prefixed: bool) {
        if *self == Prefix::Unknown {
            *self = if is_prefixed { Prefix::Possible } else { Prefix::Absent };
        }
    }
}

/// Puts the record of a line into `record` for which syslog, a plugin for syslog or the journal wrote something in front, up to a
/// colon: `Nov 22 18:05:09 host audisp-syslog[7]: type=...`; in RFC 5424's form up to a hyphen or bracket. The kernel's own log has
/// no `msg=`: `audit: type=1300 audit(...): ...`.
pub(super) fn strip(line: &[u8], record: &mut Vec<u8>) -> bool {
    const STARTS: [&[u8]; 6] = [b": type=", b": node=", b"- type=", b"- node=", b"] type=", b"] node="];
    if line.starts_with(b"type=") || line.starts_with(b"node=") {
        return false;
    }
    let count = if line.starts_with(b"<") { STARTS.len() } else { 2 };
    let starts = STARTS.into_iter().take(count).filter_map(|start| memchr::memmem::find(line, start));
    let Some(text) = starts.min().and_then(|at| line.get(at + 2..)) else { return false };
    record.clear();
    match memchr::memmem::find(text, b" audit(").and_then(|at| text.split_at_checked(at + 1)) {
        Some((kind, rest)) if kind.starts_with(b"type=") && !kind.trim_ascii_end().contains(&b' ') => {
            record.extend_from_slice(&[kind, b"msg=", rest].concat());
        }
        _ => record.extend_from_slice(text),
    }
    Record::scan(Line::new(record)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_a_record_is_taken_off() {
        let record = "type=USER msg=audit(1700000000.000:1): pid=1";
        for (line, want) in [
            (format!("Nov 22 18:05:09 host audisp-syslog[7]: {record}"), record.to_string()),
            (format!("Nov 22 18:05:09 host audispd: node=a {record}"), format!("node=a {record}")),
            (
                "[   12.3] audit: type=1300 audit(1700000000.000:1): a=b".into(),
                "type=1300 msg=audit(1700000000.000:1): a=b".into(),
            ),
        ] {
            let mut out = Vec::new();
            assert!(strip(line.as_bytes(), &mut out), "{line}");
            assert_eq!(String::from_utf8(out).unwrap(), want);
        }
        for prefix in ["<13>1 2026-11-22T18:05:09Z host audispd 12 - - ", "<13>1 - - - - - [a b=\"c\"] "] {
            let mut out = Vec::new();
            assert!(strip(format!("{prefix}{record}").as_bytes(), &mut out), "{prefix}");
            assert_eq!(String::from_utf8(out).unwrap(), record);
        }
        for line in [
            "- type=USER msg=audit(1700000000.000:1): pid=1",
            "type=x: type=USER msg=audit(1700000000.000:1):",
            "Nov 22 host sshd: accepted",
            "a: type=x",
            record,
            "",
        ] {
            assert!(!strip(line.as_bytes(), &mut Vec::new()), "{line}");
        }
    }
}
