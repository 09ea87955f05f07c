//! auditd.conf, the log, the plugins and PAM.

use super::place::{Place, unseen};
use auditbox::config::auditd::{self, Config, NameFormat};
use auditbox::config::{ConfigError, Diagnostic, HostChecks, Level, Response, plugin};
use auditbox::doctor::{Facts, FileKind, LogFacts, Unseen};
use auditbox::host::checks::{ConfigChecker, check_wrappers};
use auditbox::host::node_name;
use auditbox::host::paths::CONFIG;
use auditbox::log::file::{UnsafeDirectory, check_directory};
use auditbox::log::space::{threshold_bytes, unmeetable};
use auditbox::record::Record;
use auditbox::sys::files as system;
use auditbox::sys::users::Users;
use auditbox::sys::{clock, errno, error_reason, process};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The end of a log, in which its last record is looked for.
const TAIL: u64 = 64 << 10;
/// The services by which one logs in, pam_loginuid(8).
const LOGINS: [&str; 3] = ["/etc/pam.d/login", "/etc/pam.d/remote", "/etc/pam.d/sshd"];

/// What auditd.conf refers to, looked up in the place. Owners and modes are findings of their own.
struct Checks<'p> {
    place: &'p Place,
    users: Users,
}

impl HostChecks for Checks<'_> {
    fn group_id(&self, name: &str) -> Option<u32> {
        self.users.group_id(name.as_bytes()).or((name == "root").then_some(0))
    }

    fn check_helper(&self, path: &str) -> Result<(), String> {
        match self.place.is_image() {
            true if self.place.exists(path) => Ok(()),
            true => Err(format!("there is no {path}")),
            false => ConfigChecker::open().check_helper(path),
        }
    }

    fn check_log(&self, path: &str, _: &mut Vec<Diagnostic>) -> Result<(), String> {
        match self.place.metadata(Path::new(path)) {
            Ok(found) if !found.is_file() => Err(format!("{path} is not a regular file")),
            _ => Ok(()),
        }
    }

    fn can_mail(&self) -> bool {
        self.place.is_image() || ConfigChecker::open().can_mail()
    }
}

/// Reads auditd.conf; none when it cannot be read, or is refused.
pub(super) fn configuration(place: &Place, facts: &mut Facts) -> Option<Config> {
    let path = Path::new(CONFIG);
    let own = place.unfollowed(path).ok();
    if let Some(link) = own.filter(|path| fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())) {
        facts.config_link = Some(link.into_os_string().into_vec());
    }
    place.note(facts, FileKind::Directory, Path::new("/etc/audit"), 0);
    let text = match place.read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && facts.config_link.is_none() => {
            facts.config_is_missing = true;
            Vec::new()
        }
        Err(error) => {
            if place.metadata(path).is_ok_and(|found| !found.is_file()) {
                let name = place.shown(path);
                facts.config_refusal = Some(format!("{} is not a regular file", String::from_utf8_lossy(&name)));
            }
            unseen(facts, "auditd.conf, the log and the plugins", &error);
            return None;
        }
    };
    place.note(facts, FileKind::Config, path, 0);
    (facts.config_file, facts.config_is_empty) = (place.shown(path), text.is_empty());
    let name = String::from_utf8_lossy(&place.shown(path)).into_owned();
    let checks = Checks { place, users: Users::open(place.root()) };
    let mut diagnostics = Vec::new();
    let wrappers =
        |config: Config| if place.is_image() { Ok(config) } else { check_wrappers(&config).map(|()| config) };
    let parsed = auditd::parse(&text, &name, &checks, &mut diagnostics).and_then(wrappers);
    let config = parsed.map_err(|error| reason(&mut diagnostics, &error, &name));
    diagnostics.retain(|note| note.level <= Level::Warning);
    facts.config_warnings = diagnostics.into_iter().map(|note| note.text).collect();
    let config = config.and_then(|config| check(place, &checks, &config).map(|()| config));
    let refused = |refusal| {
        facts.config_refusal = Some(refusal);
        let why = "auditd.conf is refused".to_owned();
        facts.unseen.push(Unseen { what: "the log and the plugins", why });
    };
    facts.q_depth = config.as_ref().map_or(0, |config| config.q_depth);
    facts.is_collector = config.as_ref().is_ok_and(|config| !config.local_events);
    config.map_err(refused).ok()
}

/// Why a file is refused, with the errors that came first and are taken away: they may say what the refusal only ends with.
fn reason(diagnostics: &mut Vec<Diagnostic>, error: &ConfigError, file: &str) -> String {
    let errors = diagnostics.extract_if(.., |note| note.level == Level::Error);
    let mut texts: Vec<String> = errors.map(|note| note.text).collect();
    texts.push(format!("{error} ({})", error.place(file)));
    texts.join("; ")
}

/// What the daemon asks of values that no line of the file is to blame for.
fn check(place: &Place, checks: &Checks, config: &Config) -> Result<(), String> {
    // The names of an image's host are not known here.
    if !place.is_image() || config.name_format == NameFormat::User {
        node_name(config)?;
    }
    // The line was checked when it was read; this is the default's turn.
    if config.write_logs && config.log_file != "-" {
        checks.check_log(&config.log_file, &mut Vec::new())
    } else {
        Ok(())
    }
}

/// The log's files and their file system.
pub(super) fn log(place: &Place, config: &Config, facts: &mut Facts) {
    let log = Path::new(&config.log_file);
    let (Some(parent), Some(name)) = (log.parent(), log.file_name()) else { return };
    if !config.write_logs || config.log_file == "-" {
        return;
    }
    let group = config.log_group;
    let found = if place.is_image() { check_way(place, log) } else { check_directory(log) };
    facts.unsafe_directory = found.err().map(|error| error.to_string());
    let mut all = match place.names(parent) {
        Ok(names) => names,
        Err(error) => return unseen(facts, "the log", &error),
    };
    // Rotated logs are named after the log, whether they are packed or not.
    let is_log = |other: &OsString| {
        other.as_bytes().strip_prefix(name.as_bytes()).is_some_and(|rest| matches!(rest, [] | [b'.', ..]))
    };
    if parent.ends_with("audit") || !all.is_empty() && all.iter().all(is_log) {
        // Another with other things in it is not the log's alone to close; whether it is safe the daemon asks of each on the way.
        place.note(facts, FileKind::LogDirectory, parent, group);
    }
    all.retain(is_log);
    all.iter().for_each(|name| place.note(facts, FileKind::Log, &parent.join(name), group));
    let Ok(base) = place.unfollowed(log) else { return };
    if !place.is_image() {
        let size = |name: &OsString| fs::metadata(base.with_file_name(name)).ok().map(|found| found.len());
        facts.log = space(&base, config, all.iter().filter_map(size).sum());
        if let Some(log) = &mut facts.log {
            let own = node_name(config).unwrap_or_default();
            log.last_event = last_event(&base, own.as_bytes()).map(|last| (last, clock::now().seconds));
        }
        match system::space_at(&base).ok().and_then(|space| unmeetable(config, space)) {
            Some((_, true, text)) => facts.config_refusal = Some(text),
            Some((_, false, text)) => facts.config_warnings.push(text),
            None => {}
        }
    }
}

/// What [`check_directory`] asks, of an image. Its top may get another mode where it is used.
fn check_way(place: &Place, log: &Path) -> Result<(), UnsafeDirectory> {
    let owner = place.metadata(Path::new("/")).map_or(0, |root| root.uid());
    let parts: Vec<&Path> = log.ancestors().skip(1).filter(|part| part.parent().is_some()).collect();
    for part in parts.into_iter().rev().filter_map(|part| place.unfollowed(part).ok()) {
        // What is missing the daemon makes.
        let Ok(found) = fs::symlink_metadata(&part) else { break };
        let errno = match () {
            () if found.is_symlink() => errno::ELOOP,
            () if !found.is_dir() => errno::ENOTDIR,
            () if found.uid() != owner || found.mode() & 0o022 != 0 => errno::EPERM,
            () => continue,
        };
        return Err(UnsafeDirectory { log: log.to_path_buf(), part, errno });
    }
    Ok(())
}

fn space(log: &Path, config: &Config, used: u64) -> Option<LogFacts> {
    // A ramfs counts nothing.
    let space = system::space_at(log).ok().filter(|space| space.blocks > 0)?;
    let device = |path: &Path| fs::metadata(path).ok().map(|found| found.dev());
    let own = device(log.parent()?);
    let mount = log.ancestors().skip(1).take_while(|path| device(path) == own).last()?;
    let most = match config.max_log_file_action.response {
        Response::Rotate if config.num_logs > 1 => Some(config.num_logs),
        // Nothing is written to one that has become too large.
        Response::Suspend | Response::Single | Response::Halt => Some(1),
        _ => None,
    };
    Some(LogFacts {
        mount: mount.as_os_str().as_bytes().to_vec(),
        free: space.free(),
        total: space.total(),
        space_left: threshold_bytes(config.space_left, space),
        admin_space_left: threshold_bytes(config.admin_space_left, space),
        shares_root: own == device(Path::new("/")),
        most: most.map(|number| config.max_log_file.saturating_mul(number).saturating_mul(1 << 20)),
        used,
        last_event: None,
    })
}

/// Seconds of the last record of this machine's, whose node is `own` if its records have one; those of others always name theirs.
fn last_event(log: &Path, own: &[u8]) -> Option<i64> {
    let mut file = system::open_read(log, true).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail).ok()?;
    let of_here = |record: &Record| record.node.is_none_or(|node| node == own);
    let last = tail.rsplit(|&b| b == b'\n').find_map(|line| Record::parse(line).filter(of_here))?;
    Some(i64::try_from(last.id.sec).unwrap_or(i64::MAX))
}

/// The plugins' files and programs. Gives back the names of those that are active and right.
pub(super) fn plugins(place: &Place, config: &Config, facts: &mut Facts) -> Vec<Vec<u8>> {
    let directory = Path::new(&config.plugin_dir);
    let mut active = Vec::new();
    place.note(facts, FileKind::Directory, directory, 0);
    let names = match place.names(directory) {
        Ok(names) => names,
        Err(error) => {
            unseen(facts, "the plugins", &error);
            return active;
        }
    };
    for name in names.into_iter().filter(|name| name.to_str().is_some_and(plugin::is_file_name)) {
        let path = directory.join(&name);
        match plugin_of(place, &path, facts) {
            Ok(true) => active.push(stem(&name)),
            Ok(false) => {}
            Err(reason) => facts.refused_plugins.push((place.shown(&path), reason)),
        }
    }
    active
}

fn stem(name: &OsString) -> Vec<u8> {
    let name = name.as_bytes();
    name.strip_suffix(b".conf").unwrap_or(name).to_vec()
}

/// Whether a plugin's file has it run. The error is a sentence.
fn plugin_of(place: &Place, path: &Path, facts: &mut Facts) -> Result<bool, String> {
    let name = String::from_utf8_lossy(&place.shown(path)).into_owned();
    let text = place.read(path).map_err(|error| format!("{name} cannot be read ({})", error_reason(&error)))?;
    let mut diagnostics = Vec::new();
    let read = plugin::parse(&text, &name, &mut diagnostics);
    let mut plugin = read.map_err(|error| reason(&mut diagnostics, &error, &name))?;
    if !plugin.active {
        return Ok(false);
    }
    plugin.find_program(|path| place.metadata(Path::new(path)).is_ok());
    place.note(facts, FileKind::Plugin, path, 0);
    let program = PathBuf::from(&plugin.path);
    match place.metadata(&program) {
        Ok(found) if found.is_file() && found.mode() & 0o550 == 0o550 => {}
        Ok(_) => return Err(format!("{name} names {}, which is no program", plugin.path)),
        Err(error) => return Err(format!("{name} names {} ({})", plugin.path, error_reason(&error))),
    }
    place.note(facts, FileKind::Program, &program, 0);
    Ok(true)
}

/// Whether a service of PAM sets the login uid.
pub(super) fn logins(place: &Place, facts: &mut Facts) {
    const WHAT: &str = "the services of PAM";
    let mut sets = None;
    for directory in ["/etc/pam.d", "/usr/lib/pam.d"].map(Path::new) {
        let names = match place.names(directory) {
            Ok(names) => names,
            Err(error) => return unseen(facts, WHAT, &error),
        };
        for path in names.iter().map(|name| directory.join(name)) {
            match place.read(&path) {
                Ok(text) => {
                    sets = Some(sets == Some(true) || sets_login_uid(&text));
                    let is_login = LOGINS.iter().any(|login| path == Path::new(login));
                    facts.login_files.extend((is_login && !text.is_empty()).then(|| place.shown(&path)));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return unseen(facts, WHAT, &error),
            }
        }
    }
    facts.sets_login_uid = sets;
}

fn sets_login_uid(text: &[u8]) -> bool {
    let mut lines = text.split(|&b| b == b'\n').filter(|line| !line.trim_ascii_start().starts_with(b"#"));
    lines.any(|line| auditbox::text::after(line, b"pam_loginuid.so").is_some())
}

/// Where root of the place is somebody else here, owners mean nothing.
pub(super) fn forget_owners(place: &Place, facts: &mut Facts) {
    let is_mapped = !place.is_image() && !process::namespaces().0;
    if is_mapped || place.metadata(Path::new("/")).is_ok_and(|found| found.uid() != 0) {
        facts.files.iter_mut().for_each(|file| (file.uid, file.gid) = (0, 0));
        let why = "/ is not root's here".to_owned();
        facts.unseen.push(Unseen { what: "the owners of files", why });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_event_is_one_of_this_machine() {
        let log = std::env::temp_dir().join(format!("auditbox-last-event-{}", std::process::id()));
        let last = |text: &str, own: &str| {
            fs::write(&log, text).unwrap();
            last_event(&log, own.as_bytes())
        };
        let here = "type=USER msg=audit(1000.000:1): x\n";
        let peer = "node=peer type=USER msg=audit(9000.000:1): x\n";
        let named = "node=me type=USER msg=audit(1500.000:1): x\n";
        assert_eq!(last(&format!("{here}{peer}"), ""), Some(1000));
        assert_eq!(last(&format!("{here}{named}{peer}no record"), "me"), Some(1500));
        assert_eq!(last(peer, "me"), None);
        fs::remove_file(&log).unwrap();
    }
}
