//! What a search is asked for, what it gives out, and how it ended.

use crate::event::Event;
use crate::query::predicate::Criteria;
use crate::record::{EventId, Line, Malformed, Record};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Takes what a search gives out.
pub trait Sink {
    /// Takes an event, and says whether to go on. May give the event back, for its memory.
    ///
    /// It need not meet the criteria: whatever cannot be told apart without reading fields is given out too.
    fn event(&mut self, event: Event) -> ControlFlow<(), Option<Event>>;

    /// A line could not be read, and the record before it is in the range.
    fn unread(&mut self, line: &UnreadLine<'_>) {
        let _ = line;
    }

    /// `done` bytes of the trail were read, of the `all` that its files have; unknown for what has no length. Comes
    /// after each stretch of some hundred thousand bytes, and of compressed files counts the bytes that they have packed.
    fn progress(&mut self, done: u64, all: Option<u64>) {
        let _ = (done, all);
    }

    /// All events that were complete at the end of this file have been given out. Others that began in it come later
    /// ([`Event::file`]).
    fn end_of_file(&mut self, path: &Path) -> ControlFlow<()> {
        let _ = path;
        ControlFlow::Continue(())
    }
}

/// A line that is no record.
pub struct UnreadLine<'a> {
    /// The file.
    pub path: &'a Path,
    /// Where in the file it begins.
    pub at: u64,
    /// The line.
    pub text: &'a [u8],
}

impl<'a> UnreadLine<'a> {
    /// What stands in place of its event id, if that holds a number that does not fit.
    pub fn event_id(&self) -> Option<&'a [u8]> {
        match Record::scan(Line::new(self.text)) {
            Err(Malformed::EventId(id)) => Some(id),
            _ => None,
        }
    }
}

/// What is asked of a trail.
pub struct Search<'q> {
    /// What is looked for. Its time range decides which records are taken at all; of the rest is used what narrows the search.
    pub criteria: &'q Criteria,
    /// Seconds after which an event counts as complete (auditd.conf(5), `end_of_event_timeout`).
    pub timeout: u64,
    /// At the end of the trail only events with a record that ends one are complete: the search will be gone on with later.
    pub only_ended: bool,
    /// All events in the range are given out, whatever else is looked for.
    pub sees_all: bool,
    /// Where the table of closed logs is ([`super::order`]).
    pub state_dir: Option<&'q Path>,
    /// How the trail is gone through. Nothing of it changes what is found.
    pub tuning: Tuning,
}

impl<'q> Search<'q> {
    /// Looks for the criteria, from the beginning to the end.
    pub fn new(criteria: &'q Criteria, timeout: u64) -> Search<'q> {
        Search { criteria, timeout, only_ended: false, sees_all: false, state_dir: None, tuning: Tuning::default() }
    }
}

/// How a trail is gone through.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// Files are read by blocks and by more than one thread, and only around what can be found. Without it everything is read
    /// line by line, which the tests compare with.
    pub shortcuts: bool,
    /// The bytes of a block.
    pub block: u64,
    /// How many bytes apart the places are at which reading can begin.
    pub step: u64,
}

impl Default for Tuning {
    fn default() -> Tuning {
        Tuning { shortcuts: true, block: 512 << 10, step: 16 << 10 }
    }
}

/// How a search ended.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The sink did not want to go on.
    pub is_stopped: bool,
    /// A file that could not be opened. Those before it were searched.
    pub failed: Option<(PathBuf, io::Error)>,
    /// The first record of all. COMPAT: with a start time, the first one out of the range.
    pub first: Option<EventId>,
    /// The file that was read last.
    pub last_file: Option<PathBuf>,
    /// How many lines could not be read, of those next to a record of the range, and where the first one is.
    pub unread: u64,
    /// Some line was a record.
    pub has_records: bool,
    /// Compressed logs that could not be read to their end, and the program that did not.
    pub torn: Vec<(PathBuf, &'static str)>,
    /// See `unread`.
    pub first_unread: Option<(PathBuf, u64)>,
}

impl Outcome {
    pub(super) fn count_unread(&mut self, count: u64, path: &Path, at: u64) {
        self.unread += count;
        self.first_unread.get_or_insert_with(|| (path.to_path_buf(), at));
    }
}
