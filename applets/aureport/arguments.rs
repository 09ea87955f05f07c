//! The command line of aureport(8), from left to right. The first error ends it.

use crate::host::Host;
use crate::options::{Words, lacks_argument, shown, unfit, unknown};
use auditbox::query::time::{self, Edge, TimeError};
use auditbox::report::{By, Change, Content, Format, LONGEST_PERIOD, ReportKind, Request, View, kind};
use auditbox::text::{Escape, number};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// A whole command line.
#[derive(Default)]
pub(crate) struct Command {
    pub(crate) request: Request,
    /// Files of the reports that are documents of their own, by their places among the reports.
    pub(crate) documents: Vec<(usize, PathBuf)>,
    pub(crate) input: Option<PathBuf>,
    /// Read the logs even where standard input is a pipe.
    pub(crate) force_logs: bool,
    pub(crate) debug: bool,
    /// Seconds after which an event is complete.
    pub(crate) timeout: Option<u64>,
}

/// What a command line asks for.
pub(crate) enum Invocation {
    Report(Box<Command>),
    Help,
    Version,
}

/// Why a command line is refused: what to print on standard error.
pub(crate) enum Refusal {
    /// The usage follows on standard output.
    Usage(String),
    /// A report was asked about one thing, this word, which none can do.
    Unimplemented(String),
}

type Taken = Result<(), Refusal>;

/// COMPAT: paths of this length and above are refused.
const LONGEST_PATH: usize = 4096 - 32;

/// The reports by option, and whether a word after the option selects one thing alone.
const REPORTS: &[(&str, &str, &ReportKind, bool)] = &[
    ("-a", "--avc", &kind::AVCS, false),
    ("-au", "--auth", &kind::AUTHENTICATIONS, false),
    ("--comm", "--comm", &kind::COMMS, true),
    ("-c", "--config", &kind::CONFIGURATION, false),
    ("-cr", "--crypto", &kind::CRYPTO, false),
    ("-e", "--event", &kind::EVENTS, false),
    ("-f", "--file", &kind::FILES, true),
    ("-h", "--host", &kind::HOSTS, true),
    ("--integrity", "--integrity", &kind::INTEGRITY, false),
    ("-k", "--key", &kind::KEYS, true),
    ("-l", "--login", &kind::LOGINS, false),
    ("-m", "--mods", &kind::ACCOUNTS, false),
    ("-ma", "--mac", &kind::MAC, false),
    ("-n", "--anomaly", &kind::ANOMALIES, true),
    ("-p", "--pid", &kind::PIDS, true),
    ("-r", "--response", &kind::RESPONSES, true),
    ("-s", "--syscall", &kind::SYSCALLS, true),
    ("-t", "--log", &kind::LOG_TIMES, false),
    ("-tm", "--terminal", &kind::TERMINALS, true),
    ("--tty", "--tty", &kind::KEYSTROKES, false),
    ("-u", "--user", &kind::USERS, true),
    ("--virt", "--virt", &kind::VIRTUALIZATION, false),
    ("-x", "--executable", &kind::EXES, true),
];

const GROUPS: [(&str, By); 3] = [("type", By::Type), ("key", By::Key), ("user", By::User)];
const FORMATS: [(&str, Format); 3] = [("text", Format::Text), ("csv", Format::Csv), ("json", Format::Json)];

/// Reads the words after the command's name.
pub(crate) fn parse(words: &[OsString], host: &Host) -> Result<Invocation, Refusal> {
    let mut parser = Parser { words: Words::new(words), host, summary: false, period: 0, asked: Box::default() };
    while let Some(word) = parser.words.option() {
        match &*shown(word) {
            "--help" => return Ok(Invocation::Help),
            "-v" | "--version" => return Ok(Invocation::Version),
            option => parser.take(option)?,
        }
    }
    if parser.asked.request.views.is_empty() {
        parser.asked.request.views.push(View::OVERVIEW);
    }
    for view in &mut parser.asked.request.views {
        if let Content::Timeline(period) | Content::Svg(period) | Content::Html(period) = &mut view.content {
            *period = parser.period;
        }
    }
    let Request { start, end, .. } = parser.asked.request;
    time::check_range(start, end, host).map_err(|error| Refusal::Usage(error.to_string()))?;
    Ok(Invocation::Report(parser.asked))
}

struct Parser<'a> {
    words: Words<'a>,
    host: &'a Host,
    /// `--summary` stands before all reports.
    summary: bool,
    /// Seconds of a period of time in pictures, if it was given.
    period: u64,
    asked: Box<Command>,
}

impl<'a> Parser<'a> {
    fn take(&mut self, option: &str) -> Taken {
        if let Some((_, name, kind, stands_alone)) = REPORTS.iter().find(|row| row.0 == option || row.1 == option) {
            return self.report(name.trim_start_matches('-'), kind, *stands_alone);
        }
        let request = &mut self.asked.request;
        match option {
            "--summary" => match request.views.last_mut() {
                Some(view) => view.summary = true,
                None => self.summary = true,
            },
            "--bars" => request.bars = true,
            "--coverage" => request.views.push(View { name: "coverage", content: Content::Coverage, summary: false }),
            "--success" => request.success = Some(true),
            "--failed" => request.success = Some(false),
            "--add" => request.without = Some(Change::Deletions),
            "--delete" => request.without = Some(Change::Additions),
            "-nc" | "--no-config" => request.no_config = true,
            "--debug" => self.asked.debug = true,
            "--input-logs" => self.asked.force_logs = true,
            _ => return self.take_argument(option).map_err(Refusal::Usage),
        }
        Ok(())
    }

    fn report(&mut self, name: &'static str, kind: &'static ReportKind, stands_alone: bool) -> Taken {
        if let Some(word) = self.words.peek().filter(|_| stands_alone) {
            return Err(Refusal::Unimplemented(shown(word).into_owned()));
        }
        self.asked.request.views.push(View { name, content: Content::Rows(kind), summary: self.summary });
        Ok(())
    }

    fn take_argument(&mut self, option: &str) -> Result<(), String> {
        match option {
            "-i" | "--interpret" => {
                self.asked.request.interpret = true;
                if self.words.peek().is_some() {
                    return Err(format!("Argument is NOT required for {option}"));
                }
            }
            "-if" | "--input" => {
                let path = self.argument(option)?;
                if path.len() >= LONGEST_PATH {
                    return Err(unfit("File name is too long", path));
                }
                self.asked.input = Some(PathBuf::from(OsStr::from_bytes(path)));
            }
            "--node" => {
                let node = self.argument(option)?.to_vec();
                self.asked.request.nodes.push(node);
            }
            "--escape" => {
                let mode = self.argument(option)?;
                let known = Escape::named(mode).ok_or_else(|| unknown(mode));
                self.asked.request.escape = known?;
            }
            "--timeline" | "--svg" | "--html" if cfg!(not(feature = "pictures")) => {
                return Err(format!("this program was built without {option}"));
            }
            "--timeline" => {
                if let Some(word) = self.words.argument() {
                    let period = time::span_seconds(word).and_then(|seconds| u64::try_from(seconds).ok());
                    let refusal = || TimeError::Span(shown(word).into_owned()).to_string();
                    self.period = period.filter(|period| (1..=LONGEST_PERIOD).contains(period)).ok_or_else(refusal)?;
                }
                self.view("timeline", Content::Timeline(0));
            }
            "--svg" => self.document(option, Content::Svg(0))?,
            "--html" => self.document(option, Content::Html(0))?,
            "--by" => {
                let group = self.argument(option)?;
                let known = GROUPS.iter().find(|(name, _)| name.as_bytes() == group);
                self.asked.request.by = known.ok_or_else(|| unknown(group))?.1;
            }
            "--format" => {
                let format = self.argument(option)?;
                let known = FORMATS.iter().find(|(name, _)| name.as_bytes() == format);
                self.asked.request.format = known.ok_or_else(|| unknown(format))?.1;
            }
            "--eoe-timeout" => self.asked.timeout = Some(self.timeout(option)?),
            "--last" => {
                let span = shown(self.argument(option)?);
                let millis = time::before_now(Edge::Start, &span, self.host).map_err(|error| error.to_string())?;
                self.asked.request.start = u64::try_from(millis).ok();
            }
            "-ts" | "--start" => self.asked.request.start = self.time(Edge::Start, option)?,
            "-te" | "--end" => self.asked.request.end = self.time(Edge::End, option)?,
            _ => return Err(format!("{option} is an unsupported option")),
        }
        Ok(())
    }

    fn view(&mut self, name: &'static str, content: Content) {
        self.asked.request.views.push(View { name, content, summary: false });
    }

    /// A report that goes into a file.
    fn document(&mut self, option: &str, content: Content) -> Result<(), String> {
        let path = PathBuf::from(OsStr::from_bytes(self.argument(option)?));
        self.asked.documents.push((self.asked.request.views.len(), path));
        self.view("", content);
        Ok(())
    }

    fn argument(&mut self, option: &str) -> Result<&'a [u8], String> {
        self.words.argument().ok_or_else(|| lacks_argument(option))
    }

    fn timeout(&mut self, option: &str) -> Result<u64, String> {
        let word = self.argument(option)?;
        if !word.first().is_some_and(u8::is_ascii_digit) {
            return Err(unfit("End of Event Timeout must be a numeric value, was", word));
        }
        let seconds = number::parse_exact(word).filter(|seconds| (1..i64::MAX as u64).contains(seconds));
        seconds.ok_or_else(|| unfit("Illegal value for End of Event Timeout, was", word))
    }

    /// One or two words. COMPAT: the first second of 1970 is no limit.
    fn time(&mut self, edge: Edge, option: &str) -> Result<Option<u64>, String> {
        let first = self.words.time_argument();
        let first = shown(first.ok_or_else(|| format!("{option} requires either date and/or time"))?);
        let second = self.words.argument().map(shown);
        let millis = time::resolve(edge, &first, second.as_deref(), self.host).map_err(|error| error.to_string())?;
        Ok(u64::try_from(millis).ok().filter(|millis| *millis >= 1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use auditbox::query::extract::FieldSet;
    use auditbox::report::kind::Item;

    fn read_for(item: Item) -> &'static [FieldSet] {
        match item {
            Item::Serial | Item::Type | Item::Syscall | Item::Keystrokes | Item::Verdict => &[],
            Item::Class | Item::Permissions => &[],
            Item::Success => &[FieldSet::SUCCESS],
            Item::Pid => &[FieldSet::PID],
            Item::Session => &[FieldSet::SESSION],
            Item::Auid => &[FieldSet::AUID],
            Item::AccountOrUid => &[FieldSet::ACCOUNT, FieldSet::UID],
            Item::AccountOrAuid => &[FieldSet::ACCOUNT, FieldSet::AUID],
            Item::Account => &[FieldSet::ACCOUNT],
            Item::File => &[FieldSet::FILE],
            Item::Key => &[FieldSet::KEY],
            Item::Exe => &[FieldSet::EXE],
            Item::ExeOrComm => &[FieldSet::EXE, FieldSet::COMM],
            Item::Comm => &[FieldSet::COMM],
            Item::Host => &[FieldSet::HOST],
            Item::Terminal => &[FieldSet::TERMINAL],
            Item::Subject => &[FieldSet::SUBJECT],
            Item::Object => &[FieldSet::OBJECT],
        }
    }

    #[test]
    fn every_report_reads_what_its_columns_show() {
        for (_, option, kind, _) in REPORTS {
            for column in kind.columns {
                for item in read_for(column.item) {
                    assert!(kind.wanted.has(*item), "{option}: {:?}", column.item);
                }
            }
        }
    }
}
