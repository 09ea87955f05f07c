//! The fields of a record as an output format needs them that keeps values as they are: cut by `scan.rs`, each with its kind,
//! and whole: a value that `ausearch -i` ends at a comma goes on to the next space.

use super::enriched::{self, Enriched};
use super::kind::guessed;
use super::scan::{self, Stop};
use super::{Interpreter, Kind};
use crate::record::{Field, Record, RecordType};
use crate::tables::machine::Machine;
use crate::text::{self, hex, number};
use std::ops::Range;

/// One field, by places in the record's body.
pub(crate) struct Cut {
    /// The words before it that belong to no field.
    pub(crate) words: Range<usize>,
    pub(crate) name: Range<usize>,
    /// The value without its quotes.
    pub(crate) value: Range<usize>,
    pub(crate) kind: Kind,
    /// Tells most names apart, letters of either case being equal.
    pub(crate) name_hash: u32,
    /// The value is in quotes.
    pub(crate) is_quoted: bool,
    /// The value is in hex.
    pub(crate) is_hex: bool,
    /// It is `msg='`, and what follows it in the record are the fields of a program's message.
    pub(crate) opens: bool,
}

impl Cut {
    pub(crate) fn name<'a>(&self, body: &'a [u8]) -> &'a [u8] {
        body.get(self.name.clone()).unwrap_or_default()
    }

    pub(crate) fn written<'a>(&self, body: &'a [u8]) -> &'a [u8] {
        body.get(self.value.clone()).unwrap_or_default()
    }

    /// The field with its quotes, if it has any.
    pub(crate) fn field<'a>(&self, body: &'a [u8]) -> Field<'a> {
        let quote = usize::from(self.is_quoted);
        let value = body.get(self.value.start - quote..self.value.end + quote).unwrap_or_default();
        Field { name: self.name(body), value }
    }

    /// The bytes that are meant; `decoded` is where they are put when they were written in hex.
    pub(crate) fn bytes<'a>(&self, body: &'a [u8], decoded: &'a mut Vec<u8>) -> &'a [u8] {
        let written = self.written(body);
        if !self.is_hex {
            return written;
        }
        decoded.clear();
        hex::decode(written, decoded);
        decoded
    }
}

impl Interpreter<'_> {
    /// Appends the fields of a record to `cuts`, and gives back where the words after the last one are.
    pub(crate) fn cut(&mut self, record: &Record<'_>, cuts: &mut Vec<Cut>) -> Range<usize> {
        let (body, mut at, mut place, mut is_open) = (record.body, scan::first(record.body), 0, false);
        let layout = self.shapes.layout(record.record_type);
        while let Some(found) = layout.field(place, body, at) {
            let (name, mut value, mut next) = (found.name_place(), found.start..found.end, found.next);
            let words = at..name.start;
            let opens = !is_open && found.end == found.start && body.get(found.start) == Some(&b'\'') && {
                found.name(body) == b"msg"
            };
            let is_quoted = found.is_quoted(body);
            if is_quoted {
                value = value.start + 1..value.end - 1;
            } else if found.name(body) == b"msg" && !opens {
                (value.end, next) = word_end(body, value.start);
            } else if found.stop == Stop::Comma {
                (value.end, next) = word_end(body, value.end);
            }
            is_open |= opens;
            if !is_quoted {
                trim(body, &mut value, is_open);
            }
            let written = body.get(value.clone()).unwrap_or_default();
            let kind = match found.kind {
                Kind::Account | Kind::Plain => {
                    let kept = body.get(found.start..value.end).unwrap_or_default();
                    guessed(found.kind, record.record_type, found.name(body), kept)
                }
                kind => kind,
            };
            let is_hex = !is_quoted && kind.may_be_hex() && is_hex(written);
            cuts.push(Cut { words, name, value, kind, name_hash: found.name_hash, is_quoted, is_hex, opens });
            (at, place) = (next + usize::from(opens), place + 1);
        }
        at.min(body.len())..body.len()
    }
}

impl Interpreter<'_> {
    /// The names of a machine and of one of its system calls, by their numbers as written.
    pub(crate) fn call_names(
        &mut self,
        record_type: RecordType,
        arch: Option<&[u8]>,
        number: Option<&[u8]>,
    ) -> [Option<&'static str>; 2] {
        let machine = match arch {
            _ if record_type == RecordType::URINGOP => Some(Machine::IoUring),
            Some(arch) => self.machine(arch),
            None => self.native,
        };
        let number = number.and_then(number::parse_exact).and_then(|number| u32::try_from(number).ok());
        let call = machine.zip(number).and_then(|(machine, number)| self.call(machine, number).name());
        [machine.filter(|_| arch.is_some()).map(Machine::name), call]
    }

    /// Appends the name of the account in a field, if it is known; says whether the record brought it along.
    pub(crate) fn account(
        &mut self,
        enriched: &Enriched<'_>,
        name: &[u8],
        id: &[u8],
        out: &mut Vec<u8>,
    ) -> Option<bool> {
        if let Some(known) = enriched.value(name, id) {
            enriched::push(Kind::User, known, out);
            return Some(true);
        }
        let start = out.len();
        self.user(u32::try_from(number::parse_exact(id)?).ok()?, out);
        let is_known = !out.get(start..)?.starts_with(b"unknown(");
        is_known.then_some(false)
    }
}

/// Where the word ends that goes on at `at`, and where to go on.
fn word_end(body: &[u8], at: usize) -> (usize, usize) {
    let end = text::find_byte(body, at, |bytes| text::byte_mask(bytes, b' '));
    (end, (end + 1).min(body.len()))
}

/// Takes off what stands around a value and is not its own: a comma, the quote that ends a message, the parenthesis around the
/// last fields of old ones.
fn trim(body: &[u8], value: &mut Range<usize>, is_open: bool) {
    let ends_with = |value: &Range<usize>, byte| !value.is_empty() && body.get(value.end - 1) == Some(&byte);
    if is_open && value.end == body.len() && ends_with(value, b'\'') {
        value.end -= 1;
    }
    if ends_with(value, b',') {
        value.end -= 1;
    }
    if ends_with(value, b')') && !body.get(value.clone()).unwrap_or_default().contains(&b'(') {
        value.end -= 1;
    }
}

fn is_hex(value: &[u8]) -> bool {
    !value.is_empty() && value.len() % 2 == 0 && value.iter().all(u8::is_ascii_hexdigit)
}
