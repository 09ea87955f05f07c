//! What holds for every record that the daemon adds names to, however hostile the record and the names: it stays one line, no
//! name ends before its end, and what is said of it is what is said of it without the names. The body is the one of the fuzz
//! target.

#[path = "../../fuzz/bodies/enrich.rs"]
pub(crate) mod bodies;

use crate::support::Dice;
use auditbox::tables::machine::Machine;

/// What a name is written down for, and what a call and its machine depend on.
const NAMES: &[&str] = &[
    "arch",
    "syscall",
    "uring_op",
    "a0",
    "saddr",
    "auid",
    "uid",
    "gid",
    "euid",
    "suid",
    "fsuid",
    "egid",
    "sgid",
    "fsgid",
    "id",
    "ouid",
    "ogid",
    "oauid",
    "old-auid",
    "inode_uid",
    "inode_gid",
    "iuid",
    "igid",
    "obj_uid",
    "obj_gid",
    "new_gid",
    "sauid",
    "pid",
    "xuid",
    "acct",
    "exe",
    "name",
    "'uid",
    "(uid",
    "msg",
];

const VALUES: &[&[u8]] = &[
    b"0",
    b"1",
    b"2",
    b"3",
    b"5",
    b"6",
    b"7",
    b"18",
    b"59",
    b"102",
    b"117",
    b"221",
    b"9999",
    b"4294967295",
    b"-1",
    b"-2",
    b"99999999999999999999",
    b"c000003e",
    b"40000003",
    b"c00000b7",
    b"c00000ff",
    b"01002F746D702F780A747970653D555345525F4C4F47494E206D73673D61756469742831293A2000",
    b"01002F1D534144445227227D7B1B5B5C3033335C",
    b"02000050C0A80101000000000000000000",
    b"0A00005000000000FE80000000000000000000000000000105000000",
    b"0300414200000000000000000000000000",
    b"6300",
    b"x\x1dUID=\"root\"",
    b"\x1b[2J",
    b"\"a uid=1 b\"",
    b"\"a",
    b"'",
    b"'\x1dUID=\"eve\"",
    b"1,uid=2",
    b"2)",
    b"",
];

fn body(dice: &mut Dice) -> Vec<u8> {
    let mut body = vec![dice.roll(256) as u8, dice.roll(256) as u8];
    for _ in 0..dice.roll(14) {
        if dice.roll(12) == 0 {
            body.extend_from_slice(b"\n\x1d\x9b =,'\"{}".get(..dice.roll(9)).unwrap_or_default());
        }
        body.extend_from_slice(NAMES[dice.roll(NAMES.len())].as_bytes());
        body.push(b'=');
        body.extend_from_slice(VALUES[dice.roll(VALUES.len())]);
        body.push(b' ');
    }
    body
}

fn checks() -> Vec<bodies::Check> {
    Machine::ALL.into_iter().map(bodies::Check::new).collect()
}

#[test]
fn made_up_records_stay_one_line_and_say_the_same() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    (0..1_000).for_each(|_| bodies::record(&body(&mut dice)));
}

#[test]
fn junk_stays_one_line_and_says_the_same() {
    const JUNK: &[u8] = b" =,'\"(){}\\uidarch:\x01\x1b\x1d\x7f\x80\x9b\xff\taf01\n";
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    for _ in 0..500 {
        let length = dice.roll(60);
        let data: Vec<u8> = (0..length).map(|_| JUNK[dice.roll(JUNK.len())]).collect();
        bodies::record(&data);
    }
}

/// Every field with some of the values in every type of record, on each machine in turn.
#[test]
fn every_field_of_every_type_says_the_same() {
    let (mut checks, mut turn) = (checks(), 0);
    for message in [1005, 1006].into_iter().chain(1100..1150).chain(1300..1345).chain(1400..1430).chain(2100..2120) {
        for name in NAMES {
            for _ in 0..3 {
                let body = [name.as_bytes(), b"=", VALUES[turn % VALUES.len()]].concat();
                let machine = turn % checks.len();
                checks[machine].record(message, 9000, &body);
                turn += 1;
            }
        }
    }
    for (name, value) in NAMES.iter().flat_map(|name| VALUES.iter().map(move |value| (name, value))) {
        checks[1].record(1300, 9000, &[name.as_bytes(), b"=", value].concat());
    }
}

/// The calls of every machine, in the records that calls are in.
#[test]
fn every_call_of_every_machine_says_the_same() {
    for mut check in checks() {
        let elf = check.machine().elf();
        let arch = elf.map_or(String::new(), |elf| format!("arch={elf:x} "));
        for call in (0..480).chain(4000..4480).chain(5000..5480).step_by(3) {
            let message = if elf.is_none() { 1336 } else { [1300, 1326][call as usize % 2] };
            let name = if elf.is_none() { "uring_op" } else { "syscall" };
            let body = format!("{arch}{name}={call} success=yes exit=0 a0={:x} a1=2", call % 40);
            check.record(message, 9000, body.as_bytes());
        }
    }
}
