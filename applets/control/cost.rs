//! `auditctl --cost [-if LOG] [RULES]`: what the rules of a log cost, by key, by system call, and by rule where rules are given.

use super::diff::set;
use super::listing;
use super::mode_options::{Options, WRONG};
use crate::logs::{self, Input};
use crate::output::{say, show};
use auditbox::event::Event;
use auditbox::query::predicate::Criteria;
use auditbox::report::cost::{Amount, Cost};
use auditbox::rule::check::is_hot;
use auditbox::text::{Escape, escape};
use auditbox::trail::Sink;
use std::ops::ControlFlow;

/// The calls that are shown: those that cost most.
const CALLS: usize = 20;

/// Shows the counts. Returns 0; 1 when the log cannot be read; 2 when it is asked wrongly, or a compressed log was left out.
pub(super) fn run(options: &Options) -> u8 {
    let host = options.host();
    let rules = match options.names.as_slice() {
        [] => Vec::new(),
        [name] => match set(name, &host) {
            Ok(set) => set.rules,
            Err(status) => return status,
        },
        _ => {
            say("auditctl: --cost takes one set of rules");
            return WRONG;
        }
    };
    let input = match &options.log {
        None => Input::Logs,
        Some(name) if name == "-" => Input::Stdin,
        Some(path) => Input::File(path.into()),
    };
    let Some(found) = logs::find(input) else { return 1 };
    let mut counted = Counted(Cost::new(&rules));
    let status = logs::search("auditctl", found, &Criteria::default(), &mut counted);
    let Counted(cost) = counted;
    let mut out = Vec::new();
    let total = cost.total;
    row(&mut out, total, total, b"all");
    if let Some((first, last)) = cost.span.filter(|(first, last)| last > first) {
        let seconds = last - first;
        let per_hour = total.events.saturating_mul(3600) / seconds;
        out.extend(format!("{per_hour} events an hour, for {seconds} seconds\n").into_bytes());
    }
    head(&mut out, "key");
    cost.keys().iter().for_each(|(key, amount)| row(&mut out, *amount, total, key));
    head(&mut out, "system call");
    for (call, amount) in cost.calls().iter().take(CALLS) {
        let name = call.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
        let mark: &[u8] = if is_hot(name) { b" (hot: programs make it all the time)" } else { b"" };
        row(&mut out, *amount, total, &[call, mark].concat());
    }
    if !rules.is_empty() {
        head(&mut out, "rule");
        for (place, (rule, amount)) in cost.rules().enumerate() {
            let mut text = format!("{}: ", place + 1).into_bytes();
            text.extend(listing::rules(std::slice::from_ref(rule), &host, false).trim_ascii_end());
            row(&mut out, amount, total, &text);
        }
        row(&mut out, cost.unexplained, total, b"none of them, or not to be told");
    }
    show(&out);
    status
}

fn head(out: &mut Vec<u8>, what: &str) {
    out.extend(format!("\n    events    records        bytes   %  {what}\n").into_bytes());
}

fn row(out: &mut Vec<u8>, amount: Amount, total: Amount, name: &[u8]) {
    let share = amount.bytes.saturating_mul(100) / total.bytes.max(1);
    out.extend(format!("{:10} {:10} {:12} {share:3}  ", amount.events, amount.records, amount.bytes).into_bytes());
    escape(name, Escape::Tty, out);
    out.push(b'\n');
}

struct Counted<'r>(Cost<'r>);

impl Sink for Counted<'_> {
    fn event(&mut self, event: Event) -> ControlFlow<(), Option<Event>> {
        self.0.add(&event);
        ControlFlow::Continue(Some(event))
    }
}
