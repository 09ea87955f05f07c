//! The audit trail for programs: events out of files, rotated sets of files, directories, descriptors, memory, or bytes
//! that arrive piece by piece.
//!
//! An event hands out its records ([`Event::records`]), a record its fields ([`Record::fields`]), and an
//! [`Interpreter`] puts fields into words. [`Trail::find`] looks for an [`Expression`]. Nothing here prints, and nothing is
//! global: trails can be read by several threads.
//!
//! COMPAT: events are put together as libauparse does it ([`Policy::Library`]): a record that comes after the end of its
//! event begins a second one. Lines of up to [`LONGEST_LINE`] bytes are taken whole, and the last may lack its newline.
//!
//! ```
//! use auditbox::interpret::Interpreter;
//! use auditbox::query::expression::Expression;
//! use auditbox::store::trail::Trail;
//! use auditbox::text::Escape;
//!
//! let log = b"type=USER_LOGIN msg=audit(1700000000.123:45): pid=1 uid=0 auid=1000 msg='op=login res=success'\n";
//! let mut trail = Trail::buffer(&log[..]);
//! let mut interpreter = Interpreter::new((), None, Escape::Tty);
//! let wanted = Expression::parse(b"auid == 1000").unwrap();
//! let found = trail.find(&wanted, &mut interpreter).unwrap().unwrap();
//! let record = found.event.record(found.record).unwrap();
//! assert_eq!(record.field(b"op"), Some(&b"login"[..]));
//! ```

use super::reader::{self, LONGEST_LINE, Lines, Source};
use crate::event::{Assembler, Event, Policy};
use crate::interpret::Interpreter;
use crate::query::expression::Expression;
use crate::record::Record;
use crate::sys::input::InputFile;
use memchr::memchr;
use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// Seconds after which an event counts as complete (auditd.conf(5), `end_of_event_timeout`).
pub const TIMEOUT: u64 = 2;

/// Events one after another.
pub struct Trail<'s> {
    /// Files still to be opened, in order, and those that were read already.
    files: VecDeque<PathBuf>,
    read: Vec<PathBuf>,
    source: Option<Box<dyn Source + Send + 's>>,
    lines: Lines,
    assembler: Assembler,
    timeout: u64,
}

/// An event that an expression holds for, and the first of its records that does it.
pub struct Found {
    /// The event.
    pub event: Event,
    /// The record, counted from 0.
    pub record: usize,
}

impl<'s> Trail<'s> {
    /// One file.
    pub fn file(path: &Path) -> io::Result<Trail<'s>> {
        Trail::files(vec![path.to_path_buf()])
    }

    /// Several files, read in this order. All of them must be readable.
    pub fn files(files: Vec<PathBuf>) -> io::Result<Trail<'s>> {
        files.iter().try_for_each(|path| InputFile::open(path).map(drop))?;
        Ok(Trail::new(files.into(), None))
    }

    /// A log and its rotated predecessors, oldest first. An error when there is none.
    pub fn log(base: &Path) -> io::Result<Trail<'s>> {
        let mut files = reader::rotation(base);
        if files.is_empty() {
            return Trail::file(base);
        }
        files.reverse();
        Trail::files(files)
    }

    /// `audit.log` in a directory, and its rotated predecessors.
    pub fn directory(path: &Path) -> io::Result<Trail<'s>> {
        Trail::log(&path.join("audit.log"))
    }

    /// What is open already: a file, a pipe, a socket, the output of a child. It is read from where it stands, and closed in
    /// the end.
    pub fn descriptor(fd: impl Into<OwnedFd>) -> Trail<'s> {
        Trail::source(Whole(InputFile::from(fd.into())))
    }

    /// Whatever can be read in another way.
    pub fn source(source: impl Source + Send + 's) -> Trail<'s> {
        Trail::new(VecDeque::new(), Some(Box::new(source)))
    }

    /// Text in memory.
    pub fn buffer(text: &'s [u8]) -> Trail<'s> {
        Trail::source(text)
    }

    /// The same trail with another end-of-event timeout, in seconds; 0 counts as 1.
    #[must_use]
    pub fn with_timeout(mut self, seconds: u64) -> Trail<'s> {
        self.timeout = seconds.max(1);
        self.assembler = Assembler::new(Policy::Library, self.timeout);
        self
    }

    fn new(files: VecDeque<PathBuf>, source: Option<Box<dyn Source + Send + 's>>) -> Trail<'s> {
        Trail {
            files,
            read: Vec::new(),
            source,
            lines: Lines::new(LONGEST_LINE),
            assembler: Assembler::new(Policy::Library, TIMEOUT),
            timeout: TIMEOUT,
        }
    }

    /// The next event; `None` at the end. Lines that are no records are passed over.
    pub fn next_event(&mut self) -> io::Result<Option<Event>> {
        loop {
            if let Some(event) = self.assembler.next() {
                return Ok(Some(event));
            }
            if self.source.is_none() && !self.open_next()? {
                self.assembler.finish();
                return Ok(self.assembler.next());
            }
            let Some(source) = self.source.as_deref_mut() else { continue };
            match self.lines.next(source)? {
                Some(line) => {
                    if let Ok(record) = Record::scan(line) {
                        self.assembler.push(&record);
                    }
                }
                None => self.source = None,
            }
        }
    }

    /// The next event for which the expression holds.
    pub fn find(&mut self, wanted: &Expression, interpreter: &mut Interpreter<'_>) -> io::Result<Option<Found>> {
        while let Some(event) = self.next_event()? {
            let record = event.records().position(|record| wanted.holds(&record, interpreter));
            if let Some(record) = record {
                return Ok(Some(Found { event, record }));
            }
            self.assembler.recycle(event);
        }
        Ok(None)
    }

    /// Begins again with the first file. What was read from memory or a descriptor is gone.
    pub fn rewind(&mut self) {
        for path in self.read.drain(..).rev() {
            self.files.push_front(path);
        }
        self.source = None;
        self.lines.restart();
        self.assembler = Assembler::new(Policy::Library, self.timeout);
    }

    /// The file that is being read, if it is a file.
    pub fn path(&self) -> Option<&Path> {
        self.read.last().map(PathBuf::as_path)
    }

    /// How many events wait for their end or their turn, and how many of them are complete.
    pub fn waiting(&self) -> (usize, usize) {
        self.assembler.waiting()
    }

    fn open_next(&mut self) -> io::Result<bool> {
        let Some(path) = self.files.pop_front() else { return Ok(false) };
        self.source = Some(Box::new(Whole(InputFile::open(&path)?)));
        self.read.push(path);
        self.lines.restart();
        Ok(true)
    }
}

/// A file from its beginning to its end.
struct Whole(InputFile);

impl Source for Whole {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

/// Events out of bytes that arrive piece by piece, in pieces of any size.
///
/// ```
/// use auditbox::store::trail::Feed;
///
/// let mut feed = Feed::new(2);
/// let mut serials = Vec::new();
/// let mut each = |event: &auditbox::event::Event| serials.push(event.stamp().serial);
/// feed.push(b"type=USER_AUTH msg=audit(1700000000.000:7): pid=1\ntype=SYSC", &mut each);
/// feed.push(b"ALL msg=audit(1700000001.000:8): syscall=1\n", &mut each);
/// feed.flush(&mut each);
/// assert_eq!(serials, [7, 8]);
/// ```
pub struct Feed {
    partial: Vec<u8>,
    /// The line that is arriving is longer than any record, and is thrown away.
    overlong: bool,
    assembler: Assembler,
}

impl Feed {
    /// An empty feed. `timeout` is the end-of-event timeout in seconds.
    pub fn new(timeout: u64) -> Feed {
        Feed { partial: Vec::new(), overlong: false, assembler: Assembler::new(Policy::Library, timeout.max(1)) }
    }

    /// Takes bytes, of which a line may be cut anywhere. Whenever a record opens an event, those before it that are complete
    /// are handed to `each`, in order of their stamps. Returns how many lines were no records.
    pub fn push(&mut self, mut bytes: &[u8], each: &mut dyn FnMut(&Event)) -> usize {
        let mut malformed = 0;
        while let Some(len) = memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(len);
            bytes = rest.get(1..).unwrap_or_default();
            self.gather(line);
            let whole = std::mem::take(&mut self.partial);
            match Record::parse(&whole).filter(|_| !self.overlong) {
                Some(record) => {
                    self.assembler.push(&record);
                    self.hand_out(each);
                }
                None => malformed += 1,
            }
            self.partial = whole;
            self.partial.clear();
            self.overlong = false;
        }
        self.gather(bytes);
        malformed
    }

    /// Hands over everything that waits, complete or not. A line without its newline still waits for it.
    pub fn flush(&mut self, each: &mut dyn FnMut(&Event)) {
        self.assembler.finish();
        self.hand_out(each);
    }

    /// Completes what is older than the timeout at second `now`, and hands over all that is complete; at second 0 nothing
    /// gets too old.
    pub fn age(&mut self, now: u64, each: &mut dyn FnMut(&Event)) {
        self.assembler.age(now);
        self.hand_out(each);
    }

    /// How many events wait, and how many of them are complete.
    pub fn waiting(&self) -> (usize, usize) {
        self.assembler.waiting()
    }

    fn gather(&mut self, bytes: &[u8]) {
        self.overlong |= self.partial.len() + bytes.len() > LONGEST_LINE;
        if !self.overlong {
            self.partial.extend_from_slice(bytes);
        }
    }

    fn hand_out(&mut self, each: &mut dyn FnMut(&Event)) {
        while let Some(event) = self.assembler.next() {
            each(&event);
            self.assembler.recycle(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &[u8] = b"type=SYSCALL msg=audit(1700000000.000:1): a=1\njunk\n\
        type=PROCTITLE msg=audit(1700000000.000:1): proctitle=61\n\
        type=CWD msg=audit(1700000000.000:1): cwd=\"/\"\n\
        type=USER_AUTH msg=audit(1700000003.000:2): pid=1";

    fn told(mut trail: Trail<'_>) -> Vec<(u64, usize)> {
        let mut all = Vec::new();
        while let Some(event) = trail.next_event().unwrap() {
            all.push((event.stamp().serial, event.len()));
        }
        all
    }

    #[test]
    fn memory_and_files_tell_the_same() {
        let expected = [(1, 2), (1, 1), (2, 1)];
        assert_eq!(told(Trail::buffer(LOG)), expected);
        let directory = std::env::temp_dir().join(format!("auditbox-trail-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let (old, new) = LOG.split_at(46);
        std::fs::write(directory.join("audit.log.1"), old).unwrap();
        std::fs::write(directory.join("audit.log"), new).unwrap();
        let mut trail = Trail::directory(&directory).unwrap();
        assert_eq!(trail.next_event().unwrap().unwrap().len(), 2);
        assert_eq!(trail.path(), Some(directory.join("audit.log").as_path()));
        trail.rewind();
        assert_eq!(told(trail), expected);
        std::fs::remove_dir_all(&directory).unwrap();
        assert!(Trail::directory(&directory).is_err());
    }

    #[test]
    fn a_longer_timeout_lets_late_records_join_their_event() {
        let log: &[u8] = b"type=SYSCALL msg=audit(1700000000.000:1): a=1\n\
            type=SYSCALL msg=audit(1700000005.000:2): a=1\n\
            type=CWD msg=audit(1700000000.000:1): cwd=\"/\"\n";
        assert_eq!(told(Trail::buffer(log).with_timeout(10)), [(1, 2), (2, 1)]);
        assert_eq!(told(Trail::buffer(log).with_timeout(1)).first(), Some(&(1, 1)));
        assert_eq!(told(Trail::buffer(log).with_timeout(0)).first(), Some(&(1, 1)));
    }

    #[test]
    fn a_feed_takes_pieces_of_any_size() {
        for size in [1, 7, 1000] {
            let (mut feed, mut all, mut malformed) = (Feed::new(2), Vec::new(), 0);
            let mut each = |event: &Event| all.push((event.stamp().serial, event.len()));
            for piece in LOG.chunks(size) {
                malformed += feed.push(piece, &mut each);
            }
            malformed += feed.push(b"\n", &mut each);
            feed.flush(&mut each);
            assert_eq!((all, malformed), (vec![(1, 2), (1, 1), (2, 1)], 1), "{size}");
        }
    }

    #[test]
    fn a_feed_ages_and_forgets_overlong_lines() {
        let (mut feed, mut serials) = (Feed::new(2), Vec::new());
        let mut each = |event: &Event| serials.push(event.stamp().serial);
        feed.push(b"type=SYSCALL msg=audit(1700000000.000:1): a=1\n", &mut each);
        assert_eq!(feed.waiting(), (1, 0));
        feed.age(1_700_000_001, &mut each);
        feed.age(1_700_000_002, &mut each);
        for _ in 0..20 {
            feed.push(&[b'x'; LONGEST_LINE / 8], &mut each);
        }
        assert_eq!(feed.push(b"\ntype=USER_AUTH msg=audit(1700000003.000:2): pid=1\n", &mut each), 1);
        assert_eq!(serials, [1, 2]);
        assert!(feed.partial.capacity() <= 2 * LONGEST_LINE);
    }
}
