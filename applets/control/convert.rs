//! `auditctl --convert FILE`: the same rules, with old style watches as system call rules.

use super::mode_options::{Options, WRONG};
use super::rules_file;
use crate::output::{say, show_file};
use auditbox::rule::file::{self, Line};
use auditbox::rule::{Step, convert};

/// Shows each file with its watches rewritten; everything else stays as it is, comments too. Returns the exit status.
pub(super) fn run(options: &Options) -> u8 {
    let host = options.host();
    if !options.knows_paths() {
        say("auditctl: --convert looks whether paths are directories, and goes not with --no-host");
        return WRONG;
    }
    if options.names.is_empty() {
        say("auditctl: --convert needs rules: files, directories, or - for standard input");
        return WRONG;
    }
    let rules = match rules_file::read_named(&options.names) {
        Ok(rules) => rules,
        Err(message) => {
            say(format!("auditctl: {message}"));
            return WRONG;
        }
    };
    let mut out = Vec::new();
    for source in &rules.files {
        // The last line of a file may have no end.
        if out.last().is_some_and(|byte| *byte != b'\n') {
            out.push(b'\n');
        }
        let converted = |line: &Line| {
            let words = line.words.as_ref().ok()?;
            let plan = rules_file::plan(words, &host);
            match (&plan.refusal, plan.steps.as_slice()) {
                (None, [Step::AddRule(rule)]) if words.first()?.text.starts_with(b"-w") => {
                    rules_file::warn_of_pasted(&source.name, line);
                    convert::watch(rule, &host)
                }
                _ => None,
            }
        };
        let mut at = 0;
        for line in file::lines(&source.text) {
            let Some(rule) = converted(&line) else { continue };
            out.extend_from_slice(source.text.get(at..line.start).unwrap_or_default());
            out.extend(rule);
            at = line.start + line.text.len();
        }
        out.extend_from_slice(source.text.get(at..).unwrap_or_default());
    }
    show_file(&out);
    0
}
