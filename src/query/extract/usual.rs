//! SYSCALL records as kernels write them, read in one pass instead of a search for each name.
//!
//! Every value is looked at up to its end, so that none can hide a name: names end in `=`, and no value holds one. What is
//! unusual is left to the searches, which would find the same.

use super::name::Name;
use super::{FAILED, Items, Label, SUCCEEDED, Scan, Text, Wanted};
use crate::record::Record;
use crate::text::{self, marks, number};

/// A field of every system call, or one that some lack.
struct Row {
    name: &'static Name,
    item: Wanted,
    may_lack: bool,
}

const fn row(name: &'static Name, item: Wanted) -> Row {
    assert!(name.text.len() <= 8);
    Row { name, item, may_lack: false }
}

const fn sometimes(name: &'static Name, item: Wanted) -> Row {
    Row { may_lack: true, ..row(name, item) }
}

/// What nobody asks for.
const NOTHING: Wanted = Wanted(0);

/// The fields up to the texts, in the order of the kernel.
static ROWS: [Row; 23] = [
    row(name!("arch="), Wanted::ARCH),
    row(name!("syscall="), Wanted::SYSCALL),
    sometimes(name!("per="), NOTHING),
    sometimes(name!("success="), Wanted::SUCCESS),
    sometimes(name!("exit="), Wanted::EXIT),
    row(name!("a0="), NOTHING),
    row(name!("a1="), NOTHING),
    row(name!("a2="), NOTHING),
    row(name!("a3="), NOTHING),
    row(name!("items="), NOTHING),
    row(name!("ppid="), Wanted::PPID),
    row(name!("pid="), Wanted::PID),
    row(name!("auid="), Wanted::AUID),
    row(name!("uid="), Wanted::UID),
    row(name!("gid="), Wanted::GID),
    row(name!("euid="), Wanted::EUID),
    row(name!("suid="), NOTHING),
    row(name!("fsuid="), NOTHING),
    row(name!("egid="), Wanted::EGID),
    row(name!("sgid="), NOTHING),
    row(name!("fsgid="), NOTHING),
    row(name!("tty="), Wanted::TERMINAL),
    row(name!("ses="), Wanted::SESSION),
];

impl<'a> Scan<'a> {
    /// Reads the record. `None` if it is not of the usual form; what was read up to there is what a search would find.
    pub(super) fn usual_syscall(&mut self, record: &Record<'a>) -> Option<()> {
        record.body.strip_prefix(b": ")?;
        if record.node.is_some_and(|node| node.contains(&b'=')) {
            return None;
        }
        let wanted = self.wanted.with(Wanted::SYSCALL);
        let mut walk = Walk { text: record.line, at: record.line.len() - record.body.len() + 2 };
        for Row { name, item, may_lack } in &ROWS {
            match walk.value(name) {
                Some(value) if wanted.has(*item) => self.items.take(*item, value)?,
                None if !may_lack || wanted.has(*item) => return None,
                _ => {}
            }
        }
        self.items.uid_has_name |= wanted.has(Wanted::UID);
        self.usual_texts(&mut walk)
    }

    /// The end of the record. Nothing is kept before it is known to be usual, as labels and keys add up.
    fn usual_texts(&mut self, walk: &mut Walk<'a>) -> Option<()> {
        let (comm, exe) = (walk.string(name!("comm="))?, walk.string(name!("exe="))?);
        let subject = walk.word(name!("subj="));
        let key = walk.string(name!("key="))?;
        if walk.at <= walk.text.len() {
            return None;
        }
        if self.wants(Wanted::COMM) {
            self.items.comm = self.items.unquote(comm);
        }
        if self.wants(Wanted::EXE) {
            self.items.exe = self.items.unquote(exe);
        }
        let keys = if self.wants(Wanted::KEY) { Some(self.items.unquote(key)?) } else { None };
        if let Some(label) = subject.filter(|_| self.wants(Wanted::SUBJECT)) {
            let subject = Some(self.items.keep(label));
            self.items.labels.push(Label { subject, ..Label::default() });
        }
        keys.into_iter().for_each(|keys| self.items.add_keys(keys, key.starts_with(b"\"")));
        Some(())
    }
}

impl Items {
    /// Takes the value of a field of a system call.
    fn take(&mut self, item: Wanted, value: &[u8]) -> Option<()> {
        let id = match item {
            Wanted::PPID => &mut self.ppid,
            Wanted::PID => &mut self.pid,
            Wanted::AUID => &mut self.auid,
            Wanted::UID => &mut self.uid,
            Wanted::GID => &mut self.gid,
            Wanted::EUID => &mut self.euid,
            Wanted::EGID => &mut self.egid,
            Wanted::SESSION => &mut self.session,
            Wanted::SYSCALL => &mut self.syscall,
            Wanted::ARCH => {
                self.arch = Some(number::lead(value, 16)? as u32);
                return Some(());
            }
            Wanted::EXIT => {
                self.exit = Some(number::lead_signed(value, 0)?);
                return Some(());
            }
            Wanted::SUCCESS => {
                self.success = Some(if value == b"yes" { SUCCEEDED } else { FAILED });
                return Some(());
            }
            _ => {
                self.terminal = Some(self.keep(value));
                return Some(());
            }
        };
        *id = Some(id_number(value)?);
        Some(())
    }

    /// Keeps what stands in quotes, or decodes hex.
    fn unquote(&mut self, string: &[u8]) -> Option<Text> {
        match string {
            [b'"', quoted @ .., b'"'] => Some(self.keep(quoted)),
            bare => self.decode(bare),
        }
    }
}

/// Ids are 32 bits wide wherever they come from.
fn id_number(value: &[u8]) -> Option<u32> {
    let mut number = 0u64;
    for byte in value.get(..value.len().min(11))? {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    (value.len() <= 10).then_some(number as u32)
}

/// Takes names and values off a record in the order in which they must stand.
struct Walk<'a> {
    text: &'a [u8],
    /// Behind the space that ends a value; behind the end of the text when that ends it.
    at: usize,
}

impl<'a> Walk<'a> {
    /// The value behind `name`, which has eight bytes at most: at least one byte, up to a space or the end, and no `=`.
    #[inline(always)]
    fn value(&mut self, name: &Name) -> Option<&'a [u8]> {
        let stops = |bytes| marks(bytes, b' ') | marks(bytes, b'=');
        let front = text::eight(self.text, self.at);
        let behind = name.rest_of(front)?;
        let end = match stops(front) & behind {
            0 => text::place(self.text, self.at + 8, stops),
            stop => self.at + stop.trailing_zeros() as usize / 8,
        };
        let start = self.at + name.text.len();
        if end <= start || self.text.get(end).is_some_and(|stop| *stop != b' ') {
            return None;
        }
        self.at = end + 1;
        self.text.get(start..end)
    }

    /// [`Walk::value`] where it is not worth its place in the code twice.
    #[inline(never)]
    fn word(&mut self, name: &Name) -> Option<&'a [u8]> {
        self.value(name)
    }

    /// The string behind `name`, with its quotes, or in hex, or in parentheses.
    fn string(&mut self, name: &Name) -> Option<&'a [u8]> {
        let start = self.at + name.text.len();
        if self.text.get(start) != Some(&b'"') {
            return self.word(name).filter(|value| !value.starts_with(b"(") || value.ends_with(b")"));
        }
        let quote = text::place(self.text, start + 1, |bytes| marks(bytes, b'"') | marks(bytes, b'='));
        let ends = self.text.get(quote) == Some(&b'"') && self.text.get(quote + 1).is_none_or(|behind| *behind == b' ');
        if !ends || !name.is_at(self.text, self.at) {
            return None;
        }
        self.at = quote + 2;
        self.text.get(start..=quote)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Items, Text, extract};
    use super::*;
    use crate::event::Event;
    use crate::record::Record;

    const USUAL: &str = "arch=c000003e syscall=257 success=no exit=-13 a0=ffffff9c a1=7f a2=0 a3=0 items=1 ppid=7 pid=8 \
        auid=4294967295 uid=1001 gid=1002 euid=0 suid=0 fsuid=0 egid=5 sgid=0 fsgid=0 tty=(none) ses=3 comm=\"a b\" \
        exe=2F62696E2F78 subj=system_u:system_r:init_t:s0 key=6B31016B32";

    fn event(body: &str) -> Event {
        let mut event = Event::default();
        let line = format!("type=SYSCALL msg=audit(1700000000.123:45): {body}");
        event.push(&Record::parse(line.as_bytes()).unwrap());
        event
    }

    fn shown(items: &Items) -> String {
        let text = |text: Option<Text>| text.map(|t| String::from_utf8_lossy(items.text(t)).into_owned());
        let ids = [items.ppid, items.pid, items.auid, items.uid, items.gid, items.euid, items.egid, items.session];
        let strings = [items.terminal, items.comm, items.exe, items.labels.first().and_then(|label| label.subject)];
        let keys: Vec<_> = items.keys.iter().map(|key| text(Some(*key))).collect();
        format!("{ids:?} {:?} {:?} {keys:?}", (items.arch, items.syscall, items.success, items.exit), strings.map(text))
    }

    fn is_usual(body: &str, wanted: Wanted) -> (bool, String) {
        let (event, mut items) = (event(body), Items::default());
        let record = event.record(0).unwrap();
        let mut scan = Scan { kind: record.kind, text: record.line, at: 0, wanted, items: &mut items };
        let usual = scan.usual_syscall(&record).is_some();
        (usual, shown(&items))
    }

    /// The searches read the same record when a trailing word makes it unusual.
    fn searched(body: &str, wanted: Wanted) -> String {
        let mut items = Items::default();
        let moved = body.replacen("arch=", "x arch=", 1);
        assert!(!is_usual(&moved, wanted).0);
        extract(&event(&moved), wanted, &mut items).unwrap();
        shown(&items)
    }

    #[test]
    fn one_pass_reads_what_the_searches_find() {
        let all = Wanted(u32::MAX);
        let of_report = Wanted::PID.with(Wanted::SUCCESS).with(Wanted::AUID).with(Wanted::EXE).with(Wanted::KEY);
        for body in [
            USUAL.to_string(),
            USUAL.replace("syscall=257 ", "syscall=257 per=400000 "),
            USUAL.replace(" subj=system_u:system_r:init_t:s0", ""),
            USUAL.replace("key=6B31016B32", "key=(null)"),
            USUAL.replace("key=6B31016B32", "key=\"one\""),
            USUAL.replace("comm=\"a b\"", "comm=6120FF"),
        ] {
            for wanted in [all, of_report, Wanted::COMM] {
                assert_eq!(is_usual(&body, wanted), (true, searched(&body, wanted)), "{body}");
            }
        }
    }

    #[test]
    fn what_could_hide_a_name_is_unusual() {
        let all = Wanted(u32::MAX);
        for (from, to) in [
            ("success=no ", ""),
            ("exit=-13 ", ""),
            ("comm=\"a b\"", "comm=\"exe=x\""),
            ("comm=\"a b\"", "comm=\"a b"),
            ("auid=4294967295", "auid=-1"),
            ("pid=8", "pid=12345678901"),
            ("pid=8", "pid="),
            ("tty=(none)", "tty=key=1"),
            ("key=6B31016B32", "key=\"res=0\""),
            ("key=6B31016B32", "key=(null) res=1"),
            ("key=6B31016B32", ""),
            (" a3=0", ""),
        ] {
            assert!(!is_usual(&USUAL.replace(from, to), all).0, "{to}");
        }
    }
}
