//! Comments that suppress findings.

use super::*;

#[test]
fn malformed_suppressions_words_and_names_are_spoken_of() {
    assert_eq!(codes_of("#auditbox:allow AB402 why\n-D\n"), ["AB900 1:1"]);
    assert_eq!(codes_of("# auditbox: deny AB402 why\n-D\n"), ["AB900 1:1"]);
    for near in [
        "# auditbox allow AB402 why",
        "# Auditbox: allow AB402 why",
        "#auditbox : allow ab402 why",
        "# audit-box: allow AB402 why",
        "# audibox: AB402 why",
        "# allow AB402 why",
        "# auditbox: allow ab402,AB101 why",
    ] {
        assert_eq!(codes_of(&format!("{near}\n-D\n")), ["AB900 1:1"], "{near}");
    }
    for other in [
        "# auditbox finds nothing here",
        "# see AB402",
        "# allowed ports: 402",
        "# what AB101 is about",
        "# below AB301 is meant",
        "# slow: AB301",
        "# we allow AB301 here",
        "# Auditor note AB301",
    ] {
        assert_eq!(codes_of(&format!("{other}\n-D\n")), Vec::<String>::new(), "{other}");
    }
    let message = |text: &str| found(text).first().map(|found| found.message.clone()).unwrap_or_default();
    assert_eq!(
        message("# auditbox: allow ab402, AB101 why\n-D\n"),
        "ab402, is no code: write a comment for each of AB402, AB101"
    );
    assert_eq!(message("# auditbox: allow AB402: why\n-D\n"), "AB402: is no code: write AB402 and a space");
    let help = |text: &str| found(text).first().map(|found| found.help.clone()).unwrap_or_default();
    assert_eq!(help("-a always,exit -F arch=b64 -S umount -k x\n"), "did you mean umount2?");
    let variable = found(&both("-F path=$HOME/x -F perm=wa -k x"));
    assert!(variable.iter().any(|found| found.message.contains("no variables")));
    let apart = "-a always,exit -F subj_type=a -S mount\n-a always,exit -F subj_type=a -F subj_type=b -S mount -k x\n";
    let redundant = found(apart).into_iter().find(|found| found.code == &codes::REDUNDANT).unwrap();
    assert!(redundant.message.ends_with(", if there is any"), "{}", redundant.message);
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
