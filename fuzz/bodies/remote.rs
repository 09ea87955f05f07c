//! What anybody on the network can send to either end of records between machines. tests/it/remote_properties.rs does the same with
//! bytes of its own making, so that it runs with every `cargo test`.

use auditbox::config::libaudit::Nowhere;
use auditbox::config::remote::{self, Remote};
use auditbox::remote::client::Client;
use auditbox::remote::consequence::Effect;
use auditbox::remote::queue::Queue;
use auditbox::remote::wire::{HEADER, MAX_BODY, MAX_READ_BODY, Message, MessageType, Messages, WireError};
use std::collections::{BTreeSet, VecDeque};

/// A message: its type, its sequence, whether it is marked, and its body.
type Read = (MessageType, u32, bool, Vec<u8>);

/// What comes out of bytes in pieces of this size, and why no more does.
fn read(bytes: &[u8], size: usize) -> (Vec<Read>, Option<WireError>) {
    let (mut messages, mut found) = (Messages::default(), Vec::new());
    for piece in bytes.chunks(size) {
        messages.feed(piece);
        loop {
            match messages.next_message() {
                Ok(Some(message)) => {
                    let Message { message_type, sequence, is_repeated, body } = message;
                    found.push((message_type, sequence, is_repeated, body.to_vec()));
                }
                Ok(None) => break,
                Err(error) => return (found, Some(error)),
            }
        }
        assert!(messages.unfinished() < HEADER + MAX_READ_BODY, "memory is bounded");
    }
    (found, None)
}

/// The first byte says how large the pieces are in which the others come: they are the same messages as if they came at once, and
/// written again they are read as the same.
pub(crate) fn messages(data: &[u8]) {
    let [size, bytes @ ..] = data else { return };
    let whole = read(bytes, usize::MAX);
    assert_eq!(whole, read(bytes, usize::from(*size) + 1));
    let mut again = Vec::new();
    let (mut found, _) = whole;
    found.retain(|message| message.3.len() <= MAX_BODY);
    for (message_type, sequence, is_repeated, body) in &found {
        let (message_type, sequence, is_repeated) = (*message_type, *sequence, *is_repeated);
        Message { message_type, sequence, is_repeated, body }.push(&mut again);
    }
    assert_eq!((found, None), read(&again, usize::MAX));
}

fn config() -> Remote {
    let text =
        b"remote_server = there\nheartbeat_timeout = 2\ndisk_full_action = ignore\ngeneric_error_action = warn_once\n";
    remote::parse(text, "remote.conf", &Nowhere, &mut Vec::new()).expect("a configuration")
}

/// Records that have room. More than a few inputs bring more.
const DEPTH: usize = 40;

/// A sender, and what has come of it.
struct Sender {
    client: Client,
    now: i64,
    taken: u64,
    /// Sequences of what waits for an answer, and the records that were sent.
    asked: VecDeque<u32>,
    sent: BTreeSet<Vec<u8>>,
}

impl Sender {
    fn take(&mut self, count: u8) {
        for _ in 0..count {
            self.taken += 1;
            self.client.take(format!("type=CWD msg=audit(1.000:{}): cwd=\"/\"\n", self.taken).as_bytes());
        }
    }

    /// It does what is due, and hands its bytes to the network.
    fn go_on(&mut self) {
        self.client.tick(self.now);
        if self.client.take_effects().contains(&Effect::Close) {
            self.asked.clear();
        }
        let bytes = self.client.output().to_vec();
        self.client.written(bytes.len(), self.now);
        let (found, error) = read(&bytes, usize::MAX);
        assert_eq!(error, None);
        for (message_type, sequence, is_repeated, body) in found {
            self.asked.push_back(sequence);
            let is_new = message_type == MessageType::HEARTBEAT || self.sent.insert(body);
            assert!(is_new || is_repeated, "sent again without a mark");
        }
    }

    fn answer(&mut self, message_type: MessageType) {
        let Some(sequence) = self.asked.pop_front() else { return };
        let mut bytes = Vec::new();
        Message { message_type, sequence, is_repeated: false, body: b"so" }.push(&mut bytes);
        self.client.received(&bytes, self.now);
    }
}

/// A byte says what happens to a sender: records come, time passes, a connection is made or lost, the collector answers, or so many of
/// the bytes that follow are what it says. Whatever that is, each record is delivered, waits or is counted as dropped, and none is sent
/// again without a mark.
pub(crate) fn collector(data: &[u8]) {
    let client = Client::new(config(), Queue::memory(DEPTH));
    let mut sender = Sender { client, now: 0, taken: 0, asked: VecDeque::new(), sent: BTreeSet::new() };
    let mut rest = data;
    while let [what, bytes @ ..] = rest {
        rest = bytes;
        let count = what >> 3;
        match what & 7 {
            0 => sender.take(count),
            1 => sender.now += i64::from(count),
            2 if sender.client.is_connecting() => sender.client.connected(sender.now),
            3 if sender.client.is_connected() || sender.client.is_connecting() => {
                sender.client.lost(sender.now, "it is gone");
            }
            4 => (0..count).for_each(|_| sender.answer(MessageType::ACK)),
            5 => sender
                .answer([MessageType::DISK_LOW, MessageType::DISK_FULL, MessageType::ENDING][usize::from(count % 3)]),
            6 if sender.client.is_connected() => {
                let said;
                (said, rest) = bytes.split_at(bytes.len().min(usize::from(count)));
                sender.client.received(said, sender.now);
            }
            7 => sender.client.resume(),
            _ => {}
        }
        sender.go_on();
    }
    let (counts, left) = (sender.client.counts(), sender.client.queue().len() as u64);
    assert_eq!(counts.delivered + counts.dropped + left, sender.taken);
}
