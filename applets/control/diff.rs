//! `auditctl --diff A [B|kernel]`: two sets of rules compared by their meaning.

use super::check::sources;
use super::mode_options::{Options, WRONG};
use super::rules_file::{self, SourceFile};
use super::{Failure, RuleHost, listing, open_kernel};
use crate::output::{complain, say, show};
use auditbox::abi::Status;
use auditbox::abi::rule::MASK_WORDS;
use auditbox::rule::check::{self, Finding, codes, format};
use auditbox::rule::diff::{Difference, diff, idle};
use auditbox::rule::{Host, Rule, Step, SyscallMask, convert, file};
use std::ffi::OsString;
use std::ptr;

/// The sets differ, and the kernel takes no changes before the next boot.
const LOCKED: u8 = 3;

/// A set of rules.
pub(super) struct Set {
    pub(super) rules: Vec<Rule>,
    /// It is the kernel's, which takes no more changes.
    is_locked: bool,
}

/// Shows the differences; returns 0 when there are none, 1 when there are, 3 when there are and the kernel is locked, 2 when a
/// set cannot be had.
pub(super) fn run(options: &Options) -> u8 {
    let kernel = OsString::from("kernel");
    let (first, second) = match options.names.as_slice() {
        [first] => (first, &kernel),
        [first, second] if first != "-" || second != "-" => (first, second),
        _ => {
            say("auditctl: --diff needs one or two of: a file, a directory, - for standard input, kernel");
            return WRONG;
        }
    };
    let host = options.host();
    match set(first, &host).and_then(|a| Ok((a, set(second, &host)?))) {
        Ok((a, b)) => {
            let mut differences = diff(&a.rules, &b.rules, host.machine());
            if !differences.is_empty() {
                let idle = [idle(&a.rules, host.machine()), idle(&b.rules, host.machine())].concat();
                differences.retain(|difference| match difference {
                    Difference::Removed(rule) | Difference::Added(rule) => {
                        !idle.iter().any(|idle| ptr::eq(*idle, *rule))
                    }
                    Difference::KeyChanged(..) | Difference::Moved(..) => true,
                });
            }
            let mut out = Vec::new();
            differences.iter().for_each(|difference| print(difference, &host, &mut out));
            show(&out);
            match differences.is_empty() {
                true => 0,
                false if a.is_locked || b.is_locked => LOCKED,
                false => 1,
            }
        }
        Err(status) => status,
    }
}

pub(super) fn print(difference: &Difference, host: &RuleHost, out: &mut Vec<u8>) {
    let (what, rules) = match difference {
        Difference::Removed(rule) => ("removed", vec![*rule]),
        Difference::Added(rule) => ("added", vec![*rule]),
        Difference::KeyChanged(from, to) => ("key changed", vec![*from, *to]),
        Difference::Moved(rule, other) => ("moved", vec![*rule, *other]),
    };
    let mark = match difference {
        Difference::Moved(..) => "          after",
        _ => "             to",
    };
    for (place, rule) in rules.into_iter().enumerate() {
        print_rule(if place == 0 { what } else { mark }, rule, host, out);
    }
}

/// A rule, and what is said of it.
pub(super) fn print_rule(what: &str, rule: &Rule, host: &RuleHost, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{what}: ").as_bytes());
    out.extend(line_of(rule, host));
}

/// A rule as it is listed. What would be read back as another rule is shown as what it is: a `never` rule that is listed as a watch, a
/// -w for a directory where there is none or the reverse.
pub(super) fn line_of(rule: &Rule, host: &RuleHost) -> Vec<u8> {
    let listed = listing::rules(std::slice::from_ref(rule), host, false);
    let mut whole = rule.clone();
    // KERNEL: the bits of classes do not come back.
    if rule.syscalls.is_full(MASK_WORDS - 1) {
        whole.syscalls = SyscallMask::ALL;
    }
    let is_read_back = || {
        let line = file::lines(&listed).next()?;
        Some(rules_file::plan(line.words.as_ref().ok()?, host).steps == [Step::AddRule(whole.clone())])
    };
    match convert::watch(&whole, host).filter(|_| !listed.starts_with(b"-a") && is_read_back() != Some(true)) {
        Some(line) => [line.as_slice(), b"\n"].concat(),
        None => listed,
    }
}

/// The rules that a name stands for; otherwise says why not and returns the exit status.
pub(super) fn set(name: &OsString, host: &RuleHost) -> Result<Set, u8> {
    if name == "kernel" {
        let fail = |failure| match failure {
            Failure::Step(message) | Failure::End(message, _) => {
                say(message);
                WRONG
            }
            Failure::Disabled => {
                say(super::DISABLED);
                WRONG
            }
        };
        let snapshot = open_kernel(host).map_err(|_| WRONG)?.snapshot().map_err(fail)?;
        return Ok(Set { rules: snapshot.rules, is_locked: snapshot.status.enabled == Status::LOCKED });
    }
    let read =
        rules_file::read_named(std::slice::from_ref(name)).and_then(|rules| in_force(&rules.files, rules.is_set, host));
    let rules = read.map_err(|message| {
        say(format!("auditctl: {message}"));
        WRONG
    })?;
    Ok(Set { rules, is_locked: false })
}

/// The rules that a kernel without rules has once all lines are loaded. Lines that are not loaded are said; when loading stops at one
/// there is no such set. At a rule that is there already only a load stops that is not --atomic.
pub(super) fn in_force(files: &[SourceFile], is_set: bool, host: &RuleHost) -> Result<Vec<Rule>, String> {
    let sources = sources(files);
    let (rules, not_loaded) = check::in_force(&sources, is_set, &check::Target::of(host));
    let mut said = Vec::new();
    format::write(&not_loaded, &sources, format::Format::Compact, &mut said);
    complain(&said);
    let place = |finding: &Finding| {
        let name = files.get(finding.span.file).map_or("", |file| &file.name);
        format!("{name}:{}", finding.span.line)
    };
    let (twice, stops): (Vec<_>, Vec<_>) =
        not_loaded.iter().filter(|finding| finding.stops).partition(|finding| finding.code == &codes::DUPLICATE);
    if let Some(first) = stops.first() {
        return Err(format!("loading stops at {}", place(first)));
    }
    if let Some(first) = twice.first() {
        say(format_args!("auditctl: loading without --atomic, -c or -i stops at {}", place(first)));
    }
    for (name, line) in rules_file::lines(files, is_set) {
        rules_file::warn_of_pasted(name, &line);
    }
    Ok(rules)
}
