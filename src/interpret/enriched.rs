//! The enriched part of a record: names that were looked up where and when the record was written.
//!
//! Words `NAME=value` or `NAME="value"` between spaces (auditd.conf(5), `log_format = ENRICHED`). The name is that of a
//! field in upper case. A word `SADDR={ ... }` holds spaces and is the only one of its record.

use super::Kind;
use super::value::push_text;
use crate::text::{eight, marks, place};
use memchr::memchr;
use std::ops::Range;

/// How many names are kept at hand; the daemon writes eleven at most.
const AT_HAND: usize = 16;

/// The looked-up names of one record.
#[derive(Clone, Default)]
pub(super) struct Enriched<'a> {
    text: &'a [u8],
    words: heapless::Vec<Word, AT_HAND>,
    /// A bit for each name at hand, and all bits if there may be more.
    seen: u64,
    /// Where what did not fit begins: searched from there every time.
    rest: usize,
}

/// A word, by places in the text.
#[derive(Clone, Copy)]
struct Word {
    mark: u32,
    name: u32,
    name_end: u32,
    value: u32,
    end: u32,
}

impl<'a> Enriched<'a> {
    pub(super) const NOTHING: Enriched<'a> = Enriched { text: &[], words: heapless::Vec::new(), seen: 0, rest: 0 };

    /// Reads what stands behind a record's byte 0x1D.
    pub(super) fn parse(text: &'a [u8]) -> Enriched<'a> {
        let mut enriched = Enriched { text, ..Enriched::default() };
        while !enriched.words.is_full() {
            let Some(word) = take(text, &mut enriched.rest) else { return enriched };
            enriched.seen |= bit(word.mark);
            let _ = enriched.words.push(word);
        }
        enriched.seen = u64::MAX;
        enriched
    }

    /// Whether there may be a value for the field whose name has this mark.
    #[inline(always)]
    pub(super) fn may_have(&self, mark: u32) -> bool {
        self.seen & bit(mark) != 0
    }

    /// The value for field `name`; the first one counts. One that says `unknown-` is as good as none: this host may know
    /// better.
    #[inline(always)]
    pub(super) fn value(&self, name: &[u8]) -> Option<&'a [u8]> {
        if self.words.is_empty() { None } else { self.find(name, mark(name)) }
    }

    /// The same, when the name's mark is at hand.
    pub(super) fn find(&self, name: &[u8], mark: u32) -> Option<&'a [u8]> {
        let is_it = |word: &Word| word.mark == mark && is_name(self.part(word.name, word.name_end), name);
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
    if text.get(*at..)?.starts_with(b"SADDR=") {
        let (name, value) = (*at, *at + memchr(b'{', text.get(*at..)?)?);
        *at = text.len();
        memchr(b'}', text.get(value..)?)?;
        return Some(Word::of(text, name..name + 5, value..text.len()));
    }
    loop {
        while text.get(*at) == Some(&b' ') {
            *at += 1;
        }
        let start = *at;
        let equals = place(text, start, |bytes| marks(bytes, b'=') | marks(bytes, b' '));
        match text.get(equals)? {
            b'=' => {
                *at = place(text, equals + 1, |bytes| marks(bytes, b' '));
                return Some(Word::of(text, start..equals, equals + 1..*at));
            }
            _ => *at = equals,
        }
    }
}

impl Word {
    fn of(text: &[u8], name: Range<usize>, value: Range<usize>) -> Word {
        let mark = mark_of(eight(text, name.start), name.len());
        let [name, name_end, value, end] = [name.start, name.end, value.start, value.end].map(|place| place as u32);
        Word { mark, name, name_end, value, end }
    }
}

/// Tells most names apart, letters of either case being equal.
pub(super) fn mark(name: &[u8]) -> u32 {
    mark_of(eight(name, 0), name.len())
}

/// `front` is what the name of `len` bytes begins with, first byte lowest, and what may follow it.
fn mark_of(front: u64, len: usize) -> u32 {
    const LOWER: u64 = u64::MAX / 255 * 0x20;
    let front = (front | LOWER).checked_shl(64 - 8 * len.min(8) as u32).unwrap_or(0);
    ((front ^ len as u64).wrapping_mul(0xbb28_463e_b7c6_767d) >> 32) as u32
}

#[inline(always)]
fn bit(mark: u32) -> u64 {
    1 << (mark >> 26)
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
