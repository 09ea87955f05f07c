//! The rules of rules.d, of audit.rules and of the kernel.

use super::place::{Place, unseen};
use crate::control::{RuleHost, rules_file};
use auditbox::abi::kind;
use auditbox::doctor::{Facts, FileKind, KernelAnswer};
use auditbox::rule::{self, Host, Rule, RuleSet, Step, diff, merge};
use auditbox::sys::netlink::AuditSocket;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const DIRECTORY: &str = "/etc/audit/rules.d";
const MERGED: &str = "/etc/audit/audit.rules";

/// Files and their texts.
type Sources = Vec<(PathBuf, Vec<u8>)>;

/// What rules there are, and how they fit together.
pub(super) fn gather(place: &Place, facts: &mut Facts) {
    let (sources, merged) = match read(place, facts) {
        Ok(read) => read,
        Err(error) => return unseen(facts, "the rules' files", &error),
    };
    let host = place.rule_host(matches!(facts.kernel, KernelAnswer::Status(_)));
    if let Some((_, merged)) = merged.first().filter(|_| !sources.is_empty()) {
        facts.rules.is_merged = Some(*merged == merge::merge(sources.iter().map(|(_, text)| text.as_slice())));
    }
    let of_files = in_force(place, if sources.is_empty() { &merged } else { &sources }, &host, facts);
    facts.rules.in_files = Some(of_files.len());
    let loaded = if merged.is_empty() || facts.rules.is_merged == Some(true) {
        of_files
    } else {
        in_force(place, &merged, &host, &mut Facts::default())
    };
    if let Some(in_kernel) = in_kernel(facts) {
        facts.rules.kernel_has_never_task = in_kernel.iter().any(Rule::is_never_task);
        facts.rules.differences = Some(diff::diff(&in_kernel, &loaded, host.machine()).len());
        facts.rules.in_kernel = Some(in_kernel.len());
    }
}

/// The files of rules.d in the order in which they are merged, and audit.rules, if it is there.
fn read(place: &Place, facts: &mut Facts) -> io::Result<(Sources, Sources)> {
    let mut names = place.names(Path::new(DIRECTORY))?;
    names.retain(|name| merge::is_source(name.as_bytes()));
    names.sort_by(|a, b| merge::natural_order(a.as_bytes(), b.as_bytes()));
    let mut read = |path: PathBuf, all: &mut Sources| match place.read(&path) {
        Ok(text) => {
            place.note(facts, FileKind::Rules, &path, 0);
            all.push((path, text));
            Ok(())
        }
        // A link that leads nowhere is passed over.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    };
    let (mut sources, mut merged) = (Vec::new(), Vec::new());
    for name in names {
        read(Path::new(DIRECTORY).join(name), &mut sources)?;
    }
    read(PathBuf::from(MERGED), &mut merged)?;
    Ok((sources, merged))
}

/// The rules that a kernel without rules has once all files are loaded, up to a line that is refused.
fn in_force(place: &Place, sources: &Sources, host: &RuleHost, facts: &mut Facts) -> Vec<Rule> {
    let mut set = RuleSet::new();
    let mut goes_on = false;
    for (file, line) in merge::lines(sources.iter().map(|(_, text)| text.as_slice())) {
        let Some((path, _)) = sources.get(file) else { continue };
        let planned = line.words.as_ref().map(|words| rules_file::plan(words, host)).map_err(ToString::to_string);
        let (steps, refusal) = match planned {
            Ok(plan) => (plan.steps, plan.refusal.map(|refusal| refusal.to_string())),
            Err(error) => (Vec::new(), Some(error)),
        };
        for step in &steps {
            goes_on |= matches!(step, Step::IgnoreErrors | Step::ContinueOnErrors);
            set.apply(step, ());
            if matches!(step, Step::AddRule(rule) if rule.is_never_task()) {
                facts.rules.never_task_files.push(place.shown(path));
            }
        }
        if let Some(reason) = refusal.filter(|_| !goes_on) {
            let reason = format!(":{}: {reason}", line.number);
            facts.rules.refusal = Some([place.shown(path), reason.into_bytes()].concat());
            break;
        }
    }
    set.rules().cloned().collect()
}

/// The kernel's rules, where it gives them.
fn in_kernel(facts: &Facts) -> Option<Vec<Rule>> {
    let KernelAnswer::Status(_) = facts.kernel else { return None };
    let mut rules = Vec::new();
    let mut each = |kind, payload: &[u8]| {
        if kind == kind::LIST_RULES {
            rules.extend(rule::decode(payload).ok());
        }
    };
    let asked = AuditSocket::open().and_then(|mut socket| socket.query(kind::LIST_RULES, &[], &mut each));
    asked.is_ok().then_some(rules)
}
