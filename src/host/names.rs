//! The host this runs on, as records and searches need it: names of users, groups, protocols and interfaces for
//! [`Names`], the clock and the time zone for [`Calendar`].

use crate::interpret::Names;
use crate::query::time::Calendar;
use crate::sys::{clock, errno, error_text, files, process, users::Users};
use crate::tables::machine::Machine;
use crate::text::date::Date;
use crate::text::number;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::sync::OnceLock;

/// Users and groups, protocols, network interfaces, and the clock. Protocols and interfaces are read when first asked for.
pub struct Host {
    /// The accounts and groups of passwd(5) and group(5).
    pub users: Users,
    protocols: OnceLock<Numbered>,
    interfaces: OnceLock<Numbered>,
}

/// Bytes read of one file at most.
const MOST: u64 = 1 << 20;

/// Names by their numbers.
type Numbered = Vec<(u32, Vec<u8>)>;

impl Host {
    /// Reads the accounts as they are now.
    pub fn open() -> Host {
        Host { users: Users::open(Path::new("/")), protocols: OnceLock::new(), interfaces: OnceLock::new() }
    }
}

/// The machine that runs this, if the tables know it.
pub fn machine() -> Option<Machine> {
    Machine::from_name(process::machine())
}

/// Local time.
pub fn date(seconds: i64) -> Date {
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

    fn protocol(&self, number: u32) -> Option<&[u8]> {
        named(self.protocols.get_or_init(protocols), number)
    }

    fn interface(&self, index: u32) -> Option<&[u8]> {
        named(self.interfaces.get_or_init(interfaces), index)
    }
}

fn named(names: &Numbered, number: u32) -> Option<&[u8]> {
    names.iter().find(|(n, _)| *n == number).map(|(_, name)| name.as_slice())
}

/// The lines `NAME NUMBER ...` of protocols(5).
fn protocols() -> Numbered {
    let text = files::read_up_to(Path::new("/etc/protocols"), MOST).unwrap_or_default();
    let line = |line: &[u8]| {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let name = words.next().filter(|name| !name.starts_with(b"#"))?;
        Some((u32::try_from(number::parse_exact(words.next()?)?).ok()?, name.to_vec()))
    };
    text.split(|&b| b == b'\n').filter_map(line).collect()
}

/// What the kernel shows in sysfs.
fn interfaces() -> Numbered {
    let Ok(entries) = files::read_dir("/sys/class/net") else { return Numbered::new() };
    let entry = |entry: std::io::Result<files::DirEntry>| {
        let entry = entry.ok()?;
        let index = files::read_up_to(&entry.path().join("ifindex"), MOST).ok()?;
        Some((u32::try_from(number::parse_exact(index.trim_ascii())?).ok()?, entry.file_name().into_vec()))
    };
    entries.filter_map(entry).collect()
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
        let text = files::read_up_to(Path::new("/proc/uptime"), MOST).map_err(|e| error_text(errno::of(&e)))?;
        let hundredths = text.split(|&b| b == b' ').next().unwrap_or_default();
        let (whole, part) = match hundredths.iter().position(|&b| b == b'.') {
            Some(point) => hundredths.split_at(point),
            None => (hundredths, &[][..]),
        };
        let seconds = number::parse_exact(whole).and_then(|s| i64::try_from(s).ok()).ok_or("Invalid argument")?;
        Ok(seconds + i64::from(part.get(1).is_some_and(|tenth| *tenth >= b'5')))
    }
}
