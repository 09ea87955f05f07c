//! `--format text`: a sentence for each event.

use super::renderer::Renderer;
use crate::event::Event;
use crate::interpret::Interpreter;
use crate::normalize::{pieces, text};
use crate::text::date::Dates;

pub(super) struct Text<'h> {
    pub(super) interpreter: Interpreter<'h>,
    pub(super) dates: Dates,
}

impl Renderer for Text<'_> {
    fn event(&mut self, event: &Event, out: &mut Vec<u8>, _: &mut Vec<u8>) {
        self.interpreter.begin(event);
        for piece in pieces(event) {
            text::sentence(&piece, &mut self.interpreter, &mut self.dates, out);
        }
    }
}
