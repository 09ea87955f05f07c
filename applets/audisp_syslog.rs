//! audisp-syslog(8): the plugin that writes records to the system log.
//!
//! Exit status: 0; 1 when a word is wrong, the input makes no sense, or the system log has not taken all of it.

use crate::help::help;
use crate::host::Host;
use crate::plugin;
use auditbox::config::Level;
use auditbox::plugin::run::Consumer;
use auditbox::plugin::syslog::{Options, ToSyslog};
use std::ffi::OsString;

pub(crate) const HELP: &str = help!("audisp-syslog.txt");

/// Runs the command; `words` begins with its name.
pub(crate) fn run(words: &[OsString]) -> u8 {
    let (mut logger, signals) = plugin::begin("audisp-syslog");
    let words = plugin::words(words);
    let options = match Options::parse(words.iter().map(String::as_str)) {
        Ok(options) => options,
        Err(word) => {
            logger.log(Level::Error, &["Unknown log priority/facility ", word].concat());
            return 1;
        }
    };
    let host = Host::open();
    plugin::drop_capabilities(false, &mut |level, text| logger.log(level, text));
    let mut to_syslog = ToSyslog::new(options, &host, logger);
    let status = plugin::run(&mut to_syslog, signals);
    if to_syslog.is_done() {
        return status;
    }
    to_syslog.log(Level::Error, "the system log has not taken all records: the rest is lost");
    1
}
