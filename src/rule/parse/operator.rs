//! Where the operator stands in `NAME OPERATOR VALUE`.

use super::super::model::Operator;

/// Where the first of `operators` that `word` contains stands, which it is, and how it is written. COMPAT: they are looked
/// for one after another over the whole word, so a value with `!=` in it is cut there.
pub(super) fn find_operator(word: &[u8], operators: &[Operator]) -> Option<(usize, Operator, &'static str)> {
    operators.iter().find_map(|operator| {
        let symbol = operator.symbol()?;
        Some((memchr::memmem::find(word, symbol.as_bytes())?, *operator, symbol))
    })
}
