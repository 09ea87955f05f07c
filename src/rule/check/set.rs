//! What rules say together: which are never reached, which are missing, and the order of lines.

use super::super::command::{Place, Step};
use super::super::explain::{Verdict, are_of_one_file, is_of_one_file, judge, keys};
use super::super::facts::Facts;
use super::super::meaning::{Meaning, other_width, possible_width, trim};
use super::super::model::{Action, FieldId, List, Operator, Rule, RuleField, SyscallMask, Value};
use super::super::parse::Host;
use super::super::ranges::Numbers;
use super::super::set::{Applied, RuleSet};
use super::super::witness::witness;
use super::codes::{self, Level};
use super::finding::{Edit, Effect, Finding, Fix, Span, finding};
use super::line::{changes_state, one_arch};
use super::planned::{Planned, Target, machine_of};
use crate::abi::rule::MASK_WORDS;
use crate::abi::{Status, mask};
use crate::tables::machine::Machine;
use crate::tables::syscall;

/// A rule that the kernel has in the end.
struct Active<'p> {
    planned: &'p Planned<'p>,
    rule: &'p Rule,
    meaning: Meaning<'p>,
}

impl Active<'_> {
    fn span(&self) -> Span {
        self.planned.whole()
    }

    /// Where the last of its calls stand, if it names them and others can be added.
    fn named_calls(&self) -> Option<Place> {
        let by_name = self.rule.fields.iter().all(|field| field.id != FieldId::PERM);
        let calls = self.planned.plan.as_ref()?.places.syscalls.last().copied();
        calls.filter(|_| by_name && !self.rule.syscalls.is_full(MASK_WORDS - 1) && !self.rule.prepend)
    }

    /// The change that writes `added` after its calls.
    fn more_calls(&self, added: &[u8]) -> Option<Edit> {
        let span = self.planned.place(self.named_calls()?);
        Some(self.planned.edit(Span { bytes: (span.bytes.1, span.bytes.1), ..span }, added))
    }
}

/// Judges all lines together, in the order in which they are loaded.
pub(super) fn check(lines: &[Planned], is_set: bool, target: &Target, out: &mut Vec<Finding>) {
    let machine = target.host.machine();
    let mut late = Vec::new();
    let set = load(lines, out, &mut late);
    out.append(&mut late);
    let place = |(rule, _): &(Rule, usize)| target.host.place(rule.directory()?);
    let places: Vec<Option<Vec<u8>>> = set.entries().iter().map(place).collect();
    let rules: Vec<Active> = set
        .entries()
        .iter()
        .zip(&places)
        // Those that decide nothing by themselves have a finding of their own.
        .filter(|((rule, _), _)| rule.first_untested().is_none() && !rule.is_passed_over())
        .filter_map(|((rule, line), place)| {
            let mut meaning = Meaning::of(rule, machine);
            meaning.place = place.as_deref();
            Some(Active { planned: lines.get(*line)?, rule, meaning })
        })
        .collect();
    for (at, rule) in rules.iter().enumerate() {
        let earlier = rules.get(..at).unwrap_or_default();
        // What is said of a rule that never matches would not matter.
        if !unreachable(rule, earlier, target, out) {
            never_task(rule, earlier, out);
            mergeable(rule, earlier, out);
            let later = rules.get(at + 1..).unwrap_or_default();
            arch(rule, &rules, later, machine, out);
        }
    }
    no_lock(lines, is_set, out);
}

/// What the kernel has once all lines are loaded, each rule with the place of its line; which lines are not loaded for those before
/// them, and which undo what others do.
pub(super) fn load(lines: &[Planned], refused: &mut Vec<Finding>, late: &mut Vec<Finding>) -> RuleSet<usize> {
    let mut set = RuleSet::new();
    let mut lock: Option<Span> = None;
    // What the kernel has before the first line is not known.
    let mut emptied: Option<Span> = None;
    for (place, planned) in lines.iter().enumerate() {
        let Some(plan) = planned.plan.as_ref().filter(|_| planned.is_taken()) else { continue };
        for step in &plan.steps {
            if let Some(lock) = lock.filter(|_| changes_state(step)) {
                let message = "comes after -e 2: the kernel takes no more changes";
                refused.push(misplaced(
                    planned,
                    message.to_owned(),
                    "put -e 2 last",
                    lock,
                    "the rules are locked here",
                ));
                break;
            }
            let first = set.entries().first().and_then(|(_, line)| lines.get(*line)).map(Planned::whole);
            match (set.apply(step, place), step, first) {
                (Applied::Duplicate(there), ..) => {
                    refused.extend(lines.get(there).map(|there| duplicate(planned, there)));
                }
                (Applied::Deleted(count @ 1..), Step::DeleteAll { key }, Some(first)) if key.is_empty() => {
                    let message = format!("deletes what was added before it, rules: {count}");
                    late.push(misplaced(planned, message, "put -D first", first, "the first of them"));
                }
                (Applied::Missing, Step::DeleteRule(rule), _) => {
                    let may_be_there = || set.rules().any(|there| may_be_one(there, rule));
                    refused.extend(emptied.filter(|_| !may_be_there()).map(|emptied| not_there(planned, emptied)));
                }
                (_, Step::Set(Status { enabled: Status::LOCKED, mask: mask::ENABLED, .. }), _) => {
                    lock = Some(planned.whole());
                }
                _ => {}
            }
            if matches!(step, Step::DeleteAll { key } if key.is_empty()) {
                emptied = Some(planned.whole());
            }
        }
    }
    set
}

/// Whether the kernel may take two rules for one: whether -w is for a file or a directory is seen when it is loaded, and which calls are in
/// its classes the kernel knows.
fn may_be_one(a: &Rule, b: &Rule) -> bool {
    let id = |field: &RuleField| if field.id == FieldId::DIR { FieldId::PATH } else { field.id };
    let is_alike = |(a, b): (&RuleField, &RuleField)| id(a) == id(b) && a.operator == b.operator && a.value == b.value;
    a.list == b.list
        && a.action == b.action
        && a.fields.len() == b.fields.len()
        && a.fields.iter().zip(&b.fields).all(is_alike)
        && (a.syscalls == b.syscalls || [a, b].iter().any(|rule| rule.syscalls.has_classes()))
}

fn misplaced(planned: &Planned, message: String, help: &str, other: Span, what: &str) -> Finding {
    let mut found = finding(&codes::AFTER_LOCK, planned.whole(), message, help);
    found.related.push((other, what.to_owned()));
    found
}

/// A rule once more.
fn duplicate(planned: &Planned, there: &Planned) -> Finding {
    let message = "the same rule once more: the kernel answers `Rule exists`".to_owned();
    let mut found = finding(&codes::DUPLICATE, planned.whole(), message, "delete the line");
    found.related.push((there.whole(), "it was added here".to_owned()));
    found.fix = Some(Fix { effect: Effect::Same, edits: vec![planned.removal()] });
    found
}

/// A rule to delete that is not there.
fn not_there(planned: &Planned, emptied: Span) -> Finding {
    let message = "there is no such rule: the kernel answers `No such file or directory`".to_owned();
    let help = "a rule is found by all its words, in their order; delete the line if it has no use";
    let mut found = finding(&codes::NOT_THERE, planned.whole(), message, help);
    found.related.push((emptied, "all rules are deleted here".to_owned()));
    found
}

/// Whether the rule matches nothing that rules tried before it leave over.
fn unreachable(rule: &Active, earlier: &[Active], target: &Target, out: &mut Vec<Finding>) -> bool {
    let machine = target.host.machine();
    if rule.meaning.why_impossible().is_some() {
        return true;
    }
    let Some((covering, others)) = covering(rule, earlier) else {
        never_overlap(rule, earlier, machine, out);
        return false;
    };
    // On the exclude list every action leaves out.
    let is_same = covering.rule.action == rule.rule.action || rule.rule.list == List::EXCLUDE;
    let key = keys(rule.rule);
    // The record of a rule without a key has the key of one that matched before it, see explain::key_rule().
    let is_other_moment = is_of_one_file(covering.rule) != is_of_one_file(rule.rule);
    if is_same && is_other_moment && key.is_some() && keys(covering.rule).is_none() {
        return false;
    }
    let action = |rule: &Rule| rule.action.name().unwrap_or("another");
    let such = example(rule.rule, target.host)
        .map_or_else(|| ", if there is any".to_owned(), |event| format!(", such as {event}"));
    let take = if others.is_some() { "two earlier {} rules together take" } else { "an earlier {} rule takes" };
    let which = format!("{} every event of it{such}", take.replace("{}", action(covering.rule)));
    // KERNEL: audit_update_watch() turns the order of the rules for a path round.
    let is_turned = std::iter::once(covering).chain(others).any(|other| are_of_one_file(other.rule, rule.rule));
    let (code, message, help) = match (is_same, is_turned) {
        (true, false) => {
            let key = key.map(|key| format!(": its key {key} never appears")).unwrap_or_default();
            (
                &codes::REDUNDANT,
                format!("has no effect{key}; {which}"),
                "delete it, or give its key to the earlier rule",
            )
        }
        (true, true) => {
            let turned = "has no effect until the file is replaced, and then takes the place of the other rule";
            (&codes::REDUNDANT, format!("{turned}; {which}"), "make one rule of the two")
        }
        (false, false) => {
            (&codes::SHADOWED, format!("is never reached: {which}"), "put it before the earlier rule, or delete it")
        }
        (false, true) => {
            let turned = "is not reached until the file is replaced, and then takes the place of the other rule";
            (&codes::SHADOWED, format!("{turned}: {which}"), "keep one of the two")
        }
    };
    let mut found = finding(code, rule.span(), message, help);
    for covering in std::iter::once(covering).chain(others) {
        found.related.push((covering.span(), "this rule is tried first".to_owned()));
    }
    out.push(found);
    true
}

/// An event that the rule matches. Events have paths as they are, so there is none where the rule's own leads through a link.
fn example(rule: &Rule, host: &dyn Host) -> Option<String> {
    let leads_elsewhere = |own: &[u8]| host.place(&[own, b"/"].concat()).is_some_and(|place| place != trim(own));
    if rule.directory().is_some_and(leads_elsewhere) {
        return None;
    }
    let event = witness(rule, host.machine());
    let words: Vec<&[u8]> = event.split(' ').map(str::as_bytes).collect();
    let matches = Facts::parse(&words, host).is_ok_and(|facts| !matches!(judge(rule, &facts), Verdict::No(_)));
    matches.then_some(event)
}

/// As many rules are looked at for two that cover another together.
const MOST_PARTIAL: usize = 64;

/// The rule that covers `rule`; or two that do so together, each for a part of the numbers of one field.
fn covering<'a, 'p>(rule: &Active, earlier: &'a [Active<'p>]) -> Option<(&'a Active<'p>, Option<&'a Active<'p>>)> {
    let mut partial: Vec<(&Active, FieldId, &Numbers)> = Vec::new();
    for one in earlier {
        let Some(mut uncovered) = one.meaning.covers_but_for(&rule.meaning) else { continue };
        match (uncovered.next(), uncovered.next()) {
            (None, _) => return Some((one, None)),
            (Some((id, numbers)), None)
                if partial.len() < MOST_PARTIAL && rule.meaning.may_be(id, numbers) && !rule.meaning.may_lack(id) =>
            {
                partial.push((one, id, numbers));
            }
            _ => {}
        }
    }
    partial.iter().enumerate().find_map(|(at, (one, id, numbers))| {
        let wanted = rule.meaning.number(*id);
        let together = |other: &&(&'a Active<'p>, FieldId, &Numbers)| {
            other.1 == *id && other.0.rule.action == one.rule.action && wanted.is_within(&numbers.union(other.2))
        };
        let second = partial.get(at + 1..)?.iter().find(together)?;
        Some((*one, Some(second.0)))
    })
}

/// A never rule that takes some of the calls of a later rule wholly.
fn never_overlap(rule: &Active, earlier: &[Active], machine: Option<Machine>, out: &mut Vec<Finding>) {
    let takes = |earlier: &&Active| {
        earlier.rule.action == Action::NEVER
            && rule.rule.action == Action::ALWAYS
            && earlier.meaning.covers_any_call(&rule.meaning)
            && earlier.meaning.common_calls(&rule.meaning) != SyscallMask::NONE
    };
    let Some(never) = earlier.iter().find(takes) else { return };
    let machine = machine_of(rule.rule, machine);
    let calls = never.meaning.common_calls(&rule.meaning);
    let name = |number| machine.and_then(|machine| syscall::name(machine, number)).map(str::to_owned);
    let names: Vec<String> =
        calls.iter().take(4).map(|number| name(number).unwrap_or_else(|| number.to_string())).collect();
    let message = format!("does not see {}: an earlier never rule takes every such event", names.join(", "));
    let mut found = finding(&codes::NEVER_OVERLAP, rule.span(), message, "");
    found.related.push((never.span(), "this rule is tried first".to_owned()));
    out.push(found);
}

/// Two rules that could be one.
fn mergeable(rule: &Active, earlier: &[Active], out: &mut Vec<Finding>) {
    let Some(own) = rule.named_calls() else { return };
    let is_alike = |other: &Rule| {
        other.list == rule.rule.list && other.action == rule.rule.action && other.fields == rule.rule.fields
    };
    let mut nearest = earlier.iter().enumerate().rev().filter(|(_, other)| is_alike(other.rule));
    let Some((at, first)) = nearest.find(|(_, other)| other.named_calls().is_some()) else { return };
    if earlier.iter().skip(at + 1).any(|other| is_in_the_way(other, rule, &rule.meaning)) {
        return;
    }
    let plan = rule.planned.plan.as_ref();
    let calls: Vec<&[u8]> = plan
        .map(|plan| plan.places.syscalls.as_slice())
        .unwrap_or_default()
        .iter()
        .filter_map(|place| text(rule.planned, rule.planned.place(*place)))
        .collect();
    let Some(more) = first.more_calls(&[b",".as_slice(), &calls.join(&b',')].concat()) else { return };
    let message = "differs from an earlier rule in its calls alone: one rule for both costs less".to_owned();
    let mut found = finding(&codes::MERGEABLE, rule.planned.place(own), message, "add the calls to the earlier rule");
    found.related.push((first.span(), "this rule".to_owned()));
    found.fix = Some(Fix { effect: Effect::Same, edits: vec![more, rule.planned.removal()] });
    out.push(found);
}

/// Whether calls cannot be moved past a rule, as it may tell the events of `meaning` from those of `rule`.
fn is_in_the_way(other: &Active, rule: &Active, meaning: &Meaning) -> bool {
    let differs = other.rule.action != rule.rule.action || other.rule.keys().ne(rule.rule.keys());
    differs && other.meaning.may_meet(meaning)
}

fn text<'p>(planned: &Planned<'p>, span: Span) -> Option<&'p [u8]> {
    planned.line.text.get(span.bytes.0..span.bytes.1)
}

fn never_task(rule: &Active, earlier: &[Active], out: &mut Vec<Finding>) {
    if rule.rule.is_never_task() {
        let is_kept = |other: &Active| other.rule.list == List::TASK && other.rule.action == Action::ALWAYS;
        let but = if earlier.iter().any(is_kept) { " that no rule before it takes" } else { "" };
        let message = format!("switches system call rules off for every process started from now on{but}");
        out.push(finding(&codes::NEVER_TASK, rule.span(), message, "delete the line, or name a user with -F auid="));
    }
}

/// Calls without an arch, and rules for programs of one width only.
fn arch(rule: &Active, all: &[Active], later: &[Active], native: Option<Machine>, out: &mut Vec<Finding>) {
    let Some(plan) = &rule.planned.plan else { return };
    let is_exit = rule.rule.list == List::EXIT;
    let names_calls = !plan.places.syscalls.is_empty() && !rule.rule.syscalls.is_full(MASK_WORDS - 1);
    let mut arches = rule.rule.fields.iter().enumerate().filter(|(_, field)| field.id == FieldId::ARCH);
    let arch = arches.next();
    if is_exit && names_calls && arch.is_none() {
        let span = rule.planned.place(plan.places.syscalls.first().copied().unwrap_or_default());
        let message = "the calls are named without -F arch: other programs have other numbers for them".to_owned();
        let mut found = finding(&codes::NO_ARCH, span, message, "write the rule with -F arch=b64 and with -F arch=b32");
        found.fix = native.and_then(|native| with_arch(rule, native));
        return out.push(found);
    }
    if !is_exit {
        return;
    }
    let last = arches.next_back().or(arch);
    if let Some(found) = last.and_then(|(at, field)| excluded_arch(rule, at, field)) {
        return out.push(found);
    }
    let is_only = |at: usize| last.is_some_and(|(last, _)| last == at);
    let is_for_one = |(at, field): &(usize, &RuleField)| is_only(*at) && field.operator == Operator::EQUAL;
    let arch = arch.filter(is_for_one).filter(|_| rule.rule.action == Action::ALWAYS);
    let (Some((arch, _)), Some(native)) = (arch, native) else { return };
    out.extend(one_abi(rule, arch, all, later, native));
}

/// Programs of the other width that make the same calls, which no rule is for.
fn one_abi(rule: &Active, arch: usize, all: &[Active], later: &[Active], native: Machine) -> Option<Finding> {
    let other = possible_width(native)?;
    let (own, native_elf, other_elf) = (one_arch(&rule.meaning)?, native.elf()?, other.elf()?);
    let (here, there, there_elf, word) = match own {
        own if own == native_elf => (native, other, other_elf, "b32"),
        // A rule for every call of the narrow width is about that width.
        own if own == other_elf && !rule.rule.syscalls.is_full(MASK_WORDS - 1) => (other, native, native_elf, "b64"),
        _ => return None,
    };
    let is_met = |name: &str| !rule.meaning.never_meets(name);
    // The calls of -F perm are those that there are of the class.
    let is_by_name = rule.rule.fields.iter().all(|field| field.id != FieldId::PERM);
    let calls = translated(&rule.rule.syscalls, here, there, is_by_name, is_met)?;
    let mut twin = rule.meaning.clone();
    twin.replace(FieldId::ARCH, Numbers::one(there_elf));
    twin.calls = Some(calls.clone());
    let mut missing = calls;
    // What a never rule leaves out is not missing either.
    for known in all.iter().filter(|known| known.meaning.covers_any_call(&twin)) {
        missing.remove_all(&known.rule.syscalls);
    }
    if missing == SyscallMask::NONE {
        return None;
    }
    let is_certain = there == native || other_width(native).is_some();
    let names: Vec<_> = missing.iter().take(4).filter_map(|number| syscall::name(there, number)).collect();
    let calls_missing = if missing == SyscallMask::ALL { "the same".to_owned() } else { names.join(", ") };
    let if_any = if is_certain { "" } else { ", where the kernel runs such," };
    let who = there.name();
    let message = format!("{who} programs{if_any} do {calls_missing} unseen: no rule that loads is for arch={word}");
    let is_besides = |number| syscall::name(there, number).is_some_and(|name| syscall::number(here, name).is_none());
    let help = match there != native && missing != SyscallMask::ALL && missing.iter().any(is_besides) {
        true => {
            "add the same rule for the other width; of two calls of 32-bit programs those of today make the wider one"
        }
        false => "add the same rule for the other width",
    };
    let mut found = finding(&codes::ONE_ABI, rule.planned.field(arch), message, help);
    // A twin before a never rule for the other width would record what that leaves out.
    twin.calls = Some(missing.clone());
    // Before one that it takes every event of, it would take that one's key away.
    let is_contradicted = later.iter().any(|other| match other.rule.action {
        Action::NEVER => other.meaning.may_meet(&twin),
        _ => twin.covers(&other.meaning) && keys(other.rule) != keys(rule.rule),
    });
    let known = twin_of(rule, &twin, (arch, there_elf), all);
    found.related.extend(known.map(|known| (known.span(), "this is the same rule for the other width".to_owned())));
    found.fix = match known {
        _ if is_contradicted => None,
        Some(known) => with_calls(known, there, &missing),
        None => twin_line(rule, (arch, word), (here, there), &missing),
    };
    if !is_certain {
        found.level = Level::Note;
        found.fix.iter_mut().for_each(|fix| fix.effect = Effect::Unsure);
    }
    Some(found)
}

/// The rule that differs in its arch and its calls alone, where it can be given those of `twin`: no rule between the two tells their
/// events apart.
fn twin_of<'a, 'p>(
    rule: &Active,
    twin: &Meaning,
    (arch, elf): (usize, u32),
    all: &'a [Active<'p>],
) -> Option<&'a Active<'p>> {
    let mut fields = rule.rule.fields.clone();
    fields.get_mut(arch)?.value = Value::Number(elf);
    let is_one = |other: &Active| {
        other.named_calls().is_some()
            && (other.rule.list, other.rule.action) == (rule.rule.list, rule.rule.action)
            && other.rule.fields == fields
    };
    let (own, there) = (all.iter().position(|other| std::ptr::eq(other, rule))?, all.iter().position(is_one)?);
    let between = all.get(own.min(there)..own.max(there))?;
    if between.iter().any(|other| is_in_the_way(other, rule, twin)) { None } else { all.get(there) }
}

/// The rule with more calls, of `machine`.
fn with_calls(rule: &Active, machine: Machine, calls: &SyscallMask) -> Option<Fix> {
    let names: Vec<&str> = calls.iter().filter_map(|number| syscall::name(machine, number)).collect();
    Some(Fix { effect: Effect::Meant, edits: vec![rule.more_calls(&[b",", names.join(",").as_bytes()].concat())?] })
}

/// Calls by the numbers of an arch, that of the last test of it, that the rule is not for. KERNEL: of calls a rule has numbers alone,
/// whatever its arch.
fn excluded_arch(rule: &Active, at: usize, field: &RuleField) -> Option<Finding> {
    let calls = &rule.rule.syscalls;
    let Value::Number(elf) = field.value else { return None };
    let numbers_of = Machine::from_elf(elf).filter(|_| !calls.is_full(MASK_WORDS - 1))?;
    let arches = rule.meaning.arches();
    if arches.as_ref().map_or(field.operator == Operator::EQUAL, |arches| arches.contains(&elf)) {
        return None;
    }
    let others: Vec<Machine> = arches.into_iter().flatten().filter_map(Machine::from_elf).collect();
    let is_same =
        |number| others.iter().all(|other| syscall::name(*other, number) == syscall::name(numbers_of, number));
    if !others.is_empty() && calls.iter().all(is_same) {
        return None;
    }
    let in_words = |other: &Machine| {
        let names: Vec<_> = calls.iter().take(4).filter_map(|number| syscall::name(*other, number)).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        format!("; to {} programs they are {names}", other.name())
    };
    let meant: String = others.iter().map(in_words).collect();
    let message =
        format!("the calls have the numbers of {} programs, which the rule is not for{meant}", numbers_of.name());
    let help = "write -F arch= with the arch that is meant";
    Some(finding(&codes::EXCLUDED_ARCH, rule.planned.field(at), message, help))
}

/// Those of the calls that are wanted, by the numbers of another machine, as far as it has calls of these names, or also others that do
/// the same; `None` when it has none.
fn translated(
    calls: &SyscallMask,
    from: Machine,
    to: Machine,
    with_others: bool,
    is_wanted: impl Fn(&str) -> bool,
) -> Option<SyscallMask> {
    if *calls == SyscallMask::ALL {
        return Some(SyscallMask::ALL);
    }
    let mut translated = SyscallMask::NONE;
    let names = calls.iter().filter_map(|number| syscall::name(from, number)).filter(|name| is_wanted(name));
    let is_taken = |name: &str, number: u32| with_others || syscall::name(to, number) == Some(name);
    for number in
        names.flat_map(|name| numbers_of(name, from, to).into_iter().filter(move |number| is_taken(name, *number)))
    {
        translated.insert(number);
    }
    (translated != SyscallMask::NONE).then_some(translated)
}

/// What ends the names of calls that 32-bit programs have besides, with ids of 32 bits, sizes or times of 64.
const WIDER: [&str; 3] = ["32", "64", "_time64"];

/// The same where the whole name differs.
const RENAMED: [(&str, &str); 6] = [
    ("getrlimit", "ugetrlimit"),
    ("kexec_load", "sys_kexec_load"),
    ("lseek", "_llseek"),
    ("mmap", "mmap2"),
    ("newfstatat", "fstatat64"),
    ("select", "_newselect"),
];

/// The calls of another machine that do what the one of this name does. Where a machine has both names they are two calls.
fn numbers_of(name: &str, from: Machine, to: Machine) -> Vec<u32> {
    let number = |name: &str| syscall::number(to, name);
    let wider = WIDER.iter().map(|end| [name, end].concat());
    let renamed = RENAMED.iter().filter(|(wide, _)| *wide == name).map(|(_, narrow)| (*narrow).to_owned());
    let wider = wider.chain(renamed).filter(|wider| syscall::number(from, wider).is_none());
    let plain = WIDER.iter().filter_map(|end| name.strip_suffix(end));
    let plain = plain.chain(RENAMED.iter().filter(|(_, narrow)| *narrow == name).map(|(wide, _)| *wide));
    let plain = plain.filter(|_| number(name).is_none());
    number(name).into_iter().chain(wider.filter_map(|name| number(&name))).chain(plain.filter_map(number)).collect()
}

/// The line once more for programs of the other width, with the calls that are missing there.
fn twin_line(
    rule: &Active,
    (arch, word): (usize, &str),
    (here, there): (Machine, Machine),
    missing: &SyscallMask,
) -> Option<Fix> {
    let planned = rule.planned;
    let plan = planned.plan.as_ref()?;
    let mut changes = vec![(planned.field(arch).bytes, format!("arch={word}").into_bytes())];
    for place in &plan.places.syscalls {
        let span = planned.place(*place);
        let mut names: Vec<&str> = Vec::new();
        for word in text(planned, span)?.split(|b| *b == b',') {
            let word = std::str::from_utf8(word).ok()?;
            let calls = numbers_of(word, here, there).into_iter().filter(|number| missing.contains(*number));
            names.extend(Some("all").filter(|all| *all == word));
            for name in calls.filter_map(|number| syscall::name(there, number)) {
                // Of 32 bits there may be two for one.
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        // A -S that has nothing left would have to go with its option.
        if names.is_empty() {
            return None;
        }
        changes.push((span.bytes, names.join(",").into_bytes()));
    }
    changes.sort_unstable();
    let mut line = Vec::new();
    let mut at = 0;
    for ((start, end), new) in changes {
        line.extend_from_slice(planned.line.text.get(at..start)?);
        line.extend_from_slice(&new);
        at = end;
    }
    line.extend_from_slice(planned.line.text.get(at..)?);
    Some(Fix { effect: Effect::Meant, edits: vec![after(planned, &line)] })
}

/// A new line after the one of `planned`.
fn after(planned: &Planned, line: &[u8]) -> Edit {
    let end = planned.line.start + planned.line.text.len();
    Edit { file: planned.file, bytes: (end, end), text: [b"\n", line].concat() }
}

/// The line with -F arch, once for each width.
fn with_arch(rule: &Active, native: Machine) -> Option<Fix> {
    let planned = rule.planned;
    let target = planned.place(planned.plan.as_ref()?.places.target);
    let words: &[&[u8]] = if other_width(native).is_some() { &[b"b64", b"b32"] } else { &[b"b64"] };
    let whole = planned.whole();
    let (before, after) =
        (planned.line.text.get(whole.bytes.0..target.bytes.1)?, planned.line.text.get(target.bytes.1..)?);
    let lines: Vec<Vec<u8>> = words.iter().map(|word| [before, b" -F arch=", word, after].concat()).collect();
    Some(Fix { effect: Effect::Unsure, edits: vec![planned.edit(whole, &lines.join(&b'\n'))] })
}

/// A whole set, which begins with -D or is one of several files, and that stays open.
fn no_lock(lines: &[Planned], is_set: bool, out: &mut Vec<Finding>) {
    let steps = || lines.iter().filter_map(|planned| planned.plan.as_ref()).flat_map(|plan| &plan.steps);
    let is_whole = is_set || steps().any(|step| matches!(step, Step::DeleteAll { key } if key.is_empty()));
    let adds = steps().any(|step| matches!(step, Step::AddRule(_)));
    let locks = steps().any(|step| matches!(step, Step::Set(status) if status.enabled == Status::LOCKED));
    if let (true, Some(last)) = (is_whole && adds && !locks, lines.last()) {
        let message = "the set ends without -e 2: rules can be changed until the next boot".to_owned();
        out.push(finding(&codes::NO_LOCK, last.whole(), message, "end it with -e 2 where changes are to need a boot"));
    }
}
