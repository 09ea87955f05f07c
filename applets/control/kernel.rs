//! Steps done for real, through the audit netlink socket.

use super::{Executor, Failure, HELP, RuleHost, listing};
use crate::output::{must_finish, say, show};
use auditbox::abi::rule::TEXT;
use auditbox::abi::{Features, Signal, Status, kind, mask};
use auditbox::rule::{self, FieldId, Request, Rule, Step, encode};
use auditbox::sys::error_text;
use auditbox::sys::netlink::{AuditSocket, NetlinkError};
use auditbox::sys::process::ProcessHandle;
use auditbox::sys::{host, signals, streams};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;

/// The running kernel.
pub(crate) struct Kernel<'h> {
    host: &'h RuleHost,
    socket: AuditSocket,
}

impl<'h> Kernel<'h> {
    /// Opens the socket, or says in a sentence why not.
    pub(crate) fn open(host: &'h RuleHost) -> Result<Kernel<'h>, String> {
        match AuditSocket::open() {
            Ok(socket) => Ok(Kernel { host, socket }),
            Err(error) => Err(format!("Cannot open netlink audit socket ({})", error_text(error.errno()))),
        }
    }

    fn request(&mut self, request: &Request, what: &str) -> Result<u32, Failure> {
        self.socket.request(request.kind, &request.payload).map_err(|error| failure(error, what))
    }

    /// Adds or deletes a rule. Kernels from before directory watches take a watch on a path instead.
    fn change(&mut self, step: &Step, rule: &Rule, what: &str) -> Result<(), Failure> {
        let Some(request) = Request::of(step) else { return Ok(()) };
        let Err(error) = self.socket.request(request.kind, &request.payload) else { return Ok(()) };
        match error_kind(&error) {
            ErrorKind::InvalidInput if rule.fields.first().is_some_and(|f| f.id == FieldId::DIR) => {
                let mut plain = rule.clone();
                plain.fields[0].id = FieldId::PATH;
                let again = self.socket.request(request.kind, &rule::encode(&plain));
                again.map(drop).map_err(|error| failure(error, what))
            }
            ErrorKind::AlreadyExists => Err(Failure::Step(format!("Error sending {what} (Rule exists)"))),
            _ => Err(failure(error, what)),
        }
    }

    fn show_status(&mut self, interpret: bool, features: bool) -> Result<(), Failure> {
        let status = self.socket.status().map_err(|error| failure(error, "status request"))?;
        let mut text = listing::status(&status, interpret);
        if features {
            let mut found = None;
            let question = Features::default().encode();
            // A kernel without the request refuses it; then there is nothing to say about features.
            let asked =
                self.socket.query(kind::GET_FEATURE, &question, &mut |_, payload| found = Features::decode(payload));
            if let (Ok(()), Some(features)) = (asked, found) {
                text.push_str(&listing::features(&features));
            }
        }
        show(text.as_bytes());
        Ok(())
    }

    /// All rules with `key` in their key, as they came; and whether there were others.
    fn rules(&mut self, key: &[u8]) -> Result<(Vec<Vec<u8>>, bool), Failure> {
        let (mut rules, mut others) = (Vec::new(), false);
        let mut unreadable = None;
        let mut each = |kind, payload: &[u8]| {
            if kind != kind::LIST_RULES {
                return;
            }
            match rule::decode(payload) {
                Ok(rule) if rule::has_key(&rule, key) => rules.push(payload.to_vec()),
                Ok(_) => others = true,
                Err(error) => unreadable = Some(error),
            }
        };
        self.socket
            .query(kind::LIST_RULES, &[], &mut each)
            .map_err(|error| failure(error, "rule list data request"))?;
        match unreadable {
            Some(error) => Err(Failure::Step(format!("Error receiving rules list ({error})"))),
            None => Ok((rules, others)),
        }
    }

    fn list_rules(&mut self, interpret: bool, key: &[u8]) -> Result<(), Failure> {
        let (rules, others) = self.rules(key)?;
        if rules.is_empty() && !others {
            show(b"No rules\n");
            return Ok(());
        }
        let rules: Vec<Rule> = rules.iter().filter_map(|payload| rule::decode(payload).ok()).collect();
        show(&listing::rules(&rules, self.host, interpret));
        Ok(())
    }

    fn delete_all(&mut self, key: &[u8]) -> Result<(), Failure> {
        self.delete(key)?;
        self.list_rules(false, key)
    }

    /// Deletes all rules with `key` in their key.
    pub(super) fn delete(&mut self, key: &[u8]) -> Result<(), Failure> {
        for payload in self.rules(key)?.0 {
            let length = auditbox::abi::u32_at(&payload, TEXT - 4).unwrap_or(0) as usize;
            let exact = payload.get(..TEXT + length).unwrap_or(&payload);
            if let Err(error) = self.socket.request(kind::DEL_RULE, exact) {
                return Err(Failure::Step(format!("Error deleting rule ({})", error_text(error.errno()))));
            }
        }
        Ok(())
    }

    /// The rules and settings as they are now.
    pub(super) fn snapshot(&mut self) -> Result<Snapshot, Failure> {
        let status = self.socket.status().map_err(|error| failure(error, "status request"))?;
        let rules = self.rules(b"")?.0.iter().filter_map(|payload| rule::decode(payload).ok()).collect();
        Ok(Snapshot { status, rules })
    }

    /// Puts rules and settings back as they were.
    pub(super) fn restore(&mut self, before: &Snapshot) -> Result<(), Failure> {
        self.delete(b"")?;
        for payload in before.payloads() {
            self.socket.request(kind::ADD_RULE, &payload).map_err(|error| failure(error, "add rule data request"))?;
        }
        let (now, old) = (self.socket.status().map_err(|error| failure(error, "status request"))?, &before.status);
        let settings = [
            (mask::FAILURE, now.failure != old.failure),
            (mask::RATE_LIMIT, now.rate_limit != old.rate_limit),
            (mask::BACKLOG_LIMIT, now.backlog_limit != old.backlog_limit),
            (mask::BACKLOG_WAIT_TIME, now.backlog_wait_time != old.backlog_wait_time),
            (mask::ENABLED, now.enabled != old.enabled),
        ];
        for (mask, _) in settings.into_iter().filter(|(_, has_changed)| *has_changed) {
            self.plain(&Step::Set(Status { mask, ..*old }))?;
        }
        Ok(())
    }

    fn signal(&mut self, signal: Signal) -> Result<(), Failure> {
        let status = match self.socket.status() {
            Err(NetlinkError::Timeout) => {
                return Err(Failure::End("Failed sending signal to auditd (timeout)".to_owned(), 1));
            }
            other => other.map_err(|error| failure(error, "status request"))?,
        };
        if status.pid == 0 {
            return Err(no_daemon());
        }
        send_signal(status.pid as i32, signal)
            .map_err(|errno| Failure::End(format!("Failed sending signal to auditd ({})", error_text(errno)), 1))
    }
}

/// Sends the signal; returns from a stop only when the daemon is gone, so that a next one does not meet it.
fn send_signal(pid: i32, signal: Signal) -> Result<(), i32> {
    let daemon = ProcessHandle::open(pid)?;
    daemon.signal(signals::number(signal))?;
    if signal == Signal::Stop { daemon.wait() } else { Ok(()) }
}

impl Executor for Kernel<'_> {
    fn ready(&mut self) -> Result<(), Failure> {
        must_finish();
        match self.socket.status() {
            Ok(Status { enabled: Status::LOCKED, .. }) => {
                Err(Failure::End("The audit system is in immutable mode, no rule changes allowed".to_owned(), 1))
            }
            Err(error) if error_kind(&error) == ErrorKind::ConnectionRefused => {
                Err(Failure::End(super::DISABLED.to_owned(), 1))
            }
            // What else is wrong comes out when the rule is sent.
            _ => Ok(()),
        }
    }

    fn execute(&mut self, step: &Step) -> Result<(), Failure> {
        if step.changes_system() {
            must_finish();
        }
        match step {
            Step::AddRule(rule) => self.change(step, rule, "add rule data request"),
            Step::DeleteRule(rule) => self.change(step, rule, "delete rule data request"),
            Step::ShowStatus { interpret, features } => self.show_status(*interpret, *features),
            Step::ListRules { interpret, key } => self.list_rules(*interpret, key),
            Step::DeleteAll { key } => self.delete_all(key),
            Step::Signal(signal) => self.signal(*signal),
            Step::Message { text } => self.request(&message(text), "user message").map(drop),
            Step::ShowUsage | Step::ShowVersion => {
                show_text(step);
                Ok(())
            }
            other => self.plain(other),
        }
    }

    fn goes_on_after_refusal(&mut self) -> bool {
        false
    }
}

impl Kernel<'_> {
    fn plain(&mut self, step: &Step) -> Result<(), Failure> {
        let Some(request) = Request::of(step) else { return Ok(()) };
        let value = self.request(&request, what_is(step))?;
        match step {
            Step::ResetLost => say(format_args!("lost: {value}")),
            Step::ResetWaitTime => say(format_args!("backlog_wait_time_actual: {value}")),
            _ => {}
        }
        Ok(())
    }
}

/// What a request is called when it fails.
fn what_is(step: &Step) -> &'static str {
    match step {
        Step::Set(status) => match status.mask {
            mask::ENABLED => "enable request",
            mask::FAILURE => "failure mode request",
            mask::RATE_LIMIT => "rate limit request",
            mask::BACKLOG_LIMIT => "backlog limit request",
            _ => "backlog wait time request",
        },
        Step::ResetLost => "lost reset request",
        Step::ResetWaitTime => "backlog wait time actual reset request",
        Step::SetFeature(_) => "feature request",
        Step::Trim => "trim subtrees command",
        Step::MakeEquivalent { .. } => "make_equivalent command",
        _ => "request",
    }
}

fn failure(error: NetlinkError, what: &str) -> Failure {
    match error {
        _ if error_kind(&error) == ErrorKind::ConnectionRefused => Failure::Disabled,
        NetlinkError::Timeout => Failure::Step(format!("Error sending {what} (no answer from the kernel)")),
        other => Failure::Step(format!("Error sending {what} ({})", error_text(other.errno()))),
    }
}

/// Error numbers differ from machine to machine; their kinds do not.
fn error_kind(error: &NetlinkError) -> ErrorKind {
    io::Error::from_raw_os_error(error.errno()).kind()
}

/// --signal without a daemon.
pub(super) fn no_daemon() -> Failure {
    Failure::End("Auditd is not running".to_owned(), 2)
}

/// -h and -v.
pub(super) fn show_text(step: &Step) {
    match step {
        Step::ShowVersion => show(b"auditctl version 4.2.2\n"),
        _ => show(HELP.as_bytes()),
    }
}

/// The request of -m, in the name of this process.
pub(super) fn message(text: &[u8]) -> Request {
    let program = std::fs::read_link("/proc/self/exe").ok();
    let terminal = terminal();
    let is_named = |name: &&String| name.starts_with("pts") || name.starts_with("tty");
    let host = terminal.as_ref().filter(is_named).map(|_| host::name());
    let program = program.as_ref().map(|path| path.as_os_str().as_bytes());
    Request::message(text, program, host.as_deref(), terminal.as_deref())
}

/// The name below /dev of the terminal on one of the three standard streams.
fn terminal() -> Option<String> {
    let stream = streams::terminal()?;
    let path = std::fs::read_link(format!("/proc/self/fd/{stream}")).ok()?;
    let path = path.to_str()?;
    Some(path.strip_prefix("/dev/").unwrap_or(path).to_owned())
}

/// The rules and settings of a kernel at one time.
pub(super) struct Snapshot {
    pub(super) status: Status,
    /// In the order of the kernel's list.
    pub(super) rules: Vec<Rule>,
}

impl Snapshot {
    /// What puts the rules back, once there are none.
    pub(super) fn payloads(&self) -> impl Iterator<Item = Vec<u8>> {
        self.rules.iter().map(encode)
    }
}
