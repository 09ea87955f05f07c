//! Events of one record: kernel, daemon and user space messages, each type with its own fields.

use super::layout::{Account, How, Layout};
use super::normalized::{Normalizer, TextSource, int};
use super::parsed::Place;
use super::{EventKind, ObjectKind, SubjectKind, Words, records};
use crate::record::RecordType;

type T = RecordType;

/// What trusted programs send: uid, auid, ses and, in `msg='...'`, exe and res.
const USER_SPACE: Layout =
    Layout { primary: &[b"auid"], secondary: b"uid", account: Account::OfSecondary, how: How::Program, result: b"res" };

/// Records of the kernel and the daemon that say no program.
const NO_PROGRAM: Layout = Layout { how: How::Nothing, ..USER_SPACE };

/// Where a type of record says who acts, by what means and with which result.
fn layout_of(record_type: RecordType) -> Layout {
    match record_type {
        T::CONFIG_CHANGE => Layout { secondary: b"", account: Account::Nothing, ..NO_PROGRAM },
        T::FEATURE_CHANGE | T::EVENT_LISTENER => Layout { how: How::Field(&[b"exe"]), ..USER_SPACE },
        T::SECCOMP => Layout { how: How::Field(&[b"exe"]), result: b"code", ..USER_SPACE },
        T::ANOM_ABEND => Layout { how: How::Field(&[b"sig"]), ..USER_SPACE },
        T::ANOM_PROMISCUOUS => NO_PROGRAM,
        T::LOGIN => Layout { primary: &[b"old-auid"], ..NO_PROGRAM },
        T::NETFILTER_CFG => Layout {
            primary: &[],
            secondary: b"",
            account: Account::Is(SubjectKind::System),
            how: How::Field(&[b"comm"]),
            result: b"",
        },
        T::BPF => Layout {
            primary: &[],
            secondary: b"",
            account: Account::Is(SubjectKind::System),
            how: How::Nothing,
            result: b"",
        },
        T::AVC => Layout {
            primary: &[b"scontext"],
            secondary: b"",
            account: Account::Is(SubjectKind::Unknown),
            how: How::Field(&[b"comm"]),
            result: b"seresult",
        },
        T::USER_AVC => Layout { primary: &[b"scontext", b"auid"], result: b"seresult", ..USER_SPACE },
        T::USER_LOGIN => Layout { primary: &[b"id", b"acct"], secondary: b"", account: Account::OfLogin, ..USER_SPACE },
        T::SYSTEM_BOOT | T::SYSTEM_SHUTDOWN => Layout { how: How::Field(&[b"exe"]), ..USER_SPACE },
        T::ANOM_EXEC => Layout { how: How::Field(&[b"terminal"]), ..USER_SPACE },
        T::TTY => Layout { how: How::Field(&[b"comm"]), ..USER_SPACE },
        RecordType(1200..=1298) => {
            Layout { account: Account::Is(SubjectKind::Auditd), how: how_of_daemon(record_type), ..USER_SPACE }
        }
        RecordType(1406..=1499) => Layout { secondary: b"", account: Account::OfPrimary, ..NO_PROGRAM },
        _ => USER_SPACE,
    }
}

/// The daemon is started by init; what it says later a signal made it say.
fn how_of_daemon(record_type: RecordType) -> How {
    match record_type {
        T::DAEMON_START => How::Word("init"),
        T::DAEMON_ABORT => How::Nothing,
        _ if record_type < T::DAEMON_ACCEPT => How::Word("signal"),
        _ => How::Nothing,
    }
}

impl Normalizer<'_, '_> {
    /// Normalizes an event of one record that is no SYSCALL record.
    pub(super) fn single(&mut self, words: &mut Words<'_, '_, '_, '_>) {
        let Some(record_type) = self.event.record_type(0) else { return };
        self.normalized.event_kind = EventKind::of(record_type.0);
        self.fill(0, &layout_of(record_type), words);
        self.normalized.action = records::action(record_type).map(TextSource::Word);
        self.record_object(record_type, 0);
        match record_type {
            T::CONFIG_CHANGE => self.rule_change(words),
            T::LOGIN => {
                self.normalized.object.primary = self.event.find(0, b"auid");
                self.normalized.object.kind = ObjectKind::UserSession;
            }
            // COMPAT: the target is said only when everything is asked for; it does not read well in a sentence.
            T::AVC | T::USER_AVC if self.attributes => self.normalized.object.primary = self.event.find(0, b"tcontext"),
            T::BPF => self.bpf_program(),
            T::EVENT_LISTENER => self.event_listener(),
            T::USER_DEVICE => self.action_is_field(TextSource::Value, b"op"),
            T::USYS_CONFIG => self.action_is_field(TextSource::Meaning, b"op"),
            RecordType(1200..=1298) => self.normalized.object.kind = ObjectKind::Service,
            RecordType(1406..=1499) => self.labelled_network(record_type),
            _ => {}
        }
        if self.attributes {
            self.user_space_attributes(record_type);
        }
    }

    fn action_is_field(&mut self, source: fn(Place) -> TextSource, name: &[u8]) {
        let action = self.event.find(0, name).map(source);
        self.normalized.action = action.or(self.normalized.action);
    }

    /// The action of a change of the audit configuration that added or removed a rule.
    ///
    /// COMPAT: a quote with a backslash before it, which the escape modes for shells write, hides what was done.
    fn rule_change(&mut self, words: &mut Words<'_, '_, '_, '_>) {
        let mut op = Vec::new();
        self.event.find(0, b"op").inspect(|&place| words.push(place, &mut op));
        let op = op.strip_prefix(b"\"").unwrap_or(&op);
        let action = match op {
            _ if op.starts_with(b"add_rule") => "added-audit-rule",
            _ if op.starts_with(b"remove_rule") => "deleted-audit-rule",
            _ => return,
        };
        self.normalized.action = Some(TextSource::Word(action));
    }

    /// Labelled networking and the other late SELinux types.
    fn labelled_network(&mut self, record_type: RecordType) {
        self.normalized.object.kind = ObjectKind::SecurityPolicy;
        if record_type != T::MAC_UNLBL_ALLOW {
            return;
        }
        let accepts = self.event.find(0, b"unlbl_accept").and_then(|place| self.event.value(place)).map(int);
        let action = match accepts {
            Some(1) => "is-allowing-unlabeled-network-traffic",
            Some(_) => "is-disallowing-unlabeled-network-traffic",
            None => return,
        };
        self.normalized.action = Some(TextSource::Word(action));
    }

    /// The object, its second name and the second object, by the row of the record type. The first name that any record
    /// from this one on has counts.
    pub(super) fn record_object(&mut self, record_type: RecordType, record: usize) {
        let Some(row) = records::row_of(record_type) else { return };
        let (event, object) = (self.event, &mut self.normalized.object);
        object.kind = row.object_kind;
        let key = event.find_in(record, b"key").filter(|_| record_type == T::CONFIG_CHANGE);
        let key = key.filter(|&key| event.value(key) != Some(b"(null)"));
        object.primary = key.or_else(|| event.find_any(record, row.object));
        object.secondary = event.find(record, row.secondary());
        object.second = event.find(record, row.second());
    }

    fn user_space_attributes(&mut self, record_type: RecordType) {
        let find = |name: &&[u8]| self.event.find(0, name);
        let (subject, object): (&[&[u8]], &[&[u8]]) = match record_type {
            T::USER_START | T::USER_END | T::USER_ERR => (&[b"hostname", b"addr"], &[]),
            T::USER_DEVICE => (&[b"hostname", b"addr", b"terminal"], &[b"uuid"]),
            T::SOFTWARE_UPDATE => (&[b"hostname", b"addr", b"terminal"], &[b"key_enforce", b"gpg_res"]),
            RecordType(1100..=1198 | 2100..=2998) => (&[b"hostname", b"addr", b"terminal"], &[]),
            _ => (&[], &[]),
        };
        self.normalized.subject.attributes.extend(subject.iter().filter_map(find));
        self.normalized.object.attributes.extend(object.iter().filter_map(find));
    }
}
