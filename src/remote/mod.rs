//! Records between machines: what the listener of auditd (auditd.conf(5) `tcp_listen_port`) and audisp-remote have in common.
//!
//! [`wire`] is what they say to each other. The others are the sending end: [`client`] decides, [`consequence`] is what it does about
//! trouble, [`queue`] keeps what waits, [`resolver`] looks the collector up. `plugin::remote` gives them a socket.

pub mod client;
pub mod consequence;
mod line;
pub mod queue;
pub mod resolver;
pub mod wire;
