//! One line of an audit log: type, node, event id and fields. Borrows the line, never allocates.
//!
//! A line reads `[node=NAME ]type=TYPE msg=audit(SECONDS.MILLI:SERIAL): BODY`, and after a byte 0x1D an enriched record
//! carries the names its ids had when it was written. Lines come from disks and networks: whatever cannot be read is
//! skipped or kept as it stands, and nothing panics.
//!
//! The reference cuts a record into fields in three ways that disagree about quotes, commas and parentheses. Each is kept
//! where its answers are to be the same, and has one door:
//!
//! * libauparse: words between spaces, also inside quotes. [`Record::fields`]; for csv, text, expressions and library users.
//! * `ausearch -i`: a value in quotes is one value, and ends nowhere else; other values end at a space or comma.
//!   `interpret/scan.rs`; also for what the daemon adds to a record, so that both say the same.
//! * Searches and reports: known names are looked for in the order in which the kernel writes them. `query/extract`.

mod headers;
mod known;

pub(crate) use headers::Front;
pub use headers::Headers;

use crate::tables::record_type;
use crate::text::{self, number};
use memchr::{memchr, memchr2};

/// Separates a record from the names that were looked up for it when it was written.
pub const ENRICHED: u8 = 0x1D;

/// Separates the keys in one key value.
pub const KEY_SEPARATOR: u8 = 0x01;

/// When an event happened, and its number within that millisecond. Orders events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// Seconds since 1970.
    pub sec: u64,
    /// 0 to 999.
    pub milli: u16,
    /// The kernel's event counter.
    pub serial: u64,
}

impl EventId {
    /// Reads `SECONDS[.MILLI][:SERIAL]`; what is missing is zero. `None` when a number does not fit.
    pub fn parse(word: &[u8]) -> Option<EventId> {
        EventId::parse_regular(word).or_else(|| EventId::parse_any(word))
    }

    fn parse_any(word: &[u8]) -> Option<EventId> {
        let sec = number::parse_prefix(word, 10).filter(|&s| s < i64::MAX as u64 - EOE_MARGIN)?;
        let (milli, tail) = match text::after(word, b".") {
            Some(rest) => (number::parse_prefix(rest, 10).filter(|&m| m <= 999)?, rest),
            None => (0, word),
        };
        let serial = match text::after(tail, b":") {
            Some(rest) => number::parse_prefix(rest, 10)?,
            None => 0,
        };
        Some(EventId { sec, milli: u16::try_from(milli).ok()?, serial })
    }

    /// The form that kernels write, in one pass. Anything else is `None`.
    pub(crate) fn parse_regular(word: &[u8]) -> Option<EventId> {
        EventId::parse_prefix(word).filter(|(_, rest)| rest.is_empty()).map(|(id, _)| id)
    }

    /// The event id that `text` begins with, in the form that kernels write, and what follows.
    #[inline]
    fn parse_prefix(text: &[u8]) -> Option<(EventId, &[u8])> {
        let (sec, rest) = digits(text);
        EventId::parse_after_second(sec, rest)
    }

    /// The same, of `.MILLI:SERIAL` and what follows.
    fn parse_after_second(sec: u64, text: &[u8]) -> Option<(EventId, &[u8])> {
        let (milli, rest) = digits(text.strip_prefix(b".")?);
        let (serial, rest) = digits(rest.strip_prefix(b":")?);
        let is_regular = sec < 1 << 40 && milli <= 999;
        is_regular.then_some((EventId { sec, milli: milli as u16, serial }, rest))
    }

    /// Appends `SECONDS.MILLI:SERIAL`.
    pub fn print(&self, out: &mut Vec<u8>) {
        number::push(out, self.sec);
        self.push_after_second(out);
    }

    /// Appends `.MILLI:SERIAL`.
    pub fn push_after_second(&self, out: &mut Vec<u8>) {
        out.push(b'.');
        number::push_wide(out, u64::from(self.milli), 3);
        out.push(b':');
        number::push(out, self.serial);
    }
}

/// The number of up to 18 digits that `text` begins with, and what follows. Of more digits nothing is taken.
#[inline(always)]
fn digits(text: &[u8]) -> (u64, &[u8]) {
    let (mut value, mut rest) = (0u64, text);
    while let [digit @ b'0'..=b'9', tail @ ..] = rest {
        (value, rest) = (value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')), tail);
    }
    if text.len() - rest.len() > 18 { (0, text) } else { (value, rest) }
}

/// Room left above every second for adding a timeout.
const EOE_MARGIN: u64 = 1 << 32;

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
    fn has_no_foreign_bytes(self) -> bool {
        matches!(self, Self::SYSCALL | Self::PATH | Self::SOCKADDR | Self::CWD | Self::EXECVE | Self::PROCTITLE)
    }

    /// Whether a record of this type is the last one of its event (or the only one).
    pub fn ends_event(self) -> bool {
        matches!(self.0, 1005 | 1007..=1299 | 1320 | 1327 | 1406..=1419 | 2000 | 2100..) && self != Self::UNRECOGNISED
    }
}

/// One field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// What stands before the `=`.
    pub name: &'a [u8],
    /// What follows it, with its quotes.
    pub value: &'a [u8],
}

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
    /// written. A NUL ends each.
    ///
    /// Where the kernel wrote or encoded every byte, the first byte 0x1D begins the names. In other records it may be part of what
    /// somebody chose: see [`Line::parts_after_foreign`].
    #[inline]
    fn parts(&self, record_type: RecordType) -> (&'a [u8], Option<&'a [u8]>, &'a [u8]) {
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
    /// and a NUL byte ends the line.
    pub fn scan(line: Line<'a>) -> Result<Record<'a>, Malformed<'a>> {
        let text = line.text.get(..line.end).unwrap_or(line.text);
        let limit = if text.first() == Some(&b'n') { 340 } else { 80 };
        let mut head = text.get(..limit).unwrap_or(text);
        let start = head.len();
        let mut word = text::take_word(&mut head).ok_or(Malformed::Shape)?;
        let mut node = None;
        if word.first() == Some(&b'n') {
            node = Some(word.get(5..).unwrap_or_default());
            word = text::take_word(&mut head).ok_or(Malformed::Shape)?;
        }
        let type_text = word.get(5..).unwrap_or_default();
        let word = text::take_word(&mut head).filter(|w| w.len() > 18).ok_or(Malformed::Shape)?;
        let end = start - head.len();
        let open = if word.get(9) == Some(&b'(') { 9 } else { memchr(b'(', word).ok_or(Malformed::Shape)? };
        let inside = word.get(open + 1..).unwrap_or_default();
        let digits = text::up_to(inside, b')');
        let id = EventId::parse(digits).ok_or(Malformed::EventId(digits))?;
        let record_type = RecordType::parse(type_text);
        let (line, enriched, written) = line.parts(record_type);
        let body = line.get(end - (inside.len() - digits.len()).saturating_sub(1)..).unwrap_or_default();
        Ok(Record { line, node, record_type, type_text, id, body, enriched, written })
    }

    /// The name of its type, unless the log has no more than a number that has meant more than one type.
    pub fn type_name(&self) -> Option<&'static str> {
        let is_bare = self.record_type.is_ambiguous() && self.type_text.starts_with(b"UNKNOWN[");
        self.record_type.name().filter(|_| !is_bare)
    }

    /// The record's fields in order: `node`, `type`, and those of the body, also inside `msg='...'`.
    pub fn fields(&self) -> Fields<'a> {
        Fields {
            line: self.line,
            at: 0,
            avc: matches!(self.record_type, RecordType::AVC | RecordType::USER_AVC),
            seen: 0,
            node: 0,
        }
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

/// Fields of one record, in the manner of libauparse.
///
/// Words between spaces that hold a `=`. A `(` before the name goes, and so does one each of `:` `,` `'` `)` after the
/// value, in that order, except of `(none)` and `(null)`; empty values are skipped, and a quoted value with spaces is
/// cut at the first; what else stands between its quotes is no field. The unlabelled words of an SELinux message come out as `seresult` and `seperms`; the latter's value
/// is the text between the braces, of which libauparse makes a list with commas. A key in hex is one field here; see
/// [`keys`].
#[derive(Clone)]
pub struct Fields<'a> {
    line: &'a [u8],
    /// Where the next word begins, or the spaces before it.
    at: usize,
    avc: bool,
    seen: usize,
    node: usize,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    #[inline]
    fn next(&mut self) -> Option<Field<'a>> {
        let line = self.line;
        loop {
            let mut start = self.at;
            while line.get(start) == Some(&b' ') {
                start += 1;
            }
            let name_end =
                text::find_byte(line, start, |bytes| text::byte_mask(bytes, b'=') | text::byte_mask(bytes, b' '));
            let name = line.get(start..name_end)?;
            let field = if line.get(name_end) == Some(&b'=') {
                self.at = text::find_byte(line, name_end + 1, |bytes| text::byte_mask(bytes, b' '));
                let value = line.get(name_end + 1..self.at)?;
                if let [b'"' | b'\'', ..] = value {
                    self.at = end_of_quoted(line, self.at, value);
                }
                labelled(name, value)
            } else {
                self.at = name_end;
                match name {
                    b"" => return None,
                    word if self.avc => self.unlabelled(word),
                    _ => None,
                }
            };
            if let Some(field) = field {
                if self.avc {
                    self.node |= usize::from(self.seen == 0 && field.name == b"node");
                    self.seen += 1;
                }
                return Some(field);
            }
        }
    }
}

impl<'a> Fields<'a> {
    /// SELinux writes `avc:  denied  { read write } for` where others write name and value.
    fn unlabelled(&mut self, word: &'a [u8]) -> Option<Field<'a>> {
        if word.starts_with(b"avc") {
            return None;
        }
        match self.seen.checked_sub(self.node) {
            Some(1) => Some(Field { name: b"seresult", value: word }),
            Some(2) if word.first() == Some(&b'{') => {
                let rest = self.line.get(self.at..)?;
                let inside = text::up_to(rest, b'}');
                self.at = (self.at + inside.len() + 1).min(self.line.len());
                Some(Field { name: b"seperms", value: inside.trim_ascii() })
            }
            _ => None,
        }
    }
}

/// Where the word ends that closes a quoted value, or the first one of a user message. `value` is what stands before the space at
/// `at`; a quote that nothing closes opens nothing.
fn end_of_quoted(line: &[u8], at: usize, value: &[u8]) -> usize {
    let value = if value.starts_with(b"'") { text::after(value, b"=").unwrap_or_default() } else { value };
    let is_open = value.split_first().is_some_and(|(first, inside)| *first == b'"' && !inside.contains(&b'"'));
    let quote = line.get(at..).and_then(|rest| memchr(b'"', rest)).filter(|_| is_open);
    quote.map_or(at, |quote| text::find_byte(line, at + quote, |bytes| text::byte_mask(bytes, b' ')))
}

/// The field of this name and value, as [`Fields`] gives it out; `None` for an event id and for one without a value.
#[inline(always)]
fn labelled<'a>(name: &'a [u8], value: &'a [u8]) -> Option<Field<'a>> {
    if name != b"msg" { trimmed(name, value) } else { after_msg(value) }
}

fn after_msg(value: &[u8]) -> Option<Field<'_>> {
    match value {
        [b'a', ..] => None,
        [b'\'', inner @ ..] => {
            let (name, value) = inner.split_at(memchr(b'=', inner)?);
            trimmed(name, value.get(1..).unwrap_or_default())
        }
        value => trimmed(b"msg", value),
    }
}

/// Takes off what stands around a name and a value and is not theirs.
#[inline(always)]
fn trimmed<'a>(name: &'a [u8], value: &'a [u8]) -> Option<Field<'a>> {
    let name = if let [b'(', name @ ..] = name { name } else { name };
    let value = match value.last()? {
        b':' | b',' | b'\'' | b')' => trimmed_value(value),
        _ => value,
    };
    Some(Field { name, value })
}

fn trimmed_value(value: &[u8]) -> &[u8] {
    let value = value.strip_suffix(b":").unwrap_or(value);
    let value = value.strip_suffix(b",").unwrap_or(value);
    let value = value.strip_suffix(b"'").unwrap_or(value);
    match value {
        b"(none)" | b"(null)" => value,
        _ => value.strip_suffix(b")").unwrap_or(value),
    }
}

/// Decodes a key value: one key in quotes, or hex digits of several separated by byte 0x01. Appends the keys to `out`
/// with the separators between them; false when there is no key (`(null)`, or nothing that can be decoded).
pub fn keys(value: &[u8], out: &mut Vec<u8>) -> bool {
    match value {
        [b'(', ..] => false,
        [b'"', rest @ ..] => {
            out.extend_from_slice(text::up_to(rest, b'"'));
            true
        }
        _ => text::hex::unescape(value, out),
    }
}

/// What stands after `key=` in a record's text, quotes included: one value for each rule that saw it, where the kernel names several
/// apart. What a program says in `msg='...'` names no rule.
pub fn key_values(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    const NAME: &[u8] = b" key=";
    let own = text.get(..memchr::memmem::find(text, b" msg='").unwrap_or(text.len())).unwrap_or_default();
    memchr::memmem::find_iter(own, NAME).map(move |at| {
        let value = own.get(at + NAME.len()..).unwrap_or_default();
        let end = match value {
            [b'"', rest @ ..] => memchr(b'"', rest).map_or(value.len(), |end| end + 2),
            _ => text::up_to(value, b' ').len(),
        };
        value.get(..end).unwrap_or_default()
    })
}

/// Hands the keys in a record's text over one by one; see [`key_values`].
pub fn each_key(text: &[u8], each: &mut dyn FnMut(&[u8])) {
    let mut joined = Vec::new();
    for value in key_values(text) {
        joined.clear();
        if keys(value, &mut joined) {
            joined.split(|byte| *byte == KEY_SEPARATOR).filter(|key| !key.is_empty()).for_each(&mut *each);
        }
    }
}

/// Whether a rule with one of the keys `wanted` saw the record of this text.
pub fn has_key(text: &[u8], wanted: &[String]) -> bool {
    let mut is_found = false;
    each_key(text, &mut |key| is_found |= wanted.iter().any(|wanted| wanted.as_bytes() == key));
    is_found
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
    fn a_record_is_type_node_stamp_body_and_names() {
        let record = Record::parse(LINE).unwrap();
        assert_eq!(record.node, Some(&b"web"[..]));
        assert_eq!(record.record_type, RecordType(1300));
        assert_eq!(record.id, EventId { sec: 1_700_000_009, milli: 123, serial: 45 });
        assert_eq!(record.body, b": arch=c000003e a0=1 key=(null)");
        assert_eq!(record.enriched, Some(&b"ARCH=x86_64"[..]));
        assert!(record.line.ends_with(b"key=(null)"));
    }

    #[test]
    fn a_stamp_may_lack_milli_and_serial() {
        let record = Record::parse(b"type=USER msg=audit(1700000009): x").unwrap();
        assert_eq!(record.id, EventId { sec: 1_700_000_009, milli: 0, serial: 0 });
        assert_eq!(record.body, b": x");
    }

    #[test]
    fn the_short_way_to_a_stamp_gives_what_the_long_one_does() {
        let digits =
            ["", "0", "007", "12", "999", "1000", "1700000009", "123456789012345678", "1234567890123456789", "-1"];
        let mut short = 0;
        for (sec, milli, serial) in triples(&digits) {
            for word in
                [format!("{sec}.{milli}:{serial}"), format!("{sec}.{milli}:{serial} "), format!("{sec}:{serial}")]
            {
                if let Some(id) = EventId::parse_regular(word.as_bytes()) {
                    assert_eq!(Some(id), EventId::parse_any(word.as_bytes()), "{word}");
                    short += 1;
                }
            }
        }
        assert!(short > 100);
    }

    fn triples<'a>(words: &'a [&'a str]) -> impl Iterator<Item = (&'a str, &'a str, &'a str)> {
        let pairs = words.iter().flat_map(|a| words.iter().map(move |b| (*a, *b)));
        pairs.flat_map(|(a, b)| words.iter().map(move |c| (a, b, *c)))
    }

    #[test]
    fn a_line_without_type_or_stamp_is_no_record() {
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
    fn type_and_stamp_must_stand_in_front() {
        let mut line = vec![b' '; 60];
        line.extend_from_slice(b"type=USER msg=audit(1700000009.123:45): x");
        assert_eq!(Record::scan(Line::new(&line)), Err(Malformed::Shape));
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
    fn an_unclosed_stamp_is_read_and_leaves_no_body() {
        let record = Record::parse(b"type=USER msg=audit(1700000009.123:45").unwrap();
        assert_eq!((record.id.serial, record.body), (45, &b""[..]));
    }

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

    fn fields(line: &[u8]) -> Vec<(String, String)> {
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        Record::parse(line).unwrap().fields().map(|f| (text(f.name), text(f.value))).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect()
    }

    #[test]
    fn fields_are_words_with_an_equals_sign() {
        let got = fields(
            b"type=USER_AUTH msg=audit(1700000009.123:45): pid=1 (x=2): y= msg='op=PAM:auth acct=\"a b\" tty=(none) res=ok'",
        );
        let want = [("type", "USER_AUTH"), ("pid", "1"), ("x", "2"), ("op", "PAM:auth"), ("acct", "\"a")];
        assert_eq!(got, pairs(&[&want[..], &[("tty", "(none)"), ("res", "ok")]].concat()));
    }

    #[test]
    fn nothing_inside_of_quotes_is_a_field() {
        let of = |text: &str| fields(format!("type=USER_LOGIN msg=audit(1700000009.123:45): {text}").as_bytes());
        let with = |rest: &[(&str, &str)]| pairs(&[&[("type", "USER_LOGIN")], rest].concat());
        let (acct, failed) = (("acct", "\"x"), ("res", "failed"));
        assert_eq!(of("msg='op=login acct=\"x res=success y\" res=failed'"), with(&[("op", "login"), acct, failed]));
        assert_eq!(of("msg='acct=\"x res=success\" res=failed'"), with(&[acct, failed]));
        assert_eq!(of("acct=\"x res=success"), with(&[acct, ("res", "success")]), "what nothing closes");
        assert_eq!(of("acct=\"x\" res=failed exe=\"y\""), with(&[("acct", "\"x\""), failed, ("exe", "\"y\"")]));
    }

    #[test]
    fn the_words_of_selinux_get_names() {
        let got =
            fields(b"node=n type=AVC msg=audit(1700000009.123:45): avc:  denied  { read write } for  pid=1 comm=\"x\"");
        let want = [("node", "n"), ("type", "AVC"), ("seresult", "denied"), ("seperms", "read write"), ("pid", "1")];
        assert_eq!(got, pairs(&[&want[..], &[("comm", "\"x\"")]].concat()));
    }

    #[test]
    fn keys_are_what_the_kernel_names_and_not_what_a_program_says() {
        let found = |text: &str| {
            let mut found = Vec::new();
            each_key(text.as_bytes(), &mut |key| found.push(String::from_utf8_lossy(key).into_owned()));
            found
        };
        assert_eq!(found(": a0=1 key=6B31016B32"), ["k1", "k2"]);
        assert_eq!(found(": op=add_rule key=\"a b\" list=4 key=\"c\""), ["a b", "c"]);
        assert_eq!(found(": key=(null) monkey=\"x\" key=\"\""), [""; 0]);
        assert_eq!(found(": key=\"own\" msg='op=x key=\"said\" res=success'"), ["own"]);
        assert_eq!(found(": key=\"cut"), ["cut"]);
        assert!(
            has_key(b": key=\"k\"", &["j".to_owned(), "k".to_owned()]) && !has_key(b": key=\"kk\"", &["k".to_owned()])
        );
    }

    #[test]
    fn keys_are_quoted_or_in_hex() {
        let mut out = Vec::new();
        assert!(keys(b"\"one\"", &mut out) && keys(b"6B31016B32", &mut out));
        assert_eq!(out, b"onek1\x01k2");
        assert!(!keys(b"(null)", &mut out));
    }
}
