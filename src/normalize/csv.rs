//! One line of comma-separated values per event: ausearch(8), `--format csv`.
//!
//! A value that holds a comma, a quote or a line break is quoted (RFC 4180), so a row has the columns of the header whatever
//! names the log holds. Lines end in a newline alone.

use super::parsed::{ParsedEvent, Place};
use super::{DID_UNKNOWN, NoSyscall, Normalized, TextSource, Words, normalize, success};
use crate::interpret::Interpreter;
use crate::record::RecordType;
use crate::text::csv::quote;
use crate::text::date::{Date, Dates};
use crate::text::number;

/// The columns that are only there when asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// The keys of the rules, last.
    pub key: bool,
    /// The security labels of subject and object.
    pub labels: bool,
    /// The second object.
    pub second: bool,
    /// Date and time in parts.
    pub time: bool,
}

/// How many columns follow the serial number, without those that are only there when asked for.
const COLUMNS_OF_WORDS: usize = 11;

/// Appends the line of titles.
pub fn header(columns: Columns, out: &mut Vec<u8>) {
    let titles = [
        (true, "NODE,EVENT,DATE,TIME,"),
        (columns.time, "YEAR,MONTH,DAY,WEEKDAY,HOUR,MILLI,GMT_OFFSET,"),
        (true, "SERIAL_NUM,EVENT_KIND,SESSION,SUBJ_PRIME,SUBJ_SEC,SUBJ_KIND,"),
        (columns.labels, "SUBJ_LABEL,"),
        (true, "ACTION,RESULT,OBJ_PRIME,OBJ_SEC,"),
        (columns.second, "OBJ2,"),
        (columns.labels, "OBJ_LABEL,"),
        (true, "OBJ_KIND,HOW"),
        (columns.key, ",KEY"),
        (true, "\n"),
    ];
    for (_, title) in titles.iter().filter(|(wanted, _)| *wanted) {
        out.extend_from_slice(title.as_bytes());
    }
}

/// Appends the line of one event. An event that cannot be normalized gets a line of empty columns and the error.
pub fn row(
    event: &ParsedEvent<'_>,
    columns: Columns,
    interpreter: &mut Interpreter<'_>,
    dates: &mut Dates,
    out: &mut Vec<u8>,
) -> Result<(), NoSyscall> {
    let first = event.first().ok_or(NoSyscall)?;
    let mut words = Words::new(event, interpreter);
    push_field(first.node.map(|_| Place::START), &mut words, out);
    push_word(first.type_name().unwrap_or_default(), out);
    let date = dates.of(first.id.sec as i64);
    date.push_day(out);
    out.push(b',');
    date.push_time(out);
    out.push(b',');
    if columns.time {
        push_parts(&date, first.id.milli, out);
    }
    number::push(out, first.id.serial);
    out.push(b',');
    let normalized = normalize(event, &mut words, columns.labels);
    match &normalized {
        Ok(normalized) => push_normalized(normalized, columns, &mut words, out),
        Err(_) => {
            let more = 2 * usize::from(columns.labels) + usize::from(columns.second) + usize::from(columns.key);
            out.extend(std::iter::repeat_n(b',', COLUMNS_OF_WORDS + more));
        }
    }
    // The line ends in place of the last comma.
    if let Some(last) = out.last_mut() {
        *last = b'\n';
    }
    normalized.map(drop)
}

fn push_parts(date: &Date, milli: u16, out: &mut Vec<u8>) {
    number::push_wide(out, date.year as u64, 4);
    out.push(b',');
    number::push_wide(out, u64::from(date.month), 2);
    out.push(b',');
    number::push_wide(out, u64::from(date.day), 2);
    out.push(b',');
    number::push(out, if date.weekday == 0 { 7 } else { u64::from(date.weekday) });
    out.push(b',');
    if date.hour < 10 {
        out.push(b' ');
    }
    number::push(out, u64::from(date.hour));
    out.push(b',');
    number::push(out, u64::from(milli));
    out.push(b',');
    date.push_offset(out);
    out.push(b',');
}

fn push_normalized(normalized: &Normalized, columns: Columns, words: &mut Words<'_, '_, '_, '_>, out: &mut Vec<u8>) {
    push_word(normalized.event_kind.word(), out);
    push_field(normalized.session, words, out);
    push_value(out, |out| super::push_subject(normalized.subject.primary, words, out));
    push_field(normalized.subject.secondary, words, out);
    push_word(normalized.subject.kind.map_or("", |kind| kind.word()), out);
    if columns.labels {
        push_field(label(&normalized.subject.attributes, b"subj", words), words, out);
    }
    let mut names_field = false;
    push_value(out, |out| {
        let action = out.len();
        words.push_text(normalized.action.unwrap_or(TextSource::Word(DID_UNKNOWN)), out);
        names_field = super::names_field(out.get(action..).unwrap_or_default());
    });
    push_word(normalized.result.map_or("", |r| if success(r, words, out) { "success" } else { "failed" }), out);
    push_value(out, |out| {
        let Some(object) = normalized.object.primary else { return };
        match words.field(object) {
            Some((RecordType::CONFIG_CHANGE, field)) if names_field => out.extend_from_slice(field.name),
            _ => words.push_object(object, out),
        }
    });
    push_field(normalized.object.secondary, words, out);
    if columns.second {
        push_value(out, |out| _ = normalized.object.second.inspect(|&second| words.push_object(second, out)));
    }
    if columns.labels {
        push_field(label(&normalized.object.attributes, b"obj", words), words, out);
    }
    push_word(normalized.object.kind.word(), out);
    push_value(out, |out| _ = normalized.how.inspect(|&how| words.push_text(how, out)));
    if columns.key {
        push_value(out, |out| _ = normalized.key.inspect(|&key| words.push_keys(key, out)));
    }
}

/// Appends one of our own words, which hold nothing to quote, and a comma.
fn push_word(word: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(word.as_bytes());
    out.push(b',');
}

fn push_field(place: Option<Place>, words: &mut Words<'_, '_, '_, '_>, out: &mut Vec<u8>) {
    push_value(out, |out| _ = place.inspect(|&place| words.push(place, out)));
}

/// Appends what `write` appends, quoted where it must be, and a comma.
fn push_value(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    write(out);
    quote(start, out);
    out.push(b',');
}

/// The attribute of that name.
fn label(attributes: &[Place], name: &[u8], words: &Words<'_, '_, '_, '_>) -> Option<Place> {
    attributes.iter().copied().find(|&place| words.field(place).is_some_and(|(_, field)| field.name == name))
}
