//! aulastlog(8): when each account of this machine logged in last.
//!
//! Exit status: 0; 1 when the command line or the log is bad or there is no such account; 2 when a compressed log could not be read.

use crate::help::help;
use crate::host::{self, Host};
use crate::logs::{self, Input};
use crate::options::usage;
use crate::output::{Output, say, show};
use auditbox::report::last_login::{LOGIN_TYPES, LastLogins};
use auditbox::text::{Escape, escape};
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;

pub(crate) const HELP: &str = help!("aulastlog.txt");

/// What the words ask for.
#[derive(Default)]
struct Request<'w> {
    input: Input,
    user: Option<&'w [u8]>,
}

/// Runs the command; `words` begins with its name.
pub(crate) fn run(words: &[OsString]) -> u8 {
    match parse(words.get(1..).unwrap_or_default()) {
        Some(request) => report(request).unwrap_or(1),
        None => {
            say(usage(HELP));
            1
        }
    }
}

fn parse(words: &[OsString]) -> Option<Request<'_>> {
    let mut request = Request::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_bytes() {
            b"-u" | b"--user" => request.user = Some(words.next()?.as_bytes()),
            b"--stdin" => request.input = Input::Stdin,
            _ => return None,
        }
    }
    Some(request)
}

/// Reads, prints, and gives back the exit status. An error is one of writing the output.
fn report(request: Request<'_>) -> io::Result<u8> {
    let host = Host::open();
    let accounts = host.users.all().filter(|(_, name)| request.user.is_none_or(|user| *name == user));
    let mut logins = LastLogins::new(accounts);
    if let Some(user) = request.user.filter(|_| logins.is_empty()) {
        // COMPAT: on standard output.
        let mut text = b"Unknown User: ".to_vec();
        escape(user, Escape::Tty, &mut text);
        text.push(b'\n');
        show(&text);
        return Ok(1);
    }
    let Some(found) = logs::find(request.input) else { return Ok(1) };
    let read = logs::read("aulastlog", found, LOGIN_TYPES, &mut |record| {
        logins.record(record);
        Ok(())
    });
    let status = read?;
    if status == 1 {
        return Ok(1);
    }
    let mut output = Output::new();
    logins.push_table(host::date, &mut output.text);
    output.flush()?;
    Ok(status)
}
