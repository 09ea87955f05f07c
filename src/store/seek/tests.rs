use super::*;

fn second(text: &[u8]) -> Option<u64> {
    record(text).map(|record| record.stamp.sec)
}

/// One record a line of about 120 bytes; `clock` gives second and serial of each.
fn log(count: u64, clock: impl Fn(u64) -> (u64, u64)) -> Vec<u8> {
    let padding = "x".repeat(75);
    let line = |n| {
        let (sec, serial) = clock(n);
        format!("type=USER msg=audit({sec}.000:{serial}): {padding}\n").into_bytes()
    };
    (0..count).flat_map(line).collect()
}

/// Lines in [`REACH`] bytes.
const MANY: u64 = REACH / 120;

/// The parts of `text`, which is put into a file of that name, for events since `start`.
fn parts_of(name: &str, text: &[u8], start: u64) -> Vec<Range<usize>> {
    let path = std::env::temp_dir().join(format!("auditbox-seek-{name}-{}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    let parts = parts(&InputFile::open(&path).unwrap(), text.len() as u64, start).unwrap();
    std::fs::remove_file(path).unwrap();
    assert!(parts.is_sorted_by(|a, b| a.end < b.start) && parts.iter().all(|part| !part.is_empty()), "{parts:?}");
    parts.into_iter().map(|part| part.start as usize..part.end as usize).collect()
}

/// How many records of `text` since `start` there are, and how many of them lie in its parts; the bytes of these.
fn found(name: &str, text: &[u8], start: u64) -> (usize, usize, usize) {
    let wanted = |text: &[u8]| text.split(|&b| b == b'\n').filter_map(second).filter(|sec| *sec >= start).count();
    let parts = parts_of(name, text, start);
    let inside = parts.iter().map(|part| wanted(&text[part.clone()])).sum();
    (wanted(text), inside, parts.iter().map(Range::len).sum())
}

#[test]
fn what_is_older_is_passed_over() {
    let text = log(30 * MANY, |n| (10_000 + n / 10, n));
    let (wanted, inside, read) = found("order", &text, 10_000 + 20 * MANY / 10);
    assert_eq!(inside, wanted);
    assert!(read < 16 * REACH as usize, "{read}");
    let (wanted, inside, read) = found("future", &text, 1_000_000);
    assert!(wanted == 0 && inside == 0 && read < 6 * REACH as usize);
    assert_eq!(found("all", &text, 0).2, text.len());
}

#[test]
fn parts_begin_and_end_between_lines() {
    let text = log(30 * MANY, |n| (10_000 + n / 10, n % (7 * MANY)));
    let parts = parts_of("lines", &text, 10_000 + 29 * MANY / 10);
    assert_eq!(parts.len(), 4);
    assert!(parts.iter().all(|part| part.start == 0 || text[part.start - 1] == b'\n'));
    assert!(parts.iter().all(|part| text[part.end - 1] == b'\n'));
}

#[test]
fn from_the_first_new_second_on_all_is_read_in_whatever_order() {
    let text = log(20 * MANY, |n| if n < 10 * MANY { (10_000, n) } else { (20_000 - (n % 2) * 10_000, n) });
    let (wanted, inside, read) = found("late", &text, 15_000);
    assert!(wanted > 0 && inside == wanted && read > 9 * REACH as usize);
}

#[test]
fn a_clock_that_was_ahead_is_seen_unless_it_was_so_for_less_than_a_step() {
    for len in [MANY, 2 * MANY] {
        let text =
            log(20 * MANY, |n| (if (5 * MANY..5 * MANY + len).contains(&n) { 90_000 } else { 10_000 + n / 10 }, n));
        let (wanted, inside, _) = found("ahead", &text, 80_000);
        assert!(wanted == len as usize && inside == wanted, "{len}");
    }
}

#[test]
fn a_wrong_clock_behind_a_restart_is_seen_however_short_it_was() {
    for start in [10 * MANY + 1, 11 * MANY - 300, 11 * MANY - 1] {
        let clock = |n| if (start..start + 5).contains(&n) { 90_000 } else { 10_000 + n / 10 };
        let text = log(20 * MANY, |n| (clock(n), if n < start { n } else { n - start + 1 }));
        assert_eq!(found("restart", &text, 80_000).1, 5, "{start}");
    }
}

#[test]
fn the_daemons_own_serials_tell_of_no_restart() {
    let text = log(20 * MANY, |n| (10_000 + n / 10, 100_000 + n));
    let text = String::from_utf8(text)
        .unwrap()
        .replace("type=USER msg=audit(10003.000:100", "type=DAEMON_ROTATE msg=audit(10003.000:");
    assert_eq!(parts_of("daemon", text.as_bytes(), 1_000_000).len(), 1);
}

#[test]
fn what_holds_no_record_and_what_is_out_of_order_is_read() {
    let middle = 10 * MANY as usize * 120;
    for (name, hole) in [("nul", vec![0; 1 << 20]), ("old", log(5 * MANY, |_| (500, 99_000_000)))] {
        let mut text = log(30 * MANY, |n| (10_000 + n / 10, n));
        text.splice(middle..middle, hole.iter().copied());
        let parts = parts_of(name, &text, 1_000_000);
        let holds = |part: &Range<usize>| part.start <= middle && part.end >= middle + hole.len();
        assert!(parts.len() == 2 && parts.iter().any(holds), "{name} {parts:?}");
    }
}

#[test]
fn one_machine_may_name_itself_and_two_are_read_whole() {
    let text = String::from_utf8(log(20 * MANY, |n| (10_000 + n / 10, n))).unwrap();
    let one = text.replace("type=", "node=a type=");
    assert!(parts_of("one", one.as_bytes(), 1_000_000)[0].start > 0);
    for other in ["node=b type=", "type="] {
        let two = one.replace("node=a type=USER msg=audit(10250.", &format!("{other}USER msg=audit(10250."));
        let mixed = [one.as_bytes(), two.as_bytes(), text.as_bytes()].concat();
        assert_eq!(parts_of("two", &mixed, 1_000_000)[0], 0..mixed.len(), "{other}");
    }
}

#[test]
fn a_silent_log_put_back_between_two_looks_is_read() {
    // Three hours between two looks; in the middle the clock goes back by two of them.
    let seconds = |n: u64| 10_000 + n * 3 * 3600 / MANY - if n > 10 * MANY + MANY / 2 { 7_000 } else { 0 };
    let text = log(20 * MANY, |n| (seconds(n), n));
    for back in [0, 1_000, 6_000] {
        let (wanted, inside, _) = found("silent", &text, seconds(10 * MANY + MANY / 2) - back);
        assert_eq!(inside, wanted, "{back}");
    }
}

#[test]
fn short_and_empty_files_are_read_whole() {
    assert_eq!(parts_of("short", b"type=", 5)[0], 0..5);
    let path = std::env::temp_dir().join(format!("auditbox-seek-empty-{}", std::process::id()));
    std::fs::write(&path, b"").unwrap();
    assert!(parts(&InputFile::open(&path).unwrap(), 0, 5).unwrap().iter().all(Range::is_empty));
    std::fs::remove_file(path).unwrap();
}
