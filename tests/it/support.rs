//! What the test modules share: the binary, temporary directories and repeatable numbers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// The multicall binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_auditbox");

/// A command that runs `applet` in UTC, with nothing on standard input.
pub(crate) fn applet(applet: &str) -> Command {
    let mut command = Command::new(BINARY);
    command.arg(applet).env("TZ", "UTC").stdin(std::process::Stdio::null());
    command
}

/// A temporary directory, removed when the value is dropped.
pub(crate) struct Dir(pub(crate) PathBuf);

impl Dir {
    /// Makes an empty directory. `name` only helps to recognise it.
    pub(crate) fn new(name: &str) -> Dir {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}-{count}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
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

/// Numbers that look random and are the same in every run (Marsaglia's xorshift64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// The next number, all 64 bits of it.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A 64-bit number below `sides`.
    pub(crate) fn below(&mut self, sides: u64) -> u64 {
        self.next() % sides
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.below(sides as u64) as usize
    }

    /// One of these.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.roll(from.len())]
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
