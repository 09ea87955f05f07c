//! audisp-remote(8): the plugin that sends records to the auditd of another machine.
//!
//! Exit status: 0; 1 when its queue cannot be opened, records are left in it at the end, or the input makes no sense; 6 when its
//! configuration is wrong.

use crate::help::help;
use crate::output::{say, show};
use crate::plugin;
use auditbox::config::{Level, remote};
use auditbox::plugin::remote::{CONFIG, ToCollector, check_queue, load};
use auditbox::plugin::run::Consumer;
use auditbox::sys::error_reason;
use auditbox::sys::process::{self, Capabilities};
use std::ffi::OsString;
use std::path::Path;

pub(crate) const HELP: &str = help!("audisp-remote.txt");

/// Runs the command; `words` begins with its name, and may go on with another configuration file.
pub(crate) fn run(words: &[OsString]) -> u8 {
    let checks = words.get(1).is_some_and(|word| word == "--check-config");
    let path = Path::new(words.get(1 + usize::from(checks)).map_or(CONFIG.as_ref(), OsString::as_os_str));
    if checks {
        return check(path);
    }
    let (mut logger, signals) = plugin::begin("audisp-remote");
    let mut diagnostics = Vec::new();
    let loaded = load(path, &mut diagnostics);
    diagnostics.iter().for_each(|diagnostic| logger.log(diagnostic.level, &diagnostic.text));
    let config = match loaded {
        Ok(config) => config,
        Err(reason) => {
            logger.log(Level::Error, &reason);
            return 6;
        }
    };
    let needs = config.needs();
    let Some(mut remote) = ToCollector::open(config, path, logger) else { return 1 };
    let wants = |is_wanted, capability| if is_wanted { capability } else { Capabilities::empty() };
    let kept = wants(needs.low_port, Capabilities::NET_BIND_SERVICE) | wants(needs.records, Capabilities::AUDIT_WRITE);
    if let Err(error) = process::keep_capabilities(kept, needs.programs) {
        remote.log(Level::Warning, &["cannot drop capabilities: ", &error_reason(&error)].concat());
    }
    let status = plugin::run(&mut remote, signals);
    // An action that stops it is no failure.
    if remote.has_failed() { u8::from(remote.has_rest()) } else { status.max(u8::from(remote.has_rest())) }
}

/// Shows the values in force and what is doubtful.
fn check(path: &Path) -> u8 {
    let mut diagnostics = Vec::new();
    let loaded = load(path, &mut diagnostics);
    diagnostics.iter().filter(|note| note.level < Level::Debug).for_each(|note| say(&note.text));
    match loaded {
        Ok(mut config) => {
            show(remote::show(&mut config).as_bytes());
            check_queue(&config).inspect_err(|reason| say(reason)).map_or(1, |()| 0)
        }
        Err(reason) => {
            say(reason);
            6
        }
    }
}
