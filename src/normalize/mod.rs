//! Who did what to what, how, and did it work: one event in the same few words whatever its records are.
//!
//! A normalised event points at fields of the event's records; a field becomes words only when it is shown. Which field
//! answers which question depends on the record type (`records`), or in a compound event on the system call
//! (`syscalls`). [`csv`] and [`text`] print what ausearch(8) calls `--format csv` and `--format text`.
//!
//! COMPAT: what is said and what is left out follows auparse_normalize(3).
//!
//! ```
//! use auditbox::event::{Assembler, Policy};
//! use auditbox::interpret::Interpreter;
//! use auditbox::normalize::{EventKind, Words, normalize, pieces};
//! use auditbox::record::Record;
//! use auditbox::text::Escape;
//!
//! let line = b"type=SERVICE_STOP msg=audit(1700000000.001:5): pid=1 uid=0 auid=0 ses=1 \
//!              msg='unit=cron exe=\"/sbin/init\" res=success'";
//! let mut assembler = Assembler::new(Policy::Search, 2);
//! assembler.push(&Record::parse(line).unwrap());
//! assembler.finish();
//! let event = assembler.next().unwrap();
//!
//! let mut interpreter = Interpreter::new((), None, Escape::Tty);
//! for piece in pieces(&event) {
//!     let mut words = Words::new(&piece, &mut interpreter);
//!     let normalized = normalize(&piece, &mut words, false).unwrap();
//!     assert_eq!(normalized.event_kind, EventKind::SystemServices);
//!     let mut out = Vec::new();
//!     words.push(normalized.subject.primary.unwrap(), &mut out);
//!     out.push(b' ');
//!     words.push_text(normalized.action.unwrap(), &mut out);
//!     out.push(b' ');
//!     words.push(normalized.object.primary.unwrap(), &mut out);
//!     assert_eq!(out, b"root stopped-service cron");
//! }
//! ```

mod compound;
pub mod csv;
mod kernel;
mod kinds;
mod layout;
mod normalized;
mod parsed;
mod records;
mod single;
mod syscalls;
pub mod text;
mod words;

pub use kinds::{EventKind, ObjectKind, SubjectKind};
pub use normalized::{DID_UNKNOWN, Normalized, Object, Subject, TextSource};
pub use parsed::{ParsedEvent, Place, pieces};
pub use words::Words;

use crate::interpret::{Kind, kind};
use normalized::Normalizer;

/// Why an event cannot be normalized: it has several records, and none of them is a SYSCALL record or says by itself what
/// happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSyscall;

impl std::fmt::Display for NoSyscall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an event of several records has no SYSCALL record")
    }
}

impl std::error::Error for NoSyscall {}

/// Normalizes an event. `attributes` asks for everything there is about subject and object.
pub fn normalize(
    event: &ParsedEvent<'_>,
    words: &mut Words<'_, '_, '_, '_>,
    attributes: bool,
) -> Result<Normalized, NoSyscall> {
    let normalized = Normalized::default();
    let mut normalizer = Normalizer { event, attributes, call: None, succeeded: None, normalized };
    match (normalizer.syscall_record(), kernel::own_record(event)) {
        (Some(syscall), _) => normalizer.compound(syscall, words),
        (None, Some(record)) => normalizer.by_record(record, words),
        (None, None) if event.len() > 1 => return Err(NoSyscall),
        (None, None) => normalizer.single(words),
    }
    Ok(normalizer.normalized)
}

/// Whether the field of a result says that it worked. `out` is left as it was.
pub(crate) fn success(result: Place, words: &mut Words<'_, '_, '_, '_>, out: &mut Vec<u8>) -> bool {
    let Some((record, field)) = words.field(result) else { return false };
    match field.name {
        b"action" => return field.value == XT_AUDIT_TYPE_ACCEPT,
        b"apparmor" => return record.apparmor_allows(field.value, false),
        _ => {}
    }
    let start = out.len();
    words.push(result, out);
    let success = match out.get(start..).unwrap_or_default() {
        b"yes" | [b's', b'u', b'c', ..] => true,
        b"allow" => kind(record, field.name, field.value) == Kind::Seccomp,
        _ => false,
    };
    out.truncate(start);
    success
}

/// What linux/netfilter/xt_AUDIT.h calls a packet that is let through.
const XT_AUDIT_TYPE_ACCEPT: &[u8] = b"0";

/// Appends who acts; nobody in particular is the system.
fn push_subject(subject: Option<Place>, words: &mut Words<'_, '_, '_, '_>, out: &mut Vec<u8>) {
    let start = out.len();
    subject.inspect(|&place| words.push(place, out));
    if out.get(start..) == Some(b"unset") {
        out.truncate(start);
        out.extend_from_slice(b"system");
    }
}

/// Whether a change of the audit configuration with this action has the name of the setting as its object, not its value.
pub(crate) fn names_field(action: &[u8]) -> bool {
    matches!(action, b"set" | b"seccomp-logging")
}
