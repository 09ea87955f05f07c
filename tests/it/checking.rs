//! `auditctl --check`: each code with a bad file and a good one, the forms of output, suppression, repair, exit statuses.

use crate::support::{Dir, applet, transcript};
use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

/// Exit status, standard output, standard error.
fn auditctl(words: &[&str], input: &str) -> (i32, String, String) {
    transcript(applet("auditctl").args(words), input)
}

/// What is found in a text of rules, for a 64-bit PC of which neither users nor files are known.
fn checked(rules: &str, more: &[&str]) -> (i32, String) {
    let mut words = vec!["--check", "--no-host", "--machine", "x86_64", "--format", "compact"];
    words.extend(more);
    words.push("-");
    let (status, out, said) = auditctl(&words, rules);
    assert_eq!(said, "", "{rules}");
    (status, out)
}

/// A rule for both widths.
fn both(rest: &str) -> String {
    ["b64", "b32"].map(|arch| format!("-a always,exit -F arch={arch} {rest}\n")).concat()
}

#[test]
fn what_only_the_kernel_refuses_is_found() {
    let refused = [
        "exit -S open -F exe=/bin/a -F exe=/bin/b",
        "exclude -F exe!=/bin/a -F exe!=/bin/b",
        "exit -F path=/a -F inode=7",
        "exit -F path=/etc/",
        "exit -F path=/",
        "exit -S open -F uid&3",
        "exit -S open -F devmajor&=3",
        "exit -S open -F exit&=1",
        "exit -S open -F obj_user>foo",
        "exit -S open -F obj_type&=foo",
        "exit -S open -F subj_role<foo",
        "exit -S open -F uid=-1",
        "exit -S open -F fsgid!=4294967295",
        "exit -S open -F auid>unset",
    ];
    let taken = [
        "exit -F dir=/",
        "exit -S open -F exe=/bin/a",
        "exit -F dir=/etc/",
        "exit -S open -F a0&3 -F devminor&=3",
        "exit -S open -F subj_sen>s0 -F auid=unset -F sessionid=unset",
        "exit -S open -F exit=-1",
    ];
    for (rules, expected) in [(&refused[..], true), (&taken, false)] {
        for rule in rules {
            let (_, found) = checked(&format!("-a always,{rule} -k x\n"), &[]);
            assert_eq!(found.contains("[AB007]"), expected, "{rule}: {found}");
        }
    }
}

#[test]
fn rules_hidden_behind_a_carriage_return_are_found_at_the_one_that_hides() {
    let name = "CARRIAGE RETURN (U+000D)";
    let hides = format!("{name} ends no line: what follows it is not loaded");
    for (text, expected) in [
        ("# a\r# b\r-e 2\r", format!("1:8: error[AB008]: {hides}\n")),
        ("-D\n # a\r-e 1\n", format!("2:5: error[AB008]: {hides}\n")),
        ("# a\r\n# b\r\n", String::new()),
        ("-f 1\r-e 1\n", format!("1:5: error[AB008]: {name} is part of the word\n")),
        ("-f 1\r-q a\0b\n", format!("1:5: error[AB008]: {hides}\n")),
    ] {
        let (_, found) = checked(text, &["--min-level", "error"]);
        let found: String = found.lines().filter(|line| line.contains(name)).map(|line| format!("{line}\n")).collect();
        let expected: String = expected.lines().map(|line| format!("standard input:{line}\n")).collect();
        assert_eq!(found, expected, "{text:?}");
    }
    let root = Dir::new("hidden");
    fs::create_dir_all(root.0.join("etc/audit/rules.d")).unwrap();
    fs::write(root.0.join("etc/audit/rules.d/10.rules"), "# a\r-D\r-e 2\n").unwrap();
    let words = ["--machine", "x86_64", "--root", root.0.to_str().unwrap()];
    for (more, text) in [(&["--check"][..], "10.rules:1:4: error[AB008]"), (&[], "10.rules:1:4: warning: CARRIAGE")] {
        let (_, _, said) = transcript(applet("augenrules").args(words).args(more), "");
        assert!(said.contains(text), "{said}");
    }
}

/// What tests/site/site.profile asks for.
fn site() -> String {
    format!("-f 2\n-a never,exit -F uid=33\n{}", both("-S mount -F auid>=1000 -F auid!=unset -k mount"))
}

/// Code, options, a bad file with the place of the finding, a good file.
fn cases() -> Vec<(&'static str, &'static str, String, &'static str, String)> {
    let plain = |text: &str| text.to_owned();
    let fields = |count| format!("-a never,exit -S all{}\n", " -F uid=1".repeat(count));
    vec![
        ("AB001", "", plain("-w etc/passwd -p wa -k id\n"), "1:4", both("-F path=/etc/passwd -F perm=wa -k id")),
        ("AB002", "", both("-S fchmodatt -k p"), "1:31", both("-S fchmodat -k p")),
        (
            "AB003",
            "host",
            plain("-a never,exit -F uid=nobody-such -S all\n"),
            "1:22",
            plain("-a never,exit -F uid=0 -S all\n"),
        ),
        ("AB004", "5.2", both("-S connect -F saddr_fam=2 -k net"), "1:42", both("-S connect -F success=0 -k net")),
        ("AB005", "", fields(64), "1:592", fields(63)),
        (
            "AB006",
            "",
            plain("-a never,exit -F uid=1\n-a never,exit -F uid=1\n"),
            "2:1",
            plain("-a never,exit -F uid=1\n"),
        ),
        ("AB007", "", both("-F path=/a -F path=/b -F perm=w -k x"), "1:42", both("-F path=/a -F perm=w -k x")),
        ("AB008", "", plain("-D\n\u{2013}e 1\n"), "2:1", plain("-D\n-e 1\n")),
        ("AB009", "", both("-S connect -F success=0 -k \"net\""), "1:55", both("-S connect -F success=0 -k net")),
        (
            "AB010",
            "",
            plain("-D\n-a never,exit -F uid=1\n-d never,exit -F uid=2\n"),
            "3:1",
            plain("-D\n-a never,exit -F uid=1\n-d never,exit -F uid=1\n"),
        ),
        ("AB101", "", plain("-a always,exit -S mount -k m\n"), "1:19", both("-S mount -k m")),
        ("AB102", "", plain("-a always,exit -F arch=b64 -S mount -k m\n"), "1:19", both("-S mount -k m")),
        ("AB103", "", both("-S chown32 -k p"), "1:31", plain("-a always,exit -F arch=b32 -S chown32 -k p\n")),
        (
            "AB105",
            "",
            plain("-a always,exit -F arch!=b64 -S open -F success=0 -k o\n"),
            "1:19",
            plain("-a always,exit -F arch!=b64 -S all -F success=0 -k o\n"),
        ),
        ("AB104", "", both("-S mount,2047 -F auid=0 -k m"), "1:31", both("-S mount -F auid=0 -k m")),
        (
            "AB201",
            "",
            format!("-a never,exit -F uid=0\n{}", both("-S mount -F uid=0 -k m")),
            "2:1",
            format!("{}-a never,exit -F uid=0\n", both("-S mount -F uid=0 -k m")),
        ),
        (
            "AB202",
            "",
            format!(
                "{}-a always,exit -F path=/etc/shadow -F perm=w -k b\n",
                both("-F path=/etc/shadow -F perm=wa -k a")
            ),
            "none",
            both("-F path=/etc/shadow -F perm=wa -k a"),
        ),
        (
            "AB202",
            "",
            plain("-w /etc/shadow -p wa -k a\n-w /etc/shadow -p w -k b\n"),
            "2:1",
            plain("-w /etc/shadow -p w -k a\n-w /etc/shadow -p a -k b\n"),
        ),
        (
            "AB203",
            "",
            format!("-a never,exit -F arch=b64 -S mount\n{}", both("-S mount,umount2 -k m")),
            "2:1",
            both("-S mount,umount2 -k m"),
        ),
        ("AB204", "", plain("-a never,task\n"), "1:1", plain("-a never,task -F auid=7\n")),
        (
            "AB205",
            "",
            plain("-a never,exit -F uid>=1000 -F uid=0 -S all\n"),
            "1:31",
            plain("-a never,exit -F uid>=1000 -F uid!=1001 -S all\n"),
        ),
        ("AB206", "", both("-S mount -F auid>=1000 -k m"), "1:40", both("-S mount -F auid>=1000 -F auid!=unset -k m")),
        (
            "AB207",
            "",
            plain("-a always,exclude -F msgtype!=CWD -F msgtype!=PATH\n"),
            "1:38",
            plain("-a always,exclude -F msgtype=CWD\n-a always,exclude -F msgtype=PATH\n"),
        ),
        (
            "AB207",
            "",
            plain("-a never,exit -F uid=1 -F uid=2 -S all\n"),
            "1:27",
            plain("-a never,exit -F uid=1 -S all\n-a never,exit -F uid=2 -S all\n"),
        ),
        ("AB208", "", plain("-e 2\n-a never,exit -F uid=1\n"), "2:1", plain("-a never,exit -F uid=1\n-e 2\n")),
        ("AB208", "", plain("-a never,exit -F uid=1\n-D\n-e 2\n"), "2:1", plain("-D\n-a never,exit -F uid=1\n-e 2\n")),
        (
            "AB209",
            "",
            plain("-a always,exclude -F exe=/bin/a -F key=k\n"),
            "1:36",
            plain("-a always,exclude -F exe=/bin/a -F auid!=unset\n"),
        ),
        ("AB210", "", both("-S openat -F exit>=0 -k o"), "1:41", both("-S openat -F exit>=0 -F success=1 -k o")),
        ("AB210", "", both("-S openat -F exit<=-1 -k o"), "1:41", both("-S openat -F exit<=-1 -F success=0 -k o")),
        ("AB301", "", both("-S read -k r"), "1:31", both("-S read -F exe=/usr/bin/x -k r")),
        ("AB302", "", plain("-w /etc/passwd -p wa -k id\n"), "1:4", both("-F path=/etc/passwd -F perm=wa -k id")),
        (
            "AB303",
            "",
            both("-S mount -F exe=/usr/bin/x -F success=0 -k m"),
            "1:58",
            both("-S mount -F success=0 -F exe=/usr/bin/x -k m"),
        ),
        (
            "AB304",
            "",
            format!("{}{}", both("-S mount -k m"), both("-S umount2 -k m")),
            "3:31",
            both("-S mount,umount2 -k m"),
        ),
        ("AB305", "", both("-S mount"), "1:1", both("-S mount -k m")),
        (
            "AB401",
            "host",
            both("-F path=/no/such/file -F perm=wa -k x"),
            "1:31",
            both("-F path=/etc/passwd -F perm=wa -k x"),
        ),
        ("AB403", "host", both("-F dir=/var/run -F perm=wa -k x"), "1:31", both("-F dir=/run -F perm=wa -k x")),
        ("AB402", "", format!("-D\n{}", both("-S mount -k m")), "3:1", format!("-D\n{}-e 2\n", both("-S mount -k m"))),
        ("AB501", "profile", site().replace("-S mount", "-S umount2"), "4:1", site().replace("-S mount", "-S all")),
        ("AB502", "profile", site().replace("-k mount", "-k m"), "4:1", site().replace("-k mount", "-F key=mount")),
        (
            "AB503",
            "profile",
            format!("{}-a never,exit -F uid=33\n", site().replace("-a never,exit -F uid=33\n", "")),
            "4:1",
            site(),
        ),
        ("AB504", "profile", site().replace("-f 2", "-f 1"), "4:1", site()),
        ("AB504", "profile", site().replace("-f 2\n", ""), "3:1", site()),
        (
            "AB505",
            "profile",
            site().replace("-a never", "-a never,exit -F arch=b64 -S mount\n-a never"),
            "2:1",
            site().replace("-a never", "-a never,exit -F arch=b64 -S mount -F auid=1000\n-a never"),
        ),
        (
            "AB900",
            "",
            plain("# auditbox: allow AB301 why\n-D\n"),
            "1:1",
            format!("# auditbox: allow AB301 why\n\n{}", both("-S read -k r")),
        ),
    ]
}

#[test]
fn every_code_is_found_in_a_bad_file_and_not_in_a_good_one() {
    for (code, option, bad, place, good) in cases() {
        let found = |rules: &str| {
            let words: &[&str] = match option {
                "" => &["--check", "--no-host", "--machine", "x86_64", "--format", "compact", "-"],
                "profile" => &[
                    "--check",
                    "--no-host",
                    "--machine",
                    "x86_64",
                    "--format",
                    "compact",
                    "--profile",
                    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/site/site.profile"),
                    "-",
                ],
                "host" => &["--machine", "x86_64", "--check", "-", "--format", "compact"],
                kernel => {
                    &["--check", "-", "--no-host", "--machine", "x86_64", "--format", "compact", "--kernel", kernel]
                }
            };
            let (status, out, said) = auditctl(words, rules);
            assert_eq!((status, said.as_str()), (i32::from(!out.is_empty()), ""), "{code}: {rules}");
            out.lines().filter(|line| line.contains(&format!("[{code}]"))).map(str::to_owned).collect::<Vec<_>>()
        };
        match found(&bad).first() {
            Some(line) => assert!(line.starts_with(&format!("standard input:{place}: ")), "{code}: {line}"),
            None => assert_eq!(place, "none", "{code} is not found in {bad}"),
        }
        assert_eq!(found(&good), Vec::<String>::new(), "{code} is found in {good}");
    }
}

#[test]
fn every_code_has_a_case() {
    let (_, sarif, _) = auditctl(&["--check", "--format", "sarif", "-"], "");
    let ids: Vec<&str> = sarif.split("\"id\":\"").skip(1).filter_map(|rest| rest.get(..5)).collect();
    let tried: Vec<&str> = cases().iter().map(|case| case.0).collect();
    assert!(ids.len() > 25);
    assert_eq!(ids.iter().filter(|id| !tried.contains(id)).collect::<Vec<_>>(), Vec::<&&str>::new());
}

#[test]
fn on_aarch64_a_rule_for_one_width_is_a_note_where_the_narrow_one_is_missing() {
    for (arch, expected) in [
        (
            "b64",
            "19: note[AB102]: arm programs, where the kernel runs such, do openat unseen: no rule that loads is for arch=b32\n",
        ),
        ("b32", "19: warning[AB102]: aarch64 programs do openat unseen: no rule that loads is for arch=b64\n"),
    ] {
        let text = format!("-a always,exit -F arch={arch} -S openat -F success=0 -k k\n");
        let words = ["--check", "--no-host", "--machine", "aarch64", "--format", "compact", "-"];
        assert_eq!(auditctl(&words, &text).1, format!("standard input:1:{expected}"));
        assert_eq!(
            auditctl(&words, &format!("{text}{}", text.replace(arch, if arch == "b64" { "b32" } else { "b64" }))).1,
            ""
        );
        let (_, shown, _) = auditctl(&[&words[..], &["--diff-only"]].concat(), &text);
        assert_eq!(shown.is_empty(), arch == "b64", "{shown}");
    }
    let call = "-a always,exit -F arch=b64 -S open -F success=0 -k k\n";
    let (_, said, _) = auditctl(&["--check", "--no-host", "--machine", "aarch64", "--format", "compact", "-"], call);
    assert!(said.contains("error[AB103]"), "{said}");
}

#[test]
fn a_number_that_no_call_has_is_said() {
    for (rule, expected) in [
        ("-S mount,2000 -F success=0 -k m", "31: warning[AB002]: x86_64 has no call 2000 that is known\n"),
        ("-S 165 -F success=0 -k m", ""),
        ("-a always,io_uring -S 9,99 -k u", "23: warning[AB002]: io_uring has no operation 99 that is known\n"),
        ("-a always,io_uring -S 9,64 -k u", ""),
    ] {
        let of_exit = if rule.starts_with("-a") { "" } else { "-a always,exit -F arch=b64 " };
        let text = format!("{of_exit}{rule}\n");
        let found: String = checked(&text, &[])
            .1
            .lines()
            .filter(|line| line.contains("AB002"))
            .map(|line| format!("{line}\n"))
            .collect();
        assert!(found.ends_with(expected) && found.is_empty() == expected.is_empty(), "{found}");
    }
}

#[test]
fn a_call_or_operation_that_the_kernel_has_not_yet_is_said_by_name_or_number() {
    let newer = |kernel: &str, rule: &str| -> Vec<String> {
        let (_, out) = checked(&format!("{rule} -k x\n"), &["--kernel", kernel]);
        out.lines().filter_map(|line| Some(line.split_once("[AB004]: ")?.1.to_owned())).collect()
    };
    for calls in ["open,openat2", "2,437"] {
        let rule = format!("-a always,exit -F arch=b64 -S {calls}");
        assert_eq!(newer("5.5", &rule), ["Linux 5.5 does not know the call openat2; Linux 5.6 does"]);
        assert_eq!(newer("5.6", &rule), [""; 0]);
    }
    for operations in ["openat,msg_ring", "18,40"] {
        let rule = format!("-a always,io_uring -S {operations}");
        assert_eq!(newer("5.17", &rule), ["Linux 5.17 does not know the operation msg_ring; Linux 5.18 does"]);
        assert_eq!(newer("5.18", &rule), [""; 0]);
    }
}

const SHADOWED: &str = "-a never,exit -F uid=0\n-a always,exit -F uid=0 -S all -k r\u{e9}x\n";

#[test]
fn the_word_too_many_after_a_deletion_is_shown() {
    let (_, out) = checked("-D x\n", &["--min-level", "error"]);
    assert!(out.starts_with("standard input:1:4: error[AB001]: Wrong number of options"), "{out}");
}

#[test]
fn text_shows_the_line_the_place_the_other_rule_and_what_to_do() {
    let (status, out, _) = auditctl(&["--check", "--no-host", "--machine", "x86_64", "-"], SHADOWED);
    let expected = "\
standard input:2:1: error[AB201] shadowed: is never reached: an earlier never rule takes every event of it, such as arch=x86_64 syscall=openat uid=0
 2 | -a always,exit -F uid=0 -S all -k r\u{e9}x
   | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   see: standard input:1:1: this rule is tried first
   help: put it before the earlier rule, or delete it
";
    assert_eq!((status, out.as_str()), (1, expected));
}

#[test]
fn json_is_one_object_a_line_and_the_counts() {
    let (_, out, _) = auditctl(&["--check", "--no-host", "--machine", "x86_64", "--format", "json", "-"], SHADOWED);
    let lines: Vec<&str> = out.lines().collect();
    let start = r#"{"code":"AB201","name":"shadowed","level":"error","file":"standard input","line":2,"col":1,"end":38,"message":""#;
    assert!(lines[0].starts_with(start), "{}", lines[0]);
    assert!(lines[0].contains(r#""related":[{"file":"standard input","line":1,"col":1,"end":23,"#), "{}", lines[0]);
    assert_eq!(lines[1..], [r#"{"errors":1,"warnings":0,"notes":0}"#]);
}

#[test]
fn github_and_sarif_name_file_line_and_columns() {
    let dir = Dir::new("check-forms");
    let path = dir.file("a,b.rules", SHADOWED);
    let (_, out, _) = auditctl(&["--check", "--no-host", "--format", "github", &path], "");
    let expected =
        format!("::error file={},line=2,col=1,endColumn=38,title=AB201 shadowed::is never", path.replace(',', "%2C"));
    assert!(out.starts_with(&expected), "{out}");
    let hostile = dir.file("a\u{1b}[2J.rules", SHADOWED);
    let (_, forged, _) = auditctl(&["--check", "--no-host", "--format", "github", &hostile], "");
    assert!(!forged.contains('\u{1b}'), "{forged:?}");
    let (_, out, _) = auditctl(&["--check", "--no-host", "--format", "sarif", &path], "");
    let region = r#""region":{"startLine":2,"startColumn":1,"endColumn":38}"#;
    let location = format!(r#""artifactLocation":{{"uri":"{}"}},{region}"#, path.replace(',', "%2C"));
    assert!(out.contains(&location) && out.contains(r#""ruleId":"AB201","level":"error""#), "{out}");
    assert!(out.contains(r#""columnKind":"unicodeCodePoints""#) && out.ends_with("}\n"));
}

#[test]
fn status_is_0_without_findings_1_with_and_2_when_asked_wrongly() {
    let warned = "-a always,exit -F arch=b64 -S mount -k m\n";
    assert_eq!(checked(warned, &[]).0, 1);
    assert_eq!(checked(warned, &["--min-level", "error"]), (0, String::new()));
    for words in [
        &["--check"][..],
        &["--check", "/no/such/file"],
        &["--check", "--format", "xml", "-"],
        &["--check", "--min-level", "bad", "-"],
        &["--check", "--machine", "vax", "-"],
        &["--check", "--kernel", "new", "-"],
        &["--check", "--bogus", "-"],
        &["--check", "-", "--format"],
    ] {
        let (status, out, said) = auditctl(words, "");
        assert_eq!((status, out.as_str()), (2, ""), "{words:?}");
        assert!(said.starts_with("auditctl: "), "{said}");
    }
}

#[test]
fn options_of_the_check_are_refused_by_the_other_modes() {
    let rules = ["-"];
    for option in
        [&["--format", "json"][..], &["--min-level", "error"], &["--kernel", "5.4"], &["--fix"], &["--diff-only"]]
    {
        for mode in ["--diff", "--convert", "--explain", "--cost", "--privileged"] {
            let (status, out, said) = auditctl(&[&[mode][..], &rules, option].concat(), "");
            let expected = format!("auditctl: {} is no option of {mode}\n", option[0]);
            assert_eq!((status, out, said), (2, String::new(), expected));
        }
    }
    assert_eq!(auditctl(&["--privileged", "--no-host"], "").0, 2, "it is all about files");
}

#[test]
fn an_option_and_its_value_may_be_one_word() {
    let rules = "-a always,exit -F arch=b64 -S mkdir -k m\n-a nothing\n";
    let apart = auditctl(&["--check", "-", "--format", "json", "--min-level", "error"], rules);
    assert_eq!(apart.0, 1);
    assert_eq!(auditctl(&["--check", "-", "--format=json", "--min-level=error"], rules), apart);
    assert_eq!(auditctl(&["--min-level=error", "--format=json", "--check", "-"], rules), apart, "in any order");
    let (status, _, said) = auditctl(&["--check", "--fix=yes", "-"], rules);
    assert_eq!((status, said.as_str()), (2, "auditctl: --fix=yes is no option here\n"));
}

#[test]
fn a_directory_without_rules_is_no_set_of_rules() {
    let dir = Dir::new("no-rules");
    dir.file("rules", "-D\n");
    let path = dir.0.display().to_string();
    let said = format!("There is no file *.rules in {path}\n");
    for words in
        [&["--check", &path][..], &["--diff", &path, "-"], &["--convert", &path], &["--explain", &path, "uid=0"]]
    {
        assert_eq!(auditctl(words, ""), (2, String::new(), format!("auditctl: {said}")), "{words:?}");
    }
    assert_eq!(auditctl(&["--dry-run", "-R", &path], ""), (1, String::new(), said));
    assert_eq!(auditctl(&["--diff", "-", "-"], "").0, 2, "standard input can be read once");
}

#[test]
fn without_a_host_a_user_has_still_a_name_that_users_can_have() {
    for value in [
        ">1000", "=1000", "$USER", "${USER}", "-root", "!root", "a,b", "a:b", "*", "\"root\"", "@wheel", "%wheel",
        "{{user}}",
    ] {
        for field in ["auid", "uid", "gid", "obj_gid"] {
            let (status, found) =
                checked(&format!("-a always,exit -S all -F {field}={value} -k x\n"), &["--min-level", "error"]);
            let place = format!("1:{}: error[AB003]: ", 27 + field.len());
            assert!(status == 1 && found.contains(&place) && found.contains(value), "{value}: {found}");
        }
    }
    for value in [
        "alice",
        "_chrony",
        "svc-web.1",
        "machine$",
        "EXAMPLE\\\\alice",
        "alice@example.org",
        "domain\\ users",
        "j\u{fc}rgen",
        "0",
    ] {
        let (status, found) =
            checked(&format!("-a always,exit -S all -F auid={value} -F gid={value} -k x\n"), &["--min-level", "error"]);
        assert_eq!((status, found.as_str()), (0, ""), "{value}");
    }
}

#[test]
fn a_result_that_no_call_has_is_named_for_what_it_is() {
    let rule = |arch: &str, calls: &str, tests: &str| {
        checked(&format!("-a always,exit -F arch={arch} -S {calls} {tests} -k x\n"), &["--min-level", "error"]).1
    };
    for tests in ["-F exit<0", "-F exit>-1", "-F success=0 -F exit<0"] {
        let found = rule("b64", "openat", tests);
        assert!(
            found.contains("error[AB205]: no exit is so: the kernel compares it without its sign"),
            "{tests}: {found}"
        );
    }
    for tests in ["-F success=1 -F exit=-13", "-F success=1 -F exit>=-4095", "-F success=0 -F exit=3"] {
        let found = rule("b64", "openat,unlink", tests);
        assert!(found.contains("error[AB205]: exit and success cannot hold together"), "{tests}: {found}");
    }
    // A file may have so many bytes that the place in it, of which a rule sees 32 bits, looks like an error.
    for (arch, calls, tests) in [
        ("b64", "lseek", "-F success=1 -F exit=-13"),
        ("b64", "openat,lseek", "-F success=1 -F exit=-13"),
        ("b64", "all", "-F success=1 -F exit=-13"),
        ("b64", "openat", "-F success=1 -F exit>=-4096"),
        ("b32", "openat", "-F success=0 -F exit=-13"),
    ] {
        assert_eq!(rule(arch, calls, tests), "", "{calls} {tests}");
    }
}

#[test]
fn a_setting_or_call_of_another_number_than_is_written_is_named() {
    for (line, place, message) in [
        ("-b 08192", 4, "08192 is taken for the number 0"),
        ("-b64k", 3, "64k is taken for the number 64"),
        ("-r 010", 4, "010 is taken for the number 8"),
        ("--backlog_wait_time 60000ms", 21, "60000ms is taken for the number 60000"),
        ("-a always,exit -F arch=b64 -S 59x -k x", 31, "59x is taken for the number 59"),
        ("-a always,exit -F arch=b64 -S 4294967298 -k x", 31, "4294967298 is taken for the number 2"),
    ] {
        let found = checked(&format!("{line}\n"), &["--min-level", "warning"]).1;
        assert!(found.contains(&format!(":1:{place}: warning[AB009]: {message}\n")), "{line}: {found}");
    }
    let plain = "-b 8192\n-b 0x2000\n-r 0\n--backlog_wait_time 60000\n-w /x=1 -p wa -k y\n";
    let found = checked(&format!("{plain}{}", both("-S 0x3b,59 -F success=0 -k x")), &[]).1;
    assert!(!found.contains("AB009"), "{found}");
}

#[test]
fn a_backlog_wait_time_that_no_kernel_takes_is_refused() {
    let lines = |time: u32| format!("--backlog_wait_time {time}\n-a always,exclude -F msgtype=CWD\n");
    let (status, found) = checked(&lines(600_001), &["--min-level", "error"]);
    assert_eq!((status, found.contains(":1:1: error[AB007]: no kernel takes")), (1, true), "{found}");
    assert_eq!(checked(&lines(600_000), &["--min-level", "error"]), (0, String::new()));
}

#[test]
fn a_number_with_something_behind_it_is_named() {
    for (test, message) in [
        ("uid=1000-2000", "1000-2000 is taken for the number 1000"),
        ("auid>=1000,", "1000, is taken for the number 1000"),
        ("exit=-13x", "-13x is taken for the number -13"),
        ("uid=08", "08 is taken for the number 0"),
        ("uid=010", "010 is taken for the number 8"),
        ("a0&0x2z", "0x2z is taken for the number 2"),
        ("saddr_fam=inet", "inet is taken for the number 0"),
        ("exit=EACCES", "EACCES is taken for the number 13"),
        ("sessionid=mine", "mine is taken for the number 0"),
    ] {
        let found = checked(&both(&format!("-S connect -F {test} -k x")), &["--min-level", "warning"]).1;
        assert!(found.contains(&format!("1:42: warning[AB009]: {message}\n")), "{test}: {found}");
    }
    for test in [
        "uid=0",
        "uid=00",
        "a1=0644",
        "exit=-13",
        "exit=-EACCES",
        "a0&0x2F",
        "saddr_fam=10",
        "sessionid=unset",
        "auid=-1",
        "exit=-EACCES",
        "path=/0x",
    ] {
        let found = checked(&both(&format!("-S connect -F {test} -k x")), &["--min-level", "warning"]).1;
        assert_eq!(found, "", "{test}");
    }
}

#[test]
fn ids_belong_before_what_is_looked_up() {
    for id in [
        "uid",
        "gid",
        "euid",
        "egid",
        "suid",
        "sgid",
        "fsuid",
        "fsgid",
        "auid",
        "pid",
        "ppid",
        "sessionid",
        "pers",
        "a0",
    ] {
        let (_, found) = checked(&both(&format!("-S mount -F exe=/bin/x -F {id}=7 -k x")), &[]);
        assert!(found.contains(&format!("note[AB303]: {id} is cheaper to test than exe")), "{id}: {found}");
    }
}

#[test]
fn a_directory_is_a_set_and_names_its_files() {
    let dir = Dir::new("check-set");
    dir.file("r/9-a.rules", "-D\n");
    let second = dir.file("r/10-b.rules", "-e 2\n-w /etc/passwd -p w -k a\n-w /etc/passwd -p w -k a\n");
    dir.file("r/ignored", "-x\n");
    let path = dir.0.join("r").to_str().unwrap().to_owned();
    let (status, out, _) = auditctl(&["--check", "--no-host", "--min-level", "note", "--format", "compact", &path], "");
    assert_eq!(status, 1);
    assert!(out.contains(&format!("{second}:3:1: error[AB006]: ")), "{out}");
    assert!(!out.contains("AB208") && !out.contains("AB402"), "{out}");
}

#[test]
fn fix_repairs_in_place_and_diff_only_shows_it() {
    let dir = Dir::new("check-fix");
    let text = "# who\n-a always,exit -F arch=b64 -S chmod -F auid>=1000 -k p\n";
    let path = dir.file("r.rules", text);
    let words = ["--check", "--no-host", "--machine", "x86_64", &path, "--diff-only"];
    let (status, out, _) = auditctl(&words, "");
    let diff = format!(
        "--- {path}\n+++ {path}\n@@ -2,1 +2,2 @@\n-{}+{}+{}",
        "-a always,exit -F arch=b64 -S chmod -F auid>=1000 -k p\n",
        "-a always,exit -F arch=b64 -S chmod -F auid>=1000 -F auid!=unset -k p\n",
        "-a always,exit -F arch=b32 -S chmod -F auid>=1000 -F auid!=unset -k p\n",
    );
    assert_eq!((status, out), (1, diff));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    let words = ["--fix", "--check", "--no-host", "--machine", "x86_64", &path];
    assert_eq!(auditctl(&words, ""), (0, String::new(), String::new()));
    assert!(fs::read_to_string(&path).unwrap().starts_with("# who\n-a always"));
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3);
}

#[test]
fn fix_touches_no_other_file() {
    use std::os::unix::fs::PermissionsExt;
    let dir = Dir::new("check-fix-others");
    let text = "-a always,exit -F arch=b64 -S chmod -F auid>=1000 -k p\n";
    let (path, beside) = (dir.file("r.rules", text), dir.file("r.rules.new", "of somebody else"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(auditctl(&["--check", "--fix", "--no-host", "--machine", "x86_64", &path], "").0, 0);
    assert_eq!(fs::read_to_string(beside).unwrap(), "of somebody else");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(fs::read_dir(&dir.0).unwrap().count(), 2);
    // Standard input is called so in findings; a file of that name is another one.
    let named = dir.file("standard input", text);
    let words = ["--check", "--fix", "--no-host", "--machine", "x86_64", "-"];
    let (status, _, said) = transcript(applet("auditctl").args(words).current_dir(&dir.0), text);
    assert_eq!(status, 2);
    assert!(said.contains("standard input cannot be repaired in its place"));
    assert_eq!(fs::read_to_string(named).unwrap(), text);
}

#[test]
fn a_file_that_is_reached_twice_is_no_duplicate_of_itself() {
    let dir = Dir::new("check-twice");
    let text = "-a never,exit -F uid=1\n";
    let path = dir.file("d/a.rules", text);
    std::os::unix::fs::symlink("a.rules", dir.0.join("d/b.rules")).expect("a link");
    let (d, dotted) = (dir.0.join("d"), dir.0.join("d/./a.rules"));
    let (d, dotted) = (d.to_str().unwrap(), dotted.to_str().unwrap());
    for names in [&[&*path, &*path][..], &[&path, dotted], &[d], &[d, &path]] {
        let words = [&["--check", "--fix", "--no-host", "--min-level", "warning"], names].concat();
        assert_eq!(auditctl(&words, ""), (0, String::new(), String::new()), "{names:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "{names:?}");
    }
    assert_eq!(auditctl(&[&path, "--check", "--no-host"], "").0, 0, "the file may come first");
}

#[test]
fn what_a_pipe_has_is_waited_for_and_a_link_to_nowhere_is_an_error() {
    let dir = Dir::new("check-pipe");
    let path = dir.0.join("pipe");
    crate::support::make_pipe(&path);
    let to = path.clone();
    let writer = std::thread::spawn(move || fs::write(to, "-w relative\n"));
    let (status, out, _) = auditctl(&["--check", "--no-host", "--format", "compact", path.to_str().unwrap()], "");
    assert_eq!((status, out.contains("AB001")), (1, true), "{out}");
    writer.join().expect("it ends").expect("it is read");
    let d = dir.0.join("d");
    fs::create_dir(&d).unwrap();
    // The custom by which a file of a package is masked.
    std::os::unix::fs::symlink("/dev/null", d.join("c.rules")).unwrap();
    assert_eq!(auditctl(&["--check", d.to_str().unwrap()], "").0, 0);
    std::os::unix::fs::symlink("/nowhere", d.join("a.rules")).unwrap();
    let (status, _, said) = auditctl(&["--check", d.to_str().unwrap()], "");
    assert_eq!((status, said.contains("a.rules")), (2, true), "{said}");
}

#[test]
fn without_a_host_no_path_of_this_one_is_looked_at() {
    let dir = Dir::new("check-nowhere");
    assert_eq!(checked("-w / -p x -k x\n", &["--min-level", "warning"]).0, 0, "the root is a directory anywhere");
    let text = "-w /etc -p w -k c\n-w /etc/passwd -p w -k d\n";
    let path = dir.file("w.rules", text);
    let (_, out, _) = auditctl(&["--check", "--fix", "--no-host", "--format", "compact", &path], "");
    assert!(!out.contains("AB202"), "{out}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn hostile_text_forges_no_line_and_moves_no_terminal() {
    let (_, out) = checked("-w /a\u{1b}[2J\r\n-w relative\u{7}\n-k \u{202e}\n-a always,exit -S foo\u{202e}bar\n", &[]);
    assert!(out.bytes().all(|b| b == b'\n' || b >= b' ') && !out.contains('\u{202e}'), "{out:?}");
    assert!(out.lines().all(|line| line.starts_with("standard input:")), "{out}");
}

#[test]
fn a_directory_below_another_is_covered_only_where_no_link_leads_out() {
    let dir = Dir::new("check-links");
    fs::create_dir_all(dir.0.join("real/sub/deep")).unwrap();
    fs::create_dir_all(dir.0.join("other/sub")).unwrap();
    std::os::unix::fs::symlink("../other", dir.0.join("real/link")).unwrap();
    let (real, root) = (dir.0.join("real"), dir.0.to_str().unwrap());
    let real = real.to_str().unwrap();
    for (below, is_covered) in
        [("sub", true), ("sub/deep/", true), ("link", true), ("link/", false), ("link/sub", false)]
    {
        for (action, code) in [("always", "AB202"), ("never", "AB201")] {
            for (options, top) in [(&[][..], real), (&["--root", root], "/real")] {
                let text =
                    format!("-a {action},exit -F dir={top} -k a\n-a always,exit -F dir={top}/{below} -F perm=w -k b\n");
                let check = ["--check", "--machine", "x86_64", "--format", "compact", "-"];
                let (_, out, _) = auditctl(&[&check[..], options].concat(), &text);
                assert_eq!(out.contains(code), is_covered, "{text} {out}");
                assert_eq!(out.contains("AB403"), below == "link", "{text} {out}");
                let (_, out, _) = auditctl(&[&check[..], options, &["--no-host"]].concat(), &text);
                assert!(!out.contains(code) && !out.contains("AB403"), "no file is looked at: {text} {out}");
            }
        }
    }
}

/// Runs auditctl in a directory; what it ends with, and all that it writes.
fn within(dir: &Dir, words: &[&str]) -> (i32, Vec<u8>) {
    let mut auditctl = Command::new(crate::support::BINARY);
    let output = auditctl.arg("auditctl").args(words).current_dir(&dir.0).output().expect("it runs");
    (output.status.code().expect("by itself"), [output.stdout, output.stderr].concat())
}

#[test]
fn a_name_of_a_file_forges_no_line_in_any_mode() {
    let dir = Dir::new("check-names");
    let name = "a\nb.rules:1:1: error[AB001]: forged \u{1b}[2J\u{9b}1m\u{202e}.rules";
    dir.file(name, "-w relative -p wa\n-a always,exit -F arch=b64 -S nosuch -k \u{1b}[2J\n");
    dir.file(&format!("d/{name}"), "-w relative\n");
    std::os::unix::fs::symlink("/nowhere", dir.0.join(format!("gone-{name}"))).unwrap();
    let gone = format!("gone-{name}");
    let words: [&[&str]; 12] = [
        &["--check", name],
        &["--check", "d"],
        &["--check", "--format", "compact", name],
        &["--check", "--format", "github", name],
        &["--check", "--fix", name],
        &["--check", "--diff-only", name],
        &["--check", &gone],
        &["--diff", name, "/dev/null"],
        &["--diff", "/dev/null", &gone],
        &["--explain", name, "uid=0"],
        &["--cost", "-if", "/dev/null", name],
        &["--dry-run", "-R", name],
    ];
    for words in words {
        let (status, out) = within(&dir, words);
        assert!(status == 1 || status == 2 || words[1] == "--diff-only", "{words:?}: {status}");
        let text = String::from_utf8_lossy(&out);
        assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{words:?}: {text:?}");
        assert!(text.lines().all(|line| !line.starts_with("b.rules")), "{words:?}: {text}");
    }
    // For programs the name is whole.
    let (_, out) = within(&dir, &["--check", "--no-host", "--format", "json", name]);
    assert!(out.windows(9).any(|bytes| bytes == b"a\\nb.rule"), "{}", String::from_utf8_lossy(&out));
    let (_, out) = within(&dir, &["--check", "--no-host", "--format", "github", name]);
    let file = b"::error file=a%0Ab.rules%3A1%3A1%3A error[";
    assert!(out.windows(file.len()).any(|bytes| bytes == file), "{}", String::from_utf8_lossy(&out));
    let (_, out) = within(&dir, &["--check", "--no-host", "--format", "sarif", name]);
    assert!(out.windows(9).any(|bytes| bytes == b"a%0Ab.rul"), "{}", String::from_utf8_lossy(&out));
}

#[test]
fn a_file_whose_name_is_no_text_is_repaired_in_its_place() {
    use std::os::unix::ffi::OsStrExt;
    let dir = Dir::new("check-bytes");
    let path = dir.0.join(std::ffi::OsStr::from_bytes(b"\xff\x1b.rules"));
    fs::write(&path, "-a always,exit -F arch=b64 -S chmod -F auid>=1000 -k p\n").unwrap();
    let mut auditctl = Command::new(crate::support::BINARY);
    auditctl.args(["auditctl", "--check", "--fix", "--no-host", "--machine", "x86_64"]).arg(&path);
    assert_eq!(auditctl.output().expect("it runs").status.code(), Some(0));
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
    assert_eq!(fs::read_dir(&dir.0).unwrap().count(), 1);
    fs::write(&path, "-w relative\n").unwrap();
    let mut auditctl = Command::new(crate::support::BINARY);
    auditctl.args(["auditctl", "--check", "--format", "sarif", "--no-host"]).arg(&path);
    let out = String::from_utf8(auditctl.output().expect("it runs").stdout).unwrap();
    assert!(out.contains("/%FF%1B.rules\"}"), "{out}");
}

#[test]
fn text_for_a_terminal_moves_it_not_and_for_a_file_is_whole() {
    let dir = Dir::new("check-terminal");
    let path = dir.file("r.rules", b"-w /etc/a\x1b[2J -p w -k a\n# \xc2\x9b1m\n-w /etc/b -p w -k b\n");
    let (status, out) = within(&dir, &["--convert", &path]);
    assert_eq!(status, 0);
    assert!(out.windows(3).any(|bytes| bytes == b"\x1b[2"), "{out:?}");
    for words in
        [&["--convert", &path][..], &["--check", "--diff-only", &path], &["--check", "--format", "json", &path]]
    {
        let (mut screen, terminal) = crate::support::terminal(80);
        let mut auditctl = Command::new(crate::support::BINARY);
        let mut child = auditctl.arg("auditctl").args(words).stdout(terminal).spawn().expect("it runs");
        drop(auditctl);
        let mut out = Vec::new();
        // A terminal that nobody has open any more answers with an error.
        let _ = screen.read_to_end(&mut out);
        child.wait().expect("it ends");
        assert!(!out.contains(&0x1b) && !out.windows(2).any(|bytes| bytes == b"\xc2\x9b"), "{words:?} {out:?}");
        assert!(out.len() > 20, "{words:?} {out:?}");
    }
}

/// What a check of a text ends with, in so much memory as a small system has to spare.
fn checked_in_little_memory(text: &[u8], more: &[&str]) -> i32 {
    let dir = Dir::new("check-memory");
    let path = dir.file("r.rules", text);
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -v 40000 && exec \"$0\" \"$@\"", crate::support::BINARY, "auditctl", "--check"]);
    shell.args(["--no-host", "--machine", "x86_64", "--format", "compact", &path]).args(more);
    shell.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("it runs").code().expect("by itself")
}

#[test]
fn files_made_to_be_large_are_refused_or_checked_within_bounds() {
    const SIZE: usize = 2 << 20;
    let dashes = ["-a always,exit -S open ", &"\u{2013}".repeat(4000), "\n"].concat().repeat(20);
    let keys = ["\u{2013}w /etc/a -k", &" \u{2013}k".repeat(1500), " x\n"].concat().repeat(80);
    let comments = "# auditbox: allow AB301 why\n".repeat(9000);
    let hostile: [(&[u8], i32, &[&str]); 8] = [
        (&[b'a'; SIZE], 1, &[]),
        (&[0; SIZE], 1, &[]),
        (&[b'\n'; SIZE], 0, &[]),
        (&b"x\n".repeat(SIZE / 2), 2, &[]),
        (&b" \n".repeat(SIZE / 2), 0, &["/dev/null"]),
        (dashes.as_bytes(), 1, &[]),
        (keys.as_bytes(), 1, &[]),
        (comments.as_bytes(), 2, &[]),
    ];
    for (text, expected, more) in hostile {
        let status = checked_in_little_memory(text, more);
        assert_eq!(status, expected, "{:?}...", String::from_utf8_lossy(&text[..8]));
    }
}

#[test]
fn what_a_profile_asks_for_and_is_not_there_names_the_place_in_the_profile() {
    let library = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/tiny.profile");
    let words = ["--check", "-", "--no-host", "--machine", "aarch64", "--profile", library, "--min-level", "warning"];
    let (status, out, _) = auditctl(&words, "-f 1\n-w /etc/shadow -p wa -k mine\n");
    assert_eq!(status, 1);
    assert!(
        out.contains(
            "AB501] profile-rule: the profile's rule is not here: -a always,exit -F arch=b64 -F path=/etc/passwd"
        ),
        "{out}"
    );
    assert!(out.contains("   see: 10-tiny.rules:24:1: the profile asks for it here\n"), "{out}");
    // A watch takes the calls of both widths.
    assert!(!out.contains("path=/etc/shadow"), "{out}");
    assert!(out.contains("the profile sets -b 512; here it is not set\n"), "{out}");
    assert!(out.contains("the profile sets -e 1; here it is not set\n") && !out.contains("sets -f"), "{out}");
    let (status, _, said) = auditctl(&["--check", "-", "--profile", "no/such.profile"], "");
    assert_eq!(status, 2);
    assert!(said.contains("cannot read no/such.profile"), "{said}");
    let (status, _, said) = auditctl(&["--convert", "-", "--profile", library], "");
    assert_eq!((status, said.contains("--profile is no option of --convert")), (2, true), "{said}");
}

#[test]
fn each_profile_has_all_that_it_asks_for_itself() {
    let rules = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let profiles = fs::read_dir(&rules).unwrap().map(|entry| entry.unwrap().path());
    for profile in profiles.filter(|path| path.extension().is_some_and(|ending| ending == "profile")) {
        let text = fs::read_to_string(&profile).unwrap();
        let files = text
            .lines()
            .filter(|line| line.ends_with(".rules"))
            .map(|name| rules.join(name).to_str().unwrap().to_owned());
        let files: Vec<String> = files.collect();
        let mut words = vec!["--check", "--no-host", "--machine", "x86_64", "--format", "compact"];
        words.extend(["--profile", profile.to_str().unwrap()]);
        words.extend(files.iter().map(String::as_str));
        let (_, out, _) = auditctl(&words, "");
        assert!(!out.contains("AB5"), "{profile:?} {out}");
    }
}

#[test]
fn too_many_comments_are_named_as_such() {
    let (status, out, said) = auditctl(&["--check", "-"], &"# auditbox: allow AB301 why\n".repeat(8193));
    let many = "auditctl: more than 8192 comments begin with `# auditbox:`\n";
    assert_eq!((status, out.as_str(), said.as_str()), (2, "", many));
}
