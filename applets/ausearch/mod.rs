//! ausearch(8): finds events in the audit log and prints them.
//!
//! Exit status: 0 something was found; 1 nothing was found, or the command line or a file is bad; 10 the checkpoint cannot
//! be used; 11 it cannot be written; 12 its event is not in its log.

mod arguments;
mod desk;
mod render;
mod resume;
mod search;
mod show;

use crate::host::Host;
use crate::output;
use arguments::Asked;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

/// The version of the reference whose behaviour this is.
const VERSION: &str = "ausearch version 4.2.2\n";

/// Called with the command's name as the first word.
pub(crate) fn run(words: &[OsString]) -> ExitCode {
    ExitCode::from(match status(words) {
        Ok(status) => status,
        Err(error) => output::failure("ausearch", &error),
    })
}

fn status(words: &[OsString]) -> std::io::Result<u8> {
    let mut stdout = std::io::stdout();
    if words.len() < 2 {
        stdout.write_all(include_bytes!("usage.txt"))?;
        return Ok(1);
    }
    let host = Host::open();
    match arguments::parse(words, &host) {
        Ok(Asked::Help) => stdout.write_all(include_bytes!("usage.txt")).map(|()| 0),
        Ok(Asked::Version) => stdout.write_all(VERSION.as_bytes()).map(|()| 0),
        Ok(Asked::Search(request)) => search::run(*request, &host),
        Err(refusal) => {
            eprintln!("{refusal}");
            Ok(1)
        }
    }
}
