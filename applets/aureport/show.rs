//! From events to the reports on standard output. They are made in a thread of its own beside the one that reads.

use super::arguments::Command;
use crate::host::{self, Host};
use crate::logs::{self, LEFT_OUT, Logs, Place, STDIN};
use crate::output::{Output, is_screen, say, write_out};
use crate::progress::Progress;
use auditbox::event::Event;
use auditbox::query::extract::Malformed;
use auditbox::query::predicate::Criteria;
use auditbox::query::time::Calendar;
use auditbox::record::EventId;
use auditbox::render::Renderer;
use auditbox::report::{Canvas, Ended, Origin, Range, Reports, span};
use auditbox::sys::files::{self, File};
use auditbox::sys::streams::Stream;
use auditbox::sys::{self, error_reason, signals};
use auditbox::trail::order::STATE_DIR;
use auditbox::trail::render_pool::RenderPool;
use auditbox::trail::{Search, Sink, UnreadLine};
use std::fs::Metadata;
use std::io::{self, Read, Seek, Write};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Reports, prints, and gives back the exit status. An error is one of writing the output.
pub(crate) fn run(command: Command, host: &Host) -> io::Result<u8> {
    let Command { mut request, documents, input, force_logs, debug, timeout } = command;
    request.canvas = canvas();
    let config = logs::daemon_config(input.is_none(), force_logs);
    let timeout = timeout.unwrap_or(config.end_of_event_timeout);
    let place =
        Place { input, log: config.log_file.into(), force_logs, patience: None, follows: false, begin_with: None };
    // All that is malformed is named when looking for faults.
    let kinds = if debug { Vec::new() } else { request.kinds() };
    let criteria = Criteria { start: request.start, end: request.end, kinds, ..Criteria::default() };
    let mut reports = Reports::new(request, host, host::date);
    let mut output = Output::new();
    let Some(logs) = begin(&mut reports, &place, &documents, &mut output)? else { return Ok(1) };
    let input = name_of(&place, &logs);
    let (trail, unread) = logs.split();
    std::thread::scope(|threads| {
        let reporter = Reporter {
            reports,
            kept: Vec::new(),
            files: vec![(Vec::new(), None)],
            last: EventId::default(),
            lacking: 0,
            debug,
            failed: None,
        };
        let pool = RenderPool::beside(threads, vec![reporter]);
        let mut reporting =
            Reporting { pool, output, parted: EventId::default(), progress: Progress::new(), debug, failed: None };
        let search = Search { state_dir: Some(Path::new(STATE_DIR)), ..Search::new(&criteria, timeout) };
        let outcome = trail.search(&search, Path::new(STDIN), &mut reporting);
        let Reporting { mut pool, mut output, failed, .. } = reporting;
        failed.map_or(Ok(()), Err)?;
        pool.flush(&mut |batch| output.take(batch))?;
        if logs::has_failed(&outcome) {
            return output.flush().map(|()| 1);
        }
        let Some(mut reporter) = pool.finish().pop() else { return Ok(1) };
        let [left_out, torn] = unread.files(&outcome);
        let input = input.into_os_string().into_encoded_bytes();
        let name = sys::host::name().into_bytes();
        reporter.reports.set_origin(Origin { input, host: name, made: host.now(), left_out, torn });
        let Some((found, is_written)) = end(reporter, outcome.first, &documents, &mut output)? else { return Ok(1) };
        let leaves_out = unread.report("aureport", &outcome);
        Ok(match is_written {
            true if leaves_out && (!found || !outcome.has_records) => LEFT_OUT,
            _ => u8::from(!found || !is_written),
        })
    })
}

/// Begins the reports, and finds the logs. `None` when that cannot be; the reason was printed.
fn begin(
    reports: &mut Reports<'_>,
    place: &Place,
    documents: &[(usize, PathBuf)],
    output: &mut Output,
) -> io::Result<Option<Logs>> {
    if !reports.begin(&mut output.text) {
        output.flush()?;
        say("Unimplemented option (--summary)");
        return Ok(None);
    }
    let Ok(logs) = place.logs() else {
        output.flush()?;
        return Ok(None);
    };
    if documents.iter().any(|(_, path)| logs.has(path, "aureport")) {
        output.flush()?;
        return Ok(None);
    }
    Ok(Some(logs))
}

/// What a report names as its input.
fn name_of(place: &Place, logs: &Logs) -> PathBuf {
    match (&place.input, logs.is_pipe) {
        (Some(path), _) => std::path::absolute(path).unwrap_or_else(|_| path.clone()),
        (None, true) => PathBuf::from(STDIN),
        (None, false) => place.log.clone(),
    }
}

/// Prints what was counted, and writes the documents: whether anything was found, and whether all documents are written. `None` when
/// rows could not be kept; the reason was printed.
fn end(
    reporter: Reporter<'_>,
    first: Option<EventId>,
    documents: &[(usize, PathBuf)],
    output: &mut Output,
) -> io::Result<Option<(bool, bool)>> {
    let lacking = reporter.lacking;
    match reporter.finish(first, &mut output.text) {
        Ok(ended) => {
            let is_written = write_documents(documents, ended.documents, output);
            output.flush()?;
            if lacking > 0 {
                say(format_args!("aureport: events left out for lack of a field: {lacking}; --debug names them"));
            }
            if let Some(periods) = ended.lengthened.filter(|_| cfg!(feature = "pictures")) {
                let [asked, made] = periods.map(span);
                say(format_args!(
                    "aureport: there are too many periods of {asked} from the first event to the last: one is {made}"
                ));
            }
            Ok(Some((ended.found, is_written)))
        }
        Err(Failure::Output(error)) => Err(error),
        Err(Failure::Kept(error)) => {
            output.flush()?;
            let reason = error_reason(&error);
            say(format_args!("aureport: rows cannot be kept in {}: {reason}", std::env::temp_dir().display()));
            Ok(None)
        }
    }
}

/// What standard output can show. No colours on a dumb one, and where `NO_COLOR` is set (no-color.org), block characters where the locale has UTF-8.
fn canvas() -> Canvas {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable).unwrap_or_default().to_ascii_lowercase();
    let columns = Stream::Output.width().map(usize::from).or_else(|| variable("COLUMNS")?.parse().ok());
    Canvas {
        width: columns.unwrap_or(80).min(1000),
        utf8: locale.contains("utf-8") || locale.contains("utf8"),
        color: is_screen(Stream::Output) && variable("NO_COLOR").is_none(),
    }
}

/// Writes the documents to their files, which nobody else may read, and gives back whether all are written. What is named as standard
/// output is a part of it.
fn write_documents(paths: &[(usize, PathBuf)], documents: Vec<(usize, Vec<u8>)>, output: &mut Output) -> bool {
    // Device and inode of a file by that name; others take any number of documents.
    let file =
        |path: &Path| files::metadata(path).ok().filter(Metadata::is_file).map(|there| (there.dev(), there.ino()));
    let (mut written, mut has_all) = (Vec::new(), true);
    signals::survive_size_limit();
    for (number, text) in documents {
        let Some((_, path)) = paths.iter().find(|(of, _)| *of == number) else { continue };
        if Stream::Output.is_at(path) {
            output.text.extend_from_slice(&text);
            continue;
        }
        let result = match file(path).filter(|there| written.contains(there)) {
            Some(_) => Err("another document stands there".to_owned()),
            None => files::replace_or_write(path, &text, 0o600).map_err(|error| error_reason(&error)),
        };
        written.extend(file(path));
        if let Err(reason) = result {
            say(format_args!("aureport: cannot write {}: {reason}", path.display()));
            has_all = false;
        }
    }
    has_all
}

/// The events of a trail on their way to the report.
struct Reporting<'s, 'e, 'h> {
    pool: RenderPool<'s, 'e, Reporter<'h>>,
    output: Output,
    /// The last event that came in parts.
    parted: EventId,
    progress: Progress,
    debug: bool,
    failed: Option<io::Error>,
}

impl<'s, 'h: 's> Sink for Reporting<'s, '_, 'h> {
    fn event(&mut self, event: Event) -> ControlFlow<(), Option<Event>> {
        logs::say_parts("aureport", &event, &mut self.parted);
        let output = &mut self.output;
        match self.pool.take(event, &mut |batch| output.take(batch)) {
            Ok(done) => ControlFlow::Continue(done),
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn unread(&mut self, line: &UnreadLine<'_>) {
        logs::print_unread(line, self.debug);
    }

    fn progress(&mut self, done: u64, all: Option<u64>) {
        self.progress.show(done, all);
    }

    fn end_of_file(&mut self, path: &Path) -> ControlFlow<()> {
        let output = &mut self.output;
        match self.pool.end_of_file(path.as_os_str().as_bytes(), &mut |batch| output.take(batch)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

/// Rows of a report that waits for its turn are kept in memory up to this size, and then in a file.
const MUCH: usize = 1 << 20;

/// Why reports could not be finished.
enum Failure {
    /// Standard output does not take them.
    Output(io::Error),
    /// The file of rows that wait does not.
    Kept(io::Error),
}

/// Puts events into the reports.
struct Reporter<'h> {
    reports: Reports<'h>,
    /// Rows of all reports but the first.
    kept: Vec<Option<File>>,
    /// The files that have ended, and then the one that is read, with the events that began in each.
    files: Vec<(Vec<u8>, Option<Range>)>,
    /// The last event.
    last: EventId,
    /// Events that lack a field which a report needs.
    lacking: u64,
    debug: bool,
    failed: Option<io::Error>,
}

impl Renderer for Reporter<'_> {
    fn event(&mut self, event: &Event, out: &mut Vec<u8>, complaints: &mut Vec<u8>) {
        let id = event.id();
        self.last = id;
        if let Some((_, range)) = self.files.get_mut(event.file()) {
            *range = Some(Range { first: range.map_or(id, |range| range.first), last: id });
        }
        if let Err((index, malformed)) = self.reports.event(event, out) {
            match malformed {
                Malformed::Field(_) => self.lacking += 1,
                _ => complaints.extend_from_slice(format!("{malformed}\n").as_bytes()),
            }
            if self.debug {
                let line = event.record(index).map(|record| String::from_utf8_lossy(record.line)).unwrap_or_default();
                complaints.extend_from_slice(format!("Malformed event skipped, {malformed}. {line}\n").as_bytes());
            }
        }
        if let Err(error) = self.keep() {
            self.failed.get_or_insert(error);
        }
    }

    fn end_of_file(&mut self, name: &[u8], _out: &mut Vec<u8>) {
        self.files.last_mut().into_iter().for_each(|(there, _)| *there = name.to_vec());
        self.files.push((Vec::new(), None));
    }
}

impl Reporter<'_> {
    /// Takes rows that wait away, where they are many.
    fn keep(&mut self) -> io::Result<()> {
        for (number, text) in self.reports.waiting().enumerate().filter(|(_, text)| text.len() >= MUCH) {
            if self.kept.len() <= number {
                self.kept.resize_with(number + 1, || None);
            }
            let Some(kept) = self.kept.get_mut(number) else { continue };
            let mut file = kept.take().map_or_else(|| files::scratch(&std::env::temp_dir()), Ok)?;
            file.write_all(text)?;
            text.clear();
            *kept = Some(file);
        }
        Ok(())
    }

    /// Prints what was counted and kept; gives back what the reports ended with.
    fn finish(self, first: Option<EventId>, out: &mut Vec<u8>) -> Result<Ended, Failure> {
        let Reporter { mut reports, mut kept, files, last, failed, .. } = self;
        failed.map_or(Ok(()), |error| Err(Failure::Kept(error)))?;
        for (name, range) in files.split_last().map_or(&[][..], |(_, ended)| ended) {
            reports.log_times(name, *range, out);
        }
        reports.finish(Range { first: first.unwrap_or_default(), last }, out, |number, out| {
            let file = kept.get_mut(number - 1).and_then(Option::take);
            file.map_or(Ok(()), |file| copy(file, out))
        })
    }
}

/// Prints what a file holds, after `out`.
fn copy(mut file: File, out: &mut Vec<u8>) -> Result<(), Failure> {
    file.rewind().map_err(Failure::Kept)?;
    loop {
        write_out(out).map_err(Failure::Output)?;
        if Read::take(&file, MUCH as u64).read_to_end(out).map_err(Failure::Kept)? == 0 {
            return Ok(());
        }
    }
}
