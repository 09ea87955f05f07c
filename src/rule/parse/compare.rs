//! Two fields compared with each other: -C, the kernel's field_compare.

use super::super::error::{ParseError, Reason};
use super::super::model::{FieldId, List, Operator};
use super::operator::find_operator;
use crate::text::escape::lossy;

/// AUDIT_COMPARE_*: the code is the place in this list, counted from 1; the pair stands as listings show it.
const PAIRS: [(FieldId, FieldId); 25] = [
    (FieldId::UID, FieldId::OBJ_UID),
    (FieldId::GID, FieldId::OBJ_GID),
    (FieldId::EUID, FieldId::OBJ_UID),
    (FieldId::EGID, FieldId::OBJ_GID),
    (FieldId::AUID, FieldId::OBJ_UID),
    (FieldId::SUID, FieldId::OBJ_UID),
    (FieldId::SGID, FieldId::OBJ_GID),
    (FieldId::FSUID, FieldId::OBJ_UID),
    (FieldId::FSGID, FieldId::OBJ_GID),
    (FieldId::UID, FieldId::AUID),
    (FieldId::UID, FieldId::EUID),
    (FieldId::UID, FieldId::FSUID),
    (FieldId::UID, FieldId::SUID),
    (FieldId::AUID, FieldId::FSUID),
    (FieldId::AUID, FieldId::SUID),
    (FieldId::AUID, FieldId::EUID),
    (FieldId::EUID, FieldId::SUID),
    (FieldId::EUID, FieldId::FSUID),
    (FieldId::SUID, FieldId::FSUID),
    (FieldId::GID, FieldId::EGID),
    (FieldId::GID, FieldId::FSGID),
    (FieldId::GID, FieldId::SGID),
    (FieldId::EGID, FieldId::FSGID),
    (FieldId::EGID, FieldId::SGID),
    (FieldId::SGID, FieldId::FSGID),
];

/// The two fields of a code, in the order of listings.
pub(in crate::rule) fn pair(code: u32) -> Option<(FieldId, FieldId)> {
    PAIRS.get((code as usize).checked_sub(1)?).copied()
}

/// The operator and the code of `FIELD=FIELD` or `FIELD!=FIELD`, either field first.
pub(in crate::rule) fn parse(word: &[u8], list: Option<List>) -> Result<(Operator, u32), ParseError> {
    let (operator_at, operator, symbol) = find_operator(word, &[Operator::NOT_EQUAL, Operator::EQUAL])
        .ok_or((Reason::EqualityOnly { field: lossy(word) }, word.len()))?;
    let right_at = operator_at + symbol.len();
    let (left, right) = (&word[..operator_at], &word[right_at..]);
    let field = || lossy(left);
    if left.is_empty() {
        return Err((Reason::CompareLeftMissing, 0));
    }
    if right.is_empty() {
        return Err((Reason::CompareRightMissing { field: field() }, right_at));
    }
    let left_id = FieldId::named(left).ok_or((Reason::CompareLeftUnknown { field: field() }, 0))?;
    let right_id = FieldId::named(right).ok_or((Reason::CompareRightUnknown { field: field() }, right_at))?;
    if list != Some(List::EXIT) {
        return Err((Reason::ExitListOnly { field: field() }, 0));
    }
    let place = PAIRS.iter().position(|pair| *pair == (left_id, right_id) || *pair == (right_id, left_id));
    let code = place.ok_or((Reason::Incomparable { field: field() }, right_at))? as u32 + 1;
    Ok((operator, code))
}
