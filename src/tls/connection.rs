//! What both ends of a connection have: records in and out, the messages that are cut over them, alerts, new keys, the end.

use super::hello::{self, KEY_UPDATE, MESSAGE_HEADER, NEW_SESSION_TICKET};
use super::record::{self, ALERT, CHANGE_CIPHER_SPEC, DATA, HANDSHAKE, MAX_FRAGMENT, Protection, Records};
use super::schedule::{Hash, Secret};
use super::{Alert, Suite, TlsError};
use sha2::{Digest, Sha256};

/// The longest handshake message that is read. A ClientHello with a key share of every kind has less than 4,000 bytes.
const MAX_MESSAGE: usize = 1 << 14;

/// Records that bring no data (tickets, new keys, empty ones) and may come before one that does.
const MOST_IDLE: u32 = 64;

/// The alert of a user that has changed its mind, which ends nothing.
const USER_CANCELED: u8 = 90;

/// One end of a connection, in clear or protected. See the module.
pub struct Connection {
    records: Records,
    /// Bytes of handshake messages that are not whole.
    messages: Vec<u8>,
    pub(super) reader: Option<Protection>,
    pub(super) writer: Option<Protection>,
    output: Vec<u8>,
    transcript: Sha256,
    suite: Option<Suite>,
    is_client: bool,
    is_open: bool,
    /// A ChangeCipherSpec has come: one may, and says nothing.
    has_changed: bool,
    idle: u32,
    /// The other end has said all.
    is_ended: bool,
    /// All was said to it.
    is_closed: bool,
    failure: Option<TlsError>,
}

impl Connection {
    pub(super) fn new(is_client: bool) -> Connection {
        Connection {
            records: Records::default(),
            messages: Vec::new(),
            reader: None,
            writer: None,
            output: Vec::new(),
            transcript: Sha256::new(),
            suite: None,
            is_client,
            is_open: false,
            has_changed: false,
            idle: 0,
            is_ended: false,
            is_closed: false,
            failure: None,
        }
    }

    /// Whether each end has proven that it knows the key: data can be sent, and what was received is the other end's.
    pub fn is_open(&self) -> bool {
        self.is_open && self.failure.is_none()
    }

    /// Whether the other end has said that nothing more will come.
    pub fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// What the two ends have agreed on.
    pub fn suite(&self) -> Option<Suite> {
        self.suite
    }

    /// What is to be sent to the other end. Whoever has sent some of it takes that off the front.
    pub fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Protects data: one record, if they are no more than 16,384 bytes. Nothing goes out before the connection is open, nor after
    /// its end.
    pub fn send(&mut self, data: &[u8]) {
        if !self.is_open() || self.is_closed {
            return;
        }
        for fragment in data.chunks(MAX_FRAGMENT) {
            if self.writer.as_ref().is_some_and(Protection::is_worn) {
                self.renew(false);
            }
            self.push(DATA, fragment);
        }
    }

    /// Says that nothing more will come.
    pub fn close(&mut self) {
        self.alert(Alert::CloseNotify);
    }

    fn alert(&mut self, alert: Alert) {
        // 2: fatal, as they all are; 1 for an end in peace.
        let level = if alert == Alert::CloseNotify { 1 } else { 2 };
        if !std::mem::replace(&mut self.is_closed, true) {
            self.push(ALERT, &[level, alert as u8]);
        }
    }

    /// Appends a record, protected where keys are known.
    pub(super) fn push(&mut self, record_type: u8, fragment: &[u8]) {
        match &mut self.writer {
            Some(writer) => writer.seal(record_type, fragment, &mut self.output),
            None => record::push_clear(record_type, fragment, &mut self.output),
        }
    }

    /// Sends handshake messages as one record, and takes note of them.
    pub(super) fn push_messages(&mut self, messages: &[u8]) {
        self.transcript.update(messages);
        self.push(HANDSHAKE, messages);
    }

    /// Sends the record that a client of older versions looks for.
    pub(super) fn push_change(&mut self) {
        record::push_clear(CHANGE_CIPHER_SPEC, &[1], &mut self.output);
    }

    /// Takes note of a message that has come.
    pub(super) fn note(&mut self, message: &[u8]) {
        self.transcript.update(message);
    }

    /// The hash of the messages so far.
    pub(super) fn hash(&self) -> Hash {
        self.transcript.clone().finalize().into()
    }

    /// The hash of the messages so far, and this one.
    pub(super) fn hash_with(&self, message: &[u8]) -> Hash {
        self.transcript.clone().chain_update(message).finalize().into()
    }

    /// The hash of these bytes, which come first.
    pub(super) fn hash_of(messages: &[u8]) -> Hash {
        Sha256::digest(messages).into()
    }

    /// From now on the other end's records are protected by this secret.
    ///
    /// # Errors
    /// A message has begun in clear, or with the keys before.
    pub(super) fn read_with(&mut self, suite: Suite, secret: Secret) -> Result<(), TlsError> {
        if !self.messages.is_empty() {
            return Err(TlsError::Local(Alert::UnexpectedMessage, "sends a message over a change of keys"));
        }
        self.suite = Some(suite);
        self.reader = Some(Protection::new(suite, secret));
        Ok(())
    }

    /// From now on our own records are.
    pub(super) fn write_with(&mut self, suite: Suite, secret: Secret) {
        self.writer = Some(Protection::new(suite, secret));
    }

    /// Each end has proven itself.
    pub(super) fn open(&mut self) {
        (self.is_open, self.idle) = (true, 0);
    }

    /// Takes a piece of what has come.
    ///
    /// # Errors
    /// It has failed before.
    pub(super) fn feed(&mut self, piece: &[u8]) -> Result<(), TlsError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        if !self.is_ended {
            self.records.feed(piece);
        }
        Ok(())
    }

    /// Keeps an error: the other end is told, and each later call fails like this one.
    pub(super) fn failed(&mut self, error: TlsError) -> TlsError {
        self.failure = Some(error);
        if let TlsError::Local(alert, _) = error {
            self.alert(alert);
        }
        error
    }

    /// The next whole message of the handshake. Once the connection is open there is none; data are appended to `plain`.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub(super) fn next_message(&mut self, plain: &mut Vec<u8>) -> Result<Option<Vec<u8>>, TlsError> {
        loop {
            while let Some(message) = self.whole_message()? {
                if !self.is_open {
                    return Ok(Some(message));
                }
                self.after_handshake(&message)?;
            }
            if self.is_ended || !self.take_record(plain)? {
                return Ok(None);
            }
        }
    }

    /// A message out of those that are kept.
    fn whole_message(&mut self) -> Result<Option<Vec<u8>>, TlsError> {
        let Some([_, high, middle, low]) = self.messages.first_chunk::<MESSAGE_HEADER>() else { return Ok(None) };
        let length = MESSAGE_HEADER + u32::from_be_bytes([0, *high, *middle, *low]) as usize;
        if length > MAX_MESSAGE {
            return Err(TlsError::Local(Alert::IllegalParameter, "sends a message that is too long"));
        }
        if self.messages.len() < length {
            return Ok(None);
        }
        let rest = self.messages.split_off(length);
        Ok(Some(std::mem::replace(&mut self.messages, rest)))
    }

    /// Takes the next record; false when none is whole.
    fn take_record(&mut self, plain: &mut Vec<u8>) -> Result<bool, TlsError> {
        const UNEXPECTED: TlsError = TlsError::Local(Alert::UnexpectedMessage, "sends a record where it must not");
        let Some((mut record_type, header, fragment)) = self.records.next()? else { return Ok(false) };
        let mut content = &*fragment;
        let is_clear = match &mut self.reader {
            Some(reader) if record_type == DATA => {
                (record_type, content) = reader.open(&header, fragment)?;
                false
            }
            // There are no data in clear, and no messages in clear once there are keys.
            None if record_type == DATA => return Err(UNEXPECTED),
            Some(_) if record_type == HANDSHAKE => return Err(UNEXPECTED),
            _ => true,
        };
        // A message goes on before anything else comes.
        if !self.messages.is_empty() && record_type != HANDSHAKE && !(is_clear && record_type == CHANGE_CIPHER_SPEC) {
            return Err(UNEXPECTED);
        }
        match (record_type, content) {
            (DATA, []) if self.is_open => {}
            (DATA, data) if self.is_open => {
                plain.extend_from_slice(data);
                self.idle = 0;
                return Ok(true);
            }
            (HANDSHAKE, [_, ..]) => self.messages.extend_from_slice(content),
            (CHANGE_CIPHER_SPEC, [1]) if is_clear && !self.is_open && !self.has_changed => self.has_changed = true,
            // Before the end of the handshake the other end may have no keys to say it with.
            (ALERT, [_, alert]) if !is_clear || !self.is_open => match *alert {
                0 => self.is_ended = true,
                USER_CANCELED => {}
                alert => return Err(TlsError::Peer(alert)),
            },
            _ => return Err(UNEXPECTED),
        }
        self.idle += 1;
        if self.idle > MOST_IDLE {
            return Err(TlsError::Local(Alert::UnexpectedMessage, "sends records without end that bring nothing"));
        }
        Ok(true)
    }

    /// A message that comes while data do: a ticket for later, which is of no use here, or new keys.
    fn after_handshake(&mut self, message: &[u8]) -> Result<(), TlsError> {
        match message {
            [NEW_SESSION_TICKET, ..] if self.is_client => Ok(()),
            [KEY_UPDATE, _, _, _, asks @ (0 | 1)] => {
                if !self.messages.is_empty() {
                    return Err(TlsError::Local(Alert::UnexpectedMessage, "sends a message over a change of keys"));
                }
                self.reader.iter_mut().for_each(Protection::update);
                if *asks == 1 && !self.is_closed {
                    self.renew(false);
                }
                Ok(())
            }
            [KEY_UPDATE, ..] => {
                Err(TlsError::Local(Alert::IllegalParameter, "sends a change of keys that says nothing"))
            }
            _ => Err(TlsError::Local(Alert::UnexpectedMessage, "sends a message that it must not")),
        }
    }

    /// Goes on to new keys for what is sent.
    pub(crate) fn renew(&mut self, asks: bool) {
        self.push(HANDSHAKE, &hello::message(KEY_UPDATE, &[u8::from(asks)]));
        self.writer.iter_mut().for_each(Protection::update);
    }
}
