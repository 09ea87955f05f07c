//! The interpreter: from a value and its kind to words.

use super::argument::{self, Argument, Call, calls_of};
use super::enum_table::{self, push_hex, push_overflow};
use super::line_buffer::CHUNK;
use super::names::NameCache;
use super::row::{Depends, Print};
use super::shape_cache::ShapeCache;
use super::value::{self, push_arch, push_decimal, push_ioctl, push_mode_in, push_parenthesised};
use super::value_cache::{Key, ValueCache};
use super::{Kind, Names, RecordContext, enriched, keystrokes, mode, sockaddr};
use crate::abi::rule::KEY_SEPARATOR;
use crate::event::Event;
use crate::record::{Field, RecordType};
use crate::tables::file;
use crate::tables::machine::Machine;
use crate::text::{Escape, escape, may_need_escape, number};

/// Puts values into words. Keeps what it has looked up, so one serves a whole log.
pub struct Interpreter<'n> {
    names: Box<dyn Names + Send + 'n>,
    /// The machine of records that name none: that of the event's system call, or else `host`.
    pub(super) native: Option<Machine>,
    host: Option<Machine>,
    pub(super) mode: Escape,
    users: NameCache,
    groups: NameCache,
    /// The last machine, and how it was written.
    arch: (Vec<u8>, Option<Machine>),
    calls: Vec<Call>,
    values: ValueCache,
    pub(super) shapes: ShapeCache,
    /// Where a line is put together.
    pub(super) scratch: Box<[u8]>,
    pub(super) unescaped: Vec<u8>,
}

/// How many calls are cached at a time.
const CALL_SLOTS: usize = 128;

impl<'n> Interpreter<'n> {
    /// `names` answers for users, groups and protocols, and is owned or borrowed; `native` is the machine of records that do
    /// not name theirs; `mode` is how text is escaped.
    pub fn new(names: impl Names + Send + 'n, native: Option<Machine>, mode: Escape) -> Interpreter<'n> {
        Interpreter::of(Box::new(names), native, mode)
    }

    fn of(names: Box<dyn Names + Send + 'n>, native: Option<Machine>, mode: Escape) -> Interpreter<'n> {
        let nothing = Call::of(Machine::IoUring, u32::MAX);
        Interpreter {
            names,
            native,
            host: native,
            mode,
            users: NameCache::new(),
            groups: NameCache::new(),
            arch: (Vec::new(), None),
            calls: vec![nothing; CALL_SLOTS],
            values: ValueCache::new(),
            shapes: ShapeCache::default(),
            scratch: Box::default(),
            unescaped: Vec::new(),
        }
    }

    /// Begins with the records of `event`: those that name no machine are of that of the event's system call. It counts until
    /// the next event; without one, records are of the native machine.
    pub fn begin(&mut self, event: &Event) {
        let call = event.records().find(|record| record.record_type == RecordType::SYSCALL);
        let arch = call.and_then(|record| crate::text::after(record.body, b"arch="));
        self.native = arch.map_or(self.host, super::value::machine);
    }

    /// One that knows no names of this host and is like this one otherwise.
    pub(crate) fn nameless(&self) -> Interpreter<'static> {
        Interpreter::new((), self.host, self.mode)
    }

    /// Takes newer names, and forgets what the former said.
    pub fn set_names(&mut self, names: impl Names + Send + 'n) {
        self.names = Box::new(names);
        (self.users, self.groups, self.values) = (NameCache::new(), NameCache::new(), ValueCache::new());
    }

    /// Appends what `field` of a record of type `record` means, as libauparse does.
    pub fn value(&mut self, record: RecordType, field: Field, context: &RecordContext, out: &mut Vec<u8>) {
        self.value_in(super::kind(record, field.name, field.value), field, context, out);
    }

    /// The same for a field whose kind is known.
    pub fn value_in(&mut self, kind: Kind, field: Field, context: &RecordContext, out: &mut Vec<u8>) {
        match context.enriched.value(field.name, field.value) {
            Some(name) => self.looked_up(kind, name, out),
            None => self.words(kind, field.value, context, out),
        }
    }

    /// Appends what was looked up for a value of this kind when its record was written, escaped.
    pub(super) fn looked_up(&mut self, kind: Kind, name: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        enriched::push(kind, name, out);
        self.escape_value(kind, start, out);
    }

    /// Appends the name of a user id: `unset` for -1, `unknown(N)` if it has none.
    pub fn user(&mut self, uid: u32, out: &mut Vec<u8>) {
        self.users.push(uid, |id| self.names.user(id), out);
    }

    /// Appends the name of a group id: `unset` for -1, `unknown(N)` if it has none.
    pub fn group(&mut self, gid: u32, out: &mut Vec<u8>) {
        self.groups.push(gid, |id| self.names.group(id), out);
    }

    /// The user id of the account called `name`, if this host has it.
    pub fn user_id(&self, name: &[u8]) -> Option<u32> {
        self.names.user_id(name)
    }

    /// Appends the meaning of `value`, escaped.
    pub(super) fn words(&mut self, kind: Kind, value: &[u8], context: &RecordContext, out: &mut Vec<u8>) {
        let key = self.key(kind, value, context);
        match key.as_ref().and_then(|key| self.values.find(key)) {
            Some((words, len)) => out.extend_from_slice(words.get(..len).unwrap_or_default()),
            None => self.new_words(key, kind, value, context, out),
        }
    }

    /// The cached words for `value`.
    #[inline(always)]
    pub(super) fn recall(&self, key: &Key) -> Option<(&[u8; CHUNK], usize)> {
        self.values.find(key)
    }

    /// The same, where they are not cached, and caches them.
    #[inline(never)]
    pub(super) fn new_words(
        &mut self,
        key: Option<Key>,
        kind: Kind,
        value: &[u8],
        context: &RecordContext,
        out: &mut Vec<u8>,
    ) {
        let start = out.len();
        if kind == Kind::Keystrokes && !keystrokes::push(value, out) {
            // COMPAT: stands for what cannot be decoded, and no escape mode touches it.
            return out.extend_from_slice(b"(null)");
        }
        self.push(kind, value, context, out);
        self.escape_value(kind, start, out);
        if let Some(key) = key {
            self.values.keep(key, out.get(start..).unwrap_or_default());
        }
    }

    /// What the words for `value` depend on; `None` if they are not cached.
    #[inline(never)]
    pub(super) fn key(&mut self, kind: Kind, value: &[u8], context: &RecordContext) -> Option<Key> {
        let row = kind.row();
        if !row.is_cached || row.passes.holds(value) {
            return None;
        }
        let of = |machine: Option<Machine>| machine.map_or(0xff, |machine| machine as u64) << 16;
        let around = match row.depends {
            Depends::Nothing => 0,
            Depends::Arch => of(context.machine),
            Depends::Constants => of(self.machine_of(context)),
            Depends::Call => self.call_around(kind, context)?,
            Depends::Record => return None,
        };
        Key::of(value, kind as u64 | around)
    }

    /// The call and its machine.
    fn call_around(&mut self, kind: Kind, context: &RecordContext) -> Option<u64> {
        let (machine, number) = (context.machine_or(self.native)?, context.syscall?);
        let call = self.call(machine, number);
        let depends = match kind {
            Kind::Syscall => call.stands_for_many(),
            _ => call.looks_back || context.machine.is_none(),
        };
        (!depends).then_some((machine as u64) << 16 | u64::from(number) << 32)
    }

    /// Escapes what stands in `out` from `start` on. The separators between keys stay as they are.
    pub(super) fn escape_value(&mut self, kind: Kind, start: usize, out: &mut Vec<u8>) {
        let tail = out.get(start..).unwrap_or_default();
        if self.mode == Escape::Raw || (self.mode == Escape::Tty && !may_need_escape(tail)) {
            return;
        }
        self.unescaped.clear();
        self.unescaped.extend_from_slice(tail);
        out.truncate(start);
        let separates = |b: &u8| *b == KEY_SEPARATOR && kind == Kind::Key;
        for (place, part) in self.unescaped.split(separates).enumerate() {
            if place > 0 {
                out.push(KEY_SEPARATOR);
            }
            escape(part, self.mode, out);
        }
    }

    /// The machine whose constants the values of a record are; this one where the record names none.
    fn machine_of(&self, context: &RecordContext) -> Option<Machine> {
        match context.machine_or(self.native) {
            Some(Machine::IoUring) => self.native,
            machine => machine,
        }
    }

    /// Appends the meaning of `value`, unescaped.
    pub(super) fn push(&mut self, kind: Kind, value: &[u8], context: &RecordContext, out: &mut Vec<u8>) {
        let row = kind.row();
        if row.passes.holds(value) {
            return out.extend_from_slice(value);
        }
        let machine = self.machine_of(context);
        match row.print {
            Print::Itself => out.extend_from_slice(value),
            Print::Value(push) => push(value, machine, out),
            Print::EnumTable(table) => table.push(value, machine, out),
            Print::Flags(flags) => flags.push(value, machine, out),
            Print::User => self.push_id(Self::user, value, 10, out),
            Print::Group => self.push_id(Self::group, value, 10, out),
            Print::Protocol => self.push_protocol(value, out),
            Print::Sockaddr => sockaddr::push(value, &*self.names, out),
            Print::Arch => push_arch(value, context.machine, out),
            Print::Syscall => self.push_syscall(value, context, out),
            Print::Argument(place) => self.push_argument(place, value, context, out),
            Print::Hook if context.is_arp => enum_table::ARP_HOOK.push(value, machine, out),
            Print::Hook => enum_table::INET_HOOK.push(value, machine, out),
            Print::FanotifyInfo if context.has_fanotify_rule => push_decimal(value, out),
            Print::FanotifyInfo => out.extend_from_slice(value),
            Print::Keystrokes => {}
        }
    }

    /// Of an argument, which is as wide as a register, the kernel looks at 32 bits; a field that needs more is no id.
    fn push_id(&mut self, push: fn(&mut Self, u32, &mut Vec<u8>), value: &[u8], base: u32, out: &mut Vec<u8>) {
        let number = number::parse_prefix(value, base);
        match number.and_then(|number| if base == 16 { Some(number as u32) } else { number::narrow(number) }) {
            Some(id) => push(self, id, out),
            None => push_overflow(value, out),
        }
    }

    /// A call that stands for many is shown with the one that was meant.
    fn push_syscall(&mut self, value: &[u8], context: &RecordContext, out: &mut Vec<u8>) {
        let Some(machine) = context.machine_or(self.native) else { return out.extend_from_slice(value) };
        let number = context.syscall.unwrap_or(u32::MAX);
        let Some(name) = self.call(machine, number).name() else {
            out.extend_from_slice(b"unknown-syscall(");
            number::push_signed(out, i64::from(number as i32));
            return out.push(b')');
        };
        out.extend_from_slice(name.as_bytes());
        let first = u32::try_from(context.arguments[0]).ok();
        if let Some(meant) = calls_of(name).zip(first).and_then(|(calls, first)| calls.name(first)) {
            push_parenthesised(meant.as_bytes(), out);
        }
    }

    /// The machine of an `arch` value.
    pub(super) fn machine(&mut self, value: &[u8]) -> Option<Machine> {
        let (written, machine) = &mut self.arch;
        if written != value {
            *machine = value::machine(value);
            written.clear();
            written.extend_from_slice(value);
        }
        *machine
    }

    pub(super) fn call(&mut self, machine: Machine, number: u32) -> Call {
        let slot = (number as usize ^ (machine as usize) << 4) % CALL_SLOTS;
        let Some(kept) = self.calls.get_mut(slot) else { unreachable!("a remainder is below its divisor") };
        if (kept.machine, kept.number) != (machine, number) {
            *kept = Call::of(machine, number);
        }
        *kept
    }

    fn push_argument(&mut self, place: u8, value: &[u8], context: &RecordContext, out: &mut Vec<u8>) {
        let meaning = match (context.machine, context.syscall) {
            (Some(machine), Some(number)) => self.call(machine, number).arguments.get(usize::from(place)).copied(),
            _ => None,
        };
        let machine = context.machine;
        let [first, second] = context.arguments;
        match meaning.unwrap_or(Argument::Number) {
            Argument::Number => push_hex(value, out),
            Argument::EnumTable(table) => table.push(value, machine, out),
            Argument::Flags(flags) => flags.push(value, machine, out),
            Argument::User => self.push_id(Self::user, value, 16, out),
            Argument::Group => self.push_id(Self::group, value, 16, out),
            Argument::Directory => argument::push_directory(value, out),
            Argument::CloneFlags => argument::push_clone_flags(value, machine, out),
            Argument::Mode => push_mode_in(mode::push, value, 16, out),
            Argument::ShortMode => push_mode_in(mode::push_short, value, 16, out),
            Argument::CreationMode if argument::creates(second, machine) => {
                push_mode_in(mode::push_short, value, 16, out)
            }
            Argument::CreationMode => push_hex(value, out),
            Argument::ExitStatus => argument::push_exit_status(value, out),
            Argument::Ioctl => push_ioctl(value, machine, out),
            Argument::One(word) if value == b"1" => out.extend_from_slice(word.as_bytes()),
            Argument::One(_) => push_hex(value, out),
            Argument::SocketProtocol => self.push_socket_protocol(value, out),
            Argument::SocketLevel => self.push_socket_level(machine, value, out),
            Argument::SocketOption => argument::push_socket_option(second, machine, value, out),
            Argument::SharedMemory => argument::push_shared_memory(value, machine, out),
            Argument::FcntlOperand => self.push_fcntl(second, machine, value, out),
            Argument::PrctlOperand => argument::push_prctl(first, machine, value, out),
        }
    }

    fn push_fcntl(&mut self, command: u64, machine: Option<Machine>, value: &[u8], out: &mut Vec<u8>) {
        let command = file::FCNTL_COMMANDS.name_on(command as u32, machine).unwrap_or_default();
        match (command, number::parse_prefix(value, 16)) {
            (_, None) => push_overflow(value, out),
            ("F_SETOWN", Some(owner)) => self.user(owner as u32, out),
            ("F_SETFD", Some(1)) => out.extend_from_slice(b"FD_CLOEXEC"),
            _ => push_hex(value, out),
        }
    }

    fn push_protocol(&mut self, value: &[u8], out: &mut Vec<u8>) {
        match number::parse_prefix(value, 10).map(|number| self.names.protocol(number as u32)) {
            Some(name) => out.extend_from_slice(name.unwrap_or(b"undefined protocol")),
            None => push_overflow(value, out),
        }
    }

    fn push_socket_protocol(&mut self, value: &[u8], out: &mut Vec<u8>) {
        match number::parse_prefix(value, 16).map(|number| self.names.protocol(number as u32)) {
            Some(Some(name)) => out.extend_from_slice(name),
            Some(None) => {
                out.extend_from_slice(b"unknown-proto");
                push_parenthesised(value, out);
            }
            None => push_overflow(value, out),
        }
    }

    /// Protocols are levels of their own number, but for that of the socket itself.
    fn push_socket_level(&mut self, machine: Option<Machine>, value: &[u8], out: &mut Vec<u8>) {
        let Some(level) = number::parse_prefix(value, 16).map(|n| n as u32) else { return push_overflow(value, out) };
        match self.names.protocol(level) {
            _ if argument::is_socket_level(level.into(), machine) => out.extend_from_slice(b"SOL_SOCKET"),
            Some(name) => out.extend_from_slice(name),
            None => enum_table::SOCKOPT_LEVEL.push(value, machine, out),
        }
    }
}
