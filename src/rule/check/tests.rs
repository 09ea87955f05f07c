//! What is found and what is not: every code by a bad line and a good one, and the certainty of what is said to be certain.

use std::slice;

use super::super::command::plan_of;
use super::super::diff::diff;
use super::super::explain::{Decision, Verdict, decide, judge};
use super::super::facts::Facts;
use super::super::meaning::{Meaning, witness};
use super::super::model::{Action, FieldId, Rule};
use super::super::parse::Host;
use super::super::set::RuleSet;
use super::*;
use crate::tables::machine::Machine;
use crate::testing::Dice;

/// A 64-bit PC that runs 32-bit programs, with the users root and alice, and the directory /etc.
struct Pc;

impl Host for Pc {
    fn machine(&self) -> Option<Machine> {
        Some(Machine::X86_64)
    }

    fn features(&self) -> u32 {
        u32::MAX
    }

    fn user(&self, name: &[u8]) -> Option<u32> {
        [(&b"root"[..], 0), (b"alice", 1000)].iter().find(|row| row.0 == name).map(|row| row.1)
    }

    fn group(&self, name: &[u8]) -> Option<u32> {
        (name == b"wheel").then_some(10)
    }

    fn is_directory(&self, path: &[u8]) -> bool {
        path == b"/etc"
    }
}

fn found_for(text: &str, kernel: Option<Version>) -> Vec<Finding> {
    let exists = |path: &[u8]| path.starts_with(b"/etc") || path.starts_with(b"/usr");
    let target = Target { host: &Pc, kernel, exists: Some(&exists), profile: &[] };
    check(&[Source { name: "r", text: text.as_bytes() }], false, &target).unwrap()
}

fn found(text: &str) -> Vec<Finding> {
    found_for(text, None)
}

/// Code, line and first column of each finding.
fn codes_of(text: &str) -> Vec<String> {
    found(text).iter().map(|f| format!("{} {}:{}", f.code.id, f.span.line, f.span.bytes.0 + 1)).collect()
}

fn has(text: &str, code: &Code) -> bool {
    found(text).iter().any(|finding| finding.code == code)
}

/// Both widths of a rule whose text after the arch is `rest`.
fn both(rest: &str) -> String {
    ["b64", "b32"].map(|arch| format!("-a always,exit -F arch={arch} {rest}\n")).concat()
}

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
        assert!(shadowed.message.contains("such as "), "{}", shadowed.message);
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
        // /var/run is a link out of /var on most systems, and either directory of mail one to the other.
        ("-a never,exit -F dir=/var", "-a always,exit -F dir=/var/run/sshd -F perm=wa -k x"),
        ("-a never,exit -F dir=/var/spool", "-a always,exit -F dir=/var/spool/mail/a -F perm=wa -k x"),
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
    assert!(!has("-a always,exit -F arch=b64 -S newfstatat -k x", &codes::ONE_ABI));
    assert!(!has(&both("-F path=/etc/passwd -F perm=wa -k x"), &codes::ONE_ABI));
}

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
fn safe_fixes_lead_to_rules_in_which_nothing_is_left_to_fix() {
    let mut text = [
        "-D\n# kept\n-w /etc/passwd -p wa -k id\n-w /etc/passwd -p wa -k id\n",
        "-a always,exit -F arch=b64 -S chmod -F auid>=1000 -k p\n-a always,exit -F arch=b64 -S fchmod -F auid>=1000 -k p\n",
        "-a always,exit \u{2013}F arch=b64 -S chown -F exe=/usr/bin/x -F auid=0 -k q\r\n-e 2\n",
    ]
    .concat()
    .into_bytes();
    for _ in 0..12 {
        let findings = found(std::str::from_utf8(&text).unwrap());
        text = fix::apply(&text, 0, &fix::safe_edits(&findings));
    }
    let expected = [
        "-D\n# kept\n",
        "-a always,exit -F path=/etc/passwd -F perm=wa -F key=id\n",
        "-a always,exit -F arch=b64 -S chmod,fchmod -F auid>=1000 -F auid!=unset -k p\n",
        "-a always,exit -F arch=b32 -S chmod,fchmod -F auid>=1000 -F auid!=unset -k p\n",
        "-a always,exit -F arch=b64 -S chown -F auid=0 -F exe=/usr/bin/x -k q\n",
        "-a always,exit -F arch=b32 -S chown -F auid=0 -F exe=/usr/bin/x -k q\n-e 2\n",
    ];
    assert_eq!(String::from_utf8(text).unwrap(), expected.concat());
}

/// The text after all fixes that are made, and the effect of the first.
fn fixed(text: &str) -> (String, Option<Effect>) {
    let mut text = text.as_bytes().to_vec();
    let mut first = None;
    for _ in 0..12 {
        let findings = found(std::str::from_utf8(&text).unwrap());
        first = first.or(findings.iter().find_map(|found| found.fix.as_ref()).map(|fix| fix.effect));
        text = fix::apply(&text, 0, &fix::safe_edits(&findings));
    }
    (String::from_utf8(text).unwrap(), first)
}

#[test]
fn pasted_characters_go_where_the_line_is_refused_with_them_and_taken_without() {
    for (text, plain) in [
        ("\u{feff}-D\n", "-D\n"),
        (
            "-w /etc/passwd \u{2013}p wa -k \u{201c}x\u{201d}\n",
            "-a always,exit -F path=/etc/passwd -F perm=wa -F key=\u{201c}x\u{201d}\n",
        ),
        ("-e\u{a0}1\n", "-e 1\n"),
        ("-e 1\r\n", "-e 1\n"),
        ("-e 1\r\n\r\n \r\n", "-e 1\n\n \n"),
    ] {
        assert_eq!(fixed(text).0, plain);
    }
    // A value may be meant as it is, and a space would break the line.
    for text in [
        both("-S mount -F success=0 -k a\tb"),
        both("-S mount -F success=0 -k \u{201c}x\u{201d}"),
        both("-F path=/etc/what\u{2019}s -F perm=wa -k x"),
        "\u{2013}w /etc/pass\u{a0}wd \u{2013}q wa\n".to_owned(),
    ] {
        assert!(has(&text, &codes::PASTED), "{text}");
        assert_eq!(fixed(&text).0, text);
    }
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
fn equal_rules_go_in_one_pass_however_many_and_before_merges() {
    let once = "-a never,exit -F arch=b64 -S mount\n";
    let edits = |text: &str| fix::apply(text.as_bytes(), 0, &fix::safe_edits(&found(text)));
    assert_eq!(edits(&once.repeat(40)), once.as_bytes());
    let other = once.replace("mount", "umount2");
    assert_eq!(edits(&[once, &other, once].concat()), [once, &other].concat().as_bytes());
    assert_eq!(fixed(&[once, &other, once].concat()).0, once.replace("mount", "mount,umount2"));
    // A comment on the line that stays is in nobody's way.
    let commented =
        ["# auditbox: allow AB305 why\n", &both("-S mount"), "-a always,exit -F arch=b64 -S mount\n"].concat();
    assert_eq!(
        fixed(&commented).0,
        commented.replace("b32 -S mount\n-a always,exit -F arch=b64 -S mount\n", "b32 -S mount\n")
    );
}

#[test]
fn repair_ends_and_leaves_no_rule_twice() {
    let mut dice = Dice(0x5eed);
    let mut twice = 0;
    for _ in 0..100 {
        let text = random_lines(&mut dice);
        twice += usize::from(has(&text, &codes::DUPLICATE));
        let fixed = fixed(&text).0;
        assert_eq!(fix::safe_edits(&found(&fixed)), [], "{text}\n{fixed}");
        assert!(!has(&fixed, &codes::DUPLICATE), "{text}\n{fixed}");
    }
    assert!(twice > 20, "{twice}");
}

#[test]
fn cheap_tests_come_first_where_the_rule_stays_the_same() {
    let (text, effect) = fixed("-a never,exit -F dir=/etc -F uid=0 -F success=0 -S all\n");
    assert_eq!(
        (text.as_str(), effect),
        ("-a never,exit -F uid=0 -F success=0 -F dir=/etc -S all\n", Some(Effect::Same))
    );
    // After an arch perm names calls, and not all that the kernel has in the class.
    let text = "-a always,exit -F dir=/etc -F perm=wa -F arch=b32 -k x\n";
    assert!(has(text, &codes::FIELD_ORDER));
    assert_eq!(fixed(text).0, text);
}

#[test]
fn no_fix_makes_a_rule_that_is_refused_or_that_a_later_line_does_not_find() {
    let dear_first = "-a never,exit -F dir=/etc -F uid=0 -S all\n";
    assert_ne!(fixed(dear_first).0, dear_first);
    let deleted = [dear_first, "-d never,exit -F dir=/etc -F uid=0 -S all\n"].concat();
    assert_eq!(fixed(&deleted).0, deleted);
    let full = |tests: usize| format!("-a always,exit -S mount{} -F auid>=1000\n", " -F uid>=1".repeat(tests));
    assert!(has(&full(62), &codes::AUID_UNSET));
    assert_eq!(fixed(&full(62)).0, full(62), "one field more is refused");
    assert_ne!(fixed(&full(60)).0, full(60));
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
fn a_rule_without_a_test_does_nothing_on_the_lists_of_records() {
    for list in ["user", "exclude"] {
        let text = format!("-a never,{list}\n-a never,{list} -F uid=33\n");
        assert!(has(&text, &codes::UNSATISFIABLE), "{text}");
        assert!(!has(&text, &codes::REDUNDANT) && !has(&text, &codes::SHADOWED), "{text}");
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
fn malformed_suppressions_words_and_names_are_spoken_of() {
    assert_eq!(codes_of("#auditbox:allow AB402 why\n-D\n"), ["AB900 1:1"]);
    assert_eq!(codes_of("# auditbox: deny AB402 why\n-D\n"), ["AB900 1:1"]);
    let help = |text: &str| found(text).first().map(|found| found.help.clone()).unwrap_or_default();
    assert_eq!(help("-a always,exit -F arch=b64 -S umount -k x\n"), "did you mean umount2?");
    let variable = found(&both("-F path=$HOME/x -F perm=wa -k x"));
    assert!(variable.iter().any(|found| found.message.contains("no variables")));
    let apart = "-a always,exit -F subj_type=a -S mount\n-a always,exit -F subj_type=a -F subj_type=b -S mount -k x\n";
    let redundant = found(apart).into_iter().find(|found| found.code == &codes::REDUNDANT).unwrap();
    assert!(redundant.message.ends_with(", if there is any"), "{}", redundant.message);
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
        Source { name: "10", text: b"-D\n-w /etc/passwd -p wa -k x\n-e 2\n" },
        Source { name: "20", text: b"-w /etc/group -p wa -k y\n" },
    ];
    let target = Target { host: &Pc, kernel: None, exists: None, profile: &[] };
    let findings = check(&files, true, &target).unwrap();
    assert!(findings.iter().all(|f| f.code != &codes::AFTER_LOCK && f.code != &codes::NO_LOCK));
    assert_eq!(findings.iter().map(|f| (f.span.file, f.span.line)).collect::<Vec<_>>(), [(0, 2), (1, 1)]);
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
fn suppressions_need_a_use_and_a_reason() {
    let rule =
        "-a always,exit -F arch=b64 -S openat -F success=0 -k x\n-a always,exit -F arch=b32 -S openat -F success=0\n";
    assert_eq!(codes_of(rule), ["AB305 2:1"]);
    let whole = format!("# auditbox: allow AB305 keys are for others\n\n{rule}");
    assert_eq!(codes_of(&whole), Vec::<String>::new());
    let line = rule.replacen("\n-a", "\n# auditbox: allow AB305 not this one\n# more\n-a", 1);
    assert_eq!(codes_of(&line), Vec::<String>::new());
    assert_eq!(codes_of(&format!("# auditbox: allow AB305\n\n{rule}")), ["AB900 1:1", "AB305 4:1"]);
    assert_eq!(codes_of(&format!("# auditbox: allow AB999 why\n\n{rule}")), ["AB900 1:1", "AB305 4:1"]);
    assert_eq!(codes_of("# auditbox: allow AB101 nothing\n-D\n"), ["AB900 1:1"]);
}

#[test]
fn too_many_lines_are_refused() {
    let text = "-D\n".repeat(MOST_LINES + 1);
    let target = Target { host: &Pc, kernel: None, exists: None, profile: &[] };
    assert!(check(&[Source { name: "r", text: text.as_bytes() }], false, &target).is_err());
}

const NUMBERS: [&str; 6] = ["0", "1", "999", "1000", "1001", "4294967295"];
const PATHS: [&str; 6] = ["/etc", "/etc/passwd", "/etc/ssh", "/etc/ssh/config", "/srv", "/srv/x"];

/// A test on one of few fields with one of few values, so that two rules often have to do with each other.
fn random_test(dice: &mut Dice) -> String {
    let ordered = dice.pick(&["=", "!=", "<", "<=", ">", ">="]);
    match dice.pick(&["id", "id", "auid", "exit", "success", "bits", "group", "file", "perm", "pair", "owner"]) {
        "id" => format!("{}{ordered}{}", dice.pick(&["uid", "euid"]), dice.pick(&NUMBERS)),
        "auid" => format!("auid{}{}", dice.pick(&["=", "!="]), dice.pick(&NUMBERS)),
        "exit" => format!("exit{ordered}{}", dice.pick(&["0", "3", "-1", "-13", "-5000"])),
        "success" => format!("success{}{}", dice.pick(&["=", "!=", "<", ">"]), dice.pick(&["0", "1"])),
        "bits" => format!("a0{}{}", dice.pick(&["&", "&=", "=", ">"]), dice.pick(&["0", "1", "2", "3", "6"])),
        "group" => format!("gid{ordered}{}", dice.pick(&NUMBERS)),
        "owner" => format!("obj_uid{ordered}{}", dice.pick(&NUMBERS)),
        "file" => format!("{}={}", dice.pick(&["path", "dir"]), dice.pick(&PATHS)),
        "perm" => format!("perm={}", dice.pick(&["r", "w", "a", "wa", "rwxa"])),
        _ => dice.pick(&["uid!=euid", "uid=euid"]).to_owned(),
    }
}

fn random_rule(dice: &mut Dice) -> Rule {
    let mut line = vec!["-a", dice.pick(&["always,exit", "never,exit"])];
    if dice.pick(&["y", "n"]) == "y" {
        line.extend(["-F", dice.pick(&["arch=b64", "arch=b32"])]);
    }
    line.extend(["-S", dice.pick(&["all", "openat", "openat,mkdir", "mkdir,chmod", "chmod", "chmod,unlink"])]);
    let count = dice.pick(&["0", "1", "1", "2", "2", "3"]).parse().unwrap_or(0);
    let mut tests: Vec<String> = (0..count).map(|_| random_test(dice)).collect();
    // A rule watches one file.
    let mut watches = 0;
    tests.retain(|test| {
        watches += usize::from(test.starts_with("path") || test.starts_with("dir"));
        watches < 2 || !(test.starts_with("path") || test.starts_with("dir"))
    });
    for test in &tests {
        let is_pair = test.ends_with("=euid");
        line.extend([if is_pair { "-C" } else { "-F" }, test]);
    }
    let words: Vec<&[u8]> = line.iter().map(|word| word.as_bytes()).collect();
    super::super::parse(&words, &Pc).unwrap_or_else(|refusal| panic!("{line:?}: {refusal}")).1
}

fn random_event(dice: &mut Dice) -> Facts {
    let success = dice.pick(&["yes", "no"]);
    let exit = if success == "yes" { dice.pick(&["0", "3", "1000"]) } else { dice.pick(&["-1", "-13"]) };
    let mut words = vec![
        format!("arch={}", dice.pick(&["b64", "b32"])),
        format!("syscall={}", dice.pick(&["openat", "mkdir", "chmod", "unlink"])),
        format!("success={success}"),
        format!("exit={exit}"),
        format!("a0={}", dice.pick(&["0", "1", "2", "3", "7"])),
        format!("path={}", dice.pick(&PATHS)),
        format!("perm={}", dice.pick(&["r", "w", "a"])),
    ];
    for field in ["uid", "euid", "auid", "gid", "obj_uid"] {
        words.push(format!("{field}={}", dice.pick(&NUMBERS)));
    }
    let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    Facts::parse(&words, &Pc).unwrap()
}

#[test]
fn what_is_said_to_be_covered_or_impossible_is_so_for_every_event() {
    let mut dice = Dice(0x5eed);
    let (mut covered, mut impossible, mut matched) = (0, 0, 0);
    for _ in 0..2_000 {
        let (a, b) = (random_rule(&mut dice), random_rule(&mut dice));
        let (first, second) = (Meaning::of(&a, Some(Machine::X86_64)), Meaning::of(&b, Some(Machine::X86_64)));
        let is_covered = first.covers(&second);
        let is_impossible = second.why_impossible().is_some();
        covered += usize::from(is_covered);
        impossible += usize::from(is_impossible);
        if !is_impossible {
            let words = witness(&b, Some(Machine::X86_64));
            let words: Vec<&[u8]> = words.split(' ').map(str::as_bytes).collect();
            let event = Facts::parse(&words, &Pc).unwrap();
            let has_pair = b.fields.iter().any(|field| matches!(field.id, FieldId::FIELD_COMPARE | FieldId::GID));
            let is_one = !matches!(judge(&b, &event), Verdict::No(_));
            assert!(is_one || has_pair, "{b:?}: {event:?}");
            assert!(!is_one || !is_covered || !matches!(judge(&a, &event), Verdict::No(_)), "{a:?} {b:?}: {event:?}");
        }
        if !is_covered && !is_impossible {
            continue;
        }
        for _ in 0..40 {
            let event = random_event(&mut dice);
            if judge(&b, &event) == Verdict::Match {
                matched += 1;
                assert!(!is_impossible, "{b:?}: {event:?}");
                assert_eq!(judge(&a, &event), Verdict::Match, "{a:?} {b:?}: {event:?}");
            }
        }
    }
    // The generator makes enough of each.
    assert!(covered > 40 && impossible > 40 && matched > 100, "{covered} {impossible} {matched}");
}

/// The rules that decide once all lines of a text are loaded.
fn in_force(text: &[u8]) -> Vec<Rule> {
    let mut set = RuleSet::new();
    for line in file::lines(text) {
        let Some(plan) = plan_of(&line, &Pc).filter(|plan| plan.refusal.is_none()) else { continue };
        plan.steps.iter().for_each(|step| _ = set.apply(step, ()));
    }
    // One that means the same as an earlier one decides nothing.
    let mut rules: Vec<Rule> = Vec::new();
    for rule in set.rules() {
        let is_same =
            |known: &Rule| diff(slice::from_ref(known), slice::from_ref(rule), Some(Machine::X86_64)).is_empty();
        if !rules.iter().any(is_same) {
            rules.push(rule.clone());
        }
    }
    rules
}

/// Lines of which many have much in common.
fn random_lines(dice: &mut Dice) -> String {
    let mut lines: Vec<String> = Vec::new();
    for _ in 0..5 {
        let key = dice.pick(&["-k a", "-k a", "-k b", ""]);
        let line = match dice.pick(&["watch", "again", "calls", "rule", "rule", "rule"]) {
            "watch" => format!("-w {} -p {} {key}", dice.pick(&PATHS), dice.pick(&["w", "wa", "rwxa"])),
            "again" => lines.last().cloned().unwrap_or_default(),
            "calls" => {
                let other = dice.pick(&["-S openat", "-S chmod"]);
                lines.last().map(|line| line.replace("-S mkdir", other)).unwrap_or_default()
            }
            _ => {
                let mut tests = vec![dice.pick(&["-F arch=b64", "-F arch=b64", "-F arch=b32", "-F uid=0"]).to_owned()];
                tests.push(
                    dice.pick(&["", "", "-F dir=/etc", "-F exe=/usr/x", "-F obj_uid=0", "-F path=/srv/x"]).to_owned(),
                );
                tests.push(dice.pick(&["", "", "-F perm=wa", "-F perm=r", "-F success=0", "-F auid>=1000"]).to_owned());
                let at = dice.pick(&["0", "1", "2"]).parse().unwrap_or(0);
                tests.swap(0, at);
                let calls = dice.pick(&["-S mkdir", "-S mkdir", "-S chmod,openat", ""]);
                let action = dice.pick(&["-a always,exit", "-a always,exit", "-A always,exit", "-a never,exit"]);
                format!("{action} {} {calls} {key}", tests.join(" "))
            }
        };
        lines.push(line);
    }
    lines.join("\n") + "\n"
}

#[test]
fn a_fix_that_says_so_changes_nothing_of_what_is_recorded() {
    let mut dice = Dice(0x5eed);
    let mut tried: Vec<&str> = Vec::new();
    for _ in 0..400 {
        let text = random_lines(&mut dice);
        let before = in_force(text.as_bytes());
        for found in found(&text) {
            let Some(fix) = found.fix.filter(|fix| fix.effect == Effect::Same) else { continue };
            tried.push(found.code.id);
            let fixed = fix::apply(text.as_bytes(), 0, &fix.edits);
            let after = in_force(&fixed);
            let shown = || format!("{}\n{text}\n{}", found.code.id, String::from_utf8_lossy(&fixed));
            assert_eq!(diff(&before, &after, Some(Machine::X86_64)), [], "{}", shown());
            for _ in 0..4 {
                let event = random_event(&mut dice);
                let recorded = |rules: &[Rule]| match decide(rules, &event) {
                    Decision::Rule(place) if rules[place].action != Action::NEVER => {
                        Some(Some(rules[place].keys().collect::<Vec<_>>().concat()))
                    }
                    Decision::Open(_) => None,
                    _ => Some(None),
                };
                let (old, new) = (recorded(&before), recorded(&after));
                assert!(old == new || old.is_none() || new.is_none(), "{event:?} {old:?} {new:?} {}", shown());
            }
        }
    }
    for code in [&codes::DUPLICATE, &codes::WATCH_FORM, &codes::FIELD_ORDER, &codes::MERGEABLE] {
        assert!(tried.iter().filter(|id| **id == code.id).count() > 10, "{}", code.id);
    }
}
