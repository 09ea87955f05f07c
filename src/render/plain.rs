//! The default format: a line with the time, then the records, the last one first, with terminal controls escaped.

use super::renderer::{Renderer, daemon_record};
use crate::event::Event;
use crate::text::date::Dates;
use crate::text::{Escape, escape};

pub(super) struct Plain {
    pub(super) escape: Escape,
    pub(super) dates: Dates,
}

impl Renderer for Plain {
    fn event(&mut self, event: &Event, out: &mut Vec<u8>, _: &mut Vec<u8>) {
        out.extend_from_slice(b"----\ntime->");
        self.dates.of(event.id().sec as i64).push_ctime(out);
        out.push(b'\n');
        if let Some(last) = daemon_record(event) {
            // COMPAT: it is not escaped for a shell.
            let mode = if self.escape == Escape::Raw { Escape::Raw } else { Escape::Tty };
            escape(last.line, mode, out);
            out.push(b'\n');
            return;
        }
        for record in event.records().rev() {
            escape(record.line, self.escape, out);
            out.push(b'\n');
        }
    }
}
