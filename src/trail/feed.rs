//! Events out of bytes that arrive piece by piece: the output of a daemon, a socket, a growing file.
//!
//! For programs that use the library and read such bytes themselves, as auparse_feed(3) is; no command of ours does. Files and pipes
//! are read by `trail::lines`, and plugins have frames (`plugin/frame.rs`).

use super::lines::LONGEST_LINE;
use crate::event::{Assembler, Event, Policy};
use crate::record::{Line, Record};
use memchr::memchr2;

/// Events out of bytes that arrive piece by piece, in pieces of any size.
///
/// ```
/// use auditbox::trail::Feed;
///
/// let mut feed = Feed::new(2);
/// let mut serials = Vec::new();
/// let mut each = |event: &auditbox::event::Event| serials.push(event.id().serial);
/// feed.push(b"type=USER_AUTH msg=audit(1700000000.000:7): pid=1\ntype=SYSC", &mut each);
/// feed.push(b"ALL msg=audit(1700000001.000:8): syscall=1\n", &mut each);
/// feed.flush(&mut each);
/// assert_eq!(serials, [7, 8]);
/// ```
pub struct Feed {
    partial: Vec<u8>,
    /// The line that is arriving is longer than any record, and is thrown away.
    overlong: bool,
    assembler: Assembler,
}

impl Feed {
    /// An empty feed. `timeout` is the end-of-event timeout in seconds.
    pub fn new(timeout: u64) -> Feed {
        Feed { partial: Vec::new(), overlong: false, assembler: Assembler::new(Policy::Library, timeout.max(1)) }
    }

    /// Takes bytes, of which a line may be cut anywhere. Whenever a record opens an event, those before it that are complete
    /// are handed to `each`, in order of their event ids. Returns how many lines were no records.
    pub fn push(&mut self, mut bytes: &[u8], each: &mut dyn FnMut(&Event)) -> usize {
        let mut malformed = 0;
        while let Some(len) = memchr2(b'\n', 0, bytes) {
            let (line, rest) = bytes.split_at(len);
            bytes = rest.get(1..).unwrap_or_default();
            // One of a run of NUL bytes is no line.
            if line.is_empty() && self.partial.is_empty() && rest.first() == Some(&0) {
                continue;
            }
            self.gather(line);
            let whole = std::mem::take(&mut self.partial);
            let found = Record::find(Line::new(&whole)).filter(|_| !self.overlong);
            malformed += usize::from(found.is_none_or(|(torn, _)| torn > 0));
            if let Some((_, record)) = found {
                self.assembler.push(&record);
                self.hand_out(each);
            }
            self.partial = whole;
            self.partial.clear();
            self.overlong = false;
        }
        self.gather(bytes);
        malformed
    }

    /// Hands over everything that waits, complete or not. A line without its newline still waits for it.
    pub fn flush(&mut self, each: &mut dyn FnMut(&Event)) {
        self.assembler.finish();
        self.hand_out(each);
    }

    /// Completes what is older than the timeout at second `now`, and hands over all that is complete; at second 0 nothing
    /// gets too old.
    pub fn age(&mut self, now: u64, each: &mut dyn FnMut(&Event)) {
        self.assembler.age(now);
        self.hand_out(each);
    }

    /// How many events wait, and how many of them are complete.
    pub fn waiting(&self) -> (usize, usize) {
        self.assembler.waiting()
    }

    fn gather(&mut self, bytes: &[u8]) {
        self.overlong |= self.partial.len() + bytes.len() > LONGEST_LINE;
        if !self.overlong {
            self.partial.extend_from_slice(bytes);
        }
    }

    fn hand_out(&mut self, each: &mut dyn FnMut(&Event)) {
        while let Some(event) = self.assembler.next() {
            each(&event);
            self.assembler.recycle(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::LOG;
    use super::*;

    #[test]
    fn a_feed_takes_pieces_of_any_size() {
        for size in [1, 7, 1000] {
            let (mut feed, mut all, mut malformed) = (Feed::new(2), Vec::new(), 0);
            let mut each = |event: &Event| all.push((event.id().serial, event.len()));
            for piece in LOG.chunks(size) {
                malformed += feed.push(piece, &mut each);
            }
            malformed += feed.push(b"\n", &mut each);
            feed.flush(&mut each);
            assert_eq!((all, malformed), (vec![(1, 2), (1, 1), (2, 1)], 1), "{size}");
        }
    }

    #[test]
    fn a_feed_ages_and_forgets_overlong_lines() {
        let (mut feed, mut serials) = (Feed::new(2), Vec::new());
        let mut each = |event: &Event| serials.push(event.id().serial);
        feed.push(b"type=SYSCALL msg=audit(1700000000.000:1): a=1\n", &mut each);
        assert_eq!(feed.waiting(), (1, 0));
        feed.age(1_700_000_001, &mut each);
        feed.age(1_700_000_002, &mut each);
        for _ in 0..20 {
            feed.push(&[b'x'; LONGEST_LINE / 8], &mut each);
        }
        assert_eq!(feed.push(b"\ntype=USER_AUTH msg=audit(1700000003.000:2): pid=1\n", &mut each), 1);
        assert_eq!(serials, [1, 2]);
        assert!(feed.partial.capacity() <= 2 * LONGEST_LINE);
    }
}
