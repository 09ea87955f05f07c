//! What the daemon does about its log and its disk: size, age, room, errors, suspension, and the way back.
//!
//! Whether a reaction may come again when the disk stays short is decided by `store::guard`.

use super::files::RESERVE_PART;
use super::ledger::Cause;
use super::step::{Log, Step};
use super::{Action, Purpose};
use crate::config::{Choice, Level, Reaction, Response, Space};
use crate::store::guard::{self, Stage};
use crate::store::log::{Found, stamp};
use crate::sys::errno;
use crate::sys::files::Room;

/// After so many bytes, or a second, the room on the disk is asked for again.
const ROOM_BYTES: u64 = 256 << 10;
/// With so much room the reserve is made whole again.
const ROOM_FOR_RESERVE: u64 = 256 << 10;

impl Step {
    /// Whether something is to be done about a log of this size now.
    pub(super) fn is_over_size(&self, size: u64) -> bool {
        let acts = match self.config.max_log_file_action.response {
            Response::Ignore => false,
            Response::Rotate => self.config.num_logs > 1 && self.steady >= self.rotate_again,
            Response::KeepLogs => self.steady >= self.rotate_again,
            Response::Syslog
            | Response::Email
            | Response::Exec
            | Response::Degrade
            | Response::Suspend
            | Response::Single
            | Response::Halt => true,
        };
        acts && self.is_file() && size >> 20 >= self.config.max_log_file
    }

    /// Whether lines go into a file that can be rotated and measured.
    pub(super) fn is_file(&self) -> bool {
        !self.identity.foreground && self.config.log_file != "-" && self.config.write_logs
    }

    /// Takes max_log_file_action when the log has grown too large.
    pub(super) fn check_size(&mut self) {
        if self.log != Log::Open || !self.is_over_size(self.size) {
            return;
        }
        let Reaction { response, helper } = self.config.max_log_file_action.clone();
        match response {
            Response::Syslog => self.tell(Level::Error, "Audit daemon log file is larger than max size"),
            Response::Exec => {
                self.suspend();
                self.act(Action::Help(helper, Purpose::Size));
            }
            Response::Suspend => {
                self.tell(Level::Error, "Audit daemon is suspending logging due to logfile size.");
                self.suspend();
            }
            Response::Rotate => self.rotate("Audit daemon rotating log files", false),
            Response::KeepLogs => self.rotate("Audit daemon rotating log files with keep option", true),
            // The last four are no max_log_file_action.
            Response::Ignore | Response::Email | Response::Degrade | Response::Single | Response::Halt => {}
        }
    }

    /// Rotates when the log has grown too old.
    pub(super) fn check_age(&mut self) {
        // When the clock is set back behind the log's birth, the log is as young as can be.
        self.born = self.born.min(self.now.seconds);
        let age = self.now.seconds.saturating_sub(self.born);
        let is_due = self.config.max_log_age > 0 && age >= self.config.max_log_age as i64;
        let keeps_all = self.keeps_all();
        if is_due && self.is_file() && self.log == Log::Open && self.size > 0 && (keeps_all || self.config.num_logs > 1)
        {
            self.rotate("Audit daemon rotating log files by age", keeps_all);
        }
    }

    /// Whether rotation by hand drops no log.
    pub(super) fn keeps_all(&self) -> bool {
        self.config.max_log_file_action.response == Response::KeepLogs
    }

    /// Rotates; after a failure not before a second has passed.
    fn rotate(&mut self, text: &str, keep_all: bool) {
        if self.steady >= self.rotate_again {
            if !self.is_rotating_again() {
                self.tell(Level::Info, text);
            }
            self.act(Action::Rotate { keep_all });
        }
    }

    /// Whether the last rotation failed.
    fn is_rotating_again(&self) -> bool {
        self.rotate_again != i64::MIN
    }

    pub(super) fn was_rotated(&mut self, count: u64) {
        self.rotated = count;
        self.size = 0;
        self.born = self.now.seconds;
        self.rotate_again = i64::MIN;
        self.announce();
    }

    pub(super) fn rotation_failed(&mut self, text: String, errno: i32) {
        // What is tried every second is told once, and whenever somebody asks for it.
        if !self.is_rotating_again() || self.control.waits_for_log() {
            self.tell(Level::Error, text);
        }
        self.rotate_again = self.steady + 1;
        if errno == errno::ENOSPC {
            self.disk_full();
        } else {
            self.disk_failed("rotate", errno);
        }
        self.announce();
    }

    pub(super) fn ask_room_in_time(&mut self, bytes: u64) {
        let (asked, written) = self.room_asked;
        self.room_asked.1 = written + bytes;
        let is_due = self.steady != asked || self.room_asked.1 >= ROOM_BYTES;
        if is_due && self.is_file() && self.log == Log::Open {
            self.room_asked = (self.steady, 0);
            self.act(Action::AskRoom);
        }
    }

    /// The log is opened anew where its path leads. Until that works lines go on into the one there is.
    pub(super) fn log_missing(&mut self) {
        self.rotate("The audit log is gone from its place and is opened anew", self.keeps_all());
    }

    /// What was written since the log was last seen in its place went with it.
    pub(super) fn log_deleted(&mut self) {
        let now_seen = (self.counters.written, self.serial());
        let (written, first) = std::mem::replace(&mut self.seen, now_seen);
        if now_seen.0 > written {
            self.ledger.lose(Cause::DiskError, Some(now_seen.0 - written), (first, now_seen.1), self.now);
        }
    }

    pub(super) fn room_is(&mut self, room: Room) {
        self.room = room;
        if std::mem::take(&mut self.compares_shares) {
            self.compare_shares();
        }
        self.seen = (self.counters.written, self.serial());
        if self.reserve_used && room.free() >= ROOM_FOR_RESERVE {
            self.reserve_used = false;
            self.act(Action::MakeReserve);
        }
        // What the reserve gave back is not room that somebody has made.
        let given_back = if self.reserve_used { RESERVE_PART / room.block_size.max(1) } else { 0 };
        let room = Room { free_blocks: room.free_blocks.saturating_sub(given_back), ..room };
        for stage in self.guard.look(room, &self.config) {
            match stage {
                Stage::Left => self.room_is_short(false),
                Stage::Admin => self.room_is_short(true),
                Stage::Full => self.react_to_full(),
                Stage::Relieved => self.relieve(),
            }
        }
    }

    /// How large a share of the disk is shows only now; that the first threshold comes first is checked again.
    fn compare_shares(&mut self) {
        let thresholds = [self.config.space_left, self.config.admin_space_left];
        let [left, admin] = thresholds.map(|threshold| guard::bytes(threshold, self.room) >> 20);
        if left <= admin && thresholds.iter().any(|threshold| matches!(threshold, Space::Percent(1..))) {
            let text = format!("Error - space_left({left}) must be larger than admin_space_left({admin})");
            self.tell(Level::Error, text);
        }
    }

    /// There is room again.
    fn relieve(&mut self) {
        if std::mem::replace(&mut self.degraded, false) {
            self.tell(Level::Notice, "Audit daemon keeps all events again.");
        }
        self.settle();
        if !self.lines.is_empty() {
            self.act(Action::Write);
        }
    }

    /// space_left_action or admin_space_left_action.
    fn room_is_short(&mut self, admin: bool) {
        let Reaction { response, helper } = match admin {
            true => self.config.admin_space_left_action.clone(),
            false => self.config.space_left_action.clone(),
        };
        let outlook = self.outlook(admin);
        if [&self.config.admin_space_left_action, &self.config.disk_full_action]
            .iter()
            .any(|r| r.response == Response::Halt)
        {
            self.act(Action::Wall);
        }
        match response {
            Response::Syslog => {
                self.tell(Level::Alert, format!("Audit daemon is low on disk space for logging. {outlook}"));
            }
            Response::Rotate if self.config.num_logs > 1 => self.rotate("Audit daemon rotating log files", false),
            Response::Email => self.mail(admin, &outlook),
            Response::Degrade => {
                self.tell(Level::Alert, "Audit daemon is low on disk space and keeps only events with a priority key.");
                self.degraded = true;
                self.shed_told = self.steady;
            }
            Response::Ignore
            | Response::Rotate
            | Response::KeepLogs
            | Response::Exec
            | Response::Suspend
            | Response::Single
            | Response::Halt => self.last_resort(response, helper, "low disk space"),
        }
    }

    /// What happens when still more room goes.
    fn outlook(&self, admin: bool) -> String {
        let full = self.config.disk_full_action.response.word();
        let end = format!("If the disk becomes full, audit will {full}.");
        if admin {
            return end;
        }
        let next = self.config.admin_space_left_action.response.word();
        format!("If the admin space left threshold is reached, audit will {next}. {end}")
    }

    fn mail(&mut self, admin: bool, outlook: &str) {
        let (subject, how, what) = match admin {
            true => ("Audit Admin Space Alert", "very low", "Immediate action\nis required"),
            false => ("Audit Disk Space Alert", "low", "Please take action\n"),
        };
        let verb = if admin { " to ensure" } else { "to ensure" };
        let body =
            format!("The audit daemon is {how} on disk space for logging! {what}{verb} no loss of service.\n{outlook}");
        self.act(Action::Mail(subject, body.clone()));
        self.tell(Level::Alert, body);
    }

    /// A write or a rotation found no room.
    pub(super) fn disk_full(&mut self) {
        if !self.reserve_used && !self.suspended {
            self.write_ledger_into_reserve();
        }
        if self.guard.is_newly_full() {
            self.react_to_full();
        } else if self.config.disk_full_action.response == Response::Rotate {
            self.rotate_for_room();
        }
    }

    /// Rotates, for want of room, until the oldest log has made some: the first rotations may have dropped none.
    fn rotate_for_room(&mut self) {
        if self.config.num_logs > 1 && self.full_rotations < self.config.num_logs {
            self.full_rotations += 1;
            self.rotate("Audit daemon rotating log files", false);
        }
    }

    /// The log itself says that it has a gap from here on: the reserve has room for that.
    fn write_ledger_into_reserve(&mut self) {
        self.reserve_used = true;
        self.act(Action::ReleaseReserve);
        self.failing = false;
        self.settle();
        self.failing = true;
        if !self.lines.is_empty() {
            self.act(Action::Write);
        }
    }

    fn react_to_full(&mut self) {
        self.tell(Level::Alert, "Audit daemon has no space left on logging partition");
        let Reaction { response, helper } = self.config.disk_full_action.clone();
        match response {
            Response::Rotate => self.rotate_for_room(),
            _ => self.last_resort(response, helper, "no space left on logging partition"),
        }
    }

    /// disk_error_action: `place` is the work that failed.
    pub(super) fn disk_failed(&mut self, place: &str, errno: i32) {
        let Reaction { response, helper } = self.config.disk_error_action.clone();
        let is_first = self.guard.errors == 0;
        let tells = self.guard.tells_error();
        if matches!(response, Response::Single | Response::Halt) && !is_first {
            return;
        }
        if response == Response::Syslog {
            if tells {
                let why = crate::sys::error_text(errno);
                let text = format!("{place}: Audit daemon detected an error writing an event to disk ({why})");
                self.tell(Level::Alert, text);
            }
            return;
        }
        self.last_resort(response, helper, "previously mentioned write error");
    }

    /// The reactions that end the writing, or more.
    fn last_resort(&mut self, response: Response, helper: String, why: &str) {
        let change = "The audit daemon is now";
        match response {
            Response::Exec => {
                self.suspend();
                self.act(Action::Help(helper, Purpose::Other));
            }
            Response::Suspend => {
                let end = if why.starts_with("previously") { "" } else { "." };
                self.tell(Level::Alert, format!("Audit daemon is suspending logging due to {why}{end}"));
                self.suspend();
            }
            Response::Single => {
                let text = format!("{change} changing the system to single user mode and exiting due to {why}");
                self.tell(Level::Alert, text);
                self.act(Action::Runlevel('1'));
            }
            Response::Halt => {
                self.tell(Level::Alert, format!("{change} halting the system and exiting due to {why}"));
                self.act(Action::Runlevel('0'));
            }
            Response::Ignore
            | Response::Syslog
            | Response::Rotate
            | Response::KeepLogs
            | Response::Email
            | Response::Degrade => {}
        }
    }

    /// Stops writing until told otherwise. The log is closed, so that it may be moved or removed meanwhile.
    pub(super) fn suspend(&mut self) {
        if !self.lines.is_empty() {
            self.act(Action::Write);
        }
        self.suspended = true;
        self.log = Log::Closed;
        self.act(Action::Close);
    }

    /// Writes again, from scratch: everything may act again.
    pub(super) fn resume(&mut self) {
        self.tell(Level::Notice, "Audit daemon is attempting to resume logging.");
        self.guard.arm();
        self.suspended = false;
        self.degraded = false;
        self.failing = false;
        self.rotate_again = i64::MIN;
        if self.log == Log::Closed {
            self.control.resumes = true;
            self.act(Action::Open);
        } else {
            self.announce();
        }
    }

    pub(super) fn opened(&mut self, found: Found) {
        self.log = Log::Open;
        self.size = found.size;
        self.born = found.born;
        if let Some(torn) = found.torn {
            let serial = stamp(&torn).map_or(0, |(_, serial)| serial);
            self.ledger.lose(Cause::Torn, Some(1), (serial, serial), self.now);
        }
        if std::mem::take(&mut self.control.resumes) {
            self.tell(Level::Notice, "Audit daemon resumed logging.");
        }
        self.settle();
        self.announce();
        // Only now: what was just said may have needed the room.
        self.act(Action::MakeReserve);
        self.check_size();
    }

    pub(super) fn open_failed(&mut self, errno: i32) {
        self.suspended = true;
        let place = if std::mem::take(&mut self.control.resumes) { "resume" } else { "reconfig" };
        self.disk_failed(place, errno);
        self.announce();
    }

    pub(super) fn helper_ended(&mut self, purpose: Purpose, well: bool) {
        match purpose {
            Purpose::Size if self.suspended && well => self.resume(),
            Purpose::Size if self.suspended => {
                let text = "Audit daemon failed to exec max_log_file_action helper - logging suspended";
                self.tell(Level::Alert, text);
            }
            _ => {}
        }
    }
}
