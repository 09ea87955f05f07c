//! aulast(8) and aulastlog(8) as transcripts: command, standard input, standard output, standard error, status.

use crate::support::{Dir, applet, feed, make_pipe};
use std::fs;
use std::process::Command;

/// Two runs of a machine: root logs in and out, a cron job, somebody is refused, and root is still there at the crash.
const LOG: &str = "\
type=DAEMON_START msg=audit(1700000000.000:1): op=start ver=4.2.2 format=enriched kernel=6.12.9 auid=4294967295 pid=7 uid=0 ses=4294967295 res=success
type=SYSTEM_BOOT msg=audit(1700000001.000:2): pid=8 uid=0 auid=4294967295 ses=4294967295 msg='comm=\"x\" res=success'
type=LOGIN msg=audit(1700000060.000:3): pid=9 uid=0 old-auid=4294967295 auid=0 tty=(none) old-ses=4294967295 ses=1 res=1
type=USER_LOGIN msg=audit(1700000061.000:4): pid=9 uid=0 auid=0 ses=1 msg='op=login id=0 exe=\"/usr/sbin/sshd\" hostname=pc.example addr=192.0.2.1 terminal=/dev/pts/0 res=success'
type=LOGIN msg=audit(1700000100.000:5): pid=10 uid=0 old-auid=4294967295 auid=0 tty=(none) old-ses=4294967295 ses=2 res=1
type=USER_END msg=audit(1700000101.000:6): pid=10 uid=0 auid=0 ses=2 msg='op=PAM:session_close acct=\"root\" exe=\"/usr/sbin/cron\" hostname=? addr=? terminal=cron res=success'
type=USER_LOGIN msg=audit(1700000120.000:7): pid=11 uid=0 auid=4294967295 ses=4294967295 msg='op=login acct=\"eve\" exe=\"/usr/sbin/sshd\" hostname=? addr=192.0.2.66 terminal=ssh res=failed'
type=USER_END msg=audit(1700003700.000:8): pid=9 uid=0 auid=0 ses=1 msg='op=PAM:session_close acct=\"root\" exe=\"/usr/sbin/sshd\" hostname=pc.example addr=192.0.2.1 terminal=ssh res=success'
type=LOGIN msg=audit(1700004000.000:9): pid=12 uid=0 old-auid=4294967295 auid=0 tty=tty1 old-ses=4294967295 ses=3 res=1
type=USER_LOGIN msg=audit(1700004000.000:10): pid=12 uid=0 auid=0 ses=3 msg='op=login id=0 exe=\"/bin/login\" hostname=? addr=? terminal=tty1 res=success'
type=SYSTEM_BOOT msg=audit(1700009000.000:2): pid=8 uid=0 auid=4294967295 ses=4294967295 msg='comm=\"x\" res=success'
";

const USAGE: &str =
    "usage: aulast [--bad] [--debug] [--stdin] [--proof] [--extract] [-f file] [--user name] [--tty tty]\n";

/// Standard output, standard error and status of a command with `input` on standard input.
fn run(command: &mut Command, input: &str) -> (String, String, Option<i32>) {
    let output = feed(command, input.as_bytes());
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(output.stdout), text(output.stderr), output.status.code())
}

fn aulast(words: &str) -> (String, String, Option<i32>) {
    run(applet("aulast").args(words.split_whitespace()), LOG)
}

fn shows(words: &str, stdout: &str) {
    assert_eq!(aulast(words), (stdout.to_owned(), String::new(), Some(0)), "{words}");
}

fn refuses(words: &str, stderr: &str) {
    assert_eq!(aulast(words), (String::new(), stderr.to_owned(), Some(1)), "{words}");
}

const ROWS: &str = "\
root     pts/0        pc.example       Tue Nov 14 22:14 - 23:15  (01:00)
reboot   system boot  6.12.9           Tue Nov 14 22:13 - crash
root     tty1         ?                Tue Nov 14 23:20 - crash
reboot   system boot  6.12.9           Wed Nov 15 00:43 \n";

#[test]
fn a_login_that_succeeded_is_not_bad_however_that_is_written() {
    for (result, is_bad) in [("res=1", false), ("res=success", false), ("res=0", true), ("res=failed", true)] {
        let input = LOG.replace("terminal=tty1 res=success", &format!("terminal=tty1 {result}"));
        let (bad, ..) = run(applet("aulast").args(["--stdin", "--bad"]), &input);
        assert_eq!(bad.contains(" tty1 "), is_bad, "{result}: {bad}");
        let (rows, ..) = run(applet("aulast").arg("--stdin"), &input);
        assert_eq!(rows == ROWS, !is_bad, "{result}: {rows}");
    }
}

#[test]
fn sessions_come_in_the_order_in_which_they_end_and_cron_is_none() {
    shows("--stdin", ROWS);
    shows("--stdin --user root", ROWS);
}

#[test]
fn a_file_and_a_stream_give_the_same() {
    let dir = Dir::new("aulast");
    let log = dir.file("log", LOG);
    shows(&format!("-f {log}"), ROWS);
    let redirected = applet("aulast").arg("--stdin").stdin(fs::File::open(&log).expect("the log")).output();
    assert_eq!(String::from_utf8_lossy(&redirected.expect("it runs").stdout), ROWS);
}

#[test]
fn a_terminal_or_an_account_narrows_sessions_and_not_the_runs_of_the_machine() {
    let lines: Vec<&str> = ROWS.lines().collect();
    shows("--stdin --tty pts", &format!("{}\n{}\n{}\n", lines[0], lines[1], lines[3]));
    shows("--stdin --user alice", &format!("{}\n{}\n", lines[1], lines[3]));
}

#[test]
fn bad_logins_are_rows_of_their_own_which_filters_narrow_too() {
    let row = "eve      ssh          192.0.2.66       Tue Nov 14 22:15 - 22:15  (00:00)\n";
    shows("--stdin --bad", row);
    shows("--stdin --bad --user eve --tty ssh", row);
    shows("--stdin --bad --user root", "");
    shows(
        "--stdin --bad --proof",
        &format!(
            "{row}    audit event proof serial number: 7\n    Session data can be found with this search:\n    \
             ausearch --start 11/14/23 22:15:20 --end 11/14/23 22:15:20 -a 7\n\n"
        ),
    );
}

#[test]
fn a_user_by_number_is_never_cut_to_another_one() {
    let log = "type=USER_LOGIN msg=audit(1700000120.000:7): pid=11 uid=0 auid=4294967295 ses=4294967295 \
        msg='op=login id=1234567890 exe=\"/usr/sbin/sshd\" hostname=? addr=192.0.2.66 terminal=ssh res=failed'\n";
    let (out, _, _) = run(applet("aulast").args(["--bad", "--stdin"]), log);
    assert_eq!(out, "1234567890 ssh          192.0.2.66       Tue Nov 14 22:15 - 22:15  (00:00)\n");
}

#[test]
fn proof_names_events_and_a_search() {
    let (stdout, _, _) = aulast("--stdin --proof --tty pts");
    let first = "    audit event proof serial numbers: 3, 4, 8\n    Session data can be found with this search:\n    \
                 ausearch --start 11/14/23 22:14:20 --end 11/14/23 23:15:00\n\n";
    assert!(stdout.contains(first), "{stdout}");
    let open =
        "numbers: 2, 0, 0\n    Session data can be found with this search:\n    ausearch --start 11/15/23 00:43:20\n\n";
    assert!(stdout.ends_with(open), "{stdout}");
}

#[test]
fn debug_says_what_was_passed_over() {
    let log = "type=LOGIN msg=audit(1700000060.000:3): pid=9 uid=0 old-auid=4294967295 auid=4294967295 old-ses=4294967295 ses=1\n\
               type=USER_LOGIN msg=audit(1700000061.000:4): pid=9 uid=0 auid=0 ses=1 msg='op=login res=success'\n\
               type=USER_LOGIN msg=audit(1700000062.000:5): pid=9 uid=0 auid=0 ses=1 msg='op=login id=0 res=success'\n\
               type=USER_END msg=audit(1700000063.000:6): pid=9 uid=0 ses=1 msg='op=PAM:session_close res=success'\n";
    let output = run(applet("aulast").args(["--stdin", "--debug"]), log);
    let stderr = "Bad login for event: 3\nBad user login for event: 4\nBad user logout for event: 6\n";
    assert_eq!(output, ("Session not found or updated\n".into(), stderr.into(), Some(0)));
}

#[test]
fn extract_keeps_the_records_that_counted_as_they_stand_in_the_log() {
    let dir = Dir::new("aulast-extract");
    let enriched = "type=SYSCALL msg=audit(1700000000.000:1): syscall=1 pid=9\n\
                    type=USER_END msg=audit(1700000101.000:6): pid=10 uid=0 auid=0 ses=2 msg='op=x res=success'\u{1d}UID=\"root\"\n";
    dir.file("aulast.log", "an older and longer one\n".repeat(100));
    let output = run(applet("aulast").args(["--stdin", "--extract"]).current_dir(&dir.0), enriched);
    assert_eq!(output, (String::new(), String::new(), Some(0)));
    let kept = fs::read_to_string(dir.0.join("aulast.log")).expect("the file");
    assert_eq!(kept, enriched.split_inclusive('\n').nth(1).expect("two lines"));
}

#[test]
fn extract_writes_through_no_link() {
    let dir = Dir::new("aulast-link");
    let victim = dir.file("victim", "untouched\n");
    std::os::unix::fs::symlink(&victim, dir.0.join("aulast.log")).expect("a link");
    let (_, stderr, status) = run(applet("aulast").args(["--stdin", "--extract"]).current_dir(&dir.0), LOG);
    assert!(stderr.starts_with("aulast: cannot write aulast.log: "), "{stderr}");
    assert_eq!(status, Some(1));
    assert_eq!(fs::read_to_string(victim).expect("it is there"), "untouched\n");
}

#[test]
fn extract_neither_writes_over_what_it_reads_nor_waits_for_the_reader_of_a_pipe() {
    let dir = Dir::new("aulast-input");
    let log = dir.file("aulast.log", LOG);
    fs::hard_link(&log, dir.0.join("linked")).expect("a link");
    std::os::unix::fs::symlink("aulast.log", dir.0.join("symbolic")).expect("a link");
    let extract = |words: &[&str]| {
        let mut command = applet("aulast");
        command.arg("--extract").args(words).current_dir(&dir.0);
        command
    };
    let refused = (String::new(), "aulast: aulast.log is one of the logs, and is not written to\n".to_owned(), Some(1));
    for name in ["aulast.log", "linked", "symbolic"] {
        assert_eq!(run(&mut extract(&["-f", name]), ""), refused, "{name}");
    }
    let output = extract(&["--stdin"]).stdin(fs::File::open(&log).expect("the log")).output().expect("it runs");
    assert_eq!((String::from_utf8_lossy(&output.stderr).into_owned(), output.status.code()), (refused.1, refused.2));
    assert_eq!(fs::read_to_string(&log).expect("it is there"), LOG);
    fs::remove_file(&log).expect("it goes");
    make_pipe(&log);
    let (_, stderr, status) = run(&mut extract(&["--stdin"]), LOG);
    assert_eq!((stderr.starts_with("aulast: cannot write aulast.log: "), status), (true, Some(1)), "{stderr}");
}

#[test]
fn words_that_do_not_fit_are_refused() {
    for words in ["-x", "root", "--user", "--tty", "--user a --user b", "--tty a --tty b"] {
        refuses(words, USAGE);
    }
    refuses("--stdin -f log", "stdin already given\n");
    refuses("-f log --stdin", "file already given\n");
    refuses("-f /nonexistent/log", "Error opening /nonexistent/log (No such file or directory)\n");
}

#[test]
fn hostile_logs_neither_reach_the_terminal_nor_stop_a_report() {
    let hostile = "type=USER_LOGIN msg=audit(1099511627775.999:999999999999999999): pid=1 uid=0 auid=1 ses=1 \
        msg='op=login acct=1B5B324A0A726F6F74 hostname=\u{1b}]0;x\u{7} addr=\u{9b}2J terminal=/dev/\u{1b}c res=failed'\n\
        type=LOGIN msg=audit(99999999999999999999.000:1): pid=1\n\0\0\u{1d}\u{1d}\n\
        type=USER_END msg=audit(1.000:1)\ntype=SYSTEM_BOOT msg=audit(1700000000.000:2):";
    for words in [&["--stdin", "--bad", "--proof"][..], &["--stdin", "--debug", "--proof"]] {
        let (stdout, _, status) = run(applet("aulast").args(words), hostile);
        assert!(!stdout.is_empty());
        assert!(stdout.chars().all(|c| c == '\n' || !c.is_control()), "{stdout:?}");
        assert_eq!(status, Some(0));
    }
}

#[test]
fn the_last_login_of_an_account_is_the_latest_one_even_right_behind_another() {
    let (stdout, stderr, status) = run(
        applet("aulastlog").args(["--stdin", "-u", "root"]),
        &LOG.replace("terminal=/dev/pts/0", "terminal=/dev/pts/10000"),
    );
    let heading = "Username         Port         From                       Latest\n";
    assert_eq!(
        stdout,
        format!("{heading}root             tty1         ?                          11/14/23 23:20:00\n")
    );
    assert_eq!((stderr, status), (String::new(), Some(0)));
    let logins: Vec<&str> =
        LOG.lines().filter(|line| line.starts_with("type=USER_LOGIN") && line.contains("success")).collect();
    let (stdout, ..) = run(applet("aulastlog").args(["--stdin", "--user", "root"]), &(logins.join("\n") + "\n"));
    assert!(stdout.contains(" tty1 "), "{stdout}");
}

#[test]
fn accounts_that_never_logged_in_are_listed_too() {
    let (stdout, ..) = run(applet("aulastlog").arg("--stdin"), "");
    let root = "root                                                     **Never logged in**\n";
    assert!(stdout.contains(root), "{stdout}");
}

#[test]
fn aulastlog_knows_no_other_words_and_no_strangers() {
    let usage = (String::new(), "usage: aulastlog [--stdin] [--user name]\n".to_owned(), Some(1));
    for words in [&["-x"][..], &["--user"], &["root"], &["-h"]] {
        assert_eq!(run(applet("aulastlog").args(words), ""), usage, "{words:?}");
    }
    let (stdout, ..) = run(applet("aulastlog").args(["-u", "x\x1b[31m"]), "");
    assert_eq!(stdout, "Unknown User: x\\033[31m\n");
    let stranger = run(applet("aulastlog").args(["-u", "no-such-account"]), "");
    assert_eq!(stranger, ("Unknown User: no-such-account\n".into(), String::new(), Some(1)));
}
