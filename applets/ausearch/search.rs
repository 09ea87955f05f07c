//! One search: which logs, which events, and how it ends.

use super::arguments::Request;
use super::resume::{self, Resume};
use crate::host::Host;
use crate::logs::{self, LEFT_OUT, Missing, Place, Unread};
use crate::output::{Output, complain, say};
use crate::progress::Progress;
use auditbox::event::Event;
use auditbox::query::extract::Malformed;
use auditbox::query::literals::Need;
use auditbox::query::predicate::Predicate;
use auditbox::query::time::Calendar;
use auditbox::record::EventId;
use auditbox::render::{Format, Renderer, Style};
use auditbox::report::{self, denials::Denials};
use auditbox::sys::error_reason;
use auditbox::trail::order::STATE_DIR;
use auditbox::trail::render_pool::RenderPool;
use auditbox::trail::{Begin, Outcome, Search, Sink, Trail, UnreadLine};
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

/// How long a pipe may be silent while events wait for their end, in milliseconds.
const PIPE_PATIENCE: u64 = 3000;

/// How long to wait for more of a log that is followed.
const FOLLOW_PAUSE: Duration = Duration::from_millis(200);

/// How many threads render events.
const RENDERERS: usize = 2;

/// Searches, prints, and gives back the exit status. An error is one of writing the output.
pub(crate) fn run(request: Request, host: &Host) -> io::Result<u8> {
    let config = logs::daemon_config(request.input.is_none(), request.force_logs);
    let mut resume = match &request.checkpoint {
        Some(path) => match Resume::load(path, request.checkpoint_time) {
            Some(resume) => Some(resume),
            None => return Ok(resume::UNUSABLE),
        },
        None => None,
    };
    let place = Place {
        input: request.input.clone(),
        log: config.log_file.as_str().into(),
        force_logs: request.force_logs,
        patience: Some(PIPE_PATIENCE),
        follows: request.follow,
        begin_with: resume.as_ref().and_then(Resume::begin_with),
    };
    let logs = match place.logs() {
        Ok(logs) => logs,
        Err(Missing::Input) => return Ok(1),
        Err(Missing::Beginning) => return Ok(resume::UNUSABLE),
    };
    if logs.is_pipe && resume.is_some() {
        complain(b"Warning - checkpointing stdin is not supported");
    }
    // As tail(1) does it: a pipe is read to its end, which comes when nothing more is written.
    let follows = request.follow && !logs.is_pipe;
    let is_prompt = follows || request.just_one || request.line_buffered || logs.is_pipe;
    if let Some(resume) = &mut resume {
        resume.read_before(logs.before);
    }
    let (trail, unread) = logs.split();
    let search = Search {
        only_ended: resume.is_some(),
        // A checkpoint remembers the last event of all, and --debug speaks of what is not found.
        sees_all: resume.is_some() || request.debug,
        state_dir: Some(Path::new(STATE_DIR)),
        ..Search::new(&request.criteria, request.timeout.unwrap_or(config.end_of_event_timeout))
    };
    std::thread::scope(|threads| {
        let style = request.style(host);
        let pool = if is_prompt || !style.is_slow() {
            RenderPool::at_once(style.renderer())
        } else {
            RenderPool::beside(threads, (0..RENDERERS).map(|_| style.renderer()).collect())
        };
        let predicate = Predicate::new(request.criteria.clone());
        let mut finding = Finding {
            request: &request,
            style,
            predicate,
            pool,
            output: Output::new(),
            resume,
            found: false,
            denials: request.denials.then(Denials::default),
            parted: EventId::default(),
            progress: Progress::new(),
            end: None,
        };
        if follows {
            if request.criteria.start.is_some() {
                unread.report("ausearch", &Outcome::default());
            }
            return finding.follow(trail, search.timeout, host);
        }
        let files = trail.places().map(Path::to_path_buf).collect();
        let mut outcome = trail.search(&search, Path::new(logs::STDIN), &mut finding);
        if finding.resume.as_mut().is_some_and(Resume::tries_again) {
            outcome = Trail::paths(files).search(&search, Path::new(logs::STDIN), &mut finding);
        }
        finding.conclude(&outcome, &unread)
    })
}

/// Why a search ends before its input does.
enum End {
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

/// The events of a trail on their way to standard output.
struct Finding<'s, 'e, 'h> {
    request: &'h Request,
    style: Style<'h>,
    predicate: Predicate,
    pool: RenderPool<'s, 'e, Box<dyn Renderer + Send + 'h>>,
    output: Output,
    resume: Option<Resume>,
    found: bool,
    /// Takes what is found, where denials are counted.
    denials: Option<Denials>,
    /// The last event that came in parts.
    parted: EventId,
    progress: Progress,
    end: Option<End>,
}

impl<'s, 'h: 's> Sink for Finding<'s, '_, 'h> {
    fn event(&mut self, event: Event) -> ControlFlow<(), Option<Event>> {
        self.take(event).map_or_else(
            |end| {
                self.end = Some(end);
                ControlFlow::Break(())
            },
            ControlFlow::Continue,
        )
    }

    fn unread(&mut self, line: &UnreadLine<'_>) {
        logs::print_unread(line, self.request.debug);
    }

    fn end_of_file(&mut self, path: &Path) -> ControlFlow<()> {
        self.resume.iter_mut().for_each(|resume| resume.end_of_log(path));
        ControlFlow::Continue(())
    }

    fn progress(&mut self, done: u64, all: Option<u64>) {
        self.progress.show(done, all);
    }
}

impl<'s, 'h: 's> Finding<'s, '_, 'h> {
    /// Shows an event if it is found and new; gives back one that is done with.
    fn take(&mut self, event: Event) -> Result<Option<Event>, End> {
        let matches = self.matches(&event);
        let is_new = self.resume.as_mut().is_none_or(|resume| resume.is_new(&event, matches));
        let shows = matches && is_new;
        let done = if shows { self.show(event)? } else { Some(event) };
        if shows && self.request.just_one {
            return Err(End::Enough);
        }
        if matches && self.request.line_buffered {
            self.flush()?;
        }
        Ok(done)
    }

    /// Shows what is written from now on, or from the start time on, and gives back the exit status when it is enough, or the end time
    /// has passed and with it whatever may be waited for of its events.
    fn follow(mut self, trail: Trail<'_>, timeout: u64, clock: &dyn Calendar) -> io::Result<u8> {
        let begin = if self.request.criteria.start.is_some() { Begin::Oldest } else { Begin::Now };
        let mut follow = trail.as_searched().with_timeout(timeout).follow(begin)?;
        let mut gaps = 0;
        loop {
            let now = u64::try_from(clock.now()).unwrap_or(0);
            let event = follow.next_event(now);
            if follow.gaps() > gaps {
                gaps = follow.gaps();
                say(
                    "ausearch: the log was cut short, or files of it removed, before all was read: records may be lost",
                );
            }
            let event = match event {
                Ok(event) => event,
                Err(error) => {
                    say(format_args!("ausearch: the log cannot be read further: {}", error_reason(&error)));
                    return self.flush().map(|()| 1);
                }
            };
            let Some(event) = event else {
                self.flush()?;
                if self.request.criteria.end.is_some_and(|end| (end / 1000).saturating_add(timeout) < now) {
                    return self.conclude(&Outcome::default(), &Unread::default());
                }
                std::thread::sleep(FOLLOW_PAUSE);
                continue;
            };
            let done = if self.request.criteria.in_range(event.id()) { self.take(event) } else { Ok(Some(event)) };
            match done {
                Ok(done) => done.into_iter().for_each(|event| follow.recycle(event)),
                Err(End::Enough) => return self.flush().map(|()| 0),
                Err(End::Output(error)) => return Err(error),
            }
        }
    }

    fn show(&mut self, event: Event) -> io::Result<Option<Event>> {
        logs::say_parts("ausearch", &event, &mut self.parted);
        if let Some(denials) = &mut self.denials {
            denials.add(&event);
            return Ok(Some(event));
        }
        if !std::mem::replace(&mut self.found, true) {
            self.style.push_title(&mut self.output.text);
        }
        let output = &mut self.output;
        self.pool.take(event, &mut |batch| output.take(batch))
    }

    /// Writes what comes after the events, and gives back the exit status.
    fn conclude(&mut self, outcome: &Outcome, unread: &Unread) -> io::Result<u8> {
        self.flush()?;
        let (format, text) = (self.request.format, &mut self.output.text);
        if let Some(denials) = self.denials.take() {
            let rows = match format {
                Format::Csv => report::Format::Csv,
                Format::Json => report::Format::Json,
                _ => report::Format::Text,
            };
            self.found = denials.print(rows, self.style.escape, text);
        }
        if format == Format::Json {
            unread.push_gaps(outcome, text);
        }
        self.output.flush()?;
        let status = match self.end.take() {
            Some(End::Output(error)) => return Err(error),
            Some(End::Enough) | None if logs::has_failed(outcome) => return Ok(1),
            Some(End::Enough) | None if self.is_corrupted() => return Ok(resume::CORRUPTED),
            Some(End::Enough) | None => self.status(outcome.last_file.as_deref()),
        };
        let leaves_out = unread.report("ausearch", outcome);
        if status == 1 && leaves_out {
            return Ok(LEFT_OUT);
        }
        if status == 1 && format != Format::Raw {
            say("<no matches>");
        }
        Ok(status)
    }

    /// Writes everything.
    fn flush(&mut self) -> io::Result<()> {
        let output = &mut self.output;
        self.pool.flush(&mut |batch| output.take(batch))?;
        output.flush()
    }

    fn matches(&mut self, event: &Event) -> bool {
        self.predicate.matches(event).unwrap_or_else(|(index, malformed)| {
            // Unless all are seen, a search of files does not look at others, and a pipe says no more.
            let sees_all = self.request.debug || self.resume.is_some();
            if !sees_all && Need::of(&self.request.criteria).is_some_and(|need| !need.is_met(event)) {
                return false;
            }
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

    /// Says that the event that the checkpoint records is not there, if that is so.
    fn is_corrupted(&self) -> bool {
        let Some((resume, id)) = self.resume.as_ref().and_then(|resume| Some((resume, resume.impossible()?))) else {
            return false;
        };
        let mut text = b"Corrupted checkpoint file. Inode match, but newer complete event (".to_vec();
        id.print(&mut text);
        text.extend_from_slice(b") found before loaded checkpoint ");
        if let Some(last) = resume.recorded() {
            last.id.print(&mut text);
        }
        say(String::from_utf8_lossy(&text));
        true
    }

    /// Writes the checkpoint, and gives back the exit status.
    fn status(&self, last_log: Option<&Path>) -> u8 {
        match (&self.resume, last_log) {
            (Some(resume), Some(log)) if !resume.save(log) => resume::UNWRITTEN,
            _ => u8::from(!self.found),
        }
    }
}
