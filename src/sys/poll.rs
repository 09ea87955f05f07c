//! Waiting for several descriptors at once (poll(2)), and the pipe that wakes the waiter.

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use std::time::Duration;

/// How many descriptors one wait may be about.
pub const MAX_WAIT: usize = 8;

/// Waits until one of `fds` can be read (or has ended), or `limit` has passed; `None` waits for ever.
/// Bit n of the answer is `fds[n]`; 0 when the time is over or a signal came.
pub fn wait(fds: &[BorrowedFd<'_>], limit: Option<Duration>) -> u32 {
    let mut set: heapless::Vec<PollFd<'_>, MAX_WAIT> =
        fds.iter().take(MAX_WAIT).map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
    let limit = limit.map(|time| Timespec { tv_sec: time.as_secs() as i64, tv_nsec: time.subsec_nanos() as _ });
    match rustix::event::poll(&mut set, limit.as_ref()) {
        Ok(_) => {
            set.iter().enumerate().filter(|(_, fd)| !fd.revents().is_empty()).fold(0, |bits, (n, _)| bits | 1 << n)
        }
        Err(_) => 0,
    }
}

/// Waits until `fd` can be written to, or writing would fail at once; false when `limit` has passed.
pub fn can_write(fd: BorrowedFd<'_>, limit: Duration) -> bool {
    let limit = Timespec { tv_sec: limit.as_secs() as i64, tv_nsec: limit.subsec_nanos() as _ };
    let mut set = [PollFd::from_borrowed_fd(fd, PollFlags::OUT)];
    rustix::io::retry_on_intr(|| rustix::event::poll(&mut set, Some(&limit))).is_ok_and(|ready| ready > 0)
}

/// A pipe that is only ever rung: any thread rings, one thread hears.
pub struct Bell {
    read: OwnedFd,
    write: OwnedFd,
}

impl Bell {
    /// Makes the pipe; the error is an errno.
    pub fn new() -> Result<Bell, i32> {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).map_err(Errno::raw_os_error)?;
        Ok(Bell { read, write })
    }

    /// Wakes the waiter. A full pipe is as good as one more byte.
    pub fn ring(&self) {
        let _ = rustix::io::write(&self.write, b"!");
    }

    /// Takes all rings back.
    pub fn hush(&self) {
        let mut bytes = [0; 64];
        while rustix::io::read(&self.read, &mut bytes).is_ok_and(|n| n == bytes.len()) {}
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.read.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rung_bell_is_ready_until_hushed() {
        let (quiet, loud) = (Bell::new().unwrap(), Bell::new().unwrap());
        loud.ring();
        let fds = [quiet.as_fd(), loud.as_fd()];
        assert_eq!(wait(&fds, Some(Duration::ZERO)), 0b10);
        loud.hush();
        assert_eq!(wait(&fds, Some(Duration::ZERO)), 0);
    }
}
