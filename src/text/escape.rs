//! The escape modes in which interpreted text is shown (ausearch(8), `--escape`) and written into the log.

/// Which bytes are escaped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Escape {
    /// None.
    Raw,
    /// Those that a terminal may obey become a backslash and three octal digits: control bytes, DEL, and the C1 controls
    /// (0x80 to 0x9F), alone or as the UTF-8 of U+0080 to U+009F. So do the characters that show nothing or turn the direction of
    /// writing, which hide what stands around them or look like nothing. Other bytes of 0x80 and above pass through.
    #[default]
    Tty,
    /// Like `Tty`, and a backslash before what a shell would expand or split at.
    Shell,
    /// Like `Shell`, and more of the shell's special characters.
    ShellQuote,
}

impl Escape {
    /// The mode's name on the command line.
    pub fn named(name: &[u8]) -> Option<Escape> {
        Some(match name {
            b"raw" => Escape::Raw,
            b"tty" => Escape::Tty,
            b"shell" => Escape::Shell,
            b"shell_quote" => Escape::ShellQuote,
            _ => return None,
        })
    }

    /// Whether the mode escapes this printable byte.
    fn byte_mask(self, byte: u8) -> bool {
        let shell = matches!(byte, b'"' | b'\'' | b'`' | b'$' | b'\\' | b'!' | b'(' | b')' | b'|' | b' ');
        let quote = matches!(byte, b';' | b'#' | b'&' | b'*' | b'?' | b'[' | b']' | b'<' | b'>' | b'{' | b'}');
        match self {
            Escape::Raw | Escape::Tty => false,
            Escape::Shell => shell,
            Escape::ShellQuote => shell || quote,
        }
    }
}

/// Whether `text` holds a byte that a terminal may obey, or one that is not ASCII. What holds none is the same for
/// [`Escape::Tty`] as for [`Escape::Raw`].
///
/// Sixteen bytes at a time: adding to all bytes of a word at once sets the high bit of 0x7F and more, subtracting that of
/// 0x1F and less. A byte spoils the one above it only where its own bit is set too.
pub(crate) fn may_need_escape(text: &[u8]) -> bool {
    const ONES: u64 = u64::MAX / 255;
    let odd = |word: u64| word | word.wrapping_sub(ONES * 0x20) | word.wrapping_add(ONES);
    let pairs = text.chunks_exact(16);
    let rest = pairs.remainder();
    let bits = pairs.fold(0, |bits, pair| bits | odd(super::load_u64(pair, 0)) | odd(super::load_u64(pair, 8)));
    bits & (ONES << 7) != 0 || rest.iter().any(|byte| !(0x20..0x7F).contains(byte))
}

/// Appends `text` to `out` in `mode`.
pub fn escape(text: &[u8], mode: Escape, out: &mut Vec<u8>) {
    match mode {
        Escape::Raw => out.extend_from_slice(text),
        Escape::Tty if !may_need_escape(text) => out.extend_from_slice(text),
        _ => replace(text, |byte| mode.byte_mask(byte), |byte, out| out.extend([b'\\', byte]), out),
    }
}

/// Appends `text` as it may stand among the names that the daemon adds to a record: as for a terminal, and what could end
/// a value there is in octal as well.
pub fn escape_for_log(text: &[u8], out: &mut Vec<u8>) {
    replace(text, |byte| matches!(byte, b'"' | b'\'' | b'{' | b'}'), push_octal, out);
}

/// Appends `text`; printable ASCII bytes that are `special` go through `push`, and control bytes become octal.
fn replace(text: &[u8], special: impl Fn(u8) -> bool, push: impl Fn(u8, &mut Vec<u8>), out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&b| !(0x20..0x7F).contains(&b) || special(b)) {
        let (plain, from) = rest.split_at(at);
        out.extend_from_slice(plain);
        if let Some((bytes, letter)) = character(from) {
            match is_hidden(letter) {
                true => bytes.iter().for_each(|byte| push_octal(*byte, out)),
                false => out.extend_from_slice(bytes),
            }
            rest = from.get(bytes.len()..).unwrap_or_default();
        } else if let [byte, tail @ ..] = from {
            match byte {
                0x20..0x7F => push(*byte, out),
                0xA0.. => out.push(*byte),
                _ => push_octal(*byte, out),
            }
            rest = tail;
        }
    }
    out.extend_from_slice(rest);
}

fn push_octal(byte: u8, out: &mut Vec<u8>) {
    out.extend([b'\\', b'0' + (byte >> 6), b'0' + (byte >> 3 & 7), b'0' + (byte & 7)]);
}

/// Whether a character of several bytes is a C1 control, or one of Unicode that shows nothing, ends a line or turns the direction of
/// writing: Default_Ignorable_Code_Point, Zl, Zp, U+FFF9 to U+FFFB and the blank of Braille. A selector of emoji is one, too: where nothing
/// is to select, nothing shows that it is there.
pub(crate) fn is_hidden(letter: char) -> bool {
    matches!(letter, '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}'
        | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a character moves a terminal, or hides what stands around it.
pub(crate) fn is_control(letter: char) -> bool {
    letter.is_control() || is_hidden(letter)
}

/// Bytes as a message can show them: nothing in them moves a terminal.
pub fn lossy(bytes: &[u8]) -> String {
    let mut text = String::new();
    for letter in String::from_utf8_lossy(bytes).chars() {
        if is_control(letter) { text.extend(letter.escape_unicode()) } else { text.push(letter) }
    }
    text
}

/// The character of several bytes that `text` begins with, and its bytes.
pub(crate) fn character(text: &[u8]) -> Option<(&[u8], char)> {
    let len = match text.first() {
        Some(0xC2..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..=0xF4) => 4,
        _ => 0,
    };
    let bytes = text.get(..len)?;
    Some((bytes, std::str::from_utf8(bytes).ok()?.chars().next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &[u8], mode: Escape) -> Vec<u8> {
        let mut out = Vec::new();
        escape(text, mode, &mut out);
        out
    }

    #[test]
    fn each_mode_marks_its_own_bytes() {
        let text = b"a\x1b b'$;{\xc3\xa9\n";
        assert_eq!(shown(text, Escape::Raw), text);
        assert_eq!(shown(text, Escape::Tty), b"a\\033 b'$;{\xc3\xa9\\012");
        assert_eq!(shown(text, Escape::Shell), b"a\\033\\ b\\'\\$;{\xc3\xa9\\012");
        assert_eq!(shown(text, Escape::ShellQuote), b"a\\033\\ b\\'\\$\\;\\{\xc3\xa9\\012");
        let mut out = Vec::new();
        escape_for_log(text, &mut out);
        assert_eq!(out, b"a\\033 b\\047$;\\173\xc3\xa9\\012");
    }

    #[test]
    fn what_a_terminal_may_obey_is_escaped_and_other_characters_are_not() {
        for (text, want) in [
            (&b"\x7f"[..], &b"\\177"[..]),
            (b"\x9b31m", b"\\23331m"),
            (b"\xc2\x9b31m", b"\\302\\23331m"),
            ("\u{c0} \u{a0} \u{20ac} \u{1f600}".as_bytes(), "\u{c0} \u{a0} \u{20ac} \u{1f600}".as_bytes()),
            (b"M\xfcller \xff", b"M\xfcller \xff"),
            (b"\xc3", b"\xc3"),
            (b"\xe2\x82", b"\xe2\\202"),
            ("a\u{202e}b\u{200b}".as_bytes(), b"a\\342\\200\\256b\\342\\200\\213"),
            ("a\u{2800}b".as_bytes(), b"a\\342\\240\\200b"),
            ("\u{17b4}\u{fe00}\u{fe0f}".as_bytes(), b"\\341\\236\\264\\357\\270\\200\\357\\270\\217"),
            ("\u{1bca3}\u{1d173}".as_bytes(), b"\\360\\233\\262\\243\\360\\235\\205\\263"),
            ("\u{2028}\u{feff}".as_bytes(), b"\\342\\200\\250\\357\\273\\277"),
            ("\u{ad}\u{e0041}".as_bytes(), b"\\302\\255\\363\\240\\201\\201"),
            ("\u{2764}\u{fe0e}".as_bytes(), b"\xe2\x9d\xa4\\357\\270\\216"),
        ] {
            assert_eq!(shown(text, Escape::Tty), want, "{text:x?}");
            assert_eq!(shown(&shown(text, Escape::Tty), Escape::Tty), want, "twice is once");
        }
        // Default_Ignorable_Code_Point of Unicode 16, and what else shows nothing.
        let hidden = [
            (0xAD, 0xAD),
            (0x34F, 0x34F),
            (0x61C, 0x61C),
            (0x115F, 0x1160),
            (0x17B4, 0x17B5),
            (0x180B, 0x180F),
            (0x200B, 0x200F),
            (0x2028, 0x202E),
            (0x2060, 0x206F),
            (0x2800, 0x2800),
            (0x3164, 0x3164),
            (0xFE00, 0xFE0F),
            (0xFEFF, 0xFEFF),
            (0xFFA0, 0xFFA0),
            (0xFFF0, 0xFFFB),
            (0x1BCA0, 0x1BCA3),
            (0x1D173, 0x1D17A),
            (0xE0000, 0xE0FFF),
        ];
        for letter in '\u{a0}'..=char::MAX {
            let is_listed = hidden.iter().any(|(first, last)| (*first..=*last).contains(&u32::from(letter)));
            assert_eq!(is_hidden(letter), is_listed, "{letter:?}");
        }
        for byte in 0..=255 {
            let text = [b"what stands before it ", &[byte][..], b" and after"].concat();
            let may_change = !(0x20..0x7F).contains(&byte);
            assert_eq!(may_need_escape(&text), may_change, "{byte}");
            assert!(may_change || shown(&text, Escape::Tty) == text);
        }
    }
}
