//! A connection to the collector under TLS: what lies between the messages and the socket.

use crate::abi::kind;
use crate::config::remote::Remote;
use crate::host::tls_files;
use crate::remote::wire;
use crate::sys::netlink::{AuditSocket, NetlinkError};
use crate::sys::{errno, process, sockets};
use crate::tls::Client;
use crate::tls::audit::{self, Ends, Program};
use std::os::fd::OwnedFd;

/// Whether the key can be used.
///
/// # Errors
/// A sentence.
pub(super) fn check(config: &Remote) -> Result<(), String> {
    tls_files::load_key(&config.tls.psk_file).map(drop)
}

/// See the module.
pub(super) struct Secured {
    tls: Client,
    /// The addresses, once the kernel has been told of the config.tls.
    ends: Option<Ends>,
}

impl Secured {
    /// Begins: the first bytes are in the output.
    ///
    /// # Errors
    /// A sentence: the key cannot be used any more.
    pub(super) fn begin(config: &Remote) -> Result<Secured, String> {
        let psk = tls_files::load_key(&config.tls.psk_file)?;
        let tls = Client::new(config.tls.psk_identity.as_bytes(), &psk, &config.tls.suites(), tls_files::seed()?);
        Ok(Secured { tls, ends: None })
    }

    /// What is to be written to the socket.
    pub(super) fn output(&mut self) -> &mut Vec<u8> {
        self.tls.connection.output()
    }

    /// Takes what has come, and appends what it says.
    ///
    /// # Errors
    /// A sentence: the connection is of no more use.
    pub(super) fn receive(&mut self, piece: &[u8], plain: &mut Vec<u8>) -> Result<(), String> {
        self.tls.receive(piece, plain).map_err(|error| error.to_string())?;
        match self.tls.connection.is_ended() {
            true => Err("the collector has closed it".to_string()),
            false => Ok(()),
        }
    }

    /// Whether both ends have proven that they have the key.
    pub(super) fn is_open(&self) -> bool {
        self.tls.connection.is_open()
    }

    /// Protects these messages. COMPAT: each is a record of TLS.
    pub(super) fn seal(&mut self, mut messages: &[u8]) {
        while !messages.is_empty() {
            let (first, rest) = messages.split_at_checked(wire::first_length(messages)).unwrap_or((messages, &[]));
            self.tls.connection.send(first);
            messages = rest;
        }
    }

    /// Tells the kernel's audit of the keys of a connection that is open.
    ///
    /// # Errors
    /// A sentence: without these records the connection may not be used. COMPAT: as the reference.
    pub(super) fn announce(&mut self, socket: &OwnedFd) -> Result<(), String> {
        let failed = |reason: String| ["the records of its keys cannot be written: ", &reason].concat();
        let ends = sockets::ends(socket).map_err(|error| failed(crate::sys::error_reason(&error)))?;
        let ends = Ends { local: ends.0, remote: ends.1 };
        let Some(suite) = self.tls.connection.suite() else { return Ok(()) };
        for body in audit::opened(suite, ends, Program { pid: process::id(), exe: &program() }) {
            tell(kind::CRYPTO_SESSION, &body).map_err(|error| failed(error.to_string()))?;
        }
        self.ends = Some(ends);
        Ok(())
    }

    /// Says that nothing more will come, as far as the socket takes that at once, and tells the kernel's audit that the keys are gone.
    pub(super) fn end(mut self, socket: Option<&OwnedFd>) {
        self.tls.connection.close();
        if let Some(socket) = socket {
            let _ = sockets::send(socket, self.output());
        }
        if let Some(ends) = self.ends {
            // The connection is gone whatever comes of it.
            let _ =
                tell(kind::CRYPTO_KEY_USER, &audit::destroyed(ends, Program { pid: process::id(), exe: &program() }));
        }
    }
}

fn program() -> Vec<u8> {
    process::executed_path().unwrap_or_else(|| b"?".to_vec())
}

/// Sends a record to the kernel, which adds who we are. A kernel without audit has nobody to tell.
fn tell(kind: u16, body: &str) -> Result<(), NetlinkError> {
    match AuditSocket::open() {
        Err(error) if matches!(error.errno(), errno::EPROTONOSUPPORT | errno::EAFNOSUPPORT) => Ok(()),
        Err(error) => Err(error),
        // The kernel takes the last byte for the end of the text.
        Ok(mut socket) => socket.request(kind, &[body.as_bytes(), b"\0"].concat()).map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::wire::{Message, MessageType};
    use crate::tls::{Psk, Seed, Server, Suite};
    use std::sync::Arc;

    #[test]
    fn each_of_the_messages_that_wait_is_a_record() {
        let psk = Arc::new(Psk::parse(&[b'7'; 64]).unwrap());
        let suites = [Suite::Aes128Gcm];
        let mut server = Server::new(&suites, Seed::new(&mut [1; Seed::SIZE]));
        let mut secured =
            Secured { tls: Client::new(b"web", &psk, &suites, Seed::new(&mut [2; Seed::SIZE])), ends: None };
        let mut plain = Vec::new();
        while !secured.is_open() || !secured.output().is_empty() {
            let hello = std::mem::take(secured.output());
            server.receive(&hello, &mut |_| Some(Arc::clone(&psk)), &mut plain).unwrap();
            let answer = std::mem::take(server.connection.output());
            secured.receive(&answer, &mut plain).unwrap();
        }

        let mut messages = Vec::new();
        for sequence in 1..=32 {
            let body = vec![b'x'; sequence as usize * 250];
            Message { message_type: MessageType::MESSAGE, sequence, is_repeated: false, body: &body }
                .push(&mut messages);
        }
        secured.seal(&messages);
        let sealed = std::mem::take(secured.output());
        let mut records = 0;
        let mut rest = &sealed[..];
        while let &[_, _, _, high, low, ref after @ ..] = rest {
            rest = &after[usize::from(u16::from_be_bytes([high, low]))..];
            records += 1;
        }
        assert_eq!((records, rest.len()), (32, 0));
        server.receive(&sealed, &mut |_| None, &mut plain).unwrap();
        assert!(plain == messages);
    }
}
