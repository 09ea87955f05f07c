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
