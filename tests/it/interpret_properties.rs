//! What holds for every record put into words, however hostile: no panic, no control byte, no growth without bound, and
//! nothing that depends on the records before or on the way in which a value was written. The
//! bytes are made up from pieces that mean something; the body is the one of the fuzz target.

#[path = "../../fuzz/bodies/interpret.rs"]
pub(crate) mod bodies;

use crate::support::Dice;
use auditbox::interpret::Interpreter;
use auditbox::record::Record;
use auditbox::tables::machine::Machine;
use auditbox::text::Escape;

const NAMES: &[&str] = &[
    "arch",
    "syscall",
    "a0",
    "a1",
    "a2",
    "a3",
    "exit",
    "auid",
    "gid",
    "ses",
    "comm",
    "name",
    "key",
    "mode",
    "saddr",
    "data",
    "proctitle",
    "cap_fp",
    "perm",
    "oflag",
    "flags",
    "acct",
    "msg",
    "subj",
    "hook",
    "family",
    "fan_type",
    "fan_info",
    "fan_type=1 fan_info",
    "arch=c000003e syscall=257 a2",
    "arch=40000003 syscall=102 a0",
    "argc",
    "a1_len",
    "cap_frootid",
    "prom",
    "capability",
    "res",
    "sig",
    "list",
    "icmptype",
    "proto",
    "addr",
    "per",
    "code",
    "action",
    "macproto",
    "ioctlcmd",
    "resp",
    "obj_trust",
    "nl-mcgrp",
    "resolve",
    "errno",
    "a4",
    "",
    "'uid",
    "(uid",
];

const VALUES: &[&str] = &[
    "c000003e",
    "40000003",
    "102",
    "54",
    "257",
    "0",
    "1",
    "-1",
    "-13",
    "ffffffff",
    "ffffffffffffffff",
    "99999999999999999999",
    "\"quoted\"",
    "\"open",
    "'single'",
    "(null)",
    "6B31016B32",
    "0100",
    "0100002F61",
    "02000050C0A80101",
    "1B5B41",
    "616",
    "u:r:t:s0:c1,c2",
    "?",
    "",
];

const JUNK: &[u8] = b" =,'\"(){}:\x01\x1b\x1d\x00\x80\xff\taf01";

fn body(dice: &mut Dice) -> Vec<u8> {
    let mut body = vec![dice.roll(256) as u8];
    for _ in 0..dice.roll(12) {
        match dice.roll(8) {
            0 => body.push(JUNK[dice.roll(JUNK.len())]),
            1 => body.extend_from_slice(b" words between "),
            2 => body.extend_from_slice(b"\x1dUID=\"x\" ARCH=y SADDR={ z }"),
            _ => {
                let (name, value) = (NAMES[dice.roll(NAMES.len())], VALUES[dice.roll(VALUES.len())]);
                body.extend_from_slice(format!("{name}={value}").as_bytes());
                body.push(b" ,"[dice.roll(10) / 9]);
            }
        }
    }
    body
}

#[test]
fn made_up_records_do_no_harm() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    (0..6_000).for_each(|_| bodies::record(&body(&mut dice)));
}

#[test]
fn junk_does_no_harm() {
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    for _ in 0..5_000 {
        let length = dice.roll(40);
        let data: Vec<u8> = (0..length).map(|_| JUNK[dice.roll(JUNK.len())]).collect();
        bodies::record(&data);
    }
}

/// A record in words.
fn rewritten(interpreter: &mut Interpreter, line: &[u8]) -> String {
    let record = Record::parse(line).expect("its head is sound");
    let mut out = Vec::new();
    interpreter.rewrite(&record, b"now", &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn interpreter(mode: Escape) -> Interpreter<'static> {
    Interpreter::new(&bodies::AnyHost, Some(Machine::X86_64), mode)
}

#[test]
fn what_was_remembered_of_other_records_changes_nothing() {
    let mut dice = Dice(0x5851_f42d_4c95_7f2d);
    for mode in [Escape::Raw, Escape::Tty, Escape::Shell] {
        let mut experienced = interpreter(mode);
        for _ in 0..3_000 {
            let Some((line, _)) = bodies::line(&body(&mut dice)) else { continue };
            let (got, want) = (rewritten(&mut experienced, &line), rewritten(&mut interpreter(mode), &line));
            assert_eq!(got, want, "{}", String::from_utf8_lossy(&line));
        }
    }
}

/// For a shell all values are written in the long way, and but for backslashes the words are the same.
#[test]
fn both_ways_of_writing_a_value_agree() {
    let mut dice = Dice(0x1405_7b7e_f767_814f);
    let (mut short, mut long) = (interpreter(Escape::Tty), interpreter(Escape::Shell));
    for _ in 0..6_000 {
        let Some((line, _)) = bodies::line(&body(&mut dice)) else { continue };
        let bare = |words: String| words.replace('\\', "");
        let (got, want) = (bare(rewritten(&mut short, &line)), bare(rewritten(&mut long, &line)));
        assert_eq!(got, want, "{}", String::from_utf8_lossy(&line));
    }
}
