//! What the plugins of the daemon share as commands: where their own messages go, and how their end becomes an exit status.

use crate::output::{must_finish, say_at_once};
use auditbox::config::Level;
use auditbox::host::logger::Logger;
use auditbox::plugin::run::{self, Consumer, Ending};
use auditbox::sys::error_reason;
use auditbox::sys::process;
use auditbox::sys::signals::{self, Signals};
use auditbox::sys::syslog::{LOG_USER, Syslog};
use std::ffi::OsString;
use std::io;

/// Begins the plugin of this name. Its messages go to the system log, and what is wrong also to standard error. No signal ends it from
/// now on: the daemon may send one before it has opened what it needs.
pub(crate) fn begin(name: &str) -> (Logger, io::Result<Signals>) {
    let signals = Signals::listen(&signals::LISTENED).map_err(io::Error::from_raw_os_error);
    (Logger::syslog(Syslog::open(name.to_owned(), LOG_USER), Box::new(say_at_once)), signals)
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
pub(crate) fn run(consumer: &mut dyn Consumer, signals: io::Result<Signals>) -> u8 {
    must_finish();
    match signals.and_then(|signals| run::run(consumer, &signals)) {
        Ok(Ending::EndOfInput | Ending::Terminated) => 0,
        Ok(Ending::Failed | Ending::Broken) => 1,
        Err(error) => {
            consumer.log(Level::Error, &["cannot run: ", &error_reason(&error)].concat());
            1
        }
    }
}
