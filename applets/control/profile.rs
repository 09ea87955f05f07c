//! `augenrules --profile NAME --check|--install`: what of a profile is in rules.d, and how it comes there.
//!
//! What is installed is what the machine can use. Nothing that an administrator has changed is overwritten or deleted.

use super::check::{Judgement, sources};
use super::library::{Profile, read};
use super::rules_file::{self, SourceFile};
use super::{RuleHost, diff};
use crate::output::{complain, show};
use auditbox::rule::check::{Target, in_force};
use auditbox::rule::diff::{Difference, diff as differences};
use auditbox::rule::wanted::{Lack, Why, lacks};
use auditbox::rule::{Host, Rule, merge, profile};
use auditbox::sys::error_reason;
use auditbox::sys::files;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::ptr;

/// Modes of rules.d and of a file in it.
const MODES: (u32, u32) = (0o750, 0o640);

impl Profile<'_> {
    /// Whether all rules of the profile are in force with `rules_d`, by their meaning, and its settings; shows which are not. Returns 0
    /// when they are and none is wrong, otherwise 1.
    pub(crate) fn check(&self, rules_d: &Path, host: &RuleHost) -> Result<u8, String> {
        let present = present(rules_d)?;
        let judgement = Judgement::with_settings(&present, host, &self.files);
        complain(&judgement.said);
        let own = diff::in_force(&self.files, true, host)?;
        let (there, _) = in_force(&sources(&present), true, &Target::of(host));
        let lacks = lacks(&own, &there, host.machine());
        let mut out = Vec::new();
        lacks.iter().for_each(|lack| print(lack, host, &mut out));
        let mut moved = differences(&own, &there, host.machine());
        moved.retain(|difference| matches!(difference, Difference::Moved(..)));
        moved.iter().for_each(|difference| diff::print(difference, host, &mut out));
        let is_lacking =
            |rule: &&Rule| lacks.iter().any(|lack| ptr::eq(lack.rule, *rule) && !matches!(lack.why, Why::OtherKey(_)));
        let missing = own.iter().filter(is_lacking).count();
        let (all, name, place) = (own.len(), self.name, rules_d.display());
        out.extend(format!("{} of {all} rules of {name} are in {place}\n", all - missing).into_bytes());
        show(&out);
        Ok(u8::from(judgement.is_wrong() || missing > 0))
    }

    /// Puts the profile's files into `rules_d`, and takes out those of the library that it does not name. Files that differ from
    /// the library's stay as they are. Nothing is changed when the rules would be wrong then.
    pub(crate) fn install(&self, rules_d: &Path, host: &RuleHost) -> Result<u8, String> {
        let (mut new, mut gone, mut result, mut said) = (Vec::new(), Vec::new(), Vec::new(), String::new());
        let present = present(rules_d)?;
        for file in &self.files {
            let path = rules_d.join(&file.path);
            match present.iter().find(|there| there.path == path) {
                None => {
                    said += &format!("installed {}\n", path.display());
                    result.push(file.clone());
                    new.push((path, &file.text));
                }
                Some(there) if there.text != file.text => {
                    said += &format!("kept {}, which is not as in {}\n", there.name, self.library.display())
                }
                Some(_) => {}
            }
        }
        for there in present {
            let path = there.path.clone();
            let name = path.file_name().unwrap_or_default();
            let is_ours = || self.files.iter().any(|file| file.path.as_os_str() == name);
            let library = name.to_str().and_then(|name| read(&self.library, name).ok());
            let is_as_shipped =
                || library.and_then(|text| profile::fit(&text, self.machine)).is_some_and(|text| text == there.text);
            if !is_ours() && is_as_shipped() {
                said += &format!("removed {}\n", there.name);
                gone.push(path);
                continue;
            }
            if !is_ours() {
                said += &format!("kept {}, which is not of {}\n", there.name, self.name);
            }
            result.push(there);
        }
        result.sort_by(|a, b| merge::natural_order(rules_file::base(&a.path), rules_file::base(&b.path)));
        let judgement = Judgement::of(&result, host);
        complain(&judgement.said);
        if judgement.is_wrong() {
            return Err(format!("{} stays as it is", rules_d.display()));
        }
        let cannot =
            |path: &Path, error: io::Error| format!("cannot write {} ({})", path.display(), error_reason(&error));
        DirBuilder::new().recursive(true).mode(MODES.0).create(rules_d).map_err(|error| cannot(rules_d, error))?;
        for (path, text) in new {
            files::replace(&path, text, MODES.1).map_err(|error| cannot(&path, error))?;
        }
        for path in gone {
            fs::remove_file(&path).map_err(|error| cannot(&path, error))?;
        }
        show(said.as_bytes());
        Ok(0)
    }
}

/// A rule of the profile, and the rule that is to blame.
fn print(lack: &Lack, host: &RuleHost, out: &mut Vec<u8>) {
    let (what, other) = match lack.why {
        Why::Missing => ("removed", None),
        Why::Hidden(other) => ("hidden", Some(("by", other))),
        Why::OtherKey(other) => ("key changed", Some(("to", other))),
    };
    let of_calls = if lack.calls.is_empty() { String::new() } else { format!(" for {}", lack.calls) };
    diff::print_rule(&format!("{what}{of_calls}"), lack.rule, host, out);
    other.into_iter().for_each(|(word, other)| diff::print_rule(&format!("{word:>15}"), other, host, out));
}

/// The rules files that are there.
fn present(rules_d: &Path) -> Result<Vec<SourceFile>, String> {
    if rules_d.exists() { rules_file::read_directory(rules_d) } else { Ok(Vec::new()) }
}
