//! The core: the parts of the daemon, and which of them an input concerns. No system call, no clock.
//!
//! Inputs go in by [`Core::handle`], effects come out by [`Core::next_effect`]. The answer to an effect is an input like any
//! other, given after the effect was performed and before the next one. A script of inputs is a test without files and
//! without sleeping.

use super::context::Context;
use super::control::{self, Control};
use super::dispatch::Dispatcher;
use super::enrich::Enricher;
use super::kernel::KernelLosses;
use super::ledger::{CAUSES, Cause, Sink};
use super::listen::Listener;
use super::log::LogSink;
#[cfg(test)]
use super::log::State;
use super::record::deferred::Deferred;
use super::record::{Records, format};
use super::report::{Facts, Line, Report, Value};
use super::{Effect, Identity, Input, PeerEvent, Sender, earlier};
use crate::abi::{Signal, kind};
use crate::config::Level;
use crate::config::auditd::{Config, LogFormat};
use crate::daemon::log::Requested;
use crate::host::plugins::PluginSet;
use crate::sys::clock::Moment;
use crate::sys::files::FilesystemSpace;

/// See the module.
pub struct Core {
    ctx: Context,
    deferred: Deferred,
    log: LogSink,
    dispatch: Dispatcher,
    listener: Listener,
    kernel: KernelLosses,
    control: Control,
    /// Records and batches received since the start.
    received: (u64, u64),
    /// When passwd and group were looked at for an unknown id, on the monotonic clock.
    names_checked: i64,
    /// The log was open once: what it ends with is ours.
    was_open: bool,
}

impl Core {
    /// A daemon that has not opened its log yet. `monotonic` is in seconds.
    pub fn new(config: Config, identity: Identity, enricher: Enricher, now: Moment, monotonic: i64) -> Core {
        let ctx = Context::new(config, identity, Records::new(enricher, now), now, monotonic);
        let (log, kernel) = (LogSink::new(&ctx), KernelLosses::new(&ctx));
        Core {
            ctx,
            deferred: Deferred::default(),
            log,
            dispatch: Dispatcher::default(),
            listener: Listener::default(),
            kernel,
            control: Control::default(),
            received: (0, 0),
            names_checked: 0,
            was_open: false,
        }
    }

    /// The configuration in force.
    pub fn config(&self) -> &Config {
        &self.ctx.config
    }

    /// The lines that [`Effect::Write`] is about, and whether the last write failed.
    pub(super) fn pending(&self) -> (&[u8], bool) {
        (self.log.lines(), self.log.is_failing())
    }

    /// Whether it only reads the multicast copy of the events.
    pub(super) fn observes(&self) -> bool {
        self.ctx.identity.observes
    }

    /// Whether lines go to standard output.
    pub(super) fn writes_stream(&self) -> bool {
        self.ctx.writes_stream()
    }

    /// Sets the time of the inputs that follow: of day, and in seconds of a clock that never steps.
    pub fn set_time(&mut self, now: Moment, monotonic: i64) {
        self.ctx.now = now;
        self.ctx.monotonic = monotonic;
    }

    /// Sets what `node=` says; nothing for an empty name.
    pub fn set_node(&mut self, name: &str) {
        self.ctx.records.set_node(name);
    }

    /// Takes over the kernel's count of losses that an earlier daemon wrote down.
    pub(super) fn set_kernel_lost(&mut self, lost: u32) {
        self.kernel.set_counted(lost);
    }

    /// Takes note of the space on the log's file system, for the report.
    pub(super) fn set_space(&mut self, space: FilesystemSpace) {
        self.log.set_space(space);
    }

    /// The next effect to perform.
    pub fn next_effect(&mut self) -> Option<Effect> {
        self.ctx.next_effect()
    }

    /// Seconds until [`Input::Tick`] is due: the earliest deadline of the parts. `None` for never.
    pub fn due(&self) -> Option<u64> {
        let ctx = &self.ctx;
        let due = [
            self.deferred.due(),
            self.log.due(ctx),
            self.kernel.due(ctx),
            self.control.due(ctx),
            self.dispatch.due(),
            self.listener.due(),
        ];
        let due = due.into_iter().fold(None, earlier)?;
        Some(due.saturating_sub(ctx.monotonic).max(0) as u64)
    }

    /// Takes one input. Its effects are to be performed before the next one.
    pub fn handle(&mut self, input: Input<'_>) {
        let ctx = &mut self.ctx;
        match input {
            Input::Record(record_type, text) => return self.record(record_type, text),
            Input::EndOfBatch => return self.end_batch(),
            Input::Dispatch => {
                self.dispatch.take(ctx);
                self.dispatch.write(ctx);
            }
            Input::Wrote => {
                self.log.wrote(ctx);
                self.listener.answer(ctx, self.log.reply());
            }
            Input::WriteFailed { kept, errno } => {
                self.log.write_failed(ctx, kept, errno);
                self.listener.answer(ctx, LogSink::failure_reply(errno));
            }
            Input::Oversize(count) => ctx.lose(Cause::Oversize, Sink::All, Some(count as u64)),
            Input::Overrun => {
                ctx.lose(Cause::SocketOverrun, Sink::All, None);
                self.kernel.ask(ctx);
            }
            Input::Kernel(status) => self.kernel.answered(ctx, &status),
            Input::Space(space) => self.log.measured(ctx, space),
            Input::LogMissing => self.log.missing(ctx),
            Input::Opened(found) => {
                if let Some(end) = found.end.as_ref().filter(|_| !std::mem::replace(&mut self.was_open, true)) {
                    self.kernel.continue_from(ctx, end);
                }
                self.log.opened(ctx, found);
                self.announce();
                self.log.after_opening(&mut self.ctx);
            }
            Input::OpenFailed(errno) => {
                self.log.open_failed(ctx, errno);
                self.announce();
            }
            Input::Rotated(ended) => {
                self.log.rotated(ctx, ended, self.control.is_announcing());
                self.announce();
            }
            Input::SyncFailed(errno) => self.log.disk_failed(ctx, "flush", errno),
            Input::Signal(signal, sender) => {
                let order = self.control.signalled(ctx, signal, sender);
                self.obey(order);
            }
            Input::Sender(sender) => {
                let order = self.control.sender_is(sender);
                self.obey(order);
            }
            Input::Config(result) => self.configured(result),
            Input::Names(users) => {
                ctx.records.set_users(users);
                self.deferred.flush(ctx);
                self.log.take(ctx);
                self.log.write(ctx);
            }
            Input::Node(name) => ctx.records.set_node(&name),
            Input::HelperEnded(purpose, ended) => self.log.helper_ended(ctx, purpose, ended),
            Input::Plugins(set) if !ctx.identity.observes => self.dispatch.reload(ctx, set),
            Input::Plugins(_) => {}
            Input::PluginStarted(id, result) => self.dispatch.started(ctx, id, result),
            Input::PluginWrote { id, count, is_blocked } => self.dispatch.wrote(id, count, is_blocked),
            Input::PluginReady(id) => self.dispatch.ready(ctx, id),
            Input::PluginGone { id, is_unread } => self.dispatch.gone(ctx, id, is_unread),
            Input::PluginEnded { id, is_unread } => self.dispatch.ended(ctx, id, is_unread),
            Input::Peer(event) => self.peer(event),
            Input::LastOfPlugins => self.dispatch.flush(ctx),
            Input::StopPlugins => self.dispatch.stop(ctx),
            Input::Tick => self.tick(),
        }
        self.log.take(&mut self.ctx);
        self.dispatch.take(&mut self.ctx);
        self.ctx.records.clear();
    }

    /// One netlink message.
    fn record(&mut self, record_type: u16, text: &[u8]) {
        if format::is_control(record_type) {
            return;
        }
        self.received.0 += 1;
        if let Some(event) = self.ctx.saw(text) {
            self.kernel.saw(&mut self.ctx, event);
        }
        if !self.deferred.defer(&self.ctx, record_type, text) {
            self.ctx.records.push(self.ctx.config.log_format, record_type, text);
            self.log.take(&mut self.ctx);
            self.check_names();
        }
        if Enricher::is_stale_after(record_type) {
            self.ctx.emit(Effect::LoadNames { anyway: true });
        }
    }

    /// Something about the listener. What a peer sent is written at once, so that it can be answered.
    fn peer(&mut self, event: PeerEvent<'_>) {
        let ctx = &mut self.ctx;
        self.listener.handle(ctx, event, self.log.intake());
        self.log.take(ctx);
        self.log.write(ctx);
        self.dispatch.take(ctx);
        self.dispatch.write(ctx);
        if !self.log.is_writing() {
            // Nothing of it is for the log.
            self.listener.answer(ctx, self.log.reply());
        }
    }

    /// Has passwd and group looked at when an id is unknown, once a second at most.
    fn check_names(&mut self) {
        let is_enriched = self.ctx.config.log_format == LogFormat::Enriched;
        if is_enriched && self.names_checked != self.ctx.monotonic && self.ctx.records.has_unknown_id() {
            self.names_checked = self.ctx.monotonic;
            self.ctx.emit(Effect::LoadNames { anyway: false });
        }
    }

    fn end_batch(&mut self) {
        self.received.1 += 1;
        self.log.take(&mut self.ctx);
        self.kernel.tick(&mut self.ctx);
        self.log.flush_gaps(&mut self.ctx);
        self.log.write(&mut self.ctx);
    }

    fn tick(&mut self) {
        while let Some(order) = self.control.next_overdue(&self.ctx) {
            self.obey(Some(order));
        }
        let ctx = &mut self.ctx;
        self.deferred.tick(ctx);
        self.log.take(ctx);
        self.kernel.tick(ctx);
        self.log.tick(ctx);
        self.log.write(ctx);
        self.control.tick(ctx);
        self.listener.tick(ctx);
        self.log.take(ctx);
        self.dispatch.take(ctx);
        self.dispatch.tick(ctx);
    }

    /// Carries out what a signal asks for.
    fn obey(&mut self, order: Option<control::Order>) {
        match order {
            Some((Signal::Stop, sender)) => self.stop(&sender),
            Some((Signal::Reload, sender)) => self.reload(sender),
            Some((Signal::Rotate, sender)) => self.rotate(&sender),
            Some((Signal::Resume, sender)) => self.resume(&sender),
            Some((Signal::State, _)) | None => {}
        }
    }

    fn stop(&mut self, sender: &Sender) {
        let ctx = &mut self.ctx;
        let body = control::signed("op=terminate", sender, "success");
        self.listener.stop(ctx);
        self.deferred.flush(ctx);
        self.log.take(ctx);
        if self.log.is_closed() {
            // What the ledger holds must not be lost with the daemon: the log is opened once more.
            self.control.announce_and_stop(kind::DAEMON_END, body);
            ctx.emit(Effect::ReleaseReserve);
            ctx.emit(Effect::Open);
        } else {
            self.log.flush_gaps(ctx);
            ctx.own_record(kind::DAEMON_END, &body);
            self.log.take(ctx);
            ctx.emit(Effect::Stop);
        }
    }

    fn rotate(&mut self, sender: &Sender) {
        let body = control::signed("op=rotate-logs", sender, "success");
        match self.log.rotate_on_request(&mut self.ctx) {
            Requested::NoFile => {}
            Requested::Disabled => self.ctx.own_record(kind::DAEMON_ROTATE, &body),
            Requested::Begun => self.control.announce_later(kind::DAEMON_ROTATE, body),
        }
    }

    fn resume(&mut self, sender: &Sender) {
        self.control.announce_later(kind::DAEMON_RESUME, control::signed("op=resume-logging", sender, "success"));
        let opens = self.log.is_closed();
        self.log.resume(&mut self.ctx);
        self.dispatch.resume();
        if !opens {
            self.announce();
        }
    }

    fn reload(&mut self, sender: Sender) {
        match self.control.begin_reload(sender) {
            Ok(true) => self.load_config(),
            // What is being read may be older than the file that this is about.
            Ok(false) => self.ctx.log(Level::Debug, "HUP detected, the configuration is read once more after this"),
            Err(sender) => {
                self.ctx.log(Level::Error, "Reconfiguration already in progress, no config changes");
                self.reload_failed(&sender);
            }
        }
    }

    fn load_config(&mut self) {
        self.ctx.log(Level::Debug, "HUP detected, starting config manager");
        self.ctx.emit(Effect::LoadConfig);
    }

    /// Whether another reload follows the one that is under way.
    pub(super) fn reloads_again(&self) -> bool {
        self.control.reloads_again()
    }

    fn reload_failed(&mut self, sender: &Sender) {
        let body = control::signed("op=reconfigure state=no-change", sender, "failed");
        self.ctx.own_record(kind::DAEMON_CONFIG, &body);
    }

    /// The configuration was read again.
    fn configured(&mut self, result: Result<Box<Config>, String>) {
        let (sender, begins_again) = self.control.end_reload();
        match result {
            Ok(config) => {
                self.adopt(*config, &sender);
                self.control.announce_later(kind::DAEMON_CONFIG, control::reconfigured(&sender));
                // A log that is about to be opened begins with it.
                if !self.log.is_closed() || self.log.is_suspended() {
                    self.announce();
                }
            }
            Err(text) => {
                self.ctx.log(Level::Error, text);
                self.reload_failed(&sender);
            }
        }
        if begins_again {
            self.load_config();
        }
    }

    /// Takes a new configuration over. What only a start can change stays as it was.
    fn adopt(&mut self, mut new: Config, sender: &Sender) {
        let ctx = &mut self.ctx;
        let context = String::from_utf8_lossy(sender.context.as_deref().unwrap_or(b"?")).into_owned();
        let text = format!("config change requested by pid={} auid={} subj={context}", sender.pid, sender.auid as i32);
        ctx.log(Level::Notice, text);
        new.local_events = ctx.config.local_events;
        // Lines that wait belong into the log as it was.
        self.log.write(ctx);
        let old = std::mem::replace(&mut ctx.config, new);
        if old.priority_boost != ctx.config.priority_boost {
            ctx.emit(Effect::Renice(old.priority_boost as i64 - ctx.config.priority_boost as i64));
        }
        self.log.adopt(ctx, &old);
        self.listener.adopt(ctx, &old);
    }

    /// Makes the record that waited for the log, and ends after the last one.
    fn announce(&mut self) {
        let stops = self.control.announce(&mut self.ctx);
        self.log.take(&mut self.ctx);
        if stops {
            self.ctx.emit(Effect::Stop);
        }
    }

    /// The end of a batch of the daemon's own records.
    fn close_batch(&mut self) {
        self.end_batch();
        self.handle(Input::Dispatch);
    }

    /// DAEMON_START, the first record of every run.
    pub(super) fn record_start(&mut self) {
        control::record_start(&mut self.ctx);
        self.close_batch();
    }

    /// DAEMON_ABORT: a stage of the start failed.
    pub(super) fn record_abort(&mut self, stage: &str) {
        control::record_abort(&mut self.ctx, stage);
        self.close_batch();
    }

    /// DAEMON_CONFIG: what an early daemon has kept comes next; what it had no room for goes into the ledger.
    #[cfg(feature = "early")]
    pub(super) fn record_hand_over(&mut self, owner: i32, said: &super::early::HandOver) {
        self.kernel.handed_over();
        let ctx = &mut self.ctx;
        control::record_hand_over(ctx, owner, said.kept);
        if said.oversize > 0 {
            ctx.lose(Cause::Oversize, Sink::All, Some(u64::from(said.oversize)));
        }
        self.lose_kept(said.lost, (u64::from(said.serials.0), u64::from(said.serials.1)));
        self.close_batch();
    }

    /// Takes note of what an early daemon, or this one in its place, could not keep, with its first and last serial or zeros.
    #[cfg(feature = "early")]
    pub(super) fn lose_kept(&mut self, count: u32, serials: (u64, u64)) {
        if count > 0 {
            self.ctx.ledger.lose((Cause::EarlyQueue, Sink::All), Some(u64::from(count)), serials, self.ctx.now);
        }
    }

    /// What happened until the kernel's next record was lost with an early daemon.
    #[cfg(feature = "early")]
    pub(super) fn early_daemon_died(&mut self) {
        self.kernel.early_daemon_died();
    }

    /// Starts the plugins.
    pub(super) fn start_plugins(&mut self, set: PluginSet) {
        self.dispatch.start(&mut self.ctx, set);
    }

    /// The dispatcher, for what performs its effects.
    pub(super) fn dispatch(&self) -> &Dispatcher {
        &self.dispatch
    }

    /// Opens the port that other machines connect to, if there is to be one.
    pub(super) fn start_listening(&mut self) {
        self.listener.start(&mut self.ctx);
    }

    /// The listener, for what performs its effects.
    pub(super) fn listener(&self) -> &Listener {
        &self.listener
    }

    /// How lines of this machine begin: `node=NAME `, or nothing.
    pub(super) fn node(&self) -> &[u8] {
        self.ctx.records.node()
    }

    /// Asks the kernel for its count of losses.
    pub(super) fn ask_kernel(&mut self) {
        self.kernel.ask(&mut self.ctx);
    }

    /// The state report.
    pub fn report(&mut self, facts: &Facts) -> Report {
        let Core { ctx, log, dispatch, listener, kernel, .. } = self;
        let is_logging = ctx.config.write_logs && !ctx.identity.foreground;
        let mut lines = vec![
            Line::new("audit version", Value::Text(env!("CARGO_PKG_VERSION").to_string())),
            Line::new("current time", Value::Text(facts.time.clone())),
            Line::new("process priority", Value::Text(facts.priority.to_string())),
            Line::new("writing to logs", Value::Flag(is_logging)),
        ];
        if is_logging {
            log.report(ctx, &mut lines);
        }
        dispatch.report(ctx, &mut lines);
        listener.report(&mut lines);
        lines.extend([
            Line::metric("records received", Value::Number(self.received.0, ""), "records_received_total"),
            Line::metric("batches received", Value::Number(self.received.1, ""), "batches_total"),
        ]);
        log.report_more(&mut lines);
        dispatch.report_more(&mut lines);
        kernel.report(&mut lines);
        for &(cause, name) in CAUSES {
            let metric = format!("lost_records_total{{cause=\"{name}\"}}");
            let total = Value::Number(ctx.ledger.total(cause), "");
            lines.push(Line::metric(format!("lost to {name}"), total, metric));
        }
        lines.push(Line::metric("worker blocked", Value::Flag(facts.blocked.is_some()), "worker_blocked"));
        if let Some(job) = &facts.blocked {
            lines.push(Line::new("worker blocked by", Value::Text(job.clone())));
        }
        if let Some((now, most)) = facts.memory {
            let kib = |bytes: u64| Value::Number(bytes / 1024, " KiB");
            lines.push(Line::metric("resident memory", kib(now), "resident_memory_kibibytes"));
            lines.push(Line::new("peak resident memory", kib(most)));
        }
        Report::new(lines)
    }
}

#[cfg(test)]
impl Core {
    pub(super) fn log_state(&self) -> State {
        self.log.state()
    }

    pub(super) fn is_suspended(&self) -> bool {
        self.log.is_suspended()
    }

    pub(super) fn ledger(&self) -> &super::ledger::Ledger {
        &self.ctx.ledger
    }
}
