//! The processes of plugins: a socket to each one's standard input, and its end.

use super::PluginId;
use crate::sys::child::Child;
use crate::sys::{errno, error_reason, sockets};
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

/// At the daemon's end plugins have this long to end by themselves, and then to obey a signal.
const LAST_WAIT: Duration = Duration::from_secs(1);
const LAST_LOOK: Duration = Duration::from_millis(10);

/// One plugin's process.
struct Process {
    id: PluginId,
    child: Option<Child>,
    /// Our end of its standard input. It stays until the process has ended, so that one can see whether that has read everything.
    socket: OwnedFd,
    /// Its input has ended.
    is_closed: bool,
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
    /// Nobody reads any more, nor has read everything if it is unread.
    Gone { is_unread: bool },
}

impl Processes {
    /// Starts a plugin's program with a socket as its standard input, and `output` as the others. The error is a reason.
    pub(in crate::daemon) fn start(
        &mut self,
        id: PluginId,
        words: &[&str],
        output: Option<&OwnedFd>,
    ) -> Result<(), String> {
        let reason = |error: io::Error| error_reason(&error);
        let (ours, theirs) = sockets::pair().map_err(reason)?;
        let child = Child::start(words, Some(&theirs), output).map_err(reason)?;
        self.all.push(Process { id, child: Some(child), socket: ours, is_closed: false });
        self.has_changed = true;
        Ok(())
    }

    /// Writes as much as can be written at once.
    pub(in crate::daemon) fn write(&self, id: PluginId, bytes: &[u8]) -> Written {
        let Some(socket) = self.socket(id) else { return Written::Gone { is_unread: false } };
        let mut count = 0;
        while let Some(rest) = bytes.get(count..).filter(|rest| !rest.is_empty()) {
            match sockets::send(socket, rest).map_err(|error| errno::of(&error)) {
                Ok(sent) => count += sent,
                Err(errno::EAGAIN) => return Written::Some { count, is_blocked: true },
                // It may have gone just now, which is said once.
                Err(errno) => {
                    let is_unread = errno == errno::ECONNRESET || sockets::was_left_unread(socket);
                    return Written::Gone { is_unread };
                }
            }
        }
        Written::Some { count, is_blocked: false }
    }

    fn socket(&self, id: PluginId) -> Option<&OwnedFd> {
        self.sockets().find_map(|(other, socket)| (other == id).then_some(socket))
    }

    /// Whether a plugin that has closed its end has left something unread.
    pub(in crate::daemon) fn is_unread(&self, id: PluginId) -> bool {
        self.socket(id).is_some_and(sockets::was_left_unread)
    }

    /// Ends a plugin's input.
    pub(in crate::daemon) fn close(&mut self, id: PluginId) {
        for process in self.all.iter_mut().filter(|process| process.id == id) {
            sockets::end(&process.socket);
            process.is_closed = true;
        }
        self.has_changed = true;
        self.forget();
    }

    /// Sends a plugin a signal: SIGKILL or SIGTERM.
    pub(in crate::daemon) fn signal(&self, id: PluginId, kill: bool) {
        let children = self.all.iter().filter(|process| process.id == id).filter_map(|process| process.child.as_ref());
        children.for_each(|child| child.signal(kill));
    }

    /// The next plugin whose process has ended, and whether that is known to have left something unread.
    pub(in crate::daemon) fn reap(&mut self) -> Option<(PluginId, bool)> {
        let has_ended = |process: &&mut Process| process.child.as_ref().is_some_and(|child| child.result().is_some());
        let process = self.all.iter_mut().find(has_ended)?;
        process.child = None;
        let ended = (process.id, process.is_closed && sockets::was_left_unread(&process.socket));
        self.forget();
        Some(ended)
    }

    fn forget(&mut self) {
        self.all.retain(|process| process.child.is_some() || !process.is_closed);
    }

    /// Whether sockets were opened or closed since [`Processes::take_changed`] was last called.
    pub(in crate::daemon) fn has_changed(&self) -> bool {
        self.has_changed
    }

    /// Whether sockets were opened or closed since the last call.
    pub(in crate::daemon) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.has_changed)
    }

    /// The sockets that are open.
    pub(in crate::daemon) fn sockets(&self) -> impl Iterator<Item = (PluginId, &OwnedFd)> {
        self.all.iter().filter(|process| !process.is_closed).map(|process| (process.id, &process.socket))
    }

    /// Waits until all plugins have ended, whose input has: first for a moment, then with a signal for another, then by force. Calls
    /// `ended` with what [`Processes::reap`] says.
    pub(in crate::daemon) fn end_all(&mut self, mut ended: impl FnMut(PluginId, bool)) {
        for kill in [false, true] {
            let mut waited = Duration::ZERO;
            while !self.all.is_empty() && waited < LAST_WAIT {
                while let Some((id, is_unread)) = self.reap() {
                    ended(id, is_unread);
                }
                if self.all.iter().any(|process| process.child.is_some()) {
                    std::thread::sleep(LAST_LOOK);
                }
                waited += LAST_LOOK;
            }
            self.all.iter().filter_map(|process| process.child.as_ref()).for_each(|child| child.signal(kill));
        }
        while let Some((id, is_unread)) = self.reap() {
            ended(id, is_unread);
        }
    }
}
