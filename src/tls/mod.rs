//! A small profile of TLS 1.3 (RFC 8446) for records between machines, of the cargo feature `tls`: both ends know a key beforehand
//! (an external PSK, always with x25519: `psk_dhe_ke`), the suites are TLS_AES_128_GCM_SHA256 and TLS_CHACHA20_POLY1305_SHA256, and
//! that is all. No certificates, no second ClientHello (HelloRetryRequest), no early data, no tickets.
//!
//! Pure: bytes in, bytes out. Who runs a [`Client`] or a [`Server`] moves the bytes between it and a socket, hands in the
//! randomness as a [`Seed`], finds the keys, and limits the time. The other end is not trusted in anything before its Finished
//! message: what is kept of it is bounded, and every mistake ends the connection with an alert.
//!
//! `record` cuts and protects records, `schedule` derives the keys, `hello` reads and writes the hello messages, [`Connection`]
//! is what both ends have in common. [`acl`] is the file that says who may connect, [`clients`] who may after all, [`audit`] what
//! is recorded about connections.

pub mod acl;
pub mod audit;
mod client;
pub mod clients;
mod connection;
mod hello;
mod record;
mod schedule;
mod server;
#[cfg(test)]
mod tests;

pub use client::Client;
pub use connection::Connection;
pub use server::{FindKey, Server};

use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// How records are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// AES with 128 bits in Galois counter mode.
    Aes128Gcm,
    /// ChaCha20 with Poly1305.
    ChaCha20Poly1305,
}

impl Suite {
    /// All of them, in the order in which a client offers them. COMPAT: that of the reference.
    pub const ALL: [Suite; 2] = [Suite::Aes128Gcm, Suite::ChaCha20Poly1305];

    /// Its number in RFC 8446, appendix B.4.
    fn id(self) -> u16 {
        match self {
            Suite::Aes128Gcm => 0x1301,
            Suite::ChaCha20Poly1305 => 0x1303,
        }
    }

    /// Its name in RFC 8446, appendix B.4.
    pub fn name(self) -> &'static str {
        match self {
            Suite::Aes128Gcm => "TLS_AES_128_GCM_SHA256",
            Suite::ChaCha20Poly1305 => "TLS_CHACHA20_POLY1305_SHA256",
        }
    }

    /// Bits of its key.
    pub fn key_bits(self) -> usize {
        match self {
            Suite::Aes128Gcm => 128,
            Suite::ChaCha20Poly1305 => 256,
        }
    }

    /// Those that a list of names, separated by colons, allows, in its order. TLS_AES_256_GCM_SHA384 may stand there too, and is never
    /// used: keys that were agreed on beforehand belong to SHA-256.
    ///
    /// # Errors
    /// A sentence: a name is not known, or none is left.
    pub fn parse_list(list: &str) -> Result<Vec<Suite>, String> {
        let mut suites = Vec::new();
        for name in list.split(':') {
            match Suite::ALL.into_iter().find(|suite| suite.name() == name) {
                Some(suite) if !suites.contains(&suite) => suites.push(suite),
                None if name != "TLS_AES_256_GCM_SHA384" => {
                    return Err(["the cipher suite ", name, " is not in this program"].concat());
                }
                _ => {}
            }
        }
        if suites.is_empty() {
            return Err(["no cipher suite of ", list, " can be used"].concat());
        }
        Ok(suites)
    }
}

/// A key that both ends know. Its memory is overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Psk(Zeroizing<Vec<u8>>);

/// Bytes of the shortest key.
const LEAST_KEY: usize = 32;
/// Hexadecimal digits of the longest.
const MOST_DIGITS: usize = 510;

impl Psk {
    /// Reads a key file: its first line is the key in hexadecimal digits, at least 64 and at most 510 of them.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence. Nothing of the key is in it.
    pub fn parse(text: &[u8]) -> Result<Psk, &'static str> {
        let line = crate::text::up_to(text, b'\n');
        let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
        match line {
            [] => return Err("is empty, or its first line is"),
            [.., b'\r'] => return Err("has line ends of Windows (CRLF): write it with a newline alone"),
            _ if line.len() > MOST_DIGITS => return Err("has more than 510 digits in its first line"),
            _ if line.iter().any(|byte| digit(*byte).is_none()) => {
                return Err("has something else than hexadecimal digits in its first line");
            }
            _ if line.len() % 2 != 0 => return Err("has an odd number of hexadecimal digits"),
            _ if line.len() < 2 * LEAST_KEY => return Err("has a key of less than 32 bytes (64 digits)"),
            _ => {}
        }
        let mut key = Zeroizing::new(Vec::with_capacity(line.len() / 2));
        let bytes = line.as_chunks::<2>().0.iter();
        key.extend(bytes.map(|[high, low]| digit(*high).unwrap_or(0) << 4 | digit(*low).unwrap_or(0)));
        Ok(Psk(key))
    }

    fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Psk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Psk")
    }
}

/// Whether this may be the name of a key: 1 to 255 printable bytes of ASCII without a space.
pub fn is_identity(name: &[u8]) -> bool {
    (1..=255).contains(&name.len()) && name.iter().all(u8::is_ascii_graphic)
}

/// The randomness of one connection, from the system's generator: what is seen of it, and what never is.
pub struct Seed {
    random: [u8; 32],
    secret: Zeroizing<[u8; 32]>,
}

impl Seed {
    /// Bytes of randomness that are needed.
    pub const SIZE: usize = 64;

    /// Takes them, and overwrites them.
    pub fn new(bytes: &mut [u8; Seed::SIZE]) -> Seed {
        let (mut random, mut secret) = ([0; 32], Zeroizing::new([0; 32]));
        let (seen, unseen) = bytes.split_at(32);
        random.copy_from_slice(seen);
        secret.copy_from_slice(unseen);
        bytes.zeroize();
        Seed { random, secret }
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed")
    }
}

/// Why a connection is of no more use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsError {
    /// The other end says so, with this alert.
    Peer(u8),
    /// What the other end has sent is wrong. It is told by this alert; the words go on after "it".
    Local(Alert, &'static str),
}

impl TlsError {
    /// The two ends have no cipher suite in common.
    pub const NO_SUITE: TlsError =
        TlsError::Local(Alert::HandshakeFailure, "offers no cipher suite that is allowed here");
    /// The client offers no key.
    pub const NO_KEY: TlsError = TlsError::Local(Alert::HandshakeFailure, "offers no pre-shared key");
    /// The client offers no key that is known, or does not have it. Nobody outside is to know which.
    pub const WRONG_KEY: TlsError = TlsError::Local(Alert::DecryptError, "does not have the key of its identity");
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TlsError::Peer(alert) => write!(f, "the other end has sent the TLS alert {alert} ({})", alert_name(*alert)),
            TlsError::Local(_, words) => write!(f, "TLS: it {words}"),
        }
    }
}

/// What is said to the other end when a connection ends (RFC 8446, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Alert {
    /// All was said.
    CloseNotify = 0,
    /// A message has come where it must not.
    UnexpectedMessage = 10,
    /// A record was not protected with the right key.
    BadRecordMac = 20,
    /// A record is too long.
    RecordOverflow = 22,
    /// Nothing that both ends can do.
    HandshakeFailure = 40,
    /// A value that makes no sense.
    IllegalParameter = 47,
    /// A message whose lengths do not fit.
    DecodeError = 50,
    /// A signature, a binder or a Finished message is wrong.
    DecryptError = 51,
    /// Another version of TLS.
    ProtocolVersion = 70,
    /// Something that must be there is not.
    MissingExtension = 109,
    /// An extension that was not asked for.
    UnsupportedExtension = 110,
}

/// The name of an alert of the other end, where one can come of a connection of this kind.
fn alert_name(number: u8) -> &'static str {
    match number {
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure: no common parameters, or the identity is not known there",
        47 => "illegal_parameter: where OpenSSL says so, it has another key for the identity",
        50 => "decode_error",
        51 => "decrypt_error: it does not know the identity, or has another key for it",
        70 => "protocol_version",
        80 => "internal_error: where OpenSSL says so, it does not know the identity",
        109 => "missing_extension",
        115 => "unknown_psk_identity",
        _ => "another reason",
    }
}
