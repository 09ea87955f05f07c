//! JSON reading (RFC 8259), without a tree: whoever reads says of each member or element whether its text is wanted or it is
//! passed over. What is passed over is looked at as strictly.
//!
//! `None` is always: this is no JSON. Nesting is bounded by [`DEEPEST`], so no input can exhaust the stack, and nothing is kept but
//! the strings that are asked for.

use super::hex;
use std::str;

/// How deep arrays and objects may be nested.
pub const DEEPEST: usize = 32;

/// A place in a text.
pub struct Reader<'t> {
    rest: &'t [u8],
    depth: usize,
}

impl<'t> Reader<'t> {
    /// Reads from the beginning of a text. `None` if it is no UTF-8.
    pub fn new(text: &'t [u8]) -> Option<Reader<'t>> {
        str::from_utf8(text).ok().map(|text| Reader { rest: text.as_bytes(), depth: 0 })
    }

    /// Whether nothing is left but white space.
    pub fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    /// Reads an object. `member` gets the name of each member, and reads its value.
    pub fn object(&mut self, member: &mut dyn FnMut(&[u8], &mut Self) -> Option<()>) -> Option<()> {
        let mut name = Vec::new();
        self.sequence([b'{', b'}'], &mut |reader| {
            name.clear();
            reader.string(&mut name)?;
            reader.take(b':')?;
            member(&name, reader)
        })
    }

    /// Reads an array. `element` reads each element.
    pub fn array(&mut self, element: &mut dyn FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.sequence([b'[', b']'], element)
    }

    fn sequence(&mut self, [open, close]: [u8; 2], each: &mut dyn FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take(open)?;
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut is_first = true;
        while self.peek()? != close {
            if !std::mem::replace(&mut is_first, false) {
                self.take(b',')?;
            }
            each(self)?;
        }
        self.depth -= 1;
        self.take(close)
    }

    /// Reads a string, and appends the bytes it stands for.
    pub fn string(&mut self, out: &mut Vec<u8>) -> Option<()> {
        self.string_to(Some(out))
    }

    /// The same, or passes over it.
    fn string_to(&mut self, mut out: Option<&mut Vec<u8>>) -> Option<()> {
        let mut push = |text: &[u8]| {
            if let Some(out) = &mut out {
                out.extend_from_slice(text);
            }
        };
        self.take(b'"')?;
        loop {
            let plain = self.rest.iter().position(|byte| matches!(byte, 0..=0x1f | b'"' | b'\\'))?;
            let (text, rest) = self.rest.split_at_checked(plain)?;
            push(text);
            match rest {
                [b'"', rest @ ..] => {
                    self.rest = rest;
                    return Some(());
                }
                [b'\\', escape, rest @ ..] => {
                    self.rest = rest;
                    let byte = match escape {
                        b'"' | b'\\' | b'/' => *escape,
                        b'n' => b'\n',
                        b't' => b'\t',
                        b'r' => b'\r',
                        b'b' => 8,
                        b'f' => 12,
                        b'u' => {
                            let letter = self.letter()?;
                            push(letter.encode_utf8(&mut [0; 4]).as_bytes());
                            continue;
                        }
                        _ => return None,
                    };
                    push(&[byte]);
                }
                _ => return None,
            }
        }
    }

    /// The character after `\u`, which may be written as two halves.
    fn letter(&mut self) -> Option<char> {
        let first = self.four_digits()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        self.rest = self.rest.strip_prefix(b"\\u")?;
        let second = self.four_digits().filter(|half| (0xdc00..0xe000).contains(half))?;
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10 | (second - 0xdc00)))
    }

    fn four_digits(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_first_chunk::<4>()?;
        self.rest = rest;
        digits.iter().try_fold(0, |value, digit| Some(value << 4 | u32::from(hex::digit(*digit)?)))
    }

    /// Passes over one value of any kind.
    pub fn skip(&mut self) -> Option<()> {
        match self.peek()? {
            b'{' => self.object(&mut |_, value| value.skip()),
            b'[' => self.array(&mut |value| value.skip()),
            b'"' => self.string_to(None),
            _ => {
                let end =
                    self.rest.iter().position(|byte| matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n'));
                let (word, rest) = self.rest.split_at_checked(end.unwrap_or(self.rest.len()))?;
                self.rest = rest;
                (matches!(word, b"true" | b"false" | b"null") || is_number(word)).then_some(())
            }
        }
    }

    /// Passes over one value, and gives it back as it is written.
    pub fn written(&mut self) -> Option<&'t [u8]> {
        self.peek();
        let text = self.rest;
        self.skip()?;
        text.get(..text.len() - self.rest.len())
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = self.rest {
            self.rest = rest;
        }
        self.rest.first().copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        self.peek().filter(|next| *next == byte)?;
        self.rest = self.rest.get(1..)?;
        Some(())
    }
}

fn is_number(word: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut rest = word.strip_prefix(b"-").unwrap_or(word);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest.first() == Some(&b'0')) {
        return false;
    }
    rest = rest.get(whole..).unwrap_or_default();
    if let [b'.', fraction @ ..] = rest {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = fraction.get(count..).unwrap_or_default();
    }
    match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', power @ ..] | [b'e' | b'E', power @ ..] => {
            !power.is_empty() && digits(power) == power.len()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::json;

    fn string(text: &str) -> Option<Vec<u8>> {
        let (mut reader, mut out) = (Reader::new(text.as_bytes())?, Vec::new());
        reader.string(&mut out)?;
        reader.is_at_end().then_some(out)
    }

    fn is_json(text: &str) -> bool {
        Reader::new(text.as_bytes()).is_some_and(|mut reader| reader.skip().is_some() && reader.is_at_end())
    }

    #[test]
    fn strings_stand_for_their_bytes() {
        assert_eq!(string(r#""a\"b\\c\/\n\r\t\b\f\u0000\u00e9\ud83d\uDE00 é""#), {
            Some("a\"b\\c/\n\r\t\u{8}\u{c}\0\u{e9}\u{1f600} \u{e9}".as_bytes().to_vec())
        });
        for broken in
            [r#"""#, r#""\x""#, r#""\u12""#, r#""\ud83d""#, r#""\ud83dA""#, r#""\udc00""#, "\"\t\"", "\"a\" b"]
        {
            assert_eq!(string(broken), None, "{broken}");
        }
        assert!(Reader::new(b"\"\xff\"").is_none());
    }

    #[test]
    fn what_is_written_is_read() {
        let mut text = Vec::new();
        for byte in 1..0x80 {
            json::push_string(&mut text, &[b'x', byte]);
            assert_eq!(string(str::from_utf8(&text).unwrap()), Some(vec![b'x', byte]));
            text.clear();
        }
    }

    #[test]
    fn values_are_looked_at_strictly() {
        for good in ["0", "-1.5e+10", "1E5", "[]", " [ 1 , true ] ", "{\"a\":{\"b\":[null,\"x\"]}}", "false"] {
            assert!(is_json(good), "{good}");
        }
        for bad in [
            "",
            "01",
            "1.",
            "-",
            "1e",
            "+1",
            "[1,]",
            "[,1]",
            "{\"a\"}",
            "{a:1}",
            "{\"a\":1,}",
            "[1 2]",
            "nul",
            "[1",
            "{}}",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(is_json(&nested(DEEPEST)));
        assert!(!is_json(&nested(DEEPEST + 1)) && !is_json(&"[".repeat(1 << 20)));
    }

    #[test]
    fn members_that_are_wanted_are_read_and_others_passed_over() {
        let mut reader = Reader::new(br#"{"a":[1,{"b":"no"}],"b":"yes"}"#).unwrap();
        let mut found = Vec::new();
        let read = reader.object(&mut |name, value| if name == b"b" { value.string(&mut found) } else { value.skip() });
        assert_eq!((read, found), (Some(()), b"yes".to_vec()));
    }
}
