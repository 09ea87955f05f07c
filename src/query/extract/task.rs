//! Records that describe the process that did something: SYSCALL, URINGOP, FEATURE_CHANGE, ANOM_LINK, DM_CTRL.
//!
//! Most records of a log are these, so they are read in one pass: each field as it comes, the first of a name counts.

use super::{EventFields, FAILED, FieldSet, Found, Label, Malformed, SUCCEEDED, Scan, Step};
use crate::record::RecordType;
use crate::text::{self, number};

/// The last five bytes of a name with its `=`, which tell the names apart; the highest five bytes of `Place::back`.
const fn tail(name: &[u8; 5]) -> u64 {
    let [a, b, c, d, e] = *name;
    u64::from_le_bytes([0, 0, 0, a, b, c, d, e])
}

const TAIL: u64 = tail(&[0xff; 5]);
const ARCH: u64 = tail(b"arch=");
const SYSCALL: u64 = tail(b"call=");
const URING_OP: u64 = tail(b"g_op=");
const SUCCESS: u64 = tail(b"cess=");
const EXIT: u64 = tail(b"exit=");
const PPID: u64 = tail(b"ppid=");
const PID: u64 = tail(b" pid=");
const AUID: u64 = tail(b"auid=");
const LOGINUID: u64 = tail(b"nuid=");
const UID: u64 = tail(b" uid=");
const GID: u64 = tail(b" gid=");
const EUID: u64 = tail(b"euid=");
const EGID: u64 = tail(b"egid=");
const TTY: u64 = tail(b" tty=");
const SES: u64 = tail(b" ses=");
const COMM: u64 = tail(b"comm=");
const EXE: u64 = tail(b" exe=");
const SUBJ: u64 = tail(b"subj=");
const KEY: u64 = tail(b" key=");
const RES: u64 = tail(b" res=");

/// The names, and what their fields are read for.
const NAMES: [(u64, FieldSet); 20] = [
    (ARCH, FieldSet::ARCH),
    (SYSCALL, FieldSet::SYSCALL),
    (URING_OP, FieldSet::SYSCALL),
    (SUCCESS, FieldSet::SUCCESS),
    (EXIT, FieldSet::EXIT),
    (PPID, FieldSet::PPID),
    (PID, FieldSet::PID),
    (AUID, FieldSet::AUID),
    (LOGINUID, FieldSet::AUID),
    (UID, FieldSet::UID),
    (GID, FieldSet::GID),
    (EUID, FieldSet::EUID),
    (EGID, FieldSet::EGID),
    (TTY, FieldSet::TERMINAL),
    (SES, FieldSet::SESSION),
    (COMM, FieldSet::COMM),
    (EXE, FieldSet::EXE),
    (SUBJ, FieldSet::SUBJECT),
    (KEY, FieldSet::KEY),
    (RES, FieldSet::SUCCESS),
];

/// The same by [`slot`], so that a name is found with one comparison.
static FIELDS: [(u64, FieldSet); 32] = {
    let (mut fields, mut at) = ([(0, FieldSet::NONE); 32], 0);
    while at < NAMES.len() {
        let slot = slot(NAMES[at].0);
        assert!(fields[slot].0 == 0, "another multiplier is needed");
        fields[slot] = NAMES[at];
        at += 1;
    }
    fields
};

/// A number below 32. The multiplier was found by trying: it gives each name another one.
const fn slot(name: u64) -> usize {
    (name.wrapping_mul(0x0a21_bdea_9c5c_da73) >> 59) as usize
}

/// What the field with this name is read for.
fn field(name: u64) -> FieldSet {
    match FIELDS.get(slot(name)) {
        Some((known, field)) if *known == name => *field,
        _ => FieldSet::NONE,
    }
}

/// Fields without which the record is malformed, if they are wanted. COMPAT: all but the first three in every record here.
const REQUIRED: [(FieldSet, &str); 11] = [
    (FieldSet::ARCH, "arch="),
    (FieldSet::SYSCALL, "syscall="),
    (FieldSet::EXIT, "exit="),
    (FieldSet::PID, " pid="),
    (FieldSet::AUID, "auid="),
    (FieldSet::UID, "uid="),
    (FieldSet::GID, "gid="),
    (FieldSet::EUID, "euid="),
    (FieldSet::EGID, "egid="),
    (FieldSet::COMM, "comm="),
    (FieldSet::EXE, "exe="),
];

const OF_TASKS: FieldSet = FieldSet::PPID
    .with(FieldSet::PID)
    .with(FieldSet::AUID)
    .with(FieldSet::UID)
    .with(FieldSet::GID)
    .with(FieldSet::EUID)
    .with(FieldSet::EGID)
    .with(FieldSet::TERMINAL)
    .with(FieldSet::SESSION)
    .with(FieldSet::COMM)
    .with(FieldSet::EXE)
    .with(FieldSet::SUBJECT)
    .with(FieldSet::SUCCESS);
const OF_CALLS: FieldSet = OF_TASKS.with(FieldSet::SYSCALL).with(FieldSet::EXIT).with(FieldSet::KEY);

impl Scan<'_> {
    /// Reads the record.
    pub(super) fn task(&mut self) -> Step<()> {
        let (wanted, read) = match self.record_type {
            RecordType::SYSCALL => (self.wanted.with(FieldSet::SYSCALL), OF_CALLS.with(FieldSet::ARCH)),
            RecordType::URINGOP => {
                self.fields.arch = None;
                (self.wanted.with(FieldSet::SYSCALL), OF_CALLS)
            }
            _ => (self.wanted, OF_TASKS),
        };
        let mut missing = wanted.common(read);
        let mut places = self.values.unread();
        while let Some(place) = places.next().filter(|_| !missing.is_empty()) {
            let name = place.back(self.text) & TAIL;
            let field = field(name);
            if missing.has(field) && places.is_field() {
                missing = missing.without(field);
                self.take(name, place.found(0, self.text))?;
            }
        }
        let lacks = REQUIRED.iter().find(|(field, _)| missing.has(*field));
        lacks.map_or(Ok(()), |(_, name)| Err(Malformed::Field(name)))
    }

    /// Takes the value of the field whose name ends so.
    fn take(&mut self, name: u64, found: Found) -> Step<()> {
        match name {
            COMM => self.fields.comm = self.string_at(found, "comm=")?,
            EXE => self.fields.exe = self.string_at(found, "exe=")?,
            KEY => self.keys_at(found)?,
            ARCH | EXIT | SUCCESS | TTY | SUBJ => {
                return self.fields.take_word(name, text::up_to(self.from(found), b' '));
            }
            _ => return self.take_number(name, found),
        }
        Ok(())
    }

    fn take_number(&mut self, name: u64, found: Found) -> Step<()> {
        let (slot, text) = match name {
            SYSCALL => (&mut self.fields.syscall, "syscall="),
            URING_OP => (&mut self.fields.syscall, "uring_op="),
            PPID => (&mut self.fields.ppid, "ppid="),
            PID => (&mut self.fields.pid, " pid="),
            AUID => (&mut self.fields.auid, "auid="),
            LOGINUID => (&mut self.fields.auid, "loginuid="),
            UID => {
                self.fields.uid_has_name = true;
                (&mut self.fields.uid, "uid=")
            }
            GID => (&mut self.fields.gid, "gid="),
            EUID => (&mut self.fields.euid, "euid="),
            EGID => (&mut self.fields.egid, "egid="),
            SES => (&mut self.fields.session, "ses="),
            _ => (&mut self.fields.success, "res="),
        };
        *slot = Some(super::number_at(self.text, found.start, text)?);
        Ok(())
    }
}

impl EventFields {
    fn take_word(&mut self, name: u64, value: &[u8]) -> Step<()> {
        match name {
            ARCH => self.arch = Some(number::parse_prefix(value, 16).ok_or(Malformed::Field("arch="))? as u32),
            EXIT => self.exit = Some(number::parse_signed_prefix(value, 0).ok_or(Malformed::Field("exit="))?),
            SUCCESS => self.success = Some(if value == b"yes" { SUCCEEDED } else { FAILED }),
            TTY => self.terminal = Some(self.keep(value)),
            _ => {
                let subject = Some(self.keep(value));
                self.labels.push(Label { subject, ..Label::default() });
            }
        }
        Ok(())
    }
}
