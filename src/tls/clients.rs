//! Who may connect to a listener, and with which key.

use super::Psk;
use super::acl::{Acl, Standing};
use std::sync::Arc;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clients {
    /// The list, if there is one; else the one `identity` may connect.
    acl: Option<Acl>,
    identity: String,
    /// The key of those that have none of their own.
    shared: Option<Arc<Psk>>,
}

impl Clients {
    /// Those of a list, or one identity.
    pub fn new(acl: Option<Acl>, identity: &str, shared: Option<Psk>) -> Clients {
        Clients { acl, identity: identity.to_string(), shared: shared.map(Arc::new) }
    }

    /// The key of an identity.
    ///
    /// # Errors
    /// Why it may not connect, in a word for the record. COMPAT: those of the reference.
    pub fn key_of(&self, identity: &[u8]) -> Result<&Arc<Psk>, &'static str> {
        let standing = match &self.acl {
            Some(acl) => acl.standing(identity),
            None if self.identity.as_bytes() == identity => Standing::Enabled(None),
            None => Standing::Unknown,
        };
        match standing {
            Standing::Enabled(own) => own.or(self.shared.as_ref()).ok_or("missing-per-identity-key"),
            Standing::Disabled => Err("disabled-identity"),
            Standing::Unknown => Err("unknown-identity"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_has_its_own_key_or_the_shared_one_or_none() {
        let key = |byte: &str| Psk::parse(byte.repeat(64).as_bytes()).unwrap();
        let own = b"web enabled key=/web\nold disabled key=/old\n";
        let acl = Acl::parse(own, "list", &mut |path| Ok(key(if path == "/web" { "1" } else { "2" }))).unwrap();
        let clients = Clients::new(Some(acl), "me", Some(key("3")));
        assert_eq!(clients.key_of(b"web").map(|psk| (**psk).clone()), Ok(key("1")));
        assert_eq!(clients.key_of(b"old"), Err("disabled-identity"));
        assert_eq!(clients.key_of(b"me"), Err("unknown-identity"), "where there is a list it alone counts");
        let acl = Acl::parse(b"web enabled\n", "list", &mut |_| Err(String::new())).unwrap();
        assert_eq!(Clients::new(Some(acl.clone()), "", None).key_of(b"web"), Err("missing-per-identity-key"));
        let clients = Clients::new(Some(acl), "", Some(key("3")));
        assert_eq!(clients.key_of(b"web").map(|psk| (**psk).clone()), Ok(key("3")));
        let clients = Clients::new(None, "me", Some(key("3")));
        assert!(clients.key_of(b"me").is_ok() && clients.key_of(b"").is_err());
        assert_eq!(Clients::default().key_of(b""), Err("missing-per-identity-key"));
    }
}
