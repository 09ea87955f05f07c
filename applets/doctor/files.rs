//! auditd.conf, the log, the plugins and PAM.

use super::place::{Place, unseen};
use crate::control::io_error_text;
use auditbox::config::auditd::{self, Config};
use auditbox::config::{Diagnostic, HostChecks, Level, Response, plugin};
use auditbox::doctor::{Facts, FileKind, LogFacts, Unseen};
use auditbox::host::checks::Host;
use auditbox::host::node_name;
use auditbox::log::file::check_directory;
use auditbox::log::space::{threshold_bytes, unmeetable};
use auditbox::record::Record;
use auditbox::sys::files as system;
use auditbox::sys::users::Users;
use auditbox::sys::{clock, process};
use auditbox::trail::files as trail;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

const CONFIG: &str = "/etc/audit/auditd.conf";
/// The end of a log, in which its last record is looked for.
const TAIL: u64 = 64 << 10;

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
            false => Host::open().check_helper(path),
        }
    }

    fn check_log(&self, _: &str, _: &mut Vec<Diagnostic>) -> Result<(), String> {
        Ok(())
    }

    fn can_mail(&self) -> bool {
        self.place.is_image() || Host::open().can_mail()
    }
}

/// Reads auditd.conf; none when it cannot be read, or is refused.
pub(super) fn configuration(place: &Place, facts: &mut Facts) -> Option<Config> {
    let path = Path::new(CONFIG);
    let text = match place.read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            facts
                .config_warnings
                .push(format!("There is no {CONFIG}: the daemon rotates no log and heeds no full disk."));
            return Some(Config::default());
        }
        Err(error) => {
            unseen(facts, "auditd.conf, the log and the plugins", &error);
            return None;
        }
    };
    place.note(facts, FileKind::Config, path, 0);
    let name = String::from_utf8_lossy(&place.shown(path)).into_owned();
    let checks = Checks { place, users: Users::open(place.root()) };
    let mut diagnostics = Vec::new();
    let parsed = auditd::parse(&text, &name, &checks, &mut diagnostics);
    diagnostics.retain(|note| note.level == Level::Warning);
    facts.config_warnings = diagnostics.into_iter().map(|note| note.text).collect();
    let config = parsed.map_err(|error| format!("{error} ({})", error.place(&name)));
    let config = config.and_then(|config| match place.is_image() {
        true => Ok(config),
        false => node_name(&config).map(|_| config),
    });
    let refused = |refusal| {
        facts.config_refusal = Some(refusal);
        let why = "auditd.conf is refused".to_owned();
        facts.unseen.push(Unseen { what: "the log and the plugins", why });
    };
    facts.is_collector = config.as_ref().is_ok_and(|config| !config.local_events);
    config.map_err(refused).ok()
}

/// The log's files and their file system.
pub(super) fn log(place: &Place, config: &Config, facts: &mut Facts) {
    let log = Path::new(&config.log_file);
    let (Some(parent), Some(name)) = (log.parent(), log.file_name()) else { return };
    if !config.write_logs || config.log_file == "-" {
        return;
    }
    let group = config.log_group;
    place.note(facts, FileKind::LogDirectory, parent, group);
    if !place.is_image() {
        facts.unsafe_directory = check_directory(log).err().map(|error| error.to_string());
    }
    let base = match place.directory(parent) {
        Ok(here) => here.join(name),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => return unseen(facts, "the log", &error),
    };
    if let Err(error) = fs::read_dir(base.parent().unwrap_or(&base)) {
        return unseen(facts, "the log", &error);
    }
    let mut all = trail::rotation(&base);
    all.extend(trail::compressed(&base));
    for path in &all {
        let name = path.file_name().unwrap_or_default();
        place.note(facts, FileKind::Log, &parent.join(name), group);
    }
    if !place.is_image() {
        let used = all.iter().filter_map(|path| fs::metadata(path).ok()).map(|found| found.len()).sum();
        facts.log = space(&base, config, used);
        if let Some(log) = &mut facts.log {
            log.last_event = last_event(&base).map(|last| (last, clock::now().seconds));
        }
        if let Some((true, text)) = system::space_at(&base).ok().and_then(|space| unmeetable(config, space)) {
            facts.config_refusal = Some(text);
        }
    }
}

fn space(log: &Path, config: &Config, used: u64) -> Option<LogFacts> {
    // A ramfs counts nothing.
    let space = system::space_at(log).ok().filter(|space| space.blocks > 0)?;
    let device = |path: &Path| fs::metadata(path).ok().map(|found| found.dev());
    let rotates = config.max_log_file_action.response == Response::Rotate && config.num_logs > 1;
    Some(LogFacts {
        free: space.free(),
        total: space.total(),
        space_left: threshold_bytes(config.space_left, space),
        admin_space_left: threshold_bytes(config.admin_space_left, space),
        shares_root: device(log.parent()?) == device(Path::new("/")),
        most: rotates.then(|| config.max_log_file.saturating_mul(config.num_logs).saturating_mul(1 << 20)),
        used,
        last_event: None,
    })
}

/// Seconds of the last record.
fn last_event(log: &Path) -> Option<i64> {
    let mut file = system::open_read(log, true).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail).ok()?;
    let last = tail.rsplit(|&b| b == b'\n').find_map(Record::parse)?;
    Some(i64::try_from(last.id.sec).unwrap_or(i64::MAX))
}

/// The plugins' files and programs. Gives back the names of those that are active and right.
pub(super) fn plugins(place: &Place, config: &Config, facts: &mut Facts) -> Vec<Vec<u8>> {
    let directory = Path::new(&config.plugin_dir);
    let mut active = Vec::new();
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
    let text = place.read(path).map_err(|error| format!("{name} cannot be read ({})", io_error_text(&error)))?;
    let read = plugin::parse(&text, &name, &mut Vec::new());
    let plugin = read.map_err(|error| format!("{error} ({})", error.place(&name)))?;
    if !plugin.active {
        return Ok(false);
    }
    place.note(facts, FileKind::Plugin, path, 0);
    let program = PathBuf::from(&plugin.path);
    match place.metadata(&program) {
        Ok(found) if found.is_file() && found.mode() & 0o550 == 0o550 => {}
        Ok(_) => return Err(format!("{name} names {}, which is no program", plugin.path)),
        Err(error) => return Err(format!("{name} names {} ({})", plugin.path, io_error_text(&error))),
    }
    place.note(facts, FileKind::Program, &program, 0);
    Ok(true)
}

/// Whether a service of PAM sets the login uid.
pub(super) fn logins(place: &Place, facts: &mut Facts) {
    let directory = Path::new("/etc/pam.d");
    let Ok(names) = place.names(directory) else { return };
    let sets = |name: &OsString| {
        let text = place.read(&directory.join(name)).unwrap_or_default();
        let mut lines = text.split(|&b| b == b'\n').filter(|line| !line.trim_ascii_start().starts_with(b"#"));
        lines.any(|line| auditbox::text::after(line, b"pam_loginuid.so").is_some())
    };
    facts.sets_login_uid = (!names.is_empty()).then(|| names.iter().any(sets));
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
