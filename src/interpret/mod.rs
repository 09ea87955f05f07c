//! Field values as words: what a number, a flag set or a hex string in a record means.
//!
//! [`kind()`] tells what kind of value a field holds, an [`Interpreter`] puts it into words: with the names of this host,
//! the record's own looked-up names where it is enriched, and what the [`Setting`] of the record adds. Follows ausearch(8)
//! `-i` and auparse_interpret_field(3). Text is made harmless for the terminal by the escape mode.

mod argument;
mod choice;
mod enriched;
mod keystrokes;
mod kind;
mod mode;
mod names;
mod path;
mod rewrite;
mod scan;
mod setting;
mod sockaddr;
mod words;

#[cfg(test)]
mod tests;

pub use kind::{Kind, kind, named};
pub use names::Names;
pub use setting::Setting;
pub use words::Interpreter;

/// What stands before the first NUL.
fn cut_at_nul(bytes: &[u8]) -> &[u8] {
    crate::text::up_to(bytes, 0)
}
