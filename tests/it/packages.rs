//! The recipes of packaging/: each has every file at its place, is of this version, and names the configuration that the list names; and
//! what is published of a version: its sources, its bill of materials, equal builds.

use crate::installing::{TOP, files, script};
use crate::support::{BINARY, Dir};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

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
        "void/auditbox/INSTALL",
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
    assert_eq!((list.matches("crate://").count(), list.lines().next()), (crates, Some("SRC_URI += \"\\")));
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

/// The packages that a bill of materials says are linked.
fn linked(bill: &str) -> Vec<&str> {
    let components =
        bill.split("\"type\": \"library\"").skip(1).filter(|part| part.contains("\"scope\": \"required\""));
    components
        .map(|part| part.split("\"name\": \"").nth(1).and_then(|name| name.split('"').next()).expect("a name"))
        .collect()
}

#[test]
fn the_bill_of_materials_with_tls_has_what_that_brings() {
    let target = "x86_64-unknown-linux-musl";
    let bill = script("packaging/sbom", &[target], &[("FEATURES", Path::new("tls"))]);
    let plain = script("packaging/sbom", &[target], &[("FEATURES", Path::new(""))]);
    let (tls, plain) = (linked(&bill), linked(&plain));
    for package in ["aes-gcm", "chacha20poly1305", "curve25519-dalek", "hmac", "sha2", "x25519-dalek", "zeroize"] {
        assert!(tls.contains(&package) && !plain.contains(&package), "{package}");
    }
    assert!(plain.iter().all(|package| tls.contains(package)), "{plain:?}");
    // What lies in the file itself: where its panics come from, in the registry of cargo.
    let bytes = std::fs::read(BINARY).expect("the program");
    let listed = if cfg!(feature = "tls") { &tls } else { &plain };
    let (mut found, start) = (0, memchr::memmem::Finder::new(b"/registry/src/"));
    for at in start.find_iter(&bytes) {
        let place = bytes[at..].split(|byte| *byte == b'/').nth(4).unwrap_or_default();
        // Of a directory's own name no slash follows.
        let is_named = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(byte);
        let place = place.split(|byte| !is_named(byte)).next().unwrap_or_default();
        let Some((name, _)) = std::str::from_utf8(place).ok().and_then(|place| place.rsplit_once('-')) else {
            continue;
        };
        assert!(listed.contains(&name), "the file has {name}, its bill of materials {listed:?}");
        found += 1;
    }
    assert!(found > 2 || env!("CARGO_MANIFEST_DIR").contains("/registry/"), "{found}");
}

#[test]
fn what_cannot_be_made_is_said_before_anything_is() {
    let dir = Dir::new("packages-refused");
    let old = dir.file("old", "#!/bin/sh\necho 'Usage: augenrules [--check|--load]'\n");
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    std::fs::create_dir_all(dir.0.join("packaging")).expect("a directory");
    let source = dir.file("packaging/source", std::fs::read(format!("{TOP}/packaging/source")).expect("the script"));
    std::fs::set_permissions(&source, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    dir.file("Cargo.toml", "version = \"1\"\n");
    let (deb, dist, sysext) =
        (format!("{TOP}/packaging/deb"), format!("{TOP}/.ci/dist"), format!("{TOP}/packaging/sysext"));
    let target = "x86_64-unknown-linux-musl";
    for (program, words, set, told) in [
        (&deb, &[old.as_str()][..], "", "without the feature rule-tools"),
        (&source, &[], "", "no git checkout"),
        (&sysext, &[BINARY], "", "usage: sysext BINARY OWN DEST"),
        (&dist, &[target], "auditd nosuch", "nosuch is none of the features"),
        (&dist, &[target], "rule-tools", "no command is among the features"),
    ] {
        let mut run = Command::new(program);
        run.args(words)
            .current_dir(&dir.0)
            .env("APPLETS", set)
            .env("GIT_CEILING_DIRECTORIES", dir.0.parent().expect("it has one"));
        let output = run.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(told), "{program} {set}: {said}");
    }
    assert!(!dir.0.join("out").exists());
}

#[test]
fn two_builds_of_the_last_commit_in_two_directories_are_compared() {
    let dir = Dir::new("installing-reproducible");
    let git = |words: &[&str]| {
        let mut run = Command::new("git");
        run.args(["-c", "user.name=x", "-c", "user.email=x@localhost"]).args(words).current_dir(&dir.0);
        assert!(run.status().expect("git runs").success(), "{words:?}");
    };
    dir.file("packaging/reproducible", std::fs::read(format!("{TOP}/packaging/reproducible")).expect("the script"));
    dir.file(".ci/dist", "#!/bin/sh\nmkdir -p out/dist && . ./source >out/dist/auditbox-$1\n");
    for script in ["packaging/reproducible", ".ci/dist"] {
        std::fs::set_permissions(dir.0.join(script), std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    }
    git(&["init", "-q"]);
    for (source, profile, is_equal) in [
        ("echo x", "small", true),
        ("pwd", "small", false),
        ("false", "small", false),
        ("test $PROFILE = fast || pwd", "fast", true),
        ("test $PROFILE = small || pwd", "fast", false),
    ] {
        dir.file("source", source);
        git(&["add", "."]);
        git(&["commit", "-qm", "all"]);
        dir.file("source", "echo not committed; pwd");
        let mut make = Command::new("make");
        make.args(["-s", "-f", &format!("{TOP}/Makefile"), "reproducible", "TARGET=machine"]).current_dir(&dir.0);
        if profile != "small" {
            make.arg(format!("PROFILE={profile}"));
        }
        let output = make.output().expect("make runs");
        let said = String::from_utf8_lossy(&output.stdout);
        let told = format!("{source}: {said}{}", String::from_utf8_lossy(&output.stderr));
        let is_said = said.ends_with(&format!("PROFILE={profile}: equal\n"));
        assert_eq!((output.status.success(), is_said), (is_equal, is_equal), "{told}");
    }
}

#[test]
fn the_sums_of_a_release_are_those_of_all_its_files() {
    let dir = Dir::new("packages-release");
    let run = "cp -R \"$0\"/packaging \"$0\"/Cargo.* . && git init -q && git add . && \
               git -c user.name=x -c user.email=x@localhost commit -qm all && mkdir .ci && \
               printf '#!/bin/sh\\nmkdir -p $OUT && echo $PROFILE $1 >$OUT/auditbox-$1\\n' >.ci/dist && \
               printf '#!/bin/sh\\necho bill of $*\\n' >packaging/sbom && chmod 755 .ci/dist && \
               TRIAL=yes packaging/release one two";
    let output = Command::new("sh").args(["-c", run, TOP]).current_dir(&dir.0).output().expect("sh runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let release = dir.0.join("out/release");
    let check = || {
        let mut sum = Command::new("sha256sum");
        let output = sum.args(["--quiet", "-c", "SHA256SUMS"]).current_dir(&release).output().expect("sha256sum runs");
        String::from_utf8(output.stdout).expect("text")
    };
    assert_eq!(check(), "");
    let version = env!("CARGO_PKG_VERSION");
    let ends = ["-one-fast", "-one-small", "-two-fast", "-two-small", ".cdx.json", ".tar.gz"];
    assert_eq!(
        files(&release),
        [vec!["/SHA256SUMS".into()], ends.map(|end| format!("/auditbox-{version}{end}")).to_vec()].concat()
    );
    for end in ends {
        let file = format!("auditbox-{version}{end}");
        let mut bytes = std::fs::read(release.join(&file)).expect("it is there");
        bytes[0] ^= 1;
        std::fs::write(release.join(&file), &bytes).expect("it is ours");
        assert_eq!(check(), format!("{file}: FAILED\n"));
        bytes[0] ^= 1;
        std::fs::write(release.join(&file), &bytes).expect("it is ours");
    }
}

#[test]
fn the_image_of_a_container_is_made_of_what_make_dist_writes() {
    let recipe = recipe("container/Dockerfile");
    let dist = std::fs::read_to_string(format!("{TOP}/.ci/dist")).expect("the script");
    assert!(dist.contains("${OUT:-out/dist}") && dist.contains("\"$out/auditbox-$target\""));
    let lines: Vec<&str> = recipe.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines[..2], ["FROM scratch", "ARG TARGET=x86_64-unknown-linux-musl"]);
    assert_eq!(lines[2..4], ["COPY out/dist/auditbox-${TARGET} /auditbox", "ENTRYPOINT [\"/auditbox\"]"]);
    // README has the same without a choice of the machine.
    let readme = std::fs::read_to_string(format!("{TOP}/README.md")).expect("README.md");
    for line in [lines[0], &lines[2].replace("${TARGET}", "x86_64-unknown-linux-musl"), lines[3]] {
        assert!(readme.contains(&format!("\n    {line}\n")), "README.md: {line}");
    }
}

#[test]
#[ignore = "needs root"]
fn the_program_alone_in_a_root_does_what_readme_says_of_a_container() {
    let dir = Dir::new("packages-container");
    std::fs::copy(BINARY, dir.0.join("auditbox")).expect("a copy");
    let run = |words: &[&str]| {
        let output = Command::new("chroot").arg(&dir.0).arg("/auditbox").args(words).output().expect("chroot runs");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let list = Command::new(BINARY).arg("--list").output().expect("it runs").stdout;
    assert_eq!(run(&["--list"]).as_bytes(), list);
    let record =
        "type=USER_LOGIN msg=audit(1700000000.000:7): pid=1 uid=0 auid=4242 ses=1 msg='op=login res=success'\n";
    dir.file("var/log/audit/audit.log", record);
    dir.file("etc/passwd", "carol:x:4242:4242::/:/bin/sh\n");
    assert!(run(&["ausearch", "-ul", "carol", "-i"]).contains(" auid=carol "));
    assert!(run(&["auditctl", "--dry-run", "-w", "/etc/passwd", "-p", "wa"]).starts_with("1011 "));
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
