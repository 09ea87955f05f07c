//! From facts to findings: each function looks at one part.

use super::Finding;
use super::codes::{self, Code};
use super::command::{digits, in_turn, join, quote, quote_all};
use super::facts::{BootLoader, Facts, FileFact, FileKind, Init, KernelAnswer, LogFacts, RuleLine};
use crate::abi::Status;
use crate::abi::mask;
use crate::text::number;
use std::cmp::Reverse;

/// The kernel's own backlog limit, AUDIT_BACKLOG_LIMIT of kernel/audit.c.
const KERNELS_BACKLOG: u32 = 64;
/// What a limit is raised to at least: what audit.rules(7) and the shipped rules ask for.
const GOOD_BACKLOG: u32 = 8192;
/// A limit that is not raised further: each event that waits takes up to 9 KB of the kernel's memory.
const MOST_BACKLOG: u32 = 1 << 16;
/// The most that num_logs and q_depth may be, auditd.conf(5).
const MOST_LOGS: u64 = 999;
const MOST_QUEUED: u64 = 99_999;
/// The clock may be this many seconds before the last event: records are stamped before they are written.
const CLOCK_SLACK: i64 = 2;

/// Everything that is wrong, the worst first.
pub fn examine(facts: &Facts) -> Vec<Finding> {
    let mut found = Found(Vec::new());
    boot(facts, &mut found);
    kernel(facts, &mut found);
    daemon(facts, &mut found);
    rules(facts, &mut found);
    if let Some(log) = &facts.log {
        space(facts, log, &mut found);
        clock(facts, log, &mut found);
    }
    files(facts, &mut found);
    configuration(facts, &mut found);
    plugins(facts, &mut found);
    if facts.sets_login_uid == Some(false) {
        // Optional: a system that lacks the module still lets everybody in.
        let files = quote_all(facts.login_files.iter().map(Vec::as_slice)).filter(|files| !files.is_empty());
        let command = files.map(|files| join(&[r"sed -i '$a\session optional pam_loginuid.so' ", &files]));
        found.plain(&codes::NO_LOGIN_UID, command);
    }
    found.0.sort_by_key(|finding| (Reverse(finding.code.level), finding.code.id));
    found.0
}

/// The findings so far.
struct Found(Vec<Finding>);

impl Found {
    /// One more; the text is in parts.
    fn add<T: AsRef<[u8]>, const N: usize>(&mut self, code: &'static Code, text: [T; N], command: Option<String>) {
        let text = text.iter().flat_map(AsRef::as_ref).copied().collect();
        self.0.push(Finding { code, text, command: command.unwrap_or_default() });
    }

    /// One whose text is the code's own.
    fn plain(&mut self, code: &'static Code, command: Option<String>) {
        self.add(code, [code.about], command);
    }
}

fn boot(facts: &Facts, found: &mut Found) {
    let words = facts.boot_words.as_deref();
    let has =
        |wanted: &[&[u8]]| words.map(|text| text.split(u8::is_ascii_whitespace).any(|word| wanted.contains(&word)));
    let is_off = has(&[b"audit=0", b"audit=off"]) == Some(true);
    if is_off {
        found.plain(&codes::BOOT_OFF, facts.boot(false));
    } else if facts.kernel == KernelAnswer::NoSupport {
        found.plain(&codes::NO_AUDIT, None);
    } else if has(&[b"audit=1", b"audit=on"]) == Some(false) {
        let about = codes::BOOT_LATE.about;
        match facts.boot_loader {
            BootLoader::Unknown => found.add(&codes::BOOT_LATE, [about, " Give it to your boot loader."], None),
            _ => found.plain(&codes::BOOT_LATE, facts.boot(true)),
        }
    }
}

fn kernel(facts: &Facts, found: &mut Found) {
    let rights = facts.rights;
    if rights.is_root && !rights.may_control && rights.first_user {
        let command = "docker run --cap-add AUDIT_CONTROL --cap-add AUDIT_READ ...";
        found.plain(&codes::NO_CAPABILITY, Some(command.to_owned()));
    }
    if rights.is_root && !(rights.first_user && rights.first_pid) {
        let command = "docker run --pid host --network host --userns host ...";
        found.plain(&codes::NAMESPACE, Some(command.to_owned()));
    }
    let KernelAnswer::Status(status) = facts.kernel else { return };
    if status.enabled == 0 {
        found.plain(&codes::DISABLED, Some(facts.set(mask::ENABLED, "-e", 1)));
    }
    let (lost, limit) = (digits(status.lost.into()), digits(status.backlog_limit.into()));
    // The count begins again with a boot.
    let reset = || (!facts.is_locked()).then(|| "auditctl --reset-lost".to_owned());
    if status.lost > 0 && status.rate_limit > 0 {
        let rate = digits(status.rate_limit.into());
        let text = ["The kernel lost ", &lost, " events; its rate limit is ", &rate, " a second."];
        found.add(&codes::RATE_LIMIT, text, in_turn([Some(facts.set(mask::RATE_LIMIT, "-r", 0)), reset()]));
    } else if status.lost > 0 {
        let text = ["The kernel lost ", &lost, " events; its backlog limit is ", &limit, "."];
        let command = match raise_backlog(facts, &status) {
            None => Some("auditctl --reset-lost".to_owned()),
            raise => in_turn([raise, reset()]),
        };
        found.add(&codes::LOST, text, command);
    } else if (1..=KERNELS_BACKLOG).contains(&status.backlog_limit) {
        let text = ["The backlog limit is ", &limit, "; a burst of events overruns it."];
        found.add(&codes::SMALL_BACKLOG, text, raise_backlog(facts, &status));
    }
}

/// Raises the backlog limit for good. None where it is high, or there is none.
fn raise_backlog(facts: &Facts, status: &Status) -> Option<String> {
    if status.backlog_limit == 0 || status.backlog_limit >= MOST_BACKLOG {
        return None;
    }
    let settings = facts.rules.settings.iter().rev();
    let asked = settings.map(|(_, status)| status).find(|status| status.mask & mask::BACKLOG_LIMIT != 0);
    let limit = status.backlog_limit.saturating_mul(2).clamp(GOOD_BACKLOG, MOST_BACKLOG);
    let limit = limit.max(asked.map_or(0, |asked| asked.backlog_limit));
    Some(facts.set(mask::BACKLOG_LIMIT, "-b", limit.into()))
}

fn daemon(facts: &Facts, found: &mut Found) {
    if facts.is_started_at_boot == Some(false) {
        found.plain(&codes::NOT_AT_BOOT, facts.enable());
    }
    let is_journald = |name: &Vec<u8>| name == b"systemd" || name.starts_with(b"systemd-journal");
    if facts.readers.iter().any(is_journald) {
        let command = "systemctl mask --now systemd-journald-audit.socket && systemctl restart systemd-journald";
        found.plain(&codes::SECOND_COPY, Some(command.to_owned()));
    }
    let KernelAnswer::Status(status) = facts.kernel else { return };
    let pid = digits(status.pid.into());
    match &facts.daemon.name {
        // Whoever takes this machine's events is not its affair.
        _ if facts.is_collector => {}
        _ if status.pid == 0 => found.plain(&codes::NO_DAEMON, Some(facts.start().to_owned())),
        Some(name) if !(name.starts_with(b"auditd") || name.starts_with(b"auditbox")) => {
            let text: [&[u8]; 5] =
                [b"Process ", pid.as_bytes(), b" (", name, b") takes the events, and none reaches the log."];
            found.add(&codes::FOREIGN_DAEMON, text, Some(join(&["kill ", &pid, " && sleep 1 && ", facts.start()])));
        }
        // The kernel notices that nobody is there with the next event.
        None if facts.rights.first_pid => {
            let text = ["Process ", &pid, " took the events and is not there any more."];
            found.add(&codes::NO_DAEMON, text, Some(facts.start().to_owned()));
        }
        _ => {}
    }
    if facts.daemon.is_suspended {
        found.plain(&codes::SUSPENDED, Some("auditctl --signal resume".to_owned()));
    }
    if let Some(job) = &facts.daemon.blocked {
        let text: [&[u8]; 3] = [b"A part of the daemon is standing still: ", job, b"."];
        let restart = match facts.init {
            Init::OpenRc => "rc-service auditd restart".to_owned(),
            Init::Runit => "sv restart auditd".to_owned(),
            Init::Systemd | Init::Other => join(&["auditctl --signal stop && ", facts.start()]),
        };
        found.add(&codes::BLOCKED, text, Some(restart));
    }
}

fn rules(facts: &Facts, found: &mut Found) {
    let rules = &facts.rules;
    let is_locked = facts.is_locked();
    if let Some(refusal) = &rules.refusal {
        let place = quote(if rules.only_merged { &rules.merged } else { &rules.directory });
        let image = quote(&facts.image).filter(|_| !facts.image.is_empty());
        let root = image.map(|image| join(&["--root ", &image, " "])).unwrap_or_default();
        let command = place.map(|place| join(&["auditctl --check ", &root, &place]));
        found.add(&codes::RULES_REFUSED, [refusal], command);
    }
    never_task(facts, found);
    if rules.refusal.is_none() && rules.is_merged == Some(false) {
        not_merged(facts, found);
    }
    match (rules.in_kernel, rules.in_files) {
        (Some(0), Some(1..)) => found.plain(&codes::NO_RULES, facts.load()),
        (Some(0), Some(0)) => {
            let install = rules.has_profiles.then(|| "augenrules --profile default --install".to_owned());
            found.plain(&codes::NO_RULES, install.and_then(|install| in_turn([Some(install), facts.merge()])));
        }
        (Some(0), None) => found.plain(&codes::NO_RULES, None),
        // What the kernel has is not known; and which rules an image gets is for its builder to choose.
        (None, Some(0)) => found.add(&codes::NO_RULES, ["Neither rules.d nor audit.rules has a rule."], None),
        _ => {}
    }
    let differences = rules.differences.filter(|_| rules.in_kernel != Some(0)).unwrap_or(0);
    let count = digits(differences as u64);
    let differ = if rules.has_merged { "Kernel and audit.rules differ in " } else { "Kernel and rules.d differ in " };
    if differences > 0 && rules.in_files == Some(0) {
        let text = ["The kernel's rules, ", &count, " of them, stand in no file and are gone with the next boot."];
        found.add(&codes::NOT_LOADED, text, facts.keep_rules());
    } else if differences > 0 && is_locked {
        let text = [differ, &count, " rules, which are locked until the next boot."];
        found.add(&codes::LOCKED_OLD, text, Some("reboot".to_owned()));
    } else if differences > 0 && rules.is_merged != Some(false) {
        found.add(&codes::NOT_LOADED, [differ, &count, " rules."], facts.load());
    } else if is_locked {
        found.plain(&codes::LOCKED, None);
    }
}

fn not_merged(facts: &Facts, found: &mut Found) {
    let (rules, about) = (&facts.rules, codes::NOT_MERGED.about);
    if rules.only_merged {
        let paths = quote(&rules.merged).zip(quote(&rules.directory));
        let copy = paths.map(|(merged, directory)| join(&["cp -p ", &merged, " ", &directory, "/50-audit.rules"]));
        let command = copy.and_then(|copy| in_turn([Some(copy), Some(facts.merge()?)]));
        found.add(&codes::NOT_MERGED, [about, " It alone has rules, which the next merge takes away."], command);
    } else if rules.unmerged > 0 {
        let text = [about, " A merge takes ", &digits(rules.unmerged as u64), " of its rules away."];
        found.add(&codes::NOT_MERGED, text, facts.load());
    } else {
        found.plain(&codes::NOT_MERGED, facts.load());
    }
}

fn never_task(facts: &Facts, found: &mut Found) {
    let rules = &facts.rules;
    let in_kernel = rules.kernel_has_never_task;
    let delete = match () {
        () if facts.is_locked() => Some("reboot".to_owned()),
        // auditctl makes no such rule with a key, and deletes none.
        () if rules.never_task_has_key => facts.load(),
        () => Some("auditctl -d never,task".to_owned()),
    };
    if let Some(first) = rules.never_task.first() {
        let text: [&[u8]; 3] = match in_kernel {
            true => [codes::NEVER_TASK.about.as_bytes(), b" It stands in ", &first.file],
            false => {
                [&first.file, b" has a task,never rule: once it is loaded", b", no process that is started is audited"]
            }
        };
        // A locked kernel without it needs no boot for the files' sake.
        let apply = if in_kernel || !facts.is_locked() { facts.load().or(delete.filter(|_| in_kernel)) } else { None };
        let command = delete_lines(&rules.never_task).and_then(|edit| in_turn([Some(edit), apply]));
        found.add(&codes::NEVER_TASK, [&text.concat()[..], b"."], command);
    } else if in_kernel {
        found.plain(&codes::NEVER_TASK, delete);
    }
}

/// Deletes the lines, where they are `task,never` rules still.
fn delete_lines(lines: &[RuleLine]) -> Option<String> {
    let mut lines: Vec<&RuleLine> = lines.iter().collect();
    lines.sort();
    let of_files = lines.chunk_by(|a, b| a.file == b.file).map(|of_file| {
        let numbers: String = of_file.iter().map(|line| join(&[&digits(line.number as u64), "d;"])).collect();
        Some(join(&["sed -i '/task/{", &numbers, "}' ", &quote(&of_file.first()?.file)?]))
    });
    Some(of_files.collect::<Option<Vec<_>>>()?.join(" && "))
}

/// Bytes as people read them.
fn mebibytes(bytes: u64) -> String {
    join(&[&digits(bytes >> 20), " MiB"])
}

fn space(facts: &Facts, log: &LogFacts, found: &mut Found) {
    let free = mebibytes(log.free);
    let command = || Some(join(&["du -xak ", &quote(&log.mount)?, " | sort -n | tail -n 30"]));
    let low = if log.space_left > 0 { log.space_left } else { log.total / 20 };
    if log.free == 0 || log.free < log.admin_space_left {
        let asked = mebibytes(log.admin_space_left);
        let text = ["The log's file system has ", &free, " left; admin_space_left is ", &asked, "."];
        found.add(&codes::LOG_FULL, text, command());
    } else if log.free < low {
        let asked = mebibytes(low);
        let text = ["The log's file system has ", &free, " left; it should have ", &asked, "."];
        found.add(&codes::LOG_LOW, text, command());
    }
    if !log.shares_root {
        return;
    }
    let room = log.free.saturating_add(log.used);
    match log.most {
        Some(most) if most <= room => {
            let most = mebibytes(most);
            let text = ["The log shares its file system with the rest of the system, and may take ", &most, " of it."];
            found.add(&codes::LOG_SHARED, text, None);
        }
        most => {
            let most = most.map_or("without bound".to_owned(), |most| join(&["to ", &mebibytes(most)]));
            let room = mebibytes(room);
            let text = ["The log may grow ", &most, ", and its file system, which it shares with /, has ", &room, "."];
            found.add(&codes::LOG_UNBOUNDED, text, rotation(log).and_then(|found| facts.configure(&found.keys())));
        }
    }
}

/// Values of max_log_file and num_logs.
struct Rotation {
    size: String,
    count: String,
}

impl Rotation {
    fn keys(&self) -> [(&str, &str); 3] {
        [("max_log_file", &self.size), ("max_log_file_action", "ROTATE"), ("num_logs", &self.count)]
    }
}

/// Has the logs rotate within half of the space there is for them, or what they have now, so that none is dropped at once.
fn rotation(log: &LogFacts) -> Option<Rotation> {
    let most = (log.free.saturating_add(log.used) / 2).max(log.used) >> 20;
    let size = (most / 5).clamp(1, 8);
    let count = (most / size).min(MOST_LOGS);
    (count >= 2).then(|| Rotation { size: digits(size), count: digits(count) })
}

fn clock(facts: &Facts, log: &LogFacts, found: &mut Found) {
    let Some((last, now)) = log.last_event.filter(|(last, now)| last.saturating_sub(*now) > CLOCK_SLACK) else {
        return;
    };
    let seconds = digits(last.saturating_sub(now).unsigned_abs());
    let command = match facts.init {
        Init::Systemd => "timedatectl set-ntp true",
        Init::OpenRc | Init::Runit | Init::Other => "ntpd -n -q -p pool.ntp.org",
    };
    let text = ["The clock is ", &seconds, " seconds before the last event of the log."];
    found.add(&codes::CLOCK_BACK, text, Some(command.to_owned()));
}

impl FileKind {
    /// The most that a mode may have, and what takes the rest away.
    fn modes(self) -> (u32, &'static str) {
        match self {
            FileKind::Config | FileKind::Rules | FileKind::Plugin | FileKind::Log => (0o640, "u-x,g-wx,o="),
            FileKind::LogDirectory => (0o750, "g-w,o="),
            FileKind::Directory | FileKind::Program => (0o755, "go-w"),
        }
    }
}

/// Others than the owner may write.
const OTHERS_WRITE: u32 = 0o022;
/// Of a directory for everybody, like /tmp.
const STICKY: u32 = 0o1000;
/// The group's bits, and those of all others.
const GROUP: u32 = 0o070;

impl FileFact {
    /// What is wrong with it, if anything.
    fn illness(&self) -> Option<&'static Code> {
        let (most, _) = self.kind.modes();
        let is_private = !matches!(self.kind, FileKind::Directory | FileKind::Program);
        let is_foreign_group = is_private && self.gid != 0 && self.gid != self.group;
        match () {
            () if self.uid != 0 || self.mode & OTHERS_WRITE != 0 => Some(&codes::WRITABLE),
            () if self.mode & !most & 0o777 != 0 => Some(&codes::TOO_OPEN),
            () if is_foreign_group && self.mode & GROUP != 0 => Some(&codes::TOO_OPEN),
            () => None,
        }
    }
}

/// One finding a kind of file and of illness, however many files have it.
fn files(facts: &Facts, found: &mut Found) {
    use FileKind::{Config, Directory, Log, LogDirectory, Plugin, Program, Rules};
    for kind in [Config, Directory, Rules, LogDirectory, Log, Plugin, Program] {
        for code in [&codes::WRITABLE, &codes::TOO_OPEN] {
            let is_ill = |file: &&FileFact| file.kind == kind && file.illness() == Some(code);
            let ill: Vec<&FileFact> = facts.files.iter().filter(is_ill).collect();
            let Some(first) = ill.first() else { continue };
            found.add(code, [&describe(code, first, ill.len() - 1)], repair(&ill));
        }
    }
    if let Some(reason) = &facts.unsafe_directory {
        // The sentence names the part; what is to become of it somebody has to decide.
        let command = facts.image.is_empty().then(|| "auditd --check-config".to_owned());
        found.add(&codes::UNSAFE_DIRECTORY, [reason], command);
    }
}

fn describe(code: &Code, first: &FileFact, others: usize) -> Vec<u8> {
    let mut text = first.path.clone();
    let mut push = |part: &str| text.extend_from_slice(part.as_bytes());
    push(if *code == codes::WRITABLE {
        " can be changed by others than root"
    } else {
        " is open to more than need it"
    });
    push(" (mode 0");
    let mut mode = Vec::new();
    number::push_octal(&mut mode, first.mode.into());
    push(&String::from_utf8_lossy(&mode));
    push(&join(&[", owner ", &digits(first.uid.into()), ":", &digits(first.gid.into()), ")"]));
    if others > 0 {
        push(&join(&[", and so are ", &digits(others as u64), " more"]));
    }
    push(".");
    text
}

/// Sets owners and modes of files of one kind right.
fn repair(files: &[&FileFact]) -> Option<String> {
    let first = files.first()?;
    // What everybody is meant to write to is no place for it; closing it would break what else is there.
    if files.iter().any(|file| file.mode & STICKY != 0) {
        return None;
    }
    let names = quote_all(files.iter().map(|file| file.path.as_slice()))?;
    let (_, mode) = first.kind.modes();
    Some(join(&["chown 0:", &digits(first.group.into()), " ", &names, " && chmod ", mode, " ", &names]))
}

fn configuration(facts: &Facts, found: &mut Found) {
    let command = || facts.image.is_empty().then(|| "auditd --check-config".to_owned());
    if let Some(link) = facts.config_link.as_ref().filter(|_| !facts.daemon.follows_links) {
        let new = quote(&[link, &b".new"[..]].concat());
        let paths = quote(&facts.config_file).zip(quote(link)).zip(new).filter(|_| !facts.config_file.is_empty());
        let command = paths.map(|((file, link), new)| join(&["cp -p ", &file, " ", &new, " && mv ", &new, " ", &link]));
        let text: [&[u8]; 2] = [link, b" is a symbolic link, with which auditd starts only by its option -l."];
        found.add(&codes::CONFIG_REFUSED, text, command);
    }
    if let Some(refusal) = &facts.config_refusal {
        found.add(&codes::CONFIG_REFUSED, [refusal], command());
    }
    if facts.config_is_missing {
        let text = "There is no auditd.conf: the daemon rotates no log and heeds no full disk.";
        let rotation = facts.log.as_ref().and_then(rotation);
        let write = rotation
            .and_then(|rotation| facts.configure(&[&rotation.keys()[..], &[("space_left_action", "SYSLOG")]].concat()));
        found.add(&codes::CONFIG_DOUBTFUL, [text], write);
    }
    for warning in &facts.config_warnings {
        found.add(&codes::CONFIG_DOUBTFUL, [warning], command());
    }
}

fn plugins(facts: &Facts, found: &mut Found) {
    for (file, reason) in &facts.refused_plugins {
        // No file of another suffix is a plugin's.
        let off = quote(&[file, &b".off"[..]].concat());
        let paths = quote(file).zip(off);
        let command = paths.map(|(file, off)| join(&["mv ", &file, " ", &off, facts.reload()]));
        found.add(&codes::PLUGIN_REFUSED, [reason], command);
    }
    let reload = || Some("auditctl --signal reload".to_owned());
    for plugin in &facts.plugins {
        let name = &plugin.name[..];
        let Some(state) = &plugin.state else {
            let text: [&[u8]; 3] = [b"The plugin ", name, b" is configured, and the daemon has not been told."];
            found.add(&codes::PLUGIN_DOWN, text, reload());
            continue;
        };
        // The process of one that is ending is awaited for seconds at most; what it is then says more.
        let is_up = [&b"running"[..], b"behind", b"ending"].iter().any(|word| state.starts_with(word));
        let lost = crate::text::after(state, b"lost ").and_then(number::parse_exact).unwrap_or(0);
        let text = |what: &[u8]| [b"The plugin ", name, b" ", what, b": ", state, b"."].map(<[u8]>::to_vec);
        if !is_up {
            let is_suspended = state.starts_with(b"suspended");
            let command = if is_suspended { Some("auditctl --signal resume".to_owned()) } else { reload() };
            found.add(&codes::PLUGIN_DOWN, text(b"does not run"), command);
        } else if lost > 0 {
            let deeper = digits(facts.q_depth.saturating_mul(2).min(MOST_QUEUED));
            let command = (facts.q_depth < MOST_QUEUED).then(|| facts.configure(&[("q_depth", &deeper)])).flatten();
            found.add(&codes::PLUGIN_BEHIND, text(b"does not keep up"), command);
        }
    }
}
