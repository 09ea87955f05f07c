//! What is to be reported.

use super::cells::Format;
use super::kind::{self, ReportKind};
use super::picture::Canvas;
use super::timeline::By;
use crate::query::extract::FieldSet;
use crate::record::{EventId, RecordType};
use crate::text::date::Dates;
use crate::text::{Escape, number};

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
    Rows(&'static ReportKind),
    /// How complete the log is.
    Coverage,
    /// Events over time, in periods of at least that many seconds; of 0 the shortest.
    Timeline(u64),
    /// The same as a picture: a document of its own.
    Svg(u64),
    /// A page with what matters first: a document of its own.
    Html(u64),
}

/// What reports ended with.
pub struct Ended {
    /// There is something in one of them.
    pub found: bool,
    /// Those that are documents of their own, by their place among the reports.
    pub documents: Vec<(usize, Vec<u8>)>,
    /// Seconds of the periods of a timeline for programs, where those that were asked for are too many: what was asked for, and what
    /// they are.
    pub lengthened: Option<[u64; 2]>,
}

impl View {
    /// The summary of everything.
    pub const OVERVIEW: View = View { name: "summary", content: Content::Overview, summary: false };

    pub(super) fn kind(&self) -> Option<&'static ReportKind> {
        if let Content::Rows(kind) = self.content { Some(kind) } else { None }
    }

    /// Whether rows are printed, not totals.
    pub(super) fn is_detailed(&self) -> bool {
        !self.summary && self.kind().is_some() && !self.is_log_times()
    }

    /// Whether this is `-t`.
    pub(super) fn is_log_times(&self) -> bool {
        self.kind().is_some_and(|kind| std::ptr::eq(kind, &kind::LOG_TIMES))
    }

    /// Whether totals are asked for that there are none of.
    pub(super) fn lacks_totals(&self) -> bool {
        self.summary && self.kind().is_some_and(|kind| kind.summary.is_none())
    }

    pub(super) fn is_document(&self) -> bool {
        matches!(self.content, Content::Svg(_) | Content::Html(_))
    }

    pub(super) fn wanted(&self, interpret: bool) -> FieldSet {
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
    /// First and last millisecond since 1970, both included.
    pub start: Option<u64>,
    /// See `start`.
    pub end: Option<u64>,
}

impl Request {
    /// Types of which each event has a record that one of the reports can say anything of; none where that can be any event.
    pub fn kinds(&self) -> Vec<RecordType> {
        let matters =
            |record_type| self.views.iter().any(|view| view.kind().is_none_or(|kind| kind.can_be_about(record_type)));
        if matters(RecordType::UNRECOGNISED) {
            return Vec::new();
        }
        (0..=2999).map(RecordType).filter(|record_type| matters(*record_type)).collect()
    }

    /// Whether an event of this time is reported on.
    pub fn in_range(&self, id: EventId) -> bool {
        id.is_between(self.start, self.end)
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

/// The columns of `-t`.
pub(super) const LOG_TIME_COLUMNS: [&str; 3] = ["file", "first", "last"];

/// A key that says that there is none.
pub(super) const NO_KEY: &[u8] = b"(null)";

/// The id that stands for none: -1.
pub(super) const UNSET: u32 = u32::MAX;

/// COMPAT: the auid of an event that has none is -2.
pub(super) const NO_AUID: u32 = u32::MAX - 1;

/// Appends date, time and milliseconds.
pub(super) fn push_moment(dates: &mut Dates, id: EventId, out: &mut Vec<u8>) {
    dates.of(id.sec as i64).push(out);
    out.push(b'.');
    number::push_wide(out, u64::from(id.milli), 3);
}
