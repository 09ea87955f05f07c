//! What was typed on a terminal: the hex in the `data` field of TTY and USER_TTY records.

use crate::tables::tty_key;
use crate::text::hex;

/// Appends runs of text in quotes and keys in angle brackets, with commas between them: `"ls",<ret>,<up>`.
///
/// Quotes and backslashes in the text get a backslash, other than printable bytes become octal. False and nothing
/// appended when `value` is hex but too short to hold a byte; what is not hex at all is appended as it stands.
pub(super) fn push(value: &[u8], out: &mut Vec<u8>) -> bool {
    if !value.iter().all(u8::is_ascii_hexdigit) {
        out.extend_from_slice(value);
        return true;
    }
    let mut typed = Vec::with_capacity(value.len() / 2);
    if hex::decode(value, &mut typed) < 2 {
        return false;
    }
    let mut rest = typed.as_slice();
    let mut in_text = false;
    let mut separator: &[u8] = b"";
    while let [byte, tail @ ..] = rest {
        let key = key_at_start(rest);
        if in_text && key.is_some() {
            out.push(b'"');
        }
        if !in_text || key.is_some() {
            out.extend_from_slice(separator);
            separator = b",";
        }
        rest = match key {
            Some((name, taken)) => {
                push_key(name, out);
                rest.get(taken..).unwrap_or_default()
            }
            None => {
                if !in_text {
                    out.push(b'"');
                }
                push_byte(*byte, out);
                tail
            }
        };
        in_text = key.is_none();
    }
    if in_text {
        out.push(b'"');
    }
    true
}

/// Keys begin with a control byte; most bytes need not be looked up.
fn key_at_start(typed: &[u8]) -> Option<(&'static str, usize)> {
    match typed.first() {
        Some(b' '..=b'~' | 0xA0..) | None => None,
        Some(_) => tty_key::at_start(typed),
    }
}

fn push_key(name: &str, out: &mut Vec<u8>) {
    out.push(b'<');
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
}

fn push_byte(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'"' | b'\\' => out.extend([b'\\', byte]),
        b' '..=b'~' => out.push(byte),
        _ => out.extend([b'\\', b'0' + (byte >> 6), b'0' + (byte >> 3 & 7), b'0' + (byte & 7)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &str) -> Option<String> {
        let mut out = Vec::new();
        push(value.as_bytes(), &mut out).then(|| String::from_utf8(out).unwrap())
    }

    #[test]
    fn text_is_quoted_and_keys_are_named() {
        for (value, want) in [
            ("6C730D1B5B41", r#""ls",<ret>,<up>"#),
            ("0D6C73", r#"<ret>,"ls""#),
            ("225C", r#""\"\\""#),
            ("C3A9", r#""\303\251""#),
            ("1B", "<esc>"),
            ("616", r#""a""#),
            ("not hex", "not hex"),
        ] {
            assert_eq!(shown(value).as_deref(), Some(want), "{value}");
        }
    }

    #[test]
    fn too_short_a_value_is_nothing() {
        assert_eq!(shown(""), None);
        assert_eq!(shown("6"), None);
    }
}
