//! `auditbox --install DIR [--hard]`: one link per applet in DIR, symbolic or hard, pointing to this binary.
//!
//! A symbolic link beside the binary names it without a path, so that a tree made for another root works there too.
//! A link that leads here already is left alone; any other file of that name is reported and stays. Status 1 if one did.

use crate::output::{must_finish, say};
use auditbox::sys::error_reason;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

/// Makes the links, if `directories` is one; gives back the exit status.
pub(crate) fn run(directories: &[String], hard: bool, names: impl Iterator<Item = &'static str>) -> u8 {
    let [directory] = directories else {
        say("auditbox: --install takes one directory");
        return 1;
    };
    let binary = match std::env::current_exe() {
        Ok(path) => path,
        Err(error) => {
            say(format_args!("auditbox: cannot tell where this binary lies: {}", error_reason(&error)));
            return 1;
        }
    };
    must_finish();
    let mut status = 0;
    for path in names.map(|name| Path::new(directory).join(name)) {
        if let Err(error) = link(&binary, &path, hard) {
            let path = path.display();
            match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    say(format_args!("auditbox: {path} is another program and stays: remove it or its package first"))
                }
                _ => say(format_args!("auditbox: {path}: {}", error_reason(&error))),
            }
            status = 1;
        }
    }
    status
}

fn link(binary: &Path, path: &Path, hard: bool) -> io::Result<()> {
    let made = if hard { fs::hard_link(binary, path) } else { symlink(seen_from(path, binary), path) };
    match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && leads_to(path, binary) => Ok(()),
        other => other,
    }
}

/// What a link at `path` says to mean `binary`.
fn seen_from<'a>(path: &Path, binary: &'a Path) -> &'a Path {
    let directory = path.parent().and_then(|d| d.canonicalize().ok());
    match binary.file_name() {
        Some(name) if directory.as_deref() == binary.parent() => Path::new(name),
        _ => binary,
    }
}

fn leads_to(path: &Path, binary: &Path) -> bool {
    let same = |a: Metadata, b: Metadata| a.dev() == b.dev() && a.ino() == b.ino();
    fs::metadata(path).is_ok_and(|a| fs::metadata(binary).is_ok_and(|b| same(a, b)))
}
