//! What one reader has yet to read: whole frames, in the form in which it reads them, counted for whoever bounds their number.
//!
//! The dispatcher has one for each plugin, and a plugin that serves readers of its own one for each of those.

use std::collections::VecDeque;

/// Bytes at the front that were read are given back when there are this many of them.
const COMPACT_AT: usize = 64 << 10;

/// An empty queue keeps at most this much memory.
const KEEP: usize = 256 << 10;

/// See the module.
#[derive(Default)]
pub struct Queue {
    /// The frames, one after another; those before `start` were read.
    bytes: Vec<u8>,
    start: usize,
    frames: VecDeque<Queued>,
    /// Bytes of the first frame that were written already.
    sent: usize,
    /// The most frames there were at a time.
    deepest: usize,
    /// Serial of the last frame that was written to its end, 0 before.
    last_written: u64,
}

struct Queued {
    len: usize,
    serial: u64,
}

/// Records that did not reach a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// How many.
    pub count: u64,
    /// Serials of the first and the last one.
    pub serials: (u64, u64),
}

impl Queue {
    /// How many frames wait.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// How many bytes wait.
    pub fn size(&self) -> usize {
        self.pending().len()
    }

    /// The most frames that waited at a time.
    pub fn deepest(&self) -> usize {
        self.deepest
    }

    /// Serial of the last frame that was written to its end; 0 when none was.
    pub fn last_written(&self) -> u64 {
        self.last_written
    }

    /// Adds a frame, which `write` appends.
    pub fn push(&mut self, serial: u64, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.bytes.len();
        write(&mut self.bytes);
        self.frames.push_back(Queued { len: self.bytes.len() - before, serial });
        self.deepest = self.deepest.max(self.frames.len());
    }

    /// Adds frames that were made already: their bytes, and length and serial of each.
    pub fn extend(&mut self, bytes: &[u8], frames: impl Iterator<Item = (usize, u64)>) {
        self.bytes.extend_from_slice(bytes);
        self.frames.extend(frames.map(|(len, serial)| Queued { len, serial }));
        self.deepest = self.deepest.max(self.frames.len());
    }

    /// What is to be written next.
    pub fn pending(&self) -> &[u8] {
        self.bytes.get(self.start + self.sent..).unwrap_or_default()
    }

    /// What is yet to be written of the first frame.
    pub fn first(&self) -> Option<&[u8]> {
        let frame = self.frames.front()?;
        self.pending().get(..frame.len - self.sent)
    }

    /// The first `count` bytes of what was pending were written.
    pub fn written(&mut self, count: usize) {
        self.sent += count;
        while let Some(first) = self.frames.front().filter(|first| first.len <= self.sent) {
            self.sent -= first.len;
            self.start += first.len;
            self.last_written = first.serial;
            self.frames.pop_front();
        }
        if self.frames.is_empty() {
            self.bytes.clear();
            self.bytes.shrink_to(KEEP);
            self.start = 0;
        } else if self.start >= COMPACT_AT && self.start * 2 >= self.bytes.len() {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
    }

    /// Another reader begins: a frame that was written in part is written again from its first byte.
    pub fn rewind(&mut self) {
        self.sent = 0;
    }

    /// Forgets all frames.
    pub fn clear(&mut self) -> Option<Lost> {
        let serials = (self.frames.front()?.serial, self.frames.back()?.serial);
        let lost = Lost { count: self.frames.len() as u64, serials };
        *self = Queue { deepest: self.deepest, last_written: self.last_written, ..Queue::default() };
        Some(lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(frames: &[&str]) -> Queue {
        let mut queue = Queue::default();
        for (serial, frame) in (1..).zip(frames) {
            queue.push(serial, |out| out.extend_from_slice(frame.as_bytes()));
        }
        queue
    }

    #[test]
    fn frames_leave_in_order_in_pieces_of_any_size() {
        for size in 1..8 {
            let (mut queue, mut read) = (queue(&["one\n", "two\n", "three\n"]), Vec::new());
            while !queue.pending().is_empty() {
                let piece: Vec<u8> = queue.pending().iter().copied().take(size).collect();
                queue.written(piece.len());
                read.extend(piece);
            }
            assert_eq!(read, b"one\ntwo\nthree\n");
            assert_eq!((queue.len(), queue.deepest()), (0, 3));
        }
    }

    #[test]
    fn another_reader_gets_a_frame_from_its_first_byte() {
        let mut queue = queue(&["one\n", "two\n"]);
        queue.written(6);
        assert_eq!(queue.pending(), b"o\n");
        queue.rewind();
        assert_eq!(queue.pending(), b"two\n");
    }

    #[test]
    fn what_is_forgotten_is_counted() {
        let mut queue = queue(&["one\n", "two\n", "three\n"]);
        queue.written(5);
        assert_eq!(queue.clear(), Some(Lost { count: 2, serials: (2, 3) }));
        assert_eq!((queue.clear(), queue.pending()), (None, &b""[..]));
    }

    #[test]
    fn memory_of_what_was_read_is_given_back() {
        let mut queue = Queue::default();
        for serial in 0..1000 {
            queue.push(serial, |out| out.resize(out.len() + 1000, b'x'));
            if serial >= 10 {
                queue.written(1000);
            }
        }
        assert!(queue.bytes.len() < 3 * COMPACT_AT, "{}", queue.bytes.len());
        assert_eq!((queue.len(), queue.pending().len()), (10, 10_000));
    }
}
