//! `--raw`: first record first, nothing added, nothing taken away.

use super::renderer::Renderer;
use crate::event::Event;
use crate::record::ENRICHED;

/// COMPAT: where one record of an event is enriched, the others end with the byte that would begin their names.
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
