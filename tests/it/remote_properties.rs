//! Nothing that comes from the network can do harm to an end of records between machines (the bodies of the fuzz targets, on made-up
//! bytes).

#[path = "../../fuzz/bodies/remote.rs"]
pub(crate) mod bodies;

use crate::support::Dice;
use auditbox::remote::wire::{MAX_READ_BODY, Message, MessageType};

/// One message, of types that are known and others.
fn message(dice: &mut Dice, sequence: u32) -> Vec<u8> {
    let kinds =
        [MessageType::MESSAGE, MessageType::HEARTBEAT, MessageType::ACK, MessageType::DISK_LOW, MessageType(77)];
    let longest = [3, 40, MAX_READ_BODY][dice.roll(3)];
    let body = vec![b'a'; dice.roll(longest)];
    let (message_type, is_repeated) = (kinds[dice.roll(kinds.len())], dice.roll(2) == 0);
    let mut out = Vec::new();
    Message { message_type, sequence, is_repeated, body: &body }.push(&mut out);
    out
}

#[test]
fn messages_are_the_same_in_whatever_pieces_they_come() {
    let mut dice = Dice(60);
    for _ in 0..1000 {
        let mut data = vec![dice.roll(256) as u8];
        for sequence in 0..dice.roll(5) {
            data.extend(message(&mut dice, sequence as u32));
        }
        data.truncate(data.len() - dice.roll(data.len().min(20)));
        for _ in 0..dice.roll(3) {
            let at = dice.roll(data.len());
            data[at] = dice.roll(256) as u8;
        }
        bodies::messages(&data);
    }
}

#[test]
fn whatever_a_collector_says_no_record_is_uncounted_or_sent_again_without_a_mark() {
    let mut dice = Dice(61);
    for _ in 0..1000 {
        let mut data = Vec::new();
        for _ in 0..dice.roll(60) {
            data.push(dice.roll(256) as u8);
            if dice.roll(6) == 0 {
                // The client's first message is the second.
                let said = message(&mut dice, 2);
                data.push(6 | (said.len().min(31) as u8) << 3);
                data.extend(said);
            }
        }
        bodies::collector(&data);
    }
}
