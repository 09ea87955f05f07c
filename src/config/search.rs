//! What the commands that read the log take from auditd.conf(5): where it is, and when an event without end is complete.
//!
//! They do so from a file that the daemon would refuse as well, whatever else is wrong in it.

use super::auditd::Config;
use super::{Diagnostic, Level, misread_lines, readable_lines, slot};

/// What the commands that read the log take from auditd.conf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchConfig {
    /// Path of the log.
    pub log_file: String,
    /// Seconds after which an event without end is complete.
    pub end_of_event_timeout: u64,
}

impl Default for SearchConfig {
    fn default() -> SearchConfig {
        let Config { log_file, end_of_event_timeout, .. } = Config::default();
        SearchConfig { log_file, end_of_event_timeout }
    }
}

/// Reads of an auditd.conf what a search needs, wherever it stands. All other lines are the daemon's affair and are
/// passed over, wrong ones too. A value that is of no use is noted, and the one before it counts.
pub fn parse(text: &[u8], diagnostics: &mut Vec<Diagnostic>) -> SearchConfig {
    let mut config = SearchConfig::default();
    for (line, words) in readable_lines(text) {
        let mut read = || match () {
            () if words.key.eq_ignore_ascii_case("log_file") && words.value != "-" => {
                slot::log_directory(words.value, line)?;
                config.log_file = words.value.to_string();
                Ok(())
            }
            () if words.key.eq_ignore_ascii_case("end_of_event_timeout") => {
                let most = u64::from(u32::MAX);
                config.end_of_event_timeout = slot::number(words.value, line, 0, most, None)?;
                Ok(())
            }
            () => Ok(()),
        };
        let result: Result<(), String> = read();
        diagnostics.extend(result.err().map(|text| Diagnostic { level: Level::Error, text }));
    }
    config
}

/// Notes the lines of an auditd.conf, called `file`, that are meant to name the log and cannot be read: the log of `config` is
/// searched all the same.
pub fn note_misread_logs(text: &[u8], file: &str, config: &SearchConfig, diagnostics: &mut Vec<Diagnostic>) {
    let built_in = if config.log_file == SearchConfig::default().log_file { "built-in " } else { "" };
    for (line, why) in misread_lines(text, "log_file") {
        let log = &config.log_file;
        let text = format!("{why} for line {line} in {file} (key log_file)\nNOTE - using {built_in}logs: {log}");
        diagnostics.push(Diagnostic { level: Level::Error, text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_takes_its_two_keys_from_a_file_that_the_daemon_refuses() {
        let search = |text: &str| {
            let mut diagnostics = Vec::new();
            let SearchConfig { log_file, end_of_event_timeout } = parse(text.as_bytes(), &mut diagnostics);
            (log_file, end_of_event_timeout, diagnostics.into_iter().map(|note| note.text).collect::<Vec<_>>())
        };
        for wrong in
            ["freq = x", "bogus", "tcp_listen_port = 60", "max_log_file = 512  # MB", "\u{e9} = 1", "a = b c d"]
        {
            let text = format!("{wrong}\nLog_File = /logs/a.log\n{wrong}\nend_of_event_timeout = 9\n{wrong}");
            assert_eq!(search(&text), ("/logs/a.log".to_string(), 9, vec![]), "{wrong}");
        }
        assert_eq!(search("log_file = /logs/a.log\r\nfreq = 5\r\n").0, "/logs/a.log");
        assert_eq!(search("#log_file = /logs/a.log\nlog_file = -\n").0, "/var/log/audit/audit.log");
        let (log, timeout, diagnostics) = search("log_file = /a/x\nend_of_event_timeout = soon\n");
        assert_eq!((log.as_str(), timeout), ("/var/log/audit/audit.log", 2));
        assert_eq!(
            diagnostics,
            ["The directory name: /a is too short - line 1", "Value soon should only be numbers - line 2"]
        );
    }

    #[test]
    fn a_search_says_which_line_for_the_log_it_cannot_read() {
        let notes = |text: &str| {
            let mut diagnostics = Vec::new();
            let config = parse(text.as_bytes(), &mut diagnostics);
            note_misread_logs(text.as_bytes(), "a.conf", &config, &mut diagnostics);
            diagnostics.into_iter().map(|note| note.text).collect::<Vec<_>>()
        };
        for (line, why) in [
            ("log_file=/logs/a.log", "Wrong number of arguments"),
            ("\tlog_file\t=\t/logs/a.log", "Wrong number of arguments"),
            ("\u{feff}log_file = /logs/a.log", "Unknown keyword"),
            ("log_file =\u{a0}/logs/a.log", "Missing equal sign"),
            ("LOG_FILE /logs/a.log", "Missing equal sign"),
            ("log_file =", "Wrong number of arguments"),
        ] {
            let said = format!(
                "{why} for line 2 in a.conf (key log_file)\nNOTE - using built-in logs: /var/log/audit/audit.log"
            );
            assert_eq!(notes(&format!("freq = 1\n{line}\n")), [said], "{line}");
        }
        assert!(notes("log_file /x\nlog_file = /logs/a.log")[0].ends_with("NOTE - using logs: /logs/a.log"));
        assert!(notes("# log_file=/x\n#log_file=/x\nlog_files=/x\n  log_file = /logs/a.log").is_empty());
    }
}
