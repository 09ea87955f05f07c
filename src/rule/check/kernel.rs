//! Which kernel brought what rules can speak of.

use super::super::model::{FieldId, List, Operator, Rule, RuleField};
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
    (FieldId::FSTYPE, Version(4, 13)),
    (FieldId::SADDR_FAM, Version(5, 3)),
    (FieldId::FIELD_COMPARE, Version(3, 3)),
];

/// KERNEL: the first version that has the list.
const LISTS: [(List, Version); 2] = [(List::FILESYSTEM, Version(4, 13)), (List::IO_URING, Version(5, 16))];

/// KERNEL: the first version that has these calls, newest first.
const CALLS: &str = "\
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
5.1 io_uring_setup io_uring_enter io_uring_register pidfd_send_signal
4.18 rseq io_pgetevents
4.11 statx
4.9 pkey_mprotect pkey_alloc pkey_free
4.6 preadv2 pwritev2
4.5 copy_file_range
4.3 userfaultfd membarrier
3.19 execveat
3.17 memfd_create getrandom kexec_file_load
3.15 renameat2";

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

/// KERNEL: 4.8 looks at more on the list exclude than msgtype; 4.18 has exe on other lists than exit, and with `!=`.
fn newer_field(list: List, field: &RuleField, kernel: Version) -> Option<(String, Version)> {
    let name = field.id.name()?;
    let on_list = || format!("the field {name} on the {} list", list.name().unwrap_or_default());
    let in_use = match field.id {
        FieldId::EXE if field.operator != Operator::EQUAL => Some(("exe with !=".to_owned(), Version(4, 18))),
        FieldId::EXE if list != List::EXIT => Some((on_list(), Version(4, 18))),
        FieldId::MSGTYPE | FieldId::KEY => None,
        _ if list == List::EXCLUDE => Some((on_list(), Version(4, 8))),
        _ => None,
    };
    let by_itself = || Some((format!("the field {name}"), FIELDS.iter().find(|row| row.0 == field.id)?.1));
    [by_itself(), in_use].into_iter().flatten().find(|(_, since)| *since > kernel)
}

/// The calls of a rule that are newer than `kernel`.
pub(super) fn newer_calls(rule: &Rule, machine: Machine, kernel: Version) -> Vec<(&'static str, Version)> {
    let newer = rows().filter(|(since, _)| *since > kernel);
    let named = newer.flat_map(|(since, names)| names.split(' ').map(move |name| (name, since)));
    named.filter(|(name, _)| syscall::number(machine, name).is_some_and(|n| rule.syscalls.contains(n))).collect()
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
        let rows: Vec<_> = rows().collect();
        for (_, names) in &rows {
            for name in names.split(' ') {
                assert!(Machine::ALL.iter().any(|machine| syscall::number(*machine, name).is_some()), "{name}");
            }
        }
        assert_eq!((rows.len(), rows.first().map(|row| row.0)), (31, Some(Version(6, 17))));
        assert!(rows.windows(2).all(|two| two[0].0 > two[1].0));
    }
}
