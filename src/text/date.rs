//! Dates and times as the reading commands print them: `MM/DD/YY HH:MM:SS`, in every locale.
//!
//! The library knows no time zone; whoever makes [`Dates`] gives it the way from seconds to local time.

use super::number;

/// A second as people of one place write it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Date {
    /// Year, as 2026.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 is Sunday.
    pub weekday: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 60.
    pub second: u8,
    /// Seconds east of Greenwich.
    pub offset: i32,
}

impl Date {
    /// Seconds since 1970 UTC of this date at its offset.
    pub fn seconds(&self) -> i64 {
        // Years begin in March, so that the day that leap years add is their last. 719,468 days lie between the first of
        // March of the year 0 and 1970.
        let month = (i64::from(self.month) + 9) % 12;
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        let days = year * 365 + leap_days + (month * 153 + 2) / 5 + i64::from(self.day) - 1 - 719_468;
        let second = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60 + i64::from(self.second);
        days * 86_400 + second - i64::from(self.offset)
    }

    /// Appends `MM/DD/YY`.
    pub fn push_day(&self, out: &mut Vec<u8>) {
        triple(out, [self.month, self.day, self.year.rem_euclid(100) as u8], b'/');
    }

    /// Appends `HH:MM:SS`.
    pub fn push_time(&self, out: &mut Vec<u8>) {
        triple(out, [self.hour, self.minute, self.second], b':');
    }

    /// Appends `MM/DD/YY HH:MM:SS`.
    pub fn push(&self, out: &mut Vec<u8>) {
        self.push_day(out);
        out.push(b' ');
        self.push_time(out);
    }

    /// Appends `Wed Jun 30 21:49:08 1993`, as ctime(3) writes it without its newline.
    pub fn push_ctime(&self, out: &mut Vec<u8>) {
        const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let name = |names: &[&'static str], at: u8| names.get(usize::from(at)).copied().unwrap_or("???");
        out.extend_from_slice(name(&DAYS, self.weekday).as_bytes());
        out.push(b' ');
        out.extend_from_slice(name(&MONTHS, self.month.wrapping_sub(1)).as_bytes());
        out.extend_from_slice(if self.day < 10 { b"  " } else { b" " });
        number::push(out, u64::from(self.day));
        out.push(b' ');
        self.push_time(out);
        out.push(b' ');
        number::push_signed(out, i64::from(self.year));
    }

    /// Appends `2026-11-22T18:05:09.120+01:00` (RFC 3339).
    pub fn push_rfc3339(&self, milli: u16, out: &mut Vec<u8>) {
        number::push_wide(out, self.year.unsigned_abs().into(), 4);
        out.push(b'-');
        number::push_wide(out, self.month.into(), 2);
        out.push(b'-');
        number::push_wide(out, self.day.into(), 2);
        out.push(b'T');
        self.push_time(out);
        out.push(b'.');
        number::push_wide(out, milli.into(), 3);
        self.push_offset(out);
    }

    /// Appends the distance from Greenwich, as `+01:00`.
    pub fn push_offset(&self, out: &mut Vec<u8>) {
        let minutes = u64::from(self.offset.unsigned_abs() / 60);
        out.push(if self.offset < 0 { b'-' } else { b'+' });
        number::push_wide(out, minutes / 60, 2);
        out.push(b':');
        number::push_wide(out, minutes % 60, 2);
    }
}

/// The date of a second since 1970, in Greenwich.
pub fn utc(seconds: i64) -> Date {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400) as u32);
    // Years begin in March, as in `Date::seconds`; 146,097 days are 400 years.
    let day = days + 719_468;
    let (era, day_of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    Date {
        year: (year + era * 400 + i64::from(month >= 10)) as i32,
        month: (month + if month < 10 { 3 } else { -9 }) as u8,
        day: (day_of_year - (153 * month + 2) / 5 + 1) as u8,
        weekday: (days + 4).rem_euclid(7) as u8,
        hour: (second / 3600) as u8,
        minute: (second / 60 % 60) as u8,
        second: (second % 60) as u8,
        offset: 0,
    }
}

/// How many days a month, 1 to 12, has (Gregorian calendar).
pub fn days_of_month(year: i32, month: u8) -> u8 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn triple(out: &mut Vec<u8>, parts: [u8; 3], between: u8) {
    let [a, b, c] = parts.map(|part| [b'0' + part / 10, b'0' + part % 10]);
    out.extend_from_slice(&[a[0], a[1], between, b[0], b[1], between, c[0], c[1]]);
}

/// Turns seconds into dates, and asks for local time once a quarter of an hour: no zone changes its offset within one.
pub struct Dates {
    local: fn(i64) -> Date,
    quarter: i64,
    start: Date,
}

const QUARTER: i64 = 900;

impl Dates {
    /// `local` is the way from seconds since 1970 UTC to local time.
    pub fn new(local: fn(i64) -> Date) -> Self {
        Dates { local, quarter: 0, start: local(0) }
    }

    /// The date of a second since 1970 UTC.
    pub fn of(&mut self, seconds: i64) -> Date {
        let quarter = seconds.div_euclid(QUARTER);
        if quarter != self.quarter {
            self.quarter = quarter;
            self.start = (self.local)(seconds - seconds.rem_euclid(QUARTER));
        }
        let into = seconds.rem_euclid(QUARTER) as u16;
        let from = u16::from(self.start.minute) * 60 + u16::from(self.start.second) + into;
        if from >= 3600 {
            // A zone whose offset is no multiple of a quarter of an hour.
            return (self.local)(seconds);
        }
        Date { minute: (from / 60) as u8, second: (from % 60) as u8, ..self.start }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Greenwich time of the first day of 1970, moved by `EAST` seconds.
    fn moved<const EAST: i64>(seconds: i64) -> Date {
        let local = seconds + EAST;
        Date {
            year: 1970,
            month: 1,
            day: 1,
            weekday: 4,
            hour: (local / 3600) as u8,
            minute: (local / 60 % 60) as u8,
            second: (local % 60) as u8,
            offset: EAST as i32,
        }
    }

    #[test]
    fn every_second_is_that_of_the_zone() {
        for zone in [moved::<0>, moved::<1172>, moved::<19_800>] {
            let mut dates = Dates::new(zone);
            for seconds in (0..7200).chain([5, 4000, 3]) {
                assert_eq!(dates.of(seconds), zone(seconds), "{seconds}");
            }
        }
    }

    #[test]
    fn a_date_has_its_second() {
        let at = |year, month, day| Date { year, month, day, ..Date::default() };
        assert_eq!(at(1970, 1, 1).seconds(), 0);
        assert_eq!(at(1969, 12, 31).seconds(), -86_400);
        assert_eq!(at(2000, 3, 1).seconds(), 951_868_800);
        assert_eq!(Date { hour: 1, minute: 2, second: 3, offset: 3600, ..at(2040, 2, 29) }.seconds(), 2_214_086_523);
        let mut seconds = at(1899, 12, 31).seconds();
        for year in 1900..2101 {
            for month in 1..=12 {
                for day in 1..=days_of_month(year, month) {
                    seconds += 86_400;
                    assert_eq!(at(year, month, day).seconds(), seconds, "{year}-{month}-{day}");
                    let weekday = (seconds / 86_400 + 4).rem_euclid(7) as u8;
                    assert_eq!(utc(seconds + 3661).seconds(), seconds + 3661);
                    assert_eq!(utc(seconds), Date { weekday, ..at(year, month, day) });
                }
            }
        }
    }

    #[test]
    fn dates_print_in_one_way() {
        let mut out = Vec::new();
        let date = Date { year: 2009, month: 2, day: 3, hour: 4, minute: 5, second: 6, offset: 19_800, weekday: 2 };
        date.push(&mut out);
        out.push(b' ');
        date.push_offset(&mut out);
        Date { offset: -3600, ..date }.push_offset(&mut out);
        assert_eq!(out, b"02/03/09 04:05:06 +05:30-01:00");
        out.clear();
        date.push_rfc3339(7, &mut out);
        assert_eq!(out, b"2009-02-03T04:05:06.007+05:30");
    }
}
