//! A rules file, line by line: auditctl -R, and what augenrules loads.

use super::{DISABLED, End, Executor, RuleHost, Source, execute, ready};
use crate::output::say;
use auditbox::rule::file::{self, Line};
use auditbox::rule::typography::{hiding, lookalikes, quote};
use auditbox::rule::{Plan, Refusal, Step, Warning, merge, parse_line};
use auditbox::sys::{error_reason, files, streams};
use auditbox::text::escape::{Escape, escape, lossy};
use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Largest file taken.
pub(crate) const MAX_SIZE: u64 = 64 << 20;
/// Bit of a mode: others may write.
const OTHERS_WRITE: u32 = 0o002;

/// Reads a rules file, or says in a sentence why not. Any owner will do, but nobody else may be able to write it.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let shown = shown(path);
    let file = files::open_read(path, true).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("audit rules file {shown} doesn't exist"),
        _ => format!("Error opening {shown} ({})", error_reason(&error)),
    })?;
    let about = file.metadata().map_err(|error| format!("Error fstat'ing {shown} ({})", error_reason(&error)))?;
    if !about.is_file() {
        return Err(format!("Error - {shown} is not a regular file"));
    }
    if about.mode() & OTHERS_WRITE != 0 {
        return Err(format!("Error - {shown} is world writable"));
    }
    let mut text = Vec::new();
    file.take(MAX_SIZE + 1)
        .read_to_end(&mut text)
        .map_err(|error| format!("Error reading {shown} ({})", error_reason(&error)))?;
    if text.len() as u64 > MAX_SIZE {
        return Err(format!("Error - {shown} has more than {MAX_SIZE} bytes"));
    }
    Ok(text)
}

/// A rules file in memory.
#[derive(Clone)]
pub(crate) struct SourceFile {
    /// What messages call it: its path, of which nothing ends the line.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) text: Vec<u8>,
}

impl SourceFile {
    pub(crate) fn new(path: &Path, text: Vec<u8>) -> SourceFile {
        SourceFile { name: shown(path), path: path.to_owned(), text }
    }
}

/// A path as messages show it.
pub(super) fn shown(path: &Path) -> String {
    let mut name = Vec::new();
    escape(path.as_os_str().as_bytes(), Escape::Tty, &mut name);
    String::from_utf8_lossy(&name).into_owned()
}

/// Reads a rules file that is only looked at, whoever owns it. What a pipe has is waited for.
pub(crate) fn read_source(path: &Path) -> Result<SourceFile, String> {
    let file = std::fs::File::open(path).map_err(|error| cannot_read(path, &error))?;
    Ok(SourceFile::new(path, read_stream(file, &shown(path))?))
}

/// Reads all `*.rules` of a directory, in the order in which they are merged. A link that leads nowhere is an error.
pub(crate) fn read_directory(directory: &Path) -> Result<Vec<SourceFile>, String> {
    read_all(&list_directory(directory)?)
}

/// Reads the files of a directory.
pub(crate) fn read_all(paths: &[PathBuf]) -> Result<Vec<SourceFile>, String> {
    let about = |path: &PathBuf| std::fs::metadata(path).map_err(|error| cannot_read(path, &error));
    let read = |path: &PathBuf| match about(path)?.file_type().is_fifo() {
        false => read_source(path),
        // Nobody may ever write to it.
        true => Err(format!("cannot read {} (a pipe)", shown(path))),
    };
    let (mut files, mut size) = (Vec::new(), 0);
    for path in paths {
        let file = read(path)?;
        size += file.text.len() as u64;
        if size > MAX_SIZE {
            return Err(format!("the files up to {} have more than {MAX_SIZE} bytes", file.name));
        }
        files.push(file);
    }
    Ok(files)
}

/// The paths of all `*.rules` of a directory, in the order in which they are merged.
pub(crate) fn list_directory(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(|error| cannot_read(directory, &error))? {
        let path = entry.map_err(|error| cannot_read(directory, &error))?.path();
        if path.file_name().is_some_and(|name| merge::is_source(name.as_bytes())) {
            paths.push(path);
        }
    }
    paths.sort_unstable_by(|a, b| merge::natural_order(a.as_os_str().as_bytes(), b.as_os_str().as_bytes()));
    Ok(paths)
}

/// Everything that is left in a stream, if it is no more than a rules file may have.
pub(crate) fn read_stream(stream: impl Read, name: &str) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    let read = stream.take(MAX_SIZE + 1).read_to_end(&mut text);
    read.map_err(|error| cannot_read(Path::new(name), &error))?;
    if text.len() as u64 > MAX_SIZE { Err(format!("{name} has more than {MAX_SIZE} bytes")) } else { Ok(text) }
}

/// What messages call it.
const STDIN: &str = "standard input";

/// All of standard input.
pub(crate) fn read_stdin() -> Result<Vec<u8>, String> {
    read_stream(streams::input().map_err(|error| cannot_read(Path::new(STDIN), &error))?, STDIN)
}

fn cannot_read(path: &Path, error: &std::io::Error) -> String {
    format!("cannot read {} ({})", shown(path), error_reason(error))
}

/// Reads a rules file and does what it says; returns the exit status.
pub(crate) fn load(path: &Path, host: &RuleHost, executor: &mut dyn Executor) -> u8 {
    load_merged(path, &[], host, executor)
}

/// The same; when the file is what `sources` are when merged, messages name the place in those.
pub(crate) fn load_merged(path: &Path, sources: &[SourceFile], host: &RuleHost, executor: &mut dyn Executor) -> u8 {
    if let Err(status) = ready(executor) {
        return status;
    }
    match read(path) {
        Ok(text) if text == merged(sources) => run_merged(sources, host, executor),
        Ok(text) => run_alone(&SourceFile::new(path, text), host, executor),
        Err(message) => {
            say(&message);
            1
        }
    }
}

/// The text of one rules file made of `sources`.
pub(crate) fn merged(sources: &[SourceFile]) -> Vec<u8> {
    merge::merge(sources.iter().map(|source| source.text.as_slice()))
}

/// Does what the lines of one file ask for, and returns the exit status.
pub(crate) fn run_alone(source: &SourceFile, host: &RuleHost, executor: &mut dyn Executor) -> u8 {
    warn_of_hidden(std::slice::from_ref(source));
    run(file::lines(&source.text).map(|line| (source.name.as_str(), line)), host, executor)
}

/// Does what the merged lines of `sources` ask for, and returns the exit status.
pub(crate) fn run_merged(sources: &[SourceFile], host: &RuleHost, executor: &mut dyn Executor) -> u8 {
    warn_of_hidden(sources);
    run(lines(sources, true).into_iter(), host, executor)
}

/// Says where lines are hidden behind a line end of other editors.
pub(super) fn warn_of_hidden(sources: &[SourceFile]) {
    for source in sources {
        if let Some((number, _, found)) = hiding(&source.text) {
            say(format_args!("{}:{number}:{}: warning: {}", source.name, found.start + 1, found.hides()));
        }
    }
}

/// The lines of rules files that ask for something, each with the name of its file: merged when they are a set.
pub(super) fn lines(sources: &[SourceFile], is_set: bool) -> Vec<(&str, Line<'_>)> {
    match sources {
        [one] if !is_set => file::lines(&one.text).map(|line| (one.name.as_str(), line)).collect(),
        many => {
            let lines = merge::lines(many.iter().map(|source| source.text.as_slice()), usize::MAX).into_iter();
            lines.filter_map(|(file, line)| Some((many.get(file)?.name.as_str(), line))).collect()
        }
    }
}

/// Does what lines ask for one by one, each given with the name of its file; returns the exit status. The first refused line
/// ends it, unless a line said otherwise.
fn run<'t>(lines: impl Iterator<Item = (&'t str, Line<'t>)>, host: &RuleHost, executor: &mut dyn Executor) -> u8 {
    let (mut ignore, mut remember, mut slow, mut status) = (false, false, false, 0);
    for (name, line) in lines {
        let number = line.number;
        let end = match &line.words {
            Ok(words) => {
                let mut plan = plan(words, host);
                // Said once a file: it is about all of them.
                plan.warnings.retain(|warning| *warning != Warning::SlowWatch || !std::mem::replace(&mut slow, true));
                ignore |= plan.steps.iter().any(|step| matches!(step, Step::IgnoreErrors | Step::ContinueOnErrors));
                remember |= plan.steps.contains(&Step::ContinueOnErrors);
                execute(&plan, executor, &FileLine { name, number, text: line.text, words })
            }
            Err(error) => {
                say(format_args!("{name}:{number}: {error}"));
                End::Failed
            }
        };
        match end {
            End::Done => {
                warn_of_pasted(name, &line);
                continue;
            }
            End::Exit(status) => return status,
            End::Disabled => {
                say(DISABLED);
                return 0;
            }
            End::Failed => say(format_args!("There was an error in line {number} of {name}")),
        }
        if !ignore || remember {
            status = 1;
        }
        if !ignore && !executor.goes_on_after_refusal() {
            break;
        }
    }
    status
}

/// Says what of a line that is taken became part of a key, a path or a value, where nobody would look for it.
pub(super) fn warn_of_pasted(name: &str, line: &Line<'_>) {
    let pasted = || lookalikes(line.text).next().map(|found| (found.start + 1, found.name()));
    let quote = |word: &file::Word| Some((word.column_of(quote(&word.text)?), "a quote".to_owned()));
    if let Some((column, what)) = pasted().or_else(|| line.words.iter().flatten().find_map(quote)) {
        say(format_args!("{name}:{}:{column}: warning: {what} became part of a word", line.number));
    }
}

/// What the words of a line ask for.
pub(crate) fn plan(words: &[file::Word], host: &RuleHost) -> Plan {
    let line: Vec<&[u8]> = std::iter::once(&b"auditctl"[..]).chain(words.iter().map(|w| w.text.as_slice())).collect();
    parse_line(&line, host)
}

/// A line of a rules file.
pub(super) struct FileLine<'l> {
    pub(super) name: &'l str,
    pub(super) number: usize,
    pub(super) text: &'l [u8],
    pub(super) words: &'l [file::Word],
}

impl Source for FileLine<'_> {
    fn line(&self) -> Option<usize> {
        Some(self.number)
    }

    fn place(&self, refusal: &Refusal) -> (String, String) {
        let FileLine { name, number, text, words } = self;
        let remedy = refusal.reason.remedy();
        // A pasted character explains why a word was not understood better than the word that remains.
        if let Some(found) = lookalikes(text).next() {
            let instead = found.instead().to_owned();
            return (format!("{name}:{number}:{}: {}", found.start + 1, found.name()), instead);
        }
        // Word 0 is the program's name, which the file does not have.
        let place = match refusal.word.checked_sub(1).and_then(|n| words.get(n)) {
            Some(word) => {
                let column = word.column_of(refusal.offset);
                format!("{name}:{number}:{column}: \"{}\"", lossy(&word.text))
            }
            None => format!("{name}:{number}: the line as a whole"),
        };
        (place, remedy)
    }
}

/// Rules as a mode is given them.
pub(crate) struct Rules {
    pub(crate) files: Vec<SourceFile>,
    /// Whether they are parts of one set, as in a directory.
    pub(crate) is_set: bool,
}

/// What the names stand for: files, directories of `*.rules`, and `-` for standard input. A file that is reached by several names
/// is read once: its rules would else be duplicates of themselves.
pub(crate) fn read_named(names: &[OsString]) -> Result<Rules, String> {
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
            rules.files.push(SourceFile::new(Path::new(STDIN), read_stdin()?));
        } else if path.is_dir() {
            rules.is_set = true;
            let mut paths = list_directory(path)?;
            if paths.is_empty() {
                return Err(format!("There is no file *.rules in {}", path.display()));
            }
            paths.retain(|path| is_new(path));
            rules.files.extend(read_all(&paths)?);
        } else if is_new(path) {
            rules.files.push(read_source(path)?);
        }
    }
    rules.is_set |= rules.files.len() > 1;
    Ok(rules)
}

/// The last part of a path.
pub(super) fn base(path: &Path) -> &[u8] {
    path.file_name().unwrap_or_default().as_bytes()
}
