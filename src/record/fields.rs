//! The fields of a record in the manner of libauparse: words between spaces, and nothing inside of quotes.
//!
//! For csv, text, expressions and library users. The first lines of `record.rs` say who cuts fields otherwise, and why.

use super::{Record, RecordType};
use crate::text;
use memchr::memchr;

/// One field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// What stands before the `=`.
    pub name: &'a [u8],
    /// What follows it, with its quotes.
    pub value: &'a [u8],
}

/// Fields of one record, in the manner of libauparse.
///
/// Words between spaces that hold a `=`. A `(` before the name goes, and so does one each of `:` `,` `'` `)` after the
/// value, in that order, except of `(none)` and `(null)`; empty values are skipped. A value in quotes may hold spaces, at the
/// first of which libauparse cuts it. The unlabelled words of an SELinux message come out as `seresult` and `seperms`; the latter's value
/// is the text between the braces, of which libauparse makes a list with commas. A key in hex is one field here; see
/// [`keys()`](super::keys()).
#[derive(Clone)]
pub struct Fields<'a> {
    line: &'a [u8],
    /// Where the next word begins, or the spaces before it.
    at: usize,
    avc: bool,
    seen: usize,
    node: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn of(record: &Record<'a>) -> Fields<'a> {
        let avc = matches!(record.record_type, RecordType::AVC | RecordType::USER_AVC);
        Fields { line: super::from_first_word(record.line), at: 0, avc, seen: 0, node: 0 }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    #[inline]
    fn next(&mut self) -> Option<Field<'a>> {
        let line = self.line;
        loop {
            let mut start = self.at;
            while line.get(start) == Some(&b' ') {
                start += 1;
            }
            let name_end =
                text::find_byte(line, start, |bytes| text::byte_mask(bytes, b'=') | text::byte_mask(bytes, b' '));
            let name = line.get(start..name_end)?;
            let field = if line.get(name_end) == Some(&b'=') {
                self.at = text::find_byte(line, name_end + 1, |bytes| text::byte_mask(bytes, b' '));
                let mut value = line.get(name_end + 1..self.at)?;
                if let [b'"' | b'\'', ..] = value {
                    self.at = end_of_quoted(line, self.at, value);
                    value = line.get(name_end + 1..self.at)?;
                }
                labelled(name, value)
            } else {
                self.at = name_end;
                match name {
                    b"" => return None,
                    word if self.avc => self.unlabelled(word),
                    _ => None,
                }
            };
            if let Some(field) = field {
                if self.avc {
                    self.node |= usize::from(self.seen == 0 && field.name == b"node");
                    self.seen += 1;
                }
                return Some(field);
            }
        }
    }
}

impl<'a> Fields<'a> {
    /// SELinux writes `avc:  denied  { read write } for` where others write name and value.
    fn unlabelled(&mut self, word: &'a [u8]) -> Option<Field<'a>> {
        if word.starts_with(b"avc") {
            return None;
        }
        match self.seen.checked_sub(self.node) {
            Some(1) => Some(Field { name: b"seresult", value: word }),
            Some(2) if word.first() == Some(&b'{') => {
                let rest = self.line.get(self.at..)?;
                let inside = text::up_to(rest, b'}');
                self.at = (self.at + inside.len() + 1).min(self.line.len());
                Some(Field { name: b"seperms", value: inside.trim_ascii() })
            }
            _ => None,
        }
    }
}

/// Where the word ends that closes a quoted value, or the first one of a user message. `value` is what stands before the space at
/// `at`; a quote that nothing closes opens nothing.
fn end_of_quoted(line: &[u8], at: usize, value: &[u8]) -> usize {
    let value = if value.starts_with(b"'") { text::after(value, b"=").unwrap_or_default() } else { value };
    let is_open = value.split_first().is_some_and(|(first, inside)| *first == b'"' && !inside.contains(&b'"'));
    let quote = line.get(at..).and_then(|rest| memchr(b'"', rest)).filter(|_| is_open);
    quote.map_or(at, |quote| text::find_byte(line, at + quote, |bytes| text::byte_mask(bytes, b' ')))
}

/// The field of this name and value, as [`Fields`] gives it out; `None` for an event id and for one without a value.
#[inline(always)]
fn labelled<'a>(name: &'a [u8], value: &'a [u8]) -> Option<Field<'a>> {
    if name != b"msg" { trimmed(name, value) } else { after_msg(value) }
}

fn after_msg(value: &[u8]) -> Option<Field<'_>> {
    match value {
        [b'a', ..] => None,
        [b'\'', inner @ ..] => {
            let (name, value) = inner.split_at(memchr(b'=', inner)?);
            trimmed(name, value.get(1..).unwrap_or_default())
        }
        value => trimmed(b"msg", value),
    }
}

/// Takes off what stands around a name and a value and is not theirs.
#[inline(always)]
fn trimmed<'a>(name: &'a [u8], value: &'a [u8]) -> Option<Field<'a>> {
    let name = if let [b'(', name @ ..] = name { name } else { name };
    let value = match value.last()? {
        b':' | b',' | b'\'' | b')' => trimmed_value(value),
        _ => value,
    };
    Some(Field { name, value })
}

fn trimmed_value(value: &[u8]) -> &[u8] {
    let value = value.strip_suffix(b":").unwrap_or(value);
    let value = value.strip_suffix(b",").unwrap_or(value);
    let value = value.strip_suffix(b"'").unwrap_or(value);
    match value {
        b"(none)" | b"(null)" => value,
        _ => value.strip_suffix(b")").unwrap_or(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(line: &[u8]) -> Vec<(String, String)> {
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        Record::parse(line).unwrap().fields().map(|f| (text(f.name), text(f.value))).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect()
    }

    #[test]
    fn fields_are_words_with_an_equals_sign() {
        let got = fields(
            b"type=USER_AUTH msg=audit(1700000009.123:45): pid=1 (x=2): y= msg='op=PAM:auth acct=\"a b\" tty=(none) res=ok'",
        );
        let want = [("type", "USER_AUTH"), ("pid", "1"), ("x", "2"), ("op", "PAM:auth"), ("acct", "\"a b\"")];
        assert_eq!(got, pairs(&[&want[..], &[("tty", "(none)"), ("res", "ok")]].concat()));
    }

    #[test]
    fn nothing_inside_of_quotes_is_a_field() {
        let of = |text: &str| fields(format!("type=USER_LOGIN msg=audit(1700000009.123:45): {text}").as_bytes());
        let with = |rest: &[(&str, &str)]| pairs(&[&[("type", "USER_LOGIN")], rest].concat());
        let (acct, failed) = (|value| ("acct", value), ("res", "failed"));
        let whole = with(&[("op", "login"), acct("\"x res=success y\""), failed]);
        assert_eq!(of("msg='op=login acct=\"x res=success y\" res=failed'"), whole);
        assert_eq!(of("msg='acct=\"x res=success\" res=failed'"), with(&[acct("\"x res=success\""), failed]));
        assert_eq!(of("acct=\"x res=success"), with(&[acct("\"x"), ("res", "success")]), "what nothing closes");
        assert_eq!(of("acct=\"x\" res=failed exe=\"y\""), with(&[("acct", "\"x\""), failed, ("exe", "\"y\"")]));
    }

    #[test]
    fn the_words_of_selinux_get_names() {
        let got =
            fields(b"node=n type=AVC msg=audit(1700000009.123:45): avc:  denied  { read write } for  pid=1 comm=\"x\"");
        let want = [("node", "n"), ("type", "AVC"), ("seresult", "denied"), ("seperms", "read write"), ("pid", "1")];
        assert_eq!(got, pairs(&[&want[..], &[("comm", "\"x\"")]].concat()));
    }
}
