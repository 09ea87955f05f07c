//! Events of one record: kernel, daemon and user space messages, each type with its own fields.

use super::cursor::Place;
use super::{EventKind, Normalizer, ObjectKind, Phrase, SubjectKind, Words, int, records};
use crate::interpret::{self, Kind};
use crate::record::RecordType;
use crate::text;

impl Normalizer<'_, '_> {
    /// Tells an event of one record that is no SYSCALL record.
    pub(super) fn single(&mut self, words: &mut Words<'_, '_, '_, '_>) {
        let Some(kind) = self.split.kind(0) else { return };
        self.told.event_kind = EventKind::of(kind.0);
        match kind {
            RecordType::CONFIG_CHANGE
            | RecordType::FEATURE_CHANGE
            | RecordType::SECCOMP
            | RecordType::ANOM_ABEND
            | RecordType::ANOM_PROMISCUOUS => self.auid_first(kind, words),
            RecordType::LOGIN => self.login(),
            RecordType::NETFILTER_CFG => self.firewall(),
            RecordType::AVC => self.denial(),
            RecordType(1200..=1298) => self.daemon(kind),
            RecordType::BPF => {
                self.told.subject.kind = Some(SubjectKind::System);
                self.bpf_program();
            }
            RecordType::EVENT_LISTENER => self.listener(),
            RecordType(1406..=1499) => self.labelled_network(kind),
            _ => self.user_space(kind, words),
        }
    }

    /// Records that begin with auid, perhaps op and uid, and go on with their own.
    fn auid_first(&mut self, kind: RecordType, words: &mut Words<'_, '_, '_, '_>) {
        self.subject_primary(b"auid");
        self.session(0);
        self.process_attributes();
        if kind == RecordType::CONFIG_CHANGE && self.is_rule_change(words) {
            return self.result(b"res");
        }
        self.told.action = records::action(kind).map(Phrase::Word);
        self.at.first_record();
        match kind {
            RecordType::FEATURE_CHANGE | RecordType::SECCOMP => {
                self.subject_secondary_or_rewind();
                self.told.how = self.at.find_place(b"exe").map(Phrase::Meaning);
                self.named_object(kind);
                if kind == RecordType::SECCOMP {
                    if self.told.object.primary.is_none() {
                        self.at.first_record();
                    }
                    self.told.result = self.at.find_place(b"code");
                    return;
                }
            }
            RecordType::ANOM_ABEND => {
                self.subject_secondary_or_rewind();
                self.named_object(kind);
                if self.told.object.primary.is_none() {
                    self.at.first_record();
                }
                self.told.how = self.at.find_place(b"sig").map(Phrase::Meaning);
            }
            RecordType::ANOM_PROMISCUOUS => {
                self.named_object(kind);
                self.subject_secondary(b"uid", 0);
            }
            _ => {}
        }
        self.result(b"res");
    }

    /// Finds the object of a change of the audit configuration; true when a rule was added or removed, which is told.
    ///
    /// COMPAT: a quote with a backslash before it, which the escape modes for shells write, hides what was done.
    fn is_rule_change(&mut self, words: &mut Words<'_, '_, '_, '_>) -> bool {
        self.at.first_field();
        let mut op = Vec::new();
        self.at.find_place(b"op").inspect(|&op_field| words.push(op_field, &mut op));
        let op = op.strip_prefix(b"\"").unwrap_or(&op);
        let action = match op {
            _ if op.starts_with(b"add_rule") => Some("added-audit-rule"),
            _ if op.starts_with(b"remove_rule") => Some("deleted-audit-rule"),
            _ => None,
        };
        self.named_object(RecordType::CONFIG_CHANGE);
        self.told.action = action.map(Phrase::Word);
        action.is_some()
    }

    fn login(&mut self) {
        self.subject_secondary_or_rewind();
        self.process_attributes();
        self.subject_primary(b"old-auid");
        if self.told.subject.primary.is_none() {
            self.at.first_record();
        }
        self.told.object.primary = self.at.find_place(b"auid");
        if self.told.object.primary.is_none() {
            self.at.first_record();
        }
        self.told.object.kind = ObjectKind::UserSession;
        self.session(0);
        self.result(b"res");
        self.told.action = records::action(RecordType::LOGIN).map(Phrase::Word);
    }

    fn firewall(&mut self) {
        self.process_attributes();
        self.told.how = self.at.find_place(b"comm").map(Phrase::Meaning);
        self.told.action = records::action(RecordType::NETFILTER_CFG).map(Phrase::Word);
        self.at.first_record();
        self.named_object(RecordType::NETFILTER_CFG);
        self.told.subject.kind = Some(SubjectKind::System);
    }

    /// A denial without the system call that met it.
    fn denial(&mut self) {
        self.told.how = self.at.find_place(b"comm").map(Phrase::Meaning);
        if self.told.how.is_none() {
            self.at.first_record();
        }
        self.subject_primary(b"scontext");
        self.told.subject.kind = Some(SubjectKind::Unknown);
        self.at.first_record();
        self.target_context();
        self.told.action = records::action(RecordType::AVC).map(Phrase::Word);
        self.at.first_record();
        self.result(b"seresult");
    }

    /// COMPAT: the target is told only when everything is asked for; it does not read well in a sentence.
    fn target_context(&mut self) {
        if self.attributes {
            self.told.object.primary = self.at.find_place(b"tcontext");
            self.at.first_record();
        }
    }

    /// What the audit daemon writes itself.
    fn daemon(&mut self, kind: RecordType) {
        self.subject_primary(b"auid");
        self.subject_secondary_or_rewind();
        self.session(0);
        self.process_attributes();
        self.told.subject.kind = Some(SubjectKind::Auditd);
        self.told.action = records::action(kind).map(Phrase::Word);
        self.told.object.kind = ObjectKind::Service;
        self.told.how = match kind {
            RecordType::DAEMON_START => Some(Phrase::Word("init")),
            RecordType::DAEMON_ABORT => None,
            _ if kind < RecordType::DAEMON_ACCEPT => Some(Phrase::Word("signal")),
            _ => None,
        };
        self.result(b"res");
    }

    fn listener(&mut self) {
        self.subject_primary(b"auid");
        self.at.first_record();
        self.subject_secondary(b"uid", 0);
        self.at.first_record();
        self.session(0);
        self.process_attributes();
        self.event_listener();
        self.at.first_record();
        self.told.how = self.at.find_place(b"exe").map(Phrase::Meaning);
        self.at.first_record();
        self.result(b"res");
    }

    /// Labelled networking and the other late SELinux types.
    fn labelled_network(&mut self, kind: RecordType) {
        self.subject_primary(b"auid");
        self.told.subject.kind = Some(self.account_kind());
        self.session(0);
        self.subject_attributes(0, &[b"subj"]);
        self.told.action = records::action(kind).map(Phrase::Word);
        if kind == RecordType::MAC_UNLBL_ALLOW {
            match self.at.find(b"unlbl_accept").map(int) {
                Some(1) => self.told.action = Some(Phrase::Word("is-allowing-unlabeled-network-traffic")),
                Some(_) => self.told.action = Some(Phrase::Word("is-disallowing-unlabeled-network-traffic")),
                None => self.at.first_record(),
            }
        }
        if matches!(kind, RecordType::MAC_MAP_ADD | RecordType::MAC_MAP_DEL) {
            self.named_object(kind);
            if self.told.object.primary.is_none() {
                self.at.first_record();
            }
        }
        self.told.object.kind = ObjectKind::SecurityPolicy;
        self.result(b"res");
    }

    /// Everything else: uid, auid, ses, res and the fields of the type's row.
    fn user_space(&mut self, kind: RecordType, words: &mut Words<'_, '_, '_, '_>) {
        if kind == RecordType::USER_LOGIN {
            self.login_subject(words);
        } else {
            self.subject_secondary_or_rewind();
            self.subject_primary(b"auid");
        }
        self.session(0);
        self.process_attributes();
        if self.attributes && matches!(kind.0, 1100..=1198 | 2100..=2998) {
            self.subject_attributes(0, &[b"hostname", b"addr"]);
            if !matches!(kind, RecordType::USER_START | RecordType::USER_END | RecordType::USER_ERR) {
                self.subject_attributes(0, &[b"terminal"]);
            }
        }
        self.told.action = records::action(kind).map(Phrase::Word);
        if kind == RecordType::USER_AVC {
            self.at.first_record();
            self.result(b"seresult");
            self.at.first_record();
            self.subject_primary(b"scontext");
            self.at.first_record();
            self.target_context();
        } else {
            self.result(b"res");
            self.user_space_object(kind);
        }
        self.user_space_how(kind);
    }

    /// COMPAT: somebody who fails to log in has no auid yet, so the account they tried is the subject.
    fn login_subject(&mut self, words: &mut Words<'_, '_, '_, '_>) {
        self.subject_primary(b"id");
        if self.told.subject.primary.is_none() {
            self.at.first_record();
            self.subject_primary(b"acct");
        }
        if self.told.subject.primary.is_some() {
            let account = self.told.subject.primary.filter(|_| self.at.name() == Some(b"acct"));
            self.told.subject.kind = Some(match account {
                Some(account) => {
                    let mut name = Vec::new();
                    words.push(account, &mut name);
                    words.user_id(&name).map_or(SubjectKind::Unknown, SubjectKind::of_uid)
                }
                None => self.account_kind(),
            });
        }
        self.at.first_record();
    }

    /// The kind of the account whose user id is the current field.
    fn account_kind(&self) -> SubjectKind {
        match (self.at.kind(), self.at.name(), self.at.value()) {
            (Some(record), Some(name), Some(uid)) if interpret::kind(record, name, uid) == Kind::User => {
                SubjectKind::of_uid(int(uid) as u32)
            }
            _ => SubjectKind::Unknown,
        }
    }

    fn user_space_object(&mut self, kind: RecordType) {
        self.at.first_record();
        if kind == RecordType::USER_DEVICE {
            if let Some(op) = self.at.find_place(b"op") {
                self.told.action = Some(Phrase::Value(op));
            }
            self.at.first_record();
        }
        self.record_object(kind);
        if kind == RecordType::USYS_CONFIG {
            if let Some(op) = self.at.find_place(b"op") {
                self.told.action = Some(Phrase::Meaning(op));
            }
        }
        if self.attributes && kind == RecordType::USER_DEVICE {
            self.object_attribute(b"uuid");
        }
        if self.attributes && kind == RecordType::SOFTWARE_UPDATE {
            self.at.first_record();
            self.object_attribute(b"key_enforce");
            self.object_attribute(b"gpg_res");
        }
    }

    fn user_space_how(&mut self, kind: RecordType) {
        if !matches!(kind, RecordType::SYSTEM_BOOT | RecordType::SYSTEM_SHUTDOWN) {
            self.at.first_record();
        }
        let how = match kind {
            RecordType::SYSTEM_BOOT | RecordType::SYSTEM_SHUTDOWN => self.at.find_place(b"exe"),
            RecordType::ANOM_EXEC => self.at.find_place(b"terminal"),
            RecordType::TTY => self.at.find_place(b"comm"),
            _ => self.program_or_script(),
        };
        self.told.how = how.map(Phrase::Meaning);
    }

    /// Object, its second name and the second object, by the row of the record type.
    fn record_object(&mut self, kind: RecordType) {
        self.at.first_field();
        self.named_object(kind);
        let Some(row) = records::row_of(kind) else { return };
        self.at.first_field();
        self.told.object.secondary = self.optional(row.secondary);
        self.at.first_field();
        self.told.object.second = self.optional(row.second);
    }

    /// The first of the fields that may name the object, each looked for from the start of the event but the first.
    pub(super) fn named_object(&mut self, kind: RecordType) {
        let Some(row) = records::row_of(kind) else { return };
        self.told.object.kind = row.object_kind;
        if kind == RecordType::CONFIG_CHANGE {
            self.at.first_record();
            if self.at.find(b"key").is_some_and(|key| key != b"(null)") {
                self.told.object.primary = Some(self.at.place_in(0));
                return;
            }
            self.at.first_record();
        }
        for (tried, name) in row.object.iter().enumerate() {
            if tried > 0 {
                self.at.first_record();
            }
            self.told.object.primary = self.at.find_in(0, name);
            if self.told.object.primary.is_some() {
                return;
            }
        }
    }

    fn optional(&mut self, name: &[u8]) -> Option<Place> {
        if name.is_empty() { None } else { self.at.find_in(0, name) }
    }

    fn subject_primary(&mut self, name: &[u8]) {
        let found = self.at.find_in(0, name);
        self.told.subject.primary = found.or(self.told.subject.primary);
    }

    fn subject_secondary_or_rewind(&mut self) {
        if !self.subject_secondary(b"uid", 0) {
            self.at.first_record();
        }
    }

    /// Takes a uid as the one who is acted as, and the kind of account from it; false when the event has none.
    pub(super) fn subject_secondary(&mut self, name: &[u8], record: usize) -> bool {
        self.told.subject.secondary = self.at.find_in(record, name);
        if self.told.subject.secondary.is_some() {
            self.told.subject.kind = Some(self.account_kind());
        }
        self.told.subject.secondary.is_some()
    }

    pub(super) fn session(&mut self, record: usize) {
        self.told.session = self.at.find_in(record, b"ses");
        if self.told.session.is_none() {
            self.at.first_record();
        }
    }

    fn result(&mut self, name: &[u8]) {
        self.told.result = self.at.find_in(0, name);
    }

    fn process_attributes(&mut self) {
        if self.attributes {
            self.at.first_record();
            self.subject_attributes(0, &[b"pid", b"subj"]);
        }
    }

    pub(super) fn subject_attributes(&mut self, record: usize, names: &[&[u8]]) {
        for name in names {
            match self.at.find_in(record, name) {
                Some(place) => self.told.subject.attributes.push(place),
                None => self.at.go_to_record(record),
            }
        }
    }

    pub(super) fn object_attribute(&mut self, name: &[u8]) {
        let record = self.at.record_number();
        match self.at.find_in(record, name) {
            Some(place) => self.told.object.attributes.push(place),
            None => self.at.go_to_record(record),
        }
    }

    /// `exe`, or `comm` when that is an interpreter and the script's name says more.
    pub(super) fn program_or_script(&mut self) -> Option<Place> {
        let program = self.at.find_place(b"exe")?;
        if !self.at.value().is_some_and(is_interpreter) {
            return Some(program);
        }
        self.at.previous_field_or_start();
        self.at.find_place(b"comm").or(Some(program))
    }
}

/// Whether a program's name, quoted or in hex, is one of the four interpreters'.
fn is_interpreter(exe: &[u8]) -> bool {
    let mut decoded = Vec::new();
    let path = match exe.strip_prefix(b"\"") {
        Some(path) => path,
        None if text::hex::unescape(exe, &mut decoded) => &decoded,
        None => exe,
    };
    let interpreters: [&[u8]; 4] = [b"/usr/bin/python", b"/usr/bin/sh", b"/usr/bin/bash", b"/usr/bin/perl"];
    interpreters.iter().any(|name| path.starts_with(name))
}
