//! Points in time as they are given to `-ts` and `-te` (ausearch(8)).
//!
//! A date is `mm/dd/yy`, `mm/dd/yyyy` or `yyyy-mm-dd` whatever the locale; a two-digit year below 69 is of this century. A
//! time is `hh:mm` or `hh:mm:ss`. A moment in one word is RFC 3339's `yyyy-mm-ddThh:mm:ssZ`, `@` and seconds since 1970, or
//! a span before now, as `-15m`. A point is a millisecond since 1970, as event ids have it: a start the first and an end the last of
//! its second, where the word has no fraction. The clock comes in through a trait, so nothing here reads it.

use crate::text::date::{self, Date};
use crate::text::number;
use std::fmt;

/// What is asked of the clock.
pub trait Calendar {
    /// Seconds since 1970.
    fn now(&self) -> i64;
    /// Local time.
    fn date(&self, seconds: i64) -> Date;
    /// Back from local time; daylight saving is found out. `None` when there is no such moment.
    fn seconds(&self, date: &Date) -> Option<i64>;
    /// Seconds since the machine started, rounded.
    fn uptime(&self) -> Result<i64, String>;
}

/// Which end of the range a point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// `-ts`: a date alone means midnight.
    Start,
    /// `-te`: a date alone means the present time of day.
    End,
}

impl Edge {
    fn name(self) -> &'static str {
        match self {
            Edge::Start => "start",
            Edge::End => "end",
        }
    }

    /// The millisecond of a second that is meant as a whole.
    fn of_second(self, second: i64) -> i64 {
        let rest = if self == Edge::End { 999 } else { 0 };
        second.saturating_mul(1000).saturating_add(rest)
    }
}

/// What is wrong with a point in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeError {
    /// The word is no date at all.
    Date(Edge, String),
    /// The word begins as a date and goes on.
    DateTail(Edge, String),
    /// The word is no time of day.
    Time(Edge, String),
    /// The word begins as a time of day and goes on.
    TimeTail(Edge, String),
    /// The month has no such day.
    Day(Edge, String),
    /// The word is a moment by itself, and another word follows.
    Beside(Edge, String),
    /// The word is no span.
    Span(String),
    /// The end, which comes first here, is before the start.
    Backwards([String; 2]),
    /// Before there was auditing.
    Year(i32, String),
    /// The calendar has no such moment.
    Impossible(Edge),
    /// The uptime cannot be read.
    Uptime(String),
}

/// What is taken for a point in time.
const FORMS: &str = "mm/dd/yy, mm/dd/yyyy or yyyy-mm-dd, and hh:mm or hh:mm:ss; or in one word yyyy-mm-ddThh:mm:ss \
     with or without Z or +hh:mm, @SECONDS since 1970, a span before now as -30s, -15m, -2h, -7d or -1w, now, recent, \
     this-hour, boot, today, yesterday, this-week, week-ago, this-month, this-year";

/// The sentence, and in a second line what is taken.
impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sentence(f)?;
        match self {
            TimeError::Uptime(_) => Ok(()),
            TimeError::Span(_) => f.write_str("\nAccepted: a number and s, m, h, d or w, as 15m"),
            _ => write!(f, "\nAccepted: {FORMS}"),
        }
    }
}

impl TimeError {
    fn sentence(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TimeError::Date(edge, word) => {
                write!(f, "Invalid {} date ({word}). Month, Day, and Year are required.", edge.name())
            }
            TimeError::DateTail(edge, word) => write!(f, "Error parsing {} date ({word})", edge.name()),
            TimeError::Time(edge, word) => {
                write!(f, "Invalid {} time ({word}). Hour, Minute, and Second are required.", edge.name())
            }
            TimeError::TimeTail(edge, word) => write!(f, "Error parsing {} time ({word})", edge.name()),
            TimeError::Day(edge, word) => {
                write!(f, "Invalid {} date ({word}). The month has no such day.", edge.name())
            }
            TimeError::Beside(edge, word) => {
                write!(
                    f,
                    "Invalid {} time ({word}). It is a moment by itself, no second word goes with it.",
                    edge.name()
                )
            }
            TimeError::Span(word) => write!(f, "Invalid span of time ({word})"),
            TimeError::Backwards([end, start]) => {
                write!(f, "Error - the end time ({end}) is before the start time ({start})")
            }
            TimeError::Year(year, word) => write!(f, "Error - year is {year} ({word})"),
            TimeError::Impossible(edge) => write!(f, "Error converting {} time", edge.name()),
            TimeError::Uptime(reason) => write!(f, "Can't read uptime ({reason})"),
        }
    }
}

const DAY: i64 = 24 * 60 * 60;

/// Whether a word stands for a moment by itself.
fn is_keyword(word: &str) -> bool {
    const WORDS: [&str; 10] = [
        "now",
        "recent",
        "this-hour",
        "boot",
        "today",
        "yesterday",
        "this-week",
        "week-ago",
        "this-month",
        "this-year",
    ];
    WORDS.contains(&word)
}

/// The millisecond that one or two words mean; of two, the one that holds a colon is the time of day.
pub fn resolve(edge: Edge, first: &str, second: Option<&str>, clock: &dyn Calendar) -> Result<i64, TimeError> {
    if let Some(moment) = one_word(edge, first, clock)? {
        return if second.is_some() { Err(TimeError::Beside(edge, first.into())) } else { Ok(moment) };
    }
    let second = match second {
        Some(date) if first.contains(':') => of_day(edge, Some(date), Some(first), clock),
        Some(time) => of_day(edge, Some(first), Some(time), clock),
        None if first.contains(':') => of_day(edge, None, Some(first), clock),
        None => of_day(edge, Some(first), None, clock),
    };
    second.map(|second| edge.of_second(second))
}

/// The millisecond that lies a span, as `15m`, before now.
pub fn before_now(edge: Edge, span: &str, clock: &dyn Calendar) -> Result<i64, TimeError> {
    let seconds = span_seconds(span.as_bytes()).ok_or_else(|| TimeError::Span(span.into()))?;
    Ok(edge.of_second(clock.now().saturating_sub(seconds)))
}

/// Refuses an end before its start, by what both mean: of a word it is not always plain, as of a date without a time.
pub fn check_range(start: Option<u64>, end: Option<u64>, clock: &dyn Calendar) -> Result<(), TimeError> {
    let (Some(start), Some(end)) = (start, end) else { return Ok(()) };
    if end >= start {
        return Ok(());
    }
    Err(TimeError::Backwards([end, start].map(|millis| {
        let mut text = Vec::new();
        clock.date((millis / 1000) as i64).push(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    })))
}

/// Seconds of a number and its unit.
pub fn span_seconds(span: &[u8]) -> Option<i64> {
    let (unit, digits) = span.split_last()?;
    let unit = match unit {
        b's' => 1,
        b'm' => 60,
        b'h' => 60 * 60,
        b'd' => DAY,
        b'w' => 7 * DAY,
        _ => return None,
    };
    i64::try_from(number::parse_exact(digits)?).ok()?.checked_mul(unit)
}

/// The moment of a word that is neither a date nor a time of day alone. `None` when it is no such word.
fn one_word(edge: Edge, word: &str, clock: &dyn Calendar) -> Result<Option<i64>, TimeError> {
    let refused = || TimeError::Date(edge, word.into());
    if let Some(seconds) = word.strip_prefix('@') {
        let (seconds, part) = parted(edge, seconds).ok_or_else(refused)?;
        let seconds = number::parse_exact(seconds.as_bytes()).and_then(|seconds| i64::try_from(seconds).ok());
        return seconds.map(|seconds| Some(part(seconds))).ok_or_else(refused);
    }
    if let Some(span) = word.strip_prefix('-') {
        return before_now(edge, span, clock).map(Some).map_err(|_| TimeError::Span(word.into()));
    }
    let is_stamp = word.starts_with(|c: char| c.is_ascii_digit()) && word.contains(BEFORE_TIME);
    if is_stamp { rfc3339(edge, word, clock).map(Some) } else { Ok(None) }
}

/// A word less the fraction of a second that it ends with, and the millisecond of a second that this means.
fn parted(edge: Edge, word: &str) -> Option<(&str, impl Fn(i64) -> i64)> {
    let (word, fraction) = word.split_once('.').map_or((word, None), |(word, digits)| (word, Some(digits)));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    if !fraction.is_none_or(is_number) {
        return None;
    }
    // Records know no less than a millisecond.
    let of =
        |digits: &str| digits.bytes().chain(*b"00").take(3).fold(0, |part, digit| part * 10 + i64::from(digit - b'0'));
    let part = fraction.map(of);
    Some((word, move |second: i64| match part {
        Some(part) => second.saturating_mul(1000).saturating_add(part),
        None => edge.of_second(second),
    }))
}

/// What stands between day and time; RFC 3339 leaves the space to those who want it, and `date --rfc-3339=seconds` writes it.
const BEFORE_TIME: [char; 3] = ['T', 't', ' '];

/// RFC 3339's date-time. Seconds may be missing, and without a zone it is local time.
fn rfc3339(edge: Edge, word: &str, clock: &dyn Calendar) -> Result<i64, TimeError> {
    let refused = || TimeError::Date(edge, word.into());
    let (day, rest) = word.split_once(BEFORE_TIME).ok_or_else(refused)?;
    let end = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (time, zone) = rest.split_at_checked(end).ok_or_else(refused)?;
    let (time, part) = parted(edge, time).ok_or_else(refused)?;
    let (hour, minute, second) = time_of_day(edge, time)?;
    let at = Date { hour, minute, second, ..date(edge, day)? };
    Ok(part(match zone {
        "" => moment(edge, &at, clock)?,
        "Z" | "z" => at.seconds(),
        zone => Date { offset: offset(zone).ok_or_else(refused)?, ..at }.seconds(),
    }))
}

/// Seconds east of Greenwich of `+hh:mm`, or of `+hhmm`, which date(1) writes.
fn offset(zone: &str) -> Option<i32> {
    let mut scan = Scan { rest: zone.get(1..)?.as_bytes() };
    let hours = scan.number(2, 0, 23)?;
    let signs = 1 + scan.sign(b':').iter().len();
    let minutes = scan.number(2, 0, 59)?;
    let east = (hours * 3600 + minutes * 60) as i32;
    (scan.rest.is_empty() && zone.len() == signs + "hhmm".len()).then_some(if zone.starts_with('-') {
        -east
    } else {
        east
    })
}

/// The second meant by a date and a time of day; without date today, without time as [`Edge`] says.
fn of_day(edge: Edge, date: Option<&str>, time: Option<&str>, clock: &dyn Calendar) -> Result<i64, TimeError> {
    let now = clock.date(clock.now());
    let mut at = now;
    if let Some(word) = date {
        at = match keyword(edge, word, clock)? {
            Some((at, true)) if time.is_none_or(|t| t == MIDNIGHT) => return Ok(at.seconds()),
            Some((at, _)) => at,
            None => Date { hour: 0, minute: 0, second: 0, ..self::date(edge, word)? },
        };
        // COMPAT: the end of a day without a time of day is the present time of that day.
        if edge == Edge::End && time.is_none() && !is_keyword(word) {
            at = Date { hour: now.hour, minute: now.minute, second: now.second, ..at };
        }
    }
    if let Some(word) = time {
        let (hour, minute, second) = time_of_day(edge, word)?;
        at = Date { hour, minute, second, ..at };
    }
    if at.year < 2004 {
        return Err(TimeError::Year(at.year, date.unwrap_or_default().into()));
    }
    moment(edge, &at, clock)
}

/// COMPAT: this time after `now`, `recent`, `this-hour`, `boot`, and for an end `today`, counts as none.
const MIDNIGHT: &str = "00:00:00";

/// The moment of a local time. Where the clock is set back or forward an hour comes twice or never: then both offsets give a
/// moment, of which a start is the earlier and an end the later, so that the range leaves out nothing that is meant.
fn moment(edge: Edge, at: &Date, clock: &dyn Calendar) -> Result<i64, TimeError> {
    let found = clock.seconds(at).ok_or(TimeError::Impossible(edge))?;
    // No clock is set by more than this, nor twice within it.
    const AROUND: i64 = 3 * 60 * 60;
    let both = [found.saturating_sub(AROUND), found.saturating_add(AROUND)]
        .map(|near| Date { offset: clock.date(near).offset, ..*at }.seconds());
    let is_shown = |second: i64| {
        let shown = clock.date(second);
        (shown.hour, shown.minute, shown.second) == (at.hour, at.minute, at.second)
    };
    let [first, second] = both;
    Ok(match (is_shown(first) == is_shown(second), edge) {
        (true, Edge::Start) => first.min(second),
        (true, Edge::End) => first.max(second),
        (false, _) => found,
    })
}

/// The moment of a keyword, and whether it is one to the second and not a day.
fn keyword(edge: Edge, word: &str, clock: &dyn Calendar) -> Result<Option<(Date, bool)>, TimeError> {
    let now = clock.now();
    let today = clock.date(now);
    let midnight = |at: Date| Date { hour: 0, minute: 0, second: 0, ..at };
    Ok(Some(match word {
        // COMPAT: this-hour is not the beginning of the hour.
        "now" | "this-hour" => (today, true),
        "recent" => (clock.date(now - 10 * 60), true),
        "boot" => (clock.date(now - clock.uptime().map_err(TimeError::Uptime)?), true),
        "today" if edge == Edge::End => (today, true),
        "today" => (midnight(today), false),
        "yesterday" => (midnight(clock.date(now - DAY)), false),
        "this-week" => (midnight(clock.date(now - i64::from(today.weekday) * DAY)), false),
        "week-ago" => (midnight(clock.date(now - 7 * DAY)), false),
        "this-month" => (Date { day: 1, ..midnight(today) }, false),
        "this-year" => (Date { day: 1, month: 1, ..midnight(today) }, false),
        _ => return Ok(None),
    }))
}

fn date(edge: Edge, word: &str) -> Result<Date, TimeError> {
    let mut scan = Scan { rest: word.as_bytes() };
    let read = if word.as_bytes().get(4) == Some(&b'-') { scan.iso() } else { scan.american() };
    let (year, month, day) = read.ok_or_else(|| TimeError::Date(edge, word.into()))?;
    if !scan.rest.is_empty() {
        return Err(TimeError::DateTail(edge, word.into()));
    }
    if day > date::days_of_month(year, month) {
        return Err(TimeError::Day(edge, word.into()));
    }
    Ok(Date { year, month, day, ..Date::default() })
}

fn time_of_day(edge: Edge, word: &str) -> Result<(u8, u8, u8), TimeError> {
    // COMPAT: the seconds may be left out, which shows in the length.
    let whole = if word.len() <= 5 { [word, ":00"].concat() } else { word.into() };
    let mut scan = Scan { rest: whole.as_bytes() };
    let read = scan.time().ok_or_else(|| TimeError::Time(edge, word.into()))?;
    if !scan.rest.is_empty() {
        return Err(TimeError::TimeTail(edge, word.into()));
    }
    Ok(read)
}

/// Reads numbers off the front of a word, in the manner of strptime(3).
struct Scan<'a> {
    rest: &'a [u8],
}

impl Scan<'_> {
    fn number(&mut self, digits: usize, least: u32, most: u32) -> Option<u32> {
        self.rest = self.rest.trim_ascii_start();
        let mut value = 0;
        let mut taken = 0;
        while let Some((digit, tail)) = self.rest.split_first().filter(|(b, _)| b.is_ascii_digit() && taken < digits) {
            let next = value * 10 + u32::from(digit - b'0');
            if taken > 0 && next > most {
                break;
            }
            (value, taken, self.rest) = (next, taken + 1, tail);
        }
        (taken > 0 && (least..=most).contains(&value)).then_some(value)
    }

    fn sign(&mut self, sign: u8) -> Option<()> {
        self.rest = self.rest.strip_prefix(&[sign])?;
        Some(())
    }

    fn american(&mut self) -> Option<(i32, u8, u8)> {
        let month = self.number(2, 1, 12)?;
        self.sign(b'/')?;
        let day = self.number(2, 1, 31)?;
        self.sign(b'/')?;
        let digits = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let year = match digits {
            4 => self.number(4, 0, 9999)?,
            _ => self.number(2, 0, 99).map(|year| if year < 69 { 2000 + year } else { 1900 + year })?,
        };
        Some((year as i32, month as u8, day as u8))
    }

    fn iso(&mut self) -> Option<(i32, u8, u8)> {
        let year = self.number(4, 0, 9999)?;
        self.sign(b'-')?;
        let month = self.number(2, 1, 12)?;
        self.sign(b'-')?;
        let day = self.number(2, 1, 31)?;
        Some((year as i32, month as u8, day as u8))
    }

    fn time(&mut self) -> Option<(u8, u8, u8)> {
        let hour = self.number(2, 0, 23)?;
        self.sign(b':')?;
        let minute = self.number(2, 0, 59)?;
        self.sign(b':')?;
        let second = self.number(2, 0, 59)?;
        Some((hour as u8, minute as u8, second as u8))
    }
}

#[cfg(test)]
mod tests;
