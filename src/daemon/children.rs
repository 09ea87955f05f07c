//! Programs the daemon starts and never waits for: helpers, mail, runlevels.

use super::Purpose;
use crate::sys::child::Child;
use crate::sys::error_reason;
use std::os::fd::OwnedFd;

/// How many may run at a time.
const MAX_CHILDREN: usize = 8;

/// Why a program runs, and so what its end means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Its path, and what it is for.
    Helper(String, Purpose),
    Runlevel(char),
    Other,
}

/// The programs that run.
#[derive(Default)]
pub(super) struct Children(heapless::Vec<(Child, Task), MAX_CHILDREN>);

impl Children {
    /// Starts a program, by its path and its arguments, that reads `input` and writes to `output` if these are given. The error is a
    /// sentence.
    pub(super) fn start(
        &mut self,
        words: &[&str],
        input: Option<&OwnedFd>,
        output: Option<&OwnedFd>,
        task: Task,
    ) -> Result<(), String> {
        if self.0.is_full() {
            return Err("Too many helpers are running; another one was not started".to_string());
        }
        let child = Child::start(words, input, output).map_err(|error| {
            let name = words.first().copied().unwrap_or_default();
            format!("Audit daemon failed to exec {name} ({})", error_reason(&error))
        })?;
        // There is a place: it was looked for just now.
        let _ = self.0.push((child, task));
        Ok(())
    }

    /// The next program that has ended, and whether it succeeded.
    pub(super) fn reap(&mut self) -> Option<(Task, bool)> {
        let (at, succeeded) =
            self.0.iter().enumerate().find_map(|(at, (child, _))| child.result().map(|succeeded| (at, succeeded)))?;
        Some((self.0.swap_remove(at).1, succeeded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(children: &mut Children) -> (Task, bool) {
        loop {
            match children.reap() {
                Some(ended) => return ended,
                None => std::thread::yield_now(),
            }
        }
    }

    #[test]
    fn a_program_that_ended_is_reaped_once_with_its_task() {
        let helper = || Task::Helper("/bin/sh".to_string(), Purpose::Size);
        let mut children = Children::default();
        children.start(&["/bin/sh", "-c", "exit 3"], None, None, helper()).unwrap();
        assert_eq!(wait(&mut children), (helper(), false));
        assert_eq!(children.reap(), None);
        children.start(&["/bin/sh", "-c", "exit 0"], None, None, Task::Other).unwrap();
        assert_eq!(wait(&mut children), (Task::Other, true));
    }

    #[test]
    fn more_than_may_run_are_refused_with_a_sentence() {
        let mut children = Children::default();
        let mut start = || children.start(&["/bin/sh", "-c", "read line"], None, None, Task::Other);
        let results: Vec<_> = (0..=MAX_CHILDREN).map(|_| start().is_ok()).collect();
        assert_eq!(results.iter().filter(|started| **started).count(), MAX_CHILDREN);
        assert!(Children::default().start(&["/no/such"], None, None, Task::Other).unwrap_err().contains("/no/such"));
    }
}
