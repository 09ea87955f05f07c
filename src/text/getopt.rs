//! Options off a line of words, as getopt_long(3) takes them: clusters, values in the same word or the next, long names
//! cut short, options after other words.
//!
//! What auditctl makes of a line depends on how many words have been taken at each moment, so this follows the C library
//! to the letter, moving of the other words to the end included. auditd takes its words in the same way.

/// The options of a program. The name of an option is its letter, or of a long one without a letter any other number.
pub struct Grammar {
    /// Short options, a colon after those with a value.
    pub short: &'static [u8],
    /// Long options, whether they take a value, and their names.
    pub long: &'static [(&'static str, bool, u8)],
}

/// A word, or the end of one, and where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocatedWord<'w> {
    /// Its bytes.
    pub text: &'w [u8],
    /// Place of the word on the line, the program's own name being 0.
    pub word: usize,
    /// How many bytes of the word come before.
    pub offset: usize,
}

/// What [`Words::take`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken<'w> {
    /// An option.
    Option {
        /// Its name.
        name: u8,
        /// Where it stands.
        at: LocatedWord<'w>,
        /// What follows it, if it takes a value.
        value: Option<LocatedWord<'w>>,
    },
    /// No such option; or one that is known, and its value is missing or it takes none.
    Invalid {
        /// Where it stands.
        at: LocatedWord<'w>,
        /// Whether there is one of that name.
        is_known: bool,
    },
    /// There is no other.
    End,
}

/// A line of words, some of them taken.
pub struct Words<'w> {
    grammar: &'static Grammar,
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
    pub fn new(grammar: &'static Grammar, line: &[&'w [u8]]) -> Words<'w> {
        let words = line.iter().enumerate().map(|(word, text)| LocatedWord { text, word, offset: 0 }).collect();
        Words { grammar, words, next: 1, others: 1, others_end: 1, within: 0 }
    }

    /// How many words have been looked at, the program's own included.
    pub fn taken(&self) -> usize {
        self.next
    }

    /// The `n`th word as the words stand now.
    pub fn get(&self, n: usize) -> Option<LocatedWord<'w>> {
        self.words.get(n).copied()
    }

    /// The next option.
    pub fn take(&mut self) -> Taken<'w> {
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
        let name = word.text[self.within];
        self.within += 1;
        let is_last = self.within == word.text.len();
        if is_last {
            self.next += 1;
            self.within = 0;
        }
        let mut known = self.grammar.short.iter().skip_while(|b| **b != name || name == b':');
        if known.next().is_none() {
            return Taken::Invalid { at, is_known: false };
        }
        if known.next() != Some(&b':') {
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

    fn value_word(&mut self, name: u8, at: LocatedWord<'w>) -> Taken<'w> {
        let Some(value) = self.get(self.next) else { return Taken::Invalid { at, is_known: true } };
        self.next += 1;
        Taken::Option { name, at, value: Some(value) }
    }

    fn long(&mut self, at: LocatedWord<'w>) -> Taken<'w> {
        self.within = 0;
        self.next += 1;
        let equals = at.text.iter().position(|b| *b == b'=');
        let given = &at.text[2..equals.unwrap_or(at.text.len())];
        let mut matching = self.grammar.long.iter().filter(|row| row.0.as_bytes().starts_with(given));
        let exact = self.grammar.long.iter().find(|row| row.0.as_bytes() == given);
        let Some((_, takes_value, name)) = exact.or_else(|| matching.next().filter(|_| matching.next().is_none()))
        else {
            return Taken::Invalid { at, is_known: false };
        };
        match (takes_value, equals) {
            (true, Some(equals)) => Taken::Option { name: *name, at, value: Some(Words::rest_of(at, equals + 1)) },
            (true, None) => self.value_word(*name, at),
            (false, None) => Taken::Option { name: *name, at, value: None },
            (false, Some(_)) => Taken::Invalid { at, is_known: true },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAMMAR: Grammar = Grammar {
        short: b"ive:w:p:k:F:",
        long: &[("help", false, b'h'), ("reset-lost", false, 1), ("reset_backlog", false, 2), ("signal", true, 3)],
    };

    /// The options of a line, `?` for an invalid one, and how many words count as taken at the end.
    fn options(line: &str) -> (Vec<String>, usize) {
        let line: Vec<&[u8]> = std::iter::once("auditctl").chain(line.split(' ')).map(str::as_bytes).collect();
        let mut words = Words::new(&GRAMMAR, &line);
        let mut found = Vec::new();
        loop {
            match words.take() {
                Taken::End => return (found, words.taken()),
                Taken::Invalid { is_known, .. } => found.push(if is_known { "!" } else { "?" }.to_owned()),
                Taken::Option { name, value, .. } => {
                    let is_letter = |name: &u8| name.is_ascii_alphabetic();
                    let name = Some(name).filter(is_letter).map_or(name.to_string(), |name| char::from(name).into());
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
        assert_eq!(options("--sig stop"), (vec!["3=stop".into()], 3));
        assert_eq!(options("--signal=stop"), (vec!["3=stop".into()], 2));
        assert_eq!(options("--reset-l"), (vec!["1".into()], 2));
        assert_eq!(options("--reset"), (vec!["?".into()], 2));
        assert_eq!(options("--help=x"), (vec!["!".into()], 2));
        assert_eq!(options("--bogus"), (vec!["?".into()], 2));
    }

    #[test]
    fn a_missing_value_is_invalid() {
        assert_eq!(options("-e"), (vec!["!".into()], 2));
        assert_eq!(options("--signal"), (vec!["!".into()], 2));
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
