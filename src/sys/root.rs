//! Looking into a file tree that is, or will be, the root of some system.

use rustix::fd::OwnedFd;
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, openat, openat2};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Whether the absolute `path` leads to a directory in the system whose root is `root`. Symbolic links, absolute ones too,
/// stay within it (KERNEL: 5.6; before that they lead out).
pub fn is_directory(root: &Path, path: &[u8]) -> bool {
    let found = open_within(root, path, OFlags::PATH).and_then(fstat);
    found.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
}

/// Whether the absolute `path` leads to anything; links are as for [`is_directory`].
pub fn exists(root: &Path, path: &[u8]) -> bool {
    open_within(root, path, OFlags::PATH).is_ok()
}

/// Whether this process may not see what the absolute `path` leads to; links are as for [`is_directory`].
pub fn is_hidden(root: &Path, path: &[u8]) -> bool {
    matches!(open_within(root, path, OFlags::PATH), Err(Errno::ACCESS | Errno::PERM))
}

/// What `path` leads to, be it readable or not; links are as for [`is_directory`].
pub fn metadata(root: &Path, path: &[u8]) -> io::Result<Metadata> {
    File::from(open_within(root, path, OFlags::PATH)?).metadata()
}

/// Opens a file for reading by its absolute `path` in the system whose root is `root`; links are as for [`is_directory`]. Never waits,
/// not even for the writer of a pipe.
pub fn open(root: &Path, path: &[u8]) -> io::Result<File> {
    Ok(File::from(open_within(root, path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)?))
}

/// Where in this system `path` leads to: a path without links, which says the same to programs that know nothing of the root.
pub fn resolve(root: &Path, path: &[u8]) -> io::Result<PathBuf> {
    let found = File::from(open_within(root, path, OFlags::PATH)?);
    let path = std::fs::read_link(Path::new("/proc/self/fd").join(found.as_raw_fd().to_string()))?;
    if path.starts_with(root) { Ok(path) } else { Err(io::ErrorKind::NotFound.into()) }
}

/// Where in the system whose root is `root` the kernel finds what a rule names by an absolute path, as a path without links: it follows
/// links on the way, and one at the end where a slash follows. KERNEL: kern_path() of audit_add_tree_rule() has no LOOKUP_FOLLOW.
pub fn place(root: &Path, path: &[u8]) -> Option<Vec<u8>> {
    let (parent, name) = path.split_at(path.iter().rposition(|b| *b == b'/')? + 1);
    let is_name = !matches!(name, b"" | b"." | b"..");
    let found = resolve(root, if is_name { parent } else { path }).ok()?;
    let within = Path::new("/").join(found.strip_prefix(root).ok()?);
    Some(if is_name { within.join(OsStr::from_bytes(name)) } else { within }.into_os_string().into_encoded_bytes())
}

fn open_within(root: &Path, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::CLOEXEC;
    if root == Path::new("/") {
        return openat(CWD, OsStr::from_bytes(path), flags, Mode::empty());
    }
    let top = openat(CWD, root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let relative = path.iter().position(|b| *b != b'/').and_then(|start| path.get(start..)).unwrap_or(b".");
    let relative = OsStr::from_bytes(relative);
    match openat2(&top, relative, flags, Mode::empty(), ResolveFlags::IN_ROOT) {
        Err(Errno::NOSYS) => openat(&top, relative, flags, Mode::empty()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stay_within_the_root() {
        let root = crate::testing::path("root");
        std::fs::create_dir_all(root.join("run/audit")).unwrap();
        std::fs::write(root.join("file"), "").unwrap();
        std::os::unix::fs::symlink("/run", root.join("var")).unwrap();
        assert!(is_directory(&root, b"/run/audit"));
        assert!(is_directory(&root, b"/var/audit"));
        assert!(is_directory(&root, b"/"));
        assert!(!is_directory(&root, b"/file"));
        assert!(exists(&root, b"/file"));
        let here = std::fs::canonicalize(&root).unwrap();
        assert_eq!(resolve(&here, b"/var/audit").unwrap(), here.join("run/audit"));
        assert_eq!(resolve(&here, b"/var/nothing").unwrap_err().kind(), io::ErrorKind::NotFound);
        let place = |path: &str| place(&here, path.as_bytes()).map(|place| String::from_utf8(place).unwrap());
        for (path, found) in
            [("/var/audit", "/run/audit"), ("/var/", "/run"), ("/var", "/var"), ("/", "/"), ("/run/", "/run")]
        {
            assert_eq!(place(path).as_deref(), Some(found), "{path}");
        }
        assert_eq!(place("/var/nothing/below"), None);
        assert!(!exists(&root, b"/usr"));
        assert!(!is_directory(&root, b"/usr"));
        std::fs::remove_dir_all(&root).unwrap();
        assert!(!is_directory(&root, b"/"));
    }
}
