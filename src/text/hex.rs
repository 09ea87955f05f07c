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
    let room = out.get_mut(start..).unwrap_or_default();
    let mut digits = 0;
    for (place, eight) in room.chunks_exact_mut(4).zip(text.chunks_exact(8)) {
        let Some(bytes) = eight.try_into().ok().and_then(|eight| four(u64::from_le_bytes(eight))) else { break };
        place.copy_from_slice(&bytes.to_le_bytes());
        digits += 8;
    }
    let rest = text.get(digits..).unwrap_or_default();
    for (byte, pair) in room.iter_mut().skip(digits / 2).zip(rest.chunks_exact(2)) {
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

/// The four bytes that eight hex digits mean; the first digit and the first byte are the lowest.
#[inline(always)]
fn four(digits: u64) -> Option<u32> {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    // The highest bit of each byte that is not below a bound; right for bytes below 0x80.
    let reaches = |bytes: u64, bound: u8| bytes + ONES * u64::from(0x80 - bound);
    let seven = digits & !HIGH;
    let letters = seven | (ONES * 0x20);
    let is_decimal = reaches(seven, b'0') & !reaches(seven, b'9' + 1);
    let is_letter = reaches(letters, b'a') & !reaches(letters, b'f' + 1);
    if (is_decimal | is_letter) & !digits & HIGH != HIGH {
        return None;
    }
    let values = (digits & (ONES * 0x0f)) + 9 * (digits >> 6 & ONES);
    let bytes = (values << 4 | values >> 8) & 0x00ff_00ff_00ff_00ff;
    let pairs = (bytes | bytes >> 8) & 0x0000_ffff_0000_ffff;
    Some((pairs | pairs >> 16) as u32)
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
    fn eight_digits_at_a_time_are_what_they_are_one_at_a_time() {
        for place in 0..8 {
            for byte in 0..=255 {
                let mut text = *b"0a9Ff1A8";
                text[place] = byte;
                let digits: Option<Vec<u8>> = text.iter().map(|byte| digit(*byte)).collect();
                let want = digits.map(|d| [d[0] << 4 | d[1], d[2] << 4 | d[3], d[4] << 4 | d[5], d[6] << 4 | d[7]]);
                assert_eq!(four(u64::from_le_bytes(text)).map(u32::to_le_bytes), want, "{text:?}");
            }
        }
    }

    #[test]
    fn decoding_ends_at_the_first_byte_that_is_no_digit() {
        for len in 0..40 {
            let mut text = b"00112233445566778899AABBCCDDEEFF0102030405".to_vec();
            text[len] = b'g';
            let mut out = b"x".to_vec();
            assert_eq!((decode(&text, &mut out), out.len()), (len, 1 + len / 2));
        }
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
