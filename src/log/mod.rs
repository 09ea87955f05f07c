//! The log on disk, as the daemon writes it (auditd.conf(5)).
//!
//! `file` holds the open log and prepares its directory, [`space`] compares the free space with the thresholds. [`rotation`]
//! has the names and moves of rotated logs; [`crate::trail`] asks it which there are.

pub mod file;
pub mod rotation;
pub mod space;
