//! The loop: waits for inputs, gives them to the core, has its effects performed.

use super::children::Task;
use super::core::Core;
use super::dispatch::PluginId;
use super::early::KeptRecords;
use super::execute::Executor;
use super::listen::sockets::{EVENTS_A_TURN, PIECE};
use super::reactor::Reactor;
use super::worker::Outcome;
use super::{Effect, HelperEnd, Input, Sender};
use crate::abi::{SignalInfo, Status, UNSET, kind, mask};
use crate::config::Level;
use crate::sys::netlink::{AuditSocket, BATCH, Batch, NetlinkError};
use crate::sys::poll::Interest;
use crate::sys::signals::{Arrival, Signals};
use crate::sys::{clock, errno, poll, process, signals, terminals};
use std::os::fd::AsFd;
use std::time::Duration;

/// How long records gather before they are taken. Else a daemon with a better priority than others would interrupt the
/// kernel's audit thread for every record (docs/performance.md).
const GATHERING: Duration = Duration::from_micros(1200);
/// After a turn of this many records more are expected.
const FEW: usize = 8;
/// After a turn of this many records none gather: they come faster than the socket could hold for that time.
const MANY: usize = 2 * BATCH;
/// Full batches that are taken in one turn before other inputs are looked at.
const BATCHES_A_TURN: usize = 8;
/// How long plugins that are behind may read before more of what an early daemon has kept is taken.
const LET_READ: Duration = Duration::from_millis(10);
/// Seconds that plugins have at the end to read what waits for them.
const LAST_READING: i64 = 2;
/// How often, and how long each time, the kernel's answer to our pid is waited for.
const ANSWERS: u32 = 40;
const ANSWER_WAIT: Duration = Duration::from_millis(100);

/// What the loop waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Records,
    Signals,
    Worker(usize),
    /// The kernel's answers to questions.
    Answers,
    Plugin(PluginId),
    /// The port that other machines connect to, and these.
    Peers,
}

/// The core with what performs its effects.
pub(super) struct Driver {
    pub(super) core: Core,
    pub(super) executor: Executor,
}

impl Driver {
    /// Opens the log, as if the core had asked for it.
    pub(super) fn open_log(&mut self) {
        if let Some(answer) = self.executor.perform(&mut self.core, Effect::Open) {
            self.feed(answer);
        }
    }

    /// Gives one input to the core and performs what comes of it.
    pub(super) fn feed(&mut self, input: Input<'_>) {
        self.core.handle(input);
        self.perform_all();
    }

    /// Performs the effects that were asked for. The answer to one is handled before the next one is performed.
    pub(super) fn perform_all(&mut self) {
        while let Some(effect) = self.core.next_effect() {
            if let Some(answer) = self.executor.perform(&mut self.core, effect) {
                self.core.handle(answer);
            }
        }
    }
}

/// The loop, with the socket that records come from.
pub(super) struct Runner {
    pub(super) driver: Driver,
    /// None with `local_events = no`.
    pub(super) events: Option<AuditSocket>,
    /// What an early daemon has kept comes before what the socket has.
    pub(super) kept: Option<KeptRecords>,
    /// Whether the kernel was told our pid.
    is_registered: bool,
    batch: Batch,
    /// How many records the last turn took.
    taken: usize,
}

impl Runner {
    pub(super) fn new(driver: Driver, events: Option<AuditSocket>) -> Runner {
        Runner { driver, events, kept: None, is_registered: false, batch: Batch::default(), taken: 0 }
    }

    pub(super) fn has_events(&self) -> bool {
        self.events.is_some()
    }

    /// Runs until told to stop.
    pub(super) fn run(&mut self, signals: &Signals) {
        let mut reactor = Reactor::new();
        if let Some(events) = &self.events {
            reactor.register(events, Token::Records, Interest::Read);
        }
        reactor.register(signals, Token::Signals, Interest::Read);
        reactor.register(&self.driver.executor.worker, Token::Worker(0), Interest::Read);
        reactor.register(&self.driver.executor.control, Token::Answers, Interest::Read);
        reactor.register(&self.driver.executor.syncer, Token::Worker(1), Interest::Read);
        if let Some(peers) = self.driver.executor.peers.descriptor() {
            reactor.register(peers, Token::Peers, Interest::Read);
        }
        let mut watched = clock::monotonic().seconds;
        while !self.driver.executor.is_stopped() {
            self.watch_plugins(&mut reactor);
            let limits = [self.driver.core.due(), self.driver.executor.watch_due(watched)];
            let limit = limits.into_iter().flatten().min().map(|seconds| Duration::from_secs(seconds.max(1)));
            let has_records = self.wait(&mut reactor, limit);
            let monotonic = clock::monotonic().seconds;
            self.driver.core.set_time(clock::now(), monotonic);
            if monotonic != watched {
                watched = monotonic;
                self.driver.executor.watch_workers(monotonic);
            }
            if has_records {
                self.take_records(BATCHES_A_TURN);
            }
            // While records flow peers are not listened to in the wait, so they are looked for each time.
            if has_records || reactor.ready().any(|token| token == Token::Peers) {
                self.take_peers();
            }
            let mut is_idle = !has_records;
            for token in reactor.ready() {
                is_idle = false;
                match token {
                    // Taken above: they gathered while the others were waited for.
                    Token::Records | Token::Peers => {}
                    Token::Signals => self.take_signals(signals),
                    Token::Worker(_) => self.take_outcomes(),
                    Token::Answers => self.take_answers(),
                    Token::Plugin(id) => self.take_plugin(&reactor, id),
                }
            }
            if is_idle || limit.is_some() && self.driver.core.due() == Some(0) {
                // A process that ended before signals were listened to is found here.
                self.reap();
                self.driver.feed(Input::Tick);
            }
        }
    }

    /// Watches the plugins' sockets: for their end, and those that are after for space.
    fn watch_plugins(&mut self, reactor: &mut Reactor<Token>) {
        if self.driver.executor.plugins.take_changed() {
            reactor.forget(|token| matches!(token, Token::Plugin(_)));
            for (id, socket) in self.driver.executor.plugins.sockets() {
                reactor.register(socket, Token::Plugin(id), Interest::End);
            }
        }
        for (id, is_blocked) in self.driver.core.dispatch().running() {
            reactor.set_interest(Token::Plugin(id), if is_blocked { Interest::Write } else { Interest::End });
        }
    }

    /// Waits for something to do, and says whether it is records. They gather for a moment, unless there is something else
    /// to do. While they flow they are not waited for first.
    fn wait(&self, reactor: &mut Reactor<Token>, limit: Option<Duration>) -> bool {
        if self.kept.is_some() {
            // Plugins have time to read: these records are safe.
            let is_behind = self.driver.core.dispatch().is_behind();
            reactor.wait(Some(if is_behind { LET_READ } else { Duration::ZERO }));
            return true;
        }
        let flow = self.events.is_some() && (FEW..MANY).contains(&self.taken);
        if !flow {
            reactor.wait(limit);
            let has_records = reactor.ready().any(|token| token == Token::Records);
            let has_others = reactor.ready().any(|token| !matches!(token, Token::Records | Token::Peers));
            if !has_records || has_others || self.taken >= MANY {
                return has_records;
            }
        }
        for (interest, waits) in [(Interest::Nothing, true), (Interest::Read, false)] {
            reactor.set_interest(Token::Records, interest);
            reactor.set_interest(Token::Peers, interest);
            if waits {
                reactor.wait(Some(GATHERING));
            }
        }
        true
    }

    /// Takes records until none is left, or `most` batches were full.
    fn take_records(&mut self, most: usize) {
        self.taken = 0;
        for _ in 0..most {
            let Some(events) = &self.events else { return };
            let kept = self.kept.as_mut().and_then(|kept| kept.receive(&mut self.batch));
            if kept.is_none() {
                self.kept = None;
            }
            match kept.map_or_else(|| events.receive(&mut self.batch), Ok) {
                Ok(0) => return,
                Ok(count) => {
                    take_batch(&mut self.driver, &self.batch);
                    self.taken += count;
                    if count < BATCH && self.kept.is_none() {
                        return;
                    }
                }
                Err(NetlinkError::Receive(errno::ENOBUFS)) => self.driver.feed(Input::Overrun),
                Err(error) => {
                    let text = format!("Error receiving audit netlink packet: {error}");
                    return self.driver.executor.logger.log(Level::Error, &text);
                }
            }
        }
    }

    /// Takes what peers have sent: some pieces of some of them.
    fn take_peers(&mut self) {
        if !self.driver.executor.peers.look() {
            return;
        }
        let mut piece = [0; PIECE];
        for _ in 0..EVENTS_A_TURN {
            let Some(event) = self.driver.executor.peers.next_event(&mut piece) else { return };
            self.driver.feed(Input::Peer(event));
        }
    }

    /// Tells the kernel our pid. Records that come before its answer are taken like all others; where an early daemon has kept some,
    /// they are kept after these.
    pub(super) fn register(&mut self) -> Result<(), NetlinkError> {
        let Runner { driver, events: Some(events), kept, batch, .. } = self else { return Ok(()) };
        register(events, batch, &mut |batch| {
            driver.core.set_time(clock::now(), clock::monotonic().seconds);
            match kept {
                Some(kept) => kept.append(batch),
                None => take_batch(driver, batch),
            }
        })?;
        self.is_registered = true;
        Ok(())
    }

    /// Writes a DAEMON_ABORT record.
    pub(super) fn abort(&mut self, stage: &str) {
        self.driver.core.record_abort(stage);
        self.driver.perform_all();
    }

    fn take_signals(&mut self, signals: &Signals) {
        while let Some(arrival) = signals.next() {
            let Arrival { number, pid, uid } = arrival;
            match signals::meaning(number) {
                Some(signal) => {
                    let sender = Sender::from_signal(pid, uid, process::login_uid(pid), process::session(pid));
                    self.driver.feed(Input::Signal(signal, sender));
                }
                None => self.reap(),
            }
        }
    }

    /// Looks after the programs that have ended.
    fn reap(&mut self) {
        while let Some((id, is_unread)) = self.driver.executor.plugins.reap() {
            self.driver.feed(Input::PluginEnded { id, is_unread });
        }
        while let Some((task, succeeded)) = self.driver.executor.reap() {
            match task {
                Task::Helper(path, purpose) => {
                    let ended = if succeeded { HelperEnd::Succeeded } else { HelperEnd::Failed };
                    if !succeeded {
                        self.driver
                            .executor
                            .logger
                            .log(Level::Error, &format!("The helper {path} ended with a failure"));
                    }
                    self.driver.feed(Input::HelperEnded(purpose, ended));
                }
                Task::Runlevel(level) if succeeded => {
                    terminals::console(&format!("auditd: changed runlevel to {level}\n"));
                }
                Task::Runlevel(_) | Task::Other => {}
            }
        }
    }

    fn take_outcomes(&mut self) {
        self.driver.executor.worker.drain();
        self.driver.executor.syncer.drain();
        while let Some(outcome) =
            self.driver.executor.worker.outcome().or_else(|| self.driver.executor.syncer.outcome())
        {
            match outcome {
                Outcome::SyncFailed(errno) => self.driver.feed(Input::SyncFailed(errno)),
                Outcome::Names(users) => self.driver.feed(Input::Names(users)),
                Outcome::Unsaved(path, why) => {
                    self.driver.executor.logger.log(Level::Error, &format!("Cannot write {} ({why})", path.display()));
                }
                Outcome::Config(result, diagnostics) => {
                    let rights = self.driver.executor.rights;
                    let result = result.and_then(|loaded| rights.check(&loaded.0).map(|()| loaded));
                    for note in diagnostics {
                        self.driver.executor.logger.log(note.level, &note.text);
                    }
                    // Who asked meanwhile reads the answer too, so it is that of the last file.
                    if !self.driver.core.reloads_again() {
                        self.driver.executor.answer_reload(&result);
                    }
                    match result {
                        Ok((config, node, plugins)) => {
                            self.driver.feed(Input::Config(Ok(config)));
                            self.driver.feed(Input::Node(node));
                            self.driver.feed(Input::Plugins(plugins));
                        }
                        Err(text) => self.driver.feed(Input::Config(Err(text))),
                    }
                }
            }
        }
    }

    /// The kernel's answers to what was asked without waiting.
    fn take_answers(&mut self) {
        if self.driver.executor.control.receive(&mut self.batch).is_err() {
            return;
        }
        let answers: Vec<Input<'static>> = self.batch.messages().filter_map(|m| answer(m.kind, m.payload)).collect();
        answers.into_iter().for_each(|answer| self.driver.feed(answer));
    }

    /// A plugin's socket is ready: it can be written to, or has ended. When sockets have changed since the wait, what it found may be
    /// of one that a plugin had before it was started again; the next wait finds what is true.
    fn take_plugin(&mut self, reactor: &Reactor<Token>, id: PluginId) {
        if self.driver.executor.plugins.has_changed() {
            return;
        }
        let input = match reactor.has_ended(Token::Plugin(id)) {
            true => Input::PluginGone { id, is_unread: self.driver.executor.plugins.is_unread(id) },
            false => Input::PluginReady(id),
        };
        self.driver.feed(input);
    }

    /// Lets plugins read what waits for them, for a limited time; what they leave goes into the ledger. Then they are ended.
    fn finish_plugins(&mut self) {
        let mut reactor = Reactor::new();
        // They read of their losses too.
        [Input::LastOfPlugins, Input::EndOfBatch, Input::Dispatch]
            .into_iter()
            .for_each(|input| self.driver.feed(input));
        let end = clock::monotonic().seconds + LAST_READING;
        while self.driver.core.dispatch().is_behind() && clock::monotonic().seconds < end {
            self.watch_plugins(&mut reactor);
            reactor.wait(Some(Duration::from_millis(100)));
            self.driver.core.set_time(clock::now(), clock::monotonic().seconds);
            for token in reactor.ready() {
                if let Token::Plugin(id) = token {
                    self.take_plugin(&reactor, id);
                }
            }
        }
        self.driver.feed(Input::StopPlugins);
        self.driver.feed(Input::EndOfBatch);
        let mut ended = Vec::new();
        self.driver.executor.plugins.end_all(|id, is_unread| ended.push(Input::PluginEnded { id, is_unread }));
        ended.into_iter().for_each(|input| self.driver.feed(input));
        self.driver.feed(Input::EndOfBatch);
    }

    /// Stops collecting: everything that is still under way is taken in and written.
    pub(super) fn finish(&mut self) {
        if self.is_registered {
            let nobody = Status { mask: mask::PID, pid: 0, ..Status::default() };
            if let Some(events) = &mut self.events {
                let _ = events.send(kind::SET, &nobody.encode());
            }
        }
        self.take_records(usize::MAX);
        self.finish_plugins();
        self.driver.executor.clean_up(self.driver.core.config());
    }
}

/// Feeds the messages that were received. Who is sent every record itself has no use for copies, of which some may be left from a
/// hand-over.
fn take_batch(driver: &mut Driver, batch: &Batch) {
    let observes = driver.core.observes();
    for message in batch.messages().filter(|message| observes || !message.is_copy) {
        driver.feed(Input::Record(message.kind, message.payload));
    }
    if batch.oversize() > 0 {
        driver.feed(Input::Oversize(batch.oversize()));
    }
    driver.feed(Input::EndOfBatch);
    driver.feed(Input::Dispatch);
}

/// Tells the kernel that the process of this pid takes its records from this socket. `take` is given every batch until it answers.
pub(super) fn register(
    events: &mut AuditSocket,
    batch: &mut Batch,
    take: &mut dyn FnMut(&Batch),
) -> Result<(), NetlinkError> {
    let wanted = Status { mask: mask::PID, pid: process::id() as u32, ..Status::default() };
    let sequence = events.send(kind::SET, &wanted.encode())?;
    for _ in 0..ANSWERS {
        poll::can_read(events.as_fd(), ANSWER_WAIT);
        let received = events.receive(batch);
        take(batch);
        received?;
        let answer = batch.messages().find(|m| m.kind == kind::ERROR && m.sequence == sequence);
        match answer.and_then(|m| crate::abi::u32_at(m.payload, 0)).map(|word| word as i32) {
            Some(0) => return Ok(()),
            Some(errno) => return Err(NetlinkError::Refused(errno.wrapping_neg())),
            None => {}
        }
    }
    Err(NetlinkError::Timeout)
}

/// An answer of the kernel as an input.
fn answer(kind: u16, payload: &[u8]) -> Option<Input<'static>> {
    match kind {
        kind::GET => Status::decode(payload).map(Input::Kernel),
        kind::SIGNAL_INFO => Some(Input::Sender(SignalInfo::decode(payload).map(sender))),
        _ => None,
    }
}

/// A sender as the kernel names it.
fn sender(info: SignalInfo<'_>) -> Sender {
    let pid = info.pid;
    let context = info.context.map(<[u8]>::to_vec);
    let session = process::session(pid).unwrap_or(UNSET);
    Sender { auid: info.auid, pid, uid: process::owner(pid).unwrap_or(UNSET), session, context }
}
