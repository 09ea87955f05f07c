//! The normaliser as ausearch(8) `--format csv` and `--format text` show it: events in, lines out.

use auditbox::event::{Assembler, Event, Policy};
use auditbox::interpret::{Interpreter, Names};
use auditbox::normalize::{csv, pieces, text};
use auditbox::record::Record;
use auditbox::text::Escape;
use auditbox::text::date::{Date, Dates};

/// A host that knows root, alice and the daemon's account.
struct Host;

impl Names for Host {
    fn user(&self, uid: u32) -> Option<&[u8]> {
        match uid {
            81 => Some(b"dbus"),
            1000 => Some(b"alice"),
            _ => None,
        }
    }

    fn group(&self, gid: u32) -> Option<&[u8]> {
        (gid == 100).then_some(b"users")
    }

    fn protocol(&self, number: u32) -> Option<&[u8]> {
        (number == 6).then_some(b"tcp")
    }

    fn user_id(&self, name: &[u8]) -> Option<u32> {
        (name == b"alice").then_some(1000)
    }
}

fn noon(_: i64) -> Date {
    Date { year: 2023, month: 11, day: 14, weekday: 2, hour: 12, minute: 0, second: 0, offset: 0 }
}

fn event(bodies: &[&str]) -> Event {
    let mut assembler = Assembler::new(Policy::Search, 2);
    for body in bodies {
        let (node, body) = match body.strip_prefix("node=") {
            Some(rest) => rest.split_once(' ').map(|(node, rest)| (format!("node={node} "), rest)).unwrap(),
            None => (String::new(), *body),
        };
        let (kind, fields) = body.split_once(' ').unwrap();
        let line = format!("{node}type={kind} msg=audit(1699963200.001:7): {fields}");
        assembler.push(&Record::parse(line.as_bytes()).unwrap());
    }
    assembler.finish();
    assembler.next().unwrap()
}

fn sentences(bodies: &[&str]) -> Vec<String> {
    let event = event(bodies);
    let mut interpreter = Interpreter::new(&Host, None, Escape::Tty);
    let lines = pieces(&event).map(|piece| {
        let mut out = Vec::new();
        text::sentence(&piece, &mut interpreter, &mut Dates::new(noon), &mut out);
        String::from_utf8(out).unwrap().trim_end_matches('\n').replacen("At 12:00:00 11/14/23 ", "", 1)
    });
    lines.collect()
}

fn sentence(bodies: &[&str]) -> String {
    sentences(bodies).remove(0)
}

fn row(bodies: &[&str], columns: csv::Columns) -> String {
    let event = event(bodies);
    let mut interpreter = Interpreter::new(&Host, None, Escape::Tty);
    let mut out = Vec::new();
    let _ = csv::row(&pieces(&event).next().unwrap(), columns, &mut interpreter, &mut Dates::new(noon), &mut out);
    String::from_utf8(out).unwrap().trim_end_matches('\n').to_owned()
}

/// A SYSCALL record of alice, who has become root.
fn call(number: u32, success: &str, arguments: &str) -> String {
    format!(
        "SYSCALL arch=c000003e syscall={number} success={success} exit=0 {arguments} items=2 ppid=1 pid=2 auid=1000 uid=0 \
         gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3 comm=\"tool\" exe=\"/usr/bin/tool\" key=\"k\""
    )
}

const NO_ARGUMENTS: &str = "a0=1 a1=2 a2=3 a3=4";
const CWD: &str = "CWD cwd=\"/home\"";
const END: &str = "PROCTITLE proctitle=\"tool\"";

fn path(item: u32, name: &str, mode: &str, nametype: &str) -> String {
    format!(
        "PATH item={item} name=\"{name}\" inode=1{item} dev=08:01 mode={mode} ouid=0 ogid=0 rdev=00:00 nametype={nametype}"
    )
}

#[test]
fn a_file_is_the_first_path_that_is_no_parent() {
    let open = call(257, "yes", NO_ARGUMENTS);
    let (parent, file) = (path(0, "sub/", "040755", "PARENT"), path(1, "sub/f", "0100644", "CREATE"));
    assert_eq!(
        sentence(&[&open, CWD, &parent, &file, END]),
        "alice, acting as root, successfully opened-file /home/sub/f using /usr/bin/tool"
    );
    let open = call(257, "no", NO_ARGUMENTS);
    assert_eq!(
        sentence(&[&open, CWD, &parent, END]),
        "alice, acting as root, unsuccessfully opened-file /home/sub/ using /usr/bin/tool"
    );
}

#[test]
fn the_mode_of_a_file_is_its_kind_but_an_opened_one_is_a_file() {
    let directory = path(0, "/d", "040755", "NORMAL");
    let kind = |number| {
        let line = row(&[&call(number, "yes", NO_ARGUMENTS), CWD, &directory, END], csv::Columns::default());
        line.rsplit(',').nth(1).unwrap().to_owned()
    };
    assert_eq!(kind(2), "file");
    assert_eq!(kind(90), "directory");
}

#[test]
fn a_key_of_nothing_is_no_key() {
    for (key, action) in [
        ("6B", "triggered-audit-rule k"),
        ("01006B", "triggered-unknown-audit-rule"),
        ("006B", "triggered-unknown-audit-rule"),
    ] {
        let getpid = call(39, "yes", NO_ARGUMENTS).replace("key=\"k\"", &format!("key={key}"));
        let told = sentence(&[&getpid, END]);
        assert!(told.contains(&format!(" {action} using ")), "{key}: {told}");
    }
}

#[test]
fn a_rule_change_is_seen_unless_its_quote_is_escaped() {
    let change = event(&["CONFIG_CHANGE auid=1000 ses=1 op=\"remove_rule\" key=\"k\" list=4 res=1"]);
    for (mode, action) in [
        (Escape::Raw, "deleted-audit-rule"),
        (Escape::Tty, "deleted-audit-rule"),
        (Escape::Shell, "changed-audit-configuration"),
    ] {
        let mut out = Vec::new();
        let mut interpreter = Interpreter::new(&Host, None, mode);
        text::sentence(&pieces(&change).next().unwrap(), &mut interpreter, &mut Dates::new(noon), &mut out);
        assert!(String::from_utf8(out).unwrap().contains(action), "{mode:?}");
    }
}

#[test]
fn renaming_and_linking_have_two_objects() {
    let paths = [
        path(0, "/a/", "040755", "PARENT"),
        path(1, "/b/", "040755", "PARENT"),
        path(2, "/a/x", "0100644", "DELETE"),
        path(3, "/b/y", "0100644", "CREATE"),
    ];
    let rename = call(82, "yes", NO_ARGUMENTS);
    let records = [&rename, CWD, &paths[0], &paths[1], &paths[2], &paths[3], END];
    assert_eq!(sentence(&records), "alice, acting as root, successfully renamed /a/x to /b/y using /usr/bin/tool");
    let chmod = call(90, "yes", "a0=1 a1=1ed a2=0 a3=0");
    assert_eq!(
        sentence(&[&chmod, CWD, &paths[3], END]),
        "alice, acting as root, successfully changed-file-permissions-of /b/y to 0755 using /usr/bin/tool"
    );
}

#[test]
fn sockets_are_told_by_host_or_family() {
    let connect = call(42, "yes", NO_ARGUMENTS);
    assert_eq!(
        sentence(&[&connect, "SOCKADDR saddr=02000050C0A801010000000000000000", END]),
        "alice, acting as root, successfully connected-to 192.168.1.1 using /usr/bin/tool"
    );
    assert_eq!(
        sentence(&[&connect, "SOCKADDR saddr=01002F72756E2F7800", END]),
        "alice, acting as root, successfully connected-to local using /usr/bin/tool"
    );
}

#[test]
fn signals_tell_up_to_three_processes() {
    let kill = call(62, "yes", NO_ARGUMENTS);
    let pids: Vec<String> = (11..15).map(|pid| format!("OBJ_PID opid={pid} oauid=0 ouid=0")).collect();
    let told = |count: usize| {
        let mut records = vec![kill.as_str()];
        records.extend(pids.iter().take(count).map(String::as_str));
        sentence(&records).replace("alice, acting as root, successfully ", "")
    };
    assert_eq!(told(1), "killed-pid (11) using /usr/bin/tool");
    assert_eq!(told(2), "killed-list-of-pids (11,12) using /usr/bin/tool");
    assert_eq!(told(4), "killed-list-of-pids (11,12,13,...) using /usr/bin/tool");
}

#[test]
fn changes_of_identity_are_told_by_the_call() {
    let setreuid = call(113, "yes", "a0=ffffffff a1=3e8 a2=0 a3=0");
    assert_eq!(
        sentence(&[&setreuid, END]),
        "alice, acting as root, successfully changed-identity-of /usr/bin/tool to alice using setreuid"
    );
}

#[test]
fn a_script_is_told_by_its_name() {
    let script = call(90, "yes", NO_ARGUMENTS).replace("/usr/bin/tool", "/usr/bin/python3.11");
    let hex = call(90, "yes", NO_ARGUMENTS).replace("\"/usr/bin/tool\"", "2F7573722F62696E2F626173682028782900");
    for call in [script, hex] {
        assert!(sentence(&[&call, END]).ends_with(" using tool"));
    }
}

#[test]
fn other_calls_are_told_by_the_key_of_their_rule() {
    let ioctl = call(16, "yes", NO_ARGUMENTS);
    assert!(sentence(&[&ioctl, END]).contains(" triggered-audit-rule k using "));
    let many = ioctl.replace("\"k\"", "6B31016B32");
    assert!(sentence(&[&many, END]).contains(" triggered-audit-rule k1 using "));
    let none = ioctl.replace("\"k\"", "(null)");
    assert!(sentence(&[&none, END]).contains(" triggered-unknown-audit-rule using "));
}

#[test]
fn other_records_may_say_more_than_the_call() {
    let open = call(2, "no", NO_ARGUMENTS);
    let avc = "AVC avc:  denied  { read } for  pid=2 comm=\"tool\" scontext=u:r:t tcontext=u:o:t tclass=file";
    let told = sentence(&[avc, &open, CWD, &path(0, "/f", "0100644", "NORMAL"), END]);
    assert!(told.contains(" accessed-mac-policy-controlled-object "), "{told}");
    let promiscuous = "ANOM_PROMISCUOUS dev=eth0 prom=256 old_prom=0 auid=1000 uid=0 gid=0 ses=3";
    let told = sentence(&[promiscuous, &call(46, "yes", NO_ARGUMENTS), END]);
    assert!(told.contains(" entered-promiscuous-mode-on-device eth0 "), "{told}");
    let change = "CONFIG_CHANGE op=set audit_enabled=1 old=0 auid=1000 ses=3 res=1";
    let unnamed = call(44, "yes", NO_ARGUMENTS).replace("\"k\"", "(null)");
    let told = sentence(&[change, &unnamed, END]);
    assert!(told.contains(" set audit_enabled using "), "{told}");
    let told = sentence(&[change, &call(44, "yes", NO_ARGUMENTS), END]);
    assert!(told.contains(" set audit_enabled using "), "{told}");
}

#[test]
fn single_records_are_told_by_their_type() {
    for (record, told) in [
        (
            "USER_LOGIN pid=1 uid=0 auid=4294967295 ses=4294967295 msg='op=login acct=\"alice\" exe=\"/usr/sbin/sshd\" \
             terminal=ssh res=failed'",
            "alice unsuccessfully logged-in ssh using /usr/sbin/sshd",
        ),
        (
            "SERVICE_START pid=1 uid=0 auid=4294967295 ses=4294967295 msg='unit=cron exe=\"/sbin/init\" res=success'",
            "system, acting as root, successfully started-service cron using /sbin/init",
        ),
        (
            "LOGIN pid=1 uid=0 old-auid=4294967295 auid=1000 tty=(none) old-ses=4294967295 ses=3 res=1",
            "system, acting as root, successfully changed-login-id-to alice ",
        ),
        (
            "DAEMON_END op=terminate auid=0 uid=0 ses=3 pid=1 res=success",
            "root successfully shutdown-audit using signal",
        ),
        (
            "USER_END pid=1 uid=0 auid=1000 ses=3 msg='op=x acct=\"alice\" exe=\"/bin/su\" terminal=tty1 res=success'",
            "alice, acting as root, successfully ended-session tty1 ",
        ),
        (
            "ANOM_ABEND auid=1000 uid=0 gid=0 ses=3 pid=9 comm=\"x\" exe=\"/bin/x\" sig=11 res=1",
            "alice, acting as root, successfully crashed-program /bin/x using SIGSEGV",
        ),
        ("CONFIG_CHANGE auid=1000 ses=3 op=add_rule key=\"k\" list=4 res=1", "alice successfully added-audit-rule k "),
        (
            "MAC_UNLBL_ALLOW netlabel: auid=1000 ses=3 unlbl_accept=1 old=0",
            "alice is-allowing-unlabeled-network-traffic ",
        ),
        (
            "ADD_GROUP pid=1 uid=0 auid=1000 ses=3 msg='op=x id=100 exe=\"/bin/x\" res=success'",
            "alice, acting as root, successfully added-group-account-to users using /bin/x",
        ),
        ("BPF prog-id=21 op=UNLOAD", " unloaded-bpf-program 21 "),
        ("BOGUS x=1", " did-unknown "),
    ] {
        assert_eq!(sentence(&[record]), told, "{record}");
    }
}

#[test]
fn a_node_begins_the_sentence() {
    assert_eq!(sentence(&["node=web BPF prog-id=21 op=LOAD"]), "On web at 12:00:00 11/14/23  loaded-bpf-program 21 ");
}

#[test]
fn records_behind_the_end_are_an_event_of_their_own() {
    let open = call(2, "yes", NO_ARGUMENTS);
    let file = path(0, "/f", "0100644", "NORMAL");
    let told = sentences(&[&open, CWD, &file, END, "EOE x=1", &file]);
    assert_eq!(told, ["alice, acting as root, successfully opened-file /f using /usr/bin/tool", " did-unknown "]);
}

#[test]
fn a_row_has_the_columns_that_are_asked_for() {
    let open = call(2, "yes", NO_ARGUMENTS).replace(" key=", " subj=u:r:t key=");
    let file = path(0, "/f", "0100644", "NORMAL") + " obj=u:o:t";
    let records = [open.as_str(), CWD, &file, END];
    assert_eq!(
        row(&records, csv::Columns::default()),
        ",SYSCALL,11/14/23,12:00:00,7,audit-rule,3,alice,root,privileged-acct,opened-file,success,/f,10,file,/usr/bin/tool"
    );
    let all = csv::Columns { key: true, labels: true, second: true, time: true };
    assert_eq!(
        row(&records, all),
        ",SYSCALL,11/14/23,12:00:00,2023,11,14,2,12,1,+00:00,7,audit-rule,3,alice,root,privileged-acct,u:r:t,opened-file,\
         success,/f,10,,u:o:t,file,/usr/bin/tool,k"
    );
    let mut header = Vec::new();
    csv::header(all, &mut header);
    let commas = |line: &[u8]| line.iter().filter(|b| **b == b',').count();
    assert_eq!(commas(&header), commas(row(&records, all).as_bytes()));
}

/// The values of one line of csv, as a reader of RFC 4180 takes them.
fn values(line: &str) -> Vec<String> {
    let (mut values, mut is_quoted, mut chars) = (vec![String::new()], false, line.chars().peekable());
    while let Some(char) = chars.next() {
        match char {
            '"' if is_quoted && chars.next_if_eq(&'"').is_some() => values.last_mut().unwrap().push('"'),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => values.push(String::new()),
            _ => values.last_mut().unwrap().push(char),
        }
    }
    values
}

#[test]
fn no_name_moves_the_columns() {
    let hex = |name: &str| name.bytes().map(|byte| format!("{byte:02X}")).collect::<String>();
    for name in ["/a,b", "/a\"b", "/\",\"", "/a\r", "/plain"] {
        let file = path(0, "x", "0100644", "NORMAL").replace("\"x\"", &hex(name));
        let call = call(2, "yes", NO_ARGUMENTS).replace("\"/usr/bin/tool\"", &hex(name)).replace("\"k\"", &hex(name));
        let event = event(&[&call, CWD, &file, END]);
        let mut interpreter = Interpreter::new(&Host, None, Escape::Raw);
        let (mut line, mut header) = (Vec::new(), Vec::new());
        let columns = csv::Columns { key: true, labels: true, second: true, time: true };
        let piece = pieces(&event).next().unwrap();
        csv::row(&piece, columns, &mut interpreter, &mut Dates::new(noon), &mut line).unwrap();
        csv::header(columns, &mut header);
        let titles = values(std::str::from_utf8(&header).unwrap().trim_end());
        let row = values(std::str::from_utf8(&line).unwrap().strip_suffix('\n').unwrap());
        assert_eq!(row.len(), titles.len(), "{name:?}");
        let value = |title| &row[titles.iter().position(|t| t == title).unwrap()];
        assert_eq!([value("OBJ_PRIME"), value("HOW"), value("KEY")], [name; 3]);
        assert_eq!(line.contains(&b'"'), name != "/plain");
    }
}

#[test]
fn records_of_the_kernel_say_by_themselves_who_did_what_and_whether_it_was_let() {
    for (record, told) in [
        (
            "NETFILTER_PKT mark=0x1 saddr=192.0.2.5 daddr=192.0.2.7 proto=6",
            "192.0.2.5 sent-packet-to 192.0.2.7 using tcp",
        ),
        (
            "NETFILTER_PKT action=0 hook=1 saddr=10.0.0.1 daddr=10.0.0.2",
            "10.0.0.1 successfully sent-packet-to 10.0.0.2 ",
        ),
        (
            "NETFILTER_PKT action=1 hook=1 saddr=10.0.0.1 daddr=10.0.0.2",
            "10.0.0.1 unsuccessfully sent-packet-to 10.0.0.2 ",
        ),
        ("TIME_ADJNTPVAL op=tick old=9977 new=10000", " changed-system-time "),
        ("TIME_INJOFFSET sec=-16 nsec=124887145", " changed-system-time "),
        (
            "DM_CTRL module=crypt op=ctr ppid=1 pid=2 auid=1000 uid=0 ses=1 comm=\"x\" exe=\"/sbin/x\" dev=254:3 \
             error_msg='success' res=1",
            "alice, acting as root, successfully created-mapped-device 254:3 using /sbin/x",
        ),
        (
            "DM_EVENT module=integrity op=integrity-checksum dev=254:3 sector=77480 res=0",
            " unsuccessfully checked-integrity-of 254:3 using integrity",
        ),
        (
            "INTEGRITY_DATA pid=1 uid=0 auid=1000 ses=2 op=appraise_data cause=invalid-hash comm=\"sh\" name=\"/bin/evil\" \
             dev=\"vda1\" ino=3 res=0 errno=0",
            "alice, acting as root, unsuccessfully checked-data-integrity-of /bin/evil using sh",
        ),
        (
            "INTEGRITY_RULE file=\"/bin/ls\" hash=\"sha256:ab\" ppid=1 pid=3 auid=1000 uid=0 ses=1 comm=\"sh\" exe=\"/bin/sh\"",
            "alice, acting as root, measured-file /bin/ls using /bin/sh",
        ),
        (
            "INTEGRITY_POLICY_RULE action=measure func=BPRM_CHECK res=1",
            " successfully loaded-integrity-rule BPRM_CHECK ",
        ),
        (
            "LANDLOCK_ACCESS domain=1a2b blockers=net.connect_tcp daddr=192.0.2.1 dest=443",
            "1a2b unsuccessfully accessed-landlock-controlled-object 192.0.2.1 using net.connect_tcp",
        ),
        (
            "LANDLOCK_ACCESS domain=1a2b blockers=net.connect_tcp dest=443",
            "1a2b unsuccessfully accessed-landlock-controlled-object 443 using net.connect_tcp",
        ),
        (
            "LANDLOCK_ACCESS domain=1a2b blockers=net.bind_tcp src=80",
            "1a2b unsuccessfully accessed-landlock-controlled-object 80 using net.bind_tcp",
        ),
        (
            "LANDLOCK_DOMAIN domain=1a2b status=allocated mode=enforcing pid=42 uid=1000 exe=\"/bin/box\" comm=\"box\"",
            "alice allocated-landlock-domain 1a2b using /bin/box",
        ),
        ("LANDLOCK_DOMAIN domain=1a2b status=deallocated denials=3", " deallocated-landlock-domain 1a2b "),
        (
            "AVC apparmor=\"DENIED\" operation=\"open\" profile=\"/bin/foo\" name=\"/etc/shadow\" pid=7 comm=\"foo\" \
             requested_mask=\"r\" denied_mask=\"r\" fsuid=1000 ouid=0",
            "/bin/foo, acting as alice, unsuccessfully accessed-mac-policy-controlled-object /etc/shadow using foo",
        ),
        (
            "AVC apparmor=\"ALLOWED\" operation=\"capable\" profile=\"/bin/foo\" pid=7 comm=\"foo\" capability=21 \
             capname=\"sys_admin\"",
            "/bin/foo successfully accessed-mac-policy-controlled-object sys_admin using foo",
        ),
        (
            "AVC apparmor=\"STATUS\" operation=\"profile_load\" profile=\"unconfined\" name=\"/bin/foo\" pid=7 comm=\"p\"",
            "unconfined successfully loaded-apparmor-profile /bin/foo using p",
        ),
        (
            "AVC apparmor=\"STATUS\" operation=\"profile_load\" error=-2 profile=\"unconfined\" name=\"/bin/foo\" pid=7",
            "unconfined unsuccessfully loaded-apparmor-profile /bin/foo ",
        ),
        (
            "AVC apparmor=\"KILLED\" operation=\"open\" profile=\"/bin/foo\" name=\"/f\" pid=7 comm=\"foo\"",
            "/bin/foo unsuccessfully accessed-mac-policy-controlled-object /f using foo",
        ),
        (
            "AVC apparmor=\"HINT\" operation=\"change_hat\" info=\"unconfined\" error=-1 profile=\"p\" pid=7 comm=\"sshd\"",
            "p unsuccessfully accessed-mac-policy-controlled-object using sshd",
        ),
        (
            "APPARMOR_DENIED apparmor=\"DENIED\" operation=\"mount\" profile=\"p\" name=\"/mnt/\" pid=9 comm=\"mount\"",
            "p unsuccessfully accessed-mac-policy-controlled-object /mnt/ using mount",
        ),
        (
            "APPARMOR_DENIED operation=\"mount\" profile=\"p\" name=\"/mnt/\" pid=9",
            "p unsuccessfully accessed-mac-policy-controlled-object /mnt/ ",
        ),
        (
            "USER_AVC pid=5 uid=103 auid=4294967295 ses=4294967295 subj=unconfined msg='apparmor=\"DENIED\" \
             operation=\"dbus_method_call\"  bus=\"system\" path=\"/org/x\" interface=\"a.b\" member=\"M\" mask=\"send\" \
             name=\"org.x\" pid=99 label=\"snap.y\" peer_pid=9 peer_label=\"unconfined\"  exe=\"/usr/bin/dbus-daemon\" \
             sauid=103 hostname=? addr=? terminal=?'",
            "snap.y unsuccessfully accessed-mac-policy-controlled-object org.x using /usr/bin/dbus-daemon",
        ),
        (
            "INTEGRITY_USERSPACE pid=7 uid=1000 auid=1000 ses=2 op=appraise_data cause=invalid-hash comm=\"sh\" name=\"/f\" res=0",
            "alice unsuccessfully checked-data-integrity-of /f using sh",
        ),
    ] {
        assert_eq!(sentence(&[record]), told, "{record}");
    }
}

#[test]
fn what_landlock_keeps_from_the_network_is_an_address_and_a_port() {
    for (told, object) in [
        ("daddr=192.0.2.1 dest=443", "192.0.2.1,443,socket"),
        ("saddr=127.0.0.1 src=80", "80,,socket"),
        ("dest=443", "443,,socket"),
    ] {
        let row =
            row(&[&format!("LANDLOCK_ACCESS domain=1a2b blockers=net.connect_tcp {told}")], csv::Columns::default());
        assert!(row.contains(&format!(",failed,{object},net.connect_tcp")), "{row}");
    }
}

#[test]
fn one_telling_record_stands_for_several_without_a_call() {
    let records = ["TIME_ADJNTPVAL op=freq old=1 new=2", "TIME_ADJNTPVAL op=tick old=9977 new=10000"];
    assert_eq!(
        row(&records, csv::Columns::default()),
        ",TIME_ADJNTPVAL,11/14/23,12:00:00,7,configuration,,,,system,changed-system-time,,,,system,"
    );
}

#[test]
fn a_decision_tells_more_than_the_call_it_stopped() {
    let landlock = "LANDLOCK_ACCESS domain=1a2b blockers=fs.refer path=\"/bin/box\" dev=\"vda2\" ino=351";
    assert_eq!(
        sentence(&[landlock, &call(316, "no", NO_ARGUMENTS)]),
        "alice, acting as root, unsuccessfully accessed-landlock-controlled-object /bin/box using /usr/bin/tool"
    );
    // The file that was denied is in the call's PATH record.
    let apparmor =
        "AVC apparmor=\"DENIED\" operation=\"open\" profile=\"p\" name=\"/f\" pid=2 comm=\"tool\" fsuid=0 ouid=0";
    let file = path(0, "f", "0100644", "NORMAL");
    assert_eq!(
        sentence(&[apparmor, &call(2, "no", NO_ARGUMENTS), CWD, &file, END]),
        "alice, acting as root, unsuccessfully accessed-mac-policy-controlled-object /home/f using /usr/bin/tool"
    );
    // A call may go on although part of it was denied.
    let ptrace = "AVC apparmor=\"DENIED\" operation=\"ptrace\" profile=\"docker-default\" pid=2 comm=\"tool\" peer=\"unconfined\"";
    assert_eq!(
        sentence(&[ptrace, &call(0, "yes", NO_ARGUMENTS), END]),
        "alice, acting as root, unsuccessfully accessed-mac-policy-controlled-object unconfined using /usr/bin/tool"
    );
    let audit = apparmor.replace("DENIED", "AUDIT");
    let told = sentence(&[&audit, &call(2, "no", NO_ARGUMENTS), CWD, &file, END]);
    assert!(told.contains(" unsuccessfully "), "the call failed for another reason: {told}");
}

#[test]
fn several_records_without_a_call_cannot_be_told() {
    let records = ["URINGOP uring_op=18 success=yes", &path(0, "/f", "0100644", "NORMAL")];
    assert_eq!(row(&records, csv::Columns::default()), ",URINGOP,11/14/23,12:00:00,7,,,,,,,,,,,");
    assert_eq!(sentence(&records), " did-unknown ");
    let all = csv::Columns { key: true, labels: true, second: true, time: true };
    for columns in [csv::Columns::default(), all, csv::Columns { second: true, ..csv::Columns::default() }] {
        let mut header = Vec::new();
        csv::header(columns, &mut header);
        let commas = |text: &[u8]| text.iter().filter(|byte| **byte == b',').count();
        assert_eq!(commas(row(&records, columns).as_bytes()), commas(&header), "{columns:?}");
    }
}

#[test]
fn all_keys_of_an_event_are_in_the_column_of_keys() {
    let keys = csv::Columns { key: true, ..csv::Columns::default() };
    for (key, shown) in
        [("\"one\"", "one"), ("6B31016B32", "\"k1,k2\""), ("016B31", "k1"), ("(null)", ""), ("612C62", "\"a,b\"")]
    {
        let call = call(257, "yes", NO_ARGUMENTS).replace("key=\"k\"", &format!("key={key}"));
        let row = row(&[&call, END], keys);
        assert!(row.ends_with(&format!(",{shown}")), "{key}: {row}");
    }
}

#[test]
fn no_layout_makes_it_stumble() {
    let pool: Vec<String> = [
        call(257, "yes", NO_ARGUMENTS),
        call(82, "no", "a0=ffffffffffffffff"),
        CWD.into(),
        path(0, "x", "0", "PARENT"),
        "PATH item=0 name=(null)".into(),
        "AVC avc:  denied  { read".into(),
        "CONFIG_CHANGE op=".into(),
        "MAC_CONFIG_CHANGE bool=x".into(),
        "SOCKADDR saddr=".into(),
        "ANOM_LINK op=follow_link".into(),
        "OBJ_PID opid=".into(),
        "USER_LOGIN acct=00 id=".into(),
        "BOGUS =".into(),
    ]
    .into();
    for first in &pool {
        for second in &pool {
            for third in &pool {
                let records = [first.as_str(), second, third];
                for length in 1..=3 {
                    sentences(&records[..length]);
                    row(&records[..length], csv::Columns { key: true, labels: true, second: true, time: true });
                }
            }
        }
    }
}
