//! auditd.conf(5): every key, its range, its default, and what pairs of values make no sense.

use super::slot::word_enum;
use super::tls::tls_row;
#[cfg(feature = "tls")]
use super::tls::{TlsKeys, Transport};
use super::{ConfigError, Diagnostic, HostChecks, INT_MAX, Key, Level, Reaction, Response, Slot, Space};
use super::{number, row, with_helper};
use crate::event;
use crate::text;

word_enum! {
    /// How records are written to the log.
    LogFormat {
        /// As the kernel sent them.
        Raw = "raw",
        /// With the meaning of ids, system calls and addresses after a 0x1D.
        Enriched = "enriched",
        /// Not at all; the old way to say `write_logs = no`.
        NoLog = "nolog",
    }
}

word_enum! {
    /// When what was written is brought to the disk.
    Flush {
        /// When the system likes.
        None = "none",
        /// After every `freq` records.
        Incremental = "incremental",
        /// After every `freq` records.
        IncrementalAsync = "incremental_async",
        /// The data of every batch.
        Data = "data",
        /// Data and metadata of every batch.
        Sync = "sync",
    }
}

word_enum! {
    /// What a record's `node=` says.
    NameFormat {
        /// No node.
        None = "none",
        /// The host's name.
        Hostname = "hostname",
        /// The host's name with its domain.
        Fqd = "fqd",
        /// The host's address.
        Numeric = "numeric",
        /// The value of `name`.
        User = "user",
    }
}

word_enum! {
    /// What to do when plugins do not keep up.
    Overflow {
        /// Nothing.
        Ignore = "ignore",
        /// Tell the system log.
        Syslog = "syslog",
        /// Stop passing events on.
        Suspend = "suspend",
        /// Bring the system to single user.
        Single = "single",
        /// Halt the system.
        Halt = "halt",
    }
}

word_enum! {
    /// How rotated logs are called.
    LogNames {
        /// `audit.log.1` is the newest, and all move up with each rotation.
        Numbers = "numbers",
        /// `audit.log.2026-11-22T18-30-05`, and none ever moves.
        Dates = "dates",
    }
}

/// The whole configuration of the daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Whether this system's own events are collected.
    pub local_events: bool,
    /// Whether a log is written.
    pub write_logs: bool,
    /// Path of the log; `-` is standard output.
    pub log_file: String,
    /// Shape of records in the log.
    pub log_format: LogFormat,
    /// Group that may read the log, 0 for none.
    pub log_group: u32,
    /// When the log is brought to the disk.
    pub flush: Flush,
    /// Records between two flushes of the incremental kinds.
    pub freq: u64,
    /// Logs to keep, the current one included.
    pub num_logs: u64,
    /// What `node=` says.
    pub name_format: NameFormat,
    /// The node's name for [`NameFormat::User`]; empty when absent.
    pub name: String,
    /// Size at which something is done about the log, in MiB.
    pub max_log_file: u64,
    /// What is done then.
    pub max_log_file_action: Reaction,
    /// Age at which the log is rotated, in seconds; 0 for never.
    pub max_log_age: u64,
    /// How rotated logs are called.
    pub log_names: LogNames,
    /// Program that compresses a rotated log, given its path; empty for none.
    pub compress_command: String,
    /// First threshold of room on the disk.
    pub space_left: Space,
    /// What is done below it.
    pub space_left_action: Reaction,
    /// Whether mail accounts are checked while reading.
    pub verify_email: bool,
    /// Who gets mail.
    pub action_mail_acct: String,
    /// Second threshold of room on the disk.
    pub admin_space_left: Space,
    /// What is done below it.
    pub admin_space_left_action: Reaction,
    /// What is done when the disk is full.
    pub disk_full_action: Reaction,
    /// What is done when the disk fails.
    pub disk_error_action: Reaction,
    /// Keys of rules whose events are kept while the daemon degrades.
    pub priority_keys: Vec<String>,
    /// How much nicer than others the daemon is to itself.
    pub priority_boost: u64,
    /// Records that may wait for the plugins.
    pub q_depth: u64,
    /// What is done when more wait.
    pub overflow_action: Overflow,
    /// How often a plugin that dies is started again.
    pub max_restarts: u64,
    /// Where plugins are configured.
    pub plugin_dir: String,
    /// Seconds after which an event without end is complete.
    pub end_of_event_timeout: u64,
    /// Seconds between two state reports; 0 for never.
    pub report_interval: u64,
    /// File of metrics, written beside each state report; empty for none.
    pub metrics_file: String,
    /// TCP port on which other machines' records are taken; 0 for none.
    pub tcp_listen_port: u64,
    /// Connections that may wait to be accepted.
    pub tcp_listen_queue: u64,
    /// Connections from one address at the same time.
    pub tcp_max_per_addr: u64,
    /// The first and the last port that a peer may connect from.
    pub tcp_client_ports: (u16, u16),
    /// Seconds after which a silent peer is sent away; 0 for never.
    pub tcp_client_max_idle: u64,
    /// Whether hosts.allow and hosts.deny have a say in who may connect.
    pub use_libwrap: bool,
    /// Whether plugins get other machines' records.
    pub distribute_network: bool,
    /// How connections are protected.
    #[cfg(feature = "tls")]
    pub transport: Transport,
    /// What TLS needs.
    #[cfg(feature = "tls")]
    pub tls: TlsKeys,
    /// The file that says who may connect; empty when there is none.
    #[cfg(feature = "tls")]
    pub tls_allowed_clients: String,
    /// What is in that file, and the keys: read with the configuration.
    #[cfg(feature = "tls")]
    pub tls_clients: std::sync::Arc<crate::tls::clients::Clients>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            local_events: true,
            write_logs: true,
            log_file: "/var/log/audit/audit.log".to_string(),
            log_format: LogFormat::Enriched,
            log_group: 0,
            flush: Flush::None,
            freq: 0,
            num_logs: 0,
            name_format: NameFormat::None,
            name: String::new(),
            max_log_file: 0,
            max_log_file_action: Response::Ignore.into(),
            max_log_age: 0,
            log_names: LogNames::Numbers,
            compress_command: String::new(),
            space_left: Space::Mebibytes(0),
            space_left_action: Response::Ignore.into(),
            verify_email: true,
            action_mail_acct: "root".to_string(),
            admin_space_left: Space::Mebibytes(0),
            admin_space_left_action: Response::Ignore.into(),
            disk_full_action: Response::Ignore.into(),
            disk_error_action: Response::Syslog.into(),
            priority_keys: Vec::new(),
            priority_boost: 4,
            q_depth: 2000,
            overflow_action: Overflow::Syslog,
            max_restarts: 10,
            plugin_dir: "/etc/audit/plugins.d".to_string(),
            end_of_event_timeout: event::TIMEOUT,
            report_interval: 0,
            metrics_file: String::new(),
            tcp_listen_port: 0,
            tcp_listen_queue: 5,
            tcp_max_per_addr: 1,
            tcp_client_ports: (0, u16::MAX),
            tcp_client_max_idle: 0,
            use_libwrap: true,
            distribute_network: false,
            #[cfg(feature = "tls")]
            transport: Transport::Tcp,
            #[cfg(feature = "tls")]
            tls: TlsKeys::default(),
            #[cfg(feature = "tls")]
            tls_allowed_clients: String::new(),
            #[cfg(feature = "tls")]
            tls_clients: std::sync::Arc::default(),
        }
    }
}

impl Config {
    /// Whether the daemon may start a program: a helper, the mailer, or what changes the runlevel. Plugins are not asked about.
    pub fn starts_programs(&self) -> bool {
        let actions = [
            &self.max_log_file_action,
            &self.space_left_action,
            &self.admin_space_left_action,
            &self.disk_full_action,
            &self.disk_error_action,
        ];
        !self.compress_command.is_empty()
            || matches!(self.overflow_action, Overflow::Single | Overflow::Halt)
            || actions.iter().any(|action| matches!(action.response, Email | Exec | Single | Halt))
    }
}

const DAY: u64 = 86_400;

use Response::{Degrade, Email, Exec, Halt, Ignore, KeepLogs, Rotate, Single, Suspend, Syslog};
const SIZE_RESPONSES: &[Response] = &[Ignore, Syslog, Exec, Suspend, Rotate, KeepLogs];
const SPACE_RESPONSES: &[Response] = &[Ignore, Syslog, Rotate, Email, Exec, Degrade, Suspend, Single];
const ADMIN_RESPONSES: &[Response] = &[Ignore, Syslog, Rotate, Email, Exec, Degrade, Suspend, Single, Halt];
const FULL_RESPONSES: &[Response] = &[Ignore, Syslog, Rotate, Exec, Suspend, Single, Halt];
const ERROR_RESPONSES: &[Response] = &[Ignore, Syslog, Exec, Suspend, Single, Halt];

type Row = Key<Config>;

/// A key of the listener: its slot, and the value that asks for nothing where there is no listener.
fn of_listener<'a>(slot: Slot<'a>, idle: &'static [&'static str]) -> Slot<'a> {
    if cfg!(feature = "listener") { slot } else { Slot::Absent("the listener", idle) }
}

const KERBEROS: &str = "Kerberos";
#[cfg(not(feature = "tls"))]
const TLS: &str = "TLS";
const PORT_MAX: u64 = u16::MAX as u64;

/// All keys, in the order in which `--check-config` shows them. What a reload that changes a value must do is in two places:
/// `adopt` of `daemon::log` for what is opened again, and `adopt` of `daemon::core` for what the system is asked for.
pub const KEYS: &[Row] = &[
    row("local_events", |c| Slot::YesNo(&mut c.local_events)),
    row("write_logs", |c| Slot::YesNo(&mut c.write_logs)),
    row("log_file", |c| Slot::Log(&mut c.log_file)),
    row("log_format", |c| Slot::Choice(&mut c.log_format)),
    row("log_group", |c| Slot::Group(&mut c.log_group)),
    row("log_names", |c| Slot::Choice(&mut c.log_names)),
    row("flush", |c| Slot::Choice(&mut c.flush)),
    row("freq", |c| number(&mut c.freq, 0, INT_MAX)),
    row("num_logs", |c| Slot::Number {
        to: &mut c.num_logs,
        least: 0,
        most: 999,
        refusal: Some(("", "num_logs must be 999 or less")),
    }),
    row("name_format", |c| Slot::Choice(&mut c.name_format)),
    row("name", |c| Slot::Word(&mut c.name)),
    row("max_log_file", |c| number(&mut c.max_log_file, 0, u64::MAX >> 20)),
    with_helper("max_log_file_action", |c| Slot::Reaction(&mut c.max_log_file_action, SIZE_RESPONSES)),
    row("max_log_age", |c| Slot::Seconds(&mut c.max_log_age, 0, 366 * DAY)),
    row("compress_command", |c| Slot::Helper(&mut c.compress_command)),
    row("space_left", |c| Slot::Space(&mut c.space_left)),
    with_helper("space_left_action", |c| Slot::Reaction(&mut c.space_left_action, SPACE_RESPONSES)),
    row("verify_email", |c| Slot::YesNo(&mut c.verify_email)),
    row("action_mail_acct", |c| Slot::Account(&mut c.action_mail_acct, c.verify_email)),
    row("admin_space_left", |c| Slot::Space(&mut c.admin_space_left)),
    with_helper("admin_space_left_action", |c| Slot::Reaction(&mut c.admin_space_left_action, ADMIN_RESPONSES)),
    with_helper("disk_full_action", |c| Slot::Reaction(&mut c.disk_full_action, FULL_RESPONSES)),
    with_helper("disk_error_action", |c| Slot::Reaction(&mut c.disk_error_action, ERROR_RESPONSES)),
    row("priority_keys", |c| Slot::RuleKeys(&mut c.priority_keys)),
    row("priority_boost", |c| number(&mut c.priority_boost, 0, INT_MAX)),
    row("q_depth", |c| Slot::Number {
        to: &mut c.q_depth,
        least: 1,
        most: 99_999,
        refusal: Some(("q_depth must be greater than zero", "q_depth must be 99999 or less")),
    }),
    row("overflow_action", |c| Slot::Choice(&mut c.overflow_action)),
    row("max_restarts", |c| number(&mut c.max_restarts, 0, INT_MAX)),
    row("plugin_dir", |c| Slot::Word(&mut c.plugin_dir)),
    row("end_of_event_timeout", |c| number(&mut c.end_of_event_timeout, 0, u64::from(u32::MAX))),
    row("report_interval", |c| Slot::Seconds(&mut c.report_interval, 0, 40 * DAY)),
    row("metrics_file", |c| Slot::Word(&mut c.metrics_file)),
    row("tcp_listen_port", |c| of_listener(number(&mut c.tcp_listen_port, 0, PORT_MAX), &["0"])),
    row("tcp_listen_queue", |c| of_listener(number(&mut c.tcp_listen_queue, 1, PORT_MAX), &["5"])),
    row("tcp_max_per_addr", |c| of_listener(number(&mut c.tcp_max_per_addr, 1, 1024), &["1"])),
    row("tcp_client_ports", |c| of_listener(Slot::Ports(&mut c.tcp_client_ports), &["0-65535"])),
    row("tcp_client_max_idle", |c| of_listener(number(&mut c.tcp_client_max_idle, 0, INT_MAX), &["0"])),
    row("distribute_network", |c| of_listener(Slot::YesNo(&mut c.distribute_network), &["no"])),
    // Asked when somebody connects, which nobody can where there is no listener.
    row("use_libwrap", |c| of_listener(Slot::YesNo(&mut c.use_libwrap), &["yes", "no"])),
    tls_row!("transport", Choice(transport), Slot::Absent("another transport than plain TCP", &["tcp"])),
    row("enable_krb5", |_| Slot::Absent(KERBEROS, &["no"])),
    row("krb5_principal", |_| Slot::Absent(KERBEROS, &["auditd"])),
    row("krb5_key_file", |_| Slot::Absent(KERBEROS, &["/etc/audit/audit.key"])),
    tls_row!("tls_auth", Choice(tls.auth), Slot::Absent(TLS, &["psk"])),
    tls_row!("tls_crypto_profile", Choice(tls.profile), Slot::Absent(TLS, &["compatible"])),
    tls_row!("tls_require_pqc", YesNo(tls.require_pqc), Slot::Absent(TLS, &["no"])),
    tls_row!("tls_psk_file", Word(tls.psk_file), Slot::Absent(TLS, &[])),
    tls_row!("tls_psk_identity", Word(tls.psk_identity), Slot::Absent(TLS, &[])),
    tls_row!("tls_allowed_clients", Word(tls_allowed_clients), Slot::Absent(TLS, &[])),
    tls_row!("tls_cipher_suites", Word(tls.cipher_suites), Slot::Absent(TLS, &[])),
    tls_row!("tls_key_exchange", Word(tls.key_exchange), Slot::Absent(TLS, &[])),
    row("dispatcher", |_| Slot::Deprecated),
    row("disp_qos", |_| Slot::Deprecated),
];

/// Reads an auditd.conf. A file without a line is not checked for sense. COMPAT: as the reference.
pub fn parse(
    text: &[u8],
    file: &str,
    checks: &dyn HostChecks,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Config, ConfigError> {
    let mut config = Config::default();
    let lines = super::read(text, file, super::MAX_LINE, KEYS, &mut config, checks, diagnostics)?;
    if config.log_format == LogFormat::NoLog {
        let obsolete = "The NOLOG option to log_format is deprecated. Please use the write_logs option.";
        diagnostics.push(warning(obsolete.to_string()));
        if std::mem::replace(&mut config.write_logs, false) {
            diagnostics.push(warning("The NOLOG option is overriding the write_logs current setting.".to_string()));
        }
    }
    if lines == 0 {
        return Ok(config);
    }
    if config.q_depth < 512 {
        diagnostics.push(warning("q_depth should be larger than 512 for safety margin".to_string()));
    }
    if config.report_interval > 6 * 3600 {
        let line = super::line_of(text, "report_interval");
        diagnostics.push(warning(format!("Warning - report_interval is more than 6 hours apart - line {line}")));
    }
    #[cfg(feature = "tls")]
    if config.transport == Transport::Tcp && config.tcp_listen_port != 0 {
        diagnostics.extend(super::tls::idle(text, file));
    }
    match check(&config, diagnostics) {
        Ok(()) => Ok(config),
        Err(mut error) => {
            error.line = super::line_of(text, &error.key);
            if error.key == "space_left" && error.line == 0 && super::line_of(text, "admin_space_left") == 0 {
                error.text.extend([" - neither is set in ", file]);
            }
            Err(error)
        }
    }
}

/// Whether connections can be protected as it says. COMPAT: what must be there, and the sentences, are the reference's.
#[cfg(feature = "tls")]
fn check_transport(config: &Config) -> Result<(), (&'static str, String)> {
    let (tls, list) = (&config.tls, &config.tls_allowed_clients);
    match config.transport {
        Transport::Tcp => Ok(()),
        Transport::Krb5 => Err((
            "transport",
            "transport = krb5 asks for Kerberos, which this auditd does not have; leave the key out or set it to tcp or tls"
                .to_string(),
        )),
        Transport::Tls if tls.psk_file.is_empty() && list.is_empty() => {
            Err(("transport", "transport=tls requires tls_psk_file or tls_allowed_clients".to_string()))
        }
        Transport::Tls if tls.psk_identity.is_empty() && list.is_empty() => Err((
            "tls_psk_file",
            "tls_psk_identity or tls_allowed_clients is required when tls_psk_file is set".to_string(),
        )),
        Transport::Tls if !list.is_empty() && !list.starts_with('/') => {
            Err(("tls_allowed_clients", ["Absolute path needed for ", list].concat()))
        }
        Transport::Tls => tls.check(),
    }
}

/// Bytes of a node's name at most. Its record's type and event id have to follow in the first 340 bytes of a line.
const LONGEST_NODE: usize = 255;

/// Refuses values that cannot stand together, and diagnostics those that hardly make sense.
fn check(config: &Config, diagnostics: &mut Vec<Diagnostic>) -> Result<(), ConfigError> {
    let fail = |key: &str, text: String| Err(ConfigError { line: 0, key: key.to_string(), text });
    let mebibytes = |space: Space| match space {
        Space::Mebibytes(n) => Some(n),
        Space::Percent(0) => Some(0),
        Space::Percent(_) => None,
    };
    if let (Some(left), Some(admin)) = (mebibytes(config.space_left), mebibytes(config.admin_space_left)) {
        if left <= admin {
            let text = format!("Error - space_left({left}) must be larger than admin_space_left({admin})");
            return fail("space_left", text);
        }
    }
    let is_incremental = matches!(config.flush, Flush::Incremental | Flush::IncrementalAsync);
    if is_incremental && config.freq == 0 {
        return fail("freq", "Error - incremental flushing chosen, but 0 selected for freq".to_string());
    }
    let directory = config.log_file.rsplit_once('/').map(|(dir, _)| dir);
    if config.log_group != 0 && directory.map(|dir| dir.trim_end_matches('/')) == Some("/var/log") {
        let text = "Error - log_file is directly in /var/log and chgrp will alter a system directory's permissions. \
                    Use another directory.";
        return fail("log_file", text.to_string());
    }
    let name = config.name.as_bytes();
    let is_plain = !name.iter().any(u8::is_ascii_control) && text::after(name, b"node=").is_none();
    if !is_plain || name.len() > LONGEST_NODE {
        let text = "Error - name has over 255 bytes, node= or a control character".to_string();
        return fail("name", text);
    }
    if !config.compress_command.is_empty() && config.log_names == LogNames::Numbers {
        return fail("compress_command", "Error - compress_command needs log_names = dates".to_string());
    }
    #[cfg(feature = "tls")]
    check_transport(config).or_else(|(key, text)| fail(key, text))?;
    if degrades(config) && config.priority_keys.is_empty() {
        return fail("priority_keys", "Error - degrade chosen, but priority_keys names no key to keep".to_string());
    }
    diagnostics.extend(doubts(config).into_iter().map(warning));
    Ok(())
}

fn degrades(config: &Config) -> bool {
    [&config.space_left_action, &config.admin_space_left_action].iter().any(|r| r.response == Degrade)
}

/// What hardly can be meant.
fn doubts(config: &Config) -> Vec<String> {
    let rotates = matches!(config.max_log_file_action.response, Rotate);
    let mut doubts = Vec::new();
    let mut doubt = |when: bool, text: &str| {
        if when {
            doubts.push(format!("Warning - {text}"));
        }
    };
    let syncs = matches!(config.flush, Flush::Data | Flush::Sync);
    doubt(syncs && config.freq != 0, "freq is non-zero and incremental flushing not selected.");
    doubt(
        rotates && config.num_logs < 2,
        "max_log_file_action is rotate, but num_logs is less than 2: no log is rotated",
    );
    doubt(
        config.max_log_file == 0 && config.max_log_file_action.response != Ignore,
        "max_log_file is 0: max_log_file_action is taken at every record",
    );
    doubt(
        config.max_log_age > 0 && config.num_logs < 2 && config.max_log_file_action.response != KeepLogs,
        "max_log_age is set, but num_logs is less than 2: no log is rotated",
    );
    let (collects, listens) = (config.local_events, config.tcp_listen_port != 0);
    doubt(!collects && !listens, "local_events is no: nothing is collected");
    doubt(
        !listens && config.distribute_network,
        "distribute_network is set, but tcp_listen_port is not: there is nothing to distribute",
    );
    doubt(
        !config.metrics_file.is_empty() && config.report_interval == 0,
        "metrics_file is set, but report_interval is 0: it is written when a report is asked for",
    );
    doubt(!config.priority_keys.is_empty() && !degrades(config), "priority_keys is set, but no action is degrade");
    doubt(
        !config.name.is_empty() && config.name_format != NameFormat::User,
        "name is set, but name_format is not user: the name is not used",
    );
    let rotates_stream = config.max_log_file_action.response != Ignore || config.max_log_age > 0;
    doubt(config.log_file == "-" && rotates_stream, "log_file is standard output: nothing is rotated or measured");
    doubts
}

fn warning(text: String) -> Diagnostic {
    Diagnostic { level: Level::Warning, text }
}

#[cfg(test)]
mod tests;
