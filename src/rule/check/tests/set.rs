//! What rules show together.

use super::*;

#[test]
fn a_rule_is_shadowed_or_redundant_only_when_an_earlier_one_takes_all_of_its_events() {
    let second_of = |a: &str, b: &str| {
        found(&format!("{a}\n{b}\n")).into_iter().find(|f| f.span.line == 2 && !f.related.is_empty())
    };
    for (a, b) in [
        ("-a never,exit -F arch=b64 -S all", "-a always,exit -F arch=b64 -S openat -F auid>=1000 -k x"),
        ("-a never,exit -F auid>=1000", "-a always,exit -F auid=unset -F arch=b64 -S open -k x"),
        ("-a never,exit -F auid<=1000 -S all", "-a always,exit -F auid>=10 -F auid<20 -S all -k x"),
        ("-a never,exit -F exit!=-EPERM -S all", "-a always,exit -F exit=0 -S all -k x"),
        ("-a never,exit -F exit<0 -F exit>=-4095 -S all", "-a always,exit -F success=0 -F exit=5 -S all -k x"),
        ("-a never,exit -F success!=0 -S all", "-a always,exit -F success=1 -S all -k x"),
        ("-a never,exit -F dir=/etc/", "-a always,exit -F dir=/etc/ssh -F perm=wa -k x"),
        // A link at the end of the path is not followed, others are.
        ("-a never,exit -F dir=/etc", "-a always,exit -F dir=/etc/link -F perm=wa -k x"),
        ("-a never,exit -F dir=/srv", "-a always,exit -F dir=/etc/link/x -F perm=wa -k x"),
        ("-a never,exit -F path=/etc/passwd -F perm=rwxa", "-w /etc/passwd -p wa -k x"),
        ("-a never,exit -F a0&1 -S all", "-a always,exit -F a0&=3 -S all -k x"),
        ("-a never,exit -F a0&1 -S all", "-a always,exit -F a0=5 -S all -k x"),
        ("-a never,exit -F obj_uid>=5 -S all", "-a always,exit -F obj_uid=6 -S all -k x"),
        ("-a never,exit -C uid!=euid -S all", "-a always,exit -C euid!=uid -F uid=0 -S all -k x"),
        ("-a never,exit -F exe=/usr/bin/x -S all", "-a always,exit -F exe=/usr/bin/x -F uid=0 -S all -k x"),
        ("-a never,io_uring -S openat,close", "-a always,io_uring -S openat -k x"),
        ("-a never,user -F uid>=5", "-a always,user -F uid=7"),
    ] {
        if a.contains("exit<0") {
            // Without a sign nothing is below 0: that rule is impossible, and takes nothing.
            assert_eq!(second_of(a, b).map(|f| f.code.id), None, "{a} / {b}");
            continue;
        }
        let shadowed = second_of(a, b).unwrap_or_else(|| panic!("{a} / {b}"));
        assert_eq!((shadowed.code, shadowed.related[0].0.line), (&codes::SHADOWED, 1), "{a} / {b}");
        // Of a path that leads through a link no event has the name.
        assert_eq!(shadowed.message.contains("such as "), !b.contains("/etc/link"), "{}", shadowed.message);
        // Without a key of its own the record would have the other one's.
        let key = if a.contains("dir=") { " -k a" } else { "" };
        let same = second_of(&(a.replace("never", "always") + key), b).unwrap();
        assert_eq!(same.code, &codes::REDUNDANT, "{a} / {b}");
    }
}

#[test]
fn what_is_not_certain_is_not_said() {
    for (a, b) in [
        ("-a never,exit -F arch=b64 -S open", "-a always,exit -F arch=b64 -S open,openat -k x"),
        ("-a never,exit -F arch=b32 -S all", "-a always,exit -F arch=b64 -S open -k x"),
        ("-a never,exit -F auid>1000 -S all", "-a always,exit -F auid>=1000 -F auid!=unset -S all -k x"),
        // An unset auid is greater than any user.
        ("-a never,exit -F auid!=unset -S all", "-a always,exit -F auid>=1000 -S all -k x"),
        // Any group of the process counts for equality, the first alone for order.
        ("-a never,exit -F gid>=5 -S all", "-a always,exit -F gid=6 -S all -k x"),
        ("-a never,exit -F exe!=/usr/bin/a -S all", "-a always,exit -F exe=/usr/bin/b -S all -k x"),
        ("-a never,exit -F perm=w -F path=/etc/passwd", "-w /etc/passwd -p wa -k x"),
        ("-a never,exit -F path=/etc/passwd", "-a always,exit -F dir=/etc -k x"),
        ("-a never,exit -F dir=/etc", "-a always,exit -F path=/etcetera -k x"),
        // The file may have another name elsewhere.
        ("-a never,exit -F dir=/etc", "-a always,exit -F path=/etc/passwd -F perm=wa -k x"),
        // /etc/link leads out of /etc.
        ("-a never,exit -F dir=/etc", "-a always,exit -F dir=/etc/link/x -F perm=wa -k x"),
        ("-a never,exit -F dir=/etc", "-a always,exit -F dir=/etc/link/ -F perm=wa -k x"),
        ("-a never,exit -F dir=/", "-a always,exit -F dir=/mnt/x -F perm=wa -k x"),
        ("-a never,exit -F success=1 -S all", "-a always,exit -F exit=0 -S all -k x"),
        ("-a never,exit -F obj_uid!=0 -F obj_gid=0 -S all", "-a always,exit -F obj_uid=5 -S all -k x"),
        ("-a never,exit -F a0&3 -S all", "-a always,exit -F a0&6 -S all -k x"),
        ("-a never,user -F uid=5", "-a always,exit -F uid=5 -S all -k x"),
    ] {
        for a in [a.to_owned(), a.replace("never", "always")] {
            let text = format!("{a}\n{b}\n");
            let certain = [&codes::SHADOWED, &codes::REDUNDANT];
            assert!(found(&text).iter().all(|f| !certain.contains(&f.code)), "{text}");
        }
    }
}

#[test]
fn rules_of_one_path_change_places_when_its_file_is_replaced() {
    for (action, code) in [("always", &codes::REDUNDANT), ("never", &codes::SHADOWED)] {
        let text = format!("-a {action},exit -S all -F path=/etc/passwd -k a\n-w /etc/passwd -p wa -k b\n");
        let found = found(&text).into_iter().find(|found| found.span.line == 2 && found.code == code).unwrap();
        assert!(found.message.contains("until the file is replaced"), "{}", found.message);
    }
}

#[test]
fn a_key_stays_where_the_rule_that_decides_has_none() {
    let calls = "-a always,exit -F arch=b64 -S openat -F path=/etc/passwd -k b";
    assert!(!has(&format!("-a always,exit -F arch=b64 -S openat\n{calls}\n"), &codes::REDUNDANT));
    assert!(has(&format!("-a always,exit -F arch=b64 -S openat -k a\n{calls}\n"), &codes::REDUNDANT));
}

#[test]
fn a_test_of_the_result_does_not_see_a_watched_path_go_away() {
    let earlier = "-a never,exit -S all -F path=/srv/x -F exit>=0";
    assert!(!has(&format!("{earlier}\n-a always,exit -S all -F path=/srv/x -k b\n"), &codes::SHADOWED));
    assert!(has(&format!("{earlier}\n-a always,exit -S all -F path=/srv/x -F exit=0 -k b\n"), &codes::SHADOWED));
}

#[test]
fn two_rules_may_take_together_what_neither_takes_alone() {
    let text =
        "-a never,exit -F auid<1000 -S all\n-a never,exit -F auid>=1000 -S all\n-a always,exit -F uid=0 -S all -k x\n";
    let shadowed = found(text).into_iter().find(|f| f.code == &codes::SHADOWED).unwrap();
    assert_eq!(shadowed.related.iter().map(|(span, _)| span.line).collect::<Vec<_>>(), [1, 2]);
    let arches =
        "-a never,exit -F arch=b64 -S all\n-a never,exit -F arch=b32 -S all\n-a always,exit -F uid=0 -S all -k x\n";
    assert!(has(arches, &codes::SHADOWED));
    let gap = text.replace(">=1000", ">1000");
    assert!(!has(&gap, &codes::SHADOWED));
}

#[test]
fn a_rule_put_first_is_tried_first() {
    let text = "-a always,exit -F uid=0 -S all -k x\n-A never,exit -S all\n";
    let shadowed = found(text).into_iter().find(|f| f.code == &codes::SHADOWED).unwrap();
    assert_eq!((shadowed.span.line, shadowed.related[0].0.line), (1, 2));
    let deleted = format!("{text}-d never,exit -S all\n");
    assert!(!has(&deleted, &codes::SHADOWED));
}

#[test]
fn excluding_always_or_never_is_one_thing() {
    let text = "-a always,exclude -F msgtype=CWD\n-a never,exclude -F msgtype=CWD -F uid=0\n";
    assert!(has(text, &codes::REDUNDANT) && !has(text, &codes::SHADOWED));
}

#[test]
fn a_rule_that_the_kernel_cannot_test_hides_no_other() {
    let text = "-a never,user -F euid=0\n-a always,user -F uid=0 -F euid=0\n-a never,user -F uid=0\n";
    assert_eq!(codes_of(text), ["AB209 1:18", "AB209 2:28"]);
}

#[test]
fn each_test_of_a_file_system_counts_by_itself() {
    let both = "-a never,filesystem -F fstype=tracefs -F fstype=debugfs\n";
    assert_eq!(codes_of(both), Vec::<String>::new());
    assert_eq!(codes_of(&format!("{both}-a never,filesystem -F fstype=debugfs\n")), ["AB202 2:1"]);
    assert_eq!(codes_of("-a never,filesystem -F fstype!=tracefs -F fstype!=debugfs\n"), ["AB207 1:1"]);
    // What does nothing hides nothing.
    let always = "-a always,filesystem -F fstype=tracefs\n-a never,filesystem -F fstype=tracefs\n";
    assert_eq!(codes_of(always), ["AB205 1:1"]);
}

#[test]
fn other_width_counts_what_any_rule_of_it_covers() {
    let split = "-a always,exit -F arch=b64 -S openat,chmod -k x\n-a always,exit -F arch=b32 -S openat -k x\n";
    assert!(has(split, &codes::ONE_ABI));
    let whole = format!("{split}-a always,exit -F arch=b32 -S chmod -k y\n");
    assert!(!has(&whole, &codes::ONE_ABI));
    // 32-bit programs have no call of this name.
    assert!(!has("-a always,exit -F arch=b64 -S accept -k x", &codes::ONE_ABI));
    assert!(!has(&both("-F path=/etc/passwd -F perm=wa -k x"), &codes::ONE_ABI));
}

#[test]
fn a_twin_is_written_for_what_is_missing_and_contradicts_no_never_rule() {
    for text in [
        "-A always,exit -F arch=b64 -S mount -k x\n-a never,exit -F arch=b32 -S mount\n",
        "-a never,exit -F arch=b32 -S all\n-a always,exit -F arch=b64 -S mount -k x\n",
        "-a always,exit -F arch!=b64 -S mount -k x\n",
    ] {
        assert!(!has(text, &codes::ONE_ABI), "{text}");
        assert_eq!(fixed(text).0, text);
    }
    let part = "-a always,exit -F arch=b64 -S mount -k x\n-a never,exit -F arch=b32 -S mount -F uid=0\n";
    assert!(has(part, &codes::ONE_ABI));
    assert_eq!(fixed(part).0, part, "a twin would record what the never rule leaves out");
    let known = "-a always,exit -F arch=b64 -S mount,umount2 -k x\n-a always,exit -F arch=b32 -S mount -k y\n";
    let (text, effect) = fixed(known);
    assert_eq!(text, known.replace("-k x\n", "-k x\n-a always,exit -F arch=b32 -S umount2 -k x\n"));
    assert_eq!(effect, Some(Effect::Meant), "it adds something");
}

#[test]
fn calls_go_by_the_last_arch_and_are_wrong_where_it_is_left_out_and_names_them_otherwise() {
    for (tests, wrong) in [
        ("-F arch!=b64 -S open", true),
        ("-F arch=b64 -F arch!=b32 -S open", true),
        ("-F arch!=b32 -F arch=b64 -S open", false),
        // One number in both widths.
        ("-F arch!=b64 -S openat2,pidfd_open", false),
        ("-F arch=b64 -F arch!=b32 -S openat2", false),
        ("-F arch!=b64 -S openat2,open", true),
    ] {
        let text = format!("-a always,exit {tests} -F auid=0 -k x\n");
        assert_eq!(has(&text, &codes::EXCLUDED_ARCH), wrong, "{text}");
        assert!(!has(&text, &codes::ONE_ABI), "a twin needs one arch to put another in its place: {text}");
    }
}

#[test]
fn a_twin_has_no_calls_that_its_tests_never_meet() {
    let ended = "-a always,exit -F arch=b64 -S exit,exit_group,openat -F success=0 -k x\n-a always,exit -F arch=b32 -S openat -F success=0 -k x\n";
    assert!(!has(ended, &codes::ONE_ABI));
    let first = ended.lines().next().unwrap();
    let twin = "-a always,exit -F arch=b32 -S openat -F success=0 -k x";
    assert_eq!(fixed(&format!("{first}\n")).0, format!("{first}\n{twin}\n"));
    assert!(has("-a always,exit -F arch=b64 -S exit_group -F auid=0 -k x\n", &codes::ONE_ABI));
}

#[test]
fn a_twin_takes_no_key_away_from_a_later_rule() {
    let first = "-a always,exit -F arch=b64 -S unlink -k a\n";
    let narrow = "-a always,exit -F arch=b32 -S unlink -F uid=0 -k";
    for (later, is_written) in [(format!("{narrow} b\n"), false), (format!("{narrow} a\n"), true)] {
        let text = [first, &later].concat();
        assert!(has(&text, &codes::ONE_ABI));
        assert_eq!(fixed(&text).0 != text, is_written, "{text}");
    }
}

#[test]
fn a_merge_passes_no_rule_that_decides_otherwise_and_keeps_suppressions() {
    let merges = |text: &str| found(text).iter().any(|found| found.code == &codes::MERGEABLE && found.fix.is_some());
    let (first, second) = ("-a always,exit -F arch=b32 -S mount -k a\n", "-a always,exit -F arch=b32 -S chmod -k a\n");
    assert!(merges(&[first, second].concat()));
    assert!(merges(&[first, "-a always,exit -F arch=b32 -S chown -k b\n", second].concat()));
    assert!(!merges(&[first, "-a always,exit -F arch=b32 -S chmod -F uid=0 -k b\n", second].concat()));
    assert!(!merges(&[first, "# auditbox: allow AB305 why\n", second].concat()));
}

#[test]
fn a_rule_once_more_stops_loading_unless_a_line_before_it_says_otherwise() {
    let rules = "-a never,exit -F uid=1\n-a never,exit -F uid=1\n";
    for (text, level, stops) in [
        (rules.to_owned(), Level::Error, true),
        (format!("-D\n-i\n{rules}"), Level::Warning, false),
        (format!("-c\n{rules}"), Level::Warning, false),
        (format!("{rules}-i\n"), Level::Error, true),
    ] {
        let found = found(&text).into_iter().find(|found| found.code == &codes::DUPLICATE).unwrap();
        assert_eq!((found.level, found.stops), (level, stops), "{text}");
    }
    for (text, stops) in [("-w relative\n", true), ("-i\n-w relative\n", false), ("-a never,task\n", false)] {
        assert_eq!(found(text).iter().any(|found| found.stops), stops, "{text}");
    }
}

#[test]
fn a_rule_to_delete_is_missed_only_where_it_is_certainly_not_there() {
    let missed = |text: &str| {
        found(text)
            .into_iter()
            .filter(|found| found.code == &codes::NOT_THERE)
            .map(|f| (f.span.line, f.level, f.stops))
            .collect::<Vec<_>>()
    };
    let (error, warning) = ((Level::Error, true), (Level::Warning, false));
    for (text, line, (level, stops)) in [
        ("-D\n-W /etc/passwd -p wa -k x\n", 2, error),
        ("-D\n-d always,exit -F uid=0 -S mount -k x\n", 2, error),
        ("-a never,exit -F uid=1\n-D\n-d never,exit -F uid=1\n", 3, error),
        ("-D\n-a never,exit -F uid=1 -F gid=1\n-d never,exit -F gid=1 -F uid=1\n", 3, error),
        ("-D\n-a never,exit -F uid=1\n-d never,exit -F uid=1\n-d never,exit -F uid=1\n", 4, error),
        ("-D\n-i\n-d never,exit -F uid=1\n", 3, warning),
        ("-c\n-D\n-d never,exit -F uid=1\n", 3, warning),
    ] {
        assert_eq!(missed(text), [(line, level, stops)], "{text}");
    }
    for text in [
        // What the kernel has is not known.
        "-d never,exit -F uid=1\n",
        "-D -k x\n-d never,exit -F uid=1\n",
        "-d never,exit -F uid=1\n-D\n",
        "-D\n-a never,exit -F uid=1\n-d never,exit -F uid=1\n",
        // Whether a watch is of a directory is known when it is loaded.
        "-D\n-a always,exit -S all -F path=/etc -F perm=w -k x\n-W /etc -p w -k x\n",
    ] {
        assert_eq!(missed(text), [], "{text}");
    }
}

#[test]
fn a_call_without_a_result_or_an_address_matches_no_test_of_it() {
    for [first, second] in
        [["-S exit_group,execve -F exit>=0", "-S exit_group"], ["-S connect,accept4 -F saddr_fam>=0", "-S accept4"]]
    {
        let rules = ["a", "b"].map(|key| [first, second][usize::from(key == "b")].to_owned() + " -k " + key + "\n");
        let text = rules.map(|rule| format!("-a always,exit -F arch=b64 {rule}")).concat();
        assert!(!has(&text, &codes::REDUNDANT) && !has(&text, &codes::SHADOWED), "{text}");
        let never = text.replacen("always", "never", 1).replacen(" -k a", "", 1);
        assert!(!has(&never, &codes::SHADOWED), "{never}");
    }
    let split = "-a never,exit -F arch=b64 -S connect,accept4 -F saddr_fam=1\n\
        -a never,exit -F arch=b64 -S connect,accept4 -F saddr_fam!=1\n-a always,exit -F arch=b64 -S accept4 -k x\n";
    assert!(!has(split, &codes::SHADOWED));
}

#[test]
fn a_rule_without_a_test_does_nothing_on_the_lists_of_records() {
    for list in ["user", "exclude"] {
        let text = format!("-a never,{list}\n-a never,{list} -F uid=33\n");
        assert!(has(&text, &codes::UNSATISFIABLE), "{text}");
        assert!(!has(&text, &codes::REDUNDANT) && !has(&text, &codes::SHADOWED), "{text}");
    }
}

#[test]
fn the_task_list_knows_of_no_call() {
    for test in ["arch=b64", "a0=1", "a1>=0", "saddr_fam!=2"] {
        let text = format!("-a never,task -F {test}\n-a always,task -F uid=0\n-a always,task -F uid=5 -F {test}\n");
        let shown: Vec<_> = found(&text).iter().map(|f| (f.code.id, f.span.line)).collect();
        assert_eq!(shown, [("AB205", 1), ("AB205", 3)], "{text}");
    }
    assert!(has("-a never,task -F uid>=0\n-a always,task -F uid=0\n", &codes::SHADOWED));
}

#[test]
fn a_test_that_always_holds_keeps_no_process_from_never_task() {
    let never =
        |test: &str| found(&format!("-a never,task {test}\n")).into_iter().any(|f| f.code == &codes::NEVER_TASK);
    for test in ["", "-F auid>=0", "-F pers<=4294967295", "-F pid>=0 -F gid>=0"] {
        assert!(never(test), "{test}");
    }
    for test in ["-F auid>=1", "-F auid>0", "-F auid<=0", "-F a0>=0", "-F exe=/usr/x", "-F uid>=0 -F gid=5"] {
        assert!(!never(test), "{test}");
    }
    let some =
        found("-a always,task -F uid=0\n-a never,task\n").into_iter().find(|f| f.code == &codes::NEVER_TASK).unwrap();
    assert!(some.message.ends_with("that no rule before it takes"), "{}", some.message);
    // It switches nothing off where no process comes to it.
    let unreached = "-a always,task -F pid>=0\n-a never,task\n";
    assert!(has(unreached, &codes::SHADOWED) && !has(unreached, &codes::NEVER_TASK));
}

#[test]
fn the_lock_of_the_rules_is_none_of_features() {
    let set = "-w /etc/passwd -p wa -k x\n-e 2\n";
    assert!(!has(&format!("{set}--loginuid-immutable\n"), &codes::AFTER_LOCK));
    assert!(has(&format!("{set}-b 8192\n"), &codes::AFTER_LOCK));
}

#[test]
fn a_set_is_judged_in_the_order_in_which_it_is_merged() {
    let files = [
        Source { name: b"10", text: b"-D\n-w /etc/passwd -p wa -k x\n-e 2\n" },
        Source { name: b"20", text: b"-w /etc/group -p wa -k y\n" },
    ];
    let target = Target { host: &Pc, kernel: None, exists: None, profile: &[] };
    let findings = check(&files, true, &target).unwrap();
    assert!(findings.iter().all(|f| f.code != &codes::AFTER_LOCK && f.code != &codes::NO_LOCK));
    assert_eq!(findings.iter().map(|f| (f.span.file, f.span.line)).collect::<Vec<_>>(), [(0, 2), (1, 1)]);
}

#[test]
fn the_other_width_may_have_two_calls_for_one() {
    let narrow = "-a always,exit -F arch=b64 -S chown -k x\n-a always,exit -F arch=b32 -S chown -k x\n";
    let said = found(narrow).into_iter().find(|found| found.code == &codes::ONE_ABI).unwrap();
    assert!(said.message.starts_with("i386 programs do chown32 unseen"), "{}", said.message);
    assert_eq!(fixed(narrow).0, narrow.replace("b32 -S chown ", "b32 -S chown,chown32 "));
    let of_both = |calls: &str| has(&narrow.replace("-S chown", &format!("-S {calls}")), &codes::ONE_ABI);
    for calls in
        ["lchown", "fchown", "setuid,setgid", "setresuid", "setgroups", "truncate", "ftruncate", "fcntl", "stat"]
    {
        assert!(of_both(calls), "{calls}");
    }
    for calls in ["clock_settime", "clock_adjtime", "utimensat", "mmap"] {
        assert!(of_both(calls), "{calls}");
    }
    for calls in ["getdents", "getdents64", "getdents,getdents64", "unlink"] {
        assert!(!of_both(calls), "{calls}: there are both in both widths");
    }
    for (wide, narrow) in [
        ("newfstatat", "fstatat64"),
        ("kexec_load", "sys_kexec_load"),
        ("pread", "pread64"),
        ("clock_adjtime", "clock_adjtime,clock_adjtime64"),
        ("utimensat", "utimensat,utimensat_time64"),
    ] {
        let rule = |arch: &str, calls: &str| format!("-a always,exit -F arch={arch} -S {calls} -F auid=0 -k x\n");
        let both = rule("b64", wide) + &rule("b32", narrow);
        assert_eq!(fixed(&rule("b64", wide)).0, both);
        assert_eq!(fixed(&rule("b32", narrow)).0, rule("b32", narrow) + &rule("b64", wide));
        assert!(!has(&both, &codes::ONE_ABI), "{wide}");
    }
    let wide = "-a always,exit -F arch=b32 -S chown,chown32 -k x\n";
    assert!(has(wide, &codes::ONE_ABI), "programs of 64 bits have one for both");
    assert_eq!(fixed(wide).0, format!("{wide}-a always,exit -F arch=b64 -S chown -k x\n"));
    assert!(!has(&fixed(wide).0, &codes::ONE_ABI));
}

#[test]
fn success_and_failure_together_are_every_call_that_returns() {
    let never = "-a never,exit -F arch=b64 -S openat,exit_group -F success=0\n-a never,exit -F arch=b64 -S openat,exit_group -F success=1\n";
    let with = |calls: &str| format!("{never}-a always,exit -F arch=b64 -S {calls} -F auid=0 -k x\n");
    assert!(has(&with("openat"), &codes::SHADOWED));
    assert!(!has(&with("openat,exit_group"), &codes::SHADOWED));
    for test in ["pid>0", "pid!=0", "pid>=1"] {
        let text = format!(
            "-a never,exit -F arch=b64 -S all -F {test}\n-a always,exit -F arch=b64 -S openat -F auid=0 -k x\n"
        );
        assert!(has(&text, &codes::SHADOWED), "{test}");
    }
}

#[test]
fn of_a_record_one_group_is_asked_for() {
    for list in ["exclude", "user"] {
        assert!(has(&format!("-a never,{list} -F gid=0 -F gid=1\n"), &codes::OR_BY_AND), "{list}");
        let text = format!("-a never,{list} -F gid>=5\n-a never,{list} -F gid=6\n");
        assert!(has(&text, &codes::REDUNDANT), "{list}");
    }
    // A process has several.
    assert!(!has("-a always,exit -F arch=b64 -S mount -F gid=0 -F gid=1 -k x\n", &codes::OR_BY_AND));
}
