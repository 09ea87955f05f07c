//! The lines of a time range out of a part of a file: two threads, if there can be two, look at nothing but the
//! stamps.
//!
//! A reader that takes no other record is given less to read, and in the same order.

use super::reader::{Lines, Part, SEARCH_LINE};
use super::seek::fill;
use crate::record::Headers;
use crate::sys::input::InputFile;
use memchr::memchr;
use std::io;
use std::ops::{Range, RangeInclusive};
use std::thread::Builder;

/// How much one thread looks at before the two meet.
const REGION: u64 = 1 << 20;

/// A file whose lines are looked at.
pub(super) struct Sieve<'f> {
    pub(super) file: &'f InputFile,
    /// The wanted seconds.
    pub(super) seconds: RangeInclusive<u64>,
}

impl Sieve<'_> {
    /// The wanted lines of the next bytes from `at` on, which is the start of a line, and where the rest begins. `None` when so
    /// little is left before `end` that it may as well be read.
    pub(super) fn next(&self, at: u64, end: u64) -> io::Result<Option<(Vec<u8>, u64)>> {
        if end.saturating_sub(at) < 3 * REGION {
            return Ok(None);
        }
        let Some(middle) = self.line_start(at + REGION, end)? else { return Ok(None) };
        let Some(rest) = self.line_start((middle + REGION).min(end), end)? else { return Ok(None) };
        let (first, second) = std::thread::scope(|threads| {
            let other = Builder::new().spawn_scoped(threads, || self.lines(middle..rest));
            let first = self.lines(at..middle);
            (first, other.map_or_else(|_| Ok(self.lines(middle..rest)), |other| other.join()))
        });
        let mut lines = first?;
        lines.extend(second.unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))?);
        Ok(Some((lines, rest)))
    }

    /// The first start of a line behind `at`; `None` if there is none before `end`.
    pub(super) fn line_start(&self, mut at: u64, end: u64) -> io::Result<Option<u64>> {
        let mut buffer = Vec::new();
        while at < end {
            let block = fill(self.file, at, SEARCH_LINE, &mut buffer)?;
            match memchr(b'\n', block) {
                Some(newline) => return Ok(Some(at + newline as u64 + 1).filter(|start| *start < end)),
                None if block.is_empty() => break,
                None => at += block.len() as u64,
            }
        }
        Ok(None)
    }

    fn lines(&self, region: Range<u64>) -> io::Result<Vec<u8>> {
        let mut part = Part { file: self.file, at: region.start, end: region.end };
        let (mut lines, mut headers, mut wanted) = (Lines::new(SEARCH_LINE), Headers::default(), Vec::new());
        while let Some(line) = lines.next(&mut part)? {
            if headers.scan(line).is_ok_and(|record| self.seconds.contains(&record.stamp.sec)) {
                wanted.extend_from_slice(line.text);
                wanted.push(b'\n');
            }
        }
        Ok(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;
    use std::fmt::Write;

    /// What a reader is given of `text`.
    fn sifted(text: &[u8], seconds: RangeInclusive<u64>) -> (Vec<u8>, u64) {
        let path = std::env::temp_dir().join(format!("auditbox-sift-{}-{}", std::process::id(), text.len()));
        std::fs::write(&path, text).unwrap();
        let file = InputFile::open(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        let (sieve, mut all, mut at) = (Sieve { file: &file, seconds }, Vec::new(), 0);
        while let Some((lines, rest)) = sieve.next(at, text.len() as u64).unwrap() {
            assert!(rest > at);
            all.extend(lines);
            at = rest;
        }
        (all, at)
    }

    #[test]
    fn exactly_the_lines_of_the_range_come_through_in_order() {
        let mut text = String::new();
        for n in 0..60_000u64 {
            let sec = 1_700_000_000 + n * 7919 % 1000;
            let padding = "x".repeat((n % 97) as usize);
            writeln!(text, "type=USER msg=audit({sec}.123:{n}): {padding}").unwrap();
        }
        let seconds = 1_700_000_100..=1_700_000_199;
        let (got, at) = sifted(text.as_bytes(), seconds.clone());
        assert!(at > REGION && text.len() as u64 - at < 3 * REGION);
        let read = text.as_bytes().get(..at as usize).unwrap();
        let second = |line| Record::parse(line).unwrap().stamp.sec;
        let wanted = read.split_inclusive(|&b| b == b'\n').filter(|line| seconds.contains(&second(line)));
        assert_eq!(got, wanted.collect::<Vec<_>>().concat());
    }

    #[test]
    fn lines_without_end_stop_nothing() {
        for text in [vec![0; 4 << 20], [b"x\n".repeat(1 << 20), vec![b'x'; 4 << 20]].concat()] {
            assert!(sifted(&text, 0..=u64::MAX).0.is_empty());
        }
    }
}
