//! A hash under a secret key: who chooses the values of a log cannot choose which of them meet in a table.

use std::hash::{BuildHasher, RandomState};

const ODD: u64 = 0x9E37_79B9_7F4A_7C15;

/// The key, new for each table.
pub struct KeyedHash {
    key: u64,
}

impl Default for KeyedHash {
    fn default() -> KeyedHash {
        KeyedHash { key: RandomState::new().hash_one(0) }
    }
}

impl KeyedHash {
    /// Of a number.
    pub fn number(&self, number: u64) -> u64 {
        fold(self.key ^ number, ODD)
    }

    /// Of two numbers.
    pub fn pair(&self, a: u64, b: u64) -> u64 {
        fold(fold(self.key ^ a, self.key | 1) ^ b, ODD)
    }

    /// Of bytes. Folds eight of them at a time into a keyed product; the last eight may overlap those before.
    pub fn bytes(&self, value: &[u8]) -> u64 {
        let mut state = self.key ^ (value.len() as u64).wrapping_mul(ODD);
        let mut words = value;
        while let Some((word, rest)) = words.split_first_chunk().filter(|(_, rest)| !rest.is_empty()) {
            state = fold(state ^ u64::from_le_bytes(*word), self.key | 1);
            words = rest;
        }
        let last = match (value.last_chunk(), value.first_chunk(), value.last_chunk()) {
            (Some(eight), ..) => u64::from_le_bytes(*eight),
            (_, Some(front), Some(back)) => {
                u64::from(u32::from_le_bytes(*front)) << 32 | u64::from(u32::from_le_bytes(*back))
            }
            _ => value.iter().fold(0, |bytes, byte| bytes << 8 | u64::from(*byte)),
        };
        fold(state ^ last, ODD)
    }
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}
