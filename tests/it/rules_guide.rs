//! docs/rules.md: its right examples have no warning, and its wrong ones the code they are there for.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What `auditctl --check` finds of level warning and above.
fn checked(rules: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_auditbox"))
        .args(["auditctl", "--check", "--no-host", "--machine", "x86_64", "--min-level", "warning"])
        .args(["--format", "compact", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    child.stdin.take().expect("a pipe").write_all(rules.as_bytes()).expect("it reads");
    String::from_utf8(child.wait_with_output().expect("it ends").stdout).expect("text")
}

#[test]
fn every_example_is_what_it_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let text = fs::read_to_string(path).expect("the guide");
    let (mut right, mut wrong) = (0, 0);
    for block in text.split("\n```").skip(1) {
        let (head, rules) = block.split_once('\n').unwrap_or((block, ""));
        match head.split(' ').collect::<Vec<_>>().as_slice() {
            ["rules"] => {
                right += 1;
                assert_eq!(checked(rules), "", "{rules}");
            }
            ["wrong", code] => {
                wrong += 1;
                let found = checked(rules);
                assert!(found.contains(&format!("[{code}]")), "{code} in {rules}: {found}");
            }
            // The end of a block.
            [""] => {}
            other => panic!("{other:?} is no kind of example"),
        }
    }
    assert!(right >= 6 && wrong >= 5, "{right} {wrong}");
}
