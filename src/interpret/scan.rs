//! Finds the fields of a record's body the way `ausearch -i` does, eight bytes at a time.
//!
//! A field is what stands before and behind each `=`. Its name is the word before the `=`. Its value is in quotes, or ends
//! at a space or comma; a security context ends at a space only, for it may hold commas. Words that belong to no field
//! lie between the fields and are left to the caller.

use super::kind::{self, Kind};
use memchr::{memchr, memrchr};
use std::ops::Range;

/// One field, by places in the body.
pub(super) struct Found {
    /// The name without the quote or parenthesis before it.
    pub(super) name: Range<usize>,
    /// What the name stands for in most records.
    pub(super) kind: Kind,
    /// The value with its quotes. None behind `msg=`, whose value is fields again.
    pub(super) value: Option<Range<usize>>,
    /// Whether the value ended at a comma.
    pub(super) at_comma: bool,
    /// Where the search for the next field begins: the byte behind the value is passed over, whatever it is.
    pub(super) next: usize,
}

/// The first field at or behind `at`.
pub(super) fn field(body: &[u8], at: usize) -> Option<Found> {
    let word = load(body, at);
    let equals = zeros(word ^ EQUALS);
    let length = equals.trailing_zeros() as usize / 8;
    let name = word & lowest(length);
    if equals == 0 || zeros(name ^ SPACES) & lowest(length) != 0 {
        return far_field(body, at);
    }
    match kind::keyed(name) {
        Kind::Plain => named_field(body, at..at + length),
        kind => Some(valued(body, at..at + length, kind, kind == Kind::Label)),
    }
}

/// The same if the `=` is further away or words stand before the name.
fn far_field(body: &[u8], at: usize) -> Option<Found> {
    let equals = at + memchr(b'=', body.get(at..)?)?;
    let start = memrchr(b' ', body.get(at..equals)?).map_or(at, |space| at + space + 1);
    named_field(body, start..equals)
}

/// A name that may be `msg` or begin with what does not belong to it.
///
/// COMPAT: a security context whose name has a parenthesis before it ends at a comma.
fn named_field(body: &[u8], name: Range<usize>) -> Option<Found> {
    let text = body.get(name.clone())?;
    if text == b"msg" {
        let next = name.end + 1;
        return Some(Found { name, kind: Kind::Plain, value: None, at_comma: false, next });
    }
    let text = text.strip_prefix(b"'").unwrap_or(text);
    let holds_commas = kind::named(text) == Kind::Label;
    let skipped = text.iter().take_while(|b| **b == b'(').count();
    let text = text.get(skipped..).unwrap_or_default();
    Some(valued(body, name.end - text.len()..name.end, kind::named(text), holds_commas))
}

/// The field whose name stands at `name`, with its value.
#[inline]
fn valued(body: &[u8], name: Range<usize>, kind: Kind, holds_commas: bool) -> Found {
    let start = name.end + 1;
    let end = match body.get(start) {
        Some(quote @ (b'"' | b'\'')) => quoted_end(body, start + 1, *quote),
        _ => bare_end(body, start, if holds_commas { SPACES } else { COMMAS }),
    };
    let at_comma = body.get(end) == Some(&b',') && !matches!(body.get(start), Some(b'"' | b'\''));
    Found { name, kind, value: Some(start..end), at_comma, next: (end + 1).min(body.len()) }
}

/// Behind the closing quote, or the end of the body if there is none.
fn quoted_end(body: &[u8], at: usize, quote: u8) -> usize {
    body.get(at..).and_then(|rest| memchr(quote, rest)).map_or(body.len(), |close| at + close + 1)
}

/// Where the first space or `other` byte stands.
#[inline]
fn bare_end(body: &[u8], mut at: usize, other: u64) -> usize {
    while at < body.len() {
        let word = load(body, at);
        let stops = zeros(word ^ SPACES) | zeros(word ^ other);
        if stops != 0 {
            return at + stops.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    body.len()
}

const ONES: u64 = u64::MAX / 255;
const EQUALS: u64 = ONES * b'=' as u64;
const SPACES: u64 = ONES * b' ' as u64;
const COMMAS: u64 = ONES * b',' as u64;

/// Eight bytes, the first one lowest; zeros stand for those behind the end.
#[inline]
fn load(body: &[u8], at: usize) -> u64 {
    let rest = body.get(at..).unwrap_or_default();
    match rest.first_chunk() {
        Some(word) => u64::from_le_bytes(*word),
        None => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// Marks the highest bit of bytes that are zero. Right up to the lowest mark; those above it may be wrong.
#[inline]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & (ONES << 7)
}

/// As many of the lowest bytes, all bits set.
#[inline]
fn lowest(bytes: usize) -> u64 {
    1u64.checked_shl(8 * bytes as u32).map_or(u64::MAX, |above| above - 1)
}

/// Whether `text` holds a control byte.
#[inline]
pub(super) fn has_control(text: &[u8]) -> bool {
    let words = text.chunks_exact(8);
    let rest = words.remainder();
    let low = words.fold(0, |low, word| {
        let word = load(word, 0);
        low | word.wrapping_sub(ONES * 0x20) & !word
    });
    low & (ONES << 7) != 0 || rest.iter().any(|byte| *byte < b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, value, and whether it ended at a comma; the value of `msg` is `...`.
    fn fields(body: &str) -> Vec<(String, String, bool)> {
        let text = |range: Range<usize>| body[range].to_owned();
        let (mut at, mut fields) = (0, Vec::new());
        while let Some(found) = field(body.as_bytes(), at) {
            at = found.next;
            fields.push((text(found.name), found.value.map_or("...".into(), text), found.at_comma));
        }
        fields
    }

    fn expect(body: &str, want: &[(&str, &str, bool)]) {
        let want: Vec<_> = want.iter().map(|(name, value, comma)| ((*name).into(), (*value).into(), *comma)).collect();
        assert_eq!(fields(body), want, "{body}");
    }

    #[test]
    fn a_name_is_the_word_before_its_equals_sign() {
        expect(": arch=c000003e syscall=2", &[("arch", "c000003e", false), ("syscall", "2", false)]);
        expect("a=1 long-winded-name=2 b=", &[("a", "1", false), ("long-winded-name", "2", false), ("b", "", false)]);
        expect(": user pid=1 ((uid=0 '(id=2", &[("pid", "1", false), ("uid", "0", false), ("id", "2", false)]);
        expect("avc:  denied  { read } for  pid=1", &[("pid", "1", false)]);
        expect("no field at all", &[]);
        expect("", &[]);
    }

    #[test]
    fn a_value_ends_at_a_space_a_comma_or_its_quote() {
        expect("addr=?, terminal=x)", &[("addr", "?", true), ("terminal", "x)", false)]);
        expect("exe=\"a b\", x=1", &[("exe", "\"a b\"", false), ("x", "1", false)]);
        expect("exe=\"open x=1", &[("exe", "\"open x=1", false)]);
        expect("a='b=c' d=e", &[("a", "'b=c'", false), ("d", "e", false)]);
        expect("banners=none,none a=b", &[("banners", "none", true), ("a", "b", false)]);
        expect("a=b=c d=e", &[("a", "b=c", false), ("d", "e", false)]);
    }

    #[test]
    fn a_security_context_holds_commas() {
        expect("subj=u:r:t:s0:c1,c2 a=b", &[("subj", "u:r:t:s0:c1,c2", false), ("a", "b", false)]);
        expect("tcontext=u:s0:c1,c2", &[("tcontext", "u:s0:c1,c2", false)]);
        expect("(subj=c1,c2", &[("subj", "c1", true)]);
    }

    #[test]
    fn what_stands_behind_msg_is_fields_again() {
        expect("msg='op=PAM:x acct=\"a\"'", &[("msg", "...", false), ("op", "PAM:x", false), ("acct", "\"a\"", false)]);
    }

    #[test]
    fn control_bytes_are_seen_wherever_they_stand() {
        for text in ["\t", "abcdefg\x1f", "abcdefgh\n", "abcdefghijklmnopq\x01"] {
            assert!(has_control(text.as_bytes()), "{text:?}");
        }
        for text in ["", "abc", "abcdefgh", "abcdefgh ~\u{7f}\u{e9}ijklmnop"] {
            assert!(!has_control(text.as_bytes()), "{text:?}");
        }
    }
}
