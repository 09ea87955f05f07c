//! The line that is being written. Most pieces of it are short: they are gathered in a room of fixed size, where copying
//! one takes no call, and the room is emptied behind what has been written before.

/// So many bytes are copied at once.
pub(super) const CHUNK: usize = 32;

/// How large the room is.
const ROOM: usize = 4096;

/// Writes behind the text of `out`.
pub(super) struct Pen<'o> {
    room: Box<[u8]>,
    used: usize,
    out: &'o mut Vec<u8>,
}

impl<'o> Pen<'o> {
    /// `room` comes from [`Pen::finish`], or is empty.
    pub(super) fn new(room: Box<[u8]>, out: &'o mut Vec<u8>) -> Pen<'o> {
        let room = if room.is_empty() { vec![0; ROOM].into() } else { room };
        Pen { room, used: 0, out }
    }

    /// Writes `text[from..to]`.
    #[inline(always)]
    pub(super) fn put_part(&mut self, text: &[u8], from: usize, to: usize) {
        match text.get(from..).and_then(<[u8]>::first_chunk) {
            Some(chunk) if to.wrapping_sub(from) <= CHUNK => self.put_chunk(chunk, to - from),
            _ => self.put(text.get(from..to).unwrap_or_default()),
        }
    }

    /// Writes the first `len` bytes of `chunk`.
    #[inline(always)]
    pub(super) fn put_chunk(&mut self, chunk: &[u8; CHUNK], len: usize) {
        match self.room.get_mut(self.used..).and_then(<[u8]>::first_chunk_mut) {
            Some(place) => {
                *place = *chunk;
                self.used += len;
            }
            None => self.put(chunk.get(..len).unwrap_or_default()),
        }
    }

    /// Writes two bytes.
    #[inline(always)]
    pub(super) fn put_two(&mut self, bytes: [u8; 2]) {
        match self.room.get_mut(self.used..).and_then(<[u8]>::first_chunk_mut) {
            Some(place) => {
                *place = bytes;
                self.used += 2;
            }
            None => self.put(&bytes),
        }
    }

    /// Writes `text`.
    #[inline(never)]
    pub(super) fn put(&mut self, text: &[u8]) {
        let end = self.used + text.len();
        match self.room.get_mut(self.used..end) {
            Some(place) => {
                place.copy_from_slice(text);
                self.used = end;
            }
            None => self.out().extend_from_slice(text),
        }
    }

    /// Empties the room: what is written next may be appended to the text itself.
    #[inline(never)]
    pub(super) fn out(&mut self) -> &mut Vec<u8> {
        self.out.extend_from_slice(self.room.get(..self.used).unwrap_or_default());
        self.used = 0;
        self.out
    }

    /// All is written; gives the room back.
    pub(super) fn finish(mut self) -> Box<[u8]> {
        self.out();
        self.room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_stands_in_order_whatever_its_length() {
        let text: Vec<u8> = (0..=255).collect();
        let (mut out, mut want) = (b"before ".to_vec(), b"before ".to_vec());
        let mut pen = Pen::new(Box::default(), &mut out);
        for round in 0..400 {
            let (from, to) = (round % 256, (round % 256 + round % 71).min(256));
            pen.put_part(&text, from, to);
            want.extend_from_slice(&text[from..to]);
            pen.put_two(*b"0x");
            want.extend_from_slice(b"0x");
            pen.put_chunk(&[b'-'; CHUNK], round % 33);
            want.extend_from_slice(&[b'-'; CHUNK][..round % 33]);
        }
        let long = text.repeat(40);
        pen.put(&long);
        pen.out().extend_from_slice(b" end");
        want.extend_from_slice(&[&long[..], b" end"].concat());
        assert_eq!(pen.finish().len(), ROOM);
        assert!(out == want);
    }

    #[test]
    fn a_part_that_is_not_there_is_nothing() {
        let mut out = Vec::new();
        let mut pen = Pen::new(Box::default(), &mut out);
        for (from, to) in [(5, 9), (2, 1), (0, 5), (usize::MAX, 0)] {
            pen.put_part(b"abcd", from, to);
        }
        pen.finish();
        assert_eq!(out, b"");
    }
}
