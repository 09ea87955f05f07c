//! Pairs of rules, an event for each, and what the kernel and `auditctl --explain` make of it: what tests/guest/model.sh and, for the
//! lists without calls, tests/guest/lists.sh run.
//!
//!   pairs provoke COUNT               an event a case, all of them again at each line on standard input, "done" after the last
//!   pairs generate SEED COUNT LOG DIR  reads what the events look like, and writes CASE.rules, CASE.event and all.rules
//!   pairs compare SEED COUNT LOG DIR    the key in the log is the one that is explained, and what is said to be unreachable is not there
//!   pairs lists SEED COUNT PROGRAM DIR  writes CASE.rules for a message of PROGRAM, CASE.files for a file on tracefs, CASE.calls
//!                                     for mkdir() when several lists have a say
//!
//! A case is known by the fourth argument of its call, which the calls do not look at: MARK and its number. Each rule asks for
//! it, so that the rules of all cases are loaded together. The last rule takes what no rule of the pair decides.
//! Everything is made up by a generator of random numbers with a seed, so that a run can be repeated.

use std::arch::asm;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::{Child, Command, ExitCode, Stdio};

const MARK: u32 = 0x6d00_0000;
const PLACE: &str = "/tmp/pairs";
/// The key of the rule for all that is left.
const REST: &str = "rest";

unsafe extern "C" {
    fn syscall(number: i64, ...) -> i64;
}

/// A call of this machine.
fn call64(number: i64, args: [i64; 4]) -> i64 {
    unsafe { syscall(number, args[0], args[1], args[2], args[3]) }
}

/// The same as a 32-bit program makes it.
fn call32(number: i64, args: [i64; 4]) -> i64 {
    let mut result = number;
    unsafe {
        asm!("xchg rbx, {first}", "int 0x80", "xchg rbx, {first}", first = inout(reg) args[0] => _,
            inout("rax") result, in("rcx") args[1], in("rdx") args[2], in("rsi") args[3],
            out("r8") _, out("r9") _, out("r10") _, out("r11") _);
    }
    result
}

/// Who makes the calls.
struct Actor {
    login: Option<u32>,
    /// Real, effective, saved and that of files.
    users: [u32; 4],
    groups: [u32; 4],
    other_groups: &'static [u32],
    program: &'static str,
}

const ACTORS: [Actor; 5] = [
    Actor { login: None, users: [0; 4], groups: [0; 4], other_groups: &[], program: "one" },
    Actor { login: Some(1000), users: [1000; 4], groups: [1000; 4], other_groups: &[100], program: "one" },
    Actor { login: Some(1000), users: [0; 4], groups: [0; 4], other_groups: &[4], program: "one" },
    Actor {
        login: Some(1000),
        users: [1000, 0, 1001, 0],
        groups: [1000, 100, 1001, 100],
        other_groups: &[],
        program: "two",
    },
    Actor { login: Some(1001), users: [1002; 4], groups: [1002; 4], other_groups: &[], program: "two" },
];

#[derive(Clone, Copy)]
enum Arg {
    Number(i64),
    Path(&'static str),
    /// A descriptor of the file, opened with these flags; -1 where it cannot be.
    Open(&'static str, i64),
    Socket(i64, i64),
    Bytes(&'static [u8]),
    /// A place to write to.
    Room,
    /// The words of a program.
    Words(&'static str),
}

use Arg::{Bytes, Number, Open, Path, Room, Socket, Words};

#[derive(Clone, Copy, PartialEq)]
enum Width {
    Wide,
    Narrow,
    /// In a child, which becomes another program.
    Exec,
}

use Width::{Exec, Narrow, Wide};

/// Width, name, number, arguments, what is there before it: "f" a file, "d" a directory called victim, "o" a file called over.
type Kind = (Width, &'static str, i64, [Arg; 3], &'static str);

const NONE: Arg = Number(0);
const HERE: Arg = Number(-100);
const INET: Arg = Bytes(b"\x02\x00\x00\x01\x7f\x00\x00\x01\0\0\0\0\0\0\0\0");
const LOCAL: Arg = Bytes(b"\x01\x00/tmp/pairs/w/none\0");
const KINDS: [Kind; 92] = [
    (Wide, "open", 2, [Path("/tmp/pairs/w/file"), Number(0), NONE], ""),
    (Wide, "open", 2, [Path("/tmp/pairs/w/file"), Number(1), NONE], ""),
    (Wide, "open", 2, [Path("/tmp/pairs/w/file"), Number(0o2002), NONE], ""),
    (Wide, "open", 2, [Path("/etc/shadow"), Number(0), NONE], ""),
    (Wide, "open", 2, [Path("/etc/shadow"), Number(1), NONE], ""),
    (Wide, "open", 2, [Path("/tmp/pairs/locked/secret"), Number(0), NONE], ""),
    (Wide, "open", 2, [Path("/tmp/pairs/w/none"), Number(0), NONE], ""),
    (Wide, "open", 2, [Path("/tmp/pairs/w/none/deeper"), Number(0), NONE], ""),
    (Wide, "open", 2, [Path("/tmp/pairs/w/file/deeper"), Number(0), NONE], ""),
    (Wide, "open", 2, [Path("/tmp/pairs/w/new"), Number(0o101), Number(0o600)], ""),
    (Wide, "open", 2, [Path("/tmp/pairs/w/new"), Number(0o302), Number(0o600)], ""),
    (Wide, "open", 2, [Path("/tmp/pairs/w/file"), Number(0o302), Number(0o600)], ""),
    (Wide, "open", 2, [Path("/tmp/pairs/w/sub"), Number(0o200000), NONE], ""),
    (Wide, "open", 2, [Path("/tmp/pairs/w/null"), Number(2), NONE], ""),
    (Wide, "open", 2, [Path("/dev/null"), Number(1), NONE], ""),
    (Wide, "open", 2, [Path("/tmp/pairs/w/../w/./file"), Number(0), NONE], ""),
    (Wide, "open", 2, [Path("file"), Number(0), NONE], ""),
    (Wide, "open", 2, [Path("sub/inner"), Number(0), NONE], ""),
    (Wide, "open", 2, [Path("/tmp/pairs/w/fifo"), Number(0o4000), NONE], ""),
    (Wide, "open", 2, [NONE, Number(0), NONE], ""),
    (Wide, "openat", 257, [HERE, Path("/tmp/pairs/w/file"), Number(0)], ""),
    (Wide, "openat", 257, [HERE, Path("/etc/shadow"), Number(2)], ""),
    (Wide, "openat", 257, [HERE, Path("file"), Number(1)], ""),
    (Wide, "openat", 257, [Open("/tmp/pairs/w/sub", 0), Path("inner"), Number(0)], ""),
    (Wide, "openat", 257, [Open("/tmp/pairs", 0), Path("w/file"), Number(0)], ""),
    (Wide, "openat", 257, [Number(77), Path("/tmp/pairs/w/file"), Number(0)], ""),
    (Wide, "openat", 257, [Number(77), Path("file"), Number(0)], ""),
    (Wide, "creat", 85, [Path("/tmp/pairs/w/new"), Number(0o600), NONE], ""),
    (Wide, "creat", 85, [Path("/tmp/pairs/w/victim"), Number(0o600), NONE], "f"),
    (Wide, "truncate", 76, [Path("/tmp/pairs/w/victim"), Number(3), NONE], "f"),
    (Wide, "truncate", 76, [Path("/etc/shadow"), Number(-3), NONE], ""),
    (Wide, "ftruncate", 77, [Open("/tmp/pairs/w/file", 2), Number(5), NONE], ""),
    (Wide, "chmod", 90, [Path("/tmp/pairs/w/file"), Number(0o644), NONE], ""),
    (Wide, "chmod", 90, [Path("/etc/shadow"), Number(0o640), NONE], ""),
    (Wide, "chmod", 90, [Path("/tmp/pairs/w/victim"), Number(0o4711), NONE], "f"),
    (Wide, "fchmod", 91, [Open("/tmp/pairs/w/file", 0), Number(0o644), NONE], ""),
    (Wide, "fchmod", 91, [Number(-1), Number(0o644), NONE], ""),
    (Wide, "fchmodat", 268, [HERE, Path("/tmp/pairs/w/sub"), Number(0o755)], ""),
    (Wide, "chown", 92, [Path("/tmp/pairs/w/file"), Number(1000), Number(1000)], ""),
    (Wide, "lchown", 94, [Path("/tmp/pairs/w/victim"), Number(-1), Number(-1)], "f"),
    (Wide, "mkdir", 83, [Path("/tmp/pairs/w/new"), Number(0o700), NONE], ""),
    (Wide, "mkdir", 83, [Path("/tmp/pairs/w/sub"), Number(0o700), NONE], ""),
    (Wide, "mkdir", 83, [Path("/etc/new"), Number(0o700), NONE], ""),
    (Wide, "mkdirat", 258, [HERE, Path("new"), Number(0o700)], ""),
    (Wide, "rmdir", 84, [Path("/tmp/pairs/w/victim"), NONE, NONE], "d"),
    (Wide, "rmdir", 84, [Path("/tmp/pairs/w/none"), NONE, NONE], ""),
    (Wide, "unlink", 87, [Path("/tmp/pairs/w/victim"), NONE, NONE], "f"),
    (Wide, "unlink", 87, [Path("/tmp/pairs/w/none"), NONE, NONE], ""),
    (Wide, "unlink", 87, [Path("/tmp/pairs/w/sub"), NONE, NONE], ""),
    (Wide, "unlink", 87, [Path("/tmp/pairs/locked/secret/x"), NONE, NONE], ""),
    (Wide, "unlinkat", 263, [HERE, Path("/tmp/pairs/w/victim"), NONE], "f"),
    (Wide, "unlinkat", 263, [HERE, Path("victim"), Number(0x200)], "d"),
    (Wide, "unlinkat", 263, [Open("/tmp/pairs/w", 0), Path("victim"), NONE], "f"),
    (Wide, "rename", 82, [Path("/tmp/pairs/w/victim"), Path("/tmp/pairs/w/new"), NONE], "f"),
    (Wide, "rename", 82, [Path("/tmp/pairs/w/victim"), Path("/tmp/pairs/w/over"), NONE], "fo"),
    (Wide, "rename", 82, [Path("/tmp/pairs/w/victim"), Path("/etc/new"), NONE], "f"),
    (Wide, "rename", 82, [Path("/tmp/pairs/w/victim"), Path("/tmp/pairs/w/sub/new"), NONE], "d"),
    (Wide, "rename", 82, [Path("/tmp/pairs/w/none"), Path("/tmp/pairs/w/new"), NONE], ""),
    (Wide, "link", 86, [Path("/tmp/pairs/w/victim"), Path("/tmp/pairs/w/new"), NONE], "f"),
    (Wide, "link", 86, [Path("/tmp/pairs/w/victim"), Path("/tmp/pairs/w/over"), NONE], "fo"),
    (Wide, "symlink", 88, [Path("/tmp/pairs/w/none"), Path("/tmp/pairs/w/new"), NONE], ""),
    (Wide, "mknod", 133, [Path("/tmp/pairs/w/new"), Number(0o010600), NONE], ""),
    (Wide, "readlink", 89, [Path("/tmp/pairs/w/link"), Room, Number(99)], ""),
    (Wide, "readlink", 89, [Path("/tmp/pairs/w/file"), Room, Number(99)], ""),
    (Wide, "getxattr", 191, [Path("/tmp/pairs/w/file"), Path("user.none"), Room], ""),
    (Wide, "removexattr", 197, [Path("/tmp/pairs/w/file"), Path("user.none"), NONE], ""),
    (Wide, "stat", 4, [Path("/tmp/pairs/w/file"), Room, NONE], ""),
    (Wide, "access", 21, [Path("/etc/shadow"), Number(4), NONE], ""),
    (Wide, "chdir", 80, [Path("/tmp/pairs/w"), NONE, NONE], ""),
    (Wide, "socket", 41, [Number(1), Number(1), NONE], ""),
    (Wide, "socket", 41, [Number(99), Number(1), NONE], ""),
    (Wide, "connect", 42, [Socket(2, 1), INET, Number(16)], ""),
    (Wide, "connect", 42, [Socket(1, 1), LOCAL, Number(20)], ""),
    (Wide, "connect", 42, [Number(-1), INET, Number(16)], ""),
    (Wide, "bind", 49, [Socket(2, 2), INET, Number(16)], ""),
    (Wide, "kill", 62, [Number(1), Number(0), NONE], ""),
    (Wide, "kill", 62, [Number(4_000_000), Number(0), NONE], ""),
    (Wide, "lseek", 8, [Open("/tmp/pairs/w/file", 0), Number(0x1_0000_0005), NONE], ""),
    (Wide, "getppid", 110, [Number(0x1_0000_0003), Number(-1), Number(0x7fff_ffff_ffff)], ""),
    (Wide, "umask", 95, [Number(0o22), NONE, NONE], ""),
    (Wide, "read", 0, [Number(-1), Room, Number(1)], ""),
    (Wide, "setuid", 105, [Number(4242), NONE, NONE], ""),
    (Exec, "execve", 59, [Path("/bin/busybox"), Words("true"), NONE], ""),
    (Exec, "execve", 59, [Path("/tmp/pairs/w/file"), Words("file"), NONE], ""),
    (Exec, "execve", 59, [Path("/tmp/pairs/script"), Words("script"), NONE], ""),
    (Narrow, "open", 5, [Path("/tmp/pairs/w/file"), Number(0o2002), NONE], ""),
    (Narrow, "chmod", 15, [Path("/tmp/pairs/w/file"), Number(0o644), NONE], ""),
    (Narrow, "chown32", 212, [Path("/tmp/pairs/w/file"), Number(1000), Number(1000)], ""),
    (Narrow, "truncate64", 193, [Path("/tmp/pairs/w/victim"), Number(3), NONE], "f"),
    (Narrow, "unlink", 10, [Path("/tmp/pairs/w/victim"), NONE, NONE], "f"),
    (Narrow, "socketcall", 102, [Number(2), NONE, NONE], ""),
    (Narrow, "getppid", 64, [Number(-7), NONE, NONE], ""),
];

/// xorshift64*.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % sides
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len())]
    }

    fn words<'a>(&mut self, words: &'a str) -> &'a str {
        let words: Vec<&str> = words.split(' ').collect();
        words[self.roll(words.len())]
    }
}

/// Who does what in a case.
fn cast(case: usize) -> (usize, Kind) {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ (case as u64 + 1) << 8);
    dice.roll(2);
    // setuid would change the actor of whoever may.
    let kind = KINDS[case % KINDS.len()];
    let actor = if kind.1 == "setuid" { 1 } else { dice.roll(ACTORS.len()) };
    (actor, kind)
}

// The events.

/// Memory below 4 GiB, where 32-bit calls find their arguments.
struct Low {
    start: i64,
    used: i64,
}

impl Low {
    fn new() -> Low {
        const MAP_32BIT_PRIVATE_ANONYMOUS: i64 = 0x40 | 0x02 | 0x20;
        let start = unsafe { syscall(9, 0_i64, 65536_i64, 3_i64, MAP_32BIT_PRIVATE_ANONYMOUS, -1_i64, 0_i64) };
        assert!(start > 0, "no memory");
        Low { start, used: 0 }
    }

    fn put(&mut self, bytes: &[u8]) -> i64 {
        let at = self.start + self.used;
        for (n, byte) in bytes.iter().chain(&[0]).enumerate() {
            unsafe { *((at + n as i64) as *mut u8) = *byte };
        }
        self.used += (bytes.len() as i64 + 16) & !7;
        at
    }

    fn value(&mut self, arg: Arg) -> i64 {
        match arg {
            Number(number) => number,
            Path(path) => self.put(path.as_bytes()),
            Bytes(bytes) => self.put(bytes),
            Room => self.put(&[0; 256]),
            Open(path, flags) => {
                let path = self.put(path.as_bytes());
                call64(2, [path, flags, 0, 0])
            }
            Socket(family, kind) => call64(41, [family, kind, 0, 0]),
            Words(word) => {
                let word = self.put(word.as_bytes());
                self.put(&[word.to_ne_bytes(), [0; 8]].concat())
            }
        }
    }
}

fn set_the_stage(things: &str) {
    for name in ["w/victim", "w/new", "w/over", "w/sub/new"]
        .map(|name| format!("{PLACE}/{name}"))
        .iter()
        .map(String::as_str)
        .chain(["/etc/new"])
    {
        let _ = fs::remove_file(name);
        let _ = fs::remove_dir(name);
    }
    for thing in things.chars() {
        let made = match thing {
            'f' => fs::write(format!("{PLACE}/w/victim"), "text"),
            'd' => fs::create_dir(format!("{PLACE}/w/victim")),
            _ => fs::write(format!("{PLACE}/w/over"), "other"),
        };
        made.expect("the stage");
    }
}

fn act(case: usize, low: &mut Low) {
    let (_, (width, _, number, args, things)) = cast(case);
    set_the_stage(things);
    low.used = 0;
    let mut values = [0; 4];
    values[3] = i64::from(MARK) + case as i64;
    for (value, arg) in values.iter_mut().zip(args) {
        *value = low.value(arg);
    }
    let result = match width {
        Wide => call64(number, values),
        Narrow => call32(number, values),
        Exec => match call64(57, [0; 4]) {
            0 => {
                call64(number, values);
                call64(231, [0; 4])
            }
            child => call64(61, [child, 0, 0, 0]),
        },
    };
    let gives_a_descriptor = matches!(cast(case).1.1, "open" | "openat" | "creat" | "socket");
    if gives_a_descriptor && result > 2 {
        call64(3, [result, 0, 0, 0]);
    }
    for (arg, value) in args.iter().zip(values) {
        if matches!(arg, Open(..) | Socket(..)) && value > 2 {
            call64(3, [value, 0, 0, 0]);
        }
    }
    set_the_stage("");
}

/// Becomes an actor, and makes the call of each case that is named on standard input.
fn actor(number: usize) {
    let who = &ACTORS[number];
    if let Some(login) = who.login {
        fs::write("/proc/self/loginuid", login.to_string()).expect("a login");
    }
    std::env::set_current_dir(format!("{PLACE}/w")).expect("a directory");
    let [user, effective, saved, of_files] = who.users.map(i64::from);
    let [group, effective_group, saved_group, group_of_files] = who.groups.map(i64::from);
    assert_eq!(call64(116, [who.other_groups.len() as i64, who.other_groups.as_ptr() as i64, 0, 0]), 0);
    assert_eq!(call64(119, [group, effective_group, saved_group, 0]), 0);
    call64(123, [group_of_files, 0, 0, 0]);
    assert_eq!(call64(117, [user, effective, saved, 0]), 0);
    call64(122, [of_files, 0, 0, 0]);
    let mut low = Low::new();
    for line in std::io::stdin().lock().lines() {
        act(line.expect("a line").parse().expect("a number"), &mut low);
        std::io::stdout().write_all(b".").and_then(|()| std::io::stdout().flush()).expect("an answer");
    }
}

fn provoke(count: usize) {
    let own = std::env::current_exe().expect("a name");
    for directory in ["w", "w/sub", "locked"] {
        fs::create_dir_all(format!("{PLACE}/{directory}")).expect("a directory");
    }
    let mode = |name: &str, mode| {
        fs::set_permissions(format!("{PLACE}/{name}"), PermissionsExt::from_mode(mode)).expect("a mode")
    };
    for name in ["w/file", "w/sub/inner", "locked/secret", "script"] {
        fs::write(format!("{PLACE}/{name}"), "#!/bin/busybox true\n").expect("a file");
    }
    let _ = symlink("file", format!("{PLACE}/w/link"));
    let _ = Command::new("mknod").args([&format!("{PLACE}/w/null"), "c", "1", "3"]).status();
    let _ = Command::new("mkfifo").arg(format!("{PLACE}/w/fifo")).status();
    for (name, bits) in [
        ("w", 0o777),
        ("w/sub", 0o777),
        ("locked", 0o700),
        ("w/file", 0o644),
        ("w/null", 0o666),
        ("w/fifo", 0o644),
        ("script", 0o755),
    ] {
        mode(name, bits);
    }
    let _ = std::os::unix::fs::chown(format!("{PLACE}/w/file"), Some(1000), Some(1000));
    let start = |number: usize| -> Child {
        let program = format!("{PLACE}/{}", ACTORS[number].program);
        if fs::metadata(&program).is_err() {
            fs::copy(&own, &program).expect("a copy");
        }
        let mut command = Command::new(program);
        command
            .args(["actor", &number.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("an actor")
    };
    let mut actors: Vec<Child> = (0..ACTORS.len()).map(start).collect();
    for _ in std::io::stdin().lock().lines() {
        for case in 0..count {
            let actor = &mut actors[cast(case).0];
            writeln!(actor.stdin.as_mut().expect("a pipe"), "{case}").expect("it listens");
            actor.stdout.as_mut().expect("a pipe").read_exact(&mut [0]).expect("it answers");
        }
        println!("done");
    }
}

// The rules.

/// The records of an event.
#[derive(Default)]
struct Event {
    records: Vec<String>,
    /// The fields of its SYSCALL record.
    call: BTreeMap<String, String>,
    /// Fields of each PATH record.
    files: Vec<BTreeMap<String, String>>,
}

fn fields(line: &str) -> BTreeMap<String, String> {
    line.split(' ')
        .filter_map(|word| word.split_once('='))
        .map(|(name, value)| (name.into(), value.trim_matches('"').into()))
        .collect()
}

/// The event of each case, by its number, between the messages that a round begins and that it is over.
fn events(log: &str, round: &str) -> BTreeMap<usize, Event> {
    let mut by_id: BTreeMap<&str, Event> = BTreeMap::new();
    let log = fs::read_to_string(log).expect("the log");
    let (begins, ends) = (format!("{round} begins"), format!("{round} is over"));
    let of_round = log.lines().skip_while(|line| !line.contains(&begins)).take_while(|line| !line.contains(&ends));
    for line in of_round {
        let Some((kind, rest)) = line.strip_prefix("type=").and_then(|line| line.split_once(" msg=audit(")) else {
            continue;
        };
        let Some((id, _)) = rest.split_once(')') else { continue };
        if !matches!(kind, "SYSCALL" | "CWD" | "PATH" | "SOCKADDR" | "EXECVE" | "OBJ_PID" | "PROCTITLE") {
            continue;
        }
        let event = by_id.entry(id).or_default();
        event.records.push(line.to_string());
        match kind {
            "SYSCALL" => event.call = fields(line),
            "PATH" => event.files.push(fields(line)),
            _ => {}
        }
    }
    let mut cases: BTreeMap<usize, (u64, Event)> = BTreeMap::new();
    for (id, event) in by_id {
        let mark = event
            .call
            .get("a3")
            .and_then(|a3| u32::from_str_radix(a3, 16).ok())
            .and_then(|mark| mark.checked_sub(MARK));
        let serial = id.rsplit(':').next().and_then(|serial| serial.parse().ok()).unwrap_or(0);
        if let Some(case) = mark.filter(|case| *case < 0x10_0000)
            && cases.get(&(case as usize)).is_none_or(|known| known.0 < serial)
        {
            cases.insert(case as usize, (serial, event));
        }
    }
    cases.into_iter().map(|(case, (_, event))| (case, event)).collect()
}

#[derive(Clone)]
struct Rule {
    option: &'static str,
    action: &'static str,
    arch: Option<&'static str>,
    calls: Option<String>,
    tests: Vec<String>,
}

impl Rule {
    /// `perm` before the arch has another meaning than after it.
    fn line(&self, case: usize, key: &str, dice: &mut Dice) -> String {
        let mut words: Vec<String> = self.tests.clone();
        words.push(format!("-F a3={:#x}", MARK + case as u32));
        for at in (1..words.len()).rev() {
            words.swap(at, dice.roll(at + 1));
        }
        let arch_at = if dice.roll(4) == 0 { dice.roll(words.len() + 1) } else { 0 };
        words.insert(arch_at, self.arch.map(|arch| format!("-F arch={arch}")).unwrap_or_default());
        let calls_at = arch_at + 1 + dice.roll(words.len() - arch_at);
        words.insert(calls_at, self.calls.as_ref().map(|calls| format!("-S {calls}")).unwrap_or_default());
        words.retain(|word| !word.is_empty());
        // A key needs one of these before it.
        let companions = ["-S", "-F path", "-F dir", "-F perm", "-F exe"];
        if !words.iter().any(|word| companions.iter().any(|start| word.starts_with(start))) {
            words.push("-S all".into());
        }
        if dice.roll(12) > 0 {
            words.push(format!("-F key={key}"));
        }
        format!("{} {},exit {}", self.option, self.action, words.join(" "))
    }
}

/// A name of the event as it is from /.
fn absolute(name: &str) -> String {
    let whole = if name.starts_with('/') { name.to_string() } else { format!("{PLACE}/w/{name}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

const PATHS: &str = "/tmp/pairs/w/file /tmp/pairs/w/sub /tmp/pairs/w /etc/shadow /tmp/pairs/locked/secret /tmp/pairs/w/none \
    /tmp/pairs/w/victim /tmp/pairs/w/new /tmp/pairs/w/over /bin/busybox /dev/null /tmp/pairs/w/null /etc";
const COMPARED: &str = "auid:obj_uid uid:obj_uid euid:obj_uid fsuid:obj_uid suid:obj_uid gid:obj_gid egid:obj_gid sgid:obj_gid \
    fsgid:obj_gid uid:auid uid:euid uid:suid uid:fsuid auid:fsuid auid:suid auid:euid euid:suid euid:fsuid suid:fsuid gid:egid \
    gid:sgid gid:fsgid egid:fsgid egid:sgid sgid:fsgid";

fn order(dice: &mut Dice) -> String {
    dice.words("= = = != != < <= > >=").to_string()
}

fn equality(dice: &mut Dice) -> String {
    dice.words("= = !=").to_string()
}

fn test(event: &Event, dice: &mut Dice) -> String {
    let some_file = |dice: &mut Dice| (!event.files.is_empty()).then(|| dice.pick(&event.files));
    let path_of_event = |dice: &mut Dice| {
        some_file(dice).and_then(|file| file.get("name")).filter(|name| *name != "(null)").map(|name| absolute(name))
    };
    let path = |dice: &mut Dice| {
        path_of_event(dice).filter(|_| dice.roll(4) > 0).unwrap_or_else(|| dice.words(PATHS).to_string())
    };
    let number = |name: &str, dice: &mut Dice| -> i64 {
        let known = event.call.get(name).map(String::as_str).unwrap_or("0");
        let known = match name {
            "a0" | "a1" | "a2" => i64::from(u64::from_str_radix(known, 16).unwrap_or(0) as u32),
            _ => known.parse().unwrap_or(0),
        };
        match dice.roll(8) {
            0 => known + 1,
            1 => known - 1,
            2 => *dice.pick(&[0, 1, 1000, 1001, -1, -13, -2, 2, 4_294_967_295, 0x8000_0000, 0x7fff_ffff]),
            _ => known,
        }
    };
    match dice.roll(40) {
        0..=4 => format!("-F path={}", path(dice)),
        5..=8 => {
            let whole = path(dice);
            let ends: Vec<usize> = whole.match_indices('/').map(|(at, _)| at.max(1)).chain([whole.len()]).collect();
            format!("-F dir={}{}", &whole[..*dice.pick(&ends)], dice.words("/ . . .").replace('.', ""))
        }
        9 => {
            let inode = fs::metadata(dice.words(PATHS)).map(|file| file.ino()).unwrap_or(1);
            format!("-F inode{}{inode}", dice.words("= = !="))
        }
        10..=13 => format!("-F perm={}", dice.words("r w x a rw wa ra rx rwa rwxa wx")),
        14 => format!("-F filetype{}{}", equality(dice), dice.words("file dir socket link character block fifo")),
        15 | 16 => {
            let (name, field) = *dice.pick(&[("obj_uid", "ouid"), ("obj_gid", "ogid")]);
            let known = some_file(dice).and_then(|file| file.get(field).cloned()).unwrap_or("0".into());
            format!("-F {name}{}{known}", order(dice))
        }
        17 => {
            let (name, at) = *dice.pick(&[("devmajor", 0), ("devminor", 1)]);
            let device =
                some_file(dice).and_then(|file| file.get(dice.words("dev rdev")).cloned()).unwrap_or("0:1".into());
            let part = device.split(':').nth(at).and_then(|part| u32::from_str_radix(part, 16).ok()).unwrap_or(0);
            format!("-F {name}{}{part}", order(dice))
        }
        18..=20 => {
            let (left, right) = dice.words(COMPARED).split_once(':').expect("a pair");
            format!("-C {left}{}{right}", equality(dice))
        }
        21 => format!("-F exe{}{}", equality(dice), dice.words("/tmp/pairs/one /tmp/pairs/two /bin/busybox")),
        22..=24 => format!("-F success{}{}", order(dice), dice.words("0 1 1 0 2")),
        25..=27 => format!("-F exit{}{}", order(dice), number("exit", dice) as i32),
        // Another program comes of another process each time.
        28 if event.records.iter().any(|record| record.starts_with("type=EXECVE")) => "-F pid!=1".into(),
        28 => format!("-F {}{}{}", dice.words("pid ppid"), order(dice), number("pid", dice).max(0)),
        29 => format!("-F sessionid{}{}", order(dice), number("ses", dice)),
        30 => format!("-F saddr_fam{}{}", order(dice), dice.words("1 2 10 16")),
        31 | 32 => {
            let name = dice.words("a0 a1 a2");
            let operator = if dice.roll(3) == 0 { dice.words("& &=").to_string() } else { order(dice) };
            format!("-F {name}{operator}{:#x}", number(name, dice) as u32)
        }
        33 if dice.roll(4) == 0 => format!("-F {}{}", dice.words("subj_type subj_user obj_type"), "=unconfined"),
        33 => format!("-F {}&{}", dice.words("uid exit auid obj_uid devminor devmajor pers"), dice.words("0 1 3")),
        _ => {
            let name = dice.words("auid auid uid euid suid fsuid gid egid sgid fsgid");
            format!("-F {name}{}{}", order(dice), number(name, dice).max(-1))
        }
    }
}

const OTHER_CALLS: &str = "open openat chmod fchmodat unlink unlinkat mkdir rename execve connect kill read getppid";

fn calls(own: &str, dice: &mut Dice) -> Option<String> {
    let others: Vec<&str> = (0..dice.roll(3)).map(|_| dice.words(OTHER_CALLS)).collect();
    match dice.roll(12) {
        0 | 1 => Some("all".into()),
        2..=4 => None,
        5 if !others.is_empty() => Some(others.join(",")),
        _ => Some([vec![own], others].concat().join(",")),
    }
}

fn rule(case: usize, event: &Event, dice: &mut Dice) -> Rule {
    let (_, kind) = cast(case);
    let (own, other) = if kind.0 == Narrow { ("b32", "b64") } else { ("b64", "b32") };
    let arch = match dice.roll(10) {
        0 => Some(other),
        1 | 2 => None,
        _ => Some(own),
    };
    let is_own_table = arch == Some(own) || arch.is_none() && own == "b64";
    let name = if is_own_table { kind.1 } else { "getppid" };
    let mut tests: Vec<String> = (0..dice.roll(4)).map(|_| test(event, dice)).collect();
    keep_one_file(&mut tests, dice);
    Rule {
        option: if dice.roll(10) == 0 { "-A" } else { "-a" },
        action: if dice.roll(4) == 0 { "never" } else { "always" },
        arch,
        calls: calls(name, dice),
        tests,
    }
}

/// The kernel takes one path, directory or inode in a rule; seldom there are more.
fn keep_one_file(tests: &mut Vec<String>, dice: &mut Dice) {
    let mut is_first = true;
    tests.retain(|test| {
        let is_file = ["-F path", "-F dir", "-F inode"].iter().any(|start| test.starts_with(start));
        !is_file || std::mem::take(&mut is_first) || dice.roll(30) == 0
    });
}

/// A rule for each name of a call that has two.
fn rules_of_names(case: usize, event: &Event, dice: &mut Dice) -> Option<[Rule; 2]> {
    let is_named = |file: &&BTreeMap<String, String>| file.get("nametype").is_some_and(|kind| kind != "PARENT");
    let names: BTreeSet<String> =
        event.files.iter().filter(is_named).filter_map(|file| file.get("name")).map(|name| absolute(name)).collect();
    let mut names: Vec<String> = names.into_iter().collect();
    if dice.roll(2) == 0 {
        names.reverse();
    }
    let rules: Vec<Rule> = names
        .iter()
        .map(|name| {
            let mut rule = rule(case, event, dice);
            rule.arch = Some("b64");
            rule.calls = Some("all".into());
            rule.tests.retain(|_| dice.roll(4) == 0);
            rule.tests.insert(0, format!("-F path={name}"));
            keep_one_file(&mut rule.tests, dice);
            rule
        })
        .collect();
    rules.try_into().ok()
}

/// The second of a pair: the first one changed a little, or another one.
fn second(case: usize, event: &Event, first: &Rule, dice: &mut Dice) -> Rule {
    let mut rule = rule(case, event, dice);
    if dice.roll(3) == 0 {
        return rule;
    }
    rule.arch = first.arch;
    rule.calls = first.calls.clone();
    rule.tests = first.tests.clone();
    for _ in 0..dice.roll(3) {
        match dice.roll(4) {
            0 if !rule.tests.is_empty() => _ = rule.tests.remove(dice.roll(rule.tests.len())),
            1 => rule.calls = None,
            _ => rule.tests.push(test(event, dice)),
        }
    }
    keep_one_file(&mut rule.tests, dice);
    rule
}

fn generate(seed: u64, count: usize, log: &str, dir: &str) {
    let events = events(log, "look");
    let mut dice = Dice(0x5851_f42d_4c95_7f2d ^ seed << 16);
    let mut all = String::from("-D\n-c\n-a always,exclude -F msgtype=PROCTITLE\n");
    // Rules of other cases watch what a call takes away, so that rules for files are asked at that moment in every case.
    let watch = "-a always,exit -S all -F path=/tmp/pairs/w/victim -F a3=0\n";
    let rest = format!("{watch}-a always,exit -S all -F a3>={MARK:#x} -F a3<={:#x} -F key={REST}\n", MARK + 0xf_ffff);
    fs::create_dir_all(dir).expect("a directory");
    for case in 0..count {
        let event = events.get(&case).unwrap_or_else(|| panic!("case {case}, {}, is not in the log", cast(case).1.1));
        assert!(event.call["syscall"] == cast(case).1.2.to_string(), "case {case} is another call");
        let mut first = rule(case, event, &mut dice);
        let mut second = second(case, event, &first, &mut dice);
        if case >= KINDS.len() && matches!(cast(case).1.1, "link" | "rename") {
            [first, second] = rules_of_names(case, event, &mut dice).unwrap_or([first, second]);
        }
        let lines =
            [first.line(case, &format!("one-{case}"), &mut dice), second.line(case, &format!("two-{case}"), &mut dice)];
        let text = format!("{}\n{}\n", lines[0], lines[1]);
        all += &text;
        fs::write(format!("{dir}/{case}.rules"), text + &rest).expect("a file");
        fs::write(format!("{dir}/{case}.event"), event.records.join("\n") + "\n").expect("a file");
    }
    fs::write(format!("{dir}/all.rules"), all + &rest).expect("a file");
}

// The lists without calls.

/// A rule for what PROGRAM, run by root without a login, says in a USER record.
fn rule_of_messages(program: &str, dice: &mut Dice) -> String {
    let list = dice.words("exclude exclude user");
    let mut tests: Vec<String> = (0..1 + dice.roll(3))
        .map(|_| match dice.roll(16) {
            0..=2 => format!("uid{}{}", order(dice), dice.words("0 0 1 1000")),
            3 | 4 => format!("gid{}{}", order(dice), dice.words("0 0 4 1000")),
            5 | 6 => format!("auid{}{}", order(dice), dice.words("0 1000 4294967294")),
            7 => format!("auid{}unset", equality(dice)),
            8 => format!("pid{}1", order(dice)),
            9 | 10 => format!("exe{}{}", equality(dice), *dice.pick(&[program, "/bin/busybox"])),
            // What the kernel cannot test there.
            11 => format!("euid{}0", order(dice)),
            12 => format!("sessionid{}unset", equality(dice)),
            13 => format!("exe{}{program} -F key=k", equality(dice)),
            _ if list == "user" => format!("uid{}0", equality(dice)),
            _ => format!("msgtype{}{}", order(dice), dice.words("USER USER CWD 1000 1300")),
        })
        .collect();
    // The kernel takes one exe in a rule.
    let mut is_first = true;
    tests.retain(|test| !test.starts_with("exe") || std::mem::take(&mut is_first));
    format!("-a {},{list} -F {}", dice.words("always never never"), tests.join(" -F "))
}

fn rule_of_files(dice: &mut Dice) -> String {
    let tests: Vec<String> =
        (0..1 + dice.roll(2)).map(|_| format!("fstype{}{}", equality(dice), dice.words("tracefs tracefs debugfs"))).collect();
    format!("-a {},filesystem -F {}", dice.words("always never never"), tests.join(" -F "))
}

/// Rules of three lists that have a say about mkdir() by a child of root's shell without a login.
fn rules_of_lists(dice: &mut Dice) -> String {
    let user = |dice: &mut Dice| match dice.roll(3) {
        0 => format!("auid{}{}", equality(dice), dice.words("0 unset")),
        1 => format!("uid{}{}", order(dice), dice.words("0 0 1000")),
        // Whether the process is of another group besides is not known.
        _ => format!("gid{}{}", dice.words("< <= > >="), dice.words("0 0 4")),
    };
    let mut rules = vec![
        format!("-a {},exit -F arch=b64 -S mkdir -F {} -k other", dice.words("never always"), user(dice)),
        "-a always,exit -F arch=b64 -S mkdir -k call".to_owned(),
    ];
    for _ in 0..dice.roll(3) {
        let mut tests = vec![match dice.roll(2) {
            0 => user(dice),
            _ => format!("msgtype{}{}", dice.words("= = != < >="), dice.words("SYSCALL SYSCALL PATH CWD")),
        }];
        (0..dice.roll(2)).for_each(|_| tests.push(user(dice)));
        rules.push(format!("-a {},exclude -F {}", dice.words("always never"), tests.join(" -F ")));
    }
    for _ in 0..dice.roll(3) {
        let of_call = ["", "", " -F a0>=0", " -F arch=b64"][dice.roll(4)];
        rules.push(format!("-a {},task -F {}{of_call}", dice.words("always never never"), user(dice)));
    }
    let mut seen = BTreeSet::new();
    rules.retain(|rule| seen.insert(rule.clone()));
    // In which order lists are filled makes no difference.
    let first = dice.roll(rules.len());
    rules.rotate_left(first);
    rules.join("\n") + "\n"
}

fn lists(seed: u64, count: usize, program: &str, dir: &str) {
    let mut dice = Dice(0x5851_f42d_4c95_7f2d ^ seed << 16);
    let mut write = |name: String, make: &mut dyn FnMut(&mut Dice) -> String| {
        let first = make(&mut dice);
        let second = (0..).map(|_| make(&mut dice)).find(|second| *second != first).expect("another rule");
        fs::write(format!("{dir}/{name}"), format!("{first}\n{second}\n")).expect("a file");
    };
    for case in 0..count {
        write(format!("{case}.rules"), &mut |dice| rule_of_messages(program, dice));
        write(format!("{case}.files"), &mut rule_of_files);
    }
    for case in 0..count {
        fs::write(format!("{dir}/{case}.calls"), rules_of_lists(&mut dice)).expect("a file");
    }
}

// The comparison.

fn auditctl(words: &[&str], input: &str) -> (i32, String) {
    let input = fs::File::open(input).expect("an event");
    let output = Command::new(std::env::var("AUDITCTL").unwrap_or("auditctl".into()))
        .args(words)
        .stdin(input)
        .output()
        .expect("auditctl");
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Line numbers of all.rules that findings of these codes are about.
fn found(findings: &str, codes: &[&str]) -> BTreeSet<usize> {
    let is_wanted = |line: &&str| codes.iter().any(|code| line.contains(&format!("[{code}]")));
    let line_of = |line: &str| line.split("all.rules:").nth(1)?.split(':').next()?.parse().ok();
    findings.lines().filter(is_wanted).filter_map(line_of).collect()
}

/// A round: where its files are, and what came of it.
struct Round<'a> {
    dir: &'a str,
    /// The lines of all.rules.
    lines: Vec<&'a str>,
    /// What the check finds, a line each.
    findings: &'a str,
    /// Lines that the kernel, or auditctl, did not take; those of them for which a file is not there.
    refused: BTreeSet<usize>,
    of_host: BTreeSet<usize>,
    /// The key of each case that is in the log.
    logged: BTreeMap<usize, String>,
}

/// The number in "There was an error in line N of FILE".
fn error_line(line: &str) -> Option<usize> {
    line.split("error in line ").nth(1)?.split(' ').next()?.parse().ok()
}

impl Round<'_> {
    fn file(&self, name: &str) -> String {
        fs::read_to_string(format!("{}/{name}", self.dir)).unwrap_or_default()
    }

    /// The check says of the rules that the kernel refuses that it does, and of no others. Returns how many it is wrong about.
    fn refusals(&self) -> usize {
        let said = found(self.findings, &["AB001", "AB002", "AB003", "AB005", "AB006", "AB007", "AB010", "AB103"]);
        let wrong = self.refused.symmetric_difference(&said).filter(|line| !self.of_host.contains(line));
        let shown = wrong.map(|line| {
            let (kernel, check) = if said.contains(line) { ("takes", "does not take") } else { ("refuses", "takes") };
            println!("--- the kernel {kernel} what the check {check}:\n{}", self.lines[*line - 1]);
        });
        shown.count()
    }

    /// Rules that are said never to record anything do not. Returns how many are said to, and how many of them do.
    fn unreachable(&self) -> (usize, usize) {
        let certain = |line: &&str| !line.contains("is replaced");
        let findings: String = self.findings.lines().filter(certain).flat_map(|line| [line, "\n"]).collect();
        let said = found(&findings, &["AB201", "AB202", "AB205", "AB207"]);
        let key = |line: &usize| self.lines[line - 1].rsplit_once("key=").map(|(_, key)| (*line, key));
        let wrong = said.iter().filter_map(key).filter(|(_, key)| self.logged.values().any(|logged| logged == key));
        let shown = wrong.map(|(line, key)| {
            let case = key.split('-').nth(1).unwrap_or_default();
            println!("--- said to be unreachable, and logged: {key}");
            print!("{}{}", self.file(&format!("{case}.rules")), self.file(&format!("{case}.event")));
            findings.lines().filter(|found| found.contains(&format!(":{line}:"))).for_each(|found| println!("{found}"));
        });
        (said.len(), shown.count())
    }

    /// Compares a case. Returns whether it is as explained; `None` when that cannot be told.
    fn is_as_explained(&self, case: usize) -> Option<bool> {
        // Three lines come before the first pair.
        let is_there = |(at, _): &(usize, &str)| *at >= 2 || !self.refused.contains(&(4 + 2 * case + at));
        let rules = self.file(&format!("{case}.rules"));
        let there: String = rules.lines().enumerate().filter(is_there).flat_map(|(_, line)| [line, "\n"]).collect();
        let path = format!("{}/explained.rules", self.dir);
        fs::write(&path, there).expect("the rules");
        let (status, said) = auditctl(&["--explain", &path], &format!("{}/{case}.event", self.dir));
        if status == 2 {
            if std::env::var("OPEN").is_ok() {
                println!("open {}", said.lines().find(|line| line.contains("depends on")).unwrap_or("nothing said"));
            }
            return None;
        }
        let logged = self.logged.get(&case).map_or("nothing", String::as_str);
        let explained = match said.lines().last().unwrap_or_default().split_once(" with key ") {
            Some((_, key)) => key,
            None if status == 0 => "(null)",
            None => "nothing",
        };
        // Rules of one file change places with each file that is made in the place of another, as many events here do.
        let mut turned = said.lines().zip(said.lines().skip(1)).filter(|(_, why)| why.contains("change places"));
        let is_turned = turned.any(|(rule, _)| {
            let key = rule.rsplit_once("key=").map_or("(null)", |(_, key)| key);
            logged == if rule.contains(" never,") { "nothing" } else { key }
        });
        if explained != logged && !is_turned {
            println!("--- case {case}: explained as {explained}, logged as {logged}");
            print!("{said}{}", self.file(&format!("{case}.event")));
        }
        Some(explained == logged || is_turned)
    }
}

fn compare(seed: u64, count: usize, log: &str, dir: &str) -> bool {
    let text = |name: &str| fs::read_to_string(format!("{dir}/{name}")).expect("a file of the round");
    let (rules, loaded) = (text("all.rules"), text("loaded"));
    let path = format!("{dir}/all.rules");
    let (_, findings) = auditctl(&["--check", "--format", "compact", "--min-level", "note", &path], "/dev/null");
    let is_of_host = |said: &str| said.contains("(No such file") || said.contains("(Not a directory");
    let refusals = || loaded.lines().zip(loaded.lines().skip(1));
    let round = Round {
        dir,
        lines: rules.lines().collect(),
        findings: &findings,
        refused: loaded.lines().filter_map(error_line).collect(),
        of_host: refusals().filter(|(said, _)| is_of_host(said)).filter_map(|(_, line)| error_line(line)).collect(),
        logged: events(log, &format!("round-{seed}"))
            .into_iter()
            .map(|(case, event)| (case, event.call.get("key").cloned().unwrap_or_default()))
            .collect(),
    };
    let refusals = round.refusals();
    let (unreachable, reached) = round.unreachable();
    let cases: Vec<Option<bool>> = (0..count).map(|case| round.is_as_explained(case)).collect();
    let of_cases = |what: Option<bool>| cases.iter().filter(|case| **case == what).count();
    let (wrong, open) = (refusals + reached + of_cases(Some(false)), of_cases(None));
    let decided = round.logged.values().filter(|key| *key != REST).count();
    let refused = round.refused.len();
    println!("{count} pairs: {wrong} wrong, {open} open, {decided} recorded by one of the pair");
    println!("{} rules: {refused} refused, {unreachable} unreachable", 2 * count);
    let is_enough = open * 10 < count && decided * 4 > count && unreachable * 10 > count && refused * 20 > count;
    if !is_enough {
        println!("too few of the cases say something");
    }
    wrong == 0 && is_enough
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [_, "actor", number] => actor(number.parse().expect("a number")),
        [_, "provoke", count] => provoke(count.parse().expect("a number")),
        [_, "generate", seed, count, log, dir] => {
            generate(seed.parse().expect("a number"), count.parse().expect("a number"), log, dir);
        }
        [_, "lists", seed, count, program, dir] => {
            lists(seed.parse().expect("a number"), count.parse().expect("a number"), program, dir);
        }
        [_, "compare", seed, count, log, dir] => {
            return if compare(seed.parse().expect("a number"), count.parse().expect("a number"), log, dir) {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            };
        }
        _ => {
            eprintln!("pairs: provoke COUNT | generate SEED COUNT LOG DIR | compare SEED COUNT LOG DIR | lists SEED COUNT PROGRAM DIR");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
