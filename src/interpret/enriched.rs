//! The enriched part of a record: names that were looked up where and when the record was written. `enrich.rs` writes it.
//!
//! Words `NAME=value` or `NAME="value"` between spaces (auditd.conf(5), `log_format = ENRICHED`). The name is that of a
//! field in upper case. Where a record has several fields of one name, the words of that name stand in the same order. A
//! word `SADDR={ ... }`, or `SADDR=unknown family(0)`, holds spaces and is the only one of its record.

use super::Kind;
use super::scan::{self, hash_of, name_hash};
use crate::record::{Record, RecordType};
use crate::text::{byte_mask, find_byte, hex, load_u64, number};
use memchr::memchr;
use std::ops::Range;

/// How many names are kept at hand; the daemon writes eleven at most.
const AT_HAND: usize = 16;

/// The looked-up names of one record.
#[derive(Clone, Default)]
pub(crate) struct Enriched<'a> {
    text: &'a [u8],
    /// The body of the record.
    body: &'a [u8],
    words: heapless::Vec<Word, AT_HAND>,
    /// A bit for each name at hand, and all bits if there may be more.
    seen: u64,
    /// Where what did not fit begins: searched from there every time.
    rest: usize,
    /// Whether the first field of a name that is found need not be the one its first word belongs to.
    is_ambiguous: bool,
}

/// A word, by places in the text.
#[derive(Clone, Copy)]
struct Word {
    name_hash: u32,
    name: u32,
    name_end: u32,
    value: u32,
    end: u32,
    /// Where in the body the value of its field begins; `NOWHERE` if none was found for it.
    field: u32,
}

const NOWHERE: u32 = u32::MAX;

/// How a value begins that could not be looked up.
const UNKNOWN: &[u8] = b"unknown";

impl<'a> Enriched<'a> {
    pub(crate) const NOTHING: Enriched<'a> =
        Enriched { text: &[], body: &[], words: heapless::Vec::new(), seen: 0, rest: 0, is_ambiguous: false };

    /// Reads what stands after a record's byte 0x1D.
    pub(crate) fn of(record: &Record<'a>) -> Enriched<'a> {
        record.enriched.map_or(Enriched::NOTHING, |text| Enriched::parse(text, record.record_type, record.body))
    }

    fn parse(text: &'a [u8], record_type: RecordType, body: &'a [u8]) -> Enriched<'a> {
        let is_ambiguous = record_type.is_user_message();
        let mut enriched = Enriched { text, body, is_ambiguous, ..Enriched::NOTHING };
        while !enriched.words.is_full() {
            let Some(word) = take(text, &mut enriched.rest) else {
                enriched.find_fields();
                return enriched;
            };
            // Names of different hash may have the same bit.
            enriched.is_ambiguous |= enriched.may_have(word.name_hash)
                && enriched.words.iter().any(|other| other.name_hash == word.name_hash);
            enriched.seen |= bit(word.name_hash);
            let _ = enriched.words.push(word);
        }
        (enriched.seen, enriched.is_ambiguous) = (u64::MAX, true);
        enriched
    }

    /// Finds the field of each word, where the first of a name need not be it.
    fn find_fields(&mut self) {
        if !self.is_ambiguous || self.words.is_empty() {
            return;
        }
        let Enriched { text, body, ref mut words, seen, .. } = *self;
        for found in scan::fields(body).filter(|found| seen & bit(found.name_hash) != 0) {
            let free = words
                .iter_mut()
                .find(|word| word.field == NOWHERE && word.is_for(text, found.name(body), found.name_hash));
            if let Some(word) = free {
                word.field = found.start as u32;
            }
        }
    }

    /// Whether there may be a value for the field whose name has this hash.
    #[inline(always)]
    pub(super) fn may_have(&self, name_hash: u32) -> bool {
        self.seen & bit(name_hash) != 0
    }

    /// The value for field `name` whose own value is `value`, a part of the record.
    #[inline(always)]
    pub(super) fn value(&self, name: &[u8], value: &[u8]) -> Option<&'a [u8]> {
        if self.words.is_empty() {
            return None;
        }
        // How far one slice begins after the other; wherever they are, that is a number.
        let start = (value.as_ptr() as usize).wrapping_sub(self.body.as_ptr() as usize);
        self.at(name, name_hash(name), start)
    }

    /// The same, when the hash of the name is at hand, and the fields are asked for in their order.
    pub(super) fn find(&mut self, name: &[u8], name_hash: u32, start: usize) -> Option<&'a [u8]> {
        if !self.is_ambiguous {
            let text = self.text;
            let word = self.words.iter_mut().find(|word| word.is_for(text, name, name_hash))?;
            if word.field == NOWHERE {
                word.field = start as u32;
            }
        }
        self.at(name, name_hash, start)
    }

    /// The value for the field `name` whose own value stands at `start` in the body.
    ///
    /// A value that says `unknown-`, or `unknown family`, is as good as none: this host may know better. So is one in which bytes are
    /// escaped: the field itself has them all.
    fn at(&self, name: &[u8], name_hash: u32, start: usize) -> Option<&'a [u8]> {
        let value = if self.words.is_full() {
            self.values(name, name_hash).nth(self.place_of(name, name_hash, start)?)?
        } else if self.is_ambiguous {
            self.value_at(name, name_hash, start)?
        } else {
            let is_its = |word: &&Word| word.field == NOWHERE || word.field as usize == start;
            self.named(name, name_hash).next().filter(is_its)?.value(self.text)
        };
        let is_escaped = !value.starts_with(b"\"") && memchr(b'\\', value).is_some();
        (!is_escaped && !value.starts_with(UNKNOWN)).then_some(value)
    }

    /// The words at hand for fields `name`.
    fn named(&self, name: &[u8], name_hash: u32) -> impl Iterator<Item = &Word> {
        self.words.iter().filter(move |word| word.is_for(self.text, name, name_hash))
    }

    /// The value for the field `name` whose own value begins at `start`, if no name of a field that is not there says that one of
    /// them is forged: see [`Enriched::place_of`].
    fn value_at(&self, name: &[u8], name_hash: u32, start: usize) -> Option<&'a [u8]> {
        let mut value = None;
        for word in self.named(name, name_hash) {
            match word.field {
                NOWHERE => return None,
                field if field as usize == start => value = Some(word.value(self.text)),
                _ => {}
            }
        }
        value
    }

    /// All values for fields `name`.
    fn values(&self, name: &[u8], name_hash: u32) -> impl Iterator<Item = &'a [u8]> {
        let (mut rest, text) = (self.rest, self.text);
        let part = move |from: u32, to: u32| text.get(from as usize..to as usize).unwrap_or_default();
        let words = self.words.iter().copied().chain(std::iter::from_fn(move || take(text, &mut rest)));
        words
            .filter(move |word| word.name_hash == name_hash && is_name(part(word.name, word.name_end), name))
            .map(move |word| part(word.value, word.end))
    }

    /// How many fields `name` stand before the one whose value begins at `start`. `None` if there is no such one, or if there
    /// are more words of the name than fields: who wrote them found a field inside the text of another, as who sent that text
    /// may have wanted.
    #[cold]
    fn place_of(&self, name: &[u8], name_hash: u32, start: usize) -> Option<usize> {
        let (mut fields, mut place) = (0, None);
        for found in
            scan::fields(self.body).filter(|found| found.name_hash == name_hash && found.name(self.body) == name)
        {
            if found.start == start {
                place = Some(fields);
            }
            fields += 1;
        }
        place.filter(|_| self.values(name, name_hash).count() <= fields)
    }
}

/// Appends the name that `record` brings along for the user or group `id`, found in a field `name` of that value; false if there is none.
pub fn user_name(record: &Record<'_>, name: &[u8], id: u32, out: &mut Vec<u8>) -> bool {
    let enriched = Enriched::of(record);
    let values = scan::fields(record.body).filter(|found| found.name(record.body) == name);
    let mut values =
        values.map(|found| found.value(record.body)).filter(|value| number::parse_exact(value) == Some(id.into()));
    let known = values.find_map(|value| enriched.value(name, value));
    known.inspect(|known| push(Kind::User, known, out)).is_some()
}

/// Appends what was looked up for a value of this kind.
pub(super) fn push(kind: Kind, value: &[u8], out: &mut Vec<u8>) {
    match (kind, value) {
        (Kind::User | Kind::Group, [b'"', name @ .., b'"']) => out.extend_from_slice(name),
        (Kind::User | Kind::Group, _) if hex::unescape(value, out) => {}
        _ => out.extend_from_slice(value),
    }
}

/// The words of the enriched part of a record: name and value by their places, and the hash of the name.
pub(crate) fn words(text: &[u8]) -> impl Iterator<Item = (Range<usize>, Range<usize>, u32)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let word = take(text, &mut at)?;
        Some((word.name as usize..word.name_end as usize, word.value as usize..word.end as usize, word.name_hash))
    })
}

fn is_name(written: &[u8], name: &[u8]) -> bool {
    written.len() == name.len() && written.iter().zip(name).all(|(w, n)| w.to_ascii_lowercase() == *n)
}

/// Takes the next `NAME=value` from `at` on.
fn take(text: &[u8], at: &mut usize) -> Option<Word> {
    if *at == 0 && text.starts_with(b"SADDR=") {
        *at = text.len();
        let mut value = 6;
        if !text.get(value..)?.starts_with(UNKNOWN) {
            value = memchr(b'{', text)?;
            memchr(b'}', text.get(value..)?)?;
        }
        return Some(Word::of(text, 0..5, value..text.len()));
    }
    loop {
        while text.get(*at) == Some(&b' ') {
            *at += 1;
        }
        let start = *at;
        let equals = find_byte(text, start, |bytes| byte_mask(bytes, b'=') | byte_mask(bytes, b' '));
        match text.get(equals)? {
            // Whoever chose the path in it could have written all that follows.
            b'=' if text.get(start..equals) == Some(b"SADDR") => {
                *at = text.len();
                return None;
            }
            b'=' => {
                // What is in quotes goes on to the closing one, spaces and all.
                let quoted = text.get(equals + 1..).and_then(|value| value.strip_prefix(b"\""));
                let value = quoted.and_then(|value| memchr(b'"', value)).map_or(equals + 1, |end| equals + 2 + end);
                *at = find_byte(text, value, |bytes| byte_mask(bytes, b' '));
                return Some(Word::of(text, start..equals, equals + 1..*at));
            }
            _ => *at = equals,
        }
    }
}

impl Word {
    fn of(text: &[u8], name: Range<usize>, value: Range<usize>) -> Word {
        let name_hash = hash_of(load_u64(text, name.start), name.len());
        let [name, name_end, value, end] = [name.start, name.end, value.start, value.end].map(|place| place as u32);
        Word { name_hash, name, name_end, value, end, field: NOWHERE }
    }

    /// Whether it is one for fields of this name.
    fn is_for(&self, text: &[u8], name: &[u8], name_hash: u32) -> bool {
        let written = || text.get(self.name as usize..self.name_end as usize);
        self.name_hash == name_hash && written().is_some_and(|written| is_name(written, name))
    }

    fn value<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        text.get(self.value as usize..self.end as usize).unwrap_or_default()
    }
}

#[inline(always)]
fn bit(name_hash: u32) -> u64 {
    1 << (name_hash >> 26)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dice;

    /// The value for the last field `name` of a record with this body.
    fn value_in<'a>(record_type: RecordType, body: &'a str, text: &'a str, name: &str) -> Option<&'a str> {
        let (name, body) = (name.as_bytes(), body.as_bytes());
        let enriched = Enriched::parse(text.as_bytes(), record_type, body);
        let field = scan::fields(body).filter(|found| found.name(body) == name).last()?;
        enriched.value(name, field.value(body)).map(|value| std::str::from_utf8(value).unwrap())
    }

    fn value<'a>(text: &'a str, name: &'a str) -> Option<&'a str> {
        value_in(RecordType::SYSCALL, format!("{name}=0").leak(), text, name)
    }

    #[test]
    fn names_are_in_upper_case_and_values_keep_their_quotes() {
        let text = "ARCH=x86_64 SYSCALL=openat  AUID=\"alice\" bare UID=\"root\" UID=\"bob\" INODE_UID=\"eve\"";
        assert_eq!(value(text, "arch"), Some("x86_64"));
        assert_eq!(value(text, "auid"), Some("\"alice\""));
        assert_eq!(value(text, "uid"), None, "a name for a field that the record has not");
        assert_eq!(value(text, "inode_uid"), Some("\"eve\""));
        assert_eq!(value(text, "inode_gid"), None);
        assert_eq!(value(text, "UID"), None);
        assert_eq!(value(text, "bare"), None);
        assert_eq!(value("", "uid"), None);
        let text = "AUID=\"jane doe \" UID=\"ro ot";
        assert_eq!((value(text, "auid"), value(text, "uid")), (Some("\"jane doe \""), Some("\"ro")));
    }

    #[test]
    fn the_names_of_a_system_call_are_all_different() {
        let text = "ARCH=x86_64 SYSCALL=openat AUID=\"a\" UID=\"a\" GID=\"a\" EUID=\"a\" SUID=\"a\" FSUID=\"a\" EGID=\"a\" SGID=\"a\" FSGID=\"a\"";
        let is_ambiguous = |text: &str| Enriched::parse(text.as_bytes(), RecordType::SYSCALL, b"").is_ambiguous;
        assert!(!is_ambiguous(text) && is_ambiguous(&format!("{text} UID=\"b\"")));
    }

    #[test]
    fn an_address_is_one_value_with_spaces() {
        let text = "SADDR={ saddr_fam=local path=/run/a b }";
        assert_eq!(value(text, "saddr"), Some("{ saddr_fam=local path=/run/a b }"));
        assert_eq!(value(text, "path"), None);
        assert_eq!(value("SADDR={ saddr_fam=local", "saddr"), None);
        let unknown = b"SADDR=unknown family(0)";
        let parts: Vec<_> = words(unknown).map(|(name, value, _)| (&unknown[name], &unknown[value])).collect();
        assert_eq!(parts, [(&b"SADDR"[..], &b"unknown family(0)"[..])]);
        assert_eq!(value("SADDR=unknown family(0)", "saddr"), None, "this host may know it");
        let text = "UID=\"root\" SADDR={ saddr_fam=local path=/x GID=\"eve\" }";
        assert_eq!((value(text, "uid"), value(text, "saddr"), value(text, "gid")), (Some("\"root\""), None, None));
    }

    #[test]
    fn what_was_unknown_then_is_looked_up_again() {
        assert_eq!(value("SYSCALL=unknown-syscall(999)", "syscall"), None);
        assert_eq!(value("SADDR={ saddr_fam=local path=/a\\012b }", "saddr"), None);
        assert_eq!(value("UID=\"CORP\\alice\"", "uid"), Some("\"CORP\\alice\""));
    }

    #[test]
    fn each_field_of_a_name_has_the_word_in_its_place() {
        let body = ": pid=1 uid=0 auid=5 msg='op=x acct=\"y\" uid=1003 res=success'";
        let text = "UID=\"root\" AUID=\"alice\" UID=\"guest\"";
        for record_type in [RecordType::USER_AUTH, RecordType::SYSCALL] {
            assert_eq!(value_in(record_type, body, text, "uid"), Some("\"guest\""));
            assert_eq!(value_in(record_type, ": pid=1 uid=0", text, "uid"), None);
            assert_eq!(value_in(record_type, body, text, "auid"), Some("\"alice\""));
            assert_eq!(value_in(record_type, body, "UID=\"root\" AUID=\"alice\"", "auid"), Some("\"alice\""));
        }
        assert_eq!(
            value_in(RecordType::USER_AUTH, body, "UID=\"root\"", "uid"),
            None,
            "there was no room for the second"
        );
        let quoted = ": pid=1 msg='cmd=\"x uid=5\" uid=0 '";
        assert_eq!(value_in(RecordType::USER_CMD, quoted, "UID=\"eve\" UID=\"root\"", "uid"), None);
        assert_eq!(value_in(RecordType::USER_CMD, quoted, "UID=\"root\"", "uid"), Some("\"root\""));
    }

    #[test]
    fn words_find_their_fields_as_counting_finds_them() {
        const FIELDS: [&str; 8] =
            ["uid=1", "auid=2", "gid=3", "uid", "x=\"uid=4\"", "acct=\"a uid=5 b\"", "msg='op=x", "id=6"];
        const WORDS: [&str; 6] = ["UID=\"a\"", "UID=\"b\"", "AUID=\"c\"", "GID=\"unknown-\"", "uid=d", "ID=\"e f\""];
        let mut dice = Dice(7);
        let mut next = |count: usize| dice.roll(count);
        for _ in 0..3_000 {
            let body: Vec<_> = (0..next(9)).map(|_| FIELDS[next(FIELDS.len())]).collect();
            let text: Vec<_> = (0..next(7)).map(|_| WORDS[next(WORDS.len())]).collect();
            let (body, text) = (format!(": {}", body.join(" ")), text.join(" "));
            let enriched = Enriched::parse(text.as_bytes(), RecordType::USER_LOGIN, body.as_bytes());
            for found in scan::fields(body.as_bytes()) {
                let name = found.name(body.as_bytes());
                let place = enriched.place_of(name, found.name_hash, found.start);
                let counted = place.and_then(|place| enriched.values(name, found.name_hash).nth(place));
                assert_eq!(enriched.value_at(name, found.name_hash, found.start), counted, "{body} with {text}");
            }
        }
    }

    #[test]
    fn no_number_of_names_is_too_large() {
        let text: String = (0..40).map(|n| format!("N{n}={n} ")).collect();
        for n in [0, 15, 16, 39] {
            assert_eq!(value(&text, &format!("n{n}")), Some(n.to_string().as_str()));
        }
        assert_eq!(value(&text, "n40"), None);
    }
}
