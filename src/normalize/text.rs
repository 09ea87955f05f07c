//! One sentence per event: ausearch(8), `--format text`.

use super::normalized::int;
use super::parsed::{ParsedEvent, Place};
use super::{DID_UNKNOWN, Normalized, ObjectKind, TextSource, Words, normalize, success};
use crate::interpret::Interpreter;
use crate::record::RecordType;
use crate::text::date::Dates;

/// Appends the sentence of an event. An event that cannot be normalized has the action "did-unknown".
pub fn sentence(event: &ParsedEvent<'_>, interpreter: &mut Interpreter<'_>, dates: &mut Dates, out: &mut Vec<u8>) {
    let Some(first) = event.first() else { return };
    let mut words = Words::new(event, interpreter);
    let normalized = normalize(event, &mut words, false).unwrap_or_default();
    if first.node.is_some() {
        out.extend_from_slice(b"On ");
        words.push(Place::START, out);
        out.extend_from_slice(b" at ");
    } else {
        out.extend_from_slice(b"At ");
    }
    let date = dates.of(first.id.sec as i64);
    date.push_time(out);
    out.push(b' ');
    date.push_day(out);
    out.push(b' ');
    push_subject(&normalized, &mut words, out);
    let success = normalized.result.map(|result| success(result, &mut words, out));
    out.extend_from_slice(match success {
        Some(true) => b" successfully ",
        Some(false) => b" unsuccessfully ",
        None => b" ",
    });
    let start = out.len();
    words.push_text(normalized.action.unwrap_or(TextSource::Word(DID_UNKNOWN)), out);
    let action = out.get(start..).unwrap_or_default();
    // COMPAT: meant for "ended-session", and leaves out the program of whatever else begins with an e.
    let names_means = normalized.action.is_some() && action.first() != Some(&b'e');
    let names_field = first.record_type == RecordType::CONFIG_CHANGE && super::names_field(action);
    out.push(b' ');
    push_object(&normalized, names_field, &mut words, out);
    if let Some(how) = normalized.how.filter(|_| names_means) {
        out.extend_from_slice(b"using ");
        words.push_text(how, out);
    }
    out.push(b'\n');
}

fn push_subject(normalized: &Normalized, words: &mut Words<'_, '_, '_, '_>, out: &mut Vec<u8>) {
    super::push_subject(normalized.subject.primary, words, out);
    let id = |place: Option<Place>| place.and_then(|p| words.field(p)).map(|(_, field)| int(field.value));
    const NOBODY: i32 = -2;
    let (primary, secondary) = (id(normalized.subject.primary).unwrap_or(NOBODY), id(normalized.subject.secondary));
    if secondary.is_some_and(|uid| uid != primary && primary != NOBODY && uid != -1) {
        out.extend_from_slice(b", acting as ");
        normalized.subject.secondary.inspect(|&place| words.push(place, out));
        out.push(b',');
    }
}

fn push_object(normalized: &Normalized, names_field: bool, words: &mut Words<'_, '_, '_, '_>, out: &mut Vec<u8>) {
    if let Some(object) = normalized.object.primary {
        match words.field(object).filter(|_| names_field) {
            Some((_, field)) => out.extend_from_slice(field.name),
            None => words.push_object_in_brief(object, out),
        }
        out.push(b' ');
    }
    if let Some(second) = normalized.object.second {
        out.extend_from_slice(b"to ");
        words.push_object(second, out);
        out.push(b' ');
    }
    if matches!(normalized.object.kind, ObjectKind::Process | ObjectKind::ProcessGroup) {
        push_pids(&normalized.object.attributes, words, out);
    }
}

/// COMPAT: the dots follow three processes even when there is no fourth.
fn push_pids(pids: &[Place], words: &mut Words<'_, '_, '_, '_>, out: &mut Vec<u8>) {
    const SHOWN: usize = 3;
    for (number, &pid) in pids.iter().take(SHOWN).enumerate() {
        out.push(if number == 0 { b'(' } else { b',' });
        words.push(pid, out);
    }
    match pids.len() {
        0 => {}
        1..SHOWN => out.extend_from_slice(b") "),
        _ => out.extend_from_slice(b",...) "),
    }
}
