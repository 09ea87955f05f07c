//! Events of several records: what the SYSCALL record says of subject, result and means, and what the other records and
//! the system call say of action and object.

use super::cursor::Split;
use super::syscalls::{self, Family, Object, Second};
use super::{EventKind, Normalizer, ObjectKind, Phrase, Words, kernel, records};
use crate::record::RecordType;
use crate::text::number;

/// What another record than SYSCALL makes of a compound event.
enum Special {
    /// The object is still that of the system call, the action is not.
    Action(&'static str),
    /// All is told as for this family of system calls.
    Family(&'static Family),
    /// The record has its own way.
    Record(RecordType),
    /// The object is still that of the system call if it has one; the rest is in this record.
    Decision(usize),
}

fn special(event: &Split<'_>, record: usize) -> Option<Special> {
    if kernel::is_decision(event, record) {
        return Some(Special::Decision(record));
    }
    let kind = event.kind(record)?;
    Some(match kind {
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
        | RecordType::EVENT_LISTENER => Special::Record(kind),
        _ => return None,
    })
}

impl Normalizer<'_, '_> {
    /// The number of the event's first SYSCALL record.
    pub(super) fn syscall_record(&self) -> Option<usize> {
        (0..self.split.len()).find(|&record| self.split.kind(record) == Some(RecordType::SYSCALL))
    }

    /// Tells an event that has a SYSCALL record.
    pub(super) fn compound(&mut self, syscall: usize, words: &mut Words<'_, '_, '_, '_>) {
        let Some(first) = self.split.kind(0) else { return };
        self.told.event_kind = EventKind::of(first.0);
        self.at.go_to_record(syscall);
        self.call = self.at.find_place(b"syscall");
        self.outcome(syscall);
        self.subject(syscall);
        self.at.first_field();
        self.told.how = self.program_or_script().map(Phrase::Meaning);
        if self.told.how.is_none() {
            self.at.go_to_record(syscall);
        }
        self.told.key = self.at.find(b"key").filter(|&key| key != b"(null)").map(|_| self.at.place_in(syscall));
        match first {
            RecordType::ANOM_LINK => self.suspicious_link(),
            RecordType::CONFIG_CHANGE => self.audit_config(),
            _ => self.action_and_object(words),
        }
        if first == RecordType::MAC_POLICY_LOAD {
            self.program_object();
        }
    }

    fn outcome(&mut self, syscall: usize) {
        match self.at.find(b"success") {
            Some(success) => {
                self.succeeded = Some(success != b"no");
                self.told.result = Some(self.at.place_in(syscall));
            }
            None => self.at.go_to_record(syscall),
        }
    }

    fn subject(&mut self, syscall: usize) {
        self.told.subject.primary = self.at.find_in(syscall, b"auid");
        if self.told.subject.primary.is_none() {
            self.at.go_to_record(syscall);
        }
        if !self.subject_secondary(b"uid", syscall) {
            self.at.go_to_record(syscall);
        }
        self.at.first_record();
        while self.at.kind().is_some_and(|kind| kind != RecordType::SYSCALL) {
            self.at.next_record();
        }
        if self.attributes {
            let names: [&[u8]; 10] =
                [b"ppid", b"pid", b"gid", b"euid", b"suid", b"fsuid", b"egid", b"sgid", b"fsgid", b"tty"];
            self.subject_attributes(syscall, &names);
        }
        self.session(syscall);
        if self.attributes {
            self.subject_attributes(syscall, &[b"subj"]);
        }
    }

    /// A followed link that policy forbids: the file, or else the first PATH, or else what the ANOM_LINK record names.
    fn suspicious_link(&mut self) {
        self.told.action = records::action(RecordType::ANOM_LINK).map(Phrase::Word);
        self.file_object(3);
        if self.told.object.primary.is_some() {
            return;
        }
        if let Some(path) = (1..self.split.len()).find(|&r| self.split.kind(r) == Some(RecordType::PATH)) {
            self.at.go_to_record(path);
            self.told.object.primary = self.at.find_in(path, b"name");
            self.told.object.kind = ObjectKind::Symlink;
        }
        if self.told.object.primary.is_none() {
            self.at.first_record();
            self.told.object.primary = self.at.find_place(b"path").or_else(|| self.at.find_place(b"cwd"));
            if self.told.object.primary.is_some() {
                self.told.object.kind = ObjectKind::Symlink;
            }
        }
    }

    /// A change of the audit system itself is told by its operation.
    fn audit_config(&mut self) {
        self.at.first_record();
        if let Some(op) = self.at.find_place(b"op") {
            self.told.action = Some(Phrase::Meaning(op));
            self.named_object(RecordType::CONFIG_CHANGE);
        }
    }

    /// The first record with a way of its own decides; otherwise the system call does, and the other calls are told by
    /// the key of the rule they met.
    fn action_and_object(&mut self, words: &mut Words<'_, '_, '_, '_>) {
        let specials = (0..self.split.len()).map(|record| (record, special(self.split, record)));
        let special = specials.filter_map(|(record, special)| Some((record, special?))).next();
        match &special {
            Some((record, _)) => self.at.go_to_record(*record),
            None => while self.at.next_record() {},
        }
        let special = special.map(|(_, special)| special);
        match special {
            Some(Special::Family(family)) => self.family(family),
            Some(Special::Record(kind)) => self.special_record(kind),
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
            Some(Special::Action(action)) => self.told.action = Some(Phrase::Word(action)),
            Some(Special::Decision(record)) => self.decision(record),
            _ => {}
        }
    }

    fn audit_rule(&mut self) {
        self.at.first_record();
        let key = self.at.find(b"key").filter(|&key| key != b"(null)");
        self.told.object.primary = key.map(|_| self.at.place());
        let action = if key.is_some() { "triggered-audit-rule" } else { "triggered-unknown-audit-rule" };
        self.told.action = Some(Phrase::Word(action));
        self.told.object.kind = ObjectKind::AuditRule;
    }

    fn special_record(&mut self, kind: RecordType) {
        self.told.action = records::action(kind).map(Phrase::Word);
        let (kind, field): (_, &[u8]) = match kind {
            RecordType::SELINUX_ERR => {
                self.told.action = Some(Phrase::Word("caused-mac-policy-error"));
                self.told.object.kind = ObjectKind::System;
                return;
            }
            RecordType::BPF => return self.bpf_program(),
            RecordType::EVENT_LISTENER => return self.event_listener(),
            RecordType::NETFILTER_CFG => {
                self.at.first_record();
                (ObjectKind::Firewall, b"table")
            }
            RecordType::ANOM_PROMISCUOUS => {
                self.at.first_record();
                (ObjectKind::Socket, b"dev")
            }
            RecordType::MAC_STATUS => (ObjectKind::SecurityPolicy, b"enforcing"),
            RecordType::MAC_CONFIG_CHANGE => (ObjectKind::SecurityPolicy, b"bool"),
            _ => {
                self.told.object.kind = ObjectKind::SecurityPolicy;
                return;
            }
        };
        self.told.object.kind = kind;
        self.told.object.primary = self.at.find_place(field);
        if field == b"dev" {
            let entered = self.at.find(b"prom").map(|prom| number::lead_signed(prom, 10) != Some(0));
            self.told.action = entered.map(|entered| match entered {
                true => Phrase::Word("entered-promiscuous-mode-on-device"),
                false => Phrase::Word("left-promiscuous-mode-on-device"),
            });
        }
    }

    fn family(&mut self, family: &Family) {
        self.told.action = Some(Phrase::Word(family.action));
        self.told.object.kind = family.kind;
        self.second_before(family.second);
        self.object(family.object);
        if family.how_is_call && self.told.how.is_some() {
            self.told.how = self.call.map(Phrase::Meaning);
        }
        self.second_after(family.second);
    }

    fn second_before(&mut self, second: Second) {
        match second {
            Second::Owner(argument) => {
                self.at.first_record();
                if let Some(id) = self.at.find(argument) {
                    // COMPAT: the argument is hexadecimal and read as decimal, so an owner that stays is told too.
                    if number::lead_signed(id, 10).is_some_and(|id| id as i32 == -1) {
                        self.at.next_field();
                    }
                    self.told.object.second = Some(self.at.place_in(0));
                }
            }
            Second::NameAt(record) => self.second_name(record),
            Second::MountPointAt(record) if self.succeeded == Some(true) => self.second_name(record),
            _ => {}
        }
    }

    fn second_name(&mut self, record: usize) {
        self.at.go_to_record(record);
        self.at.first_field();
        self.told.object.second = self.at.find_in(record, b"name");
    }

    fn second_after(&mut self, second: Second) {
        match second {
            Second::Argument(argument) => {
                self.at.first_record();
                self.told.object.second = self.at.find_in(0, argument);
            }
            Second::Ids(count) => {
                self.at.first_record();
                let Some(mut id) = self.at.find(b"a0") else { return };
                for left in (0..count).rev() {
                    if number::lead(id, 16).is_none_or(|id| id as u32 != u32::MAX) {
                        self.told.object.second = Some(self.at.place_in(0));
                        return;
                    }
                    if left == 0 || !self.at.next_field() {
                        return;
                    }
                    id = self.at.value().unwrap_or_default();
                }
            }
            _ => {}
        }
    }

    fn object(&mut self, object: Object) {
        match object {
            Object::Nothing => {}
            Object::PathAt(record) => self.path(record),
            Object::FileAt(record) => {
                self.path(record);
                self.told.object.kind = ObjectKind::File;
            }
            Object::MountedDevice => self.mounted_device(),
            Object::Device => {
                self.path(2);
                self.told.action = Some(Phrase::Word(match self.told.object.kind {
                    ObjectKind::CharacterDevice => "made-character-device",
                    ObjectKind::BlockDevice => "made-block-device",
                    _ => "make-device",
                }));
            }
            Object::NameAt(record) => {
                self.at.go_to_record(record);
                self.told.object.primary = self.at.find_in(record, b"name");
            }
            Object::Address => {
                self.at.go_to_record(1);
                self.at.first_field();
                self.told.object.primary = self.at.find_in(1, b"saddr");
            }
            Object::Pids => self.pids(),
            Object::Program => self.program_object(),
            Object::Command if self.succeeded == Some(true) => {
                self.told.action = Some(Phrase::Word("allocated-memory-in"));
                self.at.first_record();
                self.told.object.primary = self.at.find_place(b"comm");
            }
            Object::Command => {}
        }
    }

    fn mounted_device(&mut self) {
        self.file_object(match self.succeeded {
            Some(true) => 3,
            Some(false) => 2,
            None => 1,
        });
        if self.attributes {
            self.path_attributes();
        }
    }

    fn path(&mut self, record: usize) {
        self.file_object(record);
        if self.attributes {
            self.file_attributes();
        }
    }

    /// The first PATH from this record on that is no parent directory, or else the first parent.
    fn file_object(&mut self, record: usize) {
        self.at.go_to_record(record);
        self.at.first_field();
        let mut parent = None;
        let chosen = loop {
            match self.at.find(b"nametype") {
                None => break parent,
                Some(b"PARENT") => {
                    parent = parent.or(Some(self.at.record_number()).filter(|&r| r != 0));
                    // COMPAT: a parent in the last record of the event is not told at all.
                    if !self.at.next_record() {
                        return;
                    }
                }
                Some(_) => break Some(self.at.record_number()),
            }
        };
        let Some(chosen) = chosen else { return };
        self.at.go_to_record(chosen);
        if self.at.kind() != Some(RecordType::PATH) {
            return;
        }
        let object = &mut self.told.object;
        object.primary = self.at.find_in(chosen, b"name").or(object.primary);
        object.secondary = self.at.find_in(chosen, b"inode").or(object.secondary);
        if let Some(mode) = self.at.find(b"mode").and_then(|mode| number::lead(mode, 8)) {
            object.kind = ObjectKind::of_mode(mode as u32).unwrap_or(object.kind);
        }
    }

    fn pids(&mut self) {
        for record in 1..self.split.len() {
            if self.split.kind(record) != Some(RecordType::OBJ_PID) {
                continue;
            }
            self.at.go_to_record(record);
            let pid = self.at.find_place(b"opid");
            self.told.object.attributes.extend(pid);
        }
        if self.told.object.attributes.len() > 1 {
            self.told.action = Some(Phrase::Word("killed-list-of-pids"));
            self.told.object.kind = ObjectKind::ProcessGroup;
        }
    }

    /// `exe`, or for a script `comm`; some records name another thing than a program.
    pub(super) fn program_object(&mut self) {
        self.at.first_record();
        let object = match self.at.kind() {
            Some(RecordType::BPF) => self.at.find_place(b"prog-id"),
            Some(RecordType::EVENT_LISTENER) => self.at.find_place(b"nl-mcgrp"),
            Some(RecordType::MAC_POLICY_LOAD) => self.at.find_place(b"lsm"),
            _ => self.program_or_script(),
        };
        self.told.object.primary = object.or(self.told.object.primary);
    }

    pub(super) fn bpf_program(&mut self) {
        self.at.first_record();
        self.told.action = Some(Phrase::Word(match self.at.find(b"op") {
            Some(b"LOAD") => "loaded-bpf-program",
            Some(_) => "unloaded-bpf-program",
            None => "bpf-program",
        }));
        self.told.object.kind = ObjectKind::Process;
        self.program_object();
    }

    pub(super) fn event_listener(&mut self) {
        self.at.first_record();
        self.told.action = Some(Phrase::Word(match self.at.find(b"op") {
            Some(b"connect") => "connected-to",
            Some(_) => "disconnected-from",
            None => "connected",
        }));
        self.told.object.kind = ObjectKind::Socket;
        self.program_object();
    }

    /// Working directory, socket address and the file's own fields from its mode on.
    fn file_attributes(&mut self) {
        let mut parent = None;
        self.at.first_record();
        while let Some(kind) = self.at.kind() {
            match kind {
                RecordType::PATH if self.at.find(b"nametype") == Some(b"PARENT") => {
                    parent = parent.or(Some(self.at.record_number()).filter(|&r| r != 0));
                }
                RecordType::PATH => return self.path_attributes(),
                RecordType::CWD => self.object_attribute(b"cwd"),
                RecordType::SOCKADDR => self.object_attribute(b"saddr"),
                _ => {}
            }
            self.at.next_record();
        }
        if let Some(parent) = parent {
            self.at.go_to_record(parent);
            self.path_attributes();
        }
    }

    fn path_attributes(&mut self) {
        let record = self.at.record_number();
        self.at.first_field();
        let Some(mode) = self.at.find_in(record, b"mode") else { return };
        self.told.object.attributes.push(mode);
        while self.at.next_field() {
            self.told.object.attributes.push(self.at.place_in(record));
        }
    }
}
