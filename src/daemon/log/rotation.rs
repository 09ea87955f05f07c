//! When the log is rotated, by its size, its age, or for want of space; and when a failed rotation is tried again.

use crate::config::Response;
use crate::daemon::context::Context;

/// Seconds before a helper that left the log too large runs again.
const HELPER_INTERVAL: i64 = 60;

/// See the module.
#[derive(Debug)]
pub(super) struct Rotation {
    /// When the log was begun, in seconds since 1970.
    created: i64,
    /// Rotated logs that the last rotation left.
    count: u64,
    /// Second of the monotonic clock before which a failed rotation is not tried again; none after one that succeeded.
    retry_at: Option<i64>,
    /// Rotations for want of space since the last good write.
    for_space: u64,
    /// Second of the monotonic clock before which the helper for a log that is too large does not run again.
    helper_at: Option<i64>,
}

impl Rotation {
    pub(super) fn new(created: i64) -> Rotation {
        Rotation { created, count: 0, retry_at: None, for_space: 0, helper_at: None }
    }

    pub(super) fn set_created(&mut self, created: i64) {
        self.created = created;
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Whether the last rotation failed.
    pub(super) fn has_failed(&self) -> bool {
        self.retry_at.is_some()
    }

    /// Whether a rotation may be tried now.
    pub(super) fn may_try(&self, monotonic: i64) -> bool {
        self.retry_at.is_none_or(|second| monotonic >= second)
    }

    /// Forgets that a rotation failed or that a helper ran in vain.
    pub(super) fn reset(&mut self) {
        self.retry_at = None;
        self.helper_at = None;
    }

    /// The helper for a log that is too large is started.
    pub(super) fn helper_started(&mut self, monotonic: i64) {
        self.helper_at = Some(monotonic + HELPER_INTERVAL);
    }

    /// The log is not too large any more.
    pub(super) fn helper_succeeded(&mut self) {
        self.helper_at = None;
    }

    /// When the helper may run again, if it ran in vain.
    pub(super) fn helper_at(&self) -> Option<i64> {
        self.helper_at
    }

    pub(super) fn set_helper_at(&mut self, second: Option<i64>) {
        self.helper_at = second;
    }

    pub(super) fn failed(&mut self, monotonic: i64) {
        self.retry_at = Some(monotonic + 1);
    }

    pub(super) fn succeeded(&mut self, count: u64, now: i64) {
        self.reset();
        (self.created, self.count) = (now, count);
    }

    pub(super) fn write_succeeded(&mut self) {
        self.for_space = 0;
    }

    /// Whether one more rotation may make space. The first ones may have dropped no log; after `num_logs` there is none of
    /// the old ones left to drop.
    pub(super) fn may_make_space(&mut self, num_logs: u64) -> bool {
        let may = num_logs > 1 && self.for_space < num_logs;
        self.for_space += u64::from(may);
        may
    }

    /// Whether max_log_file_action acts at all on a log that is too large.
    pub(super) fn acts_on_size(&self, ctx: &Context) -> bool {
        match ctx.config.max_log_file_action.response {
            Response::Ignore => false,
            Response::Rotate => ctx.config.num_logs > 1 && self.may_try(ctx.monotonic),
            Response::KeepLogs => self.may_try(ctx.monotonic),
            Response::Exec => self.helper_at.is_none_or(|second| ctx.monotonic >= second),
            _ => true,
        }
    }

    /// Seconds until the log has the age of max_log_age; 0 when it has it.
    pub(super) fn seconds_left(&self, ctx: &Context) -> i64 {
        let age = ctx.now.seconds.saturating_sub(self.created);
        (ctx.config.max_log_age as i64).saturating_sub(age).max(0)
    }

    /// A clock that is set back before the log's beginning makes the log as young as can be.
    pub(super) fn follow_clock(&mut self, now: i64) {
        self.created = self.created.min(now);
    }
}
