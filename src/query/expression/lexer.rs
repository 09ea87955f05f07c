//! The words of search expressions.

use super::error::ExpressionError;
use std::cmp::Ordering;

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    RawEqual,
    RawNotEqual,
    MeansEqual,
    MeansNotEqual,
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Operator {
    pub(super) fn admits(self, order: Ordering) -> bool {
        match self {
            Operator::Equal => order.is_eq(),
            Operator::NotEqual => order.is_ne(),
            Operator::Less => order.is_lt(),
            Operator::AtMost => order.is_le(),
            Operator::Greater => order.is_gt(),
            Operator::AtLeast => order.is_ge(),
            _ => false,
        }
    }

    pub(super) fn is_numeric(self) -> bool {
        self.admits(Ordering::Less) || self.admits(Ordering::Equal) || self.admits(Ordering::Greater)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Operator(Operator),
    Not,
    And,
    Or,
    Open,
    Close,
    /// A bare word or one in double quotes.
    Text(Vec<u8>),
    /// A regular expression between slashes.
    Regexp(Vec<u8>),
    /// The backslash before the name of what is no field.
    Escape,
    Unknown,
    End,
}

/// Reads tokens off the front of an expression.
pub(super) struct Lexer<'a> {
    whole: &'a [u8],
    rest: &'a [u8],
    start: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a [u8]) -> Lexer<'a> {
        Lexer { whole: text, rest: text, start: 0 }
    }

    /// The last token as it is written.
    pub(super) fn written(&self) -> &'a [u8] {
        self.whole.get(self.start..self.at()).unwrap_or_default()
    }

    /// Everything from the start of the last token on.
    pub(super) fn since_token(&self) -> &'a [u8] {
        self.whole.get(self.start..).unwrap_or_default()
    }

    /// Goes on this number of bytes after the start of the last token.
    pub(super) fn resume(&mut self, len: usize) {
        self.rest = self.whole.get(self.start + len..).unwrap_or_default();
    }

    fn at(&self) -> usize {
        self.whole.len() - self.rest.len()
    }

    pub(super) fn next(&mut self) -> Result<Token, ExpressionError> {
        let blanks = self.rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n')).count();
        self.rest = self.rest.get(blanks..).unwrap_or_default();
        self.start = self.at();
        const SIGNS: [(&[u8], Token); 17] = [
            (b"!==", Token::Operator(Operator::NotEqual)),
            (b"!", Token::Not),
            (b"&&", Token::And),
            (b"||", Token::Or),
            (b"(", Token::Open),
            (b")", Token::Close),
            (b"<=", Token::Operator(Operator::AtMost)),
            (b"<", Token::Operator(Operator::Less)),
            (b">=", Token::Operator(Operator::AtLeast)),
            (b">", Token::Operator(Operator::Greater)),
            (b"==", Token::Operator(Operator::Equal)),
            (b"\\", Token::Escape),
            (b"i=", Token::Operator(Operator::MeansEqual)),
            (b"i!=", Token::Operator(Operator::MeansNotEqual)),
            (b"r=", Token::Operator(Operator::RawEqual)),
            (b"r!=", Token::Operator(Operator::RawNotEqual)),
            (b"\0", Token::End),
        ];
        for (sign, token) in &SIGNS {
            if let Some(rest) = self.rest.strip_prefix(*sign) {
                self.rest = rest;
                return Ok(token.clone());
            }
        }
        match self.rest.first() {
            None => Ok(Token::End),
            Some(b'"') => self.delimited(b'"').map(Token::Text),
            Some(b'/') => self.delimited(b'/').map(Token::Regexp),
            Some(byte) => {
                let is_word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
                let len = self.rest.iter().take_while(|b| is_word(b)).count().max(1);
                let (word, rest) = self.rest.split_at(len);
                self.rest = rest;
                Ok(if is_word(byte) { Token::Text(word.to_vec()) } else { Token::Unknown })
            }
        }
    }

    /// Text up to the same sign again; a backslash stands before that sign and before itself.
    fn delimited(&mut self, delimiter: u8) -> Result<Vec<u8>, ExpressionError> {
        let mut text = Vec::new();
        let mut bytes = self.rest.iter().copied().skip(1);
        let mut len = 1;
        loop {
            let mut byte = bytes.next().filter(|b| *b != 0).ok_or(ExpressionError::Unterminated)?;
            len += 1;
            if byte == delimiter {
                self.rest = self.rest.get(len..).unwrap_or_default();
                return Ok(text);
            }
            if byte == b'\\' {
                byte = bytes.next().unwrap_or(0);
                len += 1;
                if byte != b'\\' && byte != delimiter {
                    return Err(ExpressionError::Escape(char::from(byte)));
                }
            }
            text.push(byte);
        }
    }
}
