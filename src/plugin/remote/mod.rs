//! audisp-remote(8): records to the auditd of another machine.
//!
//! [`Client`] decides; here are its socket, what protects it (`secured`), its programs, the state report and the configuration that is read again. Nothing
//! here waits but the loop of [`super::run`].

#[cfg(feature = "tls")]
mod secured;
#[cfg(not(feature = "tls"))]
#[path = "secured_absent.rs"]
mod secured;

use super::frame::{Frame, Frames};
use super::run::{Consumer, Notice};
use crate::config::remote::{self, Mode, Needs, Remote};
use crate::config::tls::Transport;
use crate::config::{Diagnostic, Level};
use crate::host::checks::ConfigChecker;
use crate::host::config_file::{self, GroupWriters, OpenPolicy};
use crate::host::logger::Logger;
use crate::host::names;
use crate::host::paths::RUN;
use crate::remote::client::Client;
use crate::remote::consequence::Effect;
use crate::remote::queue::Queue;
use crate::remote::resolver::Resolver;
use crate::sys::child::{self, Child};
use crate::sys::input::InputFile;
use crate::sys::poll::{Interest, PollSet};
use crate::sys::sockets::{self, SocketAddr};
use crate::sys::{clock, errno, error_reason, files};
use secured::Secured;
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Where the configuration is, unless another file is given.
pub const CONFIG: &str = "/etc/audit/audisp-remote.conf";

/// Helpers that may wait for one that has not ended: one for each kind of trouble.
const MOST_WAITING: usize = 9;

/// So much of what the collector says is read at a time; it says little.
const PIECE: usize = 8192;

/// Reads the configuration. The error is a sentence.
pub fn load(path: &Path, diagnostics: &mut Vec<Diagnostic>) -> Result<Remote, String> {
    let policy = OpenPolicy { follow_links: true, group_writers: GroupWriters::Any, called: "" };
    let (name, text) = (path.display().to_string(), config_file::read(path, policy, diagnostics)?.unwrap_or_default());
    let read = remote::parse(&text, &name, &ConfigChecker::open(), diagnostics);
    let checked = read.and_then(|config| match config.transport {
        Transport::Tls => match secured::check(&config) {
            Ok(()) => Ok(config),
            Err(reason) => Err(remote::refusal(&text, &name, "tls_psk_file", &reason)),
        },
        _ => Ok(config),
    });
    checked.map_err(|error| {
        diagnostics.push(Diagnostic { level: Level::Error, text: error.place(&name) });
        error.to_string()
    })
}

/// Whether the queue can be one. The error is what the start would say.
pub fn check_queue(config: &Remote) -> Result<(), String> {
    match config.mode {
        Mode::Immediate => Ok(()),
        Mode::Forward => Queue::check(Path::new(&config.queue_file)).map_err(|reason| no_queue(&reason)),
    }
}

fn no_queue(reason: &str) -> String {
    ["Error initializing audit record queue: ", reason].concat()
}

/// The plugin.
pub struct ToCollector {
    logger: Logger,
    client: Client,
    config: PathBuf,
    resolver: Resolver,
    addresses: Vec<SocketAddr>,
    /// The last answer came too late for the attempt that asked, and is for the next one.
    is_answered: bool,
    /// Which address is tried next, and how many may be tried before the attempt has failed.
    next: usize,
    left: usize,
    socket: Option<OwnedFd>,
    /// So many bytes of the input are in the queue, or about to be, and not read yet.
    looked_at: usize,
    /// What protects the connection, from the moment on at which the socket is connected.
    secured: Option<Box<Secured>>,
    /// The socket takes no more bytes now.
    is_blocked: bool,
    /// The last wait found it ready.
    is_ready: bool,
    programs: Programs,
    /// What its capabilities allow, as the first configuration asked for it.
    needs: Needs,
}

impl ToCollector {
    /// Opens the queue. `None` when that cannot be done; the reason was logged.
    pub fn open(config: Remote, path: &Path, mut logger: Logger) -> Option<ToCollector> {
        let queue = match config.mode {
            Mode::Immediate => Ok(Queue::memory(config.queue_depth as usize)),
            Mode::Forward => Queue::file(Path::new(&config.queue_file), config.queue_depth as u32, &mut |note| {
                logger.log(Level::Warning, note);
            }),
        };
        let opened = queue.and_then(|queue| Ok((queue, Resolver::new().map_err(|error| error_reason(&error))?)));
        match opened {
            Ok((queue, resolver)) => {
                let text = ["Audisp-remote started with queue_size: ", &queue.len().to_string()].concat();
                logger.log(Level::Notice, &text);
                Some(ToCollector {
                    logger,
                    needs: config.needs(),
                    client: Client::new(config, queue),
                    config: path.to_path_buf(),
                    resolver,
                    addresses: Vec::new(),
                    is_answered: false,
                    next: 0,
                    left: 0,
                    socket: None,
                    looked_at: 0,
                    secured: None,
                    is_blocked: false,
                    is_ready: false,
                    programs: Programs::default(),
                })
            }
            Err(reason) => {
                logger.log(Level::Error, &no_queue(&reason));
                None
            }
        }
    }

    /// Whether records are left in the queue.
    pub fn has_rest(&self) -> bool {
        !self.client.queue().is_empty()
    }

    fn execute(&mut self, effect: Effect, now: i64) {
        match effect {
            Effect::Log(level, text) => self.logger.log(level, &text),
            Effect::Connect if std::mem::take(&mut self.is_answered) => self.connect_to_any(now),
            Effect::Connect => self.resolver.ask(&self.client.config().server),
            Effect::Close => {
                // It may have been one of several addresses.
                self.next = self.next.wrapping_add(1);
                self.unsecure();
                let socket = self.socket.take().filter(|_| self.client.config().local_port.0 > 0);
                socket.into_iter().for_each(sockets::abort);
            }
            Effect::Run(helper, message) => self.programs.run(helper, message, &mut self.logger),
            Effect::Runlevel(level) => {
                self.programs.start(&["/sbin/init", level.encode_utf8(&mut [0; 4])], &mut self.logger);
            }
        }
    }

    /// Begins to connect to the next address, or one after it. The client learns when there is none.
    fn connect(&mut self, now: i64) {
        let (port, local_port) = (self.client.config().port as u16, self.client.config().local_port.0);
        let mut reason = String::new();
        while self.left > 0 && self.client.is_connecting() {
            self.left -= 1;
            let index = self.next.checked_rem(self.addresses.len()).unwrap_or(0);
            let Some(mut address) = self.addresses.get(index).copied() else { break };
            address.set_port(port);
            match sockets::connect(address, local_port) {
                Ok(socket) => {
                    (self.socket, self.is_ready, self.is_blocked) = (Some(socket), false, true);
                    return;
                }
                Err(error) => reason = error_reason(&error),
            }
            self.next = self.next.wrapping_add(1);
        }
        self.client.lost(now, &reason);
    }

    /// The collector's addresses are known, or not.
    fn resolved(&mut self, now: i64) {
        let Some(answer) = self.resolver.answer() else { return };
        let is_wanted = self.client.is_connecting() && self.socket.is_none();
        match answer {
            Ok(addresses) => self.addresses = addresses,
            // Those that were known before may do while the name server is away.
            Err(_) if !self.addresses.is_empty() => {}
            Err(reason) if is_wanted => return self.client.lost(now, &reason),
            Err(_) => return,
        }
        match is_wanted {
            true => self.connect_to_any(now),
            false => self.is_answered = true,
        }
    }

    fn connect_to_any(&mut self, now: i64) {
        self.left = self.addresses.len();
        self.connect(now);
    }

    /// The socket can be read, or the attempt to connect is over.
    fn serve(&mut self, now: i64) {
        let Some(socket) = &self.socket else { return };
        if self.is_in_use() {
            return self.read(now);
        }
        match sockets::connected(socket) {
            Ok(()) => {
                self.is_blocked = false;
                self.secure(now);
            }
            Err(error) => {
                self.socket = None;
                self.next = self.next.wrapping_add(1);
                match self.left {
                    0 => self.client.lost(now, &error_reason(&error)),
                    _ => self.connect(now),
                }
            }
        }
    }

    /// Whether the socket is connected: it is read from, and may be written to.
    fn is_in_use(&self) -> bool {
        self.client.is_connected() || self.secured.is_some()
    }

    /// The socket is connected. Where it is to be protected, the client learns of it when that is done.
    fn secure(&mut self, now: i64) {
        if self.client.config().transport != Transport::Tls {
            return self.client.connected(now);
        }
        match Secured::begin(self.client.config()) {
            Ok(secured) => self.secured = Some(Box::new(secured)),
            Err(reason) => self.client.lost(now, &reason),
        }
    }

    fn unsecure(&mut self) {
        if let Some(secured) = self.secured.take() {
            secured.end(self.socket.as_ref());
        }
    }

    /// Takes what has come through what protects the connection.
    fn read_secured(&mut self, piece: &[u8], now: i64) {
        let (Some(secured), Some(socket)) = (&mut self.secured, &self.socket) else { return };
        let mut plain = Vec::new();
        let mut result = secured.receive(piece, &mut plain);
        if result.is_ok() && secured.is_open() && !self.client.is_connected() {
            result = secured.announce(socket);
            if result.is_ok() {
                self.client.connected(now);
            }
        }
        if self.client.is_connected() && !plain.is_empty() {
            self.client.received(&plain, now);
        }
        if let Err(reason) = result {
            if self.client.is_connected() || self.client.is_connecting() {
                self.client.lost(now, &reason);
            }
        }
    }

    fn read(&mut self, now: i64) {
        let Some(socket) = &self.socket else { return };
        self.is_blocked = false;
        let mut piece = [0; PIECE];
        match sockets::receive(socket, &mut piece) {
            Ok(0) => self.client.lost(now, "the collector has closed it"),
            Ok(count) => {
                let piece = piece.get(..count).unwrap_or_default();
                match self.secured {
                    Some(_) => self.read_secured(piece, now),
                    None => self.client.received(piece, now),
                }
            }
            Err(error) if errno::of(&error) == errno::EAGAIN => {}
            Err(error) => self.client.lost(now, &error_reason(&error)),
        }
    }

    /// Writes what can be written now; whether anything was.
    fn write(&mut self, now: i64) -> bool {
        let mut has_written = false;
        while let Some(socket) = self.socket.as_ref().filter(|_| !self.is_blocked) {
            let pending = match &mut self.secured {
                Some(secured) => {
                    if secured.output().is_empty() && self.client.is_connected() {
                        secured.seal(self.client.output());
                        self.client.written(self.client.output().len(), now);
                    }
                    &secured.output()[..]
                }
                None if self.client.is_connected() => self.client.output(),
                None => &[],
            };
            if pending.is_empty() {
                break;
            }
            match sockets::send(socket, pending) {
                Ok(count) => {
                    match &mut self.secured {
                        Some(secured) => _ = secured.output().drain(..count),
                        None => self.client.written(count, now),
                    }
                    has_written = true;
                }
                Err(error) if errno::of(&error) == errno::EAGAIN => self.is_blocked = true,
                Err(error) => self.client.lost(now, &error_reason(&error)),
            }
        }
        has_written
    }

    fn reload(&mut self) {
        let mut diagnostics = Vec::new();
        let loaded = load(&self.config, &mut diagnostics);
        diagnostics.iter().for_each(|diagnostic| self.logger.log(diagnostic.level, &diagnostic.text));
        match loaded {
            Ok(config) => {
                let (had, needs) = (self.needs, config.needs());
                if needs.low_port && !had.low_port {
                    self.logger.log(Level::Warning, "a local_port below 1024 needs a restart of audisp-remote");
                }
                if needs.records && !had.records {
                    self.logger.log(Level::Warning, "transport = tls needs a restart of audisp-remote");
                }
                if needs.programs && !had.programs {
                    self.logger
                        .log(Level::Warning, "the actions exec, single and halt need a restart of audisp-remote");
                }
                self.addresses.clear();
                self.is_answered = false;
                self.resolver.forget();
                self.client.reload(config);
            }
            Err(reason) => {
                self.logger.log(Level::Error, &reason);
                self.logger.log(Level::Error, "The configuration is kept as it was");
            }
        }
    }

    /// COMPAT: the lines of the reference, and after them our own counts.
    fn report(&self) -> Vec<u8> {
        let yes = |is: bool| if is { "yes" } else { "no" }.to_string();
        let (client, counts) = (&self.client, self.client.counts());
        let mut text = b"current_time = ".to_vec();
        names::date(clock::now().seconds).push(&mut text);
        for (name, value) in [
            ("suspend", yes(client.is_suspended())),
            ("remote_ended", yes(!client.is_connected())),
            ("transport_ok", yes(client.is_connected())),
            ("queue_length", client.queue().len().to_string()),
            ("max_queued_length", client.queue().deepest().to_string()),
            ("queue_depth", client.queue().depth().to_string()),
            ("records_delivered", counts.delivered.to_string()),
            ("records_repeated", counts.repeated.to_string()),
            ("records_dropped", counts.dropped.to_string()),
        ] {
            text.extend_from_slice(["\n", name, " = ", &value].concat().as_bytes());
        }
        text.push(b'\n');
        text
    }
}

/// Where the report goes: `remote.state`, and for another configuration than the usual one a name made of its path,
/// in which `:` stands for `/`.
fn state_file(config: &Path) -> PathBuf {
    let mut name = "remote".to_string();
    if config != Path::new(CONFIG) {
        name.extend([":", &config.to_string_lossy().trim_start_matches('/').replace('/', ":")]);
    }
    name.push_str(".state");
    Path::new(RUN).join(name)
}

/// The programs that actions start: what changes the runlevel at once, helpers one after the other.
#[derive(Default)]
struct Programs {
    running: Vec<Child>,
    helper: Option<Child>,
    /// Helpers and their messages.
    waiting: VecDeque<[String; 2]>,
}

impl Programs {
    /// Runs a helper, now or when those before it have ended. The client asks once for a trouble; a collector that has one trouble
    /// after the other asks for no more than these.
    fn run(&mut self, helper: String, message: String, logger: &mut Logger) {
        if self.waiting.len() == MOST_WAITING {
            logger.log(Level::Alert, &["audisp-remote does not exec ", &helper, ": others have not ended"].concat());
            return;
        }
        self.waiting.push_back([helper, message]);
        self.go_on(logger);
    }

    /// Starts the next helper, unless one is running.
    fn go_on(&mut self, logger: &mut Logger) {
        while self.helper.is_none() {
            let Some(words) = self.waiting.pop_front() else { return };
            self.helper = spawn(&words.each_ref().map(String::as_str), logger);
        }
    }

    fn start(&mut self, words: &[&str], logger: &mut Logger) {
        self.running.extend(spawn(words, logger));
    }

    /// One has ended.
    fn reap(&mut self, logger: &mut Logger) {
        self.running.retain(|program| program.result().is_none());
        self.helper = self.helper.take().filter(|helper| helper.result().is_none());
        self.go_on(logger);
    }
}

/// Starts a program. It must not read our records.
fn spawn(words: &[&str], logger: &mut Logger) -> Option<Child> {
    let started = child::holding(b"").and_then(|nothing| Child::start(words, Some(&nothing), None));
    started
        .map_err(|error| {
            let (program, reason) = (words.first().unwrap_or(&""), error_reason(&error));
            logger.log(Level::Alert, &["audisp-remote failed to exec ", program, " (", &reason, ")"].concat());
        })
        .ok()
}

impl Consumer for ToCollector {
    fn log(&mut self, level: Level, text: &str) {
        self.logger.log(level, text);
    }

    fn record(&mut self, frame: &Frame<'_>, _: i64) {
        let mut line = Vec::new();
        frame.push_line(&mut line);
        self.client.take(&line);
    }

    fn tick(&mut self, now: i64) -> Option<i64> {
        self.resolved(now);
        if std::mem::take(&mut self.is_ready) {
            self.serve(now);
        }
        loop {
            let due = self.client.tick(now);
            let effects = self.client.take_effects();
            let is_quiet = effects.is_empty();
            effects.into_iter().for_each(|effect| self.execute(effect, now));
            self.resolved(now);
            if !self.write(now) && is_quiet {
                return due;
            }
        }
    }

    fn notice(&mut self, notice: Notice) {
        match notice {
            Notice::Reload => self.reload(),
            Notice::Resume => self.client.resume(),
            Notice::Report => {
                let path = state_file(&self.config);
                if let Err(error) = files::replace(&path, &self.report(), 0o640) {
                    let (path, reason) = (path.display().to_string(), error_reason(&error));
                    self.logger.log(Level::Error, &["Cannot write ", &path, " (", &reason, ")"].concat());
                }
            }
            Notice::ChildEnded => self.programs.reap(&mut self.logger),
            Notice::Terminate => {}
        }
    }

    fn is_full(&self) -> bool {
        self.client.room() == Some(0)
    }

    /// Looks at no more than has room. It stays in the input until its records are written: what was read and is not in the queue would
    /// be lost by a kill.
    fn read(&mut self, input: &InputFile, frames: &Frames, piece: &mut [u8]) -> io::Result<usize> {
        let Ok(there) = input.peek(piece) else { return input.read(piece) };
        let most = self.client.room().unwrap_or(usize::MAX);
        self.looked_at = frames.length_of(most, piece.get(..there).unwrap_or_default());
        Ok(self.looked_at)
    }

    /// The records are written and not counted yet. Between the two steps of this a kill loses them; the other way round it would
    /// have them sent twice without a mark.
    fn handed_on(&mut self, input: &InputFile, piece: &mut [u8]) -> io::Result<()> {
        while self.looked_at > 0 {
            match input.read(piece.get_mut(..self.looked_at).unwrap_or_default())? {
                0 => self.looked_at = 0,
                count => self.looked_at -= count,
            }
        }
        self.client.write_down();
        Ok(())
    }

    fn takes_rest(&mut self) -> bool {
        self.client.end();
        true
    }

    fn is_done(&self) -> bool {
        self.client.is_done()
    }

    fn has_failed(&self) -> bool {
        self.client.has_stopped()
    }

    fn watch(&self, set: &mut PollSet) {
        set.add(self.resolver.as_fd(), Interest::Read);
        if let Some(socket) = &self.socket {
            let interest = match (self.is_in_use(), self.is_blocked) {
                (false, _) => Interest::Write,
                (true, true) => Interest::ReadWrite,
                (true, false) => Interest::Read,
            };
            set.add(socket.as_fd(), interest);
        }
    }

    fn ready(&mut self, set: &PollSet, first: usize) {
        if set.is_ready(first) {
            self.resolver.drain();
        }
        // The time of what has come is known when the loop goes round.
        self.is_ready = set.is_ready(first + 1);
    }
}

impl Drop for ToCollector {
    fn drop(&mut self) {
        self.unsecure();
        let left = self.client.queue().len().to_string();
        let dropped = self.client.counts().dropped;
        let level = if dropped == 0 { Level::Notice } else { Level::Warning };
        let text = ["audisp-remote is exiting on stop request, queue_size: ", &left, ", records dropped: "];
        self.logger.log(level, &[text.concat(), dropped.to_string()].concat());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_leaves_the_input_when_it_is_written_and_counts_from_then_on() {
        let folder = crate::testing::path("remote-input");
        let queue_file = folder.join("remote.log");
        let counted = || files::read(&queue_file).unwrap().get(31).copied();
        let mut config = Remote::default();
        (config.mode, config.queue_depth) = (Mode::Forward, 8);
        config.queue_file = queue_file.display().to_string();
        let mut plugin = ToCollector::open(config, Path::new(CONFIG), Logger::console(Box::new(|_| ()))).unwrap();
        let plugin: &mut dyn Consumer = &mut plugin;
        let (read, mut write) = crate::sys::process::pipe().unwrap();
        let (input, mut frames, mut piece) = (InputFile::from(OwnedFd::from(read)), Frames::default(), [0; 100]);
        io::Write::write_all(&mut write, b"type=CWD one\ntype=CWD two\ntype=C").unwrap();
        let count = plugin.read(&input, &frames, &mut piece).unwrap();
        frames.feed(&piece[..count]);
        while let Some(frame) = frames.next_frame() {
            plugin.record(&frame.unwrap(), 0);
        }
        assert_eq!((count, input.peek(&mut piece).unwrap(), counted()), (26, 32, Some(0)));
        plugin.handed_on(&input, &mut piece).unwrap();
        assert_eq!((input.peek(&mut piece).unwrap(), counted()), (6, Some(2)));
        files::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_state_file_is_named_by_its_configuration() {
        for (config, name) in [
            (CONFIG, "remote.state"),
            ("/etc/audit/remote.conf", "remote:etc:audit:remote.conf.state"),
            ("/etc/second/audisp-remote.conf", "remote:etc:second:audisp-remote.conf.state"),
            ("audisp-remote.conf", "remote:audisp-remote.conf.state"),
        ] {
            assert_eq!(state_file(Path::new(config)), Path::new("/run/audit").join(name));
        }
    }
}
