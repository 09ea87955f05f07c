//! The reports of aureport(8), a row each: titles, what is read of an event, which events count, columns, what is totalled.

use super::class::Class;
use crate::query::extract::FieldSet;
use crate::record::RecordType;

/// One report.
pub struct ReportKind {
    /// Its title and the line that names the columns, with the lengths of the dashes above and below that line.
    pub detail: Heading,
    /// The same for its totals, or `None` if it has none.
    pub summary: Option<Heading>,
    /// What it reads beside process id and success.
    pub wanted: FieldSet,
    /// Which events make a row.
    pub selects: Selects,
    /// What stands in a row after number and date.
    pub columns: &'static [Column],
    /// What its totals count.
    pub counts: Counts,
}

impl ReportKind {
    /// Whether an event that matters may do so for a record of this type. An address that is cut short is complained of,
    /// whatever the event.
    pub(super) fn can_be_about(&self, record_type: RecordType) -> bool {
        let is_selected = match self.selects {
            Selects::Of(classes) => Class::of_type(record_type).has(classes),
            Selects::Authentication => Class::of_type(record_type).has(Class::AUTHENTICATION),
            Selects::Keystrokes => matches!(record_type, RecordType::TTY | RecordType::USER_TTY),
            _ => true,
        };
        is_selected || (record_type == RecordType::SOCKADDR && self.wanted.has(FieldSet::HOST.with(FieldSet::FILE)))
    }
}

/// What stands above a report. A line of columns that is empty is not printed, nor the rule below it.
pub struct Heading {
    /// The title.
    pub title: &'static str,
    /// The names of the columns.
    pub columns: &'static str,
    /// How long the rule above the columns is.
    pub above: u8,
    /// How long the rule below them is.
    pub below: u8,
}

impl Heading {
    /// The names of the columns, without those of number, date and time.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.columns.split_ascii_whitespace().filter(|name| !matches!(*name, "#" | "date" | "time"))
    }
}

/// Which events make a row of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as the fields of an event")]
pub enum Selects {
    None,
    Every,
    /// Events with a record of one of these classes.
    Of(Class),
    /// USER_AUTH, or a failed USER_MGMT.
    Authentication,
    /// Keystrokes, if that is the event's first record.
    Keystrokes,
    File,
    /// Events with keys, a row for each key.
    Key,
    Host,
    Terminal,
    Exe,
    Comm,
    Pid,
    Syscall,
    Uid,
}

/// A column of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// What stands in it.
    pub item: Item,
    /// Whether it is escaped as `--escape` asks. Otherwise control bytes alone are escaped.
    pub escaped: bool,
    /// What stands there instead where there is nothing.
    pub missing: &'static str,
}

/// What can stand in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as the fields of an event")]
pub enum Item {
    Serial,
    /// The type of the event's first record.
    Type,
    Success,
    Pid,
    Syscall,
    Session,
    Auid,
    /// The account, or else the uid.
    AccountOrUid,
    /// The account if it failed, or else the auid.
    AccountOrAuid,
    Account,
    /// The first name, past those of parent directories.
    File,
    /// The one that the row is about.
    Key,
    Exe,
    ExeOrComm,
    Comm,
    Host,
    Terminal,
    /// What was typed.
    Keystrokes,
    /// Of an access vector, like the next four.
    Subject,
    Class,
    Permissions,
    Object,
    Verdict,
}

/// What the totals of a report count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as the fields of an event")]
pub enum Counts {
    None,
    /// The types of the first records of events with a record of one of these classes.
    Types(Class),
    /// The types of the first records of all events.
    EveryType,
    /// The objects of access vectors that have a verdict.
    Objects,
    /// Who of USER_AUTH, or of a failed USER_MGMT: the account if there is no auid at all.
    Authentications,
    /// Who of USER_LOGIN: the account if there is no auid or it is unset.
    Logins,
    Files,
    Keys,
    Hosts,
    Terminals,
    Exes,
    Comms,
    Pids,
    Syscalls,
    Auids,
}

const fn wanted<const N: usize>(fields: [FieldSet; N]) -> FieldSet {
    let mut all = FieldSet::PID.with(FieldSet::SUCCESS);
    let mut at = 0;
    while at < N {
        all = all.with(fields[at]);
        at += 1;
    }
    all
}

const fn detail(title: &'static str, columns: &'static str, rule: u8) -> Heading {
    Heading { title, columns, above: rule, below: rule }
}

const fn summary(title: &'static str, columns: &'static str, rule: u8) -> Option<Heading> {
    Some(detail(title, columns, rule))
}

/// A column that is escaped as `--escape` asks.
const fn escaped(item: Item) -> Column {
    Column { item, escaped: true, missing: "?" }
}

/// COMPAT: a column for which the shell's special characters are not escaped: hosts, terminals, labels.
const fn plain(item: Item) -> Column {
    Column { item, escaped: false, missing: "?" }
}

/// COMPAT: the same with another word for nothing.
const fn null(item: Item) -> Column {
    Column { item, escaped: false, missing: "(null)" }
}

use FieldSet as W;

/// `-au`.
pub static AUTHENTICATIONS: ReportKind = ReportKind {
    detail: detail("Authentication Report", "# date time acct host term exe success event", 44),
    summary: summary("Authentication Summary Report", "total  acct", 29),
    wanted: wanted([W::EXE, W::HOST, W::TERMINAL, W::UID, W::ACCOUNT]),
    selects: Selects::Authentication,
    columns: &[
        escaped(Item::AccountOrUid),
        null(Item::Host),
        null(Item::Terminal),
        null(Item::Exe),
        plain(Item::Success),
        plain(Item::Serial),
    ],
    counts: Counts::Authentications,
};

/// `-a`.
pub static AVCS: ReportKind = ReportKind {
    detail: detail("AVC Report", "# date time comm subj syscall class permission obj result event", 63),
    summary: summary("Avc Object Summary Report", "total  obj", 33),
    wanted: wanted([W::COMM, W::SUBJECT, W::OBJECT]),
    selects: Selects::Of(Class::ANY_AVC),
    columns: &[
        escaped(Item::Comm),
        null(Item::Subject),
        plain(Item::Syscall),
        null(Item::Class),
        null(Item::Permissions),
        null(Item::Object),
        plain(Item::Verdict),
        plain(Item::Serial),
    ],
    counts: Counts::Objects,
};

/// `--comm`. COMPAT: its rules differ in length.
pub static COMMS: ReportKind = ReportKind {
    detail: Heading { title: "Command Report", columns: "# date time comm term host auid event", above: 36, below: 37 },
    summary: summary("Command Summary Report", "total  command", 33),
    wanted: wanted([W::TERMINAL, W::HOST, W::COMM, W::AUID]),
    selects: Selects::Comm,
    columns: &[escaped(Item::Comm), plain(Item::Terminal), plain(Item::Host), escaped(Item::Auid), plain(Item::Serial)],
    counts: Counts::Comms,
};

/// `-c`.
pub static CONFIGURATION: ReportKind = ReportKind {
    detail: detail("Config Change Report", "# date time type auid success event", 35),
    summary: summary("Config Change Summary Report", "total  type", 28),
    wanted: wanted([W::AUID]),
    selects: Selects::Of(Class::CONFIGURATION),
    columns: &[null(Item::Type), plain(Item::Auid), plain(Item::Success), plain(Item::Serial)],
    counts: Counts::Types(Class::CONFIGURATION),
};

/// `-cr`.
pub static CRYPTO: ReportKind = ReportKind {
    detail: detail("Crypto Report", "# date time auid type success event", 35),
    summary: summary("Crypto Summary Report", "total  type", 21),
    wanted: wanted([W::AUID]),
    selects: Selects::Of(Class::ANY_CRYPTO),
    columns: &[escaped(Item::Auid), null(Item::Type), plain(Item::Success), plain(Item::Serial)],
    counts: Counts::Types(Class::ANY_CRYPTO),
};

/// `-e`.
pub static EVENTS: ReportKind = ReportKind {
    detail: detail("Event Report", "# date time event type auid success", 35),
    summary: summary("Event Summary Report", "total  type", 22),
    wanted: wanted([W::AUID]),
    selects: Selects::Every,
    columns: &[plain(Item::Serial), null(Item::Type), escaped(Item::Auid), plain(Item::Success)],
    counts: Counts::EveryType,
};

/// `-f`.
pub static FILES: ReportKind = ReportKind {
    detail: detail("File Report", "# date time file syscall success exe auid event", 47),
    summary: summary("File Summary Report", "total  file", 27),
    wanted: wanted([W::FILE, W::EXE, W::AUID]),
    selects: Selects::File,
    columns: &[
        Column { missing: "", ..escaped(Item::File) },
        plain(Item::Syscall),
        plain(Item::Success),
        escaped(Item::Exe),
        escaped(Item::Auid),
        plain(Item::Serial),
    ],
    counts: Counts::Files,
};

/// `-h`.
pub static HOSTS: ReportKind = ReportKind {
    detail: detail("Host Report", "# date time host syscall auid event", 35),
    summary: summary("Host Summary Report", "total  host", 27),
    wanted: wanted([W::HOST, W::AUID]),
    selects: Selects::Host,
    columns: &[plain(Item::Host), plain(Item::Syscall), escaped(Item::Auid), plain(Item::Serial)],
    counts: Counts::Hosts,
};

/// `--integrity`.
pub static INTEGRITY: ReportKind = ReportKind {
    detail: detail("Integrity Report", "# date time type success event", 30),
    summary: summary("Integrity Summary Report", "total  type", 24),
    wanted: wanted([W::AUID]),
    selects: Selects::Of(Class::INTEGRITY),
    columns: &[null(Item::Type), plain(Item::Success), plain(Item::Serial)],
    counts: Counts::Types(Class::INTEGRITY),
};

/// `-k`.
pub static KEYS: ReportKind = ReportKind {
    detail: detail("Key Report", "# date time key success exe auid event", 47),
    summary: summary("Key Summary Report", "total  key", 27),
    wanted: wanted([W::EXE, W::KEY, W::AUID]),
    selects: Selects::Key,
    columns: &[plain(Item::Key), plain(Item::Success), escaped(Item::Exe), escaped(Item::Auid), plain(Item::Serial)],
    counts: Counts::Keys,
};

/// `-l`.
pub static LOGINS: ReportKind = ReportKind {
    detail: detail("Login Report", "# date time auid host term exe success event", 44),
    summary: summary("Login Summary Report", "total  auid", 28),
    wanted: wanted([W::EXE, W::HOST, W::TERMINAL, W::AUID, W::ACCOUNT]),
    selects: Selects::Of(Class::USER_LOGIN),
    columns: &[
        escaped(Item::AccountOrAuid),
        null(Item::Host),
        null(Item::Terminal),
        null(Item::Exe),
        plain(Item::Success),
        plain(Item::Serial),
    ],
    counts: Counts::Logins,
};

/// `-m`.
pub static ACCOUNTS: ReportKind = ReportKind {
    detail: detail("Account Modifications Report", "# date time auid addr term exe acct success event", 49),
    summary: summary("Acct Modification Summary Report", "total  type", 32),
    wanted: wanted([W::EXE, W::HOST, W::TERMINAL, W::AUID, W::ACCOUNT]),
    selects: Selects::Of(Class::ACCOUNTS),
    columns: &[
        escaped(Item::Auid),
        plain(Item::Host),
        plain(Item::Terminal),
        plain(Item::Exe),
        plain(Item::Account),
        plain(Item::Success),
        plain(Item::Serial),
    ],
    counts: Counts::Types(Class::ACCOUNTS),
};

/// `-ma`. COMPAT: its totals leave out the later types.
pub static MAC: ReportKind = ReportKind {
    detail: detail("MAC Report", "# date time auid type success event", 35),
    summary: summary("MAC Summary Report", "total  type", 18),
    wanted: wanted([W::AUID]),
    selects: Selects::Of(Class::ANY_MAC),
    columns: &[plain(Item::Auid), null(Item::Type), plain(Item::Success), plain(Item::Serial)],
    counts: Counts::Types(Class::MAC_COUNTED.with(Class::USER_MAC)),
};

/// `-n`.
pub static ANOMALIES: ReportKind = ReportKind {
    detail: detail("Anomaly Report", "# date time type exe term host auid event", 41),
    summary: summary("Anomaly Summary Report", "total  type", 22),
    wanted: wanted([W::TERMINAL, W::HOST, W::EXE, W::COMM, W::AUID]),
    selects: Selects::Of(Class::ANOMALY.with(Class::SECCOMP)),
    columns: &[
        null(Item::Type),
        escaped(Item::ExeOrComm),
        plain(Item::Terminal),
        plain(Item::Host),
        escaped(Item::Auid),
        plain(Item::Serial),
    ],
    counts: Counts::Types(Class::ANOMALY.with(Class::SECCOMP)),
};

/// `-p`.
pub static PIDS: ReportKind = ReportKind {
    detail: detail("Process ID Report", "# date time pid exe syscall auid event", 38),
    summary: summary("Pid Summary Report", "total  pid", 26),
    wanted: wanted([W::EXE, W::AUID]),
    selects: Selects::Pid,
    columns: &[plain(Item::Pid), escaped(Item::Exe), plain(Item::Syscall), escaped(Item::Auid), plain(Item::Serial)],
    counts: Counts::Pids,
};

/// `-r`.
pub static RESPONSES: ReportKind = ReportKind {
    detail: detail("Response to Anomaly Report", "# date time type success event", 30),
    summary: summary("Anomaly Response Summary Report", "total  type", 31),
    wanted: wanted([]),
    selects: Selects::Of(Class::RESPONSE),
    columns: &[null(Item::Type), plain(Item::Success), plain(Item::Serial)],
    counts: Counts::Types(Class::RESPONSE),
};

/// `-s`.
pub static SYSCALLS: ReportKind = ReportKind {
    detail: detail("Syscall Report", "# date time syscall pid comm auid event", 39),
    summary: summary("Syscall Summary Report", "total  syscall", 26),
    wanted: wanted([W::COMM, W::AUID]),
    selects: Selects::Syscall,
    columns: &[plain(Item::Syscall), plain(Item::Pid), escaped(Item::Comm), escaped(Item::Auid), plain(Item::Serial)],
    counts: Counts::Syscalls,
};

/// What JSON calls [`LOG_TIMES`].
pub(super) const LOG_TIMES_NAME: &str = "log";

/// `-t`. Its lines are those of [`Range`](super::Range).
pub static LOG_TIMES: ReportKind = ReportKind {
    detail: Heading { title: "Log Time Range Report", columns: "", above: 21, below: 0 },
    summary: None,
    wanted: wanted([]),
    selects: Selects::None,
    columns: &[],
    counts: Counts::None,
};

/// `-tm`.
pub static TERMINALS: ReportKind = ReportKind {
    detail: detail("Terminal Report", "# date time term host exe auid event", 36),
    summary: summary("Terminal Summary Report", "total  terminal", 31),
    wanted: wanted([W::TERMINAL, W::HOST, W::EXE, W::AUID]),
    selects: Selects::Terminal,
    columns: &[
        null(Item::Terminal),
        null(Item::Host),
        Column { missing: "(null)", ..escaped(Item::Exe) },
        escaped(Item::Auid),
        plain(Item::Serial),
    ],
    counts: Counts::Terminals,
};

/// `--tty`.
pub static KEYSTROKES: ReportKind = ReportKind {
    detail: detail("TTY Report", "# date time event auid term sess comm data", 47),
    summary: None,
    wanted: wanted([W::SESSION, W::AUID, W::TERMINAL, W::COMM]),
    selects: Selects::Keystrokes,
    columns: &[
        plain(Item::Serial),
        escaped(Item::Auid),
        plain(Item::Terminal),
        plain(Item::Session),
        escaped(Item::Comm),
        plain(Item::Keystrokes),
    ],
    counts: Counts::None,
};

/// `-u`.
pub static USERS: ReportKind = ReportKind {
    detail: detail("User ID Report", "# date time auid term host exe event", 36),
    summary: summary("User Summary Report", "total  auid", 27),
    wanted: wanted([W::TERMINAL, W::HOST, W::EXE, W::UID, W::AUID]),
    selects: Selects::Uid,
    columns: &[escaped(Item::Auid), plain(Item::Terminal), plain(Item::Host), escaped(Item::Exe), plain(Item::Serial)],
    counts: Counts::Auids,
};

/// `--virt`.
pub static VIRTUALIZATION: ReportKind = ReportKind {
    detail: detail("Virtualization Report", "# date time type success event", 30),
    summary: summary("Virtualization Summary Report", "total  type", 29),
    wanted: wanted([]),
    selects: Selects::Of(Class::VIRT),
    columns: &[null(Item::Type), plain(Item::Success), plain(Item::Serial)],
    counts: Counts::Types(Class::VIRT),
};

/// `-x`.
pub static EXES: ReportKind = ReportKind {
    detail: detail("Executable Report", "# date time exe term host auid event", 36),
    summary: summary("Executable Summary Report", "total  file", 33),
    wanted: wanted([W::TERMINAL, W::HOST, W::EXE, W::AUID]),
    selects: Selects::Exe,
    columns: &[escaped(Item::Exe), plain(Item::Terminal), plain(Item::Host), escaped(Item::Auid), plain(Item::Serial)],
    counts: Counts::Exes,
};

/// What pictures read.
pub(super) const OF_PICTURES: FieldSet = wanted([W::EXE, W::KEY, W::AUID, W::ACCOUNT, W::HOST]);

/// What the summary of everything reads.
pub(super) const OF_EVERYTHING: FieldSet = wanted([W::FILE, W::HOST, W::TERMINAL, W::EXE, W::COMM, W::KEY, W::AUID]);
