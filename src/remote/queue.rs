//! Records that wait for the collector: in memory, or in a file that outlives the program (audisp-remote.conf(5) `mode`).
//!
//! The file is that of the reference's queue.c, so that either program goes on where the other has ended:
//!
//! ```text
//! offset 0  14 bytes  NUL and "audisp-remote"     14  u8 version, 0     15  u8 0
//!       16  u32 entries   20  u32 bytes of an entry, 12288   24  u32 index of the first record   28  u32 how many there are
//! ```
//!
//! Numbers are big-endian. Entry i is at (i + 1) * 12288: a record with its newline, and a NUL. The file has its full length from
//! the start, and is locked by lockf(3).
//!
//! Whatever moment a program is killed at, the file is whole: a record is written before the header counts it, first index and
//! count are written by one call, and an entry is not written again before the header says that its record is gone. It is left to the
//! system when that reaches the disk, as the reference leaves it.
//!
//! Only a file that is new, empty, or begins with such a header is ever written to.

use crate::sys::files::{self, File, Permissions};
use crate::sys::{errno, error_reason, process};
use std::collections::VecDeque;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Bytes of an entry.
const ENTRY: usize = 12_288;

/// The longest record that fits, with its newline.
pub const LONGEST: usize = ENTRY - 1;

/// What a queue's file may not allow: to write to it but for its owner, to read it but for its group.
const OTHERS: u32 = 0o027;

const MAGIC: &[u8; 14] = b"\0audisp-remote";
const HEADER: usize = 32;

/// Where the part of the header begins that changes: the first index and the count.
const STATE: u64 = 24;

/// A file that is damaged is moved to a name that ends so, if need be with a number of up to this.
const DAMAGED: &str = ".damaged";
const MOST_DAMAGED: u32 = 99;

/// Records that wait, in the order in which they came.
pub struct Queue {
    store: Store,
    deepest: usize,
}

enum Store {
    Memory { records: VecDeque<Box<[u8]>>, depth: usize },
    File(QueueFile),
}

impl Queue {
    /// In memory, for that many records.
    pub fn memory(depth: usize) -> Queue {
        Queue { store: Store::Memory { records: VecDeque::new(), depth }, deepest: 0 }
    }

    /// In a file of that many records, made if there is none. One of another size is rewritten, unless it holds more; one whose
    /// numbers make no sense is moved aside. Both are noted. The error is a sentence.
    pub fn file(path: &Path, depth: u32, note: &mut dyn FnMut(&str)) -> Result<Queue, String> {
        let file = QueueFile::open(path, depth, note)
            .map_err(|error| ["queue file ", &path.display().to_string(), ": ", &error_reason(&error)].concat())?;
        let deepest = file.length as usize;
        Ok(Queue { store: Store::File(file), deepest })
    }

    /// How many records wait.
    pub fn len(&self) -> usize {
        match &self.store {
            Store::Memory { records, .. } => records.len(),
            Store::File(file) => file.length as usize,
        }
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many may wait.
    pub fn depth(&self) -> usize {
        match &self.store {
            Store::Memory { depth, .. } => *depth,
            Store::File(file) => file.entries as usize,
        }
    }

    /// The most records that waited at a time.
    pub fn deepest(&self) -> usize {
        self.deepest
    }

    /// Whether what waits outlives the program.
    pub fn is_kept(&self) -> bool {
        matches!(self.store, Store::File(_))
    }

    /// Adds a record, of up to [`LONGEST`] bytes without a NUL; false when there is no room. In a file it counts once [`Queue::flush`]
    /// was called.
    pub fn push(&mut self, record: &[u8]) -> io::Result<bool> {
        if self.len() >= self.depth() {
            return Ok(false);
        }
        match &mut self.store {
            Store::Memory { records, .. } => records.push_back(record.into()),
            Store::File(file) => file.push(record)?,
        }
        self.deepest = self.deepest.max(self.len());
        Ok(true)
    }

    /// Reads the record at `index` from the front. False when there is none, or it cannot be made out.
    pub fn get(&self, index: usize, record: &mut Vec<u8>) -> io::Result<bool> {
        record.clear();
        match &self.store {
            Store::Memory { records, .. } => record.extend_from_slice(records.get(index).map_or(&[], |text| text)),
            Store::File(file) => file.get(index, record)?,
        }
        Ok(!record.is_empty())
    }

    /// Forgets that many records at the front.
    pub fn drop_front(&mut self, count: usize) {
        let count = count.min(self.len());
        match &mut self.store {
            Store::Memory { records, .. } => drop(records.drain(..count)),
            Store::File(file) => file.drop_front(count),
        }
    }

    /// Writes down how many records there are now.
    pub fn flush(&mut self) -> io::Result<()> {
        match &mut self.store {
            Store::Memory { .. } => Ok(()),
            Store::File(file) => file.flush(),
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

/// The open file. Never has more than `entries` records, nor a first index beyond them.
struct QueueFile {
    file: File,
    entries: u32,
    first: u32,
    length: u32,
    /// The header does not say so yet.
    is_changed: bool,
    /// Nor that records at the front are gone.
    has_dropped: bool,
}

impl QueueFile {
    fn open(path: &Path, depth: u32, note: &mut dyn FnMut(&str)) -> io::Result<QueueFile> {
        if let Some(folder) = path.parent() {
            files::create_folder(folder, 0o700)?;
        }
        close_to_others(path, note)?;
        let mut queue = match QueueFile::read(path, depth)? {
            Some(queue) => queue,
            None => {
                let aside = move_aside(path)?;
                note(&["the queue file was damaged and is now ", &aside.display().to_string()].concat());
                QueueFile::read(path, depth)?.ok_or(io::ErrorKind::InvalidData)?
            }
        };
        if queue.entries == depth {
            return Ok(queue);
        }
        if queue.length > depth {
            note("the queue file holds more records than queue_depth allows, and keeps its size");
            return Ok(queue);
        }
        queue.resize(path, depth)
    }

    /// Reads or makes the file; `None` when its numbers make no sense. Another kind of file is an error, and is left as it is.
    fn read(path: &Path, depth: u32) -> io::Result<Option<QueueFile>> {
        let file = files::open_shared(path, 0o600)?;
        if !files::lock_record(&file)? {
            return Err(errno::said("another program has it locked"));
        }
        let size = file.metadata()?.len();
        if size == 0 {
            return QueueFile::make(file, depth).map(Some);
        }
        let mut header = [0; HEADER];
        let _ = file.read_at(&mut header, 0)?;
        let [entries, entry, first, length] = [16, 20, STATE as usize, 28].map(|at| word(&header, at));
        if !header.starts_with(MAGIC) || header.get(14..16) != Some(&[0, 0]) || entry != ENTRY as u32 {
            return Err(errno::said("this is no queue of audisp-remote"));
        }
        let whole = (u64::from(entries) + 1) * ENTRY as u64;
        if (first, length) == (0, 0) && size < whole {
            // Interrupted when it was made: it has had no record yet.
            return QueueFile::make(file, depth).map(Some);
        }
        let is_sound = entries > 0 && size == whole;
        if !is_sound || first >= entries || length > entries {
            return Ok(None);
        }
        Ok(Some(QueueFile { file, entries, first, length, is_changed: false, has_dropped: false }))
    }

    /// The header comes first, so that it is known what the file is when this is interrupted.
    fn make(file: File, entries: u32) -> io::Result<QueueFile> {
        file.set_len(0)?;
        let numbers = [entries, ENTRY as u32, 0, 0].map(u32::to_be_bytes).concat();
        file.write_all_at(&[MAGIC, &[0, 0][..], &numbers].concat(), 0)?;
        files::set_aside(&file, (u64::from(entries) + 1) * ENTRY as u64).inspect_err(|_| drop(file.set_len(0)))?;
        Ok(QueueFile { file, entries, first: 0, length: 0, is_changed: false, has_dropped: false })
    }

    /// Copies the records into a file of another size, which takes the place of this one.
    fn resize(&mut self, path: &Path, entries: u32) -> io::Result<QueueFile> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(".resized");
        let beside = PathBuf::from(beside);
        match files::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let copy = || {
            let file = files::open_shared(&beside, 0o600)?;
            files::lock_record(&file)?;
            let mut queue = QueueFile::make(file, entries)?;
            let mut record = Vec::new();
            for index in 0..self.length as usize {
                self.get(index, &mut record)?;
                if !record.is_empty() {
                    queue.push(&record)?;
                }
            }
            queue.flush()?;
            files::rename(&beside, path)?;
            Ok(queue)
        };
        copy().inspect_err(|_: &io::Error| drop(files::remove_file(&beside)))
    }

    /// Where the entry is that stands at `index` from the front.
    fn place(&self, index: usize) -> u64 {
        let entry = (u64::from(self.first) + index as u64) % u64::from(self.entries);
        (entry + 1) * ENTRY as u64
    }

    fn push(&mut self, record: &[u8]) -> io::Result<()> {
        // Or this could take the entry of a record that the header still has first.
        if self.has_dropped {
            self.flush()?;
        }
        let record = record.get(..LONGEST).unwrap_or(record);
        self.file.write_all_at(&[record, &[0]].concat(), self.place(self.length as usize))?;
        self.length += 1;
        self.is_changed = true;
        Ok(())
    }

    /// An entry without its NUL is as good as none.
    fn get(&self, index: usize, record: &mut Vec<u8>) -> io::Result<()> {
        if index >= self.length as usize {
            return Ok(());
        }
        record.resize(ENTRY, 0);
        self.file.read_exact_at(record, self.place(index))?;
        record.truncate(memchr::memchr(0, record).unwrap_or(0));
        Ok(())
    }

    fn drop_front(&mut self, count: usize) {
        self.first = ((u64::from(self.first) + count as u64) % u64::from(self.entries)) as u32;
        self.length -= count as u32;
        self.is_changed |= count > 0;
        self.has_dropped |= count > 0;
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_changed {
            self.file.write_all_at(&[self.first, self.length].map(u32::to_be_bytes).concat(), STATE)?;
            (self.is_changed, self.has_dropped) = (false, false);
        }
        Ok(())
    }
}

/// What waits is nobody else's affair, and what others could write would be sent as records of this machine.
fn close_to_others(path: &Path, note: &mut dyn FnMut(&str)) -> io::Result<()> {
    let facts = match files::symlink_metadata(path) {
        Ok(facts) if facts.is_file() => facts,
        // It is made, or refused by its kind.
        _ => return Ok(()),
    };
    if facts.uid() != process::effective_uid() {
        return Err(io::Error::other(["it belongs to the user ", &facts.uid().to_string()].concat()));
    }
    if facts.mode() & OTHERS != 0 {
        files::set_permissions(path, Permissions::from_mode(facts.mode() & 0o7777 & !OTHERS))?;
        note(&format!("the queue file had mode {:04o}: others can read or write it no more", facts.mode() & 0o7777));
    }
    Ok(())
}

fn word(header: &[u8; HEADER], at: usize) -> u32 {
    header.get(at..at + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_be_bytes)
}

/// Gives a file a name that says that it is damaged, and that nothing has yet.
fn move_aside(path: &Path) -> io::Result<PathBuf> {
    for number in 0..=MOST_DAMAGED {
        let mut name = path.as_os_str().to_owned();
        name.push(DAMAGED);
        if number > 0 {
            name.push(number.to_string());
        }
        let aside = PathBuf::from(name);
        if files::symlink_metadata(&aside).is_err() {
            return files::rename(path, &aside).map(|()| aside);
        }
    }
    Err(io::Error::from_raw_os_error(errno::EEXIST))
}

#[cfg(test)]
mod tests {
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
        let mut queue = place.open(2).0;
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
            let expected = format!("queue file {}: this is no queue of audisp-remote", place.path().display());
            assert_eq!(place.refusal(2), expected);
            assert_eq!(files::read(place.path()).unwrap(), bytes);
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
}
