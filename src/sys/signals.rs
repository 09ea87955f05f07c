//! Signals as things that can be read (sigaction(2) and a pipe), each with who sent it.

use crate::abi::Signal;
use rustix::fd::{AsFd, BorrowedFd, IntoRawFd, OwnedFd};
use rustix::pipe::{PipeFlags, pipe_with};
use std::sync::atomic::{AtomicI32, Ordering};

/// The numbers of what auditd is told by signals.
const NUMBERS: [(Signal, i32); 5] = [
    (Signal::Stop, libc::SIGTERM),
    (Signal::Reload, libc::SIGHUP),
    (Signal::Rotate, libc::SIGUSR1),
    (Signal::Resume, libc::SIGUSR2),
    (Signal::State, libc::SIGCONT),
];

/// All that auditd listens to: those, and the end of a child.
pub const LISTENED: [i32; 6] =
    [libc::SIGTERM, libc::SIGHUP, libc::SIGUSR1, libc::SIGUSR2, libc::SIGCONT, libc::SIGCHLD];

/// The number of a signal to auditd.
pub fn number(signal: Signal) -> i32 {
    NUMBERS.iter().find(|row| row.0 == signal).map_or(0, |row| row.1)
}

/// What a number tells auditd; `None` for the end of a child and what else there is.
pub fn meaning(number: i32) -> Option<Signal> {
    NUMBERS.iter().find(|row| row.1 == number).map(|row| row.0)
}

/// A signal that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Its number.
    pub number: i32,
    /// Process id of the sender, 0 when the kernel sent it.
    pub pid: i32,
    /// Real uid of the sender.
    pub uid: u32,
}

/// Bytes of one arrival in the pipe: three words, written in one go.
const SIZE: usize = 12;

/// Where the handler writes to. One process has one set of handlers.
static PIPE: AtomicI32 = AtomicI32::new(-1);

/// Ignores every signal that can be ignored but SIGTERM, which ends a program that is starting.
pub fn ignore_others() {
    for number in (1..=libc::SIGRTMAX()).filter(|number| *number != libc::SIGTERM) {
        // SAFETY: SIG_IGN is a valid disposition; numbers that cannot be changed are refused by the kernel.
        unsafe { libc::signal(number, libc::SIG_IGN) };
    }
}

/// From now on a file that would become larger than it may be (setrlimit(2), RLIMIT_FSIZE) is an error of write(2), not this process's end.
pub fn survive_size_limit() {
    // SAFETY: SIG_IGN is a valid disposition of SIGXFSZ.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// While it lives, signals by which a user or an init system ends a program wait; then they do their work.
pub struct EndDeferred(libc::sigset_t);

impl EndDeferred {
    /// From now on.
    pub fn begin() -> EndDeferred {
        // SAFETY: all-zero bytes are a valid sigset_t.
        let (mut ending, mut before): (libc::sigset_t, libc::sigset_t) = unsafe { std::mem::zeroed() };
        for number in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM] {
            // SAFETY: a live set and the number of a signal.
            unsafe { libc::sigaddset(&raw mut ending, number) };
        }
        // SAFETY: two live sets; the mask is this thread's own.
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const ending, &raw mut before) };
        EndDeferred(before)
    }
}

impl Drop for EndDeferred {
    fn drop(&mut self) {
        // SAFETY: the set that the kernel gave for this thread.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut()) };
    }
}

/// The reading end of the signals that are listened to.
pub struct Signals(OwnedFd);

impl Signals {
    /// Listens to these signals from now on. The error is an errno.
    pub fn listen(numbers: &[i32]) -> Result<Signals, i32> {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).map_err(|e| e.raw_os_error())?;
        // The handler needs the descriptor as long as the process lives.
        PIPE.store(write.into_raw_fd(), Ordering::Relaxed);
        for &number in numbers {
            // SAFETY: all-zero bytes are a valid sigaction.
            let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
            action.sa_sigaction = note as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
            // SAFETY: `note` has the signature SA_SIGINFO asks for and does only what a handler may (write(2)).
            unsafe { libc::sigaction(number, &raw const action, std::ptr::null_mut()) };
        }
        Ok(Signals(read))
    }

    /// Signals as a test writes them.
    #[cfg(test)]
    pub(crate) fn scripted() -> (Signals, impl Fn(i32, i32)) {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).unwrap();
        let send = move |number: i32, pid: i32| {
            let bytes = [number, pid, 0].map(i32::to_ne_bytes).concat();
            assert_eq!(rustix::io::write(&write, &bytes), Ok(SIZE));
        };
        (Signals(read), send)
    }

    /// The next signal that came, without waiting.
    pub fn next(&self) -> Option<Arrival> {
        let mut bytes = [0; SIZE];
        if rustix::io::read(&self.0, &mut bytes).ok()? != SIZE {
            return None;
        }
        let word = |n: usize| i32::from_ne_bytes([bytes[n], bytes[n + 1], bytes[n + 2], bytes[n + 3]]);
        Some(Arrival { number: word(0), pid: word(4), uid: word(8) as u32 })
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

extern "C" fn note(number: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: with SA_SIGINFO the kernel passes a valid siginfo; for kernel-made signals pid and uid read as 0.
    let (pid, uid) = unsafe { ((*info).si_pid(), (*info).si_uid()) };
    let words = [number, pid, uid as i32];
    // SAFETY: __errno_location points to this thread's errno, which the interrupted code must find unchanged.
    let saved = unsafe { *libc::__errno_location() };
    // SAFETY: writes twelve bytes of a live array to a descriptor; write(2) is safe in a handler. A full pipe drops the
    // signal, as the kernel merges signals too.
    unsafe { libc::write(PIPE.load(Ordering::Relaxed), words.as_ptr().cast(), SIZE) };
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = saved };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_that_ends_waits_while_that_is_deferred() {
        let deferred = EndDeferred::begin();
        // SAFETY: raise(3) sends to this thread; the sets are live and all-zero bytes are valid ones.
        let (pending, arrived) = unsafe {
            libc::raise(libc::SIGTERM);
            let mut pending: libc::sigset_t = std::mem::zeroed();
            libc::sigpending(&raw mut pending);
            let mut arrived = 0;
            libc::sigwait(&raw const pending, &raw mut arrived);
            (libc::sigismember(&raw const pending, libc::SIGTERM), arrived)
        };
        assert_eq!((pending, arrived), (1, libc::SIGTERM));
        drop(deferred);
        // SAFETY: as above; without a new set the mask is only read.
        let blocked = unsafe {
            let mut mask: libc::sigset_t = std::mem::zeroed();
            libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), &raw mut mask);
            libc::sigismember(&raw const mask, libc::SIGTERM)
        };
        assert_eq!(blocked, 0);
    }

    #[test]
    fn what_auditd_is_told_has_a_number_that_is_listened_to() {
        for signal in [Signal::Stop, Signal::Reload, Signal::Rotate, Signal::Resume, Signal::State] {
            assert_eq!(meaning(number(signal)), Some(signal));
            assert!(LISTENED.contains(&number(signal)));
        }
        assert_eq!(meaning(libc::SIGCHLD), None);
    }

    #[test]
    fn a_signal_says_who_sent_it() {
        let signals = Signals::listen(&[libc::SIGUSR1]).unwrap();
        let own = std::process::id() as i32;
        crate::sys::process::ProcessHandle::open(own).unwrap().signal(libc::SIGUSR1).unwrap();
        crate::sys::poll::can_read(signals.as_fd(), std::time::Duration::from_secs(5));
        let arrival = signals.next().unwrap();
        assert_eq!((arrival.number, arrival.pid), (libc::SIGUSR1, own));
        assert_eq!(signals.next(), None);
    }
}
