//! Signals: who sent them, and the records that are written about them.
//!
//! A signal becomes an order when its sender is known. The core carries orders out with the other parts.

use super::context::Context;
use super::{Effect, Identity, Sender};
use crate::abi::{Signal, UNSET, kind};
use crate::config::Choice;
use crate::text::number;

/// How long, in seconds, the kernel may take to say who sent a signal.
const SENDER_WAIT: i64 = 1;
/// How many signals there are whose sender is asked for: all of [`Signal`] but the one for a report.
const SIGNALS: usize = 4;
/// Reloads that may wait for each other.
const RELOADS: usize = 8;

/// A signal with its sender, to be obeyed.
pub(super) type Order = (Signal, Sender);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Control {
    /// Signals that wait for the kernel to name their sender, each with what the signal itself said and until when; at most
    /// one of each kind.
    waiting: heapless::Deque<(Signal, Sender, i64), SIGNALS>,
    /// Who asked for a reload: the configuration is being read for the first, and is read again for each that came since.
    reloads: heapless::Deque<Sender, RELOADS>,
    /// A record to be written when the log is open (again).
    announcement: Option<(u16, Vec<u8>)>,
    /// The daemon ends once the announcement is made.
    is_stopping: bool,
    /// When the last report was written.
    reported: i64,
}

impl Control {
    /// A signal came; what it asks for, when nobody is to be asked for its sender.
    pub(super) fn signalled(&mut self, ctx: &mut Context, signal: Signal, sender: Sender) -> Option<Order> {
        if signal == Signal::State {
            // systemd sends SIGCONT with its SIGTERM; a report written on the way out would outlive the daemon.
            if !self.waiting.iter().any(|(other, ..)| *other == Signal::Stop) {
                self.report(ctx);
            }
            return None;
        }
        // A second one of its kind merges with the one that waits, as signals do.
        if self.waiting.iter().any(|(other, ..)| *other == signal) {
            return None;
        }
        // So there is a place for each.
        let _ = self.waiting.push_back((signal, sender, ctx.monotonic + SENDER_WAIT));
        if ctx.asks_kernel() {
            ctx.emit(Effect::AskSender);
            return None;
        }
        self.sender_is(None)
    }

    /// The kernel named the sender of the last signal to its daemon, or could not.
    pub(super) fn sender_is(&mut self, known: Option<Sender>) -> Option<Order> {
        let (signal, own, _) = self.waiting.pop_front()?;
        // KERNEL: it remembers one sender, perhaps of a later signal, or of one to the daemon before us.
        let sender = match known {
            Some(known) if known.pid == own.pid => known.completed_by(&own),
            _ => own,
        };
        Some((signal, sender))
    }

    /// A signal whose sender the kernel did not name in time.
    pub(super) fn next_overdue(&mut self, ctx: &Context) -> Option<Order> {
        self.waiting.front().filter(|(_, _, until)| ctx.monotonic >= *until)?;
        self.sender_is(None)
    }

    /// Asks for the state report when its interval has passed.
    pub(super) fn tick(&mut self, ctx: &mut Context) {
        let interval = ctx.config.report_interval as i64;
        if interval > 0 && ctx.monotonic >= self.reported + interval {
            self.report(ctx);
        }
    }

    fn report(&mut self, ctx: &mut Context) {
        self.reported = ctx.monotonic;
        ctx.emit(Effect::Report);
    }

    /// When [`Control::tick`] or [`Control::next_overdue`] is to be called, on the monotonic clock.
    pub(super) fn due(&self, ctx: &Context) -> Option<i64> {
        let interval = ctx.config.report_interval as i64;
        let report = (interval > 0).then(|| self.reported.saturating_add(interval));
        super::earlier(report, self.waiting.front().map(|(_, _, until)| *until))
    }

    /// Takes a reload for this sender: whether it begins now, and not when the one under way has ended. The error is one too many.
    pub(super) fn begin_reload(&mut self, sender: Sender) -> Result<bool, Sender> {
        let begins = self.reloads.is_empty();
        self.reloads.push_back(sender).map(|()| begins)
    }

    /// Ends the reload that is under way: for whom it was, and whether the next one begins.
    pub(super) fn end_reload(&mut self) -> (Sender, bool) {
        let sender = self.reloads.pop_front().unwrap_or_default();
        (sender, !self.reloads.is_empty())
    }

    /// Whether another reload follows the one that is under way.
    pub(super) fn reloads_again(&self) -> bool {
        self.reloads.len() > 1 || self.waiting.iter().any(|(signal, ..)| *signal == Signal::Reload)
    }

    /// Has a record written when the log is open or was rotated.
    pub(super) fn announce_later(&mut self, record_type: u16, body: Vec<u8>) {
        self.announcement = Some((record_type, body));
    }

    /// The same, and the daemon ends after it.
    pub(super) fn announce_and_stop(&mut self, record_type: u16, body: Vec<u8>) {
        self.announce_later(record_type, body);
        self.is_stopping = true;
    }

    /// Whether a record waits for the log.
    pub(super) fn is_announcing(&self) -> bool {
        self.announcement.is_some()
    }

    /// Makes the record that waited for the log; true when the daemon ends after it.
    pub(super) fn announce(&mut self, ctx: &mut Context) -> bool {
        if let Some((record_type, body)) = self.announcement.take() {
            ctx.own_record(record_type, &body);
        }
        std::mem::take(&mut self.is_stopping)
    }
}

/// DAEMON_START, the first record of every run.
pub(super) fn record_start(ctx: &mut Context) {
    let mut body = b"op=start ver=".to_vec();
    body.extend_from_slice(env!("CARGO_PKG_VERSION").as_bytes());
    body.extend_from_slice(b" format=");
    body.extend_from_slice(ctx.config.log_format.word().as_bytes());
    body.extend_from_slice(b" kernel=");
    let kernel = ctx.identity.kernel.as_bytes();
    body.extend_from_slice(kernel.get(..56).unwrap_or(kernel));
    if ctx.identity.observes {
        body.extend_from_slice(b" mode=observe");
    }
    ctx.identity.push(&mut body);
    body.extend_from_slice(b" res=success");
    ctx.own_record(kind::DAEMON_START, &body);
}

/// DAEMON_CONFIG: the early daemon of this pid has handed over that many records.
#[cfg(feature = "early")]
pub(super) fn record_hand_over(ctx: &mut Context, early: i32, records: u32) {
    let mut body = b"op=hand-over".to_vec();
    body.extend_from_slice(b" early-pid=");
    number::push_signed(&mut body, i64::from(early));
    body.extend_from_slice(b" records=");
    number::push(&mut body, u64::from(records));
    ctx.identity.push(&mut body);
    body.extend_from_slice(b" res=success");
    ctx.own_record(kind::DAEMON_CONFIG, &body);
}

/// DAEMON_ABORT: a stage of the start failed.
pub(super) fn record_abort(ctx: &mut Context, stage: &str) {
    let mut body = b"op=".to_vec();
    body.extend_from_slice(stage.as_bytes());
    ctx.identity.push(&mut body);
    body.extend_from_slice(b" res=failed");
    ctx.own_record(kind::DAEMON_ABORT, &body);
}

/// The body of DAEMON_CONFIG after a reload that succeeded: it names the sender without uid and session.
pub(super) fn reconfigured(sender: &Sender) -> Vec<u8> {
    let mut body = b"op=reconfigure state=changed".to_vec();
    push_id(&mut body, " auid=", sender.auid);
    push_pid(&mut body, sender.pid);
    push_context(&mut body, Some(sender.context.as_deref().unwrap_or(b"?")));
    body.extend_from_slice(b" res=success");
    body
}

impl Identity {
    /// Appends ` auid=A pid=P uid=U ses=S[ subj=L]`.
    pub(super) fn push(&self, body: &mut Vec<u8>) {
        push_id(body, " auid=", self.auid);
        push_pid(body, self.pid);
        push_id(body, " uid=", self.uid);
        push_id(body, " ses=", self.session);
        push_context(body, self.context.as_deref());
    }
}

/// `OP auid=A uid=U ses=S pid=P[ subj=C] res=RESULT`, as records of signals have it.
pub(super) fn signed(operation: &str, sender: &Sender, result: &str) -> Vec<u8> {
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
    /// With what the signal itself said about the same process, which may be gone by now.
    fn completed_by(self, own: &Sender) -> Sender {
        Sender { uid: own.uid, session: own.session, ..self }
    }

    /// A sender of whom only what the signal itself says is known.
    pub fn from_signal(pid: i32, uid: u32, auid: Option<u32>, session: Option<u32>) -> Sender {
        Sender { auid: auid.unwrap_or(UNSET), pid, uid, session: session.unwrap_or(UNSET), context: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::auditd::Config;
    use crate::daemon::enrich::Enricher;
    use crate::daemon::record::Records;
    use crate::sys::clock::Moment;
    use crate::sys::users::Users;

    fn context(config: Config) -> Context {
        let now = Moment { seconds: 1000, nanos: 0 };
        let enricher = Enricher::new(Users::open(std::path::Path::new("/nonexistent")), "x86_64");
        Context::new(config, Identity::default(), Records::new(enricher, now), now, 1000)
    }

    fn sender(pid: i32) -> Sender {
        Sender::from_signal(pid, 0, Some(1000), Some(3))
    }

    #[test]
    fn a_signal_is_obeyed_when_its_sender_is_known_or_the_kernel_is_silent_for_a_second() {
        let (mut control, mut ctx) = (Control::default(), context(Config::default()));
        assert_eq!(control.due(&ctx), None);
        assert_eq!(control.signalled(&mut ctx, Signal::Rotate, sender(99)), None);
        assert_eq!(ctx.next_effect(), Some(Effect::AskSender));
        let named = Sender { context: Some(b"ctx".to_vec()), ..sender(99) };
        assert_eq!(control.sender_is(Some(named.clone())), Some((Signal::Rotate, named)));
        control.signalled(&mut ctx, Signal::Stop, sender(99));
        assert_eq!(control.due(&ctx), Some(1001));
        assert_eq!(control.next_overdue(&ctx), None);
        ctx.monotonic = 1001;
        assert_eq!(control.next_overdue(&ctx), Some((Signal::Stop, sender(99))));
        assert_eq!(control.sender_is(None), None, "an answer that comes late is for nobody");
    }

    #[test]
    fn a_daemon_the_kernel_does_not_answer_obeys_at_once() {
        let (mut control, mut ctx) = (Control::default(), context(Config { local_events: false, ..Config::default() }));
        assert_eq!(control.signalled(&mut ctx, Signal::Reload, sender(9)), Some((Signal::Reload, sender(9))));
    }

    #[test]
    fn one_reload_at_a_time() {
        let mut control = Control::default();
        assert_eq!(control.begin_reload(sender(1)), Ok(true));
        assert_eq!(control.begin_reload(sender(2)), Ok(false));
        assert_eq!(control.end_reload(), (sender(1), true));
        assert_eq!(control.end_reload(), (sender(2), false));
        assert_eq!(control.begin_reload(sender(3)), Ok(true));
    }

    #[test]
    fn reports_come_at_their_interval_and_when_asked_for() {
        let (mut control, mut ctx) = (Control::default(), context(Config { report_interval: 60, ..Config::default() }));
        control.signalled(&mut ctx, Signal::State, sender(1));
        assert_eq!(ctx.next_effect(), Some(Effect::Report));
        assert_eq!(control.due(&ctx), Some(1060));
        ctx.monotonic = 1060;
        control.tick(&mut ctx);
        assert_eq!(ctx.next_effect(), Some(Effect::Report));
        assert_eq!(control.due(&ctx), Some(1120));
        control.signalled(&mut ctx, Signal::Stop, sender(1));
        control.signalled(&mut ctx, Signal::State, sender(1));
        assert_eq!(ctx.next_effect(), Some(Effect::AskSender));
        assert_eq!(ctx.next_effect(), None, "a daemon that stops reports no more");
    }
}
