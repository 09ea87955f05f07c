//! Records from hostile hands put into words. tests/it/interpret_properties.rs does the same with bytes of its own making, so
//! that it runs with every `cargo test`.

use auditbox::interpret::{Interpreter, Names, RecordContext};
use auditbox::record::Record;
use auditbox::tables::machine::Machine;
use auditbox::text::Escape;

/// A host on which every even number has a name.
pub(crate) struct AnyHost;

impl Names for AnyHost {
    fn user(&self, uid: u32) -> Option<&[u8]> {
        (uid % 2 == 0).then_some(b"someone")
    }

    fn group(&self, gid: u32) -> Option<&[u8]> {
        self.user(gid)
    }

    fn protocol(&self, number: u32) -> Option<&[u8]> {
        self.user(number)
    }

    fn interface(&self, index: u32) -> Option<&[u8]> {
        self.user(index)
    }
}

/// A record and how its text is made harmless: the first byte picks both, the record's type and this; the rest is its body.
pub(crate) fn line(data: &[u8]) -> Option<(Vec<u8>, Escape)> {
    const TYPES: [&str; 12] = [
        "SYSCALL",
        "SECCOMP",
        "URINGOP",
        "EXECVE",
        "SOCKADDR",
        "TTY",
        "PATH",
        "AVC",
        "USER_AUTH",
        "TRUSTED_APP",
        "PROCTITLE",
        "BOGUS",
    ];
    const MODES: [Escape; 4] = [Escape::Raw, Escape::Tty, Escape::Shell, Escape::ShellQuote];
    let (pick, body) = data.split_first()?;
    let (kind, mode) = (TYPES[usize::from(pick / 4) % TYPES.len()], MODES[usize::from(pick % 4)]);
    let mut line = format!("type={kind} msg=audit(1700000000.123:4567): ").into_bytes();
    line.extend_from_slice(body);
    Some((line, mode))
}

/// Puts such a record into words.
pub(crate) fn record(data: &[u8]) {
    let Some((line, mode)) = line(data) else { return };
    let record = Record::parse(&line).expect("its head is sound");
    let mut interpreter = Interpreter::new(&AnyHost, Some(Machine::X86_64), mode);

    let mut out = Vec::new();
    interpreter.rewrite(&record, b"now", &mut out);
    assert!(out.starts_with(b"type=") && out.ends_with(b"\n"));
    assert!(out.len() <= MOST_WORDS * line.len());

    let context = RecordContext::of(&record);
    for field in record.fields() {
        out.clear();
        interpreter.value(record.record_type, field, &context, &mut out);
        assert!(out.len() <= MOST_WORDS * (field.value.len() + line.len()));
        if mode != Escape::Raw && record.enriched.is_none() {
            let separates = |byte: &u8| *byte == 1 && field.name == b"key";
            assert!(out.iter().all(|byte| *byte >= b' ' || separates(byte)), "{:?}", String::from_utf8_lossy(&out));
        }
    }
}

/// No value grows more than a full set of mount flags, written as eight hex digits.
const MOST_WORDS: usize = 64;
