//! The text of a record, read from one name to the next that may have a meaning.

use crate::record::RecordType;
use crate::tables::machine::Machine;
use memchr::memchr;
use std::ops::Range;

/// A record that is being read.
pub(super) struct Reading<'a> {
    pub(super) record: RecordType,
    pub(super) text: &'a [u8],
    /// Read up to here; it only goes forward.
    pub(super) at: usize,
    /// The machine whose calls are counted here.
    pub(super) machine: Option<Machine>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(record: RecordType, machine: Option<Machine>, text: &'a [u8]) -> Reading<'a> {
        Reading { record, text, at: 0, machine }
    }

    /// Where the next name stands that ends like `uid`, `gid`, `id`, `syscall`, `uring_op`, `arch` or `saddr`. What stands
    /// inside `msg='...'` counts too.
    pub(super) fn next_name(&mut self) -> Option<Range<usize>> {
        loop {
            let equals = self.at + memchr(b'=', self.text.get(self.at..)?)?;
            self.at = equals + 1;
            // Most names end otherwise.
            if let Some(b'd' | b'l' | b'p' | b'h' | b'r') = self.text.get(equals.wrapping_sub(1)) {
                if let Some(start) = self.start_of_name(equals) {
                    return Some(start..equals);
                }
            }
        }
    }

    /// Such a name right behind the word taken last.
    pub(super) fn name_at_hand(&self) -> Option<Range<usize>> {
        let start = self.at + 1;
        let end = start + self.text.get(start..)?.iter().position(|b| matches!(b, b'=' | b' '))?;
        (self.text.get(end) == Some(&b'=') && self.start_of_name(end) == Some(start)).then_some(start..end)
    }

    /// The word that begins at `start`, up to the next space.
    pub(super) fn take_word(&mut self, start: usize) -> &'a [u8] {
        let rest = self.text.get(start..).unwrap_or_default();
        let word = rest.get(..memchr(b' ', rest).unwrap_or(rest.len())).unwrap_or_default();
        self.at = start + word.len();
        word
    }

    /// Where the name begins whose `=` stands at `equals`, if it ends rightly.
    fn start_of_name(&self, equals: usize) -> Option<usize> {
        let name = self.text.get(..equals)?;
        match name {
            [.., b'p', b'i', b'd'] => return None,
            [.., b'i', b'd'] | [.., b'l', b'l'] | [.., b'o', b'p'] | [.., b'c', b'h'] | [.., b'd', b'r'] => {}
            _ => return None,
        }
        let before = name.iter().rposition(|b| matches!(b, b' ' | b'='))?;
        if name.get(before) == Some(&b' ') {
            return Some(before + 1);
        }
        // Only behind the quote of `msg='` may a name follow an equal sign.
        let is_quoted = name.get(..before)?.ends_with(b"msg") && name.get(before + 1) == Some(&b'\'');
        is_quoted.then_some(before + 2)
    }
}

#[cfg(test)]
mod tests {
    use super::super::has_meaning;
    use super::*;
    use crate::interpret::NAMES;

    #[test]
    fn every_name_whose_kind_has_a_meaning_is_found() {
        let names: Vec<_> = NAMES.iter().filter(|row| has_meaning(row.1)).map(|row| row.0).collect();
        assert!(["arch", "auid", "gid", "id", "saddr", "syscall", "uring_op"].iter().all(|name| names.contains(name)));
        for name in names {
            let text = format!("x {name}=0 {name}=0 msg='{name}=0'");
            let (mut reading, mut found) = (Reading::new(RecordType::SYSCALL, None, text.as_bytes()), Vec::new());
            while let Some(range) = reading.next_name() {
                found.push(&text[range]);
            }
            assert_eq!(found, [name; 3]);
            let mut reading = Reading::new(RecordType::SYSCALL, None, text.as_bytes());
            reading.take_word(2);
            assert!(reading.name_at_hand().is_some(), "{name}");
        }
    }

    #[test]
    fn names_that_may_mean_something_are_found_in_order() {
        let text = b"audit(1.000:2): pid=1 uid=0 xid= auid=5 msg='op=login id=0 saddr=00 a=uid=3 addr=x res=1'";
        let mut reading = Reading::new(RecordType::SYSCALL, None, text);
        let mut names = Vec::new();
        while let Some(name) = reading.next_name() {
            names.push(String::from_utf8_lossy(&text[name]).into_owned());
        }
        assert_eq!(names, ["uid", "xid", "auid", "op", "id", "saddr", "addr"]);
    }

    #[test]
    fn a_name_at_hand_is_right_behind_the_word() {
        let mut reading = Reading::new(RecordType::SYSCALL, None, b" uid=0 gid=0 pid=0 uid=0");
        assert_eq!(reading.next_name(), Some(1..4));
        assert_eq!(reading.take_word(1), b"uid=0");
        assert_eq!(reading.name_at_hand(), Some(7..10));
        assert_eq!(reading.take_word(7), b"gid=0");
        assert_eq!(reading.name_at_hand(), None);
        assert_eq!(reading.next_name(), Some(19..22));
    }
}
