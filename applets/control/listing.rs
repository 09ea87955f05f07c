//! What auditctl shows: the status, and rules.

use super::RuleHost;
use auditbox::abi::{Features, Status};
use auditbox::interpret::{Interpreter, Names, RecordContext};
use auditbox::record::{Field, RecordType};
use auditbox::rule::{Argument, Host, Listing, Rule};
use auditbox::text::{Escape, number};
use std::cell::RefCell;

/// The lines of -s, but for the features.
pub(super) fn status(status: &Status, interpret: bool) -> String {
    let enabled = match status.enabled {
        0 => "disable",
        1 => "enabled",
        2 => "enabled+immutable",
        _ => "unknown",
    };
    let failure = match status.failure {
        0 => "silent",
        1 => "printk",
        2 => "panic",
        _ => "unknown",
    };
    let mut text = if interpret {
        format!("enabled {enabled}\nfailure {failure}\n")
    } else {
        format!("enabled {}\nfailure {}\n", status.enabled, status.failure)
    };
    for (name, value) in [
        ("pid", Some(status.pid)),
        ("rate_limit", Some(status.rate_limit)),
        ("backlog_limit", Some(status.backlog_limit)),
        ("lost", Some(status.lost)),
        ("backlog", Some(status.backlog)),
        ("backlog_wait_time", Some(status.backlog_wait_time)),
        ("backlog_wait_time_actual", status.backlog_wait_time_actual),
    ] {
        if let Some(value) = value {
            text.push_str(&format!("{name} {value}\n"));
        }
    }
    text
}

/// The line of -s on features; none when the kernel does not know of that one.
pub(super) fn features(features: &Features) -> String {
    let bit = Features::LOGINUID_IMMUTABLE;
    if features.mask & bit == 0 {
        return String::new();
    }
    let value = u32::from(features.features & bit != 0);
    let lock = if features.lock & bit != 0 { "locked" } else { "unlocked" };
    format!("loginuid_immutable {value} {lock}\n")
}

/// The lines of -l.
pub(super) fn rules(rules: &[Rule], host: &RuleHost, interpret: bool) -> Vec<u8> {
    let names = HostNames(host);
    let interpreter = RefCell::new(Interpreter::new(&names, None, Escape::Tty));
    let words = |argument: &Argument| Some(argument_words(&mut interpreter.borrow_mut(), argument));
    let listing = Listing::new(host.machine(), if interpret { Some(&words) } else { None });
    let mut out = Vec::new();
    rules.iter().for_each(|rule| listing.print(rule, &mut out));
    out
}

/// An argument as it would be interpreted in a SYSCALL record.
fn argument_words(interpreter: &mut Interpreter, argument: &Argument) -> Vec<u8> {
    let first_two = argument.first_two.map(u64::from);
    let context = RecordContext::of_call(argument.machine, argument.syscall, first_two);
    let name = [b'a', b'0' + argument.number as u8];
    let (mut value, mut words) = (Vec::new(), Vec::new());
    number::push_hex(&mut value, u64::from(argument.value));
    interpreter.value(RecordType::SYSCALL, Field { name: &name, value: &value }, &context, &mut words);
    words
}

struct HostNames<'h>(&'h RuleHost);

impl Names for HostNames<'_> {
    fn user(&self, uid: u32) -> Option<&[u8]> {
        self.0.users().user_name(uid)
    }

    fn group(&self, gid: u32) -> Option<&[u8]> {
        self.0.users().group_name(gid)
    }
}
