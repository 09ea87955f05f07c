//! The line of a record: `type=NAME msg=audit(...): ...`, with `node=NAME ` in front of it where a node is set.

use crate::abi::{MAX_PAYLOAD, kind};
use crate::record::{ENRICHED, RecordType};
use memchr::memchr2;

/// Longest text of a record without and with a node. COMPAT: the reference's buffers.
const LONGEST: usize = MAX_PAYLOAD - 32;
const LONGEST_WITH_NODE: usize = 9193;

/// Whether a netlink message is not a record: netlink's own types, answers to commands, and types only the daemon may use.
pub(in crate::daemon) fn is_control(message: u16) -> bool {
    matches!(
        message,
        kind::NOOP..=kind::DONE
            | kind::GET
            | kind::SET
            | 1007..=1019
            | kind::DAEMON_START..=kind::LAST_DAEMON
            | kind::REPLACE
    )
}

/// Record types whose prefix is cached. The types of one event differ in their last four bits.
const CACHED: usize = 16;

/// The beginnings of lines: `node=NAME type=NAME msg=`.
#[derive(Default)]
pub struct PrefixCache {
    node: Vec<u8>,
    /// Types with their prefixes, at the index of the type's last bits; empty where none was asked for yet.
    prefixes: [(u16, Vec<u8>); CACHED],
}

impl PrefixCache {
    /// Sets what `node=` says; nothing for an empty name.
    pub fn set_node(&mut self, name: &str) {
        *self = PrefixCache::default();
        if !name.is_empty() {
            self.node = [b"node=", name.as_bytes(), b" "].concat();
        }
    }

    /// How every line begins: `node=NAME `, or nothing.
    pub(in crate::daemon) fn node(&self) -> &[u8] {
        &self.node
    }

    /// Appends a record as one line, without its newline. A newline inside becomes a space, so that it begins no second
    /// record; a byte 0x1D, which would begin the looked-up names, becomes a question mark, which separates nothing: the name of
    /// a network device may hold that byte, but no space. A newline at the end is dropped.
    /// Returns where in `out` the text begins.
    pub fn push_line(&mut self, out: &mut Vec<u8>, message: u16, text: &[u8]) -> usize {
        let text = text.strip_suffix(b"\0").unwrap_or(text);
        let text = text.strip_suffix(b"\n").or(text.strip_suffix(b" ")).unwrap_or(text);
        let longest = if self.node.is_empty() { LONGEST } else { LONGEST_WITH_NODE };
        out.extend_from_slice(self.prefix(message));
        let start = out.len();
        out.extend_from_slice(text.get(..longest).unwrap_or(text));
        let body = out.get_mut(start..).unwrap_or_default();
        if memchr2(b'\n', ENRICHED, body).is_some() {
            for byte in body {
                *byte = match *byte {
                    b'\n' => b' ',
                    ENRICHED => b'?',
                    other => other,
                };
            }
        }
        start
    }

    fn prefix(&mut self, message: u16) -> &[u8] {
        let (cached, prefix) = &mut self.prefixes[usize::from(message) % CACHED];
        if *cached != message || prefix.is_empty() {
            *cached = message;
            prefix.clear();
            prefix.extend_from_slice(&self.node);
            prefix.extend_from_slice(b"type=");
            RecordType(u32::from(message)).print(prefix);
            prefix.extend_from_slice(b" msg=");
        }
        prefix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(node: &str, message: u16, text: &str) -> String {
        let (mut prefixes, mut out) = (PrefixCache::default(), Vec::new());
        prefixes.set_node(node);
        prefixes.push_line(&mut out, message, text.as_bytes());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_record_is_type_and_text() {
        assert_eq!(line("", 1300, "audit(1.000:2): a=b"), "type=SYSCALL msg=audit(1.000:2): a=b");
        assert_eq!(line("x", 1300, "audit(1.000:2): "), "node=x type=SYSCALL msg=audit(1.000:2):");
        assert_eq!(line("", 1999, "audit(1.000:2): a"), "type=UNKNOWN[1999] msg=audit(1.000:2): a");
    }

    #[test]
    fn types_that_share_a_place_have_heads_of_their_own() {
        let (mut prefixes, mut out) = (PrefixCache::default(), Vec::new());
        for message in [0, 1300, 1316, 1300, 16] {
            prefixes.push_line(&mut out, message, b"a");
            out.push(b' ');
        }
        prefixes.set_node("x");
        prefixes.push_line(&mut out, 1300, b"a");
        let text = "type=UNKNOWN[0] msg=a type=SYSCALL msg=a type=KERNEL_OTHER msg=a type=SYSCALL msg=a type=UNKNOWN[16] msg=a ";
        assert_eq!(String::from_utf8(out).unwrap(), format!("{text}node=x type=SYSCALL msg=a"));
    }

    #[test]
    fn newlines_never_make_a_second_line() {
        assert_eq!(line("", 1300, "a\nb\n"), "type=SYSCALL msg=a b");
        assert_eq!(line("", 1300, "a\nb "), "type=SYSCALL msg=a b");
        assert_eq!(line("", 1112, "a msg='\x1dUID=\"root\"'"), "type=USER_LOGIN msg=a msg='?UID=\"root\"'");
    }

    #[test]
    fn text_beyond_the_longest_is_cut() {
        assert_eq!(line("", 1300, &"x".repeat(9000)).len(), 17 + 8938);
    }

    #[test]
    fn control_messages_are_no_records() {
        for message in [1, 2, 3, 1000, 1001, 1007, 1010, 1019, 1200, 1299, 1329] {
            assert!(is_control(message), "{message}");
        }
        for message in [1005, 1006, 1100, 1300, 1320, 1400, 1999, 2000] {
            assert!(!is_control(message), "{message}");
        }
    }
}
