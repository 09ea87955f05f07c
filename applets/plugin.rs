//! What the plugins of the daemon share as commands: where their own messages go, and how their end becomes an exit status.

use crate::output::{must_finish, say_at_once};
use auditbox::config::Level;
use auditbox::host::logger::Logger;
use auditbox::plugin::run::{self, Consumer, Ending};
use auditbox::sys::error_reason;
use auditbox::sys::process;
use auditbox::sys::syslog::{LOG_USER, Syslog};
use std::ffi::OsString;

/// The messages of the plugin of this name go to the system log, and what is wrong also to standard error.
pub(crate) fn logger(name: &str) -> Logger {
    Logger::syslog(Syslog::open(name.to_owned(), LOG_USER), Box::new(say_at_once))
}

/// The words after the command's name.
pub(crate) fn words(words: &[OsString]) -> Vec<String> {
    words.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect()
}

/// Gives up all capabilities. What cannot be given up is kept: the plugin does its work all the same.
/// `may_control_audit` keeps CAP_AUDIT_CONTROL.
pub(crate) fn drop_capabilities(may_control_audit: bool, log: &mut dyn FnMut(Level, &str)) {
    if let Err(error) = process::drop_capabilities(may_control_audit) {
        log(Level::Warning, &["cannot drop capabilities: ", &error_reason(&error)].concat());
    }
}

/// Runs the plugin to its end; gives back the exit status.
pub(crate) fn run(consumer: &mut dyn Consumer) -> u8 {
    must_finish();
    match run::run(consumer) {
        Ok(Ending::EndOfInput | Ending::Terminated) => 0,
        Ok(Ending::Failed | Ending::Broken) => 1,
        Err(error) => {
            consumer.log(Level::Error, &["cannot run: ", &error_reason(&error)].concat());
            1
        }
    }
}
