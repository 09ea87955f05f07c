//! `log_format = ENRICHED`: the meaning of ids, system calls, machines and addresses, behind a byte 0x1D.
//!
//! Looked up where and when the record was made, because elsewhere and later the ids may mean something else. Names are in
//! memory: nothing on the way of a record waits for a name.

mod fields;
mod remembered;

use crate::interpret::{Interpreter, Kind, Setting, kind as kind_of};
use crate::record::{ENRICHED, Field, RecordType, labelled};
use crate::sys::users::Users;
use crate::tables::machine::Machine;
use crate::tables::syscall;
use crate::text::{Escape, hex, number};
use fields::Reading;
use remembered::Runs;
use std::ops::Range;

/// Bytes of a line with its meanings. COMPAT: the reference's buffer.
const LONGEST: usize = 9225;
/// With so little room left no further meaning is tried.
const LEAST_ROOM: usize = 24;
/// Longest name of a field.
const LONGEST_NAME: usize = 63;

/// Puts meanings behind records.
pub struct Enricher {
    users: Users,
    native: Option<Machine>,
    interpreter: Interpreter<'static>,
    /// Those of the record at hand.
    meanings: Vec<u8>,
    runs: Runs,
}

impl Enricher {
    /// `machine` is the running one, as uname(2) names it.
    pub fn new(users: Users, machine: &str) -> Enricher {
        let native = Machine::from_uname(machine);
        Enricher {
            users,
            native,
            interpreter: Interpreter::new(&(), native, Escape::Raw),
            meanings: Vec::new(),
            runs: Runs::default(),
        }
    }

    /// Takes newer names.
    pub(super) fn set_users(&mut self, users: Users) {
        self.users = users;
        self.runs.forget();
    }

    /// Whether records of this type tell that names have changed.
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

    /// Appends the meanings of the record that stands in `out` from `start` on, whose text begins at `text`.
    pub(super) fn enrich(&mut self, out: &mut Vec<u8>, start: usize, text: usize, message: u16) {
        let mut meanings = std::mem::take(&mut self.meanings);
        meanings.clear();
        let record = RecordType(u32::from(message));
        let mut reading = Reading::new(record, self.native, out.get(text..).unwrap_or_default());
        let room = LONGEST.saturating_sub(out.len() - start);
        while let Some(name) = reading.next_name() {
            if meanings.len() + LEAST_ROOM >= room {
                break;
            }
            self.push_run(&mut reading, name, room, &mut meanings);
        }
        out.extend_from_slice(&meanings);
        self.meanings = meanings;
    }

    /// The meanings of the fields that follow one another, the first of which has this name.
    fn push_run(&mut self, reading: &mut Reading<'_>, name: Range<usize>, room: usize, meanings: &mut Vec<u8>) {
        let (first, before, machine) = (name.start, meanings.len(), reading.machine);
        let rest = reading.text.get(first..).unwrap_or_default();
        if let Some(run) = self.runs.recall(reading.record, machine, rest) {
            if before + run.meanings().len() + LEAST_ROOM < room {
                if !run.meanings().is_empty() {
                    meanings.push(separator(before));
                    meanings.extend_from_slice(run.meanings());
                }
                reading.at = first + run.len();
                reading.machine = run.machine();
                return;
            }
        }
        self.push_field(reading, name, room, meanings);
        while meanings.len() + LEAST_ROOM < room {
            let Some(name) = reading.name_at_hand() else { break };
            self.push_field(reading, name, room, meanings);
        }
        if meanings.len() + LEAST_ROOM < room {
            let text = reading.text.get(first..reading.at).unwrap_or_default();
            let new = meanings.get(before + 1..).unwrap_or_default();
            self.runs.remember(reading.record, [machine, reading.machine], text, new);
        }
    }

    /// The meaning of one field, if it has one.
    fn push_field(&mut self, reading: &mut Reading<'_>, name: Range<usize>, room: usize, meanings: &mut Vec<u8>) {
        let (name, value) = reading.take_word(name.start).split_at(name.len());
        let Some(field) = labelled(name, value.get(1..).unwrap_or_default()) else { return };
        let kind = kind_of(reading.record, field.name, field.value);
        if !has_meaning(kind) {
            return;
        }
        let before = meanings.len();
        meanings.push(separator(before));
        push_name(meanings, field.name);
        self.push_meaning(meanings, reading.record, kind, field, &mut reading.machine);
        if meanings.len() >= room {
            meanings.truncate(before);
        }
    }

    fn push_meaning(
        &mut self,
        out: &mut Vec<u8>,
        record: RecordType,
        kind: Kind,
        field: Field<'_>,
        machine: &mut Option<Machine>,
    ) {
        match kind {
            Kind::User | Kind::Group => push_name_of_id(&self.users, kind, field.value, out),
            Kind::Syscall => {
                let number = number::whole(field.value).and_then(|n| u32::try_from(n).ok());
                match number.zip(*machine).and_then(|(n, m)| syscall::name(m, n)) {
                    Some(name) => out.extend_from_slice(name.as_bytes()),
                    None => {
                        out.extend_from_slice(b"unknown-syscall(");
                        out.extend_from_slice(field.value);
                        out.push(b')');
                    }
                }
            }
            Kind::Arch => {
                *machine = number::lead(field.value, 16).and_then(|elf| Machine::from_elf(elf as u32));
                match machine {
                    Some(known) => out.extend_from_slice(known.name().as_bytes()),
                    None => self.interpreter.value(record, field, &Setting::default(), out),
                }
            }
            _ => self.interpreter.value(record, field, &Setting::default(), out),
        }
    }
}

/// Whether a field of this kind gets a meaning. How the names of these kinds end is known to [`Reading::next_name`].
fn has_meaning(kind: Kind) -> bool {
    matches!(kind, Kind::User | Kind::Group | Kind::Syscall | Kind::Arch | Kind::Sockaddr)
}

/// What stands before a meaning when so many bytes of others are there.
fn separator(before: usize) -> u8 {
    if before == 0 { ENRICHED } else { b' ' }
}

/// The name of an id in quotes, or in hexadecimal where it has bytes that quotes cannot hold.
fn push_name_of_id(users: &Users, kind: Kind, value: &[u8], out: &mut Vec<u8>) {
    let id = match value.strip_prefix(b"-") {
        Some(digits) => number::whole(digits).map(|n| (n as u32).wrapping_neg()),
        None => number::whole(value).and_then(|n| u32::try_from(n).ok()),
    };
    let name = match (id, kind) {
        (Some(u32::MAX), _) => Some(&b"unset"[..]),
        (Some(0), _) => Some(&b"root"[..]),
        (Some(id), Kind::User) => users.user_name(id),
        (Some(id), _) => users.group_name(id),
        (None, _) => Some(value),
    };
    match name {
        Some(name) if name.iter().any(|b| !(0x21..=0x7E).contains(b) || *b == b'"') => hex::encode(name, out),
        Some(name) => {
            out.push(b'"');
            out.extend_from_slice(name);
            out.push(b'"');
        }
        None => {
            out.extend_from_slice(b"\"unknown(");
            number::push_signed(out, i64::from(id.unwrap_or_default() as i32));
            out.extend_from_slice(b")\"");
        }
    }
}

/// The name of a field in upper case, and an equal sign.
fn push_name(out: &mut Vec<u8>, name: &[u8]) {
    let start = out.len();
    out.extend_from_slice(name.get(..LONGEST_NAME).unwrap_or(name));
    out.get_mut(start..).unwrap_or_default().make_ascii_uppercase();
    out.push(b'=');
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// The meanings of one record on a host that knows nobody but root.
    fn meanings(message: u16, text: &str) -> String {
        let mut enricher = Enricher::new(Users::open(Path::new("/nonexistent")), "x86_64");
        let mut out = text.as_bytes().to_vec();
        enricher.enrich(&mut out, 0, 0, message);
        String::from_utf8(out[text.len()..].to_vec()).unwrap()
    }

    #[test]
    fn ids_calls_and_machines_come_in_the_order_of_the_fields() {
        assert_eq!(
            meanings(
                1300,
                "audit(1.000:2): arch=c000003e syscall=257 success=no auid=4294967295 uid=0 gid=7 key=\"k\""
            ),
            "\u{1d}ARCH=x86_64 SYSCALL=openat AUID=\"unset\" UID=\"root\" GID=\"unknown(7)\""
        );
    }

    #[test]
    fn a_record_without_such_fields_has_no_meanings() {
        assert_eq!(meanings(1307, "audit(1.000:2): cwd=\"/root\""), "");
        assert_eq!(meanings(1307, "audit(1.000:2): pid=5 ppid=6 gid= = = =d"), "");
    }

    #[test]
    fn fields_inside_a_message_count_too() {
        assert_eq!(
            meanings(1112, "audit(1.000:2): pid=1 uid=0 auid=5 msg='op=login id=0 exe=\"/bin/login\" res=success'"),
            "\u{1d}UID=\"root\" AUID=\"unknown(5)\" ID=\"root\""
        );
    }

    #[test]
    fn calls_and_addresses_nobody_knows_say_so() {
        assert_eq!(
            meanings(1300, "audit(1.000:2): arch=c000003e syscall=9999"),
            "\u{1d}ARCH=x86_64 SYSCALL=unknown-syscall(9999)"
        );
        assert_eq!(
            meanings(1306, "audit(1.000:2): saddr=02000050C0A80101000000000000000000"),
            "\u{1d}SADDR={ saddr_fam=inet laddr=192.168.1.1 lport=80 }"
        );
    }

    #[test]
    fn what_was_remembered_of_other_records_changes_nothing() {
        let texts = [
            "arch=c000003e syscall=257 success=yes auid=0 uid=5 gid=5 tty=x ses=1 key=\"k\"",
            "arch=40000003 syscall=5 success=yes auid=0 uid=5 gid=5 tty=x ses=1 key=\"k\"",
            "arch=c000003e syscall=257",
            "arch=c000003e syscall=2570 auid=0 uid=5 gid=50",
            "syscall=5 auid=0 uid=5",
            "uid=5 auid=0 msg='id=0 op=x acct=\"y\" id=5 uid=0 res=1'",
            "ouid=0 ogid=0 cap_frootid=0",
            "ouid=0 ogid=0  cap_frootid=0 uid = gid=5",
            "uid=0 gid=0 pid=0 uid=0 gid=0",
        ];
        let mut enricher = Enricher::new(Users::open(Path::new("/nonexistent")), "x86_64");
        for _ in 0..3 {
            for (text, message) in texts.iter().flat_map(|text| [(text, 1300), (text, 1112)]) {
                for room in [0, 100, LONGEST - 90 - text.len(), LONGEST - 50 - text.len()] {
                    let line = format!("{} {text}", "x".repeat(room));
                    let mut out = line.clone().into_bytes();
                    enricher.enrich(&mut out, 0, 0, message);
                    assert_eq!(String::from_utf8(out[line.len()..].to_vec()).unwrap(), meanings(message, &line));
                }
            }
        }
    }

    #[test]
    fn new_names_are_used_at_once() {
        let root = std::env::temp_dir().join(format!("auditbox-names-{}", std::process::id()));
        std::fs::create_dir_all(root.join("etc")).unwrap();
        std::fs::write(root.join("etc/passwd"), "alice:x:5:5::/:\n").unwrap();
        let mut enricher = Enricher::new(Users::open(Path::new("/nonexistent")), "x86_64");
        let mut said = || {
            let mut out = b"a uid=5".to_vec();
            enricher.enrich(&mut out, 0, 0, 1300);
            enricher.set_users(Users::open(&root));
            String::from_utf8(out).unwrap()
        };
        assert_eq!(said(), "a uid=5\u{1d}UID=\"unknown(5)\"");
        assert_eq!(said(), "a uid=5\u{1d}UID=\"alice\"");
        std::fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn what_does_not_fit_is_left_out_whole() {
        let text = format!("audit(1.000:2): {} uid=0 gid=0", "x".repeat(LONGEST - 60));
        assert_eq!(meanings(1300, &text), "\u{1d}UID=\"root\"");
    }
}
