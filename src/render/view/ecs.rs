//! The Elastic Common Schema, with the words of Elastic's auditd integration.

use super::{Members, push_list, push_name, texts};
use crate::text::{self, json};
use std::str;

/// What several sources of one event ask for.
struct OfEvent<'a, 'o> {
    action: &'a [u8],
    category: &'static str,
    types: &'static str,
    /// Which of source and destination the address is; empty for neither.
    side: &'static str,
    file: Option<Members<'o>>,
    parent: Option<Members<'o>>,
}

impl<'o> Members<'o> {
    pub(super) fn push_ecs(&self, out: &mut Vec<u8>) -> Option<()> {
        self.get("records")?;
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
        let parent = self.get("parent").and_then(Members::of);
        let of_event = OfEvent { action, category, types, side, file: self.file(), parent };
        let mut open: Vec<&str> = Vec::new();
        out.push(b'{');
        let mut is_first = true;
        for (path, source) in ECS {
            let value = self.ecs_value(source, &of_event);
            if value.is_empty() {
                continue;
            }
            let parts: Vec<&str> = path.split('.').collect();
            let (name, objects) = parts.split_last()?;
            is_first = open_objects(&mut open, objects, is_first, out);
            push_name(&mut is_first, name.as_bytes(), out);
            out.extend_from_slice(&value);
            if let Some(digits) = self.ecs_hex(source, &of_event) {
                push_name(&mut is_first, &[name.as_bytes(), b"_hex"].concat(), out);
                out.extend_from_slice(digits);
            }
        }
        out.resize(out.len() + open.len() + 1, b'}');
        Some(())
    }

    /// What a source gives for this event, as JSON; empty where there is nothing.
    fn ecs_value(&self, source: &From, of_event: &OfEvent<'_, 'o>) -> Vec<u8> {
        let mut value = Vec::new();
        match *source {
            From::Constant(text) => json::push_string(&mut value, text.as_bytes()),
            From::Action if of_event.action.is_empty() => {}
            From::Action => json::push_string(&mut value, of_event.action),
            From::Category => push_list(&mut value, &[of_event.category]),
            From::Types => push_list(&mut value, &of_event.types.split(' ').collect::<Vec<_>>()),
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
                if of != of_event.side {
                    return value;
                }
                if name != "addr" {
                    value.extend_from_slice(self.get(name).unwrap_or_default());
                } else if let Some(address) = self.text("addr") {
                    // What stands after it is the machine's own number or name of a link.
                    let bare = text::up_to(&address, b'%');
                    if is_address(bare) {
                        json::push_string(&mut value, bare);
                    }
                }
            }
            From::FileField(name) => {
                let field = of_event.file.as_ref().and_then(|fields| fields.text(name)).unwrap_or_default();
                let field = if name == "mode" { field.get(field.len().saturating_sub(4)..) } else { Some(&field[..]) };
                field.filter(|field| !field.is_empty()).inspect(|field| json::push_string(&mut value, field));
            }
            From::File => {
                let is_file =
                    self.get("object_type") == Some(b"\"file\"") || self.get("object_type") == Some(b"\"directory\"");
                value.extend_from_slice(self.get("object").filter(|_| is_file).unwrap_or_default());
            }
            From::Title => {
                let argv = self.get("argv").and_then(texts);
                argv.inspect(|argv| json::push_string(&mut value, &argv.join(&b' ')));
            }
            From::Parent(name) => {
                let member = of_event.parent.as_ref().and_then(|parent| parent.get(name));
                value.extend_from_slice(member.unwrap_or_default());
            }
            From::ParentName => {
                let exe = of_event.parent.as_ref().and_then(|parent| parent.text("exe"));
                exe.inspect(|exe| {
                    json::push_string(&mut value, exe.rsplit(|byte| *byte == b'/').next().unwrap_or_default())
                });
            }
        }
        value
    }

    /// All bytes of what a source gives, where that is a member of ours whose text does not say them.
    fn ecs_hex(&self, source: &From, of_event: &OfEvent<'_, 'o>) -> Option<&'o [u8]> {
        let of = |members: &Members<'o>, name: &str| members.get(&[name, "_hex"].concat());
        match *source {
            From::Member(name) => of(self, name),
            From::File => of(self, "object"),
            From::Parent(name) => of(of_event.parent.as_ref()?, name),
            _ => None,
        }
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
}

/// Closes the objects that are open but for those among `objects`, and opens the rest of these; gives back whether the next name
/// is the first in its object.
fn open_objects<'p>(open: &mut Vec<&'p str>, objects: &[&'p str], mut is_first: bool, out: &mut Vec<u8>) -> bool {
    let common = open.iter().zip(objects).take_while(|(one, other)| one == other).count();
    while open.len() > common {
        open.pop();
        out.push(b'}');
        is_first = false;
    }
    for object in objects.iter().skip(common) {
        push_name(&mut is_first, object.as_bytes(), out);
        out.push(b'{');
        is_first = true;
        open.push(object);
    }
    is_first
}

/// Whether a text is the address of a host, and not its name.
fn is_address(text: &[u8]) -> bool {
    str::from_utf8(text).is_ok_and(|text| text.parse::<core::net::IpAddr>().is_ok())
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
    ("auditd.looked_up", From::Member("looked_up")),
    ("auditd.incomplete", From::Member("incomplete")),
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
