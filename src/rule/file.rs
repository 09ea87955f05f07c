//! Rules files, as auditctl -R reads them: one line of words each, as on auditctl's command line.
//!
//! Only the space stands between words; a tab is part of one. `\ ` is a space within a word and `\\` a backslash; a backslash
//! before anything else is itself. There is no quoting. A line whose first word begins
//! with `#` is a comment. See audit.rules(7).

/// Longest line taken. The kernel takes no message of more than 8970 bytes.
pub const MAX_LINE: usize = 16 * 1024;

/// A line that asks for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'t> {
    /// Its number in the file, counted from 1.
    pub number: usize,
    /// How many bytes of the file come before.
    pub start: usize,
    /// The line, without what ends it.
    pub text: &'t [u8],
    /// Its words, or why it has none.
    pub words: Result<Vec<Word>, LineError>,
}

/// A word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word as meant, escapes undone.
    pub text: Vec<u8>,
    /// Where in the line it begins, counted from 1.
    pub column: usize,
    /// Bytes of `text` that an escape stood for.
    escapes: Vec<usize>,
}

impl Word {
    /// The column of the byte `offset` of the word.
    pub fn column_of(&self, offset: usize) -> usize {
        self.column + offset + self.escapes.iter().filter(|at| **at < offset).count()
    }
}

/// Why a line cannot be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineError {
    /// It is longer than [`MAX_LINE`].
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// It has a NUL byte in it.
    Nul {
        /// Where, counted from 1.
        column: usize,
    },
}

impl std::fmt::Display for LineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LineError::TooLong { length } => write!(f, "a line of {length} bytes; up to {MAX_LINE} are taken"),
            LineError::Nul { column } => write!(f, "a NUL byte in column {column}; a line is text"),
        }
    }
}

impl std::error::Error for LineError {}

/// The lines of `text` that ask for something.
pub fn lines(text: &[u8]) -> impl Iterator<Item = Line<'_>> {
    all_lines(text).filter_map(|(number, start, line)| Line::read(number, start, line))
}

/// All lines of `text`, each with its number and the byte where it starts.
pub(super) fn all_lines(text: &[u8]) -> impl Iterator<Item = (usize, usize, &[u8])> {
    let mut start = 0;
    (1..).zip(text.split(|b| *b == b'\n')).map(move |(number, line)| {
        let begins = start;
        start += line.len() + 1;
        (number, begins, line)
    })
}

impl<'t> Line<'t> {
    /// Takes a line apart; `None` when it asks for nothing.
    pub(super) fn read(number: usize, start: usize, text: &'t [u8]) -> Option<Line<'t>> {
        let words = words(text);
        let is_empty = words.as_ref().is_ok_and(Vec::is_empty);
        (!is_empty).then_some(Line { number, start, text, words })
    }
}

/// The words of a line; none for an empty one or a comment.
fn words(line: &[u8]) -> Result<Vec<Word>, LineError> {
    if line.iter().find(|b| **b != b' ') == Some(&b'#') {
        return Ok(Vec::new());
    }
    if line.len() > MAX_LINE {
        return Err(LineError::TooLong { length: line.len() });
    }
    if let Some(at) = line.iter().position(|b| *b == 0) {
        return Err(LineError::Nul { column: at + 1 });
    }
    let mut words = Vec::new();
    let mut at = 0;
    while at < line.len() {
        if line[at] == b' ' {
            at += 1;
            continue;
        }
        let (word, end) = word(line, at);
        words.push(word);
        at = end;
    }
    Ok(words)
}

/// The word that begins at `start`, and where it ends.
fn word(line: &[u8], start: usize) -> (Word, usize) {
    let mut word = Word { text: Vec::new(), column: start + 1, escapes: Vec::new() };
    let mut at = start;
    while let Some(&byte) = line.get(at).filter(|b| **b != b' ') {
        let escaped = line.get(at + 1).filter(|next| byte == b'\\' && matches!(next, b' ' | b'\\'));
        if let Some(meant) = escaped {
            word.escapes.push(word.text.len());
            word.text.push(*meant);
            at += 2;
        } else {
            word.text.push(byte);
            at += 1;
        }
    }
    (word, at)
}

/// Writes `text` as one word of a line; `false` when no line can hold it.
pub fn push_word(text: &[u8], line: &mut Vec<u8>) -> bool {
    for byte in text {
        if matches!(byte, b' ' | b'\\') {
            line.push(b'\\');
        }
        line.push(*byte);
    }
    !text.is_empty() && !text.iter().any(|byte| matches!(byte, b'\n' | 0)) && line.len() <= MAX_LINE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        words(line.as_bytes()).unwrap().into_iter().map(|w| String::from_utf8(w.text).unwrap()).collect()
    }

    #[test]
    fn only_spaces_stand_between_words() {
        assert_eq!(texts("  -w  /etc/passwd -p wa"), ["-w", "/etc/passwd", "-p", "wa"]);
        assert_eq!(texts("-w\t/etc"), ["-w\t/etc"]);
        assert_eq!(texts("-F key=\"a b\""), ["-F", "key=\"a", "b\""]);
    }

    #[test]
    fn a_backslash_keeps_a_space_in_the_word() {
        assert_eq!(texts(r"-w /tmp/with\ space/f"), ["-w", "/tmp/with space/f"]);
        assert_eq!(texts(r"-k a\\b\c"), ["-k", r"a\b\c"]);
        assert_eq!(texts(r"-k a\\ b"), ["-k", r"a\", "b"]);
        assert_eq!(texts(r"-k end\"), ["-k", r"end\"]);
    }

    #[test]
    fn comments_and_empty_lines_ask_for_nothing() {
        let text = b"# one\n\n   \n  # four\n-D\n-w /a #x\n";
        let found: Vec<_> = lines(text).map(|line| (line.number, line.start)).collect();
        assert_eq!(found, [(5, 20), (6, 23)]);
    }

    #[test]
    fn a_written_word_is_read_as_it_was() {
        for text in ["/a b", r"/a\b", r"/end\", r"/\ \\ ", "/tab\tnbsp\u{a0}", "#", "/a\rb"] {
            let mut line = b"-w ".to_vec();
            assert!(push_word(text.as_bytes(), &mut line));
            assert_eq!(texts(std::str::from_utf8(&line).unwrap()), ["-w", text]);
        }
        assert!(!push_word(b"/a\nb", &mut Vec::new()) && !push_word(b"", &mut Vec::new()));
    }

    #[test]
    fn columns_count_escapes() {
        let words = words(br"-w /a\ b/c").unwrap();
        assert_eq!(words[1].text, b"/a b/c");
        assert_eq!((words[1].column, words[1].column_of(0), words[1].column_of(2)), (4, 4, 6));
        assert_eq!(words[1].column_of(3), 8);
    }

    #[test]
    fn what_is_no_line_of_text_is_refused() {
        assert_eq!(words(b"-k a\0b"), Err(LineError::Nul { column: 5 }));
        assert_eq!(words(&vec![b'a'; MAX_LINE + 1]), Err(LineError::TooLong { length: MAX_LINE + 1 }));
    }
}
