//! Whole records with their values in words: what `ausearch -i` prints.
//!
//! One record on its way, `type=USER_LOGIN msg=audit(1.000:2): pid=7 uid=1000 exe="/bin/login"`:
//!
//! * `rewrite` asks the shape cache for the [`Layout`](super::shape_cache::Layout) of USER_LOGIN records, and writes the header
//!   that is kept there and the event id into the line buffer.
//! * It asks the layout for one field after another. At the place where the last record had `pid=` stands `pid=` again: name,
//!   kind (`Plain`) and row are known without a search; where the value ends is found by `scan`.
//! * `write_fast` looks at the row. Plain values pass: nothing is written yet, the field goes out with what follows.
//! * `uid=` is a `User`: its row says that the words depend on nothing else and are cached. `1000` is found in the value cache
//!   as `alice`. What stands before it in the record is written, then the cached words.
//! * `exe=` is text in quotes: what is between them is written.
//! * Whatever the fast path does not take, such as an id that is not cached yet, `write_value` writes in every case, and fills
//!   the cache.
//! * At the end the line is escaped where a terminal might obey it.
//!
//! Both paths write the same, because both go by the rows of `row.rs`. tests/it/interpret_properties.rs compares them.

use super::argument::Argument;
use super::enriched::Enriched;
use super::kind::guessed;
use super::line_buffer::LineBuffer;
use super::row::Depends;
use super::scan::{self, Found, Stop};
use super::value_cache::Key;
use super::{Interpreter, Kind, RecordContext, enum_table, value};
use crate::abi::rule::KEY_SEPARATOR;
use crate::record::{Record, RecordType, from_first_word};
use crate::tables::machine::Machine;
use crate::text::{self, Escape, escape, may_need_escape, number};
use std::ops::Range;

/// A record on its way out.
struct Rewriting<'a, 'r, 'o> {
    record: &'r Record<'a>,
    context: RecordContext<'a>,
    /// Up to here the body has been written.
    written: usize,
    buffer: LineBuffer<'o>,
}

impl Interpreter<'_> {
    /// Appends `record` and a newline. `id` is the record's event id as it is to be shown.
    ///
    /// COMPAT: after every value stands a space, also where the record has a comma, but for values without a meaning;
    /// words after the last field are left out unless that field ended at a comma; a record without any field is
    /// followed by an empty line.
    pub fn rewrite(&mut self, record: &Record, id: &[u8], out: &mut Vec<u8>) {
        let (start, body) = (out.len(), record.body);
        let mut shapes = std::mem::take(&mut self.shapes);
        let layout = shapes.layout(record.record_type);
        let mut line = Rewriting {
            record,
            context: RecordContext { enriched: Enriched::of(record), ..self.context_of_call(record.record_type, body) },
            written: 0,
            buffer: LineBuffer::new(std::mem::take(&mut self.scratch), out),
        };
        line.push_header(&layout.front, id);
        let may_be_fast =
            matches!(self.mode, Escape::Raw | Escape::Tty) && record.record_type != RecordType::TRUSTED_APP;
        let (mut at, mut last) = (scan::first(body), None);
        let (mut place, mut lacks_space) = (0, false);
        while let Some(found) = layout.field(place, body, at) {
            (at, last) = (found.next, Some(found.stop));
            place += 1;
            if may_be_fast && matches!(found.stop, Stop::Space | Stop::End) && self.write_fast(&mut line, &found) {
                lacks_space = found.stop == Stop::End;
            } else {
                self.write_value(&mut line, &found);
            }
        }
        if last.is_some() {
            line.buffer.push_part(body, line.written, at);
        }
        let rest = if last.is_none() { body } else { part(body, at..body.len()) };
        if last == Some(Stop::Comma) || (last.is_none() && !rest.is_empty()) {
            escape(rest, self.mode, line.buffer.out());
            line.buffer.push(b"\n");
        }
        line.buffer.push(if lacks_space { b" \n" } else { b"\n" });
        self.scratch = line.buffer.finish();
        self.shapes = shapes;
        if self.mode != Escape::Raw {
            self.escape_line(start, out);
        }
    }

    /// Escapes what a terminal may obey in the line that stands in `out` from `start` on: in the values, in the words between
    /// them, and in its front. Values that were escaped before stay as they are.
    fn escape_line(&mut self, start: usize, out: &mut Vec<u8>) {
        let line = part(out, start..out.len());
        let line = part(line, 0..line.iter().rposition(|b| *b != b'\n').map_or(0, |last| last + 1));
        if may_need_escape(line) {
            self.unescaped.clear();
            self.unescaped.extend_from_slice(part(out, start..out.len()));
            let (line, newlines) = self.unescaped.split_at(line.len());
            out.truncate(start);
            escape(line, Escape::Tty, out);
            out.extend_from_slice(newlines);
        }
    }

    /// Writes a value by its row alone, as most can be; false where `write_value` must.
    #[inline(always)]
    fn write_fast(&mut self, line: &mut Rewriting, found: &Found) -> bool {
        let body = line.record.body;
        if line.context.enriched.may_have(found.name_hash) && found.kind != Kind::Plain {
            return self.write_looked_up(line, found);
        }
        let row = found.kind.row();
        let value = found.value(body);
        if row.passes.holds(value) {
            if matches!(row.depends, Depends::Arch | Depends::Call) {
                self.note_field(&mut line.context, body, found.kind, found);
            }
            return true;
        }
        if row.is_text && found.is_quoted(body) {
            line.buffer.push_part(body, line.written, found.start);
            line.buffer.push_part(body, found.start + 1, found.end - 1);
            line.written = found.end;
            return true;
        }
        let key = match row.depends {
            _ if !row.is_cached => return false,
            Depends::Nothing => Key::of(value, found.kind as u64),
            Depends::Call if line.is_mere_number(found.kind) => {
                line.buffer.push_part(body, line.written, found.start);
                line.buffer.push_two(*b"0x");
                line.written = found.start;
                return true;
            }
            _ => {
                self.note_field(&mut line.context, body, found.kind, found);
                self.key(found.kind, value, &line.context)
            }
        };
        self.push_cached(line, found, key)
    }

    /// The same for one that may have been looked up.
    fn write_looked_up(&mut self, line: &mut Rewriting, found: &Found) -> bool {
        let body = line.record.body;
        let looked_up = match line.looked_up(found) {
            Some([b'"', text @ .., b'"']) if matches!(found.kind, Kind::User | Kind::Group) => text,
            // A longer one may be too large a number, whatever was looked up for it.
            Some(text) if matches!(found.kind, Kind::Arch | Kind::Syscall) && found.end - found.start <= 16 => text,
            _ => return false,
        };
        if looked_up.contains(&b'"') {
            return false;
        }
        self.note_field(&mut line.context, body, found.kind, found);
        line.buffer.push_part(body, line.written, found.start);
        line.buffer.push(looked_up);
        line.written = found.end;
        true
    }

    #[inline(always)]
    fn push_cached(&self, line: &mut Rewriting, found: &Found, key: Option<Key>) -> bool {
        let Some((words, len)) = key.as_ref().and_then(|key| self.recall(key)) else { return false };
        line.buffer.push_part(line.record.body, line.written, found.start);
        line.buffer.push_chunk(words, len);
        line.written = found.end;
        true
    }

    /// Where the library goes by the places of fields, here the fields before the one that is shown count.
    pub(super) fn context_of_call<'a>(&self, record_type: RecordType, body: &[u8]) -> RecordContext<'a> {
        let mut context = RecordContext::default();
        match record_type {
            RecordType::SYSCALL => context.machine = self.native,
            // The signal is written before the machine that numbers it.
            RecordType::SECCOMP => match text::after(body, b" arch=") {
                Some(arch) => context.set_machine(value::machine(arch)),
                None => context.machine = self.native,
            },
            RecordType::URINGOP => context.machine = Some(Machine::IoUring),
            _ => {}
        }
        context
    }

    #[inline(never)]
    fn write_value(&mut self, line: &mut Rewriting, found: &Found) {
        let body = line.record.body;
        let (kind, value) = line.kind_and_value(found);
        self.note_field(&mut line.context, body, kind, found);
        let separator: &[u8] = match (kind, found.stop) {
            (Kind::Plain, Stop::Comma) => b",",
            (Kind::Keystrokes, _) => b"",
            _ => b" ",
        };
        let stands = matches!((separator, found.stop), (b",", _) | (b" ", Stop::Space));
        let enriched = if line.context.enriched.may_have(found.name_hash) { line.looked_up(found) } else { None };
        let is_safe = matches!(self.mode, Escape::Raw | Escape::Tty);
        let passes = kind == Kind::Plain || (is_safe && enriched.is_none() && kind.row().passes.holds(value));
        if passes && stands && value.len() == found.end - found.start {
            return;
        }
        line.buffer.push_part(body, line.written, found.start);
        match passes {
            true => line.buffer.push(value),
            false if line.is_beyond_reading(kind, value) => push_unread(found.name(body), value, line.buffer.out()),
            false => self.push_words(line, kind, value, enriched),
        }
        // A separator that is there already will be written with what follows.
        line.written = if stands { found.end } else { found.next };
        if !stands {
            line.buffer.push(separator);
        }
    }

    /// Remembers what later values of the same record depend on.
    pub(super) fn note_field(&mut self, context: &mut RecordContext, body: &[u8], kind: Kind, found: &Found) {
        match kind {
            Kind::Argument0 | Kind::Argument1 if context.call.is_none_or(|call| call.looks_back) => {
                context.arguments[usize::from(kind == Kind::Argument1)] = value::argument(found.value(body));
            }
            Kind::FanotifyType => context.has_fanotify_rule = found.value(body) == b"1",
            Kind::Arch => {
                let value = found.value(body);
                if value.len() <= 16 || number::parse_prefix(value, 16).is_some() {
                    context.set_machine(self.machine(value));
                    context.call = None;
                }
            }
            Kind::Syscall if context.syscall.is_none() => self.note_call(context, body, found),
            _ => {}
        }
    }

    fn note_call(&mut self, context: &mut RecordContext, body: &[u8], found: &Found) {
        context.machine = context.machine_or(self.native);
        context.syscall = value::call(found.value(body));
        let (Some(machine), Some(number)) = (context.machine, context.syscall) else { return };
        let call = self.call(machine, number);
        context.call = Some(call);
        if call.stands_for_many() {
            let rest = part(body, found.next..body.len());
            context.arguments[0] = text::after(rest, b"a0=").map_or(0, value::argument);
        }
    }

    /// Writes words that are not the value itself.
    fn push_words(&mut self, line: &mut Rewriting, kind: Kind, value: &[u8], enriched: Option<&[u8]>) {
        let key = if enriched.is_none() { self.key(kind, value, &line.context) } else { None };
        if let Some((words, len)) = key.as_ref().and_then(|key| self.recall(key)) {
            return line.buffer.push_chunk(words, len);
        }
        let out = line.buffer.out();
        let start = out.len();
        match enriched {
            Some(name) => self.looked_up(kind, name, out),
            None => self.new_words(key, kind, value, &line.context, out),
        }
        if kind == Kind::Key {
            name_each_key(start, out);
        }
    }
}

impl<'a> Rewriting<'a, '_, '_> {
    /// Node, type and event id. A type without a name is shown as it was written.
    fn push_header(&mut self, front: &[u8], id: &[u8]) {
        let node = self.record.node;
        if let Some(node) = node {
            self.buffer.push(b"node=");
            self.buffer.push(node);
            self.buffer.push(b" ");
        }
        if front.is_empty() {
            let line = from_first_word(self.record.line);
            let after_node = node.and_then(|_| text::after(line, b" "));
            self.buffer.push(text::up_to(after_node.unwrap_or(line), b'('));
            self.buffer.push(b"(");
        }
        self.buffer.push(front);
        self.buffer.push(id);
        self.buffer.push_two(*b") ");
    }

    /// COMPAT: an account's name loses a colon after it.
    fn kind_and_value(&self, found: &Found) -> (Kind, &'a [u8]) {
        let value = found.value(self.record.body);
        match found.kind {
            Kind::Account => {
                let value = value.strip_suffix(b":").unwrap_or(value);
                (guessed(found.kind, self.record.record_type, b"acct", value), value)
            }
            Kind::Plain => (guessed(found.kind, self.record.record_type, found.name(self.record.body), value), value),
            kind => (kind, value),
        }
    }

    /// What was looked up for this field when the record was written.
    fn looked_up(&mut self, found: &Found) -> Option<&'a [u8]> {
        let name = found.name(self.record.body);
        self.context.enriched.find(name, found.name_hash, found.start)
    }

    /// Whether this is an argument of which no more is known than its number, and on which no other one depends.
    #[inline(always)]
    fn is_mere_number(&self, kind: Kind) -> bool {
        let place = (kind as usize).wrapping_sub(Kind::Argument0 as usize);
        let Some(call) = self.context.call.filter(|call| !call.looks_back) else { return false };
        place < 4 && matches!(call.arguments.get(place), None | Some(Argument::Number))
    }

    /// Whether this is the machine or the number of a call, and too large to be either.
    fn is_beyond_reading(&self, kind: Kind, value: &[u8]) -> bool {
        let unread = match kind {
            Kind::Arch => number::parse_prefix(value, 16).is_none(),
            Kind::Syscall => self.context.syscall.is_none() && !number::is_word(value, 10),
            _ => false,
        };
        unread && is_call(self.record.record_type)
    }
}

fn push_unread(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(if name == b"arch" { b"arch " } else { b"syscall " });
    enum_table::push_overflow(value, out);
}

/// Several keys of one value are shown as several fields.
fn name_each_key(start: usize, out: &mut Vec<u8>) {
    let keys = part(out, start..out.len());
    if !keys.contains(&KEY_SEPARATOR) {
        return;
    }
    let keys = keys.to_vec();
    out.truncate(start);
    for (place, key) in keys.split(|b| *b == KEY_SEPARATOR).enumerate() {
        if place > 0 {
            out.extend_from_slice(b" key=");
        }
        out.extend_from_slice(key);
    }
}

fn is_call(record_type: RecordType) -> bool {
    matches!(record_type, RecordType::SYSCALL | RecordType::SECCOMP | RecordType::URINGOP)
}

/// A part of `text`, or nothing where there is no such part.
fn part(text: &[u8], range: Range<usize>) -> &[u8] {
    text.get(range).unwrap_or_default()
}
