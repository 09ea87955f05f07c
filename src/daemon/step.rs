//! The daemon's state and its decisions: records in, lines and actions out.
//!
//! A script of inputs is a test without sleeping and without files. What the reactions to signals and to the disk are is
//! in `control` and `disk`; this file is the way of a record.

use super::enrich::Enricher;
use super::held::Held;
use super::ledger::{self, CAUSES, Cause, Gap, Ledger};
use super::line::Heads;
use super::priority::Priority;
use super::{Action, Identity, Input, line};
use crate::abi::{Signal, kind};
use crate::config::Level;
use crate::config::auditd::{Config, Flush, LogFormat};
use crate::store::guard::DiskGuard;
use crate::store::log::stamp;
use crate::sys::clock::Moment;
use crate::sys::errno;
use crate::text::number;
use std::collections::VecDeque;

/// Pending lines are written when they have grown this long, also within a batch.
const LONGEST_BATCH: usize = 256 << 10;
/// Room set aside for actions; one input causes about ten.
const ACTIONS: usize = 32;
/// Longest text of a record of the daemon's own. COMPAT: the reference's buffer.
const LONGEST_OWN: usize = 495;
/// The stamp stands within so many bytes of a record's text.
const HEAD: usize = 48;
/// How often, in seconds, the kernel is asked for its count of losses while records flow.
const KERNEL_INTERVAL: i64 = 5;
/// How long, in seconds, what a degraded daemon sheds is gathered into one record of the ledger.
const DEGRADED_INTERVAL: i64 = 60;

/// Whether and where lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Log {
    /// Nowhere: `write_logs = no`.
    Off,
    /// Nowhere yet, or no more.
    Closed,
    /// Into the log, or to standard output.
    Open,
}

/// Counters for the state report.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counters {
    pub(super) records: u64,
    pub(super) written: u64,
    pub(super) batches: u64,
    pub(super) syncs: u64,
}

/// All of the daemon's state.
pub struct Step {
    pub(super) config: Config,
    pub(super) identity: Identity,
    pub(super) enricher: Enricher,
    /// The time of the input at hand.
    pub(super) now: Moment,
    /// Seconds of a clock that never steps: for intervals.
    pub(super) steady: i64,
    heads: Heads,
    /// Lines that wait to be written.
    pub(super) lines: Vec<u8>,
    /// How many records they are.
    pub(super) pending: u64,
    /// What the runner has still to do for the input at hand. It empties the queue before the next input, so what one
    /// input causes bounds it; none is ever dropped.
    pub(super) actions: VecDeque<Action>,
    pub(super) log: Log,
    /// Bytes of the log.
    pub(super) size: u64,
    /// When the log was begun, in seconds since 1970.
    pub(super) born: i64,
    /// How many old logs the last rotation left.
    pub(super) rotated: u64,
    /// Nothing is written until told otherwise.
    pub(super) suspended: bool,
    /// Only events with a priority key are kept.
    pub(super) degraded: bool,
    /// Part of the reserve was given back.
    pub(super) reserve_used: bool,
    /// The last write failed.
    pub(super) failing: bool,
    pub(super) guard: DiskGuard,
    pub(super) room: crate::sys::files::Room,
    /// The shares of the disk that are to be kept free were not compared yet.
    pub(super) compares_shares: bool,
    pub(super) ledger: Ledger,
    pub(super) counters: Counters,
    pub(super) control: super::control::Control,
    /// Before this second of the steady clock a failed rotation is not tried again.
    pub(super) rotate_again: i64,
    /// How often a full disk has made the daemon rotate since the last good write.
    pub(super) full_rotations: u64,
    /// When the room on the disk was last asked for, and bytes written since.
    pub(super) room_asked: (i64, u64),
    /// Records written, and serial of the last one, when the log was last seen in its place.
    pub(super) seen: (u64, u64),
    /// When the ledger last told of what a degraded daemon shed.
    pub(super) shed_told: i64,
    /// The kernel's count of losses, as far as it is in the ledger.
    pub(super) kernel_lost: u32,
    /// Records that wait for names.
    pub(super) held: Held,
    priority: Priority,
    /// Serial of the next record of the daemon's own.
    own_serial: u32,
    /// How the last record began: its stamp.
    last_head: heapless::Vec<u8, HEAD>,
    /// Serial of the last record, and the time, when the kernel last told its losses.
    kernel_serial: u64,
    kernel_time: Moment,
    /// The rate limit it told then.
    kernel_rate: u32,
    kernel_asked: i64,
    /// Records written since the last sync.
    unsynced: u64,
    /// Gaps whose records are pending: they are open again if those cannot be written.
    settling: heapless::Vec<(Cause, Gap), { CAUSES.len() }>,
}

impl Step {
    /// A daemon that has not opened its log yet.
    pub fn new(config: Config, identity: Identity, enricher: Enricher, now: Moment, steady: i64) -> Step {
        let log = if config.write_logs || identity.foreground { Log::Closed } else { Log::Off };
        Step {
            config,
            identity,
            enricher,
            now,
            steady,
            heads: Heads::default(),
            lines: Vec::with_capacity(LONGEST_BATCH + (16 << 10)),
            pending: 0,
            actions: VecDeque::with_capacity(ACTIONS),
            log,
            size: 0,
            born: now.seconds,
            rotated: 0,
            suspended: false,
            degraded: false,
            reserve_used: false,
            failing: false,
            guard: DiskGuard::default(),
            room: Default::default(),
            compares_shares: true,
            ledger: Ledger::default(),
            counters: Counters::default(),
            control: Default::default(),
            rotate_again: i64::MIN,
            full_rotations: 0,
            room_asked: (steady, 0),
            seen: (0, 0),
            shed_told: steady,
            kernel_lost: 0,
            held: Held::default(),
            priority: Priority::default(),
            own_serial: now.nanos / 1000 % 10_000,
            last_head: heapless::Vec::new(),
            kernel_serial: 0,
            kernel_time: now,
            kernel_rate: 0,
            kernel_asked: steady,
            unsynced: 0,
            settling: heapless::Vec::new(),
        }
    }

    /// Takes the kernel's count of losses over that an earlier daemon wrote down.
    pub(super) fn set_kernel_lost(&mut self, lost: u32) {
        self.kernel_lost = lost;
    }

    /// Whether lines go to standard output.
    pub(super) fn writes_to_stream(&self) -> bool {
        self.identity.foreground || self.config.log_file == "-"
    }

    /// Whether lines are to go anywhere.
    pub(super) fn wants_log(&self) -> bool {
        self.log != Log::Off
    }

    /// Takes note of the room there is, for the report.
    pub(super) fn set_room(&mut self, room: crate::sys::files::Room) {
        self.room = room;
    }

    /// The configuration in force.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The lines that wait to be written.
    pub fn lines(&self) -> &[u8] {
        &self.lines
    }

    /// What time it is from now on: of day, and in seconds of a clock that never steps.
    pub fn at(&mut self, now: Moment, steady: i64) {
        self.now = now;
        self.steady = steady;
    }

    /// The next thing to do.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Takes one input in.
    pub fn input(&mut self, input: Input<'_>) {
        match input {
            Input::Record(message, text) => self.record(message, text),
            Input::EndOfBatch => self.end_batch(),
            Input::Wrote => self.wrote(),
            Input::WriteFailed { kept, errno } => self.write_failed(kept, errno),
            Input::Oversize(count) => self.lose(Cause::Oversize, Some(count as u64)),
            Input::Overrun => {
                self.lose(Cause::SocketOverrun, None);
                self.ask_kernel();
            }
            Input::Kernel(status) => self.kernel_answered(&status),
            Input::Room(room) => self.room_is(room),
            Input::LogMissing => self.log_missing(),
            Input::LogDeleted => self.log_deleted(),
            Input::Opened(found) => self.opened(found),
            Input::OpenFailed(errno) => self.open_failed(errno),
            Input::Rotated(count) => self.was_rotated(count),
            Input::RotationFailed { text, errno } => self.rotation_failed(text, errno),
            Input::SyncFailed(errno) => self.disk_failed("flush", errno),
            Input::Signal(signal, sender) => self.signalled(signal, sender),
            Input::Sender(sender) => self.sender_is(sender),
            Input::Config(result) => self.config_read(result),
            Input::Names(users) => {
                self.enricher.set_users(users);
                self.release();
            }
            Input::Node(name) => self.set_node(&name),
            Input::HelperEnded(purpose, well) => self.helper_ended(purpose, well),
            Input::Tick => self.tick(),
        }
    }

    /// Sets what `node=` says; nothing for an empty name.
    pub fn set_node(&mut self, name: &str) {
        self.heads.set_node(name);
    }

    /// When to be called with [`Input::Tick`] at the latest, in seconds from now; `None` for never.
    pub fn rest(&self) -> Option<u64> {
        let mut due = i64::MAX;
        if self.config.max_log_age > 0 && self.size > 0 {
            let age = self.now.seconds.saturating_sub(self.born);
            due = self.steady.saturating_add((self.config.max_log_age as i64).saturating_sub(age));
        }
        if self.config.report_interval > 0 {
            due = due.min(self.control.reported.saturating_add(self.config.report_interval as i64));
        }
        if self.ledger.is_open()
            || self.control.is_waiting()
            || !self.held.is_empty()
            || self.degraded
            || self.guard != DiskGuard::default()
        {
            due = due.min(self.steady + 1);
        }
        if self.room_asked.1 > 0 && self.is_file() {
            due = due.min(self.room_asked.0 + 1);
        }
        if self.serial() != self.kernel_serial && self.asks_kernel() {
            due = due.min(self.kernel_asked + KERNEL_INTERVAL);
        }
        (due < i64::MAX).then(|| due.saturating_sub(self.steady).max(0) as u64)
    }

    pub(super) fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    pub(super) fn tell(&mut self, level: Level, text: impl Into<String>) {
        self.act(Action::Tell(level, text.into()));
    }

    /// One record from the kernel.
    fn record(&mut self, message: u16, text: &[u8]) {
        if line::is_control(message) {
            return;
        }
        self.counters.records += 1;
        self.last_head.clear();
        let _ = self.last_head.extend_from_slice(text.get(..HEAD).unwrap_or(text));
        if message == kind::EOE {
            return;
        }
        if !self.hold(message, text) {
            self.take_in(message, text);
        }
        if Enricher::is_stale_after(message) {
            self.act(Action::LoadNames);
        }
    }

    /// Makes a line of a record, if one is wanted and can be written.
    pub(super) fn take_in(&mut self, message: u16, text: &[u8]) {
        if self.is_writing() && self.is_wanted(message, text) {
            self.append(message, text);
        }
    }

    /// Whether lines can be written; notes the loss when not.
    fn is_writing(&mut self) -> bool {
        match self.log {
            Log::Open => true,
            Log::Off => false,
            Log::Closed => {
                self.lose(Cause::Suspended, Some(1));
                false
            }
        }
    }

    /// Whether a degraded daemon keeps the record; notes the loss when not.
    fn is_wanted(&mut self, message: u16, text: &[u8]) -> bool {
        if !self.degraded {
            return true;
        }
        let keeps = self.priority.keeps(&self.config.priority_keys, message, self.serial(), text);
        if !keeps {
            self.lose(Cause::Degraded, Some(1));
        }
        keeps
    }

    fn append(&mut self, message: u16, text: &[u8]) {
        let start = self.lines.len();
        let body = self.heads.push_line(&mut self.lines, message, text);
        if self.config.log_format == LogFormat::Enriched {
            self.enricher.enrich(&mut self.lines, start, body, message);
        }
        self.lines.push(b'\n');
        self.pending += 1;
        if self.lines.len() >= LONGEST_BATCH || self.is_over_size(self.size + self.lines.len() as u64) {
            self.act(Action::Write);
        }
    }

    /// A record of the daemon's own: `audit(NOW:SERIAL): BODY`.
    pub(super) fn own_record(&mut self, message: u16, body: &[u8]) {
        let mut text = Vec::with_capacity(LONGEST_OWN);
        text.extend_from_slice(b"audit(");
        ledger::push_time(&mut text, self.now);
        text.push(b':');
        number::push(&mut text, u64::from(self.own_serial));
        text.extend_from_slice(b"): ");
        text.extend_from_slice(body);
        text.truncate(LONGEST_OWN);
        self.own_serial = self.own_serial.wrapping_add(1);
        if self.is_writing() {
            self.append(message, &text);
        }
    }

    fn end_batch(&mut self) {
        self.counters.batches += 1;
        self.settle();
        if !self.lines.is_empty() {
            self.act(Action::Write);
        }
        self.ask_kernel_in_time();
    }

    /// Writes open gaps of the ledger down, as far as lines can be written.
    pub(super) fn settle(&mut self) {
        if self.log != Log::Open || self.failing || !self.settling.is_empty() {
            return;
        }
        let gathers = self.degraded && self.steady < self.shed_told + DEGRADED_INTERVAL;
        let except = gathers.then_some(Cause::Degraded);
        if !gathers {
            self.shed_told = self.steady;
        }
        let mut body = Vec::new();
        while let Some((cause, gap)) = self.ledger.take(except) {
            body.clear();
            ledger::push(&mut body, cause, &gap);
            self.push_own_identity(&mut body);
            body.extend_from_slice(b" res=failed");
            self.own_record(kind::DAEMON_ERR, &body);
            // One of each cause at most, and the causes fit.
            let _ = self.settling.push((cause, gap));
        }
    }

    fn wrote(&mut self) {
        let bytes = self.lines.len() as u64;
        self.lines.clear();
        self.settling.clear();
        self.counters.written += self.pending;
        self.unsynced += std::mem::take(&mut self.pending);
        self.size += bytes;
        self.failing = false;
        self.guard.errors = 0;
        self.full_rotations = 0;
        self.sync_in_time();
        self.check_size();
        self.check_age();
        self.ask_room_in_time(bytes);
    }

    fn sync_in_time(&mut self) {
        let (is_due, data_only) = match self.config.flush {
            Flush::None => (false, false),
            Flush::Incremental | Flush::IncrementalAsync => (self.unsynced >= self.config.freq, false),
            Flush::Data => (self.unsynced > 0, true),
            Flush::Sync => (self.unsynced > 0, false),
        };
        if is_due {
            self.unsynced = 0;
            self.counters.syncs += 1;
            self.act(Action::Sync { data_only });
        }
    }

    /// What is not in the log is lost: the rest of the batch.
    fn write_failed(&mut self, kept: usize, errno: i32) {
        let lost = self.lines.get(kept..).unwrap_or_default();
        let own = self.settling.len() as u64;
        let count = (memchr::memchr_iter(b'\n', lost).count() as u64).saturating_sub(own);
        let first = stamp(lost).map_or(0, |(_, serial)| serial);
        let last = self.serial();
        let cause = if errno == errno::ENOSPC { Cause::DiskFull } else { Cause::DiskError };
        if count > 0 {
            self.ledger.lose(cause, Some(count), (first, last), self.now);
        }
        while let Some((cause, gap)) = self.settling.pop() {
            self.ledger.put_back(cause, gap);
        }
        self.counters.written += self.pending.saturating_sub(count);
        self.pending = 0;
        self.size += kept as u64;
        self.lines.clear();
        self.failing = true;
        if errno == errno::ENOSPC {
            self.disk_full();
        } else {
            self.disk_failed("write", errno);
        }
    }

    /// Notes a loss at the last event that was seen.
    pub(super) fn lose(&mut self, cause: Cause, count: Option<u64>) {
        let serial = self.serial();
        self.ledger.lose(cause, count, (serial, serial), self.now);
    }

    /// Serial of the last record that came, 0 when none did.
    pub(super) fn serial(&self) -> u64 {
        stamp(&self.last_head).map_or(0, |(_, serial)| serial)
    }

    fn ask_kernel_in_time(&mut self) {
        if self.steady >= self.kernel_asked + KERNEL_INTERVAL {
            self.ask_kernel();
        }
    }

    /// Asks the kernel for its count of losses.
    pub(super) fn ask_kernel(&mut self) {
        if self.asks_kernel() {
            self.kernel_asked = self.steady;
            self.act(Action::AskKernel);
        }
    }

    /// Whether the kernel would answer.
    pub(super) fn asks_kernel(&self) -> bool {
        self.config.local_events && !self.identity.observes
    }

    fn kernel_answered(&mut self, status: &crate::abi::Status) {
        let serial = self.serial();
        let before = std::mem::replace(&mut self.kernel_lost, status.lost);
        // A smaller count began anew: auditctl --reset-lost.
        let lost = status.lost.checked_sub(before).unwrap_or(status.lost);
        if lost != 0 || status.lost < before {
            self.act(Action::Remember(status.lost));
        }
        if lost > 0 {
            let is_limited = status.rate_limit > 0 || self.kernel_rate > 0;
            let cause = if is_limited { Cause::KernelRateLimit } else { Cause::KernelBacklog };
            self.ledger.lose(cause, Some(u64::from(lost)), (self.kernel_serial, serial), self.kernel_time);
            self.ledger.lose(cause, Some(0), (serial, serial), self.now);
            self.settle();
            self.act(Action::Write);
        }
        self.kernel_rate = status.rate_limit;
        self.kernel_serial = serial;
        self.kernel_time = self.now;
    }

    fn tick(&mut self) {
        self.time_signals_out();
        self.release_in_time();
        self.check_age();
        self.settle();
        if !self.lines.is_empty() {
            self.act(Action::Write);
        }
        let interval = self.config.report_interval as i64;
        if interval > 0 && self.steady >= self.control.reported + interval {
            self.signalled(Signal::State, Default::default());
        }
        if (self.guard != DiskGuard::default() || self.room_asked.1 > 0) && self.log == Log::Open && self.is_file() {
            self.room_asked = (self.steady, 0);
            self.act(Action::AskRoom);
        }
        self.ask_kernel_in_time();
    }
}
