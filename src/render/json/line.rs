//! A line of JSON as it is written: names, strings, and bytes that are no text.

use super::arguments::List;
use super::members::Members;
use crate::interpret::line_buffer::LineBuffer;
use crate::record::ENRICHED;
use crate::text::{self, hex, json, number};
use std::ops::Range;

/// A line that is being written.
pub(super) struct Line<'o> {
    pub(super) buffer: LineBuffer<'o>,
}

impl Line<'_> {
    pub(super) fn push(&mut self, text: &str) {
        self.buffer.push(text.as_bytes());
    }

    /// Begins a member of an object that has another one already.
    fn name(&mut self, name: &str) {
        self.buffer.push_name(name.as_bytes());
    }

    pub(super) fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        number::push(self.buffer.out(), value);
    }

    /// A member of bytes.
    pub(super) fn bytes(&mut self, name: &str, value: &[u8]) {
        self.name(name);
        self.value(name.as_bytes(), value);
    }

    /// The same of what stands in `text`, unless that is empty; empties it.
    pub(super) fn take(&mut self, name: &str, text: &mut Vec<u8>) {
        if !text.is_empty() {
            self.bytes(name, text);
            text.clear();
        }
    }

    /// A member that is a list, unless that is empty.
    pub(super) fn list(&mut self, name: &str, list: &List) {
        if !list.is_empty() {
            self.name(name);
            self.elements(name.as_bytes(), list);
        }
    }

    /// Begins a member that may be the first of its object, and whose name is a part of `text`. Gives back its name if that had
    /// to be changed.
    pub(super) fn begin(
        &mut self,
        members: &mut Members,
        text: &[u8],
        name: &Range<usize>,
        name_hash: u32,
    ) -> Option<Vec<u8>> {
        match members.is_empty() {
            true => self.push("\""),
            false => self.buffer.push_two(*b",\""),
        }
        let is_plain = first_special(text, name.start, name.end) == name.end;
        let renamed = members.rename(text, name, name_hash, is_plain);
        match &renamed {
            Some(name) => _ = self.inside(name, 0, name.len()),
            None => self.buffer.push_part(text, name.start, name.end),
        }
        self.buffer.push_two(*b"\":");
        renamed
    }

    /// The same with a name of our own.
    pub(super) fn begin_own(&mut self, members: &mut Members, text: &[u8], name: &[u8]) -> Option<Vec<u8>> {
        self.push(if members.is_empty() { "\"" } else { ",\"" });
        let name = members.rename_checked(text, name);
        self.inside(&name, 0, name.len());
        self.push("\":");
        Some(name)
    }

    /// The value of the member `name`, and a member for what its text does not say.
    pub(super) fn value(&mut self, name: &[u8], value: &[u8]) {
        self.value_in(name, value, 0..value.len());
    }

    /// The same for a value that is part of a text.
    pub(super) fn value_in(&mut self, name: &[u8], text: &[u8], place: Range<usize>) {
        if !self.quoted(text, place.start, place.end) {
            let value = text.get(place).unwrap_or_default();
            if has_more(value) {
                self.hex_name(name);
                self.hex(value);
            }
        }
    }

    fn hex_name(&mut self, name: &[u8]) {
        self.push(",\"");
        self.inside(name, 0, name.len());
        self.push("_hex\":");
    }

    fn hex(&mut self, value: &[u8]) {
        let out = self.buffer.out();
        out.push(b'"');
        hex::encode(value, out);
        out.push(b'"');
    }

    /// The elements of the member `name`, and a member for what their texts do not say.
    pub(super) fn elements(&mut self, name: &[u8], list: &List) {
        let mut opening = "[";
        for text in list.iter() {
            self.push(opening);
            self.quoted(text, 0, text.len());
            opening = ",";
        }
        self.push("]");
        if !list.iter().any(has_more) {
            return;
        }
        self.hex_name(name);
        opening = "[";
        for text in list.iter() {
            self.push(opening);
            match has_more(text) {
                true => self.hex(text),
                false => self.push("null"),
            }
            opening = ",";
        }
        self.push("]");
    }

    /// A string. Gives back whether it was ASCII without controls but for the byte before the names.
    fn quoted(&mut self, text: &[u8], from: usize, to: usize) -> bool {
        self.buffer.push_one(b'"');
        let stop = first_special(text, from, to);
        self.buffer.push_part(text, from, stop);
        let is_plain = stop == to || self.inside(text, stop, to);
        self.buffer.push_one(b'"');
        is_plain
    }

    /// What stands between the quotes of a string. Gives back the same.
    fn inside(&mut self, text: &[u8], from: usize, to: usize) -> bool {
        let mut at = from;
        loop {
            let stop = first_special(text, at, to);
            self.buffer.push_part(text, at, stop);
            match text.get(stop..to).and_then(<[u8]>::first) {
                None => return true,
                Some(byte @ (b'"' | b'\\')) => self.buffer.push_two([b'\\', *byte]),
                Some(&ENRICHED) => self.push("\\u001D"),
                Some(_) => {
                    json::push_inside(self.buffer.out(), text.get(stop..to).unwrap_or_default());
                    return false;
                }
            }
            at = stop + 1;
        }
    }
}

/// The place of the first byte of `text[from..to]` that does not stand for itself in a string, or is no ASCII; `to` if there is none.
#[inline(never)]
fn first_special(text: &[u8], from: usize, to: usize) -> usize {
    let mut at = from;
    while at < to {
        let found = special(text::load_u64(text, at));
        if found != 0 {
            return to.min(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    to
}

/// Marks the highest bit of such bytes. Right up to the lowest mark; those above it may be wrong.
#[inline(always)]
fn special(bytes: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    // 2 makes 0x20 of the quote, and of no other byte a smaller one.
    let controls_and_quotes = (bytes ^ (ONES * 2)).wrapping_sub(ONES * 0x21) & !bytes;
    let deletes_and_others = bytes.wrapping_add(ONES) | bytes;
    (controls_and_quotes | deletes_and_others) & (ONES << 7) | text::byte_mask(bytes, b'\\')
}

/// Whether a text does not say all of its bytes, or to some readers not.
fn has_more(value: &[u8]) -> bool {
    value.contains(&0) || str::from_utf8(value).is_err()
}
