//! `--format json`: an object and a line for each event, schema version 1.
//!
//! The members before `records` are columns: a fixed list, one type each, of which those that are not known are left out. They
//! are what is asked most often. `records` is the evidence: of each record the fields with their values as bytes, the names
//! that were looked up when it was written, and its line.
//!
//! No two members of an object are called the same, nor the same in letters of another case: many readers take one of them and
//! say nothing (`Members`). A value that is no UTF-8 or holds a NUL stands twice, as text and, under `NAME_hex`, in
//! hexadecimal; no field of a record is given out under such a name.

mod arguments;
mod gap;
mod line;
mod members;

pub use gap::{push_gap, push_lost};

use super::renderer::Renderer;
use crate::event::Event;
use crate::interpret::line_buffer::LineBuffer;
use crate::interpret::{Cut, Enriched, Interpreter, Kind, RecordContext, words};
use crate::normalize::{self, Normalized, ObjectKind, Words, normalize, pieces};
use crate::record::{self, Record, RecordType};
use crate::text::date::{Date, Dates, utc};
use crate::text::{self, number};
use arguments::{List, argument, command_line};
use line::Line;
use members::Members;
use std::collections::BTreeSet;
use std::ops::Range;

/// Renders events as JSON, and keeps what it needs for the next one.
pub struct Json<'h> {
    interpreter: Interpreter<'h>,
    /// Knows no names of this host.
    nameless: Interpreter<'static>,
    /// The object of the event at hand is called as this host calls it.
    looks_up: bool,
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
    /// Processes by their numbers and machines, each at a place that a later one takes from it.
    processes: Vec<Process>,
    /// How parents are told, if they are: a program that never asks for them is built without.
    push_parent: Option<PushParent<'h>>,
    /// The process of the event at hand, and its parent's number.
    process: Process,
    ppid: Option<u64>,
}

type PushParent<'h> = fn(&mut Json<'h>, &[u8], &mut Line);

/// What is known of a process.
#[derive(Default)]
struct Process {
    pid: Option<u64>,
    /// Its machine; empty where records name none.
    node: Vec<u8>,
    exe: Vec<u8>,
    argv: List,
}

/// Of a process with more bytes of arguments these are not remembered.
const LONGEST_ARGV: usize = 4096;

/// More bytes the columns `keys` and `paths` do not hold, each: made of a few fields of many records, they would multiply a log that
/// has been made for that.
const LONGEST_COLUMN: usize = 64 << 10;

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
        let records: Vec<_> = event.records().collect();
        for record in &records {
            let first = self.cuts.len();
            let rest = self.interpreter.cut(record, &mut self.cuts);
            self.parts.push((first..self.cuts.len(), rest));
        }
        let mut line = Line { buffer: LineBuffer::new(std::mem::take(&mut self.scratch), out) };
        line.push("{\"v\":1");
        self.push_id(event, &mut line);
        self.push_normalized(event, &mut line);
        self.push_actor(&records, &mut line);
        self.push_objects(&records, event.part().is_some(), &mut line);
        if let Some(push_parent) = self.push_parent {
            push_parent(self, event.node().unwrap_or_default(), &mut line);
        }
        line.push(",\"records\":[");
        for (index, record) in records.iter().enumerate() {
            line.push(if index == 0 { "{" } else { ",{" });
            if let Some(before) = event.part() {
                line.push("\"n\":");
                number::push(line.buffer.out(), before + index as u64 + 1);
                line.push(",");
            }
            line.push("\"type\":");
            self.push_record(index, record, &mut line);
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
            nameless: interpreter.nameless(),
            looks_up: false,
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
            push_parent: None,
            process: Process::default(),
            ppid: None,
        }
    }

    /// Remembers up to `most` processes and what they execute, and says so of the parents of others.
    #[must_use]
    pub fn with_parents(mut self, most: usize) -> Json<'h> {
        self.processes.resize_with(most, Process::default);
        self.push_parent = Some(Json::push_parent);
        self
    }

    /// What is known of the parent; remembers the process at hand, of the machine `node`.
    fn push_parent(&mut self, node: &[u8], line: &mut Line) {
        let Json { processes, process, ppid, .. } = self;
        let (count, of_node) = (processes.len() as u64, node.iter().map(|byte| u64::from(*byte)).sum::<u64>());
        let place = |pid: u64| (pid + of_node).checked_rem(count).unwrap_or(0) as usize;
        let is_parent = |parent: &&Process| parent.pid == *ppid && parent.node == node;
        if let Some(parent) = ppid.and_then(|ppid| processes.get(place(ppid))).filter(is_parent) {
            line.push(",\"parent\":{\"exe\":");
            line.value(b"exe", &parent.exe);
            line.list("argv", &parent.argv);
            line.push("}");
        }
        let Some(known) = process.pid.and_then(|pid| processes.get_mut(place(pid))) else { return };
        let is_other = known.pid != process.pid || known.node != node;
        let is_new = is_other || known.exe != process.exe || !process.argv.is_empty();
        if is_new && !process.exe.is_empty() {
            process.node.clear();
            process.node.extend_from_slice(node);
            std::mem::swap(known, process);
            if known.argv.size() > LONGEST_ARGV {
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
        self.looks_up = false;
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
                _ => {
                    words.push_object(primary, text);
                    if words.may_be_looked_up(primary) {
                        self.decoded.clear();
                        Words::new(&piece, &mut self.nameless).push_object(primary, &mut self.decoded);
                        self.looks_up = self.decoded != *text;
                    }
                }
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
    fn push_actor(&mut self, records: &[Record<'_>], line: &mut Line) {
        let is_call = |record: &Record| matches!(record.record_type, RecordType::SYSCALL | RecordType::URINGOP);
        let main = records.iter().position(is_call).unwrap_or(0);
        let Some((record, (fields, _))) = records.get(main).zip(self.parts.get(main)) else { return };
        let (body, mut found) = (record.body, [None; COLUMNS.len()]);
        let cuts = self.cuts.get(fields.clone()).unwrap_or_default();
        let own = outside(cuts).len();
        for (index, cut) in cuts.iter().enumerate() {
            let name = cut.name(body);
            if index >= own && !FROM_PROGRAMS.contains(&name) {
                continue;
            }
            let column = COLUMNS.iter().position(|column| column.len() == name.len() && column.as_bytes() == name);
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
        let (enriched, mut looks_up) = (Enriched::of(record), self.looks_up);
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
    fn push_objects(&mut self, records: &[Record<'_>], is_part: bool, line: &mut Line) {
        let Json { interpreter, nameless, cuts, parts, text, decoded, list, processes, process, .. } = self;
        let fields = EventFields { records, cuts, parts };
        let has_keys = push_keys(records, list, line);
        let cwd = fields.named(RecordType::CWD, b"cwd").next_back();
        if let Some((record, cut)) = cwd {
            line.bytes("cwd", cut.bytes(record.body, decoded));
        }
        let is_whole = command_line(&mut fields.of(Some(RecordType::EXECVE)), list, decoded);
        if !processes.is_empty() {
            process.argv.clone_from(list);
        }
        if list.is_empty() {
            if let Some((record, cut)) = fields.named(RecordType::PROCTITLE, b"proctitle").next() {
                let title = cut.bytes(record.body, decoded);
                list.push_parts(title.strip_suffix(b"\0").unwrap_or(title), 0);
                line.push(",\"argv_from\":\"proctitle\"");
            }
        }
        line.list("argv", list);
        list.clear();
        let directory = cwd.map(|(record, cut)| cut.field(record.body).value);
        let names = fields.named(RecordType::PATH, b"name").filter(|(_, cut)| cut.is_hex || cut.is_quoted);
        let has_paths = names.map(|(record, cut)| cut.field(record.body)).all(|name| {
            text.clear();
            interpreter.path(name, directory, RecordContext::nothing(), text);
            list.push_up_to(LONGEST_COLUMN, text)
        });
        line.list("paths", list);
        list.clear();
        let missing = [(!is_whole, "arguments"), (is_part, "records"), (!has_keys, "keys"), (!has_paths, "paths")];
        missing.iter().filter(|(is_missing, _)| *is_missing).for_each(|(_, name)| list.push(name.as_bytes()));
        line.list("incomplete", list);
        if let Some((record, cut)) = fields.named(RecordType::SOCKADDR, b"saddr").next() {
            text.clear();
            nameless.value_in(Kind::Sockaddr, cut.field(record.body), &RecordContext::names_of(&record), text);
            push_address(text, line);
        } else if let Some((record, cut)) = fields.of(None).find(|(record, cut)| cut.name(record.body) == b"addr") {
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
            if !cut.words.is_empty() {
                push_words(body.get(cut.words.clone()).unwrap_or_default(), text);
            }
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

/// The fields of an event's records.
struct EventFields<'e> {
    records: &'e [Record<'e>],
    cuts: &'e [Cut],
    /// Which of them are each record's.
    parts: &'e [(Range<usize>, Range<usize>)],
}

impl<'e> EventFields<'e> {
    /// Those of the records of a type, or of all.
    fn of(&self, record_type: Option<RecordType>) -> impl DoubleEndedIterator<Item = (Record<'e>, &'e Cut)> + use<'e> {
        let cuts = self.cuts;
        let fields = self.parts.iter().map(move |(fields, _)| cuts.get(fields.clone()).unwrap_or_default());
        let is_of = move |(record, _): &(Record, _)| record_type.is_none_or(|wanted| wanted == record.record_type);
        let records = self.records.iter().copied().zip(fields).filter(is_of);
        records.flat_map(|(record, fields)| fields.iter().map(move |cut| (record, cut)))
    }

    /// Those of one name.
    fn named(
        &self,
        record_type: RecordType,
        name: &'static [u8],
    ) -> impl DoubleEndedIterator<Item = (Record<'e>, &'e Cut)> + use<'e> {
        self.of(Some(record_type)).filter(move |(record, cut)| cut.name(record.body) == name)
    }
}

/// The keys of the rules, each once; gives back whether there was room for all.
fn push_keys(records: &[Record<'_>], list: &mut List, line: &mut Line) -> bool {
    let (mut has_all, mut seen) = (true, BTreeSet::new());
    list.clear();
    records.iter().for_each(|record| {
        record::each_key(record.body, &mut |key| {
            if !key.is_empty() && seen.insert(key.to_vec()) {
                has_all &= list.push_up_to(LONGEST_COLUMN, key);
            }
        });
    });
    line.list("keys", list);
    has_all
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
