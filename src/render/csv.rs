//! `--format csv`: a row for each event.

use super::renderer::Renderer;
use crate::event::Event;
use crate::interpret::Interpreter;
use crate::normalize::csv::{self, Columns};
use crate::normalize::pieces;
use crate::text::date::Dates;

pub(super) struct Csv<'h> {
    pub(super) columns: Columns,
    pub(super) interpreter: Interpreter<'h>,
    pub(super) dates: Dates,
}

impl Renderer for Csv<'_> {
    fn event(&mut self, event: &Event, out: &mut Vec<u8>, complaints: &mut Vec<u8>) {
        self.interpreter.begin(event);
        for piece in pieces(event) {
            if csv::row(&piece, self.columns, &mut self.interpreter, &mut self.dates, out).is_err() {
                let name = piece.first().and_then(|record| record.type_name()).unwrap_or("(null)");
                complaints.extend([b"error normalizing ", name.as_bytes(), b"\n"].into_iter().flatten());
            }
        }
    }
}
