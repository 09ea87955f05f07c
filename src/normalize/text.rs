//! One sentence per event: ausearch(8), `--format text`.

use super::cursor::{Place, Split};
use super::{DID_UNKNOWN, Normalized, ObjectKind, Phrase, Words, int, normalize, success};
use crate::interpret::Interpreter;
use crate::record::RecordType;
use crate::text::date::Dates;

/// Appends the sentence that tells an event. One that cannot be told did-unknown.
pub fn sentence(event: &Split<'_>, interpreter: &mut Interpreter<'_>, dates: &mut Dates, out: &mut Vec<u8>) {
    let Some(first) = event.first() else { return };
    let mut words = Words::new(event, interpreter);
    let told = normalize(event, &mut words, false).unwrap_or_default();
    if first.node.is_some() {
        out.extend_from_slice(b"On ");
        words.push(Place::START, out);
        out.extend_from_slice(b" at ");
    } else {
        out.extend_from_slice(b"At ");
    }
    let date = dates.of(first.stamp.sec as i64);
    date.push_time(out);
    out.push(b' ');
    date.push_day(out);
    out.push(b' ');
    push_subject(&told, &mut words, out);
    let success = told.result.map(|result| success(result, &mut words, out));
    out.extend_from_slice(match success {
        Some(true) => b" successfully ",
        Some(false) => b" unsuccessfully ",
        None => b" ",
    });
    let start = out.len();
    words.push_phrase(told.action.unwrap_or(Phrase::Word(DID_UNKNOWN)), out);
    let action = out.get(start..).unwrap_or_default();
    // COMPAT: meant for "ended-session", and leaves out the program of whatever else begins with an e.
    let is_told_how = told.action.is_some() && action.first() != Some(&b'e');
    let names_field = first.kind == RecordType::CONFIG_CHANGE && super::names_field(action);
    out.push(b' ');
    push_object(&told, names_field, &mut words, out);
    if let Some(how) = told.how.filter(|_| is_told_how) {
        out.extend_from_slice(b"using ");
        words.push_phrase(how, out);
    }
    out.push(b'\n');
}

fn push_subject(told: &Normalized, words: &mut Words<'_, '_, '_, '_>, out: &mut Vec<u8>) {
    super::push_subject(told.subject.primary, words, out);
    let id = |place: Option<Place>| place.and_then(|p| words.field(p)).map(|(_, field)| int(field.value));
    const NOBODY: i32 = -2;
    let (primary, secondary) = (id(told.subject.primary).unwrap_or(NOBODY), id(told.subject.secondary));
    if secondary.is_some_and(|uid| uid != primary && primary != NOBODY && uid != -1) {
        out.extend_from_slice(b", acting as ");
        told.subject.secondary.inspect(|&place| words.push(place, out));
        out.push(b',');
    }
}

fn push_object(told: &Normalized, names_field: bool, words: &mut Words<'_, '_, '_, '_>, out: &mut Vec<u8>) {
    if let Some(object) = told.object.primary {
        match words.field(object).filter(|_| names_field) {
            Some((_, field)) => out.extend_from_slice(field.name),
            None => words.push_object_in_brief(object, out),
        }
        out.push(b' ');
    }
    if let Some(second) = told.object.second {
        out.extend_from_slice(b"to ");
        words.push_object(second, out);
        out.push(b' ');
    }
    if matches!(told.object.kind, ObjectKind::Process | ObjectKind::ProcessGroup) {
        push_pids(&told.object.attributes, words, out);
    }
}

/// COMPAT: the dots stand behind three processes even when there is no fourth.
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
