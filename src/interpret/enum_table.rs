//! Numbers that stand for one of a list, and numbers whose bits stand for flags: how each list is read and shown.

use crate::tables::machine::Machine;
use crate::tables::{Table, file, memory, packet, process, rule, socket, socket_option};
use crate::text::number;

/// A number of which a table knows the meaning.
pub(super) struct EnumTable {
    table: &'static Table,
    pub(super) base: u32,
    /// The bits that are looked up.
    mask: u32,
    /// Numbers from here on are unknown even if the table has them.
    end: u32,
    /// A bit beside the number, and what is added to the name if it is set.
    extra: (u32, &'static str),
    /// What a number without a name is called.
    unknown: &'static str,
    echo: Echo,
}

/// How an unknown number is shown between parentheses.
enum Echo {
    /// As it was written.
    Written,
    /// As it was written, with `0x` in front.
    Hex,
    /// In decimal.
    Decimal,
}

const fn decimal(table: &'static Table, unknown: &'static str) -> EnumTable {
    EnumTable { table, base: 10, mask: u32::MAX, end: u32::MAX, extra: (0, ""), unknown, echo: Echo::Written }
}

const fn hex(table: &'static Table, unknown: &'static str) -> EnumTable {
    EnumTable { base: 16, echo: Echo::Hex, ..decimal(table, unknown) }
}

/// Hexadecimal, and unknown numbers are shown as they are written.
const fn bare(table: &'static Table, unknown: &'static str) -> EnumTable {
    EnumTable { echo: Echo::Written, ..hex(table, unknown) }
}

/// A command or operation: hexadecimal, and unknown numbers are shown in decimal.
const fn command(table: &'static Table, unknown: &'static str) -> EnumTable {
    EnumTable { echo: Echo::Decimal, ..hex(table, unknown) }
}

pub(super) static SIGNAL: EnumTable = decimal(&process::SIGNALS, "unknown-signal");
pub(super) static CAPABILITY: EnumTable = decimal(&process::CAPABILITIES, "unknown-capability");
pub(super) static LIST: EnumTable = decimal(&rule::LISTS, "unknown-list");
pub(super) static NETFILTER_FAMILY: EnumTable = decimal(&packet::NETFILTER_FAMILIES, "unknown-netfilter-protocol");
pub(super) static ICMP_TYPE: EnumTable = decimal(&packet::ICMP_TYPES, "unknown-icmp-type");
pub(super) static INET_HOOK: EnumTable = bare(&packet::INET_HOOKS, "unknown-hook");
pub(super) static ARP_HOOK: EnumTable = bare(&packet::ARP_HOOKS, "unknown-hook");
pub(super) static VERDICT: EnumTable = bare(&packet::ACTIONS, "unknown-action");
/// The lower half holds what the filter has to say beside the action.
pub(super) static SECCOMP: EnumTable =
    EnumTable { mask: 0xffff_0000, ..bare(&process::SECCOMP_ACTIONS, "unknown-seccomp-code") };
pub(super) static PERSONALITY: EnumTable = EnumTable {
    mask: 0xff,
    extra: (0x4_0000, "|~ADDR_NO_RANDOMIZE"),
    ..hex(&process::PERSONALITIES, "unknown-personality")
};

pub(super) static SIGNAL_ARGUMENT: EnumTable = hex(&process::SIGNALS, "unknown-signal");
pub(super) static CAPABILITY_ARGUMENT: EnumTable = hex(&process::CAPABILITIES, "unknown-capability");
/// COMPAT: only the first seven clocks are known by name.
pub(super) static CLOCK: EnumTable = EnumTable { end: 7, ..hex(&process::CLOCKS, "unknown-clk_id") };
pub(super) static RLIMIT: EnumTable = hex(&process::RLIMITS, "unknown-rlimit");
pub(super) static PTRACE: EnumTable = hex(&process::PTRACE_REQUESTS, "unknown-ptrace");
pub(super) static PRCTL: EnumTable = hex(&process::PRCTL_OPTIONS, "unknown-prctl-option");
pub(super) static SCHEDULER: EnumTable = EnumTable {
    mask: 0x0f,
    extra: (0x4000_0000, "|SCHED_RESET_ON_FORK"),
    ..hex(&process::SCHEDULERS, "unknown-scheduler-policy")
};
pub(super) static BPF: EnumTable = bare(&process::BPF_COMMANDS, "unknown-bpf-cmd");
pub(super) static FCNTL: EnumTable = command(&file::FCNTL_COMMANDS, "unknown-fcntl-command");
pub(super) static FSCONFIG: EnumTable = command(&file::FSCONFIG_COMMANDS, "unknown-fsconfig-operation");
pub(super) static EPOLL: EnumTable = command(&file::EPOLL_OPERATIONS, "unknown-epoll_ctl-operation");
pub(super) static WHENCE: EnumTable = EnumTable { mask: 0xff, ..bare(&file::SEEK_WHENCE, "unknown-whence") };
pub(super) static SOCKET_FAMILY: EnumTable = hex(&socket::FAMILIES, "unknown-family");
/// Above the low byte stand SOCK_CLOEXEC and SOCK_NONBLOCK.
pub(super) static SOCKET_TYPE: EnumTable = EnumTable { mask: 0xff, ..bare(&socket::TYPES, "unknown-type") };
/// KERNEL: SOCK_TYPE_MASK; on mips SOCK_NONBLOCK is bit 7 (arch/mips/include/asm/socket.h).
pub(super) static MIPS_SOCKET_TYPE: EnumTable = EnumTable { mask: 0xf, ..bare(&socket::TYPES, "unknown-type") };
pub(super) static SOCKET_CALL: EnumTable = bare(&socket::CALLS, "unknown-socketcall");
pub(super) static SOCKOPT_LEVEL: EnumTable = hex(&socket_option::LEVELS, "unknown-sockopt-level");
pub(super) static SOCKET_OPTION: EnumTable = hex(&socket_option::SOCKET, "unknown-sockopt-name");
pub(super) static IP_OPTION: EnumTable = hex(&socket_option::IP, "unknown-ipopt-name");
pub(super) static IPV6_OPTION: EnumTable = hex(&socket_option::IPV6, "unknown-ip6opt-name");
pub(super) static TCP_OPTION: EnumTable = hex(&socket_option::TCP, "unknown-tcpopt-name");
pub(super) static UDP_OPTION: EnumTable = hex(&socket_option::UDP, "unknown-udpopt-name");
pub(super) static PACKET_OPTION: EnumTable = hex(&socket_option::PACKET, "unknown-pktopt-name");

impl EnumTable {
    /// Appends the name that the number `value` begins with has on `machine`, or says that it is unknown.
    pub(super) fn push(&self, value: &[u8], machine: Option<Machine>, out: &mut Vec<u8>) {
        let Some(number) = number::parse_prefix(value, self.base).map(|n| n as u32) else {
            return push_overflow(value, out);
        };
        match self.table.name_on(number & self.mask, machine).filter(|_| number < self.end) {
            Some(name) => {
                out.extend_from_slice(name.as_bytes());
                if number & self.extra.0 != 0 {
                    out.extend_from_slice(self.extra.1.as_bytes());
                }
            }
            None => self.push_unknown(number, value, out),
        }
    }

    fn push_unknown(&self, number: u32, value: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(self.unknown.as_bytes());
        out.push(b'(');
        match self.echo {
            Echo::Written => out.extend_from_slice(value),
            Echo::Hex => push_hex(value, out),
            Echo::Decimal => number::push_signed(out, i64::from(number as i32)),
        }
        out.push(b')');
    }
}

/// A set of flags, each a bit (or several) of a number.
pub(super) struct FlagSet {
    table: &'static Table,
    pub(super) base: u32,
    /// The bits that are looked up.
    mask: u32,
    /// When none of these bits is set, the set begins with this word.
    none: (u64, &'static str),
    /// Whether that word then stands alone.
    alone: bool,
}

const fn flags(table: &'static Table) -> FlagSet {
    FlagSet { table, base: 16, mask: u32::MAX, none: (0, ""), alone: false }
}

/// In the C notation of `oflag=`.
pub(super) static OPEN: FlagSet = FlagSet { base: 0, ..OPEN_ARGUMENT_BASE };
pub(super) static OPEN_ARGUMENT: FlagSet = OPEN_ARGUMENT_BASE;
const OPEN_ARGUMENT_BASE: FlagSet = FlagSet { none: (3, "O_RDONLY"), ..flags(&file::OPEN_FLAGS) };
pub(super) static ACCESS: FlagSet = FlagSet { none: (0xf, "F_OK"), ..flags(&file::ACCESS_MODES) };
pub(super) static ACCESS_FLAGS: FlagSet = flags(&file::ACCESS_FLAGS);
pub(super) static XATTR: FlagSet = flags(&file::XATTR_AT_FLAGS);
pub(super) static RESOLVE: FlagSet = flags(&file::RESOLVE_FLAGS);
pub(super) static MOUNT: FlagSet = flags(&file::MOUNT_FLAGS);
pub(super) static UMOUNT: FlagSet = flags(&file::UMOUNT_FLAGS);
pub(super) static MESSAGE: FlagSet = flags(&socket::MESSAGE_FLAGS);
pub(super) static MAP: FlagSet = FlagSet { none: (0xf, "MAP_FILE"), ..flags(&memory::MMAP_FLAGS) };
/// COMPAT: one flag less for mprotect(2) than for mmap(2).
pub(super) static PROTECTION: FlagSet = FlagSet { mask: 0x7, ..PROTECTION_BASE };
pub(super) static MAP_PROTECTION: FlagSet = FlagSet { mask: 0xf, ..PROTECTION_BASE };
const PROTECTION_BASE: FlagSet = FlagSet { none: (7, "PROT_NONE"), alone: true, ..flags(&memory::PROTECTIONS) };

impl FlagSet {
    /// Appends the names that the flags in `value` have on `machine`, with `|` between them; the number itself if it has none, or
    /// where the machine is not known and a flag may mean anything.
    pub(super) fn push(&self, value: &[u8], machine: Option<Machine>, out: &mut Vec<u8>) {
        let Some(bits) = number::parse_prefix(value, self.base) else { return push_overflow(value, out) };
        let start = out.len();
        let flags = bits as u32 & self.mask;
        let known = self.table.flags_on(flags, machine).count() as u32;
        if machine.is_none() && self.table.differs() && known < flags.count_ones() {
            let says_base = self.base == 0 || value.starts_with(b"0x");
            return if says_base { out.extend_from_slice(value) } else { push_hex(value, out) };
        }
        if bits & self.none.0 == 0 {
            out.extend_from_slice(self.none.1.as_bytes());
            if self.alone {
                return;
            }
        }
        push_flags(self.table.flags_on(flags, machine), start, out);
        if out.len() == start {
            push_hex(value, out);
        }
    }
}

/// Appends the names of flags; a `|` before each but what stands at `start`.
pub(super) fn push_flags(names: impl Iterator<Item = &'static str>, start: usize, out: &mut Vec<u8>) {
    for name in names {
        if out.len() > start {
            out.push(b'|');
        }
        out.extend_from_slice(name.as_bytes());
    }
}

/// Appends the text of a hexadecimal number with `0x` in front.
pub(super) fn push_hex(value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"0x");
    out.extend_from_slice(value);
}

/// Appends what is said of a number that fits no register.
pub(super) fn push_overflow(value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"conversion error(");
    out.extend_from_slice(value);
    out.push(b')');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name_in(table: &EnumTable, value: &str) -> String {
        let mut out = Vec::new();
        table.push(value.as_bytes(), Some(Machine::X86_64), &mut out);
        String::from_utf8(out).unwrap()
    }

    fn set(set: &FlagSet, value: &str) -> String {
        let mut out = Vec::new();
        set.push(value.as_bytes(), Some(Machine::X86_64), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn unknown_numbers_keep_their_notation() {
        assert_eq!(name_in(&SIGNAL, "11"), "SIGSEGV");
        assert_eq!(name_in(&SIGNAL, "99"), "unknown-signal(99)");
        assert_eq!(name_in(&SIGNAL_ARGUMENT, "40"), "unknown-signal(0x40)");
        assert_eq!(name_in(&SOCKET_TYPE, "9"), "unknown-type(9)");
        assert_eq!(name_in(&FCNTL, "ffffffff"), "unknown-fcntl-command(-1)");
        assert_eq!(name_in(&LIST, "99999999999999999999"), "conversion error(99999999999999999999)");
    }

    #[test]
    fn only_part_of_a_number_may_count() {
        assert_eq!(name_in(&SOCKET_TYPE, "80001"), "SOCK_STREAM");
        assert_eq!(name_in(&SECCOMP, "0x50001"), "errno");
        assert_eq!(name_in(&SECCOMP, "0x80000000"), "kill-process");
        assert_eq!(name_in(&CLOCK, "1"), "CLOCK_MONOTONIC");
        assert_eq!(name_in(&CLOCK, "9"), "unknown-clk_id(0x9)");
        assert_eq!(name_in(&PERSONALITY, "40000"), "PER_LINUX|~ADDR_NO_RANDOMIZE");
        assert_eq!(name_in(&PERSONALITY, "ffffffff"), "unknown-personality(0xffffffff)");
        assert_eq!(name_in(&SCHEDULER, "40000001"), "SCHED_FIFO|SCHED_RESET_ON_FORK");
        assert_eq!(name_in(&SCHEDULER, "4"), "unknown-scheduler-policy(0x4)");
    }

    #[test]
    fn flags_are_listed_and_an_empty_set_has_its_own_word() {
        assert_eq!(set(&OPEN_ARGUMENT, "442"), "O_RDWR|O_CREAT|O_APPEND");
        assert_eq!(set(&OPEN_ARGUMENT, "80000"), "O_RDONLY|O_CLOEXEC");
        assert_eq!(set(&OPEN_ARGUMENT, "3"), "O_WRONLY|O_RDWR");
        assert_eq!(set(&OPEN, "0100001"), "O_WRONLY");
        assert_eq!(set(&OPEN, "0x42"), "O_RDWR|O_CREAT");
        assert_eq!(set(&OPEN, "66"), "O_RDWR|O_CREAT");
        assert_eq!(set(&ACCESS, "0"), "F_OK");
        assert_eq!(set(&ACCESS, "5"), "X_OK|R_OK");
        assert_eq!(set(&ACCESS, "8"), "0x8");
        assert_eq!(set(&MAP, "22"), "MAP_PRIVATE|MAP_ANONYMOUS");
        assert_eq!(set(&MAP, "10"), "MAP_FILE|MAP_FIXED");
        assert_eq!(set(&RESOLVE, "0x18"), "RESOLVE_BENEATH|RESOLVE_IN_ROOT");
        assert_eq!(set(&RESOLVE, "0"), "0x0");
    }

    #[test]
    fn protections_differ_between_mmap_and_mprotect() {
        assert_eq!(set(&MAP_PROTECTION, "f"), "PROT_READ|PROT_WRITE|PROT_EXEC|PROT_SEM");
        assert_eq!(set(&PROTECTION, "f"), "PROT_READ|PROT_WRITE|PROT_EXEC");
        assert_eq!(set(&MAP_PROTECTION, "8"), "PROT_NONE");
    }
}
