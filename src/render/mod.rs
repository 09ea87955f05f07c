//! Events as bytes: as they were written, by default, in words, as table rows, as sentences, as JSON. Searches, streams
//! and plugins share these renderers.
//!
//! A renderer takes one event after another and appends what is shown of it. It neither reads nor writes anything else, so
//! that several can work side by side.

mod csv;
mod interpreted;
pub mod json;
mod plain;
mod raw;
mod renderer;
mod text;
pub mod view;

pub use renderer::Renderer;

use crate::interpret::{Interpreter, Names};
use crate::normalize::csv::{Columns, header};
use crate::tables::machine::Machine;
use crate::text::Escape;
use crate::text::date::{Date, Dates};

/// The formats of ausearch(8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// A line with the time, then the records as they were written, the last one first.
    #[default]
    Default,
    /// The records as they were written, and nothing else.
    Raw,
    /// The values of all fields in words.
    Interpret,
    /// A table with a row for each event.
    Csv,
    /// A sentence for each event.
    Text,
    /// An object for each event.
    Json,
}

/// How events are shown, and by which host's names.
#[derive(Clone, Copy)]
pub struct Style<'h> {
    /// The format.
    pub format: Format,
    /// What becomes of bytes that a terminal would act on.
    pub escape: Escape,
    /// The columns of a table.
    pub columns: Columns,
    /// Names of users, groups and others.
    pub names: &'h dyn Names,
    /// The machine whose system calls are meant where a record does not say.
    pub machine: Option<Machine>,
    /// The way from seconds since 1970 UTC to local time.
    pub local: fn(i64) -> Date,
}

impl<'h> Style<'h> {
    /// Whether it takes longer to render an event than to find it.
    pub fn is_slow(&self) -> bool {
        matches!(self.format, Format::Interpret | Format::Csv | Format::Text | Format::Json)
    }

    /// Appends what stands above the first event.
    pub fn push_title(&self, out: &mut Vec<u8>) {
        if self.format == Format::Csv {
            header(self.columns, out);
        }
    }

    /// A renderer of this style.
    pub fn renderer(&self) -> Box<dyn Renderer + Send + 'h> {
        let dates = Dates::new(self.local);
        let interpreter = || Interpreter::new(self.names, self.machine, self.escape);
        match self.format {
            Format::Raw => Box::new(raw::Raw),
            Format::Default => Box::new(plain::Plain { escape: self.escape, dates }),
            Format::Interpret => Box::new(interpreted::Interpreted::new(interpreter(), dates)),
            Format::Csv => Box::new(csv::Csv { columns: self.columns, interpreter: interpreter(), dates }),
            Format::Json => Box::new(json::Json::new(Interpreter::new(self.names, self.machine, Escape::Raw), true)),
            Format::Text => Box::new(text::Text { interpreter: interpreter(), dates }),
        }
    }
}
