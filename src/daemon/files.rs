//! The loop's work on files: writing, syncing, opening, rotating the log, and the reserve beside it.

use super::Input;
use super::run::{Out, Runner};
use super::worker::Job;
use super::world::why;
use crate::config::auditd::LogNames;
use crate::config::{Level, Response};
use crate::store::log::{LogFile, prepare_directory, share_directory};
use crate::store::rotation::{self, Keep};
use crate::sys::{clock, errno, files, poll};
use std::io::Write;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Bytes of disk that are kept for the ledger.
const RESERVE: u64 = 64 << 10;
/// So much of it is given back at a time.
pub(super) const RESERVE_PART: u64 = 8 << 10;
/// How long a reader of standard output may take nothing before lines are lost, until it takes some again.
const READER_WAIT: Duration = Duration::from_secs(1);
/// A pipe that can be written to takes so much at once: PIPE_BUF of pipe(7).
const PIECE: usize = 4096;

impl Runner {
    pub(super) fn write(&mut self) {
        let lines = self.step.lines();
        if lines.is_empty() {
            return;
        }
        let result = match &mut self.out {
            Out::Log(log) => log.append(lines).map_err(|short| (short.kept, short.errno)),
            Out::Stream(file) => {
                let wait = if self.step.failing { Duration::ZERO } else { READER_WAIT };
                write_stream(file, lines, wait)
            }
            Out::Closed => Err((0, errno::EBADF)),
        };
        self.step.input(match result {
            Ok(()) => Input::Wrote,
            Err((kept, errno)) => Input::WriteFailed { kept, errno },
        });
    }

    pub(super) fn sync(&mut self, data_only: bool) {
        if let Out::Log(log) = &self.out {
            self.worker.give(Job::Sync { file: log.handle(), data_only });
        }
    }

    pub(super) fn open(&mut self) {
        let config = self.step.config();
        let stream = self.stream.as_ref().filter(|_| self.step.writes_to_stream());
        if let Some(stream) = stream {
            if let Ok(file) = stream.try_clone() {
                self.out = Out::Stream(file);
                self.step.input(Input::Opened(Default::default()));
            }
            return;
        }
        let (path, group) = (PathBuf::from(&config.log_file), config.log_group);
        let input = match self.prepare(&path, group).and_then(|()| LogFile::open(&path, group)) {
            Ok((log, found)) => {
                self.out = Out::Log(log);
                Input::Opened(found)
            }
            Err(e) => {
                self.voice.tell(Level::Critical, &format!("Couldn't open log file {} ({})", path.display(), why(&e)));
                Input::OpenFailed(errno::of(&e))
            }
        };
        self.step.input(input);
    }

    /// Makes and mends what a log needs around it.
    fn prepare(&mut self, path: &Path, group: u32) -> std::io::Result<()> {
        let shown = path.display();
        prepare_directory(path).map_err(|unsafe_| {
            let error = std::io::Error::from_raw_os_error(unsafe_.errno);
            let text = format!("Unsafe audit log directory for {shown} ({}: {})", unsafe_.part.display(), why(&error));
            self.voice.tell(Level::Error, &text);
            error
        })?;
        if group != 0 && share_directory(path, group)? {
            self.voice.tell(Level::Notice, &format!("Adjusted audit log directory permissions for {shown}"));
        }
        let config = self.step.config();
        let mode = if group == 0 { 0o400 } else { 0o440 };
        rotation::repair_modes(path, config.num_logs, mode).map_err(|failed| {
            let text =
                format!("Couldn't repair audit log permissions for {} ({})", failed.from.display(), why(&failed.error));
            self.voice.tell(Level::Error, &text);
            failed.error
        })?;
        if config.log_names == LogNames::Numbers && rotation::is_interrupted(path) {
            // The log of the interrupted rotation takes the place that was made for it.
            let _ = files::rename(path, rotation::numbered(path, 1));
        }
        self.remove_excess();
        Ok(())
    }

    /// Removes rotated logs that no rotation would come to, as after `num_logs` was made smaller.
    pub(super) fn remove_excess(&mut self) {
        let config = self.step.config();
        if config.max_log_file_action.response == Response::Rotate && config.num_logs > 1 {
            for gone in rotation::remove_excess(Path::new(&config.log_file), config.num_logs) {
                let text = format!("Log {} removed as it exceeds num_logs parameter", gone.display());
                self.voice.tell(Level::Notice, &text);
            }
        }
    }

    pub(super) fn look_at_log(&mut self) {
        let Out::Log(log) = &self.out else { return };
        if !log.is_in_place() {
            self.step.input(Input::LogMissing);
        } else if let Ok(room) = log.room() {
            self.step.input(Input::Room(room));
        }
    }

    /// Moves the log away and opens a new one. Until that is done lines go on into the old one, wherever it is.
    pub(super) fn rotate(&mut self, keep_all: bool) {
        let Out::Log(log) = &self.out else { return };
        if log.is_deleted() {
            self.step.input(Input::LogDeleted);
        }
        let config = self.step.config();
        let (path, group, names) = (log.path.clone(), config.log_group, config.log_names);
        let keep = if keep_all { Keep::All } else { Keep::Logs(config.num_logs) };
        let now = clock::local(clock::now().seconds);
        let moved = if log.is_in_place() { rotation::move_away(&path, names, keep, &now).map(Some) } else { Ok(None) };
        let moved = match moved {
            Ok(moved) => moved,
            Err(failed) => {
                let (from, to) = (failed.from.display(), failed.to.display());
                let text = format!("Error rotating logs from {from} to {to} ({})", why(&failed.error));
                let errno = errno::of(&failed.error);
                return self.step.input(Input::RotationFailed { text, errno });
            }
        };
        let is_ready = if moved.is_some() { Ok(()) } else { self.prepare(&path, group) };
        match is_ready.and_then(|()| LogFile::open(&path, group)) {
            Ok((log, _)) => {
                if let Out::Log(old) = std::mem::replace(&mut self.out, Out::Log(log)) {
                    self.worker.give(Job::Sync { file: old.retire(group), data_only: false });
                }
                if let Some(moved) = moved {
                    self.compress(&moved);
                }
                self.step.input(Input::Rotated(rotation::count(&path, names)));
            }
            Err(e) => {
                let text = format!("Couldn't open log file {} ({})", path.display(), why(&e));
                self.step.input(Input::RotationFailed { text, errno: errno::of(&e) });
            }
        }
    }

    pub(super) fn reserve(&self) -> PathBuf {
        Path::new(&self.step.config().log_file).with_file_name(".auditd.reserve")
    }

    /// Gives a part of the reserve back.
    pub(super) fn release_reserve(&self) {
        if let Ok(file) = files::OpenOptions::new().write(true).open(self.reserve()) {
            let left = file.metadata().map_or(0, |m| m.len().saturating_sub(RESERVE_PART));
            // One that cannot be made smaller leaves the ledger waiting for room.
            let _ = file.set_len(left);
        }
    }

    /// Sets the reserve aside, or what is missing of it. Where there is no room for that, what is left of it stays.
    pub(super) fn make_reserve(&self) {
        let path = self.reserve();
        if matches!(self.out, Out::Log(_)) && files::metadata(&path).map_or(0, |m| m.len()) < RESERVE {
            let _ = files::open_append(&path, 0o600).and_then(|file| files::set_aside(&file, RESERVE));
        }
    }
}

/// Writes whole lines to standard output, piece by piece, and waits for its reader so long each time. An error comes with
/// what was written until then, and the errno.
fn write_stream(file: &mut files::File, lines: &[u8], wait: Duration) -> Result<(), (usize, i32)> {
    let mut written = 0;
    while let Some(rest) = lines.get(written..).filter(|rest| !rest.is_empty()) {
        if !poll::can_write(file.as_fd(), wait) {
            return Err((written, errno::EAGAIN));
        }
        let fitting = rest.get(..PIECE).unwrap_or(rest);
        let end = memchr::memrchr(b'\n', fitting).or_else(|| memchr::memchr(b'\n', rest));
        let piece = end.and_then(|end| rest.get(..=end)).unwrap_or(rest);
        file.write_all(piece).map_err(|e| (written, errno::of(&e)))?;
        written += piece.len();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::process;
    use std::io::Read;

    #[test]
    fn a_reader_that_stops_reading_is_not_waited_for_and_gets_whole_lines() {
        let (mut reader, mut writer) = process::pipe().unwrap();
        let lines = "a line\n".repeat(100_000);
        let (kept, errno) = write_stream(&mut writer, lines.as_bytes(), Duration::ZERO).unwrap_err();
        assert_eq!(errno, errno::EAGAIN);
        assert!(kept > 0 && kept % 7 == 0);
        drop(writer);
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        assert_eq!(read.len(), kept);
    }

    #[test]
    fn a_reader_that_went_away_is_an_error() {
        let (reader, mut writer) = process::pipe().unwrap();
        drop(reader);
        assert!(write_stream(&mut writer, b"a line\n", READER_WAIT).is_err_and(|(kept, _)| kept == 0));
    }
}
