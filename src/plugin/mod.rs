//! Plugins of the audit daemon (auditd-plugins(5)): the wire between the daemon and a plugin.
//!
//! A plugin is a process that reads records from standard input until the end of it. [`frame`] is the wire in both
//! directions: the dispatcher of the daemon writes it, and a plugin written in Rust reads it with [`frame::Frames`].

pub mod frame;
