//! Two sets of rules by their meaning: what one has that the other has not, whatever the words and an order without effect.

use super::meaning::Meaning;
use super::model::{Action, FieldId, List, Rule, RuleField, SyscallMask, Value};
use crate::abi::rule::{KEY_SEPARATOR, MASK_WORDS};
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
    moved(&a, &pairs, machine, &mut differences);
    differences
}

/// Pairs whose order has changed, where the order decides.
fn moved<'r>(
    a: &[Normal<'r>],
    pairs: &[(usize, usize)],
    machine: Option<Machine>,
    differences: &mut Vec<Difference<'r>>,
) {
    for (at, (first, place)) in pairs.iter().enumerate() {
        let later = pairs.get(at + 1..).unwrap_or_default();
        let passed = later.iter().filter(|(_, other_place)| other_place < place);
        let decides = |second: &Normal, first: &Normal| {
            let differ = first.action != second.action || first.keys != second.keys;
            differ && Meaning::of(first.rule, machine).may_meet(&Meaning::of(second.rule, machine))
        };
        let found = passed.filter_map(|(second, _)| Some((a.get(*first)?, a.get(*second)?)));
        for (first, second) in found.filter(|(first, second)| decides(second, first)) {
            differences.push(Difference::Moved(first.rule, second.rule));
        }
    }
}

/// A rule without what has no meaning.
struct Normal<'r> {
    rule: &'r Rule,
    list: List,
    action: Action,
    calls: SyscallMask,
    fields: Vec<RuleField>,
    keys: Vec<Vec<u8>>,
}

impl<'r> Normal<'r> {
    fn of(rule: &'r Rule) -> Normal<'r> {
        let mut fields: Vec<RuleField> = rule.fields.iter().filter(|field| field.id != FieldId::KEY).cloned().collect();
        for field in &mut fields {
            if let (FieldId::DIR, Value::Text(path)) = (field.id, &mut field.value) {
                while path.len() > 1 && path.last() == Some(&b'/') {
                    path.pop();
                }
            }
        }
        fields.sort_by(|x, y| order(x).cmp(&order(y)));
        fields.dedup();
        let mut keys: Vec<Vec<u8>> =
            rule.keys().flat_map(|keys| keys.split(|b| *b == KEY_SEPARATOR)).map(<[u8]>::to_vec).collect();
        keys.sort();
        Normal {
            rule,
            list: rule.list,
            // Every rule of the exclude list leaves out, but for those that the kernel cannot test.
            action: match rule.list {
                _ if rule.first_untested().is_some() => Action::ALWAYS,
                List::EXCLUDE => Action::NEVER,
                _ => rule.action,
            },
            calls: if rule.list.takes_syscalls() { calls(&rule.syscalls) } else { SyscallMask::NONE },
            fields,
            keys,
        }
    }

    fn is_like(&self, other: &Normal) -> bool {
        self.list == other.list && self.action == other.action && self.fields == other.fields
    }

    fn matches_the_same(&self, other: &Normal) -> bool {
        self.is_like(other) && self.calls == other.calls
    }

    fn is_equal(&self, other: &Normal) -> bool {
        self.matches_the_same(other) && self.keys == other.keys
    }
}

/// KERNEL: the highest bits of a mask stand for classes of calls and are not given back; a full mask stays one for all calls.
fn calls(mask: &SyscallMask) -> SyscallMask {
    const CLASSES: u32 = 16;
    if mask.is_full(MASK_WORDS - 1) {
        return SyscallMask::ALL;
    }
    let mut known = SyscallMask::NONE;
    mask.iter().filter(|number| *number < SyscallMask::END - CLASSES).for_each(|number| _ = known.insert(number));
    known
}

/// Any order of fields will do, if it is always the same.
fn order(field: &RuleField) -> (u32, u32, u32, &[u8]) {
    let (number, text): (u32, &[u8]) = match &field.value {
        Value::Number(number) => (*number, b""),
        Value::Text(text) => (0, text),
    };
    (field.id.0, field.operator.0, number, text)
}

/// Rules without what has no meaning; those that differ in their calls alone are one, where no rule between them decides
/// otherwise.
fn normal_set(rules: &[Rule], machine: Option<Machine>) -> Vec<Normal<'_>> {
    let mut set: Vec<Normal> = Vec::new();
    for rule in rules {
        let normal = Normal::of(rule);
        let alike = set.iter().rposition(|other| other.is_like(&normal) && other.keys == normal.keys);
        let meets = |between: &Normal| {
            let differ = between.action != normal.action || between.keys != normal.keys;
            differ && Meaning::of(between.rule, machine).may_meet(&Meaning::of(rule, machine))
        };
        match alike {
            Some(at) if !set.iter().skip(at + 1).any(meets) => {
                if let Some(other) = set.get_mut(at) {
                    other.calls.insert_all(&normal.calls);
                }
            }
            _ => set.push(normal),
        }
    }
    set
}
