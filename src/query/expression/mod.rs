//! The search expression language of ausearch-expression(5).
//!
//! `or := and (|| and)*`, `and := primary (&& primary)*`, `primary := ! primary | ( or ) | comparison`. A comparison is
//! `FIELD r= TEXT` on the value as logged, `FIELD i= TEXT` on its meaning, both also with `!=`, `FIELD == NUMBER` and its
//! kind on user and group ids, `\timestamp`, `\timestamp_ex` and `\record_type` with the same operators, or
//! `\regexp TEXT`. An expression is put to one record; of an event it holds if it holds for one of its records.
//!
//! ```
//! use auditbox::interpret::Interpreter;
//! use auditbox::query::expression::Expression;
//! use auditbox::record::Record;
//! use auditbox::text::Escape;
//!
//! let wanted = Expression::parse(b"auid >= 1000 && !(success r= yes)").unwrap();
//! let line = b"type=SYSCALL msg=audit(1700000000.123:45): arch=c000003e syscall=2 success=no auid=1000 uid=0";
//! let mut interpreter = Interpreter::new((), None, Escape::Raw);
//! assert!(wanted.holds(&Record::parse(line).unwrap(), &mut interpreter));
//! ```

mod error;
mod lexer;

pub use error::ExpressionError;

use super::regexp::Regexp;
use crate::abi::rule::KEY_SEPARATOR;
use crate::interpret::{Interpreter, Kind, RecordContext, named};
use crate::record::{self, EventId, Field, Record, RecordType};
use crate::text::{self, number};
use lexer::{Lexer, Operator, Token};

/// How deep an expression may be nested.
const DEEPEST: usize = 200;

/// A search expression, or a rule for one item of records.
#[derive(Clone, Debug)]
pub struct Expression(Term);

#[derive(Clone, Debug)]
enum Term {
    Not(Box<Term>),
    And(Box<Term>, Box<Term>),
    Or(Box<Term>, Box<Term>),
    Exists(Vec<u8>),
    /// Field, whether its meaning counts, whether it must be equal, the text.
    Text(Vec<u8>, bool, bool, Vec<u8>),
    Number(Vec<u8>, Operator, u32),
    Time(Operator, EventId, bool),
    Kind(Operator, RecordType),
    Regexp(Regexp),
}

impl Expression {
    /// Reads an expression.
    pub fn parse(text: &[u8]) -> Result<Expression, ExpressionError> {
        let mut parser = Parser { lexer: Lexer::new(text), token: Token::End, depth: 0 };
        parser.advance()?;
        if parser.token == Token::End {
            return Err(ExpressionError::Empty);
        }
        let term = parser.any()?;
        if parser.token == Token::End { Ok(Expression(term)) } else { Err(ExpressionError::Trailing(parser.written())) }
    }

    /// Records that have the field.
    pub fn exists(field: &[u8]) -> Expression {
        Expression(Term::Exists(field.to_vec()))
    }

    /// Records whose field has this very value, as logged or (`meaning`) in words; or not this one.
    pub fn field(field: &[u8], meaning: bool, equal: bool, value: &[u8]) -> Expression {
        Expression(Term::Text(field.to_vec(), meaning, equal, value.to_vec()))
    }

    /// Records whose line matches this extended regular expression (regex(7)).
    pub fn regexp(pattern: &[u8]) -> Result<Expression, ExpressionError> {
        Regexp::new(pattern).map(|regexp| Expression(Term::Regexp(regexp))).map_err(ExpressionError::Regexp)
    }

    /// Both.
    pub fn and(self, other: Expression) -> Expression {
        Expression(Term::And(Box::new(self.0), Box::new(other.0)))
    }

    /// One of both.
    pub fn or(self, other: Expression) -> Expression {
        Expression(Term::Or(Box::new(self.0), Box::new(other.0)))
    }

    /// Whether it holds for the record. What the record lacks makes its comparison false, whatever the operator.
    pub fn holds(&self, record: &Record<'_>, interpreter: &mut Interpreter<'_>) -> bool {
        holds(&self.0, record, interpreter)
    }
}

fn holds(term: &Term, record: &Record<'_>, interpreter: &mut Interpreter<'_>) -> bool {
    match term {
        Term::Not(inner) => !holds(inner, record, interpreter),
        Term::And(one, other) => holds(one, record, interpreter) && holds(other, record, interpreter),
        Term::Or(one, other) => holds(one, record, interpreter) || holds(other, record, interpreter),
        Term::Exists(name) => record.field(name).is_some(),
        Term::Text(name, meaning, equal, value) => {
            let mut found = Vec::new();
            value_of(record, name, meaning.then_some(interpreter), &mut found) && (found == *value) == *equal
        }
        Term::Number(name, operator, value) => record.field(name).is_some_and(|text| {
            let found = number::parse_id(text);
            operator.admits(found.cmp(value))
        }),
        Term::Time(operator, id, with_serial) => {
            let serial = if *with_serial { record.id.serial } else { id.serial };
            operator.admits(EventId { serial, ..record.id }.cmp(id))
        }
        Term::Kind(operator, kind) => operator.admits((record.record_type.0 as i32).cmp(&(kind.0 as i32))),
        Term::Regexp(regexp) => regexp.is_match(record.line),
    }
}

/// Appends the first value of `name` as libauparse gives it: the first of several keys, permissions with commas.
fn value_of(record: &Record<'_>, name: &[u8], interpreter: Option<&mut Interpreter<'_>>, out: &mut Vec<u8>) -> bool {
    let Some(field) = record.fields().find(|field| field.name == name) else { return false };
    let mut raw = Vec::new();
    match name {
        b"key" if !field.value.starts_with(b"(") && !field.value.starts_with(b"\"") => {
            let mut keys = Vec::new();
            if !record::keys(field.value, &mut keys) {
                return false;
            }
            raw.push(b'"');
            raw.extend_from_slice(text::up_to(&keys, KEY_SEPARATOR));
            raw.push(b'"');
        }
        b"seperms" => raw = text::words(field.value).collect::<Vec<_>>().join(&b','),
        _ => raw.extend_from_slice(field.value),
    }
    match interpreter {
        Some(interpreter) => {
            interpreter.value(
                record.record_type,
                Field { name: field.name, value: &raw },
                &RecordContext::of(record),
                out,
            );
        }
        None => out.extend_from_slice(&raw),
    }
    true
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    token: Token,
    depth: usize,
}

impl Parser<'_> {
    fn advance(&mut self) -> Result<(), ExpressionError> {
        self.token = self.lexer.next()?;
        Ok(())
    }

    fn written(&self) -> String {
        String::from_utf8_lossy(self.lexer.written()).into_owned()
    }

    fn any(&mut self) -> Result<Term, ExpressionError> {
        let mut term = self.all()?;
        while self.token == Token::Or {
            self.advance()?;
            term = Term::Or(Box::new(term), Box::new(self.all()?));
        }
        Ok(term)
    }

    fn all(&mut self) -> Result<Term, ExpressionError> {
        let mut term = self.primary()?;
        while self.token == Token::And {
            self.advance()?;
            term = Term::And(Box::new(term), Box::new(self.primary()?));
        }
        Ok(term)
    }

    fn primary(&mut self) -> Result<Term, ExpressionError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(ExpressionError::TooDeep);
        }
        let term = match self.token {
            Token::Not => {
                self.advance()?;
                Term::Not(Box::new(self.primary()?))
            }
            Token::Open => {
                self.advance()?;
                let term = self.any()?;
                if self.token != Token::Close {
                    return Err(ExpressionError::RightParen(self.written()));
                }
                self.advance()?;
                term
            }
            Token::Escape => self.special()?,
            Token::Text(_) => self.comparison()?,
            _ => return Err(ExpressionError::Unexpected(self.written())),
        };
        self.depth -= 1;
        Ok(term)
    }

    fn operator(&mut self) -> Result<Operator, ExpressionError> {
        self.advance()?;
        match self.token {
            Token::Operator(operator) => Ok(operator),
            _ => Err(ExpressionError::OperatorExpected(self.written())),
        }
    }

    fn value(&mut self) -> Result<Vec<u8>, ExpressionError> {
        self.advance()?;
        match &self.token {
            Token::Text(text) => Ok(text.clone()),
            _ => Err(ExpressionError::ValueExpected(self.written())),
        }
    }

    /// A comparison of a field.
    fn comparison(&mut self) -> Result<Term, ExpressionError> {
        let Token::Text(field) = std::mem::replace(&mut self.token, Token::Unknown) else {
            return Err(ExpressionError::NameExpected);
        };
        let operator = self.operator()?;
        let value = self.value()?;
        let text = |meaning, equal| Term::Text(field.clone(), meaning, equal, value.clone());
        let term = match operator {
            Operator::RawEqual => text(false, true),
            Operator::RawNotEqual => text(false, false),
            Operator::MeansEqual => text(true, true),
            Operator::MeansNotEqual => text(true, false),
            _ if !matches!(named(&field), Kind::User | Kind::Group) => {
                return Err(ExpressionError::NoNumber(String::from_utf8_lossy(&field).into_owned()));
            }
            _ => {
                let id = number::parse_exact(&value).and_then(|id| u32::try_from(id).ok());
                Term::Number(field, operator, id.ok_or_else(|| ExpressionError::Number(self.written()))?)
            }
        };
        self.advance()?;
        Ok(term)
    }

    /// What follows a backslash: time, type, or a regular expression.
    fn special(&mut self) -> Result<Term, ExpressionError> {
        self.advance()?;
        let Token::Text(name) = &self.token else { return Err(ExpressionError::NameExpected) };
        let term = match name.as_slice() {
            b"regexp" => self.regexp()?,
            b"timestamp" => self.time(false)?,
            b"timestamp_ex" => self.time(true)?,
            b"record_type" => self.kind()?,
            _ => return Err(ExpressionError::UnknownName(self.written())),
        };
        self.advance()?;
        Ok(term)
    }

    fn regexp(&mut self) -> Result<Term, ExpressionError> {
        self.advance()?;
        let (Token::Text(text) | Token::Regexp(text)) = &self.token else {
            return Err(ExpressionError::RegexpExpected(self.written()));
        };
        Regexp::new(text).map(Term::Regexp).map_err(ExpressionError::Regexp)
    }

    /// Operator and value of what is no field. COMPAT: the operators of texts are taken, and never hold.
    fn kind(&mut self) -> Result<Term, ExpressionError> {
        let operator = self.operator()?;
        let value = self.value()?;
        let kind = RecordType::parse(&value);
        if kind == RecordType::UNRECOGNISED && operator.is_numeric() {
            return Err(ExpressionError::RecordType(self.written()));
        }
        Ok(Term::Kind(operator, kind))
    }

    fn time(&mut self, with_serial: bool) -> Result<Term, ExpressionError> {
        let operator = self.operator()?;
        self.value()?;
        if !operator.is_numeric() {
            return Ok(Term::Time(operator, EventId::default(), with_serial));
        }
        let invalid = |parser: &Self| ExpressionError::Timestamp(parser.written());
        // The colon and the dot belong to the value here.
        let whole = self.lexer.since_token();
        let mut scan = Digits { rest: whole.strip_prefix(b"ts:").ok_or_else(|| invalid(self))? };
        let sec = scan.number().ok_or_else(|| invalid(self))?;
        let milli = scan.number_after(b'.').ok_or_else(|| invalid(self))?;
        if milli >= 1000 {
            return Err(ExpressionError::Millisecond(self.written()));
        }
        let mut id = EventId { sec, milli: milli as u16, serial: 0 };
        if with_serial {
            let serial = scan.number_after(b':').filter(|serial| *serial <= u64::from(u32::MAX));
            id.serial = serial.ok_or_else(|| invalid(self))?;
        }
        self.lexer.resume(whole.len() - scan.rest.len());
        Ok(Term::Time(operator, id, with_serial))
    }
}

/// Numbers off the front of a timestamp.
struct Digits<'a> {
    rest: &'a [u8],
}

impl Digits<'_> {
    fn number(&mut self) -> Option<u64> {
        let len = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at(len);
        self.rest = rest;
        number::parse_exact(digits)
    }

    fn number_after(&mut self, sign: u8) -> Option<u64> {
        self.rest = self.rest.strip_prefix(&[sign])?;
        self.number()
    }
}

#[cfg(test)]
mod tests;
