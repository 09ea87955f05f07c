//! A peer's connection under TLS: its handshake, and what lies between its messages and the socket after it.
//!
//! Nothing of a peer that has not proven its key is kept but what one handshake needs, nor written down but that it failed.

use crate::config::auditd::Config;
use crate::config::tls::Transport;
use crate::daemon::context::Context;
use crate::host::tls_files;
use crate::remote::wire::Message;
use crate::sys::sockets;
use crate::tls::audit::{self, Ends, Program};
use crate::tls::{Seed, Server, TlsError};
use core::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// What [`super::PeerOrder::Seed`] brings: randomness for a connection, and our address of it; none when that cannot be had.
pub(in crate::daemon) type Seeded = Option<(Box<Seed>, SocketAddr)>;

/// Carries out [`super::PeerOrder::Seed`].
pub(super) fn draw(socket: &OwnedFd) -> Option<Seeded> {
    let seed = tls_files::seed().ok();
    Some(
        seed.zip(sockets::ends(socket).ok())
            .map(|(seed, (local, _))| (Box::new(seed), SocketAddr::new(local.ip().to_canonical(), local.port()))),
    )
}

/// Why a peer is sent away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TlsFault {
    /// Its handshake has failed, for this reason.
    Handshake(&'static str),
    /// Its handshake was not over in time.
    Late,
    /// What it sent after that was wrong, in this way.
    Record(TlsError),
    /// It may not connect any more.
    Revoked,
}

impl TlsFault {
    /// What the record and the system log say of it.
    pub(super) fn words(self) -> (&'static str, String) {
        match self {
            TlsFault::Handshake(reason) => (reason, ["its TLS handshake has failed: ", reason].concat()),
            TlsFault::Late => ("handshake-timeout", "its TLS handshake was not over in time".to_string()),
            TlsFault::Record(error) => ("tls", error.to_string()),
            TlsFault::Revoked => ("identity-revoked", "its identity may not connect any more".to_string()),
        }
    }
}

/// See the module.
pub(super) struct Secured {
    /// None before there is randomness for it.
    server: Option<Server>,
    local: SocketAddr,
    /// Why its identity has no key.
    denied: &'static str,
    /// It is written down that it is open.
    is_recorded: bool,
}

impl Secured {
    /// For a new connection, if it must be under TLS.
    pub(super) fn wanted(config: &Config, address: SocketAddr) -> Option<Secured> {
        let is_wanted = config.transport == Transport::Tls;
        is_wanted.then_some(Secured { server: None, local: address, denied: "", is_recorded: false })
    }

    /// Whether connections must or must not be under TLS other than before.
    pub(super) fn changes(old: &Config, new: &Config) -> bool {
        old.transport != new.transport
    }

    /// There is randomness: the handshake may begin.
    ///
    /// # Errors
    /// There is none, so the peer is sent away.
    pub(super) fn begin(&mut self, config: &Config, seeded: Seeded) -> Result<(), TlsFault> {
        let (seed, local) = seeded.ok_or(TlsFault::Handshake("session-setup-failed"))?;
        (self.server, self.local) = (Some(Server::new(&config.tls.suites(), *seed)), local);
        Ok(())
    }

    /// Why the peer is sent away when its handshake is not over in time.
    pub(super) fn late(&self) -> TlsFault {
        TlsFault::Late
    }

    /// Whether the peer has proven that it has the key, and that is written down.
    pub(super) fn is_open(&self) -> bool {
        self.is_recorded
    }

    /// Whether the peer has said that nothing more will come.
    pub(super) fn is_ended(&self) -> bool {
        self.server.as_ref().is_some_and(|server| server.connection.is_ended())
    }

    /// Takes what has come, and appends what it says, if anything; what is to be sent goes to `out`.
    ///
    /// # Errors
    /// Why the peer is sent away.
    pub(super) fn receive(
        &mut self,
        config: &Config,
        bytes: &[u8],
        plain: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Result<(), TlsFault> {
        let Some(server) = &mut self.server else { return Err(TlsFault::Handshake("session-setup-failed")) };
        let was_open = server.connection.is_open();
        let denied = &mut self.denied;
        let result = server.receive(
            bytes,
            &mut |identity| {
                let key = config.tls_clients.key_of(identity);
                key.map(Arc::clone).map_err(|reason| *denied = reason).ok()
            },
            plain,
        );
        out.append(server.connection.output());
        match result {
            Ok(()) => Ok(()),
            Err(error) if was_open => Err(TlsFault::Record(error)),
            Err(TlsError::NO_SUITE) => Err(TlsFault::Handshake("no-matching-cipher")),
            Err(TlsError::NO_KEY) => Err(TlsFault::Handshake("no-psk-identity")),
            Err(TlsError::WRONG_KEY) if !self.denied.is_empty() => Err(TlsFault::Handshake(self.denied)),
            Err(_) => Err(TlsFault::Handshake("handshake-error")),
        }
    }

    /// Writes down that the connection is open, once it is. True at that moment.
    pub(super) fn record_open(&mut self, ctx: &mut Context, peer: SocketAddr) -> bool {
        let Some(server) = self.server.as_ref().filter(|server| server.connection.is_open()) else { return false };
        let Some(suite) = server.connection.suite().filter(|_| !self.is_recorded) else { return false };
        self.is_recorded = true;
        for body in audit::opened(suite, self.ends(peer), program(ctx)) {
            ctx.own_record(crate::abi::kind::CRYPTO_SESSION, body.as_bytes());
        }
        self.record(ctx, peer, "success", "success");
        true
    }

    /// Writes down that the handshake has failed.
    pub(super) fn record_failure(&self, ctx: &mut Context, peer: SocketAddr, reason: &str) {
        self.record(ctx, peer, "no", reason);
    }

    fn record(&self, ctx: &mut Context, peer: SocketAddr, result: &str, reason: &str) {
        let server = self.server.as_ref();
        // It is one that is known, or else nothing that a stranger chose.
        let identity = server.and_then(Server::client).map_or("?", |client| client.0);
        let suite = server.and_then(|server| server.connection.suite());
        let (version, cipher, group) = match suite {
            Some(suite) => ("TLSv1.3", suite.name(), "X25519"),
            None => ("none", "none", "unknown"),
        };
        let identity: String = identity.chars().take(LONGEST_IDENTITY).collect();
        let profile = crate::config::Choice::word(&ctx.config.tls.profile);
        let body = format!(
            "op=tls-accept res={result} role=collector addr={} port={} id={identity} profile={profile} reason={reason} auth=psk \
             tls_version={version} cipher={cipher} group={group}",
            peer.ip(),
            peer.port()
        );
        ctx.own_record(crate::abi::kind::DAEMON_ACCEPT, body.as_bytes());
    }

    /// Writes down that the keys of a connection are gone.
    pub(super) fn record_end(&self, ctx: &mut Context, peer: SocketAddr) {
        let body = audit::destroyed(self.ends(peer), program(ctx));
        ctx.own_record(crate::abi::kind::CRYPTO_KEY_USER, body.as_bytes());
    }

    /// Why the peer is sent away when it may not connect any more with the key that it has named.
    pub(super) fn revoked(&self, config: &Config) -> Option<TlsFault> {
        let (identity, psk) = self.server.as_ref().and_then(Server::client)?;
        (config.tls_clients.key_of(identity.as_bytes()) != Ok(psk)).then_some(TlsFault::Revoked)
    }

    /// Protects a message. COMPAT: it is a record of TLS.
    pub(super) fn seal(&mut self, message: &Message<'_>, out: &mut Vec<u8>) {
        let Some(server) = &mut self.server else { return };
        let mut bytes = Vec::new();
        message.push(&mut bytes);
        server.connection.send(&bytes);
        out.append(server.connection.output());
    }

    /// Says that nothing more will come.
    pub(super) fn close(&mut self, out: &mut Vec<u8>) {
        if let Some(server) = &mut self.server {
            server.connection.close();
            out.append(server.connection.output());
        }
    }

    fn ends(&self, remote: SocketAddr) -> Ends {
        Ends { local: self.local, remote }
    }
}

/// COMPAT: so much of an identity stands in a record.
const LONGEST_IDENTITY: usize = 128;

fn program<'c>(ctx: &'c Context) -> Program<'c> {
    Program { pid: ctx.identity.pid, exe: &ctx.identity.program }
}
