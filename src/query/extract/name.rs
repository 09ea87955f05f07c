//! The names that are searched for in records, each prepared while compiling.

use crate::text::eight;
use memchr::memchr;

/// A name, the place of the byte in it that is rarest in logs, which alone is searched for first, and its first eight
/// bytes, which are compared at once.
pub(super) struct Name {
    pub(super) text: &'static str,
    rare: usize,
    front: u64,
    /// Which bits of `front` count.
    mask: u64,
}

/// Bytes of names, those most frequent in logs first. All others are rarer.
const FREQUENT: &[u8] = b"= edisatcpuomnfr:g\"y_lbvkhxw-j";

/// How rare a byte is.
const fn rarity(byte: u8) -> usize {
    let mut rank = 0;
    while rank < FREQUENT.len() && FREQUENT[rank] != byte {
        rank += 1;
    }
    rank
}

impl Name {
    pub(super) const fn new(text: &'static str) -> Name {
        let (bytes, mut rare, mut at) = (text.as_bytes(), 0, 1);
        while at < bytes.len() {
            if rarity(bytes[at]) > rarity(bytes[rare]) {
                rare = at;
            }
            at += 1;
        }
        let (mut front, mut mask, mut at) = (0, 0, 0);
        while at < bytes.len() && at < 8 {
            front |= (bytes[at] as u64) << (8 * at);
            mask |= 0xff << (8 * at);
            at += 1;
        }
        Name { text, rare, front, mask }
    }

    /// Whether the name stands at this place of `text`.
    #[inline(always)]
    pub(super) fn is_at(&self, text: &[u8], at: usize) -> bool {
        eight(text, at) & self.mask == self.front
            && self.text.as_bytes().get(8..).is_none_or(|tail| text.get(at + 8..).is_some_and(|t| t.starts_with(tail)))
    }

    /// If eight bytes begin with the name, which is no longer: the bits of those behind it.
    #[inline(always)]
    pub(super) fn rest_of(&self, bytes: u64) -> Option<u64> {
        (bytes & self.mask == self.front).then_some(!self.mask)
    }

    /// Where the name first stands in `text`.
    pub(super) fn find(&self, text: &[u8]) -> Option<usize> {
        let rare = *self.text.as_bytes().get(self.rare)?;
        let mut from = self.rare;
        loop {
            let hit = from + memchr(rare, text.get(from..)?)?;
            if self.is_at(text, hit - self.rare) {
                return Some(hit - self.rare);
            }
            from = hit + 1;
        }
    }
}

/// A name that is written out in the code.
macro_rules! name {
    ($text:literal) => {
        const { &$crate::query::extract::name::Name::new($text) }
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_are_found_where_they_first_stand() {
        const TEXT: &[u8] = b"ppid=1 pid=2 auid=3 uid=4 exe=\"/x\" comm=\"m\" pi";
        for (name, at) in [
            (name!("pid="), Some(1)),
            (name!(" pid="), Some(6)),
            (name!("uid="), Some(14)),
            (name!("exe="), Some(26)),
            (name!("comm="), Some(35)),
            (name!("mm=\"m"), Some(37)),
            (name!("key="), None),
        ] {
            assert_eq!(name.find(TEXT), at, "{}", name.text);
        }
        assert_eq!(name!("pid=").find(b""), None);
        assert_eq!(name!("pid=").find(b"pid"), None);
    }
}
