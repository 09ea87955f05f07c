//! The audit daemon (auditd(8)): parts with private state around a small reactor.
//!
//! * [`run()`] brings it up (`start`) and runs the loop (`run`) around the `reactor`.
//! * [`core`] holds the parts and gives each input to those it concerns: inputs in, [`Effect`]s out, no system call, no
//!   clock. The parts are `record` (the formatter), `log`, `dispatch` (plugins), `listen` (other machines), `kernel`
//!   (losses), `control` (signals), the [`ledger`] of losses.
//! * `early` is the daemon of an initramfs, and how this one takes over from it.
//! * `rights` is what the process may still do once it is up.
//! * `execute` performs the effects; what may take long is done by two other threads, each a `worker`.
//!
//! One record: `sys::netlink` -> `run` -> `core` -> `record` formats and enriches it once -> every sink takes it or not, the
//! log with one write a batch. When a bound is reached on the way, the [`ledger`] says what was lost, in the log itself.

mod children;
mod context;
mod control;
pub mod core;
mod dispatch;
#[cfg(feature = "early")]
pub mod early;
#[cfg(not(feature = "early"))]
#[path = "early_absent.rs"]
mod early;
pub mod enrich;
mod execute;
mod kernel;
pub mod ledger;
#[cfg(feature = "listener")]
mod listen;
#[cfg(not(feature = "listener"))]
#[path = "listen_absent.rs"]
mod listen;
mod log;
mod reactor;
pub mod record;
pub mod report;
mod rights;
mod run;
mod start;
#[cfg(test)]
mod tests;
mod worker;

pub use dispatch::PluginId;
pub use listen::{PeerEvent, PeerOrder};
pub use start::{Options, Refusal, StartupState, check_config, run};

use crate::abi::{Signal, Status};
use crate::config::Level;
use crate::config::auditd::Config;
use crate::host::plugins::PluginSet;
use crate::log::file::Found;
use crate::sys::files::FilesystemSpace;
use crate::sys::users::Users;

/// What happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// A netlink message: its type, and its text, for a record from `audit(` on.
    Record(u16, &'a [u8]),
    /// How many messages were longer than any may be, and came cut.
    Oversize(usize),
    /// The socket had no space, and the kernel dropped copies.
    Overrun,
    /// No more records are waiting: the log gets them.
    EndOfBatch,
    /// What the log was to get of a batch is there: plugins get it too. So nothing that is done for them is on the way to the disk.
    Dispatch,
    /// Answers [`Effect::Write`]: all pending lines are in the log.
    Wrote,
    /// Answers [`Effect::Write`]: the first `kept` bytes are in the log, the rest is not, for this errno.
    WriteFailed {
        /// Bytes of whole records that were written.
        kept: usize,
        /// Why not all were.
        errno: i32,
    },
    /// Answers [`Effect::MeasureSpace`].
    Space(FilesystemSpace),
    /// Answers [`Effect::MeasureSpace`]: the log's path does not lead to it, somebody has moved or removed it.
    LogMissing,
    /// Answers [`Effect::Open`].
    Opened(Found),
    /// Answers [`Effect::Open`], with an errno.
    OpenFailed(i32),
    /// Answers [`Effect::Rotate`].
    Rotated(RotationResult),
    /// A sync failed, for this errno.
    SyncFailed(i32),
    /// A signal came, with what the signal itself says about its sender.
    Signal(Signal, Sender),
    /// Answers [`Effect::AskSender`]; none when the kernel could not say.
    Sender(Option<Sender>),
    /// Answers [`Effect::LoadConfig`]; the error is a sentence.
    Config(Result<Box<Config>, String>),
    /// Answers [`Effect::LoadNames`].
    Names(Users),
    /// The node's name was found, as it stands in records.
    Node(String),
    /// Answers [`Effect::RunHelper`], when the helper has ended.
    HelperEnded(Purpose, HelperEnd),
    /// Answers [`Effect::AskKernel`].
    Kernel(Status),
    /// The plugins that are configured now.
    Plugins(PluginSet),
    /// Answers [`Effect::StartPlugin`]; the error is a reason.
    PluginStarted(PluginId, Result<(), String>),
    /// Answers [`Effect::WritePlugin`].
    PluginWrote {
        /// The plugin.
        id: PluginId,
        /// How many of the pending bytes it has now.
        count: usize,
        /// Whether no more can be written at the moment.
        is_blocked: bool,
    },
    /// A plugin can be written to again.
    PluginReady(PluginId),
    /// A plugin has closed its end of the socket.
    PluginGone {
        /// The plugin.
        id: PluginId,
        /// Whether something that it was sent is unread.
        is_unread: bool,
    },
    /// A plugin's process has ended.
    PluginEnded {
        /// The plugin.
        id: PluginId,
        /// Whether something that it was sent is known to be unread.
        is_unread: bool,
    },
    /// Something about the port that other machines connect to, or about one of these.
    Peer(PeerEvent<'a>),
    /// The daemon is about to end, and plugins have had their time.
    StopPlugins,
    /// No record follows for plugins to read.
    LastOfPlugins,
    /// Time has passed.
    Tick,
}

/// What is to be done, in this order. The answer to an effect is an [`Input`], handled once the effect was performed.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Append the pending lines to the log.
    Write,
    /// Bring the log to the disk, metadata too or not.
    Sync {
        /// Whether the data alone is enough.
        data_only: bool,
    },
    /// Measure the space on the log's file system.
    MeasureSpace,
    /// Start a new log; keep all old ones or not.
    Rotate {
        /// Whether none is dropped.
        keep_all: bool,
    },
    /// Open the log.
    Open,
    /// Close the log.
    Close,
    /// Give a part of the disk reserve back to the file system, enough for some records of the ledger.
    ReleaseReserve,
    /// Set the disk reserve aside.
    MakeReserve,
    /// Ask the kernel who sent the last signal.
    AskSender,
    /// Ask the kernel for its state.
    AskKernel,
    /// Read the configuration again.
    LoadConfig,
    /// Read passwd and group again, where they have changed or anyway.
    LoadNames {
        /// Whether they are read although they have not changed.
        anyway: bool,
    },
    /// Change our niceness by this much.
    Renice(i64),
    /// Remove rotated logs beyond `num_logs`.
    RemoveExcess,
    /// Write to the system log.
    Log(Level, String),
    /// Send mail to the account of the configuration: subject, body.
    Mail(&'static str, String),
    /// Run a helper.
    RunHelper(String, Purpose),
    /// Change the runlevel: `1` or `0`.
    Runlevel(char),
    /// Warn everybody who is logged in.
    Wall,
    /// Write the state report.
    Report,
    /// Save the kernel's count of losses that is in the ledger, for the next daemon.
    SaveKernelLost(u32),
    /// Start a plugin's program.
    StartPlugin(PluginId),
    /// Write what waits for a plugin.
    WritePlugin(PluginId),
    /// End a plugin's input.
    ClosePlugin(PluginId),
    /// Tell a plugin's process to end, or end it.
    SignalPlugin {
        /// The plugin.
        id: PluginId,
        /// Whether it is not asked.
        kill: bool,
    },
    /// Do something about the port that other machines connect to, or about one of these.
    Peer(PeerOrder),
    /// Stop collecting, and end.
    Stop,
}

/// The earlier of two deadlines, where none is never.
fn earlier(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// How a rotation ended.
#[derive(Debug, PartialEq, Eq)]
pub struct RotationResult {
    /// The log that is left was deleted by somebody.
    pub was_deleted: bool,
    /// How many rotated logs there are; or why the old log is still written to.
    pub result: Result<u64, RotationError>,
}

/// Why a rotation failed.
#[derive(Debug, PartialEq, Eq)]
pub struct RotationError {
    /// The sentence that names the files.
    pub text: String,
    /// Its number.
    pub errno: i32,
}

/// Why a helper runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The log grew too large: writing goes on when it ends.
    Size,
    /// Anything else.
    Other,
}

/// How a helper ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelperEnd {
    /// It could not be started.
    NotStarted,
    /// With an exit status other than 0, or by a signal.
    Failed,
    /// With status 0.
    Succeeded,
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
    /// When the kernel was booted, in seconds since 1970.
    pub booted: i64,
    /// Whether records go to standard output, and no log is written.
    pub foreground: bool,
    /// Whether it only reads the multicast copy of the events.
    pub observes: bool,
    /// How many descriptors it may have.
    pub descriptors: usize,
    /// The path by which it was started.
    #[cfg(feature = "tls")]
    pub program: Vec<u8>,
}
