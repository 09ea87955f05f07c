//! `auditd --early`: takes the audit pid, keeps records in a file in memory, and hands both over.
//!
//! It reads no configuration, writes no log, and always takes what the kernel has, so that nobody ever waits for it: what is beyond
//! [`MOST_KEPT`] is counted. It waits for a successor as long as it takes; the memory stays bounded.

use super::super::run::register;
use super::super::start::{Options, Refusal, explain, other_daemon, refuse, set_enabled};
use super::{HandOver, MOST_KEPT, NAME, PATIENCE, TAKEN, frame};
use crate::abi::{Status, kind, mask, u32_at};
use crate::daemon::record::format::is_control;
use crate::host::paths::Paths;
use crate::record::EventId;
use crate::sys::files::{self, File};
use crate::sys::netlink::{AuditSocket, Batch, NetlinkError};
use crate::sys::poll::{Interest, PollSet, can_read};
use crate::sys::process::{self, Capabilities};
use crate::sys::{error_reason, error_text, handover, signals, sockets};
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::FileExt;

/// Runs the early daemon until it has handed over. Without `no_fork` this returns when it is up, in a process of its own.
pub fn run(options: &Options) -> Result<(), Refusal> {
    if !process::can_control_audit() {
        return Err(refuse(4, "The capability CAP_AUDIT_CONTROL is missing."));
    }
    if !options.no_fork {
        return start();
    }
    signals::ignore_others();
    let no_socket = |e: NetlinkError| refuse(1, format!("Cannot open netlink audit socket: {}", explain(e)));
    let cannot_listen = |e: std::io::Error| refuse(1, format!("Cannot listen to auditd ({})", error_reason(&e)));
    let no_memory = |e: std::io::Error| refuse(1, format!("Cannot keep records in memory ({})", error_reason(&e)));
    let refused = |e: NetlinkError| refuse(1, format!("Unable to set audit pid, exiting: {}", explain(e)));
    let mut control = AuditSocket::open().map_err(no_socket)?;
    let owner = control.status().map_err(refused)?.pid as i32;
    if let Some(name) = process::command_name(owner).filter(|_| owner != 0) {
        return Err(refuse(1, other_daemon(&name, owner)));
    }
    let mut early = Early {
        control,
        events: AuditSocket::open().map_err(no_socket)?,
        listener: handover::listen(NAME).map_err(cannot_listen)?,
        records: Records::new(handover::memory_file("audit records").map_err(no_memory)?),
        successor: None,
    };
    early.events.ignore_overruns().map_err(refused)?;
    set_enabled(options.state, &mut early.control).map_err(refused)?;
    let mut batch = Batch::default();
    register(&mut early.events, &mut batch, &mut |batch| early.records.take(batch, &mut early.successor))
        .map_err(refused)?;
    leave_trace(&options.paths);
    // The memory is little, and what is in it is nowhere else.
    let _ = files::write("/proc/self/oom_score_adj", "-1000");
    let _ = process::keep_capabilities(Capabilities::AUDIT_CONTROL | Capabilities::AUDIT_READ, false);
    let _ = process::leave_session().and_then(|()| process::leave_terminal(&process::null()?));
    let _ = options.ready.as_ref().map(|starter| (&**starter).write_all(b"\n"));
    early.keep(&mut batch);
    Ok(())
}

/// Starts the early daemon in a process of its own, whose name begins with `@`: systemd leaves such a process of the initramfs alone
/// when it goes to the real root.
fn start() -> Result<(), Refusal> {
    let failed = |errno| refuse(1, format!("Cannot daemonize ({})", error_text(errno)));
    let (mut read, write) = process::pipe().map_err(failed)?;
    let Some(child) = process::fork().map_err(failed)? else {
        drop(read);
        let _ = handover::keep_on_exec(&write);
        let number = format!("{}\0", write.as_raw_fd());
        let number = std::ffi::CStr::from_bytes_with_nul(number.as_bytes()).unwrap_or_default();
        let error =
            process::execute(c"/proc/self/exe", &[c"@auditbox", c"auditd", c"--early", c"-n", c"--ready-fd", number]);
        return Err(refuse(1, format!("Cannot start /proc/self/exe ({})", error_reason(&error))));
    };
    drop(write);
    match read.read(&mut [0]) {
        Ok(1) => Ok(()),
        _ => Err(refuse(process::exit_status(child).filter(|status| *status > 0).unwrap_or(1), "Cannot daemonize")),
    }
}

/// So that auditd knows of an early daemon that has died, where /run outlives the initramfs.
fn leave_trace(paths: &Paths) {
    let _ = files::create_folder(&paths.run, 0o755);
    let _ = files::write_whole(&paths.early_file(), b"", 0o600);
}

/// The early daemon once it is up.
struct Early {
    /// For its own commands.
    control: AuditSocket,
    /// Where the kernel's records come from, which the successor gets.
    events: AuditSocket,
    listener: OwnedFd,
    records: Records,
    /// Who has last asked the kernel to become the audit daemon in its place.
    successor: Option<i32>,
}

impl Early {
    fn keep(&mut self, batch: &mut Batch) {
        loop {
            let mut set = PollSet::default();
            set.add(self.events.as_fd(), Interest::Read);
            set.add(self.listener.as_fd(), Interest::Read);
            set.wait(None);
            // A successor asks the kernel before it connects: whoever is here has been announced by what is read now.
            let client = sockets::accept(&self.listener);
            while self.events.receive(batch).is_ok_and(|count| count > 0) {
                self.records.take(batch, &mut self.successor);
            }
            let client = client.filter(|client| handover::peer(client) == self.successor && self.successor.is_some());
            if client.is_some_and(|client| self.hand_over(&client)) {
                return;
            }
        }
    }

    /// Whether the successor has everything now. Where it has not, all is as it was.
    fn hand_over(&mut self, client: &OwnedFd) -> bool {
        let message = self.records.summary.encode();
        let sent = handover::send(client, &message, [self.events.as_fd(), self.records.file.as_fd()]);
        let mut answer = [0; TAKEN.len()];
        if sent.is_err()
            || !can_read(client.as_fd(), PATIENCE)
            || sockets::receive(client, &mut answer).is_err()
            || answer != TAKEN
        {
            return false;
        }
        // A kernel that was booted without `audit=1` drops what happens until the successor is the audit daemon, but for this copy.
        let _ = self.events.take_copies(true);
        let nobody = Status { mask: mask::PID, pid: 0, ..Status::default() };
        let is_released = self.control.request(kind::SET, &nobody.encode()).is_ok();
        if !is_released {
            let _ = self.events.take_copies(false);
        }
        is_released
    }
}

/// The records that are kept, one [`frame`] after another.
struct Records {
    file: File,
    bytes: u64,
    summary: HandOver,
}

impl Records {
    fn new(file: File) -> Records {
        Records { file, bytes: 0, summary: HandOver::default() }
    }

    /// Keeps the records of a batch; who the kernel says would be our `successor`.
    fn take(&mut self, batch: &Batch, successor: &mut Option<i32>) {
        for message in batch.messages() {
            match message.kind {
                kind::REPLACE => *successor = u32_at(message.payload, 0).map(|pid| pid as i32),
                other if is_control(other) || message.is_copy => {}
                other => self.push(other, message.payload),
            }
        }
        self.summary.oversize = self.summary.oversize.saturating_add(batch.oversize() as u32);
    }

    /// Keeps one, unless one before it was not: what is missing is one piece, from some record to the last.
    fn push(&mut self, kind: u16, payload: &[u8]) {
        let bytes = frame(kind, payload);
        let end = self.bytes + bytes.len() as u64;
        if self.summary.lost == 0 && end <= MOST_KEPT && self.file.write_all_at(&bytes, self.bytes).is_ok() {
            self.bytes = end;
            self.summary.kept += 1;
            return;
        }
        let serial = serial(payload);
        self.summary.lost = self.summary.lost.saturating_add(1);
        if self.summary.serials.0 == 0 {
            self.summary.serials.0 = serial;
        }
        if serial != 0 {
            self.summary.serials.1 = serial;
        }
    }
}

/// The serial of a record's event; 0 where it has none. The kernel's are no longer than this.
fn serial(payload: &[u8]) -> u32 {
    let event =
        payload.strip_prefix(b"audit(").and_then(|rest| EventId::parse(rest.get(..memchr::memchr(b')', rest)?)?));
    event.map_or(0, |event| event.serial as u32)
}

#[cfg(test)]
mod tests {
    use super::super::kept::KeptRecords;
    use super::*;
    use crate::abi::HEADER_SIZE;

    fn records() -> Records {
        Records::new(handover::memory_file("test").unwrap())
    }

    fn text(serial: u32, length: usize) -> Vec<u8> {
        let mut text = format!("audit(1.000:{serial}): ").into_bytes();
        text.resize(length, b'x');
        text
    }

    #[test]
    fn what_is_kept_is_read_back_in_its_order_and_its_lengths() {
        let mut records = records();
        let lengths = [20, 1007, 1008, 1009, 8970, 20, 5000];
        let lengths: Vec<usize> = (0..40).flat_map(|_| lengths).collect();
        for (n, length) in lengths.iter().enumerate() {
            records.push(1300 + n as u16, &text(n as u32 + 1, *length));
        }
        assert_eq!(records.summary, HandOver { kept: lengths.len() as u32, ..HandOver::default() });
        let (mut kept, mut batch, mut n) = (KeptRecords::new(records.file), Batch::default(), 0);
        while let Some(count) = kept.receive(&mut batch) {
            assert_eq!(batch.messages().count(), count);
            for message in batch.messages() {
                assert_eq!((message.kind, message.payload), (1300 + n as u16, &text(n as u32 + 1, lengths[n])[..]));
                n += 1;
            }
        }
        assert_eq!(n, lengths.len());
    }

    #[test]
    fn memory_is_bounded_and_what_has_no_room_is_one_counted_piece() {
        let mut records = records();
        let most = MOST_KEPT as u32 / 1024;
        for serial in 1..=most + 5 {
            records.push(1300, &text(serial, 1024 - HEADER_SIZE));
        }
        records.push(1300, b"audit(1.000:99999");
        let expected = HandOver { kept: most, lost: 6, serials: (most + 1, most + 5), ..HandOver::default() };
        assert_eq!(records.summary, expected);
        assert_eq!(records.file.metadata().unwrap().len(), MOST_KEPT);
    }

    #[test]
    fn who_would_take_over_is_what_the_kernel_says_last() {
        let (mut records, mut successor) = (records(), None);
        let mut batch = Batch::default();
        let replacement = |pid: u32| frame(kind::REPLACE, &pid.to_ne_bytes());
        batch.load(&[replacement(7), frame(1300, b"audit(1.000:5): "), replacement(9)].concat());
        records.take(&batch, &mut successor);
        assert_eq!((successor, records.summary.kept), (Some(9), 1));
    }
}
