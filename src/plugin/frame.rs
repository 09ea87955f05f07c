//! One record on the way from the daemon to a plugin, in the two forms of auditd-plugins(5) `format`.
//!
//! - `binary`: a header of four 32-bit words in native byte order (version, header length, record type, payload length), then
//!   the payload without a newline or NUL. Version 0 carries the kernel's text, `audit(...): ...`; version 1 the line of the
//!   log, `[node=N ]type=T msg=audit(...): ...`.
//! - `string`: the line of the log and a newline. The part after 0x1D that ENRICHED lines have is kept.
//!
//! Daemons before audit 4.1 write a payload of always 8970 bytes, of which the header's length counts and the rest is whatever was in
//! memory. The reader notices that where the second header should be.
//!
//! The reader takes both: the first byte it ever gets decides (0 or 1 begins a version on little-endian machines, 0 on
//! others; no line begins so). It keeps a frame that arrives in pieces, honours the header length, and loses no more than the
//! frame that is wrong.

use crate::record::RecordType;
use crate::text;
use memchr::memchr;

/// Bytes of the header that is written. A longer one may be read; what is more is passed over.
pub const HEADER: usize = 16;

/// The longest payload that plugins of the audit package can take (MAX_AUDIT_MESSAGE_LENGTH of libaudit.h, less its NUL).
pub const MAX_PAYLOAD: usize = 8969;

/// The payload of every frame of daemons before audit 4.1.
const FIXED_PAYLOAD: usize = MAX_PAYLOAD + 1;

/// The longest payload or line that is read. Larger than what is written, so that others may grow; bounded, so that a broken
/// writer cannot fill memory.
const MAX_READ: usize = 64 << 10;

/// The longest header that makes sense.
const MAX_HEADER: usize = 1024;

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// 0: `text` is the kernel's. 1: `text` is a line of the log.
    pub version: u32,
    /// The record type. 0 when the frame was a line: the line itself names it.
    pub record_type: u32,
    /// The text, without a newline at its end.
    pub text: &'a [u8],
}

impl Frame<'_> {
    /// Appends the binary form. A text of more than [`MAX_PAYLOAD`] bytes is cut, and the header says the true length.
    pub fn push_binary(&self, out: &mut Vec<u8>) {
        let text = self.text.get(..MAX_PAYLOAD).unwrap_or(self.text);
        for word in [self.version, HEADER as u32, self.record_type, text.len() as u32] {
            out.extend_from_slice(&word.to_ne_bytes());
        }
        out.extend_from_slice(text);
    }

    /// Appends the line of the string form. Newlines inside become spaces; a text of more than [`MAX_PAYLOAD`] bytes is cut.
    pub fn push_line(&self, out: &mut Vec<u8>) {
        let start = out.len();
        self.push_whole_line(out);
        if out.len() > start + MAX_PAYLOAD + 1 {
            out.truncate(start + MAX_PAYLOAD);
            out.push(b'\n');
        }
    }

    /// The same of any length.
    pub fn push_whole_line(&self, out: &mut Vec<u8>) {
        let start = out.len();
        if self.version == 0 {
            out.extend_from_slice(b"type=");
            RecordType(self.record_type).print(out);
            out.extend_from_slice(b" msg=");
        }
        out.extend_from_slice(self.text);
        let text = out.get_mut(start..).unwrap_or_default();
        if memchr(b'\n', text).is_some() {
            text.iter_mut().filter(|byte| **byte == b'\n').for_each(|newline| *newline = b' ');
        }
        out.push(b'\n');
    }
}

/// Why a frame could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// The line has more bytes than are read. It is passed over, and reading goes on after it.
    LongLine,
    /// The input ended within a frame, of which there is this number of bytes.
    Cut(usize),
    /// The header makes no sense: nobody can know where the next frame begins.
    Header([u32; 4]),
}

impl std::fmt::Display for FrameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FrameError::LongLine => write!(f, "a line of more than {MAX_READ} bytes was left out"),
            FrameError::Cut(count) => write!(f, "the input ended after {count} bytes of a record"),
            FrameError::Header([version, header, kind, size]) => {
                write!(
                    f,
                    "a header makes no sense: version {version}, header length {header}, type {kind}, size {size}"
                )
            }
        }
    }
}

/// Which form the input has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Binary,
    Lines,
}

/// Whether something follows a payload that is shorter than [`FIXED_PAYLOAD`].
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Padding {
    #[default]
    Unknown,
    Nothing,
    UpToFixed,
}

/// What [`Frames::next_frame`] found.
enum Found {
    /// A frame whose text is in these bytes of the buffer; what follows begins at `rest`.
    Frame { version: u32, record_type: u32, text: std::ops::Range<usize>, rest: usize },
    /// Nothing whole.
    Piece,
    /// Something wrong; what follows begins at `rest`.
    Wrong { error: FrameError, rest: usize },
}

/// Cuts input that arrives in any pieces into frames. Memory is bounded by the longest frame and the largest piece.
#[derive(Default)]
pub struct Frames {
    buffer: Vec<u8>,
    /// What of the buffer was given out.
    used: usize,
    form: Option<Form>,
    padding: Padding,
    /// So many bytes after the last frame are padding, if there is any.
    padded: usize,
    /// The rest of a line that is too long is being passed over.
    is_skipping: bool,
    is_at_end: bool,
}

impl Frames {
    /// Takes a piece of the input.
    pub fn feed(&mut self, piece: &[u8]) {
        self.buffer.drain(..self.used);
        self.used = 0;
        self.buffer.extend_from_slice(piece);
        if let (None, Some(first)) = (self.form, self.buffer.first()) {
            self.form = Some(if *first <= 1 { Form::Binary } else { Form::Lines });
        }
    }

    /// How much of what comes next, which has not been read, brings no more than so many frames, and these as a whole. All of it where no
    /// frame ends in it: its rest is still to come. (Of a line with NUL bytes in it the frames come together, when it ends.)
    pub fn length_of(&self, most: usize, next: &[u8]) -> usize {
        let buffer = self.buffer.get(self.used..).unwrap_or_default().to_vec();
        let had = buffer.len();
        let mut ahead = Frames { buffer, used: 0, ..*self };
        ahead.feed(next);
        let found = (0..most).take_while(|_| ahead.next_frame().is_some()).count();
        if found == 0 { next.len() } else { ahead.used.saturating_sub(had).max(1) }
    }

    /// The input has ended: a last line may lack its newline.
    pub fn end(&mut self) {
        self.is_at_end = true;
    }

    /// The next whole frame; `None` when more input is needed. After [`FrameError::Header`] there is no next one.
    pub fn next_frame(&mut self) -> Option<Result<Frame<'_>, FrameError>> {
        let found = match self.form? {
            Form::Binary => self.binary(),
            Form::Lines => self.line(),
        };
        match found {
            Found::Piece => None,
            Found::Wrong { error, rest } => {
                self.used = rest;
                Some(Err(error))
            }
            Found::Frame { version, record_type, text, rest } => {
                self.used = rest;
                Some(Ok(Frame { version, record_type, text: self.buffer.get(text)? }))
            }
        }
    }

    fn binary(&mut self) -> Found {
        loop {
            if self.padding == Padding::UpToFixed {
                let passed = self.padded.min(self.buffer.len() - self.used);
                (self.used, self.padded) = (self.used + passed, self.padded - passed);
            }
            let waiting = self.buffer.get(self.used..).unwrap_or_default();
            let piece = match self.is_at_end && !waiting.is_empty() {
                true => Found::Wrong { error: FrameError::Cut(waiting.len()), rest: self.buffer.len() },
                false => Found::Piece,
            };
            let Some((header, _)) = waiting.split_at_checked(HEADER) else { return piece };
            let bytes = |n: usize| header.get(4 * n..4 * n + 4).and_then(|word| word.try_into().ok());
            let words = [0, 1, 2, 3].map(|n| bytes(n).map_or(0, u32::from_ne_bytes));
            let [version, header, record_type, size] = words;
            let (header, size) = (header as usize, size as usize);
            if version > 1 || !(HEADER..=MAX_HEADER).contains(&header) || size > MAX_READ {
                if self.padding == Padding::Unknown && self.padded > 0 {
                    self.padding = Padding::UpToFixed;
                    continue;
                }
                return Found::Wrong { error: FrameError::Header(words), rest: self.buffer.len() };
            }
            if self.padded > 0 {
                self.padding = Padding::Nothing;
            }
            let text = self.used + header..self.used + header + size;
            if self.buffer.len() < text.end {
                return piece;
            }
            self.padded = if self.padding == Padding::Nothing { 0 } else { FIXED_PAYLOAD.saturating_sub(size) };
            let rest = text.end;
            return Found::Frame { version, record_type, text, rest };
        }
    }

    fn line(&mut self) -> Found {
        loop {
            let waiting = self.buffer.get(self.used..).unwrap_or_default();
            let Some(length) =
                memchr(b'\n', waiting).or_else(|| (self.is_at_end && !waiting.is_empty()).then_some(waiting.len()))
            else {
                if waiting.len() > MAX_READ && !self.is_skipping {
                    self.is_skipping = true;
                    return Found::Wrong { error: FrameError::LongLine, rest: self.buffer.len() };
                }
                if self.is_skipping {
                    self.used = self.buffer.len();
                }
                return Found::Piece;
            };
            let end = self.used + length;
            let after = (end + 1).min(self.buffer.len());
            if std::mem::take(&mut self.is_skipping) {
                self.used = after;
                continue;
            }
            if length > MAX_READ {
                return Found::Wrong { error: FrameError::LongLine, rest: after };
            }
            // NUL bytes, as a power loss leaves them in a log, end a line too.
            let past_nul = |from: usize| from + text::leading(self.buffer.get(from..end).unwrap_or_default(), 0);
            let start = past_nul(self.used);
            let text = start..start + text::up_to(self.buffer.get(start..end).unwrap_or_default(), 0).len();
            let rest = if past_nul(text.end) == end { after } else { past_nul(text.end) };
            if text.is_empty() && start > self.used {
                self.used = rest;
                continue;
            }
            return Found::Frame { version: 1, record_type: 0, text, rest };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8] = b"type=CWD msg=audit(1.000:2): cwd=\"/\"\x1dX=y";

    /// Version, record type and text.
    type Read = (u32, u32, Vec<u8>);

    /// What comes of input that arrives in pieces of `size` bytes.
    fn read(input: &[u8], size: usize) -> Vec<Result<Read, FrameError>> {
        let (mut frames, mut all) = (Frames::default(), Vec::new());
        let mut take = |frames: &mut Frames| {
            while let Some(found) = frames.next_frame() {
                all.push(found.map(|frame| (frame.version, frame.record_type, frame.text.to_vec())));
            }
        };
        for piece in input.chunks(size) {
            frames.feed(piece);
            take(&mut frames);
        }
        frames.end();
        take(&mut frames);
        all
    }

    fn binary(version: u32, record_type: u32, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Frame { version, record_type, text }.push_binary(&mut out);
        out
    }

    #[test]
    fn binary_frames_come_back_whatever_pieces_they_arrive_in() {
        let input = [binary(1, 1307, LINE), binary(0, 1300, b"audit(1.000:2): a=1\n"), binary(1, 1320, b"")].concat();
        let expected = [(1, 1307, LINE.to_vec()), (0, 1300, b"audit(1.000:2): a=1\n".to_vec()), (1, 1320, Vec::new())];
        for size in 1..=input.len() {
            assert_eq!(read(&input, size), expected.clone().map(Ok), "pieces of {size}");
        }
    }

    #[test]
    fn lines_come_back_whatever_pieces_they_arrive_in_and_without_a_last_newline() {
        for size in 1..12 {
            let lines = [(1, 0, b"one".to_vec()), (1, 0, Vec::new()), (1, 0, b"two".to_vec())];
            assert_eq!(read(b"one\n\ntwo\n", size), lines.clone().map(Ok));
            assert_eq!(read(b"one\n\ntwo", size), lines.map(Ok));
        }
    }

    #[test]
    fn no_more_is_read_than_so_many_frames_and_nothing_is_missed() {
        let lines = b"one\n\n\0two\nthree\0\n\0\0\nfour and more\nfive\nsix".to_vec();
        let frames = [binary(1, 1307, LINE), binary(0, 1300, b"audit(1.000:2): a=1"), binary(1, 1320, b"")].concat();
        for (input, most) in [&lines, &frames].into_iter().flat_map(|input| (1..4).map(move |most| (input, most))) {
            for there in [1, 2, 7, 16, 30, input.len()] {
                let (mut reader, mut at, mut all) = (Frames::default(), 0, Vec::new());
                while at < input.len() {
                    let next = &input[at..input.len().min(at + there)];
                    let length = reader.length_of(most, next);
                    assert!((1..=next.len()).contains(&length), "it goes on");
                    reader.feed(&next[..length]);
                    at += length;
                    let had = all.len();
                    while let Some(found) = reader.next_frame() {
                        all.push(found.map(|frame| (frame.version, frame.record_type, frame.text.to_vec())));
                    }
                    assert!(all.len() - had <= most, "{most} of {there}");
                }
                reader.end();
                all.extend(reader.next_frame().map(|found| found.map(|f| (f.version, f.record_type, f.text.to_vec()))));
                assert_eq!(all, read(input, input.len()), "{most} of {there}");
            }
        }
        let mut reader = Frames::default();
        reader.feed(b"one\0");
        assert_eq!(reader.length_of(1, b"two\n"), 1, "it goes on");
        reader = Frames::default();
        reader.feed(&frames[..20]);
        assert_eq!(
            reader.length_of(1, &frames[20..]),
            HEADER + LINE.len() - 20,
            "what has begun ends, and no byte more"
        );
    }

    #[test]
    fn nul_bytes_end_a_line_and_are_none() {
        for size in 1..12 {
            let lines = ["one", "two", "three", "", "four"].map(|text| Ok((1, 0, text.as_bytes().to_vec())));
            assert_eq!(read(b"one\0\0\0two\0\n\0three\n\0\0\n\n\0four\0", size), lines, "pieces of {size}");
        }
    }

    #[test]
    fn payloads_of_fixed_size_end_where_their_header_says() {
        let padded = |record_type, text: &[u8], rest: &[u8]| {
            let mut frame = binary(1, record_type, text);
            frame.extend(rest.iter().cycle().take(FIXED_PAYLOAD - text.len()));
            frame
        };
        let input =
            [padded(1307, LINE, &[0; 20]), padded(1320, b"", b"what was there before"), padded(1300, LINE, b"x")]
                .concat();
        let expected = [(1, 1307, LINE.to_vec()), (1, 1320, Vec::new()), (1, 1300, LINE.to_vec())];
        for size in [1, 15, 16, 17, 4096, input.len()] {
            assert_eq!(read(&input, size), expected.clone().map(Ok), "pieces of {size}");
        }
        let whole = vec![b'x'; FIXED_PAYLOAD];
        let frame = [&[1, 16, 1300, FIXED_PAYLOAD as u32].map(u32::to_ne_bytes).concat(), &whole[..]].concat();
        let input = [frame.clone(), padded(1307, LINE, b"type=USER"), frame].concat();
        let texts: Vec<Vec<u8>> = read(&input, 1000).into_iter().map(|found| found.unwrap().2).collect();
        assert_eq!(texts, [whole.clone(), LINE.to_vec(), whole]);
    }

    #[test]
    fn a_longer_header_is_passed_over() {
        let words = [1, HEADER as u32 + 4, 1307, LINE.len() as u32, 0xffff_ffff];
        let input = [&words.map(u32::to_ne_bytes).concat(), LINE, &binary(1, 1320, b"x")].concat();
        for size in [1, 7, input.len()] {
            assert_eq!(read(&input, size), [Ok((1, 1307, LINE.to_vec())), Ok((1, 1320, b"x".to_vec()))]);
        }
    }

    #[test]
    fn a_header_without_sense_ends_the_reading() {
        for words in [[2, 16, 1300, 1], [1, 15, 1300, 1], [1, 5000, 1300, 1], [1, 16, 1300, u32::MAX]] {
            let input =
                [binary(1, 1300, b"x"), binary(1, 1320, b""), words.map(u32::to_ne_bytes).concat(), b"rest".to_vec()]
                    .concat();
            assert_eq!(
                read(&input, input.len()),
                [Ok((1, 1300, b"x".to_vec())), Ok((1, 1320, Vec::new())), Err(FrameError::Header(words))]
            );
        }
    }

    #[test]
    fn a_frame_that_the_end_of_the_input_cuts_is_told() {
        let whole = [binary(1, 1300, b"x"), binary(1, 1320, LINE)].concat();
        for cut in [1, LINE.len(), LINE.len() + 3] {
            let input = &whole[..whole.len() - cut];
            let left = HEADER + LINE.len() - cut;
            assert_eq!(read(input, 7), [Ok((1, 1300, b"x".to_vec())), Err(FrameError::Cut(left))]);
        }
    }

    #[test]
    fn a_line_too_long_loses_itself_alone() {
        let input = [b"one\n".to_vec(), vec![b'x'; 3 * MAX_READ], b"\ntwo\n".to_vec()].concat();
        for size in [1000, MAX_READ, input.len()] {
            let lines = [Ok((1, 0, b"one".to_vec())), Err(FrameError::LongLine), Ok((1, 0, b"two".to_vec()))];
            assert_eq!(read(&input, size), lines, "pieces of {size}");
        }
    }

    #[test]
    fn a_text_too_long_is_cut_and_its_length_is_true() {
        let text = vec![b'x'; MAX_PAYLOAD + 1];
        let frame = binary(1, 1300, &text);
        assert_eq!(frame.len(), HEADER + MAX_PAYLOAD);
        assert_eq!(frame[12..16], (MAX_PAYLOAD as u32).to_ne_bytes());
        let mut line = Vec::new();
        Frame { version: 1, record_type: 1300, text: &text }.push_line(&mut line);
        assert_eq!(line, [&text[1..], b"\n"].concat(), "no NUL, one newline");
    }

    #[test]
    fn the_line_of_a_kernel_text_names_its_type_and_has_one_newline() {
        let mut out = b"before\n".to_vec();
        Frame { version: 0, record_type: 1307, text: b"audit(1.000:2): a=\nb" }.push_line(&mut out);
        assert_eq!(out, b"before\ntype=CWD msg=audit(1.000:2): a= b\n");
    }
}
