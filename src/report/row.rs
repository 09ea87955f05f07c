//! Rows of the detailed reports: number, date, and the columns of the report.

use super::cells::{Cells, Format, push_row};
use super::kind::{Column, Item, ReportKind};
use super::names::{control_bytes, push_syscall};
use super::reports::{Reports, Table};
use super::request::{NO_AUID, NO_KEY, UNSET};
use crate::event::Event;
use crate::interpret::{Interpreter, RecordContext};
use crate::query::extract::{EventFields, FAILED, Label, SUCCEEDED, Text};
use crate::record::{Field, RecordType};
use crate::text::{self, Escape, escape, may_need_escape, number};

impl Reports<'_> {
    /// Appends the rows of an event: one, or one for each key, or of access vectors one for each that has a verdict.
    pub(super) fn rows(&mut self, kind: &ReportKind, event: &Event, table: &mut Table) {
        let shows = |item| kind.columns.iter().any(|column| column.item == item);
        if shows(Item::Verdict) {
            let labels = std::mem::take(&mut self.fields.labels);
            let mut judged = labels.iter().filter(|label| label.granted.is_some()).peekable();
            // COMPAT: without any verdict the last label stands for the event.
            if judged.peek().is_none() {
                labels.last().into_iter().for_each(|label| self.row(kind, event, &Subject::Label(*label), table));
            }
            judged.for_each(|label| self.row(kind, event, &Subject::Label(*label), table));
            self.fields.labels = labels;
        } else if shows(Item::Key) {
            let keys = std::mem::take(&mut self.fields.keys);
            for key in &keys {
                if self.fields.text(*key) != NO_KEY {
                    self.row(kind, event, &Subject::Key(*key), table);
                }
            }
            self.fields.keys = keys;
        } else {
            self.row(kind, event, &Subject::Event, table);
        }
    }

    fn row(&mut self, kind: &ReportKind, event: &Event, subject: &Subject, table: &mut Table) {
        table.rows += 1;
        let out = &mut table.text;
        if self.request.format != Format::Text {
            let format = self.request.format;
            return push_row(format, table.view.name, out, &mut |cells| self.cells(kind, event, subject, cells));
        }
        number::push(out, table.rows);
        out.extend_from_slice(b". ");
        self.dates.of(event.id().sec as i64).push(out);
        for column in kind.columns {
            out.push(b' ');
            self.column(column, event, subject, out);
        }
        out.push(b'\n');
    }

    fn cells(&mut self, kind: &ReportKind, event: &Event, subject: &Subject, cells: &mut Cells) {
        self.moment("time", Some(event.id()), cells);
        let mut value = Vec::new();
        for (column, name) in kind.columns.iter().zip(kind.detail.names()) {
            value.clear();
            match column.item {
                Item::Serial => cells.number(name, Some(event.id().serial)),
                Item::Pid => cells.number(name, self.fields.pid.map(u64::from)),
                Item::Session => cells.number(name, self.fields.session.map(u64::from)),
                item => {
                    let is_there = self.push_item(item, event, subject, &mut value) && !self.is_missing(item);
                    let mode = if column.escaped { self.request.escape } else { control_bytes(self.request.escape) };
                    cells.text(name, Some(&*value).filter(|_| is_there), mode);
                }
            }
        }
    }

    /// Whether a number stands for an item that is not there.
    fn is_missing(&self, item: Item) -> bool {
        let fields = &self.fields;
        match item {
            Item::Auid => fields.auid.is_none(),
            Item::AccountOrUid => fields.account.is_none() && fields.uid.is_none(),
            Item::AccountOrAuid => {
                fields.auid.is_none() && (fields.account.is_none() || fields.success != Some(FAILED))
            }
            Item::Syscall => fields.syscall.is_none(),
            _ => false,
        }
    }

    fn column(&mut self, column: &Column, event: &Event, subject: &Subject, out: &mut Vec<u8>) {
        let start = out.len();
        let is_there = self.push_item(column.item, event, subject, out);
        if !is_there {
            out.extend_from_slice(column.missing.as_bytes());
        }
        // COMPAT: a question mark counts as text, `(null)` does not.
        let mode = match column.escaped && (is_there || column.missing == "?") {
            true => self.request.escape,
            false => control_bytes(self.request.escape),
        };
        let text = out.get(start..).unwrap_or_default();
        if mode == Escape::Tty && !may_need_escape(text) {
            return;
        }
        self.scratch.clear();
        self.scratch.extend_from_slice(text);
        out.truncate(start);
        escape(&self.scratch, mode, out);
    }

    /// Appends an item; false if there is none.
    fn push_item(&mut self, item: Item, event: &Event, subject: &Subject, out: &mut Vec<u8>) -> bool {
        let (fields, label) = (&self.fields, subject.label());
        let text = match item {
            Item::Account => fields.account,
            Item::AccountOrUid if fields.account.is_some() => fields.account,
            Item::AccountOrAuid if fields.account.is_some() && fields.success == Some(FAILED) => fields.account,
            Item::File => file(fields),
            Item::Key => subject.key(),
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
                self.push_number(item, event, &label, out);
                return true;
            }
        };
        text.map(|text| out.extend_from_slice(fields.text(text))).is_some()
    }

    /// Appends what is no text of the event.
    fn push_number(&mut self, item: Item, event: &Event, label: &Label, out: &mut Vec<u8>) {
        let fields = &self.fields;
        match item {
            Item::Serial => number::push(out, event.id().serial),
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
            Item::Syscall => push_syscall(self.request.interpret, fields, out),
            Item::Keystrokes => push_keystrokes(&mut self.users.interpreter, event, out),
            Item::AccountOrUid => self.users.push_of(event, b"uid", fields.uid.unwrap_or(UNSET), out),
            Item::Auid | Item::AccountOrAuid => {
                self.users.push_of(event, b"auid", fields.auid.unwrap_or(NO_AUID), out);
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

/// What a row is about, where an event has several rows.
enum Subject {
    Event,
    Label(Label),
    Key(Text),
}

impl Subject {
    fn label(&self) -> Label {
        if let Subject::Label(label) = self { *label } else { Label::default() }
    }

    fn key(&self) -> Option<Text> {
        if let Subject::Key(key) = self { Some(*key) } else { None }
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
    interpreter.value(RecordType::TTY, Field { name: b"data", value }, &RecordContext::default(), out);
}
