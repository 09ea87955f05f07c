//! Configuration files, checked when they are opened: whoever can write to one could turn auditing off.

use super::checks::{self, ConfigChecker};
use crate::config::auditd::{self, Config, NameFormat};
use crate::config::libaudit::{self, FailureAction};
use crate::config::{self, ConfigError, Diagnostic, Level};
use crate::sys::{errno, error_text, files, host};
use crate::text::escape::lossy;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// More than this is no configuration file.
const LONGEST: u64 = 1 << 20;
const TOO_LONG: &str = "is longer than 1 MiB";

/// Which groups may write to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupWriters {
    /// Every group.
    Any,
    /// Root's own.
    Root,
    /// None.
    None,
}

/// What is asked of a file, beyond that it is a regular one, root's, and closed to the writing of others.
#[derive(Clone, Copy, Debug)]
pub struct OpenPolicy {
    /// Whether it may be a symbolic link.
    pub follow_links: bool,
    /// Which groups may write to it.
    pub group_writers: GroupWriters,
    /// What sentences about opening and reading call it; its path when empty.
    pub called: &'static str,
}

impl OpenPolicy {
    fn allows_group(self, gid: u32) -> bool {
        match self.group_writers {
            GroupWriters::Any => true,
            GroupWriters::Root => gid == 0,
            GroupWriters::None => false,
        }
    }
}

/// Reads a configuration file; `None`, and a note, when it is missing. The error is a sentence.
pub fn read(path: &Path, policy: OpenPolicy, diagnostics: &mut Vec<Diagnostic>) -> Result<Option<Vec<u8>>, String> {
    let name = lossy(path.as_os_str().as_bytes());
    let called = if policy.called.is_empty() { &name } else { policy.called };
    let failed = |doing: &str, e: io::Error| format!("Error {doing} {called} ({})", error_text(errno::of(&e)));
    let file = match files::open_read(path, policy.follow_links) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let text = format!("Config file {name} doesn't exist, skipping");
            diagnostics.push(Diagnostic { level: Level::Warning, text });
            return Ok(None);
        }
        Err(e) => return Err(failed("opening", e)),
    };
    diagnostics.push(Diagnostic { level: Level::Debug, text: format!("Config file {name} opened for parsing") });
    let facts = file.metadata().map_err(|e| failed("fstat'ing", e))?;
    let fault = match () {
        () if facts.uid() != 0 => "isn't owned by root",
        () if facts.mode() & 0o020 != 0 && !policy.allows_group(facts.gid()) => "is group writable",
        () if facts.mode() & 0o002 != 0 => "is world writable",
        () if !facts.is_file() => "is not a regular file",
        () => {
            let mut text = Vec::new();
            file.take(LONGEST + 1).read_to_end(&mut text).map_err(|e| failed("reading", e))?;
            if text.len() as u64 <= LONGEST {
                return Ok(Some(text));
            }
            // What stands after it would not count, and nobody would know.
            TOO_LONG
        }
    };
    Err(format!("Error - {name} {fault}"))
}

/// What libaudit.conf(5) at `path` (usually `/etc/libaudit.conf`) asks of a program that cannot send its event to the kernel:
/// get_auditfail_action(3). A missing file asks for nothing. After an error, a sentence, nothing is to be done either.
pub fn failure_action(path: &Path, diagnostics: &mut Vec<Diagnostic>) -> Result<FailureAction, String> {
    let policy = OpenPolicy { follow_links: false, group_writers: GroupWriters::Root, called: "" };
    match read(path, policy, diagnostics)? {
        Some(text) => {
            libaudit::parse(&text, &path.display().to_string(), diagnostics).map_err(|error| error.to_string())
        }
        None => Ok(FailureAction::Ignore),
    }
}

/// Reads auditd.conf, after checking the file itself. A missing file is one of defaults.
pub fn load_config(path: &Path, follow_links: bool, diagnostics: &mut Vec<Diagnostic>) -> Result<Config, String> {
    let name = path.display().to_string();
    let policy = OpenPolicy { follow_links, group_writers: GroupWriters::Any, called: "config file" };
    let Some(text) = read(path, policy, diagnostics)? else { return Ok(Config::default()) };
    let parsed = auditd::parse(&text, &name, &ConfigChecker::open(), diagnostics).and_then(|config| {
        #[cfg(feature = "tls")]
        let mut config = config;
        let checked = checks::check_wrappers(&config).and_then(|()| checks::check_metrics(&config));
        #[cfg(feature = "tls")]
        let checked = checked.and_then(|()| super::tls_files::load_clients(&mut config));
        checked.map(|()| config).map_err(|error| ConfigError { line: config::line_of(&text, &error.key), ..error })
    });
    parsed.map_err(|error| {
        diagnostics.push(Diagnostic { level: Level::Error, text: error.place(&name) });
        error.to_string()
    })
}

/// Where auditd.conf sets a key of which only the host says that it will not do.
pub fn place_of(path: &Path, key: &str) -> String {
    let line = files::read(path).map_or(0, |text| config::line_of(&text, key));
    ConfigError { line, key: key.to_string(), text: String::new() }.place(&path.display().to_string())
}

/// What `node=` says under a configuration; empty for nothing. The error is a sentence.
pub fn node_name(config: &Config) -> Result<String, String> {
    match config.name_format {
        NameFormat::None => Ok(String::new()),
        NameFormat::User if config.name.is_empty() => Err("User defined name missing".to_string()),
        NameFormat::User => Ok(config.name.clone()),
        NameFormat::Hostname => Ok(host::name().replace(' ', "_")),
        NameFormat::Fqd | NameFormat::Numeric => {
            let name = host::name();
            let found =
                if config.name_format == NameFormat::Fqd { host::full_name(&name) } else { host::address(&name) };
            found.map_err(|why| format!("Cannot resolve hostname {name} ({why})"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    fn place(name: &str) -> PathBuf {
        crate::testing::path(&format!("config-{name}"))
    }

    fn action(path: &Path) -> Result<FailureAction, String> {
        failure_action(path, &mut Vec::new())
    }

    #[test]
    fn a_missing_file_asks_for_nothing_and_is_noted() {
        let mut diagnostics = Vec::new();
        assert_eq!(failure_action(Path::new("/nonexistent/l.conf"), &mut diagnostics), Ok(FailureAction::Ignore));
        assert_eq!(diagnostics[0].text, "Config file /nonexistent/l.conf doesn't exist, skipping");
    }

    #[test]
    #[ignore = "needs root"]
    fn only_what_root_alone_can_write_to_is_believed() {
        let path = place("owned");
        files::write(&path, "failure_action = terminate\n").unwrap();
        let name = path.display().to_string();
        assert_eq!(action(&path), Ok(FailureAction::Terminate));
        let mode = |mode| files::set_permissions(&path, files::Permissions::from_mode(mode)).unwrap();
        mode(0o602);
        assert_eq!(action(&path), Err(format!("Error - {name} is world writable")));
        mode(0o620);
        assert_eq!(action(&path), Ok(FailureAction::Terminate), "root's own group may write");
        std::os::unix::fs::chown(&path, None, Some(7)).unwrap();
        assert_eq!(action(&path), Err(format!("Error - {name} is group writable")));
        std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
        assert_eq!(action(&path), Err(format!("Error - {name} isn't owned by root")));
        files::remove_file(&path).unwrap();
    }

    #[test]
    fn a_link_is_not_followed_unless_it_may_be() {
        let (file, link) = (place("behind"), place("link"));
        files::write(&file, "failure_action = log\n").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let refusal = action(&link).unwrap_err();
        assert!(refusal.starts_with(&format!("Error opening {}", link.display())), "{refusal}");
        files::remove_file(&link).unwrap();
        files::remove_file(&file).unwrap();
    }

    #[test]
    #[ignore = "needs root"]
    fn a_file_that_is_too_long_is_refused_and_not_cut() {
        let path = place("long");
        let text = |length: usize| format!("failure_action = log\n{}", "\n".repeat(length - 21));
        files::write(&path, text(1 << 20)).unwrap();
        assert_eq!(action(&path), Ok(FailureAction::Log));
        files::write(&path, text((1 << 20) + 1)).unwrap();
        assert_eq!(action(&path), Err(format!("Error - {} is longer than 1 MiB", path.display())));
        files::remove_file(&path).unwrap();
    }

    #[test]
    fn a_directory_is_no_file() {
        if files::metadata("/").unwrap().uid() == 0 {
            assert_eq!(action(Path::new("/")), Err("Error - / is not a regular file".to_string()));
        }
    }
}
