//! What auditctl can do with rules beside loading them: words that begin with one of its own long options.
//!
//! `--check`, `--diff`, `--explain` and the like take their options in any order, end with 2 when they are asked wrongly, and
//! change nothing in the kernel. A program built without the feature `rule-tools` has none of them.

use super::{RuleHost, check, convert, cost, diff, explain, privileged, rules_file};
use crate::output::say;
use auditbox::rule::check::{Level, Version, format::Format};
use auditbox::sys::process;
use auditbox::tables::machine::Machine;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What a mode is asked wrongly, or cannot read what it is asked about.
pub(crate) const WRONG: u8 = 2;

/// The words of a mode.
#[derive(Default)]
pub(crate) struct Options {
    root: Option<PathBuf>,
    machine: Option<Machine>,
    no_host: bool,
    pub(super) kernel: Option<Version>,
    pub(super) format: Option<Format>,
    pub(super) level: Option<Level>,
    pub(super) fix: bool,
    pub(super) diff_only: bool,
    /// The log that --cost reads.
    pub(super) log: Option<OsString>,
    /// Words that are no options.
    pub(super) names: Vec<OsString>,
}

impl Options {
    /// Where the rules are to live.
    pub(super) fn host(&self) -> RuleHost {
        let host = RuleHost::planned(self.root.clone(), self.machine);
        if self.no_host { host.without_names() } else { host }
    }

    /// Whether paths are to be looked for.
    pub(super) fn knows_paths(&self) -> bool {
        !self.no_host
    }
}

/// The options that stand alone, and those with a value.
const FLAGS: [&[u8]; 3] = [b"--no-host", b"--fix", b"--diff-only"];
const VALUES: [&[u8]; 5] = [b"--root", b"--machine", b"--kernel", b"--format", b"--min-level"];
/// The modes.
const MODES: [&[u8]; 6] = [b"--check", b"--diff", b"--convert", b"--explain", b"--privileged", b"--cost"];

/// Does what one of the modes is for and returns the exit status; `None` when the words ask for none of them.
pub(crate) fn run(words: &[&OsString]) -> Option<u8> {
    let (_, words) = words.split_first()?;
    let first = words.first()?.as_bytes();
    // No option of auditctl's own begins without a dash, so that files may come first.
    let is_file = first == b"-" || !first.starts_with(b"-");
    if !is_file && !MODES.contains(&first) && !FLAGS.contains(&first) && !VALUES.contains(&first) {
        return None;
    }
    let mode = words.iter().map(|word| word.as_bytes()).find(|word| MODES.contains(word))?;
    Some(match options(words, mode) {
        Ok(options) => answer(mode, &options),
        Err(message) => {
            say(format!("auditctl: {message}"));
            WRONG
        }
    })
}

#[cfg(feature = "rule-tools")]
fn answer(mode: &[u8], options: &Options) -> u8 {
    match mode {
        b"--diff" => diff::run(options),
        b"--explain" => explain::run(options),
        b"--convert" => convert::run(options),
        b"--cost" => cost::run(options),
        b"--privileged" => privileged::run(options),
        _ => check::run(options),
    }
}

#[cfg(not(feature = "rule-tools"))]
fn answer(mode: &[u8], _: &Options) -> u8 {
    say(format_args!("auditctl: this program was built without {}", String::from_utf8_lossy(mode)));
    WRONG
}

fn options(words: &[&OsString], mode: &[u8]) -> Result<Options, String> {
    let mut options = Options::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let name = word.as_bytes();
        if name == mode {
            continue;
        }
        let mut value = || words.next().ok_or_else(|| format!("{} needs a value", word.to_string_lossy()));
        match name {
            b"--no-host" => options.no_host = true,
            b"--fix" => options.fix = true,
            b"--diff-only" => options.diff_only = true,
            b"--root" => options.root = Some(root(value()?)?),
            b"--machine" => options.machine = Some(machine(value()?)?),
            b"--kernel" => options.kernel = Some(kernel(value()?)?),
            b"--format" => options.format = Some(named(value()?, Format::named, Format::NAMES)?),
            b"-if" if mode == b"--cost" => options.log = Some((*value()?).clone()),
            b"--min-level" => options.level = Some(named(value()?, Level::named, "note, warning, error")?),
            _ if name.starts_with(b"--") => return Err(format!("{} is no option here", word.to_string_lossy())),
            _ => options.names.push((*word).clone()),
        }
    }
    Ok(options)
}

fn named<T>(word: &OsString, of: fn(&[u8]) -> Option<T>, accepted: &str) -> Result<T, String> {
    of(word.as_bytes()).ok_or_else(|| format!("{} is not accepted here: {accepted}", word.to_string_lossy()))
}

/// A version, or `running` for that of the kernel that runs.
fn kernel(word: &OsString) -> Result<Version, String> {
    let release = if word == "running" { process::kernel_release() } else { word.to_string_lossy().into_owned() };
    Version::parse(&release).ok_or_else(|| format!("{release} is no version such as 5.15"))
}

/// A directory that is not there has no users, and would turn every watched directory into a plain path.
pub(crate) fn root(name: &OsString) -> Result<PathBuf, String> {
    let path = PathBuf::from(name);
    if path.is_dir() { Ok(path) } else { Err(format!("Option --root: {} is no directory", path.display())) }
}

/// A machine with system calls.
pub(crate) fn machine(name: &OsString) -> Result<Machine, String> {
    let found = Machine::from_name(name.as_bytes()).filter(|machine| machine.elf().is_some());
    found.ok_or_else(|| {
        let names: Vec<_> = Machine::ALL.iter().filter(|m| m.elf().is_some()).map(|m| m.name()).collect();
        format!("{} is no machine; machines are {}", name.to_string_lossy(), names.join(" "))
    })
}

/// Rules as a mode is given them.
pub(crate) struct Rules {
    pub(crate) files: Vec<rules_file::SourceFile>,
    /// Whether they are parts of one set, as in a directory.
    pub(crate) is_set: bool,
}

/// What the names stand for: files, directories of `*.rules`, and `-` for standard input. A file that is reached by several names
/// is read once: its rules would else be duplicates of themselves.
pub(crate) fn read(names: &[OsString]) -> Result<Rules, String> {
    let mut rules = Rules { files: Vec::new(), is_set: false };
    let mut seen = Vec::new();
    let mut is_new = |path: &Path| {
        let Ok(about) = path.metadata() else { return true };
        let file = (about.dev(), about.ino());
        let is_new = !seen.contains(&file);
        seen.push(file);
        is_new
    };
    for name in names {
        let path = Path::new(name);
        if name == "-" {
            let text = rules_file::read_stream(std::io::stdin().lock(), "standard input")?;
            rules.files.push(rules_file::SourceFile { name: "standard input".to_owned(), text });
        } else if path.is_dir() {
            rules.is_set = true;
            let mut paths = rules_file::list_directory(path)?;
            paths.retain(|path| is_new(path));
            rules.files.extend(rules_file::read_all(&paths)?);
        } else if is_new(path) {
            rules.files.push(rules_file::read_source(path)?);
        }
    }
    rules.is_set |= rules.files.len() > 1;
    Ok(rules)
}
