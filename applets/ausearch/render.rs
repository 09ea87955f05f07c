//! Events as they were written, and in the default format. The others come from `interpret` and `normalize`.

use auditbox::event::Event;
use auditbox::record::ENRICHED;
use auditbox::text::date::{Date, Dates};
use auditbox::text::{Escape, escape, number};

/// Writes events one after another.
pub(crate) trait Renderer {
    /// Appends the event to `out`.
    fn event(&mut self, event: &Event, out: &mut Vec<u8>);
}

/// `--raw`: first record first, nothing added, nothing taken away.
///
/// COMPAT: where one record of an event is enriched, the others end with the byte that would begin their names.
pub(crate) struct Raw;

impl Renderer for Raw {
    fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        let enriched = event.is_enriched();
        for record in event.records() {
            out.extend_from_slice(record.line);
            if enriched {
                out.push(ENRICHED);
                out.extend_from_slice(record.enriched.unwrap_or_default());
            }
            out.push(b'\n');
        }
    }
}

/// The default format: a time line, then the records, last one first, made harmless for the terminal.
pub(crate) struct Plain {
    pub(crate) escape: Escape,
    pub(crate) dates: Dates,
}

impl Renderer for Plain {
    fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        out.extend_from_slice(b"----\ntime->");
        push_ctime(&self.dates.of(event.stamp().sec as i64), out);
        // COMPAT: of what the daemon says only the last record is shown, and as it stands.
        if let Some(last) = event.records().next_back().filter(|last| (1200..1300).contains(&last.kind.0)) {
            out.extend_from_slice(last.line);
            out.push(b'\n');
            return;
        }
        for record in event.records().rev() {
            escape(record.line, self.escape, out);
            out.push(b'\n');
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
