//! The log on disk: appending, rotation, room (see auditd.conf(5)), and reading it back in order.
//!
//! [`log`] holds the open file, [`rotation`] how files are called and moved, [`guard`] decides when room is short. The
//! directory itself is the state of a rotation: whatever step fails or is interrupted, the next attempt finds out from the
//! names that are there what is left to do. [`config_file`] is how configuration files are opened.
//!
//! Reading back:
//!
//! * [`reader`] reads the rotated files and the log as one;
//! * [`ahead`] reads a long part in a thread of its own, before its records are asked for;
//! * [`seek`] finds the bytes of a large file in which the events since a second are;
//! * `sift` leaves out the lines that are not of a time range;
//! * [`scout`] finds the parts of a file that a search must read;
//! * `sketch` outlines a stretch for it: marked lines, and which records follow each other;
//! * [`trail`] puts events together for programs.

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
