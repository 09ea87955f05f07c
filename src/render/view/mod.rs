//! Events in the forms of other programs: made of the object that [`super::json`] writes, by tables of which of its members goes
//! where. The stream of audisp-json(8) has them.

mod ecs;
mod laurel;

use super::json::push_lost;
use crate::text::json;
use crate::text::json_reader::Reader;

/// The forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Our own object, as it is.
    Json,
    /// Elastic Common Schema, with the words of Elastic's auditd integration.
    Ecs,
    /// An object with a member for each type of record, as laurel has it.
    Laurel,
    /// `name=value` words on a line.
    Logfmt,
}

impl View {
    /// The form of this name.
    pub fn named(name: &str) -> Option<View> {
        Some(match name {
            "json" => View::Json,
            "ecs" => View::Ecs,
            "laurel" => View::Laurel,
            "logfmt" => View::Logfmt,
            _ => return None,
        })
    }

    /// Appends the form of one of our objects, and a newline. What is no event stays as it is where events are objects: these
    /// views have no words for what is missing.
    pub fn push(self, object: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        let members = if self == View::Json { None } else { Members::of(object) };
        let done = members.and_then(|members| match self {
            View::Json => None,
            View::Ecs => members.push_ecs(out),
            View::Laurel => members.push_laurel(out),
            View::Logfmt => members.push_logfmt(out),
        });
        if done.is_none() {
            out.truncate(start);
            out.extend_from_slice(object.trim_ascii_end());
        }
        out.push(b'\n');
    }

    /// Appends the form of a GAP object ([`super::json::push_lost`]).
    pub fn push_lost(self, cause: &str, lost: u64, out: &mut Vec<u8>) {
        let mut object = Vec::new();
        push_lost(cause, lost, &mut object);
        self.push(&object, out);
    }
}

/// The members of an object, each value as it is written.
struct Members<'o>(Vec<(Vec<u8>, &'o [u8])>);

impl<'o> Members<'o> {
    fn of(object: &'o [u8]) -> Option<Members<'o>> {
        let mut reader = Reader::new(object)?;
        let members = Members::read(&mut reader)?;
        reader.is_at_end().then_some(members)
    }

    fn read(reader: &mut Reader<'o>) -> Option<Members<'o>> {
        let mut members = Vec::new();
        reader.object(&mut |name, value| {
            members.push((name.to_vec(), value.written()?));
            Some(())
        })?;
        Some(Members(members))
    }

    fn get(&self, name: &str) -> Option<&'o [u8]> {
        self.0.iter().find(|(other, _)| other == name.as_bytes()).map(|(_, value)| *value)
    }

    /// The text of a member that is one.
    fn text(&self, name: &str) -> Option<Vec<u8>> {
        text(self.get(name)?)
    }

    fn records(&self) -> Option<Vec<Members<'o>>> {
        let mut records = Vec::new();
        Reader::new(self.get("records")?)?.array(&mut |record| {
            records.push(Members::read(record)?);
            Some(())
        })?;
        Some(records)
    }

    fn push_logfmt(&self, out: &mut Vec<u8>) -> Option<()> {
        let start = out.len();
        for (name, value) in &self.0 {
            let text = match value.first()? {
                b'"' => text(value)?,
                b'[' if name.as_slice() == b"records" || name.ends_with(b"_hex") => continue,
                b'[' if name.as_slice() == b"argv" => texts(value)?.join(&b' '),
                b'[' => texts(value)?.iter().map(|text| text_in_list(text)).collect::<Vec<_>>().join(&b','),
                b'{' => continue,
                _ => value.to_vec(),
            };
            if out.len() > start {
                out.push(b' ');
            }
            out.extend_from_slice(name);
            out.push(b'=');
            let is_bare = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./:@+,%".contains(byte);
            match !text.is_empty() && text.iter().all(is_bare) {
                true => out.extend_from_slice(&text),
                false => json::push_string(out, &text),
            }
        }
        Some(())
    }
}

fn text(value: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    Reader::new(value)?.string(&mut text)?;
    Some(text)
}

/// A text of which no part can pass for another element of a list with commas.
fn text_in_list(text: &[u8]) -> Vec<u8> {
    text.iter()
        .flat_map(|byte| [b"\\"].into_iter().flatten().filter(|_| b",\\".contains(byte)).chain([byte]))
        .copied()
        .collect()
}

fn texts(value: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut texts = Vec::new();
    Reader::new(value)?.array(&mut |element| {
        let mut text = Vec::new();
        element.string(&mut text)?;
        texts.push(text);
        Some(())
    })?;
    Some(texts)
}

fn push_name(is_first: &mut bool, name: &[u8], out: &mut Vec<u8>) {
    if !std::mem::replace(is_first, false) {
        out.push(b',');
    }
    json::push_string(out, name);
    out.push(b':');
}

fn push_list(out: &mut Vec<u8>, texts: &[&str]) {
    json::push_array(out, |list| texts.iter().for_each(|text| list.text(text)));
}

#[cfg(test)]
mod tests;
