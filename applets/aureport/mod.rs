//! aureport(8): reports on the audit log, as rows or as totals.
//!
//! Exit status: 0; 1 nothing was found for the rows of a report, or the command line or a file is bad.

mod arguments;
mod handover;
mod read;
mod show;

use crate::host::Host;
use crate::output;
use arguments::{Asked, Refusal};
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

/// The version of the reference whose behaviour this is.
const VERSION: &str = "aureport version 4.2.2\n";

const USAGE: &[u8] = include_bytes!("usage.txt");

/// Called with the command's name as the first word.
pub(crate) fn run(words: &[OsString]) -> ExitCode {
    ExitCode::from(match status(words) {
        Ok(status) => status,
        Err(error) => output::failure("aureport", &error),
    })
}

fn status(words: &[OsString]) -> io::Result<u8> {
    let mut stdout = io::stdout();
    let host = Host::open();
    match arguments::parse(words, &host) {
        Ok(Asked::Help) => stdout.write_all(USAGE).map(|()| 0),
        Ok(Asked::Version) => stdout.write_all(VERSION.as_bytes()).map(|()| 0),
        Ok(Asked::Report(command)) => show::run(*command, &host),
        Err(Refusal::Usage(message)) => {
            eprint!("{message}");
            stdout.write_all(USAGE).map(|()| 1)
        }
        Err(Refusal::Unimplemented) => {
            eprintln!("Unimplemented option");
            Ok(1)
        }
    }
}
