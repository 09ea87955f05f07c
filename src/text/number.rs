//! Numbers in and out, without the formatting machinery.
//!
//! `parse_prefix` read the number a text begins with, in the manner of C's strtoul: leading white space and a sign are taken,
//! what follows the digits is ignored, and no digit at all is zero. The log format was defined by readers of that kind.
//! `parse_exact` take nothing but a complete number.

use super::hex;

/// The number `text` begins with; a minus sign wraps around. Base 0 is C's notation: `0x1f`, `017` or `15`. `None` when
/// it does not fit.
pub fn parse_prefix(text: &[u8], base: u32) -> Option<u64> {
    if let Some(value) = short_decimal(text).filter(|_| base == 10) {
        return Some(value);
    }
    let (negative, digits) = signed(text);
    let value = magnitude(digits, base)?;
    Some(if negative { value.wrapping_neg() } else { value })
}

/// The id that `text` begins with, in decimal digits. One that needs more than 32 bits is that of nobody, [`u32::MAX`].
pub fn parse_id(text: &[u8]) -> u32 {
    parse_prefix(text, 10).and_then(narrow).unwrap_or(u32::MAX)
}

/// The 32 bits of a number, which may be one below zero that wrapped around. `None` when it does not fit.
pub fn narrow(number: u64) -> Option<u32> {
    (number >> 32 == 0 || number as i64 >> 31 == -1).then_some(number as u32)
}

/// The number `text` begins with, if it is written in 1 to 15 decimal digits without a sign, as nearly all of a log are.
#[inline(always)]
fn short_decimal(text: &[u8]) -> Option<u64> {
    let (high, count) = eight_digits(super::load_u64(text, 0));
    if count < 8 {
        return (count > 0).then_some(high);
    }
    let (low, count) = eight_digits(super::load_u64(text, 8));
    (count < 8).then(|| high * POWERS[count] + low)
}

/// The signed number `text` begins with. `None` when it does not fit.
pub fn parse_signed_prefix(text: &[u8], base: u32) -> Option<i64> {
    match signed(text) {
        (true, digits) => 0i64.checked_sub_unsigned(magnitude(digits, base)?),
        (false, digits) => i64::try_from(magnitude(digits, base)?).ok(),
    }
}

/// Whether there is a minus sign, and what follows white space and sign.
#[inline]
fn signed(text: &[u8]) -> (bool, &[u8]) {
    if text.first().is_some_and(u8::is_ascii_digit) {
        return (false, text);
    }
    match text.trim_ascii_start() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    }
}

fn magnitude(digits: &[u8], base: u32) -> Option<u64> {
    let base = if base == 0 { base_of(digits) } else { base };
    let digits = match digits {
        [b'0', b'x' | b'X', rest @ ..] if base == 16 && rest.first().is_some_and(u8::is_ascii_hexdigit) => rest,
        _ => digits,
    };
    // What 15 digits say fits in any base.
    let (near, far) = digits.split_at(digits.len().min(15));
    let mut value = 0u64;
    for byte in near {
        let digit = hex::VALUES[usize::from(*byte)];
        if u32::from(digit) >= base {
            return Some(value);
        }
        value = value * u64::from(base) + u64::from(digit);
    }
    for byte in far {
        let digit = hex::VALUES[usize::from(*byte)];
        if u32::from(digit) >= base {
            break;
        }
        value = value.checked_mul(u64::from(base))?.checked_add(u64::from(digit))?;
    }
    Some(value)
}

/// The base in which C reads the number when none is given: 16 after `0x`, 8 after `0`, else 10.
pub fn base_of(text: &[u8]) -> u32 {
    match signed(text).1 {
        [b'0', b'x' | b'X', ..] => 16,
        [b'0', ..] => 8,
        _ => 10,
    }
}

/// Whether `text` is a word: it is no number of this base, or goes on with a letter after the digits, as `0day`. [`parse_prefix`]
/// would take it for 0, or for what its first characters say.
pub fn is_word(text: &[u8], base: u32) -> bool {
    let (digits, base) = match signed(text).1 {
        [b'0', b'x' | b'X', rest @ ..] if matches!(base, 0 | 16) => (rest, 16),
        digits => (digits, base.max(10)),
    };
    match digits.iter().position(|digit| u32::from(hex::VALUES[usize::from(*digit)]) >= base) {
        None => digits.is_empty(),
        Some(at) => at == 0 || digits.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii()),
    }
}

/// A complete unsigned decimal number.
pub fn parse_exact(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    parse_prefix(text, 10)
}

/// Appends `value` in decimal.
pub fn push(out: &mut Vec<u8>, value: u64) {
    push_base(out, value, 10, 0);
}

/// Appends `value` in decimal with its sign.
pub fn push_signed(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    push(out, value.unsigned_abs());
}

/// Appends `value` in decimal, filled up with zeros to `width` digits.
pub fn push_wide(out: &mut Vec<u8>, value: u64, width: usize) {
    push_base(out, value, 10, width);
}

/// Appends `value` in lower-case hexadecimal, without prefix.
pub fn push_hex(out: &mut Vec<u8>, value: u64) {
    push_base(out, value, 16, 0);
}

/// Appends `value` in octal, without prefix.
pub fn push_octal(out: &mut Vec<u8>, value: u64) {
    push_base(out, value, 8, 0);
}

fn push_base(out: &mut Vec<u8>, mut value: u64, base: u64, width: usize) {
    let mut digits = [b'0'; 24];
    let mut at = digits.len();
    for place in digits.iter_mut().rev() {
        at -= 1;
        *place = b"0123456789abcdef"[(value % base) as usize & 15];
        value /= base;
        if value == 0 {
            break;
        }
    }
    let used = (digits.len() - at).max(width.min(digits.len()));
    out.extend_from_slice(&digits[digits.len() - used..]);
}

/// The powers of ten up to 10^19.
pub const POWERS: [u64; 9] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The number that eight bytes begin with, the first one lowest, and how many digits it has: two, then four, then eight of
/// them are put together at once.
#[inline(always)]
pub fn eight_digits(bytes: u64) -> (u64, usize) {
    const ONES: u64 = u64::MAX / 255;
    let digits = bytes ^ (ONES * u64::from(b'0'));
    let others = (digits | digits.wrapping_add(ONES * 6)) & (ONES * 0xF0);
    let count = others.trailing_zeros() as usize / 8;
    // Zeros are put before them.
    let digits = if count == 0 { 0 } else { digits << (64 - 8 * count) };
    let pairs = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
    ((fours.wrapping_mul(10_000) + (fours >> 32)) & 0xFFFF_FFFF, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bytes_begin_with_a_number() {
        for (text, value, count) in [
            (b"12345678", 12_345_678, 8),
            (b"99999999", 99_999_999, 8),
            (b"00000000", 0, 8),
            (b"1234567.", 1_234_567, 7),
            (b"077):123", 77, 3),
            (b"9:/0123;", 9, 1),
            (b"9/\xFF\xFF4567", 9, 1),
            (b"98\x80\x7F4567", 98, 2),
            (b"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 0, 0),
            (b"/9999999", 0, 0),
            (b":9999999", 0, 0),
        ] {
            assert_eq!(eight_digits(u64::from_le_bytes(*text)), (value, count), "{text:?}");
        }
    }

    #[test]
    fn a_leading_number_is_read_as_c_does() {
        assert_eq!(parse_prefix(b"12ab", 10), Some(12));
        assert_eq!(parse_prefix(b"  +7", 10), Some(7));
        assert_eq!(parse_prefix(b"-1", 10), Some(u64::MAX));
        assert_eq!(parse_prefix(b"abc", 10), Some(0));
        assert_eq!(parse_prefix(b"0x1F ", 16), Some(31));
        assert_eq!(parse_prefix(b"0x", 16), Some(0));
        assert_eq!(
            [parse_prefix(b"0x1f", 0), parse_prefix(b"017", 0), parse_prefix(b"15", 0), parse_prefix(b"0", 0)],
            [Some(31), Some(15), Some(15), Some(0)]
        );
        for len in 1..20 {
            let digits = &b"1234567890123456789"[..len];
            let value = digits.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0'));
            assert_eq!([parse_prefix(digits, 10), parse_prefix(&[digits, b" 1"].concat(), 10)], [Some(value); 2]);
            assert_eq!(parse_prefix(&[b"0", digits].concat(), 10), Some(value));
        }
        assert_eq!(parse_prefix(b"18446744073709551615", 10), Some(u64::MAX));
        assert_eq!(parse_prefix(b"18446744073709551616", 10), None);
        assert_eq!(parse_signed_prefix(b"-13 ", 10), Some(-13));
        assert_eq!(parse_signed_prefix(b"-9223372036854775808", 10), Some(i64::MIN));
        assert_eq!(parse_signed_prefix(b"9223372036854775808", 10), None);
        assert_eq!(parse_signed_prefix(b"--5", 10), Some(0));
    }

    #[test]
    fn a_whole_number_is_digits_and_nothing_else() {
        assert_eq!(parse_exact(b"042"), Some(42));
        for bad in [&b""[..], b"-1", b"+1", b"1 ", b"0x1"] {
            assert_eq!(parse_exact(bad), None);
        }
    }

    #[test]
    fn a_word_is_no_number_of_any_base() {
        for (text, base) in
            [("12", 10), ("-1", 10), ("0x1F", 16), ("ff", 16), ("0x1f", 0), ("017", 0), ("1)", 10), ("0;", 16)]
        {
            assert!(!is_word(text.as_bytes(), base), "{text} {base}");
        }
        for (text, base) in [
            ("", 10),
            ("-", 10),
            ("ff", 10),
            ("ff", 0),
            ("all", 16),
            ("-x", 16),
            ("\"2\"", 10),
            ("0day", 10),
            ("-1x", 10),
            ("0x1g", 16),
        ] {
            assert!(is_word(text.as_bytes(), base), "{text} {base}");
        }
    }

    #[test]
    fn what_needs_more_than_32_bits_is_nobodys_id() {
        for (text, id) in [("4294967295", u32::MAX), ("-1", u32::MAX), ("-2", u32::MAX - 1), ("0", 0), ("7 ", 7)] {
            assert_eq!(parse_id(text.as_bytes()), id, "{text}");
        }
        for text in ["4294967296", "-4294967296", "9223372036854775808", "18446744073709551616"] {
            assert_eq!(parse_id(text.as_bytes()), u32::MAX, "{text}");
        }
    }

    #[test]
    fn a_base_shows_in_the_prefix() {
        for (text, value) in [(&b"0x1F"[..], 31), (b"-010", -8), (b"12", 12), (b"0", 0)] {
            assert_eq!(parse_signed_prefix(text, base_of(text)), Some(value));
        }
    }

    #[test]
    fn numbers_print_in_every_base() {
        let mut out = Vec::new();
        push(&mut out, 0);
        push_signed(&mut out, -15);
        push_wide(&mut out, 7, 3);
        push_wide(&mut out, 1234, 3);
        push_hex(&mut out, 0xc000_003e);
        push_octal(&mut out, 0o755);
        push(&mut out, u64::MAX);
        assert_eq!(out, b"0-150071234c000003e75518446744073709551615");
    }
}
