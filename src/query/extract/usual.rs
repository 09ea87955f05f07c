//! SYSCALL records as kernels write them, read in one pass instead of a search for each name.
//!
//! Every value is looked at up to its end, so that none can hide a name. What is unusual is left to the searches, which
//! would find the same.

use super::{FAILED, Label, SUCCEEDED, Scan, Wanted};

impl<'a> Scan<'a> {
    /// Reads the record; `None`, and nothing read, if it is not of the usual form. Its body begins at `body`.
    pub(super) fn usual_syscall(&mut self, body: usize) -> Option<()> {
        let mut walk = Walk { text: self.text, at: body };
        let arch = walk.hex(": arch=")?;
        let call = walk.decimal(" syscall=")?;
        let _ = walk.hex(" per=");
        let success = walk.value(" success=", |byte| byte.is_ascii_lowercase());
        let exit = walk.value(" exit=", |byte| byte == b'-' || byte.is_ascii_digit());
        for name in [" a0=", " a1=", " a2=", " a3="] {
            walk.hex(name)?;
        }
        walk.decimal(" items=")?;
        let ids = [" ppid=", " pid=", " auid=", " uid=", " gid=", " euid=", " suid=", " fsuid=", " egid=", " sgid="];
        let mut values = [0; 10];
        for (name, value) in ids.into_iter().zip(&mut values) {
            *value = walk.decimal(name)?;
        }
        let [ppid, pid, auid, uid, gid, euid, _, _, egid, _] = values;
        walk.decimal(" fsgid=")?;
        let terminal = walk.value(" tty=", is_plain)?;
        let session = walk.decimal(" ses=")?;
        let comm = walk.string(" comm=")?;
        let exe = walk.string(" exe=")?;
        let subject = walk.value(" subj=", is_plain);
        let key = walk.at;
        walk.string(" key=")?;
        if walk.at != self.text.len() || exit.is_some() && self.wants(Wanted::EXIT) {
            return None;
        }
        let (wanted, items) = (self.wanted, &mut *self.items);
        let set = |place: &mut Option<u32>, item: Wanted, value: u32| {
            if wanted.has(item) {
                *place = Some(value);
            }
        };
        items.syscall = Some(call);
        set(&mut items.arch, Wanted::ARCH, arch);
        if let Some(word) = success {
            set(&mut items.success, Wanted::SUCCESS, if word == b"yes" { SUCCEEDED } else { FAILED });
        }
        set(&mut items.ppid, Wanted::PPID, ppid);
        set(&mut items.pid, Wanted::PID, pid);
        set(&mut items.auid, Wanted::AUID, auid);
        set(&mut items.uid, Wanted::UID, uid);
        set(&mut items.gid, Wanted::GID, gid);
        set(&mut items.euid, Wanted::EUID, euid);
        set(&mut items.egid, Wanted::EGID, egid);
        set(&mut items.session, Wanted::SESSION, session);
        items.uid_has_name |= wanted.has(Wanted::UID);
        if wanted.has(Wanted::TERMINAL) {
            items.terminal = Some(items.keep(terminal));
        }
        if let Some(label) = subject.filter(|_| wanted.has(Wanted::SUBJECT)) {
            let subject = Some(items.keep(label));
            items.labels.push(Label { subject, ..Label::default() });
        }
        self.usual_strings(comm, exe, key)
    }

    /// The strings that begin at these places; they are known to end.
    fn usual_strings(&mut self, comm: usize, exe: usize, key: usize) -> Option<()> {
        if self.wants(Wanted::COMM) {
            self.items.comm = self.string_at(comm, name!("comm=")).ok()?;
        }
        if self.wants(Wanted::EXE) {
            self.items.exe = self.string_at(exe, name!("exe=")).ok()?;
        }
        self.at = key;
        self.keys().ok()
    }
}

/// What a word that hides no name is made of.
fn is_plain(byte: u8) -> bool {
    byte > b' ' && byte != b'=' && byte != b'"'
}

/// Takes names and values off a record in the order in which they must stand.
struct Walk<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    /// The bytes behind `name` of which `belongs` says yes: at least one, and a space or the end behind them.
    fn value(&mut self, name: &str, belongs: impl Fn(u8) -> bool) -> Option<&'a [u8]> {
        let value = self.text.get(self.at..)?.strip_prefix(name.as_bytes())?;
        let len = value.iter().position(|byte| !belongs(*byte)).unwrap_or(value.len());
        if len == 0 || value.get(len).is_some_and(|byte| *byte != b' ') {
            return None;
        }
        self.at += name.len() + len;
        value.get(..len)
    }

    fn hex(&mut self, name: &str) -> Option<u32> {
        let digits = self.value(name, |byte| byte.is_ascii_hexdigit())?;
        // Arguments are wider, but nobody asks for them here.
        Some(digits.iter().fold(0, |value, byte| value << 4 | u32::from(crate::text::hex::digit(*byte).unwrap_or(0))))
    }

    fn decimal(&mut self, name: &str) -> Option<u32> {
        let digits = self.value(name, |byte| byte.is_ascii_digit()).filter(|digits| digits.len() <= 10)?;
        Some(digits.iter().fold(0u64, |value, byte| value * 10 + u64::from(byte - b'0')) as u32)
    }

    /// Where the string behind `name` begins: in quotes, in hex, or `(null)`.
    fn string(&mut self, name: &str) -> Option<usize> {
        let start = self.at + name.len();
        let Some(quoted) = self.text.get(start..)?.strip_prefix(b"\"") else {
            return self.value(name, is_plain).map(|_| start);
        };
        self.text.get(self.at..)?.strip_prefix(name.as_bytes())?;
        let len = quoted.iter().position(|byte| matches!(byte, b'"' | b'=')).filter(|len| quoted[*len] == b'"')?;
        self.at = start + len + 2;
        Some(start)
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
        format!("{ids:?} {:?} {:?} {keys:?}", (items.arch, items.syscall, items.success), strings.map(text))
    }

    fn is_usual(body: &str, wanted: Wanted) -> (bool, String) {
        let (event, mut items) = (event(body), Items::default());
        let record = event.record(0).unwrap();
        let at = record.line.len() - record.body.len();
        let mut scan = Scan { kind: record.kind, text: record.line, at: 0, wanted, items: &mut items };
        let usual = scan.usual_syscall(at).is_some();
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
        let all_but_exit = Wanted(!Wanted::EXIT.0);
        let of_report = Wanted::PID.with(Wanted::SUCCESS).with(Wanted::AUID).with(Wanted::EXE).with(Wanted::KEY);
        for body in [
            USUAL.to_string(),
            USUAL.replace("syscall=257 ", "syscall=257 per=400000 "),
            USUAL.replace("success=no exit=-13 ", ""),
            USUAL.replace(" subj=system_u:system_r:init_t:s0", ""),
            USUAL.replace("key=6B31016B32", "key=(null)"),
            USUAL.replace("key=6B31016B32", "key=\"one\""),
            USUAL.replace("comm=\"a b\"", "comm=6120FF"),
        ] {
            for wanted in [all_but_exit, of_report, Wanted::COMM] {
                assert_eq!(is_usual(&body, wanted), (true, searched(&body, wanted)), "{body}");
            }
        }
    }

    #[test]
    fn what_could_hide_a_name_is_unusual() {
        let all_but_exit = Wanted(!Wanted::EXIT.0);
        for (from, to) in [
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
            assert!(!is_usual(&USUAL.replace(from, to), all_but_exit).0, "{to}");
        }
    }
}
