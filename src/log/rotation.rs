//! How rotated logs are called, and how the current log becomes one of them.
//!
//! Numbered logs move up: `audit.log.2` becomes `.3`, `.1` becomes `.2`, the log itself `.1`. Only what stands before the
//! first gap moves, so an attempt that failed or was interrupted half way is simply made again: what has moved leaves a gap
//! after it. Dated logs never move. Nothing is ever renamed over a log that is to be kept.

use crate::config::auditd::LogNames;
use crate::sys::clock::LocalTime;
use crate::sys::errno;
use crate::sys::files;
use crate::text::number;
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// How many logs stay, the current one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// So many.
    Logs(u64),
    /// All.
    All,
}

/// One move that failed.
#[derive(Debug)]
pub struct MoveError {
    /// What was to be moved.
    pub from: PathBuf,
    /// Its new name.
    pub to: PathBuf,
    /// Why it was not.
    pub error: io::Error,
}

/// Path of the `n`th rotated log.
pub fn numbered(log: &Path, n: u64) -> PathBuf {
    suffixed(log, &n.to_string())
}

fn suffixed(log: &Path, suffix: &str) -> PathBuf {
    let mut path = OsString::from(log);
    path.push(".");
    path.push(suffix);
    PathBuf::from(path)
}

/// Moves the current log out of the way, and says what it is called now. There is no log of its own name afterwards.
pub fn move_away(log: &Path, names: LogNames, keep: Keep, now: &LocalTime) -> Result<PathBuf, MoveError> {
    let to = match names {
        LogNames::Numbers => {
            shift(log, keep)?;
            numbered(log, 1)
        }
        LogNames::Dates => dated(log, now),
    };
    rename(log, &to)?;
    if let (LogNames::Dates, Keep::Logs(n)) = (names, keep) {
        drop_oldest(log, n.saturating_sub(1), &to);
    }
    Ok(to)
}

/// Moves numbered logs up until `.1` is free.
fn shift(log: &Path, keep: Keep) -> Result<(), MoveError> {
    let last = match keep {
        Keep::Logs(n) => n.saturating_sub(1).max(1),
        Keep::All => u64::MAX,
    };
    let gap = (1..last).find(|&n| !exists(&numbered(log, n))).unwrap_or(last);
    for n in (1..gap).rev() {
        rename(&numbered(log, n), &numbered(log, n + 1))?;
    }
    Ok(())
}

fn rename(from: &Path, to: &Path) -> Result<(), MoveError> {
    files::rename(from, to).map_err(|error| MoveError { from: from.to_path_buf(), to: to.to_path_buf(), error })
}

fn exists(path: &Path) -> bool {
    files::symlink_metadata(path).is_ok()
}

/// A name that says when the log was closed; of several in one second all but the first have a number too. A name that
/// an older log of that second has had is not used again: it would make the newest log look like the oldest.
fn dated(log: &Path, now: &LocalTime) -> PathBuf {
    let LocalTime { year, month, day, hour, minute, second, .. } = now;
    let date = format!("{year:04}-{month:02}-{day:02}T{hour:02}-{minute:02}-{second:02}");
    let plain = suffixed(log, &date);
    let number = |path: &PathBuf| {
        let rest = path.as_os_str().as_encoded_bytes().strip_prefix(plain.as_os_str().as_encoded_bytes())?;
        Some(rest.strip_prefix(b"_").and_then(|digits| number::parse_prefix(digits, 10)).unwrap_or(1))
    };
    match all_dated(log).iter().filter_map(number).max() {
        None => plain,
        Some(last) => suffixed(log, &format!("{date}_{:03}", last.saturating_add(1))),
    }
}

/// All dated logs, the oldest first, those too to whose name a `compress_command` has added a suffix.
fn all_dated(log: &Path) -> Vec<PathBuf> {
    let is_dated = |rest: &[u8]| rest.strip_prefix(b".").and_then(after_stamp).is_some();
    beside(log, is_dated).unwrap_or_default()
}

/// The files beside the log whose names are its own with such a rest; sorted.
pub fn beside(log: &Path, is_wanted: impl Fn(&[u8]) -> bool) -> io::Result<Vec<PathBuf>> {
    let (Some(directory), Some(name)) = (log.parent(), log.file_name()) else { return Ok(Vec::new()) };
    let here = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let name = name.as_encoded_bytes();
    let mut found: Vec<PathBuf> = files::read_dir(here)?
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|file| file.as_encoded_bytes().strip_prefix(name).is_some_and(&is_wanted))
        .map(|file| directory.join(file))
        .collect();
    found.sort_unstable();
    Ok(found)
}

/// What follows `2026-11-22T18-05-09` or `2026-11-22T18-05-09_002` in a suffix: nothing, or another suffix.
fn after_stamp(suffix: &[u8]) -> Option<&[u8]> {
    const SHAPE: &[u8] = b"0000-00-00T00-00-00";
    let (date, mut rest) = suffix.split_at_checked(SHAPE.len())?;
    let fits = |(byte, shape): (&u8, &u8)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    if let Some(number) = rest.strip_prefix(b"_") {
        let digits = number.iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest = number.get(digits..)?;
    }
    (date.iter().zip(SHAPE).all(fits) && (rest.is_empty() || rest.starts_with(b"."))).then_some(rest)
}

/// Removes all but `keep` dated logs. The clock may have stepped back: the `newest` stays whatever it is called.
fn drop_oldest(log: &Path, keep: u64, newest: &Path) {
    let files = all_dated(log);
    let excess = distinct(log, &files).count().saturating_sub(usize::try_from(keep).unwrap_or(usize::MAX));
    let is_newest = |files: &&[PathBuf]| files.iter().any(|path| path == newest);
    for path in distinct(log, &files).filter(|files| !is_newest(files)).take(excess).flatten() {
        // One that cannot be removed is tried again at the next rotation.
        let _ = files::remove_file(path);
    }
}

/// The files of each log out of sorted ones. While a log is compressed it is there twice, and yet is one.
fn distinct<'a>(log: &'a Path, files: &'a [PathBuf]) -> impl Iterator<Item = &'a [PathBuf]> {
    files.chunk_by(move |a, b| stem(log, a) == stem(log, b))
}

/// The name a dated log had before a `compress_command` added a suffix.
fn stem<'a>(log: &Path, path: &'a Path) -> Option<&'a [u8]> {
    let name = path.as_os_str().as_encoded_bytes();
    name.strip_suffix(after_stamp(name.get(log.as_os_str().len() + 1..)?)?)
}

/// Whether a rotation was interrupted before the current log was moved: `.1` is missing, and there is a later one.
pub fn is_interrupted(log: &Path) -> bool {
    !exists(&numbered(log, 1)) && exists(&numbered(log, 2)) && files::metadata(log).is_ok_and(|m| m.len() > 0)
}

/// How many rotated logs there are before the first gap, or how many dated ones.
pub fn count(log: &Path, names: LogNames) -> u64 {
    match names {
        LogNames::Numbers => (1..).find(|&n| !exists(&numbered(log, n))).unwrap_or(1) - 1,
        LogNames::Dates => distinct(log, &all_dated(log)).count() as u64,
    }
}

/// Removes the numbered logs from `num_logs` up to the first gap; returns those removed.
pub fn remove_excess(log: &Path, num_logs: u64) -> Vec<PathBuf> {
    (num_logs..).map(|n| numbered(log, n)).take_while(|path| exists(path) && files::remove_file(path).is_ok()).collect()
}

/// Gives the rotated logs up to the first gap the mode they should have. The error is one that is no log of ours.
pub fn repair_modes(log: &Path, num_logs: u64, mode: u32) -> Result<(), MoveError> {
    for (path, is_ours) in rotated(log, num_logs) {
        let refuse = |error| MoveError { from: path.clone(), to: path.clone(), error };
        if !is_ours {
            return Err(refuse(io::Error::from_raw_os_error(errno::EPERM)));
        }
        files::set_permissions(&path, files::Permissions::from_mode(mode)).map_err(refuse)?;
    }
    Ok(())
}

/// The first of the rotated logs that is no log of ours, which [`repair_modes`] would stop at.
pub fn foreign(log: &Path, num_logs: u64) -> Option<PathBuf> {
    rotated(log, num_logs).find(|(_, is_ours)| !is_ours).map(|(path, _)| path)
}

/// The rotated logs up to the first gap, and whether each is a regular file of root's.
fn rotated(log: &Path, num_logs: u64) -> impl Iterator<Item = (PathBuf, bool)> {
    (1..num_logs).map_while(move |n| {
        let path = numbered(log, n);
        let facts = files::symlink_metadata(&path).ok()?;
        Some((path, facts.is_file() && facts.uid() == 0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of its own that goes away with the test.
    struct Place(PathBuf);

    impl Place {
        fn new(name: &str, files: &[&str]) -> Place {
            let path = crate::testing::path(&format!("rotation-{name}"));
            files::create_dir_all(&path).unwrap();
            for file in files {
                // Every file says what it was called first.
                files::write(path.join(file), file).unwrap();
            }
            Place(path)
        }

        fn log(&self) -> PathBuf {
            self.0.join("log")
        }

        /// Names and contents, sorted.
        fn files(&self) -> Vec<String> {
            let mut all: Vec<String> = files::read_dir(&self.0)
                .unwrap()
                .map(|e| e.unwrap().path())
                .map(|p| format!("{}={}", p.file_name().unwrap().to_str().unwrap(), files::read_to_string(&p).unwrap()))
                .collect();
            all.sort();
            all
        }

        fn rotate(&self, keep: Keep) {
            move_away(&self.log(), LogNames::Numbers, keep, &LocalTime::default()).unwrap();
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = files::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn logs_move_up_and_the_oldest_is_overwritten() {
        let place = Place::new("up", &["log", "log.1", "log.2"]);
        place.rotate(Keep::Logs(3));
        assert_eq!(place.files(), ["log.1=log", "log.2=log.1"]);
    }

    #[test]
    fn two_logs_are_the_current_and_the_last() {
        let place = Place::new("two", &["log", "log.1"]);
        place.rotate(Keep::Logs(2));
        assert_eq!(place.files(), ["log.1=log"]);
    }

    #[test]
    fn keeping_all_drops_none() {
        let place = Place::new("all", &["log", "log.1", "log.2"]);
        place.rotate(Keep::All);
        assert_eq!(place.files(), ["log.1=log", "log.2=log.1", "log.3=log.2"]);
    }

    #[test]
    fn a_gap_is_filled_and_what_stands_after_it_stays() {
        let place = Place::new("gap", &["log", "log.1", "log.3"]);
        place.rotate(Keep::Logs(5));
        assert_eq!(place.files(), ["log.1=log", "log.2=log.1", "log.3=log.3"]);
    }

    #[test]
    fn a_rotation_cut_off_after_any_step_ends_the_same() {
        let whole = Place::new("whole", &["log", "log.1", "log.2", "log.3"]);
        whole.rotate(Keep::Logs(9));
        let moves = [("log.3", "log.4"), ("log.2", "log.3"), ("log.1", "log.2")];
        for done in 0..=moves.len() {
            let place = Place::new(&format!("cut{done}"), &["log", "log.1", "log.2", "log.3"]);
            for (from, to) in &moves[..done] {
                files::rename(place.0.join(from), place.0.join(to)).unwrap();
            }
            assert_eq!(is_interrupted(&place.log()), done == moves.len());
            place.rotate(Keep::Logs(9));
            assert_eq!(place.files(), whole.files());
        }
    }

    #[test]
    fn a_failed_move_names_both_ends() {
        let place = Place::new("fails", &["log"]);
        files::create_dir_all(place.0.join("log.1/full")).unwrap();
        let error = move_away(&place.log(), LogNames::Numbers, Keep::Logs(2), &LocalTime::default()).unwrap_err();
        assert_eq!((error.from, error.to), (place.log(), numbered(&place.log(), 1)));
        files::remove_dir_all(place.0.join("log.1")).unwrap();
        assert_eq!(place.files(), ["log=log"]);
    }

    #[test]
    fn dated_logs_stay_where_they_are_and_the_oldest_go() {
        let place = Place::new("dates", &["log", "log.2020-01-01T00-00-00", "log.2021-01-01T00-00-00", "log.old"]);
        let now = LocalTime { year: 2026, month: 11, day: 22, hour: 18, minute: 5, second: 9, ..LocalTime::default() };
        let to = move_away(&place.log(), LogNames::Dates, Keep::Logs(3), &now).unwrap();
        assert_eq!(to, place.0.join("log.2026-11-22T18-05-09"));
        assert_eq!(
            place.files(),
            ["log.2021-01-01T00-00-00=log.2021-01-01T00-00-00", "log.2026-11-22T18-05-09=log", "log.old=log.old"]
        );
        files::write(place.log(), "again").unwrap();
        let to = move_away(&place.log(), LogNames::Dates, Keep::All, &now).unwrap();
        assert_eq!(to, place.0.join("log.2026-11-22T18-05-09_002"));
        assert_eq!(count(&place.log(), LogNames::Dates), 3);
    }

    #[test]
    fn of_many_dated_logs_in_one_second_the_last_ones_stay() {
        let place = Place::new("second", &["log.2030-01-01T00-00-00.gz"]);
        let now = LocalTime { year: 2026, month: 11, day: 22, ..LocalTime::default() };
        for content in ["a", "b", "c", "d"] {
            files::write(place.log(), content).unwrap();
            move_away(&place.log(), LogNames::Dates, Keep::Logs(3), &now).unwrap();
        }
        let future = "log.2030-01-01T00-00-00.gz=log.2030-01-01T00-00-00.gz";
        assert_eq!(place.files(), ["log.2026-11-22T00-00-00_004=d", future]);

        let place = Place::new("numbers", &[]);
        for content in ["a", "b", "c", "d"] {
            files::write(place.log(), content).unwrap();
            move_away(&place.log(), LogNames::Dates, Keep::Logs(3), &now).unwrap();
        }
        assert_eq!(place.files(), ["log.2026-11-22T00-00-00_003=c", "log.2026-11-22T00-00-00_004=d"]);
    }

    #[test]
    fn a_log_that_is_being_compressed_counts_once_and_goes_as_a_whole() {
        let place = Place::new("compressed", &["log", "log.2024-01-01T00-00-00", "log.2024-01-01T00-00-00.gz"]);
        for also in ["log.2025-01-01T00-00-00.gz", "log.2025-01-01T00-00-00_002", "log.2025-01-01T00-00-00_002.tmp"] {
            files::write(place.0.join(also), "").unwrap();
        }
        assert_eq!(count(&place.log(), LogNames::Dates), 3);
        let now = LocalTime { year: 2026, month: 11, day: 22, ..LocalTime::default() };
        move_away(&place.log(), LogNames::Dates, Keep::Logs(4), &now).unwrap();
        let names: Vec<String> = place.files().iter().map(|f| f.split('=').next().unwrap().to_string()).collect();
        assert_eq!(
            names,
            [
                "log.2025-01-01T00-00-00.gz",
                "log.2025-01-01T00-00-00_002.tmp",
                "log.2025-01-01T00-00-00_002",
                "log.2026-11-22T00-00-00"
            ]
        );
    }

    #[test]
    fn excess_goes_up_to_the_first_gap() {
        let place = Place::new("excess", &["log.5", "log.6", "log.8"]);
        assert_eq!(remove_excess(&place.log(), 5).len(), 2);
        assert_eq!(place.files(), ["log.8=log.8"]);
    }
}
