//! `auditbox doctor` on images: what it finds there, and that no file of an image leads it astray. What it says of a kernel and its
//! daemon is shown in the guest (tests/guest/doctor.sh).

use crate::support::{BINARY, Dir};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Output, Stdio};

fn doctor(words: &[&str]) -> Output {
    Command::new(BINARY).arg("doctor").args(words).stdin(Stdio::null()).output().expect("it runs")
}

/// What it says of an image, and how it ends.
fn look(image: &Dir) -> (String, Option<i32>) {
    let output = doctor(&["--root", image.0.to_str().unwrap()]);
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
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    }
    let (said, _) = look(&image);
    assert!(said.contains("not looked at: auditd.conf, the log and the plugins ("), "{said}");
}

#[test]
fn json_is_one_object_and_wrong_words_end_with_3() {
    let image = image("doctor-json");
    image.file("etc/audit/plugins.d/x.conf", b"active = yes\npath = /sbin/\xFF\"\\\n");
    let output = doctor(&["--root", image.0.to_str().unwrap(), "--format", "json"]);
    let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    assert!(text.starts_with("{\"status\":\"warnings\",\"findings\":[{\"code\":\"AD603\","), "{text}");
    assert!(text.ends_with("]}\n") && text.lines().count() == 1, "{text}");
    for words in
        [&["--nosuch"][..], &["--root"], &["--root", "/nonexistent"], &["--format", "x"], &["--machine", "x86_64"]]
    {
        let output = doctor(words);
        assert_eq!((output.status.code(), &output.stdout[..]), (Some(3), &b""[..]), "{words:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("usage: auditbox doctor"));
    }
}
