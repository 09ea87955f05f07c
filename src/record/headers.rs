//! Records in a row: most of them belong to the event of the one before, which its event id says without being read, and are
//! of the few types that most records are of.

use super::{EventId, Line, Malformed, Record, RecordType};
use crate::text;

/// Reads records one after another, and remembers the last event id as it was written.
pub struct Headers {
    written: Written,
    id: EventId,
    /// Names of types that were met, first byte lowest, each at the place that it chooses.
    kinds: [(u128, RecordType); 256],
}

/// An event id in a line, from the space before `msg=` to the parenthesis that closes it. No bytes when there is none yet.
struct Written {
    text: [u8; Written::LONGEST],
    len: usize,
}

impl Written {
    /// With fewer bytes the word of an event id may be too short to be one.
    const SHORTEST: usize = 20;

    /// Longer ones, which no kernel writes, are not remembered.
    const LONGEST: usize = 48;

    /// Whether `text` begins with it, sixteen bytes at a time: this is asked for every record.
    #[inline(always)]
    fn begins(&self, text: &[u8]) -> bool {
        let len = self.len;
        let (Some(text), Some(written)) = (text.get(..len), self.text.get(..len)) else { return false };
        let part = |text: &[u8], at: usize| text.get(at..)?.first_chunk().copied().map(u128::from_ne_bytes);
        len != 0
            && part(text, len - 16) == part(written, len - 16)
            && part(text, 0) == part(written, 0)
            && (len <= 32 || part(text, 16) == part(written, 16))
    }
}

/// Type and event id at the beginning of a line that is written as kernels do: most lines of a log are.
#[derive(Clone, Copy)]
pub(crate) struct Front {
    pub(crate) record_type: RecordType,
    pub(crate) id: EventId,
    /// How long the type's name is.
    name_len: u16,
    /// Where the body begins: after the parenthesis that closes the event id.
    body: u16,
}

/// How many bytes an id's second of ten digits ends after.
const SECOND: usize = b" msg=audit(1700000000".len();

/// Type and event id must stand in this number of bytes.
const LONGEST: usize = 80;
const _: () = assert!(5 + 16 + Written::LONGEST <= LONGEST);

/// The name behind `type=` in a line, first byte lowest, how long it is, and what stands from the space on that ends it.
#[inline(always)]
fn named(line: &[u8]) -> Option<(u128, usize, &[u8])> {
    let (b"type=", rest) = line.split_first_chunk()? else { return None };
    let bytes = rest.first_chunk()?;
    let len = text::find_in_16(bytes, b' ')?;
    Some((u128::from_le_bytes(*bytes) & LOWEST.get(len)?, len, rest.get(len..)?))
}

/// All bits of that number of bytes, the lowest ones. A shift of so many bits would be a call.
const LOWEST: [u128; 16] = {
    let mut masks = [0; 16];
    let mut len = 1;
    while len < 16 {
        masks[len] = masks[len - 1] << 8 | 0xff;
        len += 1;
    }
    masks
};

impl Default for Headers {
    fn default() -> Headers {
        let written = Written { text: [0; Written::LONGEST], len: 0 };
        Headers { written, id: EventId::default(), kinds: [(0, RecordType::UNRECOGNISED); 256] }
    }
}

impl Headers {
    /// Like [`Record::scan`].
    #[inline]
    pub fn scan<'a>(&mut self, line: Line<'a>) -> Result<Record<'a>, Malformed<'a>> {
        match self.front(line.text) {
            Some(front) => Ok(front.record(line)),
            None => Record::scan(line),
        }
    }

    /// The front of a line without a node whose type is known by a short name and whose event id is written as kernels do. What
    /// [`Record::scan`] makes of any other line must be seen there.
    #[inline(always)]
    pub(crate) fn front(&mut self, line: &[u8]) -> Option<Front> {
        let (word, name, rest) = named(line)?;
        let record_type = self.record_type(word, name)?;
        if !self.written.begins(rest) {
            self.read_id(rest)?;
        }
        let body = (5 + name + self.written.len) as u16;
        Some(Front { record_type, id: self.id, name_len: name as u16, body })
    }

    /// How many bytes those lines have that `text` begins with, begin in its first `end` bytes, and are records of the event of
    /// the line before and of a type that is passed over. It may end before a line that is one, but not after one that is not.
    ///
    /// Three lines in four of a log are of that kind, and this takes half the instructions that reading their fronts does.
    pub(crate) fn continuing(
        &self,
        text: &[u8],
        end: usize,
        longest: usize,
        passes: impl Fn(RecordType) -> bool,
    ) -> usize {
        self.known_lines(text, end, longest, |record_type, id| passes(record_type) && self.written.begins(id))
    }

    /// The same of records of the second of the line before, whatever their event, if their ids are as long. No more of an id is
    /// looked at than that it is one.
    pub(crate) fn same_second(&self, text: &[u8], end: usize, longest: usize) -> usize {
        let Written { text: written, len } = &self.written;
        let len = len.wrapping_sub(SECOND);
        let is_usual = written.get(SECOND) == Some(&b'.') && written.get(SECOND + 4) == Some(&b':');
        // Which record is the first one with a time is asked for each.
        if !is_usual || !(7..=16).contains(&len) || self.id.sec == 0 {
            return 0;
        }
        // Of what follows the second, `.123:45)`, all but the digits must be the same.
        let signs = 0xff | 0xff << 32 | 0xff << (8 * (len - 1));
        let digits = u128::MAX >> (128 - 8 * len) & !signs;
        let differs = |text: &[u8], at: usize| {
            let part = |text: &[u8]| text.get(at..)?.first_chunk().copied().map(u128::from_le_bytes);
            part(text).zip(part(written)).map_or(u128::MAX, |(a, b)| a ^ b)
        };
        self.known_lines(text, end, longest, |_, id| {
            differs(id, 0) == 0
                && differs(id, SECOND - 16) == 0
                && differs(id, SECOND) & signs == 0
                && id.get(SECOND..).is_some_and(|id| has_digits(id, digits))
        })
    }

    /// How many bytes those lines have that `text` begins with, begin in its first `end` bytes, and are of a type that was met,
    /// if `is_one` says so of the type and of what follows its name.
    #[inline(always)]
    fn known_lines(
        &self,
        text: &[u8],
        end: usize,
        longest: usize,
        is_one: impl Fn(RecordType, &[u8]) -> bool,
    ) -> usize {
        let mut at = 0;
        while at < end {
            let Some(line) = text.get(at..) else { break };
            let Some((word, name, rest)) = named(line) else { break };
            let Some((known, record_type)) = self.kinds.get(place_of(word)) else { break };
            if *known != word || word == 0 || !is_one(*record_type, rest) {
                break;
            }
            match memchr::memchr(b'\n', rest) {
                Some(len) if 5 + name + len < longest => at += 5 + name + len + 1,
                _ => break,
            }
        }
        at
    }

    /// The last event id that was read of a line by itself.
    pub(crate) fn last(&self) -> EventId {
        self.id
    }

    /// Forgets the last id.
    pub(crate) fn forget(&mut self) {
        self.written.len = 0;
    }

    /// The type whose name of `len` bytes is `word` as a number.
    #[inline(always)]
    fn record_type(&mut self, word: u128, len: usize) -> Option<RecordType> {
        let place = self.kinds.get_mut(place_of(word))?;
        if place.0 != word || word == 0 {
            *place = (word, known(word.to_le_bytes().get(..len)?)?);
        }
        Some(place.1)
    }

    /// Reads the event id that `text` begins with.
    fn read_id(&mut self, text: &[u8]) -> Option<()> {
        let had = std::mem::replace(&mut self.written.len, 0);
        // Most often it is of the same second as the last one. This saves a third of what reading it takes.
        let second =
            text.first_chunk::<SECOND>().filter(|_| had > SECOND && self.written.text.get(SECOND) == Some(&b'.'));
        let (id, rest) = match second {
            Some(second) if self.written.text.first_chunk() == Some(second) => {
                EventId::parse_after_second(self.id.sec, text.get(SECOND..)?)?
            }
            _ => EventId::parse_prefix(text.strip_prefix(b" msg=audit(")?)?,
        };
        let len = text.len() - rest.strip_prefix(b")")?.len();
        if len < Written::SHORTEST {
            return None;
        }
        self.written.text.get_mut(..len)?.copy_from_slice(text.get(..len)?);
        (self.written.len, self.id) = (len, id);
        Some(())
    }
}

/// Whether the bytes of `text` at these places are digits.
#[inline(always)]
fn has_digits(text: &[u8], places: u128) -> bool {
    const ZEROS: u128 = u128::MAX / 255 * b'0' as u128;
    let Some(bytes) = text.first_chunk() else { return false };
    let values = (u128::from_le_bytes(*bytes) ^ ZEROS) & places;
    (values | values.wrapping_add(u128::MAX / 255 * 0x76)) & (u128::MAX / 255 * 0x80) == 0
}

/// Where a name has its place among 256.
#[inline(always)]
fn place_of(word: u128) -> usize {
    ((word as u64 ^ (word >> 64) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as usize
}

/// The type of a name that is known and holds nothing that could end a line.
#[cold]
fn known(name: &[u8]) -> Option<RecordType> {
    let record_type = RecordType::parse(name);
    (record_type != RecordType::UNRECOGNISED && name.iter().all(u8::is_ascii_graphic)).then_some(record_type)
}

impl Front {
    /// The record on the line of which this is the front.
    #[inline(always)]
    pub(crate) fn record<'a>(&self, whole: Line<'a>) -> Record<'a> {
        let (line, enriched, written) = whole.parts(self.record_type);
        Record {
            line,
            node: None,
            record_type: self.record_type,
            type_text: line.get(5..5 + usize::from(self.name_len)).unwrap_or_default(),
            id: self.id,
            body: line.get(usize::from(self.body)..).unwrap_or_default(),
            enriched,
            written,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_in_a_row_are_read_as_if_alone() {
        let mut headers = Headers::default();
        for line in [
            &b"type=SYSCALL msg=audit(1700000009.123:45): arch=c000003e key=(null)\x1DARCH=x86_64\n"[..],
            b"type=CWD msg=audit(1700000009.123:45): cwd=\"/\"",
            b"type=PATH msg=audit(1700000009.123:45)",
            b"type=PATH msg=audit(1700000009.123:456): x",
            b"type=PATH msg=audit(1700000009.123:456",
            b"type=PATH  msg=audit(1700000009.123:456): x",
            b"node=n type=PATH msg=audit(1700000009.123:456): x",
            b"type=PATH msg=audit(1700000009.123:456): x\0y",
            b"type=PATH msg=audit(1700000009.123\0:456): x",
            b"type=PATH msg=audit(1700000009.123:456\x1D): x",
            b"type=UNKNOWN[1\0] msg=audit(1700000009.123:456): x",
            b"type=UNKNOWN[1302] msg=audit(1700000009.123:456): x",
            b"type=path msg=audit(1700000009.123:456): x",
            b"type=1302 msg=audit(1700000009.123:456): x",
            b"type=CONTAINER_ID_X msg=audit(1700000009.123:456): x",
            b"type=INTEGRITY_POLICY_RULE msg=audit(1700000009.123:456): x",
            b"type=ANOM_CRYPTO_FAIL msg=audit(1700000009.123:456): x",
            b"type=msg msg=audit(1700000009.123:456): msg=audit(1700000009.123:457):",
            b"type=A_VERY_LONG_NAME_OF_A_RECORD_TYPE_THAT_NOBODY_HAS_EVER_SEEN msg=audit(1700000009.123:457): x",
            b"type=BOGUS msg=audit(9.0:1): a message that is too short",
            b"type=USER msg=audit(9.0:1): a message that is too short",
            b"type=USER msg=audit(0000000000000000000009.123:1): x",
            b"type=USER msg=audit(1700000009.1:1): x",
            b"type=USER msg=audit(1700000009): x",
            b"type= msg=audit(1700000009.123:457): x",
            b"type=CWD msg=audit(1700000009.123:457) : x",
            b"type=CWD msg=audit(1700000009.1234:457): x",
            b"type=CWD msg=audit(1700000009.124:99): x",
            b"type=CWD msg=audit(1700000009.1x3:45): x",
            b"type=CWD msg=audit(1700000009.12\xba:45): x",
            b"type=CWD msg=audit(1700000009.12\x8a\x35:45): x",
            b"type=CWD msg=audit(1700000009.123:4:): x",
            b"type=CWD msg=audit(1700000009.123:4/): x",
            b"type=CWD msg=audit(1700000009.123;45): x",
            b"type=CWD msg=audit(1700000009,123:45): x",
            b"type=CWD msg=audit(1700000009.123:4)): x",
            b"type=CWD msg=audit(1700000009.123:456x: x",
            b"type=CWD msg=audit(000000000000000009.000000000000000123:000000000000000457): x",
            b"type=INTEGRITY_RULE msg=audit(000000000000000009.000000000000000123:000000000000000457): x",
            b"type=CWD",
            b"",
        ] {
            for _ in 0..2 {
                // So that what is asked of a second is asked of most lines.
                let _ = headers.front(b"type=CWD msg=audit(1700000009.123:45): a");
                let alone = Record::scan(Line::new(line));
                assert_eq!(headers.scan(Line::new(line)), alone, "{}", String::from_utf8_lossy(line));
                if let Some(front) = headers.front(line) {
                    assert_eq!(alone, Ok(front.record(Line::new(line))));
                }
                let text = [line, b"\n"].concat();
                if headers.continuing(&text, text.len(), text.len(), |_| true) > 0 {
                    assert_eq!(alone.map(|record| record.id), Ok(headers.last()));
                }
                if headers.same_second(&text, text.len(), text.len()) > 0 {
                    assert_eq!(alone.map(|record| record.id.sec), Ok(headers.last().sec));
                }
            }
        }
    }
}
