//! This host, as the reading commands see it: the library's, and what auditd.conf(5) says of the log.

use crate::output::say;
use auditbox::config::Level;
use auditbox::config::search::{self, SearchConfig};
use auditbox::host::config_file::{self, GroupWriters, OpenPolicy};
pub(crate) use auditbox::host::names::{Host, date, machine};
use auditbox::host::paths::CONFIG;
use auditbox::sys::error_reason;
use std::path::Path;

/// What auditd.conf(5) says of the log and of its events. What is wrong with that is printed, and the built-in value counts.
/// `says_log`: no other log is named; `reads_log`: nor is a pipe read. Where the log's directory is not there the built-in log is
/// read.
pub(crate) fn daemon_config(says_log: bool, reads_log: bool) -> SearchConfig {
    let mut diagnostics = Vec::new();
    let policy = OpenPolicy { follow_links: true, group_writers: GroupWriters::Any, called: "config file" };
    let text = config_file::read(Path::new(CONFIG), policy, &mut diagnostics);
    let lines = text.as_ref().ok().and_then(Option::as_deref).unwrap_or_default();
    let mut config = search::parse(lines, &mut diagnostics);
    if says_log {
        search::note_misread_logs(lines, CONFIG, &config, &mut diagnostics);
    }
    diagnostics.iter().filter(|note| note.level != Level::Debug).for_each(|note| say(&note.text));
    if let Err(reason) = text {
        say(format_args!("{reason}\nNOTE - using built-in end_of_event_timeout: {}", config.end_of_event_timeout));
        if says_log {
            say(format_args!("NOTE - using built-in logs: {}", config.log_file));
        }
    } else if reads_log && let Some((directory, reason)) = missing_directory(&config.log_file) {
        config.log_file = SearchConfig::default().log_file;
        say(format_args!("Could not open dir {directory} ({reason})\nNOTE - using built-in logs: {}", config.log_file));
    }
    config
}

/// The directory of a log, if it cannot be opened, and why.
fn missing_directory(log: &str) -> Option<(String, String)> {
    let directory = Path::new(log).parent().filter(|path| !path.as_os_str().is_empty())?;
    let error = std::fs::read_dir(directory).err()?;
    Some((directory.display().to_string(), error_reason(&error)))
}
