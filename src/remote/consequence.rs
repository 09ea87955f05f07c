//! What audisp-remote does about trouble, as audisp-remote.conf(5) has it: what is logged, run or ended, and whether the record that
//! it is about is done with.

use crate::config::auditd::Overflow;
use crate::config::remote::{Remote, Trouble};
use crate::config::{Level, Response};

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Log a sentence.
    Log(Level, String),
    /// Begin to connect. The answer is [`super::client::Client::connected`] or [`super::client::Client::lost`].
    Connect,
    /// Give up the connection, or the attempt to make it.
    Close,
    /// Run a helper with a sentence as its argument. It is asked for once for a trouble until a record was stored.
    Run(String, String),
    /// Change the runlevel.
    Runlevel(char),
}

/// See the module.
#[derive(Default)]
pub(super) struct Consequence {
    pub(super) effects: Vec<Effect>,
    /// Nothing more is sent until somebody says so.
    pub(super) suspends: bool,
    /// The program ends.
    pub(super) stops: bool,
    /// The record that it is about is done with.
    pub(super) is_settled: bool,
}

impl Consequence {
    /// Of a trouble, with what there is to say of it. `is_new` when it was not met since a record was stored.
    pub(super) fn of(trouble: Trouble, message: &str, is_new: bool, config: &Remote) -> Consequence {
        let (level, what) = name(trouble);
        let reaction = config.reaction(trouble);
        let response = reaction.response;
        let (before, after) = match response {
            Response::Syslog => ("", message),
            Response::Suspend => ("suspending remote logging due to ", ""),
            Response::Reconnect => ("remote logging disconnected, will attempt reconnection: ", ""),
            Response::WarnOnce | Response::WarnOnceContinue | Response::Single | Response::Halt if !is_new => {
                return Consequence::default();
            }
            Response::WarnOnce | Response::WarnOnceContinue => ("", message),
            Response::Single => ("remote logging is switching system to single user mode due to ", ""),
            Response::Halt => ("remote logging halting system due to ", ""),
            Response::Stop => ("remote logging stopping due to ", message),
            Response::Exec => {
                let run = is_new.then(|| Effect::Run(reaction.helper.clone(), message.to_string()));
                return Consequence { effects: run.into_iter().collect(), is_settled: true, ..Consequence::default() };
            }
            _ => return Consequence { is_settled: response == Response::Ignore, ..Consequence::default() },
        };
        let mut text = [before, what].concat();
        if !after.is_empty() {
            text.extend([", ", after]);
        }
        let runlevel = match response {
            Response::Single => Some('1'),
            Response::Halt => Some('0'),
            _ => None,
        };
        Consequence {
            effects: [Effect::Log(level, text)].into_iter().chain(runlevel.map(Effect::Runlevel)).collect(),
            suspends: response == Response::Suspend,
            stops: response == Response::Stop,
            is_settled: matches!(response, Response::Syslog | Response::WarnOnceContinue),
        }
    }

    /// Of a queue that is full.
    pub(super) fn of_overflow(action: Overflow) -> Consequence {
        let (level, text, runlevel) = match action {
            Overflow::Ignore => return Consequence::default(),
            Overflow::Syslog => (Level::Error, "queue is full - dropping event", None),
            Overflow::Suspend => {
                (Level::Alert, "Audisp-remote is suspending event processing due to overflowing its queue.", None)
            }
            Overflow::Single => (
                Level::Alert,
                "Audisp-remote is now changing the system to single user mode due to overflowing its queue",
                Some('1'),
            ),
            Overflow::Halt => {
                (Level::Alert, "Audisp-remote is now halting the system due to overflowing its queue", Some('0'))
            }
        };
        let log = Effect::Log(level, text.to_string());
        Consequence {
            effects: runlevel.map(Effect::Runlevel).into_iter().chain([log]).collect(),
            suspends: action == Overflow::Suspend,
            ..Consequence::default()
        }
    }
}

/// What a trouble is called in the system log, and how bad it is.
fn name(trouble: Trouble) -> (Level, &'static str) {
    match trouble {
        Trouble::Startup => (Level::Warning, "startup network failure"),
        Trouble::Network => (Level::Warning, "network failure"),
        Trouble::DiskLow => (Level::Warning, "remote server is low on disk space"),
        Trouble::DiskFull => (Level::Error, "remote server's disk is full"),
        Trouble::DiskError => (Level::Error, "remote server has a disk error"),
        Trouble::Ending => (Level::Warning, "remote server is going down"),
        Trouble::Error => (Level::Error, "unrecognized remote error"),
        Trouble::Warning => (Level::Warning, "unrecognized remote warning"),
        Trouble::Queue => (Level::Error, "queue error"),
    }
}
