//! audisp-filter(8): the plugin that hands some of the events to another plugin.
//!
//! Exit status: 0; 1 when a word, the file or the input is wrong, or the other plugin ends by itself.

use crate::help::help;
use crate::host::Host;
use crate::plugin;
use auditbox::config::Level;
use auditbox::plugin::filter::{self, Filter, Mode};
use std::ffi::OsString;
use std::path::Path;

pub(crate) const HELP: &str = help!("audisp-filter.txt");

/// Runs the command; `words` begins with its name.
pub(crate) fn run(words: &[OsString]) -> u8 {
    let (mut logger, signals) = plugin::begin("audisp-filter");
    let words = plugin::words(words);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (mode, file, program) = match words[..] {
        ["--check", file] => {
            let expressions = filter::load(Path::new(file), &mut |level, text| logger.log(level, text));
            return u8::from(expressions.is_none());
        }
        [mode, file, ref program @ ..] if !program.is_empty() => (mode, file, program),
        _ => {
            logger.log(Level::Error, "Not enough command line arguments");
            return 1;
        }
    };
    let Some(mode) = Mode::parse(mode) else {
        let text = format!("Invalid mode '{mode}' specified, possible values are: allowlist, blocklist.");
        logger.log(Level::Error, &text);
        return 1;
    };
    let host = Host::open();
    plugin::drop_capabilities(false, &mut |level, text| logger.log(level, text));
    match Filter::start(mode, file.into(), program, &host, logger) {
        Some(mut filter) => plugin::run(&mut filter, signals),
        None => 1,
    }
}
