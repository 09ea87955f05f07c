//! What searches and reports read of events.

use super::*;
use crate::event::Event;

/// Reads `wanted` from an event of these records (each given as `TYPE BODY`), and hands over the fields.
fn read(wanted: FieldSet, records: &[&str], check: impl FnOnce(&EventFields)) -> Result<(), Malformed> {
    let mut event = Event::default();
    for record in records {
        let (kind, body) = record.split_once(' ').unwrap();
        let line = format!("type={kind} msg=audit(1700000000.123:45): {body}");
        event.push(&Record::parse(line.as_bytes()).unwrap());
    }
    let mut fields = EventFields::default();
    extract(&event, wanted, &mut fields).map_err(|(_, malformed)| malformed)?;
    check(&fields);
    Ok(())
}

fn text(fields: &EventFields, text: Option<Text>) -> Option<String> {
    text.map(|t| String::from_utf8_lossy(fields.text(t)).into_owned())
}

const SYSCALL: &str = "SYSCALL arch=c000003e syscall=257 success=no exit=-13 a0=1 a1=2 items=1 ppid=7 pid=8 auid=1000 uid=1001 \
    gid=1002 euid=0 suid=0 fsuid=0 egid=5 sgid=0 fsgid=0 tty=pts1 ses=3 comm=\"cat\" exe=\"/usr/bin/cat\" subj=unconfined \
    key=6B31016B32";

#[test]
fn a_system_call_gives_its_process() {
    let all = FieldSet(u32::MAX);
    read(all, &[SYSCALL], |fields| {
        assert_eq!((fields.ppid, fields.pid, fields.auid, fields.uid), (Some(7), Some(8), Some(1000), Some(1001)));
        assert_eq!((fields.gid, fields.euid, fields.egid, fields.session), (Some(1002), Some(0), Some(5), Some(3)));
        assert_eq!((fields.arch, fields.syscall, fields.exit), (Some(0xc000_003e), Some(257), Some(-13)));
        assert_eq!(fields.success, Some(FAILED));
        assert_eq!(text(fields, fields.comm), Some("cat".into()));
        assert_eq!(text(fields, fields.exe), Some("/usr/bin/cat".into()));
        let keys: Vec<_> = fields.keys.iter().map(|key| text(fields, Some(*key)).unwrap()).collect();
        assert_eq!(keys, ["k1", "k2"]);
    })
    .unwrap();
}

#[test]
fn the_order_of_an_access_vectors_fields_hides_nothing() {
    let all = FieldSet(u32::MAX);
    let fields = ["comm=\"cat\"", "name=\"secret\"", "scontext=u:r:a", "tcontext=u:r:b", "tclass=file"];
    for turn in 0..fields.len() {
        let mut fields = fields;
        fields.rotate_left(turn);
        for _ in 0..2 {
            let record = format!("AVC avc:  denied  {{ read }} for  pid=8 {} permissive=0", fields.join(" "));
            read(all, &[&record], |found| {
                let label = &found.labels[0];
                let texts = [found.comm, Some(found.files[0].name), label.subject, label.object, label.class];
                let texts = texts.map(|it| text(found, it).unwrap());
                assert_eq!(texts, ["cat", "secret", "u:r:a", "u:r:b", "file"], "{record}");
            })
            .unwrap();
            fields.reverse();
        }
    }
}

#[test]
fn a_word_is_the_id_of_nobody() {
    let ids = FieldSet::UID.with(FieldSet::AUID).with(FieldSet::EUID);
    for word in ["0day", "0x0", "root", ""] {
        let records = [SYSCALL.replace("uid=1001", &format!("uid={word}")).replace("euid=0", &format!("euid={word}"))];
        read(ids, &[&records[0]], |fields| {
            assert_eq!((fields.uid, fields.euid, fields.auid), (Some(u32::MAX), Some(u32::MAX), Some(1000)), "{word}");
        })
        .unwrap();
        let record = format!("USER_AUTH pid=1 uid={word} auid=7 ses=1 msg='op=PAM res=success'");
        read(ids, &[&record], |fields| assert_eq!((fields.uid, fields.auid), (Some(u32::MAX), Some(7)))).unwrap();
    }
    read(ids, &["USER_AUTH pid=1 uid=5 auid=7 ses=1 msg='uid=0day res=success'"], |fields| {
        assert_eq!(fields.uid, Some(5));
    })
    .unwrap();
    read(ids, &["USER_AUTH pid=1 uid=0) auid=? ses=1 msg='res=success'"], |fields| {
        assert_eq!((fields.uid, fields.auid), (Some(0), Some(0)));
    })
    .unwrap();
}

#[test]
fn a_wanted_field_must_be_there_and_end() {
    let short = "SYSCALL syscall=1 a0=1 a1=2 pid=8";
    assert_eq!(read(FieldSet::AUID, &[short], |_| ()), Err(Malformed::Field("auid=")));
    assert_eq!(read(FieldSet::EXE, &[short], |_| ()), Err(Malformed::Field("exe=")));
    assert!(read(FieldSet::KEY, &[short], |fields| assert!(fields.keys.is_empty())).is_ok());
    assert_eq!(read(FieldSet::KEY, &["SYSCALL arch=1 key=\"x\""], |_| ()), Err(Malformed::Field("syscall=")));
    assert_eq!(
        read(FieldSet::KEY, &["AVC avc:  denied  { read } for  pid=1 "], |_| ()),
        Err(Malformed::Field("tclass="))
    );
}

#[test]
fn names_below_a_directory_get_it_in_front() {
    let records =
        ["CWD cwd=\"/root\"", "PATH item=0 name=\"../etc\" nametype=NORMAL", "PATH item=1 name=2F6120 nametype=PARENT"];
    read(FieldSet::FILE, &records, |fields| {
        let names: Vec<_> = fields.files.iter().map(|f| (text(fields, Some(f.name)).unwrap(), f.parent)).collect();
        assert_eq!(names, [("/root/../etc".into(), false), ("/a ".into(), true)]);
        assert_eq!(text(fields, fields.cwd), Some("/root".into()));
    })
    .unwrap();
}

#[test]
fn the_uid_within_the_message_counts_most() {
    let login = "USER_LOGIN pid=1 uid=0 auid=1000 ses=2 msg='uid=1000 exe=\"/bin/x\" res=success'";
    read(FieldSet::UID.with(FieldSet::SUCCESS), &[login], |fields| {
        assert_eq!((fields.uid, fields.success), (Some(1000), Some(SUCCEEDED)));
    })
    .unwrap();
    let other = "USER_LOGIN pid=1 uid=0 auid=1000 ses=2 msg='ouid=1000 '";
    read(FieldSet::UID, &[other], |fields| assert_eq!(fields.uid, Some(0))).unwrap();
}

/// What was read of one kind.
fn of_kind(fields: &EventFields, kind: FieldSet) -> String {
    let all = |texts: Vec<Option<Text>>| texts.into_iter().map(|it| text(fields, it)).collect::<Vec<_>>();
    let texts = match kind {
        FieldSet::UID => return format!("{:?}", fields.uid),
        FieldSet::SUCCESS => return format!("{:?}", fields.success),
        FieldSet::FILE => all(fields.files.iter().map(|file| Some(file.name)).collect()),
        FieldSet::HOST => all(vec![fields.host]),
        FieldSet::TERMINAL => all(vec![fields.terminal]),
        FieldSet::EXE => all(vec![fields.exe]),
        FieldSet::COMM => all(vec![fields.comm]),
        FieldSet::ACCOUNT => all(vec![fields.account]),
        FieldSet::SUBJECT => all(fields.labels.iter().map(|label| label.subject).filter(Option::is_some).collect()),
        _ => all(fields.labels.iter().map(|label| label.object).filter(Option::is_some).collect()),
    };
    format!("{texts:?}")
}

#[test]
fn what_else_is_wanted_changes_no_field() {
    const KINDS: [FieldSet; 10] = [
        FieldSet::UID,
        FieldSet::SUCCESS,
        FieldSet::FILE,
        FieldSet::HOST,
        FieldSet::TERMINAL,
        FieldSet::EXE,
        FieldSet::COMM,
        FieldSet::ACCOUNT,
        FieldSet::SUBJECT,
        FieldSet::OBJECT,
    ];
    let mut records = vec![
        SYSCALL.to_owned(),
        "AVC avc:  denied  { read } for  pid=8 comm=\"cat\" path=\"/etc/x\" dev=\"vda\" ino=5 scontext=u:r:a tcontext=u:r:b tclass=file".to_owned(),
        "AVC apparmor=\"DENIED\" operation=\"open\" profile=\"evil\" name=\"/b\" pid=8 comm=\"cat\" requested_mask=\"r\"".to_owned(),
        "USER_AVC pid=1 uid=81 auid=1 ses=1 subj=bus msg='avc:  denied  { send } for  scontext=u:r:a tcontext=u:r:b tclass=dbus \
         exe=\"/usr/bin/dbus-daemon\" sauid=81 hostname=? addr=? terminal=?'"
            .to_owned(),
    ];
    let words =
        ["op=login", "acct=\"bob\"", "exe=\"/usr/sbin/sshd\"", "hostname=h", "addr=?", "terminal=ssh", "res=failed"];
    for name in ["uid", "xuid", "sauid", "old-uid"] {
        for at in 0..=words.len() {
            let mut words = words.to_vec();
            let word = format!("{name}=0");
            words.insert(at, &word);
            records.push(format!("USER_LOGIN pid=1 uid=81 auid=1 ses=1 subj=x msg='{}'", words.join(" ")));
        }
    }
    for record in &records {
        for kind in KINDS {
            let mut alone = String::new();
            if read(kind, &[record], |fields| alone = of_kind(fields, kind)).is_err() {
                continue;
            }
            for other in KINDS.into_iter().filter(|other| read(*other, &[record], |_| ()).is_ok()) {
                read(kind.with(other), &[record], |fields| {
                    assert_eq!(of_kind(fields, kind), alone, "{kind:?} beside {other:?} of {record}");
                })
                .unwrap();
            }
        }
    }
}

#[test]
fn addresses_are_hosts_and_local_ones_are_files() {
    let wanted = FieldSet::HOST.with(FieldSet::FILE);
    read(wanted, &["SOCKADDR saddr=02000050C0A801010000000000000000"], |fields| {
        assert_eq!(text(fields, fields.host), Some("192.168.1.1".into()));
    })
    .unwrap();
    read(wanted, &["SOCKADDR saddr=01002F72756E2F7800"], |fields| {
        assert_eq!(text(fields, fields.files.first().map(|f| f.name)), Some("/run/x".into()));
    })
    .unwrap();
    let scoped = "SOCKADDR saddr=0A00005000000000FE80000000000000000000000000000102000000";
    let big = "SOCKADDR saddr=000A005000000000FE80000000000000000000000000000100000002";
    for scoped in [scoped, big] {
        read(wanted, &[scoped], |fields| assert_eq!(text(fields, fields.host), Some("fe80::1%2".into()))).unwrap();
    }
    read(wanted, &["SOCKADDR saddr=00020050C0A801010000000000000000"], |fields| {
        assert_eq!(text(fields, fields.host), Some("192.168.1.1".into()));
    })
    .unwrap();
    read(wanted, &["SOCKADDR saddr=00012F72756E2F7800"], |fields| {
        assert_eq!(text(fields, fields.files.first().map(|f| f.name)), Some("/run/x".into()));
    })
    .unwrap();
    assert_eq!(read(FieldSet::HOST, &["SOCKADDR saddr=0200"], |_| ()), Err(Malformed::Inet));
    assert_eq!(read(FieldSet::FILE, &["SOCKADDR saddr=01002F"], |_| ()), Err(Malformed::Local(3)));
    assert!(read(FieldSet::PID, &["SOCKADDR saddr=0200"], |_| ()).is_ok());
}

#[test]
fn an_odd_digit_is_the_upper_half_of_a_byte() {
    read(FieldSet::COMM, &["TTY comm=6261746"], |fields| assert_eq!(text(fields, fields.comm), Some("bat`".into())))
        .unwrap();
    read(FieldSet::FILE, &["SOCKADDR saddr=01002F7465"], |fields| {
        assert_eq!(text(fields, fields.files.first().map(|f| f.name)), Some("/te".into()));
    })
    .unwrap();
}

#[test]
fn a_message_bus_has_ids_before_those_of_the_sender() {
    let denied = "USER_AVC user pid=12 uid=81 auid=500 ses=2 subj=a:b:c msg='avc:  denied  { send_msg } for msgtype=signal \
        spid=20 tpid=30 scontext=d:e:f tcontext=g:h:i tclass=dbus : exe=\"?\" (sauid=81, hostname=?, addr=?, terminal=?)'";
    read(FieldSet(u32::MAX), &[denied], |fields| {
        assert_eq!(
            (fields.pid, fields.auid, fields.session, fields.success),
            (Some(12), Some(500), Some(2), Some(FAILED))
        );
        assert_eq!(text(fields, fields.labels[0].subject), Some("a:b:c".into()));
        assert_eq!(text(fields, fields.labels[0].class), Some("dbus".into()));
    })
    .unwrap();
}

#[test]
fn apparmor_is_searched_like_selinux() {
    let denied = "AVC apparmor=\"DENIED\" operation=\"open\" profile=\"p\" name=\"/etc/x\" pid=5 comm=\"cat\"";
    let wanted = FieldSet::FILE.with(FieldSet::COMM).with(FieldSet::SUCCESS).with(FieldSet::PID);
    read(wanted, &[denied], |fields| {
        assert_eq!((fields.success, fields.pid), (Some(FAILED), Some(5)));
        assert_eq!(text(fields, fields.comm), Some("cat".into()));
        assert_eq!(text(fields, fields.files.first().map(|f| f.name)), Some("/etc/x".into()));
    })
    .unwrap();
    let granted = "AVC avc:  granted  { read write } for  pid=5 comm=\"cat\" scontext=a:b:c tcontext=d:e:f tclass=file";
    read(FieldSet(u32::MAX), &[granted], |fields| {
        let label = fields.labels[0];
        assert_eq!((label.granted, fields.success), (Some(true), Some(SUCCEEDED)));
        assert_eq!(text(fields, label.permissions), Some("read write".into()));
        assert_eq!(text(fields, label.object), Some("d:e:f".into()));
        assert_eq!(text(fields, label.class), Some("file".into()));
    })
    .unwrap();
}

#[test]
fn apparmor_fails_by_its_verdict_its_error_or_the_type() {
    let rest = "operation=\"open\" profile=\"p\" pid=5 comm=\"cat\"";
    for (front, granted) in [
        ("AVC apparmor=\"KILLED\"", false),
        ("AVC apparmor=\"ERROR\"", false),
        ("AVC apparmor=\"STATUS\"", true),
        ("AVC apparmor=\"STATUS\" info=\"x\" error=-71", false),
        ("AVC apparmor=\"HINT\" info=\"x\" error=-1", false),
        ("AVC apparmor=\"ALLOWED\" info=\"x\" error=-13", true),
        ("APPARMOR_DENIED", false),
        ("APPARMOR_ALLOWED", true),
    ] {
        read(FieldSet(u32::MAX), &[&format!("{front} {rest}")], |fields| {
            assert_eq!(fields.labels.first().and_then(|label| label.granted), Some(granted), "{front}");
            assert_eq!(fields.success, Some(if granted { SUCCEEDED } else { FAILED }), "{front}");
        })
        .unwrap();
    }
    read(FieldSet(u32::MAX), &["APPARMOR_KILL operation=\"open\" pid=5 profile=\"p\""], |fields| {
        assert_eq!((fields.success, fields.comm), (Some(FAILED), None), "an old kernel names no program");
    })
    .unwrap();
    let dbus = "USER_AVC pid=5 uid=103 auid=4294967295 ses=4294967295 subj=unconfined msg='apparmor=\"DENIED\" \
        operation=\"dbus_signal\" name=\"org.x\" pid=99 label=\"snap.y\" peer_label=\"peer\" exe=\"/d\" hostname=? addr=? \
        terminal=?'";
    read(FieldSet(u32::MAX), &[dbus], |fields| {
        let subjects =
            fields.labels.iter().map(|label| (text(fields, label.subject).unwrap_or_default(), label.granted));
        assert_eq!(subjects.collect::<Vec<_>>(), [("unconfined".into(), None), ("snap.y".into(), Some(false))]);
    })
    .unwrap();
}

#[test]
fn a_login_is_read_in_its_old_and_new_form() {
    let old = "LOGIN pid=1 uid=0 old auid=4294967295 new auid=1000 old ses=4294967295 new ses=7";
    let new = "LOGIN pid=1 uid=0 old-auid=4294967295 auid=1000 tty=(none) old-ses=4294967295 ses=7 res=1";
    for record in [old, new] {
        read(FieldSet::AUID.with(FieldSet::SESSION).with(FieldSet::SUCCESS), &[record], |fields| {
            assert_eq!((fields.auid, fields.session, fields.success), (Some(1000), Some(7), Some(SUCCEEDED)));
        })
        .unwrap();
    }
}

#[test]
fn any_line_is_read_without_harm() {
    let bodies =
        ["", "=", "pid= uid= auid=", "saddr=", "saddr=01", "name=\"", "key=", "avc: {", "acct=\"", "vm=\" uuid="];
    for kind in [
        1005, 1006, 1100, 1107, 1200, 1207, 1300, 1302, 1305, 1306, 1307, 1319, 1324, 1325, 1326, 1400, 1402, 1800,
        2501,
    ] {
        for body in bodies {
            let _ = read(FieldSet(u32::MAX), &[&format!("{kind} {body}")], |_| ());
        }
    }
}
