//! Dates, times and spans as people write them, around a day that is fixed.

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
    let c = Fixed.date(resolve(edge, words[0], words.get(1).copied(), &Fixed)? / 1000);
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

/// A place that is an hour ahead of Greenwich, and two from 31 March 01:00 to 27 October 01:00.
struct Summer;

impl Calendar for Summer {
    fn now(&self) -> i64 {
        Fixed.now()
    }
    fn date(&self, seconds: i64) -> Date {
        let is_summer = (SUMMER..WINTER).contains(&seconds);
        let offset = 3600 * (1 + i64::from(is_summer));
        Date { offset: offset as i32, ..Fixed.date(seconds + offset) }
    }
    fn seconds(&self, at: &Date) -> Option<i64> {
        // One of two, or one that is near, as mktime(3) has it.
        let second = Fixed.seconds(at)? - 3600;
        Some(if (SUMMER..WINTER).contains(&second) { second - 3600 } else { second })
    }
    fn uptime(&self) -> Result<i64, String> {
        Ok(3600)
    }
}

const SUMMER: i64 = YEAR + (31 + 29 + 30) * DAY + 3600;
const WINTER: i64 = YEAR + 300 * DAY + 3600;

#[test]
fn an_hour_that_comes_twice_or_never_is_in_the_range() {
    for (words, start, end) in [
        (["2024-10-27", "02:30"], WINTER - 1800, WINTER + 1800),
        (["2024-10-27", "02:00"], WINTER - 3600, WINTER),
        (["2024-10-27", "01:59:59"], WINTER - 3601, WINTER - 3601),
        (["2024-10-27", "03:00"], WINTER + 3600, WINTER + 3600),
        (["2024-03-31", "02:30"], SUMMER - 1800, SUMMER + 1800),
        (["2024-03-31", "01:59:59"], SUMMER - 1, SUMMER - 1),
        (["2024-03-31", "03:00"], SUMMER, SUMMER),
        (["2024-07-01", "12:00"], YEAR + 182 * DAY + 36_000, YEAR + 182 * DAY + 36_000),
    ] {
        let at = |edge| resolve(edge, words[0], Some(words[1]), &Summer);
        assert_eq!((at(Edge::Start), at(Edge::End)), (Ok(start * 1000), Ok(end * 1000 + 999)), "{words:?}");
    }
    assert_eq!(resolve(Edge::Start, "now", None, &Summer), Ok(Summer.now() * 1000));
    assert_eq!(resolve(Edge::End, "now", None, &Summer), Ok(Summer.now() * 1000 + 999));
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
fn a_moment_may_be_one_word() {
    for (word, start) in [
        ("2024-02-29T10:20:30Z", "02-29 10:20:30"),
        ("2024-02-29t10:20:30.987z", "02-29 10:20:30"),
        ("2024-02-29T10:20:30+01:30", "02-29 08:50:30"),
        ("2024-02-28T23:20:30-02:00", "02-29 01:20:30"),
        ("2024-02-28T23:20:30-0200", "02-29 01:20:30"),
        ("2024-02-29 10:20:30+00:00", "02-29 10:20:30"),
        ("02/29/2024 10:20", "02-29 10:20:00"),
        ("2024-02-29T10:20", "02-29 10:20:00"),
        ("@1709202030", "02-29 10:20:30"),
        ("@1709202030.123", "02-29 10:20:30"),
        ("-30s", "07-10 12:34:26"),
        ("-15m", "07-10 12:19:56"),
        ("-2h", "07-10 10:34:56"),
        ("-3d", "07-07 12:34:56"),
        ("-1w", "07-03 12:34:56"),
    ] {
        assert_eq!(at(Edge::Start, &[word]).unwrap(), start, "{word}");
        assert_eq!(at(Edge::End, &[word]).unwrap(), start, "{word}");
        let error = at(Edge::Start, &[word, "10:00"]).unwrap_err();
        assert_eq!(error, TimeError::Beside(Edge::Start, word.into()));
    }
    for word in [
        "@",
        "@x",
        "@-1",
        "@1.",
        "@1.x",
        "@.5",
        "-15",
        "-m",
        "-15y",
        "2024-02-29T",
        "2024-02-29T10",
        "2024-02-29T10:20:30X",
    ] {
        assert!(at(Edge::Start, &[word]).is_err(), "{word}");
    }
    for word in [
        "2024-02-29T10:20:30+1",
        "2024-02-29T10:20:30+1:30",
        "2024-02-29  10:20",
        "2024-02-29T10:20:30+01:60",
        "2024-02-29T10:20:30.Z",
        "2024-02-30T10:20:30Z",
    ] {
        assert!(at(Edge::Start, &[word]).is_err(), "{word}");
    }
    assert_eq!(before_now(Edge::Start, "15m", &Fixed), Ok((Fixed.now() - 900) * 1000));
    let error = before_now(Edge::Start, "soon", &Fixed).unwrap_err().to_string();
    assert_eq!(error, "Invalid span of time (soon)\nAccepted: a number and s, m, h, d or w, as 15m");
}

#[test]
fn a_fraction_of_a_second_counts_to_the_millisecond() {
    for (word, start, end) in [
        ("@1709202030", 0, 999),
        ("@1709202030.0", 0, 0),
        ("@1709202030.5", 500, 500),
        ("@1709202030.07", 70, 70),
        ("@1709202030.1239", 123, 123),
        ("2024-02-29T10:20:30Z", 0, 999),
        ("2024-02-29T10:20:30.987Z", 987, 987),
        ("2024-02-29T10:20:30.9", 900, 900),
    ] {
        let at = |edge| resolve(edge, word, None, &Fixed).map(|millis| millis - 1_709_202_030_000);
        assert_eq!((at(Edge::Start), at(Edge::End)), (Ok(start), Ok(end)), "{word}");
    }
    assert_eq!(resolve(Edge::End, "@9223372036854775807.9", None, &Fixed), Ok(i64::MAX), "no fault");
}

#[test]
fn days_that_no_month_has_and_ends_before_their_start_are_refused() {
    for word in ["02/30/24", "02/29/2023", "2100-02-29", "04/31/24", "2024-11-31"] {
        assert_eq!(at(Edge::Start, &[word]), Err(TimeError::Day(Edge::Start, word.into())));
    }
    let [july, june] = [Fixed.now(), Fixed.now() - 30 * DAY].map(|second| Some(second as u64 * 1000));
    assert_eq!(
        check_range(july, june, &Fixed).unwrap_err().to_string().split_once("\nAccepted: mm/dd/yy").unwrap().0,
        "Error - the end time (06/10/24 12:34:56) is before the start time (07/10/24 12:34:56)"
    );
    for (start, end) in [(Some(1), Some(1)), (Some(1), None), (None, Some(1)), (None, None)] {
        assert_eq!(check_range(start, end, &Fixed), Ok(()));
    }
}

#[test]
fn what_is_no_time_is_refused_by_name() {
    let says = |edge, words: &[&str]| {
        let text = at(edge, words).unwrap_err().to_string();
        let (sentence, forms) = text.split_once('\n').unwrap();
        assert!(forms.starts_with("Accepted: mm/dd/yy") && forms.ends_with("this-year"), "{forms}");
        sentence.to_owned()
    };
    assert_eq!(
        says(Edge::Start, &["13/45/2020"]),
        "Invalid start date (13/45/2020). Month, Day, and Year are required."
    );
    assert_eq!(says(Edge::End, &["01/01/24x"]), "Error parsing end date (01/01/24x)");
    assert_eq!(says(Edge::Start, &["01/01/03"]), "Error - year is 2003 (01/01/03)");
    assert_eq!(at(Edge::End, &["-5x"]).unwrap_err(), TimeError::Span("-5x".into()));
    assert_eq!(
        says(Edge::Start, &["25:61:00"]),
        "Invalid start time (25:61:00). Hour, Minute, and Second are required."
    );
    assert_eq!(says(Edge::End, &["01/01/24", "23:59:60"]), "Error parsing end time (23:59:60)");
    says(Edge::Start, &["2024-02-29T10:20:61Z"]);
    assert_eq!(says(Edge::End, &["today", "10:00:00x"]), "Error parsing end time (10:00:00x)");
    assert!(at(Edge::Start, &["nonsense"]).is_err() && at(Edge::Start, &["01/01/024"]).is_err());
}
