//! Which logs ausearch and aureport read: a named file, the logs of a directory, standard input, or the daemon's own logs.
//!
//! Their messages are the reference's, and alike in both commands.

use crate::host;
use crate::output::say;
use auditbox::store::reader;
use auditbox::sys::input::{self, InputFile, Stdin};
use std::path::{Path, PathBuf};

/// What is read.
pub(crate) enum Logs {
    /// Standard input.
    Pipe(Stdin),
    /// The file that was named.
    File(PathBuf),
    /// A log and its rotated predecessors, newest first; never empty. They are read from the last to the first.
    Rotated(Vec<PathBuf>),
}

/// Where to look.
pub(crate) struct Place {
    /// What was named: a file, or a directory with logs in it.
    pub(crate) input: Option<PathBuf>,
    /// The log that is read when nothing is named.
    pub(crate) log: PathBuf,
    /// Read the logs even where standard input is a pipe.
    pub(crate) force_logs: bool,
}

impl Place {
    /// The logs that are there. Tells of a directory, and why there are none.
    pub(crate) fn logs(&self) -> Option<Logs> {
        let Some(input) = &self.input else {
            let pipe = Stdin::pipe().filter(|_| !self.force_logs);
            return Some(pipe.map_or_else(|| rotated(self.log.clone()), Logs::Pipe));
        };
        match input::is_directory(input) {
            Ok(true) => {
                let base = input.join("audit.log");
                say(format_args!("NOTE - using logs in {}", base.display()));
                Some(rotated(base))
            }
            Ok(false) => Some(Logs::File(input.clone())),
            Err(error) => {
                say(format_args!("stat: {}", host::reason(&error)));
                None
            }
        }
    }
}

/// Without any log the name of the current one stays: opening it says what is wrong.
fn rotated(base: PathBuf) -> Logs {
    let mut files = reader::rotation(&base);
    if files.is_empty() {
        files.push(base);
    }
    Logs::Rotated(files)
}

/// Opens a log. Tells why it cannot be opened.
pub(crate) fn open(path: &Path) -> Option<InputFile> {
    let opened = InputFile::open(path);
    opened.map_err(|error| say(format_args!("Error opening {} ({})", path.display(), host::reason(&error)))).ok()
}
