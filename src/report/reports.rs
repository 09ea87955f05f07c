//! Reports in the making: events are taken one after another, for any number of reports at once.

use super::cells::{Cells, Format, push_names, push_row};
use super::class::Class;
use super::coverage::{self, Coverage};
use super::kind::{self, Heading, Selects};
use super::names::Users;
use super::origin::Origin;
use super::overview::{self, Overview};
use super::page::Picture;
use super::picture;
use super::request::{
    Change, Content, Ended, LOG_TIME_COLUMNS, NO_KEY, NOTHING, Range, Request, UNSET, View, push_moment,
};
use super::tally::Tally;
use crate::event::Event;
use crate::interpret::Names;
use crate::query::extract::{EventFields, FAILED, FieldSet, Malformed, SUCCEEDED, extract};
use crate::record::{EventId, RecordType};
use crate::text::Escape;
use crate::text::date::{Date, Dates};

/// One report in the making.
pub(super) struct Table {
    pub(super) view: View,
    pub(super) wanted: FieldSet,
    pub(super) rows: u64,
    pub(super) tally: Tally,
    pub(super) overview: Overview,
    pub(super) coverage: Coverage,
    pub(super) picture: Option<Picture>,
    /// Rows that were not taken away. Those of the first report never wait.
    pub(super) text: Vec<u8>,
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
    pub(super) request: Request,
    pub(super) tables: Vec<Table>,
    pub(super) fields: EventFields,
    pub(super) dates: Dates,
    pub(super) users: Users<'n>,
    pub(super) scratch: Vec<u8>,
    pub(super) origin: Origin,
    pub(super) lengthened: Option<[u64; 2]>,
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
            lengthened: None,
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
        if !self.is_in_reach(event) {
            return Ok(());
        }
        // How complete the trail is does not depend on what is selected of it.
        for table in &mut self.tables {
            match &mut table.picture {
                Some(picture) => picture.page.timeline.coverage.add(event),
                None if matches!(table.view.content, Content::Coverage) => table.coverage.add(event),
                None => {}
            }
        }
        if self.is_left_out(event) {
            return Ok(());
        }
        let classes = Class::of(event);
        let mut tables = std::mem::take(&mut self.tables);
        let (mut read, mut malformed) = (None, Ok(()));
        for (number, table) in tables.iter_mut().enumerate() {
            if matches!(table.view.content, Content::Coverage) {
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
            Content::Overview => table.overview.add(event.part() > Some(0), classes, &self.fields),
            Content::Rows(kind) if table.view.summary => self.count(kind.counts, event, classes, &mut table.tally),
            Content::Rows(kind) if self.selects(kind.selects, event, classes) => self.rows(kind, event, table),
            Content::Rows(_) | Content::Coverage => {}
            Content::Timeline(_) | Content::Svg(_) | Content::Html(_) => {
                table.picture.iter_mut().for_each(|picture| self.draw(event, classes, picture));
            }
        }
    }

    /// Whether an event is of the range and the machines that are asked for.
    fn is_in_reach(&self, event: &Event) -> bool {
        let request = &self.request;
        let is_from_there = |node: &[u8]| request.nodes.iter().any(|wanted| wanted == node);
        request.in_range(event.id()) && (request.nodes.is_empty() || event.node().is_some_and(is_from_there))
    }

    /// Whether an event is of a kind that is not to be shown.
    fn is_left_out(&self, event: &Event) -> bool {
        let request = &self.request;
        let (first, last) = match request.without {
            None => (false, false),
            Some(Change::Deletions) => (true, false),
            Some(Change::Additions) => (false, true),
        };
        match event.record_type() {
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
        }
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

    /// Says of the file `path`, of whose events the range is this, from when to when it goes.
    pub fn log_times(&mut self, path: &[u8], range: Option<Range>, out: &mut Vec<u8>) {
        let mut tables = std::mem::take(&mut self.tables);
        for (number, table) in tables.iter_mut().enumerate().filter(|(_, table)| table.view.is_log_times()) {
            self.times_of(path, range, if number == 0 { &mut *out } else { &mut table.text });
        }
        self.tables = tables;
    }

    /// Appends `path: FIRST - LAST`, or that there is nothing in the log.
    fn times_of(&mut self, path: &[u8], range: Option<Range>, out: &mut Vec<u8>) {
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

    pub(super) fn moment(&mut self, name: &str, moment: Option<EventId>, cells: &mut Cells) {
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
        let mut ended = Ended { found: false, documents: Vec::new(), lengthened: None };
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
        Ok(Ended { lengthened: self.lengthened, ..ended })
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

    fn finish_overview(&mut self, overview: &Overview, range: Range, out: &mut Vec<u8>) {
        out.extend_from_slice(b"Range of time in logs: ");
        self.range(range, out);
        out.extend_from_slice(b"Selected time for report: ");
        let start = self.request.start.map_or(range.first.sec, |start| start / 1000);
        self.dates.of(start as i64).push(out);
        out.extend_from_slice(b" - ");
        match self.request.end {
            Some(end) => self.dates.of((end / 1000) as i64).push(out),
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

pub(super) fn is_authentication(classes: Class, fields: &EventFields) -> bool {
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
