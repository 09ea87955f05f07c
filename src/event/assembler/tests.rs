//! Records of several events in any order, and the events they make.

use super::*;
use crate::record::Line;

#[test]
fn no_choice_of_nodes_and_serials_makes_a_long_chain() {
    let mut assembler = Assembler::new(Policy::Search, 2);
    for number in 0..4096 {
        for line in [
            format!("node=n{number} type=PATH msg=audit(1700000000.000:1): x"),
            format!("type=PATH msg=audit(1700000000.000:{}): x", number * 1024),
        ] {
            assembler.push(&Record::scan(Line::new(line.as_bytes())).expect("a record"));
        }
    }
    let length = |head: &u32| {
        std::iter::successors(assembler.slots.get(*head as usize), |slot| assembler.slots.get(slot.next as usize))
            .count()
    };
    assert_eq!(assembler.chains.iter().map(length).sum::<usize>(), 2 * 4096);
    assert!(assembler.chains.iter().map(length).max() < Some(64));
}

/// Pushes `TYPE SECOND.MILLI:SERIAL` lines; gives back each event as its event id's serial and its types' first letters.
fn run(policy: Policy, lines: &[&str]) -> Vec<String> {
    let mut assembler = Assembler::new(policy, 2);
    let mut got = Vec::new();
    for line in lines {
        let (kind, id) = line.split_once(' ').unwrap();
        let line = format!("type={kind} msg=audit(17000000{id}): a=1");
        assembler.push(&Record::parse(line.as_bytes()).unwrap());
        drain(&mut assembler, &mut got);
    }
    assembler.finish();
    drain(&mut assembler, &mut got);
    got
}

fn drain(assembler: &mut Assembler, got: &mut Vec<String>) {
    while let Some(event) = assembler.next() {
        let kinds: String = event.records().filter_map(|r| r.record_type.name()?.chars().next()).collect();
        got.push(format!("{} {kinds}", event.id().serial));
        assembler.recycle(event);
    }
}

const MIXED: &[&str] = &[
    "SYSCALL 10.001:1",
    "SYSCALL 10.001:2",
    "CWD 10.001:1",
    "CWD 10.001:2",
    "EOE 10.001:2",
    "EOE 10.001:1",
    "CWD 10.001:1",
    "USER_AUTH 10.005:3",
    "CWD 10.001:1",
    "SYSCALL 12.000:4",
];

#[test]
fn searching_lets_late_records_join_until_the_timeout() {
    assert_eq!(run(Policy::Search, MIXED), ["1 SCECC", "2 SCE", "3 U", "4 S"]);
}

#[test]
fn the_library_ends_an_event_at_its_last_record() {
    assert_eq!(run(Policy::Library, MIXED), ["1 SCE", "1 CC", "2 SCE", "3 U", "4 S"]);
}

#[test]
fn an_end_without_its_event_is_dropped() {
    assert!(run(Policy::Search, &["EOE 10.001:1"]).is_empty());
    assert!(run(Policy::Library, &["EOE 10.001:1"]).is_empty());
}

#[test]
fn an_old_event_holds_back_complete_ones() {
    let lines = ["SYSCALL 10.001:1", "USER_AUTH 10.002:2", "USER_AUTH 11.999:3", "CWD 10.001:1"];
    assert_eq!(run(Policy::Search, &lines), ["1 SC", "2 U", "3 U"]);
}

#[test]
fn a_late_event_waits_for_its_own_records() {
    let lines = ["USER_AUTH 50.001:9", "SYSCALL 10.001:1", "CWD 10.001:1", "USER_AUTH 51.000:10"];
    assert_eq!(run(Policy::Search, &lines), ["9 U", "1 SC", "10 U"]);
}

#[test]
fn nodes_keep_events_apart() {
    let mut assembler = Assembler::new(Policy::Search, 2);
    for node in ["a", "b", "a"] {
        let line = format!("node={node} type=SYSCALL msg=audit(1700000010.001:1): a=1");
        assembler.push(&Record::parse(line.as_bytes()).unwrap());
    }
    assembler.finish();
    let first = assembler.next().unwrap();
    assert_eq!((first.node(), first.len()), (Some(&b"a"[..]), 2));
    assert_eq!(assembler.next().unwrap().len(), 1);
    assert!(assembler.next().is_none());
}

#[test]
fn records_come_back_as_they_went_in() {
    let line = b"node=web type=BOGUS msg=audit(1700000010.001:1): a=1UID=x";
    let record = Record::parse(line).unwrap();
    let mut event = Event::default();
    event.push(&record);
    event.push(&record);
    assert!(event.records().all(|r| r == record));
    assert!(event.records().any(|r| r.enriched.is_some()));
    assert_eq!(event.lines(), Some(&[&line[..], b"\n", line, b"\n"].concat()[..]));
}

#[test]
fn of_equal_ids_the_event_that_opened_first_goes_first() {
    let mut assembler = Assembler::new(Policy::Search, 2);
    let mut push = |node: &str, id: &str| {
        let line = format!("node={node} type=SYSCALL msg=audit(17000000{id}): a=1");
        assembler.push(&Record::parse(line.as_bytes()).unwrap());
        std::iter::from_fn(|| assembler.next()).map(|event| event.node().unwrap().to_vec()).collect::<Vec<_>>()
    };
    // The slot of the first event is free again when that of node c opens.
    assert!(push("z", "10.001:1").is_empty() && push("b", "11.001:2").is_empty());
    assert_eq!(push("y", "12.000:3"), [b"z"]);
    assert!(push("c", "11.001:2").is_empty());
    assert_eq!(push("x", "14.000:4"), [b"b", b"c", b"y"]);
}

#[test]
fn an_event_is_whole_up_to_what_a_kernel_writes_and_beyond_that_in_parts_that_say_so() {
    let mut assembler = Assembler::new(Policy::Search, 2);
    let long = [b"type=EXECVE msg=audit(1700000010.001:1): a=".to_vec(), vec![b'x'; 8000]].concat();
    let (record, count) = (Record::parse(&long).unwrap(), EVENT_BYTES / long.len() + 10);
    let other = Record::parse(b"type=SYSCALL msg=audit(1700000010.000:0): a=1").unwrap();
    let mut parts = Vec::new();
    for _ in 0..count {
        assembler.push(&record);
        assembler.push(&other);
        parts.extend(std::iter::from_fn(|| assembler.next()));
    }
    assembler.finish();
    parts.extend(std::iter::from_fn(|| assembler.next()));
    let short = parts.iter().position(|event| event.id().serial == 0).map(|at| parts.remove(at)).unwrap();
    assert_eq!((short.len(), short.part()), (count, None), "it is driven out by no other");
    let mut before = 0;
    for part in &parts {
        assert_eq!(part.part(), Some(before));
        assert!(part.size() <= EVENT_BYTES);
        before += part.len() as u64;
    }
    assert_eq!((before as usize, parts.len()), (count, 2));
}

#[test]
fn what_waits_is_bounded() {
    let mut assembler = Assembler::new(Policy::Search, 2);
    let mut out = 0;
    for serial in 0..(WAITING_EVENTS as u64 + 10) {
        let line = format!("type=SYSCALL msg=audit(1700000010.001:{serial}): a=1");
        assembler.push(&Record::parse(line.as_bytes()).unwrap());
        out += std::iter::from_fn(|| assembler.next()).count();
    }
    assert_eq!(out, 10);
    let long = [b"type=SYSCALL msg=audit(1700000010.001:1): a=".to_vec(), vec![b'x'; 8000]].concat();
    let record = Record::parse(&long).unwrap();
    for _ in 0..2 * EVENT_BYTES / long.len() {
        assembler.push(&record);
        while assembler.next().is_some() {}
    }
    assert!(assembler.waiting_bytes <= WAITING_BYTES);
}

#[test]
fn many_short_events_take_no_more_memory_than_a_few_long_ones() {
    let mut assembler = Assembler::new(Policy::Search, 2);
    for name in ["SYSCALL", "PATH", "PROCTITLE"] {
        for serial in 0..3 * WAITING_EVENTS {
            let line = format!("type={name} msg=audit(1700000010.001:{serial}): a={}", "x".repeat(160));
            assembler.push(&Record::parse(line.as_bytes()).unwrap());
            std::iter::from_fn(|| assembler.next()).for_each(drop);
        }
    }
    let of = |slot: &Slot| {
        size_of::<Slot>() + slot.event.text.capacity() + slot.event.spans.capacity() * size_of::<super::super::Span>()
    };
    let bytes: usize = assembler.slots.iter().map(of).sum();
    assert!(bytes < 2 * WAITING_BYTES, "{bytes}");
}
