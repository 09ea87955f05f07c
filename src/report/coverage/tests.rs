//! Logs with gaps, restarts and losses, and what is said of how complete they are.

use super::*;
use crate::record::Record;

/// The lines of a log whose events are `TYPE SERIAL [TEXT]`, one second apart from 1000 on.
fn lines(log: &[&str]) -> Vec<String> {
    lines_at(1000.., log)
}

/// The same of events at these times.
fn lines_at(times: impl IntoIterator<Item = u64>, log: &[&str]) -> Vec<String> {
    let mut coverage = Coverage::default();
    for (second, line) in times.into_iter().zip(log) {
        let (node, line) =
            line.split_once('@').map_or((String::new(), *line), |(node, line)| (format!("node={node} "), line));
        let words: Vec<&str> = line.splitn(3, ' ').collect();
        let text = words.get(2).unwrap_or(&"pid=1");
        let line = format!("{node}type={} msg=audit({second}.000:{}): {text}", words[0], words[1]);
        let mut event = Event::default();
        event.push(&Record::parse(line.as_bytes()).unwrap());
        coverage.add(&event);
    }
    let mut out = Vec::new();
    for fact in coverage.finish(&Origin::default()) {
        fact.print(&mut out, &mut |id, out| number::push(out, id.sec));
    }
    let text = String::from_utf8(out).unwrap();
    text.lines().filter(|line| !line.contains(" 0")).map(str::to_string).collect()
}

#[test]
fn a_gap_is_what_no_event_fills_not_even_a_late_one() {
    let log = ["USER 10", "USER 12", "USER 11", "USER 14", "USER 15", "USER 15", "USER 20"];
    assert_eq!(
        lines_at([1000, 1002, 1001, 1003, 1004, 1004, 1006], &log),
        [
            "boot 6 serials 10-20 between 1000 and 1006",
            "missing 1 serials 13-13 between 1002 and 1003",
            "missing 4 serials 16-19 between 1004 and 1006",
        ]
    );
}

#[test]
fn a_newer_event_with_a_serial_that_was_seen_or_is_far_back_begins_a_boot_without_a_daemon() {
    let log = ["USER 1", "USER 2", "USER 4", "USER 5", "USER 6", "USER 2", "USER 3", "USER 7", "USER 8"];
    assert_eq!(
        boots(&log),
        ["boot 5 serials 1-6", "missing 1 serials 3-3", "boot 4 serials 2-8", "missing 3 serials 4-6"]
    );
    let [same, later] =
        [1000, 1003].map(|last| lines_at([1000, 1001, 1002, last], &["USER 1", "USER 2", "USER 3", "USER 1"]));
    assert_eq!(same, ["boot 3 serials 1-3 between 1000 and 1002"], "another part of one event");
    assert_eq!(later, [&same[0], "boot 1 serials 1-1 between 1003 and 1003"]);
    assert_eq!(boots(&["USER 5000", "USER 3000"]), ["boot 1 serials 5000-5000", "boot 1 serials 3000-3000"]);
    assert_eq!(boots(&["USER 5000", "USER 4998"]), ["boot 2 serials 4998-5000", "missing 1 serials 4999-4999"], "late");
}

#[test]
fn a_counter_that_begins_again_after_32_bits_begins_no_boot() {
    let turned = ["boot 4 serials 4294967294-2"];
    let [last, end] = ["USER 4294967294", "USER 4294967295"];
    assert_eq!(boots(&[last, end, "USER 1", "USER 2"]), turned);
    // Events of one millisecond are in the order of their serials.
    let log = [last, "USER 1", "USER 2", end];
    assert_eq!(lines_at([1000; 4], &log), [format!("{} between 1000 and 1000", turned[0])]);
    assert_eq!(
        lines_at([1000; 4], &["USER 1", "USER 2", last, end])[0],
        format!("{} between 1000 and 1000", turned[0])
    );
    assert_eq!(boots(&[last, end, "USER 0", "USER 1"]), ["boot 4 serials 4294967294-1"], "newer kernels write 0");
    assert_eq!(boots(&[last, "USER 2"]), ["boot 2 serials 4294967294-2", "missing 2 serials 4294967295-1"]);
    assert_eq!(
        boots(&[end, "USER 1", "USER 2", "USER 1", "USER 2"]),
        ["boot 3 serials 4294967295-2", "boot 2 serials 1-2"]
    );
}

#[test]
fn a_boot_begins_with_low_serials_and_a_restart_of_the_daemon_is_none() {
    let log = [
        "DAEMON_START 7",
        "USER 1",
        "USER 2",
        "DAEMON_END 8",
        "DAEMON_START 900",
        "USER 3",
        "DAEMON_START 5",
        "USER 1",
        "USER 2",
        "SYSTEM_BOOT 3",
        "USER 4",
    ];
    assert_eq!(
        lines(&log),
        [
            "boot 3 serials 1-3 between 1001 and 1005",
            "no-daemon 1 stopped between 1003 and 1004",
            "no-daemon 1 crashed between 1005 and 1006",
            "boot 4 serials 1-4 between 1007 and 1010",
            "starts 3",
            "stops 1",
            "crashes 1",
        ]
    );
}

/// The boots of a log, and what is missing in them, without their times.
fn boots(log: &[&str]) -> Vec<String> {
    let all = lines(log);
    let short = |line: &String| line.split(" between").next().map(str::to_string);
    all.iter().filter(|line| line.starts_with("boot") || line.starts_with("missing")).filter_map(short).collect()
}

#[test]
fn a_boot_whose_first_events_were_dropped_begins_with_the_daemon_before_system_boot() {
    let parted = ["boot 2 serials 1-2", "boot 3 serials 60-62"];
    let ended = ["DAEMON_END 901", "DAEMON_START 902", "USER 60", "SYSTEM_BOOT 61", "USER 62"];
    let log = |front: &[&'static str], back: &[&'static str]| boots(&[front, back].concat());
    assert_eq!(log(&["DAEMON_START 900", "USER 1", "SYSTEM_SHUTDOWN 2"], &ended), parted);
    assert_eq!(log(&["DAEMON_START 900", "USER 1", "SYSTEM_BOOT 2"], &ended[1..]), parted, "a crash");
    assert_eq!(log(&["USER 1", "USER 2"], &ended), parted, "the log begins within the first boot");
    // Serials that came before, at another time, are those of another boot.
    assert_eq!(
        log(&["USER 1", "USER 2", "USER 3", "USER 4"], &["DAEMON_START 1", "USER 3", "SYSTEM_BOOT 5"]),
        ["boot 4 serials 1-4", "boot 2 serials 3-5", "missing 1 serials 4-4"]
    );
}

#[test]
fn system_boot_is_no_other_boot_where_the_serials_go_on_or_its_own_was_not_seen() {
    let restart = ["DAEMON_END 8", "DAEMON_START 9"];
    let front = ["DAEMON_START 7", "USER 11", "SYSTEM_BOOT 12", "USER 13"];
    let log = |parts: &[&[&'static str]]| boots(&parts.concat());
    assert_eq!(log(&[&front, &restart, &["USER 14", "SYSTEM_BOOT 15"]]), ["boot 5 serials 11-15"]);
    assert_eq!(
        log(&[&front, &["USER 15", "SYSTEM_BOOT 20"]]),
        ["boot 5 serials 11-20", "missing 1 serials 14-14", "missing 4 serials 16-19"],
        "no daemon was started since"
    );
    let early = ["USER 2", "USER 3"];
    assert_eq!(
        log(&[&front, &restart, &early, &restart, &["USER 5", "SYSTEM_BOOT 6", "USER 7"]]),
        ["boot 3 serials 11-13", "boot 5 serials 2-7", "missing 1 serials 4-4"]
    );
}

#[test]
fn a_start_that_fails_is_no_crash_and_ends_no_daemon() {
    let failed = ["DAEMON_START 20", "DAEMON_ABORT 21"];
    let log = |parts: &[&[&'static str]]| {
        let mut all = lines(&parts.concat());
        all.retain(|line| !line.starts_with("boot"));
        all
    };
    let start = ["DAEMON_START 7", "USER 1"];
    assert_eq!(log(&[&start, &failed, &["USER 2"]]), ["starts 1", "failed-starts 1"], "another one was running");
    assert_eq!(
        log(&[&start, &["DAEMON_END 8"], &failed, &["DAEMON_START 30"]]),
        ["no-daemon 3 stopped between 1002 and 1005", "starts 2", "stops 1", "failed-starts 1"]
    );
    assert_eq!(
        log(&[&start, &failed, &failed, &["DAEMON_START 30"]]),
        ["no-daemon 5 crashed between 1001 and 1006", "starts 2", "crashes 1", "failed-starts 2"]
    );
    assert_eq!(
        log(&[&failed[..1], &["USER 1"], &failed[1..], &["DAEMON_START 30"]]),
        ["no-daemon 1 failed between 1002 and 1003", "starts 2", "failed-starts 1"],
        "it had written events"
    );
}

#[test]
fn a_clock_that_was_set_back_changes_neither_the_order_of_serials_nor_a_time_into_nothing() {
    assert_eq!(
        lines_at([500, 501, 400, 1000, 1001, 502], &["USER 3", "USER 4", "USER 5", "USER 1", "USER 2", "USER 6"]),
        ["boot 6 serials 1-6 between 1000 and 502"]
    );
    let log = ["DAEMON_START 1", "DAEMON_END 2", "DAEMON_START 3"];
    assert_eq!(lines_at([1000, 1001, 900], &log), ["no-daemon ? stopped between 1001 and 900", "starts 2", "stops 1"]);
}

#[test]
fn each_machine_has_its_own_boots() {
    assert_eq!(
        lines(&["a@USER 1", "b@USER 500", "a@USER 2", "b@USER 501"]),
        ["boot 2 serials 1-2 a between 1000 and 1002", "boot 2 serials 500-501 b between 1001 and 1003",]
    );
}

#[test]
fn losses_are_added_by_cause() {
    let loss =
        |cause: &str, count: &str| format!("DAEMON_ERR 1 op=lost-events cause={cause} count={count} first=1 last=2");
    let log = [loss("disk-full", "5"), loss("socket-overrun", "?"), loss("disk-full", "7"), "DAEMON_ERR 1 op=x".into()];
    assert_eq!(
        lines(&log.each_ref().map(String::as_str)),
        ["lost 12 disk-full between 1000 and 1002", "lost ? socket-overrun between 1001 and 1001",]
    );
}

#[test]
fn what_a_hostile_log_makes_is_bounded() {
    let mut coverage = Coverage::default();
    for n in 0..40_000u64 {
        let line = format!("node=n{} type=USER msg=audit({n}.000:{}): x", n % 300, n * 2_654_435_761 % 1_000_003 * 2);
        let mut event = Event::default();
        event.push(&Record::parse(line.as_bytes()).unwrap());
        coverage.add(&event);
    }
    assert!(coverage.machines.iter().all(|m| m.boot.as_ref().is_some_and(|boot| boot.stretches.len() <= WINDOW)));
    assert!(coverage.machines.len() == NODES && coverage.facts.shown.len() <= FACTS);
    assert!(coverage.finish(&Origin::default()).iter().any(|fact| fact.what == "not-shown"));
}
