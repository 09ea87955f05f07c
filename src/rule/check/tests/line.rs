//! What one line shows by itself.

use super::*;

#[test]
fn places_are_those_of_the_words() {
    assert_eq!(
        codes_of("\n-a always,exit -F arch=b64 -S nosuch,open -k x"),
        ["AB002 2:31"],
        "an unknown call stands where it stands in the list"
    );
    assert_eq!(codes_of("-w /etc/a\\ b -p q -k x"), ["AB001 1:17"]);
    assert_eq!(codes_of("-k x -w /etc"), ["AB001 1:4"]);
}

#[test]
fn a_rule_that_every_process_or_call_meets_is_no_silent_one() {
    for (rule, is_all) in [
        ("-a always,task", true),
        ("-a always,task -F uid>=0", true),
        ("-a always,task -F auid=1000", false),
        ("-a never,task", false),
    ] {
        assert_eq!(has(&format!("{rule}\n"), &codes::HOT_SYSCALL), is_all, "{rule}");
    }
    for (test, is_all) in
        [("exit>=0", true), ("exit<=-1", true), ("exit>=0 -F success=1", false), ("auid>=1000", false)]
    {
        let found = codes_of(&format!("-a never,exit -F {test}\n"));
        assert_eq!(found.iter().any(|code| code.starts_with("AB2")), is_all, "{test} {found:?}");
    }
}

#[test]
fn no_test_of_a_result_holds_where_no_call_returns() {
    for test in ["exit>=0", "success=1", "success=0", "exit!=3"] {
        let rule = |calls: &str| format!("-a always,exit -F arch=b64 -S {calls} -F {test} -k x\n");
        assert!(has(&rule("exit,exit_group"), &codes::UNSATISFIABLE), "{test}");
        assert!(!has(&rule("exit,exit_group"), &codes::EXIT_UNSIGNED), "nothing is left to be too wide: {test}");
        assert!(!has(&rule("exit,execve"), &codes::UNSATISFIABLE), "{test}");
    }
}

#[test]
fn what_the_kernel_refuses_of_a_program_or_a_comparison_is_said() {
    let refused =
        |test: &str| has(&format!("-a always,exit -F arch=b64 -S mount -F {test} -k x\n"), &codes::REFUSED_BY_KERNEL);
    for test in ["exe=/bin/", "exe=foo", "exe!=rel", "field_compare=26", "field_compare!=99", "field_compare>1"] {
        assert!(refused(test), "{test}");
    }
    for test in ["exe=/bin/x", "exe!=/bin/x", "field_compare=25", "field_compare!=1"] {
        assert!(!refused(test), "{test}");
    }
}

#[test]
fn a_class_of_calls_is_no_call_and_no_finding_counts_on_what_is_in_it() {
    let message = |number: &str| {
        let found = found(&format!("-a always,exit -F arch=b64 -S {number} -F auid=0 -k x\n"));
        found.into_iter().find(|f| f.code == &codes::CALL_CLASS).map(|f| f.message).unwrap_or_default()
    };
    assert_eq!(message("2047"), "2047 is no call: the kernel takes it for all of its class dir_write");
    assert_eq!(message("0x7f6"), "2038 is no call: the kernel takes it for all of its class signal_32");
    assert_eq!(message("open,2032"), "2032 is no call: the kernel drops it");
    assert_eq!(message("all") + &message("2031"), "");
    let (class, open) =
        ("-a always,exit -F arch=b64 -S open,2047 -k b\n", "-a never,exit -F arch=b64 -S open,openat\n");
    for text in [[open, class].concat(), [class, open].concat()] {
        assert!(!has(&text, &codes::SHADOWED), "{text}");
    }
    assert!(has(&["-a never,exit -F arch=b64 -S all\n", class].concat(), &codes::SHADOWED));
    // A rule of unknown calls may decide otherwise about those that would be moved past it.
    let between = "-a never,exit -F arch=b64 -S 2047 -F uid=0\n";
    let mount = "-a always,exit -F arch=b64 -S mount -k a\n";
    let merged = [mount, between, &mount.replace("mount", "rename")].concat();
    assert!(!has(&merged, &codes::MERGEABLE), "{merged}");
    assert!(has(&merged.replace("2047", "chmod"), &codes::MERGEABLE));
}

#[test]
fn old_kernels_are_told_apart_from_typing_errors() {
    let text = both("-S connect -F saddr_fam=2 -k x");
    let old: Vec<_> = found_for(&text, Some(Version(5, 2))).into_iter().map(|f| f.message).collect();
    assert_eq!(old, ["Linux 5.2 does not know the field saddr_fam; Linux 5.3 does"; 2]);
    assert!(found_for(&text, Some(Version(5, 3))).is_empty());
    for (rule, kernel, expected) in [
        ("exclude -F exe=/usr/x", Version(4, 18), "the field exe on the exclude list; Linux 4.19 does"),
        ("user -F exe=/usr/x", Version(4, 18), "the field exe on the user list; Linux 4.19 does"),
        ("task -F exe=/usr/x", Version(4, 2), "the field exe; Linux 4.3 does"),
        ("exit -S all -F exe!=/usr/x", Version(4, 17), "exe with !=; Linux 4.18 does"),
        ("exclude -F msgtype=CWD -F uid=5", Version(4, 7), "the field uid on the exclude list; Linux 4.8 does"),
    ] {
        let text = format!("-a never,{rule}\n");
        let old: Vec<_> = found_for(&text, Some(kernel)).into_iter().map(|f| f.message).collect();
        assert_eq!(old, [format!("Linux {kernel} does not know {expected}")], "{text}");
        assert!(found_for(&text, Some(Version(4, 19))).is_empty(), "{text}");
    }
    for (text, kernel, since) in [
        ("-a never,filesystem -F fstype=debugfs\n".to_owned(), Version(4, 14), Version(4, 15)),
        (both("-S bpf -F success=0 -k x"), Version(3, 17), Version(3, 18)),
        (both("-S seccomp -F success=0 -k x"), Version(3, 16), Version(3, 17)),
        (both("-S sched_setattr -F success=0 -k x"), Version(3, 13), Version(3, 14)),
        (both("-S mlock2 -F success=0 -k x"), Version(4, 3), Version(4, 4)),
        ("--reset-lost\n".to_owned(), Version(4, 10), Version(4, 11)),
        ("--reset_backlog_wait_time_actual\n".to_owned(), Version(5, 8), Version(5, 9)),
        ("--backlog_wait_time 1\n".to_owned(), Version(3, 13), Version(3, 14)),
        ("--loginuid-immutable\n".to_owned(), Version(3, 12), Version(3, 13)),
    ] {
        let old = found_for(&text, Some(kernel));
        assert!(!old.is_empty() && old.iter().all(|f| f.message.contains(&format!("; Linux {since} does"))), "{text}");
        assert!(found_for(&text, Some(since)).is_empty(), "{text}");
    }
    // Of the two widths of a PC one had these calls before the other.
    let direct = |kernel| found_for(&both("-S bind,semget -F success=0 -k x"), Some(kernel));
    let old: Vec<_> = direct(Version(4, 2)).into_iter().map(|f| (f.span.line, f.message)).collect();
    let unknown = |call, since| (2, format!("Linux 4.2 does not know the call {call}; Linux {since} does"));
    assert_eq!(old, [unknown("bind", "4.3"), unknown("semget", "5.1")]);
    assert!(direct(Version(5, 1)).is_empty());
    assert!(found_for("-a never,exclude -F msgtype=CWD\n-a never,user -F uid=5\n", Some(Version(3, 3))).is_empty());
    let calls = found_for(&both("-S openat2 -F success=0 -k x"), Some(Version(5, 5)));
    assert_eq!(calls[0].message, "Linux 5.5 does not know the call openat2; Linux 5.6 does");
}

#[test]
fn every_file_of_every_program_is_no_part_of_what_happens() {
    for (rule, is_hot) in [
        ("-w / -p wa -k x", true),
        ("-w / -p x -k x", false),
        ("-a always,exit -F dir=/ -F perm=r -k x", true),
        ("-a always,exit -F arch=b64 -F dir=/ -F perm=w -k x", true),
        ("-a always,exit -F perm=rwxa -k x", true),
        ("-a always,exit -S all -F dir=/ -k x", true),
        ("-a always,exit -F arch=b64 -S stat -F dir=/ -k x", true),
        ("-a always,exit -F arch=b64 -S read -F dir=/ -k x", false),
        ("-a always,exit -F dir=/ -F perm=a -k x", false),
        ("-a always,exit -F dir=/ -F perm=wa -F perm=a -F success=0 -k x", false),
        ("-a always,exit -F dir=/ -F perm=r -F uid=33 -k x", false),
        ("-a always,exit -F dir=/ -F perm=r -F success=0 -k x", false),
        ("-a always,exit -F arch=b64 -S unlink -F dir=/ -F perm=w -k x", false),
        ("-a always,exit -F dir=/etc -F perm=r -k x", false),
        ("-a always,exit -S all -F inode!=5 -k x", true),
        ("-a always,exit -S all -F inode=5 -k x", false),
        ("-a always,exit -S all -F inode!=5 -F exe=/usr/x -k x", false),
        ("-a never,exit -F dir=/ -F perm=r", false),
    ] {
        assert_eq!(has(&format!("{rule}\n"), &codes::HOT_SYSCALL), is_hot, "{rule}");
    }
}

#[test]
fn a_rule_that_matches_nothing_costs_nothing() {
    for tests in
        ["-F arch=b64 -F arch=b32 -S read", "-S all -F uid=1 -F uid=2", "-S all -F exe=/usr/x -F uid=1 -F uid=2"]
    {
        let found: Vec<_> = found(&format!("-a always,exit {tests}\n")).into_iter().map(|f| f.code.id).collect();
        assert_eq!(found, ["AB207"], "{tests}");
    }
}

#[test]
fn a_directory_that_is_a_link_is_watched_as_one() {
    let linked: Vec<_> =
        found("-w /etc/link -p wa -k x\n").into_iter().filter(|f| f.code == &codes::LINKED_DIRECTORY).collect();
    assert_eq!((linked.len(), linked[0].help.as_str()), (1, "write /srv"));
    for path in ["/etc", "/etc/link/", "/etc/link/x", "/srv"] {
        assert!(!has(&format!("-a always,exit -F dir={path} -F perm=wa -k x\n"), &codes::LINKED_DIRECTORY), "{path}");
    }
}

#[test]
fn what_is_mounted_late_is_not_watched_by_a_rule_that_was_there_before() {
    for (watch, is_late) in [
        ("dir=/mnt", true),
        ("dir=/mnt/share/", true),
        ("dir=/mnt/share/x", true),
        ("path=/mnt/share/x", true),
        ("path=/mnt", false),
        ("dir=/mnt/shared", false),
        ("dir=/home", false),
        ("dir=/etc", false),
        ("exe=/mnt/share/x", false),
    ] {
        let text = format!("-a always,exit -S all -F {watch} -F success=0 -k x\n");
        let is_note = |f: &Finding| f.code == &codes::MISSING_PATH && f.level == Level::Note;
        assert_eq!(found(&text).iter().any(is_note), is_late, "{watch}");
    }
}
