//! Files: what the standard library does, and what it does not say: space on their file system, space set aside, opening
//! with care.

use rustix::fs::{FallocateFlags, fallocate, fstatfs};
use rustix::io::Errno;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

pub use std::fs::{
    DirBuilder, DirEntry, File, Metadata, OpenOptions, Permissions, create_dir_all, metadata, read, read_dir,
    read_to_string, remove_dir_all, remove_file, rename, set_permissions, symlink_metadata, write,
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
    io::Read::read_to_end(&mut io::Read::take(File::open(path)?, most + 1), &mut text)?;
    if text.len() as u64 > most { Err(io::Error::from_raw_os_error(libc::EFBIG)) } else { Ok(text) }
}

/// FilesystemSpace on the file system of an open file.
pub fn space(file: &File) -> io::Result<FilesystemSpace> {
    let facts = fstatfs(file)?;
    Ok(FilesystemSpace {
        free_blocks: facts.f_bavail as u64,
        blocks: facts.f_blocks as u64,
        block_size: facts.f_bsize as u64,
    })
}

/// Sets `bytes` of the file system aside for this file. Where the file system cannot do that (ext2, FAT, old NFS), what is
/// missing at its end is written; the file is one opened for appending.
pub fn set_aside(mut file: &File, bytes: u64) -> io::Result<()> {
    match fallocate(file, FallocateFlags::empty(), 0, bytes) {
        Err(Errno::OPNOTSUPP) => {
            let missing = bytes.saturating_sub(file.metadata()?.len());
            io::copy(&mut io::Read::take(io::repeat(0), missing), &mut file).map(drop)
        }
        other => Ok(other?),
    }
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

/// Makes a file afresh for writing with `mode`; a symbolic link is refused.
pub fn open_write(path: &Path, mode: u32) -> io::Result<File> {
    let flags = libc::O_NOFOLLOW | libc::O_NOCTTY;
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

/// Writes to a terminal without waiting for it: one that is held up misses the text.
pub fn write_to_terminal(path: &str, text: &str) {
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    if let Ok(mut terminal) = OpenOptions::new().write(true).custom_flags(flags).open(path) {
        let _ = io::Write::write_all(&mut terminal, text.as_bytes());
    }
}
