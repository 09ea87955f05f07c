//! The files of the daemon (auditd(8), FILES): what it keeps while it runs, and what the tools and the plugins read of that.

use std::path::PathBuf;

/// The daemon's configuration, unless another directory is given.
pub const CONFIG: &str = "/etc/audit/auditd.conf";

/// What daemon and plugins keep while they run.
pub const RUN: &str = "/run/audit";

/// Where the daemon keeps its files.
#[derive(Clone, Debug)]
pub struct Paths {
    /// auditd.conf.
    pub config: PathBuf,
    /// Whether auditd.conf may be a symbolic link.
    pub follow_links: bool,
    /// Holds the pid file, the lock and the state report.
    pub run: PathBuf,
    /// Leads to the pid file, for units and scripts that look for it there.
    pub pid_link: Option<PathBuf>,
}

impl Paths {
    /// Those of the daemon that owns this machine's events.
    pub fn of_system() -> Paths {
        let pid_link = Some("/run/auditd.pid".into());
        Paths { config: CONFIG.into(), follow_links: false, run: RUN.into(), pid_link }
    }

    /// The same for a daemon that reads a copy of the events (auditd(8), `--observe`): it leaves alone what that of the system keeps.
    pub fn observe(&mut self) {
        self.run = PathBuf::from(RUN).join("observer");
        self.pid_link = None;
    }

    /// Holds the daemon's process id.
    pub fn pid_file(&self) -> PathBuf {
        self.run.join("auditd.pid")
    }

    /// Locked by the daemon that owns the directory, and never removed.
    pub fn lock_file(&self) -> PathBuf {
        self.run.join("auditd.lock")
    }

    /// The state report as text.
    pub fn state_file(&self) -> PathBuf {
        self.run.join("auditd.state")
    }

    /// The state report as JSON.
    pub fn state_json(&self) -> PathBuf {
        self.run.join("auditd.state.json")
    }

    /// How the last reload ended: `success`, or why it failed. `auditctl --signal reload` waits for it.
    pub fn reload_file(&self) -> PathBuf {
        self.run.join("auditd.reload")
    }

    /// There as long as an early daemon has something to hand over.
    #[cfg(feature = "early")]
    pub fn early_file(&self) -> PathBuf {
        self.run.join("early")
    }

    /// The kernel's count of losses that is in the ledger; the kernel counts on while no daemon runs.
    pub fn lost_file(&self) -> PathBuf {
        self.run.join("lost")
    }
}
