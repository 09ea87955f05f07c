//! The enriched part of a record: names that were looked up where and when the record was written.
//!
//! Words `NAME=value` or `NAME="value"` between spaces (auditd.conf(5), `log_format = ENRICHED`). The name is that of a
//! field in upper case. A word `SADDR={ ... }` holds spaces and is the only one of its record.

use super::Kind;
use super::kind::key;
use super::value::push_text;
use crate::text::take_word;
use memchr::memchr;
use std::ops::Range;

/// How many names are kept at hand; the daemon writes eleven at most.
const AT_HAND: usize = 16;

/// The looked-up names of one record.
#[derive(Clone, Default)]
pub(super) struct Enriched<'a> {
    text: &'a [u8],
    words: heapless::Vec<Word, AT_HAND>,
    /// Where what did not fit begins: searched from there every time.
    rest: usize,
}

/// A word, by places in the text.
#[derive(Clone, Copy)]
struct Word {
    key: u32,
    name: u32,
    name_end: u32,
    value: u32,
    end: u32,
}

impl<'a> Enriched<'a> {
    pub(super) const NOTHING: Enriched<'a> = Enriched { text: &[], words: heapless::Vec::new(), rest: 0 };

    /// Reads what stands behind a record's byte 0x1D.
    pub(super) fn parse(text: &'a [u8]) -> Enriched<'a> {
        let mut enriched = Enriched { text, ..Enriched::default() };
        while !enriched.words.is_full() {
            let Some(word) = take(text, &mut enriched.rest) else { break };
            let _ = enriched.words.push(word);
        }
        enriched
    }

    /// The value for field `name`; the first one counts. One that says `unknown-` is as good as none: this host may know
    /// better.
    #[inline(always)]
    pub(super) fn value(&self, name: &[u8]) -> Option<&'a [u8]> {
        if self.words.is_empty() { None } else { self.find(name) }
    }

    fn find(&self, name: &[u8]) -> Option<&'a [u8]> {
        let key = folded(key(name));
        let is_it = |word: &Word| word.key == key && is_name(self.part(word.name, word.name_end), name);
        let known = self.words.iter().find(|word| is_it(word));
        let mut rest = self.rest;
        let word = known.copied().or_else(|| std::iter::from_fn(|| take(self.text, &mut rest)).find(is_it))?;
        let value = self.part(word.value, word.end);
        (!value.starts_with(b"unknown-")).then_some(value)
    }

    fn part(&self, from: u32, to: u32) -> &'a [u8] {
        self.text.get(from as usize..to as usize).unwrap_or_default()
    }
}

/// Appends what was looked up for a value of this kind.
pub(super) fn push(kind: Kind, value: &[u8], out: &mut Vec<u8>) {
    match kind {
        Kind::User | Kind::Group => push_text(value, out),
        _ => out.extend_from_slice(value),
    }
}

fn is_name(written: &[u8], name: &[u8]) -> bool {
    written.len() == name.len() && written.iter().zip(name).all(|(w, n)| w.to_ascii_lowercase() == *n)
}

/// Takes the next `NAME=value` from `at` on.
fn take(text: &[u8], at: &mut usize) -> Option<Word> {
    let mut rest = text.get(*at..)?;
    if rest.starts_with(b"SADDR=") {
        let (name, value) = (*at, *at + memchr(b'{', rest)?);
        *at = text.len();
        memchr(b'}', text.get(value..)?)?;
        return Some(Word::of(text, name..name + 5, value..text.len()));
    }
    loop {
        let next = take_word(&mut rest)?;
        *at = text.len() - rest.len();
        if let Some(equals) = memchr(b'=', next) {
            let start = *at - next.len();
            return Some(Word::of(text, start..start + equals, start + equals + 1..*at));
        }
    }
}

impl Word {
    fn of(text: &[u8], name: Range<usize>, value: Range<usize>) -> Word {
        let bytes = text.get(name.clone()).unwrap_or_default().iter().zip(0..);
        let key = bytes.fold(0, |key, (byte, at)| key ^ u64::from(byte.to_ascii_lowercase()) << (8 * (at % 8)));
        let [name, name_end, value, end] = [name.start, name.end, value.start, value.end].map(|place| place as u32);
        Word { key: folded(key), name, name_end, value, end }
    }
}

fn folded(key: u64) -> u32 {
    (key ^ key >> 32) as u32
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
