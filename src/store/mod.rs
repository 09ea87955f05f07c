//! The log on disk: names and moves of rotated files ([`rotation`]), and reading it back in order. The directory itself is
//! the state of a rotation: whatever step fails or is interrupted, the next attempt finds out from the names that are there
//! what is left to do. Writing is in [`crate::log`].
//!
//! * [`reader`] reads the rotated files and the log as one;
//! * [`ahead`] reads a long part in a thread of its own, before its records are asked for;
//! * [`seek`] finds the bytes of a large file in which the events since a second are;
//! * `sift` leaves out the lines that are not of a time range;
//! * [`scout`] finds the parts of a file that a search must read;
//! * `sketch` outlines a stretch for it: marked lines, and which records follow each other;
//! * [`trail`] puts events together for programs.

pub mod ahead;
pub mod reader;
pub mod rotation;
pub mod scout;
pub mod seek;
mod sift;
mod sketch;
pub mod trail;
