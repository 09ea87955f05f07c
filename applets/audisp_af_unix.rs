//! audisp-af_unix(8): the plugin that hands records to the reader of a Unix socket.
//!
//! Exit status: 0; 1 when it cannot listen or the input makes no sense.

use crate::help::help;
use crate::plugin;
use auditbox::plugin::af_unix::{AfUnix, Options};
use auditbox::plugin::run::Consumer;
use auditbox::sys::signals;
use std::ffi::OsString;

pub(crate) const HELP: &str = help!("audisp-af_unix.txt");

/// Runs the command; `words` begins with its name.
pub(crate) fn run(words: &[OsString]) -> u8 {
    signals::ignore_others();
    let (mut logger, signals) = plugin::begin("audisp-af_unix");
    let words = plugin::words(words);
    let options = Options::parse(words.iter().map(String::as_str), &mut |level, text| logger.log(level, text));
    let Some(mut af_unix) = AfUnix::listen(options, logger) else { return 1 };
    plugin::drop_capabilities(false, &mut |level, text| af_unix.log(level, text));
    plugin::run(&mut af_unix, signals)
}
