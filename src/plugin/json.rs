//! audisp-json(8): events as JSON or in another view, live, to standard output, the clients of a Unix socket, or a file.
//!
//! Nothing waits for a client of the socket: each has a queue of its own, and what has no room in it is counted, and told to
//! that client as a GAP object when there is room again. Standard output is waited for, and the daemon counts what it cannot
//! keep meanwhile. The file is moved away by its size, by renaming, so whoever follows it misses nothing.

use super::frame::Frame;
use super::gather::Gatherer;
use super::queue::Queue;
use super::run::{Consumer, Notice};
use crate::config::Level;
use crate::config::auditd::LogNames;
use crate::event::Event;
use crate::host::logger::Logger;
use crate::host::names::{self, Host};
use crate::interpret::Interpreter;
use crate::log::rotation::{self, Keep};
use crate::record::{Record, RecordType};
use crate::render::Renderer;
use crate::render::json::{Json, push_lost};
use crate::render::view::View;
use crate::sys::poll::{Interest, PollSet};
use crate::sys::streams::Stream;
use crate::sys::{clock, errno, error_reason, files, process, sockets};
use crate::text::Escape;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Seconds after which an event without an end is complete.
const TIMEOUT: u64 = 2;

/// How many clients the socket serves at a time.
const MOST_CLIENTS: usize = 16;

/// How many processes are remembered, for what a parent is.
const PROCESSES: usize = 1024;

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
        while let Some(option) = words.next() {
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
                "--mode" => number(8).map(|mode| options.mode = mode as u32 & 0o777),
                "--max-size" => number(10).map(|mebibytes| options.max_size = mebibytes << 20),
                "--keep" => number(10).map(|keep| options.keep = keep),
                "--depth" => number(10).map(|depth| options.depth = depth as usize),
                "--key" => {
                    options.keys.push(value.to_owned());
                    Some(())
                }
                "--type" => {
                    let named = RecordType::parse(value.as_bytes());
                    Some(named)
                        .filter(|named| *named != RecordType::UNRECOGNISED)
                        .map(|named| options.types.push(named))
                }
                _ => None,
            };
            done.ok_or_else(|| [option, " ", value, " makes no sense"].concat())?;
        }
        match (&options.socket, &options.file) {
            (Some(_), Some(_)) => Err("--socket and --file exclude each other".to_owned()),
            _ => Ok(options),
        }
    }
}

/// The plugin.
pub struct ToJson<'h> {
    logger: Logger,
    options: Options,
    gatherer: Gatherer,
    json: Json<'h>,
    object: Vec<u8>,
    text: Vec<u8>,
    sink: Sink,
    has_failed: bool,
}

/// Where events go.
enum Sink {
    Output,
    Socket { listener: OwnedFd, clients: Vec<Client> },
    File { file: files::File, size: u64 },
}

struct Client {
    socket: OwnedFd,
    queue: Queue,
    is_blocked: bool,
    has_left: bool,
    /// Events that had no room in the queue since it had.
    lost: u64,
}

impl<'h> ToJson<'h> {
    /// Opens what is written to. What is wrong was logged.
    pub fn new(options: Options, host: &'h Host, mut logger: Logger) -> Option<ToJson<'h>> {
        let sink = match (&options.socket, &options.file) {
            (Some(path), _) => {
                process::add_umask(0o027);
                sockets::listen(path, options.mode).map(|listener| Sink::Socket { listener, clients: Vec::new() })
            }
            (None, Some(path)) => open(path, options.mode),
            (None, None) => Ok(Sink::Output),
        };
        match sink {
            Ok(sink) => {
                let interpreter = Interpreter::new(host, names::machine(), Escape::Raw);
                let with_raw = options.raw || options.view == View::Laurel;
                let json = Json::new(interpreter, with_raw).with_parents(PROCESSES);
                let (object, text, has_failed) = (Vec::new(), Vec::new(), false);
                let gatherer = Gatherer::new(TIMEOUT);
                Some(ToJson { logger, options, gatherer, json, object, text, sink, has_failed })
            }
            Err(error) => {
                let path = options.socket.or(options.file).unwrap_or_default();
                logger.log(Level::Error, &format!("cannot open {} ({})", path.display(), error_reason(&error)));
                None
            }
        }
    }

    fn event(&mut self, event: &Event) {
        let Options { keys, types, view, .. } = &self.options;
        let has_key = || event.keys().iter().any(|key| keys.iter().any(|wanted| wanted.as_bytes() == key.as_slice()));
        let has_type = || event.record_types().any(|record_type| types.contains(&record_type));
        let is_wanted = (keys.is_empty() || has_key()) && (types.is_empty() || has_type());
        if !is_wanted && event.record_types().all(|record_type| record_type != RecordType::EXECVE) {
            return;
        }
        self.object.clear();
        self.json.event(event, &mut self.object, &mut Vec::new());
        if !is_wanted {
            // It was rendered for what it says of a process.
            return;
        }
        self.text.clear();
        view.push(&self.object, &mut self.text);
        if let Err(error) = self.sink.write(&self.text, &self.options) {
            self.logger.log(Level::Error, &["cannot write events: ", &error_reason(&error)].concat());
            self.has_failed = true;
        }
    }
}

fn open(path: &Path, mode: u32) -> io::Result<Sink> {
    let mut file = files::open_append(path, mode)?;
    let size = file.metadata()?.len();
    if size > 0 {
        // Whoever wrote it may have been stopped within a line; an empty line more hurts nobody.
        file.write_all(b"\n")?;
    }
    Ok(Sink::File { file, size })
}

impl Sink {
    fn write(&mut self, text: &[u8], options: &Options) -> io::Result<()> {
        match self {
            Sink::Output => Stream::Output.write(text),
            Sink::File { file, size } => {
                if *size > 0 && *size + text.len() as u64 > options.max_size {
                    let path = options.file.as_deref().unwrap_or(Path::new(""));
                    let now = clock::local(clock::now().seconds);
                    rotation::move_away(path, LogNames::Numbers, Keep::Logs(options.keep), &now)
                        .map_err(|error| error.error)?;
                    *self = open(path, options.mode)?;
                    return self.write(text, options);
                }
                *size += text.len() as u64;
                file.write_all(text)
            }
            Sink::Socket { clients, .. } => {
                clients.iter_mut().for_each(|client| client.take(text, options.depth));
                Ok(())
            }
        }
    }
}

impl Client {
    fn take(&mut self, text: &[u8], depth: usize) {
        if self.queue.len() >= depth {
            self.write();
        }
        if self.queue.len() + usize::from(self.lost > 0) >= depth {
            self.lost += 1;
            return;
        }
        let lost = std::mem::take(&mut self.lost);
        if lost > 0 {
            self.queue.push(0, |out| push_lost("queue full", lost, out));
        }
        self.queue.push(0, |out| out.extend_from_slice(text));
    }

    /// Writes what can be written at once.
    fn write(&mut self) {
        while !self.queue.is_empty() && !self.has_left {
            match sockets::send(&self.socket, self.queue.pending()) {
                Ok(count) => self.queue.written(count),
                Err(error) if errno::of(&error) == errno::EAGAIN => {
                    self.is_blocked = true;
                    return;
                }
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
        let mut line = Vec::new();
        frame.push_line(&mut line);
        let event = Record::parse(&line).and_then(|record| self.gatherer.push(&record, now));
        event.iter().for_each(|event| self.event(event));
    }

    fn tick(&mut self, now: i64) -> Option<i64> {
        while let Some(event) = self.gatherer.overdue(now) {
            self.event(&event);
        }
        if let Sink::Socket { clients, .. } = &mut self.sink {
            clients.iter_mut().filter(|client| !client.is_blocked).for_each(Client::write);
            clients.retain(|client| !client.has_left);
        }
        self.gatherer.due()
    }

    fn end_of_input(&mut self) {
        while let Some(event) = self.gatherer.rest() {
            self.event(&event);
        }
    }

    fn notice(&mut self, notice: Notice) {
        let Some(path) = self.options.file.as_ref().filter(|_| notice == Notice::Reload) else { return };
        match open(path, self.options.mode) {
            Ok(sink) => self.sink = sink,
            Err(error) => {
                self.logger.log(Level::Error, &format!("cannot open {} ({})", path.display(), error_reason(&error)));
            }
        }
    }

    fn is_done(&self) -> bool {
        match &self.sink {
            Sink::Socket { clients, .. } => clients.iter().all(|client| client.queue.is_empty()),
            _ => true,
        }
    }

    fn has_failed(&self) -> bool {
        self.has_failed
    }

    fn watch(&self, set: &mut PollSet) {
        let Sink::Socket { listener, clients } = &self.sink else { return };
        set.add(listener.as_fd(), Interest::Read);
        for client in clients {
            set.add(client.socket.as_fd(), if client.is_blocked { Interest::Write } else { Interest::End });
        }
    }

    fn ready(&mut self, set: &PollSet, first: usize) {
        let Sink::Socket { listener, clients } = &mut self.sink else { return };
        for (index, client) in (first + 1..).zip(clients.iter_mut()) {
            client.has_left |= set.has_ended(index);
            client.is_blocked &= !set.is_ready(index);
        }
        clients.retain(|client| !client.has_left);
        while let Some(socket) = Some(&*listener).filter(|_| set.is_ready(first)).and_then(sockets::accept) {
            if clients.len() < MOST_CLIENTS {
                clients.push(Client { socket, queue: Queue::default(), is_blocked: false, has_left: false, lost: 0 });
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
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    fn options(words: &str) -> Result<Options, String> {
        Options::parse(words.split_whitespace())
    }

    #[test]
    fn words_say_what_goes_where() {
        let read =
            options("--view ecs --socket /run/x --mode 0600 --depth 9 --key a --key b --type LOGIN --raw").unwrap();
        assert_eq!((read.view, read.socket, read.mode, read.depth), (View::Ecs, Some("/run/x".into()), 0o600, 9));
        assert_eq!((read.keys.len(), read.types, read.raw), (2, vec![RecordType::LOGIN], true));
        assert_eq!(options("--view xml").unwrap_err(), "--view xml makes no sense");
        assert_eq!(options("--keep 0").unwrap_err(), "--keep 0 makes no sense");
        assert_eq!(options("--bogus").unwrap_err(), "--bogus needs a value, or is unknown");
        assert_eq!(options("--file /a --socket /b").unwrap_err(), "--socket and --file exclude each other");
    }

    fn plugin<'h>(host: &'h Host, words: &str) -> ToJson<'h> {
        ToJson::new(options(words).unwrap(), host, Logger::console(Box::new(|_| {}))).unwrap()
    }

    fn take(plugin: &mut ToJson, line: &str) {
        plugin.record(&Frame { version: 1, record_type: 0, text: line.as_bytes() }, 0);
        plugin.tick(0);
    }

    fn user(serial: u32, text: &str) -> String {
        format!("type=USER msg=audit(1700000000.000:{serial}): pid=1 {text}")
    }

    fn path(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("auditbox-json-{name}-{}", std::process::id()));
        let _ = files::remove_file(&path);
        path
    }

    fn connect(plugin: &mut ToJson, path: &Path) -> UnixStream {
        let client = UnixStream::connect(path).unwrap();
        let mut set = PollSet::default();
        plugin.watch(&mut set);
        set.wait(None);
        plugin.ready(&set, 0);
        client
    }

    #[test]
    fn every_client_gets_every_event_and_one_that_stalls_loses_its_own() {
        let (host, path) = (Host::open(), path("clients"));
        let mut plugin = plugin(&host, &format!("--socket {} --depth 3", path.display()));
        let (mut reads, stalls) = (connect(&mut plugin, &path), connect(&mut plugin, &path));
        reads.set_nonblocking(true).unwrap();
        let (mut got, text) = (Vec::new(), "x".repeat(4000));
        for serial in 0..2000 {
            take(&mut plugin, &user(serial, &text));
            let _ = reads.read_to_end(&mut got);
        }
        assert_eq!(got.iter().filter(|byte| **byte == b'\n').count(), 2000);
        let Sink::Socket { clients, .. } = &mut plugin.sink else { panic!("a socket") };
        let lost = clients[1].lost;
        assert!(lost > 100 && clients[1].queue.len() == 3 && clients[0].lost == 0);
        // It reads again, and hears of it.
        clients[1].is_blocked = false;
        let mut stalled = Vec::new();
        stalls.set_nonblocking(true).unwrap();
        for serial in 2000..2010 {
            let _ = (&stalls).read_to_end(&mut stalled);
            plugin.tick(0);
            let Sink::Socket { clients, .. } = &mut plugin.sink else { panic!("a socket") };
            clients[1].is_blocked = false;
            take(&mut plugin, &user(serial, "y"));
        }
        let _ = (&stalls).read_to_end(&mut stalled);
        let stalled = String::from_utf8(stalled).unwrap();
        let gap = format!("{{\"v\":1,\"type\":\"GAP\",\"cause\":\"queue full\",\"lost\":{lost}}}\n");
        assert!(stalled.contains(&gap) && stalled.ends_with("}\n"), "{gap}");
        drop(plugin);
        assert!(files::symlink_metadata(&path).is_err());
    }

    #[test]
    fn a_file_is_moved_away_by_its_size_and_begins_on_a_line_of_its_own() {
        let (host, path) = (Host::open(), path("file"));
        std::fs::write(&path, "{\"torn").unwrap();
        let mut plugin = plugin(&host, &format!("--file {} --max-size 1 --keep 3", path.display()));
        let text = "x".repeat(8000);
        for serial in 0..600 {
            take(&mut plugin, &user(serial, &text));
        }
        let names = [path.clone(), rotation::numbered(&path, 1), rotation::numbered(&path, 2)];
        let sizes = names.each_ref().map(|name| std::fs::metadata(name).unwrap().len());
        assert!(sizes.iter().all(|size| *size <= 1 << 20) && sizes[1] > 1_000_000, "{sizes:?}");
        assert!(files::symlink_metadata(rotation::numbered(&path, 3)).is_err());
        let text = std::fs::read_to_string(&names[0]).unwrap();
        assert!(text.lines().filter(|line| !line.is_empty()).all(|line| line.starts_with("{\"v\":1,")));
        names.iter().for_each(|name| drop(files::remove_file(name)));
    }

    #[test]
    fn keys_and_types_choose_events_and_a_parent_is_remembered_all_the_same() {
        let (host, path) = (Host::open(), path("chosen"));
        let mut plugin = plugin(&host, &format!("--file {} --key k", path.display()));
        let head = |name: &str, serial| format!("type={name} msg=audit(1700000000.000:{serial}): ");
        take(
            &mut plugin,
            &(head("SYSCALL", 1)
                + "arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=7 exe=\"/bin/sh\" key=\"other\""),
        );
        take(&mut plugin, &(head("EXECVE", 1) + "argc=2 a0=\"sh\" a1=\"-c\""));
        take(&mut plugin, &head("EOE", 1));
        take(
            &mut plugin,
            &(head("SYSCALL", 2)
                + "arch=c000003e syscall=257 success=yes exit=3 ppid=7 pid=8 exe=\"/bin/cat\" key=\"k\""),
        );
        take(&mut plugin, &head("EOE", 2));
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("\"parent\":{\"exe\":\"/bin/sh\",\"argv\":[\"sh\",\"-c\"]}"), "{text}");
        let _ = files::remove_file(&path);
    }
}
