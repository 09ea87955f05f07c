//! The sending end of records between machines: what audisp-remote(8) does when, without any input or output of its own.
//!
//! [`Client`] has the queue. Whoever runs it reports what has happened (a record came, a connection was made or lost, bytes came, time
//! has passed), hands [`Client::output`] to the socket, and carries out the [`Effect`]s. Times are seconds of the monotonic clock.
//!
//! A connection is made when there is something to send. Up to [`WINDOW`] records are on their way at a time; a record leaves
//! the queue when its answer has come, and not before. However a connection is lost, another one is made: the second
//! attempt at once, the third after network_retry_time, each later one after twice the time, up to [`LONGEST_WAIT`]. What was on its way
//! is sent again with a mark ([`Message::is_repeated`]), since the collector may have it already; so are, at a
//! start, the records that a queue file has at its front.
//!
//! In the form `ascii` nobody answers, and a record leaves the queue when the system has taken it.

use super::consequence::{Consequence, Effect};
use super::line::{event_id, is_sent, readable, shorten};
use super::queue::{LONGEST, Queue};
use super::wire::{Message, MessageType, Messages, WINDOW};
use crate::config::Level;
use crate::config::remote::{Format, Remote, Trouble};

/// The most seconds between two attempts, unless network_retry_time is longer.
pub const LONGEST_WAIT: u64 = 60;

/// Sequence of the first message. COMPAT: the reference counts from 1 before it sends.
const FIRST: u32 = 2;

/// Where the connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    /// There is none, and none is tried before this second.
    Down(i64),
    /// One is being made until this second.
    Connecting(i64),
    Up,
}

/// See the module.
pub struct Client {
    config: Remote,
    queue: Queue,
    link: Link,
    messages: Messages,
    /// Bytes for the collector, and how many of them are written.
    output: Vec<u8>,
    written: usize,
    /// Sequence of the next message.
    sequence: u32,
    /// Records at the front of the queue that are on their way.
    sent: usize,
    /// Records at the front of the queue that were on their way before.
    repeats: usize,
    /// An answer to a heartbeat is awaited.
    asks: bool,
    /// Since when nothing was heard that was waited for; or, when nothing is, since when all is quiet.
    quiet_since: i64,
    /// Attempts that have failed since the last answer: for the wait.
    failures: u32,
    /// Attempts that have failed since the last answer or action, and since when: for the action.
    tries: u64,
    tried_since: i64,
    /// When an attempt was last made at once after a loss.
    hurried_at: i64,
    /// When the queue last failed, and now.
    queue_failed_at: i64,
    now: i64,
    /// What was logged last of an attempt that has failed.
    reason: String,
    /// A bit for each trouble that an action was taken for since the last record was stored.
    warned: u32,
    has_connected: bool,
    is_suspended: bool,
    has_stopped: bool,
    is_ending: bool,
    counts: Counts,
    /// Records that were dropped since the queue was full, until half of it is free.
    overflowed: u64,
    effects: Vec<Effect>,
    scratch: Vec<u8>,
}

/// What has become of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Answered by the collector; in the form `ascii`, taken by the system.
    pub delivered: u64,
    /// Sent once more.
    pub repeated: u64,
    /// Lost: the queue was full or failed, or an action for what the collector reports gives them up.
    pub dropped: u64,
}

impl Client {
    /// With what waits in the queue.
    pub fn new(config: Remote, queue: Queue) -> Client {
        let repeats = queue.len().min(WINDOW);
        Client {
            config,
            queue,
            link: Link::Down(0),
            messages: Messages::default(),
            output: Vec::new(),
            written: 0,
            sequence: FIRST,
            sent: 0,
            repeats,
            asks: false,
            quiet_since: 0,
            failures: 0,
            tries: 0,
            tried_since: 0,
            hurried_at: i64::MIN,
            queue_failed_at: i64::MIN,
            now: 0,
            reason: String::new(),
            warned: 0,
            has_connected: false,
            is_suspended: false,
            has_stopped: false,
            is_ending: false,
            counts: Counts::default(),
            overflowed: 0,
            effects: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Its configuration.
    pub fn config(&self) -> &Remote {
        &self.config
    }

    /// Its queue.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// What has become of records.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether sending is suspended until [`Client::resume`].
    pub fn is_suspended(&self) -> bool {
        self.is_suspended
    }

    /// Whether an action has stopped it.
    pub fn has_stopped(&self) -> bool {
        self.has_stopped
    }

    /// Whether there is a connection.
    pub fn is_connected(&self) -> bool {
        self.link == Link::Up
    }

    /// Whether one is being made.
    pub fn is_connecting(&self) -> bool {
        matches!(self.link, Link::Connecting(_))
    }

    /// How many records have room. The others had better wait where they come from, since there may be room soon. `None` when there may
    /// not: then all are to be taken, and what has no room is dropped.
    pub fn room(&self) -> Option<usize> {
        let may_get_room = !self.is_away() && !self.is_suspended && !self.is_ending;
        may_get_room.then(|| self.queue.depth().saturating_sub(self.queue.len()))
    }

    /// The end is near: what comes now and has no room is counted, and nothing is done about it.
    pub fn end(&mut self) {
        self.is_ending = true;
    }

    /// Whether the collector cannot be reached. One failure does not say so: the next attempt is due within network_retry_time.
    fn is_away(&self) -> bool {
        self.link != Link::Up && self.failures > 1
    }

    /// Whether all records were delivered, or nobody waits for what is left: sending is suspended, or it is kept in a file and the
    /// collector cannot be reached.
    pub fn is_done(&self) -> bool {
        self.queue.is_empty() || self.is_suspended || self.queue.is_kept() && self.is_away()
    }

    /// What is to be carried out, in this order.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Takes a line of the log with its newline.
    pub fn take(&mut self, line: &[u8]) {
        if !is_sent(line) {
            return;
        }
        let mut line = line.get(..LONGEST).unwrap_or(line).to_vec();
        // One that was cut is a line all the same, and a NUL would end it in the file.
        line.last_mut().into_iter().for_each(|last| *last = b'\n');
        line.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
        match self.queue.push(&line) {
            // Not at the first place that is free, or half of the records would be logged under load.
            Ok(true) if self.overflowed > 0 && self.queue.len() <= self.queue.depth().div_ceil(2) => {
                let dropped = std::mem::take(&mut self.overflowed);
                self.log(Level::Notice, "the queue has room again; records were dropped: ", dropped);
            }
            Ok(true) => {}
            Ok(false) => self.overflow(),
            Err(error) => {
                self.counts.dropped += 1;
                self.queue_failed(&error);
            }
        }
    }

    /// Writes down how many records wait now: what was taken is in the queue from then on.
    pub fn write_down(&mut self) {
        if let Err(error) = self.queue.flush() {
            self.queue_failed(&error);
        }
    }

    /// Time has passed, or anything else. Called before every wait; returns when it must be called again, at the latest.
    pub fn tick(&mut self, now: i64) -> Option<i64> {
        self.now = now;
        self.write_down();
        if self.has_stopped {
            self.close();
            return None;
        }
        let seconds = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
        let limit = seconds(self.config.max_time_per_record);
        match self.link {
            Link::Down(_) if !self.wants_link() => return None,
            Link::Down(at) if now < at => {}
            Link::Down(_) => {
                if self.tries == 0 {
                    self.tried_since = now;
                }
                self.link = Link::Connecting(now.saturating_add(limit));
                self.effects.push(Effect::Connect);
            }
            Link::Connecting(until) if now >= until => self.lost(now, "no connection within max_time_per_record"),
            Link::Up if self.is_waiting() && now >= self.quiet_since.saturating_add(limit) => {
                self.lost(now, "no answer within max_time_per_record");
            }
            Link::Connecting(_) | Link::Up => {}
        }
        if let Link::Down(at) | Link::Connecting(at) = self.link {
            return Some(at);
        }
        self.send(now);
        let heartbeat = seconds(self.config.heartbeat_timeout);
        if self.is_waiting() {
            return Some(self.quiet_since.saturating_add(limit));
        }
        if heartbeat == 0 || self.config.format == Format::Ascii {
            return None;
        }
        let due = self.quiet_since.saturating_add(heartbeat);
        if now < due {
            return Some(due);
        }
        self.asks = true;
        self.quiet_since = now;
        self.push(MessageType::HEARTBEAT, &[], false);
        Some(now.saturating_add(limit))
    }

    /// What is to be written to the connection now.
    pub fn output(&self) -> &[u8] {
        self.output.get(self.written..).unwrap_or_default()
    }

    /// So much of it was written.
    pub fn written(&mut self, count: usize, now: i64) {
        self.written += count;
        let is_ascii = self.config.format == Format::Ascii;
        if is_ascii && count > 0 {
            self.quiet_since = now;
        }
        if self.written < self.output.len() {
            return;
        }
        self.output.clear();
        self.written = 0;
        if is_ascii && self.sent > 0 {
            self.warned = 0;
            self.delivered(self.sent, now);
        }
    }

    /// The connection was made.
    pub fn connected(&mut self, now: i64) {
        self.link = Link::Up;
        self.has_connected = true;
        self.reason.clear();
        self.messages = Messages::default();
        self.quiet_since = now;
        let text = ["Connected to ", &self.config.server].concat();
        self.effects.push(Effect::Log(Level::Notice, text));
    }

    /// The connection was lost, or could not be made.
    pub fn lost(&mut self, now: i64, reason: &str) {
        let is_first = !self.has_connected;
        let (was_up, was_waiting) = (self.link == Link::Up, self.is_waiting());
        if reason != self.reason {
            let doing = if was_up { "Connection to " } else { "Error connecting to " };
            let text = [doing, &self.config.server, ": ", reason].concat();
            self.effects.push(Effect::Log(Level::Warning, text));
            self.reason = reason.to_string();
        }
        if was_waiting && self.failures == 0 {
            self.tried_since = self.quiet_since;
        }
        self.close();
        self.wait(now);
        // What ends while it is idle is no attempt to deliver anything.
        if was_up && !was_waiting {
            return;
        }
        self.tries += 1;
        let limit = i64::try_from(self.config.max_time_per_record).unwrap_or(i64::MAX);
        if is_first {
            self.act(Trouble::Startup, "First attempt at connecting to server unsuccessful");
        }
        if self.tries > self.config.max_tries_per_record {
            self.tries = 0;
            self.act(Trouble::Network, "max retries exhausted");
        } else if now.saturating_sub(self.tried_since) > limit {
            self.tries = 0;
            self.act(Trouble::Network, "max retry time exhausted");
        }
    }

    /// Bytes came from the collector.
    pub fn received(&mut self, bytes: &[u8], now: i64) {
        if self.config.format == Format::Ascii {
            return;
        }
        self.messages.feed(bytes);
        let mut answered = 0;
        while self.link == Link::Up {
            let (message_type, sequence, text) = match self.messages.next_message() {
                Ok(Some(message)) => (message.message_type, message.sequence, readable(message.body)),
                Ok(None) => break,
                Err(error) => {
                    self.delivered(std::mem::take(&mut answered), now);
                    self.lost(now, &["lost/losing sync, ", &error.to_string()].concat());
                    break;
                }
            };
            let expected = self.sequence.wrapping_sub((self.sent - answered) as u32 + u32::from(self.asks));
            let is_awaited = self.sent > answered || self.asks;
            if is_awaited && sequence == expected && message_type.is_reply() && !message_type.is_fatal() {
                if message_type != MessageType::ENDING {
                    self.asks = false;
                    (self.failures, self.tries) = (0, 0);
                    answered += usize::from(self.sent > answered);
                    self.quiet_since = now;
                    self.warn(message_type, &text);
                    continue;
                }
            }
            self.delivered(std::mem::take(&mut answered), now);
            self.trouble(message_type, sequence == expected, is_awaited, &text, now);
        }
        self.delivered(answered, now);
    }

    /// Another configuration. It is connected to anew, at once; where records wait stays as it was.
    pub fn reload(&mut self, config: Remote) {
        let kept = |config: &Remote| (config.mode, config.queue_file.clone(), config.queue_depth);
        if kept(&self.config) != kept(&config) {
            let text = "mode, queue_file and queue_depth are taken at the next start";
            self.effects.push(Effect::Log(Level::Notice, text.to_string()));
        }
        self.close();
        self.config = config;
        self.link = Link::Down(0);
        (self.failures, self.tries, self.warned) = (0, 0, 0);
        self.reason.clear();
    }

    /// Sending goes on, at once.
    pub fn resume(&mut self) {
        (self.is_suspended, self.warned) = (false, 0);
        if let Link::Down(at) = &mut self.link {
            *at = 0;
        }
    }

    fn wants_link(&self) -> bool {
        let asks = self.has_connected && self.config.heartbeat_timeout > 0 && self.config.format == Format::Managed;
        !self.is_suspended && (asks || !self.queue.is_empty())
    }

    /// Whether something is awaited from the collector, or its system.
    fn is_waiting(&self) -> bool {
        self.sent > 0 || self.asks || !self.output.is_empty()
    }

    /// Makes messages of the records that may be on their way now. None before all earlier ones are written: a collector may answer
    /// what it has not read, and never read.
    fn send(&mut self, now: i64) {
        if self.asks || self.is_suspended || !self.output.is_empty() {
            return;
        }
        let mut record = std::mem::take(&mut self.scratch);
        while self.sent < WINDOW && self.sent < self.queue.len() {
            match self.queue.get(self.sent, &mut record) {
                Ok(true) => {}
                Ok(false) if self.sent > 0 => break,
                Ok(false) => {
                    self.queue.drop_front(1);
                    self.repeats = self.repeats.saturating_sub(1);
                    self.counts.dropped += 1;
                    let text = "a record in the queue could not be made out and is left out".to_string();
                    self.effects.push(Effect::Log(Level::Warning, text));
                    continue;
                }
                Err(error) => {
                    self.queue_failed(&error);
                    break;
                }
            }
            if self.sent == 0 {
                self.quiet_since = now;
            }
            let is_repeated = self.sent < self.repeats;
            self.counts.repeated += u64::from(is_repeated);
            if is_repeated && self.sent == 0 {
                let text =
                    ["records that the collector may have already are sent again, from ", &event_id(&record), ": "];
                self.log(Level::Notice, &text.concat(), self.repeats as u64);
            }
            match self.config.format {
                Format::Managed => self.push(MessageType::MESSAGE, shorten(&mut record), is_repeated),
                Format::Ascii => self.output.extend_from_slice(&record),
            }
            self.sent += 1;
        }
        self.scratch = record;
    }

    fn push(&mut self, message_type: MessageType, body: &[u8], is_repeated: bool) {
        Message { message_type, sequence: self.sequence, is_repeated, body }.push(&mut self.output);
        self.sequence = self.sequence.wrapping_add(1);
    }

    /// So many records at the front are the collector's now.
    fn delivered(&mut self, count: usize, now: i64) {
        if count == 0 {
            return;
        }
        self.queue.drop_front(count);
        self.sent = self.sent.saturating_sub(count);
        self.repeats = self.repeats.saturating_sub(count);
        self.counts.delivered += count as u64;
        (self.failures, self.tries) = (0, 0);
        self.quiet_since = now;
    }

    /// A record is stored: what comes with that.
    fn warn(&mut self, message_type: MessageType, text: &str) {
        // Stored is stored: other troubles are over.
        self.warned &= bit(Trouble::DiskLow) | bit(Trouble::Warning);
        if message_type == MessageType::DISK_LOW {
            self.act(Trouble::DiskLow, text);
        } else if message_type.is_warning() {
            self.act(Trouble::Warning, text);
        } else {
            self.warned = 0;
        }
    }

    /// Anything else that the collector says.
    fn trouble(&mut self, message_type: MessageType, is_expected: bool, is_awaited: bool, text: &str, now: i64) {
        let trouble = match message_type {
            MessageType::ENDING => Trouble::Ending,
            _ if is_awaited && !is_expected => return self.lost(now, "lost/losing sync, mismatched response"),
            // Nobody has asked for it, and it may come any number of times.
            MessageType::DISK_LOW if self.warned & bit(Trouble::DiskLow) != 0 => return,
            MessageType::DISK_LOW => return self.warn(message_type, text),
            MessageType::DISK_FULL => Trouble::DiskFull,
            MessageType::DISK_ERROR => Trouble::DiskError,
            _ if !is_awaited => return,
            _ if message_type.is_fatal() => Trouble::Error,
            _ => return self.lost(now, "lost/losing sync, what came is no response"),
        };
        let was_sent = self.sent > 0;
        self.close();
        self.wait(now);
        // A record that was being sent when the collector went away is kept whatever is done about that.
        if self.act(trouble, text) && was_sent && trouble != Trouble::Ending {
            self.queue.drop_front(1);
            self.repeats = self.repeats.saturating_sub(1);
            self.counts.dropped += 1;
        }
    }

    /// There is no connection any more. What was on its way will be sent again.
    fn close(&mut self) {
        if !matches!(self.link, Link::Down(_)) {
            self.effects.push(Effect::Close);
            self.link = Link::Down(0);
        }
        self.repeats = self.repeats.max(self.sent);
        self.sent = 0;
        self.asks = false;
        self.output.clear();
        self.written = 0;
    }

    /// Nothing is tried for a while, which is longer each time. The first attempt is made at once, unless the one before was: a
    /// collector may answer and close, over and over.
    fn wait(&mut self, now: i64) {
        let unit = self.config.network_retry_time;
        let wait = match self.failures {
            0 if now.saturating_sub(self.hurried_at) >= i64::try_from(unit).unwrap_or(i64::MAX) => {
                self.hurried_at = now;
                0
            }
            0 => unit,
            failures => unit.saturating_mul(1 << (failures - 1).min(6)).min(LONGEST_WAIT.max(unit)),
        };
        self.failures = self.failures.saturating_add(1);
        self.link = Link::Down(now.saturating_add(i64::try_from(wait).unwrap_or(i64::MAX)));
    }

    /// The queue's file cannot be read or written. The action is taken once a second at most.
    fn queue_failed(&mut self, error: &std::io::Error) {
        if self.queue_failed_at < self.now {
            self.queue_failed_at = self.now;
            self.act(Trouble::Queue, &crate::sys::error_reason(error));
        }
    }

    /// Takes the action that is configured for a trouble. Whether the record that it is about is done with.
    fn act(&mut self, trouble: Trouble, message: &str) -> bool {
        let is_new = self.warned & bit(trouble) == 0;
        self.warned |= bit(trouble);
        self.bear(Consequence::of(trouble, message, is_new, &self.config))
    }

    /// The queue is full. The action is taken for the first of the records that are dropped one after another.
    fn overflow(&mut self) {
        self.counts.dropped += 1;
        self.overflowed += 1;
        if self.overflowed == 1 && !self.is_ending {
            self.bear(Consequence::of_overflow(self.config.overflow_action));
        }
    }

    fn bear(&mut self, consequence: Consequence) -> bool {
        self.effects.extend(consequence.effects);
        self.is_suspended |= consequence.suspends;
        self.has_stopped |= consequence.stops;
        consequence.is_settled
    }

    fn log(&mut self, level: Level, text: &str, count: u64) {
        self.effects.push(Effect::Log(level, [text, &count.to_string()].concat()));
    }
}

/// The bit of a trouble in [`Client::warned`].
fn bit(trouble: Trouble) -> u32 {
    1 << trouble as u32
}

#[cfg(test)]
mod tests;
