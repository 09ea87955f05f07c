//! The log's effects on files: writing, opening, rotating, measuring, and the reserve beside the log.
//!
//! Each returns its answer, which the caller gives to the core as an input.

use crate::config::auditd::{Config, LogNames};
use crate::config::{Level, Response};
use crate::daemon::{Input, RotationError, RotationResult};
use crate::host::logger::Logger;
use crate::log::file::{LogFile, prepare_directory, share_directory};
use crate::log::rotation::{self, Keep};
use crate::sys::{clock, errno, error_reason, files, poll};
use std::io::Write;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Bytes of disk that are kept for the ledger.
const RESERVE: u64 = 64 << 10;
/// Bytes of it that are given back at a time.
pub(super) const RESERVE_PART: u64 = 8 << 10;
/// How long a reader of standard output may take nothing before lines are lost, until it takes some again.
const READER_WAIT: Duration = Duration::from_secs(1);
/// A pipe that can be written to takes this much at once: PIPE_BUF of pipe(7).
const CHUNK: usize = 4096;

/// What a rotation leaves: the old log's handle for a last sync, and its new path.
pub(in crate::daemon) struct Retired {
    pub(in crate::daemon) file: Arc<files::File>,
    pub(in crate::daemon) path: Option<PathBuf>,
}

/// Where lines go.
enum Target {
    Closed,
    Log(LogFile),
    Stream(files::File),
}

/// See the module.
pub(in crate::daemon) struct LogOutput {
    target: Target,
    /// Standard output, for a log that goes there; none for a daemon that has left it to its starter.
    stream: Option<files::File>,
}

impl LogOutput {
    pub(in crate::daemon) fn new(stream: Option<files::File>) -> LogOutput {
        LogOutput { target: Target::Closed, stream }
    }

    pub(in crate::daemon) fn is_closed(&self) -> bool {
        matches!(self.target, Target::Closed)
    }

    pub(in crate::daemon) fn close(&mut self) {
        self.target = Target::Closed;
    }

    /// Appends whole lines. While writing fails a reader of standard output is not waited for.
    pub(in crate::daemon) fn write(&mut self, lines: &[u8], is_failing: bool) -> Option<Input<'static>> {
        if lines.is_empty() {
            return None;
        }
        let result = match &mut self.target {
            Target::Log(log) => log.append(lines).map_err(|short| (short.kept, short.errno)),
            Target::Stream(file) => write_stream(file, lines, if is_failing { Duration::ZERO } else { READER_WAIT }),
            Target::Closed => Err((0, errno::EBADF)),
        };
        Some(match result {
            Ok(()) => Input::Wrote,
            Err((kept, errno)) => Input::WriteFailed { kept, errno },
        })
    }

    /// A second handle of the log, for syncing in another thread.
    pub(in crate::daemon) fn handle(&self) -> Option<Arc<files::File>> {
        match &self.target {
            Target::Log(log) => Some(log.handle()),
            _ => None,
        }
    }

    pub(in crate::daemon) fn open(
        &mut self,
        config: &Config,
        to_stream: bool,
        node: &[u8],
        logger: &mut Logger,
    ) -> Option<Input<'static>> {
        if to_stream {
            return Some(match self.stream.as_ref().and_then(|stream| stream.try_clone().ok()) {
                Some(stream) => {
                    self.target = Target::Stream(stream);
                    Input::Opened(Default::default())
                }
                None => {
                    logger
                        .log(Level::Critical, "Couldn't open log file - (a daemon has no standard output; restart it)");
                    Input::OpenFailed(errno::EBADF)
                }
            });
        }
        let path = Path::new(&config.log_file);
        let opened = prepare(path, config, logger)
            .and_then(|()| LogFile::open(path, config.log_group, node, config.tcp_listen_port != 0));
        match opened {
            Ok((log, found)) => {
                self.target = Target::Log(log);
                Some(Input::Opened(found))
            }
            Err(e) => {
                let text = format!("Couldn't open log file {} ({})", path.display(), error_reason(&e));
                logger.log(Level::Critical, &text);
                Some(Input::OpenFailed(errno::of(&e)))
            }
        }
    }

    /// Measures the free space, unless the log is not in its place any more.
    pub(in crate::daemon) fn measure(&self) -> Option<Input<'static>> {
        match &self.target {
            Target::Log(log) if !log.is_in_place() => Some(Input::LogMissing),
            Target::Log(log) => log.space().ok().map(Input::Space),
            _ => None,
        }
    }

    /// The free space, for the report.
    pub(in crate::daemon) fn space(&self) -> Option<files::FilesystemSpace> {
        match &self.target {
            Target::Log(log) => log.space().ok(),
            _ => None,
        }
    }

    /// Moves the log away and opens a new one. Until that is done lines go on into the old one, wherever it is.
    pub(in crate::daemon) fn rotate(
        &mut self,
        config: &Config,
        keep_all: bool,
        logger: &mut Logger,
    ) -> Option<(RotationResult, Option<Retired>)> {
        let Target::Log(log) = &self.target else { return None };
        let was_deleted = log.is_deleted();
        let (path, group) = (log.path.clone(), config.log_group);
        let keep = if keep_all { Keep::All } else { Keep::Logs(config.num_logs) };
        let now = clock::local(clock::now().seconds);
        let failed = |text: String, errno| {
            Some((RotationResult { was_deleted, result: Err(RotationError { text, errno }) }, None))
        };
        let moved = if log.is_in_place() {
            match rotation::move_away(&path, config.log_names, keep, &now) {
                Ok(moved) => Some(moved),
                Err(error) => {
                    let (from, to, why) = (error.from.display(), error.to.display(), error_reason(&error.error));
                    return failed(format!("Error rotating logs from {from} to {to} ({why})"), errno::of(&error.error));
                }
            }
        } else {
            None
        };
        let is_ready = if moved.is_some() { Ok(()) } else { prepare(&path, config, logger) };
        match is_ready.and_then(|()| LogFile::open(&path, group, b"", false)) {
            Ok((log, _)) => {
                let old = std::mem::replace(&mut self.target, Target::Log(log));
                let retired = match old {
                    Target::Log(old) => Some(Retired { file: old.retire(group), path: moved }),
                    _ => None,
                };
                let count = rotation::count(&path, config.log_names);
                Some((RotationResult { was_deleted, result: Ok(count) }, retired))
            }
            Err(e) => {
                failed(format!("Couldn't open log file {} ({})", path.display(), error_reason(&e)), errno::of(&e))
            }
        }
    }

    /// Sets the reserve aside, or what is missing of it. Where there is no space for that, what is left of it stays.
    pub(in crate::daemon) fn make_reserve(&self, config: &Config) {
        let path = reserve(config);
        if matches!(self.target, Target::Log(_)) && files::metadata(&path).map_or(0, |m| m.len()) < RESERVE {
            let _ = files::open_append(&path, 0o600).and_then(|file| files::set_aside(&file, RESERVE));
        }
    }
}

/// Makes and repairs what a log needs around it.
fn prepare(path: &Path, config: &Config, logger: &mut Logger) -> std::io::Result<()> {
    let (shown, group) = (path.display(), config.log_group);
    prepare_directory(path).map_err(|unsafe_| {
        logger.log(Level::Error, &unsafe_.to_string());
        std::io::Error::from_raw_os_error(unsafe_.errno)
    })?;
    if group != 0 && share_directory(path, group)? {
        logger.log(Level::Notice, &format!("Adjusted audit log directory permissions for {shown}"));
    }
    let mode = if group == 0 { 0o400 } else { 0o440 };
    rotation::repair_modes(path, config.num_logs, mode).map_err(|failed| {
        let (from, why) = (failed.from.display(), error_reason(&failed.error));
        logger.log(Level::Error, &format!("Couldn't repair audit log permissions for {from} ({why})"));
        failed.error
    })?;
    if config.log_names == LogNames::Numbers && rotation::is_interrupted(path) {
        // The log of the interrupted rotation takes the place that was made for it.
        let _ = files::rename(path, rotation::numbered(path, 1));
    }
    remove_excess(config, logger);
    Ok(())
}

/// Removes rotated logs that no rotation would come to, as after `num_logs` was made smaller.
pub(in crate::daemon) fn remove_excess(config: &Config, logger: &mut Logger) {
    if config.max_log_file_action.response == Response::Rotate && config.num_logs > 1 {
        for gone in rotation::remove_excess(Path::new(&config.log_file), config.num_logs) {
            let text = format!("Log {} removed as it exceeds num_logs parameter", gone.display());
            logger.log(Level::Notice, &text);
        }
    }
}

fn reserve(config: &Config) -> PathBuf {
    Path::new(&config.log_file).with_file_name(".auditd.reserve")
}

/// Gives a part of the reserve back.
pub(in crate::daemon) fn release_reserve(config: &Config) {
    if let Ok(file) = files::OpenOptions::new().write(true).open(reserve(config)) {
        let left = file.metadata().map_or(0, |m| m.len().saturating_sub(RESERVE_PART));
        // One that cannot be made smaller leaves the ledger waiting for space.
        let _ = file.set_len(left);
    }
}

pub(in crate::daemon) fn remove_reserve(config: &Config) {
    let _ = files::remove_file(reserve(config));
}

/// Writes whole lines to standard output, chunk by chunk, and waits up to `wait` for its reader each time. An error comes
/// with the bytes written until then, and the errno.
fn write_stream(file: &mut files::File, lines: &[u8], wait: Duration) -> Result<(), (usize, i32)> {
    let mut written = 0;
    while let Some(rest) = lines.get(written..).filter(|rest| !rest.is_empty()) {
        if !poll::can_write(file.as_fd(), wait) {
            return Err((written, errno::EAGAIN));
        }
        let fitting = rest.get(..CHUNK).unwrap_or(rest);
        let end = memchr::memrchr(b'\n', fitting).or_else(|| memchr::memchr(b'\n', rest));
        let chunk = end.and_then(|end| rest.get(..=end)).unwrap_or(rest);
        file.write_all(chunk).map_err(|e| (written, errno::of(&e)))?;
        written += chunk.len();
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
