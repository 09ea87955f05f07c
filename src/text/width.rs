//! How many columns of a terminal text takes, as far as names of keys and users need that.

/// Characters of East Asian writing and pictures, which take two columns.
const WIDE: [(u32, u32); 14] = [
    (0x1100, 0x115F),
    (0x2E80, 0x303E),
    (0x3041, 0x33FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0xA4CF),
    (0xA960, 0xA97C),
    (0xAC00, 0xD7A3),
    (0xF900, 0xFAFF),
    (0xFE30, 0xFE6F),
    (0xFF01, 0xFF60),
    (0xFFE0, 0xFFE6),
    (0x1F300, 0x1F64F),
    (0x1F680, 0x1F9FF),
    (0x20000, 0x3FFFD),
];

/// Marks that stand over or under the character before them.
const MARKS: [(u32, u32); 15] = [
    (0x300, 0x36F),
    (0x483, 0x489),
    (0x591, 0x5C7),
    (0x610, 0x61A),
    (0x64B, 0x65F),
    (0xE31, 0xE31),
    (0xE34, 0xE3A),
    (0xE47, 0xE4E),
    (0x1160, 0x11FF),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0x302A, 0x302D),
    (0x3099, 0x309A),
    (0xFE00, 0xFE2F),
];

/// Columns of one character that shows something.
pub(crate) fn of_char(letter: char) -> usize {
    let is_in = |ranges: &[(u32, u32)]| ranges.iter().any(|(low, high)| (*low..=*high).contains(&u32::from(letter)));
    match () {
        () if letter.is_ascii() => 1,
        () if is_in(&MARKS) => 0,
        () if is_in(&WIDE) => 2,
        () => 1,
    }
}

/// Columns of a text.
pub(crate) fn of(text: &str) -> usize {
    text.chars().map(of_char).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns_and_marks_none() {
        for (text, columns) in
            [("key", 3), ("\u{43a}\u{43b}", 2), ("\u{65e5}\u{672c}", 4), ("e\u{301}", 1), ("\u{1f600}!", 3), ("", 0)]
        {
            assert_eq!(of(text), columns, "{text}");
        }
    }
}
