//! Bytes: words, hex, quoting, numbers, escapes. Every scanner and printer stands on this; nothing here knows records.
//!
//! Input is whatever a log holds, so nothing panics, and nothing grows beyond its input but by a fixed factor.

pub mod address;
pub mod csv;
pub mod date;
pub mod escape;
pub mod getopt;
pub mod hex;
pub mod json;
pub mod json_reader;
pub mod keyed_hash;
pub mod number;
pub(crate) mod width;

pub(crate) use escape::may_need_escape;
pub use escape::{Escape, escape, escape_for_log};

use memchr::{memchr, memmem};

/// Words between spaces (other white space belongs to a word), as the audit format is split.
pub fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    Words { rest: text }
}

/// Takes the first word off the front of `text`; `None` when only spaces are left.
pub fn take_word<'a>(text: &mut &'a [u8]) -> Option<&'a [u8]> {
    let start = text.iter().position(|&b| b != b' ')?;
    let rest = text.get(start..)?;
    let end = memchr(b' ', rest).unwrap_or(rest.len());
    let (word, tail) = rest.split_at(end);
    *text = tail;
    Some(word)
}

/// How many bytes `byte` the text begins with.
#[inline(always)]
pub(crate) fn leading(text: &[u8], byte: u8) -> usize {
    if text.first() == Some(&byte) { text.iter().take_while(|other| **other == byte).count() } else { 0 }
}

/// The place of the first byte from `at` on that is marked, looking at eight at a time.
#[inline(always)]
pub(crate) fn find_byte(text: &[u8], mut at: usize, marked: impl Fn(u64) -> u64) -> usize {
    while at < text.len() {
        let found = marked(load_u64(text, at));
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    text.len()
}

/// Eight bytes from `at` on, the first one lowest; zeros stand for those after the end.
#[inline(always)]
pub(crate) fn load_u64(text: &[u8], at: usize) -> u64 {
    let rest = text.get(at..).unwrap_or_default();
    match (rest.first_chunk(), text.last_chunk()) {
        (Some(bytes), _) => u64::from_le_bytes(*bytes),
        (None, Some(_)) if rest.is_empty() => 0,
        (None, Some(bytes)) => u64::from_le_bytes(*bytes) >> (8 * (8 - rest.len())),
        (None, None) => rest.iter().rev().fold(0, |bytes, byte| bytes << 8 | u64::from(*byte)),
    }
}

/// Marks the highest bit of the bytes that are `byte`. Right up to the lowest mark; those above it may be wrong.
#[inline(always)]
pub(crate) fn byte_mask(bytes: u64, byte: u8) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let differs = bytes ^ (ONES * u64::from(byte));
    differs.wrapping_sub(ONES) & !differs & (ONES << 7)
}

/// The place of the first of sixteen bytes that is `byte`.
#[inline(always)]
pub fn find_in_16(bytes: &[u8; 16], byte: u8) -> Option<usize> {
    let first = byte_mask(load_u64(bytes, 0), byte);
    if first != 0 {
        return Some(first.trailing_zeros() as usize / 8);
    }
    let second = byte_mask(load_u64(bytes, 8), byte);
    (second != 0).then_some(8 + second.trailing_zeros() as usize / 8)
}

struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];
    fn next(&mut self) -> Option<&'a [u8]> {
        take_word(&mut self.rest)
    }
}

/// What follows the first `needle` in `text`: a plain substring search, so `uid=` is found in `auid=` too.
pub fn after<'a>(text: &'a [u8], needle: &[u8]) -> Option<&'a [u8]> {
    let at = memmem::find(text, needle)?;
    text.get(at + needle.len()..)
}

/// What stands before the first `stop` in `text`, if it occurs.
pub fn before(text: &[u8], stop: u8) -> Option<&[u8]> {
    text.get(..memchr(stop, text)?)
}

/// What stands before the first `stop` in `text`, or all of it.
pub fn up_to(text: &[u8], stop: u8) -> &[u8] {
    before(text, stop).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_at_runs_of_spaces_only() {
        let got: Vec<&[u8]> = words(b"  a=1   b\t=2 c ").collect();
        assert_eq!(got, [&b"a=1"[..], b"b\t=2", b"c"]);
        assert_eq!(words(b"   ").count(), 0);
    }

    #[test]
    fn the_first_of_some_bytes_is_found_from_any_place_on() {
        for length in 0..20 {
            for (one, other) in (0..20).flat_map(|one| (0..20).map(move |other| (one, other))) {
                let mut text = vec![b'>'; length];
                for (at, byte) in [(one, b'='), (one + 3, b'='), (other, b' '), (other + 5, b'!')] {
                    text.get_mut(at).into_iter().for_each(|b| *b = byte);
                }
                for from in 0..=length {
                    let want =
                        text.iter().skip(from).position(|b| matches!(b, b'=' | b' ')).map_or(length, |at| from + at);
                    assert_eq!(
                        find_byte(&text, from, |bytes| byte_mask(bytes, b'=') | byte_mask(bytes, b' ')),
                        want,
                        "{text:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_value_is_what_follows_its_name_up_to_a_stop() {
        let line = b"auid=5 uid=7 end";
        assert_eq!(after(line, b"uid=").map(|v| up_to(v, b' ')), Some(&b"5"[..]));
        assert_eq!(after(line, b" uid=").and_then(|v| before(v, b' ')), Some(&b"7"[..]));
        assert_eq!(after(line, b"end").and_then(|v| before(v, b' ')), None);
    }
}
