//! `log_format = ENRICHED`: the meaning of ids, system calls, machines and addresses, behind a byte 0x1D.
//!
//! Looked up where and when the record was made, because elsewhere and later the ids may mean something else. Names are in
//! memory: nothing on the way of a record waits for a name.

use crate::interpret::{Interpreter, Kind, Setting, kind as kind_of};
use crate::record::{ENRICHED, Field, RecordType, labelled};
use crate::sys::users::Users;
use crate::tables::machine::Machine;
use crate::tables::syscall;
use crate::text::{Escape, hex, number};
use memchr::{memchr, memchr_iter};

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
    last_user: Shown,
    last_group: Shown,
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
            last_user: Shown::default(),
            last_group: Shown::default(),
        }
    }

    /// Takes newer names.
    pub(super) fn set_users(&mut self, users: Users) {
        self.users = users;
        self.last_user.1.clear();
        self.last_group.1.clear();
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
        let record = RecordType(u32::from(message));
        let mut meanings = std::mem::take(&mut self.meanings);
        meanings.clear();
        let raw = out.len() - start;
        let mut machine = self.native;
        for (word, equals) in candidates(out.get(text..).unwrap_or_default()) {
            let Some(field) = labelled(word, equals) else { continue };
            let kind = kind_of(record, field.name, field.value);
            if !matches!(kind, Kind::User | Kind::Group | Kind::Syscall | Kind::Arch | Kind::Sockaddr) {
                continue;
            }
            let before = meanings.len();
            if raw + before + LEAST_ROOM >= LONGEST {
                break;
            }
            meanings.push(if before == 0 { ENRICHED } else { b' ' });
            push_name(&mut meanings, field.name);
            self.push_meaning(&mut meanings, record, kind, field, &mut machine);
            if raw + meanings.len() >= LONGEST {
                meanings.truncate(before);
            }
        }
        out.extend_from_slice(&meanings);
        self.meanings = meanings;
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
            Kind::User | Kind::Group => self.push_id(out, kind, field.value),
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

    /// The name of an id in quotes. What was shown last is shown again without a look: most ids of a record are the same.
    fn push_id(&mut self, out: &mut Vec<u8>, kind: Kind, value: &[u8]) {
        let shown = if kind == Kind::User { &mut self.last_user } else { &mut self.last_group };
        if shown.0 != value || shown.1.is_empty() {
            shown.1.clear();
            push_name_of_id(&self.users, kind, value, &mut shown.1);
            shown.0.clear();
            // A value that is no id has no end; such a one is not remembered.
            if shown.0.extend_from_slice(value).is_err() {
                out.extend_from_slice(&shown.1);
                return shown.1.clear();
            }
        }
        out.extend_from_slice(&shown.1);
    }
}

/// The last id that was shown, and how.
type Shown = (heapless::Vec<u8, 12>, Vec<u8>);

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

/// The words of a text that may hold a field with a meaning, each with the place of its `=`: those whose name ends like
/// `uid`, `gid`, `id`, `syscall`, `uring_op`, `arch` or `saddr`. What stands inside `msg='...'` counts as words too.
fn candidates(text: &[u8]) -> impl Iterator<Item = (&[u8], usize)> {
    memchr_iter(b'=', text).filter_map(move |equals| {
        let name = text.get(..equals)?;
        if !matches!(name, [.., b'd' | b'l' | b'p' | b'h' | b'r']) || name.ends_with(b"pid") {
            return None;
        }
        let start = match name.iter().rposition(|b| matches!(b, b' ' | b'='))? {
            // Only behind the quote of `msg='` may a name follow an equal sign.
            before if name.get(before) == Some(&b'=') => {
                let quoted = name.get(..before)?.ends_with(b"msg") && name.get(before + 1) == Some(&b'\'');
                quoted.then_some(before + 2)?
            }
            before => before + 1,
        };
        let end = memchr(b' ', text.get(equals..)?).map_or(text.len(), |length| equals + length);
        Some((text.get(start..end)?, equals - start))
    })
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
    fn what_does_not_fit_is_left_out_whole() {
        let text = format!("audit(1.000:2): {} uid=0 gid=0", "x".repeat(LONGEST - 60));
        assert_eq!(meanings(1300, &text), "\u{1d}UID=\"root\"");
    }
}
