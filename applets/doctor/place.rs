//! Where the doctor looks: the running machine, or the tree of an image, whose links never lead out of it.

use crate::control::RuleHost;
use auditbox::doctor::{Facts, FileFact, FileKind, Unseen};
use auditbox::sys::error_reason;
use auditbox::sys::{errno, root};
use auditbox::tables::machine::Machine;
use std::fs::{self, Metadata};
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// No file that is looked at is longer, but the log.
const LONGEST: u64 = 16 << 20;
/// No directory that is looked at has more names.
const MOST_NAMES: usize = 1 << 16;

/// A machine or an image.
pub(super) struct Place {
    root: PathBuf,
    machine: Option<Machine>,
}

impl Place {
    /// The running machine without `root`. The error is a sentence.
    pub(super) fn new(root: Option<PathBuf>, machine: Option<Machine>) -> Result<Place, String> {
        let root = root.unwrap_or_else(|| PathBuf::from("/"));
        let found = fs::canonicalize(&root);
        let cannot = |error: io::Error| format!("cannot read {} ({})", root.display(), error_reason(&error));
        let place = Place { root: found.map_err(cannot)?, machine };
        // Without /proc no link of an image can be followed.
        place.resolve(Path::new("/")).map_err(cannot)?;
        Ok(place)
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn is_image(&self) -> bool {
        self.root != Path::new("/")
    }

    /// What stands before the paths of an image.
    pub(super) fn prefix(&self) -> Vec<u8> {
        if self.is_image() { self.root.as_os_str().as_bytes().to_vec() } else { Vec::new() }
    }

    /// A path as it is shown, and as commands name it: an image's without its links, which would lead out of it here.
    pub(super) fn shown(&self, path: &Path) -> Vec<u8> {
        let found = if self.is_image() { self.resolve(path).ok() } else { None };
        found.map_or_else(
            || [&self.prefix()[..], path.as_os_str().as_bytes()].concat(),
            |path| path.into_os_string().into_vec(),
        )
    }

    /// Where rules of it will live. Of an image, and where the kernel is not to be asked, all features of the filter are supposed.
    pub(super) fn rule_host(&self, is_kernel_known: bool) -> RuleHost {
        match is_kernel_known && !self.is_image() {
            true => RuleHost::new(),
            false => RuleHost::planned(Some(self.root.clone()), self.machine),
        }
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        root::exists(&self.root, path.as_bytes())
    }

    pub(super) fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        root::metadata(&self.root, path.as_os_str().as_bytes())
    }

    /// The text of a regular file.
    pub(super) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = root::open(&self.root, path.as_os_str().as_bytes())?;
        if !file.metadata()?.is_file() {
            return Err(errno::said("not a regular file"));
        }
        let mut text = Vec::new();
        file.take(LONGEST + 1).read_to_end(&mut text)?;
        if text.len() as u64 > LONGEST { Err(errno::said("too long")) } else { Ok(text) }
    }

    /// What a path leads to, as this machine's path without links.
    pub(super) fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        match self.is_image() {
            true => root::resolve(&self.root, path.as_os_str().as_bytes()),
            false => fs::canonicalize(path),
        }
    }

    /// Where something of this name would be, be it a link that leads nowhere here; the directory is there.
    pub(super) fn unfollowed(&self, path: &Path) -> io::Result<PathBuf> {
        let directory = self.resolve(path.parent().unwrap_or(path))?;
        Ok(directory.join(path.file_name().unwrap_or_default()))
    }

    /// The names in a directory, sorted; none when there is no such directory.
    pub(super) fn names(&self, path: &Path) -> io::Result<Vec<std::ffi::OsString>> {
        let entries = match self.resolve(path).and_then(fs::read_dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let names = entries.take(MOST_NAMES + 1).map(|entry| Ok(entry?.file_name()));
        let mut names = names.collect::<io::Result<Vec<_>>>()?;
        if names.len() > MOST_NAMES {
            return Err(errno::said("too many files"));
        }
        names.sort();
        Ok(names)
    }

    /// Takes a file's owner and mode into the facts.
    pub(super) fn note(&self, facts: &mut Facts, kind: FileKind, path: &Path, group: u32) {
        if let Ok(found) = self.metadata(path) {
            let (uid, gid, mode) = (found.uid(), found.gid(), found.mode() & 0o7777);
            facts.files.push(FileFact { kind, path: self.shown(path), uid, gid, mode, group });
        }
    }
}

/// Takes into the facts that something could not be looked at, for an error.
pub(super) fn unseen(facts: &mut Facts, what: &'static str, error: &io::Error) {
    facts.unseen.push(Unseen { what, why: error_reason(error) });
}
