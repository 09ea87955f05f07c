//! All transitions: every stage of size, room, failure with every action auditd.conf allows there; every signal in every
//! state; and random scripts in which no record may get lost without being counted.

use super::*;
use crate::config::auditd::parse;
use crate::config::{Choice, Diagnostic, HostChecks};
use crate::daemon::ledger::CAUSES;
use crate::daemon::log::State;
use crate::testing::Dice;

/// What makes the daemon act.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Size,
    Left,
    Admin,
    Full,
    Error,
}

use Stage::{Admin, Error, Full, Left, Size};

/// A stage with an action: what is asked for (nothing: no action is taken), whether writing is suspended by it, and whether
/// it is asked for again when the stage goes on, after it was over, after a resume, after a reload that changes its setting.
type Row = (Stage, Response, &'static str, bool, [bool; 4]);

const NEVER: [bool; 4] = [false; 4];
const ALWAYS: [bool; 4] = [true; 4];
/// Done with until a resume or a reload.
const LATCHED: [bool; 4] = [false, false, true, true];
/// Done with until it was over.
const WHILE: [bool; 4] = [false, true, true, true];
/// Nothing is written, so nothing is noticed, until a resume.
const SUSPENDED: [bool; 4] = [false, false, true, false];

#[rustfmt::skip]
const ROWS: &[Row] = &[
    (Size, Response::Ignore, "", false, NEVER),
    (Size, Response::Syslog, "log file is larger than max size", false, ALWAYS),
    (Size, Response::Exec, "RunHelper(\"/bin/x\", Size)", true, [false, false, true, true]),
    (Size, Response::Suspend, "suspending logging due to logfile size.", true, [false, false, true, true]),
    (Size, Response::Rotate, "Rotate { keep_all: false }", false, ALWAYS),
    (Size, Response::KeepLogs, "Rotate { keep_all: true }", false, ALWAYS),
    (Left, Response::Ignore, "", false, NEVER),
    (Left, Response::Syslog, "low on disk space for logging. If the admin", false, WHILE),
    (Left, Response::Rotate, "Rotate { keep_all: false }", false, ALWAYS),
    (Left, Response::Email, "Mail(\"Audit Disk Space Alert\"", false, LATCHED),
    (Left, Response::Exec, "RunHelper(\"/bin/x\", Other)", true, SUSPENDED),
    (Left, Response::Degrade, "keeps only events with a priority key.", false, WHILE),
    (Left, Response::Suspend, "suspending logging due to low disk space.", true, SUSPENDED),
    (Left, Response::Single, "Runlevel('1')", false, LATCHED),
    (Admin, Response::Ignore, "", false, NEVER),
    (Admin, Response::Syslog, "low on disk space for logging. If the disk", false, WHILE),
    (Admin, Response::Rotate, "Rotate { keep_all: false }", false, ALWAYS),
    (Admin, Response::Email, "Mail(\"Audit Admin Space Alert\"", false, LATCHED),
    (Admin, Response::Exec, "RunHelper(\"/bin/x\", Other)", true, SUSPENDED),
    (Admin, Response::Degrade, "keeps only events with a priority key.", false, WHILE),
    (Admin, Response::Suspend, "suspending logging due to low disk space.", true, SUSPENDED),
    (Admin, Response::Single, "Runlevel('1')", false, LATCHED),
    (Admin, Response::Halt, "Runlevel('0')", false, LATCHED),
    (Full, Response::Ignore, "no space left on logging partition", false, WHILE),
    (Full, Response::Syslog, "no space left on logging partition", false, WHILE),
    (Full, Response::Rotate, "Rotate { keep_all: false }", false, ALWAYS),
    (Full, Response::Exec, "RunHelper(\"/bin/x\", Other)", true, SUSPENDED),
    (Full, Response::Suspend, "suspending logging due to no space left on logging partition.", true, SUSPENDED),
    (Full, Response::Single, "Runlevel('1')", false, WHILE),
    (Full, Response::Halt, "Runlevel('0')", false, WHILE),
    (Error, Response::Ignore, "", false, NEVER),
    (Error, Response::Syslog, "write: Audit daemon detected an error writing an event to disk", false, ALWAYS),
    (Error, Response::Exec, "RunHelper(\"/bin/x\", Other)", true, SUSPENDED),
    (Error, Response::Suspend, "suspending logging due to previously mentioned write error", true, SUSPENDED),
    (Error, Response::Single, "Runlevel('1')", false, WHILE),
    (Error, Response::Halt, "Runlevel('0')", false, WHILE),
];

fn key(stage: Stage) -> &'static str {
    match stage {
        Size => "max_log_file_action",
        Left => "space_left_action",
        Admin => "admin_space_left_action",
        Full => "disk_full_action",
        Error => "disk_error_action",
    }
}

/// A configuration with that action at that stage, and nothing at the others.
fn acting(stage: Stage, response: Response) -> Config {
    let helper = if response == Response::Exec { "/bin/x".to_string() } else { String::new() };
    let mut config = Config {
        disk_error_action: Response::Ignore.into(),
        max_log_file: 1,
        ..short_of_room(Response::Ignore, Response::Ignore)
    };
    let place = match stage {
        Size => &mut config.max_log_file_action,
        Left => &mut config.space_left_action,
        Admin => &mut config.admin_space_left_action,
        Full => &mut config.disk_full_action,
        Error => &mut config.disk_error_action,
    };
    *place = Reaction { response, helper };
    config
}

/// The stage is there (again), a second later, and records come; what was asked for.
fn strike(script: &mut Script, stage: Stage) -> Vec<String> {
    script.asked();
    script.at(script.seconds + 1);
    match stage {
        Size => fill(script, 1),
        Left => script.space = mib(60),
        Admin => script.space = mib(40),
        Full => script.write_fails = Some((NO_ROOM, 0)),
        Error => script.write_fails = Some((INPUT_OUTPUT, 0)),
    }
    script.batch([script.seconds as u64]);
    script.asked()
}

/// It is over.
fn ease(script: &mut Script) {
    script.space = mib(1000);
    script.write_fails = None;
    for _ in 0..2 {
        script.at(script.seconds + 1);
        script.batch([script.seconds as u64]);
        script.feed(Input::Tick);
    }
}

fn reload(script: &mut Script, config: Config) {
    script.signal(Signal::Reload);
    script.feed(Input::Config(Ok(Box::new(config))));
}

struct Anything;
impl HostChecks for Anything {
    fn group_id(&self, _: &str) -> Option<u32> {
        None
    }
    fn check_helper(&self, _: &str) -> Result<(), String> {
        Ok(())
    }
    fn check_log(&self, _: &str, _: &mut Vec<Diagnostic>) -> Result<(), String> {
        Ok(())
    }
    fn can_mail(&self) -> bool {
        true
    }
}

#[test]
fn there_is_a_row_for_every_action_auditd_conf_allows() {
    for stage in [Size, Left, Admin, Full, Error] {
        for &response in Response::ALL {
            let helper = if response == Response::Exec { " /bin/x" } else { "" };
            let text = format!(
                "space_left = 2\nadmin_space_left = 1\npriority_keys = a\n{} = {}{helper}\n",
                key(stage),
                response.word()
            );
            let is_allowed = parse(text.as_bytes(), "a.conf", &Anything, &mut Vec::new()).is_ok();
            let rows = ROWS.iter().filter(|row| (row.0, row.1) == (stage, response)).count();
            assert_eq!(rows, usize::from(is_allowed), "{stage:?} {response:?}");
        }
    }
}

#[test]
fn every_action_is_taken_and_comes_again_when_it_should() {
    for &(stage, response, wanted, suspends, again) in ROWS {
        let acts = |asked: Vec<String>| !wanted.is_empty() && contains(&asked, wanted);
        let struck = || {
            let mut script = Script::new(acting(stage, response));
            let acted = acts(strike(&mut script, stage));
            (script, acted)
        };
        let (mut script, acted) = struck();
        assert_eq!(acted, !wanted.is_empty(), "{stage:?} {response:?}");
        assert_eq!(script.core.is_suspended(), suspends, "{stage:?} {response:?}");
        assert_eq!(script.core.log_state() == State::Closed, suspends, "{stage:?} {response:?}");
        let goes_on = acts(strike(&mut script, stage));
        let (mut script, _) = struck();
        ease(&mut script);
        let comes_back = acts(strike(&mut script, stage));
        let (mut script, _) = struck();
        ease(&mut script);
        script.signal(Signal::Resume);
        assert!(!script.core.is_suspended(), "{stage:?} {response:?}");
        let resumed = acts(strike(&mut script, stage));
        let (mut script, _) = struck();
        let mut changed = acting(stage, response);
        match stage {
            Size => changed.max_log_file = 2,
            Left | Admin | Full => changed.space_left = Space::Mebibytes(74),
            Error => changed.freq = 7,
        }
        script.asked();
        script.write_fails = None;
        reload(&mut script, changed);
        let mut told = script.asked();
        script.write_fails = None;
        if stage == Size {
            fill(&mut script, 1);
        }
        told.extend(strike(&mut script, stage));
        let reloaded = acts(told);
        assert_eq!([goes_on, comes_back, resumed, reloaded], again, "{stage:?} {response:?}");
    }
}

/// States a signal may find.
const STATES: usize = 10;

/// A daemon in such a state.
fn state(name: &str) -> Script {
    let struck = |stage, response| {
        let mut script = Script::new(acting(stage, response));
        strike(&mut script, stage);
        script
    };
    let mut script = match name {
        "open" | "rotation failed" | "reloading" => Script::new(config()),
        "suspended" | "cannot be opened" => struck(Left, Response::Suspend),
        "degraded" => struck(Left, Response::Degrade),
        "full" => struck(Full, Response::Ignore),
        "failing" => struck(Error, Response::Ignore),
        "no log" => Script::new(Config { write_logs: false, ..config() }),
        "standard output" => Script::new(Config { log_file: "-".to_string(), ..config() }),
        other => panic!("{other} is no state"),
    };
    match name {
        "cannot be opened" => script.open_fails = Some(INPUT_OUTPUT),
        "rotation failed" => {
            script.rotation_fails = Some(INPUT_OUTPUT);
            script.signal(Signal::Rotate);
        }
        "reloading" => script.signal(Signal::Reload),
        _ => {}
    }
    script.asked();
    script.lines();
    script
}

/// For each state and signal: what is asked for, what is written, and whether writing goes on afterwards. `-` is nothing.
#[rustfmt::skip]
const SIGNALS: &[(&str, Signal, &str, &str, bool)] = &[
    ("open", Signal::Stop, "Stop", "op=terminate", true),
    ("open", Signal::Reload, "LoadConfig", "state=changed", true),
    ("open", Signal::Rotate, "Rotate { keep_all: false }", "op=rotate-logs", true),
    ("open", Signal::Resume, "attempting to resume", "op=resume-logging", true),
    ("open", Signal::State, "Report", "-", true),
    ("suspended", Signal::Stop, "Stop", "op=terminate", true),
    ("suspended", Signal::Reload, "LoadConfig", "-", false),
    ("suspended", Signal::Rotate, "No log file is being written", "-", false),
    ("suspended", Signal::Resume, "resumed logging.", "op=resume-logging", true),
    ("suspended", Signal::State, "Report", "-", false),
    ("cannot be opened", Signal::Stop, "Stop", "-", false),
    ("cannot be opened", Signal::Reload, "LoadConfig", "-", false),
    ("cannot be opened", Signal::Rotate, "No log file is being written", "-", false),
    ("cannot be opened", Signal::Resume, "attempting to resume", "-", false),
    ("cannot be opened", Signal::State, "Report", "-", false),
    ("degraded", Signal::Stop, "Stop", "op=terminate", false),
    ("degraded", Signal::Reload, "LoadConfig", "state=changed", false),
    ("degraded", Signal::Rotate, "Rotate { keep_all: false }", "op=rotate-logs", false),
    ("degraded", Signal::Resume, "attempting to resume", "op=resume-logging", true),
    ("degraded", Signal::State, "Report", "-", false),
    ("full", Signal::Stop, "Stop", "-", false),
    ("full", Signal::Reload, "LoadConfig", "-", false),
    ("full", Signal::Rotate, "Rotate { keep_all: false }", "-", false),
    ("full", Signal::Resume, "attempting to resume", "-", false),
    ("full", Signal::State, "Report", "-", false),
    ("failing", Signal::Stop, "Stop", "-", false),
    ("failing", Signal::Reload, "LoadConfig", "-", false),
    ("failing", Signal::Rotate, "Rotate { keep_all: false }", "-", false),
    ("failing", Signal::Resume, "attempting to resume", "-", false),
    ("failing", Signal::State, "Report", "-", false),
    ("rotation failed", Signal::Stop, "Stop", "op=terminate", true),
    ("rotation failed", Signal::Reload, "LoadConfig", "state=changed", true),
    ("rotation failed", Signal::Rotate, "Error rotating logs", "op=rotate-logs", true),
    ("rotation failed", Signal::Resume, "attempting to resume", "op=resume-logging", true),
    ("rotation failed", Signal::State, "Report", "-", true),
    ("reloading", Signal::Stop, "Stop", "op=terminate", true),
    ("reloading", Signal::Reload, "the configuration is read once more", "state=changed", true),
    ("reloading", Signal::Rotate, "Rotate { keep_all: false }", "op=rotate-logs", true),
    ("reloading", Signal::Resume, "attempting to resume", "op=resume-logging", true),
    ("reloading", Signal::State, "Report", "-", true),
    ("no log", Signal::Stop, "Stop", "-", false),
    ("no log", Signal::Reload, "LoadConfig", "-", false),
    ("no log", Signal::Rotate, "No log file is being written", "-", false),
    ("no log", Signal::Resume, "attempting to resume", "-", false),
    ("no log", Signal::State, "Report", "-", false),
    ("standard output", Signal::Stop, "Stop", "op=terminate", true),
    ("standard output", Signal::Reload, "LoadConfig", "state=changed", true),
    ("standard output", Signal::Rotate, "No log file is being written", "-", true),
    ("standard output", Signal::Resume, "attempting to resume", "op=resume-logging", true),
    ("standard output", Signal::State, "Report", "-", true),
];

#[test]
fn every_signal_is_answered_in_every_state() {
    let all = [Signal::Stop, Signal::Reload, Signal::Rotate, Signal::Resume, Signal::State];
    assert_eq!(SIGNALS.len(), STATES * all.len());
    for &(state, signal, wanted, written, goes_on) in SIGNALS {
        let mut script = self::state(state);
        let same = script.core.config().clone();
        script.signal(signal);
        if signal == Signal::Reload {
            script.feed(Input::Config(Ok(Box::new(same))));
        }
        let asked = script.asked();
        assert!(contains(&asked, wanted), "{state}, {signal:?}: {asked:?}");
        let lines = script.lines();
        let own: Vec<&String> = lines.iter().filter(|l| l.contains(" op=") && !l.contains("op=lost-events")).collect();
        assert_eq!(own.is_empty(), written == "-", "{state}, {signal:?}: {lines:?}");
        assert!(own.iter().all(|line| line.contains(written)), "{state}, {signal:?}: {lines:?}");
        script.batch([900]);
        assert_eq!(contains(&script.lines(), ":900)"), goes_on, "{state}, {signal:?}");
    }
}

/// A configuration with any actions auditd.conf allows.
fn any_config(dice: &mut Dice) -> Config {
    let mut any = |stage| {
        let rows: Vec<&Row> = ROWS.iter().filter(|row| row.0 == stage).collect();
        acting(stage, rows[dice.roll(rows.len())].1)
    };
    Config {
        max_log_file_action: any(Size).max_log_file_action,
        admin_space_left_action: any(Admin).admin_space_left_action,
        disk_full_action: any(Full).disk_full_action,
        disk_error_action: any(Error).disk_error_action,
        ..any(Left)
    }
}

/// One thing that may happen; returns how many records of the kernel came.
fn happen(script: &mut Script, dice: &mut Dice, serial: u64) -> u64 {
    match dice.roll(20) {
        0..=5 => {
            let count = 1 + dice.roll(4) as u64;
            script.batch(serial..serial + count);
            return count;
        }
        6 => script.feed(Input::Tick),
        7 => script.at(script.seconds + 1),
        8 => script.write_fails = [None, Some((NO_ROOM, 0)), Some((INPUT_OUTPUT, 0))][dice.roll(3)],
        9 => script.rotation_fails = [None, Some(NO_ROOM), Some(INPUT_OUTPUT)][dice.roll(3)],
        10 => script.open_fails = [None, Some(INPUT_OUTPUT)][dice.roll(2)],
        11 | 12 => script.space = mib([1000, 60, 40, 0][dice.roll(4)]),
        13 => script.signal([Signal::Rotate, Signal::Resume, Signal::State, Signal::Resume][dice.roll(4)]),
        14 => reload(script, any_config(dice)),
        15 => {
            script.signal(Signal::Reload);
            script.feed(Input::Config(Err("no".to_string())));
        }
        16 => script.feed(Input::HelperEnded(
            [Purpose::Size, Purpose::Other][dice.roll(2)],
            [HelperEnd::NotStarted, HelperEnd::Failed, HelperEnd::Succeeded][dice.roll(3)],
        )),
        17 => script.feed(Input::SyncFailed(INPUT_OUTPUT)),
        18 => script.feed(Input::Sender(None)),
        _ => script.feed(Input::Node(["", "host"][dice.roll(2)].to_string())),
    }
    0
}

#[test]
fn no_record_is_lost_uncounted_whatever_happens_in_whatever_order() {
    for seed in 0..1000 {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ seed);
        let mut script = Script::new(any_config(&mut dice));
        let mut came = 0;
        for _ in 0..60 {
            came += happen(&mut script, &mut dice, came + 1);
        }
        // All is well again, for longer than a degraded daemon gathers.
        (script.write_fails, script.rotation_fails, script.open_fails) = (None, None, None);
        script.space = mib(1000);
        script.signal(Signal::Resume);
        for _ in 0..3 {
            script.at(script.seconds + 61);
            script.feed(Input::Tick);
        }
        script.batch([came + 1]);
        let lines = script.lines();
        assert!(contains(&lines, &format!("1000.000:{})", came + 1)), "seed {seed}: nothing is written in the end");
        let kept = lines.iter().filter(|l| l.contains("type=SYSCALL")).count() as u64 - 1;
        let lost: u64 = CAUSES.iter().map(|(cause, _)| script.core.ledger().total(*cause)).sum();
        assert!(kept + lost >= came, "seed {seed}: {kept} kept and {lost} lost are fewer than {came}");
        let told: u64 = lines
            .iter()
            .filter_map(|line| line.split_once("op=lost-events")?.1.split_once("count=")?.1.split_once(' '))
            .map(|(count, _)| count.parse::<u64>().unwrap())
            .sum();
        assert_eq!(told, lost, "seed {seed}: the log tells of another loss than there was");
        assert!(!script.core.ledger().is_open() && script.core.pending().0.is_empty(), "seed {seed}");
    }
}
