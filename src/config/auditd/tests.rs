//! auditd.conf as it is read, key by key, and its page beside the table of keys.

use super::*;

struct Anything;
impl HostChecks for Anything {
    fn group_id(&self, name: &str) -> Option<u32> {
        (name == "adm").then_some(4)
    }
    fn check_helper(&self, path: &str) -> Result<(), String> {
        if path == "/gone" { Err("Unable to stat /gone (No such file or directory)".to_string()) } else { Ok(()) }
    }
    fn check_log(&self, _: &str, _: &mut Vec<Diagnostic>) -> Result<(), String> {
        Ok(())
    }
    fn can_mail(&self) -> bool {
        true
    }
}

fn read(text: &str) -> Result<Config, ConfigError> {
    parse(text.as_bytes(), "a.conf", &Anything, &mut Vec::new())
}

#[test]
fn every_key_stands_in_the_man_page() {
    let page = include_str!("../../../docs/man/auditd.conf.5");
    let words: Vec<&str> = page.split_ascii_whitespace().collect();
    let mut config = Config::default();
    // Of what is not there the page names the beginnings, of what is of old times nothing.
    for row in KEYS.iter().filter(|row| !matches!((row.slot)(&mut config), Slot::Absent(..) | Slot::Deprecated)) {
        assert!(words.windows(2).any(|pair| pair == ["Cm", row.name]), "auditd.conf.5 lacks {}", row.name);
    }
}

/// The refusal of one line in an otherwise sound file.
fn refusal(line: &str) -> String {
    read(&format!("space_left = 75\n{line}\n")).unwrap_err().text
}

fn sound(lines: &str) -> Config {
    read(&format!("space_left = 75\nadmin_space_left = 50\n{lines}")).unwrap()
}

#[test]
fn a_zero_length_file_is_all_defaults_and_one_with_a_comment_is_checked() {
    assert_eq!(read(""), Ok(Config::default()));
    let error = read("# nothing\n").unwrap_err();
    let sentence = "Error - space_left(0) must be larger than admin_space_left(0) - neither is set in a.conf";
    assert_eq!((error.text.as_str(), error.line, error.key.as_str()), (sentence, 0, "space_left"));
}

#[test]
fn thresholds_that_are_not_in_the_file_are_named_as_such() {
    let text = read("num_logs = 10\n").unwrap_err().text;
    assert_eq!(text, "Error - space_left(0) must be larger than admin_space_left(0) - neither is set in a.conf");
    let error = read("space_left = 100\nspace_left = 100\nadmin_space_left = 100\n").unwrap_err();
    assert_eq!(error.text, "Error - space_left(100) must be larger than admin_space_left(100)");
    assert_eq!(error.line, 2);
}

#[test]
fn a_carriage_return_is_named() {
    let error = read("space_left = 75\r\nlog_format = RAW\r\n").unwrap_err();
    assert_eq!(error.text, "Line 1 in a.conf ends with a carriage return; lines end with a newline alone");
    assert_eq!((error.line, error.key.as_str()), (1, "space_left"));
    assert!(read("# a comment\r\n\r\n").is_err_and(|error| error.line == 2));
}

#[test]
fn keys_and_words_are_read_without_case_and_the_last_line_wins() {
    let config = sound("FLUSH = Incremental_Async\nfreq = 50\nnum_logs = 3\nnum_logs = 5\nlog_group = adm");
    assert_eq!((config.flush, config.freq, config.num_logs), (Flush::IncrementalAsync, 50, 5));
    assert_eq!(config.log_group, 4);
}

#[test]
fn a_last_line_without_newline_counts() {
    assert_eq!(sound("num_logs = 7").num_logs, 7);
}

#[test]
fn refusals_name_word_and_line() {
    assert_eq!(refusal("bogus = 1"), "Unknown keyword \"bogus\" in line 2 of a.conf");
    assert_eq!(refusal("freq = 1 2"), "Keyword \"freq\" has invalid option \"2\" in line 2 of a.conf");
    assert_eq!(refusal("freq=1"), "Not processing any more lines in a.conf");
    assert_eq!(refusal("freq 1"), "Not processing any more lines in a.conf");
    assert_eq!(refusal("freq = x"), "Value x should only be numbers - line 2");
    assert_eq!(refusal("freq = 2147483648"), "Error - converted number (2147483648) is too large - line 2");
    assert_eq!(refusal("num_logs = 1000"), "num_logs must be 999 or less");
    assert_eq!(refusal("q_depth = 0"), "q_depth must be greater than zero");
    assert_eq!(refusal("log_format = pretty"), "Option pretty not found - line 2");
    assert_eq!(refusal("local_events = maybe"), "Option maybe not found - line 2");
    assert!(refusal("log_group = 4294967295").starts_with("Group ID is "));
    assert_eq!(refusal("log_group = nobody-knows"), "Group ID is non-numeric and unknown (nobody-knows) - line 2");
    assert_eq!(refusal("log_file = /a/x"), "The directory name: /a is too short - line 2");
    for name in ["/var/log/", "/var/log/.", "/var/log/audit/.."] {
        assert_eq!(refusal(&format!("log_file = {name}")), format!("log_file {name} names no file - line 2"));
    }
}

#[test]
fn reactions_know_where_they_belong() {
    assert_eq!(refusal("disk_full_action = email"), "Illegal option email for disk_full_action - line 2");
    assert_eq!(refusal("max_log_file_action = halt"), "Option halt not found - line 2");
    assert!(
        refusal("space_left_action = halt").starts_with("The HALT option in space_left_action has been deprecated")
    );
    assert_eq!(refusal("disk_error_action = exec"), "Executable path needed for line 2");
    assert_eq!(refusal("disk_error_action = exec x"), "Absolute path needed for x - line 2");
    let gone = "Unable to stat /gone (No such file or directory) - line 2";
    assert_eq!(refusal("disk_error_action = exec /gone"), gone);
    let config = sound("admin_space_left_action = exec /bin/x\n");
    assert_eq!(config.admin_space_left_action, Reaction { response: Exec, helper: "/bin/x".to_string() });
}

#[test]
#[cfg(feature = "tls")]
fn tls_needs_a_key_and_a_name_or_a_list() {
    assert_eq!(refusal("transport = tls"), "transport=tls requires tls_psk_file or tls_allowed_clients");
    assert_eq!(
        refusal("transport = tls\ntls_psk_file = /k"),
        "tls_psk_identity or tls_allowed_clients is required when tls_psk_file is set"
    );
    assert_eq!(refusal("transport = tls\ntls_allowed_clients = k"), "Absolute path needed for k");
    assert!(refusal("transport = krb5").contains("Kerberos"));
    let config = sound("transport = tls\ntls_psk_file = /k\ntls_psk_identity = me\n");
    assert_eq!((config.transport, config.tls.psk_file.as_str()), (Transport::Tls, "/k"));
    sound("transport = tls\ntls_allowed_clients = /l\ntls_cipher_suites = TLS_CHACHA20_POLY1305_SHA256\n");
}

#[test]
#[cfg(feature = "tls")]
fn keys_of_tls_that_protect_nothing_are_named() {
    let noted = |text: &str| {
        let mut diagnostics = Vec::new();
        parse(text.as_bytes(), "a.conf", &Anything, &mut diagnostics).unwrap();
        diagnostics.into_iter().map(|note| note.text).collect::<Vec<_>>().join("")
    };
    let keys = "space_left = 75\nTLS_psk_file = /k\ntls_psk_identity = me\n";
    let listening = format!("{keys}tcp_listen_port = 60\n");
    assert_eq!(
        noted(&listening),
        "Warning - tls_psk_file says nothing without transport = tls: nothing is encrypted - line 2 of a.conf"
    );
    assert_eq!(noted(keys), "", "nobody connects");
    assert_eq!(noted(&format!("{listening}transport = tls\n")), "");
}

#[test]
#[cfg(not(feature = "tls"))]
fn what_is_not_there_is_refused_by_name() {
    assert_eq!(
        refusal("transport = tls"),
        "transport = tls asks for another transport than plain TCP, which this auditd does not have; leave the key out \
         or set it to tcp - line 2"
    );
    assert_eq!(
        refusal("tls_psk_file = /etc/audit/tls/audit.psk"),
        "tls_psk_file = /etc/audit/tls/audit.psk asks for TLS, which this auditd does not have; leave the key out - line 2"
    );
    let mut refused = vec![
        "transport = krb5",
        "enable_krb5 = yes",
        "krb5_principal = host",
        "krb5_key_file = /etc/krb5.keytab",
        "tls_auth = bogus",
        "tls_crypto_profile = pqc",
        "tls_require_pqc = yes",
        "tls_psk_identity = collector",
        "tls_allowed_clients = /etc/audit/tls/clients",
        "tls_cipher_suites = TLS_AES_128_GCM_SHA256",
        "tls_key_exchange = X25519",
    ];
    if !cfg!(feature = "listener") {
        refused.extend([
            "tcp_listen_port = 60",
            "tcp_listen_queue = 6",
            "tcp_max_per_addr = 2",
            "tcp_client_ports = 1024-65535",
            "tcp_client_max_idle = 60",
            "distribute_network = yes",
        ]);
    }
    for line in refused {
        let error = read(&format!("space_left = 75\n{line}\n")).unwrap_err();
        let key = line.split(' ').next().unwrap();
        assert_eq!((error.line, error.key.as_str()), (2, key));
        assert!(error.text.starts_with(line), "{}", error.text);
    }
}

#[test]
fn what_the_network_has_by_default_is_taken() {
    sound(
        "use_libwrap = no\ntcp_listen_port = 0\ntcp_listen_queue = 5\ntcp_max_per_addr = 1\n\
         tcp_client_ports = 0-65535\ntcp_client_max_idle = 0\ntransport = TCP\ndistribute_network = no\n\
         enable_krb5 = no\nkrb5_principal = auditd\nkrb5_key_file = /etc/audit/audit.key\ntls_auth = psk\n\
         tls_crypto_profile = compatible\ntls_require_pqc = no\n",
    );
}

#[test]
#[cfg(feature = "listener")]
fn the_listener_has_keys_of_its_own() {
    let config = sound("tcp_listen_port = 60\ntcp_client_ports = 1-1023\ntcp_max_per_addr = 1024\nuse_libwrap = no");
    assert_eq!((config.tcp_listen_port, config.tcp_client_ports, config.use_libwrap), (60, (1, 1023), false));
    assert_eq!(refusal("tcp_listen_port = 65536"), "Error - converted number (65536) is too large - line 2");
    assert_eq!(refusal("tcp_listen_queue = 0"), "Error - converted number (0) is too small - line 2");
    assert_eq!(refusal("tcp_max_per_addr = 1025"), "Error - converted number (1025) is too large - line 2");
}

#[test]
fn pairs_that_cannot_stand_together() {
    assert!(refusal("flush = incremental").contains("0 selected for freq"));
    assert!(refusal("log_file = /var/log/x.log\nlog_group = adm").contains("directly in /var/log"));
    for name in ["a\x1b[31mb", "a\x1dUID=\"root\"", "a\tb", "a\x7f", "node=x", &"x".repeat(256)] {
        assert!(refusal(&format!("name = {name}")).contains("name has over 255 bytes, node= or a control character"));
    }
    assert_eq!(sound(&format!("name_format = user\nname = {}\n", "x".repeat(255))).name.len(), 255);
    assert!(refusal("compress_command = /bin/gzip").contains("log_names = dates"));
    assert!(refusal("space_left_action = degrade").contains("priority_keys"));
}

#[test]
fn pairs_that_hardly_make_sense_are_noted() {
    let mut diagnostics = Vec::new();
    parse(b"space_left = 1\nmax_log_file_action = rotate\nq_depth = 5\n", "f", &Anything, &mut diagnostics).unwrap();
    assert_eq!(diagnostics.len(), 3);
}

#[test]
fn what_is_shown_reads_the_same() {
    let mut config = sound("max_log_age = 1d\nlog_names = dates\ncompress_command = /bin/gzip\npriority_keys = a,b\n");
    let text = super::super::show(KEYS, &mut config);
    assert!(text.contains("max_log_age = 1d\n") && text.contains("priority_keys = a,b\n"));
    assert_eq!(read(&text), Ok(config));
}

#[test]
fn mail_accounts_are_checked_unless_told_otherwise_before() {
    assert_eq!(refusal("action_mail_acct = a;b"), "email: a;b has illegal character");
    assert_eq!(sound("verify_email = no\naction_mail_acct = a;b\n").action_mail_acct, "a;b");
}
