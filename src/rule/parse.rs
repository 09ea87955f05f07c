//! One rule growing word by word: -a, -w, -S, -F, -C, -k and -p, from a command line or a rules file alike.
//!
//! The words work from left to right and what one means may depend on those before it: `arch` decides whose system
//! calls -S names, -S forbids a later `arch`, `perm` adds system calls once an `arch` is known. See auditctl(8).

use super::compare;
use super::error::{MAX_NAME_LEN, MAX_TEXT_LEN, Reason};
use super::model::{Action, FieldId, List, Operator, Rule, RuleField, SyscallMask, USABLE_FIELDS, Value};
use super::number;
use crate::abi::rule::{KEY_SEPARATOR, MAX_FIELDS, MAX_KEY_LEN};
use crate::tables::machine::Machine;
use crate::tables::rule::{FILE_SYSTEMS, FILE_TYPES, PERMISSIONS, Permission};
use crate::tables::{errno, record_type, syscall};

/// AF_MAX of linux/socket.h, KERNEL: 5.15.
pub(super) const FAMILY_END: u32 = 46;

/// What a rule's words mean depends on where the rule will live: its machine, kernel, users and files.
pub trait Host {
    /// The machine whose kernel takes the rule; `None` when it is not one with system call tables.
    fn machine(&self) -> Option<Machine>;
    /// What that kernel's filter understands, bits of [`features`](crate::abi::features); 0 when it cannot be asked.
    fn features(&self) -> u32;
    /// The number of a user.
    fn user(&self, name: &[u8]) -> Option<u32>;
    /// The number of a group.
    fn group(&self, name: &[u8]) -> Option<u32>;
    /// Whether `path` leads to a directory.
    fn is_directory(&self, path: &[u8]) -> bool;
}

/// A refused word, and how many of its bytes stand before what is wrong.
pub(super) type Fault = (Reason, usize);

/// What users should know about a rule that is taken all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// `..` in a watched path.
    RelativePath,
    /// `*` or `?` in a watched path.
    Wildcard,
    /// -w instead of -a with path or dir.
    SlowWatch,
    /// The calls named have other numbers for 32-bit programs, and the rule does not say which are meant.
    WordSize,
    /// The calls of a mips ABI begin beyond the end of the kernel's mask.
    MipsMask,
    /// The action `possible`; nothing is sent.
    Possible {
        /// `Append` or `Delete`.
        operation: &'static str,
    },
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Warning::RelativePath => "Warning - relative path notation is not supported",
            Warning::Wildcard => "Warning - wildcard notation is not supported",
            Warning::SlowWatch => "Old style watch rules are slower",
            Warning::WordSize => "WARNING - 32/64 bit syscall mismatch, you should specify an arch",
            Warning::MipsMask => {
                "WARNING - mips system calls are numbered beyond the mask; a mainline kernel never matches them"
            }
            Warning::Possible { operation } => return write!(f, "{operation} rule - possible is deprecated"),
        })
    }
}

/// What is to be done with a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Add it behind the others of its list.
    Append,
    /// Add it before the others of its list.
    Prepend,
    /// Take it away.
    Delete,
}

/// What -a, -A, -d, -w and -W say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) operation: Operation,
    pub(super) list: List,
    pub(super) action: Action,
}

/// A rule of which some words have been read.
pub(super) struct Draft<'h> {
    host: &'h dyn Host,
    /// Where to and what for, once -a, -A, -d, -w or -W has said so.
    pub(super) target: Option<Target>,
    syscalls: SyscallMask,
    fields: heapless::Vec<RuleField, MAX_FIELDS>,
    /// All keys so far, joined.
    keys: Vec<u8>,
    /// AUDIT_ARCH_* of the machine whose calls -S and perm name.
    arch: Option<u32>,
    /// -S, -w, or a perm that added calls was there.
    pub(super) has_syscalls: bool,
    /// A path, dir or perm, an exe or an fstype was there: what a key may go with.
    has_companion: bool,
    pub(super) warnings: Vec<Warning>,
}

/// `NAME OPERATOR VALUE`, taken apart.
struct Pair<'w> {
    name: &'w [u8],
    operator: Operator,
    operator_at: usize,
    value: &'w [u8],
    value_at: usize,
}

impl Pair<'_> {
    fn field(&self) -> String {
        lossy(self.name)
    }

    fn bad_value(&self, reason: Reason) -> Fault {
        (reason, self.value_at)
    }

    fn needs(&self, holds: bool, reason: Reason) -> Result<(), Fault> {
        if holds { Ok(()) } else { Err((reason, 0)) }
    }

    fn needs_equality(&self) -> Result<(), Fault> {
        let holds = self.operator.tests_equality();
        if holds { Ok(()) } else { Err((Reason::EqualityOnly { field: self.field() }, self.operator_at)) }
    }

    fn starts_with_digit(&self) -> bool {
        self.value.first().is_some_and(u8::is_ascii_digit)
    }

    /// A number, or a negative one.
    fn signed_number(&self) -> Option<u32> {
        match self.value {
            [b'0'..=b'9', ..] => Some(number::unsigned(self.value, 0).0 as u32),
            [b'-', b'0'..=b'9', ..] => Some(number::signed(self.value, 0) as u32),
            _ => None,
        }
    }
}

pub(super) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Where the first of `operators` that `word` contains stands, which it is, and how it is written. COMPAT: they are looked
/// for one after another over the whole word, so a value with `!=` in it is cut there.
pub(super) fn find_operator(word: &[u8], operators: &[Operator]) -> Option<(usize, Operator, &'static str)> {
    operators.iter().find_map(|operator| {
        let symbol = operator.symbol()?;
        Some((memchr::memmem::find(word, symbol.as_bytes())?, *operator, symbol))
    })
}

impl<'h> Draft<'h> {
    pub(super) fn new(host: &'h dyn Host) -> Draft<'h> {
        Draft {
            host,
            target: None,
            syscalls: SyscallMask::NONE,
            fields: heapless::Vec::new(),
            keys: Vec::new(),
            arch: None,
            has_syscalls: false,
            has_companion: false,
            warnings: Vec::new(),
        }
    }

    /// Whether the kernel's filter has this feature.
    pub(super) fn kernel_has(&self, feature: u32) -> bool {
        self.host.features() & feature != 0
    }

    fn list(&self) -> Option<List> {
        self.target.map(|target| target.list)
    }

    fn push(&mut self, id: FieldId, operator: Operator, value: Value) -> Result<(), Fault> {
        let word = || id.name().unwrap_or_default().to_owned();
        if self.fields.len() >= USABLE_FIELDS {
            return Err((Reason::TooManyFields { word: word() }, 0));
        }
        self.fields.push(RuleField { id, operator, value }).map_err(|_| (Reason::TooManyFields { word: word() }, 0))
    }

    /// The rule, whole. Keys become its last field; a rule that named no system calls is about all of them, except on
    /// the task list, which knows none.
    pub(super) fn finish(&mut self) -> Result<(Operation, Rule), Fault> {
        self.push_keys()?;
        let Target { operation, list, action } = self.target.ok_or((Reason::NoList, 0))?;
        let all = list != List::TASK && !self.has_syscalls;
        let syscalls = if all { SyscallMask::ALL } else { std::mem::replace(&mut self.syscalls, SyscallMask::NONE) };
        let fields = std::mem::take(&mut self.fields);
        Ok((operation, Rule { list, prepend: operation == Operation::Prepend, action, syscalls, fields }))
    }

    fn push_keys(&mut self) -> Result<(), Fault> {
        let keys = std::mem::take(&mut self.keys);
        if keys.is_empty() {
            return Ok(());
        }
        let key = || lossy(&keys);
        if self.fields.len() >= USABLE_FIELDS {
            return Err((Reason::TooManyFields { word: format!("key={}", key()) }, 0));
        }
        // COMPAT: the keys are read again as one `key=` word, in which these operators win over the first `=`.
        if find_operator(&keys, &Operator::SEARCH[..4]).is_some() {
            return Err((Reason::KeyOperator { key: key() }, 0));
        }
        if !self.has_syscalls && !self.has_companion {
            return Err((Reason::KeyCompanion, 0));
        }
        self.push(FieldId::KEY, Operator::EQUAL, Value::Text(keys))
    }

    /// -k, on a rule.
    pub(super) fn key_option(&mut self, key: &[u8]) -> Result<(), Fault> {
        if self.target.is_none() || !(self.has_syscalls || self.has_companion) {
            return Err((Reason::KeyWithoutRule, 0));
        }
        join_key(&mut self.keys, key)
    }

    /// -p: the permissions of a watch. Never adds system calls, unlike -F perm.
    pub(super) fn permissions(&mut self, word: &[u8]) -> Result<(), Fault> {
        if self.target.is_none() {
            return Err((Reason::PermWithoutList, 0));
        }
        if word.len() > 4 {
            return Err((Reason::PermTooLong { word: lossy(word) }, 4));
        }
        let mut bits = 0;
        for (at, letter) in word.iter().enumerate() {
            bits |= permission(*letter).ok_or((Reason::PermLetter { letter: char::from(*letter) }, at))?.bit;
        }
        if self.fields.is_empty() {
            return Err((Reason::PermWithoutField, 0));
        }
        let there = self.fields.iter().any(|field| field.id == FieldId::PERM);
        if !there {
            self.push(FieldId::PERM, Operator::EQUAL, Value::Number(bits))?;
        }
        for field in self.fields.iter_mut().filter(|field| field.id == FieldId::PERM) {
            field.value = Value::Number(bits);
        }
        self.has_companion = true;
        Ok(())
    }

    /// -w or -W: all system calls of the exit list on a path, or on a directory and all below it.
    pub(super) fn watch(&mut self, operation: Operation, path: &[u8]) -> Result<(), Fault> {
        if self.target.is_some() {
            return Err((Reason::WatchAfterList, 0));
        }
        check_path(path, &mut self.warnings)?;
        let path = trim_slashes(path);
        let id = if self.host.is_directory(path) { FieldId::DIR } else { FieldId::PATH };
        if !self.fields.is_empty() || self.syscalls != SyscallMask::NONE {
            return Err((Reason::WatchNotEmpty, 0));
        }
        if operation != Operation::Delete {
            self.warnings.push(Warning::SlowWatch);
        }
        self.target = Some(Target { operation, list: List::EXIT, action: Action::ALWAYS });
        self.syscalls = SyscallMask::ALL;
        self.has_syscalls = true;
        self.has_companion = true;
        self.push(id, Operator::EQUAL, Value::Text(path.to_vec()))?;
        let all = PERMISSIONS.iter().fold(0, |bits, class| bits | class.bit);
        self.push(FieldId::PERM, Operator::EQUAL, Value::Number(all))
    }

    /// -S: a name, a number, `all`, or several with commas between.
    pub(super) fn syscalls(&mut self, word: &[u8]) -> Result<(), Fault> {
        let machine = match self.list() {
            Some(List::IO_URING) => Machine::IoUring,
            Some(list) if !list.takes_syscalls() => return Err((syscalls_refused(list), 0)),
            _ => self.syscall_machine()?,
        };
        let unsure = machine != Machine::IoUring && self.arch.is_none();
        insert_syscalls(&mut self.syscalls, word, machine)?;
        self.has_syscalls = true;
        if machine != Machine::IoUring {
            self.arch = machine.elf();
        }
        let adds = self.target.is_some_and(|target| target.operation != Operation::Delete);
        if first_call(machine) > 0 {
            self.warnings.push(Warning::MipsMask);
        }
        if unsure && adds && self.differs_for_32_bits(word, machine) {
            self.warnings.push(Warning::WordSize);
        }
        Ok(())
    }

    fn syscall_machine(&self) -> Result<Machine, Fault> {
        let machine = match self.arch {
            Some(elf) => Machine::from_elf(elf),
            None => self.host.machine(),
        };
        machine.ok_or((Reason::MachineUnknown, 0))
    }

    /// Whether the calls would have other numbers on the 32-bit side of the machine.
    fn differs_for_32_bits(&self, word: &[u8], machine: Machine) -> bool {
        let narrow = match machine {
            Machine::X86_64 => Machine::I386,
            Machine::Ppc64 => Machine::Ppc,
            Machine::S390x => Machine::S390,
            other => other,
        };
        let mut mask = SyscallMask::NONE;
        for name in word.split(|b| *b == b',') {
            if insert_syscalls(&mut mask, name, narrow).is_err() {
                continue;
            }
        }
        mask != self.syscalls
    }

    /// -C: two fields compared with each other.
    pub(super) fn compare(&mut self, word: &[u8]) -> Result<(), Fault> {
        if self.fields.len() >= USABLE_FIELDS {
            return Err((Reason::TooManyFields { word: lossy(word) }, 0));
        }
        let (operator, code) = compare::parse(word, self.list())?;
        self.push(FieldId::FIELD_COMPARE, operator, Value::Number(code))
    }

    /// -F: a field with an operator and a value.
    pub(super) fn field(&mut self, word: &[u8]) -> Result<(), Fault> {
        if let Some(key) = word.strip_prefix(b"key=") {
            return join_key(&mut self.keys, key).map_err(|(reason, at)| (reason, at + 4));
        }
        if self.fields.len() >= USABLE_FIELDS {
            return Err((Reason::TooManyFields { word: lossy(word) }, 0));
        }
        let (operator_at, operator, symbol) = find_operator(word, &Operator::SEARCH)
            .ok_or((Reason::OperatorMissing { word: lossy(word) }, word.len()))?;
        let value_at = operator_at + symbol.len();
        let pair = Pair { name: &word[..operator_at], operator, operator_at, value: &word[value_at..], value_at };
        pair.needs(!pair.name.is_empty(), Reason::FieldNameMissing)?;
        if pair.value.is_empty() {
            return Err(pair.bad_value(Reason::ValueMissing { field: pair.field() }));
        }
        let id = FieldId::named(pair.name).ok_or((Reason::FieldUnknown { field: pair.field() }, 0))?;
        self.check_kernel(id, &pair)?;
        let value = self.value(id, &pair)?;
        self.push(id, pair.operator, value)
    }

    /// Whether the kernel's exclude and filesystem lists are new enough for this field.
    fn check_kernel(&self, id: FieldId, pair: &Pair) -> Result<(), Fault> {
        use crate::abi::features::{EXCLUDE_EXTEND, FILTER_FS};
        match self.list() {
            Some(List::EXCLUDE) if !OLD_EXCLUDE_FIELDS.contains(&id) => {
                pair.needs(self.kernel_has(EXCLUDE_EXTEND), Reason::ExcludeField)
            }
            Some(List::FILESYSTEM) => {
                pair.needs(self.kernel_has(FILTER_FS), Reason::ListNotInKernel { field: pair.field() })
            }
            _ => Ok(()),
        }
    }

    fn value(&mut self, id: FieldId, pair: &Pair) -> Result<Value, Fault> {
        if id.is_text() {
            return self.text(id, pair);
        }
        let number = match id {
            FieldId::UID | FieldId::EUID | FieldId::SUID | FieldId::FSUID | FieldId::AUID | FieldId::OBJ_UID => {
                self.user(pair)?
            }
            FieldId::GID | FieldId::EGID | FieldId::SGID | FieldId::FSGID | FieldId::OBJ_GID => self.group(pair)?,
            FieldId::EXIT => self.exit(pair)?,
            FieldId::MSGTYPE => self.msgtype(pair)?,
            FieldId::ARCH => self.arch(pair)?,
            FieldId::PERM => self.perm(pair)?,
            FieldId::FILETYPE => self.filetype(pair)?,
            FieldId::FSTYPE => self.fstype(pair)?,
            FieldId::SESSIONID => self.session(pair)?,
            FieldId::SADDR_FAM => address_family(pair)?,
            FieldId::A0 | FieldId::A1 | FieldId::A2 | FieldId::A3 => {
                pair.signed_number().ok_or_else(|| pair.bad_value(Reason::NumberNeeded { field: pair.field() }))?
            }
            _ => self.plain_number(id, pair)?,
        };
        Ok(Value::Number(number))
    }

    fn needs_exit_list(&self, pair: &Pair) -> Result<(), Fault> {
        pair.needs(self.list() == Some(List::EXIT), Reason::ExitListOnly { field: pair.field() })
    }

    fn text(&mut self, id: FieldId, pair: &Pair) -> Result<Value, Fault> {
        use crate::abi::features::EXECUTABLE_PATH;
        match id {
            FieldId::PATH | FieldId::DIR => {
                self.needs_exit_list(pair)?;
                self.has_companion = true;
            }
            FieldId::EXE => {
                let known = self.kernel_has(EXECUTABLE_PATH);
                pair.needs(known, Reason::FieldNotInKernel { field: pair.field() })?;
                pair.needs_equality()?;
                self.has_companion = true;
            }
            FieldId::KEY => pair.needs(self.has_syscalls || self.has_companion, Reason::KeyCompanion)?,
            _ if id.0 >= FieldId::OBJ_USER.0 => self.needs_exit_list(pair)?,
            _ => {}
        }
        let limit = if id == FieldId::KEY { MAX_KEY_LEN } else { MAX_TEXT_LEN };
        if pair.value.len() > limit {
            return Err(pair.bad_value(Reason::TextTooLong { length: pair.value.len(), limit }));
        }
        Ok(Value::Text(pair.value.to_vec()))
    }

    fn user(&self, pair: &Pair) -> Result<u32, Fault> {
        match pair.signed_number() {
            Some(number) => Ok(number),
            None if pair.value == b"unset" => Ok(u32::MAX),
            None => self
                .host
                .user(pair.value)
                .ok_or_else(|| pair.bad_value(Reason::UserUnknown { name: lossy(pair.value) })),
        }
    }

    fn group(&self, pair: &Pair) -> Result<u32, Fault> {
        if pair.starts_with_digit() {
            return Ok(number::signed(pair.value, 0) as u32);
        }
        let group = self.host.group(pair.value);
        group.ok_or_else(|| pair.bad_value(Reason::GroupUnknown { name: lossy(pair.value) }))
    }

    fn exit(&self, pair: &Pair) -> Result<u32, Fault> {
        self.needs_exit_list(pair)?;
        if pair.starts_with_digit() {
            return Ok(number::signed(pair.value, 0) as u32);
        }
        if let Some(number) = pair.signed_number() {
            return Ok(number);
        }
        let (negative, name) = match pair.value {
            [b'-', name @ ..] => (true, name),
            name => (false, name),
        };
        let number = errno::NAMES
            .number_ignoring_case(name)
            .ok_or_else(|| pair.bad_value(Reason::ErrnoUnknown { field: pair.field() }))?;
        Ok(if negative { number.wrapping_neg() } else { number })
    }

    fn msgtype(&self, pair: &Pair) -> Result<u32, Fault> {
        let fits = matches!(self.list(), Some(List::EXCLUDE | List::USER));
        pair.needs(fits, Reason::MsgtypeList)?;
        if pair.starts_with_digit() {
            return Ok(number::signed(pair.value, 0) as u32);
        }
        message_type(pair.value).ok_or_else(|| pair.bad_value(Reason::MsgtypeUnknown { field: pair.field() }))
    }

    fn arch(&mut self, pair: &Pair) -> Result<u32, Fault> {
        pair.needs(!self.has_syscalls, Reason::ArchAfterSyscall { field: pair.field() })?;
        pair.needs_equality()?;
        let machine = if pair.starts_with_digit() {
            let (elf, fits) = number::unsigned(pair.value, 0);
            Machine::from_elf(elf as u32).filter(|_| fits)
        } else {
            let word = std::str::from_utf8(pair.value).unwrap_or_default();
            self.host.machine().and_then(|native| Machine::from_word(word, native))
        };
        self.arch = machine.and_then(Machine::elf);
        self.arch.ok_or_else(|| pair.bad_value(Reason::ArchUnknown { field: pair.field() }))
    }

    fn perm(&mut self, pair: &Pair) -> Result<u32, Fault> {
        let fits = matches!(self.list(), Some(List::EXIT | List::EXCLUDE));
        pair.needs(fits, Reason::ExitListOnly { field: pair.field() })?;
        if pair.operator != Operator::EQUAL {
            return Err((Reason::EqualOnly { field: pair.field() }, pair.operator_at));
        }
        if pair.value.len() > 4 {
            return Err(pair.bad_value(Reason::TextTooLong { length: pair.value.len(), limit: 4 }));
        }
        let mut bits = 0;
        for (at, letter) in pair.value.iter().enumerate() {
            let class = permission(*letter).ok_or((Reason::FieldPermLetters, pair.value_at + at))?;
            self.insert_calls_of(class).map_err(|reason| pair.bad_value(reason))?;
            bits |= class.bit;
        }
        self.has_companion = true;
        Ok(bits)
    }

    /// Adds the system calls that `class` is about, so that the rule is looked at for no others. Without an arch it stays a
    /// rule for all calls, which the kernel checks at each of them.
    fn insert_calls_of(&mut self, class: &Permission) -> Result<(), Reason> {
        let Some(machine) = self.arch.and_then(Machine::from_elf) else { return Ok(()) };
        let mut found = false;
        for number in class.calls.split(' ').filter_map(|name| syscall::number(machine, name)) {
            found |= self.syscalls.insert(mask_bit(machine, number));
        }
        self.has_syscalls |= found;
        if found { Ok(()) } else { Err(Reason::PermSyscalls) }
    }

    fn filetype(&self, pair: &Pair) -> Result<u32, Fault> {
        self.needs_exit_list(pair)?;
        let kind = FILE_TYPES.number_ignoring_case(pair.value);
        kind.ok_or_else(|| pair.bad_value(Reason::FiletypeUnknown { field: pair.field() }))
    }

    fn fstype(&mut self, pair: &Pair) -> Result<u32, Fault> {
        pair.needs(self.list() == Some(List::FILESYSTEM), Reason::FieldList { field: pair.field() })?;
        pair.needs_equality()?;
        let number = if pair.starts_with_digit() {
            Some(number::unsigned(pair.value, 0).0 as u32)
        } else {
            FILE_SYSTEMS.number_ignoring_case(pair.value)
        };
        self.has_companion = true;
        let number = number.filter(|number| *number != u32::MAX);
        number.ok_or_else(|| pair.bad_value(Reason::FstypeUnknown { field: pair.field() }))
    }

    fn session(&self, pair: &Pair) -> Result<u32, Fault> {
        let known = self.kernel_has(crate::abi::features::SESSIONID_FILTER);
        pair.needs(known, Reason::FieldNotInKernel { field: pair.field() })?;
        let fits = matches!(self.list(), Some(List::EXCLUDE | List::USER | List::EXIT));
        pair.needs(fits, Reason::SessionList { field: pair.field() })?;
        // COMPAT: any other word counts as session 0.
        let other = if pair.value == b"unset" { u32::MAX } else { 0 };
        Ok(pair.signed_number().unwrap_or(other))
    }

    /// The fields that are just a number.
    fn plain_number(&self, id: FieldId, pair: &Pair) -> Result<u32, Fault> {
        match id {
            FieldId::DEVMAJOR | FieldId::DEVMINOR | FieldId::INODE | FieldId::SUCCESS | FieldId::PPID => {
                self.needs_exit_list(pair)?;
            }
            _ => {}
        }
        if id == FieldId::INODE {
            pair.needs_equality()?;
        }
        if !pair.starts_with_digit() {
            return Err(pair.bad_value(Reason::NumberNeeded { field: pair.field() }));
        }
        Ok(match id {
            FieldId::INODE => number::unsigned(pair.value, 0).0 as u32,
            _ => number::signed(pair.value, 0) as u32,
        })
    }
}

/// What an exclude list could look at before KERNEL: 4.12.
const OLD_EXCLUDE_FIELDS: [FieldId; 11] = [
    FieldId::PID,
    FieldId::UID,
    FieldId::GID,
    FieldId::AUID,
    FieldId::MSGTYPE,
    FieldId::SUBJ_USER,
    FieldId::SUBJ_ROLE,
    FieldId::SUBJ_TYPE,
    FieldId::SUBJ_SEN,
    FieldId::SUBJ_CLR,
    FieldId::EXE,
];

/// COMPAT: any word is taken for the number it begins with, so `local` is family 0.
fn address_family(pair: &Pair) -> Result<u32, Fault> {
    let family = number::unsigned(pair.value, 0).0 as u32;
    if family < FAMILY_END { Ok(family) } else { Err(pair.bad_value(Reason::FamilyTooBig { field: pair.field() })) }
}

/// A record type by its name; `UNKNOWN[n]` names any.
fn message_type(name: &[u8]) -> Option<u32> {
    if let Some(number) = record_type::number(name) {
        return Some(number);
    }
    let inner = name.strip_prefix(b"UNKNOWN[")?.split(|b| *b == b']').next()?;
    u32::try_from(number::signed(inner, 10)).ok().filter(|number| *number > 0)
}

fn permission(letter: u8) -> Option<&'static Permission> {
    PERMISSIONS.iter().find(|class| class.letter == letter.to_ascii_lowercase())
}

fn syscalls_refused(list: List) -> Reason {
    match list {
        List::EXCLUDE => Reason::SyscallOnExclude,
        _ => Reason::SyscallOnList { list: list.name().unwrap_or_default() },
    }
}

/// Puts the calls of one -S word into `mask`. COMPAT: empty names between commas are passed over.
fn insert_syscalls(mask: &mut SyscallMask, word: &[u8], machine: Machine) -> Result<(), Fault> {
    if !word.contains(&b',') {
        return insert_syscall(mask, word, machine).map_err(|reason| (reason, 0));
    }
    let mut at = 0;
    for name in word.split(|b| *b == b',') {
        if !name.is_empty() {
            insert_syscall(mask, name, machine).map_err(|reason| (reason, at))?;
        }
        at += name.len() + 1;
    }
    Ok(())
}

fn insert_syscall(mask: &mut SyscallMask, name: &[u8], machine: Machine) -> Result<(), Reason> {
    if name == b"all" {
        if machine == Machine::IoUring {
            syscall::rows(machine).for_each(|row| _ = mask.insert(row.0));
        } else {
            *mask = SyscallMask::ALL;
        }
        return Ok(());
    }
    let number = syscall::number(machine, name).map(i64::from).or_else(|| {
        let numeric = name.first().is_some_and(u8::is_ascii_digit);
        // Held in a C int by the library this follows.
        numeric.then(|| i64::from(number::signed(name, 0) as i32))
    });
    if number.and_then(|n| u32::try_from(n).ok()).is_some_and(|n| mask.insert(mask_bit(machine, n))) {
        return Ok(());
    }
    Err(match machine {
        Machine::IoUring => Reason::OperationUnknown { word: lossy(name) },
        _ => Reason::SyscallUnknown { word: lossy(name), machine: Some(machine.name()) },
    })
}

/// The bit of the mask for call `number`. The calls of a mips ABI count from a base beyond the end of the mask, so that
/// their bits count from it.
fn mask_bit(machine: Machine, number: u32) -> u32 {
    number.checked_sub(first_call(machine)).unwrap_or(number)
}

/// The number that bit 0 of a mask stands for on `machine`.
pub(super) fn first_call(machine: Machine) -> u32 {
    match machine {
        Machine::MipsO32 | Machine::MipselO32 => 4000,
        Machine::MipsN64 | Machine::MipselN64 => 5000,
        Machine::MipsN32 | Machine::MipselN32 => 6000,
        _ => 0,
    }
}

/// Adds `key` to the keys of a rule or a request.
pub(super) fn join_key(keys: &mut Vec<u8>, key: &[u8]) -> Result<(), Fault> {
    let length = keys.len() + usize::from(!keys.is_empty()) + key.len();
    if length > MAX_KEY_LEN {
        return Err((Reason::KeyTooLong { length }, 0));
    }
    if let Some(at) = key.iter().position(|b| *b == KEY_SEPARATOR) {
        return Err((Reason::KeySeparator { key: lossy(key) }, at));
    }
    if !keys.is_empty() {
        keys.push(KEY_SEPARATOR);
    }
    keys.extend_from_slice(key);
    Ok(())
}

fn check_path(path: &[u8], warnings: &mut Vec<Warning>) -> Result<(), Fault> {
    if path.len() >= MAX_TEXT_LEN {
        return Err((Reason::PathTooLong { length: path.len() }, MAX_TEXT_LEN - 1));
    }
    if path.first() != Some(&b'/') {
        return Err((Reason::PathRelative, 0));
    }
    let last = trim_slashes(path).rsplit(|b| *b == b'/').next().unwrap_or_default();
    if last.len() > MAX_NAME_LEN {
        return Err((Reason::NameTooLong { length: last.len() }, 0));
    }
    if path.windows(2).any(|two| two == b"..") {
        warnings.push(Warning::RelativePath);
    }
    if path.iter().any(|b| matches!(b, b'*' | b'?')) {
        warnings.push(Warning::Wildcard);
    }
    Ok(())
}

/// COMPAT: `//` stays as it is.
fn trim_slashes(path: &[u8]) -> &[u8] {
    let mut trimmed = path;
    while let [shorter @ .., b'/'] = trimmed {
        if path.len() <= 2 || shorter.is_empty() {
            break;
        }
        trimmed = shorter;
    }
    trimmed
}
