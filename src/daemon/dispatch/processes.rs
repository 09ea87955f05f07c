//! The processes of plugins: a socket to each one's standard input, and its end.

use super::PluginId;
use crate::sys::child::Child;
use crate::sys::{errno, error_reason, sockets};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

/// At the daemon's end plugins have this long to end by themselves, and then to obey a signal.
const LAST_WAIT: Duration = Duration::from_secs(1);
const LAST_LOOK: Duration = Duration::from_millis(10);

/// One plugin's process.
struct Process {
    id: PluginId,
    child: Option<Child>,
    /// Our end of its standard input.
    socket: Option<OwnedFd>,
}

/// All of them.
#[derive(Default)]
pub(in crate::daemon) struct Processes {
    all: Vec<Process>,
    /// A socket was opened or closed since it was last asked for.
    has_changed: bool,
}

/// What came of writing.
pub(in crate::daemon) enum Written {
    /// So many bytes; no more could be written if it is blocked.
    Some { count: usize, is_blocked: bool },
    /// Nobody reads any more.
    Gone,
}

impl Processes {
    /// Starts a plugin's program with a socket as its standard input. The error is a reason.
    pub(in crate::daemon) fn start(&mut self, id: PluginId, words: &[&str]) -> Result<(), String> {
        let reason = |error: io::Error| error_reason(&error);
        let (ours, theirs) = sockets::pair().map_err(reason)?;
        let child = Child::start(words, Some(&theirs)).map_err(reason)?;
        self.all.push(Process { id, child: Some(child), socket: Some(ours) });
        self.has_changed = true;
        Ok(())
    }

    /// Writes as much as can be written at once.
    pub(in crate::daemon) fn write(&self, id: PluginId, bytes: &[u8]) -> Written {
        let Some(socket) = self.socket(id) else { return Written::Gone };
        let mut count = 0;
        while let Some(rest) = bytes.get(count..).filter(|rest| !rest.is_empty()) {
            match sockets::send(socket, rest) {
                Ok(sent) => count += sent,
                Err(error) if errno::of(&error) == errno::EAGAIN => return Written::Some { count, is_blocked: true },
                Err(_) => return Written::Gone,
            }
        }
        Written::Some { count, is_blocked: false }
    }

    fn socket(&self, id: PluginId) -> Option<&OwnedFd> {
        self.all.iter().find_map(|process| process.socket.as_ref().filter(|_| process.id == id))
    }

    /// Ends a plugin's input.
    pub(in crate::daemon) fn close(&mut self, id: PluginId) {
        self.all.iter_mut().filter(|process| process.id == id).for_each(|process| process.socket = None);
        self.has_changed = true;
        self.forget();
    }

    /// Sends a plugin a signal: SIGKILL or SIGTERM.
    pub(in crate::daemon) fn signal(&self, id: PluginId, kill: bool) {
        let children = self.all.iter().filter(|process| process.id == id).filter_map(|process| process.child.as_ref());
        children.for_each(|child| child.signal(kill));
    }

    /// The next plugin whose process has ended.
    pub(in crate::daemon) fn reap(&mut self) -> Option<PluginId> {
        let has_ended = |process: &&mut Process| process.child.as_ref().is_some_and(|child| child.result().is_some());
        let process = self.all.iter_mut().find(has_ended)?;
        process.child = None;
        let id = process.id;
        self.forget();
        Some(id)
    }

    fn forget(&mut self) {
        self.all.retain(|process| process.child.is_some() || process.socket.is_some());
    }

    /// Whether sockets were opened or closed since the last call.
    pub(in crate::daemon) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.has_changed)
    }

    /// The sockets that are open.
    pub(in crate::daemon) fn sockets(&self) -> impl Iterator<Item = (PluginId, &impl AsFd)> {
        self.all.iter().filter_map(|process| Some((process.id, process.socket.as_ref()?)))
    }

    /// Ends all plugins, and waits for that: first for a moment, then with a signal for another, then by force.
    pub(in crate::daemon) fn end_all(&mut self) {
        self.all.iter_mut().for_each(|process| process.socket = None);
        for kill in [false, true] {
            let mut waited = Duration::ZERO;
            while !self.all.is_empty() && waited < LAST_WAIT {
                while self.reap().is_some() {}
                if self.all.iter().any(|process| process.child.is_some()) {
                    std::thread::sleep(LAST_LOOK);
                }
                waited += LAST_LOOK;
            }
            self.all.iter().filter_map(|process| process.child.as_ref()).for_each(|child| child.signal(kill));
        }
        while self.reap().is_some() {}
    }
}
