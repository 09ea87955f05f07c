//! The end that connects: ClientHello; then ServerHello, EncryptedExtensions and Finished of the server; then our Finished.

use super::connection::Connection;
use super::hello::{self, ENCRYPTED_EXTENSIONS, FINISHED, SERVER_HELLO};
use super::schedule::{self, Secret};
use super::{Alert, Psk, Seed, Suite, TlsError};
use x25519_dalek::{PublicKey, StaticSecret};

/// What is waited for.
enum Stage {
    ServerHello(Secret, StaticSecret),
    /// With the handshake secret, and the traffic secrets of client and server.
    EncryptedExtensions(Suite, [Secret; 3]),
    Finished(Suite, [Secret; 3]),
    Open,
}

/// See the module.
pub struct Client {
    /// What is sent and received.
    pub connection: Connection,
    suites: Vec<Suite>,
    stage: Stage,
}

impl Client {
    /// Begins: the first message is in the output. `identity` is the name of the key at the other end ([`super::is_identity`]).
    pub fn new(identity: &[u8], psk: &Psk, suites: &[Suite], seed: Seed) -> Client {
        let mut connection = Connection::new(true);
        let secret = StaticSecret::from(*seed.secret);
        let early = schedule::early(psk);
        let mut hello = hello::client_hello(&seed.random, suites, PublicKey::from(&secret).as_bytes(), identity);
        let binder = schedule::finished(&schedule::binder(&early), &Connection::hash_of(&hello));
        hello::push_binder(&mut hello, &binder);
        connection.push_messages(&hello);
        Client { connection, suites: suites.to_vec(), stage: Stage::ServerHello(early, secret) }
    }

    /// Takes a piece of what has come, and appends the data in it.
    ///
    /// # Errors
    /// The connection is of no more use; what is in the output should still be sent. Data that came before the mistake are in `plain`.
    pub fn receive(&mut self, piece: &[u8], plain: &mut Vec<u8>) -> Result<(), TlsError> {
        self.connection.feed(piece)?;
        loop {
            let taken = match self.connection.next_message(plain) {
                Ok(None) => return Ok(()),
                Ok(Some(message)) => self.take(&message),
                Err(error) => Err(error),
            };
            taken.map_err(|error| self.connection.failed(error))?;
        }
    }

    fn take(&mut self, message: &[u8]) -> Result<(), TlsError> {
        let connection = &mut self.connection;
        let message_type = message.first().copied().unwrap_or_default();
        self.stage = match (std::mem::replace(&mut self.stage, Stage::Open), message_type) {
            (Stage::ServerHello(early, secret), SERVER_HELLO) => {
                let (suite, share) = hello::parse_server_hello(message, &self.suites)?;
                let shared = secret.diffie_hellman(&PublicKey::from(share));
                if !shared.was_contributory() {
                    return Err(TlsError::Local(Alert::IllegalParameter, "sends a key share that anybody knows"));
                }
                connection.note(message);
                let secret = schedule::handshake(&early, shared.as_bytes());
                let of = |label| schedule::derive(&secret, label, &connection.hash());
                let (client, server) = (of(b"c hs traffic"), of(b"s hs traffic"));
                connection.read_with(suite, server.clone())?;
                Stage::EncryptedExtensions(suite, [secret, client, server])
            }
            (Stage::EncryptedExtensions(suite, secrets), ENCRYPTED_EXTENSIONS) => {
                hello::check_encrypted_extensions(message)?;
                connection.note(message);
                Stage::Finished(suite, secrets)
            }
            (Stage::Finished(suite, [secret, client, server]), FINISHED) => {
                let proof = message.get(hello::MESSAGE_HEADER..).unwrap_or_default();
                if !schedule::is_finished(&server, &connection.hash(), proof) {
                    return Err(TlsError::Local(Alert::DecryptError, "does not prove that it has the key"));
                }
                connection.note(message);
                let (master, hash) = (schedule::master(&secret), connection.hash());
                connection.read_with(suite, schedule::derive(&master, b"s ap traffic", &hash))?;
                let proof = schedule::finished(&client, &hash);
                connection.write_with(suite, client);
                connection.push_messages(&hello::message(FINISHED, &proof[..]));
                connection.write_with(suite, schedule::derive(&master, b"c ap traffic", &hash));
                connection.open();
                Stage::Open
            }
            _ => return Err(TlsError::Local(Alert::UnexpectedMessage, "sends a message that it must not")),
        };
        Ok(())
    }
}
