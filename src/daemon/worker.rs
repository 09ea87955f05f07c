//! A thread beside the loop, of which there are two: one that syncs, and one for all else that may take long. So the way from
//! the kernel to the log waits for neither.
//!
//! Jobs go in by a queue of fixed size, outcomes come back by another, and a waker wakes the daemon's loop for them. A job
//! that has not begun absorbs a later one for the same file, so the queue holds at most one for each file.

use crate::config::auditd::Config;
use crate::config::{Diagnostic, Level};
use crate::host::plugins::{PluginSet, load_plugins};
use crate::host::{load_config, node_name};
use crate::sys::files::{self, File};
use crate::sys::poll::Waker;
use crate::sys::users::Users;
use crate::sys::{errno, error_reason};
use crate::trail::order;
use std::cell::Cell;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::fchown;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

const JOBS: usize = 16;
/// Seconds after which a job has taken too long.
const BLOCKED: i64 = 10;
/// Files that may be known to be unwritable.
const UNWRITABLE: usize = 8;
/// Room for everything a job does.
const STACK: usize = 128 << 10;

/// Something to be done on the side.
pub(super) enum Job {
    /// Bring a log to the disk.
    Sync { file: Arc<File>, data_only: bool },
    /// Read the configuration.
    LoadConfig { path: PathBuf, follow_links: bool },
    /// Read passwd and group, where they have changed or anyway.
    LoadNames { anyway: bool },
    /// Remember which seconds a log holds that was rotated away.
    Index { path: PathBuf },
    /// Write a small file anew: path, content, group.
    Save { path: PathBuf, content: Vec<u8>, group: u32 },
}

/// The configuration, the node's name and the plugins; or why there are none.
pub(super) type Loaded = Result<(Box<Config>, String, PluginSet), String>;

/// What came of it.
pub(super) enum Outcome {
    /// A sync failed for this errno.
    SyncFailed(i32),
    /// The configuration, the node's name and the plugins, with diagnostics; or why not.
    Config(Loaded, Vec<Diagnostic>),
    /// Names, newly read.
    Names(Users),
    /// A small file cannot be written, for this reason. Said once, and again after it could be written.
    Unsaved(PathBuf, String),
}

/// The files that could not be written when they were last to be.
type Unwritable = heapless::Vec<PathBuf, UNWRITABLE>;

/// What a worker remembers from one job to the next.
#[derive(Default)]
struct Memory {
    unwritable: Unwritable,
    /// The version of passwd and group that was read last.
    names: [(u64, u64, i64, i64); 2],
}

struct Shared {
    jobs: Mutex<heapless::Deque<Job, JOBS>>,
    has_job: Condvar,
    outcomes: Mutex<heapless::Deque<Outcome, JOBS>>,
    waker: Waker,
    /// What is being done, and how many jobs are done.
    current: Mutex<String>,
    done: AtomicU32,
}

/// The daemon's end of it.
pub(super) struct Worker {
    shared: Arc<Shared>,
    /// Jobs that were given.
    given: Cell<u32>,
    /// While it is busy: the jobs that are done, and since when no more are, on the monotonic clock.
    seen: Option<(u32, i64)>,
    is_blocked: bool,
}

/// A poisoned lock means that the other thread is gone; what it guards is whole all the same.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

impl Worker {
    /// One that has no thread yet, and takes jobs. The error is an errno.
    pub(super) fn new() -> Result<Worker, i32> {
        let shared = Arc::new(Shared {
            jobs: Mutex::new(heapless::Deque::new()),
            has_job: Condvar::new(),
            outcomes: Mutex::new(heapless::Deque::new()),
            waker: Waker::new()?,
            current: Mutex::default(),
            done: AtomicU32::new(0),
        });
        Ok(Worker { shared, given: Cell::new(0), seen: None, is_blocked: false })
    }

    /// Starts the thread, which has the rights that the caller has now. The error is an errno.
    pub(super) fn start(&self) -> Result<(), i32> {
        let memory = Memory { names: Users::version(Path::new("/")), ..Memory::default() };
        let theirs = Arc::clone(&self.shared);
        std::thread::Builder::new()
            .stack_size(STACK)
            .spawn(move || theirs.serve(memory))
            .map(drop)
            .map_err(|e| e.raw_os_error().unwrap_or(errno::EAGAIN))
    }

    /// Hands a job over; false when the queue is full, as when the disk stands still over many rotations.
    pub(super) fn give(&self, job: Job) -> bool {
        let mut jobs = lock(&self.shared.jobs);
        if let Some(waiting) = jobs.iter_mut().find(|waiting| waiting.is_for_the_same(&job)) {
            waiting.absorb(job);
            return true;
        }
        let taken = jobs.push_back(job).is_ok();
        self.given.set(self.given.get().wrapping_add(u32::from(taken)));
        self.shared.has_job.notify_one();
        taken
    }

    /// Looks whether one job takes too long; a sentence when that begins or ends.
    pub(super) fn watch(&mut self, monotonic: i64) -> Option<(Level, String)> {
        let done = self.shared.done.load(Ordering::Relaxed);
        let is_idle = done == self.given.get();
        let since = self.seen.filter(|(seen, _)| *seen == done && !is_idle).map(|(_, since)| since);
        let Some(since) = since else {
            self.seen = (!is_idle).then_some((done, monotonic));
            return std::mem::take(&mut self.is_blocked)
                .then(|| (Level::Notice, "The worker thread goes on".to_string()));
        };
        if self.is_blocked || monotonic < since + BLOCKED {
            return None;
        }
        self.is_blocked = true;
        let current = lock(&self.shared.current);
        Some((Level::Error, format!("The worker thread is blocked: {current} takes longer than {BLOCKED} s")))
    }

    /// When [`Worker::watch`] is to be called, on the monotonic clock: each second while there is a job, as nothing says when one
    /// of several is done and the next begins.
    pub(super) fn watch_due(&self, monotonic: i64) -> Option<i64> {
        let is_idle = self.shared.done.load(Ordering::Relaxed) == self.given.get();
        (!is_idle && !self.is_blocked).then_some(monotonic + 1)
    }

    /// What a blocked worker does; none for one that works.
    pub(super) fn blocked_by(&self) -> Option<String> {
        self.is_blocked.then(|| lock(&self.shared.current).clone())
    }

    /// The next thing that was done.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        lock(&self.shared.outcomes).pop_front()
    }

    /// Empties the waker, before asking for outcomes.
    pub(super) fn drain(&self) {
        self.shared.waker.drain();
    }
}

impl AsFd for Worker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.shared.waker.as_fd()
    }
}

impl Shared {
    fn serve(&self, mut memory: Memory) {
        loop {
            let mut jobs = lock(&self.jobs);
            let job = loop {
                match jobs.pop_front() {
                    Some(job) => break job,
                    None => jobs = self.has_job.wait(jobs).unwrap_or_else(|e| e.into_inner()),
                }
            };
            drop(jobs);
            *lock(&self.current) = job.name();
            let outcome = job.perform(&mut memory);
            self.done.fetch_add(1, Ordering::Relaxed);
            if let Some(outcome) = outcome {
                outcome.join(&mut lock(&self.outcomes));
                self.waker.wake();
            }
        }
    }
}

impl Outcome {
    /// Goes to those that wait, in the place of one that it makes stale. So there is a place for each: one failed sync, one
    /// table of names, the one configuration that is asked for at a time, and files that cannot be written.
    fn join(self, waiting: &mut heapless::Deque<Outcome, JOBS>) {
        let is_stale = |old: &&mut Outcome| {
            matches!(
                (&**old, &self),
                (Outcome::SyncFailed(_), Outcome::SyncFailed(_)) | (Outcome::Names(_), Outcome::Names(_))
            )
        };
        match waiting.iter_mut().find(is_stale) {
            Some(old) => *old = self,
            None => drop(waiting.push_back(self)),
        }
    }
}

impl Job {
    /// Whether one of the two, done later, is as good as both.
    fn is_for_the_same(&self, other: &Job) -> bool {
        match (self, other) {
            (Job::Sync { file, .. }, Job::Sync { file: other, .. }) => Arc::ptr_eq(file, other),
            (Job::LoadNames { .. }, Job::LoadNames { .. }) => true,
            (Job::Save { path, .. }, Job::Save { path: other, .. }) => path == other,
            (Job::Index { path }, Job::Index { path: other }) => path == other,
            _ => false,
        }
    }

    /// Takes the place of a job for the same that has not begun.
    fn absorb(&mut self, newer: Job) {
        let was_whole = matches!(self, Job::Sync { data_only: false, .. });
        let was_anyway = matches!(self, Job::LoadNames { anyway: true });
        *self = newer;
        if let Job::LoadNames { anyway } = self {
            *anyway |= was_anyway;
        }
        if let Job::Sync { data_only, .. } = self {
            *data_only &= !was_whole;
        }
    }

    /// What is being done.
    fn name(&self) -> String {
        match self {
            Job::Sync { .. } => "syncing the log".to_string(),
            Job::LoadConfig { path, .. } => format!("reading {}", path.display()),
            Job::LoadNames { .. } => "reading passwd and group".to_string(),
            Job::Index { path } => format!("looking through {}", path.display()),
            Job::Save { path, .. } => format!("writing {}", path.display()),
        }
    }

    fn perform(self, memory: &mut Memory) -> Option<Outcome> {
        match self {
            Job::Sync { file, data_only } => {
                let synced = if data_only { file.sync_data() } else { file.sync_all() };
                synced.err().map(|e| Outcome::SyncFailed(errno::of(&e)))
            }
            Job::LoadConfig { path, follow_links } => {
                let mut diagnostics = Vec::new();
                let result = load_config(&path, follow_links, &mut diagnostics).and_then(|config| {
                    let node = node_name(&config)?;
                    Ok((Box::new(config), node))
                });
                let result = result.map(|(config, node)| {
                    let plugins = load_plugins(Path::new(&config.plugin_dir), &mut diagnostics);
                    (config, node, plugins)
                });
                Some(Outcome::Config(result, diagnostics))
            }
            Job::LoadNames { anyway } => {
                let version = Users::version(Path::new("/"));
                let has_changed = std::mem::replace(&mut memory.names, version) != version;
                (anyway || has_changed).then(|| Outcome::Names(Users::open(Path::new("/"))))
            }
            Job::Index { path } => {
                index(&path, Path::new(order::STATE_DIR));
                None
            }
            Job::Save { path, content, group } => {
                let saved = save(&path, &content, group);
                let unwritable = &mut memory.unwritable;
                let known = unwritable.iter().position(|known| *known == path);
                match (saved, known) {
                    (Ok(()), known) => {
                        known.map(|at| unwritable.swap_remove(at));
                        None
                    }
                    (Err(_), Some(_)) => None,
                    // More files than there is place for go without a word.
                    (Err(e), None) => {
                        unwritable.push(path.clone()).ok().map(|()| Outcome::Unsaved(path, error_reason(&e)))
                    }
                }
            }
        }
    }
}

/// Writes a report, which appears whole under its name or not at all.
pub(super) fn save(path: &Path, content: &[u8], group: u32) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_os_string();
    beside.push(".new");
    let written = files::create_anew(Path::new(&beside), 0o640).and_then(|mut file| {
        fchown(&file, Some(0), Some(group))?;
        file.write_all(content)?;
        files::rename(&beside, path)
    });
    if written.is_err() {
        let _ = files::remove_file(&beside);
    }
    written
}

/// Writes a row about a closed log into the table of `state_dir`, which is made where it is missing. What fails here costs
/// searches time and nothing else.
fn index(log: &Path, state_dir: &Path) {
    use std::os::unix::fs::DirBuilderExt;
    let _ = files::DirBuilder::new().recursive(true).mode(0o755).create(state_dir);
    let _ = order::record(log, state_dir);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fails_again_and_again_leaves_room_for_the_configuration() {
        let mut waiting = heapless::Deque::new();
        for errno in 0..100 {
            Outcome::SyncFailed(errno).join(&mut waiting);
            Outcome::Names(Users::open(Path::new("/nonexistent"))).join(&mut waiting);
        }
        Outcome::Config(Err(String::new()), Vec::new()).join(&mut waiting);
        assert_eq!(waiting.len(), 3);
        assert!(matches!(waiting.pop_front(), Some(Outcome::SyncFailed(99))));
        assert!(matches!(waiting.pop_back(), Some(Outcome::Config(..))));
    }

    #[test]
    fn what_waits_takes_in_what_is_for_the_same_file_and_nothing_else() {
        let file = || Arc::new(File::open("/dev/null").unwrap());
        let (old, new) = (file(), file());
        let sync = |file: &Arc<File>, data_only| Job::Sync { file: Arc::clone(file), data_only };
        let mut waiting = sync(&old, false);
        assert!(waiting.is_for_the_same(&sync(&old, true)));
        assert!(!waiting.is_for_the_same(&sync(&new, false)), "the log that was rotated away is not the new one");
        waiting.absorb(sync(&old, true));
        assert!(matches!(waiting, Job::Sync { data_only: false, .. }), "a whole sync stays one");

        let save = |path: &str, text: &str| Job::Save { path: path.into(), content: text.into(), group: 0 };
        let mut waiting = save("/run/state", "old");
        assert!(!waiting.is_for_the_same(&save("/run/metrics", "new")));
        assert!(waiting.is_for_the_same(&save("/run/state", "new")));
        waiting.absorb(save("/run/state", "new"));
        assert!(matches!(waiting, Job::Save { content, .. } if content == b"new"));
        let mut waiting = Job::LoadNames { anyway: true };
        assert!(waiting.is_for_the_same(&Job::LoadNames { anyway: false }));
        waiting.absorb(Job::LoadNames { anyway: false });
        assert!(matches!(waiting, Job::LoadNames { anyway: true }), "what is to be read anyway stays so");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_told_of_once() {
        let mut memory = Memory::default();
        let save = || Job::Save { path: "/nowhere/at/all".into(), content: Vec::new(), group: 0 };
        assert!(matches!(save().perform(&mut memory), Some(Outcome::Unsaved(path, _)) if path.ends_with("all")));
        assert!(save().perform(&mut memory).is_none());
    }

    #[test]
    fn a_worker_that_stands_still_is_named_once_and_again_when_it_goes_on() {
        let mut worker = Worker::new().unwrap();
        let (mut reader, held) = (worker.shared.jobs.lock().unwrap(), worker.given.get());
        // The lock keeps the thread from taking it.
        let _ = reader.push_back(Job::LoadNames { anyway: true });
        worker.given.set(held + 1);
        drop(reader);
        let shared = Arc::clone(&worker.shared);
        let done = shared.done.load(Ordering::Relaxed);
        assert_eq!(worker.watch_due(100), Some(101));
        assert_eq!(worker.watch(100), None);
        assert_eq!(worker.watch(109), None);
        assert_eq!(worker.watch_due(109), Some(110));
        let (level, text) = worker.watch(110).unwrap();
        assert_eq!(level, Level::Error);
        assert!(text.contains("takes longer than 10 s"), "{text}");
        assert!(worker.blocked_by().is_some() && worker.watch(111).is_none() && worker.watch_due(111).is_none());
        shared.done.store(done + 1, Ordering::Relaxed);
        assert_eq!(worker.watch(112), Some((Level::Notice, "The worker thread goes on".to_string())));
        assert!(worker.blocked_by().is_none());
    }

    #[test]
    fn names_are_read_again_when_they_have_changed_or_anyway() {
        let mut memory = Memory { names: Users::version(Path::new("/")), ..Memory::default() };
        assert!(Job::LoadNames { anyway: false }.perform(&mut memory).is_none());
        assert!(matches!(Job::LoadNames { anyway: true }.perform(&mut memory), Some(Outcome::Names(_))));
        memory.names[0].1 += 1;
        assert!(matches!(Job::LoadNames { anyway: false }.perform(&mut memory), Some(Outcome::Names(_))));
        assert!(Job::LoadNames { anyway: false }.perform(&mut memory).is_none());
    }
}
