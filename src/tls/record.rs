//! Records (RFC 8446, section 5): five bytes of header and a fragment, in clear or protected by the keys of one direction.

use super::schedule::{self, Secret};
use super::{Alert, Suite, TlsError};
use aes_gcm::{AeadInOut, Aes128Gcm, KeyInit};
use chacha20poly1305::ChaCha20Poly1305;
use zeroize::Zeroizing;

/// Bytes of a header.
pub(super) const HEADER: usize = 5;
/// Bytes of the longest fragment.
pub(super) const MAX_FRAGMENT: usize = 1 << 14;
/// Bytes of the longest protected one: with its type, padding, and tag.
const MAX_PROTECTED: usize = MAX_FRAGMENT + 256;
/// Bytes of the tag.
const TAG: usize = 16;

/// Types of records.
pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const DATA: u8 = 23;

/// Records of one key, after which it gives way to a new one: RFC 8446, section 5.5 allows 2^24.5 of AES-GCM.
const MOST_RECORDS: u64 = 1 << 24;

/// Appends a record in clear.
pub(super) fn push_clear(record_type: u8, fragment: &[u8], out: &mut Vec<u8>) {
    push_header(record_type, fragment.len(), out);
    out.extend_from_slice(fragment);
}

fn push_header(record_type: u8, length: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&[record_type, 3, 3]);
    out.extend_from_slice(&(length as u16).to_be_bytes());
}

/// A record: its type, its header, and its fragment, which may be decrypted where it is.
pub(super) type Record<'a> = (u8, [u8; HEADER], &'a mut [u8]);

/// Cuts bytes that arrive in any pieces into records. Holds the piece that was fed last and one record at most.
#[derive(Default)]
pub(super) struct Records {
    buffer: Vec<u8>,
    /// What of the buffer was given out.
    used: usize,
}

impl Records {
    /// Takes a piece, when no whole record is left of those before.
    pub(super) fn feed(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
    }

    /// The next whole record.
    ///
    /// # Errors
    /// The bytes are no record, as soon as that can be known.
    pub(super) fn next(&mut self) -> Result<Option<Record<'_>>, TlsError> {
        let waiting = self.buffer.get(self.used..).unwrap_or_default();
        // What does not begin like a record is another protocol, and would be waited for in vain.
        let (first, second) = (waiting.first().copied(), waiting.get(1).copied());
        if first.is_some_and(|byte| !(CHANGE_CIPHER_SPEC..=DATA).contains(&byte))
            || second.is_some_and(|byte| byte != 3)
        {
            return Err(TlsError::Local(Alert::DecodeError, "does not speak TLS"));
        }
        let header = waiting.first_chunk::<HEADER>().copied();
        let length = header.map_or(0, |header| usize::from(u16::from_be_bytes([header[3], header[4]])));
        let most = if first == Some(DATA) { MAX_PROTECTED } else { MAX_FRAGMENT };
        if length > most {
            return Err(TlsError::Local(Alert::RecordOverflow, "sends a record that is too long"));
        }
        let (Some(header), true) = (header, waiting.len() >= HEADER + length) else {
            if self.used > 0 {
                self.buffer = waiting.to_vec();
                self.used = 0;
            }
            return Ok(None);
        };
        let start = self.used + HEADER;
        self.used = start + length;
        Ok(Some((header[0], header, self.buffer.get_mut(start..self.used).unwrap_or_default())))
    }
}

enum Cipher {
    Aes128Gcm(Box<Aes128Gcm>),
    ChaCha20Poly1305(ChaCha20Poly1305),
}

/// The keys of one direction.
pub(super) struct Protection {
    suite: Suite,
    secret: Secret,
    cipher: Cipher,
    iv: Zeroizing<[u8; 12]>,
    /// Records since the last change of the keys.
    sequence: u64,
}

impl Protection {
    /// The keys of a secret.
    pub(super) fn new(suite: Suite, secret: Secret) -> Protection {
        let mut iv = Zeroizing::new([0; 12]);
        schedule::expand_label(&secret, b"iv", b"", &mut iv[..]);
        let cipher = match suite {
            Suite::Aes128Gcm => {
                let mut key = Zeroizing::new([0; 16]);
                schedule::expand_label(&secret, b"key", b"", &mut key[..]);
                Cipher::Aes128Gcm(Box::new(Aes128Gcm::new((&*key).into())))
            }
            Suite::ChaCha20Poly1305 => {
                let mut key = Zeroizing::new([0; 32]);
                schedule::expand_label(&secret, b"key", b"", &mut key[..]);
                Cipher::ChaCha20Poly1305(ChaCha20Poly1305::new((&*key).into()))
            }
        };
        Protection { suite, secret, cipher, iv, sequence: 0 }
    }

    /// Goes on to the next keys (RFC 8446, section 7.2).
    pub(super) fn update(&mut self) {
        let mut next = Secret::default();
        schedule::expand_label(&self.secret, b"traffic upd", b"", &mut next[..]);
        *self = Protection::new(self.suite, next);
    }

    /// Whether it is time for that.
    pub(super) fn is_worn(&self) -> bool {
        self.sequence >= MOST_RECORDS
    }

    #[cfg(test)]
    pub(super) fn wear(&mut self) {
        self.sequence = MOST_RECORDS;
    }

    /// The nonce of the next record.
    fn next_nonce(&mut self) -> [u8; 12] {
        let mut nonce = *self.iv;
        let sequence = self.sequence.to_be_bytes();
        nonce.iter_mut().skip(4).zip(sequence).for_each(|(byte, of_sequence)| *byte ^= of_sequence);
        self.sequence += 1;
        nonce
    }

    /// Appends a protected record of one fragment, of [`MAX_FRAGMENT`] bytes at most.
    pub(super) fn seal(&mut self, record_type: u8, fragment: &[u8], out: &mut Vec<u8>) {
        let header = out.len();
        push_header(DATA, fragment.len() + 1 + TAG, out);
        let start = out.len();
        out.extend_from_slice(fragment);
        out.push(record_type);
        let nonce = self.next_nonce();
        let tag = out.split_at_mut_checked(start).and_then(|(before, text)| {
            let header = before.get(header..)?;
            let sealed = match &self.cipher {
                Cipher::Aes128Gcm(cipher) => cipher.encrypt_inout_detached((&nonce).into(), header, text.into()),
                Cipher::ChaCha20Poly1305(cipher) => cipher.encrypt_inout_detached((&nonce).into(), header, text.into()),
            };
            sealed.ok()
        });
        match tag {
            Some(tag) => out.extend_from_slice(&tag),
            // Only of a text that is far longer than any fragment; nothing goes out in clear.
            None => out.truncate(header),
        }
    }

    /// Decrypts the fragment of a protected record where it is: its true type, and the bytes.
    ///
    /// # Errors
    /// It was not protected with these keys, or is too long, or has no type.
    pub(super) fn open<'a>(&mut self, header: &[u8], fragment: &'a mut [u8]) -> Result<(u8, &'a [u8]), TlsError> {
        const BAD: TlsError =
            TlsError::Local(Alert::BadRecordMac, "sends a record that is not protected by the right key");
        let nonce = self.next_nonce();
        let end = fragment.len().checked_sub(TAG).ok_or(BAD)?;
        let (text, tag) = fragment.split_at_mut_checked(end).ok_or(BAD)?;
        let tag: &[u8; TAG] = (&*tag).try_into().map_err(|_| BAD)?;
        let opened = match &self.cipher {
            Cipher::Aes128Gcm(cipher) => {
                cipher.decrypt_inout_detached((&nonce).into(), header, (&mut *text).into(), tag.into())
            }
            Cipher::ChaCha20Poly1305(cipher) => {
                cipher.decrypt_inout_detached((&nonce).into(), header, (&mut *text).into(), tag.into())
            }
        };
        opened.map_err(|_| BAD)?;
        if text.len() > MAX_FRAGMENT + 1 {
            return Err(TlsError::Local(Alert::RecordOverflow, "sends a record that is too long"));
        }
        // Padding is zeros after the type.
        let end = text.iter().rposition(|byte| *byte != 0);
        let parts = end.and_then(|end| text.get(..end).zip(text.get(end)));
        let none = TlsError::Local(Alert::UnexpectedMessage, "sends a record without a type");
        parts.map(|(bytes, record_type)| (*record_type, bytes)).ok_or(none)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(suite: Suite) -> (Protection, Protection) {
        let new = || Protection::new(suite, Secret::new([5; 32]));
        (new(), new())
    }

    fn read(records: &mut Records) -> Result<Option<(u8, usize)>, TlsError> {
        records.next().map(|record| record.map(|(record_type, _, fragment)| (record_type, fragment.len())))
    }

    #[test]
    fn what_is_sealed_is_opened_once_in_its_order_and_with_its_header() {
        for suite in Suite::ALL {
            let (mut writer, mut reader) = pair(suite);
            let mut out = Vec::new();
            for fragment in [&b"one"[..], b"", &[7; MAX_FRAGMENT]] {
                writer.seal(DATA, fragment, &mut out);
            }
            let mut records = Records::default();
            records.feed(&out);
            for expected in [&b"one"[..], b"", &[7; MAX_FRAGMENT]] {
                let (_, header, fragment) = records.next().unwrap().unwrap();
                let mut again = fragment.to_vec();
                assert_eq!(reader.open(&header, fragment), Ok((DATA, expected)));
                assert!(reader.open(&header, &mut again).is_err(), "a record that is repeated");
                reader.sequence -= 1;
            }
            assert_eq!(records.next().unwrap(), None);
            assert_eq!(records.buffer.len(), 0, "nothing is kept between records");
            writer.update();
            reader.update();
            for (at, byte) in [(0, 22), (2, 1), (3, 9), (5, 0), (12, 0)] {
                let mut sealed = Vec::new();
                writer.seal(DATA, b"text", &mut sealed);
                sealed[at] ^= 1 + byte;
                let (header, fragment) = sealed.split_at_mut(HEADER);
                assert!(reader.open(header, fragment).is_err(), "byte {at}");
            }
        }
    }

    #[test]
    fn padding_is_taken_off_and_a_record_of_padding_alone_is_refused() {
        let (mut writer, mut reader) = pair(Suite::Aes128Gcm);
        for (record_type, fragment, expected) in [
            (0, &b"text\x17\0\0"[..], Ok((DATA, &b"text"[..]))),
            (0, b"\0\0\x15", Ok((ALERT, b"\0\0"))),
            (0, b"\0\0", Err(Alert::UnexpectedMessage)),
            (DATA, &[1; MAX_FRAGMENT + 1], Err(Alert::RecordOverflow)),
        ] {
            let mut sealed = Vec::new();
            writer.seal(record_type, fragment, &mut sealed);
            let (header, fragment) = sealed.split_at_mut(HEADER);
            let opened = reader.open(header, fragment);
            assert_eq!(
                opened.map_err(|error| if let TlsError::Local(alert, _) = error { alert } else { panic!() }),
                expected
            );
        }
    }

    #[test]
    fn another_protocol_and_a_record_that_is_too_long_are_refused_by_their_first_bytes() {
        for (bytes, alert) in [
            (&b"\xfe"[..], Alert::DecodeError),
            (b"GET / HTTP/1.1", Alert::DecodeError),
            (b"\x16\x02", Alert::DecodeError),
            (b"\x16\x03\x01\x40\x01", Alert::RecordOverflow),
            (b"\x17\x03\x03\x41\x01", Alert::RecordOverflow),
        ] {
            let mut records = Records::default();
            records.feed(bytes);
            let error = read(&mut records).unwrap_err();
            assert!(matches!(error, TlsError::Local(found, _) if found == alert), "{bytes:?}: {error}");
            assert_eq!(read(&mut records).unwrap_err(), error, "again");
        }
    }

    #[test]
    fn records_come_whole_in_pieces_of_any_size() {
        let mut out = Vec::new();
        push_clear(HANDSHAKE, b"hello", &mut out);
        push_clear(ALERT, b"", &mut out);
        push_clear(CHANGE_CIPHER_SPEC, &[1; 1000], &mut out);
        for size in 1..out.len() {
            let (mut records, mut all) = (Records::default(), Vec::new());
            for piece in out.chunks(size) {
                records.feed(piece);
                while let Some(record) = read(&mut records).unwrap() {
                    all.push(record);
                }
                assert!(records.buffer.len() <= HEADER + 1000 + size);
            }
            assert_eq!(all, [(HANDSHAKE, 5), (ALERT, 0), (CHANGE_CIPHER_SPEC, 1000)]);
        }
    }
}
