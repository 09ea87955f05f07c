//! Going on from a checkpoint: what has been shown before is not shown again.

use crate::output::say;
use auditbox::event::Event;
use auditbox::query::checkpoint::{Checkpoint, Last};
use auditbox::record::EventId;
use auditbox::sys::error_reason;
use std::path::{Path, PathBuf};

/// COMPAT: an event this number of seconds newer than the recorded one proves that the recorded one is not in the log.
const PATIENCE: u64 = 2;

/// The state of a search with `--checkpoint`.
///
/// The recorded event is known by its id, type and node, and by its number among the events of its log, for others may be called
/// alike. They are numbered anew in each log. Where the log before the recorded one is there, it is read first, so that an event that
/// goes on in the next log is whole again and the numbers are the same.
pub(crate) struct Resume {
    path: PathBuf,
    /// What the file said, if there was one.
    loaded: Option<Checkpoint>,
    time_only: bool,
    passed: bool,
    /// How many logs before the recorded one are read.
    before: usize,
    /// How many of them are still to come.
    ahead: usize,
    /// Its number counts.
    is_exact: bool,
    /// An event that would be found, and that should not come before the recorded one.
    impossible: Option<EventId>,
    /// How many events of the log at hand were looked at.
    count: u64,
    /// The newest event, and the log it was in if that was read to its end.
    last: Option<Last>,
    last_log: Option<PathBuf>,
}

/// Bytes of a checkpoint file at most; the usual one has less than a hundred.
const LONGEST: u64 = 64 << 10;
/// Who may read the checkpoint: it says when something was found.
const MODE: u32 = 0o640;
/// Exit status when the checkpoint file is of no use.
pub(crate) const UNUSABLE: u8 = 10;
/// Exit status when the checkpoint cannot be written.
pub(crate) const UNWRITTEN: u8 = 11;
/// Exit status when the recorded event is not where it should be.
pub(crate) const CORRUPTED: u8 = 12;

impl Resume {
    /// Reads the file. Without one everything is new. Says what is wrong with it and leaves the status to the caller.
    pub(crate) fn load(path: &Path, time_only: bool) -> Option<Resume> {
        let loaded = match auditbox::sys::files::read_up_to(path, LONGEST) {
            Ok(text) => match Checkpoint::parse(&text) {
                Ok(loaded) => Some(loaded),
                Err(error @ auditbox::query::checkpoint::CheckpointError::Missing) => {
                    say(format_args!("{error} {}", path.display()));
                    return None;
                }
                Err(error) => {
                    say(error);
                    return None;
                }
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                say(format_args!("Cannot open checkpoint file - {}: {}", path.display(), error_reason(&error)));
                return None;
            }
        };
        let last = loaded.as_ref().and_then(|checkpoint| checkpoint.last.as_ref());
        let (passed, is_exact) = (last.is_none(), last.is_some_and(|last| last.number > 0));
        Some(Resume {
            path: path.into(),
            loaded,
            time_only,
            passed,
            before: 0,
            ahead: 0,
            is_exact,
            impossible: None,
            count: 0,
            last: None,
            last_log: None,
        })
    }

    /// The log to begin with. Where only the time of the checkpoint counts, all are read.
    pub(crate) fn begin_with(&self) -> Option<(u64, u64)> {
        let Checkpoint { device, inode, .. } = self.loaded.as_ref().filter(|_| !self.time_only)?;
        Some((*device, *inode))
    }

    /// So many logs are read that come before the recorded one.
    pub(crate) fn read_before(&mut self, logs: usize) {
        (self.before, self.ahead) = (logs, logs);
    }

    /// Says whether an event is new, and not one that was shown before or the recorded one itself. `matches`: it would be shown.
    pub(crate) fn is_new(&mut self, event: &Event, matches: bool) -> bool {
        self.count += 1;
        let is_new = self.passed || !self.is_old(event, matches);
        self.last = Some(Last::of(event, self.count));
        is_new
    }

    fn is_old(&mut self, event: &Event, matches: bool) -> bool {
        let Some(last) = self.recorded() else { return false };
        let (then, now) = (last.id, event.id());
        if self.time_only && (then.sec, then.milli) <= (now.sec, now.milli) {
            self.passed = true;
            return false;
        }
        let is_it = self.ahead == 0 && last.is(event) && (!self.is_exact || last.number == self.count);
        self.passed = is_it;
        if !is_it && matches && now.sec > then.sec.saturating_add(PATIENCE) {
            self.impossible.get_or_insert(now);
        }
        true
    }

    /// All events of a log were looked at.
    pub(crate) fn end_of_log(&mut self, log: &Path) {
        if self.count > 0 {
            self.last_log = Some(log.to_path_buf());
        }
        (self.count, self.ahead) = (0, self.ahead.saturating_sub(1));
    }

    /// Whether to search again, as the recorded event was not there under its number: the log before it may have gone since.
    pub(crate) fn tries_again(&mut self) -> bool {
        let again = self.is_exact && !self.passed;
        if again {
            (self.is_exact, self.ahead, self.count, self.impossible) = (false, self.before, 0, None);
        }
        again
    }

    /// The event that proves that the recorded one is not there. COMPAT: one that is found and is two seconds newer.
    pub(crate) fn impossible(&self) -> Option<EventId> {
        self.impossible.filter(|_| !self.passed)
    }

    /// The recorded event, for messages.
    pub(crate) fn recorded(&self) -> Option<&Last> {
        self.loaded.as_ref()?.last.as_ref()
    }

    /// Writes the file; false after saying why it cannot. `log` is the one that was read last.
    pub(crate) fn save(&self, log: &Path) -> bool {
        let log = self.last_log.as_deref().filter(|_| self.count == 0).unwrap_or(log);
        let (device, inode) = match auditbox::sys::input::identity(log) {
            Ok(identity) => identity,
            Err(error) => {
                let reason = error_reason(&error);
                say(format_args!("Cannot stat audit file for checkpoint details - {}: {reason}", log.display()));
                return false;
            }
        };
        let text = Checkpoint { device, inode, last: self.last.clone() }.print();
        let written = auditbox::sys::files::replace(&self.path, &text, MODE);
        if let Err(error) = &written {
            say(format_args!("Cannot open checkpoint file - {}: {}", self.path.display(), error_reason(error)));
        }
        written.is_ok()
    }
}
