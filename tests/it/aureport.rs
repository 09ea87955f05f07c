//! aureport(8) as transcripts: command, standard output, status, and what is said on standard error.

use crate::support::{Dir, applet};
use std::process::Command;

/// A day in the life of a small machine; every report but one finds something in it.
const LOG: &str = include_str!("aureport.log");

const NO_CONFIG: &str = "Config file /etc/audit/auditd.conf doesn't exist, skipping\n";

/// A log in a directory of its own.
struct Log {
    path: String,
    _dir: Dir,
}

impl Log {
    fn new(test: &str, text: &str) -> Log {
        let dir = Dir::new(&format!("aureport-{test}"));
        Log { path: dir.file("audit.log", text), _dir: dir }
    }

    fn command(&self, line: &str) -> Command {
        let mut command = applet("aureport");
        command.env("LC_ALL", "C").env_remove("COLUMNS");
        command.arg("-if").arg(&self.path).args(line.split_whitespace());
        command
    }

    /// Standard output, standard error, status. Whether this machine has an auditd.conf does not matter.
    fn run(&self, line: &str) -> (String, String, i32) {
        let output = self.command(line).output().expect("the binary runs");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let stderr = text(output.stderr);
        let stderr = stderr.strip_prefix(NO_CONFIG).unwrap_or(&stderr).to_string();
        (text(output.stdout), stderr, output.status.code().expect("an exit status"))
    }

    fn check(&self, line: &str, stdout: &str) {
        assert_eq!(self.run(line), (stdout.to_string(), String::new(), 0), "aureport {line}");
    }

    /// What stands below the title.
    fn rows(&self, line: &str) -> Vec<String> {
        let (stdout, ..) = self.run(line);
        stdout.lines().skip(5).map(str::to_string).collect()
    }
}

#[test]
fn the_summary_counts_everything() {
    Log::new("summary", LOG).check(
        "",
        "
Summary Report
======================
Range of time in logs: 11/14/23 22:13:20.001 - 11/14/23 22:13:47.000
Selected time for report: 11/14/23 22:13:20 - 11/14/23 22:13:47.000
Number of changes in configuration: 2
Number of changes to accounts, groups, or roles: 1
Number of logins: 1
Number of failed logins: 1
Number of authentications: 0
Number of failed authentications: 1
Number of users: 2
Number of terminals: 5
Number of host names: 3
Number of executables: 5
Number of commands: 5
Number of files: 4
Number of AVC's: 1
Number of MAC events: 1
Number of failed syscalls: 1
Number of anomaly events: 1
Number of responses to anomaly events: 0
Number of crypto events: 1
Number of integrity events: 1
Number of virt events: 1
Number of keys: 2
Number of process IDs: 11
Number of events: 14

",
    );
}

#[test]
fn each_report_has_its_rows() {
    let log = Log::new("rows", LOG);
    let reports: &[(&str, &[&str])] = &[
        ("-a", &["22:13:41 httpd system_u:system_r:httpd_t:s0 0 file read write system_u:object_r:tmp_t:s0 denied 8"]),
        ("-au", &["22:13:30 eve 10.0.0.9 ssh /usr/sbin/sshd no 3"]),
        ("-c", &["22:13:20 CONFIG_CHANGE -1 yes 2", "22:13:47 MAC_STATUS 1000 unset 14"]),
        ("-cr", &["22:13:44 -1 CRYPTO_KEY_USER yes 11"]),
        (
            "-e --failed -nc",
            &[
                "22:13:30 3 USER_AUTH -1 no",
                "22:13:31 4 USER_LOGIN -1 no",
                "22:13:40 7 SYSCALL 1000 no",
                "22:13:41 8 AVC -2 no",
                "22:13:46 13 INTEGRITY_DATA 1000 no",
            ],
        ),
        (
            "-f",
            &[
                "22:13:40 /etc/shadow 257 no /usr/bin/cat 1000 7",
                "22:13:41 x 0 no ? -2 8",
                "22:13:46 /x 0 no ? 1000 13",
            ],
        ),
        ("--host --failed", &["22:13:30 10.0.0.9 0 -1 3", "22:13:31 10.0.0.9 0 -1 4"]),
        ("--integrity", &["22:13:46 INTEGRITY_DATA no 13"]),
        (
            "-k",
            &[
                "22:13:20 etc yes ? -1 2",
                "22:13:40 etc no /usr/bin/cat 1000 7",
                "22:13:40 shadow no /usr/bin/cat 1000 7",
            ],
        ),
        (
            "-l",
            &[
                "22:13:31 eve 10.0.0.9 ssh /usr/sbin/sshd no 4",
                "22:13:32 1000 10.0.0.7 /dev/pts/0 /usr/sbin/sshd yes 5",
            ],
        ),
        ("-m", &["22:13:33 1000 ? pts/0 /usr/sbin/useradd mallory yes 6"]),
        ("-ma", &["22:13:47 1000 MAC_STATUS unset 14"]),
        ("-n", &["22:13:42 ANOM_ABEND /tmp/a b ? ? 1000 9"]),
        (
            "-p --failed",
            &[
                "22:13:30 400 /usr/sbin/sshd 0 -1 3",
                "22:13:31 400 /usr/sbin/sshd 0 -1 4",
                "22:13:40 501 /usr/bin/cat 257 1000 7",
                "22:13:41 502 ? 0 -2 8",
                "22:13:46 507 ? 0 1000 13",
            ],
        ),
        ("-s", &["22:13:40 257 501 cat 1000 7"]),
        (
            "-tm --failed",
            &[
                "22:13:30 ssh 10.0.0.9 /usr/sbin/sshd -1 3",
                "22:13:31 ssh 10.0.0.9 /usr/sbin/sshd -1 4",
                "22:13:40 pts0 (null) /usr/bin/cat 1000 7",
            ],
        ),
        ("--tty", &["22:13:43 10 1000 ? 3 bash \"ls\",<ret>"]),
        (
            "-u --failed",
            &[
                "22:13:30 -1 ssh 10.0.0.9 /usr/sbin/sshd 3",
                "22:13:31 -1 ssh 10.0.0.9 /usr/sbin/sshd 4",
                "22:13:40 1000 pts0 ? /usr/bin/cat 7",
                "22:13:46 1000 ? ? ? 13",
            ],
        ),
        ("--virt", &["22:13:45 VIRT_CONTROL yes 12"]),
        (
            "-x --escape shell",
            &[
                "22:13:30 /usr/sbin/sshd ssh 10.0.0.9 -1 3",
                "22:13:31 /usr/sbin/sshd ssh 10.0.0.9 -1 4",
                "22:13:32 /usr/sbin/sshd /dev/pts/0 10.0.0.7 1000 5",
                "22:13:33 /usr/sbin/useradd pts/0 ? 1000 6",
                "22:13:40 /usr/bin/cat pts0 ? 1000 7",
                "22:13:42 /tmp/a\\ b ? ? 1000 9",
                "22:13:44 /usr/sbin/sshd ? ? -1 11",
                "22:13:45 /usr/sbin/libvirtd ? ? -1 12",
            ],
        ),
    ];
    for (options, rows) in reports {
        let numbered = rows.iter().zip(1..).map(|(row, n)| format!("{n}. 11/14/23 {row}"));
        assert_eq!(log.rows(options), numbered.collect::<Vec<_>>(), "aureport {options}");
    }
}

#[test]
fn totals_are_sorted_by_count_then_by_number_or_as_first_seen() {
    let log = Log::new("totals", LOG);
    assert_eq!(log.rows("-k --summary"), ["2  etc", "1  shadow"]);
    assert_eq!(log.rows("--summary -u"), ["7  1000", "6  -1"]);
    assert_eq!(log.rows("-x --summary")[..2], ["4  /usr/sbin/sshd", "1  /usr/sbin/useradd"]);
    assert_eq!(log.rows("-e --summary")[..3], ["2  1112", "1  1100", "1  1114"]);
    assert_eq!(log.rows("-e --summary --failed -i")[..2], ["1  USER_AUTH", "1  USER_LOGIN"]);
    assert_eq!(log.rows("-s --summary -i"), ["1  openat"]);
    assert_eq!(log.rows("-a --summary"), ["1  system_u:object_r:tmp_t:s0"]);
}

#[test]
fn titles_tell_the_selection_of_totals_only() {
    let log = Log::new("titles", LOG);
    let title = |line: &str| log.run(line).0.lines().nth(1).map(str::to_string);
    assert_eq!(title("-f --summary --failed").as_deref(), Some("Failed File Summary Report"));
    assert_eq!(title("--success").as_deref(), Some("Success Summary Report"));
    assert_eq!(title("-f --failed").as_deref(), Some("File Report"));
}

#[test]
fn nothing_found_is_said_and_fails_where_rows_were_wanted() {
    let log = Log::new("nothing", LOG);
    let heading = "# date time type success event\n==============================\n";
    let (stdout, _, status) = log.run("-r");
    assert!(stdout.ends_with(&format!("{heading}<no events of interest were found>\n\n")), "{stdout}");
    assert_eq!(status, 1);
    let (stdout, _, status) = log.run("-r --summary");
    assert!(stdout.ends_with("total  type\n===============================\n<no events of interest were found>\n\n"));
    assert_eq!(status, 0);
}

#[test]
fn a_log_has_a_range() {
    let log = Log::new("range", LOG);
    let path = &log.path;
    log.check(
        "-t",
        &format!(
            "\nLog Time Range Report\n=====================\n{path}: 11/14/23 22:13:20.001 - 11/14/23 22:13:47.000\n"
        ),
    );
    log.check(
        "-t -te 11/01/23 10:00:00",
        &format!("\nLog Time Range Report\n=====================\n{path}: no records\n"),
    );
}

/// Files that end within the seconds for which an event may go on, one event across two of them, an empty one, and JSON.
#[test]
fn each_log_has_the_range_of_the_events_that_begin_in_it() {
    let dir = Dir::new("aureport-ranges");
    let record = |serial: u64, kind: &str| {
        format!("type={kind} msg=audit(1700000000.{serial:03}:{serial}): pid=1 uid=0 auid=1\n")
    };
    for (name, text) in [
        ("audit.log.4", record(1, "SYSCALL") + &record(2, "SYSCALL")),
        ("audit.log.3", String::new()),
        ("audit.log.2", record(2, "PATH") + &record(4, "USER_CMD") + &record(3, "SYSCALL") + &record(5, "SYSCALL")),
        (
            "audit.log.1",
            r#"{"time":0,"records":[{"raw":"type=USER msg=audit(1700000000.006:6): pid=1"}]}"#.to_owned() + "\n",
        ),
        ("audit.log", record(5, "PATH") + &record(7, "SYSCALL")),
    ] {
        dir.file(name, text);
    }
    let output = applet("aureport").args(["-t", "-e", "--format", "csv", "-if"]).arg(&dir.0).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let moments =
        |line: &str| line.split(',').skip(1).map(|time| time.get(20..23).unwrap_or("").into()).collect::<Vec<String>>();
    let ranges: Vec<_> = text.lines().skip(1).take(5).map(moments).collect();
    assert_eq!(ranges, [["001", "002"], ["", ""], ["003", "005"], ["006", "006"], ["007", "007"]], "{text}");
    let (overview, ..) = Log { path: dir.0.to_str().unwrap().to_owned(), _dir: dir }.run("");
    assert!(overview.contains("Range of time in logs: 11/14/23 22:13:20.001 - 11/14/23 22:13:20.007\n"), "{overview}");
}

#[test]
fn what_is_no_date_is_refused_with_the_forms_of_dates() {
    let log = Log::new("dates", LOG);
    let (stdout, stderr, status) = log.run("-ts 13/45/2020");
    assert!(
        stderr.starts_with("Invalid start date (13/45/2020). Month, Day, and Year are required.\nAccepted: mm/dd/yy")
    );
    assert_eq!((stdout.starts_with("usage: aureport"), status), (true, 1));
    assert_eq!(log.run("-e -te -15m --last 4w -i").2, 1, "a span is an argument, and what follows an option");
}

#[test]
fn a_command_line_that_makes_no_sense_is_refused() {
    let log = Log::new("refused", LOG);
    for (line, sentence) in [
        ("-q", "-q is an unsupported option\n"),
        ("--format xml", "Unknown option (xml)\n"),
        ("-f /etc/shadow", "Unimplemented option (/etc/shadow)\n"),
        ("-e word", "word is an unsupported option\n"),
        ("-i yes", "Argument is NOT required for -i\n"),
        ("--node", "Argument is required for --node\n"),
        ("--escape html", "Unknown option (html)\n"),
        ("--eoe-timeout soon", "End of Event Timeout must be a numeric value, was soon\n"),
        ("-ts", "-ts requires either date and/or time\n"),
        (
            "-te 11/01/23 10:00 -ts @1700000000",
            "Error - the end time (11/01/23 10:00:00) is before the start time (11/14/23 22:13:20)\nAccepted: mm/dd/yy, ",
        ),
        ("--last soon", "Invalid span of time (soon)\nAccepted: a number and s, m, h, d or w, as 15m\n"),
        ("--tty --summary", "Unimplemented option (--summary)\n"),
    ] {
        let (stdout, stderr, status) = log.run(line);
        let is_said = if sentence.ends_with('\n') { stderr == sentence } else { stderr.starts_with(sentence) };
        assert!(is_said && status == 1, "aureport {line}: {stderr}");
        assert_eq!(stdout.starts_with("usage: aureport [options]\n"), !sentence.starts_with("Unimplemented"), "{line}");
    }
}

#[test]
fn events_that_lack_a_field_are_counted_where_they_are_left_out() {
    let dir = Dir::new("aureport-lacking");
    let operation = |serial| {
        format!(
            "type=URINGOP msg=audit(1700000000.100:{serial}): uring_op=18 success=yes exit=0 items=1 ppid=1 pid=2 uid=1000 gid=0 \
             euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 key=\"io\"\n\
             type=PATH msg=audit(1700000000.100:{serial}): item=0 name=\"/etc/shadow\" inode=1 nametype=NORMAL\n"
        )
    };
    let log = dir.file("log", [1, 2].map(operation).concat());
    let said = |words: &[&str]| {
        let output = applet("aureport").args(["-if", &log]).args(words).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let left_out = "aureport: events left out for lack of a field: 2; --debug names them\n";
    for words in [&["-f"][..], &["-f", "--format", "json"]] {
        assert!(said(words).ends_with(left_out), "{words:?}: {}", said(words));
    }
    let debug = said(&["-f", "--debug"]);
    assert_eq!(debug.matches("Malformed event skipped, auid").count(), 2, "{debug}");
    assert!(!said(&["-m"]).contains("left out"));
}

#[test]
fn each_key_of_an_event_has_a_row() {
    let log = Log::new(
        "keys",
        "type=SYSCALL msg=audit(1700000000.000:1): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=0 ppid=1 \
         pid=2 auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3 comm=\"id\" exe=\"/bin/id\" \
         key=6F6E650174776F\n",
    );
    assert_eq!(
        log.rows("-k"),
        ["1. 11/14/23 22:13:20 one yes /bin/id 1000 1", "2. 11/14/23 22:13:20 two yes /bin/id 1000 1"]
    );
}

/// Of the columns that the reference does not escape, too: hosts, terminals, keys, accounts, programs.
#[test]
fn no_control_byte_reaches_the_terminal() {
    let log = Log::new(
        "control",
        "type=USER_LOGIN msg=audit(1700000000.000:1): pid=2 uid=0 auid=1000 ses=3 msg='op=login acct=1B5B324A exe=2F1B63 \
         hostname=h\x1B[1m addr=? terminal=t\x1B[2m res=failed'\n\
         type=SYSCALL msg=audit(1700000001.000:2): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=0 ppid=1 \
         pid=2 auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=p\x1B[3m ses=3 comm=1B5B34 exe=2F1B63 \
         subj=s\x1B[5m key=1B5B366D\n",
    );
    for report in ["-au", "-a", "--comm", "-c", "-e", "-f", "-h", "-k", "-l", "-m", "-n", "-p", "-s", "-tm", "-u", "-x"]
    {
        for summary in ["", " --summary"] {
            let (stdout, ..) = log.run(&format!("{report}{summary}"));
            assert!(!stdout.contains('\x1B'), "aureport {report}{summary}: {stdout:?}");
        }
    }
    assert_eq!(log.rows("-h"), ["1. 11/14/23 22:13:20 h\\033[1m 0 1000 1"]);
    assert_eq!(log.rows("-k"), ["1. 11/14/23 22:13:21 \\033[6m yes /\\033c 1000 2"]);
    assert!(log.run("-tm --escape raw").0.contains("t\x1B[2m"));
}

#[test]
fn no_delete_reaches_the_terminal_where_there_is_no_other_control_byte() {
    let log = Log::new(
        "delete",
        "type=USER_LOGIN msg=audit(1700000000.000:1): pid=2 uid=0 auid=1000 ses=3 msg='op=login acct=\"x\" exe=\"/x\" \
         hostname=h\x7F\u{E9} addr=? terminal=t res=failed'\n",
    );
    assert_eq!(log.rows("-h"), ["1. 11/14/23 22:13:20 h\\177\u{E9} 0 1000 1"]);
}

#[test]
fn a_user_unknown_to_this_host_has_the_name_that_came_with_the_record() {
    let log = Log::new(
        "recorded",
        "type=USER_LOGIN msg=audit(1700000000.000:1): pid=2 uid=0 auid=424242 ses=3 msg='op=login id=424242 exe=\"/usr/sbin/sshd\" \
         hostname=h addr=? terminal=ssh res=success'\x1DUID=\"root\" AUID=\"jane\" ID=\"jane\"\n",
    );
    assert_eq!(log.rows("-l -i"), ["1. 11/14/23 22:13:20 jane h ssh /usr/sbin/sshd yes 1"]);
    assert_eq!(log.rows("-u -i --summary"), ["1  jane"]);
    assert_eq!(log.rows("-l"), ["1. 11/14/23 22:13:20 424242 h ssh /usr/sbin/sshd yes 1"]);
}

/// Whatever else is asked for, each report says what it says alone; `--summary` is about the report before it.
#[test]
fn one_pass_builds_any_number_of_reports() {
    let log = Log::new("several", LOG);
    let all = ["-k --summary", "-f", "-t", "-l --summary", "-e", "-au", "--virt --summary", "-f --summary"];
    for format in ["", "--format json ", "--format csv "] {
        let alone: Vec<_> = all.iter().map(|report| log.run(&format!("{format}{report}")).0).collect();
        let between = if format.contains("csv") { "\n" } else { "" };
        let (stdout, stderr, status) = log.run(&format!("{format}{}", all.join(" ")));
        assert_eq!((stdout, stderr.as_str(), status), (alone.join(between), "", 0), "{format}");
    }
    let before_all = log.run("--summary -k -f").0;
    assert_eq!(before_all, log.run("-k --summary -f --summary").0);
    assert_eq!((log.run("-r -n --node x").2, log.run("-r -e").2), (1, 0), "1 says that no report found anything");
}

/// More rows than are kept in memory wait in a file, and come in their turn.
#[test]
fn many_rows_of_a_second_report_wait_for_their_turn() {
    let lines = (0..30_000).map(|n| {
        format!(
            "type=USER_LOGIN msg=audit({}.000:{n}): pid={n} uid=0 auid=5 ses=1 msg='op=login \
        id=5 exe=\"/usr/sbin/sshd\" hostname=h addr=1.2.3.4 terminal=ssh res=success'\n",
            1_700_000_000 + n
        )
    });
    let log = Log::new("waiting", &lines.collect::<String>());
    let (both, _, status) = log.run("-l -e -p --summary");
    assert!(both == ["-l", "-e", "-p --summary"].map(|report| log.run(report).0).concat());
    assert_eq!(status, 0);
}

#[test]
fn reports_are_written_for_programs_too() {
    let log = Log::new("formats", LOG);
    log.check(
        "--format json -au -f --summary",
        "{\"report\":\"auth\",\"time\":\"2023-11-14T22:13:30.000+00:00\",\"acct\":\"eve\",\"host\":\"10.0.0.9\",\"term\":\"ssh\",\
         \"exe\":\"/usr/sbin/sshd\",\"success\":\"no\",\"event\":3}\n\
         {\"report\":\"file\",\"total\":1,\"file\":\"/etc\"}\n{\"report\":\"file\",\"total\":1,\"file\":\"/etc/shadow\"}\n\
         {\"report\":\"file\",\"total\":1,\"file\":\"x\"}\n{\"report\":\"file\",\"total\":1,\"file\":\"/x\"}\n",
    );
    log.check(
        "--format csv -k -e --summary -te 11/14/23 22:13:29",
        "time,key,success,exe,auid,event\n2023-11-14T22:13:20.010+00:00,etc,yes,,-1,2\n\n\
         total,type\n1,DAEMON_START\n1,CONFIG_CHANGE\n",
    );
    let (summary, ..) = log.run("--format csv");
    let lines: Vec<Vec<&str>> = summary.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!((lines.len(), lines[0].len(), lines[1].len()), (2, 25, 25));
    let at = lines[0].iter().position(|name| *name == "changes_to_accounts_groups_or_roles").unwrap();
    assert_eq!(lines[1][at], "1");
}

#[test]
fn values_that_would_end_a_cell_are_quoted_and_bytes_that_are_no_text_come_as_hex() {
    let log = Log::new(
        "quoted",
        "type=SYSCALL msg=audit(1700000000.000:1): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=0 ppid=1 \
         pid=2 auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3 comm=61222C62 exe=2F0A1BFF \
         key=(null)\n",
    );
    log.check(
        "--format csv --comm --summary -x --summary",
        "total,command\n1,\"a\"\",b\"\n\ntotal,file\n1,/\\012\\033\u{fffd}\n",
    );
    log.check(
        "--format json -x --summary",
        "{\"report\":\"executable\",\"total\":1,\"file\":\"/\\n\\u001B\u{fffd}\",\"file_hex\":\"2F0A1BFF\"}\n",
    );
}

/// Of all events, those too that other reports find malformed, and whatever else is selected.
#[test]
fn coverage_shows_gaps_losses_and_times_without_a_daemon() {
    let log = Log::new(
        "coverage",
        "type=DAEMON_START msg=audit(1700000000.000:900): op=start pid=1 res=success\n\
         type=CONFIG_CHANGE msg=audit(1700000001.000:1): op=set audit_enabled=1 res=1\n\
         type=SYSCALL msg=audit(1700000002.000:4): no fields\n\
         type=DAEMON_ERR msg=audit(1700000003.000:901): op=lost-events cause=disk-full count=2 first=2 last=3 begin=1.0 end=2.0 sink=log\n\
         type=DAEMON_START msg=audit(1700000063.000:17): op=start pid=2 res=success\n\
         type=USER msg=audit(1700000064.000:5): pid=1 uid=0 auid=0 ses=1 msg='x res=success'\n\
         type=DAEMON_END msg=audit(1700000065.000:18): op=terminate res=success\n",
    );
    log.check(
        "--coverage --failed",
        "\nCoverage Report\n======================\n\
         boot 3 serials 1-5 between 11/14/23 22:13:21.000 and 11/14/23 22:14:24.000\n\
         no-daemon 60 crashed between 11/14/23 22:13:23.000 and 11/14/23 22:14:23.000\n\
         missing 2 serials 2-3 between 11/14/23 22:13:21.000 and 11/14/23 22:13:22.000\n\
         lost 2 disk-full between 11/14/23 22:13:23.000 and 11/14/23 22:13:23.000\n\
         starts 2\nstops 1\ncrashes 1\nfailed-starts 0\n",
    );
    let (csv, ..) = log.run("--coverage --format csv");
    assert!(
        csv.starts_with(
            "what,node,first,last,first_serial,last_serial,count,cause\nboot,,2023-11-14T22:13:21.000+00:00,"
        ),
        "{csv}"
    );
    let (json, ..) = log.run("--coverage --format json -e");
    let lost = "{\"report\":\"coverage\",\"what\":\"lost\",\"node\":null,\"first\":\"2023-11-14T22:13:23.000+00:00\",\
        \"last\":\"2023-11-14T22:13:23.000+00:00\",\"first_serial\":null,\"last_serial\":null,\"count\":2,\"cause\":\"disk-full\"}";
    assert!(json.lines().any(|line| line == lost), "{json}");
}

/// A log of 40 minutes: logins at its beginning and end, calls with a key in the middle, and a daemon that was killed.
fn busy() -> String {
    let login = |second: u64, serial: u64, result: &str| {
        format!(
            "type=USER_LOGIN msg=audit({second}.000:{serial}): pid=1 uid=0 auid=1000 ses=1 msg='op=login acct=\"eve\" \
            exe=\"/usr/sbin/sshd\" hostname=h addr=1.2.3.4 terminal=ssh res={result}'\n"
        )
    };
    let call = |second: u64, serial: u64| {
        format!(
            "type=SYSCALL msg=audit({second}.000:{serial}): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=0 \
            ppid=1 pid=2 auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3 comm=\"id\" \
            exe=\"/bin/id\" key=\"exec\"\n"
        )
    };
    let start =
        |second: u64, serial| format!("type=DAEMON_START msg=audit({second}.000:{serial}): op=start res=success\n");
    let calls = (0..90).map(|n| call(1_700_000_600 + n * n / 10, 10 + n));
    [start(1_700_000_000, 1), login(1_700_000_001, 9, "failed")]
        .into_iter()
        .chain(calls)
        .chain([start(1_700_002_400, 2), login(1_700_002_401, 101, "success")])
        .collect()
}

#[test]
fn a_timeline_is_as_wide_as_the_terminal_and_ascii_unless_the_locale_has_more() {
    let log = Log::new("timeline", &busy());
    let (stdout, stderr, status) = log.run("--timeline 1m");
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!((status, stderr.as_str()), (0, ""));
    let caption = "11/14/23 22:13:00 - 11/14/23 22:54:00 +00:00, a column is 1m, 94 events";
    assert_eq!(lines[..4], ["", "Timeline", "====================", caption]);
    assert!(stdout.is_ascii() && lines.iter().all(|line| line.len() <= 80), "{stdout}");
    let bars = |line: &str| line[13..54].trim().to_string();
    assert!(
        lines[4].starts_with("SYSCALL ") && lines[4].ends_with(" 90") && bars(lines[4]).starts_with('@'),
        "{stdout}"
    );
    let ends = format!("@{}@", " ".repeat(39));
    assert_eq!((&lines[5][13..54], &lines[6][13..54]), (ends.as_str(), ends.as_str()), "{stdout}");
    assert!(lines[7].starts_with("no daemon ") && bars(lines[7]).len() > 10, "{stdout}");
    assert!(lines[8].contains("|22:20"), "{stdout}");
    let wide = |columns: &str, locale: &str| {
        let mut command = applet("aureport");
        command.args(["-if", &log.path, "--timeline", "--by", "key"]).env("COLUMNS", columns).env("LC_ALL", locale);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(wide("200", "C.UTF-8").contains('\u{2588}') && !wide("200", "C").contains('\u{2588}'));
    assert!(wide("200", "C").lines().any(|line| line.len() > 120));
    for columns in [1, 20, 21, 33, 80] {
        let text = wide(&columns.to_string(), "C");
        assert!(text.lines().all(|line| line.len() <= columns.max(20)), "{columns}:\n{text}");
        assert!(text.contains(" 90\n") && text.contains("94 events\n") && text.contains("\nno da"), "{text}");
    }
    let (json, ..) = log.run("--timeline 1h --by user --format json");
    assert_eq!(
        json,
        "{\"report\":\"timeline\",\"time\":\"2023-11-14T22:00:00.000+00:00\",\"seconds\":3600,\"group\":\"1000\",\"count\":92}\n\
         {\"report\":\"timeline\",\"time\":\"2023-11-14T22:00:00.000+00:00\",\"seconds\":3600,\"group\":\"(no user)\",\"count\":2}\n"
    );
    assert_eq!(log.run("--timeline 0m").2, 1);
    // Three days have more minutes than there are counters.
    let days =
        [LOG.lines().next().unwrap().to_owned(), "type=USER msg=audit(1700259200.000:9): pid=1 uid=0\n".to_owned()];
    let days = Log::new("days", &days.join("\n"));
    for (line, said) in [
        (
            "--timeline 1m --format csv",
            "aureport: there are too many periods of 1m from the first event to the last: one is 5m\n",
        ),
        ("--timeline 1h --format json", ""),
        ("--timeline --format json", ""),
        ("--timeline 1m", ""),
    ] {
        assert_eq!(days.run(line).1, said, "{line}");
    }
    let (_, stderr, status) = log.run("--timeline 365001d");
    assert_eq!(status, 1);
    assert!(stderr.contains("Invalid span of time (365001d)\nAccepted: "), "{stderr}");
    let (stdout, stderr, status) = log.run("--timeline 365000d");
    assert_eq!((stderr.as_str(), status), ("", 0), "{stdout}");
    assert!(stdout.contains("94 events"), "{stdout}");
}

#[test]
fn names_of_any_writing_leave_a_timeline_in_line_and_ascii_where_it_is_to_be() {
    let keys: [&[u8]; 4] = ["\u{65e5}\u{672c}\u{8a9e}".as_bytes(), "e\u{301}t".as_bytes(), b"plain", b"bad\xFF"];
    let mut log = Vec::new();
    for (serial, key) in keys.iter().enumerate() {
        let front = format!("type=SYSCALL msg=audit(1700000000.000:{serial}): arch=c000003e syscall=59 key=\"");
        log.extend([front.as_bytes(), key, b"\"\n"].concat());
    }
    let dir = crate::support::Dir::new("aureport-names");
    let path = dir.file("log", log);
    let drawn = |locale: &str| {
        let mut command = applet("aureport");
        command.args(["-if", &path, "--timeline", "--by", "key"]).env("LC_ALL", locale).env("COLUMNS", "80");
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let ascii = drawn("C");
    assert!(ascii.is_ascii() && ascii.contains("\ne\\314\\201t ") && ascii.contains("\nbad\\377 "), "{ascii}");
    let before_bar = |name: &str| {
        let text = drawn("C.UTF-8");
        let line = text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        line.split('\u{2588}').next().unwrap().chars().count()
    };
    // Characters, of which three take two columns each, and one none.
    let plain = before_bar("plain");
    assert_eq!((before_bar("\u{65e5}"), before_bar("e\u{301}")), (plain - 3, plain + 1));
}

#[test]
fn totals_have_bars() {
    let log = Log::new("bars", &busy());
    let (stdout, ..) = log.run("-x --summary --bars");
    let rows: Vec<&str> = stdout.lines().skip(5).collect();
    assert_eq!(rows, ["########################## 90  /bin/id", "#                          2  /usr/sbin/sshd"]);
}

/// A picture and a page are well formed, and nothing that a log says becomes markup in them.
#[test]
fn documents_are_well_formed_whatever_names_a_log_holds() {
    let hostile = "</text><script>alert(1)</script>&\"'\u{202e}]]>\u{1b}[2J\u{ffff}";
    let hex: String = hostile.bytes().chain([0xff, 0x0c]).map(|byte| format!("{byte:02X}")).collect();
    let more = format!(
        "type=SYSCALL msg=audit(1700000700.000:300): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=0 ppid=1 \
         pid=2 auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3 comm=\"x\" exe={hex} key={hex}\n\
         type=USER_LOGIN msg=audit(1700000701.000:301): pid=1 uid=0 auid=1000 ses=1 msg='op=login acct={hex} \
         exe=\"/usr/sbin/sshd\" hostname=<b>h addr=1.2.3.4 terminal=ssh res=failed'\n\
         type=DAEMON_ERR msg=audit(1700000702.000:7): op=lost-events cause=<i>disk</i> count=2 first=1 last=2\n"
    );
    let log = Log::new("documents", &(busy() + &more));
    let [svg, html] = ["t.svg", "p.html"].map(|name| log._dir.0.join(name).to_str().unwrap().to_string());
    let (stdout, stderr, status) = log.run(&format!("--svg {svg} --html {html} --by key"));
    assert_eq!((stdout.as_str(), stderr.as_str(), status), ("", "", 0));
    for path in [&svg, &html] {
        let parsed = std::process::Command::new("python3")
            .args([
                "-c",
                "import sys, xml.dom.minidom as m; d = m.parse(sys.argv[1])\n\
                names = {e.tagName for e in d.getElementsByTagName('*')}\n\
                print('script' in names, 'b' in names, 'i' in names, len(d.getElementsByTagName('path')) > 3)",
                path,
            ])
            .output()
            .unwrap();
        let is_page = path == &html;
        let expected = format!("False False {} True\n", if is_page { "True" } else { "False" });
        assert_eq!(String::from_utf8_lossy(&parsed.stdout), expected, "{}", String::from_utf8_lossy(&parsed.stderr));
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains("<title>Events by key</title>") && text.contains("<title>(no key): "), "{text}");
        assert!(
            !text.contains("<script") && !text.contains("<b>") && !text.contains('\x1b') && !text.contains('\u{202e}')
        );
        assert!(text.contains("&lt;script&gt;") || !is_page, "{text}");
        // No name is drawn beyond its row, however wide its letters or however many its marks are.
        assert!(text.contains("\" width=\"186\" height=\"22\"><text x=\"8\" y=\"15\">(no key)</text></svg>"));
        assert!(text.contains("td{padding:2px 4px;overflow:hidden;") || !is_page);
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let pipe = log._dir.0.join("pipe").to_str().unwrap().to_string();
    crate::support::make_pipe(&pipe);
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).unwrap()
    });
    assert_eq!(log.run(&format!("--svg {pipe}")).2, 0);
    assert!(reader.join().unwrap().starts_with("<"), "what is no regular file is written to");
    // A link stays and leads where it led; standard output is written to, a log is not, and one file takes one document.
    let place = |name: &str| log._dir.0.join(name).to_str().unwrap().to_string();
    std::os::unix::fs::symlink("target.svg", place("link.svg")).unwrap();
    assert_eq!(log.run(&format!("--svg {}", place("link.svg"))).2, 0);
    assert!(std::fs::symlink_metadata(place("link.svg")).unwrap().is_symlink());
    assert!(std::fs::read_to_string(place("target.svg")).unwrap().starts_with("<svg "));
    let out = std::fs::File::create(place("out")).unwrap();
    let status = log.command("--svg /dev/stdout").stdout(out).status().unwrap();
    assert!(status.success() && std::fs::symlink_metadata("/dev/stdout").unwrap().is_symlink());
    assert!(std::fs::read(place("out")).unwrap() == std::fs::read(place("target.svg")).unwrap());
    let before = std::fs::read(&log.path).unwrap();
    let (_, stderr, status) = log.run(&format!("--html {}", log.path));
    assert!(status == 1 && stderr.contains("is one of the logs, and is not written to"), "{stderr}");
    assert_eq!(std::fs::read(&log.path).unwrap(), before);
    std::os::unix::fs::symlink("t.svg", place("same.html")).unwrap();
    for second in [svg.clone(), svg.replace("/t.svg", "/./t.svg"), place("same.html")] {
        let (_, stderr, status) = log.run(&format!("--svg {svg} --html {second}"));
        let said = format!("aureport: cannot write {second}: another document stands there\n");
        assert_eq!((stderr.as_str(), status), (said.as_str(), 1));
        assert!(std::fs::read_to_string(&svg).unwrap().starts_with("<svg "));
    }
    assert_eq!(log.run("--svg /dev/null --html /dev/null").2, 0);
    let (_, stderr, status) = log.run("--svg /no/such/directory/x.svg");
    assert_eq!(
        (stderr.as_str(), status),
        ("aureport: cannot write /no/such/directory/x.svg: No such file or directory\n", 1)
    );
}

#[test]
fn where_there_is_no_event_every_form_says_so() {
    let log = Log::new("no-events", "");
    const NOTHING: &str = "<no events of interest were found>\n\n";
    for (line, title, rule) in [("--coverage", "Coverage Report", 22), ("--timeline", "Timeline", 20)] {
        let expected = format!("\n{title}\n{}\n{NOTHING}", "=".repeat(rule));
        assert_eq!(log.run(line), (expected, String::new(), 1), "{line}");
        let (json, _, status) = log.run(&format!("{line} --format json"));
        assert_eq!((json.as_str(), status), ("", 1), "{line}");
    }
    for form in ["--svg", "--html"] {
        let path = log._dir.0.join("picture").to_str().unwrap().to_string();
        assert_eq!(log.run(&format!("{form} {path}")).2, 1, "{form}");
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains("no events") && !text.contains("01/01/70") && !text.contains("1970"), "{text}");
    }
    // Nor where events are left out.
    assert_eq!(Log::new("none-there", LOG).run("--timeline -ts 01/01/2030").2, 1);
}

#[test]
fn files_that_could_not_be_read_are_counted_where_completeness_is_reported() {
    let log = Log::new("unread-files", LOG);
    let torn = log._dir.file("audit.log.1.gz", b"\x1f\x8b\x08\0 and no more");
    let run = |input: &str, line: &str| {
        let output = applet("aureport").args(["-if", input]).args(line.split_whitespace()).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), output.status.code())
    };
    let place = log._dir.0.to_str().unwrap();
    let (stdout, status) = run(place, "--coverage");
    assert!(stdout.ends_with("\nfiles-torn 1\n"), "{stdout}");
    assert_eq!(status, Some(0));
    let page = log._dir.0.join("page").to_str().unwrap().to_string();
    assert_eq!(run(place, &format!("--html {page}")).1, Some(0));
    assert!(std::fs::read_to_string(page).unwrap().contains("files-torn 1\n"));
    assert_eq!(run(&torn, "").1, Some(2), "nothing was read for the summary either");
}

#[test]
fn a_page_says_what_it_was_made_of() {
    let log = Log::new("origin", LOG);
    let page = log._dir.0.join("page").to_str().unwrap().to_string();
    let row = |name: &str, text: &str| format!("<tr><td>{name}</td><td>{text}</td></tr>\n");
    let made = |line: &str| {
        assert_eq!(log.run(&format!("--html {page} {line}")).2, 0);
        std::fs::read_to_string(&page).unwrap()
    };
    let text = made("");
    for (name, value) in [("Log", &*log.path), ("From", "its beginning"), ("To", "its end")] {
        assert!(text.contains(&row(name, value)), "{name}: {text}");
    }
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert!(text.contains(&row("Made on", host.trim())) && text.contains("<tr><td>Made</td><td>"), "{text}");
    let text = made("-ts @1700000000 -te @1700000020");
    assert!(text.contains(&row("From", "11/14/23 22:13:20 +00:00")), "{text}");
    assert!(text.contains(&row("To", "11/14/23 22:13:40 +00:00")), "{text}");
}

#[test]
fn a_key_that_shows_nothing_is_shown_by_its_bytes() {
    let key: String = "\u{200b}\u{202e}".bytes().map(|byte| format!("{byte:02X}")).collect();
    let call = format!(
        "type=SYSCALL msg=audit(1700000700.000:300): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=0 ppid=1 \
         pid=2 auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3 comm=\"x\" exe=\"/x\" key={key}\n"
    );
    let log = Log::new("hidden-key", &call);
    let shown = "\\342\\200\\213\\342\\200\\256";
    let page = log._dir.0.join("page").to_str().unwrap().to_string();
    log.run(&format!("--html {page}"));
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains(&format!("<td>{shown}<i")), "{page}");
    for line in ["-k", "-k --summary", "--timeline --by key"] {
        let (stdout, ..) = log.run(line);
        assert!(stdout.contains(shown) && stdout.is_ascii(), "{line}: {stdout}");
    }
}

#[test]
fn a_document_that_may_not_become_so_large_leaves_nothing() {
    let log = Log::new("size-limit", LOG);
    let binary = applet("aureport");
    let output = std::process::Command::new("sh")
        .args(["-c", "ulimit -f 1; exec \"$0\" \"$@\""])
        .arg(binary.get_program())
        .args(binary.get_args())
        .args(["-if", &log.path, "--html"])
        .arg(log._dir.0.join("page"))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.ends_with("File too large\n") && output.status.code() == Some(1), "{stderr}");
    let left: Vec<_> = std::fs::read_dir(&log._dir.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["audit.log"]);
}

/// How complete the trail is does not depend on what of it is shown.
#[test]
fn no_selection_makes_a_gap() {
    let record = |serial: u64, kind: &str, result: &str| {
        format!(
            "type={kind} msg=audit(170000000{serial}.000:{serial}): pid=1 uid=0 auid=5 ses=1 msg='op=x acct=\"a\" res={result}'\n"
        )
    };
    let text = [
        record(1, "USER_LOGIN", "failed"),
        record(2, "CONFIG_CHANGE", "success"),
        record(3, "ADD_USER", "success"),
        record(4, "DEL_USER", "failed"),
        record(5, "USER_LOGIN", "success"),
    ]
    .concat();
    let log = Log::new("selection", &text);
    let page = Dir::new("selection-page").0.with_extension("html");
    for (words, selection) in [
        ("", None),
        ("--success", Some("successful events")),
        ("--failed", Some("failed events")),
        ("-nc", Some("no changes of the configuration")),
        ("--add", Some("no deletions")),
        ("--delete", Some("no additions")),
    ] {
        let (coverage, ..) = log.run(&format!("{words} --coverage"));
        assert!(coverage.contains("boot 5 serials 1-5") && !coverage.contains("missing"), "{words}: {coverage}");
        let (_, said, status) = log.run(&format!("{words} --html {}", page.display()));
        assert_eq!((said.as_str(), status), ("", 0), "{words}");
        let html = std::fs::read_to_string(&page).unwrap();
        assert!(html.contains("boot 5 serials 1-5") && !html.contains("missing"), "{words}: {html}");
        assert_eq!(html.contains("<tr><td>Only</td>"), selection.is_some(), "{words}");
        assert!(selection.is_none_or(|text| html.contains(&format!("<td>{text}</td>"))), "{words}: {html}");
    }
    std::fs::remove_file(page).unwrap();
}

/// A name that records bring along, and an account that was typed, may begin with a digit, and are no ids.
#[test]
fn names_and_accounts_that_look_like_ids_count_as_what_they_are() {
    for name in ["7up", "0"] {
        let line = |serial: u8, result: &str, who: &str| {
            format!(
                "type=USER_LOGIN msg=audit(1700000000.000:{serial}): pid=1 uid=0 {who}exe=\"/x\" hostname=h addr=? terminal=ssh \
                 res={result}'\x1DAUID=\"{name}\"\n"
            )
        };
        let known = "auid=4242 ses=1 msg='op=x ";
        let typed = |account: &str| format!("auid=4294967295 ses=1 msg='op=x acct=\"{account}\" ");
        let plain = line(1, "success", known).replace(&format!("\x1DAUID=\"{name}\""), "");
        let rest =
            [("success", known.into()), ("failed", typed("4242")), ("failed", typed("7up")), ("failed", typed("-1"))];
        let rest = (2..).zip(&rest).map(|(serial, (result, who))| line(serial, result, who));
        let log = Log::new("digits", &(plain + &rest.collect::<String>()));
        let user = format!("2  {name}");
        assert_eq!(log.rows("-u --summary -i"), ["3  unset", user.as_str()]);
        let (timeline, ..) = log.run("--timeline --by user -i --format csv");
        assert!(timeline.contains(&format!(",{name},2\n")), "{timeline}");
        let expected = if name == "0" { vec!["2  0", "1  4242", "1  7up"] } else { vec!["3  7up", "1  4242"] };
        assert_eq!(log.rows("-l --summary -i"), [expected, vec!["1  -1"]].concat());
        assert_eq!(log.rows("-l --summary"), ["3  4242", "1  7up", "1  -1"]);
    }
}

/// Of user 4242, whom no host knows, some records bring the name along; of 4243 two names, and of 4242 on another machine none.
#[test]
fn a_user_is_one_user_whether_his_records_bring_his_name_along_or_not() {
    let records = [
        ("", "USER_LOGIN", 4242, "failed", ""),
        ("", "USER_LOGIN", 4242, "failed", "\x1DAUID=\"bob\""),
        ("", "USER_LOGIN", 4243, "success", "\x1DAUID=\"one\""),
        ("", "USER_LOGIN", 4243, "success", "\x1DAUID=\"two\""),
        ("", "USER_START", 4243, "success", ""),
        ("node=far ", "USER_START", 4242, "success", ""),
        ("", "USER_START", 4242, "success", ""),
    ];
    let line = |(serial, (node, kind, auid, result, names)): (usize, (&str, &str, u32, &str, &str))| {
        format!(
            "{node}type={kind} msg=audit(1700000000.000:{serial}): pid=1 uid=0 auid={auid} ses=1 msg='op=x exe=\"/x\" hostname=h addr=? \
             terminal=ssh res={result}'{names}\n"
        )
    };
    let log = Log::new("brought", &(1..).zip(records).map(line).collect::<String>());
    let users = ["3  bob", "1  one", "1  two", "1  unknown(4243)", "1  unknown(4242)"];
    assert_eq!(log.rows("-u --summary -i"), users);
    assert_eq!(log.rows("-l --summary -i"), ["2  bob", "1  one", "1  two"]);
    assert_eq!(log.rows("-u --summary"), ["4  4242", "3  4243"]);
    let timeline = log.run("--timeline --by user -i --format csv").0;
    let rows = timeline.lines().skip(1).map(|line| line.split(',').skip(2).collect::<Vec<_>>().join(","));
    assert_eq!(rows.collect::<Vec<_>>(), ["bob,3", "one,1", "two,1", "unknown(4243),1", "unknown(4242),1"]);
    // A page has the names of `-i`, asked for or not; what comes with it does not.
    let page = log._dir.0.join("page");
    let (svg, ..) = log.run(&format!("--html {} --svg /dev/stdout --by user", page.display()));
    assert!(svg.contains(">4242</text>") && !svg.contains("bob"), "{svg}");
    let html = std::fs::read_to_string(page).unwrap();
    for part in [">bob</text>", "<td>3</td><td>bob<", "<td>2</td><td>bob from h<", "<td>1</td><td>unknown(4243)<"] {
        assert!(html.contains(part), "{part}: {html}");
    }
}
