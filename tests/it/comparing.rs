//! `auditctl --diff`, `--convert` and dry runs of `-R --atomic`: rules compared by meaning, and rewritten without a change of it.

use crate::support::{Dice, Dir, applet, transcript};

/// Exit status, standard output, standard error.
fn auditctl(words: &[&str]) -> (i32, String, String) {
    transcript(applet("auditctl").args(words), "")
}

/// Status and output of a comparison of two texts.
fn compared(a: &str, b: &str) -> (i32, String) {
    let dir = Dir::new(&format!("diff-{}", a.len() * 1000 + b.len()));
    let (a, b) = (dir.file("a.rules", a), dir.file("b.rules", b));
    let (status, out, said) = auditctl(&["--machine", "x86_64", "--diff", &a, &b]);
    assert_eq!(said.lines().filter(|line| !line.contains("arning") && !line.contains("WARNING")).count(), 0, "{said}");
    (status, out)
}

#[test]
fn rules_of_one_meaning_are_equal_however_they_are_written() {
    for (a, b) in [
        ("-w /etc/passwd -p wa -k id\n", "-a always,exit -S all -F path=/etc/passwd -F perm=wa -F key=id\n"),
        ("-w /etc/passwd -p wa -k id\n", "-w /etc/passwd -p aw -k id\n"),
        (
            "-a always,exit -F arch=b64 -S open,openat -F auid!=unset -k x\n",
            "-a exit,always -F arch=0xc000003e -S openat -S open -F loginuid!=-1 -F key=x\n",
        ),
        (
            "-a always,exit -F arch=b64 -S open -F uid=0 -F gid=0 -k x\n",
            "-a always,exit -F arch=b64 -S 2 -F gid=0 -F uid=0 -k x\n",
        ),
        (
            "-a always,exit -F arch=b64 -S open -k x\n-a always,exit -F arch=b64 -S close -k x\n",
            "-a always,exit -F arch=b64 -S open,close -k x\n",
        ),
        ("-a never,exclude -F msgtype=CWD\n", "-a always,exclude -F msgtype=1307\n"),
        (
            "-a never,exit -F uid=1\n-a always,exit -F uid=2 -S all -k x\n",
            "-a always,exit -F uid=2 -S all -k x\n-a never,exit -F uid=1\n",
        ),
        ("-a always,exit -F dir=/tmp/ -F perm=w -k x\n", "-a always,exit -F dir=/tmp -F perm=w -k x\n"),
        ("-a never,exit -F uid=1\n", "-a never,exit -F uid=7\n-D\n-A never,exit -F uid=1\n"),
        ("-a always,exit -C uid!=euid -S all -k x\n", "-a always,exit -C euid!=uid -S all -k x\n"),
    ] {
        assert_eq!(compared(a, b), (0, String::new()), "{a}{b}");
    }
}

#[test]
fn a_rule_that_decides_nothing_makes_no_difference() {
    let calls = "-a always,exit -F arch=b64 -S mount -k x\n";
    for nothing in [
        "-a always,exit -F arch=b64 -S mount -F auid>5 -F auid<5 -k y\n",
        "-a always,exit -F arch=b64 -S mount -F a0&0 -k y\n",
        "-a always,exit -F arch=b64 -S mount -F uid=0 -k y\n",
        "-a never,task -F arch=b64\n",
        "-a never,user\n",
        "-a always,filesystem -F fstype=tracefs\n",
    ] {
        let both = [calls, nothing].concat();
        assert_eq!(compared(&both, calls), (0, String::new()), "{nothing}");
        assert_eq!(compared(calls, &both), (0, String::new()), "{nothing}");
    }
    // The first of two decides; a rule for a file may keep the key of another one, and rules for one file change places.
    for (a, b) in [
        (calls, "-a always,exit -F arch=b64 -S mount -F uid=0 -k y\n-a always,exit -F arch=b64 -S mount -k x\n"),
        (
            "-a always,exit -S all -F path=/x\n",
            "-a always,exit -S all -F path=/x\n-a always,exit -S all -F path=/x -F uid=0 -k y\n",
        ),
        ("-a always,exit -S all\n", "-a always,exit -S all\n-a always,exit -S all -F path=/x -k y\n"),
    ] {
        assert_eq!(compared(a, b).0, 1, "{a}{b}");
    }
    let never = compared(calls, &["-a never,exit -S all\n", calls].concat());
    assert_eq!(never, (1, "added: -a never,exit -S all\n".to_owned()));
}

#[test]
fn a_rule_that_decides_nothing_is_not_moved() {
    let calls = "-a always,exit -F arch=b64 -S mount -k x\n";
    let all = "-a always,exit -F arch=b64 -S all -k all\n";
    for (a, b) in [
        (["", "-a never,exit -S all -F a0&0\n", calls], ["", calls, "-a never,exit -S all -F a0&0\n"]),
        (
            ["-a never,exit -S all\n", "-a never,exit -S all -F uid=0\n", calls],
            ["-a never,exit -S all\n", calls, "-a never,exit -S all -F uid=0\n"],
        ),
    ] {
        assert_eq!(compared(&a.concat(), &b.concat()), (0, String::new()), "{a:?} {b:?}");
    }
    let (status, out) = compared(&[calls, all].concat(), &[all, calls].concat());
    assert!(status == 1 && out.starts_with("moved: "), "it was reached in one of them: {out}");
}

#[test]
fn tests_that_the_same_numbers_meet_are_equal() {
    let same = |a: &str, b: &str| {
        let rule = |tests: &str| format!("-a always,exit -S all {tests} -k x\n");
        compared(&rule(a), &rule(b)).0 == 0
    };
    for (a, b) in [
        ("-F auid>999", "-F auid>=1000"),
        ("-F uid<1000", "-F uid<=999"),
        ("-F auid>=1000 -F auid!=unset", "-F auid>999 -F auid<=4294967294"),
        ("-F gid>999", "-F gid>=1000"),
        ("-F obj_uid>999", "-F obj_uid>=1000"),
        ("-F exit>-14", "-F exit>=-13"),
        ("-F exit>=-5 -F exit<-3", "-F exit>-6 -F exit<=-4"),
        ("-F uid>=0", ""),
        ("-F a0<=4294967295", ""),
        ("-F uid>=5 -F uid>=1", "-F uid>=5"),
        ("-F success!=0", "-F success=1"),
        ("-F path=/etc/x -F perm=wa -F perm=w", "-F path=/etc/x -F perm=w"),
    ] {
        assert!(same(a, b), "{a} {b}");
    }
    for (a, b) in [
        ("-F auid>1000", "-F auid>=1000"),
        ("-F exit>0", "-F exit>=0"),
        ("-F exit<0", "-F exit<=0"),
        ("-F exit<-13", "-F exit<13"),
        // All groups of a process are asked whether one is equal, and one alone for an order.
        ("-F gid=0", "-F gid<=0"),
        // When a path is taken away there is no exit yet.
        ("-F path=/etc/x -F exit>=0", "-F path=/etc/x"),
        ("-F dir=/etc", "-F dir=/etcx"),
        ("-F a0&3", "-F a0&1"),
        ("-F a0&3", "-F a0&=3"),
    ] {
        assert!(!same(a, b), "{a} {b}");
    }
    let left_out = |tests: &str| format!("-a always,exclude {tests}\n");
    assert_eq!(compared(&left_out("-F msgtype>1306 -F msgtype<=1307"), &left_out("-F msgtype=CWD")).0, 0);
    // Where the kernel comes upon a field that it cannot test there it keeps the record, whatever stands after it.
    assert_eq!(compared(&left_out("-F pers=1 -F msgtype=CWD"), &left_out("-F msgtype=CWD -F pers=1")).0, 1);
    assert_eq!(compared(&left_out("-F pers=1 -F msgtype=CWD"), &left_out("-F pers=2 -F uid=0")).0, 0);
}

#[test]
fn what_differs_is_shown_by_its_kind() {
    let base = "-a always,exit -F arch=b64 -S mount -F key=m\n";
    assert_eq!(compared(base, ""), (1, format!("removed: {base}")));
    assert_eq!(compared("", base), (1, format!("added: {base}")));
    let other = base.replace("key=m", "key=n");
    assert_eq!(compared(base, &other), (1, format!("key changed: {base}             to: {other}")));
    let never = "-a never,exit -S all -F uid=0\n";
    let (status, out) = compared(&format!("{never}{base}"), &format!("{base}{never}"));
    assert_eq!((status, out), (1, format!("moved: {never}          after: {base}")));
    let (second, third) =
        (base.replace("mount -F key=m", "unshare -F key=u"), "-a always,exit -S all -F path=/x -F key=p\n");
    let (status, out) = compared(&format!("{never}{base}{second}{third}"), &format!("{third}{base}{second}{never}"));
    assert_eq!(status, 1);
    assert_eq!(out.lines().filter(|line| line.starts_with("moved")).count(), 3, "a rule is shown once: {out}");
    assert!(out.starts_with(&format!("moved: {never}          after: {third}")), "{out}");
    let calls = base.replace("mount", "mount,umount2");
    assert_eq!(compared(base, &calls).0, 1);
}

#[test]
fn a_set_that_cannot_be_read_ends_with_2() {
    let dir = Dir::new("diff-bad");
    let path = dir.file("a.rules", "-w relative\n");
    for words in
        [&["--diff", &path, &path][..], &["--diff"], &["--diff", "/no/such", &path], &["--diff", "a", "b", "c"]]
    {
        let (status, out, said) = auditctl(words);
        assert_eq!((status, out.as_str()), (2, ""), "{words:?}: {said}");
    }
}

fn shuffle<T>(dice: &mut Dice, items: &mut [T]) {
    for at in (1..items.len()).rev() {
        items.swap(at, dice.roll(at + 1));
    }
}

/// One rule in other words: calls and tests in any order, together or apart, keys and unset ids in any spelling.
fn in_other_words(dice: &mut Dice, calls: &[&str], tests: &[&str], key: &str) -> String {
    let (mut calls, mut tests) = (calls.to_vec(), tests.to_vec());
    shuffle(dice, &mut calls);
    shuffle(dice, &mut tests);
    let target = ["-a always,exit", "-a exit,always"][dice.roll(2)];
    let arch = ["b64", "x86_64", "0xc000003e", "3221225534"][dice.roll(4)];
    let calls = if dice.roll(2) == 0 {
        format!("-S {}", calls.join(","))
    } else {
        calls.iter().map(|c| format!("-S {c} ")).collect()
    };
    let unset = ["unset", "-1", "4294967295"][dice.roll(3)];
    let tests: Vec<String> = tests.iter().map(|test| format!("-F {}", test.replace("unset", unset))).collect();
    let key = [format!("-k {key}"), format!("-F key={key}")][dice.roll(2)].clone();
    format!("{target} -F arch={arch} {} {} {key}\n", calls.trim(), tests.join(" "))
}

#[test]
fn random_rewriting_of_one_meaning_compares_equal() {
    let mut dice = Dice(0x5eed);
    let rules: [(&[&str], &[&str], &str); 3] = [
        (&["open", "openat", "creat"], &["auid>=1000", "auid!=unset", "exit=-EACCES"], "access"),
        (&["chmod", "fchmod"], &["auid!=unset", "uid=0"], "perm"),
        (&["mount"], &["success=1", "a0&1"], "mount"),
    ];
    let write = |dice: &mut Dice| -> String {
        rules.iter().map(|(calls, tests, key)| in_other_words(dice, calls, tests, key)).collect()
    };
    let first = write(&mut dice);
    for _ in 0..60 {
        let other = write(&mut dice);
        assert_eq!(compared(&first, &other), (0, String::new()), "{first}{other}");
    }
}

#[test]
fn watches_become_rules_of_the_same_meaning_and_all_else_stays() {
    let dir = Dir::new("convert");
    let text = "# who\n-D\n-w /etc/passwd -p wa -k id\n-w /srv/a\\ b -p r\n-a never,exit -F uid=1\n";
    let path = dir.file("w.rules", text);
    let (status, out, _) = auditctl(&["--convert", "--machine", "x86_64", &path]);
    let expected = "\
# who
-D
-a always,exit -F path=/etc/passwd -F perm=wa -F key=id
-a always,exit -F path=/srv/a\\ b -F perm=r
-a never,exit -F uid=1
";
    assert_eq!((status, out.as_str()), (0, expected));
    let converted = dir.file("c.rules", out);
    for machine in ["x86_64", "aarch64"] {
        let (status, out, said) = auditctl(&["--diff", "--machine", machine, &path, &converted]);
        assert_eq!((status, out.as_str()), (0, ""), "{said}");
    }
    // Whether /etc is a directory there is not known.
    assert_eq!(auditctl(&["--convert", "--no-host", &path]).0, 2);
    let (open, other) = (dir.file("1.rules", "-w /etc/passwd -p wa"), dir.file("2.rules", "-e 1"));
    assert_eq!(auditctl(&["--convert", &open, &other]).1, "-a always,exit -F path=/etc/passwd -F perm=wa\n-e 1");
    let pasted = dir.file("3.rules", "-w /etc/passwd -p wa -k id\r\n");
    assert!(auditctl(&["--convert", &pasted]).2.contains("3.rules:1:27: warning: CARRIAGE RETURN"));
}

#[test]
fn a_dry_run_of_an_atomic_load_sends_all_or_nothing() {
    let dir = Dir::new("atomic");
    let good = dir.file("good.rules", "-a never,exit -F uid=1\n-a never,exit -F uid=2\n");
    let bad = dir.file("bad.rules", "-a never,exit -F uid=1\n-a never,exit -F uid=nobody-such\n-a nowhere,exit\n");
    let (status, out, _) = auditctl(&["--dry-run", "-R", &good, "--atomic"]);
    assert_eq!((status, out.lines().count()), (0, 2));
    let (status, out, said) = auditctl(&["--dry-run", "--atomic", "-R", &bad]);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(said.contains("bad.rules:2:22: ") && said.contains("bad.rules:3:4: "), "every mistake is named: {said}");
    let skipped = dir.file("skip.rules", "-a never,exit -F uid=1\n-a never,exit -F uid=nobody-such\n");
    let (status, out, said) = auditctl(&["--dry-run", "--atomic", "--skip-missing", "-R", &skipped]);
    assert_eq!((status, out.lines().count()), (0, 1));
    assert!(said.ends_with("skip.rules:2: skipped: Unknown user: nobody-such\n"), "{said}");
    let late = dir.file("late.rules", "-e 2\n-a never,exit -F uid=1\n");
    assert_eq!(auditctl(&["--dry-run", "--atomic", "-R", &late]).0, 1);
    // The kernel's features have locks of their own.
    let feature = dir.file("feature", "-e 2\n--loginuid-immutable\n");
    assert_eq!(auditctl(&["--dry-run", "--atomic", "-R", &feature]).0, 0);
}

#[test]
fn rules_that_are_not_loaded_are_of_no_set() {
    let dir = Dir::new("not-loaded");
    let one = "-a always,exit -F arch=b64 -S openat -k one\n";
    let good = dir.file("good.rules", one);
    for (bad, place, stops) in [
        // The kernel refuses the field on this list.
        ("-a never,filesystem -F fstype=debugfs -F pid=1\n", ":2:42: error[AB007]", true),
        ("-e 2\n-a never,exit -F uid=1\n", ":3:1: error[AB208]", true),
        // It stops a load that is not --atomic.
        (one, ":2:1: error[AB006]", false),
        ("-a never,exit -F uid=1 -F nonsense=1\n", ":2:27: error[AB001]", true),
        ("-D\n-d never,exit -F uid=1\n", ":3:1: error[AB010]", true),
        ("-c\n-a never,filesystem -F fstype=debugfs -F pid=1\n", ":3:42: error[AB007]", false),
        ("-i\n-e 2\n-a never,exit -F uid=1\n", ":4:1: error[AB208]", false),
        (&format!("-c\n{one}"), ":3:1: warning[AB006]", false),
    ] {
        let file = dir.file("bad.rules", format!("{one}{bad}"));
        let machine = ["--machine", "x86_64"];
        for mode in [&["--diff", &file, &good][..], &["--explain", &file, "syscall=openat"]] {
            let (status, out, said) = auditctl(&[mode, &machine].concat());
            assert!(said.starts_with(&format!("{file}{place}")), "{bad} {said}");
            assert_eq!(status, if stops { 2 } else { 0 }, "{bad} {out} {said}");
            assert_eq!(said.contains("auditctl: loading stops at "), stops, "{said}");
            let is_twice = said.ends_with(&format!("auditctl: loading without --atomic, -c or -i stops at {file}:2\n"));
            assert_eq!(is_twice, bad == one, "{said}");
            assert!(out.lines().filter(|line| line.contains("-F ")).count() <= 1, "{out}");
        }
    }
    // A rule that is not loaded hides none.
    let file = dir.file("bad.rules", format!("-c\n-a never,exit -S all -F uid=-1\n-a never,exit -F exe=/a/\n{one}"));
    let (_, out, _) = auditctl(&["--check", "--no-host", "--format", "compact", "--machine", "x86_64", &file]);
    assert!(out.contains("[AB007]") && !out.contains("[AB20"), "{out}");
}

#[test]
fn rules_for_a_path_and_for_a_directory_are_told_apart() {
    let path = "-a always,exit -F path=/no/such -F perm=wa -k k\n";
    let (status, out) = compared(path, &path.replace("path=", "dir="));
    let expected = "removed: -w /no/such -p wa -k k\nadded: -a always,exit -F dir=/no/such -F perm=wa -F key=k\n";
    assert_eq!((status, out.as_str()), (1, expected));
    assert_eq!(compared(path, &path.replace("-k k", "-k k -k k")), (0, String::new()));
}

#[test]
fn a_rule_that_is_listed_as_another_is_shown_as_what_it_is() {
    for rule in [
        "-a never,exit -F path=/x -F perm=a\n",
        "-a never,exit -F perm=wa\n",
        "-a always,exit -F perm=a -F key=k\n",
        "-w /x -p a -k k\n",
    ] {
        assert_eq!(compared(rule, ""), (1, format!("removed: {rule}")));
    }
}

#[test]
fn a_watch_that_is_refused_stays_and_is_said() {
    let text = "-w /etc/passwd -p wa -k id\n-w /etc/group -p wz -k id\n";
    let (status, out, said) = transcript(applet("auditctl").args(["--convert", "-"]), text);
    assert_eq!(status, 1);
    assert_eq!(out, "-a always,exit -F path=/etc/passwd -F perm=wa -F key=id\n-w /etc/group -p wz -k id\n");
    assert!(said.contains("standard input:2:"), "{said}");
    for pasted in ["\t-w /etc/x -p r\n", "\u{2013}w /etc/x -p r\n", "\u{feff}-w /etc/x -p r\n"] {
        let (status, out, said) = transcript(applet("auditctl").args(["--convert", "-"]), pasted);
        assert_eq!((status, out.as_str(), said.contains("standard input:1")), (1, pasted, true), "{said}");
    }
}

#[test]
fn a_watch_with_more_to_it_is_converted_or_named() {
    let text = "\
-w /y -p wa -F uid=0 -C uid!=euid -k n
-w /z -p r -a exit,never
-p wa -w /etc/hosts
-w /a\\ b -F uid=0
-b 64 -w /etc/hosts
-a always,exit -F path=/x -F perm=wa -F bla=1
";
    let expected = "\
-a always,exit -S all -F path=/y -F perm=wa -F uid=0 -C uid!=euid -F key=n
-a never,exit -F path=/z -F perm=r
-p wa -w /etc/hosts
-w /a\\ b -F uid=0
-b 64 -w /etc/hosts
-a always,exit -F path=/x -F perm=wa -F bla=1
";
    let (status, out, said) = transcript(applet("auditctl").args(["--convert", "-"]), text);
    assert_eq!((status, out.as_str()), (1, expected));
    for stays in ["standard input:3:4: \"wa\"", "standard input:4: no rule without", "standard input:5: asks for"] {
        assert!(said.contains(stays), "{said}");
    }
}
