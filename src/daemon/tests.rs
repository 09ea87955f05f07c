//! The core driven by scripts: no files, no clock, no sleeping.

#[cfg(feature = "listener")]
mod peers;
mod transitions;

use super::core::Core;
use super::enrich::Enricher;
use super::ledger::Cause;
use super::log::State;
use super::report::Facts;
use super::{Effect, HelperEnd, Identity, Input, Purpose, RotationError, RotationResult, Sender, Signal};
use crate::abi::Status;
use crate::config::auditd::{Config, Flush, LogFormat};
use crate::config::{Reaction, Response, Space};
use crate::log::file::{Found, LogEnd};
use crate::sys::clock::Moment;
use crate::sys::files::FilesystemSpace;
use crate::sys::users::Users;
use std::path::Path;

const NO_ROOM: i32 = 28;
const INPUT_OUTPUT: i32 = 5;

/// A daemon whose effects are performed in memory.
struct Script {
    core: Core,
    log: Vec<u8>,
    /// Effects that were asked for, writes left out.
    asked: Vec<String>,
    /// Writes fail with this errno, after keeping this many bytes.
    write_fails: Option<(i32, usize)>,
    rotation_fails: Option<i32>,
    open_fails: Option<i32>,
    /// The log's path leads elsewhere, and whether the log was deleted.
    missing: Option<bool>,
    space: FilesystemSpace,
    /// Bytes of a log when it is opened again.
    opened_size: u64,
    seconds: i64,
}

impl Script {
    fn new(config: Config) -> Script {
        let mut script = Script::unopened(config);
        if script.core.log_state() != State::Off {
            script.feed(Input::Opened(Found { created: 1000, ..Found::default() }));
        }
        script.asked.clear();
        script
    }

    /// The kernel of this one was booted at second 100.
    fn unopened(config: Config) -> Script {
        let enricher = Enricher::new(Users::open(Path::new("/nonexistent")), "x86_64");
        let now = Moment { seconds: 1000, nanos: 0 };
        let identity = Identity { pid: 7, auid: 1000, kernel: "6.1".to_string(), booted: 100, ..Identity::default() };
        Script {
            core: Core::new(config, identity, enricher, now, 1000),
            log: Vec::new(),
            asked: Vec::new(),
            write_fails: None,
            rotation_fails: None,
            open_fails: None,
            missing: None,
            space: mib(1000),
            opened_size: 0,
            seconds: 1000,
        }
    }

    fn feed(&mut self, input: Input<'_>) {
        self.core.handle(input);
        while let Some(effect) = self.core.next_effect() {
            self.perform_and_answer(effect);
        }
    }

    fn perform_and_answer(&mut self, effect: Effect) {
        if let Some(answer) = self.perform(effect) {
            self.core.handle(answer);
        }
    }

    fn perform(&mut self, effect: Effect) -> Option<Input<'static>> {
        let answer = match effect {
            Effect::Write => return self.write(),
            Effect::MeasureSpace if self.missing.is_some() => Some(Input::LogMissing),
            // A log that is closed is not measured.
            Effect::MeasureSpace if self.core.log_state() != State::Open => None,
            Effect::MeasureSpace => Some(Input::Space(self.space)),
            Effect::Rotate { .. } => {
                self.log.extend_from_slice(b"--\n");
                let was_deleted = self.missing == Some(true);
                let text = "Error rotating logs".to_string();
                let result = self.rotation_fails.map_or(Ok(1), |errno| Err(RotationError { text, errno }));
                if result.is_ok() {
                    self.missing = None;
                }
                Some(Input::Rotated(RotationResult { was_deleted, result }))
            }
            Effect::Open => Some(match self.open_fails {
                Some(errno) => Input::OpenFailed(errno),
                None => Input::Opened(Found { size: self.opened_size, created: self.seconds, ..Found::default() }),
            }),
            _ => None,
        };
        self.asked.push(match effect {
            Effect::Log(_, text) => text,
            other => format!("{other:?}"),
        });
        answer
    }

    fn write(&mut self) -> Option<Input<'static>> {
        let (lines, _) = self.core.pending();
        if lines.is_empty() {
            return None;
        }
        let kept = self.write_fails.map_or(lines.len(), |(_, kept)| kept);
        self.log.extend_from_slice(&lines[..kept]);
        Some(self.write_fails.map_or(Input::Wrote, |(errno, kept)| Input::WriteFailed { kept, errno }))
    }

    /// A batch of records with these serials.
    fn batch(&mut self, serials: impl IntoIterator<Item = u64>) {
        for serial in serials {
            self.record(serial, "a=b");
        }
        self.feed(Input::EndOfBatch);
    }

    fn record(&mut self, serial: u64, body: &str) {
        let text = format!("audit(1000.000:{serial}): {body}");
        self.feed(Input::Record(1300, text.as_bytes()));
    }

    fn at(&mut self, seconds: i64) {
        self.seconds = seconds;
        self.core.set_time(Moment { seconds, nanos: 0 }, seconds);
    }

    fn signal(&mut self, signal: Signal) {
        self.feed(Input::Signal(signal, Sender::from_signal(99, 0, Some(1000), Some(3))));
        self.feed(Input::Sender(Some(Sender {
            context: Some(b"ctx".to_vec()),
            ..Sender::from_signal(99, 5, Some(1000), None)
        })));
    }

    /// What the log holds, one string a line, and forgets it.
    fn lines(&mut self) -> Vec<String> {
        let text = String::from_utf8(std::mem::take(&mut self.log)).unwrap();
        text.lines().map(str::to_string).collect()
    }

    /// What was asked for since the last time, questions left out.
    fn asked(&mut self) -> Vec<String> {
        std::mem::take(&mut self.asked).into_iter().filter(|a| a != "MeasureSpace" && a != "AskKernel").collect()
    }
}

fn mib(free: u64) -> FilesystemSpace {
    FilesystemSpace { free_blocks: free * 256, blocks: 256_000, block_size: 4096 }
}

/// A plain configuration: RAW, nothing done about anything.
fn config() -> Config {
    Config { log_format: LogFormat::Raw, max_log_file: 8, num_logs: 5, ..Config::default() }
}

fn contains(lines: &[String], part: &str) -> bool {
    lines.iter().any(|line| line.contains(part))
}

#[test]
fn a_batch_is_one_write() {
    let mut script = Script::new(config());
    script.record(1, "a=b");
    script.record(1, "c=d");
    assert_eq!(script.lines(), [""; 0]);
    script.feed(Input::EndOfBatch);
    assert_eq!(script.lines(), ["type=SYSCALL msg=audit(1000.000:1): a=b", "type=SYSCALL msg=audit(1000.000:1): c=d"]);
}

#[test]
fn the_end_of_an_event_and_answers_are_not_written() {
    let mut script = Script::new(config());
    for message in [2, 1000, 1010, 1200, 1320, 1329] {
        script.feed(Input::Record(message, b"audit(1000.000:1): "));
    }
    script.feed(Input::EndOfBatch);
    assert_eq!(script.lines(), [""; 0]);
}

#[test]
fn flushing_follows_the_configuration() {
    let syncs = |flush, freq| {
        let mut script = Script::new(Config { flush, freq, ..config() });
        (0..4).for_each(|n| script.batch(n * 10..n * 10 + 5));
        script.asked().into_iter().filter(|a| a.starts_with("Sync")).collect::<Vec<_>>()
    };
    assert_eq!(syncs(Flush::None, 0), [""; 0]);
    assert_eq!(syncs(Flush::IncrementalAsync, 10), ["Sync { data_only: false }"; 2]);
    assert_eq!(syncs(Flush::Data, 0), ["Sync { data_only: true }"; 4]);
    assert_eq!(syncs(Flush::Sync, 0), ["Sync { data_only: false }"; 4]);
}

/// A configuration with a limit that two records of this size pass.
fn limited(response: Response) -> Config {
    let helper = if response == Response::Exec { "/bin/x".to_string() } else { String::new() };
    Config { max_log_file: 1, max_log_file_action: Reaction { response, helper }, ..config() }
}

fn fill(script: &mut Script, serial: u64) {
    let body = "x".repeat(8000);
    (0..135).for_each(|n| script.record(serial + n, &body));
    script.feed(Input::EndOfBatch);
}

#[test]
fn a_log_is_rotated_by_the_record_that_reaches_the_limit() {
    let mut script = Script::new(limited(Response::Rotate));
    fill(&mut script, 1);
    assert_eq!(script.asked(), ["Audit daemon rotating log files", "Rotate { keep_all: false }"]);
    let lines = script.lines();
    let cut = lines.iter().position(|l| l == "--").unwrap();
    let size: usize = lines[..cut].iter().map(|l| l.len() + 1).sum();
    assert!(size >= 1 << 20 && size - lines[cut - 1].len() - 1 < 1 << 20);
}

#[test]
fn keep_logs_drops_none_and_one_log_is_never_rotated() {
    let mut script = Script::new(limited(Response::KeepLogs));
    fill(&mut script, 1);
    assert!(contains(&script.asked(), "Rotate { keep_all: true }"));
    let mut script = Script::new(Config { num_logs: 1, ..limited(Response::Rotate) });
    fill(&mut script, 1);
    assert!(!contains(&script.asked(), "Rotate"));
}

#[test]
fn a_failed_rotation_goes_on_in_the_old_log_and_is_tried_again_a_second_later() {
    let mut script = Script::new(limited(Response::Rotate));
    script.rotation_fails = Some(INPUT_OUTPUT);
    fill(&mut script, 1);
    let asked = script.asked();
    assert!(contains(&asked, "rotate: Audit daemon detected an error writing an event to disk (Input/output error)"));
    assert_eq!(asked.iter().filter(|a| a.starts_with("Rotate")).count(), 1);
    assert!(contains(&asked, "Error rotating logs"));
    script.at(1001);
    script.batch([499]);
    assert!(!contains(&script.asked(), "Error rotating logs"), "it is told once");
    script.signal(Signal::Rotate);
    assert!(contains(&script.asked(), "Error rotating logs"), "and to who asks for it");
    script.batch([500]);
    assert!(contains(&script.lines(), "1000.000:500)"));
    assert!(!contains(&script.asked(), "Rotate"));
    script.rotation_fails = None;
    script.at(1002);
    script.batch([501]);
    assert!(contains(&script.asked(), "Rotate { keep_all: false }"));
}

#[test]
fn a_log_that_was_deleted_is_opened_anew_and_what_went_with_it_is_counted() {
    let mut script = Script::new(config());
    script.at(1001);
    script.batch(1..4);
    script.missing = Some(true);
    script.at(1002);
    script.batch(4..6);
    assert!(contains(&script.asked(), "The audit log is gone from its place and is opened anew"));
    script.batch([6]);
    let lines = script.lines();
    let cut = lines.iter().position(|l| l == "--").unwrap();
    assert!(contains(&lines[cut..], "cause=disk-error count=2 first=3 last=5"), "{lines:?}");
    assert!(contains(&lines[cut..], ":6)"));
    // One that was only moved is lost to nobody, and what cannot be opened is tried again a second later.
    script.missing = Some(false);
    script.rotation_fails = Some(INPUT_OUTPUT);
    script.at(1003);
    script.batch([7]);
    script.rotation_fails = None;
    script.batch([8]);
    assert_eq!(script.asked().iter().filter(|a| a.starts_with("Rotate")).count(), 1);
    script.at(1004);
    script.feed(Input::Tick);
    assert!(contains(&script.asked(), "Rotate"));
    script.batch([9]);
    assert!(!contains(&script.lines(), "op=lost-events"));
}

#[test]
fn a_clock_that_is_set_back_makes_a_log_young_and_not_immortal() {
    let mut script = Script::new(Config { max_log_age: 3600, ..config() });
    script.core.set_time(Moment { seconds: 900_000, nanos: 0 }, 1001);
    script.batch([1]);
    assert!(contains(&script.asked(), "Rotate"), "it is old as far as anybody knows");
    script.core.set_time(Moment { seconds: 2000, nanos: 0 }, 1002);
    script.batch([2]);
    assert!(!contains(&script.asked(), "Rotate"));
    script.core.set_time(Moment { seconds: 5599, nanos: 0 }, 4601);
    script.batch([3]);
    assert!(!contains(&script.asked(), "Rotate"));
    script.core.set_time(Moment { seconds: 5600, nanos: 0 }, 4602);
    script.batch([4]);
    assert!(contains(&script.asked(), "Rotate"));
}

#[test]
fn suspended_by_size_until_resumed_with_the_loss_written_down() {
    let mut script = Script::new(limited(Response::Suspend));
    fill(&mut script, 1);
    assert_eq!(script.asked()[..2], ["Audit daemon is suspending logging due to logfile size.", "Close"]);
    script.lines();
    script.batch(300..310);
    assert_eq!(script.lines(), [""; 0]);
    script.signal(Signal::Resume);
    let asked = script.asked();
    assert!(contains(&asked, "Audit daemon is attempting to resume logging.") && contains(&asked, "resumed logging."));
    let lines = script.lines();
    assert_eq!(
        lines[0],
        "type=DAEMON_ERR msg=audit(1000.000:0): op=lost-events cause=logging-suspended count=14 first=132 last=309 \
         begin=1000.000 end=1000.000 sink=log auid=1000 pid=7 uid=0 ses=0 res=failed"
    );
    assert_eq!(
        lines[1],
        "type=DAEMON_RESUME msg=audit(1000.000:1): op=resume-logging auid=1000 uid=0 ses=3 pid=99 subj=ctx res=success"
    );
}

#[test]
fn a_helper_for_size_resumes_by_itself_and_others_do_not() {
    let mut script = Script::new(limited(Response::Exec));
    fill(&mut script, 1);
    assert!(contains(&script.asked(), "RunHelper(\"/bin/x\", Size)"));
    script.feed(Input::HelperEnded(Purpose::Size, HelperEnd::Succeeded));
    assert!(contains(&script.asked(), "Open"));
    script.batch([400]);
    assert!(contains(&script.lines(), "1000.000:400)"));
    script.feed(Input::HelperEnded(Purpose::Other, HelperEnd::Succeeded));
    assert_eq!(script.asked(), [""; 0]);
}

#[test]
fn a_helper_that_leaves_the_log_too_large_is_not_run_again_for_a_minute_and_writing_goes_on() {
    let mut script = Script::new(limited(Response::Exec));
    fill(&mut script, 1);
    script.opened_size = 1 << 20;
    script.asked();
    script.lines();
    for second in 1000..1060 {
        script.at(second);
        script.feed(Input::HelperEnded(Purpose::Size, HelperEnd::Failed));
        script.batch([second as u64]);
    }
    assert!(!contains(&script.asked(), "RunHelper"));
    assert_eq!(script.lines().iter().filter(|line| line.contains("type=SYSCALL")).count(), 60, "none is lost");
    script.at(1060);
    script.batch([2000]);
    assert!(contains(&script.asked(), "RunHelper"));
}

#[test]
fn a_log_that_is_too_old_is_rotated_also_when_nothing_happens() {
    let mut script = Script::new(Config { max_log_age: 3600, ..config() });
    script.at(4600);
    script.feed(Input::Tick);
    assert!(!contains(&script.asked(), "Rotate"), "an empty log has no age");
    script.batch([1]);
    assert!(contains(&script.asked(), "Rotate { keep_all: false }"));
    script.batch([2]);
    script.at(8199);
    script.feed(Input::Tick);
    assert!(!contains(&script.asked(), "Rotate"));
    script.at(8200);
    script.feed(Input::Tick);
    assert!(contains(&script.asked(), "Rotate { keep_all: false }"));
}

fn short_of_room(left: Response, admin: Response) -> Config {
    Config {
        space_left: Space::Mebibytes(75),
        admin_space_left: Space::Mebibytes(50),
        space_left_action: left.into(),
        admin_space_left_action: admin.into(),
        priority_keys: vec!["exec".to_string()],
        ..config()
    }
}

/// A second later there is so much room, and a record comes.
fn room(script: &mut Script, free: u64, serial: u64) -> Vec<String> {
    script.space = mib(free);
    script.at(script.seconds + 1);
    script.batch([serial]);
    script.asked()
}

#[test]
fn little_room_is_told_with_what_comes_next() {
    let mut script = Script::new(short_of_room(Response::Syslog, Response::Suspend));
    assert_eq!(room(&mut script, 80, 1), [""; 0]);
    assert_eq!(
        room(&mut script, 70, 2)[0],
        "Audit daemon is low on disk space for logging. If the admin space left threshold is reached, audit will suspend. \
         If the disk becomes full, audit will ignore."
    );
    assert_eq!(room(&mut script, 60, 3), [""; 0]);
    let asked = room(&mut script, 40, 4);
    assert_eq!(asked, ["Audit daemon is suspending logging due to low disk space.", "Close"]);
}

#[test]
fn shares_that_make_no_sense_on_this_disk_are_told_once() {
    let shares =
        |percent| Config { space_left: Space::Percent(percent), ..short_of_room(Response::Ignore, Response::Ignore) };
    for (percent, expected) in [(5, 1), (6, 0)] {
        let mut script = Script::new(shares(percent));
        let mut asked = room(&mut script, 900, 1);
        asked.extend(room(&mut script, 900, 2));
        let told = asked.iter().filter(|a| *a == "Error - space_left(50) must be larger than admin_space_left(50)");
        assert_eq!(told.count(), expected, "{asked:?}");
    }
}

#[test]
fn mail_tells_both_stages() {
    let mut script = Script::new(short_of_room(Response::Email, Response::Email));
    let asked = room(&mut script, 70, 1);
    assert_eq!(
        asked[0],
        "Mail(\"Audit Disk Space Alert\", \"The audit daemon is low on disk space for logging! Please take action\\nto \
         ensure no loss of service.\\nIf the admin space left threshold is reached, audit will email. If the disk becomes \
         full, audit will ignore.\")"
    );
    let asked = room(&mut script, 40, 2);
    assert_eq!(
        asked[0],
        "Mail(\"Audit Admin Space Alert\", \"The audit daemon is very low on disk space for logging! Immediate action\\nis \
         required to ensure no loss of service.\\nIf the disk becomes full, audit will ignore.\")"
    );
}

#[test]
fn halting_is_told_to_everybody_logged_in() {
    let mut script = Script::new(short_of_room(Response::Syslog, Response::Halt));
    assert!(contains(&room(&mut script, 70, 1), "Wall"));
    let asked = room(&mut script, 40, 2);
    assert!(contains(&asked, "The audit daemon is now halting the system and exiting due to low disk space"));
    assert!(contains(&asked, "Runlevel('0')"));
}

#[test]
fn degraded_keeps_priority_keys_sheds_the_rest_and_ends_by_itself() {
    let mut script = Script::new(short_of_room(Response::Degrade, Response::Ignore));
    room(&mut script, 70, 1);
    script.lines();
    script.record(2, "arch=c000003e key=\"exec\"");
    script.record(2, "item=0");
    script.record(3, "arch=c000003e key=\"other\"");
    script.record(3, "item=0");
    script.feed(Input::EndOfBatch);
    let lines = script.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(contains(&lines, ":2): item=0"));
    // A tick asks for room even when no record is kept.
    script.space = mib(500);
    script.at(script.seconds + 1);
    script.feed(Input::Tick);
    assert!(contains(&script.asked(), "Audit daemon keeps all events again."));
    assert!(contains(&script.lines(), "op=lost-events cause=degraded count=2 first=3 last=3"));
    script.batch([9]);
    assert_eq!(script.lines().len(), 1);
}

#[test]
fn a_full_disk_is_told_once_and_its_loss_is_counted() {
    let mut script = Script::new(config());
    script.write_fails = Some((NO_ROOM, 0));
    script.batch(1..4);
    let asked = script.asked();
    assert_eq!(asked.iter().filter(|a| *a == "Audit daemon has no space left on logging partition").count(), 1);
    assert!(contains(&asked, "ReleaseReserve"));
    script.batch(4..6);
    assert!(!contains(&script.asked(), "no space left"));
    script.write_fails = None;
    script.batch(6..7);
    assert!(contains(&script.lines(), "1000.000:6)"));
    script.batch(7..8);
    let lines = script.lines();
    assert!(contains(&lines, "op=lost-events cause=disk-full count=5 first=1 last=5"), "{lines:?}");
}

#[test]
fn what_the_reserve_gives_back_is_not_taken_for_room() {
    let mut script = Script::new(config());
    script.space = FilesystemSpace { free_blocks: 8, blocks: 1000, block_size: 1024 };
    script.write_fails = Some((NO_ROOM, 0));
    script.batch([1]);
    script.write_fails = None;
    room(&mut script, 0, 2);
    script.space = FilesystemSpace { free_blocks: 8, blocks: 1000, block_size: 1024 };
    script.at(script.seconds + 1);
    script.batch([3]);
    script.write_fails = Some((NO_ROOM, 0));
    script.batch([4]);
    assert!(!contains(&script.asked(), "no space left on logging partition"));
}

#[test]
fn a_full_disk_is_rotated_until_the_oldest_log_has_made_room() {
    let mut script = Script::new(Config { disk_full_action: Response::Rotate.into(), num_logs: 3, ..config() });
    let rotations = |asked: Vec<String>| asked.iter().filter(|a| a.starts_with("Rotate")).count();
    script.write_fails = Some((NO_ROOM, 0));
    (0..9).for_each(|n| script.batch([n]));
    assert_eq!(rotations(script.asked()), 3, "more rotations would drop what was just begun");
    script.write_fails = None;
    script.batch([20]);
    script.write_fails = Some((NO_ROOM, 0));
    script.batch([21]);
    assert_eq!(rotations(script.asked()), 1);
}

#[test]
fn what_was_kept_of_a_short_write_is_not_lost() {
    let mut script = Script::new(config());
    let one = "type=SYSCALL msg=audit(1000.000:1): a=b\n".len();
    script.write_fails = Some((INPUT_OUTPUT, one));
    script.batch(1..4);
    script.write_fails = None;
    assert!(contains(&script.asked(), "write: Audit daemon detected an error writing an event to disk"));
    script.batch([9]);
    script.batch([10]);
    let lines = script.lines();
    assert!(lines[0].contains(":1)"));
    assert!(contains(&lines, "cause=disk-error count=2 first=2 last=3"), "{lines:?}");
}

#[test]
fn the_reserve_holds_the_ledger_when_the_disk_is_full() {
    let mut script = Script::new(Config { disk_full_action: Response::Suspend.into(), ..config() });
    script.write_fails = Some((NO_ROOM, 0));
    for serial in 1..4 {
        script.record(serial, "a=b");
    }
    script.core.handle(Input::EndOfBatch);
    while let Some(effect) = script.core.next_effect() {
        let released = effect == Effect::ReleaseReserve;
        script.perform_and_answer(effect);
        if released {
            script.write_fails = None;
        }
    }
    assert!(contains(&script.lines(), "cause=disk-full count=3 first=1 last=3"));
    assert!(contains(&script.asked(), "suspending logging due to no space left on logging partition."));
}

#[test]
fn a_failing_disk_is_told_five_times_until_a_write_succeeds() {
    let mut script = Script::new(config());
    script.write_fails = Some((INPUT_OUTPUT, 0));
    (0..9).for_each(|n| script.batch([n]));
    assert_eq!(script.asked().iter().filter(|a| a.starts_with("write: ")).count(), 5);
    script.write_fails = None;
    script.batch([20]);
    script.write_fails = Some((INPUT_OUTPUT, 0));
    script.batch([21]);
    assert!(contains(&script.asked(), "write: "));
}

#[test]
fn disk_errors_suspend_run_helpers_or_end_the_system() {
    for (response, expected) in [
        (Response::Suspend, "Audit daemon is suspending logging due to previously mentioned write error"),
        (Response::Single, "Runlevel('1')"),
        (Response::Halt, "Runlevel('0')"),
        (Response::Exec, "RunHelper(\"\", Other)"),
    ] {
        let mut script = Script::new(Config { disk_error_action: response.into(), ..config() });
        script.write_fails = Some((INPUT_OUTPUT, 0));
        script.batch([1]);
        assert!(contains(&script.asked(), expected), "{response:?}");
        script.batch([2]);
        assert!(!contains(&script.asked(), expected), "{response:?} comes once until a write succeeds");
    }
}

#[test]
fn resuming_on_a_broken_disk_stays_suspended() {
    let mut script = Script::new(limited(Response::Suspend));
    fill(&mut script, 1);
    script.open_fails = Some(INPUT_OUTPUT);
    script.signal(Signal::Resume);
    assert!(contains(&script.asked(), "resume: Audit daemon detected an error"));
    script.lines();
    script.batch([400]);
    assert_eq!(script.lines(), [""; 0]);
    script.open_fails = None;
    script.signal(Signal::Resume);
    assert!(contains(&script.lines(), "cause=logging-suspended"));
}

#[test]
fn stopping_writes_who_did_it_also_while_suspended() {
    let mut script = Script::new(config());
    script.signal(Signal::Stop);
    assert_eq!(
        script.lines(),
        ["type=DAEMON_END msg=audit(1000.000:0): op=terminate auid=1000 uid=0 ses=3 pid=99 subj=ctx res=success"]
    );
    assert_eq!(script.asked().last().unwrap(), "Stop");
    let mut script = Script::new(limited(Response::Suspend));
    fill(&mut script, 1);
    script.lines();
    script.batch([300]);
    script.signal(Signal::Stop);
    let lines = script.lines();
    assert!(contains(&lines, "cause=logging-suspended") && contains(&lines, "op=terminate"), "{lines:?}");
}

#[test]
fn the_last_words_are_written_before_the_reserve_is_made_again() {
    let mut script = Script::new(limited(Response::Suspend));
    fill(&mut script, 1);
    script.feed(Input::Signal(Signal::Stop, Sender::default()));
    script.core.handle(Input::Sender(None));
    let mut order = Vec::new();
    while let Some(effect) = script.core.next_effect() {
        order.push(format!("{effect:?}"));
        script.perform_and_answer(effect);
    }
    let place = |wanted: &str| order.iter().position(|a| a == wanted).unwrap();
    assert!(place("ReleaseReserve") < place("Open") && place("Write") < place("MakeReserve"));
    assert!(place("Write") < place("Stop"));
}

#[test]
fn a_sender_the_kernel_does_not_name_is_known_from_the_signal() {
    let mut script = Script::new(config());
    script.feed(Input::Signal(Signal::Stop, Sender::from_signal(99, 0, Some(1000), Some(3))));
    assert_eq!(script.core.due(), Some(1));
    script.at(1001);
    script.feed(Input::Tick);
    assert!(contains(&script.lines(), "op=terminate auid=1000 uid=0 ses=3 pid=99 res=success"));
}

#[test]
fn signals_of_a_kind_merge_until_their_sender_is_known_and_others_never_push_one_out() {
    let mut script = Script::new(config());
    let sender = || Sender::from_signal(99, 0, Some(1000), Some(3));
    for _ in 0..20 {
        script.feed(Input::Signal(Signal::Rotate, sender()));
        script.feed(Input::Signal(Signal::Reload, sender()));
    }
    script.feed(Input::Signal(Signal::Stop, sender()));
    assert_eq!(script.asked().iter().filter(|a| *a == "AskSender").count(), 3);
    for _ in 0..3 {
        script.feed(Input::Sender(None));
    }
    let asked = script.asked();
    assert_eq!(asked.iter().filter(|a| a.starts_with("Rotate")).count(), 1);
    assert!(contains(&asked, "LoadConfig") && contains(&asked, "Stop"));
}

#[test]
fn no_action_is_lost_however_many_one_turn_asks_for() {
    let mut script = Script::new(config());
    for _ in 0..1000 {
        script.core.handle(Input::Record(1114, b"audit(1000.000:5): op=adding-user"));
    }
    let asked = std::iter::from_fn(|| script.core.next_effect());
    assert_eq!(asked.filter(|a| matches!(a, Effect::LoadNames { anyway: true })).count(), 1000);
}

#[test]
fn a_kernel_that_knows_of_no_signal_or_of_another_one_is_not_believed() {
    for (pid, auid) in [(-1, None), (98, Some(1001))] {
        let mut script = Script::new(config());
        script.feed(Input::Signal(Signal::Stop, Sender::from_signal(99, 0, Some(1000), Some(3))));
        script.feed(Input::Sender(Some(Sender::from_signal(pid, 0, auid, None))));
        assert!(contains(&script.lines(), "op=terminate auid=1000 uid=0 ses=3 pid=99 res=success"));
    }
}

#[test]
fn a_kernel_whose_daemon_is_another_is_not_asked_who_sent_a_signal() {
    let mut script = Script::new(Config { local_events: false, ..config() });
    script.feed(Input::Signal(Signal::Stop, Sender::from_signal(99, 0, Some(1000), Some(3))));
    assert!(contains(&script.lines(), "op=terminate auid=1000 uid=0 ses=3 pid=99 res=success"));
}

#[test]
fn nobody_at_all_is_minus_one() {
    let mut script = Script::new(config());
    script.feed(Input::Signal(Signal::Rotate, Sender::default()));
    script.feed(Input::Sender(None));
    assert!(contains(&script.lines(), "op=rotate-logs auid=-1 uid=-1 ses=-1 pid=-1 subj=? res=success"));
}

#[test]
fn rotating_by_hand_makes_the_record_the_first_of_the_new_log() {
    let mut script = Script::new(config());
    script.record(1, "a=b");
    script.signal(Signal::Rotate);
    let lines = script.lines();
    assert!(lines[0].contains(":1)") && lines[1] == "--" && lines[2].contains("op=rotate-logs"), "{lines:?}");
    let mut script = Script::new(Config { num_logs: 1, ..config() });
    script.signal(Signal::Rotate);
    assert!(contains(&script.asked(), "Log rotation disabled (num_logs < 2), skipping"));
}

#[test]
fn a_reload_is_applied_and_a_bad_one_changes_nothing() {
    let mut script = Script::new(config());
    script.signal(Signal::Reload);
    assert!(contains(&script.asked(), "LoadConfig"));
    script.feed(Input::Config(Ok(Box::new(Config { num_logs: 9, ..config() }))));
    assert_eq!(
        script.lines(),
        [
            "type=DAEMON_CONFIG msg=audit(1000.000:0): op=reconfigure state=changed auid=1000 pid=99 subj=ctx res=success"
        ]
    );
    assert_eq!(script.core.config().num_logs, 9);
    script.signal(Signal::Reload);
    script.feed(Input::Config(Err("Unknown keyword".to_string())));
    assert!(contains(&script.asked(), "Unknown keyword"));
    assert!(contains(&script.lines(), "state=no-change auid=1000 uid=0 ses=3 pid=99 subj=ctx res=failed"));
    assert_eq!(script.core.config().num_logs, 9);
}

#[test]
fn a_second_reload_while_one_is_under_way_is_refused() {
    let mut script = Script::new(config());
    script.signal(Signal::Reload);
    script.signal(Signal::Reload);
    assert!(contains(&script.lines(), "state=no-change"));
    script.feed(Input::Config(Ok(Box::new(config()))));
    assert!(contains(&script.lines(), "state=changed"));
}

#[test]
fn a_reload_that_raises_the_limit_resumes_and_one_about_room_arms_again() {
    let mut script = Script::new(limited(Response::Suspend));
    fill(&mut script, 1);
    script.signal(Signal::Reload);
    script.feed(Input::Config(Ok(Box::new(Config { max_log_file: 50, ..limited(Response::Suspend) }))));
    assert!(contains(&script.asked(), "Open"));
    script.batch([400]);
    assert!(contains(&script.lines(), ":400)"));
    let mut script = Script::new(short_of_room(Response::Email, Response::Ignore));
    room(&mut script, 70, 1);
    script.signal(Signal::Reload);
    let changed = Config { space_left: Space::Mebibytes(74), ..short_of_room(Response::Email, Response::Ignore) };
    script.feed(Input::Config(Ok(Box::new(changed))));
    assert!(contains(&script.asked(), "Mail("));
}

#[test]
fn a_reload_that_moves_the_log_writes_what_waits_into_the_old_one() {
    let mut script = Script::new(config());
    script.record(1, "a=b");
    script.signal(Signal::Reload);
    let moved = Config { log_file: "/var/log/other/audit.log".to_string(), ..config() };
    script.feed(Input::Config(Ok(Box::new(moved))));
    let asked = script.asked();
    let place = |wanted: &str| asked.iter().position(|a| a == wanted).unwrap();
    assert!(place("Close") < place("Open"));
    let lines = script.lines();
    assert!(lines[1].contains("type=DAEMON_CONFIG") && lines.len() == 2, "{lines:?}");
}

#[test]
fn a_reload_that_moves_a_suspended_log_writes_again() {
    let mut script = Script::new(limited(Response::Suspend));
    fill(&mut script, 1);
    script.lines();
    script.signal(Signal::Reload);
    let moved = Config { log_group: 4, ..limited(Response::Suspend) };
    script.feed(Input::Config(Ok(Box::new(moved))));
    assert!(contains(&script.lines(), "type=DAEMON_CONFIG"));
    assert!(
        String::from_utf8(script.core.report(&Facts::default()).text()).unwrap().contains("logging suspended = no\n")
    );
}

#[test]
fn a_reload_while_suspended_stays_so_and_counts_its_own_record() {
    let mut script = Script::new(limited(Response::Suspend));
    fill(&mut script, 1);
    script.lines();
    let before = script.core.ledger().total(Cause::Suspended);
    script.signal(Signal::Reload);
    script.feed(Input::Config(Ok(Box::new(Config { freq: 7, ..limited(Response::Suspend) }))));
    assert!(script.lines().is_empty());
    assert_eq!(script.core.ledger().total(Cause::Suspended), before + 1);
}

#[test]
fn who_is_added_is_named_by_names_read_after_it_and_nobody_waits_for_them() {
    let mut script = Script::new(Config { log_format: LogFormat::Enriched, ..config() });
    let added = |script: &mut Script, serial: u64| {
        let text = format!("audit(1000.000:{serial}): pid=9 uid=0 msg='op=add-user id=1234 exe=\"/sbin/useradd\"'");
        script.feed(Input::Record(1114, text.as_bytes()));
        script.feed(Input::EndOfBatch);
    };
    added(&mut script, 1);
    script.batch([2]);
    assert_eq!(script.asked(), ["LoadNames { anyway: true }"]);
    assert!(script.lines()[0].contains(":2)"), "what comes after it does not wait");
    script.feed(Input::Names(Users::open(Path::new("/nonexistent"))));
    assert!(contains(&script.lines(), ":1): pid=9"));
    // Names that do not come, and an end, let it go.
    added(&mut script, 3);
    script.at(1002);
    assert!(script.core.due().is_some_and(|seconds| seconds <= 1));
    script.feed(Input::Tick);
    assert!(contains(&script.lines(), ":3): pid=9"));
    (4..20).for_each(|serial| added(&mut script, serial));
    script.signal(Signal::Stop);
    let lines = script.lines();
    assert_eq!(lines.len(), 17, "more than a few do not wait, and none is lost");
    assert!(lines[16].contains("op=terminate"));
}

#[test]
fn passwd_and_group_are_looked_at_once_a_second_while_an_id_is_unknown() {
    let mut script = Script::new(Config { log_format: LogFormat::Enriched, ..config() });
    let mut look = |second, body: &str| {
        script.at(second);
        (0..3).for_each(|serial| script.record(serial, body));
        script.asked().iter().filter(|asked| *asked == "LoadNames { anyway: false }").count()
    };
    assert_eq!(look(1001, "uid=0 gid=0"), 0);
    assert_eq!(look(1001, "uid=5 gid=0"), 1);
    assert_eq!(look(1002, "uid=0 gid=0"), 0);
    assert_eq!(look(1003, "uid=0 gid=7"), 1);
}

fn lost(lost: u32) -> Input<'static> {
    Input::Kernel(Status { lost, ..Status::default() })
}

/// A record of the kernel that was made at a second.
fn made(script: &mut Script, second: u64, serial: u64) {
    let text = format!("audit({second}.000:{serial}): a=b");
    script.feed(Input::Record(1300, text.as_bytes()));
    script.feed(Input::EndOfBatch);
}

#[test]
fn losses_of_the_kernel_are_written_with_the_serials_that_are_missing() {
    let mut script = Script::new(config());
    script.core.set_kernel_lost(5);
    script.batch([10]);
    script.feed(lost(5));
    script.lines();
    script.at(1003);
    script.feed(lost(9));
    assert!(contains(&script.asked(), "SaveKernelLost(9)"));
    // Older than the answer: what was lost is not passed yet.
    made(&mut script, 1002, 11);
    made(&mut script, 1002, 20);
    assert!(!contains(&script.lines(), "op=lost-events"));
    made(&mut script, 1002, 22);
    made(&mut script, 1002, 21);
    made(&mut script, 1004, 31);
    let lines = script.lines();
    let wanted = "cause=kernel-backlog count=4 first=12 last=30 begin=1000.000 end=1003.000";
    assert!(contains(&lines, wanted), "{lines:?}");
    script.at(1010);
    script.feed(Input::Kernel(Status { lost: 10, rate_limit: 3, ..Status::default() }));
    script.at(1012);
    script.feed(Input::Tick);
    assert!(contains(&script.lines(), "cause=kernel-rate-limit count=1 first=31 last=31"), "nothing more comes");
    script.feed(lost(0));
    script.at(1020);
    script.feed(Input::Tick);
    assert_eq!(script.lines(), [""; 0], "the counter was reset");
    script.feed(lost(7));
    script.feed(lost(2));
    script.at(1030);
    script.feed(Input::Tick);
    assert!(contains(&script.lines(), "count=9"), "reset, and lost before and since");
}

#[test]
fn what_was_lost_with_a_killed_daemon_is_the_gap_between_two_logs() {
    let end = |is_clean, seconds| Found { end: Some(LogEnd { is_clean, serial: 40, seconds }), ..Found::default() };
    let first_lines = |found| {
        let mut script = Script::unopened(config());
        script.feed(Input::Opened(found));
        script.lines();
        made(&mut script, 1001, 50);
        script.lines()
    };
    let killed = "cause=daemon-killed count=? first=41 last=49";
    assert!(contains(&first_lines(end(false, 999)), killed));
    assert!(!contains(&first_lines(end(true, 999)), "op=lost-events"), "it has ended by itself");
    assert!(contains(&first_lines(end(false, 10)), "cause=daemon-killed count=? first=41 last=?"), "another kernel");
    let mut script = Script::unopened(config());
    script.feed(Input::Opened(end(false, 999)));
    made(&mut script, 1001, 41);
    assert!(!contains(&script.lines(), "op=lost-events"), "nothing is missing");
}

#[test]
fn an_overrun_of_the_socket_is_a_gap_of_unknown_size() {
    let mut script = Script::new(config());
    script.batch([10]);
    script.feed(Input::Overrun);
    assert!(contains(&script.asked, "AskKernel"));
    script.batch([20]);
    assert!(contains(&script.lines(), "cause=socket-overrun count=? first=10 last=10"));
}

#[test]
fn without_a_log_nothing_is_written_and_nothing_counts_as_lost() {
    let mut script = Script::new(Config { write_logs: false, ..config() });
    script.batch([1]);
    assert_eq!(script.lines(), [""; 0]);
    assert_eq!(script.core.ledger().total(Cause::Suspended), 0);
}

#[test]
fn a_node_stands_in_front_of_every_record() {
    let mut script = Script::new(config());
    script.feed(Input::Node("host".to_string()));
    script.batch([1]);
    assert_eq!(script.lines(), ["node=host type=SYSCALL msg=audit(1000.000:1): a=b"]);
}

#[test]
fn reports_are_asked_for_by_signal_and_by_interval() {
    let mut script = Script::new(Config { report_interval: 60, ..config() });
    script.feed(Input::Signal(Signal::State, Sender::default()));
    assert_eq!(script.asked(), ["Report"]);
    script.at(1059);
    script.feed(Input::Tick);
    assert_eq!(script.asked(), [""; 0]);
    script.at(1060);
    script.feed(Input::Tick);
    assert_eq!(script.asked(), ["Report"]);
}

#[test]
fn stamps_that_go_back_are_written_as_they_come() {
    let mut script = Script::new(config());
    script.batch([5, 3, 9]);
    script.at(10);
    script.batch([4]);
    assert_eq!(script.lines().len(), 4);
}

#[test]
fn intervals_do_not_hang_on_the_time_of_day() {
    let mut script = Script::new(config());
    script.core.set_time(Moment { seconds: 90_000, nanos: 0 }, 1006);
    script.batch([1]);
    assert!(contains(&std::mem::take(&mut script.asked), "AskKernel"));
    script.core.set_time(Moment { seconds: 10, nanos: 0 }, 1012);
    script.batch([2]);
    assert!(contains(&script.asked, "AskKernel"));
}

#[test]
fn hostile_text_is_one_line() {
    let mut script = Script::new(config());
    script.feed(Input::Record(1100, b"\n\n\0\xff\n type=DAEMON_END \n"));
    script.feed(Input::Record(1100, b""));
    script.feed(Input::EndOfBatch);
    assert_eq!(script.log.iter().filter(|b| **b == b'\n').count(), 2);
}
