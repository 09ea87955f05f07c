//! The default format: a line with the time, then the records, the last one first, with terminal controls escaped.

use super::{Renderer, daemon_record};
use crate::event::Event;
use crate::text::date::{Date, Dates};
use crate::text::{Escape, escape, number};

pub(super) struct Plain {
    pub(super) escape: Escape,
    pub(super) dates: Dates,
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
