//! One line of an audit log: type, node, event id and fields. Borrows the line, never allocates.
//!
//! A line reads `[node=NAME ]type=TYPE msg=audit(SECONDS.MILLI:SERIAL): BODY`, and after a byte 0x1D an enriched record
//! carries the names its ids had when it was written. Lines come from disks and networks: whatever cannot be read is
//! skipped or kept as it stands, and nothing panics.
//!
//! The reference cuts a record into fields in three ways that disagree about quotes, commas and parentheses. Each is kept
//! where its answers are to be the same, and has one door; a fourth is ours:
//!
//! * libauparse: words between spaces, but nothing inside of quotes. [`Record::fields`]; for csv, text, expressions and library users.
//! * `ausearch -i`: a value in quotes is one value, and ends nowhere else; other values end at a space or comma.
//!   `interpret/scan.rs`; also for what the daemon adds to a record, so that both say the same.
//! * Searches and reports: known names are looked for in the order in which the kernel writes them. `query/extract`.
//! * Where a key decides, as for `--key` of audisp-json: what the kernel wrote, and never what a program says. [`key_values`].

mod event_id;
mod fields;
mod headers;
mod keys;
mod known;
mod record_type;

pub use event_id::EventId;
pub use fields::{Field, Fields};
pub(crate) use headers::Front;
pub use headers::Headers;
pub use keys::{each_key, has_key, key_values, keys};
pub use record_type::RecordType;

use crate::text;
use memchr::{memchr, memchr2};

/// Separates a record from the names that were looked up for it when it was written.
pub const ENRICHED: u8 = 0x1D;

/// A line as it stands in a log, without its newline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// All of it.
    pub text: &'a [u8],
    /// Where its first byte [`ENRICHED`] or NUL stands, or else its end.
    pub end: usize,
}

impl<'a> Line<'a> {
    /// Looks one line over, with or without its newline.
    pub fn new(text: &'a [u8]) -> Line<'a> {
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        Line { text, end: memchr2(ENRICHED, 0, text).unwrap_or(text.len()) }
    }

    /// What belongs to a record of this type: the line itself, the names that were looked up for it, and both as they were
    /// written. A NUL ends each, and a carriage return at the end is as written alone.
    ///
    /// Where the kernel wrote or encoded every byte, the first byte 0x1D begins the names. In other records it may be part of what
    /// somebody chose: see [`Line::parts_after_foreign`].
    #[inline]
    fn parts(&self, record_type: RecordType) -> (&'a [u8], Option<&'a [u8]>, &'a [u8]) {
        // An editor may have put it before the newline: it ends no value.
        let text = self.text.strip_suffix(b"\r").unwrap_or(self.text);
        let (line, names, written) = Line { text, end: self.end }.parts_of_text(record_type);
        (line, names, if written.len() == text.len() { self.text } else { written })
    }

    /// The parts where no carriage return ends the line. Its end may be that of a line with one.
    #[inline]
    fn parts_of_text(&self, record_type: RecordType) -> (&'a [u8], Option<&'a [u8]>, &'a [u8]) {
        let (line, rest) = self.text.split_at_checked(self.end).unwrap_or((self.text, &[]));
        let Some((&ENRICHED, rest)) = rest.split_first() else { return (line, None, line) };
        let names = text::up_to(rest, 0);
        let is_common_message = || {
            let ends = line.ends_with(b"'") && !names.ends_with(b"'") && memchr(ENRICHED, names).is_none();
            ends && record_type.is_user_message()
        };
        if !record_type.has_no_foreign_bytes() && !is_common_message() {
            return self.parts_after_foreign(record_type);
        }
        (line, Some(names), self.text.get(..line.len() + 1 + names.len()).unwrap_or(line))
    }

    /// The parts where a byte 0x1D may be part of what somebody chose: the text of a user message, or the name of a network
    /// device. The names, which have no such byte themselves, begin after the last one, if what follows looks like names.
    ///
    /// The kernel ends a message with a quote, and no name ends with one. So after a message the names begin after the last quote
    /// that has the byte after it; where the line ends with a quote, it is the message's, and there are no names.
    #[cold]
    fn parts_after_foreign(&self, record_type: RecordType) -> (&'a [u8], Option<&'a [u8]>, &'a [u8]) {
        let written = text::up_to(self.text, 0);
        let at = if record_type.is_user_message() && memchr::memmem::find(written, b"msg='").is_some() {
            let quote = memchr::memmem::rfind(written, &[b'\'', ENRICHED]).filter(|_| !written.ends_with(b"'"));
            quote.map(|at| at + 1)
        } else {
            let is_sound = |(line, names): (&[u8], &[u8])| match names {
                [_, names @ ..] if names.starts_with(b"SADDR=") => has_address(line),
                [_, names @ ..] => are_names(names),
                [] => false,
            };
            memchr::memrchr(ENRICHED, written).filter(|at| written.split_at_checked(*at).is_some_and(is_sound))
        };
        match at.and_then(|at| written.split_at_checked(at)) {
            Some((line, [_, names @ ..])) => (line, Some(names), written),
            _ => (written, None, written),
        }
    }
}

/// A line from its first word on. An editor may have put a byte order mark in front of it, and whoever copied it tabs or blanks.
pub(crate) fn from_first_word(line: &[u8]) -> &[u8] {
    line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line).trim_ascii_start()
}

/// Whether a record has the address of a socket, in hex, of which the words stand alone after the byte 0x1D. What a device can be
/// called has no space before it.
fn has_address(line: &[u8]) -> bool {
    let value = text::after(line, b" saddr=").map(|rest| text::up_to(text::up_to(rest, b' '), b','));
    value.is_some_and(|value| !value.is_empty() && value.iter().all(u8::is_ascii_hexdigit))
}

/// Whether the text may be what was looked up: words `NAME=value` or `NAME="value"`, or what is left of them where the line was
/// cut. The kernel names no field in capitals, so what it writes after a name that somebody chose is none.
fn are_names(mut text: &[u8]) -> bool {
    while !text.is_empty() {
        let word = text::up_to(text, b' ');
        let name = text::before(word, b'=').unwrap_or_default();
        if name.iter().any(|byte| !matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-')) {
            return false;
        }
        text = match text.get(name.len()..) {
            Some([b'=', b'"', quoted @ ..]) => match memchr(b'"', quoted) {
                Some(end) => quoted.get(end + 1..).unwrap_or_default(),
                None => return memchr(b'=', quoted).is_none(),
            },
            _ => text.get(word.len()..).unwrap_or_default(),
        };
        match text {
            [b' ', rest @ ..] => text = rest,
            _ => return text.is_empty(),
        }
    }
    true
}

/// One record, borrowed from its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The line without newline and without its enriched part.
    pub line: &'a [u8],
    /// The machine it came from, if it says so.
    pub node: Option<&'a [u8]>,
    /// Its type.
    pub record_type: RecordType,
    /// Its type as it is written.
    pub type_text: &'a [u8],
    /// Its event.
    pub id: EventId,
    /// What follows the `)` of the event id; normally begins with `: `.
    pub body: &'a [u8],
    /// The looked-up names after byte 0x1D.
    pub enriched: Option<&'a [u8]>,
    /// `line` and, where there are some, the names after it.
    pub(crate) written: &'a [u8],
}

/// Why a line is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed<'a> {
    /// It does not have the shape of one.
    Shape,
    /// The text of the event id holds a number that does not fit.
    EventId(&'a [u8]),
}

impl<'a> Record<'a> {
    /// Reads one line, with or without its newline.
    pub fn parse(line: &'a [u8]) -> Option<Record<'a>> {
        Record::scan(Line::new(line)).ok()
    }

    /// Like [`Record::parse`], and says why not.
    ///
    /// COMPAT: type and event id must stand in the first 80 bytes (340 with a node), the word of the event id must exceed 18,
    /// and a NUL byte ends the line. A line that was cut off before the parenthesis that closes its event id is none, whatever
    /// was written after that ([`Record::find`]): its type, time or serial would be invented.
    pub fn scan(line: Line<'a>) -> Result<Record<'a>, Malformed<'a>> {
        let text = line.text.get(..line.end).unwrap_or(line.text);
        let front = text.len() - from_first_word(text).len();
        let limit = if text.get(front) == Some(&b'n') { 340 } else { 80 };
        let head = text.get(..limit).unwrap_or(text);
        let start = head.len();
        let mut head = head.get(front..).unwrap_or_default();
        let mut word = text::take_word(&mut head).ok_or(Malformed::Shape)?;
        let node = word.strip_prefix(b"node=");
        if let Some(node) = node {
            if text::after(node, b"node=").is_some() {
                return Err(Malformed::Shape);
            }
            word = text::take_word(&mut head).ok_or(Malformed::Shape)?;
        }
        let type_text =
            word.strip_prefix(b"type=").filter(|name| memchr(b'=', name).is_none()).ok_or(Malformed::Shape)?;
        let word = text::take_word(&mut head).filter(|w| w.len() > 18).ok_or(Malformed::Shape)?;
        let end = start - head.len();
        let open = if word.get(9) == Some(&b'(') { 9 } else { memchr(b'(', word).ok_or(Malformed::Shape)? };
        let inside = word.get(open + 1..).unwrap_or_default();
        let digits = text::before(inside, b')').ok_or(Malformed::Shape)?;
        let id = EventId::parse(digits).ok_or(Malformed::EventId(digits))?;
        let record_type = RecordType::parse(type_text);
        let (line, enriched, written) = line.parts(record_type);
        let body = line.get(end - (inside.len() - digits.len() - 1)..).unwrap_or_default();
        Ok(Record { line, node, record_type, type_text, id, body, enriched, written })
    }

    /// The record of a line, and how many bytes in front of it are the rest of another one.
    pub fn find(line: Line<'a>) -> Option<(usize, Record<'a>)> {
        Record::scan(line).map_or_else(|_| Record::behind_torn(line), |record| Some((0, record)))
    }

    /// The record that begins within the front of another, and where: a crash or a full disk cut that one off in its type or
    /// event id, and the next daemon went on in the same line.
    ///
    /// What stands before the first closing parenthesis was written by kernel and daemon, so that no text that somebody chose
    /// is taken for a record. With a node it may be a peer's, who could take the name of another; such a record is lost.
    #[cold]
    pub(crate) fn behind_torn(line: Line<'a>) -> Option<(usize, Record<'a>)> {
        let at = memchr::memmem::rfind(text::before(line.text, b')')?, b"type=")?;
        let (torn, rest) = line.text.split_at_checked(at)?;
        if !b"type=".starts_with(torn.get(..5).unwrap_or(torn)) || text::after(torn, b"node=").is_some() {
            return None;
        }
        Some((at, Record::scan(Line { text: rest, end: line.end.checked_sub(at)? }).ok()?))
    }

    /// The name of its type, unless the log has no more than a number that has meant more than one type.
    pub fn type_name(&self) -> Option<&'static str> {
        let is_bare = self.record_type.is_ambiguous() && self.type_text.starts_with(b"UNKNOWN[");
        self.record_type.name().filter(|_| !is_bare)
    }

    /// The record's fields in order: `node`, `type`, and those of the body, also inside `msg='...'`.
    pub fn fields(&self) -> Fields<'a> {
        Fields::of(self)
    }

    /// The line and the names that were looked up for it, as they stand in the log.
    pub fn as_written(&self) -> &'a [u8] {
        self.written
    }

    /// The first field of that name.
    pub fn field(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.fields().find(|f| f.name == name).map(|f| f.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8] =
        b"node=web type=SYSCALL msg=audit(1700000009.123:45): arch=c000003e a0=1 key=(null)\x1DARCH=x86_64\n";

    #[test]
    fn a_bare_number_that_has_meant_two_types_has_no_name() {
        let name = |kind: &str| {
            let line = format!("type={kind} msg=audit(1700000000.123:45): a=b");
            Record::parse(line.as_bytes()).unwrap().type_name()
        };
        assert_eq!((name("UNKNOWN[1420]"), name("IPE_ACCESS")), (None, Some("IPE_ACCESS")));
        assert_eq!(name("UNKNOWN[1300]"), Some("SYSCALL"));
    }

    #[test]
    fn a_record_is_type_node_event_id_body_and_names() {
        let record = Record::parse(LINE).unwrap();
        assert_eq!(record.node, Some(&b"web"[..]));
        assert_eq!(record.record_type, RecordType(1300));
        assert_eq!(record.id, EventId { sec: 1_700_000_009, milli: 123, serial: 45 });
        assert_eq!(record.body, b": arch=c000003e a0=1 key=(null)");
        assert_eq!(record.enriched, Some(&b"ARCH=x86_64"[..]));
        assert!(record.line.ends_with(b"key=(null)"));
    }

    #[test]
    fn an_event_id_may_lack_milli_and_serial() {
        let record = Record::parse(b"type=USER msg=audit(1700000009): x").unwrap();
        assert_eq!(record.id, EventId { sec: 1_700_000_009, milli: 0, serial: 0 });
        assert_eq!(record.body, b": x");
    }

    #[test]
    fn a_line_without_type_or_event_id_is_no_record() {
        for line in [&b""[..], b"\n", b"type=USER", b"type=USER msg=audit(1.1:1): x", b"junk junk junkjunkjunkjunkjunk"]
        {
            assert_eq!(Record::scan(Line::new(line)), Err(Malformed::Shape), "{:?}", String::from_utf8_lossy(line));
        }
        let line = b"type=USER msg=audit(1700000000.1000:1): x";
        assert_eq!(Record::scan(Line::new(line)), Err(Malformed::EventId(b"1700000000.1000:1")));
        let line = b"type=USER msg=audit(99999999999999999999.1:1): x";
        assert_eq!(Record::scan(Line::new(line)), Err(Malformed::EventId(b"99999999999999999999.1:1")));
    }

    #[test]
    fn type_and_event_id_must_stand_in_front() {
        let mut line = vec![b' '; 60];
        line.extend_from_slice(b"type=USER msg=audit(1700000009.123:45): x");
        assert_eq!(Record::scan(Line::new(&line)), Err(Malformed::Shape));
    }

    #[test]
    fn a_byte_order_mark_tabs_and_blanks_may_stand_before_a_record() {
        let alone = Record::parse(LINE).unwrap();
        for front in ["\u{feff}", "\t", "  ", " \t ", "\u{feff} \t", "\r"] {
            let line = [front.as_bytes(), LINE].concat();
            let record = Record::parse(&line).unwrap();
            assert_eq!(record.written, line.trim_ascii_end(), "it is part of the line");
            assert_eq!(Record { line: alone.line, written: alone.written, ..record }, alone);
            assert!(record.fields().eq(alone.fields()), "{front:?}");
        }
        for front in ["\u{feff}\u{feff}", "x", "\u{feff}x\t", "\u{a0}"] {
            assert_eq!(Record::parse(&[front.as_bytes(), LINE].concat()), None, "{front:?}");
        }
    }

    #[test]
    fn a_nul_ends_the_line() {
        let record = Record::parse(b"type=USER msg=audit(1700000009.123:45): a=1\0 b=2\x1DUID=x\n").unwrap();
        assert_eq!(record.body, b": a=1");
        assert_eq!(record.enriched, None);
    }

    #[test]
    fn a_message_cannot_begin_the_names() {
        let parts = |record_type: &str, rest: &str| {
            let line = format!("type={record_type} msg=audit(1700000009.123:45): {rest}");
            let record = Record::parse(line.as_bytes()).unwrap();
            assert_eq!(record, crate::record::Headers::default().scan(Line::new(line.as_bytes())).unwrap());
            assert_eq!(record.written, line.as_bytes());
            let returned = line.clone() + "\r";
            let other = Record { written: returned.as_bytes(), ..record };
            assert_eq!(Record::parse(returned.as_bytes()), Some(other), "the end of a line is no part of it");
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (text(record.body), record.enriched.map(text))
        };
        let whole = |rest: &str| (format!(": {rest}"), None);
        let named = |rest: &str, names: &str| (format!(": {rest}"), Some(names.to_owned()));
        for (message, names) in [
            ("uid=1 msg='op=x'", "UID=\"root\""),
            ("uid=1 msg='op=\x1dUID=\"eve\"'", "UID=\"root\""),
            ("uid=1 msg='op=x'\x1dUID=\"eve\"'", "UID=\"root\""),
            ("uid=1 msg='op=x'\x1dUID=\"eve\" '", "UID=\"o'neil\""),
        ] {
            assert_eq!(parts("USER_LOGIN", &format!("{message}\x1d{names}")), named(message, names));
            assert_eq!(parts("USER_LOGIN", message), whole(message));
        }
        for rest in ["saddr=01\x1dSADDR={ path='\x1dSADDR={ x }", "saddr=01\x1dSADDR={ path=/x'"] {
            let (body, names) = rest.split_once('\x1d').unwrap();
            assert_eq!(parts("SOCKADDR", rest), named(body, names), "the kernel's own text has no such byte");
        }
        for device in [
            "a\x1dUID=\"x",
            "a\x1dUID=x",
            "a\x1dUID=\"x\"",
            "a\x1d",
            "\x1dA=\x1d=",
            "x\"\x1d\"",
            "\"\x1dA",
            "\x1dSADDR={",
        ] {
            let kernels = format!("dev={device} prom=256 old_prom=0 auid=1000 uid=0 gid=0 ses=1");
            assert_eq!(parts("ANOM_PROMISCUOUS", &kernels), whole(&kernels));
            for names in ["AUID=\"jane doe\" UID=6576650A GID=\"root\"", "AUID=\"jane\" UI", "AUID=\"ja", ""] {
                assert_eq!(parts("ANOM_PROMISCUOUS", &format!("{kernels}\x1d{names}")), named(&kernels, names));
            }
        }
        assert_eq!(parts("USER_TTY", "uid=1 data=61\x1dUID=\"a'"), named("uid=1 data=61", "UID=\"a'"));
        assert_eq!(parts("USER_LOGIN", "uid=1\x1dUID=\"root\""), named("uid=1", "UID=\"root\""));
    }

    #[test]
    fn a_line_that_was_cut_off_in_its_front_is_no_record_and_the_one_behind_is() {
        let whole = "type=SYSCALL msg=audit(1700000009.123:45)";
        let behind = format!("{whole}: arch=c000003e\x1dARCH=x86_64");
        for len in 1..whole.len() {
            let torn = &whole[..len];
            assert_eq!(Record::parse(torn.as_bytes()), None, "{torn}");
            let line = format!("{torn}{behind}");
            assert_eq!(Record::parse(line.as_bytes()), None, "{line}");
            let expected = Record::parse(behind.as_bytes()).map(|record| (len, record));
            assert_eq!(Record::behind_torn(Line::new(line.as_bytes())), expected, "{line}");
        }
        for len in 1.."node=web type=SYSCALL msg=audit(1700000009.123:45".len() {
            let line = format!("{}node=web {behind}", &format!("node=web {whole}")[..len]);
            let names = Record::parse(line.as_bytes()).map(|record| (record.node, record.id.serial));
            assert!(matches!(names, None | Some((Some(b"web"), 45))), "{line}");
        }
    }

    #[test]
    fn no_text_that_somebody_chose_becomes_a_record_behind_a_torn_one() {
        let forged = "type=USER_LOGIN msg=audit(1700000009.123:46): res=success";
        for front in [
            "x",
            "x type=",
            "node=web type=SYSC",
            "type=USER msg=audit(1700000009.123:45): msg='",
            "type=USER msg=audit(1700000009.123:45):",
            "type=USER msg=audit(17000000099999999999999999.123:45): ",
        ] {
            let line = format!("{front}{forged}");
            assert!(matches!(Record::find(Line::new(line.as_bytes())), None | Some((0, _))), "{line}");
        }
        let line = format!("type=SYSCnode=web {forged}");
        assert_eq!(Record::find(Line::new(line.as_bytes())), None);
    }

    #[test]
    fn an_event_id_is_numbers_alone() {
        for id in [
            "1700000009.1x3:45",
            "1700000009.123:45x",
            "1700000009.123:",
            "1700000009.:45",
            "1700000009x",
            "x000000009.1:2",
        ] {
            let line = format!("type=USER msg=audit({id}): long enough");
            assert_eq!(Record::scan(Line::new(line.as_bytes())), Err(Malformed::EventId(id.as_bytes())));
        }
    }
}
