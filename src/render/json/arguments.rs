//! The arguments of a command line, out of the fields of EXECVE records; and lists of texts, which they are.

use crate::interpret::Cut;
use crate::record::Record;
use crate::text::number;

/// Some texts in a row.
#[derive(Clone, Default)]
pub(super) struct List {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl List {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// How many bytes the texts have.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
    }

    /// The same as long as all have no more than `most` bytes; false, and nothing is added, where they would.
    pub(super) fn push_up_to(&mut self, most: usize, text: &[u8]) -> bool {
        let has_room = self.bytes.len() + text.len() <= most;
        if has_room {
            self.push(text);
        }
        has_room
    }

    pub(super) fn push_parts(&mut self, text: &[u8], separator: u8) {
        text.split(|byte| *byte == separator).for_each(|part| self.push(part));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |end| self.bytes.get(std::mem::replace(&mut start, *end)..*end).unwrap_or_default())
    }
}

/// Puts the arguments in the fields of EXECVE records into `list`, and gives back whether these are all.
pub(super) fn command_line<'e>(
    fields: &mut dyn Iterator<Item = (Record<'e>, &'e Cut)>,
    list: &mut List,
    decoded: &mut Vec<u8>,
) -> bool {
    list.clear();
    let mut command = CommandLine::default();
    for (record, cut) in fields {
        let name = cut.name(record.body);
        match argument(name) {
            Some((number, Argument::Part(part))) => {
                if command.take(number, part, list.ends.len() as u64) {
                    list.ends.pop();
                }
                list.push(cut.bytes(record.body, decoded));
            }
            None if name == b"argc" && command.count.is_none() => {
                command.count = number::parse_exact(cut.written(record.body));
            }
            _ => {}
        }
    }
    command.is_whole(list.ends.len() as u64)
}

/// What a field of an EXECVE record is of an argument.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Argument {
    /// All of it, or the part of this number.
    Part(u64),
    /// How long one is that comes in parts.
    Length,
}

/// `a0`, `a1[0]`, `a1[1]`, `a1_len`: the argument's number, and what of it.
pub(super) fn argument(name: &[u8]) -> Option<(u64, Argument)> {
    let rest = name.strip_prefix(b"a")?;
    let (digits, rest) = rest.split_at(rest.iter().take_while(|byte| byte.is_ascii_digit()).count());
    let part = match rest {
        b"" => Argument::Part(0),
        b"_len" => Argument::Length,
        [b'[', part @ .., b']'] => Argument::Part(number::parse_exact(part)?),
        _ => return None,
    };
    Some((number::parse_exact(digits)?, part))
}

/// Whether a command line is whole.
#[derive(Default)]
struct CommandLine {
    /// Its `argc`.
    count: Option<u64>,
    /// Of the last argument that comes in parts: its number, and the next part.
    last: Option<(u64, u64)>,
    is_wrong: bool,
}

impl CommandLine {
    /// Takes a field of an argument, after `count` arguments; says whether it goes on with the last one.
    fn take(&mut self, number: u64, part: u64, count: u64) -> bool {
        let goes_on = part > 0 && self.last == Some((number, part));
        self.last = Some((number, part.saturating_add(1)));
        self.is_wrong |= !goes_on && (number != count || part > 0);
        goes_on
    }

    fn is_whole(&self, count: u64) -> bool {
        !self.is_wrong && self.count.is_none_or(|argc| argc == count)
    }
}
