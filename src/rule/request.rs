//! The netlink request that a step comes down to.

use super::codec::encode;
use super::command::Step;
use crate::abi::rule::TEXT;
use crate::abi::{Status, kind, mask};
use crate::text::hex;

/// A message for the kernel, not yet sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Message type.
    pub kind: u16,
    /// What follows the netlink header.
    pub payload: Vec<u8>,
    /// How many bytes at the start of the payload are numbers of four bytes, in the byte order of this machine.
    numbers: usize,
}

impl Request {
    /// The request of a step that is one and needs no answer read first; `None` for the others.
    pub fn of(step: &Step) -> Option<Request> {
        let status = |mask| Status { mask, ..Status::default() }.encode().to_vec();
        let (kind, payload, numbers) = match step {
            Step::Set(settings) => (kind::SET, settings.encode().to_vec(), Status::SIZE),
            Step::ResetLost => (kind::SET, status(mask::LOST), Status::SIZE),
            Step::ResetWaitTime => (kind::SET, status(mask::BACKLOG_WAIT_TIME_ACTUAL), Status::SIZE),
            Step::SetFeature(features) => (kind::SET_FEATURE, features.encode().to_vec(), 16),
            Step::AddRule(rule) => (kind::ADD_RULE, encode(rule), TEXT),
            Step::DeleteRule(rule) => (kind::DEL_RULE, encode(rule), TEXT),
            Step::Trim => (kind::TRIM, Vec::new(), 0),
            Step::MakeEquivalent { mount, subtree } => {
                let lengths = [mount.len() as u32, subtree.len() as u32].map(u32::to_ne_bytes).concat();
                (kind::MAKE_EQUIV, [&lengths[..], mount, subtree].concat(), 8)
            }
            _ => return None,
        };
        Some(Request { kind, payload, numbers })
    }

    /// The record that -m writes: the text and who says it. `terminal` is a name below /dev, `host` the name of this
    /// machine, told when there is a terminal.
    pub fn message(text: &[u8], program: Option<&[u8]>, host: Option<&str>, terminal: Option<&str>) -> Request {
        let mut payload = [b"text=", text, b" exe="].concat();
        push_name(program.unwrap_or(b"?"), &mut payload);
        for (name, value) in [(" hostname=", host), (" addr=", None), (" terminal=", terminal)] {
            payload.extend_from_slice(name.as_bytes());
            payload.extend_from_slice(value.unwrap_or("?").as_bytes());
        }
        payload.extend_from_slice(b" res=success\0");
        Request { kind: kind::USER, payload, numbers: 0 }
    }

    /// The payload as it would be on a machine of the given byte order, filled up with zeros as netlink wants it.
    pub fn payload_for(&self, is_little_endian: bool) -> Vec<u8> {
        let mut payload = self.payload.clone();
        payload.resize(payload.len().next_multiple_of(4), 0);
        if is_little_endian != cfg!(target_endian = "little") {
            payload[..self.numbers].chunks_exact_mut(4).for_each(<[u8]>::reverse);
        }
        payload
    }
}

/// A name in a record: in quotes, or in hex when it has bytes that would end it.
fn push_name(name: &[u8], out: &mut Vec<u8>) {
    if name.iter().all(|b| matches!(b, 0x21..=0x7e) && *b != b'"') {
        out.push(b'"');
        out.extend_from_slice(name);
        out.push(b'"');
    } else {
        hex::encode(name, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_turn_round_for_the_other_byte_order_and_texts_do_not() {
        let step = Step::MakeEquivalent { mount: b"/a".to_vec(), subtree: b"/bc".to_vec() };
        let request = Request::of(&step).unwrap();
        assert_eq!(request.kind, 1015);
        assert_eq!(request.payload_for(true), b"\x02\0\0\0\x03\0\0\0/a/bc\0\0\0");
        assert_eq!(request.payload_for(false), b"\0\0\0\x02\0\0\0\x03/a/bc\0\0\0");
    }

    #[test]
    fn a_message_says_who_speaks() {
        let request = Request::message(b"hello", Some(b"/sbin/auditctl"), Some("box"), Some("pts/1"));
        let expected = "text=hello exe=\"/sbin/auditctl\" hostname=box addr=? terminal=pts/1 res=success\0";
        assert_eq!(String::from_utf8_lossy(&request.payload), expected);
        let nobody = Request::message(b"x", Some(b"/a b"), None, None);
        assert_eq!(&nobody.payload, b"text=x exe=2F612062 hostname=? addr=? terminal=? res=success\0");
    }

    #[test]
    fn steps_that_ask_are_no_plain_requests() {
        assert_eq!(Request::of(&Step::ShowStatus { interpret: false, features: true }), None);
        assert_eq!(Request::of(&Step::DeleteAll { key: Vec::new() }), None);
        let trim = Request::of(&Step::Trim).unwrap();
        assert_eq!((trim.kind, trim.payload.len()), (1014, 0));
    }
}
