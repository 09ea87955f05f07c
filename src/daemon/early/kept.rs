//! What the early daemon has kept, as auditd reads it: records in a file of memory.

use super::frame;
use crate::daemon::record::format::is_control;
use crate::sys::files::File;
use crate::sys::netlink::Batch;
use crate::sys::process;
use crate::text::number;
use std::os::unix::fs::FileExt;

/// Bytes that are read at once.
const PIECE: usize = 64 << 10;
/// Copies of records that are compared with those that come, at most. They are of a moment.
const MOST_COPIES: usize = 4096;

/// The records that the early daemon has kept, which come before all that the kernel's socket has, and what came while auditd took
/// its place.
pub(in crate::daemon) struct KeptRecords {
    file: File,
    /// Where the next record is kept, and how many could not be.
    end: u64,
    pub(super) lost: u32,
    /// Read from the file, up to `read`, and not used yet.
    buffer: Vec<u8>,
    used: usize,
    read: u64,
    /// Multicast copies of records that have not come themselves. KERNEL: a copy is sent before its record.
    copies: Vec<Vec<u8>>,
    /// The kernel's record that we are its audit daemon has come.
    pub(super) is_registered: bool,
}

impl KeptRecords {
    pub(super) fn new(file: File) -> KeptRecords {
        let end = file.metadata().map_or(0, |facts| facts.len());
        KeptRecords {
            file,
            end,
            lost: 0,
            buffer: Vec::new(),
            used: 0,
            read: 0,
            copies: Vec::new(),
            is_registered: false,
        }
    }

    /// Keeps what came since, but no answers to commands. What there is a copy of after our registration comes itself.
    pub(in crate::daemon) fn append(&mut self, batch: &Batch) {
        let mut own = b"op=set audit_pid=".to_vec();
        number::push(&mut own, process::id() as u64);
        own.extend_from_slice(b" old=0 ");
        for message in batch.messages().filter(|message| !is_control(message.kind)) {
            let record = frame(message.kind, message.payload);
            if !message.is_copy {
                self.is_registered |= memchr::memmem::find(message.payload, &own).is_some();
                if let Some(at) = self.copies.iter().position(|copy| *copy == record) {
                    self.copies.remove(at);
                }
                self.push(&record);
            } else if !self.is_registered && self.copies.len() < MOST_COPIES {
                self.copies.push(record);
            }
        }
    }

    /// Keeps the records that have not come and will not: the kernel had no audit daemon to send them to.
    pub(super) fn keep_copies(&mut self) {
        std::mem::take(&mut self.copies).iter().for_each(|copy| self.push(copy));
    }

    fn push(&mut self, record: &[u8]) {
        match self.file.write_all_at(record, self.end) {
            Ok(()) => self.end += record.len() as u64,
            Err(_) => self.lost += 1,
        }
    }

    /// The next of them, as [`AuditSocket::receive`](crate::sys::netlink::AuditSocket::receive) gives records; none after the last.
    pub(in crate::daemon) fn receive(&mut self, batch: &mut Batch) -> Option<usize> {
        loop {
            self.used += batch.load(self.buffer.get(self.used..)?);
            let count = batch.messages().count();
            if count > 0 {
                return Some(count);
            }
            self.buffer.drain(..self.used);
            self.used = 0;
            let rest = self.buffer.len();
            self.buffer.resize(rest + PIECE, 0);
            let count = self.file.read_at(self.buffer.get_mut(rest..)?, self.read).unwrap_or(0);
            self.buffer.truncate(rest + count);
            self.read += count as u64;
            if count == 0 {
                return None;
            }
        }
    }
}
