//! Events: records that share node, time and serial. [`Assembler`] makes them of the records of a log.

mod assembler;

pub(crate) use assembler::Place;
pub use assembler::{Assembler, EVENT_BYTES, Placed, Policy, WAITING_BYTES, WAITING_EVENTS};

use crate::record::{self, EventId, Record, RecordType};

/// Seconds after which an event without an end is complete, unless auditd.conf(5) has another `end_of_event_timeout`.
pub const TIMEOUT: u64 = 2;

/// Where a record lies in its event's text, and its parts in the record.
#[derive(Clone, Copy, Debug)]
struct Span {
    record_type: RecordType,
    start: u32,
    line: u32,
    /// The line, and the names after it.
    written: u32,
    node_at: u16,
    type_at: u16,
    type_len: u16,
    body_at: u16,
    number: u32,
}

/// All records with the same node, time and serial, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Event {
    id: EventId,
    /// Its records as they were written, a newline after each.
    text: Vec<u8>,
    spans: Vec<Span>,
    /// One more than the length of its node, if it has one.
    node_len: u32,
    /// One more than [`Event::part`] is, if it is a part.
    part: u32,
    file: u32,
    /// See [`Event::lines`].
    is_verbatim: bool,
}

impl Event {
    /// When it happened.
    pub fn id(&self) -> EventId {
        self.id
    }

    /// The machine it came from, if its first record says so.
    #[inline]
    pub fn node(&self) -> Option<&[u8]> {
        self.spans.first().and_then(|span| self.node_of(span))
    }

    /// The type of its first record.
    pub fn record_type(&self) -> RecordType {
        self.spans.first().map_or(RecordType::UNRECOGNISED, |s| s.record_type)
    }

    /// The types of its records.
    pub fn record_types(&self) -> impl Iterator<Item = RecordType> {
        self.spans.iter().map(|s| s.record_type)
    }

    /// How many records it has.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// How many bytes of text it holds.
    pub fn size(&self) -> usize {
        self.text.len()
    }

    /// How many records of what is too long for one event came before these, if they are a part of that.
    pub fn part(&self) -> Option<u64> {
        self.part.checked_sub(1).map(u64::from)
    }

    pub(crate) fn set_part(&mut self, before: Option<u64>) {
        self.part = before.map_or(0, |before| size(before as usize).saturating_add(1));
    }

    /// How many files of a search had ended when it began ([`crate::trail::Sink::end_of_file`]).
    pub fn file(&self) -> usize {
        self.file as usize
    }

    pub(crate) fn set_file(&mut self, number: u32) {
        self.file = number;
    }

    /// Whether it has no record at all.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Its records, first to last.
    pub fn records(&self) -> impl DoubleEndedIterator<Item = Record<'_>> + ExactSizeIterator {
        self.spans.iter().map(|span| self.record_of(span))
    }

    /// One of its records.
    pub fn record(&self, index: usize) -> Option<Record<'_>> {
        self.spans.get(index).map(|span| self.record_of(span))
    }

    /// The number of a record's line in its file, counted from 1, if the events of a trail were walked through
    /// ([`crate::trail::Trail::events`]).
    pub fn line_number(&self, index: usize) -> Option<u32> {
        self.spans.get(index).map(|span| span.number).filter(|number| *number > 0)
    }

    /// The keys of the rules it matched, one by one, as their records have them (auditctl(8), -k): a record that matched
    /// several rules has several. What a program says in `msg='...'` is none.
    pub fn keys(&self) -> Vec<Vec<u8>> {
        let mut keys = Vec::new();
        self.records().for_each(|record| record::each_key(record.body, &mut |key| keys.push(key.to_vec())));
        keys
    }

    /// All its records as they were written, a newline after each. `None` when only some of them carry looked-up names, unless it
    /// is from JSON.
    pub fn lines(&self) -> Option<&[u8]> {
        let enriched = self.records().next().is_some_and(|first| first.enriched.is_some());
        let is_same = self.is_verbatim || self.records().all(|record| record.enriched.is_some() == enriched);
        is_same.then_some(&self.text)
    }

    pub(crate) fn set_verbatim(&mut self) {
        self.is_verbatim = true;
    }

    /// Takes away an EOE record that is its last one: the kernel ends an event so, and no log has it.
    pub(crate) fn remove_end(&mut self) {
        if let Some(end) = self.spans.pop_if(|last| last.record_type == RecordType::EOE) {
            self.text.truncate(end.start as usize);
        }
    }

    /// Adds a record. The caller has seen that it belongs here; the first one gives event id and node.
    pub fn push(&mut self, record: &Record<'_>) {
        self.push_line(record, 0);
    }

    #[inline(always)]
    fn push_line(&mut self, record: &Record<'_>, number: u32) {
        let start = size(self.text.len());
        // The newline would double what a first record takes.
        self.text.reserve(record.written.len() + 1);
        self.text.extend_from_slice(record.written);
        self.text.push(b'\n');
        if self.spans.is_empty() {
            self.id = record.id;
            self.node_len = record.node.map_or(0, |node| size(node.len()).saturating_add(1));
        }
        self.spans.push(Span {
            record_type: record.record_type,
            start,
            line: size(record.line.len()),
            written: size(record.written.len()),
            node_at: record.node.map_or(0, |node| place(record.line, node)),
            type_at: place(record.line, record.type_text),
            type_len: short(record.type_text.len()),
            body_at: short(record.line.len() - record.body.len()),
            number,
        });
    }

    /// Forgets its records and keeps its memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.spans.clear();
        self.node_len = 0;
        self.part = 0;
        self.is_verbatim = false;
        self.id = EventId::default();
    }

    fn record_of(&self, span: &Span) -> Record<'_> {
        let written = cut(&self.text, span.start, span.written).unwrap_or_default();
        let (line, names) = written.split_at_checked(span.line as usize).unwrap_or((written, &[]));
        // A carriage return at the end is no part of them.
        let names = names.strip_suffix(b"\r").unwrap_or(names);
        Record {
            line,
            node: self.node_of(span),
            record_type: span.record_type,
            type_text: cut(line, u32::from(span.type_at), u32::from(span.type_len)).unwrap_or_default(),
            id: self.id,
            body: line.get(usize::from(span.body_at)..).unwrap_or_default(),
            enriched: names.get(1..),
            written,
        }
    }

    fn node_of(&self, span: &Span) -> Option<&[u8]> {
        cut(&self.text, span.start + u32::from(span.node_at), self.node_len.checked_sub(1)?)
    }

    /// Whether a record of this id and node belongs to it.
    #[inline]
    pub(crate) fn is(&self, id: EventId, node: Option<&[u8]>) -> bool {
        self.id == id && self.node() == node
    }
}

fn cut(text: &[u8], at: u32, len: u32) -> Option<&[u8]> {
    text.get(at as usize..)?.get(..len as usize)
}

fn size(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

fn short(len: usize) -> u16 {
    u16::try_from(len).unwrap_or(u16::MAX)
}

/// The place of `part`, which is a slice of the front of `line`.
fn place(line: &[u8], part: &[u8]) -> u16 {
    short((part.as_ptr() as usize).wrapping_sub(line.as_ptr() as usize))
}
