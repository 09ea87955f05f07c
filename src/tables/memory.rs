//! Memory and System V IPC: mapping flags, protections, IPC calls and modes.
//!
//! Sources: asm-generic/mman.h, linux/ipc.h, linux/shm.h; of single machines asm/mman.h (Linux 6.17).

use super::tables;

tables! {
    /// Flags of mmap(2).
    pub MMAP_FLAGS: sorted [
        (0x1, "MAP_SHARED"),
        (0x2, "MAP_PRIVATE"),
        (0x10, "MAP_FIXED"),
        (0x20, "MAP_ANONYMOUS"),
        (0x100, "MAP_GROWSDOWN"),
        (0x800, "MAP_DENYWRITE"),
        (0x1000, "MAP_EXECUTABLE"),
        (0x2000, "MAP_LOCKED"),
        (0x4000, "MAP_NORESERVE"),
        (0x8000, "MAP_POPULATE"),
        (0x10000, "MAP_NONBLOCK"),
        (0x20000, "MAP_STACK"),
        (0x40000, "MAP_HUGETLB"),
        (0x80000, "MAP_SYNC"),
        (0x100000, "MAP_FIXED_NOREPLACE"),
        (0x4000000, "MAP_UNINITIALIZED"),
    ], X86 [
        (0x40, "MAP_32BIT"),
    ], Powerpc [
        (0x40, "MAP_NORESERVE"),
        (0x80, "MAP_LOCKED"),
    ], Mips [
        (0x400, "MAP_NORESERVE"),
        (0x800, "MAP_ANONYMOUS"),
        (0x1000, "MAP_GROWSDOWN"),
        (0x2000, "MAP_DENYWRITE"),
        (0x4000, "MAP_EXECUTABLE"),
        (0x8000, "MAP_LOCKED"),
        (0x10000, "MAP_POPULATE"),
        (0x20000, "MAP_NONBLOCK"),
        (0x40000, "MAP_STACK"),
        (0x80000, "MAP_HUGETLB"),
        (0x4000000, ""),
    ];

    /// Protections of mmap(2) and mprotect(2). COMPAT: only the first four are shown for mmap, the first three for mprotect.
    pub PROTECTIONS: sorted [
        (1, "PROT_READ"),
        (2, "PROT_WRITE"),
        (4, "PROT_EXEC"),
        (8, "PROT_SEM"),
        (16777216, "PROT_GROWSDOWN"),
        (33554432, "PROT_GROWSUP"),
    ], Mips [
        (16, "PROT_SEM"),
    ];

    /// Calls that ipc(2) stands for.
    pub IPC_CALLS: sorted [
        (1, "semop"),
        (2, "semget"),
        (3, "semctl"),
        (4, "semtimedop"),
        (11, "msgsnd"),
        (12, "msgrcv"),
        (13, "msgget"),
        (14, "msgctl"),
        (21, "shmat"),
        (22, "shmdt"),
        (23, "shmget"),
        (24, "shmctl"),
        (25, "dipc"),
    ];

    /// Flags of the System V get calls, within the mask 0o3000.
    pub IPC_FLAGS: sorted [
        (0o1000, "IPC_CREAT"),
        (0o2000, "IPC_EXCL"),
        (0o4000, "IPC_NOWAIT"),
    ];

    /// Modes of a shared memory segment, within the mask 0o14000.
    pub SHM_MODES: sorted [
        (0o1000, "SHM_DEST"),
        (0o2000, "SHM_LOCKED"),
        (0o4000, "SHM_HUGETLB"),
        (0o10000, "SHM_NORESERVE"),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_and_ipc() {
        assert_eq!(MMAP_FLAGS.name(0x20), Some("MAP_ANONYMOUS"));
        assert_eq!(PROTECTIONS.iter().nth(2), Some((4, "PROT_EXEC")));
        assert_eq!(IPC_CALLS.name(23), Some("shmget"));
        assert_eq!(IPC_FLAGS.name(0o1000), Some("IPC_CREAT"));
        assert_eq!(SHM_MODES.name(0o1000), Some("SHM_DEST"));
    }
}
