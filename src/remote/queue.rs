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

use crate::sys::files::{self, File, Metadata, Permissions};
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
        let file = QueueFile::open(path, depth, note).map_err(|error| sentence(path, &error))?;
        let deepest = file.length as usize;
        Ok(Queue { store: Store::File(file), deepest })
    }

    /// Whether the file is one that [`Queue::file`] takes, or may make. Changes nothing.
    pub fn check(path: &Path) -> Result<(), String> {
        QueueFile::check(path).map_err(|error| sentence(path, &error))
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
        refuse_of_others(path)?;
        let read = QueueFile::read(path, depth)?;
        // Not before it is known to be a queue.
        close_to_others(path, note)?;
        let mut queue = match read {
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

    fn check(path: &Path) -> io::Result<()> {
        let file = match files::open_read(path, false) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened?,
        };
        refuse_of_others(path)?;
        let facts = file.metadata()?;
        if facts.is_file() && facts.len() == 0 { Ok(()) } else { numbers(&file).map(|_| ()) }
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
        let [entries, first, length] = numbers(&file)?;
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

/// What a file's header says: how many entries, the first index and the count. An error when it is no queue.
fn numbers(file: &File) -> io::Result<[u32; 3]> {
    let mut header = [0; HEADER];
    let _ = file.read_at(&mut header, 0)?;
    let [entries, entry, first, length] = [16, 20, STATE as usize, 28].map(|at| word(&header, at));
    if !header.starts_with(MAGIC) || header.get(14..16) != Some(&[0, 0]) || entry != ENTRY as u32 {
        return Err(errno::said("this is no queue of audisp-remote"));
    }
    Ok([entries, first, length])
}

/// The facts of a regular file. What is missing is made, and what is of another kind is refused for that.
fn facts(path: &Path) -> Option<Metadata> {
    files::symlink_metadata(path).ok().filter(Metadata::is_file)
}

/// What waits is nobody else's affair.
fn refuse_of_others(path: &Path) -> io::Result<()> {
    match facts(path) {
        Some(facts) if facts.uid() != process::effective_uid() => {
            Err(io::Error::other(["it belongs to the user ", &facts.uid().to_string()].concat()))
        }
        _ => Ok(()),
    }
}

/// What others could write would be sent as records of this machine.
fn close_to_others(path: &Path, note: &mut dyn FnMut(&str)) -> io::Result<()> {
    let Some(mode) = facts(path).map(|facts| facts.mode() & 0o7777).filter(|mode| mode & OTHERS != 0) else {
        return Ok(());
    };
    files::set_permissions(path, Permissions::from_mode(mode & !OTHERS))?;
    note(&format!("the queue file had mode {mode:04o}: others can read or write it no more"));
    Ok(())
}

fn sentence(path: &Path, error: &io::Error) -> String {
    ["queue file ", &path.display().to_string(), ": ", &error_reason(error)].concat()
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
mod tests;
