//! Objects for what is missing: `"type":"GAP"`. docs/json.md says where they stand.

use super::line::Line;
use crate::interpret::line_buffer::LineBuffer;
use std::path::Path;

/// Appends an object that says how many events, or pieces of input, are missing here.
pub fn push_lost(cause: &str, lost: u64, out: &mut Vec<u8>) {
    let mut line = Line { buffer: LineBuffer::new(Box::default(), out) };
    line.push("{\"v\":1,\"type\":\"GAP\"");
    line.bytes("cause", cause.as_bytes());
    line.number("lost", lost);
    line.push("}\n");
    line.buffer.finish();
}

/// Appends an object for what was not read of files. `lines`: how many were no records, and at which byte of `file` the first one begins.
pub fn push_gap(cause: &str, file: &Path, lines: Option<(u64, u64)>, out: &mut Vec<u8>) {
    let mut line = Line { buffer: LineBuffer::new(Box::default(), out) };
    line.push("{\"v\":1,\"type\":\"GAP\"");
    line.bytes("cause", cause.as_bytes());
    line.bytes("file", file.as_os_str().as_encoded_bytes());
    if let Some((lost, at)) = lines {
        line.number("lost", lost);
        line.number("at", at);
    }
    line.push("}\n");
    line.buffer.finish();
}
