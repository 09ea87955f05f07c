//! audisp-syslog(8): records to the system log, as they are or in words.
//!
//! One message a record. A log that is behind, or is not there, is waited for: no more is read then, and the daemon counts what
//! it cannot keep.

use super::frame::{Frame, MAX_PAYLOAD};
use super::run::Consumer;
use crate::config::Level;
use crate::host::logger::Logger;
use crate::host::names::{self, Host};
use crate::interpret::socket_address::SocketAddress;
use crate::interpret::{Interpreter, Kind, RecordContext, kind};
use crate::record::{ENRICHED, Field, Record, RecordType};
use crate::sys::poll::{Interest, PollSet};
use crate::sys::syslog::{LOG_USER, Syslog};
use crate::text::{self, Escape};
use std::collections::VecDeque;

/// A log that is not there is looked for once a second.
const TRY_AGAIN: i64 = 1;

/// Facilities and severities by their names in syslog(3), without `LOG_`. A facility has the bits above the third.
const NAMES: [(&str, u32); 21] = [
    ("EMERG", 0),
    ("ALERT", 1),
    ("CRIT", 2),
    ("ERR", 3),
    ("WARNING", 4),
    ("NOTICE", 5),
    ("INFO", 6),
    ("DEBUG", 7),
    ("USER", LOG_USER),
    ("DAEMON", 3 << 3),
    ("AUTH", 4 << 3),
    ("SYSLOG", 5 << 3),
    ("AUTHPRIV", 10 << 3),
    ("LOCAL0", 16 << 3),
    ("LOCAL1", 17 << 3),
    ("LOCAL2", 18 << 3),
    ("LOCAL3", 19 << 3),
    ("LOCAL4", 20 << 3),
    ("LOCAL5", 21 << 3),
    ("LOCAL6", 22 << 3),
    ("LOCAL7", 23 << 3),
];

/// What the words of its command line ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// With the severity it is the priority of syslog(3).
    pub facility: u32,
    /// 0 (emergency) to 7 (debug).
    pub severity: u32,
    /// Whether values are shown in words.
    pub interpret: bool,
}

impl Options {
    /// Reads the words. The error is the one that is unknown.
    pub fn parse<'w>(words: impl Iterator<Item = &'w str>) -> Result<Options, &'w str> {
        let mut options = Options { facility: LOG_USER, severity: 6, interpret: false };
        for word in words {
            let named = |(name, _): &&(&str, u32)| {
                word.split_at_checked(4)
                    .is_some_and(|(log, rest)| log.eq_ignore_ascii_case("LOG_") && rest.eq_ignore_ascii_case(name))
            };
            match NAMES.iter().find(named) {
                Some((_, severity @ 0..8)) => options.severity = *severity,
                Some((_, facility)) => options.facility = *facility,
                None if word.eq_ignore_ascii_case("interpret") => options.interpret = true,
                None => return Err(word),
            }
        }
        Ok(options)
    }
}

/// The plugin.
pub struct ToSyslog<'h> {
    logger: Logger,
    severity: u32,
    syslog: Syslog,
    interpreter: Option<Interpreter<'h>>,
    /// Messages that the log has not taken yet.
    waiting: VecDeque<Vec<u8>>,
}

impl<'h> ToSyslog<'h> {
    /// Connects to the log. `host` has the names of users and others, `logger` takes what the plugin itself has to say.
    pub fn new(options: Options, host: &'h Host, mut logger: Logger) -> ToSyslog<'h> {
        let Options { facility, severity, interpret } = options;
        let text = format!("syslog plugin initialized with facility {facility} and priority {severity}");
        logger.log(Level::Info, &text);
        // COMPAT: the name of old times, where a facility is asked for.
        let tag = if facility == LOG_USER { "audisp-syslog" } else { "audispd" };
        let interpreter = interpret.then(|| Interpreter::new(host, names::machine(), Escape::Tty));
        let syslog = Syslog::open(tag.to_owned(), facility);
        ToSyslog { logger, severity, syslog, interpreter, waiting: VecDeque::new() }
    }
}

impl Consumer for ToSyslog<'_> {
    fn log(&mut self, level: Level, text: &str) {
        self.logger.log(level, text);
    }

    fn record(&mut self, frame: &Frame<'_>, _: i64) {
        let mut line = Vec::new();
        frame.push_line(&mut line);
        line.pop();
        let message = match (&mut self.interpreter, Record::parse(&line)) {
            // It has no field but its type.
            (Some(_), Some(record)) if record.record_type == RecordType::EOE => return,
            (Some(interpreter), Some(record)) => in_words(&record, interpreter),
            _ => {
                line.iter_mut().find(|byte| **byte == ENRICHED).into_iter().for_each(|byte| *byte = b' ');
                line
            }
        };
        self.waiting.push_back(message);
    }

    fn tick(&mut self, now: i64) -> Option<i64> {
        while let Some(message) = self.waiting.front() {
            match self.syslog.try_send(self.severity, message) {
                Ok(()) => self.waiting.pop_front(),
                Err(_) => return Some(now + TRY_AGAIN),
            };
        }
        None
    }

    fn is_full(&self) -> bool {
        !self.is_done()
    }

    fn is_done(&self) -> bool {
        self.waiting.is_empty()
    }

    fn watch(&self, set: &mut PollSet) {
        self.syslog.socket().filter(|_| self.is_full()).into_iter().for_each(|socket| set.add(socket, Interest::Write));
    }
}

/// Name and meaning of every field, and the time in place of the event id. COMPAT: with a space at the end, and of a socket's
/// address the host alone, or the family.
fn in_words(record: &Record<'_>, interpreter: &mut Interpreter<'_>) -> Vec<u8> {
    let (mut out, context) = (Vec::new(), RecordContext::of(record));
    for field in record.fields() {
        out.extend_from_slice(field.name);
        out.push(b'=');
        push_meaning(field, record, &context, interpreter, &mut out);
        out.push(b' ');
        if field.name == b"type" {
            out.extend_from_slice(b"msg=audit(");
            names::date(record.id.sec as i64).push(&mut out);
            out.extend_from_slice(b") : ");
        }
    }
    out.truncate(MAX_PAYLOAD);
    out
}

fn push_meaning(
    field: Field<'_>,
    record: &Record<'_>,
    context: &RecordContext<'_>,
    interpreter: &mut Interpreter<'_>,
    out: &mut Vec<u8>,
) {
    match (kind(record.record_type, field.name, field.value), field.name) {
        (Kind::Sockaddr, _) => match SocketAddress::parse(field.value, None) {
            Some(SocketAddress::Internet { address, .. }) => out.extend_from_slice(address.to_string().as_bytes()),
            _ => {
                let start = out.len();
                interpreter.value(record.record_type, field, context, out);
                let words = out.split_off(start);
                let family = words.strip_prefix(b"{ saddr_fam=").map(|rest| text::up_to(rest, b' '));
                out.extend_from_slice(family.unwrap_or(&words));
            }
        },
        (Kind::File, _) => interpreter.path(field, None, context, out),
        (_, b"seperms") => out.extend_from_slice(&text::words(field.value).collect::<Vec<_>>().join(&b',')),
        _ => interpreter.value(record.record_type, field, context, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(words: &str) -> Result<Options, &str> {
        Options::parse(words.split_whitespace())
    }

    #[test]
    fn words_are_facilities_severities_and_interpret_in_any_order_and_case() {
        assert_eq!(options(""), Ok(Options { facility: 8, severity: 6, interpret: false }));
        assert_eq!(options("log_err LOG_LOCAL7"), Ok(Options { facility: 184, severity: 3, interpret: false }));
        assert_eq!(options("Interpret LOG_AUTHPRIV"), Ok(Options { facility: 80, severity: 6, interpret: true }));
        for wrong in ["LOG_KERN", "ERR", "LOG_", "bogus", "é"] {
            assert_eq!(options(wrong), Err(wrong));
        }
    }

    fn words(line: &str) -> String {
        let mut interpreter = Interpreter::new((), None, Escape::Tty);
        let record = Record::parse(line.as_bytes()).unwrap();
        let text = String::from_utf8(in_words(&record, &mut interpreter)).unwrap();
        let (front, rest) = text.split_once("msg=audit(").unwrap();
        let (_, rest) = rest.split_once(") : ").unwrap();
        format!("{front}| {rest}")
    }

    #[test]
    fn fields_are_in_words_as_those_of_the_reference() {
        for (line, expected) in [
            (
                "node=box type=SYSCALL msg=audit(1.000:2): arch=c000003e syscall=59 a0=55 uid=0 tty=(none) key=\"k1\"",
                "node=box type=SYSCALL | arch=x86_64 syscall=execve a0=0x55 uid=root tty=(none) key=k1 ",
            ),
            (
                "type=PATH msg=audit(1.000:2): item=0 name=\"../x/./y//z\" mode=0100644",
                "type=PATH | item=0 name=../x/./y//z mode=file,644 ",
            ),
            ("type=PATH msg=audit(1.000:2): name=\"/a/b/../c\"", "type=PATH | name=/a/b/../c "),
            ("type=PATH msg=audit(1.000:2): name=2F746D702F0A61206200", "type=PATH | name=/tmp/\\012a b "),
            (
                "type=SOCKADDR msg=audit(1.000:2): saddr=020000350A0000010000000000000000",
                "type=SOCKADDR | saddr=10.0.0.1 ",
            ),
            ("type=SOCKADDR msg=audit(1.000:2): saddr=01002F6465762F6C6F6700", "type=SOCKADDR | saddr=local "),
            ("type=SOCKADDR msg=audit(1.000:2): saddr=100000000000000000000000", "type=SOCKADDR | saddr=netlink "),
            (
                "type=AVC msg=audit(1.000:2): avc:  denied  { read write } for  pid=1 comm=\"x\"",
                "type=AVC | seresult=denied seperms=read,write pid=1 comm=x ",
            ),
            ("type=UNKNOWN[1999] msg=audit(1.000:2): foo=bar x", "type=UNKNOWN[1999] | foo=bar "),
            (
                "type=USER_LOGIN msg=audit(1.000:2): auid=1000 msg='op=login id=0 res=success'\x1dAUID=\"alice\" ID=\"root\"",
                "type=USER_LOGIN | auid=alice op=login id=root res=success ",
            ),
        ] {
            assert_eq!(words(line), expected);
        }
    }
}
