//! What the client does, told as scripts: no socket, no clock.

mod answers;

use super::*;
use crate::config::libaudit::Nowhere;
use crate::config::remote;
use crate::remote::wire;

/// A client, and what it asked for last.
struct Script {
    client: Client,
    now: i64,
    /// Sentences that were logged.
    said: Vec<String>,
    /// Other effects, as words.
    done: Vec<String>,
    due: Option<i64>,
}

/// A client of `depth` records, with these lines of configuration.
fn script_of(depth: usize, lines: &str) -> Script {
    let text = format!("remote_server = there\n{lines}");
    let config = remote::parse(text.as_bytes(), "r.conf", &Nowhere, &mut Vec::new()).unwrap();
    let client = Client::new(config, Queue::memory(depth));
    Script { client, now: 1000, said: Vec::new(), done: Vec::new(), due: None }
}

fn script(lines: &str) -> Script {
    script_of(2048, lines)
}

/// A message for the collector: type, version of the message, sequence, body.
type Sent = (u32, u8, u32, String);

impl Script {
    fn effects(&mut self) {
        for effect in self.client.take_effects() {
            match effect {
                Effect::Log(_, text) => self.said.push(text),
                Effect::Connect => self.done.push("connect".to_string()),
                Effect::Close => self.done.push("close".to_string()),
                Effect::Run(helper, message) => self.done.push(format!("{helper} {message}")),
                Effect::Runlevel(level) => self.done.push(format!("init {level}")),
            }
        }
    }

    /// Lets it go on; what it asked for since the last time.
    fn tick(&mut self) -> Vec<String> {
        self.due = self.client.tick(self.now);
        self.effects();
        std::mem::take(&mut self.done)
    }

    /// What it logged since the last time.
    fn said(&mut self) -> Vec<String> {
        self.effects();
        std::mem::take(&mut self.said)
    }

    /// Hands records to it.
    fn take(&mut self, serials: std::ops::RangeInclusive<u32>) {
        serials.for_each(|serial| self.client.take(&line(serial)));
    }

    /// A connection is made.
    fn connect(&mut self) {
        self.attempt();
        self.client.connected(self.now);
        self.tick();
    }

    /// Everything it has for the collector.
    fn sent(&mut self) -> Vec<Sent> {
        self.tick();
        let bytes = self.client.output().to_vec();
        self.client.written(bytes.len(), self.now);
        let (mut messages, mut found, mut at) = (Messages::default(), Vec::new(), 0);
        messages.feed(&bytes);
        while let Some(message) = messages.next_message().unwrap() {
            let body = String::from_utf8_lossy(message.body).into_owned();
            found.push((message.message_type.0, bytes[at + 5], message.sequence, body));
            at += wire::HEADER + message.body.len();
        }
        assert_eq!(messages.unfinished(), 0);
        found
    }

    /// Serials of the records that it sends, and whether they are marked as repeated.
    fn records(&mut self) -> Vec<(u32, bool)> {
        let serial = |body: &str| body.split([':', ')']).nth(1).unwrap().parse().unwrap();
        self.sent().iter().map(|sent| (serial(&sent.3), sent.1 == 1)).collect()
    }

    /// The collector answers.
    fn answer(&mut self, message_type: MessageType, sequence: u32, text: &str) {
        let mut bytes = Vec::new();
        Message { message_type, sequence, is_repeated: false, body: text.as_bytes() }.push(&mut bytes);
        self.client.received(&bytes, self.now);
    }

    fn ack(&mut self, sequences: std::ops::RangeInclusive<u32>) {
        sequences.for_each(|sequence| self.answer(MessageType::ACK, sequence, ""));
    }

    /// Goes on until it tries to connect; returns when that is.
    fn attempt(&mut self) -> i64 {
        while self.tick().last().is_none_or(|asked| asked != "connect") {
            self.now = self.due.unwrap().max(self.now);
        }
        self.now
    }

    /// Attempts that fail until this is logged; the seconds at which they were made, from now.
    fn attempts_until(&mut self, text: &str) -> Vec<i64> {
        let (start, mut attempts) = (self.now, Vec::new());
        while attempts.len() < 100 {
            attempts.push(self.attempt() - start);
            self.client.lost(self.now, "Connection refused");
            if self.said().iter().any(|said| said.contains(text)) {
                return attempts;
            }
        }
        panic!("{text} was not logged")
    }
}

fn line(serial: u32) -> Vec<u8> {
    format!("type=CWD msg=audit(1.000:{serial}): cwd=\"/\"\n").into_bytes()
}

fn unmarked(serials: std::ops::RangeInclusive<u32>) -> Vec<(u32, bool)> {
    serials.map(|serial| (serial, false)).collect()
}

fn marked(serials: std::ops::RangeInclusive<u32>) -> Vec<(u32, bool)> {
    serials.map(|serial| (serial, true)).collect()
}

fn is_full(script: &Script) -> bool {
    script.client.room() == Some(0)
}

#[test]
fn nothing_is_done_before_there_is_a_record() {
    let mut script = script("heartbeat_timeout = 5");
    assert_eq!((script.tick().len(), script.due), (0, None));
    script.take(1..=1);
    assert_eq!(script.tick(), ["connect"]);
}

#[test]
fn a_record_is_sent_with_its_newline_and_leaves_the_queue_when_it_is_answered() {
    let mut script = script("");
    script.take(7..=7);
    script.connect();
    assert_eq!(script.said(), ["Connected to there"]);
    assert_eq!(script.sent(), [(0, 0, 2, String::from_utf8(line(7)).unwrap())], "sequences begin with 2");
    assert_eq!((script.sent(), script.client.queue().len()), (Vec::new(), 1));
    script.ack(2..=2);
    assert_eq!((script.client.queue().len(), script.client.counts().delivered), (0, 1));
    script.take(8..=8);
    assert_eq!(script.sent()[0].2, 3);
}

#[test]
fn no_more_than_the_window_is_on_its_way() {
    let mut script = script("");
    script.take(1..=100);
    script.connect();
    assert_eq!(script.records(), unmarked(1..=WINDOW as u32));
    assert_eq!(script.records(), []);
    script.ack(2..=4);
    assert_eq!(script.records(), unmarked(WINDOW as u32 + 1..=WINDOW as u32 + 3));
}

#[test]
fn ends_of_events_and_what_is_no_record_are_not_sent() {
    let mut script = script("");
    for line in ["type=EOE msg=audit(1.000:1): \n", "node=n type=EOE msg=audit(1.000:1): \n", "nonsense\n", "\n"] {
        script.client.take(line.as_bytes());
    }
    assert!(script.client.queue().is_empty());
    script.client.take(b"node=n type=CWD msg=audit(1.000:1): a=\0b\n");
    script.connect();
    assert_eq!(script.sent()[0].3, "node=n type=CWD msg=audit(1.000:1): a= b\n");
}

#[test]
fn a_record_that_is_too_long_for_a_listener_first_loses_what_was_added_to_it() {
    let mut script = script("");
    let (start, value) = ("type=CWD msg=audit(1.000:1): a=", "x".repeat(8900));
    script.client.take(format!("{start}{value}\x1dA=\"{value}\"\n").as_bytes());
    script.client.take(format!("{start}{value}{value}\n").as_bytes());
    // In a user's own words the byte separates nothing.
    let user = format!("type=USER msg=audit(1.000:1): pid=1 msg='a\x1d{value}'");
    script.client.take(format!("{user}\x1dA=\"{value}\"\n").as_bytes());
    script.connect();
    let sent = script.sent();
    assert_eq!(sent[2].3, format!("{user}\n"));
    assert_eq!(sent[0].3, format!("{start}{value}\n"));
    assert_eq!((sent[1].3.len(), sent[1].3.ends_with("x\n")), (wire::MAX_BODY, true));
}

#[test]
fn what_was_on_its_way_when_the_connection_is_lost_is_sent_again_with_a_mark() {
    let mut script = script("");
    script.take(1..=3);
    script.connect();
    assert_eq!(script.records(), unmarked(1..=3));
    script.ack(2..=2);
    script.client.lost(script.now, "Connection reset by peer");
    assert_eq!(script.tick(), ["close", "connect"], "the second attempt is made at once");
    script.client.connected(script.now);
    script.take(4..=4);
    assert_eq!(script.records(), [marked(2..=3), unmarked(4..=4)].concat());
    assert!(
        script.said().contains(
            &"records that the collector may have already are sent again, from audit(1.000:2): 2".to_string()
        )
    );
    script.ack(5..=7);
    assert!(script.client.queue().is_empty());
    let counts = Counts { delivered: 4, repeated: 2, dropped: 0 };
    assert_eq!(script.client.counts(), counts);
}

#[test]
fn what_a_queue_had_at_the_start_is_sent_with_a_mark() {
    let mut queue = Queue::memory(100);
    (1..=40).for_each(|serial| assert!(queue.push(&line(serial)).unwrap()));
    let mut script = script("");
    script.client = Client::new(script.client.config().clone(), queue);
    script.connect();
    assert_eq!(script.records(), marked(1..=WINDOW as u32));
    script.ack(2..=WINDOW as u32 + 1);
    assert_eq!(script.records(), unmarked(WINDOW as u32 + 1..=40), "no more than could be on their way");
}

#[test]
fn attempts_are_made_at_once_then_after_the_retry_time_and_then_ever_more_slowly() {
    let mut script = script("network_retry_time = 3\nmax_tries_per_record = 9\nmax_time_per_record = 1000");
    script.take(1..=1);
    script.connect();
    script.sent();
    script.client.lost(script.now, "reset");
    assert_eq!(script.attempts_until("network failure, max retries exhausted"), [0, 3, 9, 21, 45, 93, 153, 213, 273]);
    assert_eq!(script.client.queue().len(), 1, "the record is kept");
}

#[test]
fn the_action_for_the_network_is_taken_after_the_tries_or_the_time_of_a_record() {
    for (tries, time, expected, text) in [
        (3, 100, &[0, 0, 1, 3][..], "max retries exhausted"),
        (1, 100, &[0, 0], "max retries exhausted"),
        (100, 5, &[0, 0, 1, 3, 7], "max retry time exhausted"),
    ] {
        let lines = format!("max_tries_per_record = {tries}\nmax_time_per_record = {time}\nheartbeat_timeout = 9999");
        let mut script = script(&lines);
        script.take(1..=1);
        script.connect();
        script.sent();
        script.ack(2..=2);
        script.client.lost(script.now, "closed");
        assert_eq!(script.client.tries, 0, "what is lost while it is idle is no try");
        script.client.failures = 0;
        script.now += 60;
        script.take(2..=2);
        assert_eq!(script.attempts_until(text), expected);
        assert_eq!(script.said(), Vec::<String>::new(), "warn_once");
    }
}

#[test]
fn warnings_come_once_until_a_record_was_delivered() {
    let mut script = script("max_tries_per_record = 1");
    script.take(1..=1);
    script.connect();
    for serial in 2..=3 {
        script.client.lost(script.now, "reset");
        script.attempts_until("network failure, max retries exhausted");
        for _ in 0..9 {
            script.attempt();
            script.client.lost(script.now, "Connection refused");
        }
        assert_eq!(script.said(), Vec::<String>::new());
        script.connect();
        let sequence = script.sent()[0].2;
        script.ack(sequence..=sequence);
        script.take(serial..=serial);
        script.sent();
        script.said();
    }
}

#[test]
fn a_first_connection_that_cannot_be_made_has_its_own_action_and_that_of_the_network_after_its_tries() {
    let mut script = script("network_failure_action = warn_once");
    script.take(1..=1);
    let text = "startup network failure, First attempt at connecting to server unsuccessful";
    assert_eq!(script.attempts_until(text), [0]);
    assert_eq!(script.attempts_until("network failure, max retries exhausted"), [0, 1, 3]);
    for _ in 0..9 {
        script.attempt();
        script.client.lost(script.now, "Connection refused");
    }
    assert!(!script.client.has_stopped() && script.client.queue().len() == 1);
    assert_eq!(script.said(), Vec::<String>::new(), "each is said once");
    script.connect();
    assert_eq!(script.records(), unmarked(1..=1), "it was never sent");
}

#[test]
fn a_collector_that_can_never_be_reached_has_the_action_that_was_set_for_it() {
    for (action, done) in [("exec /bin/x", "/bin/x max retries exhausted"), ("halt", "init 0"), ("stop", "")] {
        let mut script = script(&format!("network_failure_action = {action}\nstartup_failure_action = ignore"));
        script.take(1..=1);
        for attempt in 1..=4 {
            assert!(script.done.is_empty() && !script.client.has_stopped(), "{attempt}");
            script.attempt();
            script.client.lost(script.now, "Connection refused");
            script.effects();
            script.done.retain(|done| done != "close");
        }
        assert_eq!((script.done.concat().as_str(), script.client.has_stopped()), (done, done.is_empty()), "{action}");
        assert_eq!(script.client.queue().len(), 1, "the record is kept");
    }
}

#[test]
fn a_connection_that_is_not_made_in_time_is_given_up() {
    let mut script = script("max_time_per_record = 7");
    script.take(1..=1);
    assert_eq!((script.tick(), script.due), (vec!["connect".to_string()], Some(1007)));
    script.now = 1006;
    assert_eq!(script.tick(), Vec::<String>::new());
    script.now = 1007;
    assert_eq!(script.tick(), ["close"]);
    assert_eq!(script.tick(), ["connect"]);
    assert_eq!(script.said()[0], "Error connecting to there: no connection within max_time_per_record");
}

#[test]
fn a_collector_that_does_not_answer_is_left_and_one_that_answers_slowly_is_not() {
    let mut script = script("max_time_per_record = 5");
    script.take(1..=3);
    script.connect();
    assert_eq!(script.records().len(), 3);
    for sequence in 2..=3 {
        script.now += 4;
        assert_eq!(script.tick(), Vec::<String>::new());
        script.ack(sequence..=sequence);
    }
    script.now += 4;
    assert_eq!(script.tick(), Vec::<String>::new());
    assert_eq!(script.due, Some(script.now + 1));
    script.now += 1;
    assert_eq!(script.tick(), ["close"]);
    assert_eq!(script.said().last().unwrap(), "Connection to there: no answer within max_time_per_record");
    script.connect();
    assert_eq!(script.records(), marked(3..=3));
}

#[test]
fn silence_is_asked_about_when_heartbeats_are_wanted() {
    let mut script = script("heartbeat_timeout = 30");
    script.take(1..=1);
    script.connect();
    script.sent();
    script.ack(2..=2);
    script.tick();
    assert_eq!(script.due, Some(1030));
    script.now = 1030;
    assert_eq!(script.sent(), [(1, 0, 3, String::new())]);
    script.take(2..=2);
    assert_eq!(script.sent(), [], "one question at a time");
    script.ack(3..=3);
    assert_eq!(script.records(), unmarked(2..=2));
    script.ack(4..=4);
    script.tick();
    assert_eq!(script.due, Some(1060));
    script.now = 1060;
    assert_eq!(script.sent().len(), 1);
    script.now = 1065;
    assert_eq!(script.tick(), ["close"]);
    script.connect();
    script.tick();
    assert_eq!(script.due, Some(1095), "it is connected though there is no record");
}

#[test]
fn a_lost_connection_that_nobody_needs_is_made_again_with_the_next_record() {
    let mut script = script("");
    script.take(1..=1);
    script.connect();
    script.sent();
    script.ack(2..=2);
    script.client.lost(script.now, "the collector has closed it");
    assert_eq!((script.tick(), script.due), (vec!["close".to_string()], None));
    script.take(2..=2);
    script.connect();
    assert_eq!(script.records(), unmarked(2..=2));
}

#[test]
fn a_collector_that_takes_connections_and_closes_them_is_not_hammered() {
    let mut script = script("heartbeat_timeout = 9\nnetwork_retry_time = 2");
    script.take(1..=1);
    script.connect();
    script.sent();
    script.ack(2..=2);
    let start = script.now;
    let mut attempts = Vec::new();
    for _ in 0..6 {
        script.client.lost(script.now, "the collector has closed it");
        attempts.push(script.attempt() - start);
        script.client.connected(script.now);
    }
    assert_eq!(attempts, [0, 2, 6, 14, 30, 62]);
}

#[test]
fn a_queue_has_room_for_so_many_records_while_a_collector_is_slow() {
    let mut script = script_of(3, "overflow_action = halt");
    for room in (0..4).rev() {
        assert_eq!(script.client.room(), Some(room));
        script.take(1..=1);
    }
    assert_eq!(script.client.counts().dropped, 1);
}

#[test]
fn what_comes_at_the_end_and_has_no_room_is_counted_and_nothing_else_is_done_about_it() {
    let mut script = script_of(3, "overflow_action = halt");
    script.client.end();
    assert_eq!(script.client.room(), None);
    script.take(1..=5);
    assert_eq!((script.client.queue().len(), script.client.counts().dropped), (3, 2));
    assert!(!script.client.take_effects().iter().any(|effect| matches!(effect, Effect::Runlevel(_))));
}

#[test]
fn a_full_queue_drops_what_comes_and_says_so_once_until_there_is_room() {
    for (action, text, effect) in [
        ("ignore", None, None),
        ("syslog", Some("queue is full - dropping event"), None),
        ("suspend", Some("Audisp-remote is suspending event processing due to overflowing its queue."), None),
        ("single", Some("Audisp-remote is now changing the system to single user mode"), Some("init 1")),
        ("halt", Some("Audisp-remote is now halting the system"), Some("init 0")),
    ] {
        let mut script = script_of(4, &format!("overflow_action = {action}"));
        script.take(1..=9);
        script.effects();
        assert_eq!(script.done, effect.into_iter().collect::<Vec<_>>());
        let said = script.said();
        assert!(said.len() <= 1 && said.first().is_none_or(|said| said.starts_with(text.unwrap())), "{said:?}");
        assert_eq!((said.len(), script.client.counts().dropped), (usize::from(text.is_some()), 5));
        assert_eq!(script.client.is_suspended(), action == "suspend");
        script.client.resume();
        script.done.clear();
        script.connect();
        assert_eq!(script.records(), unmarked(1..=4));
        script.ack(2..=2);
        script.said();
        script.take(10..=11);
        assert_eq!(script.said(), Vec::<String>::new(), "half of the queue is not free");
        script.ack(3..=5);
        script.take(12..=12);
        assert_eq!(script.said(), ["the queue has room again; records were dropped: 6"]);
    }
}

#[test]
fn another_configuration_is_taken_at_once_and_the_queue_stays() {
    let mut script = script("");
    script.take(1..=2);
    script.connect();
    script.sent();
    let text = b"remote_server = elsewhere\nqueue_depth = 9\n";
    script.client.reload(remote::parse(text, "r.conf", &Nowhere, &mut Vec::new()).unwrap());
    assert_eq!(script.tick(), ["close", "connect"]);
    script.client.connected(script.now);
    let said = script.said();
    assert!(said.contains(&"Connected to elsewhere".to_string()), "{said:?}");
    assert!(said.contains(&"mode, queue_file and queue_depth are taken at the next start".to_string()));
    assert_eq!((script.records(), script.client.queue().depth()), (marked(1..=2), 2048));
}

#[test]
fn lines_leave_the_queue_when_the_system_has_taken_them() {
    let mut script = script("format = ascii\nheartbeat_timeout = 1");
    script.take(1..=2);
    script.connect();
    let expected = [line(1), line(2)].concat();
    assert_eq!(script.client.output(), expected);
    script.client.written(10, script.now);
    assert_eq!(script.client.queue().len(), 2);
    script.client.lost(script.now, "reset");
    script.tick();
    script.client.connected(script.now);
    script.tick();
    assert_eq!(script.client.output(), expected, "whole lines, from the first");
    script.client.written(expected.len(), script.now);
    assert!(script.client.queue().is_empty());
    script.client.received(b"anything at all", script.now);
    script.now += 100;
    assert_eq!((script.tick(), script.due), (Vec::new(), None), "nobody is asked anything");
}

#[test]
fn a_moment_without_a_connection_drops_nothing_of_a_short_queue() {
    let mut script = script_of(4, "");
    script.take(1..=4);
    script.connect();
    script.sent();
    for lost in ["reset", "refused"] {
        let is_lost_for_good = lost == "refused";
        script.client.lost(script.now, lost);
        assert_eq!(is_full(&script), !is_lost_for_good, "{lost}: more can wait where it comes from");
        script.tick();
        assert_eq!((script.client.is_connecting(), is_full(&script)), (!is_lost_for_good, !is_lost_for_good));
    }
    script.attempt();
    assert!(!is_full(&script), "and not while it is tried again");
    script.client.connected(script.now);
    assert!(is_full(&script));
    assert_eq!(script.records(), marked(1..=4));
}

#[test]
fn a_collector_that_answers_and_closes_is_connected_to_once_a_second() {
    let mut script = script("");
    let mut attempts = Vec::new();
    for serial in 1..=5 {
        script.take(serial..=serial);
        script.connect();
        attempts.push(script.now - 1000);
        let sequence = script.sent()[0].2;
        script.ack(sequence..=sequence);
        script.client.lost(script.now, "the collector has closed it");
    }
    assert_eq!(attempts, [0, 0, 1, 1, 2]);
}
