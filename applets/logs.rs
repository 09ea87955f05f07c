//! Which logs the reading commands read: a named file, the logs of a directory, standard input, or the daemon's own logs.
//!
//! The messages of ausearch and aureport are the reference's, and alike in both; those of aulast and aulastlog too ([`read`]).

use crate::host;
use crate::output::say;
use crate::progress::Progress;
use auditbox::config::search::SearchConfig;
use auditbox::event::Event;
use auditbox::normalize::pieces;
use auditbox::query::predicate::Criteria;
use auditbox::record::{EventId, Record, RecordType};
use auditbox::render::json;
use auditbox::sys::errno::said;
use auditbox::sys::error_reason;
use auditbox::sys::input::{self, InputFile, Stdin};
use auditbox::sys::streams;
use auditbox::trail::files::{self, Member};
use auditbox::trail::lines::Pipe;
use auditbox::trail::packed;
use auditbox::trail::{Outcome, Search, Sink, Trail, UnreadLine};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Where to look.
pub(crate) struct Place {
    /// What was named: a file, or a directory with logs in it.
    pub(crate) input: Option<PathBuf>,
    /// The log that is read when nothing is named.
    pub(crate) log: PathBuf,
    /// Read the logs even where standard input is a pipe.
    pub(crate) force_logs: bool,
    /// How long a pipe may be silent while events wait for their end, in milliseconds; `None` waits for ever.
    pub(crate) patience: Option<u64>,
    /// Go on with what is written from now on.
    pub(crate) follows: bool,
    /// Device and inode of the rotated log to begin with.
    pub(crate) begin_with: Option<(u64, u64)>,
}

/// The logs that are there.
pub(crate) struct Logs {
    pub(crate) trail: Trail<'static>,
    /// They come out of a pipe.
    pub(crate) is_pipe: bool,
    /// How many come before the one to begin with.
    pub(crate) before: usize,
    /// Files that belong to them and are not read.
    left_out: Vec<Member>,
}

/// Why there are none.
pub(crate) enum Missing {
    /// There is no such file; that has been printed.
    Input,
    /// The log to begin with is not among them; that has been printed.
    Beginning,
}

/// Before the end of a log this many bytes may belong to events that are not complete.
const RECENT: u64 = 64 << 10;

/// The exit status where nothing was found and something could not be read.
pub(crate) const LEFT_OUT: u8 = 2;

impl Place {
    /// The logs that are there. Prints that a directory was named, and why there are none.
    pub(crate) fn logs(&self) -> Result<Logs, Missing> {
        let Some(input) = &self.input else {
            return match Stdin::pipe().filter(|_| !self.force_logs) {
                Some(_) if is_packed_stdin() => Ok(Logs { is_pipe: true, ..one(Path::new(STDIN)) }),
                Some(stdin) => {
                    let trail = Trail::source(Pipe { stdin, patience: self.patience });
                    Ok(Logs { trail, is_pipe: true, before: 0, left_out: Vec::new() })
                }
                None => self.rotated(&self.log),
            };
        };
        match input::is_directory(input) {
            Ok(true) => {
                let base = input.join("audit.log");
                say(format_args!("NOTE - using logs in {}", base.display()));
                let is_missing = input::identity(&base).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
                if is_missing && self.begin_with.is_none() && !self.follows {
                    return Ok(set(&base, files::older(&base)));
                }
                self.rotated(&base)
            }
            Ok(false) if self.follows && !packed::is_plain(input) => {
                let path = input.display();
                say(format_args!(
                    "ausearch: {path} cannot be followed: it is a pipe, compressed or JSON, or cannot be read"
                ));
                Err(Missing::Input)
            }
            Ok(false) => Ok(one(input)),
            Err(error) => {
                cannot_open(input, &error);
                Err(Missing::Input)
            }
        }
    }

    /// A log and its predecessors. Without any the name of the current one stays: opening it says what is wrong.
    fn rotated(&self, base: &Path) -> Result<Logs, Missing> {
        let mut members = files::all(base);
        if let Some(id) = self.begin_with {
            let is_it = |member: &Member| input::identity(&member.path).is_ok_and(|it| it == id);
            let Some(at) = members.iter().position(is_it) else {
                say("The log that the checkpoint names is gone or compressed. \
                     --start checkpoint goes on by its time.");
                return Err(Missing::Beginning);
            };
            // An event may have begun in a log before.
            let (mut bytes, mut before) = (0, 0);
            for member in members.iter().skip(at + 1).take_while(|member| member.left_out.is_none()) {
                if bytes < RECENT {
                    bytes += InputFile::open(&member.path).map_or(0, |file| file.len());
                    before += 1;
                }
            }
            members.truncate(at + 1 + before);
            let logs = set(base, members);
            let files = logs.trail.places().map(Path::to_path_buf).collect();
            return Ok(Logs { trail: Trail::paths(files), before, ..logs });
        }
        if self.follows {
            for older in members.iter_mut().skip(1).filter(|member| !packed::is_plain(&member.path)) {
                older.left_out.get_or_insert_with(|| said("what is compressed or JSON cannot be followed"));
            }
        }
        Ok(set(base, members))
    }
}

/// The members of a log.
fn set(base: &Path, members: Vec<Member>) -> Logs {
    let (trail, left_out) = Trail::members(base, members);
    Logs { trail, is_pipe: false, before: 0, left_out }
}

/// What standard input is called, in messages too, and where it is read as a file.
pub(crate) const STDIN: &str = "/dev/stdin";

/// Whether what comes from standard input is compressed.
fn is_packed_stdin() -> bool {
    InputFile::standard().is_ok_and(|stdin| packed::program(&stdin, Path::new("")).is_some())
}

/// A file, whatever its name.
fn one(path: &Path) -> Logs {
    let is_read = path != Path::new(STDIN) && input::is_pipe(path);
    let file = if is_read { None } else { InputFile::open(path).ok() };
    let (mut read, mut left_out) = (Vec::new(), Vec::new());
    match file.and_then(|file| packed::available(&file, path).err()) {
        None => read.push(path.to_path_buf()),
        Some(reason) => left_out.push(Member { path: path.to_path_buf(), left_out: Some(reason), is_foreign: false }),
    }
    Logs { trail: Trail::paths(read), is_pipe: false, before: 0, left_out }
}

/// The configuration that decides which log is read. Prints what is wrong with it.
pub(crate) fn daemon_config(is_unnamed: bool, force_logs: bool) -> SearchConfig {
    host::daemon_config(is_unnamed, is_unnamed && (force_logs || Stdin::pipe().is_none()))
}

/// What the commands read that follow single records.
#[derive(Default)]
pub(crate) enum Input {
    /// The daemon's own logs.
    #[default]
    Logs,
    /// This file, or the logs in this directory.
    File(PathBuf),
    /// Standard input, whatever it is.
    Stdin,
}

/// What was found to be read, and the seconds after which an event is complete in it.
pub(crate) type Found = (Logs, u64);

/// Finds what is to be read. `None` after printing why nothing can be.
pub(crate) fn find(input: Input) -> Option<Found> {
    // auditd.conf speaks of the daemon's logs, not of others.
    let is_own = matches!(input, Input::Logs);
    let config = if is_own { host::daemon_config(true, true) } else { SearchConfig::default() };
    let log: PathBuf = match &input {
        Input::Logs => config.log_file.into(),
        Input::File(path) => path.clone(),
        Input::Stdin => STDIN.into(),
    };
    match open(&input, &log) {
        Ok(logs) => Some((logs, config.end_of_event_timeout)),
        Err(error) => {
            cannot_open(&log, &error);
            None
        }
    }
}

/// Gives the records that begin an event and are of one of `types` to `each`, in the order of their events, and gives back the
/// exit status: 0, or 1 after printing why nothing can be read. An error of `each` ends it.
pub(crate) fn read(
    applet: &str,
    found: Found,
    types: &[RecordType],
    each: &mut dyn FnMut(&Record<'_>) -> io::Result<()>,
) -> io::Result<u8> {
    let criteria = Criteria { kinds: types.to_vec(), ..Criteria::default() };
    let mut beginnings = Beginnings { types, each, progress: Progress::new(), failed: None };
    let status = search(applet, found, &criteria, &mut beginnings);
    beginnings.failed.map_or(Ok(status), Err)
}

/// Gives the events that can meet the criteria to `sink`, and gives back the exit status as [`read`] does.
pub(crate) fn search(applet: &str, (logs, timeout): Found, criteria: &Criteria, sink: &mut dyn Sink) -> u8 {
    let (trail, unread) = logs.split();
    let outcome = trail.search(&Search::new(criteria, timeout), Path::new(STDIN), sink);
    let has_failed = has_failed(&outcome);
    let leaves_out = unread.report(applet, &outcome);
    if has_failed {
        1
    } else if leaves_out {
        LEFT_OUT
    } else {
        0
    }
}

fn open(input: &Input, log: &Path) -> io::Result<Logs> {
    if matches!(input, Input::Stdin) {
        if is_packed_stdin() {
            return Ok(Logs { is_pipe: true, ..one(log) });
        }
        let trail = Trail::descriptor(streams::input()?);
        return Ok(Logs { trail, is_pipe: true, before: 0, left_out: Vec::new() });
    }
    if !input::is_pipe(log) {
        InputFile::open(log)?;
    }
    let named = matches!(input, Input::File(_)).then(|| log.to_path_buf());
    let log = log.to_path_buf();
    let place = Place { input: named, log, force_logs: true, patience: None, follows: false, begin_with: None };
    place.logs().map_err(|_| io::ErrorKind::NotFound.into())
}

/// The first records of events. COMPAT: what follows the end of an event is another event of the same id.
struct Beginnings<'r> {
    types: &'r [RecordType],
    each: &'r mut dyn FnMut(&Record<'_>) -> io::Result<()>,
    progress: Progress,
    failed: Option<io::Error>,
}

impl Sink for Beginnings<'_> {
    fn event(&mut self, event: Event) -> ControlFlow<(), Option<Event>> {
        for piece in pieces(&event) {
            let Some(record) = piece.first().filter(|record| self.types.contains(&record.record_type)) else {
                continue;
            };
            if let Err(error) = (self.each)(record) {
                self.failed = Some(error);
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(Some(event))
    }

    fn progress(&mut self, done: u64, all: Option<u64>) {
        self.progress.show(done, all);
    }
}

/// What was not read, for the end of a command's output on standard error.
#[derive(Default)]
pub(crate) struct Unread {
    left_out: Vec<Member>,
}

impl Logs {
    /// Whether a file that is to be written is one of them, by this name or another; says so then.
    pub(crate) fn has(&self, path: &Path, applet: &str) -> bool {
        let Ok(id) = input::identity(path) else { return false };
        let is_it = |file: &Path| input::identity(file).is_ok_and(|it| it == id);
        let is_input =
            self.is_pipe && InputFile::standard().and_then(|stdin| stdin.identity()).is_ok_and(|it| it == id);
        let has =
            is_input || self.trail.places().chain(self.left_out.iter().map(|file| file.path.as_path())).any(is_it);
        if has {
            say(format_args!("{applet}: {} is one of the logs, and is not written to", path.display()));
        }
        has
    }

    /// Takes the trail, and keeps what will be said at the end.
    pub(crate) fn split(self) -> (Trail<'static>, Unread) {
        (self.trail, Unread { left_out: self.left_out })
    }
}

impl Unread {
    /// The files whose events are missed.
    fn missed(&self) -> impl Iterator<Item = &Path> {
        self.left_out.iter().filter(|file| !file.is_foreign).map(|file| file.path.as_path())
    }

    /// Appends what was not read as objects of the events' stream.
    pub(crate) fn push_gaps(&self, outcome: &Outcome, out: &mut Vec<u8>) {
        self.missed().for_each(|path| json::push_gap("left out", path, None, out));
        outcome.torn.iter().for_each(|(path, _)| json::push_gap("compressed", path, None, out));
        if let Some((path, at)) = &outcome.first_unread {
            json::push_gap("unreadable", path, Some((outcome.unread, *at)), out);
        }
    }

    /// How many files were left out, and how many were not read to their end.
    pub(crate) fn files(&self, outcome: &Outcome) -> [u64; 2] {
        [self.missed().count() as u64, outcome.torn.len() as u64]
    }

    /// Names the files and counts the lines that were not read. Gives back whether events may be missed with a file.
    pub(crate) fn report(&self, applet: &str, outcome: &Outcome) -> bool {
        for Member { path, left_out: reason, .. } in &self.left_out {
            let Some(reason) = reason else { continue };
            say(format_args!("{applet}: {} was left out: {}", path.display(), error_reason(reason)));
        }
        for (path, program) in &outcome.torn {
            say(format_args!("{applet}: {} could not be read to its end: {program} failed", path.display()));
        }
        if let Some((path, at)) = &outcome.first_unread {
            if !outcome.has_records {
                say(format_args!("{applet}: no line of {} is an audit record", path.display()));
            }
            let lines = if outcome.unread == 1 { "line" } else { "lines" };
            let path = path.display();
            say(format_args!("{applet}: {} {lines} could not be read, first at byte {at} of {path}", outcome.unread));
        }
        self.missed().next().is_some() || !outcome.torn.is_empty()
    }
}

/// Says of an event that is too long for one, when a part of it is shown, that it comes in parts; `said` is the one that was said of last.
pub(crate) fn say_parts(applet: &str, event: &Event, said: &mut EventId) {
    if event.part().is_some() && *said != event.id() {
        *said = event.id();
        let mut id = Vec::new();
        said.print(&mut id);
        let id = String::from_utf8_lossy(&id);
        say(format_args!("{applet}: event {id} is too long for one and comes in parts"));
    }
}

/// Prints why a log cannot be opened, if there is one; true then.
pub(crate) fn has_failed(outcome: &Outcome) -> bool {
    if let Some((path, error)) = &outcome.failed {
        cannot_open(path, error);
    }
    outcome.failed.is_some()
}

fn cannot_open(path: &Path, error: &io::Error) {
    say(format_args!("Error opening {} ({})", path.display(), error_reason(error)));
}

/// Prints what the reference does of a line that cannot be read; with `debug` the line too.
pub(crate) fn print_unread(line: &UnreadLine<'_>, debug: bool) {
    if let Some(id) = line.event_id() {
        say(format_args!("Error extracting time id ({})", String::from_utf8_lossy(id)));
    }
    if debug {
        let text = String::from_utf8_lossy(line.text);
        say(format_args!("Unparsed line at byte {} of {}: {text}", line.at, line.path.display()));
    }
}
