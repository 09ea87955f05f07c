//! The man pages: each command has one, and each option that its help text names is described there.

use crate::layering::{root, sources};
use crate::support::BINARY;
use std::collections::{BTreeSet, HashSet};
use std::process::Command;

fn output(words: &[&str]) -> String {
    let output = Command::new(BINARY).args(words).output().expect("the binary runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// The options that a help text names: the words that begin so, after a blank, a comma or a bracket.
fn options_of_help(help: &str) -> BTreeSet<String> {
    let words = help.split([' ', '\t', '\n', ',', '[', ']', '|', '=', '<', '>', ';', ':']);
    let option = |word: &&str| {
        word.strip_prefix('-')
            .is_some_and(|rest| rest.trim_start_matches('-').starts_with(|c: char| c.is_ascii_alphabetic()))
    };
    words.filter(option).map(str::to_owned).collect()
}

/// The options of a page in mdoc(7): the words from `Fl` to the next macro.
fn options_of_page(page: &str) -> BTreeSet<String> {
    let is_macro = |word: &str| word.len() == 2 && word.starts_with(|c: char| c.is_ascii_uppercase());
    let mut options = BTreeSet::new();
    for line in page.lines().filter_map(|line| line.strip_prefix('.')) {
        let mut is_option = false;
        for word in line.split_whitespace() {
            match is_macro(word) {
                true => is_option = word == "Fl",
                false if is_option => drop(options.insert(format!("-{word}"))),
                false => {}
            }
        }
    }
    options
}

#[test]
fn help_is_short_has_an_example_and_names_what_the_page_describes() {
    let list = output(&["--list"]);
    let commands = list.lines().map(|name| (vec![name, "--help"], name));
    let (mut checked, mut missing) = (0, Vec::new());
    for (words, page) in commands.chain([(vec!["doctor", "--help"], "auditbox-doctor"), (vec!["--help"], "auditbox")]) {
        let help = output(&words);
        let lines: Vec<&str> = help.lines().collect();
        assert!(lines.len() < 40 && lines[0].to_lowercase().starts_with("usage: "), "{help}");
        assert!(lines.iter().any(|line| line.starts_with("example: ")), "{help}");
        let text = format!("{}/docs/man/{page}.8", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let (named, described) = (options_of_help(&help), options_of_page(&text));
        missing.extend(named.difference(&described).map(|option| format!("{page} {option}")));
        checked += named.len();
    }
    assert!(missing.is_empty(), "no page describes {missing:?}");
    assert!(checked > 180, "{checked} options were found");
}

#[test]
fn a_page_tells_of_each_file_of_configuration_and_each_program() {
    let top = env!("CARGO_MANIFEST_DIR");
    let pages: String = std::fs::read_dir(format!("{top}/docs/man"))
        .expect("the pages")
        .map(|page| std::fs::read_to_string(page.expect("a page").path()).expect("text"))
        .collect();
    let mut checked = 0;
    for row in std::fs::read_to_string(format!("{top}/packaging/files")).expect("the list").lines() {
        let [part, kind, _, _, path, ..] = row.split_whitespace().collect::<Vec<_>>()[..] else { continue };
        if !row.starts_with('#')
            && ((part == "config" && kind == "keep") || (kind == "file" && path.starts_with("$sbin/")))
        {
            let path = path.replace("$sbin", "/usr/sbin");
            assert!(pages.contains(&path), "no page tells of {path}");
            checked += 1;
        }
    }
    assert!(checked > 10, "{checked} files were found");
}

/// The words of a source, and those of them that it declares.
struct Source {
    words: HashSet<String>,
    declared: HashSet<String>,
}

impl Source {
    fn of(text: &str) -> Source {
        const KINDS: [&str; 8] = ["struct", "enum", "trait", "type", "fn", "const", "static", "mod"];
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        let named = words.clone().zip(words.clone().skip(1)).filter(|(kind, _)| KINDS.contains(kind));
        Source { declared: named.map(|(_, name)| name.to_owned()).collect(), words: words.map(str::to_owned).collect() }
    }
}

#[test]
fn what_the_documents_say_of_the_code_is_there() {
    let files = ["src", "applets", "tests/it"].map(|folder| sources(&root().join(folder)));
    let sources: Vec<Source> = files.iter().flatten().map(|(_, text)| Source::of(text)).collect();
    let declares = |name: &str| sources.iter().any(|source| source.declared.contains(name));
    let mut checked = 0;
    for page in ["README.md", "docs/architecture.md", "CONTRIBUTING.md", "SECURITY.md"] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        for name in text.split('`').skip(1).step_by(2) {
            let Some((of, member)) = name.trim_end_matches("()").split_once("::") else { continue };
            let is_word = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !is_word(of) || !is_word(member) {
                continue;
            }
            checked += 1;
            let is_type = of.starts_with(|c: char| c.is_ascii_uppercase());
            let are_together = |source: &Source| source.words.contains(of) && source.words.contains(member);
            let is_there = match is_type {
                true => declares(of) && sources.iter().any(are_together),
                false => declares(member),
            };
            assert!(is_there, "{page} names `{name}`, which is not in the code");
        }
    }
    assert!(checked > 15, "{checked} names were found");
}
