//! What auditd does at its start when an early daemon owns the kernel's events, or has left its trace.

use super::super::run::Runner;
use super::kept::KeptRecords;
use super::{HandOver, LENGTH, NAME, PATIENCE, TAKEN};
use crate::config::Level;
use crate::host::paths::Paths;
use crate::sys::files;
use crate::sys::netlink::{AuditSocket, Batch, NetlinkError};
use crate::sys::poll::can_read;
use crate::sys::process::ProcessHandle;
use crate::sys::{clock, errno, handover, sockets};
use std::os::fd::{AsFd, OwnedFd};

/// Seconds that the kernel has for its record that we are the audit daemon. Where auditing is off there is none.
const REGISTRATION: i64 = 2;
/// SIGKILL of signal(7).
const KILL: i32 = 9;

/// Whether the kernel's audit daemon is an early one.
pub(in crate::daemon) fn is_early(owner: i32) -> bool {
    connect(owner).is_some()
}

fn connect(owner: i32) -> Option<OwnedFd> {
    handover::connect(NAME).ok().filter(|socket| handover::peer(socket) == Some(owner))
}

/// Takes note of an early daemon that is gone and has handed nothing over.
pub(in crate::daemon) fn look_for_trace(runner: &mut Runner, paths: &Paths) {
    if files::remove_file(paths.early_file()).is_ok() && owner(runner).is_none_or(|owner| !is_early(owner)) {
        runner
            .driver
            .executor
            .logger
            .log(Level::Error, "The early audit daemon has died, and what it had kept is lost");
        runner.driver.core.early_daemon_died();
    }
}

fn owner(runner: &mut Runner) -> Option<i32> {
    runner.driver.executor.control.status().ok().map(|status| status.pid as i32)
}

/// Becomes the kernel's audit daemon in the place of an early one, to which the kernel has just said that we want that, with all it has
/// kept. One that does not do its part in time is ended, and with it goes what it did not give away.
pub(in crate::daemon) fn take_over(runner: &mut Runner) -> Result<(), NetlinkError> {
    let Some((owner, early)) = owner(runner).and_then(|owner| Some((owner, connect(owner)?))) else {
        return Err(NetlinkError::Refused(errno::EEXIST));
    };
    let driver = &mut runner.driver;
    let Some((events, kept, said)) = receive(&early) else {
        end(owner);
        let text = format!("The early audit daemon, pid {owner}, did not answer; what it had kept is lost");
        driver.executor.logger.log(Level::Error, &text);
        driver.core.early_daemon_died();
        return runner.register();
    };
    (runner.events, runner.kept) = (Some(events), Some(kept));
    let text = format!("Took over {} records from the early audit daemon, pid {owner}", said.kept);
    driver.executor.logger.log(Level::Info, &text);
    driver.core.record_hand_over(owner, &said);
    driver.perform_all();
    let mut registered = runner.register();
    take_up_to_registration(runner);
    if registered == Err(NetlinkError::Refused(errno::EEXIST)) {
        // It died before it had told the kernel, to which the socket stands for it.
        let events = AuditSocket::open()?;
        events.ignore_overruns()?;
        runner.events = Some(events);
        registered = runner.register();
    }
    registered
}

/// Takes what the kernel has sent up to the record of our own registration, which comes after everything that it held back; then it is
/// known what there is a copy of alone.
fn take_up_to_registration(runner: &mut Runner) {
    let (Some(events), Some(kept)) = (&runner.events, &mut runner.kept) else { return };
    let _ = events.take_copies(false);
    let mut batch = Batch::default();
    let end = clock::monotonic().seconds + REGISTRATION;
    while !kept.is_registered && clock::monotonic().seconds < end {
        can_read(events.as_fd(), PATIENCE / 10);
        if events.receive(&mut batch).is_err() {
            break;
        }
        kept.append(&batch);
    }
    kept.keep_copies();
    runner.driver.core.lose_kept(kept.lost, (0, 0));
}

fn receive(early: &OwnedFd) -> Option<(AuditSocket, KeptRecords, HandOver)> {
    let mut message = [0; LENGTH];
    if !can_read(early.as_fd(), PATIENCE) {
        return None;
    }
    let (length, carried) = handover::receive(early, &mut message).ok()?;
    let said = HandOver::decode(message.get(..length)?)?;
    let [events, records] = <[OwnedFd; 2]>::try_from(carried).ok()?;
    sockets::send(early, TAKEN).ok()?;
    // It ends, and the connection with it, once the kernel knows that it is no more the audit daemon.
    let has_ended = can_read(early.as_fd(), PATIENCE) && sockets::receive(early, &mut [0]).ok() == Some(0);
    has_ended.then(|| (AuditSocket::inherited(events), KeptRecords::new(records.into()), said))
}

fn end(owner: i32) {
    if let Ok(process) = ProcessHandle::open(owner) {
        let _ = process.signal(KILL);
        process.ends_within(PATIENCE);
    }
}
