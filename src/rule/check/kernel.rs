//! Which kernel brought what rules can speak of.

use super::super::command::Step;
use super::super::model::{FieldId, List, Operator, Rule, RuleField};
use crate::abi::mask;
use crate::tables::machine::Machine;
use crate::tables::syscall;

/// A Linux version: major and minor number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16, pub u16);

impl Version {
    /// `5.15`, or what `uname -r` says, such as `6.1.0-18-amd64`.
    pub fn parse(text: &str) -> Option<Version> {
        let mut parts = text.split(|c: char| !c.is_ascii_digit());
        Some(Version(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// KERNEL: the first version whose kernel/auditfilter.c takes the field.
const FIELDS: [(FieldId, Version); 5] = [
    (FieldId::EXE, Version(4, 3)),
    (FieldId::SESSIONID, Version(4, 10)),
    (FieldId::FSTYPE, Version(4, 15)),
    (FieldId::SADDR_FAM, Version(5, 3)),
    (FieldId::FIELD_COMPARE, Version(3, 3)),
];

/// KERNEL: the first version that has the list.
const LISTS: [(List, Version); 2] = [(List::FILESYSTEM, Version(4, 15)), (List::IO_URING, Version(5, 16))];

/// KERNEL: the first version that has these calls, newest first.
const CALLS: &str = "\
7.0 rseq_slice_yield
6.19 listns
6.17 file_getattr file_setattr
6.15 open_tree_attr
6.13 setxattrat getxattrat listxattrat removexattrat
6.10 mseal
6.8 statmount listmount lsm_get_self_attr lsm_set_self_attr lsm_list_modules
6.7 futex_wake futex_wait futex_requeue
6.6 fchmodat2 map_shadow_stack
6.5 cachestat
5.17 set_mempolicy_home_node
5.16 futex_waitv
5.15 process_mrelease
5.14 quotactl_fd memfd_secret
5.13 landlock_create_ruleset landlock_add_rule landlock_restrict_self
5.12 mount_setattr
5.11 epoll_pwait2
5.10 process_madvise
5.9 close_range
5.8 faccessat2
5.6 openat2 pidfd_getfd
5.3 pidfd_open clone3
5.2 open_tree move_mount fsopen fsconfig fsmount fspick
5.1 io_uring_setup io_uring_enter io_uring_register pidfd_send_signal clock_gettime64 clock_settime64 clock_adjtime64 \
clock_getres_time64 clock_nanosleep_time64 timer_gettime64 timer_settime64 timerfd_gettime64 timerfd_settime64 utimensat_time64 \
pselect6_time64 ppoll_time64 io_pgetevents_time64 recvmmsg_time64 mq_timedsend_time64 mq_timedreceive_time64 semtimedop_time64 \
rt_sigtimedwait_time64 futex_time64 sched_rr_get_interval_time64 sched_rr_get_interval64
4.18 rseq io_pgetevents
4.11 statx
4.9 pkey_mprotect pkey_alloc pkey_free
4.6 preadv2 pwritev2
4.5 copy_file_range
4.4 mlock2
4.3 userfaultfd membarrier
3.19 execveat
3.18 bpf
3.17 memfd_create getrandom kexec_file_load seccomp
3.15 renameat2
3.14 sched_setattr sched_getattr
3.8 finit_module
3.5 kcmp
3.2 process_vm_readv process_vm_writev
3.0 setns sendmmsg";

/// KERNEL: calls that some machines had before these.
const OF_MACHINES: [(&[Machine], Version, &str); 3] = [
    (
        &[Machine::I386, Machine::S390, Machine::S390x],
        Version(4, 3),
        "socket socketpair bind connect listen accept4 getsockopt setsockopt getsockname getpeername sendto sendmsg recvfrom recvmsg \
         shutdown",
    ),
    (&[Machine::I386], Version(4, 12), "arch_prctl"),
    (
        &[Machine::I386, Machine::S390, Machine::S390x, Machine::Ppc, Machine::Ppc64, Machine::MipsO32],
        Version(5, 1),
        "semget semctl shmget shmctl shmat shmdt msgget msgsnd msgrcv msgctl",
    ),
];

/// KERNEL: the first version that has the operations of io_uring from this number on, newest first.
const OPERATIONS: [(u32, Version); 11] = [
    (63, Version(6, 19)),
    (62, Version(6, 16)),
    (58, Version(6, 15)),
    (56, Version(6, 11)),
    (55, Version(6, 9)),
    (54, Version(6, 8)),
    (49, Version(6, 7)),
    (48, Version(6, 1)),
    (47, Version(6, 0)),
    (41, Version(5, 19)),
    (40, Version(5, 18)),
];

/// The versions of [`CALLS`], each with the names of its calls.
fn rows() -> impl Iterator<Item = (Version, &'static str)> {
    CALLS
        .split('\n')
        .filter_map(|row| row.split_once(' ').and_then(|(since, names)| Some((Version::parse(since)?, names))))
}

/// What of a rule is newer than `kernel`, and from when on it is known.
pub(super) fn newer_list(rule: &Rule, kernel: Version) -> Option<(&'static str, Version)> {
    let (list, since) = LISTS.iter().find(|(list, since)| *list == rule.list && *since > kernel)?;
    Some((list.name()?, *since))
}

/// The fields of a rule that are newer than `kernel`, by their places.
pub(super) fn newer_fields(rule: &Rule, kernel: Version) -> impl Iterator<Item = (usize, String, Version)> {
    rule.fields.iter().enumerate().filter_map(move |(place, field)| {
        let (what, since) = newer_field(rule.list, field, kernel)?;
        Some((place, what, since))
    })
}

/// The option of a step that is newer than `kernel`, and from when on it is known.
pub(super) fn newer_option(step: &Step, kernel: Version) -> Option<(&'static str, Version)> {
    let (option, since) = match step {
        Step::Set(status) if status.mask & mask::BACKLOG_WAIT_TIME != 0 => ("--backlog_wait_time", Version(3, 14)),
        Step::SetFeature(_) => ("--loginuid-immutable", Version(3, 13)),
        Step::ResetLost => ("--reset-lost", Version(4, 11)),
        Step::ResetWaitTime => ("--reset_backlog_wait_time_actual", Version(5, 9)),
        _ => return None,
    };
    (since > kernel).then_some((option, since))
}

/// KERNEL: 4.8 looks at more on the list exclude than msgtype; 4.18 has exe with `!=`, 4.19 on other lists than exit.
fn newer_field(list: List, field: &RuleField, kernel: Version) -> Option<(String, Version)> {
    let name = field.id.name()?;
    let on_list = || format!("the field {name} on the {} list", list.name().unwrap_or_default());
    let in_use = match field.id {
        FieldId::EXE if field.operator != Operator::EQUAL => Some(("exe with !=".to_owned(), Version(4, 18))),
        FieldId::EXE if list != List::EXIT => Some((on_list(), Version(4, 19))),
        FieldId::MSGTYPE | FieldId::KEY => None,
        _ if list == List::EXCLUDE => Some((on_list(), Version(4, 8))),
        _ => None,
    };
    let by_itself = || Some((format!("the field {name}"), FIELDS.iter().find(|row| row.0 == field.id)?.1));
    [by_itself(), in_use].into_iter().flatten().find(|(_, since)| *since > kernel)
}

/// Whether io_uring has an operation of this number, as far as is known. Those that are never audited have no names.
pub(super) fn has_operation(number: u32) -> bool {
    syscall::rows(Machine::IoUring).any(|row| row.0 >= number)
}

/// The call of a machine, if it is newer than `kernel`, and from when on it is known.
pub(super) fn newer_call(machine: Machine, number: u32, kernel: Version) -> Option<(String, Version)> {
    let name = syscall::name(machine, number);
    let (what, since) = if machine == Machine::IoUring {
        let (_, since) = OPERATIONS.iter().find(|(first, _)| number >= *first && has_operation(number))?;
        (format!("the operation {}", name.map_or_else(|| number.to_string(), str::to_owned)), *since)
    } else {
        let name = name?;
        let of_machine = OF_MACHINES.iter().filter(|row| row.0.contains(&machine)).map(|row| (row.1, row.2));
        let mut with_name = rows().chain(of_machine).filter(|(_, names)| names.split(' ').any(|call| call == name));
        (format!("the call {name}"), with_name.find(|(since, _)| *since > kernel)?.0)
    };
    (since > kernel).then_some((what, since))
}

/// For what of a rule a kernel of this version refuses it, or does not look at, a sentence each. Calls that it has not are no reason.
pub fn newer_parts(rule: &Rule, kernel: Version) -> Vec<String> {
    let list = newer_list(rule, kernel).map(|(list, since)| (format!("the {list} list"), since));
    let fields = newer_fields(rule, kernel).map(|(_, field, since)| (field, since));
    list.into_iter().chain(fields).map(|(part, since)| unknown(&part, kernel, since)).collect()
}

/// The sentence on something that is newer than a kernel.
pub(super) fn unknown(part: &str, kernel: Version, since: Version) -> String {
    format!("Linux {kernel} does not know {part}; Linux {since} does")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_off_names_of_kernels() {
        assert_eq!(Version::parse("5.15"), Some(Version(5, 15)));
        assert_eq!(Version::parse("6.1.0-18-amd64"), Some(Version(6, 1)));
        assert_eq!(Version::parse("6"), None);
        assert!(Version(5, 9) < Version(5, 15));
    }

    #[test]
    fn every_call_is_one_of_some_machine_and_versions_fall() {
        for (machines, _, names) in OF_MACHINES {
            let has = |name: &str| machines.iter().all(|machine| syscall::number(*machine, name).is_some());
            assert!(names.split(' ').all(has), "{names}");
        }
        let rows: Vec<_> = rows().collect();
        for (_, names) in &rows {
            for name in names.split(' ') {
                assert!(Machine::ALL.iter().any(|machine| syscall::number(*machine, name).is_some()), "{name}");
            }
        }
        assert_eq!((rows.len(), rows.first().map(|row| row.0)), (40, Some(Version(7, 0))));
        assert!(rows.windows(2).all(|two| two[0].0 > two[1].0));
    }
}
