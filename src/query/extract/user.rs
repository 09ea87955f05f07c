//! Records that programs send: user messages, and what the daemon says of itself.

use super::{FAILED, FieldSet, Found, Label, Malformed, Name, SUCCEEDED, Scan, Step};
use crate::record::RecordType;
use crate::text::{self, number};
use memchr::memchr2;

impl<'a> Scan<'a> {
    /// User records; `avc` is the label that USER_AVC is about to add.
    pub(super) fn user(&mut self, avc: Option<&mut Label>) -> Step<()> {
        if self.wants(FieldSet::PID) {
            self.fields.pid = self.needed(name!("pid="))?;
        }
        if self.wants(FieldSet::UID) {
            self.fields.uid = self.needed(name!("uid="))?;
            self.fields.uid_has_name = true;
        }
        if self.wants(FieldSet::AUID) {
            self.fields.auid = match self.number(name!("auid="))? {
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
        if self.wants(FieldSet::UID) {
            self.second_uid()?;
        }
        let before_comm = self.next;
        self.comm()?;
        let after_comm = std::mem::replace(&mut self.next, before_comm);
        self.account(after_comm)?;
        let after_account = self.next;
        self.host()?;
        self.next = after_account;
        self.user_program()?;
        self.next = after_account;
        self.user_result()
    }

    /// Subject, object and class of USER_AVC.
    fn avc_labels(&mut self, label: &mut Label) -> Step<()> {
        if self.wants(FieldSet::SUBJECT) {
            if let Some(value) = self.value(name!("subj="))? {
                label.subject = Some(self.fields.keep(value));
            }
        }
        if self.wants(FieldSet::OBJECT) {
            for (name, of_object) in [(name!("tcontext="), true), (name!("tclass="), false)] {
                let Some(found) = self.find(name) else { continue };
                self.pass(found);
                let Some(value) = text::before(self.from(found), b' ') else { continue };
                let kept = Some(self.fields.keep(value));
                *(if of_object { &mut label.object } else { &mut label.class }) = kept;
            }
        }
        Ok(())
    }

    fn group_id(&mut self) -> Step<()> {
        if !self.wants(FieldSet::GID)
            || !matches!(self.record_type, RecordType::ADD_GROUP | RecordType::DEL_GROUP | RecordType::GRP_MGMT)
        {
            return Ok(());
        }
        let mut id = self.number(name!(" id="))?;
        if id.is_none() && self.record_type == RecordType::GRP_MGMT {
            id = self.number(name!("gid="))?;
        }
        self.fields.gid = id.or(self.fields.gid);
        Ok(())
    }

    fn virtual_machine(&mut self) -> Step<()> {
        if self.wants(FieldSet::VM) {
            if let Some(vm) = self.string(name!("vm="))? {
                self.fields.vm = vm;
            }
        }
        if let Some(found) = self.find_wanted(FieldSet::UUID, name!("uuid=")) {
            self.pass(found);
            let value = text::up_to(text::up_to(self.from(found), b' '), b':');
            if value.is_empty() {
                return Err(Malformed::Field("uuid="));
            }
            self.fields.uuid = Some(self.fields.keep(value));
        }
        match self.record_type {
            RecordType::VIRT_MACHINE_ID => {
                self.subject_label(name!("vm-ctx="))?;
                if self.wants(FieldSet::OBJECT) {
                    if let Some(value) = self.value(name!("img-ctx="))? {
                        let object = Some(self.fields.keep(value));
                        self.fields.labels.push(Label { object, ..Label::default() });
                    }
                }
            }
            RecordType::VIRT_RESOURCE if self.wants(FieldSet::FILE) => {
                if let Some(found) = self.find(name!(" path=")).or_else(|| self.find(name!(" new-disk="))) {
                    self.file_at(found)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// `uid=` inside the message, which in USER_LOGIN and its like is the one that matters. It may stand anywhere: what else is read
    /// begins where it would without.
    fn second_uid(&mut self) -> Step<()> {
        let (name, start) = (name!("uid="), self.next);
        while let Some(found) = self.find(name) {
            self.pass(found);
            if !matches!(self.before(found, name), Some(b' ' | b'\'' | b'(')) {
                continue;
            }
            let rest = self.from(found);
            let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            let is_number = digits > 0 && !number::is_word(text::up_to(rest, b' '), 10);
            let Some(value) = rest.get(..digits).filter(|_| is_number) else { continue };
            self.fields.uid = Some(super::decimal(value, name.text)?);
            break;
        }
        self.next = start;
        Ok(())
    }

    /// The byte before the name of `found`.
    fn before(&self, found: Found, name: &Name) -> Option<&u8> {
        self.text.get(found.start.checked_sub(name.text.len() + 1)?)
    }

    /// Reads `acct=` and goes on after it; without it, at number `otherwise`.
    fn account(&mut self, otherwise: usize) -> Step<()> {
        let Some(found) = self.find(name!("acct=")) else {
            self.next = otherwise;
            return Ok(());
        };
        self.pass(found);
        if self.wants(FieldSet::ACCOUNT) {
            let rest = self.from(found);
            let account = match rest.strip_prefix(b"\"") {
                Some(quoted) => {
                    let account = self.fields.keep(text::up_to(quoted, b'"'));
                    self.fields.account.or(Some(account))
                }
                None => self.loose(found, "acct=")?,
            };
            self.fields.account = account;
        }
        Ok(())
    }

    /// `hostname=`, or the address where the name says nothing.
    fn host(&mut self) -> Step<()> {
        let name = name!("hostname=");
        let Some(found) = self.find_wanted(FieldSet::HOST, name) else { return Ok(()) };
        let mut value = self.up_to_comma(found, name)?;
        if value == b"?" {
            self.pass(found);
            if let Some(address) = self.find(name!("addr=")) {
                value = self.up_to_comma(address, name!("addr="))?;
            }
        }
        self.fields.host = Some(self.fields.keep(value));
        Ok(())
    }

    /// A value that ends at a comma or a space.
    fn up_to_comma(&self, found: Found, name: &'static Name) -> Step<&'a [u8]> {
        let rest = self.from(found);
        memchr2(b',', b' ', rest).and_then(|end| rest.get(..end)).ok_or(Malformed::Field(name.text))
    }

    fn user_program(&mut self) -> Step<()> {
        let first = self.next;
        if let Some(found) = self.find_wanted(FieldSet::FILE, name!("cwd=")) {
            self.fields.cwd = self.loose(found, "cwd=")?;
            self.next = first;
        }
        if let Some(found) = self.find_wanted(FieldSet::TERMINAL, name!("terminal=")) {
            let rest = self.from(found);
            // The last field of a message ends at what closes that.
            let value = text::before(rest, b' ').unwrap_or_else(|| text::up_to(text::up_to(rest, b'\''), b')'));
            self.fields.terminal = Some(self.fields.keep(value));
        }
        if let Some(found) = self.find_wanted(FieldSet::EXE, name!("exe=")) {
            self.fields.exe = self.loose(found, "exe=")?;
        }
        Ok(())
    }

    /// COMPAT: `res=` must be closed by a single quote, `result=` by a parenthesis.
    fn user_result(&mut self) -> Step<()> {
        if !self.wants(FieldSet::SUCCESS) {
            return Ok(());
        }
        let succeeded = if let Some(found) = self.find(name!("res=")) {
            let value = text::before(self.from(found), b'\'').ok_or(Malformed::Field("res="))?;
            !value.starts_with(b"failed")
        } else if let Some(found) = self.find(name!("result=")) {
            let value = text::before(self.from(found), b')').ok_or(Malformed::Field("result="))?;
            value.eq_ignore_ascii_case(b"success")
        } else {
            return Ok(());
        };
        self.fields.success = Some(if succeeded { SUCCEEDED } else { FAILED });
        Ok(())
    }

    /// DAEMON_START and the others in which the daemon speaks of who told it something.
    pub(super) fn daemon(&mut self) -> Step<()> {
        if self.wants(FieldSet::AUID) {
            self.fields.auid = self.needed(name!("auid="))?;
        }
        if self.wants(FieldSet::PID) {
            self.fields.pid = self.needed(name!("pid="))?;
        }
        if self.wants(FieldSet::UID) {
            self.next = 0;
            self.fields.uid = self.number(name!(" uid="))?.or(self.fields.uid);
        }
        self.session(name!("ses="))?;
        if self.wants(FieldSet::SUBJECT) {
            if let Some(value) = self.tail(name!("subj=")) {
                let subject = Some(self.fields.keep(value));
                self.fields.labels.push(Label { subject, ..Label::default() });
            }
        }
        self.next = 0;
        self.daemon_result()
    }

    /// DAEMON_ACCEPT and DAEMON_CLOSE.
    pub(super) fn remote(&mut self) -> Step<()> {
        if let Some(found) = self.find_wanted(FieldSet::HOST, name!("addr=")) {
            self.pass(found);
            let rest = self.from(found);
            let value = text::before(rest, b':').or_else(|| text::before(rest, b' '));
            let value = value.ok_or(Malformed::Field("addr="))?;
            self.fields.host = Some(self.fields.keep(value));
        }
        self.daemon_result()
    }

    fn daemon_result(&mut self) -> Step<()> {
        let Some(found) = self.find_wanted(FieldSet::SUCCESS, name!("res=")) else { return Ok(()) };
        let rest = self.from(found);
        if !rest.first().is_some_and(u8::is_ascii_alphabetic) {
            return Err(Malformed::Field("res="));
        }
        self.fields.success = Some(if rest.starts_with(b"failed") { FAILED } else { SUCCEEDED });
        Ok(())
    }
}
