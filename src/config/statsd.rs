//! /etc/audit/audisp-statsd.conf: where audisp-statsd(8) sends its counts, and how often.

use super::{ConfigError, Diagnostic, Key, Slot, libaudit::Nowhere, number, row};

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statsd {
    /// Name or address of the host.
    pub address: String,
    /// Its UDP port.
    pub port: u64,
    /// Seconds from one datagram to the next.
    pub interval: u64,
}

const KEYS: &[Key<Statsd>] = &[
    row("address", |s| Slot::Word(&mut s.address)),
    row("port", |s| number(&mut s.port, 1, 65535)),
    row("interval", |s| Slot::Seconds(&mut s.interval, 1, u32::MAX as u64)),
];

/// Reads the file, whose name is `file` in sentences. All of its keys must be there.
pub fn parse(text: &[u8], file: &str, diagnostics: &mut Vec<Diagnostic>) -> Result<Statsd, ConfigError> {
    let mut statsd = Statsd::default();
    super::read(text, file, super::MAX_LINE, KEYS, &mut statsd, &Nowhere, diagnostics)?;
    if statsd.address.is_empty() || statsd.port == 0 || statsd.interval == 0 {
        return Err(ConfigError { line: 0, key: String::new(), text: "Not all config options specified".to_string() });
    }
    Ok(statsd)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Statsd, String> {
        parse(text.as_bytes(), "s.conf", &mut Vec::new()).map_err(|error| error.to_string())
    }

    #[test]
    fn all_three_keys_are_needed() {
        let statsd = Statsd { address: "localhost".to_string(), port: 8125, interval: 900 };
        assert_eq!(read("# where\naddress = localhost\nport = 8125\ninterval = 15m\n"), Ok(statsd));
        let missing = Err("Not all config options specified".to_string());
        assert_eq!(read("address = localhost\nport = 8125\n"), missing);
        assert_eq!(read("port = 8125\ninterval = 15\n"), missing);
        assert!(
            read("address = localhost\nport = 8125\ninterval = 0s\n")
                .unwrap_err()
                .contains("interval (0s) is too small - line 3")
        );
        assert!(read("address = localhost\nport = 65536\ninterval = 1\n").unwrap_err().contains("too large"));
        assert!(read("host = localhost\n").unwrap_err().contains("Unknown keyword \"host\" in line 1 of s.conf"));
    }
}
