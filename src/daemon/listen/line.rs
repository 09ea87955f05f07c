//! The line of the log that a peer's text becomes, which can never be taken for one of this machine.
//!
//! Anybody who may connect may send any bytes. So the line always begins with `node=`, which no other name than this machine's
//! own may follow in lines of this machine: a text that names no node, or this one, gets the peer's address instead. What could
//! begin a line or reach a terminal becomes spaces. All else is the peer's affair, and written as it was sent. Who connects from this
//! machine has its address, which may be its name (`name_format = numeric`); `peer-` stands before it then.

use crate::record::ENRICHED;
use core::net::IpAddr;
use memchr::memchr;

/// Appends the line without its newline. `own_node` is how lines of this machine begin, `node=NAME ` or nothing. Returns the length
/// of its prefix, up to `msg=`, and the length without enrichment.
pub(super) fn push(out: &mut Vec<u8>, own_node: &[u8], address: IpAddr, text: &[u8]) -> (usize, usize) {
    let start = out.len();
    let own_name = own_node.strip_prefix(b"node=").unwrap_or_default().trim_ascii_end();
    let (node, rest) = split_node(text);
    match node {
        Some(name) if !name.eq_ignore_ascii_case(own_name) => out.extend_from_slice(text),
        _ => {
            let address = address.to_string();
            let is_ours = address.as_bytes().eq_ignore_ascii_case(own_name);
            let mark = if is_ours { "peer-" } else { "" };
            out.extend_from_slice(["node=", mark, &address, " "].concat().as_bytes());
            out.extend_from_slice(rest);
        }
    }
    let line = out.get_mut(start..).unwrap_or_default();
    let mut raw_len = line.len();
    for (at, byte) in line.iter_mut().enumerate() {
        if *byte == ENRICHED && raw_len > at {
            raw_len = at;
        } else if byte.is_ascii_control() && *byte != b'\t' {
            *byte = b' ';
        }
    }
    let prefix = memchr::memmem::find(line.get(..raw_len).unwrap_or_default(), b" msg=");
    (prefix.map_or(0, |at| at + b" msg=".len()), raw_len)
}

/// The name of the node that a text begins with, if it is one, and what follows.
fn split_node(text: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let found = || {
        let rest = text.strip_prefix(b"node=")?;
        let (name, rest) = rest.split_at_checked(memchr(b' ', rest)?)?;
        let is_name = !name.is_empty() && !name.iter().any(u8::is_ascii_control);
        is_name.then_some((Some(name), rest.get(1..)?))
    };
    found().unwrap_or((None, text))
}

/// The name of the record type in a peer's text; nothing where it has none.
pub(super) fn record_type(text: &[u8]) -> &[u8] {
    let (_, rest) = split_node(text);
    rest.strip_prefix(b"type=").map_or(b"", |rest| crate::text::up_to(rest, b' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dice;

    const PEER: IpAddr = IpAddr::V4(core::net::Ipv4Addr::new(192, 0, 2, 7));

    fn line(own_node: &str, text: &str) -> String {
        let mut out = b"before\n".to_vec();
        let (prefix_len, raw_len) = push(&mut out, own_node.as_bytes(), PEER, text.as_bytes());
        let line = String::from_utf8(out.split_off(7)).unwrap();
        assert!(line[..raw_len].get(..prefix_len).is_some() && !line[..raw_len].contains('\x1d'), "{line}");
        line
    }

    const RECORD: &str = "type=LOGIN msg=audit(1.000:2): auid=0\x1dAUID=\"root\"";

    #[test]
    fn a_node_that_is_named_is_kept() {
        for own in ["", "node=here "] {
            assert_eq!(line(own, &format!("node=there {RECORD}")), format!("node=there {RECORD}"));
        }
    }

    #[test]
    fn a_text_without_a_node_or_with_this_one_gets_the_address() {
        let expected = format!("node=192.0.2.7 {RECORD}");
        for (own, text) in [
            ("", RECORD.to_string()),
            ("node=here ", RECORD.to_string()),
            ("node=here ", format!("node=here {RECORD}")),
            ("node=here ", format!("node=HERE {RECORD}")),
        ] {
            assert_eq!(line(own, &text), expected, "{own:?} {text}");
        }
    }

    #[test]
    fn the_address_of_a_machine_that_is_named_by_it_is_marked() {
        let expected = format!("node=peer-192.0.2.7 {RECORD}");
        for text in [RECORD.to_string(), format!("node=192.0.2.7 {RECORD}"), format!("node= {RECORD}")] {
            let line = line("node=192.0.2.7 ", &text);
            assert!(line.starts_with("node=peer-192.0.2.7 "), "{line}");
            assert!(text.starts_with("node= ") || line == expected, "{line}");
        }
    }

    #[test]
    fn no_text_becomes_a_line_that_looks_like_one_of_this_machine() {
        let odd = [
            "",
            " ",
            "node=",
            "node= type=LOGIN msg=",
            "node=here",
            "node=here\ttype=LOGIN",
            "node=here\x01 type=LOGIN",
            "node=here\n type=LOGIN",
            " node=here type=LOGIN",
            "NODE=here type=LOGIN",
            "node=\x1bhere type=LOGIN",
            "x\nnode=here type=LOGIN msg=audit(1.000:2): a",
            "x\rtype=LOGIN",
            "x\0type=LOGIN",
            "\x1dtype=LOGIN",
        ];
        for text in odd {
            for own in ["", "node=here "] {
                let line = line(own, text);
                assert!(line.starts_with("node=192.0.2.7 "), "{text:?} {line:?}");
                assert!(!line.contains(['\n', '\r', '\0', '\x1b', '\x7f']), "{text:?} {line:?}");
            }
        }
    }

    #[test]
    fn a_tab_and_the_first_mark_of_enrichment_stay_and_other_controls_become_spaces() {
        let text = "node=there type=USER msg=audit(1.000:2): a\tb\x07c\u{e9}\x1dUID=\"x\"\x1dtype=LOGIN\x7f";
        let expected = "node=there type=USER msg=audit(1.000:2): a\tb c\u{e9}\x1dUID=\"x\" type=LOGIN ";
        assert_eq!(line("", text), expected);
    }

    #[test]
    fn whatever_the_bytes_are_the_line_names_another_node_and_no_control_byte_is_left() {
        // Pieces that matter, put together in any order by a fixed sequence of numbers.
        let pieces: [&[u8]; 12] = [
            b"node=",
            b"here",
            b"HERE",
            b" ",
            b"\n",
            b"\0",
            b"\x1d",
            b"\t",
            b"type=LOGIN",
            b" msg=audit(1.000:2): ",
            b"\xff\xfe",
            b"\x1b[",
        ];
        let mut dice = Dice(1);
        let mut next = |most: usize| dice.roll(most);
        for _ in 0..20_000 {
            let text: Vec<u8> = (0..next(8)).flat_map(|_| pieces[next(pieces.len())].to_vec()).collect();
            for own in [&b""[..], b"node=here ", b"node=192.0.2.7 "] {
                let mut line = Vec::new();
                let (prefix_len, raw_len) = push(&mut line, own, PEER, &text);
                let (node, _) = split_node(&line);
                let node = node.unwrap_or_else(|| panic!("{text:?} becomes {line:?}"));
                let is_ours = [b"node=", node, b" "].concat().eq_ignore_ascii_case(own);
                assert!(!is_ours, "{text:?} becomes {line:?}");
                assert!(prefix_len <= raw_len && raw_len <= line.len());
                let allowed = |at: usize, byte: u8| byte == b'\t' || byte == ENRICHED && at == raw_len;
                assert!(
                    line.iter().enumerate().all(|(at, byte)| !byte.is_ascii_control() || allowed(at, *byte)),
                    "{line:?}"
                );
            }
        }
    }

    #[test]
    fn the_type_is_found_whether_a_node_is_named_or_not() {
        assert_eq!(record_type(RECORD.as_bytes()), b"LOGIN");
        assert_eq!(record_type(b"node=x type=EOE msg="), b"EOE");
        assert_eq!([record_type(b""), record_type(b"node=x"), record_type(b"hello type=A")], [b""; 3]);
    }
}
