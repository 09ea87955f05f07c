//! -F: one field of a rule, `NAME OPERATOR VALUE`.

use super::super::error::{LAST_FAMILY, MAX_TEXT_LEN, ParseError, Reason};
use super::super::model::{FieldId, List, Operator, USABLE_FIELDS, Value};
use super::super::number;
use super::operator::find_operator;
use super::{RuleBuilder, join_key, permission};
use crate::abi::features::{EXCLUDE_EXTEND, EXECUTABLE_PATH, FILTER_FS, SESSIONID_FILTER};
use crate::abi::rule::MAX_KEY_LEN;
use crate::tables::machine::Machine;
use crate::tables::rule::{FILE_SYSTEMS, FILE_TYPES};
use crate::tables::{errno, record_type};
use crate::text::escape::lossy;

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

    fn bad_value(&self, reason: Reason) -> ParseError {
        (reason, self.value_at)
    }

    fn too_big(&self, most: u32) -> ParseError {
        self.bad_value(Reason::NumberTooBig { field: self.field(), most })
    }

    fn needs(&self, holds: bool, reason: Reason) -> Result<(), ParseError> {
        if holds { Ok(()) } else { Err((reason, 0)) }
    }

    fn needs_equality(&self) -> Result<(), ParseError> {
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

impl RuleBuilder<'_> {
    /// -F: a field with an operator and a value.
    pub(in crate::rule) fn field(&mut self, word: &[u8]) -> Result<(), ParseError> {
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
    fn check_kernel(&self, id: FieldId, pair: &Pair) -> Result<(), ParseError> {
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

    fn value(&mut self, id: FieldId, pair: &Pair) -> Result<Value, ParseError> {
        if id.is_text() {
            return self.text(id, pair);
        }
        if !number::has_32_bits(pair.value) {
            return Err(pair.too_big(u32::MAX));
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

    fn needs_exit_list(&self, pair: &Pair) -> Result<(), ParseError> {
        pair.needs(self.list() == Some(List::EXIT), Reason::ExitListOnly { field: pair.field() })
    }

    fn text(&mut self, id: FieldId, pair: &Pair) -> Result<Value, ParseError> {
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

    fn user(&self, pair: &Pair) -> Result<u32, ParseError> {
        match pair.signed_number() {
            Some(number) => Ok(number),
            None if pair.value == b"unset" => Ok(u32::MAX),
            None => self
                .host
                .user(pair.value)
                .ok_or_else(|| pair.bad_value(Reason::UserUnknown { name: lossy(pair.value) })),
        }
    }

    fn group(&self, pair: &Pair) -> Result<u32, ParseError> {
        if pair.starts_with_digit() {
            return Ok(number::signed(pair.value, 0) as u32);
        }
        if pair.value == b"unset" {
            return Ok(u32::MAX);
        }
        let group = self.host.group(pair.value);
        group.ok_or_else(|| pair.bad_value(Reason::GroupUnknown { name: lossy(pair.value) }))
    }

    fn exit(&self, pair: &Pair) -> Result<u32, ParseError> {
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
        let machine = self.arch.map_or_else(|| self.host.machine(), Machine::from_elf);
        let number = errno::NAMES
            .number_on(name, machine)
            .ok_or_else(|| pair.bad_value(Reason::ErrnoUnknown { field: pair.field() }))?;
        Ok(if negative { number.wrapping_neg() } else { number })
    }

    fn msgtype(&self, pair: &Pair) -> Result<u32, ParseError> {
        let fits = matches!(self.list(), Some(List::EXCLUDE | List::USER));
        pair.needs(fits, Reason::MsgtypeList)?;
        if pair.starts_with_digit() {
            return Ok(number::signed(pair.value, 0) as u32);
        }
        message_type(pair.value).ok_or_else(|| pair.bad_value(Reason::MsgtypeUnknown { field: pair.field() }))
    }

    fn arch(&mut self, pair: &Pair) -> Result<u32, ParseError> {
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

    fn perm(&mut self, pair: &Pair) -> Result<u32, ParseError> {
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

    fn filetype(&self, pair: &Pair) -> Result<u32, ParseError> {
        self.needs_exit_list(pair)?;
        let kind = FILE_TYPES.number_ignoring_case(pair.value);
        kind.ok_or_else(|| pair.bad_value(Reason::FiletypeUnknown { field: pair.field() }))
    }

    fn fstype(&mut self, pair: &Pair) -> Result<u32, ParseError> {
        pair.needs(self.list() == Some(List::FILESYSTEM), Reason::FieldList { field: pair.field() })?;
        pair.needs_equality()?;
        // A negative number is how listings show the upper half.
        let number = pair.signed_number().or_else(|| FILE_SYSTEMS.number_ignoring_case(pair.value));
        self.has_companion = true;
        let number = number.filter(|number| *number != u32::MAX);
        number.ok_or_else(|| pair.bad_value(Reason::FstypeUnknown { field: pair.field() }))
    }

    fn session(&self, pair: &Pair) -> Result<u32, ParseError> {
        let known = self.kernel_has(SESSIONID_FILTER);
        pair.needs(known, Reason::FieldNotInKernel { field: pair.field() })?;
        let fits = matches!(self.list(), Some(List::EXCLUDE | List::USER | List::EXIT));
        pair.needs(fits, Reason::SessionList { field: pair.field() })?;
        // COMPAT: any other word counts as session 0.
        let other = if pair.value == b"unset" { u32::MAX } else { 0 };
        Ok(pair.signed_number().unwrap_or(other))
    }

    /// The fields that are just a number.
    fn plain_number(&self, id: FieldId, pair: &Pair) -> Result<u32, ParseError> {
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

/// COMPAT: what the library this follows lets an exclude list look at whatever the kernel is.
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
fn address_family(pair: &Pair) -> Result<u32, ParseError> {
    let family = number::unsigned(pair.value, 0).0 as u32;
    if family <= LAST_FAMILY { Ok(family) } else { Err(pair.too_big(LAST_FAMILY)) }
}

/// A record type by its name; `UNKNOWN[n]` names any.
fn message_type(name: &[u8]) -> Option<u32> {
    if let Some(number) = record_type::number(name) {
        return Some(number);
    }
    let inner = name.strip_prefix(b"UNKNOWN[")?.split(|b| *b == b']').next()?;
    u32::try_from(number::signed(inner, 10)).ok().filter(|number| *number > 0)
}
