//! Records of the kernel about other things than a system call: anomalies, its own messages, terminals, logins.

use super::{FieldSet, Malformed, Name, SUCCEEDED, Scan, Step};
use crate::record::RecordType;
use crate::text::number;

impl Scan<'_> {
    /// SECCOMP, ANOM_PROMISCUOUS and ANOM_ABEND.
    pub(super) fn anomaly(&mut self) -> Step<()> {
        if self.wants(FieldSet::AUID) {
            self.fields.auid = Some(self.last_number(name!("auid="))?.ok_or(Malformed::Field("auid="))?);
        }
        if self.wants(FieldSet::UID) {
            self.optional_uid(name!(" uid="))?;
        }
        if self.wants(FieldSet::GID) {
            self.fields.gid = self.number(name!("gid="))?.or(self.fields.gid);
        }
        if self.wants(FieldSet::SESSION) {
            self.fields.session = self.last_number(name!("ses="))?.or(self.fields.session);
        }
        if self.record_type == RecordType::ANOM_PROMISCUOUS {
            return Ok(());
        }
        self.subject_label(name!("subj="))?;
        if self.wants(FieldSet::PID) {
            self.fields.pid = self.number(name!("pid="))?.or(self.fields.pid);
        }
        self.comm()?;
        if self.wants(FieldSet::EXE) {
            match self.string(name!("exe="))? {
                Some(exe) => self.fields.exe = exe,
                None if self.record_type == RecordType::ANOM_ABEND => {}
                None => return Err(Malformed::Field("exe=")),
            }
        }
        if self.record_type == RecordType::SECCOMP {
            // KERNEL: some versions before 3.16 give no arch here.
            let Some(arch) = self.arch()? else { return Ok(()) };
            self.fields.arch = Some(arch);
            self.fields.syscall = self.needed(name!("syscall="))?;
        }
        self.result()
    }

    /// NETFILTER_CFG and EVENT_LISTENER, which often come with a SYSCALL record: only what that did not give.
    pub(super) fn kernel(&mut self) -> Step<()> {
        if self.wants(FieldSet::PID) && self.fields.pid.is_none() {
            self.fields.pid = self.needed(name!(" pid="))?;
        }
        if self.wants(FieldSet::UID) && self.fields.uid.is_none() {
            self.fields.uid = self.number(name!("uid="))?.or(Some(0));
            self.fields.uid_has_name = true;
        }
        if self.wants(FieldSet::AUID) && self.fields.auid.is_none() {
            self.fields.auid = self.number(name!("auid="))?.or(Some(u32::MAX));
        }
        if self.fields.terminal.is_none() {
            self.terminal(name!("tty="))?;
            if self.fields.terminal.is_none() && self.wants(FieldSet::TERMINAL) {
                self.fields.terminal = Some(self.fields.keep(b"(none)"));
            }
        }
        if self.wants(FieldSet::SESSION) && self.fields.session.is_none() {
            self.fields.session = self.number(name!("ses="))?.or(Some(u32::MAX));
        }
        if self.wants(FieldSet::SUBJECT) && self.fields.labels.is_empty() {
            self.subject_label(name!("subj="))?;
            if self.fields.labels.is_empty() {
                return Err(Malformed::Field("subj="));
            }
        }
        if self.wants(FieldSet::COMM) && self.fields.comm.is_none() {
            self.fields.comm = self.string(name!("comm="))?.ok_or(Malformed::Field("comm="))?;
        }
        if self.wants(FieldSet::EXE) && self.fields.exe.is_none() {
            self.whole_exe(Some(b"(null)"))?;
        }
        self.result()
    }

    /// TTY.
    ///
    /// COMPAT: the number after ` uid=` is read from its `=` on, which makes it 0.
    pub(super) fn tty(&mut self) -> Step<()> {
        if self.wants(FieldSet::PID) {
            self.fields.pid = self.number(name!("pid="))?.or(self.fields.pid);
        }
        self.zero_uid()?;
        if self.wants(FieldSet::AUID) {
            self.fields.auid = Some(self.last_number(name!("auid="))?.ok_or(Malformed::Field("auid="))?);
        }
        self.session(name!("ses="))?;
        self.comm()
    }

    /// INTEGRITY_*.
    pub(super) fn integrity(&mut self) -> Step<()> {
        self.fields.pid = self.number(name!("pid="))?.or(self.fields.pid);
        self.zero_uid()?;
        if self.wants(FieldSet::AUID) {
            let next = std::mem::take(&mut self.next);
            match self.number(name!("auid="))? {
                None => self.next = next,
                auid => self.fields.auid = auid,
            }
        }
        self.session(name!("ses="))?;
        self.subject_label(name!("subj="))?;
        self.comm()?;
        if let Some(found) = self.find_wanted(FieldSet::FILE, name!(" name=")) {
            self.file_at(found)?;
        }
        self.result()
    }

    /// CONFIG_CHANGE and the MAC_* records.
    pub(super) fn simple(&mut self) -> Step<()> {
        let is_config = self.record_type == RecordType::CONFIG_CHANGE;
        if self.wants(FieldSet::AUID) {
            match self.last_number(name!("auid="))? {
                None if is_config => {}
                None => return Err(Malformed::Field("auid=")),
                auid => self.fields.auid = auid,
            }
        }
        if self.wants(FieldSet::SESSION) {
            self.fields.session = self.last_number(name!("ses="))?.or(self.fields.session);
        }
        if self.wants(FieldSet::SUBJECT) {
            if let Some(value) = self.tail(name!("subj=")) {
                let subject = Some(self.fields.keep(value));
                self.fields.labels.push(super::Label { subject, ..super::Label::default() });
            }
        }
        self.keys()?;
        if is_config {
            self.fields.success = Some(SUCCEEDED);
        }
        self.result()
    }

    /// LOGIN. KERNEL: 3.14 changed `old auid= new auid= old ses= new ses=` to `old-auid= auid= tty= old-ses= ses= res=`.
    pub(super) fn login(&mut self) -> Step<()> {
        if self.wants(FieldSet::PID) {
            self.fields.pid = self.needed(name!("pid="))?;
        }
        if self.wants(FieldSet::UID) {
            self.fields.uid = self.needed(name!("uid="))?;
            self.fields.uid_has_name = true;
        }
        if self.wants(FieldSet::SUBJECT) {
            // COMPAT: here the label is kept with its name before it.
            const NAME: &str = "subj=";
            if let Some(found) = self.find(name!("subj=")) {
                let label = self.value(name!("subj="))?.unwrap_or_default();
                let named = self.text.get(found.start - NAME.len()..found.start + label.len()).unwrap_or_default();
                let subject = Some(self.fields.keep(named));
                self.fields.labels.push(super::Label { subject, ..super::Label::default() });
            }
        }
        if self.wants(FieldSet::AUID) {
            let spellings = [name!("new auid="), name!(" auid="), name!("new loginuid=")];
            self.fields.auid = Some(self.first_of(&spellings)?.ok_or(Malformed::Field("auid="))?);
        }
        if self.wants(FieldSet::SUCCESS) {
            self.fields.success = Some(self.first_of(&[name!("res=")])?.unwrap_or(SUCCEEDED));
        }
        if self.wants(FieldSet::SESSION) {
            self.fields.session =
                Some(self.first_of(&[name!("new ses="), name!(" ses=")])?.ok_or(Malformed::Field("ses="))?);
        }
        Ok(())
    }

    /// The number of the first of `spellings` that the record has, wherever it stands.
    fn first_of(&mut self, spellings: &[&'static Name]) -> Step<Option<u32>> {
        for name in spellings {
            self.next = 0;
            if let Some(number) = self.last_number(name)? {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    fn arch(&mut self) -> Step<Option<u32>> {
        let read = |value| number::parse_prefix(value, 16).map(|n| n as u32).ok_or(Malformed::Field("arch="));
        self.value(name!("arch="))?.map(read).transpose()
    }

    fn optional_uid(&mut self, name: &'static Name) -> Step<()> {
        if let Some(uid) = self.number(name)? {
            self.fields.uid = Some(uid);
            self.fields.uid_has_name = true;
        }
        Ok(())
    }

    fn zero_uid(&mut self) -> Step<()> {
        if self.wants(FieldSet::UID) && self.value(name!(" uid="))?.is_some() {
            self.fields.uid = Some(0);
            self.fields.uid_has_name = true;
        }
        Ok(())
    }

    pub(super) fn session(&mut self, name: &'static Name) -> Step<()> {
        if self.wants(FieldSet::SESSION) {
            self.fields.session = self.number(name)?.or(self.fields.session);
        }
        Ok(())
    }

    fn terminal(&mut self, name: &'static Name) -> Step<()> {
        if self.wants(FieldSet::TERMINAL) {
            if let Some(value) = self.value(name)? {
                self.fields.terminal = Some(self.fields.keep(value));
            }
        }
        Ok(())
    }

    pub(super) fn comm(&mut self) -> Step<()> {
        if self.wants(FieldSet::COMM) {
            if let Some(comm) = self.string(name!("comm="))? {
                self.fields.comm = comm;
            }
        }
        Ok(())
    }

    /// `exe=` wherever it stands in the record; without it `otherwise`, or malformed.
    fn whole_exe(&mut self, otherwise: Option<&[u8]>) -> Step<()> {
        let next = std::mem::take(&mut self.next);
        self.fields.exe = match (self.string(name!("exe="))?, otherwise) {
            (Some(exe), _) => exe,
            (None, Some(text)) => Some(self.fields.keep(text)),
            (None, None) => return Err(Malformed::Field("exe=")),
        };
        self.next = self.next.max(next);
        Ok(())
    }
}
