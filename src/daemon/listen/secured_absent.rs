//! Without the cargo feature `tls`: no peer is under TLS, and auditd.conf that asks for it is refused where it is read.

use crate::config::auditd::Config;
use crate::daemon::context::Context;
use crate::remote::wire::Message;
use core::net::SocketAddr;
use std::convert::Infallible;
use std::os::fd::OwnedFd;

/// Never comes.
pub(in crate::daemon) type Seeded = Infallible;

pub(super) fn draw(_: &OwnedFd) -> Option<Seeded> {
    None
}

/// Never happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TlsFault;

impl TlsFault {
    pub(super) fn words(self) -> (&'static str, String) {
        ("", String::new())
    }
}

/// There is none.
pub(super) struct Secured(Infallible);

impl Secured {
    pub(super) fn wanted(_: &Config, _: SocketAddr) -> Option<Secured> {
        None
    }

    pub(super) fn changes(_: &Config, _: &Config) -> bool {
        false
    }

    pub(super) fn begin(&mut self, _: &Config, _: Seeded) -> Result<(), TlsFault> {
        match self.0 {}
    }

    pub(super) fn late(&self) -> TlsFault {
        match self.0 {}
    }

    pub(super) fn revoked(&self, _: &Config) -> Option<TlsFault> {
        match self.0 {}
    }

    pub(super) fn is_open(&self) -> bool {
        match self.0 {}
    }

    pub(super) fn is_ended(&self) -> bool {
        match self.0 {}
    }

    pub(super) fn receive(&mut self, _: &Config, _: &[u8], _: &mut Vec<u8>, _: &mut Vec<u8>) -> Result<(), TlsFault> {
        match self.0 {}
    }

    pub(super) fn record_open(&mut self, _: &mut Context, _: SocketAddr) -> bool {
        match self.0 {}
    }

    pub(super) fn record_failure(&self, _: &mut Context, _: SocketAddr, _: &str) {
        match self.0 {}
    }

    pub(super) fn record_end(&self, _: &mut Context, _: SocketAddr) {
        match self.0 {}
    }

    pub(super) fn seal(&mut self, _: &Message<'_>, _: &mut Vec<u8>) {
        match self.0 {}
    }

    pub(super) fn close(&mut self, _: &mut Vec<u8>) {
        match self.0 {}
    }
}
