//! Standard output and standard error as the kernel has them: no buffer, no lock, and every error is given back; and whether there is a
//! standard input.

use super::poll;
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// One of the two streams a program writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// Whether standard input and standard output were closed when the program began. Before `main` the runtime of Rust opens /dev/null
/// in the place of a closed stream, so the C library has to look before that.
static WAS_CLOSED: [AtomicBool; 2] = [AtomicBool::new(false), AtomicBool::new(false)];

extern "C" fn look_at_streams() {
    for (number, was_closed) in (libc::STDIN_FILENO..).zip(&WAS_CLOSED) {
        // SAFETY: F_GETFD takes any number, and says whether it is a descriptor.
        let state = unsafe { libc::fcntl(number, libc::F_GETFD) };
        was_closed.store(state == -1, Relaxed);
    }
}

// SAFETY: the C library calls what stands in this section before `main`, each as a function that takes nothing it needs.
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK_AT_STREAMS: extern "C" fn() = look_at_streams;

/// What a pipe that is ready takes without waiting (pipe(7), PIPE_BUF).
const PIECE: usize = 4096;

impl Stream {
    /// Its descriptor.
    pub fn fd(self) -> BorrowedFd<'static> {
        match self {
            Stream::Output => rustix::stdio::stdout(),
            Stream::Error => rustix::stdio::stderr(),
        }
    }

    /// Writes all of `bytes`, and waits for the reader as long as it takes, be the stream non-blocking or not. Standard output that was
    /// closed from the start is an error, EBADF.
    pub fn write(self, bytes: &[u8]) -> io::Result<()> {
        if self == Stream::Output && WAS_CLOSED[1].load(Relaxed) && !bytes.is_empty() {
            return Err(Errno::BADF.into());
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            match rustix::io::write(self.fd(), rest).map_err(io::Error::from) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    poll::can_write(self.fd(), Duration::from_secs(1));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes what the reader takes without being waited for, and returns how much that was.
    pub fn write_ready(self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = 0;
        for piece in bytes.chunks(PIECE) {
            if !self.is_ready() {
                break;
            }
            match rustix::io::retry_on_intr(|| rustix::io::write(self.fd(), piece)) {
                Ok(count) => written += count,
                Err(Errno::AGAIN) => break,
                Err(error) if written == 0 => return Err(error.into()),
                Err(_) => break,
            }
            if written % PIECE > 0 {
                break;
            }
        }
        Ok(written)
    }

    /// Whether a line can be written without waiting for the reader.
    pub fn is_ready(self) -> bool {
        poll::can_write(self.fd(), Duration::ZERO)
    }

    /// Whether it is a terminal.
    pub fn is_terminal(self) -> bool {
        self.fd().is_terminal()
    }

    /// Whether this path leads to what it is, as /dev/stdout does.
    pub fn is_at(self, path: &Path) -> bool {
        let (Ok(there), Ok(own)) = (rustix::fs::stat(path), rustix::fs::fstat(self.fd())) else { return false };
        (there.st_dev, there.st_ino) == (own.st_dev, own.st_ino)
    }

    /// Whether it is a pipe.
    pub fn is_pipe(self) -> bool {
        rustix::fs::fstat(self.fd()).is_ok_and(|about| rustix::fs::FileType::from_raw_mode(about.st_mode).is_fifo())
    }

    /// Characters of a line, if it is a terminal that says so.
    pub fn width(self) -> Option<u16> {
        let size = rustix::termios::tcgetwinsize(self.fd()).ok()?;
        Some(size.ws_col).filter(|width| *width > 0)
    }

    /// Another descriptor of the same stream.
    pub fn duplicate(self) -> io::Result<OwnedFd> {
        self.fd().try_clone_to_owned()
    }
}

/// Standard input. One that was closed from the start is an error, EBADF: it is not empty.
pub fn input() -> io::Result<File> {
    if WAS_CLOSED[0].load(Relaxed) {
        return Err(Errno::BADF.into());
    }
    Ok(rustix::stdio::stdin().try_clone_to_owned()?.into())
}

/// The first of the three standard streams that is a terminal.
pub fn terminal() -> Option<u32> {
    let streams = [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()];
    (0..).zip(streams).find(|(_, stream)| stream.is_terminal()).map(|(number, _)| number)
}

/// Ends this process as one ends that writes to a pipe without a reader: by SIGPIPE. Returns where that cannot be.
pub fn end_by_broken_pipe() {
    // SAFETY: SIG_DFL is a valid disposition of SIGPIPE, and raise(3) takes any signal.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        libc::raise(libc::SIGPIPE);
    }
}
