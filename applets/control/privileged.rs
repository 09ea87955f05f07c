//! `auditctl --privileged [DIR ...]`: rules for the programs of a file system that run with more rights than who starts them:
//! set-uid and set-gid files, and those with file capabilities.

use super::RuleHost;
use super::mode_options::{Options, WRONG};
use super::rules_file::{self, shown};
use crate::output::{say, show};
use auditbox::rule::{FieldId, Host, Rule, Step, Value, file};
use auditbox::sys::error_reason;
use auditbox::sys::{files, root};
use auditbox::text::escape::lossy;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Bits of a mode: who may run the file, and as whom.
const ANY_EXECUTE: u32 = 0o111;
const GROUP_EXECUTE: u32 = 0o010;
const SET_UID: u32 = 0o4000;
const SET_GID: u32 = 0o2000;
/// Where the kernel keeps capabilities of files.
const CAPABILITY: &str = "security.capability";

/// Shows rules for the programs below the directories, which are those of the system that --root names; without any, below its root.
/// Symbolic links are not followed, and other file systems mounted there are left out. Returns 0; 1 when something could not be
/// looked at or has a name that no rule can hold; 2 when it is asked wrongly.
pub(super) fn run(options: &Options) -> u8 {
    let host = options.host();
    let root = OsString::from("/");
    let starts = if options.names.is_empty() { std::slice::from_ref(&root) } else { options.names.as_slice() };
    if let Some(name) = starts.iter().find(|name| !name.as_bytes().starts_with(b"/")) {
        say(format!("auditctl: --privileged needs whole paths: {}", name.to_string_lossy()));
        return WRONG;
    }
    let mut walk = Walk { root: host.root(), programs: Vec::new(), is_whole: true };
    for start in starts {
        walk.below(start);
    }
    walk.programs.sort();
    walk.programs.dedup();
    let widths = host.machine().map(|machine| (machine.bits() == 64, machine.b32().is_some())).unwrap_or((true, true));
    let mut out =
        b"# Programs that run with more rights than who starts them, as found by auditctl --privileged.\n".to_vec();
    for program in &walk.programs {
        let mut word = Vec::new();
        if !file::push_word(program, &mut word) || !is_read_back(program, &word, &host) {
            say(format!("auditctl: no rule can have the name \"{}\"", lossy(program)));
            walk.is_whole = false;
            continue;
        }
        for (width, has) in [("b64", widths.0), ("b32", widths.1)] {
            if has {
                out.extend(
                    format!("-a always,exit -F arch={width} -F auid>=1000 -F auid!=unset -F path=").into_bytes(),
                );
                out.extend(&word);
                out.extend(b" -F perm=x -F key=privileged\n");
            }
        }
    }
    show(&out);
    u8::from(!walk.is_whole)
}

/// Whether a line with the program's name as a word is read as a rule for that program: an operator in it ends the field's name.
fn is_read_back(program: &[u8], word: &[u8], host: &RuleHost) -> bool {
    let line = [b"-a always,exit -S all -F path=", word].concat();
    let plan = file::lines(&line).next().and_then(|line| Some(rules_file::plan(line.words.as_ref().ok()?, host)));
    let is_for_it = |rule: &Rule| {
        let mut fields = rule.fields.iter();
        fields.any(|field| field.id == FieldId::PATH && matches!(&field.value, Value::Text(path) if **path == *program))
    };
    plan.is_some_and(|plan| matches!(plan.steps.as_slice(), [Step::AddRule(rule)] if is_for_it(rule)))
}

struct Walk<'h> {
    root: &'h Path,
    /// Paths as the system whose root it is has them.
    programs: Vec<Vec<u8>>,
    /// Everything could be looked at.
    is_whole: bool,
}

impl Walk<'_> {
    /// Looks at one file system, from the directory `start` on.
    fn below(&mut self, start: &OsString) {
        let relative = Path::new(start).strip_prefix("/").unwrap_or(Path::new(start));
        let named = self.root.join(relative);
        // Its links lead to where they lead in that system.
        let Some(top) = self.known(&named, root::resolve(self.root, start.as_bytes())) else { return };
        let Some(about) = self.known(&top, fs::symlink_metadata(&top)) else { return };
        let mut directories = vec![top];
        while let Some(directory) = directories.pop() {
            let entries = fs::read_dir(&directory);
            for entry in self.known(&directory, entries).into_iter().flatten() {
                let Some(entry) = self.known(&directory, entry) else { break };
                let path = entry.path();
                match entry.metadata() {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    found => match self.known(&path, found) {
                        Some(found) if found.is_dir() && found.dev() == about.dev() => directories.push(path),
                        Some(found) if found.is_file() && is_privileged(&path, &found) => self.add(&path),
                        _ => {}
                    },
                }
            }
        }
    }

    fn add(&mut self, path: &Path) {
        let within = path.strip_prefix(self.root).unwrap_or(path).as_os_str().as_bytes();
        self.programs.push([b"/", within].concat());
    }

    fn known<T>(&mut self, path: &Path, found: io::Result<T>) -> Option<T> {
        found
            .inspect_err(|error| {
                say(format!("auditctl: cannot read {} ({})", shown(path), error_reason(error)));
                self.is_whole = false;
            })
            .ok()
    }
}

/// KERNEL: bprm_fill_uid() and get_file_caps(). A file that nobody may run gives nobody rights, and a set-gid bit counts with the
/// group's execute bit alone.
fn is_privileged(path: &Path, about: &Metadata) -> bool {
    let mode = about.mode();
    let is_set = mode & SET_UID != 0 || mode & (SET_GID | GROUP_EXECUTE) == SET_GID | GROUP_EXECUTE;
    mode & ANY_EXECUTE != 0 && (is_set || files::has_attribute(path, CAPABILITY))
}
