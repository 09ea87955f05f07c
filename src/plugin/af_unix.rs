//! audisp-af_unix(8): records to the reader of a Unix socket.
//!
//! One client at a time, as in the reference: others are turned away, and records that come while there is none are passed over.
//! A client that stalls fills the plugin's own bounded queue; then its records are dropped and counted. What waits when a
//! client leaves is kept for the next one, which gets a record that was read in part from its first byte.

use super::frame::Frame;
use super::queue::Queue;
use super::run::{Consumer, Notice};
use crate::config::Level;
use crate::host::{logger::Logger, names};
use crate::sys::poll::{Interest, PollSet};
use crate::sys::{clock, errno, error_reason, error_text, files, process, sockets};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Where it listens, and where SIGUSR1 writes, unless told otherwise.
const PATH: &str = "/run/audit/audispd_events";
const STATE: &str = "/run/audit/af_unix.state";

/// As many records wait, unless told otherwise.
const DEPTH: usize = 512;

/// COMPAT: complaints in a row about a full queue end after this number.
const COMPLAINTS: u64 = 5;

/// In what form the client gets records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lines.
    Lines,
    /// Frames with a header.
    Binary,
}

/// What the words of its command line ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Mode of the socket.
    pub mode: u32,
    /// Where it listens.
    pub path: PathBuf,
    /// What the client gets.
    pub format: Format,
    /// How many records wait at most.
    pub depth: usize,
}

impl Options {
    /// Reads the words, which may come in any order. What is not said stays as it is by default, and so does what a wrong word was to
    /// change, which is logged.
    pub fn parse<'w>(words: impl Iterator<Item = &'w str>, log: &mut dyn FnMut(Level, &str)) -> Options {
        let mut options = Options { mode: 0o640, path: PATH.into(), format: Format::Lines, depth: DEPTH };
        // COMPAT: the first number is the mode, all others the depth of the queue.
        let mut radix = 8;
        for word in words {
            if word.starts_with(|first: char| first.is_ascii_digit()) {
                match u32::from_str_radix(word, radix) {
                    Ok(mode @ 1..=0o7777) if radix == 8 => options.mode = mode,
                    Ok(depth @ 1..) if radix == 10 => options.depth = depth as usize,
                    _ => wrong(word, log),
                }
                radix = 10;
            } else if word.contains('/') {
                options.path = word.into();
            } else {
                match word {
                    "string" => options.format = Format::Lines,
                    "binary" => options.format = Format::Binary,
                    _ => wrong(word, log),
                }
            }
        }
        options
    }
}

fn wrong(word: &str, log: &mut dyn FnMut(Level, &str)) {
    log(Level::Error, &["Wrong argument passed over: ", word].concat());
}

/// The plugin.
pub struct AfUnix {
    logger: Logger,
    options: Options,
    listener: OwnedFd,
    client: Option<OwnedFd>,
    queue: Queue,
    /// The client cannot be written to at the moment.
    is_blocked: bool,
    dropped: u64,
    /// Of those dropped, how many since one was taken.
    dropped_in_a_row: u64,
}

impl AfUnix {
    /// Listens. What is wrong was logged.
    pub fn listen(options: Options, mut logger: Logger) -> Option<AfUnix> {
        process::add_umask(0o027);
        let directory = options.path.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if let Err(error) = files::read_dir(directory) {
            logger.log(Level::Error, &format!("Couldn't open {} ({})", directory.display(), error_reason(&error)));
            return None;
        }
        match sockets::listen(&options.path, options.mode) {
            Ok(listener) => {
                logger.log(Level::Info, "audisp-af_unix plugin is listening for events");
                let (client, queue) = (None, Queue::default());
                let (is_blocked, dropped, dropped_in_a_row) = (false, 0, 0);
                Some(AfUnix { logger, options, listener, client, queue, is_blocked, dropped, dropped_in_a_row })
            }
            Err(error) => {
                let reason = error_reason(&error);
                logger.log(Level::Error, &["Couldn't bind af_unix socket (", &reason, ")"].concat());
                logger.log(Level::Error, "audisp-af_unix plugin exiting due to errors setting up socket");
                None
            }
        }
    }

    /// Takes a client that waits; turns it away when there is one.
    fn accept(&mut self) {
        while let Some(client) = sockets::accept(&self.listener) {
            if self.client.is_none() {
                self.logger.log(Level::Info, "Client connected");
                self.client = Some(client);
                self.is_blocked = false;
            }
        }
    }

    /// Writes what can be written at once.
    fn write(&mut self) {
        while let Some(client) = self.client.as_ref().filter(|_| !self.queue.is_empty()) {
            match sockets::send(client, self.queue.pending()) {
                Ok(count) => self.queue.written(count),
                Err(error) if errno::of(&error) == errno::EAGAIN => {
                    self.is_blocked = true;
                    return;
                }
                Err(_) => self.leave(),
            }
        }
    }

    /// The client has left.
    fn leave(&mut self) {
        self.client = None;
        self.queue.rewind();
    }

    fn report(&self) -> io::Result<()> {
        let mut text = b"current time = ".to_vec();
        names::date(clock::now().seconds).push(&mut text);
        let connected = if self.client.is_some() { "yes" } else { "no" };
        text.extend_from_slice(
            format!(
                "\nclient_connected = {connected}\nqueue_length = {}\nmax_queue_length = {}\nqueue_size = {}\n\
                 events_dropped = {}\n",
                self.queue.len(),
                self.queue.deepest(),
                self.options.depth,
                self.dropped
            )
            .as_bytes(),
        );
        files::replace(Path::new(STATE), &text, 0o640)
    }
}

impl Consumer for AfUnix {
    fn log(&mut self, level: Level, text: &str) {
        self.logger.log(level, text);
    }

    fn record(&mut self, frame: &Frame<'_>, _: i64) {
        if self.client.is_none() {
            return;
        }
        if self.queue.len() >= self.options.depth {
            self.write();
        }
        if self.queue.len() >= self.options.depth {
            self.dropped += 1;
            self.dropped_in_a_row += 1;
            if self.dropped_in_a_row <= COMPLAINTS {
                let reason = error_text(errno::ENOSPC);
                self.logger.log(Level::Error, &["Dropping event - queue append failed (", &reason, ")"].concat());
            }
            return;
        }
        if std::mem::take(&mut self.dropped_in_a_row) > COMPLAINTS {
            self.logger.log(Level::Notice, &format!("the queue has room again; {} events were dropped", self.dropped));
        }
        self.queue.push(0, |out| match self.options.format {
            Format::Lines => frame.push_line(out),
            Format::Binary if frame.record_type != 0 => frame.push_binary(out),
            // COMPAT: what came as a line keeps its newline.
            Format::Binary => Frame { text: &[frame.text, b"\n"].concat(), ..*frame }.push_binary(out),
        });
    }

    fn tick(&mut self, _: i64) -> Option<i64> {
        if !self.is_blocked {
            self.write();
        }
        None
    }

    fn end_of_input(&mut self) {
        self.logger.log(Level::Info, "Auditd closed it's socket - exiting");
    }

    fn notice(&mut self, notice: Notice) {
        match notice {
            Notice::Report => {
                if let Err(error) = self.report() {
                    let reason = error_reason(&error);
                    self.logger.log(Level::Error, &["Cannot write ", STATE, " (", &reason, ")"].concat());
                }
            }
            Notice::Terminate => {
                self.logger.log(Level::Info, "audisp-af_unix plugin is exiting on TERM request");
            }
            Notice::Reload | Notice::Resume | Notice::ChildEnded => {}
        }
    }

    fn is_done(&self) -> bool {
        self.client.is_none() || self.queue.is_empty()
    }

    fn watch(&self, set: &mut PollSet) {
        set.add(self.listener.as_fd(), Interest::Read);
        if let Some(client) = &self.client {
            set.add(client.as_fd(), if self.is_blocked { Interest::Write } else { Interest::End });
        }
    }

    fn ready(&mut self, set: &PollSet, first: usize) {
        if set.has_ended(first + 1) {
            self.leave();
        } else if set.is_ready(first + 1) {
            self.is_blocked = false;
        }
        if set.is_ready(first) {
            self.accept();
        }
    }
}

impl Drop for AfUnix {
    fn drop(&mut self) {
        if let Some(lost) = self.queue.clear() {
            self.logger.log(Level::Notice, &format!("{} events were left unread", lost.count));
        }
        if let Err(error) = files::remove_file(&self.options.path) {
            let (path, reason) = (self.options.path.display(), error_reason(&error));
            self.logger.log(Level::Warning, &format!("Failed to unlink socket {path} ({reason})"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    fn options(words: &str) -> (Options, Vec<String>) {
        let mut said = Vec::new();
        let options = Options::parse(words.split_whitespace(), &mut |_, text| said.push(text.to_string()));
        (options, said)
    }

    #[test]
    fn words_come_in_any_order_and_the_second_number_is_the_depth() {
        let expected = Options { mode: 0o600, path: "/run/x".into(), format: Format::Binary, depth: 1000 };
        for words in ["0600 /run/x binary 1000", "/run/x 600 1000 binary", "binary 600 /run/x 1000"] {
            assert_eq!(options(words), (expected.clone(), Vec::new()));
        }
    }

    #[test]
    fn what_is_not_said_stays_without_a_word_and_so_does_what_is_said_wrongly_with_one() {
        let default = |path: &str| Options { mode: 0o640, path: path.into(), format: Format::Lines, depth: 512 };
        for (words, expected) in [
            ("", default(PATH)),
            ("0640 /run/x", default("/run/x")),
            ("600", Options { mode: 0o600, ..default(PATH) }),
            ("/run/x binary", Options { format: Format::Binary, ..default("/run/x") }),
        ] {
            assert_eq!(options(words), (expected, Vec::new()), "{words}");
        }
        for (words, wrong, depth) in [
            ("tcp /run/x", "tcp", 512),
            ("0x9 /run/x", "0x9", 512),
            ("0640x /run/x string 1000", "0640x", 1000),
            ("10000 /run/x", "10000", 512),
            ("0 /run/x", "0", 512),
            ("0640 /run/x 0", "0", 512),
            ("0640 /run/x string 9 10k", "10k", 9),
        ] {
            let (expected, said) =
                (Options { depth, ..default("/run/x") }, format!("Wrong argument passed over: {wrong}"));
            assert_eq!(options(words), (expected, vec![said]), "{words}");
        }
    }

    /// A plugin that listens at a path of its own, and what it has said.
    fn plugin(name: &str, format: Format, depth: usize) -> AfUnix {
        let path = crate::testing::path(&format!("af_unix-{name}"));
        let options = Options { mode: 0o600, path, format, depth };
        AfUnix::listen(options, Logger::console(Box::new(|_| {}))).unwrap()
    }

    fn connect(plugin: &mut AfUnix) -> UnixStream {
        let client = UnixStream::connect(&plugin.options.path).unwrap();
        plugin.accept();
        client
    }

    fn take(plugin: &mut AfUnix, text: &[u8], version: u32, record_type: u32) {
        plugin.record(&Frame { version, record_type, text }, 0);
    }

    fn all(mut client: UnixStream) -> Vec<u8> {
        let mut bytes = Vec::new();
        client.read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_client_gets_lines_and_a_second_one_is_turned_away() {
        let mut plugin = plugin("lines", Format::Lines, 10);
        take(&mut plugin, b"before", 1, 1300);
        let (first, second) = (connect(&mut plugin), connect(&mut plugin));
        take(&mut plugin, b"audit(1.000:2): a=\nb", 0, 1307);
        take(&mut plugin, b"type=EOE msg=audit(1.000:2): ", 1, 1320);
        plugin.tick(0);
        drop(plugin);
        assert_eq!(all(first), b"type=CWD msg=audit(1.000:2): a= b\ntype=EOE msg=audit(1.000:2): \n");
        assert_eq!(all(second), b"");
    }

    #[test]
    fn a_client_gets_frames_and_what_came_as_a_line_has_its_newline() {
        let mut plugin = plugin("binary", Format::Binary, 10);
        let client = connect(&mut plugin);
        take(&mut plugin, b"abc", 0, 1307);
        take(&mut plugin, b"line", 1, 0);
        plugin.tick(0);
        drop(plugin);
        let mut expected = Vec::new();
        Frame { version: 0, record_type: 1307, text: b"abc" }.push_binary(&mut expected);
        Frame { version: 1, record_type: 0, text: b"line\n" }.push_binary(&mut expected);
        assert_eq!(all(client), expected);
    }

    #[test]
    fn a_client_that_stalls_loses_records_beyond_the_depth_and_whole_ones() {
        let mut plugin = plugin("stalls", Format::Lines, 4);
        let client = connect(&mut plugin);
        let text = [b'x'; 5000];
        for _ in 0..1000 {
            take(&mut plugin, &text, 1, 1300);
            plugin.tick(0);
        }
        assert_eq!((plugin.queue.len(), plugin.queue.deepest()), (4, 4));
        let dropped = plugin.dropped as usize;
        drop(client);
        plugin.leave();
        let next = connect(&mut plugin);
        plugin.tick(0);
        drop(plugin);
        let kept = all(next);
        assert_eq!(kept, [&text[..], b"\n"].concat().repeat(4), "the record that was read in part is whole");
        assert!((1..996).contains(&dropped));
    }
}
