//! The door of all renderers.

use crate::event::Event;
use crate::record::Record;

/// Writes events one after another.
pub trait Renderer {
    /// Appends the event to `out`, and what could not be said of it to `complaints`.
    fn event(&mut self, event: &Event, out: &mut Vec<u8>, complaints: &mut Vec<u8>);

    /// The file of this name ends here.
    fn end_of_file(&mut self, name: &[u8], out: &mut Vec<u8>) {
        let _ = (name, out);
    }
}

impl Renderer for Box<dyn Renderer + Send + '_> {
    fn event(&mut self, event: &Event, out: &mut Vec<u8>, complaints: &mut Vec<u8>) {
        (**self).event(event, out, complaints);
    }

    fn end_of_file(&mut self, name: &[u8], out: &mut Vec<u8>) {
        (**self).end_of_file(name, out);
    }
}

/// COMPAT: of what the daemon says only the last record is shown.
pub(super) fn daemon_record(event: &Event) -> Option<Record<'_>> {
    event.records().next_back().filter(|last| (1200..1300).contains(&last.record_type.0))
}
