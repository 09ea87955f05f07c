//! This host, as the reading commands see it: its users and groups, its clock, its machine.

use auditbox::interpret::Names;
use auditbox::query::time::Calendar;
use auditbox::sys::{clock, process, users::Users};
use auditbox::tables::machine::Machine;
use auditbox::text::date::Date;
use auditbox::text::number;
use std::path::Path;

/// Users and groups, the network interfaces, and the clock.
pub(crate) struct Host {
    pub(crate) users: Users,
}

impl Host {
    pub(crate) fn open() -> Host {
        Host { users: Users::open(Path::new("/")) }
    }
}

/// The machine that runs this, if the tables know it.
pub(crate) fn machine() -> Option<Machine> {
    Machine::from_name(process::machine())
}

/// The system's words for an error.
pub(crate) fn reason(error: &std::io::Error) -> String {
    auditbox::sys::error_text(error.raw_os_error().unwrap_or(0))
}

/// Local time.
pub(crate) fn date(seconds: i64) -> Date {
    let local = clock::local(seconds);
    Date {
        year: local.year,
        month: local.month,
        day: local.day,
        weekday: local.weekday,
        hour: local.hour,
        minute: local.minute,
        second: local.second,
        offset: local.offset,
    }
}

impl Names for Host {
    fn user(&self, uid: u32) -> Option<&[u8]> {
        self.users.user_name(uid)
    }

    fn group(&self, gid: u32) -> Option<&[u8]> {
        self.users.group_name(gid)
    }

    fn user_id(&self, name: &[u8]) -> Option<u32> {
        self.users.user_id(name)
    }
}

impl Calendar for Host {
    fn now(&self) -> i64 {
        clock::now().seconds
    }

    fn date(&self, seconds: i64) -> Date {
        date(seconds)
    }

    fn seconds(&self, date: &Date) -> Option<i64> {
        clock::from_local(&clock::LocalTime {
            year: date.year,
            month: date.month,
            day: date.day,
            hour: date.hour,
            minute: date.minute,
            second: date.second,
            ..clock::LocalTime::default()
        })
    }

    fn uptime(&self) -> Result<i64, String> {
        let text = std::fs::read("/proc/uptime").map_err(|error| reason(&error))?;
        let hundredths = text.split(|&b| b == b' ').next().unwrap_or_default();
        let (whole, part) = match hundredths.iter().position(|&b| b == b'.') {
            Some(point) => hundredths.split_at(point),
            None => (hundredths, &[][..]),
        };
        let seconds = number::whole(whole).and_then(|s| i64::try_from(s).ok()).ok_or("Invalid argument")?;
        Ok(seconds + i64::from(part.get(1).is_some_and(|tenth| *tenth >= b'5')))
    }
}
