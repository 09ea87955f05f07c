//! Records about what was acted on: paths, addresses, labels, access vectors.

use super::values::near;
use super::{FAILED, FieldSet, File, Found, Label, Malformed, SUCCEEDED, Scan, Step, Text, unescape};
use crate::record::RecordType;
use crate::tables::socket;
use crate::text::{self, address, number};
use memchr::memchr;

const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

impl Scan<'_> {
    /// CWD.
    pub(super) fn working_directory(&mut self) -> Step<()> {
        if !self.wants(FieldSet::FILE) {
            return Ok(());
        }
        if let Some(cwd) = self.string(name!(" cwd="))? {
            self.fields.cwd = self.fields.cwd.or(cwd);
        }
        Ok(())
    }

    /// PATH.
    pub(super) fn path(&mut self) -> Step<()> {
        if let Some(found) = self.find_wanted(FieldSet::FILE, name!(" name=")) {
            self.file_at(found)?;
            let parent = self.text.ends_with(b"PARENT")
                && self.find(name!("type=")).is_some_and(|nametype| self.from(nametype) == b"PARENT");
            if let Some(file) = self.fields.files.last_mut() {
                file.parent = parent;
            }
        }
        self.object_label(name!("obj="));
        Ok(())
    }

    /// AVC_PATH, and CONFIG_CHANGE, whose path need not be there.
    pub(super) fn avc_path(&mut self) -> Step<()> {
        if !self.wants(FieldSet::FILE) {
            return Ok(());
        }
        self.next = 0;
        let found = self.find(name!(" path=")).ok_or(Malformed::Field("path="))?;
        self.file_at(found)
    }

    /// Keeps the file name that `found` has: in quotes, `(null)`, or in hex.
    pub(super) fn file_at(&mut self, found: Found) -> Step<()> {
        const NAME: &str = "name=";
        self.pass(found);
        let value = self.from(found);
        let name = match value {
            [b'"', quoted @ ..] => {
                let name = near(quoted, b'"').ok_or(Malformed::Field(NAME))?;
                Some(self.fields.keep(name))
            }
            value if value.starts_with(b"(null)") => Some(self.fields.keep(b"(null)")),
            [first, ..] if !first.is_ascii_hexdigit() => None,
            // A socket's abstract name begins with a NUL byte.
            [b'0', b'0', rest @ ..] => self.fields.decode(rest),
            value => self.fields.decode(text::before(value, b' ').ok_or(Malformed::Field(NAME))?),
        };
        let name = self.below_cwd(name.ok_or(Malformed::Field(NAME))?);
        self.fields.files.push(File { name, parent: false });
        Ok(())
    }

    /// Puts the working directory before a name that says it is relative.
    fn below_cwd(&mut self, name: Text) -> Text {
        let (Some(cwd), [b'.', b'.' | b'/', ..]) = (self.fields.cwd, self.fields.text(name)) else { return name };
        let joined = [self.fields.text(cwd), b"/", self.fields.text(name)].concat();
        self.fields.keep(&joined)
    }

    /// AVC, USER_AVC, and the types that AppArmor had of its own.
    pub(super) fn avc(&mut self) -> Step<()> {
        let mut label = Label::default();
        let is_apparmor = self.apparmor(&mut label);
        if !is_apparmor {
            self.access_vector(&mut label)?;
        }
        if self.record_type == RecordType::USER_AVC {
            self.next = 0;
            let read = self.user(Some(&mut label));
            if is_apparmor && label.subject.is_some() {
                // That was the program that asked on behalf of another: of this the label is searched for too.
                self.fields.labels.push(Label { subject: label.subject, ..Label::default() });
                self.next = 0;
                label.subject = self.string(name!(" label="))?.flatten().or(label.subject);
            }
            self.fields.labels.push(label);
            // COMPAT: only the ids of USER_AVC must be well-formed.
            return read.or_else(|malformed| if forgiven(malformed) { Ok(()) } else { Err(malformed) });
        }
        if self.wants(FieldSet::PID) {
            self.fields.pid = self.number(name!("pid="))?.or(self.fields.pid);
        }
        if self.wants(FieldSet::COMM) && self.fields.comm.is_none() {
            let comm = self.string(name!("comm="))?.flatten();
            // AppArmor's own types are older than this field.
            let may_lack = self.record_type != RecordType::AVC;
            self.fields.comm = comm;
            if comm.is_none() && !may_lack {
                return Err(Malformed::Field("comm="));
            }
        }
        // The rest is sought from the start: what is in another order is no reason to hide an event.
        if self.wants(FieldSet::FILE) {
            self.next = 0;
            if let Some(found) = self.find(name!(" path=")).or_else(|| self.find(name!(" name="))) {
                self.file_at(found)?;
            }
        }
        if self.wants(FieldSet::SUBJECT) {
            self.next = 0;
            label.subject = match self.value(name!("scontext="))? {
                Some(value) => Some(self.fields.keep(value)),
                // AppArmor's label of a process is its profile.
                None if is_apparmor => self.string(name!("profile="))?.flatten(),
                None => None,
            };
        }
        self.next = 0;
        if self.wants(FieldSet::OBJECT) {
            if let Some(value) = self.value(name!("tcontext="))? {
                label.object = Some(self.fields.keep(value));
            }
        }
        self.next = 0;
        label.class = self.tail(name!("tclass=")).map(|value| self.fields.keep(value));
        if label.class.is_none() && !is_apparmor {
            return Err(Malformed::Field("tclass="));
        }
        self.fields.labels.push(label);
        Ok(())
    }

    /// What AppArmor decided; false where the record is not AppArmor's.
    fn apparmor(&mut self, label: &mut Label) -> bool {
        let verdict = self.find(name!("apparmor=")).map(|found| text::up_to(self.from(found), b' '));
        let is_apparmor = verdict.is_some() || self.record_type.is_apparmor();
        if is_apparmor {
            let has_failed = self.find(name!(" error=")).is_some();
            self.judge(self.record_type.apparmor_allows(verdict.unwrap_or_default(), has_failed), label);
        }
        is_apparmor
    }

    /// `avc:  denied  { read write } for`, which stands before all quotes.
    fn access_vector(&mut self, label: &mut Label) -> Step<()> {
        fn decision(text: &[u8]) -> Option<&[u8]> {
            text::after(text::up_to(text, b'"'), b"avc: ")
        }
        // The label of whoever sent the message stands before it, and may hold a quote.
        let message = || decision(text::after(self.text, b"msg='")?);
        let Some(decision) = decision(self.text).or_else(message) else { return Ok(()) };
        let Some((verdict, inside)) = split_at_byte(decision, b'{') else { return Ok(()) };
        self.judge(text::after(verdict, b"denied").is_none(), label);
        let permissions = text::before(inside, b'}').ok_or(Malformed::Field("permissions"))?;
        label.permissions = Some(self.fields.keep(permissions.trim_ascii()));
        Ok(())
    }

    /// Takes over a decision. The result of the system call, where there is one, counts more.
    fn judge(&mut self, granted: bool, label: &mut Label) {
        if self.wants(FieldSet::SUCCESS) && self.fields.success.is_none() {
            label.granted = Some(granted);
            self.fields.success = Some(if granted { SUCCEEDED } else { FAILED });
        }
    }

    /// NETFILTER_PKT.
    pub(super) fn packet(&mut self) -> Step<()> {
        if self.wants(FieldSet::HOST) {
            if let Some(value) = self.value(name!("saddr="))? {
                self.fields.host = Some(self.fields.keep(value));
            }
        }
        self.object_label(name!("obj="));
        Ok(())
    }

    /// SOCKADDR: an address for hosts, a socket's name for files.
    pub(super) fn sockaddr(&mut self) -> Step<()> {
        if !self.wants(FieldSet::HOST.with(FieldSet::FILE)) {
            return Ok(());
        }
        let Some(found) = self.find(name!("saddr=")) else { return Ok(()) };
        let digits = self.from(found);
        let mut bytes = Vec::new();
        let length = unescape(digits, &mut bytes).ok_or(Malformed::Field("saddr="))?;
        bytes.resize(bytes.len().max(2), 0);
        // COMPAT: an address of another family, or one read for its file name only, takes an earlier host away.
        self.fields.host = None;
        match *bytes.as_slice() {
            [a, b, ref rest @ ..] => match socket::family([a, b]) {
                (AF_INET, _) if length < 16 => Err(Malformed::Inet),
                (AF_INET6, _) if length < 28 => Err(Malformed::Inet6),
                (AF_UNIX, _) if matches!(length, 1 | 3) => Err(Malformed::Local(length)),
                (AF_INET, _) => self.inet(|out| address::push_inet(rest.get(2..6).unwrap_or_default(), out)),
                (AF_INET6, is_big) => self.inet(|out| push_inet6(rest, is_big, out)),
                (AF_UNIX, _) => self.socket_name(rest, digits),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn inet(&mut self, push: impl FnOnce(&mut Vec<u8>) -> bool) -> Step<()> {
        if self.wants(FieldSet::HOST) {
            self.fields.host = self.fields.store(push);
        }
        Ok(())
    }

    fn socket_name(&mut self, rest: &[u8], digits: &[u8]) -> Step<()> {
        if !self.wants(FieldSet::FILE) {
            return Ok(());
        }
        let name = match rest {
            // COMPAT: a socket without name counts as a file named like the last hex digit of its family.
            [] => digits.get(3..4).unwrap_or_default(),
            [0, 0, ..] => return Err(Malformed::Field("saddr=")),
            [0, abstract_name @ ..] => text::up_to(abstract_name, 0),
            path => text::up_to(path, 0),
        };
        let name = self.fields.keep(name);
        self.fields.files.push(File { name, parent: false });
        Ok(())
    }
}

/// An IPv6 address after its family: port, flow, host, and scope, which is shown as a number.
fn push_inet6(rest: &[u8], is_big: bool, out: &mut Vec<u8>) -> bool {
    let is_whole = address::push_inet6(rest.get(6..22).unwrap_or_default(), out);
    let scope = rest.get(22..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
    let scope = if is_big { u32::from_be_bytes(scope) } else { u32::from_le_bytes(scope) };
    if scope != 0 {
        out.push(b'%');
        number::push(out, u64::from(scope));
    }
    is_whole
}

/// The text before and after the first `byte`.
fn split_at_byte(text: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let (before, after) = text.split_at(memchr(byte, text)?);
    Some((before, after.get(1..).unwrap_or_default()))
}

/// Whether a malformed field of USER_AVC is overlooked: those that are read after the account are.
fn forgiven(malformed: Malformed) -> bool {
    let Malformed::Field(name) = malformed else { return false };
    !matches!(
        name,
        "pid=" | "uid=" | "auid=" | "loginuid=" | "ses=" | "subj=" | "hostname=" | "addr=" | "terminal=" | "cwd="
    )
}
