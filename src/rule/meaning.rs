//! What a rule matches, as sets that can be compared: whether one rule takes every event of another, and whether a rule can
//! match at all.
//!
//! Every answer errs to one side: `covers` is true only when it is certain, `why_impossible` is given only when it is certain.
//! The certainty rests on what the kernel compares, KERNEL: 6.x, kernel/auditsc.c audit_filter_rules() and
//! kernel/auditfilter.c:
//!
//! * Numbers are compared without sign, 32 bits wide. An unset auid is therefore greater than any user.
//! * A test of the file (obj_uid, devmajor, ...) holds when it holds for any file of the call, so that two tests may be met by
//!   two files. A group test for equality looks at all groups of the process.
//! * A path is a file whatever its name is then; a directory is every name below. Keys match nothing.

use super::model::{FieldId, List, Operator, Rule, RuleField, SyscallMask, Value};
use super::parse::first_call;
use super::ranges::Numbers;
use crate::abi::rule::MASK_WORDS;
use crate::tables::machine::Machine;
use crate::tables::rule::{IN_KERNEL_ALONE, NOT_IN_EVERY_KERNEL, PERMISSIONS, Permission};
use crate::tables::syscall;

/// What the kernel's AUDITSC_SUCCESS and AUDITSC_FAILURE are to a test of `success`.
pub(super) const SUCCEEDED: u32 = 1;
pub(super) const FAILED: u32 = 2;
/// What a failed call returns, seen without a sign: -4095 to -1.
pub(super) const ERRORS: (u32, u32) = (4095u32.wrapping_neg(), u32::MAX);

/// How a field's tests combine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One number an event.
    Number,
    /// Several numbers an event, any of which will do.
    AnyOf,
    /// Equality looks at several numbers, order at one.
    Group,
    /// Nothing is known but that equal tests have equal answers.
    Opaque,
}

pub(super) fn kind(id: FieldId) -> Kind {
    match id {
        FieldId::GID | FieldId::EGID => Kind::Group,
        FieldId::DEVMAJOR | FieldId::DEVMINOR | FieldId::OBJ_UID | FieldId::OBJ_GID => Kind::AnyOf,
        FieldId::INODE | FieldId::FILETYPE | FieldId::FIELD_COMPARE | FieldId::EXE => Kind::Opaque,
        other if other.is_text() || other.name().is_none() => Kind::Opaque,
        _ => Kind::Number,
    }
}

/// What a rule matches.
#[derive(Clone)]
pub(super) struct Meaning<'r> {
    pub(super) list: List,
    /// The calls, where the list asks for them.
    pub(super) calls: Option<SyscallMask>,
    /// Each field with one number an event, and what it may be.
    pub(super) numbers: Vec<(FieldId, Numbers)>,
    /// Tests of bits of such fields.
    pub(super) bits: Vec<(FieldId, Operator, u32)>,
    /// Tests that stand alone: [`Kind::AnyOf`], [`Kind::Group`] and [`Kind::Opaque`].
    pub(super) single: Vec<&'r RuleField>,
    /// A path or a directory.
    pub(super) watched: Option<(FieldId, &'r [u8])>,
    /// Where the directory lies, links followed, as far as that is known.
    pub(super) place: Option<&'r [u8]>,
    /// Success or exit is tested.
    tests_result: bool,
    /// Classes of access, any of whose bits will do.
    pub(super) perms: Vec<u32>,
}

impl<'r> Meaning<'r> {
    /// `machine` is the one whose kernel has the rule: it says which arches there are at all.
    pub(super) fn of(rule: &'r Rule, machine: Option<Machine>) -> Meaning<'r> {
        let mut meaning = Meaning {
            list: rule.list,
            calls: rule.list.takes_syscalls().then(|| calls(&rule.syscalls)),
            numbers: Vec::new(),
            bits: Vec::new(),
            single: Vec::new(),
            watched: None,
            place: None,
            tests_result: rule.fields.iter().any(|field| matches!(field.id, FieldId::SUCCESS | FieldId::EXIT)),
            perms: Vec::new(),
        };
        if let Some(arches) = arches(machine).filter(|_| rule.list == List::EXIT) {
            meaning.numbers.push((FieldId::ARCH, arches));
        }
        match rule.list {
            List::FILESYSTEM => meaning.numbers.push((FieldId::FSTYPE, file_systems(rule))),
            _ => rule.tested().iter().for_each(|field| meaning.add(field)),
        }
        if meaning.number(FieldId::SUCCESS) == Numbers::one(FAILED) {
            meaning.narrow(FieldId::EXIT, &Numbers::between(ERRORS));
        }
        meaning
    }

    /// Rules for the same events, as far as their calls return: one for those that succeed and one for those that fail; of these, one for
    /// each class of access.
    pub(super) fn divided(&self) -> Option<[Meaning<'r>; 2]> {
        if self.list == List::EXIT && self.narrowed(FieldId::SUCCESS).is_none() {
            let mut of_results = [self.clone(), self.clone()];
            of_results[0].replace(FieldId::SUCCESS, Numbers::one(SUCCEEDED));
            of_results[1].replace(FieldId::SUCCESS, Numbers::one(FAILED));
            of_results[1].narrow(FieldId::EXIT, &Numbers::between(ERRORS));
            return Some(of_results);
        }
        let [bits] = self.perms[..] else { return None };
        let first = bits & bits.wrapping_neg();
        let of_classes = [first, bits & !first].map(|bits| Meaning { perms: vec![bits], ..self.clone() });
        (bits != first).then_some(of_classes)
    }

    fn add(&mut self, field: &'r RuleField) {
        match (field.id, &field.value) {
            (FieldId::KEY, _) => {}
            (id, _) if self.list == List::TASK && id.is_of_call() => self.narrow(id, &Numbers::none()),
            (FieldId::PATH | FieldId::DIR, Value::Text(path)) if self.watched.is_none() => {
                self.watched = Some((field.id, path));
            }
            (FieldId::PERM, Value::Number(bits)) => self.perms.push(*bits),
            (FieldId::SUCCESS, Value::Number(value)) => self.narrow(FieldId::SUCCESS, &success(field.operator, *value)),
            (FieldId::PID, Value::Number(value))
                if KNOWS_EVENTS && self.list.takes_syscalls() && every_pid(field.operator, *value) => {}
            (id, Value::Number(value)) if self.kind(id) == Kind::Number => match Numbers::of(field.operator, *value) {
                Some(numbers) => self.narrow(id, &numbers),
                None => self.bits.push((id, field.operator, *value)),
            },
            // Every process has a first group.
            (id, Value::Number(value))
                if kind(id) == Kind::Group
                    && !field.operator.tests_equality()
                    && Numbers::of(field.operator, *value) == Some(Numbers::all()) => {}
            _ => self.single.push(field),
        }
    }

    /// KERNEL: audit_filter() looks at the first group alone.
    fn kind(&self, id: FieldId) -> Kind {
        match (self.list, kind(id)) {
            (List::EXCLUDE | List::USER, Kind::Group) => Kind::Number,
            (_, kind) => kind,
        }
    }

    pub(super) fn narrow(&mut self, id: FieldId, to: &Numbers) {
        match self.numbers.iter_mut().find(|row| row.0 == id) {
            Some(row) => row.1 = row.1.intersection(to),
            None => self.numbers.push((id, to.clone())),
        }
    }

    /// What a field may be.
    pub(super) fn number(&self, id: FieldId) -> Numbers {
        self.narrowed(id).cloned().unwrap_or_else(|| everything(id))
    }

    /// The same, if it is not everything.
    fn narrowed(&self, id: FieldId) -> Option<&Numbers> {
        self.numbers.iter().find(|row| row.0 == id).map(|row| &row.1)
    }

    /// Puts `to` in the place of what is said of a field.
    pub(super) fn replace(&mut self, id: FieldId, to: Numbers) {
        self.numbers.retain(|row| row.0 != id);
        self.numbers.push((id, to));
    }

    /// The arches that the rule is for, if they are few.
    pub(super) fn arches(&self) -> Option<Vec<u32>> {
        Some(self.narrowed(FieldId::ARCH)?.few()?.collect())
    }

    /// The same rule for programs of one arch alone.
    pub(super) fn for_arch(&self, elf: u32) -> Meaning<'r> {
        let mut meaning = self.clone();
        meaning.replace(FieldId::ARCH, Numbers::one(elf));
        meaning
    }

    /// What a rule for calls is to the list exclude, which is asked for the record of type `of_call`: tests that it has not matter to none.
    pub(super) fn of_record(&self, of_call: u32) -> Meaning<'r> {
        let mut meaning = Meaning { list: List::EXCLUDE, calls: None, ..self.clone() };
        meaning.replace(FieldId::MSGTYPE, Numbers::one(of_call));
        meaning
    }

    /// The calls of programs of `machine` that the rule is about: of classes of access those that are in them.
    pub(super) fn calls_of(&self, machine: Option<Machine>) -> SyscallMask {
        let mut calls = self.calls.clone().unwrap_or(SyscallMask::ALL);
        let Some(machine) = machine else { return calls };
        for bits in &self.perms {
            let classes = PERMISSIONS.iter().filter(|class| bits & class.bit != 0);
            calls = calls.intersection(&numbers(classes.flat_map(names_of), machine));
        }
        calls
    }

    /// The calls, of programs of `machine`, of which this rule certainly takes every event that `other` takes.
    pub(super) fn calls_taken(&self, other: &Meaning, machine: Option<Machine>) -> SyscallMask {
        if !self.covers_but_for_classes(other) || self.uncovered_numbers(other).next().is_some() {
            return SyscallMask::NONE;
        }
        let mut calls = self.calls_that_return(machine);
        if self.covers_classes(other, u32::MAX) {
            return calls;
        }
        let Some(machine) = machine.filter(|_| self.list == List::EXIT) else { return SyscallMask::NONE };
        calls = calls.intersection(&self.calls_of(Some(machine)));
        // Of a call that is not always of each of its classes the two rules have to ask for the same ones.
        let unsure = BY_FLAGS.split(' ').chain(NOT_IN_EVERY_KERNEL.split(' '));
        calls.remove_all(&numbers(unsure.filter(|name| !self.covers_classes(other, classes_of(name))), machine));
        calls
    }

    /// Whether an event can match both rules; `false` only when it is certain that none can.
    pub(super) fn may_meet(&self, other: &Meaning) -> bool {
        let has_classes = |meaning: &Meaning| meaning.calls.as_ref().is_some_and(SyscallMask::has_classes);
        let calls_meet = || {
            let are_unknown = has_classes(self) || has_classes(other);
            self.calls.is_none() || are_unknown || self.common_calls(other) != SyscallMask::NONE
        };
        let numbers_meet = |(id, numbers): &(FieldId, Numbers)| other.may_be(*id, numbers);
        self.list == other.list && self.numbers.iter().all(numbers_meet) && calls_meet()
    }

    /// Whether a field may be one of the numbers.
    pub(super) fn may_be(&self, id: FieldId, numbers: &Numbers) -> bool {
        self.narrowed(id).is_none_or(|own| own.meet(numbers))
    }

    /// Whether an event may have no such number, so that no test of it holds: a call need not have an address, nor a result when it never
    /// returns.
    pub(super) fn may_lack(&self, id: FieldId) -> bool {
        let may_be_lacked = match id {
            FieldId::EXIT | FieldId::SADDR_FAM => true,
            FieldId::SUCCESS => KNOWS_EVENTS && !self.has_only(|name| !never_returns(name)),
            _ => false,
        };
        may_be_lacked && self.narrowed(id).is_none()
    }

    /// Whether this rule certainly matches every event that `other` matches.
    pub(super) fn covers(&self, other: &Meaning) -> bool {
        self.covers_any_call(other) && self.covers_calls(other)
    }

    /// The same, whatever the calls are.
    pub(super) fn covers_any_call(&self, other: &Meaning) -> bool {
        self.covers_but_for_numbers(other) && self.uncovered_numbers(other).next().is_none()
    }

    /// The fields whose numbers keep this rule from covering `other`, if there is nothing else that does.
    pub(super) fn covers_but_for<'a>(
        &'a self,
        other: &'a Meaning,
    ) -> Option<impl Iterator<Item = (FieldId, &'a Numbers)>> {
        self.covers_calls(other).then(|| self.covers_any_call_but_for(other))?
    }

    /// The same, whatever the calls are.
    fn covers_any_call_but_for<'a>(
        &'a self,
        other: &'a Meaning,
    ) -> Option<impl Iterator<Item = (FieldId, &'a Numbers)>> {
        self.covers_but_for_numbers(other).then(|| self.uncovered_numbers(other))
    }

    /// The one field whose numbers keep this rule from taking events of `other`, and the calls, of programs of `machine`, for which
    /// nothing else does. An event has such a number whatever it is.
    pub(super) fn partly_taken<'a>(
        &'a self,
        other: &'a Meaning,
        machine: Option<Machine>,
    ) -> Option<(FieldId, &'a Numbers, SyscallMask)> {
        let mut uncovered = self.covers_any_call_but_for(other)?;
        let (Some((id, numbers)), None) = (uncovered.next(), uncovered.next()) else { return None };
        let is_there = !matches!(id, FieldId::EXIT | FieldId::SADDR_FAM) || !other.may_lack(id);
        is_there.then(|| (id, numbers, self.calls_that_return(machine)))
    }

    /// The calls, of programs of `machine`, for which the tests of a result may hold.
    fn calls_that_return(&self, machine: Option<Machine>) -> SyscallMask {
        let mut calls = self.calls.clone().unwrap_or(SyscallMask::ALL);
        if let Some(machine) = machine.filter(|_| self.tests_result) {
            calls.remove_all(&numbers(NEVER_RETURN.into_iter(), machine));
        }
        calls
    }

    /// Whether both rules certainly match the same events, whatever the calls are.
    pub(super) fn is_alike(&self, other: &Meaning) -> bool {
        self.covers_any_call(other) && other.covers_any_call(self)
    }

    fn covers_calls(&self, other: &Meaning) -> bool {
        match (&self.calls, &other.calls) {
            (Some(mine), Some(others)) => others.is_within(mine),
            _ => true,
        }
    }

    fn uncovered_numbers<'a>(&'a self, other: &'a Meaning) -> impl Iterator<Item = (FieldId, &'a Numbers)> {
        let is_covered = |id: FieldId, numbers: &Numbers| match other.narrowed(id) {
            Some(narrowed) => narrowed.is_within(numbers),
            None => everything(id).is_within(numbers) && !other.may_lack(id),
        };
        // What fails returns such a number: the test of success says it already.
        let fails = self.narrowed(FieldId::SUCCESS) == Some(&Numbers::one(FAILED));
        let is_said = move |id: FieldId, numbers: &Numbers| {
            fails && id == FieldId::EXIT && Numbers::between(ERRORS).is_within(numbers)
        };
        let is_open = move |(id, numbers): &&(FieldId, Numbers)| !is_said(*id, numbers) && !is_covered(*id, numbers);
        let rows = self.numbers.iter().filter(is_open);
        rows.map(|(id, numbers)| (*id, numbers))
    }

    /// The same, whatever numbers and calls are.
    fn covers_but_for_numbers(&self, other: &Meaning) -> bool {
        self.covers_but_for_classes(other) && self.covers_classes(other, u32::MAX)
    }

    /// Whether every event of `other` is of the list and of what is watched.
    pub(super) fn watches_all_of(&self, other: &Meaning) -> bool {
        self.list == other.list && self.watched.is_none_or(|mine| other.watched == Some(mine) || self.is_above(other))
    }

    /// Whether what `other` watches is certainly below the directory of this rule. A path is its file, which may have another name, a
    /// hard link, that is below no directory of a rule.
    fn is_above(&self, other: &Meaning) -> bool {
        let (Some(directory), Some(path)) = (self.place, other.place) else { return false };
        // What is mounted later is not below the root directory of a watch that was there before.
        !trim(directory).is_empty() && is_below(path, directory)
    }

    /// Whether this rule matches every event of `other`, whatever calls, numbers and classes of access are. Of many rules most pairs
    /// differ in what they watch, so that is asked first.
    fn covers_but_for_classes(&self, other: &Meaning) -> bool {
        self.watches_all_of(other)
            && (other.tests_result || !self.needs_result())
            && self.bits.iter().all(|test| other.implies_bits(*test))
            && self.single.iter().all(|field| other.single.iter().any(|given| implies(given, field)))
    }

    /// Whether an event of the classes of `other` certainly is of those of this rule; only `bits` matter.
    fn covers_classes(&self, other: &Meaning, bits: u32) -> bool {
        self.perms.iter().all(|mine| other.perms.iter().any(|given| given & bits & !mine == 0))
    }

    /// A rule for a path is asked before there is a result where the path is taken away, and no test of the result holds then.
    pub(super) fn needs_result(&self) -> bool {
        self.tests_result && self.watched.is_some_and(|(id, _)| id == FieldId::PATH)
    }

    fn implies_bits(&self, (id, operator, value): (FieldId, Operator, u32)) -> bool {
        let known = self.number(id);
        let by_number = known.few().is_some_and(|mut numbers| numbers.all(|number| bits_hold(number, operator, value)));
        let by_bits = self.bits.iter().filter(|test| test.0 == id).any(|test| match (test.1, operator) {
            (Operator::BIT_TEST, Operator::BIT_TEST) => value & !test.2 == 0,
            (Operator::BIT_TEST, _) => value & test.2 != 0,
            (_, Operator::BIT_MASK) => test.2 & !value == 0,
            _ => false,
        });
        by_number || by_bits
    }

    /// Why the rule can match nothing, if that is certain.
    pub(super) fn why_impossible(&self) -> Option<Impossible> {
        if self.calls.as_ref().is_some_and(|calls| *calls == SyscallMask::NONE) {
            return Some(Impossible::NoCall);
        }
        if self.perms.contains(&0) {
            return Some(Impossible::Field(FieldId::PERM));
        }
        if let Some((id, _)) = self.numbers.iter().find(|(_, numbers)| numbers.is_empty()) {
            return Some(Impossible::Field(*id));
        }
        let lets_nothing_through = |field: &&&RuleField| kind(field.id) != Kind::Opaque && never_holds(field);
        if let Some(field) = self.single.iter().find(lets_nothing_through) {
            return Some(Impossible::Field(field.id));
        }
        if self.has_only(|name| self.never_meets(name)) {
            return Some(Impossible::NoResult);
        }
        let returns = self.number(FieldId::EXIT);
        if self.number(FieldId::SUCCESS) == Numbers::one(SUCCEEDED)
            && returns.is_within(&Numbers::between(ERRORS))
            && self.returns_no_large_number()
        {
            return Some(Impossible::Field(FieldId::EXIT));
        }
        let impossible = self.bits.iter().find(|(id, operator, value)| {
            let none_holds =
                || self.number(*id).few().is_some_and(|mut few| !few.any(|n| bits_hold(n, *operator, *value)));
            (*operator == Operator::BIT_MASK && *value == 0) || none_holds()
        });
        impossible.map(|(id, ..)| Impossible::Field(*id))
    }

    /// Whether no test of a result holds for the call of this name, which has none.
    pub(super) fn never_meets(&self, call: &str) -> bool {
        self.tests_result && never_returns(call)
    }

    /// Whether no call of the rule succeeds with a number that a rule, which sees 32 bits of it, takes for an error: lseek() may, the
    /// calls of the classes of access do not.
    fn returns_no_large_number(&self) -> bool {
        self.has_only(|name| PERMISSIONS.iter().any(|class| class.calls.split(' ').any(|call| call == name)))
    }

    /// Whether every call of the rule is such a one.
    fn has_only(&self, such: impl Fn(&str) -> bool) -> bool {
        let arch = self.number(FieldId::ARCH);
        let (Some(calls), Some(mut arches)) = (&self.calls, arch.few()) else { return false };
        arches.all(|elf| {
            let name = |number| Machine::from_elf(elf).and_then(|machine| syscall::name(machine, number));
            calls.iter().all(|number| name(number).is_some_and(&such))
        })
    }

    /// The calls that both rules are about, where the list asks for them.
    pub(super) fn common_calls(&self, other: &Meaning) -> SyscallMask {
        match (&self.calls, &other.calls) {
            (Some(mine), Some(others)) => mine.intersection(others),
            _ => SyscallMask::ALL,
        }
    }

    /// Whether the rule is about some part of what happens, whatever the classes of access are: a file, a program, one user, a failure,
    /// an argument.
    pub(super) fn is_narrow(&self) -> bool {
        self.watched.is_some_and(|(_, path)| !trim(path).is_empty())
            || self.single.iter().any(|field| !is_of_any_file(field))
            || !self.bits.is_empty()
            || self.numbers.iter().any(|(id, numbers)| *id != FieldId::ARCH && numbers.few().is_some())
            || self.numbers.iter().any(|(id, _)| matches!(*id, FieldId::SUCCESS | FieldId::EXIT | FieldId::SADDR_FAM))
    }
}

/// Whether rules are compared by the events that there can be, as the tools do. What loading compares is what it has sent, word for
/// word and in that order.
pub(super) const KNOWS_EVENTS: bool = cfg!(feature = "rule-tools");

/// What a field may be where no test narrows it.
fn everything(id: FieldId) -> Numbers {
    if KNOWS_EVENTS && id == FieldId::SUCCESS { Numbers::between((SUCCEEDED, FAILED)) } else { Numbers::all() }
}

/// Calls that are of the class of their flags. KERNEL: audit_match_perm().
const BY_FLAGS: &str = "open openat openat2";

/// The calls that the kernel has in a class, on a machine that has them.
fn names_of(class: &Permission) -> impl Iterator<Item = &'static str> {
    let of_kernel = IN_KERNEL_ALONE.iter().filter(|row| row.0 == class.letter).map(|row| row.1);
    of_kernel.chain([class.calls]).flat_map(|names| names.split(' '))
}

/// The classes that a call is in.
fn classes_of(call: &str) -> u32 {
    let classes = PERMISSIONS.iter().filter(|class| names_of(class).any(|name| name == call));
    classes.fold(0, |bits, class| bits | class.bit)
}

/// Calls by their places in a rule for programs of `machine`, as far as it has them.
fn numbers<'n>(names: impl Iterator<Item = &'n str>, machine: Machine) -> SyscallMask {
    let mut calls = SyscallMask::NONE;
    for number in names.filter_map(|name| syscall::number(machine, name)) {
        calls.insert(number - first_call(machine));
    }
    calls
}

/// What a mask means. KERNEL: a listing does not give the bits of classes back, so that a mask which is full else is one for all calls.
fn calls(mask: &SyscallMask) -> SyscallMask {
    if mask.is_full(MASK_WORDS - 1) { SyscallMask::ALL } else { mask.clone() }
}

/// The file systems that a rule of that list leaves out. KERNEL: __audit_inode(): each test counts by itself.
fn file_systems(rule: &Rule) -> Numbers {
    let of = |field: &RuleField| match field.value {
        Value::Number(value) if field.id == FieldId::FSTYPE => Numbers::of(field.operator, value),
        _ => None,
    };
    rule.fields.iter().filter_map(of).fold(Numbers::none(), |all, one| all.union(&one))
}

/// Whether there is no number for which the test holds.
pub(super) fn never_holds(field: &RuleField) -> bool {
    match field.value {
        Value::Number(value) => Numbers::of(field.operator, value).is_some_and(|numbers| numbers.is_empty()),
        Value::Text(_) => false,
    }
}

/// Why a rule matches nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Impossible {
    /// It names no call.
    NoCall,
    /// It tests a result, and its calls have none.
    NoResult,
    /// The tests of this field cannot hold together.
    Field(FieldId),
}

/// Whether the test holds for every process: the number 0 is of none that makes a call.
fn every_pid(operator: Operator, value: u32) -> bool {
    Numbers::of(operator, value).is_some_and(|numbers| Numbers::between((1, u32::MAX)).is_within(&numbers))
}

/// What `success` may be; a test of any number but 0 compares with success, one of 0 with failure.
fn success(operator: Operator, value: u32) -> Numbers {
    let compared = if value == 0 { FAILED } else { SUCCEEDED };
    let both = Numbers::between((SUCCEEDED, FAILED));
    match Numbers::of(operator, compared) {
        Some(numbers) => both.intersection(&numbers),
        None => {
            let holds = |number: &u32| bits_hold(*number, operator, compared);
            [SUCCEEDED, FAILED].into_iter().filter(holds).fold(Numbers::none(), |set, n| set.union(&Numbers::one(n)))
        }
    }
}

/// The arches whose calls a kernel of this machine sees, where that is known: those that run programs of two widths.
fn arches(machine: Option<Machine>) -> Option<Numbers> {
    let native = machine?.elf()?;
    let other = other_width(machine?)?.elf()?;
    Some(Numbers::one(native).union(&Numbers::one(other)))
}

/// The machine whose programs this one runs as well, on every ordinary kernel of it.
pub(super) fn other_width(machine: Machine) -> Option<Machine> {
    Some(match machine {
        Machine::X86_64 => Machine::I386,
        Machine::Ppc64 => Machine::Ppc,
        Machine::S390x => Machine::S390,
        _ => return None,
    })
}

/// The same, on some kernels and processors at least.
pub(super) fn possible_width(machine: Machine) -> Option<Machine> {
    other_width(machine).or_else(|| (machine == Machine::Aarch64).then_some(Machine::Arm))
}

/// `&` and `&=`.
pub(super) fn bits_hold(number: u32, operator: Operator, value: u32) -> bool {
    if operator == Operator::BIT_TEST { number & value == value } else { number & value != 0 }
}

/// Whether one test that stands alone holds whenever `given` does.
fn implies(given: &RuleField, wanted: &RuleField) -> bool {
    if given == wanted {
        return true;
    }
    let (Value::Number(a), Value::Number(b)) = (&given.value, &wanted.value) else { return false };
    let both = [given, wanted];
    let comparable = match kind(given.id) {
        Kind::AnyOf => true,
        Kind::Group => both.iter().all(|field| !field.operator.tests_equality()),
        Kind::Number | Kind::Opaque => false,
    };
    let within = || Some(Numbers::of(given.operator, *a)?.is_within(&Numbers::of(wanted.operator, *b)?));
    given.id == wanted.id && comparable && within().unwrap_or(false)
}

/// Whether the test holds for nearly every call that names a file: one of its files has another number, be it the directory.
pub(super) fn is_of_any_file(field: &RuleField) -> bool {
    field.id == FieldId::INODE && field.operator == Operator::NOT_EQUAL
}

/// Whether the path is the directory's own or that of something in it, by their names.
pub(super) fn is_below(path: &[u8], directory: &[u8]) -> bool {
    path.strip_prefix(trim(directory)).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

pub(super) fn trim(path: &[u8]) -> &[u8] {
    path.get(..path.iter().rposition(|b| *b != b'/').map_or(0, |last| last + 1)).unwrap_or_default()
}

/// Calls that end the process or thread that makes them.
const NEVER_RETURN: [&str; 2] = ["exit", "exit_group"];

/// Whether the call is such a one.
pub(super) fn never_returns(call: &str) -> bool {
    NEVER_RETURN.contains(&call)
}

/// How many of its names a call takes away when it succeeds, counted from the first.
pub(super) fn names_taken_away(call: &str) -> usize {
    match call {
        "unlink" | "unlinkat" | "rmdir" => usize::MAX,
        "rename" | "renameat" | "renameat2" => 1,
        _ => 0,
    }
}
