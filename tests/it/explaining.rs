//! `auditctl --explain`: which rule decides about an event given in words or by its records.

use crate::support::{Dir, applet, transcript};

/// Exit status, standard output, standard error.
fn explained(rules: &str, words: &[&str], input: &str) -> (i32, String, String) {
    let dir = Dir::new(&format!("explain-{}-{}", rules.len(), words.concat().len()));
    let path = dir.file("r.rules", rules);
    transcript(applet("auditctl").args(["--machine", "x86_64", "--explain", &path]).args(words), input)
}

const RULES: &str = "\
-a never,exit -F arch=b64 -S openat -F auid=0
-a always,exit -F arch=b64 -S openat -F exit=-EACCES -k access
-a always,exit -S all -F path=/etc/shadow -F perm=r -k shadow
-a always,exit -F arch=b64 -S openat -k all
";

#[test]
fn rules_are_shown_in_the_order_of_the_kernel_with_the_reason_of_each() {
    let words = ["syscall=openat", "auid=1000", "exit=3", "success=yes", "path=/etc/shadow", "perm=r"];
    let (status, out, _) = explained(RULES, &words, "");
    let expected = "\
no     1: -a never,exit -F arch=b64 -S openat -F auid=0
    auid=0 does not hold
no     2: -a always,exit -F arch=b64 -S openat -F exit=-EACCES -F key=access
    exit=-13 does not hold
match  3: -w /etc/shadow -p r -k shadow
hidden 4: -a always,exit -F arch=b64 -S openat -F key=all
    an earlier rule has decided
rule 3 decides: the event is recorded with key shadow
";
    assert_eq!((status, out.as_str()), (0, expected));
}

#[test]
fn classes_of_access_are_those_of_the_kernel_and_open_where_not_every_kernel_has_them() {
    for (arch, call, perm, expected) in [
        ("b64", "setxattrat", "a", "match"),
        ("b64", "setxattrat", "r", "no"),
        ("b64", "fchmodat2", "a", "open"),
        ("b64", "fchmodat2", "w", "no"),
        ("b64", "getxattrat", "r", "open"),
        ("b64", "newfstatat", "r", "open"),
        ("b64", "newfstatat", "wa", "no"),
        ("b64", "utimensat", "a", "open"),
        ("b64", "openat2", "w", "open"),
        ("b64", "openat2", "a", "no"),
        ("b32", "lchown32", "a", "match"),
        ("b32", "truncate64", "w", "match"),
        ("b32", "socketcall a0=2", "w", "match"),
        ("b32", "socketcall a0=3", "w", "no"),
        ("b32", "socketcall", "w", "open"),
        ("b64", "execveat", "x", "match"),
        ("b64", "read", "rwxa", "no"),
    ] {
        let rules = format!("-a always,exit -S all -F path=/srv/x -F perm={perm} -k x\n");
        let words = format!("arch={arch} path=/srv/x syscall={call}");
        let (_, out, said) = explained(&rules, &words.split(' ').collect::<Vec<_>>(), "");
        assert_eq!(out.split(' ').next(), Some(expected), "{call} {perm}: {out}{said}");
    }
}

#[test]
fn a_call_that_never_returns_has_no_result() {
    let rules = "-a always,exit -S exit_group,execve -F exit>=0 -k a\n-a always,exit -S exit_group -k b\n";
    for result in ["exit=0", "success=yes"] {
        let (status, _, said) = explained(rules, &["syscall=exit_group", result], "");
        assert!(status > 2 || said.contains("exit_group never returns"), "{status} {said}");
    }
    let (status, out, _) = explained(rules, &["syscall=exit_group"], "");
    assert_eq!(status, 0, "{out}");
    assert!(out.ends_with("rule 2 decides: the event is recorded with key b\n"), "{out}");
}

#[test]
fn a_field_that_the_kernel_cannot_test_ends_the_list() {
    let rules = "-a always,exclude -F uid=0 -F exe=/bin/a -F key=k\n-a always,exclude -F msgtype=CWD\n";
    let words = ["list=exclude", "msgtype=CWD", "uid=0", "exe=/bin/a"];
    let (status, out, _) = explained(rules, &words, "");
    assert_eq!(status, 0);
    assert!(
        out.contains("    the kernel cannot test all of it here: it keeps the record, and tries no later rule\n"),
        "{out}"
    );
    assert!(out.ends_with("rule 1 decides: the record is kept\n"), "{out}");
    let (status, out, _) = explained(rules, &["list=exclude", "msgtype=CWD", "uid=1", "exe=/bin/a"], "");
    assert_eq!((status, out.lines().last()), (1, Some("rule 2 decides: the record is left out")));
}

#[test]
fn tests_of_file_systems_count_each_by_itself_and_always_not_at_all() {
    let rules = "-a always,filesystem -F fstype=tracefs\n-a never,filesystem -F fstype=debugfs -F fstype=tracefs\n";
    let (status, out, _) = explained(rules, &["list=filesystem", "fstype=tracefs"], "");
    assert_eq!(status, 1, "{out}");
    assert!(out.contains("    `always` does nothing on this list\n"), "{out}");
    assert!(out.ends_with("rule 2 decides: no file on it is in records or matches a rule\n"), "{out}");
}

#[test]
fn never_records_nothing_and_what_is_not_known_is_not_guessed() {
    let (status, out, _) = explained(RULES, &["syscall=openat", "auid=0"], "");
    assert_eq!(status, 1);
    assert!(out.ends_with("rule 1 decides: nothing is recorded\n"), "{out}");
    let (status, out, _) = explained(RULES, &["syscall=mkdir", "path=/srv"], "");
    assert_eq!(status, 1);
    assert!(out.ends_with("no rule matches: nothing is recorded\n"), "{out}");
    let (status, out, _) = explained(RULES, &["syscall=openat", "auid=1000"], "");
    assert_eq!(status, 2);
    assert!(out.contains("depends on exit, which is not given\n"), "{out}");
    assert!(out.ends_with("cannot be told: rule 2 is open\n"), "{out}");
}

#[test]
fn the_records_of_an_event_say_all_that_is_needed() {
    let records = "\
type=SYSCALL msg=audit(1700000000.123:42): arch=c000003e syscall=257 success=no exit=-13 a0=ffffff9c a1=7ffc a2=0 a3=0 items=1 ppid=1 pid=2 auid=1000 uid=1000 gid=1000 euid=1000 suid=1000 fsuid=1000 egid=1000 sgid=1000 fsgid=1000 tty=pts0 ses=1 comm=\"cat\" exe=\"/bin/cat\" key=\"access\"
type=CWD msg=audit(1700000000.123:42): cwd=\"/etc\"
type=PATH msg=audit(1700000000.123:42): item=0 name=\"shadow\" inode=7 dev=fd:01 mode=0100640 ouid=0 ogid=42 rdev=00:00 nametype=NORMAL
";
    let two =
        format!("{records}type=SYSCALL msg=audit(1700000000.124:43): arch=c000003e syscall=2 success=yes exit=3\n");
    let (status, out, said) = explained(RULES, &[], &two);
    let several = "auditctl: --explain takes one event, and standard input has several: 1700000000.123:42 and 1700000000.124:43\n";
    assert_eq!((status, out.as_str(), said.as_str()), (2, "", several));
    let of_node = |node: &str| format!("node={node} {}", records.lines().next().unwrap_or_default());
    let (status, out, said) = explained(RULES, &[], &format!("{}\n{}\n", of_node("a"), of_node("b")));
    let several = "auditctl: --explain takes one event, and standard input has several: node=a 1700000000.123:42 and node=b 1700000000.123:42\n";
    assert_eq!((status, out.as_str(), said.as_str()), (2, "", several));
    let (status, out, _) = explained(RULES, &[], records);
    assert_eq!(status, 0);
    assert!(out.ends_with("rule 2 decides: the event is recorded with key access\n"), "{out}");
    let (_, out, _) = explained(RULES, &[], &records.replace("exit=-13", "exit=3"));
    assert!(out.ends_with("with key shadow\n"), "a relative name is of the directory it was opened in: {out}");
    let (_, out, _) = explained(RULES, &[], &records.replace("a2=0", "a2=1").replace("exit=-13", "exit=3"));
    assert!(out.ends_with("with key all\n"), "a2 says that the file was opened for writing: {out}");
    let (status, _, said) = explained(RULES, &[], "type=USER_LOGIN msg=audit(1700000000.000:1): pid=1\n");
    assert_eq!((status, said.contains("no SYSCALL record")), (2, true), "{said}");
}

#[test]
fn words_that_say_nothing_are_named() {
    for (word, name) in [
        ("uid=nobody-such", "nobody-such"),
        ("colour=red", "colour"),
        ("syscall=opn", "opn"),
        ("perm=z", "z"),
        ("path=", "path="),
        ("path=shadow", "shadow"),
        ("uid=4294967301", "uid=4294967301: value is too large for field: uid"),
    ] {
        let (status, out, said) = explained(RULES, &[word], "");
        assert_eq!((status, out.as_str()), (2, ""), "{word}");
        assert!(said.contains(name), "{said}");
    }
}

/// The records of one call that names files.
fn renamed(cwd: &str, names: &[&str]) -> String {
    let id = "msg=audit(1700000000.123:42):";
    let mut text = format!(
        "type=SYSCALL {id} arch=c000003e syscall=82 success=yes exit=0 a0=1 a1=2 a2=0 a3=0 items=2 auid=1000 uid=0\n{cwd}"
    );
    for (item, name) in names.iter().enumerate() {
        text += &format!("type=PATH {id} item={item} name={name} inode=7 dev=fd:01 mode=0100640 ouid=0 ogid=42\n");
    }
    text
}

#[test]
fn a_name_without_a_record_or_a_directory_leaves_paths_open() {
    let rules = "-w /etc/shadow -p wa -k shadow\n";
    let cwd = "type=CWD msg=audit(1700000000.123:42): cwd=\"/etc\"\n";
    assert_eq!(explained(rules, &[], &renamed("", &[])).0, 2);
    assert_eq!(explained(rules, &[], &renamed(cwd, &["\"/a\""])).0, 2);
    assert_eq!(explained(rules, &[], &renamed("", &["\"/a\"", "\"shadow\""])).0, 2);
    assert_eq!(explained(rules, &[], &renamed(cwd, &["\"/a\"", "(null)"])).0, 2);
    assert_eq!(explained(rules, &[], &renamed(cwd, &["\"/a\"", "\"/b\""])).0, 1);
    assert_eq!(explained(rules, &[], &renamed(cwd, &["\"/a\"", "\"shadow\""])).0, 0);
}

#[test]
fn the_first_name_that_a_rule_is_for_decides_unless_an_earlier_rule_is_for_the_call() {
    let rules = "-w /etc/passwd -p wa -k k1\n-w /tmp/x -p wa -k k2\n";
    let records = renamed("", &["\"/tmp/x\"", "\"/etc/passwd\""]);
    let (status, out, _) = explained(rules, &[], &records);
    assert!(status == 0 && out.ends_with("rule 2 decides: the event is recorded with key k2\n"), "{out}");
    assert!(out.contains("a name that comes before its own has decided"), "{out}");
    let call = "-a never,exit -F arch=b64 -S rename\n";
    let (status, out, _) = explained(&rules.replace("-w /tmp", &format!("{call}-w /tmp")), &[], &records);
    assert!(status == 0 && out.ends_with("with key k1\n"), "{out}");
    assert_eq!(explained(&format!("{call}{rules}"), &[], &records).0, 1);
}

#[test]
fn a_rule_for_all_files_but_one_is_asked_in_its_place_and_about_any_file() {
    let rules = "-a always,exit -S all -F inode!=5\n-a always,exit -S all -F uid=0 -k calls\n";
    let words = |inode: &'static str| ["syscall=openat", "uid=0", "path=/srv/x", inode];
    assert_eq!(last(rules, &words("inode=7"), ""), "rule 1 decides: the event is recorded");
    assert_eq!(last(rules, &words("inode=5"), ""), "rule 2 decides: the event is recorded with key calls");
    // A rule for one file is asked for each name, and not for the first alone.
    let rules = "-w /srv/b -p wa -k b\n-a always,exit -S all -F inode!=5 -k others\n";
    let records = renamed("", &["\"/srv/a\"", "\"/srv/b\""]);
    assert_eq!(last(rules, &[], &records), "rule 1 decides: the event is recorded with key b");
    assert_eq!(last("-a always,exit -S all -F inode!=7 -k x\n", &[], &records), "no rule matches: nothing is recorded");
    let other = records.replacen("inode=7", "inode=8", 1);
    assert_eq!(
        last("-a always,exit -S all -F inode!=7 -k x\n", &[], &other),
        "rule 1 decides: the event is recorded with key x"
    );
    let turned = "-a always,exit -S all -F inode!=5 -k a\n-a always,exit -S all -F inode!=5 -F uid=0 -k b\n";
    let (_, out, _) = explained(turned, &words("inode=7"), "");
    assert!(!out.contains("change places"), "{out}");
}

#[test]
fn a_rule_for_the_name_that_a_call_gives_a_file_is_tried_first() {
    let rules = "-w /srv/old -p wa -k old\n-w /srv/new -p wa -k new\n";
    let words = |call: &'static str| [call, "path=/srv/old", "path=/srv/new", "success=yes", "perm=wa"];
    let (_, out, _) = explained(rules, &words("syscall=link"), "");
    assert!(out.contains("the other name that the call gave the file has decided"), "{out}");
    assert!(out.ends_with("rule 2 decides: the event is recorded with key new\n"), "{out}");
    // Before the call returns the old name is taken away, and then no earlier rule is left.
    assert_eq!(last(rules, &words("syscall=rename"), ""), "rule 1 decides: the event is recorded with key old");
    let failed = ["syscall=link", "path=/srv/old", "path=/srv/new", "success=no", "perm=wa"];
    assert_eq!(last(rules, &failed, ""), "rule 1 decides: the event is recorded with key old");
    let id = "msg=audit(1700000000.123:42):";
    let file = |item: u8, name: &str, inode: u8, kind: &str| {
        format!(
            "type=PATH {id} item={item} name=\"{name}\" inode={inode} dev=fd:01 mode=0100640 ouid=0 ogid=0 nametype={kind}\n"
        )
    };
    let records = |inode| {
        let call =
            format!("type=SYSCALL {id} arch=c000003e syscall=86 success=yes exit=0 a0=1 a1=2 items=3 auid=0 uid=0\n");
        call + &file(0, "/srv", 9, "PARENT") + &file(1, "/srv/old", 7, "NORMAL") + &file(2, "/srv/new", inode, "CREATE")
    };
    assert_eq!(last(rules, &[], &records(7)), "rule 2 decides: the event is recorded with key new");
    assert_eq!(last(rules, &[], &records(8)), "rule 1 decides: the event is recorded with key old");
    // The directory's name comes before both.
    let rules = "-a always,exit -S all -F path=/srv/new -k new\n-a always,exit -S all -F path=/srv -k srv\n";
    assert_eq!(last(rules, &[], &records(7)), "rule 2 decides: the event is recorded with key srv");
    // So it does where a file is replaced, whose path no moment is without.
    let call =
        format!("type=SYSCALL {id} arch=c000003e syscall=82 success=yes exit=0 a0=1 a1=2 items=4 auid=0 uid=0\n");
    let replaced = call
        + &file(0, "/srv", 9, "PARENT")
        + &file(1, "/srv/old", 7, "DELETE")
        + &file(2, "/srv/new", 8, "DELETE")
        + &file(3, "/srv/new", 7, "CREATE");
    assert_eq!(last(rules, &[], &replaced), "rule 2 decides: the event is recorded with key srv");
}

#[test]
fn an_event_of_very_many_names_is_explained_as_well() {
    let id = "msg=audit(1700000000.123:42):";
    let call =
        format!("type=SYSCALL {id} arch=c000003e syscall=86 success=yes exit=0 a0=1 a1=2 items=50000 auid=0 uid=0\n");
    let name =
        |item: u32| format!("type=PATH {id} item={item} name=\"/srv/{item}\" inode=7 dev=fd:01 nametype=CREATE\n");
    let records = call + &(0..50_000).map(name).collect::<String>();
    assert_eq!(last("-w /srv/old -p wa -k old\n", &[], &records), "no rule matches: nothing is recorded");
}

/// The last line of what is explained.
fn last(rules: &str, words: &[&str], input: &str) -> String {
    let (_, out, said) = explained(rules, words, input);
    out.lines().last().unwrap_or(&said).to_owned()
}

#[test]
fn the_root_directory_has_everything_below_it() {
    let rules = "-a always,exit -F dir=/ -S all -k all\n";
    assert_eq!(explained(rules, &["syscall=openat", "path=/etc/passwd"], "").0, 0);
}

#[test]
fn a_name_without_a_file_is_watched_by_no_path_and_belongs_to_user_0() {
    let id = "msg=audit(1700000000.123:42):";
    let records = format!(
        "type=SYSCALL {id} arch=c000003e syscall=2 success=no exit=-2 a0=1 a1=0 items=1 auid=1000 uid=7\n\
         type=CWD {id} cwd=\"/\"\ntype=PATH {id} item=0 name=\"/srv/none\" nametype=UNKNOWN\n"
    );
    assert_eq!(explained("-w /srv/none -p r -k x\n", &[], &records).0, 1);
    assert_eq!(explained("-a always,exit -S all -F dir=/srv -k x\n", &[], &records).0, 1);
    assert_eq!(explained("-a always,exit -S all -F obj_uid=0 -k x\n", &[], &records).0, 0);
    assert_eq!(explained("-a always,exit -S all -C uid!=obj_uid -k x\n", &[], &records).0, 0);
    assert_eq!(explained("-a always,exit -S all -F saddr_fam=2 -k x\n", &[], &records).0, 1);
}

#[test]
fn a_name_below_a_descriptor_is_not_one_of_the_current_directory() {
    let records = |directory: &str| {
        let id = "msg=audit(1700000000.123:42):";
        format!(
            "type=SYSCALL {id} arch=c000003e syscall=257 success=yes exit=3 a0={directory} a1=1 a2=0 items=1 uid=0\n\
             type=CWD {id} cwd=\"/etc\"\n\
             type=PATH {id} item=0 name=\"shadow\" inode=7 dev=fd:01 mode=0100640 ouid=0 ogid=42 rdev=01:03\n"
        )
    };
    let rules = "-w /etc/shadow -p r -k x\n";
    assert_eq!(explained(rules, &[], &records("ffffff9c")).0, 0);
    assert_eq!(explained(rules, &[], &records("5")).0, 2);
    assert_eq!(explained("-a always,exit -S all -F devmajor=1 -k x\n", &[], &records("5")).0, 0, "what it stands for");
    let mode = |kind: &str| explained(&format!("-a always,exit -S all -F filetype{kind} -k x\n"), &[], &records("5")).0;
    assert_eq!((mode("=file"), mode("!=file"), mode("=dir"), mode("!=dir")), (0, 1, 1, 0));
}

#[test]
fn what_a_call_takes_away_is_asked_for_before_there_is_a_result() {
    let gone = ["syscall=unlink", "path=/srv/x", "success=yes", "exit=0", "perm=w"];
    assert_eq!(explained("-w /srv/x -p w -k x\n", &gone, "").0, 0);
    assert_eq!(explained("-a always,exit -S all -F path=/srv/x -F success=1 -k x\n", &gone, "").0, 1);
    assert_eq!(explained("-a always,exit -S all -F dir=/srv -F success=1 -k x\n", &gone, "").0, 0);
    let failed = ["syscall=unlink", "path=/srv/x", "success=no", "exit=-13"];
    assert_eq!(explained("-a always,exit -S all -F path=/srv/x -F success=0 -k x\n", &failed, "").0, 0);
    // A later rule may have matched by then; an earlier one for calls still decides.
    let rules = "-a never,exit -F arch=b64 -S unlink\n-w /srv/x -p w -k x\n";
    assert_eq!(last(rules, &gone, ""), "rule 1 decides: nothing is recorded");
}

#[test]
fn a_record_has_the_key_of_a_rule_that_matched_before_one_without() {
    let rules = "-a always,exit -S all -F path=/srv/x\n-a always,exit -F arch=b64 -S openat -k calls\n";
    let (_, out, _) = explained(rules, &["syscall=openat", "path=/srv/x"], "");
    assert!(out.contains("which has no key: the key stays that of this one"), "{out}");
    assert!(out.ends_with("rule 1 decides: the event is recorded with key calls\n"), "{out}");
    let rules = "-a always,exit -F arch=b64 -S openat\n-a always,exit -F arch=b64 -S openat -k calls\n";
    assert_eq!(last(rules, &["syscall=openat"], ""), "rule 1 decides: the event is recorded");
}

#[test]
fn a_never_rule_is_no_watch() {
    let (_, out, _) =
        explained("-a never,exit -F path=/x -F perm=a\n", &["arch=x86_64", "syscall=chmod", "path=/x"], "");
    assert!(out.contains(" 1: -a never,exit -F path=/x -F perm=a\n"), "{out}");
}

#[test]
fn rules_of_one_path_are_said_to_change_places() {
    let rules = "-w /srv/x -p r -k a\n-w /srv/x -p rw -k b\n";
    let (_, out, _) = explained(rules, &["syscall=openat", "path=/srv/x", "perm=r"], "");
    assert!(out.contains("the two change places whenever the file is replaced"), "{out}");
}

#[test]
fn each_list_says_what_comes_of_it() {
    for (rules, words, status, said) in [
        ("-a always,exclude -F msgtype=CWD", "list=exclude msgtype=CWD", 1, "rule 1 decides: the record is left out"),
        ("-a never,exclude -F msgtype=CWD", "list=exclude msgtype=CWD", 1, "rule 1 decides: the record is left out"),
        ("-a always,exclude -F msgtype=CWD", "list=exclude msgtype=PATH", 0, "no rule matches: the record is kept"),
        ("-a never,user -F uid=7", "list=user uid=7", 1, "rule 1 decides: the record is left out"),
        ("-a never,user -F uid=7", "list=user uid=8", 0, "no rule matches: the record is kept"),
        ("-a never,task -F uid=7", "list=task uid=7", 1, "rule 1 decides: no call of the process is recorded"),
        (
            "-a never,task -F uid=7",
            "list=task uid=8",
            0,
            "no rule matches: the calls of the process are left to the exit list",
        ),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let (got, out, _) = explained(&format!("{rules}\n"), &words, "");
        assert_eq!((got, out.lines().last()), (status, Some(said)), "{rules}");
    }
}

const SHOWN: &str = "\
----
type=PROCTITLE msg=audit(11/14/23 22:13:20.000:1) : proctitle=mv my file x 
type=PATH msg=audit(11/14/23 22:13:20.000:1) : item=1 name=x inode=7 dev=08:01 mode=link,777 ouid=unknown(77) ogid=root rdev=00:00 nametype=CREATE 
type=PATH msg=audit(11/14/23 22:13:20.000:1) : item=0 name=my file inode=7 dev=08:01 mode=file,640 ouid=root ogid=root rdev=00:00 nametype=DELETE 
type=CWD msg=audit(11/14/23 22:13:20.000:1) : cwd=/srv/a b 
type=SYSCALL msg=audit(11/14/23 22:13:20.000:1) : arch=x86_64 syscall=rename success=yes exit=0 a0=0x7ff a1=0x8 a2=O_RDONLY a3=root items=2 ppid=1 pid=2 auid=unset uid=root gid=unknown(54) ses=unset comm=mv exe=/opt/my prog subj=unconfined key=(null) 
";

#[test]
fn records_as_ausearch_shows_them_say_the_same() {
    for rule in [
        "-F arch=b64 -S rename -F success=1 -F exit=0",
        "-S all -F auid=unset -F sessionid=-1 -F uid=0 -F gid=54",
        "-S all -F exe=/opt/my\\ prog -F a0=0x7ff -F a1=8",
        "-S all -F path=/srv/a\\ b/x",
        "-S all -F dir=/srv/a\\ b -F success=1",
        "-S all -F obj_uid=77 -F filetype=link",
    ] {
        assert_eq!(explained(&format!("-a always,exit {rule} -k x\n"), &[], SHOWN).0, 0, "{rule}");
    }
    let removed = "-a always,exit -S all -F path=/srv/a\\ b/my\\ file -F success=1 -k x\n";
    assert_eq!(explained(removed, &[], SHOWN).0, 1, "rules for what is taken away are asked before there is a result");
    assert_eq!(explained("-a always,exit -S all -F a3=0 -k x\n", &[], SHOWN).0, 2, "a name of no number");
    let undated = SHOWN.replace("11/14/23 22:13:", "").replace(") : ", "): ");
    assert_eq!(explained("-a always,exit -S all -F exit=0 -F auid=unset -k x\n", &[], &undated).0, 0);
    let (status, _, said) = explained(RULES, &[], &SHOWN.replace("uid=root", "uid=nobody-such"));
    assert_eq!((status, said.contains("nobody-such")), (2, true), "{said}");
}

#[test]
fn operations_of_io_uring_are_events_of_their_own_list() {
    let rules = "-a always,exit -S all -k exit\n-a never,io_uring -S close -k no\n-a always,io_uring -S openat -F uid=0 -k uring\n";
    let head = "type=URINGOP msg=audit(1753170000.100:544)";
    let rest = "success=yes exit=5 items=0 ppid=1400 pid=2300";
    for event in [
        format!("{head}: uring_op=18 {rest} uid=0 key=\"uring\"\n"),
        format!("type=URINGOP msg=audit(07/22/25 07:40:00.100:544) : uring_op=openat {rest} uid=root key=uring \n"),
    ] {
        let (status, out, _) = explained(rules, &[], &event);
        assert_eq!(
            (status, out.lines().last()),
            (0, Some("rule 3 decides: the event is recorded with key uring")),
            "{out}"
        );
    }
    assert_eq!(explained(rules, &[], &format!("{head}: uring_op=19 {rest} uid=0\n")).0, 1);
}

#[test]
fn words_may_be_those_of_a_record_as_ausearch_shows_it() {
    let words = "arch=x86_64 syscall=openat success=no exit=EACCES(Permission|denied) a0=AT_FDCWD a1=0x7ffe \
        a2=O_WRONLY|O_CREAT a3=0x1b6 items=1 ppid=1 pid=2 auid=unknown(1000) uid=root ses=3 tty=pts0 comm=cat exe=/bin/cat \
        subj=unconfined key=x path=/etc/shadow";
    let words: Vec<&str> = words.split_whitespace().collect();
    for (test, expected) in [
        ("exit=-EACCES -F auid=1000 -F success=0 -F a0=-100", 0),
        ("path=/etc/shadow -F perm=w", 0),
        ("path=/etc/shadow -F perm=r", 1),
        ("a2=1", 2),
    ] {
        assert_eq!(explained(&format!("-a always,exit -S all -F {test} -k x\n"), &words, "").0, expected, "{test}");
    }
}

#[test]
fn facts_that_exclude_each_other_are_refused_by_name() {
    for (words, name) in [
        (["uid=0", "uid=0"], "uid is given twice: uid=0 and uid=0"),
        (["uid=0", "uid=1000"], "uid is given twice: uid=0 and uid=1000"),
        (["ses=1", "sessionid=2"], "sessionid is given twice: ses=1 and sessionid=2"),
        (["syscall=open", "syscall=openat"], "syscall is given twice"),
        (["list=user", "list=exit"], "list is given twice"),
        (["success=yes", "exit=-13"], "success and exit"),
        (["success=no", "exit=3"], "success and exit"),
        (["success=perhaps", "uid=0"], "perhaps"),
    ] {
        let (status, out, said) = explained(RULES, &words, "");
        assert_eq!((status, out.as_str(), said.contains(name)), (2, "", true), "{words:?}: {said}");
    }
    let files = ["path=/a", "path=/b", "obj_uid=1", "obj_uid=2"];
    assert_eq!(explained("-a always,exit -S all -F obj_uid=2 -k x\n", &files, "").0, 0, "an event has several files");
}

#[test]
fn what_a_call_returned_says_whether_it_has_succeeded() {
    let status = |test: &str, exit: &str| explained(&format!("-a always,exit -S all -F {test} -k x\n"), &[exit], "").0;
    assert_eq!((status("success=0", "exit=-13"), status("success=1", "exit=-13")), (0, 1));
    assert_eq!((status("success=0", "exit=EACCES"), status("success=1", "exit=3")), (0, 0));
    assert_eq!((status("success=1", "exit=-4096"), status("success=0", "exit=-4095")), (0, 0));
    assert_eq!(status("success=1 -F exit=-13", "exit=4294967283"), 0, "a rule sees 32 bits of a place in a file");
    let endless = "type=SYSCALL msg=audit(1.000:1): arch=c000003e syscall=231 a0=0 items=0 pid=1\n";
    assert_eq!(explained("-a always,exit -S all -F success=1 -k x\n", &[], endless).0, 1, "a call that never returns");
}

#[test]
fn ends_of_lines_are_no_part_of_a_record() {
    let records = renamed("type=CWD msg=audit(1700000000.123:42): cwd=\"/etc\"\n", &["\"/a\"", "\"shadow\""]);
    let rules = "-a always,exit -S all -F path=/etc/shadow -k x\n";
    assert_eq!(explained(rules, &[], &records.replace('\n', "\r\n")).0, 0);
}

#[test]
fn the_lists_task_and_exclude_have_a_say_about_calls() {
    let call = "-a always,exit -F arch=b64 -S mkdir -k call\n";
    let answer = |others: &str, words: &[&str]| {
        let (status, out, _) =
            explained(&format!("{call}{others}"), &[&["syscall=mkdir", "uid=0"], words].concat(), "");
        (status, out)
    };
    let end = |others: &str, words: &[&str]| {
        let (status, out) = answer(others, words);
        (status, out.lines().filter(|line| line.starts_with(['r', 'c'])).collect::<Vec<_>>().join("; "))
    };
    let recorded = "rule 1 decides: the event is recorded with key call";

    let (status, out) = answer("-a always,exclude -F uid=0 -F msgtype=PATH\n-a always,exclude -F uid=1\n", &[]);
    assert_eq!(status, 0, "{out}");
    assert!(out.contains("part   2: -a always,exclude -F uid=0 -F msgtype=PATH\n    it leaves out records of the event with msgtype=PATH\n"), "{out}");
    assert!(out.contains("    uid=1 does not hold\n") && out.ends_with(&format!("{recorded}\n")), "{out}");
    let (_, out) = answer("-a always,exclude -F msgtype=CWD\n", &[]);
    assert!(out.contains("    it leaves out records of the event with msgtype=CWD\n"), "{out}");
    let keyless = format!("{recorded}; rule 2 leaves out its record with the key");
    assert_eq!(end("-a never,exclude -F msgtype=SYSCALL\n", &[]), (0, keyless));
    assert_eq!(
        end("-a never,exclude -F uid=0\n", &[]),
        (1, format!("{recorded}; rule 2 leaves out all records of it"))
    );
    assert_eq!(end("-a never,exclude -F auid=0\n", &[]), (2, "cannot be told: rule 2 is open".to_owned()));
    assert_eq!(end("-a never,exclude -F auid=0\n", &["auid=1"]), (0, recorded.to_owned()));

    let (status, out) = answer("-a never,task -F uid=0\n", &[]);
    assert_eq!(status, 1);
    assert!(
        out.starts_with("hidden 1:")
            && out.contains("has decided when the process was made\n")
            && out.ends_with("rule 2 decides: no call of the process is recorded\n"),
        "{out}"
    );
    assert_eq!(end("-a always,task -F uid=0\n", &[]).1, "rule 2 decides: every call of the process is recorded");
    assert_eq!(end("-a never,task -F uid=1\n", &[]), (0, recorded.to_owned()));

    // What the process is now its parent need not have been, and no call is known when it is made.
    assert_eq!(end("-a never,task -F pid=7\n", &["pid=7"]).0, 2);
    assert_eq!(end("-a never,task -F arch=b64\n", &[]), (0, recorded.to_owned()));
    assert_eq!(end("-a never,exclude\n", &[]), (0, recorded.to_owned()));

    // What has been recorded was no call of a process that is switched off.
    let rules = format!("{call}-a never,task\n");
    let record =
        "type=SYSCALL msg=audit(1.000:1): arch=c000003e syscall=83 success=yes exit=0 a0=1 items=0 pid=5 uid=0\n";
    let (status, out, _) = explained(&rules, &[], record);
    assert_eq!(status, 0, "{out}");
    assert!(out.contains("    calls of the process are recorded\n"), "{out}");
}

#[test]
fn what_a_program_reports_is_asked_of_the_list_exclude_too() {
    let rules = "-a never,user -F uid=7\n-a always,exclude -F uid=8\n-a always,exclude -F msgtype=USER_LOGIN\n";
    let end = |words: &[&str]| {
        let (status, out, _) = explained(rules, &[&["list=user"], words].concat(), "");
        (
            status,
            out.lines()
                .filter(|line| ["rule ", "no rule", "cannot"].iter().any(|start| line.starts_with(start)))
                .collect::<Vec<_>>()
                .join("; "),
        )
    };
    let kept = "no rule matches: the record is kept";
    assert_eq!(end(&["uid=7"]), (1, "rule 1 decides: the record is left out".to_owned()));
    assert_eq!(end(&["uid=8"]), (1, format!("{kept}; rule 2 leaves the record out")));
    assert_eq!(end(&["uid=9", "msgtype=USER_LOGIN"]), (1, format!("{kept}; rule 3 leaves the record out")));
    assert_eq!(end(&["uid=9", "msgtype=USER"]), (0, kept.to_owned()));
    assert_eq!(end(&["uid=9"]), (2, "cannot be told: rule 3 is open".to_owned()));
}

#[test]
fn files_on_a_file_system_that_is_left_out_are_found_by_no_rule() {
    let rules = "-a never,filesystem -F fstype=tracefs\n-a always,exit -S all -F path=/t/x -F perm=r -k file\n-a always,exit -F arch=b64 -S openat -k call\n";
    let words = ["syscall=openat", "path=/t/x", "perm=r"];
    let with = |word| explained(rules, &[&words[..], &[word]].concat(), "");
    let (status, out, _) = with("fstype=tracefs");
    assert!(status == 0 && out.contains("    rules for calls find no file by the names\n"), "{out}");
    assert!(out.ends_with("rule 3 decides: the event is recorded with key call\n"), "{out}");
    let (_, out, _) = with("fstype=debugfs");
    assert!(out.ends_with("with key file\n"), "{out}");
    let (_, out, _) = explained(rules, &words, "");
    assert!(out.contains("fstype, which is not given: files are taken to lie elsewhere\n"), "{out}");
    assert!(out.ends_with("with key file\n"), "{out}");
}

#[test]
fn a_record_may_be_one_of_a_process_all_of_whose_calls_are_recorded() {
    let record =
        "type=SYSCALL msg=audit(1.000:1): arch=c000003e syscall=83 success=yes exit=0 a0=1 items=0 pid=5 uid=0\n";
    let call = "-a always,exit -F arch=b64 -S mkdir -k call\n";
    let end = |of_task: &str| last(&format!("{call}{of_task}\n"), &[], record);
    let all = "decides: every call of the process is recorded";
    assert_eq!(end("-a always,task"), format!("rule 2 {all}"));
    assert_eq!(end("-a never,task\n-a always,task"), format!("rule 3 {all}"));
    for other in ["-a always,task -F uid=1", "-a never,task"] {
        assert_eq!(end(other), "rule 1 decides: the event is recorded with key call", "{other}");
    }
    assert_eq!(end("-a always,task -F pid=5"), "cannot be told: rule 2 is open");
}

#[test]
fn families_of_addresses_have_their_names() {
    for (name, number) in [("inet", 2), ("inet6", 10), ("local", 1), ("netlink", 16), ("2", 2)] {
        let rules = format!("-a always,exit -F arch=b64 -S connect -F saddr_fam={number} -k x\n");
        assert_eq!(explained(&rules, &["syscall=connect", &format!("saddr_fam={name}")], "").0, 0, "{name}");
    }
    let rules = "-a always,exit -F arch=b64 -S connect -F saddr_fam=0 -k x\n";
    assert_eq!(explained(rules, &["syscall=connect", "saddr_fam=inet"], "").0, 1);
    assert!(explained(rules, &["syscall=connect", "saddr_fam=none"], "").2.contains("none is no family of addresses"));
}

#[test]
fn a_call_of_x32_is_none_that_a_rule_sees() {
    let (status, out, _) = explained("-a always,exit -S all -k all\n", &["syscall=1073741825"], "");
    assert!(status == 1 && out.contains("    no rule sees a call of such a number, as x32 has\n"), "{out}");
}
