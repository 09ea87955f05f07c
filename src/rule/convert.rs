//! Old style watches as system call rules of the same meaning: `auditctl --convert`.
//!
//! `-w PATH -p PERM` is looked at on every call that names a file. With -F arch the rule is about the calls of its classes
//! of access alone, and one rule for each width of programs says the same.

use super::meaning::other_width;
use super::model::{FieldId, Rule, Value};
use crate::abi::rule::KEY_SEPARATOR;
use crate::tables::machine::Machine;
use crate::tables::rule::PERMISSIONS;

/// The lines that a watch becomes on a machine, without line ends; none when the rule is no watch.
pub fn watch(rule: &Rule, machine: Machine) -> Vec<Vec<u8>> {
    let widths: &[&[u8]] = match other_width(machine) {
        Some(_) => &[b"b64", b"b32"],
        None if machine.elf().is_some_and(|elf| elf & ARCH_64BIT != 0) => &[b"b64"],
        None => &[b"b32"],
    };
    widths.iter().filter_map(|width| line(rule, width)).collect()
}

/// Bit of AUDIT_ARCH_* numbers for 64-bit machines.
const ARCH_64BIT: u32 = 0x8000_0000;

fn line(rule: &Rule, width: &[u8]) -> Option<Vec<u8>> {
    let mut line = [b"-a always,exit -F arch=", width].concat();
    for field in &rule.fields {
        match (field.id, &field.value) {
            (FieldId::PATH | FieldId::DIR, Value::Text(path)) => {
                line.extend_from_slice(if field.id == FieldId::PATH { b" -F path=" } else { b" -F dir=" });
                push_word(path, &mut line);
            }
            (FieldId::PERM, Value::Number(bits)) => {
                line.extend_from_slice(b" -F perm=");
                line.extend(PERMISSIONS.iter().filter(|class| bits & class.bit != 0).map(|class| class.letter));
            }
            (FieldId::KEY, Value::Text(keys)) => {
                for key in keys.split(|b| *b == KEY_SEPARATOR) {
                    line.extend_from_slice(b" -F key=");
                    push_word(key, &mut line);
                }
            }
            _ => return None,
        }
    }
    Some(line)
}

/// A word as rules files escape it.
fn push_word(word: &[u8], line: &mut Vec<u8>) {
    for (at, byte) in word.iter().enumerate() {
        let is_escape = *byte == b'\\' && matches!(word.get(at + 1), Some(b' ' | b'\\'));
        if *byte == b' ' || is_escape {
            line.push(b'\\');
        }
        line.push(*byte);
    }
}
