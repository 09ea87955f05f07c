//! From the logs to events: which files are read, and which records count. Runs beside the report, which it feeds.

use super::handover::Stopped;
use crate::logs::{self, Logs, Place};
use crate::output::say;
use auditbox::event::{Assembler, Event, Policy};
use auditbox::record::{EventId, Headers, Line, Malformed};
use auditbox::store::reader::{self, Lines, Part, Pipe, SEARCH_LINE, Source};
use auditbox::sys::input::Stdin;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Events are handed over when there are so many of them, or so many bytes.
const BATCH: usize = 128;
const BATCH_BYTES: usize = 256 << 10;

/// What is to be read.
pub(crate) struct Request {
    pub(crate) place: Place,
    /// Seconds after which an event is complete.
    pub(crate) timeout: u64,
    /// First and last second, both included.
    pub(crate) start: Option<u64>,
    pub(crate) end: Option<u64>,
}

/// What is handed over.
pub(crate) enum Read {
    Events(Vec<Event>),
    /// All events that were complete at the end of this file have been handed over.
    EndOfFile(Vec<u8>),
    /// The end of everything, and the first record of all. COMPAT: with a start time, the first one out of range.
    End(Option<EventId>),
    /// There is no such log; that has been told.
    Refused,
}

/// Takes what was read, and gives events that are done with, for their memory.
pub(crate) type Give<'g> = &'g mut dyn FnMut(Read) -> Result<Vec<Event>, Stopped>;

/// Reads all that is asked for.
pub(crate) fn run(request: &Request, give: Give<'_>) {
    let assembler = Assembler::new(Policy::Search, request.timeout);
    let mut reading = Reading {
        start: request.start,
        end: request.end,
        headers: Headers::default(),
        assembler,
        first_record: None,
        batch: Vec::new(),
        batch_bytes: 0,
        give,
    };
    if reading.read_input(&request.place).is_ok() {
        // Whoever has stopped listening needs no end.
        let _ = (reading.give)(Read::End(reading.first_record));
    }
}

struct Reading<'g> {
    start: Option<u64>,
    end: Option<u64>,
    headers: Headers,
    assembler: Assembler,
    first_record: Option<EventId>,
    batch: Vec<Event>,
    batch_bytes: usize,
    give: Give<'g>,
}

impl Reading<'_> {
    fn read_input(&mut self, place: &Place) -> Result<(), Stopped> {
        match place.logs() {
            Some(Logs::Pipe(stdin)) => self.read_pipe(stdin),
            Some(Logs::File(path)) => self.read_file(&path, true),
            Some(Logs::Rotated(files)) => {
                let count = reader::needed(&files, self.start.unwrap_or(0));
                let mut oldest_first = files.iter().enumerate().take(count).rev();
                oldest_first.try_for_each(|(age, file)| self.read_file(file, age == 0))
            }
            None => self.refuse(),
        }
    }

    fn read_file(&mut self, path: &Path, is_last: bool) -> Result<(), Stopped> {
        let Some(file) = logs::open(path) else { return self.refuse() };
        if file.is_regular() {
            self.read_lines(&mut Part { file: &file, at: 0, end: u64::MAX })?;
        } else {
            self.read_lines(&mut &file)?;
        }
        self.end_file(path.as_os_str().as_bytes(), is_last)
    }

    fn read_pipe(&mut self, stdin: Stdin) -> Result<(), Stopped> {
        self.read_lines(&mut Pipe { stdin, patience: None })?;
        self.end_file(b"stdin", true)
    }

    fn refuse(&mut self) -> Result<(), Stopped> {
        (self.give)(Read::Refused)?;
        Err(Stopped)
    }

    fn read_lines(&mut self, source: &mut dyn Source) -> Result<(), Stopped> {
        let mut lines = Lines::new(SEARCH_LINE);
        // A log that cannot be read further ends there.
        while let Ok(Some(line)) = lines.next(source) {
            self.line(line)?;
        }
        Ok(())
    }

    fn line(&mut self, line: Line<'_>) -> Result<(), Stopped> {
        let record = match self.headers.scan(line) {
            Ok(record) => record,
            Err(Malformed::Shape) => return Ok(()),
            Err(Malformed::EventId(text)) => {
                say(format_args!("Error extracting time stamp ({})", String::from_utf8_lossy(text)));
                return Ok(());
            }
        };
        let sec = record.stamp.sec;
        let in_range = self.start.is_none_or(|start| sec >= start) && self.end.is_none_or(|end| sec <= end);
        if self.first_record.is_none_or(|first| first.sec == 0) && (!in_range || self.start.is_none()) {
            self.first_record = Some(record.stamp);
        }
        if in_range {
            self.assembler.push(&record);
            self.drain()?;
        }
        Ok(())
    }

    fn drain(&mut self) -> Result<(), Stopped> {
        while let Some(event) = self.assembler.next() {
            self.batch_bytes += event.size();
            self.batch.push(event);
            if self.batch.len() >= BATCH || self.batch_bytes >= BATCH_BYTES {
                self.hand_over()?;
            }
        }
        Ok(())
    }

    fn hand_over(&mut self) -> Result<(), Stopped> {
        self.batch_bytes = 0;
        self.batch = (self.give)(Read::Events(std::mem::take(&mut self.batch)))?;
        self.batch.drain(..).for_each(|event| self.assembler.recycle(event));
        Ok(())
    }

    /// COMPAT: events that wait at the end of a file belong to the next one.
    fn end_file(&mut self, name: &[u8], is_last: bool) -> Result<(), Stopped> {
        if is_last {
            self.assembler.finish();
        }
        self.drain()?;
        self.hand_over()?;
        (self.give)(Read::EndOfFile(name.to_vec())).map(drop)
    }
}
