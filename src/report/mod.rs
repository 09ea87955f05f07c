//! The reports of aureport(8): a row for each event, totals of a value, or the summary of everything. Beside them the tables of
//! aulast(8) ([`sessions`]) and aulastlog(8) ([`last_login`]).
//!
//! [`kind`] is the table of reports. A [`Report`] takes events one after another, appends rows to its caller's buffer or
//! counts, and appends what was counted at the end. Memory grows with the number of different values only.

mod class;
pub mod kind;
pub mod last_login;
mod overview;
mod row;
pub mod sessions;
mod tally;

pub use class::Class;
pub use kind::Kind;
pub use tally::Tally;

use crate::event::Event;
use crate::interpret::Names;
use crate::query::extract::{EventFields, FAILED, FieldSet, Malformed, SUCCEEDED, Text, extract};
use crate::record::{EventId, RecordType};
use crate::text::date::{Date, Dates};
use crate::text::{Escape, escape, number};
use kind::{Counts, Heading, Selects};
use overview::Overview;
use row::Users;

/// What changes of configuration are left out of every report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Events that take something away.
    Deletions,
    /// Events that add something.
    Additions,
}

/// What a report is to be.
#[derive(Default)]
pub struct Request {
    /// Which report; `None` is the summary of everything.
    pub kind: Option<&'static Kind>,
    /// Totals instead of rows.
    pub summary: bool,
    /// Only events that succeeded, or that failed.
    pub success: Option<bool>,
    /// What `--add` and `--delete` leave out.
    pub without: Option<Change>,
    /// Leave out what begins with CONFIG_CHANGE.
    pub no_config: bool,
    /// Only events from these machines, if there are any.
    pub nodes: Vec<Vec<u8>>,
    /// Words instead of numbers.
    pub interpret: bool,
    /// How text is escaped.
    pub escape: Escape,
    /// First and last second, both included.
    pub start: Option<u64>,
    /// See `start`.
    pub end: Option<u64>,
}

impl Request {
    /// Whether an event of this second is reported on.
    pub fn in_range(&self, sec: u64) -> bool {
        self.start.is_none_or(|start| sec >= start) && self.end.is_none_or(|end| sec <= end)
    }

    /// Whether rows are printed, not totals.
    pub fn is_detailed(&self) -> bool {
        !self.summary && self.kind.is_some()
    }

    /// Whether this is `-t`.
    pub fn is_log_times(&self) -> bool {
        self.kind.is_some_and(|kind| std::ptr::eq(kind, &kind::LOG_TIMES))
    }

    fn wanted(&self) -> FieldSet {
        let wanted = self.kind.map_or(kind::OF_EVERYTHING, |kind| kind.wanted);
        if self.interpret { wanted.with(FieldSet::ARCH) } else { wanted }
    }
}

/// The event ids of the first and the last event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Range {
    /// Of the first.
    pub first: EventId,
    /// Of the last.
    pub last: EventId,
}

/// What a report says that has nothing to say.
pub const NOTHING: &[u8] = b"<no events of interest were found>\n\n";

/// One report in the making.
pub struct Report<'n> {
    request: Request,
    wanted: FieldSet,
    fields: EventFields,
    dates: Dates,
    users: Users<'n>,
    lines: u64,
    tally: Tally,
    overview: Overview,
    scratch: Vec<u8>,
}

impl<'n> Report<'n> {
    /// `names` are those of this host; `local` is the way from seconds since 1970 UTC to local time.
    pub fn new(request: Request, names: &'n dyn Names, local: fn(i64) -> Date) -> Report<'n> {
        Report {
            wanted: request.wanted(),
            fields: EventFields::default(),
            dates: Dates::new(local),
            users: Users::new(names, request.interpret),
            lines: 0,
            tally: Tally::default(),
            overview: Overview::default(),
            scratch: Vec::new(),
            request,
        }
    }

    /// What was asked for.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Whether a row was printed.
    pub fn has_rows(&self) -> bool {
        self.lines > 0
    }

    /// Appends what stands above the report.
    pub fn title(&self, out: &mut Vec<u8>) {
        out.push(b'\n');
        let Some(kind) = self.request.kind else {
            return self.heading(&overview::HEADING, out);
        };
        match &kind.summary {
            _ if !self.request.summary => push_heading(&kind.detail, out),
            Some(heading) => self.heading(heading, out),
            None => self.qualifier(out),
        }
    }

    fn heading(&self, heading: &Heading, out: &mut Vec<u8>) {
        self.qualifier(out);
        push_heading(heading, out);
    }

    /// COMPAT: only totals say in their title that they count failures or successes alone.
    fn qualifier(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(match self.request.success {
            Some(true) => b"Success ",
            Some(false) => b"Failed ",
            None => b"",
        });
    }

    /// Takes an event: appends its rows, or counts it. One that lacks what the report needs is malformed and left out; the
    /// error names the record.
    pub fn event(&mut self, event: &Event, out: &mut Vec<u8>) -> Result<(), (usize, Malformed)> {
        if !self.is_admitted(event) {
            return Ok(());
        }
        extract(event, self.wanted, &mut self.fields)?;
        if self.request.success.is_some_and(|yes| self.fields.success != Some(if yes { SUCCEEDED } else { FAILED })) {
            return Ok(());
        }
        let classes = Class::of(event);
        match self.request.kind {
            None => self.overview.add(classes, &self.fields),
            Some(kind) if self.request.summary => self.count(kind.counts, event, classes),
            Some(kind) if self.selects(kind.selects, event, classes) => self.rows(kind, event, out),
            Some(_) => {}
        }
        Ok(())
    }

    /// What can be decided without reading fields.
    fn is_admitted(&self, event: &Event) -> bool {
        let request = &self.request;
        let (first, last) = match request.without {
            None => (false, false),
            Some(Change::Deletions) => (true, false),
            Some(Change::Additions) => (false, true),
        };
        let is_left_out = match event.record_type() {
            RecordType::CONFIG_CHANGE => request.no_config,
            RecordType::ADD_USER
            | RecordType::ADD_GROUP
            | RecordType::MAC_CIPSOV4_ADD
            | RecordType::MAC_MAP_ADD
            | RecordType::MAC_IPSEC_ADDSA
            | RecordType::MAC_IPSEC_ADDSPD
            | RecordType::MAC_UNLBL_STCADD => last,
            RecordType::DEL_USER
            | RecordType::DEL_GROUP
            | RecordType::MAC_CIPSOV4_DEL
            | RecordType::MAC_MAP_DEL
            | RecordType::MAC_IPSEC_DELSA
            | RecordType::MAC_IPSEC_DELSPD
            | RecordType::MAC_UNLBL_STCDEL => first,
            _ => false,
        };
        let is_from_there = |node: &[u8]| request.nodes.iter().any(|wanted| wanted == node);
        !is_left_out
            && request.in_range(event.id().sec)
            && (request.nodes.is_empty() || event.node().is_some_and(is_from_there))
    }

    fn selects(&self, selects: Selects, event: &Event, classes: Class) -> bool {
        let fields = &self.fields;
        match selects {
            Selects::None => false,
            Selects::Every => true,
            Selects::Of(wanted) => classes.has(wanted),
            Selects::Authentication => is_authentication(classes, fields),
            Selects::Keystrokes => matches!(event.record_type(), RecordType::TTY | RecordType::USER_TTY),
            Selects::File => !fields.files.is_empty(),
            Selects::Key => fields.keys.iter().any(|key| fields.text(*key) != NO_KEY),
            Selects::Host => fields.host.is_some(),
            Selects::Terminal => fields.terminal.is_some(),
            Selects::Exe => fields.exe.is_some(),
            Selects::Comm => fields.comm.is_some(),
            Selects::Pid => fields.pid.is_some_and(|pid| pid as i32 >= 0),
            Selects::Syscall => fields.syscall.is_some_and(|number| number != 0),
            Selects::Uid => fields.uid.is_some_and(|uid| uid != UNSET),
        }
    }

    fn count(&mut self, counts: Counts, event: &Event, classes: Class) {
        let (fields, tally) = (&self.fields, &mut self.tally);
        let text = |tally: &mut Tally, text: Option<Text>| {
            if let Some(text) = text {
                tally.add(fields.text(text));
            }
        };
        match counts {
            Counts::None => {}
            Counts::Types(wanted) if !classes.has(wanted) => {}
            Counts::EveryType if event.record_type() == RecordType::UNRECOGNISED => {}
            Counts::Types(_) | Counts::EveryType => tally.add_number(event.record_type().0 as i32),
            Counts::Objects if !classes.has(Class::ANY_AVC) => {}
            Counts::Objects => {
                fields.labels.iter().filter(|l| l.granted.is_some()).for_each(|l| text(tally, l.object));
            }
            Counts::Files => fields.files.iter().for_each(|file| tally.add(fields.text(file.name))),
            Counts::Keys => {
                let keys = fields.keys.iter().map(|key| fields.text(*key));
                keys.filter(|key| *key != NO_KEY).for_each(|key| tally.add(key));
            }
            Counts::Hosts => text(tally, fields.host),
            Counts::Terminals => text(tally, fields.terminal),
            Counts::Exes => text(tally, fields.exe),
            Counts::Comms => text(tally, fields.comm),
            Counts::Pids => {
                fields.pid.iter().filter(|pid| **pid != UNSET).for_each(|pid| tally.add_number(*pid as i32))
            }
            Counts::Authentications if !is_authentication(classes, fields) => {}
            Counts::Authentications => self.count_user(event, self.fields.auid.is_none()),
            Counts::Logins if !classes.has(Class::USER_LOGIN) => {}
            Counts::Logins => self.count_user(event, self.fields.auid.is_none_or(|auid| (auid as i32) < 0)),
            Counts::Auids if fields.auid.is_none_or(|auid| auid == NO_AUID) => {}
            Counts::Auids => self.count_user(event, false),
            Counts::Syscalls if fields.syscall.is_none_or(|number| number as i32 <= 0) => {}
            Counts::Syscalls => {
                self.scratch.clear();
                row::push_syscall(self.request.interpret, fields, &mut self.scratch);
                tally.add(&self.scratch);
            }
        }
    }

    /// Counts the account, if that may stand for the user and there is one, else the auid.
    fn count_user(&mut self, event: &Event, by_account: bool) {
        if let Some(account) = self.fields.account.filter(|_| by_account) {
            return self.tally.add(self.fields.text(account));
        }
        self.scratch.clear();
        let auid = self.fields.auid.unwrap_or(NO_AUID);
        self.users.push_of(event, b"auid", auid, &mut self.scratch);
        self.tally.add(&self.scratch);
    }

    /// Appends `path: FIRST - LAST`, or that there is nothing in the log.
    pub fn log_times(&mut self, path: &[u8], range: Option<Range>, out: &mut Vec<u8>) {
        out.extend_from_slice(path);
        let Some(range) = range else { return out.extend_from_slice(b": no records\n") };
        out.extend_from_slice(b": ");
        self.range(range, out);
    }

    fn range(&mut self, range: Range, out: &mut Vec<u8>) {
        push_moment(&mut self.dates, range.first, out);
        out.extend_from_slice(b" - ");
        push_moment(&mut self.dates, range.last, out);
        out.push(b'\n');
    }

    /// Appends what was counted. `range` is that of the whole log.
    pub fn finish(&mut self, range: Range, out: &mut Vec<u8>) {
        let Some(kind) = self.request.kind else { return self.finish_overview(range, out) };
        if !self.request.summary {
            return;
        }
        if self.tally.is_empty() {
            return out.extend_from_slice(NOTHING);
        }
        match kind.counts {
            Counts::Types(_) | Counts::EveryType | Counts::Pids => self.numbers(kind.counts != Counts::Pids, out),
            _ => self.texts(kind.counts, out),
        }
    }

    fn numbers(&self, are_types: bool, out: &mut Vec<u8>) {
        for (count, value) in self.tally.numbers_by_count() {
            push_count(count, out);
            if are_types && self.request.interpret {
                row::push_type(RecordType(value as u32), out);
            } else {
                number::push_signed(out, i64::from(value));
            }
            out.push(b'\n');
        }
    }

    /// COMPAT: of hosts, terminals and labels only control bytes are escaped. A user that begins with a digit or a dash is a
    /// number again.
    fn texts(&mut self, counts: Counts, out: &mut Vec<u8>) {
        let mode = match counts {
            Counts::Hosts | Counts::Terminals | Counts::Objects => row::control_bytes(self.request.escape),
            _ => self.request.escape,
        };
        let are_users = matches!(counts, Counts::Authentications | Counts::Logins | Counts::Auids);
        for (count, value) in self.tally.by_count() {
            push_count(count, out);
            if are_users && matches!(value.first(), Some(b'-' | b'0'..=b'9')) {
                self.scratch.clear();
                let uid = number::parse_signed_prefix(value, 10).unwrap_or(i64::from(UNSET)) as u32;
                self.users.push(uid, &mut self.scratch);
                escape(&self.scratch, mode, out);
            } else {
                escape(value, mode, out);
            }
            out.push(b'\n');
        }
    }

    fn finish_overview(&mut self, range: Range, out: &mut Vec<u8>) {
        out.extend_from_slice(b"Range of time in logs: ");
        self.range(range, out);
        out.extend_from_slice(b"Selected time for report: ");
        let start = self.request.start.unwrap_or(range.first.sec);
        self.dates.of(start as i64).push(out);
        out.extend_from_slice(b" - ");
        match self.request.end {
            Some(end) => self.dates.of(end as i64).push(out),
            None => push_moment(&mut self.dates, range.last, out),
        }
        out.push(b'\n');
        self.overview.print(out);
    }
}

/// A key that says that there is none.
const NO_KEY: &[u8] = b"(null)";

/// The id that stands for none: -1.
const UNSET: u32 = u32::MAX;

/// COMPAT: the auid of an event that has none is -2.
const NO_AUID: u32 = u32::MAX - 1;

fn is_authentication(classes: Class, fields: &EventFields) -> bool {
    classes.has(Class::USER_AUTH) || (classes.has(Class::USER_MGMT) && fields.success == Some(FAILED))
}

fn push_heading(heading: &Heading, out: &mut Vec<u8>) {
    let rule = |len: u8, out: &mut Vec<u8>| {
        out.resize(out.len() + usize::from(len), b'=');
        out.push(b'\n');
    };
    out.extend_from_slice(heading.title.as_bytes());
    out.push(b'\n');
    rule(heading.above, out);
    if !heading.columns.is_empty() {
        out.extend_from_slice(heading.columns.as_bytes());
        out.push(b'\n');
        rule(heading.below, out);
    }
}

fn push_count(count: u64, out: &mut Vec<u8>) {
    number::push(out, count);
    out.extend_from_slice(b"  ");
}

/// Appends date, time and milliseconds.
fn push_moment(dates: &mut Dates, id: EventId, out: &mut Vec<u8>) {
    dates.of(id.sec as i64).push(out);
    out.push(b'.');
    number::push_wide(out, u64::from(id.milli), 3);
}
