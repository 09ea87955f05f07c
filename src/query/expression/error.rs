//! What is wrong with an expression.

use std::fmt;

/// What is wrong with an expression; carries the words that are out of place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each says what its message says")]
pub enum ExpressionError {
    Empty,
    Unexpected(String),
    RightParen(String),
    OperatorExpected(String),
    ValueExpected(String),
    NoNumber(String),
    UnknownName(String),
    Timestamp(String),
    Millisecond(String),
    RecordType(String),
    Number(String),
    Regexp(&'static str),
    RegexpExpected(String),
    Unterminated,
    Escape(char),
    Trailing(String),
    NameExpected,
    TooDeep,
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty expression"),
            Self::Unexpected(token) => write!(f, "Unexpected token `{token}'"),
            Self::RightParen(token) => write!(f, "Right paren expected, got `{token}'"),
            Self::OperatorExpected(token) => write!(f, "Operator expected, got `{token}'"),
            Self::ValueExpected(token) => write!(f, "Value expected, got `{token}'"),
            Self::NoNumber(field) => write!(f, "Field `{field}' does not support value comparison"),
            Self::UnknownName(name) => write!(f, "Unknown escaped field name `{name}'"),
            Self::Timestamp(value) => write!(f, "Invalid timestamp value `{value}'"),
            Self::Millisecond(value) => write!(f, "Millisecond out of range in `{value}'"),
            Self::RecordType(value) => write!(f, "Invalid record type `{value}'"),
            Self::Number(value) => write!(f, "Error converting number `{value}'"),
            Self::Regexp(reason) => write!(f, "Invalid regexp: {reason}"),
            Self::RegexpExpected(token) => write!(f, "Regexp expected, got `{token}'"),
            Self::Unterminated => f.write_str("Terminating delimiter missing"),
            Self::Escape(byte) => write!(f, "Unknown escape sequence ``\\{byte}''"),
            Self::Trailing(token) => write!(f, "Unexpected trailing token `{token}'"),
            Self::NameExpected => f.write_str("Field name expected after field escape"),
            Self::TooDeep => f.write_str("Expression nested too deeply"),
        }
    }
}
