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

/// One command: the name that dispatches to it, what `--help` says of it, and where its words go.
struct Applet {
    name: &'static str,
    about: &'static str,
    /// Called with its own name as the first word; gives back the exit status.
    run: fn(&[OsString]) -> u8,
}

/// Sorted by name; looked up by binary search.
const APPLETS: &[Applet] = &[
    #[cfg(feature = "audisp-af_unix")]
    Applet { name: "audisp-af_unix", about: "plugin: records to the reader of a socket", run: audisp_af_unix::run },
    #[cfg(feature = "audisp-filter")]
    Applet { name: "audisp-filter", about: "plugin: some events to another plugin", run: audisp_filter::run },
    #[cfg(feature = "audisp-json")]
    Applet { name: "audisp-json", about: "plugin: events as JSON", run: audisp_json::run },
    #[cfg(feature = "audisp-remote")]
    Applet { name: "audisp-remote", about: "plugin: records to another machine", run: audisp_remote::run },
    #[cfg(feature = "audisp-statsd")]
    Applet { name: "audisp-statsd", about: "plugin: counts of events to statsd", run: audisp_statsd::run },
    #[cfg(feature = "audisp-syslog")]
    Applet { name: "audisp-syslog", about: "plugin: records to the system log", run: audisp_syslog::run },
    #[cfg(feature = "auditctl")]
    Applet { name: "auditctl", about: "control the kernel's audit rules and settings", run: auditctl::run },
    #[cfg(feature = "auditd")]
    Applet { name: "auditd", about: "collect the kernel's audit events into the log", run: auditd::run },
    #[cfg(feature = "augenrules")]
    Applet { name: "augenrules", about: "merge rules.d into audit.rules and load it", run: augenrules::run },
    #[cfg(feature = "aulast")]
    Applet { name: "aulast", about: "list login sessions and runs of the machine", run: aulast::run },
    #[cfg(feature = "aulastlog")]
    Applet { name: "aulastlog", about: "list the last login of each account", run: aulastlog::run },
    #[cfg(feature = "aureport")]
    Applet { name: "aureport", about: "report on the audit log", run: aureport::run },
    #[cfg(feature = "ausearch")]
    Applet { name: "ausearch", about: "search the audit log", run: ausearch::run },
    #[cfg(feature = "ausyscall")]
    Applet { name: "ausyscall", about: "name and number system calls", run: ausyscall::run },
];

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let called = words.first().map(base_name).unwrap_or_default();
    if let Some(applet) = find(&called) {
        return output::end(applet.name, (applet.run)(&words));
    }
    match words.get(1).and_then(|word| find(&word.to_string_lossy())) {
        Some(applet) => output::end(applet.name, (applet.run)(&words[1..])),
        None => output::end("auditbox", own(&words)),
    }
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
        _ => {
            say(format_args!("auditbox: {first} is no applet of this binary; auditbox --list names them"));
            return 127;
        }
    }
    0
}

fn help() -> u8 {
    let doctor = if cfg!(feature = "doctor") { "doctor | " } else { "" };
    let usage =
        format!("usage: auditbox APPLET [ARGUMENT...] | {doctor}--list | --install DIR [--hard] | --version\n\n");
    let rows = APPLETS.iter().map(|applet| format!("  {:14} {}\n", applet.name, applet.about));
    let text: String = std::iter::once(usage).chain(rows).collect();
    show(text.as_bytes());
    0
}
