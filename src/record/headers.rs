//! Records in a row: most of them belong to the event of the one before, which its event id tells without being read, and are
//! of the few types that most records are of.

use super::{EventId, Line, Malformed, Record, RecordType};
use crate::text;

/// Reads records one after another, and remembers the last event id as it was written.
pub struct Headers {
    written: Written,
    id: EventId,
    /// Names of types that were met, first byte lowest, each at the place that it chooses.
    kinds: [(u128, RecordType); 128],
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

/// Type and event id at the beginning of a line.
#[derive(Clone, Copy)]
pub struct Front {
    /// The type.
    pub kind: RecordType,
    /// The event.
    pub id: EventId,
    /// Where the node's name is, if there is one: place and length.
    node: Option<(u16, u16)>,
    /// Where the type's name is.
    name_at: u16,
    name_len: u16,
    /// Where the body begins: after the parenthesis that closes the stamp.
    body: u16,
}

/// Type and event id must stand in this number of bytes.
const LONGEST: usize = 80;
const _: () = assert!(5 + 16 + Written::LONGEST <= LONGEST);

/// What follows `type=` in a line, how many bytes of that are before the next space, and what stands from there on.
#[inline(always)]
fn named(line: &[u8]) -> Option<(&[u8; 16], usize, &[u8])> {
    let (b"type=", rest) = line.split_first_chunk()? else { return None };
    let bytes = rest.first_chunk()?;
    let name = text::find_in_16(bytes, b' ')?;
    Some((bytes, name, rest.get(name..)?))
}

impl Default for Headers {
    fn default() -> Headers {
        let written = Written { text: [0; Written::LONGEST], len: 0 };
        Headers { written, id: EventId::default(), kinds: [(0, RecordType::UNRECOGNISED); 128] }
    }
}

impl Headers {
    /// Like [`Record::scan`].
    #[inline]
    pub fn scan<'a>(&mut self, line: Line<'a>) -> Result<Record<'a>, Malformed<'a>> {
        match self.front_of(line) {
            Some(front) => Ok(front.record(line)),
            None => Record::scan(line),
        }
    }

    /// The front of a line, if it tells what [`Record::scan`] would.
    #[inline(always)]
    pub fn front_of(&mut self, line: Line<'_>) -> Option<Front> {
        self.front(line.text).filter(|front| usize::from(front.body) <= line.end)
    }

    /// The front of a line without a node whose type is known by a short name and whose event id is written as kernels do.
    /// What [`Record::scan`] makes of any other line must be seen there.
    #[inline(always)]
    fn front(&mut self, line: &[u8]) -> Option<Front> {
        let (bytes, name, rest) = named(line)?;
        let kind = self.record_type(u128::from_le_bytes(*bytes) & !(u128::MAX << (8 * name)), bytes.get(..name)?)?;
        if !self.written.begins(rest) {
            self.read_stamp(rest)?;
        }
        let body = (5 + name + self.written.len) as u16;
        Some(Front { kind, id: self.id, node: None, name_at: 5, name_len: name as u16, body })
    }

    /// Forgets the last id.
    pub fn forget(&mut self) {
        self.written.len = 0;
    }

    /// Whether the line is a record without node that has the id of the one before; nothing is said of its type. The line must
    /// have no byte that could end its record early.
    #[inline(always)]
    pub fn continues(&self, line: &[u8]) -> bool {
        named(line).is_some_and(|(_, _, rest)| self.written.begins(rest))
    }

    /// The type of that name, which is `word` as a number.
    #[inline(always)]
    fn record_type(&mut self, word: u128, name: &[u8]) -> Option<RecordType> {
        let hash = (word as u64 ^ (word >> 64) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 57;
        let place = self.kinds.get_mut(hash as usize)?;
        if place.0 != word || word == 0 {
            let kind = known(name)?;
            *place = (word, kind);
        }
        Some(place.1)
    }

    /// Reads the event id that `text` begins with.
    fn read_stamp(&mut self, text: &[u8]) -> Option<()> {
        self.written.len = 0;
        let (id, rest) = EventId::parse_prefix(text.strip_prefix(b" msg=audit(")?)?;
        let len = text.len() - rest.strip_prefix(b")")?.len();
        if len < Written::SHORTEST {
            return None;
        }
        self.written.text.get_mut(..len)?.copy_from_slice(text.get(..len)?);
        (self.written.len, self.id) = (len, id);
        Some(())
    }
}

/// The type of a name that is known and holds nothing that could end a line.
#[cold]
fn known(name: &[u8]) -> Option<RecordType> {
    let kind = RecordType::parse(name);
    (kind != RecordType::UNRECOGNISED && name.iter().all(u8::is_ascii_graphic)).then_some(kind)
}

impl Front {
    /// The front of a record that was read from its line. The line must be shorter than 64 KiB.
    pub fn of(record: &Record<'_>) -> Front {
        let at = |part: &[u8]| (part.as_ptr() as usize).wrapping_sub(record.line.as_ptr() as usize) as u16;
        Front {
            kind: record.record_type,
            id: record.id,
            node: record.node.map(|node| (at(node), node.len() as u16)),
            name_at: at(record.type_text),
            name_len: record.type_text.len() as u16,
            body: (record.line.len() - record.body.len()) as u16,
        }
    }

    /// The record on the line of which this is the front.
    #[inline(always)]
    pub fn record<'a>(&self, whole: Line<'a>) -> Record<'a> {
        let (line, enriched, written) = whole.parts(self.kind);
        let part =
            |at: u16, len: u16| line.get(usize::from(at)..usize::from(at) + usize::from(len)).unwrap_or_default();
        Record {
            line,
            node: self.node.map(|(at, len)| part(at, len)),
            record_type: self.kind,
            type_text: part(self.name_at, self.name_len),
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
            b"type=CWD msg=audit(000000000000000009.000000000000000123:000000000000000457): x",
            b"type=INTEGRITY_RULE msg=audit(000000000000000009.000000000000000123:000000000000000457): x",
            b"type=CWD",
            b"",
        ] {
            for _ in 0..2 {
                let alone = Record::scan(Line::new(line));
                assert_eq!(headers.scan(Line::new(line)), alone, "{}", String::from_utf8_lossy(line));
                if headers.continues(line) && !line.iter().any(|byte| matches!(byte, 0 | 0x1D)) {
                    assert_eq!(alone.map(|record| record.id), Ok(headers.id));
                }
                if let Ok(record) = alone {
                    assert_eq!(Front::of(&record).record(Line::new(line)), record);
                }
            }
        }
    }
}
