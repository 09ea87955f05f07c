//! The file that says which clients may connect (auditd.conf(5) `tls_allowed_clients`).
//!
//! ```text
//! # identity  status    key, or notes
//! web-01      enabled   key=/etc/audit/tls/web-01.key
//! web-02      disabled  key=/etc/audit/tls/web-02.key
//! ```
//!
//! Either each line names a key file, or none does; then all share the key of `tls_psk_file`, and one may be enabled at most.

use super::{Psk, is_identity};
use std::sync::Arc;

/// Bytes of the longest line. COMPAT: buffer of the reference.
const MAX_LINE: usize = 510;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    identity: String,
    is_enabled: bool,
    key: Option<(String, Arc<Psk>)>,
}

/// The clients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acl {
    entries: Vec<Entry>,
}

/// What is known of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// It may connect, with its own key if it has one.
    Enabled(Option<&'a Arc<Psk>>),
    /// It may not.
    Disabled,
    /// It is not in the file.
    Unknown,
}

impl Acl {
    /// Reads the file, whose name is `file` in sentences. `load` reads a key file; its error is a sentence.
    ///
    /// # Errors
    /// A sentence that begins with the file, and the line where one is to blame.
    pub fn parse(text: &[u8], file: &str, load: &mut dyn FnMut(&str) -> Result<Psk, String>) -> Result<Acl, String> {
        let mut acl = Acl::default();
        for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let entry = if line.starts_with(b"#") { Ok(None) } else { acl.entry(line, load) };
            match entry {
                Ok(entry) => acl.entries.extend(entry),
                Err(reason) => return Err(format!("{file}:{number}: {reason}")),
            }
        }
        let keys = || acl.entries.iter().filter_map(|entry| entry.key.as_ref().map(|key| (&entry.identity, &key.1)));
        let (count, enabled) = (keys().count(), acl.enabled());
        if count > 0 && count < acl.entries.len() {
            return Err(format!(
                "{file}: {count} of {} clients have a key of their own; all must have one, or none",
                acl.entries.len()
            ));
        }
        if count == 0 && enabled > 1 {
            return Err(format!("{file}: {enabled} clients are enabled; without keys of their own one may be at most"));
        }
        let same = keys().enumerate().find_map(|(at, (identity, key))| {
            keys().take(at).find(|other| other.1 == key).map(|other| (other.0, identity))
        });
        match same {
            Some((one, other)) => Err(format!("{file}: {one} and {other} have the same key")),
            None => Ok(acl),
        }
    }

    /// One line; `None` for one that says nothing.
    fn entry(&self, line: &[u8], load: &mut dyn FnMut(&str) -> Result<Psk, String>) -> Result<Option<Entry>, String> {
        if line.len() > MAX_LINE {
            return Err(format!("the line is longer than {MAX_LINE} bytes"));
        }
        let mut words = line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
        let Some(name) = words.next() else { return Ok(None) };
        let shown = String::from_utf8_lossy(name).escape_default().to_string();
        let identity = str::from_utf8(name).ok().filter(|_| is_identity(name));
        let identity = identity
            .ok_or_else(|| format!("{shown} is no identity: 1 to 255 printable characters of ASCII without a space"))?;
        if self.entries.iter().any(|entry| entry.identity == identity) {
            return Err(format!("{identity} stands here twice"));
        }
        let is_enabled = match words.next() {
            Some(word) if word.eq_ignore_ascii_case(b"enabled") => true,
            Some(word) if word.eq_ignore_ascii_case(b"disabled") => false,
            _ => return Err(format!("{identity} must be followed by enabled or disabled")),
        };
        let path = words.next().and_then(|word| word.strip_prefix(b"key="));
        let Some(path) = path else {
            return Ok(Some(Entry { identity: identity.to_string(), is_enabled, key: None }));
        };
        let path = str::from_utf8(path).map_err(|_| "the path of the key is no UTF-8".to_string())?;
        if !path.starts_with('/') {
            return Err(["Absolute path needed for ", path].concat());
        }
        if words.next().is_some() {
            return Err("nothing may follow the path of the key".to_string());
        }
        if self.entries.iter().any(|entry| entry.key.as_ref().is_some_and(|key| key.0 == path)) {
            return Err(format!("{path} is the key of another client too"));
        }
        let key = Some((path.to_string(), Arc::new(load(path)?)));
        Ok(Some(Entry { identity: identity.to_string(), is_enabled, key }))
    }

    /// How many may connect.
    pub fn enabled(&self) -> usize {
        self.entries.iter().filter(|entry| entry.is_enabled).count()
    }

    /// Whether each client has a key of its own.
    pub fn has_keys(&self) -> bool {
        self.entries.iter().any(|entry| entry.key.is_some())
    }

    /// Looks an identity up.
    pub fn standing(&self, identity: &[u8]) -> Standing<'_> {
        match self.entries.iter().find(|entry| entry.identity.as_bytes() == identity) {
            Some(entry) if entry.is_enabled => Standing::Enabled(entry.key.as_ref().map(|key| &key.1)),
            Some(_) => Standing::Disabled,
            None => Standing::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each path is its own key, but what ends with `same`.
    fn load(path: &str) -> Result<Psk, String> {
        match path {
            "/missing" => Err("cannot open /missing (No such file or directory)".to_string()),
            _ => Ok(Psk::parse(format!("{:0>64}", path.len()).as_bytes()).unwrap()),
        }
    }

    fn read(text: &str) -> Result<Acl, String> {
        Acl::parse(text.as_bytes(), "clients", &mut load)
    }

    #[test]
    fn clients_have_keys_of_their_own_or_share_one() {
        let acl =
            read("# clients\n\nweb-01 enabled key=/a\n\tweb-02\tDisabled  key=/bb\r\ndb ENABLED key=/ccc").unwrap();
        assert_eq!((acl.enabled(), acl.has_keys()), (2, true));
        assert_eq!(acl.standing(b"web-01"), Standing::Enabled(Some(&Arc::new(load("/a").unwrap()))));
        assert_eq!(acl.standing(b"web-02"), Standing::Disabled);
        for name in [&b"web-0"[..], b"web-011", b"WEB-01", b""] {
            assert_eq!(acl.standing(name), Standing::Unknown);
        }
        let acl = read("web-01 enabled the first one\nweb-02 disabled nothing, a note\n").unwrap();
        assert_eq!((acl.enabled(), acl.has_keys()), (1, false));
        assert_eq!(acl.standing(b"web-01"), Standing::Enabled(None));
        assert_eq!(read("").unwrap().enabled(), 0);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_line() {
        let long = format!("{:a>256} enabled", "");
        let longer = format!("a enabled {:b>510}", "");
        for (text, expected) in [
            ("a enabled\nb", "clients:2: b must be followed by enabled or disabled"),
            ("a on", "clients:1: a must be followed by enabled or disabled"),
            (
                "\u{e4} enabled",
                "clients:1: \\u{e4} is no identity: 1 to 255 printable characters of ASCII without a space",
            ),
            (
                "a\x01 enabled",
                "clients:1: a\\u{1} is no identity: 1 to 255 printable characters of ASCII without a space",
            ),
            (
                &long,
                &format!(
                    "clients:1: {:a>256} is no identity: 1 to 255 printable characters of ASCII without a space",
                    ""
                ),
            ),
            (&longer, "clients:1: the line is longer than 510 bytes"),
            ("a enabled\na disabled", "clients:2: a stands here twice"),
            ("a enabled key=/a\nb enabled key=/a", "clients:2: /a is the key of another client too"),
            ("a enabled key=web.key", "clients:1: Absolute path needed for web.key"),
            ("a enabled key=/a note", "clients:1: nothing may follow the path of the key"),
            ("a enabled key=/missing", "clients:1: cannot open /missing (No such file or directory)"),
            (
                "a enabled key=/a\nb disabled",
                "clients: 1 of 2 clients have a key of their own; all must have one, or none",
            ),
            ("a enabled\nb enabled", "clients: 2 clients are enabled; without keys of their own one may be at most"),
            ("a enabled key=/a\nb disabled key=/b", "clients: a and b have the same key"),
        ] {
            assert_eq!(read(text), Err(expected.to_string()), "{text}");
        }
    }
}
