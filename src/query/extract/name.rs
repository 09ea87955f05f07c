//! The names of fields that are searched for, each prepared at compile time, and the byte they all end in.

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

    /// Whether text may end in this name whose last eight bytes are `back`.
    #[inline(always)]
    pub(super) fn may_end(&self, back: u64) -> bool {
        back & self.mask == self.back
    }

    /// Whether `text` ends in this name, when [`Name::may_end`] has said that it may.
    pub(super) fn ends(&self, text: &[u8]) -> bool {
        self.text.len() <= 8 || text.ends_with(self.text.as_bytes())
    }
}

/// A [`Name`] that is prepared at compile time.
macro_rules! name {
    ($text:literal) => {
        const { &$crate::query::extract::name::Name::new($text) }
    };
}
