//! The file of audisp-json: whole objects alone, a line each.
//!
//! It is moved away by its size, by renaming, so whoever follows it misses nothing. A device or a pipe in its place is written to and
//! stays; it is never waited for.

use super::queue::Queue;
use crate::config::auditd::LogNames;
use crate::log::rotation::{self, Keep};
use crate::sys::{clock, errno, files};
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A file that holds whole objects alone.
pub(super) struct ObjectFile {
    path: PathBuf,
    mode: u32,
    /// Bytes after which it is moved away.
    max_size: u64,
    /// How many files there are, this one included.
    keep: u64,
    /// None when the last one was moved away and no other could be made, and while nobody reads the pipe in its place.
    file: Option<files::File>,
    /// What has a name of its own to keep, a device or a pipe, is never moved away.
    is_regular: bool,
    size: u64,
    /// What stands at its end may be no whole line.
    is_torn: bool,
}

impl ObjectFile {
    /// Opens the file, or makes it with that mode; one that is there is given no right more. A pipe may be without a reader yet.
    pub(super) fn open(path: &Path, mode: u32, max_size: u64, keep: u64) -> io::Result<ObjectFile> {
        let mut file = ObjectFile {
            path: path.into(),
            mode,
            max_size,
            keep,
            file: None,
            is_regular: false,
            size: 0,
            is_torn: false,
        };
        match file.open_again() {
            Err(error) if errno::of(&error) != errno::ENXIO => Err(error),
            _ => Ok(file),
        }
    }

    fn open_again(&mut self) -> io::Result<()> {
        let (file, is_new) = files::open_append_at_once(&self.path, self.mode)?;
        let facts = file.metadata()?;
        self.is_regular = facts.is_file();
        let mode = facts.permissions().mode() & 0o7777;
        let wanted = if is_new { self.mode } else { mode & self.mode };
        if self.is_regular && mode != wanted {
            file.set_permissions(files::Permissions::from_mode(wanted))?;
        }
        // Whoever wrote it may have been stopped within a line; an empty line more hurts nobody.
        (self.size, self.is_torn) = (facts.len(), facts.len() > 0);
        self.file = Some(file);
        Ok(())
    }

    /// The pipe or device in its place, which may have to be waited for.
    pub(super) fn pipe(&self) -> Option<BorrowedFd<'_>> {
        self.file.as_ref().filter(|_| !self.is_regular).map(AsFd::as_fd)
    }

    /// Writes what can be written at once. What was written of the object that fails is taken back.
    pub(super) fn write(&mut self, unwritten: &mut Queue) -> io::Result<()> {
        while let Some(object) = unwritten.first() {
            let is_too_long = self.size > 0 && self.size + object.len() as u64 > self.max_size;
            if self.is_regular && is_too_long && self.has_its_name() {
                move_away(&self.path, self.keep)?;
            }
            if self.is_regular && is_too_long {
                self.file = None;
            }
            let Some(file) = &mut self.file else {
                self.open_again()?;
                continue;
            };
            if !self.is_regular {
                return write_pipe(file, unwritten);
            }
            let begin = if self.is_torn { &b"\n"[..] } else { b"" };
            let text = [begin, object].concat();
            let mut rest = &text[..];
            while !rest.is_empty() {
                match file.write(rest) {
                    Ok(count) if count > 0 => rest = rest.get(count..).unwrap_or_default(),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    other => {
                        let written = (text.len() - rest.len()) as u64;
                        self.is_torn |= written > 0 && !takes_back(file, written);
                        return other.and(Err(ErrorKind::WriteZero.into()));
                    }
                }
            }
            (self.size, self.is_torn) = (self.size + text.len() as u64, false);
            let count = object.len();
            unwritten.written(count);
        }
        Ok(())
    }

    /// Whether nobody has moved or removed it.
    fn has_its_name(&self) -> bool {
        let own = self.file.as_ref().and_then(|file| file.metadata().ok());
        let named = files::symlink_metadata(&self.path).ok();
        own.zip(named).is_some_and(|(own, named)| (own.dev(), own.ino()) == (named.dev(), named.ino()))
    }
}

/// Writes what a pipe takes. When its reader has left, the next one begins with a whole object.
fn write_pipe(pipe: &mut files::File, unwritten: &mut Queue) -> io::Result<()> {
    while !unwritten.is_empty() {
        match pipe.write(unwritten.pending()) {
            Ok(count) => unwritten.written(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                unwritten.rewind();
                return Err(error);
            }
        }
    }
    Ok(())
}

/// Cuts off the last bytes of a file, if it has that many and can be cut.
fn takes_back(file: &files::File, count: u64) -> bool {
    let rest = file.metadata().ok().and_then(|facts| facts.len().checked_sub(count));
    rest.is_some_and(|rest| file.set_len(rest).is_ok())
}

/// Moves the file away, or removes it where there is to be no other.
fn move_away(path: &Path, keep: u64) -> io::Result<()> {
    if keep == 1 {
        return files::remove_file(path);
    }
    let now = clock::local(clock::now().seconds);
    let moved = rotation::move_away(path, LogNames::Numbers, Keep::Logs(keep), &now);
    moved.map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_file_that_somebody_has_cut_nothing_is_taken_back() {
        let path = crate::testing::path("object-file");
        std::fs::write(&path, "four").unwrap();
        let file = files::open_append(&path, 0o600).unwrap();
        assert!(!takes_back(&file, 5) && file.metadata().unwrap().len() == 4);
        assert!(takes_back(&file, 3) && file.metadata().unwrap().len() == 1);
        let _ = files::remove_file(&path);
    }
}
