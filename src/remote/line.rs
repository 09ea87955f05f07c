//! What of a line of the log goes to the collector, and what of bytes goes into the system log.

use super::wire;
use crate::record::Record;
use crate::text::{Escape, escape};

/// So much of an answer's text is logged.
const LONGEST_REASON: usize = 256;

/// Whether a line goes to the collector: ends of events do not, since nobody stores them. COMPAT: nor what is no record at all.
pub(super) fn is_sent(line: &[u8]) -> bool {
    let record = match line.first() {
        Some(b't') => line,
        _ => match memchr::memchr(b' ', line) {
            Some(space) => line.get(space + 1..).unwrap_or_default(),
            None => return false,
        },
    };
    !record.starts_with(b"type=EOE")
}

/// The event that a line belongs to.
pub(super) fn event_id(line: &[u8]) -> String {
    let start = memchr::memmem::find(line, b"audit(").unwrap_or(line.len());
    let id = line.get(start..).unwrap_or_default();
    readable(id.split_inclusive(|byte| *byte == b')').next().unwrap_or_default())
}

/// A record that fits into what every listener takes. What was added to an enriched record goes first, and as a whole.
pub(super) fn shorten(record: &mut Vec<u8>) -> &[u8] {
    if record.len() > wire::MAX_BODY {
        let line = record.trim_ascii_end();
        if let Some(len) = Record::parse(line).map(|parsed| parsed.line.len()).filter(|len| *len < line.len()) {
            record.truncate(len);
            record.push(b'\n');
        }
    }
    record
}

/// The text of an answer as it may stand in the system log.
pub(super) fn readable(text: &[u8]) -> String {
    let mut out = Vec::new();
    escape(text.get(..LONGEST_REASON).unwrap_or(text), Escape::Tty, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}
