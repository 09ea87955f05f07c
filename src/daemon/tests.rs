//! The core driven by scripts: no files, no clock, no sleeping.

mod log;
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
        Script::unopened(config).open()
    }

    fn open(self) -> Script {
        let mut script = self;
        if script.core.log_state() != State::Off {
            script.feed(Input::Opened(Found { created: 1000, ..Found::default() }));
        }
        script.asked.clear();
        script
    }

    /// The kernel of this one was booted at second 100.
    fn unopened(config: Config) -> Script {
        Script::with_descriptors(config, 4096)
    }

    fn with_descriptors(config: Config, descriptors: usize) -> Script {
        let enricher = Enricher::new(Users::open(Path::new("/nonexistent")), "x86_64");
        let now = Moment { seconds: 1000, nanos: 0 };
        let kernel = "6.1".to_string();
        let identity = Identity {
            pid: 7,
            auid: 1000,
            kernel,
            booted: 100,
            descriptors,
            #[cfg(feature = "tls")]
            program: b"/opt/auditd".to_vec(),
            ..Identity::default()
        };
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
        let log = std::mem::take(&mut self.log);
        String::from_utf8_lossy(&log).lines().map(str::to_string).collect()
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
fn a_second_reload_while_one_is_under_way_reads_the_file_again_for_its_own_sender() {
    let mut script = Script::new(config());
    let reload = |script: &mut Script, pid| {
        let sender = || Sender::from_signal(pid, 0, Some(1000), Some(3));
        script.feed(Input::Signal(Signal::Reload, sender()));
        script.feed(Input::Sender(Some(sender())));
    };
    let loads = |script: &mut Script| script.asked().iter().filter(|asked| *asked == "LoadConfig").count();
    reload(&mut script, 98);
    assert_eq!((loads(&mut script), script.core.reloads_again()), (1, false));
    reload(&mut script, 99);
    assert_eq!((loads(&mut script), script.core.reloads_again()), (0, true));
    script.feed(Input::Config(Ok(Box::new(Config { num_logs: 7, ..config() }))));
    assert_eq!((loads(&mut script), script.core.reloads_again()), (1, false));
    script.feed(Input::Config(Ok(Box::new(Config { num_logs: 9, ..config() }))));
    assert_eq!((loads(&mut script), script.core.config().num_logs), (0, 9), "the last file wins");
    let lines = script.lines();
    assert!(lines.len() == 2 && lines[0].contains("state=changed auid=1000 pid=98 "), "{lines:?}");
    assert!(lines[1].contains("state=changed auid=1000 pid=99 "), "{lines:?}");
}

#[test]
fn reloads_that_wait_are_bounded_and_each_has_its_record() {
    let mut script = Script::new(config());
    (0..20).for_each(|_| script.signal(Signal::Reload));
    let changes = |script: &mut Script, state: &str| script.lines().iter().filter(|line| line.contains(state)).count();
    assert_eq!(changes(&mut script, "state=no-change"), 12);
    (0..8).for_each(|_| script.feed(Input::Config(Ok(Box::new(config())))));
    assert_eq!(changes(&mut script, "state=changed"), 8);
    assert!(!script.core.reloads_again());
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

/// It was killed before the early daemon had given it anything; what a daemon of another boot had lost is lost all the same.
#[cfg(feature = "early")]
#[test]
fn nothing_was_lost_with_a_killed_heir_of_the_early_daemon() {
    for (seconds, is_lost) in [(999, false), (10, true)] {
        let mut script = Script::unopened(config());
        let end = Some(LogEnd { is_clean: false, serial: 0, seconds });
        script.feed(Input::Opened(Found { end, ..Found::default() }));
        script.core.record_hand_over(77, &super::early::HandOver { kept: 1, ..Default::default() });
        made(&mut script, 1001, 50);
        assert_eq!(contains(&script.lines(), "cause=daemon-killed"), is_lost, "{seconds}");
    }
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
