//! `augenrules --profile NAME --check|--install` and `--profiles`: the policy library, and what of it is in rules.d.
//!
//! The library is a directory of rules files, written for all machines, and of profiles, which name some of them. What is
//! installed is what the machine can use. Nothing that an administrator has changed is overwritten or deleted.

use super::rules_file::{self, SourceFile};
use super::{RuleHost, check, diff};
use crate::output::{complain, say, show};
use auditbox::rule::diff::{Difference, diff as differences};
use auditbox::rule::{Host, merge, profile};
use auditbox::sys::error_reason;
use auditbox::sys::files;
use auditbox::tables::machine::Machine;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// What a profile's file is called after its name.
const ENDING: &str = ".profile";
/// Modes of rules.d and of a file in it.
const MODES: (u32, u32) = (0o750, 0o640);

/// A profile with its files, fitted to a machine.
pub(crate) struct Profile<'a> {
    /// What messages call it.
    pub(crate) name: &'a str,
    /// Where it lies, and all files that it could name.
    library: PathBuf,
    machine: Machine,
    /// Each under its own name.
    files: Vec<SourceFile>,
}

/// Where the library of the system below `root` is; without one, the library that lies beside this program.
pub(crate) fn library(root: Option<&Path>) -> PathBuf {
    const SHARE: &str = "share/audit-rules";
    let own = || Some(std::env::current_exe().ok()?.parent()?.parent()?.join(SHARE)).filter(|path| path.is_dir());
    match root {
        Some(root) => root.join("usr").join(SHARE),
        None => own().unwrap_or_else(|| Path::new("/usr").join(SHARE)),
    }
}

/// Shows the profiles of a library, each with what it is for.
pub(crate) fn list(library: &Path) -> Result<u8, String> {
    let cannot = |error: io::Error| format!("cannot read {} ({})", library.display(), error_reason(&error));
    let mut rows = Vec::new();
    for entry in fs::read_dir(library).map_err(cannot)? {
        let name = entry.map_err(cannot)?.file_name();
        let Some(name) = name.to_str().and_then(|name| name.strip_suffix(ENDING)) else { continue };
        let text = read(library, &[name, ENDING].concat())?;
        rows.push(format!("{name:16} {}\n", String::from_utf8_lossy(profile::about(&text))));
    }
    rows.sort();
    show(rows.concat().as_bytes());
    Ok(0)
}

fn read(library: &Path, name: &str) -> Result<Vec<u8>, String> {
    rules_file::read_source(&library.join(name)).map(|source| source.text)
}

impl<'a> Profile<'a> {
    /// Reads a profile of the library; with a `/` in its name it is the path of one, which may name files that lie beside it.
    pub(crate) fn open(name: &'a str, library: PathBuf, machine: Machine) -> Result<Profile<'a>, String> {
        let place = match name.contains('/') {
            true => PathBuf::from(name),
            false => library.join([name, ENDING].concat()),
        };
        let text = rules_file::read_source(&place)?.text;
        let names = profile::files(&text)
            .map_err(|profile::NoName(line)| format!("{}:{line}: no name of a rules file", place.display()))?;
        let mut files = Vec::new();
        for name in names {
            let beside = place.with_file_name(name);
            let source = if beside.exists() { beside } else { library.join(name) };
            match profile::fit(&rules_file::read_source(&source)?.text, machine) {
                Some(text) => files.push(SourceFile::new(Path::new(name), text)),
                None => say(format_args!("{name} is not for {} and is left out", machine.name())),
            }
        }
        files.sort_by(|a, b| merge::natural_order(base(&a.path), base(&b.path)));
        Ok(Profile { name, library, machine, files })
    }

    /// Whether all rules of the profile are in `rules_d`, by their meaning; shows which are not. Returns 0 when they are and none
    /// is wrong, otherwise 1.
    pub(crate) fn check(&self, rules_d: &Path, host: &RuleHost) -> Result<u8, String> {
        let present = present(rules_d)?;
        // Rules that another file hides are not in force.
        let (said, is_wrong) = check::compact(&present, host);
        complain(&said);
        let own = diff::in_force(&self.files, true, host)?;
        let there = diff::in_force(&present, true, host)?;
        let mut found = differences(&own, &there, host.machine());
        found.retain(|difference| !matches!(difference, Difference::Added(_)));
        let mut out = Vec::new();
        found.iter().for_each(|difference| diff::print(difference, host, &mut out));
        let missing = found.iter().filter(|difference| matches!(difference, Difference::Removed(_))).count();
        let (all, name, place) = (own.len(), self.name, rules_d.display());
        out.extend(format!("{} of {all} rules of {name} are in {place}\n", all.saturating_sub(missing)).into_bytes());
        show(&out);
        Ok(u8::from(is_wrong || missing > 0))
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
        result.sort_by(|a, b| merge::natural_order(base(&a.path), base(&b.path)));
        let (findings, is_wrong) = check::compact(&result, host);
        complain(&findings);
        if is_wrong {
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

/// The rules files that are there.
fn present(rules_d: &Path) -> Result<Vec<SourceFile>, String> {
    if rules_d.exists() { rules_file::read_directory(rules_d) } else { Ok(Vec::new()) }
}

/// The last part of a path.
fn base(path: &Path) -> &[u8] {
    path.file_name().unwrap_or_default().as_bytes()
}
