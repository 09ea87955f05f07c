//! docs/rules.md and docs/findings.md: their right examples have no warning, and the wrong ones the code they are there for.

use crate::support::{applet, transcript};
use std::fs;
use std::path::Path;

/// What `auditctl --check` finds of this level and above; `options` are of the example, or else no host is looked at.
fn checked(rules: &str, level: &str, options: &[&str]) -> String {
    let host = if options.first() == Some(&"--root") { &[][..] } else { &["--no-host"] };
    let words = ["--check", "--machine", "x86_64", "--min-level", level, "--format", "compact", "-"];
    transcript(applet("auditctl").args(words).args(host).args(options), rules).1
}

/// The examples of a page are what they say; how many right and wrong ones there are, the latter by their codes.
fn examples(page: &str) -> (usize, Vec<String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let text = fs::read_to_string(path).expect("the page");
    let (mut right, mut wrong) = (0, Vec::new());
    for block in text.split("\n```").skip(1) {
        let (head, rules) = block.split_once('\n').unwrap_or((block, ""));
        match head.split(' ').collect::<Vec<_>>().as_slice() {
            ["rules", options @ ..] => {
                right += 1;
                assert_eq!(checked(rules, "warning", options), "", "{rules}");
            }
            ["wrong", code, options @ ..] => {
                wrong.push((*code).to_owned());
                let found = checked(rules, "note", options);
                assert!(found.contains(&format!("[{code}]")), "{code} in {rules}: {found}");
            }
            // The end of a block.
            [""] => {}
            other => panic!("{other:?} is no kind of example"),
        }
    }
    (right, wrong)
}

#[test]
fn every_example_of_the_guide_is_what_it_says() {
    let (right, wrong) = examples("docs/rules.md");
    assert!(right >= 6 && wrong.len() >= 5, "{right} {wrong:?}");
}

#[test]
fn every_code_has_an_example() {
    let codes: Vec<&str> = auditbox::rule::check::codes::ALL.iter().map(|code| code.id).collect();
    assert_eq!(examples("docs/findings.md").1, codes);
}
