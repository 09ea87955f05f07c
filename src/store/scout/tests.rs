use super::*;
use crate::query::predicate::Criteria;
use crate::record::Record;
use crate::store::ahead;
use crate::store::reader::{Lines, SEARCH_LINE};
use std::fmt::Write;

/// A log of one event a second, three lines each; every hundredth has a key. Hands over the file.
fn with_log(name: &str, check: impl FnOnce(&InputFile)) {
    let mut text = String::new();
    for serial in 0..3000 {
        let stamp = format!("msg=audit({}.000:{serial})", 1_700_000_000 + serial);
        let key = if serial % 100 == 50 { "\"wanted\"" } else { "(null)" };
        writeln!(text, "type=SYSCALL {stamp}: a=1 key={key}\ntype=CWD {stamp}: cwd=\"/\"\ntype=EOE {stamp}: ").unwrap();
    }
    with_file(name, text.as_bytes(), check);
}

const ALL: Scout<'static> = Scout { probe: None, start: None, end: None, timeout: 2, whole_below: 0, sought_from: 0 };

/// The serials of all lines that would be read, and how many parts there are between gaps.
fn serials(scout: &Scout<'_>, file: &InputFile) -> (Vec<u64>, usize) {
    let (mut all, mut parts) = (Vec::new(), 1);
    let visited = scout.each_piece(file, &mut |piece| {
        match piece {
            Piece::Gap => parts += 1,
            Piece::Other(..) => {}
            Piece::Long(part) => {
                let _ = ahead::read(part, &mut |record| {
                    all.extend(record.map(|record| record.stamp.serial));
                    ControlFlow::Continue(())
                });
            }
            Piece::Lines(part) => {
                let mut lines = Lines::new(SEARCH_LINE);
                while let Some(line) = lines.next(part).unwrap() {
                    all.extend(Record::scan(line).map(|record| record.stamp.serial));
                }
            }
        }
        ControlFlow::Continue(())
    });
    visited.unwrap();
    (all, parts)
}

#[test]
fn without_a_mark_or_a_range_everything_is_read() {
    with_log("all", |file| {
        let (all, parts) = serials(&ALL, file);
        assert_eq!((all.len(), parts), (9000, 1));
    });
}

#[test]
fn marked_events_are_read_whole_and_in_order() {
    let criteria = Criteria { key: Some(b"wanted".to_vec()), ..Criteria::default() };
    let probe = Probe::of(&criteria).unwrap();
    with_log("mark", |file| {
        let (all, parts) = serials(&Scout { probe: Some(&probe), ..ALL }, file);
        assert!((50..3000).step_by(100).all(|wanted| all.iter().filter(|s| **s == wanted).count() == 3));
        assert!(all.is_sorted() && parts >= 1);
    });
}

/// Writes `text` into a file of that name and hands it over.
fn with_file(name: &str, text: &[u8], check: impl FnOnce(&InputFile)) {
    let path = std::env::temp_dir().join(format!("auditbox-scout-{name}-{}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    check(&InputFile::open(&path).unwrap());
    std::fs::remove_file(path).unwrap();
}

/// One line a second from `first` on; the second is the serial. Every hundredth has a key.
fn one_a_second(first: u64, count: u64) -> Vec<u8> {
    let key = |sec: u64| if sec % 100 == 50 { "\"wanted\"" } else { "(null)" };
    (first..first + count)
        .flat_map(|sec| format!("type=SYSCALL msg=audit({sec}.000:{sec}): key={}\n", key(sec)).into_bytes())
        .collect()
}

#[test]
fn marked_events_behind_the_nul_bytes_of_a_crash_are_read() {
    let criteria = Criteria { key: Some(b"wanted".to_vec()), ..Criteria::default() };
    let probe = Probe::of(&criteria).unwrap();
    let hole = vec![0; FURTHEST as usize + (1 << 20)];
    let text = [one_a_second(10_000, 1000), hole, b"\n".to_vec(), one_a_second(11_000, 1000)].concat();
    with_file("hole-mark", &text, |file| {
        let (all, _) = serials(&Scout { probe: Some(&probe), ..ALL }, file);
        assert!((10_050..12_000).step_by(100).all(|wanted| all.iter().filter(|s| **s == wanted).count() == 1));
    });
}

#[test]
fn every_line_of_a_range_is_read_once_and_in_order_where_most_are_wanted_and_where_few_are() {
    // Lines of a thousand bytes; of those in the middle nearly all are wanted, of the others a few.
    let second = |n: u64| if (6_000..30_000).contains(&n) != (n % 100 == 7) { 2_000_000_000 } else { 1_000_000_000 };
    let padding = "x".repeat(950);
    let text: String = (0..40_000).fold(String::new(), |mut text, n| {
        writeln!(text, "type=USER msg=audit({}.000:{n}): {padding}", second(n)).unwrap();
        text
    });
    with_file("dense", text.as_bytes(), |file| {
        let scout = Scout { start: Some(2_000_000_000), end: Some(2_000_000_000), sought_from: u64::MAX, ..ALL };
        let (all, parts) = serials(&scout, file);
        assert!(parts == 1 && all.is_sorted_by(|a, b| a < b) && all.len() < 36_000, "{}", all.len());
        let wanted = (0..40_000).filter(|n| second(*n) == 2_000_000_000);
        let found = all.into_iter().filter(|n| second(*n) == 2_000_000_000);
        assert!(found.eq(wanted));
    });
}

#[test]
fn of_more_events_in_a_stretch_than_there_is_room_for_every_record_is_read() {
    let line =
        |kind: &str, sec: u64, serial: u64, text: &str| format!("type={kind} msg=audit({sec}.000:{serial}): {text}\n");
    let padding = "x".repeat(950);
    let others = |sec, count| -> String { (0..count).map(|n| line("USER", sec, 100_000 + n, &padding)).collect() };
    // One of the crowd began long before, when all the others are newer.
    let sec = |serial| if serial == 10_000 { 1001 } else { 1005 };
    let crowd: String = (0..20_000).map(|n| line("USER", sec(n), n, "key=\"wanted\"")).collect();
    let rest: String = (0..20_000).map(|n| line("CWD", sec(n), n, "cwd=\"/\"")).collect();
    let early = line("CWD", 1001, 10_000, "cwd=\"/\"");
    let text = [others(900, 700), early, others(1003, 300), crowd, rest, others(1100, 700)].concat();
    let criteria = Criteria { key: Some(b"wanted".to_vec()), ..Criteria::default() };
    let probe = Probe::of(&criteria).unwrap();
    with_file("crowd", text.as_bytes(), |file| {
        let (all, _) = serials(&Scout { probe: Some(&probe), ..ALL }, file);
        let mut found = vec![0; 20_000];
        all.iter()
            .filter_map(|serial| usize::try_from(*serial).ok())
            .filter(|n| *n < 20_000)
            .for_each(|n| found[n] += 1);
        assert_eq!(found.remove(10_000), 3);
        assert!(found.iter().all(|records| *records == 2));
    });
}

#[test]
fn an_event_whose_marked_line_comes_once_more_much_later_is_read_twice() {
    let marked = "type=USER msg=audit(10500.000:7): key=\"wanted\"\n".as_bytes().to_vec();
    let others = |first| one_a_second(first, 40).repeat(100);
    let text = [others(10_100), marked.clone(), others(11_100), marked, others(12_100)].concat();
    let criteria = Criteria { key: Some(b"wanted".to_vec()), ..Criteria::default() };
    let probe = Probe::of(&criteria).unwrap();
    with_file("twice", &text, |file| {
        let (all, _) = serials(&Scout { probe: Some(&probe), ..ALL }, file);
        assert_eq!(all.iter().filter(|serial| **serial == 7).count(), 2);
    });
}
