//! The early daemon: `auditd --early` owns the kernel's events from the initramfs on, until auditd starts in the real root and takes
//! them over. docs/early.md has the way of a hand-over and what happens when a step of it fails.
//!
//! `daemon` is the early daemon; `take_over` is what auditd does at its start when it finds one. Both sides of the wire are here.
//! What the two know of each other the kernel vouches for: auditd talks to the process that the kernel calls its audit daemon, and
//! the early daemon to the process of which the kernel says that it may, and wants to, take its place.

mod daemon;
mod kept;
mod take_over;

pub use daemon::run;
pub(super) use kept::KeptRecords;
pub(super) use take_over::{is_early, look_for_trace, take_over};

use crate::abi::{HEADER_SIZE, Header, u32_at};
use std::time::Duration;

/// Where the early daemon listens: a name without a file, since no directory of an initramfs is sure to survive it.
const NAME: &[u8] = b"auditbox/early";
/// Bytes of records that the early daemon keeps in memory. An event takes 0.7 to 1 KiB.
pub const MOST_KEPT: u64 = 4 << 20;
/// How long each side waits for the next step of the other, which takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);
/// What auditd sends when it has what it needs: from then on the early daemon is not asked any more.
const TAKEN: &[u8] = b"taken";

/// What the early daemon says with the descriptors of the kernel's socket and of the kept records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct HandOver {
    /// How many records were kept.
    pub(super) kept: u32,
    /// How many there was no room for, or no memory; with the first and the last serial of these.
    pub(super) lost: u32,
    pub(super) serials: (u32, u32),
    /// How many messages were longer than any may be.
    pub(super) oversize: u32,
}

/// Words of [`HandOver`] on the wire, after the version.
const WORDS: usize = 5;
const LENGTH: usize = 4 * (1 + WORDS);
/// Changes when this wire or what is kept does.
const VERSION: u32 = 0x6561_0001;

impl HandOver {
    fn words(&mut self) -> [&mut u32; WORDS] {
        [&mut self.kept, &mut self.lost, &mut self.serials.0, &mut self.serials.1, &mut self.oversize]
    }

    fn encode(mut self) -> Vec<u8> {
        let mut bytes = VERSION.to_ne_bytes().to_vec();
        self.words().into_iter().for_each(|word| bytes.extend_from_slice(&word.to_ne_bytes()));
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<HandOver> {
        let mut this = HandOver::default();
        if bytes.len() != LENGTH || u32_at(bytes, 0) != Some(VERSION) {
            return None;
        }
        for (n, word) in this.words().into_iter().enumerate() {
            *word = u32_at(bytes, 4 * (n + 1))?;
        }
        Some(this)
    }
}

/// A record as it is kept: a netlink message with its header, which says how long it is.
fn frame(kind: u16, payload: &[u8]) -> Vec<u8> {
    let header = Header { length: (HEADER_SIZE + payload.len()) as u32, kind, flags: 0, sequence: 0, port: 0 };
    let mut bytes = header.encode().to_vec();
    bytes.extend_from_slice(payload);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_understood_and_nothing_else_is() {
        let said = HandOver { kept: 7, lost: 3, serials: (11, 13), oversize: 1 };
        let bytes = said.encode();
        assert_eq!(HandOver::decode(&bytes), Some(said));
        assert_eq!(HandOver::decode(&bytes[1..]), None);
        let mut newer = bytes.clone();
        newer[0] ^= 0x80;
        newer[3] ^= 0x80;
        assert_eq!(HandOver::decode(&newer), None);
    }
}
