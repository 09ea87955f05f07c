//! Points in time as they are given to `-ts` and `-te` (ausearch(8)).
//!
//! Dates are `mm/dd/yy`, `mm/dd/yyyy` or `yyyy-mm-dd` whatever the locale; a two-digit year below 69 is of this century.
//! Times are `hh:mm` or `hh:mm:ss`. The clock comes in through a trait, so nothing here reads it.

use crate::text::date::Date;
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
    /// Before there was auditing.
    Year(i32),
    /// The calendar has no such moment.
    Impossible(Edge),
    /// The uptime cannot be read.
    Uptime(String),
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TimeError::Date(edge, word) => {
                write!(f, "Invalid {} date ({word}). Month, Day, and Year are required.", edge.name())
            }
            TimeError::DateTail(edge, word) => write!(f, "Error parsing {} date ({word})", edge.name()),
            TimeError::Time(edge, word) => {
                write!(f, "Invalid {} time ({word}). Hour, Minute, and Second are required.", edge.name())
            }
            TimeError::TimeTail(edge, word) => write!(f, "Error parsing {} time ({word})", edge.name()),
            TimeError::Year(year) => write!(f, "Error - year is {year}"),
            TimeError::Impossible(edge) => write!(f, "Error converting {} time", edge.name()),
            TimeError::Uptime(reason) => write!(f, "Can't read uptime ({reason})"),
        }
    }
}

const DAY: i64 = 24 * 60 * 60;

/// Whether a word stands for a moment by itself.
pub fn is_keyword(word: &str) -> bool {
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

/// Puts one or two words in order: the one that holds a colon is the time.
pub fn date_and_time<'a>(first: &'a str, second: Option<&'a str>) -> (Option<&'a str>, Option<&'a str>) {
    match second {
        Some(date) if first.contains(':') => (Some(date), Some(first)),
        Some(time) => (Some(first), Some(time)),
        None if first.contains(':') && !is_keyword(first) => (None, Some(first)),
        None => (Some(first), None),
    }
}

/// The second meant by a date and a time of day; without date today, without time as [`Edge`] says.
pub fn resolve(edge: Edge, date: Option<&str>, time: Option<&str>, clock: &dyn Calendar) -> Result<i64, TimeError> {
    let now = clock.date(clock.now());
    let mut at = now;
    if let Some(word) = date {
        at = match keyword(edge, word, clock)? {
            Some((at, true)) if time.is_none_or(|t| t == MIDNIGHT) => return moment(edge, &at, clock),
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
        return Err(TimeError::Year(at.year));
    }
    moment(edge, &at, clock)
}

/// COMPAT: this time after `now`, `recent`, `this-hour`, `boot`, and for an end `today`, counts as none.
const MIDNIGHT: &str = "00:00:00";

fn moment(edge: Edge, at: &Date, clock: &dyn Calendar) -> Result<i64, TimeError> {
    clock.seconds(at).ok_or(TimeError::Impossible(edge))
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
        let second = self.number(2, 0, 61)?;
        Some((hour as u8, minute as u8, second as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days of 2024, which is a leap year, at Greenwich. It is Wednesday, 10 July, 12:34:56.
    struct Fixed;

    const MONTHS: [i64; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    const YEAR: i64 = 1_704_067_200;

    impl Calendar for Fixed {
        fn now(&self) -> i64 {
            YEAR + (31 + 29 + 31 + 30 + 31 + 30 + 9) * DAY + 12 * 3600 + 34 * 60 + 56
        }
        fn date(&self, seconds: i64) -> Date {
            let (mut day, second) = ((seconds - YEAR) / DAY, (seconds - YEAR) % DAY);
            let weekday = ((day + 1) % 7) as u8;
            let mut month = 0;
            while day >= MONTHS[month] {
                day -= MONTHS[month];
                month += 1;
            }
            Date {
                year: 2024,
                month: month as u8 + 1,
                day: day as u8 + 1,
                hour: (second / 3600) as u8,
                minute: (second / 60 % 60) as u8,
                second: (second % 60) as u8,
                weekday,
                offset: 0,
            }
        }
        fn seconds(&self, at: &Date) -> Option<i64> {
            let months: i64 = MONTHS.iter().take(usize::from(at.month) - 1).sum();
            let day = months + i64::from(at.day) - 1 + 366 * i64::from(at.year - 2024);
            Some(YEAR + day * DAY + i64::from(at.hour) * 3600 + i64::from(at.minute) * 60 + i64::from(at.second))
        }
        fn uptime(&self) -> Result<i64, String> {
            Ok(3600)
        }
    }

    fn at(edge: Edge, words: &[&str]) -> Result<String, TimeError> {
        let (date, time) = date_and_time(words[0], words.get(1).copied());
        let c = Fixed.date(resolve(edge, date, time, &Fixed)?);
        Ok(format!("{:02}-{:02} {:02}:{:02}:{:02}", c.month, c.day, c.hour, c.minute, c.second))
    }

    #[test]
    fn keywords_are_moments_or_days() {
        for (word, start) in [
            ("now", "07-10 12:34:56"),
            ("recent", "07-10 12:24:56"),
            ("this-hour", "07-10 12:34:56"),
            ("boot", "07-10 11:34:56"),
            ("today", "07-10 00:00:00"),
            ("yesterday", "07-09 00:00:00"),
            ("this-week", "07-07 00:00:00"),
            ("week-ago", "07-03 00:00:00"),
            ("this-month", "07-01 00:00:00"),
            ("this-year", "01-01 00:00:00"),
        ] {
            assert_eq!(at(Edge::Start, &[word]).unwrap(), start, "{word}");
        }
        assert_eq!(at(Edge::End, &["today"]).unwrap(), "07-10 12:34:56");
        assert_eq!(at(Edge::End, &["yesterday"]).unwrap(), "07-09 00:00:00");
        assert_eq!(at(Edge::Start, &["recent", "00:00:00"]).unwrap(), "07-10 12:24:56");
        assert_eq!(at(Edge::Start, &["recent", "01:00"]).unwrap(), "07-10 01:00:00");
        assert_eq!(at(Edge::Start, &["yesterday", "12:00"]).unwrap(), "07-09 12:00:00");
    }

    #[test]
    fn dates_are_written_in_three_ways() {
        for word in ["02/29/24", "2/29/24", "02/29/2024", "2024-02-29"] {
            assert_eq!(at(Edge::Start, &[word]).unwrap(), "02-29 00:00:00", "{word}");
            assert_eq!(at(Edge::End, &[word]).unwrap(), "02-29 12:34:56", "{word}");
            assert_eq!(at(Edge::Start, &["7:05:09", word]).unwrap(), "02-29 07:05:09");
            assert_eq!(at(Edge::End, &[word, "10:00"]).unwrap(), "02-29 10:00:00");
        }
        assert_eq!(at(Edge::Start, &["10:00"]).unwrap(), "07-10 10:00:00");
    }

    #[test]
    fn what_is_no_time_is_refused_by_name() {
        let says = |edge, words: &[&str]| at(edge, words).unwrap_err().to_string();
        assert_eq!(
            says(Edge::Start, &["13/45/2020"]),
            "Invalid start date (13/45/2020). Month, Day, and Year are required."
        );
        assert_eq!(says(Edge::End, &["01/01/24x"]), "Error parsing end date (01/01/24x)");
        assert_eq!(says(Edge::Start, &["01/01/03"]), "Error - year is 2003");
        assert_eq!(
            says(Edge::Start, &["25:61:00"]),
            "Invalid start time (25:61:00). Hour, Minute, and Second are required."
        );
        assert_eq!(says(Edge::End, &["today", "10:00:00x"]), "Error parsing end time (10:00:00x)");
        assert!(at(Edge::Start, &["nonsense"]).is_err() && at(Edge::Start, &["01/01/024"]).is_err());
    }
}
