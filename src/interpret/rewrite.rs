//! Whole records with their values in words: what `ausearch -i` prints.

use super::kind::{self, adjusted};
use super::scan::{self, Found, Stop, has_control};
use super::{Interpreter, Kind, Setting, choice, enriched::Enriched, setting};
use crate::record::{KEY_SEPARATOR, Record, RecordType};
use crate::tables::machine::Machine;
use crate::text::{self, Escape, escape, number};
use std::ops::Range;

/// A record on its way out.
struct Rewriting<'a, 'r> {
    record: &'r Record<'a>,
    /// Whether names may mean something else in a record of this type.
    is_odd: bool,
    setting: Setting<'a>,
    /// Up to here the body has been written.
    written: usize,
}

impl Interpreter<'_> {
    /// Appends `record` and a newline. `when` is its second in local time, as it is to be shown.
    ///
    /// COMPAT: behind every value stands a space, also where the record has a comma, but for values without a meaning;
    /// words behind the last field are left out unless that field ended at a comma; a record without any field is
    /// followed by an empty line.
    pub fn rewrite(&mut self, record: &Record, when: &[u8], out: &mut Vec<u8>) {
        self.push_header(record, when, out);
        let body = record.body;
        let is_odd = kind::has_exceptions(record.kind);
        let mut line = Rewriting { record, is_odd, setting: self.setting_of_call(record), written: 0 };
        // The colon behind the stamp belongs to no field.
        let (mut at, mut last) = (if body.starts_with(b": ") { 2 } else { 0 }, None);
        while let Some(found) = scan::field(body, at) {
            (at, last) = (found.next, Some(found.stop));
            if found.kind != Kind::Plain || found.stop == Stop::Other || is_odd {
                self.rewrite_value(&mut line, &found, out);
            }
        }
        if last.is_some() {
            out.extend_from_slice(part(body, line.written..at));
        }
        let rest = if last.is_none() { body } else { part(body, at..body.len()) };
        if last == Some(Stop::Comma) || (last.is_none() && !rest.is_empty()) {
            escape(rest, self.mode, out);
            out.push(b'\n');
        }
        out.push(b'\n');
    }

    /// Node, type and stamp. A type without a name is shown as it was written.
    fn push_header(&mut self, record: &Record, when: &[u8], out: &mut Vec<u8>) {
        if let Some(node) = record.node {
            out.extend_from_slice(b"node=");
            out.extend_from_slice(node);
            out.push(b' ');
        }
        match self.type_name(record.kind) {
            Some(name) => {
                out.extend_from_slice(b"type=");
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(b" msg=audit(");
            }
            None => {
                let behind_node = record.node.and_then(|_| text::after(record.line, b" "));
                out.extend_from_slice(text::up_to(behind_node.unwrap_or(record.line), b'('));
                out.push(b'(');
            }
        }
        out.extend_from_slice(when);
        out.push(b'.');
        number::push_wide(out, u64::from(record.stamp.milli), 3);
        out.push(b':');
        number::push(out, record.stamp.serial);
        out.extend_from_slice(b") ");
    }

    /// COMPAT: where the library goes by the places of fields, here the fields before the one that is shown count. Records
    /// other than those of calls have call number 0 and no machine.
    fn setting_of_call<'a>(&self, record: &Record<'a>) -> Setting<'a> {
        let (machine, syscall) = match record.kind {
            RecordType::SYSCALL | RecordType::SECCOMP => (self.native, None),
            RecordType::URINGOP => (Some(Machine::IoUring), None),
            _ => (None, Some(0)),
        };
        let enriched = record.enriched.map(Enriched::parse).unwrap_or_default();
        Setting { machine, syscall, enriched, ..Setting::default() }
    }

    fn rewrite_value(&mut self, line: &mut Rewriting, found: &Found, out: &mut Vec<u8>) {
        let body = line.record.body;
        let (kind, value) = line.kind_and_value(found);
        self.take_note(line, kind, value, found.next);
        let separator: &[u8] = match (kind, found.stop) {
            (Kind::Plain, Stop::Comma) => b",",
            (Kind::Keystrokes, _) => b"",
            _ => b" ",
        };
        let stands = matches!((separator, found.stop), (b",", _) | (b" ", Stop::Space));
        let name = found.name(body);
        let stays = self.stays(kind, name, value, &line.setting);
        if stays && stands && value.len() == found.end - found.start {
            return;
        }
        out.extend_from_slice(part(body, line.written..found.start));
        match stays {
            true => out.extend_from_slice(value),
            false if line.is_beyond_reading(kind, value) => push_unread(name, value, out),
            false => self.push_words(kind, name, value, &line.setting, out),
        }
        // A separator that is there already will be written with what follows.
        line.written = if stands { found.end } else { found.next };
        if !stands {
            out.extend_from_slice(separator);
        }
    }

    /// Remembers what later values of the same record depend on.
    fn take_note(&mut self, line: &mut Rewriting, kind: Kind, value: &[u8], next: usize) {
        let setting = &mut line.setting;
        match kind {
            Kind::Argument(place @ 0..=1) => setting.arguments[usize::from(place)] = setting::argument(value),
            Kind::FanotifyType => setting.has_fanotify_rule = value == b"1",
            Kind::Arch if number::lead(value, 16).is_none() => {}
            Kind::Arch if is_call(line.record.kind) => setting.machine = setting::machine(value),
            Kind::Syscall if setting.syscall.is_none() => {
                setting.machine = setting.machine.or(self.native);
                setting.syscall = number::lead(value, 10).map(|n| n as u32);
                if self.stands_for_many(setting) {
                    let rest = part(line.record.body, next..line.record.body.len());
                    setting.arguments[0] = text::after(rest, b"a0=").map_or(0, setting::argument);
                }
            }
            _ => {}
        }
    }

    /// Whether the words for `value` are the value itself, and harmless.
    #[inline]
    fn stays(&self, kind: Kind, name: &[u8], value: &[u8], setting: &Setting) -> bool {
        let same = match kind {
            Kind::Plain => return true,
            Kind::Address | Kind::Label => true,
            Kind::Exit => value.len() < 19 && value.first().is_some_and(u8::is_ascii_digit),
            Kind::Success => !value.first().is_some_and(u8::is_ascii_digit),
            Kind::Session => value != b"4294967295",
            _ => false,
        };
        let harmless = match self.mode {
            Escape::Raw => true,
            Escape::Tty => same && !has_control(value),
            Escape::Shell | Escape::ShellQuote => false,
        };
        same && harmless && setting.enriched.value(name).is_none()
    }

    fn push_words(&mut self, kind: Kind, name: &[u8], value: &[u8], setting: &Setting, out: &mut Vec<u8>) {
        let start = out.len();
        if !self.enriched(kind, name, setting, out) {
            self.words(kind, value, setting, out);
        }
        if kind == Kind::Key {
            name_each_key(start, out);
        }
    }
}

impl<'a> Rewriting<'a, '_> {
    /// COMPAT: an account's name loses a colon behind it.
    fn kind_and_value(&self, found: &Found) -> (Kind, &'a [u8]) {
        let value = found.value(self.record.body);
        if found.kind != Kind::Account && !self.is_odd {
            return (found.kind, value);
        }
        let name = found.name(self.record.body);
        let value = if name == b"acct" { value.strip_suffix(b":").unwrap_or(value) } else { value };
        (adjusted(found.kind, self.record.kind, name, value), value)
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
