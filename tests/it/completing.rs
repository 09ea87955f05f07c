//! The completions of init/completion: what is offered is what the commands themselves say they take; and bash, and zsh and fish
//! where they are installed, offer it.

use crate::support::{BINARY, Dir};
use std::fs;
use std::path::Path;
use std::process::Command;

const COMPLETION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/init/completion");

/// A directory with a link for each applet, first in PATH, and what runs there.
struct Shell(Dir);

impl Shell {
    fn new(name: &str) -> Shell {
        let dir = Dir::new(name);
        assert!(Command::new(BINARY).arg("--install").arg(&dir.0).status().expect("it runs").success());
        std::os::unix::fs::symlink(BINARY, dir.0.join("auditbox")).expect("a link");
        Shell(dir)
    }

    /// What a program prints; None where it is not installed.
    fn run(&self, program: &str, words: &[&str]) -> Option<String> {
        let path = format!("{}:{}", self.0.0.display(), std::env::var("PATH").expect("PATH"));
        let output = Command::new(program).args(words).env("PATH", path).env("HOME", &self.0.0).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// The words that can follow `words`.
    fn after(&self, command: &str, words: &[&str]) -> Vec<String> {
        let lines = self.run(&format!("{COMPLETION}/complete"), &[&[command], words].concat()).expect("complete runs");
        lines.lines().map(|line| line.split('\t').next().expect("a word").to_owned()).collect()
    }

    /// The completion file for a shell, calling `complete` where it lies here.
    fn file(&self, name: &str) -> String {
        let text = fs::read_to_string(format!("{COMPLETION}/{name}")).expect("it is there");
        let path = self.0.0.join(name);
        fs::write(&path, text.replace("/usr/share/auditbox", COMPLETION)).expect("it is written");
        path.to_str().expect("a path").to_owned()
    }
}

#[test]
fn every_option_of_a_help_text_is_offered() {
    let shell = Shell::new("completing-options");
    let list = shell.run("auditbox", &["--list"]).expect("it runs");
    let (mut applets, mut options) = (0, 0);
    for command in list.lines() {
        let offered = shell.after(command, &[]);
        let usage = shell.run(command, &["--help"]).expect("it runs");
        for line in usage.lines().map(str::trim).filter(|line| line.starts_with('-')) {
            for option in line.split(['\t', ' ', '=', ',']).take_while(|word| word.is_empty() || word.starts_with('-'))
            {
                assert!(option.is_empty() || offered.iter().any(|word| word == option), "{command}: {option}");
                options += 1;
            }
        }
        assert!(
            offered.iter().all(|word| word.starts_with('-') || command == "ausyscall" || command == "audisp-filter")
                && offered
                    .iter()
                    .all(|word| usage.contains(word.as_str()) || word == "--help" || !word.starts_with('-')),
            "{command}: {offered:?}"
        );
        applets += 1;
    }
    assert!(applets > 13 && options > 150, "{applets} applets with {options} options");
    assert_eq!(shell.after("aulastlog", &[]), ["--stdin", "-u", "--user", "--help"]);
}

#[test]
fn auditbox_takes_its_own_words_a_command_and_that_commands_words() {
    let shell = Shell::new("completing-auditbox");
    let list = shell.run("auditbox", &["--list"]).expect("it runs");
    let own = ["--list", "--install", "--hard", "--version", "--help"];
    let all: Vec<&str> = ["doctor"].into_iter().chain(list.lines()).chain(own).collect();
    assert_eq!(shell.after("auditbox", &[]), all);
    assert_eq!(shell.after("auditbox", &["doctor"]), ["--format", "--root", "--machine", "--help"]);
    assert_eq!(shell.after("auditbox", &["--install"]), ["/"], "a directory follows");
    assert_eq!(shell.after("auditbox", &["doctor", "--root"]), ["/"]);
    assert_eq!(shell.after("auditbox", &["doctor", "--format"]), ["text", "json"]);
    assert!(shell.after("auditbox", &["doctor", "--machine"]).iter().any(|machine| machine == "aarch64"));
    for words in [&[][..], &["-m"], &["-m", "LOGIN", "--format"]] {
        assert_eq!(
            shell.after("auditbox", &[&["ausearch"], words].concat()),
            shell.after("ausearch", words),
            "{words:?}"
        );
    }
    let program = shell.0.file("other", "#!/bin/sh\n: >\"$0.ran\"\n");
    fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("it is ours");
    shell.after("auditbox", &["other", "-x"]);
    assert!(!Path::new(&format!("{program}.ran")).exists(), "what is no applet is not run");
}

#[test]
fn what_an_option_takes_is_offered_after_it() {
    let shell = Shell::new("completing-values");
    let offers = |command: &str, previous: &str, word: &str| {
        let offered = shell.after(command, &[previous]);
        assert!(offered.iter().any(|offer| offer == word), "{command} {previous}: no {word} in {offered:?}");
    };
    offers("ausearch", "-m", "USER_LOGIN");
    offers("ausearch", "--syscall", "openat");
    offers("ausearch", "--loginuid", "root");
    offers("ausearch", "-ga", "root");
    offers("ausearch", "--format", "json");
    offers("ausearch", "-sv", "no");
    offers("ausearch", "--escape", "shell_quote");
    offers("audisp-json", "--view", "laurel");
    offers("audisp-json", "--type", "USER_LOGIN");
    offers("auditctl", "--format", "sarif");
    offers("auditctl", "--min-level", "warning");
    offers("aureport", "-ts", "yesterday");
    offers("auditctl", "-S", "execve");
    offers("auditctl", "--machine", "aarch64");
    offers("auditctl", "-a", "always,exit");
    offers("auditctl", "-a", "always,io_uring");
    // A file follows, or another option.
    offers("auditctl", "--check", "--format");
    offers("auditd", "-s", "nochange");
    offers("augenrules", "--machine", "riscv64");
    offers("aulast", "--user", "root");
    let words = shell.after("ausyscall", &[]);
    assert!(["openat", "aarch64"].iter().all(|word| words.iter().any(|offer| offer == word)));
    // Another one of a list, and the value of a rule's field.
    let has = |command: &str, words: &[&str], word: &str| {
        let offered = shell.after(command, words);
        assert!(offered.iter().any(|offer| offer == word), "{command} {words:?}: no {word} in {offered:?}");
    };
    has("ausearch", &["-m", "USER_LOGIN,USER_AUTH,"], "USER_LOGIN,USER_AUTH,LOGIN");
    has("auditctl", &["-S", "open,"], "open,close");
    has("auditctl", &["-a", "always,"], "always,exit");
    has("auditctl", &["-F", "arch", "="], "b32");
    has("auditctl", &["-F", "auid!", "="], "unset");
    has("auditctl", &["-F", "gid", "="], "root");
    has("auditctl", &["-F", "msgtype", "="], "LOGIN");
    has("auditctl", &["-F", "fstype", "="], "debugfs");
    has("auditctl", &["-F", "saddr_fam", "="], "10");
    has("auditctl", &["-F", "perm", "="], "wa");
    has("auditctl", &["-p"], "wa");
    for field in ["path", "dir", "exe"] {
        assert_eq!(shell.after("auditctl", &["-F", field, "="]), Vec::<String>::new(), "a file follows {field}");
    }
    // A number, or a text of one's own: no file.
    for (command, words) in [
        ("auditd", &["--ready-fd"][..]),
        ("auditctl", &["-m"]),
        ("auditctl", &["-b"]),
        ("auditctl", &["-F", "pid", "="]),
        ("ausearch", &["--session"]),
        ("audisp-json", &["--max-size"]),
        ("aureport", &["--node"]),
    ] {
        assert_eq!(shell.after(command, words), ["."], "{command} {words:?}");
    }
    // Only some commands take a value in the same word.
    assert_eq!(shell.after("auditd", &["--enable_state", "="]), ["disable", "enable", "nochange"]);
    assert_eq!(shell.after("ausearch", &["--format", "="]), Vec::<String>::new());
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/man/auditctl.8")).expect("the page");
    let (_, signals) = page.split_once(".It Fl -signal").expect("the option");
    for signal in shell.after("auditctl", &["--signal"]) {
        assert!(signals.split_whitespace().any(|word| word == signal), "{signal}");
    }
    for (command, previous) in [("ausearch", "-if"), ("auditctl", "-R"), ("auditctl", "-w"), ("audisp-json", "--file")]
    {
        assert_eq!(shell.after(command, &[previous]), Vec::<String>::new(), "{command} {previous}");
    }
}

#[test]
fn every_field_of_a_rule_is_offered() {
    let shell = Shell::new("completing-fields");
    let mut fields: Vec<String> = auditbox::tables::rule::FIELDS.iter().map(|row| format!("{}=", row.1)).collect();
    fields.sort();
    assert_eq!(shell.after("auditctl", &["-F"]), fields);
}

#[test]
fn every_pair_of_fields_that_is_offered_can_be_compared() {
    let shell = Shell::new("completing-pairs");
    let firsts = shell.after("auditctl", &["-C"]);
    assert_eq!(firsts.len(), 11, "{firsts:?}");
    for first in &firsts {
        let seconds = shell.after("auditctl", &["-C", first.trim_end_matches('='), "="]);
        assert!(seconds.len() >= 4, "{first} {seconds:?}");
        for second in seconds {
            let rule = ["--dry-run", "-a", "always,exit", "-C", &format!("{first}{second}")];
            assert!(shell.run("auditctl", &rule).is_some_and(|sent| !sent.is_empty()), "{rule:?}");
        }
    }
}

#[test]
fn keys_are_those_of_the_rules_on_the_machine() {
    let shell = Shell::new("completing-keys");
    let (rules, complete) = (shell.0.0.join("audit/rules.d"), shell.0.0.join("complete"));
    fs::create_dir_all(&rules).expect("a directory");
    fs::write(
        rules.join("a.rules"),
        "-w /etc/passwd -p wa -k identity\n# -k none\n-a always,exit -S all -F key=all -F uid=0\n",
    )
    .expect("rules");
    let text = fs::read_to_string(format!("{COMPLETION}/complete")).expect("it is there");
    fs::write(&complete, text.replace("/etc/audit/", &format!("{}/", shell.0.0.join("audit").display())))
        .expect("written");
    let complete = complete.to_str().expect("a path");
    assert_eq!(shell.run("sh", &[complete, "ausearch", "-k"]).as_deref(), Some("all\nidentity\n"));
    assert_eq!(shell.run("sh", &[complete, "auditctl", "-k"]).as_deref(), Some("all\nidentity\n"));
    assert_eq!(shell.run("sh", &[complete, "auditctl", "-F", "key", "="]).as_deref(), Some("all\nidentity\n"));
}

#[test]
fn bash_completes() {
    let shell = Shell::new("completing-bash");
    let file = shell.file("auditbox.bash");
    let complete = |words: &str, last: usize| {
        let script = format!(
            "compopt() {{ echo \"$@\"; }}; . {file}; COMP_WORDS=({words}); COMP_CWORD={last}; _auditbox ausearch; echo \"${{COMPREPLY[@]}}\""
        );
        shell.run("bash", &["-c", &script]).expect("bash runs")
    };
    assert_eq!(complete("ausearch --logi", 1), "--loginuid\n");
    // Beside words that are all that can follow there are no files.
    let closed = |words: &str, last: usize, offered: &str| {
        assert_eq!(complete(words, last), format!("+o default\n{offered}\n"));
    };
    closed("ausearch -m USER_LOG", 2, "USER_LOGIN USER_LOGOUT");
    closed("ausearch -m LOGIN,USER_LOGI", 2, "LOGIN,USER_LOGIN");
    closed("auditctl -a always,ex", 2, "always,exit always,exclude");
    closed("auditctl -F arch = b6", 4, "b64");
    closed("auditd --enable_state = no", 3, "nochange");
    closed("auditd --enable_state =", 2, "disable enable nochange");
    closed("ausearch --format x", 2, "");
    closed("auditctl -C auid = ob", 4, "obj_uid");
    closed("auditd --ready-fd ''", 2, "");
    assert_eq!(complete("ausearch -if x", 2), "\n");
    assert_eq!(complete("auditctl --check x", 2), "\n");
    assert_eq!(complete("auditbox --install ''", 2), "+o default -o dirnames\n\n");
    let registered =
        shell.run("bash", &["-c", &format!(". {file}; complete -p auditctl audisp-json")]).expect("bash runs");
    assert_eq!(registered.matches("-F _auditbox").count(), 2, "{registered}");
}

#[test]
fn bash_runs_nothing_of_what_it_offers() {
    let shell = Shell::new("completing-hostile");
    let planted = shell.0.0.join("planted");
    let run = format!("$(touch${{IFS}}{})", planted.display());
    let rules =
        format!("-w /etc/passwd -p wa -k {run}\n-w /etc/shadow -p wa -k `touch${{IFS}}{}`\n", planted.display());
    shell.0.file("audit/rules.d/$(touch planted).rules", rules);
    let text = fs::read_to_string(format!("{COMPLETION}/complete")).expect("it is there");
    shell.0.file("complete", text.replace("/etc/audit/", &format!("{}/", shell.0.0.join("audit").display())));
    let text = fs::read_to_string(format!("{COMPLETION}/auditbox.bash")).expect("it is there");
    let file = shell
        .0
        .file("bash", text.replace("/usr/share/auditbox/complete", &format!("sh {}/complete", shell.0.0.display())));
    let offers = |current: &str| {
        let script = format!(
            "cd {}; compopt() {{ :; }}; . {file}; COMP_WORDS=(ausearch -k {current}); COMP_CWORD=2; _auditbox ausearch; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            shell.0.0.display()
        );
        shell.run("bash", &["-c", &script]).expect("bash runs")
    };
    let offered = offers("''");
    assert_eq!(offered.lines().count(), 2, "{offered}");
    assert!(offered.contains("\\$\\(touch\\$\\{IFS\\}") && offered.contains("\\`touch"), "{offered}");
    assert_eq!(offers("'$(t'").lines().count(), 1, "what is typed is compared as it is");
    assert!(!planted.exists());
}

#[test]
fn fish_completes_where_it_is_installed() {
    let shell = Shell::new("completing-fish");
    let file = shell.file("auditbox.fish");
    let folder = &shell.0.0;
    shell.0.file("place/file", "x");
    std::fs::create_dir(folder.join("place/folder")).expect("a directory");
    let complete = |line: &str| -> Option<Vec<String>> {
        let script = format!("cd {}; source {file}; complete -C '{line}'", folder.join("place").display());
        let offered = shell.run("fish", &["-N", "-c", &script])?;
        Some(offered.lines().filter_map(|line| line.split('\t').next()).map(str::to_owned).collect())
    };
    for (line, words) in [
        ("ausearch --logi", &["--loginuid"][..]),
        ("ausearch -m USER_LOG", &["USER_LOGIN", "USER_LOGOUT"]),
        ("ausearch --success ", &["no", "yes"]),
        ("auditd --enable_state=no", &["--enable_state=nochange"]),
        ("ausearch -m LOGIN,USER_LOGI", &["LOGIN,USER_LOGIN"]),
        ("auditctl -F arch=b6", &["arch=b64"]),
        ("ausearch --format fil", &[]),
        ("auditctl -C auid=ob", &["auid=obj_uid"]),
        ("auditd --ready-fd fil", &[]),
        ("ausearch -if f", &["file", "folder/"]),
        ("auditctl --check f", &["file", "folder/"]),
        ("auditctl -F path=f", &["path=file", "path=folder/"]),
        ("auditbox --install f", &["folder/"]),
        ("auditd --config_file=f", &["--config_file=folder/"]),
    ] {
        let Some(offered) = complete(line) else { return };
        assert_eq!(offered, words, "{line}");
    }
}

#[test]
fn zsh_completes_where_it_is_installed() {
    let shell = Shell::new("completing-zsh");
    let directory = Path::new(&shell.file("_auditbox")).parent().expect("a directory").display().to_string();
    if shell.run("zsh", &["-c", "true"]).is_none() {
        return;
    }
    shell.0.file("alone", "x");
    shell.0.file("twin", "x");
    std::fs::create_dir(shell.0.0.join("twins")).expect("a directory");
    for (typed, completed) in [
        ("ausearch --logi\\t", "<--loginuid>"),
        ("auditctl -F arc\\tb64", "<-F arch=b64>"),
        ("auditctl -F arch=b6\\t", "<-F arch=b64>"),
        ("ausearch -m LOGIN,USER_LOGI\\t", "<-m LOGIN,USER_LOGIN>"),
        ("auditd --enable_state=no\\t", "<--enable_state=nochange>"),
        ("ausearch --format alo\\t", "<--format alo>"),
        ("auditctl -C auid=ob\\t", "<-C auid=obj_uid>"),
        ("auditd --ready-fd alo\\t", "<--ready-fd alo>"),
        ("ausearch -if alo\\t", "<-if alone>"),
        ("auditbox --install twi\\t", "<--install twins>"),
    ] {
        // A terminal of zsh's own: the completed line is run, and says what it has become. The terminal echoes what is typed, so
        // the word that is waited for is typed in two parts.
        let script = format!(
            "zmodload zsh/zpty; zpty z zsh -f -i
             zpty -w z 'fpath=({directory} $fpath); autoload -U compinit; compinit -u -D'
             zpty -w z 'cd {directory}; ausearch auditctl auditd auditbox() {{ print \"go\"\"t: <$*>\"; }}'
             zpty -w z $'{typed}'
             zpty -r -m z out '*got: <*>*'
             print -r -- ${{out##*got: }}"
        );
        // A line that is not completed would be waited for.
        let offered = shell.run("timeout", &["30", "zsh", "-f", "-c", &script]).expect("timeout runs");
        assert!(offered.starts_with(completed), "{typed}: {offered}");
    }
}
