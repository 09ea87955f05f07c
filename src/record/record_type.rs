//! The type of a record: its number and name, and what follows from it. `record/known.rs` has the types that the code calls by name, and
//! `tables/record_type.rs` all of them.

use crate::tables::record_type;
use crate::text::{self, number};

/// A record's type: the number of its message in `linux/audit.h` or libaudit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordType(pub u32);

impl RecordType {
    /// Whether AppArmor had it for itself, before it took AVC.
    pub fn is_apparmor(self) -> bool {
        (RecordType::APPARMOR_AUDIT..=RecordType::APPARMOR_KILL).contains(&self)
    }

    /// Whether what AppArmor says by a record of this type was allowed, or done: `verdict` is the value of `apparmor=`, empty
    /// without it, `has_error` whether the record has an `error=`. KERNEL: security/apparmor/audit.c; of status and hints only
    /// the error says that something failed.
    pub fn apparmor_allows(self, verdict: &[u8], has_error: bool) -> bool {
        match (verdict.trim_ascii_start().strip_prefix(b"\"").unwrap_or(verdict), self) {
            ([b'D', b'E', b'N', ..] | [b'E', b'R', b'R', ..] | [b'K', b'I', b'L', ..], _) => false,
            (b"", RecordType::APPARMOR_DENIED | RecordType::APPARMOR_ERROR | RecordType::APPARMOR_KILL) => false,
            ([b'S', b'T', b'A', ..] | [b'H', b'I', b'N', ..], _) => !has_error,
            (b"", RecordType::APPARMOR_STATUS | RecordType::APPARMOR_HINT) => !has_error,
            _ => true,
        }
    }

    /// What a name that is neither known nor a number stands for. Such records are kept.
    pub const UNRECOGNISED: RecordType = RecordType(u32::MAX);

    /// `NAME` in any case, `UNKNOWN[n]` or a bare number.
    pub fn parse(name: &[u8]) -> RecordType {
        if let Some(number) = record_type::number(name) {
            return RecordType(number);
        }
        let digits = match name.strip_prefix(b"UNKNOWN[") {
            Some(rest) => text::before(rest, b']').map(|inside| inside.get(..7).unwrap_or(inside)),
            None => name.first().filter(|b| b.is_ascii_digit()).map(|_| name),
        };
        let number = digits.and_then(|d| number::parse_prefix(d, 10)).and_then(|n| u32::try_from(n).ok());
        number.map_or(RecordType::UNRECOGNISED, RecordType)
    }

    /// The type's name, if it has one.
    pub fn name(self) -> Option<&'static str> {
        record_type::name(self.0)
    }

    /// Whether the number has not always meant what its name says. KERNEL: Ubuntu's kernels wrote labels of several security
    /// modules as 1420 before Linux 6.12 gave it to IPE.
    pub(crate) fn is_ambiguous(self) -> bool {
        matches!(self.0, 1420..=1422 | 1425 | 1426)
    }

    /// Appends the name, or else `UNKNOWN[n]`.
    pub fn print(self, out: &mut Vec<u8>) {
        match self.name() {
            Some(name) => out.extend_from_slice(name.as_bytes()),
            None => {
                out.extend_from_slice(b"UNKNOWN[");
                number::push(out, u64::from(self.0));
                out.push(b']');
            }
        }
    }

    /// Whether the kernel puts what a program sent into `msg='...'` of records of this type. KERNEL: of terminal input it
    /// makes `data=` instead, in hexadecimal.
    pub(crate) fn is_user_message(self) -> bool {
        matches!(self.0, 1005 | 1100..=1199 | 2100..=2999) && self != Self::USER_TTY
    }

    /// Whether the kernel wrote or encoded every byte of records of this type, which most records of a log are of.
    pub(super) fn has_no_foreign_bytes(self) -> bool {
        matches!(self, Self::SYSCALL | Self::PATH | Self::SOCKADDR | Self::CWD | Self::EXECVE | Self::PROCTITLE)
    }

    /// Whether a record of this type is the last one of its event (or the only one).
    pub fn ends_event(self) -> bool {
        matches!(self.0, 1005 | 1007..=1299 | 1320 | 1327 | 1406..=1419 | 2000 | 2100..) && self != Self::UNRECOGNISED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_names_in_any_case_or_numbers() {
        assert_eq!(RecordType::parse(b"avc"), RecordType(1400));
        assert_eq!(RecordType::parse(b"UNKNOWN[1999]"), RecordType(1999));
        assert_eq!(RecordType::parse(b"1999"), RecordType(1999));
        assert_eq!(RecordType::parse(b"BOGUS"), RecordType::UNRECOGNISED);
        assert_eq!(RecordType::parse(b"UNKNOWN[1"), RecordType::UNRECOGNISED);
        let mut out = Vec::new();
        RecordType(1300).print(&mut out);
        RecordType(1999).print(&mut out);
        assert_eq!(out, b"SYSCALLUNKNOWN[1999]");
    }

    #[test]
    fn some_types_end_their_event() {
        for (number, ends) in [(1005, true), (1006, false), (1300, false), (1320, true), (1327, true), (1999, false)] {
            assert_eq!(RecordType(number).ends_event(), ends, "{number}");
        }
        assert!(!RecordType::UNRECOGNISED.ends_event());
    }
}
