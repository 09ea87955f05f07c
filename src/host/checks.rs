//! What auditd.conf refers to, checked on this machine.

use crate::config::auditd::Config;
use crate::config::{ConfigError, Diagnostic, HostChecks, Level};
use crate::record::Record;
use crate::sys::users::Users;
use crate::sys::{error_reason, files};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Where mail goes.
pub const SENDMAIL: &str = "/usr/lib/sendmail";

/// How the file of `metrics_file` begins.
pub const METRICS: &[u8] = b"# TYPE auditd_";

/// The rules of TCP wrappers, hosts_access(5).
const WRAPPERS: [&str; 2] = ["/etc/hosts.allow", "/etc/hosts.deny"];

/// Whether the listener may do without the rules of TCP wrappers, which it does not read: not where there are some and the
/// configuration asks for them. Else a host that is denied there would be let in. The error has no line yet.
pub fn check_wrappers(config: &Config) -> Result<(), ConfigError> {
    match config.tcp_listen_port != 0 && config.use_libwrap {
        true => check_rules(&WRAPPERS).map_err(|text| ConfigError { line: 0, key: "use_libwrap".to_string(), text }),
        false => Ok(()),
    }
}

/// Whether none of these files has a rule; one that cannot be read may have some.
fn check_rules(paths: &[&str]) -> Result<(), String> {
    let is_rule = |line: &[u8]| !line.trim_ascii().is_empty() && !line.trim_ascii().starts_with(b"#");
    for path in paths {
        let what = match files::read(path) {
            Ok(text) if text.split(|&b| b == b'\n').any(is_rule) => "which this auditd does not read".to_string(),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                format!("where there may be some: it cannot be read ({})", error_reason(&error))
            }
            _ => continue,
        };
        return Err(format!(
            "use_libwrap = yes asks for the rules in {path}, {what}; say who may connect in the firewall or by \
             tcp_client_ports, and set use_libwrap to no"
        ));
    }
    Ok(())
}

/// Whether the metrics may take the place of what their file's path leads to: nothing, or metrics of before. The daemon removes them in
/// the end. The error has no line yet.
pub fn check_metrics(config: &Config) -> Result<(), ConfigError> {
    let path = &config.metrics_file;
    let fault = match files::symlink_metadata(path) {
        _ if path.is_empty() => return Ok(()),
        _ if !path.starts_with('/') => format!("Absolute path needed for {path}"),
        Ok(facts) if !facts.is_file() => format!("{path} is not a regular file"),
        Ok(facts) if facts.len() > 0 => match begins_as_metrics(path) {
            Ok(true) => return Ok(()),
            Ok(false) => format!("{path} is another file, whose place the metrics would take"),
            Err(error) => format!("Unable to read {path} ({})", error_reason(&error)),
        },
        _ => return Ok(()),
    };
    Err(ConfigError { line: 0, key: "metrics_file".to_string(), text: fault })
}

/// Whether the beginning of a file has lines, and none is a record.
fn is_other_file(path: &str) -> io::Result<bool> {
    let mut front = Vec::new();
    files::open_read(Path::new(path), false)?.take(FRONT).read_to_end(&mut front)?;
    Ok(!front.split(|byte| matches!(byte, b'\n' | 0)).any(|line| Record::parse(line).is_some()))
}

/// How much of a log is looked at; several times the longest record.
const FRONT: u64 = 64 << 10;

fn begins_as_metrics(path: &str) -> io::Result<bool> {
    let mut front = Vec::new();
    files::open_read(Path::new(path), false)?.take(METRICS.len() as u64).read_to_end(&mut front)?;
    Ok(front == METRICS)
}

/// This host.
pub struct ConfigChecker {
    users: Users,
}

impl ConfigChecker {
    /// With the names of its accounts, as they are now.
    pub fn open() -> ConfigChecker {
        ConfigChecker { users: Users::open(Path::new("/")) }
    }
}

impl HostChecks for ConfigChecker {
    fn group_id(&self, name: &str) -> Option<u32> {
        // An appliance may have no group file; the number of this one never differs.
        self.users.group_id(name.as_bytes()).or((name == "root").then_some(0))
    }

    fn check_helper(&self, path: &str) -> Result<(), String> {
        let facts = files::metadata(path).map_err(|e| format!("Unable to stat {path} ({})", error_reason(&e)))?;
        if !facts.is_file() {
            return Err(format!("{path} is not a regular file"));
        }
        if facts.uid() != 0 {
            return Err(format!("{path} is not owned by root"));
        }
        if !matches!(facts.mode() & 0o777, 0o750 | 0o755 | 0o555 | 0o550) {
            return Err(format!("{path} permissions should be 0750, 0755, 0555 or 0550"));
        }
        Ok(())
    }

    /// A missing directory is no fault: the daemon makes it.
    fn check_log(&self, path: &str, diagnostics: &mut Vec<Diagnostic>) -> Result<(), String> {
        if ["/proc", "/sys", "/dev/pts"].iter().any(|place| Path::new(path).starts_with(place)) {
            return Err(format!("{path} is in a file system that keeps no files"));
        }
        let facts = match files::metadata(path) {
            Ok(facts) => facts,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(format!("Unable to open {path} ({})", error_reason(&e))),
        };
        if !facts.is_file() {
            return Err(format!("{path} is not a regular file"));
        }
        if facts.uid() != 0 {
            return Err(format!("{path} is not owned by root"));
        }
        let mut warn = |text| diagnostics.push(Diagnostic { level: Level::Warning, text });
        if facts.len() > 0 && is_other_file(path).is_ok_and(|is_other| is_other) {
            if Path::new(path).starts_with("/etc") {
                return Err(format!("{path} is a file of another kind, no log of audit records"));
            }
            warn(format!("{path} holds no audit records; they will be added"));
        }
        if facts.mode() & 0o137 != 0 {
            warn(format!("{path} permissions should be 0600 or 0640"));
        }
        if facts.mode() & 0o200 == 0 {
            warn("audit log is not writable by owner".to_string());
        }
        Ok(())
    }

    fn can_mail(&self) -> bool {
        is_executable(SENDMAIL)
    }
}

/// Whether there is a program of this path.
pub fn is_executable(path: &str) -> bool {
    files::metadata(path).is_ok_and(|facts| facts.is_file() && facts.mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_take_the_place_of_metrics_alone() {
        let file = crate::testing::path("metrics");
        let path = file.to_str().unwrap();
        let check = |path: &str| {
            let config = Config { metrics_file: path.to_string(), ..Config::default() };
            check_metrics(&config).map_err(|error| error.text)
        };
        assert_eq!([check(""), check("/nonexistent/auditd.prom"), check(path)], [Ok(()), Ok(()), Ok(())]);
        for (text, is_taken) in [("", true), ("# TYPE auditd_x gauge\n", true), ("root:x:0:0\n", false), ("#", false)] {
            files::write(path, text).unwrap();
            assert_eq!(check(path).is_ok(), is_taken, "{text}");
        }
        assert_eq!(check(path), Err(format!("{path} is another file, whose place the metrics would take")));
        files::remove_file(path).unwrap();
        assert_eq!(check("auditd.prom"), Err("Absolute path needed for auditd.prom".to_string()));
        assert_eq!(check("/dev/null"), Err("/dev/null is not a regular file".to_string()));
    }

    #[test]
    fn a_file_of_wrappers_may_be_missing_and_say_nothing_and_not_be_unreadable() {
        let file = crate::testing::path("wrappers");
        let path = file.to_str().unwrap();
        let check = |text: &[u8]| {
            files::write(path, text).unwrap();
            check_rules(&["/nonexistent/hosts.allow", path])
        };
        assert_eq!(check(b"# caf\xe9\n \n\t# ALL: ALL\n"), Ok(()));
        let refusal = check(b"# \n ALL: ALL\n").unwrap_err();
        assert!(
            refusal.starts_with(&format!("use_libwrap = yes asks for the rules in {path}, which this")),
            "{refusal}"
        );
        assert!(check(b"ALL: caf\xe9\n").is_err(), "a rule is one in any encoding");
        files::remove_file(path).unwrap();
        let refusal = check_rules(&["/"]).unwrap_err();
        assert!(refusal.contains("in /, where there may be some: it cannot be read (Is a directory)"), "{refusal}");
    }
}
