//! audisp-statsd(8): the plugin that sends counts of events to a statsd server.
//!
//! Exit status: 0; 1 when it is not root's, its configuration or the input is wrong, or the server's name is unknown.

use crate::help::help;
use crate::host::Host;
use crate::output::say;
use crate::plugin;
use auditbox::config::{Level, statsd};
use auditbox::host::config_file::{self, GroupWriters, OpenPolicy};
use auditbox::plugin::run::Consumer;
use auditbox::plugin::statsd::ToStatsd;
use auditbox::sys::process;
use std::ffi::OsString;
use std::path::Path;

const CONFIG: &str = "/etc/audit/audisp-statsd.conf";

pub(crate) const HELP: &str = help!("audisp-statsd.txt");

/// Runs the command.
pub(crate) fn run(_: &[OsString]) -> u8 {
    if process::effective_uid() != 0 {
        say("You need to be root to run this");
        return 1;
    }
    let (mut logger, signals) = plugin::begin("audisp-statsd");
    let mut diagnostics = Vec::new();
    let policy = OpenPolicy { follow_links: true, group_writers: GroupWriters::Any, called: "" };
    let text = config_file::read(Path::new(CONFIG), policy, &mut diagnostics).and_then(|text| {
        statsd::parse(&text.unwrap_or_default(), CONFIG, &mut diagnostics).map_err(|error| error.to_string())
    });
    diagnostics.iter().for_each(|diagnostic| logger.log(diagnostic.level, &diagnostic.text));
    let config = match text {
        Ok(config) => config,
        Err(reason) => {
            logger.log(Level::Error, &reason);
            logger.log(Level::Error, "Failed loading config - exiting");
            return 1;
        }
    };
    let host = Host::open();
    let Some(mut statsd) = ToStatsd::new(&config, &host, logger) else { return 1 };
    plugin::drop_capabilities(true, &mut |level, text| statsd.log(level, text));
    plugin::run(&mut statsd, signals)
}
