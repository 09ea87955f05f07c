//! audisp-remote.conf(5): where audisp-remote(8) sends its records, and what it does about trouble.

use super::auditd::Overflow;
use super::slot::word_enum;
#[cfg(feature = "tls")]
use super::tls::TlsKeys;
use super::tls::{Transport, tls_row};
use super::{Choice, ConfigError, Diagnostic, HostChecks, INT_MAX, Key, Reaction, Response, Slot};
use super::{number, row, with_helper};

word_enum! {
    /// Where records wait.
    Mode {
        /// In memory.
        Immediate = "immediate",
        /// In a file, which outlives the program.
        Forward = "forward",
    }
}

word_enum! {
    /// What is on the wire.
    Format {
        /// Messages that are answered.
        Managed = "managed",
        /// Lines, which nobody answers.
        Ascii = "ascii",
    }
}

/// A port of this machine; 0 for any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LocalPort(pub u16);

impl Choice for LocalPort {
    fn pick(&mut self, word: &str) -> bool {
        let is_any = word.eq_ignore_ascii_case("any");
        let port = if is_any { Some(0) } else { word.parse().ok().filter(|_| !word.starts_with('+')) };
        port.map(|port| self.0 = port).is_some()
    }

    fn word(&self) -> &'static str {
        "any"
    }
}

/// What can go wrong, each with an action of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The first connection cannot be made.
    Startup,
    /// A record cannot be delivered.
    Network,
    /// The collector has little space.
    DiskLow,
    /// The collector has no space.
    DiskFull,
    /// The collector cannot write.
    DiskError,
    /// The collector goes away.
    Ending,
    /// It reports an error that is not known.
    Error,
    /// It reports a warning that is not known.
    Warning,
    /// The queue's file fails.
    Queue,
}

/// How many kinds of [`Trouble`] there are.
const TROUBLES: usize = Trouble::Queue as usize + 1;

/// What a configuration needs capabilities for. They are given up at the start where it needs none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// To send from a port below 1024.
    pub low_port: bool,
    /// To start programs that may do what root may: a helper, or what changes the runlevel.
    pub programs: bool,
    /// To tell the kernel's audit of keys that are made and destroyed.
    pub records: bool,
}

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Name or address of the collector; empty when there is none.
    pub server: String,
    /// Its port.
    pub port: u64,
    /// Our own port.
    pub local_port: LocalPort,
    /// How the connection is protected.
    pub transport: Transport,
    /// What TLS needs.
    #[cfg(feature = "tls")]
    pub tls: TlsKeys,
    /// Where records wait.
    pub mode: Mode,
    /// The file they wait in.
    pub queue_file: String,
    /// How many may wait.
    pub queue_depth: u64,
    /// What is on the wire.
    pub format: Format,
    /// Seconds before a third attempt, and the unit of longer waits.
    pub network_retry_time: u64,
    /// Failed attempts, less one, after which the network action is taken.
    pub max_tries_per_record: u64,
    /// Seconds after which it is taken, and in which a connection must be made and an answer come.
    pub max_time_per_record: u64,
    /// Seconds of silence after which the collector is asked whether it is there; 0 for never.
    pub heartbeat_timeout: u64,
    /// What is done when the queue is full.
    pub overflow_action: Overflow,
    /// What is done about each [`Trouble`], in its order.
    reactions: [Reaction; TROUBLES],
    /// COMPAT: the old way to say `transport = krb5`.
    enable_krb5: bool,
}

impl Remote {
    /// What is done about a trouble.
    pub fn reaction(&self, trouble: Trouble) -> &Reaction {
        &self.reactions[trouble as usize]
    }

    fn reaction_mut(&mut self, trouble: Trouble) -> &mut Reaction {
        &mut self.reactions[trouble as usize]
    }

    /// What it has capabilities for.
    pub fn needs(&self) -> Needs {
        let is_program = |response| matches!(response, Exec | Single | Halt);
        Needs {
            low_port: (1..1024).contains(&self.local_port.0),
            records: self.transport == Transport::Tls,
            programs: matches!(self.overflow_action, Overflow::Single | Overflow::Halt)
                || self.reactions.iter().any(|reaction| is_program(reaction.response)),
        }
    }
}

impl Default for Remote {
    fn default() -> Remote {
        let reactions = [WarnOnceContinue, WarnOnce, Ignore, WarnOnce, WarnOnce, Reconnect, Syslog, Syslog, Stop];
        Remote {
            server: String::new(),
            port: 60,
            local_port: LocalPort(0),
            transport: Transport::Tcp,
            #[cfg(feature = "tls")]
            tls: TlsKeys::default(),
            mode: Mode::Immediate,
            queue_file: "/var/spool/audit/remote.log".to_string(),
            queue_depth: 2048,
            format: Format::Managed,
            network_retry_time: 1,
            max_tries_per_record: 3,
            max_time_per_record: 5,
            heartbeat_timeout: 0,
            overflow_action: Overflow::Syslog,
            reactions: reactions.map(Reaction::from),
            enable_krb5: false,
        }
    }
}

use Response::{Exec, Halt, Ignore, Reconnect, Single, Stop, Suspend, Syslog, WarnOnce, WarnOnceContinue};
const ACTIONS: &[Response] = &[Ignore, Syslog, Exec, WarnOnceContinue, WarnOnce, Suspend, Single, Halt, Stop];
const ENDING_ACTIONS: &[Response] =
    &[Ignore, Syslog, Exec, WarnOnceContinue, WarnOnce, Suspend, Single, Halt, Stop, Reconnect];
const STARTUP_ACTIONS: &[Response] = &[Ignore, Syslog, Exec, WarnOnceContinue, WarnOnce];

type Row = Key<Remote>;

/// All keys. Those of transports that are not there are taken and say nothing: files that name them use `transport = tcp`, or
/// are refused for their transport.
const KEYS: &[Row] = &[
    row("remote_server", |c| Slot::Word(&mut c.server)),
    row("port", |c| number(&mut c.port, 1, 65535)),
    row("local_port", |c| Slot::Choice(&mut c.local_port)),
    row("transport", |c| Slot::Choice(&mut c.transport)),
    row("mode", |c| Slot::Choice(&mut c.mode)),
    row("queue_file", |c| Slot::Word(&mut c.queue_file)),
    row("queue_depth", |c| number(&mut c.queue_depth, 1, INT_MAX)),
    row("format", |c| Slot::Choice(&mut c.format)),
    row("network_retry_time", |c| number(&mut c.network_retry_time, 1, INT_MAX)),
    row("max_tries_per_record", |c| number(&mut c.max_tries_per_record, 1, INT_MAX)),
    row("max_time_per_record", |c| number(&mut c.max_time_per_record, 1, INT_MAX)),
    row("heartbeat_timeout", |c| number(&mut c.heartbeat_timeout, 0, INT_MAX)),
    with_helper("network_failure_action", |c| Slot::Reaction(c.reaction_mut(Trouble::Network), ACTIONS)),
    with_helper("disk_low_action", |c| Slot::Reaction(c.reaction_mut(Trouble::DiskLow), ACTIONS)),
    with_helper("disk_full_action", |c| Slot::Reaction(c.reaction_mut(Trouble::DiskFull), ACTIONS)),
    with_helper("disk_error_action", |c| Slot::Reaction(c.reaction_mut(Trouble::DiskError), ACTIONS)),
    with_helper("remote_ending_action", |c| Slot::Reaction(c.reaction_mut(Trouble::Ending), ENDING_ACTIONS)),
    with_helper("generic_error_action", |c| Slot::Reaction(c.reaction_mut(Trouble::Error), ACTIONS)),
    with_helper("generic_warning_action", |c| Slot::Reaction(c.reaction_mut(Trouble::Warning), ACTIONS)),
    with_helper("queue_error_action", |c| Slot::Reaction(c.reaction_mut(Trouble::Queue), ACTIONS)),
    with_helper("overflow_action", |c| Slot::Choice(&mut c.overflow_action)),
    with_helper("startup_failure_action", |c| Slot::Reaction(c.reaction_mut(Trouble::Startup), STARTUP_ACTIONS)),
    row("enable_krb5", |c| Slot::YesNo(&mut c.enable_krb5)),
    row("krb5_principal", |_| Slot::Ignored),
    row("krb5_client_name", |_| Slot::Ignored),
    row("krb5_key_file", |_| Slot::Ignored),
    tls_row!("tls_auth", Choice(tls.auth), Slot::Ignored),
    tls_row!("tls_crypto_profile", Choice(tls.profile), Slot::Ignored),
    tls_row!("tls_psk_file", Word(tls.psk_file), Slot::Ignored),
    tls_row!("tls_psk_identity", Word(tls.psk_identity), Slot::Ignored),
    tls_row!("tls_cipher_suites", Word(tls.cipher_suites), Slot::Ignored),
    tls_row!("tls_key_exchange", Word(tls.key_exchange), Slot::Ignored),
    tls_row!("tls_require_pqc", YesNo(tls.require_pqc), Slot::Ignored),
];

/// Reads the file, whose name is `file` in sentences. One that names no server is refused, since
/// nothing could be sent.
pub fn parse(
    text: &[u8],
    file: &str,
    checks: &dyn HostChecks,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Remote, ConfigError> {
    let mut remote = Remote::default();
    check_lines(text, file)?;
    super::read(text, file, super::MAX_LINE, KEYS, &mut remote, checks, diagnostics)?;
    if remote.transport == Transport::Tcp {
        diagnostics.extend(super::tls::idle(text, file));
    }
    let (key, reason) = match () {
        () if remote.transport == Transport::Tls && !cfg!(feature = "tls") => (
            "transport",
            "transport = tls is not in this program, which has no TLS: use transport = tcp through a tunnel (stunnel, \
             WireGuard), or the audit package's own audisp-remote",
        ),
        #[cfg(feature = "tls")]
        () if remote.transport == Transport::Tls && remote.tls.psk_file.is_empty() => {
            ("transport", "transport=tls requires tls_psk_file")
        }
        #[cfg(feature = "tls")]
        () if remote.transport == Transport::Tls && remote.tls.psk_identity.is_empty() => {
            ("tls_psk_file", "tls_psk_identity is required when tls_psk_file is set")
        }
        #[cfg(feature = "tls")]
        () if remote.transport == Transport::Tls && remote.format == Format::Ascii => {
            ("format", "transport=tls requires format=managed")
        }
        () if remote.transport == Transport::Krb5 => ("transport", KRB5),
        () if remote.enable_krb5 => ("enable_krb5", KRB5),
        () if remote.mode == Mode::Forward && remote.format == Format::Ascii => {
            ("mode", "\"mode=forward\" is valid only with \"format=managed\"")
        }
        () if !remote.queue_file.starts_with('/') => ("queue_file", "queue_file must be an absolute path"),
        () if remote.server.is_empty() => {
            ("remote_server", "remote_server is not set: there is nowhere to send records")
        }
        () => {
            #[cfg(feature = "tls")]
            if remote.transport == Transport::Tls {
                remote.tls.check().map_err(|(key, reason)| refusal(text, file, key, &reason))?;
            }
            return Ok(remote);
        }
    };
    Err(refusal(text, file, key, reason))
}

/// Refuses lines of which a part would not count, and nobody would know.
fn check_lines(text: &[u8], file: &str) -> Result<(), ConfigError> {
    for (line, bytes) in (1..).zip(text.split(|&b| b == b'\n')) {
        if bytes.len() >= super::MAX_LINE && !bytes.trim_ascii_start().starts_with(b"#") {
            let key = super::key_of(bytes).to_string();
            return Err(ConfigError { line, key, text: format!("Line {line} in {file} is too long") });
        }
    }
    for (line, super::Line { key, value, option, .. }) in super::readable_lines(text) {
        if let Some(option) = option.filter(|_| key.ends_with("_action") && !value.eq_ignore_ascii_case("exec")) {
            let text = format!("Keyword \"{key}\" has invalid option \"{option}\" in line {line} of {file}");
            return Err(ConfigError { line, key: key.to_string(), text });
        }
    }
    Ok(())
}

/// The values in force, one `key = value` a line.
pub fn show(remote: &mut Remote) -> String {
    super::show(KEYS, remote)
}

/// What is wrong with a key of the file, whose text is given.
pub fn refusal(text: &[u8], file: &str, key: &str, reason: &str) -> ConfigError {
    let line = super::line_of(text, key);
    let mut text = reason.to_string();
    if line > 0 {
        text.extend([" - line ", &line.to_string(), " of ", file]);
    } else {
        text.extend([" - ", file]);
    }
    ConfigError { line, key: key.to_string(), text }
}

const KRB5: &str = "Kerberos is not in this program: use transport = tcp through a tunnel (stunnel, WireGuard), or the audit \
                    package's own audisp-remote";

#[cfg(test)]
mod tests {
    use super::super::libaudit::Nowhere;
    use super::*;

    fn read(text: &str) -> Result<Remote, String> {
        let text = format!("remote_server = collector\n{text}");
        parse(text.as_bytes(), "r.conf", &Nowhere, &mut Vec::new()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_set_is_as_it_suits_a_user() {
        let remote = read("").unwrap();
        assert_eq!(remote, Remote { server: "collector".to_string(), ..Remote::default() });
        assert_eq!(remote.reaction(Trouble::Network).response, WarnOnce, "a failure of the network stops nothing");
        assert_eq!(remote.reaction(Trouble::Startup).response, WarnOnceContinue);
        assert_eq!(remote.reaction(Trouble::DiskLow).response, Ignore);
        assert_eq!(remote.reaction(Trouble::Ending).response, Reconnect);
        assert_eq!(remote.reaction(Trouble::Queue).response, Stop);
        assert_eq!(remote.needs(), Needs { low_port: false, programs: false, records: false });
    }

    #[test]
    fn every_key_of_the_reference_is_known() {
        let remote = read(
            "port = 65535\nlocal_port = 61\ntransport = TCP\nmode = Forward\nqueue_file = /q\nqueue_depth = 1\n\
             format = managed\nnetwork_retry_time = 2\nmax_tries_per_record = 1\nmax_time_per_record = 7\n\
             heartbeat_timeout = 30\nnetwork_failure_action = exec /bin/x\ndisk_low_action = syslog\n\
             disk_full_action = halt\ndisk_error_action = single\nremote_ending_action = suspend\n\
             generic_error_action = warn_once_continue\ngeneric_warning_action = ignore\nqueue_error_action = stop\n\
             overflow_action = suspend\nstartup_failure_action = warn_once\nenable_krb5 = no\nkrb5_principal = x\n\
             krb5_client_name = x\nkrb5_key_file = /x\ntls_auth = psk\ntls_crypto_profile = pqc\ntls_psk_file = /x\n\
             tls_psk_identity = x\ntls_cipher_suites = x\ntls_key_exchange = x\ntls_require_pqc = no\n",
        );
        let remote = remote.unwrap();
        assert_eq!((remote.port, remote.local_port, remote.queue_depth), (65535, LocalPort(61), 1));
        assert_eq!((remote.mode, remote.queue_file.as_str()), (Mode::Forward, "/q"));
        let times = (remote.network_retry_time, remote.max_tries_per_record, remote.max_time_per_record);
        assert_eq!((times, remote.heartbeat_timeout), ((2, 1, 7), 30));
        let network = Reaction { response: Exec, helper: "/bin/x".to_string() };
        assert_eq!(remote.reaction(Trouble::Network), &network);
        let responses = remote.reactions.map(|reaction| reaction.response);
        let expected = [WarnOnce, Exec, Syslog, Halt, Single, Suspend, WarnOnceContinue, Ignore, Stop];
        assert_eq!((responses, remote.overflow_action), (expected, Overflow::Suspend));
    }

    #[test]
    fn a_low_port_and_programs_need_capabilities() {
        for (text, low_port, programs) in [
            ("local_port = 1023", true, false),
            ("local_port = 1024", false, false),
            ("local_port = any", false, false),
            ("overflow_action = single", false, true),
            ("overflow_action = suspend", false, false),
            ("disk_low_action = exec /bin/x", false, true),
            ("network_failure_action = halt\nlocal_port = 1", true, true),
        ] {
            assert_eq!(read(text).unwrap().needs(), Needs { low_port, programs, records: false }, "{text}");
        }
    }

    #[test]
    fn what_is_out_of_range_is_refused_with_its_line() {
        for (text, expected) in [
            ("port = 0", "Error - converted number (0) is too small - line 2"),
            ("port = 65536", "Error - converted number (65536) is too large - line 2"),
            ("port = x", "Value x should only be numbers - line 2"),
            ("local_port = 65536", "Option 65536 not found - line 2"),
            ("local_port = +1", "Option +1 not found - line 2"),
            ("queue_depth = 0", "Error - converted number (0) is too small - line 2"),
            ("queue_depth = 2147483648", "Error - converted number (2147483648) is too large - line 2"),
            ("network_retry_time = 0", "Error - converted number (0) is too small - line 2"),
            ("max_tries_per_record = 0", "Error - converted number (0) is too small - line 2"),
            ("max_time_per_record = 0", "Error - converted number (0) is too small - line 2"),
            ("heartbeat_timeout = -1", "Value -1 should only be numbers - line 2"),
            ("mode = later", "Option later not found - line 2"),
            ("format = json", "Option json not found - line 2"),
            ("transport = udp", "Option udp not found - line 2"),
            ("network_failure_action = reconnect", "Option reconnect not found - line 2"),
            ("network_failure_action = rotate", "Option rotate not found - line 2"),
            ("startup_failure_action = stop", "Option stop not found - line 2"),
            ("overflow_action = stop", "Option stop not found - line 2"),
            ("disk_full_action = exec", "Executable path needed for line 2"),
            ("disk_full_action = exec x", "Absolute path needed for x - line 2"),
            ("queue_file = spool", "queue_file must be an absolute path - line 2 of r.conf"),
            (
                "mode = forward\nformat = ascii",
                "\"mode=forward\" is valid only with \"format=managed\" - line 2 of r.conf",
            ),
            (
                "disk_low_action = syslog now",
                "Keyword \"disk_low_action\" has invalid option \"now\" in line 2 of r.conf",
            ),
            (
                "overflow_action = syslog now",
                "Keyword \"overflow_action\" has invalid option \"now\" in line 2 of r.conf",
            ),
            ("disk_low_action = exec /bin/x y", "Not processing any more lines in r.conf"),
            ("server = x", "Unknown keyword \"server\" in line 2 of r.conf"),
        ] {
            assert_eq!(read(text), Err(expected.to_string()), "{text}");
        }
    }

    #[test]
    fn transports_that_are_not_there_are_refused_by_name_with_a_way_out() {
        let krb5 = [("transport = KRB5", "Kerberos", 2), ("\nenable_krb5 = yes", "Kerberos", 3)];
        let tls = [("transport = tls", "transport = tls", 2)].into_iter().filter(|_| !cfg!(feature = "tls"));
        for (text, name, line) in tls.chain(krb5) {
            let error = read(text).unwrap_err();
            assert!(error.contains(name) && error.contains("stunnel"), "{error}");
            assert!(error.ends_with(&format!(" - line {line} of r.conf")), "{error}");
        }
    }

    #[test]
    #[cfg(feature = "tls")]
    fn tls_needs_a_key_and_its_name() {
        let whole = "transport = tls\ntls_psk_file = /k\ntls_psk_identity = me\n";
        let remote = read(whole).unwrap();
        assert_eq!((remote.tls.psk_file.as_str(), remote.tls.psk_identity.as_str()), ("/k", "me"));
        assert_eq!(remote.needs(), Needs { low_port: false, programs: false, records: true });
        for (text, expected) in [
            ("transport = tls", "transport=tls requires tls_psk_file - line 2 of r.conf"),
            (
                "transport = tls\ntls_psk_file = /k",
                "tls_psk_identity is required when tls_psk_file is set - line 3 of r.conf",
            ),
            (&format!("{whole}format = ascii"), "transport=tls requires format=managed - line 5 of r.conf"),
            (
                &format!("{whole}tls_require_pqc = yes"),
                "key exchange that withstands quantum computers is not in this program, which has X25519 alone - line 5 of r.conf",
            ),
            (&format!("{whole}tls_auth = x509"), "Option x509 not found - line 5"),
        ] {
            assert_eq!(read(text), Err(expected.to_string()), "{text}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_refused_unless_it_is_a_comment() {
        let long = "x".repeat(511);
        let error =
            parse(format!("port = 60\nkrb5_principal = {long}\n").as_bytes(), "r.conf", &Nowhere, &mut Vec::new());
        let error = error.unwrap_err();
        assert_eq!(
            (error.line, error.key.as_str(), error.text.as_str()),
            (2, "krb5_principal", "Line 2 in r.conf is too long")
        );
        assert!(read(&format!(" # {long}")).is_ok());
    }

    #[test]
    fn keys_of_tls_that_protect_nothing_are_named() {
        let noted = |lines: &str| {
            let mut notes = Vec::new();
            let text = format!("remote_server = there\n{lines}");
            parse(text.as_bytes(), "r.conf", &Nowhere, &mut notes).unwrap();
            notes.into_iter().map(|note| note.text).collect::<Vec<_>>().join("")
        };
        let text =
            "Warning - tls_psk_file says nothing without transport = tls: nothing is encrypted - line 2 of r.conf";
        assert_eq!(noted("tls_psk_file = /k\ntls_psk_identity = me"), text);
        assert_eq!(noted("# tls_psk_file = /k"), "");
        #[cfg(feature = "tls")]
        assert_eq!(noted("tls_psk_file = /k\ntls_psk_identity = me\ntransport = tls"), "");
    }

    #[test]
    fn a_file_without_a_server_is_refused() {
        for text in ["", "# nothing\n", "port = 60\n"] {
            let error = parse(text.as_bytes(), "r.conf", &Nowhere, &mut Vec::new()).unwrap_err();
            assert_eq!(error.to_string(), "remote_server is not set: there is nowhere to send records - r.conf");
        }
    }
}
