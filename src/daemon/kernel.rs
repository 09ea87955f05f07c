//! The kernel's count of lost records: asked for while records flow, compared with what is in the ledger.

use super::Effect;
use super::context::Context;
use super::ledger::{Cause, Sink};
use super::report::{Line, Value};
use crate::abi::Status;
use crate::sys::clock::Moment;

/// How often, in seconds, the kernel is asked while records flow.
const INTERVAL: i64 = 5;

/// See the module.
#[derive(Debug)]
pub(super) struct KernelLosses {
    /// The kernel's count, as far as it is in the ledger.
    counted: u32,
    /// Serial of the last record, the time, and the rate limit, at the kernel's last answer.
    serial: u64,
    time: Moment,
    rate_limit: u32,
    /// When the kernel was asked last, on the monotonic clock.
    asked: i64,
}

impl KernelLosses {
    pub(super) fn new(ctx: &Context) -> KernelLosses {
        KernelLosses { counted: 0, serial: 0, time: ctx.now, rate_limit: 0, asked: ctx.monotonic }
    }

    /// Takes over the count that an earlier daemon wrote down.
    pub(super) fn set_counted(&mut self, lost: u32) {
        self.counted = lost;
    }

    /// Asks the kernel for its count.
    pub(super) fn ask(&mut self, ctx: &mut Context) {
        if ctx.asks_kernel() {
            self.asked = ctx.monotonic;
            ctx.emit(Effect::AskKernel);
        }
    }

    /// Asks when it is time.
    pub(super) fn tick(&mut self, ctx: &mut Context) {
        if ctx.monotonic >= self.asked + INTERVAL {
            self.ask(ctx);
        }
    }

    /// When [`KernelLosses::tick`] is to be called, on the monotonic clock.
    pub(super) fn due(&self, ctx: &Context) -> Option<i64> {
        (ctx.asks_kernel() && ctx.serial() != self.serial).then_some(self.asked + INTERVAL)
    }

    /// Notes what the kernel has lost since its last answer. True when there is something.
    pub(super) fn answered(&mut self, ctx: &mut Context, status: &Status) -> bool {
        let serial = ctx.serial();
        let before = std::mem::replace(&mut self.counted, status.lost);
        // A smaller count began anew: auditctl --reset-lost.
        let lost = status.lost.checked_sub(before).unwrap_or(status.lost);
        if lost != 0 || status.lost < before {
            ctx.emit(Effect::SaveKernelLost(status.lost));
        }
        if lost > 0 {
            let is_limited = status.rate_limit > 0 || self.rate_limit > 0;
            let cause = if is_limited { Cause::KernelRateLimit } else { Cause::KernelBacklog };
            ctx.ledger.lose((cause, Sink::All), Some(u64::from(lost)), (self.serial, serial), self.time);
            ctx.ledger.lose((cause, Sink::All), Some(0), (serial, serial), ctx.now);
        }
        self.rate_limit = status.rate_limit;
        self.serial = serial;
        self.time = ctx.now;
        lost > 0
    }

    /// The report's line.
    pub(super) fn report(&self, lines: &mut Vec<Line>) {
        lines.push(Line::metric("kernel lost counter", Value::Number(u64::from(self.counted), ""), "kernel_lost"));
    }
}
