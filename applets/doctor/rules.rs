//! The rules of rules.d, of audit.rules and of the kernel.

use super::place::{Place, unseen};
use crate::control::{RuleHost, library};
use auditbox::abi::kind;
use auditbox::doctor::{Facts, FileKind, KernelAnswer, RuleLine, RulesFacts};
use auditbox::rule::check::{self, Loaded, Source, Span, Target};
use auditbox::rule::diff::{self, Difference};
use auditbox::rule::{self, Host, Rule, Step, merge};
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
    let of_sources = in_force(place, &sources, true, &host);
    let of_merged = in_force(place, &merged, false, &host);
    let is_merged = merged
        .first()
        .filter(|_| !sources.is_empty())
        .map(|(_, merged)| *merged == merge::merge(sources.iter().map(|(_, text)| text.as_slice())));
    let is_lost = of_sources.1.is_empty() && !of_merged.1.is_empty() && of_sources.0.refusal.is_none();
    let only_merged = !merged.is_empty() && (sources.is_empty() || is_lost);
    let lost = || diff::diff(&of_merged.1, &of_sources.1, host.machine()).into_iter();
    let unmerged = lost().filter(|difference| matches!(difference, Difference::Removed(_))).count();
    let (found, of_files) = if only_merged { &of_merged } else { &of_sources };
    facts.rules = RulesFacts {
        directory: place.shown(Path::new(DIRECTORY)),
        merged: place.shown(Path::new(MERGED)),
        has_merged: !merged.is_empty(),
        only_merged,
        // What comes after a line that is refused is not known.
        in_files: Some(of_files.len()).filter(|count| *count > 0 || found.refusal.is_none()),
        is_merged,
        unmerged,
        ..found.clone()
    };
    if let Ok(Some(in_kernel)) = in_kernel(facts).map_err(|error| unseen(facts, "the kernel's rules", &error)) {
        let loaded = if merged.is_empty() { of_files } else { &of_merged.1 };
        let mut never_task = in_kernel.iter().filter(|rule| rule.is_never_task());
        facts.rules.kernel_has_never_task = never_task.clone().next().is_some();
        facts.rules.never_task_has_key = never_task.any(|rule| !rule.fields.is_empty());
        facts.rules.has_profiles = library::library(None).is_dir();
        facts.rules.differences = Some(diff::diff(&in_kernel, loaded, host.machine()).len());
        facts.rules.in_kernel = Some(in_kernel.len());
    }
}

/// The files of rules.d in the order in which they are merged, and audit.rules, if it is there.
fn read(place: &Place, facts: &mut Facts) -> io::Result<(Sources, Sources)> {
    place.note(facts, FileKind::Directory, Path::new(DIRECTORY), 0);
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

/// What stands in the files, and the rules that a kernel without rules has once all are loaded, up to a line at which loading stops.
fn in_force(place: &Place, sources: &Sources, is_set: bool, host: &RuleHost) -> (RulesFacts, Vec<Rule>) {
    let named: Vec<Source> =
        sources.iter().map(|(path, text)| Source { name: path.as_os_str().as_bytes(), text }).collect();
    let Loaded { rules, steps, stop } = check::loaded(&named, is_set, &Target::of(host));
    let shown = |span: &Span| sources.get(span.file).map(|(path, _)| place.shown(path)).unwrap_or_default();
    let mut found = RulesFacts::default();
    for (span, step) in steps {
        let here = || RuleLine { file: shown(&span), number: span.line };
        match step {
            Step::AddRule(rule) if rule.is_never_task() => found.never_task.push(here()),
            Step::Set(status) => found.settings.push((here(), status)),
            Step::DeleteAll { key } => found.drops_others |= key.is_empty(),
            _ => {}
        }
    }
    found.refusal = stop.map(|stop| {
        let reason = format!(":{}: {}", stop.span.line, stop.message);
        [shown(&stop.span), reason.into_bytes()].concat()
    });
    (found, rules)
}

/// The kernel's rules, where it answers.
fn in_kernel(facts: &Facts) -> io::Result<Option<Vec<Rule>>> {
    let KernelAnswer::Status(_) = facts.kernel else { return Ok(None) };
    let mut rules = Vec::new();
    let mut each = |kind, payload: &[u8]| {
        if kind == kind::LIST_RULES {
            rules.extend(rule::decode(payload).ok());
        }
    };
    let asked = AuditSocket::open().and_then(|mut socket| socket.query(kind::LIST_RULES, &[], &mut each));
    asked.map(|()| Some(rules)).map_err(|error| io::Error::from_raw_os_error(error.errno()))
}
