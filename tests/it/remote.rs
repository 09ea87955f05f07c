//! audisp-remote as a program: a collector on the loopback that answers, fails in every way, or is away; kills and new starts.

use crate::support::{BINARY, Dice, Dir};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const ACK: u32 = 0x4000_0000;
const ENDING: u32 = 0x4000_0001;
const DISK_LOW: u32 = 0x5000_0001;
const DISK_FULL: u32 = 0x6000_0001;

/// How one connection goes wrong, at its second record unless it says when.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// It is closed.
    Close,
    /// It is reset: what was sent is thrown away unread.
    Reset,
    /// The collector says that it goes away.
    Ending,
    /// The record cannot be stored.
    DiskFull,
    /// Nothing more is said.
    Silence,
    /// What is said is no answer.
    Garbage,
    /// The answer is one to another record.
    WrongSequence,
    /// Half of an answer, and the end.
    HalfAnswer,
    /// It is closed before anything was read.
    AtOnce,
    /// After so many answers nothing more is said, and all is read.
    Mute(u32),
}

/// A record as it came: its text, and whether it is marked as one that may have come before.
type Got = (String, bool);

fn reply(message_type: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let mut out = 0xff00_00fe_u32.to_le_bytes().to_vec();
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&message_type.to_le_bytes());
    out.extend_from_slice(&(body.len() as u16).to_le_bytes());
    out.extend_from_slice(&sequence.to_le_bytes());
    out.extend_from_slice(body);
    out
}

/// The next message: its type, its sequence, and the record. `None` at the end.
fn next(peer: &mut TcpStream) -> Option<(u32, u32, Got)> {
    let mut header = [0; 16];
    peer.read_exact(&mut header).ok()?;
    assert_eq!(header[..5], [0xfe, 0, 0, 0xff, 0], "a header");
    let word = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let mut body = vec![0; usize::from(u16::from_le_bytes([header[10], header[11]]))];
    peer.read_exact(&mut body).ok()?;
    Some((word(6), word(12), (String::from_utf8(body).expect("text"), header[5] == 1)))
}

/// A collector. Its first connections go wrong in these ways, the others do not.
struct Collector {
    port: u16,
    records: Receiver<Got>,
    thread: JoinHandle<()>,
}

impl Collector {
    fn start(faults: &[Fault]) -> Collector {
        Collector::on(listener().0, faults)
    }

    fn on(listener: TcpListener, faults: &[Fault]) -> Collector {
        let port = listener.local_addr().expect("its address").port();
        let (faults, (sender, records)) = (faults.to_vec(), channel());
        let thread = std::thread::spawn(move || {
            let mut faults = faults.into_iter();
            for peer in listener.incoming() {
                let mut peer = peer.expect("a connection");
                peer.set_nodelay(true).expect("an option");
                let fault = faults.next();
                if matches!(fault, Some(Fault::AtOnce)) {
                    continue;
                }
                let mut count = 0;
                while let Some((message_type, sequence, got)) = next(&mut peer) {
                    if message_type == 0 && sender.send(got).is_err() {
                        return;
                    }
                    count += u32::from(message_type == 0);
                    match fault {
                        Some(Fault::Mute(most)) if count > most => continue,
                        Some(fault) if count == 2 && !matches!(fault, Fault::Mute(_)) => {
                            go_wrong(fault, peer, sequence);
                            break;
                        }
                        _ => {}
                    }
                    // A byte at a time, as slow networks may bring it.
                    for byte in reply(ACK, sequence, b"") {
                        if peer.write_all(&[byte]).is_err() {
                            break;
                        }
                    }
                }
            }
        });
        Collector { port, records, thread }
    }

    /// So many different records, in the order in which they came first. All others must be marked.
    fn take(&self, count: usize) -> Vec<String> {
        let (mut order, mut seen) = (Vec::new(), BTreeMap::new());
        while order.len() < count {
            let (text, is_marked) = self.records.recv_timeout(Duration::from_secs(60)).expect("a record");
            let times = seen.entry(text.clone()).or_insert(0);
            *times += 1;
            assert!(*times == 1 || is_marked, "sent again without a mark: {text}");
            if *times == 1 {
                order.push(text);
            }
        }
        order
    }
}

fn go_wrong(fault: Fault, mut peer: TcpStream, sequence: u32) {
    let mut rest = Vec::new();
    match fault {
        Fault::Close => {}
        Fault::Reset | Fault::AtOnce | Fault::Mute(_) => return,
        Fault::Ending => drop(peer.write_all(&reply(ENDING, 0, b""))),
        Fault::DiskFull => drop(peer.write_all(&reply(DISK_FULL, sequence, b"disk full"))),
        Fault::Silence => drop(peer.read_to_end(&mut rest)),
        Fault::Garbage => drop(peer.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
        Fault::WrongSequence => drop(peer.write_all(&reply(ACK, sequence + 7, b""))),
        Fault::HalfAnswer => drop(peer.write_all(&reply(ACK, sequence, b"")[..9])),
    }
    let _ = peer.shutdown(Shutdown::Write);
    let _ = peer.read_to_end(&mut rest);
}

fn record(serial: usize) -> String {
    format!("type=USER_AUTH msg=audit(1700000000.000:{serial}): pid=7 uid=0 res=success\n")
}

fn records(serials: std::ops::Range<usize>) -> Vec<String> {
    serials.map(record).collect()
}

/// A port where nobody answers yet.
fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its address").port();
    (listener, port)
}

/// A port where nobody listens, and that nobody else gets: whoever has it makes it listen when it is to be heard.
fn silent() -> (TcpListener, u16) {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with};
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).expect("a socket");
    bind(&socket, &std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let listener = TcpListener::from(socket);
    let port = listener.local_addr().expect("its address").port();
    (listener, port)
}

/// Waits for something that comes to be.
fn until(what: &str, is: impl Fn() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A file with a mode.
fn file(dir: &Dir, name: &str, mode: u32, text: &str) -> String {
    let path = dir.file(name, text);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("its mode");
    path
}

/// A configuration that sends to this port of this machine.
fn config(dir: &Dir, port: u16, lines: &str) -> String {
    file(dir, "remote.conf", 0o640, &format!("remote_server = 127.0.0.1\nport = {port}\n{lines}"))
}

/// What `--check-config` says of a configuration: status, values, notes.
fn checked(path: &str) -> (Option<i32>, String, String) {
    let output = Command::new(BINARY).args(["audisp-remote", "--check-config", path]).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The lines of a configuration that keeps records in a file, and gives up soon.
fn forward(dir: &Dir, depth: usize) -> String {
    let file = dir.0.join("spool/remote.log");
    format!("mode = forward\nqueue_file = {}\nqueue_depth = {depth}\nmax_time_per_record = 1\n", file.display())
}

/// How many records wait, as the header of the queue's file says.
fn waiting(dir: &Dir) -> u32 {
    let bytes = std::fs::read(dir.0.join("spool/remote.log")).unwrap_or_default();
    bytes.get(28..32).map_or(0, |count| u32::from_be_bytes(count.try_into().expect("four bytes")))
}

struct Plugin {
    child: Child,
    input: Option<ChildStdin>,
}

impl Plugin {
    fn start(config: &str) -> Plugin {
        Plugin::reading(config, Stdio::piped())
    }

    /// One that reads from here.
    fn reading(config: &str, input: impl Into<Stdio>) -> Plugin {
        let mut command = Command::new(BINARY);
        command.args(["audisp-remote", config]);
        let mut child = command.stdin(input).stderr(Stdio::piped()).spawn().expect("the plugin starts");
        let input = child.stdin.take();
        Plugin { child, input }
    }

    fn give(&mut self, records: &[String]) {
        self.input.as_mut().expect("its input").write_all(records.concat().as_bytes()).expect("it reads");
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.child.id() as i32).expect("a pid");
        rustix::process::kill_process(pid, signal).expect("it runs");
    }

    /// Sends it a signal, and waits until it has read that: it does what it is told before it reads more of its input.
    fn tell(&self, signal: rustix::process::Signal) {
        self.signal(signal);
        let bit = 1_u64 << (signal.as_raw() - 1);
        until("the signal is read", || {
            let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
            let waiting = status.lines().find_map(|line| line.strip_prefix("ShdPnd:")).expect("a line of signals");
            u64::from_str_radix(waiting.trim(), 16).expect("a set of signals") & bit == 0
        });
    }

    /// Ends its input; its exit status and what it printed.
    fn end(mut self) -> (Option<i32>, String) {
        drop(self.input.take());
        let output = self.child.wait_with_output().expect("it ends");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

#[test]
#[ignore = "needs root"]
fn records_reach_a_collector_in_their_order() {
    let dir = Dir::new("remote-plain");
    let collector = Collector::start(&[]);
    // A name, which may have an address where nobody listens.
    let mut plugin = Plugin::start(&config(&dir, collector.port, "remote_server = localhost\n"));
    plugin.give(&records(0..500));
    assert_eq!(collector.take(500), records(0..500));
    plugin.give(&["type=EOE msg=audit(1700000000.000:1): \n".to_string()]);
    plugin.give(&records(500..501));
    assert_eq!(collector.take(1), records(500..501));
    assert_eq!(plugin.end().0, Some(0));
    assert!(!collector.thread.is_finished(), "the collector has met what it did not expect");
}

#[test]
#[ignore = "needs root"]
fn every_kind_of_loss_is_overcome_and_nothing_is_lost_or_repeated_without_a_mark() {
    let faults = [
        Fault::Close,
        Fault::Reset,
        Fault::Ending,
        Fault::Silence,
        Fault::Garbage,
        Fault::WrongSequence,
        Fault::HalfAnswer,
        Fault::AtOnce,
    ];
    for fault in faults {
        for mode in ["immediate", "forward"] {
            let dir = Dir::new("remote-fault");
            let collector = Collector::start(&[fault, fault]);
            let lines = if mode == "forward" { forward(&dir, 500) } else { "max_time_per_record = 1\n".to_string() };
            let mut plugin = Plugin::start(&config(&dir, collector.port, &lines));
            plugin.give(&records(0..200));
            assert_eq!(collector.take(200), records(0..200), "{fault:?} {mode}");
            let (status, said) = plugin.end();
            assert_eq!(status, Some(0), "{fault:?} {mode}: {said}");
        }
    }
}

#[test]
#[ignore = "needs root"]
fn a_collector_that_nobody_can_reach_does_not_keep_records_from_being_read() {
    let dir = Dir::new("remote-hole");
    // Its queue of connections is full, so that nothing answers at all.
    let (listener, port) = listener();
    rustix::net::listen(&listener, 0).expect("a short queue");
    let _first = TcpStream::connect(("127.0.0.1", port)).expect("the one place");
    let mut plugin = Plugin::start(&config(&dir, port, &forward(&dir, 5000)));
    let start = Instant::now();
    plugin.give(&records(0..5000));
    plugin.give(&records(5000..5001));
    assert!(start.elapsed() < Duration::from_secs(20), "records waited for the network");
    drop(_first);
    let collector = Collector::on(listener, &[Fault::AtOnce]);
    assert_eq!(collector.take(5000), records(0..5000));
    assert_eq!(plugin.end().0, Some(0));
}

#[test]
#[ignore = "needs root"]
fn a_kill_at_any_moment_loses_nothing_that_was_taken_and_repeats_nothing_without_a_mark() {
    const ROUNDS: usize = 20;
    let dir = Dir::new("remote-kill");
    let mut dice = Dice(20_261_127);
    // So many records are answered in each round, those that were on their way before among them, and the last one answers all.
    let answered: Vec<u32> = (0..ROUNDS).map(|_| dice.below(70) as u32).collect();
    let faults: Vec<Fault> = answered.iter().map(|count| Fault::Mute(*count)).collect();
    let collector = Collector::start(&faults);
    let path = config(&dir, collector.port, &forward(&dir, 2000).replace("max_time_per_record = 1\n", ""));
    let (mut given, mut waits) = (0, 0);
    for count in answered {
        let mut plugin = Plugin::start(&path);
        let more = 70 + dice.below(30) as u32;
        plugin.give(&records(given..given + more as usize));
        given += more as usize;
        // All is taken, and as much is answered as will be, when the file says so.
        waits = waits + more - count;
        until("the file says so", || waiting(&dir) == waits);
        plugin.kill();
    }
    let plugin = Plugin::start(&path);
    assert_eq!(collector.take(given), records(0..given));
    assert_eq!(plugin.end().0, Some(0), "the queue is empty in the end");
}

#[test]
#[ignore = "needs root"]
fn records_wait_in_the_file_while_the_collector_is_away() {
    let dir = Dir::new("remote-away");
    let (listener, port) = silent();
    let path = config(&dir, port, &forward(&dir, 100));
    for part in 0..3 {
        let mut plugin = Plugin::start(&path);
        plugin.give(&records(part * 10..part * 10 + 10));
        let (status, said) = plugin.end();
        assert_eq!(status, Some(1), "records are left: {said}");
        assert!(said.contains("Error connecting to 127.0.0.1: Connection refused"), "{said}");
    }
    let file = dir.0.join("spool/remote.log");
    let facts = std::fs::metadata(&file).expect("the queue's file");
    assert_eq!((facts.len(), facts.permissions().mode() & 0o777), (101 * 12288, 0o600));
    rustix::net::listen(&listener, 16).expect("it listens");
    let collector = Collector::on(listener, &[]);
    let plugin = Plugin::start(&path);
    assert_eq!(collector.take(30), records(0..30));
    assert_eq!(plugin.end().0, Some(0));
    assert_eq!(waiting(&dir), 0);
}

#[test]
#[ignore = "needs root"]
fn a_full_queue_drops_what_comes_last() {
    for action in ["ignore", "syslog", "suspend"] {
        let dir = Dir::new("remote-full");
        let collector = Collector::start(&[]);
        let lines = format!("{}overflow_action = {action}\n", forward(&dir, 10));
        // Somewhere else first, where nobody answers.
        let path = config(&dir, 1, &lines);
        let mut plugin = Plugin::start(&path);
        plugin.give(&records(0..50));
        let (status, said) = plugin.end();
        assert_eq!(status, Some(1));
        let expected = match action {
            "ignore" => 0,
            "syslog" => said.matches("queue is full - dropping event").count(),
            _ => said.matches("Audisp-remote is suspending event processing").count(),
        };
        assert_eq!(expected, usize::from(action != "ignore"), "{said}");
        assert!(said.contains("is exiting on stop request, queue_size: 10, records dropped: 40"), "{said}");
        config(&dir, collector.port, &lines);
        let plugin = Plugin::start(&path);
        assert_eq!(collector.take(10), records(0..10), "{action}");
        assert_eq!(plugin.end().0, Some(0));
    }
}

#[test]
#[ignore = "needs root"]
fn a_short_queue_loses_nothing_while_the_collector_takes_records() {
    for mode in ["immediate", "forward"] {
        let dir = Dir::new("remote-short");
        let collector = Collector::start(&[]);
        let lines = if mode == "forward" { forward(&dir, 40) } else { "queue_depth = 40\n".to_string() };
        let mut plugin = Plugin::start(&config(&dir, collector.port, &lines));
        let mut input = plugin.input.take().expect("its input");
        let writer = std::thread::spawn(move || input.write_all(records(0..3000).concat().as_bytes()));
        assert_eq!(collector.take(3000), records(0..3000), "{mode}");
        writer.join().expect("the writer").expect("it reads");
        let (status, said) = plugin.end();
        assert_eq!(status, Some(0), "{said}");
        assert!(!said.contains("queue is full"), "{said}");
    }
}

#[test]
#[ignore = "needs root"]
fn a_short_queue_loses_nothing_by_a_kill_while_the_collector_is_slow() {
    let dir = Dir::new("remote-slow");
    // What was not read is read by the next one: its input is the same pipe, or the same socket.
    let (pipe, pipe_writer) = rustix::pipe::pipe().expect("a pipe");
    let (socket, socket_writer) = std::os::unix::net::UnixStream::pair().expect("a pair");
    for (input, writer) in [(pipe, pipe_writer), (socket.into(), socket_writer.into())] {
        // The queue is full when nothing more is answered.
        let collector = Collector::start(&[Fault::Mute(7)]);
        let path = config(&dir, collector.port, &forward(&dir, 40).replace("max_time_per_record = 1\n", ""));
        let mut writer = std::fs::File::from(writer);
        writer.write_all(records(0..200).concat().as_bytes()).expect("it has room");
        let first = Plugin::reading(&path, input.try_clone().expect("another"));
        until("the queue is full", || waiting(&dir) == 40);
        std::thread::sleep(Duration::from_millis(100));
        first.kill();
        drop(writer);
        let second = Plugin::reading(&path, input);
        assert_eq!(collector.take(200), records(0..200));
        let (status, said) = second.end();
        assert_eq!(status, Some(0), "{said}");
    }
}

#[test]
#[ignore = "needs root"]
fn what_was_not_read_at_the_end_is_kept_as_far_as_it_has_room_and_counted() {
    for (depth, kept) in [(40, 40), (100, 93)] {
        let dir = Dir::new("remote-rest");
        let collector = Collector::start(&[Fault::Mute(7)]);
        let lines = forward(&dir, depth).replace("max_time_per_record = 1\n", "");
        let path = config(&dir, collector.port, &format!("{lines}overflow_action = halt\n"));
        let mut plugin = Plugin::start(&path);
        plugin.give(&records(0..100));
        until("what it holds is in its file", || waiting(&dir) == kept);
        plugin.signal(rustix::process::Signal::TERM);
        // Its input has not ended.
        let (input, (status, said)) = (plugin.input.take(), plugin.end());
        assert_eq!((status, waiting(&dir)), (Some(1), kept), "{said}");
        let dropped = 93 - kept;
        // Where nothing is dropped the last message is for the system log alone.
        let expected = format!("is exiting on stop request, queue_size: {kept}, records dropped: {dropped}");
        assert!((dropped == 0 || said.contains(&expected)) && !said.contains("halting the system"), "{said}");
        drop(input);
    }
}

#[test]
#[ignore = "needs root"]
fn a_damaged_queue_is_kept_aside_and_another_file_is_left_alone() {
    let dir = Dir::new("remote-damaged");
    let collector = Collector::start(&[]);
    let path = config(&dir, collector.port, &forward(&dir, 10));
    let mut queue = b"\0audisp-remote\0\0\0\0\0\x0a\0\0\x30\0\0\0\0\x0a\0\0\0\x01".to_vec();
    queue.resize(11 * 12288, 0);
    let file = dir.file("spool/remote.log", &queue);
    let mut plugin = Plugin::start(&path);
    plugin.give(&records(0..5));
    assert_eq!(collector.take(5), records(0..5));
    let (status, said) = plugin.end();
    assert_eq!(status, Some(0));
    assert!(said.contains(&format!("the queue file was damaged and is now {file}.damaged")), "{said}");
    assert!(std::fs::read(format!("{file}.damaged")).expect("it is kept") == queue);
    assert_eq!(checked(&path).0, Some(0), "it is a queue");
    dir.file("spool/remote.log", "a letter\n");
    let letter = || (std::fs::read(&file).expect("it is there"), std::fs::metadata(&file).expect("its facts").mode());
    let before = letter();
    let (status, said) = Plugin::start(&path).end();
    let expected =
        format!("Error initializing audit record queue: queue file {file}: this is no queue of audisp-remote");
    assert!(status == Some(1) && said.contains(&expected), "{said}");
    let (status, _, said) = checked(&path);
    assert!(status == Some(1) && said.contains(&expected), "{said}");
    assert_eq!(letter(), before);
}

#[test]
#[ignore = "needs root"]
fn two_of_them_do_not_share_a_queue() {
    let dir = Dir::new("remote-two");
    let collector = Collector::start(&[]);
    let path = config(&dir, collector.port, &forward(&dir, 10));
    let mut first = Plugin::start(&path);
    first.give(&records(0..1));
    assert_eq!(collector.take(1), records(0..1));
    let (status, said) = Plugin::start(&path).end();
    assert_eq!(status, Some(1));
    assert!(said.contains("another program has it locked"), "{said}");
    assert_eq!(first.end().0, Some(0));
}

#[test]
#[ignore = "needs root"]
fn a_hangup_reads_the_configuration_again() {
    let dir = Dir::new("remote-hup");
    let (first, second) = (Collector::start(&[]), Collector::start(&[]));
    let mut plugin = Plugin::start(&config(&dir, first.port, ""));
    plugin.give(&records(0..5));
    assert_eq!(first.take(5), records(0..5));
    config(&dir, second.port, "");
    plugin.tell(rustix::process::Signal::HUP);
    plugin.give(&records(5..10));
    // What the first one's answer had not come for goes to the second one too, with a mark.
    let mut got = Vec::new();
    while got.last() != Some(&record(9)) {
        got.extend(second.take(1));
    }
    assert!(got.ends_with(&records(5..10)), "{got:?}");
    config(&dir, second.port, "port = many\n");
    plugin.tell(rustix::process::Signal::HUP);
    plugin.give(&records(10..15));
    assert_eq!(second.take(5), records(10..15));
    let (status, said) = plugin.end();
    assert_eq!(status, Some(0));
    assert!(said.contains("Value many should only be numbers - line 3"), "{said}");
}

#[test]
#[ignore = "needs root"]
fn what_a_full_disk_has_suspended_goes_on_after_usr2() {
    let dir = Dir::new("remote-usr2");
    let collector = Collector::start(&[Fault::DiskFull]);
    let lines = [&forward(&dir, 20), "disk_full_action = suspend\n"].concat();
    let mut plugin = Plugin::start(&config(&dir, collector.port, &lines));
    plugin.give(&records(0..2));
    assert_eq!(collector.take(2), records(0..2));
    until("the first is stored", || waiting(&dir) == 1);
    plugin.give(&records(2..10));
    until("they are taken", || waiting(&dir) == 9);
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(collector.records.try_iter().count(), 0, "sending is suspended, also by the next time to try");
    plugin.signal(rustix::process::Signal::USR2);
    // The second one comes again, marked or not: the collector has said that it was not stored.
    let mut got = Vec::new();
    while got.last() != Some(&record(9)) {
        got.extend(collector.take(1));
    }
    assert_eq!(got, records(1..10));
    let (status, said) = plugin.end();
    assert_eq!(status, Some(0));
    assert!(said.contains("suspending remote logging due to "), "{said}");
}

#[test]
#[ignore = "needs root"]
fn usr2_does_not_wait_for_the_next_attempt() {
    let dir = Dir::new("remote-usr2-again");
    let (listener, port) = silent();
    // Two attempts are made at once, and the third one not before this test is over.
    let lines = [&forward(&dir, 20), "network_retry_time = 600\n"].concat();
    let mut plugin = Plugin::start(&config(&dir, port, &lines));
    plugin.give(&records(0..3));
    until("they are taken", || waiting(&dir) == 3);
    std::thread::sleep(Duration::from_millis(1500));
    rustix::net::listen(&listener, 16).expect("it listens");
    let collector = Collector::on(listener, &[]);
    plugin.signal(rustix::process::Signal::USR2);
    assert_eq!(collector.take(3), records(0..3));
    let (status, said) = plugin.end();
    assert_eq!(status, Some(0));
    assert_eq!(said.matches("Error connecting to 127.0.0.1: Connection refused").count(), 1, "{said}");
}

#[test]
#[ignore = "needs root"]
fn a_hangup_that_needs_what_was_given_up_says_so() {
    let dir = Dir::new("remote-hup-needs");
    let collector = Collector::start(&[]);
    let lines = "local_port = 1023\ndisk_full_action = exec /bin/true\n";
    for (first, expected) in [("", 1), (lines, 0)] {
        let mut plugin = Plugin::start(&config(&dir, collector.port, first));
        plugin.give(&records(0..1));
        assert_eq!(collector.take(1), records(0..1));
        config(&dir, collector.port, lines);
        plugin.tell(rustix::process::Signal::HUP);
        let (_, said) = plugin.end();
        for what in ["a local_port below 1024 needs", "the actions exec, single and halt need"] {
            assert_eq!(said.matches(&format!("{what} a restart of audisp-remote")).count(), expected, "{said}");
        }
    }
}

#[test]
#[ignore = "needs root"]
fn its_parent_ends_it_at_once_and_what_is_left_stays_in_the_file() {
    let dir = Dir::new("remote-term");
    let path = config(&dir, 1, &forward(&dir, 10));
    let mut plugin = Plugin::start(&path);
    plugin.give(&records(0..3));
    // Its parent is this process. It has taken what it was given when the file says so.
    until("they are taken", || waiting(&dir) == 3);
    plugin.signal(rustix::process::Signal::TERM);
    let output = plugin.child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    let collector = Collector::start(&[]);
    config(&dir, collector.port, &forward(&dir, 10));
    let plugin = Plugin::start(&path);
    assert_eq!(collector.take(3), records(0..3));
    assert_eq!(plugin.end().0, Some(0));
}

#[test]
#[ignore = "needs root"]
fn a_helper_is_run_with_what_has_happened() {
    let dir = Dir::new("remote-exec");
    let text = "#!/bin/sh\nread line && exit\necho \"$@\" >\"$0.new\"\nmv \"$0.new\" \"$0.said\"\n";
    let (helper, note) = (file(&dir, "helper", 0o750, text), dir.0.join("helper.said"));
    let lines = format!("startup_failure_action = exec {helper}\n");
    let mut plugin = Plugin::start(&config(&dir, 1, &lines));
    plugin.give(&records(0..1));
    until("the helper has run", || note.exists());
    let said = std::fs::read_to_string(&note).expect("the helper has run");
    assert_eq!(said, "First attempt at connecting to server unsuccessful\n");
    plugin.kill();
}

#[test]
#[ignore = "needs root"]
fn helpers_run_one_after_the_other_however_often_the_collector_asks_for_them() {
    let dir = Dir::new("remote-helpers");
    let text = "#!/bin/sh\necho begin >>\"$0.said\"\nsleep 0.1\necho end >>\"$0.said\"\n";
    let helper = file(&dir, "helper", 0o750, text);
    let (listener, port) = listener();
    let mut plugin = Plugin::start(&config(&dir, port, &format!("disk_low_action = exec {helper}\n")));
    plugin.give(&records(0..10));
    let (mut peer, _) = listener.accept().expect("a connection");
    for message_type in [DISK_LOW, ACK].repeat(5) {
        let (_, sequence, _) = next(&mut peer).expect("a record");
        peer.write_all(&reply(message_type, sequence, b"low")).expect("it listens");
    }
    let said = || std::fs::read_to_string(format!("{helper}.said")).unwrap_or_default();
    until("five have ended", || said().lines().count() >= 10);
    assert_eq!(said(), "begin\nend\n".repeat(5));
    assert_eq!(plugin.end().0, Some(0));
}

#[test]
#[ignore = "needs root"]
fn a_collector_that_falls_silent_is_noticed_without_a_record_to_send() {
    let dir = Dir::new("remote-heartbeat");
    let (listener, port) = listener();
    let mut plugin = Plugin::start(&config(&dir, port, "heartbeat_timeout = 1\nmax_time_per_record = 1\n"));
    plugin.give(&records(0..1));
    let (mut peer, _) = listener.accept().expect("a connection");
    let (_, first, _) = next(&mut peer).expect("the record");
    peer.write_all(&reply(ACK, first, b"")).expect("it listens");
    for sequence in [first + 1, first + 2] {
        assert_eq!(next(&mut peer), Some((1, sequence, (String::new(), false))), "a heartbeat");
        if sequence == first + 1 {
            peer.write_all(&reply(ACK, sequence, b"")).expect("it listens");
        }
    }
    let (mut again, _) = listener.accept().expect("another connection");
    assert_eq!(next(&mut again), Some((1, first + 3, (String::new(), false))), "and a heartbeat there");
    drop(again);
    assert_eq!(plugin.end().0, Some(0));
}

#[test]
#[ignore = "needs root"]
fn lines_alone_are_sent_when_that_is_asked_for() {
    let dir = Dir::new("remote-ascii");
    let (listener, port) = listener();
    let mut plugin = Plugin::start(&config(&dir, port, "format = ascii\n"));
    plugin.give(&records(0..100));
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        listener.accept().expect("a connection").0.read_to_string(&mut text).expect("text");
        text
    });
    assert_eq!(plugin.end().0, Some(0));
    assert_eq!(reader.join().expect("the reader"), records(0..100).concat());
}

#[test]
#[ignore = "needs root"]
fn it_sends_from_the_port_that_it_is_told_also_after_a_loss() {
    let dir = Dir::new("remote-port");
    let (_, free) = listener();
    let collector = Collector::start(&[Fault::Silence]);
    let lines = format!("local_port = {free}\nmax_time_per_record = 1\n");
    let mut plugin = Plugin::start(&config(&dir, collector.port, &lines));
    plugin.give(&records(0..5));
    assert_eq!(collector.take(5), records(0..5));
    let (status, said) = plugin.end();
    assert_eq!(status, Some(0), "{said}");
    assert!(!said.contains("in use"), "{said}");
}

#[test]
#[ignore = "needs root"]
fn a_configuration_that_is_wrong_ends_it_with_six_and_the_reason() {
    let dir = Dir::new("remote-config");
    for (text, reason) in [
        ("transport = tls\n", "transport = tls is not in this program"),
        ("transport = krb5\n", "Kerberos is not in this program"),
        ("queue_depth = 0\n", "Error - converted number (0) is too small - line 3"),
    ] {
        let (status, said) = Plugin::start(&config(&dir, 60, text)).end();
        assert_eq!(status, Some(6), "{said}");
        assert!(said.contains(reason), "{said}");
        // The file, the line and the key, whatever the reason says.
        let place = format!(
            "Refused: {}, line 3, key {}",
            dir.0.join("remote.conf").display(),
            text.split(' ').next().unwrap()
        );
        assert!(said.contains(&place), "{said}");
    }
    let (status, said) = Plugin::start("/nonexistent/remote.conf").end();
    assert_eq!(status, Some(6));
    assert!(said.contains("remote_server is not set: there is nowhere to send records"), "{said}");
}

#[test]
#[ignore = "needs root"]
fn a_check_shows_the_values_in_force_and_keys_that_protect_nothing() {
    let dir = Dir::new("remote-check");
    let (status, values, notes) = checked(&config(&dir, 60, "tls_psk_file = /etc/key\nmode = forward\n"));
    assert_eq!(status, Some(0), "{notes}");
    assert!(
        values.contains("remote_server = 127.0.0.1\nport = 60\n") && values.contains("\nmode = forward\n"),
        "{values}"
    );
    let expected = "Warning - tls_psk_file says nothing without transport = tls: nothing is encrypted - line 3 of ";
    assert!(notes.contains(expected), "{notes}");
    let (status, values, notes) = checked(&config(&dir, 60, "disk_low_action = syslog now\n"));
    assert_eq!((status, values.as_str()), (Some(6), ""), "{notes}");
    assert!(notes.contains("has invalid option \"now\" in line 3 of "), "{notes}");
}
