//! `auditctl --convert FILE`: the same rules, with old style watches as system call rules.

use super::mode_options::{Options, WRONG};
use super::rules_file::{self, FileLine};
use super::{RuleHost, say_refusal};
use crate::output::{say, show_file};
use auditbox::rule::file::{self, Line};
use auditbox::rule::typography::lookalikes;
use auditbox::rule::{Step, convert};
use std::fmt::Display;

/// Shows each file with its watches rewritten; everything else stays as it is, comments too. Returns the exit status, 1 when a watch
/// stays as well: it is refused, or no other line says the same.
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
        let mut at = 0;
        for line in file::lines(&source.text) {
            match converted(&source.name, &line, &host) {
                Ok(None) => continue,
                Ok(Some(rule)) => {
                    out.extend_from_slice(source.text.get(at..line.start).unwrap_or_default());
                    out.extend(rule);
                    at = line.start + line.text.len();
                }
                Err(Stays) => status = 1,
            }
        }
        out.extend_from_slice(source.text.get(at..).unwrap_or_default());
    }
    show_file(&out);
    status
}

/// A watch stays as it is; why has been said.
struct Stays;

/// The line that a watch becomes; `None` when the line has none.
fn converted(name: &str, line: &Line, host: &RuleHost) -> Result<Option<Vec<u8>>, Stays> {
    let number = line.number;
    let stays = |why: &dyn Display| {
        say(format_args!("{name}:{number}: {why}"));
        Stays
    };
    let words = match &line.words {
        Ok(words) => words,
        Err(error) => return Err(stays(error)),
    };
    let plan = rules_file::plan(words, host);
    match (&plan.refusal, plan.steps.as_slice()) {
        // It may be refused before its -w is read, or for a pasted character in it.
        (Some(refusal), _)
            if words.iter().any(|word| word.text.starts_with(b"-w")) || lookalikes(line.text).next().is_some() =>
        {
            say_refusal(refusal, &FileLine { name, number, text: line.text, words });
            Err(Stays)
        }
        (None, [Step::AddRule(rule)]) if plan.is_watch() => {
            let rule = convert::watch(rule, host).ok_or_else(|| stays(&"no rule without -w is surely the same"))?;
            rules_file::warn_of_pasted(name, line);
            Ok(Some(rule))
        }
        (None, _) if plan.is_watch() => Err(stays(&"asks for more than a watch")),
        _ => Ok(None),
    }
}
