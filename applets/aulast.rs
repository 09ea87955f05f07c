//! aulast(8): who was logged in, from when to when, and when the machine ran.
//!
//! Exit status: 0; 1 when the command line, the log or aulast.log is bad; 2 when a compressed log could not be read.

use crate::help::help;
use crate::host::{self, Host};
use crate::logs::{self, Input};
use crate::options::{shown, usage};
use crate::output::{Output, say};
use auditbox::interpret::Interpreter;
use auditbox::record::Record;
use auditbox::report::sessions::{Filter, PassedOver, SESSION_TYPES, Session, Sessions};
use auditbox::sys::{error_reason, files, process};
use auditbox::text::Escape;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

pub(crate) const HELP: &str = help!("aulast.txt");

/// Where `--extract` writes, in the working directory.
const EXTRACT: &str = "aulast.log";

/// What the words ask for.
#[derive(Default)]
struct Request {
    input: Input,
    filter: Filter,
    proof: bool,
    debug: bool,
    extract: bool,
}

/// Runs the command; `words` begins with its name.
pub(crate) fn run(words: &[OsString]) -> u8 {
    match parse(words.get(1..).unwrap_or_default()) {
        Ok(request) => report(request).unwrap_or(1),
        Err(complaint) => {
            say(complaint);
            1
        }
    }
}

fn parse(words: &[OsString]) -> Result<Request, &'static str> {
    let mut request = Request::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match &*shown(word.as_bytes()) {
            "-f" if matches!(request.input, Input::Stdin) => return Err("stdin already given"),
            // COMPAT: without a name after it the daemon's logs are read.
            "-f" => request.input = words.next().map_or(Input::Logs, |path| Input::File(path.into())),
            "--stdin" if matches!(request.input, Input::File(_)) => return Err("file already given"),
            "--stdin" => request.input = Input::Stdin,
            "--bad" => request.filter.failed = true,
            "--proof" => request.proof = true,
            "--extract" => request.extract = true,
            "--debug" => request.debug = true,
            "--user" => once(&mut request.filter.user, words.next())?,
            "--tty" => once(&mut request.filter.terminal, words.next())?,
            _ => return Err(usage(HELP)),
        }
    }
    Ok(request)
}

fn once(slot: &mut Option<Vec<u8>>, word: Option<&OsString>) -> Result<(), &'static str> {
    let word = word.filter(|_| slot.is_none()).ok_or(usage(HELP))?;
    *slot = Some(word.as_bytes().to_vec());
    Ok(())
}

/// Reads, prints, and gives back the exit status. An error is one of writing the output.
fn report(request: Request) -> io::Result<u8> {
    if matches!(request.input, Input::Logs) && process::effective_uid() != 0 {
        say("You probably need to be root for this to work");
    }
    let Some(found) = logs::find(request.input) else { return Ok(1) };
    if request.extract && found.0.has(Path::new(EXTRACT), "aulast") {
        return Ok(1);
    }
    let extract = if request.extract { Extract::open().map(Some) } else { Ok(None) };
    let Ok(extract) = extract.map_err(cannot_extract) else { return Ok(1) };
    let host = Host::open();
    let interpreter = Interpreter::new(&host, host::machine(), Escape::Tty);
    let mut sessions = Sessions::new(request.filter, interpreter);
    let mut printing = Printing { proof: request.proof, debug: request.debug, extract, output: Output::new() };
    let mut ended = Vec::new();
    let status = logs::read("aulast", found, SESSION_TYPES, &mut |record| {
        let passed_over = sessions.record(record, &mut ended).err();
        printing.record(record, passed_over, &mut ended)
    })?;
    sessions.finish(&mut ended);
    printing.sessions(&mut ended);
    printing.output.flush()?;
    let extracted = printing.extract.map_or(Ok(()), Extract::finish);
    Ok(extracted.map_or_else(
        |error| {
            cannot_extract(error);
            1
        },
        |()| status,
    ))
}

fn cannot_extract(error: io::Error) {
    say(format_args!("aulast: cannot write {EXTRACT}: {}", error_reason(&error)));
}

struct Printing {
    proof: bool,
    debug: bool,
    extract: Option<Extract>,
    output: Output,
}

impl Printing {
    fn record(
        &mut self,
        record: &Record<'_>,
        passed_over: Option<PassedOver>,
        ended: &mut Vec<Session>,
    ) -> io::Result<()> {
        if let Some(extract) = &mut self.extract {
            extract.record(record);
        }
        match passed_over.filter(|_| self.debug) {
            // COMPAT: this one goes to standard output.
            Some(reason @ PassedOver::NoSession) => writeln!(self.output.text, "{reason}")?,
            Some(reason) => say(format_args!("{reason} for event: {}", record.id.serial)),
            None => {}
        }
        self.sessions(ended);
        self.output.checkpoint()
    }

    fn sessions(&mut self, ended: &mut Vec<Session>) {
        for session in ended.drain(..) {
            session.push_row(host::date, &mut self.output.text);
            if self.proof {
                session.push_proof(host::date, &mut self.output.text);
            }
        }
    }
}

/// The records that count, as they were read, in a file. The first error is kept for the end.
struct Extract {
    file: BufWriter<File>,
    failed: Option<io::Error>,
}

impl Extract {
    fn open() -> io::Result<Extract> {
        let file = files::open_write(Path::new(EXTRACT), 0o600)?;
        Ok(Extract { file: BufWriter::new(file), failed: None })
    }

    fn record(&mut self, record: &Record<'_>) {
        if self.failed.is_none() {
            let line = self.file.write_all(record.as_written()).and_then(|()| self.file.write_all(b"\n"));
            self.failed = line.err();
        }
    }

    fn finish(mut self) -> io::Result<()> {
        self.failed.map_or(Ok(()), Err)?;
        self.file.flush()
    }
}
