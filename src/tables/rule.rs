//! Words of audit rules: fields, operators, actions, lists, file and file system types, permission classes.
//!
//! Source: linux/audit.h (Linux 6.17); numbers of file systems from linux/magic.h, of file types from linux/stat.h.

use super::tables;

tables! {
    /// Rule fields. `loginuid` is a second name.
    pub FIELDS: listed [
        (0, "pid"),
        (1, "uid"),
        (2, "euid"),
        (3, "suid"),
        (4, "fsuid"),
        (5, "gid"),
        (6, "egid"),
        (7, "sgid"),
        (8, "fsgid"),
        (9, "auid"),
        (10, "pers"),
        (11, "arch"),
        (12, "msgtype"),
        (13, "subj_user"),
        (14, "subj_role"),
        (15, "subj_type"),
        (16, "subj_sen"),
        (17, "subj_clr"),
        (18, "ppid"),
        (19, "obj_user"),
        (20, "obj_role"),
        (21, "obj_type"),
        (22, "obj_lev_low"),
        (23, "obj_lev_high"),
        (25, "sessionid"),
        (26, "fstype"),
        (100, "devmajor"),
        (101, "devminor"),
        (102, "inode"),
        (103, "exit"),
        (104, "success"),
        (105, "path"),
        (106, "perm"),
        (107, "dir"),
        (108, "filetype"),
        (109, "obj_uid"),
        (110, "obj_gid"),
        (111, "field_compare"),
        (112, "exe"),
        (113, "saddr_fam"),
        (200, "a0"),
        (201, "a1"),
        (202, "a2"),
        (203, "a3"),
        (210, "key"),
        (9, "loginuid"),
    ];

    /// Operators, with the bits that the kernel knows them by.
    pub OPERATORS: listed [
        (0x4000_0000, "="),
        (0x3000_0000, "!="),
        (0x2000_0000, ">"),
        (0x6000_0000, ">="),
        (0x1000_0000, "<"),
        (0x5000_0000, "<="),
        (0x0800_0000, "&"),
        (0x4800_0000, "&="),
    ];

    /// What a rule does.
    pub ACTIONS: sorted [
        (0, "never"),
        (1, "possible"),
        (2, "always"),
    ];

    /// Where in the kernel a rule is asked. Records name lists by these words too.
    pub LISTS: sorted [
        (0, "user"),
        (1, "task"),
        (4, "exit"),
        (5, "exclude"),
        (6, "filesystem"),
        (7, "io_uring"),
    ];

    /// File systems that the filesystem list can pick.
    pub FILE_SYSTEMS: listed [
        (0x7472_6163, "tracefs"),
        (0x6462_6720, "debugfs"),
        (0x0027_E0EB, "cgroup"),
        (0x6367_7270, "cgroup2"),
    ];

    /// File types (the type bits of a mode). Records show modes by these words too.
    pub FILE_TYPES: listed [
        (0o140000, "socket"),
        (0o120000, "link"),
        (0o100000, "file"),
        (0o060000, "block"),
        (0o040000, "dir"),
        (0o020000, "character"),
        (0o010000, "fifo"),
    ];
}

/// A class of access that `-F perm=` and `-p` name by one letter.
pub struct Permission {
    /// `r`, `w`, `x` or `a`.
    pub letter: u8,
    /// AUDIT_PERM_*.
    pub bit: u32,
    /// The calls of this class, separated by spaces; a machine need not have them all.
    pub calls: &'static str,
}

/// The classes in the order in which listings show their letters, with the calls that a rule with an arch is given.
/// KERNEL: audit_match_perm() asks include/asm-generic/audit_{read,write,dir_write,change_attr}.h instead: [`IN_KERNEL_ALONE`] and
/// [`NOT_IN_EVERY_KERNEL`] are what differs.
pub static PERMISSIONS: [Permission; 4] = [
    Permission {
        letter: b'r',
        bit: 4,
        calls: "readlink quotactl quotactl_fd listxattr listxattrat llistxattr flistxattr getxattr getxattrat lgetxattr \
            fgetxattr readlinkat open openat openat2 file_getattr stat lstat fstat newfstatat statx",
    },
    Permission {
        letter: b'w',
        bit: 2,
        calls: "rename mkdir rmdir creat link unlink symlink mknod mkdirat mknodat unlinkat renameat linkat symlinkat \
            renameat2 acct swapon quotactl quotactl_fd truncate ftruncate bind fallocate open openat openat2",
    },
    Permission { letter: b'x', bit: 1, calls: "execve execveat" },
    Permission {
        letter: b'a',
        bit: 8,
        calls: "chmod fchmod chown lchown fchown setxattr setxattrat lsetxattr fsetxattr removexattr removexattrat \
            lremovexattr fremovexattr fchownat fchmodat fchmodat2 file_setattr link linkat",
    },
];

/// Calls that the kernel alone has in a class.
pub static IN_KERNEL_ALONE: [(u8, &str); 2] = [
    (b'w', "truncate64 ftruncate64"),
    (b'a', "chown32 fchown32 lchown32 utime utimes futimesat utimensat utimensat_time64"),
];

/// Calls that came into their classes long after they came into the kernel, and from there into older versions: which kernel has them
/// there its version does not say.
pub static NOT_IN_EVERY_KERNEL: &str = "quotactl_fd listxattrat getxattrat file_getattr stat lstat fstat newfstatat statx \
    fchmodat2 file_setattr utime utimes futimesat utimensat utimensat_time64";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::machine::Machine;
    use crate::tables::syscall;

    #[test]
    fn fields_go_by_name_and_number() {
        assert_eq!(FIELDS.number("path"), Some(105));
        assert_eq!(FIELDS.number_ignoring_case("LoginUID"), Some(9));
        assert_eq!(FIELDS.name(9), Some("auid"));
        assert_eq!(FIELDS.name(24), None);
        assert_eq!(FIELDS.name(210), Some("key"));
    }

    #[test]
    fn words_of_a_rule() {
        assert_eq!(OPERATORS.number("&="), Some(0x4800_0000));
        assert_eq!(OPERATORS.name(0x6000_0000), Some(">="));
        assert_eq!(ACTIONS.number("always"), Some(2));
        assert_eq!(LISTS.name(6), Some("filesystem"));
        assert_eq!(FILE_SYSTEMS.number("debugfs"), Some(0x6462_6720));
        assert_eq!(FILE_TYPES.name(0o100000), Some("file"));
    }

    #[test]
    fn permission_classes_hold_calls_of_some_machine() {
        let of_kernel = IN_KERNEL_ALONE.iter().map(|row| row.1);
        for calls in PERMISSIONS.iter().map(|class| class.calls).chain(of_kernel).chain([NOT_IN_EVERY_KERNEL]) {
            for call in calls.split(' ') {
                assert!(Machine::ALL.into_iter().any(|m| syscall::number(m, call).is_some()), "{call}");
            }
        }
    }
}
