//! What `make` says where something is missing, that a directory it installs into may have any name, and that what it builds names
//! no directory of the machine that builds.

use crate::installing::{TOP, script};
use crate::support::{BINARY, Dir};
use std::process::{Command, Output};

/// Makes these without a build, by this binary.
fn make(words: &[&str]) -> Output {
    let mut command = Command::new("make");
    command.args(["-s", "-o", "build", &format!("BINARY={BINARY}")]).args(words);
    for name in ["MAKEFLAGS", "MAKELEVEL", "MFLAGS"] {
        command.env_remove(name); // of a make that runs the tests
    }
    command.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("make runs")
}

#[test]
fn what_is_not_there_is_named_in_one_line() {
    for (words, named) in [
        (["install", "TARGET=nosuch"], "there is no out/dist/auditbox-nosuch: make dist TARGET=nosuch builds it"),
        (["dist", "TARGET=nosuch"], "nosuch is no target of rustc"),
    ] {
        let output = make(&words);
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = said.lines().filter(|line| !line.starts_with("make: ")).collect();
        assert!(!output.status.success() && lines.len() == 1 && lines[0].contains(named), "{words:?}: {said}");
    }
}

#[test]
fn a_directory_of_any_name_is_installed_into_and_cleaned() {
    let dir = Dir::new("making-it's $HOME");
    let into = format!("DESTDIR={}", dir.0.display().to_string().replace('$', "$$"));
    for words in [["install", &into], ["uninstall", &into]] {
        let output = make(&words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(dir.0.join("usr/sbin/auditctl").exists(), words[0] == "install");
        assert!(dir.0.join("etc/audit/auditd.conf").exists());
    }
}

#[test]
fn what_is_built_names_no_directory_of_the_machine_that_builds() {
    let dir = Dir::new("making-places");
    let (home, object) = (dir.0.join("cargo home"), dir.0.join("object"));
    let environment = [("CARGO_HOME", home.as_path())];
    let flags = script(".ci/places", &["-C", "opt-level=1"], &environment);
    let flags: Vec<&str> = flags.split('\x1f').collect();
    assert_eq!(flags[..2], ["-C", "opt-level=1"]);
    // The directories that a file names. The tests' own lies in that of the sources.
    let named = |file: &str| {
        let output = Command::new(format!("{TOP}/.ci/places")).args(["--in", file]).envs(environment).output();
        let output = output.expect("it runs");
        let said = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.success(), said.is_empty(), "{said}");
        let places = said.lines().map(|line| line.split_once(" names ").expect("a directory").1);
        places.map(|place| place.split(',').next().expect("a word").to_owned()).collect::<Vec<_>>()
    };
    let mut places = Vec::new();
    for flag in &flags[2..] {
        let (place, other) = flag.trim_start_matches("--remap-path-prefix=").split_once('=').expect("two names");
        assert!(named(&dir.file("with", format!("\0{place}/src/x.rs"))).contains(&place.to_owned()), "{flag}");
        assert_eq!(named(&dir.file("without", format!("\0{other}/src/x.rs"))), [""; 0], "{flag}");
        places.push(place);
    }
    let cargo = home.to_str().expect("text");
    assert!(places.len() == 3 && places[0] == TOP && places[1] == cargo, "{places:?}");
    // As rustc makes them: a panic in a package of cargo's.
    let source = dir.file("cargo home/registry/x.rs", "#[inline(never)]\npub fn x(y: &[u8]) -> u8 { y[1] }");
    for (flags, wanted) in [(&flags[2..], &[][..]), (&[], &[TOP, cargo])] {
        let mut rustc = Command::new("rustc");
        rustc.args(["--crate-type=lib", "--emit=obj", "-C", "opt-level=1"]).args(flags).arg(&source);
        assert!(rustc.arg("-o").arg(&object).status().expect("rustc runs").success());
        assert_eq!(named(object.to_str().expect("text")), wanted);
    }
}

#[test]
fn the_lines_that_readme_gives_to_image_builders_accept_what_is_shipped() {
    let dir = Dir::new("making-image");
    std::os::unix::fs::symlink(BINARY, dir.0.join("auditbox")).expect("a link");
    assert!(Command::new(BINARY).arg("--install").arg(&dir.0).status().expect("it runs").success());
    let binary = crate::installing::foreign(&dir, 183, &["auditctl", "auditd", "augenrules"]);
    script("init/install", &[&binary, BINARY], &[("DESTDIR", &dir.0.join("image"))]);
    let readme = std::fs::read_to_string(format!("{TOP}/README.md")).expect("README.md");
    let lines: Vec<&str> =
        readme.lines().filter(|line| line.starts_with("    au") && line.contains(" image")).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    let path = format!("{}:{}", dir.0.display(), std::env::var("PATH").expect("PATH"));
    for line in lines {
        let output = Command::new("sh").args(["-c", line]).env("PATH", &path).current_dir(&dir.0).output().expect("sh");
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stdout));
    }
    assert!(dir.0.join("image/etc/audit/audit.rules").exists());
}
