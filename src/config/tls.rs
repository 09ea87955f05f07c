//! How connections between machines are protected: the keys that auditd.conf(5) and audisp-remote.conf(5) have in common.

use super::slot::word_enum;
use super::{Diagnostic, Level};
#[cfg(feature = "tls")]
use crate::tls::{Suite, is_identity};

word_enum! {
    /// How a connection is protected.
    Transport {
        /// Not at all.
        Tcp = "tcp",
        /// By TLS, which only programs with the cargo feature `tls` have.
        Tls = "tls",
        /// By Kerberos, which this program does not have.
        Krb5 = "krb5",
    }
}

#[cfg(feature = "tls")]
word_enum! {
    /// How the two ends know each other.
    TlsAuth {
        /// By a key that both have.
        Psk = "psk",
    }
}

#[cfg(feature = "tls")]
word_enum! {
    /// Which ways there are to agree on keys.
    TlsProfile {
        /// X25519 at least.
        Compatible = "compatible",
        /// Those of the system; here the same.
        System = "system",
        /// None that a quantum computer breaks; this program has none of that kind.
        Pqc = "pqc",
    }
}

/// What the keys `tls_*` say.
#[cfg(feature = "tls")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsKeys {
    /// How the two ends know each other.
    pub auth: TlsAuth,
    /// Which ways there are to agree on keys.
    pub profile: TlsProfile,
    /// COMPAT: another way to say `tls_crypto_profile = pqc`.
    pub require_pqc: bool,
    /// The file of the key; empty when there is none.
    pub psk_file: String,
    /// The name of the key; empty when there is none.
    pub psk_identity: String,
    /// Names of cipher suites with colons between them; empty for all.
    pub cipher_suites: String,
    /// Names of groups with colons between them; empty for those of the profile.
    pub key_exchange: String,
}

#[cfg(feature = "tls")]
impl Default for TlsKeys {
    fn default() -> TlsKeys {
        TlsKeys {
            auth: TlsAuth::Psk,
            profile: TlsProfile::Compatible,
            require_pqc: false,
            psk_file: String::new(),
            psk_identity: String::new(),
            cipher_suites: String::new(),
            key_exchange: String::new(),
        }
    }
}

/// A warning about the first key in the file that asks for TLS, where the connection has none: it is easily taken for protected.
pub(super) fn idle(text: &[u8], file: &str) -> Option<Diagnostic> {
    let (line, key) = super::readable_lines(text)
        .find(|(_, line)| line.key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("tls_")))
        .map(|(number, line)| (number, line.key.to_ascii_lowercase()))?;
    let text =
        format!("Warning - {key} says nothing without transport = tls: nothing is encrypted - line {line} of {file}");
    Some(Diagnostic { level: Level::Warning, text })
}

/// A key of TLS: `tls_row!(NAME, KIND(FIELD), ABSENT)` has a slot of that kind for the field, or ABSENT where there is no TLS.
#[cfg(feature = "tls")]
macro_rules! tls_row {
    ($name:literal, $kind:ident($($field:ident).+), $absent:expr) => {
        super::row($name, |config| Slot::$kind(&mut config.$($field).+))
    };
}
#[cfg(not(feature = "tls"))]
macro_rules! tls_row {
    ($name:literal, $kind:ident($($field:ident).+), $absent:expr) => {
        super::row($name, |_| $absent)
    };
}
pub(super) use tls_row;

#[cfg(feature = "tls")]
impl TlsKeys {
    /// The cipher suites that are allowed, in the order of the file; all when it names none.
    pub fn suites(&self) -> Vec<Suite> {
        Suite::parse_list(&self.cipher_suites).unwrap_or_else(|_| Suite::ALL.to_vec())
    }

    /// Whether this program can do what they ask for. The error is the key that is to blame and a sentence.
    ///
    /// # Errors
    /// See there.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let is_path = |path: &str| path.is_empty() || path.starts_with('/');
        let (key, reason) = match () {
            () if self.require_pqc => ("tls_require_pqc", NO_PQC.to_string()),
            () if self.profile == TlsProfile::Pqc => ("tls_crypto_profile", NO_PQC.to_string()),
            () if !is_path(&self.psk_file) => ("tls_psk_file", format!("Absolute path needed for {}", self.psk_file)),
            () if !self.psk_identity.is_empty() && !is_identity(self.psk_identity.as_bytes()) => {
                ("tls_psk_identity", "tls_psk_identity must be 1 to 255 printable characters of ASCII".to_string())
            }
            () if !self.key_exchange.is_empty() && !self.key_exchange.split(':').any(|group| group == "X25519") => {
                ("tls_key_exchange", "tls_key_exchange must allow X25519, the only group of this program".to_string())
            }
            () if self.cipher_suites.is_empty() => return Ok(()),
            () => match Suite::parse_list(&self.cipher_suites) {
                Ok(_) => return Ok(()),
                Err(reason) => ("tls_cipher_suites", reason),
            },
        };
        Err((key, reason))
    }
}

#[cfg(feature = "tls")]
const NO_PQC: &str = "key exchange that withstands quantum computers is not in this program, which has X25519 alone";

#[cfg(all(test, feature = "tls"))]
mod tests {
    use super::*;

    #[test]
    fn what_this_program_cannot_do_is_refused_by_its_key() {
        let keys = |change: fn(&mut TlsKeys)| {
            let mut keys = TlsKeys::default();
            change(&mut keys);
            keys.check().map_err(|(key, _)| key)
        };
        assert_eq!(keys(|_| {}), Ok(()));
        assert_eq!(keys(|keys| keys.key_exchange = "X25519MLKEM768:X25519".to_string()), Ok(()));
        assert_eq!(keys(|keys| keys.cipher_suites = "TLS_AES_128_GCM_SHA256".to_string()), Ok(()));
        assert_eq!(keys(|keys| keys.profile = TlsProfile::System), Ok(()));
        for (change, key) in [
            ((|keys| keys.require_pqc = true) as fn(&mut TlsKeys), "tls_require_pqc"),
            (|keys| keys.profile = TlsProfile::Pqc, "tls_crypto_profile"),
            (|keys| keys.psk_file = "key".to_string(), "tls_psk_file"),
            (|keys| keys.psk_identity = "a b".to_string(), "tls_psk_identity"),
            (|keys| keys.psk_identity = "x".repeat(256), "tls_psk_identity"),
            (|keys| keys.key_exchange = "X25519MLKEM768".to_string(), "tls_key_exchange"),
            (|keys| keys.cipher_suites = "TLS_AES_256_GCM_SHA384".to_string(), "tls_cipher_suites"),
            (|keys| keys.cipher_suites = "RC4".to_string(), "tls_cipher_suites"),
        ] {
            assert_eq!(keys(change), Err(key));
        }
    }
}
