//! The enriched part of a record: names that were looked up where and when the record was written.
//!
//! Words `NAME=value` or `NAME="value"` between spaces (auditd.conf(5), `log_format = ENRICHED`). The name is that of a
//! field in upper case. A word `SADDR={ ... }` holds spaces and is the only one of its record.

use super::kind::key;
use crate::text::take_word;
use memchr::memchr;

/// How many names are kept at hand; the daemon writes eleven at most.
const AT_HAND: usize = 16;

/// The looked-up names of one record.
#[derive(Clone, Default)]
pub(super) struct Enriched<'a> {
    words: heapless::Vec<Word<'a>, AT_HAND>,
    /// What did not fit: searched from its start every time.
    rest: &'a [u8],
}

#[derive(Clone, Copy)]
struct Word<'a> {
    key: u64,
    name: &'a [u8],
    value: &'a [u8],
}

impl<'a> Enriched<'a> {
    /// Reads what stands behind a record's byte 0x1D.
    pub(super) fn parse(text: &'a [u8]) -> Enriched<'a> {
        let mut enriched = Enriched { rest: text, ..Enriched::default() };
        while !enriched.words.is_full() {
            let Some(word) = take(&mut enriched.rest) else { break };
            let _ = enriched.words.push(word);
        }
        enriched
    }

    /// The value for field `name`; the first one counts. One that says `unknown-` is as good as none: this host may know
    /// better.
    pub(super) fn value(&self, name: &[u8]) -> Option<&'a [u8]> {
        if self.words.is_empty() {
            return None;
        }
        let key = key(name);
        let known = self.words.iter().find(|w| w.key == key && is_name(w.name, name));
        let mut rest = self.rest;
        let word = known.copied().or_else(|| std::iter::from_fn(|| take(&mut rest)).find(|w| is_name(w.name, name)))?;
        (!word.value.starts_with(b"unknown-")).then_some(word.value)
    }
}

fn is_name(written: &[u8], name: &[u8]) -> bool {
    written.len() == name.len() && written.iter().zip(name).all(|(w, n)| w.to_ascii_lowercase() == *n)
}

/// Takes the next `NAME=value` off the front of `text`.
fn take<'a>(text: &mut &'a [u8]) -> Option<Word<'a>> {
    if let Some(saddr) = text.strip_prefix(b"SADDR=") {
        *text = b"";
        let value = saddr.get(memchr(b'{', saddr)?..)?;
        return memchr(b'}', value).map(|_| word(b"SADDR", value));
    }
    loop {
        let next = take_word(text)?;
        if let Some(equals) = memchr(b'=', next) {
            return Some(word(next.get(..equals)?, next.get(equals + 1..)?));
        }
    }
}

fn word<'a>(name: &'a [u8], value: &'a [u8]) -> Word<'a> {
    let key =
        name.iter().zip(0..).fold(0, |key, (byte, at)| key ^ u64::from(byte.to_ascii_lowercase()) << (8 * (at % 8)));
    Word { key, name, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
        Enriched::parse(text.as_bytes()).value(name.as_bytes()).map(|v| std::str::from_utf8(v).unwrap())
    }

    #[test]
    fn names_are_in_upper_case_and_values_keep_their_quotes() {
        let text = "ARCH=x86_64 SYSCALL=openat  AUID=\"alice\" bare UID=\"root\" UID=\"bob\" INODE_UID=\"eve\"";
        assert_eq!(value(text, "arch"), Some("x86_64"));
        assert_eq!(value(text, "auid"), Some("\"alice\""));
        assert_eq!(value(text, "uid"), Some("\"root\""), "the first counts");
        assert_eq!(value(text, "inode_uid"), Some("\"eve\""));
        assert_eq!(value(text, "inode_gid"), None);
        assert_eq!(value(text, "UID"), None);
        assert_eq!(value(text, "bare"), None);
        assert_eq!(value("", "uid"), None);
    }

    #[test]
    fn an_address_is_one_value_with_spaces() {
        let text = "SADDR={ saddr_fam=local path=/run/a b }";
        assert_eq!(value(text, "saddr"), Some("{ saddr_fam=local path=/run/a b }"));
        assert_eq!(value(text, "path"), None);
        assert_eq!(value("SADDR={ saddr_fam=local", "saddr"), None);
    }

    #[test]
    fn what_was_unknown_then_is_looked_up_again() {
        assert_eq!(value("SYSCALL=unknown-syscall(999) SYSCALL=x", "syscall"), None);
    }

    #[test]
    fn no_number_of_names_is_too_large() {
        let text: String = (0..40).map(|n| format!("N{n}={n} ")).collect();
        for n in [0, 15, 16, 39] {
            assert_eq!(value(&text, &format!("n{n}")), Some(n.to_string().as_str()));
        }
        assert_eq!(value(&text, "n40"), None);
    }
}
