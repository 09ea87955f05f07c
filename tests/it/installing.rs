//! init/install into an empty directory: what it makes does not depend on the umask, on a blank in DESTDIR or on PREFIX, is what
//! packaging/files lists, and rules that were deleted stay so. What needs a running system is in tests/guest/upgrade.sh.

use crate::support::{BINARY, Dir};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

pub(crate) const TOP: &str = env!("CARGO_MANIFEST_DIR");

/// What a script of the project prints, which must succeed.
pub(crate) fn script(script: &str, arguments: &[&str], environment: &[(&str, &Path)]) -> String {
    let output = Command::new(format!("{TOP}/{script}")).args(arguments).envs(environment.iter().copied()).output();
    let output = output.unwrap_or_else(|error| panic!("{script}: {error}"));
    assert!(output.status.success(), "{script} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The files and links below a directory, as paths from it.
pub(crate) fn files(root: &Path) -> Vec<String> {
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
        ("etc/systemd/system/auditd.service", 0o644),
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
    script("init/install", &["remove"], &[("DESTDIR", &root), ("PREFIX", Path::new("/opt/audit"))]);
    install(&root);
    assert!(!deleted.exists(), "a deleted rules file is back after removal");
}

#[test]
fn what_the_administrator_and_the_library_have_stays() {
    let dir = Dir::new("installing-beside");
    let environment = [("DESTDIR", dir.0.as_path())];
    let own = "-w /srv/secret -p rwa -k mine\n";
    let page = "Dd of the package of the library\n";
    for (file, text) in [
        ("etc/audit/audit.rules", own),
        ("etc/audit/rules.d/audit.rules", "-D\n-b 8192\n"),
        ("usr/share/man/man5/libaudit.conf.5", page),
        ("etc/debian_version", "12\n"),
    ] {
        let file = dir.0.join(file);
        std::fs::create_dir_all(file.parent().expect("a directory")).expect("it is ours");
        std::fs::write(file, text).expect("it is ours");
    }
    let read = |file: &str| std::fs::read_to_string(dir.0.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    for _ in 0..2 {
        let said = script("init/install", &[BINARY, BINARY, "openrc"], &environment);
        assert!(said.contains("etc/audit/rules.d/50-audit.rules has rules already"), "{said}");
        assert_eq!(files(&dir.0.join("etc/audit/rules.d")), ["/50-audit.rules", "/audit.rules"]);
    }
    assert_eq!(read("etc/audit/rules.d/50-audit.rules"), own);
    assert_eq!(read("usr/share/man/man5/libaudit.conf.5"), page);
    let completion = dir.0.join("usr/share/zsh/vendor-completions/_auditbox");
    assert!(completion.exists(), "Debian's zsh looks there");
    script("init/install", &["remove"], &environment);
    assert_eq!(read("usr/share/man/man5/libaudit.conf.5"), page);
    assert!(!completion.exists());
}

#[test]
fn rules_that_an_init_is_told_to_load_are_the_administrator_s_wherever_they_lie() {
    for (line, is_policy) in [
        ("RULEFILE_STARTUP=/srv/own.rules\n", true),
        ("  AUDIT_RULES_FILE=\"/srv/own.rules\" # ours\n", true),
        ("#RULEFILE_STARTUP=/srv/own.rules\n", false),
        ("RULEFILE_STARTUP='/srv/none.rules'\nRULEFILE_STOP_PRE=/srv/own.rules\n", false),
    ] {
        let dir = Dir::new("installing init's");
        dir.file("etc/conf.d/auditd", line);
        dir.file("srv/own.rules", "-w /srv/secret -p rwa -k mine\n");
        let said = script("init/install", &[BINARY, BINARY, "openrc"], &[("DESTDIR", dir.0.as_path())]);
        assert_eq!(said.contains("/srv/own.rules has rules already"), is_policy, "{line}: {said}");
        assert_eq!(files(&dir.0.join("etc/audit/rules.d")).is_empty(), is_policy, "{line}");
        assert_eq!(std::fs::read_to_string(dir.0.join("etc/conf.d/auditd")).expect("it stays"), line);
    }
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
fn every_document_that_a_man_page_names_is_installed_where_it_says() {
    let dir = Dir::new("installing-documents");
    script("init/install", &[BINARY, BINARY], &[("DESTDIR", &dir.0), ("PREFIX", Path::new("/opt/audit"))]);
    let mut named = 0;
    for page in files(&dir.0).iter().filter(|file| file.starts_with("/opt/audit/share/man/")) {
        let text = std::fs::read_to_string(dir.0.join(&page[1..])).expect("it is there");
        assert!(!text.contains("docs/") && !text.contains("/usr/share/doc/"), "{page}");
        for word in text.split_whitespace().filter(|word| word.starts_with("/opt/audit/share/doc/")) {
            assert!(dir.0.join(&word[1..]).is_file(), "{page} names {word}");
            named += 1;
        }
    }
    assert!(named > 5, "{named}");
}

#[test]
fn without_words_the_script_says_how_it_is_called() {
    let output = Command::new(format!("{TOP}/init/install")).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("usage: install BINARY OWN"));
}

#[test]
fn every_file_names_programs_and_data_where_they_are() {
    let dir = Dir::new("installing-elsewhere");
    let environment = [("DESTDIR", dir.0.as_path()), ("PREFIX", Path::new("/opt/audit/"))];
    let styles = styles();
    let styles: Vec<&str> = styles.iter().map(String::as_str).collect();
    script("init/install", &[&[BINARY, "-"], &styles[..]].concat(), &environment);
    let mut calls = 0;
    for file in files(&dir.0) {
        let data = std::fs::read(dir.0.join(&file[1..])).unwrap_or_default(); // configuration may be root's alone
        let Ok(text) = String::from_utf8(data) else { continue };
        let is_sample = file.starts_with("/opt/audit/share/audit-rules") || file.starts_with("/etc/audit/");
        let finds_by_path = text.contains("/opt/audit/sbin:") || file.ends_with("audit-early");
        for line in text.lines().filter(|line| !is_sample && !line.starts_with('#')) {
            assert!(!line.contains("/usr/sbin/au") && !line.contains("/usr/share/audit"), "{file}: {line}");
            let is_command = |word: &&str| ["auditctl", "augenrules"].iter().any(|name| word.ends_with(name));
            for word in line.split_whitespace().filter(is_command).filter(|_| file.starts_with("/etc/")) {
                assert!(
                    word.contains("/opt/audit/sbin/") || finds_by_path || file.contains("initramfs"),
                    "{file}: {line}"
                );
                calls += 1;
            }
        }
    }
    assert!(calls > 10, "{calls}");
    let read = |path: &str| std::fs::read_to_string(dir.0.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert!(read("etc/sv/auditd/run").contains("exec /opt/audit/sbin/auditd -n"));
    assert!(read("opt/audit/share/doc/auditbox/auditd.cron").contains("\n/opt/audit/sbin/auditctl --signal"));
    // systemd looks there for units, and not below /opt.
    assert!(read("etc/systemd/system/auditd.service").contains("ExecStart=/opt/audit/sbin/auditd"));
    let local = script("init/install", &["list", "systemd"], &[("PREFIX", Path::new("/usr/local"))]);
    assert!(local.contains(" /usr/local/lib/systemd/system/auditd.service "), "{local}");
}

#[test]
fn an_init_that_starts_the_daemon_anew_does_not_spin() {
    let dir = Dir::new("installing-respawn");
    let stub = |name: &str, does: &str| {
        let path = dir.file(name, format!("#!/bin/sh\n{does}\n"));
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    };
    stub("mkdir", ":");
    stub("augenrules", ":");
    stub("sleep", "echo slept $1");
    let text = std::fs::read_to_string(format!("{TOP}/init/sysv/auditd")).expect("the script");
    let path = format!("\nPATH={}:", dir.0.display());
    let text = text.replace("\nPATH=", &path).replace("/etc/default/auditd", "/nowhere");
    let script = dir.file("script", text);
    let run = |status: u8, clock: &str| {
        stub("auditd", &format!("exit {status}"));
        stub("date", clock);
        let output = Command::new("sh").args([&script, "run"]).output().expect("sh");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    // No time passes, or an hour at every look.
    let (at_once, later) = ("echo 5000", "echo x >>$0.count; echo $(($(wc -l <$0.count) * 3600))");
    for status in [1, 2, 4, 6] {
        assert_eq!(run(status, at_once), "slept 60\n", "{status}");
    }
    assert_eq!(run(1, later), "");
    assert_eq!(run(0, at_once), "");
    assert_eq!(run(137, at_once), "", "one that was killed comes back");
}

#[test]
fn audit_early_and_the_hooks_find_the_programs_below_any_prefix() {
    let dir = Dir::new("installing-early");
    let root = dir.0.as_path();
    let environment = [("DESTDIR", root), ("PREFIX", Path::new("/opt/audit"))];
    script("init/install", &[BINARY, BINARY, "initramfs", "initramfs-tools", "dracut"], &environment);
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    for file in [
        "etc/mkinitfs/features.d/audit.files",
        "etc/initramfs-tools/hooks/audit",
        "etc/initramfs-tools/scripts/init-premount/audit",
        "usr/lib/dracut/modules.d/75audit/module-setup.sh",
        "usr/lib/dracut/modules.d/75audit/audit.sh",
    ] {
        let text = read(file);
        // Each word that is one of our programs is a whole path.
        let words = text.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace);
        let is_ours =
            |word: &&str| ["audit-early", "auditctl", "auditd", "auditbox"].contains(&word.rsplit('/').next().unwrap());
        let named: Vec<&str> = words.map(|word| word.trim_matches('"')).filter(is_ours).collect();
        let is_whole = |word: &&str| word.contains("/opt/audit/sbin/");
        // The link that the hook of initramfs-tools makes is relative.
        let is_link = |word: &&str| *word == "auditbox" && file.ends_with("hooks/audit");
        assert!(!named.is_empty() && named.iter().all(|word| is_whole(word) || is_link(word)), "{file}: {named:?}");
    }
    // What audit-early calls is what lies beside it, wherever PATH leads.
    let stubs = root.join("stubs");
    std::fs::create_dir(&stubs).expect("a directory");
    let stub = |path: &Path| {
        let _ = std::fs::remove_file(path);
        std::fs::write(path, format!("#!/bin/sh\necho \"$0 $*\" >>{}/called\n", root.display())).expect("a stub");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    };
    stub(&stubs.join("mkdir"));
    stub(&root.join("opt/audit/sbin/auditctl"));
    stub(&root.join("opt/audit/sbin/auditd"));
    let mut early = Command::new(root.join("opt/audit/sbin/audit-early"));
    assert!(early.env("PATH", &stubs).status().expect("it runs").success());
    for call in ["auditctl -b 8192 -f 1 -e 1", "auditd --early"] {
        assert!(read("called").contains(&format!("/opt/audit/sbin/{call}\n")), "{}", read("called"));
    }
}

/// A file of another machine, by the number of its ELF header, with the help of these applets.
pub(crate) fn foreign(dir: &Dir, machine: u8, applets: &[&str]) -> String {
    let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0".to_vec();
    bytes.extend([machine, 0, 0xff]);
    applets.iter().for_each(|applet| bytes.extend(format!("Usage: {applet} [options]\n").bytes()));
    dir.file(&format!("foreign-{machine}-{}", applets.len()), bytes)
}

/// The links to the program below a directory.
fn links(root: &Path) -> Vec<String> {
    let sbin = std::fs::read_dir(root.join("usr/sbin")).expect("it is there").map(|entry| entry.expect("an entry"));
    let links = sbin.filter(|entry| std::fs::read_link(entry.path()).is_ok_and(|to| to == Path::new("auditbox")));
    let mut names: Vec<String> = links.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn the_links_are_the_applets_of_the_binary_whatever_machine_it_is_for_and_whatever_was_there() {
    let dir = Dir::new("installing-links");
    let root = dir.0.join("image");
    let environment = [("DESTDIR", root.as_path())];
    script("init/install", &[BINARY, "-"], &environment);
    let list = Command::new(BINARY).arg("--list").output().expect("it runs");
    assert_eq!(links(&root), String::from_utf8_lossy(&list.stdout).lines().collect::<Vec<_>>());
    // A smaller set over it: no dead command, no completion of one, and others' links stay.
    let others = root.join("usr/sbin/other");
    std::os::unix::fs::symlink("elsewhere", &others).expect("a link");
    script("init/install", &[&foreign(&dir, 183, &["auditctl", "auditd"]), BINARY], &environment);
    assert_eq!(links(&root), ["auditctl", "auditd"]);
    assert!(others.symlink_metadata().is_ok());
    let completions = |dir: &str| std::fs::read_dir(root.join(dir)).expect("it is there").count();
    assert_eq!(completions("usr/share/bash-completion/completions"), 3);
    assert_eq!(completions("usr/share/fish/vendor_completions.d"), 3);
}

#[test]
fn rules_are_chosen_without_a_program_that_has_profiles_and_nothing_is_left_half_done() {
    let dir = Dir::new("installing-rules");
    let small = ["auditctl", "auditd", "augenrules"];
    // What augenrules says of a binary without profiles.
    let own = dir.file("own", "#!/bin/sh\n[ \"$1\" = --list ]\n");
    std::fs::set_permissions(&own, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    let profile = include_str!("../../rules/default.profile");
    let profile: Vec<&str> = profile.lines().filter(|line| !line.starts_with('#')).collect();
    for own in ["-", &own] {
        // As shipped for a 64-bit PC, where they load; none elsewhere, which is said.
        for (machine, wanted) in [(62, &profile[..]), (183, &[])] {
            let root = dir.0.join(format!("image-{machine}-{}", own.len()));
            let mut run = Command::new(format!("{TOP}/init/install"));
            run.args([&foreign(&dir, machine, &small), own, "initramfs"]).env("DESTDIR", &root);
            let output = run.output().expect("it runs");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{said}");
            assert_eq!(said.contains("augenrules --profile default --install"), wanted.is_empty(), "{said}");
            let there = files(&root.join("etc/audit/rules.d"));
            assert_eq!(there, wanted.iter().map(|file| format!("/{file}")).collect::<Vec<_>>());
            assert!(root.join("usr/share/man/man8/auditd.8").exists() && root.join("usr/sbin/audit-early").exists());
        }
    }
}

#[test]
fn a_program_that_has_profiles_fits_the_rules_to_any_machine_wherever_it_is_installed() {
    let dir = Dir::new("installing-fitted");
    let [own, other] = [62, 183].map(|machine| {
        let root = dir.0.join(format!("image-{machine}"));
        script("init/install", &[&foreign(&dir, machine, &["auditctl"]), BINARY], &[("DESTDIR", &root)]);
        std::fs::read_to_string(root.join("etc/audit/rules.d/33-delete.rules")).expect("it is of the default profile")
    });
    assert!(own.contains("-F arch=b64 -S unlink,"), "{own}");
    assert!(other.contains("-F arch=b64 -S unlinkat,"), "arm64 has no unlink(2): {other}");
}

#[test]
fn wrong_words_are_refused_before_anything_is_written() {
    let dir = Dir::new("installing-words");
    let empty = foreign(&dir, 62, &[]);
    for words in [
        &[BINARY, BINARY, ".*"][..],
        &[BINARY, BINARY, "s6.rc"],
        &[BINARY, BINARY, "program"],
        &["/nowhere/auditbox", "-"],
        &[&empty, "-"],
        &[BINARY, "/nowhere/auditbox"],
        &[BINARY, "false"],
    ] {
        let root = dir.0.join("image");
        let mut run = Command::new(format!("{TOP}/init/install"));
        let output = run.args(words).env("DESTDIR", &root).output().expect("it runs");
        assert_eq!(output.status.code(), Some(2), "{words:?}: {output:?}");
        assert!(!root.exists() && !output.stderr.is_empty(), "{words:?}");
    }
}

#[test]
fn what_is_there_stays_as_the_administrator_made_it() {
    let dir = Dir::new("installing-kept");
    let environment = [("DESTDIR", dir.0.as_path())];
    std::fs::create_dir_all(dir.0.join("etc/audit")).expect("a directory");
    std::fs::create_dir_all(dir.0.join("var/log/audit")).expect("a directory");
    let log = std::fs::Permissions::from_mode(0o750); // with log_group
    std::fs::set_permissions(dir.0.join("var/log/audit"), log).expect("it is ours");
    // Leads somewhere on the machine itself alone.
    let config = dir.0.join("etc/audit/auditd.conf");
    std::os::unix::fs::symlink("/persistent/auditd.conf", &config).expect("a link");
    // A link in the place of a file of ours gives way, and what it leads to stays.
    let outside = dir.file("outside", "theirs");
    for ours in ["usr/share/audit-rules/10-base.rules", "usr/sbin/.auditbox.new"] {
        std::fs::create_dir_all(dir.0.join(ours).parent().expect("a directory")).expect("a directory");
        std::os::unix::fs::symlink(&outside, dir.0.join(ours)).expect("a link");
    }
    script("init/install", &[BINARY, "-"], &environment);
    assert_eq!(std::fs::read_to_string(&outside).expect("it is there"), "theirs");
    assert_eq!(std::fs::read_link(&config).expect("a link"), Path::new("/persistent/auditd.conf"));
    let mode = dir.0.join("var/log/audit").metadata().expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o750);
    // Rules that somebody else has put beside the samples outlive a removal.
    dir.file("usr/share/audit-rules/70-site.rules", "-D\n");
    script("init/install", &["remove"], &environment);
    assert_eq!(files(&dir.0.join("usr/share/audit-rules")), ["/70-site.rules"]);
}

#[test]
fn a_daemon_of_ours_is_known_through_links_and_after_its_program_was_replaced() {
    let dir = Dir::new("installing-ours");
    let text = std::fs::read_to_string(format!("{TOP}/init/install")).expect("the script");
    let (_, from) = text.split_once("\nis_ours() {").expect("the function");
    let body = from.split_once("\n}\n").expect("its end").0;
    let run = format!(
        "is_ours() {{{body}\n}}\n\
         mkdir bin && ln -s bin sbin && cp \"$(command -v sleep)\" bin/auditbox && cp bin/auditbox other || exit\n\
         sbin=$(pwd)/sbin\n\
         sbin/auditbox 60 >/dev/null & first=$!\n\
         ./other 60 >/dev/null & second=$!\n\
         until [ \"$(readlink /proc/$first/exe)\" = \"$(pwd -P)/bin/auditbox\" ]; do :; done\n\
         until [ \"$(readlink /proc/$second/exe)\" = \"$(pwd -P)/other\" ]; do :; done\n\
         is_ours $first && echo ours; is_ours $second || echo other\n\
         cp other new && mv new bin/auditbox && is_ours $first && echo replaced\n\
         kill $first $second"
    );
    let output = Command::new("sh").args(["-c", &run]).current_dir(&dir.0).output().expect("sh");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "ours\nother\nreplaced\n", "{output:?}");
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
    // systemd-sysext(8) takes a tree whose release file has its name and fits the system.
    let release = dir.0.join("auditbox/usr/lib/extension-release.d/extension-release.auditbox");
    assert_eq!(std::fs::read_to_string(release).expect("the release file"), "ID=_any\n");
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
    let run = "printf '#!/bin/sh\\necho \"$@\"\\n' >$1/auditctl; sed s,/opt/audit/sbin,$1, $1$2 >$1/auditd; chmod 755 $1/audit*; \
               [ $(id -u) != 0 ] || exec $1/auditd rotate; echo --signal rotate";
    let output = Command::new("sh").args(["-c", run, "sh"]).args([root.as_path(), &script]).output().expect("sh runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "--signal rotate\n", "{output:?}");
}

#[test]
fn nothing_is_written_where_a_link_leads_out_of_the_image() {
    let dir = Dir::new("installing-links");
    let (root, outside) = (dir.0.join("image"), dir.0.join("outside"));
    for (at, to) in [("etc/audit", outside.as_path()), ("var/log", Path::new("/no/such/place"))] {
        std::fs::create_dir_all(root.join(at).parent().expect("it has one")).expect("the image");
        std::fs::create_dir_all(&outside).expect("a directory");
        std::os::unix::fs::symlink(to, root.join(at)).expect("a link");
        let output = Command::new(format!("{TOP}/init/install")).args([BINARY, BINARY]).env("DESTDIR", &root).output();
        let output = output.expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.code() == Some(1) && said.contains(&format!("image/{at} ; make them relative")),
            "{said}"
        );
        assert_eq!((files(&outside).len(), files(&root)), (0, vec![format!("/{at}")]), "{said}");
        std::fs::remove_file(root.join(at)).expect("it is there");
    }
    // One that stays inside is followed.
    std::fs::create_dir_all(root.join("data/audit")).expect("a directory");
    std::os::unix::fs::symlink("../data/audit", root.join("etc/audit")).expect("a link");
    install(&root);
    assert!(root.join("data/audit/auditd.conf").is_file());
}

#[test]
fn a_program_that_another_installation_left_is_named_and_merging_says_nothing_of_our_own_rules() {
    let dir = Dir::new("installing-again");
    std::fs::create_dir_all(dir.0.join("usr/sbin")).expect("a directory");
    std::os::unix::fs::symlink("usr/sbin", dir.0.join("sbin")).expect("a link");
    let said = |sbin: &str| {
        let mut run = Command::new(format!("{TOP}/init/install"));
        let output = run.args([BINARY, BINARY, "initramfs-tools"]).env("DESTDIR", &dir.0).env("SBIN", sbin).output();
        let output = output.expect("it runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).expect("text")
    };
    assert_eq!(said("/usr/sbin"), "");
    assert!(dir.0.join("etc/audit/audit.rules").exists(), "merged for the initramfs");
    assert_eq!(said("/usr/sbin"), "", "over itself");
    for folder in ["/usr/bin", "/opt/bin"] {
        let old = format!("install: {}/usr/sbin/auditbox is there from another installation", dir.0.display());
        assert!(said(folder).starts_with(&old), "{folder}");
    }
}

#[test]
fn a_script_finds_the_programs_of_another_prefix_and_those_of_the_system() {
    let dir = Dir::new("installing-path");
    for (prefix, first) in [("/usr/local", "PATH=/usr/local/sbin:/usr/local/sbin:"), ("/usr", "PATH=/usr/local/sbin:")]
    {
        let root = dir.0.join(&prefix[1..]);
        let words = [BINARY, BINARY, "sysvinit", "busybox"];
        script("init/install", &words, &[("DESTDIR", &root), ("PREFIX", Path::new(prefix))]);
        for name in files(&root).iter().filter(|name| name.starts_with("/etc/init.d/")) {
            let text = std::fs::read_to_string(root.join(&name[1..])).expect("a script");
            let path = text.lines().find(|line| line.starts_with("PATH=")).expect("a PATH");
            assert!(path.starts_with(first) && path.contains(":/usr/sbin:"), "{name}: {path}");
        }
    }
}

#[test]
fn a_prefix_that_would_name_other_directories_is_refused_and_nothing_is_touched() {
    let dir = Dir::new("install-prefix");
    let other = dir.0.join("opt/my/precious");
    std::fs::create_dir_all(&other).unwrap();
    for prefix in ["/opt/my audit", "/opt/a,b", "/opt/a&b", "opt", "/usr/../opt/my", "/opt/my/..", "/./opt"] {
        for words in [&[BINARY, BINARY][..], &["remove"]] {
            let mut command = Command::new(format!("{TOP}/init/install"));
            let output = command.args(words).env("DESTDIR", &dir.0).env("PREFIX", prefix).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{prefix}: {}", String::from_utf8_lossy(&output.stderr));
        }
        assert!(other.is_dir() && std::fs::read_dir(&dir.0).unwrap().count() == 1, "{prefix}");
    }
}
