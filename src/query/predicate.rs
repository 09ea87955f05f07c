//! The criteria of ausearch(8), and whether an event meets them.
//!
//! All criteria must hold. They are tested on the event as a whole: two of them may be met by different records. Lists
//! (types, nodes) and the tests of "any" id are met by one of their members.

use super::extract::{EventFields, FAILED, FieldSet, Malformed, SUCCEEDED, Text, extract_more};
use crate::event::{EVENT_BYTES, Event};
use crate::interpret;
use crate::record::{EventId, RecordType};
use crate::tables::machine::Machine;
use crate::tables::{errno, syscall};
use memchr::memmem;

/// One user id that is looked for, or one of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The number.
    pub id: u32,
    /// The name, if the user was named, and the numbers it has on this host, of which there may be several. COMPAT: these then
    /// count, not the names that were looked up when a record was written. A name that this host does not know is sought
    /// among those.
    pub name: Option<(Vec<u8>, Vec<u32>)>,
}

/// The system call that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Syscall {
    /// Whatever call has this number on the record's machine, or the io_uring operation.
    Number(u32),
    /// The call of one name: its number on each machine that has it. A record's own machine counts.
    Named(Vec<(Machine, u32)>),
}

impl Syscall {
    /// The call of this name on `machine`, or on all machines; `None` if none of them has it.
    pub fn named(name: &[u8], machine: Option<Machine>) -> Option<Syscall> {
        let machines =
            Machine::ALL.into_iter().filter(|m| m.elf().is_some() && machine.is_none_or(|wanted| wanted == *m));
        let mut numbers: Vec<_> = machines.filter_map(|m| Some((m, syscall::number(m, name)?))).collect();
        let x86_64 = numbers.iter().find(|(machine, _)| *machine == Machine::X86_64).copied();
        // The audit subsystem knows x32 by the number alone.
        numbers.extend(x86_64.map(|(machine, number)| (machine, syscall::x32_number(name, number))));
        (!numbers.is_empty()).then_some(Syscall::Named(numbers))
    }

    fn is_met(&self, machine: Option<Machine>, number: Option<u32>) -> bool {
        match self {
            // COMPAT: an event without system call has number 0.
            Syscall::Number(wanted) => number.unwrap_or(0) == *wanted,
            Syscall::Named(numbers) => machine.zip(number).is_some_and(|found| numbers.contains(&found)),
        }
    }
}

/// The result of a call that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The number.
    Number(i64),
    /// The error of this name, which has its number on each record's own machine.
    Error {
        /// The name, in any case.
        name: Vec<u8>,
        /// Whether it was written with a minus sign, as it is logged.
        is_negative: bool,
    },
}

impl Exit {
    /// The number that is looked for in records of this `arch=`; `None` where its machine has no such error. Of a machine that has
    /// no name here only the errors are known that all machines number alike. What has none, such as io_uring's, is read
    /// as everywhere.
    fn on(&self, arch: Option<u32>) -> Option<i64> {
        match self {
            Exit::Number(number) => Some(*number),
            Exit::Error { name, is_negative } => {
                let machine = arch.and_then(Machine::from_elf);
                let number = errno::NAMES.number_on(name, machine)? as i32;
                let is_known = arch.is_none() || machine.is_some() || number <= errno::COMMON;
                is_known.then(|| i64::from(if *is_negative { -number } else { number }))
            }
        }
    }
}

/// What is looked for. The default finds everything.
#[allow(missing_docs, reason = "named as the options of ausearch(8)")]
#[derive(Clone, Debug, Default)]
pub struct Criteria {
    /// First and last millisecond since 1970, both included.
    pub start: Option<u64>,
    pub end: Option<u64>,
    pub serial: Option<u64>,
    pub kinds: Vec<RecordType>,
    pub nodes: Vec<Vec<u8>>,
    pub pid: Option<u32>,
    pub ppid: Option<u32>,
    pub uid: Option<User>,
    pub euid: Option<User>,
    pub auid: Option<User>,
    /// One of uid, euid and auid is enough.
    pub any_user: bool,
    pub gid: Option<User>,
    pub egid: Option<User>,
    /// One of gid and egid is enough.
    pub any_group: bool,
    pub session: Option<u32>,
    pub machine: Option<Machine>,
    pub syscall: Option<Syscall>,
    pub exit: Option<Exit>,
    pub success: Option<bool>,
    pub file: Option<Vec<u8>>,
    pub host: Option<Vec<u8>>,
    pub terminal: Option<Vec<u8>>,
    pub exe: Option<Vec<u8>>,
    pub comm: Option<Vec<u8>>,
    pub key: Option<Vec<u8>>,
    pub vm: Option<Vec<u8>>,
    pub uuid: Option<Vec<u8>>,
    pub subject: Option<Vec<u8>>,
    pub object: Option<Vec<u8>>,
    /// One of subject and object is enough.
    pub any_label: bool,
    /// Texts must be equal, not only contained.
    pub whole_word: bool,
}

impl Criteria {
    /// Whether an event of this time can be found.
    pub fn in_range(&self, id: EventId) -> bool {
        id.is_between(self.start, self.end)
    }
}

/// Criteria, ready to be put to events one after another.
pub struct Predicate {
    criteria: Criteria,
    wanted: FieldSet,
    /// What was read of the event at hand, and whether it had a record of the wanted types.
    fields: EventFields,
    has_kind: bool,
    /// The same of the event of which a part was judged last, and its name.
    parted: (EventFields, bool),
    parted_name: Option<(EventId, Option<Vec<u8>>)>,
}

impl Predicate {
    /// Prepares `criteria`.
    pub fn new(criteria: Criteria) -> Predicate {
        let wanted = wanted(&criteria);
        Predicate {
            criteria,
            wanted,
            fields: EventFields::default(),
            has_kind: false,
            parted: (EventFields::default(), false),
            parted_name: None,
        }
    }

    /// What is looked for.
    pub fn criteria(&self) -> &Criteria {
        &self.criteria
    }

    /// Whether the event is found. An event that lacks what the criteria need is malformed; the error names the record.
    ///
    /// A part of what is too long for one event is judged together with the parts before it, unless another such event came between:
    /// each of the criteria may be met by another one.
    pub fn matches(&mut self, event: &Event) -> Result<bool, (usize, Malformed)> {
        if !self.matches_head(event) {
            return Ok(false);
        }
        let Some(part) = event.part() else { return self.judge(event, false) };
        let is_it =
            |name: &(EventId, Option<Vec<u8>>)| name.0 == event.id() && name.1.as_deref() == event.node() && part > 0;
        let goes_on = self.parted_name.as_ref().is_some_and(is_it) && self.parted.0.size() < EVENT_BYTES;
        self.parted_name = Some((event.id(), event.node().map(<[u8]>::to_vec)));
        self.swap_parted();
        let found = self.judge(event, goes_on);
        self.swap_parted();
        found
    }

    fn swap_parted(&mut self) {
        std::mem::swap(&mut self.fields, &mut self.parted.0);
        std::mem::swap(&mut self.has_kind, &mut self.parted.1);
    }

    /// Whether the event is found, if it goes on with what was read before with that together.
    fn judge(&mut self, event: &Event, goes_on: bool) -> Result<bool, (usize, Malformed)> {
        let kinds = &self.criteria.kinds;
        self.has_kind =
            (goes_on && self.has_kind) || kinds.is_empty() || event.record_types().any(|kind| kinds.contains(&kind));
        if self.wanted.is_empty() || !(self.has_kind || event.part().is_some()) {
            return Ok(self.has_kind);
        }
        if !goes_on {
            self.fields.clear();
        }
        extract_more(event, self.wanted, &mut self.fields)?;
        Ok(self.has_kind
            && self.matches_users(event)
            && self.matches_groups(event)
            && self.matches_numbers()
            && self.matches_texts()
            && self.matches_labels())
    }

    fn matches_head(&self, event: &Event) -> bool {
        let wanted = &self.criteria;
        self.criteria.in_range(event.id())
            && wanted.serial.is_none_or(|serial| serial == event.id().serial)
            && (wanted.nodes.is_empty() || event.node().is_some_and(|node| wanted.nodes.iter().any(|n| n == node)))
    }

    fn matches_users(&self, event: &Event) -> bool {
        let (wanted, fields) = (&self.criteria, &self.fields);
        let tests = [
            (&wanted.uid, fields.uid, fields.uid_has_name, &b"uid"[..]),
            (&wanted.euid, fields.euid, true, b"euid"),
            (&wanted.auid, fields.auid, true, b"auid"),
        ];
        // COMPAT: of any user it is the uid's name that decides whether names are compared.
        let deciding = if wanted.any_user { 1 } else { tests.len() };
        let by_name = tests.iter().take(deciding).any(|(user, ..)| user.as_ref().is_some_and(|u| u.name.is_some()));
        // The id of none is one all the same: an event without the field has not even that.
        let met = |user: &User, id: Option<u32>, has_name: bool, field: &[u8]| match (&user.name, by_name) {
            (None, true) => !wanted.any_user,
            (Some((name, ids)), true) => {
                let is_it = |id| if ids.is_empty() { is_recorded(event, field, id, name) } else { ids.contains(&id) };
                has_name && id.is_some_and(is_it)
            }
            (_, false) => id == Some(user.id),
        };
        let mut asked = tests.iter().filter_map(|(user, id, has, field)| Some(met(user.as_ref()?, *id, *has, field)));
        if wanted.any_user { asked.any(|met| met) } else { asked.all(|met| met) }
    }

    fn matches_groups(&self, event: &Event) -> bool {
        let (wanted, fields) = (&self.criteria, &self.fields);
        let is = |group: &Option<User>, found: Option<u32>, field: &[u8]| match group {
            None => true,
            Some(User { name: Some((name, ids)), .. }) if ids.is_empty() => {
                found.is_some_and(|id| is_recorded(event, field, id, name))
            }
            Some(group) => found == Some(group.id),
        };
        let (gid, egid) = (is(&wanted.gid, fields.gid, b"gid"), is(&wanted.egid, fields.egid, b"egid"));
        if wanted.any_group { gid || egid } else { gid && egid }
    }

    fn matches_numbers(&self) -> bool {
        let (wanted, fields) = (&self.criteria, &self.fields);
        let machine = fields.arch.and_then(Machine::from_elf);
        let is = |wanted: Option<u32>, found: Option<u32>| wanted.is_none() || wanted == found;
        is(wanted.ppid, fields.ppid)
            && is(wanted.pid, fields.pid)
            && wanted.machine.is_none_or(|wanted| machine == Some(wanted))
            && wanted.syscall.as_ref().is_none_or(|syscall| syscall.is_met(machine, fields.syscall))
            && is(wanted.session, fields.session)
            && wanted.exit.as_ref().is_none_or(|exit| fields.exit.is_some() && fields.exit == exit.on(fields.arch))
            && wanted.success.is_none_or(|yes| fields.success == Some(if yes { SUCCEEDED } else { FAILED }))
    }

    fn matches_texts(&self) -> bool {
        let (wanted, fields) = (&self.criteria, &self.fields);
        let one = |needle: &Option<Vec<u8>>, found: Option<Text>| {
            needle.as_ref().is_none_or(|needle| found.is_some_and(|text| self.holds(fields.text(text), needle)))
        };
        one(&wanted.host, fields.host)
            && one(&wanted.terminal, fields.terminal)
            && one(&wanted.exe, fields.exe)
            && one(&wanted.comm, fields.comm)
            && one(&wanted.vm, fields.vm)
            && one(&wanted.uuid, fields.uuid)
            && wanted.file.as_ref().is_none_or(|needle| {
                let mut names = fields.files.iter().map(|file| file.name).chain(fields.cwd);
                names.any(|name| self.holds(fields.text(name), needle))
            })
            && wanted
                .key
                .as_ref()
                .is_none_or(|needle| fields.keys.iter().any(|key| self.holds(fields.text(*key), needle)))
    }

    fn matches_labels(&self) -> bool {
        let (wanted, fields) = (&self.criteria, &self.fields);
        let subject = wanted.subject.as_ref().map(|needle| {
            fields.labels.iter().filter_map(|label| label.subject).any(|text| self.holds(fields.text(text), needle))
        });
        let object = wanted.object.as_ref().map(|needle| {
            fields.labels.iter().filter_map(|label| label.object).any(|text| self.holds(fields.text(text), needle))
        });
        match wanted.any_label {
            true => subject == Some(true) || object == Some(true),
            false => subject != Some(false) && object != Some(false),
        }
    }

    fn holds(&self, text: &[u8], needle: &[u8]) -> bool {
        if self.criteria.whole_word { text == needle } else { memmem::find(text, needle).is_some() }
    }
}

/// Whether a record of `event` brings `name` along for the user or group `id` in the field `field`.
fn is_recorded(event: &Event, field: &[u8], id: u32, name: &[u8]) -> bool {
    let mut known = Vec::new();
    event.records().any(|record| {
        known.clear();
        interpret::user_name(&record, field, id, &mut known) && known == name
    })
}

fn wanted(criteria: &Criteria) -> FieldSet {
    let asked = [
        (criteria.pid.is_some(), FieldSet::PID),
        (criteria.ppid.is_some(), FieldSet::PPID),
        (criteria.uid.is_some(), FieldSet::UID),
        (criteria.euid.is_some(), FieldSet::EUID),
        (criteria.auid.is_some(), FieldSet::AUID),
        (criteria.gid.is_some(), FieldSet::GID),
        (criteria.egid.is_some(), FieldSet::EGID),
        (criteria.session.is_some(), FieldSet::SESSION),
        (criteria.success.is_some(), FieldSet::SUCCESS),
        (criteria.exit.is_some(), FieldSet::EXIT),
        (
            criteria.machine.is_some()
                || matches!(criteria.syscall, Some(Syscall::Named(_)))
                || matches!(criteria.exit, Some(Exit::Error { .. })),
            FieldSet::ARCH,
        ),
        (criteria.syscall.is_some(), FieldSet::SYSCALL),
        (criteria.file.is_some(), FieldSet::FILE),
        (criteria.host.is_some(), FieldSet::HOST),
        (criteria.terminal.is_some(), FieldSet::TERMINAL),
        (criteria.exe.is_some(), FieldSet::EXE),
        (criteria.comm.is_some(), FieldSet::COMM),
        (criteria.key.is_some(), FieldSet::KEY),
        (criteria.vm.is_some(), FieldSet::VM),
        (criteria.uuid.is_some(), FieldSet::UUID),
        (criteria.subject.is_some(), FieldSet::SUBJECT),
        (criteria.object.is_some(), FieldSet::OBJECT),
    ];
    asked.iter().filter(|(is_asked, _)| *is_asked).fold(FieldSet::default(), |all, (_, item)| all.with(*item))
}
