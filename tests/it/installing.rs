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
fn foreign(dir: &Dir, machine: u8, applets: &[&str]) -> String {
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
    script("init/install", &[BINARY, "-"], &environment);
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
}

#[test]
fn every_script_of_a_recipe_is_a_shell_script() {
    let scripts = [
        "alpine/APKBUILD",
        "alpine/auditbox.post-install",
        "alpine/auditbox.pre-deinstall",
        "arch/PKGBUILD",
        "debian/auditbox.postinst",
        "debian/auditbox.postrm",
        "debian/auditbox.prerm",
        "openwrt/auditbox/files/auditd.init",
        "void/auditbox/template",
    ];
    for name in scripts {
        let output = Command::new("bash").args(["-n", &format!("{TOP}/packaging/{name}")]).output().expect("bash");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_packages_of_alpine_arch_and_void_have_every_file_at_its_place() {
    let dir = Dir::new("recipes");
    // The sources as they are unpacked, and built.
    let sources = dir.0.join(concat!("auditbox-", env!("CARGO_PKG_VERSION")));
    std::fs::create_dir_all(sources.join("target/any/release")).unwrap();
    for name in ["LICENSE", "docs", "init", "packaging", "rules", "tests"] {
        std::os::unix::fs::symlink(format!("{TOP}/{name}"), sources.join(name)).unwrap();
    }
    std::os::unix::fs::symlink(BINARY, sources.join("target/any/release/auditbox")).unwrap();
    let run = |shell: &str, file: &str, words: &str| {
        let script = format!(". {TOP}/packaging/{file}; {words}");
        let mut command = Command::new(shell);
        let command = command.args(["-e", "-c", &script]).env_remove("RUSTFLAGS");
        let command = command.env("pkgdir", dir.0.join(file)).env("DESTDIR", dir.0.join(file));
        let output = command.current_dir(&sources).output().unwrap_or_else(|error| panic!("{shell}: {error}"));
        assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
        files(&dir.0.join(file))
    };
    let alpine = run("sh", "alpine/APKBUILD", "CBUILD=x CHOST=x CTARGET=any; package");
    let has =
        |files: &[String], path: &str| assert!(files.iter().any(|file| file == path), "{path} is not among {files:?}");
    for path in ["/usr/sbin/auditbox", "/etc/init.d/auditd", "/usr/sbin/audit-early", "/etc/audit/auditd.conf"] {
        has(&alpine, path);
    }
    let is_rules = |file: &String| file.starts_with("/etc/audit/") && file.ends_with(".rules");
    let rules: Vec<&String> = alpine.iter().filter(|file| is_rules(file)).collect();
    assert_eq!(rules, ["/etc/audit/audit-stop.rules"], "the machine chooses and merges its rules itself");

    let void = run("bash", "void/auditbox/template", "RUST_TARGET=any; do_install");
    for path in ["/usr/bin/auditbox", "/etc/sv/auditd/run", "/etc/sv/auditd/supervise", "/etc/audit/auditd.conf"] {
        has(&void, path);
    }
    let rules: Vec<&String> = void.iter().filter(|file| is_rules(file)).collect();
    assert_eq!(rules, ["/etc/audit/audit-stop.rules"], "the machine chooses its rules itself");

    let arch = run("bash", "arch/PKGBUILD", "_host() { echo any; }; cd ..; package");
    for path in ["/opt/auditbox/sbin/auditbox", "/opt/auditbox/sbin/ausearch", "/etc/audit/auditd.conf.auditbox"] {
        has(&arch, path);
    }
    let beside = |file: &&String| !file.starts_with("/opt/auditbox/") && !file.starts_with("/usr/share/licenses/");
    let outside: Vec<&String> = arch.iter().filter(beside).collect();
    assert_eq!(outside, ["/etc/audit/auditd.conf.auditbox"], "the audit package has all others");
}

#[test]
fn void_s_package_chooses_rules_once_where_the_administrator_has_none() {
    let dir = Dir::new("installing-void");
    let root = &dir.0;
    script("init/install", &[BINARY, BINARY, "runit"], &[("DESTDIR", root), ("SBIN", Path::new("/usr/bin"))]);
    let rules = root.join("etc/audit/rules.d");
    let run = |update: &str| {
        let mut command = Command::new("sh");
        command.args(["-e", "-c", &recipe("void/auditbox/INSTALL")]).current_dir(root);
        let output = command.env("ACTION", "post").env("UPDATE", update).output().expect("sh runs");
        assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
        if rules.exists() { files(&rules).len() } else { 0 }
    };
    std::fs::remove_dir_all(&rules).expect("the template leaves it out");
    assert_eq!(run("yes"), 0, "an update chooses none");
    assert!(run("no") > 5);
    assert_eq!(rules.metadata().expect("a directory").permissions().mode() & 0o777, 0o750);
    std::fs::remove_dir_all(&rules).expect("ours");
    dir.file("etc/audit/rules.d/50-own.rules", "-w /srv/secret -p rwa -k mine\n");
    assert_eq!(run("no"), 1, "the administrator has rules");
}

/// A recipe of packaging/.
fn recipe(name: &str) -> String {
    std::fs::read_to_string(format!("{TOP}/packaging/{name}")).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_recipe_is_of_this_version_and_address() {
    for (name, key) in [
        ("alpine/APKBUILD", "pkgver="),
        ("arch/PKGBUILD", "pkgver="),
        ("void/auditbox/template", "version="),
        ("openwrt/auditbox/Makefile", "PKG_VERSION:="),
        ("buildroot/auditbox/auditbox.mk", "AUDITBOX_VERSION = "),
    ] {
        let text = recipe(name);
        let version = text.lines().find_map(|line| line.strip_prefix(key));
        assert_eq!(version, Some(env!("CARGO_PKG_VERSION")), "{name}");
    }
    for (name, key) in [
        ("alpine/APKBUILD", "url=\""),
        ("arch/PKGBUILD", "url='"),
        ("void/auditbox/template", "homepage=\""),
        (concat!("yocto/auditbox_", env!("CARGO_PKG_VERSION"), ".bb"), "HOMEPAGE = \""),
    ] {
        let text = recipe(name);
        let home = text.lines().find_map(|line| line.strip_prefix(key)?.strip_suffix(['\'', '"']));
        assert_eq!(home, Some(env!("CARGO_PKG_HOMEPAGE")), "{name}");
    }
    recipe(concat!("yocto/auditbox_", env!("CARGO_PKG_VERSION"), ".bb"));
    let readme = recipe("README.md");
    assert!(readme.contains(concat!("auditbox_", env!("CARGO_PKG_VERSION"), "-1_amd64.deb")), "packaging/README.md");
}

#[test]
fn the_configuration_that_recipes_name_is_that_of_the_list() {
    let list = script("init/install", &["list", "config", "rules"], &[]);
    let rows = || list.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let kept = rows().filter(|row| row[1] == "keep").map(|row| row[4]);
    let mut wanted: Vec<&str> = kept.collect();
    let is_of = |pattern: &str, file: &str| match pattern.split_once('*') {
        Some((before, after)) => {
            let middle = file.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            middle.is_some_and(|middle| !middle.contains('/'))
        }
        None => file == pattern || pattern.ends_with('/') && file.starts_with(pattern),
    };
    let value = |text: &str, key: &str, end: &str| {
        let (_, rest) = text.split_once(key).unwrap_or_else(|| panic!("no {key}"));
        rest.split(end).next().unwrap_or_default().to_owned()
    };
    for (name, key, end) in [
        ("void/auditbox/template", "conf_files=\"", "\""),
        ("openwrt/auditbox/Makefile", "define Package/auditbox/conffiles\n", "endef"),
        (concat!("yocto/auditbox_", env!("CARGO_PKG_VERSION"), ".bb"), "CONFFILES:${PN} = \"", "\""),
    ] {
        let patterns = value(&recipe(name), key, end).replace("${sysconfdir}", "/etc");
        let patterns: Vec<&str> = patterns.split_whitespace().collect();
        // Void's are chosen by the machine, and the administrator's then. The others are images.
        wanted.retain(|file| !file.ends_with("/x.rules"));
        if !name.starts_with("void") {
            wanted.push("/etc/audit/rules.d/x.rules");
        }
        for file in &wanted {
            assert!(patterns.iter().any(|pattern| is_of(pattern, file)), "{name} does not name {file}");
        }
        for pattern in patterns {
            assert!(wanted.iter().any(|file| is_of(pattern, file)), "{name}: there is no {pattern}");
        }
    }
    // Buildroot's table has the owners and modes too.
    let table = value(&recipe("buildroot/auditbox/auditbox.mk"), "define AUDITBOX_PERMISSIONS\n", "endef");
    let mut own: Vec<String> = table.lines().map(|line| line.trim().to_owned()).collect();
    let of = |row: Vec<&str>| match row[1] {
        "dir" => Some(format!("{} d {} 0 0 - - - - -", row[4], row[2])),
        "keep" => Some(format!("{} f {} 0 0 - - - - -", row[4], row[2])),
        _ => None,
    };
    let mut listed: Vec<String> = rows().filter_map(of).collect();
    own.sort();
    listed.sort();
    assert_eq!(own, listed);
}

#[test]
fn a_purge_of_the_debian_package_leaves_nothing_that_was_written() {
    let dir = Dir::new("installing-purge");
    let state = auditbox::trail::order::STATE_DIR.trim_start_matches('/');
    for file in [
        "var/log/audit/audit.log",
        &format!("{state}/closed-logs"),
        "var/spool/audit/remote.log",
        "etc/audit/audit.rules",
        "etc/audit/audit.rules.prev",
    ] {
        dir.file(file, "x");
    }
    let here = dir.0.display().to_string();
    let text = recipe("debian/auditbox.postrm").replace("#DEBHELPER#", "");
    let text = text.replace("/var/", &format!("{here}/var/")).replace("/etc/", &format!("{here}/etc/"));
    for word in ["remove", "purge"] {
        let there = files(&dir.0).len();
        assert!(Command::new("sh").args(["-c", &text, "postrm", word]).status().expect("sh").success());
        assert_eq!(files(&dir.0).len(), if word == "remove" { there } else { 0 }, "{word}");
    }
    assert!(!dir.0.join("etc/audit").exists() && !dir.0.join("var/spool/audit").exists());
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
fn the_address_is_set_everywhere_at_once_and_nothing_is_released_without_one() {
    let dir = Dir::new("installing-address");
    let mut copy = Command::new("cp");
    copy.args(["-R", "Cargo.toml", "packaging"]).arg(&dir.0).current_dir(TOP);
    assert!(copy.status().expect("cp runs").success());
    let run = |name: &str, words: &[&str]| Command::new(dir.0.join(name)).args(words).output().expect("it runs");
    assert!(run("packaging/address", &["https://localhost/auditbox"]).status.success());
    let refused = run("packaging/release", &[]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no address yet"), "{refused:?}");
    for wrong in ["http://example.org/auditbox", "https://example.org/a b", "https://example.org/auditbox/"] {
        assert_eq!(run("packaging/address", &[wrong]).status.code(), Some(2), "{wrong}");
    }
    assert!(run("packaging/address", &["https://example.org/auditbox"]).status.success());
    let of = |word: &str| {
        let output = Command::new("grep").args(["-rlF", word]).arg(&dir.0).output().expect("grep runs");
        String::from_utf8(output.stdout).expect("names").lines().count()
    };
    assert_eq!((of("https://localhost/auditbox"), of("https://example.org/auditbox")), (0, 5));
    // Nor of anything but a tagged commit.
    let git = |words: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=x", "-c", "user.email=x@localhost"]).args(words).current_dir(&dir.0);
        assert!(git.status().expect("git runs").success(), "{words:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "all"]);
    let refused = run("packaging/release", &[]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("this commit has no tag v"), "{refused:?}");
    git(&["tag", concat!("v", env!("CARGO_PKG_VERSION"))]);
    let changed = std::fs::read_to_string(dir.0.join("Cargo.toml")).expect("it is there") + "\n";
    dir.file("Cargo.toml", changed);
    let refused = run("packaging/release", &[]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("changes that are not committed"), "{refused:?}");
    assert!(!dir.0.join("out").exists());
}

#[test]
fn the_sources_come_with_the_list_of_crates_that_yocto_s_recipe_requires() {
    let dir = Dir::new("installing-source");
    let run = "cp -R \"$0\"/packaging \"$0\"/Cargo.* . && git init -q && git add . && \
               git -c user.name=x -c user.email=x@localhost commit -qm all && packaging/source";
    let output = Command::new("sh").args(["-c", run, TOP]).current_dir(&dir.0).output().expect("sh runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let list = std::fs::read_to_string(dir.0.join("out/auditbox-crates.inc")).expect("the list");
    let lock = std::fs::read_to_string(format!("{TOP}/Cargo.lock")).expect("Cargo.lock");
    let mut crates = 0;
    for package in lock.split("[[package]]").filter(|package| package.contains("checksum = ")) {
        let value = |key: &str| package.lines().find_map(|line| line.strip_prefix(key)?.split('"').nth(1)).expect(key);
        let (name, version, sum) = (value("name = "), value("version = "), value("checksum = "));
        assert!(list.contains(&format!("    crate://crates.io/{name}/{version} \\\n")), "{name}: {list}");
        assert!(list.contains(&format!("SRC_URI[{name}-{version}.sha256sum] = \"{sum}\"\n")), "{name}: {list}");
        crates += 1;
    }
    assert_eq!((list.matches("crate://").count(), list.lines().next()), (crates, Some("SRC_URI += \" \\")));
    assert!(
        recipe(concat!("yocto/auditbox_", env!("CARGO_PKG_VERSION"), ".bb"))
            .contains("\nrequire auditbox-crates.inc\n")
    );
}

#[test]
fn the_bill_of_materials_is_made_in_sources_where_nothing_was_made_yet() {
    let dir = Dir::new("installing-sbom");
    for name in ["Makefile", "Cargo.toml", "Cargo.lock", "applets", "packaging", "src", "tests"] {
        std::os::unix::fs::symlink(format!("{TOP}/{name}"), dir.0.join(name)).expect("a link");
    }
    let output = Command::new("make")
        .args(["sbom", "TARGET=x86_64-unknown-linux-musl"])
        .current_dir(&dir.0)
        .output()
        .expect("make runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(std::fs::metadata(dir.0.join("out/auditbox.cdx.json")).expect("it is there").len() > 1000);
}

#[test]
fn both_builds_that_are_compared_are_of_one_commit() {
    let dir = Dir::new("installing-reproducible");
    let git = |words: &[&str]| {
        let mut run = Command::new("git");
        run.args(["-c", "user.name=x", "-c", "user.email=x@localhost"]).args(words).current_dir(&dir.0);
        assert!(run.status().expect("git runs").success(), "{words:?}");
    };
    dir.file("packaging/reproducible", std::fs::read(format!("{TOP}/packaging/reproducible")).expect("the script"));
    // A build copies the source, and somebody commits meanwhile.
    let here = dir.0.display();
    let commit = "git -c user.name=x -c user.email=x@localhost commit -qam more";
    let build =
        format!("mkdir -p out/dist && cp source out/dist/auditbox-$1 && cd {here} && echo more >>source && {commit}");
    dir.file(".ci/dist", format!("#!/bin/sh\n{build}\n"));
    dir.file("source", "x\n");
    for script in ["packaging/reproducible", ".ci/dist"] {
        std::fs::set_permissions(dir.0.join(script), std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    }
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "all"]);
    let output = Command::new(dir.0.join("packaging/reproducible")).arg("machine").output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.ends_with("equal\n"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_bill_of_materials_names_what_is_linked_and_what_only_builds() {
    let bill = script("packaging/sbom", &["x86_64-unknown-linux-musl"], &[]);
    let lock = std::fs::read_to_string(format!("{TOP}/Cargo.lock")).expect("Cargo.lock");
    let components = bill.split("\"type\": \"library\"").skip(1);
    let (mut linked, mut builds, mut beside) = (Vec::new(), Vec::new(), Vec::new());
    for component in components {
        let value = |key: &str| component.lines().find_map(|line| line.trim().strip_prefix(key)?.split('"').nth(1));
        let name = value("\"name\":").expect("a name");
        let Some(sum) = value("\"content\":") else {
            beside.push((name, value("\"version\":")));
            continue;
        };
        let version = value("\"version\":").expect("a version");
        let locked = format!("name = \"{name}\"\nversion = \"{version}\"\n");
        let package = lock.split("[[package]]").find(|package| package.contains(&locked)).expect("Cargo.lock has it");
        assert!(package.contains(sum), "the sum of {name}");
        match value("\"scope\":").expect("a scope") {
            "required" => linked.push(name),
            _ => builds.push(name),
        }
    }
    // No package of another system, nor what only the feature `tls` brings.
    #[rustfmt::skip]
    let promised = ["argh", "argh_shared", "bitflags", "byteorder", "hash32", "heapless", "libc", "linux-raw-sys", "memchr", "rustix",
        "stable_deref_trait"];
    assert_eq!(linked, promised);
    assert_eq!(builds, ["argh_derive", "proc-macro2", "quote", "syn", "unicode-ident"]);
    assert_eq!(bill.matches("\"dependsOn\"").count(), 1 + linked.len() + builds.len() + 1);
    // What no package of Cargo.lock is, and the compiler. The C library's version is known where the target is installed.
    let version = Command::new("rustc").arg("-V").output().expect("rustc");
    let version = String::from_utf8_lossy(&version.stdout).split(' ').nth(1).expect("a version").to_owned();
    assert_eq!(beside.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["std", "musl"]);
    assert_eq!(beside[0].1, Some(version.as_str()));
    assert!(beside[1].1.is_none_or(|version| version.starts_with("1.")), "{beside:?}");
    let (_, tools) = bill.split_once("\"tools\"").expect("the tools");
    assert!(tools.contains(&format!("\"name\": \"rustc\",\n          \"version\": \"{version}\"")), "{tools}");
}

#[test]
fn a_prefix_that_would_name_other_directories_is_refused_and_nothing_is_touched() {
    let dir = Dir::new("install-prefix");
    let other = dir.0.join("opt/my/precious");
    std::fs::create_dir_all(&other).unwrap();
    for prefix in ["/opt/my audit", "/opt/a,b", "/opt/a&b", "opt"] {
        for words in [&[BINARY, BINARY][..], &["remove"]] {
            let mut command = Command::new(format!("{TOP}/init/install"));
            let output = command.args(words).env("DESTDIR", &dir.0).env("PREFIX", prefix).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{prefix}: {}", String::from_utf8_lossy(&output.stderr));
        }
        assert!(other.is_dir() && std::fs::read_dir(&dir.0).unwrap().count() == 1, "{prefix}");
    }
}
