//! The binary. Dispatches on the name it was called by, or else on its first word, to one row of one sorted table.
//!
//! `auditbox` itself knows `--list`, `--install DIR [--hard]`, `--version` and `--help`.
#![forbid(unsafe_code)]

mod ausyscall;
mod install;

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::ExitCode;

/// One command: the name that dispatches to it, the line `--list --help` shows, and where its words go.
struct Applet {
    name: &'static str,
    about: &'static str,
    /// Called with its own name as the first word.
    run: fn(&[OsString]) -> ExitCode,
}

/// Sorted by name; looked up by binary search.
const APPLETS: &[Applet] = &[Applet { name: "ausyscall", about: "name and number system calls", run: ausyscall::run }];

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let called = words.first().map(base_name).unwrap_or_default();
    if let Some(applet) = find(&called) {
        return (applet.run)(&words);
    }
    match words.get(1).map(|w| w.to_string_lossy().into_owned()) {
        Some(name) => match find(&name) {
            Some(applet) => (applet.run)(&words[1..]),
            None => own(&name, &words[2..]),
        },
        None => own("--help", &[]),
    }
}

fn base_name(path: &OsString) -> String {
    Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn find(name: &str) -> Option<&'static Applet> {
    APPLETS.binary_search_by(|a| a.name.cmp(name)).ok().map(|i| &APPLETS[i])
}

/// What the multicall binary answers under its own name.
fn own(word: &str, rest: &[OsString]) -> ExitCode {
    match word {
        "--install" => return install(rest),
        "--version" => println!("auditbox {}", env!("CARGO_PKG_VERSION")),
        "--list" => APPLETS.iter().for_each(|a| println!("{}", a.name)),
        "--install" => return install::run(rest, APPLETS.iter().map(|a| a.name)),
        "--help" => {
            println!("usage: auditbox APPLET [ARGUMENT...] | --list | --install DIR [--hard] | --version\n");
            APPLETS.iter().for_each(|a| println!("  {:12} {}", a.name, a.about));
        }
        _ => {
            eprintln!("auditbox: {word} is no applet of this binary; auditbox --list names them");
            return ExitCode::from(127);
        }
    }
    ExitCode::SUCCESS
}

/// `--install DIR [--hard]`: a link in DIR for each applet, in place of a link or file of that name.
fn install(rest: &[OsString]) -> ExitCode {
    let (hard, dirs): (Vec<_>, Vec<_>) = rest.iter().partition(|w| *w == "--hard");
    let [dir] = dirs[..] else {
        eprintln!("auditbox: --install wants one directory, and --hard if the links are to be hard links");
        return ExitCode::from(2);
    };
    for applet in APPLETS {
        let link = Path::new(dir).join(applet.name);
        if let Err(e) = make_link(&link, !hard.is_empty()) {
            eprintln!("auditbox: cannot link {}: {e}", link.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// A symbolic link beside the binary is relative, so that a tree made for another root works there.
fn make_link(link: &Path, hard: bool) -> io::Result<()> {
    let binary = std::env::current_exe()?;
    match std::fs::remove_file(link) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    if hard {
        return std::fs::hard_link(&binary, link);
    }
    let beside = link.parent().is_some_and(|d| d.canonicalize().ok().as_deref() == binary.parent());
    let target = if beside { binary.file_name().map(Path::new) } else { None };
    std::os::unix::fs::symlink(target.unwrap_or(&binary), link)
}
