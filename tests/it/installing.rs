//! init/install into an empty directory: what it makes does not depend on the umask, on a blank in DESTDIR or on PREFIX, and
//! rules that were deleted stay so. What needs a running system is in tests/guest/upgrade.sh.

use crate::support::{BINARY, Dir};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// Installs with service files for systemd; what it says.
fn install(root: &Path) -> String {
    let script = concat!("umask 077; exec ", env!("CARGO_MANIFEST_DIR"), "/init/install \"$1\" \"$1\" systemd");
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh", BINARY]).env("DESTDIR", root).env("PREFIX", "/opt/audit").env_remove("SBIN");
    let output = command.output().expect("the script runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn an_installation_is_whole_below_its_prefix_and_brings_no_deleted_rule_back() {
    let dir = Dir::new("installing");
    let root = dir.0.join("an image");
    let said = install(&root);
    assert!(said.contains("systemctl enable auditd audit-rules"), "{said}");
    let mode = |path: &str| {
        let about = root.join(path).metadata().unwrap_or_else(|error| panic!("{path}: {error}"));
        about.permissions().mode() & 0o777
    };
    for (path, wanted) in [
        ("opt/audit", 0o755),
        ("opt/audit/sbin/auditbox", 0o755),
        ("opt/audit/sbin/auditctl", 0o755),
        ("opt/audit/lib/systemd/system/auditd.service", 0o644),
        ("opt/audit/share/man/man8/auditd.8", 0o644),
        ("opt/audit/share/audit-rules/39-exec.rules", 0o644),
        ("opt/audit/share/doc/auditbox/auditd.cron", 0o755),
        ("etc/audit", 0o750),
        ("etc/audit/rules.d/39-exec.rules", 0o640),
        ("etc/audit/plugins.d/af_unix.conf", 0o640),
        ("etc/audit/audisp-filter.conf", 0o640),
        ("opt/audit/sbin/audisp-syslog", 0o755),
        ("var/log/audit", 0o700),
    ] {
        assert_eq!(mode(path), wanted, "{path}");
    }
    let deleted = root.join("etc/audit/rules.d/39-exec.rules");
    std::fs::remove_file(&deleted).expect("it is there");
    let said = install(&root);
    assert!(said.contains("/opt/audit/share/audit-rules"), "{said}");
    assert!(!deleted.exists(), "a deleted rules file is back");
}

#[test]
fn debian_s_service_finds_the_actions_and_other_systems_get_no_init_script() {
    let dir = Dir::new("service");
    let root = &dir.0;
    install(root);
    assert!(!root.join("etc/init.d").exists());
    std::fs::write(root.join("etc/debian_version"), "12.9\n").expect("a file");
    install(root);
    let script = std::fs::read_link(root.join("etc/init.d/auditd")).expect("a link");
    assert_eq!(script, Path::new("/usr/libexec/initscripts/legacy-actions/auditd/rotate"));
    // service(8) runs it by its name in init.d, with the action as its word.
    let run = "PATH=$1:$PATH; printf '#!/bin/sh\\necho \"$@\"\\n' >$1/auditctl; chmod 755 $1/auditctl; ln -s $1$2 $1/auditd; \
               [ $(id -u) != 0 ] || exec $1/auditd rotate; echo --signal rotate";
    let output = Command::new("sh").args(["-c", run, "sh"]).args([root.as_path(), &script]).output().expect("sh runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "--signal rotate\n", "{output:?}");
}
