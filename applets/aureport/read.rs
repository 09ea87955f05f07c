//! From the logs to the report: which files, which records, and the time ranges of both.

use super::arguments::Command;
use crate::host::{self, Host};
use crate::output::Output;
use auditbox::event::{Assembler, Event, Policy};
use auditbox::query::extract::Malformed;
use auditbox::record::{self, Record, Stamp};
use auditbox::report::{NOTHING, Range, Report};
use auditbox::store::reader::{self, Lines, Part, Pipe, SEARCH_LINE, Source};
use auditbox::sys::input::{self, InputFile, Stdin};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Reports, prints, and gives back the exit status. An error is one of writing the output.
pub(crate) fn run(command: Command, host: &Host) -> io::Result<u8> {
    let Command { request, input, force_logs, debug, timeout } = command;
    let config = host::daemon_config(input.is_none());
    let has_no_totals = request.summary && request.kind.is_some_and(|kind| kind.summary.is_none());
    let mut reading = Reading {
        report: Report::new(request, host, host::date),
        assembler: Assembler::new(Policy::Search, timeout.unwrap_or(config.end_of_event_timeout)),
        output: Output::new(),
        first_record: None,
        of_file: None,
        debug,
        log: config.log_file.into(),
    };
    reading.report.title(&mut reading.output.text);
    if has_no_totals {
        reading.output.flush()?;
        eprintln!("Unimplemented option");
        return Ok(1);
    }
    let status = match reading.read_input(input.as_deref(), force_logs) {
        Ok(()) => reading.finish(),
        Err(End::Refused) => 1,
        Err(End::Output(error)) => return Err(error),
    };
    reading.output.flush()?;
    Ok(status)
}

/// Why a report ends early.
enum End {
    /// There is no such log; that has been told.
    Refused,
    /// The output cannot be written.
    Output(io::Error),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> End {
        End::Output(error)
    }
}

struct Reading<'h> {
    report: Report<'h>,
    assembler: Assembler,
    output: Output,
    /// The first record of all logs. COMPAT: with a start time, the first one out of range.
    first_record: Option<Stamp>,
    /// The events handed out since the present file was opened.
    of_file: Option<Range>,
    debug: bool,
    /// The log that is read when none is named.
    log: PathBuf,
}

impl Reading<'_> {
    fn read_input(&mut self, input: Option<&Path>, force_logs: bool) -> Result<(), End> {
        let Some(input) = input else {
            return match Stdin::pipe().filter(|_| !force_logs) {
                Some(stdin) => self.read_pipe(stdin),
                None => self.read_logs(&self.log.clone()),
            };
        };
        match input::is_directory(input) {
            Ok(true) => {
                let base = input.join("audit.log");
                eprintln!("NOTE - using logs in {}", base.display());
                self.read_logs(&base)
            }
            Ok(false) => self.read_file(input, true),
            Err(error) => {
                eprintln!("stat: {}", host::reason(&error));
                Err(End::Refused)
            }
        }
    }

    /// Reads a log and its rotated predecessors, oldest first.
    fn read_logs(&mut self, base: &Path) -> Result<(), End> {
        let files = reader::rotation(base);
        if files.is_empty() {
            return self.read_file(base, true);
        }
        let count = reader::needed(&files, self.report.request().start.unwrap_or(0));
        for (age, file) in files.iter().enumerate().take(count).rev() {
            self.read_file(file, age == 0)?;
        }
        Ok(())
    }

    fn read_file(&mut self, path: &Path, is_last: bool) -> Result<(), End> {
        let file = InputFile::open(path).map_err(|error| {
            eprintln!("Error opening {} ({})", path.display(), host::reason(&error));
            End::Refused
        })?;
        if file.is_regular() {
            self.read_lines(&mut Part { file: &file, at: 0, end: u64::MAX })?;
        } else {
            self.read_lines(&mut &file)?;
        }
        self.end_file(path.as_os_str().as_bytes(), is_last)
    }

    fn read_pipe(&mut self, stdin: Stdin) -> Result<(), End> {
        self.read_lines(&mut Pipe { stdin, patience: None })?;
        self.end_file(b"stdin", true)
    }

    fn read_lines(&mut self, source: &mut dyn Source) -> Result<(), End> {
        self.of_file = None;
        let mut lines = Lines::new(SEARCH_LINE);
        // A log that cannot be read further ends there.
        while let Ok(Some(line)) = lines.next(source) {
            self.line(line)?;
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> Result<(), End> {
        let record = match Record::scan(line) {
            Ok(record) => record,
            Err(record::Malformed::Shape) => return Ok(()),
            Err(record::Malformed::Stamp(text)) => {
                eprintln!("Error extracting time stamp ({})", String::from_utf8_lossy(text));
                return Ok(());
            }
        };
        let request = self.report.request();
        let in_range = request.in_range(record.stamp.sec);
        if self.first_record.is_none_or(|first| first.sec == 0) && (!in_range || request.start.is_none()) {
            self.first_record = Some(record.stamp);
        }
        if in_range {
            self.assembler.push(&record);
            self.drain()?;
        }
        Ok(())
    }

    fn drain(&mut self) -> Result<(), End> {
        while let Some(event) = self.assembler.next() {
            self.event(&event);
            self.assembler.recycle(event);
            self.output.checkpoint()?;
        }
        Ok(())
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

    /// COMPAT: events that wait at the end of a file belong to the next one.
    fn end_file(&mut self, name: &[u8], is_last: bool) -> Result<(), End> {
        if is_last {
            self.assembler.finish();
        }
        self.drain()?;
        if self.report.request().is_log_times() {
            self.report.log_times(name, self.of_file, &mut self.output.text);
        }
        Ok(())
    }

    /// Prints what was counted; gives back the exit status.
    fn finish(&mut self) -> u8 {
        let request = self.report.request();
        if request.is_detailed() && !request.is_log_times() && !self.report.has_rows() {
            self.output.text.extend_from_slice(NOTHING);
            return 1;
        }
        let last = self.of_file.map(|range| range.last).unwrap_or_default();
        let range = Range { first: self.first_record.unwrap_or_default(), last };
        self.report.finish(range, &mut self.output.text);
        0
    }
}
