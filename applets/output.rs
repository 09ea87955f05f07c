//! Standard output of the commands that print logs: one large buffer, and silence when the reader has gone away.

use std::io::{self, Write};

/// When so much is waiting it is written out.
const FULL: usize = 64 << 10;

/// Collects text and writes it to standard output.
pub(crate) struct Output {
    /// Append here; then call [`Output::checkpoint`].
    pub(crate) text: Vec<u8>,
}

/// What a command returns when its reader has gone: as a shell reports an end by SIGPIPE.
pub(crate) const READER_GONE: u8 = 141;

impl Output {
    pub(crate) fn new() -> Output {
        Output { text: Vec::with_capacity(FULL + (16 << 10)) }
    }

    /// Writes what has collected, if it is much.
    pub(crate) fn checkpoint(&mut self) -> io::Result<()> {
        if self.text.len() >= FULL { self.flush() } else { Ok(()) }
    }

    /// Writes everything.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(&self.text)?;
        self.text.clear();
        stdout.flush()
    }
}

/// The exit status after output failed, with a word about it unless the reader has gone away.
pub(crate) fn failure(applet: &str, error: &io::Error) -> u8 {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return READER_GONE;
    }
    eprintln!("{applet}: cannot write: {}", crate::host::reason(error));
    1
}
