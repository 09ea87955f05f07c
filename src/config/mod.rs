//! Configuration files of the `key = value [option]` kind: auditd.conf(5) and its relatives.
//!
//! One grammar for all of them; what differs is a table of [`Key`]s, each of which names the place its value goes to as a
//! [`Slot`]. What a value refers to outside the text (a helper program, a group, a directory) is asked of a [`HostChecks`].

pub mod auditd;
pub mod libaudit;
pub mod plugin;
pub mod remote;
pub mod search;
mod slot;
pub mod statsd;
pub mod tls;

pub use slot::{Choice, Reaction, Response, Slot, Space, seconds, show_seconds};

use std::fmt;

/// A line with its newline must fit in this many bytes, or it is skipped. COMPAT: buffer of the reference.
const MAX_LINE: usize = 511;

/// What the text refers to and cannot know by itself.
pub trait HostChecks {
    /// The gid of a group.
    fn group_id(&self, name: &str) -> Option<u32>;
    /// Whether a program may be run as helper; the error is a sentence that names the path.
    fn check_helper(&self, path: &str) -> Result<(), String>;
    /// Whether a log may be written there; the error is a sentence. Warnings go to `diagnostics`.
    fn check_log(&self, path: &str, diagnostics: &mut Vec<Diagnostic>) -> Result<(), String>;
    /// Whether mail can be sent.
    fn can_mail(&self) -> bool;
}

/// How much a note matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Action is needed at once.
    Alert,
    /// Critical.
    Critical,
    /// An error.
    Error,
    /// Something that may be meant.
    Warning,
    /// Normal but worth knowing.
    Notice,
    /// For information.
    Info,
    /// For those who look for mistakes.
    Debug,
}

/// Something to be told that does not stop the reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it matters.
    pub level: Level,
    /// One sentence.
    pub text: String,
}

/// Why a file is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Line it stands on, from 1; 0 when no line is to blame.
    pub line: u32,
    /// The key; empty when none could be read, or it is about the file as a whole.
    pub key: String,
    /// The sentence, which names line and word as the reference does.
    pub text: String,
}

impl ConfigError {
    /// Where it stands: file, line and key, as far as there are any.
    pub fn place(&self, file: &str) -> String {
        let mut place = format!("Refused: {file}");
        if self.line > 0 {
            place.extend([", line ", &self.line.to_string()]);
        }
        if !self.key.is_empty() {
            place.extend([", key ", &self.key]);
        }
        place
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// One row of a table of keys.
pub struct Key<C> {
    /// Its name, compared without case.
    pub name: &'static str,
    /// Whether a second word may follow the value.
    pub takes_option: bool,
    /// Where the value goes.
    pub slot: fn(&mut C) -> Slot<'_>,
}

/// A key with one value.
const fn row<C>(name: &'static str, slot: fn(&mut C) -> Slot<'_>) -> Key<C> {
    Key { name, takes_option: false, slot }
}

/// A key whose value is a response, which may name a helper.
const fn with_helper<C>(name: &'static str, slot: fn(&mut C) -> Slot<'_>) -> Key<C> {
    Key { name, takes_option: true, slot }
}

/// A number in a range, both ends included.
fn number(to: &mut u64, least: u64, most: u64) -> Slot<'_> {
    Slot::Number { to, least, most, refusal: None }
}

/// The largest number of most keys: the reference's are C ints.
const INT_MAX: u64 = i32::MAX as u64;

/// The words of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line<'a> {
    key: &'a str,
    value: &'a str,
    option: Option<&'a str>,
    /// More words follow, which only a key of [`Slot::Words`] takes.
    goes_on: bool,
    /// The value and all that follows it.
    words: &'a str,
}

const COUNT: &str = "Wrong number of arguments";

/// Reads a whole file into `config`. `file` is its name, for sentences; lines of `longest` bytes and more are passed over. Returns
/// how many lines there were.
pub fn read<C>(
    text: &[u8],
    file: &str,
    longest: usize,
    keys: &[Key<C>],
    config: &mut C,
    checks: &dyn HostChecks,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<u32, ConfigError> {
    let mut number = 0;
    if text.is_empty() {
        return Ok(0);
    }
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    for bytes in text.split(|&b| b == b'\n') {
        number += 1;
        if bytes.len() >= longest {
            let text = format!("Skipping line {number} in {file}: too long");
            diagnostics.push(Diagnostic { level: Level::Error, text });
        } else if bytes.iter().find(|b| **b != b' ') != Some(&b'#') {
            read_line(bytes, (file, number), keys, config, checks, diagnostics)?;
        }
    }
    Ok(number)
}

/// Reads one line that is no comment.
fn read_line<C>(
    bytes: &[u8],
    (file, number): (&str, u32),
    keys: &[Key<C>],
    config: &mut C,
    checks: &dyn HostChecks,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<(), ConfigError> {
    let fail = |key: &str, text: String| ConfigError { line: number, key: key.to_string(), text };
    let Ok(line) = std::str::from_utf8(bytes) else {
        return Err(fail("", format!("Line {number} in {file} is not UTF-8")));
    };
    if let Some(line) = line.strip_suffix('\r') {
        let key = key_of(line.as_bytes());
        let text = format!("Line {number} in {file} ends with a carriage return; lines end with a newline alone");
        return Err(fail(key, text));
    }
    let diagnostic = |why: &str| Diagnostic { level: Level::Error, text: format!("{why} for line {number} in {file}") };
    let no_more = format!("Not processing any more lines in {file}");
    let Line { key, mut value, mut option, mut goes_on, words } = match split(line) {
        Ok(Some(line)) => line,
        Ok(None) => return Ok(()),
        Err(why) => {
            diagnostics.push(diagnostic(why));
            return Err(fail("", no_more));
        }
    };
    let row = keys.iter().find(|row| row.name.eq_ignore_ascii_case(key));
    if row.is_some_and(|row| matches!((row.slot)(config), Slot::Words(_))) {
        (value, option, goes_on) = (words, None, false);
    }
    if goes_on {
        diagnostics.push(diagnostic(COUNT));
    }
    let Some(row) = row else {
        return Err(fail(key, format!("Unknown keyword \"{key}\" in line {number} of {file}")));
    };
    if let (Some(option), false) = (option, row.takes_option) {
        let text = format!("Keyword \"{key}\" has invalid option \"{option}\" in line {number} of {file}");
        return Err(fail(row.name, text));
    }
    if goes_on {
        return Err(fail(row.name, no_more));
    }
    (row.slot)(config).set(row.name, value, option, number, checks, diagnostics).map_err(|text| fail(row.name, text))
}

/// The lines of a file that have the form of a setting, with their numbers from 1. All others are passed over.
fn readable_lines(text: &[u8]) -> impl Iterator<Item = (u32, Line<'_>)> {
    let lines = (1..).zip(text.split(|&b| b == b'\n')).filter(|(_, bytes)| bytes.len() < MAX_LINE);
    lines.filter_map(|(number, bytes)| {
        let line = std::str::from_utf8(bytes.strip_suffix(b"\r").unwrap_or(bytes)).ok()?;
        Some((number, split(line).ok()??))
    })
}

/// The lines that begin with the key and do not set it, with their numbers from 1 and why not: as a reader sees it the key is there,
/// whatever white space or byte order mark stands before it.
fn misread_lines<'t>(text: &'t [u8], key: &'t str) -> impl Iterator<Item = (u32, &'static str)> + 't {
    (1..).zip(text.split(|&b| b == b'\n')).filter_map(move |(number, bytes)| {
        let start = bytes.iter().position(|b| !b.is_ascii_whitespace() && b.is_ascii())?;
        let (word, rest) = bytes.get(start..)?.split_at_checked(key.len())?;
        let goes_on = rest.first().is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
        if goes_on || !word.eq_ignore_ascii_case(key.as_bytes()) {
            return None;
        }
        let Ok(line) = std::str::from_utf8(bytes) else { return Some((number, "Text that is not UTF-8")) };
        let why = match split(line) {
            _ if bytes.len() >= MAX_LINE => "Too many bytes",
            Ok(Some(line)) if line.key.eq_ignore_ascii_case(key) => return None,
            Ok(_) => "Unknown keyword",
            Err(why) => why,
        };
        Some((number, why))
    })
}

/// The last line of a file that sets a key, from 1; 0 when none does.
pub(crate) fn line_of(text: &[u8], key: &str) -> u32 {
    let setting = readable_lines(text).filter(|(_, line)| line.key.eq_ignore_ascii_case(key)).last();
    setting.map_or(0, |(number, _)| number)
}

/// The effective values of a configuration, one `key = value` a line in the table's order.
pub fn show<C>(keys: &[Key<C>], config: &mut C) -> String {
    let mut text = String::new();
    for row in keys {
        let slot = (row.slot)(config);
        if slot.is_shown() {
            text.push_str(row.name);
            text.push_str(" = ");
            slot.show(&mut text);
            text.push('\n');
        }
    }
    text
}

/// The key of a line that has the form of a setting; empty where it has not.
fn key_of(bytes: &[u8]) -> &str {
    let line = std::str::from_utf8(bytes).ok().and_then(|line| split(line).ok()?);
    line.map_or("", |line| line.key)
}

/// Splits a line that is no comment at its spaces. COMPAT: only spaces separate; a tab is part of a word.
fn split(line: &str) -> Result<Option<Line<'_>>, &'static str> {
    let mut words = line.split(' ').filter(|w| !w.is_empty());
    let Some(key) = words.next() else { return Ok(None) };
    if words.next().ok_or(COUNT)? != "=" {
        return Err("Missing equal sign");
    }
    let value = words.next().ok_or(COUNT)?;
    let (option, goes_on) = (words.next(), words.next().is_some());
    let at = value.as_ptr() as usize - line.as_ptr() as usize;
    Ok(Some(Line { key, value, option, goes_on, words: line.get(at..).unwrap_or(value) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_key_equal_sign_value_and_perhaps_an_option() {
        let line = Line { key: "a", value: "b", option: None, goes_on: false, words: "b" };
        assert_eq!(split("a = b"), Ok(Some(line)));
        assert_eq!(split("  a   =  b  "), Ok(Some(Line { words: "b  ", ..line })));
        let with_option = Line { value: "exec", option: Some("/bin/x"), words: "exec /bin/x", ..line };
        assert_eq!(split("a = exec /bin/x"), Ok(Some(with_option)));
    }

    #[test]
    fn an_error_says_where_it_stands() {
        let error = ConfigError { line: 7, key: "freq".to_string(), text: String::new() };
        assert_eq!(error.place("/etc/a.conf"), "Refused: /etc/a.conf, line 7, key freq");
        let error = ConfigError { line: 0, ..error };
        assert_eq!(error.place("/etc/a.conf"), "Refused: /etc/a.conf, key freq");
    }

    #[test]
    fn blank_lines_and_comments_say_nothing() {
        for line in [&b""[..], b"   ", b"#", b"# a = b", b"  # a", b"# caf\xe9"] {
            let (keys, checks): (&[Key<()>], _) = (&[], libaudit::Nowhere);
            assert_eq!(read(&[line, b"\n#"].concat(), "f", MAX_LINE, keys, &mut (), &checks, &mut Vec::new()), Ok(2));
        }
    }

    #[test]
    fn the_last_line_of_a_key_is_found() {
        assert_eq!(line_of(b"FREQ = 1\n# freq = 2\nfreq = 3\nflush = data", "freq"), 3);
        assert_eq!(line_of(b"# freq = 2\nfreq 3\n", "freq"), 0);
    }

    #[test]
    fn what_is_no_line_says_why() {
        assert_eq!(split("a=b"), Err("Wrong number of arguments"));
        assert_eq!(split("a b"), Err("Missing equal sign"));
        assert_eq!(split("a\t=\tb c"), Err("Missing equal sign"));
        assert_eq!(split("a ="), Err("Wrong number of arguments"));
        assert!(split("a = b c d").unwrap().unwrap().goes_on);
    }
}
