//! `auditctl --explain [RULES] [NAME=VALUE ...]`: which rule decides about an event, and why the others do not.

use super::diff::{Set, set};
use super::modes::{Options, WRONG};
use super::{RuleHost, listing, rules_file};
use crate::output::{say, show};
use auditbox::record::Record;
use auditbox::rule::Action;
use auditbox::rule::explain::{Decision, Facts, Verdict, decide, judge, keys};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// Nothing is recorded.
const NONE: u8 = 1;

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
    let text = rules_file::read_stream(std::io::stdin().lock(), "standard input")?;
    let mut records = text.split(|b| *b == b'\n').filter_map(Record::parse).peekable();
    let first = records.peek().map(|record| record.id).ok_or("no record on standard input")?;
    let event = records.filter(|record| record.id == first);
    Facts::of_records(event).ok_or_else(|| "the event has no SYSCALL record: no rule for calls has made it".to_owned())
}

fn explain(set: &Set, facts: &Facts, host: &RuleHost) -> u8 {
    let mut out = Vec::new();
    let decision = decide(&set.rules, facts);
    for (place, rule) in set.rules.iter().enumerate() {
        let verdict = judge(rule, facts);
        let (word, why) = match &verdict {
            Verdict::Match => match decision {
                Decision::Rule(decided) if decided < place => {
                    ("hidden", "    an earlier rule has decided\n".to_owned())
                }
                Decision::Rule(decided) if decided > place => {
                    ("hidden", "    a name that comes before its own has decided\n".to_owned())
                }
                _ => ("match", String::new()),
            },
            Verdict::No(why) => ("no", format!("    {why}\n")),
            Verdict::Open(what) => ("open", format!("    depends on {what}, which is not given\n")),
        };
        out.extend_from_slice(format!("{word:6} {}: ", place + 1).as_bytes());
        out.extend(listing::rules(std::slice::from_ref(rule), host, false));
        out.extend_from_slice(why.as_bytes());
    }
    let (line, status) = match decision {
        Decision::Open(place) => (format!("cannot be told: rule {} is open\n", place + 1), WRONG),
        Decision::Nothing => ("no rule matches: nothing is recorded\n".to_owned(), NONE),
        Decision::Rule(place) => match set.rules.get(place) {
            Some(rule) if rule.action != Action::NEVER => {
                let key = keys(rule).map(|keys| format!(" with key {keys}")).unwrap_or_default();
                (format!("rule {} decides: the event is recorded{key}\n", place + 1), 0)
            }
            _ => (format!("rule {} decides: nothing is recorded\n", place + 1), NONE),
        },
    };
    out.extend_from_slice(line.as_bytes());
    show(&out);
    status
}
