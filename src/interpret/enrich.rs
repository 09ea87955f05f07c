//! Writes the enriched part of a record: what the daemon adds to it with `log_format = ENRICHED`. `enriched.rs` reads it.
//!
//! The names of users, groups, calls and machines, and socket addresses, are looked up where and when the record was made,
//! because elsewhere and later the numbers may mean something else. What is written is what `ausearch -i` says of the record
//! without it: the same fields, found in the same way, put into words by the same interpreter.
//!
//! Who sends a record chooses many of its bytes. None of them can end a value here, the line, or the record: `push_name`
//! is the one place where a value is written.

use super::scan;
use super::{Interpreter, Kind, RecordContext};
use crate::record::{ENRICHED, RecordType};
use crate::text::{escape_for_log, hex, number};

/// With so little room left no further name is tried.
const LEAST_ROOM: usize = 24;

impl Interpreter<'_> {
    /// Appends byte 0x1D and the names for a record of this type, whose `body` is what follows the event id's parenthesis;
    /// nothing where no field has a name. At most `room` bytes: what does not fit is left out, and all that follows it, so
    /// that the fields of one name and its words stay in step.
    pub fn enrich(&mut self, record_type: RecordType, body: &[u8], limit: usize, out: &mut Vec<u8>) {
        let start = out.len();
        let mut shapes = std::mem::take(&mut self.shapes);
        let layout = shapes.layout(record_type);
        let mut context = self.context_of_call(record_type, body);
        let (mut at, mut place) = (scan::first(body), 0);
        while let Some(found) = layout.field(place, body, at) {
            (at, place) = (found.next, place + 1);
            self.note_field(&mut context, body, found.kind, &found);
            // The words for an address have spaces in them, so they stand alone. The kernel writes one in hex.
            let is_hex = || !found.value(body).is_empty() && found.value(body).iter().all(u8::is_ascii_hexdigit);
            if !found.kind.row().is_named || (found.kind == Kind::Sockaddr && (out.len() > start || !is_hex())) {
                continue;
            }
            let before = out.len();
            if before - start + LEAST_ROOM >= limit {
                break;
            }
            out.push(if before == start { ENRICHED } else { b' ' });
            out.extend(found.name(body).iter().map(u8::to_ascii_uppercase));
            out.push(b'=');
            self.push_name(found.kind, found.value(body), &context, out);
            if out.len() - start >= limit {
                out.truncate(before);
                break;
            }
            if found.kind == Kind::Sockaddr {
                break;
            }
        }
        self.shapes = shapes;
    }

    /// Appends the name for a value, as a value of an enriched part.
    fn push_name(&mut self, kind: Kind, value: &[u8], context: &RecordContext, out: &mut Vec<u8>) {
        let mut name = std::mem::take(&mut self.unescaped);
        name.clear();
        self.push(kind, value, context, &mut name);
        match (kind, name.as_slice()) {
            (Kind::User | Kind::Group, name) if name.iter().all(|b| is_plain(*b)) => {
                out.push(b'"');
                out.extend_from_slice(name);
                out.push(b'"');
            }
            (Kind::User | Kind::Group, name) => hex::encode(name, out),
            (Kind::Sockaddr, [b'{', inside @ .., b'}']) => {
                out.push(b'{');
                escape_for_log(inside, out);
                out.push(b'}');
            }
            (Kind::Sockaddr, words) => escape_for_log(words, out),
            (Kind::Arch, _) if number::parse_prefix(value, 16).is_none() => push_unknown(value, out),
            (_, [_, ..]) if name.iter().all(|b| is_plain(*b) && !matches!(b, b'\\' | b'\'')) => {
                out.extend_from_slice(&name)
            }
            _ => push_unknown(value, out),
        }
        self.unescaped = name;
    }
}

/// What stands for the name of a value that has none: the bytes of the value.
fn push_unknown(value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"unknown-");
    hex::encode(value, out);
}

/// Whether the byte may stand in a value in quotes.
fn is_plain(byte: u8) -> bool {
    (0x21..=0x7E).contains(&byte) && byte != b'"'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interpret::Names;
    use crate::tables::machine::Machine;
    use crate::text::Escape;

    /// Names that no sane host has.
    struct Strange;

    impl Names for Strange {
        fn user(&self, uid: u32) -> Option<&[u8]> {
            match uid {
                1 => Some(b"alice"),
                2 => Some(b"two words"),
                3 => Some(b"a\"\x1dUID=\"root\"\n"),
                _ => None,
            }
        }

        fn group(&self, gid: u32) -> Option<&[u8]> {
            self.user(gid)
        }
    }

    fn names(record_type: RecordType, body: &str) -> String {
        let (mut out, limit) = (Vec::new(), 9000);
        let mut interpreter = Interpreter::new(Strange, Some(Machine::X86_64), Escape::Tty);
        interpreter.enrich(record_type, body.as_bytes(), limit, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn ids_calls_and_machines_come_in_the_order_of_the_fields() {
        assert_eq!(
            names(RecordType::SYSCALL, ": arch=c000003e syscall=257 success=no auid=4294967295 uid=0 gid=7 key=\"k\""),
            "\u{1d}ARCH=x86_64 SYSCALL=openat AUID=\"unset\" UID=\"root\" GID=\"unknown(7)\""
        );
    }

    #[test]
    fn a_record_without_such_fields_has_no_names() {
        for body in [": cwd=\"/root\"", ": pid=5 ppid=6 gid", "", ": uid"] {
            assert_eq!(names(RecordType::CWD, body), "");
        }
    }

    #[test]
    fn fields_in_a_message_count_and_those_in_quotes_do_not() {
        assert_eq!(
            names(
                RecordType::USER_LOGIN,
                ": pid=1 uid=0 auid=1 msg='op=login id=0 exe=\"/a uid=1\" uid=1 res=success'"
            ),
            "\u{1d}UID=\"root\" AUID=\"alice\" ID=\"root\" UID=\"alice\""
        );
    }

    #[test]
    fn a_call_is_named_for_its_machine_and_with_the_one_it_stands_for() {
        for (record_type, body, want) in [
            (RecordType::URINGOP, ": uring_op=18 success=yes", "URING_OP=openat"),
            (RecordType::URINGOP, ": uring_op=19 success=yes", "URING_OP=close"),
            (RecordType::SYSCALL, ": arch=40000003 syscall=102 a0=3", "ARCH=i386 SYSCALL=socketcall(connect)"),
            (RecordType::SYSCALL, ": arch=40000003 syscall=117 a0=2", "ARCH=i386 SYSCALL=ipc(semget)"),
            (RecordType::SECCOMP, ": auid=0 arch=c00000b7 syscall=221", "AUID=\"root\" ARCH=aarch64 SYSCALL=execve"),
            (RecordType::SYSCALL, ": arch=c000003e syscall=9999", "ARCH=x86_64 SYSCALL=unknown-syscall(9999)"),
            (RecordType::USER, ": msg='syscall=59 '", "SYSCALL=execve"),
        ] {
            assert_eq!(names(record_type, body), format!("\u{1d}{want}"));
        }
    }

    #[test]
    fn an_address_stands_alone() {
        let body = ": saddr=02000050C0A80101000000000000000000";
        let want = "\u{1d}SADDR={ saddr_fam=inet laddr=192.168.1.1 lport=80 }";
        assert_eq!(names(RecordType::SOCKADDR, body), want);
        assert_eq!(names(RecordType::SOCKADDR, &format!("{body} uid=0")), want);
        assert_eq!(names(RecordType::SOCKADDR, ": uid=0 saddr=02000050C0A80101"), "\u{1d}UID=\"root\"");
    }

    #[test]
    fn no_value_can_end_before_its_end() {
        for (record_type, body, want) in [
            (RecordType::SYSCALL, ": uid=2", "UID=74776F20776F726473"),
            (RecordType::SYSCALL, ": uid=3", "UID=61221D5549443D22726F6F74220A"),
            (
                RecordType::SYSCALL,
                ": uid=99999999999999999999",
                "UID=636F6E76657273696F6E206572726F7228393939393939393939393939393939393939393929",
            ),
            (RecordType::SYSCALL, ": arch=c\"'\x1d", "ARCH=unknown-6322271D"),
            (
                RecordType::SYSCALL,
                ": arch=99999999999999999999",
                "ARCH=unknown-3939393939393939393939393939393939393939",
            ),
            (
                RecordType::SOCKADDR,
                ": saddr=01002F780A747970653D1D22277D7B7FC29B00",
                "SADDR={ saddr_fam=local path=/x\\012type=\\035\\042\\047\\175\\173\\177\\302\\233 }",
            ),
            (RecordType::SOCKADDR, ": saddr=102", "SADDR={ saddr_fam=netlink len too short }"),
        ] {
            assert_eq!(names(record_type, body), format!("\u{1d}{want}"));
        }
        assert_eq!(names(RecordType::SOCKADDR, ": saddr=x\"\x1d"), "", "no address of the kernel's");
    }

    #[test]
    fn what_does_not_fit_is_left_out_with_all_that_follows() {
        let mut out = Vec::new();
        let mut interpreter = Interpreter::new(Strange, Some(Machine::X86_64), Escape::Tty);
        let body = b": saddr=01002F786161616161616161616161616161616161 uid=0";
        interpreter.enrich(RecordType::SOCKADDR, body, 40, &mut out);
        assert_eq!(out, b"");
        interpreter.enrich(RecordType::SYSCALL, b": auid=0 uid=0 gid=0", 37, &mut out);
        assert_eq!(out, b"\x1dAUID=\"root\" UID=\"root\"");
    }

    #[test]
    fn new_names_count_at_once() {
        let mut interpreter = Interpreter::new(Strange, None, Escape::Tty);
        let names = |interpreter: &mut Interpreter| {
            let mut out = Vec::new();
            interpreter.enrich(RecordType::SYSCALL, b": uid=1", 9000, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(names(&mut interpreter), "\u{1d}UID=\"alice\"");
        interpreter.set_names(());
        assert_eq!(names(&mut interpreter), "\u{1d}UID=\"unknown(1)\"");
    }
}
