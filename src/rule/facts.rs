//! What is known of an event, given as words or read off its records, as the kernel writes them or as `ausearch -i` shows them.

use super::meaning::{ERRORS, FAILED, SUCCEEDED, names_taken_away, never_returns};
use super::model::{FieldId, List, Rule, Value};
use super::number::{has_32_bits, unsigned};
use super::parse::Host;
use super::{Operation, parse};
use crate::record::Record;
use crate::tables::machine::Machine;
use crate::tables::record_type;
use crate::tables::rule::{FILE_TYPES, PERMISSIONS};
use crate::tables::socket::FAMILIES;
use crate::tables::syscall;
use crate::text::escape::lossy;
use crate::text::{hex, number, up_to};
use memchr::memmem;

/// A file of an event.
#[derive(Clone, Debug, Default)]
pub(super) struct File {
    /// `None` when it is not known.
    pub(super) path: Option<Vec<u8>>,
    /// obj_uid, devmajor and the like, as far as they are known; several of a field where the kernel takes any of them.
    pub(super) numbers: Vec<(FieldId, u32)>,
    /// No file was found by the name.
    pub(super) is_missing: bool,
    /// The call took the name away.
    pub(super) is_removed: bool,
    /// The call made the name.
    pub(super) is_made: bool,
    /// The place of another name that the call has given the file.
    pub(super) given: Option<usize>,
}

/// The files of an event of which nothing is known.
pub(super) static UNKNOWN: [File; 1] =
    [File { path: None, numbers: Vec::new(), is_missing: false, is_removed: false, is_made: false, given: None }];

/// What the kernel asks of each file: an event has as many of them as it has files.
pub(super) const OF_FILE: [FieldId; 6] =
    [FieldId::INODE, FieldId::DEVMAJOR, FieldId::DEVMINOR, FieldId::OBJ_UID, FieldId::OBJ_GID, FieldId::FILETYPE];

/// What is known of an event.
#[derive(Clone, Debug)]
pub struct Facts {
    pub(super) list: List,
    pub(super) arch: Option<u32>,
    pub(super) call: Option<u32>,
    pub(super) numbers: Vec<(FieldId, u32)>,
    pub(super) texts: Vec<(FieldId, Vec<u8>)>,
    /// `None` when nothing is known of files.
    pub(super) files: Option<Vec<File>>,
    /// Classes of access, if they were named.
    pub(super) perm: Option<u32>,
    /// The records of the event say all that there is to know of its address.
    pub(super) has_all_records: bool,
    /// The event has been recorded.
    is_recorded: bool,
}

const AT_FDCWD: u32 = 100u32.wrapping_neg();

impl Facts {
    fn new(list: List) -> Facts {
        Facts {
            list,
            arch: None,
            call: None,
            numbers: Vec::new(),
            texts: Vec::new(),
            files: None,
            perm: None,
            has_all_records: false,
            is_recorded: false,
        }
    }

    /// What the list task is asked when the process of a call is made, as far as it is known from the call. `None` where there is no
    /// call.
    pub(super) fn when_process_began(&self) -> Option<Facts> {
        if !self.list.takes_syscalls() {
            return None;
        }
        let mut began = Facts { list: List::TASK, call: None, files: None, ..self.clone() };
        // KERNEL: copy_process() asks for what the parent is, before the child has a number and runs a program.
        began.numbers.retain(|row| !matches!(row.0, FieldId::PID | FieldId::PPID));
        began.texts.retain(|row| row.0 != FieldId::EXE);
        Some(began)
    }

    /// Whether a record of the process's calls is there, which was not switched off then.
    pub(super) fn shows_a_record(&self) -> bool {
        self.is_recorded
    }

    /// What the list exclude is asked for the record that has the key, or for the one record of what a program reports.
    pub(super) fn of_first_record(&self) -> Option<Facts> {
        let name = match self.list {
            List::EXIT => b"SYSCALL".as_slice(),
            List::IO_URING => b"URINGOP",
            // Its type is given.
            List::USER => b"",
            _ => return None,
        };
        let mut record = Facts { list: List::EXCLUDE, call: None, files: None, ..self.clone() };
        record.numbers.extend(record_type::number(name).map(|number| (FieldId::MSGTYPE, number)));
        Some(record)
    }

    /// The same event, where a call does not find its files. KERNEL: __audit_inode(): what lies on a file system that is left out is as
    /// a name by which no file was found.
    pub(super) fn without_files(&self) -> Facts {
        let is_missing = |file: &File| File { path: file.path.clone(), ..File::missing() };
        Facts { files: Some(self.files().iter().map(is_missing).collect()), ..self.clone() }
    }

    /// Reads `name=value` words: `syscall`, `path` (several), `perm`, `list`, fields of rules, and those of a SYSCALL record, also
    /// as `ausearch -i` shows it. The error names the word.
    pub fn parse(words: &[&[u8]], host: &dyn Host) -> Result<Facts, String> {
        said_once(words)?;
        let value = |name: &[u8]| {
            words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix(b"=")).filter(|value| !value.is_empty())
        };
        let list = match value(b"list") {
            Some(name) => List::named(name).ok_or_else(|| format!("{} is no list", lossy(name)))?,
            None => List::EXIT,
        };
        let mut facts = Facts::new(list);
        facts.arch = host.machine().and_then(Machine::elf).filter(|_| list == List::EXIT);
        if let Some(arch) = value(b"arch") {
            facts.arch = field(b"arch", arch, List::EXIT, host)?;
        }
        for word in words {
            let equals = word.iter().position(|b| *b == b'=');
            let (name, value) = word.split_at(equals.ok_or_else(|| format!("{} is not NAME=VALUE", lossy(word)))?);
            facts.add(name, value.get(1..).unwrap_or_default(), host)?;
        }
        facts.add_result(value(b"exit"))?;
        if let Some(call) =
            facts.call_name().filter(|_| facts.never_returns() && facts.number(FieldId::SUCCESS).is_some())
        {
            return Err(format!("{call} never returns: it has no exit and no success"));
        }
        let removes = facts.call_name().map_or(0, names_taken_away);
        facts.files.iter_mut().flatten().take(removes).for_each(|file| file.is_removed = true);
        if facts.call_name().is_some_and(gives_a_name)
            && facts.has_succeeded()
            && let Some([first, _]) = facts.files.as_deref_mut()
        {
            first.given = Some(1);
        }
        Ok(facts)
    }

    fn add(&mut self, name: &[u8], value: &[u8], host: &dyn Host) -> Result<(), String> {
        match name {
            b"list" | b"arch" | b"key" | b"comm" | b"items" | b"tty" | b"subj" => {}
            b"syscall" | b"uring_op" => self.call = Some(self.call_number(value)?),
            b"path" | b"name" if value.first() != Some(&b'/') => {
                return Err(format!("{} does not begin with /", lossy(&[name, b"=", value].concat())));
            }
            b"path" | b"name" => {
                let file = File { path: Some(normal_path(b"/", value)), ..File::default() };
                self.files.get_or_insert_default().push(file);
            }
            b"perm" => {
                self.perm = Some(access(value).ok_or_else(|| format!("{} is not of r, w, x and a", lossy(value)))?);
            }
            b"success" => {
                let result = match value {
                    b"yes" | b"1" => SUCCEEDED,
                    b"no" | b"0" => FAILED,
                    _ => return Err(format!("success is yes or no, not {}", lossy(value))),
                };
                self.numbers.push((FieldId::SUCCESS, result));
            }
            b"a0" | b"a1" | b"a2" | b"a3" if value.first().is_some_and(u8::is_ascii_uppercase) => {
                self.add_constants(FieldId::named(name), value);
            }
            name => {
                let name = in_rules(name);
                let id = FieldId::named(name).ok_or_else(|| format!("{} is no field", lossy(name)))?;
                let mut value = plain(name, value);
                let list = match (id, self.list) {
                    // Of the files of a call.
                    (FieldId::FSTYPE, List::EXIT | List::IO_URING) => List::FILESYSTEM,
                    // Operations of io_uring have results, which no rule asks for.
                    (_, List::IO_URING) => List::EXIT,
                    (_, list) => list,
                };
                // COMPAT: to rules every name of a family is 0.
                if id == FieldId::SADDR_FAM && !value.first().is_some_and(u8::is_ascii_digit) {
                    let family = FAMILIES.number_ignoring_case(&value);
                    let unknown = || format!("{} is no family of addresses", lossy(&value));
                    value = family.ok_or_else(unknown)?.to_string().into_bytes();
                }
                // Of a result, an argument and a file's number the kernel compares the lower 32 bits.
                let has_more = id.argument().is_some() || matches!(id, FieldId::EXIT | FieldId::INODE);
                if has_more && !has_32_bits(&value) {
                    value = (unsigned(&value, 0).0 as u32).to_string().into_bytes();
                }
                match field(name, &value, list, host)? {
                    Some(number) => self.numbers.push((id, number)),
                    None => self.texts.push((id, value)),
                }
            }
        }
        Ok(())
    }

    /// An argument by the names of its bits: what rules ask most is known by these, others stay open.
    fn add_constants(&mut self, id: Option<FieldId>, names: &[u8]) {
        if names == b"AT_FDCWD" {
            self.numbers.extend(id.map(|id| (id, AT_FDCWD)));
        }
        let letters: &[u8] = match up_to(names, b'|') {
            b"O_RDONLY" => b"r",
            b"O_WRONLY" => b"w",
            b"O_RDWR" => b"rw",
            _ => return,
        };
        if matches!(self.call_name(), Some("open" | "openat")) {
            self.perm = self.perm.or_else(|| access(letters));
        }
    }

    /// KERNEL: __audit_syscall_exit(): a call has failed when it returns -4095 to -1. A large number that a rule, which sees 32 bits of
    /// it, takes for one of these is none.
    fn add_result(&mut self, word: Option<&[u8]>) -> Result<(), String> {
        let (Some(exit), Some([first, ..])) = (self.number(FieldId::EXIT), word) else { return Ok(()) };
        let result = if exit >= ERRORS.0 && matches!(first, b'-' | b'E') { FAILED } else { SUCCEEDED };
        match self.number(FieldId::SUCCESS) {
            None => self.numbers.push((FieldId::SUCCESS, result)),
            Some(said) if said != result => {
                return Err("success and exit exclude each other: a failed call has exit=-1 to -4095".to_owned());
            }
            Some(_) => {}
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

    /// Reads the records of one event, in any order. Records as `ausearch -i` shows them have names, which `host` knows.
    pub fn of_records(records: &[Record], host: Option<&dyn Host>) -> Result<Facts, String> {
        let of_list = |name, list| Some((records.iter().find(|record| record.type_name() == Some(name))?, list));
        let call = of_list("SYSCALL", List::EXIT).or_else(|| of_list("URINGOP", List::IO_URING));
        let (call, list) = call.ok_or("the event has no SYSCALL record: no rule for calls has made it")?;
        let is_shown = match list {
            List::IO_URING => call.field(b"uring_op").and_then(number::parse_exact).is_none(),
            _ => call.field(b"arch").and_then(Machine::from_name).is_some(),
        };
        let shown = host.filter(|_| is_shown);
        let mut facts = Facts { has_all_records: shown.is_none(), is_recorded: true, ..Facts::new(list) };
        facts.add_call(call, shown)?;
        let mut cwd = None;
        let mut files: Vec<(u64, File)> = Vec::new();
        for record in records {
            match record.type_name().unwrap_or_default() {
                "CWD" => cwd = text(record, b" cwd=", &[], shown),
                "PATH" => {
                    let item = record.field(b"item").and_then(number::parse_exact).unwrap_or_default();
                    files.push((item, file_of(record, shown)?));
                }
                "SOCKADDR" => facts.numbers.extend(family_of(record).map(|family| (FieldId::SADDR_FAM, family))),
                _ => {}
            }
        }
        files.sort_by_key(|(item, _)| *item);
        let mut files: Vec<File> = files.into_iter().map(|(_, file)| file).collect();
        cwd = cwd.filter(|_| facts.names_are_of_cwd());
        for file in &mut files {
            let is_absolute = |path: &Vec<u8>| path.first() == Some(&b'/');
            file.path = file.path.take().and_then(|path| match is_absolute(&path) {
                true => Some(normal_path(b"/", &path)),
                false => cwd.as_ref().map(|cwd| normal_path(cwd, &path)),
            });
        }
        say_given(&mut files);
        let items = call.field(b"items").and_then(number::parse_exact);
        // Which of the names has no record is not known; it may be the first.
        match items {
            Some(items) if items > files.len() as u64 => {
                files.insert(0, File::default());
                files.iter_mut().flat_map(|file| &mut file.given).for_each(|place| *place += 1);
            }
            _ => {}
        }
        facts.files = (items.is_some() || !files.is_empty()).then_some(files);
        Ok(facts)
    }

    fn add_call(&mut self, record: &Record, shown: Option<&dyn Host>) -> Result<(), String> {
        let arch = record.field(b"arch").unwrap_or_default();
        self.arch = match shown {
            Some(_) => Machine::from_name(arch).and_then(Machine::elf),
            None => number::parse_prefix(arch, 16).map(|elf| elf as u32),
        };
        self.texts.extend(text(record, b" exe=", &[b" subj=", b" key="], shown).map(|exe| (FieldId::EXE, exe)));
        for field in record.fields().filter(|field| OF_CALL.contains(&field.name)) {
            match shown {
                Some(host) => self.add_shown(field.name, field.value, host)?,
                None => self.add_written(field.name, field.value),
            }
        }
        Ok(())
    }

    fn add_shown(&mut self, name: &[u8], value: &[u8], host: &dyn Host) -> Result<(), String> {
        let is_argument = matches!(name, b"a0" | b"a1" | b"a2" | b"a3" | b"exit");
        match value {
            // A user or a file's type, or an error without a name.
            [b'a'..=b'z' | b'(', ..] if is_argument => Ok(()),
            value => self.add(name, value, host),
        }
    }

    fn add_written(&mut self, name: &[u8], value: &[u8]) {
        let number = match name {
            b"a0" | b"a1" | b"a2" | b"a3" => number::parse_prefix(value, 16).map(|n| n as u32),
            b"success" => Some(if value == b"yes" { SUCCEEDED } else { FAILED }),
            _ => number::parse_signed_prefix(value, 10).map(|n| n as u32),
        };
        match name {
            b"syscall" | b"uring_op" => self.call = number,
            name => self.numbers.extend(FieldId::named(in_rules(name)).zip(number)),
        }
    }

    /// The list whose rules are asked.
    pub fn list(&self) -> List {
        self.list
    }

    pub(super) fn call_name(&self) -> Option<&'static str> {
        syscall::name(self.arch.and_then(Machine::from_elf)?, self.call?)
    }

    /// Whether relative names are of the current directory: a call may name another directory by a descriptor.
    fn names_are_of_cwd(&self) -> bool {
        // Of io_uring the directory is in no record.
        if self.list == List::IO_URING {
            return false;
        }
        let name = self.call_name().unwrap_or_default();
        let directories: &[FieldId] = match name {
            "renameat" | "renameat2" | "linkat" => &[FieldId::A0, FieldId::A2],
            "symlinkat" => &[FieldId::A1],
            "creat" | "stat" | "fstat" | "lstat" | "oldstat" | "oldlstat" => &[],
            "openat2" | "faccessat2" | "fchmodat2" | "fstatat64" | "statx" => &[FieldId::A0],
            name if name.ends_with("at") => &[FieldId::A0],
            _ => &[],
        };
        directories.iter().all(|argument| self.number(*argument) == Some(AT_FDCWD))
    }

    /// Whether the call has no result, whatever becomes of it.
    pub(super) fn never_returns(&self) -> bool {
        self.call_name().is_some_and(never_returns)
    }

    /// Whether the call did what it was asked.
    pub(super) fn has_succeeded(&self) -> bool {
        self.number(FieldId::SUCCESS) == Some(SUCCEEDED)
    }

    /// The files, in the order in which the kernel goes through them.
    pub(super) fn files(&self) -> &[File] {
        self.files.as_deref().unwrap_or(&UNKNOWN)
    }

    pub(super) fn number(&self, id: FieldId) -> Option<u32> {
        self.numbers.iter().find(|row| row.0 == id).map(|row| row.1)
    }
}

/// The classes of access of these letters.
pub(super) fn access(letters: &[u8]) -> Option<u32> {
    let bit = |letter: &u8| PERMISSIONS.iter().find(|class| class.letter == *letter).map(|class| class.bit);
    letters.iter().try_fold(0, |bits, letter| Some(bits | bit(letter)?))
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

/// The fields of a SYSCALL or URINGOP record that rules ask for, but for its arch and program.
const OF_CALL: [&[u8]; 20] = [
    b"syscall",
    b"uring_op",
    b"success",
    b"exit",
    b"a0",
    b"a1",
    b"a2",
    b"a3",
    b"ppid",
    b"pid",
    b"auid",
    b"uid",
    b"gid",
    b"euid",
    b"suid",
    b"fsuid",
    b"egid",
    b"sgid",
    b"fsgid",
    b"ses",
];

/// What rules call a field of a record.
fn in_rules(name: &[u8]) -> &[u8] {
    match name {
        b"ses" => b"sessionid",
        b"name" => b"path",
        name => name,
    }
}

/// A value as rules have it: `-EACCES` of `EACCES(Permission denied)`, 1000 of `unknown(1000)`.
fn plain(name: &[u8], value: &[u8]) -> Vec<u8> {
    match value {
        [b'E', ..] if name == b"exit" => [b"-", up_to(value, b'(')].concat(),
        value => value.strip_prefix(b"unknown(").map_or(value, |id| up_to(id, b')')).to_vec(),
    }
}

/// Whether a call gives the file of its first name the second one.
fn gives_a_name(call: &str) -> bool {
    matches!(call, "link" | "linkat" | "rename" | "renameat" | "renameat2")
}

/// Files to which the call has given another name: that has their inode.
fn say_given(files: &mut [File]) {
    let inode = |file: &File| {
        let known =
            file.numbers.iter().filter(|row| matches!(row.0, FieldId::INODE | FieldId::DEVMAJOR | FieldId::DEVMINOR));
        known.take(3).copied().collect::<Vec<_>>()
    };
    // A call makes two names at most, by an exchange; a log may say more of them.
    let made = files.iter().enumerate().filter(|(_, file)| file.is_made).take(2);
    let made: Vec<_> = made.map(|(at, file)| (at, inode(file))).filter(|(_, known)| !known.is_empty()).collect();
    for (made, new) in made {
        let others = files.iter_mut().enumerate().filter(|(at, file)| *at != made && inode(file) == new);
        others.for_each(|(_, file)| file.given = Some(made));
    }
}

/// An event has one call, one user of each kind and so on.
fn said_once(words: &[&[u8]]) -> Result<(), String> {
    let name = |word: &&[u8]| in_rules(up_to(word, b'=')).to_vec();
    let is_several = |name: &[u8]| name == b"path" || FieldId::named(name).is_some_and(|id| OF_FILE.contains(&id));
    for (at, word) in words.iter().enumerate().filter(|(_, word)| !is_several(&name(word))) {
        let before = words.iter().take(at).find(|before| name(before) == name(word));
        if let Some(before) = before {
            let (name, before, word) = (lossy(&name(word)), lossy(before), lossy(word));
            return Err(format!("{name} is given twice: {before} and {word}"));
        }
    }
    Ok(())
}

/// A text of a record: in quotes or in hex, or as it is up to the last of what follows it.
fn text(record: &Record, name: &[u8], ends: &[&[u8]], shown: Option<&dyn Host>) -> Option<Vec<u8>> {
    let (start, line) = (memmem::rfind(record.line, name)? + name.len(), record.line);
    if shown.is_none() {
        return record.field(name.get(1..up_to(name, b'=').len())?).and_then(text_of);
    }
    let rest = line.get(start..)?;
    let end = ends.iter().find_map(|end| memmem::rfind(rest, end)).unwrap_or(rest.len());
    rest.get(..end).filter(|text| *text != b"(null)").map(<[u8]>::to_vec)
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

impl File {
    /// KERNEL: a name by which no file was found has no inode, and is of user, group and device 0.
    fn missing() -> File {
        const NOUGHT: [FieldId; 4] = [FieldId::OBJ_UID, FieldId::OBJ_GID, FieldId::DEVMAJOR, FieldId::DEVMINOR];
        let nought = NOUGHT.map(|id| (id, 0)).into_iter();
        File { numbers: nought.chain([(FieldId::INODE, u32::MAX)]).collect(), is_missing: true, ..File::default() }
    }
}

fn file_of(record: &Record, shown: Option<&dyn Host>) -> Result<File, String> {
    let is_missing = record.field(b"inode").is_none();
    let mut file = File {
        path: text(record, b" name=", &[b" inode=", b" nametype="], shown),
        is_removed: record.field(b"nametype") == Some(b"DELETE"),
        is_made: record.field(b"nametype") == Some(b"CREATE"),
        ..if is_missing { File::missing() } else { File::default() }
    };
    if file.is_missing {
        return Ok(file);
    }
    let mut add = |id, number: Option<u64>| file.numbers.extend(number.map(|number| (id, number as u32)));
    let decimal = |name: &[u8]| record.field(name).and_then(number::parse_exact);
    add(FieldId::INODE, decimal(b"inode"));
    for (id, name, written) in [(FieldId::OBJ_UID, b"obj_uid", b"ouid"), (FieldId::OBJ_GID, b"obj_gid", b"ogid")] {
        match (shown, record.field(written)) {
            (Some(host), Some(owner)) => {
                let owner = field(name, &plain(name, owner), List::EXIT, host)?;
                add(id, owner.map(u64::from));
            }
            _ => add(id, decimal(written)),
        }
    }
    let mode = record.field(b"mode").unwrap_or_default();
    add(
        FieldId::FILETYPE,
        match shown {
            Some(_) => FILE_TYPES.number_ignoring_case(up_to(mode, b',')).map(u64::from),
            None => number::parse_prefix(mode, 8).map(|mode| mode & FILE_TYPE),
        },
    );
    // The device that the file lies on, and the one that it stands for.
    for name in [b"dev".as_slice(), b"rdev"] {
        let device = record.field(name).unwrap_or_default();
        let mut parts = device.split(|b| *b == b':').map(|part| number::parse_prefix(part, 16));
        add(FieldId::DEVMAJOR, parts.next().flatten());
        add(FieldId::DEVMINOR, parts.next().flatten());
    }
    Ok(file)
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
pub(super) fn normal_path(directory: &[u8], path: &[u8]) -> Vec<u8> {
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
