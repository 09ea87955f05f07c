//! Records that programs send: user messages, and what the daemon says of itself.

use super::{FAILED, Label, Malformed, Name, SUCCEEDED, Scan, Step, Wanted};
use crate::record::RecordType;
use crate::text;
use memchr::memchr;

impl<'a> Scan<'a> {
    /// User records; `avc` is the label that USER_AVC is about to add.
    pub(super) fn user(&mut self, avc: Option<&mut Label>) -> Step<()> {
        if self.wants(Wanted::PID) {
            self.items.pid = self.needed(name!("pid="))?;
        }
        if self.wants(Wanted::UID) {
            self.items.uid = self.needed(name!("uid="))?;
            self.items.uid_has_name = true;
        }
        if self.wants(Wanted::AUID) {
            self.items.auid = match self.number(name!("auid="))? {
                None => self.needed(name!("loginuid="))?,
                auid => auid,
            };
        }
        self.session(name!("ses="))?;
        match avc {
            Some(label) => self.avc_labels(label)?,
            None => self.subject_label(name!("subj="))?,
        }
        self.group_id()?;
        self.virtual_machine()?;
        if self.wants(Wanted::UID) {
            self.second_uid()?;
        }
        let behind = self.at;
        self.comm()?;
        let behind_comm = std::mem::replace(&mut self.at, behind);
        let behind = self.account(behind_comm)?;
        self.host(behind)?;
        self.user_program(behind)?;
        self.user_result(behind)
    }

    /// Subject, object and class of USER_AVC.
    fn avc_labels(&mut self, label: &mut Label) -> Step<()> {
        if self.wants(Wanted::SUBJECT) {
            if let Some(value) = self.value(name!("subj="))? {
                label.subject = Some(self.items.keep(value));
            }
        }
        if self.wants(Wanted::OBJECT) {
            for (name, of_object) in [(name!("tcontext="), true), (name!("tclass="), false)] {
                let Some(start) = self.find(name) else { continue };
                self.at = start;
                let Some(value) = text::before(self.from(start), b' ') else { continue };
                self.at = start + value.len();
                let kept = Some(self.items.keep(value));
                *(if of_object { &mut label.object } else { &mut label.class }) = kept;
            }
        }
        Ok(())
    }

    fn group_id(&mut self) -> Step<()> {
        if !self.wants(Wanted::GID)
            || !matches!(self.kind, RecordType::ADD_GROUP | RecordType::DEL_GROUP | RecordType::GRP_MGMT)
        {
            return Ok(());
        }
        let mut id = self.number(name!(" id="))?;
        if id.is_none() && self.kind == RecordType::GRP_MGMT {
            id = self.number(name!("gid="))?;
        }
        self.items.gid = id.or(self.items.gid);
        Ok(())
    }

    fn virtual_machine(&mut self) -> Step<()> {
        if self.wants(Wanted::VM) {
            if let Some(vm) = self.string(name!("vm="))? {
                self.items.vm = vm;
            }
        }
        if let Some(start) = self.find_wanted(Wanted::UUID, name!("uuid=")) {
            let rest = self.from(start);
            let value = text::up_to(text::up_to(rest, b' '), b':');
            if value.is_empty() {
                return Err(Malformed::Field("uuid="));
            }
            self.at = start + value.len();
            self.items.uuid = Some(self.items.keep(value));
        }
        match self.kind {
            RecordType::VIRT_MACHINE_ID => {
                self.subject_label(name!("vm-ctx="))?;
                if self.wants(Wanted::OBJECT) {
                    if let Some(value) = self.value(name!("img-ctx="))? {
                        let object = Some(self.items.keep(value));
                        self.items.labels.push(Label { object, ..Label::default() });
                    }
                }
            }
            RecordType::VIRT_RESOURCE if self.wants(Wanted::FILE) => {
                if let Some(start) = self.find(name!(" path=")).or_else(|| self.find(name!(" new-disk="))) {
                    self.file_at(start)?;
                    self.at = start;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The uid inside the message, which in USER_LOGIN and its like is the one that matters.
    ///
    /// COMPAT: one preceded by s or u ends the search, one preceded by another letter than a makes the event malformed.
    fn second_uid(&mut self) -> Step<()> {
        self.skip_auid();
        let Some(start) = self.find(name!("uid=")) else { return Ok(()) };
        match self.text.get(..start - 4).and_then(|before| before.last()) {
            Some(b's' | b'u') => return Ok(()),
            Some(b'\'' | b' ') => {}
            _ => return Err(Malformed::Field("uid=")),
        }
        let rest = self.from(start);
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let value = rest.get(..digits).filter(|v| !v.is_empty()).ok_or(Malformed::Field("uid="))?;
        self.items.uid = Some(super::decimal(value, name!("uid="))?);
        self.at = start + digits;
        Ok(())
    }

    /// Reads `acct=`, and gives back where the rest of the message begins; without it, at `otherwise`.
    fn account(&mut self, otherwise: usize) -> Step<usize> {
        let Some(start) = self.find(name!("acct=")) else { return Ok(otherwise) };
        let rest = self.from(start);
        let (value, quotes) = match rest.strip_prefix(b"\"") {
            Some(quoted) => (text::up_to(quoted, b'"'), 1),
            None => (text::up_to(rest, b' '), 0),
        };
        if self.wants(Wanted::ACCOUNT) {
            let is_hex = quotes == 0 && value.iter().all(u8::is_ascii_hexdigit);
            let account = if is_hex { self.items.decode(value) } else { Some(self.items.keep(value)) };
            self.items.account = if quotes == 1 { self.items.account.or(account) } else { account };
        }
        Ok(start + quotes + value.len())
    }

    /// `hostname=`, or the address where the name says nothing.
    fn host(&mut self, from: usize) -> Step<()> {
        self.at = from;
        let Some(start) = self.find_wanted(Wanted::HOST, name!("hostname=")) else { return Ok(()) };
        let mut value = self.up_to_comma(start, name!("hostname="))?;
        if value == b"?" {
            self.at = start + value.len() + 1;
            if let Some(start) = self.find(name!("addr=")) {
                value = self.up_to_comma(start, name!("addr="))?;
            }
        }
        self.items.host = Some(self.items.keep(value));
        Ok(())
    }

    /// COMPAT: a comma anywhere behind ends the value, and only without one does a space.
    fn up_to_comma(&self, start: usize, name: &'static Name) -> Step<&'a [u8]> {
        let rest = self.from(start);
        text::before(rest, b',').or_else(|| text::before(rest, b' ')).ok_or(Malformed::Field(name.text))
    }

    fn user_program(&mut self, from: usize) -> Step<()> {
        self.at = from;
        if let Some(start) = self.find_wanted(Wanted::FILE, name!("cwd=")) {
            self.items.cwd = self.loose(start, name!("cwd="))?;
            self.at = from;
        }
        if let Some(start) = self.find_wanted(Wanted::TERMINAL, name!("terminal=")) {
            let rest = self.from(start);
            let value = text::before(rest, b' ').or_else(|| text::before(rest, b')'));
            self.items.terminal = Some(self.items.keep(value.ok_or(Malformed::Field("terminal="))?));
        }
        if let Some(start) = self.find_wanted(Wanted::EXE, name!("exe=")) {
            self.items.exe = self.loose(start, name!("exe="))?;
        }
        Ok(())
    }

    /// COMPAT: `res=` must be closed by a single quote, `result=` by a parenthesis.
    fn user_result(&mut self, from: usize) -> Step<()> {
        self.at = from;
        if !self.wants(Wanted::SUCCESS) {
            return Ok(());
        }
        let succeeded = if let Some(start) = self.find(name!("res=")) {
            let value = text::before(self.from(start), b'\'').ok_or(Malformed::Field("res="))?;
            !value.starts_with(b"failed")
        } else if let Some(start) = self.find(name!("result=")) {
            let value = text::before(self.from(start), b')').ok_or(Malformed::Field("result="))?;
            value.eq_ignore_ascii_case(b"success")
        } else {
            return Ok(());
        };
        self.items.success = Some(if succeeded { SUCCEEDED } else { FAILED });
        Ok(())
    }

    /// DAEMON_START and the others in which the daemon speaks of who told it something.
    pub(super) fn daemon(&mut self) -> Step<()> {
        let body = memchr(b')', self.text).unwrap_or(0);
        self.at = body;
        if self.wants(Wanted::AUID) {
            self.items.auid = self.needed(name!("auid="))?;
        }
        if self.wants(Wanted::PID) {
            self.items.pid = self.needed(name!("pid="))?;
        }
        if self.wants(Wanted::UID) {
            self.at = body;
            self.items.uid = self.number(name!(" uid="))?.or(self.items.uid);
        }
        self.session(name!("ses="))?;
        if self.wants(Wanted::SUBJECT) {
            if let Some(value) = self.tail(name!("subj="), None) {
                let subject = Some(self.items.keep(value));
                self.items.labels.push(Label { subject, ..Label::default() });
            }
        }
        self.at = body;
        self.daemon_result()
    }

    /// DAEMON_ACCEPT and DAEMON_CLOSE.
    pub(super) fn remote(&mut self) -> Step<()> {
        if let Some(start) = self.find_wanted(Wanted::HOST, name!("addr=")) {
            let rest = self.from(start);
            let value = text::before(rest, b':').or_else(|| text::before(rest, b' '));
            let value = value.ok_or(Malformed::Field("addr="))?;
            self.items.host = Some(self.items.keep(value));
            self.at = start + value.len();
        }
        self.daemon_result()
    }

    fn daemon_result(&mut self) -> Step<()> {
        let Some(start) = self.find_wanted(Wanted::SUCCESS, name!("res=")) else { return Ok(()) };
        let rest = self.from(start);
        if !rest.first().is_some_and(u8::is_ascii_alphabetic) {
            return Err(Malformed::Field("res="));
        }
        self.items.success = Some(if rest.starts_with(b"failed") { FAILED } else { SUCCEEDED });
        Ok(())
    }
}
