//! When the free space is measured, and what is known of it.

use super::output::RESERVE_PART;
use crate::config::auditd::Config;
use crate::log::space::{DiskGuard, Stage, misordered};
use crate::sys::files::FilesystemSpace;

/// After this many bytes, or a second, the space is measured again.
const MEASURED_BYTES: u64 = 256 << 10;
/// With this much free space the reserve is made whole again.
const SPACE_FOR_RESERVE: u64 = 256 << 10;

/// See the module.
#[derive(Debug)]
pub(super) struct SpaceWatch {
    guard: DiskGuard,
    space: FilesystemSpace,
    /// Second of the monotonic clock of the last measurement, and bytes written since.
    measured: (i64, u64),
    /// The shares of the disk that are to be kept free were not compared yet.
    compares_shares: bool,
    /// A part of the reserve was given back.
    reserve_used: bool,
}

/// What a measurement leads to.
pub(super) struct Measured {
    /// Why the thresholds make no sense on this disk.
    pub(super) doubt: Option<String>,
    /// Whether the reserve is to be made whole.
    pub(super) makes_reserve: bool,
    /// Thresholds that were crossed.
    pub(super) stages: heapless::Vec<Stage, 3>,
}

impl SpaceWatch {
    pub(super) fn new(monotonic: i64) -> SpaceWatch {
        SpaceWatch {
            guard: DiskGuard::default(),
            space: FilesystemSpace::default(),
            measured: (monotonic, 0),
            compares_shares: true,
            reserve_used: false,
        }
    }

    pub(super) fn space(&self) -> FilesystemSpace {
        self.space
    }

    pub(super) fn guard(&self) -> &DiskGuard {
        &self.guard
    }

    pub(super) fn guard_mut(&mut self) -> &mut DiskGuard {
        &mut self.guard
    }

    /// Every action may be taken again.
    pub(super) fn arm(&mut self) {
        self.guard.arm();
    }

    pub(super) fn compare_shares_again(&mut self) {
        self.compares_shares = true;
    }

    pub(super) fn write_succeeded(&mut self) {
        self.guard.errors = 0;
    }

    /// Counts what was written.
    pub(super) fn count(&mut self, bytes: u64) {
        self.measured.1 += bytes;
    }

    pub(super) fn is_due_after_write(&self, monotonic: i64) -> bool {
        self.measured.0 != monotonic || self.measured.1 >= MEASURED_BYTES
    }

    /// A measurement was asked for.
    pub(super) fn asked(&mut self, monotonic: i64) {
        self.measured = (monotonic, 0);
    }

    /// Whether something was done about the disk.
    pub(super) fn is_short(&self) -> bool {
        self.guard != DiskGuard::default()
    }

    /// Whether a measurement is of use although nothing is written.
    pub(super) fn is_watching(&self) -> bool {
        self.is_short() || self.measured.1 > 0
    }

    /// When what was written is to be followed by a measurement.
    pub(super) fn due(&self) -> Option<i64> {
        (self.measured.1 > 0).then_some(self.measured.0 + 1)
    }

    /// Takes a part of the reserve; false when one was taken and not returned.
    pub(super) fn take_reserve(&mut self) -> bool {
        !std::mem::replace(&mut self.reserve_used, true)
    }

    /// Takes note of the space there is, for the report.
    pub(super) fn set_space(&mut self, space: FilesystemSpace) {
        self.space = space;
    }

    /// Compares the space with the thresholds.
    pub(super) fn measure(&mut self, space: FilesystemSpace, config: &Config) -> Measured {
        self.space = space;
        let doubt = std::mem::take(&mut self.compares_shares).then(|| misordered(config, space)).flatten();
        let makes_reserve = self.reserve_used && space.free() >= SPACE_FOR_RESERVE;
        self.reserve_used &= !makes_reserve;
        // What the reserve gave back is not space that somebody has made.
        let given_back = if self.reserve_used { RESERVE_PART / space.block_size.max(1) } else { 0 };
        let usable = FilesystemSpace { free_blocks: space.free_blocks.saturating_sub(given_back), ..space };
        Measured { doubt, makes_reserve, stages: self.guard.look(usable, config) }
    }
}
