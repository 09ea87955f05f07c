//! init/install into an empty directory: what it makes does not depend on the umask, on a blank in DESTDIR or on PREFIX, is what
//! packaging/files lists, and rules that were deleted stay so. What needs a running system is in tests/guest/upgrade.sh.

use crate::support::{BINARY, Dir};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const TOP: &str = env!("CARGO_MANIFEST_DIR");

/// What a script of the project prints, which must succeed.
fn script(script: &str, arguments: &[&str], environment: &[(&str, &Path)]) -> String {
    let output = Command::new(format!("{TOP}/{script}")).args(arguments).envs(environment.iter().copied()).output();
    let output = output.unwrap_or_else(|error| panic!("{script}: {error}"));
    assert!(output.status.success(), "{script} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The files and links below a directory, as paths from it.
fn files(root: &Path) -> Vec<String> {
    let find = Command::new("find").arg(root).args(["-not", "-type", "d", "-printf", "/%P\n"]).output().expect("find");
    let mut files: Vec<String> = String::from_utf8_lossy(&find.stdout).lines().map(str::to_owned).collect();
    files.sort();
    files
}

/// The styles of service files that packaging/files has.
fn styles() -> Vec<String> {
    let list = std::fs::read_to_string(format!("{TOP}/packaging/files")).expect("the list");
    let parts = list.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_whitespace().next());
    let mut parts: Vec<String> = parts.filter(|part| !ALWAYS.contains(part)).map(str::to_owned).collect();
    parts.dedup();
    parts
}

const ALWAYS: [&str; 6] = ["program", "config", "rules", "man", "doc", "completion"];

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
fn every_style_installs_the_files_of_the_list_and_the_removal_takes_them_away() {
    let dir = Dir::new("installing-styles");
    let root = [("DESTDIR", dir.0.as_path())];
    let styles = styles();
    let styles: Vec<&str> = styles.iter().map(String::as_str).collect();
    script("init/install", &[&[BINARY, BINARY], &styles[..]].concat(), &root);
    let there = files(&dir.0);
    for line in script("init/install", &[&["list"], &styles[..]].concat(), &[]).lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [_, kind, mode, _, path, ..] = words[..] else { panic!("{line}") };
        assert!(there.iter().any(|file| file == path), "no {path}");
        if kind != "link" {
            let about = dir.0.join(&path[1..]).metadata().expect("it is there");
            assert_eq!(format!("{:o}", about.permissions().mode() & 0o7777), mode, "{path}");
        }
    }
    script("init/install", &["remove"], &root);
    let left = files(&dir.0);
    let kept = |file: &String| file.starts_with("/etc/audit/") || file.starts_with("/etc/conf.d/");
    assert!(left.iter().all(kept), "left: {left:?}");
}

#[test]
fn every_file_that_can_be_installed_is_in_the_list() {
    let list = script(
        "init/install",
        &[&["list"], &styles().iter().map(String::as_str).collect::<Vec<_>>()[..], &ALWAYS[..]].concat(),
        &[],
    );
    let sources: Vec<&str> = list.lines().filter_map(|line| line.split(' ').next_back()).collect();
    for file in files(Path::new(&format!("{TOP}/init"))) {
        let file = format!("init{file}");
        assert!(file == "init/install" || sources.contains(&&file[..]), "packaging/files does not name {file}");
    }
}

#[test]
fn where_no_binary_runs_the_links_are_those_of_the_sources() {
    let (ours, sources) = (Dir::new("installing-own"), Dir::new("installing-sources"));
    script("init/install", &[BINARY, BINARY, "openrc"], &[("DESTDIR", &ours.0)]);
    script("init/install", &[BINARY, "-", "openrc"], &[("DESTDIR", &sources.0)]);
    // The rules of rules.d are chosen by the program.
    let mut wanted = files(&ours.0);
    wanted.retain(|file| !file.starts_with("/etc/audit/rules.d/"));
    assert_eq!(wanted, files(&sources.0));
}

#[test]
fn a_system_extension_has_nothing_outside_of_usr() {
    let dir = Dir::new("installing-sysext");
    let dest = dir.0.to_str().expect("a path");
    script("packaging/sysext", &[BINARY, BINARY, dest], &[]);
    let there = files(&dir.0);
    assert!(there.iter().all(|file| file.starts_with("/auditbox/usr/")), "{there:?}");
    for file in
        ["lib/extension-release.d/extension-release.auditbox", "share/factory/etc/audit/auditd.conf", "sbin/auditd"]
    {
        assert!(there.contains(&format!("/auditbox/usr/{file}")), "no {file}");
    }
}

#[test]
fn every_script_of_a_recipe_is_a_shell_script() {
    let scripts = [
        "alpine/APKBUILD",
        "alpine/auditbox.post-install",
        "alpine/auditbox.pre-deinstall",
        "arch/PKGBUILD",
        "debian/auditbox.postrm",
        "debian/auditbox.prerm",
        "openwrt/auditbox/files/auditd.init",
        "void/auditbox/template",
    ];
    for name in scripts {
        let output = Command::new("bash").args(["-n", &format!("{TOP}/packaging/{name}")]).output().expect("bash");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = std::fs::read_to_string(format!("{TOP}/packaging/{name}")).expect("the recipe");
        let version = text.lines().find_map(|line| line.strip_prefix("pkgver=").or(line.strip_prefix("version=")));
        assert_eq!(version.unwrap_or(env!("CARGO_PKG_VERSION")), env!("CARGO_PKG_VERSION"), "{name}");
    }
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

#[test]
fn the_bill_of_materials_names_every_locked_package_and_what_it_needs() {
    let bill = script("packaging/sbom", &[], &[]);
    let lock = std::fs::read_to_string(format!("{TOP}/Cargo.lock")).expect("Cargo.lock");
    let mut packages = 0;
    for package in lock.split("[[package]]").skip(1) {
        let value =
            |key: &str| package.lines().find_map(|line| line.strip_prefix(key)?.strip_suffix('"')).map(str::to_owned);
        let (name, version) = (value("name = \"").expect("a name"), value("version = \"").expect("a version"));
        assert!(bill.contains(&format!("\"bom-ref\": \"pkg:cargo/{name}@{version}\"")), "{name}");
        if let Some(sum) = value("checksum = \"") {
            assert!(bill.contains(&sum), "the sum of {name}");
        }
        packages += 1;
    }
    assert!(packages > 10, "{packages} packages were found");
    assert_eq!(bill.matches("\"dependsOn\"").count(), packages);
}
