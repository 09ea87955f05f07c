//! Loading that is all or nothing: `auditctl -R FILE --atomic`, `augenrules --load --atomic`.
//!
//! Every line is read and judged first; a set with a mistake changes nothing. When the kernel refuses a rule all the same, the
//! rules and settings that were there are put back. Afterwards the kernel's list is read and compared by meaning. What cannot
//! be taken back, the lock of -e 2 and the features, comes last.

use super::rules_file::{self, FileLine, Rules};
use super::{DISABLED, Executor, Failure, Kernel, RuleHost, ready, say_refusal};
use crate::output::{say, show};
use auditbox::abi::Status;
use auditbox::rule::check::{Version, newer_parts};
use auditbox::rule::file::Line;
use auditbox::rule::{Applied, FieldId, Host, Plan, Reason, Rule, RuleSet, Step, Value, diff::diff, parent};
use auditbox::sys::process;
use auditbox::sys::signals::EndDeferred;
use auditbox::text::escape::lossy;

/// A line that is to be loaded.
struct Planned<'t> {
    name: &'t str,
    line: Line<'t>,
    plan: Plan,
}

/// Everything that is to be loaded.
struct Load<'t> {
    lines: Vec<Planned<'t>>,
    /// Rules that were left out.
    skipped: usize,
}

/// Loads rules whole or not at all, and returns the exit status. With `skip_missing` rules for users and paths that the host
/// has not are left out, and named.
pub(crate) fn load(rules: &Rules, skip_missing: bool, host: &RuleHost, kernel: &mut Kernel) -> u8 {
    if let Err(status) = ready(kernel) {
        return status;
    }
    let Some(load) = read(rules, skip_missing, host) else {
        say("nothing has been changed");
        return 1;
    };
    // Nobody ends this with half a set in force.
    let _deferred = EndDeferred::begin();
    let before = match kernel.snapshot() {
        Ok(before) => before,
        Err(failure) => return fail(failure),
    };
    match load.execute(&before.rules, host, kernel) {
        Ok(()) => {
            show(load.summary().as_bytes());
            0
        }
        Err(failure) => {
            let status = fail(failure);
            match kernel.restore(&before) {
                Ok(()) => say(format_args!("the rules that were there are in force again: {}", before.rules.len())),
                Err(failure) => {
                    fail(failure);
                    say("the rules that were there could not be put back whole; see auditctl -l");
                }
            }
            status.max(1)
        }
    }
}

/// Prints what would be sent, if the set is right; returns the exit status.
pub(crate) fn dry_run(rules: &Rules, skip_missing: bool, host: &RuleHost, executor: &mut dyn Executor) -> u8 {
    let Some(load) = read(rules, skip_missing, host) else { return 1 };
    let steps = load.lines.iter().flat_map(|planned| &planned.plan.steps);
    steps.map(|step| executor.execute(step)).find_map(Result::err).map_or(0, fail)
}

/// Says why something failed and returns the exit status.
fn fail(failure: Failure) -> u8 {
    match failure {
        Failure::Step(message) => {
            say(message);
            1
        }
        Failure::End(message, status) => {
            say(message);
            status
        }
        Failure::Disabled => {
            say(DISABLED);
            1
        }
    }
}

/// Reads and judges all lines; `None`, and every mistake named, when there are any.
fn read<'t>(rules: &'t Rules, skip_missing: bool, host: &RuleHost) -> Option<Load<'t>> {
    let mut load = Load { lines: Vec::new(), skipped: 0 };
    let mut is_right = true;
    let mut is_locked = false;
    rules_file::warn_of_hidden(&rules.files);
    for (name, line) in rules_file::lines(&rules.files, rules.is_set) {
        let number = line.number;
        let words = match &line.words {
            Ok(words) => words,
            Err(error) => {
                say(format_args!("{name}:{number}: {error}"));
                is_right = false;
                continue;
            }
        };
        let plan = rules_file::plan(words, host);
        if let Some(missing) = missing(&plan, host).filter(|_| skip_missing) {
            say(format_args!("{name}:{number}: skipped: {missing}"));
            load.skipped += 1;
            continue;
        }
        if let Some(refusal) = &plan.refusal {
            say_refusal(refusal, &FileLine { name, number, text: line.text, words });
            is_right = false;
        }
        if let Some(reason) = misplaced(&plan, is_locked) {
            say(format_args!("{name}:{number}: {reason}"));
            is_right = false;
        }
        is_locked |= plan.steps.iter().any(is_lock);
        if plan.refusal.is_none() {
            rules_file::warn_of_pasted(name, &line);
        }
        load.lines.push(Planned { name, line, plan });
    }
    is_right.then_some(load)
}

/// What the host lacks for a line: a user or group, or a path without which the kernel refuses the rule.
fn missing(plan: &Plan, host: &RuleHost) -> Option<String> {
    if let Some(refusal) = &plan.refusal {
        let is_name = matches!(refusal.reason, Reason::UserUnknown { .. } | Reason::GroupUnknown { .. });
        return is_name.then(|| refusal.to_string());
    }
    let rules = plan.steps.iter().filter_map(|step| match step {
        Step::AddRule(rule) => Some(rule),
        _ => None,
    });
    rules.flat_map(|rule| &rule.fields).find_map(|field| {
        let Value::Text(path) = &field.value else { return None };
        let needed: &[u8] = match field.id {
            FieldId::PATH => parent(path),
            FieldId::DIR | FieldId::EXE => path,
            _ => return None,
        };
        (!host.exists(needed)).then(|| format!("{} does not exist", lossy(needed)))
    })
}

/// Why a line cannot be part of such a set, if it cannot.
fn misplaced(plan: &Plan, is_locked: bool) -> Option<&'static str> {
    plan.steps.iter().find_map(|step| match step {
        Step::ShowStatus { .. } | Step::IgnoreErrors | Step::ContinueOnErrors | Step::SetFeature(_) => None,
        Step::ShowUsage | Step::ShowVersion | Step::ListRules { .. } | Step::Message { .. } | Step::Signal(_) => {
            Some("this shows something or cannot be undone; it has no place here")
        }
        _ if is_locked => Some("comes after -e 2: the kernel takes no more changes"),
        _ => None,
    })
}

fn is_lock(step: &Step) -> bool {
    matches!(step, Step::Set(status) if status.enabled == Status::LOCKED)
}

/// What cannot be undone.
fn is_final(step: &Step) -> bool {
    is_lock(step) || matches!(step, Step::SetFeature(_))
}

impl Load<'_> {
    fn summary(&self) -> String {
        let adds = |planned: &&Planned| planned.plan.steps.iter().any(|step| matches!(step, Step::AddRule(_)));
        let loaded = self.lines.iter().filter(adds).count();
        let skipped = if self.skipped > 0 { format!(", {} skipped", self.skipped) } else { String::new() };
        format!("loaded {loaded}/{}{skipped}\n", loaded + self.skipped)
    }

    /// Does all steps, and looks whether the kernel then has the rules that it should have.
    fn execute(&self, before: &[Rule], host: &RuleHost, kernel: &mut Kernel) -> Result<(), Failure> {
        let mut wanted = RuleSet::listed(before.iter().cloned(), 0);
        for planned in &self.lines {
            for step in planned.plan.steps.iter().filter(|step| !is_final(step)) {
                if let Applied::Duplicate(_) = wanted.apply(step, planned.line.number) {
                    say(format_args!("{}:{}: the rule is there already", planned.name, planned.line.number));
                    continue;
                }
                execute(step, kernel).map_err(|failure| planned.explain(failure, step))?;
            }
        }
        let wanted: Vec<Rule> = wanted.rules().cloned().collect();
        let found = kernel.snapshot()?.rules;
        let differences = diff(&wanted, &found, host.machine()).len();
        if differences > 0 {
            return Err(Failure::Step(format!(
                "rules in which the kernel's list differs from what was loaded: {differences}"
            )));
        }
        for planned in &self.lines {
            for step in planned.plan.steps.iter().filter(|step| is_final(step)) {
                kernel.execute(step).map_err(|failure| planned.explain(failure, step))?;
            }
        }
        Ok(())
    }
}

/// Does a step without showing anything.
fn execute(step: &Step, kernel: &mut Kernel) -> Result<(), Failure> {
    match step {
        Step::ShowStatus { .. } | Step::IgnoreErrors | Step::ContinueOnErrors => Ok(()),
        Step::DeleteAll { key } => kernel.delete(key),
        other => kernel.execute(other),
    }
}

impl Planned<'_> {
    /// Says which line the kernel refused, and what of it the kernel is too old for.
    fn explain(&self, failure: Failure, step: &Step) -> Failure {
        let Failure::Step(message) = failure else { return failure };
        let release = process::kernel_release();
        let newer = match (step, Version::parse(&release)) {
            (Step::AddRule(rule), Some(version)) => newer_parts(rule, version),
            _ => Vec::new(),
        };
        let why: String = newer.iter().map(|part| format!("; {part}")).collect();
        Failure::Step(format!("{}:{}: {message}{why}", self.name, self.line.number))
    }
}
