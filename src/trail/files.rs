//! Which files a trail is made of: the log, its rotated predecessors, and what has to be left out of them.
//!
//! The reference's choice by a start time ([`needed`]) says which files its reports speak of. What other files have of the
//! range is searched all the same.

use super::lines::Source;
use super::packed;
use crate::log::rotation;
use crate::sys::errno::said;
use crate::sys::input::{self, InputFile};
use crate::text::{self, number};
use std::cmp::Reverse;
use std::io;
use std::path::{Path, PathBuf};

/// A file that belongs to a log by its name.
pub struct Member {
    /// Where it is.
    pub path: PathBuf,
    /// Why it is not read.
    pub left_out: Option<io::Error>,
    /// No rotation gives such a name, `audit.log.bak`, nor may it be a log that a program unknown here has compressed: that it is not
    /// read is worth a word, and answers are whole without it.
    pub is_foreign: bool,
}

/// A log and its predecessors, newest first. Nothing when the log itself cannot be read.
pub fn all(base: &Path) -> Vec<Member> {
    if !input::is_readable(base) {
        return Vec::new();
    }
    let newest = Member { path: base.to_path_buf(), left_out: None, is_foreign: false };
    std::iter::once(newest).chain(older(base)).collect()
}

/// The predecessors alone; the log itself need not be there.
///
/// Whatever is called after the log and goes on with no letter or digit belongs to it. With a number or date, as `audit.log.1`,
/// `audit.log.2026-11-22T18-05-09` or `audit.log-20261122.gz`, it is read, or there is a reason why it is not; without, as
/// `audit.log.old`, it may be a copy, whose events would come twice. A number that is missing hides none behind it: a rotation that
/// was interrupted leaves such a gap.
pub fn older(base: &Path) -> Vec<Member> {
    let is_rotated = |rest: &[u8]| rest.first().is_some_and(|byte| !byte.is_ascii_alphanumeric());
    let (paths, unlisted) = match rotation::beside(base, is_rotated) {
        Ok(paths) => (paths, None),
        Err(error) => {
            // What is there under a name that is known can be opened all the same.
            let numbered = (1..).map(|n| rotation::numbered(base, n)).take_while(|path| input::identity(path).is_ok());
            (numbered.collect(), base.parent().map(|place| (place.to_path_buf(), error)))
        }
    };
    let mut names: Vec<Name> = paths.into_iter().filter_map(|path| Name::of(path, base)).collect();
    names.sort_unstable();
    let unplaced = names.split_off(names.partition_point(Name::has_place));
    let is_mixed = names.first().map(Name::is_dated) != names.last().map(Name::is_dated);
    let (mut members, mut last) = (Vec::new(), Vec::new());
    for name in names {
        let program =
            if name.stem() == last { Err(said("another of its number or date is read")) } else { name.program() };
        if program.is_ok() {
            last = name.stem().to_vec();
        }
        members.push(Member { is_foreign: name.is_of_text(), path: name.path, left_out: program.err() });
    }
    if is_mixed {
        // `log_names` was changed one day: only the records tell which came first.
        members.sort_by_cached_key(|member| Reverse(first_second(&member.path)));
    }
    let no_place = || Some(said("its name has no number or date after that of the log"));
    members.extend(unplaced.into_iter().map(|name| Member { path: name.path, left_out: no_place(), is_foreign: true }));
    members.extend(unlisted.map(|(path, error)| Member { path, left_out: Some(error), is_foreign: false }));
    members
}

/// Those of [`all`] that are read.
pub fn read(base: &Path) -> Vec<PathBuf> {
    all(base).into_iter().filter(|member| member.left_out.is_none()).map(|member| member.path).collect()
}

/// The name of a rotated log. Sorted they are in the order of their ages, the newest first: numbers from 1 on, then dates from the
/// newest on, then what has neither. Of one log the file without an ending comes first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    number: u64,
    date: Reverse<Vec<u8>>,
    path: PathBuf,
    /// Where it goes on after its number or date.
    ending: usize,
}

impl Name {
    /// A number has fewer digits than a date.
    fn of(path: PathBuf, base: &Path) -> Option<Name> {
        const DATE: usize = "20261122".len();
        let file = path.file_name()?.as_encoded_bytes();
        let after = base.file_name()?.len() + 1;
        let stamp = file.get(after..)?.iter().take_while(|byte| byte.is_ascii_digit() || b"-_T".contains(byte));
        let stamp: Vec<u8> = stamp.copied().collect();
        let ending = path.as_os_str().len() - file.len() + after + stamp.len();
        let digits: Vec<u8> = stamp.into_iter().filter(u8::is_ascii_digit).collect();
        let number = number::parse_prefix(&digits, 10).filter(|_| (1..DATE).contains(&digits.len()));
        Some(Name { number: number.unwrap_or(u64::MAX), date: Reverse(digits), path, ending })
    }

    /// It has a number or date.
    fn has_place(&self) -> bool {
        !self.date.0.is_empty()
    }

    fn is_dated(&self) -> bool {
        self.number == u64::MAX
    }

    /// All before the ending.
    fn stem(&self) -> &[u8] {
        self.path.as_os_str().as_encoded_bytes().get(..self.ending).unwrap_or_default()
    }

    /// It ends with its number or date, or as what was compressed does.
    fn is_usual(&self) -> bool {
        self.ending == self.path.as_os_str().len() || packed::is_named(&self.path)
    }

    /// It ends otherwise, and begins as a text: a sum, a note.
    fn is_of_text(&self) -> bool {
        let front = InputFile::regular(&self.path).and_then(|file| front(&file, None));
        !self.is_usual() && front.is_ok_and(|front| std::str::from_utf8(&front).is_ok())
    }

    /// What it has to be read through, if it is compressed. An error when it cannot be read.
    fn program(&self) -> io::Result<Option<&'static str>> {
        let program = packed::available(&InputFile::regular(&self.path)?, &self.path)?;
        let is_log = program.is_some() || self.is_usual() || first_second(&self.path).is_some();
        if is_log { Ok(program) } else { Err(said("neither its name nor its beginning is that of a log")) }
    }
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
    let file = InputFile::regular(path).ok()?;
    let front = front(&file, packed::program(&file, path)).ok()?;
    number::parse_prefix(text::after(text::up_to(&front, b'\n'), b"audit(")?, 10)
}

/// The first bytes of a file, or of what this program makes of it: enough to tell it from other files of a log.
pub(super) fn front(file: &InputFile, program: Option<&str>) -> io::Result<Vec<u8>> {
    let mut front = vec![0; 512];
    let mut unpacked = program.map(|program| packed::Unpacked::start(file, program)).transpose()?;
    let mut end = 0;
    while let Some(rest) = front.get_mut(end..).filter(|rest| !rest.is_empty()) {
        let read = match &mut unpacked {
            Some(unpacked) => unpacked.read(rest)?,
            None => file.read_at(rest, end as u64)?,
        };
        end += read;
        if read == 0 {
            break;
        }
    }
    front.truncate(end);
    Ok(front)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::files;

    const GZIP: &str = "\x1F\u{8B}\x08\0";

    /// What is made of files with these names behind the log's and these texts, newest first: what they are called and why they are
    /// left out.
    fn told(name: &str, all: &[(&str, &str)]) -> Vec<String> {
        let place = crate::testing::path(&format!("files-{name}"));
        files::create_dir_all(&place).unwrap();
        for (suffix, text) in all {
            // Bytes above 7F stand for themselves.
            let text: Vec<u8> = text.chars().map(|char| char as u8).collect();
            files::write(place.join(format!("log{suffix}")), text).unwrap();
        }
        let told = super::all(&place.join("log")).into_iter().map(|member| {
            let reason = member.left_out.map(|error| format!(": {}", crate::sys::error_reason(&error)));
            member.path.file_name().unwrap().to_str().unwrap()["log".len()..].to_string() + &reason.unwrap_or_default()
        });
        let told = told.collect();
        files::remove_dir_all(&place).unwrap();
        told
    }

    /// The same; each file holds its first second.
    fn rotated(name: &str, all: &[(&str, u64)]) -> Vec<String> {
        let all: Vec<_> =
            all.iter().map(|(suffix, second)| (*suffix, format!("type=USER msg=audit({second}.000:1): x\n"))).collect();
        told(name, &all.iter().map(|(suffix, text)| (*suffix, text.as_str())).collect::<Vec<_>>())
    }

    const OTHER: &str = ": another of its number or date is read";
    const NO_PLACE: &str = ": its name has no number or date after that of the log";
    const NO_LOG: &str = ": neither its name nor its beginning is that of a log";

    #[test]
    fn what_is_called_after_a_log_is_read_or_there_is_a_reason() {
        let all = [
            ("", "type=USER msg=audit(9.000:1): x\n"),
            (".1", "type=USER msg=audit(8.000:1): x\n"),
            (".1.gz", GZIP),
            (".2.gz", "not what its name says"),
            (".3.gz", "type=USER msg=audit(6.000:1): x\n"),
            (".4.txt", "text"),
            (".5.old", GZIP),
            (".10.gz", GZIP),
            ("-20250101.gz", GZIP),
            ("-20250101.gz.part", "text"),
            (".2026-11-22T18-05-09.gz", ""),
            (".old.gz", GZIP),
            (".gz", GZIP),
            ("-old", "text"),
            ("~", "text"),
            ("s.1", "text"),
        ];
        let expected = [
            "".into(),
            ".1".into(),
            // Numbers and dates: those whose first second is known come first.
            ".3.gz".into(),
            format!(".1.gz{OTHER}"),
            ".2.gz".into(),
            format!(".4.txt{NO_LOG}"),
            ".5.old".into(),
            ".10.gz".into(),
            ".2026-11-22T18-05-09.gz".into(),
            "-20250101.gz".into(),
            format!("-20250101.gz.part{OTHER}"),
            // Of no known age: they change nothing for the others.
            format!("-old{NO_PLACE}"),
            format!(".gz{NO_PLACE}"),
            format!(".old.gz{NO_PLACE}"),
            format!("~{NO_PLACE}"),
        ];
        assert_eq!(told("members", &all), expected);
    }

    #[test]
    fn what_cannot_be_opened_is_left_out_and_hides_nothing() {
        let place = crate::testing::path("files-unopened");
        files::create_dir_all(place.join("log.1")).unwrap();
        for name in ["log", "log.2.gz", "log.3"] {
            files::write(place.join(name), "").unwrap();
        }
        std::os::unix::fs::symlink("nowhere", place.join("log.2")).unwrap();
        let found = all(&place.join("log"));
        files::remove_dir_all(&place).unwrap();
        let reasons = found.iter().map(|member| member.left_out.as_ref().map(crate::sys::error_reason));
        let expected = [None, Some("Is a directory"), Some("No such file or directory"), None, None];
        assert_eq!(reasons.collect::<Vec<_>>(), expected.map(|reason| reason.map(str::to_string)));
    }

    #[test]
    fn a_missing_number_hides_none_behind_it() {
        assert_eq!(rotated("gap", &[("", 9), (".2", 7), (".4", 5), (".10", 2)]), ["", ".2", ".4", ".10"]);
        assert!(rotated("none", &[(".1", 8), (".2026-11-22T18-05-09", 7)]).is_empty());
    }

    #[test]
    fn dated_logs_are_read_whatever_wrote_the_date() {
        let all = [
            ("", 9),
            (".2026-11-22T18-05-09", 6),
            (".2026-11-22T18-05-09_002", 7),
            (".2025-01-01T00-00-00", 5),
            ("-20260102", 5),
            (".2026-11-22T18-05-09~", 4),
            (".2026-11-21", 4),
            (".old", 4),
        ];
        let tilde = format!(".2026-11-22T18-05-09~{OTHER}");
        let old = format!(".old{NO_PLACE}");
        let newest_first = [
            "",
            ".2026-11-22T18-05-09_002",
            ".2026-11-22T18-05-09",
            &tilde,
            ".2026-11-21",
            "-20260102",
            ".2025-01-01T00-00-00",
            &old,
        ];
        assert_eq!(rotated("dated", &all), newest_first);
    }

    #[test]
    fn of_numbered_and_dated_logs_the_records_tell_the_order() {
        let all = [("", 9), (".1", 8), (".2", 3), (".2026-01-01T00-00-00", 4), (".2026-02-01T00-00-00", 5)];
        let newest_first = ["", ".1", ".2026-02-01T00-00-00", ".2026-01-01T00-00-00", ".2"];
        assert_eq!(rotated("mixed", &all), newest_first);
    }
}
