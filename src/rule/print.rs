//! Rules as `auditctl -l` shows them: words that, given to auditctl, make the same rule again.
//!
//! COMPAT, all of it on purpose, for scripts compare these lines: a rule that could be a watch is shown as one whatever
//! its action and operators; without an arch of its own a rule's calls are named by the arch of the rule before it;
//! numbers are signed but for inodes, and a0 to a3 are hexadecimal.

use super::model::{FieldId, List, Operator, Rule, RuleField, Value};
use super::parse::{compare, first_call};
use crate::abi::rule::{KEY_SEPARATOR, MASK_WORDS};
use crate::tables::machine::Machine;
use crate::tables::rule::{FILE_SYSTEMS, PERMISSIONS};
use crate::tables::{errno, record_type, syscall};
use crate::text::{self, number};

/// Bit of AUDIT_ARCH_* numbers for 64-bit machines.
const ARCH_64BIT: u32 = 0x8000_0000;

/// An argument of a system call in a rule, which interpretation may have a word for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Whose call, as far as the rule says.
    pub machine: Option<Machine>,
    /// Which call; 0 when the rule names none.
    pub syscall: u32,
    /// Which argument, counted from 0.
    pub number: u32,
    /// What it is compared with.
    pub value: u32,
    /// What the rule's a0 and a1 are compared with, as far as they came before; else 0.
    pub first_two: [u32; 2],
}

/// Gives an argument in words.
pub type Interpret<'a> = &'a dyn Fn(&Argument) -> Option<Vec<u8>>;

/// How rules are listed.
pub struct Listing<'a> {
    native: Option<Machine>,
    interpret: Option<Interpret<'a>>,
}

/// What is known of the rule being printed.
struct Printing<'r> {
    rule: &'r Rule,
    is_watch: bool,
    /// How many calls were named; many when it is all of them.
    calls: usize,
    /// Whose calls and errors are meant: the machine of the rule's arch, or else this one.
    machine: Option<Machine>,
    argument: Argument,
}

impl<'a> Listing<'a> {
    /// `native` names the calls and errors of rules that name no arch. With `interpret` the words of -i are used.
    pub fn new(native: Option<Machine>, interpret: Option<Interpret<'a>>) -> Listing<'a> {
        Listing { native, interpret }
    }

    /// Appends the line of one rule, newline included.
    pub fn print(&self, rule: &Rule, out: &mut Vec<u8>) {
        let argument = Argument { machine: None, syscall: 0, number: 0, value: 0, first_two: [0, 0] };
        let mut printing = Printing { rule, is_watch: is_watch(rule), calls: 0, machine: self.native, argument };
        if !printing.is_watch {
            self.print_head(&mut printing, out);
        }
        for field in rule.fields.iter().filter(|field| field.id != FieldId::ARCH) {
            self.print_field(field, &mut printing, out);
        }
        out.push(b'\n');
    }

    /// Action, list, arch and system calls.
    fn print_head(&self, printing: &mut Printing, out: &mut Vec<u8>) {
        let rule = printing.rule;
        out.extend_from_slice(b"-a ");
        push(out, or_null(rule.action.name()));
        out.push(b',');
        push(out, or_null(if rule.prepend { None } else { rule.list.name() }));
        for field in rule.fields.iter().filter(|field| field.id == FieldId::ARCH) {
            let Value::Number(elf) = field.value else { continue };
            printing.machine = Machine::from_elf(elf);
            printing.argument.machine = printing.machine;
            push_name(out, "arch", field.operator);
            match printing.machine {
                None => push_hex_upper(out, elf),
                Some(machine) if self.interpret.is_some() => push(out, machine.name()),
                Some(_) => push(out, if elf & ARCH_64BIT != 0 { "b64" } else { "b32" }),
            }
        }
        if rule.list.takes_syscalls() {
            self.print_syscalls(printing, out);
        }
    }

    fn print_syscalls(&self, printing: &mut Printing, out: &mut Vec<u8>) {
        let mask = &printing.rule.syscalls;
        if mask.is_full(MASK_WORDS - 1) {
            out.extend_from_slice(b" -S all");
            printing.calls = usize::MAX;
            return;
        }
        let is_uring = printing.rule.list == List::IO_URING;
        let machine = if is_uring { Some(Machine::IoUring) } else { printing.machine };
        for bit in mask.iter() {
            let number = bit + machine.map_or(0, first_call);
            push(out, if printing.calls == 0 { " -S " } else { "," });
            match machine.and_then(|machine| syscall::name(machine, number)) {
                Some(name) => push(out, name),
                None => number::push(out, u64::from(number)),
            }
            printing.calls += 1;
            printing.argument.syscall = number;
        }
    }

    fn print_field(&self, field: &RuleField, printing: &mut Printing, out: &mut Vec<u8>) {
        let operator = field.operator;
        let Some(name) = field.id.name() else {
            out.extend_from_slice(b" f");
            number::push(out, u64::from(field.id.0));
            push(out, or_null(operator.symbol()));
            if let Value::Number(value) = field.value {
                push_signed(out, value);
            }
            return;
        };
        match (field.id, &field.value) {
            (FieldId::KEY, Value::Text(keys)) => print_keys(keys, printing.is_watch, out),
            (FieldId::PATH | FieldId::DIR, Value::Text(path)) if printing.is_watch => {
                out.extend_from_slice(b"-w ");
                out.extend_from_slice(text::up_to(path, 0));
            }
            (FieldId::PERM, Value::Number(bits)) => print_perm(*bits, printing.is_watch, out),
            (FieldId::FIELD_COMPARE, Value::Number(code)) => print_compare(*code, operator, out),
            (_, Value::Text(text)) => {
                push_name(out, name, operator);
                out.extend_from_slice(text::up_to(text, 0));
            }
            (_, Value::Number(value)) => {
                push_name(out, name, operator);
                self.print_number(field.id, *value, printing, out);
            }
        }
    }

    fn print_number(&self, id: FieldId, value: u32, printing: &mut Printing, out: &mut Vec<u8>) {
        let signed = value as i32;
        let named = match id {
            FieldId::MSGTYPE => record_type::name(value),
            FieldId::FSTYPE => FILE_SYSTEMS.name(value),
            FieldId::AUID | FieldId::SESSIONID if signed == -1 && self.interpret.is_some() => Some("unset"),
            _ => None,
        };
        match (id, named) {
            (_, Some(name)) => push(out, name),
            (FieldId::INODE, None) => number::push(out, u64::from(value)),
            (FieldId::EXIT, None) => print_exit(signed, printing.machine, out),
            (_, None) => match id.argument() {
                Some(argument) => self.print_argument(argument, value, printing, out),
                None => push_signed(out, value),
            },
        }
    }

    fn print_argument(&self, argument: u32, value: u32, printing: &mut Printing, out: &mut Vec<u8>) {
        if let Some(place) = printing.argument.first_two.get_mut(argument as usize) {
            *place = value;
        }
        let Some(interpret) = self.interpret.filter(|_| printing.calls <= 1) else {
            return push_hex_upper(out, value);
        };
        let argument = Argument { number: argument, value, ..printing.argument };
        match interpret(&argument) {
            Some(words) => out.extend_from_slice(&words),
            None => {
                out.extend_from_slice(b"0x");
                number::push_hex(out, u64::from(value));
            }
        }
    }
}

/// A rule is shown as a watch when it has a perm, nothing beside it but path, dir and key, and is about all calls.
fn is_watch(rule: &Rule) -> bool {
    let watched = [FieldId::PERM, FieldId::KEY, FieldId::DIR, FieldId::PATH];
    rule.fields.iter().all(|field| watched.contains(&field.id))
        && rule.fields.iter().any(|field| field.id == FieldId::PERM)
        && (!rule.list.takes_syscalls() || rule.syscalls.is_full(MASK_WORDS - 1))
}

fn print_keys(keys: &[u8], is_watch: bool, out: &mut Vec<u8>) {
    for key in keys.split(|b| *b == KEY_SEPARATOR).filter(|key| !key.is_empty()) {
        push(out, if is_watch { " -k " } else { " -F key=" });
        out.extend_from_slice(text::up_to(key, 0));
    }
}

fn print_perm(bits: u32, is_watch: bool, out: &mut Vec<u8>) {
    push(out, if is_watch { " -p " } else { " -F perm=" });
    out.extend(PERMISSIONS.iter().filter(|class| bits & class.bit != 0).map(|class| class.letter));
}

fn print_compare(code: u32, operator: Operator, out: &mut Vec<u8>) {
    let Some((left, right)) = compare::pair(code) else { return };
    out.extend_from_slice(b" -C ");
    push(out, or_null(left.name()));
    push(out, or_null(operator.symbol()));
    push(out, or_null(right.name()));
}

fn print_exit(value: i32, machine: Option<Machine>, out: &mut Vec<u8>) {
    match errno::NAMES.name_on(value.unsigned_abs(), machine).filter(|_| value < 0) {
        Some(name) => {
            out.push(b'-');
            push(out, name);
        }
        None => number::push_signed(out, i64::from(value)),
    }
}

/// ` -F NAME OPERATOR`, without spaces around the operator.
fn push_name(out: &mut Vec<u8>, name: &str, operator: Operator) {
    out.extend_from_slice(b" -F ");
    push(out, name);
    push(out, or_null(operator.symbol()));
}

fn push(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

fn push_signed(out: &mut Vec<u8>, value: u32) {
    number::push_signed(out, i64::from(value as i32));
}

fn push_hex_upper(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(b"0x");
    let start = out.len();
    number::push_hex(out, u64::from(value));
    out[start..].make_ascii_uppercase();
}

fn or_null(name: Option<&'static str>) -> &'static str {
    name.unwrap_or("(null)")
}
