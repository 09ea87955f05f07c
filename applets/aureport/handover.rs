//! What passes between the thread that reads the logs and the one that reports: a short queue of what was read, and back
//! the memory of events that are done with. Both wait for one another here, so memory stays bounded.

use super::read::Read;
use auditbox::event::Event;
use heapless::Deque;
use std::sync::{Condvar, Mutex, MutexGuard};

/// How many batches of events may wait for the report.
const WAITING: usize = 4;

/// Nobody takes what is read, or there is nothing to read.
pub(crate) struct Stopped;

#[derive(Default)]
struct State {
    read: Deque<Read, WAITING>,
    done: Vec<Vec<Event>>,
    stopped: bool,
}

#[derive(Default)]
pub(crate) struct Handover {
    state: Mutex<State>,
    changed: Condvar,
}

impl Handover {
    /// Queues what was read, as soon as there is room. Gives events that are done with, for their memory.
    pub(crate) fn give(&self, read: Read) -> Result<Vec<Event>, Stopped> {
        let mut state = self.wait(|state| state.read.is_full() && !state.stopped);
        if state.stopped || state.read.push_back(read).is_err() {
            return Err(Stopped);
        }
        self.changed.notify_one();
        Ok(state.done.pop().unwrap_or_default())
    }

    /// The next thing that was read, as soon as there is one. Whoever reads ends with [`Read::End`] or [`Read::Refused`];
    /// behind those nothing comes.
    pub(crate) fn take(&self) -> Read {
        loop {
            if let Some(read) = self.wait(|state| state.read.is_empty()).read.pop_front() {
                self.changed.notify_one();
                return read;
            }
        }
    }

    /// Gives events back, for their memory.
    pub(crate) fn give_back(&self, events: Vec<Event>) {
        self.lock().done.push(events);
    }

    /// Nothing will be taken any more.
    pub(crate) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_one();
    }

    fn wait(&self, while_so: fn(&mut State) -> bool) -> MutexGuard<'_, State> {
        self.changed.wait_while(self.lock(), while_so).unwrap_or_else(|e| e.into_inner())
    }

    /// A poisoned lock means that the other thread is gone; what it guards is whole all the same.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_arrives_in_order_through_a_short_queue() {
        let handover = Handover::default();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for file in 0..100 {
                    assert!(handover.give(Read::EndOfFile(vec![file])).is_ok());
                }
                handover.give(Read::Refused).is_ok()
            });
            for file in 0..100 {
                assert!(matches!(handover.take(), Read::EndOfFile(name) if name == [file]));
            }
            assert!(matches!(handover.take(), Read::Refused));
        });
    }

    #[test]
    fn a_reader_does_not_wait_for_a_report_that_has_stopped() {
        let handover = Handover::default();
        std::thread::scope(|scope| {
            let reading = scope.spawn(|| while handover.give(Read::Refused).is_ok() {});
            handover.take();
            handover.stop();
            assert!(reading.join().is_ok());
        });
        assert!(handover.give(Read::Refused).is_err());
    }

    #[test]
    fn memory_comes_back() {
        let handover = Handover::default();
        handover.give_back(Vec::with_capacity(9));
        let given = || handover.give(Read::Refused).map_or(0, |events| events.capacity());
        assert!(given() >= 9);
        assert_eq!(given(), 0);
    }
}
