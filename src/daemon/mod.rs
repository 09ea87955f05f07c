//! The audit daemon (auditd(8)).
//!
//! [`step`] holds all of its state and all of its decisions as a pure function: inputs in, [`Action`]s out, no system
//! call, no clock. [`run()`] is the loop that waits for inputs and carries the actions out; `start` brings it all up in
//! the order of the man page. What may take long (disk syncs, reading files, looking names up) is done by the one other
//! thread, `worker`.
//!
//! One batch of records goes from the kernel's socket into one buffer and with one write into the log. When a bound is
//! reached on the way, the [`ledger`] says what was lost, and says it in the log.

mod children;
mod control;
mod disk;
pub mod enrich;
mod files;
mod held;
pub mod ledger;
mod line;
mod priority;
mod run;
mod start;
pub mod state;
pub mod step;
#[cfg(test)]
mod tests;
mod worker;
mod world;

pub use run::Paths;
pub use start::{Options, Refusal, StartupState, check_config, run};
pub use worker::load_config;

use crate::abi::{Signal, Status};
use crate::config::Level;
use crate::config::auditd::Config;
use crate::store::log::Found;
use crate::sys::files::Room;
use crate::sys::users::Users;

/// What happened, as the step function hears it.
#[derive(Debug)]
pub enum Input<'a> {
    /// A record from the kernel: its type, and its text from `audit(` on.
    Record(u16, &'a [u8]),
    /// So many messages were longer than any may be, and came cut.
    Oversize(usize),
    /// The socket had no room, and the kernel dropped copies.
    Overrun,
    /// No more records are waiting.
    EndOfBatch,
    /// All pending lines are in the log.
    Wrote,
    /// The first `kept` bytes of the pending lines are in the log, the rest is not, for this errno.
    WriteFailed {
        /// Whole records that were written.
        kept: usize,
        /// Why not all were.
        errno: i32,
    },
    /// Room on the log's file system.
    Room(Room),
    /// The log's path does not lead to it any more: somebody has moved or removed it.
    LogMissing,
    /// The log that is being left was deleted by somebody.
    LogDeleted,
    /// The log is open.
    Opened(Found),
    /// The log could not be opened.
    OpenFailed(i32),
    /// The log was rotated; so many rotated logs there are.
    Rotated(u64),
    /// Part of a rotation failed; the old log is still written to.
    RotationFailed {
        /// The sentence that names the files.
        text: String,
        /// Why.
        errno: i32,
    },
    /// A sync failed.
    SyncFailed(i32),
    /// A signal came, with what the signal itself says about its sender.
    Signal(Signal, Sender),
    /// The kernel's answer to who sent the last signal; none when it could not say.
    Sender(Option<Sender>),
    /// The configuration was read again.
    Config(Result<Box<Config>, String>),
    /// The names of users and groups were read again.
    Names(Users),
    /// The node's name was found, as it stands in records.
    Node(String),
    /// A helper ended, well or not.
    HelperEnded(Purpose, bool),
    /// The kernel's state.
    Kernel(Status),
    /// Time has passed.
    Tick,
}

/// What is to be done, in this order.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Append the pending lines to the log; answered by [`Input::Wrote`] or [`Input::WriteFailed`].
    Write,
    /// Bring the log to the disk, metadata too or not.
    Sync {
        /// Whether the data alone is enough.
        data_only: bool,
    },
    /// Ask for [`Input::Room`], or hear of [`Input::LogMissing`].
    AskRoom,
    /// Start a new log; keep all old ones or not. Answered by [`Input::Rotated`] or [`Input::RotationFailed`], before
    /// which there may be [`Input::LogDeleted`].
    Rotate {
        /// Whether none is dropped.
        keep_all: bool,
    },
    /// Open the log; answered by [`Input::Opened`] or [`Input::OpenFailed`].
    Open,
    /// Close the log.
    Close,
    /// Give a part of the disk reserve back to the file system, enough for some records of the ledger.
    ReleaseReserve,
    /// Set the disk reserve aside.
    MakeReserve,
    /// Ask the kernel who sent the last signal; answered by [`Input::Sender`].
    AskSender,
    /// Ask the kernel for its state; answered by [`Input::Kernel`].
    AskKernel,
    /// Read the configuration again; answered by [`Input::Config`].
    LoadConfig,
    /// Read passwd and group again; answered by [`Input::Names`].
    LoadNames,
    /// Take a new configuration over, where it concerns more than decisions; this is the old one.
    Adopt(Box<Config>),
    /// Remove rotated logs beyond `num_logs`.
    RemoveExcess,
    /// Tell the system log.
    Tell(Level, String),
    /// Send mail to the account of the configuration: subject, body.
    Mail(&'static str, String),
    /// Run a helper.
    Help(String, Purpose),
    /// Change the runlevel: `1` or `0`.
    Runlevel(char),
    /// Tell everybody who is logged in.
    Wall,
    /// Write the state report.
    Report,
    /// Keep the kernel's count of losses that is written down, for the next daemon.
    Remember(u32),
    /// Stop collecting, and end.
    Stop,
}

/// Why a helper runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The log grew too large: writing goes on when it ends.
    Size,
    /// Anything else.
    Other,
}

/// Who sent a signal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    /// Login uid.
    pub auid: u32,
    /// Process id; 0 when nobody knows.
    pub pid: i32,
    /// Owner of the process.
    pub uid: u32,
    /// Session.
    pub session: u32,
    /// Security context, if there is one.
    pub context: Option<Vec<u8>>,
}

/// What stays the same while the daemon runs.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// Its process id.
    pub pid: i32,
    /// Login uid of who started it.
    pub auid: u32,
    /// Its uid.
    pub uid: u32,
    /// Its session.
    pub session: u32,
    /// Its security context, if there is one.
    pub context: Option<Vec<u8>>,
    /// The kernel's release.
    pub kernel: String,
    /// Whether records go to standard output, and no log is written.
    pub foreground: bool,
    /// Whether it only reads the multicast copy of the events.
    pub observes: bool,
}
