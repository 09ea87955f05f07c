//! The commands that mend, as words for a shell.

use super::facts::{BootLoader, Facts, Init, KernelAnswer};
use crate::abi::Status;
use crate::text::number;

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

pub(super) fn digits(value: u64) -> String {
    let mut out = Vec::new();
    number::push(&mut out, value);
    String::from_utf8(out).unwrap_or_default()
}

/// Each command after the one before it has done its work; none without any.
pub(super) fn in_turn<const N: usize>(commands: [Option<String>; N]) -> Option<String> {
    let commands: Vec<String> = commands.into_iter().flatten().filter(|command| !command.is_empty()).collect();
    (!commands.is_empty()).then(|| commands.join(" && "))
}

impl Facts {
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

    /// Whether the kernel takes no other rules and settings before it is booted again.
    pub(super) fn is_locked(&self) -> bool {
        matches!(self.kernel, KernelAnswer::Status(status) if status.enabled == Status::LOCKED)
    }

    /// Merges rules.d, and loads the rules where there is a kernel; one that is locked gets them when it is booted.
    pub(super) fn merge(&self) -> Option<String> {
        match self.image.is_empty() {
            true => Some(self.replace("augenrules --load")),
            false => Some(join(&["augenrules --root ", &quote(&self.image)?])),
        }
    }

    /// Brings the rules of the files into force, wherever they stand. None where a line is refused, for those after it would be missing.
    pub(super) fn load(&self) -> Option<String> {
        match () {
            () if self.rules.refusal.is_some() => None,
            () if !self.rules.only_merged => self.merge(),
            () if !self.image.is_empty() => None,
            () => Some(self.replace(&join(&["auditctl -R ", &quote(&self.rules.merged)?]))),
        }
    }

    /// A command that loads rules, in the place of those that the kernel has.
    fn replace(&self, load: &str) -> String {
        match () {
            () if self.is_locked() => "reboot".to_owned(),
            () if self.rules.drops_others => load.to_owned(),
            () => join(&["auditctl -D && ", load]),
        }
    }

    /// Has `option` of auditctl set the value in the kernel, and in the line of the rules' files that sets it now; `mask` is its bit.
    pub(super) fn set(&self, mask: u32, option: &str, value: u64) -> String {
        let value = digits(value);
        let rules = &self.rules;
        let line = rules.settings.iter().rev().find(|(_, status)| status.mask & mask != 0);
        let edit = line.and_then(|(line, _)| {
            let change =
                join(&[&digits(line.number as u64), r"s/\(^\| \)", option, r" *[^ ]*/\1", option, " ", &value, "/"]);
            Some(join(&["sed -i '", &change, "' ", &quote(&line.file)?]))
        });
        let is_whole = !rules.only_merged && rules.refusal.is_none();
        let edit = match edit {
            // The kernel's own limit is too low, so that a file has to set it.
            None if option == "-b" && is_whole && line.is_none() => Some(join(&[
                "(umask 027; mkdir -p /etc/audit/rules.d && echo '-b ",
                &value,
                "' >/etc/audit/rules.d/99-backlog.rules)",
            ])),
            edit => edit,
        };
        // A merge would take away what stands in audit.rules alone.
        let merges = is_whole && rules.unmerged == 0 && !self.is_locked();
        let merge = edit.as_ref().filter(|_| merges).map(|_| "augenrules".to_owned());
        let now = if self.is_locked() { "reboot".to_owned() } else { join(&["auditctl ", option, " ", &value]) };
        in_turn([edit, merge, Some(now)]).unwrap_or_default()
    }

    /// Keeps the kernel's rules, which stand in no file, in one of their own.
    pub(super) fn keep_rules(&self) -> Option<String> {
        let others = match self.rules.only_merged {
            true => join(&["cat ", &quote(&self.rules.merged)?, "; "]),
            false => String::new(),
        };
        // A word that begins with a space is no option of echo's.
        let lock = if self.is_locked() { "echo ' -e 2'; " } else { "" };
        let write = ["(umask 027; mkdir -p /etc/audit/rules.d && { echo -D; auditctl -l; ", &others, lock];
        Some(join(&[&write.concat(), "} >/etc/audit/rules.d/50-kernel.rules) && augenrules"]))
    }

    /// Has a running daemon read its configuration again; what follows another command.
    pub(super) fn reload(&self) -> &'static str {
        match self.kernel {
            KernelAnswer::Status(status) if status.pid == 0 => "",
            _ if self.image.is_empty() => " && auditctl --signal reload",
            _ => "",
        }
    }

    /// Sets keys of auditd.conf to values. What is appended follows a last line without newline as well, and counts before the lines
    /// of those keys that remain.
    pub(super) fn configure(&self, keys: &[(&str, &str)]) -> Option<String> {
        let file = quote(&self.config_file)?;
        let line = |(key, value): &(&str, &str)| join(&[key, " = ", value]);
        let change = match self.config_is_empty {
            // One that is not empty has to set these, which are the defaults of the doctor.
            true => {
                let all = [("space_left", "5%"), ("admin_space_left", "1%")];
                let lines: String = all.iter().chain(keys).map(|key| join(&[&line(key), r"\n"])).collect();
                join(&["(umask 027; mkdir -p /etc/audit && printf '", &lines.replace('%', "%%"), "' >", &file, ")"])
            }
            false => {
                let append: String = keys.iter().map(|key| join(&[r"-e '$a\", &line(key), "' "])).collect();
                let delete: String = keys.iter().map(|(key, _)| join(&["-e '/^ *", key, " /d' "])).collect();
                join(&["sed -i ", &append, &delete, &file])
            }
        };
        Some(join(&[&change, self.reload()]))
    }

    /// Changes the words that the kernel is started with, from the next boot on: adds what is needed, or turns audit=0 into audit=1.
    pub(super) fn boot(&self, adds: bool) -> Option<String> {
        const WORDS: &str = "audit=1 audit_backlog_limit=8192";
        // Files of settings are read by a shell.
        let (key, then) = match self.boot_loader {
            BootLoader::Grubby if self.image.is_empty() => {
                let remove = if adds { "" } else { "--remove-args=audit " };
                return Some(join(&["grubby --update-kernel=ALL ", remove, "--args='", WORDS, "'"]));
            }
            BootLoader::Grub => ("GRUB_CMDLINE_LINUX", "grub-mkconfig -o /boot/grub/grub.cfg"),
            BootLoader::Extlinux => ("default_kernel_opts", "update-extlinux"),
            BootLoader::Words => ("", ""),
            BootLoader::Grubby | BootLoader::Unknown => return None,
        };
        // A limit that stands there already comes after ours, and counts.
        let edit = match (adds, key) {
            (true, "") => join(&["1s/^/", WORDS, " /"]),
            (true, key) => join(&[r"$a\", key, "=\"", WORDS, " $", key, "\""]),
            (false, _) => r"s/\(^\|[^a-z_.]\)audit=\(0\|off\)/\1audit=1/g".to_owned(),
        };
        let command = join(&["sed -i '", &edit, "' ", &quote(&self.boot_file)?]);
        Some(match then {
            "" => command,
            then if self.image.is_empty() => join(&[&command, " && ", then]),
            then => join(&[&command, " && chroot ", &quote(&self.image)?, " ", then]),
        })
    }
}
