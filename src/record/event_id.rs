//! The event id, `SECONDS.MILLI:SERIAL`, that all records of an event have in `msg=audit(...)`.

use crate::text::{self, number};

/// When an event happened, and its number within that millisecond. Orders events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// Seconds since 1970.
    pub sec: u64,
    /// 0 to 999.
    pub milli: u16,
    /// The kernel's event counter.
    pub serial: u64,
}

impl EventId {
    /// Reads `SECONDS[.MILLI][:SERIAL]`; what is missing is zero. `None` when a number does not fit.
    pub fn parse(word: &[u8]) -> Option<EventId> {
        EventId::parse_regular(word).or_else(|| EventId::parse_any(word))
    }

    fn parse_any(word: &[u8]) -> Option<EventId> {
        let sec = number::parse_prefix(word, 10).filter(|&s| s < i64::MAX as u64 - EOE_MARGIN)?;
        let (milli, tail) = match text::after(word, b".") {
            Some(rest) => (number::parse_prefix(rest, 10).filter(|&m| m <= 999)?, rest),
            None => (0, word),
        };
        let serial = match text::after(tail, b":") {
            Some(rest) => number::parse_prefix(rest, 10)?,
            None => 0,
        };
        Some(EventId { sec, milli: u16::try_from(milli).ok()?, serial })
    }

    /// The form that kernels write, in one pass. Anything else is `None`.
    pub(crate) fn parse_regular(word: &[u8]) -> Option<EventId> {
        EventId::parse_prefix(word).filter(|(_, rest)| rest.is_empty()).map(|(id, _)| id)
    }

    /// The event id that `text` begins with, in the form that kernels write, and what follows.
    #[inline]
    pub(super) fn parse_prefix(text: &[u8]) -> Option<(EventId, &[u8])> {
        let (sec, rest) = digits(text);
        EventId::parse_after_second(sec, rest)
    }

    /// The same, of `.MILLI:SERIAL` and what follows.
    pub(super) fn parse_after_second(sec: u64, text: &[u8]) -> Option<(EventId, &[u8])> {
        let (milli, rest) = digits(text.strip_prefix(b".")?);
        let (serial, rest) = digits(rest.strip_prefix(b":")?);
        let is_regular = sec < 1 << 40 && milli <= 999;
        is_regular.then_some((EventId { sec, milli: milli as u16, serial }, rest))
    }

    /// Appends `SECONDS.MILLI:SERIAL`.
    pub fn print(&self, out: &mut Vec<u8>) {
        number::push(out, self.sec);
        self.push_after_second(out);
    }

    /// Appends `.MILLI:SERIAL`.
    pub fn push_after_second(&self, out: &mut Vec<u8>) {
        out.push(b'.');
        number::push_wide(out, u64::from(self.milli), 3);
        out.push(b':');
        number::push(out, self.serial);
    }
}

/// The number of up to 18 digits that `text` begins with, and what follows. Of more digits nothing is taken.
#[inline(always)]
fn digits(text: &[u8]) -> (u64, &[u8]) {
    let (mut value, mut rest) = (0u64, text);
    while let [digit @ b'0'..=b'9', tail @ ..] = rest {
        (value, rest) = (value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')), tail);
    }
    if text.len() - rest.len() > 18 { (0, text) } else { (value, rest) }
}

/// Room left above every second for adding a timeout.
const EOE_MARGIN: u64 = 1 << 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_to_an_event_id_gives_what_the_long_one_does() {
        let digits =
            ["", "0", "007", "12", "999", "1000", "1700000009", "123456789012345678", "1234567890123456789", "-1"];
        let mut short = 0;
        for (sec, milli, serial) in triples(&digits) {
            for word in
                [format!("{sec}.{milli}:{serial}"), format!("{sec}.{milli}:{serial} "), format!("{sec}:{serial}")]
            {
                if let Some(id) = EventId::parse_regular(word.as_bytes()) {
                    assert_eq!(Some(id), EventId::parse_any(word.as_bytes()), "{word}");
                    short += 1;
                }
            }
        }
        assert!(short > 100);
    }

    fn triples<'a>(words: &'a [&'a str]) -> impl Iterator<Item = (&'a str, &'a str, &'a str)> {
        let pairs = words.iter().flat_map(|a| words.iter().map(move |b| (*a, *b)));
        pairs.flat_map(|(a, b)| words.iter().map(move |c| (a, b, *c)))
    }
}
