//! Signals: who sent them, what they ask for, and the records that tell of it.

use super::step::{Log, Step};
use super::{Action, Sender};
use crate::abi::{Signal, UNSET, kind};
use crate::config::auditd::Config;
use crate::config::{Choice, Level};
use crate::text::number;

/// How long, in seconds, the kernel may take to say who sent a signal.
const SENDER_WAIT: i64 = 1;
/// Kinds of signals that have a sender worth asking for.
const SIGNALS: usize = 4;

/// What signals have set going.
#[derive(Debug, Default)]
pub(super) struct Control {
    /// Signals that wait for the kernel to name their sender, each with what the signal itself said; one of each at most.
    waiting: heapless::Deque<(Signal, Sender, i64), SIGNALS>,
    /// A configuration is being read for this sender.
    reloading: Option<Sender>,
    /// A record to be written when the log is open (again).
    announcement: Option<(u16, Vec<u8>)>,
    /// The log is being opened to resume.
    pub(super) resumes: bool,
    /// The log is being opened for the last time.
    stops: bool,
    /// When the last report was written.
    pub(super) reported: i64,
}

impl Control {
    /// Whether somebody's signal will be answered by a record once the log is there.
    pub(super) fn waits_for_log(&self) -> bool {
        self.announcement.is_some()
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }
}

impl Step {
    pub(super) fn signalled(&mut self, signal: Signal, sender: Sender) {
        if signal == Signal::State {
            self.control.reported = self.steady;
            self.act(Action::Report);
            return;
        }
        // A second one of its kind merges with the one that waits, as signals do.
        if self.control.waiting.iter().all(|(other, ..)| *other != signal) {
            // So there is a place for each.
            let _ = self.control.waiting.push_back((signal, sender, self.steady + SENDER_WAIT));
            if self.asks_kernel() {
                self.act(Action::AskSender);
            } else {
                self.sender_is(None);
            }
        }
    }

    /// The kernel named the sender of the last signal to its daemon, or could not.
    pub(super) fn sender_is(&mut self, known: Option<Sender>) {
        let Some((signal, own, _)) = self.control.waiting.pop_front() else { return };
        // KERNEL: it remembers one sender, perhaps of a later signal, or of one to the daemon before us.
        let sender = match known {
            Some(known) if known.pid == own.pid => known.completed_by(&own),
            _ => own,
        };
        match signal {
            Signal::Stop => self.stop(&sender),
            Signal::Reload => self.reload(sender),
            Signal::Rotate => self.rotate_for(&sender),
            Signal::Resume => self.resume_for(&sender),
            Signal::State => {}
        }
    }

    /// What the signal itself said must do when the kernel does not answer.
    pub(super) fn time_signals_out(&mut self) {
        while self.control.waiting.front().is_some_and(|(_, _, until)| self.steady >= *until) {
            self.sender_is(None);
        }
    }

    /// DAEMON_START, the first record of every run.
    pub(super) fn announce_start(&mut self) {
        let mut body = b"op=start ver=".to_vec();
        body.extend_from_slice(env!("CARGO_PKG_VERSION").as_bytes());
        body.extend_from_slice(b" format=");
        body.extend_from_slice(self.config.log_format.word().as_bytes());
        body.extend_from_slice(b" kernel=");
        let kernel = self.identity.kernel.as_bytes();
        body.extend_from_slice(kernel.get(..56).unwrap_or(kernel));
        if self.identity.observes {
            body.extend_from_slice(b" mode=observe");
        }
        self.push_own_identity(&mut body);
        body.extend_from_slice(b" res=success");
        self.own_record(kind::DAEMON_START, &body);
    }

    /// DAEMON_ABORT: a stage of the start failed.
    pub(super) fn announce_abort(&mut self, stage: &str) {
        let mut body = b"op=".to_vec();
        body.extend_from_slice(stage.as_bytes());
        self.push_own_identity(&mut body);
        body.extend_from_slice(b" res=failed");
        self.own_record(kind::DAEMON_ABORT, &body);
    }

    /// ` auid=A pid=P uid=U ses=S[ subj=L]` of the daemon itself.
    pub(super) fn push_own_identity(&self, body: &mut Vec<u8>) {
        let own = &self.identity;
        push_id(body, " auid=", own.auid);
        push_pid(body, own.pid);
        push_id(body, " uid=", own.uid);
        push_id(body, " ses=", own.session);
        push_context(body, own.context.as_deref());
    }

    fn stop(&mut self, sender: &Sender) {
        self.release();
        if self.log == Log::Closed {
            // What the ledger holds must not be lost with the daemon: the log is opened once more.
            self.control.announcement = Some((kind::DAEMON_END, signed("op=terminate", sender, "success")));
            self.control.stops = true;
            self.act(Action::ReleaseReserve);
            self.act(Action::Open);
        } else {
            self.settle();
            self.own_record(kind::DAEMON_END, &signed("op=terminate", sender, "success"));
            self.act(Action::Write);
            self.act(Action::Stop);
        }
    }

    fn rotate_for(&mut self, sender: &Sender) {
        if self.identity.foreground || self.log != Log::Open || self.config.log_file == "-" {
            self.tell(Level::Info, "No log file is being written, so none is rotated");
            return;
        }
        let keep_all = self.keeps_all();
        let body = signed("op=rotate-logs", sender, "success");
        if self.config.num_logs < 2 && !keep_all {
            self.tell(Level::Info, "Log rotation disabled (num_logs < 2), skipping");
            self.own_record(kind::DAEMON_ROTATE, &body);
            self.act(Action::Write);
            return;
        }
        if !self.lines.is_empty() {
            self.act(Action::Write);
        }
        self.control.announcement = Some((kind::DAEMON_ROTATE, body));
        self.tell(Level::Info, "Audit daemon rotating log files");
        self.act(Action::Rotate { keep_all });
    }

    fn resume_for(&mut self, sender: &Sender) {
        self.control.announcement = Some((kind::DAEMON_RESUME, signed("op=resume-logging", sender, "success")));
        self.resume();
    }

    /// Writes the record that waited for the log.
    pub(super) fn announce(&mut self) {
        if let Some((message, body)) = self.control.announcement.take() {
            self.own_record(message, &body);
            if !self.lines.is_empty() {
                self.act(Action::Write);
            }
        }
        if std::mem::take(&mut self.control.stops) {
            self.act(Action::Stop);
        }
    }

    fn reload(&mut self, sender: Sender) {
        if self.control.reloading.is_some() {
            self.tell(Level::Error, "Reconfiguration already in progress, no config changes");
            self.reload_failed(&sender);
            return;
        }
        self.tell(Level::Debug, "HUP detected, starting config manager");
        self.control.reloading = Some(sender);
        self.act(Action::LoadConfig);
    }

    fn reload_failed(&mut self, sender: &Sender) {
        self.own_record(kind::DAEMON_CONFIG, &signed("op=reconfigure state=no-change", sender, "failed"));
        self.act(Action::Write);
    }

    pub(super) fn config_read(&mut self, result: Result<Box<Config>, String>) {
        let sender = self.control.reloading.take().unwrap_or_default();
        match result {
            Ok(config) => {
                self.adopt(*config, &sender);
                let mut body = b"op=reconfigure state=changed".to_vec();
                push_id(&mut body, " auid=", sender.auid);
                push_pid(&mut body, sender.pid);
                push_context(&mut body, Some(sender.context.as_deref().unwrap_or(b"?")));
                body.extend_from_slice(b" res=success");
                self.control.announcement = Some((kind::DAEMON_CONFIG, body));
                // A log that is about to be opened begins with it.
                if self.log != Log::Closed || self.suspended {
                    self.announce();
                }
            }
            Err(text) => {
                self.tell(Level::Error, text);
                self.reload_failed(&sender);
            }
        }
    }

    /// Takes a new configuration over. What only a start can change stays as it was.
    fn adopt(&mut self, mut new: Config, sender: &Sender) {
        let context = String::from_utf8_lossy(sender.context.as_deref().unwrap_or(b"?")).into_owned();
        let text = format!("config change requested by pid={} auid={} subj={context}", sender.pid, sender.auid as i32);
        self.tell(Level::Notice, text);
        new.local_events = self.config.local_events;
        let old = std::mem::replace(&mut self.config, new);
        let new = &self.config;
        let size_changed = (old.max_log_file, &old.max_log_file_action) != (new.max_log_file, &new.max_log_file_action);
        let space_changed =
            (old.space_left, &old.space_left_action, old.admin_space_left, &old.admin_space_left_action)
                != (new.space_left, &new.space_left_action, new.admin_space_left, &new.admin_space_left_action)
                || old.disk_full_action != new.disk_full_action
                || old.log_file != new.log_file;
        let moves = (&old.log_file, old.log_group, old.write_logs) != (&new.log_file, new.log_group, new.write_logs);
        if !self.lines.is_empty() {
            // Those lines belong into the log as it was.
            self.act(Action::Write);
        }
        self.act(Action::Adopt(Box::new(old)));
        if moves && !self.identity.foreground {
            self.reopen();
        } else if size_changed && self.suspended {
            self.suspended = false;
            self.act(Action::Open);
        }
        if space_changed {
            self.guard.arm();
            self.degraded = false;
            self.compares_shares = true;
            self.act(Action::RemoveExcess);
            self.act(Action::AskRoom);
        }
        self.check_size();
    }

    fn reopen(&mut self) {
        if self.log == Log::Open {
            self.act(Action::Close);
        }
        self.suspended = false;
        if self.config.write_logs {
            self.log = Log::Closed;
            self.act(Action::Open);
        } else {
            self.log = Log::Off;
        }
    }
}

/// `OP auid=A uid=U ses=S pid=P[ subj=C] res=RESULT`, as records of signals have it.
fn signed(operation: &str, sender: &Sender, result: &str) -> Vec<u8> {
    let mut body = operation.as_bytes().to_vec();
    if sender.pid == 0 {
        body.extend_from_slice(b" auid=-1 uid=-1 ses=-1 pid=-1 subj=?");
    } else {
        push_id(&mut body, " auid=", sender.auid);
        push_id(&mut body, " uid=", sender.uid);
        push_id(&mut body, " ses=", sender.session);
        push_pid(&mut body, sender.pid);
        push_context(&mut body, sender.context.as_deref());
    }
    body.extend_from_slice(b" res=");
    body.extend_from_slice(result.as_bytes());
    body
}

fn push_id(body: &mut Vec<u8>, label: &str, id: u32) {
    body.extend_from_slice(label.as_bytes());
    number::push(body, u64::from(id));
}

fn push_pid(body: &mut Vec<u8>, pid: i32) {
    body.extend_from_slice(b" pid=");
    number::push_signed(body, i64::from(pid));
}

fn push_context(body: &mut Vec<u8>, context: Option<&[u8]>) {
    if let Some(context) = context {
        body.extend_from_slice(b" subj=");
        body.extend_from_slice(context);
    }
}

impl Sender {
    /// With what the signal itself told of the same process, which may be gone by now.
    fn completed_by(self, own: &Sender) -> Sender {
        Sender { uid: own.uid, session: own.session, ..self }
    }

    /// A sender of whom only what the signal itself says is known.
    pub fn from_signal(pid: i32, uid: u32, auid: Option<u32>, session: Option<u32>) -> Sender {
        Sender { auid: auid.unwrap_or(UNSET), pid, uid, session: session.unwrap_or(UNSET), context: None }
    }
}
