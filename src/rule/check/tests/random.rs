//! Rules and events by the dice: what is said to be certain is so for every event.

use super::*;
use crate::rule::command::plan_of;
use crate::rule::diff::diff;
use crate::rule::explain::{Decision, Verdict, decide, judge};
use crate::rule::facts::Facts;
use crate::rule::meaning::Meaning;
use crate::rule::model::{Action, FieldId, Rule};
use crate::rule::set::RuleSet;
use crate::rule::witness::witness;
use crate::testing::Dice;
use std::slice;

const NUMBERS: [&str; 6] = ["0", "1", "999", "1000", "1001", "4294967295"];
const PATHS: [&str; 6] = ["/etc", "/etc/passwd", "/etc/ssh", "/etc/ssh/config", "/srv", "/srv/x"];

/// A test on one of few fields with one of few values, so that two rules often have to do with each other.
fn random_test(dice: &mut Dice) -> String {
    let ordered = dice.pick(&["=", "!=", "<", "<=", ">", ">="]);
    match dice.pick(&["id", "id", "auid", "exit", "success", "bits", "group", "file", "perm", "pair", "owner"]) {
        "id" => format!("{}{ordered}{}", dice.pick(&["uid", "euid"]), dice.pick(&NUMBERS)),
        "auid" => format!("auid{}{}", dice.pick(&["=", "!="]), dice.pick(&NUMBERS)),
        "exit" => format!("exit{ordered}{}", dice.pick(&["0", "3", "-1", "-13", "-5000"])),
        "success" => format!("success{}{}", dice.pick(&["=", "!=", "<", ">"]), dice.pick(&["0", "1"])),
        "bits" => format!("a0{}{}", dice.pick(&["&", "&=", "=", ">"]), dice.pick(&["0", "1", "2", "3", "6"])),
        "group" => format!("gid{ordered}{}", dice.pick(&NUMBERS)),
        "owner" => format!("obj_uid{ordered}{}", dice.pick(&NUMBERS)),
        "file" => format!("{}={}", dice.pick(&["path", "dir"]), dice.pick(&PATHS)),
        "perm" => format!("perm={}", dice.pick(&["r", "w", "a", "wa", "rwxa"])),
        _ => dice.pick(&["uid!=euid", "uid=euid"]).to_owned(),
    }
}

fn random_rule(dice: &mut Dice) -> Rule {
    let mut line = vec!["-a", dice.pick(&["always,exit", "never,exit"])];
    if dice.pick(&["y", "n"]) == "y" {
        line.extend(["-F", dice.pick(&["arch=b64", "arch=b32"])]);
    }
    line.extend(["-S", dice.pick(&["all", "openat", "openat,mkdir", "mkdir,chmod", "chmod", "chmod,unlink"])]);
    let count = dice.pick(&["0", "1", "1", "2", "2", "3"]).parse().unwrap_or(0);
    let mut tests: Vec<String> = (0..count).map(|_| random_test(dice)).collect();
    // A rule watches one file.
    let mut watches = 0;
    tests.retain(|test| {
        watches += usize::from(test.starts_with("path") || test.starts_with("dir"));
        watches < 2 || !(test.starts_with("path") || test.starts_with("dir"))
    });
    for test in &tests {
        let is_pair = test.ends_with("=euid");
        line.extend([if is_pair { "-C" } else { "-F" }, test]);
    }
    let words: Vec<&[u8]> = line.iter().map(|word| word.as_bytes()).collect();
    crate::rule::parse(&words, &Pc).unwrap_or_else(|refusal| panic!("{line:?}: {refusal}")).1
}

fn random_event(dice: &mut Dice) -> Facts {
    let success = dice.pick(&["yes", "no"]);
    let exit = if success == "yes" { dice.pick(&["0", "3", "1000"]) } else { dice.pick(&["-1", "-13"]) };
    let mut words = vec![
        format!("arch={}", dice.pick(&["b64", "b32"])),
        format!("syscall={}", dice.pick(&["openat", "mkdir", "chmod", "unlink"])),
        format!("success={success}"),
        format!("exit={exit}"),
        format!("a0={}", dice.pick(&["0", "1", "2", "3", "7"])),
        format!("path={}", dice.pick(&PATHS)),
        format!("perm={}", dice.pick(&["r", "w", "a"])),
    ];
    for field in ["uid", "euid", "auid", "gid", "obj_uid"] {
        words.push(format!("{field}={}", dice.pick(&NUMBERS)));
    }
    let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    Facts::parse(&words, &Pc).unwrap()
}

#[test]
fn what_is_said_to_be_covered_or_impossible_is_so_for_every_event() {
    let mut dice = Dice(0x5eed);
    let (mut covered, mut impossible, mut matched) = (0, 0, 0);
    for _ in 0..2_000 {
        let (a, b) = (random_rule(&mut dice), random_rule(&mut dice));
        let (first, second) = (Meaning::of(&a, Some(Machine::X86_64)), Meaning::of(&b, Some(Machine::X86_64)));
        let is_covered = first.covers(&second);
        let is_impossible = second.why_impossible().is_some();
        covered += usize::from(is_covered);
        impossible += usize::from(is_impossible);
        if !is_impossible {
            let words = witness(&b, Some(Machine::X86_64));
            let words: Vec<&[u8]> = words.split(' ').map(str::as_bytes).collect();
            let event = Facts::parse(&words, &Pc).unwrap();
            let has_pair = b.fields.iter().any(|field| matches!(field.id, FieldId::FIELD_COMPARE | FieldId::GID));
            let is_one = !matches!(judge(&b, &event), Verdict::No(_));
            assert!(is_one || has_pair, "{b:?}: {event:?}");
            assert!(!is_one || !is_covered || !matches!(judge(&a, &event), Verdict::No(_)), "{a:?} {b:?}: {event:?}");
        }
        if !is_covered && !is_impossible {
            continue;
        }
        for _ in 0..40 {
            let event = random_event(&mut dice);
            if judge(&b, &event) == Verdict::Match {
                matched += 1;
                assert!(!is_impossible, "{b:?}: {event:?}");
                assert_eq!(judge(&a, &event), Verdict::Match, "{a:?} {b:?}: {event:?}");
            }
        }
    }
    // The generator makes enough of each.
    assert!(covered > 40 && impossible > 40 && matched > 100, "{covered} {impossible} {matched}");
}

/// The rules that decide once all lines of a text are loaded.
fn in_force(text: &[u8]) -> Vec<Rule> {
    let mut set = RuleSet::new();
    for line in file::lines(text) {
        let Some(plan) = plan_of(&line, &Pc).filter(|plan| plan.refusal.is_none()) else { continue };
        plan.steps.iter().for_each(|step| _ = set.apply(step, ()));
    }
    // One that means the same as an earlier one decides nothing.
    let mut rules: Vec<Rule> = Vec::new();
    for rule in set.rules() {
        let is_same =
            |known: &Rule| diff(slice::from_ref(known), slice::from_ref(rule), Some(Machine::X86_64)).is_empty();
        if !rules.iter().any(is_same) {
            rules.push(rule.clone());
        }
    }
    rules
}

/// Lines of which many have much in common.
pub(super) fn random_lines(dice: &mut Dice) -> String {
    let mut lines: Vec<String> = Vec::new();
    for _ in 0..5 {
        let key = dice.pick(&["-k a", "-k a", "-k b", ""]);
        let line = match dice.pick(&["watch", "again", "calls", "rule", "rule", "rule"]) {
            "watch" => format!("-w {} -p {} {key}", dice.pick(&PATHS), dice.pick(&["w", "wa", "rwxa"])),
            "again" => lines.last().cloned().unwrap_or_default(),
            "calls" => {
                let other = dice.pick(&["-S openat", "-S chmod"]);
                lines.last().map(|line| line.replace("-S mkdir", other)).unwrap_or_default()
            }
            _ => {
                let mut tests = vec![dice.pick(&["-F arch=b64", "-F arch=b64", "-F arch=b32", "-F uid=0"]).to_owned()];
                tests.push(
                    dice.pick(&["", "", "-F dir=/etc", "-F exe=/usr/x", "-F obj_uid=0", "-F path=/srv/x"]).to_owned(),
                );
                tests.push(dice.pick(&["", "", "-F perm=wa", "-F perm=r", "-F success=0", "-F auid>=1000"]).to_owned());
                let at = dice.pick(&["0", "1", "2"]).parse().unwrap_or(0);
                tests.swap(0, at);
                let calls = dice.pick(&["-S mkdir", "-S mkdir", "-S chmod,openat", ""]);
                let action = dice.pick(&["-a always,exit", "-a always,exit", "-A always,exit", "-a never,exit"]);
                format!("{action} {} {calls} {key}", tests.join(" "))
            }
        };
        lines.push(line);
    }
    lines.join("\n") + "\n"
}

#[test]
fn a_fix_that_says_so_changes_nothing_of_what_is_recorded() {
    let mut dice = Dice(0x5eed);
    let mut tried: Vec<&str> = Vec::new();
    for _ in 0..400 {
        let text = random_lines(&mut dice);
        let before = in_force(text.as_bytes());
        for found in found(&text) {
            let Some(fix) = found.fix.filter(|fix| fix.effect == Effect::Same) else { continue };
            tried.push(found.code.id);
            let fixed = repair::apply(text.as_bytes(), 0, &fix.edits);
            let after = in_force(&fixed);
            let shown = || format!("{}\n{text}\n{}", found.code.id, String::from_utf8_lossy(&fixed));
            assert_eq!(diff(&before, &after, Some(Machine::X86_64)), [], "{}", shown());
            for _ in 0..4 {
                let event = random_event(&mut dice);
                let recorded = |rules: &[Rule]| match decide(rules, &event) {
                    Decision::Rule(place) if rules[place].action != Action::NEVER => {
                        Some(Some(rules[place].keys().collect::<Vec<_>>().concat()))
                    }
                    Decision::Open(_) => None,
                    _ => Some(None),
                };
                let (old, new) = (recorded(&before), recorded(&after));
                assert!(old == new || old.is_none() || new.is_none(), "{event:?} {old:?} {new:?} {}", shown());
            }
        }
    }
    for code in [&codes::DUPLICATE, &codes::WATCH_FORM, &codes::FIELD_ORDER, &codes::MERGEABLE] {
        assert!(tried.iter().filter(|id| **id == code.id).count() > 10, "{}", code.id);
    }
}
