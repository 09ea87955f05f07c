//! Rule to bytes and back. The bytes come from the kernel, or claim to; nothing in them is believed without a look.

use super::model::{Action, FieldId, List, Operator, Rule, RuleField, SyscallMask, Value};
use crate::abi::rule::{FILTER_PREPEND, MAX_FIELDS, RuleData};

/// What is wrong with bytes that should be a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// They end before the rule does.
    Short,
    /// More fields than the structure has room for.
    TooManyFields(u32),
    /// The texts of the fields together are longer than the text that came.
    TextEnds {
        /// The field, counted from 0.
        field: usize,
    },
}

impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DecodeError::Short => f.write_str("a rule from the kernel is cut short"),
            DecodeError::TooManyFields(n) => write!(f, "a rule from the kernel claims {n} fields; {MAX_FIELDS} fit"),
            DecodeError::TextEnds { field } => write!(f, "the text of a kernel rule ends within field {field}"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// The payload of ADD_RULE and DEL_RULE.
pub fn encode(rule: &Rule) -> Vec<u8> {
    let mut data = RuleData {
        flags: rule.list.0 | if rule.prepend { FILTER_PREPEND } else { 0 },
        action: rule.action.0,
        field_count: rule.fields.len() as u32,
        mask: rule.syscalls.0,
        ..RuleData::default()
    };
    let places = data.fields.iter_mut().zip(&mut data.values).zip(&mut data.operators);
    for (((id, value), operator), field) in places.zip(&rule.fields) {
        *id = field.id.0;
        *operator = field.operator.0;
        *value = match &field.value {
            Value::Number(number) => *number,
            Value::Text(text) => {
                data.text.extend_from_slice(text);
                text.len() as u32
            }
        };
    }
    data.encode()
}

/// The rule in the payload of a LIST_RULES reply.
pub fn decode(bytes: &[u8]) -> Result<Rule, DecodeError> {
    let data = RuleData::decode(bytes).ok_or(DecodeError::Short)?;
    if data.field_count as usize > MAX_FIELDS {
        return Err(DecodeError::TooManyFields(data.field_count));
    }
    let mut text = data.text.as_slice();
    let mut fields = heapless::Vec::new();
    for n in 0..data.field_count as usize {
        // Old kernels or-ed the operator into the field's number.
        let id = FieldId(data.fields[n] & !Operator::BITS);
        let value = if id.is_text() {
            let (own, rest) =
                text.split_at_checked(data.values[n] as usize).ok_or(DecodeError::TextEnds { field: n })?;
            text = rest;
            Value::Text(own.to_vec())
        } else {
            Value::Number(data.values[n])
        };
        let operator = Operator(data.operators[n] & Operator::BITS);
        fields.push(RuleField { id, operator, value }).map_err(|_| DecodeError::TooManyFields(data.field_count))?;
    }
    Ok(Rule {
        list: List(data.flags & !FILTER_PREPEND),
        prepend: data.flags & FILTER_PREPEND != 0,
        action: Action(data.action),
        syscalls: SyscallMask(data.mask),
        fields,
    })
}
