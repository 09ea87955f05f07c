//! Nothing that a watched program chooses can hide its event from ausearch or aureport, or pass for another field.
//!
//! The logs are made of values that look like fields. What each command must find is known from how its log was made, so no
//! second reader is needed to compare with. Only the encoding is borrowed from the kernel (audit_log_untrustedstring in
//! kernel/audit.c): text with a quote, a space or a control byte is written in hex, other text in quotes.

use crate::support::{Dice, Dir, applet, transcript};
use std::collections::BTreeMap;

/// What users and programs may call themselves, their files and their keys.
const NAMES: [&str; 38] = [
    "uid=0",
    "auid=1",
    "xuid=0",
    "/tmp/x=y",
    "/opt/v=1/ls",
    "a=b=c",
    "=",
    "==",
    "=x",
    "x=",
    "pid=1",
    "ppid=1",
    "exe=/bin/sh",
    "comm=\"sh\"",
    "key=\"exec\"",
    "a b",
    " uid=0 ",
    "a uid=0 pid=7 b",
    "\"",
    "\" uid=0",
    "'",
    "msg='uid=0",
    "x' res=failed'",
    "res=failed'",
    "success=no",
    "hostname=h,",
    "terminal=t",
    "acct=\"root\"",
    "6162",
    "DEADBEEF",
    "0",
    "nametype=PARENT",
    "avc:  denied  { x }",
    "a,b",
    "x)",
    "arch=c000003e syscall=59 ",
    "exit=0",
    "tty\u{1b}[2J=\n1",
];

/// What labels, terminals and hosts may be called: they are written as they are, so they have no spaces.
const BARE: [&str; 18] = [
    "uid=0",
    "xuid=0",
    "=uid=0",
    "a=b=uid=0",
    "\"x",
    "a=\"x",
    "msg='uid=0",
    "res=failed",
    "success=no",
    "key=\"x\"",
    "exe=\"/x\"",
    "acct=\"root\"",
    "hostname=h",
    "addr=1.2.3.4",
    "terminal=t",
    "tty=t",
    "pts/0",
    "6162",
];

fn written(value: &str) -> String {
    if !value.is_empty() && value.bytes().all(|b| (0x21..0x7f).contains(&b) && b != b'"') {
        return format!("\"{value}\"");
    }
    value.bytes().map(|b| format!("{b:02X}")).collect()
}

/// One event as it is meant.
struct Truth {
    serial: u64,
    values: BTreeMap<&'static str, Vec<String>>,
    uid: u32,
    success: bool,
}

struct Log {
    text: String,
    events: Vec<Truth>,
    _dir: Dir,
    path: String,
}

/// A log of system calls with their paths and denials, and of messages of users and of daemons that deny.
fn log(seed: u64, count: u64) -> Log {
    let (mut dice, mut text, mut events) = (Dice(seed), String::new(), Vec::new());
    for serial in 1..=count {
        let head =
            |kind: &str| format!("type={kind} msg=audit({}.{:03}:{serial}): ", 1_700_000_000 + serial, serial % 1000);
        let (uid, success) = (1000 + (serial % 3) as u32, dice.roll(2) == 0);
        let [comm, exe, key, name, cwd, acct] = std::array::from_fn(|_| dice.pick(&NAMES).to_string());
        let [subj, tty, host] = std::array::from_fn(|_| dice.pick(&BARE).to_string());
        let [comm_is, exe_is, key_is, name_is, cwd_is, acct_is] =
            [&comm, &exe, &key, &name, &cwd, &acct].map(|v| written(v));
        let mut values = BTreeMap::new();
        let mut known = |field, value: &[&String]| values.insert(field, value.iter().map(|v| v.to_string()).collect());
        let pid = serial.to_string();
        known("pid", &[&pid]);
        known("subject", &[&subj]);
        if serial % 5 == 3 {
            // As a daemon that keeps access vectors of its own writes it: in quotes, and never in hex.
            let path = name.replace(['"', '\n', '\u{1b}'], "");
            text += &format!(
                "{}pid={serial} uid={uid} auid=1000 ses=3 subj={subj} msg='avc:  denied  {{ send_msg }} for msgtype=method_call \
                 interface=\"{path}\" member=\"uid=0\" dest=:1.2 spid=900 scontext={subj} tcontext={subj} tclass=dbus \
                 exe=\"/usr/uid=0/bus\" sauid=81 hostname=? addr=? terminal=?'\n",
                head("USER_AVC"),
            );
            known("object", &[&subj]);
            let bus = "/usr/uid=0/bus".to_string();
            known("exe", &[&bus]);
            known("terminal", &[&"?".to_string()]);
            known("host", &[&"?".to_string()]);
            events.push(Truth { serial, values, uid, success: false });
            continue;
        }
        known("exe", &[&exe]);
        known("terminal", &[&tty]);
        if serial % 4 == 0 {
            text += &format!(
                "{}avc:  denied  {{ execute }} for  pid={serial} comm={comm_is} name={name_is} dev=\"vda1\" ino=5 \
                 scontext={subj} tcontext={subj} tclass=file permissive=1\n",
                head("AVC"),
            );
        }
        if serial % 2 == 0 {
            let (yes, exit) = if success { ("yes", 0) } else { ("no", -13) };
            text += &format!(
                "{}arch=c000003e syscall=59 success={yes} exit={exit} a0=1 a1=2 a2=3 a3=4 items=1 ppid=1 pid={serial} \
                 auid=1000 uid={uid} gid=5 euid={uid} suid=0 fsuid=0 egid=5 sgid=0 fsgid=0 tty={tty} ses=3 comm={comm_is} \
                 exe={exe_is} subj={subj} key={key_is}\n{}cwd={cwd_is}\n{}item=0 name={name_is} inode=1 dev=08:01 \
                 mode=0100644 ouid=0 ogid=0 rdev=00:00 obj={subj} nametype=NORMAL cap_fp=0\n",
                head("SYSCALL"),
                head("CWD"),
                head("PATH"),
            );
            known("comm", &[&comm]);
            known("key", &[&key]);
            known("object", &[&subj]);
            known("file", &[&name, &cwd]);
        } else {
            let result = if success { "success" } else { "failed" };
            let kind = ["USER_AUTH", "USER_LOGIN"][dice.roll(2)];
            text += &format!(
                "{}pid={serial} uid={uid} auid=1000 ses=3 subj={subj} msg='op=PAM:authentication acct={acct_is} exe={exe_is} \
                 hostname={host} addr=? terminal={tty} res={result}'\n",
                head(kind),
            );
            known("host", &[&host]);
            if kind == "USER_AUTH" {
                known("account", &[&acct]);
            }
        }
        events.push(Truth { serial, values, uid, success });
    }
    let dir = Dir::new("hostile");
    let path = dir.file("audit.log", &text);
    Log { text, events, _dir: dir, path }
}

impl Log {
    /// Standard output of a command on this log.
    fn run(&self, command: &str, words: &[&str]) -> String {
        let output = applet(command).args(["-if", &self.path]).args(words).output().expect("the binary runs");
        String::from_utf8(output.stdout).expect("output is text")
    }

    /// The lines of the events that one list has and the other has not.
    fn differing(&self, found: &[u64], wanted: &[u64]) -> Vec<&str> {
        let differs = |serial: u64| found.contains(&serial) != wanted.contains(&serial);
        let serial = |line: &str| line.split_once("): ").and_then(|(head, _)| head.rsplit(':').next()?.parse().ok());
        self.text.lines().filter(|line| serial(line).is_some_and(differs)).collect()
    }

    fn serials(&self, wanted: impl Fn(&Truth) -> bool) -> Vec<u64> {
        self.events.iter().filter(|event| wanted(event)).map(|event| event.serial).collect()
    }

    /// The events of which ausearch shows records, by their serials.
    fn found(&self, words: &[&str]) -> Vec<u64> {
        let output = self.run("ausearch", &[words, &["--raw"]].concat());
        let serial = |line: &str| line.split_once("): ")?.0.rsplit(':').next()?.parse().ok();
        let mut found: Vec<u64> = output.lines().filter_map(serial).collect();
        found.dedup();
        found
    }

    fn check(&self, words: &[&str], wanted: impl Fn(&Truth) -> bool) {
        let differing = self.differing(&self.found(words), &self.serials(wanted));
        assert!(differing.is_empty(), "ausearch {words:?} is wrong about:\n{}", differing.join("\n"));
    }

    fn shows_all(&self) -> bool {
        self.text.lines().count() == self.run("ausearch", &["--raw"]).lines().count()
    }
}

#[test]
fn every_search_for_a_text_finds_the_events_that_have_it_and_no_others() {
    const OPTIONS: [(&str, &str); 8] = [
        ("-x", "exe"),
        ("-c", "comm"),
        ("-k", "key"),
        ("-f", "file"),
        ("-tm", "terminal"),
        ("-hn", "host"),
        ("-su", "subject"),
        ("-o", "object"),
    ];
    let log = log(0x5EED, 160);
    assert!(log.shows_all());
    for (option, field) in OPTIONS {
        let values = log.events.iter().flat_map(|event| event.values.get(field).into_iter().flatten());
        let mut values: Vec<&String> = values.collect();
        values.sort();
        values.dedup();
        for value in values {
            let has = |event: &Truth| event.values.get(field).is_some_and(|all| all.contains(value));
            log.check(&["-w", option, value], has);
            let holds = |event: &Truth| {
                event.values.get(field).is_some_and(|all| all.iter().any(|v| v.contains(value.as_str())))
            };
            log.check(&[option, value], holds);
        }
    }
}

#[test]
fn every_search_for_a_number_or_a_result_finds_its_events() {
    let log = log(0xFEED, 240);
    for uid in [0, 1000, 1001, 1002] {
        log.check(&["-ui", &uid.to_string()], |event| event.uid == uid);
    }
    log.check(&["-ul", "1000"], |_| true);
    log.check(&["--session", "3"], |_| true);
    for (word, wanted) in [("yes", true), ("no", false)] {
        log.check(&["-sv", word], |event| event.success == wanted);
    }
    for serial in [1, 2, 7, 240] {
        log.check(&["-p", &serial.to_string()], |event| event.serial == serial);
    }
    log.check(&["-sc", "59"], |event| event.values.contains_key("comm"));
}

#[test]
fn every_report_lists_and_counts_all_events() {
    const REPORTS: [(&str, &str); 10] = [
        ("-x", "exe"),
        ("--comm", "comm"),
        ("-k", "key"),
        ("-f", "file"),
        ("-tm", "terminal"),
        ("-h", "host"),
        ("-au", "account"),
        ("-u", "pid"),
        ("-p", "pid"),
        ("-s", "comm"),
    ];
    let log = log(0xBEEF, 240);
    for (option, field) in REPORTS {
        let rows = log.run("aureport", &[option]);
        let listed: Vec<u64> = rows.lines().skip(5).filter_map(|row| row.rsplit(' ').next()?.parse().ok()).collect();
        let differing = log.differing(&listed, &log.serials(|event| event.values.contains_key(field)));
        assert!(differing.is_empty(), "aureport {option} is wrong about:\n{}", differing.join("\n"));
    }
    for (option, field) in [("-x", "exe"), ("--comm", "comm"), ("-k", "key"), ("-tm", "terminal"), ("-h", "host")] {
        let output = log.run("aureport", &[option, "--summary"]);
        let rows = output.lines().skip(5).filter_map(|row| row.split_once("  "));
        let counted: BTreeMap<String, u64> = rows.map(|(n, value)| (value.to_string(), n.parse().unwrap())).collect();
        let mut truth = BTreeMap::new();
        for value in log.events.iter().filter_map(|event| event.values.get(field)).flatten() {
            *truth.entry(value.replace('\u{1b}', "\\033").replace('\n', "\\012")).or_insert(0) += 1;
        }
        assert_eq!(counted, truth, "aureport {option} --summary");
    }
}

/// What network devices may be called. KERNEL: dev_valid_name in net/core/dev.c takes any byte but `/`, `:` and white space, and
/// fifteen of them; the record has them as they are.
const DEVICES: [&str; 16] = [
    "\u{1d}",
    "a\u{1d}",
    "a\u{1d}UID=\"root",
    "a\u{1d}UID=root",
    "a\u{1d}UID=\"root\"",
    "a\u{1d}AUID=\"",
    "\u{1d}A=\"\u{1d}\u{1d}",
    "\"\u{1d}",
    "'\u{1d}",
    "\"\u{1d}\"",
    "msg='\u{1d}A=B",
    "\u{1d}SADDR={",
    "\u{1d}auid=0",
    "\"x",
    "auid=0",
    "uid=0",
];

#[test]
fn no_device_hides_who_made_it_promiscuous() {
    let (mut dice, dir, mut text, mut devices) = (Dice(0xDE5), Dir::new("devices"), String::new(), Vec::new());
    for serial in 1..=200 {
        let mut device = dice.pick(&DEVICES).to_string() + dice.pick(&DEVICES) + dice.pick(&DEVICES);
        device.truncate(if serial < 50 { 15 } else { device.len() });
        let (auid, uid) = (1000 + serial, 2000 + serial);
        text += &format!(
            "type=ANOM_PROMISCUOUS msg=audit(1700000000.100:{serial}): dev={device} prom=256 old_prom=0 auid={auid} uid={uid} \
             gid={uid} ses={serial}"
        );
        text += ["", &format!("\u{1d}AUID=\"a{auid}\" UID=\"u{uid}\" GID=\"g{uid}\"")][dice.roll(2)];
        text.push('\n');
        devices.push(device);
    }
    let path = dir.file("audit.log", &text);
    let lines: Vec<&str> = text.lines().collect();
    let run = |command: &str, words: &[&str]| {
        let output = applet(command).args(["-if", &path]).args(words).output().expect("the binary runs");
        String::from_utf8(output.stdout).expect("output is text")
    };
    for (serial, line) in (1..).zip(&lines).step_by(3) {
        let number = |base: usize| (base + serial).to_string();
        for words in [["-ul", &number(1000)], ["-ui", &number(2000)], ["-gi", &number(2000)], ["--session", &number(0)]]
        {
            assert_eq!(run("ausearch", &[&words[..], &["--raw"]].concat()), format!("{line}\n"), "{words:?}");
        }
    }
    let rows = run("aureport", &["-n"]);
    let named = run("aureport", &["-n", "-i"]);
    let (shown, csv) = (run("ausearch", &["-i"]), run("ausearch", &["--format", "csv"]));
    let shown: Vec<&str> = shown.lines().filter(|line| *line != "----").collect();
    assert_eq!(
        (rows.lines().skip(5).count(), shown.len(), csv.lines().count()),
        (lines.len(), lines.len(), lines.len() + 1)
    );
    for (serial, (line, shown)) in (1..).zip(lines.iter().zip(shown)) {
        let has_names = line.contains(&format!("ses={serial}\u{1d}"));
        let name = |letter: &str, id: usize| if has_names { format!("{letter}{id}") } else { format!("unknown({id})") };
        let (auid, uid) = (name("a", 1000 + serial), name("u", 2000 + serial));
        let gid = name("g", 2000 + serial);
        let end = format!(" prom=yes old_prom=no auid={auid} uid={uid} gid={gid} ses={serial} ");
        assert!(shown.ends_with(&end), "{line:?}\n{shown:?}");
        let row = format!(" {auid} {serial}");
        assert!(named.lines().any(|line| line.ends_with(&row)), "{line:?}");
    }
}

/// The records of the two faults that this guards against, as they were met.
#[test]
fn a_failed_login_and_a_denial_are_not_hidden_by_names_in_them() {
    let dir = Dir::new("hidden");
    let auth = "type=USER_AUTH msg=audit(1700000035.280:35): pid=5 uid=0 auid=4294967295 ses=4294967295 msg='op=PAM:authentication \
        grantors=? acct=\"xuid=0\" exe=\"/usr/sbin/sshd\" hostname=203.0.113.9 addr=203.0.113.9 terminal=ssh res=failed'\n";
    let avc = "type=USER_AVC msg=audit(1700000036.280:36): pid=5 uid=1000 auid=1000 ses=3 subj=u:r:t:s0 msg='avc:  denied  { start } \
        for auid=1000 uid=1000 gid=1000 path=\"/usr/lib/systemd/system/uid=3\" cmdline=\"systemctl start uid=3\" scontext=a:b:c:s0 \
        tcontext=a:b:d:s0 tclass=service exe=\"/usr/euid=2\" sauid=0 hostname=? addr=? terminal=?'\n";
    let path = dir.file("audit.log", [auth, avc].concat());
    let run = |command: &str, words: &[&str]| {
        let output = applet(command).args(["-if", &path]).args(words).output().expect("the binary runs");
        String::from_utf8(output.stdout).expect("output is text")
    };
    assert!(run("aureport", &["-au"]).contains("xuid=0 203.0.113.9 ssh /usr/sbin/sshd no 35\n"));
    assert_eq!(run("ausearch", &["-ui", "0", "--raw"]), auth);
    assert_eq!(run("ausearch", &["-ui", "1000", "--raw"]), avc);
    assert_eq!(run("ausearch", &["-ua", "1000", "--raw"]), avc);
    assert_eq!(run("aureport", &["-u"]).lines().skip(5).count(), 2);
}

#[test]
fn a_quoted_value_that_ends_with_an_equals_sign_is_closed_by_its_quote() {
    let dir = Dir::new("equals-sign");
    let auth = "type=USER_AUTH msg=audit(1700000035.280:35): pid=5 uid=1000 auid=1000 ses=1 msg='op=login acct=\"x uid=0 \
        exe=/bin/true hostname=h terminal=t res=success a=\" exe=\"/usr/sbin/sshd\" hostname=192.0.2.4 addr=192.0.2.4 \
        terminal=ssh res=failed'\n";
    let path = dir.file("audit.log", auth);
    let run = |command: &str, words: &[&str]| {
        let output = applet(command).args(["-if", &path]).args(words).output().expect("the binary runs");
        String::from_utf8(output.stdout).expect("output is text")
    };
    assert!(run("aureport", &["-au"]).ends_with(" a= 192.0.2.4 ssh /usr/sbin/sshd no 35\n"));
    for words in [["-sv", "no"], ["-ui", "1000"], ["-x", "/usr/sbin/sshd"], ["-hn", "192.0.2.4"], ["-tm", "ssh"]] {
        assert_eq!(run("ausearch", &[&words[..], &["--raw"]].concat()), auth, "{words:?}");
    }
    for words in [["-sv", "yes"], ["-ui", "0"], ["-x", "/bin/true"], ["-hn", "h"]] {
        assert_eq!(run("ausearch", &[&words[..], &["--raw"]].concat()), "", "{words:?}");
    }
}

#[test]
fn the_longest_line_of_a_daemon_is_one_record() {
    let dir = Dir::new("longest-line");
    let node = "node=2001:db8:1111:2222:3333:4444:5555:6666 ";
    let head = format!("{node}type=USER msg=audit(1700000035.280:35): pid=1 text=");
    // What the reference reads as a record of its own begins 8969 bytes behind the line's beginning.
    let forged = "type=DAEMON_END msg=audit(1700000036.280:36): res=success";
    let long = [&head, &"x".repeat(8969 - head.len()), forged, " AUID=\"jane\"", "\n"].concat();
    let path = dir.file("audit.log", &long);
    let (file, pipe) = (["-if", &path, "--raw"], ["--raw"]);
    for (words, input) in [(&file[..], ""), (&pipe, long.as_str())] {
        let found = |kind| transcript(applet("ausearch").args(words).args(["-m", kind]), input).1;
        assert_eq!(found("DAEMON_END"), "");
        assert!(found("USER") == long, "one line, whole");
    }
}

#[test]
fn no_byte_of_a_log_moves_the_terminal_by_way_of_a_message() {
    let dir = Dir::new("hostile-messages");
    let id = "type=CWD msg=audit(1700000\u{1b}[31m000.999:5): cwd=\"/\"";
    let lines = format!(
        "{id}\nno record \u{1b}[2J\u{202e} at all\ntype=USER_LOGIN msg=audit(1700000000.123:6): uid=\u{1b}[2J\n"
    );
    let path = dir.file("a\u{1b}[2J.log", lines);
    for (command, words) in [("ausearch", &["--debug"][..]), ("aureport", &["--debug", "-l"]), ("aulast", &["--debug"])]
    {
        let input = if command == "aulast" { ["-f", &path] } else { ["-if", &path] };
        let said = applet(command).args(input).args(words).output().expect("the binary runs").stderr;
        let said = String::from_utf8(said).expect("messages are text");
        assert!(said.contains("\\033["), "{command}: {said:?}");
        assert!(!said.contains(['\u{1b}', '\u{202e}']), "{command}: {said:?}");
    }
}
