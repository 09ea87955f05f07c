//! ausearch(8) as transcripts: command, standard output, status.

use crate::support::{Dir, applet, feed, transcript};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

const LOG: &str = "\
type=SYSCALL msg=audit(1700000000.100:11): arch=c000003e syscall=257 success=no exit=-13 a0=ffffff9c a1=7f a2=0 a3=0 items=1 \
ppid=7 pid=8 auid=1000 uid=1000 gid=1000 euid=1000 suid=1000 fsuid=1000 egid=1000 sgid=1000 fsgid=1000 tty=pts1 ses=3 \
comm=\"cat\" exe=\"/usr/bin/cat\" subj=unconfined key=\"secrets\"
type=CWD msg=audit(1700000000.100:11): cwd=\"/root\"
type=PATH msg=audit(1700000000.100:11): item=0 name=\"/etc/shadow\" inode=5 mode=0100640 nametype=NORMAL
type=PROCTITLE msg=audit(1700000000.100:11): proctitle=636174002F6574632F736861646F77
type=AVC msg=audit(1700000060.200:12): apparmor=\"DENIED\" operation=\"open\" profile=\"web\" name=\"/etc/passwd\" pid=9 comm=\"nginx\"
type=USER_LOGIN msg=audit(1700000120.300:13): pid=10 uid=0 auid=1000 ses=4 msg='op=login id=1000 exe=\"/usr/sbin/sshd\" \
hostname=? addr=192.0.2.1 terminal=ssh res=success'
";

/// A directory of its own with the log in it.
struct Place(Dir);

impl Place {
    fn new(name: &str) -> Place {
        let dir = Dir::new(&format!("ausearch-{name}"));
        dir.file("audit.log", LOG);
        Place(dir)
    }

    /// Runs ausearch here; `{log}` in a word is the log. Gives back standard output and status.
    fn run(&self, words: &[&str]) -> (String, i32) {
        let log = self.0.0.join("audit.log");
        let words = words.iter().map(|word| word.replace("{log}", log.to_str().unwrap()));
        let output = applet("ausearch").args(words).current_dir(&self.0.0).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
    }

    /// The serials of the events that are found in the log.
    fn serials(&self, words: &[&str]) -> Vec<u32> {
        let (out, _) = self.run(&[&["-if", "{log}", "--raw"], words].concat());
        let mut serials: Vec<u32> =
            out.lines().map(|line| line.split([':', ')']).nth(1).unwrap().parse().unwrap()).collect();
        serials.dedup();
        serials
    }
}

#[test]
fn every_criterion_finds_its_event() {
    let place = Place::new("criteria");
    for (words, expected) in [
        (&["-k", "secrets"][..], &[11][..]),
        (&["-k", "secret", "-w"], &[]),
        (&["-f", "shadow"], &[11]),
        (&["-f", "/root"], &[11]),
        (&["-f", "/etc/"], &[11, 12]),
        (&["-x", "/usr/"], &[11, 13]),
        (&["-c", "nginx"], &[12]),
        (&["-m", "AVC,USER_LOGIN"], &[12, 13]),
        (&["-m", "ALL"], &[11, 12, 13]),
        (&["-sv", "no"], &[11, 12]),
        (&["-sv", "yes"], &[13]),
        (&["-e", "-EACCES"], &[11]),
        (&["-sc", "257", "--arch", "b64"], &[11]),
        (&["-hn", "192.0.2"], &[13]),
        (&["-ul", "1000"], &[11, 13]),
        (&["-ui", "0"], &[13]),
        (&["-ui", "root", "-ui", "5"], &[13]),
        (&["-ua", "1000", "-ue", "root"], &[11, 13]),
        (&["-su", "web"], &[12]),
        (&["--session", "4"], &[13]),
        (&["-p", "9"], &[12]),
        (&["-a", "13"], &[13]),
        (&["-tm", "pts"], &[11]),
        (&["-ts", "11/14/23", "22:14:00"], &[12, 13]),
        (&["-ts", "2023-11-14", "22:14:00", "-te", "11/14/2023", "22:14:30"], &[12]),
        (&["-ts", "2023-11-14T22:14:00Z", "-te", "@1700000100"], &[12]),
        (&["-ts", "2023-11-14T23:14:00+01:00", "-te", "-1s"], &[12, 13]),
        (&["-ts", "@1700000060.200", "-te", "@1700000060.2"], &[12]),
        (&["-ts", "@1700000060.201"], &[13]),
        (&["-te", "2023-11-14T22:14:20.199Z"], &[11]),
        (&["-te", "2023-11-14T22:14:20Z"], &[11, 12]),
        (&["-ts", "-9999w"], &[11, 12, 13]),
        (&["--last", "10m"], &[]),
    ] {
        if words.contains(&"--arch") && !cfg!(target_arch = "x86_64") {
            continue;
        }
        assert_eq!(place.serials(words), expected, "{words:?}");
    }
}

#[test]
fn each_format_has_its_shape() {
    let place = Place::new("formats");
    let (raw, status) = place.run(&["-if", "{log}", "-r"]);
    assert_eq!((raw.as_str(), status), (LOG, 0));
    let (plain, _) = place.run(&["-if", "{log}", "-k", "secrets"]);
    let lines: Vec<&str> = plain.lines().collect();
    assert_eq!(lines[..3], ["----", "time->Tue Nov 14 22:13:20 2023", LOG.lines().nth(3).unwrap()]);
    let (words, _) = place.run(&["-if", "{log}", "-i", "-a", "12"]);
    assert!(words.starts_with("----\ntype=AVC msg=audit(11/14/23 22:14:20.200:12) : apparmor=DENIED "), "{words}");
    let (rows, _) = place.run(&["-if", "{log}", "--format", "csv"]);
    assert_eq!((rows.lines().count(), rows.starts_with("NODE,EVENT,DATE,TIME,")), (4, true));
    let (text, _) = place.run(&["-if", "{log}", "--format", "text", "-a", "11"]);
    assert!(text.starts_with("At 22:13:20 11/14/23 "), "{text}");
}

#[test]
fn a_pipe_is_read_when_nothing_else_is_named() {
    let output = feed(applet("ausearch").args(["-k", "secrets", "--raw"]), LOG.as_bytes());
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 4);
}

#[test]
fn a_search_goes_on_from_its_checkpoint() {
    let place = Place::new("checkpoint");
    let search = ["-if", ".", "--checkpoint", "point", "--raw"];
    assert_eq!(place.run(&search).0, LOG);
    assert_eq!(place.run(&search), (String::new(), 1));
    let more = "type=USER_END msg=audit(1700000180.000:14): pid=10 uid=0 auid=1000 ses=4 msg='op=end res=success'\n";
    append(&place.0.0.join("audit.log"), more);
    assert_eq!(place.run(&search), (more.into(), 0));
    fs::write(place.0.0.join("point"), "nonsense\n").unwrap();
    assert_eq!(place.run(&search).1, 10);
    assert_eq!(place.run(&["-if", ".", "--checkpoint", "no/such/place", "--raw"]).1, 11);
    // A pipe that nobody writes to is not waited for.
    let pipe = place.0.0.join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_eq!(place.run(&["-if", ".", "--checkpoint", "pipe", "--raw"]).1, 10);
}

#[test]
fn a_search_for_one_event_goes_on_after_that_one() {
    let place = Place::new("checkpoint-one");
    let search = ["-if", ".", "--checkpoint", "point", "--raw", "--just-one"];
    let mut found = String::new();
    loop {
        let (one, status) = place.run(&search);
        if status != 0 {
            assert_eq!((one.as_str(), status), ("", 1));
            break;
        }
        found += &one;
    }
    assert_eq!(found, LOG, "each event once, and none passed over");
}

#[test]
fn a_checkpoint_is_found_again_where_clocks_stepped_events_have_one_name_and_go_on_in_the_next_log() {
    let record = |kind: &str, second: u32, serial: u32, rest: &str| {
        format!("type={kind} msg=audit(17000000{second}.000:{serial}): {rest}\n")
    };
    let user = |second, serial, text: &str| {
        record("USER_END", second, serial, &format!("pid=1 uid=0 auid=0 ses=1 msg='op={text} res=success'"))
    };
    let all = [
        user(50, 1, "ahead"),
        // Newer ones stand before it, and others are called as it is.
        user(10, 2, "first"),
        user(11, 3, "between"),
        user(10, 2, "second"),
        user(12, 4, "after"),
        record("SYSCALL", 20, 5, "arch=c000003e syscall=59 success=yes pid=1"),
        record("CWD", 20, 5, "cwd=\"/\""),
        record("PROCTITLE", 20, 5, "proctitle=61"),
        user(30, 6, "last"),
    ];
    for cut in 0..=all.len() {
        let place = Place::new(&format!("checkpoint-again-{cut}"));
        let (old, new) = all.split_at(cut);
        place.0.file("audit.log.1", old.concat());
        place.0.file("audit.log", new.concat());
        let (whole, status) = place.run(&["-if", ".", "--checkpoint", "whole", "--raw"]);
        assert_eq!((status, whole.len()), (0, all.concat().len()));
        let mut found = String::new();
        for turn in 0.. {
            let (one, status) = place.run(&["-if", ".", "--checkpoint", "point", "--raw", "--just-one"]);
            found += &one;
            if status != 0 {
                assert_eq!((turn, status), (7, 1), "{cut}: {found}");
                break;
            }
            if turn == 3 {
                for (from, to) in [("audit.log.1", "audit.log.2"), ("audit.log", "audit.log.1")] {
                    fs::rename(place.0.0.join(from), place.0.0.join(to)).unwrap();
                }
                place.0.file("audit.log", "");
            }
        }
        assert_eq!(found, whole, "{cut}");
    }
    // The log before it has gone meanwhile, and with it the number.
    let place = Place::new("checkpoint-alone");
    place.0.file("audit.log.1", all[..7].concat());
    place.0.file("audit.log", all[8..].concat());
    let search = ["-if", ".", "--checkpoint", "point", "--raw"];
    assert_eq!(place.run(&search).1, 0);
    fs::remove_file(place.0.0.join("audit.log.1")).unwrap();
    let more = user(40, 7, "more");
    append(&place.0.0.join("audit.log"), &more);
    assert_eq!(place.run(&search), (more, 0));
}

fn append(path: &Path, text: &str) {
    fs::OpenOptions::new().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

#[test]
fn rotated_logs_are_read_oldest_first() {
    let place = Place::new("rotated");
    let (old, new) = LOG.split_at(LOG.find("type=CWD").unwrap());
    fs::write(place.0.0.join("audit.log.1"), old).unwrap();
    fs::write(place.0.0.join("audit.log"), new).unwrap();
    assert_eq!(place.run(&["-if", ".", "--raw"]), (LOG.into(), 0));
}

#[test]
fn what_cannot_be_is_refused_with_status_1() {
    let place = Place::new("refused");
    for words in [
        &["-q"][..],
        &["-k"],
        &["-p", "5x"],
        &["-ts", "13/45/2020"],
        &["-ts", "02/30/2020"],
        &["-ts", "now", "10:00", "-te", "02/01/2024", "10:00"],
        &["-ts", "-15m", "10:00"],
        &["--last", "-15m"],
        &["-m", "nosuch"],
        &["-i", "-r"],
        &["--extra-keys"],
        &["-if", "/no/such/file"],
    ] {
        assert_eq!(place.run(words), (String::new(), 1), "{words:?}");
    }
    assert_eq!(place.run(&["-if", "{log}", "-a", "99"]), (String::new(), 1));
    assert_eq!(place.run(&["-v"]), ("ausearch version 4.2.2\n".into(), 0));
    assert!(place.run(&[]).0.starts_with("usage: ausearch [options]\n"));
}

/// The serials of the events of `log` that are found.
fn serials_in(log: &str, words: &[&str]) -> Vec<u32> {
    let dir = Dir::new("ausearch-serials");
    let path = dir.file("other.log", log);
    let output = applet("ausearch").args(["-if", &path, "--raw"]).args(words).output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    output.lines().map(|line| line.split([':', ')']).nth(1).unwrap().parse().unwrap()).collect()
}

#[test]
fn the_name_of_a_call_is_that_of_each_record_s_own_machine() {
    let calls = [("c000003e", 59), ("40000003", 11), ("c00000b7", 221), ("40000003", 59)];
    let log: String = (1..)
        .zip(calls)
        .map(|(serial, (arch, number))| {
            format!("type=SYSCALL msg=audit(170000000{serial}.100:{serial}): arch={arch} syscall={number} success=yes pid=1 \n")
        })
        .collect();
    assert_eq!(serials_in(&log, &["-sc", "execve"]), [1, 2, 3]);
    assert_eq!(serials_in(&log, &["-sc", "execve", "--arch", "i386"]), [2]);
    assert_eq!(serials_in(&log, &["--arch", "i386", "-sc", "execve"]), [2]);
    assert_eq!(serials_in(&log, &["-sc", "oldolduname"]), [4]);
    assert_eq!(serials_in(&log, &["-sc", "59"]), [1, 4]);
    let (_, status) = Place::new("no-such-call").run(&["-if", "{log}", "--arch", "x86_64", "-sc", "oldolduname"]);
    assert_eq!(status, 1);
}

#[test]
fn unset_is_the_login_user_of_none_with_and_without_names_in_the_log() {
    let log = "\
type=USER_LOGIN msg=audit(1700000001.100:1): pid=1 uid=0 auid=4294967295 ses=1 msg='op=login exe=\"/x\" res=success'
type=USER_LOGIN msg=audit(1700000002.100:2): pid=1 uid=0 auid=4294967295 ses=1 msg='op=login exe=\"/x\" res=success'\x1DUID=\"root\" AUID=\"unset\"
type=USER_LOGIN msg=audit(1700000003.100:3): pid=1 uid=0 auid=424243 ses=1 msg='op=login exe=\"/x\" res=success'\x1DUID=\"root\" AUID=\"unset\"
";
    assert_eq!(serials_in(log, &["-ul", "unset"]), [1, 2]);
    assert_eq!(serials_in(log, &["-ul", "-1"]), [1, 2]);
    let log = "\
type=USER_LOGIN msg=audit(1700000001.100:1): pid=1 uid=4294967295 auid=5 ses=1 msg='op=login exe=\"/x\" res=success'
type=USER_LOGIN msg=audit(1700000002.100:2): pid=1 uid=0 auid=4294967295 ses=1 msg='op=login exe=\"/x\" res=success'
type=SYSCALL msg=audit(1700000003.100:3): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=0 ppid=1 pid=1 auid=5 uid=0 gid=0 euid=4294967295 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=1 comm=\"x\" exe=\"/x\" key=(null)
type=DAEMON_ROTATE msg=audit(1700000004.100:4): op=rotate-logs res=success
";
    assert_eq!(serials_in(log, &["-ui", "unset"]), [1]);
    assert_eq!(serials_in(log, &["-ul", "unset"]), [2]);
    assert_eq!(serials_in(log, &["-ue", "unset"]), [3]);
    assert_eq!(serials_in(log, &["-ua", "unset"]), [1, 2, 3]);
}

#[test]
fn unset_is_the_group_and_the_session_of_none() {
    let call = |serial: u32, ids: &str| {
        format!(
            "type=SYSCALL msg=audit(170000000{serial}.100:{serial}): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 \
             a3=4 items=0 ppid=1 pid=1 auid=5 uid=0 {ids} comm=\"x\" exe=\"/x\" key=(null)\n"
        )
    };
    let ids = |gid: &str, egid: &str, ses: &str| {
        format!("gid={gid} euid=0 suid=0 fsuid=0 egid={egid} sgid=0 fsgid=0 tty=pts0 ses={ses}")
    };
    let none = "4294967295";
    let log = [call(1, &ids(none, "0", "1")), call(2, &ids("0", none, "1")), call(3, &ids("0", "0", none))].concat();
    assert_eq!(serials_in(&log, &["-gi", "unset"]), [1]);
    assert_eq!(serials_in(&log, &["-ge", "unset"]), [2]);
    assert_eq!(serials_in(&log, &["-ga", "unset"]), [1, 2]);
    // Its number means the same.
    for (option, found) in [("-gi", &[1][..]), ("-ge", &[2]), ("-ga", &[1, 2]), ("--session", &[3])] {
        assert_eq!(serials_in(&log, &[option, none]), found, "{option}");
        assert_eq!(serials_in(&log, &[option, "unset"]), found, "{option}");
    }
    for words in [["--session", "-2"], ["-ul", "-2"], ["-ui", none], ["-ue", none], ["-ua", none]] {
        assert_eq!(serials_in(&log, &words), [0; 0], "{words:?}");
    }
}

#[test]
fn a_group_that_this_host_does_not_know_is_sought_among_the_names_of_the_log() {
    let call = |serial: u32, gid: u32, egid: u32, names: &str| {
        format!(
            "type=SYSCALL msg=audit(170000000{serial}.100:{serial}): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 \
             a3=4 items=0 ppid=1 pid=1 auid=5 uid=0 gid={gid} euid=0 suid=0 fsuid=0 egid={egid} sgid=0 fsgid=0 tty=pts0 ses=1 \
             comm=\"x\" exe=\"/x\" key=(null)\x1D{names}\n"
        )
    };
    let log = call(1, 424242, 0, "GID=\"dancers\" EGID=\"root\"")
        + &call(2, 0, 424242, "GID=\"root\" EGID=\"dancers\"")
        + &call(3, 424242, 424242, "GID=\"singers\" EGID=\"singers\"");
    assert_eq!(serials_in(&log, &["-gi", "dancers"]), [1]);
    assert_eq!(serials_in(&log, &["-ge", "dancers"]), [2]);
    assert_eq!(serials_in(&log, &["-ga", "dancers"]), [1, 2]);
    assert_eq!(serials_in(&log, &["-gi", "424242"]), [1, 3]);
}

#[test]
fn the_name_of_a_call_means_its_x32_call_too() {
    let call = |serial: u32, number: u32| {
        format!(
            "type=SYSCALL msg=audit(170000000{serial}.100:{serial}): arch=c000003e syscall={number} success=yes exit=0 a0=1 a1=2 \
             a2=3 a3=4 items=0 ppid=1 pid=1 auid=5 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=1 \
             comm=\"x\" exe=\"/x\" key=(null)\n"
        )
    };
    const X32: u32 = 0x4000_0000;
    let log = [call(1, 257), call(2, X32 + 257), call(3, 59), call(4, X32 + 520), call(5, 520)].concat();
    assert_eq!(serials_in(&log, &["-sc", "openat"]), [1, 2]);
    assert_eq!(serials_in(&log, &["-sc", "execve"]), [3, 4]);
}

#[test]
fn a_span_of_an_unknown_unit_names_what_is_taken() {
    for words in [["-ts", "-5x"], ["-te", "-7y"]] {
        let output = applet("ausearch").args(words).output().expect("the binary runs");
        let said = String::from_utf8(output.stderr).expect("text");
        assert!(said.contains(&words[1][1..]) && said.contains("Accepted: a number and s, m"), "{said}");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn a_result_that_is_neither_yes_nor_no_is_named() {
    let output = applet("ausearch").args(["-sv", "maybe"]).output().expect("the binary runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "Success must be 'yes' or 'no', was maybe\n");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_name_with_a_space_in_quotes_is_one_name() {
    let log = "type=USER_LOGIN msg=audit(1700000001.100:1): pid=1 uid=0 auid=424242 ses=1 msg='op=login res=success'\x1DUID=\"root\" AUID=\"jane doe\"\n";
    assert_eq!(serials_in(log, &["-ul", "jane doe"]), [1]);
}

#[test]
fn the_name_of_an_error_is_its_number_on_each_record_s_machine() {
    let call = |serial: u64, arch: &str, call: u32, exit: i32| {
        format!(
            "type=SYSCALL msg=audit(170000000{serial}.100:{serial}): arch={arch} syscall={call} success=no exit={exit} a0=1 a1=2 \
             a2=3 a3=4 items=0 ppid=1 pid=1 auid=5 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=1 \
             comm=\"x\" exe=\"/x\" key=(null)\n"
        )
    };
    // ECONNREFUSED is 111 on most machines, 146 on mips (little-endian o32: 40000008).
    let log =
        [call(1, "c000003e", 42, -111), call(2, "40000008", 4170, -146), call(3, "40000008", 4170, -111)].concat();
    assert_eq!(serials_in(&log, &["-e", "-ECONNREFUSED"]), [1, 2]);
    assert_eq!(serials_in(&log, &["-e", "-econnrefused"]), [1, 2]);
    assert_eq!(serials_in(&log, &["-e", "-111"]), [1, 3]);
    assert_eq!(serials_in(&log, &["-e", "ECONNREFUSED"]), [0u32; 0]);
    // Of a machine without a name only the common ones are known; io_uring's operations name none.
    let uring = "type=URINGOP msg=audit(1700000006.100:6): uring_op=16 success=no exit=-111 items=0 ppid=1 pid=1 uid=0 gid=0 \
        euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 subj=x key=(null)\n";
    let log = [&call(4, "deadbeef", 42, -111), &call(5, "deadbeef", 42, -13), uring].concat();
    assert_eq!(serials_in(&log, &["-e", "-ECONNREFUSED"]), [6]);
    assert_eq!(serials_in(&log, &["-e", "-EACCES"]), [5]);
    assert_eq!(serials_in(&log, &["-e", "-111"]), [4, 6]);
}

#[test]
fn a_number_that_does_not_fit_is_nobody_s_id() {
    let call = |serial: u64, uid: &str, ses: &str| {
        format!(
            "type=SYSCALL msg=audit(170000000{serial}.100:{serial}): arch=c000003e syscall=2 success=yes exit=0 a0=0 a1=0 a2=0 a3=0 items=0 \
             ppid=1 pid=7 auid={uid} uid={uid} gid={uid} euid=9 suid=9 fsuid=9 egid=9 sgid=9 fsgid=9 tty=pts0 ses={ses} comm=\"x\" \
             exe=\"/x\" key=(null)\n"
        )
    };
    let login = "type=USER_LOGIN msg=audit(1700000004.100:4): pid=4294967303 uid=4294967296 auid=4294967296 ses=4294967297 \
                 msg='op=login id=4294967296 exe=\"/x\" hostname=? addr=? terminal=tty1 res=success'\n";
    let log = [&call(1, "4294967296", "4294967297"), &call(2, "0", "1"), &call(3, "4294967301", "42949672961"), login]
        .concat();
    for (wanted, found) in [
        ("-ui 0", &[2][..]),
        ("-ul 0", &[2]),
        ("-gi 0", &[2]),
        ("-ui 5", &[]),
        ("--session 1", &[2]),
        ("-p 7", &[1, 2, 3]),
    ] {
        let words: Vec<&str> = wanted.split(' ').collect();
        assert_eq!(serials_in(&log, &words), found, "{wanted}");
    }
    let dir = Dir::new("no-id");
    let path = dir.file("audit.log", login);
    for (format, told) in [
        ("interpret", " id=conversion error(4294967296) "),
        ("text", " conversion error(4294967296) successfully logged-in "),
    ] {
        let output = applet("ausearch").args(["-if", &path, "--format", format]).output().unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        assert!(output.contains(told) && !output.contains("root"), "{format}: {output}");
    }
    let output = applet("aureport").args(["-l", "-i", "-if", &path]).output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    assert!(output.ends_with(" unset ? tty1 /x yes 4\n"), "{output}");
}

#[test]
fn constants_of_records_without_a_machine_are_those_of_their_event_s_call() {
    let dir = Dir::new("event-machine");
    let event = |serial: u64, arch: &str, call: u32| {
        format!(
            "type=MMAP msg=audit(170000000{serial}.100:{serial}): fd=3 flags=0x802\n\
             type=SYSCALL msg=audit(170000000{serial}.100:{serial}): arch={arch} syscall={call} success=yes exit=0 a0=0 a1=1000 a2=1 \
             a3=802 items=0 ppid=1 pid=1 auid=5 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=1 \
             comm=\"x\" exe=\"/x\" key=(null)\n"
        )
    };
    let log = [event(1, "40000008", 4090), event(2, "c000003e", 9)].concat();
    let log = log
        + "type=ANOM_ABEND msg=audit(1700000004.100:4): auid=5 uid=0 gid=0 ses=1 pid=1 comm=\"x\" exe=\"/x\" sig=16 res=1\n";
    let path = dir.file("audit.log", &log);
    let output = applet("ausearch").args(["-if", &path, "-i"]).output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let flags: Vec<&str> =
        output.lines().filter_map(|line| line.split_once(" flags=").map(|(_, flags)| flags.trim())).collect();
    assert_eq!(flags, ["MAP_PRIVATE|MAP_ANONYMOUS", "MAP_PRIVATE|MAP_DENYWRITE"], "{output}");
    assert!(output.contains(" sig=SIGSTKFLT "), "one without a call is of this machine: {output}");
}

#[test]
fn a_user_unknown_to_this_host_is_sought_among_the_names_in_the_log() {
    let log = "\
type=USER_LOGIN msg=audit(1700000001.100:1): pid=1 uid=0 auid=424242 ses=1 msg='op=login exe=\"/x\" res=success'\x1DUID=\"root\" AUID=\"jane\"
type=USER_LOGIN msg=audit(1700000002.100:2): pid=1 uid=424242 auid=0 ses=1 msg='op=login exe=\"/x\" res=success'\x1DUID=\"jane\" AUID=\"root\"
type=USER_LOGIN msg=audit(1700000003.100:3): pid=1 uid=0 auid=424243 ses=1 msg='op=AUID=\"jane\" res=success'\x1DUID=\"root\" AUID=\"eve\"
";
    assert_eq!(serials_in(log, &["-ul", "jane"]), [1]);
    assert_eq!(serials_in(log, &["-ui", "jane"]), [2]);
    assert_eq!(serials_in(log, &["-ul", "nobody-of-that-name"]), [0u32; 0]);
}

/// The serials of what is found, in their order, what is said, and the status.
fn found(input: &str, options: &[&str]) -> (Vec<u64>, String, Option<i32>) {
    let output = applet("ausearch").args(["--raw", "-if", input]).args(options).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let serial = |line: &str| line.split([':', ')']).nth(1).and_then(|serial| serial.parse().ok());
    (
        text.lines().filter_map(serial).collect(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
        output.status.code(),
    )
}

fn login(serial: u64) -> String {
    format!(
        "type=USER_AUTH msg=audit({}.000:{serial}): pid=1 uid=0 auid=0 msg='op=x res=success'\n",
        1_700_000_000 + serial
    )
}

#[test]
fn compressed_logs_are_read_at_their_place() {
    let dir = Dir::new("ausearch-compressed");
    dir.file("audit.log", login(9));
    for (name, serials, program) in [
        ("audit.log.1", 8..9, ""),
        ("audit.log.2", 6..8, "gzip"),
        ("audit.log.3", 5..6, "xz"),
        ("audit.log.10", 1..5, "bzip2"),
    ] {
        let path = dir.file(name, serials.map(login).collect::<String>());
        if !program.is_empty() {
            assert!(std::process::Command::new(program).arg(&path).status().unwrap().success());
        }
    }
    let place = dir.0.to_str().unwrap();
    let (serials, stderr, status) = found(place, &[]);
    assert_eq!((serials, status), ((1..10).collect(), Some(0)), "{stderr}");
    assert_eq!(found(place, &["-a", "6"]).0, [6]);
    assert_eq!(found(place, &["-ts", "@1700000004", "-te", "@1700000006"]).0, [4, 5, 6]);
    assert_eq!(found(dir.0.join("audit.log.10.bz2").to_str().unwrap(), &["-m", "USER_AUTH"]).0, [1, 2, 3, 4]);
    let output = applet("aureport").args(["-if", place, "-au"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 14);
}

#[test]
fn what_belongs_to_a_log_by_its_name_is_read_or_named() {
    let dir = Dir::new("ausearch-members");
    let place = dir.0.to_str().unwrap();
    dir.file("audit.log", login(9));
    for (name, serial) in [("audit.log.2", 7), ("audit.log.4.gz", 5), ("audit.log-20231101", 4)] {
        dir.file(name, login(serial));
    }
    let old = dir.file("audit.log-20231001", login(3));
    assert!(std::process::Command::new("xz").args(["--format=lzma", &old]).status().unwrap().success());
    // A number that is missing, names that others than auditd give, and text with the name of something compressed.
    assert_eq!(found(place, &[]), (vec![3, 4, 5, 7, 9], found(place, &[]).1, Some(0)));
    assert!(!found(place, &["-k", "none"]).1.contains("left out"));
    assert_eq!(found(place, &["-k", "none"]).2, Some(1));

    // What no rotation names so is named, and makes no answer less than whole, unless it begins as a log does.
    dir.file("audit.log.6.txt", login(2));
    let foreign = ["audit.log.bak", "audit.log.2.sha256"].map(|name| dir.file(name, login(8).replace("audit(", "")));
    let said = foreign.map(|path| format!("{path} was left out: "));
    let (all, none) = (found(place, &[]), found(place, &["-k", "none"]));
    assert_eq!((all.0, all.2, none.2), (vec![2, 3, 4, 5, 7, 9], Some(0), Some(1)));
    let json = applet("ausearch").args(["-if", place, "-k", "none", "--format", "json"]).output().unwrap();
    let sessions = applet("aulast").args(["-f", place]).output().unwrap();
    assert_eq!((json.stdout, json.status.code(), sessions.status.code()), (vec![], Some(1), Some(0)));
    for text in [all.1, none.1, String::from_utf8(json.stderr).unwrap(), String::from_utf8(sessions.stderr).unwrap()] {
        assert!(said.iter().all(|said| text.contains(said)), "{text}");
    }

    // Nor one that a program unknown here may have compressed: what it holds was not searched.
    let lzip = dir.0.join("audit.log.7.lz");
    std::fs::write(&lzip, b"LZIP\x01\x0c\x00\xff\x83").unwrap();
    assert_eq!((found(place, &[]).2, found(place, &["-k", "none"]).2), (Some(0), Some(2)));
    std::fs::remove_file(lzip).unwrap();

    std::fs::create_dir(dir.0.join("audit.log.1")).unwrap();
    let torn = dir.file("audit.log.3.gz", "this was gzip's");
    dir.file("audit.log.2.gz", "");
    let reasons = [
        format!("{torn} could not be read to its end: gzip failed"),
        format!("{place}/audit.log.2.gz was left out: another of its number or date is read"),
        format!("{place}/audit.log.1 was left out: Is a directory"),
    ];
    let said = |program: &str, output: std::process::Output| {
        let text = String::from_utf8(output.stderr).unwrap();
        for reason in &reasons {
            assert_eq!(text.matches(&format!("{program}: {reason}\n")).count(), 1, "{program}: {text}");
        }
        (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
    };
    let search =
        |words: &[&str]| said("ausearch", applet("ausearch").args(["-if", place]).args(words).output().unwrap());
    assert_eq!((search(&[]).1, search(&["-k", "none"]).1), (0, 2));
    let (gaps, status) = search(&["--format", "json", "-k", "none"]);
    let gap = |cause: &str, name: &str| {
        format!("{{\"v\":1,\"type\":\"GAP\",\"cause\":\"{cause}\",\"file\":\"{place}/{name}\"}}\n")
    };
    let expected =
        gap("left out", "audit.log.2.gz") + &gap("left out", "audit.log.1") + &gap("compressed", "audit.log.3.gz");
    assert_eq!((gaps, status), (expected, 2));
    assert_eq!(said("aureport", applet("aureport").args(["-if", place, "--tty"]).output().unwrap()).1, 2);
    assert_eq!(said("aulast", applet("aulast").args(["-f", place]).output().unwrap()).1, 2);
}

#[test]
fn a_carriage_return_before_the_newline_is_part_of_no_value() {
    let text = [
        "type=BPF msg=audit(1700000000.100:1): prog-id=5 op=LOAD",
        "type=USER_LOGIN msg=audit(1700000001.100:2): pid=1 uid=0 auid=5 ses=1 msg='op=login id=5 exe=\"/s\" hostname=? \
         addr=? terminal=ssh res=success'\x1dUID=\"root\" AUID=\"jane\" ID=\"jane\"",
        "type=ANOM_PROMISCUOUS msg=audit(1700000002.100:3): dev=eth0 prom=256 old_prom=0 auid=5 uid=0 gid=0 ses=1\x1dAUID=\"jane\"",
        "type=SYSCALL msg=audit(1700000003.100:4): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=0 \
         ppid=1 pid=2 auid=5 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=1 comm=\"a\" exe=\"/a\" \
         key=\"k\"\x1dARCH=x86_64 SYSCALL=execve AUID=\"jane\" UID=\"root\"",
        "type=CWD msg=audit(1700000003.100:4): cwd=\"/\"",
    ];
    let dir = Dir::new("ausearch-returns");
    let (unix, dos) = (dir.file("unix.log", text.map(|line| line.to_owned() + "\n").concat()), dir.0.join("dos.log"));
    std::fs::write(&dos, text.map(|line| line.to_owned() + "\r\n").concat()).unwrap();
    let shown = |log: &str, words: &[&str]| {
        let output = applet(words[0]).args(&words[1..]).args(["-if", log]).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code())
    };
    let dos = dos.to_str().unwrap();
    for words in [
        &["ausearch", "-i"][..],
        &["ausearch"],
        &["ausearch", "--format", "text"],
        &["ausearch", "--format", "csv", "--extra-keys"],
        &["ausearch", "-ul", "jane", "-sv", "yes"],
        &["aureport", "-k", "-l", "-i", "-x", "-tm"],
    ] {
        assert_eq!(shown(dos, words), shown(&unix, words), "{words:?}");
    }
    // As they stand in the log, but that all records of an event are alike in having names.
    let raw = shown(&unix, &["ausearch", "--raw"]).0;
    let raw: Vec<_> = raw.lines().collect();
    let expected: Vec<_> = text[..3].iter().map(|line| line.to_string() + "\r").collect();
    assert_eq!(raw[3..], [text[3].to_string(), text[4].to_string() + "\x1d"]);
    let of_dos = shown(dos, &["ausearch", "--raw"]).0;
    assert_eq!(of_dos.split_terminator('\n').take(3).collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_compressed_is_read_from_standard_input_too() {
    let dir = Dir::new("ausearch-packed-stdin");
    let all: String = (1..4).map(login).chain(["no record\n".into()]).collect();
    let path = dir.file("a.log", &all);
    assert!(std::process::Command::new("gzip").arg(&path).status().unwrap().success());
    let packed = std::fs::read(path + ".gz").unwrap();
    let run = |words: &[&str], input: &[u8]| {
        let mut command = applet(words[0]);
        command.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr), output.status.code())
    };
    let (shown, said, status) = run(&["ausearch", "--raw"], &packed);
    assert_eq!(shown, (1..4).map(login).collect::<String>());
    assert!(said.ends_with(" of /dev/stdin\n"), "{said}");
    assert_eq!(
        run(&["ausearch", "--raw"], all.as_bytes()),
        (shown, said, status),
        "no other name where it is not compressed"
    );
    assert_eq!(run(&["aureport", "-au"], &packed).0.lines().count(), 8);
    let bad = run(&["aulast", "--stdin", "--bad"], &packed);
    assert_eq!(bad.2, Some(0), "{bad:?}");
    let (shown, said, status) = run(&["ausearch", "--raw"], &packed[..packed.len() / 2]);
    let ending = "ausearch: /dev/stdin could not be read to its end: gzip failed\n";
    assert!(said.ends_with(ending) && (shown.is_empty() == (status == Some(2))), "{said} {status:?}");
    assert_eq!(run(&["ausearch", "-k", "none"], b"\x1F\x8B\x08\0rest").2, Some(2));
}

#[test]
fn a_directory_of_rotated_logs_alone_is_read() {
    let dir = Dir::new("ausearch-rotated-alone");
    let place = dir.0.to_str().unwrap();
    let (_, stderr, status) = found(place, &[]);
    assert!(status == Some(1) && stderr.ends_with("audit.log (No such file or directory)\n"), "{stderr}");
    let packed = dir.file("audit.log.1", login(1));
    assert!(std::process::Command::new("gzip").arg(&packed).status().unwrap().success());
    assert_eq!((found(place, &[]).0, found(place, &[]).2), (vec![1], Some(0)));
    dir.file("audit.log.2", login(7));
    dir.file("audit.log.3", login(6));
    assert_eq!(found(place, &[]).0, [6, 7, 1]);
    let output = applet("aulast").args(["-f", place]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn a_checkpoint_skips_no_compressed_log_and_says_when_its_log_is_gone() {
    let dir = Dir::new("ausearch-checkpoint-compressed");
    let (place, checkpoint) = (dir.0.to_str().unwrap(), dir.0.join("checkpoint"));
    dir.file("audit.log", login(9));
    dir.file("audit.log.1", login(8));
    dir.file("audit.log.3", login(6));
    let packed = dir.file("audit.log.2", login(7));
    assert!(std::process::Command::new("gzip").arg(&packed).status().unwrap().success());
    let words = ["--checkpoint", checkpoint.to_str().unwrap()];
    assert_eq!(found(place, &[&words[..], &["--just-one"]].concat()).0, [6]);
    assert_eq!(found(place, &words).0, [7, 8, 9]);
    // What is older than the log of the checkpoint is not asked for.
    std::fs::create_dir(dir.0.join("audit.log.5")).unwrap();
    assert_eq!(found(place, &words).2, Some(1));
    std::fs::rename(dir.0.join("audit.log"), dir.0.join("old.log")).unwrap();
    dir.file("audit.log", login(10));
    let (serials, stderr, status) = found(place, &words);
    assert_eq!((serials, status), (vec![], Some(10)));
    assert!(stderr.contains("--start checkpoint goes on by its time"), "{stderr}");
}

#[test]
fn a_compressed_log_that_ends_too_early_is_named_and_one_event_is_found_without_waiting_for_its_end() {
    let dir = Dir::new("ausearch-torn");
    let path = dir.file("a.log", (1..20_000).map(login).collect::<String>());
    assert!(std::process::Command::new("gzip").arg(&path).status().unwrap().success());
    let path = format!("{path}.gz");
    assert_eq!(found(&path, &["--just-one"]).0, [1]);
    let text = std::fs::read(&path).unwrap();
    std::fs::write(&path, &text[..text.len() / 2]).unwrap();
    let (serials, stderr, status) = found(&path, &[]);
    assert!(serials.len() > 1000 && status == Some(0), "{status:?}");
    assert!(stderr.ends_with(&format!("ausearch: {path} could not be read to its end: gzip failed\n")), "{stderr}");
    assert_eq!(found(&path, &["-k", "none"]).2, Some(2));
}

#[test]
fn a_compressed_log_that_was_cut_to_nothing_is_torn_and_a_plain_one_is_empty() {
    let dir = Dir::new("ausearch-cut");
    dir.file("audit.log", login(9));
    dir.file("audit.log.1", "");
    let cut = dir.file("audit.log.2.gz", "");
    let said = format!("ausearch: {cut} could not be read to its end: gzip failed\n");
    let place = dir.0.to_str().unwrap();
    let (serials, stderr, status) = found(place, &["-m", "USER_AUTH"]);
    assert_eq!((serials, status), (vec![9], Some(0)));
    assert!(stderr.ends_with(&said), "{stderr}");
    assert_eq!(found(place, &["-k", "none"]).2, Some(2));
    assert!(found(&cut, &[]).1.ends_with(&said));
    assert!(!found(&format!("{place}/audit.log.1"), &[]).1.contains("could not be read"));
}

#[test]
fn what_syslog_puts_before_records_is_no_part_of_them_and_a_file_without_records_is_named() {
    let dir = Dir::new("ausearch-prefixed");
    let prefixed = |serial| format!("Nov 22 18:05:09 host audisp-syslog[7]: {}", login(serial));
    let kernel = "[   12.3] audit: type=1327 audit(1700000004.000:4): proctitle=61\n";
    let file = dir.file("syslog", format!("{}Nov 22 host sshd[1]: hello\n{}{kernel}", prefixed(1), prefixed(2)));
    let (serials, stderr, status) = found(&file, &[]);
    assert_eq!((serials, status), (vec![1, 2, 4], Some(0)), "{stderr}");
    assert!(
        stderr
            .ends_with(&format!("ausearch: 1 line could not be read, first at byte {} of {file}\n", prefixed(1).len()))
    );
    // The first line that has a record decides, however many of other programs stand before it, and on a pipe too.
    let others = "Nov 22 18:05:00 host systemd[1]: Started something.\n".repeat(300);
    let rfc5424 = format!("<13>1 2026-11-22T18:05:09Z host audispd 12 - - {}", login(5));
    let file = dir.file("messages", format!("{others}{}{rfc5424}", prefixed(1)));
    let (serials, stderr, status) = found(&file, &[]);
    assert_eq!((serials, status), (vec![1, 5], Some(0)), "{stderr}");
    assert!(
        stderr.ends_with(&format!("ausearch: 300 lines could not be read, first at byte 0 of {file}\n")),
        "{stderr}"
    );
    // What follows where a long line is cut is its sender's.
    let lie = format!("{} {}", "x".repeat(17000), prefixed(2).trim_end());
    let file = dir.file("long", format!("{}{}\n{}", prefixed(1), lie, prefixed(3)));
    assert_eq!(found(&file, &[]).0, [1, 3]);
    // The first record decides, whatever stands between the others.
    let file = dir.file("both", format!("{}{}{}", prefixed(1), login(2), prefixed(3)));
    let (serials, stderr, status) = found(&file, &[]);
    assert_eq!((serials, status), (vec![1, 2, 3], Some(0)), "{stderr}");
    // Not where records stand without a prefix: there such a line is torn, or a lie.
    let file = dir.file("mixed", format!("{}{}", login(1), prefixed(2)));
    assert_eq!(found(&file, &[]).0, [1]);
    let file = dir.file("letter", "Dear auditor,\nthere is nothing.\n");
    let (_, stderr, status) = found(&file, &[]);
    let said = format!(
        "ausearch: no line of {file} is an audit record\nausearch: 2 lines could not be read, first at byte 0 of {file}\n"
    );
    assert!(stderr.contains(&said) && status == Some(1), "{stderr}");
}

#[test]
fn a_pipe_among_rotated_logs_is_none_of_them() {
    let dir = Dir::new("ausearch-pipes");
    dir.file("audit.log", login(2));
    dir.file("audit.log.1", login(1));
    ["audit.log.2", "audit.log.3.gz"].iter().for_each(|name| crate::support::make_pipe(dir.0.join(name)));
    let output = applet("ausearch").args(["--raw", "-if"]).arg(&dir.0).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), login(1) + &login(2));
}

#[test]
fn a_named_pipe_is_read_by_all_once_and_whole() {
    let dir = Dir::new("ausearch-pipe");
    let log = dir.file("log", login(1) + &login(2));
    let pipe = dir.0.join("pipe");
    crate::support::make_pipe(&pipe);
    for (command, words) in
        [("ausearch", &["--raw", "-if"][..]), ("aureport", &["--summary", "-k", "-if"]), ("aulast", &["--bad", "-f"])]
    {
        let of_file = applet(command).args(words).arg(&log).output().unwrap();
        let (log, to) = (log.clone(), pipe.clone());
        let writer = std::thread::spawn(move || fs::write(to, fs::read(log).unwrap()));
        let of_pipe = applet(command).args(words).arg(&pipe).output().unwrap();
        assert_eq!((of_pipe.stdout, of_pipe.status), (of_file.stdout, of_file.status), "{command}");
        writer.join().unwrap().unwrap();
    }
}

#[test]
fn what_does_not_grow_by_records_is_not_followed_and_a_pipe_on_standard_input_is_read() {
    let dir = Dir::new("ausearch-follow-what");
    let pipe = dir.0.join("pipe");
    crate::support::make_pipe(&pipe);
    let (packed, json) = (dir.file("packed", b"\x1F\x8B\x08rest"), dir.file("json", "{}\n"));
    for path in [pipe.to_str().unwrap(), &packed, &json] {
        let refused = applet("ausearch").args(["--follow", "-if", path]).output().unwrap();
        let said =
            format!("ausearch: {path} cannot be followed: it is a pipe, compressed or JSON, or cannot be read\n");
        let stderr = String::from_utf8(refused.stderr).unwrap();
        assert!(refused.status.code() == Some(1) && stderr.ends_with(&said), "{stderr}");
    }
    let (status, stdout, _) = transcript(applet("ausearch").args(["--follow", "--raw"]), &login(1));
    assert_eq!((status, stdout), (0, login(1)));
}

#[test]
fn what_is_wrong_is_named() {
    for (command, words, said) in [
        ("ausearch", ["-if", "/no/log"], "Error opening /no/log (No such file or directory)\n"),
        ("aureport", ["-if", "/no/log"], "Error opening /no/log (No such file or directory)\n"),
        ("ausearch", ["-m", "NO_TYPE"], "Unknown message type NO_TYPE\nValid message types are: ALL "),
    ] {
        let (status, _, stderr) = transcript(applet(command).args(words), "");
        assert!(status == 1 && stderr.contains(said), "{command} {words:?}: {stderr}");
    }
}

#[test]
fn following_ends_with_its_end_time() {
    let dir = Dir::new("ausearch-follow-end");
    let path = dir.file("audit.log", login(1) + &login(2) + &login(3));
    for (start, status, found) in [(&["-ts", "@1700000002"][..], 0, login(2)), (&[], 1, String::new())] {
        let mut command = applet("ausearch");
        command.args(["--follow", "--raw", "-if", &path, "-te", "@1700000002"]).args(start);
        let (ended, stdout, stderr) = transcript(&mut command, "");
        assert!(ended == status && stdout == found, "{ended} {stdout} {stderr}");
    }
}

#[test]
fn a_log_is_followed_across_its_rotation() {
    let dir = Dir::new("ausearch-follow");
    let path = dir.file("audit.log", login(1) + &login(2));
    let shown = dir.file("shown", "");
    let follower = |options: &[&str]| {
        let mut command = applet("ausearch");
        command.args(["--follow", "--raw", "-if", dir.0.to_str().unwrap()]).args(options);
        command.stdout(fs::File::create(&shown).unwrap()).stderr(std::process::Stdio::null());
        command.spawn().unwrap()
    };
    // Events from a time on, and the first that comes after.
    let mut child = follower(&["-ts", "@1700000002", "-k", "none", "--just-one"]);
    let mut all = follower(&["-ts", "@1700000002"]);
    let text = || fs::read_to_string(&shown).unwrap();
    let wait = |serial: u64| {
        (0..300).any(|_| {
            text().contains(&format!(":{serial})")) || {
                std::thread::sleep(std::time::Duration::from_millis(100));
                false
            }
        })
    };
    assert!(wait(2), "{}", text());
    fs::rename(&path, dir.0.join("audit.log.1")).unwrap();
    fs::write(&path, login(3)).unwrap();
    assert!(wait(3), "{}", text());
    assert_eq!(text(), login(2) + &login(3));
    assert_eq!((child.try_wait().unwrap(), all.try_wait().unwrap()), (None, None));
    for child in [&mut child, &mut all] {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let refused = applet("ausearch").args(["--follow", "--checkpoint", "/tmp/x"]).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--follow cannot be used with --checkpoint"));
}
