//! The audit trail as it is read, by searches, reports and programs: events out of files, rotated sets of files, directories,
//! pipes, descriptors, memory, or bytes that arrive piece by piece.
//!
//! There is one way from bytes to events:
//!
//! * [`files`] says which files there are, and in which order;
//! * [`lines`] cuts lines out of what can be read once; `block` does the same with half a megabyte of a file at a time, finds the
//!   records that can matter, and is done ahead by the threads of a [`pool`];
//! * `json` reads events that are written in JSON;
//! * `search` puts events together around the records that can matter ([`crate::query::literals`]), and gives them to a [`Sink`];
//! * [`render_pool`] renders or reports the events of a sink in threads beside it;
//! * [`order`] remembers of closed logs which seconds they hold, and `stamps` passes over what is out of the wanted ones;
//! * `unread` says which lines that are no records count;
//! * [`feed`] takes pieces of a stream, and [`follow`] reads a log that is being written.
//!
//! [`Trail::search`] is the door of searches and reports, [`Trail::events`] that of programs that walk through all events, and
//! [`Trail::follow`] that of those that wait for more. An event hands
//! out its records ([`Event::records`]), a record its fields ([`Record::fields`]), and an [`Interpreter`] puts fields into
//! words. [`Trail::find`] looks for an [`Expression`]. Nothing here prints, and nothing is global: trails can be read by
//! several threads.
//!
//! COMPAT: a walk puts events together as libauparse does it ([`Policy::Library`]): a record that comes after the end of its
//! event begins a second one. Lines of up to [`LONGEST_LINE`] bytes are taken whole, and the last may lack its newline. A search
//! does it as ausearch does ([`Policy::Search`], [`SEARCH_LINE`]).
//!
//! ```
//! use auditbox::interpret::Interpreter;
//! use auditbox::query::expression::Expression;
//! use auditbox::trail::Trail;
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

mod block;
pub mod feed;
pub mod files;
pub mod follow;
mod json;
pub mod lines;
pub mod order;
pub mod packed;
pub mod pool;
pub mod render_pool;
mod search;
mod sink;
mod stamps;
mod unread;

pub use feed::Feed;
pub use follow::{Begin, Follow};
pub use lines::{LONGEST_LINE, SEARCH_LINE};
pub use sink::{Outcome, Search, Sink, Tuning, UnreadLine};

use crate::event::{Assembler, Event, Policy, TIMEOUT};
use crate::interpret::Interpreter;
use crate::query::expression::Expression;
use crate::query::literals::Need;
use crate::query::predicate::Criteria;
use crate::record::Record;
use crate::sys::input::InputFile;
use files::Member;
use json::{Object, Objects};
use lines::{Lines, Source};
use search::{LogFile, Reader};
use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// A trail that is gone through.
pub struct Trail<'s> {
    /// Files still to be opened, in order, and those that were read already.
    files: VecDeque<PathBuf>,
    read: Vec<PathBuf>,
    source: Option<Box<dyn Source + Send + 's>>,
    lines: Lines,
    /// The source holds events in JSON.
    is_json: bool,
    objects: Objects,
    assembler: Assembler,
    policy: Policy,
    timeout: u64,
    /// The files are a log and its predecessors.
    is_rotated: bool,
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
        Ok(Trail::paths(files))
    }

    /// The same; whether they can be read is seen when they are.
    pub fn paths(files: Vec<PathBuf>) -> Trail<'s> {
        Trail::new(files.into(), None)
    }

    /// A log and its rotated predecessors, oldest first, but for those that cannot be read ([`files::all`]). Whether the log can be
    /// is seen when it is.
    pub fn rotated(base: &Path) -> Trail<'s> {
        Trail::members(base, files::all(base)).0
    }

    /// The same, and those that are left out, out of the members of a log, newest first.
    pub fn members(base: &Path, members: Vec<Member>) -> (Trail<'s>, Vec<Member>) {
        let (mut files, mut left_out) = (Vec::new(), Vec::new());
        for member in members.into_iter().rev() {
            match member.left_out {
                Some(_) => left_out.push(member),
                None => files.push(member.path),
            }
        }
        if files.is_empty() && left_out.is_empty() {
            files.push(base.to_path_buf());
        }
        (Trail { is_rotated: true, ..Trail::paths(files) }, left_out)
    }

    /// The same as [`Trail::rotated`]. An error when a file cannot be opened.
    pub fn log(base: &Path) -> io::Result<Trail<'s>> {
        let (trail, left_out) = Trail::members(base, files::all(base));
        let error = left_out.into_iter().filter_map(|file| file.left_out).find(|error| error.raw_os_error().is_some());
        trail.files.iter().try_for_each(|path| InputFile::open(path).map(drop))?;
        error.map_or(Ok(trail), Err)
    }

    /// `audit.log` in a directory, and its rotated predecessors.
    pub fn directory(path: &Path) -> io::Result<Trail<'s>> {
        Trail::log(&path.join("audit.log"))
    }

    /// The files it reads, if it reads files.
    pub fn places(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(PathBuf::as_path)
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
        self.assembler = Assembler::new(self.policy, self.timeout);
        self
    }

    /// The same trail, whose events are put together as ausearch(8) does it: records that come after the end of their event
    /// join it until it is older than the timeout.
    #[must_use]
    pub fn as_searched(mut self) -> Trail<'s> {
        self.policy = Policy::Search;
        self.lines = Lines::new(SEARCH_LINE);
        self.assembler = Assembler::new(self.policy, self.timeout);
        self
    }

    fn new(files: VecDeque<PathBuf>, source: Option<Box<dyn Source + Send + 's>>) -> Trail<'s> {
        Trail {
            files,
            read: Vec::new(),
            source,
            lines: Lines::new(LONGEST_LINE),
            is_json: false,
            objects: Objects::default(),
            assembler: Assembler::new(Policy::Library, TIMEOUT),
            policy: Policy::Library,
            timeout: TIMEOUT,
            is_rotated: false,
        }
    }

    /// Gives the events that can meet the criteria to `sink`, in the order of ausearch(8), and with all their records. `name` is
    /// what a source without a name is called.
    pub fn search(mut self, search: &Search<'_>, name: &Path, sink: &mut dyn Sink) -> Outcome {
        let Criteria { start, end, .. } = *search.criteria;
        let query = block::Query {
            seconds: start.map_or(0, |start| start / 1000)..=end.map_or(u64::MAX, |end| end / 1000),
            need: Need::of(search.criteria).filter(|_| !search.sees_all && search.tuning.shortcuts),
            has_start: start.is_some(),
            step: search.tuning.step,
        };
        let reader = Reader::new(search, &query, sink);
        if let Some(source) = self.source.as_deref_mut() {
            return reader.source(source, name);
        }
        let mut newest_first: Vec<PathBuf> = self.files.into();
        newest_first.reverse();
        let needed = match start {
            Some(start) if self.is_rotated => files::needed(&newest_first, start / 1000),
            _ => newest_first.len(),
        };
        let ages = newest_first.into_iter().enumerate().rev();
        reader.files(ages.map(|(age, path)| LogFile { path, is_older: age >= needed }).collect())
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
            if self.is_json || self.lines.begins_with(b'{', source)? {
                self.is_json = true;
                match self.objects.next(&mut self.lines, source)? {
                    Some(Object::Event(event)) => return Ok(Some(event)),
                    Some(Object::Unread(_)) => {}
                    None => (self.source, self.is_json) = (None, false),
                }
                continue;
            }
            let number = self.lines.number();
            match self.lines.next(source)? {
                Some(line) => {
                    if let Some((_, record)) = Record::find(line) {
                        self.assembler.at_line(number);
                        self.assembler.push(&record);
                    }
                }
                None => self.source = None,
            }
        }
    }

    /// All events from here on.
    pub fn events(&mut self) -> impl Iterator<Item = io::Result<Event>> {
        std::iter::from_fn(|| self.next_event().transpose())
    }

    /// Goes through the trail to its end and on with what is written after that, across rotation of its newest file. What has
    /// no files, such as a pipe, cannot be followed.
    pub fn follow(self, begin: Begin) -> io::Result<Follow> {
        Follow::new(self.files, self.is_rotated, begin, self.lines, self.assembler)
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
        (self.source, self.is_json) = (None, false);
        self.lines.restart();
        self.assembler = Assembler::new(self.policy, self.timeout);
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
        let file = InputFile::open(&path)?;
        self.source = Some(match packed::program(&file, &path) {
            Some(program) => Box::new(packed::Unpacked::start(&file, program)?),
            None => Box::new(Whole(file)),
        });
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

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const LOG: &[u8] = b"type=SYSCALL msg=audit(1700000000.000:1): a=1\njunk\n\
        type=PROCTITLE msg=audit(1700000000.000:1): proctitle=61\n\
        type=CWD msg=audit(1700000000.000:1): cwd=\"/\"\n\
        type=USER_AUTH msg=audit(1700000003.000:2): pid=1";

    fn events_of(mut trail: Trail<'_>) -> Vec<(u64, usize)> {
        let mut all = Vec::new();
        while let Some(event) = trail.next_event().unwrap() {
            all.push((event.id().serial, event.len()));
        }
        all
    }

    #[test]
    fn memory_and_files_tell_the_same() {
        let expected = [(1, 2), (1, 1), (2, 1)];
        assert_eq!(events_of(Trail::buffer(LOG)), expected);
        let directory = crate::testing::path("trail");
        std::fs::create_dir_all(&directory).unwrap();
        let (old, new) = LOG.split_at(46);
        std::fs::write(directory.join("audit.log.1"), old).unwrap();
        std::fs::write(directory.join("audit.log"), new).unwrap();
        let mut trail = Trail::directory(&directory).unwrap();
        assert_eq!(trail.next_event().unwrap().unwrap().len(), 2);
        assert_eq!(trail.path(), Some(directory.join("audit.log").as_path()));
        trail.rewind();
        assert_eq!(events_of(trail), expected);
        std::fs::remove_dir_all(&directory).unwrap();
        assert!(Trail::directory(&directory).is_err());
    }

    #[test]
    fn a_directory_is_no_log() {
        struct Nothing;
        impl Sink for Nothing {
            fn event(&mut self, _: Event) -> std::ops::ControlFlow<(), Option<Event>> {
                panic!("no event")
            }
        }
        let (place, criteria) = (std::env::temp_dir(), Criteria::default());
        let outcome = Trail::rotated(&place).search(&Search::new(&criteria, 2), &place, &mut Nothing);
        let (path, error) = outcome.failed.expect("an error");
        assert_eq!((path, error.kind()), (place, io::ErrorKind::IsADirectory));
    }

    #[test]
    fn a_longer_timeout_lets_late_records_join_their_event() {
        let log: &[u8] = b"type=SYSCALL msg=audit(1700000000.000:1): a=1\n\
            type=SYSCALL msg=audit(1700000005.000:2): a=1\n\
            type=CWD msg=audit(1700000000.000:1): cwd=\"/\"\n";
        assert_eq!(events_of(Trail::buffer(log).with_timeout(10)), [(1, 2), (2, 1)]);
        assert_eq!(events_of(Trail::buffer(log).with_timeout(1)).first(), Some(&(1, 1)));
        assert_eq!(events_of(Trail::buffer(log).with_timeout(0)).first(), Some(&(1, 1)));
    }
}
