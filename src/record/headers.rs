//! Records in a row: most of them belong to the event of the one before, which its stamp tells without being read.

use super::{Malformed, Record, RecordType, Stamp, parts};
use memchr::memchr;

/// Reads records one after another, and remembers the last stamp as it was written.
#[derive(Default)]
pub struct Headers {
    /// From the space before `msg=` to the parenthesis that closes the stamp.
    written: Vec<u8>,
    stamp: Stamp,
}

/// With fewer bytes the word of a stamp may be too short to be one.
const SHORTEST: usize = 20;

/// Type and stamp must stand in so many bytes.
const LONGEST: usize = 80;

impl Headers {
    /// Like [`Record::scan`].
    pub fn scan<'a>(&mut self, line: &'a [u8]) -> Result<Record<'a>, Malformed<'a>> {
        if let Some(record) = self.of_same_event(line) {
            return Ok(record);
        }
        let record = Record::scan(line)?;
        self.written.clear();
        if record.node.is_none() && record.line.starts_with(b"type=") {
            let front = record.line.len() - record.body.len();
            let written = record.line.get(5 + record.kind_text.len()..front).unwrap_or_default();
            if written.len() >= SHORTEST && written.starts_with(b" msg=audit(") && written.ends_with(b")") {
                self.written.extend_from_slice(written);
                self.stamp = record.stamp;
            }
        }
        Ok(record)
    }

    fn of_same_event<'a>(&self, line: &'a [u8]) -> Option<Record<'a>> {
        let (line, enriched) = parts(line);
        let behind = line.strip_prefix(b"type=")?;
        let (kind_text, tail) = behind.split_at(memchr(b' ', behind)?);
        let body = tail.strip_prefix(self.written.as_slice()).filter(|_| !self.written.is_empty())?;
        if line.len() - body.len() > LONGEST {
            return None;
        }
        let kind = RecordType::parse(kind_text);
        Some(Record { line, node: None, kind, kind_text, stamp: self.stamp, body, enriched })
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
            b"type=msg msg=audit(1700000009.123:456): msg=audit(1700000009.123:457):",
            b"type=A_VERY_LONG_NAME_OF_A_RECORD_TYPE_THAT_NOBODY_HAS_EVER_SEEN msg=audit(1700000009.123:457): x",
            b"type=BOGUS msg=audit(9.0:1): a message that is too short",
            b"type=BOGUS msg=audit(9.0:1): a message that is too short",
            b"type= msg=audit(1700000009.123:457): x",
            b"type=CWD msg=audit(1700000009.123:457) : x",
            b"type=CWD msg=audit(1700000009.1234:457): x",
            b"",
        ] {
            for _ in 0..2 {
                assert_eq!(headers.scan(line), Record::scan(line), "{}", String::from_utf8_lossy(line));
            }
        }
    }
}
