//! The summary of everything: what aureport(8) prints when it is asked for no report.

use super::cells::Cells;
use super::class::Class;
use super::kind::Heading;
use super::request::{NO_AUID, NO_KEY, UNSET};
use super::tally::Tally;
use crate::query::extract::{EventFields, FAILED, SUCCEEDED};
use crate::text::number;

pub(super) static HEADING: Heading = Heading { title: "Summary Report", columns: "", above: 22, below: 0 };

/// The counters.
#[derive(Default)]
pub(super) struct Overview {
    changes: u64,
    account_changes: u64,
    /// Failed and successful ones.
    logins: [u64; 2],
    authentications: [u64; 2],
    avcs: u64,
    mac: u64,
    failed_syscalls: u64,
    anomalies: u64,
    responses: u64,
    crypto: u64,
    integrity: u64,
    virt: u64,
    events: u64,
    users: Tally,
    terminals: Tally,
    hosts: Tally,
    exes: Tally,
    comms: Tally,
    files: Tally,
    keys: Tally,
    pids: Tally,
}

impl Overview {
    /// Counts an event. `goes_on`: it is a later part of one that is too long.
    pub(super) fn add(&mut self, goes_on: bool, classes: Class, fields: &EventFields) {
        self.events += u64::from(!goes_on);
        if classes != Class::default() {
            self.add_classes(classes, fields);
        }
        if fields.success == Some(FAILED) && fields.syscall.is_some_and(|number| number as i32 > 0) {
            self.failed_syscalls += 1;
        }
        if let Some(auid) = fields.auid.filter(|auid| *auid != NO_AUID) {
            self.users.add_number(auid as i32);
        }
        if let Some(pid) = fields.pid.filter(|pid| *pid != UNSET) {
            self.pids.add_number(pid as i32);
        }
        let texts = [
            (fields.terminal, &mut self.terminals),
            (fields.host, &mut self.hosts),
            (fields.exe, &mut self.exes),
            (fields.comm, &mut self.comms),
        ];
        for (text, tally) in texts {
            if let Some(text) = text {
                tally.add(fields.text(text));
            }
        }
        fields.files.iter().for_each(|file| self.files.add(fields.text(file.name)));
        for key in fields.keys.iter().map(|key| fields.text(*key)).filter(|key| *key != NO_KEY) {
            self.keys.add(key);
        }
    }

    /// COMPAT: an event counts as often as it has kinds of change, or of anomaly, and so on.
    fn add_classes(&mut self, classes: Class, fields: &EventFields) {
        self.changes += classes.count(Class::CONFIGURATION);
        self.account_changes += classes.count(Class::ACCOUNTS);
        self.crypto += classes.count(Class::ANY_CRYPTO);
        self.mac += classes.count(Class::ANY_MAC);
        self.anomalies += classes.count(Class::ANOMALY);
        self.virt += classes.count(Class::VIRT);
        self.integrity += classes.count(Class::INTEGRITY);
        self.responses += classes.count(Class::RESPONSE);
        self.avcs += u64::from(classes.has(Class::ANY_AVC));
        if classes.has(Class::USER_LOGIN) {
            judge(&mut self.logins, fields);
        }
        if classes.has(Class::USER_AUTH) || (classes.has(Class::GRP_AUTH) && !classes.has(Class::USER_MGMT)) {
            judge(&mut self.authentications, fields);
        } else if classes.has(Class::USER_MGMT) && fields.success == Some(FAILED) {
            self.authentications[0] += 1;
        }
    }

    /// The counters by what they count.
    pub(super) fn counters(&self) -> [(&'static str, u64); 23] {
        let [failed_logins, logins] = self.logins;
        let [failed_authentications, authentications] = self.authentications;
        [
            ("changes in configuration", self.changes),
            ("changes to accounts, groups, or roles", self.account_changes),
            ("logins", logins),
            ("failed logins", failed_logins),
            ("authentications", authentications),
            ("failed authentications", failed_authentications),
            ("users", self.users.len() as u64),
            ("terminals", self.terminals.len() as u64),
            ("host names", self.hosts.len() as u64),
            ("executables", self.exes.len() as u64),
            ("commands", self.comms.len() as u64),
            ("files", self.files.len() as u64),
            ("AVC's", self.avcs),
            ("MAC events", self.mac),
            ("failed syscalls", self.failed_syscalls),
            ("anomaly events", self.anomalies),
            ("responses to anomaly events", self.responses),
            ("crypto events", self.crypto),
            ("integrity events", self.integrity),
            ("virt events", self.virt),
            ("keys", self.keys.len() as u64),
            ("process IDs", self.pids.len() as u64),
            ("events", self.events),
        ]
    }

    /// Appends the lines.
    pub(super) fn print(&self, out: &mut Vec<u8>) {
        for (name, count) in self.counters() {
            out.extend_from_slice(b"Number of ");
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            number::push(out, count);
            out.push(b'\n');
        }
        out.push(b'\n');
    }

    /// Gives the counters to `cells`, by names of letters and underscores.
    pub(super) fn give(&self, cells: &mut Cells) {
        for (name, count) in self.counters() {
            let letters = name.chars().filter(|letter| !matches!(letter, ',' | '\''));
            let name: String =
                letters.map(|letter| if letter == ' ' { '_' } else { letter.to_ascii_lowercase() }).collect();
            cells.number(&name, Some(count));
        }
    }
}

/// Counts a failure or a success; what is neither does not count.
fn judge(counters: &mut [u64; 2], fields: &EventFields) {
    match fields.success {
        Some(FAILED) => counters[0] += 1,
        Some(SUCCEEDED) => counters[1] += 1,
        _ => {}
    }
}
