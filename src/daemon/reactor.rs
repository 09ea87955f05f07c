//! The reactor: descriptors with tokens, waited for together. It knows no policy, and has no limit that drops one silently.

use crate::sys::poll::{Interest, PollSet};
use std::os::fd::AsFd;
use std::time::Duration;

/// Descriptors and the tokens by which their owner knows them.
pub(super) struct Reactor<T> {
    set: PollSet,
    tokens: Vec<T>,
}

impl<T: Copy + PartialEq> Reactor<T> {
    pub(super) fn new() -> Reactor<T> {
        Reactor { set: PollSet::default(), tokens: Vec::new() }
    }

    /// Watches a descriptor, which must stay open as long as the reactor is used. A token stands for one descriptor.
    pub(super) fn register(&mut self, fd: &impl AsFd, token: T, interest: Interest) {
        self.set.add(fd.as_fd(), interest);
        self.tokens.push(token);
    }

    /// Forgets the descriptors whose token passes the test.
    pub(super) fn forget(&mut self, test: impl Fn(&T) -> bool) {
        self.set.retain(|index| self.tokens.get(index).is_some_and(|token| !test(token)));
        self.tokens.retain(|token| !test(token));
    }

    /// Whether the last wait found the end of a token's descriptor, or an error.
    pub(super) fn has_ended(&self, token: T) -> bool {
        self.tokens.iter().position(|other| *other == token).is_some_and(|index| self.set.has_ended(index))
    }

    /// Changes what the descriptor of a token is watched for.
    pub(super) fn set_interest(&mut self, token: T, interest: Interest) {
        if let Some(index) = self.tokens.iter().position(|other| *other == token) {
            self.set.set_interest(index, interest);
        }
    }

    /// Waits until a descriptor is ready, a signal comes, or `limit` has passed; without a limit for ever.
    pub(super) fn wait(&mut self, limit: Option<Duration>) {
        self.set.wait(limit);
    }

    /// The tokens that the last wait found ready, in the order of their registration.
    pub(super) fn ready(&self) -> impl Iterator<Item = T> {
        self.tokens.iter().enumerate().filter(|(index, _)| self.set.is_ready(*index)).map(|(_, token)| *token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::poll::Waker;

    #[test]
    fn every_descriptor_is_heard_however_many_there_are() {
        let wakers: Vec<Waker> = (0..100).map(|_| Waker::new().unwrap()).collect();
        let mut reactor = Reactor::new();
        wakers.iter().enumerate().for_each(|(n, waker)| reactor.register(waker, n, Interest::Read));
        for n in [0, 7, 8, 9, 63, 64, 99] {
            wakers[n].wake();
            reactor.wait(Some(Duration::ZERO));
            assert_eq!(reactor.ready().collect::<Vec<_>>(), [n]);
            wakers[n].drain();
        }
    }

    #[test]
    fn a_forgotten_token_is_not_heard_and_the_others_keep_their_own() {
        let wakers: Vec<Waker> = (0..3).map(|_| Waker::new().unwrap()).collect();
        let mut reactor = Reactor::new();
        wakers.iter().enumerate().for_each(|(n, waker)| reactor.register(waker, n, Interest::Read));
        wakers.iter().for_each(Waker::wake);
        reactor.forget(|n| *n == 1);
        reactor.wait(Some(Duration::ZERO));
        assert!(reactor.ready().eq([0, 2]));
        reactor.set_interest(2, Interest::End);
        reactor.wait(Some(Duration::ZERO));
        assert!(reactor.ready().eq([0]));
    }

    #[test]
    fn a_token_that_is_paused_waits_for_its_turn() {
        let (records, signals) = (Waker::new().unwrap(), Waker::new().unwrap());
        let mut reactor = Reactor::new();
        reactor.register(&records, 'r', Interest::Read);
        reactor.register(&signals, 's', Interest::Read);
        records.wake();
        signals.wake();
        reactor.set_interest('r', Interest::Nothing);
        reactor.wait(Some(Duration::ZERO));
        assert!(reactor.ready().eq(['s']));
        reactor.set_interest('r', Interest::Read);
        reactor.wait(Some(Duration::ZERO));
        assert!(reactor.ready().eq(['r', 's']));
    }
}
