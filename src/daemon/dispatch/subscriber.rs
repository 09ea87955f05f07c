//! One plugin: what waits for it, and its life.

use super::frames::BatchFrames;
use crate::config::Level;
use crate::config::plugin::{Format, Plugin, Unit};
use crate::daemon::Effect;
use crate::daemon::context::Context;
use crate::daemon::ledger::{Cause, Sink, SinkName};
use crate::daemon::record::batch::BatchRecord;
use crate::event::Event;
use crate::plugin::frame::Frame;
use crate::plugin::gather::Gatherer;
use crate::plugin::queue::{Lost, Queue};
use crate::record::Record;

/// Stands for one plugin while the daemon runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PluginId(pub(super) u32);

/// Losses of a plugin are written down when it keeps up again, and else after this many seconds, then twice as many, and so on.
const REPORT_LOSSES_AFTER: i64 = 10;

/// A full queue has room for this many more records, of what the plugin itself has lost. The plugin reads them next.
pub(super) const ROOM_FOR_LOSSES: usize = 32;

/// Seconds after which a plugin whose input has ended is told to end, and then is killed.
const TERMINATE_AFTER: i64 = 1;
const KILL_AFTER: i64 = 6;

/// After this many seconds without a death, earlier ones count no more.
const FORGET_DEATHS_AFTER: i64 = 3600;

/// The longest wait before a restart, in seconds. The first death costs none, the next ones 1, 2, 4, ...
const LONGEST_WAIT: i64 = 60;

/// Where a plugin stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// It is being started.
    Starting,
    /// It reads, or could.
    Running,
    /// Its input has ended, its process not yet.
    Ending { since: i64, step: EndStep, next: Next },
    /// It is started again at this time.
    Waiting { until: i64 },
    /// It died too often, or could not be started: nothing until the next reload.
    GivenUp,
    /// It is not configured any more, and its process has ended.
    Removed,
}

/// How a plugin was last told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndStep {
    EndOfInput,
    Terminate,
    Kill,
}

/// What comes when its process has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It has died and is started again.
    Restart,
    /// It is started with its new configuration.
    Start,
    /// Nothing.
    Remove,
}

/// Losses that are not yet in the ledger.
struct Unreported {
    lost: Lost,
    since: i64,
}

/// See the module.
pub(super) struct Subscriber {
    pub(super) id: PluginId,
    pub(super) name: String,
    config: Plugin,
    pub(super) life: Life,
    queue: Queue,
    /// For one that wants whole events.
    gatherer: Option<Gatherer>,
    timeout: u64,
    /// It cannot be written to at the moment.
    pub(super) is_blocked: bool,
    /// [`Effect::WritePlugin`] was asked for.
    is_writing: bool,
    /// Its process has ended, though something holds its end of the socket.
    has_process_ended: bool,
    /// A full queue has suspended it.
    pub(super) is_suspended: bool,
    /// Its queue was full since the last reload.
    pub(super) has_overflown: bool,
    unreported: Option<Unreported>,
    /// Seconds after which they are written down while it does not keep up.
    patience: i64,
    /// Records it has lost since it was configured.
    lost: u64,
    deaths: u64,
    last_death: i64,
}

impl Subscriber {
    pub(super) fn new(id: PluginId, name: String, config: Plugin, timeout: u64) -> Subscriber {
        let gatherer = Subscriber::gatherer(&config, timeout);
        Subscriber {
            id,
            name,
            config,
            life: Life::Starting,
            queue: Queue::default(),
            gatherer,
            timeout,
            is_blocked: false,
            is_writing: false,
            has_process_ended: false,
            is_suspended: false,
            has_overflown: false,
            unreported: None,
            patience: REPORT_LOSSES_AFTER,
            lost: 0,
            deaths: 0,
            last_death: 0,
        }
    }

    fn gatherer(config: &Plugin, timeout: u64) -> Option<Gatherer> {
        (config.events == Unit::Whole).then(|| Gatherer::new(timeout))
    }

    /// Its program and the arguments.
    pub(super) fn words(&self) -> Vec<&str> {
        std::iter::once(&self.config.path).chain(&self.config.args).map(String::as_str).collect()
    }

    pub(super) fn pending(&self) -> &[u8] {
        self.queue.pending()
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn deepest(&self) -> usize {
        self.queue.deepest()
    }

    /// Whether it runs, or will again by itself.
    pub(super) fn is_active(&self) -> bool {
        self.wants_records()
    }

    /// Whether records are kept for it.
    pub(super) fn wants_records(&self) -> bool {
        !(self.is_removed() || self.life == Life::GivenUp)
    }

    /// Whether it is not configured any more.
    pub(super) fn is_removed(&self) -> bool {
        matches!(self.life, Life::Removed | Life::Ending { next: Next::Remove, .. })
    }

    /// Whether nothing is left of it.
    pub(super) fn is_gone(&self) -> bool {
        self.life == Life::Removed
    }

    /// What the state report says of it.
    pub(super) fn describe(&self) -> String {
        let state = match self.life {
            Life::Starting | Life::Running if self.is_suspended => "suspended",
            Life::Starting | Life::Running if self.is_blocked => "behind",
            Life::Starting | Life::Running => "running",
            Life::Ending { .. } => "ending",
            Life::Waiting { .. } => "restarting",
            Life::GivenUp | Life::Removed => "given up",
        };
        let (queued, deaths, lost) = (self.queue.len(), self.deaths, self.lost);
        format!("{state}, queued {queued}, restarts {deaths}, lost {lost}")
    }

    /// The form in which it takes the records of a batch; none for one that wants whole events.
    pub(super) fn form(&self) -> Option<Format> {
        (self.gatherer.is_none() && self.wants_records()).then_some(self.config.format)
    }

    /// Takes the records of a batch in its form; false when its queue is full. `limit` is the most frames that may wait.
    pub(super) fn take(&mut self, frames: &BatchFrames, limit: usize, monotonic: i64) -> bool {
        let room = self.room(limit, None);
        let (taken, left) = frames.frames.split_at(room.min(frames.frames.len()));
        let bytes: usize = taken.iter().map(|frame| frame.len).sum();
        let (bytes, mut rest) = frames.bytes.split_at_checked(bytes).unwrap_or_default();
        self.queue.extend(bytes, taken.iter().map(|frame| (frame.len, frame.serial)));
        let mut lost = left.iter().filter(|frame| !frame.is_about_loss);
        if let Some(first) = lost.next() {
            let (mut count, mut last) = (1, first.serial);
            lost.for_each(|frame| (count, last) = (count + 1, frame.serial));
            self.lose_at(Lost { count, serials: (first.serial, last) }, monotonic);
        }
        for frame in left {
            let (bytes, after) = rest.split_at_checked(frame.len).unwrap_or_default();
            rest = after;
            if frame.is_about_loss && self.room(limit, Some(bytes)) > 0 {
                self.queue.extend(bytes, std::iter::once((frame.len, frame.serial)));
            }
        }
        self.has_overflown |= !left.is_empty();
        left.is_empty() || self.is_suspended
    }

    /// How many more frames may wait, or of a record about a loss: of one of its own it is told also when its queue is full.
    fn room(&self, limit: usize, loss: Option<&[u8]>) -> usize {
        let mut sink = Vec::new();
        self.sink().push(&mut sink);
        sink.push(b' ');
        let is_own = |record| memchr::memmem::find(record, &sink).is_some();
        match loss {
            Some(record) if is_own(record) => (limit + ROOM_FOR_LOSSES).saturating_sub(self.queue.len()),
            _ if self.is_suspended => 0,
            _ => limit.saturating_sub(self.queue.len()),
        }
    }

    fn sink(&self) -> Sink {
        Sink::Plugin(SinkName::new(&self.name))
    }

    /// Takes a record when it wants whole events; false when its queue is full.
    pub(super) fn gather(&mut self, record: &BatchRecord<'_>, limit: usize, monotonic: i64) -> bool {
        let Some(gatherer) = self.gatherer.as_mut() else { return true };
        let line = record.line();
        let Some(parsed) = Record::parse(line.strip_suffix(b"\n").unwrap_or(line)) else { return true };
        let event = gatherer.push(&parsed, monotonic);
        let loss = record.is_about_loss().then_some(line);
        event.is_none_or(|event| self.take_event(&event, loss, limit, monotonic))
    }

    /// Queues an event, whole or not at all; false when it did not fit. `loss` is its record when that is about a loss.
    fn take_event(&mut self, event: &Event, loss: Option<&[u8]>, limit: usize, monotonic: i64) -> bool {
        if event.len() > self.room(limit, loss) {
            if loss.is_none() {
                let serial = event.id().serial;
                self.lose_at(Lost { count: event.len() as u64, serials: (serial, serial) }, monotonic);
            }
            self.has_overflown = true;
            return self.is_suspended;
        }
        for record in event.records() {
            let frame = Frame { version: 1, record_type: record.record_type.0, text: record.as_written() };
            self.queue.push(event.id().serial, |out| match self.config.format {
                Format::Binary => frame.push_binary(out),
                Format::Text => frame.push_line(out),
            });
        }
        true
    }

    /// Queues the events that wait for more records: it gets no more.
    pub(super) fn take_rest(&mut self, monotonic: i64) {
        while let Some(event) = self.gatherer.as_mut().and_then(Gatherer::rest) {
            self.take_event(&event, None, usize::MAX, monotonic);
        }
    }

    /// Asks for what waits to be written, if it can be.
    pub(super) fn write(&mut self, ctx: &mut Context) {
        if self.life == Life::Running && !self.is_blocked && !self.is_writing && !self.queue.is_empty() {
            self.is_writing = true;
            ctx.emit(Effect::WritePlugin(self.id));
        }
    }

    pub(super) fn wrote(&mut self, count: usize, is_blocked: bool) {
        self.queue.written(count);
        self.is_writing = false;
        self.is_blocked = is_blocked;
    }

    /// Notes losses, which go to the ledger later.
    pub(super) fn lose(&mut self, ctx: &Context, lost: Option<Lost>) {
        if let Some(lost) = lost {
            self.lose_at(lost, ctx.monotonic);
        }
    }

    fn lose_at(&mut self, lost: Lost, monotonic: i64) {
        self.lost += lost.count;
        match &mut self.unreported {
            Some(earlier) => {
                earlier.lost.count += lost.count;
                earlier.lost.serials.1 = lost.serials.1;
            }
            place => *place = Some(Unreported { lost, since: monotonic }),
        }
    }

    fn note(&self, ctx: &mut Context, cause: Cause, count: Option<u64>, serials: (u64, u64)) {
        let now = ctx.now;
        ctx.ledger.lose((cause, self.sink()), count, serials, now);
    }

    /// Puts its losses into the ledger once it keeps up again.
    pub(super) fn report_when_keeping_up(&mut self, ctx: &mut Context) {
        if self.queue.len() * 2 < ctx.config.q_depth as usize {
            self.patience = REPORT_LOSSES_AFTER;
            self.report_losses(ctx);
        }
    }

    /// Puts its losses into the ledger.
    pub(super) fn report_losses(&mut self, ctx: &mut Context) {
        if let Some(Unreported { lost, .. }) = self.unreported.take() {
            let cause = if self.wants_records() { Cause::PluginQueue } else { Cause::PluginEnded };
            self.note(ctx, cause, Some(lost.count), lost.serials);
        }
    }

    fn start(&mut self, ctx: &mut Context) {
        self.life = Life::Starting;
        ctx.emit(Effect::StartPlugin(self.id));
    }

    /// It was started, or could not be.
    pub(super) fn started(&mut self, ctx: &mut Context, result: Result<(), String>) {
        (self.is_blocked, self.is_writing, self.has_process_ended) = (false, false, false);
        match result {
            Ok(()) => {
                self.life = Life::Running;
                if self.deaths > 0 {
                    let (path, deaths) = (&self.config.path, self.deaths);
                    ctx.log(Level::Notice, format!("plugin {path} was restarted ({deaths}x)"));
                }
                self.write(ctx);
            }
            Err(why) => {
                ctx.log(Level::Error, format!("Error running {} ({why}) continuing without it", self.config.path));
                self.give_up(ctx);
            }
        }
    }

    fn give_up(&mut self, ctx: &mut Context) {
        self.report_losses(ctx);
        self.life = Life::GivenUp;
        self.take_rest(ctx.monotonic);
        let lost = self.queue.clear();
        self.lose(ctx, lost);
        self.report_losses(ctx);
    }

    /// It has closed its end of the socket.
    pub(super) fn gone(&mut self, ctx: &mut Context, is_unread: bool) {
        if self.life == Life::Running {
            self.left(ctx, is_unread);
            ctx.log(Level::Error, format!("plugin {} terminated unexpectedly", self.config.path));
            self.end(ctx, Next::Restart);
        }
    }

    /// Ends its input.
    fn end(&mut self, ctx: &mut Context, next: Next) {
        ctx.emit(Effect::ClosePlugin(self.id));
        (self.is_writing, self.is_blocked) = (false, false);
        self.queue.rewind();
        self.life = Life::Ending { since: ctx.monotonic, step: EndStep::EndOfInput, next };
        if self.has_process_ended {
            self.go_on(ctx, next);
        }
    }

    /// Nobody knows how much of what it was sent it has not read, but up to where that went.
    fn left(&self, ctx: &mut Context, is_unread: bool) {
        if is_unread {
            self.note(ctx, Cause::PluginUnread, None, (0, self.queue.last_written()));
        }
    }

    /// Its process has ended.
    pub(super) fn ended(&mut self, ctx: &mut Context, is_unread: bool) {
        self.left(ctx, is_unread);
        self.has_process_ended = true;
        if let Life::Ending { next, .. } = self.life {
            self.go_on(ctx, next);
        }
    }

    fn go_on(&mut self, ctx: &mut Context, next: Next) {
        match next {
            Next::Restart => self.restart(ctx),
            Next::Start => self.start(ctx),
            Next::Remove => self.life = Life::Removed,
        }
    }

    /// It has died: starts it again, now or later, or not any more.
    fn restart(&mut self, ctx: &mut Context) {
        if ctx.monotonic - self.last_death > FORGET_DEATHS_AFTER {
            self.deaths = 0;
        }
        self.last_death = ctx.monotonic;
        self.deaths += 1;
        if self.deaths > ctx.config.max_restarts {
            ctx.log(Level::Error, format!("plugin {} has exceeded max_restarts", self.config.path));
            self.give_up(ctx);
        } else if self.deaths == 1 {
            self.start(ctx);
        } else {
            let wait = 1_i64.checked_shl(self.deaths as u32 - 2).filter(|wait| (1..LONGEST_WAIT).contains(wait));
            self.life = Life::Waiting { until: ctx.monotonic + wait.unwrap_or(LONGEST_WAIT) };
        }
    }

    /// Follows a new configuration. What waits in another form than it now reads is lost, and returned.
    pub(super) fn adopt(&mut self, ctx: &mut Context, config: Plugin) -> Option<Lost> {
        self.report_losses(ctx);
        let same_form = (self.config.format, self.config.events) == (config.format, config.events);
        let mut lost = None;
        if !same_form {
            self.take_rest(ctx.monotonic);
            lost = self.queue.clear();
            self.gatherer = Subscriber::gatherer(&config, self.timeout);
        }
        self.config = config;
        self.deaths = 0;
        (self.is_suspended, self.has_overflown) = (false, false);
        match &mut self.life {
            Life::Starting | Life::Running => self.end(ctx, Next::Start),
            Life::Ending { next, .. } => *next = Next::Start,
            Life::Waiting { .. } | Life::GivenUp | Life::Removed => self.start(ctx),
        }
        lost
    }

    /// It is not configured any more. What waits is lost, and returned.
    pub(super) fn remove(&mut self, ctx: &mut Context) -> Option<Lost> {
        self.report_losses(ctx);
        match &mut self.life {
            Life::Starting | Life::Running => self.end(ctx, Next::Remove),
            Life::Ending { next, .. } => *next = Next::Remove,
            Life::Waiting { .. } | Life::GivenUp | Life::Removed => self.life = Life::Removed,
        }
        self.take_rest(ctx.monotonic);
        self.queue.clear()
    }

    /// Time has passed; false when an event that is complete by that did not fit.
    pub(super) fn tick(&mut self, ctx: &mut Context) -> bool {
        let (id, now) = (self.id, ctx.monotonic);
        match &mut self.life {
            Life::Ending { since, step, .. } if *step == EndStep::EndOfInput && now - *since >= TERMINATE_AFTER => {
                *step = EndStep::Terminate;
                ctx.emit(Effect::SignalPlugin { id, kill: false });
            }
            Life::Ending { since, step, .. } if *step == EndStep::Terminate && now - *since >= KILL_AFTER => {
                *step = EndStep::Kill;
                ctx.emit(Effect::SignalPlugin { id, kill: true });
            }
            Life::Waiting { until } if *until <= now => self.start(ctx),
            _ => {}
        }
        let (limit, mut fits) = (ctx.config.q_depth as usize, true);
        while let Some(event) = self.gatherer.as_mut().and_then(|gatherer| gatherer.overdue(now)) {
            fits &= self.take_event(&event, None, limit, now);
        }
        if self.unreported.as_ref().is_some_and(|earlier| now - earlier.since >= self.patience) {
            self.patience = self.patience.saturating_mul(2);
            self.report_losses(ctx);
        }
        fits
    }

    /// When [`Subscriber::tick`] has something to do.
    pub(super) fn due(&self) -> Option<i64> {
        let life = match self.life {
            Life::Ending { since, step: EndStep::EndOfInput, .. } => Some(since + TERMINATE_AFTER),
            Life::Ending { since, step: EndStep::Terminate, .. } => Some(since + KILL_AFTER),
            Life::Waiting { until } => Some(until),
            _ => None,
        };
        let losses = self.unreported.as_ref().map(|earlier| earlier.since.saturating_add(self.patience));
        let events = self.gatherer.as_ref().and_then(Gatherer::due);
        crate::daemon::earlier(crate::daemon::earlier(life, losses), events)
    }
}
