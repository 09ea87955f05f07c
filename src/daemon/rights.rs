//! What the daemon may still do once it is up: the capabilities(7) that its configuration needs, and no others.
//!
//! `start` settles it when the log is open and before there is a second thread, since each thread has its own. `run` asks
//! at each reload whether the new configuration needs more; what was given up does not come back.

use crate::config::auditd::Config;
use crate::sys::process::{self, Capabilities};

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rights {
    capabilities: Capabilities,
    /// Programs may be started, and these have all the rights that root has here.
    pub(super) starts_programs: bool,
}

impl Rights {
    /// What this configuration needs; `asks_kernel` when this is the daemon of the kernel.
    pub(super) fn needed(config: &Config, asks_kernel: bool, has_plugins: bool) -> Rights {
        let starts_programs = has_plugins || config.starts_programs();
        let capabilities = [
            // `priority_boost` of a reload, and room on the disk that others may not use.
            (true, Capabilities::SYS_NICE | Capabilities::SYS_RESOURCE),
            (asks_kernel, Capabilities::AUDIT_CONTROL),
            // A file that is made has the group that the daemon runs with.
            (config.log_group != 0 || process::effective_group() != 0, Capabilities::CHOWN),
            ((1..1024).contains(&config.tcp_listen_port), Capabilities::NET_BIND_SERVICE),
            // Its directory may be another user's.
            (!config.metrics_file.is_empty(), Capabilities::DAC_OVERRIDE),
            // Plugins that have become another user are ended; terminals of users are written to.
            (starts_programs, Capabilities::KILL | Capabilities::DAC_OVERRIDE),
        ];
        let capabilities = capabilities.into_iter().filter(|(is_needed, _)| *is_needed).map(|(_, set)| set).collect();
        Rights { capabilities, starts_programs }
    }

    /// Gives up all other rights, for good. What the process does not have it does not get.
    pub(super) fn keep(&self) -> std::io::Result<()> {
        process::keep_capabilities(self.capabilities, self.starts_programs)
    }

    /// Whether these rights suffice for a new configuration; the error is a sentence.
    pub(super) fn check(&self, new: &Config) -> Result<(), String> {
        let refuse = |what| {
            format!("The new configuration needs rights for {what} that auditd gave up at its start; restart it")
        };
        self.missing_for(new).map_or(Ok(()), |what| Err(refuse(what)))
    }

    fn missing_for(&self, new: &Config) -> Option<&'static str> {
        let needed = Rights::needed(new, false, false);
        let missing = needed.capabilities - self.capabilities;
        match () {
            () if needed.starts_programs && !self.starts_programs => Some("programs to start"),
            () if missing.contains(Capabilities::CHOWN) => Some("log_group"),
            () if missing.contains(Capabilities::DAC_OVERRIDE) => Some("metrics_file"),
            () if missing.contains(Capabilities::NET_BIND_SERVICE) => Some("a tcp_listen_port below 1024"),
            () => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Response;

    #[test]
    fn what_is_configured_later_is_missing_unless_something_else_needed_it() {
        let plain = Config::default();
        let group = Config { log_group: 4, ..Config::default() };
        let metrics = Config { metrics_file: "/run/m".into(), ..Config::default() };
        let mails = Config { disk_full_action: Response::Email.into(), ..Config::default() };
        let rights = Rights { capabilities: Capabilities::AUDIT_CONTROL, starts_programs: false };
        if process::effective_group() != 0 {
            return assert_eq!(rights.missing_for(&plain), Some("log_group"));
        }
        assert_eq!(rights.missing_for(&plain), None);
        assert_eq!(rights.missing_for(&group), Some("log_group"));
        assert_eq!(rights.missing_for(&metrics), Some("metrics_file"));
        assert_eq!(rights.missing_for(&mails), Some("programs to start"));
        let listens = |port| Config { tcp_listen_port: port, ..Config::default() };
        assert_eq!(rights.missing_for(&listens(60)), Some("a tcp_listen_port below 1024"));
        assert_eq!(rights.missing_for(&listens(6000)), None);
        let rights = Rights::needed(&mails, true, false);
        assert_eq!((rights.missing_for(&metrics), rights.missing_for(&mails)), (None, None));
        assert_eq!(rights.missing_for(&group), Some("log_group"));
        assert!(Rights::needed(&plain, true, true).starts_programs);
    }
}
