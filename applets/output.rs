//! Standard output and standard error of all applets. Nothing else in them writes there; clippy and tests/it/layering.rs see
//! to that.
//!
//! - Standard error: [`say`] and [`complain`], and [`show_line`] for one that goes away again. What cannot be written there is
//!   dropped, and nothing ends for it.
//! - Standard output: [`show`] for a short answer, [`Output`] for much text. The first error is kept, nothing is written
//!   after it, and [`end`] makes the exit status of it, once for all applets:
//!   - A command that only prints ends with status 1 and a message, or by SIGPIPE when its reader has gone away.
//!   - A command that changes something says so by [`must_finish`]. It does its work and keeps its own status.

use auditbox::sys::errno::{self, EPIPE};
use auditbox::sys::streams::{self, Stream};
use auditbox::text::{Escape, escape};
use auditbox::trail::render_pool::Batch;
use memchr::memchr2;
use std::fmt::Display;
use std::io;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering::Relaxed};

/// When so much is waiting it is written out.
const FULL: usize = 64 << 10;
/// The errno of the first write to standard output that failed; 0 while there was none.
static FAILED: AtomicI32 = AtomicI32::new(0);
/// Characters of the line that [`show_line`] shows.
static SHOWN: AtomicUsize = AtomicUsize::new(0);
/// Whether the command does more than print.
static MUST_FINISH: AtomicBool = AtomicBool::new(false);
/// What a shell reports of an end by SIGPIPE.
const READER_GONE: u8 = 141;

/// Whether a stream is a terminal that does more than show lines, which `TERM=dumb` says that it does not.
pub(crate) fn is_screen(stream: Stream) -> bool {
    stream.is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Writes a line to standard error.
pub(crate) fn say(line: impl Display) {
    complain(format!("{line}\n").as_bytes());
}

/// Writes lines to standard error. Names and lines of logs are in them, so nothing that moves a terminal goes through.
pub(crate) fn complain(text: &[u8]) {
    clear_line();
    let _ = Stream::Error.write(&harmless(text));
}

/// Lines without what moves a terminal.
fn harmless(text: &[u8]) -> Vec<u8> {
    let mut shown = Vec::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (part, tail) = rest.split_at(memchr2(b'\n', b'\t', rest).unwrap_or(rest.len()));
        escape(part, Escape::Tty, &mut shown);
        shown.extend(tail.first());
        rest = tail.get(1..).unwrap_or_default();
    }
    shown
}

/// Shows a line on standard error, in the place of the last one shown so, until something else is written. Standard error is a
/// terminal; an empty text only takes the last one away. Blanks do that: any terminal knows them.
pub(crate) fn show_line(text: &str) {
    let old = SHOWN.swap(text.len(), Relaxed);
    let blanks = " ".repeat(old.saturating_sub(text.len()));
    let end = if text.is_empty() { "\r" } else { "" };
    let _ = Stream::Error.write(["\r", text, &blanks, end].concat().as_bytes());
}

fn clear_line() {
    if SHOWN.load(Relaxed) > 0 {
        show_line("");
    }
}

/// Writes a line to standard error, unless its reader is slow: for the daemon, which waits for nobody.
pub(crate) fn say_at_once(line: &str) {
    if Stream::Error.is_ready() {
        say(line);
    }
}

/// Writes to standard output. What becomes of it shows at the [`end`].
pub(crate) fn show(bytes: &[u8]) {
    let _ = write(bytes);
}

/// Writes the text of a file to standard output: byte for byte, but to a terminal without what moves it.
pub(crate) fn show_file(text: &[u8]) {
    if Stream::Output.is_terminal() { show(&harmless(text)) } else { show(text) }
}

fn write(bytes: &[u8]) -> io::Result<()> {
    if SHOWN.load(Relaxed) > 0 && Stream::Output.is_terminal() {
        clear_line();
    }
    match FAILED.load(Relaxed) {
        0 => Stream::Output.write(bytes).inspect_err(|error| FAILED.store(errno::of(error), Relaxed)),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

/// Collects text and writes it to standard output.
pub(crate) struct Output {
    /// Append here; then call [`Output::checkpoint`].
    pub(crate) text: Vec<u8>,
}

impl Output {
    pub(crate) fn new() -> Output {
        Output { text: Vec::with_capacity(FULL + (16 << 10)) }
    }

    /// Takes what was made of a batch of events: its complaints to standard error, its text after what has collected.
    pub(crate) fn take(&mut self, batch: &mut Batch) -> io::Result<()> {
        if !batch.complaints.is_empty() {
            complain(&batch.complaints);
        }
        if self.text.is_empty() {
            std::mem::swap(&mut self.text, &mut batch.text);
        } else {
            self.text.extend_from_slice(&batch.text);
        }
        self.checkpoint()
    }

    /// Writes what has collected, if it is much. The error says that there is no use in going on.
    pub(crate) fn checkpoint(&mut self) -> io::Result<()> {
        if self.text.len() >= FULL { self.flush() } else { Ok(()) }
    }

    /// Writes everything. The error says that there is no use in going on.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        write_out(&mut self.text)
    }
}

/// Writes all of a text to standard output, and empties it. The error says that there is no use in going on.
pub(crate) fn write_out(text: &mut Vec<u8>) -> io::Result<()> {
    write(text)?;
    text.clear();
    Ok(())
}

/// From here on the command changes something: no failure of its output decides how it ends.
pub(crate) fn must_finish() {
    MUST_FINISH.store(true, Relaxed);
}

/// Ends the applet with its status, or with what became of its output.
pub(crate) fn end(applet: &str, status: u8) -> ExitCode {
    clear_line();
    let must_finish = MUST_FINISH.load(Relaxed);
    let status = match FAILED.load(Relaxed) {
        0 => status,
        EPIPE if must_finish => status,
        EPIPE => {
            streams::end_by_broken_pipe();
            READER_GONE
        }
        errno => {
            say(format_args!("{applet}: cannot write: {}", errno::text(errno)));
            if must_finish { status } else { status.max(1) }
        }
    };
    ExitCode::from(status)
}
