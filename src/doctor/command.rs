//! The commands that mend, as words for a shell.

use super::facts::{BootLoader, Facts, Init};

/// A name as a word of a shell's; none when it has other than printable ASCII.
pub(super) fn quote(name: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(name).ok().filter(|text| text.bytes().all(|b| (b' '..=b'~').contains(&b)))?;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"/._+-=:@,".contains(&b);
    if !text.is_empty() && text.bytes().all(is_plain) && !text.starts_with('-') {
        return Some(text.to_owned());
    }
    Some(["'", &text.replace('\'', r"'\''"), "'"].concat())
}

/// Several names; none when one of them cannot be a word.
pub(super) fn quote_all<'n>(names: impl Iterator<Item = &'n [u8]>) -> Option<String> {
    Some(names.map(quote).collect::<Option<Vec<_>>>()?.join(" "))
}

/// Concatenates.
pub(super) fn join(parts: &[&str]) -> String {
    parts.concat()
}

impl Facts {
    /// The path of a file of the machine or image, as a word.
    pub(super) fn place(&self, path: &str) -> Option<String> {
        quote(&[&self.image[..], path.as_bytes()].concat())
    }

    /// Starts the daemon.
    pub(super) fn start(&self) -> &'static str {
        match self.init {
            Init::OpenRc => "rc-service auditd start",
            Init::Systemd => "systemctl start auditd",
            Init::Runit => "sv start auditd",
            Init::Other => "auditd",
        }
    }

    /// Has the daemon started with the machine.
    pub(super) fn enable(&self) -> Option<String> {
        let words = match self.init {
            Init::OpenRc => "rc-update add auditd boot",
            Init::Systemd => "systemctl enable auditd",
            Init::Runit => "ln -s /etc/sv/auditd /var/service/",
            Init::Other => return None,
        };
        Some(match self.image.is_empty() {
            true => words.to_owned(),
            false => join(&["chroot ", &quote(&self.image)?, " ", words]),
        })
    }

    /// Merges the rules, and loads them where there is a kernel.
    pub(super) fn load(&self) -> Option<String> {
        match self.image.is_empty() {
            true => Some("augenrules --load".to_owned()),
            false => Some(join(&["augenrules --root ", &quote(&self.image)?])),
        }
    }

    /// Has a running daemon read its configuration again; what follows another command.
    pub(super) fn reload(&self) -> &'static str {
        if self.image.is_empty() { " && auditctl --signal reload" } else { "" }
    }

    /// Puts `lines`, for printf(1), in the place of the lines of auditd.conf whose key begins with the pattern.
    pub(super) fn configure(&self, pattern: &str, lines: &str) -> Option<String> {
        let file = self.place("/etc/audit/auditd.conf")?;
        Some(join(&["sed -i '/^ *", pattern, "/d' ", &file, " && printf '", lines, "' >>", &file, self.reload()]))
    }

    /// Changes the words that the kernel is started with, from the next boot on: adds what is needed, or takes audit=0 away.
    pub(super) fn boot(&self, adds: bool) -> Option<String> {
        const WORDS: &str = "audit=1 audit_backlog_limit=8192";
        let (file, begins, then) = match self.boot_loader {
            BootLoader::Grubby if self.image.is_empty() => {
                let change = if adds { join(&["--args='", WORDS, "'"]) } else { "--remove-args=audit=0".to_owned() };
                return Some(join(&["grubby --update-kernel=ALL ", &change]));
            }
            BootLoader::Grub => ("/etc/default/grub", "^GRUB_CMDLINE_LINUX=\"", "grub-mkconfig -o /boot/grub/grub.cfg"),
            BootLoader::Extlinux => ("/etc/update-extlinux.conf", "^default_kernel_opts=\"", "update-extlinux"),
            BootLoader::Words(file) => (file, "^", ""),
            BootLoader::Grubby | BootLoader::Unknown => return None,
        };
        let edit = match (adds, then) {
            (true, "") => join(&["1s/$/ ", WORDS, "/"]),
            (true, _) => join(&["s/", begins, "/&", WORDS, " /"]),
            (false, _) => "s/ *audit=\\(0\\|off\\)//".to_owned(),
        };
        let command = join(&["sed -i '", &edit, "' ", &self.place(file)?]);
        Some(match then {
            "" => command,
            then if self.image.is_empty() => join(&[&command, " && ", then]),
            then => join(&[&command, " && chroot ", &quote(&self.image)?, " ", then]),
        })
    }
}
