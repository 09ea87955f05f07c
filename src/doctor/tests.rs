//! Each illness by the facts that show it, and what is said of it.

use super::codes;
use super::*;
use crate::abi::Status;

/// A machine that is well.
fn healthy() -> Facts {
    let status = Status { enabled: 1, pid: 100, backlog_limit: 8192, ..Status::default() };
    Facts {
        init: Init::OpenRc,
        is_started_at_boot: Some(true),
        boot_loader: BootLoader::Extlinux,
        boot_words: Some(b"root=/dev/sda1 audit=1\n".to_vec()),
        kernel: KernelAnswer::Status(status),
        daemon: Daemon { name: Some(b"auditd".to_vec()), ..Daemon::default() },
        readers: vec![b"auditd".to_vec()],
        rules: RulesFacts {
            in_files: Some(9),
            is_merged: Some(true),
            in_kernel: Some(9),
            differences: Some(0),
            ..RulesFacts::default()
        },
        log: Some(LogFacts {
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
        r"sed -i 's/ *audit=\(0\|off\)//' /etc/update-extlinux.conf && update-extlinux",
    ),
    (
        &codes::BOOT_LATE,
        |f| f.boot_words = Some(b"quiet noaudit=1".to_vec()),
        "without audit=1",
        "sed -i 's/^default_kernel_opts=\"/&audit=1 audit_backlog_limit=8192 /' /etc/update-extlinux.conf && update-extlinux",
    ),
    (&codes::DISABLED, |f| status(f, |s| s.enabled = 0), "switched off", "auditctl -e 1"),
    (
        &codes::LOST,
        |f| status(f, |s| (s.lost, s.backlog_limit) = (17, 8192)),
        "lost 17 events; its backlog limit is 8192",
        "(umask 027; echo '-b 16384' >/etc/audit/rules.d/99-backlog.rules) && augenrules --load && auditctl --reset-lost",
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
        "(umask 027; echo '-b 8192' >/etc/audit/rules.d/99-backlog.rules) && augenrules --load",
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
        |f| f.rules.never_task_files = vec![b"/etc/audit/rules.d/10-no-audit.rules".to_vec()],
        "It stands in /etc/audit/rules.d/10-no-audit.rules.",
        r"sed -i '/^ *-[aA] *\(never,task\|task,never\)/d' /etc/audit/rules.d/10-no-audit.rules && augenrules --load",
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
        "du -xak / | sort -n | tail -n 30",
    ),
    (
        &codes::LOG_LOW,
        |f| log(f).free = 74 << 20,
        "has 74 MiB left; it should have 75 MiB",
        "du -xak / | sort -n | tail -n 30",
    ),
    (
        &codes::LOG_UNBOUNDED,
        |f| (log(f).shares_root, log(f).most) = (true, None),
        "may grow without bound",
        r"sed -i '/^ *\(max_log_file\|num_logs\)/d' /etc/audit/auditd.conf && printf 'max_log_file = 8\nmax_log_file_action = ROTATE\nnum_logs = 5\n' >>/etc/audit/auditd.conf && auditctl --signal reload",
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
        "chown 0:0 /etc/audit/auditd.conf && chmod 0640 /etc/audit/auditd.conf",
    ),
    (
        &codes::TOO_OPEN,
        |f| f.files = ["a", "b"].map(|path| file(FileKind::Log, path, 0, 0o644)).to_vec(),
        "a is open to more than need it (mode 0644, owner 0:0), and so are 1 more.",
        "chown 0:0 a b && chmod 0640 a b",
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
        "sed -i 's/^ *active.*/active = no/' /etc/audit/plugins.d/x.conf && auditctl --signal reload",
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
        r"sed -i '/^ *q_depth/d' /etc/audit/auditd.conf && printf 'q_depth = 20000\n' >>/etc/audit/auditd.conf && auditctl --signal reload",
    ),
    (
        &codes::NO_LOGIN_UID,
        |f| f.sets_login_uid = Some(false),
        "PAM",
        "echo 'session required pam_loginuid.so' >>/etc/pam.d/login",
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
    let found = |ail: fn(&mut Facts)| {
        let mut facts = healthy();
        ail(&mut facts);
        let findings = examine(&facts);
        findings.into_iter().map(|finding| (finding.code.id, finding.command)).collect::<Vec<_>>()
    };
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
    // There are no rules anywhere.
    let none = |f: &mut Facts| f.rules = RulesFacts { in_files: Some(0), in_kernel: Some(0), ..RulesFacts::default() };
    assert_eq!(found(none), one("AD301", "augenrules --profile default --install && augenrules --load"));
    // The rule stands in the kernel alone.
    assert_eq!(found(|f| f.rules.kernel_has_never_task = true), one("AD302", "auditctl -d never,task"));
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
    assert_eq!(
        boot(BootLoader::Words("/boot/cmdline.txt")),
        "sed -i '1s/$/ audit=1 audit_backlog_limit=8192/' /boot/cmdline.txt"
    );
    assert_eq!(boot(BootLoader::Grubby), "grubby --update-kernel=ALL --args='audit=1 audit_backlog_limit=8192'");
    assert_eq!(boot(BootLoader::Unknown), "");
    // A log's group may read it; another group may not.
    let shared = |group| {
        let mut facts = healthy();
        facts.files = vec![FileFact { gid: 4, group, ..file(FileKind::Log, "l", 0, 0o640) }];
        examine(&facts).len()
    };
    assert_eq!((shared(4), shared(0)), (0, 1));
    // A file of somebody else's is his to change, whatever its mode.
    assert_eq!(found(|f| f.files = vec![file(FileKind::Log, "l", 1000, 0o600)])[0].0, "AD501");
}

#[test]
fn commands_for_an_image_change_the_image() {
    let mut facts = healthy();
    facts.image = b"/srv/my image".to_vec();
    facts.kernel = KernelAnswer::None;
    facts.boot_words = Some(Vec::new());
    facts.is_started_at_boot = Some(false);
    facts.rules = RulesFacts { is_merged: Some(false), in_files: Some(1), ..RulesFacts::default() };
    let commands: Vec<_> = examine(&facts).into_iter().map(|finding| finding.command).collect();
    assert_eq!(
        commands,
        [
            "sed -i 's/^default_kernel_opts=\"/&audit=1 audit_backlog_limit=8192 /' \
             '/srv/my image/etc/update-extlinux.conf' && chroot '/srv/my image' update-extlinux",
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
    assert_eq!(command, r"chown 0:0 '/a'\''; reboot #' '-R' && chmod 0640 '/a'\''; reboot #' '-R'");
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
