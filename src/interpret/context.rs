//! What a value's meaning depends on beside its own field: other fields of its record.

use super::argument::Call;
use super::enriched::Enriched;
use super::value::{argument, call, machine};
use crate::record::{Field, Record, RecordType};
use crate::tables::machine::Machine;
use crate::text::number;

/// What the values of one record depend on: its machine and call, and the names that were looked up for it.
#[derive(Clone, Default)]
pub struct RecordContext<'a> {
    pub(super) machine: Option<Machine>,
    /// Whether the record names a machine that is not known.
    pub(super) is_foreign: bool,
    pub(super) syscall: Option<u32>,
    /// The call, where it was looked up already.
    pub(super) call: Option<Call>,
    /// Arguments 0 and 1 of the call.
    pub(super) arguments: [u64; 2],
    pub(super) is_arp: bool,
    /// Whether the information beside a fanotify answer is a rule's number.
    pub(super) has_fanotify_rule: bool,
    pub(super) enriched: Enriched<'a>,
}

static NOTHING: RecordContext<'static> = RecordContext {
    machine: None,
    is_foreign: false,
    syscall: None,
    call: None,
    arguments: [0; 2],
    is_arp: false,
    has_fanotify_rule: false,
    enriched: Enriched::NOTHING,
};

impl<'a> RecordContext<'a> {
    /// The context of values that depend on nothing else, in a record without looked-up names.
    pub fn nothing() -> &'static RecordContext<'static> {
        &NOTHING
    }

    /// The context of such values in a record that may have looked-up names.
    pub(crate) fn names_of(record: &Record<'a>) -> RecordContext<'a> {
        RecordContext { enriched: Enriched::of(record), ..RecordContext::default() }
    }

    /// Gathers it from a record's fields.
    ///
    /// COMPAT: machine and call number count only where SYSCALL, SECCOMP and URINGOP records normally have them; in a
    /// SECCOMP record without a security context they are not found.
    pub fn of(record: &Record<'a>) -> RecordContext<'a> {
        RecordContext::gather(record, record.fields())
    }

    /// Like [`RecordContext::of`], from fields that have been split already.
    pub fn gather<'f>(record: &Record<'a>, fields: impl IntoIterator<Item = Field<'f>>) -> RecordContext<'a> {
        let enriched = Enriched::of(record);
        let machine = (record.record_type == RecordType::URINGOP).then_some(Machine::IoUring);
        let mut context = RecordContext { machine, enriched, ..RecordContext::default() };
        let named = usize::from(record.node.is_some());
        // Records of calls are long, and hold nothing else of interest.
        let count = if record.record_type == RecordType::SYSCALL { LAST_PLACE + 1 } else { usize::MAX };
        for (place, field) in fields.into_iter().skip(named).take(count).enumerate() {
            match field.name.first() {
                Some(b'a' | b's' | b'u') if place <= LAST_PLACE => context.note_call(place, &field),
                Some(b'f') => context.note_kind(&field),
                _ => {}
            }
        }
        context
    }

    /// The context of the arguments of call `syscall` on `machine`, of which `arguments` are the first two.
    pub fn of_call(machine: Option<Machine>, syscall: u32, arguments: [u64; 2]) -> RecordContext<'a> {
        RecordContext { machine, syscall: Some(syscall), arguments, ..RecordContext::default() }
    }

    /// Takes note of what the field at `place` says of the call, where the record's type has place 0.
    fn note_call(&mut self, place: usize, field: &Field) {
        match (place, field.name) {
            (1 | 10, b"arch") => self.set_machine(machine(field.value)),
            (2 | LAST_PLACE, b"syscall") | (1, b"uring_op") => {
                self.syscall = call(field.value);
            }
            (5, b"a0") => self.arguments[0] = argument(field.value),
            (6, b"a1") => self.arguments[1] = argument(field.value),
            _ => {}
        }
    }

    /// Sets the machine that the record names; `None` is one that is not known.
    pub(super) fn set_machine(&mut self, machine: Option<Machine>) {
        self.machine = machine;
        self.is_foreign = machine.is_none();
    }

    /// The record's machine, or `native` if the record names none.
    pub(super) fn machine_or(&self, native: Option<Machine>) -> Option<Machine> {
        if self.is_foreign { None } else { self.machine.or(native) }
    }

    /// Takes note of what decides the kind of another field.
    fn note_kind(&mut self, field: &Field) {
        match field.name {
            b"family" => self.is_arp = number::parse_prefix(field.value, 10) == Some(ARP),
            b"fan_type" => self.has_fanotify_rule = field.value == b"1",
            _ => {}
        }
    }
}

/// No field after this place says anything of the call.
const LAST_PLACE: usize = 11;

/// NFPROTO_ARP of linux/netfilter.h.
const ARP: u64 = 3;
