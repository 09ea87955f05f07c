//! auditctl --cost: what a log's events came to, by key, by call and by rule.

use crate::support::{Dir, applet, transcript};

fn cost(words: &[&str]) -> (i32, String, String) {
    transcript(applet("auditctl").arg("--cost").args(words), "")
}

/// A call of `number` on x86_64 with this key.
fn call(second: u64, serial: u64, number: u32, rest: &str, key: &str) -> String {
    format!(
        "type=SYSCALL msg=audit({second}.000:{serial}): arch=c000003e syscall={number} success=yes exit=0 a0=0 a1=0 a2=0 a3=0 \
         items=0 ppid=1 pid=2 auid=1000 uid=1000 {rest} key={key}\ntype=EOE msg=audit({second}.000:{serial}): \n"
    )
}

#[test]
fn events_records_and_bytes_are_counted_by_key_call_and_rule() {
    let dir = Dir::new("costing");
    let login = "type=USER_LOGIN msg=audit(1000.000:1): pid=1 uid=0 auid=1000 ses=4 msg='op=login res=success'\n";
    let reads: String = (2..5).map(|serial| call(1000, serial, 0, "euid=0", "\"hot\"")).collect();
    let rest = [
        call(1000, 5, 59, "euid=1000", "6578656301726F6F74"),
        call(4600, 6, 59, "euid=1000", "(null)"),
        // A key that would draw on the terminal.
        call(4600, 7, 87, "euid=1000", "1B5B324A"),
    ];
    let log = dir.file("audit.log", [login, &reads, &rest.concat()].concat());
    let rules = dir.file(
        "a.rules",
        "-a always,exit -F arch=b64 -S read -F euid=0 -k hot\n-a always,exit -F arch=b64 -S execve -F auid>=1000 -k exec -k root\n",
    );
    let (status, said, errors) = cost(&["-if", &log, "--machine", "x86_64", &rules]);
    assert_eq!((status, errors.as_str()), (0, ""));
    let has = |line: &str| {
        assert!(
            said.lines().any(|found| found.split_whitespace().collect::<Vec<_>>().join(" ") == line),
            "{line}\n{said}"
        )
    };
    let bytes = |text: &str| text.len().to_string();
    let share = |part: &str, all: usize| (part.len() * 100 / all).to_string();
    let all = login.len() + reads.len() + rest.concat().len();
    has(&format!("7 13 {all} 100 all"));
    has("7 events an hour, for 3600 seconds");
    has(&format!("3 6 {} {} hot", bytes(&reads), share(&reads, all)));
    has(&format!("1 2 {} {} exec,root", bytes(&rest[0]), share(&rest[0], all)));
    has(&format!("1 2 {} {} (no key)", bytes(&rest[1]), share(&rest[1], all)));
    has(&format!("1 2 {} {} \\033[2J", bytes(&rest[2]), share(&rest[2], all)));
    has(&format!("1 1 {} {} (no rule)", bytes(login), share(login, all)));
    has(&format!("3 6 {} {} x86_64 read (hot: programs make it all the time)", bytes(&reads), share(&reads, all)));
    let both = [rest[0].as_str(), &rest[1]].concat();
    has(&format!("2 4 {} {} x86_64 execve", bytes(&both), share(&both, all)));
    has(&format!(
        "3 6 {} {} 1: -a always,exit -F arch=b64 -S read -F euid=0 -F key=hot",
        bytes(&reads),
        share(&reads, all)
    ));
    has(&format!(
        "2 4 {} {} 2: -a always,exit -F arch=b64 -S execve -F auid>=1000 -F key=exec -F key=root",
        bytes(&both),
        share(&both, all)
    ));
    has(&format!("1 2 {} {} none of them, or not to be told", bytes(&rest[2]), share(&rest[2], all)));
}

#[test]
fn operations_of_io_uring_have_a_rule_and_no_rule_that_leaves_out_has_events() {
    let dir = Dir::new("costing-uring");
    let uring = "type=URINGOP msg=audit(1000.000:1): uring_op=18 success=yes exit=5 items=0 uid=0 key=\"uring\"\n";
    let log = dir.file("audit.log", [uring, &call(1000, 5, 59, "euid=0", "\"k\"")].concat());
    let rules = "-a always,io_uring -S openat -F key=uring\n-a never,exit -F arch=b64 -S execve\n";
    let (status, said, _) = cost(&["-if", &log, &dir.file("a.rules", rules)]);
    let rows: Vec<String> = said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let row =
        |events: u8, rest: &str| rows.iter().any(|row| row.starts_with(&events.to_string()) && row.ends_with(rest));
    assert_eq!(status, 0);
    assert!(row(1, "uring openat") && row(1, "1: -a always,io_uring -S openat -F key=uring"), "{said}");
    assert!(row(0, "2: -a never,exit -F arch=b64 -S execve") && row(1, "none of them, or not to be told"), "{said}");
}

#[test]
fn without_rules_no_rule_is_spoken_of_and_wrong_words_are_named() {
    let dir = Dir::new("costing");
    let log = dir.file("audit.log", call(1000, 5, 59, "euid=0", "\"k\""));
    let (status, said, _) = cost(&["-if", &log]);
    assert_eq!(status, 0);
    assert!(!said.contains("  rule\n") && !said.contains("an hour"), "{said}");
    assert_eq!(cost(&["-if", &log, "a", "b"]).0, 2);
    assert_eq!(cost(&["-if"]).0, 2);
    let (status, _, errors) = cost(&["-if", "/no/log"]);
    assert_eq!((status, errors.contains("No such file")), (1, true), "{errors}");
}
