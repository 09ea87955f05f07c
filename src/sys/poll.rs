//! Waiting for descriptors (ppoll(2)), and the pipe by which one thread wakes another.

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use std::time::Duration;

/// What a descriptor is watched for. Its end and its errors are always reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Nothing at all: the descriptor is left out of the wait.
    Nothing,
    /// Its end and its errors alone.
    End,
    /// Whether it can be read.
    Read,
    /// Whether it can be written to.
    Write,
    /// Either.
    ReadWrite,
}

impl Interest {
    fn events(self) -> i16 {
        match self {
            Interest::Nothing | Interest::End => 0,
            Interest::Read => libc::POLLIN,
            Interest::Write => libc::POLLOUT,
            Interest::ReadWrite => libc::POLLIN | libc::POLLOUT,
        }
    }
}

/// Descriptors that are waited for together. They are known by the order in which they were added; there is no limit.
#[derive(Default)]
pub struct PollSet(Vec<libc::pollfd>);

impl PollSet {
    /// Adds a descriptor, which must stay open as long as it is in the set.
    pub fn add(&mut self, fd: BorrowedFd<'_>, interest: Interest) {
        self.0.push(libc::pollfd { fd: fd.as_raw_fd(), events: 0, revents: 0 });
        self.set_interest(self.0.len() - 1, interest);
    }

    /// Changes what the descriptor at `index` is watched for.
    pub fn set_interest(&mut self, index: usize, interest: Interest) {
        if let Some(entry) = self.0.get_mut(index) {
            // poll(2) ignores negative numbers.
            let fd = if entry.fd < 0 { !entry.fd } else { entry.fd };
            entry.fd = if interest == Interest::Nothing { !fd } else { fd };
            entry.events = interest.events();
        }
    }

    /// Waits until a descriptor is ready, a signal comes, or `limit` has passed; without a limit for ever.
    pub fn wait(&mut self, limit: Option<Duration>) {
        let time = limit.map(|time| libc::timespec { tv_sec: time.as_secs() as _, tv_nsec: time.subsec_nanos() as _ });
        let time = time.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        let count = self.0.len() as libc::nfds_t;
        // SAFETY: the array is live and has `count` entries, of which the kernel writes `revents` alone; `time` is null or
        // points to a live value; a null mask leaves the signal mask as it is. Numbers that are not open are reported.
        let ready = unsafe { libc::ppoll(self.0.as_mut_ptr(), count, time, std::ptr::null()) };
        if ready <= 0 {
            self.0.iter_mut().for_each(|entry| entry.revents = 0);
        }
    }

    /// Keeps the descriptors whose index passes the test, in their order.
    pub fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        let mut index = 0;
        self.0.retain(|_| {
            index += 1;
            keep(index - 1)
        });
    }

    /// Whether the last wait found the end of the descriptor at `index`, or an error.
    pub fn has_ended(&self, index: usize) -> bool {
        let ends = libc::POLLHUP | libc::POLLERR | libc::POLLNVAL;
        self.0.get(index).is_some_and(|entry| entry.fd >= 0 && entry.revents & ends != 0)
    }

    /// Whether the last wait found one ready of those from `index` on.
    pub fn is_any_ready(&self, index: usize) -> bool {
        (index..self.0.len()).any(|index| self.is_ready(index))
    }

    /// Whether the last wait found the descriptor at `index` ready.
    pub fn is_ready(&self, index: usize) -> bool {
        self.0.get(index).is_some_and(|entry| entry.fd >= 0 && entry.revents != 0)
    }
}

/// Waits until `fd` can be read, or has ended; false when `limit` has passed.
pub fn can_read(fd: BorrowedFd<'_>, limit: Duration) -> bool {
    wait_for(fd, PollFlags::IN, limit)
}

/// Waits until `fd` can be written to, or writing would fail at once; false when `limit` has passed.
pub fn can_write(fd: BorrowedFd<'_>, limit: Duration) -> bool {
    wait_for(fd, PollFlags::OUT, limit)
}

fn wait_for(fd: BorrowedFd<'_>, flags: PollFlags, limit: Duration) -> bool {
    let limit = Timespec { tv_sec: limit.as_secs() as i64, tv_nsec: limit.subsec_nanos() as _ };
    let mut set = [PollFd::from_borrowed_fd(fd, flags)];
    rustix::io::retry_on_intr(|| rustix::event::poll(&mut set, Some(&limit))).is_ok_and(|ready| ready > 0)
}

/// A pipe by which any thread wakes the one that waits for its reading end.
pub struct Waker {
    read: OwnedFd,
    write: OwnedFd,
}

impl Waker {
    /// Makes the pipe; the error is an errno.
    pub fn new() -> Result<Waker, i32> {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).map_err(Errno::raw_os_error)?;
        Ok(Waker { read, write })
    }

    /// Wakes the waiter. A full pipe wakes it as well as one more byte.
    pub fn wake(&self) {
        let _ = rustix::io::write(&self.write, b"!");
    }

    /// Empties the pipe.
    pub fn drain(&self) {
        let mut bytes = [0; 64];
        while rustix::io::read(&self.read, &mut bytes).is_ok_and(|n| n == bytes.len()) {}
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.read.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waker_is_ready_until_it_is_drained() {
        let (quiet, loud) = (Waker::new().unwrap(), Waker::new().unwrap());
        let mut set = PollSet::default();
        set.add(quiet.as_fd(), Interest::Read);
        set.add(loud.as_fd(), Interest::Read);
        loud.wake();
        set.wait(Some(Duration::ZERO));
        assert_eq!([set.is_ready(0), set.is_ready(1)], [false, true]);
        loud.drain();
        set.wait(Some(Duration::ZERO));
        assert_eq!([set.is_ready(0), set.is_ready(1)], [false, false]);
    }

    #[test]
    fn a_descriptor_of_no_interest_is_not_reported() {
        let waker = Waker::new().unwrap();
        waker.wake();
        let mut set = PollSet::default();
        set.add(waker.as_fd(), Interest::Read);
        for (interest, ready) in [(Interest::Nothing, false), (Interest::Nothing, false), (Interest::ReadWrite, true)] {
            set.set_interest(0, interest);
            set.wait(Some(Duration::ZERO));
            assert_eq!(set.is_ready(0), ready, "{interest:?}");
        }
    }

    #[test]
    fn writing_is_an_interest_of_its_own() {
        let waker = Waker::new().unwrap();
        let mut set = PollSet::default();
        set.add(waker.write.as_fd(), Interest::Read);
        set.wait(Some(Duration::ZERO));
        assert!(!set.is_ready(0));
        set.set_interest(0, Interest::Write);
        set.wait(Some(Duration::ZERO));
        assert!(set.is_ready(0));
    }
}
