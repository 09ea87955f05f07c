//! User and group names from passwd(5) and group(5), read by ourselves: a static binary has no name service, and the
//! daemon must not wait for one.
//!
//! The tables hold the whole files as they were when they were read, so an unknown id costs no more than a known one.

use super::root;
use std::io::Read;
use std::path::Path;

/// A file larger than this is read only so far: memory stays bounded.
const MAX_FILE: u64 = 16 << 20;

/// The names of a system.
#[derive(Debug)]
pub struct Users {
    users: NameFile,
    groups: NameFile,
}

impl Users {
    /// Reads `etc/passwd` and `etc/group` of the system whose root is `root` (`/` for the running one). Missing files are
    /// empty ones.
    pub fn open(root: &Path) -> Users {
        Users { users: NameFile::read(root, b"/etc/passwd"), groups: NameFile::read(root, b"/etc/group") }
    }

    /// What tells one version of both files from another: inode, size and time of the last change. Zeros stand for a missing
    /// file.
    pub fn version(root: &Path) -> [(u64, u64, i64, i64); 2] {
        use std::os::unix::fs::MetadataExt;
        [&b"/etc/passwd"[..], b"/etc/group"].map(|path| {
            let facts = root::open(root, path).and_then(|file| file.metadata());
            facts.map_or((0, 0, 0, 0), |facts| (facts.ino(), facts.size(), facts.mtime(), facts.mtime_nsec()))
        })
    }

    /// The name of a user; the first line with this uid counts.
    pub fn user_name(&self, uid: u32) -> Option<&[u8]> {
        self.users.name(uid)
    }

    /// The name of a group.
    pub fn group_name(&self, gid: u32) -> Option<&[u8]> {
        self.groups.name(gid)
    }

    /// The uid of a user by name.
    pub fn user_id(&self, name: &[u8]) -> Option<u32> {
        self.users.id(name)
    }

    /// Every user by uid and name, in the order of the file.
    pub fn all(&self) -> impl Iterator<Item = (u32, &[u8])> {
        lines(&self.users.text).filter_map(|(_, line)| {
            let name = line.split(|&b| b == b':').next().filter(|name| !name.is_empty())?;
            Some((id_of(line)?, name))
        })
    }

    /// The gid of a group by name.
    pub fn group_id(&self, name: &[u8]) -> Option<u32> {
        self.groups.id(name)
    }
}

/// One file of `name:...:id:...` lines.
#[derive(Debug)]
struct NameFile {
    text: Vec<u8>,
    /// Sorted by id, one row an id: (id, start, length) of the name in `text`.
    rows: Vec<(u32, u32, u32)>,
}

impl NameFile {
    fn read(root: &Path, path: &[u8]) -> NameFile {
        let mut text = Vec::new();
        if let Ok(file) = root::open(root, path) {
            // A file that cannot be read to its end counts as far as it was read.
            let _ = file.take(MAX_FILE).read_to_end(&mut text);
        }
        NameFile::of(text)
    }

    fn of(text: Vec<u8>) -> NameFile {
        let rows = parse(&text);
        NameFile { text, rows }
    }

    fn name(&self, id: u32) -> Option<&[u8]> {
        let at = self.rows.binary_search_by_key(&id, |row| row.0).ok()?;
        self.slice(self.rows.get(at)?)
    }

    fn id(&self, name: &[u8]) -> Option<u32> {
        self.rows.iter().find(|row| self.slice(row) == Some(name)).map(|row| row.0).or_else(|| {
            // A second name of the same id has no row of its own.
            lines(&self.text)
                .find(|(_, line)| line.split(|&b| b == b':').next() == Some(name))
                .and_then(|(_, l)| id_of(l))
        })
    }

    fn slice(&self, row: &(u32, u32, u32)) -> Option<&[u8]> {
        self.text.get(row.1 as usize..)?.get(..row.2 as usize)
    }
}

fn parse(text: &[u8]) -> Vec<(u32, u32, u32)> {
    let mut rows = Vec::new();
    for (start, line) in lines(text) {
        let Some(end) = line.iter().position(|&b| b == b':') else { continue };
        if let Some(id) = id_of(line).filter(|_| end > 0) {
            rows.push((id, start as u32, end as u32));
        }
    }
    // Of several lines with one id the first stays, alone.
    rows.sort_unstable();
    rows.dedup_by_key(|row| row.0);
    rows
}

/// Every line with the offset it starts at.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut start = 0;
    text.split(|&b| b == b'\n').map(move |line| {
        let at = start;
        start += line.len() + 1;
        (at, line)
    })
}

fn id_of(line: &[u8]) -> Option<u32> {
    std::str::from_utf8(line.split(|&b| b == b':').nth(2)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(passwd: &str) -> NameFile {
        NameFile::of(passwd.as_bytes().to_vec())
    }

    #[test]
    fn names_and_ids_both_ways() {
        let file = names("root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh");
        assert_eq!(file.name(0), Some(&b"root"[..]));
        assert_eq!(file.name(1000), Some(&b"alice"[..]));
        assert_eq!(file.name(1001), None);
        assert_eq!(file.id(b"alice"), Some(1000));
        assert_eq!(file.id(b"ali"), None);
    }

    #[test]
    fn the_first_line_names_an_id_and_every_name_finds_its_id() {
        let file = names("root:x:0:0::/:\ntoor:x:0:0::/:\n");
        assert_eq!(file.name(0), Some(&b"root"[..]));
        assert_eq!(file.id(b"toor"), Some(0));
    }

    #[test]
    fn lines_that_are_none_are_passed_over() {
        let file = names("\n+\n:x:5:\nbad:x:many:\nnumber\nbig:x:4294967296:\nok:x:7:\n\u{0}:::");
        assert_eq!(file.rows.len(), 1);
        assert_eq!(file.name(7), Some(&b"ok"[..]));
    }

    #[test]
    fn the_files_of_another_root_are_its_own() {
        let root = crate::testing::path("users");
        std::fs::create_dir_all(root.join("etc")).unwrap();
        std::fs::create_dir_all(root.join("usr/lib")).unwrap();
        std::fs::write(root.join("etc/group"), "seven:x:7:\n").unwrap();
        std::fs::write(root.join("usr/lib/passwd"), "builder:x:4242:7::/:\n").unwrap();
        std::os::unix::fs::symlink("/usr/lib/passwd", root.join("etc/passwd")).unwrap();
        let users = Users::open(&root);
        assert_eq!(users.group_id(b"seven"), Some(7));
        assert_eq!(users.user_id(b"builder"), Some(4242));
        assert_eq!(users.user_id(b"root"), None);
        std::fs::remove_dir_all(&root).unwrap();
    }
}
