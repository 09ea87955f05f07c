//! The records of a batch in the form in which plugins read them, made once for all that read that form.

use crate::config::plugin::Format;
use crate::daemon::record::batch::BatchRecord;
use crate::plugin::frame::Frame;

/// See the module.
pub(super) struct BatchFrames {
    form: Format,
    /// The frames, one after another.
    pub(super) bytes: Vec<u8>,
    pub(super) frames: Vec<BatchFrame>,
}

/// One frame.
pub(super) struct BatchFrame {
    pub(super) len: usize,
    pub(super) serial: u64,
    pub(super) is_about_loss: bool,
}

impl BatchFrames {
    /// No frames yet.
    pub(super) fn new(form: Format) -> BatchFrames {
        BatchFrames { form, bytes: Vec::new(), frames: Vec::new() }
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.frames.clear();
    }

    /// Adds a record. `is_kernel_text` says whether the kernel's own words are what the log has.
    pub(super) fn push(&mut self, record: &BatchRecord<'_>, is_kernel_text: bool) {
        let line = record.line();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        // COMPAT: a peer's record of a type that nobody knows.
        let record_type = if record.record_type == u16::MAX { u32::MAX } else { u32::from(record.record_type) };
        let (start, out) = (self.bytes.len(), &mut self.bytes);
        match self.form {
            Format::Text => Frame { version: 1, record_type, text: line }.push_line(out),
            Format::Binary if is_kernel_text => Frame { version: 0, record_type, text: record.text() }.push_binary(out),
            Format::Binary => Frame { version: 1, record_type, text: line }.push_binary(out),
        }
        self.frames.push(BatchFrame {
            len: out.len() - start,
            serial: record.serial,
            is_about_loss: record.is_about_loss(),
        });
    }
}
