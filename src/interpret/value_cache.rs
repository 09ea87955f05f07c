//! The value cache: short values, and the words that were last found for them. A log says the same few things again and again.

use super::line_buffer::CHUNK;

/// Values that are cached, as a power of two; a new one takes the place of another.
const BITS: u32 = 9;

/// Words that fit a chunk; the last byte is their length.
#[derive(Clone, Copy)]
struct Short([u8; CHUNK]);

#[derive(Clone, Copy)]
struct Slot {
    key: Key,
    words: Short,
}

/// What the words depend on: the value and all that is around it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    value: [u64; 2],
    around: u64,
}

impl Key {
    /// `None` for a value that is too long. `around` has nothing in its second lowest byte.
    #[inline(always)]
    pub(super) fn of(value: &[u8], around: u64) -> Option<Key> {
        let four = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
        let halves = match (value.first_chunk(), value.last_chunk()) {
            (Some(front), Some(back)) if value.len() <= 16 => [u64::from_le_bytes(*front), u64::from_le_bytes(*back)],
            (Some(_), _) => return None,
            _ => match (value.first_chunk(), value.last_chunk()) {
                (Some(front), Some(back)) => [four(front) | four(back) << 32, 0],
                _ => [value.iter().fold(0, |key, byte| key << 8 | u64::from(*byte)), 0],
            },
        };
        Some(Key { value: halves, around: around | (value.len() as u64) << 8 })
    }

    #[inline(always)]
    fn slot(&self) -> usize {
        let [front, back] = self.value;
        let mixed = front ^ back.rotate_left(21) ^ self.around.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed.wrapping_mul(0xbb28_463e_b7c6_767d) >> (u64::BITS - BITS)) as usize
    }
}

/// The words for some values.
pub(super) struct ValueCache {
    slots: Box<[Slot]>,
}

impl ValueCache {
    pub(super) fn new() -> ValueCache {
        let nothing = Slot { key: Key { value: [0; 2], around: u64::MAX }, words: Short([0; CHUNK]) };
        ValueCache { slots: vec![nothing; 1 << BITS].into() }
    }

    /// The chunk that begins with the words, and their length.
    #[inline(always)]
    pub(super) fn find(&self, key: &Key) -> Option<(&[u8; CHUNK], usize)> {
        let slot = self.slots.get(key.slot()).filter(|slot| slot.key == *key)?;
        Some((&slot.words.0, usize::from(slot.words.0[CHUNK - 1])))
    }

    /// Remembers the words, if they are short.
    pub(super) fn keep(&mut self, key: Key, words: &[u8]) {
        let mut short = [0; CHUNK];
        let (Some(place), Some(slot)) = (short.get_mut(..words.len()), self.slots.get_mut(key.slot())) else { return };
        if words.len() < CHUNK {
            place.copy_from_slice(words);
            short[CHUNK - 1] = words.len() as u8;
            *slot = Slot { key, words: Short(short) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_value_of_the_same_kind_is_found() {
        let mut cache = ValueCache::new();
        let values: [&[u8]; 12] = [
            b"",
            b"0",
            b"00",
            b"000",
            b"1000",
            b"01000",
            b"1234567",
            b"12345678",
            b"123456789",
            b"0000000000000000",
            b"0000000000000001",
            b"\0",
        ];
        for (place, value) in values.into_iter().enumerate() {
            for around in [1u64, 2, 1 << 32] {
                let key = Key::of(value, around).unwrap();
                assert!(cache.find(&key).is_none(), "{value:?}");
                cache.keep(key, format!("{place} {around}").as_bytes());
                let (chunk, len) = cache.find(&key).unwrap();
                assert_eq!(chunk[..len], *format!("{place} {around}").as_bytes());
            }
        }
    }

    #[test]
    fn long_values_and_long_words_are_not_remembered() {
        let mut cache = ValueCache::new();
        assert!(Key::of(&[b'1'; 17], 0).is_none());
        let key = Key::of(b"1", 0).unwrap();
        cache.keep(key, &[b'x'; 32]);
        assert!(cache.find(&key).is_none());
        cache.keep(key, &[b'x'; 31]);
        assert_eq!(cache.find(&key).unwrap().1, 31);
    }
}
