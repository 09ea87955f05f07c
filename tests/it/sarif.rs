//! `auditctl --check --format sarif` against what SARIF 2.1.0 (OASIS standard, sections 3.13 to 3.49, and its JSON schema) requires: the
//! properties that must be there, those that may be, their types, and that every helpUri leads to a heading of docs/findings.md.

use crate::json_value::Value;
use crate::support::{Dir, applet};
use std::collections::BTreeSet;
use std::fs;

/// What a member holds.
enum Kind {
    Text,
    OneOf(&'static [&'static str]),
    /// An absolute URI.
    Uri,
    /// A URI, or the part of one.
    Reference,
    /// A number of at least this.
    From(i64),
    /// An object of this shape.
    One(&'static Shape),
    /// A list of them; no two are equal where that is `true`.
    Many(&'static Shape, bool),
}

use Kind::{From, Many, One, OneOf, Reference, Text, Uri};

/// An object of the standard: its members, of which those that begin with `!` are required, and groups of which one must be there.
struct Shape {
    members: &'static [(&'static str, Kind)],
    one_of: &'static [&'static str],
}

const LEVELS: &[&str] = &["none", "note", "warning", "error"];

static MESSAGE: Shape = Shape { members: &[("text", Text), ("markdown", Text), ("id", Text)], one_of: &["text", "id"] };
static MULTIFORMAT: Shape = Shape { members: &[("!text", Text), ("markdown", Text)], one_of: &[] };
static CONFIGURATION: Shape = Shape { members: &[("level", OneOf(LEVELS))], one_of: &[] };
static DESCRIPTOR: Shape = Shape {
    members: &[
        ("!id", Text),
        ("name", Text),
        ("shortDescription", One(&MULTIFORMAT)),
        ("fullDescription", One(&MULTIFORMAT)),
        ("help", One(&MULTIFORMAT)),
        ("helpUri", Uri),
        ("defaultConfiguration", One(&CONFIGURATION)),
    ],
    one_of: &[],
};
static COMPONENT: Shape = Shape {
    members: &[
        ("!name", Text),
        ("version", Text),
        ("semanticVersion", Text),
        ("informationUri", Uri),
        ("rules", Many(&DESCRIPTOR, true)),
    ],
    one_of: &[],
};
static TOOL: Shape =
    Shape { members: &[("!driver", One(&COMPONENT)), ("extensions", Many(&COMPONENT, true))], one_of: &[] };
static ARTIFACT: Shape =
    Shape { members: &[("uri", Reference), ("uriBaseId", Text), ("index", From(-1))], one_of: &[] };
static REGION: Shape = Shape {
    members: &[("startLine", From(1)), ("startColumn", From(1)), ("endLine", From(1)), ("endColumn", From(1))],
    one_of: &[],
};
static PHYSICAL: Shape = Shape {
    members: &[("artifactLocation", One(&ARTIFACT)), ("region", One(&REGION))],
    one_of: &["artifactLocation", "address"],
};
static LOCATION: Shape = Shape {
    members: &[("id", From(-1)), ("physicalLocation", One(&PHYSICAL)), ("message", One(&MESSAGE))],
    one_of: &[],
};
static RESULT: Shape = Shape {
    members: &[
        ("ruleId", Text),
        ("ruleIndex", From(-1)),
        ("level", OneOf(LEVELS)),
        ("!message", One(&MESSAGE)),
        ("locations", Many(&LOCATION, false)),
        ("relatedLocations", Many(&LOCATION, true)),
    ],
    one_of: &[],
};
static RUN: Shape = Shape {
    members: &[
        ("!tool", One(&TOOL)),
        ("columnKind", OneOf(&["utf16CodeUnits", "unicodeCodePoints"])),
        ("results", Many(&RESULT, false)),
    ],
    one_of: &[],
};
static LOG: Shape =
    Shape { members: &[("$schema", Uri), ("!version", OneOf(&["2.1.0"])), ("!runs", Many(&RUN, false))], one_of: &[] };

impl Shape {
    /// What is wrong with `value`, each with its place.
    fn faults(&self, place: &str, value: &Value) -> Vec<String> {
        let Value::Object(members) = value else { return vec![format!("{place} is no object")] };
        let mut faults = Vec::new();
        for (name, _) in self.members.iter().filter_map(|(name, kind)| name.strip_prefix('!').map(|name| (name, kind)))
        {
            if value.get(name).is_none() {
                faults.push(format!("{place} lacks {name}"));
            }
        }
        if !self.one_of.is_empty() && self.one_of.iter().all(|name| value.get(name).is_none()) {
            faults.push(format!("{place} has none of {:?}", self.one_of));
        }
        for (name, value) in members {
            let place = format!("{place}.{name}");
            match self.members.iter().find(|(known, _)| known.trim_start_matches('!') == name) {
                Some((_, kind)) => faults.extend(kind.faults(&place, value)),
                None => faults.push(format!("{place} is not in the standard")),
            }
        }
        faults
    }
}

impl Kind {
    fn faults(&self, place: &str, value: &Value) -> Vec<String> {
        let is_reference = |text: &str| {
            let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
            !text.is_empty() && text.bytes().all(is_allowed) && !text.starts_with("//")
        };
        let is_good = match (self, value) {
            (Text, Value::Text(_)) => true,
            (OneOf(words), Value::Text(text)) => words.contains(&&text[..]),
            (Uri, Value::Text(text)) => text.contains("://") && is_reference(text),
            (Reference, Value::Text(text)) => is_reference(text),
            (From(least), Value::Number(number)) => number >= least,
            (One(shape), value) => return shape.faults(place, value),
            (Many(shape, is_unique), Value::List(list)) => {
                let mut faults: Vec<String> =
                    (0..).zip(list).flat_map(|(at, value)| shape.faults(&format!("{place}[{at}]"), value)).collect();
                if *is_unique && list.iter().collect::<BTreeSet<_>>().len() < list.len() {
                    faults.push(format!("{place} has two that are equal"));
                }
                return faults;
            }
            _ => false,
        };
        if is_good { Vec::new() } else { vec![format!("{place} is {value:?}")] }
    }
}

/// The SARIF document of these files.
fn sarif(paths: &[&str]) -> Value {
    let words = [&["--check", "--no-host", "--machine", "x86_64", "--format", "sarif"], paths].concat();
    let output = applet("auditctl").args(words).output().expect("it runs");
    Value::parse(&output.stdout)
}

#[test]
fn every_document_has_what_the_standard_requires_and_nothing_else() {
    let dir = Dir::new("sarif");
    let text = "-D\n-a never,exit -F uid=0\n-a always,exit -F uid=0 -S all -k r\u{e9}x\n-w relative\n-w /a -p w\n-w /a -p w\n\
                -w /a -p w\n-a always,exit -S read\n-a always,exit -F arch=b64 -S mount -F auid>=1000 -k \u{201c}m\u{201d}\n";
    let plain = dir.file("r/10-plain.rules", text);
    let odd = dir.file("r/20 od\u{e9}:#?%.rules", [text.as_bytes(), b"-w /\xff\xfe -p x\n-w /a\0b\n"].concat());
    let directory = dir.0.join("r").to_str().expect("a path").to_owned();
    let empty = dir.file("empty.rules", "");
    let slashes = format!("//{plain}");
    for paths in [&[&slashes[..]][..], &[&plain], &[&odd], &[&plain, &odd], &[&directory], &[&empty]] {
        let document = sarif(paths);
        assert_eq!(LOG.faults("log", &document), Vec::<String>::new(), "{paths:?}");
        let [run] = document.list("runs") else { panic!("one run") };
        let rules = run.get("tool").and_then(|tool| tool.get("driver")).expect("a driver").list("rules");
        assert_eq!(run.list("results").is_empty(), paths == [empty.as_str()]);
        for result in run.list("results") {
            let Some(Value::Number(index)) = result.get("ruleIndex") else { panic!("{result:?}") };
            assert_eq!(rules[*index as usize].text("id"), result.text("ruleId"));
        }
    }
}

#[test]
fn the_check_of_the_documents_finds_what_is_wrong() {
    for (document, fault) in [
        (r#"{"runs":[]}"#, "log lacks version"),
        (r#"{"version":"2.0.0","runs":[]}"#, "log.version is Text(\"2.0.0\")"),
        (r#"{"version":"2.1.0","runs":[{}]}"#, "log.runs[0] lacks tool"),
        (r#"{"version":"2.1.0","runs":[],"tool":1}"#, "log.tool is not in the standard"),
        (
            r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x","rules":[{"id":"a"},{"id":"a"}]}}}]}"#,
            "log.runs[0].tool.driver.rules has two that are equal",
        ),
        (
            r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":[{"message":{}}]}]}"#,
            "log.runs[0].results[0].message has none of [\"text\", \"id\"]",
        ),
        (
            r#"{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x","informationUri":"docs/a b"}}}]}"#,
            "log.runs[0].tool.driver.informationUri is Text(\"docs/a b\")",
        ),
    ] {
        assert_eq!(LOG.faults("log", &Value::parse(document.as_bytes())), [fault]);
    }
}

/// The anchors that a Markdown page has for its headings: small letters, spaces as dashes, no other marks than dashes and underscores.
fn anchors(page: &str) -> Vec<String> {
    let is_kept = |letter: &char| letter.is_alphanumeric() || "-_ ".contains(*letter);
    let of =
        |heading: &str| heading.trim().to_lowercase().chars().filter(is_kept).collect::<String>().replace(' ', "-");
    page.lines().filter(|line| line.starts_with('#')).map(|line| of(line.trim_start_matches('#'))).collect()
}

#[test]
fn every_rule_leads_to_its_place_in_the_documentation() {
    let home = concat!(env!("CARGO_PKG_HOMEPAGE"), "/");
    let dir = Dir::new("sarif-help");
    let document = sarif(&[&dir.file("empty.rules", "")]);
    let driver = document.list("runs")[0].get("tool").and_then(|tool| tool.get("driver")).expect("a driver");
    assert_eq!(driver.text("informationUri"), Some(env!("CARGO_PKG_HOMEPAGE")));
    let mut places = BTreeSet::new();
    for rule in driver.list("rules") {
        let uri = rule.text("helpUri").expect("each has one");
        let (page, anchor) = uri.strip_prefix(home).and_then(|path| path.split_once('#')).expect("a page and a place");
        let text = fs::read_to_string(format!("{}/{page}", env!("CARGO_MANIFEST_DIR"))).expect("a page of the project");
        assert!(anchors(&text).iter().any(|known| known == anchor), "{page} has no {anchor}");
        assert!(places.insert(uri.to_owned()), "{uri} is of two rules");
        // What it means stands there in the same words.
        let about = rule.get("shortDescription").and_then(|about| about.text("text")).expect("it has one");
        let (_, section) = text.split_once(&format!("\n## {} ", rule.text("id").expect("an id"))).expect("a section");
        assert!(section.split("\n## ").next().expect("its text").contains(about), "{uri} does not say: {about}");
    }
    assert!(places.len() > 25);
}
