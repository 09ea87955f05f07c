//! Nothing that comes from the network can do harm to an end of a TLS connection (the body of the fuzz target, on made-up bytes).

#[path = "../../fuzz/bodies/tls.rs"]
pub(crate) mod bodies;

use crate::support::Dice;
use auditbox::tls::{Client, Psk, Seed, Suite};

/// An honest ClientHello, with the key of the body or another one.
fn hello(digit: u8) -> Vec<u8> {
    let key = Psk::parse(&[digit; 64]).expect("a key");
    let mut client = Client::new(b"web-01", &key, &Suite::ALL, Seed::new(&mut [9; Seed::SIZE]));
    client.connection.output().clone()
}

#[test]
fn no_bytes_open_a_connection_or_bring_data() {
    let mut dice = Dice(14);
    let records: [&[u8]; 8] = [
        b"\x14\x03\x03\x00\x01\x01",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"\x15\x03\x03\x00\x02\x01\x00",
        b"\x16\x03\x03\x00\x05\x02\x00\x00\x01x",
        b"\x17\x03\x03\x00\x13nineteen bytes here",
        b"\x16\x03\x01",
        b"\x17\x03\x03\x40\x00",
        b"\xfe\x00\x00\xff",
    ];
    for _ in 0..400 {
        let mut data = vec![dice.roll(5) as u8, dice.roll(256) as u8];
        for _ in 0..dice.roll(6) {
            match dice.roll(3) {
                0 => data.extend_from_slice(&hello(b'6')),
                _ => data.extend_from_slice(records[dice.roll(records.len())]),
            }
        }
        for _ in 0..dice.roll(4) {
            let at = dice.roll(data.len());
            data[at] = dice.roll(256) as u8;
        }
        bodies::end(&data);
    }
}

#[test]
fn no_edit_of_an_honest_hello_is_taken_for_one() {
    let (mut dice, honest) = (Dice(15), hello(b'5'));
    for _ in 0..400 {
        let mut data = [&[2, dice.roll(256) as u8], &honest[..]].concat();
        for _ in 0..=dice.roll(3) {
            let at = 2 + dice.roll(honest.len());
            data[at] ^= 1 << dice.roll(8);
        }
        bodies::end(&data);
    }
}
