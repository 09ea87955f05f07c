//! Programs we start and never wait for (posix_spawn(3), waitpid(2)).
//!
//! `std::process::Command` could do it; but it carries code for every way a program can be started, which makes the shipped
//! file 10 KB longer.

use super::input::InputFile;
use libc::{c_char, c_int, posix_spawn_file_actions_t, posix_spawnattr_t, sigset_t};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, WaitOptions, waitpid};
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::ptr;

/// The whole environment of a program: where a shell finds others. Nothing is inherited, whoever started the daemon.
const PATH: &CStr = c"PATH=/usr/sbin:/usr/bin:/sbin:/bin";

/// A program that was started.
pub struct Child(Pid);

impl Child {
    /// Starts the program `words[0]`, a path, with `words` as its arguments and PATH as its environment. It begins with no
    /// signal blocked and SIGPIPE not ignored, reads `input`, and writes to `output`, errors too, where these are given.
    pub fn start(words: &[&str], input: Option<&OwnedFd>, output: Option<&OwnedFd>) -> io::Result<Child> {
        let [input, output] = [input, output].map(|fd| fd.map(OwnedFd::as_fd));
        Child::start_between(words, [input, output, output])
    }

    /// `streams` are its standard input, output and error, where they are not ours.
    fn start_between(words: &[&str], streams: [Option<BorrowedFd<'_>>; 3]) -> io::Result<Child> {
        let words: Vec<CString> = words.iter().map(|word| CString::new(*word)).collect::<Result<_, _>>()?;
        let mut pointers: Vec<*mut c_char> = words.iter().map(|word| word.as_ptr().cast_mut()).collect();
        let path = *pointers.first().ok_or(io::ErrorKind::InvalidInput)?;
        pointers.push(ptr::null_mut());
        let mut settings = Settings::new()?;
        settings.clear_signals()?;
        for (number, fd) in (libc::STDIN_FILENO..).zip(streams) {
            fd.map_or(Ok(()), |fd| settings.open_as(fd, number))?;
        }
        let (files, attributes) = (&raw const settings.files, &raw const settings.attributes);
        let mut pid = 0;
        let environment = [PATH.as_ptr().cast_mut(), ptr::null_mut()];
        // SAFETY: `path` and the entries of both lists point to live texts, and both lists end with a null pointer.
        check(unsafe {
            libc::posix_spawn(&raw mut pid, path, files, attributes, pointers.as_ptr(), environment.as_ptr())
        })?;
        Pid::from_raw(pid).map(Child).ok_or_else(|| io::ErrorKind::Other.into())
    }

    /// Tells it to end: SIGTERM, or SIGKILL. It is a child that was not waited for, so its number is still its own.
    pub fn signal(&self, kill: bool) {
        let _ = rustix::process::kill_process(self.0, if kill { Signal::KILL } else { Signal::TERM });
    }

    /// Sends it SIGHUP.
    pub fn hang_up(&self) {
        let _ = rustix::process::kill_process(self.0, Signal::HUP);
    }

    /// Waits for its end; whether it succeeded.
    fn wait(&self) -> bool {
        loop {
            match waitpid(Some(self.0), WaitOptions::empty()) {
                Err(rustix::io::Errno::INTR) => {}
                ended => {
                    return ended.is_ok_and(|ended| ended.is_some_and(|(_, status)| status.exit_status() == Some(0)));
                }
            }
        }
    }

    /// Whether it succeeded, once it has ended.
    pub fn result(&self) -> Option<bool> {
        match waitpid(Some(self.0), WaitOptions::NOHANG) {
            Ok(ended) => ended.map(|(_, status)| status.exit_status() == Some(0)),
            Err(_) => Some(false),
        }
    }
}

/// A program through which a file is read.
pub struct Filter {
    child: Child,
    output: InputFile,
    /// Whether it succeeded, once it has ended.
    ended: Option<bool>,
}

impl Filter {
    /// Starts the program `words[0]`, a path; it reads `input`.
    pub fn start(words: &[&str], input: &InputFile) -> io::Result<Filter> {
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
        let child = Child::start_between(words, [Some(input.as_fd()), Some(writer.as_fd()), None])?;
        Ok(Filter { child, output: InputFile::from(reader), ended: None })
    }

    /// Reads what it writes; 0 at the end, and an error there if it did not succeed.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.output.read(buffer)?;
        if read > 0 || buffer.is_empty() {
            return Ok(read);
        }
        let child = &self.child;
        if *self.ended.get_or_insert_with(|| child.wait()) { Ok(0) } else { Err(io::ErrorKind::InvalidData.into()) }
    }
}

impl Drop for Filter {
    fn drop(&mut self) {
        if self.ended.is_none() {
            self.child.signal(true);
            self.child.wait();
        }
    }
}

/// What no pipe is too small for, in bytes.
const PIPE: usize = 4096;

/// A pipe that holds `text`, of up to 4096 bytes (the rest is left out), and ends after it.
pub fn holding(text: &[u8]) -> io::Result<OwnedFd> {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
    // So this does not wait for a reader.
    File::from(writer).write_all(text.get(..PIPE).unwrap_or(text))?;
    Ok(reader)
}

/// A pipe for the standard input of a program: its reading end, and ours, which can be written to without waiting.
pub fn feed() -> io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
    rustix::fs::fcntl_setfl(&writer, rustix::fs::OFlags::NONBLOCK)?;
    Ok((reader, writer))
}

/// Writes what can be written at once. The error is EAGAIN when nothing can be now, and EPIPE when nobody will read it.
pub fn write(pipe: &OwnedFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| rustix::io::write(pipe, bytes))?)
}

/// How a program begins.
struct Settings {
    files: posix_spawn_file_actions_t,
    attributes: posix_spawnattr_t,
}

impl Settings {
    fn new() -> io::Result<Settings> {
        let (mut files, mut attributes) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        // SAFETY: both functions fill in what they are given, or fail.
        unsafe {
            check(libc::posix_spawn_file_actions_init(files.as_mut_ptr()))?;
            check(libc::posix_spawnattr_init(attributes.as_mut_ptr()))?;
            Ok(Settings { files: files.assume_init(), attributes: attributes.assume_init() })
        }
    }

    fn clear_signals(&mut self) -> io::Result<()> {
        let flags = libc::POSIX_SPAWN_SETSIGMASK | libc::POSIX_SPAWN_SETSIGDEF;
        let mut set = MaybeUninit::<sigset_t>::uninit();
        // SAFETY: sigemptyset fills in the set before it is read, and the attributes are initialised.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            check(libc::posix_spawnattr_setsigmask(&raw mut self.attributes, set.as_ptr()))?;
            libc::sigaddset(set.as_mut_ptr(), libc::SIGPIPE);
            check(libc::posix_spawnattr_setsigdefault(&raw mut self.attributes, set.as_ptr()))?;
            check(libc::posix_spawnattr_setflags(&raw mut self.attributes, flags as _))
        }
    }

    fn open_as(&mut self, fd: BorrowedFd<'_>, number: c_int) -> io::Result<()> {
        let fd = fd.as_raw_fd();
        // SAFETY: the file actions are initialised; a descriptor that is not open would be an error when they are done.
        check(unsafe { libc::posix_spawn_file_actions_adddup2(&raw mut self.files, fd, number) })
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        // SAFETY: both are initialised, and not used again.
        unsafe {
            libc::posix_spawn_file_actions_destroy(&raw mut self.files);
            libc::posix_spawnattr_destroy(&raw mut self.attributes);
        }
    }
}

/// These functions give back an error number, or 0.
fn check(error: c_int) -> io::Result<()> {
    if error == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(error)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(words: &[&str], input: Option<&OwnedFd>) -> bool {
        let child = Child::start(words, input, None).unwrap();
        loop {
            if let Some(result) = child.result() {
                return result;
            }
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_child_has_its_words_and_its_result() {
        assert!(result(&["/bin/sh", "-c", "test $1 = b", "a", "b"], None));
        assert!(!result(&["/bin/sh", "-c", "exit 3"], None));
        assert!(!result(&["/bin/sh", "-c", "kill $$"], None));
    }

    #[test]
    fn a_child_inherits_no_variable() {
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        assert!(result(&["/bin/sh", "-c", "test -z \"$CARGO_MANIFEST_DIR$HOME$LANG\" && test -n \"$PATH\""], None));
    }

    #[test]
    fn a_child_reads_what_it_is_given() {
        let letter = holding(b"for the child\n").unwrap();
        assert!(result(&["/bin/sh", "-c", "read line && test \"$line\" = 'for the child'"], Some(&letter)));
    }

    #[test]
    fn a_child_ends_with_its_pipe_though_we_do_not() {
        assert!(!result(&["/bin/sh", "-c", "kill -PIPE $$"], None));
    }

    #[test]
    fn what_cannot_be_started_is_told() {
        let error = |words| Child::start(words, None, None).err().unwrap();
        assert_eq!(error(&["/no/such/program"]).raw_os_error(), Some(libc::ENOENT));
        assert_eq!(error(&["/etc/passwd"]).raw_os_error(), Some(libc::EACCES));
        assert_eq!(error(&["/bin/\0sh"]).kind(), io::ErrorKind::InvalidInput);
        assert_eq!(error(&[]).kind(), io::ErrorKind::InvalidInput);
    }
}
