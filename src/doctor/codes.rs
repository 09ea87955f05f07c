//! What the doctor can find, each under a code that stays the same for ever. docs/doctor.md explains them; `tests.rs` has facts that
//! show each.

use crate::tables::codes::{self, codes};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Something is missing from the trail, or will be.
    Warning,
    /// Nothing is collected, or what is cannot be trusted.
    Broken,
}

impl Severity {
    /// The word in output.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Broken => "broken",
        }
    }
}

/// One kind of finding: `AD` and three digits.
pub type Code = codes::Code<Severity>;

codes! {
    /// All of them, ids rising.
    #[cfg(test)]
    pub(super) static ALL: Severity;
    NO_AUDIT "AD101" "no-audit" Broken "This kernel has no audit support; it needs CONFIG_AUDIT and CONFIG_AUDITSYSCALL.";
    BOOT_OFF "AD102" "boot-off" Broken "The kernel is started with audit=0 and audits nothing until it is started without.";
    BOOT_LATE "AD103" "boot-late" Warning "The kernel is started without audit=1: processes that are older than the daemon are never audited.";
    DISABLED "AD104" "disabled" Broken "Auditing is switched off.";
    LOST "AD105" "lost" Warning "The kernel had no space for events and lost them.";
    RATE_LIMIT "AD106" "rate-limit" Warning "The kernel drops the events of a second beyond its rate limit.";
    SMALL_BACKLOG "AD107" "small-backlog" Warning "The backlog limit is no more than the kernel's default of 64; a burst of events overruns it.";
    NO_CAPABILITY "AD201" "no-capability" Broken "Root has no CAP_AUDIT_CONTROL here, so that no daemon can run and no rule be loaded.";
    NAMESPACE "AD202" "namespace" Broken "The kernel takes a daemon and rules only from the first user and pid namespaces.";
    NO_DAEMON "AD203" "no-daemon" Broken "No daemon takes the events; the kernel prints some of them to its own log.";
    FOREIGN_DAEMON "AD204" "foreign-daemon" Broken "A process that is no auditd takes the events, and none reaches the log.";
    NOT_AT_BOOT "AD205" "not-at-boot" Warning "The daemon is not started when the machine is.";
    SECOND_COPY "AD206" "second-copy" Warning "journald reads a second copy of every event into the journal.";
    SUSPENDED "AD207" "suspended" Broken "The daemon does not write to its log.";
    BLOCKED "AD208" "blocked" Warning "A part of the daemon has been standing still.";
    NO_RULES "AD301" "no-rules" Warning "The kernel has no rules, and no system call or file is watched.";
    NEVER_TASK "AD302" "never-task" Broken "A task,never rule: no process that is started from now on is audited.";
    RULES_REFUSED "AD303" "rules-refused" Broken "A line of the rules is refused, and those after it are not loaded.";
    NOT_MERGED "AD304" "not-merged" Warning "audit.rules is not what rules.d says.";
    NOT_LOADED "AD305" "not-loaded" Warning "The kernel's rules are not those of audit.rules.";
    LOCKED_OLD "AD306" "locked-old" Warning "The kernel's rules are not those of audit.rules, and locked until the next boot.";
    LOCKED "AD307" "locked" Note "The rules are locked until the next boot.";
    LOG_FULL "AD401" "log-full" Broken "The log's file system has less space than admin_space_left asks for, or none.";
    LOG_LOW "AD402" "log-low" Warning "The log's file system has less space than space_left asks for, or less than a twentieth.";
    LOG_UNBOUNDED "AD403" "log-unbounded" Warning "The log may grow beyond the file system that it shares with the rest of the system.";
    LOG_SHARED "AD404" "log-shared" Note "The log shares its file system with the rest of the system.";
    CLOCK_BACK "AD405" "clock-back" Warning "The clock is before the last event of the log; searches by time miss events.";
    WRITABLE "AD501" "writable" Broken "Others than root can change what decides on auditing, or the log.";
    TOO_OPEN "AD502" "too-open" Warning "More may read it than need to.";
    UNSAFE_DIRECTORY "AD503" "unsafe-directory" Broken "The way to the log leads through a directory of others, and the daemon does not start.";
    CONFIG_REFUSED "AD601" "config-refused" Broken "The daemon does not start with its configuration.";
    CONFIG_DOUBTFUL "AD602" "config-doubtful" Warning "The daemon warns of its configuration.";
    PLUGIN_REFUSED "AD603" "plugin-refused" Warning "A plugin's file, or the program it names, is refused.";
    PLUGIN_DOWN "AD604" "plugin-down" Warning "A plugin that is configured does not run.";
    PLUGIN_BEHIND "AD605" "plugin-behind" Warning "A plugin is too slow and has lost records.";
    NO_LOGIN_UID "AD701" "no-login-uid" Warning "No service of PAM sets the login uid, so that events do not say who logged in.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_and_names_differ() {
        assert!(ALL.windows(2).all(|two| two[0].id < two[1].id));
        let mut names: Vec<&str> = ALL.iter().map(|code| code.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }
}
