//! The rules that a kernel has: what adding and deleting makes of them, and in which order they are tried.
//!
//! KERNEL: kernel/auditfilter.c. A rule is added after those of its list, or before them all; the same rule is refused a
//! second time, but not when it is to go first; a listing shows the lists one after another.

use super::command::Step;
use super::model::{FieldId, Rule, Value};

/// Rules in the order in which they are tried, each with where it comes from.
#[derive(Clone, Debug, Default)]
pub struct RuleSet<T> {
    entries: Vec<(Rule, T)>,
    /// [`print_of`] all rules that were added.
    prints: Vec<u32>,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied<T> {
    /// It has been done, or changes no rules.
    Done,
    /// The rule is there already; nothing has changed.
    Duplicate(T),
    /// There is no such rule to delete; nothing has changed.
    Missing,
    /// So many rules are gone.
    Deleted(usize),
}

impl<T: Copy> RuleSet<T> {
    /// No rules.
    pub fn new() -> RuleSet<T> {
        RuleSet { entries: Vec::new(), prints: Vec::new() }
    }

    /// The rules of a listing.
    pub fn listed(rules: impl IntoIterator<Item = Rule>, origin: T) -> RuleSet<T> {
        let mut set = RuleSet::new();
        rules.into_iter().for_each(|rule| set.put(rule, origin));
        set
    }

    /// Does what a step does to the rules.
    pub fn apply(&mut self, step: &Step, origin: T) -> Applied<T> {
        match step {
            Step::AddRule(rule) => self.add(rule, origin),
            Step::DeleteRule(rule) => match self.entries.iter().position(|(there, _)| is_same(there, rule)) {
                Some(at) => {
                    self.entries.remove(at);
                    Applied::Deleted(1)
                }
                None => Applied::Missing,
            },
            Step::DeleteAll { key } => {
                let before = self.entries.len();
                self.entries.retain(|(rule, _)| !has_key(rule, key));
                Applied::Deleted(before - self.entries.len())
            }
            _ => Applied::Done,
        }
    }

    fn add(&mut self, rule: &Rule, origin: T) -> Applied<T> {
        if !rule.prepend && self.prints.contains(&print_of(rule)) {
            if let Some((_, first)) = self.entries.iter().find(|(there, _)| is_same(there, rule)) {
                return Applied::Duplicate(*first);
            }
        }
        self.put(rule.clone(), origin);
        Applied::Done
    }

    fn put(&mut self, rule: Rule, origin: T) {
        self.prints.push(print_of(&rule));
        let place = if rule.prepend { 0 } else { self.entries.len() };
        self.entries.insert(place, (Rule { prepend: false, ..rule }, origin));
    }

    /// The rules with their origins.
    pub fn entries(&self) -> &[(Rule, T)] {
        &self.entries
    }

    /// The rules alone.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.entries.iter().map(|(rule, _)| rule)
    }
}

/// A number that rules for the same path or directory have in common, and few others: of many rules most watch something of their own,
/// and are compared by it first.
pub(super) fn print_of(rule: &Rule) -> u32 {
    let watched = rule.fields.iter().filter(|field| matches!(field.id, FieldId::PATH | FieldId::DIR));
    let bytes = watched.flat_map(|field| match &field.value {
        Value::Text(path) => path.as_slice(),
        Value::Number(_) => &[],
    });
    // Slashes at its end make no other directory.
    bytes
        .filter(|byte| **byte != b'/')
        .fold(1, |print: u32, byte| print.wrapping_mul(31).wrapping_add(u32::from(*byte)))
}

/// Whether the kernel takes two rules for one.
fn is_same(a: &Rule, b: &Rule) -> bool {
    a.list == b.list && a.action == b.action && a.fields == b.fields && a.syscalls == b.syscalls
}

/// Whether `-D -k KEY` takes the rule; without a key it takes every rule.
pub fn has_key(rule: &Rule, key: &[u8]) -> bool {
    key.is_empty() || rule.keys().any(|keys| memchr::memmem::find(keys, key).is_some())
}
