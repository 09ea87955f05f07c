//! What `make` says where something is missing, and that a directory it installs into may have any name.

use crate::support::{BINARY, Dir};
use std::process::{Command, Output};

/// Makes these without a build, by this binary.
fn make(words: &[&str]) -> Output {
    let mut command = Command::new("make");
    command.args(["-s", "-o", "build", &format!("BINARY={BINARY}")]).args(words);
    for name in ["MAKEFLAGS", "MAKELEVEL", "MFLAGS"] {
        command.env_remove(name); // of a make that runs the tests
    }
    command.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("make runs")
}

#[test]
fn what_is_not_there_is_named_in_one_line() {
    for (words, named) in [
        (["install", "TARGET=nosuch"], "there is no out/dist/auditbox-nosuch: make dist TARGET=nosuch builds it"),
        (["dist", "TARGET=nosuch"], "nosuch is no target of rustc"),
    ] {
        let output = make(&words);
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = said.lines().filter(|line| !line.starts_with("make: ")).collect();
        assert!(!output.status.success() && lines.len() == 1 && lines[0].contains(named), "{words:?}: {said}");
    }
}

#[test]
fn a_directory_of_any_name_is_installed_into_and_cleaned() {
    let dir = Dir::new("making-it's $HOME");
    let into = format!("DESTDIR={}", dir.0.display().to_string().replace('$', "$$"));
    for words in [["install", &into], ["uninstall", &into]] {
        let output = make(&words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(dir.0.join("usr/sbin/auditctl").exists(), words[0] == "install");
        assert!(dir.0.join("etc/audit/auditd.conf").exists());
    }
}
