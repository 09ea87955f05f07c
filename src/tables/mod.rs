//! Numbers and names: record types, rule fields, errors, machines, system calls, flag sets.
//!
//! Most numbers are the same on all machines. A table lists after its rows what single families of machines number otherwise;
//! an empty name there means that the number, which has a name elsewhere, has none on these machines.
//!
//! Rows are written one per line as `(number, "name")` and packed while compiling: one string of all names, a `u16` where
//! each begins, and the numbers as one or two `u16` each. So a row costs its letters and four to six bytes, with no pointer.
//! What a table promises about its order is proved while compiling too.

pub mod codes;
pub mod errno;
pub mod file;
pub mod machine;
mod machine_name;
pub mod memory;
pub mod packet;
pub mod process;
pub mod record_type;
pub mod rule;
pub mod socket;
pub mod socket_option;
pub mod syscall;
mod table;
pub mod tty_key;

pub use table::{Own, Table};
pub(crate) use table::{pack, table, tables};
