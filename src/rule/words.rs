//! Options off a line of words, as getopt_long(3) takes them: clusters, values in the same word or the next, long names
//! cut short, options after other words.
//!
//! What auditctl makes of a line depends on how many words have been taken at each moment, so this follows the C library
//! to the letter, moving of the other words to the end included.

/// Short options, a colon after those with a value.
const SHORT: &[u8] = b"hicslDvtC:e:f:r:b:a:A:d:S:F:m:R:w:W:k:p:q:";

/// Long options, whether they take a value, and what they are called in [`Taken`].
const LONG: [(&str, bool, Name); 6] = [
    ("help", false, Name::Short(b'h')),
    ("loginuid-immutable", false, Name::LoginuidImmutable),
    ("backlog_wait_time", true, Name::BacklogWaitTime),
    ("reset-lost", false, Name::ResetLost),
    ("reset_backlog_wait_time_actual", false, Name::ResetBacklogWaitTimeActual),
    ("signal", true, Name::Signal),
];

/// Which option it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Short(u8),
    LoginuidImmutable,
    BacklogWaitTime,
    ResetLost,
    ResetBacklogWaitTimeActual,
    Signal,
}

/// A word, or the end of one, and where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LocatedWord<'w> {
    pub(super) text: &'w [u8],
    /// Place of the word on the line, the program's own name being 0.
    pub(super) word: usize,
    /// How many bytes of the word come before.
    pub(super) offset: usize,
}

/// What [`Words::next`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken<'w> {
    Option {
        name: Name,
        at: LocatedWord<'w>,
        value: Option<LocatedWord<'w>>,
    },
    /// No such option, or its value is missing, or it takes none.
    Invalid,
    End,
}

/// A line of words, some of them taken.
pub(super) struct Words<'w> {
    words: Vec<LocatedWord<'w>>,
    /// The next word to look at, C's optind.
    next: usize,
    /// Words which are no options, passed over so far: from here ...
    others: usize,
    /// ... up to here.
    others_end: usize,
    /// How many bytes of word `next` have been taken as short options; 0 when at its start.
    within: usize,
}

impl<'w> Words<'w> {
    /// `line` begins with the program's own name.
    pub(super) fn new(line: &[&'w [u8]]) -> Words<'w> {
        let words = line.iter().enumerate().map(|(word, text)| LocatedWord { text, word, offset: 0 }).collect();
        Words { words, next: 1, others: 1, others_end: 1, within: 0 }
    }

    /// How many words have been looked at, the program's own included.
    pub(super) fn taken(&self) -> usize {
        self.next
    }

    /// The `n`th word as the words stand now.
    pub(super) fn get(&self, n: usize) -> Option<LocatedWord<'w>> {
        self.words.get(n).copied()
    }

    /// The next option.
    pub(super) fn next(&mut self) -> Taken<'w> {
        if self.within > 0 {
            return self.short();
        }
        self.pass_others();
        let Some(word) = self.get(self.next) else {
            self.next = if self.others == self.others_end { self.next } else { self.others };
            return Taken::End;
        };
        self.within = 1;
        if word.text.starts_with(b"--") { self.long(word) } else { self.short() }
    }

    /// Moves the words passed over after the options taken since, and passes over those that come now.
    fn pass_others(&mut self) {
        if self.others != self.others_end && self.others_end != self.next {
            self.exchange();
        } else if self.others_end != self.next {
            self.others = self.next;
        }
        while self.get(self.next).is_some_and(|word| word.text.len() < 2 || word.text[0] != b'-') {
            self.next += 1;
        }
        self.others_end = self.next;
        if self.get(self.next).is_some_and(|word| word.text == b"--") {
            self.next += 1;
            if self.others != self.others_end {
                self.exchange();
            } else {
                self.others = self.next;
            }
            self.others_end = self.words.len();
            self.next = self.words.len();
        }
    }

    fn exchange(&mut self) {
        let moved = self.others_end - self.others;
        self.words[self.others..self.next].rotate_left(moved);
        self.others += self.next - self.others_end;
        self.others_end = self.next;
    }

    fn rest_of(word: LocatedWord<'w>, offset: usize) -> LocatedWord<'w> {
        LocatedWord { text: &word.text[offset..], word: word.word, offset }
    }

    fn short(&mut self) -> Taken<'w> {
        let Some(word) = self.get(self.next) else { return Taken::End };
        let at = Words::rest_of(word, self.within);
        let letter = word.text[self.within];
        self.within += 1;
        let is_last = self.within == word.text.len();
        if is_last {
            self.next += 1;
            self.within = 0;
        }
        let Some(place) = SHORT.iter().position(|b| *b == letter && letter != b':') else { return Taken::Invalid };
        let name = Name::Short(letter);
        if SHORT.get(place + 1) != Some(&b':') {
            return Taken::Option { name, at, value: None };
        }
        if !is_last {
            let value = Words::rest_of(word, self.within);
            self.next += 1;
            self.within = 0;
            return Taken::Option { name, at, value: Some(value) };
        }
        self.value_word(name, at)
    }

    fn value_word(&mut self, name: Name, at: LocatedWord<'w>) -> Taken<'w> {
        let Some(value) = self.get(self.next) else { return Taken::Invalid };
        self.next += 1;
        Taken::Option { name, at, value: Some(value) }
    }

    fn long(&mut self, at: LocatedWord<'w>) -> Taken<'w> {
        self.within = 0;
        self.next += 1;
        let equals = at.text.iter().position(|b| *b == b'=');
        let given = &at.text[2..equals.unwrap_or(at.text.len())];
        let mut matching = LONG.iter().filter(|row| row.0.as_bytes().starts_with(given));
        let exact = LONG.iter().find(|row| row.0.as_bytes() == given);
        let Some((_, takes_value, name)) = exact.or_else(|| matching.next().filter(|_| matching.next().is_none()))
        else {
            return Taken::Invalid;
        };
        match (takes_value, equals) {
            (true, Some(equals)) => Taken::Option { name: *name, at, value: Some(Words::rest_of(at, equals + 1)) },
            (true, None) => self.value_word(*name, at),
            (false, None) => Taken::Option { name: *name, at, value: None },
            (false, Some(_)) => Taken::Invalid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The options of a line, `?` for an invalid one, and how many words count as taken at the end.
    fn options(line: &str) -> (Vec<String>, usize) {
        let line: Vec<&[u8]> = std::iter::once("auditctl").chain(line.split(' ')).map(str::as_bytes).collect();
        let mut words = Words::new(&line);
        let mut found = Vec::new();
        loop {
            match words.next() {
                Taken::End => return (found, words.taken()),
                Taken::Invalid => found.push("?".to_owned()),
                Taken::Option { name, value, .. } => {
                    let name = match name {
                        Name::Short(letter) => char::from(letter).to_string(),
                        other => format!("{other:?}"),
                    };
                    let value = value.map(|v| format!("={}", String::from_utf8_lossy(v.text))).unwrap_or_default();
                    found.push(name + &value);
                }
            }
        }
    }

    #[test]
    fn values_stand_in_the_same_word_or_the_next() {
        assert_eq!(options("-w /etc -pwa -k x"), (vec!["w=/etc".into(), "p=wa".into(), "k=x".into()], 6));
        assert_eq!(options("-Fpid=1"), (vec!["F=pid=1".into()], 2));
        assert_eq!(options("-F -k"), (vec!["F=-k".into()], 3));
    }

    #[test]
    fn options_cluster() {
        assert_eq!(options("-ive0"), (vec!["i".into(), "v".into(), "e=0".into()], 2));
        assert_eq!(options("-iZv"), (vec!["i".into(), "?".into(), "v".into()], 2));
    }

    #[test]
    fn long_names_may_be_cut_short_while_they_are_clear() {
        assert_eq!(options("--sig stop"), (vec!["Signal=stop".into()], 3));
        assert_eq!(options("--signal=stop"), (vec!["Signal=stop".into()], 2));
        assert_eq!(options("--reset-l"), (vec!["ResetLost".into()], 2));
        assert_eq!(options("--reset"), (vec!["?".into()], 2));
        assert_eq!(options("--help=x"), (vec!["?".into()], 2));
        assert_eq!(options("--bogus"), (vec!["?".into()], 2));
    }

    #[test]
    fn a_missing_value_is_invalid() {
        assert_eq!(options("-e"), (vec!["?".into()], 2));
        assert_eq!(options("--signal"), (vec!["?".into()], 2));
    }

    #[test]
    fn other_words_move_to_the_end() {
        assert_eq!(options("foo"), (vec![], 1));
        assert_eq!(options("- s"), (vec![], 1));
        assert_eq!(options("foo -e 1 bar"), (vec!["e=1".into()], 3));
        assert_eq!(options("-v -- -e 1"), (vec!["v".into()], 3));
        assert_eq!(options("--"), (vec![], 2));
    }
}
