//! Numbers as rules write them: C's strtoul and strtol with base 0, which take 0x and octal and ignore what follows.

/// What strtoul makes of `text`: the value, held at the largest one when it does not fit, and whether it did fit.
/// White space and a sign may lead; base 0 reads the base off the text.
pub(super) fn unsigned(text: &[u8], base: u32) -> (u64, bool) {
    let (negative, magnitude) = magnitude(text, base);
    match u64::try_from(magnitude) {
        Ok(value) if negative => (value.wrapping_neg(), true),
        Ok(value) => (value, true),
        Err(_) => (u64::MAX, false),
    }
}

/// What strtol makes of `text`, held at the ends of its range.
pub(super) fn signed(text: &[u8], base: u32) -> i64 {
    let (negative, magnitude) = magnitude(text, base);
    match (i64::try_from(magnitude), negative) {
        (Ok(value), true) => -value,
        (Ok(value), false) => value,
        (Err(_), true) => i64::MIN,
        (Err(_), false) => i64::MAX,
    }
}

/// Whether 32 bits hold the number, with a sign or without: also one of 64 bits that stands for a negative one.
pub(super) fn has_32_bits(text: &[u8]) -> bool {
    let (negative, magnitude) = magnitude(text, 0);
    let Ok(magnitude) = u64::try_from(magnitude) else { return false };
    match negative {
        true => magnitude <= 1 << 31,
        false => magnitude <= u64::from(u32::MAX) || magnitude >= i64::from(i32::MIN) as u64,
    }
}

/// Whether there is a sign, and the digits' value, held at the largest one.
fn magnitude(text: &[u8], base: u32) -> (bool, u128) {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (base, digits) = match digits {
        [b'0', b'x' | b'X', rest @ ..] if matches!(base, 0 | 16) && rest.first().is_some_and(u8::is_ascii_hexdigit) => {
            (16, rest)
        }
        [b'0', ..] if base == 0 => (8, digits),
        _ if base == 0 => (10, digits),
        _ => (base, digits),
    };
    let value = digits
        .iter()
        .map_while(|&b| char::from(b).to_digit(base))
        .fold(0u128, |sum, digit| sum.saturating_mul(u128::from(base)).saturating_add(u128::from(digit)));
    (negative, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_read_off_the_text() {
        assert_eq!(unsigned(b"10", 0).0, 10);
        assert_eq!(unsigned(b"010", 0).0, 8);
        assert_eq!(unsigned(b"0x10", 0).0, 16);
        assert_eq!(unsigned(b"08", 0).0, 0);
        assert_eq!(unsigned(b"0x", 0).0, 0);
        assert_eq!(unsigned(b"c000003e", 16).0, 0xc000_003e);
    }

    #[test]
    fn what_follows_the_digits_is_ignored() {
        assert_eq!(unsigned(b"59abc", 0), (59, true));
        assert_eq!(unsigned(b"abc", 0), (0, true));
        assert_eq!(signed(b"-5x", 0), -5);
    }

    #[test]
    fn what_32_bits_hold() {
        for (text, holds) in [
            ("4294967295", true),
            ("4294967296", false),
            ("0x1ffffffff", false),
            ("18446744073709551615", true),
            ("0xffffffff80000000", true),
            ("0xffffffff7fffffff", false),
            ("18446744073709551616", false),
            ("-2147483648", true),
            ("-2147483649", false),
        ] {
            assert_eq!(has_32_bits(text.as_bytes()), holds, "{text}");
        }
    }

    #[test]
    fn too_large_numbers_stay_at_the_end_of_the_range() {
        assert_eq!(unsigned(b"18446744073709551615", 0), (u64::MAX, true));
        assert_eq!(unsigned(b"18446744073709551616", 0), (u64::MAX, false));
        assert_eq!(signed(b"18446744073709551615", 0), i64::MAX);
        assert_eq!(signed(b"-99999999999999999999999999999999999999999999", 0), i64::MIN);
        assert_eq!(unsigned(b"-1", 0), (u64::MAX, true));
    }
}
