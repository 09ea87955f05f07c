//! System calls: netlink socket, poll loop, signals, clock, files, users, children; and a search with wide registers. The only home of
//! unsafe code.
//!
//! Sees L0 alone ([`crate::abi`] and [`crate::tables`]). Only the rooms of L3 and the applets call it; everything here is a thin,
//! typed shape over what the kernel offers, and decides nothing.

pub mod blocks;
pub mod child;
pub mod clock;
pub mod epoll;
pub mod errno;
pub mod files;
#[cfg(feature = "early")]
pub mod handover;
pub mod host;
pub mod input;
pub mod listen;
pub mod mounts;
pub mod netlink;
pub mod poll;
pub mod process;
#[cfg(feature = "tls")]
pub mod random;
pub mod root;
pub mod signals;
pub mod sockets;
pub mod streams;
pub mod syslog;
pub mod terminals;
#[cfg(target_env = "musl")]
mod thread_name;
pub mod users;

pub use errno::{reason as error_reason, text as error_text};
