//! One search: which logs, which events, and how it ends.

use super::arguments::{Format, Request};
use super::desk::Desk;
use super::render::Style;
use super::resume::{self, Resume, Verdict};
use super::show::Show;
use crate::host::{self, Host};
use crate::logs::{self, Logs, Place};
use crate::output::{complain, say};
use auditbox::event::{Assembler, Event, Policy};
use auditbox::query::extract::Malformed;
use auditbox::query::predicate::Predicate;
use auditbox::query::probe::Probe;
use auditbox::record::{self, EventId, Headers, Record, RecordType};
use auditbox::store::ahead;
use auditbox::store::reader::{self, Lines, Part, Pipe, SEARCH_LINE, Source};
use auditbox::store::scout::{Piece, Scout, WHOLE_BELOW};
use auditbox::store::seek::SOUGHT_FROM;
use auditbox::sys::input::{self, InputFile, Stdin};
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// How long a pipe may be silent while events wait for their end, in milliseconds.
const PIPE_PATIENCE: u64 = 3000;

/// Searches, prints, and gives back the exit status. An error is one of writing the output.
pub(crate) fn run(request: Request, host: &Host) -> io::Result<u8> {
    let config = host::daemon_config(request.input.is_none());
    let resume = match &request.checkpoint {
        Some(path) => match Resume::load(path, request.checkpoint_time) {
            Some(resume) => Some(resume),
            None => return Ok(resume::UNUSABLE),
        },
        None => None,
    };
    let timeout = request.timeout.unwrap_or(config.end_of_event_timeout);
    let log = config.log_file.as_str().into();
    let place = Place { input: request.input.clone(), log, force_logs: request.force_logs };
    let desk = Desk::default();
    std::thread::scope(|threads| {
        let is_prompt = request.just_one || request.line_buffered;
        let show = Show::new(Style::of(&request, host), is_prompt, threads, &desk);
        Search::new(request, host, timeout, resume, show).run(place)
    })
}

/// Why a search ends before its input does.
enum End {
    /// With this exit status; the reason has been told.
    Refused(u8),
    /// One event was asked for.
    Enough,
    /// The output cannot be written.
    Output(io::Error),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> End {
        End::Output(error)
    }
}

struct Search<'s, 'h> {
    host: &'h Host,
    predicate: Predicate,
    headers: Headers,
    assembler: Assembler,
    show: Show<'s, 'h>,
    resume: Option<Resume>,
    found: bool,
    timeout: u64,
    /// The log that was read last.
    last_log: Option<PathBuf>,
    request: Request,
}

impl<'s, 'h> Search<'s, 'h> {
    fn new(
        mut request: Request,
        host: &'h Host,
        timeout: u64,
        resume: Option<Resume>,
        show: Show<'s, 'h>,
    ) -> Search<'s, 'h> {
        Search {
            host,
            predicate: Predicate::new(std::mem::take(&mut request.criteria)),
            headers: Headers::default(),
            assembler: Assembler::new(Policy::Search, timeout),
            show,
            resume,
            found: false,
            timeout,
            last_log: None,
            request,
        }
    }

    /// Reads, shows, and gives back the exit status.
    fn run(mut self, place: Place) -> io::Result<u8> {
        let ended = self.read_input(place);
        self.show.flush()?;
        let status = match ended {
            Ok(()) => 0,
            Err(End::Refused(status)) => status,
            Err(End::Enough) => 0,
            Err(End::Output(error)) => return Err(error),
        };
        if status != 0 {
            return Ok(status);
        }
        if let (Some(resume), Some(log)) = (&self.resume, &self.last_log) {
            if !resume.save(log) {
                return Ok(resume::UNWRITTEN);
            }
        }
        if !self.found {
            if self.request.format != Format::Raw {
                say("<no matches>");
            }
            return Ok(1);
        }
        Ok(0)
    }

    fn read_input(&mut self, place: Place) -> Result<(), End> {
        match place.logs().ok_or(End::Refused(1))? {
            Logs::Pipe(stdin) => self.read_pipe(stdin),
            Logs::File(path) => self.read_file(path, true),
            Logs::Rotated(files) => {
                let count = self.needed(&files)?;
                let mut oldest_first = files.into_iter().enumerate().take(count).rev();
                oldest_first.try_for_each(|(age, file)| self.read_file(file, age == 0))
            }
        }
    }

    /// How many of the files (newest first) must be read. A checkpoint names the first one.
    fn needed(&self, files: &[PathBuf]) -> Result<usize, End> {
        match self.resume.as_ref().and_then(|resume| Some((resume, resume.loaded.as_ref()?))) {
            Some((resume, _)) if resume.is_time_only() => Ok(files.len()),
            Some((_, checkpoint)) => {
                let id = (checkpoint.device, checkpoint.inode);
                let is_it = |file: &PathBuf| input::is_readable(file) && input::identity(file).is_ok_and(|it| it == id);
                let at = files.iter().position(is_it);
                at.map(|at| at + 1).ok_or(End::Refused(resume::UNUSABLE))
            }
            None => Ok(reader::needed(files, self.predicate.criteria().start.unwrap_or(0))),
        }
    }

    fn read_file(&mut self, path: PathBuf, is_last: bool) -> Result<(), End> {
        let file = logs::open(&path).ok_or(End::Refused(1))?;
        self.last_log = Some(path);
        if file.is_regular() {
            self.read_parts(&file)?;
        } else {
            self.read_lines(&mut Lines::new(SEARCH_LINE), &mut &file)?;
        }
        if is_last { self.finish() } else { Ok(()) }
    }

    /// Reads what of a file can matter.
    fn read_parts(&mut self, file: &InputFile) -> Result<(), End> {
        let criteria = self.predicate.criteria();
        let (start, end) = (criteria.start, criteria.end);
        // A checkpoint remembers the last event of all, and --debug speaks of what is not found.
        let reads_all = self.resume.is_some() || self.request.debug;
        let probe = Probe::of(criteria).filter(|_| !reads_all);
        let (timeout, probe) = (self.timeout, probe.as_ref());
        let scout = Scout { probe, start, end, timeout, whole_below: WHOLE_BELOW, sought_from: SOUGHT_FROM };
        let mut lines = Lines::new(SEARCH_LINE);
        let mut ended = Ok(());
        let read = scout.each_piece(file, &mut |piece| {
            ended = match piece {
                Piece::Long(part) => self.read_ahead(part),
                Piece::Lines(part) => {
                    lines.restart();
                    self.read_lines(&mut lines, part)
                }
                Piece::Other(kind, stamp) => self.other(kind, stamp),
                Piece::Gap => self.finish(),
            };
            if ended.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        // A log that cannot be read further ends there.
        read.or(Ok(())).and(ended)
    }

    fn read_lines(&mut self, lines: &mut Lines, source: &mut dyn Source) -> Result<(), End> {
        // A log that cannot be read further ends there.
        while let Ok(Some(line)) = lines.next(source) {
            let record = self.headers.scan(line);
            self.record(record)?;
        }
        Ok(())
    }

    fn read_ahead(&mut self, part: Part<'_>) -> Result<(), End> {
        let mut ended = Ok(());
        let _ = ahead::read(part, &mut |record| {
            ended = self.record(record);
            if ended.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        ended
    }

    /// Reads standard input. When it is silent while events wait, they are taken as complete.
    fn read_pipe(&mut self, stdin: Stdin) -> Result<(), End> {
        if self.resume.is_some() {
            complain(b"Warning - checkpointing stdin is not supported");
        }
        self.show.be_prompt();
        let mut lines = Lines::new(SEARCH_LINE);
        let mut pipe = Pipe { stdin, patience: None };
        loop {
            pipe.patience = (self.assembler.waiting().0 > 0).then_some(PIPE_PATIENCE);
            match lines.next(&mut pipe) {
                Ok(Some(line)) => {
                    let record = self.headers.scan(line);
                    self.record(record)?;
                }
                Err(error) if error.kind() == io::ErrorKind::TimedOut => self.finish()?,
                Ok(None) | Err(_) => return self.finish(),
            }
        }
    }

    #[inline]
    fn record(&mut self, record: Result<Record<'_>, record::Malformed<'_>>) -> Result<(), End> {
        match &record {
            Ok(record) if self.predicate.in_range(record.stamp.sec) => {
                self.assembler.push(record);
                self.drain()
            }
            Err(record::Malformed::EventId(text)) => {
                say(format_args!("Error extracting time stamp ({})", String::from_utf8_lossy(text)));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// There is a record of an event that cannot be found.
    fn other(&mut self, kind: RecordType, stamp: EventId) -> Result<(), End> {
        if self.predicate.in_range(stamp.sec) {
            self.assembler.note(kind, stamp);
            self.drain()?;
        }
        Ok(())
    }

    /// The input is at its end.
    fn finish(&mut self) -> Result<(), End> {
        match self.resume {
            Some(_) => self.assembler.finish_ended(),
            None => self.assembler.finish(),
        }
        self.drain()
    }

    #[inline(always)]
    fn drain(&mut self) -> Result<(), End> {
        if self.assembler.has_next() { self.take_events() } else { Ok(()) }
    }

    fn take_events(&mut self) -> Result<(), End> {
        while let Some(event) = self.assembler.next() {
            if let Some(done) = self.event(event)? {
                self.assembler.recycle(done);
            }
        }
        Ok(())
    }

    /// Shows an event if it is found and new; gives back one that is done with.
    fn event(&mut self, event: Event) -> Result<Option<Event>, End> {
        let verdict = self.resume.as_mut().map_or(Verdict::New, |resume| resume.judge(&event));
        let matches = self.matches(&event);
        if matches && verdict == Verdict::Impossible {
            return Err(self.corrupted(&event));
        }
        let is_enough = matches && self.request.just_one;
        if let Some(resume) = self.resume.as_mut().filter(|_| !is_enough) {
            resume.remember(&event);
        }
        let shows = matches && verdict == Verdict::New;
        self.found |= shows;
        let done = if shows { self.show.take(event)? } else { Some(event) };
        if is_enough {
            return Err(End::Enough);
        }
        if matches && self.request.line_buffered {
            self.show.flush()?;
        }
        Ok(done)
    }

    fn matches(&mut self, event: &Event) -> bool {
        let names = |uid| self.host.users.user_name(uid).map(<[u8]>::to_vec);
        self.predicate.matches(event, &names).unwrap_or_else(|(index, malformed)| {
            if !matches!(malformed, Malformed::Field(_)) {
                say(malformed);
            }
            if self.request.debug {
                let line = event.record(index).map(|record| String::from_utf8_lossy(record.line)).unwrap_or_default();
                say(format_args!("Malformed event skipped, {malformed}. {line}"));
            }
            false
        })
    }

    fn corrupted(&self, event: &Event) -> End {
        let mut text = b"Corrupted checkpoint file. Inode match, but newer complete event (".to_vec();
        event.stamp().print(&mut text);
        text.extend_from_slice(b") found before loaded checkpoint ");
        if let Some(last) = self.resume.as_ref().and_then(Resume::recorded) {
            last.stamp.print(&mut text);
        }
        say(String::from_utf8_lossy(&text));
        End::Refused(resume::CORRUPTED)
    }
}
