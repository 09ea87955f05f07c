//! An object with a member for each type of record, as laurel has it: docs/json.md says where it differs.

use super::{Members, push_name, text, texts};
use crate::text::json_reader::Reader;
use crate::text::{hex, json, number};
use memchr::memmem;
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
        if let Some(node) = self.bytes("node") {
            out.extend_from_slice(b",\"NODE\":");
            push_escaped(&node, out);
        }
        let mut names = Names::default();
        [&b"ID"[..], b"NODE"].iter().for_each(|name| drop(names.unique(name)));
        for (name, records) in by_type(&records)? {
            out.push(b',');
            json::push_string(out, &names.unique(&name));
            out.push(b':');
            if SINGLE.contains(&name.as_slice()) {
                self.push_laurel_record(&name, records.first()?, out)?;
                // The arguments of all EXECVE records are in the first object.
                for record in records.iter().skip(1).filter(|_| name != b"EXECVE") {
                    out.push(b',');
                    json::push_string(out, &names.unique(&name));
                    out.push(b':');
                    self.push_laurel_record(&name, record, out)?;
                }
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
        let mut arguments = Vec::new();
        let (mut is_first, mut names) = (true, Names::default());
        out.push(b'{');
        for (name, value) in fields.written() {
            let shown = str::from_utf8(name).ok()?;
            let bytes = || fields.bytes(shown).unwrap_or_default();
            match shown {
                "a0" | "a1" | "a2" | "a3" if record_type == b"SYSCALL" => {
                    arguments.push(number_of(&bytes(), 16).unwrap_or_else(bytes));
                    continue;
                }
                "proctitle" if !(value == b"[\"(null)\"]" && record.is_bare(b"proctitle", b"(null)")) => {
                    arguments = fields.byte_list(shown);
                    continue;
                }
                "text" if record_type == b"AVC" && push_permissions(&bytes(), &mut is_first, &mut names, out) => {
                    continue;
                }
                _ => push_name(&mut is_first, &names.unique(name), out),
            }
            if value.starts_with(b"{") {
                push_message(&Members::of(value)?, record, out)?;
            } else {
                push_field(name, &bytes(), record, out);
            }
        }
        let enriched = record.get("names").and_then(Members::of).unwrap_or(Members(Vec::new()));
        for (name, _) in enriched.written() {
            push_name(&mut is_first, &names.unique(name), out);
            let value = enriched.bytes(str::from_utf8(name).ok()?).unwrap_or_default();
            match value.strip_prefix(b"{ ").and_then(|value| value.strip_suffix(b" }")) {
                Some(words) => push_escaped(&[b"{", words, b"}"].concat(), out),
                None => push_escaped(&value, out),
            }
        }
        if record_type == b"EXECVE" && self.get("argv_from").is_none() {
            arguments = self.byte_list("argv");
        }
        if !arguments.is_empty() || record_type == b"EXECVE" {
            push_name(&mut is_first, &names.unique(b"ARGV"), out);
            push_escaped_list(&arguments, out);
        }
        out.push(b'}');
        Some(())
    }

    /// The members but for those that give the bytes of another.
    fn written(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_slice(), *value)).filter(|(name, _)| !name.ends_with(b"_hex"))
    }

    /// All bytes of a member that is a text.
    fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        match self.text(&[name, "_hex"].concat()) {
            Some(digits) => Some(decoded(&digits)),
            None => self.text(name),
        }
    }

    /// All bytes of the elements of a member that is a list of texts.
    fn byte_list(&self, name: &str) -> Vec<Vec<u8>> {
        let mut list = self.get(name).and_then(texts).unwrap_or_default();
        let mut elements = list.iter_mut();
        let digits = self.get(&[name, "_hex"].concat()).and_then(Reader::new);
        digits.and_then(|mut digits| {
            digits.array(&mut |element| {
                let (whole, place) = (text(element.written()?), elements.next()?);
                whole.inspect(|digits| *place = decoded(digits));
                Some(())
            })
        });
        list
    }

    /// Whether the record's line has this value without quotes: with them it is a text like others.
    fn is_bare(&self, name: &[u8], value: &[u8]) -> bool {
        let quoted = [name, b"=\\\"", value, b"\\\""].concat();
        self.get("raw").is_none_or(|raw| memmem::find(raw, &quoted).is_none())
    }
}

fn decoded(digits: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    hex::decode(digits, &mut bytes);
    bytes
}

/// The permissions of SELinux, `avc: denied { read } for`, as a list; false, and nothing, where it is something else.
fn push_permissions(words: &[u8], is_first: &mut bool, names: &mut Names, out: &mut Vec<u8>) -> bool {
    let words: Vec<_> = words.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).collect();
    let [b"avc:", result @ (b"granted" | b"denied"), b"{", permissions @ .., b"}", b"for"] = words.as_slice() else {
        return false;
    };
    push_name(is_first, &names.unique(result), out);
    push_escaped_list(permissions, out);
    true
}

/// What a program said, in which every value is a text.
fn push_message(message: &Members, record: &Members, out: &mut Vec<u8>) -> Option<()> {
    let (mut is_first, mut names) = (true, Names::default());
    out.push(b'{');
    for (name, _) in message.written() {
        push_name(&mut is_first, &names.unique(name), out);
        let value = message.bytes(str::from_utf8(name).ok()?).unwrap_or_default();
        match matches!(value.as_slice(), b"(null)" | b"?") && record.is_bare(name, &value) {
            true => out.extend_from_slice(b"null"),
            false => push_escaped(&value, out),
        }
    }
    out.push(b'}');
    Some(())
}

/// The value of a field that the kernel or the daemon wrote.
fn push_field(name: &[u8], value: &[u8], record: &Members, out: &mut Vec<u8>) {
    let decimal = || str::from_utf8(value).ok()?.parse().ok();
    match base_of(name) {
        Some(10) => match decimal() {
            Some(value) => number::push_signed(out, value),
            None => push_escaped(value, out),
        },
        Some(base) => push_escaped(&number_of(value, base).unwrap_or_else(|| value.to_vec()), out),
        None if matches!(value, b"" | b"(null)" | b"?") && record.is_bare(name, value) => {
            out.extend_from_slice(b"null");
        }
        None if name == b"saddr" => push_escaped(&decoded(value), out),
        None => push_escaped(value, out),
    }
}

/// To which base the log has the field, if laurel takes it for a number.
fn base_of(name: &[u8]) -> Option<u32> {
    const HEXADECIMAL: &[&str] = &[
        "arch", "cap_fi", "cap_fp", "cap_fver", "cap_pa", "cap_pe", "cap_pi", "cap_pp", "code", "fi", "flags", "fver",
        "ioctlcmd", "old_pa", "old_pe", "old_pi", "old_pp", "pa", "pe", "per", "pi", "pp", "qbytes",
    ];
    const DECIMAL: &[&str] = &[
        "argc",
        "audit_backlog_limit",
        "audit_backlog_wait_time",
        "audit_enabled",
        "audit_failure",
        "cap_fe",
        "capability",
        "changed",
        "compat",
        "dport",
        "enforcing",
        "entries",
        "errno",
        "exit",
        "family",
        "fd",
        "fe",
        "ino",
        "inode",
        "ipid",
        "item",
        "items",
        "len",
        "list",
        "lport",
        "major",
        "minor",
        "nargs",
        "new-enabled",
        "new-log_passwd",
        "new_lock",
        "nlnk-pid",
        "old-enabled",
        "old-log_passwd",
        "old-ses",
        "old_enforcing",
        "old_lock",
        "old_prom",
        "old_val",
        "opid",
        "oses",
        "permissive",
        "pid",
        "ppid",
        "prog-id",
        "prom",
        "proto",
        "res",
        "rport",
        "seqno",
        "ses",
        "sig",
        "sigev_signo",
        "spid",
        "sport",
        "syscall",
        "uring_op",
        "val",
        "vm-pid",
    ];
    // A second field of a name has a number after it.
    let first = name.rsplitn(2, |byte| *byte == b'_').collect::<Vec<_>>();
    let name = match first.as_slice() {
        [digits, first] if digits.iter().all(u8::is_ascii_digit) => first,
        _ => name,
    };
    let is_of = |names: &[&str]| names.iter().any(|other| other.as_bytes() == name);
    match name {
        b"mode" => Some(8),
        _ if is_of(HEXADECIMAL) => Some(16),
        _ if name.ends_with(b"uid") || name.ends_with(b"gid") || is_of(DECIMAL) => Some(10),
        _ => None,
    }
}

/// A number that laurel writes to the base of the log, or None where it is none.
fn number_of(digits: &[u8], base: u32) -> Option<Vec<u8>> {
    let digits = str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    let number = u64::from_str_radix(digits, base).ok()?;
    Some(if base == 8 { format!("0o{number:o}") } else { format!("0x{number:x}") }.into_bytes())
}

/// A string in which `%XX` stands for bytes that are no text, and for controls, `%` and `+`.
fn push_escaped(bytes: &[u8], out: &mut Vec<u8>) {
    let mut shown = String::new();
    let escape = |shown: &mut String, bytes: &[u8]| bytes.iter().for_each(|byte| *shown += &format!("%{byte:02x}"));
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\0'..' ' | '\x7f' | '%' | '+' | '\u{feff}' => {
                    escape(&mut shown, letter.encode_utf8(&mut [0; 4]).as_bytes())
                }
                _ => shown.push(letter),
            }
        }
        escape(&mut shown, chunk.invalid());
    }
    json::push_string(out, shown.as_bytes());
}

fn push_escaped_list(texts: &[impl AsRef<[u8]>], out: &mut Vec<u8>) {
    let mut before = b'[';
    for text in texts {
        out.push(std::mem::replace(&mut before, b','));
        push_escaped(text.as_ref(), out);
    }
    out.extend_from_slice(if texts.is_empty() { b"[]" } else { b"]" });
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
