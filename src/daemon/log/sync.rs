//! When what was written is flushed to the disk: `flush` and `freq` of auditd.conf(5).

use crate::config::auditd::{Config, Flush};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct SyncPolicy {
    /// Records written since the last sync.
    unsynced: u64,
    /// Syncs asked for since the start.
    requested: u64,
}

impl SyncPolicy {
    /// After `records` more were written: the sync that is due, of the data alone or not.
    pub(super) fn after(&mut self, records: u64, config: &Config) -> Option<bool> {
        self.unsynced += records;
        let (is_due, data_only) = match config.flush {
            Flush::None => (false, false),
            Flush::Incremental | Flush::IncrementalAsync => (self.unsynced >= config.freq, false),
            Flush::Data => (self.unsynced > 0, true),
            Flush::Sync => (self.unsynced > 0, false),
        };
        if is_due {
            self.unsynced = 0;
            self.requested += 1;
        }
        is_due.then_some(data_only)
    }

    pub(super) fn requested(&self) -> u64 {
        self.requested
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flushing_follows_the_configuration() {
        let syncs = |flush, freq| {
            let (mut policy, config) = (SyncPolicy::default(), Config { flush, freq, ..Config::default() });
            (0..4).filter_map(|_| policy.after(5, &config)).collect::<Vec<_>>()
        };
        assert_eq!(syncs(Flush::None, 0), [true; 0]);
        assert_eq!(syncs(Flush::IncrementalAsync, 10), [false; 2]);
        assert_eq!(syncs(Flush::Incremental, 20), [false; 1]);
        assert_eq!(syncs(Flush::Data, 0), [true; 4]);
        assert_eq!(syncs(Flush::Sync, 0), [false; 4]);
    }
}
