//! One rule growing word by word: -a, -w, -S, -F, -C, -k and -p, from a command line or a rules file alike.
//!
//! The words work from left to right and what one means may depend on those before it: `arch` decides whose system
//! calls -S names, -S forbids a later `arch`, `perm` adds system calls once an `arch` is known. See auditctl(8).

pub(super) mod compare;
mod field;
mod operator;
mod syscalls;

pub(super) use syscalls::first_call;

use operator::find_operator;

use super::error::{MAX_NAME_LEN, MAX_TEXT_LEN, ParseError, Reason};
use super::model::{Action, FieldId, List, Operator, Rule, RuleField, SyscallMask, USABLE_FIELDS, Value};
use crate::abi::rule::{KEY_SEPARATOR, MAX_FIELDS, MAX_KEY_LEN};
use crate::tables::machine::Machine;
use crate::tables::rule::{PERMISSIONS, Permission};
use crate::text::escape::lossy;

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
    /// Where the kernel finds the directory that a rule names so, as a path without links: links on the way are followed, one at the end
    /// where a slash follows. `None` when that is not known.
    fn place(&self, _directory: &[u8]) -> Option<Vec<u8>> {
        None
    }
    /// Whether it may not be seen what is there.
    fn is_hidden(&self, _path: &[u8]) -> bool {
        false
    }
    /// The file systems that are mounted, as far as that is known: the directory of each, and its type.
    fn mounts(&self) -> &[(Vec<u8>, Vec<u8>)] {
        &[]
    }
}

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
    /// Add it after the others of its list.
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
pub(super) struct RuleBuilder<'h> {
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

impl<'h> RuleBuilder<'h> {
    pub(super) fn new(host: &'h dyn Host) -> RuleBuilder<'h> {
        RuleBuilder {
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

    /// The fields so far, without keys.
    pub(super) fn fields(&self) -> &[RuleField] {
        &self.fields
    }

    /// Whether the kernel's filter has this feature.
    pub(super) fn kernel_has(&self, feature: u32) -> bool {
        self.host.features() & feature != 0
    }

    fn list(&self) -> Option<List> {
        self.target.map(|target| target.list)
    }

    fn push(&mut self, id: FieldId, operator: Operator, value: Value) -> Result<(), ParseError> {
        let word = || id.name().unwrap_or_default().to_owned();
        if self.fields.len() >= USABLE_FIELDS {
            return Err((Reason::TooManyFields { word: word() }, 0));
        }
        self.fields.push(RuleField { id, operator, value }).map_err(|_| (Reason::TooManyFields { word: word() }, 0))
    }

    /// The rule, whole. Keys become its last field; a rule that named no system calls is about all of them, except on
    /// the task list, which knows none.
    pub(super) fn finish(&mut self) -> Result<(Operation, Rule), ParseError> {
        self.push_keys()?;
        let Target { operation, list, action } = self.target.ok_or((Reason::NoList, 0))?;
        let all = list != List::TASK && !self.has_syscalls;
        let syscalls = if all { SyscallMask::ALL } else { std::mem::replace(&mut self.syscalls, SyscallMask::NONE) };
        let fields = std::mem::take(&mut self.fields);
        Ok((operation, Rule { list, prepend: operation == Operation::Prepend, action, syscalls, fields }))
    }

    fn push_keys(&mut self) -> Result<(), ParseError> {
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
    pub(super) fn key_option(&mut self, key: &[u8]) -> Result<(), ParseError> {
        if self.target.is_none() || !(self.has_syscalls || self.has_companion) {
            return Err((Reason::KeyWithoutRule, 0));
        }
        join_key(&mut self.keys, key)
    }

    /// -p: the permissions of a watch. Never adds system calls, unlike -F perm.
    pub(super) fn permissions(&mut self, word: &[u8]) -> Result<(), ParseError> {
        if self.target.is_none() {
            return Err((Reason::PermWithoutList, 0));
        }
        if word.len() > 4 {
            return Err((Reason::PermTooLong { word: lossy(word) }, 4));
        }
        let mut bits = 0;
        for (at, letter) in word.iter().enumerate() {
            bits |= permission(*letter).ok_or((Reason::PermLetter { letter: lossy(&[*letter]) }, at))?.bit;
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
    pub(super) fn watch(&mut self, operation: Operation, path: &[u8]) -> Result<(), ParseError> {
        let both_delete = |target: Target| operation == Operation::Delete && target.operation == Operation::Delete;
        if !self.target.is_none_or(both_delete) {
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

    /// -C: two fields compared with each other.
    pub(super) fn compare(&mut self, word: &[u8]) -> Result<(), ParseError> {
        if self.fields.len() >= USABLE_FIELDS {
            return Err((Reason::TooManyFields { word: lossy(word) }, 0));
        }
        let (operator, code) = compare::parse(word, self.list())?;
        self.push(FieldId::FIELD_COMPARE, operator, Value::Number(code))
    }
}

fn permission(letter: u8) -> Option<&'static Permission> {
    PERMISSIONS.iter().find(|class| class.letter == letter.to_ascii_lowercase())
}

/// Adds `key` to the keys of a rule or a request.
pub(super) fn join_key(keys: &mut Vec<u8>, key: &[u8]) -> Result<(), ParseError> {
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

fn check_path(path: &[u8], warnings: &mut Vec<Warning>) -> Result<(), ParseError> {
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
