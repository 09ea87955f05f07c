//! What the applet has seen of a machine or an image.

use crate::abi::Status;

/// Everything that is known. The default is a machine about which nothing is known, and of which nothing is found.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The directory of the image that was looked at; empty for the running machine.
    pub image: Vec<u8>,
    /// What starts services.
    pub init: Init,
    /// Whether that starts the daemon.
    pub is_started_at_boot: Option<bool>,
    /// Where the kernel's command line is kept.
    pub boot_loader: BootLoader,
    /// The file of it, where it is one.
    pub boot_file: Vec<u8>,
    /// The words the kernel is started with.
    pub boot_words: Option<Vec<u8>>,
    /// What the kernel answered to the question for its status.
    pub kernel: KernelAnswer,
    /// What we may do.
    pub rights: Rights,
    /// Who takes the events, where the kernel has said so.
    pub daemon: Daemon,
    /// The daemon takes records of other machines alone (`local_events = no`).
    pub is_collector: bool,
    /// Names of the processes that read the multicast copy of the events.
    pub readers: Vec<Vec<u8>>,
    /// The rules, in files and in the kernel.
    pub rules: RulesFacts,
    /// The log, where one is configured.
    pub log: Option<LogFacts>,
    /// Owners and modes.
    pub files: Vec<FileFact>,
    /// Why the log's directory is not safe.
    pub unsafe_directory: Option<String>,
    /// Where auditd.conf is.
    pub config_file: Vec<u8>,
    /// The symbolic link that auditd.conf is.
    pub config_link: Option<Vec<u8>>,
    /// There is none.
    pub config_is_missing: bool,
    /// It is empty, or there is none: the daemon has its defaults.
    pub config_is_empty: bool,
    /// Records that may wait for a plugin.
    pub q_depth: u64,
    /// Why the daemon does not start with its configuration.
    pub config_refusal: Option<String>,
    /// What it warns of.
    pub config_warnings: Vec<String>,
    /// Plugins' files that are not taken, each with the reason.
    pub refused_plugins: Vec<(Vec<u8>, String)>,
    /// The plugins that are configured, as the daemon reports on them.
    pub plugins: Vec<PluginState>,
    /// Whether a service of PAM sets the login uid; unknown without PAM.
    pub sets_login_uid: Option<bool>,
    /// The files of those by which one logs in.
    pub login_files: Vec<Vec<u8>>,
    /// What could not be looked at.
    pub unseen: Vec<Unseen>,
}

/// Something that could not be looked at, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// What.
    pub what: &'static str,
    /// The reason.
    pub why: String,
}

/// What starts services.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Init {
    /// OpenRC.
    OpenRc,
    /// systemd.
    Systemd,
    /// runit.
    Runit,
    /// Something else, or nothing.
    #[default]
    Other,
}

/// Where the kernel's command line is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BootLoader {
    /// grubby(8) edits it.
    Grubby,
    /// GRUB, with /etc/default/grub.
    Grub,
    /// Syslinux, with Alpine's /etc/update-extlinux.conf.
    Extlinux,
    /// A file that holds the words alone, as on a Raspberry Pi.
    Words,
    /// Not to be seen.
    #[default]
    Unknown,
}

/// What came of asking the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KernelAnswer {
    /// It was not asked, or did not answer.
    #[default]
    None,
    /// It has no audit sockets.
    NoSupport,
    /// Its status.
    Status(Status),
}

/// What the one who asks may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// The effective user is root.
    pub is_root: bool,
    /// With CAP_AUDIT_CONTROL.
    pub may_control: bool,
    /// In the first user namespace.
    pub first_user: bool,
    /// In the first pid namespace.
    pub first_pid: bool,
}

impl Default for Rights {
    fn default() -> Rights {
        Rights { is_root: true, may_control: true, first_user: true, first_pid: true }
    }
}

/// The process that takes the events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Daemon {
    /// Its command name, where it can be seen.
    pub name: Option<Vec<u8>>,
    /// Whether it was started with -l, and reads an auditd.conf that is a link.
    pub follows_links: bool,
    /// Whether its log is suspended, as it reports.
    pub is_suspended: bool,
    /// By what one of its threads is blocked, as it reports.
    pub blocked: Option<Vec<u8>>,
}

/// The rules. Those of the files are rules.d's, but audit.rules' where that alone has some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RulesFacts {
    /// Where rules.d is.
    pub directory: Vec<u8>,
    /// Where audit.rules is.
    pub merged: Vec<u8>,
    /// Whether there is one.
    pub has_merged: bool,
    /// audit.rules alone has rules, and a merge of rules.d would take them away.
    pub only_merged: bool,
    /// How many rules the files make.
    pub in_files: Option<usize>,
    /// The files drop the kernel's rules before they add theirs.
    pub drops_others: bool,
    /// The first line that is refused: file, line and reason.
    pub refusal: Option<Vec<u8>>,
    /// Lines with a `task,never` rule.
    pub never_task: Vec<RuleLine>,
    /// Lines that set something, in the order in which they are loaded, and what they set.
    pub settings: Vec<(RuleLine, Status)>,
    /// Whether audit.rules is what rules.d says; unknown where either is not there.
    pub is_merged: Option<bool>,
    /// How many rules audit.rules has and rules.d has not.
    pub unmerged: usize,
    /// How many rules the kernel has.
    pub in_kernel: Option<usize>,
    /// Whether one of those is `task,never`.
    pub kernel_has_never_task: bool,
    /// Whether that has a key.
    pub never_task_has_key: bool,
    /// Whether there are profiles, of which one can be installed.
    pub has_profiles: bool,
    /// In how many rules kernel and audit.rules differ; rules.d, where there is no audit.rules.
    pub differences: Option<usize>,
}

/// A line of a rules file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleLine {
    /// The file.
    pub file: Vec<u8>,
    /// Its number, from 1.
    pub number: usize,
}

/// The log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFacts {
    /// Where its file system begins, as far up as its directories lead.
    pub mount: Vec<u8>,
    /// Free bytes of it.
    pub free: u64,
    /// All bytes of it.
    pub total: u64,
    /// The thresholds space_left and admin_space_left in bytes; 0 for none.
    pub space_left: u64,
    /// See `space_left`.
    pub admin_space_left: u64,
    /// Whether `/` is on the same file system.
    pub shares_root: bool,
    /// Bytes that all logs may come to; unknown where they are never dropped.
    pub most: Option<u64>,
    /// Bytes that they have now.
    pub used: u64,
    /// Seconds of the last event, and of the clock.
    pub last_event: Option<(i64, i64)>,
}

/// What a file is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// auditd.conf.
    Config,
    /// The directory of any of these files.
    Directory,
    /// A file of rules.
    Rules,
    /// The directory of the log.
    LogDirectory,
    /// A log.
    Log,
    /// A plugin's file.
    Plugin,
    /// The program of a plugin that is active.
    Program,
}

/// Owner and mode of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFact {
    /// What it is there for.
    pub kind: FileKind,
    /// Its path.
    pub path: Vec<u8>,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its permission bits.
    pub mode: u32,
    /// The group that may have it beside root's.
    pub group: u32,
}

/// A plugin that is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginState {
    /// Its name.
    pub name: Vec<u8>,
    /// What the daemon reports: `running, queued 0, restarts 0, lost 0`; none when it does not know the plugin.
    pub state: Option<Vec<u8>>,
}
