//! `--interpret`: the values of all fields in words, the last record first.

use super::renderer::{Renderer, daemon_record};
use crate::event::Event;
use crate::interpret::Interpreter;
use crate::text::date::Dates;

pub(super) struct Interpreted<'h> {
    interpreter: Interpreter<'h>,
    dates: Dates,
    /// The date and the rest of the event id, in the form that all records of an event share.
    id: Vec<u8>,
}

impl<'h> Interpreted<'h> {
    pub(super) fn new(interpreter: Interpreter<'h>, dates: Dates) -> Interpreted<'h> {
        Interpreted { interpreter, dates, id: Vec::new() }
    }
}

impl Renderer for Interpreted<'_> {
    fn event(&mut self, event: &Event, out: &mut Vec<u8>, _: &mut Vec<u8>) {
        out.extend_from_slice(b"----\n");
        self.id.clear();
        self.dates.of(event.id().sec as i64).push(&mut self.id);
        event.id().push_after_second(&mut self.id);
        self.interpreter.begin(event);
        if let Some(last) = daemon_record(event) {
            return self.interpreter.rewrite(&last, &self.id, out);
        }
        for record in event.records().rev() {
            self.interpreter.rewrite(&record, &self.id, out);
        }
    }
}
