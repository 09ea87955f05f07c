//! What the rules cost, read off a log: events, records and bytes by key, by rule and by system call. `auditctl --cost` shows it.

use crate::event::Event;
use crate::record;
use crate::rule::explain::{Decision, decide};
use crate::rule::facts::Facts;
use crate::rule::{Action, Rule};
use crate::tables::machine::Machine;
use crate::tables::syscall;
use crate::text::number;
use std::collections::HashMap;

/// Different keys and calls that are counted apart; a log with more of them has been made up.
const MOST_ROWS: usize = 4096;
/// Where the others are counted.
const OTHERS: &[u8] = b"(others)";

/// What some events came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Events.
    pub events: u64,
    /// Their records.
    pub records: u64,
    /// The bytes of their records with the newlines.
    pub bytes: u64,
}

impl Amount {
    fn add(&mut self, other: Amount) {
        self.events += other.events;
        self.records += other.records;
        self.bytes += other.bytes;
    }
}

/// The events of a log, counted.
#[derive(Debug)]
pub struct Cost<'r> {
    /// All of them.
    pub total: Amount,
    /// The second of the first event, and of the last.
    pub span: Option<(u64, u64)>,
    rules: &'r [Rule],
    by_rule: Vec<Amount>,
    /// Of no rule that was given, or of one that cannot be told.
    pub unexplained: Amount,
    keys: HashMap<Vec<u8>, Amount>,
    calls: HashMap<Vec<u8>, Amount>,
}

impl<'r> Cost<'r> {
    /// Nothing yet. Events are put down to the first of `rules` that matches them, in the order in which the kernel tries them.
    pub fn new(rules: &'r [Rule]) -> Cost<'r> {
        let by_rule = vec![Amount::default(); rules.len()];
        Cost {
            total: Amount::default(),
            span: None,
            rules,
            by_rule,
            unexplained: Amount::default(),
            keys: HashMap::new(),
            calls: HashMap::new(),
        }
    }

    /// Counts an event.
    pub fn add(&mut self, event: &Event) {
        let bytes = event.records().map(|record| record.as_written().len() as u64 + 1).sum();
        let amount = Amount { events: 1, records: event.len() as u64, bytes };
        self.total.add(amount);
        let second = event.id().sec;
        let (first, last) = self.span.unwrap_or((second, second));
        self.span = Some((first.min(second), last.max(second)));
        count(&mut self.keys, key(event), amount);
        let Some(call) = call(event) else { return };
        count(&mut self.calls, call, amount);
        if !self.rules.is_empty() {
            let records: Vec<_> = event.records().collect();
            let is_never = |place: usize| self.rules.get(place).is_some_and(|rule| rule.action == Action::NEVER);
            let decision = Facts::of_records(&records, None).ok().map(|facts| decide(self.rules, &facts));
            let place = match decision {
                // What is in the log, no rule that leaves it out has decided.
                Some(Decision::Rule(place)) => self.by_rule.get_mut(place).filter(|_| !is_never(place)),
                _ => None,
            };
            place.unwrap_or(&mut self.unexplained).add(amount);
        }
    }

    /// Keys with what they came to, most bytes first.
    pub fn keys(&self) -> Vec<(&[u8], Amount)> {
        sorted(&self.keys)
    }

    /// System calls, as `arch call`, most bytes first.
    pub fn calls(&self) -> Vec<(&[u8], Amount)> {
        sorted(&self.calls)
    }

    /// The rules in their order.
    pub fn rules(&self) -> impl Iterator<Item = (&'r Rule, Amount)> {
        self.rules.iter().zip(self.by_rule.iter().copied())
    }
}

fn count(rows: &mut HashMap<Vec<u8>, Amount>, name: Vec<u8>, amount: Amount) {
    let name = if rows.len() < MOST_ROWS || rows.contains_key(&name) { name } else { OTHERS.to_vec() };
    rows.entry(name).or_default().add(amount);
}

fn sorted(rows: &HashMap<Vec<u8>, Amount>) -> Vec<(&[u8], Amount)> {
    let mut rows: Vec<_> = rows.iter().map(|(name, amount)| (name.as_slice(), *amount)).collect();
    rows.sort_by(|a, b| b.1.bytes.cmp(&a.1.bytes).then(a.0.cmp(b.0)));
    rows
}

/// The keys of an event, with commas between.
fn key(event: &Event) -> Vec<u8> {
    let keys = event.keys();
    let is_of_a_rule = || event.records().any(|record| record::key_values(record.body).next().is_some());
    match keys.is_empty() {
        false => keys.join(&b','),
        true if is_of_a_rule() => b"(no key)".to_vec(),
        true => b"(no rule)".to_vec(),
    }
}

/// The call that an event is about, on its own machine.
fn call(event: &Event) -> Option<Vec<u8>> {
    let of_type = |name| event.records().find(|record| record.type_name() == Some(name));
    let (machine, word) = match of_type("SYSCALL") {
        Some(record) => {
            let elf = number::parse_prefix(record.field(b"arch")?, 16);
            (elf.and_then(|elf| Machine::from_elf(elf as u32)), record.field(b"syscall")?)
        }
        None => (Some(Machine::IoUring), of_type("URINGOP")?.field(b"uring_op")?),
    };
    let name =
        machine.zip(number::parse_exact(word)).and_then(|(machine, number)| syscall::name(machine, number as u32));
    Some([machine.map_or("?", Machine::name).as_bytes(), b" ", name.map_or(word, str::as_bytes)].concat())
}
