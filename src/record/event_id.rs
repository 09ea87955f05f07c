//! The event id, `SECONDS.MILLI:SERIAL`, that all records of an event have in `msg=audit(...)`.

use crate::text::number;

/// When an event happened, and its number within that millisecond. Orders events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// Seconds since 1970, fewer than 2^40: up to the year 36812.
    pub sec: u64,
    /// 0 to 999.
    pub milli: u16,
    /// The kernel's event counter.
    pub serial: u64,
}

impl EventId {
    /// Reads `SECONDS[.MILLI][:SERIAL]`; what is missing is zero. `None` when a number does not fit, or there is anything else.
    pub fn parse(word: &[u8]) -> Option<EventId> {
        EventId::parse_prefix(word).filter(|(_, rest)| rest.is_empty()).map(|(id, _)| id)
    }

    /// The event id that `text` begins with, and what follows.
    #[inline]
    pub(crate) fn parse_prefix(text: &[u8]) -> Option<(EventId, &[u8])> {
        let (sec, rest) = digits(text)?;
        EventId::parse_after_second(sec, rest)
    }

    /// The same, of `.MILLI:SERIAL` and what follows.
    pub(super) fn parse_after_second(sec: u64, text: &[u8]) -> Option<(EventId, &[u8])> {
        let (milli, rest) = part(text, b'.')?;
        let (serial, rest) = part(rest, b':')?;
        let fits = sec < 1 << 40 && milli <= 999;
        fits.then_some((EventId { sec, milli: milli as u16, serial }, rest))
    }

    /// Whether it is of a time from one millisecond since 1970 up to another one.
    pub fn is_between(&self, start: Option<u64>, end: Option<u64>) -> bool {
        let millis = self.sec * 1000 + u64::from(self.milli);
        start.is_none_or(|start| millis >= start) && end.is_none_or(|end| millis <= end)
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

/// The number of one to 18 digits that `text` begins with, and what follows.
#[inline(always)]
fn digits(text: &[u8]) -> Option<(u64, &[u8])> {
    let (mut value, mut rest) = (0u64, text);
    while let [digit @ b'0'..=b'9', tail @ ..] = rest {
        (value, rest) = (value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')), tail);
    }
    (1..=18).contains(&(text.len() - rest.len())).then_some((value, rest))
}

/// The number after this byte, if the text begins with that, and what follows.
#[inline(always)]
fn part(text: &[u8], mark: u8) -> Option<(u64, &[u8])> {
    match text {
        [first, rest @ ..] if *first == mark => digits(rest),
        _ => Some((0, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_id_may_lack_parts_and_holds_nothing_else() {
        let id = |word: &str| EventId::parse(word.as_bytes()).map(|id| (id.sec, id.milli, id.serial));
        for (word, expected) in [
            ("1700000009.123:45", (1_700_000_009, 123, 45)),
            ("0009.007:0", (9, 7, 0)),
            ("9.1", (9, 1, 0)),
            ("9:45", (9, 0, 45)),
            ("9", (9, 0, 0)),
            ("9.1:999999999999999999", (9, 1, 999_999_999_999_999_999)),
        ] {
            assert_eq!(id(word), Some(expected), "{word}");
        }
        for word in
            ["", "x", "9.", "9:", "9.:1", "9.1:", "9.1:1 ", "9x", "-9", "9:1.1", "9.1000:1", "1099511627776.1:1"]
        {
            assert_eq!(id(word), None, "{word}");
        }
        assert_eq!(id("9.1:1000000000000000000"), None);
    }
}
