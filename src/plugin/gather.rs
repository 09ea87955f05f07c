//! Records gathered into events as they come, for those who want whole ones: the dispatcher, the filter, statsd, JSON.
//!
//! An event is complete when its EOE record has come, or at once when it is of a type that stands alone. Others are complete
//! after the end-of-event timeout. No event waits for another: a reader that needs them in order has their ids.
//!
//! The assembler of logs, `event/assembler.rs`, does otherwise: it has no clock but the time in the records, and hands events out in
//! order, each as late as the reference does.

use crate::event::Event;
use crate::record::{EventId, Record, RecordType};
use std::collections::VecDeque;

/// More events than these do not wait, the oldest is handed out as it is; nor more bytes, the one that grew is.
const MOST_EVENTS: usize = 256;
const MOST_BYTES: usize = 1 << 20;

/// Events that were handed out before their end and are remembered, for what may follow of them.
pub(super) const MOST_PARTS: usize = 1024;

/// What may follow of an event that is handed out.
#[derive(Clone, Copy, PartialEq)]
enum Rest {
    Nothing,
    /// It is old and most likely whole; what follows all the same is marked.
    Unlikely,
    Expected,
}

/// An event whose records are still coming.
struct Waiting {
    event: Event,
    /// When its last record came, on the monotonic clock.
    fed: i64,
}

/// An event of which a part was handed out.
struct Part {
    id: EventId,
    node: Option<Box<[u8]>>,
    /// How many records its parts had.
    records: u64,
}

impl Part {
    fn is_of(&self, event: &Event) -> bool {
        event.is(self.id, self.node.as_deref())
    }
}

/// The events whose records are still coming, oldest first.
pub struct Gatherer {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    timeout: i64,
    /// The last events that were handed out before their end was seen.
    parts: VecDeque<Part>,
}

impl Gatherer {
    /// `timeout` is in seconds.
    pub fn new(timeout: u64) -> Gatherer {
        let timeout = timeout.min(i64::MAX as u64 / 2) as i64;
        Gatherer { waiting: VecDeque::new(), bytes: 0, timeout, parts: VecDeque::new() }
    }

    /// Takes a record at the second `now`, and returns the event that is complete or too much with it.
    pub fn push(&mut self, record: &Record<'_>, now: i64) -> Option<Event> {
        let at = self.waiting.iter().rposition(|waiting| waiting.event.is(record.id, record.node));
        let at = at.unwrap_or_else(|| {
            self.waiting.push_back(Waiting { event: Event::default(), fed: now });
            self.waiting.len() - 1
        });
        let waiting = self.waiting.get_mut(at)?;
        waiting.fed = now;
        let before = waiting.event.size();
        waiting.event.push(record);
        self.bytes += waiting.event.size() - before;
        // The title of a process never stands alone, whatever comes before the rest of its event.
        let ends = record.record_type.ends_event() && record.record_type != RecordType::PROCTITLE;
        let is_alone = waiting.event.len() == 1 && ends;
        if is_alone || record.record_type == RecordType::EOE || self.bytes > MOST_BYTES {
            let is_whole = is_alone || record.record_type == RecordType::EOE;
            return self.take(at, if is_whole { Rest::Nothing } else { Rest::Expected });
        }
        (self.waiting.len() > MOST_EVENTS).then(|| self.take(0, Rest::Unlikely)).flatten()
    }

    fn take(&mut self, at: usize, rest: Rest) -> Option<Event> {
        let mut event = self.waiting.remove(at)?.event;
        self.bytes -= event.size();
        let known = self.parts.iter().position(|part| part.is_of(&event)).and_then(|at| self.parts.remove(at));
        event.set_part(known.map(|part| part.records).or((rest == Rest::Expected).then_some(0)));
        if rest != Rest::Nothing {
            let records = event.part().unwrap_or(0) + event.len() as u64;
            self.parts.push_back(Part { id: event.id(), node: event.node().map(Box::from), records });
            if self.parts.len() > MOST_PARTS {
                self.parts.pop_front();
            }
        }
        Some(event)
    }

    /// Whether more may come of an event that was handed out just now.
    pub fn goes_on(&self, event: &Event) -> bool {
        self.parts.back().is_some_and(|part| part.is_of(event))
    }

    /// The next event of which no record has come for so long that it is complete.
    pub fn overdue(&mut self, now: i64) -> Option<Event> {
        let at = self.waiting.iter().position(|waiting| waiting.fed + self.timeout < now)?;
        self.take(at, Rest::Nothing)
    }

    /// When [`Gatherer::overdue`] has something.
    pub fn due(&self) -> Option<i64> {
        self.waiting.iter().map(|waiting| waiting.fed + self.timeout + 1).min()
    }

    /// The next event, complete or not: no record will follow.
    pub fn rest(&mut self) -> Option<Event> {
        self.take(0, Rest::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(gatherer: &mut Gatherer, serial: u64, name: &str, text: &str, now: i64) -> Option<String> {
        let line = format!("type={name} msg=audit(1.000:{serial}): {text}");
        let event = gatherer.push(&Record::parse(line.as_bytes()).unwrap(), now)?;
        Some(bodies(&event))
    }

    fn bodies(event: &Event) -> String {
        let body = |record: Record<'_>| String::from_utf8_lossy(record.body).trim_start_matches(": ").to_string() + " ";
        event.part().map(|before| format!("after {before}: ")).into_iter().chain(event.records().map(body)).collect()
    }

    #[test]
    fn an_event_is_complete_with_its_end_whatever_came_between() {
        let mut gatherer = Gatherer::new(2);
        assert_eq!(push(&mut gatherer, 1, "SYSCALL", "a", 0), None);
        assert_eq!(push(&mut gatherer, 2, "SYSCALL", "b", 0), None);
        assert_eq!(push(&mut gatherer, 1, "PROCTITLE", "c", 0), None, "the end is yet to come");
        assert_eq!(push(&mut gatherer, 2, "EOE", "d", 0), Some("b d ".to_string()));
        assert_eq!(push(&mut gatherer, 1, "EOE", "e", 0), Some("a c e ".to_string()));
        assert_eq!(push(&mut gatherer, 3, "PROCTITLE", "f", 0), None);
        assert_eq!(push(&mut gatherer, 3, "SYSCALL", "g", 0), None);
        assert_eq!(push(&mut gatherer, 3, "EOE", "h", 0), Some("f g h ".to_string()));
        assert_eq!(gatherer.due(), None);
    }

    #[test]
    fn one_that_stands_alone_waits_for_nothing_and_one_without_an_end_for_the_timeout() {
        let mut gatherer = Gatherer::new(2);
        assert_eq!(push(&mut gatherer, 1, "CONFIG_CHANGE", "a", 10), None);
        assert_eq!(push(&mut gatherer, 2, "USER_LOGIN", "b", 10), Some("b ".to_string()));
        assert_eq!(gatherer.due(), Some(13));
        assert!(gatherer.overdue(12).is_none());
        assert_eq!(gatherer.overdue(13).map(|event| bodies(&event)), Some("a ".to_string()));
        assert_eq!((gatherer.due(), gatherer.bytes), (None, 0));
    }

    #[test]
    fn one_that_makes_room_for_others_is_taken_for_whole_until_more_of_it_comes() {
        let mut gatherer = Gatherer::new(2);
        for serial in 0..MOST_EVENTS as u64 {
            assert_eq!(push(&mut gatherer, serial, "CONFIG_CHANGE", "a", 0), None);
        }
        assert_eq!(push(&mut gatherer, 1000, "CONFIG_CHANGE", "b", 0), Some("a ".to_string()));
        assert_eq!(push(&mut gatherer, 0, "CONFIG_CHANGE", "c", 0), Some("a ".to_string()), "that of the next one");
        assert_eq!(push(&mut gatherer, 0, "EOE", "d", 0), Some("after 1: c d ".to_string()));
    }

    #[test]
    fn an_event_of_another_machine_is_no_part_though_it_has_the_same_id() {
        let mut gatherer = Gatherer::new(2);
        let mut push =
            |line: &str| gatherer.push(&Record::parse(line.as_bytes()).unwrap(), 0).map(|event| bodies(&event));
        push("node=a type=SYSCALL msg=audit(1.000:1): a");
        for serial in 2..2 + MOST_EVENTS {
            push(&format!("node=a type=CONFIG_CHANGE msg=audit(1.000:{serial}): b"));
        }
        assert_eq!(push("node=b type=USER msg=audit(1.000:1): c"), Some("c ".to_string()));
        assert_eq!(push("node=a type=EOE msg=audit(1.000:1): d"), Some("after 1: d ".to_string()));
    }

    #[test]
    fn memory_is_bounded_by_events_and_by_bytes() {
        let mut gatherer = Gatherer::new(2);
        let handed_out = (0..1000).filter(|serial| push(&mut gatherer, *serial, "SYSCALL", "a", 0).is_some()).count();
        assert_eq!((handed_out, gatherer.waiting.len()), (1000 - MOST_EVENTS, MOST_EVENTS));
        let long = "x".repeat(8000);
        for serial in 0..1000 {
            push(&mut gatherer, 5000 + serial % 3, "EXECVE", &long, 0);
            assert!(gatherer.bytes <= MOST_BYTES);
        }
    }
}
