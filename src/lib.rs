//! The Linux audit trail as a library: kernel rules, records, events, meanings, the log on disk, the daemon.
//!
//! Floors, each of which sees only those above it in this list:
//!
//! * L0 [`abi`] (the kernel's structures), [`tables`] (numbers and names), [`text`] (bytes)
//! * L1 [`record`], [`event`], [`rule`], [`config`]
//! * L2 [`interpret`], [`normalize`], [`query`], [`report`]
//! * S  [`sys`]: the only home of unsafe code and system calls; sees [`abi`] alone
//! * L3 [`store`], [`daemon`], which together with the applets are the only users of [`sys`]
//!
//! Nothing in here prints, exits, or reads arguments, environment, clock or passwd by itself.

pub mod abi;
pub mod config;
pub mod daemon;
pub mod event;
pub mod interpret;
pub mod normalize;
pub mod query;
pub mod record;
pub mod report;
pub mod rule;
pub mod store;
#[allow(unsafe_code, reason = "the one room where system calls are made")]
pub mod sys;
pub mod tables;
pub mod text;
