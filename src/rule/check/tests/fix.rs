//! Repair: what is repaired, that it ends, and what it leaves as it is.

use super::random::random_lines;
use super::*;
use crate::testing::Dice;

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
        text = repair::apply(&text, 0, &repair::safe_edits(&findings));
    }
    let expected = [
        "-D\n# kept\n",
        "-a always,exit -F path=/etc/passwd -F perm=wa -F key=id\n",
        "-a always,exit -F arch=b64 -S chmod,fchmod -F auid>=1000 -F auid!=unset -k p\n",
        "-a always,exit -F arch=b32 -S chmod,fchmod -F auid>=1000 -F auid!=unset -k p\n",
        "-a always,exit -F arch=b64 -S chown -F auid=0 -F exe=/usr/bin/x -k q\n",
        "-a always,exit -F arch=b32 -S chown,chown32 -F auid=0 -F exe=/usr/bin/x -k q\n-e 2\n",
    ];
    assert_eq!(String::from_utf8(text).unwrap(), expected.concat());
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
fn equal_rules_go_in_one_pass_however_many_and_before_merges() {
    let once = "-a never,exit -F arch=b64 -S mount\n";
    let edits = |text: &str| repair::apply(text.as_bytes(), 0, &repair::safe_edits(&found(text)));
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
fn a_line_is_mended_before_it_is_copied_for_the_other_width() {
    let rule = |arch: &str, calls: &str, tests: &str| format!("-a always,exit -F arch={arch} -S {calls}{tests} -k k\n");
    // Calls of 64 bits, and those of 32 bits that do the same.
    for (wide, narrow) in
        [("setuid", "setuid,setuid32"), ("chown", "chown,chown32"), ("open,truncate", "open,truncate,truncate64")]
    {
        let lines = |tests: &str| [("b64", wide), ("b32", narrow)].map(|(arch, calls)| rule(arch, calls, tests));
        for tests in ["", " -F auid>=1000", " -F exit=-EACCES -F auid>=1000"] {
            let mended = tests.replace("auid>=1000", "auid>=1000 -F auid!=unset");
            let [b64, b32] = lines(&mended);
            for (arch, calls) in [("b32", narrow), ("b32", wide), ("b64", wide)] {
                let text = rule(arch, calls, tests);
                let fixed = fixed(&text).0;
                let order = if arch == "b64" { [&b64, &b32] } else { [&b32, &b64] };
                assert_eq!(fixed, order.map(String::as_str).concat(), "{text}");
                assert_eq!(repair::safe_edits(&found(&fixed)), [], "{text}");
            }
        }
    }
}

#[test]
fn what_the_other_width_lacks_goes_where_its_rule_is_and_comments_stay_with_theirs() {
    let pair = [
        "# ids\n",
        "-a always,exit -F arch=b64 -S chown -k a\n",
        "# of 32\n",
        "-a always,exit -F arch=b32 -S chown -k a\n",
    ];
    assert_eq!(fixed(&pair.concat()).0, pair.concat().replace("b32 -S chown", "b32 -S chown,chown32"));
    let turned = [pair[2], pair[3], pair[0], pair[1]].concat();
    assert_eq!(fixed(&turned).0, turned.replace("b32 -S chown", "b32 -S chown,chown32"));
    // Not where a rule between the two is for some of these events.
    let never = "-a never,exit -F arch=b32 -S chown32 -F uid=0\n";
    let apart = [pair[3], never, pair[1]].concat();
    assert_eq!(fixed(&apart).0, [pair[3], never, pair[1], &pair[3].replace("chown", "chown32")].concat());
    // Nor before one that leaves some of them out.
    let before = [pair[1], pair[3], never].concat();
    assert!(has(&before, &codes::ONE_ABI));
    assert_eq!(fixed(&before).0, before);
    // A comment is for one line.
    let commented = ["# auditbox: allow AB305 why\n", "-a always,exit -F arch=b64 -S open\n"].concat();
    assert!(has(&commented, &codes::ONE_ABI));
    assert_eq!(fixed(&commented).0, commented);
    let both = both("-S chown").replace("-a", "# auditbox: allow AB305 why\n-a");
    assert_eq!(fixed(&both).0, both.replace("b32 -S chown", "b32 -S chown,chown32"));
}

#[test]
fn a_watch_of_what_may_not_be_seen_stays_one() {
    for (path, is_written) in [("/etc/passwd", true), ("/hidden/maybe-a-directory", false)] {
        let text = format!("-w {path} -p wa -k x\n");
        assert!(has(&text, &codes::WATCH_FORM));
        assert_eq!(fixed(&text).0 != text, is_written, "{path}");
    }
}

#[test]
fn nothing_is_added_that_another_test_contradicts() {
    for tests in ["exit>=0 -F success=0", "exit<=-1 -F success=1", "auid>=1000 -F auid=unset", "exit>=0 -F exit<=-1"] {
        let text = both(&format!("-S openat -F {tests} -k b"));
        assert_eq!(fixed(&text).0, text);
    }
}

#[test]
fn repair_ends_and_leaves_no_rule_twice() {
    let mut dice = Dice(0x5eed);
    let mut twice = 0;
    for _ in 0..100 {
        let text = random_lines(&mut dice);
        twice += usize::from(has(&text, &codes::DUPLICATE));
        let fixed = fixed(&text).0;
        assert_eq!(repair::safe_edits(&found(&fixed)), [], "{text}\n{fixed}");
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
