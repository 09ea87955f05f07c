//! Two sets of rules by their meaning: what one has that the other has not, whatever the words and an order without effect.

use super::explain::{are_of_one_file, is_of_one_file};
use super::meaning::{KNOWS_EVENTS, Meaning, trim};
use super::model::{Action, List, Rule};
use super::set::print_of;
use crate::abi::rule::KEY_SEPARATOR;
use crate::tables::machine::Machine;

/// One difference from the first set to the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference<'r> {
    /// The first set alone has it.
    Removed(&'r Rule),
    /// The second set alone has it.
    Added(&'r Rule),
    /// The two differ in their keys alone: the first set's rule, the second set's.
    KeyChanged(&'r Rule, &'r Rule),
    /// The rule comes after the other one in the second set and before it in the first, and an event that both match is
    /// decided by the first of them.
    Moved(&'r Rule, &'r Rule),
}

/// All differences; none when both sets make the same records of every event. `machine` is the kernel's.
pub fn diff<'r>(first: &'r [Rule], second: &'r [Rule], machine: Option<Machine>) -> Vec<Difference<'r>> {
    let (a, b) = (normal_set(first, machine), normal_set(second, machine));
    let mut differences = Vec::new();
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    let mut free: Vec<usize> = (0..b.len()).collect();
    let mut left = Vec::new();
    for (at, normal) in a.iter().enumerate() {
        match free.iter().position(|other| b.get(*other).is_some_and(|other| other.is_equal(normal))) {
            Some(place) => pairs.push((at, free.remove(place))),
            None => left.push(at),
        }
    }
    for at in left {
        let Some(normal) = a.get(at) else { continue };
        match free.iter().position(|other| b.get(*other).is_some_and(|other| other.matches_the_same(normal))) {
            Some(place) => {
                let other = free.remove(place);
                pairs.push((at, other));
                differences.extend(b.get(other).map(|other| Difference::KeyChanged(normal.rule, other.rule)));
            }
            None => differences.push(Difference::Removed(normal.rule)),
        }
    }
    differences.extend(free.iter().filter_map(|other| Some(Difference::Added(b.get(*other)?.rule))));
    pairs.sort_unstable();
    moved((&a, &b), &pairs, &mut differences);
    differences
}

/// Pairs whose order has changed, where the order decides: of each rule the first that it comes after now. A rule that is reached in
/// neither set decides nothing, wherever it stands.
fn moved<'r>((a, b): (&[Normal<'r>], &[Normal<'r>]), pairs: &[(usize, usize)], differences: &mut Vec<Difference<'r>>) {
    let is_reached =
        |(first, second): &(usize, usize)| !(KNOWS_EVENTS && is_hidden(a, *first) && is_hidden(b, *second));
    for (at, pair) in pairs.iter().enumerate() {
        let later = pairs.get(at + 1..).unwrap_or_default();
        let Some(first) = a.get(pair.0) else { continue };
        let passed = later.iter().filter(|other| other.1 < pair.1);
        let met = passed.filter(|other| a.get(other.0).is_some_and(|second| first.meets(second)));
        let Some(earliest) = met.filter(|other| is_reached(other)).min_by_key(|other| other.1) else { continue };
        if !is_reached(pair) {
            continue;
        }
        differences.extend(a.get(earliest.0).map(|second| Difference::Moved(first.rule, second.rule)));
    }
}

/// Whether a rule before this one takes all of its events.
fn is_hidden(set: &[Normal], at: usize) -> bool {
    let (earlier, own) = set.split_at_checked(at).unwrap_or_default();
    let mut earlier = earlier.iter().filter(|earlier| earlier.acts() && earlier.rule.first_untested().is_none());
    own.first().is_some_and(|own| earlier.any(|earlier| earlier.hides(own)))
}

/// A rule by what it does.
struct Normal<'r> {
    rule: &'r Rule,
    action: Action,
    meaning: Meaning<'r>,
    keys: Vec<&'r [u8]>,
}

impl<'r> Normal<'r> {
    fn of(rule: &'r Rule, machine: Option<Machine>) -> Normal<'r> {
        let mut meaning = Meaning::of(rule, machine);
        // What a slash at the end changes is where a link leads to.
        meaning.watched = meaning.watched.map(|(id, path)| (id, trim(path)));
        let keys = rule.keys().flat_map(|keys| keys.split(|b| *b == KEY_SEPARATOR)).collect();
        Normal {
            rule,
            // Every rule of the exclude list leaves out, but for those that the kernel cannot test.
            action: match rule.list {
                _ if rule.first_untested().is_some() => Action::ALWAYS,
                List::EXCLUDE => Action::NEVER,
                _ => rule.action,
            },
            meaning,
            keys,
        }
    }

    /// Whether there is an event for which the rule does anything.
    fn acts(&self) -> bool {
        !self.rule.is_passed_over() && self.meaning.why_impossible().is_none()
    }

    fn is_like(&self, other: &Normal) -> bool {
        self.action == other.action && self.meaning.is_alike(&other.meaning)
    }

    fn matches_the_same(&self, other: &Normal) -> bool {
        self.meaning.calls == other.meaning.calls && self.is_like(other)
    }

    fn is_equal(&self, other: &Normal) -> bool {
        self.has_keys_of(other) && self.matches_the_same(other)
    }

    /// Whether the two have the same keys, in any order and however often.
    fn has_keys_of(&self, other: &Normal) -> bool {
        let are_in = |keys: &[&[u8]], others: &[&[u8]]| keys.iter().all(|key| others.contains(key));
        are_in(&self.keys, &other.keys) && are_in(&other.keys, &self.keys)
    }

    /// Whether no event gets past this rule to the other one, which would leave a trace: the key of a rule for calls stays where a rule
    /// for a file decides that has none, and rules for one file change places.
    fn hides(&self, other: &Normal) -> bool {
        let is_of_same_moment = is_of_one_file(self.rule) == is_of_one_file(other.rule);
        self.meaning.covers(&other.meaning)
            && !are_of_one_file(self.rule, other.rule)
            && (is_of_same_moment || !self.keys.is_empty() || other.keys.is_empty())
    }

    /// Whether the order of the two decides about some event.
    fn meets(&self, other: &Normal) -> bool {
        let differ = self.action != other.action || !self.has_keys_of(other);
        differ && self.meaning.may_meet(&other.meaning) && (!KNOWS_EVENTS || self.acts() && other.acts())
    }
}

/// The rules of a set that decide about no event: they match none, or are never reached.
pub fn idle(set: &[Rule], machine: Option<Machine>) -> Vec<&Rule> {
    let all: Vec<Normal> = set.iter().map(|rule| Normal::of(rule, machine)).collect();
    let is_idle = |(at, own): &(usize, &Normal)| !own.acts() || is_hidden(&all, *at);
    all.iter().enumerate().filter(is_idle).map(|(_, own)| own.rule).collect()
}

/// Rules without what has no meaning; those that differ in their calls alone are one, where no rule between them decides
/// otherwise.
fn normal_set(rules: &[Rule], machine: Option<Machine>) -> Vec<Normal<'_>> {
    let (mut set, mut prints): (Vec<Normal>, Vec<u32>) = (Vec::new(), Vec::new());
    for rule in rules {
        let (normal, print) = (Normal::of(rule, machine), print_of(rule));
        let is_alike =
            |(other, its): (&Normal, &u32)| *its == print && other.has_keys_of(&normal) && other.is_like(&normal);
        let alike = set.iter().zip(&prints).rposition(is_alike);
        match alike {
            Some(at) if !set.iter().skip(at + 1).any(|between| between.meets(&normal)) => {
                let calls = set.get_mut(at).and_then(|other| other.meaning.calls.as_mut());
                if let Some((calls, more)) = calls.zip(normal.meaning.calls.as_ref()) {
                    calls.insert_all(more);
                }
            }
            _ => {
                set.push(normal);
                prints.push(print);
            }
        }
    }
    set
}
