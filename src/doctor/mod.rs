//! What commonly goes wrong with auditing, and the one command that mends it: `auditbox doctor`.
//!
//! Facts in, findings out. The applet gathers [`Facts`] about a machine or an image; [`examine()`] compares them with what should be,
//! one [`Code`] a kind of illness; [`text`] and [`json()`] write the result down. What could not be looked at is a fact as well.
//!
//! Names of files, processes and plugins belong to whoever made them: text is escaped as for a terminal, so that none ends a line,
//! and a command is only given where every name in it is printable ASCII, in quotes where a shell would look into it.

pub mod codes;
mod command;
mod examine;
mod facts;
#[cfg(test)]
mod tests;

pub use codes::{Code, Severity};
pub use examine::examine;
pub use facts::{
    BootLoader, Daemon, Facts, FileFact, FileKind, Init, KernelAnswer, LogFacts, PluginState, Rights, RuleLine,
    RulesFacts, Unseen,
};

use crate::text::escape::Escape;
use crate::text::json;

/// One illness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub code: &'static Code,
    /// What was seen, in a sentence.
    pub text: Vec<u8>,
    /// What mends it, for a shell of root's; empty where no one command does.
    pub command: String,
}

/// The exit status that findings ask for: 0 healthy, 1 with warnings, 2 broken.
pub fn status(findings: &[Finding]) -> u8 {
    findings.iter().map(|finding| finding.code.level as u8).max().unwrap_or(0)
}

/// For people: a line a finding, below it the command that mends it; then what was not looked at, and the counts.
pub fn text(findings: &[Finding], unseen: &[Unseen], out: &mut Vec<u8>) {
    for Finding { code, text, command } in findings {
        push(out, &[code.level.name(), " ", code.id, " ", code.name, ": "]);
        crate::text::escape::escape(text, Escape::Tty, out);
        out.push(b'\n');
        if !command.is_empty() {
            push(out, &["    mend: ", command, "\n"]);
        }
    }
    for Unseen { what, why } in unseen {
        push(out, &["not looked at: ", what, " ("]);
        crate::text::escape::escape(why.as_bytes(), Escape::Tty, out);
        out.extend_from_slice(b")\n");
    }
    let count = |severity| findings.iter().filter(|finding| finding.code.level == severity).count();
    let counts = [(count(Severity::Broken), " broken, "), (count(Severity::Warning), " warnings, ")];
    for (count, word) in counts.into_iter().chain([(count(Severity::Note), " notes\n")]) {
        crate::text::number::push(out, count as u64);
        push(out, &[word]);
    }
}

/// For programs: one object.
pub fn json(findings: &[Finding], unseen: &[Unseen], out: &mut Vec<u8>) {
    json::push_object(out, |object| {
        object.text("status", ["healthy", "warnings", "broken"][usize::from(status(findings).min(2))]);
        object.array("findings", |array| {
            for Finding { code, text, command } in findings {
                array.object(|object| {
                    object.text("code", code.id);
                    object.text("name", code.name);
                    object.text("severity", code.level.name());
                    object.text("text", text);
                    object.text("command", command);
                });
            }
        });
        object.array("unseen", |array| {
            for Unseen { what, why } in unseen {
                array.object(|object| {
                    object.text("what", what);
                    object.text("why", why);
                });
            }
        });
    });
    out.push(b'\n');
}

fn push(out: &mut Vec<u8>, parts: &[&str]) {
    parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
}
