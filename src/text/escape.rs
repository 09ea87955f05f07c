//! The escape modes in which interpreted text is shown (ausearch(8), `--escape`).

/// Which bytes are made harmless.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Escape {
    /// Nothing is changed.
    Raw,
    /// Control bytes become a backslash and three octal digits.
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

    fn marks(self, byte: u8) -> bool {
        let shell = matches!(byte, b'"' | b'\'' | b'`' | b'$' | b'\\' | b'!' | b'(' | b')' | b'|' | b' ');
        let quote = matches!(byte, b';' | b'#' | b'&' | b'*' | b'?' | b'[' | b']' | b'<' | b'>' | b'{' | b'}');
        match self {
            Escape::Raw | Escape::Tty => false,
            Escape::Shell => shell,
            Escape::ShellQuote => shell || quote,
        }
    }
}

/// Appends `text` to `out` in `mode`. Bytes of 0x80 and above pass through.
pub fn escape(text: &[u8], mode: Escape, out: &mut Vec<u8>) {
    let odd = |b: u8| mode != Escape::Raw && (b < 32 || mode.marks(b));
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&b| odd(b)) {
        let (plain, from) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((&byte, tail)) = from.split_first() else { return };
        out.push(b'\\');
        if byte < 32 {
            out.extend([b'0', b'0' + (byte >> 3), b'0' + (byte & 7)]);
        } else {
            out.push(byte);
        }
        rest = tail;
    }
    out.extend_from_slice(rest);
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
    }
}
