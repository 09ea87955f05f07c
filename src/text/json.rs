//! JSON writing (RFC 8259), straight into a byte buffer, without a tree in between.
//!
//! An [`Object`] or [`Array`] appends to its buffer as its members are given and keeps count of commas itself; the closing
//! bracket comes when the filling function returns, so that what was begun is always ended. Names are the caller's: that
//! no two members of an object are called the same is its promise.
//!
//! Bytes that are no UTF-8 cannot stand in JSON. [`push_string`] puts U+FFFD in their place; [`Object::bytes`] also gives
//! them whole, in upper-case hex, as a member called `NAME_hex`, and does the same for a text with a NUL byte, at which
//! many readers would stop and which others refuse. Numbers above 2^53 lose digits in readers that hold them as floating point: give those as text.

use super::escape::is_hidden;
use super::{hex, number};
use std::str;

/// What a member or element may be written to.
pub struct Object<'o> {
    members: Members<'o>,
}

/// The elements of an array.
pub struct Array<'o> {
    members: Members<'o>,
}

/// The buffer, and whether the next member is the first.
struct Members<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

impl Members<'_> {
    /// The buffer, after the comma that the next member needs.
    fn next(&mut self) -> &mut Vec<u8> {
        if !self.is_empty {
            self.out.push(b',');
        }
        self.is_empty = false;
        self.out
    }
}

/// Appends one object, whose members `fill` gives.
pub fn push_object(out: &mut Vec<u8>, fill: impl FnOnce(&mut Object)) {
    out.push(b'{');
    fill(&mut Object { members: Members { out, is_empty: true } });
    out.push(b'}');
}

/// Appends one array, whose elements `fill` gives.
pub fn push_array(out: &mut Vec<u8>, fill: impl FnOnce(&mut Array)) {
    out.push(b'[');
    fill(&mut Array { members: Members { out, is_empty: true } });
    out.push(b']');
}

impl Object<'_> {
    fn name(&mut self, name: &str) -> &mut Vec<u8> {
        let out = self.members.next();
        push_string(out, name.as_bytes());
        out.push(b':');
        out
    }

    /// A text; see [`push_string`].
    pub fn text(&mut self, name: &str, value: impl AsRef<[u8]>) {
        push_string(self.name(name), value.as_ref());
    }

    /// Bytes that are text as a rule: a text, and `NAME_hex` beside it when the text does not say all.
    pub fn bytes(&mut self, name: &str, value: &[u8]) {
        self.text(name, value);
        if value.contains(&0) || str::from_utf8(value).is_err() {
            let out = self.name(&format!("{name}_hex"));
            out.push(b'"');
            hex::encode(value, out);
            out.push(b'"');
        }
    }

    /// A number from 0.
    pub fn number(&mut self, name: &str, value: u64) {
        number::push(self.name(name), value);
    }

    /// A number that may be negative.
    pub fn signed(&mut self, name: &str, value: i64) {
        number::push_signed(self.name(name), value);
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &str, value: bool) {
        self.name(name).extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// `null`.
    pub fn null(&mut self, name: &str) {
        self.name(name).extend_from_slice(b"null");
    }

    /// An object.
    pub fn object(&mut self, name: &str, fill: impl FnOnce(&mut Object)) {
        push_object(self.name(name), fill);
    }

    /// An array.
    pub fn array(&mut self, name: &str, fill: impl FnOnce(&mut Array)) {
        push_array(self.name(name), fill);
    }
}

impl Array<'_> {
    /// A text; see [`push_string`].
    pub fn text(&mut self, value: impl AsRef<[u8]>) {
        push_string(self.members.next(), value.as_ref());
    }

    /// A number from 0.
    pub fn number(&mut self, value: u64) {
        number::push(self.members.next(), value);
    }

    /// `null`.
    pub fn null(&mut self) {
        self.members.next().extend_from_slice(b"null");
    }

    /// An object.
    pub fn object(&mut self, fill: impl FnOnce(&mut Object)) {
        push_object(self.members.next(), fill);
    }

    /// An array.
    pub fn array(&mut self, fill: impl FnOnce(&mut Array)) {
        push_array(self.members.next(), fill);
    }
}

/// Appends a string in quotes. Quotes, backslashes, control characters and what shows nothing or turns the direction of writing are
/// escaped; each run of bytes that is no UTF-8 becomes U+FFFD, as `String::from_utf8_lossy` has it, and so does a NUL, which some
/// readers refuse; everything else stays as it is.
pub fn push_string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    push_inside(out, text);
    out.push(b'"');
}

/// Appends what stands between the quotes of a string.
pub fn push_inside(out: &mut Vec<u8>, text: &[u8]) {
    for chunk in text.utf8_chunks() {
        push_escaped(out, chunk.valid());
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

fn push_escaped(out: &mut Vec<u8>, mut text: &str) {
    while let Some((at, letter)) = text.char_indices().find(|(_, letter)| is_special(*letter)) {
        let (plain, rest) = text.split_at(at);
        out.extend_from_slice(plain.as_bytes());
        match letter {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\0' => out.extend_from_slice("\u{fffd}".as_bytes()),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(b"\\u");
                    hex::encode(&unit.to_be_bytes(), out);
                }
            }
        }
        text = rest.get(letter.len_utf8()..).unwrap_or_default();
    }
    out.extend_from_slice(text.as_bytes());
}

/// Whether a character must not stand in a string, or would move the terminal on which the string is shown, turn the direction of
/// its text, or show nothing.
fn is_special(letter: char) -> bool {
    matches!(letter, '\0'..='\x1f' | '"' | '\\' | '\x7f') || (!letter.is_ascii() && is_hidden(letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dice;

    fn string(text: &[u8]) -> String {
        let mut out = Vec::new();
        push_string(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_json_cannot_hold_is_escaped() {
        assert_eq!(string(b"plain /etc/passwd"), r#""plain /etc/passwd""#);
        assert_eq!(
            string(b"a\"b\\c\nd\re\tf\x01\x1b\x7f\0"),
            r#""a\"b\\c\nd\re\tf\u0001\u001B\u007F"#.to_owned() + "\u{fffd}\""
        );
        assert_eq!(string("\u{e9}\u{20ac}\u{1f600}".as_bytes()), "\"\u{e9}\u{20ac}\u{1f600}\"");
        let hidden = "\u{85}\u{9b}\u{200b}\u{2028}\u{202e}\u{e0041}";
        assert_eq!(string(hidden.as_bytes()), r#""\u0085\u009B\u200B\u2028\u202E\uDB40\uDC41""#);
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced_run_by_run() {
        assert_eq!(string(b"a\xff\xfeb"), "\"a\u{fffd}\u{fffd}b\"");
        assert_eq!(string(b"\xe2\x82"), "\"\u{fffd}\"");
        // A surrogate half in UTF-8 clothes is none.
        assert!(!string(b"\xed\xa0\x80").contains("\\ud"));
    }

    #[test]
    fn objects_and_arrays_nest_with_their_commas() {
        let mut out = Vec::new();
        push_object(&mut out, |o| {
            o.text("a", "x");
            o.number("b", u64::MAX);
            o.signed("c", -7);
            o.flag("d", false);
            o.null("e");
            o.object("f", |_| {});
            o.array("g", |a| {
                a.text(b"y");
                a.number(0);
                a.null();
                a.object(|o| o.flag("h", true));
                a.array(|_| {});
            });
        });
        let expected = concat!(
            r#"{"a":"x","b":18446744073709551615,"c":-7,"d":false,"e":null,"f":{},"#,
            r#""g":["y",0,null,{"h":true},[]]}"#
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn bytes_come_back_whole_from_hex() {
        let mut out = Vec::new();
        push_object(&mut out, |o| {
            o.bytes("a", b"text");
            o.bytes("b", b"a\xffb");
            o.bytes("c", b"x\0y");
        });
        let expected =
            "{\"a\":\"text\",\"b\":\"a\u{fffd}b\",\"b_hex\":\"61FF62\",\"c\":\"x\u{fffd}y\",\"c_hex\":\"780079\"}";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    /// A reader of strings that knows nothing of how they were written.
    fn read(text: &[u8]) -> Option<String> {
        let inner = str::from_utf8(text.strip_prefix(b"\"")?.strip_suffix(b"\"")?).ok()?;
        let (mut value, mut letters) = (String::new(), inner.chars());
        while let Some(letter) = letters.next() {
            value.push(match letter {
                '"' => return None,
                c if c < ' ' => return None,
                '\\' => match letters.next()? {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => {
                        let digits: String = letters.by_ref().take(4).collect();
                        let unit = u16::from_str_radix(&digits, 16).ok()?;
                        let mut units = vec![unit];
                        if (0xd800..0xdc00).contains(&unit) {
                            let digits: String = letters.by_ref().skip(2).take(4).collect();
                            units.push(u16::from_str_radix(&digits, 16).ok()?);
                        }
                        char::decode_utf16(units).next()?.ok()?
                    }
                    c @ ('"' | '\\') => c,
                    _ => return None,
                },
                c => c,
            });
        }
        Some(value)
    }

    #[test]
    fn any_bytes_are_read_back_as_their_lossy_text() {
        let mut dice = Dice(0x2545_f491_4f6c_dd1d);
        for _ in 0..20_000 {
            let length = dice.roll(12);
            // Half of them from the bytes that matter.
            let text: Vec<u8> = (0..length)
                .map(|_| match dice.roll(2) {
                    0 => dice.next() as u8,
                    _ => b"\"\\\n\x00\x1f\x7f\xc3\xa9\xe2\x80\xa8u\xc2\x9b\xf3\xa0\x81\x81"[dice.roll(18)],
                })
                .collect();
            let lossy = String::from_utf8_lossy(&text).replace('\0', "\u{fffd}");
            assert_eq!(read(string(&text).as_bytes()), Some(lossy), "{text:?}");
        }
    }
}
