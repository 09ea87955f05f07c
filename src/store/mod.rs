//! The log on disk: appending, rotation, room (see auditd.conf(5)), and reading it back in order.
//!
//! [`log`] holds the open file, [`rotation`] how files are called and moved, [`guard`] decides when room is short. The
//! directory itself is the state of a rotation: whatever step fails or is interrupted, the next attempt finds out from the
//! names that are there what is left to do. [`reader`] reads the rotated files and the log as one. [`config_file`] is how
//! configuration files are opened.

pub mod ahead;
pub mod config_file;
pub mod guard;
pub mod log;
pub mod reader;
pub mod rotation;
pub mod scout;
pub mod seek;
mod sift;
mod sketch;
pub mod trail;
