//! From events to the report on standard output. The logs are read beside it, by a thread of their own.

use super::arguments::Command;
use super::handover::Handover;
use super::read::{self, Read};
use crate::host::{self, Host};
use crate::logs::Place;
use crate::output::Output;
use auditbox::event::Event;
use auditbox::query::extract::Malformed;
use auditbox::record::Stamp;
use auditbox::report::{NOTHING, Range, Report};
use std::io;

/// Reports, prints, and gives back the exit status. An error is one of writing the output.
pub(crate) fn run(command: Command, host: &Host) -> io::Result<u8> {
    let Command { request, input, force_logs, debug, timeout } = command;
    let has_no_totals = request.summary && request.kind.is_some_and(|kind| kind.summary.is_none());
    let config = host::daemon_config(input.is_none());
    let timeout = timeout.unwrap_or(config.end_of_event_timeout);
    let place = Place { input, log: config.log_file.into(), force_logs };
    let reading = read::Request { place, timeout, start: request.start, end: request.end };
    let report = Report::new(request, host, host::date);
    let mut showing = Showing { report, output: Output::new(), of_file: None, debug };
    showing.report.title(&mut showing.output.text);
    if has_no_totals {
        showing.output.flush()?;
        eprintln!("Unimplemented option");
        return Ok(1);
    }
    let handover = Handover::default();
    let status = std::thread::scope(|scope| {
        scope.spawn(|| read::run(reading, &handover));
        let status = showing.take_all(&handover);
        handover.stop();
        status
    })?;
    showing.output.flush()?;
    Ok(status)
}

struct Showing<'h> {
    report: Report<'h>,
    output: Output,
    /// The events handed over since the present file was opened.
    of_file: Option<Range>,
    debug: bool,
}

impl Showing<'_> {
    /// Takes what is read until its end; gives back the exit status.
    fn take_all(&mut self, from: &Handover) -> io::Result<u8> {
        let mut of_last_file = None;
        loop {
            match from.take() {
                Read::Events(events) => {
                    events.iter().for_each(|event| self.event(event));
                    from.give_back(events);
                    self.output.checkpoint()?;
                }
                Read::EndOfFile(name) => {
                    of_last_file = self.of_file.take();
                    if self.report.request().is_log_times() {
                        self.report.log_times(&name, of_last_file, &mut self.output.text);
                    }
                }
                Read::End(first) => return Ok(self.finish(first, of_last_file)),
                Read::Refused => return Ok(1),
            }
        }
    }

    fn event(&mut self, event: &Event) {
        let stamp = event.stamp();
        self.of_file = Some(Range { first: self.of_file.map_or(stamp, |range| range.first), last: stamp });
        if let Err((index, malformed)) = self.report.event(event, &mut self.output.text) {
            if !matches!(malformed, Malformed::Field(_)) {
                eprintln!("{malformed}");
            }
            if self.debug {
                let line = event.record(index).map(|record| String::from_utf8_lossy(record.line)).unwrap_or_default();
                eprintln!("Malformed event skipped, {malformed}. {line}");
            }
        }
    }

    /// Prints what was counted; gives back the exit status.
    fn finish(&mut self, first: Option<Stamp>, of_last_file: Option<Range>) -> u8 {
        let request = self.report.request();
        if request.is_detailed() && !request.is_log_times() && !self.report.has_rows() {
            self.output.text.extend_from_slice(NOTHING);
            return 1;
        }
        let last = of_last_file.map(|range| range.last).unwrap_or_default();
        self.report.finish(Range { first: first.unwrap_or_default(), last }, &mut self.output.text);
        0
    }
}
