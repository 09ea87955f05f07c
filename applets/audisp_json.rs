//! audisp-json(8): the plugin that hands on events as JSON.
//!
//! Exit status: 0; 1 when a word is wrong, what it writes to cannot be opened or did not take everything, or the input makes no
//! sense.

use crate::help::help;
use crate::host::Host;
use crate::plugin;
use auditbox::config::Level;
use auditbox::plugin::json::{Options, ToJson};
use auditbox::plugin::run::Consumer;
use auditbox::sys::signals;
use std::ffi::OsString;

pub(crate) const HELP: &str = help!("audisp-json.txt");

/// Runs the command; `words` begins with its name.
pub(crate) fn run(words: &[OsString]) -> u8 {
    signals::survive_size_limit();
    let (mut logger, signals) = plugin::begin("audisp-json");
    let words = plugin::words(words);
    let options = match Options::parse(words.iter().map(String::as_str)) {
        Ok(options) => options,
        Err(reason) => {
            logger.log(Level::Error, &reason);
            return 1;
        }
    };
    let host = Host::open();
    let Some(mut json) = ToJson::new(options, &host, logger) else { return 1 };
    plugin::drop_capabilities(false, &mut |level, text| json.log(level, text));
    let status = plugin::run(&mut json, signals);
    status.max(u8::from(!json.finish()))
}
