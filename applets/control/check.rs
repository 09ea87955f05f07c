//! `auditctl --check` and what `augenrules --check` says of the rules: findings, and their repair.

use super::RuleHost;
use super::library::Profile;
use super::mode_options::{Options, WRONG};
use super::rules_file::{self, Rules, SourceFile};
use crate::output::{must_finish, say, show_file};
use auditbox::rule::Host;
use auditbox::rule::check::{Exists, Finding, Level, Source, Target, TooManyLines, check, codes, fix, format};
use auditbox::sys::error_reason;
use auditbox::sys::files;
use std::os::unix::ffi::OsStrExt;

/// After this number of rounds of repair it is given up; one fix may make room for another. Rules that are merged become half as many
/// in a round, and the fields of a rule, 64 at most, are in order after as many as it has.
const ROUNDS: usize = 128;

/// Does what the options ask for; returns 0 when nothing is found, 1 when something is, 2 when rules cannot be read.
pub(super) fn run(options: &Options) -> u8 {
    match rules_file::read_named(&options.names).and_then(|rules| report(rules, options)) {
        Ok(status) => status,
        Err(message) => {
            say(format!("auditctl: {message}"));
            WRONG
        }
    }
}

fn report(mut rules: Rules, options: &Options) -> Result<u8, String> {
    if options.names.is_empty() {
        return Err("--check needs rules: files, directories, or - for standard input".to_owned());
    }
    if options.fix && !options.diff_only && options.names.iter().any(|name| name == "-") {
        return Err("standard input cannot be repaired in its place; --diff-only shows what would be".to_owned());
    }
    let host = options.host();
    let wanted = match &options.profile {
        Some(name) => {
            Profile::open(name, options.library(), host.machine().ok_or("no profile is for this machine")?)?.files
        }
        None => Vec::new(),
    };
    if options.fix || options.diff_only {
        let repaired = repaired(&rules, &wanted, options, &host)?;
        if options.diff_only {
            let mut out = Vec::new();
            let pairs = rules.files.iter().zip(&repaired).filter(|(old, new)| old.text != new.text);
            pairs.for_each(|(old, new)| out.extend(fix::unified_diff(&old.name, &old.text, &new.text)));
            show_file(&out);
            return Ok(u8::from(!out.is_empty()));
        }
        must_finish();
        write(&rules.files, &repaired)?;
        rules.files = repaired;
    }
    let level = options.level.unwrap_or(Level::Note);
    let mut findings = findings(&rules, &wanted, options, &host)?;
    rules.files.extend(wanted);
    let sources = sources(&rules.files);
    findings.retain(|finding| finding.level >= level);
    let mut out = Vec::new();
    format::write(&findings, &sources, options.format.unwrap_or(format::Format::Text), &mut out);
    show_file(&out);
    Ok(u8::from(!findings.is_empty()))
}

pub(super) fn sources(files: &[SourceFile]) -> Vec<Source<'_>> {
    files.iter().map(|file| Source { name: file.path.as_os_str().as_bytes(), text: &file.text }).collect()
}

fn findings(rules: &Rules, wanted: &[SourceFile], options: &Options, host: &RuleHost) -> Result<Vec<Finding>, String> {
    // What may not be seen may be there.
    let exists = |path: &[u8]| host.exists(path) || host.is_hidden(path);
    let exists: Option<Exists> = if options.knows_paths() { Some(&exists) } else { None };
    let profile = sources(wanted);
    let target = Target { host, kernel: options.kernel, exists, profile: &profile };
    check(&sources(&rules.files), rules.is_set, &target).map_err(|error: TooManyLines| error.to_string())
}

/// The files with all safe fixes made.
fn repaired(
    rules: &Rules,
    wanted: &[SourceFile],
    options: &Options,
    host: &RuleHost,
) -> Result<Vec<SourceFile>, String> {
    let mut rules = Rules { files: rules.files.clone(), is_set: rules.is_set };
    for round in 0..ROUNDS {
        let found = findings(&rules, wanted, options, host);
        // A repair may add lines.
        let found = found.map_err(|error| if round > 0 { format!("with its repairs: {error}") } else { error });
        let edits = fix::safe_edits(&found?);
        if edits.is_empty() {
            return Ok(rules.files);
        }
        for (number, file) in rules.files.iter_mut().enumerate() {
            file.text = fix::apply(&file.text, number, &edits);
        }
    }
    Err(format!("after {ROUNDS} rounds of repair there is still something to repair: nothing is changed"))
}

/// Puts the repaired files in the place of the old ones, each whole or not at all, with owner and mode of the old one.
fn write(old: &[SourceFile], new: &[SourceFile]) -> Result<(), String> {
    for (old, new) in old.iter().zip(new).filter(|(old, new)| old.text != new.text) {
        files::replace_like(&old.path, &new.text)
            .map_err(|error| format!("cannot write {} ({})", old.name, error_reason(&error)))?;
    }
    Ok(())
}

/// What is wrong or doubtful in a set of rules.
pub(crate) struct Judgement {
    /// In compact form.
    pub(crate) said: Vec<u8>,
    /// `None` when the rules are too many to be checked.
    findings: Option<Vec<Finding>>,
}

impl Judgement {
    /// Of a set of rules for `host`.
    pub(crate) fn of(files: &[SourceFile], host: &RuleHost) -> Judgement {
        Judgement::with_settings(files, host, &[])
    }

    /// The same, and which settings of a profile it has not.
    pub(super) fn with_settings(files: &[SourceFile], host: &RuleHost, profile: &[SourceFile]) -> Judgement {
        let (sources, profile) = (sources(files), sources(profile));
        let mut said = Vec::new();
        let mut findings = match check(&sources, true, &Target { profile: &profile, ..Target::of(host) }) {
            Ok(findings) => findings,
            Err(error) => return Judgement { said: format!("not checked: {error}\n").into_bytes(), findings: None },
        };
        let is_of_rule =
            |finding: &Finding| finding.code.id.starts_with("AB5") && finding.code != &codes::PROFILE_SETTING;
        findings.retain(|finding| finding.level >= Level::Warning && !is_of_rule(finding));
        format::write(&findings, &sources, format::Format::Compact, &mut said);
        Judgement { said, findings: Some(findings) }
    }

    /// Something is an error, or a setting of the profile is missing, or nothing is known.
    pub(super) fn is_wrong(&self) -> bool {
        let is_wrong = |found: &Finding| found.level == Level::Error || found.code == &codes::PROFILE_SETTING;
        self.findings.as_ref().is_none_or(|all| all.iter().any(is_wrong))
    }

    /// Loading would stop before the last line.
    pub(crate) fn stops(&self) -> bool {
        self.findings.iter().flatten().any(|found| found.stops)
    }
}
