//! The log as it is read: lines out of files, pipes and rotated sets of files, through one buffer of fixed size.
//!
//! Files are read by position in large chunks and never mapped: a live log may be cut or rotated under the reader.

use super::rotation::{self, Stored};
use crate::record::{ENRICHED, Line};
use crate::sys::input::{self, InputFile, Stdin};
use memchr::{memchr, memchr2};
use std::cmp::Reverse;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Where bytes come from. 0 is the end.
pub trait Source {
    /// Reads some bytes.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;
}

/// Part of a file.
pub struct Part<'f> {
    /// The file.
    pub file: &'f InputFile,
    /// The next byte to read.
    pub at: u64,
    /// The first byte not to read.
    pub end: u64,
}

impl Part<'_> {
    /// How many bytes there are to read.
    pub fn len(&self) -> u64 {
        self.end.min(self.file.len()).saturating_sub(self.at)
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Source for Part<'_> {
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

/// COMPAT: of a longer line ausearch and aureport take the first so many bytes as one line, and the rest as the next.
pub const SEARCH_LINE: usize = 8969;

/// The longest line any reader takes whole.
pub const LONGEST_LINE: usize = 1 << 20;

/// How much is read at a time.
const CHUNK: usize = 128 << 10;

/// Lines of a source, without their newlines.
pub struct Lines {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    longest: usize,
    at_end: bool,
    /// No byte that could end a record before its line stands between `start` and `end`.
    plain: bool,
}

impl Lines {
    /// Cuts lines at `longest` bytes.
    pub fn new(longest: usize) -> Lines {
        Lines::with_room(longest, CHUNK)
    }

    /// The same, with room for so many bytes at a time.
    pub(super) fn with_room(longest: usize, room: usize) -> Lines {
        let longest = longest.clamp(1, LONGEST_LINE);
        Lines { buffer: vec![0; room.max(2 * longest)], start: 0, end: 0, longest, at_end: false, plain: true }
    }

    /// Forgets what has been read, for the next source.
    pub fn restart(&mut self) {
        (self.start, self.end, self.at_end) = (0, 0, false);
    }

    /// The next line; `None` at the end. A last line may lack its newline.
    #[inline]
    pub fn next(&mut self, source: &mut dyn Source) -> io::Result<Option<Line<'_>>> {
        loop {
            if let Some(place) = self.cut() {
                return Ok(Some(self.line(place)));
            }
            if self.at_end {
                return Ok(None);
            }
            self.fill(source)?;
        }
    }

    /// Begins with `text`, and fills the buffer. Behind an error what was read before it can be cut.
    pub(super) fn gather(&mut self, text: &[u8], source: &mut dyn Source) -> io::Result<()> {
        self.restart();
        (self.end, self.plain) = (text.len(), false);
        if let Some(place) = self.buffer.get_mut(..text.len()) {
            place.copy_from_slice(text);
        }
        while !self.at_end && self.end < self.buffer.len() {
            self.fill(source)?;
        }
        Ok(())
    }

    /// What was read and not cut yet.
    pub(super) fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Cuts off the next line, if it is all there, and tells its place.
    #[inline(always)]
    pub(super) fn cut(&mut self) -> Option<Range<usize>> {
        let waiting = self.rest();
        let (len, newline) = match memchr(b'\n', waiting) {
            Some(len) if len < self.longest => (len, 1),
            _ if waiting.len() >= self.longest => (self.longest, 0),
            _ if self.at_end && !waiting.is_empty() => (waiting.len(), 0),
            _ => return None,
        };
        let start = self.start;
        self.start += len + newline;
        Some(start..start + len)
    }

    /// A line that was cut since the buffer was filled.
    #[inline(always)]
    pub(super) fn line(&self, place: Range<usize>) -> Line<'_> {
        let text = self.buffer.get(place).unwrap_or_default();
        if self.plain { Line { text, end: text.len() } } else { Line::new(text) }
    }

    #[cold]
    fn fill(&mut self, source: &mut dyn Source) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let read = source.read(self.buffer.get_mut(self.end..).unwrap_or_default())?;
        self.end += read;
        self.at_end = read == 0;
        self.plain = memchr2(ENRICHED, 0, self.buffer.get(..self.end).unwrap_or_default()).is_none();
        Ok(())
    }
}

/// A log and its rotated predecessors, newest first: `audit.log`, then `audit.log.1`, ... up to the first that cannot be
/// read, and all dated ones that can. None when the log itself cannot be read.
pub fn rotation(base: &Path) -> Vec<PathBuf> {
    if !input::is_readable(base) {
        return Vec::new();
    }
    let mut rotated: Vec<PathBuf> =
        (1..).map(|n| rotation::numbered(base, n)).take_while(|file| input::is_readable(file)).collect();
    let mut dated = rotation::all_dated(base, Stored::Plain);
    dated.retain(|file| input::is_readable(file));
    let mixed = !rotated.is_empty() && !dated.is_empty();
    rotated.extend(dated.into_iter().rev());
    if mixed {
        // `log_names` was changed one day: only the records tell which came first.
        rotated.sort_by_key(|file| Reverse(first_second(file)));
    }
    rotated.insert(0, base.to_path_buf());
    rotated
}

/// How many of `files` (newest first) must be read for events since `start`: those from one before the first that begins
/// later on. COMPAT: so does the reference since 4.1.2, by one stamp of each file; an event whose clock was ahead is missed.
pub fn needed(files: &[PathBuf], start: u64) -> usize {
    let later = files.iter().rposition(|file| first_second(file).is_some_and(|sec| sec > start));
    match later {
        Some(at) if at + 1 < files.len() => at + 2,
        _ => files.len(),
    }
}

/// The second of the first line's stamp.
fn first_second(path: &Path) -> Option<u64> {
    let file = InputFile::open(path).ok()?;
    let mut front = [0; 512];
    let read = file.read_at(&mut front, 0).ok()?;
    let line = crate::text::up_to(front.get(..read)?, b'\n');
    crate::text::number::lead(crate::text::after(line, b"audit(")?, 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::files;

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
    fn lines_cross_chunks() {
        let line = vec![b'x'; 700];
        let text = [&line[..], b"\n"].concat().repeat(1000);
        let got = lines(&text, 8969);
        assert!(got.len() == 1000 && got.iter().all(|l| *l == line));
    }

    /// The files of a rotation among these, by what follows the log's name; each file holds its first second.
    fn rotated(name: &str, all: &[(&str, u64)]) -> Vec<String> {
        let place = std::env::temp_dir().join(format!("auditbox-reader-{}-{name}", std::process::id()));
        let _ = files::remove_dir_all(&place);
        files::create_dir_all(&place).unwrap();
        for (suffix, second) in all {
            let line = format!("type=USER msg=audit({second}.000:1): x\n");
            files::write(place.join(format!("log{suffix}")), line).unwrap();
        }
        let found = rotation(&place.join("log"));
        files::remove_dir_all(&place).unwrap();
        found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()["log".len()..].to_string()).collect()
    }

    #[test]
    fn numbered_logs_are_read_up_to_the_first_gap() {
        assert_eq!(rotated("gap", &[("", 9), (".1", 8), (".2", 7), (".4", 5)]), ["", ".1", ".2"]);
        assert!(rotated("none", &[(".1", 8), (".2026-11-22T18-05-09", 7)]).is_empty());
    }

    #[test]
    fn dated_logs_are_read_and_what_only_looks_like_them_is_not() {
        let all = [
            ("", 9),
            (".2026-11-22T18-05-09", 6),
            (".2026-11-22T18-05-09_002", 7),
            (".2025-01-01T00-00-00", 5),
            (".2024-01-01T00-00-00.gz", 4),
            (".2026-11-22T18-05-09~", 4),
            (".2026-11-22", 4),
            (".old", 4),
        ];
        let newest_first = ["", ".2026-11-22T18-05-09_002", ".2026-11-22T18-05-09", ".2025-01-01T00-00-00"];
        assert_eq!(rotated("dated", &all), newest_first);
    }

    #[test]
    fn of_numbered_and_dated_logs_the_records_tell_the_order() {
        let all = [("", 9), (".1", 8), (".2", 3), (".2026-01-01T00-00-00", 4), (".2026-02-01T00-00-00", 5)];
        let newest_first = ["", ".1", ".2026-02-01T00-00-00", ".2026-01-01T00-00-00", ".2"];
        assert_eq!(rotated("mixed", &all), newest_first);
    }
}
