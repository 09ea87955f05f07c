//! Error numbers of the kernel that the daemon distinguishes (errno(3)), and what is said of an error.

use std::io;

use crate::tables;

pub use libc::{
    EAFNOSUPPORT, EAGAIN, EBADF, ECONNREFUSED, ECONNRESET, EDQUOT, EEXIST, EINVAL, EIO, EISDIR, ELOOP, ENOBUFS, ENOENT,
    ENOSPC, ENOTDIR, ENXIO, EPERM, EPIPE, EPROTONOSUPPORT, EROFS,
};

/// The number of an error of the standard library; EIO when there is none.
pub fn of(error: &io::Error) -> i32 {
    error.raw_os_error().unwrap_or(EIO)
}

/// The words of strerror(3) for an error number ("Operation not permitted"), in every build those of the table that `-i` uses.
pub fn text(errno: i32) -> String {
    tables::errno::text(errno).map_or_else(|| format!("Unknown error {errno}"), str::to_string)
}

/// What is said of an error of the standard library. Not its own `Display`, with which the C library's words would be linked.
pub fn reason(error: &io::Error) -> String {
    match (error.raw_os_error(), error.get_ref()) {
        (Some(errno), _) => text(errno),
        (None, Some(words)) => words.to_string(),
        (None, None) => error.kind().to_string(),
    }
}

/// An error that no system call made. Words of a type of their own: those of a `String` would bring with them how the standard
/// library escapes strings for debugging.
pub fn said(words: &'static str) -> io::Error {
    io::Error::other(Said(words))
}

#[derive(Debug)]
struct Said(&'static str);

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Said {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_said_in_the_words_of_the_system() {
        assert_eq!(
            [EPERM, EDQUOT, ECONNREFUSED].map(text),
            ["Operation not permitted", "Disk quota exceeded", "Connection refused"]
        );
        assert_eq!(text(9999), "Unknown error 9999");
        assert_eq!(reason(&said("no queue")), "no queue");
        assert_eq!(reason(&io::ErrorKind::TimedOut.into()), "timed out");
    }
}
