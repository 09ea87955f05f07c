//! Values of a comma-separated table (RFC 4180).

/// Puts what was appended to `out` from `start` on between quotes, if it holds a comma, a quote or an end of line, and doubles
/// the quotes inside.
pub fn quote(start: usize, out: &mut Vec<u8>) {
    let value = out.get(start..).unwrap_or_default();
    if value.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        put_in_quotes(start, out);
    }
}

#[cold]
fn put_in_quotes(start: usize, out: &mut Vec<u8>) {
    let value = out.split_off(start);
    out.push(b'"');
    for byte in value {
        out.push(byte);
        if byte == b'"' {
            out.push(byte);
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn a_value_is_quoted_where_it_would_end_or_begin_another() {
        for (value, want) in [
            ("plain text", "plain text"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("\"a\"", "\"\"\"a\"\"\""),
            ("a\nb\r", "\"a\nb\r\""),
        ] {
            let mut out = b"before,".to_vec();
            out.extend_from_slice(value.as_bytes());
            quote(7, &mut out);
            assert_eq!(out, format!("before,{want}").as_bytes());
        }
    }
}
