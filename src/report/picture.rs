//! Pictures of a [`Timeline`]: bars in a terminal, and a standalone SVG without scripts or fonts of its own.
//!
//! Each row has its own scale; its total stands at the end. A period without events is empty; times without a daemon and losses
//! have rows, or stripes, of their own. Whatever a log says is escaped: [`push_xml`].

use super::coverage::Fact;
use super::kind::Heading;
use super::timeline::{DAY, Row, Timeline, WEEK, round_period};
use crate::record::EventId;
use crate::text::date::{Date, Dates};
use crate::text::{Escape, escape, number, width};

/// What a terminal can show.
#[derive(Clone, Copy, Debug)]
pub struct Canvas {
    /// Characters of a line.
    pub width: usize,
    /// Block characters of Unicode, or ASCII alone.
    pub utf8: bool,
    /// Colours.
    pub color: bool,
}

impl Default for Canvas {
    fn default() -> Canvas {
        Canvas { width: 80, utf8: false, color: false }
    }
}

/// What JSON calls a timeline.
pub(super) const NAME: &str = "timeline";

pub(super) static HEADING: Heading = Heading { title: "Timeline", columns: "", above: LEAST_WIDTH as u8, below: 0 };

/// Rows of a picture.
const MOST_ROWS: usize = 20;
/// Characters of a row's name.
const LONGEST_NAME: usize = 24;
/// Characters of a line that are made use of, whatever the terminal has: those of a name, a bar and a total.
const LEAST_WIDTH: usize = 20;

const BARS: [&str; 9] =
    [" ", "\u{2581}", "\u{2582}", "\u{2583}", "\u{2584}", "\u{2585}", "\u{2586}", "\u{2587}", "\u{2588}"];
const ASCII_BARS: &[u8; 9] = b" .:-=+*#@";
const LEFT_BLOCKS: [&str; 9] =
    ["", "\u{258f}", "\u{258e}", "\u{258d}", "\u{258c}", "\u{258b}", "\u{258a}", "\u{2589}", "\u{2588}"];

impl Canvas {
    fn paint(&self, color: &[u8], out: &mut Vec<u8>) {
        if self.color {
            out.extend_from_slice(color);
        }
    }

    /// Appends a bar of up to `width` characters, and blanks up to there.
    pub(super) fn push_bar(&self, count: u64, peak: u64, width: usize, out: &mut Vec<u8>) {
        let eighths = (count.saturating_mul(width as u64 * 8) / peak.max(1)).max(1) as usize;
        let (whole, part) = if self.utf8 { (eighths / 8, eighths % 8) } else { (eighths.div_ceil(8), 0) };
        self.paint(BAR_COLOR, out);
        let block = if self.utf8 { BARS[8] } else { "#" };
        (0..whole).for_each(|_| out.extend_from_slice(block.as_bytes()));
        out.extend_from_slice(LEFT_BLOCKS.get(part).copied().unwrap_or_default().as_bytes());
        self.paint(NO_COLOR, out);
        out.resize(out.len() + width.saturating_sub(whole + usize::from(part > 0)), b' ');
    }
}

const BAR_COLOR: &[u8] = b"\x1b[36m";
const LOSS_COLOR: &[u8] = b"\x1b[31m";
const NO_COLOR: &[u8] = b"\x1b[0m";

/// How many of eight levels a count has: at least one if there is anything.
fn level(count: u64, peak: u64) -> usize {
    (count.saturating_mul(8).div_ceil(peak.max(1))).min(8) as usize
}

/// The front of a name that takes at most `most` columns, as a terminal may show it: one without UTF-8 in ASCII alone.
fn short(name: &[u8], most: usize, utf8: bool) -> String {
    let mut text = Vec::new();
    escape(name, Escape::Tty, &mut text);
    let mut text = match utf8 {
        true => String::from_utf8_lossy(&text).into_owned(),
        false => text.iter().fold(String::new(), |shown, byte| match byte.is_ascii() {
            true => shown + char::from(*byte).encode_utf8(&mut [0; 4]),
            false => format!("{shown}\\{byte:03o}"),
        }),
    };
    if width::of(&text) > most {
        let mut left = most - 1;
        let fits = |letter: &char| left.checked_sub(width::of_char(*letter)).map(|less| left = less).is_some();
        text = text.chars().take_while(fits).collect();
        text.push('~');
    }
    text
}

fn push_padded(text: &str, width: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(text.as_bytes());
    out.resize(out.len() + width.saturating_sub(width::of(text)), b' ');
}

fn digits(value: u64) -> usize {
    value.checked_ilog10().unwrap_or(0) as usize + 1
}

/// Appends a time in its largest whole unit: `15m`.
fn push_span(seconds: u64, out: &mut Vec<u8>) {
    let units = [(86_400, b'd'), (3600, b'h'), (60, b'm'), (1, b's')];
    let (unit, letter) = units.into_iter().find(|(unit, _)| seconds.is_multiple_of(*unit)).unwrap_or((1, b's'));
    number::push(out, seconds / unit);
    out.push(letter);
}

/// A time in its largest whole unit, as `15m`.
pub fn span(seconds: u64) -> String {
    let mut text = Vec::new();
    push_span(seconds, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Appends `MM/DD/YY HH:MM:SS`, with all of a year that two digits are not taken for.
fn push_moment(date: &Date, out: &mut Vec<u8>) {
    if (1969..2069).contains(&date.year) {
        return date.push(out);
    }
    date.push_day(out);
    out.truncate(out.len() - 2);
    number::push_signed(out, date.year.into());
    out.push(b' ');
    date.push_time(out);
}

/// Appends words in lines of at most so many characters.
fn push_wrapped(text: &[u8], width: usize, out: &mut Vec<u8>) {
    let mut column = 0;
    for word in text.split(|byte| *byte == b' ') {
        match column {
            0 => {}
            _ if column + 1 + word.len() > width => {
                out.push(b'\n');
                column = 0;
            }
            _ => {
                out.push(b' ');
                column += 1;
            }
        }
        out.extend_from_slice(word);
        column += word.len();
    }
    out.push(b'\n');
}

/// Appends what the picture shows.
fn push_caption(timeline: &Timeline, dates: &mut Dates, out: &mut Vec<u8>) {
    if timeline.events == 0 {
        return out.extend_from_slice(b"no events");
    }
    for (before, column) in [("", 0), (" - ", timeline.len)] {
        out.extend_from_slice(before.as_bytes());
        push_moment(&dates.of(timeline.begins(column)), out);
    }
    out.push(b' ');
    dates.of(timeline.begins(0)).push_offset(out);
    out.extend_from_slice(b", a column is ");
    push_span(timeline.period, out);
    out.extend_from_slice(b", ");
    number::push(out, timeline.events);
    out.extend_from_slice(if timeline.events == 1 { b" event" } else { b" events" });
    if timeline.beyond > 0 {
        push_parts(out, &[", ", " of them after the year 9999"], &[timeline.beyond]);
    }
}

/// The columns with a label, and the labels, which are at least so far apart, by what they say: times of one day, or dates too.
/// A column is `wide`.
fn labels(timeline: &Timeline, wide: usize, apart: [u64; 2], dates: &mut Dates) -> Vec<(u64, Vec<u8>)> {
    let is_long = timeline.len.saturating_mul(timeline.period) > DAY;
    let least = apart.map(|apart| timeline.period.saturating_mul(apart.div_ceil(wide.max(1) as u64)));
    let step = round_period(least[usize::from(is_long)], timeline.period);
    if step > WEEK {
        return month_labels(timeline, least[0], dates);
    }
    let is_round = |column: &u64| ((timeline.first + column) * timeline.period).is_multiple_of(step);
    let label = |column| {
        let (date, mut text) = (dates.of(timeline.begins(column)), Vec::new());
        date.push(&mut text);
        // `MM/DD/YY HH:MM:SS`
        let part = match (step, is_long) {
            (86_400.., _) => 0..8,
            (..60, _) => 9..17,
            (_, false) => 9..14,
            (_, true) => 0..14,
        };
        (column, text.get(part).unwrap_or_default().to_vec())
    };
    (0..timeline.len).filter(is_round).map(label).collect()
}

/// The columns in which months or years begin that are at least `least` seconds apart, and the month as `03/2026`, or the year.
fn month_labels(timeline: &Timeline, least: u64, dates: &mut Dates) -> Vec<(u64, Vec<u8>)> {
    let steps = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000, 12_000];
    let Some(step) = steps.into_iter().find(|step| *step as u64 * 28 * DAY >= least) else { return Vec::new() };
    let mut month = |second| {
        let date = dates.of(second);
        (i64::from(date.year) * 12 + i64::from(date.month) - 1).div_euclid(step)
    };
    let mut labels = Vec::new();
    let mut before = month(timeline.begins(0).saturating_sub(1));
    for column in 0..timeline.len {
        let number = month(timeline.begins(column + 1).saturating_sub(1));
        if std::mem::replace(&mut before, number) != number {
            let (first, mut text) = (number * step, Vec::new());
            if step < 12 {
                number::push_wide(&mut text, first.rem_euclid(12) as u64 + 1, 2);
                text.push(b'/');
            }
            number::push_signed(&mut text, first.div_euclid(12));
            labels.push((column, text));
        }
    }
    labels
}

/// Columns in which there was no daemon, or a loss was written down, with the totals.
struct Marks {
    losses: Vec<bool>,
    absences: Vec<bool>,
}

impl Marks {
    fn of(timeline: &Timeline, facts: &[Fact]) -> Marks {
        let mut marks =
            Marks { losses: vec![false; timeline.len as usize], absences: vec![false; timeline.len as usize] };
        let last = timeline.len.saturating_sub(1);
        let place = |id: EventId| timeline.column(id.sec).unwrap_or(last) as usize;
        for (is_loss, [from, to]) in facts.iter().filter_map(Fact::incident) {
            let columns = if is_loss { &mut marks.losses } else { &mut marks.absences };
            if let Some(columns) = columns.get_mut(place(from)..=place(to)) {
                columns.fill(true);
            }
        }
        marks
    }

    fn rows(&self) -> impl Iterator<Item = (&'static str, &[bool])> {
        let rows = [("lost", &*self.losses), ("no daemon", &*self.absences)];
        rows.into_iter().filter(|(_, columns)| columns.contains(&true))
    }
}

/// Appends the picture for a terminal.
pub(super) fn draw(timeline: &mut Timeline, facts: &[Fact], canvas: &Canvas, dates: &mut Dates, out: &mut Vec<u8>) {
    timeline.fit(u64::MAX);
    timeline.merge_after(MOST_ROWS);
    let total = digits(timeline.rows.iter().map(|row| row.total).max().unwrap_or(0));
    let room = canvas.width.max(LEAST_WIDTH).saturating_sub(total + 2);
    // Half of it, or less, is for the names.
    let longest = LONGEST_NAME.min(room / 2);
    let short = |name: &[u8]| short(name, longest, canvas.utf8);
    let names: Vec<String> = timeline.rows.iter().map(|row| short(&row.name)).collect();
    let name = names.iter().map(|name| width::of(name)).chain([longest.min(9)]).max().unwrap_or(0);
    let columns = room.saturating_sub(name);
    timeline.fit(columns as u64);
    // A column is as many characters wide as all have room for.
    let wide = columns / (timeline.len as usize).max(1);
    let marks = Marks::of(timeline, facts);
    let mut caption = Vec::new();
    push_caption(timeline, dates, &mut caption);
    push_wrapped(&caption, canvas.width.max(LEAST_WIDTH), out);
    for (row, text) in timeline.rows.iter().zip(&names) {
        push_padded(text, name + 1, out);
        canvas.paint(BAR_COLOR, out);
        let peak = row.counts.iter().copied().max().unwrap_or(0);
        for count in &row.counts {
            let level = level(*count, peak);
            let ascii = ASCII_BARS.get(level).map(std::slice::from_ref).unwrap_or_default();
            let bar = if canvas.utf8 { BARS.get(level).copied().unwrap_or(" ").as_bytes() } else { ascii };
            (0..wide).for_each(|_| out.extend_from_slice(bar));
        }
        canvas.paint(NO_COLOR, out);
        out.resize(out.len() + 1 + total - digits(row.total), b' ');
        number::push(out, row.total);
        out.push(b'\n');
    }
    for (text, columns) in marks.rows() {
        push_padded(&short(text.as_bytes()), name + 1, out);
        canvas.paint(LOSS_COLOR, out);
        for is_marked in columns {
            out.resize(out.len() + wide, if *is_marked { b'!' } else { b' ' });
        }
        canvas.paint(NO_COLOR, out);
        out.push(b'\n');
    }
    let mut axis = vec![b' '; name + 1 + timeline.len as usize * wide];
    for (column, label) in labels(timeline, wide, [10, 16], dates) {
        let at = name + 1 + column as usize * wide;
        let place = axis.get_mut(at..at + label.len() + 1);
        place
            .into_iter()
            .for_each(|place| place.iter_mut().zip([&b"|"[..], &label].concat()).for_each(|(to, byte)| *to = byte));
    }
    out.extend_from_slice(axis.trim_ascii_end());
    out.push(b'\n');
}

/// Units of the whole picture, of the bars, and of a row.
const WIDTH: u64 = 1000;
const LEFT: u64 = 190;
const BARS_WIDTH: u64 = 740;
const ROW: u64 = 22;
const TOP: u64 = 44;

/// Appends the picture as an SVG element.
pub(super) fn push_svg(timeline: &mut Timeline, facts: &[Fact], title: &str, dates: &mut Dates, out: &mut Vec<u8>) {
    timeline.fit(BARS_WIDTH / 2);
    timeline.merge_after(MOST_ROWS);
    let marks = Marks::of(timeline, facts);
    let column = BARS_WIDTH / timeline.len.max(1);
    let bottom = TOP + timeline.rows.len() as u64 * ROW;
    push_parts(out, &["<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 "], &[WIDTH]);
    push_parts(out, &[" ", "\" font-family=\"monospace\" font-size=\"12\">\n<title>"], &[bottom + 24]);
    out.extend_from_slice(title.as_bytes());
    push_parts(
        out,
        &["</title>\n<rect width=\"", "\" height=\"", "\" fill=\"#fff\"/>\n<text x=\"8\" y=\"18\">"],
        &[WIDTH, bottom + 24],
    );
    push_caption(timeline, dates, out);
    out.extend_from_slice(b"</text>\n");
    for (at, label) in labels(timeline, column as usize, [80, 130], dates) {
        let x = LEFT + at * column;
        push_parts(out, &["<path d=\"M", " ", "V", "\" stroke=\"#ccc\"/>"], &[x, TOP - 12, bottom + 4]);
        if x + 110 <= WIDTH {
            push_parts(out, &["<text x=\"", "\" y=\"", "\" fill=\"#555\">"], &[x, bottom + 18]);
            out.extend_from_slice(&label);
            out.extend_from_slice(b"</text>\n");
        }
    }
    for (name, columns) in marks.rows() {
        let color = if name == "lost" { "#D55E00" } else { "#999999" };
        push_parts(out, &["<path fill=\"", color, "\" fill-opacity=\"0.35\" d=\""], &[]);
        for (at, _) in columns.iter().enumerate().filter(|(_, is_marked)| **is_marked) {
            push_parts(
                out,
                &["M", " ", "h", "V", "h-", "z"],
                &[LEFT + at as u64 * column, TOP - 12, column, bottom + 4, column],
            );
        }
        push_parts(out, &["\"><title>", name, "</title></path>\n"], &[]);
    }
    for (row, y) in timeline.rows.iter().zip((TOP..).step_by(ROW as usize)) {
        push_svg_row(row, y, column, out);
    }
    out.extend_from_slice(b"</svg>\n");
}

fn push_svg_row(row: &Row, y: u64, column: u64, out: &mut Vec<u8>) {
    let peak = row.counts.iter().copied().max().unwrap_or(0);
    let base = y + ROW - 4;
    // An element of its own cuts off what letters of some font, and marks above marks, take of other places.
    push_parts(out, &["<svg y=\"", "\" width=\"", "\" height=\"", "\"><text x=\"8\" y=\"15\">"], &[y, LEFT - 4, ROW]);
    push_xml(short(&row.name, LONGEST_NAME, true).as_bytes(), out);
    push_parts(out, &["</text></svg><path fill=\"#0072B2\" d=\""], &[]);
    let height = |count: u64| if count == 0 { 0 } else { (count.saturating_mul(ROW - 4) / peak).max(2) };
    let mut at = 0;
    while let Some(count) = row.counts.get(at) {
        let same = row.counts.iter().skip(at).take_while(|next| height(**next) == height(*count)).count();
        if *count > 0 {
            let (width, height) = (same as u64 * column, height(*count));
            push_parts(
                out,
                &["M", " ", "h", "v-", "h-", "z"],
                &[LEFT + at as u64 * column, base, width, height, width],
            );
        }
        at += same;
    }
    push_parts(out, &["\"><title>"], &[]);
    push_xml(&row.name, out);
    push_parts(
        out,
        &[
            ": ",
            ", at most ",
            " in a column</title></path><text x=\"992\" y=\"",
            "\" text-anchor=\"end\">",
            "</text>\n",
        ],
        &[row.total, peak, base - 3, row.total],
    );
}

/// Appends texts with a number after each but the last ones.
fn push_parts(out: &mut Vec<u8>, texts: &[&str], numbers: &[u64]) {
    let mut numbers = numbers.iter();
    for text in texts {
        out.extend_from_slice(text.as_bytes());
        numbers.next().into_iter().for_each(|value| number::push(out, *value));
    }
}

/// Appends a value of a log as text of XML or HTML, in an attribute too. What is escaped for a terminal is in octal here too, what is
/// no character of XML is U+FFFD.
pub(super) fn push_xml(value: &[u8], out: &mut Vec<u8>) {
    let mut text = Vec::new();
    escape(value, Escape::Tty, &mut text);
    for letter in String::from_utf8_lossy(&text).chars() {
        match letter {
            '&' => out.extend_from_slice(b"&amp;"),
            '<' => out.extend_from_slice(b"&lt;"),
            '>' => out.extend_from_slice(b"&gt;"),
            '"' => out.extend_from_slice(b"&quot;"),
            '\'' => out.extend_from_slice(b"&#39;"),
            '\u{fffe}' | '\u{ffff}' => out.extend_from_slice("\u{fffd}".as_bytes()),
            letter => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}
