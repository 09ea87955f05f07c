//! The listener of a build without the cargo feature `listener`: it has the shape of `daemon::listen`, and nobody ever connects.
//! auditd.conf that asks for a listener is refused where it is read.

use super::context::Context;
use super::log::{Intake, Reply};
use super::report::{Line, Value};
use crate::config::auditd::Config;
use std::convert::Infallible;
use std::marker::PhantomData;

/// Nothing ever happens.
#[derive(Debug)]
pub enum PeerEvent<'a> {
    /// Has no value.
    Never(Infallible, PhantomData<&'a u8>),
}

/// Nothing is ever to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum PeerOrder {}

/// Listens to nobody.
#[derive(Default)]
pub(super) struct Listener {}

impl Listener {
    pub(super) fn start(&mut self, _: &mut Context) {}

    pub(super) fn is_listening(&self) -> bool {
        false
    }

    pub(super) fn handle(&mut self, _: &mut Context, event: PeerEvent<'_>, _: Intake) {
        match event {
            PeerEvent::Never(never, _) => match never {},
        }
    }

    pub(super) fn answer(&mut self, _: &mut Context, _: Reply) {}

    pub(super) fn tick(&mut self, _: &mut Context) {}

    pub(super) fn due(&self) -> Option<i64> {
        None
    }

    pub(super) fn adopt(&mut self, _: &mut Context, _: &Config) {}

    pub(super) fn stop(&mut self, _: &mut Context) {}

    pub(super) fn report(&self, lines: &mut Vec<Line>) {
        lines.push(Line::new("listening for network connections", Value::Flag(false)));
    }
}

pub(super) mod sockets {
    //! No sockets.

    use super::{Config, Listener, PeerEvent, PeerOrder};
    use std::os::fd::OwnedFd;

    pub(in crate::daemon) const PIECE: usize = 0;
    pub(in crate::daemon) const EVENTS_A_TURN: usize = 1;

    /// None.
    #[derive(Default)]
    pub(in crate::daemon) struct Sockets {}

    impl Sockets {
        pub(in crate::daemon) fn descriptor(&self) -> Option<&OwnedFd> {
            None
        }

        pub(in crate::daemon) fn look(&mut self) -> bool {
            false
        }

        pub(in crate::daemon) fn next_event<'a>(&mut self, _: &'a mut [u8; PIECE]) -> Option<PeerEvent<'a>> {
            None
        }

        pub(in crate::daemon) fn perform(
            &mut self,
            order: PeerOrder,
            _: &Config,
            _: &Listener,
        ) -> Option<PeerEvent<'static>> {
            match order {}
        }
    }
}
