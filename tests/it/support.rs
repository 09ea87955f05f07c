//! What the test modules share: the binary, temporary directories and repeatable numbers.

pub(crate) use crate::testing::Dice;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The multicall binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_auditbox");

/// A command that runs `applet` in UTC, with nothing on standard input.
pub(crate) fn applet(applet: &str) -> Command {
    let mut command = Command::new(BINARY);
    command.arg(applet).env("TZ", "UTC").stdin(Stdio::null());
    command
}

/// Runs a command to its end with `input` on its standard input. One that refuses its words need not read that.
pub(crate) fn feed(command: &mut Command, input: &[u8]) -> Output {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it runs");
    let mut pipe = child.stdin.take().expect("a pipe");
    std::thread::scope(|threads| {
        threads.spawn(move || pipe.write_all(input));
        child.wait_with_output().expect("it ends")
    })
}

/// Exit status, standard output and standard error of the same.
pub(crate) fn transcript(command: &mut Command, input: &str) -> (i32, String, String) {
    let output = feed(command, input.as_bytes());
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code().expect("by itself"), text(output.stdout), text(output.stderr))
}

/// Makes a named pipe.
pub(crate) fn make_pipe(path: impl AsRef<Path>) {
    assert!(Command::new("mkfifo").arg(path.as_ref()).status().expect("mkfifo").success());
}

/// A temporary directory, removed when the value is dropped.
pub(crate) struct Dir(pub(crate) PathBuf);

impl Dir {
    /// Makes an empty directory. `name` only helps to recognise it.
    pub(crate) fn new(name: &str) -> Dir {
        let path = crate::testing::path(name);
        fs::create_dir_all(&path).expect("a directory for the test");
        Dir(path)
    }

    /// Writes a file, and the directories above it, and returns its path.
    pub(crate) fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a directory for the test");
        fs::write(&path, contents).expect("a file for the test");
        path.to_str().expect("the path is text").to_owned()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A terminal of this width: its other end, which shows what is written to it, and itself.
#[allow(unsafe_code, reason = "there is no safe way to a pseudo-terminal without another package")]
pub(crate) fn terminal(columns: u16) -> (fs::File, std::os::fd::OwnedFd) {
    use std::os::fd::{FromRawFd, OwnedFd};
    let (mut ours, mut theirs) = (-1, -1);
    let none = std::ptr::null_mut();
    // SAFETY: the two numbers are live, and null stands for what is not asked for.
    let status = unsafe { libc::openpty(&raw mut ours, &raw mut theirs, none, none.cast(), none.cast()) };
    assert_eq!(status, 0, "a pseudo-terminal");
    // SAFETY: both were just opened, and nobody else has them.
    let (ours, theirs) = unsafe { (fs::File::from_raw_fd(ours), OwnedFd::from_raw_fd(theirs)) };
    let size = rustix::termios::Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(&theirs, size).expect("it takes a size");
    (ours, theirs)
}
