//! The reports of aureport(8): a row for each event, totals of a value, or the summary of everything. Beside them the tables of
//! aulast(8) ([`sessions`]) and aulastlog(8) ([`last_login`]), and what rules cost ([`cost`]).
//!
//! [`kind`] is the table of reports. [`Reports`] takes events one after another, for any number of reports at once: it appends
//! rows or counts, and appends what was counted at the end. Each report says what it would say alone. Memory grows with the
//! number of different values only, if the caller takes the rows away.

mod cells;
mod class;
pub mod cost;
mod coverage;
pub mod denials;
mod document;
pub mod kind;
pub mod last_login;
mod names;
mod origin;
mod overview;
mod page;
mod picture;
mod reports;
mod request;
mod row;
pub mod sessions;
mod tally;
mod timeline;
mod totals;

pub use cells::Format;
pub use class::Class;
pub use kind::ReportKind;
pub use origin::Origin;
pub use picture::{Canvas, span};
pub use reports::Reports;
pub use request::{Change, Content, Ended, NOTHING, Range, Request, View};
pub use tally::Tally;
pub use timeline::{By, LONGEST_PERIOD};
