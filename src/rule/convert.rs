//! Old style watches written as rules of the same meaning: `auditctl --convert`.
//!
//! `-w PATH -p PERM` is a rule for all calls that name the path, of which the kernel itself picks those of the classes of access.
//! `-F arch` before `-F perm` would name the calls instead, by a list that is without some of 32-bit machines, such as chown32; so
//! the rule is written without it.

use super::command::{Step, plan_of};
use super::file::{Line, push_word};
use super::model::{FieldId, Rule, RuleField, Value};
use super::parse::Host;
use super::print::Listing;
use crate::abi::rule::KEY_SEPARATOR;
use crate::tables::rule::PERMISSIONS;

/// The line that a watch, or what is listed as one, becomes, without its end; `None` when no such line is read as the same rule, or it
/// may not be seen whether its path is a directory.
pub fn watch(rule: &Rule, host: &dyn Host) -> Option<Vec<u8>> {
    let is_hidden = |field: &RuleField| matches!(&field.value, Value::Text(path) if field.id == FieldId::PATH && host.is_hidden(path));
    if rule.fields.iter().any(is_hidden) {
        return None;
    }
    let line = bare(rule).unwrap_or_else(|| {
        // With other tests it is listed as a rule.
        let mut line = Vec::new();
        Listing::new(host.machine(), None).print(rule, &mut line);
        line.pop();
        line
    });
    let plan = plan_of(&Line::read(1, 0, &line)?, host)?;
    matches!(plan.steps.as_slice(), [Step::AddRule(read)] if read == rule).then_some(line)
}

/// The line of a rule that tests what a watch tests and nothing else.
fn bare(rule: &Rule) -> Option<Vec<u8>> {
    let place = if rule.prepend { "-A" } else { "-a" };
    let mut line = format!("{place} {},{}", rule.action.name()?, rule.list.name()?).into_bytes();
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
