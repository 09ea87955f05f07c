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
use super::scan::{Found, Stop};
use super::words::Call;
use super::{Interpreter, Kind, Setting, choice, setting};
use crate::record::{KEY_SEPARATOR, Record, RecordType};
use crate::tables::machine::Machine;
use crate::text::{self, Escape, escape, number};
use std::ops::Range;

/// A record on its way out.
struct Rewriting<'a, 'r, 'o> {
    record: &'r Record<'a>,
    setting: Setting<'a>,
    /// The call, once it is known.
    call: Option<Call>,
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
        let body = record.body;
        let mut usual = std::mem::take(&mut self.usual);
        let form = usual.form(record.kind);
        let mut line = Rewriting {
            record,
            setting: self.setting_of_call(record),
            call: None,
            written: 0,
            pen: Pen::new(std::mem::take(&mut self.room), out),
        };
        line.push_header(&form.front, stamp);
        let is_usual = matches!(self.mode, Escape::Raw | Escape::Tty) && record.kind != RecordType::TRUSTED_APP;
        // The colon behind the stamp belongs to no field.
        let (mut at, mut last) = (if body.starts_with(b": ") { 2 } else { 0 }, None);
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
            let out = line.pen.out();
            escape(rest, self.mode, out);
            out.push(b'\n');
        }
        line.pen.put(if lacks_space { b" \n" } else { b"\n" });
        self.room = line.pen.finish();
        self.usual = usual;
    }

    /// Writes most values before which nothing is special in a short way; false if this one takes the long way.
    #[inline(always)]
    fn rewrite_usual(&mut self, line: &mut Rewriting, found: &Found) -> bool {
        let body = line.record.body;
        if line.setting.enriched.may_have(found.mark) && found.kind != Kind::Plain {
            return self.rewrite_enriched(line, found);
        }
        match way(found.kind) {
            Way::Stays => true,
            Way::Remembered => self.put_remembered(line, found, Key::of(found.value(body), found.kind as u64)),
            Way::Text if found.is_cleanly_quoted(body) => {
                line.pen.put_part(body, line.written, found.start);
                line.pen.put_part(body, found.start + 1, found.end - 1);
                line.written = found.end;
                true
            }
            Way::Text | Way::OftenStays => found.is_clean && stays(found.kind, found.value(body)),
            Way::Argument if found.is_clean && line.is_mere_number(found.kind) => {
                line.pen.put_part(body, line.written, found.start);
                line.pen.put_two(*b"0x");
                line.written = found.start;
                true
            }
            Way::Call | Way::Argument => {
                let value = found.value(body);
                self.take_note(line, found.kind, value, found.next);
                let key = self.key(found.kind, value, &line.setting);
                self.put_remembered(line, found, key)
            }
            _ => false,
        }
    }

    /// The same for one that may have been looked up.
    fn rewrite_enriched(&mut self, line: &mut Rewriting, found: &Found) -> bool {
        let body = line.record.body;
        let looked_up = match line.setting.enriched.find(found.name(body), found.mark) {
            Some([b'"', text @ .., b'"']) if matches!(found.kind, Kind::User | Kind::Group) => text,
            // A longer one may be too large a number, whatever was looked up for it.
            Some(text) if matches!(found.kind, Kind::Arch | Kind::Syscall) && found.end - found.start <= 16 => text,
            _ => return false,
        };
        if looked_up.contains(&b'"') {
            return false;
        }
        self.take_note(line, found.kind, found.value(body), found.next);
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

    /// COMPAT: where the library goes by the places of fields, here the fields before the one that is shown count. Records
    /// other than those of calls have call number 0 and no machine.
    fn setting_of_call<'a>(&self, record: &Record<'a>) -> Setting<'a> {
        let (machine, syscall) = match record.kind {
            RecordType::SYSCALL => (self.native, None),
            // The signal is written before the machine that numbers it.
            RecordType::SECCOMP => {
                (text::after(record.body, b" arch=").and_then(setting::machine).or(self.native), None)
            }
            RecordType::URINGOP => (Some(Machine::IoUring), None),
            _ => (None, Some(0)),
        };
        let enriched = record.enriched.map(Enriched::parse).unwrap_or_default();
        Setting { machine, syscall, enriched, ..Setting::default() }
    }

    #[inline(never)]
    fn rewrite_value(&mut self, line: &mut Rewriting, found: &Found) {
        let body = line.record.body;
        let (kind, value) = line.kind_and_value(found);
        self.take_note(line, kind, value, found.next);
        let separator: &[u8] = match (kind, found.stop) {
            (Kind::Plain, Stop::Comma) => b",",
            (Kind::Keystrokes, _) => b"",
            _ => b" ",
        };
        let stands = matches!((separator, found.stop), (b",", _) | (b" ", Stop::Space));
        let enriched = line.setting.enriched.value(found.name(body));
        let is_safe = match self.mode {
            Escape::Raw => true,
            Escape::Tty => found.is_clean,
            Escape::Shell | Escape::ShellQuote => false,
        };
        let stays = kind == Kind::Plain || (is_safe && enriched.is_none() && stays(kind, value));
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
    fn take_note(&mut self, line: &mut Rewriting, kind: Kind, value: &[u8], next: usize) {
        match kind {
            Kind::Argument0 | Kind::Argument1 if line.call.is_none_or(|call| call.looks_back) => {
                line.setting.arguments[usize::from(kind == Kind::Argument1)] = setting::argument(value);
            }
            Kind::FanotifyType => line.setting.has_fanotify_rule = value == b"1",
            Kind::Arch if value.len() > 16 && number::lead(value, 16).is_none() => {}
            Kind::Arch if is_call(line.record.kind) => {
                line.setting.set_machine(self.machine(value));
                line.call = None;
            }
            Kind::Syscall if line.setting.syscall.is_none() => self.note_call(line, value, next),
            _ => {}
        }
    }

    fn note_call(&mut self, line: &mut Rewriting, value: &[u8], next: usize) {
        let setting = &mut line.setting;
        setting.machine = setting.machine_or(self.native);
        setting.syscall = number::lead(value, 10).map(|n| n as u32);
        let (Some(machine), Some(number)) = (setting.machine, setting.syscall) else { return };
        let call = self.call(machine, number);
        line.call = Some(call);
        if call.stands_for_many() {
            let rest = part(line.record.body, next..line.record.body.len());
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
            Some(name) => enriched::push(kind, name, out),
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

    /// Whether this is an argument of which no more is known than its number, and on which no other one depends.
    #[inline(always)]
    fn is_mere_number(&self, kind: Kind) -> bool {
        let place = (kind as usize).wrapping_sub(Kind::Argument0 as usize);
        let Some(call) = self.call.filter(|call| !call.looks_back) else { return false };
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

/// The short way in which values of a kind are written, if nothing is special about them.
enum Way {
    /// As they are.
    Stays,
    /// As they are, or else in words.
    OftenStays,
    /// Without their quotes.
    Text,
    /// In the words that were found before.
    Remembered,
    /// As a hexadecimal number, or else in words.
    Argument,
    /// In the words that were found before for the same machine or call.
    Call,
    /// They have none.
    Long,
}

#[inline(always)]
fn way(kind: Kind) -> Way {
    use Kind::*;
    match kind {
        Plain => Way::Stays,
        Address | Label | Exit | Success | Session => Way::OftenStays,
        Escaped | File | Key | Proctitle => Way::Text,
        Argument0 | Argument1 | Argument2 | Argument3 => Way::Argument,
        Arch | Syscall => Way::Call,
        Account | Keystrokes | Sockaddr | Hook | FanotifyInfo | FanotifyType => Way::Long,
        Signal | OpenFlags | MapFlags | Ioctl | Errno => Way::Call,
        User | Group | Perm | Mode | ShortMode | Promisc | Capability | Capabilities | List => Way::Remembered,
        NetfilterFamily | IcmpType | Protocol | Personality | Seccomp => Way::Remembered,
        Verdict | EtherType | Fanotify | Trust | NetlinkGroup | Resolve => Way::Remembered,
    }
}

/// Whether the words for `value` are the value itself.
#[inline(always)]
fn stays(kind: Kind, value: &[u8]) -> bool {
    match kind {
        Kind::Address | Kind::Label => true,
        Kind::Exit => value.len() < 19 && value.first().is_some_and(u8::is_ascii_digit),
        Kind::Success => !value.first().is_some_and(u8::is_ascii_digit),
        Kind::Session => value != b"4294967295",
        Kind::Escaped | Kind::File | Kind::Key | Kind::Proctitle => value == b"(null)",
        _ => false,
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
