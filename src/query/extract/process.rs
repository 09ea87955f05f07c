//! Records about a process: system calls, anomalies, kernel messages, terminals, logins.

use super::{FAILED, Malformed, Name, SUCCEEDED, Scan, Step, Wanted};
use crate::record::RecordType;
use crate::text::number;

impl Scan<'_> {
    /// SYSCALL and URINGOP.
    pub(super) fn syscall(&mut self) -> Step<()> {
        let is_syscall = self.kind == RecordType::SYSCALL;
        self.items.arch = self.items.arch.filter(|_| is_syscall);
        if is_syscall && self.wants(Wanted::ARCH) {
            self.items.arch = Some(self.arch()?.ok_or(Malformed::Field("arch="))?);
        }
        let name = if is_syscall { name!("syscall=") } else { name!("uring_op=") };
        self.items.syscall = self.needed(name)?;
        if self.wants(Wanted::SUCCESS) {
            if let Some(word) = self.value(name!("success="))? {
                self.items.success = Some(if word == b"yes" { SUCCEEDED } else { FAILED });
            }
        }
        if self.wants(Wanted::EXIT) {
            self.items.exit = Some(self.exit()?);
        }
        if is_syscall {
            // COMPAT: not looked at, but demanded.
            for name in [name!("a0="), name!("a1=")] {
                self.value(name)?.ok_or(Malformed::Field(name.text))?;
            }
        }
        let behind = std::mem::replace(&mut self.at, self.front);
        self.task()?;
        self.at = behind;
        self.keys()
    }

    /// The process part of SYSCALL, URINGOP, FEATURE_CHANGE, ANOM_LINK and DM_CTRL.
    pub(super) fn task(&mut self) -> Step<()> {
        if self.wants(Wanted::PPID) {
            self.items.ppid = self.number(name!("ppid="))?.or(self.items.ppid);
        }
        if self.wants(Wanted::PID) {
            self.items.pid = self.needed(name!(" pid="))?;
        }
        if self.wants(Wanted::AUID) {
            self.items.auid = match self.number(name!("auid="))? {
                None => self.needed(name!("loginuid="))?,
                auid => auid,
            };
        }
        if self.wants(Wanted::UID) {
            self.skip_auid();
            self.items.uid = self.needed(name!("uid="))?;
            self.items.uid_has_name = true;
        }
        if self.wants(Wanted::GID) {
            self.items.gid = self.needed(name!("gid="))?;
        }
        if self.wants(Wanted::EUID) {
            self.items.euid = self.needed(name!("euid="))?;
        }
        if self.wants(Wanted::EGID) {
            self.items.egid = self.needed(name!("egid="))?;
        }
        self.terminal(name!("tty="))?;
        self.session(name!("ses="))?;
        if self.wants(Wanted::COMM) {
            self.items.comm = self.string(name!("comm="))?.ok_or(Malformed::Field("comm="))?;
        }
        if self.wants(Wanted::EXE) {
            self.whole_exe(None)?;
        }
        self.subject_label(name!("subj="))?;
        self.result()
    }

    /// SECCOMP, ANOM_PROMISCUOUS and ANOM_ABEND.
    ///
    /// COMPAT: `uid=` is the next one behind `auid=` only if that was wanted, else it is `auid=` itself.
    pub(super) fn anomaly(&mut self) -> Step<()> {
        if self.wants(Wanted::AUID) {
            self.items.auid = Some(self.last_number(name!("auid="), None)?.ok_or(Malformed::Field("auid="))?);
        }
        if self.wants(Wanted::UID) {
            self.optional_uid(name!("uid="))?;
        }
        if self.wants(Wanted::GID) {
            self.items.gid = self.number(name!("gid="))?.or(self.items.gid);
        }
        if self.wants(Wanted::SESSION) {
            self.items.session = self.last_number(name!("ses="), None)?.or(self.items.session);
        }
        if self.kind == RecordType::ANOM_PROMISCUOUS {
            return Ok(());
        }
        self.subject_label(name!("subj="))?;
        if self.wants(Wanted::PID) {
            self.items.pid = self.number(name!("pid="))?.or(self.items.pid);
        }
        self.comm()?;
        if self.wants(Wanted::EXE) {
            match self.string(name!("exe="))? {
                Some(exe) => self.items.exe = exe,
                None if self.kind == RecordType::ANOM_ABEND => {}
                None => return Err(Malformed::Field("exe=")),
            }
        }
        if self.kind == RecordType::SECCOMP {
            // KERNEL: some versions before 3.16 give no arch here.
            let Some(arch) = self.arch()? else { return Ok(()) };
            self.items.arch = Some(arch);
            self.items.syscall = self.needed(name!("syscall="))?;
        }
        self.result()
    }

    /// NETFILTER_CFG and EVENT_LISTENER, which often come with a SYSCALL record: only what that did not give.
    pub(super) fn kernel(&mut self) -> Step<()> {
        if self.wants(Wanted::PID) && self.items.pid.is_none() {
            self.items.pid = self.needed(name!(" pid="))?;
        }
        if self.wants(Wanted::UID) && self.items.uid.is_none() {
            self.items.uid = self.number(name!("uid="))?.or(Some(0));
            self.items.uid_has_name = true;
        }
        if self.wants(Wanted::AUID) && self.items.auid.is_none() {
            self.items.auid = self.number(name!("auid="))?.or(Some(u32::MAX));
        }
        if self.items.terminal.is_none() {
            self.terminal(name!("tty="))?;
            if self.items.terminal.is_none() && self.wants(Wanted::TERMINAL) {
                self.items.terminal = Some(self.items.keep(b"(none)"));
            }
        }
        if self.wants(Wanted::SESSION) && self.items.session.is_none() {
            self.items.session = self.number(name!("ses="))?.or(Some(u32::MAX));
        }
        if self.wants(Wanted::SUBJECT) && self.items.labels.is_empty() {
            self.subject_label(name!("subj="))?;
            if self.items.labels.is_empty() {
                return Err(Malformed::Field("subj="));
            }
        }
        if self.wants(Wanted::COMM) && self.items.comm.is_none() {
            self.items.comm = self.string(name!("comm="))?.ok_or(Malformed::Field("comm="))?;
        }
        if self.wants(Wanted::EXE) && self.items.exe.is_none() {
            self.whole_exe(Some(b"(null)"))?;
        }
        self.result()
    }

    /// TTY.
    ///
    /// COMPAT: the number behind ` uid=` is read from its `=` on, which makes it 0.
    pub(super) fn tty(&mut self) -> Step<()> {
        if self.wants(Wanted::PID) {
            self.items.pid = self.number(name!("pid="))?.or(self.items.pid);
        }
        self.zero_uid()?;
        if self.wants(Wanted::AUID) {
            self.items.auid = Some(self.last_number(name!("auid="), None)?.ok_or(Malformed::Field("auid="))?);
        }
        self.session(name!("ses="))?;
        self.comm()
    }

    /// INTEGRITY_*.
    pub(super) fn integrity(&mut self) -> Step<()> {
        self.items.pid = self.number(name!("pid="))?.or(self.items.pid);
        self.zero_uid()?;
        if self.wants(Wanted::AUID) {
            let at = std::mem::replace(&mut self.at, self.front);
            match self.number(name!("auid="))? {
                None => self.at = at,
                auid => self.items.auid = auid,
            }
        }
        self.session(name!("ses="))?;
        self.subject_label(name!("subj="))?;
        self.comm()?;
        if let Some(start) = self.find_wanted(Wanted::FILE, name!(" name=")) {
            self.file_at(start)?;
        }
        self.result()
    }

    /// CONFIG_CHANGE and the MAC_* records.
    pub(super) fn simple(&mut self) -> Step<()> {
        let is_config = self.kind == RecordType::CONFIG_CHANGE;
        if self.wants(Wanted::AUID) {
            match self.last_number(name!("auid="), None)? {
                None if is_config => {}
                None => return Err(Malformed::Field("auid=")),
                auid => self.items.auid = auid,
            }
        }
        if self.wants(Wanted::SESSION) {
            self.items.session = self.last_number(name!("ses="), None)?.or(self.items.session);
        }
        if self.wants(Wanted::SUBJECT) {
            if let Some(value) = self.tail(name!("subj="), None) {
                let subject = Some(self.items.keep(value));
                self.items.labels.push(super::Label { subject, ..super::Label::default() });
            }
        }
        self.keys()?;
        if is_config {
            self.items.success = Some(SUCCEEDED);
        }
        self.result()
    }

    /// LOGIN. KERNEL: 3.14 changed `old auid= new auid= old ses= new ses=` to `old-auid= auid= tty= old-ses= ses= res=`.
    pub(super) fn login(&mut self) -> Step<()> {
        if self.wants(Wanted::PID) {
            self.items.pid = self.needed(name!("pid="))?;
        }
        if self.wants(Wanted::UID) {
            self.items.uid = self.needed(name!("uid="))?;
            self.items.uid_has_name = true;
        }
        if self.wants(Wanted::SUBJECT) {
            // COMPAT: here the label is kept with its name before it.
            let named = self.find(name!("subj=")).map(|start| start - "subj=".len());
            if let (Some(start), Some(value)) = (named, self.value(name!("subj="))?) {
                let whole = self.text.get(start..start + "subj=".len() + value.len()).unwrap_or_default();
                let subject = Some(self.items.keep(whole));
                self.items.labels.push(super::Label { subject, ..super::Label::default() });
            }
        }
        if self.wants(Wanted::AUID) {
            let spellings = [name!("new auid="), name!(" auid="), name!("new loginuid=")];
            self.items.auid = Some(self.first_of(&spellings)?.ok_or(Malformed::Field("auid="))?);
        }
        if self.wants(Wanted::SUCCESS) {
            self.items.success = Some(self.last_number(name!("res="), Some(self.front))?.unwrap_or(SUCCEEDED));
        }
        if self.wants(Wanted::SESSION) {
            self.items.session =
                Some(self.first_of(&[name!("new ses="), name!(" ses=")])?.ok_or(Malformed::Field("ses="))?);
        }
        Ok(())
    }

    fn first_of(&mut self, spellings: &[&'static Name]) -> Step<Option<u32>> {
        for name in spellings {
            if let Some(number) = self.last_number(name, Some(self.front))? {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    fn arch(&mut self) -> Step<Option<u32>> {
        let read = |value| number::lead(value, 16).map(|n| n as u32).ok_or(Malformed::Field("arch="));
        self.value(name!("arch="))?.map(read).transpose()
    }

    fn exit(&mut self) -> Step<i64> {
        let name = name!("exit=");
        let value = self.value(name)?.ok_or(Malformed::Field(name.text))?;
        number::lead_signed(value, 0).ok_or(Malformed::Field(name.text))
    }

    /// Goes past `auid=` when that is the next place where `uid=` is found.
    pub(super) fn skip_auid(&mut self) {
        while let Some(start) = self.find(name!("uid=")) {
            if !self.text.get(..start - 4).is_some_and(|before| before.ends_with(b"a")) {
                return;
            }
            self.at = start - 3;
        }
    }

    fn optional_uid(&mut self, name: &'static Name) -> Step<()> {
        if let Some(uid) = self.number(name)? {
            self.items.uid = Some(uid);
            self.items.uid_has_name = true;
        }
        Ok(())
    }

    fn zero_uid(&mut self) -> Step<()> {
        if self.wants(Wanted::UID) && self.value(name!(" uid="))?.is_some() {
            self.items.uid = Some(0);
            self.items.uid_has_name = true;
        }
        Ok(())
    }

    pub(super) fn session(&mut self, name: &'static Name) -> Step<()> {
        if self.wants(Wanted::SESSION) {
            self.items.session = self.number(name)?.or(self.items.session);
        }
        Ok(())
    }

    fn terminal(&mut self, name: &'static Name) -> Step<()> {
        if self.wants(Wanted::TERMINAL) {
            if let Some(value) = self.value(name)? {
                self.items.terminal = Some(self.items.keep(value));
            }
        }
        Ok(())
    }

    pub(super) fn comm(&mut self) -> Step<()> {
        if self.wants(Wanted::COMM) {
            if let Some(comm) = self.string(name!("comm="))? {
                self.items.comm = comm;
            }
        }
        Ok(())
    }

    /// `exe=` wherever it stands in the record; without it `otherwise`, or malformed.
    fn whole_exe(&mut self, otherwise: Option<&[u8]>) -> Step<()> {
        let at = std::mem::replace(&mut self.at, self.front);
        self.items.exe = match (self.string(name!("exe="))?, otherwise) {
            (Some(exe), _) => exe,
            (None, Some(text)) => Some(self.items.keep(text)),
            (None, None) => return Err(Malformed::Field("exe=")),
        };
        self.at = self.at.max(at);
        Ok(())
    }
}
