//! Files: what the standard library does, and what it does not say: space on their file system, space set aside, opening
//! with care.

use rustix::fs::{Access, FallocateFlags, FlockOperation, IFlags, StatFs, fallocate, flock, fstatfs, statfs};
use rustix::io::{Errno, retry_on_intr};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, chown};
use std::path::Path;

pub use std::fs::{
    DirBuilder, DirEntry, File, Metadata, OpenOptions, Permissions, create_dir_all, metadata, read, read_dir,
    read_link, read_to_string, remove_dir_all, remove_file, rename, set_permissions, symlink_metadata, write,
};

/// Space on a file system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FilesystemSpace {
    /// Blocks that may still be used.
    pub free_blocks: u64,
    /// Blocks in all.
    pub blocks: u64,
    /// Bytes of a block.
    pub block_size: u64,
}

impl FilesystemSpace {
    /// Free bytes.
    pub fn free(&self) -> u64 {
        self.free_blocks.saturating_mul(self.block_size)
    }

    /// Bytes in all.
    pub fn total(&self) -> u64 {
        self.blocks.saturating_mul(self.block_size)
    }
}

/// What is in a file of at most `most` bytes; EFBIG for a longer one.
pub fn read_up_to(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    // A pipe in its place is not waited for.
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    io::Read::read_to_end(&mut io::Read::take(file, most + 1), &mut text)?;
    if text.len() as u64 > most { Err(io::Error::from_raw_os_error(libc::EFBIG)) } else { Ok(text) }
}

/// Space on the file system of an open file.
pub fn space(file: &File) -> io::Result<FilesystemSpace> {
    Ok(of_statfs(&fstatfs(file)?))
}

/// Whether the file system of a file can hold no other one. One that does not count its files says that it has none at all.
pub fn lacks_inodes(path: &Path) -> bool {
    statfs(path).is_ok_and(|facts| facts.f_files > 0 && facts.f_ffree == 0)
}

fn of_statfs(facts: &StatFs) -> FilesystemSpace {
    FilesystemSpace { free_blocks: facts.f_bavail as _, blocks: facts.f_blocks as _, block_size: facts.f_bsize as _ }
}

/// So much is set aside at a time: a signal makes some file systems give back all of a call and fail.
const ASIDE: u64 = 16 << 20;

/// Sets `bytes` of the file system aside for this file. Where the file system cannot do that (ext2, FAT, old NFS), what is
/// missing at its end is written.
pub fn set_aside(file: &File, bytes: u64) -> io::Result<()> {
    let mut from = 0;
    while from < bytes {
        let count = ASIDE.min(bytes - from);
        match retry_on_intr(|| fallocate(file, FallocateFlags::empty(), from, count)) {
            Err(Errno::OPNOTSUPP) => return lengthen(file, bytes),
            other => other?,
        }
        from += count;
    }
    Ok(())
}

/// Writes zeros from the end of the file on, until it has this length.
fn lengthen(file: &File, bytes: u64) -> io::Result<()> {
    let zeros = [0; 4096];
    let mut length = file.metadata()?.len();
    while length < bytes {
        let count = (bytes - length).min(zeros.len() as u64);
        file.write_all_at(zeros.get(..count as usize).unwrap_or(&zeros), length)?;
        length += count;
    }
    Ok(())
}

/// Opens an existing file for reading; a symbolic link is refused unless `follow`. Never waits, not even for the writer
/// of a pipe: whether it is a regular file is to be asked of what was opened.
pub fn open_read(path: &Path, follow: bool) -> io::Result<File> {
    let flags = if follow { 0 } else { libc::O_NOFOLLOW };
    OpenOptions::new().read(true).custom_flags(flags | libc::O_NONBLOCK | libc::O_NOCTTY).open(path)
}

/// Opens for appending; made with `mode` when missing; a symbolic link is refused.
pub fn open_append(path: &Path, mode: u32) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(mode).custom_flags(libc::O_NOFOLLOW | libc::O_NOCTTY).open(path)
}

/// The same of what may be a pipe or a device, which is never waited for: a pipe that nobody reads is ENXIO, a full one EAGAIN. Says
/// whether the file was missing.
pub fn open_append_at_once(path: &Path, mode: u32) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.append(true).mode(mode).custom_flags(libc::O_NOFOLLOW | libc::O_NOCTTY | libc::O_NONBLOCK);
    match options.clone().create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok((options.open(path)?, false)),
        made => Ok((made?, true)),
    }
}

/// Makes a file afresh for writing with `mode`; a symbolic link is refused, and so is a pipe that nobody reads: nothing waits.
pub fn open_write(path: &Path, mode: u32) -> io::Result<File> {
    let flags = libc::O_NOFOLLOW | libc::O_NOCTTY | libc::O_NONBLOCK;
    OpenOptions::new().write(true).create(true).truncate(true).mode(mode).custom_flags(flags).open(path)
}

/// Makes a file anew with `mode`, whatever the umask, and with `text`, which is on the disk when this returns.
pub fn write_whole(path: &Path, text: &[u8], mode: u32) -> io::Result<()> {
    match remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))?;
    io::Write::write_all(&mut file, text)?;
    file.sync_all()
}

/// Makes a file that was not there, for writing, with `mode`. What stands in its place is removed first, so that no pipe,
/// link or device of somebody else is opened.
pub fn create_anew(path: &Path, mode: u32) -> io::Result<File> {
    let _ = remove_file(path);
    let flags = libc::O_NOFOLLOW | libc::O_NOCTTY | libc::O_NONBLOCK;
    OpenOptions::new().write(true).create_new(true).mode(mode).custom_flags(flags).open(path)
}

/// A file without a name in `directory`, for what does not fit into memory; gone when it is closed.
pub fn scratch(directory: &Path) -> io::Result<File> {
    let path = directory.join(format!("auditbox-{}-{:x}", std::process::id(), RandomState::new().hash_one(0)));
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    remove_file(&path)?;
    Ok(file)
}

/// Whether the file itself, not what a link leads to, has an extended attribute of this name.
pub fn has_attribute(path: &Path, name: &str) -> bool {
    rustix::fs::lgetxattr(path, name, &mut [0; 64]).map_or_else(|error| error == Errno::RANGE, |_| true)
}

/// Whether this process may write to a file, or make others in a directory (access(2)); the error is EROFS where the file system is
/// read-only, and EPERM where the file is immutable (chattr(1)).
pub fn may_write(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(path, Access::WRITE_OK)?)
}

/// Whether a file or directory may only be added to (chattr(1)); false where its file system has no such attribute.
pub fn is_append_only(path: &Path) -> bool {
    let flags = open_read(path, false).and_then(|file| Ok(rustix::fs::ioctl_getflags(file)?));
    flags.is_ok_and(|flags| flags.contains(IFlags::APPEND))
}

/// Gives a file these attributes of chattr(1), and no others.
#[cfg(test)]
pub(crate) fn set_attributes(path: &Path, attributes: &str) -> io::Result<()> {
    let of = |letter| match letter {
        'i' => IFlags::IMMUTABLE,
        'a' => IFlags::APPEND,
        _ => unreachable!("{letter}"),
    };
    Ok(rustix::fs::ioctl_setflags(open_read(path, false)?, attributes.chars().map(of).collect())?)
}

/// Locks an open file for this process and its forks alone (flock(2)); false when another one has locked it.
pub fn lock(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Ok(false),
        other => Ok(other.map(|()| true)?),
    }
}

/// Locks a whole open file for this process alone, as lockf(3) does; false when another one has locked it. Closing any descriptor
/// of the file ends that.
pub fn lock_record(file: &File) -> io::Result<bool> {
    match rustix::fs::fcntl_lock(file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::ACCESS | Errno::AGAIN) => Ok(false),
        other => Ok(other.map(|()| true)?),
    }
}

/// Opens for reading and writing by position; made with `mode` when missing; a symbolic link is refused.
pub fn open_shared(path: &Path, mode: u32) -> io::Result<File> {
    let flags = libc::O_NOFOLLOW | libc::O_NOCTTY | libc::O_NONBLOCK;
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(mode).custom_flags(flags).open(path)
}

/// Makes a directory, and those above it, with `mode`, unless it is there.
pub fn create_folder(path: &Path, mode: u32) -> io::Result<()> {
    std::os::unix::fs::DirBuilderExt::mode(&mut DirBuilder::new(), mode).recursive(true).create(path)
}

/// Space on the file system that holds `path`, or would: of its nearest directory that is there.
pub fn space_at(path: &Path) -> io::Result<FilesystemSpace> {
    let there = path.ancestors().find(|part| part.exists()).unwrap_or(Path::new("/"));
    Ok(of_statfs(&statfs(there)?))
}

/// Writes a file beside its place and moves it there, so that whoever opens it finds all of the old or all of the new text.
pub fn replace(path: &Path, text: &[u8], mode: u32) -> io::Result<()> {
    replace_as(path, text, mode, None)
}

/// The same for a file that is there: the new one has its mode and owner. A link is followed.
pub fn replace_like(path: &Path, text: &[u8]) -> io::Result<()> {
    let (path, old) = (path.canonicalize()?, metadata(path)?);
    replace_as(&path, text, old.mode() & 0o7777, Some((old.uid(), old.gid())))
}

fn replace_as(path: &Path, text: &[u8], mode: u32, owner: Option<(u32, u32)>) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = Path::new(&beside);
    let owned = || owner.map_or(Ok(()), |(user, group)| chown(beside, Some(user), Some(group)));
    let moved = write_whole(beside, text, mode).and_then(|()| owned()).and_then(|()| rename(beside, path));
    if moved.is_err() {
        let _ = remove_file(beside);
    }
    moved
}

/// The same for a path that a user gives: what is there and no regular file, such as a device or a pipe, is written to and stays,
/// and so does a symbolic link.
pub fn replace_or_write(path: &Path, text: &[u8], mode: u32) -> io::Result<()> {
    match symlink_metadata(path) {
        Ok(there) if !there.is_file() => {
            let mut options = OpenOptions::new();
            // Who may not read it must not read it from where a link leads, if nothing is there.
            options.write(true).create(there.is_symlink()).truncate(true).mode(mode);
            io::Write::write_all(&mut options.custom_flags(libc::O_NOCTTY).open(path)?, text)
        }
        _ => replace(path, text, mode),
    }
}

/// Writes to a terminal without waiting for it: one that is held up misses the text. What is no terminal is left alone.
pub fn write_to_terminal(path: &str, text: &str) {
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_NOFOLLOW;
    let terminal = OpenOptions::new().write(true).custom_flags(flags).open(path);
    if let Some(mut terminal) = terminal.ok().filter(io::IsTerminal::is_terminal) {
        let _ = io::Write::write_all(&mut terminal, text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_in_the_place_of_a_new_file_is_not_opened() {
        let path = crate::testing::path("anew");
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        io::Write::write_all(&mut create_anew(&path, 0o600).unwrap(), b"text").unwrap();
        assert!(symlink_metadata(&path).unwrap().is_file());
        remove_file(&path).unwrap();
    }

    #[test]
    fn what_is_set_aside_by_writing_leaves_what_the_file_has() {
        let path = crate::testing::path("aside");
        for open in [open_append, open_shared] {
            write(&path, "text").unwrap();
            lengthen(&open(&path, 0o600).unwrap(), 10_000).unwrap();
            let bytes = read(&path).unwrap();
            assert_eq!((bytes.len(), bytes.iter().filter(|byte| **byte == 0).count()), (10_000, 9_996));
            assert!(bytes.starts_with(b"text"));
            lengthen(&open(&path, 0o600).unwrap(), 4).unwrap();
            assert!(read(&path).unwrap() == bytes);
            remove_file(&path).unwrap();
        }
    }

    #[test]
    fn a_text_for_a_terminal_is_not_written_to_a_file() {
        let path = crate::testing::path("terminal");
        write(&path, "").unwrap();
        write_to_terminal(path.to_str().unwrap(), "text");
        assert_eq!(metadata(&path).unwrap().len(), 0);
        remove_file(&path).unwrap();
    }

    #[test]
    fn a_scratch_file_has_no_name_and_keeps_what_was_written() {
        let place = crate::testing::path("scratch");
        create_dir_all(&place).unwrap();
        let (mut file, mut text) = (scratch(&place).unwrap(), String::new());
        assert_eq!(read_dir(&place).unwrap().count(), 0);
        io::Write::write_all(&mut file, b"text").unwrap();
        io::Seek::rewind(&mut file).unwrap();
        io::Read::read_to_string(&mut file, &mut text).unwrap();
        assert_eq!(text, "text");
        remove_dir_all(&place).unwrap();
    }

    #[test]
    fn a_file_is_locked_once() {
        let path = crate::testing::path("lock");
        let (one, other) = (open_append(&path, 0o600).unwrap(), open_append(&path, 0o600).unwrap());
        assert!(lock(&one).unwrap());
        assert!(!lock(&other).unwrap());
        drop(one);
        assert!(lock(&other).unwrap());
        remove_file(&path).unwrap();
    }
}
