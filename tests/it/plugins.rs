//! The plugins of the daemon as programs: what they read, what comes out, how they end.

use crate::support::{BINARY, Dir};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const LOGIN: &str = "type=USER_LOGIN msg=audit(1700000001.000:46): pid=7 auid=1000 res=success\x1dAUID=\"alice\"";
const CALL: &str =
    "type=SYSCALL msg=audit(1700000002.000:47): arch=c000003e syscall=59 uid=0\x1dSYSCALL=execve UID=\"root\"";
const PATH: &str = "type=PATH msg=audit(1700000002.000:47): item=0 name=\"/etc/shadow\"";
const END: &str = "type=EOE msg=audit(1700000002.000:47): ";

/// Starts a plugin with these words.
fn start(words: &[&str]) -> Child {
    let mut command = Command::new(BINARY);
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the plugin starts")
}

/// What a plugin does with this input, which comes in pieces of `size` bytes.
fn run(words: &[&str], input: &[u8], size: usize) -> Output {
    let mut child = start(words);
    let mut pipe = child.stdin.take().expect("its input");
    // One that does not start reads nothing.
    let _ = input.chunks(size).try_for_each(|piece| pipe.write_all(piece).and_then(|()| pipe.flush()));
    drop(pipe);
    child.wait_with_output().expect("it ends")
}

fn frame(record_type: u32, line: &str) -> Vec<u8> {
    let words = [1, 16, record_type, line.len() as u32].map(u32::to_ne_bytes).concat();
    [&words, line.as_bytes()].concat()
}

fn filter_file(dir: &Dir, text: &str) -> String {
    let path = dir.0.join("filter.conf");
    std::fs::write(&path, text).expect("a file");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("its mode");
    path.to_str().expect("a plain name").to_owned()
}

fn lines(lines: &[&str]) -> String {
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

#[test]
#[ignore = "needs root"]
fn a_filter_hands_on_whole_events_with_the_names_that_were_looked_up() {
    let dir = Dir::new("filter");
    let file = filter_file(&dir, "# logins of people\n\nauid >= 1000\nname r= \"\\\"/no\\\"\"\n");
    let input = lines(&[LOGIN, CALL, PATH, END]);
    for (mode, expected) in [("blocklist", lines(&[LOGIN])), ("AllowList", lines(&[CALL, PATH, END]))] {
        let output = run(&["audisp-filter", mode, &file, "/bin/cat"], input.as_bytes(), 4096);
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{mode}");
        assert_eq!(output.status.code(), Some(0));
    }
}

#[test]
#[ignore = "needs root"]
fn a_filter_judges_an_event_that_comes_in_parts_as_one() {
    let dir = Dir::new("filter-parts");
    let file = filter_file(&dir, "uid == 77\n");
    let record = |name, text: &str| format!("type={name} msg=audit(1.000:1): {text}\n");
    let long = record("EXECVE", &format!("argc=1 a0=\"{}\"", "x".repeat(7500))).repeat(300);
    let (call, end) = (record("SYSCALL", "arch=c000003e syscall=59 uid=77"), record("EOE", ""));
    for (mode, input, is_all) in [
        ("blocklist", [&call, &long, &end].map(String::as_str).concat(), true),
        ("blocklist", [&long, &call, &end].map(String::as_str).concat(), true),
        ("allowlist", [&call, &long, &end].map(String::as_str).concat(), false),
        ("allowlist", [&long, &call, &end].map(String::as_str).concat(), true),
    ] {
        let output = run(&["audisp-filter", mode, &file, "/bin/cat"], input.as_bytes(), 1 << 16);
        let expected = if is_all { input.lines().count() } else { 0 };
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), expected, "{mode}");
    }
}

#[test]
#[ignore = "needs root"]
fn frames_in_any_pieces_and_unread_at_the_end_come_out_of_a_filter() {
    let dir = Dir::new("filter-pieces");
    let file = filter_file(&dir, "");
    let input = [frame(1112, LOGIN), frame(1300, CALL), frame(1302, PATH), frame(1320, END)].concat();
    for size in [1, 20, input.len()] {
        let output = run(&["audisp-filter", "allowlist", &file, "/bin/cat"], &input, size);
        assert_eq!(String::from_utf8_lossy(&output.stdout), lines(&[LOGIN, CALL, PATH, END]), "pieces of {size}");
    }
}

#[test]
#[ignore = "needs root"]
fn more_records_than_wait_pass_a_filter_without_loss() {
    let dir = Dir::new("filter-many");
    let file = filter_file(&dir, "uid == 77\n");
    let record = |serial| format!("type=USER_AUTH msg=audit(1.000:{serial}): pid=7 text={}\n", "x".repeat(250));
    let input: String = (0..1500).map(record).collect();
    // Its reader is slower than its writer.
    let slow = "while IFS= read -r line; do printf '%s\\n' \"$line\"; done";
    let mut child = start(&["audisp-filter", "allowlist", &file, "/bin/sh", "-c", slow]);
    let mut pipe = child.stdin.take().expect("its input");
    let writer = std::thread::spawn({
        let input = input.clone();
        move || pipe.write_all(input.as_bytes())
    });
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("the writer").expect("all is read");
    assert!(output.stdout == input.as_bytes(), "{} of {} bytes", output.stdout.len(), input.len());
}

#[test]
#[ignore = "needs root"]
fn a_filter_is_proved_and_refused_with_what_is_wrong() {
    let dir = Dir::new("filter-check");
    let file = filter_file(&dir, "auid >= 1000\n");
    assert_eq!(run(&["audisp-filter", "--check", &file], b"", 1).status.code(), Some(0));
    let file = filter_file(&dir, "auid >= 1000\nauid >=\n");
    for words in [&["audisp-filter", "--check", &file][..], &["audisp-filter", "allowlist", &file, "/bin/cat"]] {
        let output = run(words, b"", 1);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1));
        assert!(said.contains("Invalid expression: auid >= (") && said.contains("line 2 of "), "{said}");
    }
    std::fs::set_permissions(Path::new(&file), std::fs::Permissions::from_mode(0o602)).expect("its mode");
    for words in [
        &["audisp-filter", "--check", &file][..],
        &["audisp-filter", "--check", "/nonexistent"],
        &["audisp-filter", "allowlist", &file],
        &["audisp-filter", "both", &file, "/bin/cat"],
        &["audisp-filter"],
    ] {
        let output = run(words, b"", 1);
        assert_eq!((output.status.code(), output.stderr.is_empty()), (Some(1), false), "{words:?}");
    }
}

#[test]
#[ignore = "needs root"]
fn a_filter_ends_when_its_program_does() {
    let dir = Dir::new("filter-dies");
    let file = filter_file(&dir, "");
    let mut child = start(&["audisp-filter", "allowlist", &file, "/bin/false"]);
    let _pipe = child.stdin.take();
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("/bin/false has ended"), "{said}");
}

#[test]
fn input_without_sense_is_said_and_ends_a_plugin() {
    let dir = Dir::new("af_unix-nonsense");
    let socket = dir.0.join("socket");
    let input = [&frame(1112, LOGIN)[..], &frame(1112, LOGIN), &[1; 64]].concat();
    let words = ["audisp-af_unix", "0600", socket.to_str().expect("a plain name"), "string", "8"];
    let output = run(&words, &input, input.len());
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("a header makes no sense"));
    assert!(!socket.exists(), "the socket is left behind");
}

#[test]
fn a_socket_that_cannot_be_made_is_said() {
    let dir = Dir::new("af_unix-refused");
    let file = dir.0.join("file");
    std::fs::write(&file, "kept").expect("a file");
    let long = format!("/tmp/{}", "x".repeat(110));
    for (path, reason) in [
        ("/nonexistent/socket", "Couldn't open /nonexistent (No such file or directory)"),
        (file.to_str().expect("a plain name"), "Couldn't bind af_unix socket (Address already in use)"),
        (&long, "Couldn't bind af_unix socket (File name too long)"),
    ] {
        let output = run(&["audisp-af_unix", "0600", path, "string"], b"", 1);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(reason), "{said}");
    }
    assert_eq!(std::fs::read(&file).expect("the file"), b"kept");
}

#[test]
fn an_unknown_word_of_syslog_is_said() {
    let output = run(&["audisp-syslog", "LOG_INFO", "LOG_BOGUS"], b"", 1);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "Unknown log priority/facility LOG_BOGUS\n");
}

#[test]
fn json_has_an_object_for_each_event_that_is_wanted_and_the_log_comes_back() {
    let input = lines(&[LOGIN, CALL, PATH, END]);
    let output = run(&["audisp-json", "--raw"], input.as_bytes(), 7);
    let objects = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(objects.lines().count(), 2);
    assert!(objects.contains("\"serial\":47,\"type\":\"SYSCALL\""), "{objects}");
    let back = run(&["ausearch", "--raw"], objects.as_bytes(), 4096).stdout;
    assert_eq!(String::from_utf8_lossy(&back), lines(&[LOGIN, CALL, PATH]), "as the log has them, without the end");
    for view in ["json", "ecs", "laurel", "logfmt"] {
        let shown = run(&["audisp-json", "--view", view], input.as_bytes(), 4096).stdout;
        assert!(
            shown.iter().filter(|byte| **byte == b'\n').count() == 2 && memchr::memmem::find(&shown, b"EOE").is_none()
        );
    }
    let logins = run(&["audisp-json", "--type", "USER_LOGIN", "--view", "logfmt"], &frame(1112, LOGIN), 4096);
    let want = "v=1 time=2023-11-14T22:13:21.000Z serial=46 type=USER_LOGIN ";
    assert!(String::from_utf8_lossy(&logins.stdout).starts_with(want), "{logins:?}");
    assert_eq!(run(&["audisp-json", "--view", "xml"], b"", 1).status.code(), Some(1));
}

/// Many events, each with its number as serial.
fn many(count: u32) -> String {
    let line = |n| format!("type=USER_AUTH msg=audit(1700000000.000:{n}): pid=7 text={}\n", "x".repeat(1000));
    (0..count).map(line).collect()
}

#[test]
fn json_ends_by_sigterm_of_its_parent_though_nobody_reads_it() {
    const SCRIPT: &str = r#"
        mkfifo "$1/pipe"
        exec 3<>"$1/pipe"
        "$2" audisp-json <"$1/log" >"$1/pipe" 2>"$1/said" &
        head -c 1 <&3
        kill -TERM $!
        wait $! || cat "$1/said""#;
    let dir = Dir::new("json-stuck");
    // More than a pipe holds.
    dir.file("log", many(2000));
    let place = dir.0.to_str().expect("a plain name");
    let output =
        Command::new("timeout").args(["60", "sh", "-c", SCRIPT, "sh", place, BINARY]).output().expect("a shell");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.starts_with('{') && said.contains(" events were not written"), "{said} {output:?}");
}

#[test]
#[ignore = "needs root"]
fn json_waits_for_space_and_never_leaves_a_part_of_an_object() {
    const SCRIPT: &str = r#"
        exec 3<&0
        mount -t tmpfs -o size=300k none "$1"
        head -c 250000 /dev/zero >"$1/other"
        "$2" audisp-json --file "$1/events.json" <&3 2>"$1.said" &
        until grep -q 'tries again: No space left' "$1.said"; do sleep 0.1; done
        tail -c 1 "$1/events.json" | od -An -c | grep -qF '\n' || echo torn
        wc -l <"$1/events.json"
        rm "$1/other"
        wait
        wc -l <"$1/events.json"
        wc -l <"$1.said""#;
    let dir = Dir::new("json-space");
    let place = dir.0.join("place");
    std::fs::create_dir(&place).expect("a directory");
    goes_on("unshare", &["-m"], SCRIPT, &place);
}

/// Runs a script, by way of another program, with a place and 80 events. It prints how many objects are whole while there is no room for all,
/// how many there are in the end, and how many messages.
fn goes_on(program: &str, words: &[&str], script: &str, place: &Path) {
    let mut child = Command::new(program)
        .args(words)
        .args(["sh", "-ec", script, "sh", place.to_str().expect("a plain name"), BINARY])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("its input").write_all(many(80).as_bytes()).expect("it is read");
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout);
    let counts: Vec<u32> = said.split_whitespace().map(|word| word.parse().expect("a count")).collect();
    assert!(matches!(counts[..], [1..80, 80, 1]), "{said} {:?}", output.status);
}

#[test]
#[ignore = "needs root"]
fn json_whose_file_reaches_a_limit_keeps_whole_objects_and_tries_again() {
    const SCRIPT: &str = r#"
        exec 3<&0
        prlimit --fsize=20480: "$2" audisp-json --file "$1/events.json" <&3 2>"$1/said" &
        until grep -qs 'tries again: File too large' "$1/said"; do sleep 0.1; done
        tail -c 1 "$1/events.json" | od -An -c | grep -qF '\n' || echo torn
        wc -l <"$1/events.json"
        prlimit --pid $! --fsize=unlimited:
        wait $!
        wc -l <"$1/events.json"
        wc -l <"$1/said""#;
    goes_on("timeout", &["60"], SCRIPT, &Dir::new("json-limit").0);
}

/// A client of a socket that a plugin is about to make.
fn client(path: &Path) -> UnixStream {
    (0..500)
        .find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            UnixStream::connect(path).ok()
        })
        .expect("a socket")
}

#[test]
fn a_client_of_json_that_stalls_or_leaves_within_an_object_takes_nothing_from_others() {
    const EVENTS: u32 = 20_000;
    let (dir, log) = (Dir::new("json-clients"), many(EVENTS));
    let path = dir.0.join("socket");
    let mut child = start(&["audisp-json", "--socket", path.to_str().expect("a plain name")]);
    let (reads, mut stalls, mut leaves) = (client(&path), client(&path), client(&path));
    let mut pipe = child.stdin.take().expect("its input");
    let has_read = Arc::new(AtomicUsize::new(0));
    let counter = has_read.clone();
    let reader = std::thread::spawn(move || {
        let mut objects = String::new();
        let mut lines = BufReader::new(reads);
        while lines.read_line(&mut objects).expect("a live socket") > 0 {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        objects
    });
    let leaver = std::thread::spawn(move || {
        let mut piece = [0; 300];
        leaves.read_exact(&mut piece).expect("a part of an object");
        assert!(!piece.contains(&b'\n'));
    });
    let (lines, mut sent): (Vec<&str>, usize) = (log.lines().collect(), 0);
    for part in lines.chunks(500) {
        pipe.write_all(format!("{}\n", part.join("\n")).as_bytes()).expect("it is read");
        sent += part.len();
        // Who cannot keep up for longer than 4096 events loses some by design; the reader is waited for.
        let since = std::time::Instant::now();
        while sent > has_read.load(Ordering::Relaxed) + 3000 {
            assert!(since.elapsed().as_secs() < 60, "the reader gets nothing");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
    drop(pipe);
    // That one stalls till here: it is told what it lost, and has the rest.
    let mut told = String::new();
    stalls.read_to_string(&mut told).expect("what waits for it");
    leaver.join().expect("the one that leaves");
    let serials = |objects: &str| -> Vec<u32> {
        let after = |rest: &str| rest.split(',').next().expect("a number").parse().expect("a number");
        objects.split("\"serial\":").skip(1).map(after).collect()
    };
    assert_eq!(serials(&reader.join().expect("the reader")), (0..EVENTS).collect::<Vec<_>>());
    let (_, lost) = told.split_once("\"cause\":\"queue full\",\"lost\":").expect("a GAP");
    let lost: usize = lost.split_once("}\n").expect("an end").0.parse().expect("a count");
    assert_eq!(serials(&told).len() + lost, EVENTS as usize);
    assert!(told.ends_with("}\n") && child.wait().expect("it ends").success());
}
