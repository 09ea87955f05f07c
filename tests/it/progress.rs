//! How far a scan has come: a line on a terminal that leaves nothing on it, and what a search says of its way.

use crate::support::{Dir, applet, terminal};
use auditbox::event::Event;
use auditbox::query::predicate::Criteria;
use auditbox::trail::{Search, Sink, Trail, Tuning};
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep};
use std::time::Duration;

/// What a terminal has been sent so far.
struct Shown {
    text: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Shown {
    fn on(mut terminal: std::fs::File) -> Shown {
        let text = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&text);
        // The end is an error on a terminal: nobody holds its other side any more.
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = terminal.read(&mut buffer) {
                kept.lock().unwrap().extend_from_slice(&buffer[..read]);
            }
        });
        Shown { text, reader }
    }

    fn has(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.text.lock().unwrap()).contains(text)
    }

    /// All that was sent, once the other side is closed.
    fn end(self) -> String {
        self.reader.join().unwrap();
        String::from_utf8(Arc::into_inner(self.text).unwrap().into_inner().unwrap()).unwrap()
    }
}

/// The lines that stand on the terminal in the end: a carriage return goes back, and what follows overwrites.
fn screen(text: &str) -> Vec<String> {
    let (mut lines, mut column) = (vec![Vec::new()], 0);
    for character in text.chars() {
        let line = lines.last_mut().unwrap();
        match character {
            '\r' => column = 0,
            '\n' => {
                lines.push(Vec::new());
                column = 0;
            }
            other => {
                line.resize(line.len().max(column + 1), ' ');
                line[column] = other;
                column += 1;
            }
        }
    }
    let line = |line: &Vec<char>| line.iter().collect::<String>().trim_end().to_owned();
    let mut lines: Vec<String> = lines.iter().map(line).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

fn record(serial: u64, record_type: &str) -> String {
    format!(
        "type={record_type} msg=audit(1700000000.000:{serial}): pid=1 uid=0 auid=1000 ses=1 msg='op=x res=success'\n"
    )
}

/// Gives a scan more and more to read until it says how far it has come.
fn feed(child: &mut Child, shown: &Shown, said: &str) {
    let mut input = child.stdin.take().unwrap();
    let some: String = (1..3000).map(|serial| record(serial, "USER_CMD")).collect();
    for _ in 0..600 {
        input.write_all(some.as_bytes()).unwrap();
        if shown.has(said) {
            break;
        }
        sleep(Duration::from_millis(50));
    }
    assert!(shown.has(said), "no progress in all the time");
    input.write_all(record(5000, "USER_LOGIN").as_bytes()).unwrap();
}

#[test]
fn a_long_scan_shows_a_line_and_takes_it_away_before_its_output() {
    let (ours, theirs) = terminal(80);
    let shown = Shown::on(ours);
    let mut command = applet("ausearch");
    command.args(["-m", "USER_LOGIN", "--raw"]).stdin(Stdio::piped());
    command.stdout(theirs.try_clone().unwrap()).stderr(theirs);
    let mut child = command.spawn().unwrap();
    drop(command);
    feed(&mut child, &shown, " MiB read, ");
    assert!(child.wait().unwrap().success());
    // Before it stands what this machine's auditd.conf gives rise to.
    let screen = screen(&shown.end());
    assert_eq!(screen.last().unwrap(), record(5000, "USER_LOGIN").trim_end());
    assert!(screen.iter().all(|line| !line.contains("MiB")), "{screen:?}");
}

#[test]
fn the_line_is_no_part_of_output_and_fits_a_narrow_terminal() {
    let (ours, theirs) = terminal(20);
    let shown = Shown::on(ours);
    let dir = Dir::new("progress-output");
    let file = dir.file("output", "");
    let mut command = applet("aureport");
    command.args(["-l", "-i", "--format", "csv"]).stdin(Stdio::piped());
    command.stdout(std::fs::File::create(&file).unwrap()).stderr(theirs);
    let mut child = command.spawn().unwrap();
    drop(command);
    feed(&mut child, &shown, " MiB ");
    let status = child.wait().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(status.success() && text.lines().count() == 2 && !text.contains("MiB"), "{text}");
    let sent = shown.end();
    assert!(sent.split('\r').all(|line| line.len() < 20 || !line.contains("MiB")), "{sent:?}");
    assert!(screen(&sent).iter().all(|line| !line.contains("MiB")), "{sent:?}");
}

#[test]
fn a_long_scan_for_sessions_shows_a_line_too() {
    let (ours, theirs) = terminal(80);
    let shown = Shown::on(ours);
    let mut command = applet("aulast");
    command.args(["-f", "/dev/stdin"]).stdin(Stdio::piped());
    command.stdout(theirs.try_clone().unwrap()).stderr(theirs);
    let mut child = command.spawn().unwrap();
    drop(command);
    feed(&mut child, &shown, " MiB read, ");
    assert!(child.wait().unwrap().success());
    assert!(screen(&shown.end()).iter().all(|line| !line.contains("MiB")));
}

#[test]
fn a_scan_whose_output_goes_to_a_pipe_shows_none_nor_one_on_a_dumb_terminal() {
    let scan = |term: &str, output: Stdio| {
        let (ours, theirs) = terminal(80);
        let mut command = applet("ausearch");
        command
            .args(["-m", "USER_LOGIN", "--raw"])
            .env("TERM", term)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(theirs);
        (command.spawn().unwrap(), Shown::on(ours))
    };
    let mut scans = [scan("xterm", Stdio::piped()), scan("dumb", Stdio::null())];
    for serial in 0..15 {
        for (child, _) in &scans {
            let mut input = child.stdin.as_ref().unwrap();
            input.write_all(record(serial, "USER_CMD").repeat(3000).as_bytes()).unwrap();
        }
        sleep(Duration::from_millis(100));
    }
    scans.iter_mut().for_each(|(child, _)| drop(child.stdin.take()));
    for (child, shown) in scans {
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(1));
        assert!(!shown.end().contains("MiB"));
    }
}

#[test]
fn a_short_scan_and_one_without_a_terminal_show_none() {
    let dir = Dir::new("progress");
    let log = dir.file("audit.log", record(1, "USER_LOGIN"));
    let (ours, theirs) = terminal(80);
    let shown = Shown::on(ours);
    let mut command = applet("ausearch");
    command.args(["-if", &log, "--raw"]).stdout(Stdio::null()).stderr(theirs);
    assert!(command.status().unwrap().success());
    drop(command);
    assert!(!shown.end().contains("MiB"));
}

/// Keeps what is said of the way.
#[derive(Default)]
struct Way(Vec<(u64, Option<u64>)>);

impl Sink for Way {
    fn event(&mut self, event: Event) -> ControlFlow<(), Option<Event>> {
        ControlFlow::Continue(Some(event))
    }

    fn progress(&mut self, done: u64, all: Option<u64>) {
        self.0.push((done, all));
    }
}

#[test]
fn a_search_goes_from_nothing_to_all_whatever_way_it_takes() {
    let dir = Dir::new("way");
    let text: String = (1..20000).map(|serial| record(serial, "USER_CMD")).collect();
    let plain = dir.file("audit.log", &text);
    let packed = dir.file("audit.log.1", &text);
    assert!(std::process::Command::new("gzip").arg(&packed).status().unwrap().success());
    let packed = packed + ".gz";
    let size = |path: &str| std::fs::metadata(path).unwrap().len();
    for files in [vec![plain.clone()], vec![packed.clone()], vec![packed.clone(), plain.clone(), plain.clone()]] {
        let all = files.iter().map(|path| size(path)).sum();
        for (shortcuts, needs) in [(true, true), (true, false), (false, false)] {
            let kinds = if needs { vec![auditbox::record::RecordType(1112)] } else { Vec::new() };
            let criteria = Criteria { kinds, ..Criteria::default() };
            let tuning = Tuning { shortcuts, block: 64 << 10, ..Tuning::default() };
            let mut way = Way::default();
            let paths = files.iter().map(Into::into).collect();
            Trail::paths(paths).search(&Search { tuning, ..Search::new(&criteria, 2) }, Path::new(""), &mut way);
            assert!(way.0.len() > 2 && way.0.is_sorted(), "{:?}", way.0);
            assert!(way.0.iter().all(|(done, of)| *done <= all && *of == Some(all)), "{all}: {:?}", way.0);
            let (last, _) = way.0.last().unwrap();
            assert!(last * 10 >= all * 8, "it ends at {last} of {all}");
        }
    }
    let mut way = Way::default();
    let criteria = Criteria::default();
    Trail::buffer(text.as_bytes()).search(&Search::new(&criteria, 2), Path::new("memory"), &mut way);
    assert!(way.0.len() > 2 && way.0.iter().all(|(_, all)| all.is_none()), "{:?}", way.0);
}

#[test]
fn only_a_terminal_that_knows_colours_gets_some() {
    let dir = Dir::new("colours");
    let log = dir.file("audit.log", record(1, "USER_LOGIN"));
    let sent = |variables: [(&str, &str); 2]| {
        let (ours, theirs) = terminal(80);
        let shown = Shown::on(ours);
        let mut command = applet("aureport");
        command.args(["-if", &log, "-e", "--summary", "--bars"]).env_remove("NO_COLOR").envs(variables);
        assert!(command.stdout(theirs).status().unwrap().success());
        drop(command);
        shown.end()
    };
    for (variables, is_coloured) in [
        ([("TERM", "xterm"), ("NO_COLOR", "")], true),
        ([("TERM", "dumb"), ("NO_COLOR", "")], false),
        ([("TERM", "xterm"), ("NO_COLOR", "1")], false),
    ] {
        let text = sent(variables);
        assert!(text.contains("USER_LOGIN") || text.contains("1112"), "{text}");
        assert_eq!(text.contains('\x1B'), is_coloured, "{variables:?}: {text:?}");
    }
}
