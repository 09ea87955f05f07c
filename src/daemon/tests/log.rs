//! The log driven by scripts: writing, rotation, space, errors, and what is lost.

use super::*;
use crate::config::plugin::Plugin;
use crate::host::plugins::PluginSet;

#[test]
fn what_is_done_for_plugins_comes_after_the_disk() {
    let mut script = Script::new(config());
    let plugin = |name: &str| (name.to_string(), Plugin { path: "/sbin/p".to_string(), ..Plugin::default() });
    let plugins = ["reads", "reads-too", "stuck"].map(plugin).into();
    script.core.start_plugins(PluginSet { plugins, skipped: Vec::new() });
    let started: Vec<_> = std::iter::from_fn(|| script.core.next_effect())
        .filter_map(|effect| if let Effect::StartPlugin(id) = effect { Some(id) } else { None })
        .collect();
    started.iter().for_each(|id| script.feed(Input::PluginStarted(*id, Ok(()))));
    script.asked.clear();
    script.record(7, "a=b");
    script.core.handle(Input::EndOfBatch);
    assert_eq!(script.core.next_effect(), Some(Effect::Write));
    assert_eq!((script.core.next_effect(), script.core.dispatch().is_behind()), (None, false));
    script.perform_and_answer(Effect::Write);
    assert!(script.lines().last().is_some_and(|line| line.contains(":7): a=b")));
    script.feed(Input::Dispatch);
    assert_eq!(script.asked(), started.iter().map(|id| format!("WritePlugin({id:?})")).collect::<Vec<_>>());
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
