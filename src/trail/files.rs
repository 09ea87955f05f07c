//! Which files a trail is made of: the log, its rotated predecessors, and what has to be left out of them.
//!
//! The reference's choice by a start time ([`needed`]) says which files its reports speak of. What other files have of the
//! range is searched all the same.

use super::packed;
use crate::log::rotation::{self, Stored};
use crate::sys::input::{self, InputFile};
use std::cmp::Reverse;
use std::path::{Path, PathBuf};

/// A log and its rotated predecessors, newest first: `audit.log`, then `audit.log.1`, ... up to the first number of which there
/// is no log that can be read, not even a packed one, and all dated ones. Packed ones are left out ([`compressed`]). None when the
/// log itself cannot be read.
pub fn rotation(base: &Path) -> Vec<PathBuf> {
    match input::is_readable(base) {
        true => std::iter::once(base.to_path_buf()).chain(rotated(base)).collect(),
        false => Vec::new(),
    }
}

/// The predecessors alone, whether the log is there or not.
fn rotated(base: &Path) -> Vec<PathBuf> {
    let packed = all_packed(base);
    let is_there = |file: &PathBuf| input::is_readable(file) || packed.iter().any(|other| goes_on(other, file));
    let mut rotated: Vec<PathBuf> = (1..).map(|n| rotation::numbered(base, n)).take_while(is_there).collect();
    rotated.retain(|file| input::is_readable(file));
    let mut dated = rotation::all_dated(base, Stored::Plain);
    dated.retain(|file| input::is_readable(file));
    let mixed = !rotated.is_empty() && !dated.is_empty();
    rotated.extend(dated.into_iter().rev());
    if mixed {
        // `log_names` was changed one day: only the records tell which came first.
        rotated.sort_by_key(|file| Reverse(first_second(file)));
    }
    rotated
}

/// Rotated predecessors of a log that a `compress_command` has packed, the oldest first: those
/// whose name goes on after the number or the date of a rotated log, and that are not there unpacked too.
pub fn compressed(base: &Path) -> Vec<PathBuf> {
    let (plain, mut packed) = (rotated(base), all_packed(base));
    packed.retain(|path| !plain.iter().any(|other| goes_on(path, other)));
    packed
}

/// All of them, those that are there unpacked too.
fn all_packed(base: &Path) -> Vec<PathBuf> {
    let mut files = rotation::all_suffixed(base);
    let is_packed = |path: &Path| InputFile::open(path).is_ok_and(|file| packed::program(&file, path).is_some());
    files.retain(|path| input::is_readable(path) && is_packed(path));
    files
}

/// Whether a name is another one with a suffix.
fn goes_on(path: &Path, other: &Path) -> bool {
    let name = path.as_os_str().as_encoded_bytes();
    name.strip_prefix(other.as_os_str().as_encoded_bytes()).is_some_and(|rest| rest.starts_with(b"."))
}

/// All logs that can be read, newest first: those of `rotation`, and those that this system can decompress, at the place that their
/// number or date has among them.
pub fn all(base: &Path) -> Vec<PathBuf> {
    match input::is_readable(base) {
        true => std::iter::once(base.to_path_buf()).chain(older(base)).collect(),
        false => Vec::new(),
    }
}

/// The same without the log itself, which need not be there.
pub fn older(base: &Path) -> Vec<PathBuf> {
    let (mut files, mut packed) = (rotated(base), compressed(base));
    packed.retain(|path| packed::missing_program(path).is_none());
    if packed.is_empty() {
        return files;
    }
    files.append(&mut packed);
    // Numbers from 1 on, then dates from the newest on.
    let age = |path: &PathBuf| {
        let suffix = path.as_os_str().as_encoded_bytes().get(base.as_os_str().len() + 1..).unwrap_or_default();
        let is_date = suffix.contains(&b'-');
        let number = crate::text::number::parse_prefix(suffix, 10).filter(|_| !is_date);
        (number.unwrap_or(u64::MAX), Reverse(is_date.then(|| suffix.to_vec())))
    };
    files.sort_by_cached_key(age);
    files
}

/// How many of `files` (newest first) the reference reads for events since `start`: those from one before the first that begins
/// later on. COMPAT: so does the reference since 4.1.2, by one event id of each file.
pub fn needed(files: &[PathBuf], start: u64) -> usize {
    let later = files.iter().rposition(|file| first_second(file).is_some_and(|sec| sec > start));
    match later {
        Some(at) if at + 1 < files.len() => at + 2,
        _ => files.len(),
    }
}

/// The second of the first line's event id.
fn first_second(path: &Path) -> Option<u64> {
    let file = InputFile::open(path).ok()?;
    let mut front = [0; 512];
    let read = file.read_at(&mut front, 0).ok()?;
    let line = crate::text::up_to(front.get(..read)?, b'\n');
    crate::text::number::parse_prefix(crate::text::after(line, b"audit(")?, 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::files;

    /// The files of a rotation among these, by what follows the log's name; each file holds its first second.
    fn rotated(name: &str, all: &[(&str, u64)]) -> Vec<String> {
        let place = crate::testing::path(&format!("files-{name}"));
        files::create_dir_all(&place).unwrap();
        for (suffix, second) in all {
            let line = format!("type=USER msg=audit({second}.000:1): x\n");
            files::write(place.join(format!("log{suffix}")), line).unwrap();
        }
        let found = rotation(&place.join("log"));
        files::remove_dir_all(&place).unwrap();
        found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()["log".len()..].to_string()).collect()
    }

    #[test]
    fn compressed_logs_are_named_unless_they_are_there_as_text_too() {
        let place = crate::testing::path("files-compressed");
        files::create_dir_all(&place).unwrap();
        let gzip = &b"\x1F\x8B\x08\0"[..];
        for (name, text) in [
            ("log", &b"type=USER msg=audit(1.000:1): x\n"[..]),
            ("log.1", b"type=USER msg=audit(0.000:1): x\n"),
            ("log.1.gz", gzip),
            ("log.2.gz", gzip),
            ("log.10.gz", gzip),
            ("log.3.txt", b"text"),
            ("log.2026-11-22T18-05-09.zst", b"\x28\xB5\x2F\xFD"),
            ("log.old.gz", gzip),
        ] {
            files::write(place.join(name), text).unwrap();
        }
        let found = compressed(&place.join("log"));
        files::remove_dir_all(&place).unwrap();
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["log.10.gz", "log.2.gz", "log.2026-11-22T18-05-09.zst"]);
    }

    #[test]
    fn a_packed_log_is_no_gap() {
        let place = crate::testing::path("files-between");
        files::create_dir_all(&place).unwrap();
        for (name, text) in
            [("log", &b""[..]), ("log.1.gz", b"\x1F\x8B\x08\0"), ("log.2", b""), ("log.3.bak", b"text"), ("log.4", b"")]
        {
            files::write(place.join(name), text).unwrap();
        }
        let found = rotation(&place.join("log"));
        files::remove_dir_all(&place).unwrap();
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["log", "log.2"]);
    }

    #[test]
    fn numbered_logs_are_read_up_to_the_first_gap() {
        assert_eq!(rotated("gap", &[("", 9), (".1", 8), (".2", 7), (".4", 5)]), ["", ".1", ".2"]);
        assert!(rotated("none", &[(".1", 8), (".2026-11-22T18-05-09", 7)]).is_empty());
    }

    #[test]
    fn dated_logs_are_read_and_what_only_looks_like_them_is_not() {
        let all = [
            ("", 9),
            (".2026-11-22T18-05-09", 6),
            (".2026-11-22T18-05-09_002", 7),
            (".2025-01-01T00-00-00", 5),
            (".2024-01-01T00-00-00.gz", 4),
            (".2026-11-22T18-05-09~", 4),
            (".2026-11-22", 4),
            (".old", 4),
        ];
        let newest_first = ["", ".2026-11-22T18-05-09_002", ".2026-11-22T18-05-09", ".2025-01-01T00-00-00"];
        assert_eq!(rotated("dated", &all), newest_first);
    }

    #[test]
    fn of_numbered_and_dated_logs_the_records_tell_the_order() {
        let all = [("", 9), (".1", 8), (".2", 3), (".2026-01-01T00-00-00", 4), (".2026-02-01T00-00-00", 5)];
        let newest_first = ["", ".1", ".2026-02-01T00-00-00", ".2026-01-01T00-00-00", ".2"];
        assert_eq!(rotated("mixed", &all), newest_first);
    }
}
