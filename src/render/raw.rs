//! `--raw`: the records as they were written, first record first.

use super::renderer::Renderer;
use crate::event::Event;
use crate::record::ENRICHED;

/// COMPAT: where one record of an event of a log is enriched, the others end with the byte that would begin their names. From JSON all
/// come as the log has them.
pub(super) struct Raw;

impl Renderer for Raw {
    fn event(&mut self, event: &Event, out: &mut Vec<u8>, _: &mut Vec<u8>) {
        if let Some(lines) = event.lines() {
            return out.extend_from_slice(lines);
        }
        for record in event.records() {
            out.extend_from_slice(record.line);
            out.push(ENRICHED);
            out.extend_from_slice(record.enriched.unwrap_or_default());
            out.push(b'\n');
        }
    }
}
