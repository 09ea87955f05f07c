//! A line of JSON as it is written: names, strings, and bytes that are no text.

use super::arguments::List;
use super::members::Members;
use crate::interpret::line_buffer::{CHUNK, LineBuffer};
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

    /// Writes a few bytes of our own.
    #[inline(always)]
    fn push_few<const LEN: usize>(&mut self, text: &[u8; LEN]) {
        let mut chunk = [0; CHUNK];
        chunk.iter_mut().zip(text).for_each(|(place, byte)| *place = *byte);
        self.buffer.push_chunk(&chunk, LEN);
    }

    /// Begins a member of an object that has another one already.
    fn name(&mut self, name: &str) {
        self.push(",\"");
        self.push(name);
        self.push("\":");
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
            true => self.push_few(b"\""),
            false => self.push_few(b",\""),
        }
        let renamed = members.rename(text, name, name_hash);
        match &renamed {
            Some(name) => _ = self.inside(name, 0, name.len()),
            None => _ = self.inside(text, name.start, name.end),
        }
        self.push_few(b"\":");
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
        self.push_few(b"\"");
        let is_plain = self.inside(text, place.start, place.end);
        self.push_few(b"\"");
        let value = text.get(place).unwrap_or_default();
        if !is_plain && has_more(value) {
            self.hex_name(name);
            self.hex(value);
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
            self.string(text);
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

    fn string(&mut self, text: &[u8]) {
        self.push("\"");
        self.inside(text, 0, text.len());
        self.push("\"");
    }

    /// What stands between the quotes of a string. Gives back whether it was ASCII without controls but for the byte before the names.
    fn inside(&mut self, text: &[u8], from: usize, to: usize) -> bool {
        let (all, mut at) = (text.get(..to).unwrap_or_default(), from);
        loop {
            let stop = text::find_byte(all, at, special).min(to);
            self.buffer.push_part(text, at, stop);
            match all.get(stop) {
                None => return true,
                Some(byte @ (b'"' | b'\\')) => self.buffer.push_two([b'\\', *byte]),
                Some(&ENRICHED) => self.push("\\u001D"),
                Some(_) => {
                    json::push_inside(self.buffer.out(), all.get(stop..).unwrap_or_default());
                    return false;
                }
            }
            at = stop + 1;
        }
    }
}

/// Marks the bytes that do not stand for themselves in a string, and those that are no ASCII.
#[inline(always)]
fn special(bytes: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let controls = bytes.wrapping_sub(ONES * 0x20) & !bytes;
    let others = text::byte_mask(bytes, b'"') | text::byte_mask(bytes, b'\\') | text::byte_mask(bytes, 0x7f);
    (controls | bytes) & (ONES << 7) | others
}

/// Whether a text does not say all of its bytes, or to some readers not.
fn has_more(value: &[u8]) -> bool {
    value.contains(&0) || str::from_utf8(value).is_err()
}
