//! The check of rules before they are loaded: `auditctl --check`.
//!
//! [`check`] reads files as they would be loaded, without a kernel, and returns everything that is wrong or doubtful as
//! [`Finding`]s with their place. Lines are judged one by one (`line`), then the rules as the kernel would hold them in the
//! end (`set`). Whatever says "never" or "always" is certain; what is not is not said. `format` writes findings,
//! [`fix`] repairs what can be repaired without a change of what was meant.

pub mod codes;
mod finding;
pub mod fix;
pub mod format;
mod holding;
mod kernel;
mod line;
mod numbers;
mod planned;
mod profile;
mod refusals;
mod set;
mod suppress;
#[cfg(test)]
mod tests;

pub use codes::{Code, Level};
pub use finding::{Edit, Effect, Finding, Fix, Source, Span};
pub use kernel::{Version, newer_parts};
pub use line::is_hot;
pub use planned::{Exists, MOST_LINES, Target, TooManyLines};

use super::command::Step;
use super::file::{self, Line};
use super::merge;
use super::model::Rule;
use planned::Planned;

/// Checks rules. Several files, or one whose `is_set`, are taken as augenrules would merge them, which is their order too;
/// otherwise the file is taken as `auditctl -R` would read it. Findings come in the order of files and lines.
pub fn check(sources: &[Source], is_set: bool, target: &Target) -> Result<Vec<Finding>, TooManyLines> {
    let planned = plan(sources, is_set, target, MOST_LINES);
    if planned.len() > MOST_LINES {
        return Err(TooManyLines::Asking);
    }
    let mut findings = Vec::new();
    findings.extend(sources.iter().enumerate().filter_map(|(file, source)| line::hiding(file, source.text)));
    planned.iter().for_each(|planned| line::check(planned, target, &mut findings));
    set::check(&planned, is_set || sources.len() > 1, target, &mut findings);
    withhold_fixes(&planned, &mut findings);
    mark_stops(&planned, &mut findings);
    let wanted = merge::lines(target.profile.iter().map(|source| source.text), MOST_LINES).into_iter();
    let wanted: Vec<Planned> =
        wanted.map(|(file, line)| Planned::of(sources.len() + file, line, target.host)).collect();
    if !target.profile.is_empty() {
        profile::check(&wanted, &planned, target, &mut findings);
    }
    suppress::apply(sources, is_set || sources.len() > 1, &mut findings)?;
    findings.sort_by_key(|finding| (finding.span.file, finding.span.line, finding.span.bytes, finding.code.id));
    Ok(findings)
}

/// The rules that a kernel without any has once the lines are loaded, as far as that is known without it, and why others are not
/// loaded: lines that are refused, by auditctl or by the kernel.
pub fn in_force(sources: &[Source], is_set: bool, target: &Target) -> (Vec<Rule>, Vec<Finding>) {
    load(&plan(sources, is_set, target, usize::MAX), target)
}

/// What comes of loading lines up to one at which it stops.
pub struct Loaded {
    /// The rules that a kernel without any has then.
    pub rules: Vec<Rule>,
    /// What stands in lines that nothing refuses by itself, each with its place, also after that one.
    pub steps: Vec<(Span, Step)>,
    /// The line that it stops at.
    pub stop: Option<Finding>,
}

/// Loads lines as `auditctl -R` does without --atomic.
pub fn loaded(sources: &[Source], is_set: bool, target: &Target) -> Loaded {
    let mut planned = plan(sources, is_set, target, usize::MAX);
    let refused = load(&planned, target).1.into_iter().filter(|finding| finding.stops);
    let place = |finding: &Finding| {
        planned.iter().position(|line| (line.file, line.line.number) == (finding.span.file, finding.span.line))
    };
    let stop = refused.filter_map(|finding| Some((place(&finding)?, finding))).min_by_key(|(place, _)| *place);
    let steps_of = |line: &Planned| {
        let plan = line.plan.iter().filter(|_| line.is_taken());
        plan.flat_map(|plan| &plan.steps).map(|step| (line.whole(), step.clone())).collect::<Vec<_>>()
    };
    let steps = planned.iter().flat_map(steps_of).collect();
    planned.truncate(stop.as_ref().map_or(planned.len(), |(place, _)| *place));
    Loaded { rules: load(&planned, target).0, steps, stop: stop.map(|(_, finding)| finding) }
}

fn load(planned: &[Planned], target: &Target) -> (Vec<Rule>, Vec<Finding>) {
    let (mut refused, mut doubts) = (Vec::new(), Vec::new());
    for planned in planned {
        line::loading(planned, target, if planned.is_taken() { &mut doubts } else { &mut refused });
    }
    let set = set::load(planned, &mut refused, &mut doubts);
    mark_stops(planned, &mut refused);
    (set.rules().cloned().collect(), refused)
}

/// The lines in the order in which they are loaded, up to one more than `most`.
fn plan<'t>(sources: &[Source<'t>], is_set: bool, target: &Target, most: usize) -> Vec<Planned<'t>> {
    let lines: Vec<(usize, Line)> = match sources {
        [one] if !is_set => file::lines(one.text).take(most.saturating_add(1)).map(|line| (0, line)).collect(),
        many => merge::lines(many.iter().map(|source| source.text), most),
    };
    lines.into_iter().map(|(file, line)| Planned::of(file, line, target.host)).collect()
}

/// Says of findings about loading whether it stops there.
fn mark_stops(planned: &[Planned], findings: &mut [Finding]) {
    let goes_on = planned.iter().find(|planned| planned.goes_on()).map(|planned| (planned.file, planned.line.number));
    for finding in findings.iter_mut().filter(|finding| finding.code.is_about_loading()) {
        let goes_on = goes_on.is_some_and(|from| (finding.span.file, finding.span.line) >= from);
        // What it asks for is so then.
        if [&codes::DUPLICATE, &codes::NOT_THERE].contains(&finding.code) && goes_on {
            finding.level = Level::Warning;
        }
        finding.stops = finding.level == Level::Error && !goes_on;
    }
}

/// A line that deletes a rule finds it by all its fields, in their order: where there is one nothing is repaired.
fn withhold_fixes(planned: &[Planned], findings: &mut [Finding]) {
    let mut steps = planned.iter().filter_map(|planned| planned.plan.as_ref()).flat_map(|plan| &plan.steps);
    if steps.any(|step| matches!(step, Step::DeleteRule(_))) {
        findings.iter_mut().for_each(|finding| finding.fix = None);
    }
}
