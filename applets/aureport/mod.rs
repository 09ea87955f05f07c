//! aureport(8): reports on the audit log, as rows or as totals.
//!
//! Exit status: 0; 1 nothing was found for the rows of a report, or the command line or a file is bad; 2
//! the same, and a compressed log could not be read.

mod arguments;
mod show;

use crate::help::help;
use crate::host::Host;
use crate::output::{say, show};
use arguments::{Invocation, Refusal};
use std::ffi::OsString;

/// The version of the reference whose behaviour this is.
const VERSION: &str = "aureport version 4.2.2\n";

pub(crate) const HELP: &str = help!("aureport.txt");

/// Called with the command's name as the first word.
pub(crate) fn run(words: &[OsString]) -> u8 {
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
        Ok(Invocation::Report(command)) => show::run(*command, &host).unwrap_or(1),
        Err(Refusal::Usage(message)) => {
            say(message);
            show(HELP.as_bytes());
            1
        }
        Err(Refusal::Unimplemented(what)) => {
            say(format_args!("Unimplemented option ({what})"));
            1
        }
    }
}
