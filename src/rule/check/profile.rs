//! What a profile asks for and the checked rules have not: `auditctl --check --profile`.
//!
//! Rules are compared by their meaning, not by their words: a rule that takes at least all events of the profile's, with the same
//! outcome, will do ([`lacks`]). Findings stand at the rule that is to blame, or else where the checked rules end, and name the
//! place in the profile.

use super::super::command::Step;
use super::super::diff::{Difference, diff};
use super::super::explain::keys;
use super::super::model::Rule;
use super::super::set::RuleSet;
use super::super::wanted::{Lack, Why, lacks};
use super::codes::{self, Code};
use super::finding::{Finding, Span, finding};
use super::planned::{Planned, Target};
use super::set::load;
use crate::abi::{Features, Status, mask};

/// Compares the lines with those of the profile.
pub(super) fn check(profile: &[Planned], lines: &[Planned], target: &Target, out: &mut Vec<Finding>) {
    let start = Span { file: 0, line: 1, line_start: 0, bytes: (0, 0) };
    let end = lines.iter().map(Planned::whole).max_by_key(|span| (span.file, span.line)).unwrap_or(start);
    let mut report = |code: &'static Code, at: Option<Span>, wanted: Option<&Planned>, message: String, help: &str| {
        let mut found = finding(code, at.unwrap_or(end), message, help);
        found.related.extend(wanted.map(|wanted| (wanted.whole(), "the profile asks for it here".to_owned())));
        out.push(found);
    };
    rules(profile, lines, target, &mut report);
    settings(profile, lines, &mut report);
}

type Report<'r, 'p> = &'r mut dyn FnMut(&'static Code, Option<Span>, Option<&'p Planned<'p>>, String, &str);

fn rules<'p>(profile: &'p [Planned<'p>], lines: &[Planned], target: &Target, report: Report<'_, 'p>) {
    let (wanted, wanted_places): (Vec<Rule>, Vec<usize>) = in_force(profile).entries().iter().cloned().unzip();
    let (there, places): (Vec<Rule>, Vec<usize>) = in_force(lines).entries().iter().cloned().unzip();
    let machine = target.host.machine();
    let line_of = |rules: &[Rule], places: &[usize], rule: &Rule| {
        places.get(rules.iter().position(|other| std::ptr::eq(other, rule))?).copied()
    };
    let place = |rule: &Rule| profile.get(line_of(&wanted, &wanted_places, rule)?);
    let place_here = |rule: &Rule| Some(lines.get(line_of(&there, &places, rule)?)?.whole());
    let text = |planned: Option<&Planned>| {
        planned.map(|planned| String::from_utf8_lossy(planned.line.text).trim().to_owned()).unwrap_or_default()
    };
    for Lack { rule, why, calls } in lacks(&wanted, &there, machine) {
        let of_calls = if calls.is_empty() { String::new() } else { format!(" for {calls}") };
        let wanted = place(rule);
        let (code, at, message, help) = match why {
            Why::Missing => {
                let message = format!("the profile's rule is not here{of_calls}: {}", text(wanted));
                (&codes::PROFILE_RULE, None, message, "add it before rules that take the same events")
            }
            Why::Hidden(other) => {
                let message = format!("takes every event of the profile's rule{of_calls}: {}", text(wanted));
                (&codes::PROFILE_HIDDEN, place_here(other), message, "put the profile's rule first, or narrow this one")
            }
            Why::OtherKey(other) => {
                let key = |rule| keys(rule).unwrap_or_else(|| "no key".to_owned());
                let message = format!("the profile's rule has {} here, not {}", key(other), key(rule));
                (&codes::PROFILE_KEY, None, message, "who looks for the profile's key finds nothing")
            }
        };
        report(code, at, wanted, message, help);
    }
    for difference in diff(&wanted, &there, machine) {
        if let Difference::Moved(rule, other) = difference {
            let message = format!("stands after the one that the profile has after it: {}", text(place(rule)));
            let help = format!("put it before {}", text(place(other)));
            report(&codes::PROFILE_ORDER, None, place(rule), message, &help);
        }
    }
}

fn in_force(lines: &[Planned]) -> RuleSet<usize> {
    load(lines, &mut Vec::new(), &mut Vec::new())
}

fn steps<'p>(planned: &'p Planned) -> impl Iterator<Item = &'p Step> {
    planned.plan.iter().filter(|plan| plan.refusal.is_none()).flat_map(|plan| &plan.steps)
}

/// A setting: its option, its bit of a status, and its value there.
type Setting = (&'static str, u32, fn(&Status) -> u32);

/// Of the last two more than the profile asks for will do.
const SETTINGS: [Setting; 5] = [
    ("-e", mask::ENABLED, |status| status.enabled),
    ("-f", mask::FAILURE, |status| status.failure),
    ("-r", mask::RATE_LIMIT, |status| status.rate_limit),
    ("-b", mask::BACKLOG_LIMIT, |status| status.backlog_limit),
    ("--backlog_wait_time", mask::BACKLOG_WAIT_TIME, |status| status.backlog_wait_time),
];
const LEAST: [u32; 2] = [mask::BACKLOG_LIMIT, mask::BACKLOG_WAIT_TIME];

fn settings<'p>(profile: &'p [Planned<'p>], lines: &[Planned], report: Report<'_, 'p>) {
    for (option, bit, value) in SETTINGS {
        let Some((wanted, planned)) = last(profile, bit, value) else { continue };
        let there = last(lines, bit, value).map(|(there, _)| there);
        let is_enough = |there: u32| there == wanted || (LEAST.contains(&bit) && there > wanted);
        if !there.is_some_and(is_enough) {
            let there = there.map_or_else(|| "not set".to_owned(), |there| there.to_string());
            let message = format!("the profile sets {option} {wanted}; here it is {there}");
            report(&codes::PROFILE_SETTING, None, Some(planned), message, "");
        }
    }
    let locks = |planned: &&Planned| {
        steps(planned).any(|step| matches!(step, Step::SetFeature(Features { features, .. }) if *features != 0))
    };
    if let (Some(planned), None) = (profile.iter().find(locks), lines.iter().find(locks)) {
        let message = "the profile sets --loginuid-immutable; here it is not set".to_owned();
        report(&codes::PROFILE_SETTING, None, Some(planned), message, "");
    }
}

/// What the lines set last, and where.
fn last<'p>(lines: &'p [Planned<'p>], bit: u32, value: fn(&Status) -> u32) -> Option<(u32, &'p Planned<'p>)> {
    let set = |planned: &'p Planned<'p>| {
        steps(planned).find_map(|step| match step {
            Step::Set(status) if status.mask & bit != 0 => Some((value(status), planned)),
            _ => None,
        })
    };
    lines.iter().filter_map(set).next_back()
}
