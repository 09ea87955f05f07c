//! The other thread: what may take long, so that the way from the kernel to the log waits for nothing.
//!
//! Jobs go in by a queue of fixed size, results come out by another, and a bell tells the daemon's loop of them. Syncs of
//! the same log merge while one is under way.

use super::world::Host;
use crate::config::Note;
use crate::config::auditd::{self, Config, NameFormat};
use crate::sys::errno;
use crate::sys::files::{self, File};
use crate::sys::host;
use crate::sys::poll::Bell;
use crate::sys::users::Users;
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::fchown;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

const JOBS: usize = 16;
/// More than this is no configuration file.
const LONGEST_CONFIG: u64 = 1 << 20;
/// Room for everything a job does.
const STACK: usize = 128 << 10;

/// Something to be done on the side.
pub(super) enum Job {
    /// Bring a log to the disk.
    Sync { file: File, data_only: bool },
    /// Read the configuration.
    LoadConfig { path: PathBuf, follow_links: bool },
    /// Read passwd and group.
    LoadNames,
    /// Write a small file anew: path, content, group.
    Save { path: PathBuf, content: Vec<u8>, group: u32 },
}

/// What came of it.
pub(super) enum Outcome {
    /// A sync failed for this errno.
    SyncFailed(i32),
    /// The configuration with its notes and the node's name, or why not.
    Config(Result<(Box<Config>, String), String>, Vec<Note>),
    /// Names, newly read.
    Names(Users),
}

struct Shared {
    jobs: Mutex<heapless::Deque<Job, JOBS>>,
    wake: Condvar,
    outcomes: Mutex<heapless::Deque<Outcome, JOBS>>,
    bell: Bell,
}

/// The daemon's end of it.
pub(super) struct Worker(Arc<Shared>);

/// A poisoned lock means that the other thread is gone; what it guards is whole all the same.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

impl Worker {
    /// Starts the thread; the error is an errno.
    pub(super) fn start() -> Result<Worker, i32> {
        let shared = Arc::new(Shared {
            jobs: Mutex::new(heapless::Deque::new()),
            wake: Condvar::new(),
            outcomes: Mutex::new(heapless::Deque::new()),
            bell: Bell::new()?,
        });
        let theirs = Arc::clone(&shared);
        std::thread::Builder::new()
            .stack_size(STACK)
            .spawn(move || theirs.serve())
            .map_err(|e| e.raw_os_error().unwrap_or(errno::EAGAIN))?;
        Ok(Worker(shared))
    }

    /// Hands a job over. A sync is dropped when the one before it has not begun: that one will cover it. Any other job is
    /// refused when the queue is full.
    pub(super) fn give(&self, job: Job) -> bool {
        let mut jobs = lock(&self.0.jobs);
        let is_sync = |job: &Job| matches!(job, Job::Sync { .. });
        if is_sync(&job) && jobs.back().is_some_and(is_sync) {
            return true;
        }
        let taken = jobs.push_back(job).is_ok();
        self.0.wake.notify_one();
        taken
    }

    /// The next thing that was done.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        lock(&self.0.outcomes).pop_front()
    }

    /// Takes the bell's rings back, before asking for outcomes.
    pub(super) fn hush(&self) {
        self.0.bell.hush();
    }
}

impl AsFd for Worker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.bell.as_fd()
    }
}

impl Shared {
    fn serve(&self) {
        loop {
            let mut jobs = lock(&self.jobs);
            let job = loop {
                match jobs.pop_front() {
                    Some(job) => break job,
                    None => jobs = self.wake.wait(jobs).unwrap_or_else(|e| e.into_inner()),
                }
            };
            drop(jobs);
            if let Some(outcome) = job.perform() {
                // As many outcomes as jobs fit, and the daemon takes them all at each ring.
                let _ = lock(&self.outcomes).push_back(outcome);
                self.bell.ring();
            }
        }
    }
}

impl Job {
    fn perform(self) -> Option<Outcome> {
        match self {
            Job::Sync { file, data_only } => {
                let synced = if data_only { file.sync_data() } else { file.sync_all() };
                synced.err().map(|e| Outcome::SyncFailed(errno::of(&e)))
            }
            Job::LoadConfig { path, follow_links } => {
                let mut notes = Vec::new();
                let result = load_config(&path, follow_links, &mut notes).and_then(|config| {
                    let node = node_name(&config)?;
                    Ok((Box::new(config), node))
                });
                Some(Outcome::Config(result, notes))
            }
            Job::LoadNames => Some(Outcome::Names(Users::open(Path::new("/")))),
            Job::Save { path, content, group } => {
                // A report that cannot be written is missed by who asked for it; nobody else is concerned.
                let _ = save(&path, &content, group);
                None
            }
        }
    }
}

/// Writes a report, which appears whole under its name.
fn save(path: &Path, content: &[u8], group: u32) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_os_string();
    beside.push(".new");
    let mut file = files::open_write(Path::new(&beside), 0o640)?;
    fchown(&file, Some(0), Some(group))?;
    file.write_all(content)?;
    files::rename(&beside, path)
}

/// Reads auditd.conf after a look at the file itself. A missing file is one of defaults.
pub fn load_config(path: &Path, follow_links: bool, notes: &mut Vec<Note>) -> Result<Config, String> {
    let mut config = Config::default();
    load_config_into(&mut config, path, follow_links, notes).map(|()| config)
}

/// The same over `config`. What stands before a bad line is in it also after an error.
pub fn load_config_into(
    config: &mut Config,
    path: &Path,
    follow_links: bool,
    notes: &mut Vec<Note>,
) -> Result<(), String> {
    use crate::config::Level;
    use std::os::unix::fs::MetadataExt;
    let name = path.display().to_string();
    let file = match files::open_read(path, follow_links) {
        Ok(file) => file,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let text = format!("Config file {name} doesn't exist, skipping");
            notes.push(Note { level: Level::Warning, text });
            return Ok(());
        }
        Err(e) => return Err(format!("Error opening config file ({})", super::world::why(&e))),
    };
    notes.push(Note { level: Level::Debug, text: format!("Config file {name} opened for parsing") });
    let facts = file.metadata().map_err(|e| format!("Error fstat'ing config file ({})", super::world::why(&e)))?;
    if facts.uid() != 0 {
        return Err(format!("Error - {name} isn't owned by root"));
    }
    if facts.mode() & 0o002 != 0 {
        return Err(format!("Error - {name} is world writable"));
    }
    if !facts.is_file() {
        return Err(format!("Error - {name} is not a regular file"));
    }
    let mut text = Vec::new();
    file.take(LONGEST_CONFIG)
        .read_to_end(&mut text)
        .map_err(|e| format!("Error reading config file ({})", super::world::why(&e)))?;
    auditd::parse_into(config, &text, &name, &Host::new(), notes).map_err(|e| e.to_string())
}

/// What `node=` says under a configuration; empty for nothing.
pub(super) fn node_name(config: &Config) -> Result<String, String> {
    match config.name_format {
        NameFormat::None => Ok(String::new()),
        NameFormat::User if config.name.is_empty() => Err("User defined name missing".to_string()),
        NameFormat::User => Ok(config.name.clone()),
        NameFormat::Hostname => Ok(host::name().replace(' ', "_")),
        NameFormat::Fqd | NameFormat::Numeric => {
            let name = host::name();
            let found =
                if config.name_format == NameFormat::Fqd { host::full_name(&name) } else { host::address(&name) };
            found.map_err(|why| format!("Cannot resolve hostname {name} ({why})"))
        }
    }
}
