//! Questions put to a log: predicates, time expressions, checkpoints and the search expression language.

pub mod checkpoint;
pub mod expression;
pub mod extract;
pub mod literals;
pub mod predicate;
pub mod regexp;
pub mod time;
