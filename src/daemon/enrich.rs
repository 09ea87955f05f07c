//! `log_format = ENRICHED`: the names of ids, system calls, machines and addresses, after a byte 0x1D at the end of a record.
//!
//! What is written is the business of [`Interpreter::enrich`]; here is whose names it uses. They are in memory: no record
//! waits for a name.

use crate::interpret::{Interpreter, Names};
use crate::record::RecordType;
use crate::sys::users::Users;
use crate::tables::machine::Machine;
use crate::text::{self, Escape};

/// Bytes of a line with its names. COMPAT: the reference's buffer.
const LONGEST: usize = 9225;

/// Adds names to records.
pub struct Enricher {
    interpreter: Interpreter<'static>,
    /// Those of the record at hand.
    names: Vec<u8>,
}

impl Names for Users {
    fn user(&self, uid: u32) -> Option<&[u8]> {
        self.user_name(uid)
    }

    fn group(&self, gid: u32) -> Option<&[u8]> {
        self.group_name(gid)
    }
}

impl Enricher {
    /// `machine` is the running one, as uname(2) names it.
    pub fn new(users: Users, machine: &str) -> Enricher {
        Enricher { interpreter: Interpreter::new(users, Machine::from_uname(machine), Escape::Raw), names: Vec::new() }
    }

    /// Takes newer names.
    pub(super) fn set_users(&mut self, users: Users) {
        self.interpreter.set_names(users);
    }

    /// Whether records of this type say that names have changed.
    pub(super) fn is_stale_after(message: u16) -> bool {
        matches!(
            RecordType(u32::from(message)),
            RecordType::USER_MGMT
                | RecordType::ADD_USER
                | RecordType::DEL_USER
                | RecordType::ADD_GROUP
                | RecordType::DEL_GROUP
                | RecordType::GRP_MGMT
        )
    }

    /// Whether the record at hand has an id that nobody knows.
    pub(super) fn has_unknown_id(&self) -> bool {
        const UNKNOWN: &[u8] = b"\"unknown";
        memchr::memchr_iter(b'(', &self.names)
            .any(|at| self.names.get(..at).is_some_and(|text| text.ends_with(UNKNOWN)))
    }

    /// Appends the names of the record that stands in `out` from `start` on, whose text begins at `text`.
    pub fn enrich(&mut self, out: &mut Vec<u8>, start: usize, text: usize, message: u16) {
        let limit = LONGEST.saturating_sub(out.len() - start);
        let mut names = std::mem::take(&mut self.names);
        let body = text::after(out.get(text..).unwrap_or_default(), b")").unwrap_or_default();
        names.clear();
        self.interpreter.enrich(RecordType(u32::from(message)), body, limit, &mut names);
        out.extend_from_slice(&names);
        self.names = names;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_line_gets_the_names_of_what_follows_its_stamp() {
        let mut enricher = Enricher::new(Users::open(Path::new("/nonexistent")), "x86_64");
        let line = "node=x type=SYSCALL msg=audit(1.000:2): syscall=2 uid=0";
        let mut out = [b"another line\n", line.as_bytes()].concat();
        enricher.enrich(&mut out, 13, 13 + 24, 1300);
        assert!(out.ends_with(format!("{line}\u{1d}SYSCALL=open UID=\"root\"").as_bytes()));
    }

    #[test]
    fn new_names_are_used_at_once() {
        let root = crate::testing::path("names");
        std::fs::create_dir_all(root.join("etc")).unwrap();
        std::fs::write(root.join("etc/passwd"), "alice:x:5:5::/:\n").unwrap();
        let mut enricher = Enricher::new(Users::open(Path::new("/nonexistent")), "x86_64");
        let mut said = || {
            let mut out = b"audit(1.000:2): uid=5".to_vec();
            enricher.enrich(&mut out, 0, 0, 1300);
            enricher.set_users(Users::open(&root));
            String::from_utf8(out).unwrap()
        };
        assert_eq!(said(), "audit(1.000:2): uid=5\u{1d}UID=\"unknown(5)\"");
        assert_eq!(said(), "audit(1.000:2): uid=5\u{1d}UID=\"alice\"");
        std::fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn a_line_and_its_names_have_a_longest() {
        let mut enricher = Enricher::new(Users::open(Path::new("/nonexistent")), "x86_64");
        let mut out = format!("audit(1.000:2): {} uid=0 gid=0", "x".repeat(LONGEST - 60)).into_bytes();
        enricher.enrich(&mut out, 0, 0, 1300);
        assert!(out.ends_with(b" gid=0\x1dUID=\"root\"") && out.len() <= LONGEST);
    }
}
