//! libaudit.conf(5): what a program is to do when it cannot send its event to the kernel.
//!
//! It is for programs that write records of their own, which ask for it and obey it; none of the commands here does.
//! `host::config_file` reads the file itself.

use super::slot::word_enum;
use super::{ConfigError, Diagnostic, HostChecks, Key, Slot, row};

/// Bytes of a line that count. COMPAT: the reference's buffer.
const LONGEST_LINE: usize = 127;

word_enum! {
    /// What to do about an event that could not be sent.
    FailureAction {
        /// Go on.
        Ignore = "ignore",
        /// Tell the system log, and go on.
        Log = "log",
        /// End the program.
        Terminate = "terminate",
    }
}

const KEYS: &[Key<FailureAction>] = &[row("failure_action", |action| Slot::Choice(action))];

/// Reads a libaudit.conf. A file that does not say is [`FailureAction::Ignore`], and so it is to be after an error.
pub fn parse(text: &[u8], file: &str, diagnostics: &mut Vec<Diagnostic>) -> Result<FailureAction, ConfigError> {
    let mut action = FailureAction::Ignore;
    let mut lines = Vec::new();
    for line in text.split(|&b| b == b'\n') {
        lines.extend_from_slice(line.get(..LONGEST_LINE).unwrap_or(line));
        lines.push(b'\n');
    }
    super::read(&lines, file, super::MAX_LINE, KEYS, &mut action, &Nowhere, diagnostics)?;
    Ok(action)
}

/// No value of this file refers to anything.
pub struct Nowhere;

impl HostChecks for Nowhere {
    fn group_id(&self, _: &str) -> Option<u32> {
        None
    }

    fn check_helper(&self, _: &str) -> Result<(), String> {
        Ok(())
    }

    fn check_log(&self, _: &str, _: &mut Vec<Diagnostic>) -> Result<(), String> {
        Ok(())
    }

    fn can_mail(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<FailureAction, String> {
        parse(text.as_bytes(), "l.conf", &mut Vec::new()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_action_is_one_of_three_words_in_any_case_and_the_last_line_counts() {
        assert_eq!(read("failure_action = ignore\n"), Ok(FailureAction::Ignore));
        assert_eq!(read("# what to do\n\nFAILURE_ACTION = Log"), Ok(FailureAction::Log));
        assert_eq!(read("failure_action = log\nfailure_action = terminate\n"), Ok(FailureAction::Terminate));
        for empty in ["", "\n", "# failure_action = log\n"] {
            assert_eq!(read(empty), Ok(FailureAction::Ignore));
        }
    }

    #[test]
    fn what_is_no_action_is_refused_with_its_line() {
        assert_eq!(read("\nfailure_action = panic"), Err("Option panic not found - line 2".to_string()));
        assert_eq!(read("failure = log"), Err("Unknown keyword \"failure\" in line 1 of l.conf".to_string()));
        assert_eq!(read("failure_action log"), Err("Not processing any more lines in l.conf".to_string()));
        assert_eq!(read("failure_action ="), Err("Not processing any more lines in l.conf".to_string()));
    }

    #[test]
    fn a_line_counts_up_to_its_127th_byte() {
        let line = format!("{:<127}", "failure_action = log");
        assert_eq!(read(&format!("{line} and more words")), Ok(FailureAction::Log));
        assert_eq!(read(&format!("# {}\u{e9}\nfailure_action = log", "x".repeat(124))), Ok(FailureAction::Log));
    }
}
