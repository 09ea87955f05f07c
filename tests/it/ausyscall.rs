//! ausyscall(8) as transcripts: command, standard output, standard error, status.

use crate::support::BINARY;
use std::process::Command;

fn check(line: &str, stdout: &str, stderr: &str, status: i32) {
    let output = Command::new(BINARY).args(line.split(' ')).output().expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("output is text");
    assert_eq!(text(output.stdout), stdout, "{line}");
    assert_eq!(text(output.stderr), stderr, "{line}");
    assert_eq!(output.status.code(), Some(status), "{line}");
}

const USAGE: &str = "usage: ausyscall [arch] name | number | --dump | --exact\n";

#[test]
fn numbers_become_names() {
    check("ausyscall x86_64 257", "openat\n", "", 0);
    check("ausyscall 5x i386", "open\n", "", 0);
    check("ausyscall c00000b7 221", "execve\n", "", 0);
    check("ausyscall mipsel_o32 4003", "read\n", "", 0);
    check("ausyscall x86_64 9999", "", "Unknown syscall 9999 using x86_64 lookup table\n", 1);
    check("ausyscall arm 4294967296", "", "Unknown syscall 4294967296 using armeb lookup table\n", 1);
}

#[test]
fn names_are_found_by_any_part_of_them() {
    check(
        "ausyscall x86_64 CHOWN",
        "chown              92\nfchown             93\nlchown             94\nfchownat           260\n",
        "",
        0,
    );
    check("ausyscall x86_64 nosuch", "", "Unknown syscall nosuch using x86_64 lookup table\n", 1);
}

#[test]
fn exact_wants_the_whole_name() {
    check("ausyscall i386 OPEN --exact", "5\n", "", 0);
    check("ausyscall --exact aarch64 open", "", "Unknown syscall open using aarch64 lookup table\n", 1);
}

#[test]
fn uring_is_a_table_only_beside_another_word() {
    check("ausyscall uring 18", "openat\n", "", 0);
    check("ausyscall uring openat --exact", "18\n", "", 0);
    let output = Command::new(BINARY).args(["ausyscall", "uring"]).output().expect("it runs");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("io_uring_setup "));
}

#[test]
fn dump_lists_a_machine_in_order() {
    let output = Command::new(BINARY).args(["ausyscall", "s390x", "--dump"]).output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("output is text");
    assert!(text.starts_with("Using s390x syscall table:\n1\texit\n2\tfork\n3\tread\n"));
    assert!(text.ends_with("\n471\trseq_slice_yield\n"));
}

#[test]
fn words_that_do_not_fit_together() {
    check("ausyscall", "", USAGE, 1);
    check("ausyscall a b c d", "", &format!("Too many arguments\n{USAGE}"), 1);
    check("ausyscall 1 2", "", &format!("Two syscall numbers not allowed\n{USAGE}"), 1);
    check("ausyscall i386 ppc", "", &format!("Two machine types not allowed\n{USAGE}"), 1);
    check("ausyscall open close", "", &format!("Two syscall names not allowed\n{USAGE}"), 1);
    let neither = "Error - either a syscall name or number must be given with an optional arch\n";
    check("ausyscall i386", "", neither, 1);
    check("ausyscall --exact", "", neither, 1);
}

#[test]
fn machines_that_are_gone() {
    check("ausyscall alpha 1", "", "Alpha processor support is deprecated\n", 1);
    check("ausyscall ia64 i386 1", "exit\n", "IA64 processor support is deprecated\n", 0);
}
