//! Finds the fields of a record's body the way `ausearch -i` does, eight bytes at a time.
//!
//! A field is what stands before and behind each `=`. Its name is the word before the `=`. Its value is in quotes, or ends
//! at a space or comma; a security context ends at a space only, for it may hold commas. Words that belong to no field
//! lie between the fields and are left to the caller.

use super::kind::{self, Kind};
use memchr::memchr;

/// One field, by places in the body.
pub(super) struct Found {
    /// Where the name begins, without the quote or parenthesis before it. It ends at the `=`.
    name: usize,
    /// Where the value begins and ends, quotes included. Behind `msg=` stand fields again: its value is empty.
    pub(super) start: usize,
    pub(super) end: usize,
    /// What the name stands for in most records.
    pub(super) kind: Kind,
    /// What the value ended at.
    pub(super) stop: Stop,
    /// Where the search for the next field begins: the byte behind a value is passed over, whatever it is.
    pub(super) next: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    Space,
    Comma,
    /// The end of the body, or its closing quote and no space.
    Other,
}

impl Found {
    pub(super) fn name<'a>(&self, body: &'a [u8]) -> &'a [u8] {
        body.get(self.name..self.start - 1).unwrap_or_default()
    }

    pub(super) fn value<'a>(&self, body: &'a [u8]) -> &'a [u8] {
        body.get(self.start..self.end).unwrap_or_default()
    }
}

/// The first field at or behind `at`.
#[inline(always)]
pub(super) fn field(body: &[u8], at: usize) -> Option<Found> {
    let word = load(body, at);
    let equals = zeros(word ^ EQUALS);
    let before = before_first(equals);
    if equals == 0 || zeros(word ^ SPACES) & before != 0 {
        return far_field(body, at);
    }
    let name = word & before;
    let end = at + place(equals);
    match kind::keyed(name) {
        Kind::Plain if name == MSG || matches!(name as u8, b'\'' | b'(') => named_field(body, at, end),
        kind => Some(valued(body, at, end, kind, kind == Kind::Label)),
    }
}

const MSG: u64 = kind::key(b"msg");

/// The same if the name has eight bytes or more, or words stand before it.
#[inline(never)]
fn far_field(body: &[u8], at: usize) -> Option<Found> {
    let [near, far] = [at, at + 8].map(|at| zeros(load(body, at) ^ EQUALS));
    let equals = match (near, far) {
        (0, 0) => at + memchr(b'=', body.get(at..)?)?,
        (0, _) => at + 8 + place(far),
        _ => at + place(near),
    };
    let name = body.get(at..equals)?.iter().rposition(|byte| *byte == b' ').map_or(at, |space| at + space + 1);
    named_field(body, name, equals)
}

/// A name that may be `msg` or begin with what does not belong to it.
///
/// COMPAT: a security context whose name has a parenthesis before it ends at a comma.
#[inline(never)]
fn named_field(body: &[u8], name: usize, equals: usize) -> Option<Found> {
    let text = body.get(name..equals)?;
    let start = equals + 1;
    if text == b"msg" {
        return Some(Found { name, start, end: start, kind: Kind::Plain, stop: Stop::Space, next: start });
    }
    let text = text.strip_prefix(b"'").unwrap_or(text);
    let kind = kind::named(text);
    if text.first() != Some(&b'(') {
        return Some(valued(body, equals - text.len(), equals, kind, kind == Kind::Label));
    }
    let skipped = text.iter().take_while(|b| **b == b'(').count();
    let text = text.get(skipped..).unwrap_or_default();
    Some(valued(body, equals - text.len(), equals, kind::named(text), false))
}

/// The field whose name stands before `equals`, with its value.
#[inline(always)]
fn valued(body: &[u8], name: usize, equals: usize, kind: Kind, holds_commas: bool) -> Found {
    let start = equals + 1;
    let word = load(body, start);
    let (end, stop) = match word as u8 {
        quote @ (b'"' | b'\'') => quoted_end(body, start + 1, quote),
        _ => bare_end(body, start, word, if holds_commas { SPACES } else { COMMAS }),
    };
    Found { name, start, end, kind, stop, next: (end + 1).min(body.len()) }
}

/// Behind the closing quote, or the end of the body if there is none.
#[inline]
fn quoted_end(body: &[u8], mut at: usize, quote: u8) -> (usize, Stop) {
    while at < body.len() {
        let closing = zeros(load(body, at) ^ (ONES * u64::from(quote)));
        if closing != 0 {
            let end = at + place(closing) + 1;
            return (end, if body.get(end) == Some(&b' ') { Stop::Space } else { Stop::Other });
        }
        at += 8;
    }
    (body.len(), Stop::Other)
}

/// Where the first space or `other` byte stands; `word` is what stands at `at`.
#[inline]
fn bare_end(body: &[u8], mut at: usize, mut word: u64, other: u64) -> (usize, Stop) {
    loop {
        let spaces = zeros(word ^ SPACES);
        let stops = spaces | zeros(word ^ other);
        if stops != 0 {
            let is_space = spaces & stops & stops.wrapping_neg() != 0;
            return (at + place(stops), if is_space { Stop::Space } else { Stop::Comma });
        }
        at += 8;
        if at >= body.len() {
            return (body.len(), Stop::Other);
        }
        word = load(body, at);
    }
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

/// Which byte the lowest mark is in.
#[inline]
fn place(marks: u64) -> usize {
    marks.trailing_zeros() as usize / 8
}

/// All bits of the bytes below the lowest mark.
#[inline]
fn before_first(marks: u64) -> u64 {
    ((marks & marks.wrapping_neg()) >> 7).wrapping_sub(1)
}

/// Marks the highest bit of bytes that are zero. Right up to the lowest mark; those above it may be wrong.
#[inline]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & (ONES << 7)
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

    /// Name, value, and whether it ended at a comma.
    fn fields(body: &str) -> Vec<(String, String, bool)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (mut at, mut fields) = (0, Vec::new());
        while let Some(found) = field(body.as_bytes(), at) {
            at = found.next;
            let (name, value) = (found.name(body.as_bytes()), found.value(body.as_bytes()));
            fields.push((text(name), text(value), found.stop == Stop::Comma));
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
        expect("msg='op=PAM:x acct=\"a\"'", &[("msg", "", false), ("op", "PAM:x", false), ("acct", "\"a\"", false)]);
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

    /// The same search, a byte at a time: name, value, whether it ended at a comma, and where to go on.
    fn plainly(body: &[u8], at: usize) -> Option<(Vec<u8>, Vec<u8>, bool, usize)> {
        let equals = at + body[at..].iter().position(|b| *b == b'=')?;
        let name = body[at..equals].rsplit(|b| *b == b' ').next()?;
        let start = equals + 1;
        if name == b"msg" {
            return Some((name.to_vec(), Vec::new(), false, start));
        }
        let unquoted = name.strip_prefix(b"'").unwrap_or(name);
        let bare: Vec<u8> = unquoted.iter().copied().skip_while(|b| *b == b'(').collect();
        let rest = &body[start..];
        if let Some(quote @ (b'"' | b'\'')) = rest.first() {
            let close = rest[1..].iter().position(|b| b == quote).map_or(body.len(), |close| start + close + 2);
            return Some((bare, body[start..close].to_vec(), false, (close + 1).min(body.len())));
        }
        let is_label = kind::named(unquoted) == Kind::Label;
        let end = rest.iter().position(|b| *b == b' ' || *b == b',' && !is_label).unwrap_or(rest.len());
        let at_comma = rest.get(end) == Some(&b',');
        Some((bare, rest[..end].to_vec(), at_comma, (start + end + 1).min(body.len())))
    }

    #[test]
    fn eight_bytes_at_a_time_finds_what_one_at_a_time_finds() {
        const PIECES: [&str; 16] = [
            "=",
            " ",
            ",",
            "\"",
            "'",
            "(",
            "msg",
            "subj",
            "obj=a,b",
            "uid=1",
            "cap_frootid=",
            "proctitle",
            "x",
            "\u{e9}",
            ": ",
            "a=",
        ];
        let mut seed = 1u64;
        for _ in 0..4_000 {
            let mut body = String::new();
            for _ in 0..12 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                body.push_str(PIECES[(seed >> 60) as usize]);
            }
            let (body, mut at) = (body.as_bytes(), 0);
            while let Some(found) = field(body, at) {
                let seen =
                    (found.name(body).to_vec(), found.value(body).to_vec(), found.stop == Stop::Comma, found.next);
                assert_eq!(Some(seen), plainly(body, at), "{:?} from {at}", String::from_utf8_lossy(body));
                at = found.next;
            }
            assert_eq!(plainly(body, at), None);
        }
    }
}
