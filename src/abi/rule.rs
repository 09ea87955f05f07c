//! `struct audit_rule_data` of linux/audit.h: one filter rule as ADD_RULE, DEL_RULE and LIST_RULES carry it.
//!
//! Four numbers and arrays of 64 numbers each, all native endian, then the texts of all text fields one after another
//! without separators. What the numbers mean is the business of `rule`; this file knows the places alone.

use super::u32_at;

/// Words of the system call mask, AUDIT_BITMASK_SIZE.
pub const MASK_WORDS: usize = 64;
/// Room for fields, AUDIT_MAX_FIELDS. User space fills one less.
pub const MAX_FIELDS: usize = 64;
/// Longest key, all keys of a rule and their separators together, AUDIT_MAX_KEY_LEN.
pub const MAX_KEY_LEN: usize = 256;
/// What stands between two keys of one rule, AUDIT_KEY_SEPARATOR.
pub const KEY_SEPARATOR: u8 = 0x01;
/// AUDIT_FILTER_PREPEND: a flag beside the number of the list, for a rule that goes before the others.
pub const FILTER_PREPEND: u32 = 0x10;

const FLAGS: usize = 0;
const ACTION: usize = FLAGS + 4;
const FIELD_COUNT: usize = ACTION + 4;
const MASK: usize = FIELD_COUNT + 4;
const FIELDS: usize = MASK + 4 * MASK_WORDS;
const VALUES: usize = FIELDS + 4 * MAX_FIELDS;
const OPERATORS: usize = VALUES + 4 * MAX_FIELDS;
const TEXT_LENGTH: usize = OPERATORS + 4 * MAX_FIELDS;
/// Where the texts begin: the size of a rule without any.
pub const TEXT: usize = TEXT_LENGTH + 4;

/// The structure, number for number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleData {
    /// The list, with [`FILTER_PREPEND`] or without.
    pub flags: u32,
    /// What to do on a match.
    pub action: u32,
    /// How many entries of the three arrays count.
    pub field_count: u32,
    /// Bit n of word n / 32 is system call n.
    pub mask: [u32; MASK_WORDS],
    /// What each field looks at.
    pub fields: [u32; MAX_FIELDS],
    /// What each field is compared with; for text fields the length of the text.
    pub values: [u32; MAX_FIELDS],
    /// How each field is compared, `fieldflags` in the header.
    pub operators: [u32; MAX_FIELDS],
    /// The texts of all text fields.
    pub text: Vec<u8>,
}

impl Default for RuleData {
    fn default() -> RuleData {
        RuleData {
            flags: 0,
            action: 0,
            field_count: 0,
            mask: [0; MASK_WORDS],
            fields: [0; MAX_FIELDS],
            values: [0; MAX_FIELDS],
            operators: [0; MAX_FIELDS],
            text: Vec::new(),
        }
    }
}

impl RuleData {
    /// The payload of an ADD_RULE or DEL_RULE.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(TEXT + self.text.len());
        push(&mut bytes, &[self.flags, self.action, self.field_count]);
        push(&mut bytes, &self.mask);
        push(&mut bytes, &self.fields);
        push(&mut bytes, &self.values);
        push(&mut bytes, &self.operators);
        push(&mut bytes, &[self.text.len() as u32]);
        bytes.extend_from_slice(&self.text);
        bytes
    }

    /// Reads the payload of a LIST_RULES reply. `None` when the bytes end before the rule does. What follows the texts
    /// (up to three zeros fill the message) is not looked at.
    pub fn decode(bytes: &[u8]) -> Option<RuleData> {
        let length = u32_at(bytes, TEXT_LENGTH)? as usize;
        Some(RuleData {
            flags: u32_at(bytes, FLAGS)?,
            action: u32_at(bytes, ACTION)?,
            field_count: u32_at(bytes, FIELD_COUNT)?,
            mask: words(bytes, MASK)?,
            fields: words(bytes, FIELDS)?,
            values: words(bytes, VALUES)?,
            operators: words(bytes, OPERATORS)?,
            text: bytes.get(TEXT..TEXT.checked_add(length)?)?.to_vec(),
        })
    }
}

fn push(bytes: &mut Vec<u8>, words: &[u32]) {
    words.iter().for_each(|word| bytes.extend_from_slice(&word.to_ne_bytes()));
}

fn words(bytes: &[u8], offset: usize) -> Option<[u32; 64]> {
    let mut words = [0; 64];
    for (n, word) in words.iter_mut().enumerate() {
        *word = u32_at(bytes, offset + 4 * n)?;
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch() -> RuleData {
        let mut rule = RuleData { flags: 4, action: 2, field_count: 2, text: b"/etc".to_vec(), ..RuleData::default() };
        rule.mask[63] = 7;
        (rule.fields[0], rule.values[0], rule.operators[0]) = (107, 4, 0x4000_0000);
        (rule.fields[1], rule.values[1], rule.operators[1]) = (106, 15, 0x4000_0000);
        rule
    }

    #[test]
    fn every_number_stands_where_the_header_puts_it() {
        let bytes = watch().encode();
        assert_eq!(TEXT, 1040);
        assert_eq!(bytes.len(), 1044);
        let at = |offset| u32_at(&bytes, offset).unwrap();
        assert_eq!([at(0), at(4), at(8)], [4, 2, 2]);
        assert_eq!([at(12), at(264)], [0, 7]);
        assert_eq!([at(268), at(272)], [107, 106]);
        assert_eq!([at(524), at(528)], [4, 15]);
        assert_eq!([at(780), at(784)], [0x4000_0000, 0x4000_0000]);
        assert_eq!(at(1036), 4);
        assert_eq!(&bytes[1040..], b"/etc");
    }

    #[test]
    fn a_rule_survives_the_wire_and_its_padding() {
        let mut bytes = watch().encode();
        assert_eq!(RuleData::decode(&bytes), Some(watch()));
        bytes.extend_from_slice(&[0, 0, 0]);
        assert_eq!(RuleData::decode(&bytes), Some(watch()));
    }

    #[test]
    fn a_rule_that_claims_more_than_it_has_is_none() {
        let mut bytes = watch().encode();
        assert_eq!(RuleData::decode(&bytes[..1043]), None);
        assert_eq!(RuleData::decode(&bytes[..1039]), None);
        assert_eq!(RuleData::decode(&[]), None);
        bytes[1036..1040].copy_from_slice(&u32::MAX.to_ne_bytes());
        assert_eq!(RuleData::decode(&bytes), None);
    }
}
