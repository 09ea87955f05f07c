//! Which events a plugin wants that does not want all: one that comes in parts ([`super::gather`]) is wanted whole or not at all, though
//! what decides it stands in one part.
//!
//! Parts that went by undecided are kept until a later one decides, within a bound; of what was beyond it the number of records is told.

use super::gather::{Gatherer, MOST_PARTS};
use crate::event::Event;
use crate::record::EventId;
use std::collections::VecDeque;

/// More bytes of undecided parts are not kept; the oldest are given up.
const MOST_BYTES: usize = 4 << 20;

/// An event of which more may come.
struct Known {
    id: EventId,
    node: Option<Box<[u8]>>,
    /// The criteria that held of its parts.
    held: u8,
    kept: Vec<Event>,
    /// Records of parts that were given up.
    lost: u64,
}

/// What is known of events that come in parts.
#[derive(Default)]
pub(super) struct Verdicts {
    known: VecDeque<Known>,
    bytes: usize,
}

/// What is handed on of an event, in order.
#[derive(Default)]
pub(super) struct Wanted {
    /// Records that are not, since there was no room to keep them.
    pub lost: u64,
    /// Earlier parts, and the one at hand.
    pub events: Vec<Event>,
}

impl Verdicts {
    /// Whether a part of this event went by before.
    pub(super) fn knows(&self, event: &Event) -> bool {
        self.place(event).is_some()
    }

    fn place(&self, event: &Event) -> Option<usize> {
        self.known.iter().position(|known| event.is(known.id, known.node.as_deref()))
    }

    /// Decides about an event that `gatherer` has just handed out. `holds` has a bit for each criterion that holds of its records, and
    /// it is wanted when all those of `asked` held of any of its parts.
    pub(super) fn decide(&mut self, gatherer: &Gatherer, event: Event, holds: u8, asked: u8) -> Wanted {
        let known = self.place(&event).and_then(|at| self.known.remove(at));
        let goes_on = gatherer.goes_on(&event);
        let mut known = known.unwrap_or_else(|| Known {
            id: event.id(),
            node: event.node().filter(|_| goes_on).map(Box::from),
            held: 0,
            kept: Vec::new(),
            lost: 0,
        });
        known.held |= holds;
        let is_wanted = known.held & asked == asked;
        let mut wanted = Wanted::default();
        self.bytes -= known.kept.iter().map(Event::size).sum::<usize>();
        if is_wanted {
            wanted = Wanted { lost: std::mem::take(&mut known.lost), events: std::mem::take(&mut known.kept) };
            wanted.events.push(event);
        } else if goes_on {
            known.kept.push(event);
        }
        if goes_on {
            self.bytes += known.kept.iter().map(Event::size).sum::<usize>();
            self.known.push_back(known);
            self.forget();
        }
        wanted
    }

    /// Keeps to the bounds.
    fn forget(&mut self) {
        if self.known.len() > MOST_PARTS {
            let known = self.known.pop_front();
            self.bytes -= known.iter().flat_map(|known| &known.kept).map(Event::size).sum::<usize>();
        }
        for known in &mut self.known {
            while self.bytes > MOST_BYTES && !known.kept.is_empty() {
                let event = known.kept.remove(0);
                self.bytes -= event.size();
                known.lost += event.len() as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    /// Feeds records of 8000 bytes, each followed by its event's number, and gives back of which records what was handed on, and what
    /// was lost. One criterion holds of records that say `k`, another of those that say `t`.
    struct Fed {
        gatherer: Gatherer,
        verdicts: Verdicts,
        records: usize,
        lost: u64,
    }

    impl Fed {
        fn new() -> Fed {
            Fed { gatherer: Gatherer::new(2), verdicts: Verdicts::default(), records: 0, lost: 0 }
        }

        fn push(&mut self, node: &str, name: &str, word: &str, padding: usize) {
            let line = format!("node={node} type={name} msg=audit(1.000:1): {word} {}", "x".repeat(padding));
            let Some(event) = self.gatherer.push(&Record::parse(line.as_bytes()).unwrap(), 0) else { return };
            let says = |word: &[u8]| event.records().any(|record| record.body.starts_with(word));
            let holds = u8::from(says(b": k")) | (u8::from(says(b": t")) << 1);
            let wanted = self.verdicts.decide(&self.gatherer, event, holds, 3);
            self.records += wanted.events.iter().map(Event::len).sum::<usize>();
            self.lost += wanted.lost;
        }
    }

    #[test]
    fn an_event_in_parts_is_handed_on_whole_whichever_of_them_decide() {
        for (first, last) in [("kt", "x"), ("k", "t"), ("x", "x")] {
            let mut fed = Fed::new();
            for word in first.chars() {
                fed.push("a", "SYSCALL", &word.to_string(), 1);
            }
            (0..300).for_each(|_| fed.push("a", "EXECVE", "x", 8000));
            fed.push("a", "PATH", last, 1);
            fed.push("b", "USER", "k", 1);
            fed.push("a", "EOE", "", 0);
            let whole = first.len() + 302;
            assert_eq!((fed.records, fed.lost), (if first == "x" { 0 } else { whole }, 0));
            assert!(fed.verdicts.known.is_empty() && fed.verdicts.bytes == 0);
        }
    }

    #[test]
    fn memory_is_bounded_and_what_went_by_is_counted() {
        let mut fed = Fed::new();
        for _ in 0..2000 {
            fed.push("a", "EXECVE", "x", 8000);
            assert!(fed.verdicts.bytes <= MOST_BYTES);
        }
        ["k", "t"].iter().for_each(|word| fed.push("a", "PATH", word, 1));
        fed.push("a", "EOE", "", 0);
        assert!(fed.lost > 1000);
        assert_eq!(fed.records + fed.lost as usize, 2003);
    }
}
