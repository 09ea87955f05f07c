//! Texts for terminals: the console, and those somebody is logged in at (utmp(5)). None is waited for.

use super::files;
use std::path::Path;

/// Bytes of an entry of utmp: with a time of 32 bits, as glibc's is on most machines, or of 64; and the type of one of a user.
const ENTRIES: [usize; 2] = [384, 400];
const USER_PROCESS: u16 = 7;
/// More than this is not read of utmp.
const LONGEST: u64 = 16 << 20;

/// Writes to the console.
pub fn console(text: &str) {
    files::write_to_terminal("/dev/console", text);
}

/// Writes to every terminal somebody is logged in at.
pub fn wall(text: &str) {
    let entries = files::read_up_to(Path::new("/run/utmp"), LONGEST).unwrap_or_default();
    lines(&entries).for_each(|line| files::write_to_terminal(&format!("/dev/{line}"), text));
}

/// The terminals below /dev of those who are logged in. What is no plain name is left out.
fn lines(entries: &[u8]) -> impl Iterator<Item = &str> {
    let size = ENTRIES.into_iter().find(|size| entries.len().is_multiple_of(*size)).unwrap_or(usize::MAX);
    entries.chunks_exact(size).filter(|entry| entry.starts_with(&USER_PROCESS.to_ne_bytes())).filter_map(|entry| {
        let line = entry[8..40].split(|&b| b == 0).next()?;
        let is_plain = line.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'/') && !line.is_empty();
        std::str::from_utf8(line).ok().filter(|_| is_plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_either_size_name_the_terminals_of_users() {
        for size in ENTRIES {
            let mut entries = Vec::new();
            for (kind, line) in
                [(2, "~"), (USER_PROCESS, "pts/3"), (8, "tty2"), (USER_PROCESS, "../x"), (USER_PROCESS, "ttyS0")]
            {
                let entry = [&kind.to_ne_bytes(), &[0; 6][..], line.as_bytes()].concat();
                entries.extend(entry.into_iter().chain(std::iter::repeat(0)).take(size));
            }
            assert_eq!(lines(&entries).collect::<Vec<_>>(), ["pts/3", "ttyS0"], "{size}");
            assert_eq!(lines(&entries[1..]).count(), 0, "a torn file");
        }
    }
}
