//! What every event that meets the criteria must have in one of its records: texts and numbers that fast byte searches find,
//! a type, or a serial. Where no record has it, nothing needs to be put together from a log.
//!
//! What is said here holds for any log whatever: hex in either case or in both, and numbers in every form that is read as
//! the same number.

use super::extract;
use super::predicate::{Criteria, User};
use crate::event::Event;
use crate::record::{Record, RecordType};
use crate::text::{hex, number};
use memchr::memmem::{self, Finder};

/// What one record at least of an event that is found has.
pub enum Need {
    /// One of these texts, in a record of which fields are read.
    Texts(Vec<Literal>),
    /// This number after a name that ends so, in a record of which fields are read.
    Number(Box<Finder<'static>>, u32),
    /// A type that is among these, by its place.
    Types(Vec<bool>),
    /// This serial.
    Serial(u64),
}

/// A text that is looked for by the part of it that is written in one way only.
pub struct Literal {
    finder: Finder<'static>,
    /// The bytes of the text before that part.
    before: usize,
    text: Vec<u8>,
    any_case: bool,
}

/// How many places there are for types: all that have a name have one of their own.
const TYPES: usize = 4096;

impl Need {
    /// The most selective of the criteria; `None` when an event can be found without a trace of any of them in the log.
    pub fn of(criteria: &Criteria) -> Option<Need> {
        let names = [&criteria.key, &criteria.vm, &criteria.file, &criteria.exe, &criteria.comm];
        if let Some(need) = names.into_iter().flatten().find_map(|name| encoded(name)) {
            return Some(need);
        }
        if !criteria.kinds.is_empty() {
            let mut types = vec![false; TYPES];
            criteria.kinds.iter().for_each(|kind| types[kind.0 as usize % TYPES] = true);
            return Some(Need::Types(types));
        }
        if let Some(serial) = criteria.serial {
            return Some(Need::Serial(serial));
        }
        if let Some(need) = numbers(criteria) {
            return Some(need);
        }
        let label = !criteria.any_label || criteria.subject == criteria.object;
        let texts = [&criteria.uuid, &criteria.terminal, &criteria.subject, &criteria.object];
        // A record that names no terminal may be taken to say so.
        let is_written = |text: &&Vec<u8>| memmem::find(b"(none)", text).is_none();
        texts.into_iter().take(if label { 4 } else { 2 }).flatten().filter(is_written).find_map(|text| encoded(text))
    }

    /// Calls `each` with the place of every text or number of this kind in `block`, in no order. A place is one of the first
    /// byte; what stands there may still be in another field than the one that is asked for.
    pub fn places(&self, block: &[u8], each: &mut dyn FnMut(usize)) {
        match self {
            Need::Texts(literals) => literals.iter().for_each(|literal| literal.places(block, each)),
            Need::Number(name, value) => {
                for at in name.find_iter(block) {
                    let digits = block.get(at + name.needle().len()..).unwrap_or_default();
                    if number::parse_id(digits) == *value {
                        each(at);
                    }
                }
            }
            Need::Types(_) | Need::Serial(_) => {}
        }
    }

    /// Whether a record of the event has it, so that a search of whatever kind looks at the event.
    pub fn is_met(&self, event: &Event) -> bool {
        let has_text = |record: &Record<'_>| {
            let mut found = false;
            self.places(record.as_written(), &mut |_| found = true);
            found && Need::accepts(record.record_type)
        };
        match self {
            Need::Serial(serial) => event.id().serial == *serial,
            Need::Types(_) => event.record_types().any(|record_type| self.has_type(record_type)),
            Need::Texts(_) | Need::Number(..) => event.records().any(|record| has_text(&record)),
        }
    }

    /// Whether a record is needed for its type.
    #[inline(always)]
    pub(crate) fn has_type(&self, record_type: RecordType) -> bool {
        matches!(self, Need::Types(types) if types.get(record_type.0 as usize % TYPES) == Some(&true))
    }

    /// Whether [`Need::places`] finds all there is.
    pub fn has_places(&self) -> bool {
        matches!(self, Need::Texts(_) | Need::Number(..))
    }

    /// Whether a record of this type, with one of the texts or numbers in it, can be what makes an event be found. Most texts
    /// of a log are in records of which no field is ever looked at.
    pub fn accepts(record_type: RecordType) -> bool {
        extract::reads(record_type)
    }
}

impl Literal {
    fn places(&self, block: &[u8], each: &mut dyn FnMut(usize)) {
        for part in self.finder.find_iter(block) {
            let Some(at) = part.checked_sub(self.before) else { continue };
            let is_it =
                |text: &[u8]| if self.any_case { text.eq_ignore_ascii_case(&self.text) } else { text == self.text };
            if block.get(at..at + self.text.len()).is_some_and(is_it) {
                each(at);
            }
        }
    }
}

/// Not so short that every line has it.
fn is_selective(text: &[u8]) -> bool {
    text.len() >= 2
}

/// A name that is logged as it is or in hex. `(null)` stands for a missing one, and a path may be put together from two.
fn encoded(name: &[u8]) -> Option<Need> {
    let made_up = memmem::find(b"(null)", name).is_some() || memmem::find(name, b"/.").is_some();
    if made_up || !is_selective(name) {
        return None;
    }
    let bare = Literal { finder: Finder::new(name).into_owned(), before: 0, text: name.to_vec(), any_case: false };
    let mut digits = Vec::new();
    hex::encode(name, &mut digits);
    // An odd last digit stands for a byte whose lower half is 0.
    if digits.last() == Some(&b'0') {
        digits.pop();
    }
    let mut literals = hex_literals(digits);
    literals.push(bare);
    Some(Need::Texts(literals))
}

/// Hex in any case, by its longest part without letters. Where that is too short to be rare, by all the ways in which its
/// first four digits can be written.
fn hex_literals(text: Vec<u8>) -> Vec<Literal> {
    let literal = |part: &[u8], before| Literal {
        finder: Finder::new(part).into_owned(),
        before,
        text: text.clone(),
        any_case: true,
    };
    let mut longest = 0..0;
    let mut start = 0;
    for (at, digit) in text.iter().chain(b"A").enumerate() {
        if !digit.is_ascii_digit() {
            if at - start > longest.len() {
                longest = start..at;
            }
            start = at + 1;
        }
    }
    if longest.len() >= 4 || longest.len() == text.len() {
        return vec![literal(text.get(longest.clone()).unwrap_or_default(), longest.start)];
    }
    let mut ways: Vec<Vec<u8>> = vec![Vec::new()];
    for digit in text.iter().take(4) {
        let is_letter = digit.is_ascii_alphabetic();
        let lower = ways.iter().filter(|_| is_letter).map(|way| [&way[..], &[digit.to_ascii_lowercase()]].concat());
        let lower: Vec<Vec<u8>> = lower.collect();
        ways.iter_mut().for_each(|way| way.push(*digit));
        ways.extend(lower);
    }
    ways.iter().map(|way| literal(way, 0)).collect()
}

/// A number after its field's name. Names are sought by their ends:
/// - `uid=` is the end of `auid=`, `loginuid=` and `euid=` too, in which some records have the same id;
/// - `id=` is that of `gid=` and `egid=`, and the name itself of a group's id in ADD_GROUP, DEL_GROUP and GRP_MGMT;
/// - 0 is the uid of events that do not log it as such; -1 and -2 are written with and without a sign;
/// - where a user's name decides ([`User::name`]), its own number counts, if this host knows just one, and users
///   without a name are not looked at.
fn numbers(criteria: &Criteria) -> Option<Need> {
    let users = [&criteria.uid, &criteria.auid, &criteria.euid];
    let deciding = if criteria.any_user { 1 } else { users.len() };
    let by_name = users.iter().take(deciding).any(|user| user.as_ref().is_some_and(|user| user.name.is_some()));
    let users = users.map(|user| match user.as_ref()? {
        User { name, .. } if by_name => match name.as_ref()?.1[..] {
            [id] => Some(id),
            _ => None,
        },
        User { id, .. } => Some(*id),
    });
    if criteria.any_user && users.iter().any(|id| *id != users[0]) {
        return None;
    }
    if criteria.any_group && criteria.gid != criteria.egid {
        return None;
    }
    let group = |group: &Option<User>| group.as_ref().filter(|group| group.name.is_none()).map(|group| group.id);
    let needs = [
        ("pid=", criteria.pid),
        ("ppid=", criteria.ppid),
        ("ses=", criteria.session),
        ("uid=", users[1]),
        ("uid=", users[2]),
        ("uid=", users[0]),
        ("id=", group(&criteria.egid)),
        ("id=", group(&criteria.gid)),
    ];
    let is_logged = |value: &u32| (1..u32::MAX - 1).contains(value);
    let (name, value) = needs.into_iter().find_map(|(name, value)| Some((name, value.filter(is_logged)?)))?;
    Some(Need::Number(Box::new(Finder::new(name).into_owned()), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places of what the criteria need.
    fn places(criteria: &Criteria, block: &str) -> Vec<usize> {
        let mut places = Vec::new();
        Need::of(criteria).expect("there is a need").places(block.as_bytes(), &mut |at| places.push(at));
        places.sort_unstable();
        places
    }

    fn key(name: &str) -> Criteria {
        Criteria { key: Some(name.into()), ..Criteria::default() }
    }

    #[test]
    fn names_are_found_bare_and_in_hex_of_any_case() {
        assert_eq!(places(&key("one"), "key=\"one\" key=6F6E65 key=6f6E65 key=6F6E66"), [5, 14, 25]);
        assert_eq!(places(&key("mjn"), "6D6A6E 6d6A6e 6D6a6E 6D6A6F"), [0, 7, 14]);
        assert_eq!(places(&key("/etc/passwd"), "2F6574632F706173737764 2f6574632f706173737764"), [0, 23]);
    }

    #[test]
    fn of_a_hex_byte_whose_lower_half_is_0_that_half_may_be_missing() {
        assert_eq!(places(&key("cap"), "key=63617\nkey=636170\nkey=\"cap\"\nkey=6361"), [4, 14, 26]);
    }

    #[test]
    fn numbers_are_found_in_every_form() {
        let criteria = Criteria { pid: Some(42), ..Criteria::default() };
        assert_eq!(
            places(&criteria, "pid=42 pid=042 pid=+42x pid=421 ppid=4294967338 ppid=0042 pid=4"),
            [0, 7, 15, 49]
        );
    }

    #[test]
    fn where_a_name_decides_the_other_ids_are_not_sought() {
        let user =
            |id, name: Option<(&str, u32)>| Some(User { id, name: name.map(|(name, id)| (name.into(), vec![id])) });
        let criteria = Criteria { uid: user(5, Some(("bob", 5))), euid: user(7, None), ..Criteria::default() };
        assert_eq!(places(&criteria, "uid=7 uid=5"), [6]);
        assert!(
            Need::of(&Criteria { uid: user(0, Some(("root", 0))), euid: user(7, None), ..Criteria::default() })
                .is_none()
        );
    }

    #[test]
    fn what_may_be_missing_is_not_needed() {
        for criteria in [
            Criteria::default(),
            key("null"),
            Criteria { pid: Some(0), ..Criteria::default() },
            Criteria { success: Some(true), ..Criteria::default() },
        ] {
            assert!(Need::of(&criteria).is_none());
        }
    }
}
