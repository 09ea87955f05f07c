//! A rules file, line by line: auditctl -R, and what augenrules loads.

use super::{Carrier, DISABLED, End, Source, ThisHost, carry_out, io_error_text, ready, say};
use auditbox::rule::{Plan, Refusal, Step, file, interpret};
use auditbox::sys::files;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Largest file taken.
pub(crate) const MAX_SIZE: u64 = 64 << 20;
/// Bit of a mode: others may write.
const OTHERS_WRITE: u32 = 0o002;

/// Reads a rules file, or says in a sentence why not. Any owner will do, but nobody else may be able to write it.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let shown = path.display();
    let file = files::open_read(path, true).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("audit rules file {shown} doesn't exist"),
        _ => format!("Error opening {shown} ({})", io_error_text(&error)),
    })?;
    let about = file.metadata().map_err(|error| format!("Error fstat'ing {shown} ({})", io_error_text(&error)))?;
    if !about.is_file() {
        return Err(format!("Error - {shown} is not a regular file"));
    }
    if about.mode() & OTHERS_WRITE != 0 {
        return Err(format!("Error - {shown} is world writable"));
    }
    let mut text = Vec::new();
    file.take(MAX_SIZE + 1)
        .read_to_end(&mut text)
        .map_err(|error| format!("Error reading {shown} ({})", io_error_text(&error)))?;
    if text.len() as u64 > MAX_SIZE {
        return Err(format!("Error - {shown} has more than {MAX_SIZE} bytes"));
    }
    Ok(text)
}

/// Reads a rules file and does what it says; returns the exit status.
pub(crate) fn load(path: &Path, host: &ThisHost, carrier: &mut dyn Carrier) -> u8 {
    if let Err(status) = ready(carrier) {
        return status;
    }
    match read(path) {
        Ok(text) => run(&text, &path.to_string_lossy(), host, carrier),
        Err(message) => {
            say(&message);
            1
        }
    }
}

/// Does what the lines of `text` ask for, and returns the exit status. `name` is what to call the file in messages.
pub(crate) fn run(text: &[u8], name: &str, host: &ThisHost, carrier: &mut dyn Carrier) -> u8 {
    let (mut ignore, mut remember, mut status) = (false, false, 0);
    for (number, words) in file::lines(text) {
        let end = match &words {
            Ok(words) => {
                let plan = plan(words, host);
                ignore |= plan.steps.iter().any(|step| matches!(step, Step::IgnoreErrors | Step::ContinueOnErrors));
                remember |= plan.steps.contains(&Step::ContinueOnErrors);
                carry_out(&plan, carrier, &Line { name, number, words })
            }
            Err(error) => {
                say(&format!("{name}:{number}: {error}"));
                End::Failed
            }
        };
        match end {
            End::Done => continue,
            End::Exit(status) => return status,
            End::Disabled => {
                say(DISABLED);
                return 0;
            }
            End::Failed => say(&format!("There was an error in line {number} of {name}")),
        }
        if !ignore || remember {
            status = 1;
        }
        if !ignore && !carrier.goes_on_after_refusal() {
            break;
        }
    }
    status
}

fn plan(words: &[file::Word], host: &ThisHost) -> Plan {
    let line: Vec<&[u8]> = std::iter::once(&b"auditctl"[..]).chain(words.iter().map(|w| w.text.as_slice())).collect();
    interpret(&line, host)
}

/// A line of a rules file.
struct Line<'l> {
    name: &'l str,
    number: usize,
    words: &'l [file::Word],
}

impl Source for Line<'_> {
    fn line(&self) -> Option<usize> {
        Some(self.number)
    }

    fn place(&self, refusal: &Refusal) -> String {
        let Line { name, number, words } = self;
        // Word 0 is the program's name, which the file does not have.
        match refusal.word.checked_sub(1).and_then(|n| words.get(n)) {
            Some(word) => {
                let column = word.column_of(refusal.offset);
                format!("{name}:{number}:{column}: \"{}\"", String::from_utf8_lossy(&word.text).escape_debug())
            }
            None => format!("{name}:{number}: the line as a whole"),
        }
    }
}
