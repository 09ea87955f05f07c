//! The binary. Dispatches on the name it was called by, or else on its first word, to one row of one sorted table.
//!
//! Each applet is a cargo feature of its name, so that a program can hold those alone that a system needs.
//!
//! `auditbox` itself knows `doctor`, `--list`, `--install DIR [--hard]`, `--version` and `--help`.
#![forbid(unsafe_code)]
#![deny(clippy::print_stdout, clippy::print_stderr, clippy::dbg_macro, reason = "applets write by output.rs")]
#![cfg_attr(
    not(feature = "applets"),
    allow(dead_code, unused_imports, reason = "what applets share serves those that are left out")
)]

#[cfg(all(target_os = "linux", not(target_feature = "crt-static")))]
compile_error!(
    "this would be a dynamic program: RUSTFLAGS in the environment replaces the flags of .cargo/config.toml; \
     unset it, or add `-C target-feature=+crt-static` to it"
);

#[cfg(feature = "audisp-af_unix")]
mod audisp_af_unix;
#[cfg(feature = "audisp-filter")]
mod audisp_filter;
#[cfg(feature = "audisp-json")]
mod audisp_json;
#[cfg(feature = "audisp-remote")]
mod audisp_remote;
#[cfg(feature = "audisp-statsd")]
mod audisp_statsd;
#[cfg(feature = "audisp-syslog")]
mod audisp_syslog;
#[cfg(feature = "auditctl")]
mod auditctl;
#[cfg(feature = "auditd")]
mod auditd;
#[cfg(feature = "augenrules")]
mod augenrules;
#[cfg(feature = "aulast")]
mod aulast;
#[cfg(feature = "aulastlog")]
mod aulastlog;
#[cfg(feature = "aureport")]
mod aureport;
#[cfg(feature = "ausearch")]
mod ausearch;
#[cfg(feature = "ausyscall")]
mod ausyscall;
mod control;
#[cfg(feature = "doctor")]
mod doctor;
mod help;
mod host;
mod install;
mod logs;
mod options;
mod output;
mod plugin;
mod progress;

use argh::{EarlyExit, FromArgs};
use output::{say, show};
use std::ffi::OsString;
use std::process::ExitCode;

/// One command: the name that dispatches to it, what its `--help` says, and where its words go.
struct Applet {
    name: &'static str,
    /// The usage; what it is for, in a line; a line for each option, from which init/completion/complete knows them; examples.
    help: &'static str,
    /// Called with its own name as the first word; gives back the exit status.
    run: fn(&[OsString]) -> u8,
}

/// A row a command, sorted by name: those that are built in are [`APPLETS`], looked up by binary search; the names of the others are
/// [`LEFT_OUT`].
macro_rules! commands {
    ($($name:tt $help:path, $run:path;)*) => {
        const APPLETS: &[Applet] = &[$(#[cfg(feature = $name)] Applet { name: $name, help: $help, run: $run },)*];
        const LEFT_OUT: &[&str] = &[$(#[cfg(not(feature = $name))] $name,)*];
    };
}

commands! {
    "audisp-af_unix" audisp_af_unix::HELP, audisp_af_unix::run;
    "audisp-filter" audisp_filter::HELP, audisp_filter::run;
    "audisp-json" audisp_json::HELP, audisp_json::run;
    "audisp-remote" audisp_remote::HELP, audisp_remote::run;
    "audisp-statsd" audisp_statsd::HELP, audisp_statsd::run;
    "audisp-syslog" audisp_syslog::HELP, audisp_syslog::run;
    "auditctl" control::HELP, auditctl::run;
    "auditd" auditd::HELP, auditd::run;
    "augenrules" augenrules::HELP, augenrules::run;
    "aulast" aulast::HELP, aulast::run;
    "aulastlog" aulastlog::HELP, aulastlog::run;
    "aureport" aureport::HELP, aureport::run;
    "ausearch" ausearch::HELP, ausearch::run;
    "ausyscall" ausyscall::HELP, ausyscall::run;
}

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let called = words.first().map(base_name).unwrap_or_default();
    if let Some(applet) = find(&called) {
        return run(applet, &words);
    }
    if LEFT_OUT.contains(&&*called) {
        return output::end("auditbox", absent(&called));
    }
    match words.get(1).and_then(|word| find(&word.to_string_lossy())) {
        Some(applet) => run(applet, &words[1..]),
        None => output::end("auditbox", own(&words)),
    }
}

/// Runs an applet, whose name is the first of `words`.
fn run(applet: &Applet, words: &[OsString]) -> ExitCode {
    let status = match words.get(1) {
        Some(word) if word == "--help" => {
            show(applet.help.as_bytes());
            0
        }
        _ => (applet.run)(words),
    };
    output::end(applet.name, status)
}

fn base_name(path: &OsString) -> String {
    std::path::Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn find(name: &str) -> Option<&'static Applet> {
    APPLETS.binary_search_by(|a| a.name.cmp(name)).ok().map(|i| &APPLETS[i])
}

/// What `auditbox` takes under its own name.
#[derive(FromArgs)]
struct OwnOptions {
    /// name the applets
    #[argh(switch)]
    list: bool,
    /// say the version
    #[argh(switch)]
    version: bool,
    /// make links in the directory
    #[argh(switch)]
    install: bool,
    /// make them hard
    #[argh(switch)]
    hard: bool,
    /// the directory
    #[argh(positional)]
    directories: Vec<String>,
}

/// What the multicall binary answers under its own name, which is the first of `words`; gives back the exit status.
fn own(words: &[OsString]) -> u8 {
    #[cfg(feature = "doctor")]
    if words.get(1).is_some_and(|word| word == "doctor") {
        return doctor::run(words.get(2..).unwrap_or_default());
    }
    let words: Vec<_> = words.iter().skip(1).map(|word| word.to_string_lossy()).collect();
    let Some(first) = words.first() else { return help() };
    let texts: Vec<&str> = words.iter().map(|word| &**word).collect();
    match OwnOptions::from_args(&["auditbox"], &texts) {
        Ok(OwnOptions { version: true, .. }) => show(concat!("auditbox ", env!("CARGO_PKG_VERSION"), "\n").as_bytes()),
        Ok(OwnOptions { list: true, .. }) => {
            let names: String = APPLETS.iter().flat_map(|applet| [applet.name, "\n"]).collect();
            show(names.as_bytes());
        }
        Ok(OwnOptions { install: true, hard, directories, .. }) => {
            return install::run(&directories, hard, APPLETS.iter().map(|a| a.name));
        }
        Err(EarlyExit { status: Ok(()), .. }) => return help(),
        _ => return absent(first),
    }
    0
}

/// The answer to the name of a command that is not here, given back with the status by which a shell says so.
fn absent(name: &str) -> u8 {
    say(format_args!("auditbox: {name} is no applet of this binary; auditbox --list names them"));
    127
}

const USAGE: &str = match cfg!(feature = "doctor") {
    true => "usage: auditbox APPLET [ARGUMENT...] | doctor | --list | --install DIR [--hard] | --version\n\n",
    false => "usage: auditbox APPLET [ARGUMENT...] | --list | --install DIR [--hard] | --version\n\n",
};

const EXAMPLES: &str = match cfg!(feature = "doctor") {
    true => "example: auditbox --install /usr/sbin\n         auditbox doctor\n",
    false => "example: auditbox --install /usr/sbin\n",
};

fn help() -> u8 {
    show(USAGE.as_bytes());
    for applet in APPLETS {
        let about = applet.help.lines().nth(1).unwrap_or_default();
        show(format!("  {:14} {about}\n", applet.name).as_bytes());
    }
    show(EXAMPLES.as_bytes());
    0
}
