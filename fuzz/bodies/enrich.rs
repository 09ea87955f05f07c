//! Records from hostile hands on their way into the log: one line, with names that nobody but the daemon has written, and
//! read again as what it says without them. tests/enrich_properties.rs does the same with bytes of its own making.

use auditbox::daemon::record::format::PrefixCache;
use auditbox::interpret::{Interpreter, Names};
use auditbox::record::{ENRICHED, Record, RecordType};
use auditbox::tables::machine::Machine;
use auditbox::text::Escape;

/// A host whose names are as hostile as the records.
pub(crate) struct HostileHost;

const NAMES: [&[u8]; 8] = [
    b"alice",
    b"CORP\\bob",
    b"o'neil",
    b"a\"b",
    b"two words",
    b"x\x1dUID=\"root\"",
    b"x\ntype=USER_LOGIN msg=audit(1700000000.123:4567): uid=0",
    b"\x1b[31m\x9b\x7f",
];

impl Names for HostileHost {
    fn user(&self, uid: u32) -> Option<&[u8]> {
        NAMES.get(uid as usize % 11).copied()
    }

    fn group(&self, gid: u32) -> Option<&[u8]> {
        self.user(gid.wrapping_add(1))
    }

    fn interface(&self, index: u32) -> Option<&[u8]> {
        self.user(index)
    }
}

/// Bytes of the names of a record: those of the daemon, or so few that not all fit.
fn room(pick: u8) -> usize {
    if pick < 192 { 9000 } else { usize::from(pick) - 120 }
}

/// Puts names behind the records of one machine, and reads them again.
pub(crate) struct Check {
    machine: Machine,
    daemon: Interpreter<'static>,
    readers: [Interpreter<'static>; 3],
    enriched: Vec<u8>,
    shown: [Vec<u8>; 2],
}

impl Check {
    pub(crate) fn new(machine: Machine) -> Check {
        let new = |mode| Interpreter::new(HostileHost, Some(machine), mode);
        let readers = [new(Escape::Raw), new(Escape::Tty), new(Escape::ShellQuote)];
        Check { machine, daemon: new(Escape::Raw), readers, enriched: Vec::new(), shown: Default::default() }
    }

    pub(crate) fn machine(&self) -> Machine {
        self.machine
    }

    /// A record of this type, whose names have so much room.
    pub(crate) fn record(&mut self, message: u16, room: usize, body: &[u8]) {
        let is_message = matches!(message, 1005 | 1100..=1123 | 1125..=1199 | 2100..=2999);
        // The kernel puts what a program sent between quotes, and ends it before a NUL.
        let body = body.split(|byte| *byte == 0).next().unwrap_or_default();
        let (before, after): (&[u8], &[u8]) =
            if is_message { (b"pid=1 uid=0 auid=1 ses=1 msg='", b"'") } else { (b"", b"") };
        let text = [b"audit(1700000000.123:4567): ", before, body, after].concat();

        let mut raw = Vec::new();
        PrefixCache::default().push_line(&mut raw, message, &text);
        assert!(!raw.contains(&b'\n') && !raw.contains(&ENRICHED), "one line, and no names");
        let record = Record::parse(&raw).expect("its head is sound");
        assert_eq!((record.record_type, record.enriched), (RecordType(u32::from(message)), None));

        self.enriched.clear();
        self.enriched.extend_from_slice(&raw);
        self.daemon.enrich(record.record_type, record.body, room, &mut self.enriched);
        assert!(self.enriched.starts_with(&raw) && self.enriched.len() <= raw.len() + room);
        let names = &self.enriched[raw.len()..];
        if let [ENRICHED, names @ ..] = names {
            assert!(sound(names), "{}", names.escape_ascii());
        }
        let again = Record::parse(&self.enriched).expect("its head is the same");
        assert_eq!((again.line, again.enriched), (&raw[..], names.get(1..)));

        for reader in &mut self.readers {
            for (shown, record) in self.shown.iter_mut().zip([&record, &again]) {
                shown.clear();
                reader.rewrite(record, b"now", shown);
            }
            let [plain, named] = &self.shown;
            assert_eq!(
                named.escape_ascii().to_string(),
                plain.escape_ascii().to_string(),
                "{}",
                self.enriched.escape_ascii()
            );
        }
    }
}

/// The first byte picks the record's type, the second the machine and how much room there is, the rest is the text of the
/// record after its stamp.
pub(crate) fn record(data: &[u8]) {
    const TYPES: [u16; 12] = [1300, 1326, 1336, 1306, 1309, 1302, 1112, 1105, 1123, 1400, 1114, 2404];
    let [first, second, body @ ..] = data else { return };
    let message = TYPES[usize::from(*first) % TYPES.len()];
    let machine = Machine::ALL[usize::from(*second) % Machine::ALL.len()];
    Check::new(machine).record(message, room(*second), body);
}

/// Whether nothing ends before its end: an address alone, or words with a name and a value each, in quotes that are closed or
/// without any.
fn sound(names: &[u8]) -> bool {
    let has = |bytes: &[u8]| names.iter().filter(|byte| bytes.contains(byte)).count();
    let is_printable = !names.is_empty() && names.iter().all(|byte| *byte >= b' ' && *byte != 0x7f);
    if names.starts_with(b"SADDR=") {
        return is_printable && has(b"\"'") == 0 && has(b"{") == has(b"}");
    }
    is_printable
        && names.split(|byte| *byte == b' ').all(|word| {
            let mut parts = word.splitn(2, |byte| *byte == b'=');
            let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let is_quoted = value.len() >= 2 && value.starts_with(b"\"") && value.ends_with(b"\"");
            let quotes = value.iter().filter(|byte| **byte == b'"').count();
            !name.is_empty() && !value.is_empty() && quotes == if is_quoted { 2 } else { 0 }
        })
}
