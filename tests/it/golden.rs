//! Golden records: what `ausearch -i`, `--format csv` and `--format text` make of the logs under tests/it/golden, one file
//! each, named for what is odd in it. A file says why it is there, then has the section log and those of interpret, csv and
//! text that it is about. Users are those that no machine has.
//!
//! `GOLDEN=write cargo test --test it golden` writes the answers of today into the files (all three into one with a log only),
//! for a look at what git says of it.

use crate::support::{Dir, applet};
use std::fs;
use std::path::{Path, PathBuf};

/// The sections after the log, and how ausearch is asked for each.
const SECTIONS: [(&str, &[&str]); 3] =
    [("interpret", &["-i"]), ("csv", &["--format", "csv"]), ("text", &["--format", "text"])];

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    files
}

/// What stands before the sections, and the sections by their names.
fn parts(text: &str) -> (&str, Vec<(&str, &str)>) {
    let (why, rest) = text.split_once("\n--- ").expect("a section");
    let sections = rest.split("\n--- ").map(|section| section.split_once('\n').expect("the name of a section"));
    (why, sections.collect())
}

/// What ausearch answers. Bytes that are no text are shown as such, so that a file is text.
fn answer(log: &str, words: &[&str]) -> String {
    let mut command = applet("ausearch");
    let output = command.args(["-if", log]).args(words).output().expect("ausearch runs");
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim_end().to_owned()
}

#[test]
fn odd_records_are_shown_as_they_always_were() {
    let dir = Dir::new("golden");
    let mut wrong = Vec::new();
    for file in files() {
        let text = fs::read_to_string(&file).expect("a golden file is text");
        let (why, sections) = parts(&text);
        let section = |name: &str| sections.iter().find(|(n, _)| *n == name).map(|(_, text)| text.trim_end());
        let lines = section("log").expect("a log");
        let log = dir.file("audit.log", format!("{lines}\n"));
        let asked = SECTIONS.iter().filter(|(name, _)| sections.len() == 1 || section(name).is_some());
        let answers: Vec<_> = asked.map(|(name, words)| (name, answer(&log, words))).collect();
        if std::env::var_os("GOLDEN").is_some_and(|word| word == "write") {
            let answers: String = answers.iter().map(|(name, text)| format!("--- {name}\n{text}\n")).collect();
            fs::write(&file, format!("{why}\n--- log\n{lines}\n{answers}")).expect("the file is ours");
            continue;
        }
        for (name, is) in answers.iter().filter(|(name, is)| section(name) != Some(is.as_str())) {
            let was = section(name).unwrap_or("(no such section)");
            wrong.push(format!("{} ({why}): {name} was\n{was}\nand is\n{is}\n", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn there_are_golden_records_for_each_kind_of_oddity() {
    assert!(files().len() >= 40, "{} files", files().len());
}
