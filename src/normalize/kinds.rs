//! The kinds an event, its subject and its object are sorted into, and the words they are printed with.

/// Makes an enumeration whose members print as one fixed word.
macro_rules! kinds {
    ($(#[$doc:meta])* $name:ident { $($(#[$mdoc:meta])* $member:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$mdoc])* $member,)* }

        impl $name {
            /// The word of csv output and of the library's callers.
            pub const fn word(self) -> &'static str {
                match self { $($name::$member => $word,)* }
            }
        }
    };
}

kinds! {
    /// What sort of thing happened, by the type of the event's first record.
    EventKind {
        /// No other kind fits.
        Unknown = "unknown",
        /// A trusted program says something of its own.
        UserSpace = "user-space",
        /// Boot, shutdown, services.
        SystemServices = "system-services",
        /// Settings of the system or of the audit system.
        Configuration = "configuration",
        /// Keystrokes.
        Tty = "TTY",
        /// An account was made, changed or removed.
        UserAccount = "user-account",
        /// Logging in and out, credentials, sessions.
        UserLogin = "user-login",
        /// The audit daemon about itself.
        AuditDaemon = "audit-daemon",
        /// A mandatory access control policy allowed or denied.
        MacDecision = "mac-decision",
        /// Something unusual was noticed.
        Anomaly = "anomaly",
        /// Integrity of files was measured or checked.
        Integrity = "integrity",
        /// Something was done against an anomaly.
        AnomalyResponse = "anomaly-response",
        /// Mandatory access control was configured.
        Mac = "mac",
        /// Keys and sessions of cryptography.
        Crypto = "crypto",
        /// Virtual machines.
        Virt = "virt",
        /// A rule the administrator loaded.
        AuditRule = "audit-rule",
        /// A discretionary decision (seccomp).
        DacDecision = "dac-decision",
        /// Change of group.
        GroupChange = "group-change",
        /// A file scanner decided (fanotify).
        AvDecision = "av-decision",
        /// BPF programs.
        Bpf = "bpf-program",
    }
}

kinds! {
    /// What sort of account acts.
    SubjectKind {
        /// Uid 0.
        Privileged = "privileged-acct",
        /// The unset uid, 4294967295.
        Unset = "unset-acct",
        /// Below 1000.
        Service = "service-acct",
        /// 1000 to 59999.
        User = "user-acct",
        /// Any other number, or a name the system does not know.
        Unknown = "unknown-acct",
        /// The kernel or a program of the system acts for itself.
        System = "system",
        /// The audit daemon.
        Auditd = "auditd",
    }
}

kinds! {
    /// What sort of thing is acted on.
    ObjectKind {
        /// Not known.
        Unknown = "unknown",
        /// A named pipe.
        Fifo = "fifo",
        /// A character device.
        CharacterDevice = "character-device",
        /// A directory.
        Directory = "directory",
        /// A block device.
        BlockDevice = "block-device",
        /// A file.
        File = "file",
        /// A file system.
        FileSystem = "file-system",
        /// A symbolic link.
        Symlink = "symlink",
        /// A socket.
        Socket = "socket",
        /// A process.
        Process = "process",
        /// A table of the firewall.
        Firewall = "firewall",
        /// A service.
        Service = "service",
        /// A user's or group's account.
        Account = "account",
        /// A session of a user.
        UserSession = "user-session",
        /// A virtual machine.
        VirtualMachine = "virtual-machine",
        /// A printer.
        Printer = "printer",
        /// The whole system.
        System = "system",
        /// The key of an audit rule.
        AuditRule = "admin-defined-rule",
        /// Settings and rules of the audit system.
        AuditConfig = "audit-config",
        /// A policy of mandatory access control.
        SecurityPolicy = "security-policy",
        /// Memory.
        Memory = "memory",
        /// Typed keys.
        Keystrokes = "keystrokes",
        /// A package.
        Software = "software",
        /// Security modules of the kernel.
        SecurityModules = "security-modules",
        /// More than one process.
        ProcessGroup = "process-group",
    }
}

impl EventKind {
    /// The kind of events whose first record has this type number.
    pub fn of(record_type: u32) -> Self {
        let after = KINDS.partition_point(|&(first, _, _)| first <= record_type);
        match KINDS[..after].last() {
            Some(&(_, last, kind)) if record_type <= last => kind,
            _ => EventKind::Unknown,
        }
    }
}

impl SubjectKind {
    /// The kind of the account with this uid.
    pub fn of_uid(uid: u32) -> Self {
        match uid {
            0 => SubjectKind::Privileged,
            1..1000 => SubjectKind::Service,
            1000..60000 => SubjectKind::User,
            u32::MAX => SubjectKind::Unset,
            // COMPAT: the reference counts in int, so the upper half of the uids is below 1000.
            0x8000_0000.. => SubjectKind::Service,
            _ => SubjectKind::Unknown,
        }
    }
}

impl ObjectKind {
    /// The kind of a file with this mode, if the mode has one.
    pub fn of_mode(mode: u32) -> Option<Self> {
        Some(match mode & 0o170000 {
            0o010000 => ObjectKind::Fifo,
            0o020000 => ObjectKind::CharacterDevice,
            0o040000 => ObjectKind::Directory,
            0o060000 => ObjectKind::BlockDevice,
            0o100000 => ObjectKind::File,
            0o120000 => ObjectKind::Symlink,
            0o140000 => ObjectKind::Socket,
            _ => return None,
        })
    }
}

/// First and last record type (linux/audit.h and the user space ranges above 1100) of each kind; sorted, no overlap.
const KINDS: &[(u32, u32, EventKind)] = &[
    (1006, 1006, EventKind::UserLogin),
    (1100, 1101, EventKind::UserLogin),
    (1102, 1102, EventKind::UserAccount),
    (1103, 1106, EventKind::UserLogin),
    (1107, 1107, EventKind::MacDecision),
    (1108, 1110, EventKind::UserLogin),
    (1111, 1111, EventKind::Configuration),
    (1112, 1113, EventKind::UserLogin),
    (1114, 1117, EventKind::UserAccount),
    (1119, 1119, EventKind::GroupChange),
    (1120, 1121, EventKind::UserSpace),
    (1122, 1122, EventKind::MacDecision),
    (1123, 1123, EventKind::UserSpace),
    (1124, 1124, EventKind::Tty),
    (1125, 1125, EventKind::UserSpace),
    (1126, 1126, EventKind::GroupChange),
    (1127, 1131, EventKind::SystemServices),
    (1132, 1133, EventKind::UserAccount),
    (1135, 1136, EventKind::UserAccount),
    (1137, 1138, EventKind::Configuration),
    (1200, 1299, EventKind::AuditDaemon),
    (1300, 1304, EventKind::AuditRule),
    (1305, 1305, EventKind::Configuration),
    (1306, 1315, EventKind::AuditRule),
    (1317, 1318, EventKind::AuditRule),
    (1319, 1319, EventKind::Tty),
    (1321, 1324, EventKind::AuditRule),
    (1325, 1325, EventKind::Configuration),
    (1326, 1326, EventKind::DacDecision),
    (1328, 1328, EventKind::Configuration),
    (1331, 1331, EventKind::AvDecision),
    (1332, 1333, EventKind::Configuration),
    (1334, 1334, EventKind::Bpf),
    (1335, 1335, EventKind::AuditDaemon),
    (1336, 1336, EventKind::AuditRule),
    (1338, 1338, EventKind::Configuration),
    (1339, 1339, EventKind::Integrity),
    (1400, 1402, EventKind::MacDecision),
    (1403, 1422, EventKind::Mac),
    (1423, 1423, EventKind::MacDecision),
    (1424, 1501, EventKind::Mac),
    (1502, 1503, EventKind::MacDecision),
    (1504, 1505, EventKind::Mac),
    (1506, 1506, EventKind::MacDecision),
    (1600, 1699, EventKind::Crypto),
    (1700, 1799, EventKind::Anomaly),
    (1800, 1899, EventKind::Integrity),
    (2000, 2000, EventKind::SystemServices),
    (2100, 2108, EventKind::Anomaly),
    (2109, 2109, EventKind::Integrity),
    (2110, 2199, EventKind::Anomaly),
    (2200, 2299, EventKind::AnomalyResponse),
    (2300, 2399, EventKind::Mac),
    (2400, 2499, EventKind::Crypto),
    (2500, 2599, EventKind::Virt),
];

const _: () = {
    let mut i = 1;
    while i < KINDS.len() {
        assert!(KINDS[i - 1].1 < KINDS[i].0 && KINDS[i].0 <= KINDS[i].1);
        i += 1;
    }
};
