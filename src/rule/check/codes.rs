//! What the check can say, each under a code that stays the same for ever. auditctl(8) lists them; tests/it/checking.rs has a bad and a
//! good file for each.

use crate::tables::codes::{self, codes};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Note,
    /// Probably not what was meant.
    Warning,
    /// Will not load, or will not do what it says.
    Error,
}

impl Level {
    /// `note`, `warning` or `error`.
    pub fn name(self) -> &'static str {
        match self {
            Level::Note => "note",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }

    /// The level called `name`; `warn` is short for `warning`.
    pub fn named(name: &[u8]) -> Option<Level> {
        Some(match name {
            b"note" => Level::Note,
            b"warning" | b"warn" => Level::Warning,
            b"error" => Level::Error,
            _ => return None,
        })
    }
}

/// One kind of finding: `AB` and three digits.
pub type Code = codes::Code<Level>;

codes! {
    /// All of them, ids rising.
    pub static ALL: Level;
    SYNTAX "AB001" "syntax" Error "The line is refused; loading stops here.";
    UNKNOWN_SYSCALL "AB002" "unknown-syscall" Error "The machine has no such system call; loading stops here.";
    UNKNOWN_NAME "AB003" "unknown-name" Error "The host has no such user or group; loading stops here.";
    KERNEL_TOO_OLD "AB004" "kernel-too-old" Warning "The rule needs a newer kernel.";
    TOO_MANY_FIELDS "AB005" "too-many-fields" Error "A rule has room for 63 fields.";
    DUPLICATE "AB006" "duplicate" Error "The kernel refuses a rule that it has; loading stops here without -c or -i.";
    REFUSED_BY_KERNEL "AB007" "refused-by-kernel" Error "auditctl takes the line, but the kernel refuses the rule or setting.";
    PASTED "AB008" "pasted-character" Warning "A character that looks like a plain one, or like nothing, is part of the word.";
    LITERAL "AB009" "taken-literally" Warning "Quotes, wildcards and variables are part of the value; a number may be read as another.";
    NOT_THERE "AB010" "nothing-to-delete" Error "The kernel has no such rule to delete; loading stops here without -c or -i.";
    NO_ARCH "AB101" "no-arch" Warning "Calls are named without -F arch, so that the numbers of one width are looked for in both.";
    ONE_ABI "AB102" "one-abi" Warning "Programs of the other width make the same calls unseen.";
    WRONG_ABI_CALL "AB103" "wrong-abi-call" Error "The call exists only for programs of the other width; loading stops here.";
    CALL_CLASS "AB104" "call-class" Warning "The numbers 2032 to 2047 are no calls: the kernel takes each for a class of calls.";
    EXCLUDED_ARCH "AB105" "excluded-arch" Error "With -F arch!= the calls are looked for by the numbers of the arch that the rule is not for.";
    SHADOWED "AB201" "shadowed" Error "An earlier rule with another action takes every event of this one.";
    REDUNDANT "AB202" "redundant" Warning "An earlier rule with the same action takes every event of this one, whose key never appears.";
    NEVER_OVERLAP "AB203" "never-overlap" Note "An earlier never rule takes some calls of this rule.";
    NEVER_TASK "AB204" "never-task" Error "No process started from now on is audited.";
    UNSATISFIABLE "AB205" "unsatisfiable" Error "No event can match the rule.";
    AUID_UNSET "AB206" "auid-unset" Warning "An unset auid is 4294967295, and so greater than every user.";
    OR_BY_AND "AB207" "or-by-and" Warning "All fields of a rule must hold together; these read like alternatives.";
    AFTER_LOCK "AB208" "after-lock" Error "The order of lines undoes or forbids what was meant.";
    UNTESTED "AB209" "untested-field" Error "The kernel cannot test the field on this list: it keeps the record and tries no later rule.";
    EXIT_UNSIGNED "AB210" "exit-unsigned" Warning "A failed call returns -1 to -4095, and so more than any that succeeds.";
    HOT_SYSCALL "AB301" "hot-syscall" Warning "The rule records calls that programs make all the time.";
    WATCH_FORM "AB302" "watch-form" Note "-w is the old form of -F path or dir with -F perm; newer versions of auditctl warn of it.";
    FIELD_ORDER "AB303" "field-order" Note "Fields are tested from left to right; a cheap test after a dear one costs more.";
    MERGEABLE "AB304" "mergeable" Note "Two rules that differ in their calls alone cost more than one.";
    MISSING_KEY "AB305" "missing-key" Note "Without a key the events cannot be found by it.";
    MISSING_PATH "AB401" "missing-path" Warning "The watched path does not exist, or may be mounted after the rule is loaded.";
    NO_LOCK "AB402" "no-lock" Note "The rules can be changed until the next boot: there is no -e 2 at the end.";
    LINKED_DIRECTORY "AB403" "linked-directory" Warning "The path of the directory ends with a link: the kernel watches the link alone.";
    PROFILE_RULE "AB501" "profile-rule" Warning "The profile has a rule that is not here.";
    PROFILE_KEY "AB502" "profile-key" Note "The profile's rule has another key here.";
    PROFILE_ORDER "AB503" "profile-order" Warning "Two rules of the profile stand in another order here, which decides about some events.";
    PROFILE_SETTING "AB504" "profile-setting" Warning "The profile sets something that is not set so here.";
    PROFILE_HIDDEN "AB505" "profile-hidden" Warning "The rule takes calls or all events of a rule of the profile, and does something else or has another key.";
    UNUSED_SUPPRESSION "AB900" "unused-suppression" Warning "A suppression suppresses nothing, or gives no reason.";
}

impl Code {
    /// A line with such an error is not loaded: those of the first class, and two that were born in others.
    pub(super) fn is_about_loading(&self) -> bool {
        self.id < "AB1" || [&WRONG_ABI_CALL, &AFTER_LOCK].contains(&self)
    }
}

/// The code with this id, letters of either case.
pub fn named(id: &[u8]) -> Option<&'static Code> {
    ALL.iter().find(|code| code.id.as_bytes().eq_ignore_ascii_case(id)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_and_are_found() {
        assert!(ALL.windows(2).all(|two| two[0].id < two[1].id));
        assert_eq!(named(b"ab201"), Some(&SHADOWED));
        assert_eq!(named(b"AB2011"), None);
    }
}
