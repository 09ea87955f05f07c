//! Whole records with their values in words: what `ausearch -i` prints.
//!
//! A value is written in a short way where one is known for its kind (`way`), and else in the long one (`rewrite_value`).
//! Both write the same, so that it never shows what the log held before: a short way may leave a value as it is only where
//! `stays` says that its words are the value itself, and may take words out of the memory only under a key that holds all
//! they depend on (`Interpreter::key`). A kind whose words depend on more than the value has no key of the value alone:
//! neither `Remembered` here nor 0 there. tests/it/interpret_properties.rs compares the ways.

use super::argument::Argument;
use super::enriched::{self, Enriched};
use super::kind::guessed;
use super::memo::Key;
use super::pen::Pen;
use super::row::Depends;
use super::scan::{self, Found, Stop};
use super::{Interpreter, Kind, Setting, choice, setting};
use crate::record::{KEY_SEPARATOR, Record, RecordType};
use crate::tables::machine::Machine;
use crate::text::{self, Escape, escape, may_need_escape, number};
use std::ops::Range;

/// A record on its way out.
struct Rewriting<'a, 'r, 'o> {
    record: &'r Record<'a>,
    setting: Setting<'a>,
    /// Marks of the names that were looked for among those looked up earlier, a bit each.
    asked: u64,
    /// Up to here the body has been written.
    written: usize,
    pen: Pen<'o>,
}

impl Interpreter<'_> {
    /// Appends `record` and a newline. `stamp` is the record's stamp as it is to be shown.
    ///
    /// COMPAT: behind every value stands a space, also where the record has a comma, but for values without a meaning;
    /// words behind the last field are left out unless that field ended at a comma; a record without any field is
    /// followed by an empty line.
    pub fn rewrite(&mut self, record: &Record, stamp: &[u8], out: &mut Vec<u8>) {
        let (start, body) = (out.len(), record.body);
        let mut usual = std::mem::take(&mut self.usual);
        let form = usual.form(record.kind);
        let mut line = Rewriting {
            record,
            setting: Setting { enriched: Enriched::of(record), ..self.setting_of_call(record.kind, body) },
            asked: 0,
            written: 0,
            pen: Pen::new(std::mem::take(&mut self.room), out),
        };
        line.push_header(&form.front, stamp);
        let is_usual = matches!(self.mode, Escape::Raw | Escape::Tty) && record.kind != RecordType::TRUSTED_APP;
        let (mut at, mut last) = (scan::first(body), None);
        let (mut place, mut lacks_space) = (0, false);
        while let Some(found) = form.field(place, body, at) {
            (at, last) = (found.next, Some(found.stop));
            place += 1;
            if is_usual && matches!(found.stop, Stop::Space | Stop::End) && self.rewrite_usual(&mut line, &found) {
                lacks_space = found.stop == Stop::End;
            } else {
                self.rewrite_value(&mut line, &found);
            }
        }
        if last.is_some() {
            line.pen.put_part(body, line.written, at);
        }
        let rest = if last.is_none() { body } else { part(body, at..body.len()) };
        if last == Some(Stop::Comma) || (last.is_none() && !rest.is_empty()) {
            escape(rest, self.mode, line.pen.out());
            line.pen.put(b"\n");
        }
        line.pen.put(if lacks_space { b" \n" } else { b"\n" });
        self.room = line.pen.finish();
        self.usual = usual;
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

    /// Writes most values before which nothing is special in a short way; false if this one takes the long way.
    #[inline(always)]
    fn rewrite_usual(&mut self, line: &mut Rewriting, found: &Found) -> bool {
        let body = line.record.body;
        if line.setting.enriched.may_have(found.mark) && found.kind != Kind::Plain {
            return self.rewrite_enriched(line, found);
        }
        let row = found.kind.row();
        let value = found.value(body);
        if row.passes.holds(value) {
            return true;
        }
        if row.is_text && found.is_quoted(body) {
            line.pen.put_part(body, line.written, found.start);
            line.pen.put_part(body, found.start + 1, found.end - 1);
            line.written = found.end;
            return true;
        }
        let key = match row.depends {
            _ if !row.is_cached => return false,
            Depends::Nothing => Key::of(value, found.kind as u64),
            Depends::Call if line.is_mere_number(found.kind) => {
                line.pen.put_part(body, line.written, found.start);
                line.pen.put_two(*b"0x");
                line.written = found.start;
                return true;
            }
            _ => {
                self.take_note(&mut line.setting, body, found.kind, found);
                self.key(found.kind, value, &line.setting)
            }
        };
        self.put_remembered(line, found, key)
    }

    /// The same for one that may have been looked up.
    fn rewrite_enriched(&mut self, line: &mut Rewriting, found: &Found) -> bool {
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
        self.take_note(&mut line.setting, body, found.kind, found);
        line.pen.put_part(body, line.written, found.start);
        line.pen.put(looked_up);
        line.written = found.end;
        true
    }

    #[inline(always)]
    fn put_remembered(&self, line: &mut Rewriting, found: &Found, key: Option<Key>) -> bool {
        let Some((words, len)) = key.as_ref().and_then(|key| self.recall(key)) else { return false };
        line.pen.put_part(line.record.body, line.written, found.start);
        line.pen.put_chunk(words, len);
        line.written = found.end;
        true
    }

    /// Where the library goes by the places of fields, here the fields before the one that is shown count.
    pub(super) fn setting_of_call<'a>(&self, record_type: RecordType, body: &[u8]) -> Setting<'a> {
        let machine = match record_type {
            RecordType::SYSCALL => self.native,
            // The signal is written before the machine that numbers it.
            RecordType::SECCOMP => text::after(body, b" arch=").and_then(setting::machine).or(self.native),
            RecordType::URINGOP => Some(Machine::IoUring),
            _ => None,
        };
        Setting { machine, ..Setting::default() }
    }

    #[inline(never)]
    fn rewrite_value(&mut self, line: &mut Rewriting, found: &Found) {
        let body = line.record.body;
        let (kind, value) = line.kind_and_value(found);
        self.take_note(&mut line.setting, body, kind, found);
        let separator: &[u8] = match (kind, found.stop) {
            (Kind::Plain, Stop::Comma) => b",",
            (Kind::Keystrokes, _) => b"",
            _ => b" ",
        };
        let stands = matches!((separator, found.stop), (b",", _) | (b" ", Stop::Space));
        let enriched = if line.setting.enriched.may_have(found.mark) { line.looked_up(found) } else { None };
        let is_safe = matches!(self.mode, Escape::Raw | Escape::Tty);
        let stays = kind == Kind::Plain || (is_safe && enriched.is_none() && kind.row().passes.holds(value));
        if stays && stands && value.len() == found.end - found.start {
            return;
        }
        line.pen.put_part(body, line.written, found.start);
        match stays {
            true => line.pen.put(value),
            false if line.is_beyond_reading(kind, value) => push_unread(found.name(body), value, line.pen.out()),
            false => self.push_words(line, kind, value, enriched),
        }
        // A separator that is there already will be written with what follows.
        line.written = if stands { found.end } else { found.next };
        if !stands {
            line.pen.put(separator);
        }
    }

    /// Remembers what later values of the same record depend on.
    pub(super) fn take_note(&mut self, setting: &mut Setting, body: &[u8], kind: Kind, found: &Found) {
        match kind {
            Kind::Argument0 | Kind::Argument1 if setting.call.is_none_or(|call| call.looks_back) => {
                setting.arguments[usize::from(kind == Kind::Argument1)] = setting::argument(found.value(body));
            }
            Kind::FanotifyType => setting.has_fanotify_rule = found.value(body) == b"1",
            Kind::Arch => {
                let value = found.value(body);
                if value.len() <= 16 || number::lead(value, 16).is_some() {
                    setting.set_machine(self.machine(value));
                    setting.call = None;
                }
            }
            Kind::Syscall if setting.syscall.is_none() => self.note_call(setting, body, found),
            _ => {}
        }
    }

    fn note_call(&mut self, setting: &mut Setting, body: &[u8], found: &Found) {
        setting.machine = setting.machine_or(self.native);
        setting.syscall = number::lead(found.value(body), 10).map(|n| n as u32);
        let (Some(machine), Some(number)) = (setting.machine, setting.syscall) else { return };
        let call = self.call(machine, number);
        setting.call = Some(call);
        if call.stands_for_many() {
            let rest = part(body, found.next..body.len());
            setting.arguments[0] = text::after(rest, b"a0=").map_or(0, setting::argument);
        }
    }

    /// Writes words that are not the value itself.
    fn push_words(&mut self, line: &mut Rewriting, kind: Kind, value: &[u8], enriched: Option<&[u8]>) {
        let key = if enriched.is_none() { self.key(kind, value, &line.setting) } else { None };
        if let Some((words, len)) = key.as_ref().and_then(|key| self.recall(key)) {
            return line.pen.put_chunk(words, len);
        }
        let out = line.pen.out();
        let start = out.len();
        match enriched {
            Some(name) => self.looked_up(kind, name, out),
            None => self.new_words(key, kind, value, &line.setting, out),
        }
        if kind == Kind::Key {
            name_each_key(start, out);
        }
    }
}

impl<'a> Rewriting<'a, '_, '_> {
    /// Node, type and stamp. A type without a name is shown as it was written.
    fn push_header(&mut self, front: &[u8], stamp: &[u8]) {
        let Record { node, line, .. } = self.record;
        if let Some(node) = node {
            self.pen.put(b"node=");
            self.pen.put(node);
            self.pen.put(b" ");
        }
        if front.is_empty() {
            let behind_node = node.and_then(|_| text::after(line, b" "));
            self.pen.put(text::up_to(behind_node.unwrap_or(line), b'('));
            self.pen.put(b"(");
        }
        self.pen.put(front);
        self.pen.put(stamp);
        self.pen.put_two(*b") ");
    }

    /// COMPAT: an account's name loses a colon behind it.
    fn kind_and_value(&self, found: &Found) -> (Kind, &'a [u8]) {
        let value = found.value(self.record.body);
        match found.kind {
            Kind::Account => {
                let value = value.strip_suffix(b":").unwrap_or(value);
                (guessed(found.kind, self.record.kind, b"acct", value), value)
            }
            Kind::Plain => (guessed(found.kind, self.record.kind, found.name(self.record.body), value), value),
            kind => (kind, value),
        }
    }

    /// What was looked up for this field when the record was written.
    fn looked_up(&mut self, found: &Found) -> Option<&'a [u8]> {
        let bit = enriched::bit(found.mark);
        let is_first = self.asked & bit == 0;
        self.asked |= bit;
        self.setting.enriched.find(found.name(self.record.body), found.mark, found.start, is_first)
    }

    /// Whether this is an argument of which no more is known than its number, and on which no other one depends.
    #[inline(always)]
    fn is_mere_number(&self, kind: Kind) -> bool {
        let place = (kind as usize).wrapping_sub(Kind::Argument0 as usize);
        let Some(call) = self.setting.call.filter(|call| !call.looks_back) else { return false };
        matches!(call.arguments.get(place), Some(Argument::Number))
    }

    /// Whether this is the machine or the number of a call, and too large to be either.
    fn is_beyond_reading(&self, kind: Kind, value: &[u8]) -> bool {
        let unread = match kind {
            Kind::Arch => number::lead(value, 16).is_none(),
            Kind::Syscall => self.setting.syscall.is_none(),
            _ => false,
        };
        unread && is_call(self.record.kind)
    }
}

fn push_unread(name: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(if name == b"arch" { b"arch " } else { b"syscall " });
    choice::push_overflow(value, out);
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

fn is_call(kind: RecordType) -> bool {
    matches!(kind, RecordType::SYSCALL | RecordType::SECCOMP | RecordType::URINGOP)
}

/// A part of `text`, or nothing where there is no such part.
fn part(text: &[u8], range: Range<usize>) -> &[u8] {
    text.get(range).unwrap_or_default()
}
