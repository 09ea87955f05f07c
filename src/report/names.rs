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

/// What a user that is counted begins with: a name or what was typed, which may look like an id, or the id.
pub(super) const TEXT: u8 = 0;
pub(super) const ID: u8 = 1;

/// How users are shown: as numbers, or by their names.
pub(super) struct Users<'n> {
    names: &'n dyn Names,
    pub(super) interpreter: Interpreter<'n>,
    pub(super) in_words: bool,
    /// Sorted ids that this host does not know, and the name that records brought along for each; none where these were several.
    brought: Vec<(u32, Vec<u8>)>,
}

impl<'n> Users<'n> {
    pub(super) fn new(names: &'n dyn Names, in_words: bool) -> Users<'n> {
        Users { names, interpreter: Interpreter::new(names, None, Escape::Raw), in_words, brought: Vec::new() }
    }

    /// Appends a user id, or its name on this host.
    pub(super) fn push(&mut self, uid: u32, out: &mut Vec<u8>) {
        if self.in_words { self.interpreter.user(uid, out) } else { number::push_signed(out, i64::from(uid as i32)) }
    }

    /// Appends the user of a field of `event`. A name that this host does not know may come with the record.
    pub(super) fn push_of(&mut self, event: &Event, field: &[u8], uid: u32, out: &mut Vec<u8>) {
        if !self.push_brought(event, field, uid, out) {
            self.push(uid, out);
        }
    }

    /// The same as a value to be counted: its name may come with another record, so that [`Users::push_counted`] has the last word.
    pub(super) fn push_value(&mut self, event: &Event, field: &[u8], uid: u32, out: &mut Vec<u8>) {
        let mark = out.len();
        out.push(TEXT);
        if event.node().is_some() {
            self.push_of(event, field, uid, out);
        } else if !self.push_brought(event, field, uid, out) {
            out.truncate(mark);
            out.push(ID);
            number::push_signed(out, i64::from(uid as i32));
        }
    }

    /// Appends a user or account that was counted, as it is shown. What has neither mark is the same for all.
    pub(super) fn push_counted(&mut self, value: &[u8], out: &mut Vec<u8>) {
        let Some((&ID, uid)) = value.split_first() else {
            return out.extend_from_slice(value.strip_prefix(&[TEXT]).unwrap_or(value));
        };
        let uid = number::parse_signed_prefix(uid, 10).unwrap_or(i64::from(UNSET)) as u32;
        let brought = self.brought.binary_search_by_key(&uid, |(uid, _)| *uid).ok();
        match brought.and_then(|at| self.brought.get(at)).filter(|(_, name)| self.in_words && !name.is_empty()) {
            Some((_, name)) => out.extend_from_slice(name),
            None => self.push(uid, out),
        }
    }

    /// Appends the name that a record brings along for a user that this host does not know; false if there is none. On another machine the
    /// same id is another user.
    fn push_brought(&mut self, event: &Event, field: &[u8], uid: u32, out: &mut Vec<u8>) -> bool {
        let (start, brought) = (out.len(), &mut self.brought);
        let is_unknown = self.in_words && !matches!(uid, 0 | UNSET) && self.names.user(uid).is_none();
        if !is_unknown || !event.records().any(|record| interpret::user_name(&record, field, uid, out)) {
            return false;
        }
        let name = out.get(start..).filter(|_| event.node().is_none()).unwrap_or_default();
        match brought.binary_search_by_key(&uid, |(uid, _)| *uid) {
            _ if name.is_empty() => {}
            Ok(at) => {
                brought.get_mut(at).filter(|(_, known)| known != name).into_iter().for_each(|(_, known)| known.clear())
            }
            Err(at) => brought.insert(at, (uid, name.to_vec())),
        }
        true
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
