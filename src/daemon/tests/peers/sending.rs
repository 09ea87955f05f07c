//! Both ends of records between machines at once, the client of audisp-remote and the listener: what is sent over a network that
//! fails arrives once, in its order.

use super::*;
use crate::config::libaudit::Nowhere;
use crate::config::remote;
use crate::remote::client::Client;
use crate::remote::consequence::Effect as Asked;
use crate::remote::queue::Queue;

/// A sender, and its connections to a port.
struct Sender {
    client: Client,
    port: Port,
    now: i64,
    /// The connection that stands.
    peer: Option<u64>,
    /// One that is lost, and that the collector does not know to be; with bytes that have not reached it yet.
    lost: Option<(u64, Vec<u8>)>,
    /// How often it tried to connect.
    attempts: usize,
    /// Records that it took.
    taken: u32,
}

impl Sender {
    fn new(depth: usize) -> Sender {
        let remote = remote::parse(b"remote_server = there\n", "r.conf", &Nowhere, &mut Vec::new()).unwrap();
        Sender {
            client: Client::new(remote, Queue::memory(depth)),
            port: Port::new(Config { tcp_max_per_addr: 2, ..config() }),
            now: 1000,
            peer: None,
            lost: None,
            attempts: 0,
            taken: 0,
        }
    }

    fn take(&mut self, count: u32) {
        for serial in self.taken..self.taken + count {
            self.client.take([line(serial).as_bytes(), b"\n"].concat().as_slice());
        }
        self.taken += count;
    }

    /// Lets both ends do what is due. A connection that is asked for is made where the collector can be reached.
    fn tick(&mut self, is_reachable: bool) -> Option<i64> {
        self.port.at(self.now);
        loop {
            let due = self.client.tick(self.now);
            let effects = self.client.take_effects();
            if !effects.contains(&Asked::Connect) {
                return due;
            }
            self.attempts += 1;
            match is_reachable {
                true => self.connect(),
                false => self.client.lost(self.now, "Connection refused"),
            }
        }
    }

    /// A connection is made. What was on its way over the one before has reached the collector by then.
    fn connect(&mut self) {
        self.peer = Some(self.port.connect_from(&format!("192.0.2.7:{}", self.port.known + 1)));
        if let Some((id, late)) = &mut self.lost {
            self.port.send(*id, &std::mem::take(late));
        }
        self.port.sent.clear();
        self.client.connected(self.now);
    }

    /// The collector gets at most that many of the bytes for it. Returns the others, and what it answers.
    fn send(&mut self, most: usize) -> (Vec<u8>, Vec<u8>) {
        let mut bytes = self.client.output().to_vec();
        self.client.written(bytes.len(), self.now);
        let rest = bytes.split_off(most.min(bytes.len()));
        if let Some(peer) = self.peer.filter(|_| !bytes.is_empty()) {
            self.port.send(peer, &bytes);
        }
        (rest, std::mem::take(&mut self.port.sent).into_iter().flat_map(|(_, bytes)| bytes).collect())
    }

    /// The connection breaks.
    fn lose(&mut self, late: Vec<u8>) {
        self.end_lost();
        self.client.lost(self.now, "Connection reset by peer");
        self.lost = self.peer.take().map(|peer| (peer, late));
    }

    /// The collector learns of it.
    fn end_lost(&mut self) {
        if let Some((id, _)) = self.lost.take() {
            self.port.feed(Input::Peer(PeerEvent::Ended(PeerId(id), 104)));
            self.port.sent.clear();
        }
    }

    /// All is delivered.
    fn drain(&mut self) {
        while !self.client.queue().is_empty() {
            let due = self.tick(true);
            match self.client.output().is_empty() {
                true => self.now = due.unwrap_or(self.now).max(self.now),
                false => {
                    let (_, answers) = self.send(usize::MAX);
                    self.client.received(&answers, self.now);
                }
            }
        }
    }

    fn assert_log_has_each_once(&mut self) {
        let lines: Vec<String> = self.port.lines().into_iter().filter(|line| line.starts_with("node=there ")).collect();
        assert!(
            lines.iter().eq((0..self.taken).map(line).collect::<Vec<_>>().iter()),
            "{} of {}",
            lines.len(),
            self.taken
        );
        assert_eq!(self.client.counts().dropped, 0);
    }
}

#[test]
fn an_hour_without_the_collector_costs_no_record_and_none_comes_twice() {
    let mut sender = Sender::new(10_240);
    sender.take(5);
    sender.drain();
    // What was stored just before is not answered any more.
    sender.take(20);
    sender.tick(true);
    sender.send(usize::MAX);
    sender.lose(Vec::new());
    sender.attempts = 0;
    for _ in 0..3600 {
        sender.now += 1;
        sender.take(2);
        sender.tick(false);
    }
    assert!((60..70).contains(&sender.attempts), "{} attempts", sender.attempts);
    assert_eq!(sender.client.queue().len(), 7220);
    sender.end_lost();
    sender.drain();
    assert_eq!(sender.client.counts().repeated, 20);
    sender.assert_log_has_each_once();
}

#[test]
fn whatever_the_network_loses_and_when_each_record_is_stored_once_and_in_order() {
    let mut state = 0x2026_1127_u64;
    let mut dice = |sides: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % sides as u64) as usize
    };
    let (mut losses, mut repeated) = (0, 0);
    for _ in 0..40 {
        let mut sender = Sender::new(1000);
        for _ in 0..60 {
            sender.take(dice(12) as u32);
            sender.now += dice(3) as i64;
            sender.tick(dice(4) > 0);
            if sender.peer.is_none() {
                continue;
            }
            let length = sender.client.output().len();
            let arrives = if dice(2) == 0 { length } else { dice(length + 1) };
            let (rest, mut answers) = sender.send(arrives);
            if dice(3) == 0 {
                sender.end_lost();
            }
            if arrives == length && dice(2) == 0 {
                sender.client.received(&answers, sender.now);
                continue;
            }
            answers.truncate(dice(answers.len() + 1));
            sender.client.received(&answers, sender.now);
            losses += 1;
            sender.lose(if dice(2) == 0 { rest } else { Vec::new() });
        }
        sender.drain();
        repeated += sender.client.counts().repeated;
        sender.assert_log_has_each_once();
    }
    assert!(losses > 300 && repeated > 1000, "{losses} losses, {repeated} repeated");
}
