//! Where the values of one record begin: how ausearch and aureport cut a record into fields.
//!
//! A field is `NAME=VALUE`. A value in double quotes ends at the closing quote, any other one at the next space. Text inside
//! a value is never a field, whatever it looks like: names of files, programs and users are chosen by those who are watched.
//! One value holds fields itself, `msg='...'`.
//!
//! The kernel and libaudit write a value in hex if it holds a quote, so the next quote closes a quoted value. Values that are
//! never quoted (labels, terminals, hosts) may begin with a quote all the same: that must not hide what follows.
//!
//! COMPAT: names are sought by their ends as in ausearch-parse.c, so `uid=` is found in `auid=` too.

use super::name::Name;
use crate::text::{self, byte_mask, load_u64};

/// What stands around one `=`.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Where the value begins.
    start: u32,
    /// Where the next name can begin: after a quoted value, or inside `msg='`. 0: after the next space.
    resume: u32,
}

/// The `=` of a text outside of quotes, in order, each scanned over once.
#[derive(Clone)]
pub(super) struct Places<'a> {
    text: &'a [u8],
    /// Where the eight bytes begin that are looked at.
    at: usize,
    /// Their `=` that are still to come; see `byte_mask`.
    equals: u64,
    /// The one given out last, and the one before it.
    last: Place,
    before: Place,
}

/// A field that was found.
#[derive(Clone, Copy)]
pub(super) struct Found {
    /// Its number in the record.
    pub(super) index: usize,
    /// Where its value begins.
    pub(super) start: usize,
    /// Where its value ends, with the closing quote, if it is in double quotes; else 0.
    pub(super) quoted_end: usize,
}

impl<'a> Places<'a> {
    /// Those of `text` from `front` on, where a name can begin: after type and event id, so it is never 0.
    pub(super) fn new(text: &'a [u8], front: usize) -> Places<'a> {
        let edge = Place { start: front as u32, resume: front as u32 };
        Places { text, at: front, equals: byte_mask(load_u64(text, front), b'='), last: edge, before: edge }
    }

    /// Whether the `=` given out last ends a name. Of `a=b=c` only the first one does.
    #[inline(always)]
    pub(super) fn is_field(&self) -> bool {
        has_ended(self.text, self.before, self.last.start as usize - 1)
    }
}

impl Iterator for Places<'_> {
    type Item = Place;

    #[inline(always)]
    fn next(&mut self) -> Option<Place> {
        loop {
            while self.equals == 0 {
                self.at += 8;
                if self.at >= self.text.len() {
                    return None;
                }
                self.equals = byte_mask(load_u64(self.text, self.at), b'=');
            }
            let equals = self.at + self.equals.trailing_zeros() as usize / 8;
            self.equals &= self.equals - 1;
            let start = equals + 1;
            let resume = match self.text.get(equals..) {
                Some([b'=', b'"', ..]) => {
                    let end = quoted_end(self.text, self.last, start);
                    if end > 0 {
                        (self.at, self.equals) = (end, byte_mask(load_u64(self.text, end), b'='));
                    }
                    end
                }
                Some([b'=', b'\'', ..]) if self.text.get(..equals).is_some_and(|front| front.ends_with(b" msg")) => {
                    start + 1
                }
                Some([b'=', ..]) => 0,
                _ => continue,
            };
            self.before = self.last;
            self.last = Place { start: start as u32, resume: resume as u32 };
            return Some(self.last);
        }
    }
}

impl Place {
    /// The eight bytes up to the `=`, which is the highest.
    #[inline(always)]
    pub(super) fn back(self, text: &[u8]) -> u64 {
        eight_before(text, self.start as usize)
    }

    /// The field, if its name and number are known.
    #[inline(always)]
    pub(super) fn found(self, index: usize, text: &[u8]) -> Found {
        let start = self.start as usize;
        let quoted_end = if text.get(start) == Some(&b'"') { self.resume } else { 0 };
        Found { index, start, quoted_end: quoted_end as usize }
    }
}

/// The values of one record, scanned only as far as fields are sought.
pub(super) struct Values<'a> {
    text: &'a [u8],
    unread: Places<'a>,
    /// The edge in front of the record, then what was read.
    places: Vec<Place>,
}

impl<'a> Values<'a> {
    /// The values of `text` from `front` on. `places` is memory to use again.
    pub(super) fn new(text: &'a [u8], front: usize, mut places: Vec<Place>) -> Values<'a> {
        let unread = Places::new(text, front);
        places.clear();
        places.push(unread.last);
        Values { text, unread, places }
    }

    /// Those that were not sought yet.
    pub(super) fn unread(&self) -> Places<'a> {
        self.unread.clone()
    }

    /// Gives the memory back.
    pub(super) fn into_places(self) -> Vec<Place> {
        self.places
    }

    /// The first field of this name from number `index` on.
    pub(super) fn find(&mut self, name: &Name, mut index: usize) -> Option<Found> {
        loop {
            let place = match self.places.get(index + 1) {
                Some(place) => *place,
                None => {
                    let place = self.unread.next()?;
                    self.places.push(place);
                    place
                }
            };
            if name.may_end(place.back(self.text)) && self.has_name(place, index, name) {
                return Some(place.found(index, self.text));
            }
            index += 1;
        }
    }

    fn has_name(&self, place: Place, index: usize, name: &Name) -> bool {
        let Some(front) = self.text.get(..place.start as usize) else { return false };
        let Some(at) = front.len().checked_sub(name.text.len()) else { return false };
        name.ends(front) && self.places.get(index).is_some_and(|before| has_ended(self.text, *before, at))
    }
}

/// Whether the value of `before` has ended at `at`, so that a name can stand there.
#[inline(always)]
fn has_ended(text: &[u8], before: Place, at: usize) -> bool {
    match before.resume {
        0 => text.get(before.start as usize..=at).is_some_and(|between| between.iter().rev().any(|byte| *byte == b' ')),
        resume => at >= resume as usize,
    }
}

/// The eight bytes of `text` before `end`, the last one highest; zeros stand for those before the text.
fn eight_before(text: &[u8], end: usize) -> u64 {
    match text.get(..end).and_then(|front| front.last_chunk()) {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => text.iter().take(end).fold(0, |back, byte| back >> 8 | u64::from(*byte) << 56),
    }
}

/// The end of the quoted value at `start`, or 0 if the value is a bare one that begins with a quote, or a part of `before`.
///
/// It is quoted if a separator follows the next quote. Where nobody quotes a value of the name, that quote opens a later value instead
/// if it stands after a space and `=`.
#[inline(never)]
fn quoted_end(text: &[u8], before: Place, start: usize) -> usize {
    let Some(inside) = near(text.get(start + 1..).unwrap_or_default(), b'"') else { return 0 };
    let end = start + 1 + inside.len() + 1;
    let closes = matches!(text.get(end), None | Some(b' ' | b'\'' | b')' | b',' | b':' | b';'));
    let opens = inside.last() == Some(&b'=') && near(inside, b' ').is_some() && is_never_quoted(text, start - 1);
    if closes && !opens && has_ended(text, before, start - 1) { end } else { 0 }
}

/// Whether values of the name that ends at `end` are written as they are, whatever they begin with.
#[cold]
fn is_never_quoted(text: &[u8], end: usize) -> bool {
    const NAMES: [&[u8]; 7] = [b"host", b"hostname", b"addr", b"terminal", b"tty", b"subj", b"context"];
    text.get(..end).is_some_and(|front| NAMES.iter().any(|name| front.ends_with(name)))
}

/// The text before the first `stop`, if it occurs. Faster than [`text::before`] where that is a few bytes away.
pub(super) fn near(text: &[u8], stop: u8) -> Option<&[u8]> {
    let end = text::find_byte(text, 0, |bytes| byte_mask(bytes, stop));
    text.get(..end).filter(|_| end < text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of the fields whose names end in `name`, in order, up to their first space.
    fn all(text: &str, name: &Name) -> Vec<String> {
        let text = format!(": {text}");
        let (mut values, mut found, mut index) = (Values::new(text.as_bytes(), 1, Vec::new()), Vec::new(), 0);
        while let Some(field) = values.find(name, index) {
            found.push(text.get(field.start..).unwrap().split(' ').next().unwrap().to_string());
            index = field.index + 1;
        }
        found
    }

    #[test]
    fn names_are_found_by_their_ends() {
        let text = "ppid=1 pid=2 auid==<3 uid=4 (sauid=5, old auid=6 uid= terminal=7";
        assert_eq!(all(text, name!("pid=")), ["1", "2"]);
        assert_eq!(all(text, name!(" pid=")), ["2"]);
        assert_eq!(all(text, name!("uid=")), ["=<3", "4", "5,", "6", ""]);
        assert_eq!(all(text, name!("old auid=")), ["6"]);
        assert_eq!(all(text, name!("terminal=")), ["7"]);
        assert_eq!(all(text, name!("key=")), [""; 0]);
    }

    #[test]
    fn no_text_inside_a_value_is_a_field() {
        for hostile in [
            "comm=\"uid=1\" uid=2",
            "comm=\"a uid=1 \" uid=2",
            "comm=\"\" exe=\"/uid=1\" uid=2",
            "comm=\"=\" exe=\"=\" uid=2",
            "host=uid=1 uid=2",
            "subj==uid=1 uid=2",
            "tty=a=b=uid=1 uid=2",
            "tty=a=\"b uid=2 exe=\"uid=1\"",
            "host=\" uid=2 exe=\"/uid=1\"",
            "host=\"x uid=2 exe=\"'uid=1\"",
            "msg='acct=\"uid=1\" uid=2'",
            "msg='acct=\"x uid=1 a=\" uid=2'",
            "cmdline=\"stop uid=1 exe=\" exe=\"/uid=1\" uid=2",
            "msg='acct=\"o'uid=1\" uid=2'",
            "op='uid=1 uid=2",
            "tty=msg='uid=1 uid=2",
            "xmsg='uid=1 uid=2",
        ] {
            let found = all(hostile, name!("uid="));
            assert_eq!(found.iter().map(|value| value.trim_end_matches('\'')).collect::<Vec<_>>(), ["2"], "{hostile}");
        }
    }

    #[test]
    fn fields_follow_in_a_message_and_after_a_closing_quote() {
        assert_eq!(all("pid=1 msg='uid=2 acct=\"x\":uid=3'", name!("uid=")), ["2", "3'"]);
        assert_eq!(all("comm=\"open uid=2", name!("uid=")), ["2"]);
    }
}
