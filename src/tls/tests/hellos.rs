//! The two messages that open a connection, with a part more, or less, or another one.

use super::*;

/// What becomes of an extension: the bodies of those in its place.
type Edit<'a> = &'a dyn Fn(u16, &[u8]) -> Vec<Vec<u8>>;

/// A hello with an extension more, or one less, and lengths that fit.
fn edited(message: &[u8], extensions_at: usize, edit: Edit<'_>, before: &[u8]) -> Vec<u8> {
    let (mut rest, mut list) = (&message[extensions_at + 2..], before.to_vec());
    while let [a, b, c, d, tail @ ..] = rest {
        let (body, after) = tail.split_at(usize::from(u16::from_be_bytes([*c, *d])));
        for body in edit(u16::from_be_bytes([*a, *b]), body) {
            list.extend_from_slice(&[&[*a, *b][..], &(body.len() as u16).to_be_bytes(), &body].concat());
        }
        rest = after;
    }
    let body = [&message[4..extensions_at], &(list.len() as u16).to_be_bytes(), &list].concat();
    hello::message(message[0], &body)
}

#[test]
fn a_client_hello_that_lacks_something_is_refused_by_name() {
    let [hello, ..] = flights();
    let hello = &hello[record::HEADER..];
    // After version, random, session, suites and compression.
    let at = 4 + 2 + 32 + 1 + 6 + 2;
    let parse = |message: &[u8]| hello::parse_client_hello(message, &Suite::ALL).map(|_| ());
    assert_eq!(parse(&edited(hello, at, &|_, body| vec![body.to_vec()], b"")), Ok(()));
    let with = |number: u16, new: &'static [u8]| {
        edited(hello, at, &move |one, body| vec![if one == number { new.to_vec() } else { body.to_vec() }], b"")
    };
    let without = |number: u16| {
        edited(hello, at, &move |one, body| if one == number { vec![] } else { vec![body.to_vec()] }, b"")
    };
    for (number, alert) in [
        (43, Alert::ProtocolVersion),
        (51, Alert::MissingExtension),
        (45, Alert::MissingExtension),
        (41, Alert::HandshakeFailure),
    ] {
        assert_eq!(alert_of(parse(&without(number))), alert, "{number}");
        let twice = edited(hello, at, &|one, body| vec![body.to_vec(); if one == number { 2 } else { 1 }], b"");
        assert_eq!(alert_of(parse(&twice)), Alert::IllegalParameter, "{number}");
    }
    for (number, body, alert) in [
        (43, &b"\x02\x03\x03"[..], Alert::ProtocolVersion),
        (43, b"\x04\x03\x04", Alert::DecodeError),
        (45, b"\x01\x00", Alert::HandshakeFailure),
        (45, b"\x02\x01", Alert::DecodeError),
        (51, b"\x00\x00", Alert::HandshakeFailure),
        (51, b"\x00\x06\x00\x17\x00\x02ab", Alert::HandshakeFailure),
        (51, b"\x00\x06\x00\x1d\x00\x02ab", Alert::DecodeError),
        (51, b"\x00\x06\x00\x1d\x00\x03ab", Alert::DecodeError),
        (41, b"", Alert::DecodeError),
        (41, b"\x00\x00\x00\x00", Alert::DecodeError),
        (41, b"\x00\x07\x00\x01a\0\0\0\0\x00\x02\x01a", Alert::DecodeError),
        (41, b"\x00\x07\x00\x01a\0\0\0\0\x00\x00", Alert::DecodeError),
        (41, b"\x00\x00\x00\x21\x20abcdefghijklmnopqrstuvwxyzabcdef", Alert::DecodeError),
    ] {
        assert_eq!(alert_of(parse(&with(number, body))), alert, "{number} {body:?}");
    }
    // The key must come last, however well known what follows is.
    let mut moved = edited(hello, at, &|one, body| if one == 45 { vec![] } else { vec![body.to_vec()] }, b"");
    moved.extend_from_slice(b"\x00\x2d\x00\x02\x01\x01");
    moved[3] += 6;
    moved[at + 1] += 6;
    assert_eq!(alert_of(parse(&moved)), Alert::IllegalParameter);
    for (at, byte, alert) in [
        (5, 2, Alert::ProtocolVersion),
        (38, 33, Alert::DecodeError),
        (40, 3, Alert::DecodeError),
        (46, 1, Alert::IllegalParameter),
    ] {
        let mut changed = hello.to_vec();
        changed[at] = byte;
        assert_eq!(alert_of(parse(&changed)), alert, "byte {at}");
    }
    let mut other = hello.to_vec();
    other[41..45].copy_from_slice(b"\x13\x02\x13\x04");
    assert_eq!(parse(&other), Err(TlsError::NO_SUITE));
    let grease = edited(hello, at, &|_, body| vec![body.to_vec()], b"\x0a\x0a\x00\x00\x00\x00\x00\x05abcde");
    assert_eq!(parse(&grease), Ok(()), "what is not known is passed over");
}

#[test]
fn the_first_key_that_is_known_is_taken() {
    // Two keys, of which the second is known; its binder is over both.
    let identities = |out: &mut Vec<u8>| {
        for name in [b"nobody", b"web-01"] {
            out.extend_from_slice(&[&[0, 6][..], name, &[0; 4]].concat());
        }
    };
    let hello = output(&mut client("web-01", '1').connection);
    let at = 4 + 2 + 32 + 1 + 6 + 2;
    let body = |binder: &[u8]| {
        let mut body = vec![0, 24];
        identities(&mut body);
        body.extend_from_slice(&[&[0, 66, 32][..], &[9; 32], &[32], binder].concat());
        body
    };
    let with = |binder: &[u8]| {
        let new = body(binder);
        edited(&hello[record::HEADER..], at, &|one, old| vec![if one == 41 { new.clone() } else { old.to_vec() }], b"")
    };
    let unproven = with(&[0; 32]);
    let hash = Connection::hash_of(&unproven[..unproven.len() - 68]);
    let binder = schedule::finished(&schedule::binder(&schedule::early(&key('1'))), &hash);
    let mut record = Vec::new();
    record::push_clear(HANDSHAKE, &with(&binder[..]), &mut record);
    let mut server = server();
    assert_eq!(server.receive(&record, &mut find, &mut Vec::new()), Ok(()));
    assert_eq!(server.client().map(|client| client.0), Some("web-01"));
    let answer = output(&mut server.connection);
    let selected: Vec<_> = answer.windows(6).filter(|bytes| bytes[..4] == [0, 41, 0, 2]).collect();
    assert_eq!(selected, [[0, 41, 0, 2, 0, 1]]);
}

#[test]
fn a_server_hello_that_takes_what_was_not_offered_is_refused() {
    let hello = hello::server_hello(&[4; 32], b"", Suite::Aes128Gcm, &[9; 32], 0);
    let at = 4 + 2 + 32 + 1 + 2 + 1;
    let parse = |message: &[u8]| hello::parse_server_hello(message, &[Suite::Aes128Gcm]).map(|_| ());
    assert_eq!(parse(&hello), Ok(()));
    let with = |number: u16, new: &'static [u8]| {
        edited(&hello, at, &move |one, body| vec![if one == number { new.to_vec() } else { body.to_vec() }], b"")
    };
    let without = |number: u16| {
        edited(&hello, at, &move |one, body| if one == number { vec![] } else { vec![body.to_vec()] }, b"")
    };
    for (number, alert) in [(43, Alert::ProtocolVersion), (51, Alert::MissingExtension), (41, Alert::HandshakeFailure)]
    {
        assert_eq!(alert_of(parse(&without(number))), alert, "{number}");
        let twice = edited(&hello, at, &|one, body| vec![body.to_vec(); if one == number { 2 } else { 1 }], b"");
        assert_eq!(alert_of(parse(&twice)), Alert::IllegalParameter, "{number}");
    }
    for (number, body, alert) in [
        (43, &b"\x03\x03"[..], Alert::IllegalParameter),
        (51, b"\x00\x17\x00\x02ab", Alert::IllegalParameter),
        (51, b"\x00\x1d\x00\x02ab", Alert::DecodeError),
        (51, b"", Alert::IllegalParameter),
        (41, b"\x00\x01", Alert::IllegalParameter),
        (41, b"\x00", Alert::IllegalParameter),
    ] {
        assert_eq!(alert_of(parse(&with(number, body))), alert, "{number} {body:?}");
    }
    let more = edited(&hello, at, &|_, body| vec![body.to_vec()], b"\x00\x10\x00\x00");
    assert_eq!(alert_of(parse(&more)), Alert::UnsupportedExtension);
    for (at, byte, alert) in [
        (5, 2, Alert::ProtocolVersion),
        (38, 1, Alert::DecodeError),
        (40, 3, Alert::IllegalParameter),
        (41, 1, Alert::IllegalParameter),
    ] {
        let mut changed = hello.clone();
        changed[at] = byte;
        assert_eq!(alert_of(parse(&changed)), alert, "byte {at}");
    }
    let retry = bytes("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c");
    let retry = hello::server_hello(&retry.try_into().unwrap(), b"", Suite::Aes128Gcm, &[9; 32], 0);
    assert_eq!(alert_of(parse(&retry)), Alert::HandshakeFailure);
    for (body, result) in [
        (&b"\x00\x00"[..], None),
        (b"\x00\x08\x00\x0a\x00\x04\x00\x02\x00\x1d", None),
        (b"\x00\x04\x00\x10\x00\x00", Some(Alert::UnsupportedExtension)),
        (b"\x00\x01", Some(Alert::DecodeError)),
        (b"", Some(Alert::DecodeError)),
    ] {
        let checked = hello::check_encrypted_extensions(&hello::message(ENCRYPTED_EXTENSIONS, body));
        assert_eq!(checked.err().map(|error| alert_of(Err(error))), result, "{body:?}");
    }
}

#[test]
fn a_server_that_exchanges_no_keys_is_left_in_clear_words() {
    // psk_ke: the key alone would protect the connection, and open it later to whoever gets hold of it.
    let hello = hello::server_hello(&[4; 32], &[], Suite::Aes128Gcm, &[9; 32], 0);
    let at = 4 + 2 + 32 + 1 + 2 + 1;
    let hello = edited(&hello, at, &|one, body| if one == 51 { vec![] } else { vec![body.to_vec()] }, b"");
    let (mut client, mut answer) = (client("web-01", '1'), Vec::new());
    output(&mut client.connection);
    record::push_clear(HANDSHAKE, &hello, &mut answer);
    let error = client.receive(&answer, &mut Vec::new()).unwrap_err();
    assert_eq!(error.to_string(), "TLS: it sends no key share");
    assert!(!client.connection.is_open());
    assert_eq!(output(&mut client.connection), [ALERT, 3, 3, 0, 2, 2, Alert::MissingExtension as u8]);
}

#[test]
fn a_key_share_that_anybody_knows_is_refused() {
    let mut client = client("web-01", '1');
    let hello = hello::server_hello(&[4; 32], b"", Suite::Aes128Gcm, &[0; 32], 0);
    let mut record = Vec::new();
    record::push_clear(HANDSHAKE, &hello, &mut record);
    assert_eq!(alert_of(client.receive(&record, &mut Vec::new())), Alert::IllegalParameter);
}
