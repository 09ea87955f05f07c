//! Events in the forms of other programs: made of the object that [`super::json`] writes, by tables of which of its members goes
//! where. The stream of audisp-json(8) has them.

use crate::text::json_reader::Reader;
use crate::text::{json, number};
use std::collections::BTreeMap;
use std::str;

/// The forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Our own object, as it is.
    Json,
    /// Elastic Common Schema, with the words of Elastic's auditd integration.
    Ecs,
    /// An object with a member for each type of record, as laurel has it.
    Laurel,
    /// `name=value` words on a line.
    Logfmt,
}

impl View {
    /// The form of this name.
    pub fn named(name: &str) -> Option<View> {
        Some(match name {
            "json" => View::Json,
            "ecs" => View::Ecs,
            "laurel" => View::Laurel,
            "logfmt" => View::Logfmt,
            _ => return None,
        })
    }

    /// Appends the form of one of our objects, and a newline. What is none of ours stays as it is.
    pub fn push(self, object: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        let members = Members::of(object).filter(|_| self != View::Json);
        let done = members.and_then(|members| match self {
            View::Json => None,
            View::Ecs => members.push_ecs(out),
            View::Laurel => members.push_laurel(out),
            View::Logfmt => members.push_logfmt(out),
        });
        if done.is_none() {
            out.truncate(start);
            out.extend_from_slice(object.trim_ascii_end());
        }
        out.push(b'\n');
    }
}

/// The members of an object, each value as it is written.
struct Members<'o>(Vec<(Vec<u8>, &'o [u8])>);

impl<'o> Members<'o> {
    fn of(object: &'o [u8]) -> Option<Members<'o>> {
        let mut reader = Reader::new(object)?;
        let members = Members::read(&mut reader)?;
        reader.is_at_end().then_some(members)
    }

    fn read(reader: &mut Reader<'o>) -> Option<Members<'o>> {
        let mut members = Vec::new();
        reader.object(&mut |name, value| {
            members.push((name.to_vec(), value.written()?));
            Some(())
        })?;
        Some(Members(members))
    }

    fn get(&self, name: &str) -> Option<&'o [u8]> {
        self.0.iter().find(|(other, _)| other == name.as_bytes()).map(|(_, value)| *value)
    }

    /// The text of a member that is one.
    fn text(&self, name: &str) -> Option<Vec<u8>> {
        text(self.get(name)?)
    }

    fn push_ecs(&self, out: &mut Vec<u8>) -> Option<()> {
        let action = self.ecs_action();
        let action = action.as_deref().unwrap_or_default();
        let call = self.text("syscall");
        let row = |table: &'static [(&str, &str, &str)], wanted: &[u8]| {
            table.iter().find(|(name, ..)| name.as_bytes() == wanted)
        };
        let of_call = call.as_ref().filter(|_| action == b"opened-file").and_then(|call| row(OPENING_CALLS, call));
        let other = ("", if call.is_some() { "process" } else { "host" }, "info");
        let (_, category, types) = *of_call.or_else(|| row(ACTIONS, action)).unwrap_or(&other);
        let side = match call.as_deref() {
            None | Some(b"accept" | b"accept4" | b"recvfrom" | b"recvmsg" | b"recvmmsg") => "source",
            Some(b"bind" | b"listen") => "",
            Some(_) => "destination",
        };
        let file = self.file();
        let parent = self.get("parent").and_then(Members::of);
        let mut open: Vec<&str> = Vec::new();
        out.push(b'{');
        let mut is_first = true;
        for (path, source) in ECS {
            let mut value = Vec::new();
            match *source {
                From::Constant(text) => json::push_string(&mut value, text.as_bytes()),
                From::Action => json::push_string(&mut value, action),
                From::Category => push_list(&mut value, &[category]),
                From::Types => push_list(&mut value, &types.split(' ').collect::<Vec<_>>()),
                From::Outcome => match self.get("result") {
                    Some(b"\"success\"") => json::push_string(&mut value, b"success"),
                    Some(_) => json::push_string(&mut value, b"failure"),
                    None => json::push_string(&mut value, b"unknown"),
                },
                From::Member(name) => value.extend_from_slice(self.get(name).unwrap_or_default()),
                From::Text(name) => {
                    let digits = self.get(name).unwrap_or_default();
                    if !digits.is_empty() {
                        json::push_string(&mut value, digits);
                    }
                }
                From::Lower(name) => {
                    let text = self.text(name).unwrap_or_default().to_ascii_lowercase();
                    json::push_string(&mut value, &text);
                }
                From::Address(of, name) => {
                    let is_ip = || self.text("addr").is_some_and(|addr| is_address(&addr));
                    let is_it = of == side && (name != "addr" || is_ip());
                    value.extend_from_slice(self.get(name).filter(|_| is_it).unwrap_or_default());
                }
                From::FileField(name) => {
                    let field = file.as_ref().and_then(|fields| fields.text(name)).unwrap_or_default();
                    let field =
                        if name == "mode" { field.get(field.len().saturating_sub(4)..) } else { Some(&field[..]) };
                    field.filter(|field| !field.is_empty()).inspect(|field| json::push_string(&mut value, field));
                }
                From::File => {
                    let is_file = self.get("object_type") == Some(b"\"file\"")
                        || self.get("object_type") == Some(b"\"directory\"");
                    value.extend_from_slice(self.get("object").filter(|_| is_file).unwrap_or_default());
                }
                From::Title => {
                    let argv = self.get("argv").and_then(texts);
                    argv.inspect(|argv| json::push_string(&mut value, &argv.join(&b' ')));
                }
                From::Parent(name) => {
                    let member = parent.as_ref().and_then(|parent| parent.get(name));
                    value.extend_from_slice(member.unwrap_or_default());
                }
                From::ParentName => {
                    let exe = parent.as_ref().and_then(|parent| parent.text("exe"));
                    exe.inspect(|exe| {
                        json::push_string(&mut value, exe.rsplit(|byte| *byte == b'/').next().unwrap_or_default())
                    });
                }
            }
            if value.is_empty() {
                continue;
            }
            let parts: Vec<&str> = path.split('.').collect();
            let (name, objects) = parts.split_last()?;
            let common = open.iter().zip(objects).take_while(|(one, other)| one == other).count();
            while open.len() > common {
                open.pop();
                out.push(b'}');
                is_first = false;
            }
            for object in objects.get(common..)? {
                push_name(&mut is_first, object.as_bytes(), out);
                out.push(b'{');
                is_first = true;
                open.push(object);
            }
            push_name(&mut is_first, name.as_bytes(), out);
            out.extend_from_slice(&value);
        }
        out.resize(out.len() + open.len() + 1, b'}');
        Some(())
    }

    /// The fields of the PATH record of the object.
    fn file(&self) -> Option<Members<'o>> {
        let (object, paths) = (self.text("object")?, texts(self.get("paths")?)?);
        let fields = |record: &Members<'o>| {
            let is_path = record.text("type").as_deref() == Some(b"PATH");
            let fields = record.get("fields").filter(|_| is_path).and_then(Members::of)?;
            fields.text("name").is_some_and(|name| name != b"(null)").then_some(fields)
        };
        let named: Vec<_> = self.records()?.iter().filter_map(fields).collect();
        let is_it = |(fields, path): &(Members, Vec<u8>)| *path == object && fields.get("inode").is_some();
        let is_whole = named.len() == paths.len();
        named.into_iter().zip(paths).filter(|_| is_whole).rfind(is_it).map(|(fields, _)| fields)
    }

    /// The action, by the words of Elastic's normalization where ours say less.
    fn ecs_action(&self) -> Option<Vec<u8>> {
        let action = self.text("action");
        let is_mere_rule = action.as_ref().is_none_or(|action| action.starts_with(b"triggered-"));
        let call = self.text("syscall").filter(|_| is_mere_rule);
        let record_type = self.text("type").unwrap_or_default();
        let is_mac = action.as_deref() == Some(b"accessed-mac-policy-controlled-object")
            || record_type == b"AVC"
            || record_type.starts_with(b"APPARMOR_");
        let word = match call.as_deref() {
            Some(b"write") => "wrote-to-file",
            Some(b"read") => "read-file",
            Some(b"listen") => "listen-for-connections",
            Some(b"creat" | b"truncate" | b"ftruncate" | b"fallocate") => "opened-file",
            Some(b"link" | b"linkat") => "linked",
            Some(b"mknod" | b"mknodat") => "make-device",
            _ if is_mac && self.has_field(b"apparmor") => "violated-apparmor-policy",
            _ if is_mac => "violated-selinux-policy",
            _ => match action.as_deref() {
                Some(b"removed-use-role-from") => "removed-user-role-from",
                Some(b"made-block-device" | b"made-character-device") => "make-device",
                _ => return action,
            },
        };
        Some(word.as_bytes().to_vec())
    }

    /// Whether a record has a field of this name.
    fn has_field(&self, name: &[u8]) -> bool {
        let fields = |record: &Members<'o>| record.get("fields").and_then(Members::of);
        let records = self.records().unwrap_or_default();
        records.iter().filter_map(fields).any(|fields| fields.0.iter().any(|(other, _)| other == name))
    }

    fn records(&self) -> Option<Vec<Members<'o>>> {
        let mut records = Vec::new();
        Reader::new(self.get("records")?)?.array(&mut |record| {
            records.push(Members::read(record)?);
            Some(())
        })?;
        Some(records)
    }

    fn push_logfmt(&self, out: &mut Vec<u8>) -> Option<()> {
        let start = out.len();
        for (name, value) in &self.0 {
            let text = match value.first()? {
                b'"' => text(value)?,
                b'[' if name.as_slice() == b"records" || name.ends_with(b"_hex") => continue,
                b'[' => texts(value)?.join(if name.as_slice() == b"argv" { &b' ' } else { &b',' }),
                b'{' => continue,
                _ => value.to_vec(),
            };
            if out.len() > start {
                out.push(b' ');
            }
            out.extend_from_slice(name);
            out.push(b'=');
            let is_bare = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./:@+,%".contains(byte);
            match !text.is_empty() && text.iter().all(is_bare) {
                true => out.extend_from_slice(&text),
                false => json::push_string(out, &text),
            }
        }
        Some(())
    }

    fn push_laurel(&self, out: &mut Vec<u8>) -> Option<()> {
        /// Records of these types are objects, others arrays of objects.
        const SINGLE: [&[u8]; 4] = [b"SYSCALL", b"EXECVE", b"CWD", b"PROCTITLE"];
        let records = self.records()?;
        let raw = records.first()?.text("raw")?;
        let id = crate::text::after(&raw, b"msg=audit(").map(|rest| crate::text::up_to(rest, b')'))?;
        out.extend_from_slice(b"{\"ID\":");
        json::push_string(out, id);
        if let Some(node) = self.get("node") {
            out.extend_from_slice(b",\"NODE\":");
            out.extend_from_slice(node);
        }
        let mut done: Vec<Vec<u8>> = Vec::new();
        let mut names = Names::default();
        [&b"ID"[..], b"NODE"].iter().for_each(|name| drop(names.unique(name)));
        for record in &records {
            let name = record.text("type")?;
            if done.contains(&name) {
                continue;
            }
            out.push(b',');
            json::push_string(out, &names.unique(&name));
            out.push(b':');
            let is_single = SINGLE.contains(&name.as_slice());
            if !is_single {
                out.push(b'[');
            }
            let same = records.iter().filter(|other| other.text("type").as_deref() == Some(&name));
            for (place, record) in same.take(if is_single { 1 } else { usize::MAX }).enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                self.push_laurel_record(&name, record, out)?;
            }
            if !is_single {
                out.push(b']');
            }
            done.push(name);
        }
        out.push(b'}');
        Some(())
    }

    fn push_laurel_record(&self, record_type: &[u8], record: &Members, out: &mut Vec<u8>) -> Option<()> {
        let fields = Members::of(record.get("fields")?)?;
        let (mut is_first, mut arguments, mut names) = (true, Vec::new(), Names::default());
        out.push(b'{');
        for (name, value) in &fields.0 {
            let shown = str::from_utf8(name).ok()?;
            if record_type == b"SYSCALL" && matches!(shown, "a0" | "a1" | "a2" | "a3") {
                let mut argument = b"0x".to_vec();
                argument.extend(text(value)?);
                arguments.push(argument);
                continue;
            }
            push_name(&mut is_first, &names.unique(if shown == "proctitle" { b"ARGV" } else { name }), out);
            let text = text(value).unwrap_or_default();
            match shown {
                "arch" => json::push_string(out, &[b"0x", &text[..]].concat()),
                "mode" => json::push_string(out, &[b"0o", &text[..]].concat()),
                _ if is_small(&text) => out.extend_from_slice(&text),
                _ => out.extend_from_slice(value),
            }
        }
        if !arguments.is_empty() {
            push_name(&mut is_first, &names.unique(b"ARGV"), out);
            let texts: Vec<_> = arguments.iter().filter_map(|argument| str::from_utf8(argument).ok()).collect();
            push_list(out, &texts);
        }
        if record_type == b"EXECVE" {
            push_name(&mut is_first, &names.unique(b"ARGV"), out);
            out.extend_from_slice(self.get("argv").unwrap_or(b"[]"));
        }
        for (name, value) in record.get("names").and_then(Members::of).into_iter().flat_map(|names| names.0) {
            push_name(&mut is_first, &names.unique(&name), out);
            out.extend_from_slice(value);
        }
        out.push(b'}');
        Some(())
    }
}

/// Whether a text is the address of a host, and not its name.
fn is_address(text: &[u8]) -> bool {
    str::from_utf8(text).is_ok_and(|text| text.parse::<core::net::IpAddr>().is_ok())
}

/// Whether a text is a decimal number that every reader holds.
fn is_small(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let is_plain = digits == b"0" || digits.first() != Some(&b'0');
    is_plain && digits.len() < 16 && number::parse_exact(digits).is_some()
}

fn text(value: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    Reader::new(value)?.string(&mut text)?;
    Some(text)
}

fn texts(value: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut texts = Vec::new();
    Reader::new(value)?.array(&mut |element| {
        let mut text = Vec::new();
        element.string(&mut text)?;
        texts.push(text);
        Some(())
    })?;
    Some(texts)
}

/// The names that an object has so far.
#[derive(Default)]
struct Names(BTreeMap<Vec<u8>, u64>);

impl Names {
    /// The name, or with a number after it if there is one of that name.
    fn unique(&mut self, name: &[u8]) -> Vec<u8> {
        let mut unique = name.to_vec();
        while self.0.contains_key(&unique) {
            let count = self.0.entry(name.to_vec()).or_insert(1);
            *count += 1;
            unique.truncate(name.len());
            unique.push(b'_');
            number::push(&mut unique, *count);
        }
        self.0.insert(unique.clone(), 1);
        unique
    }
}

fn push_name(is_first: &mut bool, name: &[u8], out: &mut Vec<u8>) {
    if !std::mem::replace(is_first, false) {
        out.push(b',');
    }
    json::push_string(out, name);
    out.push(b':');
}

fn push_list(out: &mut Vec<u8>, texts: &[&str]) {
    json::push_array(out, |list| texts.iter().for_each(|text| list.text(text)));
}

/// Where a member of the Elastic Common Schema comes from.
#[derive(Clone, Copy)]
enum From {
    Constant(&'static str),
    /// One of our members.
    Member(&'static str),
    /// A number of ours, as a text: ids are keywords there.
    Text(&'static str),
    Lower(&'static str),
    Action,
    Category,
    Types,
    Outcome,
    /// The object, if it is a file.
    File,
    /// A field of that file's PATH record.
    FileField(&'static str),
    /// A member of an address, if that is of this side of a connection.
    Address(&'static str, &'static str),
    /// The arguments in one text.
    Title,
    Parent(&'static str),
    ParentName,
}

/// Those of one object stand together.
const ECS: &[(&str, From)] = &[
    ("@timestamp", From::Member("time")),
    ("event.kind", From::Constant("event")),
    ("event.category", From::Category),
    ("event.type", From::Types),
    ("event.action", From::Action),
    ("event.outcome", From::Outcome),
    ("event.sequence", From::Member("serial")),
    ("host.name", From::Member("node")),
    ("host.os.type", From::Constant("linux")),
    ("process.pid", From::Member("pid")),
    ("process.name", From::Member("comm")),
    ("process.executable", From::Member("exe")),
    ("process.args", From::Member("argv")),
    ("process.title", From::Title),
    ("process.working_directory", From::Member("cwd")),
    ("process.parent.pid", From::Member("ppid")),
    ("process.parent.name", From::ParentName),
    ("process.parent.executable", From::Parent("exe")),
    ("process.parent.args", From::Parent("argv")),
    ("user.id", From::Text("uid")),
    ("user.name", From::Member("uid_name")),
    ("user.audit.id", From::Text("auid")),
    ("user.audit.name", From::Member("auid_name")),
    ("user.effective.id", From::Text("euid")),
    ("user.group.id", From::Text("gid")),
    ("file.path", From::File),
    ("file.inode", From::FileField("inode")),
    ("file.mode", From::FileField("mode")),
    ("source.ip", From::Address("source", "addr")),
    ("source.port", From::Address("source", "port")),
    ("destination.ip", From::Address("destination", "addr")),
    ("destination.port", From::Address("destination", "port")),
    ("auditd.message_type", From::Lower("type")),
    ("auditd.sequence", From::Member("serial")),
    ("auditd.result", From::Member("result")),
    ("auditd.session", From::Text("ses")),
    ("auditd.data.syscall", From::Member("syscall")),
    ("auditd.data.arch", From::Member("arch")),
    ("auditd.data.tty", From::Member("tty")),
    ("auditd.data.exit", From::Text("exit")),
    ("auditd.summary.how", From::Member("how")),
    ("auditd.summary.actor.primary", From::Member("auid_name")),
    ("auditd.summary.actor.secondary", From::Member("uid_name")),
    ("auditd.summary.object.primary", From::Member("object")),
    ("auditd.summary.object.type", From::Member("object_type")),
    ("auditd.paths", From::Member("paths")),
    ("tags", From::Member("keys")),
];

/// What calls do that count as opening a file.
const OPENING_CALLS: &[(&str, &str, &str)] = &[
    ("creat", "file", "creation"),
    ("truncate", "file", "change"),
    ("ftruncate", "file", "change"),
    ("fallocate", "file", "change"),
];

/// Category and types of an action; other system calls are `process`, other records `host`, both `info`.
const ACTIONS: &[(&str, &str, &str)] = &[
    ("executed", "process", "start"),
    ("killed-pid", "process", "end"),
    ("changed-identity-of", "process", "change"),
    ("adjusted-scheduling-policy-of", "process", "change"),
    ("opened-file", "file", "info"),
    ("read-file", "file", "info"),
    ("checked-metadata-of", "file", "info"),
    ("checked-filesystem-metadata-of", "file", "info"),
    ("changed-timestamp-of", "file", "info"),
    ("wrote-to-file", "file", "change"),
    ("changed-file-attributes-of", "file", "change"),
    ("changed-file-permissions-of", "file", "change"),
    ("changed-file-ownership-of", "file", "change"),
    ("renamed", "file", "change"),
    ("created-directory", "file", "creation"),
    ("linked", "file", "creation"),
    ("symlinked", "file", "creation"),
    ("mounted", "file", "creation"),
    ("make-device", "file", "creation"),
    ("deleted", "file", "deletion"),
    ("unmounted", "file", "deletion"),
    ("loaded-kernel-module", "driver", "start"),
    ("unloaded-kernel-module", "driver", "end"),
    ("connected-to", "network", "connection start"),
    ("accepted-connection-from", "network", "connection start"),
    ("bound-socket", "network", "start"),
    ("listen-for-connections", "network", "start"),
    ("received-from", "network", "connection info"),
    ("sent-to", "network", "connection info"),
    ("changed-system-time", "host", "change"),
    ("changed-system-name", "host", "change"),
    ("added-user-account", "iam", "user creation"),
    ("deleted-user-account", "iam", "user deletion"),
    ("changed-password", "iam", "user change"),
    ("modified-user-account", "iam", "user change"),
    ("locked-account", "iam", "user info"),
    ("unlocked-account", "iam", "user info"),
    ("assigned-user-role-to", "iam", "user change"),
    ("removed-user-role-from", "iam", "user change"),
    ("modified-role", "iam", "change"),
    ("added-group-account-to", "iam", "group creation"),
    ("deleted-group-account-from", "iam", "group deletion"),
    ("modified-group-account", "iam", "group change"),
    ("changed-group-password", "iam", "group change"),
    ("logged-in", "authentication", "start"),
    ("logged-out", "authentication", "end"),
    ("changed-login-id-to", "authentication", "start"),
    ("authenticated", "authentication", "info"),
    ("authenticated-to-group", "authentication", "info"),
    ("was-authorized", "authentication", "info"),
    ("acquired-credentials", "authentication", "info"),
    ("disposed-credentials", "authentication", "info"),
    ("refreshed-credentials", "authentication", "info"),
    ("started-session", "session", "start"),
    ("ended-session", "session", "end"),
    ("ran-command", "process", "start"),
    ("started-service", "process", "start"),
    ("stopped-service", "process", "end"),
    ("changed-group", "process", "change"),
    ("changed-user-id", "process", "change"),
    ("booted-system", "host", "start"),
    ("changed-to-runlevel", "host", "change"),
    ("shutdown-system", "host", "end"),
    ("violated-apparmor-policy", "host", "info"),
    ("violated-selinux-policy", "host", "info"),
];

#[cfg(test)]
mod tests {
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
        let interpreter = Interpreter::new((), Some(Machine::X86_64), Escape::Raw);
        let mut json = Json::new(interpreter, true).with_parents(16);
        let show = |text: &&str| {
            let (mut event, mut object, mut out) = (Event::default(), Vec::new(), Vec::new());
            for record in text.split(';') {
                let (name, body) = record.trim().split_once(' ').unwrap();
                let line = format!("node=host1 type={name} msg=audit(1700000000.123:45): {body}");
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
        let sides =
            shown(View::Ecs, &[&call(43, address), &call(288, address), &call(49, address), login, &named, &file]);
        for (index, leaf) in [(0, "source.ip=\"192.0.2.7\""), (1, "source.port=443"), (3, "source.ip=\"192.0.2.7\"")] {
            assert!(found(&sides[index]).iter().any(|found| found == leaf), "{leaf} in {}", sides[index]);
        }
        assert!(sides[..4].iter().all(|side| !side.contains("\"destination\"")), "{sides:?}");
        assert!([2, 4].iter().all(|index| !sides[*index].contains("\"source\"")), "{sides:?}");
        assert!(sides[5].contains("\"file\":{\"path\":\"/w/f\",\"inode\":\"5\",\"mode\":\"0640\"}"), "{}", sides[5]);
        for leaf in ["destination.ip=\"192.0.2.7\"", "destination.port=443", "event.type=[\"connection\",\"start\"]"] {
            assert!(connect.iter().any(|found| found == leaf), "{leaf} in {connect:#?}");
        }
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
    fn laurel_has_a_member_for_each_type() {
        let event = call(
            59,
            "; EXECVE argc=2 a0=\"tool\" a1=\"a b\"; CWD cwd=\"/w\"; PATH item=0 name=\"/a\" mode=0100755; PATH item=1 name=\"/b\" mode=0100755; PROCTITLE proctitle=6100",
        );
        let shown = shown(View::Laurel, &[&event]).remove(0);
        assert!(
            shown.starts_with(
                "{\"ID\":\"1700000000.123:45\",\"NODE\":\"host1\",\"SYSCALL\":{\"arch\":\"0xc000003e\",\"syscall\":59,"
            ),
            "{shown}"
        );
        for part in [
            "\"EXECVE\":{\"argc\":2,\"ARGV\":[\"tool\",\"a b\"]},\"CWD\":{\"cwd\":\"/w\"},",
            "\"PATH\":[{\"item\":0,\"name\":\"/a\",\"mode\":\"0o0100755\"},{\"item\":1,\"name\":\"/b\",\"mode\":\"0o0100755\"}],",
            "\"PROCTITLE\":{\"ARGV\":[\"a\",\"\"]}}",
        ] {
            assert!(shown.contains(part), "{part} in {shown}");
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
        assert!(shown.contains("\"ARGV\":\"2\"") || shown.contains("\"ARGV\":2"), "{shown}");
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
    fn what_is_no_object_stays_as_it_is() {
        for view in [View::Json, View::Ecs, View::Laurel, View::Logfmt] {
            let mut out = Vec::new();
            view.push(b"{\"v\":1,\n", &mut out);
            assert_eq!(out, b"{\"v\":1,\n");
        }
    }
}
