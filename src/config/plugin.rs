//! The file of one plugin in `plugin_dir`: auditd-plugins(5).

use super::slot::word_enum;
use super::{ConfigError, Diagnostic, Key, Level, Slot, libaudit::Nowhere, row};

word_enum! {
    /// In what form a plugin gets its records.
    Format {
        /// One line a record.
        Text = "string",
        /// A binary header and the payload.
        Binary = "binary",
    }
}

word_enum! {
    /// What a plugin gets when it cannot have all.
    Unit {
        /// Records, each by itself.
        Records = "records",
        /// Events: all records of one, in order and without others between them, or none.
        Whole = "whole",
    }
}

word_enum! {
    /// How a plugin is run. There is one way; `builtin` is of old times.
    Kind {
        /// As a program.
        Always = "always",
        /// COMPAT: the same.
        Builtin = "builtin",
    }
}

/// What a plugin's file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugin {
    /// Whether it is run.
    pub active: bool,
    /// The program; empty when there is none.
    pub path: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// How records are handed to it.
    pub format: Format,
    /// What is handed to it.
    pub events: Unit,
    /// How it is run.
    pub kind: Kind,
}

impl Default for Plugin {
    fn default() -> Plugin {
        Plugin {
            active: false,
            path: String::new(),
            args: Vec::new(),
            format: Format::Text,
            events: Unit::Records,
            kind: Kind::Always,
        }
    }
}

/// Takes the place of the socket plugin that was part of the daemon in old times.
const AF_UNIX: &str = "/sbin/audisp-af_unix";

/// COMPAT: a shorter directory is refused.
const SHORTEST_DIRECTORY: usize = 4;

const KEYS: &[Key<Plugin>] = &[
    row("active", |p| Slot::YesNo(&mut p.active)),
    row("direction", |_| Slot::Ignored),
    row("path", |p| Slot::Word(&mut p.path)),
    row("type", |p| Slot::Choice(&mut p.kind)),
    row("args", |p| Slot::Words(&mut p.args)),
    row("format", |p| Slot::Choice(&mut p.format)),
    row("events", |p| Slot::Choice(&mut p.events)),
];

/// Reads a plugin's file, whose name is `file` in sentences.
pub fn parse(text: &[u8], file: &str, diagnostics: &mut Vec<Diagnostic>) -> Result<Plugin, ConfigError> {
    let mut plugin = Plugin::default();
    // A program without the words that were meant for it does something else, so no line is too long.
    super::read(text, file, usize::MAX, KEYS, &mut plugin, &Nowhere, diagnostics)?;
    let line = super::line_of(text, "path");
    let mut warn = |text| diagnostics.push(Diagnostic { level: Level::Warning, text });
    if plugin.kind == Kind::Builtin {
        warn(format!("Option builtin line {} is obsolete - update it", super::line_of(text, "type")));
    }
    let fail = |text| ConfigError { line, key: "path".to_string(), text };
    if plugin.path.starts_with("builtin_") {
        warn(format!("Option {} line {line} is obsolete - update it", plugin.path));
        plugin.path = AF_UNIX.to_string();
    } else if !plugin.path.is_empty() {
        let Some((directory, _)) = plugin.path.rsplit_once('/').filter(|_| plugin.path.starts_with('/')) else {
            return Err(fail(format!("The path must be absolute: {} - line {line}", plugin.path)));
        };
        if directory.len() < SHORTEST_DIRECTORY {
            return Err(fail(format!("The directory name: {directory} is too short - line {line}")));
        }
    } else if plugin.active {
        return Err(fail("Active plugins must have a path".to_string()));
    }
    Ok(plugin)
}

impl Plugin {
    /// Takes the program from `/usr/sbin` where the file says `/sbin` and only there one `is_there`. The files of the audit package say so,
    /// and outlive it; where `/sbin` is a directory of its own, ours are not in it.
    pub fn find_program(&mut self, is_there: impl Fn(&str) -> bool) {
        let other = ["/usr", &self.path].concat();
        if self.path.starts_with("/sbin/") && !is_there(&self.path) && is_there(&other) {
            self.path = other;
        }
    }
}

/// Whether a file in `plugin_dir` is a plugin's: no hidden one, no suffix but `.conf`, and not more than one dot.
pub fn is_file_name(name: &str) -> bool {
    match name.split_once('.') {
        None => true,
        Some((stem, suffix)) => !stem.is_empty() && suffix == "conf",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Plugin, Vec<String>), String> {
        let mut diagnostics = Vec::new();
        let plugin = parse(text.as_bytes(), "p.conf", &mut diagnostics).map_err(|error| error.to_string())?;
        Ok((plugin, diagnostics.into_iter().map(|note| note.text).collect()))
    }

    #[test]
    fn a_file_of_the_audit_package_is_taken_as_it_is() {
        let text = "# This file controls a plugin.\n\nactive = yes\ndirection = out\npath = /sbin/audisp-syslog\n\
                    type = always \nargs = LOG_INFO LOG_LOCAL1\tx interpret\nformat = string\n";
        let plugin = Plugin {
            active: true,
            path: "/sbin/audisp-syslog".to_string(),
            args: ["LOG_INFO", "LOG_LOCAL1\tx", "interpret"].map(str::to_string).into(),
            ..Plugin::default()
        };
        assert_eq!(read(text), Ok((plugin, Vec::new())));
    }

    #[test]
    fn a_program_that_is_not_in_sbin_is_looked_for_in_usr_sbin() {
        for (path, there, found) in [
            ("/sbin/x", &["/sbin/x", "/usr/sbin/x"][..], "/sbin/x"),
            ("/sbin/x", &["/usr/sbin/x"], "/usr/sbin/x"),
            ("/sbin/x", &[], "/sbin/x"),
            ("/opt/sbin/x", &["/usr/opt/sbin/x"], "/opt/sbin/x"),
        ] {
            let mut plugin = Plugin { path: path.to_string(), ..Plugin::default() };
            plugin.find_program(|path| there.contains(&path));
            assert_eq!(plugin.path, found);
        }
    }

    #[test]
    fn words_are_taken_in_any_case_and_the_last_line_counts_even_without_a_newline() {
        let (plugin, _) = read("FORMAT = Binary\nargs = a\nargs = b c\nevents = whole\nactive = No").unwrap();
        assert_eq!((plugin.format, plugin.events, plugin.active), (Format::Binary, Unit::Whole, false));
        assert_eq!(plugin.args, ["b", "c"]);
    }

    #[test]
    fn a_line_of_any_length_is_taken_whole() {
        let (plugin, diagnostics) =
            read(&format!("path = /opt/x/y\nargs = --key{} last\n", " word".repeat(200))).unwrap();
        assert_eq!((plugin.args.len(), plugin.args.last().unwrap().as_str()), (202, "last"));
        assert_eq!(diagnostics, Vec::<String>::new());
    }

    #[test]
    fn what_was_part_of_the_daemon_once_becomes_a_program_with_a_warning() {
        let (plugin, diagnostics) = read("active = yes\npath = builtin_af_unix\ntype = builtin\n").unwrap();
        assert_eq!(plugin.path, "/sbin/audisp-af_unix");
        let expected =
            ["Option builtin line 3 is obsolete - update it", "Option builtin_af_unix line 2 is obsolete - update it"];
        assert_eq!(diagnostics, expected);
    }

    #[test]
    fn what_is_wrong_is_refused_with_its_line() {
        let refused = |text: &str| read(text).unwrap_err();
        assert_eq!(refused("active = maybe\n"), "Option maybe not found - line 1");
        assert_eq!(refused("\nformat = json\n"), "Option json not found - line 2");
        assert_eq!(refused("path = /a\n"), "The directory name:  is too short - line 1");
        assert_eq!(refused("path = sbin/a\n"), "The path must be absolute: sbin/a - line 1");
        assert_eq!(refused("active = yes\n"), "Active plugins must have a path");
        assert_eq!(refused("nosuch = 1\n"), "Unknown keyword \"nosuch\" in line 1 of p.conf");
        assert_eq!(refused("args =\n"), "Not processing any more lines in p.conf");
        assert_eq!(
            refused("active = yes please\n"),
            "Keyword \"active\" has invalid option \"please\" in line 1 of p.conf"
        );
    }

    #[test]
    fn only_some_names_are_those_of_plugins() {
        for name in ["syslog.conf", "syslog", "a-b.conf"] {
            assert!(is_file_name(name), "{name}");
        }
        for name in [".conf", ".x.conf", "a.b.conf", "a.conf~", "a.conf.rpmnew", "a.txt", "a."] {
            assert!(!is_file_name(name), "{name}");
        }
    }
}
