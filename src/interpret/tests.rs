//! Values of every kind and what is said of them, each line named for what is odd in it.

use super::*;
use crate::event::Event;
use crate::record::{Field, Record, RecordType};
use crate::tables::machine::Machine;
use crate::text::Escape;

struct Host;

impl Names for Host {
    fn user(&self, uid: u32) -> Option<&[u8]> {
        (uid == 1000).then_some(b"alice")
    }

    fn group(&self, gid: u32) -> Option<&[u8]> {
        (gid == 1000).then_some(b"staff")
    }

    fn protocol(&self, number: u32) -> Option<&[u8]> {
        match number {
            0 => Some(b"ip"),
            6 => Some(b"tcp"),
            _ => None,
        }
    }
}

fn interpreter(mode: Escape) -> Interpreter<'static> {
    Interpreter::new(&Host, Some(Machine::X86_64), mode)
}

/// The last field called `name` of a record.
fn of_record(line: &str, name: &str, mode: Escape) -> String {
    let record = Record::parse(line.as_bytes()).expect("a record");
    let field = record.fields().filter(|f| f.name == name.as_bytes()).last().expect("the field");
    let mut out = Vec::new();
    interpreter(mode).value(record.record_type, field, &RecordContext::of(&record), &mut out);
    String::from_utf8(out).unwrap()
}

/// A field alone in a record of type `kind`.
fn alone(record_type: RecordType, field: &str) -> String {
    let name = field.split('=').next().unwrap_or_default();
    of_record(&format!("type={} msg=audit(1700000000.123:4567): {field}", record_type.0), name, Escape::Tty)
}

fn shown(rows: &[(&str, &str)]) {
    for (field, want) in rows {
        assert_eq!(alone(RecordType::USER, field), *want, "{field}");
    }
}

#[test]
fn ids_have_names() {
    shown(&[
        ("auid=4294967295", "unset"),
        ("uid=-1", "unset"),
        ("uid=0", "root"),
        ("uid=1000", "alice"),
        ("ouid=890", "unknown(890)"),
        ("ouid=4294967294", "unknown(-2)"),
        ("gid=1000", "staff"),
        ("id=1000", "alice"),
        ("uid=99999999999999999999", "conversion error(99999999999999999999)"),
        ("uid=someone", "someone"),
        ("uid=4294967296", "conversion error(4294967296)"),
        ("gid=4294967296", "conversion error(4294967296)"),
        ("uid=0day", "0day"),
        ("gid=0x0", "0x0"),
        ("uid=0;", "root"),
        ("ses=4294967295", "unset"),
        ("old-ses=4294967295", "4294967295"),
    ]);
    assert_eq!(alone(RecordType::ADD_GROUP, "id=1000"), "staff");
}

#[test]
fn strings_are_quoted_or_in_hex() {
    shown(&[
        ("comm=\"cat\"", "cat"),
        ("comm=61620A", "ab\\012"),
        ("comm=616", "a"),
        ("comm=6", "6"),
        ("comm=xyz", "xyz"),
        ("name=(null)", "(null)"),
        ("path=\"open", "\"open"),
        ("acct=\"a=\"b", "\"a=\"b"),
        ("path=00616263", "abc"),
        ("path=61620063", "ab"),
        ("cwd=C3A9", "é"),
        ("proctitle=6361740061", "cat a"),
        ("proctitle=\"cat\"", "cat"),
        ("proctitle=63617400", "cat "),
        ("proctitle=636174x062", "cat  "),
        ("proctitle=(null)", "(null)"),
        ("proctitle=002F62696E", " /bin"),
        ("proctitle=00", "00"),
        ("dev=\"dm-0\"", "\"dm-0\""),
        ("acct=\"bob\"", "bob"),
        ("acct=626f62", "bob"),
        ("acct=bob", "bob"),
    ]);
}

#[test]
fn keys_are_listed() {
    shown(&[("key=\"one\"", "one"), ("key=6B31016B32", "k1\u{1}k2"), ("key=(null)", "(null)")]);
}

#[test]
fn results_are_numbers_errors_or_words() {
    shown(&[
        ("exit=0", "0"),
        ("exit=0x5", "0x5"),
        ("exit=-13", "EACCES(Permission denied)"),
        ("exit=-512", "(null)(Unknown error 512)"),
        ("exit=99999999999999999999", "conversion error(99999999999999999999)"),
        ("arch=99999999999999999999", "conversion error(99999999999999999999) "),
        ("prom=18446744073709551615", "conversion error(18446744073709551615)"),
        ("res=1", "yes"),
        ("res=0", "no"),
        ("res=2", "unset"),
        ("res=4294967295", "unset"),
        ("res=-1", "-1"),
        ("res=success", "success"),
        ("errno=13", "EACCES"),
        ("errno=0", "UNKNOWN"),
        ("errno=9999", "UNKNOWN"),
    ]);
}

#[test]
fn numbers_have_names() {
    shown(&[
        ("arch=c000003e", "x86_64"),
        ("arch=40000003", "i386"),
        ("arch=c00000ff", "unknown-elf-type(c00000ff)"),
        ("sig=11", "SIGSEGV"),
        ("sig=0", "SIG0"),
        ("sig=99", "unknown-signal(99)"),
        ("list=4", "exit"),
        ("list=99", "unknown-list(99)"),
        ("capability=21", "sys_admin"),
        ("capability=99", "unknown-capability(99)"),
        ("cap_pp=3", "chown,dac_override"),
        ("cap_pi=0", "none"),
        ("cap_fi=0000000000000000", "none"),
        ("cap_fp=1ffffffffff0000000000", "conversion error(1ffffffffff0000000000)"),
        ("cap_pe=ffffff0000000000", "checkpoint_restore"),
        ("cap_fe=1", "1"),
        ("proto=6", "tcp"),
        ("proto=253", "undefined protocol"),
        ("family=2", "ipv4"),
        ("family=99", "unknown-netfilter-protocol(99)"),
        ("icmptype=8", "echo"),
        ("action=0", "ACCEPT"),
        ("action=9", "unknown-action(9)"),
        ("macproto=0800", "IP"),
        ("macproto=0806", "ARP"),
        ("macproto=86dd", "UNKNOWN"),
        ("hook=1", "INPUT"),
        ("hook=9", "unknown-hook(9)"),
        ("per=400000", "PER_LINUX"),
        ("code=0x7fff0000", "allow"),
        ("code=0x50001", "errno"),
        ("code=0x12340000", "unknown-seccomp-code(0x12340000)"),
        ("prom=256", "yes"),
        ("old_prom=0", "no"),
        ("resp=2", "deny"),
        ("resp=3", "unknown"),
        ("nl-mcgrp=1", "audit-netlink-multicast"),
        ("nl-mcgrp=2", "audit-none"),
        ("subj_trust=2", "unknown"),
        ("obj_trust=1", "yes"),
        ("ioctlcmd=0x5401", "TCGETS"),
        ("ioctlcmd=0x1234", "0x1234"),
    ]);
}

#[test]
fn modes_and_flags_are_listed() {
    shown(&[
        ("mode=0100644", "file,644"),
        ("mode=041777", "dir,sticky,777"),
        ("mode=enforcing", "enforcing"),
        ("perm=5", "read,exec"),
        ("perm=0", "read,write,exec,attr"),
        ("perm_mask=8", "attr"),
        ("oflag=0x42", "O_RDWR|O_CREAT"),
        ("flags=0x2", "MAP_PRIVATE"),
        ("flags=0x0", "MAP_FILE"),
        ("resolve=0x18", "RESOLVE_BENEATH|RESOLVE_IN_ROOT"),
    ]);
    assert_eq!(alone(RecordType::MQ_OPEN, "mode=0600"), "0600");
}

#[test]
fn fields_without_a_meaning_stay_as_they_are() {
    shown(&[("addr=10.0.0.1", "10.0.0.1"), ("subj=u:r:t:s0:c1,c2", "u:r:t:s0:c1,c2")]);
    shown(&[("hostname=web", "web"), ("op=PAM:session_open", "PAM:session_open")]);
}

#[test]
fn a_fanotify_answers_information_is_a_number_only_for_a_rule() {
    let line = "type=FANOTIFY msg=audit(1700000000.123:4567): resp=2 fan_type=1 fan_info=1F subj_trust=0 obj_trust=1";
    assert_eq!(of_record(line, "fan_type", Escape::Tty), "rule_info");
    assert_eq!(of_record(line, "fan_info", Escape::Tty), "31");
    assert_eq!(of_record(&line.replace("fan_type=1", "fan_type=0"), "fan_info", Escape::Tty), "1F");
}

#[test]
fn hooks_of_arp_are_its_own() {
    let line = "type=NETFILTER_PKT msg=audit(1700000000.123:4567): hook=0 family=3";
    assert_eq!(of_record(line, "hook", Escape::Tty), "INPUT");
}

/// One argument of a call on x86_64, the others being zero but for a leading `a0=` or `a1=`.
fn argument(call: u32, others: (&str, &str), argument: &str) -> String {
    let (name, value) = argument.split_once('=').unwrap();
    let pick = |n: &str, other: &str| if name == n { value.to_owned() } else { other.to_owned() };
    let line = format!(
        "type=SYSCALL msg=audit(1700000000.123:4567): arch=c000003e syscall={call} success=yes exit=0 a0={} a1={} a2={} a3={}",
        pick("a0", others.0),
        pick("a1", others.1),
        pick("a2", "0"),
        pick("a3", "0"),
    );
    of_record(&line, name, Escape::Tty)
}

#[test]
fn arguments_mean_what_their_call_makes_of_them() {
    const NONE: (&str, &str) = ("0", "0");
    for (call, others, field, want) in [
        (0, NONE, "a0=3", "0x3"),
        (2, NONE, "a1=442", "O_RDWR|O_CREAT|O_APPEND"),
        (2, ("0", "442"), "a2=1a4", "0644"),
        (2, ("0", "2"), "a2=1a4", "0x1a4"),
        (257, NONE, "a0=ffffff9c", "AT_FDCWD"),
        (257, NONE, "a0=ffffffffffffff9c", "AT_FDCWD"),
        (257, NONE, "a0=5", "0x5"),
        (257, NONE, "a2=80000", "O_RDONLY|O_CLOEXEC"),
        (90, NONE, "a1=9ed", "suid,0755"),
        (133, NONE, "a1=21b6", "character,666"),
        (92, NONE, "a1=3e8", "alice"),
        (92, NONE, "a2=ffffffff", "unset"),
        (41, NONE, "a0=a", "inet6"),
        (41, NONE, "a0=63", "unknown-family(0x63)"),
        (41, NONE, "a1=80001", "SOCK_STREAM"),
        (41, NONE, "a2=6", "tcp"),
        (41, NONE, "a2=fe", "unknown-proto(fe)"),
        (54, NONE, "a1=1", "SOL_SOCKET"),
        (54, NONE, "a1=6", "tcp"),
        (54, NONE, "a1=107", "SOL_PACKET"),
        (54, NONE, "a1=63", "unknown-sockopt-level(0x63)"),
        (54, ("3", "1"), "a2=2", "SO_REUSEADDR"),
        (54, ("3", "6"), "a2=1", "TCP_NODELAY"),
        (54, ("3", "11"), "a2=64", "UDP_ENCAP"),
        (54, ("3", "29"), "a2=1", "IPV6_ADDRFORM"),
        (54, ("3", "63"), "a2=1", "0x1"),
        (72, NONE, "a1=2", "F_SETFD"),
        (72, ("3", "2"), "a2=1", "FD_CLOEXEC"),
        (72, ("3", "8"), "a2=3e8", "alice"),
        (72, ("3", "4"), "a2=800", "0x800"),
        (56, NONE, "a0=1200011", "CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD"),
        (56, NONE, "a0=0", "0x0"),
        (157, NONE, "a0=17", "PR_CAPBSET_READ"),
        (157, ("17", "0"), "a1=15", "sys_admin"),
        (157, ("1", "0"), "a1=9", "SIGKILL"),
        (157, ("3", "0"), "a1=9", "0x9"),
        (29, NONE, "a2=3b6", "IPC_CREAT|0666"),
        (29, NONE, "a2=0", "0000"),
        (16, NONE, "a1=5413", "TIOCGWINSZ"),
        (16, NONE, "a1=ffffffff", "0xffffffff"),
        (231, NONE, "a0=0", "EXIT_SUCCESS"),
        (60, NONE, "a0=5", "UNKNOWN"),
        (430, NONE, "a1=1", "FSOPEN_CLOEXEC"),
        (430, NONE, "a1=2", "0x2"),
    ] {
        assert_eq!(argument(call, others, field), want, "call {call} {field} {others:?}");
    }
}

#[test]
fn a_call_that_stands_for_many_names_the_one_meant() {
    let line = "type=SYSCALL msg=audit(1700000000.123:4567): arch=40000003 syscall=102 success=yes exit=0 a0=3 a1=0";
    assert_eq!(of_record(line, "syscall", Escape::Tty), "socketcall(connect)");
    assert_eq!(of_record(line, "a0", Escape::Tty), "connect");
    assert_eq!(of_record(&line.replace("a0=3", "a0=ff"), "syscall", Escape::Tty), "socketcall");
    let line = line.replace("syscall=102", "syscall=117").replace("a0=3", "a0=15");
    assert_eq!(of_record(&line, "syscall", Escape::Tty), "ipc(shmat)");
    assert_eq!(of_record(&line.replace("=117", "=9999"), "syscall", Escape::Tty), "unknown-syscall(9999)");
}

#[test]
fn options_of_powerpc_are_numbered_differently() {
    let line =
        "type=SYSCALL msg=audit(1700000000.123:4567): arch=80000015 syscall=339 success=yes exit=0 a0=3 a1=1 a2=14";
    assert_eq!(of_record(line, "a2", Escape::Tty), "SO_PASSCRED");
    assert_eq!(of_record(&line.replace("80000015", "c0000015"), "a2", Escape::Tty), "SO_PASSCRED");
    assert_eq!(of_call("c000003e", 54, &["3", "1", "14"]), "SO_RCVTIMEO");
    assert_eq!(of_call("c000003e", 54, &["3", "1", "74"]), "unknown-sockopt-name(0x74)");
}

#[test]
fn operations_of_io_uring_are_not_calls() {
    let line = "type=1336 msg=audit(1700000000.123:4567): uring_op=18 success=yes exit=0 items=1";
    assert_eq!(of_record(line, "uring_op", Escape::Tty), "openat");
}

#[test]
fn names_looked_up_when_the_record_was_written_win() {
    let line = "type=SYSCALL msg=audit(1700000000.123:4567): arch=c000003e syscall=2 success=yes exit=3 a0=1 auid=1000 uid=5 \
                gid=6 euid=7\x1dARCH=x86_64 SYSCALL=unknown-syscall(2) AUID=\"carol\" UID=6576650A GID=\"wheel\"";
    for (name, want) in
        [("auid", "carol"), ("uid", "eve\\012"), ("gid", "wheel"), ("euid", "unknown(7)"), ("syscall", "open")]
    {
        assert_eq!(of_record(line, name, Escape::Tty), want, "{name}");
    }
}

#[test]
fn text_is_made_harmless_in_each_mode() {
    let line = "type=CWD msg=audit(1700000000.123:4567): cwd=2F612062241B5B";
    assert_eq!(of_record(line, "cwd", Escape::Raw), "/a b$\u{1b}[");
    assert_eq!(of_record(line, "cwd", Escape::Tty), "/a b$\\033[");
    assert_eq!(of_record(line, "cwd", Escape::Shell), "/a\\ b\\$\\033[");
    assert_eq!(of_record(line, "cwd", Escape::ShellQuote), "/a\\ b\\$\\033\\[");
}

/// `line` as a search shows it, without its newline.
fn rewritten(line: &str) -> String {
    let record = Record::parse(line.as_bytes()).expect("a record");
    let mut out = Vec::new();
    let mut id = b"11/14/23 22:13:20".to_vec();
    record.id.push_after_second(&mut id);
    interpreter(Escape::Tty).rewrite(&record, &id, &mut out);
    String::from_utf8(out).unwrap().strip_suffix('\n').expect("a newline").to_owned()
}

/// The body of a record of type `kind` as a search shows it.
fn body(record_type: RecordType, body: &str) -> String {
    let line = rewritten(&format!("type={} msg=audit(1700000000.123:4567): {body}", record_type.0));
    line.split_once(" : ").expect("a body").1.to_owned()
}

#[test]
fn a_record_is_shown_with_names_and_local_time() {
    let line = "node=web type=SYSCALL msg=audit(1700000000.007:4567): arch=c000003e syscall=2 success=no exit=-13 a0=7ffe \
                a1=80000 a2=0 a3=0 pid=77 auid=1000 ses=4294967295 comm=\"cat\" exe=\"/bin/cat\" subj=u:r:t:s0:c1,c2 key=(null)";
    let want = "node=web type=SYSCALL msg=audit(11/14/23 22:13:20.007:4567) : arch=x86_64 syscall=open success=no \
                exit=EACCES(Permission denied) a0=0x7ffe a1=O_RDONLY|O_CLOEXEC a2=0x0 a3=0x0 pid=77 auid=alice ses=unset \
                comm=cat exe=/bin/cat subj=u:r:t:s0:c1,c2 key=(null) ";
    assert_eq!(rewritten(&line.replace("type=SYSCALL", "type=1300")), want);
}

#[test]
fn a_type_without_a_name_is_shown_as_written() {
    let rest = " msg=audit(1700000000.123:4567): uid=0";
    let shown = |front: &str| rewritten(&format!("{front}{rest}"));
    assert_eq!(shown("type=UNKNOWN[1999]"), "type=UNKNOWN[1999] msg=audit(11/14/23 22:13:20.123:4567) : uid=root ");
    assert_eq!(shown("node=web type=BOGUS"), "node=web type=BOGUS msg=audit(11/14/23 22:13:20.123:4567) : uid=root ");
}

#[test]
fn a_message_in_quotes_keeps_them() {
    assert_eq!(
        body(
            RecordType::USER_AUTH,
            "pid=1 uid=0 msg='op=PAM acct=\"bob\" exe=\"/bin/su\" hostname=?, addr=?, res=success'"
        ),
        "pid=1 uid=root msg='op=PAM acct=bob exe=/bin/su hostname=?, addr=?  res=success' "
    );
    assert_eq!(
        body(RecordType::USER_AUTH, "user pid=1 msg='PAM: auth acct=root : exe=\"/bin/su\" (hostname=?, addr=?)'"),
        "user pid=1 msg='PAM: auth acct=root : exe=/bin/su (hostname=?, addr=?)' "
    );
}

#[test]
fn words_after_the_last_field_are_lost_unless_it_ended_at_a_comma() {
    assert_eq!(body(RecordType::USER, "uid=0 is root"), "uid=root ");
    assert_eq!(body(RecordType::USER, "x=1, and more"), "x=1, and more\n");
    assert_eq!(body(RecordType::USER, "x=1 msg= and more"), "x=1 msg=");
}

#[test]
fn a_record_without_fields_is_followed_by_an_empty_line() {
    assert_eq!(
        rewritten("type=EOE msg=audit(1700000000.123:4567): "),
        "type=EOE msg=audit(11/14/23 22:13:20.123:4567) : \n"
    );
    assert_eq!(body(RecordType::USER, "just\twords"), "just\\011words\n");
    assert_eq!(rewritten("type=EOE msg=audit(1700000000.123:4567)"), "type=EOE msg=audit(11/14/23 22:13:20.123:4567) ");
}

#[test]
fn several_keys_are_several_fields() {
    assert_eq!(
        body(RecordType::SYSCALL, "arch=c000003e syscall=2 key=6B31016B32"),
        "arch=x86_64 syscall=open key=k1 key=k2 "
    );
    assert_eq!(body(RecordType::CONFIG_CHANGE, "op=add key=6B3101"), "op=add key=k1 key= ");
}

#[test]
fn keystrokes_have_no_space_after_them() {
    assert_eq!(body(RecordType::TTY, "tty pid=1 comm=\"sh\" data=6C730D"), "tty pid=1 comm=sh data=\"ls\",<ret>");
    assert_eq!(body(RecordType::USER_TTY, "msg='data=\"ls\"' res=1"), "msg='data=\"ls\" res=yes ");
}

#[test]
fn machine_and_call_come_from_the_fields_before() {
    assert_eq!(
        body(RecordType::SECCOMP, "auid=1000 sig=31 arch=40000003 syscall=102 compat=1 code=0x0"),
        "auid=alice sig=SIGSYS arch=i386 syscall=socketcall compat=1 code=kill-thread "
    );
    assert_eq!(
        body(RecordType::SYSCALL, "arch=40000003 syscall=102 success=yes a0=3 a1=0"),
        "arch=i386 syscall=socketcall(connect) success=yes a0=connect a1=0x0 "
    );
    assert_eq!(
        body(RecordType::SYSCALL, "arch=c00000ff syscall=2 a0=0 a1=0"),
        "arch=unknown-elf-type(c00000ff) syscall=2 a0=0x0 a1=0x0 "
    );
    assert_eq!(
        body(RecordType::USER, "arch=40000003 syscall=102 a0=3"),
        "arch=i386 syscall=socketcall(connect) a0=connect "
    );
}

#[test]
fn a_machine_or_call_beyond_reading_is_called_so() {
    assert_eq!(
        body(RecordType::SYSCALL, "arch=99999999999999999 syscall=2 a0=0"),
        "arch=arch conversion error(99999999999999999) syscall=open a0=0x0 "
    );
    assert_eq!(
        body(RecordType::SYSCALL, "arch=c000003e syscall=99999999999999999999 a0=0"),
        "arch=x86_64 syscall=syscall conversion error(99999999999999999999) a0=0x0 "
    );
}

#[test]
fn what_stands_for_undecoded_keystrokes_is_never_escaped() {
    let shown = |value: &str| {
        of_record(&format!("type=TTY msg=audit(1700000000.123:4567): data={value}"), "data", Escape::Shell)
    };
    assert_eq!(shown("0"), "(null)");
    assert_eq!(shown("(null)"), "\\(null\\)");
}

#[test]
fn a_type_number_that_changed_its_meaning_gets_no_name() {
    assert_eq!(
        rewritten("type=UNKNOWN[1420] msg=audit(1700000000.123:4567): subj_apparmor=x"),
        "type=UNKNOWN[1420] msg=audit(11/14/23 22:13:20.123:4567) : subj_apparmor=x "
    );
    assert_eq!(
        rewritten("type=IPE_ACCESS msg=audit(1700000000.123:4567): ipe_op=EXECUTE rule=\"DEFAULT action=DENY\""),
        "type=IPE_ACCESS msg=audit(11/14/23 22:13:20.123:4567) : ipe_op=EXECUTE rule=\"DEFAULT action=DENY\" "
    );
    assert_eq!(
        rewritten("type=UNKNOWN[1503] msg=audit(1700000000.123:4567): operation=\"open\""),
        "type=APPARMOR_DENIED msg=audit(11/14/23 22:13:20.123:4567) : operation=open "
    );
}

#[test]
fn names_of_an_enriched_record_take_the_place_of_values() {
    assert_eq!(
        body(
            RecordType::SYSCALL,
            "arch=c000003e syscall=2 auid=1000 subj=a res=x\u{1d}ARCH=x86_64 AUID=\"carol\" SUBJ=b RES=y Z=1"
        ),
        "arch=x86_64 syscall=open auid=carol subj=b res=y "
    );
}

#[test]
fn every_kind_survives_every_text() {
    let mut interpreter = interpreter(Escape::ShellQuote);
    let context = RecordContext { machine: Some(Machine::X86_64), syscall: Some(54), ..RecordContext::default() };
    let odd: [&[u8]; 12] = [
        b"",
        b"-",
        b"\"",
        b"'",
        b"(",
        b"0x",
        b"\x00\xff\x01",
        b"00",
        b"0000000",
        b"-99999999999999999999",
        b"\xff\xfe",
        b"  ",
    ];
    for value in odd {
        for record in [1300, 1309, 1319, 1121].map(RecordType) {
            for name in
                ["uid", "a0", "a1", "a2", "a3", "data", "saddr", "proctitle", "mode", "exit", "key", "cap_fp", "acct"]
            {
                let field = Field { name: name.as_bytes(), value };
                interpreter.value(record, field, &context, &mut Vec::new());
            }
        }
    }
}

/// An argument of a call of some machine: `arch`, `syscall`, and the arguments up to the one that is shown.
fn of_call(arch: &str, syscall: u32, arguments: &[&str]) -> String {
    let mut a = ["0"; 4];
    a.iter_mut().zip(arguments).for_each(|(slot, value)| *slot = value);
    let line = format!(
        "type=SYSCALL msg=audit(1700000000.123:4567): arch={arch} syscall={syscall} success=no exit=-146 \
         a0={} a1={} a2={} a3={} items=0",
        a[0], a[1], a[2], a[3]
    );
    of_record(&line, &format!("a{}", arguments.len() - 1), Escape::Tty)
}

#[test]
fn arguments_have_the_constants_of_the_machine_that_was_called() {
    let mips = "40000008";
    for (arch, syscall, arguments, want) in [
        ("c000003e", 257, &["ffffff9c", "1", "90800"][..], "O_RDONLY|O_NONBLOCK|O_DIRECTORY|O_CLOEXEC"),
        ("c00000b7", 56, &["ffffff9c", "1", "84800"], "O_RDONLY|O_NONBLOCK|O_DIRECTORY|O_CLOEXEC"),
        ("40000028", 322, &["ffffff9c", "1", "a4800"], "O_RDONLY|O_NONBLOCK|O_DIRECTORY|O_CLOEXEC"),
        ("c0000015", 286, &["ffffff9c", "1", "84800"], "O_RDONLY|O_NONBLOCK|O_DIRECTORY|O_CLOEXEC"),
        ("c00000f3", 56, &["ffffff9c", "1", "90800"], "O_RDONLY|O_NONBLOCK|O_DIRECTORY|O_CLOEXEC"),
        (mips, 4005, &["1", "301"], "O_WRONLY|O_CREAT|O_TRUNC"),
        (mips, 4288, &["ffffff9c", "1", "301", "1b6"], "0x1b6"),
        (mips, 4005, &["1", "301", "1b6"], "0666"),
        (mips, 4005, &["1", "41", "1b6"], "0x1b6"),
        (mips, 4183, &["2", "2"], "SOCK_STREAM"),
        (mips, 4183, &["2", "1"], "SOCK_DGRAM"),
        (mips, 4183, &["2", "82"], "SOCK_STREAM"),
        (mips, 4005, &["1", "3000"], "O_RDONLY|O_ASYNC"),
        (mips, 4090, &["0", "1000", "3", "802"], "MAP_PRIVATE|MAP_ANONYMOUS"),
        ("c0000015", 90, &["0", "1000", "3", "62"], "MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE"),
        ("c00000b7", 222, &["0", "1000", "3", "62"], "MAP_PRIVATE|MAP_ANONYMOUS"),
        (mips, 4037, &["5", "10"], "SIGUSR1"),
        (mips, 4075, &["5"], "RLIMIT_NOFILE"),
        (mips, 4055, &["5", "6"], "F_SETLK"),
        (mips, 4055, &["5", "18", "3e8"], "alice"),
        (mips, 4181, &["3", "ffff"], "SOL_SOCKET"),
        (mips, 4181, &["3", "ffff", "4"], "SO_REUSEADDR"),
        ("80000015", 339, &["3", "1", "10"], "SO_RCVLOWAT"),
        (mips, 4054, &["0", "540d"], "TCGETS"),
        ("c0000015", 54, &["0", "402c7413"], "TCGETS"),
        ("c00000b7", 117, &["c"], "unknown-ptrace(0xc)"),
        ("c000003e", 101, &["c"], "PTRACE_GETREGS"),
        ("80000016", 120, &["7ffe", "11"], "SIGCHLD"),
    ] {
        assert_eq!(of_call(arch, syscall, arguments), want, "{arch} {syscall} {arguments:?}");
    }
}

#[test]
fn errors_and_signals_are_those_of_the_machine_that_is_named() {
    let syscall = |arch| format!("type=SYSCALL msg=audit(1700000000.123:4567): arch={arch} syscall=4183 exit=-146");
    assert_eq!(of_record(&syscall("40000008"), "exit", Escape::Tty), "ECONNREFUSED(Connection refused)");
    assert_eq!(of_record(&syscall("c000003e"), "exit", Escape::Tty), "(null)(Unknown error 146)");
    let seccomp = |arch, sig| {
        format!(
            "type=SECCOMP msg=audit(1700000000.123:4567): auid=0 uid=0 gid=0 ses=1 subj=x pid=9 comm=\"x\" \
             exe=\"/x\" sig={sig} arch={arch} syscall=1 compat=0 ip=0 code=0x0"
        )
    };
    for (arch, sig) in [("40000008", 12), ("c000003e", 31)] {
        let line = seccomp(arch, sig);
        assert_eq!(of_record(&line, "sig", Escape::Tty), "SIGSYS");
        let mut out = Vec::new();
        interpreter(Escape::Tty).rewrite(&Record::parse(line.as_bytes()).unwrap(), b"", &mut out);
        assert!(String::from_utf8(out).unwrap().contains(" sig=SIGSYS "), "{arch}");
    }
}

#[test]
fn constants_that_differ_from_machine_to_machine_stay_numbers_on_one_that_is_not_known() {
    let event = |records: &[&str]| {
        let mut event = Event::default();
        for record in records {
            let line = format!("type={} ", record).replacen(' ', " msg=audit(1700000000.123:4567): ", 1);
            event.push(&Record::parse(line.trim_end().as_bytes()).unwrap());
        }
        event
    };
    let last = |records: &[&str]| {
        let (event, mut interpreter, mut out) = (event(records), interpreter(Escape::Tty), Vec::new());
        interpreter.begin(&event);
        interpreter.rewrite(&event.records().last().unwrap(), b"", &mut out);
        String::from_utf8(out).unwrap().rsplit(") : ").next().unwrap().trim_end().to_owned()
    };
    let call = "SYSCALL arch=8000002b syscall=5 success=yes exit=0 a0=1 a1=241";
    let here = "SYSCALL arch=c000003e syscall=9 success=yes exit=0 a0=1 a1=241";
    for (record, foreign, known) in [
        ("MMAP fd=3 flags=0x22", "fd=3 flags=0x22", "fd=3 flags=MAP_PRIVATE|MAP_ANONYMOUS"),
        ("MMAP fd=3 flags=0x2", "fd=3 flags=MAP_PRIVATE", "fd=3 flags=MAP_PRIVATE"),
        ("MQ_OPEN oflag=0x42", "oflag=0x42", "oflag=O_RDWR|O_CREAT"),
        ("ANOM_ABEND auid=1000 sig=11 res=1", "auid=alice sig=SIGSEGV res=yes", "auid=alice sig=SIGSEGV res=yes"),
        (
            "ANOM_ABEND auid=1000 sig=7 res=1",
            "auid=alice sig=unknown-signal(7) res=yes",
            "auid=alice sig=SIGBUS res=yes",
        ),
    ] {
        assert_eq!((last(&[call, record]), last(&[here, record])), (foreign.to_owned(), known.to_owned()), "{record}");
        assert_eq!(last(&[record]), known, "without a call this machine's");
    }
    let seccomp = |arch| last(&[&format!("SECCOMP auid=0 sig=31 arch={arch} syscall=5")]);
    assert_eq!(seccomp("8000002b"), "auid=root sig=unknown-signal(31) arch=unknown-elf-type(8000002b) syscall=5");
    assert_eq!(seccomp("c000003e"), "auid=root sig=SIGSYS arch=x86_64 syscall=fstat");
}

#[test]
fn a_machine_that_is_not_known_has_no_names() {
    let line = "type=SYSCALL msg=audit(1700000000.123:4567): arch=8000002b syscall=5 success=no exit=-2 a0=1 a1=241";
    for (field, want) in [("syscall", "5"), ("exit", "ENOENT(No such file or directory)"), ("a1", "0x241")] {
        assert_eq!(of_record(line, field, Escape::Tty), want);
    }
    assert_eq!(of_record(&line.replace("exit=-2", "exit=-61"), "exit", Escape::Tty), "-61", "sparc's ECONNREFUSED");
    let mut out = Vec::new();
    interpreter(Escape::Tty).rewrite(&Record::parse(line.as_bytes()).unwrap(), b"", &mut out);
    let want =
        "arch=unknown-elf-type(8000002b) syscall=5 success=no exit=ENOENT(No such file or directory) a0=0x1 a1=0x241";
    assert!(String::from_utf8(out).unwrap().contains(want));
}

#[test]
fn values_without_a_machine_are_those_of_this_one() {
    let line = b"type=ANOM_ABEND msg=audit(1700000000.123:4567): auid=0 sig=10 res=1";
    let record = Record::parse(line).unwrap();
    for (native, want) in [(Machine::X86_64, "SIGUSR1"), (Machine::MipsO32, "SIGBUS")] {
        let mut interpreter = Interpreter::new(&Host, Some(native), Escape::Tty);
        let mut out = Vec::new();
        interpreter.rewrite(&record, b"", &mut out);
        assert!(String::from_utf8(out).unwrap().contains(&format!(" sig={want} ")), "{native:?}");
    }
}

#[test]
fn a_word_where_a_number_should_be_stays_as_it_is() {
    for field in [
        "family=\"inet6\"",
        "sig=SEGV",
        "capability=sys_admin",
        "proto=udp",
        "list=exit",
        "hook=OUTPUT",
        "flags=none",
        "perm=read",
        "mode=rwx",
        "oflag=O_RDWR",
        "resolve=no_symlinks",
        "cap_fp=chown",
        "fp=all",
        "arch=x86_64",
        "code=kill",
        "per=LINUX",
        "macproto=IP",
        "ioctlcmd=TCGETS",
        "icmptype=echo",
        "prom=yes",
        "nl-mcgrp=none",
        "errno=EPERM",
        "exit=-EPERM",
        "res=yes",
        "resp=allow",
        "fan_type=x",
        "fan_info=y",
        "subj_trust=z",
        "uid=-",
    ] {
        let (_, value) = field.split_once('=').expect("a field");
        assert_eq!(alone(RecordType::USER, field), value, "{field}");
    }
    // Some records have these, and the reference's words for them are known.
    shown(&[("action=audit", "unknown-action(audit)"), ("cap_fp=?", "none"), ("res=1x", "1x")]);
    let call = |arguments: &str, name| {
        let line = format!("type=SYSCALL msg=audit(1700000000.123:4567): arch=c000003e {arguments}");
        [of_record(&line, name, Escape::Tty), rewritten_field(&line, name)]
    };
    assert_eq!(call("syscall=open success=yes exit=0 a0=3 a1=2", "syscall"), ["open", "open"]);
    assert_eq!(call("syscall=open success=yes exit=0 a0=3 a1=2", "a0"), ["0x3", "0x3"]);
    assert_eq!(call("syscall=257 success=yes exit=0 a0=cwd a1=2", "a0"), ["cwd", "cwd"]);
}

/// The value of a field as the whole record shows it.
fn rewritten_field(line: &str, name: &str) -> String {
    let record = Record::parse(line.as_bytes()).expect("a record");
    let mut out = Vec::new();
    interpreter(Escape::Tty).rewrite(&record, b"1", &mut out);
    let shown = String::from_utf8(out).unwrap();
    let (_, value) = shown.split_once(&format!(" {name}=")).expect("the field");
    value.split(' ').next().unwrap_or_default().to_owned()
}
