//! Rows for programs: an object of JSON on a line of its own, or a line of comma-separated values (RFC 4180).
//!
//! The names of columns are those above the reports. What is not there is `null`, or an empty value.

use crate::text::csv::quote;
use crate::text::date::Date;
use crate::text::json::{Object, push_object};
use crate::text::{Escape, escape, number};

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people, as aureport(8) has it.
    #[default]
    Text,
    /// A table with the names of its columns above it; several tables with an empty line between them.
    Csv,
    /// An object for each row (JSON Lines), which names its report.
    Json,
}

/// Takes the cells of one row.
pub(super) enum Cells<'c, 'o> {
    Json(&'c mut Object<'o>),
    Csv(&'c mut Vec<u8>),
    /// Only the names.
    Names(&'c mut Vec<u8>),
}

/// Appends a row of `report`, whose cells `fill` gives.
pub(super) fn push_row(format: Format, report: &str, out: &mut Vec<u8>, fill: &mut dyn FnMut(&mut Cells)) {
    match format {
        Format::Json => push_object(out, |object| {
            object.text("report", report);
            fill(&mut Cells::Json(object));
        }),
        Format::Csv | Format::Text => {
            fill(&mut Cells::Csv(out));
            out.pop();
        }
    }
    out.push(b'\n');
}

/// Appends the names of the cells that `fill` gives.
pub(super) fn push_names(out: &mut Vec<u8>, fill: &mut dyn FnMut(&mut Cells)) {
    fill(&mut Cells::Names(out));
    out.pop();
    out.push(b'\n');
}

impl Cells<'_, '_> {
    /// A text. In JSON, bytes that are no text come whole in a member `NAME_hex`; otherwise they are escaped in `mode`.
    pub(super) fn text(&mut self, name: &str, value: Option<&[u8]>, mode: Escape) {
        match self {
            Cells::Json(object) => match value {
                Some(value) => object.bytes(name, value),
                None => object.null(name),
            },
            Cells::Csv(out) => {
                let start = out.len();
                escape(value.unwrap_or_default(), mode, out);
                quote(start, out);
                out.push(b',');
            }
            Cells::Names(out) => {
                out.extend_from_slice(name.as_bytes());
                out.push(b',');
            }
        }
    }

    /// A number.
    pub(super) fn number(&mut self, name: &str, value: Option<u64>) {
        match (self, value) {
            (Cells::Json(object), Some(value)) => object.number(name, value),
            (cells, Some(value)) => {
                let mut digits = Vec::new();
                number::push(&mut digits, value);
                cells.text(name, Some(&digits), Escape::Raw);
            }
            (cells, None) => cells.text(name, None, Escape::Raw),
        }
    }

    /// A time, as `2026-11-22T18:05:09.120+01:00`.
    pub(super) fn time(&mut self, name: &str, date: &Date, milli: u16) {
        let mut text = Vec::new();
        date.push_rfc3339(milli, &mut text);
        self.text(name, Some(&text), Escape::Raw);
    }
}
