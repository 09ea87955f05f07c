//! Processes: who we are, who they are, signals to and the end of others (pidfd_open(2), capabilities(7), uname(2), proc(5)).

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{
    DumpableBehavior, Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal, set_dumpable_behavior,
};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, remove_capability_from_bounding_set, set_capabilities,
    set_no_new_privs,
};
use std::ffi::{CStr, OsStr};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

pub use rustix::thread::CapabilitySet as Capabilities;

/// Whether this process may change the audit system: effective CAP_AUDIT_CONTROL.
pub fn can_control_audit() -> bool {
    has_capability(CapabilitySet::AUDIT_CONTROL)
}

/// Whether this process may read the multicast copy of the events: effective CAP_AUDIT_READ.
pub fn can_read_audit() -> bool {
    has_capability(CapabilitySet::AUDIT_READ)
}

/// Tells a service manager that this process is up, by the socket it named (sd_notify(3)); `@` begins an abstract name.
pub fn say_ready(socket: &OsStr) -> std::io::Result<()> {
    let to = match socket.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(b"READY=1", &to).map(drop)
}

/// The open descriptor of this number, which whoever started this process has made for it and for nobody else; what this process
/// starts does not inherit it. None where it is one of the standard streams or not open. Called before any file is opened.
pub fn take_descriptor(number: u32) -> Option<std::fs::File> {
    let number = i32::try_from(number).ok().filter(|number| *number > 2)?;
    // SAFETY: takes numbers and changes a flag of the descriptor; -1 where there is none.
    if unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) } < 0 {
        return None;
    }
    // SAFETY: it is open, and as nothing was opened before, no other part of this program has it.
    Some(unsafe { std::fs::File::from_raw_fd(number) })
}

fn has_capability(wanted: CapabilitySet) -> bool {
    capabilities(None).is_ok_and(|sets| sets.effective.contains(wanted))
}

/// The machine's name as uname(2) gives it, such as `x86_64`.
pub fn machine() -> String {
    rustix::system::uname().machine().to_string_lossy().into_owned()
}

/// The kernel's release as uname(2) gives it.
pub fn kernel_release() -> String {
    rustix::system::uname().release().to_string_lossy().into_owned()
}

/// The path by which the kernel found this program, AT_EXECFN of getauxval(3).
pub fn executed_path() -> Option<Vec<u8>> {
    // SAFETY: takes a number and gives a number; 0 stands for an entry that is not there.
    let address = unsafe { libc::getauxval(libc::AT_EXECFN) } as *const libc::c_char;
    // SAFETY: the kernel has put a NUL-terminated string there, above the stack, where it stays for good.
    (!address.is_null()).then(|| unsafe { CStr::from_ptr(address) }.to_bytes().to_vec())
}

/// Our process id.
pub fn id() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

/// The process that started us, as long as it runs.
pub fn parent() -> i32 {
    rustix::process::getppid().map_or(0, |pid| pid.as_raw_nonzero().get())
}

/// Gives up all capabilities, for good and for the programs we start; `may_control_audit` keeps CAP_AUDIT_CONTROL.
pub fn drop_capabilities(may_control_audit: bool) -> std::io::Result<()> {
    let kept = if may_control_audit { CapabilitySet::AUDIT_CONTROL } else { CapabilitySet::empty() };
    keep_for_programs(kept);
    let sets = CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    Ok(set_capabilities(None, sets)?)
}

/// Gives up, for good and in this thread alone, what is not in `kept`; nobody but root may look into the process from then on.
/// Where it `starts_programs`, these are to have what root has here: it may no longer use that itself, and they get it.
pub fn keep_capabilities(kept: Capabilities, starts_programs: bool) -> std::io::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    let mut sets = capabilities(None)?;
    sets.effective &= kept;
    if !starts_programs {
        sets.permitted &= kept;
        sets.inheritable = CapabilitySet::empty();
        keep_for_programs(kept);
        set_no_new_privs(true)?;
    }
    Ok(set_capabilities(None, sets)?)
}

/// Programs that are started get no more than these, whoever owns their files. Without CAP_SETPCAP nothing happens.
fn keep_for_programs(kept: CapabilitySet) {
    // What is not in the bounding set cannot be removed from it, nor what the kernel does not know.
    for capability in CapabilitySet::all().difference(kept).iter() {
        let _ = remove_capability_from_bounding_set(capability);
    }
}

/// Our effective user id.
pub fn effective_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Our effective group id.
pub fn effective_group() -> u32 {
    rustix::process::getegid().as_raw()
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

/// Whether a process has a file open, as far as we may see.
pub fn has_open(pid: i32, path: &std::path::Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |path: &std::path::Path| std::fs::metadata(path).ok().map(|m| (m.dev(), m.ino()));
    let (Some(wanted), Ok(open)) = (place(path), std::fs::read_dir(format!("/proc/{pid}/fd"))) else { return false };
    open.flatten().any(|entry| place(&entry.path()) == Some(wanted))
}

/// Raises (positive) or lowers our niceness. The error is an errno.
pub fn renice(by: i32) -> Result<(), i32> {
    rustix::process::nice(by).map(drop).map_err(|e| e.raw_os_error())
}

/// Has the threads and programs we start from now on begin with the usual niceness, in place of one below it, and with the
/// usual policy (SCHED_FLAG_RESET_ON_FORK of sched_setattr(2)). Our own stay; a refusal changes nothing.
pub fn reset_priority_on_fork() {
    // SAFETY: all-zero bytes are valid for this plain structure.
    let mut ours: libc::sched_attr = unsafe { std::mem::zeroed() };
    let size = size_of::<libc::sched_attr>();
    // SAFETY: the kernel writes no more than `size` bytes to the live structure. 0 is this thread, and no flag is known.
    if unsafe { libc::syscall(libc::SYS_sched_getattr, 0, &raw mut ours, size, 0) } == 0 {
        ours.sched_flags |= libc::SCHED_FLAG_RESET_ON_FORK as u64;
        // SAFETY: the kernel reads `ours.size` bytes of it, which it has set to no more than there are.
        unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const ours, 0) };
    }
}

/// Our niceness: the smaller, the more of the processor.
pub fn priority() -> i32 {
    rustix::process::getpriority_process(None).unwrap_or(0)
}

/// Bytes of memory we have in use, now and at most (VmRSS and VmHWM of proc(5)).
pub fn memory() -> Option<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = |label: &str| -> Option<u64> {
        status.lines().find_map(|line| line.strip_prefix(label))?.split_whitespace().next()?.parse().ok()
    };
    Some((kilobytes("VmRSS:")? * 1024, kilobytes("VmHWM:")? * 1024))
}

/// Takes away what would limit the size of our files and our time on the processor.
pub fn lift_limits() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: None, maximum: None };
    for resource in [Resource::Fsize, Resource::Cpu] {
        // A limit that cannot be lifted stays.
        let _ = setrlimit(resource, none);
    }
}

/// How many descriptors this process may have (RLIMIT_NOFILE of getrlimit(2)).
pub fn descriptor_limit() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
}

/// Adds bits to the file mode creation mask.
pub fn add_umask(bits: u32) {
    let old = rustix::process::umask(rustix::fs::Mode::from_raw_mode(bits as _));
    rustix::process::umask(old | rustix::fs::Mode::from_raw_mode(bits as _));
}

/// Forks: the child's pid in the parent, `None` in the child. The caller must be single-threaded. The error is an errno.
pub fn fork() -> Result<Option<i32>, i32> {
    // SAFETY: the callers have no second thread yet, so the child finds every lock as it was left.
    match unsafe { libc::fork() } {
        -1 => Err(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EAGAIN)),
        0 => Ok(None),
        pid => Ok(Some(pid)),
    }
}

/// Becomes the program of this path, with `words` as its arguments and the same environment; comes back when that fails.
#[cfg(feature = "early")]
pub fn execute(path: &CStr, words: &[&CStr]) -> std::io::Error {
    let mut pointers: Vec<*const libc::c_char> = words.iter().map(|word| word.as_ptr()).collect();
    pointers.push(std::ptr::null());
    // SAFETY: `path` and the entries of the list are live texts, and the list ends with a null pointer.
    unsafe { libc::execv(path.as_ptr(), pointers.as_ptr()) };
    std::io::Error::last_os_error()
}

/// Waits for the end of a child of ours, and says its exit status; `None` when a signal ended it.
pub fn exit_status(child: i32) -> Option<u8> {
    use rustix::process::{WaitOptions, waitpid};
    let (_, status) = rustix::io::retry_on_intr(|| waitpid(Pid::from_raw(child), WaitOptions::empty())).ok()??;
    status.exit_status().and_then(|status| u8::try_from(status).ok())
}

/// Goes to `/`, into a session of its own.
pub fn leave_session() -> std::io::Result<()> {
    std::env::set_current_dir("/")?;
    // It fails only for one who leads a session already.
    let _ = rustix::process::setsid();
    Ok(())
}

/// Opens /dev/null, which is closed on exec.
pub fn null() -> std::io::Result<OwnedFd> {
    Ok(std::fs::OpenOptions::new().read(true).write(true).open("/dev/null")?.into())
}

/// Puts `null` in the place of standard input, output and error.
pub fn leave_terminal(null: &OwnedFd) -> std::io::Result<()> {
    rustix::stdio::dup2_stdin(null)?;
    rustix::stdio::dup2_stdout(null)?;
    rustix::stdio::dup2_stderr(null)?;
    Ok(())
}

/// A pipe: reading and writing end, closed on exec. The error is an errno.
pub fn pipe() -> Result<(std::fs::File, std::fs::File), i32> {
    let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(|e| e.raw_os_error())?;
    Ok((read.into(), write.into()))
}

/// Whether we are in the first user namespace and the first pid namespace (PROC_USER_INIT_INO and PROC_PID_INIT_INO of
/// linux/proc_ns.h).
pub fn namespaces() -> (bool, bool) {
    let is = |name: &str, wanted: &str| std::fs::read_link(name).is_ok_and(|link| link.as_os_str() == wanted);
    (is("/proc/self/ns/user", "user:[4026531837]"), is("/proc/self/ns/pid", "pid:[4026531836]"))
}

/// Whether we are in the first network namespace, as far as /proc/sys tells: what is set for the whole machine is to be seen
/// there only (net_core_table of net/core/sysctl_net_core.c).
pub fn is_in_first_network() -> bool {
    let core = std::path::Path::new("/proc/sys/net/core");
    core.join("dev_weight").exists() || !core.join("somaxconn").exists()
}

/// Our security context, if a security module gives one.
pub fn security_context() -> Option<Vec<u8>> {
    let mut context = std::fs::read("/proc/self/attr/current").ok()?;
    context.truncate(context.iter().position(|&b| b == 0).unwrap_or(context.len()));
    // COMPAT: AppArmor ends it with a newline, which becomes a space.
    context.iter_mut().filter(|b| **b == b'\n').for_each(|b| *b = b' ');
    (!context.is_empty()).then_some(context)
}

/// One process, held so that its number cannot come to mean another one. KERNEL: 5.3.
pub struct ProcessHandle(OwnedFd);

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

    /// Whether the process has ended, within this time.
    #[cfg(feature = "early")]
    pub fn ends_within(&self, limit: std::time::Duration) -> bool {
        super::poll::can_read(rustix::fd::AsFd::as_fd(&self.0), limit)
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
