//! From events to the report on standard output. The logs are read beside it, by a thread of their own if there can be one.

use super::arguments::Command;
use super::handover::{Handover, Stopped};
use super::read::{self, Read};
use crate::host::{self, Host};
use crate::logs::Place;
use crate::output::{Output, say};
use auditbox::event::Event;
use auditbox::query::extract::Malformed;
use auditbox::record::EventId;
use auditbox::report::{NOTHING, Range, Report};
use std::io;
use std::thread::Builder;

/// Reports, prints, and gives back the exit status. An error is one of writing the output.
pub(crate) fn run(command: Command, host: &Host) -> io::Result<u8> {
    let Command { request, input, force_logs, debug, timeout } = command;
    let has_no_totals = request.summary && request.kind.is_some_and(|kind| kind.summary.is_none());
    let config = host::daemon_config(input.is_none());
    let timeout = timeout.unwrap_or(config.end_of_event_timeout);
    let place = Place { input, log: config.log_file.into(), force_logs };
    let reading = read::Request { place, timeout, start: request.start, end: request.end };
    let report = Report::new(request, host, host::date);
    let mut showing = Showing { report, output: Output::new(), of_file: None, of_last_file: None, debug };
    showing.report.title(&mut showing.output.text);
    if has_no_totals {
        showing.output.flush()?;
        say("Unimplemented option");
        return Ok(1);
    }
    let handover = Handover::default();
    let status = std::thread::scope(|scope| {
        let beside = Builder::new().spawn_scoped(scope, || read::run(&reading, &mut |read| handover.give(read)));
        if beside.is_err() {
            return showing.read_alone(&reading);
        }
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
    /// The same of the file before.
    of_last_file: Option<Range>,
    debug: bool,
}

impl Showing<'_> {
    /// Takes what is read until its end; gives back the exit status.
    fn take_all(&mut self, from: &Handover) -> io::Result<u8> {
        loop {
            match self.take(from.take()) {
                Ok(events) => from.give_back(events),
                Err(end) => return end,
            }
        }
    }

    /// Reads and reports by turns; gives back the exit status.
    fn read_alone(&mut self, reading: &read::Request) -> io::Result<u8> {
        let mut status = Ok(1);
        read::run(reading, &mut |read| {
            self.take(read).map_err(|end| {
                status = end;
                Stopped
            })
        });
        status
    }

    /// Takes what was read, and gives events that are done with, for their memory. The error is the end: the exit status.
    fn take(&mut self, read: Read) -> Result<Vec<Event>, io::Result<u8>> {
        match read {
            Read::Events(events) => {
                events.iter().for_each(|event| self.event(event));
                self.output.checkpoint().map_err(Err)?;
                return Ok(events);
            }
            Read::EndOfFile(name) => {
                self.of_last_file = self.of_file.take();
                if self.report.request().is_log_times() {
                    self.report.log_times(&name, self.of_last_file, &mut self.output.text);
                }
            }
            Read::End(first) => return Err(Ok(self.finish(first))),
            Read::Refused => return Err(Ok(1)),
        }
        Ok(Vec::new())
    }

    fn event(&mut self, event: &Event) {
        let stamp = event.stamp();
        self.of_file = Some(Range { first: self.of_file.map_or(stamp, |range| range.first), last: stamp });
        if let Err((index, malformed)) = self.report.event(event, &mut self.output.text) {
            if !matches!(malformed, Malformed::Field(_)) {
                say(malformed);
            }
            if self.debug {
                let line = event.record(index).map(|record| String::from_utf8_lossy(record.line)).unwrap_or_default();
                say(format_args!("Malformed event skipped, {malformed}. {line}"));
            }
        }
    }

    /// Prints what was counted; gives back the exit status.
    fn finish(&mut self, first: Option<EventId>) -> u8 {
        let request = self.report.request();
        if request.is_detailed() && !request.is_log_times() && !self.report.has_rows() {
            self.output.text.extend_from_slice(NOTHING);
            return 1;
        }
        let last = self.of_last_file.map(|range| range.last).unwrap_or_default();
        self.report.finish(Range { first: first.unwrap_or_default(), last }, &mut self.output.text);
        0
    }
}
