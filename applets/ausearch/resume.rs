//! Going on from a checkpoint: what has been shown before is not shown again.

use crate::output::say;
use auditbox::event::Event;
use auditbox::query::checkpoint::{Checkpoint, Last};
use auditbox::sys::error_reason;
use std::path::{Path, PathBuf};

/// COMPAT: an event this number of seconds newer than the recorded one proves that the recorded one is not in the log.
const PATIENCE: u64 = 2;

/// What becomes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was shown before, or it is the recorded one itself.
    Old,
    /// It is new.
    New,
    /// It cannot be: the recorded event should have come before it.
    Impossible,
}

/// The state of a search with `--checkpoint`.
pub(crate) struct Resume {
    path: PathBuf,
    /// What the file said, if there was one.
    loaded: Option<Checkpoint>,
    time_only: bool,
    passed: bool,
    last: Option<Last>,
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
        let passed = loaded.as_ref().is_none_or(|checkpoint| checkpoint.last.is_none());
        Some(Resume { path: path.into(), loaded, time_only, passed, last: None })
    }

    /// The log to begin with. Where only the time of the checkpoint counts, all are read.
    pub(crate) fn begin_with(&self) -> Option<(u64, u64)> {
        let Checkpoint { device, inode, .. } = self.loaded.as_ref().filter(|_| !self.time_only)?;
        Some((*device, *inode))
    }

    /// Says whether an event is to be shown.
    pub(crate) fn judge(&mut self, event: &Event) -> Verdict {
        let Some(last) = self.loaded.as_ref().and_then(|checkpoint| checkpoint.last.as_ref()) else {
            return Verdict::New;
        };
        let (then, now) = (last.id, event.id());
        if self.passed || (self.time_only && (then.sec, then.milli) <= (now.sec, now.milli)) {
            self.passed = true;
            return Verdict::New;
        }
        if last.is(event) {
            self.passed = true;
            return Verdict::Old;
        }
        if now.sec > then.sec.saturating_add(PATIENCE) { Verdict::Impossible } else { Verdict::Old }
    }

    /// The recorded event, for messages.
    pub(crate) fn recorded(&self) -> Option<&Last> {
        self.loaded.as_ref()?.last.as_ref()
    }

    /// Remembers the newest event that was looked at, found or not.
    pub(crate) fn remember(&mut self, event: &Event) {
        self.last = Some(Last::of(event));
    }

    /// Writes the file; false after saying why it cannot.
    pub(crate) fn save(&self, log: &Path) -> bool {
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
