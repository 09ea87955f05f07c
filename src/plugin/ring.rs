//! What several readers have yet to read: the last frames once, and of each reader its place among them.
//!
//! Memory is bounded by the frames and their bytes, however many readers stall. The oldest frame makes room for a new one: who
//! has not begun to read it has lost it, and is told by a GAP object before it reads on; who is within it gets its rest.

use crate::render::view::View;
use std::collections::VecDeque;

/// More bytes do not wait, unless they are one frame.
pub(super) const MOST_BYTES: usize = 8 << 20;

/// An empty ring keeps at most this much memory.
const KEEP: usize = 256 << 10;

/// See the module. Bytes are counted from the first one that was ever pushed.
pub struct Ring {
    /// The form of the frames, and of what says that some are lost.
    view: View,
    bytes: VecDeque<u8>,
    /// Where the first byte is.
    start: u64,
    /// Where each frame ends.
    ends: VecDeque<u64>,
}

/// How far a reader has come.
#[derive(Default)]
pub struct Place {
    /// What it reads before it goes on at `at`.
    own: Vec<u8>,
    at: u64,
    /// Frames that it has lost and was not told of.
    lost: u64,
}

impl Ring {
    /// No frames yet.
    pub fn new(view: View) -> Ring {
        Ring { view, bytes: VecDeque::new(), start: 0, ends: VecDeque::new() }
    }

    /// The place of a reader that gets what is pushed from now on.
    pub fn place(&self) -> Place {
        Place { at: self.end(), ..Place::default() }
    }

    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// Whether a frame more makes the oldest one leave.
    pub fn is_full(&self, depth: usize) -> bool {
        self.ends.len() >= depth || self.bytes.len() >= MOST_BYTES
    }

    /// Adds a frame, after which there are at most `depth`. `places` are those of all readers.
    pub fn push<'p>(&mut self, frame: &[u8], depth: usize, places: impl Iterator<Item = &'p mut Place>) {
        self.bytes.extend(frame);
        self.ends.push_back(self.end());
        let (len, last) = (self.ends.len(), self.end());
        let (mut leaving, mut start) = (0, self.start);
        for end in self.ends.iter().take(len - 1) {
            if len - leaving > depth || last - start > MOST_BYTES as u64 {
                (leaving, start) = (leaving + 1, *end);
            }
        }
        for place in places {
            let mut start = self.start;
            for end in self.ends.iter().take(leaving).copied() {
                if place.at == start {
                    place.lost += 1;
                } else if (start..end).contains(&place.at) {
                    let rest = (place.at - self.start) as usize..(end - self.start) as usize;
                    place.own.extend(self.bytes.range(rest));
                }
                place.at = place.at.max(end);
                start = end;
            }
        }
        let at = leaving.checked_sub(1).and_then(|last| self.ends.get(last).copied());
        at.inspect(|at| self.forget(*at));
    }

    /// Forgets what all readers have read.
    pub fn forget_read<'p>(&mut self, places: impl Iterator<Item = &'p Place>) {
        self.forget(places.map(|place| place.at).min().unwrap_or(u64::MAX));
    }

    /// Forgets the frames that end at `at` or before.
    fn forget(&mut self, at: u64) {
        let count = self.ends.partition_point(|end| *end <= at);
        if let Some(end) = self.ends.drain(..count).next_back() {
            self.bytes.drain(..(end - self.start) as usize);
            self.start = end;
        }
        if self.bytes.is_empty() {
            self.bytes.shrink_to(KEEP);
        }
    }

    /// What the reader at this place gets next; nothing when it has everything.
    pub fn pending<'a>(&'a self, place: &'a mut Place) -> &'a [u8] {
        if place.own.is_empty() && place.lost > 0 {
            self.view.push_lost("queue full", std::mem::take(&mut place.lost), &mut place.own);
        }
        if !place.own.is_empty() {
            return &place.own;
        }
        let (first, second) = self.bytes.as_slices();
        let from = (place.at - self.start) as usize;
        match first.get(from..).filter(|rest| !rest.is_empty()) {
            Some(rest) => rest,
            None => second.get(from - first.len()..).unwrap_or_default(),
        }
    }

    /// Whether the reader at this place has everything.
    pub fn has_all(&self, place: &Place) -> bool {
        place.own.is_empty() && place.lost == 0 && place.at == self.end()
    }
}

impl Place {
    /// The first `count` bytes of what was pending were read.
    pub fn read(&mut self, count: usize) {
        match self.own.is_empty() {
            true => self.at += count as u64,
            false => drop(self.own.drain(..count)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    /// What the reader at this place gets, in pieces of `size` bytes.
    fn read(ring: &Ring, place: &mut Place, size: usize, most: usize) -> String {
        let mut read = Vec::new();
        while read.len() < most {
            let piece: Vec<u8> = ring.pending(place).iter().copied().take(size.min(most - read.len())).collect();
            if piece.is_empty() {
                assert!(ring.has_all(place));
                break;
            }
            place.read(piece.len());
            read.extend(piece);
        }
        String::from_utf8(read).unwrap()
    }

    const GAP: &str = "{\"v\":1,\"type\":\"GAP\",\"cause\":\"queue full\",\"lost\":";

    #[test]
    fn each_reader_gets_the_frames_since_it_came_and_hears_of_those_that_left() {
        for size in [1, 3, 100] {
            let mut ring = Ring::new(View::Json);
            let mut places = vec![ring.place()];
            let push = |ring: &mut Ring, places: &mut Vec<Place>, text: &str| {
                text.split_inclusive(' ').for_each(|frame| ring.push(frame.as_bytes(), 3, places.iter_mut()));
            };
            push(&mut ring, &mut places, "one two ");
            places.push(ring.place());
            push(&mut ring, &mut places, "three ");
            assert_eq!(read(&ring, &mut places[0], size, 6), "one tw");
            push(&mut ring, &mut places, "four five six ");
            push(&mut ring, &mut places, "seven ");
            let told = format!("o {GAP}2}}\nfive six seven ");
            assert_eq!(read(&ring, &mut places[0], size, usize::MAX), told, "pieces of {size}");
            assert_eq!(read(&ring, &mut places[1], size, usize::MAX), format!("{GAP}2}}\nfive six seven "));
            ring.forget_read(places.iter());
            assert!(ring.bytes.is_empty() && ring.ends.is_empty());
            push(&mut ring, &mut places, "eight ");
            assert_eq!(read(&ring, &mut places[1], size, usize::MAX), "eight ");
        }
    }

    #[test]
    fn memory_is_bounded_by_bytes_however_many_readers_stall() {
        let mut ring = Ring::new(View::Json);
        let mut places: Vec<Place> = (0..16).map(|_| ring.place()).collect();
        let frame = vec![b'x'; 100_000];
        for _ in 0..1000 {
            ring.push(&frame, 4096, places.iter_mut());
            assert!(ring.bytes.len() <= MOST_BYTES);
        }
        assert!(ring.bytes.capacity() <= 2 * MOST_BYTES + frame.len(), "{}", ring.bytes.capacity());
        assert!(places.iter().all(|place| place.own.is_empty() && place.lost as usize == 1000 - ring.ends.len()));
        let huge = vec![b'x'; MOST_BYTES + 1];
        ring.push(&huge, 4096, places.iter_mut());
        assert_eq!(ring.ends.len(), 1);
        ring.forget_read(std::iter::empty());
        assert!(ring.bytes.capacity() <= KEEP);
    }
}
