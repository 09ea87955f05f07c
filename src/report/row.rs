//! Rows of the detailed reports: number, date, and the columns of the report.

use super::kind::{Column, Item, Kind};
use super::{NO_AUID, Report, UNSET};
use crate::event::Event;
use crate::interpret::{Interpreter, Setting};
use crate::query::extract::{EventFields, FAILED, Label, SUCCEEDED, Text};
use crate::record::{Field, RecordType};
use crate::tables::machine::Machine;
use crate::tables::{record_type, syscall};
use crate::text::{self, escape, number};

impl Report<'_> {
    /// Appends the rows of an event: one, or of access vectors one for each that has a verdict.
    pub(super) fn rows(&mut self, kind: &Kind, event: &Event, out: &mut Vec<u8>) {
        let has_labels = kind.columns.iter().any(|column| column.item == Item::Verdict);
        if !has_labels {
            return self.row(kind, event, &Label::default(), out);
        }
        let labels = std::mem::take(&mut self.fields.labels);
        let mut judged = labels.iter().filter(|label| label.granted.is_some()).peekable();
        // COMPAT: without any verdict the last label stands for the event.
        if judged.peek().is_none() {
            labels.last().into_iter().for_each(|label| self.row(kind, event, label, out));
        }
        judged.for_each(|label| self.row(kind, event, label, out));
        self.fields.labels = labels;
    }

    fn row(&mut self, kind: &Kind, event: &Event, label: &Label, out: &mut Vec<u8>) {
        self.lines += 1;
        number::push(out, self.lines);
        out.extend_from_slice(b". ");
        self.dates.of(event.stamp().sec as i64).push(out);
        for column in kind.columns {
            out.push(b' ');
            self.column(column, event, label, out);
        }
        out.push(b'\n');
    }

    fn column(&mut self, column: &Column, event: &Event, label: &Label, out: &mut Vec<u8>) {
        let start = out.len();
        let is_there = self.push_item(column.item, event, label, out);
        if !is_there {
            out.extend_from_slice(column.missing.as_bytes());
        }
        // COMPAT: a question mark counts as text, `(null)` does not.
        if column.safe && (is_there || column.missing == "?") {
            self.scratch.clear();
            self.scratch.extend_from_slice(out.get(start..).unwrap_or_default());
            out.truncate(start);
            escape(&self.scratch, self.request.escape, out);
        }
    }

    /// Appends an item; false if there is none.
    fn push_item(&mut self, item: Item, event: &Event, label: &Label, out: &mut Vec<u8>) -> bool {
        let fields = &self.fields;
        let text = match item {
            Item::Account => fields.account,
            Item::AccountOrUid if fields.account.is_some() => fields.account,
            Item::AccountOrAuid if fields.account.is_some() && fields.success == Some(FAILED) => fields.account,
            Item::File => file(fields),
            Item::Key => fields.keys.first().copied(),
            Item::Exe => fields.exe,
            Item::ExeOrComm => fields.exe.or(fields.comm),
            Item::Comm => fields.comm,
            Item::Host => fields.host,
            Item::Terminal => fields.terminal,
            Item::Subject => label.subject,
            Item::Class => label.class,
            Item::Permissions => label.permissions,
            Item::Object => label.object,
            Item::Serial
            | Item::Type
            | Item::Success
            | Item::Verdict
            | Item::Pid
            | Item::Session
            | Item::Syscall
            | Item::Keystrokes
            | Item::Auid
            | Item::AccountOrUid
            | Item::AccountOrAuid => {
                self.push_number(item, event, label, out);
                return true;
            }
        };
        text.map(|text| out.extend_from_slice(fields.text(text))).is_some()
    }

    /// Appends what is no text of the event.
    fn push_number(&mut self, item: Item, event: &Event, label: &Label, out: &mut Vec<u8>) {
        let (fields, in_words) = (&self.fields, self.request.interpret);
        match item {
            Item::Serial => number::push(out, event.stamp().serial),
            Item::Type => {
                let name = event.record(0).and_then(|record| record.type_name());
                out.extend_from_slice(name.unwrap_or("(null)").as_bytes());
            }
            Item::Success => out.extend_from_slice(match fields.success {
                Some(FAILED) => b"no",
                Some(SUCCEEDED) => b"yes",
                _ => b"unset",
            }),
            Item::Verdict => out.extend_from_slice(match label.granted {
                Some(false) => b"denied",
                Some(true) => b"granted",
                None => b"unset",
            }),
            Item::Pid => number::push(out, u64::from(fields.pid.unwrap_or(UNSET))),
            Item::Session => number::push(out, u64::from(fields.session.unwrap_or(NO_AUID))),
            Item::Syscall => push_syscall(in_words, fields, out),
            Item::Keystrokes => push_keystrokes(&mut self.interpreter, event, out),
            Item::AccountOrUid => push_user(in_words, &mut self.interpreter, fields.uid.unwrap_or(UNSET), out),
            Item::Auid | Item::AccountOrAuid => {
                push_user(in_words, &mut self.interpreter, fields.auid.unwrap_or(NO_AUID), out);
            }
            Item::Account
            | Item::File
            | Item::Key
            | Item::Exe
            | Item::ExeOrComm
            | Item::Comm
            | Item::Host
            | Item::Terminal
            | Item::Subject
            | Item::Class
            | Item::Permissions
            | Item::Object => {}
        }
    }
}

/// The name that stands for the event's files. COMPAT: where there are several, parent directories are passed over.
fn file(fields: &EventFields) -> Option<Text> {
    let parents = fields.files.iter().take_while(|file| file.parent).count();
    match fields.files.as_slice() {
        [one] => Some(one.name),
        several => several.get(parents).map(|file| file.name),
    }
}

/// Appends the name of a record type.
pub(super) fn push_type(kind: RecordType, out: &mut Vec<u8>) {
    out.extend_from_slice(record_type::name(kind.0).unwrap_or("(null)").as_bytes());
}

/// Appends a user id, or its name on this host. COMPAT: names that a record carries are not looked at.
pub(super) fn push_user(in_words: bool, interpreter: &mut Interpreter, uid: u32, out: &mut Vec<u8>) {
    if in_words { interpreter.user(uid, out) } else { number::push_signed(out, i64::from(uid as i32)) }
}

/// Appends a system call's number, or its name. COMPAT: of a call that stands for many, like socketcall, no more than that.
pub(super) fn push_syscall(in_words: bool, fields: &EventFields, out: &mut Vec<u8>) {
    let call = fields.syscall.unwrap_or(0);
    let machine = fields.arch.and_then(Machine::from_elf);
    match machine.map(|machine| syscall::name(machine, call)) {
        Some(Some(name)) if in_words => out.extend_from_slice(name.as_bytes()),
        None if in_words => out.push(b'?'),
        _ => number::push_signed(out, i64::from(call as i32)),
    }
}

/// Appends what the event's first record says was typed: its `data`, up to the last space.
fn push_keystrokes(interpreter: &mut Interpreter, event: &Event, out: &mut Vec<u8>) {
    let Some(record) = event.record(0) else { return };
    let data = text::after(record.line, b"data=").unwrap_or_default();
    let value = memchr::memrchr(b' ', data).and_then(|end| data.get(..end)).unwrap_or(data);
    if value.len() < 2 && value.iter().all(u8::is_ascii_hexdigit) {
        out.extend_from_slice(b"conversion error(");
        out.extend_from_slice(value);
        return out.push(b')');
    }
    interpreter.value(RecordType::TTY, Field { name: b"data", value }, &Setting::default(), out);
}
