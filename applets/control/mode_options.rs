//! The words of the modes of auditctl that change nothing in the kernel: options, in any order, and names of files.

use super::RuleHost;
use super::library::library;
use auditbox::rule::check::{Level, Version, format::Format};
use auditbox::sys::process;
use auditbox::tables::machine::Machine;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What a mode is asked wrongly, or cannot read what it is asked about.
pub(crate) const WRONG: u8 = 2;

/// The words of a mode.
#[derive(Default)]
pub(crate) struct Options {
    root: Option<PathBuf>,
    machine: Option<Machine>,
    no_host: bool,
    /// The profile that --check compares with.
    pub(super) profile: Option<String>,
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

    /// Where profiles are.
    pub(super) fn library(&self) -> PathBuf {
        library(self.root.as_deref())
    }

    /// Whether paths are to be looked for.
    pub(super) fn knows_paths(&self) -> bool {
        !self.no_host
    }
}

/// The options that stand alone, and those with a value.
pub(super) const FLAGS: [&[u8]; 3] = [b"--no-host", b"--fix", b"--diff-only"];
pub(super) const VALUES: [&[u8]; 6] = [b"--root", b"--machine", b"--kernel", b"--format", b"--min-level", b"--profile"];

/// Those that say what is checked and how it is shown.
const OF_CHECK: [&[u8]; 6] = [b"--fix", b"--diff-only", b"--kernel", b"--format", b"--min-level", b"--profile"];

/// Reads the words of `mode`.
pub(super) fn options(words: &[&OsString], mode: &[u8]) -> Result<Options, String> {
    let mut options = Options::default();
    let words: Vec<OsString> = words.iter().flat_map(|word| split(word)).collect();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let name = word.as_bytes();
        if name == mode {
            continue;
        }
        if mode != b"--check" && OF_CHECK.contains(&name) || mode == b"--privileged" && name == b"--no-host" {
            return Err(format!("{} is no option of {}", word.to_string_lossy(), String::from_utf8_lossy(mode)));
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
            b"--profile" => options.profile = Some(value()?.to_string_lossy().into_owned()),
            b"-if" if mode == b"--cost" => options.log = Some(value()?.clone()),
            b"--min-level" => options.level = Some(named(value()?, Level::named, "note, warning, error")?),
            _ if name.starts_with(b"--") => return Err(format!("{} is no option here", word.to_string_lossy())),
            _ => options.names.push(word.clone()),
        }
    }
    Ok(options)
}

/// An option and its value, where both are one word: `--format=json`.
fn split(word: &OsString) -> Vec<OsString> {
    let parts = word.as_bytes().iter().position(|b| *b == b'=').map(|at| word.as_bytes().split_at(at));
    match parts {
        Some((name, value)) if VALUES.contains(&name) => {
            [name, value.get(1..).unwrap_or_default()].map(|part| OsStr::from_bytes(part).to_owned()).to_vec()
        }
        _ => vec![word.clone()],
    }
}

fn named<T>(word: &OsString, of: fn(&[u8]) -> Option<T>, accepted: &str) -> Result<T, String> {
    of(word.as_bytes()).ok_or_else(|| format!("{} is not accepted here: {accepted}", word.to_string_lossy()))
}

/// A version, or `running` for that of the kernel that runs.
fn kernel(word: &OsString) -> Result<Version, String> {
    let release = if word == "running" { process::kernel_release() } else { word.to_string_lossy().into_owned() };
    Version::parse(&release).ok_or_else(|| format!("{release} is no version such as 5.15"))
}

/// The name without links of a directory. One that is not there has no users, and would turn every watched directory into a plain path.
pub(crate) fn root(name: &OsString) -> Result<PathBuf, String> {
    let path = Path::new(name);
    let found = path.canonicalize().ok().filter(|path| path.is_dir());
    found.ok_or_else(|| format!("Option --root: {} is no directory", path.display()))
}

/// A machine with system calls.
pub(crate) fn machine(name: &OsString) -> Result<Machine, String> {
    // What kernels and distributions call machines that have another name here.
    let known: &[u8] = match name.as_bytes() {
        b"armv7" => b"armv7l",
        b"mips" => b"mips_o32",
        b"mipsel" => b"mipsel_o32",
        b"mips64" => b"mips_n64",
        b"mips64el" => b"mipsel_n64",
        other => other,
    };
    let found = Machine::from_name(known).filter(|machine| machine.elf().is_some());
    found.ok_or_else(|| {
        let names: Vec<_> = Machine::ALL.iter().filter(|m| m.elf().is_some()).map(|m| m.name()).collect();
        format!("{} is no machine; machines are {}", name.to_string_lossy(), names.join(" "))
    })
}
