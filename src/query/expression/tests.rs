//! Expressions of `ausearch-expression(5)`: what they take, refuse and match.

use super::*;
use crate::text::Escape;

const LINE: &[u8] =
    b"type=SYSCALL msg=audit(1700000000.123:45): arch=c000003e syscall=2 success=no exit=-13 auid=1000 uid=0 \
    comm=\"cat\" key=6B31016B32";

fn found(expression: &str) -> bool {
    let expression = Expression::parse(expression.as_bytes()).unwrap();
    expression.holds(&Record::parse(LINE).unwrap(), &mut Interpreter::new((), None, Escape::Raw))
}

#[test]
fn values_are_compared_as_logged_in_words_and_as_numbers() {
    for yes in [
        "success r= no",
        "success r!= yes",
        "uid i= root",
        "comm i= cat",
        "comm r= \"\\\"cat\\\"\"",
        "auid >= 1000",
        "auid == 1000 && uid < 1",
        "key i= k1",
        "\\record_type == SYSCALL",
        "\\record_type !== 1301",
        "\\timestamp == ts:1700000000.123",
        "\\timestamp_ex >= ts:1700000000.123:45 && \\timestamp < ts:1700000001.0",
        "\\regexp \"exit=-1[0-9]\"",
        "\\regexp /comm=.cat/",
    ] {
        assert!(found(yes), "{yes}");
        assert!(!found(&format!("!({yes})")), "{yes}");
    }
}

#[test]
fn and_binds_closer_than_or() {
    assert!(found("success r= no || success r= yes && uid == 5"));
    assert!(!found("(success r= no || success r= yes) && uid == 5"));
    assert!(found("!uid == 5"));
}

#[test]
fn a_missing_field_makes_every_comparison_false() {
    assert!(!found("nosuch r= x") && !found("nosuch r!= x") && found("!(nosuch r= x)"));
}

#[test]
fn mistakes_are_told() {
    for (text, error) in [
        ("", "Empty expression"),
        ("&&", "Unexpected token `&&'"),
        ("(uid == 1", "Right paren expected, got `'"),
        ("uid", "Operator expected, got `'"),
        ("uid ==", "Value expected, got `'"),
        ("pid == 3", "Field `pid' does not support value comparison"),
        ("\\nosuch == 3", "Unknown escaped field name `nosuch'"),
        ("\\timestamp == 5", "Invalid timestamp value `5'"),
        ("\\timestamp == ts:1.1000", "Millisecond out of range in `ts'"),
        ("\\record_type == NOSUCH", "Invalid record type `NOSUCH'"),
        ("uid == 5x", "Error converting number `5x'"),
        ("\\regexp \"(\"", "Invalid regexp: Unmatched ( or \\("),
        ("\\regexp ==", "Regexp expected, got `=='"),
        ("uid r= \"x", "Terminating delimiter missing"),
        ("uid r= \"\\x\"", "Unknown escape sequence ``\\x''"),
        ("uid == 1 uid", "Unexpected trailing token `uid'"),
        ("\\ == 1", "Field name expected after field escape"),
    ] {
        assert_eq!(Expression::parse(text.as_bytes()).unwrap_err().to_string(), error, "{text}");
    }
    assert_eq!(Expression::parse(&[b'('; 9999]).unwrap_err(), ExpressionError::TooDeep);
}
