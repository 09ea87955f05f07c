//! Where rules will live: this host, or the image and the machine that --root and --machine name.

use auditbox::rule::Host;
#[cfg(feature = "rule-tools")]
use auditbox::sys::mounts;
use auditbox::sys::netlink::AuditSocket;
use auditbox::sys::users::Users;
use auditbox::sys::{process, root};
use auditbox::tables::machine::Machine;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// This host, or one being built.
pub(crate) struct RuleHost {
    root: PathBuf,
    machine: Option<Machine>,
    users: OnceLock<Users>,
    features: OnceLock<u32>,
    #[cfg(feature = "rule-tools")]
    mounts: OnceLock<Vec<(Vec<u8>, Vec<u8>)>>,
    /// Nothing is known of it: any name is one of a user and of a group, and no path but / one of a directory.
    any_name: bool,
}

impl RuleHost {
    /// The host we run on.
    pub(crate) fn new() -> RuleHost {
        let machine = Machine::from_uname(&process::machine());
        RuleHost {
            root: PathBuf::from("/"),
            machine,
            users: OnceLock::new(),
            features: OnceLock::new(),
            #[cfg(feature = "rule-tools")]
            mounts: OnceLock::new(),
            any_name: false,
        }
    }

    /// A host with a kernel that knows all features, whose files stand below `root`, and whose machine is `machine` if it
    /// is not ours.
    pub(crate) fn planned(root: Option<PathBuf>, machine: Option<Machine>) -> RuleHost {
        let here = RuleHost::new();
        let features = OnceLock::from(u32::MAX);
        RuleHost { root: root.unwrap_or(here.root), machine: machine.or(here.machine), features, ..here }
    }

    /// The same host, whose users and files are not known: every name is one, and no path but / a directory.
    pub(crate) fn without_names(self) -> RuleHost {
        RuleHost { any_name: true, ..self }
    }

    /// Where its files stand.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Whether there is a file of this name.
    pub(crate) fn exists(&self, path: &[u8]) -> bool {
        root::exists(&self.root, path)
    }

    /// A number for a name of which nothing is known: the same for the same name; `None` for what can be no name.
    fn any_id(name: &[u8]) -> Option<u32> {
        let hash = name.iter().fold(0, |hash: u32, byte| hash.wrapping_mul(31).wrapping_add(u32::from(*byte)));
        may_be_name(name).then_some(hash % 0x4000_0000)
    }

    /// The accounts and groups.
    pub(crate) fn users(&self) -> &Users {
        self.users.get_or_init(|| Users::open(&self.root))
    }
}

impl Host for RuleHost {
    fn machine(&self) -> Option<Machine> {
        self.machine
    }

    fn features(&self) -> u32 {
        let ask =
            || AuditSocket::open().and_then(|mut socket| socket.status()).map_or(0, |status| status.feature_bitmap);
        *self.features.get_or_init(ask)
    }

    fn user(&self, name: &[u8]) -> Option<u32> {
        if self.any_name { RuleHost::any_id(name) } else { self.users().user_id(name) }
    }

    fn group(&self, name: &[u8]) -> Option<u32> {
        if self.any_name { RuleHost::any_id(name) } else { self.users().group_id(name) }
    }

    fn is_directory(&self, path: &[u8]) -> bool {
        if self.any_name { path == b"/" } else { root::is_directory(&self.root, path) }
    }

    #[cfg(feature = "rule-tools")]
    fn place(&self, directory: &[u8]) -> Option<Vec<u8>> {
        if self.any_name { None } else { root::place(&self.root, directory) }
    }

    #[cfg(feature = "rule-tools")]
    fn is_hidden(&self, path: &[u8]) -> bool {
        !self.any_name && root::is_hidden(&self.root, path)
    }

    #[cfg(feature = "rule-tools")]
    fn mounts(&self) -> &[(Vec<u8>, Vec<u8>)] {
        // Of an image they are not known.
        let is_known = !self.any_name && self.root == Path::new("/");
        self.mounts.get_or_init(|| if is_known { mounts::mounts() } else { Vec::new() })
    }
}

/// Whether a user or a group can have this name, be it one of a domain: `DOMAIN\\machine$`.
fn may_be_name(name: &[u8]) -> bool {
    const NEVER: &[u8] = b"\"$*,/:;<=>?[]`{|}";
    let is_first = |b: &u8| b.is_ascii_alphabetic() || *b == b'_' || !b.is_ascii();
    let name = name.strip_suffix(b"$").unwrap_or(name);
    name.first().is_some_and(is_first) && !name.iter().any(|b| b.is_ascii_control() || NEVER.contains(b))
}
