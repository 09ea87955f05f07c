//! The names of an object's members: no two are equal, in letters of either case. They are ASCII: which other letters are equal
//! is for each reader to say (the Kelvin sign is a small k to some), so their bytes are written as `%XX`.

use crate::text::{hex, number};
use std::collections::BTreeMap;
use std::ops::Range;

/// The members that an object has so far, so that no two are called the same.
#[derive(Default)]
pub(super) struct Members {
    /// A bit for each name, by its hash.
    seen: u64,
    names: Vec<(u32, Range<usize>)>,
    /// Once a name was to be changed: all names in lower case, and what was last put after each.
    all: BTreeMap<Vec<u8>, u64>,
}

/// How many names are compared one by one.
const FEW: usize = 64;

impl Members {
    pub(super) fn clear(&mut self) {
        self.seen = 0;
        self.names.clear();
        self.all.clear();
    }

    /// Takes note of a name, a part of `text`, of which all names of the object are. Gives back what to call the member if
    /// that is not the name itself. `is_plain`: it is ASCII, and stands for itself in a string.
    pub(super) fn rename(
        &mut self,
        text: &[u8],
        place: &Range<usize>,
        name_hash: u32,
        is_plain: bool,
    ) -> Option<Vec<u8>> {
        let name = text.get(place.clone()).unwrap_or_default();
        let bit = 1 << (name_hash >> 26);
        let stays = is_plain
            && self.all.is_empty()
            && (self.seen & bit == 0 || !self.names.iter().any(|(other, _)| *other == name_hash))
            && self.names.len() < FEW
            && !is_hex_name(name);
        let renamed = if stays { None } else { Some(self.rename_checked(text, name)) };
        self.seen |= bit;
        self.names.push((name_hash, place.clone()));
        renamed
    }

    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.all.is_empty()
    }

    #[cold]
    pub(super) fn rename_checked(&mut self, text: &[u8], name: &[u8]) -> Vec<u8> {
        let lower = |name: &[u8]| name.to_ascii_lowercase();
        if self.all.is_empty() {
            let names = self.names.iter().map(|(_, place)| (lower(text.get(place.clone()).unwrap_or_default()), 1));
            self.all.extend(names);
        }
        let name = shown(name);
        let key = lower(&name);
        if !is_hex_name(&name) && !self.all.contains_key(&key) {
            self.all.insert(key, 1);
            return name;
        }
        loop {
            let count = self.all.entry(key.clone()).or_insert(1);
            *count += 1;
            let mut other = name.clone();
            other.push(b'_');
            number::push(&mut other, *count);
            let taken = self.all.entry(lower(&other)).or_insert(0);
            if *taken == 0 {
                *taken = 1;
                return other;
            }
        }
    }
}

/// A name in ASCII.
fn shown(name: &[u8]) -> Vec<u8> {
    let mut shown = Vec::new();
    for byte in name {
        match byte {
            1..0x80 => shown.push(*byte),
            _ => {
                shown.push(b'%');
                hex::encode(&[*byte], &mut shown);
            }
        }
    }
    shown
}

/// Such names are our own.
fn is_hex_name(name: &[u8]) -> bool {
    matches!(name, [.., b'_', b'h' | b'H', b'e' | b'E', b'x' | b'X'])
}
