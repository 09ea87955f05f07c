//! Field values as words: what a number, a flag set or a hex string in a record means.
//!
//! [`kind()`] says what kind of value a field holds, an [`Interpreter`] puts it into words: with the names of this host,
//! the record's own looked-up names where it is enriched, and what the [`RecordContext`] of the record adds. Follows ausearch(8)
//! `-i` and auparse_interpret_field(3). Text is made harmless for the terminal by the escape mode.
//!
//! One interpreter serves a whole log; it keeps what it has looked up. Nothing here asks the system: the names of users,
//! groups, protocols and interfaces come from the caller.
//!
//! ```
//! use auditbox::interpret::{Interpreter, Names, RecordContext};
//! use auditbox::record::Record;
//! use auditbox::tables::machine::Machine;
//! use auditbox::text::Escape;
//!
//! struct Staff;
//!
//! impl Names for Staff {
//!     fn user(&self, uid: u32) -> Option<&[u8]> {
//!         (uid == 1000).then_some(b"alice")
//!     }
//!
//!     fn group(&self, _: u32) -> Option<&[u8]> {
//!         None
//!     }
//! }
//!
//! let line = b"type=SYSCALL msg=audit(1700000000.123:4567): arch=c000003e syscall=2 success=no exit=-13 \
//!     a0=7ffe a1=80000 a2=0 a3=0 auid=1000 uid=77 comm=\"cat\" key=(null)";
//! let record = Record::parse(line).unwrap();
//! let mut interpreter = Interpreter::new(&Staff, Some(Machine::X86_64), Escape::Tty);
//!
//! // One field at a time.
//! let context = RecordContext::of(&record);
//! let mut words = Vec::new();
//! for field in record.fields().filter(|field| matches!(field.name, b"syscall" | b"exit" | b"a1" | b"auid" | b"uid")) {
//!     interpreter.value(record.record_type, field, &context, &mut words);
//!     words.push(b'\n');
//! }
//! assert_eq!(words, b"open\nEACCES(Permission denied)\nO_RDONLY|O_CLOEXEC\nalice\nunknown(77)\n");
//!
//! // The whole record, as a search shows it. The event id in local terms is the caller's business.
//! words.clear();
//! interpreter.rewrite(&record, b"11/14/23 22:13:20.123:4567", &mut words);
//! assert!(words.starts_with(b"type=SYSCALL msg=audit(11/14/23 22:13:20.123:4567) : arch=x86_64 syscall=open"));
//! ```

mod argument;
mod context;
mod cut;
mod enrich;
mod enriched;
mod enum_table;
mod interpreter;
mod keystrokes;
mod kind;
pub(crate) mod line_buffer;
mod mode;
mod names;
mod path;
mod rewrite;
mod row;
mod scan;
mod shape_cache;
mod sockaddr;
pub mod socket_address;
mod value;
mod value_cache;

#[cfg(test)]
mod tests;

pub use context::RecordContext;
pub(crate) use cut::Cut;
pub use enriched::user_name;
pub(crate) use enriched::{Enriched, words};
pub use interpreter::Interpreter;
pub use kind::{kind, named};
pub use names::Names;
pub use row::Kind;
