//! `auditctl --signal state --format text|json`: asks the daemon for its state report, waits for it, and shows it.

use crate::output::{say, show};
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// How often, and how long each time, the report is waited for.
const WAITS: u32 = 40;
const WAIT: Duration = Duration::from_millis(100);

/// The file of the report, when the line asks for one to be shown; the sentence when it does so wrongly.
pub(crate) fn file(line: &[&OsString]) -> Option<Result<&'static Path, String>> {
    let [_, option, signal, format, form] = line else { return None };
    if *option != "--signal" || *format != "--format" {
        return None;
    }
    let is_state = [&b"state"[..], b"cont"].iter().any(|name| signal.as_bytes().eq_ignore_ascii_case(name));
    Some(match form.as_bytes() {
        _ if !is_state => Err("Option --format goes with --signal state only".to_owned()),
        b"text" => Ok(Path::new("/run/audit/auditd.state")),
        b"json" => Ok(Path::new("/run/audit/auditd.state.json")),
        _ => Err(format!("{} is no format of the state report; accepted: text, json", form.to_string_lossy())),
    })
}

/// Shows the report that `ask` makes the daemon write. The daemon puts a new file in the place of the old one.
pub(crate) fn show_new(path: &Path, ask: impl FnOnce() -> u8) -> u8 {
    let id = || fs::metadata(path).ok().map(|m| (m.ino(), m.mtime(), m.mtime_nsec()));
    let old = id();
    let status = ask();
    if status != 0 {
        return status;
    }
    for _ in 0..WAITS {
        if let (true, Ok(report)) = (id() != old, fs::read(path)) {
            show(&report);
            return 0;
        }
        std::thread::sleep(WAIT);
    }
    say(format_args!("The daemon wrote no {}", path.display()));
    1
}
