//! Writes audit logs of any size: the templates of events.txt over and over, with advancing stamps.
//!
//! The same arguments give the same bytes, and a smaller log is the beginning of a larger one (to whole events). An
//! event belongs to one of 4000 processes (pid, parent, session, ids, program), a few of which do most of the work, and
//! names paths out of 6000 in the same manner. One event in a hundred is interleaved with the next, as on a machine with
//! several processors. 25 events a second.
//!
//! Slots of a template: `<at>` stamp and serial; `<task>` the ids, terminal and program of a SYSCALL record, `<TASK>` its
//! enriched names; `<pid> <ppid> <ses> <auid> <uid> <gid> <comm> <exe>` and `<AUID> <UID> <GID>` those of the process
//! alone; `<path>` and `<dir>` a new one each time; `<title>` an encoded command line with a path; `<ptr> <n> <inode>`
//! numbers; `<host>` and `<inet>` an IPv4 address, as text and as an encoded socket address.

use std::fmt::{self, Write as _};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

const EVENTS: &str = include_str!("events.txt");
const PROCESSES: usize = 4000;
const PATHS: usize = 6000;
const PROGRAMS: usize = 200;
/// 2026-11-18 11:06:40 UTC.
const FIRST_SECOND: u64 = 1_795_000_000;

/// What a log is to be.
pub(crate) struct Shape {
    /// The least number of bytes.
    pub(crate) size: u64,
    /// With the names of ids and numbers behind each record, as `log_format = ENRICHED` writes them.
    pub(crate) enriched: bool,
    /// With the ids of this host's passwd and group; otherwise 200 of each that no host knows.
    pub(crate) known_ids: bool,
}

/// What was written. As text it is the four numbers.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) bytes: u64,
    pub(crate) records: u64,
    pub(crate) events: u64,
    /// Seconds since the epoch of the last event.
    pub(crate) last_second: u64,
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{} bytes, {} records, {} events, last {}", self.bytes, self.records, self.events, self.last_second)
    }
}

impl std::str::FromStr for Written {
    type Err = String;

    fn from_str(text: &str) -> Result<Written, String> {
        let numbers: Vec<u64> = text.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
        match *numbers {
            [bytes, records, events, last_second] => Ok(Written { bytes, records, events, last_second }),
            _ => Err(format!("no log was written: {text}")),
        }
    }
}

/// Writes a log to `path`.
pub(crate) fn write_log(path: &Path, shape: &Shape) -> io::Result<Written> {
    let templates = templates(EVENTS);
    let turns: Vec<&Template> = templates.iter().flat_map(|t| std::iter::repeat_n(t, t.weight)).collect();
    let mut world = World::new(shape);
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut written = Written { bytes: 0, records: 0, events: 0, last_second: FIRST_SECOND };
    let (mut event, mut lines) = (Vec::new(), Vec::new());
    while written.bytes < shape.size {
        event.clear();
        lines.clear();
        let turn = world.chance.below(turns.len());
        world.event(turns[turn], &mut event, &mut lines);
        written.events += 1;
        if world.chance.below(100) == 0 {
            let first = lines.len();
            let turn = world.chance.below(turns.len());
            world.event(turns[turn], &mut event, &mut lines);
            written.events += 1;
            for line in interleaved(&lines, first) {
                file.write_all(&event[line])?;
            }
        } else {
            file.write_all(&event)?;
        }
        written.records += lines.len() as u64;
        written.bytes += event.len() as u64;
    }
    written.last_second = world.milliseconds / 1000;
    file.flush()?;
    Ok(written)
}

/// The lines of two events in turn; `first` is how many the first event has.
fn interleaved(ends: &[usize], first: usize) -> Vec<std::ops::Range<usize>> {
    let line = |i: usize| (if i == 0 { 0 } else { ends[i - 1] })..ends[i];
    let longest = first.max(ends.len() - first);
    let pairs = (0..longest).flat_map(|i| [(i < first).then_some(i), (first + i < ends.len()).then_some(first + i)]);
    pairs.flatten().map(line).collect()
}

struct Template {
    weight: usize,
    records: Vec<Vec<Piece>>,
}

enum Piece {
    Text(&'static str),
    /// One of the process's own words, by its place in [`WORDS`].
    Word(usize),
    /// The enriched part of the record begins.
    Enriched,
    Fresh(Fresh),
}

/// What is drawn anew at each slot.
enum Fresh {
    Stamp,
    Path,
    Dir,
    Title,
    Pointer,
    Number,
    Inode,
    Host,
    Inet,
}

const WORDS: [&str; 13] =
    ["task", "TASK", "pid", "ppid", "ses", "auid", "uid", "gid", "comm", "exe", "AUID", "UID", "GID"];

fn templates(text: &'static str) -> Vec<Template> {
    let mut all: Vec<Template> = Vec::new();
    for line in text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        if let Some(head) = line.strip_prefix("@ ") {
            let weight = head.split(' ').next().and_then(|w| w.parse().ok()).expect("an event opens with its weight");
            all.push(Template { weight, records: Vec::new() });
        } else {
            all.last_mut().expect("a record stands below its event").records.push(pieces(line));
        }
    }
    all
}

fn pieces(line: &'static str) -> Vec<Piece> {
    let mut out = Vec::new();
    let (raw, trailer) = line.split_once("^]").unwrap_or((line, ""));
    slots(raw, &mut out);
    if !trailer.is_empty() {
        out.push(Piece::Enriched);
        slots(trailer, &mut out);
    }
    out
}

fn slots(text: &'static str, out: &mut Vec<Piece>) {
    for (i, part) in text.split('<').enumerate() {
        if i == 0 {
            out.push(Piece::Text(part));
            continue;
        }
        let (name, rest) = part.split_once('>').expect("a slot ends with >");
        out.push(slot(name));
        out.push(Piece::Text(rest));
    }
}

fn slot(name: &str) -> Piece {
    if let Some(i) = WORDS.iter().position(|w| *w == name) {
        return Piece::Word(i);
    }
    Piece::Fresh(match name {
        "at" => Fresh::Stamp,
        "path" => Fresh::Path,
        "dir" => Fresh::Dir,
        "title" => Fresh::Title,
        "ptr" => Fresh::Pointer,
        "n" => Fresh::Number,
        "inode" => Fresh::Inode,
        "host" => Fresh::Host,
        "inet" => Fresh::Inet,
        _ => panic!("events.txt: <{name}> is no slot"),
    })
}

/// The machine the log comes from.
struct World {
    processes: Vec<[String; WORDS.len()]>,
    dirs: Vec<String>,
    paths: Vec<String>,
    titles: Vec<String>,
    chance: Chance,
    milliseconds: u64,
    serial: u64,
    enriched: bool,
}

impl World {
    fn new(shape: &Shape) -> World {
        let mut chance = Chance(422);
        let (users, groups) = match shape.known_ids {
            true => (named_ids("/etc/passwd"), named_ids("/etc/group")),
            false => (unknown_ids(), unknown_ids()),
        };
        let processes = (0..PROCESSES).map(|i| process(i, &users, &groups, &mut chance)).collect();
        let dirs: Vec<String> = (0..400).map(dir).collect();
        let paths: Vec<String> = (0..PATHS).map(|i| path(i, &dirs)).collect();
        let titles = paths.iter().map(|p| hex(&format!("/usr/bin/worker\0--read\0{p}"))).collect();
        let enriched = shape.enriched;
        World { processes, dirs, paths, titles, chance, milliseconds: FIRST_SECOND * 1000, serial: 1, enriched }
    }

    /// Appends one event to `out` and the end of each of its lines to `ends`.
    fn event(&mut self, template: &Template, out: &mut Vec<u8>, ends: &mut Vec<usize>) {
        self.milliseconds += self.chance.below(80) as u64;
        self.serial += 1;
        let process = self.chance.skewed(PROCESSES);
        let mut stamp = String::new();
        let (second, millisecond) = (self.milliseconds / 1000, self.milliseconds % 1000);
        let _ = write!(stamp, "audit({second}.{millisecond:03}:{})", self.serial);
        for record in &template.records {
            for piece in record {
                match piece {
                    Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                    Piece::Word(i) => out.extend_from_slice(self.processes[process][*i].as_bytes()),
                    Piece::Enriched if self.enriched => out.push(0x1d),
                    Piece::Enriched => break,
                    Piece::Fresh(Fresh::Stamp) => out.extend_from_slice(stamp.as_bytes()),
                    Piece::Fresh(fresh) => self.draw(fresh, out),
                }
            }
            out.push(b'\n');
            ends.push(out.len());
        }
    }

    fn draw(&mut self, fresh: &Fresh, out: &mut Vec<u8>) {
        let chance = &mut self.chance;
        let text = match fresh {
            Fresh::Path => &self.paths[chance.skewed(PATHS)],
            Fresh::Dir => &self.dirs[chance.skewed(self.dirs.len())],
            Fresh::Title => &self.titles[chance.skewed(PATHS)],
            Fresh::Pointer => &format!("7ffd{:08x}", chance.below(1 << 28) * 16),
            Fresh::Number => &format!("{:x}", 3 + chance.skewed(4000)),
            Fresh::Inode => &(100_000 + chance.below(300_000)).to_string(),
            Fresh::Host => &format!("192.168.{}.{}", chance.below(4), 1 + chance.below(250)),
            Fresh::Inet => &format!("020001BB0A00{:02X}{:02X}0000000000000000", chance.below(4), 1 + chance.below(250)),
            Fresh::Stamp => "",
        };
        out.extend_from_slice(text.as_bytes());
    }
}

fn process(i: usize, users: &[Named], groups: &[Named], chance: &mut Chance) -> [String; WORDS.len()] {
    let user = &users[chance.skewed(users.len())];
    let group = &groups[chance.skewed(groups.len())];
    // a third of the work is done by services, which no one logged in to start
    let login = (i % 3 != 0).then(|| (&users[chance.below(users.len())], 1 + chance.below(600)));
    let (auid, auid_name) = login.map_or(("4294967295", "unset"), |(u, _)| (&*u.id, &*u.name));
    let ses = login.map_or("4294967295".into(), |(_, s)| s.to_string());
    let tty = if login.is_some_and(|(_, s)| s % 4 == 0) { format!("pts{}", i % 7) } else { "(none)".into() };
    let (pid, ppid) = ((1000 + i * 7).to_string(), (1000 + i / 9 * 7).to_string());
    let (comm, exe) = program(chance.skewed(PROGRAMS));
    let (uid, gid, uid_name, gid_name) = (&user.id, &group.id, &user.name, &group.name);
    let task = format!(
        "ppid={ppid} pid={pid} auid={auid} uid={uid} gid={gid} euid={uid} suid={uid} fsuid={uid} egid={gid} \
         sgid={gid} fsgid={gid} tty={tty} ses={ses} comm=\"{comm}\" exe=\"{exe}\""
    );
    let names = format!(
        "AUID=\"{auid_name}\" UID=\"{uid_name}\" GID=\"{gid_name}\" EUID=\"{uid_name}\" SUID=\"{uid_name}\" \
         FSUID=\"{uid_name}\" EGID=\"{gid_name}\" SGID=\"{gid_name}\" FSGID=\"{gid_name}\""
    );
    let (auid, uid, gid) = (auid.to_string(), uid.clone(), gid.clone());
    let (auid_name, uid_name, gid_name) = (auid_name.to_string(), uid_name.clone(), gid_name.clone());
    [task, names, pid, ppid, ses, auid, uid, gid, comm, exe, auid_name, uid_name, gid_name]
}

fn program(i: usize) -> (String, String) {
    const NAMES: [&str; 16] = [
        "bash",
        "cron",
        "python3",
        "sshd",
        "nginx",
        "postgres",
        "find",
        "systemctl",
        "vim",
        "rsync",
        "git",
        "java",
        "node",
        "make",
        "tar",
        "curl",
    ];
    let comm = match i / NAMES.len() {
        0 => NAMES[i].to_string(),
        n => format!("{}-{n}", NAMES[i % NAMES.len()]),
    };
    let place = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/opt/vendor/bin"][i / NAMES.len() % 4];
    let exe = format!("{place}/{comm}");
    (comm, exe)
}

fn dir(i: usize) -> String {
    const TOPS: [&str; 8] =
        ["/etc", "/usr/lib", "/var/lib/app", "/home/u", "/srv/data", "/opt/vendor", "/tmp/build", "/var/cache"];
    format!("{}{}", TOPS[i % TOPS.len()], if i < TOPS.len() { String::new() } else { format!("/part-{}", i / 8) })
}

fn path(i: usize, dirs: &[String]) -> String {
    const NAMES: [&str; 12] = [
        "passwd",
        "config",
        "index.html",
        "cache",
        "module.so",
        "report.pdf",
        "session",
        "token.json",
        "worker.py",
        "thread.c",
        "archive.tar.gz",
        "schema.sql",
    ];
    format!("{}/{}-{}", dirs[i * 7 % dirs.len()], i / 12, NAMES[i % NAMES.len()])
}

fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, b| {
        let _ = write!(out, "{b:02X}");
        out
    })
}

/// An id and what it is called.
struct Named {
    id: String,
    name: String,
}

/// The rows of passwd or group: the name first, the id third.
fn named_ids(file: &str) -> Vec<Named> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let row = |line: &str| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?.to_string(), fields.nth(1)?.to_string());
        id.parse::<u32>().ok().map(|_| Named { id, name })
    };
    let mut rows: Vec<Named> = text.lines().filter_map(row).collect();
    if rows.is_empty() {
        rows.push(Named { id: "0".into(), name: "root".into() });
    }
    rows
}

fn unknown_ids() -> Vec<Named> {
    let row = |id: u32| Named { id: id.to_string(), name: format!("unknown({id})") };
    (700_000..700_200).map(row).collect()
}

/// Deterministic numbers (splitmix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (((self.next() >> 32) * limit as u64) >> 32) as usize
    }

    /// Below `limit`, small numbers much more often than large ones.
    fn skewed(&mut self, limit: usize) -> usize {
        let x = self.below(1 << 16);
        (((x * x) >> 16) * limit) >> 16
    }
}
