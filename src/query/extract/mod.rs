//! What a search or a report reads out of an event: ids, names, paths, labels, success, and so on.
//!
//! COMPAT: this follows the collectors of ausearch and aureport and not libauparse's field splitter: plain substring
//! searches that go forward through a record, a list of fields for each record type, and values that later records
//! overwrite. Only wanted fields are read. Where a wanted field must be there and is not, or does not end, the event is
//! malformed and does not match.
//!
//! Whatever is wanted, a SYSCALL record must have its number and first arguments, and an AVC record its class, unless it is
//! one of AppArmor, which has none.

#[macro_use]
mod name;
mod object;
mod process;
mod user;
mod usual;

use crate::event::Event;
use crate::record::{Record, RecordType};
use crate::text::{self, hex, marks, number};
use name::Name;
use std::fmt;

/// A set of items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted(u32);

#[allow(missing_docs, reason = "the names say it")]
impl Wanted {
    pub const PID: Wanted = Wanted(1);
    pub const PPID: Wanted = Wanted(1 << 1);
    pub const UID: Wanted = Wanted(1 << 2);
    pub const EUID: Wanted = Wanted(1 << 3);
    pub const AUID: Wanted = Wanted(1 << 4);
    pub const GID: Wanted = Wanted(1 << 5);
    pub const EGID: Wanted = Wanted(1 << 6);
    pub const SESSION: Wanted = Wanted(1 << 7);
    pub const SUCCESS: Wanted = Wanted(1 << 8);
    pub const EXIT: Wanted = Wanted(1 << 9);
    pub const ARCH: Wanted = Wanted(1 << 10);
    pub const FILE: Wanted = Wanted(1 << 11);
    pub const HOST: Wanted = Wanted(1 << 12);
    pub const TERMINAL: Wanted = Wanted(1 << 13);
    pub const EXE: Wanted = Wanted(1 << 14);
    pub const COMM: Wanted = Wanted(1 << 15);
    pub const KEY: Wanted = Wanted(1 << 16);
    pub const VM: Wanted = Wanted(1 << 17);
    pub const UUID: Wanted = Wanted(1 << 18);
    pub const SUBJECT: Wanted = Wanted(1 << 19);
    pub const OBJECT: Wanted = Wanted(1 << 20);
    pub const SYSCALL: Wanted = Wanted(1 << 21);
    pub const ACCOUNT: Wanted = Wanted(1 << 22);

    /// Whether one of `items` is in the set.
    pub fn has(self, items: Wanted) -> bool {
        self.0 & items.0 != 0
    }

    /// The set with `items` added.
    pub const fn with(self, items: Wanted) -> Wanted {
        Wanted(self.0 | items.0)
    }

    /// Whether nothing is wanted.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A piece of text within [`Items`].
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
    /// Whether its record says nothing behind `nametype=PARENT`.
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

/// What was read from an event. Meant to be used again for the next one.
#[allow(missing_docs, reason = "named as the fields of the records")]
#[derive(Default)]
pub struct Items {
    /// The bytes of all texts.
    arena: Vec<u8>,
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

impl Items {
    /// The bytes of a text.
    pub fn text(&self, text: Text) -> &[u8] {
        self.arena.get(text.start as usize..).and_then(|rest| rest.get(..text.len as usize)).unwrap_or_default()
    }

    fn clear(&mut self) {
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

/// Reads the wanted items of all records of `event`. On an error says which record (counted from 0) is malformed.
pub fn extract(event: &Event, wanted: Wanted, items: &mut Items) -> Result<(), (usize, Malformed)> {
    items.clear();
    for (index, _) in event.kinds().enumerate().filter(|(_, kind)| reads(*kind)) {
        let Some(record) = event.record(index) else { continue };
        Scan::new(&record, wanted, items).record().map_err(|malformed| (index, malformed))?;
    }
    Ok(())
}

/// Whether anything is read from records of this type.
pub fn reads(kind: RecordType) -> bool {
    use RecordType as Type;
    !matches!(kind, Type::PROCTITLE | Type::EXECVE | Type::EOE | Type::BPRM_FCAPS | Type::BPF)
}

/// One record being read. Searches begin at `at`, which moves behind each value that is read.
struct Scan<'a> {
    kind: RecordType,
    text: &'a [u8],
    /// Where the first name can stand: behind type and stamp, unless the node could hide one.
    front: usize,
    at: usize,
    wanted: Wanted,
    items: &'a mut Items,
}

type Step<T> = Result<T, Malformed>;

impl<'a> Scan<'a> {
    fn new(record: &Record<'a>, wanted: Wanted, items: &'a mut Items) -> Scan<'a> {
        let may_hide = record.node.is_some_and(|node| node.contains(&b'='));
        let front = if may_hide { 0 } else { record.line.len() - record.body.len() };
        Scan { kind: record.kind, text: record.line, front, at: front, wanted, items }
    }

    fn record(&mut self) -> Step<()> {
        use RecordType as Type;
        match self.kind {
            Type::SYSCALL | Type::URINGOP => {
                let labels = self.items.labels.len();
                if self.kind == Type::SYSCALL && self.usual_syscall().is_some() {
                    return Ok(());
                }
                // All else that was read will be read again, in its place.
                self.items.labels.truncate(labels);
                self.syscall()
            }
            Type::FEATURE_CHANGE | Type::ANOM_LINK | Type::DM_CTRL => self.task(),
            Type::PATH => self.path(),
            Type::CWD => self.working_directory(),
            Type::AVC_PATH => self.avc_path(),
            Type::AVC | Type::USER_AVC => self.avc(),
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
            RecordType(1800..=1805) => self.integrity(),
            _ => Ok(()),
        }
    }

    fn wants(&self, items: Wanted) -> bool {
        self.wanted.has(items)
    }

    /// Where the value behind the next `name` begins.
    fn find(&self, name: &'static Name) -> Option<usize> {
        name.find(self.text, self.at)
    }

    fn find_wanted(&self, item: Wanted, name: &'static Name) -> Option<usize> {
        if self.wants(item) { self.find(name) } else { None }
    }

    fn from(&self, at: usize) -> &'a [u8] {
        self.text.get(at..).unwrap_or_default()
    }

    /// The value behind `name`, which must end at a space if it is there.
    fn value(&mut self, name: &'static Name) -> Step<Option<&'a [u8]>> {
        let Some(start) = self.find(name) else { return Ok(None) };
        let value = near(self.from(start), b' ').ok_or(Malformed::Field(name.text))?;
        self.at = start + value.len();
        Ok(Some(value))
    }

    /// The value behind `name`, which may end at the end of the record; then reading goes on at `resume`, or else at the
    /// value's own beginning.
    fn tail(&mut self, name: &'static Name, resume: Option<usize>) -> Option<&'a [u8]> {
        let start = self.find(name)?;
        let rest = self.from(start);
        let value = near(rest, b' ');
        self.at = value.map_or(resume.unwrap_or(start), |value| start + value.len());
        Some(value.unwrap_or(rest))
    }

    /// The number behind `name`, which must end at a space if it is there.
    fn number(&mut self, name: &'static Name) -> Step<Option<u32>> {
        self.value(name)?.map(|value| decimal(value, name)).transpose()
    }

    /// Like [`Scan::number`], and it must be there.
    fn needed(&mut self, name: &'static Name) -> Step<Option<u32>> {
        self.number(name)?.ok_or(Malformed::Field(name.text)).map(Some)
    }

    /// Like [`Scan::number`], and it may end with the record.
    fn last_number(&mut self, name: &'static Name, resume: Option<usize>) -> Step<Option<u32>> {
        self.tail(name, resume).map(|value| decimal(value, name)).transpose()
    }

    /// The text behind `name`, in quotes that must close, or in hex. The inner `None` is hex that cannot be decoded.
    fn string(&mut self, name: &'static Name) -> Step<Option<Option<Text>>> {
        let Some(start) = self.find(name) else { return Ok(None) };
        self.string_at(start, name).map(Some)
    }

    fn string_at(&mut self, start: usize, name: &'static Name) -> Step<Option<Text>> {
        let Some(quoted) = self.from(start).strip_prefix(b"\"") else {
            return Ok(self.items.decode(self.from(start)));
        };
        let value = near(quoted, b'"').ok_or(Malformed::Field(name.text))?;
        self.at = start + 1 + value.len();
        Ok(Some(self.items.keep(value)))
    }

    /// The text behind `name` as user programs write it: in quotes, in hex, or bare.
    fn loose(&mut self, start: usize, name: &'static Name) -> Step<Option<Text>> {
        let rest = self.from(start);
        if rest.starts_with(b"\"") {
            return self.string_at(start, name);
        }
        let value = text::up_to(rest, b' ');
        self.at = start + value.len();
        if value.iter().all(u8::is_ascii_hexdigit) {
            return Ok(self.items.decode(rest));
        }
        Ok(Some(self.items.keep(value)))
    }

    /// The label behind `name`, which must end at a space if it is there.
    fn subject_label(&mut self, name: &'static Name) -> Step<()> {
        if self.wants(Wanted::SUBJECT) {
            if let Some(value) = self.value(name)? {
                let subject = Some(self.items.keep(value));
                self.items.labels.push(Label { subject, ..Label::default() });
            }
        }
        Ok(())
    }

    fn object_label(&mut self, name: &'static Name) {
        if self.wants(Wanted::OBJECT) {
            if let Some(value) = self.tail(name, None) {
                let object = Some(self.items.keep(value));
                self.items.labels.push(Label { object, ..Label::default() });
            }
        }
    }

    /// The keys behind `key=`.
    fn keys(&mut self) -> Step<()> {
        let start = self.find_wanted(Wanted::KEY, name!("key="));
        start.map_or(Ok(()), |start| self.keys_at(start))
    }

    fn keys_at(&mut self, start: usize) -> Step<()> {
        let name = name!("key=");
        let quoted = self.from(start).starts_with(b"\"");
        let keys = self.string_at(start, name)?.ok_or(Malformed::Field(name.text))?;
        self.items.add_keys(keys, quoted);
        Ok(())
    }

    /// The number behind `res=`, the last field of many kernel records.
    fn result(&mut self) -> Step<()> {
        if self.wants(Wanted::SUCCESS) {
            if let Some(number) = self.last_number(name!("res="), None)? {
                self.items.success = Some(number);
            }
        }
        Ok(())
    }
}

/// What stands before the first `stop`, if it occurs; quicker than [`text::before`] where that is near.
fn near(text: &[u8], stop: u8) -> Option<&[u8]> {
    let end = text::place(text, 0, |bytes| marks(bytes, stop));
    text.get(..end).filter(|_| end < text.len())
}

fn decimal(value: &[u8], name: &'static Name) -> Step<u32> {
    if value.len() < 10 && value.iter().all(u8::is_ascii_digit) {
        return Ok(value.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')));
    }
    // Ids are 32 bits wide wherever they come from.
    number::lead(value, 10).map(|n| n as u32).ok_or(Malformed::Field(name.text))
}

#[cfg(test)]
mod tests;
