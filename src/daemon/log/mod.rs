//! The log as a sink of records: open, closed, suspended, degraded.
//!
//! [`LogSink`] decides, and asks for effects; [`output`] performs them on files. What it decides by is in the files beside:
//! [`rotation`] by size and age, [`space`] by the free space, [`shedding`] while degraded, [`sync`] when to flush;
//! `reactions` holds the actions of auditd.conf(5).

pub(super) mod output;
mod reactions;
mod rotation;
mod shedding;
mod space;
mod sync;
#[cfg(test)]
mod tests;

use super::Effect;
use super::context::Context;
use super::ledger::{self, Cause, Gap, Loss, Sink};
use super::record::batch::{BatchRecord, Origin};
use super::report::{Line, Value};
use crate::abi::kind;
use crate::config::Level;
use crate::config::auditd::Config;
use crate::log::file::{Found, first_event_id};
use crate::log::space::threshold_bytes;
use crate::remote::wire::MessageType;
use crate::sys::errno;
use rotation::Rotation;
use shedding::Shedding;
use space::SpaceWatch;
use sync::SyncPolicy;

pub(super) use reactions::Requested;

/// Pending lines are written when they have grown this long, also within a batch.
const LONGEST_BATCH: usize = 256 << 10;

/// The answer to a peer whose record it was.
pub(super) type Reply = (MessageType, &'static str);

/// What becomes of a peer's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intake {
    /// It is taken, and what comes of it is known later.
    Taken,
    /// It is not, and the peer may try again later.
    Refused(Reply),
}

/// Whether and where lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nowhere: `write_logs = no`.
    Off,
    /// Nowhere yet, or no more.
    Closed,
    /// Into the log, or to standard output.
    Open,
}

/// See the module.
pub(super) struct LogSink {
    state: State,
    /// Closed until a signal, a helper's end, or a reload opens it again.
    is_suspended: bool,
    /// The log is being opened to resume.
    is_resuming: bool,
    /// The last write failed.
    is_failing: bool,
    /// Position in the batch of the next record to take.
    position: u64,
    /// Lines that wait to be written, and where each begins and comes from.
    lines: Vec<u8>,
    pending: Vec<(usize, Origin)>,
    /// They are about to be written: [`Effect::Write`] was asked for.
    is_writing: bool,
    /// Records written since the start.
    written: u64,
    /// Bytes of the log.
    size: u64,
    /// Gaps of the ledger whose records are pending, and where these begin. They are open again if those cannot be written.
    in_flight: Vec<(Loss, Gap, usize)>,
    /// Records written, and serial of the last one, when the log was last seen in its place.
    seen: (u64, u64),
    rotation: Rotation,
    shedding: Shedding,
    space: SpaceWatch,
    sync: SyncPolicy,
}

impl LogSink {
    /// A log that is not open yet.
    pub(super) fn new(ctx: &Context) -> LogSink {
        LogSink {
            state: if ctx.config.write_logs || ctx.identity.foreground { State::Closed } else { State::Off },
            is_suspended: false,
            is_resuming: false,
            is_failing: false,
            position: 0,
            lines: Vec::with_capacity(LONGEST_BATCH + (16 << 10)),
            pending: Vec::new(),
            is_writing: false,
            written: 0,
            size: 0,
            in_flight: Vec::new(),
            seen: (0, 0),
            rotation: Rotation::new(ctx.now.seconds),
            shedding: Shedding::default(),
            space: SpaceWatch::new(ctx.monotonic),
            sync: SyncPolicy::default(),
        }
    }

    #[cfg(test)]
    pub(super) fn state(&self) -> State {
        self.state
    }

    /// Whether lines go nowhere although they should.
    pub(super) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    pub(super) fn is_suspended(&self) -> bool {
        self.is_suspended
    }

    pub(super) fn is_failing(&self) -> bool {
        self.is_failing
    }

    /// The lines that wait to be written.
    pub(super) fn lines(&self) -> &[u8] {
        &self.lines
    }

    /// Takes the records of the batch that came since the last time. What cannot be written is in the ledger. Records of the
    /// daemon's own are written at once.
    pub(super) fn take(&mut self, ctx: &mut Context) {
        while let Some(record) = ctx.records.batch().get(self.position) {
            self.position += 1;
            if record.is_eoe() || self.state == State::Off {
                continue;
            }
            if self.state == State::Closed {
                ctx.lose(Cause::Suspended, Sink::Log, Some(1));
            } else if self.shedding.is_active()
                && !self.shedding.keeps(&ctx.config.priority_keys, serial_of(ctx, &record), &record)
            {
                ctx.lose(Cause::Degraded, Sink::Log, Some(1));
            } else {
                let is_own = record.is_own();
                self.pending.push((self.lines.len(), record.origin()));
                self.lines.extend_from_slice(record.line());
                let size = self.size + self.lines.len() as u64;
                if is_own || self.lines.len() >= LONGEST_BATCH || self.is_over_size(ctx, size) {
                    self.write(ctx);
                }
            }
        }
    }

    /// Whether a peer's records are taken: not while lines go nowhere although they should. What a peer keeps is not lost.
    pub(super) fn intake(&self) -> Intake {
        match self.state {
            State::Closed => Intake::Refused((MessageType::DISK_ERROR, "remote logging suspended")),
            State::Open | State::Off => Intake::Taken,
        }
    }

    /// Whether pending lines are about to be written.
    pub(super) fn is_writing(&self) -> bool {
        self.is_writing
    }

    /// The answer to a peer whose records are written, or are not to be.
    pub(super) fn reply(&self) -> Reply {
        let guard = self.space.guard();
        let is_low = guard.left_done || guard.admin_done || self.shedding.is_active();
        (if is_low { MessageType::DISK_LOW } else { MessageType::ACK }, "")
    }

    /// The answer to a peer whose records could not be written, for this errno.
    pub(super) fn failure_reply(errno: i32) -> Reply {
        match errno {
            errno::ENOSPC => (MessageType::DISK_FULL, "disk full"),
            _ => (MessageType::DISK_ERROR, "disk write error"),
        }
    }

    /// Has the pending lines written, unless that is under way.
    pub(super) fn write(&mut self, ctx: &mut Context) {
        if !self.lines.is_empty() && !std::mem::replace(&mut self.is_writing, true) {
            ctx.emit(Effect::Write);
        }
    }

    /// Makes records of the ledger's open gaps, as far as lines can be written.
    pub(super) fn flush_gaps(&mut self, ctx: &mut Context) {
        if self.state != State::Open || self.is_failing || !self.in_flight.is_empty() {
            return;
        }
        self.take(ctx);
        let shed = (Cause::Degraded, Sink::Log);
        let except = (!self.shedding.reports(ctx.monotonic)).then_some(shed);
        let mut body = Vec::new();
        while let Some((loss, gap)) = ctx.ledger.take(except) {
            body.clear();
            ledger::push(&mut body, loss, &gap);
            ctx.identity.push(&mut body);
            body.extend_from_slice(b" res=failed");
            ctx.own_record(kind::DAEMON_ERR, &body);
            self.in_flight.push((loss, gap, self.lines.len()));
            self.take(ctx);
        }
    }

    /// All pending lines are in the log.
    pub(super) fn wrote(&mut self, ctx: &mut Context) {
        let bytes = self.lines.len() as u64;
        let records = self.pending.len() as u64;
        self.pending.clear();
        self.lines.clear();
        self.is_writing = false;
        self.in_flight.clear();
        self.written += records;
        self.size += bytes;
        self.is_failing = false;
        self.space.write_succeeded();
        self.rotation.write_succeeded();
        if let Some(data_only) = self.sync.after(records, &ctx.config) {
            ctx.emit(Effect::Sync { data_only });
        }
        self.check_size(ctx);
        self.check_age(ctx);
        self.space.count(bytes);
        if self.is_measurable(ctx) && self.space.is_due_after_write(ctx.monotonic) {
            self.measure(ctx);
        }
    }

    /// The first `kept` bytes of the pending lines are in the log. The rest is lost, but for what peers keep, and gaps that are
    /// open again.
    pub(super) fn write_failed(&mut self, ctx: &mut Context, kept: usize, errno: i32) {
        let (mut count, mut first) = (0, None);
        for (start, origin) in self.pending.drain(..) {
            let is_gap = self.in_flight.iter().any(|gap| gap.2 == start);
            match origin {
                _ if start < kept => self.written += 1,
                Origin::Peer => {}
                Origin::Own => count += u64::from(!is_gap),
                Origin::Kernel => {
                    count += 1;
                    first = first.or_else(|| first_event_id(self.lines.get(start..)?));
                }
            }
        }
        let cause = if errno == errno::ENOSPC { Cause::DiskFull } else { Cause::DiskError };
        if count > 0 {
            let first = first.map_or(ctx.serial(), |id| id.serial);
            ctx.ledger.lose((cause, Sink::Log), Some(count), (first, ctx.serial()), ctx.now);
        }
        let lost = self.in_flight.drain(..).filter(|gap| gap.2 >= kept);
        lost.for_each(|(loss, gap, _)| ctx.ledger.put_back(loss, gap));
        self.size += kept as u64;
        self.lines.clear();
        self.is_writing = false;
        self.is_failing = true;
        if errno == errno::ENOSPC {
            self.disk_full(ctx);
        } else {
            self.disk_failed(ctx, "write", errno);
        }
    }

    /// The log is open. What must come after its first records is in [`LogSink::after_opening`].
    pub(super) fn opened(&mut self, ctx: &mut Context, found: Found) {
        self.state = State::Open;
        self.size = found.size;
        self.rotation.set_created(found.created);
        if let Some(torn) = found.torn {
            let serial = first_event_id(&torn).map_or(0, |id| id.serial);
            ctx.ledger.lose((Cause::Torn, Sink::Log), Some(1), (serial, serial), ctx.now);
        }
        if std::mem::take(&mut self.is_resuming) {
            ctx.log(Level::Notice, "Audit daemon resumed logging.");
        }
        self.flush_gaps(ctx);
    }

    /// The reserve is made only now: the first records may have needed its space.
    pub(super) fn after_opening(&mut self, ctx: &mut Context) {
        ctx.emit(Effect::MakeReserve);
        self.check_size(ctx);
    }

    pub(super) fn open_failed(&mut self, ctx: &mut Context, errno: i32) {
        self.is_suspended = true;
        let place = if std::mem::take(&mut self.is_resuming) { "resume" } else { "reconfig" };
        self.disk_failed(ctx, place, errno);
    }

    /// Stops writing until resumed. The log is closed, so that it may be moved or removed meanwhile.
    fn suspend(&mut self, ctx: &mut Context) {
        self.write(ctx);
        self.is_suspended = true;
        self.state = State::Closed;
        ctx.emit(Effect::Close);
    }

    /// Writes again, from scratch: everything may act again.
    pub(super) fn resume(&mut self, ctx: &mut Context) {
        ctx.log(Level::Notice, "Audit daemon is attempting to resume logging.");
        self.space.arm();
        self.shedding.end();
        self.rotation.reset();
        self.is_suspended = false;
        self.is_failing = false;
        if self.state == State::Closed {
            self.is_resuming = true;
            ctx.emit(Effect::Open);
        }
    }

    /// Follows a new configuration; the old one is given.
    pub(super) fn adopt(&mut self, ctx: &mut Context, old: &Config) {
        let new = &ctx.config;
        let size_changed = (old.max_log_file, &old.max_log_file_action) != (new.max_log_file, &new.max_log_file_action);
        let space_changed =
            (old.space_left, &old.space_left_action, old.admin_space_left, &old.admin_space_left_action)
                != (new.space_left, &new.space_left_action, new.admin_space_left, &new.admin_space_left_action)
                || old.disk_full_action != new.disk_full_action
                || old.log_file != new.log_file;
        let moves = (&old.log_file, old.log_group, old.write_logs) != (&new.log_file, new.log_group, new.write_logs);
        if moves && !ctx.identity.foreground {
            self.reopen(ctx);
        } else if size_changed && self.is_suspended {
            self.is_suspended = false;
            ctx.emit(Effect::Open);
        }
        if size_changed {
            self.rotation.reset();
        }
        if space_changed {
            self.space.arm();
            self.shedding.end();
            self.space.compare_shares_again();
            ctx.emit(Effect::RemoveExcess);
            ctx.emit(Effect::MeasureSpace);
        }
        self.check_size(ctx);
    }

    fn reopen(&mut self, ctx: &mut Context) {
        if self.state == State::Open {
            ctx.emit(Effect::Close);
        }
        self.is_suspended = false;
        if ctx.config.write_logs {
            self.state = State::Closed;
            ctx.emit(Effect::Open);
        } else {
            self.state = State::Off;
        }
    }

    /// Time has passed.
    pub(super) fn tick(&mut self, ctx: &mut Context) {
        self.check_age(ctx);
        self.flush_gaps(ctx);
        if self.is_measurable(ctx) && self.space.is_watching() {
            self.measure(ctx);
        }
    }

    /// When [`LogSink::tick`] is to be called at the latest, on the monotonic clock.
    pub(super) fn due(&self, ctx: &Context) -> Option<i64> {
        let mut due = None;
        if ctx.config.max_log_age > 0 && self.size > 0 {
            due = Some(ctx.monotonic.saturating_add(self.rotation.seconds_left(ctx)));
        }
        if ctx.ledger.is_open() || self.shedding.is_active() || self.space.is_short() {
            due = super::earlier(due, Some(ctx.monotonic + 1));
        }
        if ctx.writes_file() {
            due = super::earlier(due, self.space.due());
        }
        due
    }

    /// The report's lines about the log, in the order of the reference.
    pub(super) fn report(&self, ctx: &Context, lines: &mut Vec<Line>) {
        let mib = |bytes: u64| Value::Number(bytes >> 20, " MiB");
        let (config, space, guard) = (&ctx.config, self.space.space(), self.space.guard());
        lines.extend([
            Line::metric("current log size", Value::Number(self.size / 1024, " KiB"), "log_size_kibibytes"),
            Line::new("max log size", Value::Number(config.max_log_file.saturating_mul(1024), " KiB")),
            Line::new("logs detected last rotate/shift", Value::Number(self.rotation.count(), "")),
            Line::new("space left on partition", Value::Flag(!guard.full_done)),
            Line::metric("Logging partition free space", mib(space.free()), "free_space_mebibytes"),
            Line::new("space_left setting", mib(threshold_bytes(config.space_left, space))),
            Line::new("admin_space_left setting", mib(threshold_bytes(config.admin_space_left, space))),
            Line::metric("logging suspended", Value::Flag(self.is_suspended), "logging_suspended"),
            Line::new("file system space action performed", Value::Flag(guard.left_done)),
            Line::new("admin space action performed", Value::Flag(guard.admin_done)),
            Line::metric("disk error detected", Value::Flag(guard.errors > 0), "disk_error"),
        ]);
    }

    /// The report's lines that the reference does not have.
    pub(super) fn report_more(&self, lines: &mut Vec<Line>) {
        let is_degraded = self.shedding.is_active() && self.state == State::Open;
        lines.extend([
            Line::metric("records written", Value::Number(self.written, ""), "records_written_total"),
            Line::metric("disk syncs requested", Value::Number(self.sync.requested(), ""), "disk_syncs_total"),
            Line::metric("keeping priority events only", Value::Flag(is_degraded), "degraded"),
            Line::new("buffer set aside for a batch", Value::Number(self.lines.capacity() as u64 / 1024, " KiB")),
        ]);
    }
}

/// The serial of a record's event, as this machine counts or as its sender does.
fn serial_of(ctx: &Context, record: &BatchRecord<'_>) -> u64 {
    match record.is_of_peer() {
        true => first_event_id(record.line()).map_or(0, |id| id.serial),
        false => ctx.serial(),
    }
}
