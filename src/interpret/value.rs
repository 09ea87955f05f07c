//! Values that need nothing but themselves to be put into words.

use super::enum_table::push_overflow;
use super::mode;
use crate::tables::machine::Machine;
use crate::tables::{errno, file, process};
use crate::text::{self, hex, number};

/// 1 or 0. COMPAT: any other number is no result, but one below zero stays.
pub(super) fn push_success(value: &[u8], _: Option<Machine>, out: &mut Vec<u8>) {
    if value.starts_with(b"-") {
        return out.extend_from_slice(value);
    }
    push_word(number::parse_prefix(value, 10).map(|n| one_of(n, &[b"no", b"yes"], b"unset")), value, out);
}

pub(super) fn push_fanotify(value: &[u8], _: Option<Machine>, out: &mut Vec<u8>) {
    push_word(
        number::parse_prefix(value, 10).map(|n| one_of(n, &[b"unknown", b"allow", b"deny"], b"unknown")),
        value,
        out,
    );
}

pub(super) fn push_fanotify_type(value: &[u8], _: Option<Machine>, out: &mut Vec<u8>) {
    out.extend_from_slice(word_of(value, [b"none", b"rule_info"]));
}

pub(super) fn push_trust(value: &[u8], _: Option<Machine>, out: &mut Vec<u8>) {
    out.extend_from_slice(word_of(value, [b"no", b"yes"]));
}

pub(super) fn push_promisc(value: &[u8], _: Option<Machine>, out: &mut Vec<u8>) {
    let word = |n: i64| if n as u32 == 0 { &b"no"[..] } else { b"yes" };
    push_word(number::parse_signed_prefix(value, 10).map(word), value, out);
}

pub(super) fn push_ether_type(value: &[u8], _: Option<Machine>, out: &mut Vec<u8>) {
    let word = |n: u64| match n as u32 {
        0x0800 => &b"IP"[..],
        0x0806 => b"ARP",
        _ => b"UNKNOWN",
    };
    push_word(number::parse_prefix(value, 16).map(word), value, out);
}

pub(super) fn push_netlink_group(value: &[u8], _: Option<Machine>, out: &mut Vec<u8>) {
    let word = |n: u64| if n == 1 { &b"audit-netlink-multicast"[..] } else { b"audit-none" };
    push_word(number::parse_prefix(value, 16).map(word), value, out);
}

pub(super) fn push_errno(value: &[u8], machine: Option<Machine>, out: &mut Vec<u8>) {
    let word = |n: u64| error(n as i32, machine).0.unwrap_or("UNKNOWN").as_bytes();
    push_word(number::parse_prefix(value, 10).map(word), value, out);
}

/// A session that is none.
pub(super) fn push_unset(_: &[u8], _: Option<Machine>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"unset");
}

/// The word for a number, or what is said of one that fits no register.
fn push_word(word: Option<&[u8]>, value: &[u8], out: &mut Vec<u8>) {
    match word {
        Some(word) => out.extend_from_slice(word),
        None => push_overflow(value, out),
    }
}

fn one_of(number: u64, words: &[&'static [u8]], other: &'static [u8]) -> &'static [u8] {
    words.get(number as u32 as usize).copied().unwrap_or(other)
}

/// The words for exactly `0` and `1`. What is no number is a word already.
fn word_of<'v>(value: &'v [u8], words: [&'static [u8]; 2]) -> &'v [u8] {
    match value {
        b"0" => words[0],
        b"1" => words[1],
        _ if number::is_word(value, 10) => value,
        _ => b"unknown",
    }
}

pub(super) fn push_parenthesised(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'(');
    out.extend_from_slice(text);
    out.push(b')');
}

/// A string in quotes or in hex. A leading NUL marks an abstract socket name and is left out; what is neither, such as a quote that
/// does not close the value, stands for itself.
pub(super) fn push_text(value: &[u8], _: Option<Machine>, out: &mut Vec<u8>) {
    if let [b'"', rest @ ..] = value {
        let inside = rest.strip_suffix(b"\"").filter(|inside| !inside.contains(&b'"'));
        return out.extend_from_slice(inside.unwrap_or(value));
    }
    let start = out.len();
    if !hex::unescape(value.strip_prefix(b"00").unwrap_or(value), out) {
        return out.extend_from_slice(value);
    }
    let text = text::up_to(out.get(start..).unwrap_or_default(), 0).len();
    out.truncate(start + text);
}

/// Arguments with a NUL after each. The NULs become spaces.
///
/// COMPAT: so do the bytes that could not be decoded, from the first character that is no hex digit on.
pub(super) fn push_proctitle(value: &[u8], machine: Option<Machine>, out: &mut Vec<u8>) {
    let start = out.len();
    if matches!(value, [b'"', ..] | b"00") || !hex::unescape(value, out) {
        return push_text(value, machine, out);
    }
    if value.first() != Some(&b'(') {
        out.resize(start + value.len() / 2, 0);
    }
    out.iter_mut().skip(start).filter(|b| **b == 0).for_each(|b| *b = b' ');
}

pub(super) fn push_arch(value: &[u8], known: Option<Machine>, out: &mut Vec<u8>) {
    match known.or_else(|| machine(value)) {
        Some(machine) => out.extend_from_slice(machine.name().as_bytes()),
        None if number::parse_prefix(value, 16).is_none() => {
            push_overflow(value, out);
            // COMPAT: of all such words only these have a space.
            out.push(b' ');
        }
        None => {
            out.extend_from_slice(b"unknown-elf-type");
            push_parenthesised(value, out);
        }
    }
}

/// Results below zero are errors.
pub(super) fn push_exit(value: &[u8], machine: Option<Machine>, out: &mut Vec<u8>) {
    let Some(exit) = number::parse_signed_prefix(value, 10) else { return push_overflow(value, out) };
    if exit >= 0 {
        return out.extend_from_slice(value);
    }
    let number = exit.wrapping_neg() as i32;
    if machine.is_none() && number > errno::COMMON {
        return out.extend_from_slice(value);
    }
    let (name, text) = error(number, machine);
    out.extend_from_slice(name.unwrap_or("(null)").as_bytes());
    out.push(b'(');
    match text {
        Some(text) => out.extend_from_slice(text.as_bytes()),
        None => {
            out.extend_from_slice(b"Unknown error ");
            number::push_signed(out, i64::from(number));
        }
    }
    out.push(b')');
}

/// Name and sentence of an error. A negative one has the name of its absolute value, and no sentence.
fn error(number: i32, machine: Option<Machine>) -> (Option<&'static str>, Option<&'static str>) {
    let (name, text) = errno::name_and_text(number.unsigned_abs(), machine);
    (name, text.filter(|_| number >= 0))
}

/// File type and mode in octal.
pub(super) fn push_mode(value: &[u8], _: Option<Machine>, out: &mut Vec<u8>) {
    push_mode_in(mode::push, value, 8, out);
}

/// Mode in octal without a file type.
pub(super) fn push_short_mode(value: &[u8], _: Option<Machine>, out: &mut Vec<u8>) {
    push_mode_in(mode::push_short, value, 8, out);
}

pub(super) fn push_mode_in(push: fn(u32, &mut Vec<u8>), value: &[u8], base: u32, out: &mut Vec<u8>) {
    match number::parse_prefix(value, base) {
        Some(mode) => push(mode as u32, out),
        None => push_overflow(value, out),
    }
}

/// No bit at all means every access to the kernel.
pub(super) fn push_perm(value: &[u8], _: Option<Machine>, out: &mut Vec<u8>) {
    const WORDS: [(i64, &str); 4] = [(4, "read"), (2, "write"), (1, "exec"), (8, "attr")];
    let Some(bits) = number::parse_signed_prefix(value, 10) else { return push_overflow(value, out) };
    let start = out.len();
    for (_, word) in WORDS.iter().filter(|(bit, _)| bits as i32 == 0 || bit & bits != 0) {
        push_after_comma(word, start, out);
    }
}

/// A list from the lowest bit up; bits above the last known capability are ignored. COMPAT: those that nobody knows, `?`, are
/// none.
pub(super) fn push_capabilities(value: &[u8], _: Option<Machine>, out: &mut Vec<u8>) {
    if number::is_word(value, 16) && value != b"?" {
        return out.extend_from_slice(value);
    }
    let Some(mut bits) = number::parse_prefix(value, 16) else { return push_overflow(value, out) };
    let start = out.len();
    while let Some(name) = process::CAPABILITIES.name(bits.trailing_zeros()) {
        push_after_comma(name, start, out);
        bits &= bits - 1;
    }
    if out.len() == start {
        out.extend_from_slice(b"none");
    }
}

fn push_after_comma(word: &str, start: usize, out: &mut Vec<u8>) {
    if out.len() > start {
        out.push(b',');
    }
    out.extend_from_slice(word.as_bytes());
}

pub(super) fn push_decimal(value: &[u8], out: &mut Vec<u8>) {
    match number::parse_prefix(value, 16) {
        Some(number) => number::push(out, number),
        None => push_overflow(value, out),
    }
}

/// A number that is not shown as it was written.
pub(super) fn push_number(number: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(b"0x");
    number::push_hex(out, u64::from(number));
}

pub(super) fn push_ioctl(value: &[u8], machine: Option<Machine>, out: &mut Vec<u8>) {
    let Some(request) = number::parse_prefix(value, 16).map(|n| n as u32) else { return push_overflow(value, out) };
    match file::IOCTL_REQUESTS.name_on(request, machine) {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => push_number(request, out),
    }
}

/// The machine of an `arch` value.
pub(super) fn machine(value: &[u8]) -> Option<Machine> {
    number::parse_prefix(value, 16).and_then(|elf| Machine::from_elf(elf as u32))
}

/// The call's number; a word is none.
pub(super) fn call(value: &[u8]) -> Option<u32> {
    number::parse_prefix(value, 10).filter(|_| !number::is_word(value, 10)).and_then(number::narrow)
}

/// The value of an argument; all ones if it does not fit.
pub(super) fn argument(value: &[u8]) -> u64 {
    number::parse_prefix(value, 16).unwrap_or(u64::MAX)
}
