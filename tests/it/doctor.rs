//! `auditbox doctor` on images: what it finds there, and that no file of an image leads it astray. What it says of a kernel and its
//! daemon is shown in the guest (tests/guest/doctor.sh).

use crate::support::{BINARY, Dir};
use auditbox::doctor::{self, Facts, LogFacts};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Output, Stdio};

fn run(words: &[&str]) -> Output {
    Command::new(BINARY).arg("doctor").args(words).stdin(Stdio::null()).output().expect("it runs")
}

/// Does with a shell what it says of an image, but for what would be done inside of it; then says what it finds.
fn mend(image: &Dir) -> String {
    let commands = Dir::new("doctor-commands");
    assert!(Command::new(BINARY).arg("--install").arg(&commands.0).status().unwrap().success());
    let path = format!("{}:{}", commands.0.display(), std::env::var("PATH").unwrap());
    for line in look(image).0.lines().filter_map(|line| line.strip_prefix("    mend: ")) {
        let line = line.split(" && chroot ").next().unwrap();
        let output = Command::new("sh").args(["-c", line]).env("PATH", &path).output().unwrap();
        // What is looked at before one decides has findings.
        assert!(output.status.success() || line.starts_with("auditctl --check "), "{line}: {output:?}");
    }
    look(image).0
}

fn read(image: &Dir, name: &str) -> String {
    fs::read_to_string(image.0.join(name)).unwrap()
}

/// What it says of an image, and how it ends.
fn look(image: &Dir) -> (String, Option<i32>) {
    let output = run(&["--root", image.0.to_str().unwrap()]);
    assert_eq!(output.stderr, b"");
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
}

const CONFIG: &str = "max_log_file = 8\nnum_logs = 5\nmax_log_file_action = ROTATE\nlog_group = audit\n\
    space_left = 75\nadmin_space_left = 50\n";

/// An image that is well.
fn image(name: &str) -> Dir {
    let image = Dir::new(name);
    let files = [
        ("etc/audit/auditd.conf", CONFIG),
        ("etc/audit/rules.d/10-base.rules", "-D\n-b 8192\n"),
        ("etc/audit/rules.d/20-hosts.rules", "-w /etc/hosts -p wa -k hosts\n"),
        ("etc/group", "root:x:0:\naudit:x:77:\n"),
        ("etc/passwd", "root:x:0:0::/:/bin/sh\n"),
        ("etc/update-extlinux.conf", "default_kernel_opts=\"quiet audit=1\"\n"),
        ("sbin/openrc-run", ""),
        ("etc/runlevels/boot/auditd", ""),
        ("etc/pam.d/login", "session required pam_loginuid.so\n"),
    ];
    for (name, text) in files {
        let path = image.file(name, text);
        fs::set_permissions(path, fs::Permissions::from_mode(0o640)).unwrap();
    }
    let output = Command::new(BINARY).args(["augenrules", "--root", image.0.to_str().unwrap()]).output().unwrap();
    assert!(output.status.success());
    image
}

#[test]
fn an_image_that_is_well_ends_with_0() {
    let image = image("doctor-well");
    let (said, status) = look(&image);
    assert!(said.ends_with("0 broken, 0 warnings, 0 notes\n") && status == Some(0), "{said}");
    // Services merge the rules when they load them.
    fs::remove_file(image.0.join("etc/audit/audit.rules")).unwrap();
    assert_eq!(look(&image).1, Some(0));
}

#[test]
fn what_is_wrong_in_an_image_is_found_by_its_own_accounts_and_files() {
    let image = image("doctor-ill");
    let root = image.0.to_str().unwrap();
    image.file("etc/group", "root:x:0:\n");
    let (said, status) = look(&image);
    assert!(said.contains("broken AD601 config-refused: ") && said.contains("audit"), "{said}");
    assert_eq!(status, Some(2));
    image.file("etc/group", "root:x:0:\naudit:x:77:\n");

    fs::remove_file(image.0.join("etc/runlevels/boot/auditd")).unwrap();
    image.file("etc/update-extlinux.conf", "default_kernel_opts=\"quiet\"\n");
    image.file("etc/pam.d/login", "# session required pam_loginuid.so\n");
    image.file("etc/audit/plugins.d/x.conf", "active = yes\npath = /sbin/nothing\n");
    let (said, status) = look(&image);
    for code in ["AD103", "AD205", "AD603", "AD701"] {
        assert!(said.contains(&format!("warning {code} ")), "{code}: {said}");
    }
    assert!(said.contains(&format!("{root}/etc/audit/plugins.d/x.conf names /sbin/nothing")), "{said}");
    assert_eq!(status, Some(1));

    image.file("etc/audit/rules.d/30-new.rules", "-a task,never\n-a always,exit -F arch=b64 -S nosuch\n");
    let (said, status) = look(&image);
    assert!(said.contains("30-new.rules:2: "), "{said}");
    assert!(said.contains(&format!("mend: auditctl --check --root {root} {root}/etc/audit/rules.d\n")), "{said}");
    assert!(said.contains("broken AD302 never-task: "), "{said}");
    assert_eq!(status, Some(2));
}

/// The daemon would not start, so that it must not be said that all is well.
#[test]
fn what_stands_in_the_way_of_an_images_log_and_configuration_is_named() {
    let image = image("doctor-way");
    let root = image.0.to_str().unwrap();
    let place = |name: &str| image.0.join(name);
    fs::create_dir_all(place("var/log/audit")).unwrap();
    for directory in ["var", "var/log", "var/log/audit"] {
        fs::set_permissions(place(directory), fs::Permissions::from_mode(0o750)).unwrap();
    }
    assert_eq!(look(&image).1, Some(0));
    let way = |said: &str| {
        format!(
            "broken AD503 unsafe-directory: Unsafe audit log directory for /var/log/audit/audit.log ({root}/{said})\n"
        )
    };
    fs::set_permissions(place("var/log"), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(look(&image).0.contains(&way("var/log: Operation not permitted")));
    fs::rename(place("var/log"), place("var/there")).unwrap();
    symlink("there", place("var/log")).unwrap();
    assert!(look(&image).0.contains(&way("var/log: Too many levels of symbolic links")));
    fs::remove_file(place("var/log")).unwrap();
    fs::write(place("var/log"), "").unwrap();
    assert!(look(&image).0.contains(&way("var/log: Not a directory")));
    fs::remove_file(place("etc/audit/auditd.conf")).unwrap();
    fs::create_dir(place("etc/audit/auditd.conf")).unwrap();
    let (said, status) = look(&image);
    let refused = format!("broken AD601 config-refused: {root}/etc/audit/auditd.conf is not a regular file\n");
    assert!(said.contains(&refused) && status == Some(2), "{said}");
}

#[test]
fn nothing_in_an_image_leads_out_of_it_hangs_it_or_forges_a_line() {
    let image = image("doctor-hostile");
    let outside = Dir::new("doctor-outside");
    outside.file("evil.rules", "-a task,never\n");
    symlink(&outside.0, image.0.join("etc/outside")).unwrap();
    let rules = image.0.join("etc/audit/rules.d");
    symlink(outside.0.join("evil.rules"), rules.join("90-link.rules")).unwrap();
    let (said, status) = look(&image);
    assert!(!said.contains("AD302") && status == Some(0), "{said}");

    fs::remove_dir_all(&rules).unwrap();
    symlink(&outside.0, &rules).unwrap();
    assert!(!look(&image).0.contains("AD302"));

    fs::remove_file(&rules).unwrap();
    let name = "etc/audit/rules.d/0\n    mend: reboot\nbroken AD999 x: \u{1b}[2J.rules";
    fs::set_permissions(image.file(name, "-a task,never\n-x\n"), fs::Permissions::from_mode(0o666)).unwrap();
    let (said, _) = look(&image);
    assert!(said.contains("AD302") && said.contains("AD303") && said.contains("AD501"), "{said}");
    assert!(said.lines().all(|line| line != "    mend: reboot" && !line.starts_with("broken AD999")), "{said}");
    assert!(!said.contains('\u{1b}'), "{said}");

    for name in ["etc/audit/auditd.conf", "etc/audit/audit.rules", "etc/pam.d/login", "etc/update-extlinux.conf"] {
        let path = image.0.join(name);
        let _ = fs::remove_file(&path);
        crate::support::make_pipe(&path);
    }
    let (said, _) = look(&image);
    assert!(said.contains("not looked at: auditd.conf, the log and the plugins ("), "{said}");
}

#[test]
fn json_is_one_object_and_wrong_words_end_with_3() {
    let image = image("doctor-json");
    image.file("etc/audit/plugins.d/x.conf", b"active = yes\npath = /sbin/\xFF\"\\\n");
    let output = run(&["--root", image.0.to_str().unwrap(), "--format", "json"]);
    let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    assert!(text.starts_with("{\"status\":\"warnings\",\"findings\":[{\"code\":\"AD603\","), "{text}");
    assert!(text.ends_with("]}\n") && text.lines().count() == 1, "{text}");
    for words in
        [&["--nosuch"][..], &["--root"], &["--root", "/nonexistent"], &["--format", "x"], &["--machine", "x86_64"]]
    {
        let output = run(words);
        assert_eq!((output.status.code(), &output.stdout[..]), (Some(3), &b""[..]), "{words:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("usage: auditbox doctor"));
    }
}

#[test]
fn what_takes_a_rule_away_takes_no_other() {
    let image = image("doctor-never");
    let others = "-a task,never -F uid=0\n# -a task,never\n-a never,exit -F arch=b64 -S open -F uid=0 -k task\n";
    image.file("etc/audit/rules.d/30-a.rules", format!("-a task,never\n{others}-A never,task\n\n  -a  task,never"));
    image.file("etc/audit/rules.d/31-b.rules", "-a never,task\n-w /etc/group -p wa");
    assert!(look(&image).0.contains("/30-a.rules has a task,never rule"));
    // Nothing is merged while a line stops the load, as the second of two equal rules does.
    assert!(!mend(&image).contains("AD302"));
    let said = mend(&image);
    assert!(!said.contains("AD302") && !said.contains("AD303") && !said.contains("AD304"), "{said}");
    assert_eq!(read(&image, "etc/audit/rules.d/30-a.rules"), format!("{others}\n"));
    assert_eq!(read(&image, "etc/audit/rules.d/31-b.rules"), "-w /etc/group -p wa");
}

#[test]
fn rules_that_stand_in_audit_rules_alone_stay_there() {
    let image = image("doctor-alone");
    let policy = "-D\n-w /etc/shadow -p wa -k shadow\n-a task,never\n";
    let left = policy.replace("-a task,never\n", "");
    fs::remove_dir_all(image.0.join("etc/audit/rules.d")).unwrap();
    image.file("etc/audit/audit.rules", policy);
    let said = mend(&image);
    assert!(!said.contains("AD30"), "{said}");
    assert_eq!(read(&image, "etc/audit/audit.rules"), left);

    // rules.d has files and no rule, as some distributions ship it.
    image.file("etc/audit/rules.d/audit.rules", "-D\n-b 8192\n-f 1\n");
    assert!(look(&image).0.contains(" AD304 not-merged: audit.rules is not what rules.d says. It alone has rules"));
    let said = mend(&image);
    assert!(!said.contains("AD30"), "{said}");
    assert!(read(&image, "etc/audit/audit.rules").ends_with("-D\n-b 8192\n-f 1\n-w /etc/shadow -p wa -k shadow\n\n"));

    // There are no rules at all: nothing is said of a kernel.
    fs::remove_dir_all(image.0.join("etc/audit")).unwrap();
    let said = look(&image).0;
    assert!(said.contains("warning AD301 no-rules: Neither rules.d nor audit.rules has a rule.\n"), "{said}");
}

#[test]
fn a_line_is_appended_after_one_that_has_no_end() {
    for end in ["\n", ""] {
        let image = image("doctor-append");
        image.file("etc/pam.d/login", format!("auth required pam_unix.so\nsession required pam_unix.so{end}"));
        image.file("etc/pam.d/other", "auth required pam_deny.so\n");
        let words = "default_kernel_opts='quiet ro'";
        image.file("etc/update-extlinux.conf", format!("# default_kernel_opts=\"audit=1\"\n{words}{end}"));
        let said = mend(&image);
        assert!(!said.contains("AD103") && !said.contains("AD701"), "{said}");
        let login = "auth required pam_unix.so\nsession required pam_unix.so\nsession optional pam_loginuid.so\n";
        assert_eq!(read(&image, "etc/pam.d/login"), login);
        let source = format!(". {}/etc/update-extlinux.conf; echo $default_kernel_opts", image.0.display());
        let output = Command::new("sh").args(["-c", &source]).output().unwrap();
        assert_eq!(output.stdout, b"audit=1 audit_backlog_limit=8192 quiet ro\n");

        image.file("etc/update-extlinux.conf", format!("x=\"audit=0\"\ndefault_kernel_opts=audit=off{end}"));
        let said = mend(&image);
        assert!(!said.contains("AD102"), "{said}");
        assert_eq!(
            read(&image, "etc/update-extlinux.conf"),
            format!("x=\"audit=1\"\ndefault_kernel_opts=audit=1{end}")
        );
        fs::remove_file(image.0.join("etc/update-extlinux.conf")).unwrap();
        image.file("boot/cmdline.txt", format!("ro noaudit=1 audit_backlog_limit=9000{end}"));
        assert!(!mend(&image).contains("AD103"));
        assert_eq!(
            read(&image, "boot/cmdline.txt"),
            format!("audit=1 audit_backlog_limit=8192 ro noaudit=1 audit_backlog_limit=9000{end}")
        );
    }
}

#[test]
fn a_key_of_the_configuration_is_set_once_whatever_the_file_ends_with() {
    let place = Dir::new("doctor-configure");
    let log = LogFacts { free: 60 << 20, total: 64 << 20, shares_root: true, ..LogFacts::default() };
    let after = |text: &str| {
        let file = place.file("auditd.conf", text);
        // That of an image has no daemon that would have to be told.
        let (image, config_file) = (b"/image".to_vec(), file.clone().into_bytes());
        let facts =
            Facts { image, config_file, config_is_empty: text.is_empty(), log: Some(log.clone()), ..Facts::default() };
        let command = &doctor::examine(&facts)[0].command;
        assert!(Command::new("sh").args(["-c", command]).status().unwrap().success(), "{command}");
        fs::read_to_string(file).unwrap()
    };
    let set = "max_log_file = 6\nmax_log_file_action = ROTATE\nnum_logs = 5\n";
    for text in [
        "a = b\n",
        "a = b",
        "a = b\n num_logs = 9\nmax_log_file = 100",
        "max_log_file_action = keep_logs\na = b\nnum_logs = 0\n",
    ] {
        assert_eq!(after(text), format!("a = b\n{set}"), "{text:?}");
    }
    assert_eq!(after("num_logs = 9"), set);
    assert_eq!(after(""), format!("space_left = 5%\nadmin_space_left = 1%\n{set}"));
}

#[test]
fn links_of_an_image_are_followed_inside_of_it_and_commands_change_nothing_outside() {
    let image = image("doctor-links");
    let outside = Dir::new("doctor-beside");
    // On this machine the link leads to one directory, in the image to another.
    let inner = image.0.join(outside.0.strip_prefix("/").unwrap());
    fs::create_dir_all(inner.parent().unwrap()).unwrap();
    fs::rename(image.0.join("etc/audit"), &inner).unwrap();
    symlink(&outside.0, image.0.join("etc/audit")).unwrap();
    let evil = "-a task,never";
    outside.file("rules.d/evil.rules", evil);
    outside.file("auditd.conf", "num_logs = many\n");
    assert_eq!(look(&image).0, "0 broken, 0 warnings, 0 notes\n");

    fs::write(inner.join("rules.d/30-x.rules"), "-w /etc/group -p wa\n-a task,never").unwrap();
    fs::set_permissions(inner.join("rules.d/30-x.rules"), fs::Permissions::from_mode(0o646)).unwrap();
    fs::create_dir_all(inner.join("plugins.d")).unwrap();
    fs::write(inner.join("plugins.d/x.conf"), "active = yes\n").unwrap();
    symlink("/boot/words", image.0.join("boot-words")).unwrap();
    let said = look(&image).0;
    assert!(["AD302", "AD304", "AD501", "AD603"].iter().all(|code| said.contains(code)), "{said}");
    let inner = inner.to_str().unwrap();
    for command in said.lines().filter(|line| line.starts_with("    mend: ")) {
        let paths: Vec<_> = command.split(' ').filter(|word| word.starts_with('/')).collect();
        let is_inside = |path: &&str| path.starts_with(inner) || *path == image.0.to_str().unwrap();
        assert!(!paths.is_empty() && paths.iter().all(is_inside), "{command}");
    }
    // Rules are merged by augenrules, which goes by no link that leads elsewhere on this machine.
    for line in said.lines().filter_map(|line| line.strip_prefix("    mend: ")) {
        let line = line.split(" && augenrules").next().unwrap();
        if !line.starts_with("augenrules") {
            assert!(Command::new("sh").args(["-c", line]).status().unwrap().success(), "{line}");
        }
    }
    let said = look(&image).0;
    assert!(["AD302", "AD501", "AD603"].iter().all(|code| !said.contains(code)), "{said}");
    assert_eq!(fs::read_to_string(outside.0.join("rules.d/evil.rules")).unwrap(), evil);
    assert_eq!(fs::read_dir(&outside.0).unwrap().count(), 2);
}

#[test]
fn the_configuration_is_read_as_the_daemon_reads_it() {
    let image = image("doctor-config");
    let conf = image.0.join("etc/audit/auditd.conf");
    fs::rename(&conf, image.0.join("etc/real.conf")).unwrap();
    symlink("../real.conf", &conf).unwrap();
    let said = look(&image).0;
    assert!(said.contains("broken AD601 config-refused: ") && said.contains("is a symbolic link"), "{said}");
    assert_eq!(mend(&image), "0 broken, 0 warnings, 0 notes\n");
    assert!(!fs::symlink_metadata(&conf).unwrap().is_symlink() && read(&image, "etc/audit/auditd.conf") == CONFIG);
    assert_eq!(read(&image, "etc/real.conf"), CONFIG);

    for (ill, said) in [
        ("log_file = /var/log/audit/audit.log\n", "/var/log/audit/audit.log is not a regular file"),
        ("", "/var/log/audit/audit.log is not a regular file"),
        ("name_format = user\n", "User defined name missing"),
    ] {
        let log = image.0.join("var/log/audit/audit.log");
        if said.contains("regular") {
            fs::create_dir_all(&log).unwrap()
        } else {
            fs::remove_dir(&log).unwrap()
        }
        image.file("etc/audit/auditd.conf", format!("{CONFIG}{ill}"));
        let text = look(&image).0;
        assert!(text.contains("broken AD601 ") && text.contains(said), "{ill}: {text}");
    }
    // The reason of such a line stands before the refusal.
    image.file("etc/audit/plugins.d/x.conf", "active = yes\nargs =\n");
    for (code, line) in [("AD603", ""), ("AD601", "freq =\n")] {
        image.file("etc/audit/auditd.conf", format!("{CONFIG}{line}"));
        let text = look(&image).0;
        let found = text.lines().find(|line| line.contains(code)).unwrap_or_default();
        assert!(found.contains("Wrong number of arguments for line"), "{text}");
    }
}

#[test]
fn directories_that_others_can_write_to_and_files_that_are_too_open_are_closed_and_nothing_is_opened() {
    let image = image("doctor-modes");
    let modes = [
        ("etc/audit", 0o777, 0o755),
        ("etc/audit/rules.d", 0o775, 0o755),
        ("etc/audit/auditd.conf", 0o602, 0o600),
        ("etc/audit/rules.d/10-base.rules", 0o444, 0o440),
        ("var/log/audit", 0o703, 0o700),
        ("var/log/audit/audit.log", 0o604, 0o600),
        ("var/log/audit/audit.log.1.gz", 0o446, 0o440),
    ];
    image.file("var/log/audit/audit.log", "");
    image.file("var/log/audit/audit.log.1.gz", "");
    image.file("var/log/audit/audit.logbook", "");
    for (name, mode, _) in modes {
        fs::set_permissions(image.0.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    let said = mend(&image);
    assert_eq!(said, "0 broken, 0 warnings, 0 notes\n");
    for (name, _, mode) in modes {
        assert_eq!(fs::metadata(image.0.join(name)).unwrap().permissions().mode() & 0o777, mode, "{name}");
    }
}

#[test]
fn a_directory_that_is_not_the_logs_alone_is_not_closed() {
    let image = image("doctor-shared");
    image.file("etc/audit/auditd.conf", format!("{CONFIG}log_file = /var/log/app/audit.log\n"));
    fs::set_permissions(image.0.join("etc/audit/auditd.conf"), fs::Permissions::from_mode(0o640)).unwrap();
    for name in ["var/log/app/audit.log", "var/log/app/messages"] {
        fs::set_permissions(image.file(name, ""), fs::Permissions::from_mode(0o640)).unwrap();
    }
    fs::set_permissions(image.0.join("var/log/app"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(look(&image).0, "0 broken, 0 warnings, 0 notes\n");
    fs::remove_file(image.0.join("var/log/app/messages")).unwrap();
    fs::rename(image.0.join("var/log/app/audit.log"), image.0.join("away")).unwrap();
    assert_eq!(look(&image).0, "0 broken, 0 warnings, 0 notes\n", "an empty one is not known to be the log's");
    fs::rename(image.0.join("away"), image.0.join("var/log/app/audit.log")).unwrap();
    assert!(look(&image).0.contains("AD502 too-open: "));
}

#[test]
fn what_cannot_be_read_is_said() {
    let image = image("doctor-unread");
    fs::remove_file(image.0.join("etc/update-extlinux.conf")).unwrap();
    let said = look(&image).0;
    assert!(said.contains("not looked at: the kernel's command line (its place is not known)\n"), "{said}");
    crate::support::make_pipe(image.0.join("etc/update-extlinux.conf"));
    let said = look(&image).0;
    assert!(said.contains("not looked at: the kernel's command line (not a regular file)\n"), "{said}");
    fs::create_dir_all(image.0.join("etc/audit/plugins.d/x.conf")).unwrap();
    let said = look(&image).0;
    assert!(said.contains("x.conf cannot be read (not a regular file)"), "{said}");
}

#[test]
fn loading_stops_where_the_kernel_or_a_lock_refuses_a_line() {
    let image = image("doctor-stops");
    let more = |text: &str| {
        let path = image.file("etc/audit/rules.d/30-more.rules", text);
        fs::set_permissions(path, fs::Permissions::from_mode(0o640)).unwrap();
        look(&image).0
    };
    let said = more("-w /etc/hosts -p wa -k hosts\n");
    assert!(said.contains("AD303") && said.contains("30-more.rules:1: the same rule once more"), "{said}");
    let said = more("-a never,filesystem -F fstype=debugfs -F pid=1\n");
    assert!(said.contains("AD303") && said.contains("30-more.rules:1: "), "{said}");
    assert!(!more("-c\n-w /etc/hosts -p wa -k hosts\n").contains("AD303"));
}
