//! The records that came together: one buffer of lines, and one span a record.
//!
//! Every sink takes the records from its own position on and decides for itself which it wants. A position counts all
//! records there ever were, so that it stays right when the batch is cleared.

use crate::abi::kind;

/// See the module.
#[derive(Default)]
pub(in crate::daemon) struct RecordBatch {
    bytes: Vec<u8>,
    spans: Vec<Span>,
    /// Position of the first record.
    first: u64,
}

/// Where a record comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::daemon) enum Origin {
    /// The kernel of this machine.
    Kernel,
    /// The daemon itself.
    Own,
    /// Another machine.
    Peer,
}

/// One record in the buffer; it begins where the one before ends.
struct Span {
    record_type: u16,
    origin: Origin,
    serial: u64,
    prefix_len: usize,
    raw_len: usize,
    /// Where its line ends in the buffer, newline included.
    end: usize,
}

/// A record of a batch.
pub(in crate::daemon) struct BatchRecord<'a> {
    /// Number of its type.
    pub(in crate::daemon) record_type: u16,
    /// Serial of its event; of another's record and of the daemon's own that of the event of the kernel before it.
    pub(in crate::daemon) serial: u64,
    origin: Origin,
    line: &'a [u8],
    prefix_len: usize,
    raw_len: usize,
}

impl<'a> BatchRecord<'a> {
    /// The line as the log has it, with its newline.
    pub(in crate::daemon) fn line(&self) -> &'a [u8] {
        self.line
    }

    /// The line without enrichment and newline.
    #[cfg(test)]
    pub(in crate::daemon) fn raw(&self) -> &'a [u8] {
        self.line.get(..self.raw_len).unwrap_or_default()
    }

    pub(in crate::daemon) fn origin(&self) -> Origin {
        self.origin
    }

    /// Whether the daemon made it itself.
    pub(in crate::daemon) fn is_own(&self) -> bool {
        self.origin == Origin::Own
    }

    /// Whether it says what was lost. Where it does not get to, that is no loss of its own: it would report itself for ever.
    pub(in crate::daemon) fn is_about_loss(&self) -> bool {
        self.is_own() && self.record_type == kind::DAEMON_ERR
    }

    /// Whether another machine sent it.
    pub(in crate::daemon) fn is_of_peer(&self) -> bool {
        self.origin == Origin::Peer
    }

    /// The kernel's text, from `audit(` on, without enrichment.
    pub(in crate::daemon) fn text(&self) -> &'a [u8] {
        self.line.get(self.prefix_len..self.raw_len).unwrap_or_default()
    }

    /// Whether it only says that its event is complete.
    pub(in crate::daemon) fn is_eoe(&self) -> bool {
        self.record_type == kind::EOE
    }
}

impl RecordBatch {
    /// Adds a record. `write` appends its line without the newline and returns the length of its prefix, up to `msg=`, and
    /// the length without enrichment.
    pub(super) fn push(
        &mut self,
        record_type: u16,
        origin: Origin,
        serial: u64,
        write: impl FnOnce(&mut Vec<u8>) -> (usize, usize),
    ) {
        let (prefix_len, raw_len) = write(&mut self.bytes);
        self.bytes.push(b'\n');
        self.spans.push(Span { record_type, origin, serial, prefix_len, raw_len, end: self.bytes.len() });
    }

    /// The record at a position; none when it is yet to come, or forgotten.
    pub(in crate::daemon) fn get(&self, position: u64) -> Option<BatchRecord<'_>> {
        let index = usize::try_from(position.checked_sub(self.first)?).ok()?;
        let span = self.spans.get(index)?;
        let start = index.checked_sub(1).and_then(|before| self.spans.get(before)).map_or(0, |before| before.end);
        let line = self.bytes.get(start..span.end)?;
        let Span { record_type, origin, serial, prefix_len, raw_len, .. } = *span;
        Some(BatchRecord { record_type, serial, origin, line, prefix_len, raw_len })
    }

    /// The position after the last record.
    pub(in crate::daemon) fn end(&self) -> u64 {
        self.first + self.spans.len() as u64
    }

    /// Forgets all records.
    pub(super) fn clear(&mut self) {
        self.first += self.spans.len() as u64;
        self.spans.clear();
        self.bytes.clear();
    }
}

#[cfg(test)]
impl RecordBatch {
    /// A SYSCALL record with this text and no prefix.
    pub(in crate::daemon) fn append(&mut self, origin: Origin, text: &str) {
        self.push(1300, origin, 0, |out| {
            out.extend_from_slice(text.as_bytes());
            (0, text.len())
        });
    }
}
