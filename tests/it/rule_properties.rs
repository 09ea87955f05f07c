//! Rules that nobody wrote: what must hold for all of them, tried on thousands from a generator that always makes the same.
//!
//! A rule in its listed form comes back as the same rule; bytes of a rule come back as the same rule; and no bytes at all
//! can do harm, be they words, files or replies of a kernel (the bodies of the fuzz targets).

#[path = "../../fuzz/bodies/rule.rs"]
pub(crate) mod bodies;

use crate::support::Dice;
use auditbox::rule::{Listing, Operation, Rule, decode, encode, parse};
use auditbox::tables::machine::Machine;
use auditbox::tables::{record_type, syscall};
use bodies::AnyHost;

impl Dice {
    fn number(&mut self) -> i32 {
        let bits = self.roll(32);
        (self.roll(1 << 31) as i64 - (1 << 30)) as i32 >> bits
    }

    fn text(&mut self) -> String {
        let length = 1 + self.roll(12);
        (0..length).map(|_| *self.pick(&[&'a', &'b', &'/', &'.', &'-', &'_', &'9', &'Z'])).collect()
    }
}

const ORDERED: [&str; 6] = ["=", "!=", ">", ">=", "<", "<="];
const EQUALITY: [&str; 2] = ["=", "!="];

/// A field as listings show it.
fn field(dice: &mut Dice, list: &str) -> String {
    let operator = dice.pick(&ORDERED);
    let equality = dice.pick(&EQUALITY);
    let id = dice.pick(&["uid", "euid", "suid", "fsuid", "auid", "obj_uid"]);
    match dice.roll(if list == "exit" { 14 } else { 5 }) {
        0 => format!("-F {id}{operator}{}", dice.number()),
        1 => format!("-F {}{operator}{}", dice.pick(&["gid", "egid", "sgid", "fsgid", "obj_gid"]), dice.roll(1 << 31)),
        2 => format!("-F {}{operator}0x{:X}", dice.pick(&["a0", "a1", "a2", "a3"]), dice.number()),
        3 => format!("-F {}{operator}{}", dice.pick(&["subj_user", "subj_role", "subj_type"]), dice.text()),
        4 => format!("-F exe{equality}/{}", dice.text()),
        5 => format!("-F exit{operator}{}", dice.pick(&["-EPERM", "-ENOENT", "0", "13", "-1000"])),
        6 => format!("-F success{operator}{}", dice.roll(2)),
        7 => format!("-F path{equality}/{}", dice.text()),
        8 => format!("-F dir{equality}/{}/", dice.text()),
        9 => format!("-F inode{equality}{}", dice.number() as u32),
        10 => format!("-C {}", dice.pick(&["uid!=euid", "auid=obj_uid", "gid!=fsgid", "sgid=obj_gid"])),
        11 => format!("-F sessionid{operator}{}", dice.number()),
        12 => format!("-F {}{operator}{}", dice.pick(&["devmajor", "devminor", "ppid"]), dice.roll(1 << 31)),
        _ => format!("-F {}{operator}{}", dice.pick(&["obj_user", "obj_lev_low"]), dice.text()),
    }
}

/// System calls in the order of listings.
fn calls(dice: &mut Dice, machine: Machine) -> String {
    let rows: Vec<(u32, &str)> = syscall::rows(machine).collect();
    let mut picked: Vec<(u32, &str)> = (0..1 + dice.roll(6)).map(|_| rows[dice.roll(rows.len())]).collect();
    picked.sort_unstable();
    picked.dedup();
    let names: Vec<&str> = picked.into_iter().map(|row| row.1).collect();
    format!("-S {}", names.join(","))
}

/// A rule as listings show it.
fn rule_line(dice: &mut Dice) -> String {
    if dice.roll(8) == 0 {
        return format!("-w /{}x -p {} -k {}", dice.text(), dice.pick(&["r", "wa", "rwxa", "x"]), dice.text());
    }
    let list = dice.pick(&["exit", "exit", "exit", "task", "user", "exclude", "filesystem", "io_uring"]);
    let mut parts = vec![format!("-a {},{list}", dice.pick(&["always", "never"]))];
    let mut has_calls = true;
    match (list, dice.roll(3)) {
        ("exit", 0) => parts.push("-S all".to_owned()),
        ("exit", 1) => parts.extend(["-F arch=b32".to_owned(), calls(dice, Machine::I386)]),
        ("exit", _) => parts.extend(["-F arch=b64".to_owned(), calls(dice, Machine::X86_64)]),
        ("io_uring", _) => parts.push(calls(dice, Machine::IoUring)),
        _ => has_calls = false,
    }
    match list {
        "exclude" => {
            let types = [1300, 1307, 1112, 2404].map(|number| record_type::name(number).unwrap());
            parts.push(format!("-F msgtype={}", dice.pick(&types)));
        }
        "filesystem" => parts.push(format!("-F fstype={}", dice.pick(&["tracefs", "debugfs", "-559038737"]))),
        _ => {}
    }
    parts.extend((0..dice.roll(5)).map(|_| field(dice, list)));
    if has_calls {
        parts.extend((0..dice.roll(3)).map(|_| format!("-F key={}", dice.text())));
    }
    parts.join(" ")
}

fn parsed(line: &str) -> Rule {
    let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    match parse(&words, &AnyHost(Machine::X86_64)) {
        Ok((Operation::Append, rule)) => rule,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn a_listed_rule_is_the_same_rule_again() {
    let mut dice = Dice(0x5eed);
    for _ in 0..6_000 {
        let line = rule_line(&mut dice);
        let rule = parsed(&line);
        let mut out = Vec::new();
        Listing::new(Some(Machine::X86_64), None).print(&rule, &mut out);
        let listed = String::from_utf8(out).unwrap();
        assert_eq!(listed.trim_end(), line);
        assert_eq!(parsed(listed.trim_end()), rule);
    }
}

#[test]
fn a_rule_survives_the_wire() {
    let mut dice = Dice(0xb17e5);
    for _ in 0..6_000 {
        let rule = parsed(&rule_line(&mut dice));
        let bytes = encode(&rule);
        assert_eq!(decode(&bytes).as_ref(), Ok(&rule));
        let cut = dice.roll(bytes.len());
        assert!(decode(&bytes[..cut]).is_err());
    }
}

/// Pieces of the language, and bytes that are none.
const PIECES: [&[u8]; 30] = [
    b"-a",
    b"-A",
    b"-d",
    b"-w",
    b"-W",
    b"-F",
    b"-S",
    b"-C",
    b"-k",
    b"-p",
    b"-D",
    b"-e",
    b"-b",
    b"-q",
    b"-m",
    b"-R",
    b"-l",
    b"--",
    b"--signal",
    b"always,exit",
    b"arch=b64",
    b"perm=wa",
    b"key=x",
    b"uid!=euid",
    b"open,close",
    b"/etc/",
    b"=",
    b"\\ ",
    b"\xff\xfe",
    b"18446744073709551616",
];

fn garbage(dice: &mut Dice, separator: u8) -> Vec<u8> {
    let mut data = Vec::new();
    for _ in 0..dice.roll(14) {
        match dice.roll(6) {
            0 => data.extend((0..dice.roll(9)).map(|_| dice.roll(256) as u8)),
            _ => data.extend_from_slice(dice.pick(&PIECES)),
        }
        match dice.roll(5) {
            0 => {}
            1 => data.push(b'\n'),
            _ => data.push(separator),
        }
    }
    data
}

#[test]
fn no_words_do_harm() {
    let mut dice = Dice(1);
    (0..6_000).for_each(|_| bodies::rule_text(&garbage(&mut dice, 0)));
    (0..2_000).for_each(|_| bodies::rule_text(rule_line(&mut dice).replace(' ', "\0").as_bytes()));
}

#[test]
fn no_file_does_harm() {
    let mut dice = Dice(2);
    (0..4_000).for_each(|_| bodies::rules_file(&garbage(&mut dice, b' ')));
}

#[test]
fn no_reply_does_harm() {
    let mut dice = Dice(3);
    for _ in 0..5_000 {
        let mut bytes = encode(&parsed(&rule_line(&mut dice)));
        for _ in 0..dice.roll(8) {
            // The numbers that matter stand at the front of each array and at the end.
            let place = [0, 4, 8, 12, 268, 524, 780, 1036][dice.roll(8)] + dice.roll(16);
            if let Some(byte) = bytes.get_mut(place) {
                *byte = dice.roll(256) as u8;
            }
        }
        bytes.truncate(bytes.len() - if dice.roll(4) == 0 { dice.roll(bytes.len()) } else { 0 });
        bodies::kernel_reply(&bytes);
    }
}
