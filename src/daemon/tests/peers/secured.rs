//! Peers under TLS: who gets in, what is written down of those that do not, and what a changed list does to those that have.

use super::*;
use crate::config::tls::{TlsKeys, Transport};
use crate::tls::acl::Acl;
use crate::tls::clients::Clients;
use crate::tls::{Client, Psk, Seed, Suite};
use std::sync::Arc;

fn psk(digit: char) -> Psk {
    Psk::parse(digit.to_string().repeat(64).as_bytes()).unwrap()
}

/// A collector whose list is this; the key of `/a` is all `a`.
fn listening(list: &str) -> Config {
    let key = |path: &str| Ok(psk(path.chars().last().unwrap()));
    let acl = Acl::parse(list.as_bytes(), "list", &mut |path| key(path)).unwrap();
    let tls = TlsKeys::default();
    Config {
        transport: Transport::Tls,
        tls,
        tls_clients: Arc::new(Clients::new(Some(acl), "", None)),
        tcp_max_per_addr: 64,
        tcp_listen_port: 60,
        ..config()
    }
}

const LIST: &str = "web enabled key=/a\nold disabled key=/b\n";

/// A client and its connection.
struct Secure {
    client: Client,
    peer: u64,
    plain: Vec<u8>,
}

impl Secure {
    fn connect(port: &mut Port, identity: &str, digit: char) -> Secure {
        Secure::connect_as(port, "192.0.2.7:1000", identity, digit)
    }

    fn connect_as(port: &mut Port, address: &str, identity: &str, digit: char) -> Secure {
        let peer = port.connect_from(address);
        let seeded = Some((Box::new(Seed::new(&mut [7; Seed::SIZE])), "192.0.2.1:60".parse().unwrap()));
        assert_eq!(std::mem::take(&mut port.orders), [PeerOrder::Seed(PeerId(peer))]);
        port.feed(Input::Peer(PeerEvent::Seeded(PeerId(peer), seeded)));
        let seed = Seed::new(&mut [9; Seed::SIZE]);
        let client = Client::new(identity.as_bytes(), &psk(digit), &Suite::ALL, seed);
        let mut secure = Secure { client, peer, plain: Vec::new() };
        secure.run(port);
        secure
    }

    /// Moves bytes in both directions, one at a time where it sends, until none is left.
    fn run(&mut self, port: &mut Port) {
        loop {
            let bytes = std::mem::take(self.client.connection.output());
            bytes.iter().for_each(|byte| port.send(self.peer, &[*byte]));
            let (own, others) = std::mem::take(&mut port.sent).into_iter().partition(|(peer, _)| *peer == self.peer);
            port.sent = others;
            let own: Vec<(u64, Vec<u8>)> = own;
            let answer: Vec<u8> = own.into_iter().flat_map(|(_, bytes)| bytes).collect();
            if bytes.is_empty() && answer.is_empty() {
                return;
            }
            let _ = self.client.receive(&answer, &mut self.plain);
        }
    }

    fn say(&mut self, port: &mut Port, bytes: &[u8]) {
        self.client.connection.send(bytes);
        self.run(port);
    }

    /// What it was answered, and forgets it.
    fn answers(&mut self) -> Vec<(MessageType, u32)> {
        let (mut messages, mut all) = (Messages::default(), Vec::new());
        messages.feed(&std::mem::take(&mut self.plain));
        while let Some(message) = messages.next_message().unwrap() {
            all.push((message.message_type, message.sequence));
        }
        all
    }
}

/// The records of the daemon's own in the log, from their type on, without times.
fn own(port: &mut Port) -> Vec<String> {
    let lines = port.script.lines().into_iter();
    lines.filter_map(|line| Some(format!("{} {}", line.split(' ').next()?, line.split_once("): ")?.1))).collect()
}

#[test]
fn who_has_the_key_of_an_identity_that_is_enabled_gets_in() {
    let mut port = Port::new(listening(LIST));
    let mut web = Secure::connect(&mut port, "web", 'a');
    let lines = own(&mut port);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[0]
            .starts_with("type=CRYPTO_SESSION op=start direction=from-client cipher=TLS_AES_128_GCM_SHA256 ksize=128 ")
    );
    assert!(lines[1].starts_with("type=CRYPTO_SESSION op=start direction=from-server "), "{}", lines[1]);
    assert!(lines[1].contains(" exe=\"/opt/auditd\" "), "{}", lines[1]);
    assert_eq!(
        lines[2],
        "type=DAEMON_ACCEPT op=tls-accept res=success role=collector addr=192.0.2.7 port=1000 id=web profile=compatible \
         reason=success auth=psk tls_version=TLSv1.3 cipher=TLS_AES_128_GCM_SHA256 group=X25519"
    );
    web.say(&mut port, &[record(2), record(3)].concat());
    assert_eq!(web.answers(), [(MessageType::ACK, 2), (MessageType::ACK, 3)]);
    assert_eq!(port.lines().len(), 2);
    web.client.connection.close();
    web.run(&mut port);
    assert!(port.closed());
    let lines = own(&mut port);
    assert!(
        lines[0].starts_with("type=DAEMON_CLOSE addr=192.0.2.7 ")
            && lines[1].starts_with("type=CRYPTO_KEY_USER op=destroy ")
    );
}

#[test]
fn who_has_not_is_sent_away_and_is_not_told_why() {
    for (identity, digit, reason) in [
        ("web", 'b', "id=web profile=compatible reason=handshake-error"),
        ("old", 'b', "id=? profile=compatible reason=disabled-identity"),
        ("new", 'a', "id=? profile=compatible reason=unknown-identity"),
    ] {
        let mut port = Port::new(listening(LIST));
        let mut peer = Secure::connect(&mut port, identity, digit);
        assert!(port.closed());
        let error = peer.client.receive(b"", &mut Vec::new()).unwrap_err().to_string();
        assert!(error.contains("decrypt_error"), "{error}");
        let lines = own(&mut port);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("op=tls-accept res=no ") && lines[0].contains(reason), "{}", lines[0]);
    }
}

#[test]
fn what_is_no_handshake_is_one_record_and_the_end() {
    for bytes in [&record(2)[..], b"GET / HTTP/1.0\r\n\r\n", &[0x16; 64], &[0; 100]] {
        let mut port = Port::new(listening(LIST));
        let peer = port.connect_from("192.0.2.7:1000");
        let seeded = Some((Box::new(Seed::new(&mut [7; Seed::SIZE])), "192.0.2.1:60".parse().unwrap()));
        port.feed(Input::Peer(PeerEvent::Seeded(PeerId(peer), seeded)));
        port.orders.clear();
        port.send(peer, bytes);
        assert!(port.closed());
        let lines = own(&mut port);
        assert!(lines.len() == 1 && lines[0].contains(" reason=handshake-error "), "{lines:?}");
    }
}

#[test]
fn a_handshake_has_five_seconds_and_32_may_be_under_way() {
    let mut port = Port::new(listening(LIST));
    (0..32).for_each(|_| _ = port.connect());
    port.orders.clear();
    port.lines();
    port.script.at(1001);
    port.connect_from("192.0.3.7:1000");
    assert!(port.closed());
    assert_eq!(own(&mut port), ["type=DAEMON_ACCEPT op=handshake-limit addr=192.0.3.7 port=1000 res=no"]);
    port.at(1010);
    assert_eq!(port.orders.iter().filter(|order| matches!(order, PeerOrder::Close { .. })).count(), 32);
    let lines = own(&mut port);
    assert_eq!(lines.iter().filter(|line| line.contains(" reason=handshake-timeout ")).count(), 32, "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("DAEMON_CLOSE")), "who was never accepted does not leave");
}

#[test]
fn one_source_does_not_use_up_all_handshakes() {
    for one in ["192.0.2.7", "[2001:db8::NUMBER]"] {
        let mut port = Port::new(listening(LIST));
        for number in 0..32 {
            // In four seconds, so that it is not for their number in one.
            port.script.at(1000 + number / 8);
            port.connect_from(&format!("{}:1000", one.replace("NUMBER", &number.to_string())));
        }
        let refused = own(&mut port);
        assert_eq!(refused.len(), 16, "{refused:?}");
        assert!(refused.iter().all(|line| line.contains(" op=handshake-limit ")), "{refused:?}");
        port.orders.clear();
        let mut honest = Secure::connect_as(&mut port, "198.51.100.1:1000", "web", 'a');
        honest.say(&mut port, &record(2));
        assert_eq!(honest.answers(), [(MessageType::ACK, 2)], "{one}");
    }
}

#[test]
fn what_is_wrong_after_the_handshake_is_said_in_its_own_words() {
    let mut port = Port::new(listening(LIST));
    let mut flooding = Secure::connect(&mut port, "web", 'a');
    own(&mut port);
    port.script.asked();
    for _ in 0..70 {
        flooding.client.connection.renew(false);
    }
    flooding.run(&mut port);
    assert!(contains(&own(&mut port), "op=remote-client cause=tls "));
    let asked = port.script.asked();
    assert!(contains(&asked, "is sent away: TLS: it sends records without end that bring nothing"), "{asked:?}");
}

#[test]
fn who_may_connect_no_more_is_sent_away_when_the_list_is_read_again() {
    let reload = |port: &mut Port, config: Config| {
        port.feed(Input::Signal(Signal::Reload, Sender::from_signal(99, 0, Some(1000), Some(3))));
        port.feed(Input::Sender(None));
        port.feed(Input::Config(Ok(Box::new(config))));
    };
    for (list, is_kept) in [
        (LIST, true),
        ("web enabled key=/a\n", true),
        ("web disabled key=/a\n", false),
        ("web enabled key=/c\n", false),
        ("other enabled key=/a\n", false),
    ] {
        let mut port = Port::new(listening(LIST));
        let mut web = Secure::connect(&mut port, "web", 'a');
        web.say(&mut port, &record(2));
        own(&mut port);
        reload(&mut port, listening(list));
        assert_eq!(!port.closed(), is_kept, "{list}");
        let lines = own(&mut port);
        assert_eq!(lines.iter().any(|line| line.contains("cause=identity-revoked ")), !is_kept, "{lines:?}");
    }
    let mut port = Port::new(listening(LIST));
    let _web = Secure::connect(&mut port, "web", 'a');
    reload(&mut port, Config { tcp_listen_port: 60, ..config() });
    assert!(port.closed(), "no connection stays that is protected other than the file says");
}

#[test]
fn peers_are_told_that_the_daemon_ends_under_tls_too() {
    let mut port = Port::new(listening(LIST));
    let mut web = Secure::connect(&mut port, "web", 'a');
    port.script.core.handle(Input::Signal(Signal::Stop, Sender::from_signal(99, 0, Some(1000), Some(3))));
    port.perform_all();
    port.feed(Input::Sender(None));
    let last = port.orders.iter().find_map(|order| match order {
        PeerOrder::Close { last, .. } => Some(last.clone()),
        _ => None,
    });
    web.client.receive(&last.unwrap(), &mut web.plain).unwrap();
    assert!(web.client.connection.is_ended());
    assert_eq!(web.answers(), [(MessageType::ENDING, 0)]);
}
