//! Records about what was acted on: paths, addresses, labels, access vectors.

use super::{FAILED, File, Label, Malformed, SUCCEEDED, Scan, Step, Text, Wanted, near, unescape};
use crate::record::RecordType;
use crate::text::{self, address, number};

const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

/// Type and stamp, which hold no name, take at least so much of a record.
const HEADER: usize = 28;

impl Scan<'_> {
    /// CWD.
    pub(super) fn working_directory(&mut self) -> Step<()> {
        self.at = self.front.max(HEADER);
        if self.text.len() < 34 || !self.wants(Wanted::FILE) {
            return Ok(());
        }
        if let Some(cwd) = self.string(name!(" cwd="))? {
            self.items.cwd = self.items.cwd.or(cwd);
        }
        Ok(())
    }

    /// PATH.
    pub(super) fn path(&mut self) -> Step<()> {
        self.at = self.front.max(HEADER);
        if self.text.len() < 35 {
            return Ok(());
        }
        if let Some(start) = self.find_wanted(Wanted::FILE, name!(" name=")) {
            self.file_at(start)?;
            self.at = start;
            let parent = self.text.ends_with(b"PARENT")
                && self.find(name!("type=")).is_some_and(|at| self.from(at) == b"PARENT");
            if let Some(file) = self.items.files.last_mut() {
                file.parent = parent;
            }
        }
        self.object_label(name!("obj="));
        Ok(())
    }

    /// AVC_PATH, and CONFIG_CHANGE, whose path need not be there.
    pub(super) fn avc_path(&mut self) -> Step<()> {
        if !self.wants(Wanted::FILE) {
            return Ok(());
        }
        self.at = self.front;
        let start = self.find(name!(" path=")).ok_or(Malformed::Field("path="))?;
        self.file_at(start)
    }

    /// Keeps the file name that begins at `start`: in quotes, `(null)`, or in hex.
    pub(super) fn file_at(&mut self, start: usize) -> Step<()> {
        const NAME: &str = "name=";
        let value = self.from(start);
        let name = match value {
            [b'"', quoted @ ..] => {
                let name = near(quoted, b'"').ok_or(Malformed::Field(NAME))?;
                Some(self.items.keep(name))
            }
            value if value.starts_with(b"(null)") => Some(self.items.keep(b"(null)")),
            [first, ..] if !first.is_ascii_hexdigit() => None,
            // A socket's abstract name begins with a NUL byte.
            [b'0', b'0', rest @ ..] => self.items.decode(rest),
            value => self.items.decode(text::before(value, b' ').ok_or(Malformed::Field(NAME))?),
        };
        let name = self.below_cwd(name.ok_or(Malformed::Field(NAME))?);
        self.items.files.push(File { name, parent: false });
        Ok(())
    }

    /// Puts the working directory before a name that says it is relative.
    fn below_cwd(&mut self, name: Text) -> Text {
        let (Some(cwd), [b'.', b'.' | b'/', ..]) = (self.items.cwd, self.items.text(name)) else { return name };
        let joined = [self.items.text(cwd), b"/", self.items.text(name)].concat();
        self.items.keep(&joined)
    }

    /// AVC and USER_AVC.
    pub(super) fn avc(&mut self) -> Step<()> {
        let mut label = Label::default();
        let is_apparmor = self.find(name!("apparmor=")).is_some();
        self.access_vector(&mut label)?;
        if self.kind == RecordType::USER_AVC {
            self.at = 0;
            let read = self.user(Some(&mut label));
            self.items.labels.push(label);
            // COMPAT: only the ids of USER_AVC must be well-formed.
            return read.or_else(|malformed| if forgiven(malformed) { Ok(()) } else { Err(malformed) });
        }
        if self.wants(Wanted::PID) {
            self.items.pid = self.number(name!("pid="))?.or(self.items.pid);
        }
        if self.wants(Wanted::COMM) && self.items.comm.is_none() {
            let comm = self.string(name!("comm="))?.flatten();
            self.items.comm = Some(comm.ok_or(Malformed::Field("comm="))?);
        }
        if is_apparmor {
            self.at = self.front;
        }
        if self.wants(Wanted::FILE) {
            if let Some(start) = self.find(name!(" path=")).or_else(|| self.find(name!(" name="))) {
                self.file_at(start)?;
            }
        }
        if self.wants(Wanted::SUBJECT) {
            label.subject = match self.value(name!("scontext="))? {
                Some(value) => Some(self.items.keep(value)),
                // AppArmor's label of a process is its profile.
                None if is_apparmor => self.string(name!("profile="))?.flatten(),
                None => None,
            };
        }
        if self.wants(Wanted::OBJECT) {
            if let Some(value) = self.value(name!("tcontext="))? {
                label.object = Some(self.items.keep(value));
            }
        }
        label.class = self.tail(name!("tclass="), None).map(|value| self.items.keep(value));
        if label.class.is_none() && !is_apparmor {
            return Err(Malformed::Field("tclass="));
        }
        self.items.labels.push(label);
        Ok(())
    }

    /// `avc:  denied  { read write } for`, or AppArmor's `apparmor="DENIED"`.
    ///
    /// The result of the system call, where there is one, counts more than this one.
    fn access_vector(&mut self, label: &mut Label) -> Step<()> {
        let rest = self.from(self.at);
        let Some(decision) = text::after(rest, b"avc: ") else {
            if let Some(decision) = text::after(rest, b"apparmor=\"") {
                self.judge(!decision.starts_with(b"DENIED"), label);
            }
            return Ok(());
        };
        let Some(verdict) = text::before(decision, b'{') else { return Ok(()) };
        let open = self.text.len() - decision.len() + verdict.len();
        self.judge(text::after(verdict, b"denied").is_none(), label);
        let inside = self.from(open + 1);
        let permissions = text::before(inside, b'}').ok_or(Malformed::Field("permissions"))?;
        self.at = open + 1 + permissions.len();
        label.permissions = Some(self.items.keep(permissions.trim_ascii()));
        Ok(())
    }

    fn judge(&mut self, granted: bool, label: &mut Label) {
        if self.wants(Wanted::SUCCESS) && self.items.success.is_none() {
            label.granted = Some(granted);
            self.items.success = Some(if granted { SUCCEEDED } else { FAILED });
        }
    }

    /// NETFILTER_PKT.
    pub(super) fn packet(&mut self) -> Step<()> {
        if self.wants(Wanted::HOST) {
            if let Some(value) = self.value(name!("saddr="))? {
                self.items.host = Some(self.items.keep(value));
            }
        }
        self.object_label(name!("obj="));
        Ok(())
    }

    /// SOCKADDR: an address for hosts, a socket's name for files.
    pub(super) fn sockaddr(&mut self) -> Step<()> {
        if !self.wants(Wanted::HOST.with(Wanted::FILE)) {
            return Ok(());
        }
        let Some(start) = self.find(name!("saddr=")) else { return Ok(()) };
        let digits = self.from(start);
        let mut bytes = Vec::new();
        let length = unescape(digits, &mut bytes).ok_or(Malformed::Field("saddr="))?;
        bytes.resize(bytes.len().max(2), 0);
        // COMPAT: an address of another family, or one read for its file name only, takes an earlier host away.
        self.items.host = None;
        match *bytes.as_slice() {
            [a, b, ref rest @ ..] => match u16::from_ne_bytes([a, b]) {
                AF_INET if length < 16 => Err(Malformed::Inet),
                AF_INET6 if length < 28 => Err(Malformed::Inet6),
                AF_UNIX if matches!(length, 1 | 3) => Err(Malformed::Local(length)),
                AF_INET => self.inet(|out| address::push_inet(rest.get(2..6).unwrap_or_default(), out)),
                AF_INET6 => self.inet(|out| push_inet6(rest, out)),
                AF_UNIX => self.socket_name(rest, digits),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn inet(&mut self, push: impl FnOnce(&mut Vec<u8>) -> bool) -> Step<()> {
        if self.wants(Wanted::HOST) {
            self.items.host = self.items.store(push);
        }
        Ok(())
    }

    fn socket_name(&mut self, rest: &[u8], digits: &[u8]) -> Step<()> {
        if !self.wants(Wanted::FILE) {
            return Ok(());
        }
        let name = match rest {
            // COMPAT: a socket without name counts as a file named like the last hex digit of its family.
            [] => digits.get(3..4).unwrap_or_default(),
            [0, 0, ..] => return Err(Malformed::Field("saddr=")),
            [0, abstract_name @ ..] => text::up_to(abstract_name, 0),
            path => text::up_to(path, 0),
        };
        let name = self.items.keep(name);
        self.items.files.push(File { name, parent: false });
        Ok(())
    }
}

/// An IPv6 address behind its family: port, flow, host, and scope, which is shown as a number.
fn push_inet6(rest: &[u8], out: &mut Vec<u8>) -> bool {
    let is_whole = address::push_inet6(rest.get(6..22).unwrap_or_default(), out);
    let scope = rest.get(22..).and_then(|rest| rest.first_chunk()).map_or(0, |scope| u32::from_ne_bytes(*scope));
    if scope != 0 {
        out.push(b'%');
        number::push(out, u64::from(scope));
    }
    is_whole
}

/// Whether a malformed field of USER_AVC is overlooked: all that stand behind the account are.
fn forgiven(malformed: Malformed) -> bool {
    let Malformed::Field(name) = malformed else { return false };
    !matches!(
        name,
        "pid=" | "uid=" | "auid=" | "loginuid=" | "ses=" | "subj=" | "hostname=" | "addr=" | "terminal=" | "cwd="
    )
}
