//! An event's fields split once, and a place among them that moves the way libauparse's cursor does.
//!
//! The normaliser's choices depend on where each search begins and on where a failed one leaves off: a search runs from
//! the field after the current one to the end of the event, and a search that fails leaves no current record at all. So
//! the cursor keeps these manners, and the rest of the room can say what it looks for.

use crate::event::Event;
use crate::record::{Field, KEY_SEPARATOR, Record, RecordType};
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
pub struct Split<'e> {
    records: Vec<(Record<'e>, OnceCell<Vec<Field<'e>>>)>,
}

/// The events that libauparse makes of one: a record of a type that ends an event ends it, and what follows is another
/// event of the same stamp, unless it is nothing but the end (EOE).
pub fn pieces(event: &Event) -> impl Iterator<Item = Split<'_>> {
    let mut records = event.records().peekable();
    std::iter::from_fn(move || {
        while records.next_if(|record| record.kind == RecordType::EOE).is_some() {}
        records.peek()?;
        let mut split = Split { records: Vec::with_capacity(records.len()) };
        for record in records.by_ref() {
            let ends = record.kind.ends_event();
            split.records.push((record, OnceCell::new()));
            if ends {
                break;
            }
        }
        Some(split)
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

impl<'e> Split<'e> {
    /// The first record, which gives an event its type, node and stamp.
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
    pub fn kind(&self, number: usize) -> Option<RecordType> {
        self.record(number).map(|record| record.kind)
    }

    /// The fields of a record in order.
    pub fn fields(&self, number: usize) -> &[Field<'e>] {
        self.records.get(number).map_or(&[], |(record, split)| split.get_or_init(|| fields(record)))
    }

    /// The working directory as the event's last CWD record has it, in quotes or hex.
    pub fn working_directory(&self) -> Option<&'e [u8]> {
        let last = (0..self.len()).rev().find(|&r| self.kind(r) == Some(RecordType::CWD))?;
        self.fields(last).iter().find(|f| f.name == b"cwd").map(|f| f.value)
    }

    /// The record and the field of a place, if there is such a field.
    pub fn at(&self, place: Place) -> Option<(&Record<'e>, Field<'e>)> {
        let number = usize::from(place.record);
        let field = *self.fields(number).get(usize::from(place.field))?;
        Some((self.record(number)?, field))
    }
}

/// A current record, or none, and its current field.
pub(super) struct Cursor<'s, 'e> {
    split: &'s Split<'e>,
    record: Option<usize>,
    field: usize,
}

impl<'s, 'e> Cursor<'s, 'e> {
    pub(super) fn new(split: &'s Split<'e>) -> Self {
        Cursor { split, record: Some(0), field: 0 }
    }

    pub(super) fn kind(&self) -> Option<RecordType> {
        self.split.kind(self.record?)
    }

    /// The number of the current record; 0 without one, as libauparse has it.
    pub(super) fn record_number(&self) -> usize {
        self.record.unwrap_or(0)
    }

    /// Where the cursor stands, told as if it stood in that record.
    pub(super) fn place_in(&self, record: usize) -> Place {
        let field = if self.record.is_some() { self.field } else { 0 };
        Place { record: narrow(record), field: narrow(field) }
    }

    /// Where the cursor stands.
    pub(super) fn place(&self) -> Place {
        self.place_in(self.record_number())
    }

    fn current(&self) -> Option<Field<'e>> {
        self.split.fields(self.record?).get(self.field).copied()
    }

    /// The value of the current field.
    pub(super) fn value(&self) -> Option<&'e [u8]> {
        self.current().map(|f| f.value)
    }

    /// The name of the current field.
    pub(super) fn name(&self) -> Option<&'e [u8]> {
        self.current().map(|f| f.name)
    }

    /// Goes to the first field of the first record.
    pub(super) fn first_record(&mut self) {
        self.enter(Some(0), 0);
    }

    /// Goes to the first field of a record; stays where it is when there is no such record.
    pub(super) fn go_to_record(&mut self, number: usize) {
        if number < self.split.len() {
            self.enter(Some(number), 0);
        }
    }

    /// Goes to the first field of the current record.
    pub(super) fn first_field(&mut self) {
        self.field = 0;
    }

    /// Goes to the first field of the next record; false behind the last.
    pub(super) fn next_record(&mut self) -> bool {
        let next = self.record.map(|r| r + 1).filter(|&r| r < self.split.len());
        self.enter(next, 0);
        next.is_some()
    }

    /// Goes to the next field of this record, if there is one.
    pub(super) fn next_field(&mut self) -> bool {
        let more = self.record.is_some_and(|r| self.field + 1 < self.split.fields(r).len());
        self.field += usize::from(more);
        more
    }

    /// Goes to the field before, if there is one; else to the start of the event.
    pub(super) fn previous_field_or_start(&mut self) {
        match self.field.checked_sub(1) {
            Some(field) if self.record.is_some() => self.field = field,
            _ => self.first_record(),
        }
    }

    /// Looks for a field from the current one on to the end of the event, and goes there. COMPAT: on the last field of a
    /// record it looks at that field alone and stays; otherwise a search that fails leaves no current record.
    pub(super) fn find(&mut self, name: &[u8]) -> Option<&'e [u8]> {
        let mut record = self.record?;
        let fields = self.split.fields(record);
        let mut rest = fields.get(self.field..)?;
        if rest.len() < 2 {
            return rest.first().filter(|last| last.name == name).map(|last| last.value);
        }
        let mut from = self.field;
        while record < self.split.len() {
            if let Some((at, field)) = rest.iter().enumerate().find(|(_, field)| is(field.name, name)) {
                self.enter(Some(record), from + at);
                return Some(field.value);
            }
            record += 1;
            rest = self.split.fields(record);
            from = 0;
        }
        self.enter(None, 0);
        None
    }

    /// [`Cursor::find`], and the place of what was found, told as if it stood in that record.
    pub(super) fn find_in(&mut self, record: usize, name: &[u8]) -> Option<Place> {
        self.find(name).map(|_| self.place_in(record))
    }

    /// [`Cursor::find`] and the place of what was found.
    pub(super) fn find_place(&mut self, name: &[u8]) -> Option<Place> {
        self.find(name).map(|_| self.place())
    }

    fn enter(&mut self, record: Option<usize>, field: usize) {
        self.record = record;
        self.field = field;
    }
}

/// Whether two names are equal; names of one length mostly differ in their first letter.
#[inline(always)]
fn is(name: &[u8], wanted: &[u8]) -> bool {
    name.len() == wanted.len() && name.first() == wanted.first() && name == wanted
}

fn narrow(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}
