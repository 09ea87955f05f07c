//! How the reading commands take their words: options of one or two dashes in any order, each an exact word of a table,
//! most with one argument after them.
//!
//! COMPAT: ausearch, aureport and their kind know options like `-ts`, `-hn` and `-ul -1`, arguments that are one or two
//! words, and errors that depend on what stood further left, so the words are walked from left to right here.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// The words of a command line after the command's name.
pub(crate) struct Words<'a> {
    words: &'a [OsString],
    at: usize,
}

/// The message for an option that lacks its argument.
pub(crate) fn lacks_argument(option: &str) -> String {
    format!("Argument is required for {option}")
}

/// The message for a word that does not fit.
pub(crate) fn unfit(what: &str, word: &[u8]) -> String {
    format!("{what} {}", shown(word))
}

/// The message for a word that is none of those that an option takes.
pub(crate) fn unknown(word: &[u8]) -> String {
    format!("Unknown option ({})", shown(word))
}

impl<'a> Words<'a> {
    /// `words` begins with the command's own name.
    pub(crate) fn new(words: &'a [OsString]) -> Words<'a> {
        Words { words: words.get(1..).unwrap_or_default(), at: 0 }
    }

    /// The next word as an option.
    pub(crate) fn option(&mut self) -> Option<&'a [u8]> {
        self.take()
    }

    /// The option's argument: the next word, unless it begins with a dash.
    pub(crate) fn argument(&mut self) -> Option<&'a [u8]> {
        self.peek()?;
        self.take()
    }

    /// The option's argument, which may begin with a dash.
    pub(crate) fn signed_argument(&mut self) -> Option<&'a [u8]> {
        self.take()
    }

    /// The option's argument, which may be a span of time before now: `-15m`. No option begins with a digit.
    pub(crate) fn time_argument(&mut self) -> Option<&'a [u8]> {
        match self.words.get(self.at)?.as_bytes() {
            [b'-', b'0'..=b'9', ..] => self.take(),
            _ => self.argument(),
        }
    }

    /// The next word, left where it is, unless it begins with a dash.
    pub(crate) fn peek(&self) -> Option<&'a [u8]> {
        self.words.get(self.at).map(|word| word.as_bytes()).filter(|word| word.first() != Some(&b'-'))
    }

    fn take(&mut self) -> Option<&'a [u8]> {
        let word = self.words.get(self.at)?;
        self.at += 1;
        Some(word.as_bytes())
    }
}

/// The line of a help text that is shown where words are not understood.
pub(crate) fn usage(help: &'static str) -> &'static str {
    help.lines().next().unwrap_or_default()
}

/// A word as a message shows it.
pub(crate) fn shown(word: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_never_begins_with_a_dash_unless_it_may() {
        let line: Vec<OsString> = ["ausearch", "-k", "key", "-ul", "-1", "-x", ""].map(OsString::from).into();
        let mut words = Words::new(&line);
        assert_eq!((words.option(), words.argument()), (Some(&b"-k"[..]), Some(&b"key"[..])));
        assert_eq!((words.option(), words.argument()), (Some(&b"-ul"[..]), None));
        assert_eq!(words.signed_argument(), Some(&b"-1"[..]));
        assert_eq!((words.option(), words.argument(), words.option()), (Some(&b"-x"[..]), Some(&b""[..]), None));
    }
}
