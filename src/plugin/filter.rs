//! audisp-filter(8): some of the events to another plugin, which it starts.
//!
//! Events are filtered whole, so records wait for the end of their event. They are handed on as lines of the log, names that
//! were looked up included. A program that does not read fills a bounded queue; then no more is read, and the daemon counts
//! what it cannot keep.

use super::frame::Frame;
use super::gather::Gatherer;
use super::queue::Queue;
use super::run::{Consumer, Notice};
use super::verdict::Verdicts;
use crate::config::{Diagnostic, Level};
use crate::event::{Event, TIMEOUT};
use crate::host::config_file::{self, GroupWriters, OpenPolicy};
use crate::host::logger::Logger;
use crate::host::names::{self, Host};
use crate::interpret::Interpreter;
use crate::query::expression::Expression;
use crate::record::Record;
use crate::sys::child::{self, Child};
use crate::sys::poll::{Interest, PollSet};
use crate::sys::{errno, error_reason};
use crate::text::Escape;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

/// COMPAT: longer lines of the file are skipped.
const LONGEST_LINE: usize = 1022;

/// So many records may wait for the program.
const DEPTH: usize = 512;

/// Seconds from the end of the program's input to SIGTERM.
const TERMINATE_AFTER: i64 = 1;

/// Which events are handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Those that no expression matches: what it lists may pass by unseen.
    Allowlist,
    /// Those that one matches.
    Blocklist,
}

impl Mode {
    /// The mode of this name, in any case.
    pub fn parse(word: &str) -> Option<Mode> {
        let modes = [("allowlist", Mode::Allowlist), ("blocklist", Mode::Blocklist)];
        modes.into_iter().find_map(|(name, mode)| name.eq_ignore_ascii_case(word).then_some(mode))
    }
}

/// Reads the file of a filter: one expression of ausearch-expression(5) a line. `None` when it cannot be used; `log` got the
/// reasons, with all expressions that are wrong.
pub fn load(path: &Path, log: &mut dyn FnMut(Level, &str)) -> Option<Vec<Expression>> {
    let mut diagnostics = Vec::new();
    let policy = OpenPolicy { follow_links: true, group_writers: GroupWriters::Any, called: "config file" };
    let text = config_file::read(path, policy, &mut diagnostics);
    diagnostics.iter().for_each(|Diagnostic { level, text }| log(*level, text));
    match text {
        Ok(text) => parse(&text?, &path.display().to_string(), log),
        Err(reason) => {
            log(Level::Error, &reason);
            None
        }
    }
}

fn parse(text: &[u8], file: &str, log: &mut dyn FnMut(Level, &str)) -> Option<Vec<Expression>> {
    let (mut expressions, mut is_sound) = (Vec::new(), true);
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        let start = line.iter().position(|byte| *byte != b' ').unwrap_or(line.len());
        let expression = line.get(start..).unwrap_or_default();
        if line.len() > LONGEST_LINE {
            log(Level::Warning, &format!("Skipping line {number} in {file}: too long"));
        } else if !matches!(expression.first(), None | Some(b'#')) {
            match Expression::parse(expression) {
                Ok(expression) => expressions.push(expression),
                Err(error) => {
                    let expression = String::from_utf8_lossy(expression);
                    log(Level::Error, &format!("Invalid expression: {expression} ({error}) - line {number} of {file}"));
                    is_sound = false;
                }
            }
        }
    }
    is_sound.then_some(expressions)
}

/// The plugin.
pub struct Filter<'h> {
    logger: Logger,
    mode: Mode,
    path: PathBuf,
    expressions: Vec<Expression>,
    interpreter: Interpreter<'h>,
    gatherer: Gatherer,
    verdicts: Verdicts,
    queue: Queue,
    program: String,
    child: Child,
    has_child_ended: bool,
    /// The child's standard input; closed when all was handed on.
    pipe: Option<OwnedFd>,
    has_input_ended: bool,
    /// When the child is told to end.
    terminate_at: Option<i64>,
}

impl<'h> Filter<'h> {
    /// Starts the program `words` and filters for it by the file `path`. `None` when that cannot be; the reasons were logged.
    pub fn start(mode: Mode, path: PathBuf, words: &[&str], host: &'h Host, mut logger: Logger) -> Option<Filter<'h>> {
        let expressions = load(&path, &mut |level, text| logger.log(level, text))?;
        let program = words.first()?.to_string();
        let (child, pipe) = match start(words) {
            Ok(started) => started,
            Err(error) => {
                logger.log(Level::Error, &format!("cannot start {program} ({})", error_reason(&error)));
                return None;
            }
        };
        Some(Filter {
            logger,
            mode,
            path,
            expressions,
            interpreter: Interpreter::new(host, names::machine(), Escape::Raw),
            gatherer: Gatherer::new(TIMEOUT),
            verdicts: Verdicts::default(),
            queue: Queue::default(),
            program,
            child,
            has_child_ended: false,
            pipe: Some(pipe),
            has_input_ended: false,
            terminate_at: None,
        })
    }

    fn reload(&mut self) {
        self.child.hang_up();
        let logger = &mut self.logger;
        match load(&self.path, &mut |level, text| logger.log(level, text)) {
            Some(expressions) => {
                self.expressions = expressions;
                self.logger.log(Level::Info, "Successfully reloaded rules");
            }
            None => self.logger.log(Level::Error, "The rules were not reloaded because of an error"),
        }
    }

    /// Of an event that comes in parts the first decides for an allowlist: what was handed on cannot be taken back, so its rest follows.
    fn filter(&mut self, event: Event) {
        let Filter { expressions, interpreter, .. } = self;
        let is_matched =
            event.records().any(|record| expressions.iter().any(|expression| expression.holds(&record, interpreter)));
        let decides = match self.mode {
            Mode::Blocklist => is_matched,
            Mode::Allowlist => !is_matched && !self.verdicts.knows(&event),
        };
        let wanted = self.verdicts.decide(&self.gatherer, event, u8::from(decides), 1);
        if let Some(event) = wanted.events.first().filter(|_| wanted.lost > 0) {
            let text = format!("{} records of event {} went by before one matched", wanted.lost, event.id().serial);
            self.logger.log(Level::Error, &text);
        }
        for event in &wanted.events {
            for record in event.records() {
                let frame = Frame { version: 1, record_type: record.record_type.0, text: record.as_written() };
                self.queue.push(event.id().serial, |out| frame.push_line(out));
            }
        }
    }

    /// Writes what can be written at once.
    fn write(&mut self) {
        while let Some(pipe) = self.pipe.as_ref().filter(|_| !self.queue.is_empty()) {
            match child::write(pipe, self.queue.pending()) {
                Ok(count) => self.queue.written(count),
                Err(error) if errno::of(&error) == errno::EAGAIN => return,
                // Nobody reads it any more, though the program may still run.
                Err(_) => self.end_child(),
            }
        }
    }

    fn end_child(&mut self) {
        self.pipe = None;
        if let Some(lost) = self.queue.clear() {
            let text = format!("{} has left {} records unread", self.program, lost.count);
            self.logger.log(Level::Error, &text);
        }
    }
}

fn start(words: &[&str]) -> io::Result<(Child, OwnedFd)> {
    let (input, pipe) = child::feed()?;
    Ok((Child::start(words, Some(&input), None)?, pipe))
}

impl Consumer for Filter<'_> {
    fn log(&mut self, level: Level, text: &str) {
        self.logger.log(level, text);
    }

    fn record(&mut self, frame: &Frame<'_>, now: i64) {
        let mut line = Vec::new();
        frame.push_line(&mut line);
        line.pop();
        match Record::parse(&line) {
            Some(record) => {
                let event = self.gatherer.push(&record, now);
                event.into_iter().for_each(|event| self.filter(event));
            }
            // No expression can match it.
            None if self.mode == Mode::Allowlist => self.queue.push(0, |out| frame.push_line(out)),
            None => {}
        }
    }

    fn heard(&mut self, now: i64) {
        while let Some(event) = self.gatherer.overdue(now) {
            self.filter(event);
        }
    }

    fn tick(&mut self, now: i64) -> Option<i64> {
        self.write();
        if !self.has_child_ended && self.child.result().is_some() {
            self.has_child_ended = true;
            self.end_child();
            if !self.has_input_ended {
                self.logger.log(Level::Error, &[&self.program, " has ended"].concat());
            }
        }
        if self.has_input_ended && self.queue.is_empty() {
            self.pipe = None;
        }
        // Without its pipe the program has nothing left to do, whoever closed it.
        if self.pipe.is_none() && !self.has_child_ended {
            self.terminate_at = self.terminate_at.or(Some(now + TERMINATE_AFTER));
        }
        if self.terminate_at.is_some_and(|at| at <= now) {
            self.terminate_at = None;
            self.child.signal(false);
        }
        let due = self.gatherer.due().filter(|_| !self.is_full());
        due.into_iter().chain(self.terminate_at).min()
    }

    fn end_of_input(&mut self) {
        while let Some(event) = self.gatherer.rest() {
            self.filter(event);
        }
        self.has_input_ended = true;
    }

    fn notice(&mut self, notice: Notice) {
        if notice == Notice::Reload {
            self.reload();
        }
    }

    fn is_full(&self) -> bool {
        self.queue.len() >= DEPTH
    }

    fn is_done(&self) -> bool {
        self.has_child_ended
    }

    fn has_failed(&self) -> bool {
        self.has_child_ended && !self.has_input_ended
    }

    fn watch(&self, set: &mut PollSet) {
        if let Some(pipe) = &self.pipe {
            set.add(pipe.as_fd(), if self.queue.is_empty() { Interest::End } else { Interest::Write });
        }
    }

    fn ready(&mut self, set: &PollSet, first: usize) {
        if self.pipe.is_some() && set.has_ended(first) {
            self.end_child();
        }
    }
}

impl Drop for Filter<'_> {
    fn drop(&mut self) {
        self.end_child();
        if !self.has_child_ended {
            self.child.signal(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Option<usize>, Vec<String>) {
        let mut said = Vec::new();
        let expressions = parse(text.as_bytes(), "f.conf", &mut |_, text| said.push(text.to_string()));
        (expressions.map(|all| all.len()), said)
    }

    #[test]
    fn a_file_has_an_expression_a_line_and_comments() {
        assert_eq!(parsed("# all\n\n  uid == 0\n   # more\nauid >= 1000 && key r= \"x\""), (Some(2), Vec::new()));
        assert_eq!(parsed(""), (Some(0), Vec::new()));
    }

    #[test]
    fn every_wrong_expression_is_said_and_none_counts_then() {
        let (count, said) = parsed("uid == 0\nuid ==\nfoo\n");
        assert_eq!(count, None);
        assert_eq!(said.len(), 2);
        assert!(said[0].starts_with("Invalid expression: uid == (") && said[0].ends_with(" - line 2 of f.conf"));
    }

    #[test]
    fn a_line_too_long_is_skipped_and_said() {
        let text = format!("uid == 0\n{}\n", "x".repeat(LONGEST_LINE + 1));
        assert_eq!(parsed(&text), (Some(1), vec!["Skipping line 2 in f.conf: too long".to_string()]));
    }
}
