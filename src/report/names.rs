//! How users, record types and system calls are shown, as numbers or by their names.

use super::request::UNSET;
use crate::event::Event;
use crate::interpret::{self, Interpreter, Names};
use crate::query::extract::EventFields;
use crate::record::RecordType;
use crate::tables::machine::Machine;
use crate::tables::{record_type, syscall};
use crate::text::{Escape, number};

/// The mode for texts of which no more than control bytes are escaped.
pub(super) fn control_bytes(mode: Escape) -> Escape {
    if mode == Escape::Raw { Escape::Raw } else { Escape::Tty }
}

/// Whether a record type has a name.
pub(super) fn has_name(record_type: RecordType) -> bool {
    record_type::name(record_type.0).is_some()
}

/// Appends the name of a record type.
pub(super) fn push_type(record_type: RecordType, out: &mut Vec<u8>) {
    out.extend_from_slice(record_type::name(record_type.0).unwrap_or("(null)").as_bytes());
}

/// How users are shown: as numbers, or by their names.
pub(super) struct Users<'n> {
    names: &'n dyn Names,
    pub(super) interpreter: Interpreter<'n>,
    in_words: bool,
}

impl<'n> Users<'n> {
    pub(super) fn new(names: &'n dyn Names, in_words: bool) -> Users<'n> {
        Users { names, interpreter: Interpreter::new(names, None, Escape::Raw), in_words }
    }

    /// Appends a user id, or its name on this host.
    pub(super) fn push(&mut self, uid: u32, out: &mut Vec<u8>) {
        if self.in_words { self.interpreter.user(uid, out) } else { number::push_signed(out, i64::from(uid as i32)) }
    }

    /// Appends the user of a field of `event`. A name that this host does not know may come with the record.
    pub(super) fn push_of(&mut self, event: &Event, field: &[u8], uid: u32, out: &mut Vec<u8>) {
        let is_unknown = self.in_words && !matches!(uid, 0 | UNSET) && self.names.user(uid).is_none();
        if !is_unknown || !event.records().any(|record| interpret::user_name(&record, field, uid, out)) {
            self.push(uid, out);
        }
    }
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
