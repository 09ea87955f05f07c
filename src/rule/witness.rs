//! An event that a rule matches, which a finding shows as an example and the tests ask the rules about.

use super::meaning::{Kind, Meaning, SUCCEEDED, bits_hold, kind, names_taken_away, trim};
use super::model::{FieldId, List, Operator, Rule, RuleField, SyscallMask, Value};
use super::parse::compare;
use super::ranges::Numbers;
use crate::tables::machine::Machine;
use crate::tables::rule::PERMISSIONS;
use crate::tables::{record_type, syscall};
use crate::text::escape::lossy;

/// An event that the rule matches, as the words of `auditctl --explain`; what any value will do for is left out. Where a rule
/// compares fields with each other the words may miss what it asks for.
pub(super) fn witness(rule: &Rule, native: Option<Machine>) -> String {
    let mut meaning = Meaning::of(rule, native);
    rule.fields.iter().for_each(|field| meaning.meet_comparison(field));
    let mut words = Vec::new();
    if rule.list != List::EXIT {
        words.push(format!("list={}", rule.list.name().unwrap_or_default()));
    }
    let arch = meaning.number(FieldId::ARCH);
    let preferred = native.and_then(Machine::elf).filter(|elf| arch.contains(*elf)).or(arch.lowest());
    let machine = preferred.and_then(Machine::from_elf).filter(|_| rule.list == List::EXIT);
    words.extend(machine.map(|machine| format!("arch={}", machine.name())));
    if let Some(calls) = &meaning.calls {
        let machine = if rule.list == List::IO_URING { Some(Machine::IoUring) } else { machine };
        words.extend(
            machine.and_then(|machine| witness_call(calls, machine, &meaning)).map(|call| format!("syscall={call}")),
        );
    }
    for (id, numbers) in meaning.numbers.iter().filter(|row| row.0 != FieldId::ARCH) {
        words.extend(witness_number(&meaning, *id, numbers));
    }
    for (id, ..) in meaning.bits.iter().filter(|(id, ..)| meaning.numbers.iter().all(|row| row.0 != *id)) {
        words.extend(witness_number(&meaning, *id, &Numbers::all()));
    }
    for field in &meaning.single {
        let Some(name) = field.id.name() else { continue };
        let is_said = || words.iter().any(|word| word.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')));
        match &field.value {
            // The group that one test asks for has to do for the others.
            _ if kind(field.id) == Kind::Group && is_said() => {}
            Value::Text(text) if field.operator == Operator::EQUAL => {
                words.push(format!("{name}={}", lossy(text)));
            }
            Value::Number(value) if kind(field.id) != Kind::Opaque => {
                let lowest = Numbers::of(field.operator, *value).and_then(|numbers| numbers.lowest());
                words.extend(lowest.map(|number| format!("{name}={number}")));
            }
            _ => {}
        }
    }
    if let Some((id, path)) = meaning.watched {
        let below = if id == FieldId::DIR { "/file" } else { "" };
        words.push(format!("path={}{below}", lossy(trim(path))));
    }
    // A call may be of several classes; each test needs one of its own.
    let needed: Vec<_> =
        meaning.perms.iter().map(|bits| PERMISSIONS.iter().find(|class| bits & class.bit != 0)).collect();
    let letters = PERMISSIONS.iter().filter(|class| needed.iter().flatten().any(|needed| needed.bit == class.bit));
    let letters: String = letters.map(|class| char::from(class.letter)).collect();
    if !letters.is_empty() {
        words.push(format!("perm={letters}"));
    }
    // Several tests of one field may be met by one number.
    let mut once: Vec<String> = Vec::new();
    words.into_iter().for_each(|word| {
        if !once.contains(&word) {
            once.push(word)
        }
    });
    once.join(" ")
}

impl Meaning<'_> {
    /// Narrows two fields that a rule compares with each other to numbers that are so.
    fn meet_comparison(&mut self, field: &RuleField) {
        let Value::Number(code) = field.value else { return };
        let pair = compare::pair(code).filter(|_| field.id == FieldId::FIELD_COMPARE);
        let Some((left, right)) = pair.filter(|(a, b)| kind(*a) == Kind::Number && kind(*b) == Kind::Number) else {
            return;
        };
        let common = self.number(left).intersection(&self.number(right));
        let left_is = if field.operator == Operator::EQUAL { common.lowest() } else { self.number(left).lowest() };
        let Some(number) = left_is else { return };
        self.narrow(left, &Numbers::one(number));
        self.narrow(right, &Numbers::of(field.operator, number).unwrap_or_else(Numbers::all));
    }
}

/// A call that the rule is about, one of its class of access if it has one.
fn witness_call(calls: &SyscallMask, machine: Machine, meaning: &Meaning) -> Option<&'static str> {
    let of_class = PERMISSIONS.iter().filter(|class| meaning.perms.first().is_some_and(|bits| bits & class.bit != 0));
    let usual = of_class.flat_map(|class| class.calls.split(' ')).chain(["openat", "execve"]);
    let is_in = |name: &&str| syscall::number(machine, name).is_some_and(|number| calls.contains(number));
    let all = usual.filter(is_in).chain(calls.iter().filter_map(|number| syscall::name(machine, number)));
    // The first of those that suit best.
    all.min_by_key(|name| meaning.needs_result() && names_taken_away(name) > 0)
}

fn witness_number(meaning: &Meaning, id: FieldId, numbers: &Numbers) -> Option<String> {
    let tests = || meaning.bits.iter().filter(|test| test.0 == id);
    let holds = |number: &u32| {
        numbers.contains(*number) && tests().all(|(_, operator, value)| bits_hold(*number, *operator, *value))
    };
    let of_bits = tests().fold(0, |bits, test| bits | test.2);
    let some =
        [1000, of_bits].into_iter().chain(numbers.lowest()).chain(numbers.few().into_iter().flatten()).find(holds)?;
    let name = id.name()?;
    Some(match id {
        FieldId::SUCCESS => format!("success={}", if some == SUCCEEDED { "yes" } else { "no" }),
        // A success that looks like an error has more bits than a rule sees.
        FieldId::EXIT if meaning.number(FieldId::SUCCESS) != Numbers::one(SUCCEEDED) => format!("exit={}", some as i32),
        FieldId::AUID | FieldId::SESSIONID if some == u32::MAX => format!("{name}=unset"),
        FieldId::MSGTYPE => {
            format!("msgtype={}", record_type::name(some).map_or_else(|| some.to_string(), str::to_owned))
        }
        FieldId::A0 | FieldId::A1 | FieldId::A2 | FieldId::A3 => format!("{name}={some:#x}"),
        _ => format!("{name}={some}"),
    })
}
