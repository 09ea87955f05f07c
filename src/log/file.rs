//! The log that is written to: checked when it is opened, appended to in whole records, never left with half of one.

use crate::record::EventId;
use crate::sys::files::{self, File};
use crate::sys::{clock, errno, error_text};
use crate::text;
use std::fmt;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// How far back from the end of a log a torn record is looked for: no record is longer.
const LONGEST_RECORD: u64 = 16 << 10;

/// The open log.
pub struct LogFile {
    /// Its path.
    pub path: PathBuf,
    file: Arc<File>,
}

/// What was found when a log was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Bytes in it.
    pub size: u64,
    /// When its first record was made, in seconds; now when it has none.
    pub created: i64,
    /// A record without end that was cut off: the system or the daemon went down while it was written.
    pub torn: Option<Vec<u8>>,
    /// How it ends; none for an empty one.
    pub end: Option<LogEnd>,
}

/// How a log ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogEnd {
    /// Whether the daemon that wrote it has ended by itself.
    pub is_clean: bool,
    /// Serial of the last record of the kernel's in its last bytes; 0 for none.
    pub serial: u64,
    /// When the last record was made, in seconds since 1970.
    pub seconds: i64,
}

impl LogEnd {
    /// Of the last lines of a log, which was written to last at the second `written`. `node` is how lines of this machine begin,
    /// `node=NAME ` or nothing; lines of other machines say what these like. Where there are no others and no peers, as after a
    /// change of name, they say how the daemon ended, and no serial. With peers they are not believed: a daemon that ends by itself
    /// writes the last line.
    fn of(tail: &[u8], node: &[u8], has_peers: bool, written: i64) -> Option<LogEnd> {
        let all = || tail.split(|&b| b == b'\n').rev().filter(|line| !line.is_empty());
        let is_local = |line: &[u8]| line.starts_with(b"type=") || !node.is_empty() && line.starts_with(node);
        let has_local = all().any(is_local);
        if has_peers && !has_local {
            return all().next().map(|_| LogEnd { is_clean: false, serial: 0, seconds: written });
        }
        let lines = || all().filter(|line| !has_local || is_local(line));
        let is_own = |line: &&[u8]| memchr::memmem::find(line, b"type=DAEMON_").is_some();
        let says = |line: &[u8], name: &[u8]| memchr::memmem::find(line, name).is_some();
        let marks = |line: &&[u8]| {
            says(line, b"type=DAEMON_START ") || says(line, b"type=DAEMON_END ") || says(line, b"type=DAEMON_ABORT ")
        };
        let seconds = lines().find_map(first_event_id)?.sec as i64;
        Some(LogEnd {
            is_clean: lines().find(marks).is_some_and(|line| !says(line, b"type=DAEMON_START ")),
            serial: lines()
                .filter(|line| has_local && !is_own(line))
                .find_map(first_event_id)
                .map_or(0, |id| id.serial),
            seconds,
        })
    }
}

/// An append that came short. The log ends with a whole record all the same.
#[derive(Debug)]
pub struct ShortWrite {
    /// Bytes that are in the log, up to the end of a record.
    pub kept: usize,
    /// Why not all are.
    pub errno: i32,
}

impl LogFile {
    /// Opens or makes the log: mode 0600, or 0640 and the group when there is one. A torn last record is cut off.
    /// `node` is how lines of this machine begin, `node=NAME ` or nothing; `has_peers` when other machines' may be there too.
    pub fn open(path: &Path, group: u32, node: &[u8], has_peers: bool) -> io::Result<(LogFile, Found)> {
        if files::symlink_metadata(path).is_ok_and(|facts| !facts.is_file() && !facts.is_symlink()) {
            return Err(errno::said("not a regular file"));
        }
        let mut file = match files::open_append(path, 0o640) {
            // One that was retired here, as by a suspension, is read-only, and its owner has no right to pass that over.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                files::open_read(path, false)?.set_permissions(files::Permissions::from_mode(0o600))?;
                files::open_append(path, 0o640)?
            }
            opened => opened?,
        };
        file.set_permissions(files::Permissions::from_mode(if group == 0 { 0o600 } else { 0o640 }))?;
        fchown(&file, Some(0), Some(group))?;
        let (torn, end) = cut_torn_record(path, &mut file, node, has_peers)?;
        let size = file.metadata()?.len();
        let found = Found { size, created: created(path).unwrap_or_else(|| clock::now().seconds), torn, end };
        Ok((LogFile { path: path.to_path_buf(), file: Arc::new(file) }, found))
    }

    /// Appends whole records. What could not be written in full is taken back to the end of the last whole record.
    pub fn append(&self, records: &[u8]) -> Result<(), ShortWrite> {
        let mut written = 0;
        while let Some(rest) = records.get(written..).filter(|rest| !rest.is_empty()) {
            match (&*self.file).write(rest) {
                Ok(0) => return Err(self.take_back(records, written, errno::ENOSPC)),
                Ok(n) => written += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(self.take_back(records, written, errno::of(&e))),
            }
        }
        Ok(())
    }

    /// Cuts off the part of a record at the end of what was written.
    fn take_back(&self, records: &[u8], written: usize, errno: i32) -> ShortWrite {
        let kept = memchr::memrchr(b'\n', &records[..written]).map_or(0, |end| end + 1);
        let torn = (written - kept) as u64;
        if torn > 0 {
            // When this fails the tail is cut off at the next opening.
            let _ = self.file.metadata().and_then(|facts| self.file.set_len(facts.len().saturating_sub(torn)));
        }
        ShortWrite { kept, errno }
    }

    /// Space on its file system.
    pub fn space(&self) -> io::Result<files::FilesystemSpace> {
        files::space(&self.file)
    }

    /// A second handle of the same open file, for syncing elsewhere.
    pub fn handle(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// Whether the path still leads to this file.
    pub fn is_in_place(&self) -> bool {
        match (files::symlink_metadata(&self.path), self.file.metadata()) {
            (Ok(there), Ok(ours)) => (there.dev(), there.ino()) == (ours.dev(), ours.ino()),
            _ => false,
        }
    }

    /// Whether somebody has deleted it: what is written goes away with the handle.
    pub fn is_deleted(&self) -> bool {
        self.file.metadata().is_ok_and(|facts| facts.nlink() == 0)
    }

    /// Closes the log for good: read-only for its owner, and its group when it has one. The handle is for a last sync.
    pub fn retire(self, group: u32) -> Arc<File> {
        let mode = if group == 0 { 0o400 } else { 0o440 };
        // A mode that cannot be set is repaired at the next start.
        let _ = self.file.set_permissions(files::Permissions::from_mode(mode));
        self.file
    }
}

/// Cuts off what follows the last newline, and returns it, with how the log ends then. What is longer than any record is left
/// alone.
fn cut_torn_record(
    path: &Path,
    file: &mut File,
    node: &[u8],
    has_peers: bool,
) -> io::Result<(Option<Vec<u8>>, Option<LogEnd>)> {
    let facts = file.metadata()?;
    let (size, log_end) = (facts.len(), |tail: &[u8]| LogEnd::of(tail, node, has_peers, facts.mtime()));
    let mut tail = Vec::new();
    let mut reader = files::open_read(path, false)?;
    reader.seek(SeekFrom::Start(size.saturating_sub(LONGEST_RECORD)))?;
    reader.take(LONGEST_RECORD).read_to_end(&mut tail)?;
    let end = memchr::memrchr(b'\n', &tail).map(|at| at + 1);
    let keep = match end {
        Some(end) => end,
        None if size <= LONGEST_RECORD => 0,
        None => {
            file.write_all(b"\n")?;
            return Ok((None, log_end(&tail)));
        }
    };
    let torn = Some(tail.split_off(keep)).filter(|torn| !torn.is_empty());
    if let Some(torn) = &torn {
        file.set_len(size - torn.len() as u64)?;
    }
    Ok((torn, log_end(&tail)))
}

/// Seconds of the first record's time.
fn created(path: &Path) -> Option<i64> {
    let mut head = [0; 512];
    let length = files::open_read(path, false).ok()?.read(&mut head).ok()?;
    first_event_id(head.get(..length)?).map(|id| id.sec as i64)
}

/// The first event id in a text, if it is whole.
pub fn first_event_id(text: &[u8]) -> Option<EventId> {
    let after = text::after(text, b"audit(")?;
    EventId::parse(after.get(..memchr::memchr(b')', after)?)?)
}

/// Why a log directory is not safe to write to.
#[derive(Debug)]
pub struct UnsafeDirectory {
    /// The log.
    pub log: PathBuf,
    /// The part of the path that is not.
    pub part: PathBuf,
    /// An errno that says why.
    pub errno: i32,
}

impl fmt::Display for UnsafeDirectory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (log, part, why) = (self.log.display(), self.part.display(), error_text(self.errno));
        write!(out, "Unsafe audit log directory for {log} ({part}: {why})")
    }
}

/// Makes the log's directory when it is missing, and checks every part of its path: a directory of root's that neither group
/// nor others may write to, and no symbolic link.
pub fn prepare_directory(log: &Path) -> Result<(), UnsafeDirectory> {
    walk(log, |part| make_directory(part).map(Some))
}

/// The same without making anything: what is missing can be made.
pub fn check_directory(log: &Path) -> Result<(), UnsafeDirectory> {
    walk(log, |_| Ok(None))
}

/// What would keep a log from being written, or rotated only.
#[derive(Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The log, or a directory.
    pub part: PathBuf,
    /// What it is.
    pub what: &'static str,
    /// Whether the log can be written all the same.
    pub is_for_rotation: bool,
}

/// What would keep a log from being written there, as far as that is to be seen without writing: a link in its place, a file system
/// or a mount that is read-only or has no inode for a log that is not there, attributes of chattr(1). Modes are not asked about:
/// the daemon repairs its own, and is root.
pub fn obstacle(log: &Path) -> Option<Obstacle> {
    let there = log.ancestors().find(|part| files::symlink_metadata(part).is_ok())?;
    let obstacle =
        |part: &Path, what, is_for_rotation| Some(Obstacle { part: part.to_path_buf(), what, is_for_rotation });
    if there == log && files::read_link(log).is_ok() {
        return obstacle(log, "a symbolic link", false);
    }
    let closed = |part: &Path| match files::may_write(part).map_err(|error| errno::of(&error)) {
        Err(errno::EROFS) => Some("on a read-only file system"),
        Err(errno::EPERM) => Some("immutable, see lsattr(1)"),
        _ => None,
    };
    let append_only = |part: &Path| files::is_append_only(part).then_some("append-only, see lsattr(1)");
    // The mode of a log that is append-only cannot be set; in such a directory one can be made, and not renamed.
    let is_log = there == log;
    let full = || (!is_log && files::lacks_inodes(there)).then_some("out of inodes");
    match closed(there).or_else(|| append_only(there).filter(|_| is_log)).or_else(full) {
        Some(what) => obstacle(there, what, false),
        None => {
            let directory = if is_log { log.parent()? } else { there };
            obstacle(directory, closed(directory).or_else(|| append_only(directory))?, true)
        }
    }
}

/// Checks the parts of the path. `missing` gives the facts of a part that is not there, or ends the walk.
fn walk(log: &Path, missing: impl Fn(&Path) -> Result<Option<files::Metadata>, i32>) -> Result<(), UnsafeDirectory> {
    let directory = log.parent().unwrap_or(Path::new("/"));
    let mut part = PathBuf::new();
    if !directory.is_absolute() {
        return Err(UnsafeDirectory { log: log.to_path_buf(), part: directory.to_path_buf(), errno: errno::EINVAL });
    }
    for component in directory.components() {
        part.push(component);
        let refuse = |errno| UnsafeDirectory { log: log.to_path_buf(), part: part.clone(), errno };
        if !matches!(component, Component::RootDir | Component::Normal(_)) {
            return Err(refuse(errno::EINVAL));
        }
        let facts = match files::symlink_metadata(&part) {
            Ok(facts) => facts,
            Err(e) if e.kind() == io::ErrorKind::NotFound => match missing(&part).map_err(refuse)? {
                Some(facts) => facts,
                None => return Ok(()),
            },
            Err(e) => return Err(refuse(errno::of(&e))),
        };
        if facts.is_symlink() {
            return Err(refuse(errno::ELOOP));
        }
        if !facts.is_dir() {
            return Err(refuse(errno::ENOTDIR));
        }
        if facts.uid() != 0 || facts.mode() & 0o022 != 0 {
            return Err(refuse(errno::EPERM));
        }
    }
    Ok(())
}

fn make_directory(path: &Path) -> Result<files::Metadata, i32> {
    use std::os::unix::fs::DirBuilderExt;
    let made = files::DirBuilder::new().mode(0o700).create(path).and_then(|()| files::symlink_metadata(path));
    made.map_err(|e| errno::of(&e))
}

/// Gives the directory to the group: root and the group, mode 0750. True when something had to be changed.
pub fn share_directory(log: &Path, group: u32) -> io::Result<bool> {
    let directory = log.parent().unwrap_or(Path::new("/"));
    let facts = files::metadata(directory)?;
    if facts.gid() == group && facts.mode() & 0o7777 == 0o750 {
        return Ok(false);
    }
    std::os::unix::fs::chown(directory, Some(0), Some(group))?;
    files::set_permissions(directory, files::Permissions::from_mode(0o750))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(name: &str, content: &[u8]) -> PathBuf {
        let path = crate::testing::path(&format!("log-{name}"));
        files::write(&path, content).unwrap();
        path
    }

    fn cut(path: &Path) -> Option<Vec<u8>> {
        cut_torn_record(path, &mut files::open_append(path, 0o600).unwrap(), b"", false).unwrap().0
    }

    #[test]
    fn a_torn_record_is_cut_off_and_a_whole_one_is_not() {
        let path = place("torn", b"type=A msg=audit(1.000:7): a\ntype=B msg=audit(1.0");
        assert_eq!(cut(&path), Some(b"type=B msg=audit(1.0".to_vec()));
        assert_eq!(files::read(&path).unwrap(), b"type=A msg=audit(1.000:7): a\n");
        assert_eq!(cut(&path), None);
        files::write(&path, b"type=").unwrap();
        assert_eq!(cut(&path), Some(b"type=".to_vec()));
        files::write(&path, vec![b'x'; LONGEST_RECORD as usize + 1]).unwrap();
        assert_eq!(cut(&path), None);
        assert_eq!(files::metadata(&path).unwrap().len(), LONGEST_RECORD + 2);
        files::remove_file(&path).unwrap();
    }

    #[test]
    fn the_first_id_of_a_text_is_a_whole_one() {
        let id = EventId { sec: 1_700_000_000, milli: 123, serial: 42 };
        assert_eq!(first_event_id(b"node=x type=A msg=audit(1700000000.123:42): x"), Some(id));
        assert_eq!(first_event_id(b"audit(1700000000.123"), None);
        assert_eq!(first_event_id(b"audit(a.b:c)"), None);
    }

    #[test]
    fn the_end_of_a_log_tells_a_daemon_that_ended_from_one_that_was_killed() {
        let end = |text: &str| LogEnd::of(text.as_bytes(), b"node=x ", true, 7);
        let start = "type=DAEMON_START msg=audit(90.000:4711): op=start\n";
        let record = "node=x type=SYSCALL msg=audit(100.000:42): a\x1dUID=\"b\"\n";
        let stop = "type=DAEMON_END msg=audit(101.000:4712): op=terminate\n";
        let of = |is_clean, serial, seconds| Some(LogEnd { is_clean, serial, seconds });
        assert_eq!(end(""), None);
        assert_eq!(end(&format!("{start}{record}")), of(false, 42, 100));
        assert_eq!(end(record), of(false, 42, 100), "a log that was rotated since the start");
        assert_eq!(end(&format!("{record}{stop}")), of(true, 42, 101));
        assert_eq!(end(&format!("{stop}{record}")), of(true, 42, 100), "what came while it ended");
        assert_eq!(end(&format!("{record}{stop}{start}")), of(false, 42, 90));
    }

    #[test]
    fn lines_of_other_machines_say_nothing_about_the_end_of_this_log() {
        let end = |text: &str, has_peers| LogEnd::of(text.as_bytes(), b"node=x ", has_peers, 7).unwrap();
        let ours = "node=x type=SYSCALL msg=audit(100.000:42): a\n";
        let theirs =
            "node=y type=SYSCALL msg=audit(900.000:7): a\nnode=y type=DAEMON_END msg=audit(901.000:8): op=terminate\n";
        let expected = LogEnd { is_clean: false, serial: 42, seconds: 100 };
        assert_eq!(end(&format!("{ours}{theirs}"), true), expected);
        let unknown = LogEnd { is_clean: false, serial: 0, seconds: 7 };
        assert_eq!(end(theirs, true), unknown, "they do not say that the daemon ended by itself, nor when");
        let renamed =
            "node=old type=SYSCALL msg=audit(100.000:42): a\nnode=old type=DAEMON_END msg=audit(101.000:8): a\n";
        assert_eq!(end(renamed, false), LogEnd { is_clean: true, serial: 0, seconds: 101 });
    }

    #[test]
    fn a_full_device_keeps_nothing_and_says_so() {
        let file = files::OpenOptions::new().append(true).open("/dev/full").unwrap();
        let log = LogFile { path: PathBuf::from("/dev/full"), file: Arc::new(file) };
        let error = log.append(b"one\ntwo\n").unwrap_err();
        assert_eq!((error.kept, error.errno), (0, errno::ENOSPC));
    }

    #[test]
    fn what_is_no_regular_file_is_no_log() {
        let refused = LogFile::open(Path::new("/dev/full"), 0, b"", false).map(drop).unwrap_err();
        assert_eq!(refused.to_string(), "not a regular file");
    }

    #[test]
    #[ignore = "needs root"]
    fn what_keeps_a_log_from_being_written_is_seen_without_writing() {
        let root = crate::testing::path("obstacle");
        files::create_dir_all(&root).unwrap();
        let (log, link) = (root.join("audit.log"), root.join("link"));
        let found = |log: &Path| obstacle(log).map(|found| (found.part, found.what, found.is_for_rotation));
        let set = |part: &Path, attributes| files::set_attributes(part, attributes).unwrap();
        assert_eq!(found(&root.join("not/yet/audit.log")), None);
        std::os::unix::fs::symlink(&log, &link).unwrap();
        assert_eq!(found(&link), Some((link, "a symbolic link", false)), "it leads nowhere");
        set(&root, "i");
        assert_eq!(found(&root.join("not/yet/a.log")), Some((root.clone(), "immutable, see lsattr(1)", false)));
        set(&root, "a");
        assert_eq!(found(&log), Some((root.clone(), "append-only, see lsattr(1)", true)));
        set(&root, "");
        files::write(&log, "").unwrap();
        assert_eq!(found(&log), None);
        for (attributes, what) in [("i", "immutable, see lsattr(1)"), ("a", "append-only, see lsattr(1)")] {
            set(&log, attributes);
            assert_eq!(found(&log), Some((log.clone(), what, false)));
            set(&log, "");
            set(&root, attributes);
            assert_eq!(found(&log), Some((root.clone(), what, true)));
            set(&root, "");
        }
        files::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn a_path_through_a_link_or_an_open_directory_is_not_safe() {
        let root = crate::testing::path("directory");
        files::create_dir_all(root.join("open")).unwrap();
        files::set_permissions(root.join("open"), files::Permissions::from_mode(0o777)).unwrap();
        std::os::unix::fs::symlink("open", root.join("link")).unwrap();
        for check in [prepare_directory, check_directory] {
            assert!(check(&root.join("open/audit.log")).is_err());
            assert!(check(&root.join("link/audit.log")).is_err());
        }
        assert!(!root.join("open/audit.log").exists());
        files::remove_dir_all(&root).unwrap();
        assert_eq!(prepare_directory(Path::new("var/audit.log")).unwrap_err().errno, errno::EINVAL);
    }
}
