//! `aureport --html`: one self-contained page without scripts, for a case file: what it is made of, a timeline, the most frequent keys, users, programs
//! and failed logins, and how complete the log is.
//!
//! A program without the feature `pictures` makes no [`Picture`]: what only pictures need is left out of it.

use super::coverage::Fact;
use super::origin::Origin;
use super::picture::{push_svg, push_xml};
use super::request::{Change, Content, Request, push_moment};
use super::tally::Tally;
use super::timeline::Timeline;
use crate::text::date::Dates;
use crate::text::number;
use gate::{GATE, Gate};

/// Lines of a table.
const MOST: usize = 15;
/// Lines of coverage.
const MOST_FACTS: usize = 500;

/// The tables by their titles.
pub(super) const TABLES: [&str; 4] = ["Keys", "Users", "Programs", "Failed logins"];

/// What the page shows.
pub(super) struct Page {
    pub(super) timeline: Timeline,
    /// In the order of [`TABLES`].
    pub(super) tallies: [Tally; 4],
}

/// Stands in every picture. Without the feature it is a type without values, so that no code that has one is compiled.
#[cfg(feature = "pictures")]
mod gate {
    pub(super) type Gate = ();
    pub(super) const GATE: Option<Gate> = Some(());
}
#[cfg(not(feature = "pictures"))]
mod gate {
    pub(super) type Gate = std::convert::Infallible;
    pub(super) const GATE: Option<Gate> = None;
}

/// A picture in the making. Not in a box itself: the compiler knows of the gate that there is none, but not of a box with it.
pub(super) struct Picture {
    pub(super) content: Content,
    pub(super) page: Box<Page>,
    _gate: Gate,
}

impl Picture {
    /// Nothing for a report that is none.
    pub(super) fn new(content: Content) -> Option<Picture> {
        let (Content::Timeline(period) | Content::Svg(period) | Content::Html(period)) = content else { return None };
        GATE.map(|_gate| {
            let page = Box::new(Page { timeline: Timeline::new(period), tallies: Default::default() });
            Picture { content, page, _gate }
        })
    }

    /// Whether there was no event.
    pub(super) fn is_empty(&self) -> bool {
        self.page.timeline.events == 0
    }
}

const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n\
<meta name=\"viewport\" content=\"width=device-width\"/>\n<title>Audit report</title>\n<style>\n\
body{font:14px sans-serif;color:#222;background:#fff;max-width:75em;margin:1em auto;padding:0 1em}\n\
div{overflow-x:auto;border:1px solid #ddd}\n\
svg{display:block;width:100%;min-width:900px}\n\
main{display:grid;grid-template-columns:repeat(auto-fit,minmax(20em,1fr));gap:1em 2em}\n\
section{min-width:0}\n\
h2{font-size:16px;border-bottom:1px solid #ddd}\n\
table{border-collapse:collapse;width:100%;table-layout:fixed}\n\
td{padding:2px 4px;overflow:hidden;overflow-wrap:anywhere;vertical-align:top}\n\
td:first-child{width:6em;text-align:right}\n\
td i{display:block;height:4px;background:#0072b2}\n\
pre{white-space:pre-wrap;overflow-wrap:anywhere}\n\
</style>\n</head>\n<body>\n<h1>Audit report</h1>\n";

/// What is selected of the log: of its events by their results and kinds, and of its machines. Nothing where all is.
fn selection(request: &Request) -> Vec<u8> {
    let words = [
        match request.success {
            Some(true) => "successful events",
            Some(false) => "failed events",
            None => "",
        },
        if request.no_config { "no changes of the configuration" } else { "" },
        match request.without {
            Some(Change::Additions) => "no additions",
            Some(Change::Deletions) => "no deletions",
            None => "",
        },
    ];
    let nodes = request.nodes.iter().map(|node| [b"node ", node.as_slice()].concat());
    let words = words.into_iter().filter(|word| !word.is_empty()).map(|word| word.as_bytes().to_vec());
    words.chain(nodes).collect::<Vec<_>>().join(&b", "[..])
}

/// Appends the beginning of the page, up to what says what it is made of.
pub(super) fn push_head(origin: &Origin, request: &Request, dates: &mut Dates, out: &mut Vec<u8>) {
    out.extend_from_slice(HEAD.as_bytes());
    let [mut log, mut host, mut only] = [Vec::new(), Vec::new(), Vec::new()];
    push_xml(&origin.input, &mut log);
    push_xml(&origin.host, &mut host);
    push_xml(&selection(request), &mut only);
    let mut moment = |second: i64| {
        let mut text = Vec::new();
        let date = dates.of(second);
        date.push(&mut text);
        text.push(b' ');
        date.push_offset(&mut text);
        text
    };
    let [from, to] = [request.start, request.end].map(|point| point.map(|millis| moment((millis / 1000) as i64)));
    let made = moment(origin.made);
    out.extend_from_slice(b"<table>\n");
    for (name, text) in [
        ("Log", &*log),
        ("From", from.as_deref().unwrap_or(b"its beginning")),
        ("To", to.as_deref().unwrap_or(b"its end")),
        ("Only", &only),
        ("Made", &made),
        ("Made on", &host),
    ] {
        if text.is_empty() {
            continue;
        }
        [b"<tr><td>", name.as_bytes(), b"</td><td>", text, b"</td></tr>\n"]
            .into_iter()
            .for_each(|part| out.extend_from_slice(part));
    }
    out.extend_from_slice(b"</table>\n");
}

/// Appends the rest of the page.
pub(super) fn push(page: &mut Page, facts: &[Fact], title: &str, dates: &mut Dates, out: &mut Vec<u8>) {
    let mut lines = Vec::new();
    for fact in facts.iter().take(MOST_FACTS) {
        fact.print(&mut lines, &mut |id, out| push_moment(dates, id, out));
    }
    out.extend_from_slice(b"<div>\n");
    push_svg(&mut page.timeline, facts, title, dates, out);
    out.extend_from_slice(b"</div>\n<main>\n");
    for (title, tally) in TABLES.into_iter().zip(&page.tallies) {
        push_table(title, tally, out);
    }
    out.extend_from_slice(b"</main>\n<h2>Coverage and losses</h2>\n<pre>");
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        push_xml(line.trim_ascii_end(), out);
        out.push(b'\n');
    }
    if let Some(more) = facts.len().checked_sub(MOST_FACTS + 1) {
        out.extend_from_slice(b"and more: ");
        number::push(out, more as u64 + 1);
    }
    out.extend_from_slice(b"</pre>\n</body>\n</html>\n");
}

fn push_table(title: &str, tally: &Tally, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<section><h2>");
    out.extend_from_slice(title.as_bytes());
    out.extend_from_slice(b"</h2>\n<table>\n");
    let peak = tally.by_count().next().map_or(1, |(count, _)| count);
    for (count, value) in tally.by_count().take(MOST) {
        out.extend_from_slice(b"<tr><td>");
        number::push(out, count);
        out.extend_from_slice(b"</td><td>");
        push_xml(value, out);
        out.extend_from_slice(b"<i style=\"width:");
        number::push(out, (count * 100 / peak).max(1));
        out.extend_from_slice(b"%\"></i></td></tr>\n");
    }
    out.extend_from_slice(b"</table>\n");
    if tally.is_empty() {
        out.extend_from_slice(b"<p>none</p>\n");
    } else if tally.len() > MOST {
        out.extend_from_slice(b"<p>and ");
        number::push(out, (tally.len() - MOST) as u64);
        out.extend_from_slice(b" more</p>\n");
    }
    out.extend_from_slice(b"</section>\n");
}
