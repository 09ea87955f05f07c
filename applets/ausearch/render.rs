//! The formats of ausearch(8): events as they were written, by default, in words, as table rows, as sentences.

use super::arguments::{Format, Request};
use crate::host::{self, Host};
use auditbox::event::Event;
use auditbox::interpret::Interpreter;
use auditbox::normalize::csv::{self, Columns};
use auditbox::normalize::{pieces, text};
use auditbox::record::{ENRICHED, Record};
use auditbox::text::date::{Date, Dates};
use auditbox::text::{Escape, escape, number};

/// Writes events one after another.
pub(super) trait Renderer {
    /// Appends the event to `out`, and what could not be said of it to `complaints`.
    fn event(&mut self, event: &Event, out: &mut Vec<u8>, complaints: &mut Vec<u8>);
}

/// How events are shown.
#[derive(Clone, Copy)]
pub(super) struct Style<'h> {
    format: Format,
    escape: Escape,
    columns: Columns,
    host: &'h Host,
}

impl<'h> Style<'h> {
    /// The one that is asked for.
    pub(super) fn of(request: &Request, host: &'h Host) -> Style<'h> {
        Style { format: request.format, escape: request.escape, columns: request.columns, host }
    }

    /// Whether it takes longer to put an event into words than to find it.
    pub(super) fn is_slow(&self) -> bool {
        match self.format {
            Format::Interpret | Format::Csv | Format::Text => true,
            Format::Raw | Format::Default => false,
        }
    }

    /// Appends what stands above the first event.
    pub(super) fn push_title(&self, out: &mut Vec<u8>) {
        if self.format == Format::Csv {
            csv::header(self.columns, out);
        }
    }

    /// A renderer of this style.
    pub(super) fn renderer(&self) -> Box<dyn Renderer + 'h> {
        let Style { format, escape, columns, host } = *self;
        let dates = Dates::new(host::date);
        let interpreter = || Interpreter::new(host, host::machine(), escape);
        match format {
            Format::Raw => Box::new(Raw),
            Format::Default => Box::new(Plain { escape, dates }),
            Format::Interpret => Box::new(Words { interpreter: interpreter(), dates, stamp: Vec::new() }),
            Format::Csv => Box::new(Rows { columns, interpreter: interpreter(), dates }),
            Format::Text => Box::new(Sentences { interpreter: interpreter(), dates }),
        }
    }
}

/// `--raw`: first record first, nothing added, nothing taken away.
///
/// COMPAT: where one record of an event is enriched, the others end with the byte that would begin their names.
struct Raw;

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

/// The default format: a time line, then the records, last one first, made harmless for the terminal.
struct Plain {
    escape: Escape,
    dates: Dates,
}

impl Renderer for Plain {
    fn event(&mut self, event: &Event, out: &mut Vec<u8>, _: &mut Vec<u8>) {
        out.extend_from_slice(b"----\ntime->");
        push_ctime(&self.dates.of(event.stamp().sec as i64), out);
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

/// COMPAT: of what the daemon says only the last record is shown.
fn daemon_record(event: &Event) -> Option<Record<'_>> {
    event.records().next_back().filter(|last| (1200..1300).contains(&last.kind.0))
}

/// `--interpret`: the values of all fields in words, last record first.
struct Words<'h> {
    interpreter: Interpreter<'h>,
    dates: Dates,
    stamp: Vec<u8>,
}

impl Renderer for Words<'_> {
    fn event(&mut self, event: &Event, out: &mut Vec<u8>, _: &mut Vec<u8>) {
        out.extend_from_slice(b"----\n");
        self.stamp.clear();
        self.dates.of(event.stamp().sec as i64).push(&mut self.stamp);
        event.stamp().print_behind_second(&mut self.stamp);
        if let Some(last) = daemon_record(event) {
            return self.interpreter.rewrite(&last, &self.stamp, out);
        }
        for record in event.records().rev() {
            self.interpreter.rewrite(&record, &self.stamp, out);
        }
    }
}

/// `--format csv`: one row per event.
struct Rows<'h> {
    columns: Columns,
    interpreter: Interpreter<'h>,
    dates: Dates,
}

impl Renderer for Rows<'_> {
    fn event(&mut self, event: &Event, out: &mut Vec<u8>, complaints: &mut Vec<u8>) {
        for piece in pieces(event) {
            if csv::row(&piece, self.columns, &mut self.interpreter, &mut self.dates, out).is_err() {
                let kind = piece.first().and_then(|record| record.type_name()).unwrap_or("(null)");
                complaints.extend([b"error normalizing ", kind.as_bytes(), b"\n"].into_iter().flatten());
            }
        }
    }
}

/// `--format text`: one sentence per event.
struct Sentences<'h> {
    interpreter: Interpreter<'h>,
    dates: Dates,
}

impl Renderer for Sentences<'_> {
    fn event(&mut self, event: &Event, out: &mut Vec<u8>, _: &mut Vec<u8>) {
        for piece in pieces(event) {
            text::sentence(&piece, &mut self.interpreter, &mut self.dates, out);
        }
    }
}

/// `Wed Jun 30 21:49:08 1993` and a newline, as ctime(3) writes it.
fn push_ctime(date: &Date, out: &mut Vec<u8>) {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let name = |names: &[&'static str], at: u8| names.get(usize::from(at)).copied().unwrap_or("???");
    out.extend_from_slice(name(&DAYS, date.weekday).as_bytes());
    out.push(b' ');
    out.extend_from_slice(name(&MONTHS, date.month.wrapping_sub(1)).as_bytes());
    out.extend_from_slice(if date.day < 10 { b"  " } else { b" " });
    number::push(out, u64::from(date.day));
    out.push(b' ');
    date.push_time(out);
    out.push(b' ');
    number::push_signed(out, i64::from(date.year));
    out.push(b'\n');
}
