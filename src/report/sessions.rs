//! Login sessions and runs of the machine, out of the records that open and close them: the fold of aulast(8).
//!
//! LOGIN opens a session, USER_LOGIN confirms it, USER_END closes it. What no USER_LOGIN confirms, such as a job of cron, is
//! no session of a person and is not given out. SYSTEM_BOOT begins a run of the machine and ends what the last one left open;
//! SYSTEM_SHUTDOWN ends the run.
//!
//! Memory is bounded: `MOST` sessions are open at a time, and text of a record is kept up to `LONGEST` bytes. A log that
//! opens more sessions loses the oldest.

use crate::interpret::{Interpreter, RecordContext};
use crate::record::{EventId, Field, Record, RecordType};
use crate::text::date::Date;
use crate::text::{Escape, escape, number};
use std::fmt;

/// The types of the records this is made of.
pub const SESSION_TYPES: &[RecordType] = &[
    RecordType::LOGIN,
    RecordType::USER_LOGIN,
    RecordType::USER_END,
    RecordType::SYSTEM_BOOT,
    RecordType::SYSTEM_SHUTDOWN,
    RecordType::DAEMON_START,
];

/// How many sessions may be open, and how many may wait for their USER_LOGIN. A large terminal server has some hundreds.
const MOST: usize = 8192;

/// The longest text that is kept of a field: a host name has 255 bytes at most (RFC 1035).
const LONGEST: usize = 255;

/// What is left out.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Logins that failed instead of sessions.
    pub failed: bool,
    /// Only this account.
    pub user: Option<Vec<u8>>,
    /// Only terminals whose name contains this.
    pub terminal: Option<Vec<u8>>,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It has not.
    Open,
    /// By a logout, or by the shutdown where it is a run of the machine.
    LoggedOut,
    /// It was open when the machine started again after having been shut down.
    Down,
    /// It was open when the machine started again without having been shut down.
    Crash,
    /// Another session began with its number.
    Gone,
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A login session.
    Session,
    /// A login that failed.
    FailedLogin,
    /// A run of the machine.
    Run,
}

/// A session, a login that failed, or a run of the machine. Texts are escaped for a terminal.
#[derive(Clone, Debug)]
pub struct Session {
    /// What it is.
    pub subject: Subject,
    /// The account; `reboot` for a run of the machine.
    pub name: Vec<u8>,
    /// Where it was; `?` when the log does not say.
    pub terminal: Vec<u8>,
    /// Where it came from, or the kernel that ran.
    pub host: Vec<u8>,
    /// Seconds since 1970.
    pub start: u64,
    /// Seconds since 1970; `None` while it is open.
    pub end: Option<u64>,
    /// How it ended.
    pub ending: Ending,
    /// The serials of the events that opened, confirmed and ended it; 0 where there was none.
    pub proof: [u64; 3],
    pid: u32,
    auid: u32,
    /// Counts the sessions of the log.
    order: u64,
}

/// Why a record did not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PassedOver {
    /// A LOGIN without pid, login uid or session.
    Login,
    /// A USER_LOGIN without pid, uid or session.
    UserLogin,
    /// A USER_END without pid, login uid or session.
    UserEnd,
    /// Of another account than the one that was asked for.
    OtherUser(Vec<u8>),
    /// On another terminal than those that were asked for.
    OtherTerminal(Vec<u8>),
    /// A USER_LOGIN of no session that is open, or one that failed where sessions were asked for.
    NoSession,
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PassedOver::Login => f.write_str("Bad login"),
            PassedOver::UserLogin => f.write_str("Bad user login"),
            PassedOver::UserEnd => f.write_str("Bad user logout"),
            PassedOver::OtherUser(name) => write!(f, "login reporting limited to {}", String::from_utf8_lossy(name)),
            PassedOver::OtherTerminal(name) => write!(f, "User login limited to {}", String::from_utf8_lossy(name)),
            PassedOver::NoSession => f.write_str("Session not found or updated"),
        }
    }
}

/// Sessions that are open, by their numbers; beside each number is what counts its session. There are few, so that the oldest may be
/// looked for.
#[derive(Default)]
struct Open(Vec<(u32, u64, Box<Session>)>);

impl Open {
    /// Adds a session; gives back the oldest one where there are too many.
    fn add(&mut self, number: u32, session: Session) -> Option<Session> {
        let (place, session) = (self.place(number), (number, session.order, Box::new(session)));
        match place {
            Ok(at) => _ = self.0.get_mut(at).map(|there| *there = session),
            Err(at) => self.0.insert(at, session),
        }
        let oldest = || self.0.iter().min_by_key(|(_, order, _)| *order).map(|(number, ..)| *number);
        if self.0.len() > MOST { self.take(oldest()?) } else { None }
    }

    /// Where the session with this number is, or would be.
    fn place(&self, number: u32) -> Result<usize, usize> {
        self.0.binary_search_by_key(&number, |(number, ..)| *number)
    }

    /// Takes the session with this number.
    fn take(&mut self, number: u32) -> Option<Session> {
        let (.., session) = self.0.remove(self.place(number).ok()?);
        Some(*session)
    }

    /// Takes the session with these three numbers.
    fn take_of(&mut self, pid: u32, auid: u32, number: u32) -> Option<Session> {
        let (.., session) = self.0.get(self.place(number).ok()?)?;
        if (session.pid, session.auid) == (pid, auid) { self.take(number) } else { None }
    }

    /// Takes all of them, in the order in which they began.
    fn take_all(&mut self) -> impl Iterator<Item = Session> {
        self.0.sort_unstable_by_key(|(_, order, _)| *order);
        std::mem::take(&mut self.0).into_iter().map(|(.., session)| *session)
    }
}

/// Follows sessions through the records of a log.
pub struct Sessions<'n> {
    filter: Filter,
    interpreter: Interpreter<'n>,
    /// As the daemon named it when it started last.
    kernel: Option<Vec<u8>>,
    run: Option<Session>,
    /// The shutdown that the log came to last, until the next start.
    shutdown: Option<EventId>,
    /// Not confirmed yet.
    pending: Open,
    confirmed: Open,
    opened: u64,
}

impl<'n> Sessions<'n> {
    /// Nothing is open. `interpreter` names the accounts.
    pub fn new(filter: Filter, interpreter: Interpreter<'n>) -> Sessions<'n> {
        Sessions {
            filter,
            interpreter,
            kernel: None,
            run: None,
            shutdown: None,
            pending: Open::default(),
            confirmed: Open::default(),
            opened: 0,
        }
    }

    /// Takes a record that begins an event; those that are not of [`SESSION_TYPES`] do not count. What it ended is added to
    /// `ended`.
    pub fn record(&mut self, record: &Record<'_>, ended: &mut Vec<Session>) -> Result<(), PassedOver> {
        let result = match record.record_type {
            RecordType::LOGIN => self.login(record, ended),
            RecordType::USER_LOGIN => self.user_login(record, ended),
            RecordType::USER_END => self.user_end(record, ended),
            RecordType::SYSTEM_BOOT => {
                self.boot(record, ended);
                Ok(())
            }
            RecordType::SYSTEM_SHUTDOWN => {
                self.shutdown = Some(record.id);
                ended.extend(self.run.take().map(|run| run.end_by(Ending::LoggedOut, record.id)));
                Ok(())
            }
            RecordType::DAEMON_START => {
                self.kernel = record.field(b"kernel").map(shown).or(self.kernel.take());
                Ok(())
            }
            _ => Ok(()),
        };
        self.leave_out(ended);
        result
    }

    /// The log is at its end: adds what is open.
    pub fn finish(mut self, open: &mut Vec<Session>) {
        open.extend(self.run.take());
        open.extend(self.confirmed.take_all());
        self.leave_out(open);
    }

    /// Where failed logins are asked for nothing else is given out.
    fn leave_out(&self, ended: &mut Vec<Session>) {
        if self.filter.failed {
            ended.retain(|session| session.subject == Subject::FailedLogin);
        }
    }

    fn login(&mut self, record: &Record<'_>, ended: &mut Vec<Session>) -> Result<(), PassedOver> {
        // The new ids follow the old ones, which have the same names up to Linux 3.13.
        let last = |name: &[u8]| record.fields().filter(|field| field.name == name).last();
        let login_uid = last(b"auid").ok_or(PassedOver::Login)?;
        let session = last(b"ses").and_then(|field| id(field.value));
        let (Some(pid), Some(auid), Some(number)) = (record.field(b"pid").and_then(id), id(login_uid.value), session)
        else {
            return Err(PassedOver::Login);
        };
        self.pending.take(number);
        ended.extend(self.confirmed.take(number).map(|old| old.end_by(Ending::Gone, record.id)));
        let name = self.name(record, login_uid);
        if let Some(user) = self.filter.user.as_ref().filter(|user| **user != name) {
            return Err(PassedOver::OtherUser(user.clone()));
        }
        self.opened += 1;
        let mut session = Session::of(Subject::Session, name, record);
        (session.pid, session.auid, session.order) = (pid, auid, self.opened);
        session.proof[0] = record.id.serial;
        self.pending.add(number, session);
        Ok(())
    }

    fn user_login(&mut self, record: &Record<'_>, ended: &mut Vec<Session>) -> Result<(), PassedOver> {
        let result = record.field(b"res");
        let mut after_session = record.fields().skip_while(|field| field.name != b"ses");
        // gdm says uid=, everybody else id=.
        let user = after_session.find(|field| field.name == b"uid").map(|field| field.value);
        let uid = user.or_else(|| record.field(b"id")).and_then(id);
        if result.is_some_and(|result| !matches!(result, b"success" | b"1")) {
            return self.failed_login(record, uid, ended);
        }
        let (Some(pid), Some(uid), Some(number)) = (record.field(b"pid").and_then(id), uid, session_of(record)) else {
            return Err(PassedOver::UserLogin);
        };
        if result.is_none() {
            return Err(PassedOver::NoSession);
        }
        let session = self.pending.take_of(pid, uid, number).or_else(|| self.confirmed.take_of(pid, uid, number));
        let mut session = session.ok_or(PassedOver::NoSession)?;
        self.check_terminal(record)?;
        session.place(record);
        session.proof[1] = record.id.serial;
        let oldest = self.confirmed.add(number, session);
        ended.extend(oldest.map(|oldest| oldest.end_by(Ending::Gone, record.id)));
        Ok(())
    }

    fn failed_login(
        &mut self,
        record: &Record<'_>,
        uid: Option<u32>,
        ended: &mut Vec<Session>,
    ) -> Result<(), PassedOver> {
        if !self.filter.failed {
            return Err(PassedOver::NoSession);
        }
        let account = record.fields().find(|field| field.name == b"acct");
        let name = match account {
            Some(account) => self.name(record, account),
            None => uid.unwrap_or(u32::MAX).to_string().into_bytes(),
        };
        if let Some(user) = self.filter.user.as_ref().filter(|user| **user != name) {
            return Err(PassedOver::OtherUser(user.clone()));
        }
        self.check_terminal(record)?;
        let mut login = Session::of(Subject::FailedLogin, name, record);
        login.place(record);
        login.proof[1] = record.id.serial;
        ended.push(Session { end: Some(login.start), ending: Ending::LoggedOut, ..login });
        Ok(())
    }

    fn user_end(&mut self, record: &Record<'_>, ended: &mut Vec<Session>) -> Result<(), PassedOver> {
        let number = |name| record.field(name).and_then(id);
        let (Some(pid), Some(auid), Some(session)) = (number(b"pid"), number(b"auid"), session_of(record)) else {
            return Err(PassedOver::UserEnd);
        };
        if self.pending.take_of(pid, auid, session).is_none() {
            let session = self.confirmed.take_of(pid, auid, session);
            ended.extend(session.map(|session| session.end_by(Ending::LoggedOut, record.id)));
        }
        Ok(())
    }

    fn boot(&mut self, record: &Record<'_>, ended: &mut Vec<Session>) {
        let shutdown = self.shutdown.take();
        let ending = if shutdown.is_some() { Ending::Down } else { Ending::Crash };
        self.pending = Open::default();
        let open = self.run.take().into_iter().chain(self.confirmed.take_all());
        ended.extend(open.map(|session| {
            // Of a crash this start is the only proof.
            let by = shutdown.filter(|shutdown| shutdown.sec >= session.start).unwrap_or(record.id);
            session.end_by(ending, by)
        }));
        let mut run = Session::of(Subject::Run, b"reboot".to_vec(), record);
        run.terminal = b"system boot".to_vec();
        run.host = self.kernel.clone().unwrap_or(run.host);
        run.proof[0] = record.id.serial;
        self.run = Some(run);
    }

    fn check_terminal(&self, record: &Record<'_>) -> Result<(), PassedOver> {
        let Some(wanted) = &self.filter.terminal else { return Ok(()) };
        let terminal = record.field(b"terminal").unwrap_or(b"?");
        match memchr::memmem::find(terminal, wanted) {
            Some(_) => Ok(()),
            None => Err(PassedOver::OtherTerminal(wanted.clone())),
        }
    }

    /// The words for the account that a field names.
    fn name(&mut self, record: &Record<'_>, field: Field<'_>) -> Vec<u8> {
        let mut name = Vec::new();
        self.interpreter.value(record.record_type, field, &RecordContext::of(record), &mut name);
        name.truncate(LONGEST);
        name
    }
}

impl Session {
    /// One that begins with this record.
    fn of(subject: Subject, name: Vec<u8>, record: &Record<'_>) -> Session {
        Session {
            subject,
            name,
            terminal: b"?".to_vec(),
            host: b"?".to_vec(),
            start: record.id.sec,
            end: None,
            ending: Ending::Open,
            proof: [0; 3],
            pid: 0,
            auid: 0,
            order: 0,
        }
    }

    /// Takes over from a USER_LOGIN where it is and where it comes from.
    fn place(&mut self, record: &Record<'_>) {
        let is_known = |host: &&[u8]| *host != b"?";
        let host = record.field(b"hostname").filter(is_known).or_else(|| record.field(b"addr"));
        self.host = host.map_or_else(|| b"?".to_vec(), shown);
        self.terminal = record.field(b"terminal").map_or_else(|| b"?".to_vec(), shown);
    }

    fn end_by(mut self, ending: Ending, by: EventId) -> Session {
        (self.ending, self.end) = (ending, Some(by.sec));
        // COMPAT: the record of another session proves nothing.
        if ending != Ending::Gone {
            self.proof[2] = by.serial;
        }
        self
    }

    /// Appends its row. `date` is the way from seconds since 1970 to local time.
    pub fn push_row(&self, date: fn(i64) -> Date, out: &mut Vec<u8>) {
        // Cut short, a number would be that of another user.
        let is_number = self.subject == Subject::FailedLogin && self.name.iter().all(u8::is_ascii_digit);
        push_column(&self.name, if is_number { self.name.len().max(8) } else { 8 }, out);
        push_column(self.terminal.strip_prefix(b"/dev/").unwrap_or(&self.terminal), 12, out);
        push_column(&self.host, 16, out);
        let mut start = Vec::new();
        date(self.start.cast_signed()).push_ctime(&mut start);
        push_column(&start, 16, out);
        match self.ending {
            Ending::Open if self.subject == Subject::Run => {}
            Ending::Open => out.extend_from_slice(b"  still logged in"),
            Ending::Down => out.extend_from_slice(b"- down"),
            Ending::Crash => out.extend_from_slice(b"- crash"),
            Ending::Gone => out.extend_from_slice(b"  gone - no logout"),
            Ending::LoggedOut => self.push_end(date, out),
        }
        out.push(b'\n');
    }

    /// Appends `- HH:MM  (hh:mm)`, or `(d+hh:mm)` from a day on.
    fn push_end(&self, date: fn(i64) -> Date, out: &mut Vec<u8>) {
        let (start, end) = (self.start.cast_signed(), self.end.unwrap_or(self.start).cast_signed());
        let at = date(end);
        let seconds = end.saturating_sub(start);
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
        let days = if days == 0 { String::new() } else { format!("{days}+") };
        let text = format!("- {:02}:{:02}  ({days}{hours:02}:{minutes:02})", at.hour, at.minute);
        out.extend_from_slice(text.as_bytes());
    }

    /// Appends the serials that prove the row, and the search that finds what happened in it.
    pub fn push_proof(&self, date: fn(i64) -> Date, out: &mut Vec<u8>) {
        let [opened, confirmed, ended] = self.proof;
        let serials = match self.subject {
            Subject::FailedLogin => format!(": {confirmed}"),
            _ => format!("s: {opened}, {confirmed}, {ended}"),
        };
        let text = format!(
            "    audit event proof serial number{serials}\n    \
             Session data can be found with this search:\n    ausearch --start "
        );
        out.extend_from_slice(text.as_bytes());
        date(self.start.cast_signed()).push(out);
        if let Some(end) = self.end {
            out.extend_from_slice(b" --end ");
            date(end.cast_signed()).push(out);
        }
        if self.subject == Subject::FailedLogin {
            out.extend_from_slice(format!(" -a {confirmed}").as_bytes());
        }
        out.extend_from_slice(b"\n\n");
    }
}

fn session_of(record: &Record<'_>) -> Option<u32> {
    record.field(b"ses").and_then(id)
}

/// A number that is set.
fn id(value: &[u8]) -> Option<u32> {
    number::parse_exact(value).and_then(|number| u32::try_from(number).ok()).filter(|number| *number != u32::MAX)
}

/// Text of a record for a terminal, cut at [`LONGEST`] bytes.
pub(super) fn shown(text: &[u8]) -> Vec<u8> {
    let mut shown = Vec::new();
    escape(text.get(..LONGEST).unwrap_or(text), Escape::Tty, &mut shown);
    shown
}

/// Appends a column of `width` bytes and a space.
pub(super) fn push_column(text: &[u8], width: usize, out: &mut Vec<u8>) {
    let cut = text.get(..width).unwrap_or(text);
    out.extend_from_slice(cut);
    out.resize(out.len() + width - cut.len() + 1, b' ');
}

#[cfg(test)]
mod tests;
