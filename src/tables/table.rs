//! Tables of numbers and names, and how they are packed.

use super::machine::{Family, Machine};
use std::cmp::Ordering;

/// Rows of (number, name), in an order that matters: the first row wins where a number or a name appears twice, and flag sets
/// are shown in this order.
pub struct Table {
    pub(super) names: &'static str,
    pub(super) starts: &'static [u16],
    numbers: &'static [u16],
    sorted: bool,
    own: &'static [Own],
}

/// What some machines number otherwise than most.
pub struct Own {
    /// A bit for each [`Family`].
    pub(super) families: u32,
    pub(super) rows: Table,
}

impl Own {
    fn is_for(&self, family: Family) -> bool {
        self.families & 1 << family as u32 != 0
    }
}

impl Table {
    /// How many rows there are.
    pub const fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there is no row.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first name of `number`.
    pub fn name(&self, number: u32) -> Option<&'static str> {
        let row =
            if self.sorted { self.search(number)? } else { (0..self.len()).find(|&r| self.number_at(r) == number)? };
        Some(self.name_at(row))
    }

    /// The number of the row called exactly `name`.
    pub fn number(&self, name: impl AsRef<[u8]>) -> Option<u32> {
        let name = name.as_ref();
        self.position(name.len(), |row| row.as_bytes() == name)
    }

    /// The number of the row called `name`, letters of either case being equal (ASCII).
    pub fn number_ignoring_case(&self, name: impl AsRef<[u8]>) -> Option<u32> {
        let name = name.as_ref();
        self.position(name.len(), |row| row.as_bytes().eq_ignore_ascii_case(name))
    }

    /// The first name of `number` on `machine`; without a machine the one that it has on all of them.
    pub fn name_on(&self, number: u32, machine: Option<Machine>) -> Option<&'static str> {
        let Some(own) = self.own_rows(machine) else {
            let is_common = |name| self.own.iter().all(|own| own.rows.leaves(number, name));
            return self.name(number).filter(|name| machine.is_some() || is_common(name));
        };
        match own.name(number) {
            Some(name) => (!name.is_empty()).then_some(name),
            None => self.name(number).filter(|name| own.number(name).is_none()),
        }
    }

    /// Whether these rows of some machines neither number anything so nor call anything so.
    fn leaves(&self, number: u32, name: &str) -> bool {
        self.name(number).is_none() && self.number(name).is_none()
    }

    /// Whether the numbers differ from machine to machine.
    pub fn differs(&self) -> bool {
        !self.own.is_empty()
    }

    /// The number of the row called `name` on `machine`, letters of either case being equal (ASCII).
    pub fn number_on(&self, name: impl AsRef<[u8]>, machine: Option<Machine>) -> Option<u32> {
        let name = name.as_ref();
        let own = self.own_rows(machine);
        own.and_then(|own| own.number_ignoring_case(name)).or_else(|| {
            let number = self.number_ignoring_case(name)?;
            own.is_none_or(|own| own.name(number).is_none()).then_some(number)
        })
    }

    /// The names of the bits of `bits` on `machine`, lowest bit first.
    pub fn flags_on(&self, bits: u32, machine: Option<Machine>) -> impl Iterator<Item = &'static str> {
        let set = (0..u32::BITS).map(|bit| 1 << bit).filter(move |bit| bits & bit != 0);
        set.filter_map(move |bit| self.name_on(bit, machine))
    }

    fn own_rows(&self, machine: Option<Machine>) -> Option<&'static Table> {
        let family = machine.filter(|_| !self.own.is_empty())?.family()?;
        self.own.iter().find(|own| own.is_for(family)).map(|own| &own.rows)
    }

    /// All rows in table order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u32, &'static str)> + use<> {
        let table = Table { ..*self };
        (0..self.len()).map(move |row| (table.number_at(row), table.name_at(row)))
    }

    /// The first row with a name of `len` bytes that is `wanted`. Most rows are told apart by their length alone.
    fn position(&self, len: usize, wanted: impl Fn(&str) -> bool) -> Option<u32> {
        let lengths = self.starts.windows(2).map(|pair| usize::from(pair[1] - pair[0]));
        let mut rows = lengths.enumerate().filter(|(_, length)| *length == len);
        rows.find(|(row, _)| wanted(self.name_at(*row))).map(|(row, _)| self.number_at(row))
    }

    fn search(&self, number: u32) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = (low + high) / 2;
            match self.number_at(middle).cmp(&number) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Some(middle),
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    pub(super) fn name_at(&self, row: usize) -> &'static str {
        &self.names[self.starts[row] as usize..self.starts[row + 1] as usize]
    }

    pub(super) fn number_at(&self, row: usize) -> u32 {
        if self.numbers.len() == self.len() {
            self.numbers[row] as u32
        } else {
            self.numbers[2 * row] as u32 | (self.numbers[2 * row + 1] as u32) << 16
        }
    }
}

/// Declares tables, each with its rows and, after commas, those of single families of machines. `sorted`: numbers rise strictly,
/// no name appears twice. `rising`: numbers rise strictly. `listed`: no name appears twice, and the written order is looked
/// through from the top.
macro_rules! tables {
    ($($(#[$about:meta])* $vis:vis $name:ident: $order:ident $rows:tt $(, $($family:ident)|+ [$($own:tt)*])*;)*) => {$(
        $(#[$about])*
        $vis static $name: $crate::tables::Table = {
            static OWN: &[$crate::tables::Own] = &[$($crate::tables::Own {
                families: $(1 << $crate::tables::machine::Family::$family as u32)|+,
                rows: $crate::tables::table!(rising, &[], [$($own)*]),
            }),*];
            $crate::tables::table!($order, OWN, $rows)
        };
    )*};
}
pub(crate) use tables;

/// Packs the rows of one table.
macro_rules! table {
    ($order:ident, $own:expr, [$(($number:expr, $word:expr)),* $(,)?]) => {{
        const ROWS: &[(u32, &str)] = &[$(($number, $word)),*];
        const LETTERS: usize = $crate::tables::pack::letters(ROWS);
        const HALVES: usize = ROWS.len() * $crate::tables::pack::halves(ROWS);
        static NAMES: [u8; LETTERS] = $crate::tables::pack::names(ROWS);
        static STARTS: [u16; ROWS.len() + 1] = $crate::tables::pack::starts(ROWS);
        static NUMBERS: [u16; HALVES] = $crate::tables::pack::numbers(ROWS);
        $crate::tables::pack::$order(ROWS, &NAMES, &STARTS, &NUMBERS, $own)
    }};
}
pub(crate) use table;

/// The packing, all of it done by the compiler.
pub(crate) mod pack {
    use std::cmp::Ordering;

    use super::{Own, Table};

    type Rows = [(u32, &'static str)];

    /// How many bytes all names take.
    pub(crate) const fn letters(rows: &Rows) -> usize {
        let (mut row, mut sum) = (0, 0);
        while row < rows.len() {
            sum += rows[row].1.len();
            row += 1;
        }
        assert!(sum <= u16::MAX as usize, "the names of one table must fit a u16 offset");
        sum
    }

    /// How many `u16` a number takes in this table.
    pub(crate) const fn halves(rows: &Rows) -> usize {
        let mut row = 0;
        while row < rows.len() {
            if rows[row].0 > u16::MAX as u32 {
                return 2;
            }
            row += 1;
        }
        1
    }

    pub(crate) const fn names<const N: usize>(rows: &Rows) -> [u8; N] {
        let mut packed = [0; N];
        let (mut row, mut at) = (0, 0);
        while row < rows.len() {
            let name = rows[row].1.as_bytes();
            let mut letter = 0;
            while letter < name.len() {
                packed[at] = name[letter];
                letter += 1;
                at += 1;
            }
            row += 1;
        }
        packed
    }

    pub(crate) const fn starts<const N: usize>(rows: &Rows) -> [u16; N] {
        let mut packed = [0; N];
        let mut row = 0;
        while row < rows.len() {
            packed[row + 1] = packed[row] + rows[row].1.len() as u16;
            row += 1;
        }
        packed
    }

    pub(crate) const fn numbers<const N: usize>(rows: &Rows) -> [u16; N] {
        let mut packed = [0; N];
        let width = halves(rows);
        let mut row = 0;
        while row < rows.len() {
            packed[row * width] = rows[row].0 as u16;
            if width == 2 {
                packed[row * 2 + 1] = (rows[row].0 >> 16) as u16;
            }
            row += 1;
        }
        packed
    }

    /// A table of strictly rising numbers and unique names.
    pub(crate) const fn sorted(
        rows: &Rows,
        names: &'static [u8],
        starts: &'static [u16],
        numbers: &'static [u16],
        own: &'static [Own],
    ) -> Table {
        names_are_unique(rows);
        rising(rows, names, starts, numbers, own)
    }

    /// A table of strictly rising numbers.
    pub(crate) const fn rising(
        rows: &Rows,
        names: &'static [u8],
        starts: &'static [u16],
        numbers: &'static [u16],
        own: &'static [Own],
    ) -> Table {
        let mut row = 1;
        while row < rows.len() {
            assert!(rows[row - 1].0 < rows[row].0, "numbers must rise from row to row");
            row += 1;
        }
        Table { names: text(names), starts, numbers, sorted: true, own }
    }

    /// A table of unique names in the written order.
    pub(crate) const fn listed(
        rows: &Rows,
        names: &'static [u8],
        starts: &'static [u16],
        numbers: &'static [u16],
        own: &'static [Own],
    ) -> Table {
        names_are_unique(rows);
        Table { names: text(names), starts, numbers, sorted: false, own }
    }

    const fn text(names: &'static [u8]) -> &'static str {
        match std::str::from_utf8(names) {
            Ok(names) => names,
            Err(_) => panic!("names are text"),
        }
    }

    const fn names_are_unique(rows: &Rows) {
        let mut row = 0;
        while row < rows.len() {
            let mut other = row + 1;
            while other < rows.len() {
                assert!(!same(rows[row].1, rows[other].1), "a name must not appear twice");
                other += 1;
            }
            row += 1;
        }
    }

    /// How many bytes [`pairs`] takes.
    pub(crate) const fn pairs_len(rows: &[(&[u8], &str)]) -> usize {
        let (mut row, mut sum) = (0, 0);
        while row < rows.len() {
            assert!(rows[row].0.len() < 256 && rows[row].1.len() < 256, "a length is one byte");
            sum += 2 + rows[row].0.len() + rows[row].1.len();
            row += 1;
        }
        sum
    }

    /// Both halves of each row, a length before each.
    pub(crate) const fn pairs<const N: usize>(rows: &[(&[u8], &str)]) -> [u8; N] {
        let mut packed = [0; N];
        let (mut row, mut at) = (0, 0);
        while row < rows.len() {
            at = append(&mut packed, at, rows[row].0);
            at = append(&mut packed, at, rows[row].1.as_bytes());
            row += 1;
        }
        packed
    }

    const fn append(packed: &mut [u8], at: usize, bytes: &[u8]) -> usize {
        packed[at] = bytes.len() as u8;
        let mut byte = 0;
        while byte < bytes.len() {
            packed[at + 1 + byte] = bytes[byte];
            byte += 1;
        }
        at + 1 + bytes.len()
    }

    /// The bytewise order of two names.
    pub(crate) const fn compare(a: &str, b: &str) -> Ordering {
        let (a, b) = (a.as_bytes(), b.as_bytes());
        let mut at = 0;
        while at < a.len() && at < b.len() {
            if a[at] != b[at] {
                return if a[at] < b[at] { Ordering::Less } else { Ordering::Greater };
            }
            at += 1;
        }
        if a.len() < b.len() {
            Ordering::Less
        } else if a.len() == b.len() {
            Ordering::Equal
        } else {
            Ordering::Greater
        }
    }

    /// Whether two names are equal; compared from the end, where names of one family differ.
    pub(crate) const fn same(a: &str, b: &str) -> bool {
        let (a, b) = (a.as_bytes(), b.as_bytes());
        if a.len() != b.len() {
            return false;
        }
        let mut at = a.len();
        while at > 0 {
            at -= 1;
            if a[at] != b[at] {
                return false;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::tables::machine::Machine;

    tables! {
        SORTED: sorted [
            (1, "one"),
            (70000, "many"),
        ];
        LISTED: listed [
            (2, "two"),
            (1, "one"),
            (2, "pair"),
        ];
        VARIED: sorted [
            (1, "one"),
            (2, "two"),
            (4, "four"),
        ], Mips [
            (2, ""),
            (8, "four"),
        ], Arm | Aarch64 [
            (1, "arm"),
        ];
    }

    #[test]
    fn finds_names_and_numbers_of_a_sorted_table() {
        assert_eq!(SORTED.name(1), Some("one"));
        assert_eq!(SORTED.name(70000), Some("many"));
        assert_eq!(SORTED.name(2), None);
        assert_eq!(SORTED.number("many"), Some(70000));
        assert_eq!(SORTED.number(b"Many"), None);
        assert_eq!(SORTED.number_ignoring_case(b"MANY"), Some(70000));
        assert_eq!(SORTED.number(""), None);
    }

    #[test]
    fn a_machine_has_its_own_numbers_and_else_those_of_most() {
        let names = |machine| [1, 2, 4, 8].map(|number| VARIED.name_on(number, machine));
        assert_eq!(names(None), [None, None, None, None], "what all machines have in common");
        let of_most = [Some("one"), Some("two"), Some("four"), None];
        assert_eq!((names(Some(Machine::Riscv32)), names(Some(Machine::IoUring))), (of_most, of_most));
        assert_eq!(names(Some(Machine::MipsN64)), [Some("one"), None, None, Some("four")]);
        assert_eq!(names(Some(Machine::Aarch64)), [Some("arm"), Some("two"), Some("four"), None]);
        assert_eq!(VARIED.flags_on(0xff, Some(Machine::MipsO32)).collect::<Vec<_>>(), ["one", "four"]);
        let numbers = |machine| ["ONE", "two", "four", "arm"].map(|name| VARIED.number_on(name, machine));
        assert_eq!(numbers(None), [Some(1), Some(2), Some(4), None]);
        assert_eq!(numbers(Some(Machine::MipsN64)), [Some(1), None, Some(8), None]);
        assert_eq!(numbers(Some(Machine::Arm)), [None, Some(2), Some(4), Some(1)]);
    }

    #[test]
    fn every_row_of_every_table_goes_round() {
        use crate::tables::*;
        let all: &[&Table] = &[
            &errno::NAMES,
            &errno::TEXTS,
            &file::OPEN_FLAGS,
            &file::ACCESS_MODES,
            &file::ACCESS_FLAGS,
            &file::XATTR_AT_FLAGS,
            &file::RESOLVE_FLAGS,
            &file::MOUNT_FLAGS,
            &file::UMOUNT_FLAGS,
            &file::FSCONFIG_COMMANDS,
            &file::FCNTL_COMMANDS,
            &file::EPOLL_OPERATIONS,
            &file::SEEK_WHENCE,
            &file::IOCTL_REQUESTS,
            &memory::MMAP_FLAGS,
            &memory::PROTECTIONS,
            &memory::IPC_CALLS,
            &memory::IPC_FLAGS,
            &memory::SHM_MODES,
            &packet::ICMP_TYPES,
            &packet::NETFILTER_FAMILIES,
            &packet::INET_HOOKS,
            &packet::ARP_HOOKS,
            &packet::ACTIONS,
            &packet::PROTOCOLS,
            &process::CLONE_FLAGS,
            &process::CAPABILITIES,
            &process::PRCTL_OPTIONS,
            &process::PTRACE_REQUESTS,
            &process::PERSONALITIES,
            &process::SECCOMP_ACTIONS,
            &process::RLIMITS,
            &process::SCHEDULERS,
            &process::CLOCKS,
            &process::BPF_COMMANDS,
            &process::SIGNALS,
            &record_type::RECORD_TYPES,
            &rule::FIELDS,
            &rule::OPERATORS,
            &rule::ACTIONS,
            &rule::LISTS,
            &rule::FILE_SYSTEMS,
            &rule::FILE_TYPES,
            &socket::FAMILIES,
            &socket::TYPES,
            &socket::CALLS,
            &socket::MESSAGE_FLAGS,
            &socket_option::LEVELS,
            &socket_option::SOCKET,
            &socket_option::IP,
            &socket_option::IPV6,
            &socket_option::TCP,
            &socket_option::UDP,
            &socket_option::PACKET,
        ];
        for table in all {
            let rows: Vec<_> = table.iter().collect();
            for &(number, name) in &rows {
                assert_eq!(table.name(number), rows.iter().find(|r| r.0 == number).map(|r| r.1));
                assert_eq!(table.number(name), rows.iter().find(|r| r.1 == name).map(|r| r.0));
            }
        }
    }

    #[test]
    fn keeps_the_order_of_a_listed_table_and_the_first_row_wins() {
        assert_eq!(LISTED.name(2), Some("two"));
        assert_eq!(LISTED.number("pair"), Some(2));
        assert_eq!(LISTED.iter().map(|(n, _)| n).collect::<Vec<_>>(), [2, 1, 2]);
        assert_eq!(LISTED.len(), 3);
    }
}
