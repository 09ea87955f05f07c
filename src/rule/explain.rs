//! Which rule decides about an event: `auditctl --explain`.
//!
//! An event is known by facts, given as words or read off its records. A rule is asked as the kernel asks it, KERNEL: 6.x,
//! kernel/auditsc.c: the first rule of the list that matches decides, be it a watch or a rule for calls. A fact that is not
//! known leaves a rule open instead of guessing.
//!
//! KERNEL: 6.x, audit_filter_inodes(): rules with a path or an inode are asked once for each name of the event, in the order of the
//! names, and the first name that one of them matches ends it. They count before a rule without when they stand before it.
//! audit_update_watch(): where a call takes a watched path away they are asked at that moment too, when the result of the call is
//! not there yet, and no test of it holds; when the call returns, the path is no longer watched.
//!
//! Where a call gives a file another name, by link or rename, the rules for that path are for this file when the call returns, whatever
//! name of it they are asked for, and are tried first.
//!
//! A name is taken for the file that a rule of this path watches; other links and mounts are not looked at.
//!
//! Other lists have a say about a call. KERNEL: audit_alloc(): the list task is asked when a process is made, and what it decides
//! holds for all calls of the process, whatever the list exit says. audit_log_start(): the list exclude is asked for each record,
//! those that programs report and the list user has let through, too. __audit_inode(): the list filesystem is asked for each file.

use super::facts::{Facts, File, OF_FILE, access, normal_path};
use super::meaning::{FAILED, SUCCEEDED, bits_hold};
use super::model::{Action, FieldId, List, Operator, Rule, RuleField, SyscallMask, Value};
use super::parse::compare;
use crate::abi::rule::KEY_SEPARATOR;
use crate::tables::machine::Machine;
use crate::tables::record_type;
use crate::tables::rule::{FILE_TYPES, IN_KERNEL_ALONE, NOT_IN_EVERY_KERNEL, PERMISSIONS};
use crate::text::escape::lossy;
use std::borrow::Cow;

/// What a rule makes of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It matches.
    Match,
    /// It does not, and why.
    No(String),
    /// It depends on this, which is not known.
    Open(String),
    /// It is of the list exclude, and matches those records of the event for which these tests hold.
    Part(String),
}

/// What the rules together make of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The rule at this place decides.
    Rule(usize),
    /// No rule matches.
    Nothing,
    /// It depends on the rule at this place, which is open.
    Open(usize),
}

/// What rules of the list exclude leave out of an event that is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// Not the record that has the key.
    Little,
    /// The record that has the key, by the rule at this place.
    Call(usize),
    /// All its records, by the rule at this place.
    All(usize),
    /// It depends on the rule at this place, which is open.
    Open(usize),
}

/// When a rule is asked.
#[derive(Clone, Copy, PartialEq)]
enum Moment {
    /// A watched path goes away; the call has no result yet.
    Removal,
    /// The call returns.
    Return,
}

/// Which rule decides about an event.
pub fn decide(rules: &[Rule], facts: &Facts) -> Decision {
    match facts.when_process_began().map(|began| Walk::of(rules, &began).decision()) {
        None | Some(Decision::Nothing) => Walk::of(rules, facts).decision(),
        Some(of_process) => of_process,
    }
}

/// The event as rules for calls meet it: files on a file system that a rule leaves out are not found. Where that is not known they are.
pub fn as_found<'f>(rules: &[Rule], facts: &'f Facts) -> Cow<'f, Facts> {
    let leaves_out = |rule: &Rule| rule.list == List::FILESYSTEM && judge(rule, facts) == Verdict::Match;
    match facts.list.takes_syscalls() && rules.iter().any(leaves_out) {
        true => Cow::Owned(facts.without_files()),
        false => Cow::Borrowed(facts),
    }
}

/// What is left out of an event that a rule for calls has recorded, or that a program has reported.
pub fn left_out(rules: &[Rule], facts: &Facts) -> LeftOut {
    let place = match facts.of_first_record().map(|record| Walk::of(rules, &record).decision()) {
        Some(Decision::Open(place)) => return LeftOut::Open(place),
        Some(Decision::Rule(place)) => place,
        _ => return LeftOut::Little,
    };
    let (before, from) = rules.split_at_checked(place).unwrap_or_default();
    match from.first() {
        Some(rule) if rule.first_untested().is_some() => LeftOut::Little,
        // There is no other record.
        _ if facts.list == List::USER => LeftOut::All(place),
        Some(rule) if tests_type(rule) || before.iter().any(|rule| rule.first_untested().is_some()) => {
            LeftOut::Call(place)
        }
        _ => LeftOut::All(place),
    }
}

fn tests_type(rule: &Rule) -> bool {
    rule.fields.iter().any(|field| field.id == FieldId::MSGTYPE)
}

/// Which rule the key of the event's record is of, if it has one.
///
/// KERNEL: audit_filter_rules(): a rule without a key leaves the one that is there. So where a rule for calls has matched before an
/// earlier rule for a file decides, and that has no key, the record has the key of the rule for calls.
pub fn key_rule(rules: &[Rule], facts: &Facts) -> Option<usize> {
    let of_process = facts.when_process_began().map(|began| Walk::of(rules, &began));
    of_process.filter(|walk| walk.decision() != Decision::Nothing).unwrap_or_else(|| Walk::of(rules, facts)).key
}

/// What becomes of an event while the kernel asks rules, by their places: whatever matches later decides only when its place
/// comes before.
struct Walk {
    end: usize,
    decided: usize,
    open: usize,
    key: Option<usize>,
}

impl Walk {
    fn of(rules: &[Rule], facts: &Facts) -> Walk {
        let (of_files, of_calls): (Vec<_>, Vec<_>) =
            rules.iter().enumerate().partition(|(_, rule)| is_of_one_file(rule));
        let end = rules.len();
        let mut walk = Walk { end, decided: end, open: end, key: None };
        if removes_a_watched(of_files.iter().map(|(_, rule)| *rule), facts) {
            walk.ask_for_names(&of_files, facts, Moment::Removal);
        }
        for (place, rule) in of_calls {
            if walk.ask(place, rule, facts, None, Moment::Return) == Some(true) {
                break;
            }
        }
        walk.ask_for_names(&of_files, facts, Moment::Return);
        walk
    }

    /// Asks a rule, unless one before it has decided. Returns whether it matches; `None` when that is open.
    fn ask(&mut self, place: usize, rule: &Rule, facts: &Facts, file: Option<&File>, moment: Moment) -> Option<bool> {
        if place >= self.decided {
            return Some(false);
        }
        match judge_for(rule, facts, file, moment) {
            Verdict::Match => {
                self.decided = place;
                if rule.keys().next().is_some() {
                    self.key = Some(place);
                }
                Some(true)
            }
            Verdict::No(_) | Verdict::Part(_) => Some(false),
            Verdict::Open(_) => {
                self.open = self.open.min(place);
                None
            }
        }
    }

    /// Asks rules for each name, up to one that a rule matches. Where that is open, whether a later name counts is not known.
    fn ask_for_names(&mut self, rules: &[(usize, &Rule)], facts: &Facts, moment: Moment) {
        for file in facts.files() {
            let given = given(file, facts, moment);
            let (first, others): (Vec<_>, Vec<_>) =
                rules.iter().partition(|(_, rule)| given.is_some_and(|given| is_watched(rule, given)));
            for (place, rule) in first.into_iter().chain(others) {
                if self.ask(place, rule, facts, Some(file), moment) != Some(false) {
                    return;
                }
            }
        }
    }

    fn decision(&self) -> Decision {
        if self.open < self.decided {
            Decision::Open(self.open)
        } else if self.decided < self.end {
            Decision::Rule(self.decided)
        } else {
            Decision::Nothing
        }
    }
}

/// The other name that the call has given a file. KERNEL: audit_update_watch(): it is watched before the call returns.
fn given<'f>(file: &File, facts: &'f Facts, moment: Moment) -> Option<&'f File> {
    file.given.filter(|_| moment == Moment::Return).and_then(|place| facts.files().get(place))
}

/// Whether the rule is for a name that the call has given a file.
pub fn is_of_given_name(rule: &Rule, facts: &Facts) -> bool {
    let mut names = facts.files().iter().filter_map(|file| given(file, facts, Moment::Return));
    names.any(|name| is_watched(rule, name))
}

/// Whether a call took away the path of one of the rules. KERNEL: audit_watch_handle_event().
fn removes_a_watched<'r>(mut rules: impl Iterator<Item = &'r Rule>, facts: &Facts) -> bool {
    let mut made = facts.files().iter().filter(|file| file.is_made);
    // A path whose file is replaced is watched on. An exchange, which makes two names, takes both away before.
    let replaced = made.next().and_then(|name| made.next().is_none().then_some(&name.path));
    let removed: Vec<&File> =
        facts.files().iter().filter(|file| file.is_removed && replaced != Some(&file.path)).collect();
    facts.has_succeeded() && !removed.is_empty() && rules.any(|rule| removed.iter().any(|file| is_watched(rule, file)))
}

fn is_watched(rule: &Rule, file: &File) -> bool {
    let of_rule = rule.fields.iter().find(|field| field.id == FieldId::PATH).map(|field| &field.value);
    matches!((of_rule, &file.path), (Some(Value::Text(watched)), Some(path)) if normal_path(b"/", watched) == *path)
}

/// Whether the kernel asks the rule for one file at a time. KERNEL: audit_find_rule().
pub(super) fn is_of_one_file(rule: &Rule) -> bool {
    rule.list == List::EXIT && rule.fields.iter().any(names_one_file)
}

/// KERNEL: audit_data_to_entry(): a rule with `inode!=` is one for calls, for which any of their files will do.
fn names_one_file(field: &RuleField) -> bool {
    field.id == FieldId::PATH || (field.id == FieldId::INODE && field.operator == Operator::EQUAL)
}

/// Whether both rules are for the same path. KERNEL: audit_update_watch(): whenever the file of a path is replaced, the order of the
/// rules for it turns round; a rule for a number stays where it is.
pub fn are_of_one_file(a: &Rule, b: &Rule) -> bool {
    let file = |rule: &Rule| rule.fields.iter().find(|field| field.id == FieldId::PATH).cloned();
    is_of_one_file(a) && is_of_one_file(b) && file(a).is_some() && file(a) == file(b)
}

/// What a rule makes of an event, by itself.
pub fn judge(rule: &Rule, facts: &Facts) -> Verdict {
    match rule.list {
        List::TASK => match facts.when_process_began() {
            Some(began) => judge_for(rule, &began, None, Moment::Return),
            None => judge_by_list(rule, facts),
        },
        List::EXCLUDE => judge_for_records(rule, facts),
        List::FILESYSTEM if facts.list.takes_syscalls() => judge_file_system(rule, facts),
        _ => judge_by_list(rule, facts),
    }
}

/// What a rule of the list exclude makes of the records of an event.
fn judge_for_records(rule: &Rule, facts: &Facts) -> Verdict {
    let Some(record) = facts.of_first_record() else { return judge_by_list(rule, facts) };
    let verdict = judge_for(rule, &record, None, Moment::Return);
    if !tests_type(rule) || !matches!(verdict, Verdict::No(_)) || !facts.list.takes_syscalls() {
        return verdict;
    }
    let mut of_any_type = rule.clone();
    of_any_type.fields.retain(|field| field.id != FieldId::MSGTYPE);
    // Without another test all records of these types are left out.
    let verdict = match of_any_type.fields.is_empty() {
        true => Verdict::Match,
        false => judge_for(&of_any_type, &record, None, Moment::Return),
    };
    match verdict {
        Verdict::Match => {
            let tests = rule.fields.iter().filter(|field| field.id == FieldId::MSGTYPE).map(shown);
            Verdict::Part(tests.collect::<Vec<_>>().join(" and "))
        }
        other => other,
    }
}

fn judge_by_list(rule: &Rule, facts: &Facts) -> Verdict {
    let files = facts.files();
    if !is_of_one_file(rule) || files.is_empty() {
        return judge_for(rule, facts, None, Moment::Return);
    }
    let is_removal = removes_a_watched(std::iter::once(rule), facts);
    let moments =
        [Moment::Return, Moment::Removal].into_iter().filter(|moment| *moment == Moment::Return || is_removal);
    let verdicts = moments.flat_map(|moment| files.iter().map(move |file| judge_for(rule, facts, Some(file), moment)));
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Match => 0,
        Verdict::Open(_) => 1,
        Verdict::No(_) | Verdict::Part(_) => 2,
    };
    verdicts.min_by_key(rank).unwrap_or(Verdict::Match)
}

/// What a rule makes of an event at a moment, for one file of it or without any.
fn judge_for(rule: &Rule, facts: &Facts, file: Option<&File>, moment: Moment) -> Verdict {
    if rule.list != facts.list {
        return Verdict::No(format!("it is of the {} list", rule.list.name().unwrap_or("unknown")));
    }
    if rule.list == List::TASK && rule.action == Action::NEVER && facts.shows_a_record() {
        return Verdict::No("calls of the process are recorded".to_owned());
    }
    let mut open = None;
    if rule.list.takes_syscalls() {
        match facts.call {
            // KERNEL: audit_in_mask()
            Some(SyscallMask::END..) => {
                return Verdict::No("no rule sees a call of such a number, as x32 has".to_owned());
            }
            Some(call) if rule.syscalls.contains(call) => {}
            Some(_) if rule.syscalls.has_classes() => open = Some("a class of calls".to_owned()),
            Some(_) => return Verdict::No("it is about other calls".to_owned()),
            None if rule.syscalls != SyscallMask::ALL => open = Some("the call".to_owned()),
            _ => {}
        }
    }
    let is_gone = file.is_some_and(|file| facts.has_succeeded() && file.is_removed && is_watched(rule, file));
    if is_gone && moment == Moment::Return {
        return Verdict::No("the call took the path away before its result was known".to_owned());
    }
    if rule.list == List::FILESYSTEM {
        return judge_file_system(rule, facts);
    }
    if rule.is_passed_over() {
        return Verdict::No("a rule without a test does nothing on this list".to_owned());
    }
    for field in rule.tested().iter().filter(|field| field.id != FieldId::KEY) {
        match holds(field, facts, file, moment) {
            Some(true) => {}
            Some(false) => return Verdict::No(format!("{} does not hold", shown(field))),
            None => _ = open.get_or_insert_with(|| field.id.name().unwrap_or("a field").to_owned()),
        }
    }
    open.map_or(Verdict::Match, Verdict::Open)
}

/// KERNEL: __audit_inode(): each test of a file system counts by itself, and no rule but `never` does anything.
fn judge_file_system(rule: &Rule, facts: &Facts) -> Verdict {
    if rule.is_passed_over() {
        return Verdict::No("`always` does nothing on this list".to_owned());
    }
    let tests = rule.fields.iter().filter(|field| field.id != FieldId::KEY);
    let mut answers = tests.map(|field| holds(field, facts, None, Moment::Return));
    match answers.try_fold(None, |open, answer| match answer {
        Some(true) => Err(()),
        Some(false) => Ok(open),
        None => Ok(Some("fstype".to_owned())),
    }) {
        Err(()) => Verdict::Match,
        Ok(Some(open)) => Verdict::Open(open),
        Ok(None) => Verdict::No("no test of it holds".to_owned()),
    }
}

/// A test as rules write it.
fn shown(field: &RuleField) -> String {
    let symbol = field.operator.symbol().unwrap_or("?");
    let name = field.id.name().unwrap_or("?");
    match (&field.value, field.id) {
        (Value::Number(code), FieldId::FIELD_COMPARE) => {
            let (left, right) = compare::pair(*code)
                .map_or(("?", "?"), |(left, right)| (left.name().unwrap_or("?"), right.name().unwrap_or("?")));
            format!("{left}{symbol}{right}")
        }
        (Value::Number(bits), FieldId::PERM) => {
            let letters =
                PERMISSIONS.iter().filter(|class| bits & class.bit != 0).map(|class| char::from(class.letter));
            format!("perm{symbol}{}", letters.collect::<String>())
        }
        (Value::Number(elf), FieldId::ARCH) => {
            format!("arch{symbol}{}", Machine::from_elf(*elf).map_or("?", Machine::name))
        }
        (Value::Number(number), FieldId::MSGTYPE) => {
            format!("msgtype{symbol}{}", record_type::name(*number).unwrap_or("?"))
        }
        (Value::Number(number), FieldId::FILETYPE) => {
            format!("filetype{symbol}{}", FILE_TYPES.name(*number).unwrap_or("?"))
        }
        (Value::Number(number), _) => format!("{name}{symbol}{}", *number as i32),
        (Value::Text(text), _) => format!("{name}{symbol}{}", lossy(text)),
    }
}

/// Whether a test holds; `None` when that is not known. What is said of a file is said of `file`, where one is given, or else of any.
fn holds(field: &RuleField, facts: &Facts, file: Option<&File>, moment: Moment) -> Option<bool> {
    let files = file.map_or(facts.files(), std::slice::from_ref);
    match (field.id, &field.value) {
        (id, _) if facts.list == List::TASK && id.is_of_call() => Some(false),
        (FieldId::ARCH, Value::Number(elf)) => Some(compared(facts.arch?, field.operator, *elf)),
        (FieldId::PATH | FieldId::DIR, Value::Text(path)) => {
            let mut files: Vec<&File> = if field.id == FieldId::DIR { facts.files() } else { files }.iter().collect();
            if field.id == FieldId::PATH {
                files.extend(file.and_then(|file| given(file, facts, moment)));
            }
            let watched = normal_path(b"/", path);
            let is_it = |path: &Vec<u8>| match path.strip_prefix(watched.as_slice()) {
                Some(rest) if field.id == FieldId::DIR => rest.is_empty() || watched == b"/" || rest.starts_with(b"/"),
                rest => rest.is_some_and(<[u8]>::is_empty),
            };
            let there = || files.iter().filter(|file| !file.is_missing);
            let found = there().filter_map(|file| file.path.as_ref()).any(is_it);
            if !found && there().any(|file| file.path.is_none()) { None } else { Some(found) }
        }
        (FieldId::PERM, Value::Number(bits)) => {
            let (certain, possible) = facts.perm.map(|perm| (perm, perm)).or_else(|| classes(facts))?;
            (bits & certain != 0).then_some(true).or((bits & possible == 0).then_some(false))
        }
        (FieldId::SUCCESS | FieldId::EXIT, _) if moment == Moment::Removal || facts.never_returns() => Some(false),
        // What is in no record is not there: a result of a call that was cut off, an address of other calls than those of sockets.
        (FieldId::SUCCESS | FieldId::EXIT | FieldId::SADDR_FAM, _)
            if facts.has_all_records && facts.number(field.id).is_none() =>
        {
            Some(false)
        }
        (FieldId::SUCCESS, Value::Number(value)) => {
            let wanted = if *value == 0 { FAILED } else { SUCCEEDED };
            Some(compared(facts.number(FieldId::SUCCESS)?, field.operator, wanted))
        }
        (FieldId::FIELD_COMPARE, Value::Number(code)) => {
            let (left, right) = compare::pair(*code)?;
            // KERNEL: audit_compare_uid() goes through all names in the end.
            let ((left, left_is_all), (right, right_is_all)) =
                (of_event_or_files(left, facts, facts.files()), of_event_or_files(right, facts, facts.files()));
            let holds = |a: &u32| right.iter().any(|b| compared(*a, field.operator, *b));
            left.iter().any(holds).then_some(true).or((left_is_all && right_is_all).then_some(false))
        }
        // KERNEL: audit_match_filetype() looks for any file of the type, and != is that there is none.
        (FieldId::FILETYPE, Value::Number(kind)) => {
            let (known, is_all) = of_event_or_files(FieldId::FILETYPE, facts, facts.files());
            let found = known.contains(kind).then_some(true).or(is_all.then_some(false));
            found.map(|found| found == (field.operator == Operator::EQUAL))
        }
        (
            FieldId::INODE | FieldId::DEVMAJOR | FieldId::DEVMINOR | FieldId::OBJ_UID | FieldId::OBJ_GID,
            Value::Number(value),
        ) => {
            let (known, is_all) = of_event_or_files(field.id, facts, files);
            let found = known.iter().any(|number| compared(*number, field.operator, *value));
            found.then_some(true).or(is_all.then_some(false))
        }
        // Which other groups the process has is not in its records. KERNEL: audit_filter() looks at the first alone.
        (FieldId::GID | FieldId::EGID, Value::Number(value))
            if field.operator.tests_equality() && !matches!(facts.list, List::EXCLUDE | List::USER) =>
        {
            (facts.number(field.id)? == *value).then_some(field.operator == Operator::EQUAL)
        }
        (id, Value::Number(value)) => Some(compared(facts.number(id)?, field.operator, *value)),
        (id, Value::Text(text)) => {
            let known = facts.texts.iter().find(|row| row.0 == id).map(|row| &row.1)?;
            Some((known == text) == (field.operator == Operator::EQUAL))
        }
    }
}

/// A number of the process, or of each of the files, as far as it is known; and whether these are all that there are.
fn of_event_or_files(id: FieldId, facts: &Facts, files: &[File]) -> (Vec<u32>, bool) {
    let given: Vec<u32> = facts.numbers.iter().filter(|row| row.0 == id).map(|row| row.1).collect();
    if !given.is_empty() || !OF_FILE.contains(&id) {
        let is_known = !given.is_empty();
        return (given, is_known);
    }
    let of_file = |file: &File| file.numbers.iter().filter(|row| row.0 == id).map(|row| row.1).collect::<Vec<_>>();
    let known: Vec<Vec<u32>> = files.iter().map(of_file).collect();
    let is_all = known.iter().zip(files).all(|(known, file)| !known.is_empty() || file.is_missing);
    (known.concat(), is_all)
}

fn compared(left: u32, operator: Operator, right: u32) -> bool {
    match operator {
        Operator::EQUAL => left == right,
        Operator::NOT_EQUAL => left != right,
        Operator::LESS => left < right,
        Operator::LESS_OR_EQUAL => left <= right,
        Operator::GREATER => left > right,
        Operator::GREATER_OR_EQUAL => left >= right,
        bits => bits_hold(left, bits, right),
    }
}

/// The classes of access that the event's call certainly is of, and all that it may be of. KERNEL: audit_match_perm().
fn classes(facts: &Facts) -> Option<(u32, u32)> {
    const ACCESS_MODE: u32 = 3;
    const BIND: u32 = 2;
    let name = facts.call_name()?;
    let by_argument = |argument: FieldId, of: fn(u32) -> &'static [u8], all: &[u8]| match facts.number(argument) {
        Some(number) => access(of(number)).map(|certain| (certain, certain)),
        None => access(all).map(|possible| (0, possible)),
    };
    let of_flags = |flags: u32| match flags & ACCESS_MODE {
        0 => b"r".as_slice(),
        1 => b"w",
        _ => b"rw",
    };
    match name {
        "open" => by_argument(FieldId::A1, of_flags, b"rw"),
        "openat" => by_argument(FieldId::A2, of_flags, b"rw"),
        // Its flags are in memory.
        "openat2" => Some((0, access(b"rw")?)),
        "socketcall" => by_argument(FieldId::A0, |call| if call == BIND { b"w" } else { b"" }, b"w"),
        name => {
            let has = |calls: &str| calls.split(' ').any(|call| call == name);
            let of_rules = PERMISSIONS.iter().map(|class| (class.letter, class.calls));
            let letters: Vec<u8> = of_rules.chain(IN_KERNEL_ALONE).filter(|row| has(row.1)).map(|row| row.0).collect();
            let possible = access(&letters)?;
            Some((if has(NOT_IN_EVERY_KERNEL) { 0 } else { possible }, possible))
        }
    }
}

/// The keys of a rule, with commas between them.
pub fn keys(rule: &Rule) -> Option<String> {
    let keys = rule.keys().next()?;
    Some(lossy(&keys.iter().map(|b| if *b == KEY_SEPARATOR { b',' } else { *b }).collect::<Vec<_>>()))
}
