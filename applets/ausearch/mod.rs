//! ausearch(8): finds events in the audit log and prints them.
//!
//! Exit status: 0 something was found; 1 nothing was found, or the command line or a file is bad; 2 nothing
//! was found, and a compressed log could not be read; 10 the checkpoint cannot
//! be used; 11 it cannot be written; 12 its event is not in its log.

mod arguments;
mod resume;
mod search;

use crate::help::help;
use crate::host::Host;
use crate::output::{say, show};
use arguments::Invocation;
use std::ffi::OsString;

/// The version of the reference whose behaviour this is.
const VERSION: &str = "ausearch version 4.2.2\n";

pub(crate) const HELP: &str = help!("ausearch.txt");

/// Called with the command's name as the first word.
pub(crate) fn run(words: &[OsString]) -> u8 {
    if words.len() < 2 {
        show(HELP.as_bytes());
        return 1;
    }
    let host = Host::open();
    match arguments::parse(words, &host) {
        Ok(Invocation::Help) => {
            show(HELP.as_bytes());
            0
        }
        Ok(Invocation::Version) => {
            show(VERSION.as_bytes());
            0
        }
        Ok(Invocation::Search(request)) => search::run(*request, &host).unwrap_or(1),
        Err(refusal) => {
            say(refusal);
            1
        }
    }
}
