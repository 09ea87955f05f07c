//! Many descriptors waited for together, each known by a number (epoll(7)).

use super::poll::Interest;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::fd::{AsFd, OwnedFd};
use rustix::time::Timespec;
use std::io;

/// Descriptors that one look finds. Those that were found go to the end of the kernel's list, so that all have their turn.
const FOUND: usize = 16;

/// What a look has found, in turn.
pub struct Ready(heapless::Deque<(u64, bool), FOUND>);

impl Ready {
    /// Nothing.
    pub fn new() -> Ready {
        Ready(heapless::Deque::new())
    }

    /// The next of them: its number, and whether it can be written to. All others can be read, or have ended.
    pub fn pop(&mut self) -> Option<(u64, bool)> {
        self.0.pop_front()
    }

    /// One that was taken may have more to read: it comes again, after the others.
    pub fn again(&mut self, number: u64) {
        let _ = self.0.push_back((number, false));
    }
}

impl Default for Ready {
    fn default() -> Ready {
        Ready::new()
    }
}

/// A set of descriptors. One that is closed leaves it by itself.
pub struct Epoll(OwnedFd);

impl Epoll {
    /// An empty set.
    pub fn new() -> io::Result<Epoll> {
        Ok(Epoll(epoll::create(CreateFlags::CLOEXEC)?))
    }

    /// Can be read when one of the set is ready.
    pub fn descriptor(&self) -> &OwnedFd {
        &self.0
    }

    /// Adds a descriptor under a number.
    pub fn add(&self, fd: impl AsFd, number: u64, interest: Interest) -> io::Result<()> {
        Ok(epoll::add(&self.0, fd, EventData::new_u64(number), flags(interest))?)
    }

    /// Changes what one is watched for.
    pub fn set(&self, fd: impl AsFd, number: u64, interest: Interest) {
        // It fails for a descriptor alone that is not in the set, and then changes nothing.
        let _ = epoll::modify(&self.0, fd, EventData::new_u64(number), flags(interest));
    }

    /// Looks which are ready now, without waiting. False for none.
    pub fn look(&self, ready: &mut Ready) -> bool {
        let none = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut events = [const { std::mem::MaybeUninit::<Event>::uninit() }; FOUND];
        ready.0.clear();
        if let Ok((found, _)) = epoll::wait(&self.0, &mut events, Some(&none)) {
            for event in found {
                let (flags, data) = (event.flags, event.data);
                let _ = ready.0.push_back((data.u64(), flags.contains(EventFlags::OUT)));
            }
        }
        !ready.0.is_empty()
    }
}

fn flags(interest: Interest) -> EventFlags {
    match interest {
        Interest::Nothing | Interest::End => EventFlags::empty(),
        Interest::Read => EventFlags::IN,
        Interest::Write => EventFlags::OUT,
        Interest::ReadWrite => EventFlags::IN | EventFlags::OUT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::sockets::{pair, send};

    fn look(set: &Epoll) -> Vec<(u64, bool)> {
        let mut ready = Ready::new();
        set.look(&mut ready);
        std::iter::from_fn(|| ready.pop()).collect()
    }

    #[test]
    fn those_that_are_ready_are_known_by_their_numbers_and_take_turns() {
        let set = Epoll::new().unwrap();
        let pairs: Vec<_> = (0..40).map(|_| pair().unwrap()).collect();
        for (number, (ours, theirs)) in pairs.iter().enumerate() {
            set.add(ours, number as u64, Interest::Read).unwrap();
            send(theirs, b"x").unwrap();
        }
        let mut seen: Vec<u64> = (0..3).flat_map(|_| look(&set)).map(|(number, _)| number).collect();
        assert_eq!(seen.len(), 3 * FOUND);
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, (0..40).collect::<Vec<_>>(), "none is passed over");
    }

    #[test]
    fn interest_can_change_and_a_closed_one_is_gone() {
        let set = Epoll::new().unwrap();
        let (ours, theirs) = pair().unwrap();
        set.add(&ours, 7, Interest::Read).unwrap();
        assert_eq!(look(&set), []);
        send(&theirs, b"x").unwrap();
        assert_eq!(look(&set), [(7, false)]);
        set.set(&ours, 7, Interest::Nothing);
        assert_eq!(look(&set), []);
        set.set(&ours, 7, Interest::Write);
        assert_eq!(look(&set), [(7, true)]);
        drop(ours);
        assert_eq!(look(&set), []);
    }
}
