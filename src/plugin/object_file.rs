//! The file of audisp-json: whole objects alone, a line each.
//!
//! It is moved away by its size, by renaming, so whoever follows it misses nothing. A device or a pipe in its place is written to and
//! stays.

use super::queue::Queue;
use crate::config::auditd::LogNames;
use crate::log::rotation::{self, Keep};
use crate::sys::{clock, files};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A file that holds whole objects alone.
pub(super) struct ObjectFile {
    path: PathBuf,
    mode: u32,
    /// Bytes after which it is moved away.
    max_size: u64,
    /// How many files there are, this one included.
    keep: u64,
    /// None when the last one was moved away and no other could be made.
    file: Option<files::File>,
    /// What has a name of its own to keep, a device or a pipe, is never moved away.
    is_regular: bool,
    size: u64,
    /// What stands at its end may be no whole line.
    is_torn: bool,
}

impl ObjectFile {
    /// Opens the file, or makes it, and gives it that mode.
    pub(super) fn open(path: &Path, mode: u32, max_size: u64, keep: u64) -> io::Result<ObjectFile> {
        let file = files::open_append(path, mode)?;
        let facts = file.metadata()?;
        let is_regular = facts.is_file();
        if is_regular && facts.permissions().mode() & 0o777 != mode {
            file.set_permissions(files::Permissions::from_mode(mode))?;
        }
        // Whoever wrote it may have been stopped within a line; an empty line more hurts nobody.
        let size = facts.len();
        Ok(ObjectFile {
            path: path.into(),
            mode,
            max_size,
            keep,
            file: Some(file),
            is_regular,
            size,
            is_torn: size > 0,
        })
    }

    /// Writes the objects one by one. What was written of the one that fails is taken back.
    pub(super) fn write(&mut self, unwritten: &mut Queue) -> io::Result<()> {
        while let Some(object) = unwritten.first() {
            let is_too_long = self.size > 0 && self.size + object.len() as u64 > self.max_size;
            if self.file.is_some() && self.is_regular && is_too_long {
                move_away(&self.path, self.keep)?;
                self.file = None;
            }
            let Some(file) = &mut self.file else {
                *self = ObjectFile::open(&self.path, self.mode, self.max_size, self.keep)?;
                continue;
            };
            let begin = if self.is_torn { &b"\n"[..] } else { b"" };
            let text = [begin, object].concat();
            let mut rest = &text[..];
            while !rest.is_empty() {
                match file.write(rest) {
                    Ok(count) if count > 0 => rest = rest.get(count..).unwrap_or_default(),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => {
                        let written = (text.len() - rest.len()) as u64;
                        self.is_torn |= written > 0 && !takes_back(file, written);
                        return other.and(Err(io::ErrorKind::WriteZero.into()));
                    }
                }
            }
            (self.size, self.is_torn) = (self.size + text.len() as u64, false);
            let count = object.len();
            unwritten.written(count);
        }
        Ok(())
    }
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
