//! Programs the daemon starts and never waits for: helpers, mail, runlevels; and texts for terminals.

use super::run::Runner;
use super::world::{self, why};
use super::{Input, Purpose};
use crate::config::Level;
use crate::sys::child::{Child, holding};
use crate::sys::files;
use std::os::fd::OwnedFd;
use std::path::Path;

/// How many may run at a time.
const MOST: usize = 8;

/// Those that run.
pub(super) type Children = heapless::Vec<(Child, Task), MOST>;

/// Why a program runs, and so what its end means.
pub(super) enum Task {
    Helper(Purpose),
    Runlevel(char),
    Other,
}

impl Runner {
    /// Starts a program, by its path and its arguments, that reads `input` if that is given.
    fn start(&mut self, words: &[&str], input: Option<&OwnedFd>, task: Task) -> bool {
        if self.children.is_full() {
            self.voice.tell(Level::Error, "Too many helpers are running; another one was not started");
            return false;
        }
        match Child::start(words, input) {
            Ok(child) => self.children.push((child, task)).is_ok(),
            Err(e) => {
                let name = words.first().copied().unwrap_or_default();
                self.voice.tell(Level::Alert, &format!("Audit daemon failed to exec {name} ({})", why(&e)));
                false
            }
        }
    }

    /// Has a rotated log compressed.
    pub(super) fn compress(&mut self, log: &Path) {
        let command = self.step.config().compress_command.clone();
        if !command.is_empty() {
            self.start(&[&command, &log.to_string_lossy()], None, Task::Other);
        }
    }

    pub(super) fn help(&mut self, path: &str, purpose: Purpose) {
        if !self.start(&[path], None, Task::Helper(purpose)) {
            self.step.input(Input::HelperEnded(purpose, false));
        }
    }

    pub(super) fn mail(&mut self, subject: &str, body: &str) {
        if !world::is_executable(world::SENDMAIL) {
            let text = format!("Error - {} isn't executable", world::SENDMAIL);
            return self.voice.tell(Level::Error, &text);
        }
        let account = self.step.config().action_mail_acct.clone();
        let text = format!("To: {account}\nFrom: root\nSubject: {subject}\n\n{body}\n.\n\n");
        match holding(text.as_bytes()) {
            Ok(letter) => {
                self.start(&[world::SENDMAIL, "-t", &format!("-f{account}")], Some(&letter), Task::Other);
            }
            Err(e) => self.voice.tell(Level::Error, &format!("Error - no pipe to {} ({})", world::SENDMAIL, why(&e))),
        }
    }

    pub(super) fn change_runlevel(&mut self, level: char) {
        if level == '0' {
            console("auditd: will try to change runlevel to 0\n");
        }
        self.start(&["/sbin/init", level.encode_utf8(&mut [0; 4])], None, Task::Runlevel(level));
    }

    /// Looks after those children that have ended.
    pub(super) fn reap(&mut self) {
        let mut place = 0;
        while let Some((child, _)) = self.children.get_mut(place) {
            let Some(succeeded) = child.result() else {
                place += 1;
                continue;
            };
            match self.children.swap_remove(place).1 {
                Task::Helper(purpose) => self.feed(Input::HelperEnded(purpose, true)),
                Task::Runlevel(level) if succeeded => {
                    console(&format!("auditd: changed runlevel to {level}\n"));
                }
                Task::Runlevel(_) | Task::Other => {}
            }
        }
    }
}

fn console(text: &str) {
    files::write_to_terminal("/dev/console", text);
}

/// Writes to every terminal somebody is logged in at, as utmp(5) has it.
pub(super) fn wall(text: &str) {
    const ENTRY: usize = 384;
    const USER_PROCESS: u8 = 7;
    const LONGEST: u64 = 16 << 20;
    let entries = files::read_up_to(Path::new("/run/utmp"), LONGEST).unwrap_or_default();
    for entry in entries.chunks_exact(ENTRY).filter(|entry| entry[0] == USER_PROCESS) {
        let name = crate::text::up_to(&entry[8..40], 0);
        let is_plain = name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'/') && !name.is_empty();
        if let (Ok(name), true) = (std::str::from_utf8(name), is_plain) {
            files::write_to_terminal(&format!("/dev/{name}"), text);
        }
    }
}
