//! This host, as the reading commands see it: its names, its clock, its machine.

use crate::output::say;
use auditbox::config::Level;
use auditbox::config::auditd::{self, SearchConfig};
use auditbox::host::config_file::{self, OpenPolicy};
use auditbox::interpret::Names;
use auditbox::query::time::Calendar;
use auditbox::sys::{clock, process, users::Users};
use auditbox::tables::machine::Machine;
use auditbox::text::date::Date;
use auditbox::text::number;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::sync::OnceLock;

/// Users and groups, protocols, network interfaces, and the clock. Protocols and interfaces are read when first asked for.
pub(crate) struct Host {
    pub(crate) users: Users,
    protocols: OnceLock<Numbered>,
    interfaces: OnceLock<Numbered>,
}

/// Names by their numbers.
type Numbered = Vec<(u32, Vec<u8>)>;

impl Host {
    pub(crate) fn open() -> Host {
        Host { users: Users::open(Path::new("/")), protocols: OnceLock::new(), interfaces: OnceLock::new() }
    }
}

/// What auditd.conf(5) says of the log and of its events. What is wrong with that is printed, and the built-in value counts.
/// `says_log`: the log it names will be read; where its directory is not there the built-in log is.
pub(crate) fn daemon_config(says_log: bool) -> SearchConfig {
    let mut notes = Vec::new();
    let policy = OpenPolicy { follow_links: true, group_may_write: true, called: "config file" };
    let text = config_file::read(Path::new("/etc/audit/auditd.conf"), policy, &mut notes);
    let mut config =
        auditd::parse_search(text.as_ref().ok().and_then(Option::as_deref).unwrap_or_default(), &mut notes);
    notes.iter().filter(|note| note.level != Level::Debug).for_each(|note| say(&note.text));
    if let Err(reason) = text {
        say(format_args!("{reason}\nNOTE - using built-in end_of_event_timeout: {}", config.end_of_event_timeout));
        if says_log {
            say(format_args!("NOTE - using built-in logs: {}", config.log_file));
        }
    } else if says_log && let Some((directory, reason)) = missing_directory(&config.log_file) {
        config.log_file = SearchConfig::default().log_file;
        say(format_args!("Could not open dir {directory} ({reason})\nNOTE - using built-in logs: {}", config.log_file));
    }
    config
}

/// The directory of a log, if it cannot be opened, and why.
fn missing_directory(log: &str) -> Option<(String, String)> {
    let directory = Path::new(log).parent().filter(|path| !path.as_os_str().is_empty())?;
    let error = std::fs::read_dir(directory).err()?;
    Some((directory.display().to_string(), reason(&error)))
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
    let text = std::fs::read("/etc/protocols").unwrap_or_default();
    let line = |line: &[u8]| {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let name = words.next().filter(|name| !name.starts_with(b"#"))?;
        Some((u32::try_from(number::whole(words.next()?)?).ok()?, name.to_vec()))
    };
    text.split(|&b| b == b'\n').filter_map(line).collect()
}

/// What the kernel shows in sysfs.
fn interfaces() -> Numbered {
    let Ok(entries) = std::fs::read_dir("/sys/class/net") else { return Numbered::new() };
    let entry = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.ok()?;
        let index = std::fs::read(entry.path().join("ifindex")).ok()?;
        Some((u32::try_from(number::whole(index.trim_ascii())?).ok()?, entry.file_name().into_vec()))
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
