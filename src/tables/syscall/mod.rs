//! System calls of each machine, and the operations of io_uring, as the audit tools name them.
//!
//! The files beside this one are written by `make tables`. Names are kept once, in one sorted pool; a machine's table is
//! a row of `u16` places in that pool, indexed by number, so that a machine costs about one KiB. Without the feature
//! `machines` only the processor that the program is built for has a table, and its 32-bit mode; others have no calls.

mod names;
mod uring;

use std::cmp::Ordering;

use super::machine::Machine;
use super::pack;

/// A place that holds no name.
const NONE: u16 = u16::MAX;

/// The pool: all names end to end, and where each starts.
static LETTERS: [u8; pack::letters(names::ROWS)] = pack::names(names::ROWS);
static STARTS: [u16; names::ROWS.len() + 1] = pack::starts(names::ROWS);

/// One machine's calls.
struct Calls {
    /// The number that the first place belongs to.
    base: u32,
    places: &'static [u16],
    /// Further names of numbers that have one already: (number, place).
    seconds: &'static [(u32, u16)],
}

/// The name of call `number` on `machine`.
pub fn name(machine: Machine, number: u32) -> Option<&'static str> {
    let calls = calls(machine);
    name_at(*calls.places.get(number.checked_sub(calls.base)? as usize)?)
}

/// The number of the call `name` on `machine`. Letters of either case are equal, as they are in rules.
pub fn number(machine: Machine, name: impl AsRef<[u8]>) -> Option<u32> {
    let place = place_of(name.as_ref())?;
    let calls = calls(machine);
    let first = calls.places.iter().position(|&p| p == place).map(|at| calls.base + at as u32);
    first.or_else(|| calls.seconds.iter().find(|second| second.1 == place).map(|second| second.0))
}

/// The number that x32 has for the call `name`, which is `number` on x86_64: arch/x86/entry/syscalls/syscall_64.tbl. KERNEL:
/// calls whose arguments are laid out otherwise have numbers of their own from 512 on.
pub fn x32_number(name: &[u8], number: u32) -> u32 {
    const BIT: u32 = 0x4000_0000;
    const OWN: &str = "rt_sigaction rt_sigreturn ioctl readv writev recvfrom sendmsg recvmsg execve ptrace rt_sigpending \
         rt_sigtimedwait rt_sigqueueinfo sigaltstack timer_create mq_notify kexec_load waitid set_robust_list get_robust_list \
         vmsplice move_pages preadv pwritev rt_tgsigqueueinfo recvmmsg sendmmsg process_vm_readv process_vm_writev setsockopt \
         getsockopt io_setup io_submit execveat preadv2 pwritev2";
    let own = (512..).zip(OWN.split(' ')).find(|(_, own)| own.as_bytes().eq_ignore_ascii_case(name));
    BIT | own.map_or(number, |(number, _)| number)
}

/// Whether the program was built without the calls of `machine`.
pub fn is_left_out(machine: Machine) -> bool {
    cfg!(not(feature = "machines")) && calls(machine).places.is_empty()
}

/// All calls of `machine`, numbers rising, one name each.
pub fn rows(machine: Machine) -> impl Iterator<Item = (u32, &'static str)> {
    let calls = calls(machine);
    (calls.base..).zip(calls.places).filter_map(|(number, &place)| Some((number, name_at(place)?)))
}

fn name_at(place: u16) -> Option<&'static str> {
    let place = place as usize;
    let letters = LETTERS.get(*STARTS.get(place)? as usize..*STARTS.get(place + 1)? as usize)?;
    std::str::from_utf8(letters).ok()
}

/// Where the pool holds `name`; the pool is in lower case.
fn place_of(name: &[u8]) -> Option<u16> {
    let (mut low, mut high) = (0, names::ROWS.len() as u16);
    while low < high {
        let middle = (low + high) / 2;
        match name_at(middle)?.bytes().cmp(name.iter().map(u8::to_ascii_lowercase)) {
            Ordering::Less => low = middle + 1,
            Ordering::Equal => return Some(middle),
            Ordering::Greater => high = middle,
        }
    }
    None
}

/// The table of a machine that was left out.
#[cfg(not(feature = "machines"))]
static LEFT_OUT: Calls = Calls { base: 0, places: &[], seconds: &[] };

/// Packs the rows of one machine while compiling.
macro_rules! packed {
    ($machine:ident) => {{
        const ROWS: &[(u32, &str)] = $machine::ROWS;
        const SPAN: usize = (ROWS[ROWS.len() - 1].0 - ROWS[0].0) as usize + 1;
        static PLACES: [u16; SPAN] = places(ROWS);
        static SECONDS: [(u32, u16); seconds_len(ROWS)] = seconds(ROWS);
        static CALLS: Calls = Calls { base: ROWS[0].0, places: &PLACES, seconds: &SECONDS };
        &CALLS
    }};
}

/// Declares the table of each machine, and the processors whose programs always have it.
macro_rules! calls {
    ($($name:ident: $machine:ident on $($processor:literal)+)*) => {$(
        #[cfg(any(feature = "machines", $(target_arch = $processor),+))]
        mod $machine;
        #[cfg(any(feature = "machines", $(target_arch = $processor),+))]
        static $name: &Calls = packed!($machine);
        #[cfg(not(any(feature = "machines", $(target_arch = $processor),+)))]
        static $name: &Calls = &LEFT_OUT;
    )*};
}

calls! {
    AARCH64: aarch64 on "aarch64"
    ARM: arm on "arm" "aarch64"
    I386: i386 on "x86" "x86_64"
    LOONGARCH64: loongarch64 on "loongarch64"
    MIPS_N32: mips_n32 on "mips64"
    MIPS_N64: mips_n64 on "mips64"
    MIPS_O32: mips_o32 on "mips" "mips64"
    PPC: ppc on "powerpc" "powerpc64"
    RISCV32: riscv32 on "riscv32" "riscv64"
    RISCV64: riscv64 on "riscv64"
    S390: s390 on "s390x"
    S390X: s390x on "s390x"
    X86_64: x86_64 on "x86_64"
}

static URING: &Calls = packed!(uring);

fn calls(machine: Machine) -> &'static Calls {
    match machine {
        Machine::I386 => I386,
        Machine::X86_64 => X86_64,
        Machine::Ppc | Machine::Ppc64 | Machine::Ppc64le => PPC,
        Machine::S390 => S390,
        Machine::S390x => S390X,
        Machine::Arm => ARM,
        Machine::Aarch64 => AARCH64,
        Machine::Riscv32 => RISCV32,
        Machine::Riscv64 => RISCV64,
        Machine::MipsO32 | Machine::MipselO32 => MIPS_O32,
        Machine::MipsN32 | Machine::MipselN32 => MIPS_N32,
        Machine::MipsN64 | Machine::MipselN64 => MIPS_N64,
        Machine::Loongarch64 => LOONGARCH64,
        Machine::IoUring => URING,
    }
}

type Rows = [(u32, &'static str)];

const fn places<const N: usize>(rows: &Rows) -> [u16; N] {
    let mut packed = [NONE; N];
    let mut row = 0;
    while row < rows.len() {
        assert!(row == 0 || rows[row - 1].0 <= rows[row].0, "the numbers of a machine must rise");
        let at = (rows[row].0 - rows[0].0) as usize;
        let place = place_while_compiling(rows[row].1);
        if packed[at] == NONE {
            packed[at] = place;
        }
        row += 1;
    }
    packed
}

const fn seconds_len(rows: &Rows) -> usize {
    let (mut row, mut count) = (1, 0);
    while row < rows.len() {
        if rows[row - 1].0 == rows[row].0 {
            count += 1;
        }
        row += 1;
    }
    count
}

const fn seconds<const N: usize>(rows: &Rows) -> [(u32, u16); N] {
    let mut packed = [(0, NONE); N];
    let (mut row, mut at) = (1, 0);
    while row < rows.len() {
        if rows[row - 1].0 == rows[row].0 {
            packed[at] = (rows[row].0, place_while_compiling(rows[row].1));
            at += 1;
        }
        row += 1;
    }
    packed
}

const fn place_while_compiling(name: &str) -> u16 {
    let (mut low, mut high) = (0, names::ROWS.len());
    while low < high {
        let middle = (low + high) / 2;
        match pack::compare(names::ROWS[middle].1, name) {
            Ordering::Less => low = middle + 1,
            Ordering::Equal => return middle as u16,
            Ordering::Greater => high = middle,
        }
    }
    panic!("names.rs lacks a call's name; run make tables")
}

// The pool is searched by halving and in lower case.
const _: () = {
    let mut row = 0;
    while row < names::ROWS.len() {
        assert!(names::ROWS[row].0 as usize == row, "a name stands at its place");
        assert!(row == 0 || matches!(pack::compare(names::ROWS[row - 1].1, names::ROWS[row].1), Ordering::Less));
        row += 1;
    }
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_calls_by_number_on_each_machine() {
        assert_eq!(name(Machine::X86_64, 0), Some("read"));
        assert_eq!(name(Machine::X86_64, 257), Some("openat"));
        assert_eq!(name(Machine::X86_64, 400), None);
        assert_eq!(name(Machine::X86_64, u32::MAX), None);
        assert_eq!(name(Machine::I386, 102), Some("socketcall"));
        assert_eq!(name(Machine::Aarch64, 221), Some("execve"));
        assert_eq!(name(Machine::MipsO32, 4003), Some("read"));
        assert_eq!(name(Machine::MipsN32, 3), None);
        assert_eq!(name(Machine::Loongarch64, 221), Some("execve"));
        assert_eq!(name(Machine::IoUring, 18), Some("openat"));
    }

    #[test]
    fn finds_numbers_whatever_the_case() {
        assert_eq!(number(Machine::X86_64, "OpenAt"), Some(257));
        assert_eq!(number(Machine::MipsN64, b"read"), Some(5000));
        assert_eq!(number(Machine::Aarch64, "open"), None);
        assert_eq!(number(Machine::X86_64, "no_such_call"), None);
        assert_eq!(number(Machine::X86_64, ""), None);
    }

    #[test]
    fn keeps_the_audit_tools_own_names() {
        assert_eq!(name(Machine::X86_64, 17), Some("pread"));
        assert_eq!(number(Machine::X86_64, "pread64"), None);
        assert_eq!(name(Machine::I386, 219), Some("madvise"));
        assert_eq!(number(Machine::I386, "madvise1"), Some(219));
    }

    #[test]
    fn every_row_of_every_machine_goes_round() {
        for machine in Machine::ALL {
            assert!(rows(machine).count() >= 30);
            for (nr, word) in rows(machine) {
                assert_eq!((name(machine, nr), number(machine, word)), (Some(word), Some(nr)), "{machine:?}");
            }
        }
    }
}
