//! Rules as a specification: what is typed, what the kernel gets, what is listed, what is refused and where.

use super::*;
use crate::abi::Signal;
use crate::abi::rule::RuleData;
use crate::tables::machine::Machine;

/// A host with a machine, a kernel that knows `features`, the users root and alice, and the directories /etc and /.
struct TestHost {
    machine: Machine,
    features: u32,
}

impl Host for TestHost {
    fn machine(&self) -> Option<Machine> {
        Some(self.machine)
    }

    fn features(&self) -> u32 {
        self.features
    }

    fn user(&self, name: &[u8]) -> Option<u32> {
        [(&b"root"[..], 0), (b"alice", 1000)].iter().find(|row| row.0 == name).map(|row| row.1)
    }

    fn group(&self, name: &[u8]) -> Option<u32> {
        (name == b"wheel").then_some(10)
    }

    fn is_directory(&self, path: &[u8]) -> bool {
        matches!(path, b"/etc" | b"/" | b"/../etc")
    }
}

const NEW: TestHost = TestHost { machine: Machine::X86_64, features: u32::MAX };

fn words(line: &str) -> Vec<&[u8]> {
    line.split(' ').filter(|word| !word.is_empty()).map(str::as_bytes).collect()
}

fn plan_on(host: &TestHost, line: &str) -> Plan {
    let mut whole = vec![&b"auditctl"[..]];
    whole.extend(words(line));
    parse_line(&whole, host)
}

fn plan(line: &str) -> Plan {
    plan_on(&NEW, line)
}

#[track_caller]
fn rule_on(host: &TestHost, line: &str) -> Rule {
    match parse(&words(line), host) {
        Ok((_, rule)) => rule,
        Err(refusal) => panic!("{line}: {refusal}: {}", refusal.reason.remedy()),
    }
}

#[track_caller]
pub(super) fn rule(line: &str) -> Rule {
    rule_on(&NEW, line)
}

/// The bytes of a rule as numbers.
#[track_caller]
fn sent(line: &str) -> RuleData {
    RuleData::decode(&encode(&rule(line))).unwrap()
}

/// The fields of a rule as (field, operator, value).
#[track_caller]
fn fields(line: &str) -> Vec<(u32, u32, u32)> {
    let data = sent(line);
    (0..data.field_count as usize).map(|n| (data.fields[n], data.operators[n], data.values[n])).collect()
}

/// The value of the last field.
#[track_caller]
fn value(line: &str) -> u32 {
    fields(line).last().unwrap().2
}

#[track_caller]
fn calls(line: &str) -> Vec<u32> {
    rule(line).syscalls.iter().collect()
}

/// The first line of what is said about a wrong line, the word it is about, and the place in that word.
#[track_caller]
fn refused(line: &str) -> (String, String, usize) {
    refused_on(&NEW, line)
}

#[track_caller]
fn refused_on(host: &TestHost, line: &str) -> (String, String, usize) {
    let refusal = plan_on(host, line).refusal.expect(line);
    let word = refusal.word.checked_sub(1).and_then(|n| words(line).get(n).copied()).unwrap_or_default();
    (refusal.to_string(), String::from_utf8_lossy(word).into_owned(), refusal.offset)
}

#[track_caller]
fn sentence(line: &str) -> String {
    refused(line).0
}

fn listed(lines: &[&str]) -> String {
    let listing = Listing::new(Some(Machine::X86_64), None);
    let mut out = Vec::new();
    lines.iter().for_each(|line| listing.print(&rule(line), &mut out));
    String::from_utf8(out).unwrap()
}

const EQUAL: u32 = 0x4000_0000;

#[test]
fn a_rule_on_the_wire() {
    let line = "-a always,exit -F arch=b64 -S open -F path=/etc/passwd -F exe=/bin/cat -F subj_type=foo -F auid=1000 \
        -F key=k1 -F key=k2";
    let data = sent(line);
    assert_eq!((data.flags, data.action, data.field_count), (4, 2, 6));
    assert_eq!(data.mask[0], 1 << 2);
    let pairs: Vec<(u32, u32)> = fields(line).iter().map(|f| (f.0, f.2)).collect();
    assert_eq!(pairs, [(11, 0xc000_003e), (105, 11), (112, 8), (15, 3), (9, 1000), (210, 5)]);
    assert!(fields(line).iter().all(|f| f.1 == EQUAL));
    assert_eq!(data.text, b"/etc/passwd/bin/catfook1\x01k2");
}

#[test]
fn lists_actions_and_what_is_done() {
    for (line, flags, action) in [
        ("-a always,exit", 4, 2),
        ("-a exit,never", 4, 0),
        ("-A always,exit", 0x14, 2),
        ("-d task,always", 1, 2),
        ("-a never,user", 0, 0),
        ("-a always,exclude", 5, 2),
        ("-a always,filesystem", 6, 2),
        ("-a always,io_uring", 7, 2),
    ] {
        let data = sent(line);
        assert_eq!((data.flags, data.action), (flags, action), "{line}");
    }
    assert_eq!(sentence("-a always,entry"), "Append rule - bad keyword always,entry");
    assert_eq!(sentence("-A always"), "Add rule - bad keyword always");
    assert_eq!(sentence("-d a,b,c"), "Delete rule - bad keyword a,b,c");
    assert_eq!(sentence("-a Always,exit"), "Append rule - bad keyword Always,exit");
    assert_eq!(sentence("-a always,exit -A never,exit"), "Multiple rule insert/delete operations are not allowed");
}

#[test]
fn possible_is_swallowed() {
    let swallowed = plan("-a exit,possible -F nonsense");
    assert_eq!((swallowed.steps.len(), swallowed.refusal), (0, None));
    assert_eq!(swallowed.warnings, [Warning::Possible { operation: "Append" }]);
    assert_eq!(sentence("-a possible,exit"), "Append rule - bad keyword possible,exit");
    assert_eq!(sentence("-A exit,possible -F pid=1"), "parameter passed without an option given");
}

#[test]
fn a_rule_without_calls_is_about_all_of_them_but_on_the_task_list() {
    assert_eq!(rule("-a always,exclude -F msgtype=CWD").syscalls, SyscallMask::ALL);
    assert_eq!(rule("-a always,task").syscalls, SyscallMask::NONE);
    assert_eq!(rule("-a always,exit -S all").syscalls, SyscallMask::ALL);
}

#[test]
fn calls_by_name_number_and_list() {
    assert_eq!(calls("-a always,exit -F arch=b64 -S open,close -S 59"), [2, 3, 59]);
    assert_eq!(calls("-a always,exit -F arch=b32 -S OPEN"), [5]);
    assert_eq!(calls("-a always,exit -F arch=b64 -S 0x3b,073,5x,"), [5, 59]);
    assert_eq!(calls("-a always,exit -F arch=aarch64 -S openat"), [56]);
    assert_eq!(calls("-a always,exit -F arch=b64 -S ,"), Vec::<u32>::new());
    assert_eq!(calls("-a always,io_uring -S openat,connect"), [16, 18]);
    assert_eq!(refused("-a always,exit -S open,bogus"), ("Syscall name unknown: bogus".into(), "open,bogus".into(), 5));
    assert_eq!(sentence("-a always,exit -F arch=b64 -S 2048"), "Syscall name unknown: 2048");
    assert_eq!(sentence("-a always,exit -F arch=b64 -S -1"), "Syscall name unknown: -1");
    assert_eq!(sentence("-a always,exit -F arch=aarch64 -S open"), "Syscall name unknown: open");
    assert_eq!(sentence("-a always,io_uring -S open"), "io_uring op unknown: open");
    assert_eq!(sentence("-a always,io_uring -S ,"), "io_uring op unknown: ,");
}

#[test]
fn calls_on_lists_that_take_none() {
    assert_eq!(sentence("-a always,task -S open"), "Error: syscall auditing being added to task list");
    assert_eq!(sentence("-a always,user -S open"), "Error: syscall auditing being added to user list");
    assert_eq!(sentence("-a always,filesystem -S open"), "Error: syscall auditing being added to filesystem list");
    assert_eq!(sentence("-a always,exclude -S open"), "Error: syscall auditing cannot be put on exclude list");
    assert_eq!(sentence("-S open -a always,task"), "Syscall auditing requested for task list");
    assert_eq!(sentence("-S open"), "Error - no list specified");
}

#[test]
fn calls_that_differ_in_32_bits_are_warned_of() {
    assert_eq!(plan("-a always,exit -S open").warnings, [Warning::WordSize]);
    assert_eq!(plan("-a always,exit -S all").warnings, []);
    assert_eq!(plan("-a always,exit -F arch=b64 -S open").warnings, []);
    assert_eq!(plan("-d always,exit -S open").warnings, []);
}

#[test]
fn every_machine_compiles_its_calls() {
    for machine in Machine::ALL.into_iter().filter(|machine| machine.elf().is_some()) {
        let host = TestHost { machine, features: u32::MAX };
        let line = format!("-a always,exit -F arch={} -S openat,execve", machine.name());
        let made = rule_on(&host, &line);
        assert_eq!(made.fields[0].value, Value::Number(machine.elf().unwrap()), "{machine:?}");
        assert_eq!(made.syscalls.iter().count(), 2, "{machine:?}");
    }
}

#[test]
fn b32_and_b64_are_as_the_machine_has_them() {
    let arch = |machine, word: &str| {
        let host = TestHost { machine, features: u32::MAX };
        parse(&words(&format!("-a always,exit -F arch={word}")), &host).map(|(_, rule)| rule.fields[0].value.clone())
    };
    assert_eq!(arch(Machine::X86_64, "b32").unwrap(), Value::Number(0x4000_0003));
    assert_eq!(arch(Machine::S390x, "b32").unwrap(), Value::Number(22));
    assert!(arch(Machine::I386, "b64").is_err());
    assert!(arch(Machine::Ppc64le, "b32").is_err());
    assert_eq!(value("-a always,exit -F arch=c000003e"), 0xc000_003e);
    assert_eq!(value("-a always,exit -F arch=0xc000003e"), 0xc000_003e);
    assert_eq!(sentence("-a always,exit -F arch=40000003"), "arch elf mapping not found");
    assert_eq!(sentence("-a always,exit -F arch=uring"), "arch elf mapping not found");
    assert_eq!(sentence("-a always,exit -F arch>b64"), "arch only takes = or != operators");
}

#[test]
fn perm_narrows_the_rule_to_its_calls_once_the_arch_is_known() {
    assert_eq!(calls("-a always,exit -F arch=b64 -F perm=x"), [59, 322]);
    assert_eq!(calls("-a always,exit -F arch=b64 -S read -F perm=x"), [0, 59, 322]);
    assert_eq!(rule("-a always,exit -F perm=wa").syscalls, SyscallMask::ALL);
    assert_eq!(rule("-a always,exit -F arch=b64 -F path=/x -p w").syscalls, SyscallMask::ALL);
    assert_eq!(value("-a always,exit -F perm=RWXA"), 15);
    assert_eq!(sentence("-a always,exit -F arch=b64 -F perm=x -F arch=b64"), "arch must be before -S");
    assert_eq!(sentence("-a always,task -F perm=x"), "perm can only be used with exit filter list");
    assert_eq!(sentence("-a always,exit -F perm!=x"), "perm only takes = operator");
    assert_eq!(sentence("-a always,exit -F perm=rwxar"), "String value too long");
    assert_eq!(refused("-a always,exit -F perm=rz").2, 6);
}

#[test]
fn numbers_of_users_and_groups() {
    for (word, number) in [("alice", 1000), ("0x10", 16), ("010", 8), ("-1", u32::MAX), ("unset", u32::MAX)] {
        assert_eq!(value(&format!("-a always,exit -F auid={word}")), number, "{word}");
    }
    assert_eq!(value("-a always,exit -F gid=wheel"), 10);
    assert_eq!(refused("-a always,exit -F uid=bob"), ("Unknown user: bob".into(), "uid=bob".into(), 4));
    assert_eq!(sentence("-a always,exit -F gid=-1"), "Unknown group: -1");
    assert_eq!(value("-a always,exit -F gid=unset"), u32::MAX);
}

#[test]
fn values_with_names_of_their_own() {
    assert_eq!(value("-a always,exit -F exit=EPERM"), 1);
    assert_eq!(value("-a always,exit -F exit=-EPERM"), -1i32 as u32);
    assert_eq!(value("-a always,exit -F exit=-13"), -13i32 as u32);
    assert_eq!(value("-a always,user -F msgtype=USER_LOGIN"), 1112);
    assert_eq!(value("-a always,exclude -F msgtype=UNKNOWN[1999]"), 1999);
    assert_eq!(value("-a always,exit -F filetype=socket"), 0o140000);
    assert_eq!(value("-a always,filesystem -F fstype=tracefs"), 0x7472_6163);
    assert_eq!(value("-a always,exit -F sessionid=unset"), u32::MAX);
    assert_eq!(value("-a always,exit -F a2&0111"), 0o111);
    assert_eq!(value("-a always,exit -F a2=18446744073709551615"), u32::MAX);
    assert_eq!(sentence("-a always,exit -F exit=ENOTHING"), "-F unknown errno - exit");
    assert_eq!(sentence("-a always,user -F msgtype=NOTHING"), "-F unknown message type - msgtype");
    assert_eq!(sentence("-a always,exit -F filetype=pipe"), "-F unknown file type -  filetype");
    assert_eq!(sentence("-a always,filesystem -F fstype=ext4"), "file system type is unknown for field: fstype");
    assert_eq!(sentence("-a always,exit -F success=yes"), "-F value should be number for success");
    assert_eq!(sentence("-a always,exit -F saddr_fam=46"), "value is too large for field: saddr_fam");
    // Never what is left of it in 32 bits.
    for field in [
        "uid=4294967301",
        "exit=99999999999",
        "gid>=99999999999999999999",
        "exit=-2147483649",
        "a0&0x100000000",
        "inode=4294967296",
    ] {
        let name = &field[..field.find(['=', '>', '&']).unwrap()];
        let said = sentence(&format!("-a always,exit -F {field}"));
        assert_eq!(said, format!("value is too large for field: {name}"), "{field}");
    }
}

#[test]
fn errors_are_numbered_by_the_machine_whose_calls_fail() {
    let mips = TestHost { machine: Machine::MipselO32, features: u32::MAX };
    for (host, line, number) in [
        (&NEW, "-a always,exit -F exit=-ECONNREFUSED", -111),
        (&NEW, "-a always,exit -F arch=mips_o32 -F exit=-ECONNREFUSED", -146),
        (&mips, "-a always,exit -F exit=-ECONNREFUSED", -146),
    ] {
        let rule = rule_on(host, line);
        assert_eq!(rule.fields.last().unwrap().value, Value::Number(number as u32), "{line}");
        let mut out = Vec::new();
        Listing::new(Some(host.machine), None).print(&rule, &mut out);
        assert!(out.ends_with(b" -F exit=-ECONNREFUSED\n"), "{line}");
    }
}

#[test]
fn operators_are_looked_for_in_their_order() {
    for (symbol, code) in [
        ("=", 0x4000_0000),
        ("!=", 0x3000_0000),
        (">", 0x2000_0000),
        (">=", 0x6000_0000),
        ("<", 0x1000_0000),
        ("<=", 0x5000_0000),
        ("&", 0x0800_0000),
        ("&=", 0x4800_0000),
    ] {
        assert_eq!(fields(&format!("-a always,exit -F uid{symbol}5")), [(1, code, 5)], "{symbol}");
    }
    assert_eq!(sentence("-a always,exit -F path=/a!=b"), "-F unknown field: path=/a");
    assert_eq!(refused("-a always,exit -F uid"), ("-F missing operation for uid".into(), "uid".into(), 3));
    assert_eq!(sentence("-a always,exit -F =5"), "-F missing field name before operator for ");
    assert_eq!(sentence("-a always,exit -F uid="), "-F missing value after operation for uid");
    assert_eq!(sentence("-a always,exit -F nosuch=1"), "-F unknown field: nosuch");
    assert_eq!(fields("-a always,exit -F LoginUID=1"), [(9, EQUAL, 1)]);
}

#[test]
fn fields_that_belong_to_some_lists() {
    assert_eq!(sentence("-a always,task -F path=/x"), "path can only be used with exit filter list");
    assert_eq!(sentence("-a always,user -F obj_user=x"), "obj_user can only be used with exit filter list");
    assert_eq!(sentence("-a always,exclude -F ppid=1"), "ppid can only be used with exit filter list");
    assert_eq!(sentence("-a always,task -F sessionid=1"), "sessionid must be used with exclude, user, or exit filter");
    assert_eq!(sentence("-a always,exit -F fstype=tracefs"), "fstype field is not valid for the filter");
    let message = "msgtype field can only be used with exclude or user filter list";
    assert_eq!(sentence("-a always,exit -F msgtype=CWD"), message);
    assert_eq!(sentence("-F uid=0"), "List must be given before field");
}

#[test]
fn fields_that_a_kernel_must_know() {
    let old = TestHost { machine: Machine::X86_64, features: 0 };
    let said = |line| refused_on(&old, line).0;
    assert_eq!(said("-a always,exit -F exe=/bin/ls"), "Field option not supported by kernel: exe");
    assert_eq!(said("-a always,exit -F sessionid=1"), "Field option not supported by kernel: sessionid");
    assert_eq!(said("-a always,filesystem -F uid=1"), "uid filter is not supported by the kernel");
    assert_eq!(
        said("-a always,exclude -F euid=1"),
        "Only msgtype, *uid, *gid, pid, and subj* fields can be used with exclude filter"
    );
    assert_eq!(rule_on(&old, "-a always,exclude -F auid=1").fields.len(), 1);
    assert_eq!(said("--reset-lost"), "Field option not supported by kernel: reset-lost");
}

#[test]
fn two_fields_compared() {
    assert_eq!(fields("-a always,exit -C auid!=obj_uid"), fields("-a always,exit -C obj_uid!=auid"));
    assert_eq!(fields("-a always,exit -C uid=obj_uid"), [(111, EQUAL, 1)]);
    assert_eq!(fields("-a always,exit -C sgid!=fsgid"), [(111, 0x3000_0000, 25)]);
    assert_eq!(sentence("-a always,exit -C uid=gid"), "-C incompatible comparison uid");
    assert_eq!(sentence("-a always,exit -C uid=uid"), "-C incompatible comparison uid");
    assert_eq!(sentence("-a always,exit -C uid<gid"), "uid<gid only takes = or != operators");
    assert_eq!(sentence("-a always,exit -C x=uid"), "-C unknown field: x");
    assert_eq!(sentence("-a always,exit -C uid=x"), "-C unknown right hand value for comparison with: uid");
    assert_eq!(sentence("-a always,task -C uid=euid"), "uid can only be used with exit filter list");
}

#[test]
fn keys_join_and_go_last() {
    let data = sent("-a always,exit -F arch=b64 -F key=one -S open -k two -F uid=0");
    assert_eq!(data.field_count, 3);
    assert_eq!((data.fields[2], &data.text[..]), (210, &b"one\x01two"[..]));
    assert_eq!(fields("-a always,exit -S all -F key!=x")[0].1, 0x3000_0000);
    assert_eq!(sentence("-a always,exit -k x"), "key option needs a watch or syscall given prior to it");
    let companion = "Key field needs a watch, syscall or exe path given prior to it";
    assert_eq!(sentence("-a always,exit -F uid=0 -F key=x"), companion);
    assert_eq!(refused("-a always,exit -F key=x -F uid=0").1, "key=x");
    assert_eq!(refused("-w /x -k a>=b -p r"), ("key a>=b has an operator in it".into(), "a>=b".into(), 0));
    assert_eq!(fields("-a always,exit -F dir=/x -k y").len(), 2);
}

#[test]
fn limits_are_kept_and_named() {
    let long = |n| "k".repeat(n);
    assert_eq!(fields(&format!("-w /x -k {}", long(256))).len(), 3);
    let refusal = plan(&format!("-w /x -k {}", long(257))).refusal.unwrap();
    assert_eq!(refusal.to_string(), "key option exceeds size limit");
    assert_eq!(refusal.reason.remedy(), "up to 256 bytes, all keys and separators together; these are 257");
    assert_eq!(sentence(&format!("-w /x -k {} -k b", long(255))), "key option exceeds size limit");

    let path = format!("/{}", long(4096));
    let refusal = plan(&format!("-a always,exit -F path={path}")).refusal.unwrap();
    assert_eq!(refusal.reason.remedy(), "up to 4096 bytes; these are 4097");
    let refusal = plan(&format!("-w {path}")).refusal.unwrap();
    assert_eq!(refusal.reason.remedy(), "up to 4095 bytes of path; these are 4097");
    assert_eq!(sentence(&format!("-w /{}", long(256))), "The base name of the path is too big");

    let many = |n| format!("-a always,exit -S open{}", " -F a0=1".repeat(n));
    assert_eq!(fields(&many(63)).len(), 63);
    let refusal = plan(&many(64)).refusal.unwrap();
    assert_eq!(refusal.to_string(), "Too many fields in rule: a0=1");
    assert!(refusal.reason.remedy().starts_with("up to 63 fields"));
    assert_eq!(sentence(&format!("{} -k x", many(63))), "Too many fields in rule: key=x");
}

#[test]
fn watches() {
    assert_eq!(fields("-w /etc/passwd"), [(105, EQUAL, 11), (106, EQUAL, 15)]);
    assert_eq!(fields("-w /etc/ -p wa"), [(107, EQUAL, 4), (106, EQUAL, 10)]);
    assert_eq!(sent("-w /etc//").text, b"/etc");
    assert_eq!(sent("-w /").text, b"/");
    assert_eq!(sent("-w //").text, b"//");
    assert_eq!(sent("-a always,exit -F dir=/etc/").text, b"/etc/");
    assert_eq!(encode(&rule("-W /etc -p wa -k x")), encode(&rule("-w /etc -p wa -k x")));
    assert_eq!(plan("-W /etc").warnings, []);
    assert_eq!(plan("-w /../etc").warnings, [Warning::RelativePath, Warning::SlowWatch]);
    assert_eq!(plan("-w /a*").warnings, [Warning::Wildcard, Warning::SlowWatch]);
    assert_eq!(sentence("-w etc"), "The path must start with '/'");
    assert_eq!(sentence("-a always,exit -w /etc"), "watch option can't be given with a syscall");
    let moved = sent("-w /etc -p r -A io_uring,never -F uid=0");
    assert_eq!((moved.flags, moved.action, moved.field_count), (0x17, 0, 3));
    assert_eq!(sentence("-w /etc -A never,io_uring"), "Add rule - bad keyword never,io_uring");
    assert_eq!(sentence("-W /etc -d always,exit"), "Delete rule - bad keyword always,exit");
    assert_eq!(encode(&rule("-d never,exit -W /etc")), encode(&rule("-W /etc")));
    assert_eq!(sentence("-w /etc -d always,exit"), "Multiple rule insert/delete operations are not allowed");
    assert_eq!(sentence("-W /etc -a always,exit"), "Multiple rule insert/delete operations are not allowed");
    assert_eq!(sentence("-w /a -w /b"), "watch option can't be given with a syscall");
    assert_eq!(sentence("-S open -w /etc"), "Watches may not include fields or actions");
    assert_eq!(sentence("-p wa"), "permission option needs a watch given prior to it");
    assert_eq!(sentence("-a always,exit -p wa"), "Permissions should be preceded by other fields");
    assert_eq!(refused("-w /etc -p rq"), ("Permission q isn't supported".into(), "rq".into(), 1));
    assert_eq!(sentence("-w /etc -p rwxar"), "permission rwxar is too long");
}

#[test]
fn settings_are_sent_left_to_right_and_the_status_shown_once() {
    let two = plan("-e 1 -b 0x2000");
    assert_eq!(two.refusal, None);
    let masks: Vec<u32> =
        two.steps.iter().filter_map(|s| if let Step::Set(status) = s { Some(status.mask) } else { None }).collect();
    assert_eq!(masks, [1, 0x10]);
    assert_eq!(two.steps.last(), Some(&Step::ShowStatus { interpret: false, features: false }));
    let part = plan("-e 1 extra");
    assert_eq!(
        (part.steps.len(), part.refusal.unwrap().to_string().as_str()),
        (1, "parameter passed without an option given")
    );
    assert_eq!(sentence("-e 3"), "Enable must be 0, 1, or 2 was 3");
    assert_eq!(sentence("-f x"), "Failure must be 0, 1, or 2 was x");
    assert_eq!(sentence("-b -1"), "Backlog must be a numeric value was -1");
    assert_eq!(sentence("-r 99999999999999999999"), "Error converting rate");
    assert_eq!(sentence("-b 4294967296"), "Error converting backlog", "and not what is left of it in 32 bits");
    assert_eq!(sentence("--backlog_wait_time x"), "Backlog_wait_time must be a numeric value was x");
}

#[test]
fn other_requests() {
    assert_eq!(plan("-D -k x").steps, [Step::DeleteAll { key: b"x".to_vec() }]);
    assert_eq!(plan("-l -i").steps, [Step::ListRules { interpret: true, key: Vec::new() }]);
    assert_eq!(plan("-s -i").steps, [Step::ShowStatus { interpret: true, features: true }]);
    assert_eq!(plan("-F arch=b64 -t").steps, [Step::Trim]);
    assert_eq!(plan("--signal Stop").steps, [Step::Signal(Signal::Stop)]);
    assert_eq!(plan("-q /a,/b").steps, [Step::MakeEquivalent { mount: b"/a".to_vec(), subtree: b"/b".to_vec() }]);
    assert_eq!(sentence("-D -k"), "Wrong number of options for Delete all request");
    assert_eq!(sentence("-D -x y"), "Only the -k option is allowed");
    assert_eq!(sentence("-l -i -k x"), "Wrong number of options for list request");
    assert_eq!(sentence("-l -s"), "Only -k or -i options are allowed");
    assert_eq!(sentence("-s -i -i"), "Too many options for status command");
    assert_eq!(sentence("-q /a,"), "Error parsing equivalent parts");
    assert_eq!(sentence("-m a b"), "The -m option must be only the only option and takes 1 parameter");
    assert_eq!(refused("-m gr\u{fc}n").2, 2);
    assert_eq!(sentence("--signal SIGHUP"), "SIGHUP is an unsupported signal");
    assert_eq!(sentence("-R x"), "Error - nested rule files not supported");
    assert_eq!(sentence("-Z"), "Option -Z is invalid");
    assert_eq!(sentence("-i -c"), "parameter passed without an option given");
}

#[test]
fn listings() {
    for line in [
        "-a always,exit -F arch=b64 -S open,close -F auid>=1000 -F auid!=-1 -F key=a -F key=b\n",
        "-a never,task -F uid=0\n",
        "-a always,exclude -F msgtype=CWD\n",
        "-a always,filesystem -F fstype=tracefs\n",
        "-a always,exit -S all -F dir!=/etc/ -F exit=-EPERM -F a1&=0x1FF -F inode=4294967295\n",
        "-a always,exit -F arch=b32 -S restart_syscall -C uid!=obj_uid -F filetype=16384\n",
        "-w /etc/passwd -p wa -k pw\n",
        "-a always,exit -S all -F path=/x -F perm=rwxa -F auid=0\n",
        "-a always,io_uring -S openat -F key=io\n",
        "-a always,exit -F arch=b64 -S 1000 -F success=0\n",
    ] {
        let typed = line.trim_end().replace("filetype=16384", "filetype=dir");
        assert_eq!(listed(&[&typed]), line);
    }
}

#[test]
fn a_rule_that_could_be_a_watch_is_listed_as_one() {
    assert_eq!(listed(&["-a never,exit -F path!=/x -F perm=w"]), "-w /x -p w\n");
    assert_eq!(listed(&["-a always,exit -F perm=axwr -F dir=/x -F key=k"]), " -p rwxa-w /x -k k\n");
}

#[test]
fn a_rule_without_arch_is_named_by_the_native_machine_whatever_stood_before_it() {
    let both = listed(&["-a always,exit -F arch=b32 -S open", "-a always,exit -S 30"]);
    assert_eq!(both, "-a always,exit -F arch=b32 -S open\n-a always,exit -S shmat\n");
    assert_eq!(listed(&["-a always,exit -S 30"]), "-a always,exit -S shmat\n");
}

#[test]
fn interpretation_names_machines_unset_ids_and_arguments() {
    let words = |argument: &Argument| (argument.number == 1).then(|| b"O_WORDS".to_vec());
    let listing = Listing::new(Some(Machine::X86_64), Some(&words));
    let mut out = Vec::new();
    for line in [
        "-a always,exit -F arch=b64 -S open -F a1=1 -F a2=0x1FF -F auid!=-1 -F uid!=-1",
        "-a always,exit -F arch=b32 -S open,close -F a1=1",
    ] {
        listing.print(&rule(line), &mut out);
    }
    let expected = "-a always,exit -F arch=x86_64 -S open -F a1=O_WORDS -F a2=0x1ff -F auid!=unset -F uid!=-1\n\
        -a always,exit -F arch=i386 -S open,close -F a1=0x1\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn unknown_numbers_of_a_newer_kernel_are_listed() {
    let mut strange = rule("-a always,exit -F uid=5 -S open");
    (strange.list, strange.action) = (List(9), Action(7));
    (strange.fields[0].id, strange.fields[0].operator) = (FieldId(300), Operator(0));
    let strange = decode(&encode(&strange)).unwrap();
    let mut out = Vec::new();
    Listing::new(Some(Machine::X86_64), None).print(&strange, &mut out);
    assert_eq!(String::from_utf8(out).unwrap(), "-a (null),(null) -S open f300(null)5\n");
}

#[test]
fn hostile_rules_are_refused() {
    let good = sent("-w /etc/passwd -k x");
    let with = |change: &dyn Fn(&mut RuleData)| {
        let mut data = good.clone();
        change(&mut data);
        decode(&data.encode())
    };
    assert!(with(&|_| {}).is_ok());
    assert_eq!(with(&|data| data.field_count = 65), Err(DecodeError::TooManyFields(65)));
    assert_eq!(with(&|data| data.field_count = u32::MAX), Err(DecodeError::TooManyFields(u32::MAX)));
    assert_eq!(with(&|data| data.values[0] = 13), Err(DecodeError::TextEnds { field: 0 }));
    assert_eq!(with(&|data| data.values[2] = u32::MAX), Err(DecodeError::TextEnds { field: 2 }));
    assert_eq!(decode(&good.encode()[..1040]), Err(DecodeError::Short));
}

#[test]
fn every_part_of_a_rule_knows_where_it_stands_on_the_line() {
    let shown = |line: &str| {
        let plan = plan(line);
        let mut all = vec!["auditctl".to_owned()];
        all.extend(words(line).iter().map(|word| String::from_utf8_lossy(word).into_owned()));
        let text = move |place: &Place| all[place.word][place.offset..place.offset + place.length].to_owned();
        let Places { target, syscalls, fields } = plan.places;
        let join = |places: &[Place]| places.iter().map(&text).collect::<Vec<_>>().join(" ");
        [text(&target), join(&syscalls), join(&fields)]
    };
    let line = "-a always,exit -F arch=b64 -Sopen -S read,write -C uid!=euid -F auid>=1000 -k a -F key=b";
    assert_eq!(shown(line), ["always,exit", "open read,write", "arch=b64 uid!=euid auid>=1000 key=b"]);
    assert_eq!(shown("-w /etc/passwd -p wa -k x"), ["/etc/passwd", "", "/etc/passwd wa x"]);
    assert_eq!(shown("-w /etc"), ["/etc", "", "/etc /etc"]);
}
