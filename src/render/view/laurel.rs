//! An object with a member for each type of record, as laurel has it.

use super::{Members, push_list, push_name, text};
use crate::text::{json, number};
use std::collections::BTreeMap;
use std::str;

impl Members<'_> {
    pub(super) fn push_laurel(&self, out: &mut Vec<u8>) -> Option<()> {
        /// Records of these types are objects, others arrays of objects.
        const SINGLE: [&[u8]; 4] = [b"SYSCALL", b"EXECVE", b"CWD", b"PROCTITLE"];
        let records = self.records()?;
        let raw = records.first()?.text("raw")?;
        let id = crate::text::after(&raw, b"msg=audit(").map(|rest| crate::text::up_to(rest, b')'))?;
        out.extend_from_slice(b"{\"ID\":");
        json::push_string(out, id);
        if let Some(node) = self.get("node") {
            out.extend_from_slice(b",\"NODE\":");
            out.extend_from_slice(node);
        }
        let mut names = Names::default();
        [&b"ID"[..], b"NODE"].iter().for_each(|name| drop(names.unique(name)));
        for (name, records) in by_type(&records)? {
            out.push(b',');
            json::push_string(out, &names.unique(&name));
            out.push(b':');
            if SINGLE.contains(&name.as_slice()) {
                self.push_laurel_record(&name, records.first()?, out)?;
                continue;
            }
            let mut before = b'[';
            for record in records {
                out.push(std::mem::replace(&mut before, b','));
                self.push_laurel_record(&name, record, out)?;
            }
            out.push(b']');
        }
        out.push(b'}');
        Some(())
    }

    fn push_laurel_record(&self, record_type: &[u8], record: &Members, out: &mut Vec<u8>) -> Option<()> {
        let fields = Members::of(record.get("fields")?)?;
        let (mut is_first, mut arguments, mut names) = (true, Vec::new(), Names::default());
        out.push(b'{');
        for (name, value) in &fields.0 {
            let shown = str::from_utf8(name).ok()?;
            if record_type == b"SYSCALL" && matches!(shown, "a0" | "a1" | "a2" | "a3") {
                let mut argument = b"0x".to_vec();
                argument.extend(text(value)?);
                arguments.push(argument);
                continue;
            }
            push_name(&mut is_first, &names.unique(if shown == "proctitle" { b"ARGV" } else { name }), out);
            let text = text(value).unwrap_or_default();
            match shown {
                "arch" => json::push_string(out, &[b"0x", &text[..]].concat()),
                "mode" => json::push_string(out, &[b"0o", &text[..]].concat()),
                _ if is_small(&text) => out.extend_from_slice(&text),
                _ => out.extend_from_slice(value),
            }
        }
        if !arguments.is_empty() {
            push_name(&mut is_first, &names.unique(b"ARGV"), out);
            let texts: Vec<_> = arguments.iter().filter_map(|argument| str::from_utf8(argument).ok()).collect();
            push_list(out, &texts);
        }
        if record_type == b"EXECVE" {
            push_name(&mut is_first, &names.unique(b"ARGV"), out);
            out.extend_from_slice(self.get("argv").unwrap_or(b"[]"));
        }
        for (name, value) in record.get("names").and_then(Members::of).into_iter().flat_map(|names| names.0) {
            push_name(&mut is_first, &names.unique(&name), out);
            out.extend_from_slice(value);
        }
        out.push(b'}');
        Some(())
    }
}

/// The records by their type, in the order in which the types come first.
fn by_type<'r, 'o>(records: &'r [Members<'o>]) -> Option<Vec<(Vec<u8>, Vec<&'r Members<'o>>)>> {
    let (mut groups, mut places) = (Vec::<(Vec<u8>, Vec<_>)>::new(), BTreeMap::new());
    for record in records {
        let name = record.text("type")?;
        let place = *places.entry(name.clone()).or_insert(groups.len());
        if place == groups.len() {
            groups.push((name, Vec::new()));
        }
        groups.get_mut(place)?.1.push(record);
    }
    Some(groups)
}

/// Whether a text is a decimal number that every reader holds.
fn is_small(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let is_plain = digits == b"0" || digits.first() != Some(&b'0');
    is_plain && digits.len() < 16 && number::parse_exact(digits).is_some()
}

/// The names that an object has so far.
#[derive(Default)]
struct Names(BTreeMap<Vec<u8>, u64>);

impl Names {
    /// The name, or with a number after it if there is one of that name.
    fn unique(&mut self, name: &[u8]) -> Vec<u8> {
        let mut unique = name.to_vec();
        while self.0.contains_key(&unique) {
            let count = self.0.entry(name.to_vec()).or_insert(1);
            *count += 1;
            unique.truncate(name.len());
            unique.push(b'_');
            number::push(&mut unique, *count);
        }
        self.0.insert(unique.clone(), 1);
        unique
    }
}
