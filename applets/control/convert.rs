//! `auditctl --convert FILE`: the same rules, with old style watches as system call rules.

use super::mode_options::{Options, WRONG};
use super::rules_file::{self, FileLine};
use super::say_refusal;
use crate::output::{say, show_file};
use auditbox::rule::file::{self, Line, Word};
use auditbox::rule::{Step, convert};

/// Shows each file with its watches rewritten; everything else stays as it is, comments too. Returns the exit status, 1 when a watch
/// is refused, which stays as well.
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
    let (mut out, mut status) = (Vec::new(), 0);
    for source in &rules.files {
        // The last line of a file may have no end.
        if out.last().is_some_and(|byte| *byte != b'\n') {
            out.push(b'\n');
        }
        let mut converted = |line: &Line| {
            let words = line.words.as_ref().ok().filter(|words| words.first().is_some_and(is_watch))?;
            let plan = rules_file::plan(words, &host);
            if let Some(refusal) = &plan.refusal {
                let (name, number, text) = (source.name.as_str(), line.number, line.text);
                say_refusal(refusal, &FileLine { name, number, text, words });
                status = 1;
                return None;
            }
            match plan.steps.as_slice() {
                [Step::AddRule(rule)] => {
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
    status
}

fn is_watch(word: &Word) -> bool {
    word.text.starts_with(b"-w")
}
