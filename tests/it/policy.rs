//! The policy library in rules/, and augenrules --profile: every file and every profile is without a finding on each machine, and
//! an installation loses nothing that an administrator wrote.

use crate::support::{Dir, applet};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// One machine of each kind: wide and narrow, with and without the old calls, with and without programs of another width.
const MACHINES: [&str; 6] = ["x86_64", "i386", "arm", "aarch64", "riscv64", "s390x"];

fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
}

/// The names of the library that end so, without the ending.
fn names(ending: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(library()).expect("the library").map(|entry| entry.expect("an entry").file_name());
    entries.filter_map(|name| Some(name.to_str()?.strip_suffix(ending)?.to_owned())).collect()
}

/// Runs augenrules on an image; the status, standard output and standard error.
fn augenrules(root: &Dir, words: &[&str]) -> (Option<i32>, String, String) {
    let output = applet("augenrules").arg("--root").arg(&root.0).args(words).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text").replace(root.0.to_str().expect("text"), "ROOT");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// An image with the whole library.
fn image() -> Dir {
    let root = Dir::new("policy");
    fs::create_dir_all(root.0.join("etc/audit")).expect("a directory");
    for entry in fs::read_dir(library()).expect("the library") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_str().expect("text");
        root.file(&format!("usr/share/audit-rules/{name}"), fs::read(&path).expect("a file"));
    }
    root
}

fn rules_d(root: &Dir) -> PathBuf {
    root.0.join("etc/audit/rules.d")
}

/// All findings of what is in rules.d of an image, notes too; of one file when it is alone there.
fn findings(root: &Dir, machine: &str) -> String {
    let files: Vec<PathBuf> =
        fs::read_dir(rules_d(root)).expect("rules.d").map(|entry| entry.expect("an entry").path()).collect();
    let place = match files.as_slice() {
        [one] => one.clone(),
        _ => rules_d(root),
    };
    let mut check = applet("auditctl");
    check.args(["--check", "--no-host", "--machine", machine, "--format", "compact"]).arg(place);
    let output = check.output().expect("it runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn every_profile_is_without_findings_on_each_machine_and_whole_once_installed() {
    let root = image();
    for machine in MACHINES {
        for name in names(".profile") {
            let _ = fs::remove_dir_all(rules_d(&root));
            let words = ["--machine", machine, "--profile", &name];
            let (status, said, errors) = augenrules(&root, &[&words[..], &["--install"]].concat());
            assert_eq!(
                (status, errors.replace("is not for", "")),
                (Some(0), errors.clone()),
                "{name} {machine} {said}"
            );
            assert_eq!(findings(&root, machine), "", "{name} for {machine}");
            let (status, said, _) = augenrules(&root, &[&words[..], &["--check"]].concat());
            assert_eq!(status, Some(0), "{name} {machine} {said}");
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }
}

#[test]
fn every_file_is_without_findings_by_itself_and_says_what_it_is_for() {
    let root = image();
    for name in names(".rules") {
        let text = fs::read_to_string(library().join(format!("{name}.rules"))).expect("a file");
        let head: Vec<&str> = text.lines().take_while(|line| line.starts_with("# ")).collect();
        assert!(!head[0].starts_with("# Cost:") && !head[0].starts_with("# Answers:"), "{name}: what is it for?");
        for word in ["# Cost: ", "# Answers: "] {
            assert!(head.iter().any(|line| line.starts_with(word)), "{name} does not say {word}");
        }
        root.file("usr/share/audit-rules/alone.profile", format!("{name}.rules\n"));
        for machine in MACHINES {
            let _ = fs::remove_dir_all(rules_d(&root));
            let (status, _, errors) = augenrules(&root, &["--machine", machine, "--profile", "alone", "--install"]);
            if errors.contains("is not for") {
                continue;
            }
            // never,task is an error in a set by its nature, which the file says itself.
            assert_eq!(status, Some(0), "{name} {machine} {errors}");
            assert_eq!(findings(&root, machine), "", "{name} for {machine}");
        }
    }
}

/// All findings of files as they are shipped, notes too.
fn findings_as_shipped(files: &[PathBuf]) -> String {
    let mut check = applet("auditctl");
    check.args(["--check", "--no-host", "--machine", "x86_64", "--format", "compact"]).args(files);
    String::from_utf8(check.output().expect("it runs").stdout).expect("text")
}

#[test]
fn on_a_pc_files_and_profiles_are_without_findings_as_they_are_shipped() {
    for name in names(".rules") {
        assert_eq!(findings_as_shipped(&[library().join(format!("{name}.rules"))]), "", "{name}");
    }
    for name in names(".profile") {
        let text = fs::read_to_string(library().join(format!("{name}.profile"))).expect("a profile");
        let files = text.lines().filter(|line| line.ends_with(".rules")).map(|line| library().join(line));
        assert_eq!(findings_as_shipped(&files.collect::<Vec<_>>()), "", "{name}");
    }
}

#[test]
fn calls_of_other_machines_are_in_what_these_get() {
    let root = image();
    for (machine, file, call) in [
        ("s390x", "34-mount", "-F arch=b64 -S mount,umount2,move_mount,mount_setattr,pivot_root,umount "),
        ("aarch64", "45-kspp", "-F arch=b32 -S kexec_load,kexec_file_load "),
        ("arm", "10-tiny", "delete_module,kexec_load,kexec_file_load "),
    ] {
        let _ = fs::remove_dir_all(rules_d(&root));
        root.file("usr/share/audit-rules/alone.profile", format!("{file}.rules\n"));
        assert_eq!(augenrules(&root, &["--machine", machine, "--profile", "alone", "--install"]).0, Some(0));
        let text = fs::read_to_string(rules_d(&root).join(format!("{file}.rules"))).expect("a file");
        assert!(text.contains(call), "{machine} {text}");
    }
}

#[test]
fn every_file_but_the_choices_is_of_a_profile_or_stands_alone() {
    let mut named = BTreeSet::new();
    for profile in names(".profile") {
        let text = fs::read_to_string(library().join(format!("{profile}.profile"))).expect("a profile");
        assert!(text.starts_with("# "), "{profile} does not say what it is for");
        named.extend(text.lines().filter_map(|line| line.strip_suffix(".rules")).map(str::to_owned));
    }
    let alone = [
        "12-continue",
        "12-ignore",
        "21-narrow-abi",
        "22-time-daemon",
        "42-power-abuse",
        "48-installers",
        "49-serving",
        "90-einval",
    ];
    let expected: BTreeSet<String> =
        names(".rules").into_iter().filter(|name| !alone.contains(&name.as_str())).collect();
    assert_eq!(named, expected);
}

#[test]
fn profiles_are_listed_with_what_they_are_for() {
    let root = image();
    let (status, said, _) = augenrules(&root, &["--profiles"]);
    assert_eq!(status, Some(0));
    let listed: BTreeSet<String> = said.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    assert_eq!(listed, names(".profile"));
    assert!(said.contains("tiny             One small set for an appliance"), "{said}");
}

#[test]
fn another_profile_replaces_what_is_as_shipped_and_keeps_what_is_not() {
    let root = image();
    let install = |name: &str| augenrules(&root, &["--machine", "aarch64", "--profile", name, "--install"]);
    assert_eq!(install("default").0, Some(0));
    assert!(!fs::read_to_string(rules_d(&root).join("31-access.rules")).unwrap().contains("-F arch=b64 -S open,"));
    let edited = "# ours\n-w /etc/passwd -p wa -k own\n";
    let network = "# ours\n-w /etc/hosts -p wa -k own\n";
    root.file("etc/audit/rules.d/37-network.rules", network);
    root.file("etc/audit/rules.d/30-identity.rules", edited);
    root.file("etc/audit/rules.d/50-local.rules", "-w /etc/shadow -p wa -k own\n");
    let (status, said, _) = install("pci-dss");
    assert_eq!(status, Some(0), "{said}");
    for line in [
        "installed ROOT/etc/audit/rules.d/60-pci-dss.rules\n",
        "removed ROOT/etc/audit/rules.d/99-finalize.rules\n",
        "kept ROOT/etc/audit/rules.d/30-identity.rules, which is not as in ROOT/usr/share/audit-rules\n",
        "kept ROOT/etc/audit/rules.d/37-network.rules, which is not of pci-dss\n",
        "kept ROOT/etc/audit/rules.d/50-local.rules, which is not of pci-dss\n",
    ] {
        assert!(said.contains(line), "{line} {said}");
    }
    assert_eq!(fs::read_to_string(rules_d(&root).join("37-network.rules")).unwrap(), network);
    let (status, said, _) = augenrules(&root, &["--machine", "aarch64", "--profile", "pci-dss", "--check"]);
    assert_eq!(status, Some(1));
    let is_missing =
        |line: &str| line.starts_with("removed: ") && line.ends_with("-F path=/etc/group -F perm=wa -F key=identity");
    assert!(said.lines().any(is_missing), "{said}");
    let has_own_key = "-F path=/etc/shadow -F perm=wa -F key=identity\n             to: -w /etc/shadow -p wa -k own\n";
    assert!(said.contains(has_own_key), "{said}");
    assert!(said.contains(" rules of pci-dss are in ROOT/etc/audit/rules.d\n"), "{said}");
}

#[test]
fn rules_of_a_profile_that_local_ones_hide_are_named_with_them_and_counted_as_missing() {
    let root = image();
    let install = |name: &str| augenrules(&root, &["--machine", "x86_64", "--profile", name, "--install"]);
    assert_eq!(install("tiny").0, Some(0));
    let check = |local: &str| {
        root.file("etc/audit/rules.d/00-local.rules", local);
        let (status, said, _) = augenrules(&root, &["--machine", "x86_64", "--profile", "tiny", "--check"]);
        (status, said.lines().map(str::to_owned).collect::<Vec<_>>())
    };
    let all = "18 of 18 rules of tiny are in ROOT/etc/audit/rules.d".to_owned();
    let without = |missing: usize| format!("{} of 18 rules of tiny are in ROOT/etc/audit/rules.d", 18 - missing);
    // What a site leaves out for one program or user is its own matter, and so are files that are not of the profile.
    for local in [
        "-a never,exit -F arch=b64 -S openat -F exe=/usr/bin/agent\n",
        "-a never,exit -F arch=b64 -S all -F auid=1000\n",
        "-a never,exit -F arch=b64 -S close\n",
        "-a always,exclude -F msgtype=CWD\n",
        "-a always,exit -F arch=b64 -S openat -F success=0 -k own\n",
    ] {
        assert_eq!(check(local), (Some(0), vec![all.clone()]), "{local}");
    }
    let watched =
        |list: &[String]| list.iter().filter(|line| line.contains("/etc/passwd")).cloned().collect::<String>();
    for (local, missing, of, by) in [
        ("-a never,exit -F arch=b64 -S openat", 4, " for openat of x86_64", "-a never,exit -F arch=b64 -S openat"),
        (
            "-a never,exit -F arch=b32 -S openat -F uid>=0",
            4,
            " for openat of i386",
            "-a never,exit -F arch=b32 -S openat -F uid>=0",
        ),
        ("-a never,exit -F path=/etc/passwd", 2, "", "-a never,exit -S all -F path=/etc/passwd"),
        ("-a always,exclude -F msgtype=SYSCALL", 18, "", "-a always,exclude -F msgtype=SYSCALL"),
        ("-a never,exclude -F auid>=0", 18, "", "-a never,exclude -F auid>=0"),
        ("-a never,task", 18, "", "-a never,task"),
        ("-a always,task", 18, "", "-a always,task"),
    ] {
        let (status, said) = check(&format!("{local}\n"));
        assert_eq!((status, said.last()), (Some(1), Some(&without(missing))), "{local} {said:#?}");
        assert!(watched(&said).starts_with(&format!("hidden{of}: -a always,exit -F arch=b")), "{local} {said:#?}");
        assert_eq!(said.iter().filter(|line| **line == format!("             by: {by}")).count(), missing, "{said:#?}");
    }
    // Nothing is recorded where auditing is switched off.
    root.file("etc/audit/rules.d/zz-local.rules", "-e 0\n");
    let (status, _, errors) = augenrules(&root, &["--machine", "x86_64", "--profile", "tiny", "--check"]);
    assert!(status == Some(1) && errors.contains("[AB504]: the profile sets -e 1; here it is 0"), "{errors}");
}

#[test]
fn nothing_changes_when_the_rules_would_be_wrong() {
    let root = image();
    root.file("etc/audit/rules.d/50-local.rules", "-w relative -p wa -k own\n");
    let (status, said, errors) = augenrules(&root, &["--machine", "x86_64", "--profile", "tiny", "--install"]);
    assert_eq!((status, said.as_str()), (Some(1), ""));
    assert!(errors.contains("50-local.rules:1:4: error[AB001]"), "{errors}");
    assert!(errors.contains("ROOT/etc/audit/rules.d stays as it is"), "{errors}");
    assert_eq!(fs::read_dir(rules_d(&root)).unwrap().count(), 1);
}

#[test]
fn rules_that_are_too_many_to_be_checked_are_not_called_sound() {
    let root = image();
    root.file(
        "etc/audit/rules.d/50-local.rules",
        (0..8200).map(|n| format!("-w /{n} -p w -k k\n")).collect::<String>(),
    );
    let said = "not checked: more than 8192 lines ask for something\n";
    let (status, _, errors) = augenrules(&root, &["--machine", "x86_64", "--profile", "tiny", "--install"]);
    assert_eq!(status, Some(1), "{errors}");
    assert!(errors.contains(said) && errors.contains("ROOT/etc/audit/rules.d stays as it is"), "{errors}");
    assert_eq!(fs::read_dir(rules_d(&root)).unwrap().count(), 1);
    let (_, _, errors) = augenrules(&root, &["--machine", "x86_64", "--check"]);
    assert!(errors.contains(said), "{errors}");
}

#[test]
fn a_profile_of_ones_own_is_a_path_and_wrong_words_are_named() {
    let root = image();
    let own = root.file("own/site.profile", "# Ours.\n10-a.rules\n");
    root.file("own/10-a.rules", "-a always,exit -F arch=b64 -S openat,open -F success=0 -k a\n-a always,exit -F arch=b32 -S openat,open -F success=0 -k a\n");
    let words = ["--machine", "riscv64", "--profile", &own, "--install"];
    // What does not lie beside the profile is of the library.
    fs::write(root.0.join("own/site.profile"), "# Ours.\n10-a.rules\n35-modules.rules\n").unwrap();
    assert_eq!(augenrules(&root, &words).0, Some(0));
    assert!(rules_d(&root).join("35-modules.rules").exists());
    let installed = fs::read_to_string(rules_d(&root).join("10-a.rules")).unwrap();
    assert!(installed.starts_with("-a always,exit -F arch=b64 -S openat -F success=0 -k a\n"), "{installed}");
    fs::write(root.0.join("own/site.profile"), "# Ours.\n../10-a.rules\n").unwrap();
    let (status, _, errors) = augenrules(&root, &words);
    assert_eq!(status, Some(1));
    assert!(errors.contains("own/site.profile:2: no name of a rules file"), "{errors}");
    let (status, _, errors) = augenrules(&root, &["--machine", "x86_64", "--profile", "nope", "--check"]);
    assert_eq!(status, Some(1));
    assert!(
        errors.contains("cannot read ROOT/usr/share/audit-rules/nope.profile (No such file or directory)"),
        "{errors}"
    );
    for wrong in [
        &["--install"][..],
        &["--profile", "tiny"],
        &["--profile", "tiny", "--check", "--install"],
        &["--profiles", "--check"],
    ] {
        let (status, said, _) = augenrules(&root, wrong);
        assert!(status == Some(1) && said.starts_with("Usage: "), "{wrong:?} {said}");
    }
}

/// A program file of this mode.
fn program(root: &Dir, name: &[u8], mode: u32) {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;
    let path = root.0.join(std::ffi::OsStr::from_bytes(name));
    fs::create_dir_all(path.parent().expect("it has one")).expect("a directory");
    fs::write(&path, "").expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
}

#[test]
fn privileged_programs_are_found_by_their_bits_and_written_so_that_the_rules_are_read_back() {
    let root = Dir::new("privileged");
    for (name, mode) in [
        ("usr/bin/su", 0o4755),
        ("usr/bin/with space", 0o4711),
        ("usr/bin/back\\slash \\", 0o4755),
        ("usr/bin/--looks -k like", 0o4755),
        ("usr/bin/wall", 0o2755),
        ("usr/bin/cat", 0o755),
        ("usr/bin/locked", 0o2644),
        ("usr/bin/not-run", 0o4644),
        ("opt/tool", 0o4755),
    ] {
        program(&root, name.as_bytes(), mode);
    }
    std::os::unix::fs::symlink("/usr/bin/su", root.0.join("usr/bin/link")).unwrap();
    std::os::unix::fs::symlink("/usr", root.0.join("usr/loop")).unwrap();
    let run = |words: &[&str]| {
        let output =
            applet("auditctl").args(["--privileged", "--root"]).arg(&root.0).args(words).output().expect("it runs");
        (output.status.code(), output.stdout, String::from_utf8(output.stderr).expect("text"))
    };
    // Of this name a rule would read a part as its operator.
    program(&root, b"usr/bin/a>=b", 0o4755);
    let (status, _, said) = run(&["--machine", "x86_64"]);
    assert_eq!((status, said.as_str()), (Some(1), "auditctl: no rule can have the name \"/usr/bin/a>=b\"\n"));
    std::fs::remove_file(root.0.join("usr/bin/a>=b")).unwrap();
    let (status, rules, said) = run(&["--machine", "x86_64"]);
    assert_eq!((status, said.as_str()), (Some(0), ""));
    let text = String::from_utf8(rules.clone()).unwrap();
    let paths: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("-a always,exit -F arch=b64 -F auid>=1000 -F auid!=unset -F path="))
        .filter_map(|rest| rest.strip_suffix(" -F perm=x -F key=privileged"))
        .collect();
    let expected = [
        "/opt/tool",
        "/usr/bin/--looks\\ -k\\ like",
        "/usr/bin/back\\\\slash\\ \\\\",
        "/usr/bin/su",
        "/usr/bin/wall",
        "/usr/bin/with\\ space",
    ];
    assert_eq!(paths, expected);
    assert_eq!(text.lines().filter(|line| line.contains("arch=b32")).count(), 6);
    // A directory to begin with is one of that system, whatever its links and dots say to this one.
    std::os::unix::fs::symlink("/usr/bin", root.0.join("bin")).unwrap();
    let (status, linked, _) = run(&["--machine", "x86_64", "/bin", "/opt"]);
    assert!(status == Some(0) && linked == rules, "{}", String::from_utf8_lossy(&linked));
    assert!(run(&["--machine", "x86_64", "/../.."]).1 == rules);
    std::os::unix::fs::symlink(std::env::temp_dir(), root.0.join("away")).unwrap();
    assert_eq!(run(&["/away"]).0, Some(1));
    std::fs::remove_file(root.0.join("away")).unwrap();
    let file = root.file("61-privileged.rules", &rules);
    let check =
        applet("auditctl").args(["--check", "--machine", "x86_64", "--root"]).arg(&root.0).arg(&file).output().unwrap();
    assert_eq!((check.status.code(), String::from_utf8_lossy(&check.stdout).as_ref()), (Some(0), ""));
    // One file system of several, a machine of one width, and a name that would forge a line.
    program(&root, b"opt/a\n-D", 0o4755);
    let (status, rules, said) = run(&["--machine", "riscv32", "/opt"]);
    assert_eq!(status, Some(1));
    assert!(said.contains("no rule can have the name \"/opt/a\\u{a}-D\""), "{said}");
    let text = String::from_utf8(rules).unwrap();
    assert_eq!(
        text.lines().skip(1).collect::<Vec<_>>(),
        ["-a always,exit -F arch=b32 -F auid>=1000 -F auid!=unset -F path=/opt/tool -F perm=x -F key=privileged"]
    );
    assert_eq!(run(&["opt"]).0, Some(2));
    assert_eq!(run(&["/nothing"]).0, Some(1));
}

#[test]
fn rules_that_another_file_hides_are_not_in_force() {
    let root = image();
    let words = ["--machine", "x86_64", "--profile", "tiny"];
    assert_eq!(augenrules(&root, &[&words[..], &["--install"]].concat()).0, Some(0));
    assert_eq!(augenrules(&root, &[&words[..], &["--check"]].concat()).0, Some(0));
    for (rule, code) in [("-a never,exit -S all\n", "AB201"), ("-a never,task\n", "AB204")] {
        fs::write(rules_d(&root).join("05.rules"), rule).expect("a rule before the others");
        let (status, _, errors) = augenrules(&root, &[&words[..], &["--check"]].concat());
        assert_eq!((status, errors.contains(code)), (Some(1), true), "{errors}");
    }
}

#[test]
fn a_rule_that_stops_loading_or_hides_one_of_the_profile_decides_the_status() {
    let root = image();
    let words = ["--machine", "x86_64"];
    let profile = [&words[..], &["--profile", "tiny"]].concat();
    let run = |words: &[&str], more: &[&str]| augenrules(&root, &[words, more].concat());
    assert_eq!(run(&profile, &["--install"]).0, Some(0));
    assert_eq!(run(&words, &["--check"]).0, Some(0));
    let own = rules_d(&root).join("05.rules");
    let twice = "-a never,exit -F uid=77777\n".repeat(2);
    // Loading goes on after -c, and the warning is said.
    for (text, status) in [(twice.clone(), 1), (format!("-c\n{twice}"), 0)] {
        fs::write(&own, &text).expect("rules");
        for (words, more) in [(&profile[..], "--check"), (&profile, "--install"), (&words, "--check")] {
            let (ended, _, said) = run(words, &[more]);
            assert_eq!((ended, said.contains("[AB006]")), (Some(status), true), "{more}: {text}{said}");
        }
        assert_eq!(run(&words, &[]).0, Some(status));
        assert_eq!(root.0.join("etc/audit/audit.rules").exists(), status == 0);
    }
    fs::write(&own, "-a always,exit -S all -k z\n").expect("rules");
    let (status, shown, said) = run(&profile, &["--check"]);
    assert_eq!((status, said.contains("[AB202]")), (Some(1), true), "{said}");
    assert!(shown.contains("by: -a always,exit -S all -F key=z\n"), "{shown}");
}

#[test]
fn an_image_is_checked_and_a_link_that_leads_nowhere_stops_it() {
    let root = image();
    fs::create_dir_all(rules_d(&root)).expect("rules.d");
    fs::write(rules_d(&root).join("a.rules"), "-a always,exit -S openat -F auid>=1000 -k x\n").expect("a file");
    let (status, _, errors) = augenrules(&root, &["--machine", "x86_64", "--check"]);
    assert_eq!((status, errors.contains("[AB101]")), (Some(0), true), "{errors}");
    std::os::unix::fs::symlink("/nowhere", rules_d(&root).join("b.rules")).expect("a link");
    let (status, _, errors) = augenrules(&root, &["--machine", "x86_64"]);
    assert_eq!((status, errors.contains("b.rules")), (Some(1), true), "{errors}");
    assert!(!root.0.join("etc/audit/audit.rules").exists());
}
