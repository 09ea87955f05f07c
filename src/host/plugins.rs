//! The plugins of this machine: the files of `plugin_dir`, and the programs they name, checked.

use super::config_file::{self, GroupWriters, OpenPolicy};
use crate::config::plugin::{self, Plugin};
use crate::config::{self, Diagnostic, Level};
use crate::sys::{error_reason, files};
use crate::text::escape::lossy;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The active plugins, and which files could not be taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginSet {
    /// Names (of the files, without `.conf`) and what the files say, sorted by name.
    pub plugins: Vec<(String, Plugin)>,
    /// The files that were skipped, sorted, and what is wrong with each: a sentence.
    pub skipped: Vec<(String, String)>,
}

/// Reads the plugins' files. What is wrong with one is a note, and the others are read. A missing directory has none.
pub fn load_plugins(directory: &Path, diagnostics: &mut Vec<Diagnostic>) -> PluginSet {
    let mut set = PluginSet::default();
    let mut names: Vec<_> = match files::read_dir(directory) {
        Ok(entries) => entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect(),
        Err(_) => Vec::new(),
    };
    names.retain(|name| plugin::is_file_name(name));
    names.sort_unstable();
    for file in names {
        match load(&directory.join(&file), diagnostics) {
            Ok(plugin) if plugin.active => {
                set.plugins.push((file.strip_suffix(".conf").unwrap_or(&file).to_string(), plugin));
            }
            Ok(_) => {}
            Err(text) => {
                let file = lossy(file.as_bytes());
                let skipping = format!("Skipping {file} plugin due to errors");
                let error = |text| Diagnostic { level: Level::Error, text };
                diagnostics.extend([text.clone(), skipping].map(error));
                set.skipped.push((file, text));
            }
        }
    }
    set
}

/// Reads one file, and checks the program of an active plugin. The error is a sentence.
fn load(path: &Path, diagnostics: &mut Vec<Diagnostic>) -> Result<Plugin, String> {
    let name = lossy(path.as_os_str().as_bytes());
    let policy = OpenPolicy { follow_links: true, group_writers: GroupWriters::None, called: "" };
    let text = config_file::read(path, policy, diagnostics)?.unwrap_or_default();
    let mut plugin = plugin::parse(&text, &name, diagnostics).map_err(|error| {
        diagnostics.push(Diagnostic { level: Level::Error, text: error.place(&name) });
        error.to_string()
    })?;
    if plugin.active {
        plugin.find_program(|path| files::metadata(path).is_ok());
        check_program(&plugin.path)
            .map_err(|why| format!("{why} - line {} of {name}", config::line_of(&text, "path")))?;
    }
    Ok(plugin)
}

/// Whoever can write to a program that root runs is root.
fn check_program(path: &str) -> Result<(), String> {
    let facts = files::metadata(path).map_err(|e| format!("Unable to stat {path} ({})", error_reason(&e)))?;
    let fault = match facts.mode() {
        _ if !facts.is_file() => "is not a regular file",
        _ if facts.uid() != 0 => "is not owned by root",
        mode if mode & 0o022 != 0 => "is group or world writable",
        mode if mode & 0o550 != 0o550 => "permissions should be at least 0550",
        _ => return Ok(()),
    };
    Err(format!("Error - {path} {fault}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    #[ignore = "needs root"]
    fn sound_files_are_taken_and_what_is_wrong_with_others_is_said() {
        let directory = crate::testing::path("plugins");
        files::create_dir_all(&directory).unwrap();
        let put = |name: &str, text: &str, mode: u32| {
            files::write(directory.join(name), text).unwrap();
            files::set_permissions(directory.join(name), files::Permissions::from_mode(mode)).unwrap();
        };
        let program = directory.join("program");
        put("program.txt", "", 0o755);
        files::rename(directory.join("program.txt"), &program).unwrap();
        let active = format!("active = yes\npath = {}\n", program.display());
        put("b.conf", &active, 0o640);
        put("a", &active, 0o600);
        put("open.conf", &active, 0o660);
        put("idle.conf", "path = /nonexistent/program\n", 0o600);
        put("gone.conf", "active = yes\npath = /nonexistent/program\n", 0o600);
        put(".hidden.conf", &active, 0o600);
        put("two\nlines.conf", "args =\n", 0o600);
        let mut diagnostics = Vec::new();
        let set = load_plugins(&directory, &mut diagnostics);
        let names: Vec<_> = set.plugins.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        let gone = directory.join("gone.conf");
        let gone =
            format!("Unable to stat /nonexistent/program (No such file or directory) - line 2 of {}", gone.display());
        let open = format!("Error - {} is group writable", directory.join("open.conf").display());
        assert!(diagnostics.iter().any(|note| note.text == gone));
        let lines = directory.join("two\\u{a}lines.conf");
        let lines = format!("Not processing any more lines in {}", lines.display());
        let skipped = [("gone.conf", gone), ("open.conf", open), ("two\\u{a}lines.conf", lines)];
        assert_eq!(set.skipped, skipped.map(|(file, why)| (file.to_string(), why)));
        assert!(diagnostics.iter().all(|note| !note.text.contains('\n')));
        files::remove_dir_all(&directory).unwrap();
        assert_eq!(load_plugins(&directory, &mut diagnostics), PluginSet::default());
    }
}
