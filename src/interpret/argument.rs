//! What the arguments of system calls mean: the fields `a0` to `a3` of a SYSCALL record.
//!
//! Follows the calls' manual pages, section 2, but in the order in which the kernel takes arguments (clone(2) differs from
//! its wrapper). Calls and arguments that are not listed are shown as plain hexadecimal numbers. COMPAT: argument 2 of
//! readlinkat is a directory and that of fsmount a set of mount flags, as in the reference.

use super::enum_table::{self, EnumTable, FlagSet, push_flags, push_hex, push_overflow};
use super::mode;
use super::value::push_number;
use crate::tables::machine::{Family, Machine};
use crate::tables::{file, memory, process};
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

/// The arguments 0 to 3 of a call.
pub(super) type Arguments = [Argument; 4];

/// Nothing is known about this call's arguments.
pub(super) static NUMBERS: Arguments = [Number; 4];

/// The meanings of the arguments of the call `name` of `machine`.
///
/// KERNEL: on s390, clone(2) takes the stack before the flags (CONFIG_CLONE_BACKWARDS2), and mmap(2) a structure with all
/// arguments (arch/s390/kernel/syscall.c).
pub(super) fn of_call(machine: Machine, name: &str) -> &'static Arguments {
    static CLONE_BACKWARDS: Arguments = [Number, CloneFlags, Number, Number];
    match (machine.family(), name) {
        (Some(Family::S390), "clone") => return &CLONE_BACKWARDS,
        (Some(Family::S390), "mmap") => return &NUMBERS,
        _ => {}
    }
    CALLS.binary_search_by_key(&name, |row| row.0).map_or(&NUMBERS, |row| &CALLS[row].1)
}

const SIGNAL: Argument = EnumTable(&enum_table::SIGNAL_ARGUMENT);
const MESSAGE: Argument = Flags(&enum_table::MESSAGE);
const XATTR: Argument = Flags(&enum_table::XATTR);
const ACCESS: Argument = Flags(&enum_table::ACCESS);
const RLIMIT: Argument = EnumTable(&enum_table::RLIMIT);

/// Sorted by name.
#[rustfmt::skip]
static CALLS: &[(&str, Arguments)] = &[
    ("access", [Number, ACCESS, Number, Number]),
    ("bpf", [EnumTable(&enum_table::BPF), Number, Number, Number]),
    ("chmod", [Number, ShortMode, Number, Number]),
    ("chown", [Number, User, Group, Number]),
    ("chown32", [Number, User, Group, Number]),
    ("clock_settime", [EnumTable(&enum_table::CLOCK), Number, Number, Number]),
    ("clone", [CloneFlags, Number, Number, Number]),
    ("clone2", [CloneFlags, Number, Number, Number]),
    ("creat", [Number, ShortMode, Number, Number]),
    ("epoll_ctl", [Number, EnumTable(&enum_table::EPOLL), Number, Number]),
    ("exit", [ExitStatus, Number, Number, Number]),
    ("exit_group", [ExitStatus, Number, Number, Number]),
    ("faccessat", [Directory, Number, ACCESS, Flags(&enum_table::ACCESS_FLAGS)]),
    ("faccessat2", [Directory, Number, ACCESS, Flags(&enum_table::ACCESS_FLAGS)]),
    ("fchmod", [Number, ShortMode, Number, Number]),
    ("fchmodat", [Directory, Number, ShortMode, Number]),
    ("fchownat", [Directory, Number, Number, Number]),
    ("fcntl", [Number, EnumTable(&enum_table::FCNTL), FcntlOperand, Number]),
    ("fcntl64", [Number, EnumTable(&enum_table::FCNTL), FcntlOperand, Number]),
    ("file_getattr", [Directory, Number, Number, Number]),
    ("file_setattr", [Directory, Number, Number, Number]),
    ("fsconfig", [Number, EnumTable(&enum_table::FSCONFIG), Number, Number]),
    ("fsmount", [Number, One("FSMOUNT_CLOEXEC"), Flags(&enum_table::MOUNT), Number]),
    ("fsopen", [Number, One("FSOPEN_CLOEXEC"), Number, Number]),
    ("futimensat", [Directory, Number, Number, Number]),
    ("futimesat", [Directory, Number, Number, Number]),
    ("getrlimit", [RLIMIT, Number, Number, Number]),
    ("getsockopt", [Number, SocketLevel, SocketOption, Number]),
    ("getxattrat", [Directory, Number, XATTR, Number]),
    ("ioctl", [Number, Ioctl, Number, Number]),
    ("kill", [Number, SIGNAL, Number, Number]),
    ("linkat", [Directory, Number, Directory, Number]),
    ("listxattrat", [Directory, Number, XATTR, Number]),
    ("lseek", [Number, Number, EnumTable(&enum_table::WHENCE), Number]),
    ("mkdir", [Number, ShortMode, Number, Number]),
    ("mkdirat", [Directory, Number, ShortMode, Number]),
    ("mknod", [Number, Mode, Number, Number]),
    ("mknodat", [Directory, Number, ShortMode, Number]),
    ("mmap", [Number, Number, Flags(&enum_table::MAP_PROTECTION), Flags(&enum_table::MAP)]),
    ("mount", [Number, Number, Number, Flags(&enum_table::MOUNT)]),
    ("move_mount", [Number, Number, Directory, Number]),
    ("mprotect", [Number, Number, Flags(&enum_table::PROTECTION), Number]),
    ("mq_open", [Number, Flags(&enum_table::OPEN_ARGUMENT), CreationMode, Number]),
    ("name_to_handle_at", [Directory, Number, Number, Number]),
    ("newfstatat", [Directory, Number, Number, Number]),
    ("open", [Number, Flags(&enum_table::OPEN_ARGUMENT), CreationMode, Number]),
    ("open_by_handle_at", [Number, Number, Flags(&enum_table::OPEN_ARGUMENT), Number]),
    ("open_tree_attr", [Number, Number, Number, XATTR]),
    ("openat", [Directory, Number, Flags(&enum_table::OPEN_ARGUMENT), Number]),
    ("openat2", [Directory, Number, Number, Number]),
    ("personality", [EnumTable(&enum_table::PERSONALITY), Number, Number, Number]),
    ("prctl", [EnumTable(&enum_table::PRCTL), PrctlOperand, Number, Number]),
    ("ptrace", [EnumTable(&enum_table::PTRACE), Number, Number, Number]),
    ("readlinkat", [Directory, Number, Directory, Number]),
    ("recv", [Number, Number, Number, MESSAGE]),
    ("recvfrom", [Number, Number, Number, MESSAGE]),
    ("recvmmsg", [Number, Number, Number, MESSAGE]),
    ("recvmsg", [Number, Number, MESSAGE, Number]),
    ("removexattrat", [Directory, Number, XATTR, Number]),
    ("renameat", [Directory, Number, Directory, Number]),
    ("renameat2", [Directory, Number, Directory, Number]),
    ("rt_sigaction", [SIGNAL, Number, Number, Number]),
    ("sched_setscheduler", [Number, EnumTable(&enum_table::SCHEDULER), Number, Number]),
    ("send", [Number, Number, Number, MESSAGE]),
    ("sendmmsg", [Number, Number, Number, MESSAGE]),
    ("sendmsg", [Number, Number, MESSAGE, Number]),
    ("sendto", [Number, Number, Number, MESSAGE]),
    ("setfsgid", [Group, Number, Number, Number]),
    ("setfsuid", [User, Number, Number, Number]),
    ("setgid", [Group, Number, Number, Number]),
    ("setns", [Number, CloneFlags, Number, Number]),
    ("setregid", [Group, Group, Number, Number]),
    ("setresgid", [Group, Group, Group, Number]),
    ("setresuid", [User, User, User, Number]),
    ("setreuid", [User, User, Number, Number]),
    ("setrlimit", [RLIMIT, Number, Number, Number]),
    ("setsockopt", [Number, SocketLevel, SocketOption, Number]),
    ("setuid", [User, Number, Number, Number]),
    ("setxattrat", [Directory, Number, XATTR, Number]),
    ("shmget", [Number, Number, SharedMemory, Number]),
    ("socket", [EnumTable(&enum_table::SOCKET_FAMILY), EnumTable(&enum_table::SOCKET_TYPE), SocketProtocol, Number]),
    ("socketcall", [EnumTable(&enum_table::SOCKET_CALL), Number, Number, Number]),
    ("tgkill", [Number, Number, SIGNAL, Number]),
    ("tkill", [Number, SIGNAL, Number, Number]),
    ("umount2", [Number, Flags(&enum_table::UMOUNT), Number, Number]),
    ("unlinkat", [Directory, Number, Number, Number]),
    ("unshare", [CloneFlags, Number, Number, Number]),
    ("utimensat", [Directory, Number, Number, Number]),
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
        assert!(matches!(of_call("openat"), [Directory, Number, Flags(_), Number]));
        assert!(matches!(of_call("opena"), [Number, Number, Number, Number]));
        assert!(matches!(of_call("fchmodat2"), [Number, Number, Number, Number]));
    }

    #[test]
    fn s390_takes_some_arguments_otherwise() {
        assert!(matches!(of_call(Machine::S390x, "clone"), [Number, CloneFlags, Number, Number]));
        assert!(matches!(of_call(Machine::Ppc64le, "clone"), [CloneFlags, Number, Number, Number]));
        assert!(matches!(of_call(Machine::S390, "mmap"), [Number, Number, Number, Number]));
    }
}
