//! Hex text: the form in which the kernel writes names that hold a quote, a space or a control byte.

/// What each byte is worth as a hex digit; 0xff for those that are none.
pub(super) static VALUES: [u8; 256] = {
    let mut values = [0xff; 256];
    let mut digit = 0;
    while digit < 16 {
        values[b"0123456789abcdef"[digit] as usize] = digit as u8;
        values[b"0123456789ABCDEF"[digit] as usize] = digit as u8;
        digit += 1;
    }
    values
};

/// The value of one hex digit.
pub fn digit(byte: u8) -> Option<u8> {
    Some(VALUES[usize::from(byte)]).filter(|value| *value < 16)
}

/// Decodes the hex digits `text` begins with and appends the bytes; an odd last digit is dropped.
/// Returns how many digits there were.
pub fn decode(text: &[u8], out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.resize(start + text.len() / 2, 0);
    let mut digits = 0;
    for (byte, pair) in out.iter_mut().skip(start).zip(text.chunks_exact(2)) {
        let [high, low] = [VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]];
        if (high | low) > 15 {
            break;
        }
        *byte = high << 4 | low;
        digits += 2;
    }
    out.truncate(start + digits / 2);
    digits + usize::from(text.get(digits).is_some_and(u8::is_ascii_hexdigit))
}

/// Decodes a value that is not quoted: `(text)` stands for itself, otherwise the hex digits it begins with are decoded.
///
/// Appends to `out` and returns true; returns false and leaves `out` alone when there is nothing to decode: fewer than
/// two digits, or an open parenthesis without its mate.
pub fn unescape(value: &[u8], out: &mut Vec<u8>) -> bool {
    if value.first() == Some(&b'(') {
        let Some(close) = memchr::memchr(b')', value) else { return false };
        out.extend_from_slice(value.get(..=close).unwrap_or(value));
        return true;
    }
    decode(value, out) >= 2
}

/// Appends `bytes` as upper-case hex.
pub fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for b in bytes {
        out.extend([DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        unescape(value, &mut out).then_some(out)
    }

    #[test]
    fn digits_are_decoded_and_an_odd_one_is_dropped() {
        assert_eq!(text(b"6361740A"), Some(b"cat\n".to_vec()));
        assert_eq!(text(b"616"), Some(b"a".to_vec()));
        assert_eq!(text(b"61zz62"), Some(b"a".to_vec()));
        assert_eq!(text(b"6"), None);
        assert_eq!(text(b"xyz"), None);
        assert_eq!(text(b""), None);
    }

    #[test]
    fn parentheses_stand_for_themselves() {
        assert_eq!(text(b"(null) x"), Some(b"(null)".to_vec()));
        assert_eq!(text(b"(null"), None);
    }

    #[test]
    fn bytes_survive_both_ways() {
        let all: Vec<u8> = (0..=255).collect();
        let (mut hex, mut back) = (Vec::new(), Vec::new());
        encode(&all, &mut hex);
        assert_eq!(decode(&hex, &mut back), 512);
        assert_eq!(back, all);
    }
}
