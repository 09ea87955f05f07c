//! What is kept for the fuzz targets, fuzz/corpus/TARGET/*, run through their bodies with every `cargo test`. An input that
//! once broke something is added there, shortened, under a name that says what is odd in it.

use crate::enrich_properties::bodies as enrich;
use crate::interpret_properties::bodies as interpret;
use crate::reading_properties::bodies as reading;
use crate::remote_properties::bodies as remote;
use crate::rule_properties::bodies as rule;
#[cfg(feature = "tls")]
use crate::tls_properties::bodies as tls;
use std::fs;
use std::path::Path;

/// What a target does with an input.
type Body = fn(&[u8]);

#[cfg(not(feature = "tls"))]
mod tls {
    //! Not in this build.

    pub(super) fn end(_: &[u8]) {}
}

/// The targets and what they do, as fuzz/fuzz_targets has them.
const TARGETS: [(&str, Body); 11] = [
    ("checkpoint", reading::checkpoint),
    ("enrich", enrich::record),
    ("expression", reading::expression),
    ("interpret", interpret::record),
    ("kernel_reply", rule::kernel_reply),
    ("record_log", reading::log),
    ("remote_collector", remote::collector),
    ("remote_messages", remote::messages),
    ("rule_text", rule::rule_text),
    ("rules_file", rule::rules_file),
    ("tls", tls::end),
];

/// The names in a folder of fuzz/, without their endings.
fn names(folder: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let name = |path: &Path| path.file_stem().expect("a name").to_string_lossy().into_owned();
    let mut names: Vec<_> = entries.map(|entry| name(&entry.expect("an entry").path())).collect();
    names.sort();
    names
}

#[test]
fn every_target_has_a_corpus_that_is_run_here() {
    assert_eq!(names("fuzz_targets"), TARGETS.map(|(name, _)| name));
    assert_eq!(names("corpus"), TARGETS.map(|(name, _)| name));
}

#[test]
fn inputs_that_are_kept_break_nothing() {
    for (target, body) in TARGETS {
        let inputs = names(&format!("corpus/{target}"));
        assert!(inputs.len() >= 8, "{target} has {} inputs", inputs.len());
        for input in inputs {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target).join(&input);
            // A panic names the input that was begun last.
            eprintln!("{target}/{input}");
            body(&fs::read(path).expect("an input"));
        }
    }
}
