//! The shape cache: which fields the records of a type have, in which order. A record nearly always has those of the last one
//! of its type. Then no name has to be searched for, and its kind is known.
//!
//! A layout is a guess that is checked: a cached field is taken only where its bytes stand at its place in the record, and it
//! is cached only where a search from that place must find it. What is found never depends on the records before.

use super::Kind;
use super::kind::by_record_type;
use super::scan::{self, Found, Name, Shape};
use crate::record::RecordType;

/// Layouts that are cached; types whose numbers are equal modulo this share a place.
const TYPES: usize = 128;

/// Fields of a layout that are cached; the records of calls have 27.
const FIELDS: usize = 40;

/// The layouts of record types.
#[derive(Default)]
pub(super) struct ShapeCache {
    layouts: Vec<Layout>,
}

/// The fields of the records of one type.
#[derive(Default)]
pub(super) struct Layout {
    record_type: Option<RecordType>,
    /// `type=NAME msg=audit(`; nothing if the type has no name, or one that must be taken from the log.
    pub(super) front: Vec<u8>,
    /// The last two at each place, the one that was seen last first.
    fields: Vec<[CachedField; 2]>,
}

/// A field's name as it was written.
#[derive(Clone, Copy)]
struct CachedField {
    /// The name and its `=`, with what stands right before the name; the first byte is the lowest.
    text: u128,
    /// Which bits of it count.
    mask: u128,
    /// How many bytes it has, and how many of them are not the name's.
    len: u8,
    before: u8,
    kind: Kind,
    shape: Shape,
    name_hash: u32,
}

/// Matches no text.
const NOTHING: CachedField =
    CachedField { text: 1, mask: 0, len: 0, before: 0, kind: Kind::Plain, shape: Shape::Nothing, name_hash: 0 };

impl ShapeCache {
    /// The layout of a type's records.
    pub(super) fn layout(&mut self, record_type: RecordType) -> &mut Layout {
        if self.layouts.is_empty() {
            self.layouts.resize_with(TYPES, Layout::default);
        }
        let layout = &mut self.layouts[record_type.0 as usize % TYPES];
        if layout.record_type != Some(record_type) {
            *layout = Layout::of(record_type);
        }
        layout
    }
}

impl Layout {
    fn of(record_type: RecordType) -> Layout {
        let front = record_type
            .name()
            .filter(|_| !record_type.is_ambiguous())
            .map(|name| [b"type=", name.as_bytes(), b" msg=audit("].concat());
        Layout { record_type: Some(record_type), front: front.unwrap_or_default(), fields: Vec::new() }
    }

    /// The field at or after `at`, of which `place` have been found before.
    #[inline(always)]
    pub(super) fn field(&mut self, place: usize, body: &[u8], at: usize) -> Option<Found> {
        let seen = scan::load_two(body, at);
        let known = self.fields.get_mut(place).and_then(|known| {
            if known[1].is(seen) {
                known.swap(0, 1);
            }
            known[0].is(seen).then(|| known[0].name(at))
        });
        let name = match known {
            Some(name) => name,
            None if at >= body.len() => return None,
            None => self.find(place, body, at)?,
        };
        Some(name.field(body))
    }

    /// The same name, when another one stands there than before, or none.
    #[inline(never)]
    fn find(&mut self, place: usize, body: &[u8], at: usize) -> Option<Name> {
        let mut name = scan::name(body, at)?;
        name.kind = by_record_type(name.kind, self.record_type?, name.text(body));
        if place < FIELDS {
            if self.fields.len() <= place {
                self.fields.resize(place + 1, [NOTHING; 2]);
            }
            self.fields[place].swap(0, 1);
            self.fields[place][0] = CachedField::of(&name, body, at).unwrap_or(NOTHING);
        }
        Some(name)
    }
}

impl CachedField {
    /// `None` if it is too long, or words stand before it: then it may be found elsewhere the next time.
    fn of(name: &Name, body: &[u8], at: usize) -> Option<CachedField> {
        let text = body.get(at..name.start)?;
        let mut bytes = [0; 16];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        let is_word = !text.is_empty() && !text.contains(&b' ');
        let mask = u128::MAX >> (128 - 8 * text.len().max(1));
        let before = u8::try_from(name.at - at).ok()?;
        let text = u128::from_le_bytes(bytes);
        is_word.then_some(CachedField {
            text,
            mask,
            len: (name.start - at) as u8,
            before,
            kind: name.kind,
            shape: name.shape,
            name_hash: name.name_hash,
        })
    }

    /// Whether it is what was seen. As it holds no space and ends at its only `=`, it is what a search would find.
    #[inline(always)]
    fn is(&self, seen: u128) -> bool {
        seen & self.mask == self.text
    }

    #[inline(always)]
    fn name(&self, at: usize) -> Name {
        let start = at + usize::from(self.len);
        Name { at: at + usize::from(self.before), start, kind: self.kind, shape: self.shape, name_hash: self.name_hash }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in `bodies`, one after another, of each field its name, value and kind.
    fn found(record_type: RecordType, bodies: &[&str]) -> Vec<Vec<(String, String, Kind)>> {
        let mut shapes = ShapeCache::default();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let fields = |body: &&str| {
            let (body, layout, mut at, mut got) = (body.as_bytes(), shapes.layout(record_type), 0, Vec::new());
            while let Some(found) = layout.field(got.len(), body, at) {
                at = found.next;
                got.push((text(found.name(body)), text(found.value(body)), found.kind));
            }
            got
        };
        bodies.iter().map(fields).collect()
    }

    #[test]
    fn what_a_record_holds_does_not_depend_on_those_before_it() {
        let bodies = [
            "pid=1 uid=0 terminal=x msg='op=login acct=\"a\" exe=\"/b\"'",
            "pid=1 uid=0 terminal=x msg='op=login acct=\"a\" exe=\"/b\"'",
            "pid=22 uid=0 msg='op=login acct=61 res=1'",
            "pid=22",
            "pid22=1 uid =0",
            "uid=",
            "u",
            "",
            "for pid=1 (uid=0 a_name_that_is_rather_long=1 a",
            "for pid=1 (uid=0 a_name_that_is_rather_long=1 aa=aaaaaaaaaaaaaaa",
        ];
        let all = found(RecordType::USER_AUTH, &bodies);
        for (body, got) in bodies.iter().zip(&all) {
            assert_eq!(found(RecordType::USER_AUTH, &[body]), std::slice::from_ref(got), "{body}");
        }
        assert_eq!(all[0], all[1]);
        assert_eq!(all[0][4], ("op".into(), "login".into(), Kind::Plain));
        assert_eq!(all[9][1], ("uid".into(), "0".into(), Kind::User));
    }

    #[test]
    fn types_that_share_a_place_do_not_share_fields() {
        let mut shapes = ShapeCache::default();
        let mut kind_of_mode = |record: u32| {
            let layout = shapes.layout(RecordType(record));
            layout.field(0, b"mode=0600", 0).map(|found| found.kind)
        };
        for _ in 0..2 {
            assert_eq!(kind_of_mode(1312), Some(Kind::ShortMode));
            assert_eq!(kind_of_mode(1312 + TYPES as u32), Some(Kind::Mode));
        }
    }

    #[test]
    fn a_record_of_very_many_fields_is_read_to_its_end() {
        let body: String = (0..300).map(|n| format!("a{n}=\"x\" ")).collect();
        let got = found(RecordType::EXECVE, &[&body, &body]);
        assert_eq!(got[0].len(), 300);
        assert_eq!(got[0], got[1]);
    }
}
