//! Records that share node, time and serial become events: the bounded assembler of all that reads logs.
//!
//! Records of different events arrive interleaved, late and out of order. The assembler keeps what is building, decides
//! when an event is complete, and hands events out in the order of their event ids. It is bounded: an event that would grow beyond
//! [`EVENT_BYTES`] becomes several, which say so ([`Event::part`]), and the oldest event when more than [`WAITING_BYTES`] or
//! [`WAITING_EVENTS`] wait is handed out as it is.
//!
//! Its clock is the records' own time, for a log says nothing else. Plugins get records as they happen: `plugin/gather.rs` goes by
//! the monotonic clock, so that an event ends though no other follows, keeps no order, and numbers the parts of one that is too long.

use super::Event;
use crate::record::{EventId, Record, RecordType};
use crate::text::keyed_hash::KeyedHash;
use std::collections::VecDeque;

/// No event takes more text than this; further records are the next part of it. The longest that a kernel makes of one system call
/// has the arguments of an execve(2), which are no more than three quarters of 8 MiB, as two digits for each byte.
pub const EVENT_BYTES: usize = 16 << 20;

/// What may wait for its end, in bytes of text.
pub const WAITING_BYTES: usize = 4 << 20;

/// Of each event no more than these count for that, so that a long one drives out no other before its end, nor itself.
const COUNTED: usize = 1 << 20;

/// How many events may wait for their end. Each takes some hundred bytes beside its text.
pub const WAITING_EVENTS: usize = 8 << 10;

/// When an event counts as complete. Both hand out the event with the smallest event id, and only if it is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// COMPAT: ausearch and aureport look when a record opens a new event: events of a type that is alone are complete, and
    /// those older by the timeout. The end of an event (EOE, PROCTITLE) does not end it, so later records still join.
    Search,
    /// COMPAT: libauparse looks after every record: an event whose newest record is of an ending type is complete, and those
    /// older by the timeout. A record that comes later begins a second event with the same event id. Complete events wait
    /// until another one opens.
    Library,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It joined an event that was building.
    Joined,
    /// It opened an event.
    Opened,
    /// It was the end of an event that is not building any more.
    Dropped,
}

/// Where the lines of some records of one event are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The file, by a number that the caller knows.
    pub(crate) file: usize,
    /// The place of the first byte in it.
    pub(crate) at: u64,
    /// How many bytes there are.
    pub(crate) len: u32,
}

/// Takes records.
type Each<'e> = &'e mut dyn FnMut(&Record<'_>);

/// Builds events from records.
pub struct Assembler {
    policy: Policy,
    timeout: u64,
    slots: Vec<Slot>,
    /// Slots without event.
    free: Vec<u32>,
    /// Every event in waiting, in the order of their ids; among equal ones the event that opened first goes first, so that the
    /// order does not depend on what else waits.
    order: VecDeque<(EventId, u32)>,
    /// Building events by a hash of their event id and node: the first slot of each chain.
    chains: Vec<u32>,
    hash: KeyedHash,
    /// The slot in which the last record was put.
    last: u32,
    /// Every event that waits and is older than this second is complete.
    aged: u64,
    waiting_bytes: usize,
    /// How many of the events that wait have records.
    filled: usize,
    handing_out: bool,
    /// The line of the next record, if it is known; else 0.
    line_number: u32,
    /// What [`Event::file`] is of events that open.
    file: u32,
    spare: Vec<Event>,
}

#[derive(Default)]
struct Slot {
    event: Event,
    /// Where its records are, if that is all that is known of them.
    places: Vec<Place>,
    /// How many bytes its records have, with a newline each.
    size: usize,
    complete: bool,
    /// The next building event of the same chain.
    next: u32,
}

/// How many events that are done with keep their memory for others.
const SPARE: usize = 256;

const NONE: u32 = u32::MAX;
const CHAINS: usize = 1024;

impl Assembler {
    /// An empty assembler. `timeout` is the end-of-event timeout in seconds (auditd.conf(5), `end_of_event_timeout`).
    pub fn new(policy: Policy, timeout: u64) -> Assembler {
        Assembler {
            policy,
            timeout,
            slots: Vec::new(),
            free: Vec::new(),
            order: VecDeque::new(),
            chains: vec![NONE; CHAINS],
            hash: KeyedHash::default(),
            last: NONE,
            aged: 0,
            waiting_bytes: 0,
            filled: 0,
            handing_out: true,
            line_number: 0,
            file: 0,
            spare: Vec::new(),
        }
    }

    /// The next record stands in this line of its file.
    pub fn at_line(&mut self, number: u32) {
        self.line_number = number;
    }

    /// How many files have ended.
    pub(crate) fn file(&self) -> u32 {
        self.file
    }

    /// A file has ended.
    pub(crate) fn end_of_file(&mut self) {
        self.file += 1;
    }

    /// Takes one record. Call [`Assembler::next`] until it is empty before the next one.
    pub fn push(&mut self, record: &Record<'_>) -> Placed {
        if let Some(slot) = self.building(record.id, record.node) {
            self.handing_out = self.policy == Policy::Search;
            let slot = if self.has_room(slot, record) { slot } else { self.part(slot, record) };
            self.add(slot, record);
            if self.policy == Policy::Library {
                self.pass(record.id.sec);
            }
            return Placed::Joined;
        }
        if record.record_type == RecordType::EOE {
            return Placed::Dropped;
        }
        let slot = self.open(record.id, record.node);
        self.handing_out = true;
        self.add(slot, record);
        self.pass(record.id.sec);
        Placed::Opened
    }

    /// Takes records of one event as [`Assembler::push`] would take them one after another, but no more of them than where they are
    /// and how many bytes they have. They name no machine, and the first is of this type. False, and nothing is
    /// taken, where records that are not `is_single` must be taken one by one, and where the event has no room for them.
    ///
    /// An event has either records or places; [`Assembler::fill`] makes records of them.
    pub(crate) fn push_place(
        &mut self,
        id: EventId,
        record_type: RecordType,
        place: Place,
        size: usize,
        is_single: bool,
    ) -> bool {
        let building = self.building(id, None);
        let had = building.and_then(|at| self.slots.get(at as usize)).map_or(0, |slot| slot.size);
        let is_crowded = self.waiting_bytes + size > WAITING_BYTES || self.order.len() >= WAITING_EVENTS;
        if had + size > EVENT_BYTES || (!is_single && (is_crowded || self.timeout == 0)) {
            return false;
        }
        if building.is_none() && record_type == RecordType::EOE {
            return true;
        }
        let at = building.unwrap_or_else(|| self.open(id, None));
        self.handing_out = true;
        if let Some(slot) = self.slots.get_mut(at as usize) {
            slot.places.push(place);
        }
        self.grow(at, size, record_type);
        if building.is_none() {
            self.pass(id.sec);
        }
        true
    }

    /// Makes records of places: `read` gives the records of a place to the function it is given.
    pub(crate) fn fill(&mut self, is_wanted: &dyn Fn(EventId) -> bool, read: &mut dyn FnMut(Place, Each<'_>)) {
        for (_, at) in self.order.iter().filter(|(id, _)| is_wanted(*id)) {
            let Some(Slot { event, places, .. }) = self.slots.get_mut(*at as usize) else { continue };
            let was_empty = event.is_empty();
            places.drain(..).for_each(|place| read(place, &mut |record| event.push(record)));
            self.filled += usize::from(was_empty && !event.is_empty());
        }
    }

    /// Whether the first event in the order of ids is to be handed out.
    #[inline(always)]
    pub fn has_next(&self) -> bool {
        let Some((_, at)) = self.order.front() else { return false };
        let crowded = self.waiting_bytes > WAITING_BYTES || self.order.len() > WAITING_EVENTS;
        crowded || (self.handing_out && self.slots.get(*at as usize).is_some_and(|slot| slot.complete))
    }

    /// The next event in the order of ids, if it is complete.
    #[allow(clippy::should_implement_trait, reason = "an assembler gives out events between records, not a sequence")]
    pub fn next(&mut self) -> Option<Event> {
        if !self.has_next() {
            return None;
        }
        let (_, at) = self.order.pop_front()?;
        self.complete(at);
        self.free.push(at);
        let slot = self.slots.get_mut(at as usize)?;
        let mut event = self.spare.pop().unwrap_or_default();
        std::mem::swap(&mut slot.event, &mut event);
        self.waiting_bytes -= std::mem::take(&mut slot.size).min(COUNTED);
        self.filled -= usize::from(!event.is_empty());
        slot.places.clear();
        Some(event)
    }

    /// Forgets all events that wait.
    pub fn clear(&mut self) {
        while let Some((_, at)) = self.order.pop_front() {
            self.complete(at);
            self.free.push(at);
            if let Some(slot) = self.slots.get_mut(at as usize) {
                slot.places.clear();
                slot.size = 0;
                let event = std::mem::take(&mut slot.event);
                self.recycle(event);
            }
        }
        (self.last, self.aged, self.waiting_bytes, self.filled, self.handing_out) = (NONE, 0, 0, 0, true);
    }

    /// Takes back the memory of an event that is done with.
    pub fn recycle(&mut self, mut event: Event) {
        if self.spare.len() < SPARE && event.text.capacity() <= 16 << 10 {
            event.clear();
            self.spare.push(event);
        }
    }

    /// The input is at its end: everything that waits is complete.
    pub fn finish(&mut self) {
        self.complete_where(|_| true);
    }

    /// The input may go on later: only events that hold a record of an ending type are complete.
    pub fn finish_ended(&mut self) {
        self.complete_where(|event| event.spans.iter().any(|s| s.record_type.ends_event()));
    }

    /// Completes what is older than the timeout at `sec`.
    pub fn age(&mut self, sec: u64) {
        self.handing_out = true;
        self.pass(sec);
    }

    /// Whether an event waits that has its records, and not only their places.
    pub(crate) fn has_filled(&self) -> bool {
        self.filled > 0
    }

    /// Whether an event of this id waits.
    pub fn is_waiting(&self, id: EventId) -> bool {
        self.order.binary_search_by(|(other, _)| other.cmp(&id)).is_ok()
    }

    /// How many events wait, and how many of them are complete.
    pub fn waiting(&self) -> (usize, usize) {
        let complete = |at: u32| self.slots.get(at as usize).is_some_and(|s| s.complete);
        (self.order.len(), self.order.iter().filter(|(_, at)| complete(*at)).count())
    }

    fn complete_where(&mut self, test: impl Fn(&Event) -> bool) {
        self.handing_out = true;
        for place in 0..self.order.len() {
            let Some((_, at)) = self.order.get(place).copied() else { return };
            if self.slots.get(at as usize).is_some_and(|s| test(&s.event)) {
                self.complete(at);
            }
        }
    }

    /// The building event of that event id and node: most often that of the record before.
    #[inline(always)]
    fn building(&self, id: EventId, node: Option<&[u8]>) -> Option<u32> {
        match self.slots.get(self.last as usize) {
            Some(slot) if !slot.complete && slot.event.is(id, node) => Some(self.last),
            _ => self.seek(id, node),
        }
    }

    fn seek(&self, id: EventId, node: Option<&[u8]>) -> Option<u32> {
        let mut at = *self.chains.get(self.chain(id, node))?;
        while let Some(slot) = self.slots.get(at as usize) {
            if slot.event.is(id, node) {
                return Some(at);
            }
            at = slot.next;
        }
        None
    }

    /// Makes room for a new event in a free slot.
    fn open(&mut self, id: EventId, node: Option<&[u8]>) -> u32 {
        let at = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { next: NONE, ..Slot::default() });
            self.slots.len() as u32 - 1
        });
        match self.order.back() {
            Some((newest, _)) if *newest > id => {
                let place = self.order.partition_point(|(other, _)| *other <= id);
                self.order.insert(place, (id, at));
            }
            _ => self.order.push_back((id, at)),
        }
        if id.sec < self.aged {
            self.aged = 0;
        }
        let chain = self.chain(id, node);
        if let (Some(head), Some(slot)) = (self.chains.get_mut(chain), self.slots.get_mut(at as usize)) {
            slot.complete = false;
            slot.event.id = id;
            slot.event.file = self.file;
            slot.next = std::mem::replace(head, at);
        }
        at
    }

    #[inline(always)]
    fn has_room(&self, at: u32, record: &Record<'_>) -> bool {
        self.slots.get(at as usize).is_some_and(|slot| slot.size + record.written.len() < EVENT_BYTES)
    }

    /// Ends an event that has no room for a record of it, and opens its next part.
    #[cold]
    fn part(&mut self, at: u32, record: &Record<'_>) -> u32 {
        self.complete(at);
        let next = self.open(record.id, record.node);
        let event = self.slots.get_mut(at as usize).map(|slot| &mut slot.event);
        let part = event.map_or(0, |event| {
            event.part = event.part.max(1);
            event.part + event.len() as u32
        });
        if let Some(slot) = self.slots.get_mut(next as usize) {
            slot.event.part = part;
        }
        next
    }

    #[inline(always)]
    fn add(&mut self, at: u32, record: &Record<'_>) {
        let Some(slot) = self.slots.get_mut(at as usize) else { return };
        self.filled += usize::from(slot.event.is_empty());
        let before = slot.event.text.len();
        slot.event.push_line(record, self.line_number);
        let size = slot.event.text.len() - before;
        self.grow(at, size, record.record_type);
    }

    /// The event has that many bytes more, by a record of this type.
    #[inline(always)]
    fn grow(&mut self, at: u32, size: usize, record_type: RecordType) {
        let Some(slot) = self.slots.get_mut(at as usize) else { return };
        let is_first = slot.size == 0;
        self.waiting_bytes += size.min(COUNTED.saturating_sub(slot.size));
        slot.size += size;
        self.last = at;
        let may_end = is_first || self.policy == Policy::Library;
        if may_end && record_type.ends_event() {
            self.complete(at);
        }
    }

    /// Completes what is older than the timeout, now that the log has come to `sec`.
    #[inline]
    fn pass(&mut self, sec: u64) {
        if let Some(limit) = sec.checked_sub(self.timeout).filter(|limit| *limit >= self.aged) {
            self.complete_until(limit);
        }
    }

    /// Completes what is not newer than `limit`.
    fn complete_until(&mut self, limit: u64) {
        self.aged = limit.saturating_add(1);
        for place in 0..self.order.len() {
            match self.order.get(place) {
                Some((id, at)) if id.sec <= limit => self.complete(*at),
                _ => return,
            }
        }
    }

    /// Marks the event complete, so that no record joins it any more.
    fn complete(&mut self, at: u32) {
        let Some(slot) = self.slots.get_mut(at as usize).filter(|s| !s.complete) else { return };
        slot.complete = true;
        let next = slot.next;
        let chain = self.slots.get(at as usize).map(|slot| self.chain(slot.event.id, slot.event.node()));
        let Some(head) = chain.and_then(|chain| self.chains.get_mut(chain)) else { return };
        if *head == at {
            *head = next;
            return;
        }
        let mut previous = *head;
        while let Some(slot) = self.slots.get_mut(previous as usize) {
            if slot.next == at {
                slot.next = next;
                return;
            }
            previous = slot.next;
        }
    }

    /// Which chain an event is in. Whoever sends records chooses node, time and serial, and must not choose this.
    fn chain(&self, id: EventId, node: Option<&[u8]>) -> usize {
        let node = node.map_or(0, |node| self.hash.bytes(node));
        self.hash.pair(id.sec ^ node, id.serial << 10 ^ u64::from(id.milli)) as usize % CHAINS
    }
}

#[cfg(test)]
mod tests;
