//! The fast way through a log and a slow, obviously correct one find the same events.
//!
//! The slow searcher splits lines by hand, keeps every event it has not given back in one list, and looks at all of it for
//! every record. The logs are made by a small generator: interleaved, late and out of order, cut short, with huge lines, NUL
//! bytes, missing serials and several machines; and with clocks that are put forward and back.

use crate::support::{Dice, Dir};
use auditbox::event::{Assembler, Event, Policy};
use auditbox::query::predicate::{Criteria, Predicate};
use auditbox::query::probe::Probe;
use auditbox::record::{Record, RecordType};
use auditbox::store::ahead;
use auditbox::store::reader::{Lines, SEARCH_LINE};
use auditbox::store::scout::{Piece, Scout};
use auditbox::store::seek::{DISORDER, REACH};
use auditbox::sys::input::InputFile;
use std::ops::ControlFlow;
use std::path::Path;

const TIMEOUT: u64 = 2;

/// One event's lines; now and then the same on another machine.
fn event(dice: &mut Dice, sec: u64, serial: u64, nodes: &[&str]) -> Vec<Vec<u8>> {
    let milli = serial % 7 * 100;
    let stamp = match dice.below(40) {
        0 => format!("{sec}"),
        1 => format!("{sec}.1"),
        2 => format!("00{sec}.{milli:05}:0{serial}"),
        3 => format!("{sec}.{milli}:{serial} "),
        _ => format!("{sec}.{milli:03}:{serial}"),
    };
    if nodes.len() > 1 && dice.below(60) == 0 {
        return [event_of("node=a ", dice, &stamp), event_of("node=b ", dice, &stamp)].concat();
    }
    let node = nodes[dice.below(nodes.len() as u64) as usize];
    event_of(node, dice, &stamp)
}

fn event_of(node: &str, dice: &mut Dice, stamp: &str) -> Vec<Vec<u8>> {
    let line = |kind: &str, body: &str| format!("{node}type={kind} msg=audit({stamp}): {body}").into_bytes();
    let key =
        ["(null)", "\"wanted\"", "77616E746564", "\"other\"", "6F01776E", "77616E746564016F"][dice.below(6) as usize];
    let exe = ["\"/bin/cat\"", "\"/bin/ls\"", "2F62696E2F6C7320"][dice.below(3) as usize];
    if dice.below(3) == 0 {
        return vec![line(
            "USER_LOGIN",
            &format!("pid={} uid=0 auid=5 ses=1 msg='exe={exe} res=success'", dice.below(50)),
        )];
    }
    let ids = format!("ppid=1 pid={} auid={} uid=3 gid=0 euid=0", dice.below(50), dice.below(9));
    let call = format!("arch=c000003e syscall=2 success=yes exit=0 a0=0 a1=1 {ids} comm=\"c\" exe={exe} key={key}");
    let mut lines = vec![line("SYSCALL", &call), line("CWD", "cwd=\"/root\"")];
    for item in 0..dice.below(3) {
        lines.push(line("PATH", &format!("item={item} name=\"/tmp/{}\" nametype=NORMAL", dice.below(20))));
    }
    match dice.below(30) {
        0 => lines.push(line("EXECVE", &format!("a0={}", "x".repeat(SEARCH_LINE + 500)))),
        1 => lines.push(line("PATH", "item=0 name=\"/tmp/nul\0hidden\" nametype=NORMAL")),
        2 => lines.push(line("BOGUS", "what is this")),
        3 => lines.push(b"type=SYSCALL msg=audit(17".to_vec()),
        4 => lines.insert(0, line("EOE", "")),
        5 => lines.push(line("eoe", "")),
        6 => lines.insert(0, line(" CWD", "cwd=\"wanted\"")),
        7 => lines.push(line("AN_UNHEARD_OF_TYPE_OF_RECORD", "key=\"wanted\"")),
        _ => {}
    }
    lines.push(line("PROCTITLE", "proctitle=77616E746564"));
    lines
}

/// A log in which lines of neighbouring events are mixed. Now and then one comes late, or once more when its event is over.
fn log(seed: u64, events: u64) -> Vec<u8> {
    let mut dice = Dice(seed);
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut sec = FIRST;
    for serial in 1..=events {
        sec += u64::from(dice.below(8) == 0);
        lines.extend(event(&mut dice, sec, serial, &["", "", "", "node=a ", "node=b "]));
        if dice.below(50) == 0 {
            let back = dice.below(200.min(lines.len() as u64)) as usize;
            lines.push(lines[lines.len() - 1 - back].clone());
        }
    }
    mixed(&mut dice, lines)
}

const FIRST: u64 = 1_700_000_000;

/// The log of a machine whose clock is put forward and back by seconds or years, for one event or for hundreds, that is
/// started anew, that is silent for hours, and whose system calls wait.
fn restless_log(seed: u64, events: u64) -> Vec<u8> {
    let mut dice = Dice(seed);
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let (mut sec, mut serial) = (FIRST, 1);
    for _ in 0..events {
        serial += 1;
        sec += u64::from(dice.below(8) == 0);
        let most = [10, 100, 10_000, 100_000_000][dice.below(4) as usize];
        let amount = 1 + dice.below(most);
        let mut late = 0;
        match dice.below(600) {
            0 => sec += amount,
            1 | 2 => sec = (sec - amount).max(FIRST / 2),
            3 => serial = 1,
            4 => sec += 3 * 3600,
            5..15 => late = dice.below(20_000),
            15 => {
                // Put forward and back at once.
                for _ in 0..dice.below(400) {
                    serial += 1;
                    lines.extend(event(&mut dice, sec + amount, serial, &[""]));
                }
            }
            _ => {}
        }
        lines.extend(event(&mut dice, sec - late, serial, &[""]));
    }
    mixed(&mut dice, lines)
}

fn mixed(dice: &mut Dice, mut lines: Vec<Vec<u8>>) -> Vec<u8> {
    for at in 0..lines.len() {
        let reach = if dice.below(200) == 0 { 40 } else { 1 + dice.below(4) as usize };
        let other = (at + reach).min(lines.len() - 1);
        if dice.below(4) == 0 {
            lines.swap(at, other);
        }
    }
    let mut text = lines.join(&b'\n');
    text.truncate(text.len() - dice.below(100) as usize);
    text
}

/// Lines as a reader with a fixed buffer sees them, records by the public parser, everything else by brute force.
fn slowly(text: &[u8], criteria: &Criteria) -> Vec<Vec<Vec<u8>>> {
    struct Building {
        event: Event,
        done: bool,
        gone: bool,
        slot: usize,
    }
    let mut all: Vec<Building> = Vec::new();
    let mut found = Vec::new();
    let mut predicate = Predicate::new(criteria.clone());
    let is_wanted =
        |sec: u64| criteria.start.is_none_or(|start| start <= sec) && criteria.end.is_none_or(|end| sec <= end);
    let mut give = |all: &mut Vec<Building>| loop {
        all.retain(|b| !b.gone);
        let Some(lowest) = all.iter_mut().min_by_key(|b| (b.event.stamp(), b.slot)).filter(|b| b.done) else { return };
        lowest.gone = true;
        if predicate.matches(&lowest.event, &|_| None).unwrap_or(false) {
            found.push(lowest.event.records().map(|r| r.line.to_vec()).collect());
        }
    };
    for line in text.split(|&b| b == b'\n').flat_map(|line| line.chunks(SEARCH_LINE)) {
        let Some(record) = Record::parse(line).filter(|record| is_wanted(record.stamp.sec)) else { continue };
        if let Some(same) =
            all.iter_mut().find(|b| !b.done && b.event.stamp() == record.stamp && b.event.node() == record.node)
        {
            same.event.push(&record);
            continue;
        }
        if record.kind == RecordType::EOE {
            continue;
        }
        let slot = (0..).find(|slot| all.iter().all(|b| b.slot != *slot)).unwrap();
        let mut event = Event::default();
        event.push(&record);
        all.push(Building { event, done: false, gone: false, slot });
        for b in &mut all {
            b.done |= b.event.kind().ends_event() || b.event.stamp().sec + TIMEOUT <= record.stamp.sec;
        }
        give(&mut all);
    }
    all.iter_mut().for_each(|b| b.done = true);
    give(&mut all);
    found
}

/// The way of ausearch. Files shorter than `parts_from` are read whole.
fn quickly(path: &std::path::Path, criteria: &Criteria, parts_from: u64) -> Vec<Vec<Vec<u8>>> {
    let file = InputFile::open(path).unwrap();
    let probe = Probe::of(criteria);
    let scout = Scout {
        probe: probe.as_ref(),
        start: criteria.start,
        end: criteria.end,
        timeout: TIMEOUT,
        whole_below: parts_from,
        sought_from: parts_from,
    };
    let mut assembler = Assembler::new(Policy::Search, TIMEOUT);
    let (mut predicate, seconds) = (Predicate::new(criteria.clone()), Predicate::new(criteria.clone()));
    let mut found: Vec<Vec<Vec<u8>>> = Vec::new();
    let mut drain = |assembler: &mut Assembler| {
        while let Some(event) = assembler.next() {
            if predicate.matches(&event, &|_| None).unwrap_or(false) {
                found.push(event.records().map(|r| r.line.to_vec()).collect());
            }
            assembler.recycle(event);
        }
    };
    let mut lines = Lines::new(SEARCH_LINE);
    let mut take = |record: Option<Record<'_>>, assembler: &mut Assembler| {
        if let Some(record) = record.filter(|record| seconds.in_range(record.stamp.sec)) {
            assembler.push(&record);
        }
        drain(assembler);
    };
    let read = scout.each_piece(&file, &mut |piece| {
        match piece {
            Piece::Gap => assembler.finish(),
            Piece::Other(kind, stamp) if seconds.in_range(stamp.sec) => assembler.note(kind, stamp),
            Piece::Other(..) => {}
            Piece::Lines(part) => {
                lines.restart();
                while let Some(line) = lines.next(part).unwrap() {
                    take(Record::scan(line).ok(), &mut assembler);
                }
            }
            Piece::Long(part) => {
                let _ = ahead::read(part, &mut |record| {
                    take(record.ok(), &mut assembler);
                    ControlFlow::Continue(())
                });
            }
        }
        take(None, &mut assembler);
        ControlFlow::Continue(())
    });
    read.unwrap();
    assembler.finish();
    take(None, &mut assembler);
    found
}

fn questions() -> Vec<Criteria> {
    let text = |t: &str| Some(t.as_bytes().to_vec());
    vec![
        Criteria::default(),
        Criteria { key: text("wanted"), ..Criteria::default() },
        Criteria { key: text("wanted"), whole_word: true, exe: text("/bin/cat"), ..Criteria::default() },
        Criteria { exe: text("/bin/ls "), ..Criteria::default() },
        Criteria { file: text("/tmp/7"), ..Criteria::default() },
        Criteria { kinds: vec![RecordType::USER_LOGIN], ..Criteria::default() },
        Criteria { kinds: vec![RecordType::EXECVE], pid: Some(7), ..Criteria::default() },
        Criteria { pid: Some(42), ..Criteria::default() },
        Criteria { serial: Some(77), ..Criteria::default() },
        Criteria { nodes: vec![b"a".to_vec()], success: Some(true), ..Criteria::default() },
    ]
}

/// The same events, each with the same lines; otherwise the first that differs is shown.
fn same(found: Vec<Vec<Vec<u8>>>, expected: Vec<Vec<Vec<u8>>>, what: &str) {
    let shown = |event: Option<&Vec<Vec<u8>>>| {
        let lines = event.into_iter().flatten().map(|line| String::from_utf8_lossy(&line[..line.len().min(90)]));
        lines.collect::<Vec<_>>().join("\n")
    };
    if let Some(at) = (0..found.len().max(expected.len())).find(|at| found.get(*at) != expected.get(*at)) {
        panic!("{what}: event {at}: found\n{}\nexpected\n{}", shown(found.get(at)), shown(expected.get(at)));
    }
}

fn with_file(text: &[u8], check: impl FnOnce(&Path)) {
    let dir = Dir::new("searching");
    check(Path::new(&dir.file("audit.log", text)));
}

#[test]
fn whole_files_are_searched_as_the_slow_way_does() {
    for seed in 1..12 {
        let text = log(seed, 150);
        with_file(&text, |path| {
            for (number, criteria) in questions().iter().enumerate() {
                same(
                    quickly(path, criteria, u64::MAX),
                    slowly(&text, criteria),
                    &format!("seed {seed}, question {number}"),
                );
            }
        });
    }
}

#[test]
fn reading_only_parts_finds_the_same() {
    for seed in 100..104 {
        let text = log(seed, 1200);
        with_file(&text, |path| {
            for (number, criteria) in questions().iter().enumerate() {
                let whole = quickly(path, criteria, u64::MAX);
                same(quickly(path, criteria, 0), whole, &format!("seed {seed}, question {number}"));
            }
        });
    }
}

/// Of a log that is longer than what is looked over at a time.
#[test]
fn long_logs_are_searched_without_a_seam() {
    let text = log(1000, 30_000);
    assert!(text.len() > 10 << 20);
    with_file(&text, |path| {
        for (number, criteria) in questions().iter().enumerate().skip(1).step_by(2) {
            let whole = quickly(path, criteria, u64::MAX);
            same(quickly(path, criteria, 0), whole, &format!("question {number}"));
        }
    });
}

/// Ranges that begin and end at seconds of the log.
fn ranges(text: &[u8], dice: &mut Dice) -> Vec<Criteria> {
    let seconds: Vec<u64> =
        text.split(|&b| b == b'\n').filter_map(|line| Some(Record::parse(line)?.stamp.sec)).collect();
    let mut any = || seconds[dice.below(seconds.len() as u64) as usize];
    let newest = seconds.iter().max().copied();
    let (start, end) = (Some(any()), Some(any()));
    let key = Some(b"wanted".to_vec());
    vec![
        Criteria { start, ..Criteria::default() },
        Criteria { end, ..Criteria::default() },
        Criteria { start: start.min(end), end: start.max(end), ..Criteria::default() },
        Criteria { start: newest.map(|sec| sec - 5), ..Criteria::default() },
        Criteria { start, end: start.map(|sec| sec + 600), ..Criteria::default() },
        Criteria { start, key, ..Criteria::default() },
    ]
}

/// Whether the log is older than `start` at places within reach before and behind the event of these lines.
fn may_be_missed(text: &[u8], event: &[Vec<u8>], start: Option<u64>) -> bool {
    let Some(start) = start else { return false };
    let is_older = |line: &[u8]| Record::parse(line).is_some_and(|record| record.stamp.sec + DISORDER < start);
    event.iter().all(|line| {
        memchr::memmem::find_iter(text, line).all(|at| {
            let before = &text[at.saturating_sub(REACH as usize)..at];
            let behind = &text[at..(at + REACH as usize).min(text.len())];
            before.split(|&b| b == b'\n').skip(1).any(is_older) && behind.split(|&b| b == b'\n').any(is_older)
        })
    })
}

#[test]
fn seeking_a_range_misses_only_a_clock_that_was_ahead_for_a_moment() {
    let (mut all, mut missed) = (0, 0);
    for seed in 1..5 {
        let text = restless_log(seed, 2500);
        with_file(&text, |path| {
            for (number, criteria) in ranges(&text, &mut Dice(seed)).iter().enumerate() {
                let (quick, mut slow) = (quickly(path, criteria, 0), slowly(&text, criteria));
                all += slow.len();
                slow.retain(|event| {
                    let is_missed = !quick.contains(event);
                    assert!(
                        !is_missed || may_be_missed(&text, event, criteria.start),
                        "seed {seed}, {number}, {event:?}"
                    );
                    missed += usize::from(is_missed);
                    !is_missed
                });
                same(quick, slow, &format!("seed {seed}, range {number}"));
            }
        });
    }
    assert!(missed < all / 100, "{missed} of {all}");
}

#[test]
fn something_is_found_at_all() {
    let text = log(3, 300);
    with_file(&text, |path| {
        for criteria in questions() {
            assert!(!quickly(path, &criteria, u64::MAX).is_empty() || criteria.pid == Some(7), "{criteria:?}");
        }
    });
}
