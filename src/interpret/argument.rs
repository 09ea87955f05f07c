//! What the arguments of system calls mean: the fields `a0` to `a3` of a SYSCALL record.
//!
//! Follows the calls' manual pages, section 2, but in the order in which the kernel takes arguments (clone(2) differs from
//! its wrapper). Calls and arguments that are not listed are shown as plain hexadecimal numbers. COMPAT: argument 2 of
//! readlinkat is a directory and that of fsmount a set of mount flags, as in the reference.

use super::enum_table::{self, EnumTable, FlagSet, push_flags, push_hex, push_overflow};
use super::mode;
use super::value::push_number;
use crate::tables::machine::{Family, Machine};
use crate::tables::{Table, file, memory, process, socket, syscall};
use crate::text::number;

/// The meaning of one argument.
#[derive(Clone, Copy)]
pub(super) enum Argument {
    /// A number and nothing more.
    Number,
    EnumTable(&'static EnumTable),
    Flags(&'static FlagSet),
    User,
    Group,
    /// A descriptor, or AT_FDCWD.
    Directory,
    CloneFlags,
    /// File type and mode.
    Mode,
    ShortMode,
    /// A mode that counts only if argument 1 has O_CREAT.
    CreationMode,
    ExitStatus,
    Ioctl,
    /// 1 is this word.
    One(&'static str),
    SocketProtocol,
    SocketLevel,
    /// An option of the level in argument 1.
    SocketOption,
    SharedMemory,
    /// Depends on the command in argument 1.
    FcntlOperand,
    /// Depends on the option in argument 0.
    PrctlOperand,
}

use Argument::*;

impl Argument {
    /// Whether its meaning depends on the arguments before it.
    pub(super) fn looks_back(&self) -> bool {
        matches!(self, CreationMode | SocketOption | FcntlOperand | PrctlOperand)
    }
}

/// The arguments of a call, up to the last that is more than a number.
pub(super) type Arguments = &'static [Argument];

/// Nothing is known about this call's arguments.
pub(super) const NUMBERS: Arguments = &[];

/// What the arguments mean of the call `name` of `machine`.
///
/// KERNEL: on s390, clone(2) takes the stack before the flags (CONFIG_CLONE_BACKWARDS2). There (arch/s390/kernel/syscall.c), on i386
/// and on arm (old_mmap in mm/mmap.c) mmap(2) takes a structure with all arguments.
pub(super) fn of_call(machine: Machine, name: &str) -> Arguments {
    const CLONE_BACKWARDS: Arguments = &[Number, CloneFlags];
    const MIPS_SOCKET: Arguments =
        &[EnumTable(&enum_table::SOCKET_FAMILY), EnumTable(&enum_table::MIPS_SOCKET_TYPE), SocketProtocol];
    match (machine.family(), name) {
        (Some(Family::S390), "clone") => return CLONE_BACKWARDS,
        (Some(Family::S390 | Family::Arm), "mmap") => return NUMBERS,
        (Some(Family::X86), "mmap") if machine == Machine::I386 => return NUMBERS,
        (Some(Family::Mips), "socket") => return MIPS_SOCKET,
        _ => {}
    }
    CALLS.binary_search_by_key(&name, |row| row.0).map_or(NUMBERS, |row| CALLS[row].1)
}

const SIGNAL: Argument = EnumTable(&enum_table::SIGNAL_ARGUMENT);
const MESSAGE: Argument = Flags(&enum_table::MESSAGE);
const XATTR: Argument = Flags(&enum_table::XATTR);
const ACCESS: Argument = Flags(&enum_table::ACCESS);
const RLIMIT: Argument = EnumTable(&enum_table::RLIMIT);

/// Sorted by name.
#[rustfmt::skip]
static CALLS: &[(&str, Arguments)] = &[
    ("access", &[Number, ACCESS]),
    ("bpf", &[EnumTable(&enum_table::BPF)]),
    ("chmod", &[Number, ShortMode]),
    ("chown", &[Number, User, Group]),
    ("chown32", &[Number, User, Group]),
    ("clock_settime", &[EnumTable(&enum_table::CLOCK)]),
    ("clone", &[CloneFlags]),
    ("clone2", &[CloneFlags]),
    ("creat", &[Number, ShortMode]),
    ("epoll_ctl", &[Number, EnumTable(&enum_table::EPOLL)]),
    ("exit", &[ExitStatus]),
    ("exit_group", &[ExitStatus]),
    ("faccessat", &[Directory, Number, ACCESS, Flags(&enum_table::ACCESS_FLAGS)]),
    ("faccessat2", &[Directory, Number, ACCESS, Flags(&enum_table::ACCESS_FLAGS)]),
    ("fchmod", &[Number, ShortMode]),
    ("fchmodat", &[Directory, Number, ShortMode]),
    ("fchownat", &[Directory]),
    ("fcntl", &[Number, EnumTable(&enum_table::FCNTL), FcntlOperand]),
    ("fcntl64", &[Number, EnumTable(&enum_table::FCNTL), FcntlOperand]),
    ("file_getattr", &[Directory]),
    ("file_setattr", &[Directory]),
    ("fsconfig", &[Number, EnumTable(&enum_table::FSCONFIG)]),
    ("fsmount", &[Number, One("FSMOUNT_CLOEXEC"), Flags(&enum_table::MOUNT)]),
    ("fsopen", &[Number, One("FSOPEN_CLOEXEC")]),
    ("futimensat", &[Directory]),
    ("futimesat", &[Directory]),
    ("getrlimit", &[RLIMIT]),
    ("getsockopt", &[Number, SocketLevel, SocketOption]),
    ("getxattrat", &[Directory, Number, XATTR]),
    ("ioctl", &[Number, Ioctl]),
    ("kill", &[Number, SIGNAL]),
    ("linkat", &[Directory, Number, Directory]),
    ("listxattrat", &[Directory, Number, XATTR]),
    ("lseek", &[Number, Number, EnumTable(&enum_table::WHENCE)]),
    ("mkdir", &[Number, ShortMode]),
    ("mkdirat", &[Directory, Number, ShortMode]),
    ("mknod", &[Number, Mode]),
    ("mknodat", &[Directory, Number, ShortMode]),
    ("mmap", &[Number, Number, Flags(&enum_table::MAP_PROTECTION), Flags(&enum_table::MAP)]),
    ("mount", &[Number, Number, Number, Flags(&enum_table::MOUNT)]),
    ("move_mount", &[Number, Number, Directory]),
    ("mprotect", &[Number, Number, Flags(&enum_table::PROTECTION)]),
    ("mq_open", &[Number, Flags(&enum_table::OPEN_ARGUMENT), CreationMode]),
    ("name_to_handle_at", &[Directory]),
    ("newfstatat", &[Directory]),
    ("open", &[Number, Flags(&enum_table::OPEN_ARGUMENT), CreationMode]),
    ("open_by_handle_at", &[Number, Number, Flags(&enum_table::OPEN_ARGUMENT)]),
    ("open_tree_attr", &[Number, Number, Number, XATTR]),
    ("openat", &[Directory, Number, Flags(&enum_table::OPEN_ARGUMENT)]),
    ("openat2", &[Directory]),
    ("personality", &[EnumTable(&enum_table::PERSONALITY)]),
    ("prctl", &[EnumTable(&enum_table::PRCTL), PrctlOperand]),
    ("ptrace", &[EnumTable(&enum_table::PTRACE)]),
    ("readlinkat", &[Directory, Number, Directory]),
    ("recv", &[Number, Number, Number, MESSAGE]),
    ("recvfrom", &[Number, Number, Number, MESSAGE]),
    ("recvmmsg", &[Number, Number, Number, MESSAGE]),
    ("recvmsg", &[Number, Number, MESSAGE]),
    ("removexattrat", &[Directory, Number, XATTR]),
    ("renameat", &[Directory, Number, Directory]),
    ("renameat2", &[Directory, Number, Directory]),
    ("rt_sigaction", &[SIGNAL]),
    ("sched_setscheduler", &[Number, EnumTable(&enum_table::SCHEDULER)]),
    ("send", &[Number, Number, Number, MESSAGE]),
    ("sendmmsg", &[Number, Number, Number, MESSAGE]),
    ("sendmsg", &[Number, Number, MESSAGE]),
    ("sendto", &[Number, Number, Number, MESSAGE]),
    ("setfsgid", &[Group]),
    ("setfsuid", &[User]),
    ("setgid", &[Group]),
    ("setns", &[Number, CloneFlags]),
    ("setregid", &[Group, Group]),
    ("setresgid", &[Group, Group, Group]),
    ("setresuid", &[User, User, User]),
    ("setreuid", &[User, User]),
    ("setrlimit", &[RLIMIT]),
    ("setsockopt", &[Number, SocketLevel, SocketOption]),
    ("setuid", &[User]),
    ("setxattrat", &[Directory, Number, XATTR]),
    ("shmget", &[Number, Number, SharedMemory]),
    ("socket", &[EnumTable(&enum_table::SOCKET_FAMILY), EnumTable(&enum_table::SOCKET_TYPE), SocketProtocol]),
    ("socketcall", &[EnumTable(&enum_table::SOCKET_CALL)]),
    ("tgkill", &[Number, Number, SIGNAL]),
    ("tkill", &[Number, SIGNAL]),
    ("umount2", &[Number, Flags(&enum_table::UMOUNT)]),
    ("unlinkat", &[Directory]),
    ("unshare", &[CloneFlags]),
    ("utimensat", &[Directory]),
];

pub(super) fn push_directory(value: &[u8], out: &mut Vec<u8>) {
    const AT_FDCWD: u32 = -100i32 as u32;
    match number::parse_prefix(value, 16).map(|fd| fd as u32) {
        Some(AT_FDCWD) => out.extend_from_slice(b"AT_FDCWD"),
        Some(_) => push_hex(value, out),
        None => push_overflow(value, out),
    }
}

/// Flags, and in the lowest byte the signal that is sent at the child's end. COMPAT: only 32 bits are looked at.
pub(super) fn push_clone_flags(value: &[u8], machine: Option<Machine>, out: &mut Vec<u8>) {
    let Some(flags) = number::parse_prefix(value, 16).map(|n| n as u32) else { return push_overflow(value, out) };
    let start = out.len();
    push_flags(process::CLONE_FLAGS.flags_on(flags, machine), start, out);
    let signal = Some(flags & 0xff).filter(|signal| *signal != 0);
    match signal.and_then(|signal| process::SIGNALS.name_on(signal, machine)) {
        Some(name) if out.len() > start => {
            out.push(b'|');
            out.extend_from_slice(name.as_bytes());
        }
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None if out.len() == start => push_number(flags, out),
        None => {}
    }
}

pub(super) fn push_exit_status(value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(match value {
        b"0" => b"EXIT_SUCCESS",
        b"1" => b"EXIT_FAILURE",
        _ => b"UNKNOWN",
    });
}

pub(super) fn push_prctl(option: u64, machine: Option<Machine>, value: &[u8], out: &mut Vec<u8>) {
    const PR_SET_PDEATHSIG: u64 = 1;
    const PR_CAPBSET_READ: u64 = 23;
    const PR_CAPBSET_DROP: u64 = 24;
    match option {
        PR_SET_PDEATHSIG => enum_table::SIGNAL_ARGUMENT.push(value, machine, out),
        PR_CAPBSET_READ | PR_CAPBSET_DROP => enum_table::CAPABILITY_ARGUMENT.push(value, machine, out),
        _ => push_hex(value, out),
    }
}

/// Whether `level` of a socket option means the socket itself.
pub(super) fn is_socket_level(level: u64, machine: Option<Machine>) -> bool {
    let is_mips = machine.and_then(Machine::family) == Some(Family::Mips);
    level == if is_mips { 0xffff } else { 1 }
}

/// Whether `flags` of open(2) have O_CREAT.
pub(super) fn creates(flags: u64, machine: Option<Machine>) -> bool {
    file::OPEN_FLAGS.flags_on(flags as u32, machine).any(|flag| flag == "O_CREAT")
}

pub(super) fn push_socket_option(level: u64, machine: Option<Machine>, value: &[u8], out: &mut Vec<u8>) {
    let options = match level {
        _ if is_socket_level(level, machine) => &enum_table::SOCKET_OPTION,
        0 => &enum_table::IP_OPTION,
        6 => &enum_table::TCP_OPTION,
        17 => &enum_table::UDP_OPTION,
        41 => &enum_table::IPV6_OPTION,
        263 => &enum_table::PACKET_OPTION,
        _ => return push_hex(value, out),
    };
    options.push(value, machine, out);
}

pub(super) fn push_shared_memory(value: &[u8], machine: Option<Machine>, out: &mut Vec<u8>) {
    let Some(flags) = number::parse_prefix(value, 16).map(|n| n as u32) else { return push_overflow(value, out) };
    let start = out.len();
    push_flags(memory::IPC_FLAGS.flags_on(flags & 0o3000, machine), start, out);
    push_flags(memory::SHM_MODES.flags_on(flags & 0o14000, machine), start, out);
    if out.len() > start {
        out.push(b'|');
    }
    mode::push_short(flags & 0o777, out);
}

/// A system call that was looked up.
#[derive(Clone, Copy)]
pub(super) struct Call {
    pub(super) machine: Machine,
    pub(super) number: u32,
    name: Option<&'static str>,
    pub(super) arguments: Arguments,
    /// Whether what one of its arguments means depends on those before it.
    pub(super) looks_back: bool,
}

impl Call {
    pub(super) fn of(machine: Machine, number: u32) -> Call {
        let name = syscall::name(machine, number);
        let arguments = name.map_or(NUMBERS, |name| of_call(machine, name));
        let looks_back = arguments.iter().any(Argument::looks_back);
        Call { machine, number, name, arguments, looks_back }
    }

    pub(super) fn name(&self) -> Option<&'static str> {
        self.name
    }

    /// Whether its first argument says which call is meant.
    pub(super) fn stands_for_many(&self) -> bool {
        self.name.is_some_and(|name| calls_of(name).is_some())
    }
}

/// The calls that a call stands for.
pub(super) fn calls_of(name: &str) -> Option<&'static Table> {
    match name {
        "socketcall" => Some(&socket::CALLS),
        "ipc" => Some(&memory::IPC_CALLS),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_sorted_for_the_search() {
        assert!(CALLS.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn a_call_is_found_by_its_whole_name_only() {
        let of_call = |name| of_call(Machine::X86_64, name);
        assert!(matches!(of_call("openat"), [Directory, Number, Flags(_)]));
        assert!(matches!(of_call("opena"), []));
        assert!(matches!(of_call("fchmodat2"), []));
    }

    #[test]
    fn some_machines_take_arguments_otherwise() {
        assert!(matches!(of_call(Machine::S390x, "clone"), [Number, CloneFlags]));
        assert!(matches!(of_call(Machine::Ppc64le, "clone"), [CloneFlags]));
        for machine in [Machine::S390, Machine::I386, Machine::Arm] {
            assert!(matches!(of_call(machine, "mmap"), []));
        }
        for machine in [Machine::X86_64, Machine::Aarch64, Machine::Ppc, Machine::MipsO32] {
            assert!(!of_call(machine, "mmap").is_empty());
        }
    }
}
