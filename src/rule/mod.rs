//! Audit rules: the words users write, the bytes the kernel takes, and the way back.
//!
//! * [`parse_line`] reads one line of auditctl's options, from a command line or a rules file, into a [`Plan`];
//!   [`parse()`] takes the line of one rule alone.
//! * [`Rule`] is what a rule is; [`encode`] and [`decode`] turn it into the kernel's bytes and back.
//! * [`Listing`] writes rules as `auditctl -l` shows them.
//! * [`profile`] says which rules files belong together, and fits them to a machine.
//! * [`mod@file`] splits rules files into lines of words; [`merge`] makes one file of many, for augenrules.
//!
//! A new field needs words and rules for its value (`parse/field.rs`); its bytes and the dry run come from its number alone.
//!
//! Follows auditctl(8) and audit.rules(7) of audit 4.2.2. Nothing in here asks the system anything by itself: machine,
//! kernel features, users and files come in through [`Host`].

pub mod check;
mod codec;
mod command;
pub mod convert;
pub mod diff;
mod error;
pub mod explain;
pub mod facts;
pub mod file;
mod meaning;
pub mod merge;
mod model;
mod number;
mod parse;
mod print;
pub mod profile;
mod ranges;
mod request;
mod set;
#[cfg(test)]
mod tests;
pub mod typography;
pub mod wanted;
mod witness;

pub use codec::{DecodeError, decode, encode};
pub use command::{Place, Places, Plan, Step, parse, parse_line};
pub use error::{Reason, Refusal};
pub use model::{Action, FieldId, List, Operator, Rule, RuleField, SyscallMask, USABLE_FIELDS, Value, parent};
pub use parse::{Host, Operation, Warning};
pub use print::{Argument, Interpret, Listing};
pub use request::Request;
pub use set::{Applied, RuleSet, has_key};
