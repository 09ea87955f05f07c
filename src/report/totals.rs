//! Totals: how often each value came, counted and printed.

use super::cells::{Format, push_row};
use super::class::Class;
use super::kind::{Counts, Heading, ReportKind};
use super::names::{TEXT, control_bytes, has_name, push_syscall, push_type};
use super::reports::{Reports, Table, is_authentication};
use super::request::{NO_AUID, NO_KEY, UNSET, View};
use super::tally::Tally;
use crate::event::Event;
use crate::query::extract::Text;
use crate::record::RecordType;
use crate::text::{Escape, escape, number};

impl Reports<'_> {
    /// Counts what a report counts of an event.
    pub(super) fn count(&mut self, counts: Counts, event: &Event, classes: Class, tally: &mut Tally) {
        let fields = &self.fields;
        let text = |tally: &mut Tally, text: Option<Text>| {
            if let Some(text) = text {
                tally.add(fields.text(text));
            }
        };
        match counts {
            Counts::None => {}
            Counts::Types(wanted) if !classes.has(wanted) => {}
            Counts::EveryType if event.record_type() == RecordType::UNRECOGNISED => {}
            Counts::Types(_) | Counts::EveryType => tally.add_number(event.record_type().0 as i32),
            Counts::Objects if !classes.has(Class::ANY_AVC) => {}
            Counts::Objects => {
                fields.labels.iter().filter(|l| l.granted.is_some()).for_each(|l| text(tally, l.object));
            }
            Counts::Files => fields.files.iter().for_each(|file| tally.add(fields.text(file.name))),
            Counts::Keys => {
                let keys = fields.keys.iter().map(|key| fields.text(*key));
                keys.filter(|key| *key != NO_KEY).for_each(|key| tally.add(key));
            }
            Counts::Hosts => text(tally, fields.host),
            Counts::Terminals => text(tally, fields.terminal),
            Counts::Exes => text(tally, fields.exe),
            Counts::Comms => text(tally, fields.comm),
            Counts::Pids => {
                fields.pid.iter().filter(|pid| **pid != UNSET).for_each(|pid| tally.add_number(*pid as i32))
            }
            Counts::Authentications if !is_authentication(classes, fields) => {}
            Counts::Authentications => self.count_user(event, self.fields.auid.is_none(), tally),
            Counts::Logins if !classes.has(Class::USER_LOGIN) => {}
            Counts::Logins => {
                self.count_user(event, self.fields.auid.is_none_or(|auid| (auid as i32) < 0), tally);
            }
            Counts::Auids if fields.auid.is_none_or(|auid| auid == NO_AUID) => {}
            Counts::Auids => self.count_user(event, false, tally),
            Counts::Syscalls if fields.syscall.is_none_or(|number| number as i32 <= 0) => {}
            Counts::Syscalls => {
                self.scratch.clear();
                push_syscall(self.request.interpret, fields, &mut self.scratch);
                tally.add(&self.scratch);
            }
        }
    }

    /// Counts the account, if that may stand for the user and there is one, else the auid.
    fn count_user(&mut self, event: &Event, by_account: bool, tally: &mut Tally) {
        self.scratch.clear();
        match self.fields.account.filter(|_| by_account) {
            Some(account) => {
                self.scratch.push(TEXT);
                self.scratch.extend_from_slice(self.fields.text(account));
            }
            None => self.users.push_value(event, b"auid", self.fields.auid.unwrap_or(NO_AUID), &mut self.scratch),
        }
        tally.add(&self.scratch);
    }

    /// What was counted of users, as they are shown.
    pub(super) fn users_of(&mut self, tally: &Tally) -> Tally {
        tally.renamed(&mut |value, text| self.users.push_counted(value, text))
    }

    /// Appends what was counted. COMPAT: types are numbers where people read them, unless words are asked for.
    pub(super) fn totals(&mut self, kind: &ReportKind, table: &Table, out: &mut Vec<u8>) {
        let is_text = self.request.format == Format::Text;
        let mut value = Vec::new();
        let mut peak = 0;
        match kind.counts {
            Counts::Pids | Counts::Types(_) | Counts::EveryType => {
                for (count, number) in table.tally.numbers_by_count() {
                    peak = peak.max(count);
                    value.clear();
                    let record_type = RecordType(number as u32);
                    let is_named = kind.counts != Counts::Pids && (self.request.interpret || !is_text);
                    match is_named && (is_text || has_name(record_type)) {
                        true => push_type(record_type, &mut value),
                        false => number::push_signed(&mut value, i64::from(number)),
                    }
                    self.total(kind, &table.view, [count, peak], &value, Escape::Raw, out);
                }
            }
            // COMPAT: of hosts, terminals and labels only control bytes are escaped.
            counts => {
                let mode = match counts {
                    Counts::Hosts | Counts::Terminals | Counts::Objects => control_bytes(self.request.escape),
                    _ => self.request.escape,
                };
                let are_users = matches!(counts, Counts::Authentications | Counts::Logins | Counts::Auids);
                let users = are_users.then(|| self.users_of(&table.tally));
                for (count, text) in users.as_ref().unwrap_or(&table.tally).by_count() {
                    peak = peak.max(count);
                    self.total(kind, &table.view, [count, peak], text, mode, out);
                }
            }
        }
    }

    fn total(
        &self,
        kind: &ReportKind,
        view: &View,
        [count, peak]: [u64; 2],
        value: &[u8],
        mode: Escape,
        out: &mut Vec<u8>,
    ) {
        if self.request.format == Format::Text {
            if self.request.bars {
                self.request.canvas.push_bar(count, peak, self.request.canvas.width / 3, out);
                out.push(b' ');
            }
            number::push(out, count);
            out.extend_from_slice(b"  ");
            escape(value, mode, out);
            return out.push(b'\n');
        }
        push_row(self.request.format, view.name, out, &mut |cells| {
            let mut names = kind.summary.iter().flat_map(Heading::names);
            cells.number(names.next().unwrap_or_default(), Some(count));
            let name = names.next().unwrap_or_default();
            match kind.counts {
                Counts::Pids => cells.number(name, number::parse_prefix(value, 10)),
                _ => cells.text(name, Some(value), mode),
            }
        });
    }
}
