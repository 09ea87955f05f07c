//! Texts for terminals: the console, and those somebody is logged in at (utmp(5)). None is waited for.

use super::files;
use std::path::Path;

/// Bytes of an entry of utmp, and the type of one of a user.
const ENTRY: usize = 384;
const USER_PROCESS: u8 = 7;
/// More than this is not read of utmp.
const LONGEST: u64 = 16 << 20;

/// Writes to the console.
pub fn console(text: &str) {
    files::write_to_terminal("/dev/console", text);
}

/// Writes to every terminal somebody is logged in at.
pub fn wall(text: &str) {
    let entries = files::read_up_to(Path::new("/run/utmp"), LONGEST).unwrap_or_default();
    for entry in entries.chunks_exact(ENTRY).filter(|entry| entry[0] == USER_PROCESS) {
        let line = entry[8..40].split(|&b| b == 0).next().unwrap_or_default();
        let is_plain = line.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'/') && !line.is_empty();
        if let (Ok(line), true) = (std::str::from_utf8(line), is_plain) {
            files::write_to_terminal(&format!("/dev/{line}"), text);
        }
    }
}
