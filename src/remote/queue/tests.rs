use super::*;

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let folder = crate::testing::path(&format!("queue-{name}"));
        Place(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.join("remote.log")
    }

    fn open(&self, depth: u32) -> (Queue, Vec<String>) {
        let mut notes = Vec::new();
        let queue = Queue::file(&self.path(), depth, &mut |text| notes.push(text.to_string())).unwrap();
        (queue, notes)
    }

    fn refusal(&self, depth: u32) -> String {
        Queue::file(&self.path(), depth, &mut |_| ()).err().unwrap()
    }

    fn write_at(&self, at: u64, bytes: &[u8]) {
        files::open_shared(&self.path(), 0o600).unwrap().write_all_at(bytes, at).unwrap();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = files::remove_dir_all(&self.0);
    }
}

fn all(queue: &Queue) -> Vec<String> {
    let mut record = Vec::new();
    let mut text = |index| queue.get(index, &mut record).unwrap().then(|| String::from_utf8_lossy(&record).into());
    (0..queue.len()).map(|index| text(index).unwrap_or("?".to_string())).collect()
}

fn fill(queue: &mut Queue, records: &[&str]) -> usize {
    let count = records.iter().filter(|record| queue.push(record.as_bytes()).unwrap()).count();
    queue.flush().unwrap();
    count
}

#[test]
fn the_first_comes_out_first_and_a_full_queue_takes_no_more() {
    let place = Place::new("order");
    for mut queue in [Queue::memory(3), place.open(3).0] {
        assert_eq!(fill(&mut queue, &["a\n", "b\n", "c\n", "d\n"]), 3);
        queue.drop_front(2);
        assert_eq!(fill(&mut queue, &["e\n", "f\n", "g\n"]), 2);
        assert_eq!(all(&queue), ["c\n", "e\n", "f\n"]);
        assert_eq!((queue.len(), queue.depth(), queue.deepest()), (3, 3, 3));
        queue.drop_front(9);
        assert!(queue.is_empty() && !queue.get(0, &mut Vec::new()).unwrap());
    }
}

#[test]
fn the_bytes_are_those_of_the_reference() {
    let place = Place::new("bytes");
    assert_eq!(Queue::check(&place.path()), Ok(()), "it may be made");
    assert!(!place.0.exists());
    let mut queue = place.open(2).0;
    assert_eq!(Queue::check(&place.path()), Ok(()), "locked as it is");
    fill(&mut queue, &["one\n", "two\n"]);
    queue.drop_front(1);
    fill(&mut queue, &["three\n"]);
    let bytes = files::read(place.path()).unwrap();
    let header = b"\0audisp-remote\0\0\0\0\0\x02\0\0\x30\0\0\0\0\x01\0\0\0\x02";
    assert_eq!((&bytes[..32], bytes.len()), (&header[..], 3 * 12288));
    assert!(bytes[12288..].starts_with(b"three\n\0") && bytes[24576..].starts_with(b"two\n\0"));
    let mode = std::os::unix::fs::PermissionsExt::mode(&files::metadata(place.path()).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_waits_is_there_after_a_new_start_also_without_a_last_word() {
    let place = Place::new("again");
    let mut queue = place.open(4).0;
    fill(&mut queue, &["a\n", "b\n"]);
    assert!(queue.push(b"not counted yet\n").unwrap());
    // A killed program says nothing more.
    std::mem::forget(queue);
    let copy = place.0.join("copy");
    std::fs::copy(place.path(), &copy).unwrap();
    let queue = Queue::file(&copy, 4, &mut |_| ()).unwrap();
    assert_eq!((all(&queue), queue.deepest()), (vec!["a\n".to_string(), "b\n".to_string()], 2));
}

#[test]
fn a_full_queue_is_in_its_order_whatever_moment_it_is_killed_at() {
    let place = Place::new("full");
    let mut queue = place.open(3).0;
    fill(&mut queue, &["a\n", "b\n", "c\n"]);
    queue.drop_front(2);
    for (record, expected) in [("d\n", "c\n"), ("e\n", "c\n")] {
        assert!(queue.push(record.as_bytes()).unwrap());
        let copy = place.0.join("copy");
        std::fs::copy(place.path(), &copy).unwrap();
        let killed = Queue::file(&copy, 3, &mut |_| ()).unwrap();
        assert_eq!(all(&killed).concat(), expected, "{record}");
    }
    queue.flush().unwrap();
    assert_eq!(all(&queue).concat(), "c\nd\ne\n");
}

#[test]
fn a_file_of_another_size_is_rewritten_unless_it_holds_more() {
    let place = Place::new("size");
    let mut queue = place.open(3).0;
    fill(&mut queue, &["a\n", "b\n", "c\n"]);
    queue.drop_front(1);
    fill(&mut queue, &["d\n"]);
    drop(queue);
    let (queue, notes) = place.open(2);
    assert_eq!((queue.depth(), all(&queue).concat().as_str(), notes.len()), (3, "b\nc\nd\n", 1));
    assert!(notes[0].contains("queue_depth"), "{notes:?}");
    drop(queue);
    for depth in [5, 3] {
        let (mut queue, notes) = place.open(depth);
        assert_eq!((queue.depth(), all(&queue).concat().as_str()), (depth as usize, "b\nc\nd\n"));
        assert_eq!(notes, Vec::<String>::new());
        assert_eq!(files::metadata(place.path()).unwrap().len(), (u64::from(depth) + 1) * 12288);
        assert_eq!(fill(&mut queue, &["x\n", "y\n", "z\n"]), depth as usize - 3);
        queue = {
            drop(queue);
            place.open(depth).0
        };
        assert_eq!(queue.len(), depth as usize);
        while queue.len() > 3 {
            rotate_out(&mut queue)
        }
    }
    assert_eq!(files::read_dir(&place.0).unwrap().count(), 1, "nothing is left beside it");
}

/// Takes the newest record out again.
fn rotate_out(queue: &mut Queue) {
    let records = all(queue);
    queue.drop_front(records.len());
    let kept: Vec<&str> = records.iter().take(records.len() - 1).map(String::as_str).collect();
    fill(queue, &kept);
}

#[test]
fn numbers_that_make_no_sense_cost_no_more_than_the_file_and_that_is_kept() {
    for (name, at, bytes) in [("first", 24, 2_u32), ("length", 28, 3), ("entries", 16, 7), ("none", 16, 0)] {
        let place = Place::new(name);
        fill(&mut place.open(2).0, &["a\n", "b\n"]);
        place.write_at(at, &bytes.to_be_bytes());
        let damaged = files::read(place.path()).unwrap();
        let (mut queue, notes) = place.open(2);
        assert_eq!((all(&queue).len(), fill(&mut queue, &["c\n"])), (0, 1), "{name}");
        let aside = place.0.join("remote.log.damaged");
        assert_eq!(notes, [format!("the queue file was damaged and is now {}", aside.display())]);
        assert!(files::read(&aside).unwrap() == damaged);
        drop(queue);
        place.write_at(at, &bytes.to_be_bytes());
        assert!(place.open(2).1[0].ends_with("remote.log.damaged1"), "none takes another's place");
    }
}

#[test]
fn any_byte_of_the_header_may_be_wrong() {
    for at in 0..HEADER as u64 {
        for byte in [0, 1, 0x7f, 0xff] {
            let place = Place::new("any");
            fill(&mut place.open(3).0, &["a\n", "b\n"]);
            place.write_at(at, &[byte]);
            if let Ok(mut queue) = Queue::file(&place.path(), 3, &mut |_| ()) {
                assert!(all(&queue).len() <= 3);
                queue.drop_front(queue.len());
                assert_eq!(fill(&mut queue, &["c\n", "d\n", "e\n", "f\n"]), 3, "{byte} at {at}");
                assert_eq!(all(&queue), ["c\n", "d\n", "e\n"]);
            }
        }
    }
}

#[test]
fn another_kind_of_file_is_left_alone() {
    let place = Place::new("other");
    let zeros = [&[0; 32][..], b"what somebody keeps"].concat();
    for bytes in [
        &b"type=CWD msg=audit(1.000:2): cwd=\"/\"\n"[..],
        &[1; 100],
        b"x",
        b"\0audisp-remote\x01",
        &zeros,
        &[0; 20],
        &[0; 12288],
    ] {
        files::create_dir_all(&place.0).unwrap();
        files::write(place.path(), bytes).unwrap();
        files::set_permissions(place.path(), Permissions::from_mode(0o646)).unwrap();
        let expected = format!("queue file {}: this is no queue of audisp-remote", place.path().display());
        assert_eq!(Queue::check(&place.path()), Err(expected.clone()));
        assert_eq!(place.refusal(2), expected);
        let mode = files::metadata(place.path()).unwrap().mode() & 0o7777;
        assert_eq!((files::read(place.path()).unwrap(), mode), (bytes.to_vec(), 0o646));
    }
}

#[test]
fn a_file_that_others_can_write_or_read_is_closed_to_them_and_that_is_said() {
    let place = Place::new("mode");
    drop(place.open(2));
    for (mode, expected) in [(0o666, 0o640), (0o604, 0o600), (0o620, 0o600), (0o640, 0o640), (0o600, 0o600)] {
        files::set_permissions(place.path(), Permissions::from_mode(mode)).unwrap();
        let (_, notes) = place.open(2);
        assert_eq!(files::metadata(place.path()).unwrap().mode() & 0o7777, expected);
        let note = format!("the queue file had mode {mode:04o}: others can read or write it no more");
        assert_eq!(notes, if mode == expected { vec![] } else { vec![note] });
    }
}

#[test]
#[ignore = "needs root"]
fn a_file_of_another_owner_is_refused() {
    let place = Place::new("owner");
    drop(place.open(2));
    std::os::unix::fs::chown(place.path(), Some(65534), None).unwrap();
    let expected = format!("queue file {}: it belongs to the user 65534", place.path().display());
    assert_eq!(Queue::check(&place.path()), Err(expected.clone()));
    assert_eq!(place.refusal(2), expected);
}

#[test]
fn what_was_interrupted_when_it_was_made_is_made() {
    let header = b"\0audisp-remote\0\0\0\0\0\x02\0\0\x30\0\0\0\0\0\0\0\0\0";
    for bytes in [&b""[..], header, &[&header[..], &[0; 12288]].concat()] {
        let place = Place::new("unfinished");
        files::create_dir_all(&place.0).unwrap();
        files::write(place.path(), bytes).unwrap();
        assert_eq!(fill(&mut place.open(2).0, &["a\n", "b\n"]), 2);
        assert_eq!(all(&place.open(2).0), ["a\n", "b\n"]);
    }
}

#[test]
fn an_entry_that_cannot_be_made_out_is_none() {
    let place = Place::new("entry");
    fill(&mut place.open(3).0, &["a\n", "b\n", "c\n"]);
    place.write_at(12288, &[b'x'; 12288]);
    place.write_at(2 * 12288, &[0]);
    assert_eq!(all(&place.open(3).0), ["?", "?", "c\n"]);
}

#[test]
fn the_longest_record_fits_and_a_longer_one_is_cut() {
    let place = Place::new("long");
    let mut queue = place.open(2).0;
    queue.push(&[b'x'; LONGEST]).unwrap();
    queue.push(&[b'y'; LONGEST + 5]).unwrap();
    assert_eq!(all(&queue).iter().map(String::len).collect::<Vec<_>>(), [LONGEST, LONGEST]);
}
