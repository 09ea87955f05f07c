//! `auditctl --signal state --format text|json`: asks the daemon for its state report, waits for it, and shows it.
//! `auditctl --signal reload`: waits until the daemon says how that went.

use crate::output::{say, show};
use auditbox::host::paths::Paths;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often, and how long each time, the daemon's answer is waited for.
const WAITS: u32 = 100;
const WAIT: Duration = Duration::from_millis(100);

/// The file of the report, when the line asks for one to be shown; the sentence when it does so wrongly.
pub(crate) fn file(line: &[&OsString]) -> Option<Result<PathBuf, String>> {
    let [_, option, signal, format, form] = line else { return None };
    if *option != "--signal" || *format != "--format" {
        return None;
    }
    let is_state = [&b"state"[..], b"cont"].iter().any(|name| signal.as_bytes().eq_ignore_ascii_case(name));
    Some(match form.as_bytes() {
        _ if !is_state => Err("Option --format goes with --signal state only".to_owned()),
        b"text" => Ok(Paths::of_system().state_file()),
        b"json" => Ok(Paths::of_system().state_json()),
        _ => Err(format!("{} is no format of the state report; accepted: text, json", form.to_string_lossy())),
    })
}

/// Shows the report that `ask` makes the daemon write.
pub(crate) fn show_new(path: &Path, ask: impl FnOnce() -> u8) -> u8 {
    answer(path, ask).map_or_else(
        |status| status,
        |report| {
            show(&report);
            0
        },
    )
}

/// Whether the line asks for a reload that this daemon answers: one of ours, whose lock is to be seen from here.
pub(crate) fn is_reload(line: &[&OsString]) -> bool {
    let [_, option, signal] = line else { return false };
    let is_reload = [&b"reload"[..], b"hup"].iter().any(|name| signal.as_bytes().eq_ignore_ascii_case(name));
    *option == "--signal" && is_reload && Paths::of_system().lock_file().exists()
}

/// Has the daemon reload by `ask`, and says why that failed where it did.
pub(crate) fn reload(ask: impl FnOnce() -> u8) -> u8 {
    match answer(&Paths::of_system().reload_file(), ask) {
        Ok(text) if text == b"success" => 0,
        Ok(text) => {
            say(String::from_utf8_lossy(&text));
            1
        }
        Err(status) => status,
    }
}

/// What the daemon writes when it is asked; else the exit status. It puts a new file in the place of the old one.
pub(crate) fn answer(path: &Path, ask: impl FnOnce() -> u8) -> Result<Vec<u8>, u8> {
    let version = || fs::metadata(path).ok().map(|m| (m.ino(), m.mtime(), m.mtime_nsec()));
    let old = version();
    let status = ask();
    if status != 0 {
        return Err(status);
    }
    for _ in 0..WAITS {
        if let (true, Ok(text)) = (version() != old, fs::read(path)) {
            return Ok(text);
        }
        std::thread::sleep(WAIT);
    }
    say(format_args!("The daemon wrote no {}", path.display()));
    Err(1)
}
