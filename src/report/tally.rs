//! How often each value occurs: the counters of every summary.
//!
//! Values are byte strings, kept once each. Finding one costs the same however many there are, and whatever they are: the
//! hash is keyed anew in every run, so no log can be made to collide.

use crate::text::keyed_hash::KeyedHash;

/// A counter for each value, in the order in which the values were first seen.
pub struct Tally {
    hash: KeyedHash,
    bytes: Vec<u8>,
    rows: Vec<Row>,
    /// Open addressing; a place holds a row's number and one, or zero. At most half of the places are taken.
    places: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Row {
    /// Of a text; or the number itself, which has no text.
    hash: u32,
    len: u32,
    start: usize,
    count: u64,
}

impl Default for Tally {
    fn default() -> Tally {
        Tally { hash: KeyedHash::default(), bytes: Vec::new(), rows: Vec::new(), places: vec![0; 64] }
    }
}

impl Tally {
    /// Counts one occurrence of `value`.
    pub fn add(&mut self, value: &[u8]) {
        self.count((self.hash.bytes(value) >> 16) as u32, value, 1);
    }

    /// Counts one occurrence of a number. A tally counts either texts or numbers.
    pub fn add_number(&mut self, number: i32) {
        self.count(number as u32, &[], 1);
    }

    fn count(&mut self, hash: u32, value: &[u8], times: u64) {
        let mut place = self.place(hash);
        while let Some(taken) = self.places.get(place).copied().filter(|taken| *taken != 0) {
            if let Some(row) = self.rows.get_mut(taken as usize - 1) {
                if row.hash == hash && self.bytes.get(row.start..row.start + row.len as usize) == Some(value) {
                    row.count += times;
                    return;
                }
            }
            place = (place + 1) & (self.places.len() - 1);
        }
        let (start, len) = (self.bytes.len(), u32::try_from(value.len()).unwrap_or(u32::MAX));
        self.bytes.extend_from_slice(value.get(..len as usize).unwrap_or(value));
        self.rows.push(Row { hash, len, start, count: times });
        if let Some(free) = self.places.get_mut(place) {
            *free = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        }
        if self.rows.len() * 2 > self.places.len() {
            self.grow();
        }
    }

    /// What is counted, by other names, which `name` appends; values of one name are counted together.
    pub fn renamed(&self, name: &mut dyn FnMut(&[u8], &mut Vec<u8>)) -> Tally {
        let (mut renamed, mut text) = (Tally::default(), Vec::new());
        for row in &self.rows {
            text.clear();
            name(self.value(row), &mut text);
            renamed.count((renamed.hash.bytes(&text) >> 16) as u32, &text, row.count);
        }
        renamed
    }

    /// How many different values there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Counts and values, the most frequent first, equally frequent ones as they were first seen.
    pub fn by_count(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let mut rows = self.rows.clone();
        // One that begins where another does is that without bytes, which was seen before.
        rows.sort_unstable_by_key(|row| (std::cmp::Reverse(row.count), row.start, row.len));
        rows.into_iter().map(|row| (row.count, self.value(&row)))
    }

    /// Counts and numbers, the most frequent first, equally frequent ones in ascending order.
    pub fn numbers_by_count(&self) -> impl Iterator<Item = (u64, i32)> {
        let mut rows: Vec<(u64, i32)> = self.rows.iter().map(|row| (row.count, row.hash as i32)).collect();
        rows.sort_unstable_by_key(|(count, number)| (std::cmp::Reverse(*count), *number));
        rows.into_iter()
    }

    fn value(&self, row: &Row) -> &[u8] {
        self.bytes.get(row.start..row.start + row.len as usize).unwrap_or_default()
    }

    fn grow(&mut self) {
        self.places = vec![0; self.places.len() * 2];
        for (row, hash) in (1..).zip(self.rows.iter().map(|row| row.hash)) {
            let mut place = self.place(hash);
            while self.places.get(place).is_some_and(|taken| *taken != 0) {
                place = (place + 1) & (self.places.len() - 1);
            }
            self.places[place] = row;
        }
    }

    /// The first place to look for a hash.
    fn place(&self, hash: u32) -> usize {
        self.hash.number(u64::from(hash)) as usize & (self.places.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dice;
    use std::collections::HashMap;

    #[test]
    fn frequent_values_come_first_and_equals_as_first_seen() {
        let mut tally = Tally::default();
        for value in [&b"b"[..], b"a", b"c", b"a", b"", b"c", b"longer than one word of the hash"] {
            tally.add(value);
        }
        let got: Vec<_> = tally.by_count().collect();
        assert_eq!(got, [(2, &b"a"[..]), (2, b"c"), (1, b"b"), (1, b""), (1, b"longer than one word of the hash")]);
        assert_eq!((tally.len(), tally.is_empty()), (5, false));
    }

    #[test]
    fn values_of_one_name_are_counted_together() {
        let mut tally = Tally::default();
        [&b"4"[..], b"b", b"a", b"a", b"b", b"b", b"4"].iter().for_each(|value| tally.add(value));
        let renamed =
            tally.renamed(&mut |value, text| text.extend_from_slice(if value == b"4" { b"a" } else { value }));
        assert_eq!(renamed.by_count().collect::<Vec<_>>(), [(4, &b"a"[..]), (3, b"b")]);
    }

    #[test]
    fn equally_frequent_numbers_ascend() {
        let mut tally = Tally::default();
        for number in [1300, -2, 7, 1300, i32::MAX, -1] {
            tally.add_number(number);
        }
        let got: Vec<_> = tally.numbers_by_count().collect();
        assert_eq!(got, [(2, 1300), (1, -2), (1, -1), (1, 7), (1, i32::MAX)]);
    }

    #[test]
    fn counts_are_those_of_a_plain_map() {
        let (mut tally, mut plain) = (Tally::default(), HashMap::new());
        let mut dice = Dice(1);
        for _ in 0..20_000 {
            let value = format!("/usr/lib/{}", dice.roll(1 << 14));
            tally.add(value.as_bytes());
            *plain.entry(value.into_bytes()).or_insert(0u64) += 1;
        }
        assert_eq!(tally.len(), plain.len());
        assert!(tally.by_count().all(|(count, value)| plain.get(value) == Some(&count)));
    }
}
