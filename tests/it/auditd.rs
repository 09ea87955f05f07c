//! `auditd --check-config`: every key's good and bad values, pairs, syntax, and the file itself. Starts no daemon.

use crate::support::{Dir, applet};
use auditbox::config::auditd::KEYS;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

/// What a check says.
struct Checked {
    status: i32,
    values: String,
    said: Vec<String>,
}

/// A directory with an auditd.conf in it.
struct Config(Dir);

impl Config {
    fn new(name: &str) -> Config {
        Config(Dir::new(&format!("auditd-{name}")))
    }

    fn file(&self) -> PathBuf {
        self.0.0.join("auditd.conf")
    }

    /// Checks a file with this text. Its name is `CONF` in what is said.
    fn check(&self, text: &str) -> Checked {
        fs::write(self.file(), text).expect("a file");
        self.check_there(&[])
    }

    /// Checks the file that is there.
    fn check_there(&self, options: &[&str]) -> Checked {
        let output = applet("auditd")
            .args(["--check-config", "-c"])
            .arg(&self.0.0)
            .args(options)
            .output()
            .expect("the binary runs");
        let said = String::from_utf8(output.stderr).expect("text").replace(self.file().to_str().expect("text"), "CONF");
        Checked {
            status: output.status.code().expect("it ends by itself"),
            values: String::from_utf8(output.stdout).expect("text"),
            said: said.lines().map(str::to_owned).collect(),
        }
    }
}

/// Two lines with which a file is sound; what is tried stands on the third.
const SOUND: &str = "space_left = 75\nadmin_space_left = 50\n";

const YES_NO: &[(&str, &str)] =
    &[("maybe", "Option maybe not found"), ("1", "Option 1 not found"), ("true", "Option true not found")];
const NO_WORD: &[(&str, &str)] = &[("bogus", "Option bogus not found")];
const NO_NUMBER: &[(&str, &str)] = &[
    ("many", "Value many should only be numbers"),
    ("-1", "Value -1 should only be numbers"),
    ("1.5", "Value 1.5 should only be numbers"),
    ("0x10", "Value 0x10 should only be numbers"),
    ("5k", "Value 5k should only be numbers"),
];
const OUT_OF_RANGE: &str = "Error converting string to a number (Numerical result out of range)";
const TO_INT_MAX: &[(&str, &str)] = &[
    ("many", "Value many should only be numbers"),
    ("-1", "Value -1 should only be numbers"),
    ("2147483648", "Error - converted number (2147483648) is too large"),
    ("18446744073709551616", OUT_OF_RANGE),
];
const TO_PORT: &[(&str, &str)] = &[("65536", "Error - converted number (65536) is too large")];
const FROM_ONE: &[(&str, &str)] = &[("0", "Error - converted number (0) is too small")];
const NO_SPACE: &[(&str, &str)] = &[
    ("x", "Value x x should only be numbers or percent"),
    ("75M", "Value M 75M should only be numbers or percent"),
    ("-5", "Value - -5 should only be numbers or percent"),
    ("100%", "Percentages should be less than 100"),
    ("18446744073709551616", OUT_OF_RANGE),
    ("18446744073709551616%", OUT_OF_RANGE),
];
const NO_REACTION: &[(&str, &str)] = &[
    ("bogus", "Option bogus not found"),
    ("exec", "!Executable path needed for line 3"),
    ("exec helper", "Absolute path needed for helper"),
    ("exec /no/such/helper", "Unable to stat /no/such/helper (No such file or directory)"),
    ("exec /", "/ is not a regular file"),
];

/// A key, values it takes (the first two differ), and values it refuses with the sentence, to which ` - line 3` belongs unless
/// it begins with `!`.
type Row = (&'static str, &'static [&'static str], &'static [&'static [(&'static str, &'static str)]]);

const ROWS: &[Row] = &[
    ("local_events", &["yes", "no", "YES", "No"], &[YES_NO]),
    ("write_logs", &["yes", "no"], &[YES_NO]),
    (
        "log_file",
        &["/var/log/audit/a.log", "-", "/no/such/directory/a.log"],
        &[&[
            ("/a.log", "The directory name: / is too short"),
            ("/ab/a.log", "The directory name: /ab is too short"),
            ("a.log", "The directory name: . is too short"),
            ("/usr/bin", "!/usr/bin is not a regular file"),
        ]],
    ),
    ("log_format", &["raw", "enriched", "RAW"], &[NO_WORD]),
    (
        "log_group",
        &["4", "root", "0"],
        &[&[
            ("no-such-group", "Group ID is non-numeric and unknown (no-such-group)"),
            ("+4", "Group ID is non-numeric and unknown (+4)"),
            ("4x", "Group ID is non-numeric and unknown (4x)"),
            ("4294967296", "Group ID is non-numeric and unknown (4294967296)"),
        ]],
    ),
    ("log_names", &["dates", "numbers"], &[NO_WORD]),
    ("flush", &["data", "sync", "none", "SYNC"], &[NO_WORD]),
    ("freq", &["50", "0", "2147483647", "007"], &[NO_NUMBER, TO_INT_MAX]),
    ("num_logs", &["5", "0", "999"], &[NO_NUMBER, &[("1000", "!num_logs must be 999 or less")]]),
    ("name_format", &["none", "hostname"], &[NO_WORD]),
    ("name", &["box", "other"], &[]),
    ("max_log_file", &["8", "0", "100000"], &[NO_NUMBER]),
    (
        "max_log_file_action",
        &["ignore", "rotate", "syslog", "suspend", "keep_logs", "KEEP_LOGS"],
        &[NO_REACTION, &[("halt", "Option halt not found"), ("email", "Option email not found")]],
    ),
    (
        "max_log_age",
        &["1d", "0", "90", "90s", "2m", "1h", "1M", "366d"],
        &[&[
            ("1w", "Value 1w should be a number and s, m, h, d or M"),
            ("soon", "Value soon should be a number and s, m, h, d or M"),
            ("367d", "!Error - max_log_age (367d) is too large - line 3"),
        ]],
    ),
    ("compress_command", &[], &[&[("gzip", "Absolute path needed for gzip")]]),
    ("space_left", &["75", "51", "60%", "5%"], &[NO_SPACE]),
    (
        "space_left_action",
        &["ignore", "syslog", "rotate", "suspend", "single"],
        &[
            NO_REACTION,
            &[(
                "halt",
                "!The HALT option in space_left_action has been deprecated to prevent system instability from premature \
             shutdowns.",
            )],
        ],
    ),
    ("verify_email", &["yes", "no"], &[YES_NO]),
    (
        "action_mail_acct",
        &["root", "bob", "a_b-c+d.e"],
        &[&[
            ("r", "!email: r is too short, expecting at least 2 characters"),
            ("a;b", "!email: a;b has illegal character"),
            ("bob@host", "!email: bob@host should have . after @"),
        ]],
    ),
    ("admin_space_left", &["50", "0", "74"], &[NO_SPACE]),
    ("admin_space_left_action", &["ignore", "halt", "syslog", "rotate", "suspend", "single"], &[NO_REACTION]),
    (
        "disk_full_action",
        &["ignore", "halt", "syslog", "rotate", "suspend", "single"],
        &[
            NO_REACTION,
            &[
                ("email", "Illegal option email for disk_full_action"),
                ("keep_logs", "Option keep_logs not found"),
                ("degrade", "Option degrade not found"),
            ],
        ],
    ),
    (
        "disk_error_action",
        &["ignore", "halt", "syslog", "suspend", "single"],
        &[
            NO_REACTION,
            &[
                ("email", "Illegal option email for disk_error_action"),
                ("rotate", "Illegal option rotate for disk_error_action"),
                ("keep_logs", "Option keep_logs not found"),
            ],
        ],
    ),
    ("priority_keys", &["a", "a,b"], &[]),
    ("priority_boost", &["4", "0"], &[NO_NUMBER, TO_INT_MAX]),
    (
        "q_depth",
        &["2000", "512", "99999"],
        &[NO_NUMBER, &[("0", "!q_depth must be greater than zero"), ("100000", "!q_depth must be 99999 or less")]],
    ),
    ("overflow_action", &["syslog", "ignore", "suspend", "single", "halt"], &[NO_WORD]),
    ("max_restarts", &["10", "0"], &[NO_NUMBER, TO_INT_MAX]),
    ("plugin_dir", &["/etc/audit/plugins.d", "/etc/other"], &[]),
    ("end_of_event_timeout", &["2", "0", "4294967295"], &[NO_NUMBER]),
    ("report_interval", &["1h", "0", "6h", "40d"], &[&[("41d", "Error - report_interval (41d) is too large")]]),
    ("metrics_file", &["/run/a.prom", "/run/b.prom"], &[]),
    ("tcp_listen_port", &["0", "60", "65535"], &[NO_NUMBER, TO_PORT]),
    ("tcp_listen_queue", &["5", "1", "65535"], &[NO_NUMBER, TO_PORT, FROM_ONE]),
    (
        "tcp_max_per_addr",
        &["1", "1024"],
        &[NO_NUMBER, FROM_ONE, &[("1025", "Error - converted number (1025) is too large")]],
    ),
    (
        "tcp_client_ports",
        &["0-65535", "1024-65535"],
        &[&[
            ("1-2-3", "Value 1-2-3 should only be numbers, or two numbers separated by a dash"),
            ("9-8", "Error - converted range (9-8) is reversed"),
        ]],
    ),
    ("tcp_client_max_idle", &["0", "60"], &[NO_NUMBER, TO_INT_MAX]),
    ("distribute_network", &["no", "yes"], &[NO_WORD]),
    ("use_libwrap", &["yes", "no"], &[NO_WORD]),
];

/// Keys of what is not there where there is no TLS: what that is, the value that asks for none of it, and another one, which is refused by name.
const ABSENT: &[(&str, &str, Option<&str>, &str)] = &[
    ("transport", "another transport than plain TCP", Some("tcp"), "tls"),
    ("enable_krb5", "Kerberos", Some("no"), "yes"),
    ("krb5_principal", "Kerberos", Some("auditd"), "other"),
    ("krb5_key_file", "Kerberos", Some("/etc/audit/audit.key"), "/etc/other.key"),
    ("tls_auth", "TLS", Some("psk"), "x509"),
    ("tls_crypto_profile", "TLS", Some("compatible"), "pqc"),
    ("tls_require_pqc", "TLS", Some("no"), "yes"),
    ("tls_psk_file", "TLS", None, "/etc/audit/psk"),
    ("tls_psk_identity", "TLS", None, "me"),
    ("tls_allowed_clients", "TLS", None, "/etc/audit/clients"),
    ("tls_cipher_suites", "TLS", None, "any"),
    ("tls_key_exchange", "TLS", None, "any"),
];

/// Keys that are read and say nothing.
const IDLE: &[&str] = &["dispatcher", "disp_qos"];

fn refused(checked: &Checked, line: u32, key: &str, sentence: &str) {
    refused_with(6, checked, line, key, sentence);
}

fn refused_with(status: i32, checked: &Checked, line: u32, key: &str, sentence: &str) {
    let said = &checked.said;
    assert_eq!(checked.status, status, "{key}: {said:?}");
    assert_eq!(checked.values, "", "{key}");
    let place = match (line, key) {
        (0, _) => format!("Refused: CONF, key {key}"),
        (line, "") => format!("Refused: CONF, line {line}"),
        (line, key) => format!("Refused: CONF, line {line}, key {key}"),
    };
    assert!(said.contains(&place), "{place} is not in {said:?}");
    assert_eq!(said.last().map(String::as_str), Some(sentence), "{key}");
}

#[test]
fn every_key_has_a_row() {
    let tried = ROWS.iter().map(|row| row.0).chain(ABSENT.iter().map(|row| row.0)).chain(IDLE.iter().copied());
    let tried: Vec<_> = tried.collect();
    let missing: Vec<_> = KEYS.iter().map(|key| key.name).filter(|name| !tried.contains(name)).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
#[ignore = "needs root"]
fn good_values_are_shown_and_the_last_one_counts() {
    let dir = Config::new("good");
    for (key, values, _) in ROWS {
        for value in *values {
            let checked = dir.check(&format!("{SOUND}{key} = {value}\n"));
            assert_eq!(checked.status, 0, "{key} = {value}: {:?}", checked.said);
            assert!(checked.values.lines().any(|line| line.starts_with(&format!("{key} = "))), "{key} = {value}");
        }
        if let [first, second, ..] = values {
            let checked = dir.check(&format!("{SOUND}{key} = {second}\n{} = {first}\n", key.to_uppercase()));
            let shown = if *first == "1h" || *first == "1d" { first.to_string() } else { first.to_lowercase() };
            assert!(checked.values.contains(&format!("\n{key} = {shown}\n")) || *key == "local_events", "{key}");
        }
    }
}

#[test]
#[ignore = "needs root"]
fn bad_values_are_refused_with_file_line_key_and_word() {
    let dir = Config::new("bad");
    for (key, _, refusals) in ROWS {
        for (value, sentence) in refusals.iter().copied().flatten() {
            let checked = dir.check(&format!("{SOUND}{key} = {value}\n"));
            let whole = match sentence.strip_prefix('!') {
                Some(whole) => whole.to_owned(),
                None => format!("{sentence} - line 3"),
            };
            refused(&checked, 3, key, &whole);
        }
    }
    for (key, what, none, other) in ABSENT {
        let way_out = match none {
            Some(none) => {
                assert_eq!(dir.check(&format!("{SOUND}{key} = {none}\n")).status, 0, "{key} = {none}");
                format!("leave the key out or set it to {none}")
            }
            None => "leave the key out".to_owned(),
        };
        let sentence = format!("{key} = {other} asks for {what}, which this auditd does not have; {way_out} - line 3");
        refused(&dir.check(&format!("{SOUND}{key} = {other}\n")), 3, key, &sentence);
    }
}

#[test]
fn a_text_for_a_terminal_gets_there() {
    let (mut ours, theirs) = crate::support::terminal(80);
    let fd = std::os::fd::AsRawFd::as_raw_fd(&theirs);
    let path = fs::read_link(format!("/proc/self/fd/{fd}")).expect("its name");
    auditbox::sys::files::write_to_terminal(path.to_str().expect("plain"), "The disk is full\n");
    let mut said = [0; 64];
    let length = std::io::Read::read(&mut ours, &mut said).expect("a text");
    assert_eq!(said.get(..length), Some(&b"The disk is full\r\n"[..]));
}

#[test]
#[ignore = "needs root"]
fn lines_that_are_none_are_refused_with_file_and_line() {
    let dir = Config::new("lines");
    for key in KEYS {
        let name = key.name;
        let told = |rest: &str, why: &str| {
            let checked = dir.check(&format!("{SOUND}{name}{rest}\n"));
            assert_eq!(checked.said.first(), Some(&format!("{why} for line 3 in CONF")), "{name}{rest}");
            checked
        };
        let no_more = "Not processing any more lines in CONF";
        refused(&told("", "Wrong number of arguments"), 3, "", no_more);
        refused(&told(" =", "Wrong number of arguments"), 3, "", no_more);
        refused(&told("=5", "Wrong number of arguments"), 3, "", no_more);
        refused(&told(" 5", "Missing equal sign"), 3, "", no_more);
        let three = told(" = 5 6 7", "Wrong number of arguments");
        let option = format!("Keyword \"{name}\" has invalid option \"6\" in line 3 of CONF");
        if key.takes_option {
            refused(&three, 3, name, no_more);
        } else {
            refused(&three, 3, name, &option);
            refused(&dir.check(&format!("{SOUND}{name} = 5 6\n")), 3, name, &option);
        }
        let unknown = format!("Unknown keyword \"{name}s\" in line 3 of CONF");
        refused(&dir.check(&format!("{SOUND}{name}s = 5\n")), 3, &format!("{name}s"), &unknown);
    }
}

#[test]
#[ignore = "needs root"]
fn pairs_that_cannot_stand_together_are_refused_where_the_later_word_on_it_stands() {
    let dir = Config::new("pairs");
    let larger = |left, admin| format!("Error - space_left({left}) must be larger than admin_space_left({admin})");
    refused(&dir.check("space_left = 5\nadmin_space_left = 5\n"), 1, "space_left", &larger(5, 5));
    let neither = larger(0, 0) + " - neither is set in CONF";
    refused(&dir.check("# nothing\n"), 0, "space_left", &neither);
    refused(&dir.check("\n"), 0, "space_left", &neither);
    refused(&dir.check("admin_space_left = 0%\nspace_left = 0%\n"), 2, "space_left", &larger(0, 0));
    assert_eq!(dir.check("").status, 0, "a file without a line is one of defaults");
    let freq = "Error - incremental flushing chosen, but 0 selected for freq";
    refused(&dir.check(&format!("{SOUND}flush = incremental\n")), 0, "freq", freq);
    refused(&dir.check(&format!("{SOUND}flush = incremental_async\nfreq = 0\n")), 4, "freq", freq);
    let directory = "Error - log_file is directly in /var/log and chgrp will alter a system directory's permissions. Use \
                     another directory.";
    refused(&dir.check(&format!("{SOUND}log_file = /var/log/a.log\nlog_group = 4\n")), 3, "log_file", directory);
    refused(&dir.check(&format!("{SOUND}log_file = /var/log//a.log\nlog_group = 4\n")), 3, "log_file", directory);
    let degrade = "Error - degrade chosen, but priority_keys names no key to keep";
    refused(&dir.check(&format!("{SOUND}space_left_action = degrade\n")), 0, "priority_keys", degrade);
    let unnamed = dir.check(&format!("{SOUND}name_format = user\n"));
    refused_with(1, &unnamed, 3, "name_format", "User defined name missing");
}

#[test]
#[ignore = "needs root"]
fn a_log_that_is_something_else_is_refused_or_said() {
    let dir = Config::new("other-log");
    for (path, fault) in [
        ("/proc/sys/kernel/hostname", "is in a file system that keeps no files"),
        ("/sys/kernel/a.log", "is in a file system that keeps no files"),
        ("/dev/pts/a.log", "is in a file system that keeps no files"),
        ("/etc/passwd", "is a file of another kind, no log of audit records"),
    ] {
        let checked = dir.check(&format!("{SOUND}log_file = {path}\n"));
        refused(&checked, 3, "log_file", &format!("{path} {fault}"));
    }
    let other = dir.0.file("other", "a note\n");
    fs::set_permissions(&other, fs::Permissions::from_mode(0o600)).expect("a mode");
    let said = || dir.check(&format!("{SOUND}log_file = {other}\n")).said;
    assert_eq!(said(), [format!("{other} holds no audit records; they will be added")]);
    let record = "torn\0\0\ntype=CWD msg=audit(1700000000.100:1): cwd=\"/\"\n";
    for text in ["", record] {
        fs::write(&other, text).expect("a file");
        assert_eq!(said(), [""; 0], "{text:?}");
    }
}

#[test]
#[ignore = "needs root"]
fn a_port_that_another_program_has_is_said() {
    let dir = Config::new("port");
    let other = std::net::TcpListener::bind(("0.0.0.0", 0)).expect("a port");
    let port = other.local_addr().expect("an address").port();
    let check = || dir.check(&format!("{SOUND}tcp_listen_port = {port}\nuse_libwrap = no\n"));
    let checked = check();
    refused_with(1, &checked, 3, "tcp_listen_port", &format!("TCP port {port} is taken by another program"));
    drop(other);
    // A program that another test starts at this moment has a copy of the socket until it runs.
    let is_free = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        check().status == 0
    });
    assert!(is_free, "{:?}", check().said);
}

#[test]
#[ignore = "needs root"]
fn pairs_that_hardly_make_sense_are_warned_of_and_taken() {
    let dir = Config::new("doubts");
    let rotated = "num_logs is less than 2: no log is rotated";
    for (lines, warning) in [
        ("flush = data\nfreq = 5", "Warning - freq is non-zero and incremental flushing not selected."),
        ("q_depth = 511", "q_depth should be larger than 512 for safety margin"),
        ("report_interval = 7h", "Warning - report_interval is more than 6 hours apart - line 3"),
        (
            "max_log_file = 8\nmax_log_file_action = rotate\nnum_logs = 1",
            &format!("Warning - max_log_file_action is rotate, but {rotated}"),
        ),
        ("max_log_age = 1d", &format!("Warning - max_log_age is set, but {rotated}")),
        ("max_log_file_action = syslog", "Warning - max_log_file is 0: max_log_file_action is taken at every record"),
        ("local_events = no", "Warning - local_events is no: nothing is collected"),
        (
            "metrics_file = /run/a.prom",
            "Warning - metrics_file is set, but report_interval is 0: it is written when a report is asked for",
        ),
        ("priority_keys = a", "Warning - priority_keys is set, but no action is degrade"),
        ("name = box", "Warning - name is set, but name_format is not user: the name is not used"),
        (
            "log_file = -\nmax_log_file = 8\nmax_log_file_action = rotate\nnum_logs = 5",
            "Warning - log_file is standard output: nothing is rotated or measured",
        ),
        ("dispatcher = /sbin/audispd", "The dispatcher option is deprecated - line 3"),
    ] {
        let checked = dir.check(&format!("{SOUND}{lines}\n"));
        assert_eq!((checked.status, checked.said), (0, vec![warning.to_owned()]), "{lines}");
    }
    // A share of the disk is compared where the log is.
    for (left, admin) in [("5%", "5%"), ("75", "99%"), ("1%", "2%")] {
        let checked = dir.check(&format!("space_left = {left}\nadmin_space_left = {admin}\n"));
        let said = checked.said.first().map_or("", String::as_str);
        let is_said =
            said.starts_with("Error - space_left(") && said.contains(") must be larger than admin_space_left(");
        assert!(checked.status == 0 && checked.said.len() == 1 && is_said, "{left} {admin}: {:?}", checked.said);
    }
    let checked = dir.check(&format!("{SOUND}log_format = nolog\n"));
    assert!(
        checked.values.contains("\nwrite_logs = no\n")
            || checked.values.starts_with("local_events = yes\nwrite_logs = no")
    );
    assert_eq!(checked.said.len(), 2, "{:?}", checked.said);
    let checked = dir.check(&format!("{SOUND}max_log_age = 1d\nmax_log_file = 8\nmax_log_file_action = keep_logs\n"));
    assert_eq!(checked.said, [""; 0], "keep_logs rotates without num_logs");
}

#[test]
#[ignore = "needs root"]
fn what_a_start_would_end_with_is_what_the_check_ends_with() {
    let dir = Config::new("start");
    let at =
        |name: &str, more: &str| dir.check(&format!("{SOUND}log_file = {}/{name}/a.log\n{more}", dir.0.0.display()));
    fs::create_dir(dir.0.0.join("open")).expect("a directory");
    fs::set_permissions(dir.0.0.join("open"), fs::Permissions::from_mode(0o777)).expect("a mode");
    let checked = at("open", "");
    assert_eq!(checked.status, 1, "{:?}", checked.said);
    assert_eq!(checked.said[0], "Refused: CONF, line 3, key log_file");
    assert!(checked.said[1].starts_with("Unsafe audit log directory for "), "{:?}", checked.said);
    assert_eq!(checked.values, "");
    let whole = format!("space_left = {0}\nadmin_space_left = {0}\n", u64::MAX >> 21);
    let large = whole.replacen("space_left = ", "space_left = 1", 1);
    let checked = at("missing", &format!("{large}admin_space_left_action = suspend\n"));
    assert_eq!(checked.status, 6, "{:?}", checked.said);
    assert!(checked.said.contains(&"Refused: CONF, line 5, key admin_space_left".to_owned()), "{:?}", checked.said);
    assert!(
        checked.said.last().is_some_and(|said| said.contains("admin_space_left_action (suspend) is taken at once"))
    );
    let checked = at("missing", &format!("{large}admin_space_left_action = syslog\n"));
    assert_eq!(checked.status, 0, "{:?}", checked.said);
    assert!(checked.said[0].contains("is taken at once"), "{:?}", checked.said);
    assert_eq!(dir.check(&format!("{SOUND}log_group = root\n")).status, 0);
}

#[test]
#[ignore = "needs root"]
fn what_is_shown_is_a_file_that_shows_the_same_without_a_word() {
    let dir = Config::new("shown");
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/init/auditd.conf");
    let first = dir.check(&fs::read_to_string(shipped).expect("it is there"));
    assert_eq!((first.status, &first.said), (0, &Vec::new()));
    let second = dir.check(&first.values);
    assert_eq!((second.status, &second.said, second.values), (0, &Vec::new(), first.values));
}

#[test]
#[ignore = "needs root"]
fn the_file_itself_must_be_roots_and_closed_to_others() {
    let dir = Config::new("file");
    assert_eq!(dir.check(SOUND).status, 0);
    let mode = |mode| fs::set_permissions(dir.file(), fs::Permissions::from_mode(mode)).expect("a mode");
    mode(0o660);
    assert_eq!(dir.check_there(&[]).status, 0, "the group may write");
    mode(0o602);
    let checked = dir.check_there(&[]);
    assert_eq!((checked.status, checked.said), (6, vec!["Error - CONF is world writable".to_owned()]));
    mode(0o600);
    std::os::unix::fs::chown(dir.file(), Some(65534), None).expect("root may");
    let checked = dir.check_there(&[]);
    assert_eq!((checked.status, checked.said), (6, vec!["Error - CONF isn't owned by root".to_owned()]));

    fs::rename(dir.file(), dir.0.0.join("real")).expect("a name");
    std::os::unix::fs::chown(dir.0.0.join("real"), Some(0), None).expect("root may");
    symlink("real", dir.file()).expect("a link");
    let checked = dir.check_there(&[]);
    assert_eq!(checked.status, 6);
    assert_eq!(checked.said, ["Error opening config file (Too many levels of symbolic links)"]);
    assert_eq!(dir.check_there(&["-l"]).status, 0, "-l follows links");

    fs::remove_file(dir.file()).expect("a link");
    let checked = dir.check_there(&[]);
    assert_eq!((checked.status, checked.said), (0, vec!["Config file CONF doesn't exist, skipping".to_owned()]));
    fs::create_dir(dir.file()).expect("a directory");
    assert_eq!(dir.check_there(&[]).status, 6, "a directory is no file");
}

#[test]
#[ignore = "needs root"]
fn a_plugin_that_cannot_run_is_named_with_its_file_and_line() {
    let dir = Config::new("plugins");
    let plugins = dir.0.0.join("plugins.d");
    fs::create_dir(&plugins).expect("a directory");
    let put = |name: &str, path: &str, kind: &str| {
        let file = plugins.join(name);
        fs::write(&file, format!("active = yes\ndirection = out\npath = {path}\ntype = {kind}\n")).expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("its mode");
    };
    put("a.conf", "/nonexistent/plugin", "always");
    put("b.conf", "/etc/passwd", "always");
    put("c.conf", "/nonexistent/plugin", "wrong");
    fs::write(plugins.join("d.conf"), "active = no\npath = /nonexistent/plugin\n").expect("a file");
    let checked = dir.check(&format!("{SOUND}write_logs = no\nplugin_dir = {}\n", plugins.display()));
    let said = checked.said.join("\n").replace(plugins.to_str().expect("text"), "DIR");
    let expected = "Unable to stat /nonexistent/plugin (No such file or directory) - line 3 of DIR/a.conf\n\
                    Skipping a.conf plugin due to errors\n\
                    Error - /etc/passwd permissions should be at least 0550 - line 3 of DIR/b.conf\n\
                    Skipping b.conf plugin due to errors\n\
                    Refused: DIR/c.conf, line 4, key type\nOption wrong not found - line 4\n\
                    Skipping c.conf plugin due to errors";
    assert!(said.ends_with(expected), "{said}");
    assert_eq!(checked.status, 0, "the daemon would start");
}

/// init/auditd.cron with an auditctl that ends with `status`: what it says to the system log, and its own status.
fn daily(status: u8) -> (String, Option<i32>) {
    let Dir(place) = &Dir::new("daily");
    let said = place.join("said");
    let programs = [
        ("auditctl", format!("#!/bin/sh\ntest \"$*\" = '--signal rotate' || exit 99\nexit {status}\n")),
        ("logger", format!("#!/bin/sh\necho \"$*\" >{}\n", said.display())),
    ];
    for (name, text) in programs {
        let path = place.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let script = include_str!("../../init/auditd.cron").replace("/usr/sbin/", &format!("{}/", place.display()));
    let path = format!("{}:/usr/bin:/bin", place.display());
    let ended = std::process::Command::new("sh").args(["-c", &script]).env("PATH", path).status().unwrap();
    let told = std::fs::read_to_string(&said).unwrap_or_default();
    (told, ended.code())
}

#[test]
fn the_daily_rotation_ends_well_and_tells_of_a_failure() {
    assert_eq!(daily(0), (String::new(), Some(0)));
    let told = "-t auditd ALERT auditctl exited abnormally with [2] while rotating the logs\n".to_string();
    assert_eq!(daily(2), (told, Some(0)));
}
