//! SYSCALL records as kernels write them, read in one pass instead of a search for each name.
//!
//! Names end in `=`. Where each `=` of a record ends the name that is due, no value hides one, and the searches would find
//! the same. What is unusual is left to them.

use super::name::{Equals, Name};
use super::{FAILED, Items, Label, SUCCEEDED, Scan, Wanted};
use crate::text::{self, marks, number};

/// A field of system calls.
struct Row {
    name: &'static Name,
    item: Wanted,
    /// Some kernels and some calls do not have it.
    may_lack: bool,
}

const fn row(name: &'static Name, item: Wanted) -> Row {
    Row { name, item, may_lack: false }
}

const fn sometimes(name: &'static Name, item: Wanted) -> Row {
    Row { name, item, may_lack: true }
}

/// What nobody asks for.
const NOTHING: Wanted = Wanted(0);

/// The fields in the order of the kernel, up to the key.
static ROWS: [Row; 27] = [
    row(name!(" arch="), Wanted::ARCH),
    row(name!(" syscall="), Wanted::SYSCALL),
    sometimes(name!(" per="), NOTHING),
    sometimes(name!(" success="), Wanted::SUCCESS),
    sometimes(name!(" exit="), Wanted::EXIT),
    row(name!(" a0="), NOTHING),
    row(name!(" a1="), NOTHING),
    row(name!(" a2="), NOTHING),
    row(name!(" a3="), NOTHING),
    row(name!(" items="), NOTHING),
    row(name!(" ppid="), Wanted::PPID),
    row(name!(" pid="), Wanted::PID),
    row(name!(" auid="), Wanted::AUID),
    row(name!(" uid="), Wanted::UID),
    row(name!(" gid="), Wanted::GID),
    row(name!(" euid="), Wanted::EUID),
    row(name!(" suid="), NOTHING),
    row(name!(" fsuid="), NOTHING),
    row(name!(" egid="), Wanted::EGID),
    row(name!(" sgid="), NOTHING),
    row(name!(" fsgid="), NOTHING),
    row(name!(" tty="), Wanted::TERMINAL),
    sometimes(name!(" ses="), Wanted::SESSION),
    row(name!(" comm="), Wanted::COMM),
    row(name!(" exe="), Wanted::EXE),
    sometimes(name!(" subj="), Wanted::SUBJECT),
    // AppArmor of some kernels.
    sometimes(name!(" subj=="), NOTHING),
];

impl<'a> Scan<'a> {
    /// Reads the record. `None` if it is not of the usual form; what was read up to there is what a search would find.
    #[inline(never)]
    pub(super) fn usual_syscall(&mut self) -> Option<()> {
        let (text, wanted) = (self.text, self.wanted.with(Wanted::SYSCALL));
        let mut values = Equals::new(text, self.front).map(|place| place + 1);
        let mut value = values.next()?;
        for Row { name, item, may_lack } in &ROWS {
            if name.is_before(text, value) {
                if wanted.has(*item) {
                    self.take(*item, value)?;
                }
                value = values.next()?;
            } else if !may_lack || wanted.has(*item) {
                return None;
            }
        }
        // The key may hold any name but this one, which is looked for behind it.
        let hides = values.any(|value| name!("res=").is_before(text, value));
        if hides || !name!(" key=").is_before(text, value) {
            return None;
        }
        if wanted.has(Wanted::KEY) { self.keys_at(value).ok() } else { Some(()) }
    }

    /// Takes the value that begins here.
    fn take(&mut self, item: Wanted, start: usize) -> Option<()> {
        match item {
            Wanted::COMM => self.items.comm = self.string_at(start, name!("comm=")).ok()?,
            Wanted::EXE => self.items.exe = self.string_at(start, name!("exe=")).ok()?,
            _ => {
                let end = text::place(self.text, start, |bytes| marks(bytes, b' '));
                self.items.take(item, self.text.get(start..end)?)?;
            }
        }
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
            _ => return self.take_word(item, value),
        };
        *id = Some(id_number(value)?);
        self.uid_has_name |= item == Wanted::UID;
        Some(())
    }

    fn take_word(&mut self, item: Wanted, value: &[u8]) -> Option<()> {
        match item {
            Wanted::ARCH => self.arch = Some(number::lead(value, 16)? as u32),
            Wanted::EXIT => self.exit = Some(number::lead_signed(value, 0)?),
            Wanted::SUCCESS => self.success = Some(if value == b"yes" { SUCCEEDED } else { FAILED }),
            Wanted::TERMINAL => self.terminal = Some(self.keep(value)),
            _ => {
                let subject = Some(self.keep(value));
                self.labels.push(Label { subject, ..Label::default() });
            }
        }
        Some(())
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
        let usual = Scan::new(&record, wanted, &mut items).usual_syscall().is_some();
        (usual, shown(&items))
    }

    /// The searches read the same record when a word before its fields makes it unusual.
    fn searched(body: &str, wanted: Wanted) -> String {
        let mut items = Items::default();
        let moved = body.replacen("arch=", "x=1 arch=", 1);
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
            USUAL.replace("key=6B31016B32", "key=(null)"),
            USUAL.replace("key=6B31016B32", "key=\"one\""),
            USUAL.replace("key=6B31016B32", "key=\"key=one\""),
            USUAL.replace("subj=system", "subj=a system"),
            USUAL.replace("success=no", "success=no x"),
            USUAL.replace("key=6B31016B32", "key=(null) more"),
            USUAL.replace("subj=system_u:system_r:init_t:s0", "subj==unconfined"),
            USUAL.replace("exe=2F62696E2F78", "exe=(a b)"),
            USUAL.replace("exe=2F62696E2F78", "exe=(null)"),
            USUAL.replace("pid=8", "pid="),
            USUAL.replace("comm=\"a b\"", "comm=6120FF"),
        ] {
            for wanted in [all, of_report, Wanted::COMM, Wanted::UID, Wanted::PPID.with(Wanted::EGID)] {
                assert_eq!(is_usual(&body, wanted), (true, searched(&body, wanted)), "{body}");
            }
        }
    }

    #[test]
    fn a_field_that_nobody_wants_may_be_missing() {
        let lacking = ["success=no ", "exit=-13 ", " ses=3", " subj=system_u:system_r:init_t:s0"];
        let body = lacking.iter().fold(USUAL.to_string(), |body, field| body.replace(field, ""));
        let wanted = Wanted::PID.with(Wanted::EXE).with(Wanted::KEY);
        assert_eq!(is_usual(&body, wanted), (true, searched(&body, wanted)));
        for item in [Wanted::SUCCESS, Wanted::EXIT, Wanted::SESSION, Wanted::SUBJECT] {
            assert!(!is_usual(&body, item).0);
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
            ("tty=(none)", "tty=key=1"),
            ("key=6B31016B32", "key=\"res=0\""),
            ("key=6B31016B32", "key=(null) res=1"),
            ("a2=0", "exe=0"),
            ("a2=0", "key=0"),
            ("items=1", "xpid=1"),
            (" a3=0", ""),
            ("suid=0", "xtty=0"),
            ("a2=0", "a2=uid=0"),
            ("key=6B31016B32", ""),
        ] {
            assert!(!is_usual(&USUAL.replace(from, to), all).0, "{to}");
        }
    }
}
