//! Processes: who we are, who they are, signals to and the end of others (pidfd_open(2), capabilities(7), uname(2), proc(5)).

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use rustix::thread::{CapabilitySet, capabilities};

/// Whether this process may change the audit system: effective CAP_AUDIT_CONTROL.
pub fn can_control_audit() -> bool {
    has_capability(CapabilitySet::AUDIT_CONTROL)
}

/// Whether this process may read the multicast copy of the events: effective CAP_AUDIT_READ.
pub fn can_read_audit() -> bool {
    has_capability(CapabilitySet::AUDIT_READ)
}

fn has_capability(wanted: CapabilitySet) -> bool {
    capabilities(None).is_ok_and(|sets| sets.effective.contains(wanted))
}

/// The machine's name as uname(2) gives it, such as `x86_64`.
pub fn machine() -> String {
    rustix::system::uname().machine().to_string_lossy().into_owned()
}

/// The name of this host, as uname(2) tells it.
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The kernel's release as uname(2) gives it.
pub fn kernel_release() -> String {
    rustix::system::uname().release().to_string_lossy().into_owned()
}

/// Our process id.
pub fn id() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

/// Our effective user id.
pub fn effective_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Login uid of a process, `None` when it cannot be read.
pub fn login_uid(pid: i32) -> Option<u32> {
    number_of(pid, "loginuid")
}

/// Session of a process, `None` when it cannot be read.
pub fn session(pid: i32) -> Option<u32> {
    number_of(pid, "sessionid")
}

fn number_of(pid: i32, file: &str) -> Option<u32> {
    std::fs::read_to_string(format!("/proc/{pid}/{file}")).ok()?.trim().parse().ok()
}

/// The uid that owns a process, `None` when there is no such process.
pub fn owner(pid: i32) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(format!("/proc/{pid}")).ok().map(|m| m.uid())
}

/// The command name of a process (at most 15 bytes), `None` when there is no such process.
pub fn command_name(pid: i32) -> Option<String> {
    let mut name = std::fs::read(format!("/proc/{pid}/comm")).ok()?;
    name.truncate(name.iter().position(|&b| b == b'\n').unwrap_or(name.len()));
    Some(String::from_utf8_lossy(&name).into_owned())
}

/// One process, held so that its number cannot come to mean another one. KERNEL: 5.3.
pub struct ProcessHandle(rustix::fd::OwnedFd);

impl ProcessHandle {
    /// Takes hold of a running process. The error is an errno (ESRCH: no such process).
    pub fn open(pid: i32) -> Result<ProcessHandle, i32> {
        let pid = Pid::from_raw(pid).ok_or(libc::ESRCH)?;
        pidfd_open(pid, PidfdFlags::empty()).map(ProcessHandle).map_err(|e| e.raw_os_error())
    }

    /// Sends a signal by number. The error is an errno.
    pub fn signal(&self, number: i32) -> Result<(), i32> {
        let signal = Signal::from_named_raw(number).ok_or(libc::EINVAL)?;
        pidfd_send_signal(&self.0, signal).map_err(|e| e.raw_os_error())
    }

    /// Waits, however long it takes, until the process has ended.
    pub fn wait(&self) -> Result<(), i32> {
        loop {
            match poll(&mut [PollFd::new(&self.0, PollFlags::IN)], None) {
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(e) => return Err(e.raw_os_error()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_signalled_and_waited_for() {
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let handle = ProcessHandle::open(child.id() as i32).unwrap();
        handle.signal(libc::SIGKILL).unwrap();
        handle.wait().unwrap();
        assert!(!child.wait().unwrap().success());
    }

    #[test]
    fn nobody_has_no_number() {
        assert_eq!(ProcessHandle::open(0).err(), Some(libc::ESRCH));
        assert_eq!(command_name(-1), None);
        assert!(owner(id()).is_some());
    }
}
