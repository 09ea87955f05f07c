//! Which rule decides about an event: `auditctl --explain`.
//!
//! An event is known by facts, given as words or read off its records. A rule is asked as the kernel asks it, KERNEL: 6.x,
//! kernel/auditsc.c: the first rule of the list that matches decides, be it a watch or a rule for calls. A fact that is not
//! known leaves a rule open instead of guessing.
//!
//! KERNEL: 6.x, audit_filter_inodes(): rules with a path or an inode are asked once for each name of the event, in the order of the
//! names, and the first name that one of them matches ends it. They count before a rule without when they stand before it.

use super::error::lossy;
use super::meaning::{FAILED, SUCCEEDED, bits_hold};
use super::model::{FieldId, List, Operator, Rule, RuleField, SyscallMask, Value};
use super::parse::{Host, compare};
use super::{Operation, parse};
use crate::abi::rule::KEY_SEPARATOR;
use crate::record::Record;
use crate::tables::machine::Machine;
use crate::tables::rule::{FILE_TYPES, PERMISSIONS};
use crate::tables::{record_type, syscall};
use crate::text::{hex, number};

/// A file of an event.
#[derive(Clone, Debug, Default)]
struct File {
    /// `None` when it is not known.
    path: Option<Vec<u8>>,
    /// obj_uid, devmajor and the like, as far as they are known.
    numbers: Vec<(FieldId, u32)>,
}

/// The files of an event of which nothing is known.
static UNKNOWN: [File; 1] = [File { path: None, numbers: Vec::new() }];

/// What is known of an event.
#[derive(Clone, Debug)]
pub struct Facts {
    list: List,
    arch: Option<u32>,
    call: Option<u32>,
    numbers: Vec<(FieldId, u32)>,
    texts: Vec<(FieldId, Vec<u8>)>,
    /// `None` when nothing is known of files.
    files: Option<Vec<File>>,
    /// Classes of access, if they were named.
    perm: Option<u32>,
}

/// What a rule makes of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It matches.
    Match,
    /// It does not, and why.
    No(String),
    /// It depends on this, which is not known.
    Open(String),
}

/// What the rules together make of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The rule at this place decides.
    Rule(usize),
    /// No rule matches.
    Nothing,
    /// It depends on the rule at this place, which is open.
    Open(usize),
}

impl Facts {
    fn new(list: List) -> Facts {
        Facts { list, arch: None, call: None, numbers: Vec::new(), texts: Vec::new(), files: None, perm: None }
    }

    /// Reads `name=value` words: `syscall`, `path` (several), `perm`, `list`, and fields of rules. The error names the word.
    pub fn parse(words: &[&[u8]], host: &dyn Host) -> Result<Facts, String> {
        let value = |name: &str| {
            let strip = |word: &&[u8]| word.strip_prefix(name.as_bytes())?.strip_prefix(b"=").map(<[u8]>::to_vec);
            words.iter().find_map(strip)
        };
        let list = match value("list") {
            Some(name) => List::named(&name).ok_or_else(|| format!("{} is no list", lossy(&name)))?,
            None => List::EXIT,
        };
        let mut facts = Facts::new(list);
        facts.arch = host.machine().and_then(Machine::elf).filter(|_| list == List::EXIT);
        if let Some(arch) = value("arch") {
            facts.arch = field(b"arch", &arch, List::EXIT, host)?;
        }
        for word in words {
            let equals = word.iter().position(|b| *b == b'=');
            let (name, value) = word.split_at(equals.ok_or_else(|| format!("{} is not NAME=VALUE", lossy(word)))?);
            facts.add(name, value.get(1..).unwrap_or_default(), host)?;
        }
        Ok(facts)
    }

    fn add(&mut self, name: &[u8], value: &[u8], host: &dyn Host) -> Result<(), String> {
        match name {
            b"list" | b"arch" | b"key" | b"comm" => {}
            b"syscall" => self.call = Some(self.call_number(value)?),
            b"path" | b"name" => {
                let file = File { path: Some(normal_path(b"/", value)), numbers: Vec::new() };
                self.files.get_or_insert_default().push(file);
            }
            b"perm" => {
                let bit = |letter: &u8| PERMISSIONS.iter().find(|class| class.letter == *letter).map(|class| class.bit);
                let bits: Option<u32> = value.iter().map(bit).try_fold(0, |bits, bit| Some(bits | bit?));
                self.perm = Some(bits.ok_or_else(|| format!("{} is not of r, w, x and a", lossy(value)))?);
            }
            b"success" => {
                let result = if matches!(value, b"yes" | b"1") { SUCCEEDED } else { FAILED };
                self.numbers.push((FieldId::SUCCESS, result));
            }
            name => {
                let name = if name == b"ses" { b"sessionid" } else { name };
                let id = FieldId::named(name).ok_or_else(|| format!("{} is no field", lossy(name)))?;
                match field(name, value, self.list, host)? {
                    Some(number) => self.numbers.push((id, number)),
                    None => self.texts.push((id, value.to_vec())),
                }
            }
        }
        Ok(())
    }

    fn call_number(&self, word: &[u8]) -> Result<u32, String> {
        let machine = match self.list {
            List::IO_URING => Some(Machine::IoUring),
            _ => self.arch.and_then(Machine::from_elf),
        };
        let named = machine.and_then(|machine| syscall::number(machine, word));
        let number = named.or_else(|| number::parse_exact(word).and_then(|n| u32::try_from(n).ok()));
        number.ok_or_else(|| format!("{} is no system call", lossy(word)))
    }

    /// Reads the records of one event; `None` when the kernel made none of them at the exit of a call.
    pub fn of_records<'r>(records: impl Iterator<Item = Record<'r>>) -> Option<Facts> {
        let mut facts = Facts::new(List::EXIT);
        let (mut cwd, mut is_call, mut items) = (None, false, None);
        let mut files: Vec<File> = Vec::new();
        for record in records {
            match record.type_name()? {
                "SYSCALL" => {
                    is_call = true;
                    items = record.field(b"items").and_then(number::parse_exact);
                    facts.add_call(&record);
                }
                "CWD" => cwd = record.field(b"cwd").and_then(text_of),
                "PATH" => files.push(file_of(&record)),
                "SOCKADDR" => facts.numbers.extend(family_of(&record).map(|family| (FieldId::SADDR_FAM, family))),
                _ => {}
            }
        }
        for file in &mut files {
            let is_absolute = |path: &Vec<u8>| path.first() == Some(&b'/');
            file.path = file.path.take().and_then(|path| match is_absolute(&path) {
                true => Some(normal_path(b"/", &path)),
                false => cwd.as_ref().map(|cwd| normal_path(cwd, &path)),
            });
        }
        // Which of the names has no record is not known; it may be the first.
        match items {
            Some(items) if items > files.len() as u64 => files.insert(0, File::default()),
            _ => {}
        }
        facts.files = (items.is_some() || !files.is_empty()).then_some(files);
        is_call.then_some(facts)
    }

    fn add_call(&mut self, record: &Record) {
        for field in record.fields() {
            let signed = || number::parse_signed_prefix(field.value, 10).map(|n| n as u32);
            let argument = || number::parse_prefix(field.value, 16).map(|n| n as u32);
            match field.name {
                b"arch" => self.arch = argument(),
                b"syscall" => self.call = signed(),
                b"success" => {
                    let result = if field.value == b"yes" { SUCCEEDED } else { FAILED };
                    self.numbers.push((FieldId::SUCCESS, result));
                }
                b"exe" => self.texts.extend(text_of(field.value).map(|exe| (FieldId::EXE, exe))),
                b"a0" | b"a1" | b"a2" | b"a3" => {
                    self.numbers.extend(FieldId::named(field.name).zip(argument()));
                }
                b"ses" => self.numbers.extend(signed().map(|n| (FieldId::SESSIONID, n))),
                b"pid" | b"ppid" | b"auid" | b"uid" | b"gid" | b"euid" | b"suid" | b"fsuid" | b"egid" | b"sgid"
                | b"fsgid" | b"exit" => self.numbers.extend(FieldId::named(field.name).zip(signed())),
                _ => {}
            }
        }
    }

    /// The files, in the order in which the kernel goes through them.
    fn files(&self) -> &[File] {
        self.files.as_deref().unwrap_or(&UNKNOWN)
    }

    fn number(&self, id: FieldId) -> Option<u32> {
        self.numbers.iter().find(|row| row.0 == id).map(|row| row.1)
    }
}

/// The value of a field as a rule would have it; `None` for a text.
fn field(name: &[u8], value: &[u8], list: List, host: &dyn Host) -> Result<Option<u32>, String> {
    let target = format!("always,{}", list.name().unwrap_or("exit"));
    let test = [name, b"=", value].concat();
    let parsed = parse(&[b"-a", target.as_bytes(), b"-F", &test], host);
    let (_, rule): (Operation, Rule) = parsed.map_err(|refusal| format!("{}: {refusal}", lossy(&test)))?;
    Ok(rule.fields.first().and_then(|field| match field.value {
        Value::Number(number) => Some(number),
        Value::Text(_) => None,
    }))
}

/// A value in quotes, or in hex.
fn text_of(value: &[u8]) -> Option<Vec<u8>> {
    match value {
        b"(null)" => None,
        [b'"', text @ .., b'"'] => Some(text.to_vec()),
        value => {
            let mut text = Vec::new();
            hex::unescape(value, &mut text).then_some(text)
        }
    }
}

fn file_of(record: &Record) -> File {
    let mut file = File { path: record.field(b"name").and_then(text_of), numbers: Vec::new() };
    let mut add = |id, number: Option<u64>| file.numbers.extend(number.map(|number| (id, number as u32)));
    let decimal = |name: &[u8]| record.field(name).and_then(number::parse_exact);
    add(FieldId::INODE, decimal(b"inode"));
    add(FieldId::OBJ_UID, decimal(b"ouid"));
    add(FieldId::OBJ_GID, decimal(b"ogid"));
    add(
        FieldId::FILETYPE,
        record.field(b"mode").and_then(|mode| number::parse_prefix(mode, 8)).map(|mode| mode & FILE_TYPE),
    );
    let device = record.field(b"dev").unwrap_or_default();
    let mut parts = device.split(|b| *b == b':').map(|part| number::parse_prefix(part, 16));
    add(FieldId::DEVMAJOR, parts.next().flatten());
    add(FieldId::DEVMINOR, parts.next().flatten());
    file
}

/// Bits of a mode that say of what type a file is, S_IFMT.
const FILE_TYPE: u64 = 0o170_000;

/// The address family of a SOCKADDR record: two bytes in the order of the machine, which is little for all of them but s390
/// and big-endian mips and ppc.
fn family_of(record: &Record) -> Option<u32> {
    let mut address = Vec::new();
    hex::decode(record.field(b"saddr")?.get(..4)?, &mut address);
    let [low, high] = address.as_slice() else { return None };
    Some(if *low == 0 { u32::from(*high) } else { u32::from(*low) })
}

/// An absolute path without `.`, `..` and empty parts.
fn normal_path(directory: &[u8], path: &[u8]) -> Vec<u8> {
    let whole = if path.first() == Some(&b'/') { path.to_vec() } else { [directory, b"/", path].concat() };
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in whole.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    [b"/".as_slice(), &parts.join(&b'/')].concat()
}

/// Which rule decides about an event.
pub fn decide(rules: &[Rule], facts: &Facts) -> Decision {
    let (of_files, of_calls): (Vec<_>, Vec<_>) = rules.iter().enumerate().partition(|(_, rule)| is_of_one_file(rule));
    let (mut decided, mut open) = (None, None);
    for (place, rule) in of_calls {
        match judge(rule, facts) {
            Verdict::Match => {
                decided = Some(place);
                break;
            }
            Verdict::Open(_) => _ = open.get_or_insert(place),
            Verdict::No(_) => {}
        }
    }
    let before = decided.unwrap_or(rules.len());
    'names: for file in facts.files() {
        for (place, rule) in of_files.iter().filter(|(place, _)| *place < before) {
            match judge_for(rule, facts, std::slice::from_ref(file)) {
                Verdict::Match => {
                    decided = Some(*place);
                    break 'names;
                }
                Verdict::Open(_) => return Decision::Open(open.map_or(*place, |open| open.min(*place))),
                Verdict::No(_) => {}
            }
        }
    }
    match (open, decided) {
        (Some(open), decided) if decided.is_none_or(|decided| open < decided) => Decision::Open(open),
        (_, Some(decided)) => Decision::Rule(decided),
        (_, None) => Decision::Nothing,
    }
}

/// Whether the kernel asks the rule for one file at a time. KERNEL: audit_find_rule().
fn is_of_one_file(rule: &Rule) -> bool {
    rule.list == List::EXIT && rule.fields.iter().any(|field| matches!(field.id, FieldId::PATH | FieldId::INODE))
}

/// What a rule makes of an event, by itself.
pub fn judge(rule: &Rule, facts: &Facts) -> Verdict {
    let files = facts.files();
    if !is_of_one_file(rule) || files.is_empty() {
        return judge_for(rule, facts, files);
    }
    let verdicts: Vec<Verdict> = files.iter().map(|file| judge_for(rule, facts, std::slice::from_ref(file))).collect();
    let rank = |verdict: &&Verdict| match verdict {
        Verdict::Match => 0,
        Verdict::Open(_) => 1,
        Verdict::No(_) => 2,
    };
    verdicts.iter().min_by_key(rank).cloned().unwrap_or(Verdict::Match)
}

/// What a rule makes of an event with these files.
fn judge_for(rule: &Rule, facts: &Facts, files: &[File]) -> Verdict {
    if rule.list != facts.list {
        return Verdict::No(format!("it is of the {} list", rule.list.name().unwrap_or("unknown")));
    }
    let mut open = None;
    if rule.list.takes_syscalls() {
        match facts.call {
            Some(call) if !rule.syscalls.contains(call) => return Verdict::No("it is about other calls".to_owned()),
            None if rule.syscalls != SyscallMask::ALL => open = Some("the call".to_owned()),
            _ => {}
        }
    }
    for field in rule.fields.iter().filter(|field| field.id != FieldId::KEY) {
        match holds(field, facts, files) {
            Some(true) => {}
            Some(false) => return Verdict::No(format!("{} does not hold", shown(field))),
            None => _ = open.get_or_insert_with(|| field.id.name().unwrap_or("a field").to_owned()),
        }
    }
    open.map_or(Verdict::Match, Verdict::Open)
}

/// A test as rules write it.
fn shown(field: &RuleField) -> String {
    let symbol = field.operator.symbol().unwrap_or("?");
    let name = field.id.name().unwrap_or("?");
    match (&field.value, field.id) {
        (Value::Number(code), FieldId::FIELD_COMPARE) => {
            let (left, right) = compare::pair(*code)
                .map_or(("?", "?"), |(left, right)| (left.name().unwrap_or("?"), right.name().unwrap_or("?")));
            format!("{left}{symbol}{right}")
        }
        (Value::Number(bits), FieldId::PERM) => {
            let letters =
                PERMISSIONS.iter().filter(|class| bits & class.bit != 0).map(|class| char::from(class.letter));
            format!("perm{symbol}{}", letters.collect::<String>())
        }
        (Value::Number(elf), FieldId::ARCH) => {
            format!("arch{symbol}{}", Machine::from_elf(*elf).map_or("?", Machine::name))
        }
        (Value::Number(number), FieldId::MSGTYPE) => {
            format!("msgtype{symbol}{}", record_type::name(*number).unwrap_or("?"))
        }
        (Value::Number(number), FieldId::FILETYPE) => {
            format!("filetype{symbol}{}", FILE_TYPES.name(*number).unwrap_or("?"))
        }
        (Value::Number(number), _) => format!("{name}{symbol}{}", *number as i32),
        (Value::Text(text), _) => format!("{name}{symbol}{}", lossy(text)),
    }
}

/// Whether a test holds; `None` when that is not known.
fn holds(field: &RuleField, facts: &Facts, files: &[File]) -> Option<bool> {
    match (field.id, &field.value) {
        (FieldId::ARCH, Value::Number(elf)) => Some(compared(facts.arch?, field.operator, *elf)),
        (FieldId::PATH | FieldId::DIR, Value::Text(path)) => {
            let watched = normal_path(b"/", path);
            let is_it = |path: &Vec<u8>| match path.strip_prefix(watched.as_slice()) {
                Some(rest) => rest.is_empty() || (field.id == FieldId::DIR && rest.starts_with(b"/")),
                None => field.id == FieldId::DIR && watched == b"/",
            };
            let found = files.iter().filter_map(|file| file.path.as_ref()).any(is_it);
            if !found && files.iter().any(|file| file.path.is_none()) { None } else { Some(found) }
        }
        (FieldId::PERM, Value::Number(bits)) => Some(facts.perm.or_else(|| classes(facts))? & bits != 0),
        (FieldId::SUCCESS, Value::Number(value)) => {
            let wanted = if *value == 0 { FAILED } else { SUCCEEDED };
            Some(compared(facts.number(FieldId::SUCCESS)?, field.operator, wanted))
        }
        (FieldId::FIELD_COMPARE, Value::Number(code)) => {
            let (left, right) = compare::pair(*code)?;
            let ((left, left_is_all), (right, right_is_all)) =
                (of_event_or_files(left, facts, files), of_event_or_files(right, facts, files));
            let holds = |a: &u32| right.iter().any(|b| compared(*a, field.operator, *b));
            left.iter().any(holds).then_some(true).or((left_is_all && right_is_all).then_some(false))
        }
        (
            FieldId::INODE
            | FieldId::DEVMAJOR
            | FieldId::DEVMINOR
            | FieldId::OBJ_UID
            | FieldId::OBJ_GID
            | FieldId::FILETYPE,
            Value::Number(value),
        ) => {
            let (known, is_all) = of_event_or_files(field.id, facts, files);
            let found = known.iter().any(|number| compared(*number, field.operator, *value));
            found.then_some(true).or(is_all.then_some(false))
        }
        // Which other groups the process has is not in its records.
        (FieldId::GID | FieldId::EGID, Value::Number(value)) if field.operator.tests_equality() => {
            (facts.number(field.id)? == *value).then_some(field.operator == Operator::EQUAL)
        }
        (id, Value::Number(value)) => Some(compared(facts.number(id)?, field.operator, *value)),
        (id, Value::Text(text)) => {
            let known = facts.texts.iter().find(|row| row.0 == id).map(|row| &row.1)?;
            Some((known == text) == (field.operator == Operator::EQUAL))
        }
    }
}

/// A number of the process, or of each of the files, as far as it is known; and whether these are all that there are.
fn of_event_or_files(id: FieldId, facts: &Facts, files: &[File]) -> (Vec<u32>, bool) {
    const OF_FILE: [FieldId; 6] =
        [FieldId::INODE, FieldId::DEVMAJOR, FieldId::DEVMINOR, FieldId::OBJ_UID, FieldId::OBJ_GID, FieldId::FILETYPE];
    let given: Vec<u32> = facts.numbers.iter().filter(|row| row.0 == id).map(|row| row.1).collect();
    if !given.is_empty() || !OF_FILE.contains(&id) {
        let is_known = !given.is_empty();
        return (given, is_known);
    }
    let of_file = |file: &File| file.numbers.iter().find(|row| row.0 == id).map(|row| row.1);
    let known: Vec<u32> = files.iter().filter_map(of_file).collect();
    let is_all = known.len() == files.len();
    (known, is_all)
}

fn compared(left: u32, operator: Operator, right: u32) -> bool {
    match operator {
        Operator::EQUAL => left == right,
        Operator::NOT_EQUAL => left != right,
        Operator::LESS => left < right,
        Operator::LESS_OR_EQUAL => left <= right,
        Operator::GREATER => left > right,
        Operator::GREATER_OR_EQUAL => left >= right,
        bits => bits_hold(left, bits, right),
    }
}

/// KERNEL: the classes of include/asm-generic/audit_{read,write,dir_write,change_attr}.h.
const READ: &str = " readlink quotactl listxattr llistxattr flistxattr getxattr lgetxattr fgetxattr readlinkat ";
const WRITE: &str = " rename mkdir rmdir creat link unlink symlink mknod mkdirat mknodat unlinkat renameat linkat symlinkat \
    renameat2 acct swapon quotactl truncate truncate64 ftruncate ftruncate64 bind fallocate ";
const ATTRIBUTE: &str = " chmod fchmod chown lchown fchown chown32 fchown32 lchown32 setxattr lsetxattr fsetxattr removexattr \
    lremovexattr fremovexattr fchownat fchmodat fchmodat2 link linkat ";

/// The classes of access of the event's call. KERNEL: audit_match_perm().
fn classes(facts: &Facts) -> Option<u32> {
    const ACCESS_MODE: u32 = 3;
    let name = syscall::name(facts.arch.and_then(Machine::from_elf)?, facts.call?)?;
    let bit = |letter: u8| PERMISSIONS.iter().find(|class| class.letter == letter).map_or(0, |class| class.bit);
    let by_flags = |argument: FieldId| {
        Some(match facts.number(argument)? & ACCESS_MODE {
            0 => bit(b'r'),
            1 => bit(b'w'),
            _ => bit(b'r') | bit(b'w'),
        })
    };
    match name {
        "open" => by_flags(FieldId::A1),
        "openat" => by_flags(FieldId::A2),
        // Its flags are in memory.
        "openat2" | "socketcall" => None,
        "execve" | "execveat" => Some(bit(b'x')),
        name => {
            let word = format!(" {name} ");
            let rows = [(READ, b'r'), (WRITE, b'w'), (ATTRIBUTE, b'a')];
            Some(rows.iter().filter(|row| row.0.contains(&word)).fold(0, |bits, row| bits | bit(row.1)))
        }
    }
}

/// The keys of a rule, with commas between them.
pub fn keys(rule: &Rule) -> Option<String> {
    let keys = rule.keys().next()?;
    Some(lossy(&keys.iter().map(|b| if *b == KEY_SEPARATOR { b',' } else { *b }).collect::<Vec<_>>()))
}
