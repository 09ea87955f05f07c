//! The library as other programs use it: every kind of source, a walk over events, records and fields, their meanings in
//! each escape mode, searches, normalised events, and many threads at once.

use crate::support::Dir;
use auditbox::event::Event;
use auditbox::interpret::{Interpreter, Kind, Names, RecordContext, kind};
use auditbox::normalize::{EventKind, ObjectKind, SubjectKind, Words, normalize, pieces};
use auditbox::query::expression::{Expression, ExpressionError};
use auditbox::record::{EventId, RecordType};
use auditbox::tables::machine::Machine;
use auditbox::text::Escape;
use auditbox::trail::lines::Source;
use auditbox::trail::{Feed, Trail};
use std::io::Write;
use std::os::unix::net::UnixStream;

const LOG: &[u8] = b"\
type=SYSCALL msg=audit(1700000000.123:1): arch=c000003e syscall=257 success=no exit=-13 a0=ffffff9c a1=7ffe a2=80000 a3=0 items=1 ppid=10 pid=11 auid=1000 uid=1000 gid=1000 euid=1000 tty=pts0 ses=3 comm=\"cat\" exe=\"/usr/bin/cat\" key=6F6E650174776F\n\
type=CWD msg=audit(1700000000.123:1): cwd=\"/home/alice\"\n\
type=PATH msg=audit(1700000000.123:1): item=0 name=7468652066696C6507 inode=5 dev=fe:01 mode=0100600 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL\n\
type=PROCTITLE msg=audit(1700000000.123:1): proctitle=636174007468652066696C65\n\
this line is no record\n\
node=web type=USER_LOGIN msg=audit(1700000005.000:2): pid=20 uid=0 auid=1000 ses=4 msg='op=login id=1000 exe=\"/usr/sbin/sshd\" hostname=h addr=192.0.2.1 terminal=ssh res=success'\n";

/// A host with one user.
struct Host;

impl Names for Host {
    fn user(&self, uid: u32) -> Option<&[u8]> {
        (uid == 1000).then_some(b"alice")
    }

    fn group(&self, _: u32) -> Option<&[u8]> {
        None
    }
}

fn interpreter(mode: Escape) -> Interpreter<'static> {
    Interpreter::new(&Host, Some(Machine::X86_64), mode)
}

/// Serial and number of records of each event.
fn told(mut trail: Trail<'_>) -> Vec<(u64, usize)> {
    std::iter::from_fn(|| trail.next_event().unwrap()).map(|event| (event.id().serial, event.len())).collect()
}

fn first_event() -> Event {
    Trail::buffer(LOG).next_event().unwrap().unwrap()
}

#[test]
fn every_source_tells_the_same_events() {
    struct Drip<'t>(&'t [u8]);
    impl Source for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let (first, rest) = self.0.split_at(self.0.len().min(1));
            buffer[..first.len()].copy_from_slice(first);
            self.0 = rest;
            Ok(first.len())
        }
    }
    let place = Dir::new("sources");
    let log = place.0.join("audit.log");
    std::fs::write(&log, LOG).unwrap();
    let (output, mut input) = UnixStream::pair().unwrap();
    input.write_all(LOG).unwrap();
    drop(input);
    let all = [(1, 4), (2, 1)];
    assert_eq!(told(Trail::file(&log).unwrap()), all);
    assert_eq!(told(Trail::log(&log).unwrap()), all);
    assert_eq!(told(Trail::directory(&place.0).unwrap()), all);
    assert_eq!(told(Trail::descriptor(std::fs::File::open(&log).unwrap())), all);
    assert_eq!(told(Trail::descriptor(output)), all);
    assert_eq!(told(Trail::source(Drip(LOG))), all);
    assert_eq!(told(Trail::buffer(LOG)), all);
}

#[test]
fn a_rotated_set_is_read_oldest_first_and_again_after_a_rewind() {
    let place = Dir::new("rotated");
    let (first, second) = LOG.split_at(LOG.len() / 2);
    std::fs::write(place.0.join("audit.log.1"), first).unwrap();
    std::fs::write(place.0.join("audit.log"), second).unwrap();
    let mut trail = Trail::directory(&place.0).unwrap();
    for _ in 0..2 {
        assert_eq!(trail.next_event().unwrap().unwrap().id().serial, 1);
        assert_eq!(trail.next_event().unwrap().unwrap().id().serial, 2);
        assert!(trail.path().is_some_and(|path| path.ends_with("audit.log")));
        assert!(trail.next_event().unwrap().is_none() && trail.next_event().unwrap().is_none());
        trail.rewind();
    }
    assert!(Trail::files(vec![place.0.join("audit.log"), place.0.join("missing")]).is_err());
}

#[test]
fn an_event_hands_out_records_and_a_record_its_fields() {
    let event = first_event();
    let kinds = [RecordType::SYSCALL, RecordType::CWD, RecordType::PATH, RecordType::PROCTITLE];
    assert!(event.record_types().eq(kinds) && event.record_type() == RecordType::SYSCALL && event.node().is_none());
    assert_eq!(event.id(), EventId { sec: 1_700_000_000, milli: 123, serial: 1 });
    let record = event.record(2).unwrap();
    let names: Vec<&[u8]> = record.fields().take(3).map(|field| field.name).collect();
    assert_eq!(names, [&b"type"[..], b"item", b"name"]);
    assert_eq!((record.field(b"inode"), record.field(b"nothing")), (Some(&b"5"[..]), None));
    assert!(event.record(4).is_none());
    assert_eq!(kind(RecordType::PATH, b"mode", b"0100600"), Kind::Mode);
}

#[test]
fn meanings_are_made_harmless_as_the_mode_says() {
    let event = first_event();
    let record = event.record(2).unwrap();
    let field = record.fields().find(|field| field.name == b"name").unwrap();
    for (mode, shown) in [
        (Escape::Raw, &b"the file\x07"[..]),
        (Escape::Tty, b"the file\\007"),
        (Escape::Shell, b"the\\ file\\007"),
        (Escape::ShellQuote, b"the\\ file\\007"),
    ] {
        let mut words = Vec::new();
        interpreter(mode).value(record.record_type, field, &RecordContext::of(&record), &mut words);
        assert_eq!(words, shown, "{mode:?}");
    }
}

#[test]
fn a_path_is_joined_with_the_working_directory() {
    let event = first_event();
    let record = event.record(2).unwrap();
    let (field, directory) = (record.fields().find(|f| f.name == b"name").unwrap(), event.record(1).unwrap());
    let mut words = Vec::new();
    interpreter(Escape::Tty).path(field, directory.field(b"cwd"), &RecordContext::of(&record), &mut words);
    assert_eq!(words, b"/home/alice/the file\\007");
}

#[test]
fn searches_are_put_together_from_items_or_written() {
    let found = |wanted: &Expression| {
        let (mut trail, mut interpreter, mut all) = (Trail::buffer(LOG), interpreter(Escape::Tty), Vec::new());
        while let Some(found) = trail.find(wanted, &mut interpreter).unwrap() {
            all.push((found.event.id().serial, found.record));
        }
        all
    };
    assert_eq!(found(&Expression::exists(b"cwd")), [(1, 1)]);
    assert_eq!(found(&Expression::field(b"auid", true, true, b"alice")), [(1, 0), (2, 0)]);
    assert_eq!(found(&Expression::field(b"syscall", false, false, b"257")), []);
    let both = Expression::exists(b"inode").or(Expression::exists(b"addr"));
    assert_eq!(found(&both.clone().and(Expression::regexp(b"type=(USER|PA)[A-Z_]+").unwrap())), [(1, 2), (2, 0)]);
    let written = b"exit i= \"EACCES(Permission denied)\" && !(uid i= root)";
    assert_eq!(found(&Expression::parse(written).unwrap()), [(1, 0)]);
    assert_eq!(found(&Expression::parse(b"\\timestamp > ts:1700000001.0").unwrap()), [(2, 0)]);
    assert!(matches!(Expression::regexp(b"(").unwrap_err(), ExpressionError::Regexp(_)));
    let error = Expression::parse(b"auid ==").unwrap_err();
    assert_eq!(error.to_string(), "Value expected, got `'");
}

#[test]
fn an_event_says_who_did_what_to_what_and_how() {
    let (event, mut interpreter) = (first_event(), interpreter(Escape::Tty));
    let piece = pieces(&event).next().unwrap();
    let mut words = Words::new(&piece, &mut interpreter);
    let told = normalize(&piece, &mut words, true).unwrap();
    let kinds = (told.event_kind, told.subject.kind, told.object.kind);
    assert_eq!(kinds, (EventKind::AuditRule, Some(SubjectKind::User), ObjectKind::File));
    let mut says = |place| {
        let mut out = Vec::new();
        words.push(place, &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(says(told.subject.primary.unwrap()), "alice");
    assert_eq!(says(told.object.primary.unwrap()), "the file\\007");
    assert_eq!(says(told.result.unwrap()), "no");
    assert_eq!(says(told.key.unwrap()), "one");
    let attributes: Vec<_> = told.subject.attributes.into_iter().chain(told.object.attributes).map(&mut says).collect();
    assert!(attributes.iter().all(|attribute| !attribute.is_empty()) && attributes.contains(&"file,600".to_string()));
    let (mut action, mut how) = (Vec::new(), Vec::new());
    words.push_text(told.action.unwrap(), &mut action);
    words.push_text(told.how.unwrap(), &mut how);
    assert_eq!((&action[..], &how[..]), (&b"opened-file"[..], &b"/usr/bin/cat"[..]));
}

#[test]
fn events_are_compared_by_time_and_by_node() {
    let (mut trail, id) = (Trail::buffer(LOG), |sec, milli, serial| EventId { sec, milli, serial });
    let (first, second) = (trail.next_event().unwrap().unwrap(), trail.next_event().unwrap().unwrap());
    assert!(first.id() < second.id() && first.node() < second.node());
    assert!(id(5, 1, 9) < id(5, 2, 1) && id(5, 1, 9) < id(5, 1, 10) && id(4, 999, 99) < id(5, 0, 0));
    assert_eq!(second.node(), Some(&b"web"[..]));
}

#[test]
fn a_feed_hands_over_what_is_complete_and_what_is_too_old() {
    let line =
        |sec: u64, serial: u64, kind: &str| format!("type={kind} msg=audit({sec}.000:{serial}): a=1\n").into_bytes();
    let (mut feed, mut got) = (Feed::new(2), Vec::new());
    feed.push(&[line(100_000_000, 1, "SYSCALL"), line(100_000_000, 1, "PROCTITLE")].concat(), &mut |_| unreachable!());
    assert_eq!(feed.waiting(), (1, 1));
    feed.age(0, &mut |event| got.push(event.id().serial));
    assert_eq!((feed.waiting(), got.as_slice()), ((0, 0), &[1][..]));
    feed.push(&line(100_000_001, 2, "SYSCALL"), &mut |_| unreachable!());
    feed.age(100_000_002, &mut |_| unreachable!());
    feed.age(100_000_003, &mut |event| got.push(event.id().serial));
    assert_eq!(feed.push(&[b"junk\n".to_vec(), line(100_000_003, 3, "SYSCALL")].concat(), &mut |_| unreachable!()), 1);
    feed.flush(&mut |event| got.push(event.id().serial));
    assert_eq!(got, [1, 2, 3]);
}

#[test]
fn trails_are_read_by_several_threads_at_once() {
    fn may_move<T: Send>(_: &T) {}
    may_move(&Feed::new(2));
    may_move(&interpreter(Escape::Tty));
    may_move(&first_event());
    let text = LOG.repeat(200);
    let wanted = Expression::parse(b"auid i= alice && success r= no").unwrap();
    let trails: Vec<Trail<'_>> = (0..4).map(|_| Trail::buffer(&text)).collect();
    let counts = std::thread::scope(|threads| {
        let count = |mut trail: Trail<'_>| {
            let mut interpreter = interpreter(Escape::Raw);
            std::iter::from_fn(|| trail.find(&wanted, &mut interpreter).unwrap()).count()
        };
        let all: Vec<_> = trails.into_iter().map(|trail| threads.spawn(move || count(trail))).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(counts, [200; 4]);
}

#[test]
fn a_normalised_event_names_only_fields_that_are_there() {
    let head = "msg=audit(1700000000.123:9):";
    let path = |item: u8, name: &str, kind: &str| {
        let mode = if kind == "CREATE" { "inode=7 dev=fe:01 mode=0120777 ouid=0 ogid=0 rdev=00:00 " } else { "" };
        format!("type=PATH {head} item={item} name=\"{name}\" {mode}nametype={kind} cap_fp=0 cap_fi=0 cap_fe=0\n")
    };
    let call =
        "arch=c000003e syscall=88 success=yes exit=0 items=3 ppid=1 pid=2 auid=1000 uid=0 comm=\"ln\" exe=\"/bin/ln\"";
    let text = [
        format!("type=SYSCALL {head} {call} key=(null)\ntype=CWD {head} cwd=\"/tmp\"\n"),
        path(0, "/tmp", "PARENT"),
        path(1, "target", "UNKNOWN"),
        path(2, "link", "CREATE"),
    ]
    .concat();
    let event = Trail::buffer(text.as_bytes()).next_event().unwrap().unwrap();
    let (piece, mut interpreter) = (pieces(&event).next().unwrap(), interpreter(Escape::Tty));
    let mut words = Words::new(&piece, &mut interpreter);
    let told = normalize(&piece, &mut words, true).unwrap();
    let attributes: Vec<_> = told.subject.attributes.into_iter().chain(told.object.attributes).collect();
    assert!(attributes.len() == 3 && attributes.into_iter().all(|place| words.field(place).is_some()));
}

#[test]
fn the_example_of_the_readme_is_compiled_and_right() {
    let log = b"\
type=SYSCALL msg=audit(1700000000.123:1): arch=c000003e syscall=42 success=yes exit=0 auid=4242 uid=0 key=6F6E650174776F\n\
type=SOCKADDR msg=audit(1700000000.123:1): saddr=020001BBC00002070000000000000000\n\
type=SYSCALL msg=audit(1700000001.123:2): arch=c000003e syscall=42 success=yes exit=0 auid=4242 uid=0 key=(null)\n\
type=SOCKADDR msg=audit(1700000001.123:2): saddr=01002F6465762F6C6F6700\n";
    let found = crate::example::connections(Trail::buffer(log)).unwrap();
    assert_eq!(found, ["unknown(4242) to 192.0.2.7 port 443: one, two"]);
    let shown =
        include_str!("example.rs").lines().map(|line| format!("    {line}")).map(|line| line.trim_end().to_owned());
    let shown: Vec<_> = shown.collect();
    assert!(include_str!("../../README.md").contains(&shown.join("\n")), "README.md shows another example");
}

#[test]
fn keys_are_single_values() {
    let event = first_event();
    assert_eq!(event.keys(), [b"one".to_vec(), b"two".to_vec()]);
    let said = b"type=USER_CMD msg=audit(1700000000.123:1): pid=1 uid=0 msg='op=x key=\"one\" res=success'\n";
    let event = Trail::buffer(said).events().next().unwrap().unwrap();
    assert_eq!(event.keys(), Vec::<Vec<u8>>::new(), "what a program says names no rule");
}
