//! Each illness by the facts that show it, and what is said of it.

use super::codes;
use super::*;
use crate::abi::{Status, mask};

/// A machine that is well.
fn healthy() -> Facts {
    let status = Status { enabled: 1, pid: 100, backlog_limit: 8192, ..Status::default() };
    Facts {
        init: Init::OpenRc,
        is_started_at_boot: Some(true),
        boot_loader: BootLoader::Extlinux,
        boot_file: b"/etc/update-extlinux.conf".to_vec(),
        config_file: b"/etc/audit/auditd.conf".to_vec(),
        q_depth: 2000,
        login_files: vec![b"/etc/pam.d/login".to_vec(), b"/etc/pam.d/sshd".to_vec()],
        boot_words: Some(b"root=/dev/sda1 audit=1\n".to_vec()),
        kernel: KernelAnswer::Status(status),
        daemon: Daemon { name: Some(b"auditd".to_vec()), ..Daemon::default() },
        readers: vec![b"auditd".to_vec()],
        rules: RulesFacts {
            directory: b"/etc/audit/rules.d".to_vec(),
            merged: b"/etc/audit/audit.rules".to_vec(),
            has_merged: true,
            has_profiles: true,
            drops_others: true,
            in_files: Some(9),
            is_merged: Some(true),
            in_kernel: Some(9),
            differences: Some(0),
            ..RulesFacts::default()
        },
        log: Some(LogFacts {
            mount: b"/var".to_vec(),
            free: 900 << 20,
            total: 1000 << 20,
            space_left: 75 << 20,
            admin_space_left: 50 << 20,
            most: Some(40 << 20),
            used: 8 << 20,
            last_event: Some((1000, 1000)),
            ..LogFacts::default()
        }),
        files: vec![file(FileKind::Log, "/var/log/audit/audit.log", 0, 0o600)],
        plugins: vec![plugin("syslog", Some("running, queued 0, restarts 0, lost 0"))],
        sets_login_uid: Some(true),
        ..Facts::default()
    }
}

fn file(kind: FileKind, path: &str, uid: u32, mode: u32) -> FileFact {
    FileFact { kind, path: path.as_bytes().to_vec(), uid, gid: 0, mode, group: 0 }
}

fn line(file: &str, number: usize) -> RuleLine {
    RuleLine { file: file.as_bytes().to_vec(), number }
}

fn plugin(name: &str, state: Option<&str>) -> PluginState {
    PluginState { name: name.into(), state: state.map(Into::into) }
}

/// Changes the status of a healthy kernel.
fn status(facts: &mut Facts, change: impl Fn(&mut Status)) {
    if let KernelAnswer::Status(status) = &mut facts.kernel {
        change(status);
    }
}

fn log(facts: &mut Facts) -> &mut LogFacts {
    facts.log.as_mut().unwrap()
}

/// What makes a healthy machine ill, the one finding it gives, a part of its text, and the command.
type Case = (&'static Code, fn(&mut Facts), &'static str, &'static str);

const CASES: &[Case] = &[
    (&codes::NO_AUDIT, |f| f.kernel = KernelAnswer::NoSupport, "CONFIG_AUDIT", ""),
    (
        &codes::BOOT_OFF,
        |f| (f.boot_words, f.kernel) = (Some(b"quiet audit=0".to_vec()), KernelAnswer::NoSupport),
        "audit=0",
        r"sed -i 's/\(^\|[^a-z_.]\)audit=\(0\|off\)/\1audit=1/g' /etc/update-extlinux.conf && update-extlinux",
    ),
    (
        &codes::BOOT_LATE,
        |f| f.boot_words = Some(b"quiet noaudit=1".to_vec()),
        "without audit=1",
        "sed -i '$a\\default_kernel_opts=\"audit=1 audit_backlog_limit=8192 $default_kernel_opts\"' /etc/update-extlinux.conf \
         && update-extlinux",
    ),
    (&codes::DISABLED, |f| status(f, |s| s.enabled = 0), "switched off", "auditctl -e 1"),
    (
        &codes::LOST,
        |f| status(f, |s| (s.lost, s.backlog_limit) = (17, 8192)),
        "lost 17 events; its backlog limit is 8192",
        "(umask 027; mkdir -p /etc/audit/rules.d && echo '-b 16384' >/etc/audit/rules.d/99-backlog.rules) && augenrules \
         && auditctl -b 16384 && auditctl --reset-lost",
    ),
    (
        &codes::RATE_LIMIT,
        |f| status(f, |s| (s.lost, s.rate_limit) = (17, 100)),
        "rate limit is 100",
        "auditctl -r 0 && auditctl --reset-lost",
    ),
    (
        &codes::SMALL_BACKLOG,
        |f| status(f, |s| s.backlog_limit = 64),
        "limit is 64",
        "(umask 027; mkdir -p /etc/audit/rules.d && echo '-b 8192' >/etc/audit/rules.d/99-backlog.rules) && augenrules \
         && auditctl -b 8192",
    ),
    (
        &codes::NO_CAPABILITY,
        |f| f.rights.may_control = false,
        "CAP_AUDIT_CONTROL",
        "docker run --cap-add AUDIT_CONTROL --cap-add AUDIT_READ ...",
    ),
    (
        &codes::NAMESPACE,
        |f| f.rights.first_pid = false,
        "namespaces",
        "docker run --pid host --network host --userns host ...",
    ),
    (&codes::NO_DAEMON, |f| status(f, |s| s.pid = 0), "No daemon", "rc-service auditd start"),
    (
        &codes::FOREIGN_DAEMON,
        |f| f.daemon.name = Some(b"osqueryd".to_vec()),
        "Process 100 (osqueryd) takes the events",
        "kill 100 && sleep 1 && rc-service auditd start",
    ),
    (&codes::NOT_AT_BOOT, |f| f.is_started_at_boot = Some(false), "not started", "rc-update add auditd boot"),
    (
        &codes::SECOND_COPY,
        |f| f.readers.push(b"systemd-journal".to_vec()),
        "journal",
        "systemctl mask --now systemd-journald-audit.socket && systemctl restart systemd-journald",
    ),
    (&codes::SUSPENDED, |f| f.daemon.is_suspended = true, "does not write", "auditctl --signal resume"),
    (
        &codes::BLOCKED,
        |f| f.daemon.blocked = Some(b"a sync of the log".to_vec()),
        "standing still: a sync of the log.",
        "rc-service auditd restart",
    ),
    (&codes::NO_RULES, |f| f.rules.in_kernel = Some(0), "no rules", "augenrules --load"),
    (
        &codes::NEVER_TASK,
        |f| f.rules.never_task = vec![line("/etc/audit/rules.d/10-no-audit.rules", 3)],
        "/etc/audit/rules.d/10-no-audit.rules has a task,never rule: once it is loaded, no process that is started is audited.",
        "sed -i '/task/{3d;}' /etc/audit/rules.d/10-no-audit.rules && augenrules --load",
    ),
    (
        &codes::RULES_REFUSED,
        |f| f.rules.refusal = Some(b"/etc/audit/rules.d/1.rules:2: unknown field".to_vec()),
        "1.rules:2: unknown field",
        "auditctl --check /etc/audit/rules.d",
    ),
    (&codes::NOT_MERGED, |f| f.rules.is_merged = Some(false), "audit.rules", "augenrules --load"),
    (&codes::NOT_LOADED, |f| f.rules.differences = Some(3), "differ in 3 rules", "augenrules --load"),
    (
        &codes::LOCKED_OLD,
        |f| {
            status(f, |s| s.enabled = 2);
            f.rules.differences = Some(3);
        },
        "locked until the next boot",
        "reboot",
    ),
    (&codes::LOCKED, |f| status(f, |s| s.enabled = 2), "locked", ""),
    (
        &codes::LOG_FULL,
        |f| log(f).free = 49 << 20,
        "has 49 MiB left; admin_space_left is 50 MiB",
        "du -xak /var | sort -n | tail -n 30",
    ),
    (
        &codes::LOG_LOW,
        |f| log(f).free = 74 << 20,
        "has 74 MiB left; it should have 75 MiB",
        "du -xak /var | sort -n | tail -n 30",
    ),
    (
        &codes::LOG_UNBOUNDED,
        |f| (log(f).shares_root, log(f).most) = (true, None),
        "may grow without bound",
        r"sed -i -e '$a\max_log_file = 8' -e '$a\max_log_file_action = ROTATE' -e '$a\num_logs = 56' -e '/^ *max_log_file /d' -e '/^ *max_log_file_action /d' -e '/^ *num_logs /d' /etc/audit/auditd.conf && auditctl --signal reload",
    ),
    (&codes::LOG_SHARED, |f| log(f).shares_root = true, "may take 40 MiB of it", ""),
    (
        &codes::CLOCK_BACK,
        |f| log(f).last_event = Some((1000, 400)),
        "600 seconds before the last event",
        "ntpd -n -q -p pool.ntp.org",
    ),
    (
        &codes::WRITABLE,
        |f| f.files = vec![file(FileKind::Config, "/etc/audit/auditd.conf", 0, 0o666)],
        "/etc/audit/auditd.conf can be changed by others than root (mode 0666, owner 0:0).",
        "chown 0:0 /etc/audit/auditd.conf && chmod u-x,g-wx,o= /etc/audit/auditd.conf",
    ),
    (
        &codes::TOO_OPEN,
        |f| f.files = ["a", "b"].map(|path| file(FileKind::Log, path, 0, 0o644)).to_vec(),
        "a is open to more than need it (mode 0644, owner 0:0), and so are 1 more.",
        "chown 0:0 a b && chmod u-x,g-wx,o= a b",
    ),
    (
        &codes::UNSAFE_DIRECTORY,
        |f| f.unsafe_directory = Some("Unsafe audit log directory for /l/a (/l: why)".to_owned()),
        "/l: why",
        "auditd --check-config",
    ),
    (
        &codes::CONFIG_REFUSED,
        |f| f.config_refusal = Some("Option x not found - line 3".to_owned()),
        "line 3",
        "auditd --check-config",
    ),
    (&codes::CONFIG_DOUBTFUL, |f| f.config_warnings = vec!["w".to_owned()], "w", "auditd --check-config"),
    (
        &codes::PLUGIN_REFUSED,
        |f| f.refused_plugins = vec![(b"/etc/audit/plugins.d/x.conf".to_vec(), "names /nothing".to_owned())],
        "names /nothing",
        "mv /etc/audit/plugins.d/x.conf /etc/audit/plugins.d/x.conf.off && auditctl --signal reload",
    ),
    (
        &codes::PLUGIN_DOWN,
        |f| f.plugins = vec![plugin("x", Some("given up, queued 0, restarts 11, lost 0"))],
        "The plugin x does not run: given up,",
        "auditctl --signal reload",
    ),
    (
        &codes::PLUGIN_BEHIND,
        |f| f.plugins = vec![plugin("x", Some("behind, queued 9, restarts 0, lost 40"))],
        "does not keep up: behind, queued 9, restarts 0, lost 40.",
        r"sed -i -e '$a\q_depth = 4000' -e '/^ *q_depth /d' /etc/audit/auditd.conf && auditctl --signal reload",
    ),
    (
        &codes::NO_LOGIN_UID,
        |f| f.sets_login_uid = Some(false),
        "PAM",
        r"sed -i '$a\session optional pam_loginuid.so' /etc/pam.d/login /etc/pam.d/sshd",
    ),
];

#[test]
fn of_a_healthy_machine_nothing_is_found() {
    assert_eq!(examine(&healthy()), []);
    assert_eq!(examine(&Facts::default()), [], "and nothing of one that is not to be seen");
}

#[test]
fn each_illness_is_found_alone_with_what_mends_it() {
    for (code, ail, said, command) in CASES {
        let mut facts = healthy();
        ail(&mut facts);
        let findings = examine(&facts);
        let ids: Vec<_> = findings.iter().map(|finding| finding.code.id).collect();
        assert_eq!(ids, [code.id]);
        let text = String::from_utf8_lossy(&findings[0].text);
        assert!(text.contains(said), "{}: {text}", code.id);
        assert_eq!(findings[0].command, *command, "{}", code.id);
        assert_eq!(self::status_of(&findings), code.level as u8);
    }
}

fn status_of(findings: &[Finding]) -> u8 {
    super::status(findings)
}

#[test]
fn each_code_has_a_case_and_stands_in_the_documents() {
    let page = include_str!("../../docs/doctor.md");
    for code in codes::ALL {
        assert!(CASES.iter().any(|case| case.0 == *code), "{}", code.id);
        let row = format!("| {} | {} | {} |", code.id, code.name, code.level.name());
        assert!(page.contains(&row), "docs/doctor.md has no row {row}");
    }
}

#[test]
fn variants_of_an_illness() {
    let found = |ail: fn(&mut Facts)| commands(ail);
    let one = |id: &'static str, command: &str| vec![(id, command.to_owned())];
    // A process that took the events and is gone.
    assert_eq!(found(|f| f.daemon.name = None), one("AD203", "rc-service auditd start"));
    // A collector of other machines' records takes none of this one's.
    let collector = |f: &mut Facts| {
        f.is_collector = true;
        status(f, |s| s.pid = 0);
    };
    assert_eq!(found(collector), []);
    // One that cannot be seen from a pid namespace is no finding of its own.
    assert_eq!(found(|f| (f.daemon.name, f.rights.first_pid) = (None, false))[0].0, "AD202");
    // The limit is as high as is good: there is nothing to raise.
    let full = |f: &mut Facts| status(f, |s| (s.lost, s.backlog_limit) = (1, 65536));
    assert_eq!(found(full), one("AD105", "auditctl --reset-lost"));
    // No limit is none to raise.
    assert_eq!(found(|f| status(f, |s| s.backlog_limit = 0)), []);
    assert_eq!(found(|f| status(f, |s| (s.lost, s.backlog_limit) = (1, 0))), one("AD105", "auditctl --reset-lost"));
    // There are no rules anywhere.
    let none = |f: &mut Facts| (f.rules.in_files, f.rules.in_kernel) = (Some(0), Some(0));
    assert_eq!(found(none), one("AD301", "augenrules --profile default --install && augenrules --load"));
    let without =
        |f: &mut Facts| (f.rules.in_files, f.rules.in_kernel, f.rules.has_profiles) = (Some(0), Some(0), false);
    assert_eq!(found(without), one("AD301", ""));
    // Rules stand in the kernel alone: the one that is too many, and those that should be kept.
    assert_eq!(found(|f| f.rules.kernel_has_never_task = true), one("AD302", "auditctl -d never,task"));
    let keyed = |f: &mut Facts| (f.rules.kernel_has_never_task, f.rules.never_task_has_key) = (true, true);
    assert_eq!(found(keyed), one("AD302", "augenrules --load"));
    let unkept = |f: &mut Facts| (f.rules.in_files, f.rules.differences) = (Some(0), Some(4));
    let keep = "(umask 027; mkdir -p /etc/audit/rules.d && { echo -D; auditctl -l; } >/etc/audit/rules.d/50-kernel.rules) \
                && augenrules";
    assert_eq!(found(unkept), one("AD305", keep));
    // Rules that are not merged are not loaded either; that is said once.
    let stale = |f: &mut Facts| (f.rules.is_merged, f.rules.differences) = (Some(false), Some(2));
    assert_eq!(found(stale), one("AD304", "augenrules --load"));
    // Boot loaders.
    fn late(loader: BootLoader) -> impl Fn(&mut Facts) {
        move |facts| (facts.boot_words, facts.boot_loader) = (Some(Vec::new()), loader)
    }
    let boot = |loader| {
        let mut facts = healthy();
        late(loader)(&mut facts);
        examine(&facts).remove(0).command
    };
    assert_eq!(boot(BootLoader::Words), "sed -i '1s/^/audit=1 audit_backlog_limit=8192 /' /etc/update-extlinux.conf");
    assert_eq!(boot(BootLoader::Grubby), "grubby --update-kernel=ALL --args='audit=1 audit_backlog_limit=8192'");
    assert_eq!(boot(BootLoader::Unknown), "");
    // A log's group may read it; another group may not.
    let shared = |group| {
        let mut facts = healthy();
        facts.files = vec![FileFact { gid: 4, group, ..file(FileKind::Log, "l", 0, 0o640) }];
        examine(&facts).len()
    };
    assert_eq!((shared(4), shared(0)), (0, 1));
    // A directory may be read by all, and changed by nobody else.
    let directory = |mode| {
        let mut facts = healthy();
        facts.files = vec![FileFact { gid: 4, ..file(FileKind::Directory, "/etc/audit", 0, mode) }];
        examine(&facts).into_iter().map(|finding| finding.command).collect::<String>()
    };
    assert_eq!(
        (directory(0o755), directory(0o775)),
        (String::new(), "chown 0:0 /etc/audit && chmod go-w /etc/audit".to_owned())
    );
    // One for everybody stays as it is.
    assert_eq!(directory(0o1777), "");
    // A daemon that follows links takes auditd.conf as one.
    let link = |f: &mut Facts| f.config_link = Some(b"/etc/audit/auditd.conf".to_vec());
    let command = "cp -p /etc/audit/auditd.conf /etc/audit/auditd.conf.new && mv /etc/audit/auditd.conf.new /etc/audit/auditd.conf";
    assert_eq!(found(link), one("AD601", command));
    let followed = |f: &mut Facts| (f.config_link, f.daemon.follows_links) = (Some(b"/c".to_vec()), true);
    assert_eq!(found(followed), []);
    // A file of somebody else's is his to change, whatever its mode.
    assert_eq!(found(|f| f.files = vec![file(FileKind::Log, "l", 1000, 0o600)])[0].0, "AD501");
}

/// The codes and commands of a machine that is healthy but for this.
fn commands(ail: impl Fn(&mut Facts)) -> Vec<(&'static str, String)> {
    let mut facts = healthy();
    ail(&mut facts);
    examine(&facts).into_iter().map(|finding| (finding.code.id, finding.command)).collect()
}

#[test]
fn no_command_merges_where_audit_rules_alone_has_rules() {
    let only = |ail: fn(&mut Facts)| {
        let found = commands(|facts| {
            (facts.rules.only_merged, facts.rules.is_merged) = (true, None);
            ail(facts);
        });
        found.into_iter().map(|(_, command)| command).collect::<Vec<_>>().join("; ")
    };
    let load = "auditctl -R /etc/audit/audit.rules";
    assert_eq!(only(|f| f.rules.in_kernel = Some(0)), load);
    assert_eq!(only(|f| f.rules.differences = Some(3)), load);
    assert_eq!(only(|f| status(f, |s| s.backlog_limit = 64)), "auditctl -b 8192");
    assert_eq!(only(|f| status(f, |s| s.lost = 1)), "auditctl -b 16384 && auditctl --reset-lost");
    let never = only(|f| f.rules.never_task = vec![line("/etc/audit/audit.rules", 7)]);
    assert_eq!(never, "sed -i '/task/{7d;}' /etc/audit/audit.rules && auditctl -R /etc/audit/audit.rules");
    let refused = only(|f| f.rules.refusal = Some(b"/etc/audit/audit.rules:2: x".to_vec()));
    assert_eq!(refused, "auditctl --check /etc/audit/audit.rules");
    // Before rules.d is merged for the first time it gets the rules.
    let copy = "cp -p /etc/audit/audit.rules /etc/audit/rules.d/50-audit.rules && augenrules --load";
    assert_eq!(only(|f| f.rules.is_merged = Some(false)), copy);
    let kept = only(|f| (f.rules.in_files, f.rules.differences) = (Some(0), Some(1)));
    assert!(kept.contains("{ echo -D; auditctl -l; cat /etc/audit/audit.rules; } >"), "{kept}");
}

#[test]
fn a_load_never_leaves_less_than_the_files_have() {
    // A line is refused: what comes after it would be missing.
    let refused = |ail: fn(&mut Facts)| {
        let found = commands(|facts| {
            facts.rules.refusal = Some(b"/etc/audit/rules.d/1.rules:2: x".to_vec());
            ail(facts);
        });
        found.into_iter().filter(|(id, _)| *id != "AD303").map(|(_, command)| command).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(refused(|f| f.rules.in_kernel = Some(0)), "");
    assert_eq!(refused(|f| f.rules.differences = Some(1)), "");
    assert_eq!(refused(|f| status(f, |s| s.backlog_limit = 64)), "auditctl -b 8192");
    assert_eq!(refused(|f| f.rules.never_task = vec![line("/r", 1)]), "sed -i '/task/{1d;}' /r");
    // Without -D in the files the kernel refuses the first rule that it has, and those after it are missing.
    let added = commands(|f| (f.rules.drops_others, f.rules.differences) = (false, Some(1)));
    assert_eq!(added, [("AD305", "auditctl -D && augenrules --load".to_owned())]);
    // A merge that takes rules away says so.
    let mut facts = healthy();
    (facts.rules.is_merged, facts.rules.unmerged) = (Some(false), 4);
    assert!(examine(&facts)[0].text.ends_with(b"A merge takes 4 of its rules away."));
}

#[test]
fn a_kernel_that_is_locked_is_booted() {
    let locked = |ail: fn(&mut Facts)| {
        let found = commands(|facts| {
            status(facts, |s| s.enabled = Status::LOCKED);
            ail(facts);
        });
        found.into_iter().filter(|(id, _)| *id != "AD307").map(|(_, command)| command).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(locked(|f| f.rules.is_merged = Some(false)), "reboot");
    assert_eq!(locked(|f| f.rules.kernel_has_never_task = true), "reboot");
    assert_eq!(locked(|f| f.rules.never_task = vec![line("/r", 1)]), "sed -i '/task/{1d;}' /r");
    let both = |f: &mut Facts| (f.rules.never_task, f.rules.kernel_has_never_task) = (vec![line("/r", 1)], true);
    assert_eq!(locked(both), "sed -i '/task/{1d;}' /r && reboot");
    let backlog = |f: &mut Facts| {
        f.rules.settings = vec![setting(mask::BACKLOG_LIMIT, 2)];
        status(f, |s| s.lost = 1);
    };
    assert_eq!(locked(backlog), "sed -i '2s/\\(^\\| \\)-b *[^ ]*/\\1-b 16384/' /r && reboot");
    assert_eq!(locked(|f| status(f, |s| (s.lost, s.rate_limit) = (1, 9))), "reboot");
    let unkept = locked(|f| (f.rules.in_files, f.rules.differences) = (Some(0), Some(1)));
    assert!(unkept.contains("auditctl -l; echo ' -e 2'; }"), "{unkept}");
}

fn setting(mask: u32, number: usize) -> (RuleLine, Status) {
    (line("/r", number), Status { mask, backlog_limit: 100, ..Status::default() })
}

#[test]
fn a_value_is_raised_from_what_it_is_and_no_higher_than_may_be() {
    let queue = |depth: u64| {
        commands(move |f| {
            f.q_depth = depth;
            f.plugins = vec![plugin("x", Some("behind, queued 9, restarts 0, lost 40"))];
        })
    };
    assert!(queue(30_000)[0].1.contains("q_depth = 60000'"), "{:?}", queue(30_000));
    assert!(queue(60_000)[0].1.contains("q_depth = 99999'"));
    assert_eq!(queue(99_999), [("AD605", String::new())]);
    // Logs get half of the space, or keep what they have; where two do not fit, nothing helps but a file system of their own.
    let logs = |free: u64, used: u64| {
        let found = commands(move |f| {
            let log = log(f);
            (log.free, log.used, log.shares_root, log.most, log.total) =
                (free << 20, used << 20, true, Some(u64::MAX), 0);
            (log.space_left, log.admin_space_left) = (1, 1);
        });
        let values = found[0].1.split("$a\\").skip(1).filter_map(|part| part.split('\'').next());
        values.filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect::<Vec<u64>>()
    };
    assert_eq!(logs(1 << 20, 0), [8, 999]);
    assert_eq!(logs(60, 0), [6, 5]);
    assert_eq!(logs(10, 30), [6, 5]);
    assert_eq!(logs(4, 1), [1, 2]);
    assert_eq!(logs(2, 0), []);
    // The defaults become a whole file.
    let empty = commands(|f| {
        (f.config_is_empty, log(f).shares_root, log(f).most) = (true, true, None);
    });
    let lines =
        r"space_left = 5%%\nadmin_space_left = 1%%\nmax_log_file = 8\nmax_log_file_action = ROTATE\nnum_logs = 56\n";
    let command = format!(
        "(umask 027; mkdir -p /etc/audit && printf '{lines}' >/etc/audit/auditd.conf) && auditctl --signal reload"
    );
    assert_eq!(empty, [("AD403", command)]);
    let missing = commands(|f| (f.config_is_empty, f.config_is_missing) = (true, true));
    let command = r"(umask 027; mkdir -p /etc/audit && printf 'space_left = 5%%\nadmin_space_left = 1%%\nmax_log_file = 8\nmax_log_file_action = ROTATE\nnum_logs = 56\nspace_left_action = SYSLOG\n' >/etc/audit/auditd.conf) && auditctl --signal reload";
    assert_eq!(missing, [("AD602", command.to_owned())]);
}

#[test]
fn a_setting_is_changed_in_the_line_that_sets_it() {
    let set = |ail: fn(&mut Facts)| commands(ail).remove(0).1;
    let backlog = |f: &mut Facts| {
        f.rules.settings =
            vec![setting(mask::BACKLOG_LIMIT, 2), setting(mask::BACKLOG_LIMIT, 5), setting(mask::ENABLED, 6)];
        status(f, |s| s.backlog_limit = 64);
    };
    assert_eq!(set(backlog), "sed -i '5s/\\(^\\| \\)-b *[^ ]*/\\1-b 8192/' /r && augenrules && auditctl -b 8192");
    // A merge would take rules away: it is left to AD304, which says so.
    let unmerged = |f: &mut Facts| {
        f.rules.settings = vec![setting(mask::BACKLOG_LIMIT, 5)];
        (f.rules.unmerged, f.rules.is_merged) = (1, Some(true));
        status(f, |s| s.backlog_limit = 64);
    };
    assert_eq!(set(unmerged), "sed -i '5s/\\(^\\| \\)-b *[^ ]*/\\1-b 8192/' /r && auditctl -b 8192");
    let rate = |f: &mut Facts| {
        f.rules.settings = vec![setting(mask::RATE_LIMIT, 3)];
        status(f, |s| (s.lost, s.rate_limit) = (1, 100));
    };
    let command =
        "sed -i '3s/\\(^\\| \\)-r *[^ ]*/\\1-r 0/' /r && augenrules && auditctl -r 0 && auditctl --reset-lost";
    assert_eq!(set(rate), command);
    let off = |f: &mut Facts| {
        f.rules.settings = vec![setting(mask::ENABLED, 9)];
        status(f, |s| s.enabled = 0);
    };
    assert_eq!(set(off), "sed -i '9s/\\(^\\| \\)-e *[^ ]*/\\1-e 1/' /r && augenrules && auditctl -e 1");
    // A file that asks for more than is enough keeps its limit.
    let higher = |f: &mut Facts| {
        f.rules.settings =
            vec![(line("/r", 1), Status { mask: mask::BACKLOG_LIMIT, backlog_limit: 99_999, ..Status::default() })];
        status(f, |s| s.backlog_limit = 64);
    };
    assert!(set(higher).ends_with("auditctl -b 99999"));
}

#[test]
fn of_a_kernel_that_was_not_asked_nothing_is_said() {
    let said = |ail: fn(&mut Facts)| {
        let mut facts =
            Facts { rules: RulesFacts { in_kernel: None, differences: None, ..healthy().rules }, ..Facts::default() };
        ail(&mut facts);
        examine(&facts).into_iter().map(|f| (String::from_utf8(f.text).unwrap(), f.command)).collect::<Vec<_>>()
    };
    assert_eq!(said(|_| ()), []);
    let none = ("Neither rules.d nor audit.rules has a rule.".to_owned(), String::new());
    assert_eq!(said(|f| f.rules.in_files = Some(0)), [none]);
    let never = said(|f| f.rules.never_task = vec![line("/r", 1)]);
    assert!(never[0].0.starts_with("/r has a task,never rule: once it is loaded"), "{never:?}");
    // What there is no audit.rules of is not compared with it.
    let mut facts = healthy();
    (facts.rules.has_merged, facts.rules.is_merged, facts.rules.differences) = (false, None, Some(2));
    assert_eq!(examine(&facts)[0].text, b"Kernel and rules.d differ in 2 rules.");
    // Without a daemon there is none to be told.
    let alone = commands(|f| {
        f.plugins.clear();
        f.refused_plugins = vec![(b"/p/x.conf".to_vec(), "x".to_owned())];
        status(f, |s| s.pid = 0);
    });
    assert!(alone.contains(&("AD603", "mv /p/x.conf /p/x.conf.off".to_owned())), "{alone:?}");
    // Nothing is said of a file's rules that could not be read.
    assert_eq!(commands(|f| (f.rules.in_files, f.rules.in_kernel) = (None, Some(0))), [("AD301", String::new())]);
}

#[test]
fn commands_for_an_image_change_the_image() {
    let mut facts = healthy();
    facts.image = b"/srv/my image".to_vec();
    facts.kernel = KernelAnswer::None;
    facts.boot_words = Some(Vec::new());
    facts.boot_file = b"/srv/my image/boot/conf".to_vec();
    facts.is_started_at_boot = Some(false);
    facts.rules = RulesFacts { is_merged: Some(false), in_files: Some(1), ..RulesFacts::default() };
    let commands: Vec<_> = examine(&facts).into_iter().map(|finding| finding.command).collect();
    assert_eq!(
        commands,
        [
            "sed -i '$a\\default_kernel_opts=\"audit=1 audit_backlog_limit=8192 $default_kernel_opts\"' \
             '/srv/my image/boot/conf' && chroot '/srv/my image' update-extlinux",
            "chroot '/srv/my image' rc-update add auditd boot",
            "augenrules --root '/srv/my image'",
        ]
    );
}

#[test]
fn a_name_cannot_forge_a_line_or_a_command() {
    let mut facts = healthy();
    let evil = "/a\nbroken AD999 x: y\n    mend: rm -rf /\u{1b}[2J";
    facts.files = vec![file(FileKind::Log, evil, 1000, 0o600)];
    facts.daemon.name = Some(b"x\n    mend: rm -rf /".to_vec());
    facts.unseen = vec![Unseen { what: "the log", why: "\n    mend: rm".to_owned() }];
    let findings = examine(&facts);
    let mut out = Vec::new();
    text(&findings, &facts.unseen, &mut out);
    let out = String::from_utf8(out).unwrap();
    let mends: Vec<_> = out.lines().filter(|line| line.starts_with("    mend:")).collect();
    assert_eq!(mends, ["    mend: kill 100 && sleep 1 && rc-service auditd start"], "{out}");
    assert!(!out.contains('\u{1b}') && out.lines().all(|line| !line.starts_with("broken AD999")), "{out}");
    facts.files = vec![file(FileKind::Log, "/a'; reboot #", 1000, 0o600), file(FileKind::Log, "-R", 0, 0o666)];
    let command = &examine(&facts)[1].command;
    assert_eq!(command, r"chown 0:0 '/a'\''; reboot #' '-R' && chmod u-x,g-wx,o= '/a'\''; reboot #' '-R'");
}

#[test]
fn json_has_the_same() {
    let mut facts = healthy();
    status(&mut facts, |s| s.enabled = 0);
    facts.unseen = vec![Unseen { what: "the log", why: "no \"right\"".to_owned() }];
    let mut out = Vec::new();
    json(&examine(&facts), &facts.unseen, &mut out);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "{\"status\":\"broken\",\"findings\":[{\"code\":\"AD104\",\"name\":\"disabled\",\"severity\":\"broken\",\
         \"text\":\"Auditing is switched off.\",\"command\":\"auditctl -e 1\"}],\
         \"unseen\":[{\"what\":\"the log\",\"why\":\"no \\\"right\\\"\"}]}\n"
    );
    let mut out = Vec::new();
    json(&[], &[], &mut out);
    assert_eq!(out, b"{\"status\":\"healthy\",\"findings\":[],\"unseen\":[]}\n");
}
