//! What a search or a report reads out of an event: ids, names, paths, labels, success, and so on.
//!
//! COMPAT: this follows ausearch-parse.c and not libauparse's field splitter: a list of fields for each record type, sought
//! forward through the record, and values that later records overwrite. Only wanted fields are read. Where a wanted field is
//! required and missing, or does not end, the event is malformed and does not match. `values` is how a record is cut.
//!
//! Whatever is wanted, a SYSCALL record must have its number, and an AVC record its class, unless it is
//! one of AppArmor, which has none.

#[macro_use]
mod name;
mod object;
mod process;
mod task;
mod user;
mod values;

use crate::event::Event;
use crate::record::{Record, RecordType};
use crate::text::{self, hex, number};
use name::Name;
use std::fmt;
use values::{Found, Place, Values, near};

/// A set of fields that can be read from an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldSet(u32);

#[allow(missing_docs, reason = "the names say it")]
impl FieldSet {
    pub const NONE: FieldSet = FieldSet(0);
    pub const PID: FieldSet = FieldSet(1);
    pub const PPID: FieldSet = FieldSet(1 << 1);
    pub const UID: FieldSet = FieldSet(1 << 2);
    pub const EUID: FieldSet = FieldSet(1 << 3);
    pub const AUID: FieldSet = FieldSet(1 << 4);
    pub const GID: FieldSet = FieldSet(1 << 5);
    pub const EGID: FieldSet = FieldSet(1 << 6);
    pub const SESSION: FieldSet = FieldSet(1 << 7);
    pub const SUCCESS: FieldSet = FieldSet(1 << 8);
    pub const EXIT: FieldSet = FieldSet(1 << 9);
    pub const ARCH: FieldSet = FieldSet(1 << 10);
    pub const FILE: FieldSet = FieldSet(1 << 11);
    pub const HOST: FieldSet = FieldSet(1 << 12);
    pub const TERMINAL: FieldSet = FieldSet(1 << 13);
    pub const EXE: FieldSet = FieldSet(1 << 14);
    pub const COMM: FieldSet = FieldSet(1 << 15);
    pub const KEY: FieldSet = FieldSet(1 << 16);
    pub const VM: FieldSet = FieldSet(1 << 17);
    pub const UUID: FieldSet = FieldSet(1 << 18);
    pub const SUBJECT: FieldSet = FieldSet(1 << 19);
    pub const OBJECT: FieldSet = FieldSet(1 << 20);
    pub const SYSCALL: FieldSet = FieldSet(1 << 21);
    pub const ACCOUNT: FieldSet = FieldSet(1 << 22);

    /// Whether one of `fields` is in the set.
    pub fn has(self, fields: FieldSet) -> bool {
        self.0 & fields.0 != 0
    }

    /// The set with `fields` added.
    pub const fn with(self, fields: FieldSet) -> FieldSet {
        FieldSet(self.0 | fields.0)
    }

    /// What both sets have.
    const fn common(self, fields: FieldSet) -> FieldSet {
        FieldSet(self.0 & fields.0)
    }

    /// The set without `fields`.
    const fn without(self, fields: FieldSet) -> FieldSet {
        FieldSet(self.0 & !fields.0)
    }

    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A text held by [`EventFields`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    start: u32,
    len: u32,
}

/// The name of a file that took part.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// Its path as recorded; a name that begins with `./` or `..` has the working directory before it.
    pub name: Text,
    /// Whether its record ends in `nametype=PARENT`.
    pub parent: bool,
}

/// Security labels of one record, and what an access vector said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Label {
    /// Who.
    pub subject: Option<Text>,
    /// To what.
    pub object: Option<Text>,
    /// The kind of object.
    pub class: Option<Text>,
    /// The permissions asked for, between the braces.
    pub permissions: Option<Text>,
    /// Granted or denied.
    pub granted: Option<bool>,
}

/// Success as `res=` has it.
pub const FAILED: u32 = 0;
/// Success as `res=` has it.
pub const SUCCEEDED: u32 = 1;

/// What was read from an event. Kept for the next event, so that its memory is used again.
#[allow(missing_docs, reason = "named as the fields of the records")]
#[derive(Default)]
pub struct EventFields {
    /// The bytes of all texts.
    arena: Vec<u8>,
    /// Memory for [`Values`].
    places: Vec<Place>,
    pub pid: Option<u32>,
    pub ppid: Option<u32>,
    pub uid: Option<u32>,
    pub euid: Option<u32>,
    pub auid: Option<u32>,
    pub gid: Option<u32>,
    pub egid: Option<u32>,
    pub session: Option<u32>,
    /// [`FAILED`], [`SUCCEEDED`], or whatever number a record gave.
    pub success: Option<u32>,
    pub exit: Option<i64>,
    /// AUDIT_ARCH_* of the last SYSCALL or SECCOMP record.
    pub arch: Option<u32>,
    pub syscall: Option<u32>,
    /// Whether `uid` may be compared by name. COMPAT: that of a DAEMON_* record may not.
    pub uid_has_name: bool,
    pub host: Option<Text>,
    pub terminal: Option<Text>,
    pub exe: Option<Text>,
    pub comm: Option<Text>,
    /// The working directory, which relative names are joined to.
    pub cwd: Option<Text>,
    /// The account that a program of user space names (`acct=`).
    pub account: Option<Text>,
    /// A virtual machine's name.
    pub vm: Option<Text>,
    /// A virtual machine's unique id.
    pub uuid: Option<Text>,
    /// Names of the event's files, in the order of its records.
    pub files: Vec<File>,
    /// Keys of the rule that made the event.
    pub keys: Vec<Text>,
    /// Security contexts, and what access vectors decided about them.
    pub labels: Vec<Label>,
}

impl EventFields {
    /// How many bytes all texts have.
    pub fn size(&self) -> usize {
        self.arena.len()
    }

    /// The bytes of a text.
    pub fn text(&self, text: Text) -> &[u8] {
        self.arena.get(text.start as usize..).and_then(|rest| rest.get(..text.len as usize)).unwrap_or_default()
    }

    /// Forgets what was read.
    pub fn clear(&mut self) {
        (self.pid, self.ppid, self.uid, self.euid, self.auid, self.gid, self.egid) = Default::default();
        (self.session, self.success, self.exit, self.arch, self.syscall, self.uid_has_name) = Default::default();
        (self.host, self.terminal, self.exe, self.comm, self.cwd, self.account) = Default::default();
        (self.vm, self.uuid) = Default::default();
        self.arena.clear();
        self.files.clear();
        self.keys.clear();
        self.labels.clear();
    }

    fn keep(&mut self, bytes: &[u8]) -> Text {
        self.store(|arena| {
            arena.extend_from_slice(bytes);
            true
        })
        .unwrap_or(Text { start: 0, len: 0 })
    }

    /// Decodes hex or parentheses; `None` when there is nothing to decode. COMPAT: a decoded NUL ends the text.
    fn decode(&mut self, value: &[u8]) -> Option<Text> {
        let whole = self.store(|arena| unescape(value, arena).is_some())?;
        Some(Text { len: text::up_to(self.text(whole), 0).len() as u32, ..whole })
    }

    /// Keeps a key, or several that came in hex with a byte 1 between them.
    fn add_keys(&mut self, keys: Text, quoted: bool) {
        let text =
            self.arena.get(keys.start as usize..).and_then(|rest| rest.get(..keys.len as usize)).unwrap_or_default();
        let mut start = keys.start;
        for part in text.split(|byte| *byte == 1 && !quoted) {
            let len = part.len() as u32;
            if len > 0 || quoted {
                self.keys.push(Text { start, len });
            }
            start += len + 1;
        }
    }

    fn store(&mut self, fill: impl FnOnce(&mut Vec<u8>) -> bool) -> Option<Text> {
        let start = self.arena.len() as u32;
        fill(&mut self.arena).then(|| Text { start, len: self.arena.len() as u32 - start })
    }
}

/// Like [`hex::unescape`]; says how many bytes were there. COMPAT: an odd last digit is the upper half of one byte more.
fn unescape(value: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let start = out.len();
    if !hex::unescape(value, out) {
        return None;
    }
    let bytes = out.len() - start;
    let odd = value.get(bytes * 2).copied().and_then(hex::digit).filter(|_| !value.starts_with(b"("));
    out.extend(odd.map(|digit| digit << 4));
    Some(bytes)
}

/// Why an event cannot be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The field that is missing, does not end, or does not fit.
    Field(&'static str),
    /// An IPv4 address is cut short.
    Inet,
    /// An IPv6 address is cut short.
    Inet6,
    /// A local address of that many bytes is cut short.
    Local(usize),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Malformed::Field(name) => write!(f, "{name} is missing or cut short"),
            Malformed::Inet => f.write_str("sockaddr len too short"),
            Malformed::Inet6 => f.write_str("sockaddr6 len too short"),
            Malformed::Local(len) => write!(f, "sun_path len too short ({len})"),
        }
    }
}

/// Reads the wanted fields of all records of `event`. An error has the number of the malformed record, counted from 0.
pub fn extract(event: &Event, wanted: FieldSet, fields: &mut EventFields) -> Result<(), (usize, Malformed)> {
    fields.clear();
    extract_more(event, wanted, fields)
}

/// Like [`extract`], and what was read before stays.
pub fn extract_more(event: &Event, wanted: FieldSet, fields: &mut EventFields) -> Result<(), (usize, Malformed)> {
    for (index, _) in event.record_types().enumerate().filter(|(_, record_type)| reads(*record_type)) {
        let Some(record) = event.record(index) else { continue };
        let mut scan = Scan::new(&record, wanted, fields);
        let read = scan.record();
        scan.fields.places = scan.values.into_places();
        read.map_err(|malformed| (index, malformed))?;
    }
    Ok(())
}

/// Whether anything is read from records of this type.
pub fn reads(record_type: RecordType) -> bool {
    use RecordType as Type;
    !matches!(record_type, Type::PROCTITLE | Type::EXECVE | Type::EOE | Type::BPRM_FCAPS | Type::BPF)
}

/// One record being read.
struct Scan<'a> {
    record_type: RecordType,
    text: &'a [u8],
    values: Values<'a>,
    /// The number of the value from which the next field is sought: the one after the value read last.
    next: usize,
    wanted: FieldSet,
    fields: &'a mut EventFields,
}

type Step<T> = Result<T, Malformed>;

impl<'a> Scan<'a> {
    fn new(record: &Record<'a>, wanted: FieldSet, fields: &'a mut EventFields) -> Scan<'a> {
        let values =
            Values::new(record.line, record.line.len() - record.body.len(), std::mem::take(&mut fields.places));
        Scan { record_type: record.record_type, text: record.line, values, next: 0, wanted, fields }
    }

    fn record(&mut self) -> Step<()> {
        use RecordType as Type;
        match self.record_type {
            Type::SYSCALL | Type::URINGOP | Type::FEATURE_CHANGE | Type::ANOM_LINK | Type::DM_CTRL => self.task(),
            Type::PATH => self.path(),
            Type::CWD => self.working_directory(),
            Type::AVC_PATH => self.avc_path(),
            Type::AVC | Type::USER_AVC => self.avc(),
            record_type if record_type.is_apparmor() => self.avc(),
            Type::SOCKADDR => self.sockaddr(),
            Type::LOGIN => self.login(),
            Type::IPC | Type::OBJ_PID => {
                self.object_label(name!("obj="));
                Ok(())
            }
            Type::CONFIG_CHANGE => {
                self.simple()?;
                // Older kernels give no path here.
                let _ = self.avc_path();
                Ok(())
            }
            Type::NETFILTER_PKT => self.packet(),
            Type::SECCOMP | Type::ANOM_PROMISCUOUS | Type::ANOM_ABEND => self.anomaly(),
            Type::NETFILTER_CFG | Type::EVENT_LISTENER => self.kernel(),
            Type::TTY => self.tty(),
            RecordType(1005 | 1100..=1106 | 1108..=1199 | 2100..=2999) => self.user(None),
            RecordType(1200..=1203 | 1205 | 1206) => self.daemon(),
            RecordType(1207 | 1208) => self.remote(),
            RecordType(1403..=1417) => self.simple(),
            RecordType(1800..=1805 | 1808) => self.integrity(),
            _ => Ok(()),
        }
    }

    fn wants(&self, fields: FieldSet) -> bool {
        self.wanted.has(fields)
    }

    /// The next field of this name.
    fn find(&mut self, name: &'static Name) -> Option<Found> {
        self.values.find(name, self.next)
    }

    fn find_wanted(&mut self, field: FieldSet, name: &'static Name) -> Option<Found> {
        if self.wants(field) { self.find(name) } else { None }
    }

    /// The text from the value of `found` to the end of the record.
    fn from(&self, found: Found) -> &'a [u8] {
        self.text.get(found.start..).unwrap_or_default()
    }

    /// Goes on after the value of `found`.
    fn pass(&mut self, found: Found) {
        self.next = found.index + 1;
    }

    /// The value of the next `name`, which must end at a space if it is there.
    fn value(&mut self, name: &'static Name) -> Step<Option<&'a [u8]>> {
        let Some(found) = self.find(name) else { return Ok(None) };
        self.pass(found);
        near(self.from(found), b' ').map(Some).ok_or(Malformed::Field(name.text))
    }

    /// The value of the next `name`, which may end with the record.
    fn tail(&mut self, name: &'static Name) -> Option<&'a [u8]> {
        let found = self.find(name)?;
        self.pass(found);
        let rest = self.from(found);
        Some(near(rest, b' ').unwrap_or(rest))
    }

    /// The number of the next `name`, which must end at a space if it is there.
    fn number(&mut self, name: &'static Name) -> Step<Option<u32>> {
        self.value(name)?.map(|value| decimal(value, name.text)).transpose()
    }

    /// Like [`Scan::number`], and it must be there.
    fn needed(&mut self, name: &'static Name) -> Step<Option<u32>> {
        self.number(name)?.ok_or(Malformed::Field(name.text)).map(Some)
    }

    /// Like [`Scan::number`], and it may end with the record.
    fn last_number(&mut self, name: &'static Name) -> Step<Option<u32>> {
        self.tail(name).map(|value| decimal(value, name.text)).transpose()
    }

    /// The text of the next `name`, in quotes that must close, or in hex. The inner `None` is hex that cannot be decoded.
    fn string(&mut self, name: &'static Name) -> Step<Option<Option<Text>>> {
        let Some(found) = self.find(name) else { return Ok(None) };
        self.string_at(found, name.text).map(Some)
    }

    fn string_at(&mut self, found: Found, name: &'static str) -> Step<Option<Text>> {
        self.pass(found);
        if let Some(value) = self.text.get(found.start + 1..found.quoted_end.wrapping_sub(1)) {
            return Ok(Some(self.fields.keep(value)));
        }
        let Some(quoted) = self.from(found).strip_prefix(b"\"") else {
            return Ok(self.fields.decode(self.from(found)));
        };
        let value = near(quoted, b'"').ok_or(Malformed::Field(name))?;
        Ok(Some(self.fields.keep(value)))
    }

    /// A text as programs of user space write it: in quotes, in hex, or bare.
    fn loose(&mut self, found: Found, name: &'static str) -> Step<Option<Text>> {
        let rest = self.from(found);
        if rest.starts_with(b"\"") {
            return self.string_at(found, name);
        }
        self.pass(found);
        let value = text::up_to(rest, b' ');
        if value.iter().all(u8::is_ascii_hexdigit) {
            return Ok(self.fields.decode(rest));
        }
        Ok(Some(self.fields.keep(value)))
    }

    /// The label after `name`, which must end at a space if it is there.
    fn subject_label(&mut self, name: &'static Name) -> Step<()> {
        if self.wants(FieldSet::SUBJECT) {
            if let Some(value) = self.value(name)? {
                let subject = Some(self.fields.keep(value));
                self.fields.labels.push(Label { subject, ..Label::default() });
            }
        }
        Ok(())
    }

    fn object_label(&mut self, name: &'static Name) {
        if self.wants(FieldSet::OBJECT) {
            if let Some(value) = self.tail(name) {
                let object = Some(self.fields.keep(value));
                self.fields.labels.push(Label { object, ..Label::default() });
            }
        }
    }

    /// The keys of `key=`.
    fn keys(&mut self) -> Step<()> {
        let found = self.find_wanted(FieldSet::KEY, name!("key="));
        found.map_or(Ok(()), |found| self.keys_at(found))
    }

    fn keys_at(&mut self, found: Found) -> Step<()> {
        let quoted = self.from(found).starts_with(b"\"");
        let keys = self.string_at(found, "key=")?.ok_or(Malformed::Field("key="))?;
        self.fields.add_keys(keys, quoted);
        Ok(())
    }

    /// The number after `res=`, the last field of many kernel records.
    fn result(&mut self) -> Step<()> {
        if self.wants(FieldSet::SUCCESS) {
            if let Some(number) = self.last_number(name!("res="))? {
                self.fields.success = Some(number);
            }
        }
        Ok(())
    }
}

/// The id at `start` of `text`, which ends at a space or with the record.
fn number_at(text: &[u8], start: usize, name: &'static str) -> Step<u32> {
    let rest = text.get(start..).unwrap_or_default();
    let (mut number, mut digits) = (0u64, 0);
    while let Some(digit) = rest.get(digits).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        (number, digits) = (number.wrapping_mul(10).wrapping_add(u64::from(digit)), digits + 1);
    }
    match rest.get(digits) {
        None | Some(b' ') if matches!(digits, 1..=10) && number <= u64::from(u32::MAX) => Ok(number as u32),
        _ => decimal(text::up_to(rest, b' '), name),
    }
}

/// An id. Ids are 32 bits wide wherever they come from. A word, or what does not fit, is the id of none: 0 would be root's.
///
/// COMPAT: a question mark is 0.
fn decimal(value: &[u8], name: &'static str) -> Step<u32> {
    if name.ends_with("id=") && number::is_word(value, 10) && value != b"?" {
        return Ok(u32::MAX);
    }
    let number = number::parse_prefix(value, 10).ok_or(Malformed::Field(name))?;
    Ok(number::narrow(number).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests;
