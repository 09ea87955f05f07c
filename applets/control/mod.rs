//! What auditctl and augenrules share: executing what lines of options ask for, on the kernel or on dry_run.
//!
//! The library reads a line into a plan (`auditbox::rule::parse_line`); a [`Executor`] does its steps one by one, and
//! [`rules_file`] does so for every line of a file. Messages go to standard error as they arise, answers to standard
//! output; exit statuses are made here and nowhere else.

pub(crate) mod check;
mod convert;
mod cost;
mod diff;
mod dry_run;
mod explain;
mod host;
mod kernel;
pub(crate) mod library;
mod listing;
pub(crate) mod mode_options;
pub(crate) mod modes;
mod privileged;
pub(crate) mod profile;
pub(crate) mod rules_file;
pub(crate) mod state;
pub(crate) mod transaction;

pub(crate) use dry_run::DryRun;
pub(crate) use host::RuleHost;
pub(crate) use kernel::Kernel;

use crate::help::help;
use crate::output::say;
use auditbox::rule::{Plan, Reason, Refusal, Step, Warning};
use auditbox::sys::process;

/// What `auditctl --help` says.
pub(crate) const HELP: &str = help!("auditctl.txt");

/// Why a step was not done. Messages are complete sentences.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The step failed; so does its line.
    Step(String),
    /// The whole command ends with this status.
    End(String, u8),
    /// There is no audit subsystem to talk to.
    Disabled,
}

/// The one sentence on [`Failure::Disabled`].
pub(crate) const DISABLED: &str = "The audit system is disabled";

/// What does steps.
pub(crate) trait Executor {
    /// Whether rules may be changed now.
    fn ready(&mut self) -> Result<(), Failure>;

    /// Does one step.
    fn execute(&mut self, step: &Step) -> Result<(), Failure>;

    /// Called after a refused line that ends a rules file. Whether the lines that follow are to be looked at all the same.
    fn goes_on_after_refusal(&mut self) -> bool;
}

/// How a line ended.
pub(crate) enum End {
    /// All done.
    Done,
    /// The line is wrong or a step failed, and that has been said.
    Failed,
    /// The whole command ends with this status, and why has been said.
    Exit(u8),
    /// There is no audit subsystem.
    Disabled,
}

/// Where a plan was read from.
pub(crate) trait Source {
    /// The number of the line, if it is one of a file.
    fn line(&self) -> Option<usize>;

    /// Where a refused word stood, and the word; and what would have been taken there.
    fn place(&self, refusal: &Refusal) -> (String, String);
}

/// Does the steps of a plan and says what there is to say.
pub(crate) fn execute(plan: &Plan, executor: &mut dyn Executor, source: &dyn Source) -> End {
    for warning in &plan.warnings {
        match (warning, source.line()) {
            (Warning::WordSize, Some(line)) => {
                say(format_args!("WARNING - 32/64 bit syscall mismatch in line {line}, you should specify an arch"));
            }
            _ => say(warning),
        }
    }
    for step in &plan.steps {
        match executor.execute(step) {
            Ok(()) => {}
            Err(Failure::Step(message)) => {
                say(&message);
                return End::Failed;
            }
            Err(Failure::End(message, status)) => {
                say(&message);
                return End::Exit(status);
            }
            Err(Failure::Disabled) => return End::Disabled,
        }
    }
    let Some(refusal) = &plan.refusal else { return End::Done };
    say_refusal(refusal, source);
    if matches!(refusal.reason, Reason::Signal { .. }) { End::Exit(1) } else { End::Failed }
}

/// Says why a line is refused, where, and what would have been taken.
pub(crate) fn say_refusal(refusal: &Refusal, source: &dyn Source) {
    match (&refusal.reason, source.line()) {
        (Reason::InvalidOption { option }, Some(line)) => {
            say(format_args!("Option {option} on line {line} is invalid"))
        }
        _ => say(refusal),
    }
    let (place, remedy) = source.place(refusal);
    let colon = if remedy.is_empty() { "" } else { "; accepted: " };
    say(format_args!("{place}{colon}{remedy}"));
}

/// The kernel, for those who may change its rules; otherwise says why not and returns the exit status.
pub(crate) fn open_kernel(host: &RuleHost) -> Result<Kernel<'_>, u8> {
    const NOT_PRIVILEGED: u8 = 4;
    if !process::can_control_audit() {
        say("You must be root to run this program.");
        return Err(NOT_PRIVILEGED);
    }
    connect(host)
}

/// The kernel, be we privileged or not.
pub(crate) fn connect(host: &RuleHost) -> Result<Kernel<'_>, u8> {
    Kernel::open(host).map_err(|message| {
        say(&message);
        1
    })
}

/// Whether rules may be changed; otherwise says why not and returns the exit status.
pub(crate) fn ready(executor: &mut dyn Executor) -> Result<(), u8> {
    match executor.ready() {
        Err(Failure::End(message, status)) => {
            say(&message);
            Err(status)
        }
        _ => Ok(()),
    }
}
