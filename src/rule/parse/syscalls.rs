//! -S: the system calls, or io_uring operations, that a rule is about.

use super::super::error::{ParseError, Reason};
use super::super::model::{List, SyscallMask};
use super::super::number;
use super::{Operation, RuleBuilder, Warning};
use crate::tables::machine::Machine;
use crate::tables::rule::Permission;
use crate::tables::syscall;
use crate::text::escape::lossy;

impl RuleBuilder<'_> {
    /// -S: a name, a number, `all`, or several with commas between.
    pub(in crate::rule) fn syscalls(&mut self, word: &[u8]) -> Result<(), ParseError> {
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

    fn syscall_machine(&self) -> Result<Machine, ParseError> {
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

    /// Adds the system calls that `class` is about, so that the rule is looked at for no others. Without an arch it stays a
    /// rule for all calls, which the kernel checks at each of them.
    pub(super) fn insert_calls_of(&mut self, class: &Permission) -> Result<(), Reason> {
        let Some(machine) = self.arch.and_then(Machine::from_elf) else { return Ok(()) };
        let mut found = false;
        for number in class.calls.split(' ').filter_map(|name| syscall::number(machine, name)) {
            found |= self.syscalls.insert(mask_bit(machine, number));
        }
        self.has_syscalls |= found;
        if found { Ok(()) } else { Err(Reason::PermSyscalls) }
    }
}

fn syscalls_refused(list: List) -> Reason {
    match list {
        List::EXCLUDE => Reason::SyscallOnExclude,
        _ => Reason::SyscallOnList { list: list.name().unwrap_or_default() },
    }
}

/// Puts the calls of one -S word into `mask`. COMPAT: empty names between commas are passed over, and a word of commas
/// alone names no system call, but is no io_uring operation.
fn insert_syscalls(mask: &mut SyscallMask, word: &[u8], machine: Machine) -> Result<(), ParseError> {
    if !word.contains(&b',') {
        return insert_syscall(mask, word, machine).map_err(|reason| (reason, 0));
    }
    if machine == Machine::IoUring && word.iter().all(|b| *b == b',') {
        return Err((Reason::OperationUnknown { word: lossy(word) }, 0));
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
        _ => Reason::SyscallUnknown { word: lossy(name), machine },
    })
}

/// The bit of the mask for call `number`. The calls of a mips ABI count from a base beyond the end of the mask, so that
/// their bits count from it.
fn mask_bit(machine: Machine, number: u32) -> u32 {
    number.checked_sub(first_call(machine)).unwrap_or(number)
}

/// The number that bit 0 of a mask stands for on `machine`.
pub(in crate::rule) fn first_call(machine: Machine) -> u32 {
    match machine {
        Machine::MipsO32 | Machine::MipselO32 => 4000,
        Machine::MipsN64 | Machine::MipselN64 => 5000,
        Machine::MipsN32 | Machine::MipselN32 => 6000,
        _ => 0,
    }
}
