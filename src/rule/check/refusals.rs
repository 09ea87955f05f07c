//! Which rules and settings the kernel refuses though auditctl takes them.

use super::super::command::Step;
use super::super::model::{FieldId, List, Operator, Rule, RuleField, Value};
use crate::abi::mask;

/// KERNEL: audit_receive_msg() takes 600 seconds at the most, in ticks of the clock, of which no kernel has more than a thousand in a second.
const LONGEST_WAIT: u32 = 600_000;

/// Why the kernel refuses a setting.
pub(super) fn refused_setting(step: &Step) -> Option<&'static str> {
    let is_long = |step: &Step| matches!(step, Step::Set(status) if status.mask & mask::BACKLOG_WAIT_TIME != 0 && status.backlog_wait_time > LONGEST_WAIT);
    is_long(step).then_some("no kernel takes a backlog_wait_time of more than 600000; with HZ=250 the most is 150000")
}

/// What a rule has one of at most, and what is said of a second one.
const SINGLE: [(&[FieldId], &str); 2] = [
    (&[FieldId::PATH, FieldId::DIR, FieldId::INODE], "a rule watches one path, dir or inode"),
    (&[FieldId::EXE], "a rule names one exe"),
];

/// The fields for which the kernel refuses a rule, why, and what to do.
///
/// KERNEL: audit_data_to_entry(), audit_field_valid(), audit_to_watch(), audit_make_tree() and audit_to_inode() answer EINVAL to these.
pub(super) fn kernel_refusals(rule: &Rule) -> Vec<(usize, &'static str, &'static str)> {
    let fields = || rule.fields.iter().enumerate();
    let second = |(ids, message): (&[FieldId], &'static str)| {
        let (second, _) = fields().filter(|(_, field)| ids.contains(&field.id)).nth(1)?;
        Some((second, message, "write a rule for each"))
    };
    let by_itself = fields().filter_map(|(number, field)| Some((number, why_refused(rule.list, field)?, "")));
    SINGLE.into_iter().filter_map(second).chain(by_itself).collect()
}

/// Why the kernel does not take a field, by itself.
fn why_refused(list: List, field: &RuleField) -> Option<&'static str> {
    use FieldId as F;
    let RuleField { id, operator, value } = field;
    let path: &[u8] = match value {
        Value::Text(path) => path,
        _ => b"/",
    };
    let (is_ordered, is_unset) = (!operator.tests_equality(), *value == Value::Number(u32::MAX));
    let is_bits = matches!(*operator, Operator::BIT_MASK | Operator::BIT_TEST);
    let takes_bits = matches!(*id, F::A0 | F::A1 | F::A2 | F::A3 | F::PERS | F::DEVMINOR);
    Some(match *id {
        F::PATH | F::DIR if *operator != Operator::EQUAL => "the kernel takes = alone here",
        F::PATH | F::DIR | F::EXE if path.first() != Some(&b'/') => "the path must begin with /",
        F::FIELD_COMPARE if is_ordered => "the kernel takes = and != alone here",
        F::FIELD_COMPARE if !matches!(value, Value::Number(..=25)) => "the kernel knows the comparisons 1 to 25",
        F::PATH | F::EXE if matches!(value, Value::Text(_)) && path.last() == Some(&b'/') => {
            "the path must not end with /"
        }
        F::AUID if is_ordered && is_unset => "an unset auid can be compared with = and != alone",
        F::UID | F::EUID | F::SUID | F::FSUID | F::OBJ_UID | F::GID | F::EGID | F::SGID | F::FSGID | F::OBJ_GID
            if is_unset =>
        {
            "this is no id: auid and sessionid alone can be unset"
        }
        F::FILETYPE | F::SUBJ_USER | F::SUBJ_ROLE | F::SUBJ_TYPE | F::OBJ_USER | F::OBJ_ROLE | F::OBJ_TYPE
            if is_ordered =>
        {
            "the kernel takes = and != alone here"
        }
        _ if is_bits && !takes_bits => "& and &= are for a0 to a3, pers and devminor alone",
        _ if list == List::FILESYSTEM && !matches!(*id, F::FSTYPE | F::KEY) => {
            "rules of the filesystem list have fstype and keys alone"
        }
        _ => return None,
    })
}
