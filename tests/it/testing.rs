//! What tests share, those beside the code and those of tests/it: places for their files, and repeatable numbers.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A path of its own at which nothing stands. `name` only helps to recognise it; what a test puts there it removes.
pub(crate) fn path(name: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    // Cargo names a directory to the tests of tests/it alone.
    let folder = option_env!("CARGO_TARGET_TMPDIR").map_or_else(std::env::temp_dir, |folder| Path::new(folder).into());
    let path = folder.join(format!("auditbox-{name}-{}-{count}", std::process::id()));
    let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
    path
}

/// Numbers that look random and are the same in every run (Marsaglia's xorshift64). The seed is not 0.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// The next number, all 64 bits of it.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A 64-bit number below `sides`.
    pub(crate) fn below(&mut self, sides: u64) -> u64 {
        self.next() % sides
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.below(sides as u64) as usize
    }

    /// One of these.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.roll(from.len())]
    }
}
