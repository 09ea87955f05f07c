//! auditd(8): the daemon that takes the kernel's events and writes them down.

use crate::help::help;
use crate::options::{shown, usage};
use crate::output::{must_finish, say, say_at_once, show};
use auditbox::config::Level;
use auditbox::daemon::{self, Options, Refusal, StartupState};
use auditbox::host::paths::Paths;
use auditbox::sys::streams::Stream;
use auditbox::sys::{error_reason, process};
use auditbox::text::getopt::{Grammar, Taken, Words};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

pub(crate) const HELP: &str = help!("auditd.txt");

/// What the words ask for.
enum Invocation {
    Run(Options),
    #[cfg(feature = "early")]
    Early(Options),
    Check(Paths),
    Show(String),
    Usage(Option<String>),
}

pub(crate) fn run(words: &[OsString]) -> u8 {
    let line: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    match parse(&line) {
        Invocation::Usage(why) => {
            why.iter().for_each(say);
            say(usage(HELP));
            2
        }
        Invocation::Show(text) => {
            show(text.as_bytes());
            0
        }
        Invocation::Check(paths) => check(&paths),
        Invocation::Run(options) => start(options),
        #[cfg(feature = "early")]
        Invocation::Early(options) => end(daemon::early::run(&options)),
    }
}

fn start(options: Options) -> u8 {
    must_finish();
    let stream = match Stream::Output.duplicate() {
        Ok(fd) => File::from(fd),
        Err(e) => {
            say(format_args!("auditd: standard output: {}", error_reason(&e)));
            return 1;
        }
    };
    end(daemon::run(options, stream, say_at_once))
}

fn end(result: Result<(), Refusal>) -> u8 {
    match result {
        Ok(()) => 0,
        Err(refusal) => {
            say(refusal.text);
            refusal.status
        }
    }
}

fn check(paths: &Paths) -> u8 {
    let (result, diagnostics) = daemon::check_config(paths);
    diagnostics.iter().filter(|note| note.level < Level::Debug).for_each(|note| say(&note.text));
    match result {
        Ok(values) => {
            show(values.as_bytes());
            0
        }
        Err(refusal) => {
            say(refusal.text);
            refusal.status
        }
    }
}

static GRAMMAR: Grammar = Grammar {
    short: b"flnc:s:",
    long: &[
        ("allow_links", false, b'l'),
        ("check-config", false, CHECK),
        ("config_file", true, b'c'),
        ("disable_fork", false, b'n'),
        ("early", false, EARLY),
        ("enable_state", true, b's'),
        ("foreground", false, b'f'),
        ("help", false, HELPS),
        ("observe", false, OBSERVE),
        ("ready-fd", true, READY),
        ("stdout", false, b'f'),
        ("version", false, VERSION),
    ],
};

// Names of the options without a letter.
const CHECK: u8 = 1;
const EARLY: u8 = 2;
const HELPS: u8 = 3;
const OBSERVE: u8 = 4;
const READY: u8 = 5;
const VERSION: u8 = 6;

/// `line` begins with the command's name.
fn parse(line: &[&[u8]]) -> Invocation {
    let paths = Paths::of_system();
    let (state, manager) = (StartupState::Enable, std::env::var_os("NOTIFY_SOCKET"));
    let mut options = Options { foreground: false, no_fork: false, state, observe: false, manager, ready: None, paths };
    let (mut checks, mut early, mut ready) = (false, false, None);
    let mut words = Words::new(&GRAMMAR, line);
    loop {
        let (name, value) = match words.take() {
            Taken::End => break,
            Taken::Invalid { at, is_known } => {
                let what = if is_known { "needs a value, or takes none" } else { "is not known" };
                return Invocation::Usage(Some(format!("auditd: option '{}' {what}", shown(at.text))));
            }
            Taken::Option { name, value, .. } => (name, value.map_or(&b""[..], |value| value.text)),
        };
        match name {
            b'f' => options.foreground = true,
            b'l' => options.paths.follow_links = true,
            b'n' => options.no_fork = true,
            // The daemon leaves the directory it was started in; an empty name stays what it is.
            b'c' => {
                let directory = Path::new(OsStr::from_bytes(value));
                let absolute = std::path::absolute(directory);
                options.paths.config = absolute.as_deref().unwrap_or(directory).join("auditd.conf");
            }
            b's' => match StartupState::parse(&shown(value)) {
                Some(state) => options.state = state,
                None => return Invocation::Usage(Some(format!("unknown startup mode '{}'", shown(value)))),
            },
            CHECK => checks = true,
            EARLY => early = true,
            OBSERVE => {
                options.observe = true;
                options.paths.observe();
            }
            READY => match shown(value).parse() {
                Ok(number) => ready = Some(number),
                Err(_) => return no_descriptor(),
            },
            VERSION => return Invocation::Show(concat!("auditd ", env!("CARGO_PKG_VERSION"), "\n").to_string()),
            _ => return Invocation::Show(HELP.to_string()),
        }
    }
    match (words.get(words.taken()), checks) {
        (Some(_), _) => Invocation::Usage(None),
        (None, true) => Invocation::Check(options.paths),
        (None, false) => match ready.map(process::take_descriptor) {
            Some(None) => no_descriptor(),
            taken => {
                options.ready = taken.flatten().map(Into::into);
                run_as(early, options)
            }
        },
    }
}

#[cfg(feature = "early")]
fn run_as(early: bool, options: Options) -> Invocation {
    if early { Invocation::Early(options) } else { Invocation::Run(options) }
}

#[cfg(not(feature = "early"))]
fn run_as(early: bool, options: Options) -> Invocation {
    if early {
        return Invocation::Usage(Some("auditd: this binary was built without the feature early".into()));
    }
    Invocation::Run(options)
}

/// There is none on which a supervisor could wait to hear that the daemon is up.
fn no_descriptor() -> Invocation {
    Invocation::Usage(Some("auditd: --ready-fd needs the number of an open descriptor above 2".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    fn line(words: &str) -> Vec<&[u8]> {
        std::iter::once("auditd").chain(words.split_whitespace()).map(str::as_bytes).collect()
    }

    fn options(words: &str) -> Options {
        match parse(&line(words)) {
            Invocation::Run(options) => options,
            _ => panic!("{words:?} does not run the daemon"),
        }
    }

    fn is_usage(words: &str) -> bool {
        matches!(parse(&line(words)), Invocation::Usage(_))
    }

    #[test]
    fn letters_may_be_bundled_and_values_joined() {
        let both = options("-fls enable -c/x");
        assert!(both.foreground && both.paths.follow_links && !both.no_fork);
        assert_eq!(both.paths.config, Path::new("/x/auditd.conf"));
        assert!(options("-c conf").paths.config.is_absolute());
        assert_eq!(options("-snochange").state, StartupState::NoChange);
        assert_eq!(options("-s d").state, StartupState::Disable);
    }

    #[test]
    fn long_names_may_be_shortened() {
        assert!(options("--fore").foreground);
        assert!(options("--stdout").foreground);
        assert_eq!(options("--config=/y").paths.config, Path::new("/y/auditd.conf"));
        assert_eq!(options("--enable_state nochange").state, StartupState::NoChange);
    }

    #[test]
    fn the_last_ready_fd_counts_and_the_others_are_left_alone() {
        use std::os::fd::{AsRawFd, IntoRawFd};
        let (read, write) = process::pipe().unwrap();
        let (read, write) = (read.into_raw_fd(), write.into_raw_fd());
        let taken = options(&format!("--ready-fd {read} --ready-fd={write} --ready-fd {write}")).ready.unwrap();
        assert_eq!(taken.as_raw_fd(), write);
        (&*taken).write_all(b"\n").unwrap();
        let mut read = process::take_descriptor(read as u32).unwrap();
        read.read_exact(&mut [0]).unwrap();
    }

    #[test]
    fn what_is_not_understood_is_answered_with_the_usage() {
        for words in [
            "extra",
            "-z",
            "--bogus",
            "-s bogus",
            "-c",
            "-f extra",
            "-",
            "--ready-fd",
            "--ready-fd x",
            "--early=x",
            "--ready-fd 2",
            "--ready-fd 987",
        ] {
            assert!(is_usage(words), "{words}");
        }
    }
}
