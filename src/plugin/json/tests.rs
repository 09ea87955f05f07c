//! What audisp-json writes, keeps and loses: files that cannot be written, pipes without a reader, slow clients.

use super::*;
use crate::log::rotation;
use std::io::Read;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};

fn options(words: &str) -> Result<Options, String> {
    Options::parse(words.split_whitespace())
}

#[test]
fn words_say_what_goes_where() {
    let read = options("--view ecs --socket /run/x --mode 0600 --depth 9 --key a --key b --type LOGIN").unwrap();
    assert_eq!((read.view, read.socket, read.mode, read.depth), (View::Ecs, Some("/run/x".into()), 0o600, 9));
    assert_eq!((read.keys.len(), read.types, read.raw), (2, vec![RecordType::LOGIN], false));
    assert!(options("--raw --view json").unwrap().raw);
    assert_eq!(options("--view xml").unwrap_err(), "--view xml makes no sense");
    assert_eq!(options("--mode 77777").unwrap_err(), "--mode 77777 makes no sense");
    assert_eq!(options("--keep 0").unwrap_err(), "--keep 0 makes no sense");
    assert_eq!(options("--bogus").unwrap_err(), "--bogus needs a value, or is unknown");
    assert_eq!(options("--file /a --socket /b").unwrap_err(), "--socket and --file exclude each other");
    assert_eq!(options("--type EOE").unwrap_err(), "--type EOE makes no sense");
    for view in ["ecs", "laurel", "logfmt"] {
        assert_eq!(options(&["--raw --view ", view].concat()).unwrap_err(), "--raw needs --view json");
    }
    for place in ["", "--socket /a"] {
        assert_eq!(options(&["--keep 5 ", place].concat()).unwrap_err(), "--keep needs --file");
        assert_eq!(options(&["--max-size 8 ", place].concat()).unwrap_err(), "--max-size needs --file");
    }
    assert_eq!(options("--mode 0600").unwrap_err(), "--mode needs --file or --socket");
}

fn plugin<'h>(host: &'h Host, words: &str) -> ToJson<'h> {
    ToJson::new(options(words).unwrap(), host, Logger::console(Box::new(|_| {}))).unwrap()
}

fn take(plugin: &mut ToJson, line: &str) {
    plugin.record(&Frame { version: 1, record_type: 0, text: line.as_bytes() }, 0);
    plugin.tick(0);
}

fn user(serial: u32, text: &str) -> String {
    format!("type=USER msg=audit(1700000000.000:{serial}): pid=1 {text}")
}

fn path(name: &str) -> PathBuf {
    crate::testing::path(&format!("json-{name}"))
}

fn connect(plugin: &mut ToJson, path: &Path) -> UnixStream {
    let client = UnixStream::connect(path).unwrap();
    let mut set = PollSet::default();
    plugin.watch(&mut set);
    set.wait(None);
    plugin.ready(&set, 0);
    client
}

#[test]
fn the_end_of_an_event_may_be_late_while_nothing_is_read() {
    let host = Host::open();
    let mut plugin = plugin(&host, "--file /dev/full --key k");
    let line = |kind: &str, rest: &str| format!("type={kind} msg=audit(1700000000.000:7): {rest}");
    let mut feed = |now, line: &str| {
        plugin.record(&Frame { version: 1, record_type: 0, text: line.as_bytes() }, now);
        plugin.tick(now + 100);
        plugin.unwritten.len()
    };
    let lengths = [
        feed(0, &line("SYSCALL", "pid=1 key=\"k\"")),
        feed(100, &line("CWD", "cwd=\"/\"")),
        feed(200, &line("EOE", "")),
        feed(200, &line("CONFIG_CHANGE", "op=set key=\"k\"")),
    ];
    plugin.heard(201 + TIMEOUT as i64);
    assert_eq!((lengths, plugin.unwritten.len()), ([0, 0, 1, 1], 2));
}

#[test]
fn every_client_gets_every_event_and_one_that_stalls_hears_what_it_lost_when_it_reads_again() {
    let (host, path) = (Host::open(), path("clients"));
    let mut plugin = plugin(&host, &format!("--socket {} --depth 3", path.display()));
    let (mut reads, mut stalls) = (connect(&mut plugin, &path), connect(&mut plugin, &path));
    let (mut got, mut stalled, text) = (Vec::new(), Vec::new(), "x".repeat(4000));
    [&reads, &stalls].iter().for_each(|client| client.set_nonblocking(true).unwrap());
    for serial in 0..2000 {
        take(&mut plugin, &user(serial, &text));
        let _ = reads.read_to_end(&mut got);
    }
    plugin.end_of_input();
    // No event follows, and what it lost is told all the same.
    while !plugin.is_done() {
        let _ = stalls.read_to_end(&mut stalled);
        let mut set = PollSet::default();
        plugin.watch(&mut set);
        set.wait(None);
        plugin.ready(&set, 0);
        plugin.tick(0);
    }
    let _ = stalls.read_to_end(&mut stalled);
    let count = |text: &[u8], part: &str| String::from_utf8_lossy(text).matches(part).count();
    assert_eq!(count(&got, "\n"), 2000);
    let told = String::from_utf8(stalled).unwrap();
    let (before, after) = told.split_once("{\"v\":1,\"type\":\"GAP\",\"cause\":\"queue full\",\"lost\":").unwrap();
    let (lost, after) = after.split_once("}\n").unwrap();
    assert_eq!(after.lines().count(), 3);
    assert_eq!(before.lines().count() + lost.parse::<usize>().unwrap() + 3, 2000);
    assert!(before.ends_with("}\n") && after.contains("\"serial\":1999,"));
    drop(plugin);
    assert!(files::symlink_metadata(&path).is_err());
}

/// The plugin, and what it logs.
fn telling<'h>(host: &'h Host, words: &str) -> (ToJson<'h>, Arc<Mutex<Vec<String>>>) {
    let said = Arc::new(Mutex::new(Vec::new()));
    let told = said.clone();
    let logger = Logger::console(Box::new(move |text| told.lock().unwrap().push(text.to_owned())));
    (ToJson::new(options(words).unwrap(), host, logger).unwrap(), said)
}

#[test]
fn what_cannot_be_written_is_tried_again_and_told_once_and_what_is_too_much_is_counted() {
    let host = Host::open();
    let (mut plugin, said) = telling(&host, "--file /dev/full --depth 3");
    for serial in 0..5 {
        take(&mut plugin, &user(serial, "x"));
    }
    assert!(!plugin.is_full() && !plugin.is_done() && !plugin.has_failed());
    for now in 0..5 {
        assert_eq!(plugin.tick(now), Some(now + PAUSE));
    }
    assert!(!plugin.finish());
    let said = said.lock().unwrap();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("tries again: No space left on device") && said[1].contains("5 events were not written"));
}

#[test]
fn a_file_that_cannot_be_moved_away_grows_no_more_until_it_can() {
    let (host, path) = (Host::open(), path("blocked"));
    let (mut plugin, said) = telling(&host, &format!("--file {} --max-size 1 --keep 2 --depth 3", path.display()));
    let moved = rotation::numbered(&path, 1);
    std::fs::create_dir(&moved).unwrap();
    std::fs::write(moved.join("x"), "").unwrap();
    let text = "x".repeat(300_000);
    (0..9).for_each(|serial| take(&mut plugin, &user(serial, &text)));
    plugin.end_of_input();
    plugin.tick(0);
    assert!(std::fs::metadata(&path).unwrap().len() <= 1 << 20 && !plugin.has_failed());
    std::fs::remove_dir_all(&moved).unwrap();
    plugin.tick(PAUSE);
    let told = std::fs::read_to_string(&moved).unwrap() + &std::fs::read_to_string(&path).unwrap();
    let serials: Vec<_> = told.match_indices("\"serial\":").map(|(at, name)| &told[at + name.len()..][..1]).collect();
    assert_eq!(serials, ["0", "1", "2", "3", "4", "5"]);
    assert!(told.ends_with("{\"v\":1,\"type\":\"GAP\",\"cause\":\"not written\",\"lost\":3}\n"), "{:?}", said);
    assert_eq!(said.lock().unwrap().len(), 2, "{said:?}");
    assert!(plugin.finish() && said.lock().unwrap()[1].contains("events are written again"));
    [path, moved].iter().for_each(|path| drop(files::remove_file(path)));
}

#[test]
fn a_file_that_somebody_has_moved_or_removed_is_begun_anew_by_its_size() {
    for keep in [1, 3] {
        let (host, path) = (Host::open(), path("gone"));
        let (mut plugin, said) = telling(&host, &format!("--file {} --max-size 1 --keep {keep}", path.display()));
        let text = "x".repeat(300_000);
        take(&mut plugin, &user(0, &text));
        plugin.end_of_input();
        plugin.tick(0);
        std::fs::remove_file(&path).unwrap();
        (1..9).for_each(|serial| take(&mut plugin, &user(serial, &text)));
        plugin.end_of_input();
        plugin.tick(0);
        assert!(std::fs::read_to_string(&path).unwrap().contains("\"serial\":8,"), "{said:?}");
        assert!(plugin.finish() && said.lock().unwrap().is_empty(), "{said:?}");
        (0..3).for_each(|number| drop(files::remove_file(rotation::numbered(&path, number))));
        let _ = files::remove_file(&path);
    }
}

#[test]
fn a_file_that_is_there_is_given_no_right_more() {
    let (host, path) = (Host::open(), path("rights"));
    for (before, after) in [(0o600, 0o600), (0o666, 0o640)] {
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, files::Permissions::from_mode(before)).unwrap();
        let _plugin = plugin(&host, &format!("--file {}", path.display()));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, after);
    }
    let _ = files::remove_file(&path);
}

#[test]
fn a_pipe_that_nobody_reads_is_never_waited_for() {
    let (host, path) = (Host::open(), path("unread"));
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let (mut plugin, said) = telling(&host, &format!("--file {}", path.display()));
    take(&mut plugin, &user(0, "x"));
    plugin.end_of_input();
    assert_eq!(plugin.tick(0), Some(PAUSE));
    assert!(!plugin.is_full() && said.lock().unwrap()[0].contains("No such device or address"), "{said:?}");
    let mut reader = std::fs::OpenOptions::new().read(true).custom_flags(0o4000).open(&path).unwrap();
    plugin.tick(PAUSE);
    assert!(plugin.is_done() && said.lock().unwrap()[1].contains("events are written again"), "{said:?}");
    let text = "x".repeat(8000);
    (1..99).for_each(|serial| take(&mut plugin, &user(serial, &text)));
    // The pipe is full: it is waited for, with the other descriptors, and no more is read.
    assert!(plugin.is_full() && plugin.retry.is_none());
    let mut set = PollSet::default();
    plugin.watch(&mut set);
    let mut got = Vec::new();
    while !plugin.is_done() {
        let _ = reader.read_to_end(&mut got);
        set.wait(None);
        assert!(set.is_ready(0));
        plugin.tick(PAUSE);
    }
    let _ = reader.read_to_end(&mut got);
    assert_eq!(got.iter().filter(|byte| **byte == b'\n').count(), 99);
    let _ = files::remove_file(&path);
}

#[test]
fn an_end_without_an_event_is_none() {
    let (host, path) = (Host::open(), path("end"));
    let mut plugin = plugin(&host, &format!("--file {}", path.display()));
    take(&mut plugin, "type=EOE msg=audit(1700000000.000:1): ");
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
    let _ = files::remove_file(&path);
}

#[test]
fn input_that_is_no_record_is_told_in_the_stream() {
    let (host, path) = (Host::open(), path("gap"));
    let mut plugin = plugin(&host, &format!("--file {}", path.display()));
    plugin.record(&Frame { version: 1, record_type: 0, text: b"garbage" }, 0);
    plugin.record(&Frame { version: 1, record_type: 0, text: b"" }, 0);
    plugin.unusable();
    take(&mut plugin, &user(1, &"x".repeat(20_000)));
    let text = std::fs::read_to_string(&path).unwrap();
    let gap = "{\"v\":1,\"type\":\"GAP\",\"cause\":\"unreadable\",\"lost\":2}\n";
    assert!(text.ends_with(gap) && text.len() > 20_000, "{text}");
    let _ = files::remove_file(&path);
}

#[test]
fn the_mode_is_exact_and_of_one_file_there_is_no_other() {
    let (host, path) = (Host::open(), path("mode"));
    let mut plugin = plugin(&host, &format!("--file {} --mode 0666 --max-size 1 --keep 1", path.display()));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o666);
    let text = "x".repeat(8000);
    for serial in 0..200 {
        take(&mut plugin, &user(serial, &text));
    }
    let facts = std::fs::metadata(&path).unwrap();
    assert!(facts.len() < 1 << 20 && facts.permissions().mode() & 0o7777 == 0o666);
    assert!(files::symlink_metadata(rotation::numbered(&path, 1)).is_err());
    assert!(std::fs::read_to_string(&path).unwrap().contains("\"serial\":199,"));
    let _ = files::remove_file(&path);
}

#[test]
fn a_file_is_moved_away_by_its_size_and_begins_on_a_line_of_its_own() {
    let (host, path) = (Host::open(), path("file"));
    std::fs::write(&path, "{\"torn").unwrap();
    let mut plugin = plugin(&host, &format!("--file {} --max-size 1 --keep 3", path.display()));
    let text = "x".repeat(8000);
    for serial in 0..600 {
        take(&mut plugin, &user(serial, &text));
    }
    let names = [path.clone(), rotation::numbered(&path, 1), rotation::numbered(&path, 2)];
    let sizes = names.each_ref().map(|name| std::fs::metadata(name).unwrap().len());
    assert!(sizes.iter().all(|size| *size <= 1 << 20) && sizes[1] > 1_000_000, "{sizes:?}");
    assert!(files::symlink_metadata(rotation::numbered(&path, 3)).is_err());
    let text = std::fs::read_to_string(&names[0]).unwrap();
    assert!(text.lines().filter(|line| !line.is_empty()).all(|line| line.starts_with("{\"v\":1,")));
    names.iter().for_each(|name| drop(files::remove_file(name)));
}

#[test]
fn a_pipe_or_device_in_the_place_of_the_file_is_never_moved_away() {
    let (host, path) = (Host::open(), path("fifo"));
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    for keep in [5, 1] {
        let from = path.clone();
        let reader = std::thread::spawn(move || std::fs::read(from).unwrap().len());
        let words = format!("--file {} --max-size 1 --keep {keep} --depth 300", path.display());
        let mut plugin = plugin(&host, &words);
        let text = "x".repeat(8000);
        for serial in 0..200 {
            take(&mut plugin, &user(serial, &text));
        }
        plugin.end_of_input();
        for now in 0.. {
            plugin.tick(now);
            if plugin.is_done() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert!(!files::symlink_metadata(&path).unwrap().is_file());
        assert!(files::symlink_metadata(rotation::numbered(&path, 1)).is_err());
        drop(plugin);
        assert!(reader.join().unwrap() > 1 << 20);
    }
    let _ = files::remove_file(&path);
}

#[test]
fn what_a_program_says_is_no_key() {
    let (host, path) = (Host::open(), path("no-key"));
    let mut plugin = plugin(&host, &format!("--file {} --key k", path.display()));
    take(&mut plugin, &user(1, "uid=0 msg='op=x key=\"k\" res=success'"));
    plugin.end_of_input();
    plugin.tick(0);
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
    let _ = files::remove_file(&path);
}

#[test]
fn an_event_that_is_too_long_comes_in_numbered_parts() {
    let (host, path) = (Host::open(), path("parts"));
    let mut plugin = plugin(&host, &format!("--file {}", path.display()));
    let head = "type=EXECVE msg=audit(1700000000.000:1): ";
    for _ in 0..300 {
        take(&mut plugin, &[head, "x=", &"x".repeat(8000)].concat());
    }
    take(&mut plugin, &head.replace("EXECVE", "EOE"));
    take(&mut plugin, &user(2, "x"));
    let text = std::fs::read_to_string(&path).unwrap();
    let objects: Vec<&str> = text.lines().collect();
    assert_eq!(objects.len(), 4);
    assert!(objects[..3].iter().all(|object| object.contains("\"incomplete\":[\"records\"]")));
    let numbers: Vec<u32> =
        text.split("{\"n\":").skip(1).map(|rest| rest.split(',').next().unwrap().parse().unwrap()).collect();
    assert_eq!(numbers, (1..=300).collect::<Vec<u32>>(), "the end is none");
    assert!(!objects[3].contains("incomplete"));
    let _ = files::remove_file(&path);
}

#[test]
fn keys_and_types_choose_events_and_a_parent_is_remembered_all_the_same() {
    let (host, path) = (Host::open(), path("chosen"));
    let mut plugin = plugin(&host, &format!("--file {} --key k", path.display()));
    let head = |name: &str, serial| format!("type={name} msg=audit(1700000000.000:{serial}): ");
    take(
        &mut plugin,
        &(head("SYSCALL", 1)
            + "arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=7 exe=\"/bin/sh\" key=\"other\""),
    );
    take(&mut plugin, &(head("EXECVE", 1) + "argc=2 a0=\"sh\" a1=\"-c\""));
    take(&mut plugin, &head("EOE", 1));
    take(
        &mut plugin,
        &(head("SYSCALL", 2) + "arch=c000003e syscall=257 success=yes exit=3 ppid=7 pid=8 exe=\"/bin/cat\" key=\"k\""),
    );
    take(&mut plugin, &head("EOE", 2));
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("\"parent\":{\"exe\":\"/bin/sh\",\"argv\":[\"sh\",\"-c\"]}"), "{text}");
    let _ = files::remove_file(&path);
}

#[test]
fn of_an_event_in_parts_all_are_chosen_or_what_is_missing_is_told() {
    let (host, path) = (Host::open(), path("chosen-parts"));
    let head = |name: &str| format!("type={name} msg=audit(1700000000.000:1): ");
    for (first, long, last, records, told) in [
        (" key=\"k\"", 300, "", 303, ""),
        ("", 300, " key=\"k\"", 303, ""),
        ("", 900, " key=\"k\"", 509, "{\"v\":1,\"type\":\"GAP\",\"cause\":\"before a match\",\"lost\":394}\n"),
        ("", 300, "", 0, ""),
    ] {
        let mut plugin = plugin(&host, &format!("--file {} --key k --type CWD", path.display()));
        take(&mut plugin, &[&head("SYSCALL"), "syscall=59", first].concat());
        (0..long).for_each(|_| take(&mut plugin, &[&head("EXECVE"), "x=", &"x".repeat(8000)].concat()));
        take(&mut plugin, &(head("CWD") + "cwd=\"/\""));
        take(&mut plugin, &[&head("SYSCALL"), "syscall=59", last].concat());
        take(&mut plugin, &head("EOE"));
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches("{\"n\":").count(), records, "{first} {long} {last}");
        assert!(text.starts_with(told) && text.contains("GAP") != told.is_empty());
        let _ = files::remove_file(&path);
    }
}
