//! What becomes of every applet when standard output or standard error is full, closed, or has lost its reader.
//!
//! - Standard error decides nothing: same status, same output.
//! - Standard output decides for a command that only prints: status 1 and a message when it is full, the end of a C program
//!   by SIGPIPE when the reader has gone. A command that changes something keeps its status.
//!
//! The daemon and the loading of rules into a kernel are tried in a guest: tests/guest/streams.sh.

use crate::support::{BINARY, Dir};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};

const SIGPIPE: i32 = 13;

/// One command line of each kind. `LOG`, `RULES`, `GOOD`, `OTHER`, `ETC` and `LINKS` stand for paths of the test.
const LINES: [(&str, Purpose); 43] = [
    ("--list", Purpose::Print),
    ("--help", Purpose::Print),
    ("--version", Purpose::Print),
    ("auditbogus", Purpose::Print),
    ("--install LINKS", Purpose::Change),
    ("--install LINKS/missing", Purpose::Change),
    ("audisp-af_unix 0600 LOG/missing string", Purpose::Change),
    ("audisp-filter --check LOG/missing", Purpose::Change),
    ("audisp-json --view bogus", Purpose::Change),
    ("audisp-remote LOG/missing", Purpose::Change),
    ("audisp-remote --check-config LOG/missing", Purpose::Change),
    ("audisp-statsd", Purpose::Change),
    ("audisp-syslog LOG_BOGUS", Purpose::Change),
    ("auditctl", Purpose::Print),
    ("auditctl --help", Purpose::Print),
    ("auditctl --dry-run -R RULES", Purpose::Print),
    ("auditctl --dry-run -a always", Purpose::Print),
    ("auditctl --dry-run -v", Purpose::Print),
    ("auditctl --check --no-host GOOD", Purpose::Print),
    ("auditctl --convert GOOD", Purpose::Print),
    ("auditctl --diff GOOD OTHER", Purpose::Print),
    ("auditctl --explain GOOD arch=x86_64 syscall=openat path=/etc/passwd perm=w", Purpose::Print),
    ("auditd --help", Purpose::Print),
    ("auditd --version", Purpose::Print),
    ("auditd --bogus", Purpose::Print),
    ("auditd --check-config -c ETC", Purpose::Print),
    ("augenrules --bogus", Purpose::Print),
    ("augenrules --check", Purpose::Print),
    ("aulast --bogus", Purpose::Print),
    ("aulast -f LOG --proof", Purpose::Print),
    ("aulast -f LOG/missing", Purpose::Print),
    ("aulastlog --stdin", Purpose::Print),
    ("aulastlog --user no-such-account", Purpose::Print),
    ("aureport", Purpose::Print),
    ("aureport -if LOG -f -i", Purpose::Print),
    ("aureport -if LOG --summary -f", Purpose::Print),
    ("aureport --bogus", Purpose::Print),
    ("ausearch", Purpose::Print),
    ("ausearch -if LOG -i", Purpose::Print),
    ("ausearch -if LOG -k nothing", Purpose::Print),
    ("ausearch -if LOG/missing -m ALL", Purpose::Print),
    ("ausyscall x86_64 --dump", Purpose::Print),
    ("ausyscall ia64 0", Purpose::Print),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Purpose {
    Print,
    Change,
}

/// A stream that cannot be written.
#[derive(Clone, Copy, Debug)]
enum Broken {
    Full,
    ReaderGone,
}

impl Broken {
    fn stream(self) -> Stdio {
        match self {
            Broken::Full => File::options().write(true).open("/dev/full").expect("/dev/full").into(),
            Broken::ReaderGone => OwnedFd::from(UnixStream::pair().expect("two ends").0).into(),
        }
    }
}

/// The paths of one test, gone with it.
struct Place(Dir);

impl Place {
    fn new(name: &str) -> Place {
        let place = Dir::new(&format!("streams-{name}"));
        let event = |serial: u32| {
            let id = format!("msg=audit(1700000000.000:{serial}):");
            format!(
                "type=SYSCALL {id} arch=c000003e syscall=257 success=yes exit=3 pid=1 auid=1000 uid=0 exe=\"/bin/cat\"\n\
                 type=PATH {id} item=0 name=\"/etc/passwd\" inode=1 mode=0100644 ouid=0 ogid=0\n"
            )
        };
        // More than a pipe or a buffer takes.
        let boot = "type=SYSTEM_BOOT msg=audit(1700000001.000:1): pid=1 uid=0 auid=4294967295 ses=4294967295 msg='res=success'\n";
        place.file("log", (1..3000).map(event).collect::<String>() + boot);
        place.file("rules", "-w /etc/passwd -p wa -k identity\n-a always,exit -F bogus=1\n");
        place.file("good", "-w /etc/passwd -p wa -k identity\n");
        place.file("other", "-w /etc/shadow -p wa -k identity\n");
        place.file("auditd.conf", "flush = bogus\n");
        place.file("links/other", "");
        Place(place)
    }

    fn command(&self, line: &str) -> Command {
        let path = |name: &str| self.0.0.join(name).to_string_lossy().into_owned();
        let mut command = Command::new(BINARY);
        command.stdin(Stdio::null());
        command.args(line.split_whitespace().map(|word| match word.split('/').next() {
            Some("LOG") => word.replace("LOG", &path("log")),
            Some("RULES") => path("rules"),
            Some("GOOD") => path("good"),
            Some("OTHER") => path("other"),
            Some("LINKS") => word.replace("LINKS", &path("links")),
            Some("ETC") => path(""),
            _ => word.to_string(),
        }));
        command
    }

    fn run(&self, line: &str) -> Output {
        self.command(line).output().expect("the binary runs")
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Who complains: the applet, or the binary under its own name.
fn speaker(line: &str) -> &str {
    line.split(' ').next().filter(|word| !word.starts_with('-') && *word != "auditbogus").unwrap_or("auditbox")
}

#[test]
fn every_applet_is_tried() {
    let place = Place::new("list");
    for applet in text(&place.run("--list").stdout).lines() {
        assert!(LINES.iter().any(|(line, _)| speaker(line) == applet), "no line for {applet}");
    }
}

#[test]
fn standard_error_decides_nothing() {
    let place = Place::new("error");
    for (line, _) in LINES {
        let usual = place.run(line);
        for broken in [Broken::Full, Broken::ReaderGone] {
            let output = place.command(line).stderr(broken.stream()).output().expect("it runs");
            assert_eq!((output.status, text(&output.stdout)), (usual.status, text(&usual.stdout)), "{line} {broken:?}");
        }
    }
}

#[test]
fn full_standard_output_is_said_and_counts_for_what_only_prints() {
    let place = Place::new("full");
    for (line, purpose) in LINES {
        let usual = place.run(line);
        let output = place.command(line).stdout(Broken::Full.stream()).output().expect("it runs");
        let (mut status, mut complaints) = (usual.status.code(), text(&usual.stderr));
        if !usual.stdout.is_empty() {
            complaints += &format!("{}: cannot write: No space left on device\n", speaker(line));
            status = if purpose == Purpose::Print { status.max(Some(1)) } else { status };
        }
        assert_eq!((output.status.code(), text(&output.stderr)), (status, complaints), "{line}");
    }
}

#[test]
fn a_reader_that_has_gone_ends_what_only_prints_without_a_word() {
    let place = Place::new("gone");
    for (line, purpose) in LINES {
        let usual = place.run(line);
        let output = place.command(line).stdout(Broken::ReaderGone.stream()).output().expect("it runs");
        if usual.stdout.is_empty() || purpose == Purpose::Change {
            assert_eq!(output.status, usual.status, "{line}");
        } else {
            assert_eq!(output.status.signal(), Some(SIGPIPE), "{line}: {}", output.status);
        }
        assert_eq!(text(&output.stderr), text(&usual.stderr), "{line}");
    }
}

#[test]
fn closed_standard_output_counts_as_a_full_one_and_closed_standard_error_as_none() {
    let place = Place::new("closed");
    for (line, purpose) in LINES {
        let usual = place.run(line);
        let command = place.command(line);
        let closing = |close: &str| {
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("exec \"$@\" {close}"), "sh", BINARY]).args(command.get_args());
            shell.output().expect("the shell runs")
        };
        let (mut status, mut complaints) = (usual.status.code(), text(&usual.stderr));
        if !usual.stdout.is_empty() {
            complaints += &format!("{}: cannot write: Bad file descriptor\n", speaker(line));
            status = if purpose == Purpose::Print { status.max(Some(1)) } else { status };
        }
        let output = closing(">&-");
        assert_eq!((output.status.code(), text(&output.stderr)), (status, complaints), "{line} >&-");
        let output = closing("2>&-");
        assert_eq!((output.status, text(&output.stdout)), (usual.status, text(&usual.stdout)), "{line} 2>&-");
        assert_eq!(closing("<&- >&- 2>&-").status.code(), status, "{line} <&- >&- 2>&-");
    }
}

#[test]
fn closed_standard_input_is_no_empty_one() {
    let place = Place::new("no-input");
    for line in [
        "auditctl --dry-run -R -",
        "auditctl --dry-run -R - --atomic",
        "auditctl --check -",
        "auditctl --explain RULES",
        "auditctl --cost -if -",
        "aulast --stdin",
        "aulastlog --stdin",
    ] {
        let command = place.command(line);
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec \"$@\" <&-", "sh", BINARY]).args(command.get_args());
        let output = shell.output().expect("the shell runs");
        assert_ne!(output.status.code(), Some(0), "{line}");
        assert!(text(&output.stderr).contains("Bad file descriptor"), "{line}: {}", text(&output.stderr));
    }
}

#[test]
fn a_search_ends_soon_when_its_reader_goes_away_in_the_middle() {
    let place = Place::new("middle");
    let mut child = place.command("ausearch -if LOG -i").stdout(Stdio::piped()).spawn().expect("it runs");
    let mut first = [0; 10];
    let mut reader = child.stdout.take().expect("a pipe");
    std::io::Read::read_exact(&mut reader, &mut first).expect("output");
    drop(reader);
    assert_eq!(child.wait().expect("it ends").signal(), Some(SIGPIPE));
}
