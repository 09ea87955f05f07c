//! From places in an event to words.

use super::normalized::TextSource;
use super::parsed::{ParsedEvent, Place, unquoted};
use crate::abi::rule::KEY_SEPARATOR;
use crate::interpret::{Interpreter, Kind, RecordContext, kind};
use crate::record::{Field, Record, RecordType};
use memchr::memmem;

/// Puts the fields of one event into words.
pub struct Words<'s, 'e, 'i, 'n> {
    event: &'s ParsedEvent<'e>,
    interpreter: &'i mut Interpreter<'n>,
    /// The contexts of the records asked about so far.
    contexts: Vec<(u16, RecordContext<'e>)>,
}

impl<'s, 'e, 'i, 'n> Words<'s, 'e, 'i, 'n> {
    /// Words for the fields of `event`.
    pub fn new(event: &'s ParsedEvent<'e>, interpreter: &'i mut Interpreter<'n>) -> Self {
        Words { event, interpreter, contexts: Vec::new() }
    }

    /// The type of the record and the field of a place.
    pub fn field(&self, place: Place) -> Option<(RecordType, Field<'e>)> {
        self.event.at(place).map(|(record, field)| (record.record_type, field))
    }

    /// Appends the meaning of a field. Of several keys the first is taken.
    pub fn push(&mut self, place: Place, out: &mut Vec<u8>) {
        let Some((record, field)) = self.event.at(place) else { return };
        let kind = kind(record.record_type, field.name, field.value);
        self.push_kind(place, record, field, kind, out);
    }

    /// Appends all keys of a field that holds keys, with commas between them.
    pub fn push_keys(&mut self, place: Place, out: &mut Vec<u8>) {
        let Some((record, field)) = self.event.at(place) else { return };
        let start = out.len();
        self.push_meaning(place, record, field, Kind::Key, out);
        let keys = out.split_off(start);
        for key in keys.split(|byte| *byte == KEY_SEPARATOR).filter(|key| !key.is_empty()) {
            if out.len() > start {
                out.push(b',');
            }
            out.extend_from_slice(key);
        }
    }

    fn push_kind(&mut self, place: Place, record: &Record<'e>, field: Field, kind: Kind, out: &mut Vec<u8>) {
        let start = out.len();
        self.push_meaning(place, record, field, kind, out);
        if kind == Kind::Key {
            keep_first_key(start, out);
        }
    }

    fn push_meaning(&mut self, place: Place, record: &Record<'e>, field: Field, kind: Kind, out: &mut Vec<u8>) {
        let record_context = match record.enriched.is_none() && kind.stands_alone() {
            true => RecordContext::nothing(),
            false => record_context(&mut self.contexts, self.event, place.record),
        };
        self.interpreter.value_in(kind, field, record_context, out);
    }

    /// Appends the text of a source.
    pub fn push_text(&mut self, source: TextSource, out: &mut Vec<u8>) {
        match source {
            TextSource::Word(word) => out.extend_from_slice(word.as_bytes()),
            TextSource::Meaning(place) => self.push(place, out),
            TextSource::Value(place) => {
                self.field(place).inspect(|(_, field)| out.extend_from_slice(field.value));
            }
        }
    }

    /// Like [`Words::push`], without quotes, and a relative path is shown from the event's working directory on.
    pub fn push_object(&mut self, place: Place, out: &mut Vec<u8>) {
        let Some((record, field)) = self.event.at(place) else { return };
        let kind = kind(record.record_type, field.name, field.value);
        if kind != Kind::File {
            // AppArmor writes a family and the name of a socket in quotes, where others have a number and an address.
            let is_plain = matches!(kind, Kind::Plain | Kind::Address | Kind::NetfilterFamily);
            let field = if is_plain { Field { value: unquoted(field.value), ..field } } else { field };
            return self.push_kind(place, record, field, kind, out);
        }
        let record_context = match record.enriched {
            None => RecordContext::nothing(),
            Some(_) => record_context(&mut self.contexts, self.event, place.record),
        };
        self.interpreter.path(field, self.event.working_directory(), record_context, out);
    }

    /// Whether what [`Words::push_object`] appends may be a name that this host has.
    pub(crate) fn may_be_looked_up(&self, place: Place) -> bool {
        let kind = self.event.at(place).map(|(record, field)| kind(record.record_type, field.name, field.value));
        kind.is_some_and(|kind| !matches!(kind, Kind::File | Kind::Plain | Kind::Escaped))
    }

    /// Like [`Words::push_object`], and of a socket address only the host is shown, or else its family.
    pub fn push_object_in_brief(&mut self, place: Place, out: &mut Vec<u8>) {
        let start = out.len();
        self.push_object(place, out);
        let Some((record, field)) = self.field(place) else { return };
        if kind(record, field.name, field.value) == Kind::Sockaddr {
            let shown = out.get(start..).unwrap_or_default();
            if let Some(part) = part(shown, b"laddr=").or_else(|| part(shown, b"fam=")) {
                out.copy_within(start + part.start..start + part.end, start);
                out.truncate(start + part.len());
            }
        }
    }

    /// The user id of the account with this name, if this host has one.
    pub(super) fn user_id(&self, account: &[u8]) -> Option<u32> {
        self.interpreter.user_id(account)
    }
}

fn record_context<'a, 'e>(
    contexts: &'a mut Vec<(u16, RecordContext<'e>)>,
    event: &ParsedEvent<'e>,
    record: u16,
) -> &'a RecordContext<'e> {
    let at = contexts.iter().position(|(of, _)| *of == record).unwrap_or_else(|| {
        let number = usize::from(record);
        let record_context = event
            .record(number)
            .map(|r| RecordContext::gather(r, event.fields(number).iter().copied()))
            .unwrap_or_default();
        contexts.push((record, record_context));
        contexts.len() - 1
    });
    &contexts[at].1
}

fn keep_first_key(start: usize, out: &mut Vec<u8>) {
    let keys = out.get(start..).unwrap_or_default();
    let from = keys.iter().take_while(|b| **b == KEY_SEPARATOR).count();
    let len = keys.iter().skip(from).take_while(|b| **b != KEY_SEPARATOR).count();
    out.copy_within(start + from..start + from + len, start);
    out.truncate(start + len);
}

/// Where the word after `name` stands in a socket address put into words.
fn part(shown: &[u8], name: &[u8]) -> Option<std::ops::Range<usize>> {
    let start = memmem::find(shown, name)? + name.len();
    let len = memchr::memchr(b' ', shown.get(start..)?)?;
    Some(start..start + len)
}
