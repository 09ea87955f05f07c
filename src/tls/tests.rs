//! The two ends against each other, and against bytes that nobody honest sends.

mod hellos;

use super::connection::Connection;
use super::hello::{self, ENCRYPTED_EXTENSIONS, FINISHED, KEY_UPDATE, NEW_SESSION_TICKET};
use super::record::{self, ALERT, CHANGE_CIPHER_SPEC, DATA, HANDSHAKE};
use super::*;
use std::sync::Arc;

/// Hexadecimal digits as bytes.
pub(super) fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn key(digit: char) -> Arc<Psk> {
    Arc::new(Psk::parse(digit.to_string().repeat(64).as_bytes()).unwrap())
}

fn seed(byte: u8) -> Seed {
    Seed::new(&mut [byte; Seed::SIZE])
}

/// What the server knows: `web-01` with one key, `web-02` with another.
fn find(identity: &[u8]) -> Option<Arc<Psk>> {
    match identity {
        b"web-01" => Some(key('1')),
        b"web-02" => Some(key('2')),
        _ => None,
    }
}

fn client(identity: &str, psk: char) -> Client {
    Client::new(identity.as_bytes(), &key(psk), &Suite::ALL, seed(3))
}

fn server() -> Server {
    Server::new(&Suite::ALL, seed(4))
}

fn output(connection: &mut Connection) -> Vec<u8> {
    std::mem::take(connection.output())
}

/// Two ends, and what each has received.
struct Ends {
    client: Client,
    server: Server,
    of_client: Vec<u8>,
    of_server: Vec<u8>,
}

impl Ends {
    fn new(client: Client, server: Server) -> Ends {
        Ends { client, server, of_client: Vec::new(), of_server: Vec::new() }
    }

    fn open() -> Ends {
        let mut ends = Ends::new(client("web-01", '1'), server());
        ends.exchange(usize::MAX).unwrap();
        ends
    }

    /// Carries all output over, in pieces of `size` bytes.
    fn exchange(&mut self, size: usize) -> Result<(), TlsError> {
        loop {
            let (up, down) = (output(&mut self.client.connection), output(&mut self.server.connection));
            if up.is_empty() && down.is_empty() {
                return Ok(());
            }
            up.chunks(size).try_for_each(|piece| self.server.receive(piece, &mut find, &mut self.of_client))?;
            down.chunks(size).try_for_each(|piece| self.client.receive(piece, &mut self.of_server))?;
        }
    }

    fn feed_client(&mut self) -> Result<(), TlsError> {
        let piece = output(&mut self.server.connection);
        self.client.receive(&piece, &mut self.of_server)
    }

    fn feed_server(&mut self) -> Result<(), TlsError> {
        let piece = output(&mut self.client.connection);
        self.server.receive(&piece, &mut find, &mut self.of_client)
    }

    fn are_open(&self) -> bool {
        self.client.connection.is_open() && self.server.connection.is_open()
    }
}

fn alert_of(result: Result<(), TlsError>) -> Alert {
    match result {
        Err(TlsError::Local(alert, _)) => alert,
        other => panic!("{other:?}"),
    }
}

#[test]
fn both_ends_open_and_carry_data_whatever_the_pieces_are() {
    let all = vec![Suite::Aes128Gcm, Suite::ChaCha20Poly1305];
    for (of_client, of_server, agreed) in [
        (&all[..], &all[..], Suite::Aes128Gcm),
        (&[Suite::ChaCha20Poly1305, Suite::Aes128Gcm], &all, Suite::ChaCha20Poly1305),
        (&all, &[Suite::ChaCha20Poly1305], Suite::ChaCha20Poly1305),
    ] {
        for size in [1, 2, 3, 5, 7, 50, 199, 1000, usize::MAX] {
            let client = Client::new(b"web-02", &key('2'), of_client, seed(3));
            let mut ends = Ends::new(client, Server::new(of_server, seed(4)));
            assert_eq!(ends.exchange(size), Ok(()));
            assert!(ends.are_open());
            assert_eq!((ends.client.connection.suite(), ends.server.connection.suite()), (Some(agreed), Some(agreed)));
            assert_eq!(ends.server.client(), Some(("web-02", &key('2'))));
            let long: Vec<u8> = (0..40_000_u32).map(|at| at as u8).collect();
            for data in [&b"a record\n"[..], b"", &long] {
                ends.client.connection.send(data);
                ends.server.connection.send(data);
            }
            assert_eq!(ends.exchange(size), Ok(()));
            assert!(ends.of_client == [b"a record\n", &long[..]].concat() && ends.of_server == ends.of_client);
            ends.client.connection.close();
            ends.client.connection.send(b"too late");
            assert_eq!(ends.exchange(size), Ok(()));
            assert!(ends.server.connection.is_ended() && !ends.client.connection.is_ended());
            assert_eq!(ends.server.receive(b"rubbish", &mut find, &mut Vec::new()), Ok(()), "nobody listens");
        }
    }
}

#[test]
fn what_is_sent_at_once_is_one_record() {
    let mut ends = Ends::open();
    ends.client.connection.send(&[7; 8970]);
    assert_eq!(output(&mut ends.client.connection).len(), record::HEADER + 8970 + 1 + 16);
}

#[test]
fn nothing_goes_out_before_the_connection_is_open() {
    let (mut client, mut server) = (client("web-01", '1'), server());
    output(&mut client.connection);
    client.connection.send(b"too early");
    server.connection.send(b"too early");
    assert!(client.connection.output().is_empty() && server.connection.output().is_empty());
    server.receive(&self::client("web-01", '1').connection.output().clone(), &mut find, &mut Vec::new()).unwrap();
    output(&mut server.connection);
    server.connection.send(b"the client has proven nothing but that it has seen a binder");
    assert!(server.connection.output().is_empty());
}

#[test]
fn a_client_hello_has_what_is_needed_and_no_more() {
    let hello = output(&mut client("host-01", '1').connection);
    let share = x25519_dalek::PublicKey::from(&x25519_dalek::StaticSecret::from([3; 32]));
    let start = [
        &bytes("16030300a6")[..],
        &bytes("010000a20303"),
        &[3; 32],
        &bytes("00 0004 1301 1303 01 00 0075".replace(' ', "").as_str()),
        &bytes("002b0003020304"),
        &bytes("000a00040002001d"),
        &bytes("003300260024001d0020"),
        share.as_bytes(),
        &bytes("002d00020101"),
        &bytes("00290032000d0007"),
        b"host-01",
        &bytes("00000000002120"),
    ];
    let start = start.concat();
    assert_eq!(hello[..start.len()], start);
    assert_eq!(hello.len(), start.len() + 32);
}

#[test]
fn a_wrong_key_and_an_unknown_identity_look_alike() {
    let mut answers = Vec::new();
    for (identity, psk) in [("web-01", '2'), ("web-03", '1'), ("web 01", '1')] {
        let mut ends = Ends::new(client(identity, psk), server());
        assert_eq!(ends.feed_server(), Err(TlsError::WRONG_KEY));
        assert_eq!(
            ends.server.client().map(|client| client.0),
            (psk == '2').then_some("web-01"),
            "for the record alone"
        );
        assert!(!ends.server.connection.is_open());
        let answer = output(&mut ends.server.connection);
        assert_eq!(ends.client.receive(&answer, &mut Vec::new()), Err(TlsError::Peer(51)));
        assert_eq!(ends.feed_server(), Err(TlsError::WRONG_KEY), "it stays so");
        answers.push(answer);
    }
    assert_eq!(answers, [bytes("15030300020233"), bytes("15030300020233"), bytes("15030300020233")]);
}

#[test]
fn a_key_that_nobody_has_cannot_be_guessed_from_what_the_server_sends() {
    // The stand-in for a missing key is the secret half of the seed.
    let stand_in = Psk(Zeroizing::new(vec![4; 32]));
    let mut client = Client::new(b"nobody", &stand_in, &Suite::ALL, seed(3));
    let hello = output(&mut client.connection);
    assert_eq!(server().receive(&hello, &mut find, &mut Vec::new()), Err(TlsError::WRONG_KEY));
}

#[test]
fn a_server_without_the_key_is_found_out() {
    // It takes any binder, and goes on with a key of its own.
    struct Careless(Connection);
    let mut client = client("web-01", '1');
    let hello = output(&mut client.connection);
    let mut careless = Careless(Connection::new(false));
    careless.0.note(&hello[record::HEADER..]);
    let secret = x25519_dalek::StaticSecret::from([4; 32]);
    let share = x25519_dalek::PublicKey::from(&secret);
    let of_client = hello::parse_client_hello(&hello[record::HEADER..], &Suite::ALL).unwrap();
    careless.0.push_messages(&hello::server_hello(&[4; 32], b"", Suite::Aes128Gcm, share.as_bytes(), 0));
    let shared = secret.diffie_hellman(&x25519_dalek::PublicKey::from(of_client.share));
    let handshake = schedule::handshake(&schedule::early(&key('2')), shared.as_bytes());
    let traffic = schedule::derive(&handshake, b"s hs traffic", &careless.0.hash());
    careless.0.write_with(Suite::Aes128Gcm, traffic.clone());
    careless.0.push_messages(&hello::message(ENCRYPTED_EXTENSIONS, &[0, 0]));
    let proof = schedule::finished(&traffic, &careless.0.hash());
    careless.0.push_messages(&hello::message(FINISHED, &proof[..]));
    let result = client.receive(&output(&mut careless.0), &mut Vec::new());
    assert_eq!(alert_of(result), Alert::BadRecordMac);
    assert!(!client.connection.is_open());
}

/// The flights of a handshake, made by honest ends.
fn flights() -> [Vec<u8>; 3] {
    let (mut client, mut server) = (client("web-01", '1'), server());
    let hello = output(&mut client.connection);
    server.receive(&hello, &mut find, &mut Vec::new()).unwrap();
    let answer = output(&mut server.connection);
    client.receive(&answer, &mut Vec::new()).unwrap();
    client.connection.send(b"a record\n");
    [hello, answer, output(&mut client.connection)]
}

#[test]
fn what_is_cut_short_opens_nothing() {
    let [hello, answer, rest] = flights();
    for length in 0..hello.len() {
        let mut server = server();
        assert_eq!(server.receive(&hello[..length], &mut find, &mut Vec::new()), Ok(()));
        assert!(server.connection.output().is_empty() && !server.connection.is_open());
    }
    for length in 0..answer.len() {
        let (mut client, mut plain) = (client("web-01", '1'), Vec::new());
        output(&mut client.connection);
        assert_eq!(client.receive(&answer[..length], &mut plain), Ok(()));
        assert!(client.connection.output().is_empty() && !client.connection.is_open());
    }
    for length in 0..rest.len() {
        let (mut server, mut plain) = (server(), Vec::new());
        server.receive(&hello, &mut find, &mut plain).unwrap();
        assert_eq!(server.receive(&rest[..length], &mut find, &mut plain), Ok(()));
        // The Finished message is a record of its own.
        assert_eq!(server.connection.is_open(), length >= record::HEADER + 36 + 17);
        assert!(plain.is_empty());
    }
}

#[test]
fn a_byte_that_was_changed_on_the_way_opens_nothing() {
    let [hello, answer, rest] = flights();
    // The minor version in the header of a record in clear says nothing, and nothing is proven over it.
    for (at, bit) in (0..hello.len()).filter(|at| *at != 2).map(|at| (at, 1 << (at % 8))) {
        let (mut changed, mut plain) = (hello.clone(), Vec::new());
        changed[at] ^= bit;
        let mut server = server();
        let result = server.receive(&changed, &mut find, &mut plain);
        assert!(result.is_err() || matches!(at, 3 | 4 | 6..=8), "byte {at} of the hello: {result:?}");
        assert!(!server.connection.is_open());
    }
    for (at, bit) in (0..answer.len()).filter(|at| *at != 2).map(|at| (at, 1 << (at % 8))) {
        let (mut changed, mut plain) = (answer.clone(), Vec::new());
        changed[at] ^= bit;
        let mut client = client("web-01", '1');
        let _ = client.receive(&changed, &mut plain);
        assert!(!client.connection.is_open(), "byte {at} of the answer");
    }
    for (at, bit) in (0..rest.len()).map(|at| (at, 1 << (at % 8))) {
        let (mut changed, mut plain) = (rest.clone(), Vec::new());
        changed[at] ^= bit;
        let mut server = server();
        server.receive(&hello, &mut find, &mut plain).unwrap();
        let _ = server.receive(&changed, &mut find, &mut plain);
        assert!(plain.is_empty(), "byte {at} of the rest");
    }
}

#[test]
fn what_is_recorded_cannot_be_played_again() {
    let [hello, _, rest] = flights();
    let (mut other, mut plain) = (Server::new(&Suite::ALL, seed(5)), Vec::new());
    other.receive(&hello, &mut find, &mut plain).unwrap();
    assert_eq!(alert_of(other.receive(&rest, &mut find, &mut plain)), Alert::BadRecordMac);
    assert!(plain.is_empty() && !other.connection.is_open());
}

#[test]
fn new_keys_are_taken_answered_and_made_when_the_old_ones_are_worn() {
    let mut ends = Ends::open();
    for round in 0..200_u8 {
        ends.client.connection.renew(round % 2 == 0);
        ends.server.connection.renew(round % 3 == 0);
        ends.client.connection.send(&[round]);
        ends.server.connection.send(&[round]);
        assert_eq!(ends.exchange(7), Ok(()));
    }
    let all: Vec<u8> = (0..200).collect();
    assert!(ends.of_client == all && ends.of_server == all);
    ends.client.connection.writer.as_mut().unwrap().wear();
    ends.server.connection.reader.as_mut().unwrap().wear();
    ends.client.connection.send(b"new");
    assert!(!ends.client.connection.writer.as_ref().unwrap().is_worn());
    assert_eq!(ends.exchange(usize::MAX), Ok(()));
    assert_eq!(ends.of_client[200..], *b"new");
}

#[test]
fn tickets_are_of_no_use_to_a_client_and_a_mistake_of_one() {
    let ticket = hello::message(NEW_SESSION_TICKET, &[1; 200]);
    let mut ends = Ends::open();
    for piece in ticket.chunks(90) {
        ends.server.connection.push(HANDSHAKE, piece);
    }
    ends.server.connection.send(b"data");
    assert_eq!(ends.exchange(10), Ok(()));
    assert_eq!(ends.of_server, b"data");
    ends.client.connection.push(HANDSHAKE, &ticket);
    assert_eq!(alert_of(ends.feed_server()), Alert::UnexpectedMessage);
}

#[test]
fn a_flood_of_records_that_bring_nothing_ends_the_connection() {
    let ticket = hello::message(NEW_SESSION_TICKET, &[1; 200]);
    let update = hello::message(KEY_UPDATE, &[1]);
    for (record_type, content) in [(HANDSHAKE, &ticket[..]), (HANDSHAKE, &update), (DATA, b""), (ALERT, &[1, 90])] {
        let mut ends = Ends::open();
        for round in 0..64 {
            ends.server.connection.push(record_type, content);
            if content == update {
                ends.server.connection.writer.as_mut().unwrap().update();
            }
            assert_eq!(ends.feed_client(), Ok(()), "{round}");
        }
        assert!(ends.client.connection.output().len() <= 64 * 27, "answers are bounded");
        ends.server.connection.push(record_type, content);
        let error = ends.feed_client().unwrap_err();
        assert_eq!(error.to_string(), "TLS: it sends records without end that bring nothing", "{content:?}");
        assert!(!ends.client.connection.is_open());
        // It is told once, and what comes then costs no more.
        let told = output(&mut ends.client.connection).len();
        (0..1000).for_each(|_| ends.server.connection.push(record_type, content));
        assert_eq!((ends.feed_client(), ends.client.connection.output().len()), (Err(error), 0), "{told}");
    }
    // Many in one record are no more than one record.
    let mut ends = Ends::open();
    ends.server.connection.push(HANDSHAKE, &ticket.repeat(80));
    assert_eq!(ends.feed_client(), Ok(()));
}

#[test]
fn records_that_must_not_come_end_the_connection() {
    let wrong = |record_type: u8, content: &[u8]| {
        let mut ends = Ends::open();
        ends.client.connection.push(record_type, content);
        let result = ends.feed_server();
        let told = ends.feed_client();
        assert!(matches!(told, Err(TlsError::Peer(_))), "{told:?}");
        alert_of(result)
    };
    let longest = [HANDSHAKE, 0, 0x40, 0];
    for (record_type, content, alert) in [
        (HANDSHAKE, &b""[..], Alert::UnexpectedMessage),
        (HANDSHAKE, &hello::message(FINISHED, &[0; 32]), Alert::UnexpectedMessage),
        (HANDSHAKE, &hello::message(KEY_UPDATE, &[2]), Alert::IllegalParameter),
        (HANDSHAKE, &hello::message(KEY_UPDATE, b""), Alert::IllegalParameter),
        (HANDSHAKE, &[&hello::message(KEY_UPDATE, &[0])[..], b"x"].concat(), Alert::UnexpectedMessage),
        (HANDSHAKE, &longest, Alert::IllegalParameter),
        (CHANGE_CIPHER_SPEC, &[1], Alert::UnexpectedMessage),
        (ALERT, b"", Alert::UnexpectedMessage),
        (ALERT, &[1, 0, 0], Alert::UnexpectedMessage),
        (99, b"x", Alert::UnexpectedMessage),
    ] {
        assert_eq!(wrong(record_type, content), alert, "{record_type} {content:?}");
    }
    for (header, alert) in [
        (&b"\x16\x03\x03\x00\x01x"[..], Alert::UnexpectedMessage),
        (b"\x15\x03\x03\x00\x02\x01\x00", Alert::UnexpectedMessage),
        (b"\x14\x03\x03\x00\x01\x01", Alert::UnexpectedMessage),
        (b"\x17\x03\x03\x00\x05short", Alert::BadRecordMac),
        (b"\xfe\x00\x00\xff", Alert::DecodeError),
    ] {
        let mut ends = Ends::open();
        assert_eq!(alert_of(ends.server.receive(header, &mut find, &mut Vec::new())), alert, "{header:?}");
    }
    // Half a message, and then something else.
    let mut ends = Ends::open();
    ends.client.connection.push(HANDSHAKE, &hello::message(KEY_UPDATE, &[0])[..3]);
    ends.client.connection.send(b"data");
    assert_eq!(alert_of(ends.feed_server()), Alert::UnexpectedMessage);
    assert!(ends.of_client.is_empty());
}

#[test]
fn one_change_cipher_spec_may_come_during_the_handshake() {
    let change = b"\x14\x03\x03\x00\x01\x01";
    let [hello, answer, rest] = flights();
    let (mut server, mut plain) = (server(), Vec::new());
    server.receive(&hello, &mut find, &mut plain).unwrap();
    assert_eq!(server.receive(&[change, &rest[..]].concat(), &mut find, &mut plain), Ok(()));
    assert_eq!(plain, b"a record\n");
    for second in [&change[..], b"\x14\x03\x03\x00\x01\x02", b"\x14\x03\x03\x00\x02\x01\x01"] {
        let mut client = client("web-01", '1');
        assert_eq!(client.receive(change, &mut Vec::new()), Ok(()));
        assert_eq!(alert_of(client.receive(second, &mut Vec::new())), Alert::UnexpectedMessage);
    }
    let mut client = client("web-01", '1');
    assert_eq!(client.receive(&[change, &answer[..]].concat(), &mut Vec::new()), Ok(()));
    assert!(client.connection.is_open());
}

#[test]
fn what_follows_a_message_before_the_keys_change_is_refused() {
    let [hello, answer, _] = flights();
    let mut longer = hello.clone();
    longer[4] += 1;
    longer.push(1);
    assert_eq!(alert_of(server().receive(&longer, &mut find, &mut Vec::new())), Alert::UnexpectedMessage);
    let length = record::HEADER + usize::from(answer[4]);
    let mut longer = [&answer[..length], &[8], &answer[length..]].concat();
    longer[4] += 1;
    assert_eq!(alert_of(client("web-01", '1').receive(&longer, &mut Vec::new())), Alert::UnexpectedMessage);
    // Data in clear, before and after the hello.
    let data = b"\x17\x03\x03\x00\x04data";
    assert_eq!(alert_of(server().receive(data, &mut find, &mut Vec::new())), Alert::UnexpectedMessage);
    let early = [&hello[..], &data[..]].concat();
    assert_eq!(alert_of(server().receive(&early, &mut find, &mut Vec::new())), Alert::BadRecordMac);
}

#[test]
fn a_message_may_be_cut_over_records() {
    let [hello, ..] = flights();
    let mut cut = Vec::new();
    hello[record::HEADER..].chunks(20).for_each(|part| record::push_clear(HANDSHAKE, part, &mut cut));
    let mut server = server();
    assert_eq!(server.receive(&cut, &mut find, &mut Vec::new()), Ok(()));
    assert!(server.client().is_some());
}

#[test]
fn the_end_and_alerts_are_told_apart() {
    let mut ends = Ends::open();
    ends.server.connection.send(b"last");
    ends.server.connection.close();
    assert_eq!(ends.feed_client(), Ok(()));
    assert!(ends.client.connection.is_ended() && ends.client.connection.is_open());
    assert_eq!(ends.of_server, b"last");
    let mut ends = Ends::open();
    ends.server.connection.push(ALERT, &[2, 80]);
    let error = ends.feed_client().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the other end has sent the TLS alert 80 (internal_error: where OpenSSL says so, it does not know the identity)"
    );
    assert!(ends.client.connection.output().is_empty(), "an alert is not answered");
    // In clear, before there are keys.
    let mut client = client("web-01", '1');
    output(&mut client.connection);
    assert_eq!(client.receive(b"\x15\x03\x03\x00\x02\x02\x28", &mut Vec::new()), Err(TlsError::Peer(40)));
}

#[test]
fn key_files_are_digits_and_nothing_else() {
    let digits = "0123456789abcdefABCDEF0123456789".repeat(2);
    for text in [digits.clone(), format!("{digits}\n"), format!("{digits}\nand a second line\r\n")] {
        assert_eq!(Psk::parse(text.as_bytes()).unwrap().bytes(), bytes(&digits), "{text:?}");
    }
    assert_eq!(Psk::parse("ab".repeat(255).as_bytes()).unwrap().bytes().len(), 255);
    for (text, reason) in [
        ("", "is empty, or its first line is"),
        ("\n", "is empty, or its first line is"),
        (&format!("{digits}\r\n"), "has line ends of Windows (CRLF): write it with a newline alone"),
        (&digits[..62], "has a key of less than 32 bytes (64 digits)"),
        (&format!("{digits}0"), "has an odd number of hexadecimal digits"),
        (&"ab".repeat(256), "has more than 510 digits in its first line"),
        (&format!("0x{digits}"), "has something else than hexadecimal digits in its first line"),
        (&format!(" {digits}"), "has something else than hexadecimal digits in its first line"),
    ] {
        assert_eq!(Psk::parse(text.as_bytes()), Err(reason), "{text:?}");
    }
    assert_eq!(format!("{:?} {:?}", key('1'), seed(3)), "Psk Seed", "nothing of a key is ever shown");
}

#[test]
fn suites_are_named_as_in_the_reference_and_those_of_another_hash_are_never_used() {
    let list =
        "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";
    assert_eq!(Suite::parse_list(list), Ok(vec![Suite::ChaCha20Poly1305, Suite::Aes128Gcm]));
    for (list, reason) in [
        ("", "the cipher suite  is not in this program"),
        ("TLS_AES_128_CCM_SHA256", "the cipher suite TLS_AES_128_CCM_SHA256 is not in this program"),
        ("TLS_AES_256_GCM_SHA384", "no cipher suite of TLS_AES_256_GCM_SHA384 can be used"),
    ] {
        assert_eq!(Suite::parse_list(list), Err(reason.to_string()));
    }
}
