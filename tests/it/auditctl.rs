//! auditctl without a kernel: what --dry-run prints, what is refused and where, and the systems that are only planned.

use crate::support::{Dir, applet};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// Status, requests by their types and first bytes, and what is said.
struct Ran {
    status: i32,
    requests: Vec<String>,
    said: String,
}

fn auditctl(line: &str) -> Ran {
    auditctl_words(&line.split(' ').collect::<Vec<_>>())
}

fn auditctl_words(words: &[&str]) -> Ran {
    let output =
        applet("auditctl").args(words.iter().filter(|word| !word.is_empty())).output().expect("the binary runs");
    let requests = String::from_utf8(output.stdout).expect("text");
    Ran {
        status: output.status.code().expect("it ends by itself"),
        requests: requests.lines().map(str::to_owned).collect(),
        said: String::from_utf8(output.stderr).expect("text"),
    }
}

#[test]
fn requests_are_printed_in_order_as_type_and_hex() {
    let ran = auditctl("--dry-run -b 8192 -f 1");
    let word = |mask: &str, place: usize, value: &str| {
        let mut words = ["00000000"; 11];
        (words[0], words[place]) = (mask, value);
        format!("1001 {}", words.concat())
    };
    if cfg!(target_endian = "little") {
        assert_eq!(ran.requests, [word("10000000", 5, "00200000"), word("02000000", 2, "01000000")]);
    }
    assert_eq!((ran.status, ran.said.as_str()), (0, ""));
}

#[test]
fn what_only_asks_is_left_out() {
    for line in ["-s", "-l", "-l -k x", "-D"] {
        let ran = auditctl(&format!("--dry-run {line}"));
        assert_eq!((ran.status, ran.requests.len()), (0, 0), "{line}");
    }
    assert_eq!(auditctl("--dry-run -t").requests, ["1014 "]);
}

#[test]
fn a_refused_word_is_named_with_its_place_and_what_would_be_taken() {
    let ran = auditctl("--dry-run -a always,exit -F arch=b99 -S open");
    assert_eq!((ran.status, ran.requests.len()), (255, 0));
    let lines: Vec<&str> = ran.said.lines().collect();
    assert_eq!(lines[0], "arch elf mapping not found");
    assert!(lines[1].starts_with("auditctl: word 4, character 6: \"arch=b99\"; accepted: b64, b32,"), "{}", lines[1]);
    assert_eq!(lines[2], "There was an error while processing parameters");
}

#[test]
fn no_words_at_all_get_the_usage_and_status_1() {
    let ran = auditctl("");
    assert_eq!((ran.status, ran.requests[0].as_str()), (1, "usage: auditctl [options]"));
    let help = auditctl("--help");
    assert_eq!((help.status, &help.requests), (0, &ran.requests));
    assert_eq!(auditctl("--dry-run").status, 1);
}

#[test]
fn a_dry_run_must_be_asked_for_first() {
    for line in ["-D --dry-run", "-t --dry-run", "-w /etc -k --machine", "--root / -D", "--machine x86_64 -D"] {
        let ran = auditctl(line);
        assert_eq!((ran.status, ran.requests.len()), (255, 0), "{line}");
        assert!(ran.said.contains("--dry-run"), "{line}: {}", ran.said);
    }
}

#[test]
fn a_file_is_looked_at_to_its_end_but_nothing_is_sent_after_a_bad_line() {
    let dir = Dir::new("file");
    let path =
        dir.file("r.rules", "# rules\n-t\n-a always,exit -F arch=b64 -S nosuch\n-t\n-w /a\\ b -p wx -k k\u{1}y\n-t\n");
    let ran = auditctl(&format!("--dry-run -R {path}"));
    assert_eq!((ran.status, ran.requests.len()), (1, 1));
    for line in [
        "Syscall name unknown: nosuch".to_owned(),
        format!("{path}:3:31: \"nosuch\"; accepted: all, a number below 2048, or a system call of x86_64"),
        format!("There was an error in line 3 of {path}"),
        "key k\\u{1}y has illegal character".to_owned(),
        format!("There was an error in line 5 of {path}"),
    ] {
        let machine_named = line.replace("x86_64", std::env::consts::ARCH);
        assert!(ran.said.lines().any(|said| said == machine_named), "{line}\n{}", ran.said);
    }
    assert!(ran.said.contains(&format!("{path}:5:20: ")), "{}", ran.said);
}

#[test]
fn some_sentences_name_the_line_themselves() {
    let dir = Dir::new("line");
    let path = dir.file("r.rules", "-a always,exit -S all\n-Z\n");
    let ran = auditctl(&format!("--dry-run -R {path}"));
    assert!(ran.said.starts_with("Option -Z on line 2 is invalid\n"), "{}", ran.said);
    let path = dir.file("r.rules", "\n-a always,exit -S open -S close\n");
    let ran = auditctl(&format!("--dry-run --machine x86_64 -R {path}"));
    assert_eq!(ran.said, "WARNING - 32/64 bit syscall mismatch in line 2, you should specify an arch\n");
}

#[test]
fn pasted_characters_are_named_where_they_stand() {
    let dir = Dir::new("pasted");
    for (line, expected) in [
        ("-a always,exit \u{2013}F arch=b64 \u{2013}S execve -k exec", "16: EN DASH (U+2013); accepted: -"),
        ("-w\u{a0}/etc/passwd -p wa", "3: NO-BREAK SPACE (U+00A0); accepted: a space, or nothing"),
        ("-w\t/etc/passwd -p wa -k id", "3: TAB (U+0009); accepted: a space, or nothing"),
        ("-D\r", "3: CARRIAGE RETURN (U+000D); accepted: a space, or nothing"),
        ("-D\r-e 1\r", "3: CARRIAGE RETURN (U+000D); accepted: a newline"),
        ("-a never,exit -S op\u{2013}en", "20: EN DASH (U+2013); accepted: -"),
        ("-D\u{2028}-e 1", "3: LINE SEPARATOR (U+2028); accepted: a newline"),
        ("-a never,exit -F uid\u{2265}1 -S all", "21: GREATER-THAN OR EQUAL TO (U+2265); accepted: >="),
    ] {
        let path = dir.file("r.rules", format!("\n{line}\n"));
        let ran = auditctl(&format!("--dry-run --machine x86_64 -R {path}"));
        assert_eq!((ran.status, ran.requests.len()), (1, 0), "{line}");
        assert_eq!(ran.said.lines().nth(1), Some(&*format!("{path}:2:{expected}")), "{}", ran.said);
    }
}

#[test]
fn pasted_characters_that_became_part_of_a_word_are_named() {
    let dir = Dir::new("accepted");
    for (line, expected) in [
        ("-a always,exit -F arch=b64 -S execve -k exec\r", "45: warning: CARRIAGE RETURN (U+000D)"),
        (
            "-a always,exit -F arch=b64 -S execve -k \u{201c}exec\u{201d}",
            "41: warning: LEFT DOUBLE QUOTATION MARK (U+201C)",
        ),
        ("-a always,exit -F arch=b64 -S execve -k a\u{2013}b", "42: warning: EN DASH (U+2013)"),
        ("-a always,exit -F arch=b64 -S execve -k a\u{1b}[2Jb", "42: warning: ESCAPE (U+001B)"),
        ("-a always,exit -F arch=b64 -S connect -k \"remote_shell\"", "42: warning: a quote"),
        ("-a always,exit -F arch=b64 -S connect -F key='x'", "46: warning: a quote"),
        ("-a always,exit -F arch=b64 -S connect -k a\\ x\"", "46: warning: a quote"),
    ] {
        let path = dir.file("r.rules", format!("\n{line}\n"));
        for atomic in ["", " --atomic", " --skip-missing"] {
            let ran = auditctl(&format!("--dry-run --machine x86_64 -R {path}{atomic}"));
            assert_eq!((ran.status, ran.requests.len()), (0, 1), "{line}{atomic}");
            assert_eq!(ran.said, format!("{path}:2:{expected} became part of a word\n"));
        }
    }
}

#[test]
fn what_hides_in_comments_is_spoken_of() {
    let dir = Dir::new("hidden");
    let ends = "ends no line: what follows it is not loaded";
    let carriage = format!("CARRIAGE RETURN (U+000D) {ends}");
    let long = format!("-D\r{}", "-w /etc\r".repeat(4000));
    for (text, place, name, status) in [
        ("-D\n# a\r# b\r-e 1\n", "2:8", &carriage, 0),
        (&long, "1:3", &carriage, 1),
        ("# a\u{2029}-e 1\n-D\n", "1:4", &format!("PARAGRAPH SEPARATOR (U+2029) {ends}"), 0),
        ("-D\n# \u{1b}[2J\n", "2:3", &"ESCAPE (U+001B) moves the terminal that shows it".to_owned(), 0),
    ] {
        let path = dir.file("r.rules", text);
        for more in ["", " --atomic"] {
            let ran = auditctl(&format!("--dry-run --machine x86_64 -R {path}{more}"));
            let expected = format!("{path}:{place}: warning: {name}");
            assert_eq!((ran.status, ran.said.lines().next()), (status, Some(&*expected)), "{}", ran.said);
        }
    }
}

#[test]
fn i_goes_on_after_a_bad_line_and_c_remembers_it() {
    let dir = Dir::new("ignore");
    for (option, status) in [("-i", 0), ("-c", 1)] {
        let path = dir.file("r.rules", format!("{option}\n-t\n-w relative\n-t\n"));
        let ran = auditctl(&format!("--dry-run -R {path}"));
        assert_eq!((ran.status, ran.requests.len()), (status, 2), "{option}");
    }
}

#[test]
fn files_that_are_none_are_refused() {
    let dir = Dir::new("none");
    let missing = auditctl(&format!("--dry-run -R {}/none", dir.0.display()));
    assert_eq!(missing.said, format!("audit rules file {}/none doesn't exist\n", dir.0.display()));
    assert_eq!(missing.status, 1);
    assert_eq!(auditctl(&format!("--dry-run -R {}", dir.0.display())).status, 1);
    let path = dir.file("open.rules", "-t\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o646)).unwrap();
    let open = auditctl(&format!("--dry-run -R {path}"));
    assert_eq!((open.status, open.requests.len()), (1, 0));
    assert!(open.said.contains("is world writable"));
    let pipe = dir.0.join("pipe").to_str().unwrap().to_owned();
    crate::support::make_pipe(&pipe);
    let waited = auditctl(&format!("--dry-run -R {pipe}"));
    assert_eq!((waited.status, waited.said), (1, format!("Error - {pipe} is not a regular file\n")));
}

#[test]
fn a_directory_is_merged_and_what_is_wrong_in_it_is_named() {
    let dir = Dir::new("directory");
    dir.file("rules.d/9-last.rules", "-w /etc/b -p wa -k b\n-D\n");
    dir.file("rules.d/10-first.rules", "-w /etc/a -p wa -k a\n-e 1\n");
    let merged = dir.file("merged", "-D\n-w /etc/b -p wa -k b\n-w /etc/a -p wa -k a\n-e 1\n");
    let rules = dir.0.join("rules.d").display().to_string();
    let ran = auditctl(&format!("--dry-run -R {rules}"));
    assert_eq!((ran.status, ran.requests.len()), (0, 3));
    assert_eq!(ran.requests, auditctl(&format!("--dry-run -R {merged}")).requests);
    assert_eq!(ran.said.matches("slow").count(), 1, "{}", ran.said);
    dir.file("rules.d/20-wrong.rules", "# one\n-w relative\n");
    let wrong = auditctl(&format!("--dry-run -R {rules}"));
    assert_eq!(wrong.status, 1);
    assert!(wrong.said.contains(&format!("{rules}/20-wrong.rules:2:4: \"relative\"")), "{}", wrong.said);
}

#[test]
fn an_image_gets_its_rules_only_when_all_are_right() {
    let dir = Dir::new("image");
    let image = dir.0.display().to_string();
    dir.file("etc/passwd", "keeper:x:7777:7777::/:/bin/sh\n");
    dir.file("etc/audit/rules.d/10-a.rules", "-a always,exit -F arch=b64 -S openat -F auid=keeper -k k\n");
    let target = dir.0.join("etc/audit/audit.rules");
    let augenrules = |words: &[&str]| {
        let output = applet("augenrules").arg("--root").arg(&image).args(words).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let without = Dir::new("no-image");
    let output = applet("augenrules").arg("--root").arg(&without.0).output().unwrap();
    let said = format!("cannot read {}/etc/audit/rules.d (No such file or directory)\n", without.0.display());
    assert!(output.status.code() == Some(1) && output.stderr.ends_with(said.as_bytes()));
    assert_eq!(augenrules(&["--machine", "aarch64", "--check"]), (Some(0), String::new()));
    assert!(!target.exists(), "--check writes");
    assert_eq!(augenrules(&["--machine", "aarch64"]), (Some(0), String::new()));
    let written = fs::read_to_string(&target).unwrap();
    assert!(written.ends_with("-F auid=keeper -k k\n\n"), "{written}");
    fs::set_permissions(&target, fs::Permissions::from_mode(0o604)).unwrap();
    dir.file("etc/audit/rules.d/20-b.rules", "-a always,exit -F arch=b64 -S open -k old\n");
    let (status, said) = augenrules(&["--machine", "aarch64"]);
    assert_eq!(status, Some(1));
    assert!(said.contains("20-b.rules:1:31: \"open\""), "{said}");
    assert_eq!(fs::read_to_string(&target).unwrap(), written);
    assert_eq!(augenrules(&["--machine", "x86_64"]), (Some(0), String::new()));
    assert!(fs::read_to_string(&target).unwrap().contains("-k old"));
    let previous = target.with_file_name("audit.rules.prev");
    assert_eq!(fs::metadata(&previous).unwrap().permissions().mode() & 0o777, 0o604);
    assert_eq!(augenrules(&["--load"]).0, Some(1));
    // A link whose end is on this system alone is neither read nor written through.
    let outside = Dir::new("outside");
    let theirs = outside.file("theirs", "-b 777\n");
    for link in [target.clone(), dir.0.join("etc/audit/rules.d/30-c.rules")] {
        let _ = fs::remove_file(&link);
        std::os::unix::fs::symlink(&theirs, &link).unwrap();
        let (status, said) = augenrules(&["--machine", "x86_64"]);
        assert!(status == Some(1) && said.contains(link.to_str().unwrap()), "{said}");
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "-b 777\n");
        fs::remove_file(&link).unwrap();
    }
    fs::rename(dir.0.join("etc/audit"), dir.0.join("elsewhere")).unwrap();
    outside.file("rules.d/10-a.rules", "-D\n");
    std::os::unix::fs::symlink(&outside.0, dir.0.join("etc/audit")).unwrap();
    let (status, said) = augenrules(&[]);
    assert!(status == Some(1) && said.contains("/etc/audit/"), "{said}");
    assert!(!outside.0.join("audit.rules").exists());
    // An absolute link is one of the image.
    fs::remove_file(dir.0.join("etc/audit")).unwrap();
    std::os::unix::fs::symlink("/elsewhere", dir.0.join("etc/audit")).unwrap();
    fs::rename(dir.0.join("elsewhere/rules.d/20-b.rules"), dir.0.join("b")).unwrap();
    std::os::unix::fs::symlink("/b", dir.0.join("elsewhere/rules.d/20-b.rules")).unwrap();
    fs::write(dir.0.join("b"), "-a always,exit -F arch=b32 -S openat -k through-links\n").unwrap();
    fs::remove_file(dir.0.join("elsewhere/rules.d/10-a.rules")).unwrap();
    assert_eq!(augenrules(&["--machine", "armv7"]), (Some(0), String::new()));
    for machine in ["mips", "mipsel"] {
        assert_eq!(augenrules(&["--check", "--machine", machine]).0, Some(0));
    }
    assert!(fs::read_to_string(dir.0.join("elsewhere/audit.rules")).unwrap().contains("-k through-links"));
}

#[test]
fn users_and_directories_are_those_of_the_root() {
    let dir = Dir::new("root");
    dir.file("etc/passwd", "root:x:0:0::/:/bin/sh\nbuilder:x:4242:1::/:/bin/sh\n");
    dir.file("etc/group", "makers:x:77:\n");
    dir.file("only/here/file", "");
    std::os::unix::fs::symlink("/only", dir.0.join("link")).unwrap();
    let root = dir.0.to_str().unwrap();
    let known = auditctl(&format!("--dry-run --root {root} -a always,exit -F uid=builder -F gid=makers"));
    assert_eq!(known.status, 0, "{}", known.said);
    assert!(!known.requests.is_empty());
    assert_eq!(auditctl(&format!("--dry-run --root {root} -a always,exit -F uid=nobody")).status, 255);
    // A directory gets field 107, anything else 105.
    let field = |path: &str| {
        let ran = auditctl(&format!("--dry-run --root {root} --machine x86_64 -w {path}"));
        ran.requests[0]["1011 ".len() + 2 * 268..][..2].to_owned()
    };
    assert_eq!(field("/only/here"), "6b");
    assert_eq!(field("/link/here/"), "6b");
    assert_eq!(field("/only/here/file"), "69");
    assert_eq!(field("/usr"), "69");
}

#[test]
fn the_root_must_be_a_directory() {
    let dir = Dir::new("no-root");
    let file = dir.file("image.tar", "");
    for root in ["/no/such/root", &file] {
        let ran = auditctl(&format!("--dry-run --root {root} -w /etc"));
        assert_eq!((ran.status, ran.requests.len()), (255, 0), "{root}");
        assert!(ran.said.contains(&format!("--root: {root} is no directory")), "{}", ran.said);
    }
}

#[test]
fn another_machine_has_its_own_calls_and_byte_order() {
    let first = |machine: &str| {
        let ran = auditctl(&format!("--dry-run --machine {machine} -a always,exit -F arch=b64 -S openat"));
        assert_eq!(ran.status, 0, "{machine}: {}", ran.said);
        ran.requests[0].clone()
    };
    assert!(first("aarch64").starts_with("1011 040000000200000001000000"));
    assert!(first("s390x").starts_with("1011 000000040000000200000001"));
    // openat is 56 on aarch64: bit 24 of word 1.
    assert_eq!(&first("aarch64")["1011 ".len() + 2 * 16..][..8], "00000001");
    assert_eq!(auditctl("--dry-run --machine vax -D").status, 255);
    for machine in ["mips_o32", "mipsel_n64", "loongarch64", "riscv32"] {
        assert_eq!(auditctl(&format!("--dry-run --machine {machine} -a always,exit -S execve")).status, 0, "{machine}");
    }
}

#[test]
fn other_endings() {
    assert_eq!(auditctl("--dry-run --signal stop").status, 2);
    assert_eq!(auditctl("--dry-run --signal SIGHUP").status, 1);
    assert_eq!(auditctl("--dry-run -v").requests, ["auditctl version 4.2.2"]);
    let message = auditctl_words(&["--dry-run", "-m", "two words"]);
    assert!(message.requests[0].starts_with("1005 746578743d74776f20776f72647320657865"));
}
