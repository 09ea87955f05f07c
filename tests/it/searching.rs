//! However a trail is gone through, the same events are found: by blocks and only around what can be found, line by line,
//! through a pipe, with and without the table of closed logs.
//!
//! Everything is asked through one door, [`Trail::search`]. What it finds without shortcuts is compared with a slow
//! searcher that keeps every event it has not given back in one list and looks at all of it for every record; what it finds with
//! them is compared with that. The logs are made by a small generator: interleaved, late and out of order, cut short, with
//! huge lines, NUL bytes, missing serials and several machines; with clocks that are put forward and back; with the records
//! of one event any distance apart; and cut into rotated files anywhere.

use crate::support::{Dice, Dir, applet, feed};
use auditbox::event::{EVENT_BYTES, Event, WAITING_BYTES};
use auditbox::query::extract::Malformed;
use auditbox::query::predicate::{Criteria, Predicate, User};
use auditbox::record::{EventId, Line, Record, RecordType};
use auditbox::report::{Content, Range, ReportKind, Reports, Request, View, kind};
use auditbox::text::date::utc;
use auditbox::trail::lines::{Lines, SEARCH_LINE};
use auditbox::trail::{Search, Sink, Trail, Tuning, UnreadLine, order};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;

const TIMEOUT: u64 = 2;

const FIRST: u64 = 1_700_000_000;

/// Line by line.
const PLAIN: Tuning = Tuning { shortcuts: false, block: 0, step: 0 };

/// One event's lines; now and then the same on another machine.
fn event(dice: &mut Dice, sec: u64, serial: u64, nodes: &[&str]) -> Vec<Vec<u8>> {
    let milli = serial % 7 * 100;
    let id = match dice.below(40) {
        0 => format!("{sec}"),
        1 => format!("{sec}.1"),
        2 => format!("00{sec}.{milli:05}:0{serial}"),
        3 => format!("{sec}.{milli}:{serial} "),
        _ => format!("{sec}.{milli:03}:{serial}"),
    };
    if nodes.len() > 1 && dice.below(60) == 0 {
        return [event_of("node=a ", dice, &id), event_of("node=b ", dice, &id)].concat();
    }
    let node = nodes[dice.below(nodes.len() as u64) as usize];
    event_of(node, dice, &id)
}

fn event_of(node: &str, dice: &mut Dice, id: &str) -> Vec<Vec<u8>> {
    let line = |kind: &str, body: &str| format!("{node}type={kind} msg=audit({id}): {body}").into_bytes();
    let keys =
        ["(null)", "\"wanted\"", "77616E746564", "\"other\"", "6F01776E", "77616e746564016F", "(null)", "(null)"];
    let key = keys[dice.roll(keys.len())];
    let exe = ["\"/bin/cat\"", "\"/bin/ls\"", "2F62696E2F6C7320"][dice.roll(3)];
    if dice.below(3) == 0 {
        let kind = dice.pick(&["USER_LOGIN", "USER_AUTH", "USER_AUTH", "USER_AUTH", "user_login"]);
        let pid = dice.below(50);
        return vec![line(kind, &format!("pid={pid} uid=0 auid=5 ses=1 msg='exe={exe} res=success'"))];
    }
    let pid = dice.pick(&["", "", "0", "+"]);
    let ids = format!("ppid=1 pid={pid}{} auid={} uid=3 gid=0 euid=0", dice.below(50), dice.below(9));
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
        8 => lines.push([&vec![0; dice.roll(9000)][..], &line("CWD", "cwd=\"/nul\"")].concat()),
        9 => lines.push(b"type=USER msg=audit(99999999999999999999.1:1): x".to_vec()),
        10 => lines.push(line("SOCKADDR", "saddr=02000050")),
        11 => lines.insert(0, line("AVC", "avc:  denied  { read } for comm=\"c\" scontext=a tcontext=b tclass=file")),
        12 => lines.insert(dice.roll(2), line("TTY", "tty pid=1 uid=0 auid=5 ses=1 comm=\"c\" data=6C730D ")),
        _ => {}
    }
    lines.push(line("PROCTITLE", "proctitle=77616E746564"));
    lines
}

/// What the clocks of a log do.
#[derive(Clone, Copy, Debug)]
enum Clock {
    /// They go forward.
    Steady,
    /// They are put forward and back, by seconds or years, for one event or for hundreds; the machine is started anew.
    Restless,
    /// They go back all the time.
    Backward,
    /// Two machines whose clocks differ by an hour write into one log.
    Skewed,
}

/// A log in which the lines of neighbouring events are mixed, and some are moved anywhere, or come once more.
fn log(seed: u64, events: u64, clock: Clock) -> Vec<u8> {
    let mut dice = Dice(seed);
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let (mut sec, mut serial) = (FIRST, 0);
    for _ in 0..events {
        serial += 1;
        let passes = u64::from(dice.below(8) == 0);
        let most = [10, 100, 10_000, 100_000_000][dice.roll(4)];
        let amount = 1 + dice.below(most);
        let mut nodes = &["", "", "", "node=a ", "node=b "][..];
        let mut own = sec;
        match clock {
            Clock::Steady => sec += passes,
            Clock::Backward => sec -= passes,
            Clock::Skewed => {
                sec += passes;
                (own, nodes) = if dice.below(2) == 0 { (sec, &["node=a "]) } else { (sec - 3600, &["node=b "]) };
            }
            Clock::Restless => {
                sec += passes;
                match dice.below(60) {
                    0 => sec += amount,
                    1 | 2 => sec = (sec - amount).max(FIRST / 2),
                    3 => serial = 1,
                    4 => own = sec - dice.below(20_000),
                    5 => own = sec + amount,
                    _ => {}
                }
            }
        }
        lines.extend(event(&mut dice, own, serial, nodes));
        if dice.below(50) == 0 {
            lines.push(lines[lines.len() - 1 - dice.roll(200.min(lines.len()))].clone());
        }
    }
    for at in 0..lines.len() {
        let reach = match dice.below(400) {
            0 => dice.roll(lines.len()),
            1..4 => 40,
            _ => 1 + dice.roll(4),
        };
        if dice.below(4) == 0 || reach > 4 {
            let other = (at + reach).min(lines.len() - 1);
            lines.swap(at, other);
        }
    }
    // What a crash leaves of a line: it ends, or the next record follows at once.
    for at in 0..lines.len() {
        let front = lines[dice.roll(lines.len())].iter().take(dice.roll(60)).copied().collect();
        match dice.below(100) {
            0 => lines[at] = front,
            1 => lines[at] = [front, lines[at].clone()].concat(),
            // What looks like an event id is none where it stands.
            2 => lines[at] = format!("msg=audit({}.000:1): it is nothing", sec - dice.below(30)).into_bytes(),
            3 => lines[at].extend(format!(" op=audit({}.000:1)", sec - dice.below(30)).bytes()),
            // What an editor or a copy puts in front.
            4 | 5 => {
                let front = dice.pick(&["\u{feff}", "\t", "  ", "\u{feff}\t "]).as_bytes();
                lines[at] = [front, &lines[at]].concat();
            }
            _ => {}
        }
    }
    let mut text = lines.join(&b'\n');
    text.truncate(text.len() - dice.roll(100));
    text
}

const CLOCKS: [Clock; 4] = [Clock::Steady, Clock::Restless, Clock::Backward, Clock::Skewed];

fn questions() -> Vec<Criteria> {
    let text = |t: &str| Some(t.as_bytes().to_vec());
    vec![
        Criteria::default(),
        Criteria { key: text("wanted"), ..Criteria::default() },
        Criteria { key: text("wanted"), whole_word: true, exe: text("/bin/cat"), ..Criteria::default() },
        Criteria { file: text("/tmp/7"), ..Criteria::default() },
        Criteria { file: text("/tmp/7"), auid: Some(User { id: 3, name: None }), ..Criteria::default() },
        Criteria { kinds: vec![RecordType::USER_LOGIN], ..Criteria::default() },
        Criteria { kinds: vec![RecordType::EXECVE], ..Criteria::default() },
        Criteria { pid: Some(42), ..Criteria::default() },
        Criteria { serial: Some(77), ..Criteria::default() },
        Criteria { nodes: vec![b"a".to_vec()], success: Some(true), ..Criteria::default() },
    ]
}

/// Ranges that begin and end at seconds of the log.
fn ranges(text: &[u8], dice: &mut Dice) -> Vec<Criteria> {
    let seconds: Vec<u64> = text.split(|&b| b == b'\n').filter_map(|line| Some(Record::parse(line)?.id.sec)).collect();
    let mut any = || seconds[dice.roll(seconds.len())] * 1000;
    let newest = seconds.iter().max().map(|newest| newest * 1000);
    let (start, end) = (Some(any()), Some(any()));
    let key = Some(b"wanted".to_vec());
    vec![
        Criteria { start, ..Criteria::default() },
        Criteria { end, ..Criteria::default() },
        Criteria { start: start.min(end), end: start.max(end), ..Criteria::default() },
        Criteria { start: newest.map(|millis| millis - 5000), ..Criteria::default() },
        Criteria { start: start.min(end), end: start.max(end), key, ..Criteria::default() },
    ]
}

/// The events that are found, each as its lines, and all that is said of the way there.
#[derive(Default)]
struct Answer {
    events: Vec<Vec<Vec<u8>>>,
    unread: Vec<(PathBuf, Vec<u8>)>,
    count: u64,
    first_unread: Option<(PathBuf, u64)>,
    ends: Vec<(PathBuf, usize)>,
    first: Option<EventId>,
}

struct Finding {
    predicate: Predicate,
    answer: Answer,
}

impl Finding {
    fn new(criteria: &Criteria) -> Finding {
        Finding { predicate: Predicate::new(criteria.clone()), answer: Answer::default() }
    }
}

impl Sink for Finding {
    fn event(&mut self, event: Event) -> ControlFlow<(), Option<Event>> {
        if self.predicate.matches(&event).unwrap_or(false) {
            self.answer.events.push(event.records().map(|record| record.line.to_vec()).collect());
        }
        ControlFlow::Continue(Some(event))
    }

    fn unread(&mut self, line: &UnreadLine<'_>) {
        self.answer.unread.push((line.path.to_path_buf(), line.text.to_vec()));
    }

    fn end_of_file(&mut self, path: &Path) -> ControlFlow<()> {
        self.answer.ends.push((path.to_path_buf(), self.answer.events.len()));
        ControlFlow::Continue(())
    }
}

/// Asks a log and its rotated predecessors.
fn ask(base: &Path, criteria: &Criteria, tuning: Tuning, state_dir: Option<&Path>) -> Answer {
    let mut finding = Finding::new(criteria);
    let search = Search { tuning, state_dir, ..Search::new(criteria, TIMEOUT) };
    let outcome = Trail::rotated(base).search(&search, Path::new("none"), &mut finding);
    assert!(outcome.failed.is_none() && !outcome.is_stopped);
    assert!(finding.answer.unread.len() as u64 <= outcome.unread);
    Answer { count: outcome.unread, first_unread: outcome.first_unread, first: outcome.first, ..finding.answer }
}

/// Whether records of a second are put together: those of whole seconds are.
fn is_read(criteria: &Criteria, sec: u64) -> bool {
    criteria.start.is_none_or(|start| start / 1000 <= sec) && criteria.end.is_none_or(|end| sec <= end / 1000)
}

/// Lines as a reader with a fixed buffer sees them, records by the public parser, everything else by brute force.
fn slowly(files: &[Vec<u8>], criteria: &Criteria) -> Vec<Vec<Vec<u8>>> {
    struct Building {
        event: Event,
        done: bool,
        gone: bool,
    }
    let mut all: Vec<Building> = Vec::new();
    let mut found = Vec::new();
    let mut predicate = Predicate::new(criteria.clone());
    let mut give = |all: &mut Vec<Building>| loop {
        all.retain(|b| !b.gone);
        // The first of those with the lowest id: the one that opened first.
        let Some(lowest) = all.iter_mut().min_by_key(|b| b.event.id()).filter(|b| b.done) else { return };
        lowest.gone = true;
        if predicate.matches(&lowest.event).unwrap_or(false) {
            found.push(lowest.event.records().map(|r| r.line.to_vec()).collect());
        }
    };
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for file in files {
        let (mut cutter, mut source) = (Lines::new(SEARCH_LINE), &file[..]);
        while let Some(line) = cutter.next(&mut source).unwrap() {
            lines.push(line.text.to_vec());
        }
    }
    for line in &lines {
        let found = Record::find(Line::new(line)).filter(|(_, record)| is_read(criteria, record.id.sec));
        let Some((_, record)) = found else { continue };
        if let Some(same) =
            all.iter_mut().find(|b| !b.done && b.event.id() == record.id && b.event.node() == record.node)
        {
            same.event.push(&record);
            continue;
        }
        if record.record_type == RecordType::EOE {
            continue;
        }
        let mut event = Event::default();
        event.push(&record);
        all.push(Building { event, done: false, gone: false });
        for b in &mut all {
            b.done |= b.event.record_type().ends_event() || b.event.id().sec + TIMEOUT <= record.id.sec;
        }
        give(&mut all);
    }
    all.iter_mut().for_each(|b| b.done = true);
    give(&mut all);
    found
}

/// How many lines are no records, next to one that is wanted or before any.
fn unread_slowly(files: &[Vec<u8>], criteria: &Criteria) -> usize {
    // Each record, and between them the lines that are none.
    let mut all = vec![Some(true)];
    for file in files {
        let (mut cutter, mut source) = (Lines::new(SEARCH_LINE), &file[..]);
        while let Some(line) = cutter.next(&mut source).unwrap() {
            match Record::find(Line::new(line.text)) {
                Some((torn, record)) => {
                    all.extend((torn > 0).then_some(None));
                    all.push(Some(is_read(criteria, record.id.sec)));
                }
                None => all.extend((!line.text.is_empty()).then_some(None)),
            }
        }
    }
    let is_near = |mut records: &mut dyn Iterator<Item = &Option<bool>>| (&mut records).flatten().next() == Some(&true);
    let count = |at: &usize| {
        all[*at].is_none() && (is_near(&mut all[..*at].iter().rev()) || is_near(&mut all[at + 1..].iter()))
    };
    (0..all.len()).filter(count).count()
}

/// The same events, each with the same lines; otherwise the first that differs is shown.
fn same(found: &[Vec<Vec<u8>>], expected: &[Vec<Vec<u8>>], what: &str) {
    let shown = |event: Option<&Vec<Vec<u8>>>| {
        let lines = event.into_iter().flatten().map(|line| String::from_utf8_lossy(&line[..line.len().min(90)]));
        lines.collect::<Vec<_>>().join("\n")
    };
    if let Some(at) = (0..found.len().max(expected.len())).find(|at| found.get(*at) != expected.get(*at)) {
        panic!("{what}: event {at}: found\n{}\nexpected\n{}", shown(found.get(at)), shown(expected.get(at)));
    }
}

/// A log that was rotated at some places, the oldest part first.
struct Rotated {
    dir: Dir,
    parts: Vec<Vec<u8>>,
}

impl Rotated {
    fn new(mut text: &[u8], parts: usize, dice: &mut Dice) -> Rotated {
        let (dir, mut all) = (Dir::new("searching"), Vec::new());
        for left in (1..=parts).rev() {
            let len = if left == 1 { text.len() } else { dice.roll(text.len()) };
            let (part, rest) = text.split_at(len);
            let name = if left == 1 { "audit.log".to_string() } else { format!("audit.log.{}", left - 1) };
            dir.file(&name, part);
            all.push(part.to_vec());
            text = rest;
        }
        Rotated { dir, parts: all }
    }

    fn base(&self) -> PathBuf {
        self.dir.0.join("audit.log")
    }
}

/// Blocks and steps so small that there are seams everywhere in a short log, and others.
const TUNINGS: [Tuning; 3] = [
    Tuning { shortcuts: true, block: 3000, step: 100 },
    Tuning { shortcuts: true, block: 40_000, step: 2000 },
    Tuning { shortcuts: true, block: 512 << 10, step: 16 << 10 },
];

#[test]
fn line_by_line_a_log_is_searched_as_by_brute_force() {
    for (seed, clock) in (1..).zip(CLOCKS) {
        let (text, mut dice) = (log(seed, 80, clock), Dice(seed));
        let rotated = Rotated::new(&text, 1 + seed as usize % 3, &mut dice);
        for (number, criteria) in questions().iter().chain(&ranges(&text, &mut dice)).enumerate() {
            let answer = ask(&rotated.base(), criteria, PLAIN, None);
            same(&answer.events, &slowly(&rotated.parts, criteria), &format!("{clock:?}, question {number}"));
            assert_eq!(answer.count, unread_slowly(&rotated.parts, criteria) as u64);
        }
    }
}

#[test]
fn no_shortcut_changes_an_answer() {
    let mut found = 0;
    for seed in 1..17 {
        let clock = CLOCKS[seed as usize % CLOCKS.len()];
        let (text, mut dice) = (log(100 + seed, 200, clock), Dice(seed));
        let rotated = Rotated::new(&text, 1 + seed as usize % 3, &mut dice);
        for (number, criteria) in questions().iter().chain(&ranges(&text, &mut dice)).enumerate() {
            let plain = ask(&rotated.base(), criteria, PLAIN, None);
            let tuning = TUNINGS[dice.roll(TUNINGS.len())];
            let what = format!("seed {seed}, {clock:?}, question {number}, {tuning:?}");
            let quick = ask(&rotated.base(), criteria, tuning, None);
            same(&quick.events, &plain.events, &what);
            assert_eq!((quick.first, &quick.unread), (plain.first, &plain.unread), "{what}");
            assert_eq!((quick.count, &quick.first_unread), (plain.count, &plain.first_unread), "{what}");
            found += plain.events.len();
        }
    }
    assert!(found > 1000, "{found}");
}

/// Reports see the ends of files, and which events came before each.
#[test]
fn a_report_is_told_the_same_of_files() {
    for seed in 1..9 {
        let (text, mut dice) = (log(200 + seed, 150, CLOCKS[seed as usize % 4]), Dice(seed));
        let rotated = Rotated::new(&text, 3, &mut dice);
        for criteria in ranges(&text, &mut dice).iter().filter(|criteria| criteria.key.is_none()) {
            let (plain, quick) =
                (ask(&rotated.base(), criteria, PLAIN, None), ask(&rotated.base(), criteria, TUNINGS[0], None));
            assert_eq!(quick.ends, plain.ends);
        }
    }
}

/// Reports in the making, and what they complain of.
struct Reporting {
    reports: Reports<'static>,
    text: Vec<u8>,
    complaints: usize,
}

impl Sink for Reporting {
    fn event(&mut self, event: Event) -> ControlFlow<(), Option<Event>> {
        let taken = self.reports.event(&event, &mut self.text);
        self.complaints += usize::from(taken.is_err_and(|(_, malformed)| !matches!(malformed, Malformed::Field(_))));
        ControlFlow::Continue(Some(event))
    }
}

/// What these reports say of a log, and how many complaints there are.
fn report(base: &Path, kinds: &[&'static ReportKind], tuning: Tuning) -> (String, usize) {
    let view = |kind: &&'static ReportKind| View { name: "", content: Content::Rows(kind), summary: false };
    let request = Request { views: kinds.iter().map(view).collect(), ..Request::default() };
    let criteria = Criteria { kinds: request.kinds(), ..Criteria::default() };
    let mut text = Vec::new();
    let mut reports = Reports::new(request, &(), utc);
    assert!(reports.begin(&mut text));
    let mut sink = Reporting { reports, text, complaints: 0 };
    Trail::rotated(base).search(&Search { tuning, ..Search::new(&criteria, TIMEOUT) }, Path::new("none"), &mut sink);
    let Reporting { reports, mut text, complaints } = sink;
    reports.finish(Range::default(), &mut text, |_, _| Ok::<(), ()>(())).unwrap();
    (String::from_utf8_lossy(&text).into_owned(), complaints)
}

#[test]
fn what_no_report_is_about_is_passed_over() {
    let asked: [&[&'static ReportKind]; 6] = [
        &[&kind::LOGINS],
        &[&kind::AUTHENTICATIONS],
        &[&kind::AVCS],
        &[&kind::KEYSTROKES],
        &[&kind::KEYSTROKES, &kind::AVCS, &kind::LOGINS],
        &[&kind::AVCS, &kind::FILES],
    ];
    let (mut rows, mut complaints) = (0, 0);
    for seed in 1..9 {
        let (text, mut dice) = (log(500 + seed, 300, CLOCKS[seed as usize % 4]), Dice(seed));
        let rotated = Rotated::new(&text, 1 + seed as usize % 3, &mut dice);
        for kinds in asked {
            let plain = report(&rotated.base(), kinds, PLAIN);
            let quick = report(&rotated.base(), kinds, TUNINGS[dice.roll(TUNINGS.len())]);
            assert_eq!(quick, plain, "seed {seed}");
            rows += plain.0.lines().count();
            complaints += plain.1;
        }
    }
    assert!(rows > 2000 && complaints > 20, "{rows} {complaints}");
    let request = |kind| Request {
        views: vec![View { name: "", content: Content::Rows(kind), summary: false }],
        ..Request::default()
    };
    assert!(request(&kind::AVCS).kinds().contains(&RecordType::AVC) && request(&kind::FILES).kinds().is_empty());
}

#[test]
fn the_table_of_closed_logs_changes_no_answer_be_it_whole_or_damaged() {
    for seed in 1..9u64 {
        let clock = if seed < 5 { Clock::Steady } else { Clock::Restless };
        let mut dice = Dice(seed);
        let mut text = log(300 + seed, 150, clock);
        if seed % 2 == 0 {
            // A log in order, of which nothing is unreadable.
            let mut lines: Vec<&[u8]> =
                text.split(|&b| b == b'\n').filter(|line| Record::parse(line).is_some()).collect();
            lines.retain(|line| line.len() < SEARCH_LINE && !line.contains(&0));
            lines.sort_by_key(|line| Record::parse(line).unwrap().id.sec);
            text = lines.join(&b'\n');
        }
        let rotated = Rotated::new(&text, 3, &mut dice);
        let state = Dir::new("state");
        for name in ["audit.log.1", "audit.log.2"] {
            order::record(&rotated.dir.0.join(name), &state.0).unwrap();
        }
        let table = std::fs::read(state.0.join("closed-logs")).unwrap();
        for criteria in ranges(&text, &mut dice) {
            let plain = ask(&rotated.base(), &criteria, PLAIN, None);
            let check = |table: &[u8], what: &str| {
                state.file("closed-logs", table);
                let quick = ask(&rotated.base(), &criteria, TUNINGS[1], Some(&state.0));
                same(&quick.events, &plain.events, &format!("seed {seed}, {what}"));
                assert_eq!(
                    (quick.first, quick.count, &quick.unread, &quick.ends),
                    (plain.first, plain.count, &plain.unread, &plain.ends),
                    "{what}"
                );
            };
            check(&table, "whole");
            let mut damaged = table.clone();
            let at = dice.roll(damaged.len());
            damaged[at] = damaged[at].wrapping_add(1 + dice.below(255) as u8);
            check(&damaged, "a byte changed");
            check(&table[..dice.roll(table.len())], "cut off");
        }
        // Rows of logs that have changed since.
        for name in ["audit.log.1", "audit.log.2"] {
            let path = rotated.dir.0.join(name);
            let mut text = std::fs::read(&path).unwrap();
            text.reverse();
            std::fs::write(&path, text).unwrap();
        }
        state.file("closed-logs", &table);
        for criteria in ranges(&text, &mut dice) {
            let plain = ask(&rotated.base(), &criteria, PLAIN, None);
            same(&ask(&rotated.base(), &criteria, TUNINGS[1], Some(&state.0)).events, &plain.events, "changed since");
        }
    }
}

#[test]
fn a_piece_of_a_long_line_that_is_a_record_is_found_wherever_blocks_end() {
    let record = |serial: u64, key: &str| {
        format!(
            "type=SYSCALL msg=audit(1700000000.000:{serial}): arch=c000003e syscall=1 success=yes exit=0 ppid=1 pid=2 auid=3 \
            uid=4 gid=5 euid=6 egid=7 ses=8 comm=\"a\" exe=\"/b\" key=\"{key}\""
        )
    };
    for pieces in (1..8).chain([40, 100]) {
        let long = "x".repeat(pieces * SEARCH_LINE);
        let text = format!("{}\n{long}{}\n{}\n", record(1, "other"), record(2, "rare"), record(3, "other"));
        let dir = Dir::new("searching-long");
        dir.file("audit.log", &text);
        let criteria = Criteria { key: Some("rare".into()), ..Criteria::default() };
        let expected = slowly(&[text.clone().into_bytes()], &criteria);
        assert_eq!(expected.len(), 1);
        let plain = ask(&dir.0.join("audit.log"), &criteria, PLAIN, None);
        for tuning in TUNINGS {
            let answer = ask(&dir.0.join("audit.log"), &criteria, tuning, None);
            same(&answer.events, &expected, &format!("{pieces} pieces, {tuning:?}"));
            assert_eq!((answer.count, &answer.unread), (plain.count, &plain.unread), "{pieces} pieces, {tuning:?}");
        }
    }
}

#[test]
fn a_record_behind_a_torn_front_in_a_line_that_is_too_long_ends_where_the_line_is_cut() {
    let front = "type=CWDtype=CONFIG_CHANGE msg=audit(1700000000.000:1): auid=0 op=";
    let text = format!("{front}{}\n", "x".repeat(SEARCH_LINE));
    let dir = Dir::new("searching-torn");
    dir.file("audit.log", &text);
    let criteria = Criteria::default();
    let plain = ask(&dir.0.join("audit.log"), &criteria, PLAIN, None);
    assert_eq!(plain.events.len(), 1);
    for tuning in TUNINGS {
        same(&ask(&dir.0.join("audit.log"), &criteria, tuning, None).events, &plain.events, &format!("{tuning:?}"));
    }
}

#[test]
fn who_asks_for_one_event_is_told_of_no_line_behind_it() {
    let record = |sec: u64| format!("type=USER msg=audit({sec}.000:1): pid=1\n");
    let (first, later) = (record(1_700_000_000), record(1_700_000_009));
    for (text, is_told) in [([&first, "junk\n", &later].concat(), false), (["junk\n", &first, "junk\n"].concat(), true)]
    {
        let dir = Dir::new("searching-one");
        let file = dir.file("a.log", &text);
        let words = ["-m", "USER", "--just-one", "--format", "json"];
        for (found, ..) in
            [run("ausearch", &words, Some(&file), None), run("ausearch", &words, None, Some(text.as_bytes()))]
        {
            assert_eq!(String::from_utf8_lossy(&found).contains("\"lost\":"), is_told, "{text}");
            assert_eq!(String::from_utf8_lossy(&found).contains("\"lost\":1"), is_told, "{text}");
        }
    }
}

/// COMPAT: logs that the reference would not open are read all the same, but reports do not speak of them.
#[test]
fn of_a_rotated_log_older_than_the_one_before_the_range_nothing_is_said() {
    let dir = Dir::new("searching-older");
    for (name, sec) in [("audit.log", 1_700_000_300), ("audit.log.1", 1_700_000_200), ("audit.log.2", 1_700_000_100)] {
        dir.file(name, format!("type=USER msg=audit({sec}.000:1): pid=1\n"));
    }
    let criteria = Criteria { start: Some(1_700_000_250_000), ..Criteria::default() };
    for tuning in [PLAIN, Tuning::default()] {
        let ends = ask(&dir.0.join("audit.log"), &criteria, tuning, None).ends;
        let names: Vec<_> = ends.iter().map(|(path, _)| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["audit.log.1", "audit.log"]);
    }
    // So also where one of them is compressed.
    let packed = Command::new("gzip").arg(dir.0.join("audit.log.1")).status().unwrap();
    assert!(packed.success());
    let criteria = Criteria { start: Some(1_700_000_150_000), ..Criteria::default() };
    let ends = ask(&dir.0.join("audit.log"), &criteria, Tuning::default(), None).ends;
    let names: Vec<_> = ends.iter().map(|(path, _)| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["audit.log.2", "audit.log.1.gz", "audit.log"]);
}

#[test]
fn of_logs_with_numbers_and_dates_the_records_say_which_is_older_compressed_or_not() {
    let dir = Dir::new("searching-mixed");
    for (name, sec) in
        [("audit.log", 1_700_000_300), ("audit.log.1", 1_700_000_100), ("audit.log.2026-11-22T18-05-09", 1_700_000_200)]
    {
        dir.file(name, format!("type=USER msg=audit({sec}.000:1): pid=1\n"));
    }
    assert!(Command::new("gzip").arg(dir.0.join("audit.log.1")).status().unwrap().success());
    let ends = ask(&dir.0.join("audit.log"), &Criteria::default(), Tuning::default(), None).ends;
    let names: Vec<_> = ends.iter().map(|(path, _)| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["audit.log.1.gz", "audit.log.2026-11-22T18-05-09", "audit.log"]);
}

#[test]
fn an_address_that_is_cut_short_is_complained_of_where_the_event_can_be_found() {
    let log = b"type=SOCKADDR msg=audit(1700000000.000:1): saddr=01002F6\n";
    let dir = Dir::new("searching-cut");
    let file = dir.file("a.log", log);
    for (words, complains) in [(["-f", "xx"], false), (["-k", "z"], false), (["-f", "/"], true), (["-hn", "h"], true)] {
        for (_, said, _) in [run("ausearch", &words, Some(&file), None), run("ausearch", &words, None, Some(log))] {
            let said = String::from_utf8_lossy(&said);
            assert_eq!(said.contains("sun_path len too short (3)"), complains, "{words:?}: {said}");
        }
    }
}

#[test]
fn a_log_that_the_table_passes_over_has_records() {
    let (logs, state) = (Dir::new("searching-passed"), Dir::new("searching-passed-state"));
    logs.file("audit.log", "");
    let rotated = logs.file("audit.log.1", "type=USER msg=audit(1700000000.000:1): pid=1\n");
    order::record(Path::new(&rotated), &state.0).unwrap();
    let criteria = Criteria { start: Some(1_700_000_005_000), ..Criteria::default() };
    for state_dir in [None, Some(state.0.as_path())] {
        let search = Search { state_dir, ..Search::new(&criteria, TIMEOUT) };
        let outcome =
            Trail::rotated(&logs.0.join("audit.log")).search(&search, Path::new("none"), &mut Finding::new(&criteria));
        assert!(outcome.has_records);
    }
}

/// More waits at once than may, so that events are given out early and in parts.
#[test]
fn what_is_given_out_for_want_of_room_is_the_same() {
    let line = |sec: u64, serial: u64, kind: &str, body: &str| {
        format!("type={kind} msg=audit({sec}.000:{serial}): pid=1 {body}\n").into_bytes()
    };
    let long = format!("a0={}", "x".repeat(8000));
    let mut text = Vec::new();
    for round in 0..3 * WAITING_BYTES as u64 / 8000 {
        let wanted = round % 200 == 0;
        if wanted {
            text.extend(line(FIRST, round, "SYSCALL", "arch=c000003e syscall=2 success=yes exit=0 a0=0 a1=1 ppid=1 auid=5 uid=3 gid=0 euid=0 comm=\"c\" exe=\"/c\" key=(null)"));
        }
        text.extend(line(FIRST + round % 2, 100_000 + round, "EXECVE", &long));
        if let Some(before) = round.checked_sub(150).filter(|before| before % 200 == 0) {
            text.extend(line(FIRST, before, "PATH", "item=0 name=\"/tmp/wanted\" nametype=NORMAL"));
        }
    }
    let rotated = Rotated::new(&text, 1, &mut Dice(1));
    let criteria = Criteria { file: Some(b"/tmp/wanted".to_vec()), ..Criteria::default() };
    let plain = ask(&rotated.base(), &criteria, PLAIN, None);
    assert!(plain.events.iter().any(|event| event.len() == 1) && plain.events.len() > 5);
    same(&ask(&rotated.base(), &criteria, TUNINGS[2], None).events, &plain.events, "long lines");
}

/// What is too long for one event comes in parts, and each of the criteria may be met by another one.
#[test]
fn an_event_in_parts_is_found_as_a_whole_whichever_way() {
    let line = |serial: u64, kind: &str, body: &str| {
        format!("type={kind} msg=audit({FIRST}.000:{serial}): {body}\n").into_bytes()
    };
    let call = "arch=c000003e syscall=59 success=yes exit=0 a0=0 a1=1 ppid=1 pid=1 auid=5 uid=3 gid=0 euid=0 comm=\"c\" exe=\"/c\" key=\"k\"";
    let long = line(7, "EXECVE", &format!("a0={}", "x".repeat(8000)));
    let user = "pid=1 uid=0 auid=5 ses=1 msg='cmd=x res=success'";
    let mut text = line(6, "USER_CMD", user);
    text.extend(line(7, "SYSCALL", call));
    text.extend(long.repeat(EVENT_BYTES / long.len() + 10));
    // An event that is judged between the parts changes nothing.
    text.extend(line(5, "USER_CMD", user));
    text.extend(line(7, "PATH", "item=0 name=\"/tmp/late\" nametype=NORMAL"));
    text.extend(line(8, "SYSCALL", call));
    let rotated = Rotated::new(&text, 1, &mut Dice(1));
    let (late, key) = (Some(b"/tmp/late".to_vec()), Some(b"k".to_vec()));
    let kinds = vec![RecordType::SYSCALL];
    for criteria in [
        Criteria { file: late.clone(), ..Criteria::default() },
        Criteria { file: late.clone(), key, ..Criteria::default() },
        Criteria { file: late, kinds, auid: Some(User { id: 5, name: None }), ..Criteria::default() },
    ] {
        for tuning in [PLAIN, Tuning::default()] {
            let answer = ask(&rotated.base(), &criteria, tuning, None);
            let last =
                answer.events.iter().flatten().next_back().map(|line| String::from_utf8_lossy(line).into_owned());
            assert_eq!(answer.events.len(), 1, "{criteria:?} {tuning:?}");
            assert!(last.is_some_and(|line| line.contains("/tmp/late")), "{criteria:?} {tuning:?}");
        }
    }
    let dir = Dir::new("parts");
    let file = dir.file("a.log", &text);
    let (found, said, _) = run("ausearch", &["-k", "k", "-f", "late", "--format", "json"], Some(&file), None);
    let found_text = String::from_utf8_lossy(&found);
    assert!(found_text.contains("\"incomplete\":[\"arguments\",\"records\"]"), "{}", &found_text[..400]);
    assert!(found_text.contains("{\"n\":2097,\"type\":\"PATH\""), "{}", &found_text[found_text.len() - 400..]);
    let words = format!("ausearch: event {FIRST}.000:7 is too long for one and comes in parts\n");
    assert!(ends(&said, &words), "{}", String::from_utf8_lossy(&said));
    let all = run("ausearch", &["-k", "k", "--format", "json"], Some(&file), None).0;
    for words in [&["-k", "k", "-f", "late", "--format", "json"][..], &["-f", "late"], &["-k", "k"]] {
        let by_file = run("ausearch", words, Some(&file), None);
        assert_eq!(by_file, run("ausearch", words, None, Some(&text)), "{words:?}");
        assert_eq!(by_file, run("ausearch", words, None, Some(&all)), "{words:?}");
    }
}

#[test]
fn parts_of_two_machines_are_two_events_and_parts_of_one_count_once() {
    let call = "arch=c000003e syscall=59 success=yes exit=0 a0=0 a1=1 ppid=1 pid=1 auid=5 uid=3 gid=0 euid=0 comm=\"c\" exe=\"/c\" key=\"k\"";
    let record = |number: u32, node: &str, kind: &str, body: &str| {
        let raw = format!("node={node} type={kind} msg=audit({FIRST}.000:7): {body}").replace('"', "\\\"");
        format!("{{\"records\":[{{\"n\":{number},\"raw\":\"{raw}\"}}]}}\n")
    };
    for (node, count) in [("a", 1), ("b", 0)] {
        let text =
            record(1, "a", "SYSCALL", call) + &record(9, node, "PATH", "item=0 name=\"/tmp/late\" nametype=NORMAL");
        let found = run("ausearch", &["-k", "k", "-f", "late", "--raw"], None, Some(text.as_bytes())).0;
        assert_eq!(found.split(|byte| *byte == b'\n').count() - 1, count, "{node}");
    }
    let text = record(1, "a", "SYSCALL", call) + &record(9, "a", "PATH", "item=0 name=\"/x\" nametype=NORMAL");
    let report = run("aureport", &[], None, Some(text.as_bytes())).0;
    assert!(String::from_utf8(report).unwrap().ends_with("Number of events: 1\n\n"));
}

/// A record of an event stands far from the others, after many that are older, in a log of some megabytes.
fn scattered() -> Vec<u8> {
    let filler = |sec: u64, serial: u64| {
        format!(
            "type=USER_AUTH msg=audit({sec}.000:{serial}): pid=9 uid=0 auid=0 ses=1 msg='op=PAM acct=\"x\" exe=\"/bin/f\" hostname=? addr=? terminal=t res=success'\n"
        )
    };
    let mut text: String = (0..6000).map(|i| filler(FIRST + i / 20, 1000 + i)).collect();
    let at = FIRST + 400;
    text += &format!(
        "type=SYSCALL msg=audit({at}.500:777777): arch=c000003e syscall=257 success=yes exit=3 a0=f a1=7f a2=0 a3=0 items=1 ppid=7 pid=8 auid=1000 uid=1000 gid=1000 euid=1000 suid=1000 fsuid=1000 egid=1000 sgid=1000 fsgid=1000 tty=pts1 ses=3 comm=\"cat\" exe=\"/usr/bin/cat\" key=(null)\n"
    );
    text += &format!("type=CWD msg=audit({at}.500:777777): cwd=\"/root\"\n");
    text.extend((0..140).map(|i| filler(at - 1, 900_000 + i)));
    text += &format!(
        "type=PATH msg=audit({at}.500:777777): item=0 name=\"/secret/plan\" inode=5 dev=fe:01 mode=0100600 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL\n"
    );
    text.extend((0..6000).map(|i| filler(at + 5 + i / 20, 2_000_000 + i)));
    text.into_bytes()
}

/// Standard output, standard error and exit status of a command that reads a file, or the same file out of a pipe.
fn run(command: &str, words: &[&str], file: Option<&str>, pipe: Option<&[u8]>) -> (Vec<u8>, Vec<u8>, Option<i32>) {
    let mut command = applet(command);
    command.args(words).args(file.iter().flat_map(|file| ["-if", file]));
    let output = match pipe {
        Some(text) => feed(&mut command, text),
        None => command.output().unwrap(),
    };
    (output.stdout, output.stderr, output.status.code())
}

#[test]
fn a_file_and_a_pipe_get_the_same_answers_from_the_commands() {
    let (text, dir) = (scattered(), Dir::new("commands"));
    let file = dir.file("a.log", &text);
    for (command, words) in [
        ("ausearch", &["-f", "/secret/plan", "-ua", "1000", "--raw"][..]),
        ("ausearch", &["-f", "/secret/plan", "-i"]),
        ("ausearch", &["-m", "SYSCALL", "--format", "csv"]),
        ("ausearch", &["-ul", "1000", "--format", "text"]),
        ("ausearch", &["-a", "777777", "--raw"]),
        ("ausearch", &["-ts", "11/14/2023", "22:20:00", "-te", "11/14/2023", "22:20:01", "--raw"]),
        ("ausearch", &["-k", "nothing"]),
        ("aureport", &["-f"]),
        ("aureport", &["-ts", "11/14/2023", "22:20:00", "-e", "--summary"]),
    ] {
        let (by_file, by_pipe) = (run(command, words, Some(&file), None), run(command, words, None, Some(&text)));
        assert_eq!((&by_file.0, by_file.2), (&by_pipe.0, by_pipe.2), "{command} {words:?}");
        let is_search = words.contains(&"/secret/plan");
        assert!(!is_search || String::from_utf8_lossy(&by_file.0).contains("SYSCALL"), "{words:?}");
    }
}

/// What the command says last. What it says first depends on this machine's auditd.conf.
fn ends(said: &[u8], with: &str) -> bool {
    String::from_utf8_lossy(said).ends_with(with)
}

#[test]
fn lines_that_cannot_be_read_are_counted_and_torn_logs_are_named() {
    let dir = Dir::new("unread");
    let record = "type=USER_AUTH msg=audit(1700000000.000:1): pid=1 uid=0 auid=0 msg='res=success'\n";
    let file = dir.file("a.log", format!("{record}junk\n\0\0\0{record}more junk\n"));
    let at = record.len();
    let said = format!("2 lines could not be read, first at byte {at} of {file}\n");
    let (out, err, status) = run("ausearch", &["--raw", "-m", "USER_AUTH"], Some(&file), None);
    assert_eq!((String::from_utf8(out).unwrap(), status), (record.repeat(2), Some(0)));
    assert!(ends(&err, &format!("ausearch: {said}")));
    let (_, err, status) = run("aureport", &["-au"], Some(&file), None);
    assert!(ends(&err, &format!("aureport: {said}")) && status == Some(0));
    let (_, err, _) = run("ausearch", &["--debug", "-k", "none"], Some(&file), None);
    assert!(String::from_utf8_lossy(&err).contains(&format!("Unparsed line at byte {at} of {file}: junk\n")));

    // A line that is too long is one, however many pieces it is read in; of a record the rest is.
    let long = |front: &str| format!("{front}{}\n", "x".repeat(2_000_000));
    let file = dir.file("long.log", format!("{record}{}{}{record}{}", long(""), long(""), long(record.trim_end())));
    let said = format!("3 lines could not be read, first at byte {at} of ");
    for (file, text) in [(Some(&*file), None), (None, Some(std::fs::read(&file).unwrap()))] {
        for words in
            [&["-m", "USER_AUTH"][..], &["-k", "none"], &["-ts", "11/14/2023", "-te", "11/14/2023", "23:59:59"]]
        {
            let err = run("ausearch", words, file, text.as_deref()).1;
            assert!(String::from_utf8_lossy(&err).contains(&said), "{words:?}: {}", String::from_utf8_lossy(&err));
        }
    }

    // What a power loss leaves: a line that stops, NUL bytes, and the next record. A long run of them is longer than a block.
    let torn = "type=USER_AUTH msg=audit(1700000000.000:2): pid=2 uid";
    let after = record.replace("000:1", "000:3");
    for nuls in [1, 512, 3_000_000] {
        let file = dir.file("torn.log", format!("{record}{torn}{}{after}", "\0".repeat(nuls)));
        let expected = [record, torn, "\n", &after].concat();
        for (file, text) in [(Some(&*file), None), (None, Some(std::fs::read(&file).unwrap()))] {
            let (out, err, status) = run("ausearch", &["--raw"], file, text.as_deref());
            assert_eq!((String::from_utf8(out).unwrap(), status), (expected.clone(), Some(0)));
            assert!(!ends(&err, "could not be read"), "{}", String::from_utf8_lossy(&err));
        }
    }

    // A line that was cut off in its front, and the next daemon's first record behind it.
    let whole = "type=USER_LOGIN msg=audit(1700000000.500:2)";
    for len in (1..whole.len()).step_by(3) {
        let torn = &whole[..len];
        let file = dir.file("front.log", format!("{record}{torn}{after}{torn}\n{record}"));
        let said = format!("2 lines could not be read, first at byte {at} of {file}\n");
        for words in [&["--raw"][..], &["--raw", "-a", "3"], &["--raw", "-p", "1"], &["--raw", "-m", "USER_AUTH"]] {
            let by_file = run("ausearch", words, Some(&file), None);
            let by_pipe = run("ausearch", words, None, Some(&std::fs::read(&file).unwrap()));
            assert_eq!((&by_file.0, by_file.2), (&by_pipe.0, by_pipe.2), "{torn} {words:?}");
            let other = if words.contains(&"3") { "" } else { record };
            let out = String::from_utf8(by_file.0).unwrap();
            assert_eq!((out, by_file.2), (format!("{other}{after}{other}"), Some(0)), "{torn} {words:?}");
            assert!(ends(&by_file.1, &format!("ausearch: {said}")), "{torn} {}", String::from_utf8_lossy(&by_file.1));
        }
    }

    let packed = dir.file("b.log.gz", b"\x1F\x8B\x08\0rest");
    let (out, err, status) = run("ausearch", &["--raw"], Some(&packed), None);
    assert_eq!((out.len(), status), (0, Some(2)));
    assert!(ends(&err, &format!("ausearch: {packed} could not be read to its end: gzip failed\n")));
    let logs = Dir::new("packed");
    logs.file("audit.log", record);
    let packed = logs.file("audit.log.1.gz", b"\x1F\x8B\x08\0rest");
    let (out, err, status) = run("ausearch", &["--raw"], Some(logs.0.to_str().unwrap()), None);
    assert_eq!((out, status), (record.as_bytes().to_vec(), Some(0)));
    assert!(ends(&err, &format!("ausearch: {packed} could not be read to its end: gzip failed\n")));
}

#[test]
fn a_record_behind_a_byte_order_mark_or_blanks_is_found_in_every_way_and_given_back_whole() {
    let dir = Dir::new("fronts");
    let body = "msg=audit(1700000000.000:1): arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=2 auid=0 uid=0 comm=\"sh\" exe=\"/bin/sh\" key=\"k\"";
    let fronts = [
        "\u{feff}type=SYSCALL ",
        "\ttype=SYSCALL ",
        " \t \rtype=SYSCALL ",
        "\u{feff}node=a type=SYSCALL ",
        "\ttype=OTHER ",
    ];
    for front in fronts {
        let (is_known, text) = (front.contains("SYSCALL"), format!("{front}{body}\n"));
        let file = dir.file("a.log", &text);
        for words in [
            &["--raw"][..],
            &["-sc", "execve", "--raw"],
            &["-k", "k", "--raw"],
            &["-x", "sh", "-m", "SYSCALL", "--raw"],
            &["-ts", "11/14/2023", "-te", "11/15/2023", "--raw"],
            &["-i"],
            &["--format", "csv"],
            &["--format", "text"],
            &["--format", "json"],
        ] {
            let by_file = run("ausearch", words, Some(&file), None);
            assert_eq!((&by_file.0, by_file.2), (&run("ausearch", words, None, Some(text.as_bytes())).0, by_file.2));
            let (out, said) = (String::from_utf8(by_file.0).unwrap(), String::from_utf8(by_file.1).unwrap());
            assert!(!said.contains("could not be read"), "{front:?} {words:?}: {said}");
            match words {
                [.., "--raw"] if is_known || words.len() == 1 => assert_eq!(out, text, "{words:?}"),
                ["-i"] => assert!(
                    out.starts_with(&format!("----\n{} msg=audit(", front.trim_start_matches('\u{feff}').trim())),
                    "{out}"
                ),
                ["--format", "csv"] if is_known => {
                    assert!(out.contains("SYSCALL,11/") && out.contains(",executed,success,"), "{out}")
                }
                ["--format", "json"] => {
                    let json = dir.file("a.json", &out);
                    let (again, _, _) = run("ausearch", &["--raw"], Some(&json), None);
                    assert_eq!(String::from_utf8(again).unwrap(), text);
                }
                _ => {}
            }
        }
    }
}

#[test]
fn something_is_found_at_all() {
    let text = log(3, 300, Clock::Steady);
    let rotated = Rotated::new(&text, 1, &mut Dice(1));
    for criteria in questions() {
        assert!(!ask(&rotated.base(), &criteria, TUNINGS[0], None).events.is_empty(), "{criteria:?}");
    }
}
