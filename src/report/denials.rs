//! `ausearch --denials`: what SELinux and AppArmor denied, by source, target, class and permission.

use super::Tally;
use crate::event::Event;
use crate::text::{self, Escape, escape, hex, number};

/// Denials, counted.
#[derive(Default)]
pub struct Denials {
    tally: Tally,
    row: Vec<u8>,
}

/// Names of the fields of source, target, class and permissions.
type Names = [&'static [u8]; 4];

/// The two kinds of denials: what says that it is one, with the names of the others.
const KINDS: [(&[u8], &[u8], Names); 2] = [
    (b"seresult", b"denied", [b"scontext", b"tcontext", b"tclass", b"seperms"]),
    (b"apparmor", b"\"DENIED\"", [b"profile", b"name", b"operation", b"denied_mask"]),
];

impl Denials {
    /// Counts what the records of an event say was denied, each permission for itself.
    pub fn add(&mut self, event: &Event) {
        for record in event.records() {
            let kind = KINDS.iter().find(|(name, value, _)| record.field(name) == Some(value));
            let Some((.., [source, target, class, permissions])) = kind else { continue };
            let permissions = record.field(permissions).unwrap_or(b"?");
            for permission in permissions.split(|byte| matches!(byte, b',' | b' ')) {
                self.row.clear();
                for field in [source, target, class] {
                    push_value(record.field(field).unwrap_or(b"?"), &mut self.row);
                    self.row.push(b' ');
                }
                push_value(permission, &mut self.row);
                self.tally.add(&self.row);
            }
        }
    }

    /// Appends a line for each, the most frequent first; gives back whether there is one.
    pub fn print(&self, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(b"total source target class permission\n");
        for (count, row) in self.tally.by_count() {
            number::push(out, count);
            out.push(b' ');
            out.extend_from_slice(row);
            out.push(b'\n');
        }
        !self.tally.is_empty()
    }
}

/// Appends a value as a terminal may show it; what was quoted or in hex is decoded, and its spaces are escaped.
fn push_value(value: &[u8], out: &mut Vec<u8>) {
    let mut decoded = Vec::new();
    let quoted = value.strip_prefix(b"\"").map(|rest| text::up_to(rest, b'"'));
    let is_hex = quoted.is_none() && value.len() > 2 && hex::unescape(value, &mut decoded);
    let value = quoted.unwrap_or(if is_hex { &decoded } else { value });
    for (number, part) in value.split(|byte| *byte == b' ').enumerate() {
        if number > 0 {
            out.extend_from_slice(b"\\040");
        }
        escape(part, Escape::Tty, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    #[test]
    fn denials_of_both_modules_are_counted_by_permission() {
        let mut denials = Denials::default();
        let lines = [
            "type=AVC msg=audit(1.000:1): avc:  denied  { read write } for  pid=1 comm=\"httpd\" name=\"x\" scontext=a:b:c tcontext=d:e:f tclass=file permissive=0",
            "type=AVC msg=audit(1.000:2): avc:  denied  { read } for  pid=1 scontext=a:b:c tcontext=d:e:f tclass=file",
            "type=AVC msg=audit(1.000:3): avc:  granted  { read } for  pid=1 scontext=a:b:c tcontext=d:e:f tclass=file",
            "type=AVC msg=audit(1.000:4): apparmor=\"DENIED\" operation=\"open\" profile=\"/usr/bin/man\" name=2F612062 pid=1 comm=\"x\" requested_mask=\"r\" denied_mask=\"r\"",
            "type=AVC msg=audit(1.000:5): apparmor=\"ALLOWED\" operation=\"open\" profile=\"p\" name=\"/x\" denied_mask=\"r\"",
        ];
        for line in lines {
            let mut event = Event::default();
            event.push(&Record::parse(line.as_bytes()).unwrap());
            denials.add(&event);
        }
        let mut out = Vec::new();
        assert!(denials.print(&mut out) && !Denials::default().print(&mut Vec::new()));
        let expected = "total source target class permission\n2 a:b:c d:e:f file read\n1 a:b:c d:e:f file write\n\
            1 /usr/bin/man /a\\040b open r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
