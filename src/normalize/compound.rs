//! Events of several records: what the SYSCALL record says of subject, result and means, and what the other records and
//! the system call say of action and object.

use super::layout::{Account, How, Layout, program_or_script};
use super::normalized::{Normalizer, TextSource};
use super::parsed::{ParsedEvent, Place};
use super::syscalls::{self, Family, Object, Second};
use super::{EventKind, ObjectKind, Words, kernel, records};
use crate::record::RecordType;
use crate::text::number;

/// What another record than SYSCALL makes of a compound event.
enum Special {
    /// The object is still that of the system call, the action is not.
    Action(&'static str),
    /// As for this family of system calls.
    Family(&'static Family),
    /// The record has its own way.
    Record(RecordType),
    /// The object is still that of the system call if it has one; the rest is in this record.
    Decision(usize),
}

fn special(event: &ParsedEvent<'_>, record: usize) -> Option<Special> {
    if kernel::is_decision(event, record) {
        return Some(Special::Decision(record));
    }
    let record_type = event.record_type(record)?;
    Some(match record_type {
        RecordType::AVC => Special::Action("accessed-mac-policy-controlled-object"),
        RecordType::FANOTIFY => Special::Action("accessed-policy-controlled-file"),
        RecordType::KERN_MODULE => Special::Family(&syscalls::MODULE_LOADED),
        RecordType::TIME_INJOFFSET | RecordType::TIME_ADJNTPVAL => Special::Family(&syscalls::SYSTEM_TIME),
        RecordType::SELINUX_ERR
        | RecordType::NETFILTER_CFG
        | RecordType::ANOM_PROMISCUOUS
        | RecordType::MAC_POLICY_LOAD
        | RecordType::MAC_STATUS
        | RecordType::MAC_CONFIG_CHANGE
        | RecordType::BPF
        | RecordType::EVENT_LISTENER => Special::Record(record_type),
        _ => return None,
    })
}

/// Where a SYSCALL record says who acts, by what means and with which result.
const SYSCALL: Layout = Layout {
    primary: &[b"auid"],
    secondary: b"uid",
    account: Account::OfSecondary,
    how: How::Program,
    result: b"success",
};

/// What else a SYSCALL record says of its subject.
const ATTRIBUTES: [&[u8]; 9] = [b"ppid", b"gid", b"euid", b"suid", b"fsuid", b"egid", b"sgid", b"fsgid", b"tty"];

impl Normalizer<'_, '_> {
    /// The number of the event's first SYSCALL record.
    pub(super) fn syscall_record(&self) -> Option<usize> {
        self.first_of(0, RecordType::SYSCALL)
    }

    fn first_of(&self, from: usize, record_type: RecordType) -> Option<usize> {
        (from..self.event.len()).find(|&record| self.event.record_type(record) == Some(record_type))
    }

    /// Normalizes an event that has a SYSCALL record.
    pub(super) fn compound(&mut self, syscall: usize, words: &mut Words<'_, '_, '_, '_>) {
        let Some(first) = self.event.record_type(0) else { return };
        self.fill(syscall, &SYSCALL, words);
        self.call = self.event.find_in(syscall, b"syscall");
        let normalized = &mut self.normalized;
        normalized.event_kind = EventKind::of(first.0);
        normalized.key = self.event.find(syscall, b"key").filter(|&key| self.event.value(key) != Some(b"(null)"));
        self.succeeded = normalized.result.and_then(|place| self.event.value(place)).map(|success| success != b"no");
        if self.attributes {
            let places = ATTRIBUTES.iter().filter_map(|name| self.event.find_in(syscall, name));
            normalized.subject.attributes.extend(places);
        }
        match first {
            RecordType::ANOM_LINK => self.suspicious_link(),
            RecordType::CONFIG_CHANGE => self.audit_config(),
            _ => self.action_and_object(words),
        }
        if first == RecordType::MAC_POLICY_LOAD {
            self.program_object();
        }
    }

    /// A followed link that policy forbids: the file, or else the first PATH, or else what the ANOM_LINK record names.
    fn suspicious_link(&mut self) {
        self.normalized.action = records::action(RecordType::ANOM_LINK).map(TextSource::Word);
        self.file_object(3);
        if self.normalized.object.primary.is_some() {
            return;
        }
        let path = self.first_of(1, RecordType::PATH).and_then(|path| self.event.find_in(path, b"name"));
        self.normalized.object.primary = path.or_else(|| self.event.find_any(0, &[b"path", b"cwd"]));
        if self.normalized.object.primary.is_some() {
            self.normalized.object.kind = ObjectKind::Symlink;
        }
    }

    /// A change of the audit system itself: its action is its operation.
    fn audit_config(&mut self) {
        if let Some(op) = self.event.find(0, b"op") {
            self.normalized.action = Some(TextSource::Meaning(op));
            self.record_object(RecordType::CONFIG_CHANGE, 0);
        }
    }

    /// The first record with a way of its own decides, or else the system call; calls that are not known have the key of
    /// the rule that they met.
    fn action_and_object(&mut self, words: &mut Words<'_, '_, '_, '_>) {
        let special = (0..self.event.len()).find_map(|record| special(self.event, record));
        match special {
            Some(Special::Family(family)) => self.family(family),
            Some(Special::Record(record_type)) => self.special_record(record_type),
            None | Some(Special::Action(_) | Special::Decision(_)) => {
                let mut name = Vec::new();
                self.call.inspect(|&call| words.push(call, &mut name));
                match (syscalls::family_of(&name), &special) {
                    (Some(family), _) => self.family(family),
                    (None, Some(Special::Decision(_))) => {}
                    (None, _) => self.audit_rule(),
                }
            }
        }
        match special {
            Some(Special::Action(action)) => self.normalized.action = Some(TextSource::Word(action)),
            Some(Special::Decision(record)) => self.decision(record),
            _ => {}
        }
    }

    fn audit_rule(&mut self) {
        let key = self.event.find(0, b"key").filter(|&key| self.event.value(key) != Some(b"(null)"));
        let action = if key.is_some() { "triggered-audit-rule" } else { "triggered-unknown-audit-rule" };
        self.normalized.action = Some(TextSource::Word(action));
        self.normalized.object.primary = key;
        self.normalized.object.kind = ObjectKind::AuditRule;
    }

    fn special_record(&mut self, record_type: RecordType) {
        let normalized = &mut self.normalized;
        normalized.action = records::action(record_type).map(TextSource::Word);
        let (object_kind, name): (_, &[u8]) = match record_type {
            RecordType::BPF => return self.bpf_program(),
            RecordType::EVENT_LISTENER => return self.event_listener(),
            RecordType::SELINUX_ERR => {
                normalized.action = Some(TextSource::Word("caused-mac-policy-error"));
                (ObjectKind::System, b"")
            }
            RecordType::NETFILTER_CFG => (ObjectKind::Firewall, b"table"),
            RecordType::ANOM_PROMISCUOUS => (ObjectKind::Socket, b"dev"),
            RecordType::MAC_STATUS => (ObjectKind::SecurityPolicy, b"enforcing"),
            RecordType::MAC_CONFIG_CHANGE => (ObjectKind::SecurityPolicy, b"bool"),
            _ => (ObjectKind::SecurityPolicy, b""),
        };
        normalized.object.kind = object_kind;
        normalized.object.primary = self.event.find(0, name);
        if record_type == RecordType::ANOM_PROMISCUOUS {
            let entered = self.event.find(0, b"prom").and_then(|prom| self.event.value(prom));
            normalized.action = entered.map(|prom| match number::parse_signed_prefix(prom, 10) {
                Some(0) => TextSource::Word("left-promiscuous-mode-on-device"),
                _ => TextSource::Word("entered-promiscuous-mode-on-device"),
            });
        }
    }

    fn family(&mut self, family: &Family) {
        self.normalized.action = Some(TextSource::Word(family.action));
        self.normalized.object.kind = family.kind;
        self.object(family.object);
        self.normalized.object.second = self.second(family.second);
        if family.how_is_call && self.normalized.how.is_some() {
            self.normalized.how = self.call.map(TextSource::Meaning);
        }
    }

    fn second(&self, second: Second) -> Option<Place> {
        match second {
            Second::Nothing => None,
            Second::Argument(argument) => self.event.find(0, argument),
            Second::Owner(argument) => {
                let owner = self.event.find(0, argument)?;
                // COMPAT: the argument is hexadecimal and read as decimal, so an owner that stays is shown too.
                let stays = number::parse_signed_prefix(self.event.value(owner)?, 10).is_some_and(|id| id as i32 == -1);
                let next = Place { field: owner.field + u16::from(stays), ..owner };
                self.event.at(next).map(|_| next).or(Some(owner))
            }
            Second::Ids(count) => {
                let first = self.event.find(0, b"a0")?;
                let places = (0..count as u16).map(|id| Place { field: first.field + id, ..first });
                let is_set = |id: &[u8]| number::parse_prefix(id, 16).is_none_or(|id| id as u32 != u32::MAX);
                places.into_iter().find(|&place| self.event.value(place).is_some_and(is_set))
            }
            Second::MountPointAt(_) if self.succeeded != Some(true) => None,
            Second::NameAt(record) | Second::MountPointAt(record) => self.event.find(record, b"name"),
        }
    }

    fn object(&mut self, object: Object) {
        match object {
            Object::Nothing => {}
            Object::PathAt(record) => self.path(record),
            Object::FileAt(record) => {
                self.path(record);
                self.normalized.object.kind = ObjectKind::File;
            }
            Object::MountedDevice => {
                let device = self.file_object(match self.succeeded {
                    Some(true) => 3,
                    Some(false) => 2,
                    None => 1,
                });
                device.inspect(|&device| self.path_attributes(device));
            }
            Object::Device => {
                self.path(2);
                self.normalized.action = Some(TextSource::Word(match self.normalized.object.kind {
                    ObjectKind::CharacterDevice => "made-character-device",
                    ObjectKind::BlockDevice => "made-block-device",
                    _ => "make-device",
                }));
            }
            Object::NameAt(record) => self.normalized.object.primary = self.event.find(record, b"name"),
            Object::Address => self.normalized.object.primary = self.event.find(1, b"saddr"),
            Object::Pids => self.pids(),
            Object::Program => self.program_object(),
            Object::Command if self.succeeded == Some(true) => {
                self.normalized.action = Some(TextSource::Word("allocated-memory-in"));
                self.normalized.object.primary = self.event.find(0, b"comm");
            }
            Object::Command => {}
        }
    }

    fn path(&mut self, record: usize) {
        self.file_object(record);
        self.file_attributes();
    }

    /// The first PATH from this record on that is no parent directory, or else the first parent; answers with its record.
    fn file_object(&mut self, from: usize) -> Option<usize> {
        let chosen = self.file_record(from)?;
        if self.event.record_type(chosen) != Some(RecordType::PATH) {
            return None;
        }
        let object = &mut self.normalized.object;
        object.primary = self.event.find_in(chosen, b"name").or(object.primary);
        object.secondary = self.event.find_in(chosen, b"inode").or(object.secondary);
        let mode =
            self.event.find_in(chosen, b"mode").and_then(|mode| number::parse_prefix(self.event.value(mode)?, 8));
        object.kind = mode.and_then(|mode| ObjectKind::of_mode(mode as u32)).unwrap_or(object.kind);
        Some(chosen)
    }

    fn file_record(&self, from: usize) -> Option<usize> {
        let mut parent = None;
        for record in from..self.event.len() {
            let nametype = self.event.find_in(record, b"nametype").and_then(|place| self.event.value(place));
            match nametype {
                None => {}
                // COMPAT: a parent in the last record of the event is not shown at all.
                Some(b"PARENT") if record + 1 == self.event.len() => return None,
                Some(b"PARENT") => parent = parent.or(Some(record).filter(|&record| record != 0)),
                Some(_) => return Some(record),
            }
        }
        parent
    }

    fn pids(&mut self) {
        let killed =
            (1..self.event.len()).filter(|&record| self.event.record_type(record) == Some(RecordType::OBJ_PID));
        let pids = killed.filter_map(|record| self.event.find_in(record, b"opid"));
        self.normalized.object.attributes.extend(pids);
        if self.normalized.object.attributes.len() > 1 {
            self.normalized.action = Some(TextSource::Word("killed-list-of-pids"));
            self.normalized.object.kind = ObjectKind::ProcessGroup;
        }
    }

    /// `exe`, or for a script `comm`; some records name another thing than a program.
    fn program_object(&mut self) {
        let object = match self.event.record_type(0) {
            Some(RecordType::BPF) => self.event.find(0, b"prog-id"),
            Some(RecordType::EVENT_LISTENER) => self.event.find(0, b"nl-mcgrp"),
            Some(RecordType::MAC_POLICY_LOAD) => self.event.find(0, b"lsm"),
            _ => program_or_script(self.event, 0),
        };
        self.normalized.object.primary = object.or(self.normalized.object.primary);
    }

    pub(super) fn bpf_program(&mut self) {
        self.action_by_op(b"LOAD", ["loaded-bpf-program", "unloaded-bpf-program", "bpf-program"]);
        self.normalized.object.kind = ObjectKind::Process;
        self.program_object();
    }

    pub(super) fn event_listener(&mut self) {
        self.action_by_op(b"connect", ["connected-to", "disconnected-from", "connected"]);
        self.normalized.object.kind = ObjectKind::Socket;
        self.program_object();
    }

    /// The first action if the first `op` is this word, the second if it is another, the third if there is none.
    fn action_by_op(&mut self, word: &[u8], [is, other, none]: [&'static str; 3]) {
        let op = self.event.find(0, b"op").and_then(|place| self.event.value(place));
        let action = op.map_or(none, |op| if op == word { is } else { other });
        self.normalized.action = Some(TextSource::Word(action));
    }

    /// Working directory, socket address and the fields of the file, or else of its parent, from its mode on.
    fn file_attributes(&mut self) {
        if !self.attributes {
            return;
        }
        let mut parent = None;
        for record in 0..self.event.len() {
            let name: &[u8] = match self.event.record_type(record) {
                Some(RecordType::CWD) => b"cwd",
                Some(RecordType::SOCKADDR) => b"saddr",
                Some(RecordType::PATH) => {
                    let nametype = self.event.find_in(record, b"nametype");
                    match nametype.and_then(|place| self.event.value(place)) {
                        None => break,
                        Some(b"PARENT") => parent = parent.or(Some(record)),
                        Some(_) => return self.path_attributes(record),
                    }
                    continue;
                }
                _ => continue,
            };
            self.normalized.object.attributes.extend(self.event.find_in(record, name));
        }
        parent.inspect(|&parent| self.path_attributes(parent));
    }

    fn path_attributes(&mut self, record: usize) {
        let Some(mode) = self.event.find_in(record, b"mode").filter(|_| self.attributes) else { return };
        let end = u16::try_from(self.event.fields(record).len()).unwrap_or(u16::MAX);
        self.normalized.object.attributes.extend((mode.field..end).map(|field| Place { field, ..mode }));
    }
}
