//! System calls: netlink socket, poll loop, signals, clock, files, users, children. The only home of unsafe code.
//!
//! Sees [`crate::abi`] alone. Only `store`, `daemon` and the applets call it; everything here is a thin, typed shape over
//! what the kernel offers, and decides nothing.

pub mod clock;
pub mod input;
pub mod netlink;
pub mod process;
pub mod root;
pub mod users;

/// The system's own words for an error number, as strerror(3) gives them ("Operation not permitted").
pub fn error_text(errno: i32) -> String {
    let mut text = std::io::Error::from_raw_os_error(errno).to_string();
    if let Some(end) = text.rfind(" (os error") {
        text.truncate(end);
    }
    text
}
