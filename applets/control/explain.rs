//! `auditctl --explain [RULES] [NAME=VALUE ...]`: which rule decides about an event, and why the others do not.

use super::diff::{Set, line_of, set};
use super::mode_options::{Options, WRONG};
use super::{RuleHost, rules_file};
use crate::output::{say, show};
use auditbox::record::Record;
use auditbox::rule::explain::{
    Decision, LeftOut, Verdict, are_of_one_file, as_found, decide, is_of_given_name, judge, key_rule, keys, left_out,
};
use auditbox::rule::facts::Facts;
use auditbox::rule::{Action, List, Rule};
use auditbox::text::escape::lossy;
use memchr::memmem;
use std::borrow::Cow;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// Nothing is recorded.
const NONE: u8 = 1;

const AT_START: &str = "    a rule of the task list has decided when the process was made\n";
const EARLIER: &str = "    an earlier rule has decided\n";
const KEPT: &str = "    an earlier rule has decided, which has no key: the key stays that of this one\n";
const UNTESTED: &str = "    the kernel cannot test all of it here: it keeps the record, and tries no later rule\n";
const NO_FILE: &str = "    rules for calls find no file by the names\n";
const NO_FSTYPE: &str = "    depends on fstype, which is not given: files are taken to lie elsewhere\n";
const GIVEN: &str = "    a rule for the other name that the call gave the file has decided: it is tried first\n";
const TURNED: &str = "    an earlier rule has decided; the two change places whenever the file is replaced\n";

/// Shows the rules in the order in which the kernel tries them, each with what it makes of the event. Returns 0 when the event
/// is recorded, 1 when it is not, 2 when that cannot be told.
pub(super) fn run(options: &Options) -> u8 {
    let host = options.host();
    let (words, names): (Vec<&OsString>, Vec<&OsString>) =
        options.names.iter().partition(|word| word.as_bytes().contains(&b'='));
    let kernel = OsString::from("kernel");
    let source = match names.as_slice() {
        [] => &kernel,
        [one] => one,
        _ => {
            say("auditctl: --explain takes one set of rules, and NAME=VALUE words");
            return WRONG;
        }
    };
    let facts = match facts(&words, &host) {
        Ok(facts) => facts,
        Err(message) => {
            say(format!("auditctl: {message}"));
            return WRONG;
        }
    };
    set(source, &host).map_or_else(|status| status, |set| explain(&set, &facts, &host))
}

/// What is known of the event: the words, or the records on standard input.
fn facts(words: &[&OsString], host: &RuleHost) -> Result<Facts, String> {
    if !words.is_empty() {
        return Facts::parse(&words.iter().map(|word| word.as_bytes()).collect::<Vec<_>>(), host);
    }
    let text = rules_file::read_stdin()?;
    let lines: Vec<_> = text.split(|b| *b == b'\n').map(|line| plain_head(line.trim_ascii_end())).collect();
    let event: Vec<Record> = lines.iter().filter_map(|line| Record::parse(line)).collect();
    let first = event.first().ok_or("no record on standard input")?;
    if let Some(other) = event.iter().find(|record| (record.id, record.node) != (first.id, first.node)) {
        let name = |record: &Record| {
            let mut name = record.node.map_or(Vec::new(), |node| [b"node=", node, b" "].concat());
            record.id.print(&mut name);
            lossy(&name)
        };
        let (first, other) = (name(first), name(other));
        return Err(format!("--explain takes one event, and standard input has several: {first} and {other}"));
    }
    Facts::of_records(&event, Some(host))
}

/// A line whose event has its second in the minute for its time, where `ausearch -i` has put a date: `msg=audit(DATE H:M:S.MS:N) : `.
fn plain_head(line: &[u8]) -> Cow<'_, [u8]> {
    const OPEN: &[u8] = b"audit(";
    let parts = memmem::find(line, b") : ").zip(memmem::find(line, OPEN)).and_then(|(end, start)| {
        let date = line.get(start + OPEN.len()..end)?;
        let minute = date.rsplitn(3, |b| *b == b':').nth(2)?;
        Some([line.get(..start + OPEN.len())?, date.get(minute.len() + 1..)?, b")", line.get(end + 2..)?].concat())
    });
    parts.map_or(Cow::Borrowed(line), Cow::Owned)
}

fn explain(set: &Set, facts: &Facts, host: &RuleHost) -> u8 {
    let rules = set.rules.as_slice();
    let facts = &*as_found(rules, facts);
    let answer = Answer { rules, facts, decision: decide(rules, facts), key: key_rule(rules, facts) };
    let mut out = Vec::new();
    for (place, rule) in rules.iter().enumerate() {
        let (word, why) = answer.of_rule(place, rule);
        out.extend_from_slice(format!("{word:6} {}: ", place + 1).as_bytes());
        out.extend(line_of(rule, host));
        out.extend_from_slice(why.as_bytes());
    }
    let (line, status) = answer.of_all();
    out.extend_from_slice(line.as_bytes());
    show(&out);
    status
}

/// What rules make of an event.
struct Answer<'a> {
    rules: &'a [Rule],
    facts: &'a Facts,
    decision: Decision,
    /// The rule whose key the event has.
    key: Option<usize>,
}

impl Answer<'_> {
    /// What one rule makes of it: a word, and why.
    fn of_rule(&self, place: usize, rule: &Rule) -> (&'static str, String) {
        match judge(rule, self.facts) {
            Verdict::Match => match self.hidden_by(place, rule) {
                Some(why) => ("hidden", why.to_owned()),
                None if rule.first_untested().is_some() => ("match", UNTESTED.to_owned()),
                None if rule.list == List::FILESYSTEM && self.facts.list() != rule.list => {
                    ("match", NO_FILE.to_owned())
                }
                None => ("match", String::new()),
            },
            Verdict::Part(tests) => ("part", format!("    it leaves out records of the event with {tests}\n")),
            Verdict::No(why) => ("no", format!("    {why}\n")),
            Verdict::Open(_) if rule.list == List::FILESYSTEM && self.facts.list() != rule.list => {
                ("open", NO_FSTYPE.to_owned())
            }
            Verdict::Open(what) => ("open", format!("    depends on {what}, which is not given\n")),
        }
    }

    /// Why a rule that matches does not decide.
    fn hidden_by(&self, place: usize, rule: &Rule) -> Option<&'static str> {
        let Decision::Rule(decided) = self.decision else { return None };
        let first = self.rules.get(decided).filter(|_| decided != place)?;
        match first.list == rule.list {
            // What is recorded by one list is left out by another, record by record and file by file.
            false if matches!(rule.list, List::EXCLUDE | List::FILESYSTEM) => None,
            false => Some(AT_START),
            true if decided > place && is_of_given_name(first, self.facts) => Some(GIVEN),
            true if decided > place => Some("    a name that comes before its own has decided\n"),
            true if are_of_one_file(first, rule) => Some(TURNED),
            true if self.key == Some(place) => Some(KEPT),
            true => Some(EARLIER),
        }
    }

    /// What they make of it together, and the status.
    fn of_all(&self) -> (String, u8) {
        let cannot_be_told = |place| (format!("cannot be told: rule {} is open\n", place + 1), WRONG);
        let decided = match self.decision {
            Decision::Open(place) => return cannot_be_told(place),
            Decision::Nothing => None,
            Decision::Rule(place) => self.rules.get(place).map(|rule| (place, rule)),
        };
        let named = self.key.and_then(|place| self.rules.get(place));
        let (line, status) = outcome(decided, named, self.facts.list());
        if status == NONE {
            return (line, status);
        }
        match left_out(self.rules, self.facts) {
            LeftOut::Little => (line, status),
            LeftOut::Open(place) => cannot_be_told(place),
            LeftOut::All(place) if self.facts.list() == List::USER => {
                (format!("{line}rule {} leaves the record out\n", place + 1), NONE)
            }
            LeftOut::All(place) => (format!("{line}rule {} leaves out all records of it\n", place + 1), NONE),
            LeftOut::Call(place) => (format!("{line}rule {} leaves out its record with the key\n", place + 1), status),
        }
    }
}

/// What comes of the rule that decides, with the key of `named`, and the status. `list` is the one that was asked last.
fn outcome(decided: Option<(usize, &Rule)>, named: Option<&Rule>, list: List) -> (String, u8) {
    let list = decided.map_or(list, |(_, rule)| rule.list);
    let is_tested = |rule: &Rule| rule.first_untested().is_none();
    let is_never = decided.is_some_and(|(_, rule)| rule.action == Action::NEVER && is_tested(rule));
    let is_recorded = match list {
        // Every rule of the list leaves out.
        List::EXCLUDE => !decided.is_some_and(|(_, rule)| is_tested(rule)),
        // What no rule takes is recorded, or left to the exit list.
        List::USER | List::TASK | List::FILESYSTEM => !is_never,
        _ => decided.is_some() && !is_never,
    };
    let what = match (list, is_recorded) {
        (List::EXCLUDE | List::USER, true) => "the record is kept",
        (List::EXCLUDE | List::USER, false) => "the record is left out",
        (List::TASK, true) if decided.is_some() => "every call of the process is recorded",
        (List::TASK, true) => "the calls of the process are left to the exit list",
        (List::TASK, false) => "no call of the process is recorded",
        (List::FILESYSTEM, true) => "files on it are left to the exit list",
        (List::FILESYSTEM, false) => "no file on it is in records or matches a rule",
        (_, true) => "the event is recorded",
        (_, false) => "nothing is recorded",
    };
    let key = named.and_then(keys).filter(|_| is_recorded && (list.takes_syscalls() || list == List::TASK));
    let key = key.map(|key| format!(" with key {key}")).unwrap_or_default();
    let which = decided.map_or("no rule matches".to_owned(), |(place, _)| format!("rule {} decides", place + 1));
    (format!("{which}: {what}{key}\n"), if is_recorded { 0 } else { NONE })
}
