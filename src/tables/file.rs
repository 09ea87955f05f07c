//! What system calls do with files: the flags, modes and commands in their arguments.
//!
//! Sources: asm-generic/fcntl.h, linux/fs.h, mount.h, openat2.h, eventpoll.h and the ioctl headers; of single machines
//! asm/fcntl.h, ioctls.h, sockios.h (Linux 6.17).

use super::tables;

tables! {
    /// Flags of open(2) above the access mode; a set whose low two bits are 0 begins with O_RDONLY.
    pub OPEN_FLAGS: sorted [
        (0o1, "O_WRONLY"),
        (0o2, "O_RDWR"),
        (0o100, "O_CREAT"),
        (0o200, "O_EXCL"),
        (0o400, "O_NOCTTY"),
        (0o1000, "O_TRUNC"),
        (0o2000, "O_APPEND"),
        (0o4000, "O_NONBLOCK"),
        (0o10000, "O_DSYNC"),
        (0o20000, "O_ASYNC"),
        (0o40000, "O_DIRECT"),
        (0o200000, "O_DIRECTORY"),
        (0o400000, "O_NOFOLLOW"),
        (0o1000000, "O_NOATIME"),
        (0o2000000, "O_CLOEXEC"),
        (0o4000000, "__O_SYNC"),
        (0o10000000, "O_PATH"),
        (0o20000000, "__O_TMPFILE"),
    ], Arm | Aarch64 [
        (0o40000, "O_DIRECTORY"),
        (0o100000, "O_NOFOLLOW"),
        (0o200000, "O_DIRECT"),
    ], Powerpc [
        (0o40000, "O_DIRECTORY"),
        (0o100000, "O_NOFOLLOW"),
        (0o400000, "O_DIRECT"),
    ], Mips [
        (0o10, "O_APPEND"),
        (0o20, "O_DSYNC"),
        (0o200, "O_NONBLOCK"),
        (0o400, "O_CREAT"),
        (0o2000, "O_EXCL"),
        (0o4000, "O_NOCTTY"),
        (0o10000, "O_ASYNC"),
        (0o40000, "__O_SYNC"),
        (0o100000, "O_DIRECT"),
    ];

    /// Modes of access(2); a mode whose low four bits are 0 is F_OK.
    pub ACCESS_MODES: sorted [
        (0x1, "X_OK"),
        (0x2, "W_OK"),
        (0x4, "R_OK"),
    ];

    /// Flags of faccessat(2).
    pub ACCESS_FLAGS: sorted [
        (0x100, "AT_SYMLINK_NOFOLLOW"),
        (0x200, "AT_EACCESS"),
        (0x1000, "AT_EMPTY_PATH"),
    ];

    /// Flags of setxattrat(2) and its family, and of open_tree_attr(2).
    pub XATTR_AT_FLAGS: sorted [
        (0x100, "AT_SYMLINK_NOFOLLOW"),
        (0x800, "AT_NO_AUTOMOUNT"),
        (0x1000, "AT_EMPTY_PATH"),
        (0x8000, "AT_RECURSIVE"),
    ];

    /// How openat2(2) resolves a path.
    pub RESOLVE_FLAGS: sorted [
        (0x1, "RESOLVE_NO_XDEV"),
        (0x2, "RESOLVE_NO_MAGICLINKS"),
        (0x4, "RESOLVE_NO_SYMLINKS"),
        (0x8, "RESOLVE_BENEATH"),
        (0x10, "RESOLVE_IN_ROOT"),
        (0x20, "RESOLVE_CACHED"),
    ];

    /// Flags of mount(2) and of a mounted file system.
    pub MOUNT_FLAGS: sorted [
        (0x1, "MS_RDONLY"),
        (0x2, "MS_NOSUID"),
        (0x4, "MS_NODEV"),
        (0x8, "MS_NOEXEC"),
        (0x10, "MS_SYNCHRONOUS"),
        (0x20, "MS_REMOUNT"),
        (0x40, "MS_MANDLOCK"),
        (0x80, "MS_DIRSYNC"),
        (0x400, "MS_NOATIME"),
        (0x800, "MS_NODIRATIME"),
        (0x1000, "MS_BIND"),
        (0x2000, "MS_MOVE"),
        (0x4000, "MS_REC"),
        (0x8000, "MS_SILENT"),
        (0x10000, "MS_POSIXACL"),
        (0x20000, "MS_UNBINDABLE"),
        (0x40000, "MS_PRIVATE"),
        (0x80000, "MS_SLAVE"),
        (0x100000, "MS_SHARED"),
        (0x200000, "MS_RELATIME"),
        (0x400000, "MS_KERNMOUNT"),
        (0x800000, "MS_I_VERSION"),
        (0x1000000, "MS_STRICTATIME"),
        (0x2000000, "MS_LAZYTIME"),
        (0x4000000, "MS_SUBMOUNT"),
        (0x8000000, "MS_SNAP_STABLE"),
        (0x10000000, "MS_NOSEC"),
        (0x20000000, "MS_BORN"),
        (0x40000000, "MS_ACTIVE"),
        (0x80000000, "MS_NOUSER"),
    ];

    /// Flags of umount2(2).
    pub UMOUNT_FLAGS: sorted [
        (0x1, "MNT_FORCE"),
        (0x2, "MNT_DETACH"),
        (0x4, "MNT_EXPIRE"),
        (0x8, "UMOUNT_NOFOLLOW"),
        (0x80000000, "UMOUNT_UNUSED"),
    ];

    /// Commands of fsconfig(2).
    pub FSCONFIG_COMMANDS: sorted [
        (0, "FSCONFIG_SET_FLAG"),
        (1, "FSCONFIG_SET_STRING"),
        (2, "FSCONFIG_SET_BINARY"),
        (3, "FSCONFIG_SET_PATH"),
        (4, "FSCONFIG_SET_PATH_EMPTY"),
        (5, "FSCONFIG_SET_FD"),
        (6, "FSCONFIG_CMD_CREATE"),
        (7, "FSCONFIG_CMD_RECONFIGURE"),
        (8, "FSCONFIG_CMD_CREATE_EXCL"),
    ];

    /// Commands of fcntl(2).
    pub FCNTL_COMMANDS: sorted [
        (0, "F_DUPFD"),
        (1, "F_GETFD"),
        (2, "F_SETFD"),
        (3, "F_GETFL"),
        (4, "F_SETFL"),
        (5, "F_GETLK"),
        (6, "F_SETLK"),
        (7, "F_SETLKW"),
        (8, "F_SETOWN"),
        (9, "F_GETOWN"),
        (10, "F_SETSIG"),
        (11, "F_GETSIG"),
        (12, "F_GETLK64"),
        (13, "F_SETLK64"),
        (14, "F_SETLKW64"),
        (15, "F_SETOWN_EX"),
        (16, "F_GETOWN_EX"),
        (17, "F_GETOWNER_UIDS"),
        (1024, "F_SETLEASE"),
        (1025, "F_GETLEASE"),
        (1026, "F_NOTIFY"),
        (1029, "F_CANCELLK"),
        (1030, "F_DUPFD_CLOEXEC"),
        (1031, "F_SETPIPE_SZ"),
        (1032, "F_GETPIPE_SZ"),
        (1033, "F_ADD_SEALS"),
        (1034, "F_GET_SEALS"),
        (1035, "F_GET_RW_HINT"),
        (1036, "F_SET_RW_HINT"),
        (1037, "F_GET_FILE_RW_HINT"),
        (1038, "F_SET_FILE_RW_HINT"),
    ], Mips [
        (14, "F_GETLK"),
        (23, "F_GETOWN"),
        (24, "F_SETOWN"),
        (33, "F_GETLK64"),
        (34, "F_SETLK64"),
        (35, "F_SETLKW64"),
    ];

    /// Operations of epoll_ctl(2).
    pub EPOLL_OPERATIONS: sorted [
        (1, "EPOLL_CTL_ADD"),
        (2, "EPOLL_CTL_DEL"),
        (3, "EPOLL_CTL_MOD"),
    ];

    /// Starting points of lseek(2).
    pub SEEK_WHENCE: sorted [
        (0, "SEEK_SET"),
        (1, "SEEK_CUR"),
        (2, "SEEK_END"),
        (3, "SEEK_DATA"),
        (4, "SEEK_HOLE"),
    ];

    /// Requests of ioctl(2) that terminals, networks and graphics often see.
    pub IOCTL_REQUESTS: rising [
        (0x4b3a, "KDSETMODE"),
        (0x4b3b, "KDGETMODE"),
        (0x5309, "CDROMEJECT"),
        (0x530f, "CDROMEJECT_SW"),
        (0x5311, "CDROM_GET_UPC"),
        (0x5316, "CDROMSEEK"),
        (0x5401, "TCGETS"),
        (0x5402, "TCSETS"),
        (0x5403, "TCSETSW"),
        (0x5404, "TCSETSF"),
        (0x5409, "TCSBRK"),
        (0x540b, "TCFLSH"),
        (0x540e, "TIOCSCTTY"),
        (0x540f, "TIOCGPGRP"),
        (0x5410, "TIOCSPGRP"),
        (0x5413, "TIOCGWINSZ"),
        (0x5414, "TIOCSWINSZ"),
        (0x541b, "TIOCINQ"),
        (0x5421, "FIONBIO"),
        (0x5422, "TIOCNOTTY"),
        (0x8901, "FIOSETOWN"),
        (0x8903, "FIOGETOWN"),
        (0x8910, "SIOCGIFNAME"),
        (0x8927, "SIOCGIFHWADDR"),
        (0x8933, "SIOCGIFINDEX"),
        (0x89a2, "SIOCBRADDIF"),
        (0x40045431, "TIOCSPTLCK"),
        (0x80045430, "TIOCGPTN"),
        (0xc01864b0, "DRM_IOCTL_MODE_PAGE_FLIP"),
        (0xc01864b1, "DRM_IOCTL_MODE_DIRTYFB"),
        (0xc01c64a3, "DRM_IOCTL_MODE_CURSOR"),
    ], Powerpc [
        (0x2000741d, "TCSBRK"),
        (0x2000741f, "TCFLSH"),
        (0x40045430, "TIOCGPTN"),
        (0x4004667f, "TIOCINQ"),
        (0x40047477, "TIOCGPGRP"),
        (0x40087468, "TIOCGWINSZ"),
        (0x402c7413, "TCGETS"),
        (0x80045431, "TIOCSPTLCK"),
        (0x8004667e, "FIONBIO"),
        (0x80047476, "TIOCSPGRP"),
        (0x80087467, "TIOCSWINSZ"),
        (0x802c7414, "TCSETS"),
        (0x802c7415, "TCSETSW"),
        (0x802c7416, "TCSETSF"),
    ], Mips [
        (0x467f, "TIOCINQ"),
        (0x5405, "TCSBRK"),
        (0x5407, "TCFLSH"),
        (0x540d, "TCGETS"),
        (0x540e, "TCSETS"),
        (0x540f, "TCSETSW"),
        (0x5410, "TCSETSF"),
        (0x5471, "TIOCNOTTY"),
        (0x5480, "TIOCSCTTY"),
        (0x667e, "FIONBIO"),
        (0x40045430, "TIOCGPTN"),
        (0x4004667b, "FIOGETOWN"),
        (0x40047477, "TIOCGPGRP"),
        (0x40087468, "TIOCGWINSZ"),
        (0x80045431, "TIOCSPTLCK"),
        (0x8004667c, "FIOSETOWN"),
        (0x80047476, "TIOCSPGRP"),
        (0x80087467, "TIOCSWINSZ"),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_modes_and_commands() {
        assert_eq!(OPEN_FLAGS.iter().next(), Some((1, "O_WRONLY")));
        assert_eq!(OPEN_FLAGS.name(0o100), Some("O_CREAT"));
        assert_eq!(OPEN_FLAGS.name(0o2000000), Some("O_CLOEXEC"));
        assert_eq!(MOUNT_FLAGS.name(1 << 31), Some("MS_NOUSER"));
        assert_eq!(FCNTL_COMMANDS.name(1030), Some("F_DUPFD_CLOEXEC"));
        assert_eq!(SEEK_WHENCE.name(4), Some("SEEK_HOLE"));
    }

    #[test]
    fn machines_number_some_flags_and_commands_otherwise() {
        use crate::tables::machine::Machine::*;
        let flags = |bits, machine| OPEN_FLAGS.flags_on(bits, Some(machine)).collect::<Vec<_>>();
        assert_eq!(flags(0o40000, X86_64), ["O_DIRECT"]);
        assert_eq!(flags(0o40000, Aarch64), ["O_DIRECTORY"]);
        assert_eq!(flags(0o600000, Ppc), ["O_DIRECT"], "0o200000 is O_LARGEFILE there");
        assert_eq!(flags(0x301, MipsO32), ["O_WRONLY", "O_CREAT", "O_TRUNC"]);
        assert_eq!(FCNTL_COMMANDS.name_on(24, Some(MipsN64)), Some("F_SETOWN"));
        assert_eq!(FCNTL_COMMANDS.name_on(8, Some(MipsN64)), None);
        assert_eq!(IOCTL_REQUESTS.name_on(0x402c_7413, Some(Ppc64le)), Some("TCGETS"));
    }
}
