//! Records between machines: what the listener of auditd (auditd.conf(5) `tcp_listen_port`) and audisp-remote have in common.
//!
//! [`wire`] is what they say to each other.

pub mod wire;
