//! Reports that are pictures: timelines, and the documents `--svg` and `--html` write. What they count and how they end; [`picture`] and
//! [`page`] draw them.

use super::cells::{Format, push_row};
use super::class::Class;
use super::kind::Counts;
use super::names::{ID, TEXT, Users, push_type};
use super::page::{self, Page, Picture};
use super::picture;
use super::reports::Reports;
use super::request::{Content, NO_AUID, NO_KEY};
use super::tally::Tally;
use super::timeline::{By, Timeline};
use crate::event::Event;
use crate::query::extract::FAILED;

/// Appends a failed login, counted as its host and who tried: what was typed, or the user.
fn push_login(value: &[u8], users: &mut Users, out: &mut Vec<u8>) {
    let (host, who) = value.split_at(memchr::memchr2(TEXT, ID, value).unwrap_or(value.len()));
    users.push_counted(who, out);
    out.extend_from_slice(b" from ");
    out.extend_from_slice(host);
}

impl Reports<'_> {
    /// Takes an event into a picture. A page is for people: its users have their names.
    pub(super) fn draw(&mut self, event: &Event, classes: Class, picture: &mut Picture) {
        let Page { timeline, tallies } = &mut *picture.page;
        let is_page = matches!(picture.content, Content::Html(_));
        self.users.in_words |= is_page;
        self.count_in(timeline, event);
        if is_page {
            self.count_for_page(tallies, event, classes);
        }
        self.users.in_words = self.request.interpret;
    }

    /// Counts an event in a timeline.
    fn count_in(&mut self, timeline: &mut Timeline, event: &Event) {
        let second = event.id().sec;
        timeline.event(event, || self.dates.of(second as i64).offset);
        self.scratch.clear();
        match self.request.by {
            By::Type => push_type(event.record_type(), &mut self.scratch),
            By::User => match self.fields.auid {
                Some(auid) => self.users.push_value(event, b"auid", auid, &mut self.scratch),
                None => self.scratch.extend_from_slice(b"(no user)"),
            },
            By::Key => {
                let keys = self.fields.keys.iter().map(|key| self.fields.text(*key));
                let mut keys = keys.filter(|key| *key != NO_KEY).peekable();
                if keys.peek().is_none() {
                    timeline.count(second, b"(no key)");
                }
                return keys.for_each(|key| timeline.count(second, key));
            }
        }
        timeline.count(second, &self.scratch);
    }

    fn count_for_page(&mut self, tallies: &mut [Tally; 4], event: &Event, classes: Class) {
        let [keys, users, programs, failed_logins] = tallies;
        self.count(Counts::Keys, event, classes, keys);
        self.count(Counts::Auids, event, classes, users);
        self.count(Counts::Exes, event, classes, programs);
        if classes.has(Class::USER_LOGIN) && self.fields.success == Some(FAILED) {
            let fields = &self.fields;
            let host = fields.host.map_or(&b"?"[..], |host| fields.text(host));
            match fields.account {
                Some(account) => failed_logins.add(&[host, &[TEXT], fields.text(account)].concat()),
                None => {
                    let mut login = host.to_vec();
                    self.users.push_value(event, b"auid", fields.auid.unwrap_or(NO_AUID), &mut login);
                    failed_logins.add(&login);
                }
            }
        }
    }

    /// Appends a timeline: bars, or a row for each period and group.
    pub(super) fn finish_timeline(&mut self, picture: Picture, out: &mut Vec<u8>) {
        let mut timeline = picture.page.timeline;
        self.name_users(&mut timeline);
        let facts = std::mem::take(&mut timeline.coverage).finish(&self.origin);
        let format = self.request.format;
        if format == Format::Text {
            if timeline.events == 0 {
                return;
            }
            return picture::draw(&mut timeline, &facts, &self.request.canvas, &mut self.dates, out);
        }
        timeline.fit(u64::MAX);
        if let Content::Timeline(asked @ 1..) = picture.content
            && timeline.period > asked
        {
            self.lengthened = Some([asked, timeline.period]);
        }
        if format == Format::Csv {
            out.extend_from_slice(b"time,seconds,group,count\n");
        }
        for row in &timeline.rows {
            for (column, count) in (0..).zip(&row.counts).filter(|(_, count)| **count > 0) {
                push_row(format, picture::NAME, out, &mut |cells| {
                    cells.time("time", &self.dates.of(timeline.begins(column)), 0);
                    cells.number("seconds", Some(timeline.period));
                    cells.text("group", Some(&row.name), self.request.escape);
                    cells.number("count", Some(*count));
                });
            }
        }
    }

    /// Names the rows of a timeline, if these are users.
    fn name_users(&mut self, timeline: &mut Timeline) {
        if self.request.by == By::User {
            timeline.rename(&mut |value, text| self.users.push_counted(value, text));
        }
    }

    /// The document that a report ends with.
    pub(super) fn document(&mut self, picture: Picture) -> Vec<u8> {
        let (mut page, mut out) = (picture.page, Vec::new());
        self.users.in_words |= matches!(picture.content, Content::Html(_));
        self.name_users(&mut page.timeline);
        let facts = std::mem::take(&mut page.timeline.coverage).finish(&self.origin);
        let by = match self.request.by {
            By::Type => "type",
            By::Key => "key",
            By::User => "user",
        };
        let events = match self.request.success {
            Some(true) => "Successful events",
            Some(false) => "Failed events",
            None => "Events",
        };
        let title = &format!("{events} by {by}");
        match picture.content {
            Content::Html(_) => {
                let [_, users, _, failed_logins] = &mut page.tallies;
                *users = self.users_of(users);
                *failed_logins = failed_logins.renamed(&mut |value, text| push_login(value, &mut self.users, text));
                page::push_head(&self.origin, &self.request, &mut self.dates, &mut out);
                page::push(&mut page, &facts, title, &mut self.dates, &mut out);
            }
            _ => picture::push_svg(&mut page.timeline, &facts, title, &mut self.dates, &mut out),
        }
        self.users.in_words = self.request.interpret;
        out
    }
}
