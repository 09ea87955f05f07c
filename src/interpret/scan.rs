//! Finds the fields of a record's body the way `ausearch -i` does, eight bytes at a time: one of the three dialects that the
//! first lines of `record.rs` name.
//!
//! A field is what stands before and after each `=`. Its name is the word before the `=`. Its value is in quotes, or ends
//! at a space or comma; a security context ends at a space only, for it may hold commas. Words that belong to no field
//! lie between the fields and are left to the caller.

use super::Kind;
use super::kind;
use crate::text::load_u64 as load;
use memchr::memchr;
use std::ops::Range;

/// A name, by places in the body.
#[derive(Clone, Copy)]
pub(super) struct Name {
    /// Where it begins, without the quote or parenthesis before it. It ends at the `=`.
    pub(super) at: usize,
    /// Where its value begins.
    pub(super) start: usize,
    /// What it stands for in most records, unless the record's type says otherwise ([`kind::by_record_type`]).
    pub(super) kind: Kind,
    pub(super) shape: Shape,
    /// See [`name_hash`].
    pub(super) name_hash: u32,
}

/// What the value of a name looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Other,
    /// It may hold commas.
    Label,
    /// Behind `msg=` stand fields again: its value is empty.
    Nothing,
}

/// One field, by places in the body.
pub(super) struct Found {
    name: usize,
    /// Where the value begins and ends, quotes included.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
    /// That of the name.
    pub(super) name_hash: u32,
    /// What the value ended at.
    pub(super) stop: Stop,
    /// Where the search for the next field begins: the byte after a value is passed over, whatever it is.
    pub(super) next: usize,
    /// Whether the value is in quotes. One that nothing closes opens nothing.
    pub(super) is_closed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    Space,
    Comma,
    /// The closing quote, and another separator than a space.
    Quote,
    /// The end of the body.
    End,
}

impl Found {
    pub(super) fn name<'a>(&self, body: &'a [u8]) -> &'a [u8] {
        body.get(self.name_place()).unwrap_or_default()
    }

    pub(super) fn name_place(&self) -> Range<usize> {
        self.name..self.start - 1
    }

    #[inline(always)]
    pub(super) fn value<'a>(&self, body: &'a [u8]) -> &'a [u8] {
        body.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether the value begins and ends with a double quote.
    #[inline(always)]
    pub(super) fn is_quoted(&self, body: &[u8]) -> bool {
        body.get(self.start) == Some(&b'"') && self.is_closed
    }
}

/// The first name at or after `at`.
///
/// COMPAT: a security context whose name has a parenthesis before it ends at a comma.
pub(super) fn name(body: &[u8], at: usize) -> Option<Name> {
    let rest = body.get(at..)?;
    let text = rest.get(..memchr(b'=', rest)?)?;
    let start = at + text.len() + 1;
    let text = text.rsplit(|byte| *byte == b' ').next().unwrap_or(text);
    if text == b"msg" {
        return Some(Name {
            at: start - 4,
            start,
            kind: Kind::Plain,
            shape: Shape::Nothing,
            name_hash: name_hash(text),
        });
    }
    let text = text.strip_prefix(b"'").unwrap_or(text);
    let bare = text.iter().position(|byte| *byte != b'(').map_or(&[][..], |from| text.get(from..).unwrap_or_default());
    let kind = kind::named(bare);
    let shape = if kind == Kind::Label && bare.len() == text.len() { Shape::Label } else { Shape::Other };
    Some(Name { at: start - 1 - bare.len(), start, kind, shape, name_hash: name_hash(bare) })
}

/// All fields of a body.
pub(super) fn fields(body: &[u8]) -> impl Iterator<Item = Found> {
    let mut at = first(body);
    std::iter::from_fn(move || {
        let found = name(body, at)?.field(body);
        at = found.next;
        Some(found)
    })
}

/// Where the search for the first field begins: the colon after the event id belongs to none.
pub(super) fn first(body: &[u8]) -> usize {
    if body.starts_with(b": ") { 2 } else { 0 }
}

impl Name {
    pub(super) fn text<'a>(&self, body: &'a [u8]) -> &'a [u8] {
        body.get(self.at..self.start - 1).unwrap_or_default()
    }

    /// The field of this name.
    #[inline(always)]
    pub(super) fn field(self, body: &[u8]) -> Found {
        let Name { at: name, start, kind, shape, name_hash } = self;
        if shape == Shape::Nothing {
            return Found { name, start, end: start, kind, name_hash, stop: Stop::Space, next: start, is_closed: true };
        }
        let word = load(body, start);
        let quoted = match word as u8 {
            quote @ (b'"' | b'\'') => quoted_end(body, start + 1, quote),
            _ => None,
        };
        let is_closed = quoted.is_some();
        let (end, stop) =
            quoted.unwrap_or_else(|| bare_end(body, start, word, if shape == Shape::Label { SPACES } else { COMMAS }));
        Found { name, start, end, kind, name_hash, stop, next: (end + 1).min(body.len()), is_closed }
    }
}

/// Where the value ends with its closing quote, and what it ends at; `None` if there is no such quote. It closes the value if a
/// separator follows: what is never quoted (the name of a device) may begin with a quote, and hold more of them.
#[inline(always)]
fn quoted_end(body: &[u8], mut at: usize, quote: u8) -> Option<(usize, Stop)> {
    while at < body.len() {
        let closing = zeros(load(body, at) ^ (ONES * u64::from(quote)));
        if closing != 0 {
            let end = at + place(closing) + 1;
            let stop = match body.get(end) {
                Some(b' ') => Stop::Space,
                Some(b'\'' | b')' | b',' | b':' | b';') => Stop::Quote,
                Some(_) => return None,
                None => Stop::End,
            };
            return Some((end, stop));
        }
        at += 8;
    }
    None
}

/// Where the first space or `other` byte stands, or the end of the body; `word` is what stands at `at`.
#[inline(always)]
fn bare_end(body: &[u8], mut at: usize, mut word: u64, other: u64) -> (usize, Stop) {
    loop {
        let spaces = zeros(word ^ SPACES);
        let stops = spaces | zeros(word ^ other);
        if stops != 0 {
            let stop = if spaces & stops & stops.wrapping_neg() != 0 { Stop::Space } else { Stop::Comma };
            return (at + place(stops), stop);
        }
        at += 8;
        if at >= body.len() {
            return (body.len(), Stop::End);
        }
        word = load(body, at);
    }
}

const ONES: u64 = u64::MAX / 255;
const SPACES: u64 = ONES * b' ' as u64;
const COMMAS: u64 = ONES * b',' as u64;

/// Sixteen bytes, the first one lowest; zeros stand for those after the end.
#[inline(always)]
pub(super) fn load_two(body: &[u8], at: usize) -> u128 {
    match body.get(at..).and_then(<[u8]>::first_chunk) {
        Some(word) => u128::from_le_bytes(*word),
        None => u128::from(load(body, at)) | u128::from(load(body, at.saturating_add(8))) << 64,
    }
}

/// Which byte the lowest mark is in.
#[inline(always)]
fn place(marks: u64) -> usize {
    marks.trailing_zeros() as usize / 8
}

/// Marks the highest bit of bytes that are zero. Right up to the lowest mark; those above it may be wrong.
#[inline(always)]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & (ONES << 7)
}

/// Tells most names apart, letters of either case being equal.
pub(super) fn name_hash(name: &[u8]) -> u32 {
    hash_of(load(name, 0), name.len())
}

/// `front` is what the name of `len` bytes begins with, first byte lowest, and what may follow it.
pub(super) fn hash_of(front: u64, len: usize) -> u32 {
    const LOWER: u64 = u64::MAX / 255 * 0x20;
    let front = (front | LOWER).checked_shl(64 - 8 * len.min(8) as u32).unwrap_or(0);
    ((front ^ len as u64).wrapping_mul(0xbb28_463e_b7c6_767d) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dice;

    /// Name, value, and whether it ended at a comma.
    fn fields(body: &str) -> Vec<(String, String, bool)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let field = |found: Found| {
            (text(found.name(body.as_bytes())), text(found.value(body.as_bytes())), found.stop == Stop::Comma)
        };
        super::fields(body.as_bytes()).map(field).collect()
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
        expect("exe=\"open x=1 a='b", &[("exe", "\"open", false), ("x", "1", false), ("a", "'b", false)]);
        expect("dev=\"a\"b=1 x=1", &[("dev", "\"a\"b=1", false), ("x", "1", false)]);
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
    fn what_follows_msg_is_fields_again() {
        expect("msg='op=PAM:x acct=\"a\"'", &[("msg", "", false), ("op", "PAM:x", false), ("acct", "\"a\"", false)]);
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
        let quote = rest.first().filter(|byte| matches!(byte, b'"' | b'\''));
        let close = quote.and_then(|quote| rest[1..].iter().position(|b| b == quote)).map(|close| start + close + 2);
        let separates = |close: &usize| body.get(*close).is_none_or(|byte| b" '),:;".contains(byte));
        if let Some(close) = close.filter(separates) {
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
        let mut dice = Dice(1);
        for _ in 0..4_000 {
            let mut body = String::new();
            for _ in 0..12 {
                body.push_str(dice.pick(&PIECES));
            }
            let (body, mut at) = (body.as_bytes(), 0);
            while let Some(found) = name(body, at).map(|name| name.field(body)) {
                let seen =
                    (found.name(body).to_vec(), found.value(body).to_vec(), found.stop == Stop::Comma, found.next);
                assert_eq!(Some(seen), plainly(body, at), "{:?} from {at}", String::from_utf8_lossy(body));
                at = found.next;
            }
            assert_eq!(plainly(body, at), None);
        }
    }
}
