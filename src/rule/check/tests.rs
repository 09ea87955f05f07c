//! What is found and what is not, and the certainty of what is said to be certain; each code has a bad and a good text in
//! tests/it/checking.rs. The files beside this are named after those that they test.

mod fix;
mod line;
mod random;
mod set;
mod suppress;

use super::super::parse::Host;
use super::fix as repair;
use super::*;
use crate::tables::machine::Machine;
use std::sync::LazyLock;

static MOUNTS: LazyLock<Vec<(Vec<u8>, Vec<u8>)>> = LazyLock::new(|| {
    [("/", "nfs4"), ("/home", "ext4"), ("/mnt/share", "nfs4")].map(|(at, kind)| (at.into(), kind.into())).to_vec()
});

/// A 64-bit PC that runs 32-bit programs, with the users root and alice, and the directory /etc.
struct Pc;

impl Host for Pc {
    fn machine(&self) -> Option<Machine> {
        Some(Machine::X86_64)
    }

    fn features(&self) -> u32 {
        u32::MAX
    }

    fn user(&self, name: &[u8]) -> Option<u32> {
        [(&b"root"[..], 0), (b"alice", 1000)].iter().find(|row| row.0 == name).map(|row| row.1)
    }

    fn group(&self, name: &[u8]) -> Option<u32> {
        (name == b"wheel").then_some(10)
    }

    fn is_directory(&self, path: &[u8]) -> bool {
        matches!(path, b"/" | b"/etc" | b"/etc/link")
    }

    fn mounts(&self) -> &[(Vec<u8>, Vec<u8>)] {
        &MOUNTS
    }

    /// /etc/link leads to /srv.
    fn is_hidden(&self, path: &[u8]) -> bool {
        path.starts_with(b"/hidden/")
    }

    fn place(&self, directory: &[u8]) -> Option<Vec<u8>> {
        match directory.strip_prefix(b"/etc/link").filter(|below| !below.is_empty()) {
            Some(below) => Some([b"/srv", below.strip_suffix(b"/").unwrap_or(below)].concat()),
            None => Some(directory.strip_suffix(b"/").filter(|path| !path.is_empty()).unwrap_or(directory).to_vec()),
        }
    }
}

fn found_for(text: &str, kernel: Option<Version>) -> Vec<Finding> {
    let exists = |path: &[u8]| path.starts_with(b"/etc") || path.starts_with(b"/usr");
    let target = Target { host: &Pc, kernel, exists: Some(&exists), profile: &[] };
    check(&[Source { name: b"r", text: text.as_bytes() }], false, &target).unwrap()
}

fn found(text: &str) -> Vec<Finding> {
    found_for(text, None)
}

/// Code, line and first column of each finding.
fn codes_of(text: &str) -> Vec<String> {
    found(text).iter().map(|f| format!("{} {}:{}", f.code.id, f.span.line, f.span.bytes.0 + 1)).collect()
}

fn has(text: &str, code: &Code) -> bool {
    found(text).iter().any(|finding| finding.code == code)
}

/// Both widths of a rule whose text after the arch is `rest`.
fn both(rest: &str) -> String {
    ["b64", "b32"].map(|arch| format!("-a always,exit -F arch={arch} {rest}\n")).concat()
}

/// The text after all fixes that are made, and the effect of the first.
fn fixed(text: &str) -> (String, Option<Effect>) {
    let mut text = text.as_bytes().to_vec();
    let mut first = None;
    for _ in 0..12 {
        let findings = found(std::str::from_utf8(&text).unwrap());
        first = first.or(findings.iter().find_map(|found| found.fix.as_ref()).map(|fix| fix.effect));
        text = repair::apply(&text, 0, &repair::safe_edits(&findings));
    }
    (String::from_utf8(text).unwrap(), first)
}

#[test]
fn too_many_lines_are_refused() {
    let text = "-D\n".repeat(MOST_LINES + 1);
    let target = Target { host: &Pc, kernel: None, exists: None, profile: &[] };
    assert!(check(&[Source { name: b"r", text: text.as_bytes() }], false, &target).is_err());
}
