//! The kernel, who takes its events, and what starts them.

use super::place::{Place, unseen};
use crate::control::state;
use auditbox::abi::Signal;
use auditbox::doctor::{BootLoader, Daemon, Facts, Init, KernelAnswer, PluginState, Rights, Unseen};
use auditbox::host::paths::Paths;
use auditbox::sys::errno::{EAFNOSUPPORT, EPROTONOSUPPORT};
use auditbox::sys::netlink::AuditSocket;
use auditbox::sys::process::{self, ProcessHandle};
use auditbox::sys::signals;
use auditbox::text::json_reader::Reader;
use std::path::Path;
use std::{fs, io};

/// NETLINK_AUDIT, as /proc/net/netlink shows it.
const AUDIT: &str = "9";
/// The group of those who read a copy, as a bit.
const READLOG: u32 = 1;
const COMMAND_LINE: &str = "the kernel's command line";
/// Settings of boot loaders.
const EXTLINUX: &str = "/etc/update-extlinux.conf";
const GRUB: &str = "/etc/default/grub";

/// What the kernel and the daemon are started by.
pub(super) fn start(place: &Place, facts: &mut Facts) {
    // Each with the paths that show it, and those of which one is there when the daemon is started.
    const INITS: [(Init, &str, &[&str]); 3] = [
        (
            Init::OpenRc,
            "/sbin/openrc-run",
            &["/etc/runlevels/boot/auditd", "/etc/runlevels/default/auditd", "/etc/runlevels/sysinit/auditd"],
        ),
        (
            Init::Systemd,
            "/run/systemd/system",
            &[
                "/etc/systemd/system/multi-user.target.wants/auditd.service",
                "/etc/systemd/system/sysinit.target.wants/auditd.service",
            ],
        ),
        (
            Init::Runit,
            "/etc/runit",
            &[
                "/var/service/auditd",
                "/etc/service/auditd",
                "/etc/runit/runsvdir/default/auditd",
                "/run/runit/service/auditd",
            ],
        ),
    ];
    let is_there = |sign: &str| {
        place.exists(sign) || place.is_image() && sign == "/run/systemd/system" && place.exists("/lib/systemd/systemd")
    };
    if let Some((init, _, started)) = INITS.iter().find(|(_, sign, _)| is_there(sign)) {
        facts.init = *init;
        facts.is_started_at_boot = Some(started.iter().any(|path| is_link(place, path)));
    }
    let words = ["/boot/firmware/cmdline.txt", "/boot/cmdline.txt"].into_iter().find(|path| place.exists(path));
    let (loader, file) = match () {
        () if place.exists("/sbin/grubby") || place.exists("/usr/sbin/grubby") => (BootLoader::Grubby, ""),
        () if place.exists(EXTLINUX) => (BootLoader::Extlinux, EXTLINUX),
        () if place.exists(GRUB) => (BootLoader::Grub, GRUB),
        () => words.map_or((BootLoader::Unknown, ""), |path| (BootLoader::Words, path)),
    };
    (facts.boot_loader, facts.boot_file) = (loader, place.shown(Path::new(file)));
    let words = match (place.is_image(), file) {
        (false, _) => fs::read("/proc/cmdline"),
        (true, "") => Err(io::ErrorKind::NotFound.into()),
        (true, file) => place.read(Path::new(file)).map(|text| words_of(&text)),
    };
    match words {
        Ok(words) => facts.boot_words = Some(words),
        Err(_) if place.is_image() && file.is_empty() => {
            facts.unseen.push(Unseen { what: COMMAND_LINE, why: "its place is not known".to_owned() });
        }
        Err(error) => unseen(facts, COMMAND_LINE, &error),
    }
}

/// The words in a file of settings, where they stand in quotes, or of words alone.
fn words_of(text: &[u8]) -> Vec<u8> {
    let lines = text.split(|&b| b == b'\n').filter(|line| !line.trim_ascii_start().starts_with(b"#"));
    let mut words = lines.collect::<Vec<_>>().join(&b'\n');
    words.iter_mut().filter(|b| b"\"'".contains(b)).for_each(|b| *b = b' ');
    words
}

/// Whether there is something of this name, be it a link that leads nowhere here.
fn is_link(place: &Place, path: &str) -> bool {
    place.unfollowed(Path::new(path)).is_ok_and(|path| fs::symlink_metadata(path).is_ok())
}

/// The kernel's answers, and what /proc shows.
pub(super) fn kernel(facts: &mut Facts) {
    let (first_user, first_pid) = process::namespaces();
    let (is_root, may_control) = (process::effective_uid() == 0, process::can_control_audit());
    facts.rights = Rights { is_root, may_control, first_user, first_pid };
    match fs::read_to_string("/proc/net/netlink") {
        Ok(table) => facts.readers = readers(&table),
        Err(error) => unseen(facts, "who reads a copy of the events", &error),
    }
    let answer = AuditSocket::open().and_then(|mut socket| socket.status());
    match answer {
        Ok(status) => {
            facts.kernel = KernelAnswer::Status(status);
            let name = process::command_name(status.pid as i32).filter(|_| status.pid != 0);
            let words = fs::read(format!("/proc/{}/cmdline", status.pid)).unwrap_or_default();
            let follows_links = words.split(|&b| b == 0).any(|word| [&b"-l"[..], b"--allow_links"].contains(&word));
            facts.daemon = Daemon { name: name.map(String::into_bytes), follows_links, ..Daemon::default() };
        }
        Err(error) if [EPROTONOSUPPORT, EAFNOSUPPORT].contains(&error.errno()) => {
            facts.kernel = KernelAnswer::NoSupport
        }
        Err(error) => {
            let why = if may_control { error.to_string() } else { "CAP_AUDIT_CONTROL is missing".to_owned() };
            facts.unseen.push(Unseen { what: "the kernel's settings and rules, and who takes the events", why });
        }
    }
}

/// Names of the processes that read the multicast copy. The first socket of a process has its pid as address.
fn readers(table: &str) -> Vec<Vec<u8>> {
    let reader = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        let (protocol, pid, groups) = (words.next()?, words.next()?, words.next()?);
        let is_reader = protocol == AUDIT && u32::from_str_radix(groups, 16).ok()? & READLOG != 0;
        process::command_name(pid.parse().ok().filter(|_| is_reader)?).map(String::into_bytes)
    };
    table.lines().filter_map(reader).collect()
}

/// Asks our daemon for its report, where we may, and takes from it what it says of itself and of the plugins that are configured.
pub(super) fn report(names: Vec<Vec<u8>>, facts: &mut Facts) {
    let KernelAnswer::Status(status) = facts.kernel else { return };
    let pid = status.pid as i32;
    let paths = Paths::of_system();
    let pid_file = fs::read_to_string(paths.pid_file()).ok().and_then(|text| text.trim().parse().ok());
    let is_ours = pid != 0 && pid_file == Some(pid) && paths.lock_file().exists();
    if !is_ours || !facts.rights.is_root {
        if pid != 0 {
            let why = "only auditbox's own daemon says so, and to root".to_owned();
            facts.unseen.push(Unseen { what: "the daemon's state and its plugins", why });
        }
        return;
    }
    let signal = signals::number(Signal::State);
    let ask = || ProcessHandle::open(pid).and_then(|daemon| daemon.signal(signal)).map_or(1, |()| 0);
    let Some(members) = state::answer(&paths.state_json(), ask).ok().and_then(|text| members(&text)) else {
        let why = "the daemon gave no report in time".to_owned();
        facts.unseen.push(Unseen { what: "the daemon's state and its plugins", why });
        return;
    };
    let of = |name: &[u8]| members.iter().find(|(member, _)| member == name).map(|(_, value)| value.clone());
    facts.daemon.is_suspended = of(b"logging_suspended").is_some_and(|value| value == b"true");
    facts.daemon.blocked = of(b"worker_blocked_by");
    let plugin = |name: Vec<u8>| {
        let plain = |b: &u8| if b.is_ascii_alphanumeric() { b.to_ascii_lowercase() } else { b'_' };
        let member = [b"plugin_".to_vec(), name.iter().map(plain).collect()].concat();
        PluginState { name, state: of(&member) }
    };
    facts.plugins = names.into_iter().map(plugin).collect();
}

/// The members of the report: texts as they are, other values as they are written.
fn members(text: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let mut all = Vec::new();
    Reader::new(text)?.object(&mut |name, reader| {
        let mut value = Vec::new();
        let written = reader.written()?;
        match written.first() {
            Some(b'"') => Reader::new(written)?.string(&mut value)?,
            _ => value.extend_from_slice(written),
        }
        all.push((name.to_vec(), value));
        Some(())
    })?;
    Some(all)
}
