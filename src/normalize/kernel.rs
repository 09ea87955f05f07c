//! Records by which a part of the kernel says of itself what happened: packets, the clock, the device mapper, integrity,
//! and the decisions of Landlock and AppArmor. The normalizer needs no SYSCALL record beside them.
//!
//! Sources (Linux 6.17): net/netfilter/xt_AUDIT.c, kernel/time/, drivers/md/dm-audit.c, security/integrity/, security/landlock/
//! audit.c, security/apparmor/audit.c and security/lsm_audit.c. The reference says `did-unknown` of all of them.

use super::layout::{Account, How, Layout};
use super::normalized::{Normalizer, TextSource};
use super::parsed::{ParsedEvent, unquoted};
use super::{EventKind, ObjectKind, Words};
use crate::record::RecordType;

/// How records of one type are normalized.
struct Row {
    record_type: RecordType,
    action: &'static str,
    /// The object: the first of these that the record has.
    object: &'static [&'static [u8]],
    object_kind: ObjectKind,
    layout: Layout,
}

/// Records of what a process did.
const PROCESS: Layout = Layout {
    primary: &[b"auid"],
    secondary: b"uid",
    account: Account::OfEither,
    how: How::Field(&[b"exe", b"comm"]),
    result: b"res",
};

const fn row(
    record_type: RecordType,
    action: &'static str,
    object: &'static [&'static [u8]],
    object_kind: ObjectKind,
) -> Row {
    Row { record_type, action, object, object_kind, layout: PROCESS }
}

/// What AppArmor writes, in AVC records or in those of its own types.
const APPARMOR: Row = Row {
    layout: Layout {
        primary: &[b"profile"],
        secondary: b"fsuid",
        how: How::Field(&[b"comm"]),
        // Which field says the result depends on what was decided.
        result: b"",
        ..PROCESS
    },
    ..row(T::AVC, CONTROLLED, &[b"name", b"capname", b"peer", b"addr", b"family"], K::Unknown)
};

/// What dbus-daemon writes of AppArmor's decisions, for the program that has the label.
static APPARMOR_DBUS: Row = Row {
    layout: Layout { primary: &[b"label"], secondary: b"", how: How::Field(&[b"exe"]), ..APPARMOR.layout },
    ..row(T::USER_AVC, CONTROLLED, &[b"name", b"path", b"peer_label", b"operation"], K::Service)
};

const CONTROLLED: &str = "accessed-mac-policy-controlled-object";

type T = RecordType;
use ObjectKind as K;

/// Sorted by type.
static ROWS: &[Row] = &[
    Row {
        layout: Layout {
            primary: &[b"saddr"],
            secondary: b"",
            how: How::Field(&[b"proto"]),
            result: b"action",
            ..PROCESS
        },
        ..row(T::NETFILTER_PKT, "sent-packet-to", &[b"daddr"], K::Socket)
    },
    row(T::TIME_INJOFFSET, "changed-system-time", &[], K::System),
    row(T::TIME_ADJNTPVAL, "changed-system-time", &[], K::System),
    row(T::DM_CTRL, "changed-mapped-device", &[b"dev"], K::BlockDevice),
    Row {
        layout: Layout { how: How::Field(&[b"module"]), ..PROCESS },
        ..row(T::DM_EVENT, "checked-integrity-of", &[b"dev"], K::BlockDevice)
    },
    Row {
        layout: Layout {
            primary: &[b"domain"],
            secondary: b"",
            how: How::Field(&[b"blockers"]),
            result: b"blockers",
            ..PROCESS
        },
        ..row(
            T::LANDLOCK_ACCESS,
            "accessed-landlock-controlled-object",
            &[b"path", b"name", b"daddr", b"dest", b"src", b"ocomm", b"opid"],
            K::Unknown,
        )
    },
    Row {
        layout: Layout { primary: &[b"uid"], secondary: b"", ..PROCESS },
        ..row(T::LANDLOCK_DOMAIN, "changed-landlock-domain", &[b"domain"], K::SecurityPolicy)
    },
    row(T::INTEGRITY_DATA, "checked-data-integrity-of", &[b"name"], K::File),
    row(T::INTEGRITY_METADATA, "checked-metadata-integrity-of", &[b"name"], K::File),
    row(T::INTEGRITY_STATUS, "changed-integrity-status", &[b"name", b"cause"], K::System),
    row(T::INTEGRITY_HASH, "checked-integrity-hash-of", &[b"name"], K::File),
    row(T::INTEGRITY_PCR, "checked-integrity-register-of", &[b"name"], K::File),
    row(T::INTEGRITY_RULE, "measured-file", &[b"file", b"name"], K::File),
    row(T::INTEGRITY_EVM_XATTR, "added-integrity-attribute", &[b"xattr"], K::SecurityPolicy),
    row(T::INTEGRITY_POLICY_RULE, "loaded-integrity-rule", &[b"func", b"fsmagic", b"fsuuid"], K::SecurityPolicy),
    row(T::INTEGRITY_USERSPACE, "checked-data-integrity-of", &[b"name"], K::File),
];

const _: () = {
    let mut i = 1;
    while i < ROWS.len() {
        assert!(ROWS[i - 1].record_type.0 < ROWS[i].record_type.0);
        i += 1;
    }
};

/// The number of the event's first record that says by itself what happened.
pub(super) fn own_record(event: &ParsedEvent<'_>) -> Option<usize> {
    (0..event.len()).find(|&record| row_of(event, record).is_some())
}

/// Whether a record is a decision of Landlock or AppArmor: it says more than the system call that met it.
pub(super) fn is_decision(event: &ParsedEvent<'_>, record: usize) -> bool {
    event.record_type(record) == Some(T::LANDLOCK_ACCESS) || is_apparmor(event, record)
}

fn is_apparmor(event: &ParsedEvent<'_>, record: usize) -> bool {
    match event.record_type(record) {
        Some(T::AVC | T::USER_AVC) => event.find_in(record, b"apparmor").is_some(),
        record_type => record_type.is_some_and(T::is_apparmor),
    }
}

fn row_of(event: &ParsedEvent<'_>, record: usize) -> Option<&'static Row> {
    let record_type = event.record_type(record)?;
    if is_apparmor(event, record) {
        return Some(if record_type == T::USER_AVC { &APPARMOR_DBUS } else { &APPARMOR });
    }
    ROWS.binary_search_by_key(&record_type, |row| row.record_type).ok().map(|at| &ROWS[at])
}

impl Normalizer<'_, '_> {
    /// Normalizes an event by one of its records alone.
    pub(super) fn by_record(&mut self, record: usize, words: &mut Words<'_, '_, '_, '_>) {
        let Some(row) = row_of(self.event, record) else { return };
        self.normalized.event_kind =
            self.event.record_type(0).map_or(EventKind::Unknown, |first| EventKind::of(first.0));
        self.fill(record, &row.layout, words);
        self.decision(record);
    }

    /// Action, object and result of a record that says them by itself. An object that is known already stays.
    pub(super) fn decision(&mut self, record: usize) {
        let Some(row) = row_of(self.event, record) else { return };
        let value = |name: &[u8]| {
            let value = self.event.find_in(record, name).and_then(|place| self.event.value(place));
            unquoted(value.unwrap_or_default())
        };
        let (action, object_kind) = match (row.record_type, value(b"op"), value(b"status"), value(b"operation")) {
            (T::DM_CTRL, b"ctr", ..) => ("created-mapped-device", row.object_kind),
            (T::DM_CTRL, b"dtr", ..) => ("removed-mapped-device", row.object_kind),
            (T::LANDLOCK_DOMAIN, _, b"allocated", _) => ("allocated-landlock-domain", row.object_kind),
            (T::LANDLOCK_DOMAIN, _, b"deallocated", _) => ("deallocated-landlock-domain", row.object_kind),
            (T::AVC, .., b"profile_load") => ("loaded-apparmor-profile", K::SecurityPolicy),
            (T::AVC, .., b"profile_replace") => ("replaced-apparmor-profile", K::SecurityPolicy),
            (T::AVC, .., b"profile_remove") => ("removed-apparmor-profile", K::SecurityPolicy),
            (T::AVC, .., b"") if value(b"apparmor") == b"STATUS" => ("reported-apparmor-status", K::SecurityPolicy),
            _ => (row.action, row.object_kind),
        };
        self.normalized.action = Some(TextSource::Word(action));
        let object = &mut self.normalized.object;
        if object.primary.is_none() || object_kind == K::SecurityPolicy {
            object.primary = row.object.iter().find_map(|name| self.event.find_in(record, name));
            let name = object.primary.and_then(|place| self.event.at(place)).map(|(_, field)| field.name);
            object.kind = match name {
                Some(b"path" | b"name") if object_kind == K::Unknown => K::File,
                Some(b"daddr" | b"dest" | b"src" | b"addr" | b"family") if object_kind == K::Unknown => K::Socket,
                Some(b"opid" | b"ocomm" | b"peer") if object_kind == K::Unknown => K::Process,
                _ => object_kind,
            };
            // A port without an address is the object itself.
            if row.record_type == T::LANDLOCK_ACCESS && name == Some(b"daddr") {
                object.secondary = self.event.find_in(record, b"dest");
            }
        }
        let record_type = self.event.record_type(record).unwrap_or(row.record_type);
        let verdict = value(b"apparmor");
        let denies = is_apparmor(self.event, record) && !record_type.apparmor_allows(verdict, false);
        let names: &[&[u8]] = match verdict {
            // What failed without being forbidden says so in `error`.
            b"STATUS" | b"HINT" => &[b"error", b"apparmor"],
            // The type said what was decided, before there was a word for it.
            b"" if denies => &[b"denied_mask", b"operation"],
            b"" => &[row.layout.result],
            _ => &[b"apparmor"],
        };
        // A call may fail for another reason than one that was only recorded here.
        let forbids = row.record_type == T::LANDLOCK_ACCESS || denies;
        let call = self.normalized.result.filter(|_| !forbids);
        self.normalized.result =
            call.or_else(|| names.iter().find_map(|name| self.event.find_in(record, name))).or(self.normalized.result);
    }
}
