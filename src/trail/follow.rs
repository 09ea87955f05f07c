//! A log that is being written: its events as they come, across rotation.
//!
//! The file that is read stays open, so that nothing of it is lost when it is renamed. When the log's name stands for another
//! file, the old one is read to its end, then the files that were begun since, oldest first. One assembler takes all records:
//! an event may begin in one file and end in the next.
//!
//! A file that is cut short begins anew, also where it has grown beyond its old length by the next look: what stands before the
//! place of reading is no longer what was read there. Where a copy was made first, as `copytruncate` of logrotate(8) does it,
//! the rest of the copy is read. A file that was compressed meanwhile is known by its beginning, and those that follow it are read
//! through the system's decompressor. What was written and cut off or removed between two looks is lost; [`Follow::gaps`] says
//! that it may be.
//!
//! Nothing here waits, and nothing reads a clock: who follows a log calls again a little later, and says what time it is.

use super::lines::{Lines, Source};
use super::packed::{Prefix, Unpacked};
use super::{files, packed};
use crate::event::{Assembler, Event};
use crate::record::{Line, Record};
use crate::sys::input::{self, InputFile};
use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

/// Where following begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// With the first record of the trail.
    Oldest,
    /// With the first record that is written from now on; what was written of its event before comes with it.
    Now,
}

/// Events of a log that is being written ([`super::Trail::follow`]).
pub struct Follow {
    base: PathBuf,
    is_rotated: bool,
    lines: Lines,
    assembler: Assembler,
    /// The file that is read.
    tail: Option<Tail>,
    /// Files begun after it, oldest first.
    newer: VecDeque<Tail>,
    /// The file before it. While it is open its inode is not used again.
    previous: Option<InputFile>,
    /// Neither of the two was among the log's files when it was looked for.
    is_lost: bool,
    /// What is read was there before: its records have no line numbers, and an event of such records alone is not wanted.
    is_catching_up: bool,
    /// Of the file that is read.
    prefix: Prefix,
    stripped: Vec<u8>,
    /// How often records may have been lost.
    gaps: u64,
}

/// A file read up to some place.
struct Tail {
    file: InputFile,
    at: u64,
    /// The last bytes before that place, at most [`SEEN`].
    seen: Vec<u8>,
    /// They stand there no longer, or what is compressed cannot be read whole.
    is_cut: bool,
    /// What a compressed one has to be read through, and what that makes of it.
    program: Option<&'static str>,
    unpacked: Option<Unpacked>,
    /// It grows no more: its last line may lack a newline.
    is_closed: bool,
}

/// What there is once a file has been read.
#[derive(PartialEq, Eq)]
enum Look {
    More,
    Nothing,
    /// Files are being renamed: what an event lacks may be in one of them.
    Unsure,
}

/// Before the end of a log this many bytes may belong to events that are not complete.
const RECENT: u64 = 64 << 10;
/// Enough to hold the event id of a record, which makes them different from all others.
const SEEN: usize = 1 << 10;

impl Source for Tail {
    /// The bytes before are read again with those to come, in one go: a cut between two reads would go unnoticed. [`Lines`] has
    /// place for much more.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(program) = self.program {
            let read = self.read_unpacked(program, buffer);
            self.is_cut |= read.is_err();
            return Ok(read.unwrap_or(0));
        }
        let again = self.seen.len();
        let read = self.file.read_at(buffer, self.at - again as u64)?;
        self.is_cut = buffer.get(..again.min(read)) != Some(&self.seen);
        let fresh = read.saturating_sub(again);
        if self.is_cut || (fresh == 0 && !self.is_closed) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        buffer.copy_within(again..again + fresh, 0);
        self.at += fresh as u64;
        self.see(buffer.get(..fresh).unwrap_or_default());
        Ok(fresh)
    }
}

impl Tail {
    fn new(file: InputFile) -> Tail {
        Tail { file, at: 0, seen: Vec::new(), is_cut: false, program: None, unpacked: None, is_closed: false }
    }

    fn open(path: &Path) -> io::Result<Tail> {
        let file = InputFile::open(path)?;
        let program = packed::program(&file, path);
        Ok(Tail { program, ..Tail::new(file) })
    }

    fn read_unpacked(&mut self, program: &str, buffer: &mut [u8]) -> io::Result<usize> {
        let unpacked = match &mut self.unpacked {
            Some(unpacked) => unpacked,
            none => none.insert(Unpacked::start(&self.file, program)?),
        };
        unpacked.read(buffer)
    }

    /// Whether a compressed file has what this one has.
    fn is_packed_in(&self, path: &Path, program: &str) -> bool {
        // It is read from its beginning.
        let packed = InputFile::open(path).and_then(|file| files::front(&file, Some(program)));
        packed.is_ok_and(|front| files::front(&self.file, self.program).is_ok_and(|own| own == front))
    }

    /// Remembers what was read last.
    fn see(&mut self, read: &[u8]) {
        self.seen.extend_from_slice(read.get(read.len().saturating_sub(SEEN)..).unwrap_or_default());
        self.seen.drain(..self.seen.len().saturating_sub(SEEN));
    }

    /// A copy of this file, read up to the same place.
    fn copied(&self, file: InputFile) -> Option<Tail> {
        let mut text = vec![0; self.seen.len()];
        let read = file.read_at(&mut text, self.at - self.seen.len() as u64).ok()?;
        let is_copy = read == text.len() && text == self.seen && read > 0;
        is_copy.then(|| Tail { at: self.at, seen: text, is_closed: true, ..Tail::new(file) })
    }

    /// Goes to a line near the end.
    fn skip(&mut self) {
        let mut text = vec![0; RECENT as usize];
        let from = self.file.len().saturating_sub(RECENT);
        let read = self.file.read_at(&mut text, from).unwrap_or(0);
        let line = memchr::memchr(b'\n', text.get(..read).unwrap_or_default()).map_or(read, |newline| newline + 1);
        if from > 0 {
            self.at = from + line as u64;
            self.see(text.get(..line).unwrap_or_default());
        }
    }

    fn identity(&self) -> Option<(u64, u64)> {
        self.file.identity().ok()
    }
}

impl Follow {
    pub(super) fn new(
        mut paths: VecDeque<PathBuf>,
        is_rotated: bool,
        begin: Begin,
        lines: Lines,
        assembler: Assembler,
    ) -> io::Result<Follow> {
        let base = paths.pop_back().ok_or(io::ErrorKind::Unsupported)?;
        let mut follow = Follow {
            base,
            is_rotated,
            lines,
            assembler,
            tail: None,
            newer: VecDeque::new(),
            previous: None,
            is_lost: true,
            is_catching_up: begin == Begin::Now,
            prefix: Prefix::default(),
            stripped: Vec::new(),
            gaps: 0,
        };
        let Some(mut files) = follow.files_since_here()? else { return Ok(follow) };
        for path in paths.iter().rev().filter(|_| !is_rotated) {
            files.push_front(Tail::new(InputFile::open(path)?));
        }
        if begin == Begin::Now {
            let recent = files.back().map_or(0, |newest| newest.file.len());
            while files.len() > 2 || (files.len() == 2 && recent >= RECENT) {
                follow.previous = files.pop_front().map(|older| older.file);
            }
            files.iter_mut().for_each(Tail::skip);
        }
        follow.newer = files;
        follow.open_newer();
        Ok(follow)
    }

    /// The next event that is complete at second `now`; `None` when there is none yet. To be called again then, a
    /// little later. Lines that are no records are passed over.
    pub fn next_event(&mut self, now: u64) -> io::Result<Option<Event>> {
        loop {
            if let Some(event) = self.next_wanted() {
                return Ok(Some(event));
            }
            let number = if self.is_catching_up { 0 } else { self.lines.number() };
            let begins = self.lines.is_new();
            let line = match &mut self.tail {
                Some(tail) => self.lines.next(tail),
                None => Err(io::ErrorKind::WouldBlock.into()),
            };
            match line {
                Ok(Some(line)) => {
                    let text = line.text;
                    let found = match Record::find(line) {
                        None if self.prefix != Prefix::Absent && begins && packed::strip(text, &mut self.stripped) => {
                            self.prefix.learn(true);
                            Record::find(Line::new(&self.stripped))
                        }
                        None => None,
                        found => {
                            self.prefix.learn(false);
                            found
                        }
                    };
                    if let Some((_, record)) = found {
                        self.assembler.at_line(number);
                        self.assembler.push(&record);
                    }
                }
                Ok(None) => self.open_newer(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let look = self.look()?;
                    if look == Look::More {
                        continue;
                    }
                    self.is_catching_up = false;
                    if look == Look::Nothing {
                        self.assembler.age(now);
                    }
                    return Ok(self.next_wanted());
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The next complete event of which a record was written since the beginning.
    fn next_wanted(&mut self) -> Option<Event> {
        loop {
            let event = self.assembler.next()?;
            if event.line_number(event.len() - 1).is_some() {
                return Some(event);
            }
            self.assembler.recycle(event);
        }
    }

    /// Gives out the next of all events that wait, complete or not: nothing more is to come.
    pub fn finish(&mut self) -> Option<Event> {
        self.assembler.finish();
        self.next_wanted()
    }

    /// Gives an event that is done with back, for its memory.
    pub fn recycle(&mut self, event: Event) {
        self.assembler.recycle(event);
    }

    /// How often records may have been lost so far: the log was cut short, or the file that was read, and with it others, removed.
    pub fn gaps(&self) -> u64 {
        self.gaps
    }

    /// The file that is read was cut short by whoever writes it: goes on with the copy, if there is one, and then anew.
    fn begin_anew(&mut self, cut: Tail) {
        self.gaps += 1;
        let mut copies = files::read(&self.base).into_iter().skip(1).filter_map(|path| Tail::open(&path).ok());
        let copy = copies.find(|copy| copy.program.is_none()).and_then(|copy| cut.copied(copy.file));
        let anew = Tail { is_closed: cut.is_closed, ..Tail::new(cut.file) };
        if copy.is_none() {
            self.lines.restart();
        }
        self.tail = match copy {
            None => Some(anew),
            copy => {
                self.newer.push_front(anew);
                copy
            }
        };
    }

    /// All that was there has been read. Whether there is more to read since: another file, or this one from its beginning.
    fn look(&mut self) -> io::Result<Look> {
        if let Some(cut) = self.tail.take_if(|tail| tail.is_cut) {
            self.begin_anew(cut);
            return Ok(Look::More);
        }
        if let Some(tail) = &mut self.tail {
            match input::identity(&self.base) {
                Ok(newest) if Some(newest) == tail.identity() => {
                    self.is_lost = false;
                    return Ok(Look::Nothing);
                }
                Ok(_) => {}
                // Between a renaming and the next file there is none.
                Err(_) if std::mem::replace(&mut self.is_lost, true) => return Ok(Look::Nothing),
                Err(_) => return Ok(Look::Unsure),
            }
        }
        let Some(files) = self.files_since_here()? else { return Ok(Look::Unsure) };
        if files.is_empty() {
            return Ok(Look::Nothing);
        }
        self.newer = files;
        match &mut self.tail {
            // What was written before it was renamed is still to be read.
            Some(tail) => tail.is_closed = true,
            None => self.open_newer(),
        }
        Ok(Look::More)
    }

    /// The files begun after the one that is read, oldest first. `None` where that is not sure, because they are being renamed.
    fn files_since_here(&mut self) -> io::Result<Option<VecDeque<Tail>>> {
        let known =
            [self.tail.as_ref().and_then(Tail::identity), self.previous.as_ref().and_then(|f| f.identity().ok())];
        // Of a file that was named by itself what came before it is not asked for, but what it was renamed to is.
        let is_alone = !self.is_rotated && known == [None, None];
        let listed = || if is_alone { Vec::new() } else { files::read(&self.base) };
        let mut paths = listed();
        let before = paths.clone();
        if paths.is_empty() && !self.is_rotated {
            paths.push(self.base.clone());
        }
        let mut newer = VecDeque::new();
        let mut is_found = is_alone;
        for path in paths {
            let tail = match Tail::open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                opened => opened?,
            };
            let is_known = match (tail.program, &self.tail) {
                (None, _) => known.iter().any(|known| known.is_some() && *known == tail.identity()),
                (Some(program), Some(read)) => read.is_packed_in(&path, program),
                // Nobody begins with a compressed file.
                (Some(_), None) => continue,
            };
            if is_known {
                is_found = true;
                break;
            }
            newer.push_front(tail);
        }
        // Files are renamed from the oldest on, so their names are as they were listed if the newest has kept its own. Of those that
        // are renamed while they are listed one may be missing, or there twice.
        let newest = newer.back().and_then(Tail::identity);
        if newest.is_some() && newest != input::identity(&self.base).ok() || listed() != before {
            return Ok(None);
        }
        // A log that was deleted is believed to be so when it is missed twice: it may have had no name just then.
        let is_sure = is_found || std::mem::replace(&mut self.is_lost, true);
        if is_sure {
            self.is_lost = false;
        }
        if is_sure && !is_found {
            self.gaps += u64::from(self.tail.is_some());
            // They may be older.
            newer.retain(|tail| tail.program.is_none());
            let named = if self.is_rotated { newer.len() } else { 1 };
            newer.drain(..newer.len().saturating_sub(named));
        }
        Ok(is_sure.then_some(newer))
    }

    fn open_newer(&mut self) {
        let next = self.newer.pop_front();
        let read = std::mem::replace(&mut self.tail, next);
        self.gaps += u64::from(read.as_ref().is_some_and(|tail| tail.is_cut));
        self.previous = read.map(|tail| tail.file).or(self.previous.take());
        if let Some(tail) = &mut self.tail {
            tail.is_closed = !self.newer.is_empty();
        }
        self.prefix = Prefix::default();
        self.lines.restart();
    }
}
