//! Records of peers that were stored last, so that one whose answer was lost is not stored again.
//!
//! A sender marks what it sends once more ([`crate::remote::wire::Message::is_repeated`]): up to [`WINDOW`] records, the first ones of a
//! connection. Such a record is left out when another connection from the same address has stored the very same text, and once for
//! each time it has. Sequences would not do: a sender that was started again begins with the first one.
//!
//! So a mark keeps nothing out of the log that is not in it, or was left out on purpose, whoever sets it. Where what was stored is forgotten (the daemon was
//! started again, or so many other addresses have come and gone), the record is stored twice, as it would be without all this.

use crate::remote::wire::WINDOW;
use core::net::IpAddr;
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

/// Peers at a time, whatever the configuration allows each address.
pub(super) const MAX_PEERS: usize = 1024;

/// Records that are remembered of connections that have ended, those of one address together, each counted as at least a window.
const MOST: usize = MAX_PEERS * WINDOW;

/// Digests of the records that a connection has stored last. Nobody else knows the key of the digests.
pub(super) type Digests = VecDeque<u64>;

/// See the module.
#[derive(Default)]
pub(super) struct Repeats {
    key: RandomState,
    /// Of connections that have ended, by address; who was there last is at the end.
    ended: VecDeque<(IpAddr, Digests)>,
}

impl Repeats {
    /// What a record is known by.
    pub(super) fn digest(&self, text: &[u8]) -> u64 {
        self.key.hash_one(text)
    }

    /// Whether a record was stored by an ended connection from this address, or by one of the `others`, which still stand. It is
    /// forgotten there.
    pub(super) fn take<'a>(
        &mut self,
        address: IpAddr,
        digest: u64,
        mut others: impl Iterator<Item = &'a mut Digests>,
    ) -> bool {
        let forget = |digests: &mut Digests| {
            let at = digests.iter().position(|one| *one == digest);
            at.is_some_and(|at| digests.remove(at).is_some())
        };
        self.ended.iter_mut().any(|one| one.0 == address && forget(&mut one.1)) || others.any(forget)
    }

    /// A connection has ended. Up to `senders` may send from its address at a time.
    pub(super) fn end(&mut self, address: IpAddr, last: Digests, senders: usize) {
        if last.is_empty() {
            return;
        }
        let known = self.ended.iter().position(|one| one.0 == address).and_then(|at| self.ended.remove(at));
        let mut digests = known.map(|one| one.1).unwrap_or_default();
        digests.extend(last);
        // No address makes all others forgotten.
        trim(&mut digests, WINDOW.saturating_mul(senders).min(MOST / 16));
        self.ended.push_back((address, digests));
        let size = |one: &(IpAddr, Digests)| one.1.len().max(WINDOW);
        let mut sum: usize = self.ended.iter().map(size).sum();
        while let Some(oldest) = self.ended.front().filter(|_| sum > MOST) {
            sum -= size(oldest);
            self.ended.pop_front();
        }
    }
}

/// Remembers a record of a connection that stands.
pub(super) fn remember(digests: &mut Digests, digest: u64) {
    digests.push_back(digest);
    trim(digests, WINDOW);
}

/// Forgets the oldest.
fn trim(digests: &mut Digests, most: usize) {
    digests.drain(..digests.len().saturating_sub(most));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> IpAddr {
        core::net::Ipv4Addr::from(number).into()
    }

    fn take(repeats: &mut Repeats, number: u32, digest: u64) -> bool {
        repeats.take(address(number), digest, std::iter::empty())
    }

    #[test]
    fn a_record_is_known_once_for_each_time_it_was_stored_and_to_its_address_alone() {
        let mut repeats = Repeats::default();
        repeats.end(address(1), [5, 6, 6].into(), 1);
        assert!(!take(&mut repeats, 2, 5));
        assert_eq!([5, 5, 6, 6, 6].map(|digest| take(&mut repeats, 1, digest)), [true, false, true, true, false]);
    }

    #[test]
    fn what_a_window_can_hold_is_remembered_over_several_losses() {
        let mut repeats = Repeats::default();
        // All of a window is stored, and no answer comes. Each new connection brings some of them, and is lost.
        repeats.end(address(1), (0..WINDOW as u64).collect(), 1);
        for count in [3, 20, 7, 32] {
            let again: Digests = (0..count).filter(|digest| take(&mut repeats, 1, *digest)).collect();
            assert_eq!(again.len() as u64, count);
            repeats.end(address(1), again, 1);
        }
    }

    #[test]
    fn memory_is_bounded_and_one_address_makes_no_other_forgotten() {
        let mut repeats = Repeats::default();
        repeats.end(address(1), [7].into(), 1);
        for round in 0..100_000 {
            repeats.end(address(2), [round].into(), 1);
        }
        assert_eq!((repeats.ended.len(), repeats.ended[1].1.len()), (2, WINDOW));
        assert!(take(&mut repeats, 1, 7));
        repeats.end(address(1), [7].into(), 1);
        (0..100_000).for_each(|round| repeats.end(address(3), [round].into(), 1024));
        assert!(take(&mut repeats, 1, 7), "however many may send from one address");
        repeats = Repeats::default();
        for number in 0..10_000 {
            repeats.end(address(number), (0..20).collect(), 1024);
        }
        assert_eq!(repeats.ended.len(), MAX_PEERS);
        (0..WINDOW as u64).for_each(|round| repeats.end(address(9999), (0..20 + round).collect(), 1024));
        assert!(repeats.ended.iter().map(|one| one.1.len().max(WINDOW)).sum::<usize>() <= MOST);
    }
}
