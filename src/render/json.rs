//! `--format json`: an object and a line for each event, schema version 1.
//!
//! The members before `records` are columns: a fixed list, one type each, of which those that are not known are left out. They
//! are what is asked most often. `records` is the evidence: of each record the fields with their values as bytes, the names
//! that were looked up when it was written, and its line.
//!
//! No two members of an object are called the same, nor the same in letters of another case: many readers take one of them and
//! say nothing (`Members`). A value that is no UTF-8 or holds a NUL stands twice, as text and, under `NAME_hex`, in
//! hexadecimal; no field of a record is given out under such a name.

use super::Renderer;
use crate::event::Event;
use crate::interpret::line_buffer::{CHUNK, LineBuffer};
use crate::interpret::{Cut, Enriched, Interpreter, Kind, RecordContext, words};
use crate::normalize::{self, Normalized, ObjectKind, Words, normalize, pieces};
use crate::record::{self, ENRICHED, Record, RecordType};
use crate::text::date::{Date, Dates, utc};
use crate::text::{self, hex, json, number};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// Renders events as JSON, and keeps what it needs for the next one.
pub struct Json<'h> {
    interpreter: Interpreter<'h>,
    dates: Dates,
    with_raw: bool,
    /// The fields of the event's records.
    cuts: Vec<Cut>,
    /// Which of them are each record's, and where the words after its last field are.
    parts: Vec<(Range<usize>, Range<usize>)>,
    scratch: Box<[u8]>,
    text: Vec<u8>,
    decoded: Vec<u8>,
    list: List,
    members: [Members; 2],
    /// Processes, each at the place that its number chooses; none are remembered where there is no place.
    processes: Vec<Process>,
    /// The one at hand.
    process: Process,
    ppid: Option<u64>,
    /// The event is a part of one that was too long: the number of its first record.
    part: Option<u64>,
}

/// What is known of a process.
#[derive(Default)]
struct Process {
    pid: Option<u64>,
    exe: Vec<u8>,
    argv: List,
}

/// Of a process with more bytes of arguments these are not remembered.
const LONGEST_ARGV: usize = 4096;

/// Some texts in a row.
#[derive(Clone, Default)]
struct List {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl List {
    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
    }

    fn push_parts(&mut self, text: &[u8], separator: u8) {
        text.split(|byte| *byte == separator).for_each(|part| self.push(part));
    }

    /// Keeps of equal texts the first, and none that is empty.
    fn retain_first(&mut self) {
        if self.iter().all(|text| !text.is_empty()) && self.ends.len() < 2 {
            return;
        }
        let (mut kept, mut seen) = (List::default(), BTreeMap::new());
        for text in self.iter().filter(|text| !text.is_empty()) {
            if seen.insert(text.to_vec(), 1).is_none() {
                kept.push(text);
            }
        }
        *self = kept;
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |end| self.bytes.get(std::mem::replace(&mut start, *end)..*end).unwrap_or_default())
    }
}

/// The columns that are a field of the record that says who acts.
const COLUMNS: [&str; 14] =
    ["auid", "uid", "euid", "gid", "ses", "pid", "ppid", "exit", "tty", "terminal", "comm", "exe", "arch", "syscall"];

/// Those that a program may say of itself in `msg='...'`.
const FROM_PROGRAMS: [&[u8]; 2] = [b"terminal", b"exe"];

/// How many of them are numbers below 2^32 that stand for nothing where all bits are set.
const IDS: usize = 7;

/// Readers that keep numbers as floating point hold all integers below it.
const EXACT: u64 = 1 << 53;

impl Renderer for Json<'_> {
    fn event(&mut self, event: &Event, out: &mut Vec<u8>, _: &mut Vec<u8>) {
        self.cuts.clear();
        self.parts.clear();
        for record in event.records() {
            let first = self.cuts.len();
            let rest = self.interpreter.cut(&record, &mut self.cuts);
            self.parts.push((first..self.cuts.len(), rest));
        }
        let mut line = Line { buffer: LineBuffer::new(std::mem::take(&mut self.scratch), out) };
        line.push("{\"v\":1");
        self.push_id(event, &mut line);
        self.push_normalized(event, &mut line);
        self.push_actor(event, &mut line);
        self.push_objects(event, &mut line);
        if !self.processes.is_empty() {
            self.push_parent(&mut line);
        }
        line.push(",\"records\":[");
        for (index, record) in event.records().enumerate() {
            line.push(if index == 0 { "{" } else { ",{" });
            if let Some(before) = self.part {
                line.push("\"n\":");
                number::push(line.buffer.out(), before + index as u64 + 1);
                line.push(",");
            }
            line.push("\"type\":");
            self.push_record(index, &record, &mut line);
            line.push("}");
        }
        line.push("]}\n");
        self.scratch = line.buffer.finish();
    }
}

impl<'h> Json<'h> {
    /// `with_raw`: each record has its line too.
    pub fn new(interpreter: Interpreter<'h>, with_raw: bool) -> Json<'h> {
        Json {
            interpreter,
            dates: Dates::new(utc),
            with_raw,
            cuts: Vec::new(),
            parts: Vec::new(),
            scratch: Box::default(),
            text: Vec::new(),
            decoded: Vec::new(),
            list: List::default(),
            members: Default::default(),
            processes: Vec::new(),
            process: Process::default(),
            ppid: None,
            part: None,
        }
    }

    /// Remembers up to `most` processes and what they execute, and says so of the parents of others.
    #[must_use]
    pub fn with_parents(mut self, most: usize) -> Json<'h> {
        self.processes.resize_with(most, Process::default);
        self
    }

    /// The events that follow are a part of one, whose records before it are so many.
    pub fn set_part(&mut self, before: Option<u64>) {
        self.part = before;
    }

    /// What is known of the parent; remembers the process at hand.
    fn push_parent(&mut self, line: &mut Line) {
        let Json { processes, process, ppid, .. } = self;
        let count = processes.len() as u64;
        let place = |pid: u64| pid.checked_rem(count).unwrap_or(0) as usize;
        if let Some(parent) = ppid.and_then(|ppid| processes.get(place(ppid))).filter(|parent| parent.pid == *ppid) {
            line.push(",\"parent\":{\"exe\":");
            line.value(b"exe", &parent.exe);
            line.list("argv", &parent.argv);
            line.push("}");
        }
        let Some(known) = process.pid.and_then(|pid| processes.get_mut(place(pid))) else { return };
        let is_new = known.pid != process.pid || known.exe != process.exe || !process.argv.ends.is_empty();
        if is_new && !process.exe.is_empty() {
            std::mem::swap(known, process);
            if known.argv.bytes.len() > LONGEST_ARGV {
                known.argv.clear();
            }
        }
    }

    fn push_id(&mut self, event: &Event, line: &mut Line) {
        /// The first second of the year 10000, which has no date of this form.
        const LATEST: u64 = 253_402_300_800;
        let id = event.id();
        if id.sec < LATEST {
            line.push(",\"time\":\"");
            push_time(&self.dates.of(id.sec as i64), id.milli, line.buffer.out());
            line.push("\"");
        }
        if id.serial < EXACT {
            line.number("serial", id.serial);
        }
        if let Some(node) = event.node() {
            line.bytes("node", node);
        }
        event.record(0).inspect(|first| line.bytes("type", type_of(first)));
    }

    /// What the normalizer says, of the first where the records are several events to it.
    fn push_normalized(&mut self, event: &Event, line: &mut Line) {
        let Some(piece) = pieces(event).next() else { return };
        let mut words = Words::new(&piece, &mut self.interpreter);
        let Ok(Normalized { action, object, result, how, .. }) = normalize(&piece, &mut words, false) else { return };
        let text = &mut self.text;
        text.clear();
        if let Some(result) = result {
            let succeeded = normalize::success(result, &mut words, text);
            line.bytes("result", if succeeded { b"success" } else { b"failed" });
        }
        action.inspect(|&action| words.push_text(action, text));
        let names_field = normalize::names_field(text);
        line.take("action", text);
        if let Some(primary) = object.primary {
            match words.field(primary) {
                Some((RecordType::CONFIG_CHANGE, field)) if names_field => text.extend_from_slice(field.name),
                _ => words.push_object(primary, text),
            }
            line.take("object", text);
        }
        if object.kind != ObjectKind::Unknown {
            line.bytes("object_type", object.kind.word().as_bytes());
        }
        how.inspect(|&how| words.push_text(how, text));
        line.take("how", text);
    }

    /// What the record of the call says of who acts, or else the first record.
    fn push_actor(&mut self, event: &Event, line: &mut Line) {
        let is_call = |kind: RecordType| matches!(kind, RecordType::SYSCALL | RecordType::URINGOP);
        let main = event.record_types().position(is_call).unwrap_or(0);
        let Some((record, (fields, _))) = event.record(main).zip(self.parts.get(main)) else { return };
        let (body, mut found) = (record.body, [None; COLUMNS.len()]);
        let cuts = self.cuts.get(fields.clone()).unwrap_or_default();
        let own = outside(cuts).len();
        for (index, cut) in cuts.iter().enumerate() {
            let name = cut.name(body);
            if index >= own && !FROM_PROGRAMS.contains(&name) {
                continue;
            }
            let is_it = |column: &&str| column.len() == name.len() && column.as_bytes() == name;
            let column = COLUMNS.iter().position(is_it);
            if let Some(place) = column.and_then(|column| found.get_mut(column)).filter(|place| place.is_none()) {
                *place = Some(cut);
            }
        }
        let [auid, uid, _, _, _, pid, ppid, exit, tty, terminal, comm, exe, arch, syscall] = found;
        let process = &mut self.process;
        process.argv.clear();
        process.exe.clear();
        let id = |cut: &Cut| number::parse_exact(cut.written(body)).filter(|id| *id < u64::from(u32::MAX));
        for (name, cut) in COLUMNS.iter().zip(found).take(IDS) {
            cut.and_then(id).inspect(|id| line.number(name, *id));
        }
        (process.pid, self.ppid) = (pid.and_then(id), ppid.and_then(id));
        let (enriched, mut looks_up) = (Enriched::of(&record), false);
        for (name, cut) in [("auid_name", auid), ("uid_name", uid)] {
            let Some(cut) = cut.filter(|cut| id(cut).is_some()) else { continue };
            self.text.clear();
            let known = self.interpreter.account(&enriched, cut.name(body), cut.written(body), &mut self.text);
            looks_up |= known == Some(false);
            known.inspect(|_| line.take(name, &mut self.text));
        }
        if looks_up {
            line.push(",\"looked_up\":true");
        }
        for (name, cut) in [("tty", tty.or(terminal)), ("comm", comm), ("exe", exe)] {
            let value = cut.map_or(&b""[..], |cut| cut.bytes(body, &mut self.decoded));
            if !matches!(value, b"" | b"?" | b"(none)" | b"(null)") {
                line.bytes(name, value);
                if name == "exe" {
                    process.exe.extend_from_slice(value);
                }
            }
        }
        let [machine, call] = self.interpreter.call_names(
            record.record_type,
            arch.map(|cut| cut.written(body)),
            syscall.map(|cut| cut.written(body)),
        );
        call.inspect(|name| line.bytes("syscall", name.as_bytes()));
        machine.inspect(|name| line.bytes("arch", name.as_bytes()));
        if let Some(exit) = exit.and_then(|cut| exact(cut.written(body))) {
            line.push(",\"exit\":");
            number::push_signed(line.buffer.out(), exit);
        }
    }

    /// What the other records say: by which rules it was seen, where, with which arguments, to which files and addresses.
    fn push_objects(&mut self, event: &Event, line: &mut Line) {
        let Json { interpreter, cuts, parts, text, decoded, list, processes, process, part, .. } = self;
        let in_records = |record_type: Option<RecordType>| {
            let fields = parts.iter().map(|(fields, _)| cuts.get(fields.clone()).unwrap_or_default());
            let records = event.records().zip(fields);
            let records =
                records.filter(move |(record, _)| record_type.is_none_or(|wanted| wanted == record.record_type));
            records.flat_map(|(record, fields)| fields.iter().map(move |cut| (record, cut)))
        };
        let of = |record_type: RecordType, name: &'static [u8]| {
            in_records(Some(record_type)).filter(move |(record, cut)| cut.name(record.body) == name)
        };
        list.clear();
        event.records().for_each(|record| record::each_key(record.body, &mut |key| list.push(key)));
        list.retain_first();
        line.list("keys", list);
        let cwd = of(RecordType::CWD, b"cwd").next_back();
        if let Some((record, cut)) = cwd {
            line.bytes("cwd", cut.bytes(record.body, decoded));
        }
        list.clear();
        let mut command = CommandLine::default();
        for (record, cut) in in_records(Some(RecordType::EXECVE)) {
            match argument(cut.name(record.body)) {
                Some((number, Argument::Part(part))) => {
                    if command.take(number, part, list.ends.len() as u64) {
                        list.ends.pop();
                    }
                    list.push(cut.bytes(record.body, decoded));
                }
                None if cut.name(record.body) == b"argc" && command.count.is_none() => {
                    command.count = number::parse_exact(cut.written(record.body));
                }
                _ => {}
            }
        }
        let lacks_arguments = command.lacks(list.ends.len() as u64);
        if !processes.is_empty() {
            process.argv.clone_from(list);
        }
        if list.ends.is_empty() {
            if let Some((record, cut)) = of(RecordType::PROCTITLE, b"proctitle").next() {
                let title = cut.bytes(record.body, decoded);
                list.push_parts(title.strip_suffix(b"\0").unwrap_or(title), 0);
                line.push(",\"argv_from\":\"proctitle\"");
            }
        }
        line.list("argv", list);
        list.clear();
        if lacks_arguments {
            list.push(b"arguments");
        }
        if part.is_some() {
            list.push(b"records");
        }
        line.list("incomplete", list);
        list.clear();
        let directory = cwd.map(|(record, cut)| cut.field(record.body).value);
        for (record, cut) in of(RecordType::PATH, b"name").filter(|(_, cut)| cut.is_hex || cut.is_quoted) {
            text.clear();
            interpreter.path(cut.field(record.body), directory, RecordContext::nothing(), text);
            list.push(text);
        }
        line.list("paths", list);
        text.clear();
        if let Some((record, cut)) = of(RecordType::SOCKADDR, b"saddr").next() {
            interpreter.value_in(Kind::Sockaddr, cut.field(record.body), RecordContext::nothing(), text);
            push_address(text, line);
        } else if let Some((record, cut)) = in_records(None).find(|(record, cut)| cut.name(record.body) == b"addr") {
            if !matches!(cut.written(record.body), b"" | b"?") {
                line.bytes("addr", cut.written(record.body));
            }
        }
    }

    fn push_record(&mut self, index: usize, record: &Record<'_>, line: &mut Line) {
        let Json { cuts, parts, text, decoded, list, members: [members, inner], .. } = self;
        let Some((fields, rest)) = parts.get(index) else { return };
        let (body, mut is_open) = (record.body, false);
        line.value(b"type", type_of(record));
        line.push(",\"fields\":{");
        text.clear();
        members.clear();
        inner.clear();
        for cut in cuts.get(fields.clone()).unwrap_or_default() {
            push_words(body.get(cut.words.clone()).unwrap_or_default(), text);
            let name = cut.name(body);
            if record.record_type == RecordType::EXECVE && argument(name).is_some() {
                continue;
            }
            let members = if is_open { &mut *inner } else { &mut *members };
            let renamed = match text_name(name).filter(|_| !cut.opens && cut.kind != Kind::Proctitle) {
                Some(other) => line.begin_own(members, body, other),
                None => line.begin(members, body, &cut.name, cut.name_hash),
            };
            let name = renamed.as_deref().unwrap_or(name);
            if cut.opens {
                is_open = true;
                line.push("{");
            } else if cut.kind == Kind::Proctitle {
                list.clear();
                list.push_parts(cut.bytes(body, decoded), 0);
                line.elements(name, list);
            } else if cut.is_hex {
                line.value(name, cut.bytes(body, decoded));
            } else {
                line.value_in(name, body, cut.value.clone());
            }
        }
        if is_open {
            line.push("}");
        }
        push_words(body.get(rest.clone()).unwrap_or_default(), text);
        if !text.is_empty() {
            let renamed = line.begin_own(members, body, b"text");
            line.value(renamed.as_deref().unwrap_or_default(), text);
        }
        line.push("}");
        if let Some(names) = record.enriched {
            line.push(",\"names\":{");
            members.clear();
            for (name, value, name_hash) in words(names) {
                let renamed = line.begin(members, names, &name, name_hash);
                let value = names.get(value).unwrap_or_default();
                let value = if let [b'"', value @ .., b'"'] = value { value } else { value };
                line.value(renamed.as_deref().unwrap_or(names.get(name).unwrap_or_default()), value);
            }
            line.push("}");
        }
        if self.with_raw {
            line.bytes("raw", record.as_written());
        }
    }
}

/// The fields before `msg='...'`: those that the kernel or the daemon wrote.
fn outside(cuts: &[Cut]) -> &[Cut] {
    let end = cuts.iter().position(|cut| cut.opens).unwrap_or(cuts.len());
    cuts.get(..end).unwrap_or_default()
}

/// The type as the log has it named, or else as it was written.
fn type_of<'a>(record: &Record<'a>) -> &'a [u8] {
    record.type_name().map_or(record.type_text, str::as_bytes)
}

/// What a text is called whose own name is that of an object or a list, with or without a number.
fn text_name(name: &[u8]) -> Option<&'static [u8]> {
    let is = |other: &[u8]| name.get(..other.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(other));
    let rest = |other: &[u8]| name.get(other.len()..).unwrap_or_default();
    let numbered = |rest: &[u8]| rest.iter().all(|byte| *byte == b'_' || byte.is_ascii_digit());
    match name.len() {
        3 if is(b"msg") => Some(b"msg_text"),
        9.. if is(b"proctitle") && numbered(rest(b"proctitle")) => Some(b"proctitle_text"),
        _ => None,
    }
}

/// Adds words that belong to no field, a space between them.
fn push_words(words: &[u8], text: &mut Vec<u8>) {
    let words = words.trim_ascii();
    if !matches!(words, b"" | b"'") {
        if !text.is_empty() {
            text.push(b' ');
        }
        text.extend_from_slice(words);
    }
}

/// What a field of an EXECVE record is of an argument.
#[derive(Clone, Copy, PartialEq)]
enum Argument {
    /// All of it, or the part of this number.
    Part(u64),
    /// How long one is that comes in parts.
    Length,
}

/// `a0`, `a1[0]`, `a1[1]`, `a1_len`: the argument's number, and what of it.
fn argument(name: &[u8]) -> Option<(u64, Argument)> {
    let rest = name.strip_prefix(b"a")?;
    let (digits, rest) = rest.split_at(rest.iter().take_while(|byte| byte.is_ascii_digit()).count());
    let part = match rest {
        b"" => Argument::Part(0),
        b"_len" => Argument::Length,
        [b'[', part @ .., b']'] => Argument::Part(number::parse_exact(part)?),
        _ => return None,
    };
    Some((number::parse_exact(digits)?, part))
}

/// Whether a command line is whole.
#[derive(Default)]
struct CommandLine {
    /// Its `argc`.
    count: Option<u64>,
    /// Of the last argument that comes in parts: its number, and the next part.
    last: Option<(u64, u64)>,
    is_wrong: bool,
}

impl CommandLine {
    /// Takes a field of an argument, after `count` arguments; says whether it goes on with the last one.
    fn take(&mut self, number: u64, part: u64, count: u64) -> bool {
        let goes_on = part > 0 && self.last == Some((number, part));
        self.last = Some((number, part.saturating_add(1)));
        self.is_wrong |= !goes_on && (number != count || part > 0);
        goes_on
    }

    fn lacks(&self, count: u64) -> bool {
        self.is_wrong || self.count.is_some_and(|argc| argc != count)
    }
}

/// The number that is written, if every reader of JSON can hold it.
fn exact(value: &[u8]) -> Option<i64> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    let size = number::parse_exact(digits).filter(|size| *size < EXACT)? as i64;
    Some(if digits.len() < value.len() { -size } else { size })
}

/// Appends `2026-11-26T15:04:05.123Z`.
fn push_time(date: &Date, milli: u16, out: &mut Vec<u8>) {
    number::push_wide(out, date.year as u64, 4);
    for (before, part) in
        [(b'-', date.month), (b'-', date.day), (b'T', date.hour), (b':', date.minute), (b':', date.second)]
    {
        out.extend([before, b'0' + part / 10, b'0' + part % 10]);
    }
    out.push(b'.');
    number::push_wide(out, milli.into(), 3);
    out.push(b'Z');
}

/// The columns of a socket address in words.
fn push_address(words: &[u8], line: &mut Line) {
    let part = |name: &[u8], end: &[u8]| {
        let rest = text::after(words, name)?;
        rest.get(..memchr::memmem::rfind(rest, end).filter(|_| end.len() > 1).or_else(|| memchr::memchr(b' ', rest))?)
    };
    if words.starts_with(b"{ saddr_fam=local ") {
        part(b" path=", b" }").inspect(|path| line.bytes("sock", path));
    } else if let Some(address) = part(b" laddr=", b" ") {
        line.bytes("addr", address);
        let port = part(b" lport=", b" ").and_then(number::parse_exact);
        port.inspect(|port| line.number("port", *port));
    }
}

/// The members that an object has so far, so that no two are called the same.
#[derive(Default)]
struct Members {
    /// A bit for each name, by its hash.
    seen: u64,
    names: Vec<(u32, Range<usize>)>,
    /// Once a name was to be changed: all names in lower case, and what was last put after each.
    all: BTreeMap<Vec<u8>, u64>,
}

/// How many names are compared one by one.
const FEW: usize = 64;

impl Members {
    fn clear(&mut self) {
        self.seen = 0;
        self.names.clear();
        self.all.clear();
    }

    /// Takes note of a name, a part of `text`, of which all names of the object are. Gives back what to call the member if
    /// that is not the name itself.
    fn rename(&mut self, text: &[u8], place: &Range<usize>, name_hash: u32) -> Option<Vec<u8>> {
        let name = text.get(place.clone()).unwrap_or_default();
        let bit = 1 << (name_hash >> 26);
        let is_plain = self.all.is_empty()
            && (self.seen & bit == 0 || !self.names.iter().any(|(other, _)| *other == name_hash))
            && self.names.len() < FEW
            && name.is_ascii()
            && memchr::memchr(0, name).is_none()
            && !is_hex_name(name);
        let renamed = if is_plain { None } else { Some(self.rename_checked(text, name)) };
        self.seen |= bit;
        self.names.push((name_hash, place.clone()));
        renamed
    }

    fn is_empty(&self) -> bool {
        self.names.is_empty() && self.all.is_empty()
    }

    #[cold]
    fn rename_checked(&mut self, text: &[u8], name: &[u8]) -> Vec<u8> {
        let shown = |name: &[u8]| String::from_utf8_lossy(name).replace('\0', "\u{fffd}").into_bytes();
        let lower = |name: &[u8]| name.to_ascii_lowercase();
        if self.all.is_empty() {
            let names = self.names.iter().map(|(_, place)| (lower(text.get(place.clone()).unwrap_or_default()), 1));
            self.all.extend(names);
        }
        let name = shown(name);
        let key = lower(&name);
        if !is_hex_name(&name) && !self.all.contains_key(&key) {
            self.all.insert(key, 1);
            return name;
        }
        loop {
            let count = self.all.entry(key.clone()).or_insert(1);
            *count += 1;
            let mut other = name.clone();
            other.push(b'_');
            number::push(&mut other, *count);
            let taken = self.all.entry(lower(&other)).or_insert(0);
            if *taken == 0 {
                *taken = 1;
                return other;
            }
        }
    }
}

/// Such names are our own.
fn is_hex_name(name: &[u8]) -> bool {
    name.last_chunk::<4>().is_some_and(|end| end.eq_ignore_ascii_case(b"_hex"))
}

/// A line that is being written.
struct Line<'o> {
    buffer: LineBuffer<'o>,
}

impl Line<'_> {
    fn push(&mut self, text: &str) {
        self.buffer.push(text.as_bytes());
    }

    /// Writes a few bytes of our own.
    #[inline(always)]
    fn push_few<const LEN: usize>(&mut self, text: &[u8; LEN]) {
        let mut chunk = [0; CHUNK];
        chunk.iter_mut().zip(text).for_each(|(place, byte)| *place = *byte);
        self.buffer.push_chunk(&chunk, LEN);
    }

    /// Begins a member of an object that has another one already.
    fn name(&mut self, name: &str) {
        self.push(",\"");
        self.push(name);
        self.push("\":");
    }

    fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        number::push(self.buffer.out(), value);
    }

    /// A member of bytes.
    fn bytes(&mut self, name: &str, value: &[u8]) {
        self.name(name);
        self.value(name.as_bytes(), value);
    }

    /// The same of what stands in `text`, unless that is empty; empties it.
    fn take(&mut self, name: &str, text: &mut Vec<u8>) {
        if !text.is_empty() {
            self.bytes(name, text);
            text.clear();
        }
    }

    /// A member that is a list, unless that is empty.
    fn list(&mut self, name: &str, list: &List) {
        if !list.ends.is_empty() {
            self.name(name);
            self.elements(name.as_bytes(), list);
        }
    }

    /// Begins a member that may be the first of its object, and whose name is a part of `text`. Gives back its name if that had
    /// to be changed.
    fn begin(&mut self, members: &mut Members, text: &[u8], name: &Range<usize>, name_hash: u32) -> Option<Vec<u8>> {
        match members.is_empty() {
            true => self.push_few(b"\""),
            false => self.push_few(b",\""),
        }
        let renamed = members.rename(text, name, name_hash);
        match &renamed {
            Some(name) => _ = self.inside(name, 0, name.len()),
            None => _ = self.inside(text, name.start, name.end),
        }
        self.push_few(b"\":");
        renamed
    }

    /// The same with a name of our own.
    fn begin_own(&mut self, members: &mut Members, text: &[u8], name: &[u8]) -> Option<Vec<u8>> {
        self.push(if members.is_empty() { "\"" } else { ",\"" });
        let name = members.rename_checked(text, name);
        self.inside(&name, 0, name.len());
        self.push("\":");
        Some(name)
    }

    /// The value of the member `name`, and a member for what its text does not say.
    fn value(&mut self, name: &[u8], value: &[u8]) {
        self.value_in(name, value, 0..value.len());
    }

    /// The same for a value that is part of a text.
    fn value_in(&mut self, name: &[u8], text: &[u8], place: Range<usize>) {
        self.push_few(b"\"");
        let is_plain = self.inside(text, place.start, place.end);
        self.push_few(b"\"");
        let value = text.get(place).unwrap_or_default();
        if !is_plain && has_more(value) {
            self.hex_name(name);
            self.hex(value);
        }
    }

    fn hex_name(&mut self, name: &[u8]) {
        self.push(",\"");
        self.inside(name, 0, name.len());
        self.push("_hex\":");
    }

    fn hex(&mut self, value: &[u8]) {
        let out = self.buffer.out();
        out.push(b'"');
        hex::encode(value, out);
        out.push(b'"');
    }

    /// The elements of the member `name`, and a member for what their texts do not say.
    fn elements(&mut self, name: &[u8], list: &List) {
        let mut opening = "[";
        for text in list.iter() {
            self.push(opening);
            self.string(text);
            opening = ",";
        }
        self.push("]");
        if !list.iter().any(has_more) {
            return;
        }
        self.hex_name(name);
        opening = "[";
        for text in list.iter() {
            self.push(opening);
            match has_more(text) {
                true => self.hex(text),
                false => self.push("null"),
            }
            opening = ",";
        }
        self.push("]");
    }

    fn string(&mut self, text: &[u8]) {
        self.push("\"");
        self.inside(text, 0, text.len());
        self.push("\"");
    }

    /// What stands between the quotes of a string. Gives back whether it was ASCII without controls but for the byte before the names.
    fn inside(&mut self, text: &[u8], from: usize, to: usize) -> bool {
        let (all, mut at) = (text.get(..to).unwrap_or_default(), from);
        loop {
            let stop = text::find_byte(all, at, special).min(to);
            self.buffer.push_part(text, at, stop);
            match all.get(stop) {
                None => return true,
                Some(byte @ (b'"' | b'\\')) => self.buffer.push_two([b'\\', *byte]),
                Some(&ENRICHED) => self.push("\\u001D"),
                Some(_) => {
                    json::push_inside(self.buffer.out(), all.get(stop..).unwrap_or_default());
                    return false;
                }
            }
            at = stop + 1;
        }
    }
}

/// Marks the bytes that do not stand for themselves in a string, and those that are no ASCII.
#[inline(always)]
fn special(bytes: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let controls = bytes.wrapping_sub(ONES * 0x20) & !bytes;
    let others = text::byte_mask(bytes, b'"') | text::byte_mask(bytes, b'\\') | text::byte_mask(bytes, 0x7f);
    (controls | bytes) & (ONES << 7) | others
}

/// Whether a text does not say all of its bytes, or to some readers not.
fn has_more(value: &[u8]) -> bool {
    value.contains(&0) || str::from_utf8(value).is_err()
}

/// So many events are missing here.
pub fn push_lost(cause: &str, lost: u64, out: &mut Vec<u8>) {
    let mut line = Line { buffer: LineBuffer::new(Box::default(), out) };
    line.push("{\"v\":1,\"type\":\"GAP\"");
    line.bytes("cause", cause.as_bytes());
    line.number("lost", lost);
    line.push("}\n");
    line.buffer.finish();
}

/// What was not read: the lines of files that are no records, or a file that was left out.
pub fn push_gap(cause: &str, file: &Path, lines: Option<(u64, u64)>, out: &mut Vec<u8>) {
    let mut line = Line { buffer: LineBuffer::new(Box::default(), out) };
    line.push("{\"v\":1,\"type\":\"GAP\"");
    line.bytes("cause", cause.as_bytes());
    line.bytes("file", file.as_os_str().as_encoded_bytes());
    if let Some((lost, at)) = lines {
        line.number("lost", lost);
        line.number("at", at);
    }
    line.push("}\n");
    line.buffer.finish();
}
