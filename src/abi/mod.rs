//! The kernel's audit interface as Rust values: netlink header, message types, the structures they carry, and the signals
//! by which the daemon is told what to do.
//!
//! Follows linux/netlink.h and linux/audit.h (KERNEL: 6.12). Everything is native endian. Encoding and decoding walk the
//! bytes field by field; nothing is transmuted, nothing trusts a length it was told.

pub mod rule;
mod signal;
mod status;

pub use signal::Signal;
pub use status::{Features, SignalInfo, Status, features, mask};

/// Bytes of `struct nlmsghdr`.
pub const HEADER_SIZE: usize = 16;
/// Largest payload of one audit message, MAX_AUDIT_MESSAGE_LENGTH.
pub const MAX_PAYLOAD: usize = 8970;
/// An id that was never set: loginuid, session, uid or gid.
pub const UNSET: u32 = u32::MAX;

/// Message types of the netlink layer and the audit commands. What records may be called is in `tables`.
pub mod kind {
    /// NLMSG_NOOP.
    pub const NOOP: u16 = 1;
    /// NLMSG_ERROR: acknowledges a request; carries 0, a negative errno, or a positive value.
    pub const ERROR: u16 = 2;
    /// NLMSG_DONE: the end of a list.
    pub const DONE: u16 = 3;
    /// AUDIT_GET: ask for [`super::Status`].
    pub const GET: u16 = 1000;
    /// AUDIT_SET: change what the mask of [`super::Status`] names.
    pub const SET: u16 = 1001;
    /// AUDIT_USER: a message from user space, of the oldest kind.
    pub const USER: u16 = 1005;
    /// AUDIT_LOGIN: the kernel's record of a changed loginuid.
    pub const LOGIN: u16 = 1006;
    /// AUDIT_SIGNAL_INFO: who sent the audit daemon its last signal.
    pub const SIGNAL_INFO: u16 = 1010;
    /// AUDIT_ADD_RULE.
    pub const ADD_RULE: u16 = 1011;
    /// AUDIT_DEL_RULE.
    pub const DEL_RULE: u16 = 1012;
    /// AUDIT_LIST_RULES: answered by one message a rule and [`DONE`].
    pub const LIST_RULES: u16 = 1013;
    /// AUDIT_TRIM: drop watched trees that are gone.
    pub const TRIM: u16 = 1014;
    /// AUDIT_MAKE_EQUIV: watch one tree as another.
    pub const MAKE_EQUIV: u16 = 1015;
    /// AUDIT_TTY_GET.
    pub const TTY_GET: u16 = 1016;
    /// AUDIT_TTY_SET.
    pub const TTY_SET: u16 = 1017;
    /// AUDIT_SET_FEATURE.
    pub const SET_FEATURE: u16 = 1018;
    /// AUDIT_GET_FEATURE: ask for [`super::Features`].
    pub const GET_FEATURE: u16 = 1019;
    /// AUDIT_FIRST_USER_MSG: first type user space may send.
    pub const FIRST_USER: u16 = 1100;
    /// AUDIT_CRYPTO_KEY_USER: a key was made or destroyed.
    #[cfg(feature = "tls")]
    pub const CRYPTO_KEY_USER: u16 = 2404;
    /// AUDIT_CRYPTO_SESSION: a connection was protected.
    #[cfg(feature = "tls")]
    pub const CRYPTO_SESSION: u16 = 2407;
    /// AUDIT_DAEMON_START: first of the types the daemon itself writes.
    pub const DAEMON_START: u16 = 1200;
    /// AUDIT_DAEMON_END.
    pub const DAEMON_END: u16 = 1201;
    /// AUDIT_DAEMON_ABORT.
    pub const DAEMON_ABORT: u16 = 1202;
    /// AUDIT_DAEMON_CONFIG.
    pub const DAEMON_CONFIG: u16 = 1203;
    /// AUDIT_DAEMON_ROTATE.
    pub const DAEMON_ROTATE: u16 = 1205;
    /// AUDIT_DAEMON_RESUME.
    pub const DAEMON_RESUME: u16 = 1206;
    /// AUDIT_DAEMON_ACCEPT.
    pub const DAEMON_ACCEPT: u16 = 1207;
    /// AUDIT_DAEMON_CLOSE.
    pub const DAEMON_CLOSE: u16 = 1208;
    /// AUDIT_DAEMON_ERR.
    pub const DAEMON_ERR: u16 = 1209;
    /// Last type the daemon itself writes.
    pub const LAST_DAEMON: u16 = 1299;
    /// AUDIT_EOE: the end of a multi-record event.
    pub const EOE: u16 = 1320;
    /// AUDIT_REPLACE: the kernel asks an older daemon whether it still lives.
    pub const REPLACE: u16 = 1329;
}

/// `struct nlmsghdr`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Length the sender claims, header included. Audit events sent to the daemon leave the header out (KERNEL: all).
    pub length: u32,
    /// Message type.
    pub kind: u16,
    /// NLM_F_* flags.
    pub flags: u16,
    /// Number of the request this belongs to; 0 for events.
    pub sequence: u32,
    /// Port of the sender as the sender states it.
    pub port: u32,
}

/// NLM_F_REQUEST | NLM_F_ACK: what every request carries.
pub const REQUEST_WITH_ACK: u16 = 5;

impl Header {
    /// Reads the header off the front of a datagram; `None` when it is too short.
    pub fn decode(datagram: &[u8]) -> Option<Header> {
        Some(Header {
            length: u32_at(datagram, 0)?,
            kind: u16_at(datagram, 4)?,
            flags: u16_at(datagram, 6)?,
            sequence: u32_at(datagram, 8)?,
            port: u32_at(datagram, 12)?,
        })
    }

    /// The header's bytes.
    pub fn encode(&self) -> [u8; HEADER_SIZE] {
        let mut bytes = [0; HEADER_SIZE];
        bytes[0..4].copy_from_slice(&self.length.to_ne_bytes());
        bytes[4..6].copy_from_slice(&self.kind.to_ne_bytes());
        bytes[6..8].copy_from_slice(&self.flags.to_ne_bytes());
        bytes[8..12].copy_from_slice(&self.sequence.to_ne_bytes());
        bytes[12..16].copy_from_slice(&self.port.to_ne_bytes());
        bytes
    }
}

/// One request as it goes to the kernel: header, payload, zeros up to a multiple of four.
pub fn encode_request(kind: u16, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let length = HEADER_SIZE + payload.len().next_multiple_of(4);
    let header = Header { length: length as u32, kind, flags: REQUEST_WITH_ACK, sequence, port: 0 };
    let mut bytes = Vec::with_capacity(length);
    bytes.extend_from_slice(&header.encode());
    bytes.extend_from_slice(payload);
    bytes.resize(length, 0);
    bytes
}

/// The payload of a received datagram.
///
/// Replies to commands are trusted to their stated length as far as the datagram goes. Events state a length without the
/// header (KERNEL: unicast to the daemon, all versions) or with it (multicast), so for them the datagram itself counts.
pub fn payload<'a>(header: &Header, datagram: &'a [u8]) -> &'a [u8] {
    let is_reply = header.kind < kind::USER || (kind::SIGNAL_INFO..=kind::GET_FEATURE).contains(&header.kind);
    let end = if is_reply { datagram.len().min(header.length as usize) } else { datagram.len() };
    datagram.get(HEADER_SIZE..end).unwrap_or_default()
}

/// The native-endian number at `offset`.
pub fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    let end = offset.checked_add(4)?;
    bytes.get(offset..end)?.try_into().ok().map(u32::from_ne_bytes)
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    let end = offset.checked_add(2)?;
    bytes.get(offset..end)?.try_into().ok().map(u16::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_padded_to_four_and_says_so() {
        let bytes = encode_request(kind::ADD_RULE, 7, b"abcde");
        assert_eq!(bytes.len(), 24);
        assert_eq!(Header::decode(&bytes), Some(Header { length: 24, kind: 1011, flags: 5, sequence: 7, port: 0 }));
        assert_eq!(&bytes[16..], b"abcde\0\0\0");
    }

    #[test]
    fn a_short_datagram_has_no_header() {
        assert_eq!(Header::decode(&[0; 15]), None);
    }

    #[test]
    fn an_event_is_as_long_as_its_datagram() {
        let mut datagram = Header { length: 5, kind: 1300, flags: 0, sequence: 0, port: 0 }.encode().to_vec();
        datagram.extend_from_slice(b"audit");
        let header = Header::decode(&datagram).unwrap();
        assert_eq!(payload(&header, &datagram), b"audit");
    }

    #[test]
    fn a_reply_is_as_long_as_it_says_but_never_longer_than_it_is() {
        let mut datagram =
            Header { length: 26, kind: kind::SIGNAL_INFO, flags: 0, sequence: 1, port: 0 }.encode().to_vec();
        datagram.extend_from_slice(b"0123456789--");
        let header = Header::decode(&datagram).unwrap();
        assert_eq!(payload(&header, &datagram), b"0123456789");
        assert_eq!(payload(&Header { length: u32::MAX, ..header }, &datagram), b"0123456789--");
        assert_eq!(payload(&Header { length: 3, ..header }, &datagram), b"");
    }
}
