//! Lines of a source one after another, through one buffer of fixed size: pipes, sockets, memory, and files as the library's
//! users walk through them. Searches read regular files by blocks (`block`); the rule by which lines are cut is
//! the same (`cut`).
//!
//! Files are read by position and never mapped: a live log may be cut or rotated under the reader.

use crate::record::{ENRICHED, Line};
use crate::sys::input::{InputFile, Stdin};
use crate::text;
use memchr::{memchr, memchr2};
use std::io;
use std::ops::Range;

/// Where bytes come from. 0 is the end.
pub trait Source {
    /// Reads some bytes.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;
}

/// Segment of a file.
pub struct Segment<'f> {
    /// The file.
    pub file: &'f InputFile,
    /// The next byte to read.
    pub at: u64,
    /// The first byte not to read.
    pub end: u64,
}

impl Segment<'_> {
    /// How many bytes there are to read.
    pub fn len(&self) -> u64 {
        self.end.min(self.file.len()).saturating_sub(self.at)
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Source for Segment<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX).min(buffer.len());
        if room == 0 {
            return Ok(0);
        }
        let read = self.file.read_at(buffer.get_mut(..room).unwrap_or_default(), self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Source for &InputFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        InputFile::read(self, buffer)
    }
}

/// Standard input, and how long to wait for more of it. Running out of patience is an error of kind `TimedOut`.
pub struct Pipe {
    /// Standard input.
    pub stdin: Stdin,
    /// Milliseconds; `None` waits for ever.
    pub patience: Option<u64>,
}

impl Source for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stdin.read(buffer, self.patience)?.ok_or_else(|| io::ErrorKind::TimedOut.into())
    }
}

impl Source for &[u8] {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (front, back) = self.split_at(self.len().min(buffer.len()));
        if let Some(place) = buffer.get_mut(..front.len()) {
            place.copy_from_slice(front);
        }
        *self = back;
        Ok(front.len())
    }
}

/// COMPAT: of a longer line ausearch and aureport take the first bytes up to this number as one line, and the rest as the next. It is
/// larger than the reference's 8969, so that the longest line that a daemon writes is one: to a record of 8970 bytes come names and a
/// node. Else what a peer has put behind that number of bytes would be a record of this machine.
pub const SEARCH_LINE: usize = 16384;

/// The longest line any reader takes whole.
pub const LONGEST_LINE: usize = 1 << 20;

/// How much is read at a time.
const CHUNK: usize = 128 << 10;

/// The length of the line that `text` begins with, and of its newline or NUL byte; `None` when more of the text is needed to know
/// it. A power loss leaves runs of NUL bytes, in the middle of a line too: they end it, as a newline does, and belong to none.
#[inline(always)]
pub(super) fn cut(text: &[u8], longest: usize, at_end: bool) -> Option<(usize, usize)> {
    match memchr2(b'\n', 0, text.get(..longest).unwrap_or(text)) {
        Some(len) => Some((len, 1)),
        None if text.len() >= longest => Some((longest, 0)),
        None if at_end && !text.is_empty() => Some((text.len(), 0)),
        None => None,
    }
}

/// Lines of a source, without their newlines and the NUL bytes around them.
pub struct Lines {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The place of the buffer's first byte in the source.
    at: u64,
    longest: usize,
    at_end: bool,
    /// How many lines have begun.
    number: u32,
    /// The next byte begins one.
    is_new: bool,
    /// No byte that could end a record before its line stands between `start` and `end`.
    plain: bool,
}

impl Lines {
    /// Cuts lines at `longest` bytes.
    pub fn new(longest: usize) -> Lines {
        let longest = longest.clamp(1, LONGEST_LINE);
        Lines {
            buffer: vec![0; CHUNK.max(2 * longest)],
            start: 0,
            end: 0,
            at: 0,
            longest,
            at_end: false,
            number: 0,
            is_new: true,
            plain: true,
        }
    }

    /// Forgets what has been read, for the next source.
    pub fn restart(&mut self) {
        (self.start, self.end, self.at, self.at_end) = (0, 0, 0, false);
        (self.number, self.is_new) = (0, true);
    }

    /// The place of the next line in the source.
    pub fn position(&self) -> u64 {
        self.at + self.start as u64
    }

    /// The number of the next line, counted from 1. The pieces of one that is too long have the same.
    pub fn number(&self) -> u32 {
        self.number.saturating_add(u32::from(self.is_new))
    }

    /// Whether the next line begins one, and is no rest of one that is too long.
    pub(super) fn is_new(&self) -> bool {
        self.is_new
    }

    /// The next line; `None` at the end. A last line may lack its newline.
    #[inline]
    pub fn next(&mut self, source: &mut dyn Source) -> io::Result<Option<Line<'_>>> {
        Ok(self.next_placed(source)?.map(|(_, line)| line))
    }

    /// The same, with the place of the line in the source.
    #[inline]
    pub fn next_placed(&mut self, source: &mut dyn Source) -> io::Result<Option<(u64, Line<'_>)>> {
        loop {
            if let Some((place, _)) = self.cut() {
                return Ok(Some((self.at + place.start as u64, self.line(place))));
            }
            if self.at_end {
                return Ok(None);
            }
            self.fill(source)?;
        }
    }

    /// The next part of a line that may be longer than the longest, and whether the line ends with it; `None` at the end.
    pub fn next_part(&mut self, source: &mut dyn Source) -> io::Result<Option<(&[u8], bool)>> {
        loop {
            if let Some((place, newline)) = self.cut() {
                return Ok(self.buffer.get(place).map(|part| (part, newline > 0)));
            }
            if self.at_end {
                return Ok(None);
            }
            self.fill(source)?;
        }
    }

    /// Whether the source begins with this byte, and nothing of it was read yet.
    pub(super) fn begins_with(&mut self, byte: u8, source: &mut dyn Source) -> io::Result<bool> {
        if self.position() > 0 {
            return Ok(false);
        }
        if self.end == 0 && !self.at_end {
            self.fill(source)?;
        }
        Ok(self.buffer.get(..self.end).and_then(<[u8]>::first) == Some(&byte))
    }

    /// Cuts off the next line, if it is all there, and gives back its place and the length of its newline.
    #[inline(always)]
    fn cut(&mut self) -> Option<(Range<usize>, usize)> {
        self.start += text::leading(self.buffer.get(self.start..self.end).unwrap_or_default(), 0);
        let (len, newline) = cut(self.buffer.get(self.start..self.end).unwrap_or_default(), self.longest, self.at_end)?;
        let start = self.start;
        self.start += len + newline;
        self.number = self.number();
        self.is_new = newline > 0 && self.buffer.get(start + len) == Some(&b'\n');
        Some((start..start + len, newline))
    }

    /// A line that was cut since the buffer was filled.
    #[inline(always)]
    fn line(&self, place: Range<usize>) -> Line<'_> {
        let text = self.buffer.get(place).unwrap_or_default();
        if self.plain { Line { text, end: text.len() } } else { Line::new(text) }
    }

    #[cold]
    fn fill(&mut self, source: &mut dyn Source) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.at += self.start as u64;
        (self.start, self.end) = (0, self.end - self.start);
        let read = source.read(self.buffer.get_mut(self.end..).unwrap_or_default())?;
        self.end += read;
        self.at_end = read == 0;
        self.plain = memchr(ENRICHED, self.buffer.get(..self.end).unwrap_or_default()).is_none();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8], longest: usize) -> Vec<Vec<u8>> {
        let (mut source, mut lines, mut got) = (text, Lines::new(longest), Vec::new());
        while let Some(line) = lines.next(&mut source).unwrap() {
            got.push(line.text.to_vec());
        }
        got
    }

    #[test]
    fn lines_end_at_newlines_and_at_the_end() {
        assert_eq!(lines(b"one\n\ntwo\nthree", 100), [&b"one"[..], b"", b"two", b"three"]);
        assert!(lines(b"", 100).is_empty());
    }

    #[test]
    fn long_lines_are_cut_like_a_reader_with_a_buffer_does() {
        assert_eq!(lines(b"abcdef\nx\n", 4), [&b"abcd"[..], b"ef", b"x"]);
        assert_eq!(lines(b"abcd\nx\n", 4), [&b"abcd"[..], b"", b"x"]);
    }

    #[test]
    fn nul_bytes_end_a_line_and_are_no_part_of_it() {
        let text = [&vec![0; 300_000][..], b"one\n\0\0two\0\0three\n\0\0"].concat();
        assert_eq!(lines(&text, 10), [&b"one"[..], b"two", b"three"]);
    }

    #[test]
    fn nul_bytes_begin_no_line_with_a_number_of_its_own() {
        let (mut source, mut lines) = (&b"one\n\0two\0\0three\nfour\n"[..], Lines::new(100));
        let mut numbers = Vec::new();
        while let (number, Some(_)) = (lines.number(), lines.next(&mut source).unwrap()) {
            numbers.push(number);
        }
        assert_eq!(numbers, [1, 2, 2, 3]);
    }

    #[test]
    fn lines_cross_chunks() {
        let line = vec![b'x'; 700];
        let text = [&line[..], b"\n"].concat().repeat(1000);
        let got = lines(&text, 8969);
        assert!(got.len() == 1000 && got.iter().all(|l| *l == line));
    }
}
