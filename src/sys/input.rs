//! Logs as they are read: files by position, so that any part can be read again, and pipes with patience.

use super::errno::said;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Access, AtFlags, CWD, FileType, Mode, OFlags, accessat, fstat, open};
use rustix::io::Errno;
use rustix::net::RecvFlags;
use rustix::pipe::{PipeFlags, SpliceFlags, pipe_with, tee};
use std::io;
use std::path::Path;

/// What a file is known by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The device.
    pub device: u64,
    /// The inode on it.
    pub inode: u64,
    /// The length in bytes.
    pub size: u64,
    /// When its contents were changed, in nanoseconds since 1970.
    pub changed: u64,
    /// The user it belongs to.
    pub owner: u32,
}

/// A file open for reading.
pub struct InputFile {
    fd: OwnedFd,
}

/// What was opened elsewhere; closed when it is dropped.
impl From<OwnedFd> for InputFile {
    fn from(fd: OwnedFd) -> InputFile {
        InputFile { fd }
    }
}

impl InputFile {
    /// Opens the file.
    pub fn open(path: &Path) -> io::Result<InputFile> {
        Ok(InputFile { fd: open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())? })
    }

    /// Opens a regular file, and waits for nothing. An error where it is no such file.
    pub fn regular(path: &Path) -> io::Result<InputFile> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = InputFile { fd: open(path, flags, Mode::empty())? };
        if file.is_directory() {
            return Err(Errno::ISDIR.into());
        }
        if file.is_regular() { Ok(file) } else { Err(said("it is no regular file")) }
    }

    /// Standard input, whatever it is, under another number.
    pub fn standard() -> io::Result<InputFile> {
        Ok(InputFile { fd: rustix::stdio::stdin().try_clone_to_owned()? })
    }

    /// Its length in bytes at this moment; 0 for what has no length.
    pub fn len(&self) -> u64 {
        fstat(&self.fd).map_or(0, |facts| facts.st_size as u64)
    }

    /// Whether it holds nothing at this moment.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it is a regular file, which can be read by position.
    pub fn is_regular(&self) -> bool {
        fstat(&self.fd).is_ok_and(|facts| FileType::from_raw_mode(facts.st_mode) == FileType::RegularFile)
    }

    /// What it is known by at this moment.
    pub fn facts(&self) -> io::Result<Facts> {
        let facts = fstat(&self.fd)?;
        Ok(Facts {
            device: facts.st_dev,
            inode: facts.st_ino,
            size: facts.st_size as u64,
            changed: (facts.st_mtime as u64).wrapping_mul(1_000_000_000).wrapping_add(facts.st_mtime_nsec as u64),
            owner: facts.st_uid,
        })
    }

    /// Device and inode.
    pub fn identity(&self) -> io::Result<(u64, u64)> {
        let facts = fstat(&self.fd)?;
        Ok((facts.st_dev, facts.st_ino))
    }

    /// Where the next read begins, be it ours or that of a program to which this is handed.
    pub fn position(&self) -> u64 {
        rustix::fs::tell(&self.fd).unwrap_or(0)
    }

    /// Whether it is a directory, which opens as a file does and has nothing to read.
    pub fn is_directory(&self) -> bool {
        fstat(&self.fd).is_ok_and(|facts| FileType::from_raw_mode(facts.st_mode) == FileType::Directory)
    }

    /// What a read would bring next, as much as is there, which stays there; waits for the first byte of a socket or pipe, and gives back
    /// 0 at the end. An error where that cannot be had, as of a terminal.
    pub fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match rustix::net::recv(&self.fd, &mut *buffer, RecvFlags::PEEK) {
            Err(Errno::NOTSOCK) if self.is_regular() => return self.read_at(buffer, self.position()),
            Err(Errno::NOTSOCK) => {}
            other => return Ok(other?.0),
        }
        let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
        let there = again(|| tee(&self.fd, &writer, buffer.len(), SpliceFlags::empty()))?;
        match buffer.get_mut(..there) {
            Some(buffer) if there > 0 => again(|| rustix::io::read(&reader, &mut *buffer)),
            _ => Ok(0),
        }
    }

    /// Reads at `position`; 0 at the end.
    pub fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        again(|| rustix::io::pread(&self.fd, &mut *buffer, position))
    }

    /// Reads on from where the last read ended; 0 at the end.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        again(|| rustix::io::read(&self.fd, &mut *buffer))
    }
}

impl AsFd for InputFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Standard input.
pub struct Stdin(BorrowedFd<'static>);

impl Stdin {
    /// Standard input, if it is a pipe.
    pub fn pipe() -> Option<Stdin> {
        let stdin = rustix::stdio::stdin();
        let facts = fstat(stdin).ok()?;
        (FileType::from_raw_mode(facts.st_mode) == FileType::Fifo).then_some(Stdin(stdin))
    }

    /// Reads what is there; 0 at the end. Waits no longer than `limit_ms` for it: `None` when nothing came.
    pub fn read(&self, buffer: &mut [u8], limit_ms: Option<u64>) -> io::Result<Option<usize>> {
        let mut set = [PollFd::from_borrowed_fd(self.0, PollFlags::IN)];
        let limit = limit_ms.map(|ms| Timespec { tv_sec: (ms / 1000) as i64, tv_nsec: (ms % 1000 * 1_000_000) as _ });
        if again(|| poll(&mut set, limit.as_ref()))? == 0 {
            return Ok(None);
        }
        again(|| rustix::io::read(self.0, &mut *buffer)).map(Some)
    }
}

/// Whether the file can be read by the real user, without waiting for a writer: a pipe cannot.
pub fn is_readable(path: &Path) -> bool {
    accessat(CWD, path, Access::READ_OK, AtFlags::empty()).is_ok() && !is_pipe(path)
}

/// Whether the path is a directory; an error when there is nothing.
pub fn is_directory(path: &Path) -> io::Result<bool> {
    Ok(FileType::from_raw_mode(rustix::fs::stat(path)?.st_mode) == FileType::Directory)
}

/// Whether the path is a pipe: it is opened once, for what is read of it is gone, and its writer ends with its last reader.
pub fn is_pipe(path: &Path) -> bool {
    rustix::fs::stat(path).is_ok_and(|facts| FileType::from_raw_mode(facts.st_mode) == FileType::Fifo)
}

/// Device and inode of a path.
pub fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let facts = rustix::fs::stat(path)?;
    Ok((facts.st_dev, facts.st_ino))
}

/// Calls again as long as a signal comes between.
fn again<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_read_next_is_looked_at_and_stays_there() {
        let path = crate::testing::path("peek");
        std::fs::write(&path, b"one two").unwrap();
        let file = OwnedFd::from(std::fs::File::open(&path).unwrap());
        let nothing = OwnedFd::from(std::fs::File::open("/dev/null").unwrap());
        for (reader, writer) in
            [pipe_with(PipeFlags::CLOEXEC).unwrap(), crate::sys::sockets::pair().unwrap(), (file, nothing)]
        {
            let _ = rustix::io::write(&writer, b"one two");
            let (input, mut buffer) = (InputFile::from(reader), [0; 3]);
            for _ in 0..2 {
                assert_eq!((input.peek(&mut buffer).unwrap(), &buffer), (3, b"one"));
            }
            drop(writer);
            let mut rest = [0; 8];
            assert_eq!((input.read(&mut rest).unwrap(), &rest[..7]), (7, &b"one two"[..]));
            assert_eq!(input.peek(&mut buffer).unwrap(), 0);
        }
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn any_part_of_a_file_can_be_read() {
        let path = crate::testing::path("input");
        std::fs::write(&path, b"one two").unwrap();
        let file = InputFile::open(&path).unwrap();
        let mut buffer = [0; 3];
        assert_eq!((file.read_at(&mut buffer, 4).unwrap(), &buffer), (3, b"two"));
        assert_eq!(file.read_at(&mut buffer, 7).unwrap(), 0);
        assert!(file.is_regular() && file.len() == 7 && is_readable(&path) && !is_directory(&path).unwrap());
        assert_eq!(file.identity().unwrap(), identity(&path).unwrap());
        std::fs::remove_file(&path).unwrap();
        assert!(!is_readable(&path) && is_directory(&path).is_err());
    }
}
