//! What is known of each kind of value: a row that holds all there is to decide. A new kind is one row here, and what its
//! row calls.
//!
//! `Interpreter::push` prints by the row, `Interpreter::key` caches by it, and the writer of whole records
//! (`rewrite.rs`) takes its fast path by it: a value may be written as it stands only where its row says that its words are
//! the value itself, and words may be taken from the cache only under a key that holds all that the row says they depend on.

use super::enum_table::{self, EnumTable, FlagSet};
use super::value;
use crate::tables::machine::Machine;
use crate::text::number::is_word;

/// How values of a kind become words.
pub(super) struct Row {
    pub(super) print: Print,
    pub(super) depends: Depends,
    /// Whether the words are worth a place in the value cache: values are short, and the same few come again.
    pub(super) is_cached: bool,
    /// Whether the words of a value in quotes are what is between them.
    pub(super) is_text: bool,
    pub(super) passes: Passes,
    /// Whether the daemon writes the words down beside the record.
    pub(super) is_named: bool,
}

/// What puts a value into words.
pub(super) enum Print {
    /// Nothing: it stands for itself.
    Itself,
    /// The value alone, and the machine whose constants count.
    Value(fn(&[u8], Option<Machine>, &mut Vec<u8>)),
    EnumTable(&'static EnumTable),
    Flags(&'static FlagSet),
    User,
    Group,
    Protocol,
    Sockaddr,
    Arch,
    Syscall,
    /// The argument of that number.
    Argument(u8),
    Keystrokes,
    Hook,
    FanotifyInfo,
}

/// What the words depend on beside the value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Depends {
    Nothing,
    /// The machine that the record names.
    Arch,
    /// The machine whose constants they are: that of the record, or else the native one.
    Constants,
    /// The call and its machine, and its first arguments.
    Call,
    /// Other fields of the record.
    Record,
}

/// Which values are their own words.
#[derive(Clone, Copy)]
pub(super) enum Passes {
    Never,
    Always,
    /// What does not begin with a number of this base is a word already.
    NotIn(u32),
    /// A result that is no error, or no number.
    Positive,
    /// A session that is one.
    NotUnset,
    /// `(null)`.
    Null,
}

impl Passes {
    /// Whether `value` is its own words.
    #[inline(always)]
    pub(super) fn holds(self, value: &[u8]) -> bool {
        let first = value.first().copied().unwrap_or_default();
        match self {
            Passes::Never => false,
            Passes::Always => true,
            Passes::NotIn(base) => is_word(value, base),
            Passes::Positive => (first.is_ascii_digit() && value.len() < 19) || is_word(value, 10),
            Passes::NotUnset => value != b"4294967295",
            Passes::Null => value == b"(null)",
        }
    }
}

impl Row {
    const ITSELF: Row = Row { passes: Passes::Always, ..uncached(Print::Itself) };

    const fn depends(self, depends: Depends) -> Row {
        Row { depends, ..self }
    }

    const fn passes(self, passes: Passes) -> Row {
        Row { passes, ..self }
    }

    const fn named(self) -> Row {
        Row { is_named: true, ..self }
    }
}

const fn uncached(print: Print) -> Row {
    Row { print, depends: Depends::Nothing, is_cached: false, is_text: false, passes: Passes::Never, is_named: false }
}

const fn cached(print: Print) -> Row {
    Row { is_cached: true, ..uncached(print) }
}

/// A number of this base, put into words by `push`.
const fn number(base: u32, push: fn(&[u8], Option<Machine>, &mut Vec<u8>)) -> Row {
    cached(Print::Value(push)).passes(Passes::NotIn(base))
}

const fn one_of(table: &'static EnumTable) -> Row {
    cached(Print::EnumTable(table)).passes(Passes::NotIn(table.base))
}

/// Flags whose bits differ from machine to machine.
const fn flags(flags: &'static FlagSet) -> Row {
    cached(Print::Flags(flags)).depends(Depends::Constants).passes(Passes::NotIn(flags.base))
}

const fn argument(number: u8) -> Row {
    cached(Print::Argument(number)).depends(Depends::Call).passes(Passes::NotIn(16))
}

const fn text(print: fn(&[u8], Option<Machine>, &mut Vec<u8>)) -> Row {
    Row { is_text: true, passes: Passes::Null, ..uncached(Print::Value(print)) }
}

/// Declares the kinds and their rows.
macro_rules! kinds {
    ($($(#[$comment:meta])* $kind:ident: $row:expr,)*) => {
        /// The kinds of values.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind {
            $($(#[$comment])* $kind,)*
        }

        /// In the order of the kinds.
        static ROWS: &[Row] = &[$($row,)*];
        const _: () = assert!(ROWS.len() == [$(Kind::$kind,)*].len());
    };
}

impl Kind {
    #[inline(always)]
    pub(super) fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// Whether its values are bytes that may be written in hex.
    pub(super) fn may_be_hex(self) -> bool {
        self.row().is_text || self == Kind::Keystrokes
    }

    /// Whether what a value of this kind means depends on nothing else in its record.
    pub fn stands_alone(self) -> bool {
        self.row().depends == Depends::Nothing
    }
}

kinds! {
    /// Stands for itself, quotes and all.
    Plain: Row::ITSELF,
    /// A user id in decimal.
    User: cached(Print::User).named().passes(Passes::NotIn(10)),
    /// A group id in decimal.
    Group: cached(Print::Group).named().passes(Passes::NotIn(10)),
    /// A system call or io_uring operation number of the record's machine.
    Syscall: cached(Print::Syscall).named().depends(Depends::Call).passes(Passes::NotIn(10)),
    /// A machine: hexadecimal `AUDIT_ARCH_*` of linux/audit.h.
    Arch: cached(Print::Arch).named().depends(Depends::Arch).passes(Passes::NotIn(16)),
    /// A system call's result: negative is an error number.
    Exit: cached(Print::Value(value::push_exit)).depends(Depends::Constants).passes(Passes::Positive),
    /// A quoted or hexadecimal string.
    Escaped: text(value::push_text),
    /// An account's name: escaped if it looks so, else plain. `kind` says which, and never answers this.
    Account: uncached(Print::Value(value::push_text)),
    /// A path that may be relative to the event's working directory.
    File: text(value::push_text),
    /// One or more rule keys, separated by the byte 1.
    Key: text(value::push_text),
    /// A command line whose arguments are separated by NUL bytes.
    Proctitle: text(value::push_proctitle),
    /// Permission bits of a watch.
    Perm: number(10, value::push_perm),
    /// File type and mode in octal.
    Mode: number(8, value::push_mode),
    /// Mode in octal without a file type.
    ShortMode: number(8, value::push_short_mode),
    /// A socket address in hexadecimal.
    Sockaddr: uncached(Print::Sockaddr).named(),
    /// Whether an interface is promiscuous.
    Promisc: number(10, value::push_promisc),
    /// A capability's number.
    Capability: one_of(&enum_table::CAPABILITY),
    /// Capabilities as a hexadecimal bitmap.
    Capabilities: cached(Print::Value(value::push_capabilities)),
    /// 1 or 0, or already a word.
    Success: number(10, value::push_success),
    /// Argument 0 of a system call, in hexadecimal.
    Argument0: argument(0),
    /// Argument 1 of a system call.
    Argument1: argument(1),
    /// Argument 2 of a system call.
    Argument2: argument(2),
    /// Argument 3 of a system call.
    Argument3: argument(3),
    /// A signal's number.
    Signal: one_of(&enum_table::SIGNAL).depends(Depends::Constants),
    /// A filter list's number.
    List: one_of(&enum_table::LIST),
    /// Keystrokes in hexadecimal.
    Keystrokes: uncached(Print::Keystrokes),
    /// A login session.
    Session: cached(Print::Value(value::push_unset)).passes(Passes::NotUnset),
    /// A netfilter protocol family.
    NetfilterFamily: one_of(&enum_table::NETFILTER_FAMILY),
    /// A type of ICMP message.
    IcmpType: one_of(&enum_table::ICMP_TYPE),
    /// An IP protocol.
    Protocol: cached(Print::Protocol).passes(Passes::NotIn(10)),
    /// A host address in words.
    Address: Row::ITSELF,
    /// An execution domain (personality(2)).
    Personality: one_of(&enum_table::PERSONALITY),
    /// A seccomp return action.
    Seccomp: one_of(&enum_table::SECCOMP),
    /// Flags of open(2), in C notation.
    OpenFlags: flags(&enum_table::OPEN),
    /// Flags of mmap(2), in hexadecimal.
    MapFlags: flags(&enum_table::MAP),
    /// A security context.
    Label: Row::ITSELF,
    /// A netfilter hook.
    Hook: uncached(Print::Hook).depends(Depends::Record).passes(Passes::NotIn(16)),
    /// A netfilter verdict. COMPAT: the words of other records' `action=` are unknown ones.
    Verdict: one_of(&enum_table::VERDICT).passes(Passes::Never),
    /// An Ethernet protocol.
    EtherType: number(16, value::push_ether_type),
    /// An ioctl(2) request.
    Ioctl: number(16, value::push_ioctl).depends(Depends::Constants),
    /// An answer of a fanotify listener.
    Fanotify: number(10, value::push_fanotify),
    /// What a fanotify answer's further information is.
    FanotifyType: uncached(Print::Value(value::push_fanotify_type)),
    /// A fanotify answer's further information.
    FanotifyInfo: uncached(Print::FanotifyInfo).depends(Depends::Record).passes(Passes::NotIn(16)),
    /// Whether a fanotify listener trusts a subject or object.
    Trust: cached(Print::Value(value::push_trust)),
    /// A netlink multicast group of the audit system.
    NetlinkGroup: number(16, value::push_netlink_group),
    /// Resolve flags of openat2(2).
    Resolve: flags(&enum_table::RESOLVE).depends(Depends::Nothing),
    /// An error number.
    Errno: number(10, value::push_errno).depends(Depends::Constants),
}
