//! Counters and column layouts of the reports.

mod tally;

pub use tally::Tally;
