//! What a system call does to what: the words and the place of its object in a compound event.
//!
//! One row per system call, one family per action. Record numbers count the SYSCALL record as 0, so in the usual
//! layout SYSCALL, CWD, PATH the file is in record 2; names are those of the machine's system call table.

use super::ObjectKind;
use crate::tables::pack;
use std::cmp::Ordering;

/// How the system calls of one action are normalized.
pub(super) struct Family {
    /// The verb of the sentence.
    pub(super) action: &'static str,
    /// What kind of thing the object is; `Object::PathAt` replaces it by what the mode of the file says.
    pub(super) kind: ObjectKind,
    /// Where the object is.
    pub(super) object: Object,
    /// Where the second object is: new name, mode, owner, mount point.
    pub(super) second: Second,
    /// The means is the name of the system call, not the program that made it.
    pub(super) how_is_call: bool,
}

/// Where the object of a system call is in the event.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Object {
    /// It has none that is recorded.
    Nothing,
    /// The first PATH from this record on that is no parent directory; its mode decides the kind.
    PathAt(usize),
    /// The same, but whatever its mode it is a file.
    FileAt(usize),
    /// A PATH again: record 3 when the call worked, 2 when it failed, 1 when that is not known.
    MountedDevice,
    /// A PATH again, whose mode also chooses among the three verbs for made devices.
    Device,
    /// `name` of this record.
    NameAt(usize),
    /// `saddr` of record 1.
    Address,
    /// Every `opid` of the OBJ_PID records.
    Pids,
    /// The calling program.
    Program,
    /// `comm`, when the call worked; the action then ends in "-in".
    Command,
}

/// Where the second object of a system call is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Second {
    /// It has none.
    Nothing,
    /// An argument, looked at after the object.
    Argument(&'static [u8]),
    /// An argument looked at before the object; the next field when it reads -1.
    Owner(&'static [u8]),
    /// The first of this number of id arguments from a0 on that is set.
    Ids(usize),
    /// `name` of this record.
    NameAt(usize),
    /// `name` of this record, when the call worked.
    MountPointAt(usize),
}

const fn family(action: &'static str, kind: ObjectKind, object: Object) -> Family {
    Family { action, kind, object, second: Second::Nothing, how_is_call: false }
}

const fn path(action: &'static str, record: usize) -> Family {
    family(action, ObjectKind::File, Object::PathAt(record))
}

const fn socket(action: &'static str) -> Family {
    family(action, ObjectKind::Socket, Object::Address)
}

const fn owner(object: Object, argument: &'static [u8]) -> Family {
    Family { second: Second::Owner(argument), ..family("changed-file-ownership-of", ObjectKind::File, object) }
}

const fn mode(record: usize, argument: &'static [u8]) -> Family {
    Family { second: Second::Argument(argument), ..path("changed-file-permissions-of", record) }
}

const fn identity(ids: usize) -> Family {
    Family { second: if ids == 0 { Second::Nothing } else { Second::Ids(ids) }, ..named_by_call("changed-identity-of") }
}

const fn named_by_call(action: &'static str) -> Family {
    Family { how_is_call: true, ..family(action, ObjectKind::Process, Object::Program) }
}

static OPENED: Family = family("opened-file", ObjectKind::File, Object::FileAt(2));
static ATTRIBUTES: Family = path("changed-file-attributes-of", 2);
static ATTRIBUTES_FD: Family = path("changed-file-attributes-of", 1);
static PERMISSIONS: Family = mode(2, b"a1");
static PERMISSIONS_FD: Family = mode(1, b"a1");
static PERMISSIONS_AT: Family = mode(2, b"a2");
static OWNERSHIP: Family = owner(Object::PathAt(2), b"a1");
static OWNERSHIP_AT: Family = owner(Object::PathAt(2), b"a2");
static OWNERSHIP_FD: Family = owner(Object::Nothing, b"a1");
pub(super) static MODULE_LOADED: Family = family("loaded-kernel-module", ObjectKind::File, Object::NameAt(1));
static MODULE_UNLOADED: Family = family("unloaded-kernel-module", ObjectKind::File, Object::Nothing);
static DIRECTORY: Family = path("created-directory", 3);
static MOUNTED: Family =
    Family { second: Second::MountPointAt(2), ..family("mounted", ObjectKind::FileSystem, Object::MountedDevice) };
static RENAMED: Family = Family { second: Second::NameAt(5), ..path("renamed", 4) };
static SYMLINKED: Family = Family { second: Second::NameAt(2), ..path("symlinked", 4) };
static METADATA: Family = path("checked-metadata-of", 2);
static FILESYSTEM_METADATA: Family =
    family("checked-filesystem-metadata-of", ObjectKind::FileSystem, Object::PathAt(2));
static UNMOUNTED: Family = family("unmounted", ObjectKind::FileSystem, Object::PathAt(2));
static DELETED: Family = path("deleted", 2);
static TIMESTAMP: Family = path("changed-timestamp-of", 2);
static EXECUTED: Family = path("executed", 3);
static ACCEPTED: Family = socket("accepted-connection-from");
static BOUND: Family = socket("bound-socket");
static CONNECTED: Family = socket("connected-to");
static RECEIVED: Family = socket("received-from");
static SENT: Family = socket("sent-to");
static KILLED: Family = family("killed-pid", ObjectKind::Process, Object::Pids);
static IDENTITY: Family = identity(0);
static IDENTITY_1: Family = identity(1);
static IDENTITY_2: Family = identity(2);
static IDENTITY_3: Family = identity(3);
pub(super) static SYSTEM_TIME: Family = family("changed-system-time", ObjectKind::System, Object::Nothing);
static DEVICE: Family = family("make-device", ObjectKind::Unknown, Object::Device);
static SYSTEM_NAME: Family = family("changed-system-name", ObjectKind::System, Object::Nothing);
static MEMORY: Family = family("allocated-memory", ObjectKind::Memory, Object::Command);
static SCHEDULING: Family = named_by_call("adjusted-scheduling-policy-of");
static SECURITY_POLICY: Family = named_by_call("adjusted-security-policy-of");
static SECURITY_ATTRIBUTE: Family = family("retrieved-security-attr-of", ObjectKind::Process, Object::Program);
static SECURITY_MODULES: Family = family("listed-security-modules", ObjectKind::SecurityModules, Object::Nothing);

/// The family of a system call by its name; none for a call that the table does not have.
pub(super) fn family_of(name: &[u8]) -> Option<&'static Family> {
    CALLS.binary_search_by(|(call, _)| call.as_bytes().cmp(name)).ok().map(|i| CALLS[i].1)
}

/// Sorted by name.
const CALLS: &[(&str, &Family)] = &[
    ("accept", &ACCEPTED),
    ("accept4", &ACCEPTED),
    ("access", &METADATA),
    ("adjtimex", &SYSTEM_TIME),
    ("bind", &BOUND),
    ("brk", &MEMORY),
    ("chmod", &PERMISSIONS),
    ("chown", &OWNERSHIP),
    ("clock_settime", &SYSTEM_TIME),
    ("clock_settime64", &SYSTEM_TIME),
    ("connect", &CONNECTED),
    ("creat", &OPENED),
    ("delete_module", &MODULE_UNLOADED),
    ("execve", &EXECUTED),
    ("execveat", &EXECUTED),
    ("faccessat", &METADATA),
    ("faccessat2", &METADATA),
    ("fallocate", &OPENED),
    ("fchmod", &PERMISSIONS_FD),
    ("fchmodat", &PERMISSIONS_AT),
    ("fchmodat2", &PERMISSIONS),
    ("fchown", &OWNERSHIP_FD),
    ("fchownat", &OWNERSHIP_AT),
    ("fchownat2", &OWNERSHIP),
    ("file_getattr", &METADATA),
    ("file_setattr", &ATTRIBUTES),
    ("finit_module", &MODULE_LOADED),
    ("fremovexattr", &ATTRIBUTES),
    ("fsconfig", &MOUNTED),
    ("fsetxattr", &ATTRIBUTES_FD),
    ("fsmount", &MOUNTED),
    ("fsopen", &MOUNTED),
    ("fspick", &MOUNTED),
    ("fstat", &METADATA),
    ("fstatfs", &FILESYSTEM_METADATA),
    ("ftruncate", &OPENED),
    ("futimesat", &TIMESTAMP),
    ("getxattrat", &METADATA),
    ("init_module", &MODULE_LOADED),
    ("kill", &KILLED),
    ("landlock_add_rule", &SECURITY_POLICY),
    ("landlock_create_ruleset", &SECURITY_POLICY),
    ("landlock_restrict_self", &SECURITY_POLICY),
    ("lchown", &OWNERSHIP),
    ("listxattrat", &METADATA),
    ("lremovexattr", &ATTRIBUTES),
    ("lsetxattr", &ATTRIBUTES),
    ("lsm_get_self_attr", &SECURITY_ATTRIBUTE),
    ("lsm_list_modules", &SECURITY_MODULES),
    ("lsm_set_self_attr", &SECURITY_POLICY),
    ("lstat", &METADATA),
    ("memfd_create", &OPENED),
    ("memfd_secret", &OPENED),
    ("mkdir", &DIRECTORY),
    ("mkdirat", &DIRECTORY),
    ("mknod", &DEVICE),
    ("mknodat", &DEVICE),
    ("mmap", &MEMORY),
    ("mount", &MOUNTED),
    ("mount_setattr", &ATTRIBUTES),
    ("move_mount", &MOUNTED),
    ("mseal", &SECURITY_POLICY),
    ("newfstatat", &METADATA),
    ("open", &OPENED),
    ("open_by_handle_at", &OPENED),
    ("open_tree_attr", &OPENED),
    ("openat", &OPENED),
    ("openat2", &OPENED),
    ("pidfd_getfd", &OPENED),
    ("readlink", &OPENED),
    ("readlinkat", &OPENED),
    ("recvfrom", &RECEIVED),
    ("recvmsg", &RECEIVED),
    ("removexattr", &ATTRIBUTES),
    ("removexattrat", &ATTRIBUTES),
    ("rename", &RENAMED),
    ("renameat", &RENAMED),
    ("renameat2", &RENAMED),
    ("rmdir", &DELETED),
    ("sched_setattr", &SCHEDULING),
    ("sched_setparam", &SCHEDULING),
    ("sched_setscheduler", &SCHEDULING),
    ("sendmsg", &SENT),
    ("sendto", &SENT),
    ("setdomainname", &SYSTEM_NAME),
    ("setegid", &IDENTITY),
    ("seteuid", &IDENTITY),
    ("setfsgid", &IDENTITY),
    ("setfsuid", &IDENTITY),
    ("setgid", &IDENTITY_1),
    ("sethostname", &SYSTEM_NAME),
    ("setregid", &IDENTITY_2),
    ("setresgid", &IDENTITY_3),
    ("setresuid", &IDENTITY_3),
    ("setreuid", &IDENTITY_2),
    ("settimeofday", &SYSTEM_TIME),
    ("setuid", &IDENTITY_1),
    ("setxattr", &ATTRIBUTES),
    ("setxattrat", &ATTRIBUTES),
    ("stat", &METADATA),
    ("stat64", &METADATA),
    ("statfs", &FILESYSTEM_METADATA),
    ("statmount", &FILESYSTEM_METADATA),
    ("statx", &METADATA),
    ("stime", &SYSTEM_TIME),
    ("symlink", &SYMLINKED),
    ("symlinkat", &SYMLINKED),
    ("tgkill", &KILLED),
    ("tkill", &KILLED),
    ("truncate", &OPENED),
    ("umount", &UNMOUNTED),
    ("umount2", &UNMOUNTED),
    ("unlink", &DELETED),
    ("unlinkat", &DELETED),
    ("utime", &TIMESTAMP),
    ("utimensat", &TIMESTAMP),
    ("utimes", &TIMESTAMP),
];

const _: () = {
    let mut row = 1;
    while row < CALLS.len() {
        assert!(matches!(pack::compare(CALLS[row - 1].0, CALLS[row].0), Ordering::Less));
        row += 1;
    }
};
