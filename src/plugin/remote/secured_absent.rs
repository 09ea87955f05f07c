//! Without the cargo feature `tls`: no connection is under TLS, and a configuration that asks for one is refused where it is read.

use crate::config::remote::Remote;
use std::convert::Infallible;
use std::os::fd::OwnedFd;

pub(super) fn check(_: &Remote) -> Result<(), String> {
    Ok(())
}

/// There is none.
pub(super) struct Secured(Infallible);

impl Secured {
    pub(super) fn begin(_: &Remote) -> Result<Secured, String> {
        Err(String::new())
    }

    pub(super) fn output(&mut self) -> &mut Vec<u8> {
        match self.0 {}
    }

    pub(super) fn receive(&mut self, _: &[u8], _: &mut Vec<u8>) -> Result<(), String> {
        match self.0 {}
    }

    pub(super) fn is_open(&self) -> bool {
        match self.0 {}
    }

    pub(super) fn seal(&mut self, _: &[u8]) {
        match self.0 {}
    }

    pub(super) fn announce(&mut self, _: &OwnedFd) -> Result<(), String> {
        match self.0 {}
    }

    pub(super) fn end(self, _: Option<&OwnedFd>) {
        match self.0 {}
    }
}
