//! What the collector says, and what is done about it.

use super::*;

#[test]
fn answers_count_whatever_pieces_they_come_in() {
    let mut script = script("");
    script.take(1..=2);
    script.connect();
    script.sent();
    let mut bytes = Vec::new();
    Message { message_type: MessageType::ACK, sequence: 2, is_repeated: false, body: b"stored" }.push(&mut bytes);
    Message { message_type: MessageType::ACK, sequence: 3, is_repeated: false, body: b"" }.push(&mut bytes);
    for (at, byte) in bytes.iter().enumerate() {
        assert_eq!(script.client.queue().len(), if at < 22 { 2 } else { 1 });
        script.client.received(&[*byte], script.now);
    }
    assert!(script.client.queue().is_empty());
}

#[test]
fn what_is_no_answer_ends_the_connection_and_loses_nothing() {
    let hello = b"HTTP/1.1 400 Bad Request\r\n\r\n";
    let mut too_long = Vec::new();
    Message { message_type: MessageType::ACK, sequence: 2, is_repeated: false, body: b"" }.push(&mut too_long);
    too_long[10..12].copy_from_slice(&u16::MAX.to_le_bytes());
    let mut record = Vec::new();
    Message { message_type: MessageType::MESSAGE, sequence: 2, is_repeated: false, body: b"" }.push(&mut record);
    let mut other = Vec::new();
    Message { message_type: MessageType::ACK, sequence: 9, is_repeated: false, body: b"" }.push(&mut other);
    for bytes in [&hello[..], &too_long, &record, &other] {
        let mut script = script("");
        script.take(1..=1);
        script.connect();
        script.sent();
        script.client.received(bytes, script.now);
        assert_eq!(script.tick(), ["close", "connect"]);
        assert!(script.said().iter().any(|said| said.starts_with("Connection to there: lost/losing sync, ")));
        script.client.connected(script.now);
        assert_eq!(script.records(), marked(1..=1));
    }
}

#[test]
fn an_answer_that_nobody_awaits_changes_nothing() {
    let mut script = script("");
    script.take(1..=1);
    script.connect();
    script.sent();
    script.ack(2..=2);
    script.said();
    script.ack(2..=9);
    script.answer(MessageType(0x7fff_0000), 0, "what");
    assert_eq!((script.tick(), script.said()), (Vec::new(), Vec::new()));
    assert!(script.client.is_connected());
}

#[test]
fn a_collector_that_goes_away_is_looked_for_again_whatever_the_action() {
    for action in ["reconnect", "syslog", "ignore", "warn_once", "warn_once_continue", "exec /bin/x"] {
        for is_sending in [true, false] {
            let mut script = script(&format!("remote_ending_action = {action}"));
            script.take(1..=1);
            script.connect();
            script.sent();
            if !is_sending {
                script.ack(2..=2);
            }
            script.answer(MessageType::ENDING, 0, "");
            assert!(!script.client.is_connected());
            script.take(2..=2);
            let asked = script.tick();
            assert_eq!(asked.last().unwrap(), "connect", "{action}");
            script.client.connected(script.now);
            let again = if is_sending { marked(1..=1) } else { Vec::new() };
            assert_eq!(script.records(), [again, unmarked(2..=2)].concat(), "{action}");
        }
    }
}

#[test]
fn a_disk_that_is_low_is_told_and_the_record_is_stored() {
    let mut script = script("disk_low_action = warn_once\ngeneric_warning_action = warn_once");
    script.take(1..=3);
    script.connect();
    script.sent();
    script.said();
    script.answer(MessageType::DISK_LOW, 2, "low");
    script.answer(MessageType::DISK_LOW, 3, "low");
    script.answer(MessageType(0x5000_0042), 4, "\x1b[2Jodd");
    assert_eq!(script.said(), ["remote server is low on disk space, low", "unrecognized remote warning, \\033[2Jodd"]);
    assert!(script.client.queue().is_empty() && script.client.is_connected());
}

#[test]
fn a_record_that_is_not_stored_is_kept_or_given_up_as_the_action_says() {
    let kinds = [
        ("disk_full", MessageType::DISK_FULL),
        ("disk_error", MessageType::DISK_ERROR),
        ("generic_error", MessageType(0x6000_0042)),
    ];
    for (key, message_type) in kinds {
        for (action, is_kept, effect) in [
            ("ignore", false, None),
            ("syslog", false, None),
            ("exec /bin/x", false, Some("/bin/x no room")),
            ("warn_once_continue", false, None),
            ("warn_once", true, None),
            ("single", true, Some("init 1")),
            ("halt", true, Some("init 0")),
        ] {
            let mut script = script(&format!("{key}_action = {action}"));
            script.take(1..=2);
            script.connect();
            script.sent();
            script.answer(message_type, 2, "no room");
            let mut asked = script.tick();
            assert_eq!((asked.remove(0), asked.pop()), ("close".to_string(), Some("connect".to_string())));
            assert_eq!(asked, effect.into_iter().collect::<Vec<_>>(), "{key} {action}");
            script.client.connected(script.now);
            let expected = if is_kept { marked(1..=2) } else { marked(2..=2) };
            assert_eq!(script.records(), expected, "{key} {action}");
            assert_eq!(script.client.counts().dropped, u64::from(!is_kept));
        }
    }
}

#[test]
fn a_collector_that_cannot_store_is_asked_ever_more_slowly() {
    let mut script = script("");
    script.take(1..=1);
    script.connect();
    let (start, mut attempts) = (script.now, Vec::new());
    for _ in 0..9 {
        let sequence = script.sent()[0].2;
        script.answer(MessageType::DISK_FULL, sequence, "disk full");
        attempts.push(script.attempt() - start);
        script.client.connected(script.now);
    }
    assert_eq!(attempts, [0, 1, 3, 7, 15, 31, 63, 123, 183]);
    assert_eq!(script.said().iter().filter(|said| said.contains("disk is full")).count(), 1);
}

#[test]
fn suspended_sending_goes_on_when_it_is_told_to() {
    let mut script = script("disk_full_action = suspend");
    script.take(1..=1);
    script.connect();
    script.sent();
    script.answer(MessageType::DISK_FULL, 2, "disk full");
    script.take(2..=2);
    assert_eq!((script.tick(), script.due), (vec!["close".to_string()], None));
    assert!(script.client.is_suspended() && script.client.is_done());
    assert_eq!(script.said().last().unwrap(), "suspending remote logging due to remote server's disk is full");
    script.client.resume();
    script.connect();
    assert_eq!(script.records(), [marked(1..=1), unmarked(2..=2)].concat());
}

#[test]
fn the_stop_action_stops_it_with_its_records() {
    let mut script = script("network_failure_action = stop\nmax_tries_per_record = 1");
    script.take(1..=1);
    script.connect();
    script.sent();
    script.client.lost(script.now, "reset");
    script.tick();
    script.client.lost(script.now, "refused");
    assert!(script.client.has_stopped());
    script.tick();
    assert_eq!((script.due, script.client.queue().len()), (None, 1));
    assert_eq!(script.said().last().unwrap(), "remote logging stopping due to network failure, max retries exhausted");
}

#[test]
fn a_collector_that_answers_what_it_does_not_read_gets_no_more_before_it_reads() {
    let mut script = script("heartbeat_timeout = 1\nmax_time_per_record = 3");
    script.take(1..=1000);
    script.connect();
    let most = script.client.output().len();
    for sequence in 2..=1001 {
        script.ack(sequence..=sequence);
        script.tick();
    }
    assert_eq!(script.client.output().len(), most);
    assert_eq!(script.client.queue().len(), 1000 - WINDOW, "what it has not been sent it cannot answer");
    script.now += 2;
    assert_eq!((script.tick(), script.client.output().len()), (Vec::new(), most), "nor is it asked anything");
    script.now += 1;
    assert_eq!(script.tick(), ["close"]);
    script.connect();
    assert_eq!(script.records(), unmarked(33..=64));
}

#[test]
fn a_state_that_is_reported_over_and_over_has_its_action_once() {
    for (action, effect, text) in [
        ("exec /bin/x", Some("/bin/x low"), None),
        ("single", Some("init 1"), Some("remote logging is switching system to single user mode due to ")),
        ("halt", Some("init 0"), Some("remote logging halting system due to ")),
        ("syslog", None, Some("")),
        ("warn_once_continue", None, Some("")),
    ] {
        let mut script = script(&format!("disk_low_action = {action}"));
        script.take(1..=1);
        script.connect();
        script.sent();
        script.said();
        let expected: Vec<&str> = effect.into_iter().collect();
        let mut sequence = 2;
        for round in 1..=2 {
            script.answer(MessageType::DISK_LOW, sequence, "low");
            for _ in 0..1000 {
                script.answer(MessageType::DISK_LOW, 0, "low");
            }
            assert_eq!(script.tick(), expected, "{action}: nobody has asked, round {round}");
            let said: Vec<String> =
                text.into_iter().map(|text| format!("{text}remote server is low on disk space")).collect();
            let said = if text == Some("") { vec![format!("{}, low", said[0])] } else { said };
            assert_eq!(script.said(), said, "{action}");
            // A record is stored, and there is space again.
            script.take(10 * round..=10 * round + 1);
            script.sent();
            script.ack(sequence + 1..=sequence + 1);
            sequence += 2;
        }
    }
    let mut script = script("disk_low_action = exec /bin/x");
    script.take(1..=9);
    script.connect();
    script.sent();
    (2..=9).for_each(|sequence| script.answer(MessageType::DISK_LOW, sequence, "low"));
    assert_eq!(script.tick(), ["/bin/x low"], "nor for each record");
    script.answer(MessageType::ACK, 10, "");
    script.answer(MessageType::DISK_LOW, 0, "low");
    assert_eq!(script.tick(), ["/bin/x low"]);
}

#[test]
fn a_record_that_is_stored_with_a_warning_ends_other_troubles() {
    let mut script = script("");
    script.client.warned = bit(Trouble::Network) | bit(Trouble::DiskLow);
    script.client.warn(MessageType::DISK_LOW, "low");
    assert_eq!(script.client.warned, bit(Trouble::DiskLow));
}

#[test]
fn memory_does_not_grow_with_what_the_collector_says() {
    let mut script = script("");
    script.take(1..=1);
    script.connect();
    script.sent();
    script.ack(2..=2);
    for _ in 0..1000 {
        script.answer(MessageType(0x4000_0999), 0, &"x".repeat(8000));
    }
    assert!(script.client.effects.is_empty() && script.client.messages.unfinished() == 0);
}

#[test]
fn whatever_a_collector_says_no_record_is_lost_uncounted_or_sent_again_without_a_mark() {
    let mut state = 0x2026_1127_u64;
    let mut dice = |sides: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % sides
    };
    for _ in 0..300 {
        let mut script = script("disk_full_action = ignore\nheartbeat_timeout = 2");
        let (mut taken, mut seen) = (0, std::collections::BTreeSet::new());
        for _ in 0..60 {
            let more = dice(3) as u32;
            script.take(taken + 1..=taken + more);
            taken += more;
            script.now += dice(4) as i64;
            script.tick();
            if script.client.is_connecting() {
                match dice(4) {
                    0 => script.client.lost(script.now, "refused"),
                    _ => script.client.connected(script.now),
                }
            }
            let sent = script.sent();
            for (message_type, version, _, body) in &sent {
                let is_new = *message_type == 1 || seen.insert(body.clone());
                assert!(is_new || *version == 1, "sent again without a mark: {body}");
            }
            if !script.client.is_connected() {
                continue;
            }
            let sequence = script.client.sequence.wrapping_sub(script.client.sent as u32);
            match dice(12) {
                0 => script.client.lost(script.now, "reset"),
                1 => script.answer(MessageType::ENDING, 0, ""),
                2 => script.answer(MessageType::DISK_FULL, sequence, "full"),
                3 => script.answer(MessageType::ACK, dice(9) as u32, ""),
                4 => {
                    let garbage: Vec<u8> = (0..dice(40)).map(|_| dice(256) as u8).collect();
                    script.client.received(&garbage, script.now);
                }
                5 => script.answer(MessageType(dice(1 << 32) as u32), sequence, "what"),
                _ if script.client.asks => script.answer(MessageType::ACK, script.client.sequence.wrapping_sub(1), ""),
                _ if script.client.sent > 0 => script.answer(MessageType::ACK, sequence, ""),
                _ => {}
            }
        }
        let counts = script.client.counts();
        let left = script.client.queue().len() as u64;
        assert_eq!(counts.delivered + counts.dropped + left, u64::from(taken));
    }
}
