//! From events to the report on standard output. The report is made in a thread of its own beside the one that reads.

use super::arguments::Command;
use crate::host::{self, Host};
use crate::logs::{self, LEFT_OUT, Place};
use crate::output::{Output, say};
use auditbox::event::Event;
use auditbox::query::extract::Malformed;
use auditbox::query::predicate::Criteria;
use auditbox::record::EventId;
use auditbox::render::Renderer;
use auditbox::report::{NOTHING, Range, Report};
use auditbox::trail::order::STATE_DIR;
use auditbox::trail::render_pool::RenderPool;
use auditbox::trail::{Search, Sink, UnreadLine};
use std::io;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Reports, prints, and gives back the exit status. An error is one of writing the output.
pub(crate) fn run(command: Command, host: &Host) -> io::Result<u8> {
    let Command { request, input, force_logs, debug, timeout } = command;
    let has_no_totals = request.summary && request.kind.is_some_and(|kind| kind.summary.is_none());
    let config = host::daemon_config(input.is_none());
    let timeout = timeout.unwrap_or(config.end_of_event_timeout);
    let place = Place { input, log: config.log_file.into(), force_logs, patience: None, begin_with: None };
    let criteria = Criteria { start: request.start, end: request.end, ..Criteria::default() };
    let report = Report::new(request, host, host::date);
    let mut output = Output::new();
    report.title(&mut output.text);
    if has_no_totals {
        output.flush()?;
        say("Unimplemented option");
        return Ok(1);
    }
    let Ok(logs) = place.logs() else {
        output.flush()?;
        return Ok(1);
    };
    let (trail, unread) = logs.split();
    std::thread::scope(|threads| {
        let reporter = Reporter { report, of_file: None, of_last_file: None, debug };
        let pool = RenderPool::beside(threads, vec![reporter]);
        let mut reporting = Reporting { pool, output, debug, failed: None };
        let search = Search { state_dir: Some(Path::new(STATE_DIR)), ..Search::new(&criteria, timeout) };
        let outcome = trail.search(&search, Path::new("stdin"), &mut reporting);
        let Reporting { mut pool, mut output, failed, .. } = reporting;
        failed.map_or(Ok(()), Err)?;
        pool.flush(&mut |batch| output.take(batch))?;
        if logs::has_failed(&outcome) {
            return output.flush().map(|()| 1);
        }
        let reporter = pool.finish().pop();
        let status = reporter.map_or(1, |reporter| reporter.finish(outcome.first, &mut output.text));
        output.flush()?;
        let leaves_out = unread.report("aureport", &outcome);
        Ok(if leaves_out && status == 1 { LEFT_OUT } else { status })
    })
}

/// The events of a trail on their way to the report.
struct Reporting<'s, 'e, 'h> {
    pool: RenderPool<'s, 'e, Reporter<'h>>,
    output: Output,
    debug: bool,
    failed: Option<io::Error>,
}

impl<'s, 'h: 's> Sink for Reporting<'s, '_, 'h> {
    fn event(&mut self, event: Event) -> ControlFlow<(), Option<Event>> {
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

/// Puts events into the report.
struct Reporter<'h> {
    report: Report<'h>,
    /// The events since the present file was opened.
    of_file: Option<Range>,
    /// The same of the file before.
    of_last_file: Option<Range>,
    debug: bool,
}

impl Renderer for Reporter<'_> {
    fn event(&mut self, event: &Event, out: &mut Vec<u8>, complaints: &mut Vec<u8>) {
        let id = event.id();
        self.of_file = Some(Range { first: self.of_file.map_or(id, |range| range.first), last: id });
        if let Err((index, malformed)) = self.report.event(event, out) {
            if !matches!(malformed, Malformed::Field(_)) {
                complaints.extend_from_slice(format!("{malformed}\n").as_bytes());
            }
            if self.debug {
                let line = event.record(index).map(|record| String::from_utf8_lossy(record.line)).unwrap_or_default();
                complaints.extend_from_slice(format!("Malformed event skipped, {malformed}. {line}\n").as_bytes());
            }
        }
    }

    fn end_of_file(&mut self, name: &[u8], out: &mut Vec<u8>) {
        self.of_last_file = self.of_file.take();
        if self.report.request().is_log_times() {
            self.report.log_times(name, self.of_last_file, out);
        }
    }
}

impl Reporter<'_> {
    /// Prints what was counted; gives back the exit status.
    fn finish(mut self, first: Option<EventId>, out: &mut Vec<u8>) -> u8 {
        let request = self.report.request();
        if request.is_detailed() && !request.is_log_times() && !self.report.has_rows() {
            out.extend_from_slice(NOTHING);
            return 1;
        }
        let last = self.of_last_file.map(|range| range.last).unwrap_or_default();
        self.report.finish(Range { first: first.unwrap_or_default(), last }, out);
        0
    }
}
