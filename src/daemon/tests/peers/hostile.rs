//! Peers that send anything.

use super::*;
use crate::testing::Dice;

/// One message or what is none, of a kind that peers may send.
fn piece(dice: &mut Dice, sequence: u32) -> Vec<u8> {
    match dice.roll(9) {
        0 => message(MessageType::HEARTBEAT, sequence, b""),
        1 => again(sequence, dice.roll(6) as u32),
        2 => message(MessageType::MESSAGE, sequence, &vec![b'a'; dice.roll(MAX_READ_BODY + 2)]),
        3 => message(
            MessageType::MESSAGE,
            sequence,
            b"type=LOGIN msg=audit(1.000:2): a\nnode=there type=LOGIN\0\x1b[2J\n",
        ),
        4 if dice.roll(4) == 0 => message(MessageType(dice.next() as u32), sequence, b"what"),
        5 if dice.roll(4) == 0 => b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        _ => record(sequence),
    }
}

/// What a peer is answered that sends bytes in pieces of this size, and what is written.
fn outcome(bytes: &[u8], size: usize) -> (Vec<(MessageType, u32, String)>, Vec<String>) {
    let mut port = Port::new(config());
    let peer = port.connect();
    bytes.chunks(size).for_each(|piece| port.send(peer, piece));
    (port.answers(), port.lines())
}

#[test]
fn whatever_a_peer_sends_in_whatever_pieces_the_answers_and_the_log_are_the_same() {
    let mut dice = Dice(1460);
    for _ in 0..200 {
        let mut bytes: Vec<u8> = (0..dice.roll(12)).flat_map(|sequence| piece(&mut dice, sequence as u32)).collect();
        for _ in 0..dice.roll(3).min(bytes.len()) {
            let at = dice.roll(bytes.len());
            bytes[at] = dice.next() as u8;
        }
        let whole = outcome(&bytes, usize::MAX);
        assert_eq!(whole, outcome(&bytes, 1 + dice.roll(40)));
        assert!(whole.0.iter().all(|answer| answer.0 == MessageType::ACK));
        assert!(whole.0.len() <= 12, "one answer for a message");
        let is_sound = |line: &String| {
            let is_ours = line.starts_with("type=DAEMON_") || line.starts_with("node=");
            is_ours && !line.contains(|c: char| c.is_control() && c != '\t')
        };
        assert!(whole.1.iter().all(is_sound), "{:?}", whole.1);
    }
}
