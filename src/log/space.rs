//! When space on the disk is short: thresholds that act once, and what makes them act again.
//!
//! Pure: the space goes in, stages come out. The daemon measures after a batch was written, and takes the actions.

use crate::config::auditd::Config;
use crate::config::{Choice, Response, Space};
use crate::sys::files::FilesystemSpace;

/// Fewer free blocks than this is a full disk.
const FULL_BLOCKS: u64 = 5;
/// Disk errors sent to the system log before it is spared.
const MAX_LOGGED_ERRORS: u8 = 5;

/// A threshold that was crossed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// space_left.
    Left,
    /// admin_space_left.
    Admin,
    /// No block to speak of is left.
    Full,
    /// There is space again above all thresholds.
    Relieved,
}

/// What was already done about the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiskGuard {
    /// space_left_action was taken.
    pub left_done: bool,
    /// admin_space_left_action was taken.
    pub admin_done: bool,
    /// disk_full_action was taken.
    pub full_done: bool,
    /// Errors told since the last good write.
    pub errors: u8,
}

impl DiskGuard {
    /// Compares the space there is with the thresholds; every stage comes out once until it is armed again.
    pub fn look(&mut self, space: FilesystemSpace, config: &Config) -> heapless::Vec<Stage, 3> {
        let mut stages = heapless::Vec::new();
        // Three stages at most, as many as there is place for.
        let mut push = |stage| {
            let _ = stages.push(stage);
        };
        if space.free_blocks < FULL_BLOCKS {
            if !std::mem::replace(&mut self.full_done, true) {
                push(Stage::Full);
            }
            return stages;
        }
        let was_short = self.left_done || self.admin_done || self.full_done;
        self.full_done = false;
        let left = is_short(space, config.space_left);
        let admin = is_short(space, config.admin_space_left);
        if step(left, &mut self.left_done, config.space_left_action.response) {
            push(Stage::Left);
        }
        if step(admin, &mut self.admin_done, config.admin_space_left_action.response) {
            push(Stage::Admin);
        }
        if was_short && !left && !admin {
            push(Stage::Relieved);
        }
        stages
    }

    /// A write failed for want of space: true when something is to be done about it.
    pub fn is_newly_full(&mut self) -> bool {
        !std::mem::replace(&mut self.full_done, true)
    }

    /// A write or the like failed otherwise: true while the system log is to get it.
    pub fn logs_error(&mut self) -> bool {
        self.errors = self.errors.saturating_add(1);
        self.errors <= MAX_LOGGED_ERRORS
    }

    /// Everything may act again.
    pub fn arm(&mut self) {
        *self = DiskGuard::default();
    }
}

/// One threshold: whether to act now.
fn step(is_short: bool, done: &mut bool, response: Response) -> bool {
    let acts = is_short && !*done;
    // Rotation is tried again and again; what only logs, or sheds while it lasts, is armed when space returns.
    match response {
        Response::Rotate => *done = false,
        Response::Syslog | Response::Degrade => *done = is_short,
        _ => *done |= is_short,
    }
    acts
}

fn is_short(space: FilesystemSpace, threshold: Space) -> bool {
    space.free() < threshold_bytes(threshold, space)
}

/// A threshold in bytes on a file system.
pub fn threshold_bytes(threshold: Space, space: FilesystemSpace) -> u64 {
    match threshold {
        Space::Mebibytes(n) => n.saturating_mul(1 << 20),
        Space::Percent(n) => space.total() / 100 * u64::from(n),
    }
}

/// A threshold that a file system cannot meet: its key, whether the log would never be written for it, and a sentence. Of several
/// one that ends the writing.
pub fn unmeetable(config: &Config, space: FilesystemSpace) -> Option<(&'static str, bool, String)> {
    let thresholds = [
        ("admin_space_left", config.admin_space_left, &config.admin_space_left_action),
        ("space_left", config.space_left, &config.space_left_action),
    ];
    let unmet = thresholds.into_iter().filter(|(_, threshold, _)| {
        let all = space.total();
        all > 0 && threshold_bytes(*threshold, space) >= all
    });
    let ends = |response| matches!(response, Response::Suspend | Response::Exec | Response::Single | Response::Halt);
    let (key, threshold, action) = unmet.max_by_key(|(_, _, action)| ends(action.response))?;
    let (wanted, all) = (threshold_bytes(threshold, space) >> 20, space.total() >> 20);
    let text = format!(
        "Error - {key}({wanted} MiB) is more than the log's file system has ({all} MiB): {key}_action ({}) is taken at once",
        action.response.word()
    );
    Some((key, ends(action.response), text))
}

/// Why thresholds of which one is a share of the disk come in the wrong order, as a sentence.
pub fn misordered(config: &Config, space: FilesystemSpace) -> Option<String> {
    let thresholds = [config.space_left, config.admin_space_left];
    let [left, admin] = thresholds.map(|threshold| threshold_bytes(threshold, space) >> 20);
    let is_share = thresholds.iter().any(|threshold| matches!(threshold, Space::Percent(1..)));
    (left <= admin && is_share)
        .then(|| format!("Error - space_left({left}) must be larger than admin_space_left({admin})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Space of this many MiB on a file system of 1000.
    fn mib(free: u64) -> FilesystemSpace {
        FilesystemSpace { free_blocks: free * 256, blocks: 256_000, block_size: 4096 }
    }

    fn config(left: Response, admin: Response) -> Config {
        Config {
            space_left: Space::Mebibytes(75),
            admin_space_left: Space::Mebibytes(50),
            space_left_action: left.into(),
            admin_space_left_action: admin.into(),
            ..Config::default()
        }
    }

    #[test]
    fn thresholds_act_once_and_both_may_act_at_once() {
        let config = config(Response::Email, Response::Suspend);
        let mut guard = DiskGuard::default();
        assert_eq!(guard.look(mib(80), &config), []);
        assert_eq!(guard.look(mib(40), &config), [Stage::Left, Stage::Admin]);
        assert_eq!(guard.look(mib(30), &config), []);
    }

    #[test]
    fn only_what_tells_is_armed_by_room() {
        let mut guard = DiskGuard::default();
        let to_syslog = config(Response::Syslog, Response::Ignore);
        assert_eq!(guard.look(mib(70), &to_syslog), [Stage::Left]);
        assert_eq!(guard.look(mib(80), &to_syslog), [Stage::Relieved]);
        assert_eq!(guard.look(mib(70), &to_syslog), [Stage::Left]);
        let mailing = config(Response::Email, Response::Ignore);
        guard.arm();
        assert_eq!(guard.look(mib(70), &mailing), [Stage::Left]);
        assert_eq!(guard.look(mib(80), &mailing), [Stage::Relieved]);
        assert_eq!(guard.look(mib(70), &mailing), []);
    }

    #[test]
    fn rotation_is_tried_every_time() {
        let config = config(Response::Rotate, Response::Ignore);
        let mut guard = DiskGuard::default();
        assert_eq!(guard.look(mib(70), &config), [Stage::Left]);
        assert_eq!(guard.look(mib(70), &config), [Stage::Left]);
    }

    #[test]
    fn a_full_disk_is_told_once_until_there_are_blocks_again() {
        let config = config(Response::Ignore, Response::Ignore);
        let full = FilesystemSpace { free_blocks: 4, ..mib(0) };
        let mut guard = DiskGuard::default();
        assert_eq!(guard.look(full, &config), [Stage::Full]);
        assert_eq!(guard.look(full, &config), []);
        assert!(guard.look(mib(100), &config).contains(&Stage::Relieved));
        assert_eq!(guard.look(full, &config), [Stage::Full]);
    }

    #[test]
    fn shares_are_of_the_whole_file_system() {
        assert_eq!(threshold_bytes(Space::Percent(5), mib(1)), 50 << 20);
        assert_eq!(threshold_bytes(Space::Mebibytes(5), mib(1)), 5 << 20);
    }

    #[test]
    fn five_errors_are_told() {
        let mut guard = DiskGuard::default();
        assert_eq!((0..9).filter(|_| guard.logs_error()).count(), 5);
    }

    #[test]
    fn thresholds_a_small_file_system_cannot_meet_are_named() {
        let small = FilesystemSpace { blocks: 40 * 256, ..mib(30) };
        let (_, ends, text) = unmeetable(&config(Response::Syslog, Response::Ignore), small).unwrap();
        assert!(!ends && text.contains("space_left(75 MiB) is more than the log's file system has (40 MiB)"), "{text}");
        let halting = Config { space_left: Space::Mebibytes(39), ..config(Response::Syslog, Response::Halt) };
        let (_, ends, text) = unmeetable(&halting, small).unwrap();
        assert!(ends && text.contains("admin_space_left(50 MiB)") && text.contains("(halt)"), "{text}");
        assert_eq!(unmeetable(&halting, mib(1)), None, "it is large enough, though nearly full");
    }
}
