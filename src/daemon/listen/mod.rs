//! The listener: takes the records of other machines (auditd.conf(5) `tcp_listen_port`).
//!
//! [`Listener`] decides, and asks for orders; [`sockets`] carries them out. A peer speaks [`crate::remote::wire`]; its records go into
//! the batch like the kernel's, as the lines of [`mod@line`], and it gets its answers when the log has said what became of them.
//!
//! Anybody may connect whom the firewall lets. So all is bounded: the peers ([`door`]), and what is kept of each; the time to say
//! something, to finish a message, and to take an answer. No peer is read from before it has taken its answers, and none is waited
//! for. What breaks the rules is sent away, and a record says why.

mod door;
mod line;
mod repeats;
#[cfg(feature = "tls")]
mod secured;
#[cfg(not(feature = "tls"))]
#[path = "secured_absent.rs"]
mod secured;
pub(super) mod sockets;

use super::context::Context;
use super::log::{Intake, Reply};
use super::report::{Line, Value};
use super::{Effect, earlier};
use crate::abi::kind;
use crate::config::Level;
use crate::config::auditd::Config;
use crate::record::RecordType;
use crate::remote::wire::{HEADER, Message, MessageType, Messages, WINDOW, WireError};
use core::net::SocketAddr;
use door::{Crowd, Door};
use repeats::{Digests, Repeats};
use secured::{Secured, Seeded, TlsFault};
use std::io::Write;

/// Seconds to the first header. audisp-remote connects when it has something to say.
const FIRST_HEADER: i64 = 5;
/// Seconds from the first byte of a message to its last, and for a peer to take its answers.
const MESSAGE: i64 = 30;
/// Stands for one connection while the daemon runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeerId(pub(in crate::daemon) u64);

/// What happened to the listener or a peer.
#[derive(Debug)]
pub enum PeerEvent<'a> {
    /// Answers [`PeerOrder::Listen`]; the error is a sentence.
    Listening(Result<(), String>),
    /// Somebody has connected.
    Connected(PeerId, SocketAddr),
    /// A connection could not be accepted, for this errno.
    NotAccepted(i32),
    /// Answers [`PeerOrder::Seed`].
    Seeded(PeerId, Seeded),
    /// Bytes came.
    Received(PeerId, &'a [u8]),
    /// Answers [`PeerOrder::Send`]: how many of the pending bytes are on their way.
    Sent(PeerId, usize),
    /// A peer takes bytes again.
    Writable(PeerId),
    /// A peer has closed the connection, or it broke, for this errno; 0 for none.
    Ended(PeerId, i32),
    /// Answers [`PeerOrder::Close`].
    Closed(PeerId),
}

/// What is to be done about the port or a peer.
#[derive(Debug, PartialEq, Eq)]
pub enum PeerOrder {
    /// Listen on the port of the configuration, and no other.
    Listen,
    /// Listen no more.
    Unlisten,
    /// Accept connections, or let them wait.
    Accept(bool),
    /// Find randomness for a peer's connection.
    Seed(PeerId),
    /// Send what waits for a peer.
    Send(PeerId),
    /// Close a connection.
    Close {
        /// The peer.
        id: PeerId,
        /// The last that it is sent, as far as it takes that at once.
        last: Vec<u8>,
    },
}

/// Why a peer is sent away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Wire(WireError),
    Type(MessageType),
    Silent,
    Slow,
    TakesNothing,
    Tls(TlsFault),
}

impl Fault {
    /// What the record and the system log say of it.
    fn words(self) -> (&'static str, String) {
        match self {
            Fault::Wire(error) => match error {
                WireError::Magic => ("not-managed", format!("it sent {error}")),
                WireError::Length(_) => ("too-long", format!("it sent {error}")),
            },
            Fault::Type(MessageType(number)) => ("unknown-type", format!("it sent a message of type {number:#x}")),
            Fault::Silent => ("no-message", "it said nothing".to_string()),
            Fault::Slow => ("slow", "it did not finish its message".to_string()),
            Fault::TakesNothing => ("takes-nothing", "it did not take its answers".to_string()),
            Fault::Tls(fault) => fault.words(),
        }
    }
}

/// What a message waits for.
struct Answer {
    sequence: u32,
    /// The answer, where it does not depend on the log.
    known: Option<Reply>,
    /// What the record is known by.
    digest: u64,
}

/// One connection.
struct Peer {
    id: PeerId,
    address: SocketAddr,
    /// What protects the connection, if anything does.
    secured: Option<Box<Secured>>,
    messages: Messages,
    answers: Vec<Answer>,
    /// What it has stored last, and how many records it may still mark as repeated.
    stored: Digests,
    repeats: usize,
    /// What is to be sent.
    out: Vec<u8>,
    /// When something came last, on the monotonic clock.
    heard: i64,
    /// By when it must have done what it is about, and else is sent away for that.
    limit: Option<(i64, Fault)>,
    /// It is being sent away: the order to close was given, or is when its answers are out.
    fault: Option<Fault>,
    is_closing: bool,
}

impl Peer {
    /// Whether its records are taken: it has proven that it has a key, or needs none.
    fn is_accepted(&self) -> bool {
        self.secured.as_ref().is_none_or(|secured| secured.is_open())
    }

    /// Adds a message to what is to be sent.
    fn push(&mut self, message: &Message<'_>) {
        match &mut self.secured {
            Some(secured) => secured.seal(message, &mut self.out),
            None => message.push(&mut self.out),
        }
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Listener {
    is_listening: bool,
    /// Sorted by id.
    peers: Vec<Peer>,
    /// The peer whose messages wait for the log.
    answered: Option<PeerId>,
    repeats: Repeats,
    door: Door,
    is_paused: bool,
    /// When [`Listener::tick`] is to look at the peers.
    due: Option<i64>,
    /// Records taken and connections refused since the start.
    records: u64,
    refused: u64,
}

impl Listener {
    /// Opens the port, if there is one.
    pub(super) fn start(&mut self, ctx: &mut Context) {
        if ctx.config.tcp_listen_port != 0 && !ctx.identity.observes {
            ctx.emit(Effect::Peer(PeerOrder::Listen));
        }
    }

    pub(super) fn is_listening(&self) -> bool {
        self.is_listening
    }

    /// Takes an event. Records are in the batch afterwards; their answers wait for [`Listener::answer`].
    pub(super) fn handle(&mut self, ctx: &mut Context, event: PeerEvent<'_>, intake: Intake) {
        match event {
            PeerEvent::Listening(result) => {
                self.is_listening = result.is_ok();
                let port = ctx.config.tcp_listen_port;
                match result {
                    Ok(()) => ctx.log(Level::Notice, format!("Listening on TCP port {port}")),
                    Err(text) => ctx.log(Level::Error, text),
                }
            }
            PeerEvent::Connected(id, address) => self.connected(ctx, id, address),
            PeerEvent::NotAccepted(errno) => {
                let why = crate::sys::error_text(errno);
                ctx.log(Level::Error, format!("Unable to accept TCP connection ({why})"));
                self.pause(ctx);
            }
            PeerEvent::Seeded(id, seeded) => self.seeded(ctx, id, seeded),
            PeerEvent::Received(id, bytes) => self.received(ctx, id, bytes, intake),
            PeerEvent::Sent(id, count) => self.sent(ctx, id, count),
            PeerEvent::Writable(id) => ctx.emit(Effect::Peer(PeerOrder::Send(id))),
            PeerEvent::Ended(id, errno) => {
                if let Some(peer) = self.peer(id).filter(|_| errno != 0) {
                    let address = peer.address;
                    ctx.log(Level::Warning, format!("client {address} socket closed unexpectedly"));
                }
                self.close(ctx, id);
            }
            PeerEvent::Closed(id) => {
                if let Ok(at) = self.peers.binary_search_by_key(&id, |peer| peer.id) {
                    let peer = self.peers.remove(at);
                    record_end(ctx, &peer);
                    self.repeats.end(peer.address.ip(), peer.stored, ctx.config.tcp_max_per_addr as usize);
                }
            }
        }
    }

    fn peer(&mut self, id: PeerId) -> Option<&mut Peer> {
        let at = self.peers.binary_search_by_key(&id, |peer| peer.id).ok()?;
        self.peers.get_mut(at)
    }

    fn connected(&mut self, ctx: &mut Context, id: PeerId, address: SocketAddr) {
        let address = SocketAddr::new(address.ip().to_canonical(), address.port());
        self.begin_second(ctx);
        let crowd = Crowd::around(address, self.peers.iter().map(|peer| (peer.address, peer.is_accepted())));
        let admitted = self.door.admit(&ctx.config, ctx.identity.descriptors, address, &crowd);
        if self.door.is_busy() {
            self.pause(ctx);
        }
        let Err(refusal) = admitted else { return self.welcome(ctx, id, address) };
        self.refused += 1;
        if self.door.tells_refusal() {
            let [before, after] = refusal.said;
            ctx.log(Level::Error, format!("{before} {address} {after}"));
            own_record(ctx, kind::DAEMON_ACCEPT, refusal.operation, address, "no");
        }
        self.due = earlier(self.due, Some(ctx.monotonic + 1));
        ctx.emit(Effect::Peer(PeerOrder::Close { id, last: Vec::new() }));
    }

    /// There is one peer more.
    fn welcome(&mut self, ctx: &mut Context, id: PeerId, address: SocketAddr) {
        let secured = Secured::wanted(&ctx.config, address).map(Box::new);
        let fault = match &secured {
            Some(secured) => {
                ctx.emit(Effect::Peer(PeerOrder::Seed(id)));
                Fault::Tls(secured.late())
            }
            None => {
                own_record(ctx, kind::DAEMON_ACCEPT, "", address, "success");
                Fault::Silent
            }
        };
        let limit = Some((ctx.monotonic + FIRST_HEADER, fault));
        self.due = earlier(self.due, limit.map(|limit| limit.0));
        self.due = earlier(self.due, idle_due(ctx, ctx.monotonic));
        self.peers.push(Peer {
            id,
            address,
            secured,
            messages: Messages::default(),
            answers: Vec::new(),
            stored: Digests::new(),
            repeats: WINDOW,
            out: Vec::new(),
            heard: ctx.monotonic,
            limit,
            fault: None,
            is_closing: false,
        });
    }

    /// Counts anew where another second has begun, and says how many refusals of the last one were not written down.
    fn begin_second(&mut self, ctx: &mut Context) {
        let untold = self.door.begin_second(ctx.monotonic);
        if untold > 0 {
            ctx.log(Level::Error, format!("{untold} more connections were refused in a second"));
        }
    }

    /// Lets connections wait until the next second.
    fn pause(&mut self, ctx: &mut Context) {
        if !std::mem::replace(&mut self.is_paused, true) {
            self.due = earlier(self.due, Some(ctx.monotonic + 1));
            ctx.emit(Effect::Peer(PeerOrder::Accept(false)));
        }
    }

    fn seeded(&mut self, ctx: &mut Context, id: PeerId, seeded: Seeded) {
        let begun =
            self.peer(id).and_then(|peer| peer.secured.as_mut()).map(|secured| secured.begin(&ctx.config, seeded));
        if let Some(Err(fault)) = begun {
            self.send_away(ctx, id, Fault::Tls(fault));
        }
    }

    fn received(&mut self, ctx: &mut Context, id: PeerId, bytes: &[u8], intake: Intake) {
        let Some(peer) = self.peer(id).filter(|peer| peer.fault.is_none() && !peer.is_closing) else { return };
        peer.heard = ctx.monotonic;
        let Some(secured) = &mut peer.secured else { return self.take(ctx, id, bytes, intake) };
        let mut plain = Vec::new();
        let result = secured.receive(&ctx.config, bytes, &mut plain, &mut peer.out);
        if secured.record_open(ctx, peer.address) {
            peer.limit = Some((ctx.monotonic + FIRST_HEADER, Fault::Silent));
        }
        let (is_ended, limit) = (secured.is_ended(), peer.limit);
        self.due = earlier(self.due, limit.map(|limit| limit.0));
        self.answered = Some(id);
        if !plain.is_empty() {
            self.take(ctx, id, &plain, intake);
        }
        if let (Err(fault), Some(peer)) = (result, self.peer(id)) {
            peer.fault = peer.fault.or(Some(Fault::Tls(fault)));
        }
        if is_ended {
            self.close(ctx, id);
        }
    }

    /// Takes what a peer says.
    fn take(&mut self, ctx: &mut Context, id: PeerId, bytes: &[u8], intake: Intake) {
        let Ok(at) = self.peers.binary_search_by_key(&id, |peer| peer.id) else { return };
        let (before, rest) = self.peers.split_at_mut(at);
        let Some((peer, after)) = rest.split_first_mut() else { return };
        let ip = peer.address.ip();
        peer.messages.feed(bytes);
        loop {
            match peer.messages.next_message() {
                Ok(None) => break,
                Err(error) => peer.fault = Some(Fault::Wire(error)),
                Ok(Some(message)) => {
                    peer.limit = None;
                    let mut answer = Answer { sequence: message.sequence, known: Some(ACK), digest: 0 };
                    match (message.message_type, intake) {
                        (MessageType::HEARTBEAT, _) => {}
                        (MessageType::MESSAGE, Intake::Refused(reply)) => answer.known = Some(reply),
                        (MessageType::MESSAGE, Intake::Taken) => {
                            answer.digest = self.repeats.digest(message.text());
                            let is_repeated = message.is_repeated && peer.repeats > 0;
                            peer.repeats = if is_repeated { peer.repeats - 1 } else { 0 };
                            let others = before.iter_mut().chain(&mut *after).filter(|other| other.address.ip() == ip);
                            let others = others.map(|other| &mut other.stored);
                            if is_repeated && self.repeats.take(ip, answer.digest, others) {
                                repeats::remember(&mut peer.stored, answer.digest);
                            } else {
                                answer.known = None;
                                self.records += 1;
                                take_record(ctx, peer.address, message.text());
                            }
                        }
                        (other, _) => {
                            peer.fault = Some(Fault::Type(other));
                            break;
                        }
                    }
                    peer.answers.push(answer);
                }
            }
            if peer.fault.is_some() {
                break;
            }
        }
        let limit = match peer.messages.unfinished() {
            0 => None,
            // The time to the first header goes on.
            1..HEADER if peer.limit.is_some() => peer.limit,
            _ => match peer.limit {
                Some((_, Fault::Slow)) => peer.limit,
                _ => Some((ctx.monotonic + MESSAGE, Fault::Slow)),
            },
        };
        peer.limit = limit;
        self.due = earlier(self.due, limit.map(|limit| limit.0));
        self.answered = Some(id);
    }

    /// The log has said what became of the records of the last event: their peer is answered.
    pub(super) fn answer(&mut self, ctx: &mut Context, reply: Reply) {
        let Some(id) = self.answered.take() else { return };
        let Some(peer) = self.peer(id) else { return };
        for Answer { sequence, known, digest } in std::mem::take(&mut peer.answers) {
            let (message_type, text) = known.unwrap_or(reply);
            if known.is_none() && !message_type.is_fatal() {
                repeats::remember(&mut peer.stored, digest);
            }
            peer.push(&Message { message_type, sequence, is_repeated: false, body: text.as_bytes() });
        }
        let (has_answers, fault) = (!peer.out.is_empty(), peer.fault);
        if has_answers {
            ctx.emit(Effect::Peer(PeerOrder::Send(id)));
        }
        if let Some(fault) = fault {
            self.send_away(ctx, id, fault);
        }
    }

    /// What was not sent yet waits until the peer takes more; meanwhile nothing is read from it.
    fn sent(&mut self, ctx: &mut Context, id: PeerId, count: usize) {
        let monotonic = ctx.monotonic;
        let Some(peer) = self.peer(id) else { return };
        if count >= peer.out.len() {
            peer.out = Vec::new();
            if peer.limit.is_some_and(|limit| limit.1 == Fault::TakesNothing) {
                let is_unfinished = peer.messages.unfinished() > 0;
                peer.limit = is_unfinished.then_some((monotonic + MESSAGE, Fault::Slow));
            }
        } else {
            peer.out.drain(..count);
            if count > 0 || peer.limit.is_none_or(|limit| limit.1 != Fault::TakesNothing) {
                peer.limit = Some((monotonic + MESSAGE, Fault::TakesNothing));
            }
        }
        let limit = peer.limit;
        self.due = earlier(self.due, limit.map(|limit| limit.0));
    }

    fn send_away(&mut self, ctx: &mut Context, id: PeerId, fault: Fault) {
        let Some(peer) = self.peer(id).filter(|peer| !peer.is_closing) else { return };
        let address = peer.address;
        let (cause, sentence) = fault.words();
        ctx.log(Level::Warning, format!("client {address} is sent away: {sentence}"));
        match peer.secured.as_ref().filter(|secured| !secured.is_open()) {
            Some(secured) => secured.record_failure(ctx, address, cause),
            None => {
                own_record(ctx, kind::DAEMON_ERR, &["op=remote-client cause=", cause, " "].concat(), address, "failed");
            }
        }
        self.close(ctx, id);
    }

    fn close(&mut self, ctx: &mut Context, id: PeerId) {
        if self.peer(id).is_some_and(|peer| !std::mem::replace(&mut peer.is_closing, true)) {
            ctx.emit(Effect::Peer(PeerOrder::Close { id, last: Vec::new() }));
        }
    }

    /// Time has passed.
    pub(super) fn tick(&mut self, ctx: &mut Context) {
        let now = ctx.monotonic;
        if self.due.is_none_or(|due| due > now) {
            return;
        }
        self.due = None;
        self.begin_second(ctx);
        if std::mem::take(&mut self.is_paused) {
            ctx.emit(Effect::Peer(PeerOrder::Accept(true)));
        }
        let mut late = Vec::new();
        for peer in self.peers.iter().filter(|peer| !peer.is_closing) {
            let idle = idle_due(ctx, peer.heard);
            match peer.limit {
                Some((limit, fault)) if limit <= now => late.push((peer.id, Some(fault))),
                _ if idle.is_some_and(|idle| idle <= now) => late.push((peer.id, None)),
                limit => self.due = earlier(self.due, earlier(limit.map(|limit| limit.0), idle)),
            }
        }
        for (id, fault) in late {
            match fault {
                Some(fault) => self.send_away(ctx, id, fault),
                None => {
                    if let Some(address) = self.peer(id).map(|peer| peer.address) {
                        ctx.log(Level::Notice, format!("client {address} idle too long - closing connection"));
                    }
                    self.close(ctx, id);
                }
            }
        }
    }

    /// When [`Listener::tick`] is to be called at the latest, on the monotonic clock.
    pub(super) fn due(&self) -> Option<i64> {
        self.due
    }

    /// Follows a new configuration; the old one is given. What concerns connections to come needs nothing.
    pub(super) fn adopt(&mut self, ctx: &mut Context, old: &Config) {
        let new = &ctx.config;
        let moves = (old.tcp_listen_port, old.tcp_listen_queue) != (new.tcp_listen_port, new.tcp_listen_queue);
        let changes = Secured::changes(old, new);
        if changes || moves && new.tcp_listen_port == 0 {
            self.stop(ctx);
        }
        if moves || !self.is_listening {
            self.start(ctx);
        }
        let revoked = |peer: &Peer| Some((peer.id, peer.secured.as_ref()?.revoked(&ctx.config)?));
        let revoked: Vec<_> = self.peers.iter().filter_map(revoked).collect();
        for (id, fault) in revoked {
            self.send_away(ctx, id, Fault::Tls(fault));
        }
        self.due = Some(ctx.monotonic);
    }

    /// Listens no more, and tells all peers so.
    pub(super) fn stop(&mut self, ctx: &mut Context) {
        for mut peer in std::mem::take(&mut self.peers) {
            if peer.out.is_empty() && peer.is_accepted() {
                peer.push(&Message { message_type: MessageType::ENDING, sequence: 0, is_repeated: false, body: b"" });
            } else {
                // Half of an answer may be on its way.
                peer.out.clear();
            }
            if let Some(secured) = &mut peer.secured {
                secured.close(&mut peer.out);
            }
            ctx.emit(Effect::Peer(PeerOrder::Close { id: peer.id, last: std::mem::take(&mut peer.out) }));
            record_end(ctx, &peer);
        }
        if std::mem::take(&mut self.is_listening) {
            ctx.emit(Effect::Peer(PeerOrder::Unlisten));
        }
        (self.due, self.is_paused) = (None, false);
    }

    /// What is to be sent to a peer.
    pub(super) fn pending(&self, id: PeerId) -> &[u8] {
        let at = self.peers.binary_search_by_key(&id, |peer| peer.id).ok();
        at.and_then(|at| self.peers.get(at)).map_or(&[], |peer| &peer.out)
    }

    /// The report's lines about peers, in the order of the reference.
    pub(super) fn report(&self, lines: &mut Vec<Line>) {
        lines.push(Line::new("listening for network connections", Value::Flag(self.is_listening)));
        if self.is_listening {
            let count = || Value::Number(self.peers.len() as u64, "");
            lines.extend([
                Line::metric("active connections", count(), "peers"),
                Line::new("total connections", count()),
                Line::metric("records of peers", Value::Number(self.records, ""), "peer_records_total"),
                Line::metric("connections refused", Value::Number(self.refused, ""), "connections_refused_total"),
            ]);
        }
    }
}

const ACK: Reply = (MessageType::ACK, "");

/// When a peer that was heard then has been silent for too long.
fn idle_due(ctx: &Context, heard: i64) -> Option<i64> {
    let most = ctx.config.tcp_client_max_idle;
    (most > 0).then(|| heard + most as i64)
}

/// Adds a peer's record to the batch. An empty text is none.
fn take_record(ctx: &mut Context, address: SocketAddr, text: &[u8]) {
    if !text.is_empty() {
        let record_type = u16::try_from(RecordType::parse(line::record_type(text)).0).unwrap_or(u16::MAX);
        ctx.records.push_peer(record_type, |out, own_node| line::push(out, own_node, address.ip(), text));
    }
}

/// Writes down that a connection that was accepted is no more.
fn record_end(ctx: &mut Context, peer: &Peer) {
    if peer.is_accepted() {
        own_record(ctx, kind::DAEMON_CLOSE, "", peer.address, "success");
        if let Some(secured) = &peer.secured {
            secured.record_end(ctx, peer.address);
        }
    }
}

/// A record of the daemon's own about a peer.
fn own_record(ctx: &mut Context, record_type: u16, operation: &str, address: SocketAddr, result: &str) {
    let mut body = operation.as_bytes().to_vec();
    // Writing to memory does not fail.
    let _ = write!(body, "addr={} port={} res={result}", address.ip(), address.port());
    ctx.own_record(record_type, &body);
}
