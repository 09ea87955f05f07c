//! A log that is written, rotated, cut short and deleted while it is followed: every event comes once, whole, and in time.

use crate::support::{Dice, Dir};
use auditbox::trail::{Begin, Follow, Trail};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

const FIRST: u64 = 1_700_000_000;

fn line(serial: u64, kind: &str) -> String {
    format!("type={kind} msg=audit({}.000:{serial}): a={}\n", FIRST + serial, "x".repeat(serial as usize * 37 % 500))
}

fn event(serial: u64) -> String {
    ["SYSCALL", "CWD", "PATH", "PROCTITLE"].map(|kind| line(serial, kind)).concat()
}

/// The daemon's side: it appends to a log, and rotates it so that no more than `keep` files stay.
struct Writer {
    base: PathBuf,
    keep: u32,
}

impl Writer {
    fn write(&self, text: &str) {
        let mut file = fs::File::options().create(true).append(true).open(&self.base).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn numbered(&self, number: u32) -> PathBuf {
        PathBuf::from(format!("{}.{number}", self.base.display()))
    }

    fn rotate(&self) {
        for number in (1..self.keep).rev() {
            let older = if number == 1 { self.base.clone() } else { self.numbered(number - 1) };
            let _ = fs::rename(older, self.numbered(number));
        }
        self.write("");
    }
}

/// Serial and number of records of all events that are there by now.
fn more(follow: &mut Follow, now: u64) -> Vec<(u64, usize)> {
    let mut all = Vec::new();
    // A rotation is sometimes believed only at the second look.
    for _ in 0..2 {
        while let Some(event) = follow.next_event(now).unwrap() {
            all.push((event.id().serial, event.len()));
            follow.recycle(event);
        }
    }
    all
}

fn base(dir: &Dir) -> PathBuf {
    Path::new(&dir.0).join("audit.log")
}

#[test]
fn events_come_once_and_whole_however_the_log_is_written_and_rotated() {
    for seed in 1..40 {
        let (mut dice, dir) = (Dice(seed), Dir::new("follow"));
        let writer = Writer { base: base(&dir), keep: 4 };
        writer.write("");
        // A log that was named by itself is followed across rotation too.
        let trail = if seed % 2 == 0 { Trail::file(&writer.base).unwrap() } else { Trail::rotated(&writer.base) };
        let mut follow = trail.as_searched().follow(Begin::Oldest).unwrap();
        let mut all = Vec::new();
        for serial in 1..60 {
            let mut text = &event(serial)[..];
            while !text.is_empty() {
                let (piece, rest) = text.split_at(1 + dice.roll(text.len()));
                writer.write(piece);
                text = rest;
                // The daemon rotates between lines.
                if piece.ends_with('\n') && dice.below(12) == 0 {
                    (0..1 + dice.below(2)).for_each(|_| writer.rotate());
                }
                if dice.below(6) == 0 {
                    all.extend(more(&mut follow, 0));
                }
            }
            all.extend(more(&mut follow, FIRST + serial));
        }
        all.extend(more(&mut follow, FIRST + 100));
        assert_eq!(all, (1..60).map(|serial| (serial, 4)).collect::<Vec<_>>(), "seed {seed}");
    }
}

#[test]
fn of_a_file_that_was_named_by_itself_no_older_one_is_read() {
    let dir = Dir::new("follow-alone");
    let writer = Writer { base: base(&dir), keep: 3 };
    fs::write(writer.numbered(1), event(1)).unwrap();
    writer.write(&event(2));
    let mut follow = Trail::file(&writer.base).unwrap().follow(Begin::Oldest).unwrap();
    assert_eq!(more(&mut follow, FIRST + 9), [(2, 4)]);
    fs::remove_file(&writer.base).unwrap();
    writer.write(&event(3));
    assert_eq!(more(&mut follow, FIRST + 9), [(3, 4)], "and none of what is not what it was renamed to");
}

#[test]
fn a_log_that_is_not_there_yet_is_waited_for() {
    let dir = Dir::new("follow-later");
    let writer = Writer { base: base(&dir), keep: 3 };
    let mut follow = Trail::rotated(&writer.base).follow(Begin::Now).unwrap();
    assert!(more(&mut follow, FIRST).is_empty());
    writer.write(&event(1));
    assert_eq!(more(&mut follow, FIRST + 5), [(1, 4)]);
}

#[test]
fn what_was_complete_before_is_not_shown_to_who_begins_now() {
    let dir = Dir::new("follow-now");
    let writer = Writer { base: base(&dir), keep: 3 };
    (1..500).for_each(|serial| writer.write(&event(serial)));
    writer.rotate();
    let (front, back) = (line(500, "SYSCALL"), line(500, "CWD"));
    writer.write(&front);
    let mut follow = Trail::rotated(&writer.base).as_searched().follow(Begin::Now).unwrap();
    assert!(more(&mut follow, FIRST + 501).is_empty());
    writer.write(&back);
    assert_eq!(more(&mut follow, FIRST + 502), [(499, 4), (500, 2)][1..]);
}

#[test]
fn who_begins_now_sees_no_event_that_was_written_whole_right_before() {
    let dir = Dir::new("follow-just");
    let writer = Writer { base: base(&dir), keep: 3 };
    writer.write(&[event(1), event(2), line(3, "SYSCALL")].concat());
    let mut follow = Trail::rotated(&writer.base).as_searched().follow(Begin::Now).unwrap();
    assert!(more(&mut follow, FIRST + 3).is_empty());
    writer.write(&[line(3, "CWD"), event(4)].concat());
    assert_eq!(more(&mut follow, FIRST + 9), [(3, 2), (4, 4)]);
}

#[test]
fn what_syslog_puts_before_records_is_taken_off_while_a_file_is_followed() {
    let dir = Dir::new("follow-syslog");
    let writer = Writer { base: base(&dir), keep: 3 };
    let logged = |serial| format!("Nov 22 18:05:09 host audisp-syslog[7]: {}", line(serial, "USER"));
    writer.write(&["Nov 22 18:05:08 host cron: x\n", &logged(1)].concat());
    let mut follow = Trail::file(&writer.base).unwrap().as_searched().follow(Begin::Oldest).unwrap();
    writer.write(&logged(2));
    assert_eq!(more(&mut follow, FIRST + 9), [(1, 1), (2, 1)]);
    writer.write(&[line(3, "USER"), logged(4)].concat());
    assert_eq!(more(&mut follow, FIRST + 19), [(3, 1), (4, 1)], "the first record of the file has it");
    let dir = Dir::new("follow-no-syslog");
    let writer = Writer { base: base(&dir), keep: 3 };
    writer.write(&[line(1, "USER"), logged(2)].concat());
    let mut follow = Trail::file(&writer.base).unwrap().as_searched().follow(Begin::Oldest).unwrap();
    assert_eq!(more(&mut follow, FIRST + 9), [(1, 1)], "the first record of the file has none of it");
}

#[test]
fn a_log_that_is_cut_short_begins_again_and_one_that_is_deleted_is_left() {
    let dir = Dir::new("follow-cut");
    let writer = Writer { base: base(&dir), keep: 3 };
    writer.write(&[event(1), event(2)].concat());
    let mut follow = Trail::rotated(&writer.base).follow(Begin::Oldest).unwrap();
    assert_eq!(more(&mut follow, FIRST + 9), [(1, 4), (2, 4)]);
    fs::write(&writer.base, event(3)).unwrap();
    assert_eq!(more(&mut follow, FIRST + 9), [(3, 4)]);
    writer.rotate();
    fs::remove_file(writer.numbered(1)).unwrap();
    writer.write(&event(4));
    assert_eq!(
        (more(&mut follow, FIRST + 9), follow.gaps()),
        (vec![(4, 4)], 2),
        "the cut, and what may have been there too"
    );
    // The file before it is known, so nothing older is read again.
    writer.write(&event(5));
    assert_eq!(more(&mut follow, FIRST + 9), [(5, 4)]);
}

#[test]
fn a_cut_is_noticed_where_the_log_has_grown_back_since() {
    let alike = |serial: u64| format!("type=USER_AUTH msg=audit({}.000:{serial}): pid=1 res=success\n", FIRST + serial);
    for (before, after) in [(10..12, 20..22), (10..12, 20..29), (10..60, 60..99), (10..60, 60..61)] {
        for begin in [Begin::Oldest, Begin::Now] {
            let dir = Dir::new("follow-regrown");
            let writer = Writer { base: base(&dir), keep: 3 };
            before.clone().for_each(|serial| writer.write(&alike(serial)));
            let mut follow = Trail::rotated(&writer.base).as_searched().follow(begin).unwrap();
            let read = more(&mut follow, FIRST + 99);
            assert!(begin == Begin::Now || read.len() == before.clone().count());
            fs::write(&writer.base, after.clone().map(alike).collect::<String>()).unwrap();
            let all: Vec<_> = after.clone().map(|serial| (serial, 1)).collect();
            assert_eq!(more(&mut follow, FIRST + 199), all, "{before:?} {after:?}");
            assert_eq!(follow.gaps(), 1);
            writer.write(&alike(99));
            assert_eq!((more(&mut follow, FIRST + 299), follow.gaps()), (vec![(99, 1)], 1));
        }
    }
}

#[test]
fn what_was_copied_before_a_cut_is_read_from_the_copy() {
    let dir = Dir::new("follow-copied");
    let writer = Writer { base: base(&dir), keep: 3 };
    let mut follow = Trail::rotated(&writer.base).as_searched().follow(Begin::Now).unwrap();
    writer.write(&event(1));
    let second = event(2);
    let (front, back) = second.split_at(150);
    writer.write(front);
    assert_eq!(more(&mut follow, FIRST + 1), []);
    writer.write(&[back, &*event(3)].concat());
    fs::copy(&writer.base, writer.numbered(1)).unwrap();
    fs::write(&writer.base, (4..9).map(event).collect::<String>()).unwrap();
    let all: Vec<_> = (1..9).map(|serial| (serial, 4)).collect();
    assert_eq!((more(&mut follow, FIRST + 99), follow.gaps()), (all, 1));
    writer.rotate();
    writer.write(&event(9));
    assert_eq!((more(&mut follow, FIRST + 199), follow.gaps()), (vec![(9, 4)], 1));
}

#[test]
fn an_event_waits_for_its_records_while_files_are_renamed() {
    let dir = Dir::new("follow-between");
    let writer = Writer { base: base(&dir), keep: 9 };
    writer.write(&line(1, "SYSCALL"));
    let mut follow = Trail::rotated(&writer.base).as_searched().follow(Begin::Oldest).unwrap();
    assert!(follow.next_event(FIRST).unwrap().is_none());
    fs::rename(&writer.base, writer.numbered(1)).unwrap();
    assert!(follow.next_event(FIRST + 99).unwrap().is_none(), "the next file is yet to come");
    writer.write(&line(1, "CWD"));
    assert_eq!(more(&mut follow, FIRST + 99), [(1, 2)]);
    // A log that is gone for good is not waited for.
    writer.write(&line(2, "SYSCALL"));
    assert_eq!(more(&mut follow, FIRST + 2), []);
    fs::remove_file(&writer.base).unwrap();
    assert_eq!(more(&mut follow, FIRST + 99), [(2, 1)]);
}

/// Compresses a rotated log, in the place of a daemon's helper.
fn compress(path: &Path) {
    assert!(std::process::Command::new("gzip").arg(path).status().is_ok_and(|status| status.success()));
}

#[test]
fn files_that_were_compressed_before_they_were_read_are_read_all_the_same() {
    for (compressed, kept) in [(1, 9), (2, 9), (5, 9), (5, 5), (0, 2), (5, 2)] {
        let dir = Dir::new("follow-compressed");
        let writer = Writer { base: base(&dir), keep: 9 };
        let archive = |number: u32| PathBuf::from(format!("{}.gz", writer.numbered(number).display()));
        writer.write(&event(1));
        let mut follow = Trail::rotated(&writer.base).as_searched().follow(Begin::Now).unwrap();
        assert_eq!(more(&mut follow, FIRST), []);
        // Each event begins in one file and ends in the next one.
        for serial in 2..8 {
            writer.write(&line(serial, "SYSCALL"));
            for number in (1..8).rev().filter(|number| archive(*number).exists()) {
                fs::rename(archive(number), archive(number + 1)).unwrap();
            }
            writer.rotate();
            writer.write(&line(serial, "CWD"));
            if serial < 2 + compressed {
                compress(&writer.numbered(1));
            }
        }
        (kept..9).for_each(|number| _ = fs::remove_file(archive(number)).or(fs::remove_file(writer.numbered(number))));
        let all = more(&mut follow, FIRST + 99);
        let is_whole = kept > 6;
        assert_eq!(follow.gaps(), u64::from(!is_whole), "{compressed} {kept}");
        if is_whole {
            assert_eq!(all, (2..8).map(|serial| (serial, 2)).collect::<Vec<_>>(), "{compressed} {kept}");
        }
        // From here on nothing is missing.
        writer.write(&event(9));
        writer.rotate();
        compress(&writer.numbered(1));
        writer.write(&event(10));
        assert_eq!((more(&mut follow, FIRST + 199), follow.gaps()), (vec![(9, 4), (10, 4)], u64::from(!is_whole)));
    }
}

#[test]
fn a_compressed_file_that_is_damaged_is_said_to_have_a_gap() {
    let dir = Dir::new("follow-damaged");
    let writer = Writer { base: base(&dir), keep: 9 };
    let mut follow = Trail::rotated(&writer.base).as_searched().follow(Begin::Now).unwrap();
    let archive = PathBuf::from(format!("{}.gz", writer.numbered(1).display()));
    writer.write(&event(1));
    assert_eq!(more(&mut follow, FIRST + 9), [(1, 4)]);
    writer.rotate();
    (2..60).for_each(|serial| writer.write(&event(serial)));
    writer.rotate();
    compress(&writer.numbered(1));
    let packed = fs::read(&archive).unwrap();
    fs::write(&archive, &packed[..packed.len() / 2]).unwrap();
    writer.write(&event(60));
    let all = more(&mut follow, FIRST + 99);
    assert!(all.first() == Some(&(2, 4)) && all.last() == Some(&(60, 4)) && all.len() < 59, "{all:?}");
    assert_eq!(follow.gaps(), 1);
}

#[test]
fn a_plain_file_is_followed_by_its_name_and_a_pipe_is_not() {
    let dir = Dir::new("follow-plain");
    let writer = Writer { base: base(&dir), keep: 3 };
    writer.write(&event(1));
    let mut follow = Trail::file(&writer.base).unwrap().follow(Begin::Oldest).unwrap();
    assert_eq!(more(&mut follow, FIRST + 9), [(1, 4)]);
    writer.rotate();
    writer.write(&event(2));
    assert_eq!(more(&mut follow, FIRST + 9), [(2, 4)]);
    writer.write(&line(3, "SYSCALL"));
    assert_eq!(follow.finish().map(|event| event.len()), None, "it has not been read yet");
    assert!(follow.next_event(FIRST).unwrap().is_none());
    assert_eq!(follow.finish().map(|event| event.len()), Some(1));
    assert!(Trail::buffer(b"x").follow(Begin::Now).is_err());
}

#[test]
fn walked_events_know_the_lines_of_their_records() {
    let text = format!("junk\n\n{}{}{}", line(1, "SYSCALL"), line(2, "USER_AUTH"), line(1, "PROCTITLE"));
    let mut trail = Trail::buffer(text.as_bytes());
    let events: Vec<_> = trail.events().map(Result::unwrap).collect();
    let numbers = |at: usize| (0..3).map(|record| events[at].line_number(record)).collect::<Vec<_>>();
    assert_eq!(events.len(), 2);
    assert_eq!((numbers(0), numbers(1)), (vec![Some(3), Some(5), None], vec![Some(4), None, None]));
}
