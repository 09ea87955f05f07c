//! Which records are kept while the daemon degrades: those of events that carry one of the priority keys.

use crate::abi::kind;
use crate::record::{self, KEY_SEPARATOR};
use memchr::memmem;

/// Events that are remembered at a time as ones to keep; records of one event come close together.
const REMEMBERED: usize = 32;

/// Tells wanted records from others.
#[derive(Debug, Default)]
pub(super) struct Priority {
    wanted: heapless::HistoryBuf<u64, REMEMBERED>,
}

impl Priority {
    /// Whether a record belongs to an event with one of `keys`. The SYSCALL record, which carries them, comes first.
    pub(super) fn keeps(&mut self, keys: &[String], message: u16, serial: u64, text: &[u8]) -> bool {
        if (kind::DAEMON_START..=kind::LAST_DAEMON).contains(&message) || self.wanted.contains(&serial) {
            return true;
        }
        let keeps = has_key(text, keys);
        if keeps {
            self.wanted.write(serial);
        }
        keeps
    }
}

/// Whether one of a record's keys is one of `keys`.
fn has_key(text: &[u8], keys: &[String]) -> bool {
    let Some(at) = memmem::rfind(text, b" key=") else { return false };
    let value = crate::text::up_to(text.get(at + 5..).unwrap_or_default(), b' ');
    let mut found = Vec::new();
    record::keys(value, &mut found)
        && found.split(|&b| b == KEY_SEPARATOR).any(|key| keys.iter().any(|k| k.as_bytes() == key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keeps(priority: &mut Priority, message: u16, serial: u64, text: &str) -> bool {
        priority.keeps(&["exec".to_string()], message, serial, text.as_bytes())
    }

    #[test]
    fn the_records_of_an_event_follow_its_system_call() {
        let mut priority = Priority::default();
        assert!(keeps(&mut priority, 1300, 7, "audit(1.0:7): arch=c000003e key=\"exec\""));
        assert!(keeps(&mut priority, 1302, 7, "audit(1.0:7): item=0"));
        assert!(!keeps(&mut priority, 1300, 8, "audit(1.0:8): key=\"other\""));
        assert!(!keeps(&mut priority, 1302, 8, "audit(1.0:8): item=0"));
        assert!(!keeps(&mut priority, 1112, 9, "audit(1.0:9): pid=1"));
        assert!(keeps(&mut priority, 1201, 3, "audit(1.0:3): op=terminate"));
    }

    #[test]
    fn one_of_several_keys_is_enough() {
        let mut priority = Priority::default();
        // "a", 0x01, "exec" in hexadecimal
        assert!(keeps(&mut priority, 1300, 7, "audit(1.0:7): key=610165786563"));
        assert!(!keeps(&mut priority, 1300, 8, "audit(1.0:8): key=(null)"));
    }
}
