//! The log on disk, as the daemon writes it (auditd.conf(5)).
//!
//! [`file`] holds the open log and prepares its directory, [`space`] compares the free space with the thresholds. Names and
//! moves of rotated logs are in [`crate::store::rotation`], which the readers share.

pub mod file;
pub mod space;
