//! What every event that meets the criteria must hold in one of its lines: found by fast byte searches, so that the rest of
//! a log need not be read as records.

use super::extract;
use super::predicate::{Criteria, User};
use crate::record::RecordType;
use crate::text::{self, hex, number};
use memchr::memmem::{self, Finder};
use memchr::memrchr;

/// The mark of lines worth reading.
pub enum Probe {
    /// One of these texts is in a line of which fields are read.
    Literals(Vec<Finder<'static>>),
    /// One of these texts is in any line.
    Anywhere(Vec<Finder<'static>>),
    /// The line is of one of these types.
    Kinds(Vec<RecordType>),
}

/// The longest front of a line that names its type.
const HEAD: usize = 340;

impl Probe {
    /// The most telling of the criteria; `None` when none of them leaves a mark of its own in the log.
    pub fn of(criteria: &Criteria) -> Option<Probe> {
        let names = [&criteria.key, &criteria.vm, &criteria.file, &criteria.exe, &criteria.comm];
        if let Some(probe) = names.into_iter().flatten().find_map(|name| encoded(name)) {
            return Some(probe);
        }
        if !criteria.kinds.is_empty() {
            return Some(Probe::Kinds(criteria.kinds.clone()));
        }
        if let Some(serial) = criteria.serial.filter(|serial| *serial > 0) {
            return Some(Probe::Anywhere(finders(&[marked(b":", serial)])));
        }
        if let Some(literal) = numbers(criteria) {
            return Some(literals(&[literal]));
        }
        let label = !criteria.any_label || criteria.subject == criteria.object;
        let plain = [&criteria.uuid, &criteria.terminal, &criteria.subject, &criteria.object];
        let plain = plain.into_iter().take(if label { 4 } else { 2 }).flatten();
        // A record that names no terminal may be taken to say so.
        let mut telling = plain.filter(|text| is_telling(text) && memmem::find(b"(none)", text).is_none());
        telling.next().map(|text| literals(std::slice::from_ref(text)))
    }

    /// Calls `each` with the start of every line of `block` that bears the mark at or behind `from`, once.
    pub fn scan(&self, block: &[u8], from: usize, each: &mut dyn FnMut(usize)) {
        match self {
            Probe::Kinds(kinds) => scan_kinds(kinds, block, from, each),
            Probe::Literals(finders) | Probe::Anywhere(finders) => {
                for finder in finders {
                    scan_literal(finder, block, from, each);
                }
            }
        }
    }

    /// Whether a marked line of this type can be what makes an event be found. Most texts of a log are in records of which
    /// no field is ever looked at.
    pub fn accepts(&self, kind: RecordType) -> bool {
        !matches!(self, Probe::Literals(_)) || extract::reads(kind)
    }
}

fn scan_literal(finder: &Finder, block: &[u8], from: usize, each: &mut dyn FnMut(usize)) {
    let mut at = from;
    while let Some(found) = block.get(at..).and_then(|rest| finder.find(rest)) {
        let hit = at + found;
        each(block.get(..hit).and_then(|before| memrchr(b'\n', before)).map_or(0, |newline| newline + 1));
        at = block.get(hit..).and_then(|rest| memchr::memchr(b'\n', rest)).map_or(block.len(), |len| hit + len + 1);
    }
}

fn scan_kinds(kinds: &[RecordType], block: &[u8], from: usize, each: &mut dyn FnMut(usize)) {
    let letters = first_letters(kinds);
    let mut start = from;
    while let Some(line) = block.get(start..).filter(|rest| !rest.is_empty()) {
        // Of most lines the first letter of the type says that it is another one.
        let looks_so = match line {
            [b'n' | b' ', ..] => true,
            [_, _, _, _, _, letter, ..] => letters.get(usize::from(*letter)).is_some_and(|is_first| *is_first),
            _ => true,
        };
        if looks_so && kind_of(line).is_some_and(|kind| kinds.contains(&kind)) {
            each(start);
        }
        start = memchr::memchr(b'\n', line).map_or(block.len(), |len| start + len + 1);
    }
}

/// The bytes that the name of one of these types can begin with, be it spelled in either case or as a number.
fn first_letters(kinds: &[RecordType]) -> [bool; 256] {
    let named = kinds.iter().filter_map(|kind| kind.name()?.bytes().next());
    let mut letters = [kinds.contains(&RecordType::UNRECOGNISED); 256];
    for letter in named.flat_map(|letter| [letter.to_ascii_uppercase(), letter.to_ascii_lowercase()]) {
        letters[usize::from(letter)] = true;
    }
    for letter in (b'0'..=b'9').chain([b'U']) {
        letters[usize::from(letter)] = true;
    }
    letters
}

fn kind_of(line: &[u8]) -> Option<RecordType> {
    let mut head = line.get(..HEAD).unwrap_or(line);
    let mut word = text::take_word(&mut head);
    if line.starts_with(b"n") {
        word = text::take_word(&mut head);
    }
    word.and_then(|word| word.get(5..)).map(RecordType::parse)
}

fn literals(texts: &[Vec<u8>]) -> Probe {
    Probe::Literals(finders(texts))
}

fn finders(texts: &[Vec<u8>]) -> Vec<Finder<'static>> {
    texts.iter().map(|text| Finder::new(text).into_owned()).collect()
}

/// Not so short that every line has it.
fn is_telling(text: &[u8]) -> bool {
    text.len() >= 2
}

/// A name that is logged as it is or in hex. `(null)` stands for a missing one, and a path may be put together from two.
///
/// Hex is in one case: the kernel and libaudit write it so. Only programs that make up records of their own can mix the cases,
/// and hide nothing by it but those. An odd last digit stands for a byte whose lower half is 0, so such a half is not sought.
fn encoded(name: &[u8]) -> Option<Probe> {
    let made_up = memmem::find(b"(null)", name).is_some() || memmem::find(name, b"/.").is_some();
    if made_up || !is_telling(name) {
        return None;
    }
    let mut upper = Vec::new();
    hex::encode(name, &mut upper);
    if upper.last() == Some(&b'0') {
        upper.pop();
    }
    let lower = upper.to_ascii_lowercase();
    if lower == upper {
        Some(literals(&[name.to_vec(), upper]))
    } else {
        Some(literals(&[name.to_vec(), upper, lower]))
    }
}

/// A number behind its field's name, as the kernel and auditd write it, without zeros before it. Names are sought by their ends:
/// - `uid=` is the end of `auid=`, `loginuid=` and `euid=` too, in which some records have the same id;
/// - `id=` is that of `gid=` and `egid=`, and the name itself of a group's id in ADD_GROUP, DEL_GROUP and GRP_MGMT;
/// - 0 is the uid of events that do not log it as such, and -1 and -2 are ids of events that have none: they leave no mark;
/// - where a user's name decides ([`User::name`]), its own number counts, if this host knows one, and users without a name are not looked at.
fn numbers(criteria: &Criteria) -> Option<Vec<u8>> {
    let users = [&criteria.uid, &criteria.auid, &criteria.euid];
    let deciding = if criteria.any_user { 1 } else { users.len() };
    let by_name = users.iter().take(deciding).any(|user| user.as_ref().is_some_and(|user| user.name.is_some()));
    let users = users.map(|user| match user.as_ref()? {
        User { name, .. } if by_name => name.as_ref().and_then(|(_, id)| *id),
        User { id, .. } => Some(*id),
    });
    if criteria.any_user && users.iter().any(|id| *id != users[0]) {
        return None;
    }
    if criteria.any_group && criteria.gid != criteria.egid {
        return None;
    }
    let id = |id: Option<u32>| id.map(u64::from);
    let marks = [
        (&b"pid="[..], id(criteria.pid)),
        (b"ppid=", id(criteria.ppid)),
        (b"ses=", id(criteria.session)),
        (b"uid=", id(users[1])),
        (b"uid=", id(users[2])),
        (b"uid=", id(users[0])),
        (b"id=", id(criteria.egid)),
        (b"id=", id(criteria.gid)),
    ];
    let real = |value: &u64| (1..u64::from(u32::MAX - 1)).contains(value);
    let (name, value) = marks.into_iter().find_map(|(name, value)| Some((name, value.filter(real)?)))?;
    Some(marked(name, value))
}

fn marked(name: &[u8], value: u64) -> Vec<u8> {
    let mut literal = name.to_vec();
    number::push(&mut literal, value);
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &[u8] =
        b"type=A key=\"one\"\ntype=USER key=6F6E65\nnode=x type=PATH \ntype=avc \ntype=UNKNOWN[1400] x\nend";

    fn found(probe: &Probe) -> Vec<usize> {
        let mut starts = Vec::new();
        probe.scan(LOG, 0, &mut |start| starts.push(start));
        starts.sort_unstable();
        starts
    }

    #[test]
    fn names_are_found_bare_and_in_hex() {
        let criteria = Criteria { key: Some(b"one".to_vec()), ..Criteria::default() };
        assert_eq!(found(&Probe::of(&criteria).unwrap()), [0, 17]);
    }

    #[test]
    fn of_a_hex_byte_whose_lower_half_is_0_that_half_may_be_missing() {
        let probe = Probe::of(&Criteria { key: Some(b"cap".to_vec()), ..Criteria::default() }).unwrap();
        let mut starts = Vec::new();
        probe.scan(b"key=63617\nkey=636170\nkey=\"cap\"\nkey=6361", 0, &mut |start| starts.push(start));
        assert_eq!(starts.iter().filter(|start| **start < 32).count(), 3, "{starts:?}");
    }

    #[test]
    fn where_a_name_decides_the_other_ids_are_not_sought() {
        let user =
            |id, name: Option<(&str, u32)>| Some(User { id, name: name.map(|(name, id)| (name.into(), Some(id))) });
        let criteria = Criteria { uid: user(5, Some(("bob", 5))), euid: user(7, None), ..Criteria::default() };
        let Some(Probe::Literals(finders)) = Probe::of(&criteria) else { panic!() };
        assert_eq!(finders.iter().map(Finder::needle).collect::<Vec<_>>(), [b"uid=5"]);
        assert!(
            Probe::of(&Criteria { uid: user(0, Some(("root", 0))), euid: user(7, None), ..Criteria::default() })
                .is_none()
        );
    }

    #[test]
    fn types_are_found_in_every_spelling() {
        let criteria = Criteria { kinds: vec![RecordType::AVC], ..Criteria::default() };
        assert_eq!(found(&Probe::of(&criteria).unwrap()), [56, 66]);
        let criteria = Criteria { kinds: vec![RecordType::PATH], ..Criteria::default() };
        assert_eq!(found(&Probe::of(&criteria).unwrap()), [38]);
    }

    #[test]
    fn what_may_be_missing_leaves_no_mark() {
        for criteria in [
            Criteria::default(),
            Criteria { key: Some(b"null".to_vec()), ..Criteria::default() },
            Criteria { pid: Some(0), ..Criteria::default() },
            Criteria { success: Some(true), ..Criteria::default() },
        ] {
            assert!(Probe::of(&criteria).is_none());
        }
    }
}
