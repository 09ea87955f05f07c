//! The multicall binary: how it finds an applet, and what it answers under its own name.

use crate::support::{BINARY, Dir};
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Command, Output};

fn auditbox(words: &[&str]) -> Output {
    Command::new(BINARY).args(words).output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("output is text")
}

fn applets() -> Vec<String> {
    text(&auditbox(&["--list"]).stdout).lines().map(String::from).collect()
}

/// Installs the links into `dir`.
fn install(dir: &Dir, more: &[&str]) -> Output {
    Command::new(BINARY).arg("--install").arg(&dir.0).args(more).output().expect("the binary runs")
}

#[test]
fn version_names_the_package() {
    assert_eq!(text(&auditbox(&["--version"]).stdout), concat!("auditbox ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn list_is_sorted_and_help_explains_each_applet() {
    let names = applets();
    assert!(names.iter().any(|n| n == "ausyscall"));
    assert!(names.is_sorted());
    let help = auditbox(&["--help"]);
    assert!(help.status.success());
    for name in &names {
        assert!(text(&help.stdout).contains(&format!("\n  {name} ")), "{name}");
    }
}

#[test]
fn the_doctor_is_named_where_there_is_one() {
    assert_eq!(text(&auditbox(&["--help"]).stdout).contains("| doctor |"), cfg!(feature = "doctor"));
    assert_eq!(auditbox(&["doctor", "--help"]).status.success(), cfg!(feature = "doctor"));
}

#[test]
fn no_words_show_the_help() {
    assert_eq!(auditbox(&[]).stdout, auditbox(&["--help"]).stdout);
}

#[test]
fn an_unknown_applet_is_named() {
    let output = auditbox(&["auditbogus", "-x"]);
    assert_eq!(output.status.code(), Some(127));
    assert!(text(&output.stderr).contains("auditbogus"));
    assert!(output.stdout.is_empty());
}

#[test]
fn the_name_it_is_called_by_picks_the_applet() {
    let output = Command::new(BINARY).arg0("/some/where/ausyscall").args(["x86_64", "0"]).output().expect("it runs");
    assert_eq!(text(&output.stdout), "read\n");
    assert_eq!(output.stdout, auditbox(&["ausyscall", "x86_64", "0"]).stdout);
}

#[test]
fn install_links_every_applet_and_may_be_repeated() {
    let dir = Dir::new("symbolic");
    for _ in 0..2 {
        let output = install(&dir, &[]);
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    let binary = fs::canonicalize(BINARY).expect("the binary exists");
    for name in applets() {
        assert_eq!(fs::read_link(dir.0.join(&name)).expect("a symbolic link"), binary);
    }
    let output = Command::new(dir.0.join("ausyscall")).args(["i386", "5"]).output().expect("the link runs");
    assert_eq!(text(&output.stdout), "open\n");
}

#[test]
fn install_hard_makes_the_files_one() {
    use std::os::unix::fs::MetadataExt;
    let dir = Dir::new("hard");
    assert!(install(&dir, &["--hard"]).status.success());
    assert!(install(&dir, &["--hard"]).status.success());
    let inode = fs::metadata(BINARY).expect("the binary exists").ino();
    for name in applets() {
        assert_eq!(fs::symlink_metadata(dir.0.join(name)).expect("a link").ino(), inode);
    }
}

#[test]
fn install_leaves_a_foreign_file_alone_and_names_it() {
    let dir = Dir::new("foreign");
    let theirs = dir.0.join("ausyscall");
    fs::write(&theirs, "theirs").expect("a file");
    let output = install(&dir, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains(theirs.to_str().expect("a plain path")));
    assert_eq!(fs::read(&theirs).expect("still there"), b"theirs");
}

#[test]
fn install_wants_one_directory() {
    for words in [&["--install"][..], &["--install", "--hard"], &["--install", "a", "b"]] {
        let output = auditbox(words);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("one directory"));
    }
    assert_eq!(auditbox(&["--install", "/no/such/directory"]).status.code(), Some(1));
}
