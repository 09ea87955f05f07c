//! The program as it is built: static, position-independent, nothing in it both writable and executable (tests/static).
//! The binary under test is built with the flags of every other one; `make build` and .ci/dist ask the same of theirs.

use crate::support::{BINARY, Dir};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Program header types and flags of elf(5).
const PT_DYNAMIC: u32 = 2;
const PT_INTERP: u32 = 3;
const PT_NOTE: u32 = 4;
const PT_GNU_STACK: u32 = 0x6474_e551;
const PT_GNU_RELRO: u32 = 0x6474_e552;
const PF_X: u32 = 1;
const ET_EXEC: u8 = 2;

/// What tests/static complains of, without the name of the file.
fn complaints(file: &Path) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/static");
    let output = Command::new(script).arg(file).output().expect("tests/static runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.success(), text.is_empty(), "{text}");
    let start = format!("static: {} ", file.display());
    text.lines().map(|line| line.strip_prefix(&start).unwrap_or(line).to_owned()).collect()
}

/// The type of a program header and its flags, as they lie in a 64-bit little-endian file.
fn headers(elf: &mut [u8]) -> impl Iterator<Item = (&mut [u8], &mut [u8])> {
    let table = usize::from_le_bytes(elf[32..40].try_into().expect("eight bytes"));
    let count = u16::from_le_bytes(elf[56..58].try_into().expect("two bytes"));
    let rows = elf[table..].chunks_exact_mut(56).take(count.into());
    rows.map(|row| row[..8].split_at_mut(4))
}

/// The binary under test, after a change of its header or of program headers.
fn changed(dir: &Dir, name: &str, change: impl Fn(&mut [u8])) -> Vec<String> {
    let mut elf = fs::read(BINARY).expect("the binary");
    change(&mut elf);
    complaints(Path::new(&dir.file(name, elf)))
}

/// Gives every program header of one type another one, with these flags added.
fn turn(from: u32, to: u32, flags: u32) -> impl Fn(&mut [u8]) {
    move |elf| {
        for (kind, old) in headers(elf).filter(|(kind, _)| **kind == from.to_le_bytes()) {
            kind.copy_from_slice(&to.to_le_bytes());
            let new = u32::from_le_bytes(old.try_into().expect("four bytes")) | flags;
            old.copy_from_slice(&new.to_le_bytes());
        }
    }
}

#[test]
fn what_is_built_is_static_position_independent_and_read_only_where_it_can_be() {
    assert_eq!(complaints(Path::new(BINARY)), [""; 0]);
}

#[test]
fn what_is_not_is_said() {
    let dir = Dir::new("shipped");
    let said = |name: &str, change: &dyn Fn(&mut [u8])| changed(&dir, name, change);
    assert_eq!(said("fixed", &|elf| elf[16] = ET_EXEC), ["is not position-independent"]);
    let stack = turn(PT_GNU_STACK, PT_GNU_STACK, PF_X);
    assert_eq!(said("stack", &stack), ["has an executable stack"]);
    assert_eq!(said("no-stack", &turn(PT_GNU_STACK, PT_NOTE, 0))[0], "does not say that its stack is not executable");
    assert_eq!(said("no-relro", &turn(PT_GNU_RELRO, PT_NOTE, 0)), ["has no RELRO"]);
    assert_eq!(said("no-now", &turn(PT_DYNAMIC, PT_NOTE, 0)), ["has RELRO in part only"]);
    assert_eq!(said("loader", &turn(PT_GNU_RELRO, PT_INTERP, 0))[0], "asks for a loader: it is dynamic");
}

#[test]
fn the_container_lines_of_readme_are_those_that_the_guest_runs() {
    let read = |path: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path);
    let (readme, test) = (read("README.md"), read("tests/guest/container.sh"));
    let lines: Vec<&str> =
        readme.lines().skip_while(|line| !line.starts_with("    docker run")).take(3).map(str::trim).collect();
    assert!(lines[0].starts_with("docker run --rm ") && lines[1].starts_with("docker run -d "), "{lines:?}");
    assert!(
        lines.iter().all(|line| test.contains(line)),
        "tests/guest/container.sh has other lines than README: {lines:?}"
    );
}
