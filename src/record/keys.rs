//! The keys of the rules that saw a record, as the kernel writes them: `key="one"`, in hexadecimal where there are several, or
//! `key=(null)`.
//!
//! They are not read as [`Record::fields`](super::Record::fields) or a search do, because a decision rests on them: which plugin or
//! report gets an event. A program can write `key="..."` into its message, and a key may hold spaces.

use crate::abi::rule::KEY_SEPARATOR;
use crate::text;
use memchr::{memchr, memchr_iter, memmem};

/// Decodes a key value: one key in quotes, or hex digits of several separated by byte 0x01. Appends the keys to `out`
/// with the separators between them; false when there is no key (`(null)`, or nothing that can be decoded).
pub fn keys(value: &[u8], out: &mut Vec<u8>) -> bool {
    match value {
        [b'(', ..] => false,
        [b'"', rest @ ..] => {
            out.extend_from_slice(text::up_to(rest, b'"'));
            true
        }
        _ => text::hex::unescape(value, out),
    }
}

/// What stands after `key=` in a record's text, quotes included: one value for each rule that saw it, where the kernel names several
/// apart. What a program says in `msg='...'` names no rule.
pub fn key_values(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    const NAME: &[u8] = b" key=";
    // No letter of the name is rarer in records.
    let names = memchr_iter(b'y', text).filter_map(move |at| {
        let start = at.checked_sub(3)?;
        text.get(start..)?.starts_with(NAME).then_some(start + NAME.len())
    });
    let mut message = None;
    names.map_while(move |start| {
        let end = *message.get_or_insert_with(|| memmem::find(text, b" msg='").unwrap_or(text.len()));
        let value = text.get(start..end)?;
        let end = match value {
            [b'"', rest @ ..] => memchr(b'"', rest).map_or(value.len(), |end| end + 2),
            _ => text::up_to(value, b' ').len(),
        };
        value.get(..end)
    })
}

/// Hands the keys in a record's text over one by one; see [`key_values`].
pub fn each_key(text: &[u8], each: &mut dyn FnMut(&[u8])) {
    let mut joined = Vec::new();
    for value in key_values(text) {
        joined.clear();
        if keys(value, &mut joined) {
            joined.split(|byte| *byte == KEY_SEPARATOR).filter(|key| !key.is_empty()).for_each(&mut *each);
        }
    }
}

/// Whether a rule with one of the keys `wanted` saw the record of this text.
pub fn has_key(text: &[u8], wanted: &[String]) -> bool {
    let mut is_found = false;
    each_key(text, &mut |key| is_found |= wanted.iter().any(|wanted| wanted.as_bytes() == key));
    is_found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_what_the_kernel_names_and_not_what_a_program_says() {
        let found = |text: &str| {
            let mut found = Vec::new();
            each_key(text.as_bytes(), &mut |key| found.push(String::from_utf8_lossy(key).into_owned()));
            found
        };
        assert_eq!(found(": a0=1 key=6B31016B32"), ["k1", "k2"]);
        assert_eq!(found(": op=add_rule key=\"a b\" list=4 key=\"c\""), ["a b", "c"]);
        assert_eq!(found(": key=(null) monkey=\"x\" key=\"\""), [""; 0]);
        assert_eq!(found(": key=\"own\" msg='op=x key=\"said\" res=success'"), ["own"]);
        assert_eq!(found(": key=\"cut"), ["cut"]);
        assert_eq!(found(": key=\"a msg='b\" key=\"c\""), ["a"]);
        assert!(
            has_key(b": key=\"k\"", &["j".to_owned(), "k".to_owned()]) && !has_key(b": key=\"kk\"", &["k".to_owned()])
        );
    }

    /// The values, looked for at each `=`.
    fn at_each_sign(text: &[u8]) -> Vec<&[u8]> {
        let mut found = Vec::new();
        for at in (0..text.len()).filter(|at| text[*at] == b'=') {
            if text[..at].ends_with(b" msg") && text[at + 1..].starts_with(b"'") {
                break;
            }
            if text[..at].ends_with(b" key") {
                let value = &text[at + 1..];
                let value = &value[..memmem::find(value, b" msg='").unwrap_or(value.len())];
                let ends = |byte, from: &[u8]| from.iter().position(|other| *other == byte);
                let end = match value {
                    [b'"', rest @ ..] => ends(b'"', rest).map(|end| end + 2),
                    _ => ends(b' ', value),
                };
                found.push(&value[..end.unwrap_or(value.len())]);
            }
        }
        found
    }

    #[test]
    fn no_key_is_overlooked_and_none_made_up() {
        let mut dice = crate::testing::Dice(0x9e37_79b9);
        let parts = [" key=", " key", "=", " msg='", " msg=", "'", "\"", "y", " ", "k", "a1", "ey=", "(null)"];
        for _ in 0..20_000 {
            let text: String = (0..dice.roll(12)).map(|_| parts[dice.roll(parts.len())]).collect();
            assert_eq!(key_values(text.as_bytes()).collect::<Vec<_>>(), at_each_sign(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn keys_are_quoted_or_in_hex() {
        let mut out = Vec::new();
        assert!(keys(b"\"one\"", &mut out) && keys(b"6B31016B32", &mut out));
        assert_eq!(out, b"onek1\x01k2");
        assert!(!keys(b"(null)", &mut out));
    }
}
