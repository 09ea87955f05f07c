//! Questions put to a log: predicates, time expressions, checkpoints and the search expression language.

pub mod checkpoint;
pub mod expression;
pub mod extract;
pub mod predicate;
pub mod probe;
pub mod regexp;
pub mod time;
