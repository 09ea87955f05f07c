//! What one line says by itself: refused words, pasted characters, tests that the kernel refuses, old kernels, cost.

use super::super::command::{Place, Plan, Step, plan_of};
use super::super::convert;
use super::super::diff::diff;
use super::super::error::{Reason, Refusal};
use super::super::file::Line;
use super::super::meaning::{Meaning, is_below, possible_width};
use super::super::model::{Action, FieldId, List, Rule, RuleField, Value, parent};
use super::super::parse::Warning;
use super::super::ranges::Numbers;
use super::super::typography::{self, Lookalike, lookalikes, quote};
use super::codes::{self, Level};
use super::finding::{Edit, Effect, Finding, Fix, Span, finding};
use super::planned::{Planned, Target, machine_of};
use super::refusals::{kernel_refusals, refused_setting};
use super::{fix, holding, kernel, numbers};
use crate::abi::rule::{KEY_SEPARATOR, MASK_WORDS};
use crate::tables::machine::Machine;
use crate::tables::{rule, syscall};
use crate::text::escape::lossy;

/// Judges one line.
pub(super) fn check(planned: &Planned, target: &Target, out: &mut Vec<Finding>) {
    loading(planned, target, out);
    let Some(plan) = planned.plan.as_ref().filter(|plan| plan.refusal.is_none()) else { return };
    for warning in &plan.warnings {
        literal_path(planned, *warning, out);
    }
    old_options(planned, plan, target, out);
    numbers::of_settings(planned, out);
    let Some(rule) = planned.added() else { return };
    quoted_values(planned, rule, out);
    numbers::of_rule(planned, rule, out);
    if planned.is_taken() {
        numbers::no_calls(planned, rule, target, out);
        old_kernel(planned, rule, target, out);
        missing_path(planned, rule, target, out);
        linked_directory(planned, rule, target, out);
        late_mount(planned, rule, target, out);
        let may_match = !holding::impossible(planned, rule, target, out);
        // What a rule costs that matches nothing, and how it could be found, does not matter.
        if may_match {
            holding::too_wide(planned, rule, target, out);
            cost(planned, rule, target, out);
            missing_key(planned, rule, out);
        }
    }
}

/// Why one line is not taken by itself, and what of it was pasted.
pub(super) fn loading(planned: &Planned, target: &Target, out: &mut Vec<Finding>) {
    let Some(plan) = &planned.plan else {
        let message = planned.line.words.as_ref().err().map(ToString::to_string).unwrap_or_default();
        return out.push(finding(&codes::SYNTAX, planned.whole(), message, ""));
    };
    let pasted = pasted_characters(planned, plan.refusal.is_some(), target, out);
    match &plan.refusal {
        Some(refusal) if !pasted => out.push(refused(planned, refusal, target)),
        Some(_) => {}
        None => {
            for (number, message, help) in planned.added().map(kernel_refusals).unwrap_or_default() {
                out.push(finding(&codes::REFUSED_BY_KERNEL, planned.field(number), message.to_owned(), help));
            }
            for message in plan.steps.iter().filter_map(refused_setting) {
                out.push(finding(&codes::REFUSED_BY_KERNEL, planned.whole(), message.to_owned(), ""));
            }
        }
    }
}

/// Most of them that are shown of a line, and most that are repaired together.
const MOST_PASTED: usize = 16;
const MOST_REPAIRED: usize = 64;

/// A value may be meant with such a character in it, so that a line that is taken as it stands is changed only at its end; and a
/// line that is refused is changed only where that makes a rule of it.
fn pasted_characters(planned: &Planned, is_refused: bool, target: &Target, out: &mut Vec<Finding>) -> bool {
    let before = out.len();
    let text = planned.line.text;
    let begins_word = |found: &Lookalike| found.start == 0 || found.plain == "-";
    let ends_line = |found: &Lookalike| found.character == '\r';
    let only_options = |found: &Lookalike| begins_word(found) || ends_line(found);
    let any = |_: &Lookalike| true;
    let attempts: &[&dyn Fn(&Lookalike) -> bool] = if is_refused { &[&only_options, &any] } else { &[&ends_line] };
    let mut edits = attempts.iter().find_map(|wanted| {
        // One that stands for the end of a line is left: what follows it may be anything.
        let found = lookalikes(text).filter(|found| wanted(found) && !found.ends_line());
        let edits: Vec<Edit> = found.map(|found| plainly(planned, &found)).collect();
        let own = |edit: &Edit| Edit {
            file: 0,
            bytes: (edit.bytes.0 - planned.line.start, edit.bytes.1 - planned.line.start),
            ..edit.clone()
        };
        let fixed = fix::apply(text, 0, &edits.iter().map(own).collect::<Vec<_>>());
        // Nothing at all may be left.
        let is_taken = Line::read(1, 0, &fixed)
            .is_none_or(|line| plan_of(&line, target.host).is_some_and(|plan| plan.refusal.is_none()));
        (is_taken && edits.len() <= MOST_REPAIRED).then_some(edits)
    });
    for found in lookalikes(text).take(MOST_PASTED) {
        let span = planned.span(found.start, found.start + found.length);
        let message = format!("{} is part of the word", found.name());
        let mut finding = finding(&codes::PASTED, span, message, &format!("write {}", found.instead()));
        finding.level = if is_refused { Level::Error } else { Level::Warning };
        // One of them has the repair of all.
        let own = edits.take_if(|edits| edits.contains(&plainly(planned, &found)));
        finding.fix = own.map(|edits| Fix { effect: Effect::Meant, edits });
        out.push(finding);
    }
    out.len() > before
}

/// A character in a comment that hides what stands around it, as the line end of another editor does.
pub(super) fn hiding(file: usize, text: &[u8]) -> Option<Finding> {
    let (line, line_start, found) = typography::hiding(text)?;
    let span = Span { file, line, line_start, bytes: (found.start, found.start + found.length) };
    let finding = finding(&codes::PASTED, span, found.hides(), &format!("write {}", found.instead()));
    let level = if found.ends_line() { Level::Error } else { finding.level };
    Some(Finding { level, ..finding })
}

/// The plain character in the place of the pasted one.
fn plainly(planned: &Planned, found: &Lookalike) -> Edit {
    planned.edit(planned.span(found.start, found.start + found.length), found.plain.as_bytes())
}

fn refused(planned: &Planned, refusal: &Refusal, target: &Target) -> Finding {
    let code = match &refusal.reason {
        Reason::SyscallUnknown { word, .. } if other_table(word, target.host.machine(), refusal).is_some() => {
            &codes::WRONG_ABI_CALL
        }
        Reason::SyscallUnknown { .. } | Reason::OperationUnknown { .. } => &codes::UNKNOWN_SYSCALL,
        Reason::UserUnknown { .. } | Reason::GroupUnknown { .. } => &codes::UNKNOWN_NAME,
        Reason::TooManyFields { .. } => &codes::TOO_MANY_FIELDS,
        _ => &codes::SYNTAX,
    };
    let length = match &refusal.reason {
        Reason::SyscallUnknown { word, .. } | Reason::OperationUnknown { word } => word.len(),
        _ => {
            let words = planned.line.words.as_deref().unwrap_or_default();
            let word = refusal.word.checked_sub(1).and_then(|n| words.get(n));
            word.map_or(0, |word| word.text.len().saturating_sub(refusal.offset))
        }
    };
    let span = planned.place(Place { word: refusal.word, offset: refusal.offset, length });
    let mut found = finding(code, span, refusal.to_string(), &help(&refusal.reason));
    if let Reason::SyscallUnknown { word, .. } = &refusal.reason {
        found.fix = without_call(planned, span, word);
    }
    found
}

/// The name of the machine of the other width, when it has the call that this one has not.
fn other_table(word: &str, native: Option<Machine>, refusal: &Refusal) -> Option<&'static str> {
    let Reason::SyscallUnknown { machine: asked, .. } = &refusal.reason else { return None };
    let other = possible_width(native?)?;
    let other = if native? == *asked { other } else { native? };
    syscall::number(other, word).map(|_| other.name())
}

/// What to do about a refused word: the nearest name that there is, or else what is accepted.
fn help(reason: &Reason) -> String {
    let nearest = match reason {
        Reason::SyscallUnknown { word, machine } => near(word, syscall::rows(*machine).map(|row| row.1)),
        Reason::OperationUnknown { word } => near(word, syscall::rows(Machine::IoUring).map(|row| row.1)),
        Reason::FieldUnknown { field } => near(field, rule::FIELDS.iter().map(|row| row.1)),
        _ => None,
    };
    match nearest {
        Some(name) => format!("did you mean {name}?"),
        None => match reason.remedy() {
            remedy if remedy.is_empty() => remedy,
            remedy => format!("accepted: {remedy}"),
        },
    }
}

/// The one name that differs from `word` in up to two letters, if it is long enough for that to mean something.
fn near<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let word = word.to_ascii_lowercase();
    let word = word.strip_prefix("sys_").unwrap_or(&word).as_bytes();
    let allowed = match word.len() {
        0..=3 => 1,
        _ => 2,
    };
    // The word with something at its end is nearer than another word: umount is umount2, not mount.
    let rank = |name: &'n str| (!name.as_bytes().starts_with(word), distance(word, name.as_bytes()), name);
    names.map(rank).filter(|(_, distance, _)| *distance <= allowed).min().map(|(.., name)| name)
}

/// How many letters must be changed, added, taken away or swapped with the next to make `b` of `a`.
pub(super) fn distance(a: &[u8], b: &[u8]) -> usize {
    const FAR: usize = 99;
    if a.len().abs_diff(b.len()) > 2 {
        return FAR;
    }
    let (mut before, mut row): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=b.len()).collect());
    for (i, x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let changed = row.get(j).unwrap_or(&FAR) + usize::from(x != y);
            let added = next.get(j).unwrap_or(&FAR) + 1;
            let taken = row.get(j + 1).unwrap_or(&FAR) + 1;
            let swaps = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            let swapped = if swaps { before.get(j - 1).unwrap_or(&FAR) + 1 } else { FAR };
            next.push(changed.min(added).min(taken).min(swapped));
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(FAR)
}

/// Takes an unknown call out of a list of calls. What the rule is about changes by nothing that this machine knows.
fn without_call(planned: &Planned, span: Span, word: &str) -> Option<Fix> {
    let text = planned.line.text;
    let (start, end) = (span.bytes.0, span.bytes.0 + word.len());
    let comma_after = text.get(end) == Some(&b',');
    let comma_before = start > 0 && text.get(start - 1) == Some(&b',');
    let bytes = match (comma_before, comma_after) {
        (_, true) => (start, end + 1),
        (true, false) => (start - 1, end),
        (false, false) => return None,
    };
    Some(Fix { effect: Effect::Unsure, edits: vec![planned.edit(Span { bytes, ..span }, b"")] })
}

fn literal_path(planned: &Planned, warning: Warning, out: &mut Vec<Finding>) {
    let message = match warning {
        Warning::Wildcard => "`*` and `?` in a path are taken as they are: no such name is likely",
        Warning::RelativePath => "`..` in a path is taken as it is",
        Warning::Possible { .. } => "the action `possible` does nothing; the line is passed over",
        _ => return,
    };
    let span = planned.plan.as_ref().map_or_else(|| planned.whole(), |plan| planned.place(plan.places.target));
    out.push(finding(&codes::LITERAL, span, message.to_owned(), "watch the directory with -F dir=, or one file"));
}

/// Values with quotes around them, and paths with wildcards or variables, which -F takes without a word.
fn quoted_values(planned: &Planned, rule: &Rule, out: &mut Vec<Finding>) {
    for (number, field) in rule.fields.iter().enumerate() {
        let Value::Text(text) = &field.value else { continue };
        let is_path = matches!(field.id, FieldId::PATH | FieldId::DIR | FieldId::EXE);
        let (message, help) = if text.split(|b| *b == KEY_SEPARATOR).any(|part| quote(part).is_some()) {
            (
                "quotes are part of the value: there is no quoting in rules",
                "write the value without them; `\\ ` is a space",
            )
        } else if is_path && !planned.is_watch() && text.iter().any(|b| matches!(b, b'*' | b'?')) {
            ("`*` and `?` are taken as they are: no such name is likely", "-F dir= takes everything below a directory")
        } else if is_path && has_variable(text) {
            ("`$` is taken as it is: there are no variables", "write the whole path")
        } else {
            continue;
        };
        out.push(finding(&codes::LITERAL, planned.field(number), message.to_owned(), help));
    }
}

/// `$NAME` or `${NAME}`.
fn has_variable(path: &[u8]) -> bool {
    path.windows(2).any(|two| two[0] == b'$' && (two[1].is_ascii_alphabetic() || matches!(two[1], b'_' | b'{')))
}

fn old_options(planned: &Planned, plan: &Plan, target: &Target, out: &mut Vec<Finding>) {
    let Some(version) = target.kernel else { return };
    for (option, since) in plan.steps.iter().filter_map(|step| kernel::newer_option(step, version)) {
        let message = kernel::unknown(option, version, since);
        out.push(finding(&codes::KERNEL_TOO_OLD, planned.whole(), message, ""));
    }
}

fn old_kernel(planned: &Planned, rule: &Rule, target: &Target, out: &mut Vec<Finding>) {
    let Some(version) = target.kernel else { return };
    let Some(plan) = &planned.plan else { return };
    let mut push = |span, what: &str, since| {
        out.push(finding(&codes::KERNEL_TOO_OLD, span, kernel::unknown(what, version, since), ""));
    };
    if let Some((list, since)) = kernel::newer_list(rule, version) {
        push(planned.place(plan.places.target), &format!("the {list} list"), since);
    }
    for (number, field, since) in kernel::newer_fields(rule, version) {
        push(planned.field(number), &field, since);
    }
    let machine =
        numbers::machine_of_calls(rule, target.host.machine()).filter(|_| !rule.syscalls.is_full(MASK_WORDS - 1));
    let Some(machine) = machine else { return };
    for call in numbers::calls(planned, Some(machine)) {
        if let Some((what, since)) = kernel::newer_call(machine, call.number, version) {
            push(call.span, &what, since);
        }
    }
}

/// Calls that ordinary programs make thousands of times a second.
const HOT: &str = "read write readv writev pread64 pwrite64 poll ppoll select pselect6 epoll_wait epoll_pwait futex close lseek \
    _llseek mmap mmap2 munmap mprotect brk madvise fstat newfstatat stat lstat clock_gettime clock_nanosleep nanosleep \
    rt_sigaction rt_sigprocmask sched_yield recvmsg sendmsg";

/// Those of them that name a file.
const HOT_OF_FILES: [&str; 3] = ["newfstatat", "stat", "lstat"];

/// Whether ordinary programs make the call of this name thousands of times a second.
pub fn is_hot(name: &[u8]) -> bool {
    HOT.split(' ').any(|hot| hot.as_bytes() == name)
}

/// What a rule records of all programs all the time, if it does so.
fn all_recorded(plan: &Plan, rule: &Rule, native: Option<Machine>) -> Option<String> {
    let meaning = Meaning::of(rule, None);
    if meaning.is_narrow() {
        return None;
    }
    let machine = machine_of(rule, native);
    let is_of_every_call = rule.syscalls.is_full(MASK_WORDS - 1);
    if !meaning.perms.is_empty() {
        // Other calls of the classes are made less often; and calls that are named are meant.
        let calls = meaning.calls_of(machine);
        let number = |name| machine.and_then(|machine| syscall::number(machine, name));
        let opens = OPENS.into_iter().filter_map(number).any(|number| calls.contains(number));
        let is_by_class = plan.places.syscalls.is_empty() || is_of_every_call;
        return (opens && is_by_class).then(|| "records programs that open files, whichever these are".to_owned());
    }
    let name = |number| machine.and_then(|machine| syscall::name(machine, number));
    let asks_for_files = meaning.watched.is_some() || !meaning.single.is_empty();
    let is_recorded = |name: &&str| is_hot(name.as_bytes()) && (!asks_for_files || HOT_OF_FILES.contains(name));
    let named = rule.syscalls.iter().find_map(|number| name(number).filter(is_recorded));
    match (is_of_every_call, asks_for_files) {
        (true, true) => Some("records every system call that names a file".to_owned()),
        (true, false) => Some("records every system call".to_owned()),
        (false, _) => named.map(|call| format!("records every {call}, which programs call all the time")),
    }
}

/// The calls by which programs open files.
const OPENS: [&str; 2] = ["open", "openat"];

fn cost(planned: &Planned, rule: &Rule, target: &Target, out: &mut Vec<Finding>) {
    let Some(plan) = &planned.plan else { return };
    if rule.action == Action::ALWAYS && rule.is_of_every_process() {
        // KERNEL: no priority of a rule is above that of such a process.
        let message = "records every system call of every process started from now on, and no rule's key appears";
        let help = "delete the line, or name a user with -F auid=";
        out.push(finding(&codes::HOT_SYSCALL, planned.whole(), message.to_owned(), help));
    }
    if rule.list == List::EXIT && rule.action == Action::ALWAYS {
        let span = plan.places.syscalls.first().map_or_else(|| planned.whole(), |place| planned.place(*place));
        let help = "narrow it by -F path=, dir=, exe=, success=0, a user or an argument";
        let message = all_recorded(plan, rule, target.host.machine());
        out.extend(message.map(|message| finding(&codes::HOT_SYSCALL, span, message, help)));
    }
    if planned.is_watch() {
        let message = "an old style watch, which newer versions of auditctl warn of".to_owned();
        let help = "auditctl --convert writes it with -F path or dir and -F perm, which is the same rule";
        let mut found = finding(&codes::WATCH_FORM, planned.place(plan.places.target), message, help);
        // Whether a path is a directory is to be known.
        let line = target.exists.and_then(|_| convert::watch(rule, target.host));
        let fix = |line: Vec<u8>| Fix { effect: Effect::Same, edits: vec![planned.edit(planned.whole(), &line)] };
        found.fix = line.map(fix);
        out.push(found);
        return;
    }
    // The first numbers are those of ids, the arch and the type.
    let cheap = |id: FieldId| {
        use FieldId as F;
        let other = matches!(id, F::PPID | F::SESSIONID | F::SUCCESS | F::EXIT | F::A0 | F::A1 | F::A2 | F::A3);
        id.0 <= F::MSGTYPE.0 || other
    };
    let dear = |id: FieldId| {
        let label = id.is_text() && !matches!(id, FieldId::PATH | FieldId::KEY);
        label || matches!(id, FieldId::OBJ_UID | FieldId::OBJ_GID)
    };
    let first_dear = rule.fields.iter().position(|field| dear(field.id));
    let late = first_dear.and_then(|at| {
        let later = rule.fields.iter().enumerate().skip(at + 1).find(|(_, field)| cheap(field.id));
        Some((at, later?.0))
    });
    let Some((dear_at, cheap_at)) = late else { return };
    let name = |at: usize| rule.fields.get(at).and_then(|field| field.id.name()).unwrap_or_default();
    let message = format!("{} is cheaper to test than {}, which comes before it", name(cheap_at), name(dear_at));
    let mut found = finding(&codes::FIELD_ORDER, planned.field(cheap_at), message, "write cheap fields first");
    found.fix = swapped(planned, dear_at, cheap_at, target);
    out.push(found);
}

/// Two -F words of one line change places, if the rule means the same then: arch before perm names other calls.
fn swapped(planned: &Planned, first: usize, second: usize, target: &Target) -> Option<Fix> {
    let (a, b) = (planned.field(first), planned.field(second));
    let text = |span: Span| planned.line.text.get(span.bytes.0..span.bytes.1);
    let whole = planned.line.text;
    let (x, y) = if a.bytes < b.bytes { (a.bytes, b.bytes) } else { (b.bytes, a.bytes) };
    let part = |from: usize, to: usize| whole.get(from..to);
    let line = [part(0, x.0)?, part(y.0, y.1)?, part(x.1, y.0)?, part(x.0, x.1)?, part(y.1, whole.len())?].concat();
    let plan = plan_of(&Line::read(1, 0, &line)?, target.host)?;
    let [Step::AddRule(rule)] = plan.steps.as_slice() else { return None };
    let both = (std::slice::from_ref(planned.added()?), std::slice::from_ref(rule));
    let edits = vec![planned.edit(a, text(b)?), planned.edit(b, text(a)?)];
    diff(both.0, both.1, target.host.machine()).is_empty().then_some(Fix { effect: Effect::Same, edits })
}

fn missing_key(planned: &Planned, rule: &Rule, out: &mut Vec<Finding>) {
    let is_recorded = rule.action == Action::ALWAYS && rule.list.takes_syscalls();
    if is_recorded && rule.keys().next().is_none() {
        let message = "the rule has no key: `ausearch -k` cannot find its events".to_owned();
        out.push(finding(&codes::MISSING_KEY, planned.whole(), message, "add -k NAME"));
    }
}

fn missing_path(planned: &Planned, rule: &Rule, target: &Target, out: &mut Vec<Finding>) {
    let Some(exists) = target.exists else { return };
    for (number, field) in rule.fields.iter().enumerate() {
        let Value::Text(path) = &field.value else { continue };
        if !matches!(field.id, FieldId::PATH | FieldId::DIR | FieldId::EXE)
            || path.first() != Some(&b'/')
            || exists(path)
        {
            continue;
        }
        let help = match field.id {
            FieldId::EXE => "the kernel refuses a rule for a program that is not there",
            FieldId::PATH if exists(parent(path)) => "the rule works once it exists",
            FieldId::PATH => "the kernel refuses a path whose directory does not exist",
            _ => "the kernel refuses a directory that does not exist",
        };
        let message = format!("{} does not exist", lossy(path));
        out.push(finding(&codes::MISSING_PATH, planned.field(number), message, help));
    }
}

/// A directory's rule whose path ends with a link, of which the kernel watches nothing else.
fn linked_directory(planned: &Planned, rule: &Rule, target: &Target, out: &mut Vec<Finding>) {
    let Some(directory) = rule.directory().filter(|path| !path.ends_with(b"/")) else { return };
    let followed = target.host.place(&[directory, b"/"].concat());
    let Some(followed) = followed.filter(|followed| target.host.place(directory).is_some_and(|own| own != *followed))
    else {
        return;
    };
    let number = rule.fields.iter().position(|field| field.id == FieldId::DIR).unwrap_or_default();
    let message = format!(
        "{} is a link: the rule sees what is done to it, and nothing of {}",
        lossy(directory),
        lossy(&followed)
    );
    let help = format!("write {}", lossy(&followed));
    out.push(finding(&codes::LINKED_DIRECTORY, planned.field(number), message, &help));
}

/// File systems that are mounted late: those of the network, and what is mounted on demand or by users.
const LATE: [&[u8]; 8] = [b"nfs", b"cifs", b"smb3", b"ceph", b"afs", b"9p", b"autofs", b"fuse"];

/// What is watched lies on such a file system, or one lies below it.
fn late_mount(planned: &Planned, rule: &Rule, target: &Target, out: &mut Vec<Finding>) {
    let watched = |field: &RuleField| matches!(field.id, FieldId::PATH | FieldId::DIR);
    let Some((number, field)) = rule.fields.iter().enumerate().find(|(_, field)| watched(field)) else { return };
    let Value::Text(path) = &field.value else { return };
    let is_late = |kind: &[u8]| LATE.iter().any(|late| kind.starts_with(late));
    let mut late = target.host.mounts().iter().filter(|(point, kind)| point != b"/" && is_late(kind));
    let found = late.find(|(point, _)| is_below(path, point) || field.id == FieldId::DIR && is_below(point, path));
    let Some((point, kind)) = found else { return };
    let message = format!(
        "{} is mounted by itself, {}: what is mounted after the rule is loaded is not watched",
        lossy(point),
        lossy(kind)
    );
    let help = "load the rules again when it is mounted";
    let found = finding(&codes::MISSING_PATH, planned.field(number), message, help);
    out.push(Finding { level: Level::Note, ..found });
}

/// What a step changes that a lock forbids. KERNEL: features have locks of their own, audit_set_feature() looks at no other.
pub(super) fn changes_state(step: &Step) -> bool {
    matches!(step, Step::Set(_) | Step::AddRule(_) | Step::DeleteRule(_) | Step::DeleteAll { .. })
}

/// The number that a rule's arch is equal to, if it is to one.
pub(super) fn one_arch(meaning: &Meaning) -> Option<u32> {
    let arch = meaning.number(FieldId::ARCH);
    arch.lowest().filter(|lowest| arch == Numbers::one(*lowest))
}
