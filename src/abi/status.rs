//! `struct audit_status`, `struct audit_features` and `struct audit_sig_info` of linux/audit.h.

use super::u32_at;

/// Bits of [`Status::mask`]: which members an AUDIT_SET means.
pub mod mask {
    /// AUDIT_STATUS_ENABLED.
    pub const ENABLED: u32 = 1;
    /// AUDIT_STATUS_FAILURE.
    pub const FAILURE: u32 = 2;
    /// AUDIT_STATUS_PID.
    pub const PID: u32 = 4;
    /// AUDIT_STATUS_RATE_LIMIT.
    pub const RATE_LIMIT: u32 = 8;
    /// AUDIT_STATUS_BACKLOG_LIMIT.
    pub const BACKLOG_LIMIT: u32 = 0x10;
    /// AUDIT_STATUS_BACKLOG_WAIT_TIME. KERNEL: 3.14.
    pub const BACKLOG_WAIT_TIME: u32 = 0x20;
    /// AUDIT_STATUS_LOST: reset the lost counter; the acknowledgement carries its old value. KERNEL: 4.11.
    pub const LOST: u32 = 0x40;
    /// AUDIT_STATUS_BACKLOG_WAIT_TIME_ACTUAL: reset it; the acknowledgement carries its old value. KERNEL: 5.9.
    pub const BACKLOG_WAIT_TIME_ACTUAL: u32 = 0x80;
}

/// Bits of [`Status::feature_bitmap`]: what this kernel's filter understands.
pub mod features {
    /// AUDIT_FEATURE_BITMAP_BACKLOG_LIMIT.
    pub const BACKLOG_LIMIT: u32 = 1;
    /// AUDIT_FEATURE_BITMAP_BACKLOG_WAIT_TIME.
    pub const BACKLOG_WAIT_TIME: u32 = 2;
    /// AUDIT_FEATURE_BITMAP_EXECUTABLE_PATH.
    pub const EXECUTABLE_PATH: u32 = 4;
    /// AUDIT_FEATURE_BITMAP_EXCLUDE_EXTEND.
    pub const EXCLUDE_EXTEND: u32 = 8;
    /// AUDIT_FEATURE_BITMAP_SESSIONID_FILTER.
    pub const SESSIONID_FILTER: u32 = 0x10;
    /// AUDIT_FEATURE_BITMAP_LOST_RESET.
    pub const LOST_RESET: u32 = 0x20;
    /// AUDIT_FEATURE_BITMAP_FILTER_FS.
    pub const FILTER_FS: u32 = 0x40;
}

/// `struct audit_status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Which members are meant; see [`mask`].
    pub mask: u32,
    /// 0 off, 1 on, 2 on and locked until reboot.
    pub enabled: u32,
    /// What the kernel does on a critical error: 0 nothing, 1 printk, 2 panic.
    pub failure: u32,
    /// Process id of the registered daemon, 0 for none.
    pub pid: u32,
    /// Messages a second, 0 for no limit.
    pub rate_limit: u32,
    /// Buffers that may wait.
    pub backlog_limit: u32,
    /// Buffers lost since boot or the last reset.
    pub lost: u32,
    /// Buffers that wait now.
    pub backlog: u32,
    /// What the filter understands; see [`features`]. Old kernels put their version number here.
    pub feature_bitmap: u32,
    /// How long a process waits for room in the backlog, in jiffies.
    pub backlog_wait_time: u32,
    /// How long processes have waited in all, in jiffies; absent before KERNEL: 5.9.
    pub backlog_wait_time_actual: Option<u32>,
}

impl Status {
    /// Bytes of the structure, always sent in full.
    pub const SIZE: usize = 44;
    /// What `enabled` is on a system that takes no changes until it is booted again.
    pub const LOCKED: u32 = 2;

    /// Reads an AUDIT_GET reply. Members an older kernel does not send are 0; a reply without `backlog` is none.
    pub fn decode(bytes: &[u8]) -> Option<Status> {
        let word = |n: usize| u32_at(bytes, n * 4);
        Some(Status {
            mask: word(0)?,
            enabled: word(1)?,
            failure: word(2)?,
            pid: word(3)?,
            rate_limit: word(4)?,
            backlog_limit: word(5)?,
            lost: word(6)?,
            backlog: word(7)?,
            feature_bitmap: word(8).unwrap_or(0),
            backlog_wait_time: word(9).unwrap_or(0),
            backlog_wait_time_actual: word(10),
        })
    }

    /// The payload of an AUDIT_SET.
    pub fn encode(&self) -> [u8; Status::SIZE] {
        let words = [
            self.mask,
            self.enabled,
            self.failure,
            self.pid,
            self.rate_limit,
            self.backlog_limit,
            self.lost,
            self.backlog,
            self.feature_bitmap,
            self.backlog_wait_time,
            self.backlog_wait_time_actual.unwrap_or(0),
        ];
        let mut bytes = [0; Status::SIZE];
        for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_ne_bytes());
        }
        bytes
    }
}

/// `struct audit_features`. KERNEL: 3.13.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// Version of the structure; requests send 0.
    pub version: u32,
    /// Which bits below are meant.
    pub mask: u32,
    /// Bit n is feature n.
    pub features: u32,
    /// Features that cannot change any more.
    pub lock: u32,
}

impl Features {
    /// AUDIT_FEATURE_ONLY_UNSET_LOGINUID as a bit.
    pub const ONLY_UNSET_LOGINUID: u32 = 1;
    /// AUDIT_FEATURE_LOGINUID_IMMUTABLE as a bit.
    pub const LOGINUID_IMMUTABLE: u32 = 2;

    /// Reads an AUDIT_GET_FEATURE reply.
    pub fn decode(bytes: &[u8]) -> Option<Features> {
        let word = |n: usize| u32_at(bytes, n * 4);
        Some(Features { version: word(0)?, mask: word(1)?, features: word(2)?, lock: word(3)? })
    }

    /// The payload of an AUDIT_SET_FEATURE.
    pub fn encode(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        for (place, word) in bytes.chunks_exact_mut(4).zip([self.version, self.mask, self.features, self.lock]) {
            place.copy_from_slice(&word.to_ne_bytes());
        }
        bytes
    }
}

/// `struct audit_sig_info`: who sent the audit daemon its last signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalInfo<'a> {
    /// Login uid of the sender.
    pub auid: u32,
    /// Process id of the sender.
    pub pid: i32,
    /// Security context of the sender; absent when no security module gives one.
    pub context: Option<&'a [u8]>,
}

impl<'a> SignalInfo<'a> {
    /// Reads an AUDIT_SIGNAL_INFO reply.
    pub fn decode(bytes: &'a [u8]) -> Option<SignalInfo<'a>> {
        let text = bytes.get(8..)?;
        let text = &text[..text.iter().position(|&b| b == 0).unwrap_or(text.len())];
        Some(SignalInfo {
            auid: u32_at(bytes, 0)?,
            pid: u32_at(bytes, 4)? as i32,
            context: (!text.is_empty()).then_some(text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_survives_the_wire() {
        let status = Status {
            mask: mask::PID,
            enabled: 1,
            failure: 2,
            pid: 4711,
            rate_limit: 3,
            backlog_limit: 8192,
            lost: 5,
            backlog: 6,
            feature_bitmap: 0x7f,
            backlog_wait_time: 60000,
            backlog_wait_time_actual: Some(8),
        };
        assert_eq!(Status::decode(&status.encode()), Some(status));
    }

    #[test]
    fn an_old_kernel_sends_a_shorter_status() {
        let bytes = Status { pid: 9, ..Status::default() }.encode();
        let short = Status::decode(&bytes[..40]).unwrap();
        assert_eq!((short.pid, short.backlog_wait_time_actual), (9, None));
        assert_eq!(Status::decode(&bytes[..28]), None);
    }

    #[test]
    fn features_survive_the_wire() {
        let features = Features { version: 0, mask: 2, features: 2, lock: 2 };
        assert_eq!(Features::decode(&features.encode()), Some(features));
        assert_eq!(Features::decode(&[0; 15]), None);
    }

    #[test]
    fn the_sender_of_a_signal_may_lack_a_context() {
        let mut bytes = [1000u32.to_ne_bytes(), 77u32.to_ne_bytes()].concat();
        assert_eq!(SignalInfo::decode(&bytes), Some(SignalInfo { auid: 1000, pid: 77, context: None }));
        bytes.extend_from_slice(b"system_u:r:init_t:s0\0");
        assert_eq!(SignalInfo::decode(&bytes).unwrap().context, Some(&b"system_u:r:init_t:s0"[..]));
        assert_eq!(SignalInfo::decode(&bytes[..7]), None);
    }
}
