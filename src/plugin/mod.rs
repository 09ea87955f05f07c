//! Plugins of the audit daemon (auditd-plugins(5)): the wire between the daemon and a plugin, and what plugins have in common.
//!
//! A plugin is a process that reads records from standard input until the end of it. [`frame`] is the wire in both
//! directions: the dispatcher of the daemon writes it, and [`frame::Frames`] reads it. [`run`](mod@run) is
//! the loop of a plugin, [`gather`] makes events of records, [`queue`] holds what a reader has yet to read, [`ring`] what several have.
//! `verdict` says which events a plugin wants that does not want all.
//! The others are plugins: each a [`run::Consumer`] that an applet of its name makes.

pub mod af_unix;
pub mod filter;
pub mod frame;
pub mod gather;
pub mod json;
mod object_file;
pub mod queue;
pub mod remote;
pub mod ring;
pub mod run;
pub mod statsd;
pub mod syslog;
mod verdict;
