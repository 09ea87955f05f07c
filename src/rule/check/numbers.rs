//! Numbers of a line: those that are read as others than are written, and those of -S that are of no call.

use super::super::command::numbers;
use super::super::model::{FieldId, List, Rule, SyscallMask, Value};
use super::super::number;
use super::super::parse::first_call;
use super::codes::{self, Level};
use super::finding::{Finding, Span, finding};
use super::kernel;
use super::planned::{Planned, Target, machine_of};
use crate::tables::machine::Machine;
use crate::tables::syscall;
use crate::text::escape::lossy;

/// The settings of a line.
pub(super) fn of_settings(planned: &Planned, out: &mut Vec<Finding>) {
    for (place, word) in numbers(&planned.line) {
        partial_number(planned.place(place), word, number::unsigned(word, 0).0 as u32, out);
    }
}

/// The fields and calls of a line's rule.
pub(super) fn of_rule(planned: &Planned, rule: &Rule, out: &mut Vec<Finding>) {
    partial_fields(planned, rule, out);
    for call in calls(planned, None) {
        partial_number(call.span, call.word, call.number, out);
    }
}

/// The number of an error without its minus is what calls return that succeed.
/// COMPAT: of two fields any word is a number, which is 0 then.
fn partial_fields(planned: &Planned, rule: &Rule, out: &mut Vec<Finding>) {
    for (place, field) in rule.fields.iter().enumerate() {
        let (Value::Number(number), span) = (&field.value, planned.field(place)) else { continue };
        let word = planned.line.text.get(span.bytes.0..span.bytes.1).unwrap_or_default();
        let value = word.rsplit(|b| b"=<>&".contains(b)).next().unwrap_or_default();
        let digits = value.strip_prefix(b"-").unwrap_or(value);
        let help = match field.id {
            // Of an arch the digits are hexadecimal, and a perm has none.
            FieldId::ARCH | FieldId::PERM => continue,
            FieldId::SADDR_FAM if value != b"unset" => "inet is 2, inet6 is 10, local is 1",
            FieldId::SESSIONID if value != b"unset" => ALONE,
            FieldId::EXIT if digits == value => "a failed call returns the number below nought: -EACCES",
            _ if digits.first().is_some_and(u8::is_ascii_digit) => ALONE,
            _ => continue,
        };
        // Modes and flags of a call are written in octal.
        if !is_as_written(value, *number, field.id.argument().is_some()) {
            let message = format!("{} is taken for the number {}", lossy(value), *number as i32);
            out.push(finding(&codes::LITERAL, span, message, help));
        }
    }
}

const ALONE: &str = "write the number alone";

fn partial_number(span: Span, word: &[u8], number: u32, out: &mut Vec<Finding>) {
    if !is_as_written(word, number, false) {
        let message = format!("{} is taken for the number {number}", lossy(word));
        out.push(finding(&codes::LITERAL, span, message, ALONE));
    }
}

/// Whether a word that is read as this number is it to people, too. COMPAT: the digits that it begins with count, in octal after a 0, and of
/// those what there is room for.
fn is_as_written(word: &[u8], number: u32, takes_octal: bool) -> bool {
    let base = match word.strip_prefix(b"-").unwrap_or(word) {
        [b'0', b'x' | b'X', digits @ ..] if !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit) => 16,
        [b'0', digits @ ..] if takes_octal && digits.iter().all(|b| matches!(b, b'0'..=b'7')) => 8,
        digits if digits.iter().all(u8::is_ascii_digit) => 10,
        _ => return false,
    };
    [u64::from(number), number as i32 as u64].contains(&number::unsigned(word, base).0)
}

/// KERNEL: the classes of include/uapi/linux/audit.h, the first of which is the highest bit of a mask.
const CLASSES: &str = "dir_write dir_write_32 chattr chattr_32 read read_32 write write_32 signal signal_32";

/// A call of -S, or an operation.
pub(super) struct Call<'p> {
    pub(super) span: Span,
    word: &'p [u8],
    pub(super) number: u32,
    /// Given as a number.
    is_number: bool,
}

/// The calls of -S that are known, or that are numbers.
pub(super) fn calls<'p>(planned: &'p Planned, machine: Option<Machine>) -> impl Iterator<Item = Call<'p>> {
    let places = planned.plan.iter().flat_map(|plan| &plan.places.syscalls);
    places.flat_map(move |place| {
        let span = planned.place(*place);
        let words = planned.line.text.get(span.bytes.0..span.bytes.1).unwrap_or_default();
        words.split(|b| *b == b',').filter_map(move |word| {
            let is_number = word.first()?.is_ascii_digit();
            let named = || machine.and_then(|machine| syscall::number(machine, word));
            let number = if is_number { Some(number::unsigned(word, 0).0 as u32) } else { named() };
            Some(Call { span, word, number: number?, is_number })
        })
    })
}

/// The machine whose calls -S names, be they the operations of io_uring.
pub(super) fn machine_of_calls(rule: &Rule, native: Option<Machine>) -> Option<Machine> {
    if rule.list == List::IO_URING { Some(Machine::IoUring) } else { machine_of(rule, native) }
}

/// Numbers of -S that are of no call. A newer kernel than the tables may have calls of higher numbers.
pub(super) fn no_calls(planned: &Planned, rule: &Rule, target: &Target, out: &mut Vec<Finding>) {
    let is_known = |machine: &Machine| !syscall::is_left_out(*machine) && first_call(*machine) == 0;
    let machine = machine_of_calls(rule, target.host.machine()).filter(is_known);
    for Call { span, number, .. } in calls(planned, machine).filter(|call| call.is_number) {
        let unknown = machine.filter(|machine| match machine {
            Machine::IoUring => !kernel::has_operation(number),
            machine => syscall::name(*machine, number).is_none(),
        });
        if (SyscallMask::FIRST_CLASS..SyscallMask::END).contains(&number) {
            let class = CLASSES.split(' ').nth((SyscallMask::END - 1 - number) as usize);
            let taken =
                class.map_or_else(|| "drops it".to_owned(), |class| format!("takes it for all of its class {class}"));
            let message = format!("{number} is no call: the kernel {taken}");
            out.push(finding(&codes::CALL_CLASS, span, message, "name the calls"));
        } else if let Some(machine) = unknown {
            let message = match machine {
                Machine::IoUring => format!("io_uring has no operation {number} that is known"),
                _ => format!("{} has no call {number} that is known", machine.name()),
            };
            let mut found = finding(&codes::UNKNOWN_SYSCALL, span, message, "name the calls");
            found.level = Level::Warning;
            out.push(found);
        }
    }
}
