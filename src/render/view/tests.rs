//! Views of events that are made here.

use super::*;
use crate::event::Event;
use crate::interpret::Interpreter;
use crate::record::Record;
use crate::render::Renderer;
use crate::render::json::Json;
use crate::tables::machine::Machine;
use crate::text::Escape;

/// The view of each event of `;`-separated records, which are given by type and body.
fn shown(view: View, events: &[&str]) -> Vec<String> {
    shown_by((), view, events)
}

/// The same on a machine that has these names. Where a record names no node, it is `host1`.
fn shown_by(names: impl crate::interpret::Names + Send, view: View, events: &[&str]) -> Vec<String> {
    let interpreter = Interpreter::new(names, Some(Machine::X86_64), Escape::Raw);
    let mut json = Json::new(interpreter, true).with_parents(16);
    let show = |text: &&str| {
        let (mut event, mut object, mut out) = (Event::default(), Vec::new(), Vec::new());
        for record in text.split(';') {
            let (name, body) = record.trim().split_once(' ').unwrap();
            let (node, name) = name.split_once('/').unwrap_or(("host1", name));
            let line = format!("node={node} type={name} msg=audit(1700000000.123:45): {body}");
            event.push(&Record::parse(line.as_bytes()).unwrap());
        }
        json.event(&event, &mut object, &mut Vec::new());
        view.push(&object, &mut out);
        assert!(Reader::new(&out).is_some() && out.ends_with(b"\n"));
        String::from_utf8(out).unwrap()
    };
    events.iter().map(show).collect()
}

/// A system call, and what its SYSCALL record says of the process.
fn call(number: u32, more: &str) -> String {
    format!(
        "SYSCALL arch=c000003e syscall={number} success=yes exit=3 ppid=7 pid=8 auid=1000 uid=0 gid=5 euid=0 tty=pts0 ses=3 \
         comm=\"tool\" exe=\"/usr/bin/tool\" key=\"k\"{more}"
    )
}

/// The values at the ends of the paths of an object, as `path=value`.
fn leaves(path: &str, value: &[u8], found: &mut Vec<String>) {
    if value.starts_with(b"{") {
        for (name, value) in &Members::of(value).unwrap().0 {
            let name = str::from_utf8(name).unwrap();
            leaves(&if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }, value, found);
        }
    } else {
        found.push(format!("{path}={}", str::from_utf8(value).unwrap()));
    }
}

#[test]
fn ecs_has_every_field_that_rules_read() {
    let parent = "SYSCALL arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=7 exe=\"/bin/sh\"; EXECVE argc=2 a0=\"sh\" a1=\"-c\"";
    let child = call(
        59,
        "; EXECVE argc=2 a0=\"tool\" a1=\"a b\"; CWD cwd=\"/w\"; PATH item=0 name=\"/usr/bin/tool\" mode=0100755 nametype=NORMAL",
    );
    let connect = call(42, "; SOCKADDR saddr=020001BBC00002070000000000000000");
    let all = shown(View::Ecs, &[parent, &child, &connect]);
    let found = |object: &str| {
        let mut found = Vec::new();
        leaves("", object.trim_end().as_bytes(), &mut found);
        found
    };
    let child = found(&all[1]);
    for leaf in [
        "@timestamp=\"2023-11-14T22:13:20.123Z\"",
        "event.kind=\"event\"",
        "event.category=[\"process\"]",
        "event.type=[\"start\"]",
        "event.action=\"executed\"",
        "event.outcome=\"success\"",
        "event.sequence=45",
        "host.name=\"host1\"",
        "host.os.type=\"linux\"",
        "process.pid=8",
        "process.name=\"tool\"",
        "process.executable=\"/usr/bin/tool\"",
        "process.args=[\"tool\",\"a b\"]",
        "process.title=\"tool a b\"",
        "process.working_directory=\"/w\"",
        "process.parent.pid=7",
        "process.parent.name=\"sh\"",
        "process.parent.executable=\"/bin/sh\"",
        "process.parent.args=[\"sh\",\"-c\"]",
        "user.id=\"0\"",
        "user.name=\"root\"",
        "user.audit.id=\"1000\"",
        "user.effective.id=\"0\"",
        "user.group.id=\"5\"",
        "file.path=\"/usr/bin/tool\"",
        "auditd.message_type=\"syscall\"",
        "auditd.session=\"3\"",
        "auditd.data.syscall=\"execve\"",
        "auditd.summary.object.type=\"file\"",
        "tags=[\"k\"]",
    ] {
        assert!(child.iter().any(|found| found == leaf), "{leaf} in {child:#?}");
    }
    let connect = found(&all[2]);
    let address = "; SOCKADDR saddr=020001BBC00002070000000000000000";
    let login = "USER_LOGIN pid=1 uid=0 auid=1000 ses=1 msg='op=login acct=\"eve\" addr=192.0.2.7 res=success'";
    let named = login.replace("192.0.2.7", "host.example");
    let file = call(
        257,
        "; CWD cwd=\"/w\"; PATH item=0 name=\"/w\" inode=4 mode=040755 nametype=PARENT; PATH item=1 name=\"f\" inode=5 mode=0100640 nametype=CREATE",
    );
    let sides = shown(View::Ecs, &[&call(43, address), &call(288, address), &call(49, address), login, &named, &file]);
    for (index, leaf) in [(0, "source.ip=\"192.0.2.7\""), (1, "source.port=443"), (3, "source.ip=\"192.0.2.7\"")] {
        assert!(found(&sides[index]).iter().any(|found| found == leaf), "{leaf} in {}", sides[index]);
    }
    assert!(sides[..4].iter().all(|side| !side.contains("\"destination\"")), "{sides:?}");
    assert!([2, 4].iter().all(|index| !sides[*index].contains("\"source\"")), "{sides:?}");
    assert!(sides[5].contains("\"file\":{\"path\":\"/w/f\",\"inode\":\"5\",\"mode\":\"0640\"}"), "{}", sides[5]);
    for leaf in ["destination.ip=\"192.0.2.7\"", "destination.port=443", "event.type=[\"connection\",\"start\"]"] {
        assert!(connect.iter().any(|found| found == leaf), "{leaf} in {connect:#?}");
    }
    let cut_short = shown(View::Ecs, &[&call(59, "; EXECVE argc=3 a0=\"tool\"")]);
    assert!(cut_short[0].contains("\"incomplete\":[\"arguments\"]"), "{}", cut_short[0]);
}

#[test]
fn actions_have_the_words_that_rules_ask_for() {
    let user = "pid=1 uid=0 auid=1000 ses=1 msg='op=x acct=\"eve\" exe=\"/usr/sbin/useradd\" res=success'";
    let file = "; CWD cwd=\"/w\"; PATH item=0 name=\"f\" mode=0100644 nametype=NORMAL";
    let address = "; SOCKADDR saddr=020001BBC00002070000000000000000";
    for (event, action, category, types) in [
        (call(59, file), "executed", "process", "start"),
        (call(42, address), "connected-to", "network", "connection start"),
        (call(313, "; KERN_MODULE name=\"loop\""), "loaded-kernel-module", "driver", "start"),
        (call(257, file), "opened-file", "file", "info"),
        (call(49, address), "bound-socket", "network", "start"),
        (
            call(257, "; AVC apparmor=\"DENIED\" operation=\"open\" profile=\"/x\" name=\"/y\""),
            "violated-apparmor-policy",
            "host",
            "info",
        ),
        (
            "AVC apparmor=\"DENIED\" operation=\"open\" profile=\"/x\" name=\"/y\" pid=1".to_owned(),
            "violated-apparmor-policy",
            "host",
            "info",
        ),
        (call(62, "; OBJ_PID opid=9 ocomm=\"x\""), "killed-pid", "process", "end"),
        (call(92, file), "changed-file-ownership-of", "file", "change"),
        (format!("ADD_USER {user}"), "added-user-account", "iam", "user creation"),
        (format!("USER_CHAUTHTOK {user}"), "changed-password", "iam", "user change"),
        (format!("ADD_GROUP {user}"), "added-group-account-to", "iam", "group creation"),
        (format!("DEL_GROUP {user}"), "deleted-group-account-from", "iam", "group deletion"),
        (format!("GRP_MGMT {user}"), "modified-group-account", "iam", "group change"),
        (format!("USER_MGMT {user}"), "modified-user-account", "iam", "user change"),
        (format!("ACCT_LOCK {user}"), "locked-account", "iam", "user info"),
        (format!("CRED_ACQ {user}"), "acquired-credentials", "authentication", "info"),
        (format!("CRED_DISP {user}"), "disposed-credentials", "authentication", "info"),
        (format!("CRED_REFR {user}"), "refreshed-credentials", "authentication", "info"),
        (format!("USER_ACCT {user}"), "was-authorized", "authentication", "info"),
        (format!("USER_LOGOUT {user}"), "logged-out", "authentication", "end"),
        (format!("GRP_AUTH {user}"), "authenticated-to-group", "authentication", "info"),
        (format!("USER_START {user}"), "started-session", "session", "start"),
        (format!("USER_END {user}"), "ended-session", "session", "end"),
        (format!("USER_CMD {user}"), "ran-command", "process", "start"),
        (
            "LOGIN pid=1 uid=0 old-auid=1 auid=2 ses=3 res=1".to_owned(),
            "changed-login-id-to",
            "authentication",
            "start",
        ),
        (call(85, file), "opened-file", "file", "creation"),
        (call(76, file), "opened-file", "file", "change"),
        (call(77, ""), "opened-file", "file", "change"),
        (call(285, ""), "opened-file", "file", "change"),
        (call(86, file), "linked", "file", "creation"),
        (call(133, file), "make-device", "file", "creation"),
        (call(1, ""), "wrote-to-file", "file", "change"),
        (call(87, file), "deleted", "file", "deletion"),
    ] {
        let shown = shown(View::Ecs, &[&event]).remove(0);
        let types: Vec<_> = types.split(' ').map(|word| format!("\"{word}\"")).collect();
        let want = format!("\"category\":[\"{category}\"],\"type\":[{}],\"action\":\"{action}\"", types.join(","));
        assert!(shown.contains(&want), "{want} in {shown}");
    }
}

#[test]
fn laurel_has_a_member_for_each_type_with_the_names_last_but_for_arguments() {
    let event = call(
        59,
        " a0=0 a1=7f00ffff\x1dUID=\"root\"; EXECVE argc=2 a0=\"tool\" a1=\"a b\"; CWD cwd=\"/w\"; PATH item=0 name=\"/a\" mode=0100755; \
         PATH item=1 name=\"/b\" mode=0100755; PROCTITLE proctitle=6100",
    );
    let shown = shown(View::Laurel, &[&event]).remove(0);
    let (start, end) = (
        "{\"ID\":\"1700000000.123:45\",\"NODE\":\"host1\",\"SYSCALL\":{\"arch\":\"0xc000003e\",\"syscall\":59,",
        "}\n",
    );
    assert!(shown.starts_with(start) && shown.ends_with(end), "{shown}");
    for part in [
        "\"key\":\"k\",\"UID\":\"root\",\"ARGV\":[\"0x0\",\"0x7f00ffff\"]},",
        "\"EXECVE\":{\"argc\":2,\"ARGV\":[\"tool\",\"a b\"]},\"CWD\":{\"cwd\":\"/w\"},",
        "\"PATH\":[{\"item\":0,\"name\":\"/a\",\"mode\":\"0o100755\"},{\"item\":1,\"name\":\"/b\",\"mode\":\"0o100755\"}],",
        "\"PROCTITLE\":{\"ARGV\":[\"a\",\"\"]}}\n",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
}

#[test]
fn laurel_has_these_members_in_this_order_and_no_others() {
    let parent =
        "SYSCALL arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=7 exe=\"/bin/sh\"; EXECVE argc=1 a0=\"sh\"";
    let execve = "SYSCALL arch=c000003e syscall=59 success=yes exit=0 a0=55AA a1=0 a2=7ffc a3=8 items=1 ppid=7 pid=8 auid=1000 uid=0 \
        tty=pts0 ses=3 comm=\"tool\" exe=\"/usr/bin/tool\" subj=unconfined key=6101622B\x1dARCH=x86_64 SYSCALL=execve AUID=\"ann\" \
        UID=\"root\"; EXECVE argc=3 a0=\"tool\" a1_len=8 a1[0]=C3A9 a1[1]=25FF a2=\"x+y\"; CWD cwd=\"/w\"; PATH item=0 \
        name=2F0A61 inode=12 dev=fd:01 mode=0100755 ouid=0 nametype=NORMAL cap_fp=0000000000000000 cap_fe=0 cap_frootid=0\x1d\
        OUID=\"root\"; PROCTITLE proctitle=746F6F6C00C3A925FF";
    let user = "USER_CMD pid=9 uid=1000 auid=4294967295 ses=4294967295 subj=unconfined msg='cwd=\"/home/ann\" cmd=6C73202D6C \
        exe=\"/usr/bin/sudo\" hostname=? terminal=pts/0 res=success'\x1dUID=\"ann\" AUID=\"unset\"";
    let wanted = [
        concat!(
            r#""SYSCALL":{"arch":"0xc000003e","syscall":59,"success":"yes","exit":0,"items":1,"ppid":7,"pid":8,"auid":1000,"uid":0,"#,
            r#""tty":"pts0","ses":3,"comm":"tool","exe":"/usr/bin/tool","subj":"unconfined","key":"a%01b%2b","ARCH":"x86_64","#,
            r#""SYSCALL":"execve","AUID":"ann","UID":"root","ARGV":["0x55aa","0x0","0x7ffc","0x8"]},"#,
            r#""EXECVE":{"argc":3,"ARGV":["tool","é%25%ff","x%2by"]},"CWD":{"cwd":"/w"},"#,
            r#""PATH":[{"item":0,"name":"/%0aa","inode":12,"dev":"fd:01","mode":"0o100755","ouid":0,"nametype":"NORMAL","#,
            r#""cap_fp":"0x0","cap_fe":0,"cap_frootid":"0","OUID":"root"}],"PROCTITLE":{"ARGV":["tool","é%25%ff"]}"#,
        ),
        concat!(
            r#""USER_CMD":[{"pid":9,"uid":1000,"auid":4294967295,"ses":4294967295,"subj":"unconfined","#,
            r#""msg":{"cwd":"/home/ann","cmd":"ls -l","exe":"/usr/bin/sudo","hostname":null,"terminal":"pts/0","res":"success"},"#,
            r#""UID":"ann","AUID":"unset"}]"#,
        ),
        r#""PROCTITLE":{"ARGV":["bash"]}"#,
        r#""PROCTITLE":{"ARGV":["sleep","","9"]}"#,
    ];
    let events = [parent, execve, user, "PROCTITLE proctitle=\"bash\"", "PROCTITLE proctitle=736C656570000039"];
    for (shown, wanted) in shown(View::Laurel, &events).iter().skip(1).zip(wanted) {
        assert_eq!(*shown, format!("{{\"ID\":\"1700000000.123:45\",\"NODE\":\"host1\",{wanted}}}\n"));
    }
}

#[test]
fn laurel_has_a_type_for_each_field() {
    for (record, wanted) in [
        ("TIME_ADJNTPVAL op=freq old=-37201 new=5", r#"{"op":"freq","old":"-37201","new":"5"}"#),
        ("SYSCALL exit=-9007199254740993 key=(null) tty=?", r#"{"exit":-9007199254740993,"key":null,"tty":null}"#),
        ("SYSCALL comm=\"?\" exe=\"(null)\"", r#"{"comm":"?","exe":"(null)"}"#),
        (
            "PATH cap_fp=00000000a0 cap_fe=0 cap_fver=0 cap_frootid=0",
            r#"{"cap_fp":"0xa0","cap_fe":0,"cap_fver":"0x0","cap_frootid":"0"}"#,
        ),
        ("PATH inode=x mode=9 ouid=0 ouid=7", r#"{"inode":"x","mode":"9","ouid":0,"ouid_2":7}"#),
        (
            "SOCKADDR saddr=0100612BFF\x1dSADDR={ saddr_fam=local path=a+ }",
            r#"{"saddr":"%01%00a%2b%ff","SADDR":"{saddr_fam=local path=a%2b}"}"#,
        ),
        (
            "USER_LOGIN pid=1 uid=0 msg='op=login id=0 hostname=? exe=\"?\" res=success'",
            r#"{"pid":1,"uid":0,"msg":{"op":"login","id":"0","hostname":null,"exe":"?","res":"success"}}"#,
        ),
        (
            "AVC avc:  denied  { read write } for  pid=1 comm=\"c\" permissive=0",
            r#"{"pid":1,"comm":"c","permissive":0,"denied":["read","write"]}"#,
        ),
    ] {
        let shown = shown(View::Laurel, &[record]).remove(0);
        assert!(shown.contains(wanted), "{wanted} in {shown}");
    }
}

#[test]
fn laurel_and_ecs_lose_no_byte_of_a_value() {
    let event = call(59, "; EXECVE argc=3 a0=\"tool\" a1=FF2B25 a2=C3A90A; CWD cwd=2FFF; PROCTITLE proctitle=61FF0062");
    let laurel = shown(View::Laurel, &[&event]).remove(0);
    for part in ["\"ARGV\":[\"tool\",\"%ff%2b%25\",\"é%0a\"]", "{\"cwd\":\"/%ff\"}", "\"ARGV\":[\"a%ff\",\"b\"]"] {
        assert!(laurel.contains(part), "{part} in {laurel}");
    }
    let ecs = shown(View::Ecs, &[&event]).remove(0);
    for part in ["\"args_hex\":[null,\"FF2B25\",null],", "\"working_directory_hex\":\"2FFF\""] {
        assert!(ecs.contains(part), "{part} in {ecs}");
    }
}

#[test]
fn laurel_has_no_two_members_of_a_name() {
    let event = "SYSCALL arch=c000003e a0=1 ARGV=2 UID=3 uid=4\x1dUID=\"root\"; ID x=1; NODE x=2; PROCTITLE proctitle=61 ARGV=2";
    let shown = shown(View::Laurel, &[event]).remove(0);
    fn once(value: &[u8]) {
        if value.starts_with(b"{") {
            let members = Members::of(value).unwrap().0;
            let names: std::collections::BTreeSet<_> = members.iter().map(|(name, _)| name).collect();
            assert_eq!(names.len(), members.len(), "{}", String::from_utf8_lossy(value));
            members.iter().for_each(|(_, value)| once(value));
        }
    }
    once(shown.trim_end().as_bytes());
    assert!(shown.contains("\"ARGV\":\"2\""), "{shown}");
}

#[test]
fn logfmt_quotes_what_is_no_word() {
    let event = call(59, "; EXECVE argc=2 a0=\"tool\" a1=\"a b\"; CWD cwd=\"/w\"");
    let shown = shown(View::Logfmt, &[&event]).remove(0);
    assert!(
        shown.starts_with(
            "v=1 time=2023-11-14T22:13:20.123Z serial=45 node=host1 type=SYSCALL result=success action=executed "
        ),
        "{shown}"
    );
    assert!(shown.contains(" keys=k cwd=/w argv=\"tool a b\"") && !shown.contains("records"), "{shown}");
}

#[test]
fn what_is_missing_is_an_object_where_events_are_and_words_where_they_are_words() {
    for (view, wanted) in [
        (View::Json, "{\"v\":1,\"type\":\"GAP\",\"cause\":\"queue full\",\"lost\":3}\n"),
        (View::Ecs, "{\"v\":1,\"type\":\"GAP\",\"cause\":\"queue full\",\"lost\":3}\n"),
        (View::Laurel, "{\"v\":1,\"type\":\"GAP\",\"cause\":\"queue full\",\"lost\":3}\n"),
        (View::Logfmt, "v=1 type=GAP cause=\"queue full\" lost=3\n"),
    ] {
        let mut out = Vec::new();
        view.push_lost("queue full", 3, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), wanted, "{view:?}");
    }
}

#[test]
fn laurel_takes_a_step_for_each_record_however_many_types_there_are() {
    let mut event = Event::default();
    for number in 0..20_000 {
        let line = format!("type=UNKNOWN[{}] msg=audit(1700000000.123:45): x={number}", 10_000 + number);
        event.push(&Record::parse(line.as_bytes()).unwrap());
    }
    let mut object = Vec::new();
    Json::new(Interpreter::new((), None, Escape::Raw), true).event(&event, &mut object, &mut Vec::new());
    let mut out = Vec::new();
    View::Laurel.push(&object, &mut out);
    let members = Members::of(out.trim_ascii_end()).unwrap();
    assert_eq!(members.0.len(), 1 + 20_000);
    assert_eq!(members.get("UNKNOWN[29999]"), Some(&b"[{\"x\":\"19999\"}]"[..]));
}

#[test]
fn what_is_no_object_stays_as_it_is() {
    for view in [View::Json, View::Ecs, View::Laurel, View::Logfmt] {
        let mut out = Vec::new();
        view.push(b"{\"v\":1,\n", &mut out);
        assert_eq!(out, b"{\"v\":1,\n");
    }
}

/// A machine on which user 1000 is `eve`, and link 1 is `lo`.
struct Reader1;

impl crate::interpret::Names for Reader1 {
    fn user(&self, uid: u32) -> Option<&[u8]> {
        (uid == 1000).then_some(b"eve")
    }

    fn group(&self, _: u32) -> Option<&[u8]> {
        None
    }

    fn interface(&self, _: u32) -> Option<&[u8]> {
        Some(b"lo")
    }
}

#[test]
fn a_name_is_that_of_the_log_or_marked_and_a_link_is_that_of_the_log_or_its_number() {
    let added =
        "ADD_USER pid=1 uid=4294967295 ses=1 msg='op=adding user id=1000 exe=\"/usr/sbin/useradd\" res=success'";
    let named = &format!("{added}\x1dUID=\"unset\" ID=\"ann\"");
    let set_uid = "SYSCALL arch=c000003e syscall=105 success=yes exit=0 a0=3e8 a1=0 a2=0 a3=0 pid=1";
    let saddr = "saddr=0A0001BB00000000FE80000000000000000000000000000101000000";
    let connect = &format!("SYSCALL arch=c000003e syscall=42 success=yes exit=0 pid=1; SOCKADDR {saddr}");
    let linked = &format!("{connect}\x1dSADDR={{ saddr_fam=inet6 laddr=fe80::1%eth7 lport=443 }}");
    let json = shown_by(Reader1, View::Json, &[added, named, set_uid, connect, linked]);
    for (index, has, has_not) in [
        (0, "\"object\":\"eve\",", "\"looked_up\":false"),
        (0, "\"looked_up\":true", "ann"),
        (1, "\"object\":\"ann\",", "\"looked_up\""),
        (3, "\"addr\":\"fe80::1%1\",\"port\":443", "\"addr\":\"fe80::1%lo"),
        (4, "\"addr\":\"fe80::1%eth7\",\"port\":443", "\"looked_up\""),
    ] {
        assert!(json[index].contains(has) && !json[index].contains(has_not), "{}", json[index]);
    }
    assert_eq!(json[2].contains("\"eve\""), json[2].contains("\"looked_up\":true"), "{}", json[2]);
    let ecs = shown_by(Reader1, View::Ecs, &[added, linked]);
    assert!(ecs[0].contains("\"looked_up\":true"), "{}", ecs[0]);
    assert!(ecs[1].contains("\"destination\":{\"ip\":\"fe80::1\",\"port\":443}"), "{}", ecs[1]);
}

#[test]
fn the_parent_is_a_process_of_the_same_machine() {
    let parent = "SYSCALL arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=7 exe=\"/bin/sh\"";
    let child = "SYSCALL arch=c000003e syscall=2 success=yes exit=0 ppid=7 pid=8 exe=\"/bin/cat\"";
    let all = shown(View::Json, &[&format!("a/{parent}"), &format!("b/{child}"), &format!("a/{child}")]);
    assert_eq!(all.iter().map(|text| text.contains("\"parent\":")).collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn an_action_that_is_not_known_is_left_out() {
    let ecs = shown(View::Ecs, &["SYSCALL arch=c000003e syscall=9999 success=yes exit=0 pid=1"]);
    assert!(!ecs[0].contains("\"\""), "{}", ecs[0]);
}

#[test]
fn a_second_record_of_a_type_has_its_place_and_a_comma_separates_no_word_of_a_key() {
    let twice = "SYSCALL arch=c000003e syscall=2 success=yes exit=0 pid=1 key=\"a,b\"; CWD cwd=\"/a\"; CWD cwd=\"/b\"";
    assert!(shown(View::Laurel, &[twice])[0].contains("\"CWD\":{\"cwd\":\"/a\"},\"CWD_2\":{\"cwd\":\"/b\"}"));
    let words = shown(View::Logfmt, &[twice]);
    assert!(words[0].contains(r#"keys="a\\,b""#), "{}", words[0]);
}
