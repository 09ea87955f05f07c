//! auditd(8): the daemon that takes the kernel's events and writes them down.

use crate::output::{must_finish, say, say_at_once, show};
use auditbox::config::Level;
use auditbox::daemon::{self, Options, Refusal, StartupState};
use auditbox::host::paths::Paths;
use auditbox::sys::process;
use auditbox::sys::streams::Stream;
use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;

const USAGE: &str = "Usage: auditd [-f] [-l] [-n] [-s disable|enable|nochange] [-c <config_file>]";

const HELP: &str = "\
Usage: auditd [-f] [-l] [-n] [-s disable|enable|nochange] [-c <config_file>]
  -c, --config_file=DIR   read DIR/auditd.conf (/etc/audit)
  -f, --foreground        stay in the foreground, records go to standard output
      --stdout            the same
  -l, --allow_links       auditd.conf may be a symbolic link
  -n, --disable_fork      do not fork
  -s, --enable_state=disable|enable|nochange
                          what to ask of the kernel at the start (enable)
      --check-config      show the values in force and what is doubtful, and end
      --ready-fd=N        write a newline to descriptor N when it is up
      --early             in an initramfs: keep events until auditd starts
      --observe           read a copy of the events where the kernel gives no more
      --help, --version
";

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
    let words: Vec<String> = words.iter().skip(1).map(|w| w.to_string_lossy().into_owned()).collect();
    match parse(&words) {
        Invocation::Usage(why) => {
            why.iter().for_each(say);
            say(USAGE);
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
            say(format_args!("auditd: standard output: {e}"));
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

/// Reads the words in the manner of getopt_long(3): letters may be bundled, values may be joined, long names shortened.
fn parse(words: &[String]) -> Invocation {
    let paths = Paths::of_system();
    let (state, manager) = (StartupState::Enable, std::env::var_os("NOTIFY_SOCKET"));
    let mut options = Options { foreground: false, no_fork: false, state, observe: false, manager, ready: None, paths };
    let (mut checks, mut early, mut ready) = (false, false, None);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let (name, joined) = match word.strip_prefix("--") {
            Some("") => break,
            Some(long) => match long.split_once('=') {
                Some((name, value)) => (long_name(name), Some(value.to_string())),
                None => (long_name(long), None),
            },
            None => match word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
                Some(letters) => {
                    if let Err(invocation) = take_letters(letters, &mut rest, &mut options) {
                        return invocation;
                    }
                    continue;
                }
                None => return Invocation::Usage(None),
            },
        };
        let outcome = match name {
            Some("help") => return Invocation::Show(HELP.to_string()),
            Some("version") => {
                return Invocation::Show(concat!("auditd ", env!("CARGO_PKG_VERSION"), "\n").to_string());
            }
            Some("check-config") => {
                checks = true;
                Ok(())
            }
            Some("early") => {
                early = true;
                Ok(())
            }
            Some("observe") => {
                options.observe = true;
                options.paths.observe();
                Ok(())
            }
            Some("ready-fd") => {
                let value = joined.or_else(|| rest.next().cloned());
                ready = value.and_then(|word| word.parse().ok());
                ready.map(drop).ok_or_else(no_descriptor)
            }
            Some("config_file") => take('c', joined.or_else(|| rest.next().cloned()), &mut options),
            Some("enable_state") => take('s', joined.or_else(|| rest.next().cloned()), &mut options),
            Some("foreground" | "stdout") => take('f', None, &mut options),
            Some("allow_links") => take('l', None, &mut options),
            Some("disable_fork") => take('n', None, &mut options),
            _ => Err(Invocation::Usage(Some(format!("auditd: unrecognized option '{word}'")))),
        };
        if let Err(invocation) = outcome {
            return invocation;
        }
    }
    match (rest.next(), checks) {
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

/// The long option that begins so, if only one does.
fn long_name(word: &str) -> Option<&'static str> {
    const NAMES: [&str; 12] = [
        "allow_links",
        "check-config",
        "config_file",
        "disable_fork",
        "early",
        "enable_state",
        "foreground",
        "help",
        "observe",
        "ready-fd",
        "stdout",
        "version",
    ];
    let mut fitting = NAMES.into_iter().filter(|name| name.starts_with(word));
    fitting.next().filter(|first| *first == word || fitting.next().is_none())
}

/// There is none on which a supervisor could wait to hear that the daemon is up.
fn no_descriptor() -> Invocation {
    Invocation::Usage(Some("auditd: --ready-fd needs the number of an open descriptor above 2".into()))
}

/// A word of bundled letters: the value of `c` or `s` is what follows in the word, or else the next word.
fn take_letters<'w>(
    letters: &str,
    rest: &mut impl Iterator<Item = &'w String>,
    options: &mut Options,
) -> Result<(), Invocation> {
    for (at, letter) in letters.char_indices() {
        if matches!(letter, 'c' | 's') {
            let joined = &letters[at + 1..];
            let value = if joined.is_empty() { rest.next().cloned() } else { Some(joined.to_string()) };
            return take(letter, value, options);
        }
        take(letter, None, options)?;
    }
    Ok(())
}

fn take(letter: char, value: Option<String>, options: &mut Options) -> Result<(), Invocation> {
    let missing = || Invocation::Usage(Some(format!("auditd: option requires an argument -- '{letter}'")));
    match letter {
        'f' => options.foreground = true,
        'l' => options.paths.follow_links = true,
        'n' => options.no_fork = true,
        // The daemon leaves the directory it was started in; an empty name stays what it is.
        'c' => {
            let directory = PathBuf::from(value.ok_or_else(missing)?);
            options.paths.config = std::path::absolute(&directory).unwrap_or(directory).join("auditd.conf");
        }
        's' => {
            let word = value.ok_or_else(missing)?;
            let unknown = || Invocation::Usage(Some(format!("unknown startup mode '{word}'")));
            options.state = StartupState::parse(&word).ok_or_else(unknown)?;
        }
        _ => return Err(Invocation::Usage(Some(format!("auditd: invalid option -- '{letter}'")))),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::path::Path;

    fn options(words: &str) -> Options {
        let words: Vec<String> = words.split_whitespace().map(str::to_string).collect();
        match parse(&words) {
            Invocation::Run(options) => options,
            _ => panic!("{words:?} does not run the daemon"),
        }
    }

    fn is_usage(words: &str) -> bool {
        let words: Vec<String> = words.split_whitespace().map(str::to_string).collect();
        matches!(parse(&words), Invocation::Usage(_))
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
            "--ready-fd 2",
            "--ready-fd 987",
        ] {
            assert!(is_usage(words), "{words}");
        }
    }
}
