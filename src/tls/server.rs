//! The end that listens: a ClientHello, whose key is found and proven before anything else is believed; then ServerHello,
//! EncryptedExtensions and Finished; then the client's Finished.

use super::connection::Connection;
use super::hello::{self, CLIENT_HELLO, ENCRYPTED_EXTENSIONS, FINISHED};
use super::schedule::{self, Secret};
use super::{Alert, Psk, Seed, Suite, TlsError};
use std::sync::Arc;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// Finds the key of an identity; `None` for one that may not connect.
pub type FindKey<'a> = dyn FnMut(&[u8]) -> Option<Arc<Psk>> + 'a;

/// What is waited for.
enum Stage {
    ClientHello(Seed),
    /// With the handshake secret of the client, and the traffic secret that follows it.
    Finished(Suite, [Secret; 2]),
    Open,
}

/// See the module.
pub struct Server {
    /// What is sent and received.
    pub connection: Connection,
    suites: Vec<Suite>,
    stage: Stage,
    client: Option<(String, Arc<Psk>)>,
}

impl Server {
    /// Waits for a client.
    pub fn new(suites: &[Suite], seed: Seed) -> Server {
        Server {
            connection: Connection::new(false),
            suites: suites.to_vec(),
            stage: Stage::ClientHello(seed),
            client: None,
        }
    }

    /// The identity that the client names and its key, once there is one. It has proven that it knows the key when the connection is
    /// open, and not before.
    pub fn client(&self) -> Option<(&str, &Arc<Psk>)> {
        self.client.as_ref().map(|(identity, psk)| (identity.as_str(), psk))
    }

    /// Takes a piece of what has come, and appends the data in it.
    ///
    /// # Errors
    /// The connection is of no more use; what is in the output should still be sent. Data that came before the mistake are in `plain`.
    pub fn receive(&mut self, piece: &[u8], find: &mut FindKey<'_>, plain: &mut Vec<u8>) -> Result<(), TlsError> {
        self.connection.feed(piece)?;
        loop {
            let taken = match self.connection.next_message(plain) {
                Ok(None) => return Ok(()),
                Ok(Some(message)) => self.take(&message, find),
                Err(error) => Err(error),
            };
            taken.map_err(|error| self.connection.failed(error))?;
        }
    }

    fn take(&mut self, message: &[u8], find: &mut FindKey<'_>) -> Result<(), TlsError> {
        let message_type = message.first().copied().unwrap_or_default();
        self.stage = match (std::mem::replace(&mut self.stage, Stage::Open), message_type) {
            (Stage::ClientHello(seed), CLIENT_HELLO) => self.answer(seed, message, find)?,
            (Stage::Finished(suite, [handshake, traffic]), FINISHED) => {
                let proof = message.get(hello::MESSAGE_HEADER..).unwrap_or_default();
                if !schedule::is_finished(&handshake, &self.connection.hash(), proof) {
                    return Err(TlsError::Local(Alert::DecryptError, "does not prove that it has the key"));
                }
                self.connection.read_with(suite, traffic)?;
                self.connection.open();
                Stage::Open
            }
            _ => return Err(TlsError::Local(Alert::UnexpectedMessage, "sends a message that it must not")),
        };
        Ok(())
    }

    /// Answers a ClientHello. For an identity that is not known a proof is looked at too, with a key that nobody has: the
    /// answer comes in the same time, and is the same.
    fn answer(&mut self, seed: Seed, message: &[u8], find: &mut FindKey<'_>) -> Result<Stage, TlsError> {
        let hello = hello::parse_client_hello(message, &self.suites)?;
        let known = (0_u16..).zip(&hello.keys).find_map(|(at, (identity, binder))| {
            let name = str::from_utf8(identity).ok().filter(|_| super::is_identity(identity))?;
            Some((at, name, *binder, find(identity)?))
        });
        let is_known = known.is_some();
        let (selected, name, binder, psk) = known.unwrap_or_else(|| {
            let binder = hello.keys.first().map_or(&b""[..], |key| key.1);
            (0, "", binder, Arc::new(Psk(Zeroizing::new(seed.secret.to_vec()))))
        });
        let early = schedule::early(&psk);
        let hash = Connection::hash_of(message.get(..hello.proven).unwrap_or_default());
        let is_proven = schedule::is_finished(&schedule::binder(&early), &hash, binder);
        if is_known {
            self.client = Some((name.to_string(), psk));
        }
        if !is_known || !is_proven {
            return Err(TlsError::WRONG_KEY);
        }
        let connection = &mut self.connection;
        let secret = StaticSecret::from(*seed.secret);
        let shared = secret.diffie_hellman(&PublicKey::from(hello.share));
        if !shared.was_contributory() {
            return Err(TlsError::Local(Alert::IllegalParameter, "sends a key share that anybody knows"));
        }
        connection.note(message);
        let share = PublicKey::from(&secret);
        let (suite, session_id) = (hello.suite, hello.session_id);
        connection.push_messages(&hello::server_hello(&seed.random, session_id, suite, share.as_bytes(), selected));
        // Who names a session wants to look like older versions.
        if !session_id.is_empty() {
            connection.push_change();
        }
        let secret = schedule::handshake(&early, shared.as_bytes());
        let of = |label| schedule::derive(&secret, label, &connection.hash());
        let (client, server) = (of(b"c hs traffic"), of(b"s hs traffic"));
        connection.read_with(suite, client.clone())?;
        connection.write_with(suite, server.clone());
        // One record has both; the proof is over the first.
        let extensions = hello::message(ENCRYPTED_EXTENSIONS, &[0, 0]);
        let proof = schedule::finished(&server, &connection.hash_with(&extensions));
        connection.push_messages(&[&extensions[..], &hello::message(FINISHED, &proof[..])].concat());
        let (master, hash) = (schedule::master(&secret), connection.hash());
        connection.write_with(suite, schedule::derive(&master, b"s ap traffic", &hash));
        Ok(Stage::Finished(suite, [client, schedule::derive(&master, b"c ap traffic", &hash)]))
    }
}
