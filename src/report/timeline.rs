//! Events over time, by type, key or user (`aureport --timeline`): rows of counters, which pictures are drawn from.
//!
//! One pass, fixed memory: [`ROWS`] rows of at most [`BUCKETS`] counters. A counter is for a period of time; where there are too many,
//! the period grows to the next longer one, and the counters are added up. Periods begin at round local times of the zone
//! in which the first event was, so those of days may be an hour off after a change of the clock.

use super::coverage::Coverage;
use crate::event::Event;
use std::collections::VecDeque;

/// What a row is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// The type of an event's first record.
    #[default]
    Type,
    /// The keys; an event with several is in several rows.
    Key,
    /// The login user.
    User,
}

/// Rows of their own; all other groups share one.
const ROWS: usize = 256;
/// Counters of a row. A page is as wide as this, and no picture is wider.
const BUCKETS: u64 = 1024;

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;
pub(super) const DAY: u64 = 86_400;
pub(super) const WEEK: u64 = 7 * DAY;

/// Periods of counters that are still added to, in seconds: each is a multiple of the one before, and has few round parts besides.
const COUNTED: [u64; 14] =
    [1, 5, 10, 30, MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, WEEK];

/// Periods that people think in.
const ROUND: [u64; 24] = [
    1,
    2,
    5,
    10,
    15,
    20,
    30,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    20 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    4 * HOUR,
    6 * HOUR,
    8 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    WEEK,
];

/// The next of `periods` that is longer than this one and a multiple of `part`; twice as long where there is none near.
fn longer(periods: &[u64], period: u64, part: u64) -> u64 {
    let near = period + 1..=period.saturating_mul(7);
    let next = periods.iter().copied().find(|next| near.contains(next) && next.is_multiple_of(part));
    next.unwrap_or(period.saturating_mul(2))
}

/// The shortest of the round periods that is not shorter, of which this one is a part.
pub(super) fn round_period(at_least: u64, period: u64) -> u64 {
    let mut round = period;
    while round < at_least {
        round = longer(&ROUND, round, period);
    }
    round
}

/// One row of counters.
pub(super) struct Row {
    /// The type, the key or the user.
    pub(super) name: Vec<u8>,
    /// From [`Timeline::first`] on.
    pub(super) counts: VecDeque<u64>,
    /// All of them.
    pub(super) total: u64,
}

impl Row {
    fn add(&mut self, other: &Row) {
        self.total += other.total;
        self.counts.iter_mut().zip(&other.counts).for_each(|(sum, count)| *sum += count);
    }
}

/// Counters over time.
pub(super) struct Timeline {
    /// Seconds of a counter.
    pub(super) period: u64,
    /// Number of the first counter: its beginning, in local seconds since 1970, by the period.
    pub(super) first: u64,
    /// The counters of a row.
    pub(super) len: u64,
    pub(super) rows: Vec<Row>,
    /// Seconds east of Greenwich.
    pub(super) offset: Option<i64>,
    /// Events, each once.
    pub(super) events: u64,
    /// Those of them after [`LAST`]: they are in totals, and in no counter, whose periods would grow to centuries for one of them.
    pub(super) beyond: u64,
    /// What is known of times without a daemon, and of losses.
    /// Of all events, whatever is counted.
    pub(super) coverage: Coverage,
    at: usize,
}

/// Longer periods are as good as this one, a thousand years: all events are in one or two.
pub const LONGEST_PERIOD: u64 = 1000 * 365 * DAY;

/// The end of the year 9999. No clock of a machine says more, but a log may.
const LAST: u64 = 253_402_300_799;

/// The row of all groups that have none of their own.
const OTHERS: &[u8] = b"(others)";

impl Timeline {
    /// Counters of at least `period` seconds.
    pub(super) fn new(period: u64) -> Timeline {
        Timeline {
            period: period.clamp(1, LONGEST_PERIOD),
            first: 0,
            len: 0,
            rows: Vec::new(),
            offset: None,
            events: 0,
            beyond: 0,
            coverage: Coverage::default(),
            at: 0,
        }
    }

    /// Takes an event, before it is counted in its groups. `offset` says how far east of Greenwich its second is.
    pub(super) fn event(&mut self, event: &Event, offset: impl FnOnce() -> i32) {
        self.events += 1;
        if event.id().sec > LAST {
            self.beyond += 1;
        } else if self.offset.is_none() {
            self.offset = Some(i64::from(offset()));
        }
    }

    /// Local seconds of a second.
    pub(super) fn local(&self, second: u64) -> u64 {
        second.saturating_add_signed(self.offset.unwrap_or(0)).min(i64::MAX as u64)
    }

    /// Counts an event of this second in a group.
    pub(super) fn count(&mut self, second: u64, group: &[u8]) {
        if second <= LAST {
            self.reach(self.local(second));
        }
        let (at, column) = (self.row(group), self.column(second));
        if let Some(row) = self.rows.get_mut(at) {
            row.total += 1;
            column.and_then(|column| row.counts.get_mut(column as usize)).into_iter().for_each(|count| *count += 1);
        }
    }

    fn row(&mut self, group: &[u8]) -> usize {
        if self.rows.get(self.at).is_some_and(|row| row.name == group) {
            return self.at;
        }
        let group = if self.rows.len() < ROWS { group } else { self.known_or_others(group) };
        self.at = self.rows.iter().position(|row| row.name == group).unwrap_or_else(|| {
            let counts = std::iter::repeat_n(0, self.len as usize).collect();
            self.rows.push(Row { name: group.to_vec(), counts, total: 0 });
            self.rows.len() - 1
        });
        self.at
    }

    fn known_or_others<'g>(&self, group: &'g [u8]) -> &'g [u8] {
        if self.rows.iter().any(|row| row.name == group) { group } else { OTHERS }
    }

    /// Makes place for a local second.
    fn reach(&mut self, local: u64) {
        let mut bucket = local / self.period;
        if self.len > 0 && bucket >= self.first && bucket - self.first < self.len {
            return;
        }
        if self.len == 0 {
            self.first = bucket;
        }
        loop {
            let end = (self.first + self.len).max(bucket.saturating_add(1));
            if end - self.first.min(bucket) <= BUCKETS {
                break;
            }
            self.lengthen(longer(&COUNTED, self.period, self.period));
            bucket = local / self.period;
        }
        let before = self.first.saturating_sub(bucket);
        let len = (self.first + self.len).max(bucket + 1) - self.first.min(bucket);
        for row in &mut self.rows {
            (0..before).for_each(|_| row.counts.push_front(0));
            row.counts.resize(len as usize, 0);
        }
        (self.first, self.len) = (self.first.min(bucket), len);
    }

    /// How often the period goes into a longer one, and how many counters of that there are.
    fn at_length(&self, period: u64) -> [u64; 2] {
        let times = (period / self.period).max(2);
        [times, (self.first % times + self.len).div_ceil(times)]
    }

    /// Goes over to a longer period.
    fn lengthen(&mut self, next: u64) {
        let [times, len] = self.at_length(next);
        let into = self.first % times;
        for row in &mut self.rows {
            let mut counts: VecDeque<u64> = std::iter::repeat_n(0, len as usize).collect();
            for (at, count) in (into..).zip(&row.counts) {
                counts.get_mut((at / times) as usize).into_iter().for_each(|sum| *sum += count);
            }
            row.counts = counts;
        }
        (self.period, self.first, self.len) = (next, self.first / times, len);
    }

    /// Makes the counters of a row at most `columns`, or two where that is 1, and sorts the rows: the one with the most events first.
    pub(super) fn fit(&mut self, columns: u64) {
        if self.len > columns {
            let mut period = longer(&ROUND, self.period, self.period);
            while self.at_length(period)[1] > columns.max(2) {
                period = longer(&ROUND, period, self.period);
            }
            self.lengthen(period);
        }
        self.rows.sort_by_key(|row| (row.name == OTHERS, std::cmp::Reverse(row.total)));
    }

    /// Gives the rows other names, which `name` appends, and adds those of one name up.
    pub(super) fn rename(&mut self, name: &mut dyn FnMut(&[u8], &mut Vec<u8>)) {
        let mut rows: Vec<Row> = Vec::new();
        for mut row in std::mem::take(&mut self.rows) {
            let mut text = Vec::new();
            name(&row.name, &mut text);
            row.name = text;
            match rows.iter_mut().find(|known| known.name == row.name) {
                Some(known) => known.add(&row),
                None => rows.push(row),
            }
        }
        self.rows = rows;
    }

    /// Adds up the rows after the first `most - 1`.
    pub(super) fn merge_after(&mut self, most: usize) {
        if self.rows.len() <= most {
            return;
        }
        let mut others = Row { name: OTHERS.to_vec(), counts: VecDeque::from(vec![0; self.len as usize]), total: 0 };
        for row in self.rows.drain(most.saturating_sub(1)..) {
            others.add(&row);
        }
        self.rows.push(others);
    }

    /// The counter that a second falls into.
    pub(super) fn column(&self, second: u64) -> Option<u64> {
        (self.local(second) / self.period).checked_sub(self.first).filter(|column| *column < self.len)
    }

    /// The second at which a column begins.
    pub(super) fn begins(&self, column: u64) -> i64 {
        let local = (self.first + column).saturating_mul(self.period);
        i64::try_from(local).unwrap_or(i64::MAX).saturating_sub(self.offset.unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dice;

    fn counted(seconds: &[(u64, &str)], period: u64) -> Timeline {
        let mut timeline = Timeline::new(period);
        timeline.offset = Some(3600);
        seconds.iter().for_each(|(second, group)| timeline.count(*second, group.as_bytes()));
        timeline
    }

    fn shown(timeline: &Timeline) -> Vec<(String, Vec<u64>)> {
        let row = |row: &Row| (String::from_utf8_lossy(&row.name).into_owned(), row.counts.iter().copied().collect());
        timeline.rows.iter().map(row).collect()
    }

    #[test]
    fn events_are_counted_in_their_period_whatever_their_order() {
        let timeline = counted(&[(100, "a"), (103, "b"), (101, "a"), (98, "a")], 1);
        let expected = [("a".into(), vec![1, 0, 1, 1, 0, 0]), ("b".into(), vec![0, 0, 0, 0, 0, 1])];
        assert_eq!(shown(&timeline), expected);
        assert_eq!((timeline.begins(0), timeline.column(103), timeline.column(104)), (98, Some(5), None));
    }

    #[test]
    fn a_long_time_has_longer_periods_that_begin_at_round_local_times() {
        let mut timeline = counted(&[(7200, "a"), (7201, "a"), (7200 + 3 * 86_400, "a")], 1);
        timeline.fit(100);
        assert_eq!((timeline.period, timeline.begins(0)), (3600, 7200));
        timeline.fit(10);
        assert_eq!((timeline.period, timeline.len, timeline.begins(0)), (28_800, 10, -3600));
        assert_eq!(shown(&timeline)[0].1, [2, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn the_picture_is_as_full_as_round_periods_let_it_be() {
        for (seconds, columns, period) in [
            (600, 68, 10),
            (900, 68, 15),
            (1100, 68, 20),
            (7000, 68, 120),
            (50_000, 68, 900),
            (80_000, 68, 1200),
            (400_000, 68, 2 * HOUR),
            (900_000, 68, 4 * HOUR),
            (1_900_000, 68, 8 * HOUR),
            (100 * DAY, 68, 2 * DAY),
            (400 * DAY, 68, WEEK),
            (900 * DAY, 68, 2 * WEEK),
        ] {
            let mut timeline = counted(&[(0, "a"), (seconds, "a")], 1);
            timeline.fit(columns);
            assert_eq!(timeline.period, period, "{seconds} s in {columns} columns");
            assert!(timeline.len <= columns && timeline.len * 3 > columns, "{seconds}: {}", timeline.len);
        }
    }

    #[test]
    fn periods_that_are_not_round_grow_slowly_and_too_long_ones_are_no_fault() {
        let mut timeline = counted(&[(0, "a"), (420 * 100, "a")], 420);
        timeline.fit(60);
        assert_eq!(timeline.period, 840);
        let timeline = counted(&[(0, "a"), (1_700_000_000, "a")], u64::MAX);
        assert_eq!((timeline.len, timeline.column(1_700_000_000)), (1, Some(0)));
        assert!(timeline.begins(1) > 1_700_000_000);
    }

    #[test]
    fn no_count_is_lost_whatever_a_log_says() {
        let mut seconds: Vec<(u64, String)> = Vec::new();
        let mut dice = Dice(1);
        for _ in 0..5000 {
            let number = dice.next();
            seconds.push((number >> (number % 50), format!("group {}", number >> 54)));
        }
        seconds.extend([(0, "z".into()), (u64::MAX, "z".into())]);
        let beyond = seconds.iter().filter(|(second, _)| *second > LAST).count() as u64;
        let borrowed: Vec<_> = seconds.iter().map(|(second, group)| (*second, group.as_str())).collect();
        let mut timeline = counted(&borrowed, 1);
        timeline.fit(80);
        timeline.merge_after(10);
        let sums: u64 = timeline.rows.iter().flat_map(|row| &row.counts).sum();
        let totals: u64 = timeline.rows.iter().map(|row| row.total).sum();
        assert_eq!((sums + beyond, totals, timeline.rows.len()), (5002, 5002, 10));
    }

    #[test]
    fn one_time_that_cannot_be_makes_no_period_longer() {
        let timeline = counted(&[(1000, "a"), (u64::MAX, "a"), (1003, "a")], 1);
        assert_eq!((shown(&timeline), timeline.period), (vec![("a".into(), vec![1, 0, 0, 1])], 1));
        assert_eq!(timeline.rows[0].total, 3);
        assert_eq!(counted(&[(u64::MAX, "a")], 1).len, 0);
    }

    #[test]
    fn rows_are_bounded_and_sorted() {
        let groups: Vec<String> = (0..400).map(|n| format!("g{n}")).collect();
        let mut seconds: Vec<_> = groups.iter().map(|group| (5, group.as_str())).collect();
        seconds.extend([(6, "g7"), (6, "g399")]);
        let mut timeline = counted(&seconds, 1);
        timeline.fit(80);
        assert_eq!((timeline.rows.len(), timeline.rows[0].name.as_slice()), (ROWS + 1, &b"g7"[..]));
        assert_eq!(timeline.rows.last().map(|row| (row.name.as_slice(), row.total)), Some((OTHERS, 145)));
    }
}
