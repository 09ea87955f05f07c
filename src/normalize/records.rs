//! The action of a record type in words and, for events of one record, the fields that name the object.
//!
//! One row per record type, sorted by type. A type without a row has the action "did-unknown" and an unknown object.

use super::ObjectKind;
use crate::record::RecordType;

/// How an event of one record of one type is normalized.
pub(super) struct Row {
    /// The type.
    record_type: RecordType,
    /// The verb of the sentence, if the type has one.
    action: Option<&'static str>,
    /// The fields that may name the object: the first of these that the record has.
    pub(super) object: &'static [&'static [u8]],
    /// What kind of thing the object is.
    pub(super) object_kind: ObjectKind,
}

impl Row {
    /// The field with the object's second name.
    pub(super) fn secondary(&self) -> &'static [u8] {
        match self.record_type {
            T::SOFTWARE_UPDATE => b"sw_type",
            T::CRYPTO_SESSION => b"rport",
            _ => b"",
        }
    }

    /// The field that names the second object.
    pub(super) fn second(&self) -> &'static [u8] {
        match self.record_type {
            T::SOFTWARE_UPDATE => b"root_dir",
            T::VIRT_CONTROL | T::VIRT_RESOURCE => b"vm",
            _ => b"",
        }
    }
}

const fn verb(record_type: RecordType, action: &'static str) -> Row {
    Row { action: Some(action), ..about(record_type, &[], ObjectKind::Unknown) }
}

const fn row(
    record_type: RecordType,
    action: &'static str,
    object: &'static [&'static [u8]],
    object_kind: ObjectKind,
) -> Row {
    Row { action: Some(action), ..about(record_type, object, object_kind) }
}

const fn about(record_type: RecordType, object: &'static [&'static [u8]], object_kind: ObjectKind) -> Row {
    Row { record_type, action: None, object, object_kind }
}

/// The row of a record type.
pub(super) fn row_of(record_type: RecordType) -> Option<&'static Row> {
    ROWS.binary_search_by_key(&record_type, |row| row.record_type).ok().map(|i| &ROWS[i])
}

/// The verb of a record type.
pub(super) fn action(record_type: RecordType) -> Option<&'static str> {
    row_of(record_type)?.action
}

const ACCOUNT: &[&[u8]] = &[b"id", b"acct"];
const ACCT: &[&[u8]] = &[b"acct"];
const TERMINAL: &[&[u8]] = &[b"terminal"];
const NONE: &[&[u8]] = &[];

type T = RecordType;
use ObjectKind as K;

/// Sorted by type.
static ROWS: &[Row] = &[
    row(T::USER, "sent-message", &[b"addr"], K::Unknown),
    verb(T::LOGIN, "changed-login-id-to"),
    row(T::USER_AUTH, "authenticated", ACCT, K::UserSession),
    row(T::USER_ACCT, "was-authorized", ACCT, K::UserSession),
    row(T::USER_MGMT, "modified-user-account", ACCOUNT, K::Account),
    row(T::CRED_ACQ, "acquired-credentials", ACCT, K::UserSession),
    row(T::CRED_DISP, "disposed-credentials", ACCT, K::UserSession),
    row(T::USER_START, "started-session", TERMINAL, K::UserSession),
    row(T::USER_END, "ended-session", TERMINAL, K::UserSession),
    verb(T::USER_AVC, "accessed-mac-policy-controlled-object"),
    row(T::USER_CHAUTHTOK, "changed-password", ACCT, K::UserSession),
    row(T::USER_ERR, "caused-account-error", TERMINAL, K::UserSession),
    row(T::CRED_REFR, "refreshed-credentials", ACCT, K::UserSession),
    row(T::USYS_CONFIG, "changed-configuration", NONE, K::System),
    row(T::USER_LOGIN, "logged-in", TERMINAL, K::UserSession),
    row(T::USER_LOGOUT, "logged-out", TERMINAL, K::UserSession),
    row(T::ADD_USER, "added-user-account", ACCOUNT, K::Account),
    row(T::DEL_USER, "deleted-user-account", ACCOUNT, K::Account),
    row(T::ADD_GROUP, "added-group-account-to", ACCOUNT, K::Account),
    row(T::DEL_GROUP, "deleted-group-account-from", ACCOUNT, K::Account),
    verb(T::DAC_CHECK, "access-result"),
    verb(T::CHGRP_ID, "changed-group"),
    verb(T::TEST, "sent-test"),
    verb(T::TRUSTED_APP, "unknown"),
    verb(T::USER_SELINUX_ERR, "access-error"),
    row(T::USER_CMD, "ran-command", &[b"cmd"], K::Process),
    row(T::USER_TTY, "typed", &[b"data"], K::Keystrokes),
    verb(T::CHUSER_ID, "changed-user-id"),
    verb(T::GRP_AUTH, "authenticated-to-group"),
    row(T::SYSTEM_BOOT, "booted-system", NONE, K::System),
    row(T::SYSTEM_SHUTDOWN, "shutdown-system", NONE, K::Service),
    row(T::SYSTEM_RUNLEVEL, "changed-to-runlevel", &[b"new-level"], K::System),
    row(T::SERVICE_START, "started-service", &[b"unit"], K::Service),
    row(T::SERVICE_STOP, "stopped-service", &[b"unit"], K::Service),
    row(T::GRP_MGMT, "modified-group-account", ACCOUNT, K::Account),
    row(T::GRP_CHAUTHTOK, "changed-group-password", ACCT, K::UserSession),
    verb(T::MAC_CHECK, "mac-permission"),
    row(T::ACCT_LOCK, "locked-account", ACCOUNT, K::Account),
    row(T::ACCT_UNLOCK, "unlocked-account", ACCOUNT, K::Account),
    row(T::USER_DEVICE, "configured-device", &[b"device"], K::Keystrokes),
    row(T::SOFTWARE_UPDATE, "installed-software", &[b"sw"], K::Software),
    row(T::DAEMON_START, "started-audit", NONE, K::Service),
    row(T::DAEMON_END, "shutdown-audit", NONE, K::Service),
    row(T::DAEMON_ABORT, "aborted-auditd-startup", NONE, K::Service),
    row(T::DAEMON_CONFIG, "changed-auditd-configuration", NONE, K::Service),
    row(T::DAEMON_RECONFIG, "reconfigured-auditd", NONE, K::Service),
    row(T::DAEMON_ROTATE, "rotated-audit-logs", NONE, K::Service),
    row(T::DAEMON_RESUME, "resumed-audit-logging", NONE, K::Service),
    row(T::DAEMON_ACCEPT, "remote-audit-connected", NONE, K::Service),
    row(T::DAEMON_CLOSE, "remote-audit-disconnected", NONE, K::Service),
    row(T::DAEMON_ERR, "audit-error", NONE, K::Service),
    row(
        T::CONFIG_CHANGE,
        "changed-audit-configuration",
        &[b"audit_enabled", b"audit_pid", b"audit_backlog_limit", b"audit_failure", b"actions", b"list"],
        K::AuditConfig,
    ),
    row(T::TTY, "typed", &[b"data"], K::Keystrokes),
    row(T::NETFILTER_CFG, "loaded-firewall-rule-to", &[b"table"], K::Firewall),
    row(T::SECCOMP, "called-seccomp-controlled-syscall", &[b"syscall"], K::Process),
    row(T::FEATURE_CHANGE, "changed-audit-feature", &[b"feature"], K::System),
    verb(T::KERN_MODULE, "loaded-kernel-module"),
    verb(T::FANOTIFY, "accessed-policy-controlled-file"),
    verb(T::URINGOP, "io_uring-operation"),
    verb(T::AVC, "accessed-mac-policy-controlled-object"),
    row(T::MAC_POLICY_LOAD, "loaded-selinux-policy", NONE, K::SecurityPolicy),
    row(T::MAC_STATUS, "changed-selinux-enforcement-to", &[b"enforcing"], K::SecurityPolicy),
    row(T::MAC_CONFIG_CHANGE, "changed-selinux-boolean", &[b"bool"], K::SecurityPolicy),
    row(T::MAC_MAP_ADD, "added-mac-network-domain-mapping-to", &[b"nlbl_domain"], K::SecurityPolicy),
    row(T::MAC_MAP_DEL, "deleted-mac-network-domain-mapping-from", &[b"nlbl_domain"], K::SecurityPolicy),
    row(T::ANOM_PROMISCUOUS, "changed-socket-promiscuous-mode", &[b"dev"], K::Socket),
    row(T::ANOM_ABEND, "crashed-program", &[b"exe"], K::Process),
    // COMPAT: the reference's spelling.
    verb(T::ANOM_LINK, "used-suspcious-link"),
    verb(T::ANOM_CREAT, "created-suspicious-file"),
    verb(T::KERNEL, "initialized-audit-subsystem"),
    row(T::ANOM_LOGIN_FAILURES, "failed-log-in-too-many-times-to", ACCT, K::UserSession),
    row(T::ANOM_LOGIN_TIME, "attempted-log-in-during-unusual-hour-to", ACCT, K::UserSession),
    row(T::ANOM_LOGIN_SESSIONS, "opened-too-many-sessions-to", ACCT, K::UserSession),
    row(T::ANOM_LOGIN_LOCATION, "attempted-log-in-from-unusual-place-to", ACCT, K::UserSession),
    row(T::ANOM_RBAC_INTEGRITY_FAIL, "tested-file-system-integrity-of", &[b"hostname"], K::FileSystem),
    row(T::ANOM_EXEC, "attempted-execution-of-forbidden-program", &[b"cmd"], K::Process),
    row(T::USER_ROLE_CHANGE, "changed-role-to", &[b"selected-context"], K::UserSession),
    row(T::ROLE_ASSIGN, "assigned-user-role-to", ACCOUNT, K::Account),
    // COMPAT: the reference's spelling.
    row(T::ROLE_REMOVE, "removed-use-role-from", ACCOUNT, K::Account),
    row(T::LABEL_OVERRIDE, "overrode-label-of", NONE, K::SecurityPolicy),
    row(T::LABEL_LEVEL_CHANGE, "modified-level-of", &[b"printer"], K::Printer),
    about(T::DEV_ALLOC, NONE, K::SecurityPolicy),
    about(T::DEV_DEALLOC, NONE, K::SecurityPolicy),
    row(T::FS_RELABEL, "relabeled-filesystem", NONE, K::SecurityPolicy),
    row(T::USER_MAC_POLICY_LOAD, "loaded-mac-policy", NONE, K::SecurityPolicy),
    row(T::ROLE_MODIFY, "modified-role", NONE, K::SecurityPolicy),
    row(T::USER_MAC_CONFIG_CHANGE, "changed-mac-configuration", NONE, K::SecurityPolicy),
    verb(T::USER_MAC_STATUS, "changed-selinux-enforcement-to"),
    verb(T::CRYPTO_LOGIN, "crypto-officer-logged-in"),
    verb(T::CRYPTO_LOGOUT, "crypto-officer-logged-out"),
    row(T::CRYPTO_KEY_USER, "negotiated-crypto-key", &[b"fp"], K::UserSession),
    row(T::CRYPTO_SESSION, "started-crypto-session", &[b"addr"], K::UserSession),
    row(T::VIRT_CONTROL, "issued-vm-control", &[b"op"], K::VirtualMachine),
    row(T::VIRT_RESOURCE, "assigned-vm-resource", &[b"resrc"], K::VirtualMachine),
    row(T::VIRT_MACHINE_ID, "assigned-vm-id", &[b"vm"], K::VirtualMachine),
    verb(T::VIRT_INTEGRITY_CHECK, "checked-integrity-of"),
    verb(T::VIRT_CREATE, "created-vm-image"),
    verb(T::VIRT_DESTROY, "deleted-vm-image"),
    verb(T::VIRT_MIGRATE_IN, "migrated-vm-from"),
    verb(T::VIRT_MIGRATE_OUT, "migrated-vm-to"),
];

const _: () = {
    let mut i = 1;
    while i < ROWS.len() {
        assert!(ROWS[i - 1].record_type.0 < ROWS[i].record_type.0);
        i += 1;
    }
};
