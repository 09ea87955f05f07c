use super::*;
use crate::event::Event;

/// Reads `wanted` from an event of these records (each given as `TYPE BODY`), and hands over the items.
fn read(wanted: Wanted, records: &[&str], check: impl FnOnce(&Items)) -> Result<(), Malformed> {
    let mut event = Event::default();
    for record in records {
        let (kind, body) = record.split_once(' ').unwrap();
        let line = format!("type={kind} msg=audit(1700000000.123:45): {body}");
        event.push(&Record::parse(line.as_bytes()).unwrap());
    }
    let mut items = Items::default();
    extract(&event, wanted, &mut items).map_err(|(_, malformed)| malformed)?;
    check(&items);
    Ok(())
}

fn text(items: &Items, text: Option<Text>) -> Option<String> {
    text.map(|t| String::from_utf8_lossy(items.text(t)).into_owned())
}

const SYSCALL: &str = "SYSCALL arch=c000003e syscall=257 success=no exit=-13 a0=1 a1=2 items=1 ppid=7 pid=8 auid=1000 uid=1001 \
    gid=1002 euid=0 suid=0 fsuid=0 egid=5 sgid=0 fsgid=0 tty=pts1 ses=3 comm=\"cat\" exe=\"/usr/bin/cat\" subj=unconfined \
    key=6B31016B32";

#[test]
fn a_system_call_gives_its_process() {
    let all = Wanted(u32::MAX);
    read(all, &[SYSCALL], |items| {
        assert_eq!((items.ppid, items.pid, items.auid, items.uid), (Some(7), Some(8), Some(1000), Some(1001)));
        assert_eq!((items.gid, items.euid, items.egid, items.session), (Some(1002), Some(0), Some(5), Some(3)));
        assert_eq!((items.arch, items.syscall, items.exit), (Some(0xc000_003e), Some(257), Some(-13)));
        assert_eq!(items.success, Some(FAILED));
        assert_eq!(text(items, items.comm), Some("cat".into()));
        assert_eq!(text(items, items.exe), Some("/usr/bin/cat".into()));
        let keys: Vec<_> = items.keys.iter().map(|key| text(items, Some(*key)).unwrap()).collect();
        assert_eq!(keys, ["k1", "k2"]);
    })
    .unwrap();
}

#[test]
fn a_wanted_field_must_be_there_and_end() {
    let short = "SYSCALL syscall=1 a0=1 a1=2 pid=8";
    assert_eq!(read(Wanted::PID, &[short], |_| ()), Err(Malformed::Field(" pid=")));
    assert_eq!(read(Wanted::EXE, &[short], |_| ()), Err(Malformed::Field("exe=")));
    assert_eq!(read(Wanted::TERMINAL, &["USER_AUTH pid=1 terminal=?'"], |_| ()), Err(Malformed::Field("terminal=")));
    assert!(read(Wanted::KEY, &[short], |items| assert!(items.keys.is_empty())).is_ok());
    assert_eq!(read(Wanted::KEY, &["SYSCALL syscall=1 a0=1 "], |_| ()), Err(Malformed::Field("a1=")));
    assert_eq!(
        read(Wanted::KEY, &["AVC avc:  denied  { read } for  pid=1 "], |_| ()),
        Err(Malformed::Field("tclass="))
    );
}

#[test]
fn names_below_a_directory_get_it_in_front() {
    let records =
        ["CWD cwd=\"/root\"", "PATH item=0 name=\"../etc\" nametype=NORMAL", "PATH item=1 name=2F6120 nametype=PARENT"];
    read(Wanted::FILE, &records, |items| {
        let names: Vec<_> = items.files.iter().map(|f| (text(items, Some(f.name)).unwrap(), f.parent)).collect();
        assert_eq!(names, [("/root/../etc".into(), false), ("/a ".into(), true)]);
        assert_eq!(text(items, items.cwd), Some("/root".into()));
    })
    .unwrap();
}

#[test]
fn the_uid_within_the_message_counts_most() {
    let login = "USER_LOGIN pid=1 uid=0 auid=1000 ses=2 msg='uid=1000 exe=\"/bin/x\" res=success'";
    read(Wanted::UID.with(Wanted::SUCCESS), &[login], |items| {
        assert_eq!((items.uid, items.success), (Some(1000), Some(SUCCEEDED)));
    })
    .unwrap();
    let other = "USER_LOGIN pid=1 uid=0 auid=1000 ses=2 msg='ouid=1000 '";
    assert_eq!(read(Wanted::UID, &[other], |_| ()), Err(Malformed::Field("uid=")));
}

#[test]
fn addresses_are_hosts_and_local_ones_are_files() {
    let wanted = Wanted::HOST.with(Wanted::FILE);
    read(wanted, &["SOCKADDR saddr=02000050C0A801010000000000000000"], |items| {
        assert_eq!(text(items, items.host), Some("192.168.1.1".into()));
    })
    .unwrap();
    read(wanted, &["SOCKADDR saddr=01002F72756E2F7800"], |items| {
        assert_eq!(text(items, items.files.first().map(|f| f.name)), Some("/run/x".into()));
    })
    .unwrap();
    let scoped = "SOCKADDR saddr=0A00005000000000FE80000000000000000000000000000102000000";
    if cfg!(target_endian = "little") {
        read(wanted, &[scoped], |items| assert_eq!(text(items, items.host), Some("fe80::1%2".into()))).unwrap();
    }
    assert_eq!(read(Wanted::HOST, &["SOCKADDR saddr=0200"], |_| ()), Err(Malformed::Inet));
    assert_eq!(read(Wanted::FILE, &["SOCKADDR saddr=01002F"], |_| ()), Err(Malformed::Local(3)));
    assert!(read(Wanted::PID, &["SOCKADDR saddr=0200"], |_| ()).is_ok());
}

#[test]
fn an_odd_digit_is_the_upper_half_of_a_byte() {
    read(Wanted::COMM, &["TTY comm=6261746"], |items| assert_eq!(text(items, items.comm), Some("bat`".into())))
        .unwrap();
    read(Wanted::FILE, &["SOCKADDR saddr=01002F7465"], |items| {
        assert_eq!(text(items, items.files.first().map(|f| f.name)), Some("/te".into()));
    })
    .unwrap();
}

#[test]
fn a_message_bus_has_ids_before_those_of_the_sender() {
    let denied = "USER_AVC user pid=12 uid=81 auid=500 ses=2 subj=a:b:c msg='avc:  denied  { send_msg } for msgtype=signal \
        spid=20 tpid=30 scontext=d:e:f tcontext=g:h:i tclass=dbus : exe=\"?\" (sauid=81, hostname=?, addr=?, terminal=?)'";
    read(Wanted(u32::MAX), &[denied], |items| {
        assert_eq!((items.pid, items.auid, items.session, items.success), (Some(12), Some(500), Some(2), Some(FAILED)));
        assert_eq!(text(items, items.labels[0].subject), Some("a:b:c".into()));
        assert_eq!(text(items, items.labels[0].class), Some("dbus".into()));
    })
    .unwrap();
}

#[test]
fn apparmor_is_searched_like_selinux() {
    let denied = "AVC apparmor=\"DENIED\" operation=\"open\" profile=\"p\" name=\"/etc/x\" pid=5 comm=\"cat\"";
    let wanted = Wanted::FILE.with(Wanted::COMM).with(Wanted::SUCCESS).with(Wanted::PID);
    read(wanted, &[denied], |items| {
        assert_eq!((items.success, items.pid), (Some(FAILED), Some(5)));
        assert_eq!(text(items, items.comm), Some("cat".into()));
        assert_eq!(text(items, items.files.first().map(|f| f.name)), Some("/etc/x".into()));
    })
    .unwrap();
    let granted = "AVC avc:  granted  { read write } for  pid=5 comm=\"cat\" scontext=a:b:c tcontext=d:e:f tclass=file";
    read(Wanted(u32::MAX), &[granted], |items| {
        let label = items.labels[0];
        assert_eq!((label.granted, items.success), (Some(true), Some(SUCCEEDED)));
        assert_eq!(text(items, label.permissions), Some("read write".into()));
        assert_eq!(text(items, label.object), Some("d:e:f".into()));
        assert_eq!(text(items, label.class), Some("file".into()));
    })
    .unwrap();
}

#[test]
fn a_login_is_read_in_its_old_and_new_form() {
    let old = "LOGIN pid=1 uid=0 old auid=4294967295 new auid=1000 old ses=4294967295 new ses=7";
    let new = "LOGIN pid=1 uid=0 old-auid=4294967295 auid=1000 tty=(none) old-ses=4294967295 ses=7 res=1";
    for record in [old, new] {
        read(Wanted::AUID.with(Wanted::SESSION).with(Wanted::SUCCESS), &[record], |items| {
            assert_eq!((items.auid, items.session, items.success), (Some(1000), Some(7), Some(SUCCEEDED)));
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
            let _ = read(Wanted(u32::MAX), &[&format!("{kind} {body}")], |_| ());
        }
    }
}
