//! Rules that match nothing, and tests that take more than they seem to.

use super::super::command::{Step, plan_of};
use super::super::file::Line;
use super::super::meaning::{FAILED, Impossible, Meaning, SUCCEEDED, never_holds};
use super::super::model::{Action, FieldId, List, Operator, Rule, RuleField, Value};
use super::super::ranges::Numbers;
use super::codes::{self, Code};
use super::finding::{Effect, Finding, Fix, Span, finding};
use super::planned::{Planned, Target};

/// A rule that can match nothing, or that the kernel cannot test. Returns whether it is one.
pub(super) fn impossible(planned: &Planned, rule: &Rule, target: &Target, out: &mut Vec<Finding>) -> bool {
    let found = without_effect(planned, rule).or_else(|| never_matching(planned, rule, target));
    let is_one = found.is_some();
    out.extend(found);
    is_one
}

fn never_matching(planned: &Planned, rule: &Rule, target: &Target) -> Option<Finding> {
    let meaning = Meaning::of(rule, target.host.machine());
    if rule.list == List::FILESYSTEM && rule.fields.len() > 1 && meaning.number(FieldId::FSTYPE) == Numbers::all() {
        let message = "leaves out every file system: each test of such a rule counts by itself".to_owned();
        let help = "write one test with !=, or some with =";
        return Some(finding(&codes::OR_BY_AND, planned.whole(), message, help));
    }
    let found = meaning.why_impossible()?;
    let (code, message, help) = match found {
        Impossible::Field(id) => never_together(rule, id),
        Impossible::NoCall => {
            (&codes::UNSATISFIABLE, "the rule names no system call".to_owned(), "name one with -S, or leave -S away")
        }
        Impossible::NoResult => {
            (&codes::UNSATISFIABLE, "exit and exit_group never return: they have no exit and no success".to_owned(), "")
        }
    };
    let of_field = |id| rule.fields.iter().rposition(|field| field.id == id).map(|number| planned.field(number));
    let span = match found {
        Impossible::Field(id) => of_field(id),
        Impossible::NoCall | Impossible::NoResult => None,
    };
    Some(finding(code, span.unwrap_or_else(|| planned.whole()), message, help))
}

/// A rule that the kernel cannot test, or passes over.
fn without_effect(planned: &Planned, rule: &Rule) -> Option<Finding> {
    if let Some(untested) = rule.first_untested() {
        let name = rule.fields.get(untested).and_then(|field| field.id.name()).unwrap_or("it");
        let list = rule.list.name().unwrap_or_default();
        let message = format!(
            "{name} cannot be tested on the {list} list: the kernel keeps the record and tries no later rule of the list"
        );
        let help = "pid, uid, gid, auid, msgtype, exe and subj_* can be, without a key";
        return Some(finding(&codes::UNTESTED, planned.field(untested), message, help));
    }
    let (message, help) = match rule.list {
        _ if !rule.is_passed_over() => return None,
        List::FILESYSTEM => (
            "rules of the filesystem list can only leave out: `always` does nothing there",
            "write -a never,filesystem",
        ),
        _ => ("matches nothing: the kernel asks for a test that holds on this list", "add one, such as -F pid>=0"),
    };
    Some(finding(&codes::UNSATISFIABLE, planned.whole(), message.to_owned(), help))
}

/// Why the tests of a field do not hold, and what to write.
fn never_together(rule: &Rule, id: FieldId) -> (&'static Code, String, &'static str) {
    let tests = || rule.fields.iter().filter(move |field| field.id == id);
    let name = id.name().unwrap_or_default();
    match tests().filter(|field| field.operator == Operator::EQUAL).count() {
        _ if rule.list == List::TASK && id.is_of_call() => (
            &codes::UNSATISFIABLE,
            format!("no test of {name} holds on the task list: a process that begins makes no call yet"),
            "pid, ids of users and groups, pers, exe and subj_* can be tested there",
        ),
        2.. if id != FieldId::PERM => (
            &codes::OR_BY_AND,
            format!("{name} cannot be equal to both: all fields of a rule must hold together"),
            "write a rule for each",
        ),
        _ if id == FieldId::EXIT && tests().any(never_holds) => (
            &codes::UNSATISFIABLE,
            "no exit is so: the kernel compares it without its sign, and -1 is the largest number".to_owned(),
            "success=0 is for calls that failed, success=1 for the others",
        ),
        _ if id == FieldId::EXIT && rule.fields.iter().any(|field| field.id == FieldId::SUCCESS) => (
            &codes::UNSATISFIABLE,
            "exit and success cannot hold together".to_owned(),
            "a failed call has exit=-1 to -4095, the others have another",
        ),
        _ if id == FieldId::ARCH => {
            (&codes::UNSATISFIABLE, "no program of this machine makes calls of that arch".to_owned(), "")
        }
        _ if tests().nth(1).is_some() => {
            (&codes::UNSATISFIABLE, format!("the tests of {name} cannot hold together"), "")
        }
        _ => (&codes::UNSATISFIABLE, format!("no event has such a {name}"), ""),
    }
}

/// Tests that take more than they seem to: `auid>=1000` daemons, `exit>=0` failed calls; several `!=` of an exclude rule hold together.
pub(super) fn too_wide(planned: &Planned, rule: &Rule, target: &Target, out: &mut Vec<Finding>) {
    let on = |id: FieldId| rule.fields.iter().enumerate().filter(move |(_, field)| field.id == id);
    if rule.list == List::EXCLUDE && on(FieldId::MSGTYPE).filter(|(_, f)| f.operator == Operator::NOT_EQUAL).count() > 1
    {
        let second = on(FieldId::MSGTYPE).nth(1).map_or_else(|| planned.whole(), |(number, _)| planned.field(number));
        let message = "leaves out every record but these types: all fields of a rule must hold together".to_owned();
        out.push(finding(&codes::OR_BY_AND, second, message, "to leave out some types, write a rule with = for each"));
    }
    let meaning = Meaning::of(rule, None);
    if meaning.why_impossible().is_some() {
        return;
    }
    let before = out.len();
    // Of daemons a never rule may well be, too.
    let is_looked_at = |unsigned: &&Unsigned| rule.action == Action::ALWAYS || unsigned.id == FieldId::EXIT;
    for Unsigned { id, values, taken, code, message, add } in UNSIGNED.iter().filter(is_looked_at) {
        let takes = |field: &RuleField, number| match field.value {
            Value::Number(value) => Numbers::of(field.operator, value).is_some_and(|numbers| numbers.contains(number)),
            Value::Text(_) => false,
        };
        let is_meant_otherwise = |(_, field): &(usize, &RuleField)| {
            let is_within = matches!(field.value, Value::Number(value) if values.contains(&value));
            is_within && !field.operator.tests_equality() && takes(field, *taken)
        };
        let result = if *taken == 0 { SUCCEEDED } else { FAILED };
        let may_be_so = *id != FieldId::EXIT || meaning.number(FieldId::SUCCESS).contains(result);
        let takes_it = may_be_so && meaning.number(*id).contains(*taken);
        let Some((number, _)) = on(*id).find(is_meant_otherwise).filter(|_| takes_it) else { continue };
        let span = planned.field(number);
        let mut found = finding(code, span, (*message).to_owned(), &format!("add{add}"));
        let end = Span { bytes: (span.bytes.1, span.bytes.1), ..span };
        let (front, back) = planned.line.text.split_at_checked(span.bytes.1).unwrap_or_default();
        let line = [front, add.as_bytes(), back].concat();
        let plan = Line::read(1, 0, &line).and_then(|line| plan_of(&line, target.host));
        match plan.filter(|plan| plan.refusal.is_none()).as_ref().map(|plan| plan.steps.as_slice()) {
            Some([Step::AddRule(rule)]) if Meaning::of(rule, None).why_impossible().is_some() => {
                found.help = "another test of the rule leaves nothing else: one of the two is not meant".to_owned();
            }
            Some(_) => {
                found.fix = Some(Fix { effect: Effect::Meant, edits: vec![planned.edit(end, add.as_bytes())] });
            }
            None => {}
        }
        out.push(found);
    }
    // Two of them leave nothing together.
    let exits = |found: &&mut Finding| found.code == &codes::EXIT_UNSIGNED;
    let added = out.get_mut(before..).unwrap_or_default();
    if added.iter_mut().filter(exits).count() > 1 {
        added.iter_mut().filter(exits).for_each(|found| found.fix = None);
    }
}

/// What an order takes besides what is meant, as the kernel compares without a sign.
struct Unsigned {
    id: FieldId,
    /// Of tests with these values.
    values: std::ops::RangeInclusive<u32>,
    taken: u32,
    code: &'static Code,
    message: &'static str,
    /// What leaves it out.
    add: &'static str,
}

const LARGEST: u32 = i32::MAX as u32;

static UNSIGNED: [Unsigned; 3] = [
    Unsigned {
        id: FieldId::AUID,
        values: 1..=LARGEST,
        taken: u32::MAX,
        code: &codes::AUID_UNSET,
        message: "takes processes without a login too: an unset auid is 4294967295",
        add: " -F auid!=unset",
    },
    Unsigned {
        id: FieldId::EXIT,
        values: 0..=LARGEST,
        taken: u32::MAX,
        code: &codes::EXIT_UNSIGNED,
        message: "takes failed calls too: -1 is 4294967295",
        add: " -F success=1",
    },
    Unsigned {
        id: FieldId::EXIT,
        values: LARGEST + 1..=u32::MAX,
        taken: 0,
        code: &codes::EXIT_UNSIGNED,
        message: "takes calls that succeed too: -1 is 4294967295",
        add: " -F success=0",
    },
];
