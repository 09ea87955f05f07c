//! The loop: waits for inputs, gives them to the step function, carries its actions out.

use super::children::{Children, wall};
use super::state::Facts;
use super::step::Step;
use super::worker::{Job, Outcome, Worker};
use super::{Action, Input, Sender};
use crate::abi::{SignalInfo, Status, UNSET, kind, mask};
use crate::config::Level;
use crate::store::log::LogFile;
use crate::sys::files::File;
use crate::sys::netlink::{AuditSocket, BATCH, Batch, NetlinkError};
use crate::sys::signals::{Arrival, Signals};
use crate::sys::syslog::Syslog;
use crate::sys::{clock, errno, files, poll, process, signals};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::Duration;

/// How long records gather before they are taken. Else a daemon that is nicer to itself than to others would interrupt the
/// kernel's audit thread for every single one.
const GATHERING: Duration = Duration::from_micros(1200);
/// What a wait tells of: the bits stand in the order of what is waited for.
const SIGNALLED: u32 = 0b1;
const DONE: u32 = 0b10;
const ANSWERED: u32 = 0b100;
const EVENTS: u32 = 0b1000;
/// After a turn of so many records more are expected.
const FEW: usize = 8;
/// After a turn of so many records none gather: they come faster than the socket could hold for that time.
const MANY: usize = 2 * BATCH;
/// Full batches that are taken in one turn before other inputs are looked at.
const BATCHES_A_TURN: usize = 8;
/// How often, and how long each time, the kernel's answer to our pid is waited for.
const ANSWERS: u32 = 40;
const ANSWER_WAIT: Duration = Duration::from_millis(100);

/// Where the daemon keeps its files.
#[derive(Clone, Debug)]
pub struct Paths {
    /// auditd.conf.
    pub config: PathBuf,
    /// Whether auditd.conf may be a symbolic link.
    pub follow_links: bool,
    /// Holds the pid file and the state report.
    pub run: PathBuf,
}

impl Paths {
    pub(super) fn pid_file(&self) -> PathBuf {
        self.run.join("auditd.pid")
    }

    fn state_file(&self) -> PathBuf {
        self.run.join("auditd.state")
    }

    /// The kernel's count of losses that is in the ledger; the kernel counts on while no daemon runs.
    pub(super) fn lost_file(&self) -> PathBuf {
        self.run.join("lost")
    }

    fn state_json(&self) -> PathBuf {
        self.run.join("auditd.state.json")
    }
}

/// Where sentences go.
pub(super) enum Voice {
    /// The system log.
    Syslog(Syslog),
    /// What the applet gave for a foreground daemon.
    Console(Box<dyn FnMut(&str)>),
}

impl Voice {
    pub(super) fn tell(&mut self, level: Level, text: &str) {
        match self {
            // Those who look for mistakes run the daemon in the foreground.
            Voice::Syslog(_) if level == Level::Debug => {}
            Voice::Syslog(log) => log.send(level as u32 + 1, text),
            Voice::Console(print) => print(text),
        }
    }
}

/// Where lines go.
pub(super) enum Out {
    /// Nowhere.
    Closed,
    /// Into the log.
    Log(LogFile),
    /// To standard output.
    Stream(File),
}

/// Everything the loop holds.
pub(super) struct Runner {
    pub(super) step: Step,
    pub(super) paths: Paths,
    pub(super) voice: Voice,
    pub(super) out: Out,
    /// Standard output, when lines are to go there.
    pub(super) stream: Option<File>,
    /// Where records come from; none with `local_events = no`.
    pub(super) events: Option<AuditSocket>,
    /// Whether the kernel was told our pid.
    pub(super) is_registered: bool,
    pub(super) control: AuditSocket,
    pub(super) worker: Worker,
    /// Out of its place only while its messages are looked at.
    batch: Option<Batch>,
    pub(super) children: Children,
    /// How many records the last turn took.
    taken: usize,
    stopped: bool,
}

impl Runner {
    pub(super) fn new(
        step: Step,
        paths: Paths,
        voice: Voice,
        events: Option<AuditSocket>,
        control: AuditSocket,
        worker: Worker,
    ) -> Runner {
        Runner {
            step,
            paths,
            voice,
            out: Out::Closed,
            stream: None,
            events,
            is_registered: false,
            control,
            worker,
            batch: Some(Batch::default()),
            children: Children::new(),
            taken: 0,
            stopped: false,
        }
    }

    /// Runs until told to stop.
    pub(super) fn run(&mut self, signals: &Signals) {
        while !self.stopped {
            let limit = self.step.rest().map(|seconds| Duration::from_secs(seconds.max(1)));
            let ready = self.wait(signals, limit);
            self.step.at(clock::now(), clock::steady().seconds);
            if ready & EVENTS != 0 {
                self.take_records(BATCHES_A_TURN);
            }
            if ready & SIGNALLED != 0 {
                while let Some(arrival) = signals.next() {
                    self.signalled(arrival);
                }
            }
            if ready & DONE != 0 {
                self.take_outcomes();
            }
            if ready & ANSWERED != 0 {
                self.take_answers();
            }
            if limit.is_some() && self.step.rest() == Some(0) || ready == 0 {
                self.feed(Input::Tick);
            }
        }
    }

    /// Waits for something to do. When it is records, more of them gather, unless there is something else to do. While they
    /// flow they are not waited for first.
    fn wait(&self, signals: &Signals, limit: Option<Duration>) -> u32 {
        let others = [signals.as_fd(), self.worker.as_fd(), self.control.as_fd()];
        let Some(events) = &self.events else { return poll::wait(&others, limit) };
        let flow = (FEW..MANY).contains(&self.taken);
        let all = [others[0], others[1], others[2], events.as_fd()];
        let ready = if flow { EVENTS } else { poll::wait(&all, limit) };
        if ready == EVENTS && self.taken < MANY { ready | poll::wait(&others, Some(GATHERING)) } else { ready }
    }

    /// Gives one input to the step function and carries out what comes of it.
    pub(super) fn feed(&mut self, input: Input<'_>) {
        self.step.input(input);
        self.perform_all();
    }

    pub(super) fn perform_all(&mut self) {
        while let Some(action) = self.step.next_action() {
            self.perform(action);
        }
    }

    /// Takes records until none is left, or so many batches were full.
    pub(super) fn take_records(&mut self, most: usize) {
        self.taken = 0;
        for _ in 0..most {
            let (Some(events), Some(mut batch)) = (&self.events, self.batch.take()) else { return };
            let received = events.receive(&mut batch);
            if received.is_ok_and(|count| count > 0) {
                self.take_batch(&batch);
            }
            self.batch = Some(batch);
            match received {
                Ok(BATCH) => self.taken += BATCH,
                Ok(count) => return self.taken += count,
                Err(NetlinkError::Receive(errno::ENOBUFS)) => self.feed(Input::Overrun),
                Err(error) => {
                    let text = format!("Error receiving audit netlink packet: {error}");
                    return self.voice.tell(Level::Error, &text);
                }
            }
        }
    }

    fn take_batch(&mut self, batch: &Batch) {
        for message in batch.messages() {
            self.step.input(Input::Record(message.kind, message.payload));
            self.perform_all();
        }
        if batch.oversize() > 0 {
            self.feed(Input::Oversize(batch.oversize()));
        }
        self.feed(Input::EndOfBatch);
    }

    /// Tells the kernel our pid. Records that come before its answer are taken like all others.
    pub(super) fn register(&mut self) -> Result<(), NetlinkError> {
        let wish = Status { mask: mask::PID, pid: process::id() as u32, ..Status::default() };
        let Some(events) = &mut self.events else { return Ok(()) };
        let sequence = events.send(kind::SET, &wish.encode())?;
        for _ in 0..ANSWERS {
            let (Some(events), Some(mut batch)) = (&self.events, self.batch.take()) else { break };
            poll::wait(&[events.as_fd()], Some(ANSWER_WAIT));
            let received = events.receive(&mut batch);
            self.step.at(clock::now(), clock::steady().seconds);
            self.take_batch(&batch);
            let answer = batch.messages().find(|m| m.kind == kind::ERROR && m.sequence == sequence);
            let answer = answer.and_then(|m| crate::abi::u32_at(m.payload, 0)).map(|word| word as i32);
            self.batch = Some(batch);
            received?;
            match answer {
                Some(0) => {
                    self.is_registered = true;
                    return Ok(());
                }
                Some(errno) => return Err(NetlinkError::Refused(errno.wrapping_neg())),
                None => {}
            }
        }
        Err(NetlinkError::Timeout)
    }

    /// Writes a DAEMON_ABORT record.
    pub(super) fn abort(&mut self, stage: &str) {
        self.step.announce_abort(stage);
        self.feed(Input::EndOfBatch);
    }

    fn signalled(&mut self, arrival: Arrival) {
        let Arrival { number, pid, uid } = arrival;
        let Some(signal) = signals::meaning(number) else { return self.reap() };
        let sender = Sender::from_signal(pid, uid, process::login_uid(pid), process::session(pid));
        self.feed(Input::Signal(signal, sender));
    }

    fn take_outcomes(&mut self) {
        self.worker.hush();
        while let Some(outcome) = self.worker.outcome() {
            match outcome {
                Outcome::SyncFailed(errno) => self.feed(Input::SyncFailed(errno)),
                Outcome::Names(users) => self.feed(Input::Names(users)),
                Outcome::Unsaved(path, why) => {
                    self.voice.tell(Level::Error, &format!("Cannot write {} ({why})", path.display()));
                }
                Outcome::Config(result, notes) => {
                    for note in notes {
                        self.voice.tell(note.level, &note.text);
                    }
                    match result {
                        Ok((config, node)) => {
                            self.feed(Input::Config(Ok(config)));
                            self.feed(Input::Node(node));
                        }
                        Err(text) => self.feed(Input::Config(Err(text))),
                    }
                }
            }
        }
    }

    /// The kernel's answers to what was asked without waiting.
    fn take_answers(&mut self) {
        let Some(mut batch) = self.batch.take() else { return };
        if self.control.receive(&mut batch).is_ok() {
            for message in batch.messages() {
                match message.kind {
                    kind::GET => {
                        if let Some(status) = Status::decode(message.payload) {
                            self.feed(Input::Kernel(status));
                        }
                    }
                    kind::SIGNAL_INFO => {
                        let sender = SignalInfo::decode(message.payload).map(known_sender);
                        self.feed(Input::Sender(sender));
                    }
                    _ => {}
                }
            }
        }
        self.batch = Some(batch);
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Write => self.write(),
            Action::Sync { data_only } => self.sync(data_only),
            Action::AskRoom => self.look_at_log(),
            Action::Rotate { keep_all } => self.rotate(keep_all),
            Action::Open => self.open(),
            Action::Close => self.out = Out::Closed,
            Action::ReleaseReserve => self.release_reserve(),
            Action::MakeReserve => self.make_reserve(),
            // Where the kernel is not to be asked, what the signal itself says has to do.
            Action::AskSender => {
                if self.control.send(kind::SIGNAL_INFO, &[]).is_err() {
                    self.step.input(Input::Sender(None));
                }
            }
            Action::AskKernel => drop(self.control.send(kind::GET, &[])),
            Action::LoadConfig => {
                let job = Job::LoadConfig { path: self.paths.config.clone(), follow_links: self.paths.follow_links };
                if !self.worker.give(job) {
                    self.step.input(Input::Config(Err("The configuration could not be read now".to_string())));
                }
            }
            Action::LoadNames => drop(self.worker.give(Job::LoadNames)),
            Action::Adopt(old) => {
                let boost = self.step.config().priority_boost;
                let by = old.priority_boost as i64 - boost as i64;
                if by != 0 && process::be_nicer(by as i32).is_err() {
                    self.voice.tell(Level::Warning, "Cannot change priority in reconfigure");
                }
            }
            Action::RemoveExcess => self.remove_excess(),
            Action::Tell(level, text) => self.voice.tell(level, &text),
            Action::Mail(subject, body) => self.mail(subject, &body),
            Action::Help(path, purpose) => self.help(&path, purpose),
            Action::Runlevel(level) => self.change_runlevel(level),
            Action::Wall => wall(
                "\nBroadcast message from audit daemon:\nThe audit system is low on disk space and is now halting the \
                 system for admin corrective action.\n",
            ),
            Action::Report => self.report(),
            Action::Remember(lost) => {
                let (path, content) = (self.paths.lost_file(), lost.to_string().into_bytes());
                self.worker.give(Job::Save { path, content, group: 0 });
            }
            Action::Stop => self.stopped = true,
        }
    }

    fn report(&mut self) {
        if let Out::Log(log) = &self.out {
            if let Ok(room) = log.room() {
                self.step.set_room(room);
            }
        }
        let facts = facts();
        let (group, metrics) = (self.step.config().log_group, self.step.config().metrics_file.clone());
        let save = |path: PathBuf, content| self.worker.give(Job::Save { path, content, group });
        save(self.paths.state_json(), self.step.report_json(&facts));
        save(self.paths.state_file(), self.step.report(&facts));
        if !metrics.is_empty() {
            save(PathBuf::from(metrics), self.step.report_metrics(&facts));
        }
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
        if let Out::Log(log) = &self.out {
            let _ = log.handle().sync_all();
        }
        let _ = files::remove_file(self.reserve());
        let _ = files::remove_file(self.paths.state_file());
        let _ = files::remove_file(self.paths.state_json());
        let _ = files::remove_file(&self.step.config().metrics_file);
    }
}

/// A sender as the kernel names it.
fn known_sender(info: SignalInfo<'_>) -> Sender {
    let pid = info.pid;
    let context = info.context.map(<[u8]>::to_vec);
    let session = process::session(pid).unwrap_or(UNSET);
    Sender { auid: info.auid, pid, uid: process::owner(pid).unwrap_or(UNSET), session, context }
}

fn facts() -> Facts {
    let time = clock::local(clock::now().seconds);
    let (year, month, day) = (time.year.rem_euclid(100), time.month, time.day);
    Facts {
        time: format!("{month:02}/{day:02}/{year:02} {:02}:{:02}:{:02}", time.hour, time.minute, time.second),
        priority: process::priority(),
        memory: process::memory(),
    }
}
