//! An event whose records are split into fields, and the search for a field by its name.
//!
//! A search has no memory: it begins at a record and depends on nothing that was looked for before.

use crate::abi::rule::KEY_SEPARATOR;
use crate::event::Event;
use crate::record::{Field, Record, RecordType};
use crate::text::{self, hex};
use std::cell::OnceCell;

/// The place of a field in an event: both numbers count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The record.
    pub record: u16,
    /// The field among the record's fields.
    pub field: u16,
}

impl Place {
    /// The first field of the first record.
    pub const START: Place = Place { record: 0, field: 0 };
}

/// The records of an event. A record is split into its fields when they are first asked for.
pub struct ParsedEvent<'e> {
    records: Vec<(Record<'e>, OnceCell<Vec<Field<'e>>>)>,
}

/// The events that libauparse makes of one: a record of a type that ends an event ends it, and what follows is another
/// event of the same event id, unless it is nothing but the end (EOE).
pub fn pieces(whole: &Event) -> impl Iterator<Item = ParsedEvent<'_>> {
    let mut records = whole.records().peekable();
    std::iter::from_fn(move || {
        while records.next_if(|record| record.record_type == RecordType::EOE).is_some() {}
        records.peek()?;
        let mut event = ParsedEvent { records: Vec::with_capacity(records.len()) };
        for record in records.by_ref() {
            let ends = record.record_type.ends_event();
            event.records.push((record, OnceCell::new()));
            if ends {
                break;
            }
        }
        Some(event)
    })
}

/// The fields of a record. COMPAT: libauparse knows no key whose hex cannot be decoded.
fn fields<'e>(record: &Record<'e>) -> Vec<Field<'e>> {
    const USUAL: usize = 11;
    let mut fields = Vec::with_capacity(record.line.len() / USUAL + 1);
    for field in record.fields() {
        if field.name.first() != Some(&b'k') || field.name != b"key" || is_key(field.value) {
            fields.push(field);
        }
    }
    fields
}

fn is_key(value: &[u8]) -> bool {
    if matches!(value.first(), Some(b'"' | b'(')) {
        return true;
    }
    let mut keys = Vec::new();
    hex::unescape(value, &mut keys) && text::up_to(&keys, 0).iter().any(|b| *b != KEY_SEPARATOR)
}

impl<'e> ParsedEvent<'e> {
    /// The first record, which gives an event its type, node and event id.
    pub fn first(&self) -> Option<&Record<'e>> {
        self.record(0)
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// A record by its number.
    pub fn record(&self, number: usize) -> Option<&Record<'e>> {
        self.records.get(number).map(|(record, _)| record)
    }

    /// The type of a record.
    pub fn record_type(&self, number: usize) -> Option<RecordType> {
        self.record(number).map(|record| record.record_type)
    }

    /// The fields of a record in order.
    pub fn fields(&self, number: usize) -> &[Field<'e>] {
        self.records.get(number).map_or(&[], |(record, split)| split.get_or_init(|| fields(record)))
    }

    /// The working directory as the event's last CWD record has it, in quotes or hex.
    pub fn working_directory(&self) -> Option<&'e [u8]> {
        let last = (0..self.len()).rev().find(|&r| self.record_type(r) == Some(RecordType::CWD))?;
        self.fields(last).iter().find(|f| f.name == b"cwd").map(|f| f.value)
    }

    /// The first field called `name` of a record. No field has an empty name.
    pub fn find_in(&self, record: usize, name: &[u8]) -> Option<Place> {
        if name.is_empty() {
            return None;
        }
        let field = self.fields(record).iter().position(|field| is(field.name, name))?;
        Some(Place { record: u16::try_from(record).ok()?, field: u16::try_from(field).ok()? })
    }

    /// The first field called `name` from a record on to the end of the event.
    pub fn find(&self, from: usize, name: &[u8]) -> Option<Place> {
        (from..self.len()).find_map(|record| self.find_in(record, name))
    }

    /// The first of `names` that there is from a record on to the end of the event.
    pub fn find_any(&self, from: usize, names: &[&[u8]]) -> Option<Place> {
        names.iter().find_map(|name| self.find(from, name))
    }

    /// The value of a place.
    pub fn value(&self, place: Place) -> Option<&'e [u8]> {
        self.at(place).map(|(_, field)| field.value)
    }

    /// The record and the field of a place, if there is such a field.
    pub fn at(&self, place: Place) -> Option<(&Record<'e>, Field<'e>)> {
        let number = usize::from(place.record);
        let field = *self.fields(number).get(usize::from(place.field))?;
        Some((self.record(number)?, field))
    }
}

/// Whether two names are equal; names of one length mostly differ in their first letter.
#[inline(always)]
fn is(name: &[u8], wanted: &[u8]) -> bool {
    name.len() == wanted.len() && name.first() == wanted.first() && name == wanted
}

/// The text of a value in quotes, or the value.
pub(super) fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value)
}
