//! The Linux audit trail as a library: kernel rules, records, events, meanings, the log on disk, the daemon.
//!
//! Floors, each of which sees only those above it in this list:
//!
//! * L0 [`abi`] (the kernel's structures), [`tables`] (numbers and names), [`text`] (bytes)
//! * L1 [`record`], [`event`], [`rule`], [`config`]; with the cargo feature `tls` also `tls`
//! * L2 [`interpret`], [`normalize`], [`query`], [`report`], [`render`], [`doctor`]
//! * S  [`sys`]: the only home of unsafe code and system calls; sees L0 alone
//! * L3 [`host`], [`log`], [`trail`], [`plugin`], [`remote`], [`daemon`], which together with the applets are the only users of [`sys`]
//!
//! L0 to L2 never print, exit, or read arguments, environment, clock, accounts or files; L3 does what it must
//! through [`sys`] only. `tests/it/layering.rs` checks this.
//!
//! Words of the comments: "the reference" is audit-userspace 4.2.2, which the applets answer like; `COMPAT:` marks a quirk
//! of it that is kept on purpose; `KERNEL:` gives the Linux version from which something holds.

pub mod abi;
pub mod config;
pub mod daemon;
pub mod doctor;
pub mod event;
pub mod host;
pub mod interpret;
pub mod log;
pub mod normalize;
pub mod plugin;
pub mod query;
pub mod record;
pub mod remote;
pub mod render;
pub mod report;
pub mod rule;
#[allow(unsafe_code, reason = "the one room where system calls are made")]
pub mod sys;
pub mod tables;
#[cfg(test)]
#[path = "../tests/it/testing.rs"]
mod testing;
pub mod text;
#[cfg(feature = "tls")]
pub mod tls;
pub mod trail;
