//! auditctl(8): the kernel's audit rules and settings.
//!
//! Options work from left to right and most of them end the line, so this does not go through an argument parser of the
//! usual kind: `auditbox::rule::parse_line` reads them, here and in rules files alike. Three options of our own come first:
//! --dry-run prints the netlink requests instead of sending them, --root DIR and --machine NAME say for which system.

use crate::control::mode_options::{machine, root};
use crate::control::modes;
use crate::control::{self, DISABLED, DryRun, End, Executor, RuleHost, Source, rules_file, state, transaction};
use crate::output::{say, show};
use auditbox::rule::{Host, Reason, Refusal, parse_line};
use auditbox::sys::process;
use auditbox::tables::machine::Machine;
use auditbox::text::escape::lossy;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What every wrong command line ends with.
const WRONG: u8 = 255;

/// Our own options, which come before the others.
#[derive(Default)]
struct OwnOptions {
    dry_run: bool,
    root: Option<PathBuf>,
    machine: Option<Machine>,
}

/// Runs the command; `words` begins with its name.
pub(crate) fn run(words: &[OsString]) -> u8 {
    let mut line: Vec<&OsString> = words.iter().collect();
    if let Some(status) = modes::run(&line) {
        return status;
    }
    match own_options(&mut line) {
        Ok(own) => start(&line, own),
        Err(message) => {
            say(&message);
            WRONG
        }
    }
}

/// Takes our own options off the line.
fn own_options(line: &mut Vec<&OsString>) -> Result<OwnOptions, String> {
    let mut own = OwnOptions::default();
    while let Some(word) = line.get(1).map(|word| word.as_bytes()) {
        let mut taken = 2;
        match word {
            b"--dry-run" => {
                own.dry_run = true;
                taken = 1;
            }
            b"--root" => own.root = Some(root(line.get(2).ok_or("Option --root needs a directory")?)?),
            b"--machine" => own.machine = Some(machine(line.get(2).ok_or("Option --machine needs a name")?)?),
            _ => break,
        }
        line.drain(1..=taken);
    }
    if let Some(late) = line.iter().skip(1).find(|word| OURS.contains(&word.as_bytes())) {
        let option = late.to_string_lossy().into_owned();
        let reason = Reason::OwnOptionLate { option };
        return Err(format!("{reason}; accepted: {}", reason.remedy()));
    }
    if !own.dry_run && (own.root.is_some() || own.machine.is_some()) {
        return Err(
            "Options --root and --machine need --dry-run: rules for another system are not sent to this one".into()
        );
    }
    Ok(own)
}

const OURS: [&[u8]; 3] = [b"--dry-run", b"--root", b"--machine"];

fn start(line: &[&OsString], own: OwnOptions) -> u8 {
    if line.len() == 1 {
        show(control::HELP.as_bytes());
        return 1;
    }
    if own.dry_run {
        let host = RuleHost::planned(own.root, own.machine);
        let is_little_endian = host.machine().is_none_or(Machine::is_little_endian);
        let mut executor = DryRun::new(is_little_endian);
        if let Some(atomic) = atomic(line) {
            return atomic.load(|rules, skips| transaction::dry_run(rules, skips, &host, &mut executor));
        }
        return match line {
            [_, option, name] if *option == "-R" && (*name == "-" || Path::new(name).is_dir()) => {
                prove(name, &host, &mut executor)
            }
            _ => command(line, &host, &mut executor),
        };
    }
    if matches!(line, [_, word] if *word == "-h") {
        show(control::HELP.as_bytes());
        return 0;
    }
    match state::file(line) {
        Some(Ok(path)) => return state::show_new(&path, || send(&line[..3])),
        Some(Err(message)) => {
            say(&message);
            return 1;
        }
        None => {}
    }
    if state::is_reload(line) {
        return state::reload(|| send(line));
    }
    send(line)
}

/// Does what the line says, with the kernel.
fn send(line: &[&OsString]) -> u8 {
    let host = RuleHost::new();
    // Root may list rules, as far as the kernel lets it, even without the capability.
    let lists = matches!(line, [_, word] if *word == "-l") && process::effective_uid() == 0;
    match if lists { control::connect(&host) } else { control::open_kernel(&host) } {
        Ok(mut kernel) => match atomic(line) {
            Some(atomic) => atomic.load(|rules, skips| transaction::load(rules, skips, &host, &mut kernel)),
            None => command(line, &host, &mut kernel),
        },
        Err(status) => status,
    }
}

/// Does what the rules of a directory, merged, or those on standard input say.
fn prove(name: &OsString, host: &RuleHost, executor: &mut dyn Executor) -> u8 {
    match rules_file::read_named(std::slice::from_ref(name)) {
        Ok(rules) if rules.is_set => rules_file::run_merged(&rules.files, host, executor),
        Ok(rules) => rules.files.iter().map(|source| rules_file::run_alone(source, host, executor)).max().unwrap_or(0),
        Err(message) => {
            say(message);
            1
        }
    }
}

/// `-R FILE` with `--atomic`, or with `--skip-missing`, which asks for both; in any order.
struct Atomic<'w> {
    file: &'w OsString,
    skips_missing: bool,
}

fn atomic<'w>(line: &[&'w OsString]) -> Option<Atomic<'w>> {
    const ATOMIC: [&str; 2] = ["--atomic", "--skip-missing"];
    let (options, others): (Vec<&OsString>, Vec<&OsString>) =
        line.iter().skip(1).partition(|word| ATOMIC.iter().any(|option| *word == option));
    let [read, file] = others.as_slice() else { return None };
    let is_asked = *read == "-R" && !options.is_empty();
    is_asked.then(|| Atomic { file, skips_missing: options.iter().any(|word| *word == ATOMIC[1]) })
}

impl Atomic<'_> {
    fn load(&self, load: impl FnOnce(&rules_file::Rules, bool) -> u8) -> u8 {
        match rules_file::read_named(std::slice::from_ref(self.file)) {
            Ok(rules) => load(&rules, self.skips_missing),
            Err(message) => {
                say(message);
                1
            }
        }
    }
}

fn command(line: &[&OsString], host: &RuleHost, executor: &mut dyn Executor) -> u8 {
    match line {
        [_, option, file] if *option == "-R" => rules_file::load(Path::new(file), host, executor),
        _ => options(line, host, executor),
    }
}

/// All other options.
fn options(line: &[&OsString], host: &RuleHost, executor: &mut dyn Executor) -> u8 {
    let words: Vec<&[u8]> = line.iter().map(|word| word.as_bytes()).collect();
    let plan = parse_line(&words, host);
    if plan.changes_rules
        && let Err(status) = control::ready(executor)
    {
        return status;
    }
    match control::execute(&plan, executor, &CommandLine(&words)) {
        End::Done => 0,
        End::Exit(status) => status,
        End::Disabled => {
            say(DISABLED);
            0
        }
        End::Failed => {
            say("There was an error while processing parameters");
            WRONG
        }
    }
}

/// The words we were called with.
struct CommandLine<'w>(&'w [&'w [u8]]);

impl Source for CommandLine<'_> {
    fn line(&self) -> Option<usize> {
        None
    }

    fn place(&self, refusal: &Refusal) -> (String, String) {
        let place = match self.0.get(refusal.word).filter(|_| refusal.word > 0) {
            Some(word) => {
                format!("auditctl: word {}, character {}: \"{}\"", refusal.word, refusal.offset + 1, lossy(word))
            }
            None => "auditctl: the line as a whole".to_owned(),
        };
        (place, refusal.reason.remedy())
    }
}
