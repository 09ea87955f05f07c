//! The dispatcher: every record goes to every plugin, and no plugin is ever waited for (auditd-plugins(5)).
//!
//! [`Dispatcher`] decides, and asks for effects; [`processes`] performs them. Each plugin has a [`Subscriber`]: its own bounded
//! queue, and its own life. One that reads slowly, stops, or dies loses records of its own alone, and the ledger says which.
//!
//! A life: started -> running -> gone (its end of the socket was closed) -> ending, until its process was reaped -> waiting
//! for the next start -> started again. A plugin that dies too often is given up until the next reload.

mod frames;
pub(super) mod processes;
mod subscriber;
#[cfg(test)]
mod tests;

use super::Effect;
use super::context::Context;
use super::record::batch::BatchRecord;
use super::report::{Line, Value};
use crate::abi::kind;
use crate::config::Level;
use crate::config::auditd::{LogFormat, Overflow};
use crate::config::plugin::Format;
use crate::host::plugins::PluginSet;
use frames::BatchFrames;
pub use subscriber::PluginId;
use subscriber::{Life, Subscriber};

/// How often the system log is told of a full queue. COMPAT: the reference's number.
const OVERFLOW_MESSAGES: u32 = 5;

/// See the module.
pub(super) struct Dispatcher {
    /// Position in the batch of the next record to take.
    position: u64,
    subscribers: Vec<Subscriber>,
    /// The batch at hand, for those who read it so.
    text: BatchFrames,
    binary: BatchFrames,
    /// How many plugins there ever were.
    known: u32,
    /// How often the system log was told of a full queue.
    overflow_messages: u32,
    /// A full queue has brought down the system.
    has_brought_down: bool,
    /// The files of plugins that cannot run, as of the last time they were read, and why each cannot.
    skipped: Vec<(String, String)>,
}

impl Default for Dispatcher {
    fn default() -> Dispatcher {
        Dispatcher {
            position: 0,
            subscribers: Vec::new(),
            text: BatchFrames::new(Format::Text),
            binary: BatchFrames::new(Format::Binary),
            known: 0,
            overflow_messages: 0,
            has_brought_down: false,
            skipped: Vec::new(),
        }
    }
}

impl Dispatcher {
    /// Starts the plugins of the daemon's start.
    pub(super) fn start(&mut self, ctx: &mut Context, set: PluginSet) {
        self.skipped = set.skipped;
        for (name, config) in set.plugins {
            self.add(ctx, name, config);
        }
        match self.subscribers.len() {
            0 => ctx.log(Level::Notice, "No plugins found, not dispatching events"),
            count => {
                let depth = ctx.config.q_depth;
                let text = format!("audit dispatcher initialized with q_depth={depth} and {count} active plugins");
                ctx.log(Level::Info, text);
            }
        }
    }

    fn add(&mut self, ctx: &mut Context, name: String, config: crate::config::plugin::Plugin) {
        self.known += 1;
        let id = PluginId(self.known);
        self.subscribers.push(Subscriber::new(id, name, config, ctx.config.end_of_event_timeout));
        ctx.emit(Effect::StartPlugin(id));
    }

    /// Follows the plugins of a reload: all that run are ended, and each is started again when it has. What waits for a plugin
    /// that stays, waits on.
    pub(super) fn reload(&mut self, ctx: &mut Context, mut set: PluginSet) {
        self.skipped = set.skipped;
        if !self.skipped.is_empty() {
            return ctx.log(Level::Error, "Plugin configuration reload failed, keeping old state");
        }
        (self.overflow_messages, self.has_brought_down) = (0, false);
        for subscriber in &mut self.subscribers {
            let new = set.plugins.iter().position(|(name, _)| *name == subscriber.name);
            let lost = match new.map(|at| set.plugins.remove(at).1) {
                Some(config) => subscriber.adopt(ctx, config),
                None => subscriber.remove(ctx),
            };
            subscriber.lose(ctx, lost);
        }
        let gone = |subscriber: &Subscriber| subscriber.is_gone();
        for subscriber in self.subscribers.iter_mut().filter(|subscriber| gone(subscriber)) {
            subscriber.report_losses(ctx);
        }
        self.subscribers.retain(|subscriber| !gone(subscriber));
        for (name, config) in set.plugins {
            self.add(ctx, name, config);
        }
        if self.subscribers.iter().all(Subscriber::is_removed) {
            ctx.log(Level::Info, "After reconfigure, there are no active plugins, exiting");
        }
    }

    /// A signal resumes what a full queue has suspended.
    pub(super) fn resume(&mut self) {
        self.subscribers.iter_mut().for_each(|subscriber| subscriber.is_suspended = false);
    }

    /// Takes the records of the batch that came since the last time.
    pub(super) fn take(&mut self, ctx: &mut Context) {
        if self.subscribers.is_empty() {
            self.position = ctx.records.batch().end();
            return;
        }
        if self.position == ctx.records.batch().end() {
            return;
        }
        let (limit, now) = (ctx.config.q_depth as usize, ctx.monotonic);
        let Dispatcher { subscribers, position, text, binary, .. } = self;
        let is_wanted = |form| subscribers.iter().any(|subscriber| subscriber.form() == Some(form));
        let forms = [(is_wanted(Format::Text), &mut *text), (is_wanted(Format::Binary), &mut *binary)];
        let mut forms = forms.map(|(is_wanted, frames)| is_wanted.then_some(frames));
        let mut overflown = Vec::new();
        forms.iter_mut().flatten().for_each(|frames| frames.clear());
        while let Some(record) = ctx.records.batch().get(*position) {
            *position += 1;
            if !is_dispatched(&record) || record.is_of_peer() && !ctx.config.distribute_network {
                continue;
            }
            // Kernel records in the kernel's own words are what version 0 of the binary form carries.
            let is_kernel_text = ctx.config.log_format == LogFormat::Raw && record.line().starts_with(b"type=");
            forms.iter_mut().flatten().for_each(|frames| frames.push(&record, is_kernel_text));
            for subscriber in subscribers.iter_mut().filter(|subscriber| subscriber.wants_records()) {
                if !subscriber.gather(&record, limit, now) {
                    overflown.push(subscriber.id);
                }
            }
        }
        for subscriber in subscribers.iter_mut() {
            let frames = match subscriber.form() {
                Some(Format::Text) => &*text,
                Some(Format::Binary) => &*binary,
                None => continue,
            };
            if !subscriber.take(frames, limit, now) {
                overflown.push(subscriber.id);
            }
        }
        overflown.into_iter().for_each(|id| self.overflow(ctx, id));
    }

    /// A plugin's queue was full.
    fn overflow(&mut self, ctx: &mut Context, id: PluginId) {
        let Some(subscriber) = self.subscribers.iter_mut().find(|subscriber| subscriber.id == id) else { return };
        let name = &subscriber.name;
        match ctx.config.overflow_action {
            Overflow::Ignore => {}
            Overflow::Syslog if self.overflow_messages < OVERFLOW_MESSAGES => {
                self.overflow_messages += 1;
                ctx.log(Level::Error, format!("queue to plugins is full - dropping event (plugin {name})"));
                if self.overflow_messages == OVERFLOW_MESSAGES {
                    let text = "auditd queue full reporting limit reached - ending dropped event notifications";
                    ctx.log(Level::Error, text);
                }
            }
            Overflow::Syslog => {}
            Overflow::Suspend => {
                let text = format!(
                    "Auditd is suspending event passing to plugins due to overflowing its queue. (plugin {name})"
                );
                subscriber.is_suspended = true;
                ctx.log(Level::Alert, text);
            }
            Overflow::Single | Overflow::Halt => {
                let (level, state) = match ctx.config.overflow_action {
                    Overflow::Single => ('1', "single user mode"),
                    _ => ('0', "halt"),
                };
                if !std::mem::replace(&mut self.has_brought_down, true) {
                    let text = format!("The queue to plugin {name} is full: changing the system to {state}");
                    ctx.log(Level::Alert, text);
                    ctx.emit(Effect::Runlevel(level));
                }
            }
        }
    }

    /// Has written what waits and can be.
    pub(super) fn write(&mut self, ctx: &mut Context) {
        for subscriber in &mut self.subscribers {
            subscriber.write(ctx);
            subscriber.report_when_keeping_up(ctx);
        }
    }

    fn with(&mut self, id: PluginId, change: impl FnOnce(&mut Subscriber)) {
        if let Some(subscriber) = self.subscribers.iter_mut().find(|subscriber| subscriber.id == id) {
            change(subscriber);
        }
    }

    /// The first `count` pending bytes were written; no more could be if it `is_blocked`.
    pub(super) fn wrote(&mut self, id: PluginId, count: usize, is_blocked: bool) {
        self.with(id, |subscriber| subscriber.wrote(count, is_blocked));
    }

    /// A plugin can be written to again.
    pub(super) fn ready(&mut self, ctx: &mut Context, id: PluginId) {
        self.with(id, |subscriber| {
            subscriber.is_blocked = false;
            subscriber.write(ctx);
        });
    }

    /// A plugin was started, or not, for this reason.
    pub(super) fn started(&mut self, ctx: &mut Context, id: PluginId, result: Result<(), String>) {
        self.with(id, |subscriber| subscriber.started(ctx, result));
    }

    /// A plugin has closed its end.
    pub(super) fn gone(&mut self, ctx: &mut Context, id: PluginId, is_unread: bool) {
        self.with(id, |subscriber| subscriber.gone(ctx, is_unread));
    }

    /// A plugin's process has ended.
    pub(super) fn ended(&mut self, ctx: &mut Context, id: PluginId, is_unread: bool) {
        self.with(id, |subscriber| subscriber.ended(ctx, is_unread));
        self.subscribers.retain(|subscriber| !subscriber.is_gone());
    }

    /// Time has passed.
    pub(super) fn tick(&mut self, ctx: &mut Context) {
        let mut overflown = Vec::new();
        for subscriber in &mut self.subscribers {
            if !subscriber.tick(ctx) {
                overflown.push(subscriber.id);
            }
        }
        overflown.into_iter().for_each(|id| self.overflow(ctx, id));
        self.write(ctx);
    }

    /// When [`Dispatcher::tick`] is to be called at the latest, on the monotonic clock.
    pub(super) fn due(&self) -> Option<i64> {
        self.subscribers.iter().map(Subscriber::due).fold(None, super::earlier)
    }

    /// The plugin's program and arguments.
    pub(super) fn words(&self, id: PluginId) -> Vec<&str> {
        let subscriber = self.subscribers.iter().find(|subscriber| subscriber.id == id);
        subscriber.map_or_else(Vec::new, Subscriber::words)
    }

    /// What is to be written to a plugin.
    pub(super) fn pending(&self, id: PluginId) -> &[u8] {
        self.subscribers.iter().find(|subscriber| subscriber.id == id).map_or(&[], |subscriber| subscriber.pending())
    }

    /// The plugins that run, and whether one cannot be written to now.
    pub(super) fn running(&self) -> impl Iterator<Item = (PluginId, bool)> {
        let running = self.subscribers.iter().filter(|subscriber| subscriber.life == Life::Running);
        running.map(|subscriber| (subscriber.id, subscriber.is_blocked))
    }

    /// No record follows but those of losses: events that wait for more of theirs are as whole as they will be.
    pub(super) fn flush(&mut self, ctx: &mut Context) {
        for subscriber in &mut self.subscribers {
            subscriber.take_rest(ctx.monotonic);
            subscriber.report_losses(ctx);
        }
    }

    /// Whether a plugin that runs has yet to read something.
    pub(super) fn is_behind(&self) -> bool {
        self.subscribers.iter().any(|subscriber| subscriber.life == Life::Running && subscriber.len() > 0)
    }

    /// The daemon ends: what no plugin has read is lost, and all are told to end.
    pub(super) fn stop(&mut self, ctx: &mut Context) {
        if !self.subscribers.is_empty() {
            ctx.log(Level::Info, "Terminating plugins");
        }
        for subscriber in &mut self.subscribers {
            let lost = subscriber.remove(ctx);
            subscriber.lose(ctx, lost);
            subscriber.report_losses(ctx);
        }
    }

    /// The report's lines about plugins, in the order of the reference.
    pub(super) fn report(&mut self, ctx: &mut Context, lines: &mut Vec<Line>) {
        let deepest =
            |depth: fn(&Subscriber) -> usize, all: &[Subscriber]| all.iter().map(depth).max().unwrap_or(0) as u64;
        let active = self.subscribers.iter().filter(|subscriber| subscriber.is_active()).count() as u64;
        let all = &self.subscribers;
        lines.extend([
            Line::metric("Number of active plugins", Value::Number(active, ""), "active_plugins"),
            Line::metric(
                "current plugin queue depth",
                Value::Number(deepest(Subscriber::len, all), ""),
                "plugin_queue_depth",
            ),
            Line::new("max plugin queue depth used", Value::Number(deepest(Subscriber::deepest, all), "")),
            Line::new("plugin queue size", Value::Number(ctx.config.q_depth, "")),
            Line::new("plugin queue overflow detected", Value::Flag(all.iter().any(|one| one.has_overflown))),
            Line::new("plugin queueing suspended", Value::Flag(all.iter().any(|one| one.is_suspended))),
        ]);
        self.subscribers.iter_mut().for_each(|subscriber| subscriber.report_losses(ctx));
    }

    /// The report's lines that the reference does not have: one a plugin, and one for each that cannot run.
    pub(super) fn report_more(&self, lines: &mut Vec<Line>) {
        for subscriber in &self.subscribers {
            lines.push(Line::new(format!("plugin {}", subscriber.name), Value::Text(subscriber.describe())));
        }
        for (file, why) in &self.skipped {
            lines.push(Line::new(format!("plugin file {file}"), Value::Text(format!("cannot run: {why}"))));
        }
    }
}

/// COMPAT: the record of a successful reload stays with the log.
fn is_dispatched(record: &BatchRecord<'_>) -> bool {
    let is_reload = record.is_own() && record.record_type == kind::DAEMON_CONFIG;
    !(is_reload && memchr::memmem::find(record.text(), b"state=changed").is_some())
}
