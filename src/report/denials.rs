//! `ausearch --denials`: what SELinux and AppArmor denied, by source, target, class and permission. What they would have denied,
//! had the domain not been permissive or the profile in complain mode, is counted beside it.

use super::Tally;
use super::cells::{self, Cells, Format};
use crate::event::Event;
use crate::record::{Record, RecordType};
use crate::text::{self, Escape, escape, hex, number};

/// Denials, counted.
#[derive(Default)]
pub struct Denials {
    tally: Tally,
    /// The columns of one, with a NUL between them.
    row: Vec<u8>,
}

/// Names of the fields of source, target, class and permissions; of several the first that is there.
type Names = [&'static [&'static [u8]]; 4];

/// A transition that was refused (SELINUX_ERR) has two contexts of a process and an operation.
const SELINUX: Names =
    [&[b"scontext", b"oldcontext"], &[b"tcontext", b"newcontext"], &[b"tclass", b"op"], &[b"seperms"]];

/// D-Bus has a label and a mask; a signal has a peer; a capability and a socket have neither name nor peer. The making of a user
/// namespace has no mask but `denied`, and with Ubuntu's kernels the `target`, its profile.
const APPARMOR: Names = [
    &[b"profile", b"label"],
    &[b"name", b"peer", b"target", b"capname", b"family"],
    &[b"operation"],
    &[b"denied_mask", b"mask", b"denied"],
];

impl Denials {
    /// Counts what the records of an event say was denied, each permission for itself.
    pub fn add(&mut self, event: &Event) {
        for record in event.records() {
            match kernels_words(&record) {
                Some(line) => Record::parse(&line).iter().for_each(|record| self.count(record)),
                None => self.count(&record),
            }
        }
    }

    fn count(&mut self, record: &Record<'_>) {
        // Only AppArmor writes what is no plain text in hex; the class dbus would look like it.
        let verdict = record.field(b"apparmor");
        let is_encoded = verdict.is_some() || record.record_type.is_apparmor();
        // What failed otherwise, as the loading of a profile, was not denied.
        let is_denied = match is_encoded {
            true => !record.record_type.apparmor_allows(verdict.unwrap_or_default(), false),
            false => record.field(b"seresult") == Some(b"denied"),
        };
        let is_allowed = match is_encoded {
            true => verdict == Some(b"\"ALLOWED\"") || record.record_type == RecordType::APPARMOR_ALLOWED,
            false => is_denied && record.field(b"permissive") == Some(b"1"),
        };
        if !is_denied && !is_allowed {
            return;
        }
        let [source, target, class, permissions] = if is_encoded { &APPARMOR } else { &SELINUX };
        let value = |names: &[&[u8]]| names.iter().find_map(|name| record.field(name)).unwrap_or(b"?");
        for permission in value(permissions).split(|byte| matches!(byte, b',' | b' ')) {
            self.row.clear();
            for names in [source, target, class] {
                push_value(value(names), is_encoded, &mut self.row);
            }
            push_value(permission, false, &mut self.row);
            self.row.extend_from_slice(if is_allowed { b"allowed" } else { b"denied" });
            self.tally.add(&self.row);
        }
    }

    /// Appends a line for each, the most frequent first; gives back whether there is one. For a terminal, what a blank could be
    /// taken for is escaped; for programs, texts are escaped in `mode`.
    pub fn print(&self, format: Format, mode: Escape, out: &mut Vec<u8>) -> bool {
        match format {
            Format::Text => out.extend_from_slice(b"total source target class permission result\n"),
            Format::Csv => cells::push_names(out, &mut |cells| fill(0, b"", mode, cells)),
            Format::Json => {}
        }
        for (count, row) in self.tally.by_count() {
            match format {
                Format::Text => push_line(count, row, out),
                _ => cells::push_row(format, "denials", out, &mut |cells| fill(count, row, mode, cells)),
            }
        }
        !self.tally.is_empty()
    }
}

const COLUMNS: [&str; 5] = ["source", "target", "class", "permission", "result"];

fn fill(count: u64, row: &[u8], mode: Escape, cells: &mut Cells) {
    cells.number("total", Some(count));
    let mut values = row.split(|byte| *byte == 0);
    COLUMNS.into_iter().for_each(|name| cells.text(name, values.next(), mode));
}

fn push_line(count: u64, row: &[u8], out: &mut Vec<u8>) {
    number::push(out, count);
    for value in row.split(|byte| *byte == 0).take(COLUMNS.len()) {
        out.push(b' ');
        for (number, part) in value.split(|byte| *byte == b' ').enumerate() {
            if number > 0 {
                out.extend_from_slice(b"\\040");
            }
            escape(part, Escape::Tty, out);
        }
    }
    out.push(b'\n');
}

/// A denial of a program that asks SELinux for itself, such as D-Bus, as the kernel would have written it.
fn kernels_words(record: &Record<'_>) -> Option<Vec<u8>> {
    let text = text::after(record.line, b" msg='avc:").filter(|_| record.record_type == RecordType::USER_AVC)?;
    Some([b"type=AVC msg=audit(0.000:0): avc:", text].concat())
}

/// Appends a value and a NUL; what was quoted, or in hex where that `is_encoded`, is decoded. An empty one is `?`.
fn push_value(value: &[u8], is_encoded: bool, out: &mut Vec<u8>) {
    let mut decoded = Vec::new();
    let quoted = value.strip_prefix(b"\"").map(|rest| text::up_to(rest, b'"'));
    let is_hex = is_encoded && quoted.is_none() && value.len() > 2 && hex::unescape(value, &mut decoded);
    let value = quoted.unwrap_or(if is_hex { &decoded } else { value });
    match value {
        b"" => out.push(b'?'),
        value => out.extend(value.iter().map(|byte| if *byte == 0 { b'?' } else { *byte })),
    }
    out.push(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denials_of_both_modules_are_counted_by_permission() {
        let mut denials = Denials::default();
        let lines = [
            "type=AVC msg=audit(1.000:1): avc:  denied  { read write } for  pid=1 comm=\"httpd\" name=\"x\" scontext=a:b:c tcontext=d:e:f tclass=file permissive=0",
            "type=AVC msg=audit(1.000:2): avc:  denied  { read } for  pid=1 scontext=a:b:c tcontext=d:e:f tclass=file",
            "type=AVC msg=audit(1.000:2): avc:  denied  { read } for  pid=1 scontext=a:b:c tcontext=d:e:f tclass=file permissive=1",
            "type=AVC msg=audit(1.000:3): avc:  granted  { read } for  pid=1 scontext=a:b:c tcontext=d:e:f tclass=file",
            "type=AVC msg=audit(1.000:4): apparmor=\"DENIED\" operation=\"open\" profile=\"/usr/bin/man\" name=2F612062 pid=1 comm=\"x\" requested_mask=\"r\" denied_mask=\"r\"",
            "type=USER_AVC msg=audit(1.000:6): pid=1 uid=81 auid=4294967295 ses=4294967295 msg='avc:  denied  { send_msg } for msgtype=method_call scontext=a:b:c tcontext=d:e:f tclass=dbus permissive=0  exe=\"/usr/bin/dbus-daemon\" sauid=81 hostname=? addr=? terminal=?'",
            "type=USER_AVC msg=audit(1.000:7): pid=1 uid=81 auid=4294967295 ses=4294967295 msg='apparmor=\"DENIED\" operation=\"dbus_method_call\"  bus=\"system\" mask=\"send\" name=\"org.x\" pid=7 label=\"snap.a\" peer_label=\"unconfined\"'",
            "type=AVC msg=audit(1.000:8): apparmor=\"DENIED\" operation=\"capable\" profile=\"p\" pid=1 comm=\"x\" capability=12  capname=\"net_admin\"",
            "type=USER_CMD msg=audit(1.000:9): pid=1 uid=0 msg='avc:  denied  { forged } for scontext=a tcontext=b tclass=c'",
            "type=APPARMOR_DENIED msg=audit(1.000:10): operation=\"open\" profile=\"q\" name=\"/k\" denied_mask=\"w\"",
            "type=AVC msg=audit(1.000:11): apparmor=\"KILLED\" operation=\"open\" profile=\"q\" name=\"/k\" denied_mask=\"w\"",
            "type=AVC msg=audit(1.000:15): apparmor=\"DENIED\" operation=\"userns_create\" class=\"namespace\" profile=\"unconfined\" pid=1 requested=\"userns_create\" denied=\"userns_create\" target=\"unprivileged_userns\"",
            "type=AVC msg=audit(1.000:12): apparmor=\"STATUS\" operation=\"profile_load\" profile=\"q\" name=\"p\" error=-71",
            "type=AVC msg=audit(1.000:5): apparmor=\"ALLOWED\" operation=\"open\" profile=\"p\" name=\"/x\" requested_mask=\"r\" denied_mask=\"r\"",
            "type=SELINUX_ERR msg=audit(1.000:16): op=security_bounded_transition seresult=denied oldcontext=a:b:c newcontext=d:e:f",
            "type=APPARMOR_ALLOWED msg=audit(1.000:13): operation=\"open\" profile=\"p\" name=\"/x\" denied_mask=\"r\"",
            "type=AVC msg=audit(1.000:14): apparmor=\"AUDIT\" operation=\"open\" profile=\"p\" name=\"/x\" requested_mask=\"r\"",
        ];
        for line in lines {
            let mut event = Event::default();
            event.push(&Record::parse(line.as_bytes()).unwrap());
            denials.add(&event);
        }
        let mut out = Vec::new();
        assert!(
            denials.print(Format::Text, Escape::Tty, &mut out)
                && !Denials::default().print(Format::Text, Escape::Tty, &mut Vec::new())
        );
        let expected = "total source target class permission result\n2 a:b:c d:e:f file read denied\n2 q /k open w denied\n\
            2 p /x open r allowed\n1 a:b:c d:e:f file write denied\n1 a:b:c d:e:f file read allowed\n\
            1 /usr/bin/man /a\\040b open r denied\n1 a:b:c d:e:f dbus send_msg denied\n\
            1 snap.a org.x dbus_method_call send denied\n1 p net_admin capable ? denied\n1 unconfined unprivileged_userns userns_create userns_create denied\n\
            1 a:b:c d:e:f security_bounded_transition ? denied\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        let (mut csv, mut json) = (Vec::new(), Vec::new());
        denials.print(Format::Csv, Escape::Raw, &mut csv);
        denials.print(Format::Json, Escape::Raw, &mut json);
        let (csv, json) = (String::from_utf8(csv).unwrap(), String::from_utf8(json).unwrap());
        assert!(
            csv.starts_with("total,source,target,class,permission,result\n2,a:b:c,d:e:f,file,read,denied\n"),
            "{csv}"
        );
        assert!(csv.contains("1,/usr/bin/man,/a b,open,r,denied\n"), "{csv}");
        let first = r#"{"report":"denials","total":2,"source":"a:b:c","target":"d:e:f","class":"file","permission":"read","result":"denied"}"#;
        assert_eq!(json.lines().next(), Some(first));
    }
}
