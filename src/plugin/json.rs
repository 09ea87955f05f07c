//! audisp-json(8): events as JSON or in another view, live, to standard output, the clients of a Unix socket, or a file.
//!
//! `plugin/ring.rs` keeps what clients of the socket have yet to read, `plugin/object_file.rs` writes the file.
//!
//! Nothing waits for a client of the socket: one that does not keep up loses the oldest events, and a GAP object says how
//! many. Standard output, and a pipe in the place of the file, are waited for, without reading on, and the daemon counts what it cannot
//! keep meanwhile. What cannot be written for another reason, such as want of space, is tried again, and no more is kept for it than
//! for a client: what comes after that is lost, and a GAP object says how many.
//! Input that was no record is reported as a GAP in the stream.

use super::frame::Frame;
use super::gather::Gatherer;
use super::object_file::ObjectFile;
use super::queue::Queue;
use super::ring::{MOST_BYTES, Place, Ring};
use super::run::{Consumer, Notice};
use super::verdict::Verdicts;
use crate::config::Level;
use crate::event::{Event, TIMEOUT};
use crate::host::logger::Logger;
use crate::host::names::{self, Host};
use crate::interpret::Interpreter;
use crate::record::{self, Record, RecordType};
use crate::render::Renderer;
use crate::render::json::Json;
use crate::render::view::View;
use crate::sys::poll::{Interest, PollSet};
use crate::sys::streams::Stream;
use crate::sys::{errno, error_reason, files, process, sockets};
use crate::text::Escape;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// How many clients the socket serves at a time.
const MOST_CLIENTS: usize = 16;

/// How many processes are remembered, so that an event can say what its parent executes.
const PROCESSES: usize = 1024;

/// What is asked of an event, or holds of it, as [`Verdicts`] has it.
fn criteria(key: bool, record_type: bool) -> u8 {
    u8::from(key) | (u8::from(record_type) << 1)
}

/// What the words of its command line ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The form of an event.
    pub view: View,
    /// Each record has its line too.
    pub raw: bool,
    /// Listen here.
    pub socket: Option<PathBuf>,
    /// Write this file.
    pub file: Option<PathBuf>,
    /// Mode of the socket or file.
    pub mode: u32,
    /// Bytes after which the file is moved away.
    pub max_size: u64,
    /// How many files there are, the current one included.
    pub keep: u64,
    /// Events that wait for a client at most.
    pub depth: usize,
    /// One of these keys, if there are any.
    pub keys: Vec<String>,
    /// A record of one of these types, if there are any.
    pub types: Vec<RecordType>,
}

impl Options {
    /// Reads the words. The error is a sentence.
    pub fn parse<'w>(mut words: impl Iterator<Item = &'w str>) -> Result<Options, String> {
        let mut options = Options {
            view: View::Json,
            raw: false,
            socket: None,
            file: None,
            mode: 0o640,
            max_size: 8 << 20,
            keep: 5,
            depth: 4096,
            keys: Vec::new(),
            types: Vec::new(),
        };
        let mut given = Vec::new();
        while let Some(option) = words.next() {
            given.push(option);
            if option == "--raw" {
                options.raw = true;
                continue;
            }
            let value = words.next().ok_or_else(|| [option, " needs a value, or is unknown"].concat())?;
            let number = |radix| u64::from_str_radix(value, radix).ok().filter(|number| (1..1 << 32).contains(number));
            let done = match option {
                "--view" => View::named(value).map(|view| options.view = view),
                "--socket" => {
                    options.socket = Some(value.into());
                    Some(())
                }
                "--file" => {
                    options.file = Some(value.into());
                    Some(())
                }
                "--mode" => number(8).filter(|mode| *mode <= 0o777).map(|mode| options.mode = mode as u32),
                "--max-size" => number(10).map(|mebibytes| options.max_size = mebibytes << 20),
                "--keep" => number(10).map(|keep| options.keep = keep),
                "--depth" => number(10).map(|depth| options.depth = depth as usize),
                "--key" => {
                    options.keys.push(value.to_owned());
                    Some(())
                }
                "--type" => {
                    let named = RecordType::parse(value.as_bytes());
                    // The end of an event is in no object.
                    Some(named)
                        .filter(|named| ![RecordType::UNRECOGNISED, RecordType::EOE].contains(named))
                        .map(|named| options.types.push(named))
                }
                _ => None,
            };
            done.ok_or_else(|| [option, " ", value, " makes no sense"].concat())?;
        }
        options.agree(&given).map(|()| options)
    }

    /// Refuses what would change nothing.
    fn agree(&self, given: &[&str]) -> Result<(), String> {
        let (has_socket, has_file) = (self.socket.is_some(), self.file.is_some());
        if has_socket && has_file {
            return Err("--socket and --file exclude each other".to_owned());
        }
        let useless = [
            ("--raw", "--view json", self.view == View::Json),
            ("--max-size", "--file", has_file),
            ("--keep", "--file", has_file),
            ("--mode", "--file or --socket", has_file || has_socket),
        ]
        .into_iter()
        .find(|(word, _, has)| !has && given.contains(word));
        useless.map_or(Ok(()), |(word, wanted, _)| Err([word, " needs ", wanted].concat()))
    }

    fn open_file(&self, path: &Path) -> io::Result<ObjectFile> {
        ObjectFile::open(path, self.mode, self.max_size, self.keep)
    }
}

/// The plugin.
pub struct ToJson<'h> {
    logger: Logger,
    options: Options,
    gatherer: Gatherer,
    verdicts: Verdicts,
    json: Json<'h>,
    line: Vec<u8>,
    object: Vec<u8>,
    text: Vec<u8>,
    sink: Sink,
    /// What standard output or the file has yet to take.
    unwritten: Queue,
    /// When to try again, while it cannot be written.
    retry: Option<i64>,
    /// Events that came meanwhile and were not kept, since that was reported.
    lost: u64,
    /// Pieces of input that were no records, since that was reported.
    unreadable: u64,
    has_failed: bool,
}

/// Where events go.
enum Sink {
    Output,
    Socket { listener: OwnedFd, ring: Ring, clients: Vec<Client> },
    File(ObjectFile),
}

struct Client {
    socket: OwnedFd,
    place: Place,
    is_blocked: bool,
    has_left: bool,
}

/// Seconds until it is tried again to write what could not be written.
const PAUSE: i64 = 1;

impl<'h> ToJson<'h> {
    /// Opens what is written to. What is wrong was logged.
    pub fn new(options: Options, host: &'h Host, mut logger: Logger) -> Option<ToJson<'h>> {
        let sink = match (&options.socket, &options.file) {
            (Some(path), _) => {
                process::add_umask(0o027);
                sockets::listen(path, options.mode).map(|listener| Sink::Socket {
                    listener,
                    ring: Ring::new(options.view),
                    clients: Vec::new(),
                })
            }
            (None, Some(path)) => options.open_file(path).map(Sink::File),
            (None, None) => Ok(Sink::Output),
        };
        match sink {
            Ok(sink) => {
                let interpreter = Interpreter::new(host, names::machine(), Escape::Raw);
                let with_raw = options.raw || options.view == View::Laurel;
                let json = Json::new(interpreter, with_raw).with_parents(PROCESSES);
                Some(ToJson {
                    logger,
                    options,
                    gatherer: Gatherer::new(TIMEOUT),
                    verdicts: Verdicts::default(),
                    json,
                    line: Vec::new(),
                    object: Vec::new(),
                    text: Vec::new(),
                    sink,
                    unwritten: Queue::default(),
                    retry: None,
                    lost: 0,
                    unreadable: 0,
                    has_failed: false,
                })
            }
            Err(error) => {
                let path = options.socket.or(options.file).unwrap_or_default();
                logger.log(Level::Error, &format!("cannot open {} ({})", path.display(), error_reason(&error)));
                None
            }
        }
    }

    fn event(&mut self, event: Event) {
        let Options { keys, types, view, .. } = &self.options;
        let asked = criteria(!keys.is_empty(), !types.is_empty());
        if asked == 0 {
            return self.push_event(event);
        }
        let has_key = event.records().any(|record| record::has_key(record.body, keys));
        let has_type = event.record_types().any(|record_type| types.contains(&record_type));
        let holds = criteria(has_key, has_type);
        if holds & asked != asked && event.part().unwrap_or(0) == 0 && event.record_types().any(is_execve) {
            // For what it says of a process.
            self.object.clear();
            self.json.event(&event, &mut self.object, &mut Vec::new());
        }
        let wanted = self.verdicts.decide(&self.gatherer, event, holds, asked);
        if wanted.lost > 0 {
            self.text.clear();
            view.push_lost("before a match", wanted.lost, &mut self.text);
            self.push();
        }
        wanted.events.into_iter().for_each(|event| self.push_event(event));
    }

    /// Takes the form of an event to be written.
    fn push_event(&mut self, mut event: Event) {
        event.remove_end();
        // All else of it was written before, or the kernel kept it to itself.
        if event.is_empty() {
            return;
        }
        self.object.clear();
        self.json.event(&event, &mut self.object, &mut Vec::new());
        self.text.clear();
        self.options.view.push(&self.object, &mut self.text);
        self.push();
    }

    /// Takes the text at hand to be written.
    fn push(&mut self) {
        let Sink::Socket { ring, clients, .. } = &mut self.sink else { return self.keep() };
        if ring.is_full(self.options.depth) {
            clients.iter_mut().for_each(|client| client.write(ring));
        }
        ring.push(&self.text, self.options.depth, clients.iter_mut().map(|client| &mut client.place));
    }

    /// Keeps the text at hand for standard output or the file, unless too much waits for it.
    fn keep(&mut self) {
        let has_room = self.unwritten.len() < self.options.depth && self.unwritten.size() < MOST_BYTES;
        if self.retry.is_some() && !has_room {
            self.lost += 1;
            return;
        }
        self.keep_lost();
        self.unwritten.push(0, |out| out.extend_from_slice(&self.text));
    }

    /// Keeps an object that says how many events were not kept.
    fn keep_lost(&mut self) {
        if self.lost > 0 {
            let lost = std::mem::take(&mut self.lost);
            self.unwritten.push(0, |out| self.options.view.push_lost("not written", lost, out));
        }
    }

    /// Writes what can be written at once.
    fn write(&mut self, now: i64) {
        if self.retry.is_some_and(|at| now < at) {
            return;
        }
        let written = match &mut self.sink {
            Sink::Output => write_output(&mut self.unwritten),
            Sink::File(file) => file.write(&mut self.unwritten),
            Sink::Socket { ring, clients, .. } => {
                clients.iter_mut().for_each(|client| client.write(ring));
                clients.retain(|client| !client.has_left);
                ring.forget_read(clients.iter().map(|client| &client.place));
                Ok(())
            }
        };
        let was_failing = self.retry.take().is_some();
        let Err(error) = written else {
            if was_failing {
                self.logger.log(Level::Notice, "events are written again");
            }
            return;
        };
        let reason = error_reason(&error);
        let is_for_ever =
            matches!(self.sink, Sink::Output) && !matches!(errno::of(&error), errno::ENOSPC | errno::EDQUOT);
        if is_for_ever {
            self.has_failed = true;
            self.logger.log(Level::Error, &["cannot write events: ", &reason].concat());
            return;
        }
        self.retry = Some(now + PAUSE);
        if !was_failing {
            self.logger.log(Level::Error, &["cannot write events now, and tries again: ", &reason].concat());
        }
    }

    /// The end. Says how many events standard output or the file did not take, and whether that was none.
    pub fn finish(mut self) -> bool {
        self.end_of_input();
        let left = self.unwritten.clear().map_or(0, |left| left.count) + self.lost;
        if left > 0 {
            self.logger.log(Level::Error, &format!("{left} events were not written"));
        }
        left == 0
    }
}

fn is_execve(record_type: RecordType) -> bool {
    record_type == RecordType::EXECVE
}

fn write_output(unwritten: &mut Queue) -> io::Result<()> {
    while !unwritten.is_empty() {
        match Stream::Output.write_ready(unwritten.pending())? {
            0 => break,
            count => unwritten.written(count),
        }
    }
    Ok(())
}

impl Client {
    /// Writes what can be written at once.
    fn write(&mut self, ring: &Ring) {
        while !self.is_blocked && !self.has_left && !ring.has_all(&self.place) {
            match sockets::send(&self.socket, ring.pending(&mut self.place)) {
                Ok(count) => self.place.read(count),
                Err(error) if errno::of(&error) == errno::EAGAIN => self.is_blocked = true,
                Err(_) => self.has_left = true,
            }
        }
    }
}

impl Consumer for ToJson<'_> {
    fn log(&mut self, level: Level, text: &str) {
        self.logger.log(level, text);
    }

    fn record(&mut self, frame: &Frame<'_>, now: i64) {
        self.line.clear();
        frame.push_whole_line(&mut self.line);
        let Some(record) = Record::parse(&self.line) else {
            self.unreadable += u64::from(!self.line.trim_ascii().is_empty());
            return;
        };
        let event = self.gatherer.push(&record, now);
        event.into_iter().for_each(|event| self.event(event));
    }

    fn unusable(&mut self) {
        self.unreadable += 1;
    }

    fn heard(&mut self, now: i64) {
        while !self.is_full()
            && let Some(event) = self.gatherer.overdue(now)
        {
            self.event(event);
        }
    }

    fn tick(&mut self, now: i64) -> Option<i64> {
        loop {
            if self.unreadable > 0 {
                self.text.clear();
                self.options.view.push_lost("unreadable", std::mem::take(&mut self.unreadable), &mut self.text);
                self.push();
            }
            self.write(now);
            if self.lost > 0 && self.retry.is_none() {
                self.keep_lost();
                continue;
            }
            let due = self.gatherer.due().filter(|_| !self.is_full());
            return due.into_iter().chain(self.retry).min();
        }
    }

    fn end_of_input(&mut self) {
        while let Some(event) = self.gatherer.rest() {
            self.event(event);
        }
    }

    fn notice(&mut self, notice: Notice) {
        let Some(path) = self.options.file.as_ref().filter(|_| notice == Notice::Reload) else { return };
        match self.options.open_file(path) {
            Ok(file) => {
                if file.pipe().is_none() {
                    self.unwritten.rewind();
                }
                self.sink = Sink::File(file);
            }
            Err(error) => {
                self.logger.log(Level::Error, &format!("cannot open {} ({})", path.display(), error_reason(&error)));
            }
        }
    }

    fn is_full(&self) -> bool {
        self.retry.is_none() && !self.unwritten.is_empty()
    }

    fn is_done(&self) -> bool {
        self.unwritten.is_empty()
            && match &self.sink {
                Sink::Socket { ring, clients, .. } => clients.iter().all(|client| ring.has_all(&client.place)),
                _ => true,
            }
    }

    fn has_failed(&self) -> bool {
        self.has_failed
    }

    fn watch(&self, set: &mut PollSet) {
        match &self.sink {
            Sink::Socket { listener, clients, .. } => {
                set.add(listener.as_fd(), Interest::Read);
                for client in clients {
                    set.add(client.socket.as_fd(), if client.is_blocked { Interest::Write } else { Interest::End });
                }
            }
            _ if !self.is_full() => {}
            Sink::Output => set.add(Stream::Output.fd(), Interest::Write),
            Sink::File(file) => drop(file.pipe().map(|pipe| set.add(pipe, Interest::Write))),
        }
    }

    fn ready(&mut self, set: &PollSet, first: usize) {
        let Sink::Socket { listener, ring, clients } = &mut self.sink else { return };
        for (index, client) in (first + 1..).zip(clients.iter_mut()) {
            client.has_left |= set.has_ended(index);
            client.is_blocked &= !set.is_ready(index);
        }
        clients.retain(|client| !client.has_left);
        while let Some(socket) = Some(&*listener).filter(|_| set.is_ready(first)).and_then(sockets::accept) {
            if clients.len() < MOST_CLIENTS {
                clients.push(Client { socket, place: ring.place(), is_blocked: false, has_left: false });
            }
        }
    }
}

impl Drop for ToJson<'_> {
    fn drop(&mut self) {
        self.options.socket.as_ref().inspect(|path| drop(files::remove_file(path)));
    }
}

#[cfg(test)]
mod tests;
