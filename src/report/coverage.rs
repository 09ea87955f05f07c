//! How complete a trail is: boots and the serials missing in them, losses that the daemon wrote down, and when there was no
//! daemon (`aureport --coverage`).
//!
//! The kernel numbers events from 1 at each boot, and what it or the daemon dropped leaves a gap; so does an event that was cut
//! out of the log. Nothing in a record says at which boot it was made. A boot begins where serials go back while time goes on: an
//! event newer than all of the boot, with a serial that one of them has, or lower than late events are ([`Boot::excludes`]). Where
//! the clock was set back too, a start of the daemon or a very low serial says so. Where the first events of a boot were dropped it may go
//! on with higher serials: there SYSTEM_BOOT says so, which user space writes some time after the daemon has started
//! ([`Machine::system_boot`]). The kernel's counter has 32 bits; that it begins again is no boot ([`Boot::unwrap`]). Records of the daemon
//! (DAEMON_*) have numbers of their own. Each machine (`node=`) has its own boots and daemon.
//!
//! Memory is bounded: [`NODES`] machines, [`WINDOW`] stretches of serials each that late events may still fill, the same once more
//! from a start of the daemon on, and [`FACTS`] lines.

use super::cells::Cells;
use super::kind::Heading;
use super::origin::Origin;
use crate::event::Event;
use crate::record::{EventId, RecordType};
use crate::text::{Escape, number};
use std::collections::VecDeque;

/// What JSON calls the report.
pub(super) const NAME: &str = "coverage";

pub(super) static HEADING: Heading = Heading { title: "Coverage Report", columns: "", above: 22, below: 0 };

/// Machines that are told apart; those after them count as one.
const NODES: usize = 256;
/// Stretches of serials without a gap that are kept of a boot. An event is late by the number of calls that were under way, far
/// fewer.
const WINDOW: usize = 512;
/// Lines of the report, of losses and of the rest; how many there are more is said.
const FACTS: usize = 10_000;
/// A serial that is lower by more than this is not that of a late event: there would have to be so many calls under way at once.
const LATE: u64 = 1 << 10;
/// One that is lower by more than this is of another boot whatever the clock says.
const FAR_BACK: u64 = 1 << 16;
/// The kernel's counter begins again after so many.
const TURN: u64 = 1 << 32;

/// Those that begin a boot: KERNEL (`state=initialized`) is the kernel's.
const BOOT_TYPES: [RecordType; 2] = [RecordType::SYSTEM_BOOT, RecordType::KERNEL];

/// One line of the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fact {
    /// boot, missing, lost, no-daemon, starts, stops, crashes, failed-starts, not-shown, files-left-out, files-torn.
    what: &'static str,
    node: Option<Vec<u8>>,
    /// The events it lies between, both included for a boot.
    between: Option<[EventId; 2]>,
    serials: Option<[u64; 2]>,
    /// Events of a boot, missing serials, lost records, seconds, or how often; `None` where a loss is of unknown size.
    count: Option<u64>,
    cause: Option<Vec<u8>>,
}

/// A stretch of serials that all occurred, with the ids of its first and last event.
#[derive(Clone, Copy)]
struct Stretch {
    first: EventId,
    last: EventId,
}

/// The present boot of a machine.
#[derive(Clone)]
struct Boot {
    /// Its line, if there is one.
    line: usize,
    /// It began in this log, not before.
    is_begun: bool,
    /// SYSTEM_BOOT or SYSTEM_SHUTDOWN is among its events.
    is_marked: bool,
    first: EventId,
    last: EventId,
    /// The latest time, in seconds and milliseconds.
    latest: (u64, u16),
    /// The lowest and the highest serial, unwrapped.
    serials: [u64; 2],
    events: u64,
    stretches: VecDeque<Stretch>,
}

/// What it takes to find out that a daemon was the first one of a boot when SYSTEM_BOOT says so.
struct Start {
    /// The boot as it was before.
    before: Boot,
    /// The events since.
    since: Option<Boot>,
}

/// Lines, of which there are not too many.
#[derive(Default)]
struct Facts {
    shown: Vec<Fact>,
    omitted: u64,
}

impl Facts {
    fn push(&mut self, fact: Fact) {
        match self.shown.len() < FACTS {
            true => self.shown.push(fact),
            false => self.omitted += 1,
        }
    }
}

/// What is known of one machine.
#[derive(Default)]
struct Machine {
    node: Option<Vec<u8>>,
    boot: Option<Boot>,
    /// The last start of the daemon in this boot, as long as it may be that of another one.
    start: Option<Box<Start>>,
    /// The last event of all, less starts that failed.
    last: EventId,
    /// A start of the daemon that may still fail, and the last event before it.
    starting: Option<[EventId; 2]>,
    /// A daemon began, and no event of the kernel came since.
    is_fresh: bool,
    is_running: bool,
    /// When the daemon ended, and how.
    ended: Option<(EventId, &'static [u8])>,
    starts: u64,
    stops: u64,
    crashes: u64,
    failed_starts: u64,
}

/// What was found out so far.
#[derive(Default)]
pub(super) struct Coverage {
    machines: Vec<Machine>,
    at: usize,
    facts: Facts,
    losses: Facts,
}

impl Coverage {
    /// Takes an event.
    pub(super) fn add(&mut self, event: &Event) {
        self.at = self.machine(event.node());
        let Coverage { machines, at, facts, losses } = self;
        let Some(machine) = machines.get_mut(*at) else { return };
        let id = event.id();
        match event.record_type() {
            RecordType::DAEMON_START => machine.start(id, facts),
            RecordType::DAEMON_END => {
                machine.settle(facts);
                machine.stops += 1;
                machine.end(id, b"stopped");
            }
            RecordType::DAEMON_ABORT => return machine.abort(id),
            RecordType::DAEMON_ERR => lose(event, &machine.node, losses),
            RecordType(1200..1300) => {}
            record_type => machine.kernel_event(id, record_type, facts),
        }
        machine.last = id;
    }

    fn machine(&mut self, node: Option<&[u8]>) -> usize {
        let is_it = |machine: &Machine| machine.node.as_deref() == node;
        if self.machines.get(self.at).is_some_and(is_it) {
            return self.at;
        }
        self.machines.iter().position(is_it).unwrap_or_else(|| {
            if self.machines.len() < NODES {
                self.machines.push(Machine { node: node.map(<[u8]>::to_vec), ..Machine::default() });
            }
            self.machines.len() - 1
        })
    }

    /// Whether there was no event.
    pub(super) fn is_empty(&self) -> bool {
        self.machines.is_empty()
    }

    /// All lines, those of each machine in the order of time.
    pub(super) fn finish(mut self, origin: &Origin) -> Vec<Fact> {
        let mut daemons = Vec::new();
        for mut machine in self.machines {
            machine.settle(&mut self.facts);
            machine.end_boot(&mut self.facts);
            let counts = [
                ("starts", machine.starts),
                ("stops", machine.stops),
                ("crashes", machine.crashes),
                ("failed-starts", machine.failed_starts),
            ];
            let fact = |(what, count)| Fact { what, node: machine.node.clone(), count: Some(count), ..Fact::default() };
            daemons.extend(counts.map(fact));
        }
        let omitted = self.facts.omitted + self.losses.omitted;
        let unseen = [("not-shown", omitted), ("files-left-out", origin.left_out), ("files-torn", origin.torn)];
        let unseen = unseen.into_iter().filter(|(_, count)| *count > 0);
        daemons.extend(unseen.map(|(what, count)| Fact { what, count: Some(count), ..Fact::default() }));
        self.facts.shown.into_iter().chain(self.losses.shown).chain(daemons).collect()
    }
}

/// DAEMON_ERR: what the daemon says of a loss.
fn lose(event: &Event, node: &Option<Vec<u8>>, losses: &mut Facts) {
    let Some(record) = event.record(0) else { return };
    let Some(cause) = record.field(b"cause").filter(|_| record.field(b"op") == Some(b"lost-events")) else { return };
    let lost = record.field(b"count").and_then(number::parse_exact);
    let known = losses.shown.iter_mut().find(|fact| fact.node == *node && fact.cause.as_deref() == Some(cause));
    match known {
        Some(fact) => {
            fact.count = fact.count.zip(lost).map(|(count, lost)| count.saturating_add(lost));
            fact.between = fact.between.map(|[first, _]| [first, event.id()]);
        }
        None => losses.push(Fact {
            what: "lost",
            node: node.clone(),
            between: Some([event.id(); 2]),
            count: lost,
            cause: Some(cause.to_vec()),
            ..Fact::default()
        }),
    }
}

impl Machine {
    fn start(&mut self, id: EventId, facts: &mut Facts) {
        self.settle(facts);
        (self.starting, self.is_fresh) = (Some([self.last, id]), true);
        if let Some(boot) = &mut self.boot {
            // Half of the window is for what comes.
            while boot.stretches.len() > WINDOW / 2 {
                record_gap(boot, &self.node, facts);
            }
            self.start = Some(Box::new(Start { before: boot.clone(), since: None }));
        }
    }

    /// A start that has not failed is one. It ends the daemon before it, which one that fails leaves running.
    fn settle(&mut self, facts: &mut Facts) {
        let Some([last, id]) = self.starting.take() else { return };
        self.starts += 1;
        if self.is_running {
            self.crashes += 1;
            self.end(last, b"crashed");
        }
        if let Some((ended, cause)) = self.ended.take() {
            facts.push(Fact {
                what: "no-daemon",
                node: self.node.clone(),
                between: Some([ended, id]),
                // The clock may have been set back meanwhile.
                count: id.sec.checked_sub(ended.sec),
                cause: Some(cause.to_vec()),
                ..Fact::default()
            });
        }
        self.is_running = true;
    }

    /// The last start failed: what was before it is as it was.
    fn abort(&mut self, id: EventId) {
        self.failed_starts += 1;
        match self.starting.take() {
            Some([last, _]) => self.last = last,
            None if self.is_running => self.end(id, b"failed"),
            None => {}
        }
    }

    fn end(&mut self, id: EventId, cause: &'static [u8]) {
        self.is_running = false;
        self.ended = Some((id, cause));
    }

    fn kernel_event(&mut self, id: EventId, record_type: RecordType, facts: &mut Facts) {
        let is_told = std::mem::take(&mut self.is_fresh) || BOOT_TYPES.contains(&record_type);
        if id.serial >= TURN {
            // No kernel's.
            return;
        }
        // Of the second turn, so that late events of a first one have room below.
        let id = EventId { serial: id.serial + TURN, ..id };
        if self.boot.as_ref().is_none_or(|boot| boot.excludes(boot.unwrap(id), is_told)) {
            self.start = None;
            let boot = Boot { is_begun: self.boot.is_some(), ..Boot::new(id) };
            self.begin_boot(boot, facts);
        }
        let Some(boot) = &mut self.boot else { return };
        let id = boot.unwrap(id);
        boot.take(id);
        if let Some(start) = &mut self.start {
            start.since.get_or_insert_with(|| Boot::new(id)).take(id);
        }
        if boot.stretches.len() > WINDOW {
            self.start = None;
            record_gap(boot, &self.node, facts);
        }
        if record_type == RecordType::SYSTEM_BOOT {
            self.system_boot(facts);
        }
        if let Some(boot) = &mut self.boot {
            boot.is_marked |= matches!(record_type, RecordType::SYSTEM_BOOT | RecordType::SYSTEM_SHUTDOWN);
        }
    }

    /// A SYSTEM_BOOT came whose serial does not go back. It belongs to the boot that the last daemon was started in. That is the one before
    /// too where its own was not seen yet, or where no serial is missing since or came twice: containers write SYSTEM_BOOT too.
    fn system_boot(&mut self, facts: &mut Facts) {
        let Some(start) = self.start.take() else { return };
        let (Start { before, since: Some(since) }, Some(both)) = (*start, &self.boot) else { return };
        let is_whole = both.events == before.events + since.events && both.stretches.len() <= before.stretches.len();
        if !is_whole && (before.is_marked || !before.is_begun) {
            self.boot = Some(before);
            self.begin_boot(Boot { is_begun: true, ..since }, facts);
        }
    }

    fn begin_boot(&mut self, mut boot: Boot, facts: &mut Facts) {
        self.settle(facts);
        self.end_boot(facts);
        boot.line = facts.shown.len();
        facts.push(Fact { what: "boot", node: self.node.clone(), ..Fact::default() });
        self.boot = Some(boot);
    }

    fn end_boot(&mut self, facts: &mut Facts) {
        let Some(mut boot) = self.boot.take() else { return };
        while boot.stretches.len() > 1 {
            record_gap(&mut boot, &self.node, facts);
        }
        if let Some(fact) = facts.shown.get_mut(boot.line) {
            fact.between = Some([boot.first, boot.last]);
            (fact.serials, fact.count) = (Some(wrap(boot.serials)), Some(boot.events));
        }
    }
}

/// Lets go of the oldest stretch: what is missing after it stays missing.
fn record_gap(boot: &mut Boot, node: &Option<Vec<u8>>, facts: &mut Facts) {
    let (Some(before), Some(after)) = (boot.stretches.pop_front(), boot.stretches.front()) else { return };
    let (last, next) = (before.last.serial, after.first.serial);
    // A kernel may leave out 0 when its counter begins again: it is not missing.
    let count = next - last - 1 - ((next - 1) / TURN - last / TURN);
    if count > 0 {
        facts.push(Fact {
            what: "missing",
            node: node.clone(),
            between: Some([before.last, after.first]),
            serials: Some(wrap([last + 1, next - 1])),
            count: Some(count),
            cause: None,
        });
    }
}

/// Serials as the kernel writes them.
fn wrap(serials: [u64; 2]) -> [u64; 2] {
    serials.map(|serial| serial % TURN)
}

impl Boot {
    /// A boot that begins with this event, which is not counted yet.
    fn new(first: EventId) -> Boot {
        Boot {
            line: 0,
            is_begun: false,
            is_marked: false,
            first,
            last: first,
            latest: (0, 0),
            serials: [first.serial; 2],
            events: 0,
            stretches: VecDeque::new(),
        }
    }

    /// The event with its serial as if the kernel's counter had gone on behind its end, where it is near the end.
    fn unwrap(&self, id: EventId) -> EventId {
        let highest = self.serials[1];
        let same = highest - highest % TURN + id.serial % TURN;
        let serial = match same {
            _ if same + TURN - highest <= LATE => same + TURN,
            _ if highest + TURN - same <= LATE => same - TURN,
            _ => same,
        };
        EventId { serial, ..id }
    }

    /// Whether an event is of another boot. `is_told` when a daemon has started before it, or it says so itself.
    fn excludes(&self, id: EventId, is_told: bool) -> bool {
        let [lowest, highest] = self.serials;
        let Some(back) = highest.checked_sub(id.serial) else { return false };
        let is_newer = (id.sec, id.milli) > self.latest;
        let is_seen = || self.stretches.iter().any(|part| (part.first.serial..=part.last.serial).contains(&id.serial));
        let is_low = id.serial <= lowest || id.serial % TURN < highest % TURN / 2;
        (is_newer && (back > LATE || is_seen()))
            || (is_told && back > 0 && is_low && id != self.first)
            || back > FAR_BACK
    }

    /// Counts an event. One that has been counted, in another part, is none.
    fn take(&mut self, id: EventId) {
        self.latest = self.latest.max((id.sec, id.milli));
        // By their serials: the clock may be set back, and events may be late.
        let [lowest, highest] = &mut self.serials;
        if id.serial < *lowest {
            (*lowest, self.first) = (id.serial, id);
        }
        if id.serial > *highest {
            (*highest, self.last) = (id.serial, id);
        }
        // The place of the first stretch that begins after it: the last one, nearly always.
        let mut at = self.stretches.len();
        while at > 0 && self.stretches.get(at - 1).is_some_and(|stretch| stretch.first.serial > id.serial) {
            at -= 1;
        }
        let joins_next = self.stretches.get(at).is_some_and(|next| next.first.serial == id.serial + 1);
        match at.checked_sub(1).and_then(|before| self.stretches.get_mut(before)) {
            Some(before) if before.last.serial >= id.serial => return,
            Some(before) if before.last.serial + 1 == id.serial => {
                before.last = id;
                if joins_next {
                    let next = self.stretches.remove(at);
                    let before = self.stretches.get_mut(at - 1);
                    before.zip(next).into_iter().for_each(|(before, next)| before.last = next.last);
                }
            }
            _ if joins_next => self.stretches.get_mut(at).into_iter().for_each(|next| next.first = id),
            _ => self.stretches.insert(at, Stretch { first: id, last: id }),
        }
        self.events += 1;
    }
}

impl Fact {
    /// A loss (true) or a time without a daemon (false), and the events it lies between.
    pub(super) fn incident(&self) -> Option<(bool, [EventId; 2])> {
        let is_loss = self.what == "lost";
        self.between.filter(|_| is_loss || self.what == "no-daemon").map(|between| (is_loss, between))
    }

    /// Gives the cells of the line. `time` writes a moment.
    pub(super) fn give(&self, cells: &mut Cells, time: &mut dyn FnMut(&'static str, Option<EventId>, &mut Cells)) {
        let [first, last] = self.between.map_or([None; 2], |between| between.map(Some));
        let [lowest, highest] = self.serials.map_or([None; 2], |serials| serials.map(Some));
        cells.text("what", Some(self.what.as_bytes()), Escape::Raw);
        cells.text("node", self.node.as_deref(), Escape::Tty);
        time("first", first, cells);
        time("last", last, cells);
        cells.number("first_serial", lowest);
        cells.number("last_serial", highest);
        cells.number("count", self.count);
        cells.text("cause", self.cause.as_deref(), Escape::Tty);
    }

    /// Appends the line for people. `time` writes a moment.
    pub(super) fn print(&self, out: &mut Vec<u8>, time: &mut dyn FnMut(EventId, &mut Vec<u8>)) {
        out.extend_from_slice(self.what.as_bytes());
        out.push(b' ');
        match self.count {
            Some(count) => number::push(out, count),
            None => out.push(b'?'),
        }
        if let Some([first, last]) = self.serials {
            out.extend_from_slice(b" serials ");
            number::push(out, first);
            out.push(b'-');
            number::push(out, last);
        }
        for text in [&self.cause, &self.node].into_iter().flatten() {
            out.push(b' ');
            crate::text::escape(text, Escape::Tty, out);
        }
        if let Some([first, last]) = self.between {
            out.extend_from_slice(b" between ");
            time(first, out);
            out.extend_from_slice(b" and ");
            time(last, out);
        }
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests;
