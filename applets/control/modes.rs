//! What auditctl can do with rules beside loading them: words that begin with one of its own long options.
//!
//! `--check`, `--diff`, `--explain` and the like take their options in any order, end with 2 when they are asked wrongly, and
//! change nothing in the kernel. A program built without the feature `rule-tools` has none of them.

use super::mode_options::{FLAGS, VALUES, WRONG, options};
use super::{check, convert, cost, diff, explain, privileged};
use crate::output::say;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// The modes.
const MODES: [&[u8]; 6] = [b"--check", b"--diff", b"--convert", b"--explain", b"--privileged", b"--cost"];

/// Does what one of the modes is for and returns the exit status; `None` when the words ask for none of them.
pub(crate) fn run(words: &[&OsString]) -> Option<u8> {
    let (_, words) = words.split_first()?;
    let first = words.first()?.as_bytes();
    // No option of auditctl's own begins without a dash, so that files may come first.
    let is_file = first == b"-" || !first.starts_with(b"-");
    let name = first.split(|b| *b == b'=').next().unwrap_or_default();
    if !is_file && !MODES.contains(&first) && !FLAGS.contains(&first) && !VALUES.contains(&name) {
        return None;
    }
    let mode = words.iter().map(|word| word.as_bytes()).find(|word| MODES.contains(word))?;
    Some(answer(mode, words))
}

#[cfg(feature = "rule-tools")]
fn answer(mode: &[u8], words: &[&OsString]) -> u8 {
    let options = match options(words, mode) {
        Ok(options) => options,
        Err(message) => {
            say(format!("auditctl: {message}"));
            return WRONG;
        }
    };
    match mode {
        b"--diff" => diff::run(&options),
        b"--explain" => explain::run(&options),
        b"--convert" => convert::run(&options),
        b"--cost" => cost::run(&options),
        b"--privileged" => privileged::run(&options),
        _ => check::run(&options),
    }
}

#[cfg(not(feature = "rule-tools"))]
fn answer(mode: &[u8], _: &[&OsString]) -> u8 {
    say(format_args!("auditctl: this program was built without {}", String::from_utf8_lossy(mode)));
    WRONG
}
