//! Error numbers of the kernel that the daemon distinguishes (errno(3)).

pub use libc::{
    EAFNOSUPPORT, EAGAIN, EBADF, ECONNREFUSED, ECONNRESET, EDQUOT, EEXIST, EINVAL, EIO, EISDIR, ELOOP, ENOBUFS, ENOENT,
    ENOSPC, ENOTDIR, ENXIO, EPERM, EPIPE, EPROTONOSUPPORT, EROFS,
};

/// The number of an error of the standard library; EIO when there is none.
pub fn of(error: &std::io::Error) -> i32 {
    error.raw_os_error().unwrap_or(EIO)
}

/// The system's own words for an error number, as strerror(3) gives them ("Operation not permitted").
pub fn text(errno: i32) -> String {
    let mut text = std::io::Error::from_raw_os_error(errno).to_string();
    if let Some(end) = text.rfind(" (os error") {
        text.truncate(end);
    }
    text
}

/// The system's own words for an error of the standard library.
pub fn reason(error: &std::io::Error) -> String {
    error.raw_os_error().map_or_else(|| error.to_string(), text)
}
