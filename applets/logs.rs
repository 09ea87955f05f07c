//! Which logs ausearch and aureport read: a named file, the logs of a directory, standard input, or the daemon's own logs.
//!
//! Their messages are the reference's, and alike in both commands.

use crate::host;
use crate::output::say;
use auditbox::sys::input::{self, InputFile, Stdin};
use auditbox::trail::files;
use auditbox::trail::lines::Pipe;
use auditbox::trail::{Outcome, Trail, UnreadLine};
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
    /// Device and inode of the rotated log to begin with.
    pub(crate) begin_with: Option<(u64, u64)>,
}

/// The logs that are there.
pub(crate) struct Logs {
    pub(crate) trail: Trail<'static>,
    /// They come out of a pipe.
    pub(crate) is_pipe: bool,
    /// Files that belong to them and are compressed.
    left_out: Vec<PathBuf>,
}

/// Why there are none.
pub(crate) enum Missing {
    /// There is no such file; that has been printed.
    Input,
    /// The log to begin with is not among them.
    Beginning,
}

/// The exit status where nothing was found and something was left out.
pub(crate) const LEFT_OUT: u8 = 2;

impl Place {
    /// The logs that are there. Prints that a directory was named, and why there are none.
    pub(crate) fn logs(&self) -> Result<Logs, Missing> {
        let Some(input) = &self.input else {
            return match Stdin::pipe().filter(|_| !self.force_logs) {
                Some(stdin) => {
                    let trail = Trail::source(Pipe { stdin, patience: self.patience });
                    Ok(Logs { trail, is_pipe: true, left_out: Vec::new() })
                }
                None => self.rotated(&self.log),
            };
        };
        match input::is_directory(input) {
            Ok(true) => {
                let base = input.join("audit.log");
                say(format_args!("NOTE - using logs in {}", base.display()));
                self.rotated(&base)
            }
            Ok(false) => {
                let is_compressed = InputFile::open(input).is_ok_and(|file| files::is_compressed(&file));
                let (read, left_out) = if is_compressed { (None, Some(input)) } else { (Some(input), None) };
                let trail = Trail::paths(read.into_iter().cloned().collect());
                Ok(Logs { trail, is_pipe: false, left_out: left_out.into_iter().cloned().collect() })
            }
            Err(error) => {
                say(format_args!("stat: {}", host::reason(&error)));
                Err(Missing::Input)
            }
        }
    }

    /// A log and its predecessors. Without any the name of the current one stays: opening it says what is wrong.
    fn rotated(&self, base: &Path) -> Result<Logs, Missing> {
        let trail = match self.begin_with {
            None => Trail::rotated(base),
            Some(id) => {
                let mut newest_first = files::rotation(base);
                let is_it = |path: &PathBuf| input::identity(path).is_ok_and(|it| it == id);
                let at = newest_first.iter().position(is_it).ok_or(Missing::Beginning)?;
                newest_first.truncate(at + 1);
                newest_first.reverse();
                Trail::paths(newest_first)
            }
        };
        Ok(Logs { trail, is_pipe: false, left_out: files::compressed(base) })
    }
}

/// What was not read, for the end of a command's output on standard error.
pub(crate) struct Unread {
    left_out: Vec<PathBuf>,
}

impl Logs {
    /// Takes the trail, and keeps what will be said at the end.
    pub(crate) fn split(self) -> (Trail<'static>, Unread) {
        (self.trail, Unread { left_out: self.left_out })
    }
}

impl Unread {
    /// Names the files and counts the lines that were not read. Gives back whether a file was left out.
    pub(crate) fn report(&self, applet: &str, outcome: &Outcome) -> bool {
        for path in &self.left_out {
            say(format_args!("{applet}: {} is compressed and was left out", path.display()));
        }
        if let Some((path, at)) = &outcome.first_unread {
            let lines = if outcome.unread == 1 { "line" } else { "lines" };
            let path = path.display();
            say(format_args!("{applet}: {} {lines} could not be read, first at byte {at} of {path}", outcome.unread));
        }
        !self.left_out.is_empty()
    }
}

/// Prints why a log cannot be opened, if there is one; true then.
pub(crate) fn has_failed(outcome: &Outcome) -> bool {
    if let Some((path, error)) = &outcome.failed {
        say(format_args!("Error opening {} ({})", path.display(), host::reason(error)));
    }
    outcome.failed.is_some()
}

/// Prints what the reference does of a line that cannot be read; with `debug` the line too.
pub(crate) fn print_unread(line: &UnreadLine<'_>, debug: bool) {
    if let Some(id) = line.event_id() {
        say(format_args!("Error extracting time stamp ({})", String::from_utf8_lossy(id)));
    }
    if debug {
        let text = String::from_utf8_lossy(line.text);
        say(format_args!("Unparsed line at byte {} of {}: {text}", line.at, line.path.display()));
    }
}
