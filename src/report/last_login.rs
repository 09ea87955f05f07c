//! When each account of this machine logged in last: the fold of aulastlog(8).
//!
//! A login is a USER_LOGIN record that says `res=success`; its login uid says whose it is. The latest in the log counts.

use super::sessions::{push_column, shown};
use crate::record::{Record, RecordType};
use crate::text::date::Date;
use crate::text::{Escape, escape, number};

/// The types of the records this is made of.
pub const LOGIN_TYPES: &[RecordType] = &[RecordType::USER_LOGIN];

const HEADING: &[u8] = b"Username         Port         From                       Latest\n";

/// A login that worked.
struct Login {
    /// Seconds since 1970.
    second: u64,
    terminal: Vec<u8>,
    host: Vec<u8>,
}

struct Account {
    name: Vec<u8>,
    last: Option<Login>,
}

/// Accounts in the order in which they were given, each with its last login.
pub struct LastLogins {
    accounts: Vec<Account>,
    /// Uid and place in `accounts`, sorted; of several accounts with one uid the first has its logins.
    places: Vec<(u32, usize)>,
}

impl LastLogins {
    /// Accounts by uid and name.
    pub fn new<'a>(accounts: impl Iterator<Item = (u32, &'a [u8])>) -> LastLogins {
        let mut logins = LastLogins { accounts: Vec::new(), places: Vec::new() };
        for (place, (uid, name)) in accounts.enumerate() {
            logins.accounts.push(Account { name: name.to_vec(), last: None });
            logins.places.push((uid, place));
        }
        logins.places.sort_unstable();
        logins.places.dedup_by_key(|(uid, _)| *uid);
        logins
    }

    /// Whether there is no account.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// Takes a record that begins an event; only those of [`LOGIN_TYPES`] count.
    pub fn record(&mut self, record: &Record<'_>) {
        if record.record_type == RecordType::USER_LOGIN
            && record.field(b"res") == Some(b"success")
            && let Some(account) = self.account(record)
        {
            let text = |name: &[u8]| record.field(name).map(shown).unwrap_or_default();
            let (terminal, host) = (text(b"terminal"), text(b"hostname"));
            account.last = Some(Login { second: record.id.sec, terminal, host });
        }
    }

    fn account(&mut self, record: &Record<'_>) -> Option<&mut Account> {
        let uid = u32::try_from(number::parse_exact(record.field(b"auid")?)?).ok()?;
        let at = self.places.binary_search_by_key(&uid, |(uid, _)| *uid).ok()?;
        let (_, place) = *self.places.get(at)?;
        self.accounts.get_mut(place)
    }

    /// Appends the table: heading and one row an account. `date` is the way from seconds since 1970 to local time.
    pub fn push_table(&self, date: fn(i64) -> Date, out: &mut Vec<u8>) {
        out.extend_from_slice(HEADING);
        for account in &self.accounts {
            let start = out.len();
            escape(&account.name, Escape::Tty, out);
            out.resize(out.len().max(start + 16), b' ');
            out.push(b' ');
            push_column(account.last.as_ref().map_or(b"", |last| &last.terminal), 12, out);
            push_column(account.last.as_ref().map_or(b"", |last| &last.host), 26, out);
            match &account.last {
                Some(last) => date(last.second.cast_signed()).push(out),
                None => out.extend_from_slice(b"**Never logged in**"),
            }
            out.push(b'\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(accounts: &[(u32, &str)], lines: &[&str]) -> String {
        let mut logins = LastLogins::new(accounts.iter().map(|(uid, name)| (*uid, name.as_bytes())));
        for line in lines {
            logins.record(&Record::parse(line.as_bytes()).unwrap());
        }
        let mut out = Vec::new();
        logins.push_table(|second| Date { month: 1, day: 1, second: second as u8, ..Date::default() }, &mut out);
        String::from_utf8_lossy(&out).split_once('\n').unwrap().1.to_owned()
    }

    fn login(second: u32, auid: u32, rest: &str) -> String {
        format!(
            "type=USER_LOGIN msg=audit(00000000{second:02}.000:{second}): pid=1 uid=0 auid={auid} ses=1 msg='op=login {rest}'"
        )
    }

    #[test]
    fn the_latest_login_that_worked_counts_with_its_own_host_and_terminal() {
        let lines = [
            login(1, 1000, "hostname=far terminal=/dev/pts/0 res=success"),
            login(2, 1000, "terminal=tty1 res=success"),
            login(3, 1000, "hostname=evil terminal=ssh res=failed"),
            login(4, 7, "hostname=h terminal=t res=success"),
        ];
        assert_eq!(
            table(&[(0, "root"), (1000, "alice")], &lines.each_ref().map(String::as_str)),
            "root                                                     **Never logged in**\n\
             alice            tty1                                    01/01/00 00:00:02\n"
        );
    }

    #[test]
    fn of_accounts_with_one_uid_the_first_has_the_logins_and_long_names_move_their_row_only() {
        let line = login(1, 0, "hostname=a.name.of.more.than.26.characters terminal=/dev/pts/1000000 res=success");
        assert_eq!(
            table(&[(0, "a-name-of-20-letters"), (0, "toor")], &[&line]),
            "a-name-of-20-letters /dev/pts/100 a.name.of.more.than.26.cha 01/01/00 00:00:01\n\
             toor                                                     **Never logged in**\n"
        );
    }

    #[test]
    fn nothing_of_a_record_reaches_the_terminal_as_a_control_byte() {
        let line = login(1, 0, "hostname=\u{1b}[2J terminal=\u{9b}c res=success");
        let shown = table(&[(0, "root")], &[&line]);
        assert!(shown.starts_with("root             \\302\\233c    \\033[2J "), "{shown}");
    }
}
