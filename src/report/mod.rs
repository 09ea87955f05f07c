//! The reports of aureport(8): a row for each event, totals of a value, or the summary of everything. Beside them the tables of
//! aulast(8) ([`sessions`]) and aulastlog(8) ([`last_login`]), and what rules cost ([`cost`]).
//!
//! [`kind`] is the table of reports. [`Reports`] takes events one after another, for any number of reports at once: it appends
//! rows or counts, and appends what was counted at the end. Each report says what it would say alone. Memory grows with the
//! number of different values only, if the caller takes the rows away.

mod cells;
mod class;
pub mod cost;
mod coverage;
pub mod denials;
mod document;
pub mod kind;
pub mod last_login;
mod overview;
mod page;
mod picture;
mod row;
pub mod sessions;
mod tally;
mod timeline;

pub use cells::Format;
pub use class::Class;
pub use kind::Kind;
pub use picture::Canvas;
pub use tally::Tally;
pub use timeline::By;

use crate::event::Event;
use crate::interpret::Names;
use crate::query::extract::{EventFields, FAILED, FieldSet, Malformed, SUCCEEDED, Text, extract};
use crate::record::{EventId, RecordType};
use crate::text::date::{Date, Dates};
use crate::text::{Escape, escape, number};
use cells::{Cells, push_names, push_row};
use coverage::Coverage;
use document::Picture;
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

/// One of the reports that are asked for.
#[derive(Clone, Copy)]
pub struct View {
    /// What JSON calls it.
    pub name: &'static str,
    /// Which report.
    pub content: Content,
    /// Totals instead of rows.
    pub summary: bool,
}

/// What a report is about.
#[derive(Clone, Copy)]
pub enum Content {
    /// The summary of everything.
    Overview,
    /// One of the reports of [`kind`].
    Rows(&'static Kind),
    /// How complete the log is.
    Coverage,
    /// Events over time, in periods of so many seconds at least.
    Timeline(u64),
    /// The same as a picture: a document of its own.
    Svg(u64),
    /// A page with what matters first: a document of its own.
    Html(u64),
}

/// Where events come from: what a page for a case file names, and what the reports do not speak of.
#[derive(Default)]
pub struct Origin {
    /// The log that was read.
    pub input: Vec<u8>,
    /// The machine that made the report.
    pub host: Vec<u8>,
    /// When it did, in seconds since 1970.
    pub made: i64,
    /// Files that could not be read.
    pub left_out: u64,
    /// Files that could not be read to their end.
    pub torn: u64,
}

/// What reports ended with.
pub struct Ended {
    /// There is something in one of them.
    pub found: bool,
    /// Those that are documents of their own, by their place among the reports.
    pub documents: Vec<(usize, Vec<u8>)>,
}

impl View {
    /// The summary of everything.
    pub const OVERVIEW: View = View { name: "summary", content: Content::Overview, summary: false };

    fn kind(&self) -> Option<&'static Kind> {
        if let Content::Rows(kind) = self.content { Some(kind) } else { None }
    }

    /// Whether rows are printed, not totals.
    fn is_detailed(&self) -> bool {
        !self.summary && self.kind().is_some() && !self.is_log_times()
    }

    /// Whether this is `-t`.
    fn is_log_times(&self) -> bool {
        self.kind().is_some_and(|kind| std::ptr::eq(kind, &kind::LOG_TIMES))
    }

    /// Whether totals are asked for that there are none of.
    fn lacks_totals(&self) -> bool {
        self.summary && self.kind().is_some_and(|kind| kind.summary.is_none())
    }

    fn is_document(&self) -> bool {
        matches!(self.content, Content::Svg(_) | Content::Html(_))
    }

    fn wanted(&self, interpret: bool) -> FieldSet {
        let wanted = match self.content {
            Content::Rows(kind) => kind.wanted,
            Content::Overview => kind::OF_EVERYTHING,
            _ => kind::OF_PICTURES,
        };
        if interpret { wanted.with(FieldSet::ARCH) } else { wanted }
    }
}

/// What is to be reported.
#[derive(Default)]
pub struct Request {
    /// The reports, in the order in which they are printed.
    pub views: Vec<View>,
    /// How they are written.
    pub format: Format,
    /// The rows of a timeline.
    pub by: By,
    /// Totals have bars.
    pub bars: bool,
    /// Where pictures of text are drawn.
    pub canvas: Canvas,
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
struct Table {
    view: View,
    wanted: FieldSet,
    rows: u64,
    tally: Tally,
    overview: Overview,
    coverage: Coverage,
    picture: Option<Picture>,
    /// Rows that were not taken away. Those of the first report never wait.
    text: Vec<u8>,
}

impl Table {
    /// Whether there is nothing to say.
    fn is_empty(&self) -> bool {
        match self.view.content {
            Content::Overview => false,
            Content::Coverage => self.coverage.is_empty(),
            Content::Timeline(_) | Content::Svg(_) | Content::Html(_) => {
                self.picture.as_ref().is_none_or(|picture| picture.is_empty())
            }
            Content::Rows(_) if self.view.summary => self.tally.is_empty(),
            Content::Rows(_) => self.view.is_detailed() && self.rows == 0,
        }
    }
}

/// Reports in the making.
pub struct Reports<'n> {
    request: Request,
    tables: Vec<Table>,
    fields: EventFields,
    dates: Dates,
    users: Users<'n>,
    scratch: Vec<u8>,
    origin: Origin,
}

impl<'n> Reports<'n> {
    /// `names` are those of this host; `local` is the way from seconds since 1970 UTC to local time.
    pub fn new(request: Request, names: &'n dyn Names, local: fn(i64) -> Date) -> Reports<'n> {
        let table = |view: &View| Table {
            view: *view,
            wanted: view.wanted(request.interpret),
            rows: 0,
            tally: Tally::default(),
            overview: Overview::default(),
            coverage: Coverage::default(),
            picture: Picture::new(view.content),
            text: Vec::new(),
        };
        Reports {
            tables: request.views.iter().map(table).collect(),
            fields: EventFields::default(),
            dates: Dates::new(local),
            users: Users::new(names, request.interpret),
            scratch: Vec::new(),
            origin: Origin::default(),
            request,
        }
    }

    /// Says where the events came from, before the reports are finished.
    pub fn set_origin(&mut self, origin: Origin) {
        self.origin = origin;
    }

    /// The rows of each report but the first, to be taken away.
    pub fn waiting(&mut self) -> impl Iterator<Item = &mut Vec<u8>> {
        self.tables.iter_mut().skip(1).map(|table| &mut table.text)
    }

    /// Begins the reports: appends what stands above the first. False if one is asked for that there is none of: its title is the
    /// last thing to be printed.
    pub fn begin(&mut self, out: &mut Vec<u8>) -> bool {
        let mut tables = std::mem::take(&mut self.tables);
        let missing = tables.iter().position(|table| table.view.lacks_totals());
        for (number, table) in tables.iter_mut().enumerate() {
            if missing.is_none_or(|missing| missing == number) {
                let text = if number == 0 || missing.is_some() { &mut *out } else { &mut table.text };
                self.title(&table.view, text);
            }
        }
        self.tables = tables;
        missing.is_none()
    }

    fn title(&self, view: &View, out: &mut Vec<u8>) {
        let heading = match view.content {
            Content::Overview => Some(&overview::HEADING),
            Content::Coverage => Some(&coverage::HEADING),
            Content::Timeline(_) => Some(&picture::HEADING),
            Content::Svg(_) | Content::Html(_) => return,
            Content::Rows(kind) if view.summary => kind.summary.as_ref(),
            Content::Rows(kind) => Some(&kind.detail),
        };
        match (self.request.format, heading) {
            (Format::Text, heading) => {
                out.push(b'\n');
                if view.summary || matches!(view.content, Content::Overview) {
                    self.qualifier(out);
                }
                heading.into_iter().for_each(|heading| push_heading(heading, out));
            }
            (Format::Csv, Some(heading)) if view.kind().is_some() => push_names(out, &mut |cells| {
                let names = if view.is_log_times() { &LOG_TIME_COLUMNS[..] } else { &[] };
                let time = ["time"].into_iter().filter(|_| view.is_detailed());
                let names = names.iter().copied().chain(time).chain(heading.names());
                names.for_each(|name| cells.number(name, None));
            }),
            _ => {}
        }
    }

    /// COMPAT: only totals say in their title that they count failures or successes alone.
    fn qualifier(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(match self.request.success {
            Some(true) => b"Success ",
            Some(false) => b"Failed ",
            None => b"",
        });
    }

    /// Takes an event: counts it, and appends its rows, those of the first report to `out`. For a report that needs what the
    /// event lacks it is malformed and left out; the error names the record.
    pub fn event(&mut self, event: &Event, out: &mut Vec<u8>) -> Result<(), (usize, Malformed)> {
        if !self.is_admitted(event) {
            return Ok(());
        }
        let classes = Class::of(event);
        let mut tables = std::mem::take(&mut self.tables);
        let (mut read, mut malformed) = (None, Ok(()));
        for (number, table) in tables.iter_mut().enumerate() {
            if matches!(table.view.content, Content::Coverage) {
                table.coverage.add(event);
                continue;
            }
            // What is wanted decides what is malformed, and where a field is sought: each report reads for itself.
            if read != Some(table.wanted) {
                read = Some(table.wanted);
                let extracted = extract(event, table.wanted, &mut self.fields);
                if extracted.is_err() {
                    read = None;
                }
                // A picture shows all events.
                if let (Err(error), None) = (extracted, &table.picture) {
                    malformed = malformed.and(Err(error));
                    continue;
                }
            }
            if number == 0 {
                std::mem::swap(&mut table.text, out);
            }
            self.take(event, classes, table);
            if number == 0 {
                std::mem::swap(&mut table.text, out);
            }
        }
        self.tables = tables;
        malformed
    }

    fn take(&mut self, event: &Event, classes: Class, table: &mut Table) {
        let is_other = |yes| self.fields.success != Some(if yes { SUCCEEDED } else { FAILED });
        if self.request.success.is_some_and(is_other) {
            return;
        }
        match table.view.content {
            Content::Overview => table.overview.add(classes, &self.fields),
            Content::Rows(kind) if table.view.summary => self.count(kind.counts, event, classes, &mut table.tally),
            Content::Rows(kind) if self.selects(kind.selects, event, classes) => self.rows(kind, event, table),
            Content::Rows(_) | Content::Coverage => {}
            Content::Timeline(_) | Content::Svg(_) | Content::Html(_) => {
                table.picture.iter_mut().for_each(|picture| self.draw(event, classes, picture));
            }
        }
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

    fn count(&mut self, counts: Counts, event: &Event, classes: Class, tally: &mut Tally) {
        let fields = &self.fields;
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
            Counts::Authentications => self.count_user(event, self.fields.auid.is_none(), tally),
            Counts::Logins if !classes.has(Class::USER_LOGIN) => {}
            Counts::Logins => {
                self.count_user(event, self.fields.auid.is_none_or(|auid| (auid as i32) < 0), tally);
            }
            Counts::Auids if fields.auid.is_none_or(|auid| auid == NO_AUID) => {}
            Counts::Auids => self.count_user(event, false, tally),
            Counts::Syscalls if fields.syscall.is_none_or(|number| number as i32 <= 0) => {}
            Counts::Syscalls => {
                self.scratch.clear();
                row::push_syscall(self.request.interpret, fields, &mut self.scratch);
                tally.add(&self.scratch);
            }
        }
    }

    /// Counts the account, if that may stand for the user and there is one, else the auid.
    fn count_user(&mut self, event: &Event, by_account: bool, tally: &mut Tally) {
        if let Some(account) = self.fields.account.filter(|_| by_account) {
            return tally.add(self.fields.text(account));
        }
        self.scratch.clear();
        let auid = self.fields.auid.unwrap_or(NO_AUID);
        self.users.push_of(event, b"auid", auid, &mut self.scratch);
        tally.add(&self.scratch);
    }

    /// The file `path` ends. `range` is that of its events.
    pub fn end_of_file(&mut self, path: &[u8], range: Option<Range>, out: &mut Vec<u8>) {
        let mut tables = std::mem::take(&mut self.tables);
        for (number, table) in tables.iter_mut().enumerate().filter(|(_, table)| table.view.is_log_times()) {
            self.log_times(path, range, if number == 0 { &mut *out } else { &mut table.text });
        }
        self.tables = tables;
    }

    /// Appends `path: FIRST - LAST`, or that there is nothing in the log.
    fn log_times(&mut self, path: &[u8], range: Option<Range>, out: &mut Vec<u8>) {
        let [file, first, last] = LOG_TIME_COLUMNS;
        if self.request.format != Format::Text {
            return push_row(self.request.format, kind::LOG_TIMES_NAME, out, &mut |cells| {
                cells.text(file, Some(path), self.request.escape);
                self.moment(first, range.map(|range| range.first), cells);
                self.moment(last, range.map(|range| range.last), cells);
            });
        }
        out.extend_from_slice(path);
        let Some(range) = range else { return out.extend_from_slice(b": no records\n") };
        out.extend_from_slice(b": ");
        self.range(range, out);
    }

    fn moment(&mut self, name: &str, moment: Option<EventId>, cells: &mut Cells) {
        match moment {
            Some(id) => cells.time(name, &self.dates.of(id.sec as i64), id.milli),
            None => cells.text(name, None, Escape::Raw),
        }
    }

    fn range(&mut self, range: Range, out: &mut Vec<u8>) {
        push_moment(&mut self.dates, range.first, out);
        out.extend_from_slice(b" - ");
        push_moment(&mut self.dates, range.last, out);
        out.push(b'\n');
    }

    /// Ends the reports, the first one first: appends to `out` what was counted. Between two reports `next` is called, to put
    /// the rows of the second that were taken away where they belong. `range` is that of the whole log. Gives back whether
    /// there is anything in one of them, and the documents, which are not appended.
    pub fn finish<E>(
        mut self,
        range: Range,
        out: &mut Vec<u8>,
        mut next: impl FnMut(usize, &mut Vec<u8>) -> Result<(), E>,
    ) -> Result<Ended, E> {
        let mut ended = Ended { found: false, documents: Vec::new() };
        for (number, mut table) in std::mem::take(&mut self.tables).into_iter().enumerate() {
            if table.view.is_document() {
                ended.found |= !table.is_empty();
                ended.documents.extend(table.picture.map(|picture| (number, self.document(picture))));
                continue;
            }
            if number > 0 {
                if self.request.format == Format::Csv {
                    out.push(b'\n');
                }
                next(number, out)?;
                out.append(&mut table.text);
            }
            ended.found |= self.end(table, range, out);
        }
        Ok(ended)
    }

    fn end(&mut self, table: Table, range: Range, out: &mut Vec<u8>) -> bool {
        let view = table.view;
        let is_text = self.request.format == Format::Text;
        let is_empty = table.is_empty();
        if is_empty && is_text {
            out.extend_from_slice(NOTHING);
        }
        match view.content {
            Content::Overview if is_text => self.finish_overview(&table.overview, range, out),
            Content::Overview => self.overview_row(&table.overview, range, out),
            Content::Rows(kind) if view.summary => self.totals(kind, &table, out),
            Content::Rows(_) => {}
            Content::Coverage => self.finish_coverage(table.coverage, out),
            Content::Timeline(_) => {
                table.picture.into_iter().for_each(|picture| self.finish_timeline(picture, out));
            }
            Content::Svg(_) | Content::Html(_) => {}
        }
        !is_empty || view.kind().is_some_and(|_| view.summary)
    }

    /// Appends what was counted. COMPAT: types are numbers where people read them, unless words are asked for.
    fn totals(&mut self, kind: &Kind, table: &Table, out: &mut Vec<u8>) {
        let is_text = self.request.format == Format::Text;
        let mut value = Vec::new();
        let mut peak = 0;
        match kind.counts {
            Counts::Pids | Counts::Types(_) | Counts::EveryType => {
                for (count, number) in table.tally.numbers_by_count() {
                    peak = peak.max(count);
                    value.clear();
                    let record_type = RecordType(number as u32);
                    let is_named = kind.counts != Counts::Pids && (self.request.interpret || !is_text);
                    match is_named && (is_text || row::has_name(record_type)) {
                        true => row::push_type(record_type, &mut value),
                        false => number::push_signed(&mut value, i64::from(number)),
                    }
                    self.total(kind, &table.view, [count, peak], &value, Escape::Raw, out);
                }
            }
            // COMPAT: of hosts, terminals and labels only control bytes are escaped. A user that begins with a digit or a dash is
            // a number again.
            counts => {
                let mode = match counts {
                    Counts::Hosts | Counts::Terminals | Counts::Objects => row::control_bytes(self.request.escape),
                    _ => self.request.escape,
                };
                let are_users = matches!(counts, Counts::Authentications | Counts::Logins | Counts::Auids);
                for (count, text) in table.tally.by_count() {
                    peak = peak.max(count);
                    value.clear();
                    if are_users && matches!(text.first(), Some(b'-' | b'0'..=b'9')) {
                        let uid = number::parse_signed_prefix(text, 10).unwrap_or(i64::from(UNSET)) as u32;
                        self.users.push(uid, &mut value);
                    } else {
                        value.extend_from_slice(text);
                    }
                    self.total(kind, &table.view, [count, peak], &value, mode, out);
                }
            }
        }
    }

    fn total(&self, kind: &Kind, view: &View, [count, peak]: [u64; 2], value: &[u8], mode: Escape, out: &mut Vec<u8>) {
        if self.request.format == Format::Text {
            if self.request.bars {
                self.request.canvas.push_bar(count, peak, self.request.canvas.width / 3, out);
                out.push(b' ');
            }
            number::push(out, count);
            out.extend_from_slice(b"  ");
            escape(value, mode, out);
            return out.push(b'\n');
        }
        push_row(self.request.format, view.name, out, &mut |cells| {
            let mut names = kind.summary.iter().flat_map(Heading::names);
            cells.number(names.next().unwrap_or_default(), Some(count));
            let name = names.next().unwrap_or_default();
            match kind.counts {
                Counts::Pids => cells.number(name, number::parse_prefix(value, 10)),
                _ => cells.text(name, Some(value), mode),
            }
        });
    }

    fn finish_overview(&mut self, overview: &Overview, range: Range, out: &mut Vec<u8>) {
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
        overview.print(out);
    }

    fn finish_coverage(&mut self, coverage: Coverage, out: &mut Vec<u8>) {
        let facts = coverage.finish(&self.origin);
        if self.request.format == Format::Csv {
            push_names(out, &mut |cells| {
                coverage::Fact::default().give(cells, &mut |name, id, cells| self.moment(name, id, cells))
            });
        }
        for fact in facts {
            match self.request.format {
                Format::Text => fact.print(out, &mut |id, out| push_moment(&mut self.dates, id, out)),
                format => push_row(format, coverage::NAME, out, &mut |cells| {
                    fact.give(cells, &mut |name, id, cells| self.moment(name, id, cells));
                }),
            }
        }
    }

    fn overview_row(&mut self, overview: &Overview, range: Range, out: &mut Vec<u8>) {
        let format = self.request.format;
        let mut fill = |cells: &mut Cells| {
            self.moment("first", Some(range.first), cells);
            self.moment("last", Some(range.last), cells);
            overview.give(cells);
        };
        if format == Format::Csv {
            push_names(out, &mut fill);
        }
        push_row(format, View::OVERVIEW.name, out, &mut fill);
    }
}

/// The columns of `-t`.
const LOG_TIME_COLUMNS: [&str; 3] = ["file", "first", "last"];

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

/// Appends date, time and milliseconds.
fn push_moment(dates: &mut Dates, id: EventId, out: &mut Vec<u8>) {
    dates.of(id.sec as i64).push(out);
    out.push(b'.');
    number::push_wide(out, u64::from(id.milli), 3);
}
