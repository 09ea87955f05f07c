//! The policy library: a directory of rules files, written for all machines, and of profiles, which name some of them.
//!
//! A profile is read with what the machine can use of its files; profile.rs compares and installs it.

use super::rules_file::{self, SourceFile};
use crate::output::{say, show};
use auditbox::rule::{merge, profile};
use auditbox::sys::error_reason;
use auditbox::tables::machine::Machine;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What a profile's file is called after its name.
const ENDING: &str = ".profile";

/// A profile with its files, fitted to a machine.
pub(crate) struct Profile<'a> {
    /// What messages call it.
    pub(crate) name: &'a str,
    /// Where it lies, and all files that it could name.
    pub(super) library: PathBuf,
    pub(super) machine: Machine,
    /// Each under its own name.
    pub(super) files: Vec<SourceFile>,
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

pub(super) fn read(library: &Path, name: &str) -> Result<Vec<u8>, String> {
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
        files.sort_by(|a, b| merge::natural_order(rules_file::base(&a.path), rules_file::base(&b.path)));
        Ok(Profile { name, library, machine, files })
    }
}
