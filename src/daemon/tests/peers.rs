//! The listener driven by scripts: what peers may do, what they are answered, and what it leaves in the log.

mod hostile;
#[cfg(feature = "tls")]
mod secured;
mod sending;

use super::*;
use crate::daemon::listen::{PeerEvent, PeerId, PeerOrder};
use crate::remote::wire::{MAGIC, MAX_READ_BODY, Message, MessageType, Messages};

/// A daemon with a port, whose peers are in memory.
struct Port {
    script: Script,
    known: u64,
    /// What each peer was sent, in the order of the orders.
    sent: Vec<(u64, Vec<u8>)>,
    /// Orders, those to send left out.
    orders: Vec<PeerOrder>,
    /// Bytes that a peer takes at a time.
    takes: usize,
}

/// From where the first peers connect.
const ADDRESS: &str = "192.0.2.7";

impl Port {
    fn new(config: Config) -> Port {
        Port::with_descriptors(config, 4096)
    }

    fn with_descriptors(config: Config, descriptors: usize) -> Port {
        let script = Script::with_descriptors(Config { tcp_listen_port: 60, ..config }, descriptors).open();
        let mut port = Port { script, known: 0, sent: Vec::new(), orders: Vec::new(), takes: usize::MAX };
        port.script.core.start_listening();
        port.perform_all();
        assert_eq!(std::mem::take(&mut port.orders), [PeerOrder::Listen]);
        port.script.asked.clear();
        port
    }

    fn feed(&mut self, input: Input<'_>) {
        self.script.core.handle(input);
        self.perform_all();
    }

    fn perform_all(&mut self) {
        while let Some(effect) = self.script.core.next_effect() {
            let Effect::Peer(order) = effect else {
                self.script.perform_and_answer(effect);
                continue;
            };
            let answer = match order {
                PeerOrder::Listen => Some(PeerEvent::Listening(Ok(()))),
                PeerOrder::Send(id) => {
                    let pending = self.script.core.listener().pending(id);
                    let count = pending.len().min(self.takes);
                    self.sent.push((id.0, pending[..count].to_vec()));
                    Some(PeerEvent::Sent(id, count))
                }
                PeerOrder::Close { id, .. } => Some(PeerEvent::Closed(id)),
                PeerOrder::Unlisten | PeerOrder::Accept(_) | PeerOrder::Seed(_) => None,
            };
            if !matches!(order, PeerOrder::Send(_)) {
                self.orders.push(order);
            }
            if let Some(answer) = answer {
                self.script.core.handle(Input::Peer(answer));
            }
        }
    }

    fn connect_from(&mut self, address: &str) -> u64 {
        self.known += 1;
        self.feed(Input::Peer(PeerEvent::Connected(PeerId(self.known), address.parse().unwrap())));
        self.known
    }

    /// A peer with an address of its own.
    fn connect(&mut self) -> u64 {
        let n = self.known + 7;
        self.connect_from(&format!("192.0.{}.{}:1000", 2 + n / 256, n % 256))
    }

    /// How many are accepted of 32 that connect from here in one second.
    fn burst(&mut self, from: &str) -> usize {
        (1..=32).for_each(|n| _ = self.connect_from(&format!("{}:1000", from.replace("NUMBER", &n.to_string()))));
        32 - self.orders.iter().filter(|order| matches!(order, PeerOrder::Close { .. })).count()
    }

    fn send(&mut self, peer: u64, bytes: &[u8]) {
        self.feed(Input::Peer(PeerEvent::Received(PeerId(peer), bytes)));
    }

    fn at(&mut self, seconds: i64) {
        self.script.at(seconds);
        self.feed(Input::Tick);
    }

    /// The answers since the last time: type, sequence, text.
    fn answers(&mut self) -> Vec<(MessageType, u32, String)> {
        let (mut messages, mut all) = (Messages::default(), Vec::new());
        std::mem::take(&mut self.sent).iter().for_each(|(_, bytes)| messages.feed(bytes));
        while let Some(message) = messages.next_message().unwrap() {
            all.push((message.message_type, message.sequence, String::from_utf8(message.body.to_vec()).unwrap()));
        }
        assert_eq!(messages.unfinished(), 0);
        all
    }

    /// What the log holds without times and serials of the daemon's own, and forgets it.
    fn lines(&mut self) -> Vec<String> {
        let short = |line: String| match line
            .split_once("msg=audit(")
            .and_then(|(type_, rest)| Some((type_, rest.split_once("): ")?.1)))
        {
            Some((own, rest)) if own.contains("type=DAEMON_") => format!("{own}{rest}"),
            _ => line,
        };
        self.script.lines().into_iter().map(short).collect()
    }

    fn closed(&mut self) -> bool {
        std::mem::take(&mut self.orders).iter().any(|order| matches!(order, PeerOrder::Close { .. }))
    }
}

fn message(message_type: MessageType, sequence: u32, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Message { message_type, sequence, is_repeated: false, body }.push(&mut out);
    out
}

/// What a peer is told at the end.
fn farewell() -> Vec<u8> {
    message(MessageType::ENDING, 0, b"")
}

fn record(sequence: u32) -> Vec<u8> {
    message(MessageType::MESSAGE, sequence, format!("node=there type=CWD msg=audit(1.000:{sequence}): a\n").as_bytes())
}

/// The record of a serial, which is sent once more.
fn again(sequence: u32, serial: u32) -> Vec<u8> {
    let mut out = record(serial);
    (out[5], out[12]) = (1, sequence as u8);
    out
}

fn line(sequence: u32) -> String {
    format!("node=there type=CWD msg=audit(1.000:{sequence}): a")
}

fn ack(sequence: u32) -> (MessageType, u32, String) {
    (MessageType::ACK, sequence, String::new())
}

#[test]
fn a_record_is_written_and_then_acknowledged() {
    let mut port = Port::new(config());
    let peer = port.connect_from("[::ffff:192.0.2.7]:1000");
    assert_eq!(port.lines(), ["type=DAEMON_ACCEPT addr=192.0.2.7 port=1000 res=success"]);
    port.send(peer, &record(2));
    assert_eq!((port.lines(), port.answers()), (vec![line(2)], vec![ack(2)]));
    port.feed(Input::Peer(PeerEvent::Ended(PeerId(peer), 0)));
    assert_eq!(port.lines(), ["type=DAEMON_CLOSE addr=192.0.2.7 port=1000 res=success"]);
    assert!(port.closed());
}

#[test]
fn messages_in_one_piece_are_one_write_and_answered_in_their_order() {
    let mut port = Port::new(config());
    let peer = port.connect();
    port.lines();
    let heartbeat = message(MessageType::HEARTBEAT, 4, b"");
    port.send(peer, &[record(2), record(3), heartbeat, record(5), record(6)[..20].to_vec()].concat());
    assert_eq!(port.lines(), [2, 3, 5].map(line));
    assert_eq!(port.answers(), [2, 3, 4, 5].map(ack));
    port.send(peer, &record(6)[20..]);
    assert_eq!((port.lines(), port.answers()), (vec![line(6)], vec![ack(6)]));
}

#[test]
fn what_was_not_written_is_never_acknowledged() {
    for (errno, message_type, text) in
        [(NO_ROOM, MessageType::DISK_FULL, "disk full"), (INPUT_OUTPUT, MessageType::DISK_ERROR, "disk write error")]
    {
        let mut port = Port::new(config());
        let peer = port.connect();
        port.script.write_fails = Some((errno, 0));
        port.send(peer, &[record(2), record(3)].concat());
        assert_eq!(port.answers(), [2, 3].map(|sequence| (message_type, sequence, text.to_string())));
        let lost = [Cause::DiskFull, Cause::DiskError].map(|cause| port.script.core.ledger().total(cause));
        assert_eq!(lost, [0, 0], "what a peer keeps is not lost");
        port.script.write_fails = None;
        port.send(peer, &record(2));
        assert_eq!(port.answers(), [ack(2)]);
    }
}

#[test]
fn what_a_short_write_leaves_out_is_counted_by_who_sent_it() {
    let mut port = Port::new(config());
    let peer = port.connect();
    port.lines();
    // Three records of the kernel's wait, and then two of a peer.
    for (kept, lost, first) in [(1, 2, 8), (2, 1, 9), (3, 0, 0)] {
        (7..10).for_each(|serial| port.script.record(serial, "a=b"));
        let one = "type=SYSCALL msg=audit(1000.000:7): a=b\n".len();
        port.script.write_fails = Some((INPUT_OUTPUT, kept * one));
        port.send(peer, &[record(900), record(901)].concat());
        port.script.write_fails = None;
        assert_eq!(port.lines().len(), kept);
        port.script.batch([10]);
        port.script.batch([11]);
        let lines = port.lines();
        let expected = format!("cause=disk-error count={lost} first={first} last=9");
        assert_eq!(contains(&lines, &expected), lost > 0, "{lines:?}");
        assert_eq!(contains(&lines, "lost-events"), lost > 0, "{lines:?}");
    }
}

#[test]
fn while_logging_is_suspended_peers_keep_their_records() {
    let suspends = Config { disk_error_action: Response::Suspend.into(), ..config() };
    let mut port = Port::new(suspends);
    let peer = port.connect();
    port.script.write_fails = Some((INPUT_OUTPUT, 0));
    port.send(peer, &record(2));
    assert_eq!(port.answers(), [(MessageType::DISK_ERROR, 2, "disk write error".to_string())]);
    port.script.write_fails = None;
    port.lines();
    port.send(peer, &[record(2), message(MessageType::HEARTBEAT, 3, b"")].concat());
    assert_eq!(port.answers(), [(MessageType::DISK_ERROR, 2, "remote logging suspended".to_string()), ack(3)]);
    assert_eq!(port.lines(), [""; 0]);
    assert_eq!(port.script.core.ledger().total(Cause::Suspended), 0, "what a peer keeps is not lost");
    port.script.signal(Signal::Resume);
    port.send(peer, &record(2));
    assert_eq!(port.answers(), [ack(2)]);
    assert!(contains(&port.lines(), &line(2)));
}

#[test]
fn without_a_log_a_record_is_acknowledged_for_the_plugins() {
    let mut port = Port::new(Config { write_logs: false, ..config() });
    let peer = port.connect();
    port.send(peer, &record(2));
    assert_eq!(port.answers(), [ack(2)]);
}

#[test]
fn little_space_is_a_warning() {
    let low = Config { space_left: Space::Mebibytes(75), space_left_action: Response::Syslog.into(), ..config() };
    let mut port = Port::new(low);
    let peer = port.connect();
    port.script.space = mib(50);
    port.at(1002);
    port.send(peer, &record(2));
    port.send(peer, &record(3));
    assert_eq!(port.answers().last(), Some(&(MessageType::DISK_LOW, 3, String::new())));
}

#[test]
fn who_may_not_connect_is_refused_with_a_record() {
    let mut port = Port::new(Config { tcp_client_ports: (1, 1023), ..config() });
    port.connect_from("192.0.2.7:1024");
    port.connect_from("192.0.2.7:1023");
    port.connect_from("192.0.2.7:1022");
    port.connect_from("192.0.2.8:1");
    assert_eq!(
        port.lines(),
        [
            "type=DAEMON_ACCEPT op=port addr=192.0.2.7 port=1024 res=no",
            "type=DAEMON_ACCEPT addr=192.0.2.7 port=1023 res=success",
            "type=DAEMON_ACCEPT op=dup addr=192.0.2.7 port=1022 res=no",
            "type=DAEMON_ACCEPT addr=192.0.2.8 port=1 res=success",
        ]
    );
    let asked = port.script.asked();
    assert!(contains(&asked, "TCP connection from 192.0.2.7:1024 rejected"), "{asked:?}");
    assert!(contains(&asked, "Too many connections from 192.0.2.7:1022 - rejected"));
    port.send(1, &record(2));
    assert_eq!(port.answers(), [], "who was refused is not heard");
}

#[test]
fn peers_are_bounded_in_all_and_in_a_second() {
    let mut port = Port::new(config());
    let mut paused = 0;
    for second in 1001..1040 {
        port.at(second);
        for _ in 0..32 {
            let peer = port.connect();
            port.send(peer, &message(MessageType::HEARTBEAT, 2, b""));
        }
        let orders = std::mem::take(&mut port.orders);
        paused += orders.iter().filter(|order| **order == PeerOrder::Accept(false)).count();
        assert_eq!(orders.first() == Some(&PeerOrder::Accept(true)), (1002..1034).contains(&second));
    }
    assert_eq!(paused, 32);
    let lines = port.lines();
    let count = |part: &str| lines.iter().filter(|line| line.contains(part)).count();
    assert_eq!((count("res=success"), count("op=alloc")), (1024, 7 * 8));
}

#[test]
fn what_is_refused_takes_the_place_of_nobody_and_few_of_them_are_written_down() {
    let mut port = Port::new(config());
    port.connect_from("192.0.2.7:1000");
    (1..1024).for_each(|_| _ = port.connect_from("192.0.2.7:1001"));
    assert!(!port.orders.contains(&PeerOrder::Accept(false)), "others need not wait");
    assert_eq!(port.orders.iter().filter(|order| matches!(order, PeerOrder::Close { .. })).count(), 1023);
    let honest = port.connect_from("192.0.2.8:1000");
    port.send(honest, &record(2));
    assert_eq!(port.answers(), [ack(2)]);
    port.connect_from("192.0.2.7:1002");
    assert_eq!(
        port.orders.iter().filter(|order| **order == PeerOrder::Accept(false)).count(),
        1,
        "the work is bounded"
    );
    let lines = port.lines();
    assert_eq!(lines.iter().filter(|line| line.contains("op=dup addr=192.0.2.7 ")).count(), 8, "{lines:?}");
    port.script.asked();
    port.at(1001);
    assert!(port.orders.contains(&PeerOrder::Accept(true)));
    assert!(contains(&port.script.asked(), "1016 more connections were refused in a second"));
    port.connect_from("192.0.2.7:1003");
    assert!(contains(&port.lines(), "op=dup addr=192.0.2.7 port=1003 res=no"), "it is told again");
}

#[test]
fn a_source_that_comes_and_goes_does_not_keep_others_waiting() {
    for one in ["192.0.2.7", "[2001:db8::NUMBER]", "[2001:db8:0:0:NUMBER::1]"] {
        let mut port = Port::new(Config { tcp_max_per_addr: 1, ..config() });
        for number in 1..=40 {
            let peer = port.connect_from(&format!("{}:1000", one.replace("NUMBER", &number.to_string())));
            port.feed(Input::Peer(PeerEvent::Ended(PeerId(peer), 0)));
        }
        assert!(!port.orders.contains(&PeerOrder::Accept(false)), "{one}");
        let lines = port.lines();
        let count = |part: &str| lines.iter().filter(|line| line.contains(part)).count();
        assert_eq!((count("DAEMON_ACCEPT addr="), count("op=rate ")), (8, 8), "{one} {lines:?}");
        port.at(1001);
        let many = Port::new(Config { tcp_max_per_addr: 200, ..config() }).burst(one);
        assert_eq!(many, 32, "{one} may have many");
        port.connect_from(&format!("{}:1000", one.replace("NUMBER", "1")));
        assert!(contains(&port.lines(), "type=DAEMON_ACCEPT addr="), "{one}");
    }
}

#[test]
fn peers_leave_descriptors_to_the_rest_of_the_daemon() {
    for (descriptors, most) in [(1 << 20, 1024), (1024, 896), (256, 128), (64, 32), (0, 0)] {
        let mut port = Port::with_descriptors(config(), descriptors);
        let peers: Vec<u64> = (0..1030).map(|_| port.connect()).collect();
        assert_eq!(peers.len() - port.orders.iter().filter(|o| matches!(o, PeerOrder::Close { .. })).count(), most);
        let lines = port.lines();
        let count = |part: &str| lines.iter().filter(|line| line.contains(part)).count();
        assert_eq!((count("res=success"), count("op=alloc")), (most, (1030 - most).min(8)), "of {descriptors}");
    }
}

#[test]
fn a_peer_has_five_seconds_to_its_first_header_and_thirty_to_finish_a_message() {
    let mut port = Port::new(config());
    let silent = port.connect();
    let slow = port.connect();
    for second in 0..5 {
        assert!(!port.closed());
        port.at(1000 + second);
        port.send(slow, &record(2)[second as usize..=second as usize]);
    }
    port.at(1005);
    assert_eq!(port.orders, [silent, slow].map(|peer| PeerOrder::Close { id: PeerId(peer), last: Vec::new() }));
    assert!(contains(
        &port.lines(),
        "type=DAEMON_ERR op=remote-client cause=no-message addr=192.0.2.8 port=1000 res=failed"
    ));
    port.closed();

    let body = port.connect();
    port.send(body, &record(2)[..16]);
    for second in 1006..1035 {
        port.at(second);
        let at = second as usize - 990;
        port.send(body, &record(2)[at..=at]);
        assert!(!port.closed(), "{second}");
    }
    port.at(1035);
    assert!(port.closed() && contains(&port.lines(), "op=remote-client cause=slow addr="));
}

#[test]
fn what_is_no_message_or_an_answer_closes_the_connection_and_what_came_before_it_counts() {
    let mut long = record(3);
    long[10..12].copy_from_slice(&(MAX_READ_BODY as u16 + 1).to_le_bytes());
    let cases = [
        (message(MessageType(7), 3, b"x"), "unknown-type"),
        (message(MessageType::ACK, 3, b""), "unknown-type"),
        (message(MessageType::ENDING, 0, b""), "unknown-type"),
        (long, "too-long"),
        (b"type=LOGIN msg=audit(1.000:2): \n".to_vec(), "not-managed"),
        (MAGIC.to_be_bytes().to_vec(), "not-managed"),
    ];
    for (bytes, cause) in cases {
        let mut port = Port::new(config());
        let peer = port.connect();
        port.lines();
        port.send(peer, &[record(2), bytes, record(9)].concat());
        assert_eq!(port.answers(), [ack(2)], "{cause}");
        let error = format!("type=DAEMON_ERR op=remote-client cause={cause} addr={ADDRESS} port=1000 res=failed");
        let close = format!("type=DAEMON_CLOSE addr={ADDRESS} port=1000 res=success");
        assert_eq!(port.lines(), [line(2), error, close]);
        port.send(peer, &record(4));
        assert_eq!((port.lines().len(), port.answers().len()), (0, 0), "and it is not heard any more");
    }
}

#[test]
fn a_peer_that_takes_no_answers_is_sent_away_in_the_end() {
    let mut port = Port::new(config());
    let peer = port.connect();
    port.takes = 10;
    port.send(peer, &record(2));
    port.takes = 0;
    port.at(1029);
    port.feed(Input::Peer(PeerEvent::Writable(PeerId(peer))));
    assert!(!port.closed());
    port.at(1030);
    assert!(port.closed() && contains(&port.lines(), "cause=takes-nothing"));

    let peer = port.connect();
    port.takes = 10;
    port.sent.clear();
    port.send(peer, &record(2));
    port.takes = 10;
    port.feed(Input::Peer(PeerEvent::Writable(PeerId(peer))));
    assert_eq!(port.answers(), [ack(2)]);
    port.at(1100);
    assert!(!port.closed(), "it took them");
}

#[test]
fn a_silent_peer_is_sent_away_when_the_configuration_says_so() {
    let mut port = Port::new(Config { tcp_client_max_idle: 60, ..config() });
    let peer = port.connect();
    port.send(peer, &record(2));
    port.at(1059);
    port.send(peer, &message(MessageType::HEARTBEAT, 3, b""));
    port.at(1118);
    assert!(!port.closed());
    port.at(1119);
    assert!(port.closed());
    assert!(contains(&port.script.asked(), "client 192.0.2.7:1000 idle too long - closing connection"));
    let mut port = Port::new(config());
    let peer = port.connect();
    port.send(peer, &record(2));
    port.at(1_000_000);
    assert!(!port.closed());
}

#[test]
fn peers_are_told_that_the_daemon_ends() {
    let mut port = Port::new(config());
    let peer = port.connect();
    port.lines();
    port.script.core.handle(Input::Signal(Signal::Stop, Sender::from_signal(99, 0, Some(1000), Some(3))));
    port.perform_all();
    port.feed(Input::Sender(None));
    assert_eq!(port.orders, [PeerOrder::Close { id: PeerId(peer), last: farewell() }, PeerOrder::Unlisten]);
    let lines = port.lines();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("type=DAEMON_CLOSE ") && lines[1].starts_with("type=DAEMON_END "), "{lines:?}");
}

#[test]
fn a_reload_moves_the_port_and_leaves_connections_alone_unless_there_is_none() {
    let mut port = Port::new(config());
    let peer = port.connect();
    let reload = |port: &mut Port, config: Config| {
        port.feed(Input::Signal(Signal::Reload, Sender::from_signal(99, 0, Some(1000), Some(3))));
        port.feed(Input::Sender(None));
        port.feed(Input::Config(Ok(Box::new(config))));
        std::mem::take(&mut port.orders)
    };
    let listening = |tcp_listen_port| Config { tcp_listen_port, ..config() };
    assert_eq!(reload(&mut port, Config { tcp_max_per_addr: 2, ..listening(60) }), []);
    port.connect_from("192.0.2.7:2000");
    assert!(!port.closed(), "the new limit counts");
    assert_eq!(reload(&mut port, listening(61)), [PeerOrder::Listen]);
    assert_eq!(reload(&mut port, Config { tcp_listen_queue: 9, ..listening(61) }), [PeerOrder::Listen]);
    port.send(peer, &record(2));
    assert_eq!(port.answers(), [ack(2)]);
    let orders = reload(&mut port, listening(0));
    assert_eq!(orders.len(), 3);
    assert_eq!(orders[0], PeerOrder::Close { id: PeerId(peer), last: farewell() });
    assert_eq!(orders[2], PeerOrder::Unlisten);
    assert_eq!(reload(&mut port, listening(60)), [PeerOrder::Listen]);
}

#[test]
fn a_peer_cannot_speak_for_this_machine() {
    let mut port = Port::new(config());
    port.script.core.set_node("here");
    let peer = port.connect();
    port.lines();
    for text in ["type=LOGIN msg=audit(1.000:2): a", "node=here type=LOGIN msg=audit(1.000:2): a", "x\ntype=LOGIN"] {
        port.send(peer, &message(MessageType::MESSAGE, 2, text.as_bytes()));
    }
    port.send(peer, &message(MessageType::MESSAGE, 3, b"\n"));
    let expected = "node=192.0.2.7 type=LOGIN msg=audit(1.000:2): a";
    assert_eq!(port.lines(), [expected, expected, "node=192.0.2.7 x type=LOGIN"]);
    assert_eq!(port.answers().len(), 4);
}

#[test]
fn the_kernels_serials_are_not_a_peers_affair() {
    let mut port = Port::new(config());
    port.script.batch([5]);
    let peer = port.connect();
    port.send(peer, &message(MessageType::MESSAGE, 2, b"node=there type=CWD msg=audit(1.000:900): a\n"));
    port.script.batch([6]);
    port.at(1100);
    assert!(!contains(&port.lines(), "lost-events"));
}

#[test]
fn while_degraded_a_peers_records_need_a_key_too() {
    let degrades = Config {
        space_left: Space::Mebibytes(75),
        space_left_action: Response::Degrade.into(),
        priority_keys: vec!["keep".to_string()],
        ..config()
    };
    let mut port = Port::new(degrades);
    let peer = port.connect();
    port.script.space = mib(50);
    port.send(peer, &record(2));
    port.at(1002);
    port.lines();
    let kept = "node=there type=SYSCALL msg=audit(1.000:7): a=b key=\"keep\"";
    for text in [kept, "node=there type=CWD msg=audit(1.000:7): a", "node=there type=CWD msg=audit(1.000:8): a"] {
        port.send(peer, &message(MessageType::MESSAGE, 3, text.as_bytes()));
    }
    assert_eq!(port.lines(), [kept, "node=there type=CWD msg=audit(1.000:7): a"]);
    assert!(port.answers()[1..].iter().all(|answer| answer.0 == MessageType::DISK_LOW));
    assert_eq!(port.script.core.ledger().total(Cause::Degraded), 1);
}

/// A port with room for several connections from one address, one of which has stored these.
fn port_that_has(serials: &[u32]) -> (Port, u64) {
    let mut port = Port::new(Config { tcp_max_per_addr: 3, ..config() });
    let peer = port.connect_from("192.0.2.7:1");
    serials.iter().for_each(|serial| port.send(peer, &record(*serial)));
    port.lines();
    port.answers();
    (port, peer)
}

fn end(port: &mut Port, peer: u64) {
    port.feed(Input::Peer(PeerEvent::Ended(PeerId(peer), 0)));
    port.lines();
}

#[test]
fn a_record_whose_answer_was_lost_is_acknowledged_and_not_stored_again() {
    for has_ended in [true, false] {
        let (mut port, first) = port_that_has(&[2, 3]);
        if has_ended {
            end(&mut port, first);
        }
        // Its connections are lost over and over. What was not stored yet is.
        for (port_number, stored) in [(2, &[4][..]), (3, &[]), (4, &[])] {
            let peer = port.connect_from(&format!("192.0.2.7:{port_number}"));
            port.lines();
            port.send(peer, &[again(20, 2), again(21, 3), again(22, 4)].concat());
            assert_eq!(port.lines(), stored.iter().map(|serial| line(*serial)).collect::<Vec<_>>());
            assert_eq!(port.answers(), [20, 21, 22].map(ack));
            if has_ended || port_number > 2 {
                end(&mut port, peer);
            }
        }
        let peer = port.connect_from("192.0.2.7:5");
        port.lines();
        port.send(peer, &[record(5), record(2)].concat());
        assert_eq!(port.lines(), [5, 2].map(line), "what has no mark is stored");
    }
}

#[test]
fn what_was_not_stored_is_stored_when_it_comes_again() {
    let (mut port, peer) = port_that_has(&[]);
    port.script.write_fails = Some((NO_ROOM, 0));
    port.send(peer, &[record(2), record(3)].concat());
    port.script.write_fails = None;
    end(&mut port, peer);
    let peer = port.connect_from("192.0.2.7:2");
    port.lines();
    port.answers();
    port.send(peer, &[again(2, 2), again(3, 3)].concat());
    assert_eq!((port.lines(), port.answers()), ([2, 3].map(line).to_vec(), [2, 3].map(ack).to_vec()));
}

#[test]
fn a_mark_keeps_nothing_out_of_the_log_that_is_not_in_it() {
    let (mut port, first) = port_that_has(&[2, 2, 3]);
    let marked = port.connect();
    port.lines();
    port.send(marked, &[again(2, 2), again(3, 3)].concat());
    assert_eq!(port.lines(), [2, 3].map(line), "what another address has stored");
    port.send(first, &again(9, 3));
    assert_eq!(port.lines(), [line(3)], "what the same connection has stored");
    end(&mut port, first);
    let peer = port.connect_from("192.0.2.7:2");
    port.lines();
    port.send(peer, &[again(4, 2), again(5, 2), again(6, 2), again(7, 7), record(8), again(9, 3)].concat());
    assert_eq!(port.lines(), [2, 7, 8, 3].map(line), "once for each time, and no marks after a record without one");
    let peer = port.connect_from("192.0.2.7:3");
    port.lines();
    (0..100).for_each(|serial| port.send(peer, &again(1, serial + 100)));
    assert_eq!(port.lines(), (100..200).map(line).collect::<Vec<_>>(), "who marks everything is stored all the same");
}

#[test]
fn repeats_are_no_more_than_a_window_and_one_address_makes_no_other_forgotten() {
    let (mut port, first) = port_that_has(&(100..200).collect::<Vec<_>>());
    end(&mut port, first);
    let flood = port.connect_from("192.0.2.8:1");
    (0..1000).for_each(|serial| port.send(flood, &record(serial)));
    end(&mut port, flood);
    let peer = port.connect_from("192.0.2.7:2");
    port.lines();
    (168..200).for_each(|serial| port.send(peer, &again(2, serial)));
    assert_eq!(port.lines(), [""; 0]);
    let other = port.connect_from("192.0.2.7:3");
    port.lines();
    (0..32).for_each(|serial| port.send(other, &again(2, serial)));
    assert_eq!(port.lines().len(), 32);
    port.send(other, &again(2, 199));
    assert_eq!(port.lines(), [line(199)], "a window of marks is over");
}
