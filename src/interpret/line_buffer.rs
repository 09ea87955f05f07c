//! The line that is being written. Most parts of it are short: they are gathered in a buffer of fixed size, where copying
//! one takes no call. A full buffer is emptied into the output.

/// Bytes copied at once. Longer parts take a call.
pub(crate) const CHUNK: usize = 32;

/// Bytes of the buffer: a record of a call with its words takes about 400.
const CAPACITY: usize = 4096;

/// Appends to `out`, by way of a buffer.
pub(crate) struct LineBuffer<'o> {
    scratch: Box<[u8]>,
    used: usize,
    out: &'o mut Vec<u8>,
}

impl<'o> LineBuffer<'o> {
    /// `scratch` comes from [`LineBuffer::finish`], or is empty.
    pub(crate) fn new(scratch: Box<[u8]>, out: &'o mut Vec<u8>) -> LineBuffer<'o> {
        let scratch = if scratch.is_empty() { vec![0; CAPACITY].into() } else { scratch };
        LineBuffer { scratch, used: 0, out }
    }

    /// Writes `text[from..to]`.
    #[inline(always)]
    pub(crate) fn push_part(&mut self, text: &[u8], from: usize, to: usize) {
        match text.get(from..).and_then(<[u8]>::first_chunk) {
            Some(chunk) if to.wrapping_sub(from) <= CHUNK => self.push_chunk(chunk, to - from),
            _ => self.push(text.get(from..to).unwrap_or_default()),
        }
    }

    /// Writes the first `len` bytes of `chunk`.
    #[inline(always)]
    pub(crate) fn push_chunk(&mut self, chunk: &[u8; CHUNK], len: usize) {
        match self.scratch.get_mut(self.used..).and_then(<[u8]>::first_chunk_mut) {
            Some(place) => {
                *place = *chunk;
                self.used += len;
            }
            None => self.push(chunk.get(..len).unwrap_or_default()),
        }
    }

    /// Writes a byte.
    #[inline(always)]
    pub(crate) fn push_one(&mut self, byte: u8) {
        match self.scratch.get_mut(self.used) {
            Some(place) => {
                *place = byte;
                self.used += 1;
            }
            None => self.push(&[byte]),
        }
    }

    /// Writes two bytes.
    #[inline(always)]
    pub(crate) fn push_two(&mut self, bytes: [u8; 2]) {
        match self.scratch.get_mut(self.used..).and_then(<[u8]>::first_chunk_mut) {
            Some(place) => {
                *place = bytes;
                self.used += 2;
            }
            None => self.push(&bytes),
        }
    }

    /// Writes `,"name":`.
    #[inline(never)]
    pub(crate) fn push_name(&mut self, name: &[u8]) {
        match self.scratch.get_mut(self.used..self.used + name.len() + 4) {
            Some([comma, quote, place @ .., end, colon]) => {
                (*comma, *quote, *end, *colon) = (b',', b'"', b'"', b':');
                place.copy_from_slice(name);
                self.used += name.len() + 4;
            }
            _ => [b",\"", name, b"\":"].iter().for_each(|part| self.push(part)),
        }
    }

    /// Writes `text`.
    #[inline(never)]
    pub(crate) fn push(&mut self, text: &[u8]) {
        let end = self.used + text.len();
        match self.scratch.get_mut(self.used..end) {
            Some(place) => {
                place.copy_from_slice(text);
                self.used = end;
            }
            None => self.out().extend_from_slice(text),
        }
    }

    /// Empties the buffer into the output, to which the caller may then append.
    #[inline(never)]
    pub(crate) fn out(&mut self) -> &mut Vec<u8> {
        self.out.extend_from_slice(self.scratch.get(..self.used).unwrap_or_default());
        self.used = 0;
        self.out
    }

    /// Empties the buffer, and gives its memory back for the next line.
    pub(crate) fn finish(mut self) -> Box<[u8]> {
        self.out();
        self.scratch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_stands_in_order_whatever_its_length() {
        let text: Vec<u8> = (0..=255).collect();
        let (mut out, mut want) = (b"before ".to_vec(), b"before ".to_vec());
        let mut buffer = LineBuffer::new(Box::default(), &mut out);
        for round in 0..400 {
            let (from, to) = (round % 256, (round % 256 + round % 71).min(256));
            buffer.push_part(&text, from, to);
            want.extend_from_slice(&text[from..to]);
            buffer.push_two(*b"0x");
            want.extend_from_slice(b"0x");
            buffer.push_chunk(&[b'-'; CHUNK], round % 33);
            want.extend_from_slice(&[b'-'; CHUNK][..round % 33]);
        }
        let long = text.repeat(40);
        buffer.push(&long);
        buffer.out().extend_from_slice(b" end");
        want.extend_from_slice(&[&long[..], b" end"].concat());
        assert_eq!(buffer.finish().len(), CAPACITY);
        assert!(out == want);
    }

    #[test]
    fn a_part_that_is_not_there_is_nothing() {
        let mut out = Vec::new();
        let mut buffer = LineBuffer::new(Box::default(), &mut out);
        for (from, to) in [(5, 9), (2, 1), (0, 5), (usize::MAX, 0)] {
            buffer.push_part(b"abcd", from, to);
        }
        buffer.finish();
        assert_eq!(out, b"");
    }
}
