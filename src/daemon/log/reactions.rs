//! What the log does about its size, its age, the free space and errors: the actions of auditd.conf(5).
//!
//! Whether an action may come again while the disk stays short is decided by [`crate::log::space`].

use super::{LogSink, State};
use crate::config::{Choice, Level, Reaction, Response};
use crate::daemon::context::Context;
use crate::daemon::ledger::{Cause, Sink};
use crate::daemon::{Effect, HelperEnd, Purpose, RotationError, RotationResult};
use crate::log::space::Stage;
use crate::sys::errno;
use crate::sys::files::FilesystemSpace;

/// The answer to a request for a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::daemon) enum Requested {
    /// There is no log file to rotate.
    NoFile,
    /// The configuration keeps one log alone.
    Disabled,
    /// It is asked for.
    Begun,
}

impl LogSink {
    /// Whether something is to be done about a log of `size` bytes now.
    pub(super) fn is_over_size(&self, ctx: &Context, size: u64) -> bool {
        size >> 20 >= ctx.config.max_log_file && ctx.writes_file() && self.rotation.acts_on_size(ctx)
    }

    /// Takes max_log_file_action when the log has grown too large.
    pub(super) fn check_size(&mut self, ctx: &mut Context) {
        if self.size >> 20 < ctx.config.max_log_file {
            self.rotation.helper_succeeded();
        }
        if self.state != State::Open || !self.is_over_size(ctx, self.size) {
            return;
        }
        let Reaction { response, helper } = ctx.config.max_log_file_action.clone();
        match response {
            Response::Syslog => ctx.log(Level::Error, "Audit daemon log file is larger than max size"),
            Response::Exec => {
                self.suspend(ctx);
                self.rotation.helper_started(ctx.monotonic);
                ctx.emit(Effect::RunHelper(helper, Purpose::Size));
            }
            Response::Suspend => {
                ctx.log(Level::Error, "Audit daemon is suspending logging due to logfile size.");
                self.suspend(ctx);
            }
            Response::Rotate => self.rotate(ctx, "Audit daemon rotating log files", false),
            Response::KeepLogs => self.rotate(ctx, "Audit daemon rotating log files with keep option", true),
            // The key takes one more, which does nothing.
            _ => {}
        }
    }

    /// Rotates when the log has grown too old.
    pub(super) fn check_age(&mut self, ctx: &mut Context) {
        self.rotation.follow_clock(ctx.now.seconds);
        let is_due = ctx.config.max_log_age > 0 && self.rotation.seconds_left(ctx) == 0;
        let keeps_all = keeps_all(ctx);
        if is_due && self.is_measurable(ctx) && self.size > 0 && (keeps_all || ctx.config.num_logs > 1) {
            self.rotate(ctx, "Audit daemon rotating log files by age", keeps_all);
        }
    }

    /// Rotates because somebody asks for it.
    pub(in crate::daemon) fn rotate_on_request(&mut self, ctx: &mut Context) -> Requested {
        if self.state != State::Open || ctx.writes_stream() {
            ctx.log(Level::Info, "No log file is being written, so none is rotated");
            return Requested::NoFile;
        }
        let keep_all = keeps_all(ctx);
        if ctx.config.num_logs < 2 && !keep_all {
            ctx.log(Level::Info, "Log rotation disabled (num_logs < 2), skipping");
            return Requested::Disabled;
        }
        self.write(ctx);
        ctx.log(Level::Info, "Audit daemon rotating log files");
        ctx.emit(Effect::Rotate { keep_all });
        Requested::Begun
    }

    /// Rotates; after a failure not before a second has passed.
    fn rotate(&mut self, ctx: &mut Context, text: &str, keep_all: bool) {
        if self.rotation.may_try(ctx.monotonic) {
            if !self.rotation.has_failed() {
                ctx.log(Level::Info, text);
            }
            ctx.emit(Effect::Rotate { keep_all });
        }
    }

    /// A rotation has ended. Somebody may wait for it: then a failure is logged although the one before was.
    pub(in crate::daemon) fn rotated(&mut self, ctx: &mut Context, ended: RotationResult, is_awaited: bool) {
        if ended.was_deleted {
            self.deleted(ctx);
        }
        match ended.result {
            Ok(count) => {
                self.size = 0;
                self.rotation.succeeded(count, ctx.now.seconds);
            }
            Err(RotationError { text, errno }) => {
                if !self.rotation.has_failed() || is_awaited {
                    ctx.log(Level::Error, text);
                }
                self.rotation.failed(ctx.monotonic);
                if errno == errno::ENOSPC {
                    self.disk_full(ctx);
                } else {
                    self.disk_failed(ctx, "rotate", errno);
                }
            }
        }
    }

    /// What was written since the log was last seen in its place went with it.
    fn deleted(&mut self, ctx: &mut Context) {
        let now_seen = (self.written, ctx.serial());
        let (written, first) = std::mem::replace(&mut self.seen, now_seen);
        if now_seen.0 > written {
            let count = Some(now_seen.0 - written);
            ctx.ledger.lose((Cause::DiskError, Sink::Log), count, (first, now_seen.1), ctx.now);
        }
    }

    /// The log's path does not lead to it. It is opened anew there; until that works lines go on into the one there is.
    pub(in crate::daemon) fn missing(&mut self, ctx: &mut Context) {
        self.rotate(ctx, "The audit log is gone from its place and is opened anew", keeps_all(ctx));
    }

    /// Whether the free space can be measured: lines go into an open file.
    pub(super) fn is_measurable(&self, ctx: &Context) -> bool {
        self.state == State::Open && ctx.writes_file()
    }

    pub(super) fn measure(&mut self, ctx: &mut Context) {
        self.space.asked(ctx.monotonic);
        ctx.emit(Effect::MeasureSpace);
    }

    /// Takes note of the space there is, for the report.
    pub(in crate::daemon) fn set_space(&mut self, space: FilesystemSpace) {
        self.space.set_space(space);
    }

    /// The free space was measured, and the log is in its place.
    pub(in crate::daemon) fn measured(&mut self, ctx: &mut Context, space: FilesystemSpace) {
        self.seen = (self.written, ctx.serial());
        let measured = self.space.measure(space, &ctx.config);
        if let Some(doubt) = measured.doubt {
            ctx.log(Level::Error, doubt);
        }
        if measured.makes_reserve {
            ctx.emit(Effect::MakeReserve);
        }
        for stage in measured.stages {
            match stage {
                Stage::Left => self.space_is_short(ctx, false),
                Stage::Admin => self.space_is_short(ctx, true),
                Stage::Full => self.react_to_full(ctx),
                Stage::Relieved => self.relieve(ctx),
            }
        }
    }

    /// There is space again.
    fn relieve(&mut self, ctx: &mut Context) {
        if self.shedding.end() {
            ctx.log(Level::Notice, "Audit daemon keeps all events again.");
        }
        self.flush_gaps(ctx);
    }

    /// space_left_action or admin_space_left_action.
    fn space_is_short(&mut self, ctx: &mut Context, admin: bool) {
        let Reaction { response, helper } = match admin {
            true => ctx.config.admin_space_left_action.clone(),
            false => ctx.config.space_left_action.clone(),
        };
        let halts = |reaction: &Reaction| reaction.response == Response::Halt;
        if halts(&ctx.config.admin_space_left_action) || halts(&ctx.config.disk_full_action) {
            ctx.emit(Effect::Wall);
        }
        match response {
            Response::Syslog => {
                let text = format!("Audit daemon is low on disk space for logging. {}", outlook(ctx, admin));
                ctx.log(Level::Alert, text);
            }
            Response::Rotate if ctx.config.num_logs > 1 => {
                self.rotate(ctx, "Audit daemon rotating log files", false);
            }
            Response::Email => mail(ctx, admin),
            Response::Degrade => {
                ctx.log(Level::Alert, "Audit daemon is low on disk space and keeps only events with a priority key.");
                self.shedding.begin(ctx.monotonic);
            }
            _ => self.last_resort(ctx, response, helper, "low disk space"),
        }
    }

    /// A write or a rotation found no space.
    pub(super) fn disk_full(&mut self, ctx: &mut Context) {
        if !self.is_suspended && self.space.take_reserve() {
            self.write_ledger_into_reserve(ctx);
        }
        if self.space.guard_mut().is_newly_full() {
            self.react_to_full(ctx);
        } else if ctx.config.disk_full_action.response == Response::Rotate {
            self.rotate_for_space(ctx);
        }
    }

    /// Rotates until the oldest log has made space.
    fn rotate_for_space(&mut self, ctx: &mut Context) {
        if self.rotation.may_make_space(ctx.config.num_logs) {
            self.rotate(ctx, "Audit daemon rotating log files", false);
        }
    }

    /// The log itself says that it has a gap from here on; the reserve has space for that.
    fn write_ledger_into_reserve(&mut self, ctx: &mut Context) {
        ctx.emit(Effect::ReleaseReserve);
        self.is_failing = false;
        self.flush_gaps(ctx);
        self.is_failing = true;
    }

    fn react_to_full(&mut self, ctx: &mut Context) {
        ctx.log(Level::Alert, "Audit daemon has no space left on logging partition");
        let Reaction { response, helper } = ctx.config.disk_full_action.clone();
        match response {
            Response::Rotate => self.rotate_for_space(ctx),
            _ => self.last_resort(ctx, response, helper, "no space left on logging partition"),
        }
    }

    /// disk_error_action; `place` is the work that failed.
    pub(in crate::daemon) fn disk_failed(&mut self, ctx: &mut Context, place: &str, errno: i32) {
        let Reaction { response, helper } = ctx.config.disk_error_action.clone();
        let is_first = self.space.guard().errors == 0;
        let logs = self.space.guard_mut().logs_error();
        if matches!(response, Response::Single | Response::Halt) && !is_first {
            return;
        }
        if response == Response::Syslog {
            if logs {
                let why = crate::sys::error_text(errno);
                let text = format!("{place}: Audit daemon detected an error writing an event to disk ({why})");
                ctx.log(Level::Alert, text);
            }
            return;
        }
        self.last_resort(ctx, response, helper, "previously mentioned write error");
    }

    /// The actions that end the writing, or more.
    fn last_resort(&mut self, ctx: &mut Context, response: Response, helper: String, why: &str) {
        let change = "The audit daemon is now";
        match response {
            Response::Exec => {
                self.suspend(ctx);
                ctx.emit(Effect::RunHelper(helper, Purpose::Other));
            }
            Response::Suspend => {
                let end = if why.starts_with("previously") { "" } else { "." };
                ctx.log(Level::Alert, format!("Audit daemon is suspending logging due to {why}{end}"));
                self.suspend(ctx);
            }
            Response::Single => {
                let text = format!("{change} changing the system to single user mode and exiting due to {why}");
                ctx.log(Level::Alert, text);
                ctx.emit(Effect::Runlevel('1'));
            }
            Response::Halt => {
                ctx.log(Level::Alert, format!("{change} halting the system and exiting due to {why}"));
                ctx.emit(Effect::Runlevel('0'));
            }
            _ => {}
        }
    }

    /// A helper has ended. After one for the log's size writing goes on, whether it has made the log smaller or not; where
    /// it has not, it is not run again at once.
    pub(in crate::daemon) fn helper_ended(&mut self, ctx: &mut Context, purpose: Purpose, ended: HelperEnd) {
        if purpose != Purpose::Size || !self.is_suspended {
            return;
        }
        if ended == HelperEnd::NotStarted {
            ctx.log(Level::Alert, "Audit daemon failed to exec max_log_file_action helper - logging suspended");
            return;
        }
        let helper_at = self.rotation.helper_at();
        self.resume(ctx);
        self.rotation.set_helper_at(helper_at);
    }
}

/// Whether a rotation drops no log.
fn keeps_all(ctx: &Context) -> bool {
    ctx.config.max_log_file_action.response == Response::KeepLogs
}

/// What happens when still more space goes.
fn outlook(ctx: &Context, admin: bool) -> String {
    let full = ctx.config.disk_full_action.response.word();
    let end = format!("If the disk becomes full, audit will {full}.");
    if admin {
        return end;
    }
    let next = ctx.config.admin_space_left_action.response.word();
    format!("If the admin space left threshold is reached, audit will {next}. {end}")
}

fn mail(ctx: &mut Context, admin: bool) {
    let (subject, how, what) = match admin {
        true => ("Audit Admin Space Alert", "very low", "Immediate action\nis required"),
        false => ("Audit Disk Space Alert", "low", "Please take action\n"),
    };
    let verb = if admin { " to ensure" } else { "to ensure" };
    let outlook = outlook(ctx, admin);
    let body =
        format!("The audit daemon is {how} on disk space for logging! {what}{verb} no loss of service.\n{outlook}");
    ctx.emit(Effect::Mail(subject, body.clone()));
    ctx.log(Level::Alert, body);
}
