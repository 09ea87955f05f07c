//! The names that are searched for in records, each prepared while compiling. All of them end in `=`, which is what is
//! looked for.

use crate::text::{eight, marks};

/// A name with its `=`.
pub(super) struct Name {
    pub(super) text: &'static str,
    /// Its last eight bytes, the last one highest.
    back: u64,
    /// Which bits of `back` count.
    mask: u64,
}

impl Name {
    pub(super) const fn new(text: &'static str) -> Name {
        let bytes = text.as_bytes();
        assert!(bytes[bytes.len() - 1] == b'=');
        let (mut back, mut mask, mut at) = (0, 0, 1);
        while at <= bytes.len() && at <= 8 {
            back |= (bytes[bytes.len() - at] as u64) << (64 - 8 * at);
            mask |= 0xff << (64 - 8 * at);
            at += 1;
        }
        Name { text, back, mask }
    }

    /// Whether the name stands right before this place of `text`.
    #[inline(always)]
    pub(super) fn is_before(&self, text: &[u8], place: usize) -> bool {
        match text.get(place.wrapping_sub(8)..place).and_then(|back| back.try_into().ok()) {
            Some(back) if u64::from_le_bytes(back) & self.mask != self.back => false,
            Some(_) if self.text.len() <= 8 => true,
            _ => text.get(..place).is_some_and(|front| front.ends_with(self.text.as_bytes())),
        }
    }

    /// Where the value behind the first such name begins, looking from `at` on.
    pub(super) fn find(&self, text: &[u8], at: usize) -> Option<usize> {
        let mut values = Equals::new(text, at).map(|equals| equals + 1);
        values.find(|value| self.is_before(text, *value) && value - self.text.len() >= at)
    }
}

/// The places of `=` in a text, and now and then one of another byte.
pub(super) struct Equals<'a> {
    /// What is behind the eight bytes that are looked at.
    rest: &'a [u8],
    /// Where those begin.
    at: usize,
    marks: u64,
}

impl<'a> Equals<'a> {
    #[inline(always)]
    pub(super) fn new(text: &'a [u8], at: usize) -> Equals<'a> {
        let rest = text.get(at.saturating_add(8)..).unwrap_or_default();
        Equals { rest, at, marks: marks(eight(text, at), b'=') }
    }
}

impl Iterator for Equals<'_> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        while self.marks == 0 {
            let Some((word, rest)) = self.rest.split_first_chunk() else {
                if self.rest.is_empty() {
                    return None;
                }
                self.at += 8;
                self.marks = marks(eight(self.rest, 0), b'=');
                self.rest = &[];
                continue;
            };
            self.at += 8;
            self.marks = marks(u64::from_le_bytes(*word), b'=');
            self.rest = rest;
        }
        let place = self.at + self.marks.trailing_zeros() as usize / 8;
        self.marks &= self.marks - 1;
        Some(place)
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
    use memchr::memmem;

    #[test]
    fn names_are_found_where_they_first_stand() {
        const TEXT: &[u8] = b"ppid=1 pid=2 auid==<3 uid=4 exe=\"/x\" hostname=terminal= p=";
        for name in [
            name!("pid="),
            name!(" pid="),
            name!("uid="),
            name!(" uid="),
            name!("exe="),
            name!("hostname="),
            name!("terminal="),
            name!("=terminal="),
            name!("p="),
            name!("="),
            name!("key="),
            name!("auid=="),
        ] {
            for end in 0..=TEXT.len() {
                for at in 0..=end {
                    let plain = memmem::find(&TEXT[at..end], name.text.as_bytes());
                    let found = name.find(&TEXT[..end], at);
                    assert_eq!(found, plain.map(|start| at + start + name.text.len()), "{} {at}..{end}", name.text);
                }
            }
        }
        assert_eq!(name!("pid=").find(TEXT, TEXT.len() + 9), None);
    }
}
